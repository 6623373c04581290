//! Packages beside torch's family that are bound to a GPU or to a torch by their name or their label, and do not fit.

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::family::{Fate, Member};
use super::knowledge::Known;
use super::{Decision, Kept, Knowledge, View, What, Wish, leftover};
use crate::catalog::{Bound, Built, Family, MadeFor, WheelSource, is_gpu_runtime, is_torch};
use crate::lock::Selection;
use crate::packaging::target::Backend;
use crate::plan::closure::{self, Chosen};

/// What a package of the family is built for in the end; `wanted` is the build that was asked for.
pub(crate) fn built(member: &Member, wanted: Option<Backend>) -> Option<Backend> {
    let row = || match member.locked.as_ref()?.built {
        Built::For(backend) => Some(backend),
        Built::Major(_) | Built::Any | Built::Unknown => None,
    };
    match &member.fate {
        Fate::Swap { .. } => wanted,
        Fate::Keep { why, .. } => match why {
            Kept::AlreadyBuiltFor(backend) | Kept::AsLocked(Some(backend)) => Some(*backend),
            Kept::AsLocked(None)
            | Kept::OneBuild
            | Kept::WithTorch
            | Kept::Unserved(_)
            | Kept::Unproven(_)
            | Kept::Foreign { .. } => row(),
        },
    }
}

/// One that does not fit.
#[derive(Debug, Clone)]
pub(crate) struct Misfit {
    /// Index into the selection's picks.
    pub(crate) pick: usize,
    /// Why it does not.
    pub(crate) why: Mismatch,
}

/// What does not fit torch as it is in the end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mismatch {
    /// It is bound to something else than torch is built for.
    Build(Bound, Backend),
    /// It was made for another torch than this one.
    Torch(MadeFor, Version),
}

/// All that stay and do not fit torch as it is in the end.
pub(crate) fn staying<S: WheelSource>(
    view: View<'_>,
    selection: &Selection,
    members: &[Member],
    wish: &Wish<'_>,
    knowledge: &Knowledge<'_, S>,
) -> Vec<Misfit> {
    let mut misfits = misfits(view, selection, members, wish.backend, knowledge);
    let could_go = |misfit: &Misfit| is_gpu_runtime(&view.entries[selection.picks[misfit.pick].entry].name);
    if wish.backend.is_some() && misfits.iter().any(could_go) {
        let (_, removed) = settled(view, selection, members, wish, knowledge);
        misfits.retain(|misfit| !removed.contains(&misfit.pick));
    }
    misfits
}

/// The GPU libraries that stay although torch does not need them, as indices into the selection's picks.
pub(crate) fn stray<S: WheelSource>(
    view: View<'_>,
    selection: &Selection,
    members: &[Member],
    wish: &Wish<'_>,
    knowledge: &Knowledge<'_, S>,
) -> Vec<usize> {
    let (chosen, removed) = settled(view, selection, members, wish, knowledge);
    let picks = selection.picks.iter().enumerate().map(|(index, pick)| (index, &view.entries[pick.entry].name));
    let stray =
        picks.filter(|(index, name)| is_gpu_runtime(name) && !chosen.contains_key(*name) && !removed.contains(index));
    stray.map(|(index, _)| index).collect()
}

/// What the wheels require in the end, and the picks that go. Without a build that is wanted nothing goes: the lock is
/// looked at as it is.
fn settled<S: WheelSource>(
    view: View<'_>,
    selection: &Selection,
    members: &[Member],
    wish: &Wish<'_>,
    knowledge: &Knowledge<'_, S>,
) -> (Chosen, Vec<usize>) {
    let (chosen, _) = closure::resolve(view, selection, members, wish, knowledge);
    let removed = match wish.backend {
        Some(_) => leftover::removed(view, selection, members, &chosen, wish, knowledge).0,
        None => Vec::new(),
    };
    (chosen, removed)
}

/// All that do not fit torch as it is in the end, those that go with the wheel that brought them among them.
pub(super) fn misfits<S: WheelSource>(
    view: View<'_>,
    selection: &Selection,
    members: &[Member],
    wanted: Option<Backend>,
    knowledge: &Knowledge<'_, S>,
) -> Vec<Misfit> {
    let Some(torch) = members.iter().find(|member| is_torch(&member.name)) else { return Vec::new() };
    let backend = built(torch, wanted);
    // Whatever it is called: torch knows best which triton it needs.
    let is_asked_for =
        |name: &PackageName| matches!(&torch.requires, Known::List(list) if list.iter().any(|one| one.name == *name));
    let mut misfits = Vec::new();
    for (pick, one) in selection.picks.iter().enumerate() {
        let entry = &view.entries[one.entry];
        let bound = Bound::of(&entry.name, entry.version.as_ref());
        let build = bound.zip(backend).filter(|(bound, torch)| bound.contradicts(*torch));
        let made = entry.version.as_ref().and_then(MadeFor::of).filter(|made| !made.fits(&torch.version));
        if build.is_none() && made.is_none() || knowledge.family(&entry.name) != Family::No || is_asked_for(&entry.name)
        {
            continue;
        }
        let build = build.map(|(bound, torch)| Mismatch::Build(bound, torch));
        let made = made.map(|made| Mismatch::Torch(made, torch.version.clone()));
        misfits.extend(build.into_iter().chain(made).map(|why| Misfit { pick, why }));
    }
    misfits
}

/// They are told in the summary: nobody swaps them.
pub(super) fn decisions(
    view: View<'_>,
    selection: &Selection,
    misfits: Vec<Misfit>,
    removed: &[usize],
) -> Vec<Decision> {
    let stays = misfits.into_iter().filter(|misfit| !removed.contains(&misfit.pick));
    let told = stays.map(|Misfit { pick, why }| {
        let entry = &view.entries[selection.picks[pick].entry];
        Decision { name: entry.name.clone(), from: entry.version.clone(), what: What::Unswapped(why) }
    });
    told.collect()
}
