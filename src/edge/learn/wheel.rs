//! What a wheel says of itself: from the metadata that an index serves beside it, else from the wheel.

use crate::catalog::{RequiresRow, WheelRow};
use crate::edge::index::{Link, Network, RangeReader};
use crate::packaging::archive::{self, ArchiveError};
use crate::packaging::metadata::Metadata;
use crate::packaging::wheel::WheelName;
use crate::report::error::{Code, Problem};

/// What a wheel says of itself.
#[derive(Debug, Clone)]
pub(super) struct Told {
    /// Its requirements.
    pub(super) list: Vec<String>,
    /// The Pythons it is for.
    pub(super) requires_python: Option<String>,
    /// How that became known, as the catalogue has it: `metadata` or `wheel`.
    pub(super) provenance: &'static str,
    /// The file's length, where it was asked for.
    pub(super) size: Option<u64>,
}

/// Parts of a file that were read, each with where it begins.
pub(super) type Parts = Vec<(u64, Vec<u8>)>;

/// Asks the index, and if it has no metadata beside the wheel the wheel itself, of which a few parts are read.
pub(super) fn read(link: &Link, wheel: &WheelName, network: &Network) -> Result<(Told, Parts), Problem> {
    let beside = match network.metadata(link) {
        // Some pages promise what is not there.
        Err(problem) if problem.code == Code::Absent => None,
        other => other?,
    };
    match beside {
        Some(bytes) => {
            let odd = |why: &str| Problem::new(Code::Network, format!("the metadata beside {wheel} is odd: {why}"));
            let metadata = Metadata::parse(&bytes).map_err(|why| odd(&why))?;
            if metadata.name != wheel.name || metadata.version != wheel.version {
                return Err(odd(&format!("it is that of {} {}", metadata.name, metadata.version)));
            }
            Ok((told(metadata, "metadata", None), Vec::new()))
        }
        None => {
            let mut reader = network.open(&link.url)?;
            let size = reader.length();
            let contents = archive::open(&mut reader, wheel).map_err(|error| unreadable(&error, wheel))?;
            Ok((told(contents.metadata, "wheel", Some(size)), reader.into_parts()))
        }
    }
}

fn told(metadata: Metadata, provenance: &'static str, size: Option<u64>) -> Told {
    Told { list: metadata.requires_dist, requires_python: metadata.requires_python, provenance, size }
}

fn unreadable(error: &ArchiveError, wheel: &WheelName) -> Problem {
    let known = match error {
        ArchiveError::Io(error) => RangeReader::problem(error).cloned(),
        ArchiveError::Refused(_) => None,
    };
    known.unwrap_or_else(|| {
        let message = format!("{wheel} is not taken: {error}");
        Problem::new(Code::Network, message).help("it is no wheel that could be trusted; tell its publishers")
    })
}

impl Told {
    /// The rows that say so.
    pub(super) fn lists(&self, row: &WheelRow) -> Vec<RequiresRow> {
        row.lists(&self.list, self.provenance)
    }
}
