//! What a check looks for: outputs that are no longer what their lock gives, and locks that were swapped by accident. Pure.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::Version;
use pep508_rs::PackageName;

use crate::catalog::{Family, WheelSource};
use crate::lock::poetry::PoetryLock;
use crate::lock::pylock::Pylock;
use crate::lock::requirements::{GlobalOption, RequirementsFile};
use crate::lock::{Choice, Lock, LockedDigest, Origin};
use crate::packaging::address;
use crate::packaging::marker::{Condition, Extras};
use crate::packaging::target::Environment;
use crate::plan::Knowledge;
use crate::report::error::{Code, Problem, Result};
use crate::write::PylockDraft;

/// What one line of an output means on an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Meaning {
    pin: String,
    extras: Extras,
    condition: Condition,
    digests: BTreeSet<LockedDigest>,
}

/// How two outputs differ on the environments they are for: one line each, nothing if they mean the same. The order of
/// lines and of markers, comments, and what holds elsewhere do not count.
pub fn drift(found: &RequirementsFile, expected: &RequirementsFile, environments: &[Environment]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for environment in environments {
        let (old, new) = (meanings(found, *environment), meanings(expected, *environment));
        compare(&old, &new, &mut lines);
    }
    let (old, new) = (indexes(found), indexes(expected));
    lines.extend(old.iter().filter(|option| !new.contains(option)).map(|option| format!("- {option}")));
    lines.extend(new.iter().filter(|option| !old.contains(option)).map(|option| format!("+ {option}")));
    lines
}

/// Adds the differences of two outputs on one environment.
fn compare(old: &BTreeMap<String, Meaning>, new: &BTreeMap<String, Meaning>, lines: &mut Vec<String>) {
    for name in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let line = match (old.get(name), new.get(name)) {
            (Some(old), Some(new)) if old == new => continue,
            (Some(old), None) => format!("- {}", old.pin),
            (None, Some(new)) => format!("+ {}", new.pin),
            (Some(old), Some(new)) if old.pin != new.pin => format!("~ {} is now {}", old.pin, new.pin),
            (Some(old), Some(new)) if old.digests != new.digests => format!("~ {} has other digests", old.pin),
            (Some(old), Some(_)) => format!("~ {} has another marker or other extras", old.pin),
            (None, None) => continue,
        };
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
}

/// How a `pylock.toml` differs from a draft, in the places that the draft is for.
///
/// # Errors
/// If the file gives nothing in one of these places, or a package twice.
pub fn drift_of_pylock(found: &Pylock, expected: &PylockDraft) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for environment in expected.places() {
        let old = found.select(&Choice::default(), environment)?.packages.into_iter().map(|selected| {
            let entry = &found.entries[selected.entry];
            let digests = entry.files.iter().map(|file| file.digest.clone()).collect();
            meaning_of(&entry.name, entry.version.as_ref(), selected.condition, digests)
        });
        let here = expected.packages.iter().filter(|package| package.places.contains(&environment));
        let new = here.map(|package| {
            let undecided = package.undecided.as_deref().and_then(|text| crate::packaging::marker::parse(text).ok());
            let condition =
                undecided.map_or(Condition::Always, |tree| Condition::of(&tree, environment, &Extras::new()));
            meaning_of(&package.name, package.version.as_ref(), condition, package.content.digests())
        });
        compare(&old.collect(), &new.collect(), &mut lines);
    }
    Ok(lines)
}

fn meaning_of(
    name: &PackageName,
    version: Option<&Version>,
    condition: Condition,
    digests: BTreeSet<LockedDigest>,
) -> (String, Meaning) {
    let pin = version.map_or_else(|| name.to_string(), |version| format!("{name}=={version}"));
    (name.to_string(), Meaning { pin, extras: Extras::new(), condition, digests })
}

