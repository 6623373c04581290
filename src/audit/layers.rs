//! The coupling of the layers: torch and its companions, their CUDA, the GPU libraries, the driver and the image.

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::findings::{Findings, place};
use super::install::spoken;
use super::{AuditContext, Driver};
use crate::catalog::{BoundBuild, Family, cuda_of_library, is_gpu_runtime, is_torch};
use crate::lock::{Entry, SelectedPackage};
use crate::packaging::marker::{Condition, Extras};
use crate::packaging::target::Backend;
use crate::plan::LockView;
use crate::plan::companions::{self, Mismatch, built};
use crate::plan::family::FamilyPackage;
use crate::plan::knowledge::WheelRequirements;
use crate::report::audit::AuditFinding;
use crate::report::error::{Code, Problem};
use crate::report::rule::{Rule, Severity};
use crate::text::quoted;

/// The builds that were asked for and cannot be had.
pub(super) fn not_to_be_had(here: &AuditContext<'_>, problems: Vec<Problem>, findings: &mut Findings<'_>) {
    // A digest that the catalogue contradicts is reported for every entry, of the family or not.
    let problems: Vec<Problem> = problems.into_iter().filter(|one| one.code != Code::DigestConflict).collect();
    if problems.is_empty() {
        return;
    }
    let family = here.selected().filter(|(.., entry)| here.knowledge.family(&entry.name) != Family::No);
    let places: Vec<_> =
        family.map(|(_, package, entry)| (package.entry, place(here.lock, entry.at).map(Box::new))).collect();
    for problem in problems {
        let mut finding = AuditFinding::new(Rule::NoBuild, problem.message);
        finding.remedy = problem.remedy;
        let finding = finding.on(here.environment);
        match places.iter().find(|(_, place)| place.is_some() && *place == problem.place) {
            Some((index, _)) => findings.about(*index, finding),
            None => findings.add(finding.at(problem.place.map(|place| *place))),
        }
    }
}

/// Compares the layers.
pub(super) fn find(here: &AuditContext<'_>, findings: &mut Findings<'_>) {
    let entry_of = |member: &FamilyPackage| here.selection.packages.get(member.package).map(|package| package.entry);
    let (torch, backend) = here.torch();
    if let Some(torch) = torch
        && let (Some(index), Some(backend)) = (entry_of(torch), backend)
    {
        driver(torch, index, backend, here, findings);
        image(torch, index, backend, here, findings);
    }
    for member in here.members.iter().filter(|member| !is_torch(&member.name)) {
        let (Some(index), Some(torch)) = (entry_of(member), torch) else { continue };
        if let (Some(own), Some(backend)) = (built(member, here.asked.target.backend), backend)
            && own != backend
            && here.knowledge.family(&member.name) == Family::PerBackend
        {
            let message = format!(
                "{} {} is built for {}, torch {} for {}",
                member.name,
                member.version,
                own.spoken(),
                torch.version,
                backend.spoken()
            );
            let help = format!("use one build for both: torchswap export {}", backend.flag());
            findings.about(index, AuditFinding::new(Rule::MixedBackends, message).on(here.environment).help(help));
        }
        pairing(member, index, torch, here, findings);
    }
    companions(here, torch, findings);
    runtime(here, backend, findings);
}

