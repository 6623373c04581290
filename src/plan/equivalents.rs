//! Packages beyond torch's family that have one name on CPUs and another on GPUs: where they are asked for, what is built
//! for the target takes the place of what is locked.
//!
//! Other packages ask for the locked name, so a stub of that name stays and requires the other one: what this is, and what
//! it needs in turn, the closure finds. The release is the same, or there is a refusal.
//!
//! Not here: which names belong together (`catalog::equivalents`), and the bytes of a stub (`packaging::stub`).

mod why;

use std::collections::BTreeSet;
use std::rc::Rc;

use pep440_rs::Version;
use pep508_rs::{ExtraName, PackageName};

use super::family::{FamilyDecision, FamilyPackage};
use super::knowledge::{Knowledge, WheelRequirement, WheelRequirements};
use super::{Line, LockView, Request, TargetPlan, What, refusal};
use crate::catalog::equivalents::{self, Equivalent};
use crate::catalog::pin::Pin;
use crate::catalog::{WheelRow, WheelSource, library_of};
use crate::lock::{Entry, Lock, Origin, Selection};
use crate::packaging::stub::{Stub, is_stub};
use crate::packaging::target::{Backend, Environment, Platform, Python};
use crate::report::error::{Code, Error, Problem, Result};
use crate::text::nearest;

use why::{no_platform, no_release, other_cuda, other_library};

/// What is swapped beyond torch's family.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Also {
    /// Nothing.
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
}

/// The ways of a package to another name, if a backend is wanted for which there is one.
fn ways(name: &PackageName, backend: Option<Backend>) -> Vec<Way> {
    let way = |to_gpu| move |range| Way { range, to_gpu };
    match backend {
        Some(Backend::Cuda(..)) => equivalents::of_cpu(name).map(way(true)).collect(),
        Some(Backend::Cpu) => equivalents::of_gpu(name).map(way(false)).collect(),
        Some(Backend::Rocm(..) | Backend::Xpu) | None => Vec::new(),
    }
}

impl Also {
    /// Reads the names of a command line or a configuration; `all` means all.
    pub fn of(names: &[PackageName]) -> Self {
        match names {
            [] => Self::Nothing,
            some if some.iter().any(|name| name.as_ref() == "all") => Self::All,
            some => Self::Named(some.to_vec()),
        }
    }

    /// True if the pair of names that a way is between is asked for.
    fn takes(&self, way: &Way) -> bool {
        match self {
            Self::Nothing => false,
            Self::All => true,
            Self::Named(names) => names.iter().any(|name| *name == way.range.cpu || *name == way.range.gpu),
        }
    }

    /// True if a lock gives something that is asked for.
    pub(super) fn takes_any(&self, view: LockView<'_>, selection: &Selection, backend: Option<Backend>) -> bool {
        let taken = |name| ways(name, backend).iter().any(|way| self.takes(way));
        *self != Self::Nothing && selection.packages.iter().any(|package| taken(&view.entries[package.entry].name))
    }

    /// Checks what is asked for against a lock.
    ///
    /// # Errors
    /// Names that nothing is known of, or that the lock does not have, and a build for which nothing is known.
    pub fn check(&self, lock: &Lock, backend: Option<Backend>) -> Result<()> {
        let help = "leave --also out, or name another build: --cuda 12.6, --cpu, …";
        match backend {
            _ if *self == Self::Nothing => return Ok(()),
            Some(Backend::Cuda(..) | Backend::Cpu) => {}
            Some(Backend::Rocm(..) | Backend::Xpu) => {
                let build = backend.map(Backend::spoken).unwrap_or_default();
                let message = format!("of no package beyond torch's family a {build} build of another name is known");
                return Err(Problem::new(Code::Impossible, message).help(help).into());
            }
            None => {
                let message = "--also swaps for a build, and none is named";
                return Err(Problem::new(Code::Usage, message).help(help).into());
            }
        }
        let Self::Named(names) = self else { return Ok(()) };
        let has = |name: &str| lock.entries().iter().any(|entry| entry.name.as_ref() == name);
        let problems = names.iter().filter_map(|name| {
            let mut pairs = equivalents::names().filter(|(cpu, gpu)| [*cpu, *gpu].contains(&name.as_ref())).peekable();
            if pairs.peek().is_none() {
                let known = || equivalents::names().flat_map(|(cpu, gpu)| [cpu, gpu]);
                let message = format!("no other name of {name} is known for another build, so --also cannot swap it");
                let help = nearest(name.as_ref(), known()).map(|near| format!("did you mean `{near}`?"));
                return Some(Problem::new(Code::Usage, message).help(help.unwrap_or_else(|| {
                    let mut known: Vec<&str> = equivalents::names().map(|(cpu, _)| cpu).collect();
                    known.dedup();
                    format!("there are: {}", known.join(", "))
                })));
            }
            let is_locked = pairs.any(|(cpu, gpu)| has(cpu) || has(gpu));
            let message = format!("the lock has no package {name}, which --also names");
            (!is_locked).then(|| Problem::new(Code::Usage, message).help("leave it out"))
        });
        Error::unless_empty(problems.collect())
    }
}

