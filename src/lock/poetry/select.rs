//! The packages of a `poetry.lock` on one environment, as `poetry export` selects them.
//!
//! A 2.1 lock has groups and markers on its entries: they are asked. An older one has neither: `walk` follows the graph
//! from the roots in `pyproject.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use pep508_rs::{ExtraName, PackageName};

use super::walk::{EntryDemand, Walk};
use super::{ANEW, Dependency, Edge, LockVersion, PoetryLock, PoetryPackage};
use crate::lock::limits::{MOST_TWINS, twins};
use crate::lock::{Choice, PassedOver, SelectedPackage, Selection};
use crate::packaging::constraint::Constraint;
use crate::packaging::marker::{Condition, Extras, ExtrasAndGroups};
use crate::packaging::target::Environment;
use crate::report::error::{Code, Error, Problem, Result};

impl PoetryLock {
    /// Why it cannot be installed under a Python.
    pub(in crate::lock) fn leaves_out(&self, environment: Environment) -> Option<Problem> {
        let (name, python) = (&self.source.name, environment.python);
        let message = || format!("{name} is locked for Python {}, which excludes {python}", self.pythons);
        (!self.pythons.admits_python(python)).then(|| Problem::new(Code::Impossible, message()))
    }

    /// The Pythons that the release of an entry takes.
    pub fn requires_python(&self, entry: usize) -> Option<&Constraint> {
        self.packages.get(entry).map(|package| &package.pythons)
    }

    /// The packages of the lock on an environment for a choice of groups and extras.
    ///
    /// # Errors
    /// If a group or an extra is not known, if a lock before 2.1 has no `pyproject.toml` beside it, or if the lock lacks
    /// a package that another one needs.
    pub fn select(&self, choice: &Choice, environment: Environment) -> Result<Selection> {
        let ExtrasAndGroups { extras, groups } = self.chosen(choice)?;
        let roots = self.roots(&groups, &extras, environment);
        let mut passed_over = Vec::new();
        let wanted = if self.version >= LockVersion::V2_1 {
            let mut wanted = self.by_marker(&groups, &extras, environment);
            self.spread(&roots, environment, &mut wanted, &mut Walk::Noted)?;
            passed_over = self.pass_over_unmet(&roots, &mut wanted, environment);
            let with_twins = wanted.iter().enumerate().filter(|(index, _)| self.has_twin(*index));
            let with_twins = with_twins.map(|(index, one)| (index, &one.condition));
            Error::unless_empty(twins(&self.source, &self.entries, with_twins, environment, ANEW))?;
            wanted
        } else if self.project.is_some() {
            self.walked(&roots, environment)?
        } else {
            let message = format!("{} does not say which packages belong to which group", self.source.name);
            let help = "put the pyproject.toml it was locked from beside it (locks before 2.1 need it)";
            return Err(Problem::new(Code::Inconsistent, message).help(help).into());
        };
        Ok(self.selection(&wanted, passed_over, environment))
    }

