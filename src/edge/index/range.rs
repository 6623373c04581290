//! Parts of a file on the network, as if it were open here: what a wheel requires is in a few kB of its two GB.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

use reqwest::blocking::Response;
use reqwest::{StatusCode, header};
use url::Url;

use super::fetch::{broken, text_of};
use super::http::{Ask, Network};
use super::pace::Paced;
use super::policy::{Failure, Tries, shown};
use crate::report::error::{Code, Error, Problem};

/// The size of the end that is asked for first: all that may be behind a zip's central directory, and small ones whole.
const TAIL: u64 = 128 << 10;

/// The least that is asked for.
const LEAST: u64 = 128 << 10;

/// The most that is asked for. A sequential read asks for parts that double.
const MOST: u64 = 4 << 20;

/// The most of one file that is read in parts; beyond that the whole file is cheaper.
const ENOUGH: u64 = 64 << 20;

/// A file on the network. Reading it asks for parts; that they belong to one file is checked with each.
#[derive(Debug)]
pub struct RangeReader<'n> {
    network: &'n Network,
    url: Url,
    identity: FileState,
    position: u64,
    tries: Tries,
    /// Parts that came, by where they begin; none overlaps another.
    parts: Vec<(u64, Vec<u8>)>,
    fetched: u64,
}

/// The identity of one state of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileState {
    /// The whole length in bytes.
    pub(super) length: u64,
    /// `ETag`; empty if there is none.
    pub(super) tag: String,
    /// `Last-Modified`; empty if there is none.
    pub(super) modified: String,
}

impl FileState {
    pub(super) fn of(response: &Response, length: u64) -> Self {
        Self { length, tag: text_of(response, header::ETAG), modified: text_of(response, header::LAST_MODIFIED) }
    }

    /// A validator that a server compares byte by byte (RFC 9110): a strong tag, or else a date.
    pub(super) fn validator(&self) -> Option<&str> {
        let strong = Some(&*self.tag).filter(|tag| tag.starts_with('"'));
        strong.or(Some(&*self.modified)).filter(|text| !text.is_empty())
    }
}

impl Network {
    /// Opens a file for reading parts of it. Asks for its end, which says its length.
    ///
    /// # Errors
    /// As [`Network::page`]; and with [`Code::Unsupported`] if the server does not serve parts.
    pub fn open(&self, url: &Url) -> Result<RangeReader<'_>, Problem> {
        let mut tries = Tries::default();
        let mut ask = |range: &str| {
            let ask = Ask::file(url).with(header::RANGE, range);
            self.persist_with(url, &mut tries, || self.part(&ask))
        };
        // Some servers know no ranges that count from the end. The answer to one for the first byte has the length, too.
        let first = match ask(&format!("bytes=-{TAIL}")) {
            Err(problem) if problem.code == Code::Unsupported => ask("bytes=0-0")?,
            other => other?,
        };
        let FilePart { start, bytes, identity } = first;
        let url = url.clone();
        let fetched = bytes.len() as u64;
        Ok(RangeReader { network: self, url, identity, position: 0, tries, parts: vec![(start, bytes)], fetched })
    }

    /// Asks for a part once.
    fn part(&self, ask: &Ask<'_>) -> Result<FilePart, Failure> {
        let (url, response) = (ask.url, self.once(ask)?);
        if response.status() != StatusCode::PARTIAL_CONTENT {
            let problem = Problem::new(Code::Unsupported, format!("{} cannot be read in parts", shown(url)));
            return Err(Failure::Final(problem.help("its server does not answer range requests; download it whole")));
        }
        let odd = || Failure::last(Code::Network, format!("{} answers with an odd range", shown(url)));
        let (start, end, length) = content_range(&text_of(&response, header::CONTENT_RANGE)).ok_or_else(odd)?;
        let identity = FileState::of(&response, length);
        let expected = end - start + 1;
        if expected > MOST || !text_of(&response, header::CONTENT_ENCODING).is_empty() {
            return Err(odd());
        }
        let mut bytes = Vec::new();
        Paced::new(response, self.patience().idle)
            .take(expected + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| broken(&error))?;
        if bytes.len() as u64 != expected {
            return Err(Failure::passing("the part has another length than it says"));
        }
        Ok(FilePart { start, bytes, identity })
    }
}

/// One part of a file.
struct FilePart {
    start: u64,
    bytes: Vec<u8>,
    identity: FileState,
}

