//! Pins in a lock that names no files, `torch==2.3.1+cpu`: whether there is such a wheel for the platform, and whether the
//! lock's indexes serve it.
//!
//! A label is part of the version (PEP 440): `==2.3.1+cpu` admits no wheel of version 2.3.1. But PyTorch's builds for macOS
//! never had a label, and the CPU builds for Linux aarch64 got theirs late. The default index takes no version with one.

use std::cmp::Reverse;
use std::rc::Rc;

use pep440_rs::Version;

use crate::catalog::{Index, WheelRow, build_of_label};
use crate::lock::requirements::GlobalOption;
use crate::lock::{Entry, Origin};
use crate::packaging::address;
use crate::packaging::target::{Environment, Platform};

/// Pages of links below such a folder, which pip reads with `--find-links`.
const PAGES: [&str; 2] = ["/torch_stable.html", "/torch"];

/// True if there are wheels of this very version, label included, and none of them is for the platform.
pub(crate) fn is_for_other_platforms(version: &Version, rows: &[Rc<WheelRow>], platform: Platform) -> bool {
    let own = || rows.iter().filter(|row| row.wheel.version == *version);
    version.is_local() && own().next().is_some() && !own().any(|row| row.wheel.is_for(platform))
}

/// A release that a lock pins, with its known wheels.
#[derive(Clone, Copy)]
pub(super) struct PinnedRelease<'a> {
    pub(super) entry: &'a Entry,
    pub(super) version: &'a Version,
    pub(super) rows: &'a [Rc<WheelRow>],
    pub(super) environment: Environment,
}

impl PinnedRelease<'_> {
    /// The wheel that a pin means, if none of a requirements file's indexes serves it. `options` are those of the file;
    /// `None`: each entry of the lock has an index of its own.
    ///
    /// A version without a label may be on both indexes with other files: then the digests decide which is meant.
    pub(super) fn unserved(self, options: Option<&[GlobalOption]>) -> Option<Rc<WheelRow>> {
        let Self { entry, version, rows, environment } = self;
        let options = options.filter(|_| matches!(entry.origin, Origin::Index(_)))?;
        let admits = |row: &WheelRow| {
            entry.files.is_empty() || entry.files.iter().any(|file| file.digest.sha256() == Some(row.sha256))
        };
        let meant = rows.iter().filter(|row| row.wheel.version == *version && admits(row));
        let mut there = Vec::new();
        for (fit, row) in meant.filter_map(|row| Some((row.wheel.fit(environment)?, row))) {
            match &row.index {
                Index::Url(folder) => there.push((fit, &**folder, row)),
                Index::Pypi => return None,
            }
        }
        let own = build_of_label(version).map(|build| format!("{}/{build}", address::PYTORCH)).unwrap_or_default();
        // The folder of the label's build serves it, whether or not a lock was seen that has it from there.
        if there.iter().map(|(_, folder, _)| *folder).chain([&*own]).any(|folder| may_serve(options, folder)) {
            return None;
        }
        let best = there.into_iter().max_by_key(|(fit, folder, _)| (fit.clone(), *folder == own, Reverse(*folder)));
        best.map(|(.., row)| Rc::clone(row))
    }

    /// The wheel that a pin without digests means: of a version with a label any index serves the same file, and of one
    /// without it is the default index's, if that is the only place.
    pub(super) fn meant(self, options: Option<&[GlobalOption]>) -> Option<Rc<WheelRow>> {
        let Self { entry, version, rows, environment } = self;
        let options = options.filter(|_| entry.files.is_empty() && entry.origin == Origin::Index(None))?;
        let is_another = |(_, place)| !address::is_default_index(place);
        let is_alone =
            !options.iter().any(|option| *option == GlobalOption::NoIndex || option.place().is_some_and(is_another));
        let own = build_of_label(version).map(|build| format!("{}/{build}", address::PYTORCH));
        let serves = |index: &Index| match (index, version.is_local()) {
            (Index::Url(folder), true) => own.as_ref().is_none_or(|own| **own == **folder),
            (Index::Pypi, false) => is_alone,
            (Index::Url(_), false) | (Index::Pypi, true) => false,
        };
        let there = rows.iter().filter(|row| row.wheel.version == *version && !row.yanked && serves(&row.index));
        fittest(there, environment)
    }
}