/// The packages that are swapped, and everything that is wrong with them. `family`: what becomes of torch's.
pub(super) fn members<S: WheelSource>(
    view: LockView<'_>,
    selection: &Selection,
    also: &Also,
    family: &[FamilyPackage],
    request: &Request<'_>,
    knowledge: &Knowledge<'_, S>,
) -> (Vec<FamilyPackage>, Vec<Problem>) {
    let (mut members, mut problems): (Vec<FamilyPackage>, Vec<Problem>) = (Vec::new(), Vec::new());
    if *also == Also::Nothing {
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
        let made = match members.iter().find(same_name) {
            Some(_) => Err(refusal::twice(&entry.name, request)),
            None => chosen(entry, &ways, family, request, knowledge),
        };
        match made {
            Ok((version, way)) => {
                let stub = Stub::new(&entry.name, &version, way.to());
                let extras = way.range.extras.iter().filter(|_| way.to_gpu).chain(&package.extras);
                let extras: Vec<String> = extras.map(ToString::to_string).collect();
                let requirement = WheelRequirement::parse(&format!("{}[{}]=={version}", way.to(), extras.join(",")));
                let requires = match requirement {
                    Ok(one) => WheelRequirements::Known([one].into()),
                    Err(why) => WheelRequirements::Unknown(why),
                };
                members.push(FamilyPackage {
                    package: index,
                    name: entry.name.clone(),
                    version: stub.version.clone(),
                    decision: FamilyDecision::Swap { pin: Rc::new(Pin::Stub(stub)) },
                    requires,
                    locked: None,
                });
            }
            Err(problem) => problems.push(view.point(problem, package.entry)),
        }
    }
    (members, problems)
}

/// True where every build is the CPU build, whatever it is called: on macOS, if the other name has no wheel there.
fn stays<S: WheelSource>(entry: &Entry, ways: &[Way], request: &Request<'_>, knowledge: &Knowledge<'_, S>) -> bool {
    let platform = request.environment.platform;
    let has_wheel = |way: &Way| {
        entry.version.as_ref().is_some_and(|version| !pythons(way.to(), version, platform, knowledge).is_empty())
    };
    platform.is_macos() && request.backend == Some(Backend::Cpu) && !ways.iter().any(has_wheel)
}

/// The Pythons for which a release has wheels on a platform.
fn pythons<S: WheelSource>(
    name: &PackageName,
    version: &Version,
    platform: Platform,
    knowledge: &Knowledge<'_, S>,
) -> Vec<Python> {
    let rows = knowledge.rows(name, version);
    let all = (6..=20).map(Python::three);
    all.filter(|python| rows.iter().any(|row| installs(row, Environment { platform, python: *python }, knowledge)))
        .collect()
}

fn installs<S: WheelSource>(row: &WheelRow, environment: Environment, knowledge: &Knowledge<'_, S>) -> bool {
    row.wheel.fit(environment).is_some() && knowledge.admits_python(row, environment.python)
}

/// The release that takes the place of an entry, and on which way.
fn chosen<'w, S: WheelSource>(
    entry: &Entry,
    ways: &'w [Way],
    family: &[FamilyPackage],
    request: &Request<'_>,
    knowledge: &Knowledge<'_, S>,
) -> std::result::Result<(Version, &'w Way), Problem> {
    let name = &entry.name;
    let stay = format!("lock another release of {name}, or leave it out of --also, and it stays as locked");
    let Some(version) = &entry.version else {
        let problem = Problem::new(Code::Unpinned, format!("{name} is not pinned to one version"));
        return Err(problem.help(format!("write it as {name}==VERSION, or lock the file with a tool that does")));
    };
    if !matches!(entry.origin, Origin::Index(_)) || version.is_local() {
        let message =
            format!("{name} {version} is no release of an index: what its own build for the target is, nobody knows");
        return Err(Problem::new(Code::NotPinnable, message).help(stay));
    }
    let backend = request.backend.unwrap_or(Backend::Cpu);
    let Environment { platform, python } = request.environment;
    let there = |way: &&Way| way.range.has(version) && !knowledge.rows(way.to(), version).is_empty();
    let of_release: Vec<&Way> = ways.iter().filter(there).collect();
    let suiting: Vec<&Way> = of_release.iter().copied().filter(|way| way.suits(backend)).collect();
    let impossible = |message: String| Problem::new(Code::Impossible, message).help(stay.clone());
    let Some(first) = suiting.first() else {
        return Err(impossible(match of_release.first() {
            None => no_release(version, ways, backend, knowledge),
            Some(way) => other_cuda(version, way, ways, backend),
        }));
    };
    let here = |way: &&&Way| {
        let rows = knowledge.rows(way.to(), version);
        rows.iter().any(|row| installs(row, request.environment, knowledge))
    };
    let Some(way) = suiting.iter().find(here) else {
        let to = first.to();
        return Err(match pythons(to, version, platform, knowledge).as_slice() {
            [] => impossible(no_platform(version, to, platform, knowledge)),
            some => {
                let list = some.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                impossible(format!("{to} {version} has wheels for CPython {list} on {platform}")).under(python)
            }
        });
    };
    if let Some(flaw) = way.range.flaw.filter(|_| way.to_gpu) {
        return Err(impossible(format!("{} {version} cannot be had: {flaw}", way.to())));
    }
    match other_library(way, family) {
        Some(what) => Err(impossible(format!("{} {version} {what}", way.to()))),
        None => Ok((version.clone(), way)),
    }
}

