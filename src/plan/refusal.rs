//! Why a wheel cannot be had: a wheel that cannot exist is distinguished from one that is not known.

use std::collections::BTreeSet;
use std::rc::Rc;

use pep440_rs::{PrereleaseKind, Version};
use pep508_rs::PackageName;

use super::knowledge::{Knowledge, WheelRequirement};
use super::made_for::{self, Torch};
use super::{Planner, Request};
use crate::catalog::{Built, Family, Index, WheelRow, WheelSource, is_projects, is_torch, releases};
use crate::lock::pylock::PylockPackage;
use crate::lock::{Entry, Origin};
use crate::packaging::address;
use crate::packaging::target::{Backend, Environment, Platform, Python};
use crate::report::Missing;
use crate::report::error::{Code, Problem};

/// GPUs of NVIDIA, AMD and Intel are not driven on macOS.
pub(super) fn no_gpu_on_macos(request: &Request<'_>) -> Problem {
    let backend = request.backend.map(Backend::spoken).unwrap_or_default();
    let message = format!("there are no {backend} builds for {}", request.environment.platform);
    let flag = request.backend.map(Backend::flag).unwrap_or_default();
    Problem::new(Code::Impossible, message).help(format!("remove {flag}: on macOS every build is the CPU build"))
}

/// The release of a package is not pinned.
pub(super) fn unpinned(entry: &Entry) -> Problem {
    let name = &entry.name;
    let (code, message) = match entry.origin.place() {
        None => (Code::Unpinned, format!("{name} is not pinned to one version")),
        Some(place) => (Code::NotPinnable, format!("{name} comes from {place}, which does not give its version")),
    };
    Problem::new(code, message).help(format!("write it as {name}==VERSION, or lock the file with a tool that does"))
}

/// Two entries of one package hold on one machine: each would be replaced, and both would be in the output.
pub(super) fn twice(name: &PackageName, request: &Request<'_>) -> Problem {
    let message = format!("{name} is listed twice for {}", request.environment.platform);
    Problem::new(Code::Inconsistent, message).under(request.environment.python).help("remove one of the lines")
}

/// The lock names its files, and none of them installs on the environment.
pub(super) fn no_locked_wheel(entry: &Entry, version: &Version, request: &Request<'_>) -> Problem {
    let message = format!("the lock has no wheel of {} {version} for {}", entry.name, request.environment.platform);
    let problem = Problem::new(Code::Unknown, message).under(request.environment.python);
    problem.help("name the build you want: --cpu, --cuda 11.8, …")
}