/// The wheel that pip takes of some of a release.
pub(super) fn fittest<'r>(
    rows: impl Iterator<Item = &'r Rc<WheelRow>>,
    environment: Environment,
) -> Option<Rc<WheelRow>> {
    let fitting = rows.filter_map(|row| Some((row.wheel.fit(environment)?, row)));
    fitting.max_by(|one, other| one.0.cmp(&other.0)).map(|(_, row)| Rc::clone(row))
}

/// False if none of the places that a file names can have the wheels of a folder of PyTorch's index.
fn may_serve(options: &[GlobalOption], folder: &str) -> bool {
    let links = options.iter().filter_map(|option| match option {
        GlobalOption::FindLinks(place) => Some(place.as_str()),
        _ => None,
    });
    let indexes = indexes(options).into_iter().flat_map(|(index, more)| index.into_iter().chain(more));
    indexes.chain(links).any(|place| has(place, folder))
}

/// The index that a file names and the further ones; `None`: it asks no index.
pub(super) fn indexes(options: &[GlobalOption]) -> Option<(Option<&str>, impl Iterator<Item = &str>)> {
    let index = options.iter().rev().find_map(|option| match option {
        GlobalOption::IndexUrl(url) => Some(url.as_str()),
        _ => None,
    });
    let more = options.iter().filter_map(|option| match option {
        GlobalOption::ExtraIndexUrl(url) => Some(url.as_str()),
        _ => None,
    });
    (!options.contains(&GlobalOption::NoIndex)).then_some((index, more))
}

/// True if a place has the folder. An unknown host may have a copy of PyTorch's index.
fn has(place: &str, folder: &str) -> bool {
    let place = address::without_query(place).trim_end_matches('/');
    if address::is_default_index(place) {
        return false;
    }
    let place = address::canonical(place);
    let place = PAGES.iter().find_map(|page| place.strip_suffix(page)).unwrap_or(&place);
    place == address::PYTORCH || place == folder || !place.starts_with(address::PYTORCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_serves_its_own_folder_and_an_unknown_one_may_serve_all() {
        let cpu = "https://download.pytorch.org/whl/cpu";
        for place in [
            cpu,
            "https://download.pytorch.org/whl/cpu/",
            "https://download-r2.pytorch.org/whl/cpu",
            "https://download.pytorch.org/whl",
            "https://download.pytorch.org/whl/torch_stable.html",
            "https://download.pytorch.org/whl/cpu/torch_stable.html",
            "https://mirror.example/simple",
            "https://pypi.mirror.example/simple",
            "./wheels",
        ] {
            assert!(has(place, cpu), "{place}");
        }
        for place in [
            "https://download.pytorch.org/whl/cu118",
            "https://download.pytorch.org/whl/cu118/torch/",
            "https://pypi.test/simple",
            "https://me:word@pypi.test/simple/",
        ] {
            assert!(!has(place, cpu), "{place}");
        }
    }

    #[test]
    fn without_the_indexes_only_links_are_read() {
        let cpu = "https://download.pytorch.org/whl/cpu";
        let extra = GlobalOption::ExtraIndexUrl(cpu.to_owned());
        assert!(may_serve(std::slice::from_ref(&extra), cpu));
        assert!(!may_serve(&[extra, GlobalOption::NoIndex], cpu));
        assert!(may_serve(&[GlobalOption::NoIndex, GlobalOption::FindLinks("wheels".to_owned())], cpu));
        assert!(!may_serve(&[], cpu));
        // The last one counts.
        let index = |url: &str| GlobalOption::IndexUrl(url.to_owned());
        assert!(!may_serve(&[index(cpu), index("https://download.pytorch.org/whl/cu118")], cpu));
    }
}
