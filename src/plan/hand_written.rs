//! Requirements files that people wrote: they list what is wanted, and not what that needs in turn. One problem says so,
//! instead of one for each package that is missing.

use std::collections::BTreeSet;

use crate::lock::Lock;
use crate::lock::requirements::RequirementsFile;
use crate::report::error::{Code, Problem};

/// How many names are told.
const MOST_NAMES: usize = 8;

/// The problems, or if a file that no tool made has gaps, that alone.
pub(super) fn told(lock: &Lock, problems: Vec<Problem>) -> Vec<Problem> {
    let Lock::Requirements(file) = lock else { return problems };
    let is_gap = |problem: &Problem| problem.lacks.is_some() || problem.code == Code::Unpinned;
    if file.is_compiled() || !problems.iter().any(is_gap) {
        return problems;
    }
    let unpinned = problems.iter().find(|problem| problem.code == Code::Unpinned);
    let why = unpinned.map_or_else(|| missing(&problems), |problem| problem.message.clone());
    let mut problem = Problem::new(Code::Unpinned, format!("{}; {why}", what(file)));
    problem.place = unpinned.and_then(|problem| problem.place.clone());
    vec![problem.help(format!("make a lock of it, and name that instead: {}", file.lock_command()))]
}

/// What such a file is.
pub(super) fn what(file: &RequirementsFile) -> String {
    let name = file.sources.first().map_or("the file", |source| source.name.as_str());
    format!("{name} is no lock: it lists what was written, and not all that is installed")
}

fn missing(problems: &[Problem]) -> String {
    let names: BTreeSet<&str> = problems.iter().filter_map(|problem| problem.lacks.as_deref()).collect();
    let mut shown = names.iter().take(MOST_NAMES).copied().collect::<Vec<_>>().join(", ");
    if names.len() > MOST_NAMES {
        shown.push_str(", …");
    }
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{shown} {verb} needed, too")
}
