//! The facts that a verification learned, as rows for a project's catalogue.

use crate::catalog::{Built, Index, ReadList, WheelRow};
use crate::packaging::address;
use crate::packaging::archive::Contents;
use crate::packaging::digest::Sha256;
use crate::packaging::wheel::WheelName;

use super::pins::{FileSource, PinnedEntry};

/// The mark of a digest that was computed here, from the bytes.
const COMPUTED: &str = "computed";

/// A wheel that was hashed, and opened if it could be.
#[derive(Debug, Clone)]
pub struct HashedWheel {
    /// Its name.
    pub wheel: WheelName,
    /// Its index or folder.
    pub index: Index,
    /// The digest of its bytes.
    pub sha256: Sha256,
    /// Their number.
    pub size: u64,
    /// Its own metadata.
    pub contents: Option<Contents>,
}

/// The index of a pinned file, as a catalogue names it; `None` if no catalogue can.
pub fn index(pinned: &PinnedEntry) -> Option<Index> {
    match &pinned.from {
        FileSource::Url(url) => address::folder(url)?.parse().ok().filter(|index| matches!(index, Index::Url(_))),
        FileSource::Index(None) => Some(Index::Pypi),
        FileSource::Index(Some(_)) => None,
    }
}

/// The rows of these wheels.
pub fn rows(all: &[HashedWheel]) -> (Vec<WheelRow>, Vec<ReadList>) {
    let (mut wheels, mut lists) = (Vec::new(), Vec::new());
    for one in all {
        let built = Built::of(&one.wheel, &address::file_name(one.index.as_str()), None);
        let metadata = one.contents.as_ref().map(|contents| &contents.metadata);
        let row = WheelRow {
            size: Some(one.size),
            evidence: COMPUTED.into(),
            ..WheelRow::found(one.wheel.clone(), built, one.index.clone(), one.sha256)
        };
        let row = row.for_pythons(metadata.and_then(|metadata| metadata.requires_python.clone()));
        lists.extend(metadata.into_iter().flat_map(|metadata| row.lists(&metadata.requires_dist, "wheel")));
        wheels.push(row);
    }
    (wheels, lists)
}
