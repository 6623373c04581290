//! What a lock shows of a rewrite that was committed by accident: entries that its tool would not have locked so.

use pep508_rs::PackageName;

use super::poetry::PoetryLock;
use super::pylock::{Pylock, PylockFile, PylockPackage};
use super::uv::UvLock;
use super::{Entry, Lock, Origin};
use crate::packaging::address;
use crate::packaging::stub::is_stub;

/// Entries that a rewrite left behind.
pub(crate) struct SwappedEntries<'l> {
    /// Which; at least one.
    pub(crate) entries: Vec<&'l Entry>,
    /// How they are locked, to go behind their names.
    pub(crate) how: String,
    /// What makes the lock anew.
    pub(crate) remedy: &'static str,
}

impl Lock {
    /// Entries that only a rewrite can have put there. `is_family`: whether wheels of a package are swapped at all. A
    /// requirements file is an output as often as a lock, so nothing is said of it.
    pub(crate) fn swapped(&self, is_family: &dyn Fn(&PackageName) -> bool) -> Option<SwappedEntries<'_>> {
        let (remedy, (entries, how)) = match self {
            Self::Requirements(_) => return None,
            Self::Poetry(lock) => {
                let found = stubs(&lock.entries).or_else(|| lock.swapped(is_family));
                ("make it anew: poetry lock --regenerate", found?)
            }
            Self::Pylock(lock) => {
                let found = stubs(&lock.entries).or_else(|| lock.swapped(is_family));
                ("make it anew with the tool that made it", found?)
            }
            Self::Uv(lock) => ("make it anew: uv lock --upgrade-package torch", lock.swapped(is_family)?),
        };
        Some(SwappedEntries { entries, how, remedy })
    }
}

/// Entries, and how they are locked.
type Leftovers<'l> = Option<(Vec<&'l Entry>, String)>;

/// Some entries, if there is one.
fn some<'l>(entries: impl Iterator<Item = &'l Entry>, how: impl FnOnce(usize) -> String) -> Leftovers<'l> {
    let entries: Vec<&Entry> = entries.collect();
    let count = entries.len();
    (count > 0).then(|| (entries, how(count)))
}

/// Stubs, which no index has.
fn stubs(entries: &[Entry]) -> Leftovers<'_> {
    let stubs = entries.iter().filter(|entry| entry.version.as_ref().is_some_and(is_stub));
    some(stubs, |_| "as a stub, for which another package stands".to_owned())
}

impl PoetryLock {
    /// Wheels at URLs that the project does not ask for. A plain `poetry lock` would keep them for every platform.
    fn swapped(&self, is_family: &dyn Fn(&PackageName) -> bool) -> Leftovers<'_> {
        let project = self.project.as_ref()?;
        let asked = |name: &PackageName| {
            project.groups.values().flatten().any(|root| root.direct.is_some() && root.requirement.name == *name)
        };
        let entries = self
            .entries
            .iter()
            .filter(|entry| matches!(entry.origin, Origin::Url(_)) && is_family(&entry.name) && !asked(&entry.name));
        some(entries, |count| {
            let urls = if count == 1 { "a URL" } else { "URLs" };
            format!("from {urls}, for which {} does not ask", project.source.name)
        })
    }
}

/// Tools that take their indexes from the project, and so lock nothing from PyTorch's if that does not name it. pip takes
/// them from its command line.
const BY_PROJECT: [&str; 3] = ["uv", "pdm", "poetry-plugin-export"];

impl Pylock {
    /// Packages on PyTorch's index, which the project does not name.
    fn swapped(&self, is_family: &dyn Fn(&PackageName) -> bool) -> Leftovers<'_> {
        let project = self.project.as_ref().filter(|project| !project.text.contains(address::PYTORCH_HOST))?;
        if !BY_PROJECT.contains(&self.created_by.as_str()) {
            return None;
        }
        let there = |entry: &Entry| matches!(&entry.origin, Origin::Index(Some(index)) if index.contains(address::PYTORCH_HOST));
        let entries = self.entries.iter().filter(|entry| is_family(&entry.name) && there(entry));
        some(entries, |_| format!("from PyTorch's index, which {} does not name", project.name))
    }
}

impl UvLock {
    /// Packages with wheels of PyTorch's index, though they are from another one.
    fn swapped(&self, is_family: &dyn Fn(&PackageName) -> bool) -> Leftovers<'_> {
        let of_pytorch = |url: &str| url.contains(address::PYTORCH_HOST);
        let is_swapped = |package: &PylockPackage| {
            let index = package.index.as_deref();
            index.is_some_and(|index| !of_pytorch(index))
                && package.kind.files().filter_map(PylockFile::url).any(of_pytorch)
        };
        let entries = self.entries.iter().zip(&self.packages).filter(|(_, package)| is_swapped(package));
        let entries = entries.map(|(entry, _)| entry).filter(|entry| is_family(&entry.name));
        some(entries, |_| "with wheels of PyTorch's index, though from another one".to_owned())
    }
}