    /// The project's own requirements on the environment.
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
                match self.named(&root.requirement.name).find(|index| self.admits(root, *index)) {
                    // The export plugin asks the locked package, not the project: a package that something else needs
                    // too is not optional, and then the optional root brings it in.
                    Some(index) => !self.packages[index].optional || switched_on.contains(&root.requirement.name),
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
                let edges = self.named(name).flat_map(|index| &self.packages[index].dependencies);
                open.extend(edges.map(|edge| &edge.dependency.requirement.name));
            }
        }
        seen
    }

    /// Locks of version 2.1: every entry whose groups are chosen and whose marker holds.
    fn by_marker(&self, groups: &BTreeSet<ExtraName>, extras: &Extras, environment: Environment) -> Vec<EntryDemand> {
        let condition = |package: &PoetryPackage| {
            let chosen = package.groups.iter().filter(|group| groups.contains(group));
            chosen.fold(Condition::Never, |sum, group| match package.markers.get(group) {
                None => Condition::Always,
                Some(marker) => sum.or(Condition::of(marker, environment, extras)),
            })
        };
        let wanted = |package| EntryDemand { condition: condition(package), ..EntryDemand::default() };
        self.packages.iter().map(wanted).collect()
    }

    /// Of several entries of one name whose markers hold, leaves the one that meets all that needs it, if there is one.
    ///
    /// Poetry 2 writes two entries that hold on one machine where one dependency is for some machines only, and has a
    /// constraint, and another is for more of them, without one: `nvidia-cublas` beside torch 2.13. It installs both, one
    /// over the other.
    fn pass_over_unmet(
        &self,
        roots: &[(&Dependency, Condition)],
        wanted: &mut [EntryDemand],
        environment: Environment,
    ) -> Vec<PassedOver> {
        let twins = (0..wanted.len()).filter(|index| !wanted[*index].condition.is_never() && self.has_twin(*index));
        let mut by_name: BTreeMap<&PackageName, Vec<usize>> = BTreeMap::new();
        twins.for_each(|index| by_name.entry(&self.entries[index].name).or_default().push(index));
        by_name.retain(|_, twins| twins.len() > 1 && twins.len() <= MOST_TWINS);
        let mut passed_over = Vec::new();
        if by_name.is_empty() {
            return passed_over;
        }
        let mut unmet: BTreeSet<usize> = BTreeSet::new();
        let mut ask = |dependency: &Dependency, when: &Condition| {
            let Some(twins) = by_name.get(&dependency.requirement.name) else { return };
            let asked = |index: &&usize| !wanted[**index].condition.clone().and(when.clone()).is_never();
            let meeting = self.meeting(dependency);
            unmet.extend(twins.iter().filter(asked).filter(|index| !meeting.contains(index)));
        };
        roots.iter().for_each(|(root, when)| ask(root, when));
        for (index, one) in wanted.iter().enumerate().filter(|(_, one)| !one.condition.is_never()) {
            for (edge, when) in self.edges(index, &one.extras, environment) {
                ask(&edge.dependency, &when.and(one.condition.clone()));
            }
        }
        for twins in by_name.values() {
            let (out, left): (Vec<usize>, Vec<usize>) = twins.iter().partition(|index| unmet.contains(index));
            let [one] = left[..] else { continue };
            let there = wanted[one].condition.clone();
            // Where the one that is left is not wanted, another is.
            for index in out {
                if there == Condition::Always || there == wanted[index].condition {
                    wanted[index].condition = Condition::Never;
                    passed_over.push(PassedOver { entry: index, instead: one });
                }
            }
        }
        passed_over
    }

    /// True if another entry has the name of this one.
    fn has_twin(&self, index: usize) -> bool {
        self.named(&self.entries[index].name).nth(1).is_some()
    }

    /// True if a dependency admits the version of an entry.
    pub(super) fn admits(&self, dependency: &Dependency, index: usize) -> bool {
        let version = self.entries[index].version.as_ref();
        version.is_none_or(|version| dependency.requirement.versions.admits(version))
    }

    /// The entries of one name.
    pub(super) fn named<'a>(&'a self, name: &PackageName) -> impl DoubleEndedIterator<Item = usize> + use<'a> {
        self.by_name.get(name).into_iter().flatten().copied()
    }

    /// The dependencies of an entry that hold on the environment with some extras of it switched on.
    pub(super) fn edges<'a>(
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
            .filter(move |edge| !edge.dependency.optional || by_extra.contains(&edge.dependency.requirement.name))
            .map(move |edge| (edge, edge.dependency.condition(environment, &extras)))
            .filter(|(_, condition)| !condition.is_never())
    }

    fn selection(&self, wanted: &[EntryDemand], passed_over: Vec<PassedOver>, environment: Environment) -> Selection {
        let selected = wanted.iter().filter(|one| !one.condition.is_never()).count();
        let mut selection = Selection { packages: Vec::with_capacity(selected), ..Selection::default() };
        for (index, one) in wanted.iter().enumerate() {
            let unselected = one.condition.is_never();
            let is_passed_over = passed_over.iter().any(|one| one.entry == index);
            if is_passed_over || unselected && !self.packages[index].pythons.admits_python(environment.python) {
                continue;
            }
            let needs = self.edges(index, &one.extras, environment);
            let needs = needs.map(|(edge, when)| (Arc::clone(&edge.dependency.requirement), when));
            let selected = SelectedPackage {
                entry: index,
                // A 2.1 lock lists what extras bring in by marker, so the lines need none, and Poetry writes none. A root
                // may even ask for an extra that the lock leaves to one of the project's own.
                extras: if self.version >= LockVersion::V2_1 { Extras::new() } else { one.extras.clone() },
                with_extras: !one.extras.is_empty(),
                condition: if unselected { Condition::Always } else { one.condition.clone() },
                needs: Some(needs.collect()),
                via: None,
                root: one.root,
            };
            if unselected { selection.unselected.push(selected) } else { selection.packages.push(selected) }
        }
        selection.passed_over = passed_over;
        selection
    }
}
