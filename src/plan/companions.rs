//! Packages beside torch's family that are bound to a GPU by their name or their label, and do not fit torch's build.

use super::family::{Fate, Member};
use super::{Decision, Kept, Knowledge, View, What};
use crate::catalog::{Bound, Built, Family, WheelSource, is_torch};
use crate::lock::Selection;
use crate::packaging::target::Backend;

/// What a package of the family is built for in the end; `wanted` is the build that was asked for.
pub(crate) fn built(member: &Member, wanted: Option<Backend>) -> Option<Backend> {
    let row = || match member.locked.as_ref()?.built {
        Built::For(backend) => Some(backend),
        Built::Any | Built::Unknown => None,
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
            | Kept::BesideCuda { .. } => row(),
        },
    }
}

/// One that does not fit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Misfit {
    /// Index into the selection's picks.
    pub(crate) pick: usize,
    /// What it is bound to.
    pub(crate) bound: Bound,
    /// What torch is built for.
    pub(crate) torch: Backend,
}

/// All that do not fit torch as it is in the end.
pub(crate) fn misfits<S: WheelSource>(
    view: View<'_>,
    selection: &Selection,
    members: &[Member],
    wanted: Option<Backend>,
    knowledge: &Knowledge<'_, S>,
) -> Vec<Misfit> {
    let torch = members.iter().find(|member| is_torch(&member.name));
    let Some(torch) = torch.and_then(|torch| built(torch, wanted)) else { return Vec::new() };
    let misfits = selection.picks.iter().enumerate().filter_map(|(pick, one)| {
        let entry = view.entries.get(one.entry)?;
        let bound = Bound::of(&entry.name, entry.version.as_ref()).filter(|bound| bound.contradicts(torch))?;
        (knowledge.family(&entry.name) == Family::No).then_some(Misfit { pick, bound, torch })
    });
    misfits.collect()
}

/// They are told in the summary: nobody swaps them.
pub(super) fn decisions(view: View<'_>, selection: &Selection, misfits: &[Misfit], removed: &[usize]) -> Vec<Decision> {
    let stays = misfits.iter().filter(|misfit| !removed.contains(&misfit.pick));
    let told = stays.filter_map(|Misfit { pick, bound, torch }| {
        let entry = view.entries.get(selection.picks.get(*pick)?.entry)?;
        let what = What::Unswapped(*bound, *torch);
        Some(Decision { name: entry.name.clone(), from: entry.version.clone(), what })
    });
    told.collect()
}
