//! The findings about the wheels that a lock pins.

use crate::packaging::digest::Sha256;
use crate::report::error::Problem;

/// The outcome of a verification.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// The wheels that have witnesses beside the lock itself, or should; in the order of the locks.
    pub wheels: Vec<Verified>,
    /// Files that releases on an index may be installed from, of which nobody who was asked knows the digest.
    pub unknown: usize,
    /// The scope of the verification.
    pub scope: Scope,
    /// Further facts worth knowing.
    pub notes: Vec<String>,
}

/// The digests that have to be confirmed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scope {
    /// Every file, against the catalogue only: files that it does not know are not checked.
    #[default]
    Catalogue,
    /// Every file, of others, too.
    Others,
    /// The wheels of a folder, and those at URLs, which must be in it: of a release it has those of one machine.
    Folder,
}

/// One pinned wheel, or another file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The lock.
    pub lock: String,
    /// The package.
    pub package: String,
    /// The file's name.
    pub wheel: String,
    /// The URL that it is pinned to; `None`: it is a file of a release on an index.
    pub url: Option<String>,
    /// The witnesses of its digest.
    pub witnesses: Vec<Witness>,
    /// The size of the bytes that were hashed.
    pub size: Option<u64>,
    /// The faults.
    pub wrong: Vec<Problem>,
    /// Why a question about it could not be answered.
    pub unanswered: Vec<Problem>,
    /// Further facts worth knowing.
    pub notes: Vec<String>,
}

/// Somebody who says what digest a file has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Its kind.
    pub kind: WitnessKind,
    /// By name: `requirements.txt`, `built-in catalogue (7 projects)`.
    pub who: String,
    /// Its place of the file, if that is not the pinned one.
    pub place: Option<String>,
    /// The digest that it has.
    pub sha256: Sha256,
    /// True if all others agree against it.
    pub alone: bool,
}

/// The kinds of witnesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WitnessKind {
    /// The lock or output itself.
    Lock,
    /// A catalogue.
    Catalogue,
    /// A page of an index.
    Page,
    /// The bytes, hashed here.
    Bytes,
}

impl WitnessKind {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lock => "file",
            Self::Catalogue => "catalogue",
            Self::Page => "index",
            Self::Bytes => "bytes",
        }
    }
}

/// The state of a wheel after a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// All who were asked agree, and there are two at least.
    Agrees,
    /// Something is wrong.
    Differs,
    /// It could not be found out.
    Unanswered,
}

impl State {
    /// The word in the report.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agrees => "ok",
            Self::Differs => "differs",
            Self::Unanswered => "unanswered",
        }
    }
}

impl Verified {
    /// The state of the wheel.
    pub fn state(&self) -> State {
        if !self.wrong.is_empty() {
            State::Differs
        } else if self.unanswered.is_empty() {
            State::Agrees
        } else {
            State::Unanswered
        }
    }
}

impl Verification {
    /// The state of all together: the worst of each. A file that nobody knows is not
    /// answered, if it was asked about.
    pub fn state(&self) -> State {
        let is = |state| self.wheels.iter().any(|wheel| wheel.state() == state);
        if is(State::Differs) {
            State::Differs
        } else if is(State::Unanswered) || self.unknown > 0 && self.scope != Scope::Folder {
            State::Unanswered
        } else {
            State::Agrees
        }
    }
}
