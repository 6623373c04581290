//! Two lines for one package on one machine: installers refuse them if they do not agree, so nothing can be made of them.

use std::collections::HashMap;

use pep508_rs::PackageName;

use super::RequirementsFile;
use crate::lock::limits::{ENOUGH, MOST_TWINS};
use crate::lock::{Entry, Selection};
use crate::packaging::target::Environment;
use crate::report::error::{Code, Error, Problem, Result};

/// Refuses lines that hold together and pin one package to two versions or to files that have no digest in common.
pub(in crate::lock) fn check(file: &RequirementsFile, selection: &Selection, environment: Environment) -> Result<()> {
    let mut problems = Vec::new();
    let mut by_name: HashMap<&PackageName, Vec<usize>> = HashMap::new();
    for (index, package) in selection.packages.iter().enumerate() {
        let Some(entry) = file.entries.get(package.entry) else { continue };
        let others = by_name.entry(&entry.name).or_default();
        let agrees = |other: &usize| {
            let other = &selection.packages[*other];
            let together = !other.condition.clone().and(package.condition.clone()).is_never();
            !together || file.entries.get(other.entry).is_none_or(|other| agree(other, entry))
        };
        // Equal lines, however many, are one.
        let known = |other: &usize| {
            let other = &selection.packages[*other];
            other.condition == package.condition
                && file.entries.get(other.entry).is_some_and(|other| {
                    (&other.version, &other.origin, &other.files) == (&entry.version, &entry.origin, &entry.files)
                })
        };
        if others.iter().any(known) {
            continue;
        }
        let why = if others.len() >= MOST_TWINS {
            format!("{} is listed here more than {MOST_TWINS} times for {environment}", entry.name)
        } else if others.iter().all(agrees) {
            others.push(index);
            continue;
        } else {
            format!("{} is listed here twice for {environment}, and the lines do not agree", entry.name)
        };
        let problem = Problem::new(Code::Inconsistent, why).help("keep one of the lines, or regenerate the file");
        problems.push(file.point(problem, entry.at));
        if problems.len() >= ENOUGH {
            break;
        }
    }
    Error::unless_empty(problems)
}

/// True if one file can meet both lines, as far as they say.
fn agree(one: &Entry, other: &Entry) -> bool {
    let version = |entry: &Entry| entry.version.clone().map(pep440_rs::Version::without_local);
    let versions = version(one).zip(version(other)).is_none_or(|(one, other)| one == other);
    let hashed = one.is_hashed() && other.is_hashed();
    let common = || one.files.iter().any(|file| other.files.iter().any(|twin| twin.digest == file.digest));
    versions && (!hashed || common())
}
