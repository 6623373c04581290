//! A plan as edits of a `poetry.lock`: entries get other versions, files, sources and requirements; entries are added and
//! taken out; every byte outside of that stays, the `content-hash` and the header comment among them.
//!
//! For one target an entry is changed in its place. Where its wheel differs by Python, it becomes one entry for each, with
//! markers that exclude each other. For several targets the changed entries carry the marker of their platform, and the
//! locked one stays for every other platform. Only locks of version 2.1 have markers on entries; in older ones there is
//! one target, and one wheel for each package.

mod blocks;
mod bringing;
mod impossible;
mod markers;
mod outside;
mod pylock;
mod reach;
mod renamed;
mod uv;
mod wheels;

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::PackageName;

use super::Style;
use super::coverage::both;
use super::entry::{self, NewEntry, NewNeed};
use super::guards::Guards;
use crate::catalog::pin::Pin;
use crate::lock::poetry::{LockVersion, PoetryBlock, PoetryLock};
use crate::lock::{Choice, Lock, PassedOver};
use crate::packaging::target::{Environment, Platform, Python};
use crate::plan::{Decision, Replacement, TargetPlan, What};
use crate::report::error::{Code, Error, Problem, Result};
use crate::text::Patch;

use impossible::{by_python, impossible};
use markers::{marker, rest};
use reach::{Needed, Node, reach};
use renamed::Renamed;

pub(super) use pylock::pylock;
pub(super) use uv::uv;

/// The places where something holds: index of the target, and the Python.
type TargetPythons = BTreeSet<(usize, Python)>;

/// The decisions on one entry, and their places.
#[derive(Default)]
struct EntryUses {
    /// Something else takes its place.
    replaced: BTreeMap<Replacement, TargetPythons>,
    /// It stays.
    kept: TargetPythons,
    /// It stays, but only now it is selected.
    included: TargetPythons,
    /// Nothing needs it.
    gone: TargetPythons,
}

impl EntryUses {
    fn changes_for(&self, target: usize) -> bool {
        let mut places = self.replaced.values().flatten().chain(&self.gone);
        places.any(|(at, _)| *at == target)
    }
}

/// The decision for a Python of a target, which is given by its index.
pub(super) type EnvironmentDecision = (usize, Python, Decision);

/// The lock's text after the plans of one target or several, and the entries that are now in more groups.
///
/// # Errors
/// If the lock is too old for what is asked, or two targets want different builds on one platform.
pub(super) fn poetry(
    lock: &Lock,
    poetry: &PoetryLock,
    plans: &[TargetPlan],
    choices: &[Choice],
    style: &Style,
) -> Result<(String, Vec<EnvironmentDecision>)> {
    Error::unless_empty(impossible(poetry, plans, choices))?;
    let blocks = poetry.layout()?;
    let uses = uses(poetry.entries.len(), plans);
    let outside = outside::outside(poetry, &blocks, plans, &uses);
    let apart = outside.keys().copied().filter(|index| !uses[*index].replaced.is_empty()).collect();
    let elsewhere = elsewhere(lock, plans, choices);
    let stay = outside.keys().chain(&elsewhere).copied().collect();
    let mut writer = PoetryRewriter {
        poetry,
        blocks: &blocks,
        plans,
        wants: wants(plans),
        needed: reach(poetry, &blocks, plans, &apart),
        gone: gone(poetry, plans, &uses, &stay),
        elsewhere,
        outside,
        renamed: Renamed::of(poetry, plans, &uses, &stay),
        stubs: style.stubs.as_deref().unwrap_or_default(),
        patch: Patch::default(),
    };
    let mut problems = Vec::new();
    for (index, uses) in uses.into_iter().enumerate() {
        if let Err(problem) = writer.entry(index, uses) {
            problems.push(problem.at(&lock.sources()[0], poetry.entries[index].at.span));
        }
    }
    Error::unless_empty(problems)?;
    writer.added();
    Ok((applied(&writer.patch, &poetry.source.text)?, included(poetry, &writer.needed)))
}

/// The text of a lock with all edits made.
fn applied(patch: &Patch, text: &str) -> Result<String> {
    patch.apply(text).map_err(|error| Problem::new(Code::Inconsistent, error.to_string()).into())
}

