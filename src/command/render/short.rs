//! The summary of an output in a few lines: the family, then counts, then what to look at, then the file. It is made of
//! the same summary as the long form, which names every package.

use std::collections::{BTreeMap, BTreeSet};

use super::{Colour, WIDTH, downloads, found, learned, left_out, sentence, warnings, weakness};
use crate::catalog::is_torch;
use crate::command::grouped;
use crate::packaging::target::Python;
use crate::report::error::spoken_pythons;
use crate::report::{Action, Change, FileStatus, Summary};
use crate::text::shown;

/// So many are named; the others are counted.
const NAMED: usize = 3;

/// The summary of each target of an output. If there are others, each says what it is.
pub(crate) fn short(all: &[Summary], status: &FileStatus, is_alone: bool, colour: Colour) -> String {
    let each = all.iter().map(|one| {
        let heading = if is_alone && all.len() == 1 { String::new() } else { heading(one, colour) };
        heading + &learned(&one.learned, colour) + &lines(one, colour) + &notes(one, colour)
    });
    each.collect::<String>() + &ending(all, status, true, colour)
}

/// The target: `docker: linux-x86_64, cu118, CPython 3.10`.
pub(super) fn heading(summary: &Summary, colour: Colour) -> String {
    let name = summary.name.as_ref().map(|name| format!("{}: ", shown(name))).unwrap_or_default();
    let backend = summary.backend.map_or_else(|| "builds as locked".to_owned(), |backend| backend.to_string());
    let target = format!("{name}{}, {backend}, {}", summary.platform, spoken_pythons(&summary.pythons));
    format!("{}\n", colour.paint("1", &target))
}

/// The status of the output: `wrote requirements.txt (49 packages, CPython 3.11, 4.1 GB to download)`. The size
/// has a line of its own where a part of it is not known, or where it does not fit.
pub(super) fn ending(all: &[Summary], status: &FileStatus, has_sizes: bool, colour: Colour) -> String {
    let (what, download) = match all {
        [one] => {
            let packages =
                if one.packages == 1 { "1 package".to_owned() } else { format!("{} packages", one.packages) };
            let download = downloads::in_short(&one.downloads).filter(|_| has_sizes);
            (format!("{packages}, {}", spoken_pythons(&one.pythons)), download)
        }
        several => (format!("{} targets", several.len()), None),
    };
    let (code, word, file) = match status {
        FileStatus::Printed => ("", "", None),
        FileStatus::Written(file) => ("1;32", "wrote", Some(file)),
        FileStatus::Unchanged(file) => ("2", "unchanged", Some(file)),
        FileStatus::Shown(file) => ("1;33", "would write", Some(file)),
    };
    let line = |word: &str, what: &str| match file {
        None => what.to_owned(),
        Some(file) => format!("{word} {} ({what})", shown(file)),
    };
    let whole = download.as_ref().map_or_else(|| what.clone(), |short| format!("{what}, {} to download", short.text));
    match download {
        Some(short) if !short.is_known || line(word, &whole).chars().count() > WIDTH => {
            format!("{}\nto download: {}\n", line(&colour.paint(code, word), &what), short.text)
        }
        Some(_) | None => format!("{}\n", line(&colour.paint(code, word), &whole)),
    }
}

fn lines(summary: &Summary, colour: Colour) -> String {
    let line = |code: &str, head: &str, rest: &str| format!("{} {}\n", colour.paint(code, head), shown(rest));
    let of = |action| summary.changes.iter().filter(move |change| change.action == action);
    let mut text = String::new();
    for change in torch_first(of(Action::Swapped).collect()) {
        // A release may have the same number in both builds.
        let other = change.source.as_ref().filter(|_| change.from == change.to);
        let why = change.why.clone().or_else(|| Some(format!("now the wheel of {}", other?.index)));
        let change = sentence(&Change { source: None, why, ..change.clone() }, &summary.pythons);
        let (name, versions) = change.split_once(' ').unwrap_or((&change, ""));
        text += &line("1", name, versions);
    }
    let repinned: Vec<&Change> = of(Action::Repinned).collect();
    if !repinned.is_empty() {
        text += &line("32", Action::Repinned.as_str(), &names(&by_group(&repinned, &summary.pythons)));
    }
    let counts = |sign, code, actions: &[Action]| {
        let changes: Vec<&Change> = actions.iter().copied().flat_map(of).collect();
        let sign = colour.paint(code, sign);
        let all: Vec<String> =
            by_group(&changes, &summary.pythons).iter().map(|one| format!("{sign}{}", shown(one))).collect();
        (!all.is_empty()).then(|| names(&all))
    };
    let counts = [counts("+", "32", &[Action::Added, Action::Included]), counts("-", "31", &[Action::Removed])];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    if !counts.is_empty() {
        text += &format!("{}\n", counts.join(", "));
    }
    for (code, action) in
        [("2", Action::Kept), ("33", Action::Unproven), ("1;33", Action::Unswapped), ("33", Action::NotEmitted)]
    {
        // A package for another build than torch's may fail when it runs.
        let head = if action == Action::Unswapped { "warning:" } else { action.as_str() };
        for reason in by_reason(&of(action).collect::<Vec<_>>(), &summary.pythons) {
            text += &line(code, head, &reason);
        }
    }
    for (what, packages) in witnesses(&summary.changes) {
        text += &line("33", &format!("{what}:"), &packages);
    }
    for (package, reason) in overrides(&summary.changes) {
        text += &line("33", "overrides another catalogue:", &format!("{package}: {reason}"));
    }
    text
}

