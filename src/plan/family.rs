//! The torch family on one environment: which wheel the lock has for it, and which one is wanted.

use std::collections::BTreeSet;
use std::rc::Rc;

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::knowledge::{Knowledge, WheelRequirements};
use super::labelled::PinnedRelease;
use super::locked::{AnyBackend, LockedWheel, backend_of, default_wheel, locked_wheel, named_build};
use super::made_for::{self, Torch};
use super::{Kept, LockView, Planner, Request, companions, refusal};
use crate::catalog::pin::Pin;
use crate::catalog::{self, Family, Index, WheelRow, build_of_label, is_gpu_runtime, is_projects, releases};
use crate::lock::emit;
use crate::lock::requirements::GlobalOption;
use crate::lock::{Entry, Origin, SelectedPackage, Selection};
use crate::packaging::address;
use crate::packaging::marker::Extras;
use crate::packaging::target::Backend;
use crate::report::Missing;
use crate::report::error::{Code, Problem};

/// A package of the family and what happens to it.
#[derive(Debug, Clone)]
pub(crate) struct FamilyPackage {
    /// Index into the selected packages.
    pub(crate) package: usize,
    /// Its name.
    pub(crate) name: PackageName,
    /// The version that is installed in the end.
    pub(crate) version: Version,
    /// The decision.
    pub(crate) decision: FamilyDecision,
    /// The requirements of the wheel that is finally installed.
    pub(crate) requires: WheelRequirements,
    /// The wheel that the lock has, if the catalogue knows it.
    pub(crate) locked: Option<Rc<WheelRow>>,
    /// Extras that it is to be installed with, beside those that the lock asks for.
    pub(crate) extras: Extras,
}

/// The decision about a package of the family.
#[derive(Debug, Clone)]
pub(crate) enum FamilyDecision {
    /// Another wheel takes its place.
    Swap { pin: Rc<Pin> },
    /// The lock's own wheel stays. Where the lock lacks its digest, the catalogue's pin for the very file gives it.
    Keep { why: Kept, pin: Option<Rc<Pin>> },
}

impl FamilyPackage {
    /// True if a stub takes its place.
    pub(crate) fn is_stub(&self) -> bool {
        matches!(&self.decision, FamilyDecision::Swap { pin } if pin.stub().is_some())
    }

    /// True if another wheel takes its place.
    pub(crate) fn is_swapped(&self) -> bool {
        matches!(self.decision, FamilyDecision::Swap { .. })
    }
}

/// All packages of the family that are selected, and everything that is wrong with them.
pub(crate) fn members(planner: &Planner<'_>) -> (Vec<FamilyPackage>, Vec<Problem>) {
    let Planner { view, selection, request, knowledge } = *planner;
    let mut members: Vec<FamilyPackage> = Vec::new();
    let mut problems = Vec::new();
    let mut torch_stays_from = None;
    let mut torch: Option<Torch> = None;
    let mut seen: Vec<&SelectedPackage> = Vec::new();
    let mut reported: BTreeSet<&PackageName> = BTreeSet::new();
    // Torch comes first: whether it stays decides about companions of unknown build.
    let is_torch = |entry: &Entry| catalog::is_torch(&entry.name);
    let packages = |torch: bool| {
        selection
            .packages
            .iter()
            .enumerate()
            .filter(move |(_, package)| is_torch(&view.entries[package.entry]) == torch)
    };
    for (index, package) in packages(true).chain(packages(false)) {
        let entry = &view.entries[package.entry];
        if knowledge.family(&entry.name) == Family::No {
            continue;
        }
        let same_name = || seen.iter().filter(|other| view.entries[other.entry].name == entry.name);
        if same_name().any(|other| !other.condition.clone().and(package.condition.clone()).is_never()) {
            // However many there are, one is reported.
            if reported.insert(&entry.name) {
                problems.push((entry, view.point(refusal::twice(&entry.name, request), package.entry)));
            }
            continue;
        }
        seen.push(package);
        match member(planner, package.entry, torch_stays_from, torch.as_ref()) {
            Ok((version, decision, requires, locked)) => {
                let member = FamilyPackage {
                    package: index,
                    name: entry.name.clone(),
                    version,
                    decision,
                    requires,
                    locked,
                    extras: Extras::new(),
                };
                if is_torch(entry) {
                    let version = member.version.clone();
                    torch = Some(Torch { version, backend: companions::built(&member, request.backend) });
                    torch_stays_from = Some(&entry.origin).filter(|_| !member.is_swapped());
                }
                members.push(member);
            }
            Err(found) => problems.extend(found.into_iter().map(|one| (entry, view.point(one, package.entry)))),
        }
    }
    // Where torch itself cannot be, neither can its companions: to say so would only hide the reason.
    let hopeless =
        problems.iter().any(|(entry, one): &(&Entry, Problem)| is_torch(entry) && one.code == Code::Impossible);
    problems
        .retain(|(entry, one)| !hopeless || is_torch(entry) || !matches!(one.code, Code::Unknown | Code::Impossible));
    (members, problems.into_iter().map(|(_, one)| one).collect())
}

