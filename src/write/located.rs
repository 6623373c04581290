//! The addresses of the wheels that a plan adds to a `pylock.toml`.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::path_on_default_index;
use crate::lock::LockedDigest;
use crate::lock::pylock::PylockPackage;
use crate::packaging::address;
use crate::packaging::digest::Sha256;
use crate::report::error::{Code, Problem};

/// The base of the default index's files, from the lock itself.
///
/// A `pylock.toml` must name the URL of each wheel. The default index keeps a file under a path that the catalogue knows;
/// on which host, the lock's own entries say.
pub(super) struct Located<'a> {
    /// URLs that the lock has, by digest.
    known: BTreeMap<Sha256, &'a str>,
    /// The part before the path. `None`: no entry has it, or they do not agree.
    base: Option<&'a str>,
    /// The address of the default index, if the lock names it.
    pub(super) index: Option<&'a str>,
}

impl<'a> Located<'a> {
    pub(super) fn of(packages: &'a [PylockPackage]) -> Self {
        let mut known = BTreeMap::new();
        let (mut proven, mut alike): (BTreeSet<&str>, BTreeSet<&str>) = (BTreeSet::new(), BTreeSet::new());
        let mut index = BTreeMap::new();
        for package in packages {
            for file in package.kind.files() {
                let Some(url) = file.url() else { continue };
                let sha256 = file.digests.iter().find_map(LockedDigest::sha256);
                if let Some(sha256) = sha256 {
                    known.insert(sha256, url);
                }
                let Some(base) = file.base_of_default_index() else { continue };
                alike.insert(base);
                index.entry(base).or_insert(package.index.as_deref());
                let path = sha256.and_then(|sha256| path_on_default_index(&sha256));
                if path.is_some_and(|path| url.strip_prefix(base).is_some_and(|rest| rest.starts_with(&path))) {
                    proven.insert(base);
                }
            }
        }
        let only = |all: &BTreeSet<&'a str>| all.first().copied().filter(|_| all.len() == 1);
        // A file of the catalogue proves a host; without one, the layout that only this index has must do.
        let base = if proven.is_empty() { only(&alike) } else { only(&proven) };
        let index = base.and_then(|base| index.get(base).copied().flatten());
        Self { known, base, index }
    }

    /// The URL of a wheel on the default index.
    pub(super) fn url(&self, file: &str, sha256: &Sha256) -> Result<String, Problem> {
        self.find(file, sha256).ok_or_else(|| {
            let why = match self.base {
                None => "no entry of this one comes from there",
                Some(_) => "no catalogue knows",
            };
            let message = format!("a pylock.toml must say where {file} is, and {why}");
            let help = "export a requirements file instead, which needs no address for it";
            Problem::new(Code::Unknown, message).help(help)
        })
    }

    /// The URL of a wheel on the default index, if it can be determined.
    pub(super) fn find(&self, file: &str, sha256: &Sha256) -> Option<String> {
        if let Some(url) = self.known.get(sha256) {
            return Some((*url).to_owned());
        }
        let path = path_on_default_index(sha256)?;
        Some(format!("{}{path}/{}", self.base?, address::encoded(file)))
    }
}
