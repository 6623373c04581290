//! A requirements file with the lines of a plan put into it: every other line keeps its bytes.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::PackageName;

use super::coverage::Coverage;
use super::lines::{LineText, LineWriter};
use super::{Style, header};
use crate::catalog::pin::Pin;
use crate::lock::emit;
use crate::lock::requirements::{GlobalOption, LineEdits, LineKind, RequirementsFile, lock_command, without_hashes};
use crate::lock::{Entry, Lock, Origin, Position};
use crate::packaging::constraint::Constraint;
use crate::packaging::marker::Extras;
use crate::packaging::target::Environment;
use crate::plan::{Line, LockView, TargetPlan};
use crate::report::error::{Code, Error, Problem, Result};
use crate::text::is_size;

/// The places where each entry is selected, and its text in each place that keeps it.
#[derive(Default)]
struct EntryUse<'p> {
    picked: BTreeSet<Environment>,
    lines: Vec<(Environment, &'p Line)>,
}

impl EntryUse<'_> {
    /// True if some places lose it, but not all.
    fn is_removed_in_part(&self) -> bool {
        let kept = |here: &Environment| self.lines.iter().any(|(environment, _)| environment == here);
        !self.lines.is_empty() && !self.picked.iter().all(kept)
    }
}

/// Writes the file.
pub(super) fn write(file: &RequirementsFile, lock: &Lock, plans: &[TargetPlan], style: &Style) -> Result<String> {
    let mut writer = LineWriter { view: LockView::of(lock), style, fresh: false, problems: Vec::new() };
    let coverage = Coverage::of(plans);
    let mut uses: BTreeMap<usize, EntryUse<'_>> = BTreeMap::new();
    let mut added: BTreeMap<&PackageName, Vec<(Environment, &Line)>> = BTreeMap::new();
    for plan in plans {
        for (environment, selection) in plan.environments.iter().zip(&plan.selections) {
            let here = environment.environment;
            for package in selection.packages.iter().chain(selection.unemitted.iter().map(|(package, _)| package)) {
                uses.entry(package.entry).or_default().picked.insert(here);
            }
            for line in &environment.lines {
                match line.entry {
                    Some(index) => uses.entry(index).or_default().lines.push((here, line)),
                    None => added.entry(&line.name).or_default().push((here, line)),
                }
            }
        }
    }
    let mut edits = LineEdits::default();
    let mut rewritten: BTreeSet<usize> = BTreeSet::new();
    let mut after = None;
    for group in groups(file, &uses, plans.len() > 1) {
        let is_changed = |index: &usize| {
            let (used, entry) = (&uses[index], &file.entries[*index]);
            let named: Extras = file.requirements[*index].extras.iter().cloned().collect();
            let says_else = |(_, line): &(_, &Line)| match line.pin() {
                Some(pin) => says_more(pin, entry, style),
                None => line.extras != named,
            };
            let is_loose = || {
                let (requirement, exact) = (&file.requirements[*index], style.equals(&entry.name));
                let text = || file.text(&file.lines[requirement.line]);
                exact != "==" && requirement.pinned && entry.version.is_some() && !text().contains(exact)
            };
            used.is_removed_in_part() || used.lines.iter().any(says_else) || (!used.lines.is_empty() && is_loose())
        };
        if !group.iter().any(is_changed) {
            for index in group.iter().filter(|index| uses[index].lines.is_empty()) {
                edits.remove(file.requirements[*index].line);
                rewritten.insert(*index);
            }
            continue;
        }
        let lines: Vec<(Environment, &Line)> = group.iter().flat_map(|index| uses[index].lines.clone()).collect();
        let mut texts: BTreeMap<usize, Vec<LineText<'_>>> = BTreeMap::new();
        for (text, entry) in writer.merge(&lines, &coverage) {
            texts.entry(entry.unwrap_or(group[0])).or_default().push(text);
        }
        for index in group {
            let requirement = &file.requirements[index];
            let mut texts = texts.remove(&index).unwrap_or_default();
            let notes = without_size(file.notes(requirement));
            if let Some(last) = texts.last_mut() {
                last.size = last.size.filter(|_| notes.is_empty() || notes.starts_with(['\r', '\n']));
                after = Some(requirement.line);
            }
            let mut texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
            if let Some(last) = texts.last_mut() {
                last.push_str(notes);
            }
            edits.replace(requirement.line, texts);
            rewritten.insert(index);
        }
    }
    for (name, lines) in added {
        for (text, _) in writer.merge(&lines, &coverage) {
            edits.insert(name.clone(), text.to_string(), after);
        }
    }
    let has_links = |folder: &&String| file.options.contains(&GlobalOption::FindLinks((*folder).clone()));
    if let Some(folder) = style.stubs.as_ref().filter(|folder| !has_links(folder)) {
        edits.option(format!("--find-links {folder}"));
    }
    let nameless: BTreeSet<usize> = unemitted(file, style).collect();
    for index in &nameless {
        edits.remove(*index);
    }
    let picked: BTreeSet<usize> = uses.keys().copied().collect();
    let mut problems = std::mem::take(&mut writer.problems);
    problems.extend(limits(file, plans));
    problems.extend(moved_paths(file, style));
    if style.without_hashes {
        strip_hashes(file, &rewritten, &nameless, &mut edits);
    } else {
        let left: BTreeSet<usize> = picked.difference(&rewritten).copied().collect();
        problems.extend(unhashed(file, &left, &nameless, writer.view));
    }
    Error::unless_empty(problems)?;
    // A file that is right already keeps its header, and with it every byte.
    if style.header.is_some() && (!edits.is_empty() || file.header().is_none()) {
        edits.header(header(style, lock)?);
    }
    Ok(file.render(&edits))
}

