//! Requirements files that people wrote: they list what is wanted, and not what that needs in turn. One problem says so,
//! instead of one for each package that is missing.

use std::collections::BTreeSet;

use crate::catalog::is_gpu_runtime;
use crate::lock::{Lock, requirements};
use crate::report::error::{Code, Problem};

/// The most names that are reported.
const MOST_NAMES: usize = 8;

/// The problems; if a file that no tool made has gaps, only that.
///
/// A GPU library that nobody has is no gap of the file: a lock of the CPU build would not have it either.
pub(super) fn summarized(lock: &Lock, problems: Vec<Problem>) -> Vec<Problem> {
    let is_library = |problem: &Problem| problem.unlocked().is_some_and(is_gpu_runtime);
    let is_gap =
        |problem: &Problem| problem.code == Code::Unpinned || problem.unlocked().is_some() && !is_library(problem);
    if !lock.is_hand_written() || !problems.iter().any(is_gap) {
        return problems;
    }
    let (libraries, problems): (Vec<Problem>, Vec<Problem>) = problems.into_iter().partition(is_library);
    let unpinned = problems.iter().find(|problem| problem.code == Code::Unpinned);
    let why = unpinned.map_or_else(|| missing(&problems), |problem| problem.message.clone());
    let mut problem = Problem::new(Code::Unpinned, format!("{}; {why}", description(lock)));
    problem.place = unpinned.and_then(|problem| problem.place.clone());
    std::iter::once(problem.help(help(lock))).chain(libraries).collect()
}

/// The description of such a file.
pub(super) fn description(lock: &Lock) -> String {
    format!("{} is not a lock: it lists what was written by hand, not everything that is installed", lock.name())
}

fn missing(problems: &[Problem]) -> String {
    let names: BTreeSet<&str> = problems.iter().filter_map(|problem| problem.unlocked()).map(AsRef::as_ref).collect();
    let mut shown = names.iter().take(MOST_NAMES).copied().collect::<Vec<_>>().join(", ");
    if names.len() > MOST_NAMES {
        shown.push_str(", …");
    }
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{shown} {verb} needed, too")
}

/// The remedy.
pub(super) fn help(lock: &Lock) -> String {
    format!("make a lock of it, and name that instead: {}", requirements::lock_command(lock.name()))
}
