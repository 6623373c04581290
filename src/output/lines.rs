//! The lines of an output: what a package says under each Python, and the marker that selects it.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::PackageName;

use super::Style;
use crate::digest::Sha256;
use crate::error::{Code, Problem};
use crate::lock::{LockedDigest, Origin};
use crate::marker::Extras;
use crate::pin::Pin;
use crate::plan::{Line, View};
use crate::target::Python;

/// One line before it is known under which Pythons it holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Body<'a> {
    /// `name[extras]==version`, `name @ url`, a path.
    head: String,
    /// What the target cannot decide.
    residue: Option<String>,
    digests: Vec<Written<'a>>,
}

/// A digest as it is written; in the order of the texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Written<'a> {
    Sha256(Sha256),
    /// `sha384:…` or `sha512:…`.
    Strong(&'a str),
}

/// How long a digest's own line is: the continuation before it, `    --hash=sha256:` and 64 digits.
const DIGEST_LINE: usize = 3 + 18 + 64;

impl Body<'_> {
    /// The line, its digests on lines of their own as `poetry export` writes them.
    fn text(&self, pythons: Option<&str>) -> String {
        let marker = match (pythons, self.residue.as_deref()) {
            (None, None) => None,
            (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
            (Some(pythons), Some(residue)) => Some(format!("({pythons}) and ({residue})")),
        };
        let length = marker.as_ref().map_or(0, |marker| marker.len() + 3);
        let mut text = String::with_capacity(self.head.len() + length + self.digests.len() * DIGEST_LINE);
        text.push_str(&self.head);
        if let Some(marker) = marker {
            text.push_str(" ; ");
            text.push_str(&marker);
        }
        for digest in &self.digests {
            text.push_str(" \\\n    --hash=");
            match digest {
                Written::Sha256(digest) => {
                    text.push_str("sha256:");
                    digest.write_to(&mut text);
                }
                Written::Strong(digest) => text.push_str(digest),
            }
        }
        text
    }
}

/// The marker for some of a target's Pythons; `None` if it is all of them.
///
/// `whole`: the lines of a package cover all Pythons of the target together. Then they cover every Python there is: the
/// first and the last one reach outwards, and a gap belongs to the line before it. Under a Python that the target does
/// not serve, pip then refuses a wheel of another Python instead of leaving the package out without a word.
pub(super) fn python_marker(some: &BTreeSet<Python>, all: &[Python], whole: bool) -> Option<String> {
    if all.iter().all(|python| some.contains(python)) {
        return None;
    }
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for at in (0..all.len()).filter(|at| some.contains(&all[*at])) {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == at && (whole || follows(all[*last], all[at])) => *last = at,
            _ => runs.push((at, at)),
        }
    }
    let several = runs.len() > 1;
    let each = runs.iter().map(|(first, last)| {
        let lower = (!whole || *first > 0).then_some(all[*first]);
        let upper = match all.get(last + 1) {
            Some(next) if whole => Some(*next),
            None if whole => None,
            Some(_) | None => Some(Python::three(all[*last].minor() + 1)),
        };
        match (lower, upper) {
            (Some(lower), Some(upper)) if follows(lower, upper) => format!("python_version == \"{lower}\""),
            (Some(lower), Some(upper)) => {
                let range = format!("python_version >= \"{lower}\" and python_version < \"{upper}\"");
                if several { format!("({range})") } else { range }
            }
            (Some(lower), None) => format!("python_version >= \"{lower}\""),
            (None, Some(upper)) => format!("python_version < \"{upper}\""),
            // All Pythons of the target in one run is no marker, told above.
            (None, None) => String::new(),
        }
    });
    Some(each.collect::<Vec<_>>().join(" or "))
}

fn follows(one: Python, next: Python) -> bool {
    one.minor() + 1 == next.minor()
}

