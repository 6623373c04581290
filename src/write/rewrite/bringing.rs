//! Packages that bring others along in a `pylock.toml`, torch and stubs: the others are there where they are.

use std::collections::BTreeSet;

use super::TargetPythons;
use crate::catalog::{is_gpu_runtime, is_torch};
use crate::lock::pylock::Pylock;
use crate::plan::{Line, TargetPlan};
use crate::report::error::{Code, Problem};
use crate::write::coverage::any_of;

/// The marker of what brings others along in some places; none where one of its entries has none.
pub(super) fn marker(pylock: &Pylock, plans: &[TargetPlan], places: &TargetPythons) -> Option<String> {
    let mut markers: BTreeSet<&str> = BTreeSet::new();
    for (target, plan) in plans.iter().enumerate() {
        for (environment, selection) in plan.environments.iter().zip(&plan.selections) {
            if !places.contains(&(target, environment.environment.python)) {
                continue;
            }
            let is_one = |entry: &usize| pylock.entries.get(*entry).is_some_and(|entry| is_torch(&entry.name));
            let torch = selection.packages.iter().map(|one| one.entry).filter(is_one);
            for entry in torch.chain(environment.lines.iter().filter_map(of_stub)) {
                markers.insert(&pylock.packages.get(entry)?.marker.as_ref()?.text);
            }
        }
    }
    let markers: Vec<String> = markers.into_iter().map(str::to_owned).collect();
    (!markers.is_empty()).then(|| any_of(&markers))
}

/// A stub that other extras or groups select than torch or a library. The package that a stub requires must be there
/// wherever the stub is, and which choices need which of the libraries nobody says.
pub(super) fn chosen_apart(pylock: &Pylock, plans: &[TargetPlan]) -> Option<Problem> {
    let choice = |entry: usize| {
        let text = &pylock.packages.get(entry)?.marker.as_ref()?.text;
        Some(text.as_str()).filter(|text| text.contains("extras") || text.contains("dependency_groups"))
    };
    for environment in plans.iter().flat_map(|plan| &plan.environments) {
        let is_other = |line: &&Line| is_torch(&line.name) || is_gpu_runtime(&line.name);
        let others = || environment.lines.iter().filter(is_other).filter_map(|line| line.entry);
        for stub in environment.lines.iter().filter_map(of_stub) {
            let Some(other) = others().find(|other| choice(*other) != choice(stub)) else { continue };
            let [stub, other] = [pylock.entries.get(stub)?, pylock.entries.get(other)?];
            let message = format!("{} and {} are there for different extras or groups", stub.name, other.name);
            let problem = Problem::new(Code::Unsupported, message).at(&pylock.source, stub.at.span);
            return Some(
                problem.help("export what is to be installed: torchswap export --also NAME, with --extras or --with"),
            );
        }
    }
    None
}

/// The entry that a stub takes the place of, if one does.
fn of_stub(line: &Line) -> Option<usize> {
    line.entry.filter(|_| line.pin().is_some_and(|pin| pin.stub().is_some()))
}
