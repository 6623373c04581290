//! The markers of what several targets share.

use std::collections::BTreeSet;

use super::super::coverage::{is, is_not, python_marker};
use super::Where;
use crate::packaging::target::Python;
use crate::plan::TargetPlan;

/// The marker that selects some Pythons of some targets; none where that is everything. `whole`: other entries of the
/// name serve the other Pythons, or none does.
pub(super) fn marker(plans: &[TargetPlan], places: &Where, whole: bool) -> Option<String> {
    let mut parts = Vec::new();
    for (target, plan) in plans.iter().enumerate() {
        let pythons: BTreeSet<Python> =
            places.iter().filter(|(at, _)| *at == target).map(|(_, python)| *python).collect();
        if pythons.is_empty() {
            continue;
        }
        let python = python_marker(&pythons, &plan.target.pythons, whole);
        let platform = (plans.len() > 1).then(|| is(plan.target.platform));
        parts.push(match (platform, python) {
            (None, None) => return None,
            (Some(one), None) | (None, Some(one)) => one,
            (Some(platform), Some(python)) if python.contains(" or ") => format!("{platform} and ({python})"),
            (Some(platform), Some(python)) => format!("{platform} and {python}"),
        });
    }
    match parts.as_slice() {
        [one] => Some(one.clone()),
        several => Some(several.iter().map(|part| format!("({part})")).collect::<Vec<_>>().join(" or ")),
    }
}

/// The marker of the locked entry where others take its place in part: everywhere but there.
pub(super) fn rest(plans: &[TargetPlan], taken: &Where, kept: &Where) -> String {
    let mut parts = Vec::new();
    for (target, plan) in plans.iter().enumerate() {
        if !taken.iter().any(|(at, _)| *at == target) {
            continue;
        }
        let left: BTreeSet<Python> = kept.iter().filter(|(at, _)| *at == target).map(|(_, python)| *python).collect();
        let python = python_marker(&left, &plan.target.pythons, true).filter(|_| !left.is_empty());
        let elsewhere = (plans.len() > 1).then(|| is_not(plan.target.platform));
        parts.extend(match (elsewhere, python) {
            (Some(elsewhere), Some(python)) => Some(format!("({elsewhere} or {python})")),
            (Some(elsewhere), None) => Some(format!("({elsewhere})")),
            (None, python) => python,
        });
    }
    match parts.as_slice() {
        [one] => one.strip_prefix('(').and_then(|one| one.strip_suffix(')')).unwrap_or(one).to_owned(),
        several => several.join(" and "),
    }
}
