//! What a `poetry.lock` gives on one environment, as `poetry export` selects it.
//!
//! A 2.1 lock has groups and markers on its entries: they are asked. An older one has neither: the graph is walked from
//! the roots in `pyproject.toml`, as the export plugin's `walk_dependencies` does, but for one environment, so that a
//! marker is decided where it is met. Optional edges are followed where an extra on the way asks for them.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::sync::Arc;

use pep508_rs::{ExtraName, MarkerTree, PackageName};

use super::{Dependency, Edge, LockVersion, PoetryLock};
use crate::constraint::Constraint;
use crate::error::{Code, Error, Problem, Result};
use crate::lock::{Choice, Pick, Selection};
use crate::marker::{Condition, Extras};
use crate::target::Environment;

/// Packages that Poetry before 1.3 left out of its locks although others require them.
const NEVER_LOCKED: [&str; 4] = ["setuptools", "pip", "wheel", "distribute"];

/// More steps than any lock needs; a crafted one could ask for endless ones. An edge is a step, and so is each entry that
/// could meet it.
const MOST_STEPS: usize = 500_000;

/// How many entries of one name may be wanted on one machine: each is compared with each.
const MOST_TWINS: usize = 64;

/// How many different conditions that no target decides may meet: they are put together, which takes the longer the more
/// there are. A comparison with `in` is a variable of its own, and what is put together can double with each.
const MOST_OPEN: usize = 100;
const MOST_OPEN_IN: usize = 8;

/// How many problems are told.
const ENOUGH: usize = 20;

/// What of an entry is wanted so far.
#[derive(Debug, Clone, Default)]
struct Wanted {
    condition: Condition,
    extras: Extras,
    root: bool,
}

/// What a walk over the graph is for.
enum Walk<'a> {
    /// What is wanted is known; extras and roots are noted.
    Noted,
    /// What is reached is wanted, but for what is passed over. A clash is an entry that something needs in another version,
    /// which the lock has, too.
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

/// The different conditions met on a walk that the environment does not decide.
#[derive(Default)]
struct Undecided {
    all: HashSet<MarkerTree>,
    with_in: usize,
}

impl Undecided {
    fn note(&mut self, condition: &Condition, dependency: &Dependency, lock: &PoetryLock) -> Result<()> {
        let Condition::When(tree) = condition else { return Ok(()) };
        if !self.all.insert(tree.clone()) {
            return Ok(());
        }
        self.with_in += usize::from(condition.marker().is_some_and(|text| text.contains(" in ")));
        if self.all.len() > MOST_OPEN || self.with_in > MOST_OPEN_IN {
            let message =
                format!("{} has more markers that no target decides than can be put together", lock.source.name);
            let problem = Problem::new(Code::Unsupported, message).at(&lock.source, dependency.span);
            return Err(problem.help("lock with Poetry 2, which puts them together itself").into());
        }
        Ok(())
    }
}

impl PoetryLock {
    /// The Pythons that the release of an entry takes.
    pub fn requires_python(&self, entry: usize) -> Option<&Constraint> {
        self.packages.get(entry).map(|package| &package.pythons)
    }

    /// What the lock gives on an environment for a choice of groups and extras.
    ///
    /// # Errors
    /// If a group or an extra is not known, if a lock before 2.1 has no `pyproject.toml` beside it, or if the lock lacks
    /// a package that another one needs.
    pub fn select(&self, choice: &Choice, environment: Environment) -> Result<Selection> {
        let groups = self.chosen_groups(choice)?;
        let extras = self.chosen_extras(choice)?;
        let roots = self.roots(&groups, &extras, environment);
        let wanted = if self.version >= LockVersion::V2_1 {
            let mut wanted = self.by_marker(&groups, &extras, environment);
            self.one_of_each(&wanted, environment)?;
            self.spread(&roots, environment, &mut wanted, &mut Walk::Noted)?;
            wanted
        } else {
            if self.project.is_none() {
                let message = format!("{} does not say which packages belong to which group", self.source.name);
                let problem = Problem::new(Code::Inconsistent, message);
                return Err(problem
                    .help("put the pyproject.toml it was locked from beside it (locks before 2.1 need it)")
                    .into());
            }
            self.walked(&roots, environment)?
        };
        Ok(self.selection(&wanted, environment))
    }

