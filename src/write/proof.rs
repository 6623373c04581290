//! The proof that a rewritten lock does what was planned, made before anything is written. What it finds is a mistake of
//! this program.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::pin::Pin;
use crate::lock::{Choice, Entry, Lock, LockedDigest, Selection};
use crate::packaging::target::{Environment, Python, Target};
use crate::packaging::wheel::WheelName;
use crate::plan::{self, EnvironmentPlan, Knowledge, Line, TargetPlan, Wanted, What};
use crate::report::error::{Code, Problem};

fn wrong(what: &str) -> Problem {
    let help = "nothing was written; please report this with the lock";
    Problem::new(Code::Inconsistent, format!("the rewritten lock would not do: {what}")).help(help)
}

/// A version and its digests.
type InstalledRelease = (String, BTreeSet<LockedDigest>);

/// The packages installed under each Python, by name.
type Installed = BTreeMap<(Python, String), InstalledRelease>;

fn installed(lock: &Lock, plan: &TargetPlan) -> Installed {
    let of = |line: &Line, environment: Environment| -> InstalledRelease {
        match (line.pin(), line.entry.and_then(|index| lock.entries().get(index))) {
            (Some(Pin::Url { version, sha256, .. }), _) => {
                (version.to_string(), [LockedDigest::Sha256(*sha256)].into())
            }
            (Some(Pin::Stub(stub)), _) => (stub.version.to_string(), [LockedDigest::Sha256(stub.sha256)].into()),
            (Some(Pin::Index { version, files, .. }), _) => {
                let files = files.iter().map(|(name, digest)| (Some(name), LockedDigest::Sha256(*digest)));
                (version.to_string(), digests(lock, files, environment))
            }
            (None, Some(entry)) => as_locked(lock, entry, environment),
            (None, None) => (String::new(), BTreeSet::new()),
        }
    };
    let each = plan.environments.iter().flat_map(|environment| {
        let here = environment.environment;
        environment.lines.iter().map(move |line| ((here.python, line.name.to_string()), of(line, here)))
    });
    each.collect()
}

fn as_locked(lock: &Lock, entry: &Entry, environment: Environment) -> InstalledRelease {
    let version = entry.version.as_ref().map(ToString::to_string).unwrap_or_default();
    let files = entry.files.iter().map(|file| (file.name, file.digest.clone()));
    (version, digests(lock, files, environment))
}

/// The digests that an entry admits on an environment. One entry of a pylock.toml has the wheels of all Pythons; there it
/// is the wheel that an installer takes.
fn digests<'f>(
    lock: &Lock,
    files: impl Iterator<Item = (Option<&'f str>, LockedDigest)>,
    environment: Environment,
) -> BTreeSet<LockedDigest> {
    // Reading the name of every file takes a third of a rewrite.
    if !lock.names_files() {
        return files.map(|(_, digest)| digest).collect();
    }
    let files: Vec<(Option<&str>, LockedDigest)> = files.collect();
    let fits = |name: Option<&str>| name?.parse::<WheelName>().ok()?.fit(environment);
    match files.iter().filter_map(|(name, digest)| Some((fits(*name)?, digest))).max() {
        Some((_, digest)) => [digest.clone()].into(),
        None => files.into_iter().map(|(_, digest)| digest).collect(),
    }
}

fn is_as_locked(plan: &TargetPlan, python: Python, name: &str) -> bool {
    let there = plan.environments.iter().filter(|one| one.environment.python == python);
    there.flat_map(|one| &one.lines).any(|line| line.pin().is_none() && line.name.as_ref() == name)
}

/// The differences between the new lock and the plan, and any change that a second run would make: a mistake of this
/// program, reported before anything is written.
pub fn differences(lock: &Lock, plans: &[TargetPlan], again: &Lock, second: &[TargetPlan]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut wrong = |what: String| problems.push(wrong(&what));
    for (plan, second) in plans.iter().zip(second) {
        let (planned, found) = (installed(lock, plan), installed(again, second));
        for ((python, name), what) in &planned {
            let now = found.get(&(*python, name.clone()));
            // A lock without groups selects by its graph: what only the old wheel needed is no longer reached.
            let unneeded = now.is_none() && again.selects_by_graph() && is_as_locked(plan, *python, name);
            if now != Some(what) && !unneeded {
                wrong(format!("{name} {} is not what CPython {python} gets", what.0));
            }
        }
        for (python, name) in found.keys().filter(|key| !planned.contains_key(*key)) {
            wrong(format!("{name} comes along for CPython {python}"));
        }
        let changes = second.environments.iter().flat_map(|one| &one.decisions).filter(|one| one.is_change());
        for decision in changes {
            wrong(format!("{} would be changed again", decision.name));
        }
    }
    problems
}

