//! Locks: one small model, one file per format.
//!
//! A format module turns text into a [`Lock`]; [`Lock::select`] says what the lock gives on one environment, in words
//! that are the same for every format; the plan is made from that.

use pep440_rs::Version;
use pep508_rs::{ExtraName, PackageName};

use crate::constraint::Constraint;
use crate::digest::Sha256;
use crate::marker::{Condition, Extras};
use crate::text::Span;

/// Where an entry stands: which of the lock's sources, and which bytes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    /// Index into the lock's sources: 0 but for files that others include.
    pub source: usize,
    /// What to point at.
    pub span: Span,
}

/// One pinned package of a lock.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The package.
    pub name: PackageName,
    /// The locked version. `None` where the lock does not say: an unpinned line, a URL that names none.
    pub version: Option<Version>,
    /// Where its file comes from.
    pub origin: Origin,
    /// The files the lock admits, each with its digest.
    pub files: Vec<LockedFile>,
    /// Where to point when something is wrong with it.
    pub at: At,
}

/// Where a locked package's file comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// An index. `None`: the default one; else the index's URL as the lock has it.
    Index(Option<String>),
    /// A file at a URL, as written but without a fragment.
    Url(String),
    /// A repository, written as pip wants it: `git+URL@revision`.
    Git(String),
    /// A local file.
    File(String),
    /// A local folder.
    Directory(String),
}

/// One file that a lock admits for an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedFile {
    /// The file's name. A requirements file does not tell.
    pub name: Option<String>,
    /// Its digest.
    pub digest: LockedDigest,
}

/// A digest as a lock has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockedDigest {
    /// The kind this tool writes.
    Sha256(Sha256),
    /// Another kind that pip's hash mode takes, `sha384:…` or `sha512:…`: kept where it stands.
    Strong(String),
    /// A kind that pip's hash mode does not take, `md5:…`: counts as no digest.
    Weak(String),
}

/// What a lock gives on one environment.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// What is installed there.
    pub picks: Vec<Pick>,
    /// What is not, but could be: the lock pins it for other environments or for groups and extras not asked for.
    pub spare: Vec<Pick>,
}

/// One entry on one environment.
#[derive(Debug, Clone)]
pub struct Pick {
    /// Index into the lock's entries.
    pub entry: usize,
    /// Extras asked for, by all who ask.
    pub extras: Extras,
    /// When it holds there.
    pub condition: Condition,
    /// What it needs there, as far as the lock tells. `None`: the format does not tell.
    pub needs: Option<Vec<Need>>,
    /// Who needs it, where the lock says so on the entry itself (`# via`). `None`: it does not.
    pub via: Option<Vec<PackageName>>,
    /// True if the project asks for it itself.
    pub root: bool,
}

/// A requirement of one package for another, on one environment.
#[derive(Debug, Clone)]
pub struct Need {
    /// What is needed.
    pub name: PackageName,
    /// With which extras.
    pub extras: Vec<ExtraName>,
    /// In which versions.
    pub versions: Constraint,
}
