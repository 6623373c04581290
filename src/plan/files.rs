//! The files that an entry may be installed from, as far as the lock and the catalogue name them: what an audit says of,
//! and what a plan must not leave out of sight.

use std::rc::Rc;

use pep440_rs::Version;

use super::{Knowledge, Rows, labelled};
use crate::catalog::{Index, WheelRow, is_gpu_runtime, is_torch};
use crate::lock::{Entry, Lock, Origin};
use crate::packaging::address;
use crate::packaging::constraint::Constraint;
use crate::packaging::digest::Sha256;
use crate::packaging::system::System;
use crate::packaging::target::{Environment, Platform, Python};
use crate::packaging::wheel::{TagMisfit, WheelName};
use crate::report::audit::Verdict;

/// The suffixes that pip takes for a source distribution.
const ARCHIVES: [&str; 12] = [
    ".tar.gz",
    ".tgz",
    ".tar",
    ".zip",
    ".tar.bz2",
    ".tbz",
    ".tar.xz",
    ".txz",
    ".tlz",
    ".tar.lz",
    ".tar.lzma",
    ".tar.zst",
];

/// One wheel that may be taken.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) wheel: WheelName,
    /// Withdrawn, as the catalogue knows.
    pub(crate) yanked: bool,
    /// The Pythons that it accepts, by the catalogue.
    pythons: Option<Constraint>,
}

/// The files of an entry.
#[derive(Debug, Default)]
pub(crate) struct EntryFiles {
    pub(crate) wheels: Vec<Candidate>,
    /// Source distributions.
    pub(crate) sources: Vec<String>,
    /// True if there may be more files, of which nobody here knows the names.
    pub(crate) untold: bool,
    /// True for a repository and a folder.
    pub(crate) built: bool,
    /// A release that is named without its files, and what the catalogue has of it.
    unnamed: Option<(Version, Rows)>,
}

/// True if nothing that the lock admits for an entry installs on an environment. Where the lock does not name its files
/// and the catalogue knows none of them, the release's own wheels decide, and that no GPU library exists for macOS.
pub(crate) fn lacks_file(entry: &Entry, environment: Environment, knowledge: &Knowledge<'_>) -> bool {
    match EntryFiles::of(entry, knowledge, |_| None).verdict(environment, None).0 {
        Verdict::Wheel(_) | Verdict::Built(_) => false,
        Verdict::Nothing => true,
        Verdict::Unknown => {
            let rows = entry.version.as_ref().map(|version| knowledge.rows(&entry.name, version)).unwrap_or_default();
            let elsewhere = |row: &Rc<WheelRow>| row.wheel.fit_on(environment, None) == Err(TagMisfit::Platform);
            let is_library = is_gpu_runtime(&entry.name) && environment.platform.is_macos();
            if rows.is_empty() { is_library } else { rows.iter().all(elsewhere) }
        }
    }
}

/// The Pythons, on any platform, that the digests of torch in a requirements file are for; `None`: some digest is not known
/// here, or the lock tells its Pythons itself.
pub(super) fn digested_pythons(lock: &Lock, knowledge: &Knowledge<'_>) -> Option<Vec<Python>> {
    if !lock.has_digests_alone() {
        return None;
    }
    let torches: Vec<&Entry> = lock.entries().iter().filter(|entry| is_torch(&entry.name)).collect();
    let files: Vec<EntryFiles> = torches.iter().map(|entry| EntryFiles::of(entry, knowledge, |_| None)).collect();
    let is_on_index = torches.iter().all(|entry| matches!(entry.origin, Origin::Index(_)));
    if !is_on_index || files.iter().any(|files| files.untold) {
        return None;
    }
    let on = |files: &EntryFiles, platform| files.pythons(Environment { platform, python: Python::NEWEST });
    let each = files.iter().flat_map(|files| Platform::ALL.into_iter().flat_map(|platform| on(files, platform)));
    Some(each.collect())
}

impl EntryFiles {
    /// Collects them. `named` names a file by its digest where neither the lock nor the catalogue does.
    pub(crate) fn of(entry: &Entry, knowledge: &Knowledge<'_>, named: impl Fn(Sha256) -> Option<String>) -> Self {
        let rows = entry.version.as_ref().map(|version| knowledge.rows(&entry.name, version)).unwrap_or_default();
        let mut files = Self::default();
        match &entry.origin {
            Origin::Git(_) | Origin::Directory(_) => files.built = true,
            Origin::Url(place) | Origin::File(place) => {
                let digest = entry.files.iter().find_map(|file| file.digest.sha256());
                files.add(
                    &address::file_name(place),
                    entry,
                    rows.iter().find(|row| Some(row.sha256) == digest).map(Rc::as_ref),
                );
            }
            Origin::Index(index) => {
                for file in entry.files.iter() {
                    let digest = file.digest.sha256();
                    let row = rows.iter().find(|row| Some(row.sha256) == digest).map(Rc::as_ref);
                    match (file.name, row) {
                        (Some(name), _) => files.add(name, entry, row),
                        (None, Some(row)) => files.wheels.push(Candidate::of(row)),
                        (None, None) => match digest.and_then(&named) {
                            Some(file) => files.add(&file, entry, None),
                            None => files.untold = true,
                        },
                    }
                }
                if entry.files.is_empty() {
                    files.untold = true;
                    files.unnamed = entry.version.clone().map(|version| (version, Rc::clone(&rows)));
                    let there = rows.iter().filter(|row| match (&row.index, index) {
                        (Index::Pypi, None) => true,
                        (Index::Url(known), Some(index)) => **known == **index,
                        (Index::Pypi, Some(_)) | (Index::Url(_), None) => false,
                    });
                    files.wheels.extend(
                        there
                            .filter(|row| Some(&row.wheel.version) == entry.version.as_ref())
                            .map(|row| Candidate::of(row)),
                    );
                }
            }
        }
        files
    }