type Decided = (Version, FamilyDecision, WheelRequirements, Option<Rc<WheelRow>>);

fn member(
    planner: &Planner<'_>,
    index: usize,
    torch_stays_from: Option<&Origin>,
    torch: Option<&Torch>,
) -> Result<Decided, Vec<Problem>> {
    let Planner { view, request, knowledge, .. } = *planner;
    let entry = &view.entries[index];
    let Some(version) = &entry.version else {
        return Err(vec![refusal::unpinned(entry)]);
    };
    if let (Origin::Git(_) | Origin::Directory(_), Some(backend)) = (&entry.origin, request.backend) {
        let message = format!(
            "{} comes from a repository or a folder: there is no {backend} wheel to take its place",
            entry.name
        );
        let help = format!("lock a released version of it, or {}", emit::help(entry));
        return Err(vec![Problem::new(Code::NotPinnable, message).help(help)]);
    }
    if request.environment.platform.is_macos() && request.backend.is_some_and(Backend::is_gpu) {
        return Err(vec![refusal::no_gpu_on_macos(request)]);
    }
    let rows = knowledge.rows(&entry.name, version);
    refusal::damaged(entry, view.packages.get(index), &rows)?;
    let all = rows;
    let rows = made_for::loading(&all, torch, request);
    // The digest that the lock lacks is the catalogue's, if that knows the file at its address.
    let undigested = view.packages.get(index).and_then(|package| package.undigested(request.environment)?.url());
    let at = |url| all.iter().find(|row| row.url().is_some_and(|known| address::is_same(&known, url)));
    let known = undigested.and_then(at).map(Rc::clone);
    let is_known = known.is_some();
    let locked = known.map_or_else(|| locked_wheel(view, entry, request, &all, knowledge), LockedWheel::Row);
    let current = match &locked {
        LockedWheel::Row(row) => Some(Rc::clone(row)),
        LockedWheel::Named(_) | LockedWheel::Unidentified | LockedWheel::Absent => None,
    };
    let pure = || named_build(&default_wheel(entry, &locked, request, &rows)?.wheel).filter(Result::is_err);
    let built = backend_of(&locked, version, request.backend).or_else(pure);
    let right = match (request.backend, knowledge.family_of(&entry.name, version)) {
        (None, _) => Some(Kept::AsLocked(built.and_then(Result::ok))),
        (Some(_), Family::OneBuild) => Some(Kept::OneBuild),
        (Some(wanted), Family::PerBackend | Family::No) => match built {
            Some(Ok(_)) if current.as_ref().is_some_and(|row| !made_for::loads(row, torch, request)) => None,
            Some(Ok(backend)) if backend == wanted => Some(Kept::AlreadyBuiltFor(wanted)),
            Some(Err(AnyBackend)) => Some(Kept::OneBuild),
            Some(Ok(_)) => None,
            // A project that lists a wheel for the build wants that one, rather than what is built from source.
            None if is_projects(&entry.name) && !best(&rows, wanted, request, knowledge).is_empty() => None,
            None if lacks_label(version, torch, &rows, request) => None,
            // The lock took both from one index, where they are made for each other, if there is such a build at all.
            None => torch_stays_from
                .filter(|origin| **origin == entry.origin && releases::may_have(&entry.name, wanted))
                .map(|_| Kept::WithTorch),
        },
    };
    if let Some(why) = right.filter(|_| !matches!(locked, LockedWheel::Absent)) {
        let pinned = PinnedRelease { entry, version, rows: &rows, environment: request.environment };
        return Ok(match pinned.unserved(view.options) {
            Some(row) => keep_at_url(planner, version, row),
            None => {
                let meant = || pinned.meant(view.options);
                keep(planner, entry, (version, why), current.or_else(meant), is_known)
            }
        });
    }
    // A lock for other platforms has a label that names the build wanted here, too; but a URL names one wheel.
    let is_release = matches!(entry.origin, Origin::Index(_));
    let wanted = request.backend.or_else(|| {
        build_of_label(version).filter(|wanted| is_release && !best(&rows, *wanted, request, knowledge).is_empty())
    });
    let Some(wanted) = wanted else {
        return Err(vec![refusal::no_locked_wheel(entry, version, request)]);
    };
    let row = match best(&rows, wanted, request, knowledge).as_slice() {
        [] => {
            let others = best(&all, wanted, request, knowledge);
            let made = torch.and_then(|torch| made_for::none_loads(&others, wanted, torch, request));
            let why = made.unwrap_or_else(|| refusal::no_such_build(&entry.name, version, wanted, torch, planner));
            return Err(vec![why]);
        }
        [row] => *row,
        [one, other, ..] => return Err(vec![refusal::ambiguous(one, other, wanted, request)]),
    };
    let requires = knowledge.requires(row, request.environment.platform);
    let pin = Rc::new(knowledge.pin(row, request.environment.platform));
    Ok((row.wheel.version.clone(), FamilyDecision::Swap { pin }, requires, current))
}

