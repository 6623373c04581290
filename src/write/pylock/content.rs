//! The source that a package of a `pylock.toml` is installed from.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::kept;
use super::text::{is_sdist, is_wheel};
use crate::catalog::pin::Pin;
use crate::lock::emit;
use crate::lock::{Entry, Lock, LockedDigest, Origin, is_links_page};
use crate::packaging::address;
use crate::packaging::digest::Sha256;
use crate::packaging::target::Environment;
use crate::plan::{Line, LockView};
use crate::report::error::{Code, Problem, Result};
use crate::write::Style;
use crate::write::located::Located;

/// The source it is installed from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Content {
    /// Files of a release.
    Release {
        /// The index they are on; `None`: the default one.
        index: Option<String>,
        /// The files.
        files: Vec<ContentFile>,
    },
    /// One file that is on no index.
    Archive(ContentFile),
    /// As it is in the `pylock.toml` that is the lock.
    Carried {
        /// The lines of its table but for the name, the version and the marker.
        lines: String,
        /// The best digest of each of its files.
        digests: Vec<LockedDigest>,
    },
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContentFile {
    /// Its name. `None`: the lock does not say.
    pub name: Option<String>,
    /// Its digest.
    pub sha256: Sha256,
    /// Its place; `None`: nobody said so yet.
    pub at: Option<FileLocation>,
}

/// The place of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileLocation {
    /// Its URL, or its path from the folder of the `pylock.toml`.
    pub url: String,
    /// True if it is a path.
    pub is_path: bool,
    /// Its size in bytes, if it is known.
    pub size: Option<u64>,
}

impl Content {
    /// Its files, as far as they are not kept over whole.
    pub fn files(&self) -> &[ContentFile] {
        match self {
            Self::Release { files, .. } => files,
            Self::Archive(file) => std::slice::from_ref(file),
            Self::Carried { .. } => &[],
        }
    }

    /// The digests of all its files.
    pub fn digests(&self) -> BTreeSet<LockedDigest> {
        match self {
            Self::Carried { digests, .. } => digests.iter().cloned().collect(),
            Self::Release { .. } | Self::Archive(_) => {
                self.files().iter().map(|file| LockedDigest::Sha256(file.sha256)).collect()
            }
        }
    }
}

