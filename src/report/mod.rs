//! The reports of a run, as data: the summary of an export, the findings of a check, an audit. Printing it is the
//! business of `render`.
//!
//! Not here: how it is printed (`command::render`).
//!
//! Imports: `text`, `packaging`.

pub mod audit;
pub mod error;
pub mod rule;

use crate::packaging::target::{Backend, Platform, Python};
use crate::report::error::{NamedTarget, Problem};

mod drift;
mod missing;
mod verification;

pub use drift::{Difference, DifferenceKind, in_short};
pub use missing::{LockedPlace, Missing};
pub use verification::{Scope, State, Verification, Verified, Witness, WitnessKind};

/// The status of an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileStatus {
    /// It is printed on standard output.
    Printed,
    /// It is written to this file.
    Written(String),
    /// This file is like that already.
    Unchanged(String),
    /// It would go to this file, but is only shown.
    Shown(String),
}

/// The summary of one output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputReport {
    /// The lock that it is made from.
    pub lock: String,
    /// Its status.
    pub status: FileStatus,
    /// The summary of each of its targets.
    pub summaries: Vec<Summary>,
}

/// The summary of an export for one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The target's name in the configuration.
    pub name: Option<String>,
    /// The machine that the output is for.
    pub platform: Platform,
    /// The build that was asked for.
    pub backend: Option<Backend>,
    /// The Pythons served, ascending.
    pub pythons: Vec<Python>,
    /// The number of packages in the output, under any of the Pythons.
    pub packages: usize,
    /// The changes to the packages that matter, in the order of the report.
    pub changes: Vec<Change>,
    /// Pythons that the lock allows but that are not served, and why.
    pub left_out: Vec<(Python, String)>,
    /// The download under each Python.
    pub downloads: Vec<PythonDownload>,
    /// The catalogues of the project that nobody named and that were found by their name.
    pub found: Vec<String>,
    /// The answers of indexes in this run.
    pub learned: Vec<LearnedRelease>,
    /// Notes on what else could be had.
    pub notes: Vec<String>,
    /// The warnings about the lock.
    pub warnings: Vec<Problem>,
}

/// The facts about a release that an index gave in this run, and that a catalogue of the project has from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LearnedRelease {
    /// The package.
    pub package: String,
    /// The release, local label included.
    pub version: String,
    /// The number of new wheels of it; 0: they were known, but not their requirements.
    pub wheels: usize,
    /// The number of those whose digest was computed from the bytes.
    pub computed: usize,
    /// The catalogue that keeps it.
    pub catalogue: String,
}

/// The download under one Python.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PythonDownload {
    /// The Python.
    pub python: Python,
    /// All that the output installs.
    pub output: DownloadSize,
    /// All that the lock installs as it is.
    pub locked: DownloadSize,
    /// The difference from the size of the lock's files: a file that both install is no difference, known or not.
    pub difference: DownloadSize,
}

/// The size of files together, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DownloadSize {
    /// Those of known size, in bytes.
    pub bytes: i64,
    /// The packages of the others.
    pub unknown: Vec<String>,
}

impl DownloadSize {
    /// Adds a file, or takes it off if its size is below zero; `None`: a file of unknown size.
    pub fn add(&mut self, package: &str, size: Option<i64>) {
        match size {
            Some(bytes) => self.bytes = self.bytes.saturating_add(bytes),
            None => self.unknown.push(package.to_owned()),
        }
    }
}

/// The change of one package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The action.
    pub action: Action,
    /// The package.
    pub package: String,
    /// The locked version.
    pub from: Option<String>,
    /// The version in the output.
    pub to: Option<String>,
    /// The Pythons.
    pub pythons: Vec<Python>,
    /// Why, where it is not plain.
    pub why: Option<String>,
    /// The reason in words that are the same for many.
    pub shared_why: Option<&'static str>,
    /// Packages that are counted together: `nvidia-*-cu12`.
    pub group: Option<String>,
    /// The source of the digest.
    pub source: Option<DigestSource>,
}

/// The action on a package. The order is the order of the summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// The wheel was replaced by that of another build.
    Swapped,
    /// It is new.
    Added,
    /// The lock has it, but only now it is selected.
    Included,
    /// Another release was pinned.
    Repinned,
    /// It is gone.
    Removed,
    /// It stays.
    Kept,
    /// It stays, but what it requires is not known.
    Unproven,
    /// It is left out, as asked.
    NotEmitted,
    /// It stays, though it is bound to something else than torch is built for.
    Unswapped,
}

impl Action {
    /// The word in the summary and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Swapped => "swapped",
            Self::Added => "added",
            Self::Included => "included",
            Self::Repinned => "re-pinned",
            Self::Removed => "removed",
            Self::Kept => "kept",
            Self::Unproven => "unproven",
            Self::NotEmitted => "left out",
            Self::Unswapped => "unswapped",
        }
    }
}

/// The source of a digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DigestSource {
    /// The catalogue.
    pub catalogue: String,
    /// The index the wheel lies on.
    pub index: String,
    /// The number of independent public lock files that recorded it; the fewest of several.
    pub seen: u32,
    /// The digest was computed from the bytes by this tool.
    pub computed: bool,
    /// Why a project's row counts instead of another catalogue's.
    pub overrides: Option<String>,
}

/// The result of a check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// The findings, mended or not.
    pub findings: Vec<CheckFinding>,
    /// The outputs that are what their lock gives, each with its targets.
    pub up_to_date: Vec<(String, Vec<NamedTarget>)>,
    /// True if there was no output to look at.
    pub has_no_outputs: bool,
    /// The answers of indexes in this run.
    pub learned: Vec<LearnedRelease>,
    /// The catalogues that nobody named; every output of a lock is made with the same ones.
    pub found: Vec<String>,
}

/// Something that a check says about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckFinding {
    /// The file it is about.
    pub file: String,
    /// The problem, with its place and remedy.
    pub problem: Problem,
    /// The single differences.
    pub differences: Vec<Difference>,
    /// Outputs that were not compared for it.
    pub not_compared: Vec<String>,
    /// True if it was put right.
    pub fixed: bool,
}

impl CheckFinding {
    /// One without differences.
    pub fn new(file: impl Into<String>, problem: Problem) -> Self {
        Self { file: file.into(), problem, differences: Vec::new(), not_compared: Vec::new(), fixed: false }
    }
}
