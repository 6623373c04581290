//! Wheels that are hashed and opened: in parts, where the server serves them, else from the bytes that were downloaded.

use std::io::{Read, Seek};

use url::Url;

use super::download::{Before, Downloaded};
use super::http::Network;
use super::range::RangeReader;
use crate::edge::progress::Progress;
pub use crate::packaging::archive::Opened;
use crate::packaging::archive::{self, ArchiveError, Contents, Headers};
use crate::packaging::wheel::WheelName;
use crate::report::error::{Code, Problem};

/// The size up to which a file is kept in memory instead of a temporary file.
const SMALL: usize = 1 << 20;

impl Opened {
    /// Opens a file of a name.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn of(reader: impl Read + Seek, name: &str) -> Result<Self, Problem> {
        Self::by(name, |wheel| archive::open(reader, wheel))
    }

    /// Opens a file of which parts can be had. Also gives what must be in the rest.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn in_parts(reader: &mut RangeReader<'_>, name: &str) -> Result<(Self, Headers), Problem> {
        let mut headers = Headers::default();
        let opened = Self::by(name, |wheel| {
            let (contents, found) = archive::glimpse(reader, wheel)?;
            headers = found;
            Ok(contents)
        })?;
        Ok((opened, headers))
    }

    fn by(name: &str, open: impl FnOnce(&WheelName) -> Result<Contents, ArchiveError>) -> Result<Self, Problem> {
        let Ok(wheel) = name.parse::<WheelName>() else { return Ok(Self::NoWheel) };
        match open(&wheel) {
            Ok(contents) => Ok(Self::Yes(Box::new(contents))),
            Err(ArchiveError::Refused(why)) => Ok(Self::Refused(why)),
            Err(ArchiveError::Io(error)) => Err(match RangeReader::problem(&error) {
                Some(problem) => problem.clone(),
                None => Problem::new(Code::Io, format!("cannot read {name}: {error}")),
            }),
        }
    }
}

/// The facts that parts of a file give before all of it is read.
#[derive(Debug, Clone)]
pub struct Glimpse {
    /// Its own metadata.
    pub opened: Opened,
    /// Its length in bytes.
    pub length: u64,
    /// The tag that the server gave it, a strong one.
    pub tag: Option<String>,
    parts: Vec<(u64, Vec<u8>)>,
    headers: Headers,
}

impl Network {
    /// Opens a file of a name in parts; `None` if its server does not serve these.
    ///
    /// # Errors
    /// As [`Network::open`].
    pub fn glimpse(&self, url: &Url, name: &str) -> Result<Option<Glimpse>, Problem> {
        let mut reader = match self.open(url) {
            Err(problem) if problem.code == Code::Unsupported => return Ok(None),
            other => other?,
        };
        let (opened, headers) = Opened::in_parts(&mut reader, name)?;
        let (length, tag) = (reader.length(), reader.tag().map(str::to_owned));
        Ok(Some(Glimpse { opened, length, tag, parts: reader.into_parts(), headers }))
    }

    /// Downloads a file of a name and opens it, unless a glimpse did: then the bytes are held against what that saw. Without
    /// one they are kept in an unnamed file for as long as that takes.
    ///
    /// # Errors
    /// As [`Network::download`]; if the file is another than the one that the glimpse saw, or cannot be kept.
    pub fn whole(
        &self,
        url: &Url,
        name: &str,
        glimpse: Option<Glimpse>,
        progress: &dyn Progress,
    ) -> Result<(Downloaded, Opened), Problem> {
        let Some(Glimpse { opened, length, parts, headers, tag: _ }) = glimpse else {
            let mut file = tempfile::spooled_tempfile(SMALL);
            let done = self.download(url, &Before::default(), Some(&mut file), progress)?;
            return Ok((done, Opened::of(file, name)?));
        };
        let before = Before { length: Some(length), parts, headers };
        let done = self.download(url, &before, None, progress)?;
        if !done.is_same {
            let message = format!("{name} was another file when it was opened than when it was read whole");
            return Err(Problem::new(Code::Network, message).help("try again"));
        }
        let odd = done.odd_header.map(|part| Opened::Refused(before.headers.refusal(part)));
        Ok((done, odd.unwrap_or(opened)))
    }
}
