//! The decisions of a plan put together into lines.

use std::collections::BTreeMap;
use std::rc::Rc;

use pep508_rs::PackageName;

use super::closure::{Provider, Resolution, Resolved};
use super::family::{FamilyDecision, FamilyPackage};
use super::shared::KeptPackage;
use super::{
    Decision, EnvironmentPlan, Kept, Line, Planner, Replacement, What, companions, cudas, emit, family, shared,
    unproven,
};
use crate::catalog::is_torch;
use crate::catalog::pin::Pin;
use crate::lock::Entry;
use crate::packaging::marker::{Condition, Extras};
use crate::report::Missing;

/// Lines and decisions in the making.
struct Assembly<'a> {
    planner: &'a Planner<'a>,
    decisions: Vec<Decision>,
    /// The replacements of selected packages.
    replacements: BTreeMap<usize, Replacement>,
    /// The condition and extras under which a selected package is needed besides.
    widened: BTreeMap<usize, (Condition, Extras)>,
    added: Vec<Line>,
    unproven: Vec<Missing>,
}

/// Puts the decisions together into lines.
pub(super) fn assemble(
    planner: &Planner<'_>,
    members: Vec<FamilyPackage>,
    chosen: Resolution,
    removed: &[usize],
) -> EnvironmentPlan {
    let Planner { view, selection, request, .. } = *planner;
    let torch = members.iter().find(|member| is_torch(&member.name));
    let torch = torch.and_then(|torch| companions::built(torch, request.backend));
    let (kept, unproven): (Vec<Decision>, Vec<Option<Missing>>) =
        unproven::libraries(planner, &chosen).into_iter().unzip();
    let mut decisions = companions::decisions(view, selection, companions::misfits(planner, &members), removed);
    decisions.extend(kept);
    let mut assembly = Assembly {
        planner,
        decisions,
        replacements: BTreeMap::new(),
        widened: BTreeMap::new(),
        added: Vec::new(),
        unproven: unproven.into_iter().flatten().collect(),
    };
    let kept: Vec<KeptPackage> = members.iter().filter_map(|member| KeptPackage::of(member, selection)).collect();
    for member in members {
        assembly.member(member);
    }
    for (name, choice) in &chosen {
        assembly.resolved(name, choice);
    }
    let mut lines: Vec<Line> =
        (0..selection.packages.len()).filter_map(|index| assembly.line(index, removed.contains(&index))).collect();
    for (package, why) in &selection.unemitted {
        let entry = &view.entries[package.entry];
        assembly.decide(entry, What::NotEmitted(why.clone(), emit::install(entry)));
    }
    // Both parts are sorted already, or nearly.
    lines.append(&mut assembly.added);
    if request.shares_libraries {
        lines.iter_mut().for_each(|line| shared::unasked(line, &kept, &chosen, request.environment));
    }
    lines.sort_by(|one, other| (&one.name, one.entry).cmp(&(&other.name, other.entry)));
    let Assembly { mut decisions, unproven, .. } = assembly;
    decisions.extend(cudas::foreign(view, selection, &lines, &chosen, torch));
    decisions.sort();
    EnvironmentPlan {
        environment: request.environment,
        lines,
        decisions,
        needed: chosen,
        notes: Vec::new(),
        warnings: Vec::new(),
        unproven,
    }
}

impl<'a> Assembly<'a> {
    fn decide(&mut self, entry: &Entry, what: What) {
        self.decisions.push(Decision { name: entry.name.clone(), from: entry.version.clone(), what });
    }

    /// A package of the family, or one of another name that is swapped.
    fn member(&mut self, member: FamilyPackage) {
        let entry = self.planner.entry(member.package);
        if !member.extras.is_empty() {
            self.widened.insert(member.package, (Condition::Never, member.extras));
        }
        let (what, pin) = match member.decision {
            FamilyDecision::Swap { pin } => (What::Swapped(Rc::clone(&pin)), Some(pin)),
            FamilyDecision::Keep { why, pin } => {
                if let Kept::Unproven(_) = why {
                    let Planner { view, request, .. } = *self.planner;
                    self.unproven.extend(unproven::question(view, entry, member.locked.as_deref(), request));
                }
                (What::Kept(why), pin)
            }
        };
        let requires = member.requires.known().cloned();
        let replacement = pin.map(|pin| Replacement { name: member.name, pin, requires });
        self.replacements.extend(replacement.map(|replacement| (member.package, replacement)));
        self.decide(entry, what);
    }

    /// The requirements of the family's wheels.
    fn resolved(&mut self, name: &PackageName, choice: &Resolved) {
        let because: Vec<Rc<str>> = choice.because.iter().cloned().collect();
        let (extras, condition) = (choice.extras.clone(), choice.condition.clone());
        let replacement = |pin: &Rc<Pin>| {
            let requires = choice.row.as_ref().and_then(|row| self.planner.requires(row).known().cloned());
            Replacement { name: name.clone(), pin: Rc::clone(pin), requires }
        };
        match (&choice.from, &choice.pin) {
            (Provider::Selected(index), Some(pin)) => {
                self.replacements.insert(*index, replacement(pin));
                self.widened.insert(*index, (condition, extras));
                self.decide(self.planner.entry(*index), What::Repinned(Rc::clone(pin), because));
            }
            (Provider::Unselected(index), _) => {
                let entry = self.planner.selection.unselected[*index].entry;
                self.decide(&self.planner.view.entries[entry], What::Included(because));
                self.added.push(Line { name: name.clone(), extras, condition, entry: Some(entry), replacement: None });
            }
            (Provider::Catalogue, Some(pin)) => {
                let what = What::Added(Rc::clone(pin), because);
                self.decisions.push(Decision { name: name.clone(), from: None, what });
                let replacement = Some(replacement(pin));
                self.added.push(Line { name: name.clone(), extras, condition, entry: None, replacement });
            }
            (Provider::Selected(_) | Provider::Catalogue, None) => {}
        }
    }

    /// The line of a selected package, unless it is removed.
    fn line(&mut self, index: usize, is_removed: bool) -> Option<Line> {
        let entry = self.planner.entry(index);
        if is_removed {
            self.decide(entry, What::Removed);
            return None;
        }
        let package = &self.planner.selection.packages[index];
        let (mut condition, mut extras) = (package.condition.clone(), package.extras.clone());
        if let Some((more, wanted)) = self.widened.remove(&index) {
            condition = condition.or(more);
            extras.extend(wanted);
        }
        let replacement = self.replacements.remove(&index).or_else(|| self.unserved(entry));
        let name = replacement.as_ref().map_or(&entry.name, |replacement| &replacement.name).clone();
        Some(Line { name, extras, condition, entry: Some(package.entry), replacement })
    }

    /// A GPU library that no index of the lock serves.
    fn unserved(&mut self, entry: &Entry) -> Option<Replacement> {
        let Planner { view, request, knowledge, .. } = *self.planner;
        let (pin, requires) = family::library_at_url(entry, view.options, request, knowledge)?;
        self.decide(entry, What::Kept(Kept::Unserved(Rc::clone(&pin))));
        Some(Replacement { name: entry.name.clone(), pin, requires: requires.known().cloned() })
    }
}
