//! The packages of a `pylock.toml` on one environment, by the rules of PEP 751.

use std::sync::Arc;

use pep508_rs::ExtraName;

use super::files::PylockFile;
use super::package::PackageKind;
use super::{ANEW, Pylock, PylockPackage};
use crate::lock::limits::{ENOUGH, twins};
use crate::lock::{Choice, Entry, LockedDigest, SelectedPackage, Selection};
use crate::packaging::constraint::Constraint;
use crate::packaging::marker::{Condition, Extras, ExtrasAndGroups};
use crate::packaging::target::{Environment, Platform, Python};
use crate::report::error::{Code, Error, Problem, Result};
use crate::text::{Source, quoted};

impl Pylock {
    /// The packages of the lock on an environment for a choice of groups and extras. The groups that the lock calls
    /// default are chosen unless they are left out; a package without a marker belongs to no group, and is always there.
    ///
    /// # Errors
    /// If a group or an extra is not known; if the lock is not for this environment; if it gives a package twice there, or
    /// one that does not take this Python.
    pub fn select(&self, choice: &Choice, environment: Environment) -> Result<Selection> {
        let asked = self.asked(choice)?;
        let everything = self.asked(&Choice::everything())?;
        if !self.is_for(environment) {
            let message = format!("{} is not for {environment}: its `environments` leave it out", self.source.name);
            let problem = Problem::new(Code::Impossible, message);
            return Err(problem.help("choose another target, or lock for this one too").into());
        }
        let mut selection = Selection::default();
        let mut problems = Vec::new();
        for (index, (entry, package)) in self.entries.iter().zip(&self.packages).enumerate() {
            let condition = package.condition(environment, &asked);
            let python = package.pythons.admits_python(environment.python);
            if condition.is_never() {
                // Where a lock has several releases of a package, another one may be the only one for this Python.
                let here = |platform| {
                    let there = Environment { platform, python: environment.python };
                    !package.condition(there, &everything).is_never()
                };
                if python && package.installs_on(environment) && Platform::ALL.into_iter().any(here) {
                    selection.unselected.push(selected(index, package, Condition::Always, environment));
                }
                continue;
            }
            if !python {
                let message = format!(
                    "the lock gives {} for {environment}, but it is for Python {} only",
                    entry.name, package.pythons
                );
                problems.push(Problem::new(Code::Inconsistent, message).at(&self.source, entry.at.span).help(ANEW));
            }
            if problems.len() >= ENOUGH {
                break;
            }
            selection.packages.push(selected(index, package, condition, environment));
        }
        let wanted = selection.packages.iter().map(|one| (one.entry, &one.condition));
        problems.extend(twins(&self.source, &self.entries, wanted, environment, ANEW));
        Error::unless_empty(problems)?;
        Ok(selection)
    }

    fn is_for(&self, environment: Environment) -> bool {
        let holds =
            |marker: &super::WrittenMarker| !marker.condition(environment, &ExtrasAndGroups::default()).is_never();
        self.environments.is_empty() || self.environments.iter().any(holds)
    }

    /// The key by which it excludes an environment.
    pub(in crate::lock) fn excluded_by(&self, environment: Environment) -> Option<&'static str> {
        if !self.is_for(environment) {
            return Some("environments");
        }
        (!self.pythons.admits_python(environment.python)).then_some("requires-python")
    }

    fn asked(&self, choice: &Choice) -> Result<ExtrasAndGroups> {
        let groups: Vec<ExtraName> = self.groups.iter().chain(&self.default_groups).cloned().collect();
        choice.resolved(&self.source.name, &self.extras, &groups, &self.default_groups)
    }

    /// Why the lock cannot be installed on an environment; `None`: nothing prevents it.
    ///
    /// A lock of pip says nothing of Pythons, but the wheels in it are for one: what is always installed must have a file
    /// for this Python on some platform. That it has none for this platform is reported for each entry that stays.
    pub fn leaves_out(&self, environment: Environment) -> Option<Problem> {
        let python = environment.python;
        if !self.pythons.admits_python(python) {
            let message =
                format!("{} is locked for Python {}, which excludes {python}", self.source.name, self.pythons);
            return Some(Problem::new(Code::Impossible, message));
        }
        if !self.is_for(environment) {
            let message = format!("{} is not for {environment}: its `environments` leave it out", self.source.name);
            return Some(Problem::new(Code::Impossible, message));
        }
        let environments = || Platform::ALL.into_iter().map(|platform| Environment { platform, python });
        let always = self.entries.iter().zip(&self.packages).filter(|(_, package)| package.marker.is_none());
        let stuck = always.filter(|(_, package)| {
            !package.pythons.admits_python(python)
                || !environments().any(|environment| package.installs_on(environment))
        });
        stuck.map(|(entry, _)| no_file(&self.source, entry, &format!("CPython {python}"))).next()
    }

    /// Why the lock cannot be installed on a platform under any Python: what prevents it for the newest one that it names.
    pub fn never_on(&self, platform: Platform) -> Option<Problem> {
        let newest = Python::released().rev().find(|python| self.pythons.admits_python(*python));
        let problem = self.leaves_out(Environment { platform, python: newest.unwrap_or(Python::NEWEST) })?;
        Some(problem.help("choose another target, or lock for this one too"))
    }
}

