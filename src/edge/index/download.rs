//! A whole file from the network, through SHA-256, and held against what was seen of it before.

use std::io::{Read, Seek, SeekFrom, Write};

use reqwest::blocking::Response;
use reqwest::{StatusCode, header};
use sha2::{Digest, Sha256 as Hasher};
use tempfile::SpooledTempFile;
use url::Url;

use super::fetch::{broken, text_of};
use super::http::{Ask, Network};
use super::pace::Paced;
use super::policy::{Failure, Tries, shown};
use super::range::{FileState, content_range};
use super::settings::LARGEST_FILE;
use crate::edge::progress::Progress;
use crate::packaging::archive::Headers;
use crate::packaging::digest::Sha256;
use crate::report::error::{Code, Problem};

/// The size of a read.
const PIECE: usize = 256 << 10;

/// The progress that a broken connection must have made to count as a success that ended.
const PROGRESS: u64 = 1 << 20;

/// The overlap that is asked for again where only the bytes can show that the file is still the same.
const OVERLAP: usize = 16 << 10;

/// The facts about a file before it is downloaded.
#[derive(Debug, Clone, Default)]
pub struct Before {
    /// Its length, as the server gave it.
    pub length: Option<u64>,
    /// Parts of it, each with where it begins, in the order of their places; none overlaps another.
    pub parts: Vec<(u64, Vec<u8>)>,
    /// If it is an archive: what must be at the headers of its members.
    pub headers: Headers,
}

/// A file that was read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloaded {
    /// The digest of its bytes.
    pub sha256: Sha256,
    /// Their number.
    pub size: u64,
    /// The tag that the server gave it, a strong one.
    pub etag: Option<String>,
    /// The number of times the connection broke and the rest was fetched.
    pub resumed: u32,
    /// False if the file has another length than was seen before, or one of the parts differs in it.
    pub is_same: bool,
    /// The first part of [`Before::headers`] that differs in it.
    pub odd_header: Option<usize>,
}

/// The progress of a download.
#[derive(Default)]
struct DownloadState {
    hasher: Hasher,
    position: u64,
    identity: Option<FileState>,
    resumed: u32,
    /// The number of parts behind the position: later bytes need no comparison with them.
    passed: usize,
    parts_differ: bool,
    /// As `passed`, for headers.
    passed_headers: usize,
    odd_header: Option<usize>,
    /// The last bytes, of a file that has neither a tag nor a date.
    tail: Vec<u8>,
}

impl DownloadState {
    fn begin_anew(&mut self) {
        *self = Self { resumed: self.resumed, ..Self::default() };
    }

    fn take(&mut self, bytes: &[u8], before: &Before) {
        self.parts_differ |= hold(&before.parts, &mut self.passed, self.position, bytes).is_some();
        let odd = hold(before.headers.parts(), &mut self.passed_headers, self.position, bytes);
        self.odd_header = self.odd_header.or(odd);
        self.hasher.update(bytes);
        self.position += bytes.len() as u64;
        if self.identity.as_ref().is_some_and(|identity| identity.validator().is_none()) {
            self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(OVERLAP)..]);
            self.tail.drain(..self.tail.len().saturating_sub(OVERLAP));
        }
    }
}

impl Network {
    /// Reads a file to its end. A broken connection is resumed where it broke if the file is still the same, else the
    /// file is read anew. What was seen `before` is compared with the bytes that pass; they are also put into a file if
    /// one is given.
    ///
    /// # Errors
    /// As [`Network::page`]; if the server does not say how long the file is; and with [`Code::Io`] if the bytes cannot be
    /// put into the file.
    pub fn download(
        &self,
        url: &Url,
        before: &Before,
        mut into: Option<&mut SpooledTempFile>,
        progress: &dyn Progress,
    ) -> Result<Downloaded, Problem> {
        let mut state = DownloadState::default();
        let mut tries = Tries::default();
        let mut furthest = 0;
        let mut piece = vec![0; PIECE];
        while let Err(failure) = self.go_on(url, &mut state, &mut piece, before, into.as_deref_mut(), progress) {
            // Bytes that are read a second time are no progress.
            if state.position >= furthest + PROGRESS {
                furthest = state.position;
                tries.moved_on();
            }
            self.wait(url, &mut tries, failure)?;
        }
        if let Some(file) = into {
            file.set_len(state.position)
                .map_err(|error| Problem::new(Code::Io, format!("cannot keep {}: {error}", shown(url))))?;
        }
        let etag = state.identity.map(|identity| identity.tag).filter(|tag| tag.starts_with('"'));
        Ok(Downloaded {
            sha256: Sha256::from_bytes(state.hasher.finalize().into()),
            size: state.position,
            etag,
            resumed: state.resumed,
            odd_header: state.odd_header,
            is_same: !state.parts_differ && before.length.is_none_or(|length| length == state.position),
        })
    }