/// As [`differences`], for each group and for each extra by itself: Poetry installs them so, and by the groups and
/// markers of an entry alone it knows what belongs to which.
pub fn each_choice(lock: &Lock, plans: &[TargetPlan], again: &Lock, knowledge: &Knowledge<'_>) -> Vec<Problem> {
    let choices = lock.choices();
    let mut problems = Vec::new();
    for plan in plans {
        let planned = installed(lock, plan);
        problems.extend(elsewhere(lock, plan, again, &choices));
        for one in &plan.environments {
            let mut seen: BTreeSet<Vec<usize>> = BTreeSet::new();
            for (choice, what) in &choices {
                // What could not be had before is no loss.
                let Ok(old) = lock.select(choice, one.environment) else { continue };
                let found = again.select(choice, one.environment).map_err(|error| error.to_string());
                let different = found.and_then(|new| {
                    let entries =
                        |selection: &Selection| selection.packages.iter().map(|package| package.entry).collect();
                    let both: Vec<Vec<usize>> = vec![entries(&old), vec![usize::MAX], entries(&new)];
                    if !seen.insert(both.concat()) {
                        return Ok(());
                    }
                    same(lock, one, &planned, &old, again, &new)?;
                    if let Some(requirement) = unmet(again, &new).difference(&unmet(lock, &old)).next() {
                        return Err(format!("{requirement} is missing, which something needs"));
                    }
                    if is_involved(one, &old) { whole(again, choice, plan, one, knowledge) } else { Ok(()) }
                });
                problems.extend(different.err().map(|why| wrong(&format!("{what}: {why}"))));
            }
        }
    }
    problems
}

/// Under a Python that the plan does not serve, nothing is removed that is still needed there.
fn elsewhere(lock: &Lock, plan: &TargetPlan, again: &Lock, choices: &[(Choice, String)]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let platform = plan.target.platform;
    for python in lock.pythons(platform).into_iter().filter(|python| !plan.target.pythons.contains(python)) {
        let environment = Environment { platform, python };
        for (choice, what) in choices {
            let (Ok(old), Ok(new)) = (lock.select(choice, environment), again.select(choice, environment)) else {
                continue;
            };
            let had = names(lock, &old);
            let gone = unmet(again, &new).into_iter().filter(|name| had.contains(name));
            problems.extend(
                gone.map(|name| wrong(&format!("{what}: CPython {python} lacks {name}, which something needs"))),
            );
        }
    }
    problems
}

/// True if packages of the family are selected that the plan is about.
fn is_involved(plan: &EnvironmentPlan, selection: &Selection) -> bool {
    // What is added in the place of an entry is its build under another name.
    let is_family = |line: &&Line| {
        let mut of_name = plan.decisions.iter().filter(|one| one.name == line.name);
        of_name.any(|one| matches!(one.what, What::Swapped(_) | What::Kept(_) | What::Added(..)))
    };
    let members: BTreeSet<usize> = plan.lines.iter().filter(is_family).filter_map(|line| line.entry).collect();
    selection.packages.iter().any(|package| members.contains(&package.entry))
}

/// What is selected is as planned; where the plan is about something else, as locked, or what does as well.
fn same(
    lock: &Lock,
    plan: &EnvironmentPlan,
    planned: &Installed,
    old: &Selection,
    again: &Lock,
    new: &Selection,
) -> Result<(), String> {
    let (was, is) = (selected(lock, old, plan.environment), selected(again, new, plan.environment));
    let involved = is_involved(plan, old);
    for (name, what) in &is {
        let as_planned = planned.get(&(plan.environment.python, name.clone()));
        let expected = if involved { as_planned.or(was.get(name)) } else { was.get(name) };
        if expected != Some(what) && (involved || as_planned != Some(what) || !does(name, again, new)) {
            return Err(format!("{name} {} is not what was planned", what.0));
        }
    }
    match was.keys().find(|name| !involved && !is.contains_key(*name)) {
        Some(name) => Err(format!("{name} is missing")),
        None => Ok(()),
    }
}

fn names<'l>(lock: &'l Lock, selection: &Selection) -> BTreeSet<&'l str> {
    selection.packages.iter().map(|package| lock.entries()[package.entry].name.as_ref()).collect()
}

/// The names that are needed but not selected.
fn unmet<'l>(lock: &'l Lock, selection: &'l Selection) -> BTreeSet<&'l str> {
    let there = names(lock, selection);
    let needs = selection.packages.iter().flat_map(|package| package.needs.iter().flatten());
    needs.map(|(requirement, _)| requirement.name.as_ref()).filter(|name| !there.contains(name)).collect()
}

/// True if the selected release of a package is what all need that are selected with it.
fn does(name: &str, lock: &Lock, selection: &Selection) -> bool {
    let entries = selection.packages.iter().map(|package| &lock.entries()[package.entry]);
    let version = entries.filter(|entry| entry.name.as_ref() == name).find_map(|entry| entry.version.as_ref());
    let needs = selection.packages.iter().flat_map(|package| package.needs.iter().flatten());
    let mut needs = needs.filter(|(requirement, _)| requirement.name.as_ref() == name);
    version.is_none_or(|version| needs.all(|(requirement, _)| requirement.versions.admits(version)))
}

fn selected(lock: &Lock, selection: &Selection, environment: Environment) -> BTreeMap<String, InstalledRelease> {
    let entries = selection.packages.iter().map(|package| &lock.entries()[package.entry]);
    entries.map(|entry| (entry.name.to_string(), as_locked(lock, entry, environment))).collect()
}

/// Nothing is missing: a plan for the same target finds nothing to add. What only others need may be left.
fn whole(
    again: &Lock,
    choice: &Choice,
    plan: &TargetPlan,
    one: &EnvironmentPlan,
    knowledge: &Knowledge<'_>,
) -> Result<(), String> {
    let target = Target { pythons: vec![one.environment.python], ..plan.target.clone() };
    let second = plan::target(again, &Wanted { allow_none: true, ..Wanted::new(target, choice.clone()) }, knowledge)
        .map_err(|error| error.to_string())?;
    let mut decisions = second.environments.iter().flat_map(|one| &one.decisions);
    match decisions.find(|one| one.is_change() && one.what != What::Removed) {
        Some(decision) => Err(format!("{} would be changed again", decision.name)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
