//! Packages beyond torch's family that have one name on CPUs and another on GPUs: where they are asked for, what is built
//! for the target takes the place of what is locked.
//!
//! Other packages ask for the locked name, so a stub of that name stays and requires the other one: what this is, and what
//! it needs in turn, the closure finds. The release is the same, or there is a refusal.
//!
//! Not here: which names belong together (`catalog::equivalents`), and the bytes of a stub (`packaging::stub`).

mod advice;
mod notes;
mod search;
mod why;

use std::rc::Rc;

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::family::{FamilyDecision, FamilyPackage};
use super::knowledge::{Knowledge, WheelRequirement, WheelRequirements};
use super::{EnvironmentPlan, Kept, Line, LockView, Planner, Request, TargetPlan, What, refusal};
use crate::catalog::WheelRow;
use crate::catalog::equivalents::{self, Equivalent, How};
use crate::catalog::pin::Pin;
use crate::lock::{Entry, Lock, SelectedPackage, Selection};
use crate::packaging::marker::Extras;
use crate::packaging::stub::{Stub, is_stub};
use crate::packaging::target::{Backend, Environment, Platform, Python};
use crate::report::error::{Code, Error, Problem, Result};
use crate::text::nearest;

pub(crate) use advice::{GpuBuild, gpu_build};
pub(super) use notes::notes;
use search::Search;

/// The packages that are swapped beyond torch's family; by default nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Also {
    names: Names,
    /// Another release will do where there is none of the locked number.
    nearest: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Names {
    #[default]
    Nothing,
    /// All that has a build of another name.
    All,
    /// These packages, by either name.
    Named(Vec<PackageName>),
}

/// One way between two names.
struct Way {
    range: Equivalent,
    /// True from CPU to GPU.
    to_gpu: bool,
}

impl Way {
    fn to(&self) -> &PackageName {
        if self.to_gpu { &self.range.gpu } else { &self.range.cpu }
    }

    /// True if the build that is wanted is for a backend.
    fn suits(&self, backend: Backend) -> bool {
        !self.to_gpu || self.range.runs_on(backend)
    }

    /// True if the wheel for a platform is the build that is wanted.
    fn is_on(&self, platform: Platform) -> bool {
        !self.to_gpu || self.range.is_on(platform)
    }

    /// The extras of what takes the place of a package that has some: those that bring CUDA's libraries come and go with the
    /// GPU build.
    fn extras(&self, locked: &Extras) -> Vec<String> {
        let own = &self.range.extras;
        let added = own.iter().filter(|_| self.to_gpu);
        let kept = locked.iter().filter(|extra| self.to_gpu || !own.contains(extra));
        added.chain(kept).map(ToString::to_string).collect()
    }

    /// Why the build that is wanted cannot be had, though its wheels are there.
    fn flaw(&self) -> Option<&'static str> {
        self.range.flaw.filter(|_| self.to_gpu)
    }
}

/// The ways of a package to another name, if a backend is wanted for which there is one.
fn ways(name: &PackageName, backend: Option<Backend>) -> Vec<Way> {
    let way = |to_gpu| move |range| Way { range, to_gpu };
    match backend {
        Some(Backend::Cuda(..)) => equivalents::of_cpu(name).map(way(true)).collect(),
        Some(Backend::Cpu) => {
            equivalents::of_gpu(name).filter(|range| range.how != How::Extra).map(way(false)).collect()
        }
        Some(Backend::Rocm(..) | Backend::Xpu) | None => Vec::new(),
    }
}

impl Also {
    /// Reads the names of a command line or a configuration; `all` means all. `nearest`: another release will do.
    pub fn of(names: &[PackageName], nearest: bool) -> Self {
        let names = match names {
            [] => Names::Nothing,
            some if some.iter().any(|name| name.as_ref() == "all") => Names::All,
            some => Names::Named(some.to_vec()),
        };
        Self { names, nearest }
    }

    /// True if the pair of names that a way is between is asked for.
    fn takes(&self, way: &Way) -> bool {
        match &self.names {
            Names::Nothing => false,
            Names::All => true,
            Names::Named(names) => {
                let third = |name: &PackageName| matches!(way.range.how, How::Beside(third) if third == name.as_ref());
                names.iter().any(|name| *name == way.range.cpu || *name == way.range.gpu || third(name))
            }
        }
    }

    /// True if a lock gives something that is asked for, by either name: it may be the build that is wanted.
    pub(super) fn takes_any(&self, view: LockView<'_>, selection: &Selection) -> bool {
        let taken = |name| {
            let pairs = equivalents::of_cpu(name).chain(equivalents::of_gpu(name));
            pairs.map(|range| Way { range, to_gpu: true }).any(|way| self.takes(&way))
        };
        self.names != Names::Nothing
            && selection.packages.iter().any(|package| taken(&view.entries[package.entry].name))
    }