/// The contents of a draft while it is made.
pub(super) struct Making<'a> {
    lock: &'a Lock,
    view: LockView<'a>,
    style: &'a Style,
    kept: Vec<String>,
    /// The base of the default index's files, if the lock has addresses.
    located: Option<Located<'a>>,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Making<'a> {
    pub(super) fn new(
        lock: &'a Lock,
        style: &'a Style,
        by_name: &BTreeMap<&PackageName, Vec<(Environment, &Line)>>,
    ) -> Result<Self> {
        let kept = match lock.carried() {
            Some(source) => {
                let as_locked = by_name.iter().filter(|(_, lines)| lines.iter().all(|(_, line)| line.pin().is_none()));
                let as_locked = as_locked.map(|(name, _)| name.as_ref()).collect();
                kept::lines(source, &as_locked)?
            }
            None => Vec::new(),
        };
        let located = lock.names_files().then(|| Located::of(lock.packages()));
        let view = LockView::of(lock);
        Ok(Self { lock, view, style, kept, located, problems: Vec::new() })
    }

    /// The version of a line, and what it is installed from.
    pub(super) fn content(&mut self, line: &Line) -> (Option<Version>, Content) {
        match (line.pin(), line.entry.and_then(|index| Some((index, self.view.entries.get(index)?)))) {
            (Some(Pin::Url { version, file, url, sha256, size, .. }), _) => {
                let url = self.style.mirror.as_ref().map_or_else(|| url.clone(), |mirror| mirror.apply(url));
                one_file(version, file, *sha256, FileLocation { url, is_path: false, size: *size })
            }
            (Some(Pin::Index { version, files, .. }), _) => {
                let place = |name: &str, sha256| self.located.as_ref().and_then(|located| located.find(name, sha256));
                let at = |name, sha256| place(name, sha256).map(|url| FileLocation { url, is_path: false, size: None });
                let files = files.iter().map(|(name, sha256)| ContentFile {
                    name: Some(name.to_owned()),
                    sha256: *sha256,
                    at: at(name, sha256),
                });
                (Some(version.clone()), Content::Release { index: None, files: sorted(files.collect()) })
            }
            (Some(Pin::Stub(stub)), _) => {
                let folder =
                    self.style.stubs.as_deref().map_or("", |folder| folder.strip_prefix("./").unwrap_or(folder));
                let url = format!("{folder}/{}", stub.file);
                let at = FileLocation { url, is_path: true, size: u64::try_from(stub.bytes.len()).ok() };
                one_file(&stub.version, &stub.file, stub.sha256, at)
            }
            (None, Some((index, entry))) => {
                let content = match self.kept.get(index).filter(|_| self.is_hashed(index)) {
                    Some(lines) => Content::Carried {
                        lines: lines.clone(),
                        digests: entry.files.iter().map(|file| file.digest.clone()).collect(),
                    },
                    None => self.as_locked(index, entry),
                };
                (entry.version.clone(), content)
            }
            (None, None) => (None, Content::Release { index: None, files: Vec::new() }),
        }
    }

    /// True if every file of an entry has a digest: installers refuse a `pylock.toml` with one that has none.
    fn is_hashed(&self, index: usize) -> bool {
        self.lock.files(index).all(|file| !file.digests.is_empty())
    }

    /// The locked source, as far as a `pylock.toml` can have it.
    fn as_locked(&mut self, index: usize, entry: &Entry) -> Content {
        let located = self.located.as_ref();
        let named = |file: crate::lock::LockedFile<'_>| {
            let sha256 = file.digest.sha256()?;
            let url = file.name.zip(located).and_then(|(name, located)| located.find(name, &sha256));
            let at = url.map(|url| FileLocation { url, is_path: false, size: None });
            Some(ContentFile { name: file.name.map(str::to_owned), sha256, at })
        };
        let mut files = sorted(entry.files.iter().filter_map(named).collect());
        let (code, message, help) = match &entry.origin {
            Origin::Index(of) if !files.is_empty() => {
                // `index` is the base of an index (PEP 751), which a page of links is not.
                let index = of.clone().filter(|url| !is_links_page(url));
                return Content::Release { index, files };
            }
            Origin::Url(url) if !files.is_empty() => {
                let at = Some(FileLocation { url: url.clone(), is_path: false, size: None });
                let name = Some(address::file_name(url));
                return Content::Archive(ContentFile { name, at, ..files.swap_remove(0) });
            }
            Origin::Index(_) | Origin::Url(_) => {
                let version = entry.version.as_ref().map(ToString::to_string).unwrap_or_default();
                let message = format!("the lock has no sha256 for {} {version}", entry.name);
                (Code::NoDigest, message, "regenerate the lock with a tool that records them".to_owned())
            }
            Origin::Git(_) | Origin::Directory(_) | Origin::File(_) => {
                let message =
                    format!("{} comes from a repository, a folder or a file here, not from a URL", entry.name);
                let help =
                    format!("lock a released version of it, or {}; or write a requirements file", emit::help(entry));
                (Code::NotPinnable, message, help)
            }
        };
        self.problems.push(self.view.point(Problem::new(code, message).help(help), index));
        Content::Release { index: None, files: Vec::new() }
    }
}

/// A release of which one file is known.
fn one_file(version: &Version, file: &str, sha256: Sha256, at: FileLocation) -> (Option<Version>, Content) {
    let file = ContentFile { name: Some(file.to_owned()), sha256, at: Some(at) };
    (Some(version.clone()), Content::Release { index: None, files: vec![file] })
}

fn sorted(mut files: Vec<ContentFile>) -> Vec<ContentFile> {
    settle(&mut files);
    files
}

/// Puts files in order and leaves out what a `pylock.toml` has no place for: an egg or an installer of Windows, which
/// nobody installs, and a second source distribution.
pub(super) fn settle(files: &mut Vec<ContentFile>) {
    files.sort();
    files.dedup();
    let mut sdists = 0;
    files.retain(|file| match &file.name {
        None => true,
        Some(name) if is_sdist(name) => {
            sdists += 1;
            sdists == 1
        }
        Some(name) => is_wheel(name),
    });
}
