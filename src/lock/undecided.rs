//! The conditions met on a walk over a lock's graph that no target decides, and how many there may be.

use std::collections::HashSet;

use pep508_rs::MarkerTree;

use crate::packaging::marker::Condition;
use crate::report::error::{Code, Problem, Result};
use crate::text::{Source, Span};

/// The most different conditions that no target decides: they are put together, which takes the longer the more
/// there are. A comparison with `in` is a variable of its own, and what is put together can double with each.
const MOST_OPEN: usize = 100;
const MOST_OPEN_IN: usize = 8;

/// The different conditions met on a walk that the environment does not decide.
#[derive(Default)]
pub(super) struct Undecided {
    all: HashSet<MarkerTree>,
    with_in: usize,
}

impl Undecided {
    /// Notes the condition of a dependency and its place in the lock.
    pub(super) fn note(&mut self, condition: &Condition, source: &Source, at: Span) -> Result<()> {
        let Condition::When(tree) = condition else { return Ok(()) };
        if !self.all.insert(tree.clone()) {
            return Ok(());
        }
        self.with_in += usize::from(condition.marker().is_some_and(|text| text.contains(" in ")));
        if self.all.len() > MOST_OPEN || self.with_in > MOST_OPEN_IN {
            let message = format!("{} has more markers that no target decides than can be put together", source.name);
            let problem = Problem::new(Code::Unsupported, message).at(source, at);
            return Err(problem.help("lock with Poetry 2, which puts them together itself").into());
        }
        Ok(())
    }
}
