//! The markers of what several targets share.

use std::collections::BTreeSet;

use super::super::coverage::{any_of, both, is, is_not, python_marker};
use super::TargetPythons;
use crate::packaging::target::Python;
use crate::plan::TargetPlan;

/// The marker that selects some Pythons of some targets; none where that is everything. `whole`: other entries of the
/// name serve the other Pythons, or none does.
pub(super) fn marker(plans: &[TargetPlan], places: &TargetPythons, whole: bool) -> Option<String> {
    let mut parts = Vec::new();
    for (target, plan) in plans.iter().enumerate() {
        let pythons: BTreeSet<Python> =
            places.iter().filter(|(at, _)| *at == target).map(|(_, python)| *python).collect();
        if pythons.is_empty() {
            continue;
        }
        let python = python_marker(&pythons, &plan.target.pythons, whole);
        let platform = (plans.len() > 1).then(|| is(plan.target.platform));
        parts.push(both(platform, python.as_deref())?);
    }
    Some(any_of(&parts))
}

/// The marker of the locked entry where others take its place in part: everywhere but there.
pub(super) fn rest(plans: &[TargetPlan], taken: &TargetPythons, kept: &TargetPythons) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packaging::target::{Platform, Target};

    fn plan(platform: Platform) -> TargetPlan {
        let pythons = [9, 10, 11].map(Python::three).to_vec();
        let target = Target { name: None, platform, backend: None, pythons };
        TargetPlan {
            target,
            environments: Vec::new(),
            selections: Vec::new(),
            left_out: Vec::new(),
            downloads: Vec::new(),
        }
    }

    fn places(of: &[(usize, u8)]) -> TargetPythons {
        of.iter().map(|(target, minor)| (*target, Python::three(*minor))).collect()
    }

    const LINUX: &str = "sys_platform == \"linux\" and platform_machine == \"x86_64\"";

    #[test]
    fn a_platform_and_several_pythons_hold_together() {
        let both = [plan(Platform::LinuxX86_64), plan(Platform::WindowsX86_64)];
        let ends = "python_version < \"3.10\" or python_version >= \"3.11\"";
        assert_eq!(marker(&both, &places(&[(0, 9), (0, 11)]), true).unwrap(), format!("{LINUX} and ({ends})"));
        assert_eq!(marker(&both[..1], &places(&[(0, 9), (0, 11)]), true).unwrap(), ends);
        assert_eq!(marker(&both[..1], &places(&[(0, 9), (0, 10), (0, 11)]), true), None);
    }

    #[test]
    fn the_rest_is_every_other_platform_and_the_pythons_that_stay() {
        let both = [plan(Platform::LinuxX86_64), plan(Platform::WindowsX86_64)];
        let elsewhere = "sys_platform != \"linux\" or platform_machine != \"x86_64\"";
        let (taken, kept) = (places(&[(0, 9)]), places(&[(0, 10), (0, 11), (1, 9)]));
        assert_eq!(rest(&both, &taken, &kept), format!("{elsewhere} or python_version >= \"3.10\""));
        assert_eq!(rest(&both, &places(&[(0, 9), (0, 10), (0, 11)]), &TargetPythons::new()), elsewhere);
        // A single target is meant for every platform.
        assert_eq!(rest(&both[..1], &taken, &places(&[(0, 10), (0, 11)])), "python_version >= \"3.10\"");
    }
}
