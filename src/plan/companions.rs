//! Packages beside torch's family that are bound to a GPU or to a torch by their name or their label, and do not fit.

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::family::{FamilyDecision, FamilyPackage};
use super::knowledge::WheelRequirements;
use super::{Decision, Kept, LockView, Planner, What, orphans};
use crate::catalog::{BoundBuild, Built, Family, MadeFor, is_gpu_runtime, is_torch};
use crate::lock::Selection;
use crate::packaging::target::Backend;
use crate::plan::closure::{self, Resolution};

/// The final build of a package of the family; `wanted` is the build that was asked for.
pub(crate) fn built(member: &FamilyPackage, wanted: Option<Backend>) -> Option<Backend> {
    let FamilyDecision::Keep { why, .. } = &member.decision else { return wanted };
    if let Kept::AlreadyBuiltFor(backend) | Kept::AsLocked(Some(backend)) = why {
        return Some(*backend);
    }
    match member.locked.as_ref()?.built {
        Built::For(backend) => Some(backend),
        Built::Major(_) | Built::Any | Built::Unknown => None,
    }
}

/// One that does not fit.
#[derive(Debug, Clone)]
pub(crate) struct Misfit {
    /// Index into the selected packages.
    pub(crate) package: usize,
    /// Why it does not.
    pub(crate) why: Mismatch,
}

/// A mismatch with the final torch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mismatch {
    /// It is bound to something else than torch is built for.
    Build(BoundBuild, Backend),
    /// It was made for another torch than this one.
    Torch(MadeFor, Version),
}

/// All that stay and do not fit torch as it is in the end; `settled` is asked only where something could go.
pub(crate) fn staying<'s>(
    planner: &Planner<'_>,
    members: &[FamilyPackage],
    settled: impl FnOnce() -> &'s Settled,
) -> Vec<Misfit> {
    let Planner { view, selection, .. } = *planner;
    let mut misfits = misfits(planner, members);
    let could_go = |misfit: &Misfit| is_gpu_runtime(&view.entries[selection.packages[misfit.package].entry].name);
    if planner.request.backend.is_some() && misfits.iter().any(could_go) {
        let (_, removed) = settled();
        misfits.retain(|misfit| !removed.contains(&misfit.package));
    }
    misfits
}

/// The GPU libraries that stay although torch does not need them, as indices into the selected packages.
pub(crate) fn stray(view: LockView<'_>, selection: &Selection, (chosen, removed): &Settled) -> Vec<usize> {
    let packages =
        selection.packages.iter().enumerate().map(|(index, package)| (index, &view.entries[package.entry].name));
    let stray = packages
        .filter(|(index, name)| is_gpu_runtime(name) && !chosen.contains_key(*name) && !removed.contains(index));
    stray.map(|(index, _)| index).collect()
}

/// The final requirements of the wheels, and the packages that go, as indices into the selected ones.
pub(crate) type Settled = (Resolution, Vec<usize>);

/// Finds both. Without a wanted build nothing is removed: the lock is judged as it is.
pub(crate) fn settled(planner: &Planner<'_>, members: &[FamilyPackage]) -> Settled {
    let (chosen, _) = closure::resolve(planner, members);
    let removed = match planner.request.backend {
        Some(_) => orphans::removed(planner, members, &chosen).0,
        None => Vec::new(),
    };
    (chosen, removed)
}

/// All that do not fit torch as it is in the end, those that go with the wheel that brought them among them.
pub(super) fn misfits(planner: &Planner<'_>, members: &[FamilyPackage]) -> Vec<Misfit> {
    let Planner { view, selection, knowledge, .. } = *planner;
    let Some(torch) = members.iter().find(|member| is_torch(&member.name)) else { return Vec::new() };
    let backend = built(torch, planner.request.backend);
    // Whatever it is called: torch knows best which triton it needs.
    let is_asked_for = |name: &PackageName| matches!(&torch.requires, WheelRequirements::Known(list) if list.iter().any(|one| one.name == *name));
    let mut misfits = Vec::new();
    // Swapped packages do not stay.
    let is_member = |package: usize| members.iter().any(|member| member.package == package);
    for (package, one) in selection.packages.iter().enumerate().filter(|(package, _)| !is_member(*package)) {
        let entry = &view.entries[one.entry];
        let bound = BoundBuild::of(&entry.name, entry.version.as_ref());
        let build = bound.zip(backend).filter(|(bound, torch)| bound.contradicts(*torch));
        let made = entry.version.as_ref().and_then(MadeFor::of).filter(|made| !made.fits(&torch.version));
        if build.is_none() && made.is_none() || knowledge.family(&entry.name) != Family::No || is_asked_for(&entry.name)
        {
            continue;
        }
        let build = build.map(|(bound, torch)| Mismatch::Build(bound, torch));
        let made = made.map(|made| Mismatch::Torch(made, torch.version.clone()));
        misfits.extend(build.into_iter().chain(made).map(|why| Misfit { package, why }));
    }
    misfits
}

/// They are in the summary: nobody swaps them.
pub(super) fn decisions(
    view: LockView<'_>,
    selection: &Selection,
    misfits: Vec<Misfit>,
    removed: &[usize],
) -> Vec<Decision> {
    let stays = misfits.into_iter().filter(|misfit| !removed.contains(&misfit.package));
    let problems = stays.map(|Misfit { package, why }| {
        let entry = &view.entries[selection.packages[package].entry];
        Decision { name: entry.name.clone(), from: entry.version.clone(), what: What::Unswapped(why) }
    });
    problems.collect()
}
