//! The rules of a check: outputs that are no longer what their lock gives, and locks that were swapped by accident. Pure.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::Version;
use pep508_rs::PackageName;

use crate::catalog::{Family, equivalents, library_group};
use crate::lock::pylock::Pylock;
use crate::lock::requirements::{GlobalOption, RequirementsFile};
use crate::lock::{Choice, Lock, LockedDigest, SwappedEntries, condition};
use crate::packaging::marker::{Condition, Extras};
use crate::packaging::target::{Environment, Python};
use crate::plan::Knowledge;
use crate::report::error::{Code, Problem, Result};
use crate::report::{Difference, DifferenceKind};
use crate::write::PylockDraft;

/// The meaning of one line of an output on an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Meaning {
    pin: String,
    /// Name and version, where it is pinned to one.
    release: Option<(String, String)>,
    extras: Extras,
    condition: Condition,
    digests: BTreeSet<LockedDigest>,
}

/// The differences of two outputs on the environments they are for; nothing if they mean the same. The order of lines and
/// of markers, comments, and what holds elsewhere do not count.
pub fn drift(found: &RequirementsFile, expected: &RequirementsFile, environments: &[Environment]) -> Vec<Difference> {
    let mut all: Vec<Difference> = Vec::new();
    let each = environments.iter().map(|one| (*one, meanings(found, *one), meanings(expected, *one)));
    let each: Vec<(Environment, Meanings, Meanings)> = each.collect();
    for (here, old, new) in &each {
        // A release that has lines, but none for this Python.
        let others = || each.iter().filter(|(other, _, _)| other.platform == here.platform && other != here);
        let is_uncovered = |name: &String, old: Option<&Meaning>, new: &Meaning| match old {
            Some(old) => {
                old.release == new.release
                    && others().any(|(_, _, new)| new.get(name).is_some_and(|new| new.pin == old.pin))
            }
            None => others().any(|(_, old, _)| old.get(name).is_some_and(|old| old.release == new.release)),
        };
        let uncovered = |name: &String, old: Option<&Meaning>, new: &Meaning| {
            (new.release.is_some() && is_uncovered(name, old, new)).then_some(here.python)
        };
        compare(old, new, &uncovered, &mut all);
    }
    let (old, new) = (indexes(found), indexes(expected));
    for (kind, here, there) in [(DifferenceKind::Surplus, &old, &new), (DifferenceKind::Missing, &new, &old)] {
        let alone = here.iter().filter(|one| !there.contains(one));
        all.extend(alone.map(|one| Difference { kind, what: one.clone(), group: None }));
    }
    all
}

/// The meanings of the lines of an output on one environment, by package.
type Meanings = BTreeMap<String, Meaning>;

/// The Python that a package has no line for yet, by what it meant and means there; `None`: that is not how they differ.
type Uncovered<'a> = &'a dyn Fn(&String, Option<&Meaning>, &Meaning) -> Option<Python>;

/// Adds the differences of two outputs on one environment.
fn compare(old: &Meanings, new: &Meanings, uncovered: Uncovered<'_>, all: &mut Vec<Difference>) {
    for name in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let (kind, what) = match (old.get(name), new.get(name)) {
            (Some(old), Some(new)) if old == new => continue,
            (Some(old), None) => (DifferenceKind::Surplus, old.pin.clone()),
            (None, Some(new)) => match uncovered(name, None, new) {
                Some(python) => (DifferenceKind::Uncovered(python), new.spoken().to_owned()),
                None => (DifferenceKind::Missing, new.pin.clone()),
            },
            (Some(old), Some(new)) if old.pin != new.pin => match uncovered(name, Some(old), new) {
                Some(python) => (DifferenceKind::Uncovered(python), new.spoken().to_owned()),
                None => (DifferenceKind::Other, Meaning::moved(old, new)),
            },
            (Some(old), Some(new)) if old.digests != new.digests => (DifferenceKind::Digests, old.spoken().to_owned()),
            (Some(old), Some(_)) => (DifferenceKind::Condition, old.spoken().to_owned()),
            (None, None) => continue,
        };
        let one = Difference { kind, what, group: library_group(name) };
        if !all.contains(&one) {
            all.push(one);
        }
    }
}

impl Meaning {
    /// The package, or the place of a line that names none.
    fn spoken(&self) -> &str {
        self.release.as_ref().map_or(&self.pin, |(name, _)| name)
    }

    /// `numpy 2.1.2 -> 2.1.3`; whole pins where the version is the same, or none.
    fn moved(old: &Self, new: &Self) -> String {
        match (&old.release, &new.release) {
            (Some((name, from)), Some((other, to))) if name == other && from != to => format!("{name} {from} -> {to}"),
            (_, _) => format!("{} -> {}", old.pin, new.pin),
        }
    }
}

