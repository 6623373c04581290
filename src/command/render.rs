//! Findings and summaries as text: for people, and as JSON. Everything the program says on stderr is made here.

pub(super) mod catalog;
pub(super) mod verify;

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::grouped;
use crate::edge::io::Repository;
use crate::packaging::target::Python;
use crate::plan::refusal::RELEASES;
use crate::report::error::{Error, NamedTarget, Problem, spoken_pythons, spoken_targets};
use crate::report::{Action, Change, DigestSource, FileStatus, LearnedRelease, Summary};
use crate::text::{Place, shown};

pub(super) mod audit;
mod check;
mod downloads;
mod findings;
mod fitted;
mod outputs;
pub(super) mod sarif;
mod short;
#[cfg(test)]
mod tests;

use findings::annotation;

pub(super) use check::{checked, checked_github, checked_json};
pub(super) use fitted::fitted;
pub(super) use outputs::outputs_json;
pub(super) use short::short;

/// The least width of a terminal.
const WIDTH: usize = 80;

/// The use of colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    /// With ANSI escapes.
    On,
    /// Plain.
    Off,
}

impl Colour {
    pub(super) fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::On => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Self::Off => text.to_owned(),
        }
    }
}

/// An error for people: every problem with its place and its remedy.
pub(super) fn error(error: &Error, colour: Colour) -> String {
    let head = colour.paint("1;31", "error") + ": ";
    error.problems().iter().map(|one| problem(&head, one, colour)).collect()
}

/// A problem with its place and its remedy, behind what says how bad it is.
fn problem(head: &str, problem: &Problem, colour: Colour) -> String {
    let mut text = format!("{head}{}\n", problem.sentence());
    if let Some(place) = &problem.place {
        let _ = writeln!(text, "{place}");
    }
    if let Some(targets) = spoken_targets(&problem.targets) {
        let _ = writeln!(text, "  {}", shown(&targets));
    }
    text + &help(problem.remedy.as_ref(), colour)
}

fn help(remedy: Option<&String>, colour: Colour) -> String {
    remedy.map(|remedy| format!("  {}: {remedy}\n", colour.paint("1;36", "help"))).unwrap_or_default()
}

/// The version of the JSON reports that `docs/report.schema.json` describes.
const SCHEMA: u32 = 1;

/// The JSON report of a run, as a line. Control characters are in strings only, where they can be escaped.
fn document(command: Option<&str>, mut fields: Value) -> String {
    let mut value = json!({ "schema": SCHEMA, "command": command });
    if let (Some(all), Some(fields)) = (value.as_object_mut(), fields.as_object_mut()) {
        all.append(fields);
    }
    let mut text = String::new();
    for c in value.to_string().chars() {
        match shown(c.encode_utf8(&mut [0; 4])) {
            Cow::Borrowed(plain) => text.push_str(plain),
            Cow::Owned(_) => {
                let _ = write!(text, "\\u{:04x}", u32::from(c));
            }
        }
    }
    text.push('\n');
    text
}

/// An error as a JSON report.
pub(super) fn error_json(error: &Error, command: Option<&str>) -> String {
    let problems: Vec<Value> = error.problems().iter().map(problem_json).collect();
    document(command, json!({ "problems": problems }))
}

/// An error as annotations of GitHub Actions.
pub(super) fn error_github(error: &Error, files: &Repository) -> String {
    let each = error.problems().iter().map(|problem| {
        let place = problem.place.as_deref();
        let mut lines = vec![problem.sentence()];
        lines.extend(spoken_targets(&problem.targets).map(|targets| shown(&targets).into_owned()));
        lines.extend(problem.remedy.clone());
        let file = place.map(|place| files.path(&place.file));
        annotation("error", file.as_deref(), place, problem.code.as_str(), &lines.join("\n"))
    });
    each.collect()
}

fn problem_json(problem: &Problem) -> Value {
    let place = problem.place.as_deref().map(place_json);
    json!({
        "code": problem.code.as_str(),
        "message": problem.message,
        "place": place,
        "help": problem.remedy,
        "pythons": pythons_json(&problem.pythons),
        "targets": targets_json(&problem.targets),
    })
}

fn pythons_json(some: &[Python]) -> Vec<String> {
    some.iter().map(ToString::to_string).collect()
}

fn targets_json(targets: &[NamedTarget]) -> Vec<Value> {
    targets.iter().map(|target| json!({ "name": target.name, "place": target.place })).collect()
}

fn place_json(place: &Place) -> Value {
    json!({ "file": place.file, "line": place.line, "column": place.column, "text": place.text })
}

/// All that was done for each target of an output, for people.
pub(super) fn summaries(all: &[Summary], status: &FileStatus, is_alone: bool, colour: Colour) -> String {
    let each = all.iter().map(|one| {
        let heading = if is_alone && all.len() == 1 { String::new() } else { short::heading(one, colour) };
        heading + &summary(one, colour)
    });
    each.collect::<String>() + &short::ending(all, status, false, colour)
}

