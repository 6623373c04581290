//! GPU libraries that torch does not need: of two CUDA releases in one output, or beside a build for something else. They may
//! serve another package, but nobody wants them unasked, so it is said.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::{Decision, Kept, Line, LockView, What};
use crate::catalog::{BoundBuild, cuda_of_library, is_gpu_runtime, is_torch};
use crate::lock::Selection;
use crate::packaging::target::Backend;
use crate::plan::closure::Resolution;

/// The libraries that stay beside those of another major release of CUDA that the family needs, or beside a torch that is
/// built for something else; each with who needs it.
pub(super) fn foreign(
    view: LockView<'_>,
    selection: &Selection,
    lines: &[Line],
    chosen: &Resolution,
    torch: Option<Backend>,
) -> Vec<Decision> {
    let libraries: Vec<(&Line, Option<u64>)> = lines
        .iter()
        .filter(|line| is_gpu_runtime(&line.name))
        .map(|line| (line, line.version(view.entries).and_then(|version| cuda_of_library(&line.name, version))))
        .collect();
    let all: BTreeSet<u64> = libraries.iter().filter_map(|(_, cuda)| *cuda).collect();
    let needed = libraries.iter().filter(|(line, _)| chosen.contains_key(&line.name)).filter_map(|(_, cuda)| *cuda);
    let needed: BTreeSet<u64> = needed.collect();
    let is_another = |cuda: u64| all.len() > 1 && (needed.len() != 1 || !needed.contains(&cuda));
    let problems = libraries.into_iter().filter_map(|(line, cuda)| {
        let torch = match torch {
            _ if cuda.is_some_and(is_another) => None,
            Some(torch) if !chosen.contains_key(&line.name) && is_foreign(line, cuda, torch) => Some(torch),
            Some(_) | None => return None,
        };
        let from = line.entry.and_then(|index| view.entries.get(index)).and_then(|entry| entry.version.clone());
        let mut by = by(view, selection, line, chosen);
        // The lock's torch is another build.
        by.retain(|name| torch.is_none() || !name.parse().is_ok_and(|name| is_torch(&name)));
        let what = What::Kept(Kept::Foreign { cuda, torch, by });
        Some(Decision { name: line.name.clone(), from, what })
    });
    problems.collect()
}

/// True if a torch of this build has no use for a library. The modules `triton` that do not fit it are reported as such.
fn is_foreign(line: &Line, cuda: Option<u64>, torch: Backend) -> bool {
    match torch {
        Backend::Cuda(major, _) => cuda.is_some_and(|cuda| cuda != u64::from(major)),
        Backend::Cpu => !BoundBuild::of(&line.name, None).is_some_and(|bound| bound.contradicts(torch)),
        Backend::Rocm(..) | Backend::Xpu => cuda.is_some(),
    }
}

/// The packages that need a line, as far as the closure and the lock say.
fn by(view: LockView<'_>, selection: &Selection, line: &Line, chosen: &Resolution) -> Vec<Rc<str>> {
    if let Some(choice) = chosen.get(&line.name) {
        return choice.because.iter().cloned().collect();
    }
    let mut all: BTreeSet<Rc<str>> = BTreeSet::new();
    for package in &selection.packages {
        let name = &view.entries[package.entry].name;
        if *name == line.name {
            all.extend(package.via.iter().flatten().map(|by| Rc::from(by.as_ref())));
            all.extend(package.root.then(|| Rc::from("the project")));
        } else if package.needs.iter().flatten().any(|(requirement, _)| requirement.name == line.name) {
            all.insert(Rc::from(name.as_ref()));
        }
    }
    all.into_iter().collect()
}
