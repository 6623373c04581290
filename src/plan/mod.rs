//! The plan: what is swapped, added, re-pinned, removed and kept on one environment. Pure: values in, values out.
//!
//! ```text
//! selection ──► family: which wheel is locked, which is wanted ──► closure: what these wheels need ──► orphans: what
//! nothing needs any more ──► lines
//! ```
//!
//! Every problem is collected; there is a plan only if there is none.
//!
//! Not here: how a plan is written down (`write`).
//!
//! Imports: `text`, `packaging`, `report`, `catalog`, `lock`.

mod assembly;
pub mod closure;
pub(crate) mod companions;
mod cudas;
mod emit;
pub(crate) mod equivalents;
pub(crate) mod family;
pub(crate) mod files;
mod hand_written;
pub(crate) mod knowledge;
pub(crate) mod labelled;
mod locked;
mod made_for;
mod orphans;
pub(crate) mod provided;
pub(crate) mod refusal;
mod replacement;
mod several;
mod shared;
mod sizes;
mod summary;
mod target;
mod unfit;
mod unproven;
pub(crate) mod witnesses;

use std::rc::Rc;

use pep440_rs::Version;
use pep508_rs::PackageName;

use crate::catalog::WheelRow;
use crate::catalog::pin::Pin;
use crate::lock::emit::NotEmitted;
use crate::lock::pylock::PylockPackage;
use crate::lock::pyproject::Project;
use crate::lock::requirements::GlobalOption;
use crate::lock::{Entry, Lock, Selection};
use crate::packaging::target::{Backend, Environment, Python};
use crate::report::Missing;
use crate::report::error::{Error, Problem, Result};
use crate::text::Source;

use knowledge::WheelRequirements;

pub use companions::Mismatch;
pub use equivalents::{Also, renamed, stood_for, stubs, without_stubs};
pub use knowledge::{Knowledge, Rows, WheelRequirement};
pub use provided::provided;
pub use replacement::{Line, Replacement};
pub use several::{Wanted, targets};
pub use shared::{Beyond, shared};
pub use sizes::size;
pub use summary::{summary, without_name};
pub use target::{LeftOut, TargetPlan, target};
pub(crate) use target::{members, without_torch};
pub use witnesses::too_few_witnesses;

/// The request for a plan.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The build wanted; `None` keeps the builds that the lock has.
    pub backend: Option<Backend>,
    /// The environment.
    pub environment: Environment,
    /// All Pythons of the target, this environment's among them: a release's line admits the files of all of them.
    pub pythons: &'a [Python],
    /// A requirement for an older release of a CUDA library shares torch's, if that is of the same major version.
    pub shares_libraries: bool,
}

impl<'a> Request<'a> {
    /// Each has the libraries that it asks for.
    pub fn new(backend: Option<Backend>, environment: Environment, pythons: &'a [Python]) -> Self {
        Self { backend, environment, pythons, shares_libraries: false }
    }
}

/// A lock as the plan sees it.
#[derive(Debug, Clone, Copy)]
pub struct LockView<'a> {
    /// Its entries.
    pub entries: &'a [Entry],
    /// Its texts, for places in messages.
    pub sources: &'a [Source],
    /// The options of a requirements file, which say where all of its entries come from. `None`: each has its own index.
    pub options: Option<&'a [GlobalOption]>,
    /// The files of each entry, where the lock names them, with digests or without; else none at all.
    pub packages: &'a [PylockPackage],
    /// The project's requirements, where the lock has the versions in which packages need each other.
    pub project: Option<&'a Project>,
}

impl<'a> LockView<'a> {
    /// All of a lock.
    pub fn of(lock: &'a Lock) -> Self {
        let (entries, sources, options) = (lock.entries(), lock.sources(), lock.options());
        Self { entries, sources, options, packages: lock.packages(), project: lock.project() }
    }

    /// Points a problem at an entry, if it has one.
    pub(crate) fn point(&self, problem: Problem, entry: impl Into<Option<usize>>) -> Problem {
        let at = entry.into().and_then(|entry| self.entries.get(entry)).map(|entry| entry.at);
        match at.and_then(|at| Some((self.sources.get(at.source)?, at.span))) {
            Some((source, span)) => problem.at(source, span),
            None => problem,
        }
    }
}

/// All that the steps of a plan for one environment have in common.
#[derive(Clone, Copy)]
pub(crate) struct Planner<'a> {
    pub(crate) view: LockView<'a>,
    pub(crate) selection: &'a Selection,
    pub(crate) request: &'a Request<'a>,
    pub(crate) knowledge: &'a Knowledge<'a>,
}

