//! The orphans of a plan: GPU runtime packages that only wheels of other builds or other platforms need.
//!
//! A package is removed only if nothing that stays needs it, the project does not ask for it itself, and
//!
//! - the lock's own wheels of the family explain why it is there: those for any platform and any Python, for a lock has
//!   one list of packages for all of them, and an exported one does not say which is for which; or
//! - it has no file that installs on the environment.
//!
//! Where a requirements file does not say who needs a package (no `# via`), the known requirements of the family's wheels
//! are the explanation, and those of other wheels that it names keep it. What is swapped or pinned to another release needs
//! what the wheel in its place requires, which the closure holds; what the lock says of the old one counts no more. Nothing
//! but GPU runtime packages is ever removed, and what builds for CPUs bring along on other platforms (mkl on Windows), but
//! that only where it has no file. One that has no file and is needed all the same is a problem.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::family::FamilyPackage;
use super::files::lacks_file;
use super::knowledge::{Knowledge, WheelRequirement, WheelRequirements};
use super::{LockView, Planner, Request};
use crate::catalog::{BoundBuild, Built, Family, Index, WheelRow, is_gpu_runtime, is_torch_runtime};
use crate::lock::{Entry, SelectedPackage};
use crate::packaging::marker::Condition;
use crate::packaging::target::{Backend, Platform};
use crate::plan::closure::Resolution;
use crate::report::error::{Code, Problem};

/// The platforms that have GPU libraries at all.
const PLATFORMS: [Platform; 3] = [Platform::LinuxX86_64, Platform::LinuxAarch64, Platform::WindowsX86_64];

/// The packages that need one that could go.
#[derive(Clone, Copy)]
enum By<'a> {
    /// The project itself.
    Project,
    /// Another package.
    Package(&'a PackageName),
}

