//! A requirements file with the lines of a plan put into it: every other line keeps its bytes.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::PackageName;

use super::lines::Writer;
use super::{Style, header};
use crate::constraint::Constraint;
use crate::error::{Code, Error, Problem, Result};
use crate::lock::requirements::{GlobalOption, LineEdits, LineKind, RequirementsFile, without_hashes};
use crate::lock::{Entry, Lock, Origin};
use crate::marker::{Condition, Extras};
use crate::pin::Pin;
use crate::plan::{Line, TargetPlan, View};
use crate::target::{Environment, Python};

/// Writes the file.
pub(super) fn write(file: &RequirementsFile, lock: &Lock, plan: &TargetPlan, style: &Style) -> Result<String> {
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
        let entry = &file.entries[requirement.entry];
        if lines.iter().any(|(_, line)| line.pin.as_ref().is_some_and(|pin| says_more(pin, entry, style))) {
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
    problems.extend(moved_paths(file));
    if style.without_hashes {
        strip_hashes(file, &rewritten, &mut edits);
    } else {
        let left: BTreeSet<usize> = picked.difference(&rewritten).copied().collect();
        problems.extend(unhashed(file, &left, writer.view));
    }
    Error::unless_empty(problems)?;
    // A file that is right already keeps its header, and with it every byte.
    if style.header.is_some() && (!edits.is_empty() || file.header().is_none()) {
        edits.header(header(style, lock));
    }
    Ok(file.render(&edits))
}

/// False where a pin is the very URL that stands there and digests, which it would add, are not wanted.
fn says_more(pin: &Pin, entry: &Entry, style: &Style) -> bool {
    match (pin, &entry.origin) {
        (Pin::Url { url, .. }, Origin::Url(there)) => !style.without_hashes || url != there,
        (Pin::Url { .. } | Pin::Index { .. }, _) => true,
    }
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

/// Paths in a file that was included from another folder: pip reads them relative to the file they stand in, and the
/// output is one file in the first one's place.
fn moved_paths(file: &RequirementsFile) -> Vec<Problem> {
    let folder = |name: &str| name.rfind(['/', '\\']).map_or("", |at| &name[..at]).to_owned();
    let Some(home) = file.sources.first().map(|source| folder(&source.name)) else { return Vec::new() };
    let mut problems = Vec::new();
    for line in &file.lines {
        let local = |origin: &Origin| matches!(origin, Origin::File(_) | Origin::Directory(_));
        let has_path = match &line.kind {
            LineKind::Constraints(_) => true,
            LineKind::Options(options) => {
                options.iter().any(|one| matches!(one, GlobalOption::FindLinks(path) if !path.contains("://")))
            }
            LineKind::Unnamed(unnamed) => local(&unnamed.origin),
            LineKind::Requirement(index) => file.entries.get(*index).is_some_and(|entry| local(&entry.origin)),
            LineKind::Blank | LineKind::Comment => false,
        };
        let Some(source) = file.sources.get(line.source).filter(|source| has_path && folder(&source.name) != home)
        else {
            continue;
        };
        let message = "this path would lead elsewhere: the file it stands in is taken over into one of another folder";
        let help = "put the included file beside the one that includes it";
        problems.push(Problem::new(Code::Unsupported, message).at(source, line.span).help(help));
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
                let versions = limit.versions.clone().map(Constraint::from);
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