fn meanings(file: &RequirementsFile, environment: Environment) -> BTreeMap<String, Meaning> {
    let selection = file.select(environment, &Extras::new());
    let in_place = |editable: bool| if editable { "-e " } else { "" };
    let named = selection.packages.into_iter().map(|package| {
        let entry = &file.entries[package.entry];
        let version = entry.version.as_ref().map(ToString::to_string).unwrap_or_default();
        let pin = match entry.origin.place() {
            None => format!("{}=={version}", entry.name),
            Some(place) => format!("{}{} @ {place}", in_place(entry.editable), entry.name),
        };
        let digests = entry.files.iter().map(|file| file.digest.clone()).collect();
        (entry.name.to_string(), Meaning { pin, extras: package.extras, condition: package.condition, digests })
    });
    // A line that names no package is told by its place.
    let unnamed = file.unnamed().filter_map(|(_, line)| {
        let always = Condition::Always;
        let condition =
            line.marker.as_ref().map_or(always, |marker| Condition::of(marker, environment, &Extras::new()));
        let place = line.origin.place().filter(|_| !condition.is_never())?;
        let pin = format!("{}{place}", in_place(line.editable));
        let digests = line.digests.iter().cloned().collect();
        Some((format!("/{place}"), Meaning { pin, extras: Extras::new(), condition, digests }))
    });
    named.chain(unnamed).collect()
}

/// The options that say where packages come from.
fn indexes(file: &RequirementsFile) -> Vec<String> {
    let each = file.options.iter().filter_map(|option| match option.place() {
        Some((name, place)) => Some(format!("{name} {place}")),
        None => (*option == GlobalOption::NoIndex).then(|| "--no-index".to_owned()),
    });
    each.collect()
}

/// Entries of a lock that a rewrite left behind: a wheel of the family at a URL that the project does not ask for. A plain
/// `poetry lock` would then keep that wheel for every platform.
pub fn swapped<S: WheelSource>(lock: &Lock, knowledge: &Knowledge<'_, S>) -> Vec<Problem> {
    match lock {
        Lock::Poetry(poetry) => swapped_poetry(poetry, knowledge),
        Lock::Pylock(pylock) => swapped_pylock(pylock, knowledge),
        // A requirements file is an output as often as a lock.
        Lock::Requirements(_) => Vec::new(),
    }
}

fn swapped_poetry<S: WheelSource>(lock: &PoetryLock, knowledge: &Knowledge<'_, S>) -> Vec<Problem> {
    let Some(project) = &lock.project else { return Vec::new() };
    let asked = |name: &PackageName| {
        project.groups.values().flatten().any(|root| root.direct.is_some() && root.requirement.name == *name)
    };
    let entries = lock.entries.iter().filter(|entry| {
        matches!(entry.origin, Origin::Url(_)) && knowledge.family(&entry.name) != Family::No && !asked(&entry.name)
    });
    let problem = |entry: &crate::lock::Entry| {
        let version = entry.version.as_ref().map(ToString::to_string).unwrap_or_default();
        let message = format!(
            "{} has {} {version} from a URL, for which {} does not ask",
            lock.source.name, entry.name, project.source.name
        );
        let help = "take back the committed lock (git checkout), or make it anew: poetry lock --regenerate; \
                    a lock that is meant to be swapped passes with --allow-swapped";
        Problem::new(Code::SwappedLock, message).at(&lock.source, entry.at.span).help(help)
    };
    entries.map(problem).collect()
}

/// Tools that take their indexes from the project, and so lock nothing from PyTorch's if that does not name it. pip takes
/// them from its command line.
const BY_PROJECT: [&str; 3] = ["uv", "pdm", "poetry-plugin-export"];

/// The same for a `pylock.toml`: a package of the family on PyTorch's index, which the project does not name.
fn swapped_pylock<S: WheelSource>(lock: &Pylock, knowledge: &Knowledge<'_, S>) -> Vec<Problem> {
    let Some(project) = lock.project.as_ref().filter(|project| !project.text.contains(address::PYTORCH_HOST)) else {
        return Vec::new();
    };
    if !BY_PROJECT.contains(&lock.created_by.as_str()) {
        return Vec::new();
    }
    let there = |entry: &crate::lock::Entry| matches!(&entry.origin, Origin::Index(Some(index)) if index.contains(address::PYTORCH_HOST));
    let entries = lock.entries.iter().filter(|entry| knowledge.family(&entry.name) != Family::No && there(entry));
    let problem = |entry: &crate::lock::Entry| {
        let version = entry.version.as_ref().map(ToString::to_string).unwrap_or_default();
        let message = format!(
            "{} has {} {version} from PyTorch's index, which {} does not name",
            lock.source.name, entry.name, project.name
        );
        let help = "take back the committed lock (git checkout), or make it anew with the tool that made it; \
                    a lock that is meant to be swapped passes with --allow-swapped";
        Problem::new(Code::SwappedLock, message).at(&lock.source, entry.at.span).help(help)
    };
    entries.map(problem).collect()
}