/// The requirements that are changed together or not at all, in file order: each by itself; for several targets all that
/// name one package, because then their markers must part the platforms among them.
fn groups(file: &RequirementsFile, uses: &BTreeMap<usize, EntryUse<'_>>, by_name: bool) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut known: BTreeMap<&PackageName, usize> = BTreeMap::new();
    for index in file.requirements.iter().map(|one| one.entry).filter(|index| uses.contains_key(index)) {
        match known.get(&file.entries[index].name).filter(|_| by_name) {
            Some(at) => groups[*at].push(index),
            None => {
                known.insert(&file.entries[index].name, groups.len());
                groups.push(vec![index]);
            }
        }
    }
    groups
}

/// The comments of a line without the size of the file that it named, which was another one.
fn without_size(notes: &str) -> &str {
    let (first, _) = notes.split_at(notes.find(['\r', '\n']).unwrap_or(notes.len()));
    let is_size = first.trim().strip_prefix("# ").is_some_and(is_size);
    if is_size { &notes[first.len()..] } else { notes }
}

/// False where a pin is the very URL that is there and digests, which it would add, are not wanted.
fn says_more(pin: &Pin, entry: &Entry, style: &Style) -> bool {
    match (pin, &entry.origin) {
        (Pin::Url { url, .. }, Origin::Url(there)) => !style.without_hashes || url != there,
        (Pin::Url { .. } | Pin::Index { .. } | Pin::Stub(_), _) => true,
    }
}

/// The lines without a name that are left out.
fn unemitted(file: &RequirementsFile, style: &Style) -> impl Iterator<Item = usize> {
    file.unnamed().filter(|(_, unnamed)| style.no_emit.why(None, &unnamed.origin).is_some()).map(|(index, _)| index)
}

