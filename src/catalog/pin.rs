//! Pins: a package, where its file comes from, and the digest it must have.
//!
//! A pin without a digest cannot be built: that is what makes an unhashed line impossible.

use std::collections::BTreeMap;

use pep440_rs::Version;

use super::WheelRow;
use crate::packaging::digest::Sha256;
use crate::packaging::stub::Stub;
use crate::packaging::wheel::WheelName;
use crate::report::DigestSource;

/// One file or more, each by its digest and with its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PinnedFiles(BTreeMap<Sha256, String>);

impl PinnedFiles {
    /// The files; `None` if there are none.
    pub fn new(files: impl IntoIterator<Item = (Sha256, String)>) -> Option<Self> {
        let files: BTreeMap<Sha256, String> = files.into_iter().collect();
        if files.is_empty() { None } else { Some(Self(files)) }
    }

    /// A single file.
    pub fn one(digest: Sha256, name: impl Into<String>) -> Self {
        Self(BTreeMap::from([(digest, name.into())]))
    }

    /// The digests, ascending.
    pub fn digests(&self) -> impl Iterator<Item = &Sha256> {
        self.0.keys()
    }

    /// The files' names with their digests, in the order of the digests.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Sha256)> {
        self.0.iter().map(|(digest, name)| (name.as_str(), digest))
    }
}

/// A package pinned to one release, each file with its digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pin {
    /// One wheel at a URL.
    Url {
        /// The wheel's version, local label included.
        version: Version,
        /// The wheel's file name.
        file: String,
        /// Its address: no fragment, no query, `+` as `%2B`.
        url: String,
        /// Its digest.
        sha256: Sha256,
        /// Its size in bytes, where it was recorded.
        size: Option<u64>,
        /// The witness.
        witness: DigestSource,
    },
    /// A release on the default index: any of these files.
    Index {
        /// The release.
        version: Version,
        /// The files that install on the target.
        files: PinnedFiles,
        /// The witness.
        witness: DigestSource,
    },
    /// A wheel that is made here and only requires another package in this one's place.
    Stub(Stub),
}

impl Pin {
    /// The size of its one file, where that was recorded.
    pub fn size(&self) -> Option<u64> {
        match self {
            Self::Url { size, .. } => *size,
            Self::Index { .. } | Self::Stub(_) => None,
        }
    }

    /// Pins one wheel: by its URL, or, on the default index, as a release that admits only this file.
    pub fn of(row: &WheelRow, witness: DigestSource) -> Self {
        match row.url() {
            Some(url) => Self::url(&row.wheel, url, row.sha256, row.size, witness),
            None => {
                let files = PinnedFiles::one(row.sha256, row.wheel.as_str());
                Self::Index { version: row.wheel.version.clone(), files, witness }
            }
        }
    }

    /// A wheel at a URL.
    pub fn url(wheel: &WheelName, url: String, sha256: Sha256, size: Option<u64>, witness: DigestSource) -> Self {
        Self::Url { version: wheel.version.clone(), file: wheel.as_str().to_owned(), url, sha256, size, witness }
    }

    /// The version, local label included.
    pub fn version(&self) -> &Version {
        match self {
            Self::Url { version, .. } | Self::Index { version, .. } => version,
            Self::Stub(stub) => &stub.version,
        }
    }

    /// The digest of its file, or of one of its files.
    pub fn a_digest(&self) -> Option<&Sha256> {
        match self {
            Self::Url { sha256, .. } => Some(sha256),
            Self::Index { files, .. } => files.digests().next(),
            Self::Stub(stub) => Some(&stub.sha256),
        }
    }

    /// The source of its digest; what is made here needs none.
    pub fn witness(&self) -> Option<&DigestSource> {
        match self {
            Self::Url { witness, .. } | Self::Index { witness, .. } => Some(witness),
            Self::Stub(_) => None,
        }
    }

    /// The stub, if it is one.
    pub fn stub(&self) -> Option<&Stub> {
        match self {
            Self::Stub(stub) => Some(stub),
            Self::Url { .. } | Self::Index { .. } => None,
        }
    }
}
