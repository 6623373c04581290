//! Pins: a package, where its file comes from, and the digest it must have.
//!
//! A pin without a digest cannot be built: that is what makes an unhashed line impossible.

use std::collections::BTreeSet;

use pep440_rs::Version;

use crate::digest::Sha256;
use crate::wheel::WheelName;

/// One digest or more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digests(BTreeSet<Sha256>);

impl Digests {
    /// The digests; `None` if there are none.
    pub fn new(digests: impl IntoIterator<Item = Sha256>) -> Option<Self> {
        let digests: BTreeSet<Sha256> = digests.into_iter().collect();
        if digests.is_empty() { None } else { Some(Self(digests)) }
    }

    /// A single digest.
    pub fn one(digest: Sha256) -> Self {
        Self(BTreeSet::from([digest]))
    }

    /// Them, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = &Sha256> {
        self.0.iter()
    }
}

/// Which catalogue vouches for a pin.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Witness {
    /// `built-in`, or the file's name.
    pub catalogue: String,
    /// The index the wheel lies on, as the catalogue names it.
    pub index: String,
    /// How many independent public lock files recorded the digest; of several files, of the one that fewest did.
    pub seen: u32,
}

/// A package pinned to one release, each file with its digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pin {
    /// One wheel at a URL.
    Url {
        /// Its file name's version, local label included.
        version: Version,
        /// Where it lies: no fragment, no query, `+` as `%2B`.
        url: String,
        /// Its digest.
        sha256: Sha256,
        /// Who says so.
        witness: Witness,
    },
    /// A release on the default index: any of these files.
    Index {
        /// The release.
        version: Version,
        /// The digests of the files that install on the target.
        digests: Digests,
        /// Who says so.
        witness: Witness,
    },
}

impl Pin {
    /// A wheel at a URL.
    pub fn url(wheel: &WheelName, url: String, sha256: Sha256, witness: Witness) -> Self {
        Self::Url { version: wheel.version.clone(), url, sha256, witness }
    }

    /// The version, local label included.
    pub fn version(&self) -> &Version {
        match self {
            Self::Url { version, .. } | Self::Index { version, .. } => version,
        }
    }

    /// Who vouches for it.
    pub fn witness(&self) -> &Witness {
        match self {
            Self::Url { witness, .. } | Self::Index { witness, .. } => witness,
        }
    }
}