    /// Locks before 2.1: what is reached from the roots. All constraints that hold must be met, and which those are is known
    /// only at the end: where an entry that was taken does not meet a later one and another entry does, the walk begins
    /// anew without the first.
    fn walked(&self, roots: &[(&Dependency, Condition)], environment: Environment) -> Result<Vec<Wanted>> {
        let mut passed_over = BTreeSet::new();
        let mut first = None;
        loop {
            let mut wanted = vec![Wanted::default(); self.entries.len()];
            let mut walk = Walk::Decides { passed_over: &passed_over, clash: None };
            let walked = self.spread(roots, environment, &mut wanted, &mut walk);
            match (walk, walked) {
                (Walk::Decides { clash: Some(clash), .. }, Err(error)) => {
                    first.get_or_insert(error);
                    passed_over.insert(clash);
                }
                (_, Ok(())) => return Ok(wanted),
                (_, Err(error)) => return Err(first.unwrap_or(error)),
            }
        }
    }

    /// What the project asks for itself on the environment.
    fn roots<'a>(
        &'a self,
        groups: &BTreeSet<ExtraName>,
        extras: &Extras,
        environment: Environment,
    ) -> Vec<(&'a Dependency, Condition)> {
        let Some(project) = &self.project else { return Vec::new() };
        let switched_on = self.packages_of_extras(extras);
        let in_groups = groups.iter().filter_map(|group| project.groups.get(group)).flatten();
        in_groups
            .filter(|root| {
                let locked = self.named(&root.need.name).find(|index| {
                    self.entries[*index].version.as_ref().is_none_or(|version| root.need.versions.admits(version))
                });
                match locked {
                    // The export plugin asks the locked package, not the project: a package that something else needs
                    // too is not optional, and then the optional root brings it in.
                    Some(index) => !self.packages[index].optional || switched_on.contains(&root.need.name),
                    None => !root.optional,
                }
            })
            .map(|root| (root, root.condition(environment, extras)))
            .filter(|(_, condition)| !condition.is_never())
            .collect()
    }

    /// All packages that the extras bring in, by name, as Poetry's `get_extra_package_names` has it.
    fn packages_of_extras(&self, extras: &Extras) -> BTreeSet<&PackageName> {
        let in_project = self.project.iter().flat_map(|project| &project.extras);
        let mut open: Vec<&PackageName> = Vec::new();
        open.extend(self.extras.iter().filter(|(extra, _)| extras.contains(extra)).flat_map(|(_, names)| names));
        open.extend(in_project.filter(|(extra, _)| extras.contains(extra)).flat_map(|(_, names)| names));
        let mut seen = BTreeSet::new();
        while let Some(name) = open.pop() {
            if seen.insert(name) {
                let same = self.named(name).map(|index| &self.packages[index]);
                open.extend(
                    same.flat_map(|package| package.dependencies.iter().map(|edge| &edge.dependency.need.name)),
                );
            }
        }
        seen
    }

    /// Locks of version 2.1: every entry whose groups are chosen and whose marker holds.
    fn by_marker(&self, groups: &BTreeSet<ExtraName>, extras: &Extras, environment: Environment) -> Vec<Wanted> {
        let condition = |package: &super::Package| {
            let chosen = package.groups.iter().filter(|group| groups.contains(group));
            chosen.fold(Condition::Never, |sum, group| match package.markers.get(group) {
                None => Condition::Always,
                Some(marker) => sum.or(Condition::of(marker, environment, extras)),
            })
        };
        let wanted = |package| Wanted { condition: condition(package), ..Wanted::default() };
        self.packages.iter().map(wanted).collect()
    }

    /// Two entries of one name on one machine cannot both be installed.
    fn one_of_each(&self, wanted: &[Wanted], environment: Environment) -> Result<()> {
        let mut problems = Vec::new();
        let mut by_name: BTreeMap<&PackageName, Vec<usize>> = BTreeMap::new();
        let has_twin = |index: usize| self.named(&self.entries[index].name).nth(1).is_some();
        for (index, one) in wanted.iter().enumerate().filter(|(_, one)| !one.condition.is_never()) {
            if !has_twin(index) {
                continue;
            }
            let others = by_name.entry(&self.entries[index].name).or_default();
            if others.len() >= MOST_TWINS {
                let message = format!("the lock gives {} too often for {environment}", self.entries[index].name);
                let problem = Problem::new(Code::Inconsistent, message);
                let problem = problem.at(&self.source, self.entries[index].at.span);
                problems.push(problem.help("make the lock anew with: poetry lock"));
                break;
            }
            if problems.len() >= ENOUGH {
                break;
            }
            for other in others.iter() {
                if !wanted[*other].condition.clone().and(one.condition.clone()).is_never() {
                    let message = format!("the lock gives {} twice for {environment}", self.entries[index].name);
                    let problem = Problem::new(Code::Inconsistent, message);
                    let problem = problem.at(&self.source, self.entries[index].at.span);
                    problems.push(problem.help("make the lock anew with: poetry lock"));
                }
            }
            others.push(index);
        }
        Error::unless_empty(problems)
    }

    /// Walks the graph from the roots.
    fn spread(
        &self,
        roots: &[(&Dependency, Condition)],
        environment: Environment,
        wanted: &mut [Wanted],
        walk: &mut Walk<'_>,
    ) -> Result<()> {
        let decide = walk.decides();
        let mut problems = Vec::new();
        let mut open: VecDeque<usize> = VecDeque::new();
        let mut done: Vec<Option<(Condition, usize)>> = vec![None; wanted.len()];
        let mut undecided = Undecided::default();
        for (root, condition) in roots {
            if decide {
                undecided.note(condition, root, self)?;
            }
            match self.choose(root, &self.meeting(root), condition, environment, wanted, walk) {
                Ok(index) => {
                    wanted[index].root = true;
                    self.want(index, root, condition.clone(), wanted, decide);
                    open.push_back(index);
                }
                Err(()) if decide => problems.push(self.missing(root, None)),
                Err(()) => {}
            }
        }
        if !decide {
            open.extend((0..wanted.len()).filter(|index| !wanted[*index].condition.is_never()));
        }
        let mut steps = 0;
        while let Some(index) = open.pop_front() {
            let state = (wanted[index].condition.clone(), wanted[index].extras.len());
            if done[index].as_ref() == Some(&state) {
                continue;
            }
            done[index] = Some(state);
            let condition = wanted[index].condition.clone();
            let edges: Vec<(&Edge, Condition)> = self.edges(index, &wanted[index].extras, environment).collect();
            for (Edge { dependency: edge, meeting }, when) in edges {
                steps += 1 + self.named(&edge.need.name).count();
                if steps > MOST_STEPS {
                    let message = format!("the graph of {} does not come to an end", self.source.name);
                    let problem = Problem::new(Code::Inconsistent, message).at(&self.source, edge.span);
                    return Err(problem.help("make the lock anew with: poetry lock").into());
                }
                if problems.len() >= ENOUGH {
                    return Error::unless_empty(problems);
                }
                if decide {
                    undecided.note(&when, edge, self)?;
                }
                let when = when.and(condition.clone());
                if when.is_never()
                    || self.project.as_ref().and_then(|project| project.name.as_ref()) == Some(&edge.need.name)
                {
                    continue;
                }
                let meeting = meeting.get_or_init(|| self.meeting(edge));
                match self.choose(edge, meeting, &when, environment, wanted, walk) {
                    Ok(next) => {
                        self.want(next, edge, when, wanted, decide);
                        open.push_back(next);
                    }
                    Err(()) if decide && !NEVER_LOCKED.contains(&edge.need.name.as_ref()) => {
                        problems.push(self.missing(edge, Some(index)));
                    }
                    Err(()) => {}
                }
            }
        }
        Error::unless_empty(problems)
    }

    fn want(&self, index: usize, by: &Dependency, when: Condition, wanted: &mut [Wanted], decide: bool) {
        let one = &mut wanted[index];
        one.extras.extend(by.need.extras.iter().cloned());
        if decide {
            one.condition = std::mem::take(&mut one.condition).or(when);
        }
    }

    /// The entry that meets a dependency, of all that could: one that is wanted already if there is any, else the one of
    /// the highest version.
    fn choose(
        &self,
        dependency: &Dependency,
        meeting: &[usize],
        when: &Condition,
        environment: Environment,
        wanted: &[Wanted],
        walk: &mut Walk<'_>,
    ) -> std::result::Result<usize, ()> {
        let overlaps = |index: &usize| !wanted[*index].condition.clone().and(when.clone()).is_never();
        let taken = self.named(&dependency.need.name).find(|index| overlaps(index)).filter(|_| walk.decides());
        let decided = !walk.decides() || taken.is_some();
        let mut fitting: Vec<usize> = meeting.to_vec();
        fitting.retain(|index| {
            self.packages[*index].pythons.admits_python(environment.python) && !walk.passes_over(*index)
        });
        let candidates = fitting.iter().copied().filter(|index| !decided || overlaps(index));
        // Of several with one version, the first.
        let best = candidates.rev().max_by_key(|index| &self.entries[*index].version);
        if let (None, Some(taken), false, Walk::Decides { clash, .. }) = (best, taken, fitting.is_empty(), walk) {
            clash.get_or_insert(taken);
        }
        best.ok_or(())
    }

    /// The entries that could meet a dependency, under whichever Python.
    fn meeting(&self, dependency: &Dependency) -> Vec<usize> {
        let from = |index: usize, name: &str| match &self.packages[index].reference {
            Some(reference) => reference.eq_ignore_ascii_case(name),
            None => name.eq_ignore_ascii_case("pypi"),
        };
        let meets = |index: &usize| {
            let version = self.entries[*index].version.as_ref();
            version.is_none_or(|version| dependency.need.versions.admits(version))
                && dependency.source.as_deref().is_none_or(|name| from(*index, name))
        };
        let meeting: Vec<usize> = self.named(&dependency.need.name).filter(meets).collect();
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

    /// The entries of one name.
    fn named<'a>(&'a self, name: &PackageName) -> impl DoubleEndedIterator<Item = usize> + use<'a> {
        self.by_name.get(name).into_iter().flatten().copied()
    }

    /// The dependencies of an entry that hold on the environment with some extras of it switched on.
    fn edges<'a>(
        &'a self,
        index: usize,
        extras: &Extras,
        environment: Environment,
    ) -> impl Iterator<Item = (&'a Edge, Condition)> + use<'a> {
        let package = &self.packages[index];
        let by_extra: BTreeSet<&PackageName> =
            extras.iter().filter_map(|one| package.extras.get(one)).flatten().collect();
        let extras = extras.clone();
        package
            .dependencies
            .iter()
            .filter(move |edge| !edge.dependency.optional || by_extra.contains(&edge.dependency.need.name))
            .map(move |edge| (edge, edge.dependency.condition(environment, &extras)))
            .filter(|(_, condition)| !condition.is_never())
    }

    fn missing(&self, dependency: &Dependency, by: Option<usize>) -> Problem {
        let name = &dependency.need.name;
        let wanted = format!("{name} ({})", dependency.need.versions);
        let locked: Vec<String> = self
            .entries
            .iter()
            .filter(|entry| entry.name == *name)
            .filter_map(|entry| entry.version.as_ref().map(ToString::to_string))
            .collect();
        let has = if locked.is_empty() { "has none".to_owned() } else { format!("has {}", locked.join(", ")) };
        let (who, source) = match (by, &self.project) {
            (Some(index), _) => (format!("{} needs", self.entries[index].name), &self.source),
            (None, Some(project)) => (format!("{} asks for", project.source.name), &project.source),
            (None, None) => ("the project asks for".to_owned(), &self.source),
        };
        let message = format!("{who} {wanted}, but {} {has} for this Python", self.source.name);
        Problem::new(Code::Inconsistent, message)
            .at(source, dependency.span)
            .help("make the lock anew with: poetry lock")
    }

    fn selection(&self, wanted: &[Wanted], environment: Environment) -> Selection {
        let selected = wanted.iter().filter(|one| !one.condition.is_never()).count();
        let mut selection = Selection { picks: Vec::with_capacity(selected), ..Selection::default() };
        for (index, one) in wanted.iter().enumerate() {
            let spare = one.condition.is_never();
            if spare && !self.packages[index].pythons.admits_python(environment.python) {
                continue;
            }
            let needs = self.edges(index, &one.extras, environment);
            let needs = needs.map(|(edge, when)| (Arc::clone(&edge.dependency.need), when));
            let pick = Pick {
                entry: index,
                // A 2.1 lock lists what extras bring in by marker, so the lines need none, and Poetry writes none. A root
                // may even ask for an extra that the lock leaves to one of the project's own.
                extras: if self.version >= LockVersion::V2_1 { Extras::new() } else { one.extras.clone() },
                condition: if spare { Condition::Always } else { one.condition.clone() },
                needs: Some(needs.collect()),
                via: None,
                root: one.root,
            };
            if spare { selection.spare.push(pick) } else { selection.picks.push(pick) }
        }
        selection
    }
}
