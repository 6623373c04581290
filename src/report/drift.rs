//! The differences between an output and its lock, line by line and in short.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::packaging::target::Python;

/// A difference of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The kind of difference.
    pub kind: DifferenceKind,
    /// The package: `idna==3.4`; where it is another one, `numpy 2.1.2 -> 2.1.3`.
    pub what: String,
    /// Packages that are counted together: `nvidia-*-cu12`.
    pub group: Option<String>,
}

/// The difference of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DifferenceKind {
    /// It pins something else.
    Other,
    /// The output has it, the lock does not give it.
    Surplus,
    /// The lock gives it, the output does not have it.
    Missing,
    /// Its digests are others.
    Digests,
    /// Its marker or its extras are others.
    Condition,
    /// It is the same release, but has no line for this Python yet.
    Uncovered(Python),
}

/// A difference as a line.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            DifferenceKind::Other => f.write_str(&self.what),
            DifferenceKind::Surplus => write!(f, "- {}", self.what),
            DifferenceKind::Missing => write!(f, "+ {}", self.what),
            DifferenceKind::Digests => write!(f, "{} has other digests", self.what),
            DifferenceKind::Condition => write!(f, "{} has another marker or other extras", self.what),
            DifferenceKind::Uncovered(python) => write!(f, "{} is not for CPython {python} yet", self.what),
        }
    }
}

/// The differences as people read them: what is one of many alike, or differs in no version, is counted.
pub fn in_short(all: &[Difference]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut groups: BTreeMap<(&str, DifferenceKind), usize> = BTreeMap::new();
    let (mut digests, mut conditions) = (Vec::new(), Vec::new());
    let mut uncovered: BTreeMap<&str, BTreeSet<Python>> = BTreeMap::new();
    for key in all.iter().filter_map(grouped) {
        *groups.entry(key).or_default() += 1;
    }
    groups.retain(|_, count| *count > 1);
    for one in all {
        match one.kind {
            DifferenceKind::Digests => digests.push(one.what.as_str()),
            DifferenceKind::Condition => conditions.push(one.what.as_str()),
            DifferenceKind::Uncovered(python) => {
                uncovered.entry(&one.what).or_default().insert(python);
            }
            DifferenceKind::Other | DifferenceKind::Surplus | DifferenceKind::Missing => {
                lines.extend((!grouped(one).is_some_and(|key| groups.contains_key(&key))).then(|| one.to_string()));
            }
        }
    }
    for ((group, kind), count) in groups {
        match kind {
            DifferenceKind::Other => lines.push(format!("{count} {group} in other versions")),
            DifferenceKind::Surplus => lines.push(format!("-{count} {group}")),
            DifferenceKind::Missing => lines.push(format!("+{count} {group}")),
            DifferenceKind::Digests | DifferenceKind::Condition | DifferenceKind::Uncovered(_) => {}
        }
    }
    let mut alike: BTreeMap<BTreeSet<Python>, Vec<&str>> = BTreeMap::new();
    for (package, pythons) in uncovered {
        alike.entry(pythons).or_default().push(package);
    }
    for (pythons, packages) in alike {
        let pythons: Vec<String> = pythons.iter().map(ToString::to_string).collect();
        lines.push(format!("{}: also for CPython {}", packages.join(", "), pythons.join(", ")));
    }
    lines.extend(counted("other digests", &digests));
    lines.extend(counted("another marker or other extras", &conditions));
    lines
}

fn grouped(one: &Difference) -> Option<(&str, DifferenceKind)> {
    one.group.as_deref().map(|group| (group, one.kind))
}

fn counted(what: &str, of: &[&str]) -> Option<String> {
    match of {
        [] => None,
        [one] => Some(format!("{what}: {one}")),
        [first, rest @ ..] => Some(format!("{what}: {} packages ({first} and {} more)", of.len(), rest.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_libraries_and_digests_are_counted_and_versions_are_named() {
        let new = |kind, what: &str, group: Option<&str>| Difference {
            kind,
            what: what.to_owned(),
            group: group.map(str::to_owned),
        };
        let all = [
            new(DifferenceKind::Digests, "certifi", None),
            new(DifferenceKind::Other, "numpy 2.1.2 -> 2.1.3", None),
            new(DifferenceKind::Surplus, "nvidia-a-cu12==1", Some("nvidia-*-cu12")),
            new(DifferenceKind::Surplus, "nvidia-b-cu12==1", Some("nvidia-*-cu12")),
            new(DifferenceKind::Missing, "nvidia-a-cu11==1", Some("nvidia-*-cu11")),
            new(DifferenceKind::Digests, "idna", None),
            new(DifferenceKind::Digests, "nvidia-c-cu12==1", Some("nvidia-*-cu12")),
            new(DifferenceKind::Condition, "six", None),
            new(DifferenceKind::Uncovered("3.11".parse().unwrap()), "torch", None),
            new(DifferenceKind::Uncovered("3.12".parse().unwrap()), "torch", None),
            new(DifferenceKind::Uncovered("3.12".parse().unwrap()), "torchvision", None),
            new(DifferenceKind::Uncovered("3.11".parse().unwrap()), "torchvision", None),
            new(DifferenceKind::Uncovered("3.12".parse().unwrap()), "triton", None),
        ];
        let lines = [
            "numpy 2.1.2 -> 2.1.3",
            "+ nvidia-a-cu11==1",
            "-2 nvidia-*-cu12",
            "torch, torchvision: also for CPython 3.11, 3.12",
            "triton: also for CPython 3.12",
            "other digests: 3 packages (certifi and 2 more)",
            "another marker or other extras: six",
        ];
        assert_eq!(in_short(&all), lines);
    }
}
