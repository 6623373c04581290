//! Facts that no catalogue has, and an index may have.

use pep440_rs::Version;
use pep508_rs::PackageName;

use crate::packaging::constraint::Constraint;
use crate::packaging::digest::Sha256;
use crate::packaging::target::{Backend, Platform};

/// The missing fact that a refusal is about. The problem has the Pythons under which it is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// A wheel of a release that is built by backend.
    Build {
        /// The package.
        package: PackageName,
        /// The release, without a local label.
        version: Version,
        /// Built for this.
        backend: Backend,
        /// For this platform.
        platform: Platform,
    },
    /// The requirements of a known wheel.
    Requirements {
        /// The wheel's package.
        package: PackageName,
        /// Its version, local label included.
        version: Version,
        /// Its digest.
        sha256: Sha256,
    },
    /// Some release of a package.
    Release {
        /// The package.
        package: PackageName,
        /// One that all of these admit.
        versions: Vec<Constraint>,
        /// The build that it is for: its index may have GPU libraries, too.
        backend: Option<Backend>,
        /// For this platform.
        platform: Platform,
        /// The lock has one that does not do.
        is_locked: bool,
    },
    /// The requirements of a wheel of the lock that stays and that no catalogue knows.
    Kept {
        /// The package.
        package: PackageName,
        /// As it is locked, local label included.
        version: Version,
        /// For this platform.
        platform: Platform,
        /// The files that the lock admits: it is one of these. Not every lock names them.
        files: Vec<(Option<String>, Sha256)>,
        /// The places that the lock has it from: asked in this order.
        places: Vec<LockedPlace>,
    },
}

/// The place that a lock has a wheel from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockedPlace {
    /// The default index.
    Default,
    /// The index at this address.
    Index(String),
    /// This very address.
    File(String),
}

impl Missing {
    /// The package that is needed and not locked at all, if that is what is missing.
    pub(crate) fn unlocked(&self) -> Option<&PackageName> {
        match self {
            Self::Release { package, is_locked: false, .. } => Some(package),
            Self::Release { .. } | Self::Build { .. } | Self::Requirements { .. } | Self::Kept { .. } => None,
        }
    }
}