impl<'a> Planner<'a> {
    /// The entry of a selected package, by the package's index.
    fn entry(&self, package: usize) -> &'a Entry {
        &self.view.entries[self.selection.packages[package].entry]
    }

    /// The requirements of a wheel there.
    fn requires(&self, row: &WheelRow) -> WheelRequirements {
        self.knowledge.requires(row, self.request.environment.platform)
    }
}

/// The plan for one environment.
#[derive(Debug, Clone)]
pub struct EnvironmentPlan {
    /// The environment.
    pub environment: Environment,
    /// Everything that is installed there.
    pub lines: Vec<Line>,
    /// The decisions about the packages that matter, for the summary.
    pub decisions: Vec<Decision>,
    /// The requirements of the family's wheels, and in turn of the packages that are not as locked.
    pub(crate) needed: closure::Resolution,
    /// Notes on what else could be had.
    pub(crate) notes: Vec<String>,
    /// Warnings beside the decisions.
    pub warnings: Vec<Problem>,
    /// Questions to an index about wheels that stay and whose requirements are unknown.
    pub unproven: Vec<Missing>,
}

impl EnvironmentPlan {
    /// Adds a decision, unless the package is changed by another one.
    pub(crate) fn also(&mut self, decision: Decision) {
        if !self.decisions.iter().any(|one| one.name == decision.name && one.is_change()) {
            self.decisions.push(decision);
            self.decisions.sort();
        }
    }
}

/// The decision about one package, and its reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decision {
    /// The package.
    pub name: PackageName,
    /// The locked version, where it is locked.
    pub from: Option<Version>,
    /// The decision.
    pub what: What,
}

impl Decision {
    /// True if the package is not as locked.
    pub fn is_change(&self) -> bool {
        match self.what {
            What::Swapped(_)
            | What::Added(..)
            | What::Included(_)
            | What::Repinned(..)
            | What::Removed
            | What::StoodFor(_)
            | What::Renamed(_) => true,
            What::Kept(_) | What::NotEmitted(..) | What::Unswapped(..) => false,
        }
    }
}

/// The kinds of decisions about a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// The wheel is replaced by that of another build.
    Swapped(Rc<Pin>),
    /// It is new in the output, because of these packages.
    Added(Rc<Pin>, Vec<Rc<str>>),
    /// The lock pins it, but does not select it here; now these packages need it.
    Included(Vec<Rc<str>>),
    /// Another release is pinned, because of these packages.
    Repinned(Rc<Pin>, Vec<Rc<str>>),
    /// Nothing needs it any more.
    Removed,
    /// Another package takes its place, without a stub.
    StoodFor(PackageName),
    /// Another package takes its place, and what depends on it says so.
    Renamed(PackageName),
    /// It stays as it is.
    Kept(Kept),
    /// It is left out because the user asked for that: why, and what to install.
    NotEmitted(NotEmitted, String),
    /// It stays, though it does not fit torch: nobody here knows another wheel of it.
    Unswapped(Mismatch),
}

/// Why a package stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// The locked wheel already is of the wanted build.
    AlreadyBuiltFor(Backend),
    /// There is one build for all.
    OneBuild,
    /// Nobody knows what it was built for, but torch stays, and the lock took both from one index.
    WithTorch,
    /// No other build was asked for. The build, if known.
    AsLocked(Option<Backend>),
    /// It stays the wheel that it was, but is written as its URL: no index of the lock serves it.
    Unserved(Rc<Pin>),
    /// As before, but the catalogue does not know what it requires, so the lock is taken at its word.
    Unproven(String),
    /// A GPU library that torch does not need, of another major release of CUDA than those that it does, or beside a build
    /// that needs none.
    Foreign {
        /// The CUDA that it is for; `None`: for any, or for no CUDA.
        cuda: Option<u64>,
        /// The build of torch; `None`: there are libraries for another CUDA beside it.
        torch: Option<Backend>,
        /// The packages that need it, as far as the lock has them.
        by: Vec<Rc<str>>,
    },
}

/// Plans one environment, of which the packages of the family are found already.
///
/// # Errors
/// All problems found: requirements that are not known or that nothing meets, packages out of step.
fn plan(planner: &Planner<'_>, members: Vec<family::FamilyPackage>) -> Result<EnvironmentPlan> {
    let Planner { view, selection, request, .. } = *planner;
    // Without the wheels there is nothing whose requirements could be followed.
    Error::unless_empty(family::requirements_unknown(view, selection, &members, request))?;
    let (chosen, mut problems) = closure::resolve(planner, &members);
    let (removed, stuck) = orphans::removed(planner, &members, &chosen);
    problems.extend(stuck);
    problems.extend(closure::conflicts(view, selection, &members, &chosen, &removed));
    problems.extend(unfit::unfit(planner, &members, &chosen, &removed));
    Error::unless_empty(problems)?;
    Ok(assembly::assemble(planner, members, chosen, &removed))
}
