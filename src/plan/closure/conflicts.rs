//! Re-pins that something else in the lock does not admit.

use super::{Provider, Resolution, Resolved};
use crate::catalog::pin::Pin;
use crate::catalog::{cuda_of_library, is_torch};
use crate::lock::{SelectedPackage, Selection};
use crate::plan::LockView;
use crate::plan::family::FamilyPackage;
use crate::report::error::{Code, Problem};

/// Re-pins that something else in the lock does not admit.
pub(crate) fn conflicts(
    view: LockView<'_>,
    selection: &Selection,
    members: &[FamilyPackage],
    chosen: &Resolution,
    removed: &[usize],
) -> Vec<Problem> {
    let stays = |index: usize| {
        let name = &view.entries[selection.packages[index].entry].name;
        let replaced = removed.contains(&index)
            || members.iter().any(|member| member.package == index && member.is_swapped())
            || chosen.get(name).is_some_and(|other| other.pin.is_some());
        !replaced
    };
    let mut problems = Vec::new();
    for (name, choice) in chosen {
        let (Provider::Selected(at), Some(pin)) = (choice.from, &choice.pin) else { continue };
        problems.extend(other_cuda(view, selection, &selection.packages[at], pin, choice, &stays));
        for (index, package) in selection.packages.iter().enumerate() {
            let on_it = package.needs.iter().flatten().map(|(one, _)| one).filter(|one| one.name == *name);
            for requirement in on_it.filter(|one| !one.versions.admits(pin.version()) && stays(index)) {
                let (by, versions) = (&view.entries[package.entry].name, &requirement.versions);
                let (version, because) = (pin.version(), choice.because());
                let message = format!("{by} needs {name}{versions}, but {name} must be {version} for {because}");
                let help = format!("lock a {by} that works with this build of torch, or choose another build");
                problems.push(view.point(Problem::new(Code::Unmet, message).help(help), package.entry));
            }
        }
    }
    problems
}

/// A library of another CUDA in the place of one that something beside torch needs, too. A requirements file says who needs
/// what (`# via`) without the versions, and what was made for one CUDA seldom admits the libraries of another.
fn other_cuda(
    view: LockView<'_>,
    selection: &Selection,
    package: &SelectedPackage,
    pin: &Pin,
    choice: &Resolved,
    stays: &impl Fn(usize) -> bool,
) -> Option<Problem> {
    let entry = &view.entries[package.entry];
    let cuda = |version| cuda_of_library(&entry.name, version);
    let (old, new) = (cuda(entry.version.as_ref()?)?, cuda(pin.version())?);
    let mut named = package.via.iter().flatten().filter(|by| {
        let is_it = |(index, other): (usize, &SelectedPackage)| view.entries[other.entry].name == **by && stays(index);
        !is_torch(by) && selection.packages.iter().enumerate().any(is_it)
    });
    let by = named.next().filter(|_| old != new)?;
    let (name, version, because) = (&entry.name, pin.version(), choice.because());
    let message =
        format!("{by} needs {name} of CUDA {old}, as far as the file says, but it must be {version} for {because}");
    let help = format!(
        "lock a {by} that works with this build of torch, choose another build, or leave {by} out: --no-emit-package {by}"
    );
    Some(view.point(Problem::new(Code::Unmet, message).help(help), package.entry))
}