/// A value; `None`: there is none, and its problems are added to others.
fn noted<T>(result: Result<T>, problems: &mut Vec<Problem>) -> Option<T> {
    result.map_err(|error| problems.extend(error.into_problems())).ok()
}

/// Entries that stay as they are, but for which others ask now in more groups.
fn included(poetry: &PoetryLock, needed: &BTreeMap<Node, Needed>) -> Vec<EnvironmentDecision> {
    let mut decided = Vec::new();
    for (node, needed) in needed {
        let Node::Entry(index) = node else { continue };
        let entry = &poetry.entries[*index];
        for ((target, python), because) in &needed.because {
            let what = What::Included(because.iter().cloned().collect());
            let decision = Decision { name: entry.name.clone(), from: entry.version.clone(), what };
            decided.push((*target, *python, decision));
        }
    }
    decided
}

/// Entries that a platform without a target selects. A single target is meant for every platform.
fn elsewhere(lock: &Lock, plans: &[TargetPlan], choices: &[Choice]) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    if plans.len() < 2 {
        return found;
    }
    let everything = Choice::everything();
    let others = Platform::ALL.into_iter().filter(|one| plans.iter().all(|plan| plan.target.platform != *one));
    for platform in others {
        for python in lock.pythons(platform) {
            for choice in choices.iter().chain([&everything]) {
                // What cannot be selected there has nothing to lose.
                let selection = lock.select(choice, Environment { platform, python }).unwrap_or_default();
                found.extend(selection.packages.iter().map(|package| package.entry));
            }
        }
    }
    found
}

/// The uses of each entry under each Python of each target.
fn uses(entries: usize, plans: &[TargetPlan]) -> Vec<EntryUses> {
    let mut uses: Vec<EntryUses> = (0..entries).map(|_| EntryUses::default()).collect();
    for (target, plan) in plans.iter().enumerate() {
        for (environment, selection) in plan.environments.iter().zip(&plan.selections) {
            let here = (target, environment.environment.python);
            let selected: BTreeSet<usize> = selection.packages.iter().map(|package| package.entry).collect();
            let mut found = BTreeSet::new();
            for line in &environment.lines {
                let Some((index, used)) = line.entry.and_then(|index| Some((index, uses.get_mut(index)?))) else {
                    continue;
                };
                found.insert(index);
                if let Some(replacement) = &line.replacement {
                    used.replaced.entry(replacement.clone()).or_default().insert(here);
                } else {
                    used.kept.insert(here);
                    if !selected.contains(&index) {
                        used.included.insert(here);
                    }
                }
            }
            for index in selected.difference(&found) {
                uses[*index].gone.insert(here);
            }
            // A package that installers put beside an entry is removed and stays with it: that is as it was locked.
            for PassedOver { entry, instead } in &selection.passed_over {
                if !uses[*instead].kept.contains(&here) {
                    uses[*entry].gone.insert(here);
                }
            }
        }
    }
    uses
}

/// By name and version: what a package needs that the lock did not give before, and where.
type Wants = BTreeMap<String, BTreeMap<PackageName, TargetPythons>>;

fn wants(plans: &[TargetPlan]) -> Wants {
    let mut wants = Wants::new();
    for (target, plan) in plans.iter().enumerate() {
        for environment in &plan.environments {
            for (name, choice) in &environment.needed {
                for who in &choice.because {
                    let places = wants.entry(who.to_string()).or_default().entry(name.clone()).or_default();
                    places.insert((target, environment.environment.python));
                }
            }
        }
    }
    wants
}

