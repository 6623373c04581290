//! Why a package is not swapped, in words.

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::{Way, had, pythons};
use crate::catalog::{is_torch, library_of};
use crate::lock::Entry;
use crate::packaging::target::{Backend, Platform};
use crate::plan::Knowledge;
use crate::plan::family::FamilyPackage;
use crate::report::error::{Code, Problem};

/// No release of that number: which one is near for the target, of whichever name.
pub(super) fn no_release(
    version: &Version,
    ways: &[Way],
    (backend, platform): (Backend, Platform),
    knowledge: &Knowledge<'_>,
) -> String {
    let suiting = || ways.iter().filter(|way| way.suits(backend));
    let releases = suiting().flat_map(|way| had(way, platform, knowledge).map(move |version| (version, way.to())));
    let mut releases: Vec<(Version, &PackageName)> = releases.collect();
    releases.sort_by(|one, other| other.0.cmp(&one.0));
    let known: Vec<Version> = releases.iter().map(|(version, _)| version.clone()).collect();
    let nearest = near(&known, version).and_then(|near| releases.iter().find(|(version, _)| version == near));
    if let Some((near, to)) = nearest {
        return format!("there is no release {version} of {to}; the nearest for {} is {near}", backend.spoken());
    }
    let to = suiting().chain(ways).map(Way::to).next();
    to.map_or_else(String::new, |to| format!("there is no release {version} of {to}"))
}

/// Nothing is known of the package that would take its place.
pub(super) fn no_wheels(version: &Version, to: &PackageName) -> Problem {
    let message = format!("{to} {version} would take its place, and the catalogue has no wheel of {to}");
    let help = "add its wheels with --catalog FILE, or leave it out of --also, and it stays as locked";
    Problem::new(Code::Unknown, message).help(help)
}

/// A stub of what would take the place of an entry is there, for which that entry stands: each would stand for the other.
pub(super) fn swapped_already(entry: &Entry, stub: &Entry) -> Problem {
    let version = stub.version.as_ref().map(ToString::to_string).unwrap_or_default();
    let message =
        format!("{} replaces {} {version}, which is a stub: this lock was swapped already", entry.name, stub.name);
    Problem::new(Code::Inconsistent, message).help("begin with the lock that it was made from")
}

/// The nearest of some releases, which descend: of the same minor version the one with the least distance, else the last
/// before, else the first.
pub(super) fn near<'v>(known: &'v [Version], version: &Version) -> Option<&'v Version> {
    let minor = |version: &Version| version.release().iter().take(2).copied().collect::<Vec<_>>();
    let same = known.iter().filter(|other| minor(other) == minor(version));
    let near = same.min_by_key(|other| distance(other, version));
    near.or_else(|| known.iter().find(|other| *other < version)).or(known.last())
}

/// The distance between two releases of one minor version.
fn distance(one: &Version, other: &Version) -> u64 {
    let patch = |version: &Version| version.release().get(2).copied().unwrap_or_default();
    patch(one).abs_diff(patch(other))
}

/// The release is built for another CUDA.
pub(super) fn other_cuda(version: &Version, way: &Way, ways: &[Way], backend: Backend) -> String {
    let (major, minor) = way.range.cuda;
    let newer = if minor == 0 { format!("{major}") } else { format!("{major}.{minor} or a newer {major}") };
    let to = way.to();
    let mut others: Vec<&Way> = ways.iter().filter(|other| other.suits(backend) && other.flaw().is_none()).collect();
    others.sort_by(|one, other| one.range.from.cmp(&other.range.from));
    let older = others.iter().rfind(|other| other.range.to < *version);
    let later = others.iter().find(|other| other.range.from > *version);
    let (built, target) = (format!("{to} {version} is built for CUDA {newer}"), backend.spoken());
    match (older, later) {
        (Some(way), _) => format!("{built}, the target is {target}: {} is the last release for that", way.range.to),
        (None, Some(way)) => {
            format!("{built}, the target is {target}: {} is the first release for that", way.range.from)
        }
        (None, None) => format!("{built}, the target is {target}"),
    }
}

pub(super) fn no_platform(
    version: &Version,
    to: &PackageName,
    platform: Platform,
    knowledge: &Knowledge<'_>,
) -> String {
    // Descending.
    let known = knowledge.versions(to);
    let first = known.iter().rfind(|other| *other > version && !pythons(to, other, platform, knowledge).is_empty());
    let first = first.map(|first| format!("; {first} is the first that has one")).unwrap_or_default();
    format!("{to} {version} has no wheel for {platform}{first}")
}

/// The build needs a library of another major version than torch brings along, though its metadata does not say so.
pub(super) fn other_library(way: &Way, family: &[FamilyPackage]) -> Option<String> {
    let (library, major) = way.range.needs.filter(|_| way.to_gpu)?;
    let torch = family.iter().find(|member| is_torch(&member.name))?;
    let required = torch.requires.known()?.iter().find(|one| library_of(&one.name) == Some(library))?;
    let version = required.versions.exact().filter(|version| version.release().first() != Some(&major))?;
    Some(format!("needs {library} {major}, but torch {} brings {} {version}", torch.version, required.name))
}

/// Refuses a package that belongs beside another on GPUs: it goes only with the extra that asks for it, in the lock.
pub(super) fn part_for_gpus(entry: &Entry, of: &str) -> Problem {
    let name = &entry.name;
    let message = format!("{name} is the part of {of} for GPUs, and is not taken out for the CPU");
    Problem::new(Code::Impossible, message).help(format!(
        "lock {of} without the extra that asks for {name}, or leave {of} out of --also, and it stays as locked"
    ))
}