fn notes(summary: &Summary, colour: Colour) -> String {
    warnings(summary, colour) + &left_out(&summary.left_out, true, colour) + &found(&summary.found, colour)
}

/// Torch leads its family.
fn torch_first(mut changes: Vec<&Change>) -> Vec<&Change> {
    changes.sort_by_key(|change| !is_of_torch(change));
    changes
}

fn is_of_torch(change: &Change) -> bool {
    change.package.parse().is_ok_and(|name| is_torch(&name))
}

/// The change of a package, without the reasons.
fn bare(change: &Change, all: &[Python]) -> String {
    sentence(&Change { why: None, source: None, ..change.clone() }, all)
}

/// Packages, those of a group counted: `11 nvidia-*-cu11`, `triton 3.3.1`.
fn by_group(changes: &[&Change], pythons: &[Python]) -> Vec<String> {
    let mut groups: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for change in changes {
        if let Some(group) = &change.group {
            groups.entry(group).or_default().insert(&change.package);
        }
    }
    groups.retain(|_, packages| packages.len() > 1);
    let is_counted = |change: &Change| change.group.as_deref().is_some_and(|group| groups.contains_key(group));
    let counted = groups.iter().map(|(group, packages)| format!("{} {group}", packages.len()));
    // Torch is never behind "and 3 more".
    let (torch, others): (Vec<&Change>, Vec<&Change>) =
        changes.iter().filter(|change| !is_counted(change)).partition(|change| is_of_torch(change));
    let each = |changes: Vec<&Change>| changes.into_iter().map(|change| bare(change, pythons)).collect::<Vec<_>>();
    each(torch).into_iter().chain(counted).chain(each(others)).collect()
}

/// The packages that stay or are left out, grouped by reason.
fn by_reason<'c>(changes: &[&'c Change], pythons: &[Python]) -> Vec<String> {
    let why = |change: &'c Change| change.shared_why.or(change.why.as_deref()).unwrap_or_default();
    let reasons = grouped(torch_first(changes.to_vec()).into_iter().map(|change| (why(change), change)));
    let line = |(why, all): &(&str, Vec<&Change>)| {
        // Words for several do not fit one.
        let why = all.first().filter(|_| all.len() == 1).and_then(|one| one.why.as_deref()).unwrap_or(why);
        format!("{}: {why}", names(&by_group(all, pythons)))
    };
    reasons.iter().map(line).collect()
}

/// The packages that rest on one witness, or on none but the index.
fn witnesses(changes: &[Change]) -> Vec<(&'static str, String)> {
    let mut weak: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for change in changes {
        let Some(source) = &change.source else { continue };
        let Some(strength) = weakness(source) else { continue };
        let named = weak.entry(strength).or_default();
        if !named.contains(&change.package) {
            named.push(change.package.clone());
        }
    }
    weak.into_iter().map(|(strength, packages)| (strength, names(&packages))).collect()
}

/// The packages of which a project's row counts instead of another catalogue's, and why.
fn overrides(changes: &[Change]) -> BTreeSet<(&str, &str)> {
    let each = changes
        .iter()
        .filter_map(|change| Some((change.package.as_str(), change.source.as_ref()?.overrides.as_deref()?)));
    each.collect()
}

/// The first of some, and how many there are beside them.
fn names(all: &[String]) -> String {
    match all.get(..NAMED) {
        // One more is as short as to say that there is one more.
        Some(first) if all.len() > NAMED + 1 => format!("{} and {} more", first.join(", "), all.len() - NAMED),
        Some(_) | None => all.join(", "),
    }
}