/// `bytes FIRST-LAST/LENGTH` (RFC 9110, section 14.4).
pub(super) fn content_range(text: &str) -> Option<(u64, u64, u64)> {
    let (range, length) = text.strip_prefix("bytes ")?.trim().split_once('/')?;
    let (start, end) = range.split_once('-')?;
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u64>().ok())?;
    let (start, end, length) = (number(start)?, number(end)?, number(length)?);
    (start <= end && end < length).then_some((start, end, length))
}

/// A problem as readers pass it on; [`RangeReader::problem`] takes it out again.
fn failed(problem: Problem) -> io::Error {
    io::Error::other(Error::from(problem))
}

impl RangeReader<'_> {
    /// The problem behind an error that reading gave; `None` if it came from elsewhere.
    pub fn problem(error: &io::Error) -> Option<&Problem> {
        error.get_ref()?.downcast_ref::<Error>()?.problems().first()
    }

    /// The file's length in bytes.
    pub fn length(&self) -> u64 {
        self.identity.length
    }

    /// The tag that the server gave the file, a strong one.
    pub fn tag(&self) -> Option<&str> {
        Some(&*self.identity.tag).filter(|tag| tag.starts_with('"'))
    }

    /// The parts that came, each with where it begins, in the order of their places: whoever gets the whole file can hold them against it.
    pub fn into_parts(mut self) -> Vec<(u64, Vec<u8>)> {
        self.parts.sort_by_key(|(start, _)| *start);
        self.parts
    }

    /// The part that holds a position: its index, and the place in it.
    fn held(&self, position: u64) -> Option<(usize, usize)> {
        self.parts.iter().enumerate().find_map(|(index, (start, bytes))| {
            let place = usize::try_from(position.checked_sub(*start)?).ok()?;
            (place < bytes.len()).then_some((index, place))
        })
    }

    /// Asks for what is at the position, up to what is there already.
    fn fetch(&mut self) -> io::Result<()> {
        let start = self.position;
        // Read in order: twice as much as the part before.
        let before = self.parts.iter().find(|(at, bytes)| at + bytes.len() as u64 == start);
        let wanted = before.map_or(LEAST, |(_, bytes)| (bytes.len() as u64 * 2).clamp(LEAST, MOST));
        let next = self.parts.iter().map(|(at, _)| *at).filter(|at| *at > start).min().unwrap_or(self.length());
        // The gap up to the next part is fetched with it, unless it is much larger.
        let gap = next - start;
        let size = if gap <= MOST.min(wanted * 4) { gap } else { wanted };
        self.fetched += size;
        if self.fetched > ENOUGH {
            let message = format!("more than {} MB of {} are needed", ENOUGH >> 20, shown(&self.url));
            return Err(failed(Problem::new(Code::Unsupported, message)));
        }
        let ask = Ask::file(&self.url).with(header::RANGE, &format!("bytes={start}-{}", start + size - 1));
        let network = self.network;
        let part = network.persist_with(&self.url, &mut self.tries, || network.part(&ask)).map_err(failed)?;
        if part.identity != self.identity {
            let message = format!("{} was changed while it was read", shown(&self.url));
            return Err(failed(Problem::new(Code::Network, message).help("try again")));
        }
        if part.start != start || part.bytes.len() as u64 != size {
            let message = format!("{} gives another part than was asked for", shown(&self.url));
            return Err(failed(Problem::new(Code::Network, message)));
        }
        self.parts.push((start, part.bytes));
        Ok(())
    }
}

impl Read for RangeReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.length() || buffer.is_empty() {
            return Ok(0);
        }
        let (index, place) = match self.held(self.position) {
            Some(held) => held,
            None => {
                self.fetch()?;
                self.held(self.position).ok_or(ErrorKind::UnexpectedEof)?
            }
        };
        let rest = &self.parts[index].1[place..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for RangeReader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length().checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = target.ok_or(ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_strictly() {
        assert_eq!(content_range("bytes 0-4/10"), Some((0, 4, 10)));
        for odd in ["", "bytes 0-4/*", "bytes 4-0/10", "bytes 0-10/10", "bytes +1-4/10", "items 0-4/10", "bytes 0/10"] {
            assert_eq!(content_range(odd), None, "{odd}");
        }
    }

    #[test]
    fn only_a_strong_tag_or_a_date_tells_files_apart() {
        let identity = |tag: &str, modified: &str| FileState { length: 1, tag: tag.into(), modified: modified.into() };
        assert_eq!(identity("\"a\"", "x").validator(), Some("\"a\""));
        assert_eq!(identity("W/\"a\"", "x").validator(), Some("x"));
        assert_eq!(identity("W/\"a\"", "").validator(), None);
    }
}