/// A summary for people: one line a change.
fn summary(summary: &Summary, colour: Colour) -> String {
    let mut text = learned(&summary.learned, colour);
    let width = summary.changes.iter().map(|change| change.action.as_str().len()).max().unwrap_or(0);
    for change in &summary.changes {
        let word = format!("{:width$}", change.action.as_str());
        let code = match change.action {
            Action::Swapped | Action::Added | Action::Included | Action::Repinned => "32",
            Action::Removed | Action::NotEmitted | Action::Unproven | Action::Unswapped => "33",
            Action::Kept => "2",
        };
        let _ = writeln!(text, "{}  {}", colour.paint(code, &word), shown(&sentence(change, &summary.pythons)));
    }
    text + &warnings(summary, colour)
        + &left_out(&summary.left_out, false, colour)
        + &downloads::download(&summary.downloads)
        + &found(&summary.found, colour)
}

fn warnings(summary: &Summary, colour: Colour) -> String {
    let head = colour.paint("1;33", "warning") + ": ";
    let warnings = summary.warnings.iter().map(|warning| problem(&head, warning, colour));
    warnings.chain(summary.notes.iter().map(|one| note(one, colour))).collect()
}

/// The learned releases, one line each.
pub(super) fn learned(lessons: &[LearnedRelease], colour: Colour) -> String {
    let mut text = String::new();
    for LearnedRelease { package, version, wheels, computed, catalogue } in lessons {
        let what = match (wheels, computed) {
            (0, _) => "what it requires".to_owned(),
            (1, 0) => "1 wheel, digest known from the index only".to_owned(),
            (1, _) => "1 wheel, digest computed from the file".to_owned(),
            (many, 0) => format!("{many} wheels, digests known from the index only"),
            (many, 1) => format!("{many} wheels, 1 digest computed from the file"),
            (many, computed) => format!("{many} wheels, {computed} digests computed from the files"),
        };
        let line = format!("{package} {version}: {what} (now in {catalogue})");
        let _ = writeln!(text, "{}  {}", colour.paint("32", "learned"), shown(&line));
    }
    text
}

fn learned_json(lessons: &[LearnedRelease]) -> Vec<Value> {
    let each = lessons.iter().map(|one| {
        json!({ "package": one.package, "version": one.version, "wheels": one.wheels, "computed": one.computed, "catalogue": one.catalogue })
    });
    each.collect()
}

/// The catalogues that nobody named.
pub(super) fn found(names: &[String], colour: Colour) -> String {
    names.iter().map(|name| note(&found_by_name(name), colour)).collect()
}

/// Something to know.
pub(super) fn note(text: &str, colour: Colour) -> String {
    format!("{}: {}\n", colour.paint("1;33", "note"), shown(text))
}

/// The note on a catalogue that was found by its name.
pub(super) fn found_by_name(name: &str) -> String {
    format!("the catalogue {name} was found by its name")
}

/// The Pythons that a lock cannot serve; each reason once. In short those that differ only in the release of torch that has
/// wheels for a Python are one.
fn left_out(all: &[(Python, String)], is_short: bool, colour: Colour) -> String {
    let head = |why: &str| why.split_once(RELEASES).filter(|_| is_short).map_or(why, |(head, _)| head).to_owned();
    let each = grouped(all.iter().map(|one| (head(&one.1), one))).into_iter().map(|(head, alike)| {
        let pythons = spoken_pythons(&alike.iter().map(|(python, _)| *python).collect::<Vec<_>>());
        let same = alike.first().map(|(_, why)| why).filter(|why| alike.iter().all(|(_, other)| other == *why));
        note(&format!("left out {pythons}: {}", same.unwrap_or(&head)), colour)
    });
    each.collect()
}

fn left_out_json(all: &[(Python, String)]) -> Vec<Value> {
    all.iter().map(|(python, why)| json!({ "python": python.to_string(), "why": why })).collect()
}

fn sentence(change: &Change, all: &[Python]) -> String {
    let mut text = change.package.clone();
    match (&change.from, &change.to) {
        (Some(from), Some(to)) if from != to => {
            let _ = write!(text, " {from} -> {to}");
        }
        (_, Some(version)) | (Some(version), None) => {
            let _ = write!(text, " {version}");
        }
        (None, None) => {}
    }
    if let Some(why) = &change.why {
        let _ = write!(text, ": {why}");
    }
    let mut notes = Vec::new();
    if change.pythons != all {
        notes.push(spoken_pythons(&change.pythons));
    }
    if let Some(source) = &change.source {
        let strong = || format!("digest recorded by {} projects", source.seen);
        let recorded = weakness(source).map_or_else(strong, str::to_owned);
        notes.push(format!("{} catalogue, {}, {recorded}", source.catalogue, source.index));
        notes.extend(source.overrides.as_ref().map(|reason| format!("overrides another catalogue: {reason}")));
    }
    if !notes.is_empty() {
        let _ = write!(text, " ({})", notes.join("; "));
    }
    text
}

/// The evidence for a digest, if it is weak.
fn weakness(source: &DigestSource) -> Option<&'static str> {
    match source.seen {
        0 if source.computed => Some("digest computed from the file"),
        0 => Some("digest known from the index only"),
        1 => Some("digest recorded by only 1 project"),
        _ => None,
    }
}

/// The difference between two texts, as `diff -u` shows it.
pub(super) fn diff(old: &str, new: &str, before: &str, after: &str) -> String {
    let diff = similar::TextDiff::from_lines(before, after);
    diff.unified_diff().header(old, new).to_string()
}