    /// One request for the rest of the file.
    fn go_on(
        &self,
        url: &Url,
        state: &mut DownloadState,
        piece: &mut [u8],
        before: &Before,
        mut into: Option<&mut SpooledTempFile>,
        progress: &dyn Progress,
    ) -> Result<(), Failure> {
        let mut ask = Ask::file(url);
        let from = state.position - state.tail.len() as u64;
        let begun = state.identity.as_ref().filter(|_| state.position > 0);
        let validator = begun.and_then(FileState::validator);
        // Without a validator the bytes themselves must do.
        let resuming = validator.is_some() || begun.is_some() && !state.tail.is_empty();
        if resuming {
            ask = ask.with(header::RANGE, &format!("bytes={from}-"));
        }
        if let Some(validator) = validator {
            ask = ask.with(header::IF_RANGE, validator);
        }
        let mut response = match self.once(&ask) {
            // The part that is there is longer than the file is now (416), or the server objects.
            Err(Failure::Final(problem)) if resuming && problem.code != Code::Absent => {
                state.begin_anew();
                return Err(Failure::passing(problem.message));
            }
            other => other?,
        };
        if !text_of(&response, header::CONTENT_ENCODING).is_empty() {
            return Err(Failure::last(
                Code::Network,
                format!("{} comes in an encoding that was not requested", shown(url)),
            ));
        }
        if resuming && response.status() == StatusCode::PARTIAL_CONTENT {
            let range = content_range(&text_of(&response, header::CONTENT_RANGE));
            let same = range.is_some_and(|(start, end, length)| {
                start == from && end + 1 == length && state.identity == Some(FileState::of(&response, length))
            });
            let mut again = vec![0; state.tail.len()];
            if same {
                response.read_exact(&mut again).map_err(|error| broken(&error))?;
            }
            if !same || again != state.tail {
                state.begin_anew();
                return Err(Failure::passing("the rest is of another file"));
            }
            state.resumed += 1;
        } else {
            state.begin_anew();
            let length = whole(url, &response)?;
            state.identity = Some(FileState::of(&response, length));
            progress.length(length);
        }
        let length = state.identity.as_ref().map_or(0, |identity| identity.length);
        let mut response = Paced::new(response, self.patience().idle);
        progress.position(state.position);
        loop {
            let count = response.read(piece).map_err(|error| broken(&error))?;
            if count == 0 {
                break;
            }
            if let Some(file) = into.as_deref_mut() {
                // After a new start the file is written from its beginning.
                let kept = file.seek(SeekFrom::Start(state.position)).and_then(|_| file.write_all(&piece[..count]));
                kept.map_err(|error| Failure::last(Code::Io, format!("cannot keep {}: {error}", shown(url))))?;
            }
            state.take(&piece[..count], before);
            progress.position(state.position);
            if state.position > length {
                return Err(Failure::last(Code::Network, format!("{} is longer than it says", shown(url))));
            }
        }
        if state.position < length {
            return Err(Failure::passing("the answer broke off"));
        }
        Ok(())
    }
}

/// The length of a file that is sent whole.
fn whole(url: &Url, response: &Response) -> Result<u64, Failure> {
    if response.status() != StatusCode::OK {
        return Err(Failure::last(Code::Network, format!("{} answers with a part that was not requested", shown(url))));
    }
    match response.content_length() {
        Some(length) if length <= LARGEST_FILE => Ok(length),
        Some(_) => Err(Failure::last(Code::Network, format!("{} is larger than any wheel", shown(url)))),
        // The end of such an answer looks like a broken connection.
        None => Err(Failure::last(Code::Network, format!("{} does not say how long it is", shown(url)))),
    }
}

/// The first of the parts that bytes at a position contradict. Parts that end before are passed over for good.
fn hold(parts: &[(u64, Vec<u8>)], passed: &mut usize, position: u64, bytes: &[u8]) -> Option<usize> {
    while parts.get(*passed).is_some_and(|(start, part)| start + part.len() as u64 <= position) {
        *passed += 1;
    }
    let end = position + bytes.len() as u64;
    let met = parts.iter().enumerate().skip(*passed).take_while(|(_, (start, _))| *start < end);
    { met }.find(|(_, part)| !agree(part, position, bytes)).map(|(at, _)| at)
}

/// True if bytes at a position say the same as a part, where they are both there.
fn agree((start, part): &(u64, Vec<u8>), position: u64, bytes: &[u8]) -> bool {
    let behind = |by: u64| usize::try_from(by).unwrap_or(usize::MAX);
    let part = part.get(behind(position.saturating_sub(*start))..).unwrap_or_default();
    let bytes = bytes.get(behind(start.saturating_sub(position))..).unwrap_or_default();
    let both = part.len().min(bytes.len());
    part[..both] == bytes[..both]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_compared_where_they_meet() {
        let part = (10, b"abcdef".to_vec());
        assert!(agree(&part, 0, b"0123456789abc"));
        assert!(agree(&part, 12, b"cdefgh"));
        assert!(agree(&part, 16, b"x") && agree(&part, 0, b"0123456789"));
        assert!(!agree(&part, 0, b"0123456789abx"));
        assert!(!agree(&part, 15, b"x"));
    }
}
