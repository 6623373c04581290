//! Packages that overwrite each other's files, and packages beside torch that do not use the GPU that is there.

use pep508_rs::PackageName;

use super::AuditContext;
use super::findings::Findings;
use super::install::spoken;
use crate::catalog::modules::{self, LoadedBy, OwnedKind, Owner};
use crate::catalog::{equivalents, is_gpu_runtime};
use crate::lock::{Entry, SelectedPackage};
use crate::packaging::stub;
use crate::packaging::target::Backend;
use crate::plan::equivalents::{GpuBuild, gpu_build};
use crate::report::audit::AuditFinding;
use crate::report::rule::{Rule, Severity};

/// The extra by which TensorFlow asks for CUDA's libraries.
const AND_CUDA: &str = "and-cuda";

/// Something that is installed and owns what others may own, too.
struct InstalledOwner<'a> {
    /// The package and its version, for messages.
    spoken: String,
    owner: Owner,
    /// Its entry; `None`: only the wheels that are swapped in bring it.
    selected: Option<&'a SelectedPackage>,
}

/// The packages that are installed together.
struct Beside<'a> {
    /// The selected packages, each with its index into the selected packages.
    selected: Vec<(usize, &'a SelectedPackage, &'a Entry)>,
    /// The build of the final torch. `None`: there is no torch, or nobody knows.
    torch: Option<Backend>,
    /// There is a torch of which nobody knows what it is built for.
    is_torch_unknown: bool,
    /// The GPU of the machine.
    gpu: Gpu,
}

/// The GPU of a machine, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gpu {
    /// None of NVIDIA's, as far as is known.
    None,
    /// One, with this CUDA if it is known.
    Cuda(Option<Backend>),
}

impl Gpu {
    /// As it is asked for, else as torch is built, else as the image or a driver says.
    fn of(here: &AuditContext<'_>, torch: Option<Backend>) -> Self {
        let image = here.asked.image.as_ref().and_then(|image| image.facts.cuda);
        match here.asked.target.backend.or(torch).or(image) {
            Some(cuda @ Backend::Cuda(..)) => Self::Cuda(Some(cuda)),
            Some(Backend::Cpu | Backend::Rocm(..) | Backend::Xpu) => Self::None,
            None if here.asked.driver.is_some() => Self::Cuda(None),
            None => Self::None,
        }
    }
}

/// Looks at one environment.
pub(super) fn find(here: &AuditContext<'_>, findings: &mut Findings<'_>) {
    let (torch, backend) = here.torch();
    let beside = Beside {
        selected: here.selected().collect(),
        torch: backend,
        is_torch_unknown: torch.is_some() && backend.is_none() || here.image_has_torch(),
        gpu: Gpu::of(here, backend),
    };
    shared_files(here, &beside, findings);
    for (index, package, entry) in &beside.selected {
        // A package that is swapped for a stub is not there in the end.
        if is_stub(entry) || here.has_stub_for(*index) {
            continue;
        }
        let found =
            [cpu_runtime(entry, &beside, here), useless_extra(package, entry, &beside), unloaded(entry, &beside, here)];
        for finding in found.into_iter().flatten() {
            findings.about(package.entry, finding.on(here.environment));
        }
    }
}