    /// Checks what is asked for against a lock.
    ///
    /// # Errors
    /// Names that nothing is known of, or that the lock does not have, and a build for which nothing is known.
    pub fn check(&self, lock: &Lock, backend: Option<Backend>) -> Result<()> {
        let help = "leave --also out, or name another build: --cuda 12.6, --cpu, …";
        match backend {
            _ if self.names == Names::Nothing && !self.nearest => return Ok(()),
            _ if self.names == Names::Nothing => {
                let message = "--nearest chooses the release that --also takes, and --also names nothing";
                return Err(Problem::new(Code::Usage, message).help("name a package: --also NAME").into());
            }
            Some(Backend::Cuda(..) | Backend::Cpu) => {}
            Some(Backend::Rocm(..) | Backend::Xpu) => {
                let build = backend.map(Backend::spoken).unwrap_or_default();
                let message =
                    format!("no package beyond torch's family is known to have a {build} build of another name");
                return Err(Problem::new(Code::Impossible, message).help(help).into());
            }
            None => {
                let message = "--also swaps for a build, and none is named";
                return Err(Problem::new(Code::Usage, message).help(help).into());
            }
        }
        let Names::Named(names) = &self.names else { return Ok(()) };
        let problems = names.iter().filter_map(|name| {
            let mut pairs = equivalents::names().filter(|pair| pair.says(name)).peekable();
            if pairs.peek().is_none() {
                let known = || equivalents::names().flat_map(|pair| [pair.cpu, pair.gpu, pair.known]);
                let message =
                    format!("{name} is not known to have another name for another build, so --also cannot swap it");
                let help = nearest(name.as_ref(), known()).map(|near| format!("did you mean `{near}`?"));
                return Some(Problem::new(Code::Usage, message).help(help.unwrap_or_else(|| {
                    let mut known: Vec<&str> = equivalents::names().map(|pair| pair.known).collect();
                    known.dedup();
                    format!("there are: {}", known.join(", "))
                })));
            }
            let is_locked = pairs.any(|pair| lock.entries().iter().any(|entry| pair.has(&entry.name)));
            let message = format!("the lock has no package {name}, which --also names");
            (!is_locked).then(|| Problem::new(Code::Usage, message).help("leave it out"))
        });
        Error::unless_empty(problems.collect())
    }
}

/// The packages that are swapped, and everything that is wrong with them. `family`: the plan for torch's.
pub(crate) fn members(
    planner: &Planner<'_>,
    also: &Also,
    family: &[FamilyPackage],
) -> (Vec<FamilyPackage>, Vec<Problem>) {
    let Planner { view, selection, request, knowledge } = *planner;
    let (mut members, mut problems): (Vec<FamilyPackage>, Vec<Problem>) = (Vec::new(), Vec::new());
    if also.names == Names::Nothing {
        return (members, problems);
    }
    for (index, package) in selection.packages.iter().enumerate() {
        let entry = &view.entries[package.entry];
        let ways: Vec<Way> = ways(&entry.name, request.backend).into_iter().filter(|way| also.takes(way)).collect();
        if ways.is_empty() || entry.version.as_ref().is_some_and(is_stub) || stays(entry, &ways, request, knowledge) {
            continue;
        }
        let same_name = |other: &&FamilyPackage| {
            let condition = selection.packages[other.package].condition.clone();
            other.name == entry.name && !condition.and(package.condition.clone()).is_never()
        };
        let is_stub_of = |other: &&SelectedPackage| {
            let other = &view.entries[other.entry];
            other.version.as_ref().is_some_and(is_stub) && ways.iter().any(|way| *way.to() == other.name)
        };
        let is_part = ways.iter().find_map(|way| match way.range.how {
            How::Beside(third) if !way.to_gpu => Some(third),
            How::Beside(_) | How::Extra | How::Instead => None,
        });
        let twice = members.iter().find(same_name);
        let made = match (twice, selection.packages.iter().find(is_stub_of), is_part) {
            (Some(_), ..) => Err(refusal::twice(&entry.name, request)),
            (None, Some(stub), _) => Err(why::swapped_already(entry, &view.entries[stub.entry])),
            (None, None, Some(third)) => Err(why::part_for_gpus(entry, third)),
            (None, None, None) => Search { planner: *planner, also, family }.chosen(entry, &ways),
        };
        match made {
            Ok((version, way)) => {
                let extras = way.extras(&package.extras).join(",");
                let there = WheelRequirement::parse(&format!("{}[{extras}]=={version}", way.to()));
                let mut member = FamilyPackage {
                    package: index,
                    name: entry.name.clone(),
                    version,
                    decision: FamilyDecision::Keep { why: Kept::OneBuild, pin: None },
                    requires: there
                        .map_or_else(WheelRequirements::Unknown, |one| WheelRequirements::Known([one].into())),
                    locked: None,
                    extras: Extras::new(),
                };
                match way.range.how {
                    How::Beside(_) => {}
                    How::Extra => {
                        let row = knowledge.wheel_for(&entry.name, &member.version, request.environment);
                        member.requires = knowledge.requires_of(row.as_deref(), request.environment.platform);
                        member.extras = way.range.extras.iter().cloned().collect();
                    }
                    How::Instead => {
                        let stub = Stub::new(&entry.name, &member.version, way.to());
                        member.version = stub.version.clone();
                        member.decision = FamilyDecision::Swap { pin: Rc::new(Pin::Stub(stub)) };
                    }
                }
                members.push(member);
            }
            Err(problem) => problems.push(view.point(problem, package.entry)),
        }
    }
    (members, problems)
}