/// The differences of a `pylock.toml` from a draft, in the places that the draft is for.
///
/// # Errors
/// If the file gives nothing in one of these places, or a package twice.
pub fn drift_of_pylock(found: &Pylock, expected: &PylockDraft) -> Result<Vec<Difference>> {
    let mut all = Vec::new();
    for environment in expected.places() {
        let old = found.select(&Choice::default(), environment)?.packages.into_iter().map(|selected| {
            let entry = &found.entries[selected.entry];
            let digests = entry.files.iter().map(|file| file.digest.clone()).collect();
            meaning_of(&entry.name, entry.version.as_ref(), selected.condition, digests)
        });
        let here = expected.packages.iter().filter(|package| package.places.contains(&environment));
        let new = here.map(|package| {
            let undecided = package.undecided.as_deref().and_then(|text| crate::packaging::marker::parse(text).ok());
            let condition = condition(undecided.as_ref(), environment, &Extras::new());
            meaning_of(&package.name, package.version.as_ref(), condition, package.content.digests())
        });
        compare(&old.collect(), &new.collect(), &|_, _, _| None, &mut all);
    }
    Ok(all)
}

fn meaning_of(
    name: &PackageName,
    version: Option<&Version>,
    condition: Condition,
    digests: BTreeSet<LockedDigest>,
) -> (String, Meaning) {
    let pin = version.map_or_else(|| name.to_string(), |version| format!("{name}=={version}"));
    let release = version.map(|version| (name.to_string(), version.to_string()));
    (name.to_string(), Meaning { pin, release, extras: Extras::new(), condition, digests })
}

fn meanings(file: &RequirementsFile, environment: Environment) -> Meanings {
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
        let release = entry.version.as_ref().map(|version| (entry.name.to_string(), version.to_string()));
        let (extras, condition) = (package.extras, package.condition);
        (entry.name.to_string(), Meaning { pin, release, extras, condition, digests })
    });
    // A line that names no package is reported by its place.
    let unnamed = file.unnamed().filter_map(|(_, line)| {
        let condition = condition(line.marker.as_ref(), environment, &Extras::new());
        let place = line.origin.place().filter(|_| !condition.is_never())?;
        let pin = format!("{}{place}", in_place(line.editable));
        let digests = line.digests.iter().cloned().collect();
        Some((format!("/{place}"), Meaning { pin, release: None, extras: Extras::new(), condition, digests }))
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

/// A lock that a rewrite left behind. A plain `poetry lock` would then keep these wheels for every platform. One accident is
/// one problem, at the first of the entries.
pub fn swapped(lock: &Lock, knowledge: &Knowledge<'_>) -> Option<Problem> {
    let SwappedEntries { entries, how, remedy } = lock
        .swapped(&|name| knowledge.family(name) != Family::No, &|name| {
            equivalents::names().any(|pair| pair.has(name))
        })?;
    let first = entries.first()?;
    let mut releases: Vec<String> = Vec::new();
    for entry in &entries {
        let release = entry.version.as_ref().map(|version| format!("{} {version}", entry.name));
        let release = release.unwrap_or_else(|| entry.name.to_string());
        if !releases.contains(&release) {
            releases.push(release);
        }
    }
    let releases = match releases.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some(_) | None => releases.concat(),
    };
    let help = format!(
        "restore the committed lock (git checkout), or {remedy}; --allow-swapped accepts a lock that is swapped \
         on purpose"
    );
    let source = lock.sources().get(first.at.source)?;
    let message = format!("{} has {releases} {how}", source.name);
    Some(Problem::new(Code::SwappedLock, message).at(source, first.at.span).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::requirements;
    use crate::packaging::target::Platform;

    /// A release that has lines, but none for a Python yet, is no new one; another release is.
    #[test]
    fn a_release_without_a_line_for_a_python_is_told_from_a_new_one() {
        let file = |text: &str| requirements::parse("out.txt", text.to_owned(), &mut |_| unreachable!()).unwrap();
        let on = |python: &str| Environment { platform: Platform::LinuxX86_64, python: python.parse().unwrap() };
        let old = file("a==1 ; python_version < '3.12'\nb==1 ; python_version < '3.12'\n");
        let new = file("a==1\nb==1 ; python_version < '3.12'\nb==2 ; python_version >= '3.12'\nc==1\n");
        let found: Vec<String> = drift(&old, &new, &["3.11", "3.12"].map(on)).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["+ c==1", "a is not for CPython 3.12 yet", "+ b==2"]);
    }
}
