//! Plans that a lock cannot hold: targets that it has no markers for, and wheels that differ by Python.

use std::collections::BTreeMap;

use pep508_rs::PackageName;

use crate::catalog::pin::Pin;
use crate::lock::Choice;
use crate::lock::poetry::{LockVersion, PoetryLock};
use crate::plan::TargetPlan;
use crate::report::error::{Code, Problem};

/// The problems of plans that a lock of this version cannot hold.
pub(super) fn impossible(poetry: &PoetryLock, plans: &[TargetPlan], choices: &[Choice]) -> Vec<Problem> {
    let name = &poetry.source.name;
    let mut problems = Vec::new();
    if poetry.version < LockVersion::V2_0 {
        let message = format!("{name} is of lock-version 1.x, which loses the digest of a wheel at a URL");
        let help = "export a requirements file instead, or regenerate the lock with Poetry 1.3 or newer";
        problems.push(Problem::new(Code::Unsupported, message).help(help));
    }
    if poetry.version < LockVersion::V2_1 && plans.len() > 1 {
        let message = format!("{name} has no markers on its entries, so it can hold one target only");
        let help = "rewrite it once for each target with -o, or regenerate the lock with Poetry 2";
        problems.push(Problem::new(Code::Unsupported, message).help(help));
    }
    problems.extend(same_platform(plans, choices));
    problems.extend(plans.iter().find_map(of_this_machine));
    if poetry.version < LockVersion::V2_1 {
        let mut pins: BTreeMap<&PackageName, &Pin> = BTreeMap::new();
        let lines = plans.iter().flat_map(|plan| &plan.environments).flat_map(|environment| &environment.lines);
        for (line, pin) in lines.filter_map(|line| Some((line, line.pin().filter(|_| line.entry.is_none())?))) {
            if pins.insert(&line.name, pin).is_some_and(|other| other != pin) {
                problems.push(by_python(&line.name));
            }
        }
    }
    problems
}

/// Poetry downloads what has an address, and knows none of a file.
fn of_this_machine(plan: &TargetPlan) -> Option<Problem> {
    let mut lines = plan.environments.iter().flat_map(|environment| &environment.lines);
    let line = lines.find(|line| matches!(line.pin(), Some(Pin::Url { url, .. }) if url.starts_with("file:")))?;
    let message =
        format!("the wheel of {} is in a folder of this machine, and poetry.lock cannot hold that", line.name);
    let help = "serve the folder, and learn its wheels with --index URL; or export a requirements file instead";
    Some(Problem::new(Code::Unsupported, message).help(help))
}

/// Without markers there is one entry for all Pythons.
pub(super) fn by_python(name: &PackageName) -> Problem {
    let message = format!("the wheels of {name} differ by Python, and this lock can hold one for all");
    Problem::new(Code::Unsupported, message).help("name one Python: --python 3.10")
}

/// Targets for one platform: a lock holds one build for each.
pub(super) fn same_platform(plans: &[TargetPlan], choices: &[Choice]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, plan) in plans.iter().enumerate() {
        let twin = plans[..index].iter().position(|other| other.target.platform == plan.target.platform);
        if let Some(at) = twin {
            let twin = &plans[at];
            let names = [twin, plan].map(|plan| plan.target.name.clone().unwrap_or_default());
            let message = format!(
                "the targets {} are for one platform, and a lock holds one build for each",
                names.join(" and ")
            );
            let help = if choices.get(at) == choices.get(index) {
                "rewrite the lock for one of them, with -o for the other"
            } else {
                "they choose other groups or extras: rewrite the lock for one of them, and then for the other"
            };
            problems.push(Problem::new(Code::Usage, message).help(help));
        }
    }
    problems
}