/// A file of the lock that the catalogue knows with another digest: one of the two is damaged, and it is not known
/// which. Where the lock says where a file lies it is the one of that address: an index has files of others.
pub(crate) fn damaged(
    entry: &Entry,
    package: Option<&PylockPackage>,
    rows: &[Rc<WheelRow>],
) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    for file in entry.files.iter() {
        let (Some(digest), name) = (file.digest.sha256(), file.name) else { continue };
        let same_file = |row: &&Rc<WheelRow>| match (&entry.origin, &row.index) {
            (Origin::Url(url), _) => row.url().is_some_and(|known| address::is_same(&known, url)),
            (Origin::Index(None), Index::Pypi) => Some(row.wheel.as_str()) == name,
            (Origin::Index(Some(index)), Index::Url(known)) => {
                Some(row.wheel.as_str()) == name && address::is_same(index, known)
            }
            (Origin::Index(_) | Origin::Git(_) | Origin::File(_) | Origin::Directory(_), _) => false,
        };
        let located = package.and_then(|package| package.kind.files().find(|one| Some(&*one.name) == name)?.url());
        let is_there = |row: &&Rc<WheelRow>| {
            located.is_some_and(|url| row.url().is_some_and(|known| address::is_same(&known, url)))
        };
        let row = rows.iter().find(is_there).or_else(|| rows.iter().find(same_file));
        if let Some(row) = row.filter(|row| row.sha256 != digest) {
            let message = format!(
                "two digests for {}: the lock has {digest}, the {} catalogue has {} (recorded by {} projects)",
                row.wheel, row.catalogue, row.sha256, row.seen
            );
            let help = "the lock or the catalogue is damaged; regenerate the lock, or check the file's bytes";
            problems.push(Problem::new(Code::DigestConflict, message).help(help));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Two wheels of the wanted build suit the environment, and nothing says which is meant.
pub(super) fn ambiguous(one: &WheelRow, other: &WheelRow, wanted: Backend, request: &Request<'_>) -> Problem {
    let message = format!(
        "there are two {wanted} wheels of {} {} for {}: {} in the {} catalogue and {} in the {} catalogue",
        one.wheel.name,
        one.wheel.public_version(),
        request.environment.platform,
        one.wheel,
        one.catalogue,
        other.wheel,
        other.catalogue
    );
    let help = "leave the one that was built for your torch in the project's catalogue";
    Problem::new(Code::Inconsistent, message).under(request.environment.python).help(help)
}

/// A build of a release that is wanted on an environment.
struct WantedBuild<'a> {
    name: &'a PackageName,
    /// Without a local label.
    version: &'a Version,
    backend: Backend,
    /// The known wheels of the release.
    rows: &'a [Rc<WheelRow>],
    environment: Environment,
    knowledge: &'a Knowledge<'a>,
}

/// No wheel of the wanted build suits the environment.
pub(super) fn no_such_build(
    name: &PackageName,
    version: &Version,
    wanted: Backend,
    torch: Option<&Torch>,
    planner: &Planner<'_>,
) -> Problem {
    let Planner { request, knowledge, .. } = *planner;
    let public = version.clone().without_local();
    let rows = knowledge.rows(name, version);
    let environment = request.environment;
    let build = WantedBuild { name, version: &public, backend: wanted, rows: &rows, environment, knowledge };
    let never = never_released(version, &build).or_else(|| never_made(&build));
    let never = never.or_else(|| never_of_kind(&build)).or_else(|| never_for_torch(&build));
    if let Some(problem) = never {
        return problem;
    }
    let Environment { platform, python } = request.environment;
    let on_platform = |row: &&Rc<WheelRow>| row.wheel.is_for(platform);
    let builds: BTreeSet<Built> = rows
        .iter()
        .filter(on_platform)
        .filter_map(|row| match row.built {
            Built::For(backend) if row.is_for(backend) => Some(row.built),
            Built::Major(_) => Some(row.built),
            Built::For(_) | Built::Any | Built::Unknown => None,
        })
        .collect();
    let pythons =
        pythons(|there| rows.iter().any(|row| row.is_for(wanted) && row.wheel.fit(there).is_some()), platform);
    let mut help = String::new();
    if !pythons.is_empty() {
        help.push_str(&format!("it knows this build for CPython {}; ", pythons.join(", ")));
    } else if !builds.is_empty() {
        let list = builds.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        help.push_str(&format!("it knows {name} {public} there as {list}; "));
    }
    if let Some((last, newest)) = releases::ended(&public, wanted).filter(|_| is_torch(name)) {
        let spoken = wanted.spoken();
        help.push_str(&format!(
            "{spoken} ends at torch {last}, and no release up to {newest} has it; if this one does, "
        ));
    }
    // A wheel that was found on a page of links is looked for there, and its name says what another would be called.
    let tied = rows.iter().filter(on_platform).find(|row| is_projects(name) && made_for::is_tied(row));
    help.push_str(&match tied {
        Some(row) => made_for::remedy(row, wanted, torch, request),
        None => learn(name, &public, wanted),
    });
    let message = format!("the catalogue knows no {name} {public}+{wanted} for {platform}");
    let missing = Missing::Build { package: name.clone(), version: public, backend: wanted, platform };
    Problem::new(Code::Unknown, message).under(python).for_want_of(missing).help(help)
}

/// The Pythons for which something holds on a platform.
fn pythons(holds: impl Fn(Environment) -> bool, platform: Platform) -> Vec<String> {
    let there = Python::all().filter(|python| holds(Environment { platform, python: *python }));
    there.map(|python| python.to_string()).collect()
}

/// A kind of build that the package does not have at all, or not on the platform: there is nothing to be learned.
fn never_of_kind(build: &WantedBuild<'_>) -> Option<Problem> {
    let WantedBuild { name, version, backend: wanted, rows, environment, knowledge } = *build;
    let Environment { platform, python } = environment;
    let kind = wanted.kind();
    if knowledge.family_of(name, version) == Family::OneBuild {
        let there = pythons(|there| rows.iter().any(|row| row.wheel.fit(there).is_some()), platform);
        let message = format!("{name} {version} has one build for all, and none of its wheels is for {platform}");
        let (message, help) = match there.as_slice() {
            [] => (message, format!("lock another release, or leave it out for this target: --no-emit-package {name}")),
            some => (
                format!("{message} with this Python"),
                format!("it has wheels for CPython {}; choose one, or lock another release", some.join(", ")),
            ),
        };
        return Some(Problem::new(Code::Impossible, message).under(python).help(help));
    }
    // A catalogue of the project may know what nobody else does.
    if rows.iter().any(|row| row.built == Built::For(wanted) && row.wheel.is_for(platform)) {
        return None;
    }
    if let Some(kinds) = releases::kinds_of(name).filter(|_| !releases::may_have(name, wanted)) {
        let message = format!("{name} has no {kind} build at all; it has {}", kinds.join(" and "));
        // On macOS there is no other build to choose.
        let choose = if platform.is_macos() { "" } else { "choose such a build, or " };
        let help = format!("{choose}leave {name} out for this target: --no-emit-package {name}");
        return Some(Problem::new(Code::Impossible, message).help(help));
    }
    let first = releases::first_on(platform, wanted).filter(|_| !is_projects(name))?;
    let torch = is_torch(name);
    let why = match &first {
        None => format!("no package of torch's family has {kind} builds for {platform}"),
        Some(first) if torch && version < first => {
            format!("torch {version} has no {kind} build for {platform}: those begin with torch {first}")
        }
        Some(_) => return None,
    };
    let help = "choose another build or platform, or lock another torch";
    Some(Problem::new(Code::Impossible, why).help(help))
}

/// An alpha of a package of torch's family: PyTorch publishes none, but what is built of its sources is numbered so.
fn never_released(version: &Version, build: &WantedBuild<'_>) -> Option<Problem> {
    let is_alpha = version.pre().is_some_and(|pre| pre.kind == PrereleaseKind::Alpha);
    let is_nobodys = is_alpha && build.rows.is_empty() && !is_projects(build.name);
    let name = build.name;
    let message = format!("{name} {version} was built from source, as in NVIDIA's images: no index has it");
    let help = "lock a release of it, or leave out what the image has already: --provided FILE";
    is_nobodys.then(|| Problem::new(Code::Impossible, message).help(help))
}

/// The command that learns a wheel. PyTorch's index has those of torch's family, and that of its nightly builds the
/// others; of other packages only the user knows which has.
pub(super) fn learn(name: &PackageName, version: &Version, wanted: Backend) -> String {
    let index = match version.dev() {
        _ if is_projects(name) => " --index URL".to_owned(),
        Some(_) => format!(" --index {}/nightly/{wanted}", address::PYTORCH),
        None => String::new(),
    };
    learn_from(name, version, wanted, &index)
}

/// The same with what names the place that has it.
pub(super) fn learn_from(name: &PackageName, version: &Version, wanted: Backend, place: &str) -> String {
    format!("learn it with: torchswap catalog update {name}=={version} {}{place}", wanted.flag())
}

/// The refusal by the release history. The matrix is not enough for that: where a catalogue knows such a wheel, it was
/// made.
fn never_made(build: &WantedBuild<'_>) -> Option<Problem> {
    let WantedBuild { name, version, backend, rows, environment, knowledge } = *build;
    if !is_torch(name) {
        return None;
    }
    let source = knowledge.source();
    let any_here = rows.iter().any(|row| row.wheel.fit(environment).is_some());
    if let Some(why) = ruled_out(version, environment, source).filter(|_| !any_here) {
        let problem = Problem::new(Code::Impossible, why).under(environment.python);
        return Some(problem.help("choose another Python or platform, or lock another torch"));
    }
    let message = not_built(version, backend, source)?;
    Some(Problem::new(Code::Impossible, message).help("choose one of these builds, or lock another torch"))
}

/// Says so if a release of torch has no such build, where that build begins or ends, and which builds the release has.
fn not_built(version: &Version, wanted: Backend, source: &dyn WheelSource) -> Option<String> {
    let never = releases::never_built(source, version, wanted)?;
    let bound = match (&never.begins, &never.ends) {
        (_, Some(last)) => format!(": {} ends at torch {last}", wanted.spoken()),
        (Some(first), None) => format!(": {} begins with torch {first}", wanted.spoken()),
        (None, None) => String::new(),
    };
    let has = never.has.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Some(format!("torch {version} has no {wanted} build{bound}; {version} has {has}"))
}

/// A companion's build for a torch that there is not: whatever release of torch is beside it in the lock, its wheels
/// are made for the one that it goes with.
fn never_for_torch(build: &WantedBuild<'_>) -> Option<Problem> {
    let WantedBuild { name, version, backend: wanted, rows, environment, knowledge } = *build;
    let lists = rows.iter().filter_map(|row| knowledge.requires(row, environment.platform).known().cloned());
    let exact = |one: &WheelRequirement| one.versions.exact().filter(|_| is_torch(&one.name)).cloned();
    let mut torches: BTreeSet<Version> =
        lists.flat_map(|list| list.iter().filter_map(exact).map(Version::without_local).collect::<Vec<_>>()).collect();
    if torches.is_empty() && releases::is_numbered_as_torch(name, version) {
        torches.insert(version.clone());
    }
    let is_made = rows.iter().any(|row| row.is_for(wanted));
    let any_here = rows.iter().any(|row| row.wheel.fit(environment).is_some());
    let none = |torch: &Version| {
        let never = not_built(torch, wanted, knowledge.source()).filter(|_| !is_made).map(|why| (why, false));
        never.or_else(|| ruled_out(torch, environment, knowledge.source()).filter(|_| !any_here).map(|why| (why, true)))
    };
    let why = torches.iter().map(|torch| Some((torch, none(torch)?)));
    let (torch, (why, is_for_here)) = why.collect::<Option<Vec<_>>>()?.pop()?;
    let message = format!("{name} {version} goes with torch {torch}, and {why}");
    let (choose, problem) = match Problem::new(Code::Impossible, message) {
        problem if is_for_here => ("another Python or platform", problem.under(environment.python)),
        problem => ("one of these builds", problem),
    };
    Some(problem.help(format!("choose {choose}, or lock a {name} that goes with another torch")))
}

/// The text before the releases of torch that have wheels for a Python, in the refusal of one that has none.
pub(crate) const RELEASES: &str = ": those ";

/// Says so if a release of torch has no wheel for an environment, whatever the build.
fn ruled_out(version: &Version, environment: Environment, source: &dyn WheelSource) -> Option<String> {
    let Environment { platform, python } = environment;
    if releases::is_skipped(platform, version) {
        return Some(format!("torch {version} has no wheel for {platform}, although the releases around it have"));
    }
    releases::platform_range(platform)?;
    let none = format!("torch {version} has no wheel for {platform} and this Python");
    match releases::python_range(platform, python) {
        None => Some(format!("{none}: no release has")),
        Some((first, _)) if *version < first => Some(format!("{none}{RELEASES}begin with torch {first}")),
        Some((_, Some(last))) if *version > last && !releases::may_follow(source, version, &last) => {
            Some(format!("{none}{RELEASES}end with torch {last}"))
        }
        Some(_) => None,
    }
}
