//! The wheel of a lock for an environment, and its build.

use std::rc::Rc;

use pep440_rs::Version;

use super::knowledge::Knowledge;
use super::{LockView, Request, labelled};
use crate::catalog::{Built, Index, WheelRow, build_of_label};
use crate::lock::{Entry, LockedFile, Origin};
use crate::packaging::address;
use crate::packaging::digest::Sha256;
use crate::packaging::target::Backend;
use crate::packaging::wheel::WheelName;

/// The wheel that a lock has for an environment.
#[derive(Debug)]
pub(super) enum LockedWheel {
    /// The catalogue knows it.
    Row(Rc<WheelRow>),
    /// It has a name, but the catalogue does not know it.
    Named(WheelName),
    /// The lock has only digests, and the catalogue knows none of them.
    Unidentified,
    /// The lock names its files, and none installs there.
    Absent,
}

/// One wheel serves every backend.
pub(super) struct AnyBackend;

/// The build of the locked wheel: by the catalogue, else by the local label.
pub(super) fn backend_of(
    locked: &LockedWheel,
    version: &Version,
    wanted: Option<Backend>,
) -> Option<Result<Backend, AnyBackend>> {
    match locked {
        LockedWheel::Row(row) => match row.built {
            Built::For(backend) => Some(Ok(backend)),
            // The wanted one of the versions that it serves, else the oldest.
            Built::Major(major) => {
                Some(Ok(wanted.filter(|wanted| row.is_for(*wanted)).unwrap_or(Backend::Cuda(major, 0))))
            }
            Built::Any => Some(Err(AnyBackend)),
            Built::Unknown => named_build(&row.wheel),
        },
        // For macOS there is nothing else.
        LockedWheel::Named(wheel) if wheel.platform_tag().starts_with("macosx_") => Some(Ok(Backend::Cpu)),
        LockedWheel::Named(wheel) => named_build(wheel),
        LockedWheel::Unidentified => build_of_label(version).map(Ok),
        LockedWheel::Absent => None,
    }
}

/// The build in a wheel's name: its label, or that it holds no code of any machine, so that it serves all.
pub(super) fn named_build(wheel: &WheelName) -> Option<Result<Backend, AnyBackend>> {
    let pure = wheel.platform_tag() == "any" && !wheel.version.is_local();
    if pure { Some(Err(AnyBackend)) } else { build_of_label(&wheel.version).map(Ok) }
}

/// Finds the wheel that pip would take from the entry's files.
pub(super) fn locked_wheel(
    view: LockView<'_>,
    entry: &Entry,
    request: &Request<'_>,
    rows: &[Rc<WheelRow>],
    knowledge: &Knowledge<'_>,
) -> LockedWheel {
    let digests: Vec<Sha256> = entry.files.iter().filter_map(|file| file.digest.sha256()).collect();
    if let Origin::Url(url) = &entry.origin {
        let same = |row: &&Rc<WheelRow>| {
            row.url().is_some_and(|known| address::is_same(&known, url)) || digests.contains(&row.sha256)
        };
        let row = rows.iter().filter(same).max_by_key(|row| row.wheel.fit(request.environment));
        return match (row, address::file_name(url).parse::<WheelName>()) {
            (Some(row), _) if row.wheel.fit(request.environment).is_some() => LockedWheel::Row(Rc::clone(row)),
            (Some(_), _) => LockedWheel::Absent,
            (None, Ok(wheel)) if wheel.fit(request.environment).is_some() => LockedWheel::Named(wheel),
            (None, Ok(_)) => LockedWheel::Absent,
            (None, Err(_)) => LockedWheel::Unidentified,
        };
    }
    let named = |file: LockedFile<'_>| Some((knowledge.wheel(file.name?)?, file.digest.sha256()));
    let named: Vec<(Rc<WheelName>, Option<Sha256>)> = entry.files.iter().filter_map(named).collect();
    if named.is_empty() {
        let admits =
            |row: &WheelRow| entry.version.as_ref().is_none_or(|own| !own.is_local() || *own == row.wheel.version);
        let fitting = rows.iter().filter(|row| admits(row) && digests.contains(&row.sha256));
        let best = labelled::fittest(fitting, request.environment);
        let elsewhere = |version| labelled::is_for_other_platforms(version, rows, request.environment.platform);
        let known_elsewhere = !rows.is_empty() && rows.iter().all(|row| row.wheel.fit(request.environment).is_none())
            || best.is_none() && entry.version.as_ref().is_some_and(elsewhere);
        let all_known = !entry.files.is_empty()
            && digests.len() == entry.files.iter().count()
            && digests.iter().all(|digest| rows.iter().any(|row| row.sha256 == *digest));
        return match best {
            Some(row) => LockedWheel::Row(row),
            // The release is known, and no build of it installs here, or no file that the lock admits: then there is none.
            None if known_elsewhere || all_known => LockedWheel::Absent,
            None => LockedWheel::Unidentified,
        };
    }
    // Poetry's locks of version 1 mix the files of all releases of a name; only this one's count.
    let is_own = |wheel: &WheelName| !view.packages.is_empty() || Some(&wheel.version) == entry.version.as_ref();
    let own = named.iter().filter(|(wheel, _)| is_own(wheel));
    let best = own.filter_map(|one| Some(((one.0.version.is_local(), one.0.fit(request.environment)?), one)));
    let best = best.max_by(|one, other| one.0.cmp(&other.0));
    let Some((_, (wheel, digest))) = best else { return LockedWheel::Absent };
    let row = rows.iter().find(|row| row.wheel.as_str() == wheel.as_str() && Some(row.sha256) == *digest);
    row.map_or_else(|| LockedWheel::Named(WheelName::clone(wheel)), |row| LockedWheel::Row(Rc::clone(row)))
}

/// A line without digests and without an index of its own means the default index's wheel. That is good enough to tell
/// that one build serves all, though not which build it is.
pub(super) fn default_wheel(
    entry: &Entry,
    locked: &LockedWheel,
    request: &Request<'_>,
    rows: &[Rc<WheelRow>],
) -> Option<Rc<WheelRow>> {
    let means_it =
        matches!(locked, LockedWheel::Unidentified) && entry.files.is_empty() && entry.origin == Origin::Index(None);
    let on_default = rows.iter().filter(|row| means_it && row.index == Index::Pypi);
    labelled::fittest(on_default, request.environment)
}
