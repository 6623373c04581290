//! The plans of several targets for one output.

use super::{Beyond, Knowledge, TargetPlan, target};
use crate::lock::emit::NoEmit;
use crate::lock::{Choice, Lock};
use crate::packaging::target::{Python, Target};
use crate::report::error::{Code, Error, Problem, Result};

/// A target, and what is asked for it.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Which.
    pub target: Target,
    /// The choice of groups and extras for it.
    pub choice: Choice,
    /// The packages that are left out, and those of its image.
    pub no_emit: NoEmit,
    /// The request beyond the swap of torch's family.
    pub beyond: Beyond,
    /// There may be nothing to swap.
    pub allow_none: bool,
}

impl Wanted {
    /// Torch's family is swapped, and nothing left out.
    pub fn new(target: Target, choice: Choice) -> Self {
        Self { target, choice, no_emit: NoEmit::default(), beyond: Beyond::default(), allow_none: false }
    }
}

/// Plans each target, with what is chosen of the lock for it.
///
/// # Errors
/// All problems of all targets, and any two targets that no marker can distinguish: one platform, and one Python.
pub fn targets(lock: &Lock, wanted: &[Wanted], knowledge: &Knowledge<'_>) -> Result<Vec<TargetPlan>> {
    let mut plans: Vec<TargetPlan> = Vec::new();
    let mut problems = Vec::new();
    for one in wanted {
        let planned = one.no_emit.of(lock).and_then(|no_emit| {
            one.beyond.also.check(lock, one.target.backend)?;
            target(lock, &Wanted { no_emit, ..one.clone() }, knowledge)
        });
        match planned {
            Ok(plan) => {
                problems.extend(plans.iter().filter_map(|other| indistinct(&other.target, &plan.target)));
                plans.push(plan);
            }
            Err(error) => problems.extend(error.of_target(one.target.name.as_deref()).into_problems()),
        }
    }
    Error::unless_empty(problems)?;
    Ok(plans)
}

/// Markers distinguish platforms and Pythons, but not GPUs.
fn indistinct(one: &Target, other: &Target) -> Option<Problem> {
    let shared: Vec<Python> = one.pythons.iter().filter(|python| other.pythons.contains(python)).copied().collect();
    if one.platform != other.platform || shared.is_empty() {
        return None;
    }
    let [first, second] = [one, other].map(|target| target.name.as_deref().unwrap_or("without a name"));
    let build =
        |target: &Target| target.backend.map_or_else(|| "builds as locked".to_owned(), |build| build.to_string());
    let message = format!(
        "the targets {first} ({}) and {second} ({}) cannot share a file: both are for {}",
        build(one),
        build(other),
        one.platform
    );
    let mut problem = Problem::new(Code::Usage, message)
        .help("markers distinguish platforms and Pythons, not GPUs: give each a file of its own, or different Pythons");
    problem.pythons = shared;
    Some(problem)
}
