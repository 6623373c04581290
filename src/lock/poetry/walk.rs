//! The graph of a `poetry.lock`, walked from what the project asks for.
//!
//! It is done as the export plugin's `walk_dependencies` does it, but for one environment, so that a marker is decided where
//! it is met. Optional edges are followed where an extra on the way asks for them.

use std::collections::{BTreeSet, VecDeque};

use super::{ANEW, Dependency, Edge, PoetryLock};
use crate::lock::limits::{ENOUGH, Walked};
use crate::packaging::marker::{Condition, Extras};
use crate::packaging::target::Environment;
use crate::report::error::{Code, Error, Problem, Result};

/// Packages that Poetry before 1.3 left out of its locks although others require them.
const NEVER_LOCKED: [&str; 4] = ["setuptools", "pip", "wheel", "distribute"];

/// The most restarts of a walk: each passes over one more entry. Real locks have a few packages in several versions.
const MOST_WALKS: usize = 64;

/// The wanted parts of an entry so far.
#[derive(Debug, Clone, Default)]
pub(super) struct EntryDemand {
    pub(super) condition: Condition,
    pub(super) extras: Extras,
    pub(super) root: bool,
}

impl EntryDemand {
    /// Adds the extras of a dependency, and its condition if that is not decided yet.
    fn add(&mut self, by: &Dependency, when: Condition, decide: bool) {
        self.extras.extend(by.requirement.extras.iter().cloned());
        if decide {
            self.condition = std::mem::take(&mut self.condition).or(when);
        }
    }
}

/// The purpose of a walk over the graph.
pub(super) enum Walk<'a> {
    /// The wanted entries are known; extras and roots are noted.
    Noted,
    /// Each entry that is reached is wanted, but for those passed over. A clash is an entry that something needs in
    /// another version, which the lock has, too.
    Decides { passed_over: &'a BTreeSet<usize>, clash: Option<usize> },
}

impl Walk<'_> {
    fn decides(&self) -> bool {
        matches!(self, Self::Decides { .. })
    }

    fn passes_over(&self, index: usize) -> bool {
        matches!(self, Self::Decides { passed_over, .. } if passed_over.contains(&index))
    }
}

impl PoetryLock {
    /// Locks before 2.1: what is reached from the roots. All constraints that hold must be met, and which those are is known
    /// only at the end: where an entry that was taken does not meet a later one and another entry does, the walk begins
    /// anew without the first.
    pub(super) fn walked(
        &self,
        roots: &[(&Dependency, Condition)],
        environment: Environment,
    ) -> Result<Vec<EntryDemand>> {
        let mut passed_over = BTreeSet::new();
        let mut first = None;
        loop {
            let mut wanted = vec![EntryDemand::default(); self.entries.len()];
            let mut walk = Walk::Decides { passed_over: &passed_over, clash: None };
            let walked = self.spread(roots, environment, &mut wanted, &mut walk);
            match (walk, walked) {
                (Walk::Decides { clash: Some(clash), .. }, Err(error)) if passed_over.len() < MOST_WALKS => {
                    first.get_or_insert(error);
                    passed_over.insert(clash);
                }
                (_, Ok(())) => return Ok(wanted),
                (_, Err(error)) => return Err(first.unwrap_or(error)),
            }
        }
    }

    /// Walks the graph from the roots.
    pub(super) fn spread(
        &self,
        roots: &[(&Dependency, Condition)],
        environment: Environment,
        wanted: &mut [EntryDemand],
        walk: &mut Walk<'_>,
    ) -> Result<()> {
        let decide = walk.decides();
        let mut problems = Vec::new();
        let mut open: VecDeque<usize> = VecDeque::new();
        let mut done: Vec<Option<(Condition, usize)>> = vec![None; wanted.len()];
        let mut walked = Walked::new(&self.source, ANEW, "lock with Poetry 2, which puts them together itself");
        for (root, condition) in roots {
            if decide {
                walked.note(condition, root.span)?;
            }
            match self.choose(root, &self.meeting(root), condition, environment, wanted, walk) {
                Ok(index) => {
                    wanted[index].root = true;
                    wanted[index].add(root, condition.clone(), decide);
                    open.push_back(index);
                }
                Err(()) if decide => problems.push(self.missing(root, None, environment)),
                Err(()) => {}
            }
        }
        if !decide {
            open.extend((0..wanted.len()).filter(|index| !wanted[*index].condition.is_never()));
        }
        while let Some(index) = open.pop_front() {
            let condition = wanted[index].condition.clone();
            let state = Some((condition.clone(), wanted[index].extras.len()));
            if done[index] == state {
                continue;
            }
            done[index] = state;
            let edges: Vec<(&Edge, Condition)> = self.edges(index, &wanted[index].extras, environment).collect();
            for (Edge { dependency: edge, meeting }, when) in edges {
                // Each entry that could meet it is a step, too.
                walked.step(1 + self.named(&edge.requirement.name).count(), edge.span)?;
                if problems.len() >= ENOUGH {
                    return Error::unless_empty(problems);
                }
                if decide {
                    walked.note(&when, edge.span)?;
                }
                let when = when.and(condition.clone());
                if when.is_never()
                    || self.project.as_ref().and_then(|project| project.name.as_ref()) == Some(&edge.requirement.name)
                {
                    continue;
                }
                let meeting = meeting.get_or_init(|| self.meeting(edge));
                match self.choose(edge, meeting, &when, environment, wanted, walk) {
                    Ok(next) => {
                        wanted[next].add(edge, when, decide);
                        open.push_back(next);
                    }
                    Err(()) if decide && !NEVER_LOCKED.contains(&edge.requirement.name.as_ref()) => {
                        problems.push(self.missing(edge, Some(index), environment));
                    }
                    Err(()) => {}
                }
            }
        }
        Error::unless_empty(problems)
    }