    fn add(&mut self, name: &str, entry: &Entry, row: Option<&WheelRow>) {
        if let Ok(wheel) = name.parse::<WheelName>() {
            // Locks of version 1 mix the files of all releases of a name; only this one's count.
            let own = entry.version.as_ref().is_none_or(|version| {
                wheel.version == *version || (!version.is_local() && wheel.public_version() == *version)
            });
            if own {
                // The catalogue may know the same bytes under another name.
                let known =
                    row.map(Candidate::of).unwrap_or(Candidate { wheel: wheel.clone(), yanked: false, pythons: None });
                self.wheels.push(Candidate { wheel, ..known });
            }
        } else if let Some(stem) = ARCHIVES.iter().find_map(|ending| name.strip_suffix(ending)) {
            let version = stem.rsplit_once('-').and_then(|(_, version)| version.parse().ok());
            if version.is_none_or(|version| entry.version.as_ref().is_none_or(|own| *own == version)) {
                self.sources.push(name.to_owned());
            }
        }
    }

    /// From which of them it would be installed. If from no wheel although there are some: what the nearest one lacks.
    pub(crate) fn verdict(&self, environment: Environment, system: Option<System>) -> (Verdict, Option<TagMisfit>) {
        let best = |admits: &dyn Fn(&Candidate) -> bool| {
            let fits = self.wheels.iter().filter(|one| admits(one)).filter_map(|one| {
                let fit = one.wheel.fit_on(environment, system).ok()?;
                Some(((!one.yanked, fit), &one.wheel))
            });
            fits.max_by(|one, other| one.0.cmp(&other.0)).map(|(_, wheel)| Verdict::Wheel(wheel.to_string()))
        };
        if let Some(wheel) = best(&|one| one.takes(environment.python)) {
            return (wheel, None);
        }
        let misfits =
            self.wheels.iter().map(|one| one.wheel.fit_on(environment, system).err().unwrap_or(TagMisfit::Python));
        let misfit = misfits.min_by_key(|misfit| (!is_near(*misfit, system), *misfit));
        let elsewhere =
            |(version, rows): &(Version, Rows)| labelled::is_for_other_platforms(version, rows, environment.platform);
        if self.unnamed.as_ref().is_some_and(elsewhere) {
            return (Verdict::Nothing, Some(TagMisfit::Platform));
        }
        let verdict = if self.untold {
            Verdict::Unknown
        } else if self.built {
            Verdict::Built(None)
        } else if let Some(source) = self.sources.first() {
            // A release that excludes the Python excludes it for its source, too; that is reported with the entry.
            match best(&|_| true) {
                Some(wheel) => return (wheel, None),
                None => Verdict::Built(Some(source.clone())),
            }
        } else {
            Verdict::Nothing
        };
        (verdict, misfit)
    }

    /// True if some wheel holds compiled code, as its tags say.
    pub(crate) fn is_compiled(&self) -> bool {
        self.wheels.iter().any(|one| one.wheel.platform_tag() != "any")
    }

    /// The Pythons for which there are wheels on the platform, whatever its age.
    pub(crate) fn pythons(&self, environment: Environment) -> Vec<Python> {
        let there = |python| Environment { python, ..environment };
        let takes = |python: &Python| {
            self.wheels.iter().any(|one| {
                let misfit = one.wheel.fit_on(there(*python), None).err();
                one.takes(*python) && !matches!(misfit, Some(TagMisfit::Python | TagMisfit::Platform))
            })
        };
        Python::known().filter(takes).collect()
    }

    /// The withdrawn wheel of a name.
    pub(crate) fn is_yanked(&self, file: &str) -> bool {
        self.wheels.iter().any(|one| one.yanked && one.wheel.as_str() == file)
    }
}

impl Candidate {
    fn of(row: &WheelRow) -> Self {
        let pythons = row.requires_python.as_ref().and_then(|text| Constraint::poetry(text).ok());
        Self { wheel: row.wheel.clone(), yanked: row.yanked, pythons }
    }

    fn takes(&self, python: Python) -> bool {
        self.pythons.as_ref().is_none_or(|pythons| pythons.admits_python(python))
    }
}

/// True for a newer version of the same C library. A wheel for another one is farther off.
fn is_near(misfit: TagMisfit, system: Option<System>) -> bool {
    match (misfit, system) {
        (TagMisfit::System(asked), Some(system)) => asked.is_like(system),
        (TagMisfit::System(_) | TagMisfit::Python | TagMisfit::Platform, _) => false,
    }
}