/// A package bound to a GPU by its name or its label must fit torch.
fn companions(here: &AuditContext<'_>, torch: Option<&FamilyPackage>, findings: &mut Findings<'_>) {
    let Some(torch) = torch else { return };
    for misfit in companions::staying(&here.planner(), here.members, || here.settled()) {
        let Some((_, package, entry)) = here.selected().find(|(index, ..)| *index == misfit.package) else { continue };
        let entry_spoken = spoken(entry);
        let finding = match misfit.why {
            Mismatch::Build(bound, build) => {
                let (own, torch_is) = (bound.spoken(), build.spoken());
                let message = format!("{entry_spoken} is for {own}, torch {} is built for {torch_is}", torch.version);
                let mut finding = AuditFinding::new(Rule::MixedBackends, message);
                // It may run all the same, without a GPU.
                let is_labelled = entry.version.as_ref().is_some_and(Version::is_local);
                let names_no_cuda = !is_labelled && BoundBuild::of(&entry.name, None) == Some(BoundBuild::SomeCuda);
                if names_no_cuda && !matches!(build, Backend::Cuda(..)) {
                    finding.severity = Severity::Note;
                }
                finding
            }
            Mismatch::Torch(made, version) => {
                let message = format!("{entry_spoken} is made for {}, not for torch {version}", made.spoken());
                AuditFinding::new(Rule::FamilyMismatch, message)
            }
        };
        let help = format!("lock a wheel of {} that fits, or leave it out for this target", entry.name);
        findings.about(package.entry, finding.on(here.environment).help(help));
    }
}

/// The driver must be new enough for torch's CUDA.
fn driver(torch: &FamilyPackage, index: usize, backend: Backend, here: &AuditContext<'_>, findings: &mut Findings<'_>) {
    let Some(driver) = &here.asked.driver else { return };
    let Some(oldest) = Driver::oldest_for(backend, here.environment.platform) else { return };
    if driver.is_older_than(&oldest) {
        let message =
            format!("torch {} for {} needs driver {oldest} or newer, not {driver}", torch.version, backend.spoken());
        let finding = AuditFinding::new(Rule::OldDriver, message).on(here.environment);
        findings.about(index, finding.help("update the driver, or swap to a build for an older CUDA"));
    }
}

/// The CUDA of the image should be torch's.
fn image(torch: &FamilyPackage, index: usize, backend: Backend, here: &AuditContext<'_>, findings: &mut Findings<'_>) {
    let Some(image) = &here.asked.image else { return };
    let Some(cuda) = image.facts.cuda.filter(|cuda| *cuda != backend) else { return };
    let message = format!(
        "torch {} is built for {}, the image {} has {}",
        torch.version,
        backend.spoken(),
        quoted(&image.name),
        cuda.spoken()
    );
    let help = match backend {
        Backend::Cpu => format!("swap torch: torchswap export {}", cuda.flag()),
        Backend::Cuda(..) | Backend::Rocm(..) | Backend::Xpu => format!(
            "torch brings its own libraries, but what is compiled in this image will not fit it: use one with {}, or swap: \
             torchswap export {}",
            backend.spoken(),
            cuda.flag()
        ),
    };
    let finding = AuditFinding::new(Rule::ImageCuda, message).on(here.environment).at(image.place.clone());
    findings.about(index, finding.help(help));
}

/// A companion names the torch that it was made for.
fn pairing(
    member: &FamilyPackage,
    index: usize,
    torch: &FamilyPackage,
    here: &AuditContext<'_>,
    findings: &mut Findings<'_>,
) {
    let asks = |known: &WheelRequirements| match known {
        WheelRequirements::Known(list) => list
            .iter()
            .filter(|one| {
                one.name == torch.name && !Condition::of(&one.marker, here.environment, &Extras::new()).is_never()
            })
            .find(|one| !one.versions.admits(&torch.version))
            .map(|one| one.versions.to_string()),
        WheelRequirements::Unknown(_) => None,
    };
    let Some(versions) = asks(&member.requires) else { return };
    let message = format!("{} {} is for torch {versions}, not {}", member.name, member.version, torch.version);
    let fitting = here.knowledge.versions(&member.name).iter().find_map(|version| {
        let rows = here.knowledge.rows(&member.name, version);
        let row = rows.iter().find(|row| row.wheel.fit(here.environment).is_some())?;
        let known = here.knowledge.requires(row, here.environment.platform);
        let names_torch =
            matches!(&known, WheelRequirements::Known(list) if list.iter().any(|one| one.name == torch.name));
        (names_torch && asks(&known).is_none()).then(|| version.clone())
    });
    let help = match fitting {
        Some(version) => format!("{} {version} is for torch {}", member.name, torch.version),
        None => format!("lock {} and torch together", member.name),
    };
    findings.about(index, AuditFinding::new(Rule::FamilyMismatch, message).on(here.environment).help(help));
}

