//! A plan as the text of a requirements file.
//!
//! From a `poetry.lock` the file is made anew, in the order and the style of `poetry export`. From a requirements file it
//! is that file with the lines of the plan put into it: every other line keeps its bytes.
//!
//! With one Python no line needs a marker but those that the target cannot decide. With several, a line that is not the
//! same under all of them carries the marker that selects it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use pep508_rs::PackageName;
use url::Url;

use crate::error::{Code, Error, Problem, Result};
use crate::lock::poetry::PoetryLock;
use crate::lock::requirements::{LineEdits, LineKind, RequirementsFile, without_hashes};
use crate::lock::{Lock, LockedDigest, Origin};
use crate::marker::{Condition, Extras};
use crate::pin::Pin;
use crate::plan::{Line, TargetPlan, View};
use crate::target::{Environment, Python};

/// How an output is written.
#[derive(Debug, Clone, Default)]
pub struct Style {
    /// Write no digests.
    pub without_hashes: bool,
    /// Serve the wheels of PyTorch's index from here instead.
    pub mirror: Option<Mirror>,
    /// What the header says beside the tool and the lock: one comment line each, without the `#`.
    pub header: Vec<String>,
}

/// The base of an index that serves the same files as another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror(String);

impl Mirror {
    /// The base that is replaced.
    pub const OF: &'static str = "https://download.pytorch.org/whl";

    /// Reads the URL of a mirror.
    ///
    /// # Errors
    /// If it is not an http(s) URL, or has a login, a query or a fragment, none of which belongs into an output.
    pub fn parse(text: &str) -> std::result::Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("`{text}` is not a URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(format!("`{text}` is not an http or https URL"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("a mirror's URL goes into the output, so it must hold no login; pip reads logins from .netrc"
                .to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(format!("`{text}` has a query or a fragment, to which no file name can be joined"));
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }

    fn apply(&self, url: &str) -> String {
        match url.strip_prefix(Self::OF) {
            Some(rest) => format!("{}{rest}", self.0),
            None => url.to_owned(),
        }
    }
}

impl fmt::Display for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Writes a plan as a requirements file.
///
/// # Errors
/// Every line that could not be pinned or would have no digest.
pub fn requirements(lock: &Lock, plan: &TargetPlan, style: &Style) -> Result<String> {
    match lock {
        Lock::Poetry(poetry) => from_poetry(poetry, lock, plan, style),
        Lock::Requirements(file) => from_requirements(file, lock, plan, style),
    }
}

/// One line before it is known under which Pythons it holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Body {
    /// `name[extras]==version`, `name @ url`, a path.
    head: String,
    /// What the target cannot decide.
    residue: Option<String>,
    digests: Vec<String>,
}

impl Body {
    /// The line, its digests on lines of their own as `poetry export` writes them.
    fn text(&self, pythons: Option<&str>) -> String {
        let marker = match (pythons, self.residue.as_deref()) {
            (None, None) => None,
            (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
            (Some(pythons), Some(residue)) => Some(format!("({pythons}) and ({residue})")),
        };
        let mut text = self.head.clone();
        if let Some(marker) = marker {
            text.push_str(" ; ");
            text.push_str(&marker);
        }
        for digest in &self.digests {
            text.push_str(" \\\n    --hash=");
            text.push_str(digest);
        }
        text
    }
}

/// The marker for some of a target's Pythons; `None` if it is all of them.
fn python_marker(some: &BTreeSet<Python>, all: &[Python]) -> Option<String> {
    if all.iter().all(|python| some.contains(python)) {
        return None;
    }
    let mut runs: Vec<(Python, Python)> = Vec::new();
    for python in some {
        match runs.last_mut() {
            Some((_, last)) if last.minor() + 1 == python.minor() => *last = *python,
            _ => runs.push((*python, *python)),
        }
    }
    let several = runs.len() > 1;
    let each = runs.iter().map(|(first, last)| {
        if first == last {
            format!("python_version == \"{first}\"")
        } else {
            let range = format!("python_version >= \"{first}\" and python_version <= \"{last}\"");
            if several { format!("({range})") } else { range }
        }
    });
    Some(each.collect::<Vec<_>>().join(" or "))
}

struct Writer<'a> {
    view: View<'a>,
    style: &'a Style,
    problems: Vec<Problem>,
}