/// Takes the digests off every line that is not rewritten anyway.
fn strip_hashes(
    file: &RequirementsFile,
    rewritten: &BTreeSet<usize>,
    nameless: &BTreeSet<usize>,
    edits: &mut LineEdits,
) {
    for (index, line) in file.lines.iter().enumerate() {
        let untouched = match &line.kind {
            LineKind::Requirement(entry) => !rewritten.contains(entry),
            LineKind::Unnamed(_) => !nameless.contains(&index),
            LineKind::Blank | LineKind::Comment | LineKind::Options(_) | LineKind::Constraints => false,
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
fn unhashed(
    file: &RequirementsFile,
    entries: &BTreeSet<usize>,
    nameless: &BTreeSet<usize>,
    view: LockView<'_>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let bare: Vec<usize> = file.unhashed().map(|one| one.entry).filter(|entry| entries.contains(entry)).collect();
    let help = if file.is_compiled() {
        "make the file with digests (poetry export, pip-compile --generate-hashes, uv export), \
         or write none at all: --without-hashes"
            .to_owned()
    } else {
        format!(
            "make the file with digests (poetry export and uv export write them), or a lock of it: {}; or write none at \
             all: --without-hashes",
            lock_command(file.sources.first().map_or("", |source| source.name.as_str()))
        )
    };
    if bare.len() > 1 && !file.has_hashes() {
        let name = file.sources.first().map_or("the file", |source| source.name.as_str());
        let message = format!("{name} has no digests; pip wants digests for every line or for none");
        return vec![Problem::new(Code::NoDigest, message).help(help)];
    }
    for requirement in file.requirements.iter().filter(|one| bare.contains(&one.entry)) {
        let entry = &file.entries[requirement.entry];
        let name = &entry.name;
        let (code, message) = if entry.editable {
            (Code::NotPinnable, format!("{name} is installed from a folder (-e), which has no digest"))
        } else if requirement.pinned {
            (Code::NoDigest, format!("{name} has no digest; pip wants digests for every line or for none"))
        } else {
            (Code::Unpinned, format!("{name} is not pinned to one version, and has no digest"))
        };
        let help = if matches!(entry.origin, Origin::Index(_)) {
            help.clone()
        } else {
            format!("{}, or {help}", emit::help(entry))
        };
        problems.push(view.point(Problem::new(code, message).help(help), requirement.entry));
    }
    for (index, unnamed) in file.unnamed().filter(|(index, _)| !nameless.contains(index)) {
        if unnamed.digests.is_empty() {
            let line = &file.lines[index];
            let local = matches!(unnamed.origin, Origin::Directory(_) | Origin::File(_));
            let help = if local {
                format!("leave it out (--no-emit-local) and install it beside the output, or {help}")
            } else {
                help.clone()
            };
            let problem = Problem::new(Code::NotPinnable, "this line names no package and has no digest").help(help);
            problems.push(file.point(problem, Position { source: line.source, span: line.span }));
        }
    }
    problems
}

/// Paths in a file that was included from another folder: pip reads them relative to the file they are in, and the
/// output is one file in the first one's place.
fn moved_paths(file: &RequirementsFile, style: &Style) -> Vec<Problem> {
    let folder = |name: &str| name.rfind(['/', '\\']).map_or("", |at| &name[..at]).to_owned();
    let Some(home) = file.sources.first().map(|source| folder(&source.name)) else { return Vec::new() };
    let mut problems = Vec::new();
    for line in &file.lines {
        let emitted = |name, origin: &Origin| style.no_emit.why(name, origin).is_none();
        let local =
            |name, origin: &Origin| matches!(origin, Origin::File(_) | Origin::Directory(_)) && emitted(name, origin);
        let has_path = match &line.kind {
            LineKind::Constraints => true,
            LineKind::Options(options) => {
                options.iter().any(|one| matches!(one, GlobalOption::FindLinks(path) if !path.contains("://")))
            }
            LineKind::Unnamed(unnamed) => local(None, &unnamed.origin),
            LineKind::Requirement(index) => {
                file.entries.get(*index).is_some_and(|entry| local(Some(&entry.name), &entry.origin))
            }
            LineKind::Blank | LineKind::Comment => false,
        };
        let Some(source) = file.sources.get(line.source).filter(|source| has_path && folder(&source.name) != home)
        else {
            continue;
        };
        let message = "this path would lead elsewhere: the file that has it is taken over into one of another folder";
        let help = "put the included file beside the one that includes it";
        problems.push(Problem::new(Code::Unsupported, message).at(source, line.span).help(help));
    }
    problems
}

/// Pins that a constraints file (`-c`) does not allow: pip would refuse the output.
fn limits(file: &RequirementsFile, plans: &[TargetPlan]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for environment in plans.iter().flat_map(|plan| &plan.environments) {
        for line in &environment.lines {
            let Some(pin) = line.pin() else { continue };
            for limit in file.limits(environment.environment).filter(|limit| limit.name == line.name) {
                let versions = limit.versions.clone().map(Constraint::from);
                if versions.is_some_and(|versions| !versions.admits(pin.version())) {
                    let message = format!("{} {} is not allowed by this constraint", line.name, pin.version());
                    let problem = Problem::new(Code::Unmet, message).help("remove the line from the constraints file");
                    problems.push(file.point(problem, limit.at));
                }
            }
        }
    }
    problems
}