/// The removed packages that a remaining wheel of the family was said to need.
fn gone(
    poetry: &PoetryLock,
    plans: &[TargetPlan],
    uses: &[EntryUses],
    stay: &BTreeSet<usize>,
) -> BTreeMap<PackageName, BTreeSet<String>> {
    let decisions = plans.iter().flat_map(|plan| &plan.environments).flat_map(|one| &one.decisions);
    let kept = decisions.filter(|decision| matches!(decision.what, What::Kept(_))).map(|decision| &decision.name);
    let stays = |(index, uses): &(usize, &EntryUses)| {
        uses.gone.is_empty() || !uses.kept.is_empty() || !uses.replaced.is_empty() || stay.contains(index)
    };
    let name = |index: usize| poetry.entries.get(index).map(|entry| entry.name.to_string());
    let left: BTreeSet<String> = uses.iter().enumerate().filter(stays).filter_map(|(index, _)| name(index)).collect();
    let gone: BTreeSet<String> = (0..uses.len()).filter_map(name).filter(|name| !left.contains(name)).collect();
    if gone.is_empty() { BTreeMap::new() } else { kept.map(|name| (name.clone(), gone.clone())).collect() }
}

struct PoetryRewriter<'a> {
    poetry: &'a PoetryLock,
    blocks: &'a [PoetryBlock],
    plans: &'a [TargetPlan],
    elsewhere: BTreeSet<usize>,
    wants: Wants,
    needed: BTreeMap<Node, Needed>,
    /// By name of a package of the family that stays: the removed packages that it needed.
    gone: BTreeMap<PackageName, BTreeSet<String>>,
    outside: BTreeMap<usize, Vec<Guards>>,
    renamed: Renamed,
    /// The folder of stubs.
    stubs: &'a str,
    patch: Patch,
}