pub(super) struct Writer<'a> {
    pub(super) view: View<'a>,
    pub(super) style: &'a Style,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Writer<'a> {
    fn digests(&self, digests: impl Iterator<Item = Sha256>) -> Vec<Written<'a>> {
        if self.style.without_hashes { Vec::new() } else { digests.map(Written::Sha256).collect() }
    }

    fn body(&mut self, line: &Line) -> Body<'a> {
        let named = named(&line.name, &line.extras);
        let (head, digests) = match &line.pin {
            Some(Pin::Url { url, sha256, .. }) => {
                let url = self.style.mirror.as_ref().map_or_else(|| url.clone(), |mirror| mirror.apply(url));
                (format!("{named} @ {url}"), self.digests([*sha256].into_iter()))
            }
            Some(Pin::Index { version, files, .. }) => {
                (format!("{named}=={version}"), self.digests(files.digests().copied()))
            }
            None => self.as_locked(line, &named),
        };
        Body { head, residue: line.condition.marker(), digests }
    }

    /// A line that says what the lock says.
    fn as_locked(&mut self, line: &Line, named: &str) -> (String, Vec<Written<'a>>) {
        let entries = self.view.entries;
        let Some((index, entry)) = line.entry.and_then(|index| Some((index, entries.get(index)?))) else {
            return (named.to_owned(), Vec::new());
        };
        let version = entry.version.as_ref().map(ToString::to_string).unwrap_or_default();
        let head = match &entry.origin {
            Origin::Index(_) => format!("{named}=={version}"),
            Origin::Url(url) | Origin::Git(url) => format!("{named} @ {url}"),
            Origin::File(path) | Origin::Directory(path) => relative(path),
        };
        if self.style.without_hashes {
            return (head, Vec::new());
        }
        let problem = match &entry.origin {
            Origin::Git(_) | Origin::Directory(_) => {
                let message = format!("{} comes from a repository or a folder, which has no digest", entry.name);
                let help = "lock a released version of it, or write no digests at all: --without-hashes";
                Some(Problem::new(Code::NotPinnable, message).help(help))
            }
            Origin::Index(_) | Origin::Url(_) | Origin::File(_) if !entry.is_hashed() => {
                let message = format!("the lock has no digest for {} {version}", entry.name);
                let help =
                    "pip takes digests for every line or for none; make the lock anew with a Poetry that records them";
                Some(Problem::new(Code::NoDigest, message).help(help))
            }
            Origin::Index(_) | Origin::Url(_) | Origin::File(_) => None,
        };
        self.problems.extend(problem.map(|problem| self.view.point(problem, index)));
        let mut digests: Vec<Written<'a>> = entry.files.iter().filter_map(|file| spelled(&file.digest)).collect();
        digests.sort_unstable();
        digests.dedup();
        (head, digests)
    }

    /// The lines of some packages under all Pythons, each with the marker that selects it.
    pub(super) fn merge(&mut self, lines: &[(Python, &Line)], all: &[Python]) -> Vec<String> {
        // Most lines are the same under every Python: what they say is put together once.
        let mut groups: Vec<(&Line, BTreeSet<Python>)> = Vec::new();
        for (python, line) in lines {
            match groups.iter_mut().find(|(known, _)| says_the_same(known, line)) {
                Some((_, pythons)) => {
                    pythons.insert(*python);
                }
                None => groups.push((line, BTreeSet::from([*python]))),
            }
        }
        let mut bodies: BTreeMap<Body<'a>, BTreeSet<Python>> = BTreeMap::new();
        for (line, pythons) in groups {
            bodies.entry(self.body(line)).or_default().extend(pythons);
        }
        let covered: BTreeSet<Python> = lines.iter().map(|(python, _)| *python).collect();
        let whole = all.iter().all(|python| covered.contains(python));
        bodies.iter().map(|(body, some)| body.text(python_marker(some, all, whole).as_deref())).collect()
    }
}

fn says_the_same(one: &Line, other: &Line) -> bool {
    (one.entry, &one.name, &one.extras, &one.condition) == (other.entry, &other.name, &other.extras, &other.condition)
        && one.pin == other.pin
}

fn named(name: &PackageName, extras: &Extras) -> String {
    if extras.is_empty() {
        return name.to_string();
    }
    let list = extras.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    format!("{name}[{list}]")
}

/// A path that pip takes for one. An absolute one would tie the output to a machine, but it is what the lock has.
fn relative(path: &str) -> String {
    let plain = path.starts_with(['.', '/']) || path.contains(':');
    if plain { path.to_owned() } else { format!("./{path}") }
}

/// A digest as pip wants it; nothing for one that pip does not take.
fn spelled(digest: &LockedDigest) -> Option<Written<'_>> {
    match digest {
        LockedDigest::Sha256(digest) => Some(Written::Sha256(*digest)),
        LockedDigest::Strong(digest) => Some(Written::Strong(digest)),
        LockedDigest::Weak(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker(some: &[u8], all: &[u8], whole: bool) -> Option<String> {
        let all: Vec<Python> = all.iter().map(|minor| Python::three(*minor)).collect();
        python_marker(&some.iter().map(|minor| Python::three(*minor)).collect(), &all, whole)
    }

    #[test]
    fn markers_of_a_package_that_is_always_there_reach_outwards() {
        let whole = |some: &[u8], all: &[u8]| marker(some, all, true).unwrap_or_default();
        assert_eq!(marker(&[9, 10], &[9, 10], true), None);
        assert_eq!(whole(&[9], &[9, 10, 11]), "python_version < \"3.10\"");
        assert_eq!(whole(&[10], &[9, 10, 11]), "python_version == \"3.10\"");
        assert_eq!(whole(&[11], &[9, 10, 11]), "python_version >= \"3.11\"");
        assert_eq!(whole(&[10, 11], &[9, 10, 11, 12]), "python_version >= \"3.10\" and python_version < \"3.12\"");
        assert_eq!(whole(&[9], &[9, 12]), "python_version < \"3.12\"");
        assert_eq!(whole(&[9, 11], &[9, 10, 11]), "python_version < \"3.10\" or python_version >= \"3.11\"");
    }

    #[test]
    fn markers_of_a_package_that_is_not_always_there_stay_inside() {
        let inside = |some: &[u8], all: &[u8]| marker(some, all, false).unwrap_or_default();
        assert_eq!(inside(&[9], &[9, 10, 11]), "python_version == \"3.9\"");
        assert_eq!(inside(&[8, 9], &[8, 9, 10]), "python_version >= \"3.8\" and python_version < \"3.10\"");
        assert_eq!(inside(&[8, 12], &[8, 12, 13]), "python_version == \"3.8\" or python_version == \"3.12\"");
    }
}