/// Says that an entry of a lock has no file for an environment.
fn no_file(source: &Source, entry: &Entry, place: &str) -> Problem {
    let version = entry.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    let message = format!("{} has no file of {}{version} for {place}", source.name, entry.name);
    Problem::new(Code::Impossible, message).at(source, entry.at.span)
}

/// Why an entry cannot be installed on an environment: there is no wheel for it and no source distribution, or the file
/// that is taken has no digest that will do.
pub(in crate::lock) fn without_file(
    source: &Source,
    entry: &Entry,
    package: &PylockPackage,
    environment: Environment,
    wanted: Digests,
) -> Option<Problem> {
    if !package.installs_on(environment) {
        let help = "make the lock on such a machine, or with a tool that locks for all: uv, Poetry, PDM";
        return Some(no_file(source, entry, &environment.to_string()).help(help));
    }
    let file = package.taken(environment).filter(|file| !wanted.are_met(file, package))?;
    let (what, help) = match file.digests.is_empty() {
        true => ("digest", "an index that gives digests"),
        false => ("sha256", "an index that gives these"),
    };
    let message = format!("{} has no {what} of {}, which {environment} takes", source.name, quoted(&file.name));
    let problem = Problem::new(Code::NoDigest, message).at(source, entry.at.span);
    Some(problem.help(format!("lock it from {help}, or write none at all: --without-hashes")))
}

/// The digests that an output needs of the chosen file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digests {
    /// None.
    Unwanted,
    /// One that pip's hash mode takes.
    Counted,
    /// Any where every file has one, for the package is carried over whole; else its sha256; only that is carried.
    Carried,
}

impl Digests {
    fn are_met(self, file: &PylockFile, package: &PylockPackage) -> bool {
        match self {
            Self::Unwanted => true,
            Self::Counted => file.digests.iter().any(LockedDigest::counts),
            Self::Carried if package.kind.files().all(|file| !file.digests.is_empty()) => true,
            Self::Carried => file.digests.iter().any(|digest| digest.sha256().is_some()),
        }
    }
}

fn selected(index: usize, package: &PylockPackage, condition: Condition, environment: Environment) -> SelectedPackage {
    let when = |tree| Condition::of(tree, environment, &Extras::new());
    let needs = package.needs.as_ref().map(|needs| {
        let here = needs.iter().map(|(requirement, marker)| (Arc::clone(requirement), when(marker)));
        here.filter(|(_, when)| !when.is_never()).collect()
    });
    let extras = Extras::new();
    SelectedPackage { entry: index, extras, with_extras: false, condition, needs, via: None, root: false }
}

impl PylockPackage {
    /// A package that a lock has no marker of.
    pub(in crate::lock) fn always(index: Option<String>, kind: PackageKind) -> Self {
        Self { marker: None, pythons: Constraint::any(), index, kind, needs: None }
    }

    /// The file that an environment takes, if the lock has no digest of it that pip's hash mode takes.
    pub(crate) fn undigested(&self, environment: Environment) -> Option<&PylockFile> {
        self.taken(environment).filter(|file| !Digests::Counted.are_met(file, self))
    }

    /// The condition under which it is installed on an environment.
    pub fn condition(&self, environment: Environment, asked: &ExtrasAndGroups) -> Condition {
        self.marker.as_ref().map_or(Condition::Always, |marker| marker.condition(environment, asked))
    }

    /// The file that an installer takes on an environment: the wheel that suits it best, else the source distribution. A
    /// version with a label is higher than the same without (PEP 440), and the highest counts first.
    pub fn taken(&self, environment: Environment) -> Option<&PylockFile> {
        match &self.kind {
            PackageKind::Release { sdist, wheels } => {
                let fit = |file: &PylockFile| {
                    let wheel = file.wheel.as_ref()?;
                    Some((wheel.version.is_local(), wheel.fit(environment)?))
                };
                let fitting = wheels.iter().filter_map(|file| Some((fit(file)?, file)));
                let best = fitting.max_by(|one, other| one.0.cmp(&other.0)).map(|(_, file)| file);
                best.or(sdist.as_deref())
            }
            PackageKind::Archive(file) => Some(file),
            PackageKind::Source => None,
        }
    }

    /// True if it has something that installs on an environment: a wheel for it, or a source.
    pub fn installs_on(&self, environment: Environment) -> bool {
        match &self.kind {
            PackageKind::Source => true,
            PackageKind::Release { .. } => self.taken(environment).is_some(),
            PackageKind::Archive(file) => file.wheel.as_ref().is_none_or(|wheel| wheel.fit(environment).is_some()),
        }
    }
}
