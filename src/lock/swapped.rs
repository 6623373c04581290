//! Traces in a lock of a rewrite that was committed by accident: entries that its tool would not have locked so.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::PackageName;

use super::poetry::PoetryLock;
use super::pylock::{Pylock, PylockFile, PylockPackage};
use super::uv::UvLock;
use super::{Entry, Lock, Origin};
use crate::packaging::address;
use crate::packaging::stub::is_stub;
use crate::packaging::target::Backend;

/// Entries that a rewrite left behind.
pub(crate) struct SwappedEntries<'l> {
    /// Which; at least one.
    pub(crate) entries: Vec<&'l Entry>,
    /// The way they are locked, to follow their names.
    pub(crate) how: String,
    /// The command that makes the lock anew.
    pub(crate) remedy: String,
}

impl Lock {
    /// Entries that only a rewrite can have put there. `is_family`: whether wheels of a package are swapped at all;
    /// `is_one_of_two`: whether it can take the place of another package. A requirements file is an output as often as a
    /// lock, so nothing is said of it.
    pub(crate) fn swapped(
        &self,
        is_family: &dyn Fn(&PackageName) -> bool,
        is_one_of_two: &dyn Fn(&PackageName) -> bool,
    ) -> Option<SwappedEntries<'_>> {
        let (remedy, (entries, how)) = match self {
            Self::Requirements(_) => return None,
            Self::Poetry(lock) => {
                let found = stubs(&lock.entries).or_else(|| lock.swapped(is_family));
                ("regenerate it: poetry lock --regenerate".to_owned(), found?)
            }
            Self::Pylock(lock) => {
                let found = stubs(&lock.entries).or_else(|| lock.swapped(is_family));
                ("regenerate it with the tool that made it".to_owned(), found?)
            }
            Self::Uv(lock) => {
                let found = lock.swapped(is_family).or_else(|| lock.renamed(is_one_of_two))?;
                // Without a package to upgrade uv takes the lock as it is; with one it locks all anew, and keeps versions.
                let any = found.0.first().map(|entry| &entry.name)?;
                (format!("regenerate it: uv lock --upgrade-package {any}"), found)
            }
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
    some(stubs, |_| "as a stub that requires another package".to_owned())
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
    /// Packages with wheels that their index does not have: PyTorch's though they are from another one, or the other way
    /// around, those of another build, or those of a host that has none of the other packages of the index.
    fn swapped(&self, is_family: &dyn Fn(&PackageName) -> bool) -> Leftovers<'_> {
        let mut hosts: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        let packages = || self.entries.iter().zip(&self.packages);
        for (_, package) in packages().filter(|(entry, _)| !is_family(&entry.name)) {
            let own = hosts.entry(package.index.as_deref().unwrap_or_default()).or_default();
            own.extend(urls(package).map(host));
        }
        let is_swapped = |package: &PylockPackage| {
            let Some(index) = package.index.as_deref() else { return false };
            let another = |own| urls(package).filter_map(build).any(|build| build != own);
            let is_stranger =
                |usual: &BTreeSet<String>| !usual.is_empty() && urls(package).all(|url| !usual.contains(&host(url)));
            urls(package).any(|url| of_pytorch(url) != of_pytorch(index))
                || build(index).is_some_and(another)
                || urls(package).next().is_some() && hosts.get(index).is_some_and(is_stranger)
        };
        let entries = packages().filter(|(entry, package)| is_family(&entry.name) && is_swapped(package));
        some(entries.map(|(entry, _)| entry), |_| "with wheels that their index does not have".to_owned())
    }

    /// Packages that took the place of others: of their files no size is known, though uv wrote that of others from their
    /// index.
    fn renamed(&self, is_one_of_two: &dyn Fn(&PackageName) -> bool) -> Leftovers<'_> {
        let sized = |package: &PylockPackage| package.kind.files().any(|file| file.size.is_some());
        let packages = || self.entries.iter().zip(&self.packages).filter(|(_, package)| package.index.is_some());
        let is_usual = |index: &Option<String>| packages().any(|(_, one)| one.index == *index && sized(one));
        let is_renamed = |(entry, package): &(&Entry, &PylockPackage)| {
            is_one_of_two(&entry.name) && !entry.files.is_empty() && !sized(package) && is_usual(&package.index)
        };
        let entries = packages().filter(is_renamed).map(|(entry, _)| entry);
        some(entries, |_| "without the sizes of files, which uv writes".to_owned())
    }
}

fn urls(package: &PylockPackage) -> impl Iterator<Item = &str> {
    package.kind.files().filter_map(PylockFile::url)
}

fn host(url: &str) -> String {
    address::host(&address::canonical(url)).to_owned()
}

fn of_pytorch(url: &str) -> bool {
    host(url) == address::PYTORCH_HOST
}

/// The build whose folder of PyTorch's index an address is in.
fn build(url: &str) -> Option<Backend> {
    address::canonical(url).strip_prefix(address::PYTORCH)?.split('/').nth(1)?.parse().ok()
}
