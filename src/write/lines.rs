//! The lines of an output: what a package says in each place, and the marker that selects it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::Style;
use super::coverage::{Coverage, with_undecided};
use super::usable::usable;
use crate::catalog::pin::Pin;
use crate::lock::{LockedDigest, Origin, emit};
use crate::packaging::address;
use crate::packaging::digest::Sha256;
use crate::packaging::marker::Extras;
use crate::packaging::stub::Stub;
use crate::packaging::target::{Environment, Platform};
use crate::packaging::version;
use crate::packaging::wheel::WheelName;
use crate::plan::{Line, LockView};
use crate::report::error::{Code, Problem};
use crate::text::{off_line, quoted, size, variable};

/// One line before it is known where it holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct LineBody<'a> {
    /// `name[extras]==version`, `name @ url`, a path.
    head: String,
    /// The part of the marker that the target cannot decide.
    undecided: Option<String>,
    digests: Vec<Written<'a>>,
    version: Option<&'a Version>,
    /// Of the one file at its URL, where it is wanted and known.
    size: Option<u64>,
}

/// A digest as it is written; in the order of the texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Written<'a> {
    Sha256(&'a Sha256),
    /// `sha384:…` or `sha512:…`.
    Strong(&'a str),
}

/// The length of a digest's own line: the continuation before it, `    --hash=sha256:` and 64 digits.
const DIGEST_LINE: usize = 3 + 18 + 64;

/// The separator between a line and each of its digests.
const CONTINUED: &str = " \\\n    --hash=";

/// A line of the output. Written out it is mostly digests, so that is not done before its place is known. Lines sort as
/// their texts do.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LineText<'a> {
    /// Up to the first digest.
    head: String,
    digests: Vec<Written<'a>>,
    /// A comment behind all, for one within would end the line.
    pub(super) size: Option<u64>,
}

impl LineText<'_> {
    /// The part before the digests.
    fn line(&self) -> &str {
        self.head.strip_suffix(CONTINUED).unwrap_or(&self.head)
    }

    /// Its length in bytes, estimated without writing it.
    pub(super) fn length(&self) -> usize {
        self.head.len() + self.digests.len() * DIGEST_LINE
    }

    /// Writes it, its digests on lines of their own as `poetry export` has them; no line end behind the last.
    pub(super) fn write_to(&self, text: &mut String) {
        text.push_str(&self.head);
        for (index, digest) in self.digests.iter().enumerate() {
            if index > 0 {
                text.push_str(CONTINUED);
            }
            match digest {
                Written::Sha256(digest) => {
                    text.push_str("sha256:");
                    digest.write_to(text);
                }
                Written::Strong(digest) => text.push_str(digest),
            }
        }
        if let Some(bytes) = self.size {
            text.push_str(" # ");
            text.push_str(&size(bytes));
        }
    }
}

impl fmt::Display for LineText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(self.length());
        self.write_to(&mut text);
        f.write_str(&text)
    }
}

impl<'a> LineBody<'a> {
    fn text(self, places: Option<&str>) -> LineText<'a> {
        let marker = with_undecided(places, self.undecided.as_deref());
        let Self { mut head, digests, size, .. } = self;
        if let Some(marker) = marker {
            head.push_str(" ; ");
            head.push_str(&marker);
        }
        if !digests.is_empty() {
            head.push_str(CONTINUED);
        }
        LineText { head, digests, size }
    }
}

pub(super) struct LineWriter<'a> {
    pub(super) view: LockView<'a>,
    pub(super) style: &'a Style,
    /// The file is made anew. One that is written over says what its variables are for.
    pub(super) fresh: bool,
    pub(super) problems: Vec<Problem>,
}

/// Why a line cannot be written: pip would read it as more than one, put something into it, or end an address at a `;`.
pub(super) fn unfit(line: &str, fresh: bool) -> Option<Problem> {
    let holds = match (off_line(line), variable(line)) {
        (Some(odd), _) => odd,
        (None, Some(name)) if fresh => format!("`{name}`, which pip replaces by an environment variable"),
        (None, _) if !line.starts_with("--") && line.replacen(" ; ", "", 1).contains(';') => "`;` in an address".into(),
        (None, _) => return None,
    };
    let message = format!("a line of the output would hold {holds}: `{}`", quoted(line));
    Some(Problem::new(Code::Unsupported, message).help("lock the package from a place that can be written on a line"))
}

