//! Limits on what a crafted lock can ask for: steps of a walk, conditions that no target decides, entries of one name.

use std::collections::HashSet;

use pep508_rs::{MarkerTree, PackageName};

use super::Entry;
use crate::packaging::marker::Condition;
use crate::packaging::target::Environment;
use crate::report::error::{Code, Problem, Result};
use crate::text::{Lookup, Source, Span};

/// More steps than any lock needs.
const MOST_STEPS: usize = 500_000;
/// The most different conditions that no target decides: they are put together, which takes the longer the more
/// there are. A comparison with `in` is a variable of its own, and what is put together can double with each.
const MOST_OPEN: usize = 100;
const MOST_OPEN_IN: usize = 8;
/// The most wanted entries of one name on one machine: each is compared with each.
pub(super) const MOST_TWINS: usize = 64;
/// The most problems that are reported.
pub(super) const ENOUGH: usize = 20;

/// A walk over the graph of a lock: its steps, and the conditions met.
pub(super) struct Walked<'l> {
    source: &'l Source,
    /// The remedy for a lock that is not as its tool writes it.
    anew: &'static str,
    /// The remedy for too many conditions.
    elsewhere: &'static str,
    steps: usize,
    /// The different conditions that the environment does not decide.
    undecided: HashSet<MarkerTree>,
    with_in: usize,
}

impl<'l> Walked<'l> {
    pub(super) fn new(source: &'l Source, anew: &'static str, elsewhere: &'static str) -> Self {
        Self { source, anew, elsewhere, steps: 0, undecided: HashSet::new(), with_in: 0 }
    }

    /// Counts the steps that a dependency takes.
    pub(super) fn step(&mut self, steps: usize, at: Span) -> Result<()> {
        self.steps += steps;
        if self.steps <= MOST_STEPS {
            return Ok(());
        }
        let message = format!("the graph of {} does not come to an end", self.source.name);
        Err(Problem::new(Code::Inconsistent, message).at(self.source, at).help(self.anew).into())
    }

    /// Notes the condition of a dependency.
    pub(super) fn note(&mut self, condition: &Condition, at: Span) -> Result<()> {
        let Condition::When(tree) = condition else { return Ok(()) };
        if !self.undecided.insert(tree.clone()) {
            return Ok(());
        }
        self.with_in += usize::from(condition.marker().is_some_and(|text| text.contains(" in ")));
        if self.undecided.len() <= MOST_OPEN && self.with_in <= MOST_OPEN_IN {
            return Ok(());
        }
        let message = format!("{} has more markers that no target decides than can be put together", self.source.name);
        let problem = Problem::new(Code::Unsupported, message).at(self.source, at);
        Err(problem.help(self.elsewhere).into())
    }
}

/// The entries that a lock gives on one machine beside another one of their name: both cannot be installed. `anew` is the
/// remedy.
pub(super) fn twins<'w>(
    source: &Source,
    entries: &[Entry],
    wanted: impl Iterator<Item = (usize, &'w Condition)>,
    environment: Environment,
    anew: &str,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut by_name: Lookup<&PackageName, Vec<&Condition>> = Lookup::default();
    for (index, condition) in wanted.filter(|(_, condition)| !condition.is_never()) {
        let Entry { name, at, .. } = &entries[index];
        let others = by_name.entry(name).or_default();
        let too_many = others.len() >= MOST_TWINS;
        let meets = |other: &&Condition| !(*other).clone().and(condition.clone()).is_never();
        if too_many || others.iter().any(meets) {
            let times = if too_many { "too often" } else { "twice" };
            let message = format!("the lock gives {name} {times} for {environment}");
            problems.push(Problem::new(Code::Inconsistent, message).at(source, at.span).help(anew));
        }
        if too_many || problems.len() >= ENOUGH {
            break;
        }
        others.push(condition);
    }
    problems
}
