//! Re-pins that something else in the lock does not admit.

use std::rc::Rc;

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
            let mut broken = package
                .needs
                .iter()
                .flatten()
                .map(|(requirement, _)| requirement)
                .filter(|requirement| requirement.name == *name && !requirement.versions.admits(pin.version()))
                .peekable();
            if broken.peek().is_none() {
                continue;
            }
            let entry = &view.entries[package.entry];
            if !stays(index) {
                continue;
            }
            for requirement in broken {
                let message = format!(
                    "{} needs {name}{}, but {} must be {} for {}",
                    entry.name,
                    requirement.versions,
                    name,
                    pin.version(),
                    choice.because.iter().map(Rc::as_ref).collect::<Vec<_>>().join(", ")
                );
                let problem = view.point(Problem::new(Code::Unmet, message), package.entry);
                problems.push(problem.help(format!(
                    "lock a {} that works with this build of torch, or choose another build",
                    entry.name
                )));
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
    let because = choice.because.iter().map(Rc::as_ref).collect::<Vec<_>>().join(", ");
    let message = format!(
        "{by} needs {} of CUDA {old}, as far as the file says, but it must be {} for {because}",
        entry.name,
        pin.version()
    );
    let help = format!(
        "lock a {by} that works with this build of torch, choose another build, or leave {by} out: --no-emit-package {by}"
    );
    Some(view.point(Problem::new(Code::Unmet, message).help(help), package.entry))
}