impl<'a> LineWriter<'a> {
    fn digests(&self, digests: impl Iterator<Item = &'a Sha256>) -> Vec<Written<'a>> {
        if self.style.without_hashes { Vec::new() } else { digests.map(Written::Sha256).collect() }
    }

    fn body(&mut self, line: &'a Line) -> LineBody<'a> {
        let named = named(&line.name, &line.extras);
        let (head, digests) = match line.pin() {
            Some(Pin::Url { url, sha256, .. }) => {
                let url = self.style.mirror.as_ref().map_or_else(|| url.clone(), |mirror| mirror.apply(url));
                (format!("{named} @ {url}"), self.digests([sha256].into_iter()))
            }
            Some(Pin::Index { version, files, .. }) => (format!("{named}=={version}"), self.digests(files.digests())),
            // The package in its place serves those that asked for it with extras.
            Some(Pin::Stub(Stub { version, sha256, .. })) => {
                (format!("{}=={version}", line.name), self.digests([sha256].into_iter()))
            }
            None => self.as_locked(line, &named),
        };
        let version = line.version(self.view.entries);
        let size = line.pin().and_then(Pin::size).filter(|_| self.style.sizes);
        LineBody { head, undecided: line.condition.marker(), digests, version, size }
    }

    /// A line that says what the lock says.
    fn as_locked(&mut self, line: &Line, named: &str) -> (String, Vec<Written<'a>>) {
        let entries = self.view.entries;
        let Some((index, entry)) = line.entry.and_then(|index| Some((index, entries.get(index)?))) else {
            return (named.to_owned(), Vec::new());
        };
        // pip reads the package of a wheel from its URL, and refuses the line if it is another one.
        if let Origin::Url(url) = &entry.origin
            && let Ok(wheel) = address::file_name(url).parse::<WheelName>()
            && wheel.name != entry.name
        {
            let message = format!("the lock has {} from the URL of a wheel of {}", entry.name, wheel.name);
            let problem =
                Problem::new(Code::Inconsistent, message).help("lock it again, from the URL of its own wheel");
            self.problems.push(self.view.point(problem, index));
        }
        let version = entry.version.as_ref().map(version::text).unwrap_or_default();
        let head = match &entry.origin {
            Origin::Index(_) => format!("{named}{}{version}", self.style.equals(&entry.name)),
            Origin::Url(url) | Origin::Git(url) => format!("{named} @ {url}"),
            Origin::Directory(path) if entry.editable => format!("-e {}", address::path(path)),
            Origin::File(path) | Origin::Directory(path) => address::path(path),
        };
        if self.style.without_hashes {
            return (head, Vec::new());
        }
        let problem = match &entry.origin {
            Origin::Git(_) | Origin::Directory(_) => {
                let message = format!("`{}` comes from a repository or a folder, which has no digest", entry.name);
                let help = format!(
                    "lock a released version of it, or {}; or write no digests at all: --without-hashes",
                    emit::help(entry)
                );
                Some(Problem::new(Code::NotPinnable, message).help(help))
            }
            Origin::Index(_) | Origin::Url(_) | Origin::File(_) if !entry.is_hashed() => {
                let (message, tool) = match entry.files.is_empty() {
                    true => {
                        (format!("the lock has no digest for {} {version}", entry.name), "a tool that records them")
                    }
                    false => (
                        format!(
                            "the lock's digests of {} {version} are too weak: pip's hash mode does not accept them",
                            entry.name
                        ),
                        "a tool that records sha256",
                    ),
                };
                let help = format!(
                    "pip wants digests for every line or for none: regenerate the lock with {tool}, or {}",
                    emit::help(entry)
                );
                Some(Problem::new(Code::NoDigest, message).help(help))
            }
            Origin::Index(_) | Origin::Url(_) | Origin::File(_) => None,
        };
        self.problems.extend(problem.map(|problem| self.view.point(problem, index)));
        let mut digests: Vec<Written<'a>> = entry.files.iter().filter_map(|file| spelled(file.digest)).collect();
        digests.sort_unstable();
        digests.dedup();
        (head, digests)
    }

    /// The lines of a package in all places, each with the marker that selects it, and the entry that it came of.
    pub(super) fn merge(
        &mut self,
        lines: &[(Environment, &'a Line)],
        coverage: &Coverage,
    ) -> Vec<(LineText<'a>, Option<usize>)> {
        let view = self.view;
        let known = self.style.only_usable_hashes.then(|| KnownFiles::of(lines, view));
        let all = Gathered::new(lines, |line| self.body(line));
        let each = all.marked(view, lines, coverage);
        let mut written = Vec::new();
        for one in each {
            let mut body = one.body;
            if let Some(known) = &known {
                known.keep_usable(&mut body, &one.places);
            }
            let text = body.text(one.marker.as_deref());
            if let Some(problem) = unfit(text.line(), self.fresh) {
                self.problems.push(one.entry.map_or(problem.clone(), |entry| view.point(problem, entry)));
            }
            written.push((text, one.entry));
        }
        written
    }
}

/// The files of a package whose names are known, by digest.
struct KnownFiles<'a>(BTreeMap<Written<'a>, &'a str>);

impl<'a> KnownFiles<'a> {
    fn of(lines: &[(Environment, &'a Line)], view: LockView<'a>) -> Self {
        let mut all = BTreeMap::new();
        for (_, line) in lines {
            match (line.pin(), line.entry.and_then(|index| view.entries.get(index))) {
                (Some(Pin::Index { files, .. }), _) => {
                    all.extend(files.iter().map(|(name, digest)| (Written::Sha256(digest), name)));
                }
                // One file is all there is.
                (Some(Pin::Url { .. } | Pin::Stub(_)), _) | (None, None) => {}
                (None, Some(entry)) => {
                    all.extend(entry.files.iter().filter_map(|file| Some((spelled(file.digest)?, file.name?))));
                }
            }
        }
        Self(all)
    }

    /// Takes out the digests of files that no place can use.
    fn keep_usable(&self, body: &mut LineBody<'a>, places: &BTreeSet<Environment>) {
        let names = body.digests.iter().map(|digest| self.0.get(digest).copied());
        let mut kept = usable(names, body.version, places).into_iter();
        body.digests.retain(|_| kept.next().unwrap_or(true));
    }
}

/// A package in all places: each thing it says once, with the places, and the entry that it came of.
pub(super) struct Gathered<B> {
    /// Ascending.
    said: Vec<(B, BTreeSet<Environment>, Option<usize>)>,
    covered: BTreeSet<Environment>,
}

/// One thing that a package says.
pub(super) struct Said<B> {
    pub(super) body: B,
    pub(super) places: BTreeSet<Environment>,
    /// Selects the places; none where that is everywhere.
    pub(super) marker: Option<String>,
    /// The entry of the lock that it came of.
    pub(super) entry: Option<usize>,
}

impl<B: Ord> Gathered<B> {
    pub(super) fn new<'l>(lines: &[(Environment, &'l Line)], mut body: impl FnMut(&'l Line) -> B) -> Self {
        // Most lines are the same everywhere: what they say is put together once.
        let mut groups: Vec<(&'l Line, BTreeSet<Environment>)> = Vec::new();
        for (environment, line) in lines {
            match groups.iter_mut().find(|(known, _)| says_the_same(known, line)) {
                Some((_, there)) => {
                    there.insert(*environment);
                }
                None => groups.push((line, BTreeSet::from([*environment]))),
            }
        }
        let mut said: Vec<(B, BTreeSet<Environment>, Option<usize>)> = Vec::with_capacity(groups.len());
        for (line, there) in groups {
            let body = body(line);
            match said.binary_search_by(|(known, ..)| known.cmp(&body)) {
                Ok(at) => said[at].1.extend(there),
                Err(at) => said.insert(at, (body, there, line.entry)),
            }
        }
        Self { said, covered: lines.iter().map(|(environment, _)| *environment).collect() }
    }

    /// Each with the marker for its places.
    pub(super) fn marked<'g>(
        self,
        view: LockView<'g>,
        lines: &'g [(Environment, &'g Line)],
        coverage: &'g Coverage,
    ) -> impl Iterator<Item = Said<B>> + use<'g, B> {
        let Self { said, covered } = self;
        let outside = (said.len() > 1).then(|| surest(view, lines, coverage)).flatten();
        said.into_iter().map(move |(body, some, entry)| {
            let marker = coverage.marker(&some, &covered, outside);
            Said { body, places: some, marker, entry }
        })
    }
}

/// The platform on which the lines of a package are tied to it most surely.
fn surest(view: LockView<'_>, lines: &[(Environment, &Line)], coverage: &Coverage) -> Option<Platform> {
    coverage.platforms().min_by_key(|platform| {
        let there = lines.iter().filter(|(environment, _)| environment.platform == *platform);
        there.map(|(_, line)| ties(view, line)).max()
    })
}

/// The certainty with which pip refuses a line on platforms that it is not for.
fn ties(view: LockView<'_>, line: &Line) -> Tie {
    let is_tied = |file: &str| file.parse::<WheelName>().is_ok_and(|wheel| wheel.platform_tag() != "any");
    let locked = || line.entry.and_then(|index| view.entries.get(index)).map(|entry| &entry.origin);
    match (line.pin(), locked()) {
        (Some(Pin::Url { file, .. }), _) if is_tied(file) => Tie::Wheel,
        (Some(Pin::Index { files, .. }), _) if files.iter().all(|(file, _)| is_tied(file)) => Tie::Digests,
        (None, Some(Origin::Url(url))) if is_tied(&address::file_name(url)) => Tie::Wheel,
        (Some(Pin::Stub(_)), _) => Tie::Stub,
        (Some(Pin::Url { .. } | Pin::Index { .. }) | None, _) => Tie::No,
    }
}

/// The ways a line is tied to its platforms; the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tie {
    /// By its URL: the one wheel does not install elsewhere.
    Wheel,
    /// By its digests: no file for another platform has one of them.
    Digests,
    /// Not at all.
    No,
    /// Not at all, and the package in its place is not there elsewhere.
    Stub,
}

fn says_the_same(one: &Line, other: &Line) -> bool {
    (one.entry, &one.name, &one.extras, &one.condition) == (other.entry, &other.name, &other.extras, &other.condition)
        && one.replacement == other.replacement
}

fn named(name: &PackageName, extras: &Extras) -> String {
    if extras.is_empty() {
        return name.to_string();
    }
    let list = extras.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    format!("{name}[{list}]")
}

/// A digest as pip wants it; nothing for one that pip does not take.
fn spelled(digest: &LockedDigest) -> Option<Written<'_>> {
    match digest {
        LockedDigest::Sha256(digest) => Some(Written::Sha256(digest)),
        LockedDigest::Strong(digest) => Some(Written::Strong(digest)),
        LockedDigest::Weak(_) => None,
    }
}

#[cfg(test)]
mod tests;