/// Two packages that are installed together own the same files.
fn shared_files(here: &AuditContext<'_>, beside: &Beside<'_>, findings: &mut Findings<'_>) {
    let owners: Vec<Owner> = modules::owners().collect();
    let owner = |name: &PackageName| owners.iter().find(|owner| owner.package == name.as_ref()).copied();
    let stays = |(index, _, entry): &&(usize, &SelectedPackage, &Entry)| !is_stub(entry) && !here.has_stub_for(*index);
    let owned = beside.selected.iter().filter(stays).filter_map(|(index, package, entry)| {
        let owner = owner(&entry.name)?;
        Some((*index, InstalledOwner { spoken: spoken(entry), owner, selected: Some(package) }))
    });
    let owned: Vec<(usize, InstalledOwner<'_>)> = owned.collect();
    let mut installed = of_image(here, &owned);
    // With torch its libraries are swapped: some go, others come.
    let brings_libraries = || beside.selected.iter().any(|(index, ..)| here.has_stub_for(*index));
    let has_libraries = owned.iter().any(|(_, one)| is_library(&one.owner));
    if here.asked.target.backend.is_some() && (has_libraries || brings_libraries()) {
        let (chosen, removed) = here.settled();
        let new = chosen.iter().filter(|(name, _)| owned.iter().all(|(_, one)| one.owner.package != name.as_ref()));
        installed.extend(new.filter_map(|(name, resolved)| {
            let version = resolved.pin.as_ref().map(|pin| format!(" {}", pin.version())).unwrap_or_default();
            Some(InstalledOwner { spoken: format!("{name}{version}"), owner: owner(name)?, selected: None })
        }));
        installed.extend(owned.into_iter().filter(|(index, _)| !removed.contains(index)).map(|(_, one)| one));
    } else {
        installed.extend(owned.into_iter().map(|(_, one)| one));
    }
    for (index, one) in installed.iter().enumerate() {
        let Some(package) = one.selected else { continue };
        for other in installed.iter().take(index).filter(|other| collide(one, other)) {
            findings.about(package.entry, overwritten(one, other).on(here.environment));
        }
    }
}

/// The packages of the image that the lock does not replace with another release.
fn of_image<'a>(here: &AuditContext<'_>, owned: &[(usize, InstalledOwner<'_>)]) -> Vec<InstalledOwner<'a>> {
    let stays = |owner: &Owner| owned.iter().all(|(_, one)| one.owner.package != owner.package);
    let there = modules::owners().filter(stays).filter(|owner| here.image_has(owner.package));
    there
        .map(|owner| InstalledOwner { spoken: format!("{} of the image", owner.package), owner, selected: None })
        .collect()
}

/// True for packages that are swapped along with torch.
fn is_library(owner: &Owner) -> bool {
    owner.package.parse().is_ok_and(|name| is_gpu_runtime(&name))
}

fn is_stub(entry: &Entry) -> bool {
    entry.version.as_ref().is_some_and(stub::is_stub)
}

fn collide(one: &InstalledOwner<'_>, other: &InstalledOwner<'_>) -> bool {
    let together = match (one.selected, other.selected) {
        (Some(one), Some(other)) => !one.condition.clone().and(other.condition.clone()).is_never(),
        (Some(_) | None, None) | (None, Some(_)) => true,
    };
    together && one.owner.owned == other.owner.owned && one.owner.package != other.owner.package
}

fn overwritten(one: &InstalledOwner<'_>, other: &InstalledOwner<'_>) -> AuditFinding {
    let (owned, names) = (one.owner.owned, format!("{} and {}", other.spoken, one.spoken));
    let last = "they overwrite each other's files, and what is installed last wins";
    match one.owner.kind {
        OwnedKind::Module => {
            let message = format!("{names} both install the module `{owned}`: {last}");
            let help = "keep only one of them for this target; uninstalling the other later would remove files of both";
            AuditFinding::new(Rule::SameModule, message).help(help)
        }
        OwnedKind::Library => {
            let message = format!("{names} both install {owned}, for different releases of CUDA: {last}");
            let help = "lock the packages that need them in releases for one CUDA";
            AuditFinding::new(Rule::SameLibrary, message).help(help)
        }
        OwnedKind::Headers => {
            let message = format!("{names} both install {owned}, for different releases of CUDA: {last}");
            let mut finding = AuditFinding::new(Rule::SameLibrary, message);
            // The libraries themselves have different names: what is not compiled there runs all the same.
            finding.severity = Severity::Note;
            finding.help("these are only headers: they matter to what is compiled there")
        }
    }
}

/// A CPU build where there is a GPU.
fn cpu_runtime(entry: &Entry, beside: &Beside<'_>, here: &AuditContext<'_>) -> Option<AuditFinding> {
    let Gpu::Cuda(cuda) = beside.gpu else { return None };
    let build = gpu_build(&entry.name, entry.version.as_ref()?, cuda, here.environment, here.knowledge)?;
    // If both are there, that is the fault.
    let is_locked = |gpu: &PackageName| beside.selected.iter().any(|(.., other)| other.name == *gpu);
    if equivalents::instead_of(&entry.name).any(|range| is_locked(&range.gpu)) {
        return None;
    }
    let message = format!("{} is a CPU build, and the target is for CUDA", spoken(entry));
    let help = match build {
        GpuBuild::Same(gpu) => format!("its GPU build is {gpu}: lock that instead, if it is to use the GPU"),
        GpuBuild::Nearest(gpu, near) => {
            format!("there is no GPU build of this release for the target: the nearest is {gpu} {near}")
        }
        GpuBuild::OtherCuda(gpu) => format!("there is no {gpu} for the target's CUDA, so it runs on the CPU"),
    };
    Some(AuditFinding::new(Rule::CpuRuntime, message).help(help))
}

/// CUDA's libraries that a CPU build asks for.
fn useless_extra(package: &SelectedPackage, entry: &Entry, beside: &Beside<'_>) -> Option<AuditFinding> {
    let twin = equivalents::instead_of(&entry.name).last()?.gpu;
    let extra = package.extras.iter().any(|extra| extra.as_ref() == AND_CUDA);
    let needs = package.needs.iter().flatten().any(|(requirement, _)| is_gpu_runtime(&requirement.name));
    let via = |(_, other, library): &(usize, &SelectedPackage, &Entry)| {
        is_gpu_runtime(&library.name) && other.via.iter().flatten().any(|by| *by == entry.name)
    };
    if !extra && !needs && !beside.selected.iter().any(via) {
        return None;
    }
    let message = format!("{} asks for CUDA's libraries, which a CPU build cannot use", spoken(entry));
    let help = format!("leave the extra [{AND_CUDA}] out, or lock {twin} instead");
    Some(AuditFinding::new(Rule::UselessExtra, message).help(help))
}

/// CUDA's libraries that nothing loads, or that nothing asks for.
fn unloaded(entry: &Entry, beside: &Beside<'_>, here: &AuditContext<'_>) -> Option<AuditFinding> {
    let has_cudnn = here.asked.image.as_ref().is_some_and(|image| image.name.contains("cudnn"));
    if here.environment.platform.is_macos() || beside.is_torch_unknown || has_cudnn {
        return None;
    }
    let needy = modules::needy(entry.name.as_ref(), entry.version.as_ref()?)?;
    let is_served = match needy.needs {
        LoadedBy::Torch => matches!(beside.torch, Some(Backend::Cuda(..))),
        LoadedBy::Cuda12 => beside.has_libraries_of_cuda_12(here),
    };
    let message = || format!("{} {}", spoken(entry), needy.message);
    (!is_served).then(|| AuditFinding::new(Rule::Unloaded, message()).help(needy.help))
}

impl Beside<'_> {
    /// True where they are there, or there is no GPU to need them for.
    fn has_libraries_of_cuda_12(&self, here: &AuditContext<'_>) -> bool {
        let has =
            |name: &str| here.image_has(name) || self.selected.iter().any(|(.., entry)| entry.name.as_ref() == name);
        self.gpu == Gpu::None
            || matches!(self.torch, Some(Backend::Cuda(12, _)))
            || has("nvidia-cublas-cu12") && has("nvidia-cudnn-cu12")
    }
}