/// True where every build is the CPU build, whatever it is called: on macOS, if the other name has no wheel there.
fn stays(entry: &Entry, ways: &[Way], request: &Request<'_>, knowledge: &Knowledge<'_>) -> bool {
    let platform = request.environment.platform;
    let has_wheel = |way: &Way| {
        entry.version.as_ref().is_some_and(|version| !pythons(way.to(), version, platform, knowledge).is_empty())
    };
    platform.is_macos() && request.backend == Some(Backend::Cpu) && !ways.iter().any(has_wheel)
}

/// The stubs that a plan installs.
pub fn stubs(plan: &TargetPlan) -> impl Iterator<Item = &Stub> {
    plan.environments.iter().flat_map(|one| &one.lines).filter_map(stub_of)
}

/// Takes the stubs out of a plan.
pub fn without_stubs(plan: &mut TargetPlan) {
    for environment in &mut plan.environments {
        environment.lines.retain(|line| stub_of(line).is_none());
        decide(environment, What::StoodFor);
    }
}

/// Puts in the place of each stub what it stands for, for a lock that says itself which package each one depends on. A stub
/// stays where what it stands for is an entry of its own.
pub fn renamed(plan: &mut TargetPlan) {
    for environment in &mut plan.environments {
        let EnvironmentPlan { lines, decisions, .. } = &mut *environment;
        let names: Vec<PackageName> = lines.iter().filter_map(stub_of).map(|stub| stub.stands_for.clone()).collect();
        for name in names {
            let Some(at) = lines.iter().position(|line| line.name == name && line.entry.is_none()) else { continue };
            let new = lines.remove(at);
            let is_stub = |line: &&mut Line| stub_of(line).is_some_and(|stub| stub.stands_for == name);
            let Some(line) = lines.iter_mut().find(is_stub) else { continue };
            let old = std::mem::replace(&mut line.name, new.name);
            (line.extras, line.replacement) = (new.extras, new.replacement);
            for decision in decisions.iter_mut().filter(|decision| decision.name == name) {
                if let What::Added(_, by) = &mut decision.what {
                    *by = vec![format!("what asks for {old}").into()];
                }
            }
        }
        decide(environment, What::Renamed);
    }
}

fn stub_of(line: &Line) -> Option<&Stub> {
    line.pin()?.stub()
}

/// Changes the decisions on packages that stubs replace.
fn decide(environment: &mut EnvironmentPlan, what: fn(PackageName) -> What) {
    for decision in &mut environment.decisions {
        if let What::Swapped(pin) = &decision.what
            && let Some(stub) = pin.stub()
        {
            decision.what = what(stub.stands_for.clone());
        }
    }
}

/// The packages that a plan leaves out because others take their place.
pub fn stood_for(plan: &TargetPlan) -> impl Iterator<Item = String> {
    let decisions = plan.environments.iter().flat_map(|one| &one.decisions);
    decisions.filter(|one| matches!(one.what, What::StoodFor(_))).map(|one| one.name.to_string())
}

/// The releases on a way that can be had on a platform and are the build that is wanted there, newest first.
fn had(way: &Way, platform: Platform, knowledge: &Knowledge<'_>) -> impl Iterator<Item = Version> {
    let is_had = |version: &Version| {
        way.range.has(version)
            && !version.any_prerelease()
            && !pythons(way.to(), version, platform, knowledge).is_empty()
    };
    let may_be = way.flaw().is_none() && way.is_on(platform);
    let known = if may_be { knowledge.versions(way.to()).to_vec() } else { Vec::new() };
    known.into_iter().filter(is_had).collect::<Vec<_>>().into_iter()
}

/// The Pythons for which a release has wheels on a platform.
fn pythons(name: &PackageName, version: &Version, platform: Platform, knowledge: &Knowledge<'_>) -> Vec<Python> {
    let rows = knowledge.rows(name, version);
    let all = Python::known();
    all.filter(|python| rows.iter().any(|row| installs(row, Environment { platform, python: *python }, knowledge)))
        .collect()
}

/// True if a wheel installs on an environment.
fn installs(row: &WheelRow, environment: Environment, knowledge: &Knowledge<'_>) -> bool {
    row.wheel.fit(environment).is_some() && knowledge.admits_python(row, environment.python)
}
