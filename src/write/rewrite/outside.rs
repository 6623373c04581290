//! Entries outside of the chosen groups and extras: they keep what they were locked with.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::MarkerTree;

use super::super::coverage::is;
use super::super::guards::Guards;
use super::EntryUses;
use super::reach::guards;
use crate::lock::poetry::{PoetryBlock, PoetryLock};
use crate::plan::{EnvironmentPlan, TargetPlan};

/// For each entry that is removed or becomes another release: where others need it as it is locked. Without any, no place
/// has it any more.
///
/// Of another release one is enough for all, but for those that are never installed together with the family: extras
/// that exclude each other.
pub(super) fn outside(
    lock: &PoetryLock,
    blocks: &[PoetryBlock],
    plans: &[TargetPlan],
    uses: &[EntryUses],
) -> BTreeMap<usize, Vec<Guards>> {
    let mut found: BTreeMap<usize, Vec<Guards>> = BTreeMap::new();
    for (target, plan) in plans.iter().enumerate() {
        let there = (plans.len() > 1).then(|| is(plan.target.platform));
        for (index, by) in of_target(lock, blocks, (target, plan), uses) {
            let guards = by.into_iter().filter_map(|by| blocks.get(by)).map(Guards::of);
            found.entry(index).or_default().extend(guards.map(|guards| guards.and(there.as_deref())));
        }
    }
    found
}

/// By entry that changes for a target: the entries that need it and that the target does not choose.
fn of_target(
    lock: &PoetryLock,
    blocks: &[PoetryBlock],
    (target, plan): (usize, &TargetPlan),
    uses: &[EntryUses],
) -> BTreeMap<usize, BTreeSet<usize>> {
    let chosen: BTreeSet<usize> =
        plan.selections.iter().flat_map(|one| &one.packages).map(|package| package.entry).collect();
    let family: BTreeSet<usize> = plan.environments.iter().flat_map(family).collect();
    let changes = |index: usize| uses[index].changes_for(target) && !family.contains(&index);
    let there = overlap(blocks, &family);
    let counts = |by: usize, index: usize| !uses[index].gone.is_empty() || !there.contains(&by);
    // Who needs which of these, by entry.
    let mut edges: BTreeSet<(usize, usize)> = BTreeSet::new();
    for package in plan.selections.iter().flat_map(|one| one.packages.iter().chain(&one.unselected)) {
        for (requirement, _) in package.needs.iter().flatten() {
            let meets = |index: &usize| {
                let entry = &lock.entries[*index];
                entry.name == requirement.name
                    && entry.version.as_ref().is_none_or(|version| requirement.versions.admits(version))
            };
            edges.extend((0..uses.len()).filter(|one| changes(*one)).filter(meets).map(|index| (package.entry, index)));
        }
    }
    let mut open: Vec<(usize, usize)> = edges.iter().filter(|(by, _)| !chosen.contains(by)).copied().collect();
    let mut found: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    // Who needs an entry needs what that entry needs, too.
    while let Some((by, index)) = open.pop() {
        if counts(by, index) && found.entry(index).or_default().insert(by) {
            open.extend(edges.range((index, 0)..=(index, usize::MAX)).map(|(_, next)| (by, *next)));
        }
    }
    found
}

/// Entries of the family: what is swapped, and what stays although it needs other packages now.
fn family(plan: &EnvironmentPlan) -> impl Iterator<Item = usize> {
    let requirers: BTreeSet<&str> = plan.needed.values().flat_map(|choice| choice.requirers()).collect();
    let lines = plan.lines.iter().filter(|line| !plan.needed.contains_key(&line.name));
    lines
        .filter(move |line| line.pin().is_some() || requirers.contains(line.name.as_ref()))
        .filter_map(|line| line.entry)
}

/// Entries that can be installed together with one of the family.
fn overlap(blocks: &[PoetryBlock], family: &BTreeSet<usize>) -> BTreeSet<usize> {
    let trees = |block: &PoetryBlock| -> Vec<MarkerTree> { guards(block).into_iter().map(|(.., tree)| tree).collect() };
    let family: Vec<MarkerTree> = family.iter().filter_map(|index| blocks.get(*index)).flat_map(trees).collect();
    let meets = |block: &PoetryBlock| trees(block).iter().any(|one| family.iter().any(|other| !one.is_disjoint(other)));
    blocks.iter().enumerate().filter(|(_, block)| meets(block)).map(|(index, _)| index).collect()
}
