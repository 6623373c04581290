//! Wheels as files (PEP 427): a zip archive with its metadata in the `.dist-info` folder.
//!
//! Only the directory of the archive and two small members are read, in three or four pieces, from anything that can
//! seek: a file, or a server that is asked for ranges. Nothing is ever written to disk.
//!
//! An archive that two programs could read differently is refused: names that leave the folder or are there twice, headers
//! that do not agree, bytes that belong to nothing. So is one whose sizes cannot be: what is read is bounded by what
//! wheels need, never by what the archive says of itself.

mod directory;
mod headers;
mod windows;

use std::fmt;
use std::io::{self, Read, Seek};

use rawzip::{CompressionMethod, ZipArchive};

use crate::packaging::metadata::{Metadata, fields};
use crate::packaging::wheel::WheelName;
use crate::text::quoted;

use directory::{Directory, Member};
pub use headers::Headers;
use windows::Windows;

/// A wheel's own metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// Its `METADATA`, of which name and version are those of the file name.
    pub metadata: Metadata,
    /// The bytes of `METADATA`: an index that serves them beside the wheel (PEP 658) serves the same.
    pub metadata_bytes: Vec<u8>,
    /// The tags of its `WHEEL` file, as they are there. They need not be those of the file name: publishers rename
    /// torch's wheels from `linux_x86_64` to `manylinux1_x86_64`, and from `cp310-cp310` to `cp310-none`.
    pub tags: Vec<String>,
}

/// The result of opening a file.
#[derive(Debug, Clone)]
pub enum Opened {
    /// It was opened.
    Yes(Box<Contents>),
    /// It is not a wheel to be trusted: why.
    Refused(String),
    /// It is no wheel by its name, so nobody tried.
    NoWheel,
}

/// Why a wheel could not be opened.
#[derive(Debug)]
pub enum ArchiveError {
    /// It could not be read; another try may work.
    Io(io::Error),
    /// It is not a wheel, or not one to be trusted; one sentence without a full stop.
    Refused(String),
}

impl fmt::Display for ArchiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Refused(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for ArchiveError {}

impl From<io::Error> for ArchiveError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // A fault that the archive's reader found, not the reader below it.
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
                Self::Refused(format!("it is damaged: {error}"))
            }
            _ => Self::Io(error),
        }
    }
}

impl From<rawzip::Error> for ArchiveError {
    fn from(error: rawzip::Error) -> Self {
        match error.into_kind() {
            rawzip::ErrorKind::IO(error) => error.into(),
            kind => Self::Refused(format!("it is not a zip archive that can be read: {kind}")),
        }
    }
}

fn refused(why: impl Into<String>) -> ArchiveError {
    ArchiveError::Refused(why.into())
}

/// The distance from the end within which the end of the directory is looked for: behind it only a comment can be, and
/// wheels have none.
const TAIL: u64 = 64 << 10;

/// The largest `METADATA` that is read: that of torch has 60 kB, most of it description.
const LARGEST_METADATA: u64 = 4 << 20;

/// The largest `WHEEL` that is read: it has a line for each tag.
const LARGEST_WHEEL: u64 = 64 << 10;

/// Opens a wheel of a name, of which all is at hand: the header of every member is read.
///
/// # Errors
/// As [`glimpse`]; and if the header of a member is not what the directory says.
pub fn open<R: Read + Seek>(mut reader: R, wheel: &WheelName) -> Result<Contents, ArchiveError> {
    let (contents, headers) = glimpse(&mut reader, wheel)?;
    headers.check(reader)?;
    Ok(contents)
}

/// Opens a wheel of a name in few pieces. Also gives what must be at the headers of its members, of which only two were
/// read: whoever gets the whole archive can hold them against it.
///
/// # Errors
/// If it cannot be read, is no archive or an odd one, or its `.dist-info` is not that of the name.
pub fn glimpse<R: Read + Seek>(reader: R, wheel: &WheelName) -> Result<(Contents, Headers), ArchiveError> {
    let windows = Windows::new(reader)?;
    let len = windows.len;
    windows.keep(len.saturating_sub(TAIL)..len)?;
    let mut buffer = vec![0; rawzip::RECOMMENDED_BUFFER_SIZE];
    let archive = ZipArchive::with_max_search_space(TAIL)
        .locate_in_reader(windows, &mut buffer, len)
        .map_err(|(_, error)| error)?;
    let directory = Directory::read(&archive, wheel)?;
    archive.get_ref().keep(directory.piece())?;
    let metadata_bytes = content(&archive, &directory.metadata, LARGEST_METADATA)?;
    let metadata = Metadata::parse(&metadata_bytes).map_err(|why| refused(format!("its METADATA is odd: {why}")))?;
    if metadata.name != wheel.name || metadata.version != wheel.version {
        let (name, version) = (&metadata.name, &metadata.version);
        return Err(refused(format!("its METADATA is that of {name} {version}, its file name is {wheel}")));
    }
    let tags = tags(&content(&archive, &directory.wheel, LARGEST_WHEEL)?)?;
    Ok((Contents { metadata, metadata_bytes, tags }, directory.headers))
}

/// The tags of a `WHEEL` file.
fn tags(bytes: &[u8]) -> Result<Vec<String>, ArchiveError> {
    let odd = |why: &str| refused(format!("its WHEEL file is odd: {why}"));
    let text = std::str::from_utf8(bytes).map_err(|_| odd("it is not UTF-8 text"))?;
    let fields = fields(text).map_err(|why| odd(&why))?;
    let value = |key: &str| fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value);
    match value("Wheel-Version").map(String::as_str) {
        Some("1.0") => {}
        Some(other) if other.starts_with("1.") => {}
        Some(other) => return Err(odd(&format!("Wheel-Version {} is not supported", quoted(other)))),
        None => return Err(odd("it has no Wheel-Version")),
    }
    let tags = fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Tag")).map(|(_, tag)| tag.clone());
    Ok(tags.collect())
}

/// The content of a member, whose checksum is right.
fn content<R: Read + Seek>(
    archive: &ZipArchive<Windows<R>>,
    member: &Member,
    largest: u64,
) -> Result<Vec<u8>, ArchiveError> {
    let name = &member.name;
    let too_large = || refused(format!("{name} is larger than {} kB", largest >> 10));
    if member.finder.uncompressed_size_hint() > largest || member.finder.compressed_size_hint() > largest {
        return Err(too_large());
    }
    let entry = archive.get_entry(member.finder)?;
    let mut local = vec![0; 2 * usize::from(u16::MAX)];
    let header = entry.local_header(&mut local)?;
    if header.file_path().as_bytes() != name.as_bytes() || header.compression_method() != member.method {
        return Err(refused(format!("the directory and the header of {name} do not agree")));
    }
    let read = |reader: &mut dyn Read| {
        let mut bytes = Vec::new();
        reader.take(largest + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > largest { Err(too_large()) } else { Ok(bytes) }
    };
    match member.method {
        CompressionMethod::STORE => read(&mut entry.verifying_reader(entry.reader())),
        _ => read(&mut entry.verifying_reader(flate2::read::DeflateDecoder::new(entry.reader()))),
    }
}

#[cfg(test)]
mod tests;