/// True if torch's pin has a label and this one has none, though every wheel of the release on PyTorch's index has: then
/// the two are not from one index, whatever the lock does not say.
fn lacks_label(version: &Version, torch: Option<&Torch>, rows: &[Rc<WheelRow>], request: &Request<'_>) -> bool {
    let platform = request.environment.platform;
    let is_there = |row: &&Rc<WheelRow>| matches!(row.index, Index::Url(_)) && row.wheel.is_for(platform);
    let mut there = rows.iter().filter(is_there).peekable();
    let is_labelled = torch.is_some_and(|torch| torch.version.is_local()) && !version.is_local();
    is_labelled && there.peek().is_some() && there.all(|row| row.wheel.version.is_local())
}

/// Keeps the lock's wheel. Where the lock lacks its digest (locks before 2.0 lose those of URLs, and some indexes give none)
/// but the catalogue knows the very file, the digest comes from there.
fn keep(
    planner: &Planner<'_>,
    entry: &Entry,
    (version, why): (&Version, Kept),
    current: Option<Rc<WheelRow>>,
    is_undigested: bool,
) -> Decided {
    let Planner { request, knowledge, .. } = *planner;
    let requires = knowledge.requires_of(current.as_deref(), request.environment.platform);
    let why = match &requires {
        WheelRequirements::Known(_) => why,
        WheelRequirements::Unknown(reason) => Kept::Unproven(reason.clone()),
    };
    let is_missing = is_undigested || entry.files.is_empty() && matches!(entry.origin, Origin::Url(_));
    let missing = current.as_ref().filter(|_| is_missing);
    let pin = missing.map(|row| Rc::new(Pin::of(row, knowledge.witness(row, request.environment.platform))));
    let decision = FamilyDecision::Keep { why, pin };
    (version.clone(), decision, requires, current)
}

/// Keeps the wheel that a pin means, as its URL.
fn keep_at_url(planner: &Planner<'_>, version: &Version, row: Rc<WheelRow>) -> Decided {
    let Planner { request, knowledge, .. } = *planner;
    let platform = request.environment.platform;
    let pin = Rc::new(knowledge.pin(&row, platform));
    let requires = knowledge.requires(&row, platform);
    let why = match &requires {
        WheelRequirements::Known(_) => Kept::Unserved(Rc::clone(&pin)),
        WheelRequirements::Unknown(reason) => Kept::Unproven(reason.clone()),
    };
    (version.clone(), FamilyDecision::Keep { why, pin: Some(pin) }, requires, Some(row))
}