    /// The entry that meets a dependency, of all that could: one that is wanted already if there is any, else the one of
    /// the highest version.
    fn choose(
        &self,
        dependency: &Dependency,
        meeting: &[usize],
        when: &Condition,
        environment: Environment,
        wanted: &[EntryDemand],
        walk: &mut Walk<'_>,
    ) -> std::result::Result<usize, ()> {
        let overlaps = |index: &usize| !wanted[*index].condition.clone().and(when.clone()).is_never();
        let taken = self.named(&dependency.requirement.name).find(|index| overlaps(index)).filter(|_| walk.decides());
        let decided = !walk.decides() || taken.is_some();
        let mut fitting: Vec<usize> = meeting.to_vec();
        fitting.retain(|index| {
            self.packages[*index].pythons.admits_python(environment.python) && !walk.passes_over(*index)
        });
        let candidates = fitting.iter().copied().filter(|index| !decided || overlaps(index));
        // Of several with one version, the first.
        if let Some(best) = candidates.rev().max_by_key(|index| &self.entries[*index].version) {
            return Ok(best);
        }
        if let (Walk::Decides { clash, .. }, Some(taken), false) = (walk, taken, fitting.is_empty()) {
            clash.get_or_insert(taken);
        }
        Err(())
    }

    /// The entries that could meet a dependency, under whichever Python.
    pub(super) fn meeting(&self, dependency: &Dependency) -> Vec<usize> {
        let from = |index: usize, name: &str| match &self.packages[index].reference {
            Some(reference) => reference.eq_ignore_ascii_case(name),
            None => name.eq_ignore_ascii_case("pypi"),
        };
        let meets = |index: &usize| {
            self.admits(dependency, *index) && dependency.source.as_deref().is_none_or(|name| from(*index, name))
        };
        let meeting: Vec<usize> = self.named(&dependency.requirement.name).filter(meets).collect();
        let Some(direct) = &dependency.direct else { return meeting };
        let (mut same, mut alike) = (Vec::new(), Vec::new());
        for index in meeting {
            match direct.matches(&self.entries[index].origin) {
                Some(true) => same.push(index),
                Some(false) => alike.push(index),
                None => {}
            }
        }
        // One of the kind that is written otherwise is meant all the same: the lock may have been rewritten.
        if same.is_empty() && alike.len() == 1 { alike } else { same }
    }

    fn missing(&self, dependency: &Dependency, by: Option<usize>, environment: Environment) -> Problem {
        let name = &dependency.requirement.name;
        let wanted = format!("{name} ({})", dependency.requirement.versions);
        let locked = |index: usize| Some((self.entries[index].version.as_ref()?, &self.packages[index].pythons));
        let outside: Vec<String> = self
            .meeting(dependency)
            .into_iter()
            .filter_map(locked)
            .filter(|(_, pythons)| !pythons.admits_python(environment.python))
            .map(|(version, pythons)| format!("{version} for Python {pythons} only"))
            .collect();
        let all: Vec<String> = self.named(name).filter_map(locked).map(|(version, _)| version.to_string()).collect();
        // One that would do, if it were for this Python, says more than all that there are.
        let (has, help) = match (outside.as_slice(), all.as_slice()) {
            ([], []) => ("has none for this Python".to_owned(), ANEW.to_owned()),
            ([], all) => (format!("has {} for this Python", all.join(", ")), ANEW.to_owned()),
            (outside, _) => (format!("has {}", outside.join(", ")), format!("choose such a Python, or {ANEW}")),
        };
        let (who, source) = match (by, &self.project) {
            (Some(index), _) => (format!("{} needs", self.entries[index].name), &self.source),
            (None, Some(project)) => (format!("{} asks for", project.source.name), &project.source),
            (None, None) => ("the project asks for".to_owned(), &self.source),
        };
        let message = format!("{who} {wanted}, but {} {has}", self.source.name);
        let problem = Problem::new(Code::Inconsistent, message).under(environment.python);
        problem.at(source, dependency.span).help(help)
    }
}