/// Indices of the selected packages that go, and the packages that should go but are needed.
pub(super) fn removed(
    planner: &Planner<'_>,
    members: &[FamilyPackage],
    chosen: &Resolution,
) -> (Vec<usize>, Vec<Problem>) {
    let Planner { view, selection, request, knowledge } = *planner;
    let name_of = |package: &SelectedPackage| &view.entries[package.entry].name;
    let could_go = |name: &PackageName| is_torch_runtime(name) && !chosen.contains_key(name);
    let by_name: BTreeMap<&PackageName, &SelectedPackage> =
        selection.packages.iter().map(|package| (name_of(package), package)).collect();
    if !by_name.keys().any(|name| could_go(name)) {
        return (Vec::new(), Vec::new());
    }
    let settled: Vec<&FamilyPackage> = members.iter().filter(|member| is_settled(member, request, knowledge)).collect();
    let explained = explained(planner, &settled, &by_name);
    let lacking = |package: &SelectedPackage| lacks_file(&view.entries[package.entry], request.environment, knowledge);
    let goes = |package: &SelectedPackage| {
        could_go(name_of(package)) && (explained.contains(name_of(package)) || lacking(package))
    };
    let going: Vec<usize> = (0..selection.packages.len()).filter(|index| goes(&selection.packages[*index])).collect();
    let candidates: BTreeSet<&PackageName> = going.iter().map(|index| name_of(&selection.packages[*index])).collect();
    // Packages that are known to need something else than the lock says.
    let replaced = |name: &PackageName| {
        settled.iter().any(|member| member.name == *name) || chosen.get(name).is_some_and(|choice| choice.pin.is_some())
    };
    // A wheel that stays, and whose requirements here are known: what is not among them and has no file here is not
    // needed by it, though the lock, which was made elsewhere, says so.
    let known =
        |name: &PackageName| members.iter().any(|member| member.name == *name && member.requires.known().is_some());
    let absent: BTreeSet<&PackageName> = selection.packages.iter().filter(|one| lacking(one)).map(name_of).collect();
    let disproved = |by: &PackageName, requirement: &PackageName| absent.contains(requirement) && known(by);
    // The lock does not say who needs these.
    let untold: BTreeSet<&PackageName> = candidates
        .iter()
        .copied()
        .filter(|one| by_name.get(one).is_some_and(|package| package.via.is_none()))
        .collect();
    let needs = |package: &SelectedPackage| {
        let locked = package.needs.iter().flatten().filter_map(|(one, _)| candidates.get(&one.name).copied());
        let mut all: Vec<&PackageName> = locked.collect();
        all.extend(required_here(planner, package, &untold));
        all
    };
    // The packages that stay and need a candidate, directly or through another candidate.
    let mut needed: BTreeMap<&PackageName, By<'_>> = BTreeMap::new();
    let mut open: Vec<(&PackageName, By<'_>)> = Vec::new();
    for package in selection.packages.iter().chain(selection.unemitted.iter().map(|(package, _)| package)) {
        let name = name_of(package);
        if candidates.contains(name) {
            // A package that the project itself asks for may be of the build that it was locked for: uv has the project ask
            // for everything that comes from an index of its own.
            let of_another = is_of_another_gpu(name, request);
            let is_package = |by: &PackageName| !of_another || by_name.contains_key(by);
            let stays =
                |by: &&PackageName| !replaced(by) && !candidates.contains(by) && !disproved(by, name) && is_package(by);
            let asks = (package.root && !of_another).then_some(By::Project);
            let asks = asks.or_else(|| package.via.iter().flatten().find(stays).map(By::Package));
            open.extend(asks.map(|by| (name, by)));
        } else if !replaced(name) {
            let needs = needs(package).into_iter().filter(|candidate| !disproved(name, candidate));
            open.extend(needs.map(|candidate| (candidate, By::Package(name))));
        }
    }
    while let Some((name, by)) = open.pop() {
        if needed.contains_key(name) {
            continue;
        }
        needed.insert(name, by);
        if let Some(package) = by_name.get(name) {
            open.extend(needs(package).into_iter().map(|candidate| (candidate, By::Package(name))));
        }
        let needs_it = |package: &&SelectedPackage| package.via.iter().flatten().any(|by| by == name);
        let through =
            selection.packages.iter().filter(needs_it).filter_map(|package| candidates.get(name_of(package)).copied());
        open.extend(through.map(|candidate| (candidate, By::Package(name))));
    }
    let (kept, removed): (Vec<usize>, Vec<usize>) =
        going.into_iter().partition(|index| needed.contains_key(name_of(&selection.packages[*index])));
    let stuck = kept.into_iter().map(|index| &selection.packages[index]).filter(|package| lacking(package));
    let problems = stuck.map(|package| no_file(view, package, needed[name_of(package)], request)).collect();
    (removed, problems)
}

/// The candidates that a package needs, as the catalogue knows it, where the lock does not say.
fn required_here<'a>(
    planner: &Planner<'_>,
    package: &SelectedPackage,
    untold: &BTreeSet<&'a PackageName>,
) -> Vec<&'a PackageName> {
    let Planner { view, request, knowledge, .. } = *planner;
    let Entry { name, version: Some(version), .. } = &view.entries[package.entry] else { return Vec::new() };
    if untold.is_empty() || package.needs.is_some() {
        return Vec::new();
    }
    let Some(row) = knowledge.wheel_for(name, version, request.environment) else { return Vec::new() };
    let WheelRequirements::Known(list) = planner.requires(&row) else { return Vec::new() };
    let here = |one: &&WheelRequirement| !Condition::of(&one.marker, request.environment, &package.extras).is_never();
    list.iter().filter(here).filter_map(|one| untold.get(&one.name).copied()).collect()
}

/// True for a package of the family of which the closure says what it needs: another wheel takes its place, or it is a
/// build for CPUs, whose GPU libraries are those of the lock's other wheels.
fn is_settled(member: &FamilyPackage, request: &Request<'_>, knowledge: &Knowledge<'_>) -> bool {
    let built = member.locked.as_ref().map(|row| row.built);
    let is_cpu = request.backend == Some(Backend::Cpu) || built == Some(Built::For(Backend::Cpu));
    member.is_swapped() || is_cpu && knowledge.family(&member.name) == Family::PerBackend
}

