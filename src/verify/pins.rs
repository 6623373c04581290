//! The pins of a lock: files at URLs, and releases on indexes.

use pep440_rs::Version;
use pep508_rs::PackageName;

use crate::lock::pylock::PylockFile;
use crate::lock::{Lock, Origin};
use crate::packaging::digest::Sha256;
use crate::text::{Place, without_logins};

/// One entry of a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedEntry {
    /// The lock's name.
    pub lock: String,
    /// Its place.
    pub place: Place,
    /// The package.
    pub package: PackageName,
    /// The version, where the lock says it.
    pub version: Option<Version>,
    /// The source of its files.
    pub from: FileSource,
    /// Its files.
    pub files: Vec<PinnedFile>,
}

/// The source of an entry's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileSource {
    /// One file at a URL.
    Url(String),
    /// An index; `None`: the default one.
    Index(Option<String>),
}

/// A file as an entry has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedFile {
    /// Its name, where the lock says it.
    pub name: Option<String>,
    /// Its digest, if it is of the kind that counts.
    pub sha256: Option<Sha256>,
    /// Its address, if the lock has it: a `pylock.toml` does for every wheel of a release.
    pub url: Option<String>,
    /// Its size in bytes, where the lock says it: a `pylock.toml` may.
    pub size: Option<u64>,
}

/// The pins of a lock. Repositories and local files are not pinned by a digest, so there is nothing to verify about them.
pub fn of(lock: &Lock) -> Vec<PinnedEntry> {
    let read = |(index, entry): (usize, &crate::lock::Entry)| {
        let source = lock.sources().get(entry.at.source)?;
        let from = match &entry.origin {
            Origin::Url(url) => FileSource::Url(url.clone()),
            Origin::Index(index) => FileSource::Index(index.clone()),
            Origin::Git(_) | Origin::File(_) | Origin::Directory(_) => return None,
        };
        let files = entry.files.iter();
        let files = files.map(|file| {
            let listed = file.name.and_then(|name| lock.files(index).find(|file| file.name == name));
            PinnedFile {
                name: file.name.map(str::to_owned),
                sha256: file.digest.sha256(),
                url: listed.and_then(PylockFile::url).map(str::to_owned),
                size: listed.and_then(|listed| listed.size),
            }
        });
        let mut place = source.place(entry.at.span);
        place.text = without_logins(&place.text);
        Some(PinnedEntry {
            lock: source.name.clone(),
            place,
            package: entry.name.clone(),
            version: entry.version.clone(),
            from,
            files: files.collect(),
        })
    };
    lock.entries().iter().enumerate().filter_map(read).collect()
}

impl PinnedEntry {
    /// The entry as a witness: its lock and the line there.
    pub fn who(&self) -> String {
        format!("{}:{}", self.lock, self.place.line)
    }
}