/// GPU libraries that no torch needs.
fn runtime(here: &AuditContext<'_>, backend: Option<Backend>, findings: &mut Findings<'_>) {
    if here.image_has_torch() || !here.selected().any(|(.., entry)| is_gpu_runtime(&entry.name)) {
        return;
    }
    let stray = companions::stray(LockView::of(here.lock), here.selection, here.settled());
    let stray: Vec<Stray<'_>> = stray.into_iter().filter_map(|package| Stray::of(here, package)).collect();
    let has_torch = here.selected().any(|(.., entry)| is_torch(&entry.name));
    // If the lock does not say who needs what, only the absence of torch counts.
    let says_who = here.selection.packages.iter().any(|package| package.needs.is_some() || package.via.is_some());
    match backend {
        Some(Backend::Cuda(major, _)) => {
            for one in stray {
                let cuda = one.entry.version.as_ref().and_then(|version| cuda_of_library(&one.entry.name, version));
                if cuda.is_none_or(|cuda| cuda == u64::from(major)) {
                    continue;
                }
                let by = match (&one.by, one.root, says_who) {
                    (Some(by), ..) => format!(": {by} needs it"),
                    (None, true, _) => ": the project itself asks for it".to_owned(),
                    (None, false, true) => ", and nothing else needs it".to_owned(),
                    (None, false, false) => String::new(),
                };
                let message = format!("{} is not for torch's CUDA {major}{by}", spoken(one.entry));
                let mut finding = AuditFinding::new(Rule::MixedBackends, message).on(here.environment);
                // Libraries of two releases can lie side by side.
                if one.by.is_some() {
                    finding.severity = Severity::Note;
                }
                let help = match (&one.by, one.root || !says_who) {
                    (Some(by), _) => format!("lock a {by} for CUDA {major}, so that one set of libraries serves both"),
                    (None, true) => format!("leave it out, or lock the one for CUDA {major}"),
                    (None, false) => "lock again, or swap: an export takes out what nothing needs".to_owned(),
                };
                findings.about(one.index, finding.help(help));
            }
        }
        Some(Backend::Rocm(..) | Backend::Xpu) => {}
        Some(Backend::Cpu) | None if has_torch && (backend.is_none() || !says_who) => {}
        Some(Backend::Cpu) | None => {
            let stray: Vec<Stray<'_>> = stray.into_iter().filter(|one| one.by.is_none()).collect();
            let Some(first) = stray.first() else { return };
            let why = if has_torch { "torch is a CPU build" } else { "there is no torch" };
            let more = match stray.len() {
                1 => String::new(),
                count => format!(" and {} more GPU libraries", count - 1),
            };
            let verb = if stray.len() == 1 { "is" } else { "are" };
            let message = format!("{}{more} {verb} locked, but {why}", spoken(first.entry));
            let finding = AuditFinding::new(Rule::RuntimeWithoutTorch, message).on(here.environment);
            findings.about(first.index, finding.help("leave them out, or lock what needs them"));
        }
    }
}

/// A GPU library that torch does not need.
struct Stray<'l> {
    index: usize,
    entry: &'l Entry,
    /// A package that needs it, and is no GPU library itself.
    by: Option<&'l PackageName>,
    /// The project asks for it.
    root: bool,
}

impl<'l> Stray<'l> {
    fn of(here: &AuditContext<'l>, package: usize) -> Option<Self> {
        let (_, package, entry) = here.selected().find(|(index, ..)| *index == package)?;
        let needs = |(_, other, Entry { name, .. }): &(usize, &SelectedPackage, &Entry)| {
            !is_gpu_runtime(name)
                && !is_torch(name)
                && (other.needs.iter().flatten().any(|(requirement, _)| requirement.name == entry.name)
                    || package.via.iter().flatten().any(|by| by == name))
        };
        let by = here.selected().find(needs).map(|(.., other)| &other.name);
        Some(Self { index: package.entry, entry, by, root: package.root })
    }
}