/// GPU runtime packages whose place in the lock the family's wheels explain, through each other too.
fn explained(
    planner: &Planner<'_>,
    settled: &[&FamilyPackage],
    by_name: &BTreeMap<&PackageName, &SelectedPackage>,
) -> BTreeSet<PackageName> {
    let Planner { view, selection, request, knowledge } = *planner;
    let mut explained = BTreeSet::new();
    let mut open: Vec<PackageName> = Vec::new();
    for member in settled {
        let package = &selection.packages[member.package];
        open.extend(package.needs.iter().flatten().map(|(requirement, _)| requirement.name.clone()));
        let says_so = |package: &&SelectedPackage| package.via.iter().flatten().any(|by| *by == member.name);
        open.extend(selection.packages.iter().filter(says_so).map(|package| view.entries[package.entry].name.clone()));
        for entry in view.entries.iter().filter(|entry| entry.name == member.name) {
            let Some(version) = &entry.version else { continue };
            let admits = |row: &WheelRow| {
                row.wheel.version == *version || entry.files.iter().any(|file| file.digest.sha256() == Some(row.sha256))
            };
            open.extend(required_somewhere(&entry.name, version, admits, knowledge));
        }
    }
    open.extend(by_name.keys().filter(|name| is_of_another_gpu(name, request)).map(|name| PackageName::clone(name)));
    while let Some(name) = open.pop() {
        let Some(package) = by_name.get(&name).filter(|_| is_gpu_runtime(&name)) else { continue };
        if !explained.insert(name.clone()) {
            continue;
        }
        open.extend(package.needs.iter().flatten().map(|(requirement, _)| requirement.name.clone()));
        if let Some(version) = &view.entries[package.entry].version {
            open.extend(required_somewhere(&name, version, |row| row.wheel.version == *version, knowledge));
        }
    }
    explained
}

/// True for the triton of another maker's GPU: it owns the module of the one that is needed now.
fn is_of_another_gpu(name: &PackageName, request: &Request<'_>) -> bool {
    let contradicts = |(new, own): (Backend, BoundBuild)| own.contradicts(new);
    is_gpu_runtime(name) && request.backend.zip(BoundBuild::of(name, None)).is_some_and(contradicts)
}

/// The requirements of some wheels of a release on any platform, with all extras: the old wheels may have asked for any
/// of them.
pub(super) fn required_somewhere(
    name: &PackageName,
    version: &Version,
    admits: impl Fn(&WheelRow) -> bool,
    knowledge: &Knowledge<'_>,
) -> BTreeSet<PackageName> {
    let rows = knowledge.rows(name, version);
    // One list serves all wheels of a build on an index.
    let mut known: BTreeSet<(&Version, &Index, Platform)> = BTreeSet::new();
    let mut names = BTreeSet::new();
    for row in rows.iter().filter(|row| admits(row)) {
        for platform in PLATFORMS {
            let key = (&row.wheel.version, &row.index, platform);
            if !known.contains(&key)
                && let WheelRequirements::Known(list) = knowledge.requires(row, platform)
            {
                known.insert(key);
                names.extend(list.iter().map(|one| one.name.clone()));
            }
        }
    }
    names
}

/// A library without a file that something needs all the same.
fn no_file(view: LockView<'_>, package: &SelectedPackage, by: By<'_>, request: &Request<'_>) -> Problem {
    let entry = &view.entries[package.entry];
    let version = entry.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    let by = match by {
        By::Project => "the project asks for it".to_owned(),
        By::Package(name) => format!("{name} needs it"),
    };
    let message =
        format!("the lock has no file of {}{version} for {}, and {by}", entry.name, request.environment.platform);
    let problem = view.point(Problem::new(Code::Unmet, message), package.entry).under(request.environment.python);
    problem.help("lock a release that has one, or let a marker keep it to the platforms that have it")
}