impl PoetryRewriter<'_> {
    /// One entry of the lock: what it is where, and the edits that make it so.
    fn entry(&mut self, index: usize, uses: EntryUses) -> std::result::Result<(), Problem> {
        let EntryUses { replaced, kept, gone, included: _ } = uses;
        let Some(block) = self.blocks.get(index) else { return Ok(()) };
        let with_markers = self.poetry.version >= LockVersion::V2_1;
        let (elsewhere, outside) = (self.elsewhere.contains(&index), self.outside.get(&index));
        let stays = !kept.is_empty() || elsewhere || outside.is_some();
        let source = &self.poetry.source;
        if replaced.is_empty() && (gone.is_empty() || !with_markers || !stays) {
            if !gone.is_empty() && kept.is_empty() && outside.is_none() {
                self.patch.replace(block.span, "");
                return Ok(());
            }
            // Without markers, what is still needed somewhere stays: it does no harm where it is not.
            self.guards(index, block).put(source, block, |span| span, &mut self.patch);
            let is_plain = self.needed.get(&Node::Entry(index)).is_some_and(|needed| needed.is_plain);
            if let Some(span) = block.optional.filter(|_| is_plain) {
                self.patch.replace(span, "false");
            }
            self.renamed.edit(source, block, &mut self.patch);
            if !kept.is_empty() {
                entry::also_needs(source, block, &self.new_needs(index), &mut self.patch);
                if let Some(gone) = self.gone.get(&self.poetry.entries[index].name) {
                    entry::needs_no_more(source, block, gone, &mut self.patch);
                }
            }
            return Ok(());
        }
        let own = &self.poetry.entries[index].name;
        if let (Some(replacement), false, 1) = (replaced.keys().next(), stays, replaced.len())
            && (gone.is_empty() || !with_markers)
        {
            let is_renamed = replacement.name != *own;
            let text = entry::changed(source, block, replacement, is_renamed, &self.guards(index, block), self.stubs);
            if is_renamed {
                self.patch.replace(block.span, "");
                self.patch.insert(self.place(&replacement.name), text);
            } else {
                self.patch.replace(block.span, text);
            }
            return Ok(());
        }
        if !with_markers {
            return Err(by_python(&self.poetry.entries[index].name));
        }
        let mut texts = Vec::new();
        if stays {
            let mut taken: TargetPythons = replaced.values().flatten().copied().collect();
            taken.extend(gone);
            let mut there = outside.cloned().unwrap_or_default();
            if !kept.is_empty() || elsewhere {
                there.push(Guards::all(block, &rest(self.plans, &taken, &kept)));
            }
            let own = if outside.is_some() { Guards::of(block) } else { self.guards(index, block) };
            let text = entry::kept(source, block, &own.within(&there));
            texts.push((self.poetry.entries[index].version.clone(), String::new(), text));
        }
        let guards = self.guards(index, block);
        for (replacement, places) in &replaced {
            // An entry that is apart is only where it is needed as locked.
            let marker = marker(self.plans, places, true).filter(|_| outside.is_none() || replaced.len() > 1);
            let guards = guards.clone().and(marker.as_deref());
            let Replacement { name, pin, .. } = replacement;
            let text = entry::changed(source, block, replacement, name != own, &guards, self.stubs);
            if name != own {
                self.patch.insert(self.place(name), text);
                continue;
            }
            let url = if let Pin::Url { url, .. } = pin.as_ref() { url.clone() } else { String::new() };
            texts.push((Some(pin.version().clone()), url, text));
        }
        // Poetry's order of entries of one name: by version, then by source.
        texts.sort();
        self.patch.replace(block.span, texts.into_iter().map(|(_, _, text)| text).collect::<String>());
        Ok(())
    }

    /// The index at which an entry of a name is inserted: before the first one of a greater name, as Poetry sorts them,
    /// but behind the entry before, so that comments stay above the entry that they are said of.
    fn place(&self, name: &PackageName) -> usize {
        let first = self.blocks.first().map_or(0, |block| block.span.start);
        match self.poetry.entries.iter().position(|entry| entry.name > *name) {
            Some(index) => index.checked_sub(1).map_or(first, |last| self.blocks[last].span.end),
            None => self.blocks.last().map_or(self.poetry.source.text.len(), |block| block.span.end),
        }
    }

    /// The guards of an entry: where it is locked, and wherever something needs it. What others need as it is locked
    /// gets an entry of its own, which is only where something needs it.
    fn guards(&self, index: usize, block: &PoetryBlock) -> Guards {
        let apart = self.outside.contains_key(&index);
        let own = if apart { Guards::default() } else { Guards::of(block) };
        self.with_needed(own, &Node::Entry(index), apart)
    }

    fn with_needed(&self, guards: Guards, node: &Node, whole: bool) -> Guards {
        if self.poetry.version < LockVersion::V2_1 {
            return guards;
        }
        let needed = self.needed.get(node).into_iter().flat_map(|needed| &needed.guards);
        let each = needed.flat_map(|(group, markers)| markers.iter().map(move |(own, places)| (group, own, places)));
        each.fold(guards, |guards, (group, own, places)| {
            guards.or(group, both(own.clone(), marker(self.plans, places, whole).as_deref()))
        })
    }

    /// The requirements of an entry that stays, beyond those in the lock.
    fn new_needs(&self, index: usize) -> BTreeMap<String, NewNeed> {
        let entry = &self.poetry.entries[index];
        let version = entry.version.as_ref().map(ToString::to_string).unwrap_or_default();
        let wants = self.wants.get(&format!("{} {version}", entry.name));
        let mut selected =
            self.plans.iter().flat_map(|plan| &plan.selections).flat_map(|selection| &selection.packages);
        let without_extra = !selected.any(|package| package.entry == index && package.with_extras);
        let needs = wants.into_iter().flatten().map(|(name, places)| {
            let environments = self.plans.iter().flat_map(|plan| &plan.environments);
            let chosen = environments.filter_map(|environment| environment.needed.get(name));
            let extras = chosen.flat_map(|choice| choice.extras.clone()).collect();
            (name.to_string(), NewNeed { extras, marker: marker(self.plans, places, true), without_extra })
        });
        needs.collect()
    }

    /// New entries.
    fn added(&mut self) {
        let lines = self.plans.iter().flat_map(|plan| &plan.environments).flat_map(|environment| &environment.lines);
        let added: BTreeSet<&Replacement> =
            lines.filter(|line| line.entry.is_none()).filter_map(|line| line.replacement.as_ref()).collect();
        for replacement in added {
            let node = Node::New(replacement.clone());
            let Some(needed) = self.needed.get(&node) else { continue };
            let Some(like) = needed.by.first().and_then(|index| self.blocks.get(*index)) else { continue };
            let guards = self.with_needed(Guards::default(), &node, true);
            let new = NewEntry { replacement, guards, is_optional: !needed.is_plain };
            self.patch.insert(self.place(&replacement.name), entry::new(self.poetry, like, &new));
        }
    }
}

#[cfg(test)]
mod tests;