/// The stubs that a plan installs.
pub fn stubs(plan: &TargetPlan) -> impl Iterator<Item = &Stub> {
    plan.environments.iter().flat_map(|one| &one.lines).filter_map(|line| line.pin()?.stub())
}

/// Takes the stubs out of a plan.
pub fn without_stubs(plan: &mut TargetPlan) {
    for environment in &mut plan.environments {
        environment.lines.retain(|line| line.pin().is_none_or(|pin| pin.stub().is_none()));
        for decision in &mut environment.decisions {
            if let What::Swapped(pin) = &decision.what
                && let Some(stub) = pin.stub()
            {
                decision.what = What::StoodFor(stub.stands_for.clone());
            }
        }
    }
}

/// The packages that a plan leaves out because others stand for them.
pub fn stood_for(plan: &TargetPlan) -> impl Iterator<Item = String> {
    let decisions = plan.environments.iter().flat_map(|one| &one.decisions);
    decisions.filter(|one| matches!(one.what, What::StoodFor(_))).map(|one| one.name.to_string())
}

/// What stays its CPU build though there is a GPU build of its release for the target, and builds for GPUs of which nothing
/// brings the libraries. `lines` is what is installed.
pub(super) fn notes<S: WheelSource>(
    view: LockView<'_>,
    selection: &Selection,
    also: &Also,
    lines: &[Line],
    request: &Request<'_>,
    knowledge: &Knowledge<'_, S>,
) -> Vec<String> {
    if !matches!(request.backend, Some(Backend::Cuda(..))) {
        return Vec::new();
    }
    let has_libraries = lines.iter().any(|line| library_of(&line.name).is_some());
    let locked =
        |name: &PackageName| selection.packages.iter().any(|package| view.entries[package.entry].name == *name);
    let each = selection.packages.iter().filter_map(|package| {
        let entry = &view.entries[package.entry];
        if !has_libraries && let Some(note) = without_extras(entry, &package.extras, also) {
            return Some(note);
        }
        let ways = ways(&entry.name, request.backend);
        let is_taken = ways.iter().any(|way| also.takes(way));
        if ways.is_empty() || !is_taken && ways.iter().any(|way| locked(way.to())) {
            return None;
        }
        let (version, way) = chosen(entry, &ways, &[], request, knowledge).ok()?;
        if is_taken {
            let (library, major) = way.range.needs?;
            let is_there = lines.iter().any(|line| library_of(&line.name) == Some(library));
            let (to, (cuda, _)) = (way.to(), way.range.cuda);
            return (!is_there).then(|| {
                format!("{to} {version} brings no libraries along: CUDA {cuda} and {library} {major} must come with torch or the image")
            });
        }
        let name = &entry.name;
        Some(format!("{name} {version} stays its CPU build; --also {name} takes {} {version}", way.to()))
    });
    each.collect()
}

/// A GPU build that is locked, and so stays as it is, without the extras that bring CUDA's libraries.
fn without_extras(entry: &Entry, extras: &BTreeSet<ExtraName>, also: &Also) -> Option<String> {
    let version = entry.version.as_ref()?;
    let mut ways = equivalents::of_gpu(&entry.name).map(|range| Way { range, to_gpu: true });
    let way = ways.find(|way| way.range.has(version) && also.takes(way))?;
    let lacking: Vec<String> =
        way.range.extras.iter().filter(|extra| !extras.contains(extra)).map(ToString::to_string).collect();
    (!lacking.is_empty()).then(|| {
        let (name, (cuda, _)) = (&entry.name, way.range.cuda);
        let extras = lacking.join(",");
        format!(
            "{name} {version} is the GPU build and stays as locked, without [{extras}]: CUDA {cuda}'s libraries must come \
             with torch or the image, or lock {name}[{extras}]"
        )
    })
}