impl Writer<'_> {
    fn digests(&self, digests: impl Iterator<Item = String>) -> Vec<String> {
        if self.style.without_hashes { Vec::new() } else { digests.collect() }
    }

    fn body(&mut self, line: &Line) -> Body {
        let named = named(&line.name, &line.extras);
        let (head, digests) = match &line.pin {
            Some(Pin::Url { url, sha256, .. }) => {
                let url = self.style.mirror.as_ref().map_or_else(|| url.clone(), |mirror| mirror.apply(url));
                (format!("{named} @ {url}"), self.digests([format!("sha256:{sha256}")].into_iter()))
            }
            Some(Pin::Index { version, digests, .. }) => {
                (format!("{named}=={version}"), self.digests(digests.iter().map(|digest| format!("sha256:{digest}"))))
            }
            None => self.as_locked(line, &named),
        };
        Body { head, residue: line.condition.marker(), digests }
    }

    /// A line that says what the lock says.
    fn as_locked(&mut self, line: &Line, named: &str) -> (String, Vec<String>) {
        let Some((index, entry)) = line.entry.and_then(|index| Some((index, self.view.entries.get(index)?))) else {
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
        let mut digests: Vec<String> = entry.files.iter().filter_map(|file| spelled(&file.digest)).collect();
        digests.sort();
        digests.dedup();
        (head, digests)
    }

    /// The lines of some packages under all Pythons, each with the marker that selects it.
    fn merge(&mut self, lines: &[(Python, &Line)], all: &[Python]) -> Vec<String> {
        let mut bodies: BTreeMap<Body, BTreeSet<Python>> = BTreeMap::new();
        for (python, line) in lines {
            let body = self.body(line);
            bodies.entry(body).or_default().insert(*python);
        }
        bodies.iter().map(|(body, some)| body.text(python_marker(some, all).as_deref())).collect()
    }
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
fn spelled(digest: &LockedDigest) -> Option<String> {
    match digest {
        LockedDigest::Sha256(digest) => Some(format!("sha256:{digest}")),
        LockedDigest::Strong(digest) => Some(digest.clone()),
        LockedDigest::Weak(_) => None,
    }
}

fn header(style: &Style, lock: &Lock) -> String {
    let name = lock.sources().first().map_or("the lock", |source| source.file_name());
    let mut text = format!("# Made by torchswap {} from {name}\n", env!("CARGO_PKG_VERSION"));
    for line in &style.header {
        text.push_str(format!("# {line}").trim_end());
        text.push('\n');
    }
    text
}

fn from_poetry(poetry: &PoetryLock, lock: &Lock, plan: &TargetPlan, style: &Style) -> Result<String> {
    let mut writer =
        Writer { view: View { entries: lock.entries(), sources: lock.sources() }, style, problems: Vec::new() };
    let mut by_name: BTreeMap<&PackageName, Vec<(Python, &Line)>> = BTreeMap::new();
    let mut indexes: BTreeSet<&str> = BTreeSet::new();
    for environment in &plan.environments {
        for line in &environment.lines {
            by_name.entry(&line.name).or_default().push((environment.environment.python, line));
            let entry = line.entry.filter(|_| line.pin.is_none()).and_then(|index| lock.entries().get(index));
            if let Some(Origin::Index(Some(url))) = entry.map(|entry| &entry.origin) {
                indexes.insert(url);
            }
        }
    }
    let mut text = header(style, lock);
    let options = poetry.index_options(&indexes);
    for option in &options {
        text.push_str(option);
        text.push('\n');
    }
    if !options.is_empty() {
        text.push('\n');
    }
    let mut lines = Vec::new();
    for (_, same_name) in by_name {
        lines.extend(writer.merge(&same_name, &plan.target.pythons));
    }
    Error::unless_empty(writer.problems)?;
    lines.sort();
    for line in lines {
        text.push_str(&line);
        text.push('\n');
    }
    Ok(text)
}

fn from_requirements(file: &RequirementsFile, lock: &Lock, plan: &TargetPlan, style: &Style) -> Result<String> {
    let mut writer =
        Writer { view: View { entries: lock.entries(), sources: lock.sources() }, style, problems: Vec::new() };
    let mut by_entry: BTreeMap<usize, Vec<(Python, &Line)>> = BTreeMap::new();
    let mut added: BTreeMap<&PackageName, Vec<(Python, &Line)>> = BTreeMap::new();
    let mut picked: BTreeSet<usize> = BTreeSet::new();
    for (environment, selection) in plan.environments.iter().zip(&plan.selections) {
        picked.extend(selection.picks.iter().map(|pick| pick.entry));
        for line in &environment.lines {
            let python = environment.environment.python;
            match line.entry {
                Some(index) => by_entry.entry(index).or_default().push((python, line)),
                None => added.entry(&line.name).or_default().push((python, line)),
            }
        }
    }
    let mut edits = LineEdits::default();
    let mut rewritten: BTreeSet<usize> = BTreeSet::new();
    let mut after = None;
    for requirement in file.requirements.iter().filter(|requirement| picked.contains(&requirement.entry)) {
        let Some(lines) = by_entry.get(&requirement.entry) else {
            edits.remove(requirement.line);
            rewritten.insert(requirement.entry);
            continue;
        };
        if lines.iter().any(|(_, line)| line.pin.is_some()) {
            let mut texts = writer.merge(lines, &plan.target.pythons);
            if let Some(last) = texts.last_mut() {
                last.push_str(file.notes(requirement));
            }
            edits.replace(requirement.line, texts);
            rewritten.insert(requirement.entry);
            after = Some(requirement.line);
        }
    }
    for (name, lines) in added {
        for text in writer.merge(&lines, &plan.target.pythons) {
            edits.insert(name.clone(), text, after);
        }
    }
    let mut problems = std::mem::take(&mut writer.problems);
    problems.extend(limits(file, plan));
    if style.without_hashes {
        strip_hashes(file, &rewritten, &mut edits);
    } else {
        let left: BTreeSet<usize> = picked.difference(&rewritten).copied().collect();
        problems.extend(unhashed(file, &left, writer.view));
    }
    Error::unless_empty(problems)?;
    if !edits.is_empty() {
        edits.header(header(style, lock));
    } else if file.header().is_none() {
        edits.header(header(style, lock));
    }
    Ok(file.render(&edits))
}

/// Takes the digests off every line that is not rewritten anyway.
fn strip_hashes(file: &RequirementsFile, rewritten: &BTreeSet<usize>, edits: &mut LineEdits) {
    for (index, line) in file.lines.iter().enumerate() {
        let untouched = match &line.kind {
            LineKind::Requirement(entry) => !rewritten.contains(entry),
            LineKind::Unnamed(_) => true,
            LineKind::Blank | LineKind::Comment | LineKind::Options(_) | LineKind::Constraints(_) => false,
        };
        if untouched {
            let text = file.text(line);
            let stripped = without_hashes(text);
            if stripped != text {
                edits.replace(index, vec![stripped]);
            }
        }
    }
}

/// Lines that pip's hash mode would not take: it wants every line pinned and hashed.
fn unhashed(file: &RequirementsFile, entries: &BTreeSet<usize>, view: View<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let bare: Vec<usize> = file.unhashed().map(|one| one.entry).filter(|entry| entries.contains(entry)).collect();
    let help = "make the file with digests (poetry export, pip-compile --generate-hashes, uv export), \
                or write none at all: --without-hashes";
    if bare.len() > 1 && !file.has_hashes() {
        let name = file.sources.first().map_or("the file", |source| source.name.as_str());
        let message = format!("{name} has no digests; pip takes digests for every line or for none");
        return vec![Problem::new(Code::NoDigest, message).help(help)];
    }
    for requirement in file.requirements.iter().filter(|one| bare.contains(&one.entry)) {
        let name = &file.entries[requirement.entry].name;
        let (code, message) = if requirement.editable {
            (Code::NotPinnable, format!("{name} is installed from a folder (-e), which has no digest"))
        } else if requirement.pinned {
            (Code::NoDigest, format!("{name} has no digest; pip takes digests for every line or for none"))
        } else {
            (Code::Unpinned, format!("{name} is not pinned to one version, and has no digest"))
        };
        problems.push(view.point(Problem::new(code, message).help(help), requirement.entry));
    }
    for (index, unnamed) in file.unnamed() {
        if unnamed.digests.is_empty() {
            let line = &file.lines[index];
            let mut problem =
                Problem::new(Code::NotPinnable, "this line names no package and has no digest").help(help);
            if let Some(source) = file.sources.get(line.source) {
                problem = problem.at(source, line.span);
            }
            problems.push(problem);
        }
    }
    problems
}

/// Pins that a constraints file (`-c`) does not allow: pip would refuse the output.
fn limits(file: &RequirementsFile, plan: &TargetPlan) -> Vec<Problem> {
    let mut problems = Vec::new();
    for environment in &plan.environments {
        for line in &environment.lines {
            let Some(pin) = &line.pin else { continue };
            for limit in file.constraints.iter().filter(|limit| limit.name == line.name) {
                let holds = limit.marker.as_ref().is_none_or(|marker| holds(&marker.tree, environment.environment));
                let versions = limit.versions.clone().map(crate::constraint::Constraint::from);
                if holds && versions.is_some_and(|versions| !versions.admits(pin.version())) {
                    let message = format!("{} {} is not allowed by this constraint", line.name, pin.version());
                    let mut problem =
                        Problem::new(Code::Unmet, message).help("take the line out of the constraints file");
                    if let Some(source) = file.sources.get(limit.at.source) {
                        problem = problem.at(source, limit.at.span);
                    }
                    problems.push(problem);
                }
            }
        }
    }
    problems
}

fn holds(marker: &pep508_rs::MarkerTree, environment: Environment) -> bool {
    !Condition::of(marker, environment, &Extras::new()).is_never()
}