/// A GPU library that the lock pins, as a URL where none of the file's indexes serves it: torch's index has some for
/// platforms for which the default one has none.
pub(super) fn library_at_url(
    entry: &Entry,
    options: Option<&[GlobalOption]>,
    request: &Request<'_>,
    knowledge: &Knowledge<'_>,
) -> Option<(Rc<Pin>, WheelRequirements)> {
    let version = entry.version.as_ref().filter(|_| is_gpu_runtime(&entry.name))?;
    let rows = knowledge.rows(&entry.name, version);
    let row = PinnedRelease { entry, version, rows: &rows, environment: request.environment }.unserved(options)?;
    let platform = request.environment.platform;
    Some((Rc::new(knowledge.pin(&row, platform)), knowledge.requires(&row, platform)))
}

/// Swapped wheels whose requirements are not known: nobody could say whether the output is whole.
pub(super) fn requirements_unknown(
    view: LockView<'_>,
    selection: &Selection,
    members: &[FamilyPackage],
    request: &Request<'_>,
) -> Vec<Problem> {
    let unknown = members.iter().filter_map(|member| {
        let FamilyPackage { name, version, .. } = member;
        let (FamilyDecision::Swap { pin }, WheelRequirements::Unknown(reason)) = (&member.decision, &member.requires)
        else {
            return None;
        };
        let platform = request.environment.platform;
        let message = format!("the requirements of {name} {version} on {platform} are not known: {reason}");
        let own = "give its requirements in a catalogue of the project (--catalog FILE)";
        // Its index has them beside the wheel; a catalogue of the project may list them itself.
        let help = match request.backend.filter(|_| !is_projects(name)) {
            Some(wanted) => format!("{}; or {own}", refusal::learn(name, &version.clone().without_local(), wanted)),
            None => own.to_owned(),
        };
        let problem = Problem::new(Code::Unknown, message).under(request.environment.python).help(help);
        let (package, version) = (name.clone(), version.clone());
        let missing = pin.a_digest().map(|sha256| Missing::Requirements { package, version, sha256: *sha256 });
        let problem = Problem { missing: missing.map(Box::new), ..problem };
        Some(view.point(problem, selection.packages[member.package].entry))
    });
    unknown.collect()
}

/// The wheel of a build that suits the environment best.
///
/// One with known requirements precedes one without; PyTorch's index precedes the default one, because
/// a URL names one file and a release names several; then what pip would prefer, for which a label makes a version newer
/// whatever the tags. What is left are wheels that differ in other labels than the build's own: builds for another torch
/// or another C++ ABI, among which only the user can choose.
fn best<'r>(
    rows: &'r [Rc<WheelRow>],
    wanted: Backend,
    request: &Request<'_>,
    knowledge: &Knowledge<'_>,
) -> Vec<&'r WheelRow> {
    let folder = format!("/{wanted}");
    let fitting = rows.iter().filter(|row| row.is_for(wanted)).filter_map(|row| {
        let fit =
            row.wheel.fit(request.environment).filter(|_| knowledge.admits_python(row, request.environment.python))?;
        let proven = knowledge.requires(row, request.environment.platform).known().is_some();
        let own_folder = match &row.index {
            Index::Url(url) => url.ends_with(&folder),
            Index::Pypi => false,
        };
        let by_url = matches!(row.index, Index::Url(_));
        let labelled = build_of_label(&row.wheel.version).is_some();
        Some(((proven, !row.yanked, own_folder, by_url, labelled, fit, std::cmp::Reverse(&row.index)), row))
    });
    let fitting: Vec<_> = fitting.collect();
    let Some(key) = fitting.iter().map(|(key, _)| key).max() else { return Vec::new() };
    let mut equal: Vec<&WheelRow> =
        fitting.iter().filter(|(other, _)| other == key).map(|(_, row)| &***row).rev().collect();
    equal.dedup_by_key(|row| row.wheel.version.clone());
    equal
}
