//! What a swap leaves over: GPU runtime packages that only the old wheels needed.
//!
//! A package goes only if the old wheels explain why it is in the lock, nothing that stays needs it, and the project
//! does not ask for it itself. Where a requirements file does not say who needs a package (no `# via`), the old wheel's
//! known requirements are the explanation. Nothing but GPU runtime packages is ever removed.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::family::Member;
use super::knowledge::{Knowledge, Known};
use super::{View, Wish};
use crate::catalog::{Bound, WheelSource, is_gpu_runtime};
use crate::closure::Chosen;
use crate::digest::Sha256;
use crate::lock::{Pick, Selection};
use crate::marker::Condition;

/// Indices of the picks that go.
pub(super) fn removed<S: WheelSource>(
    view: View<'_>,
    selection: &Selection,
    members: &[Member],
    chosen: &Chosen,
    wish: &Wish<'_>,
    knowledge: &Knowledge<'_, S>,
) -> Vec<usize> {
    let swapped: BTreeSet<&PackageName> =
        members.iter().filter(|member| member.is_swapped()).map(|member| &member.name).collect();
    if swapped.is_empty() {
        return Vec::new();
    }
    let name_of = |pick: &Pick| &view.entries[pick.entry].name;
    let by_name: BTreeMap<&PackageName, &Pick> = selection.picks.iter().map(|pick| (name_of(pick), pick)).collect();
    let explained = explained(view, selection, members, wish, knowledge, &by_name);
    let candidates: BTreeSet<&PackageName> = explained
        .iter()
        .filter(|name| !chosen.contains_key(*name))
        .filter_map(|name| Some(name_of(by_name.get(name)?)))
        .collect();
    // Who stays and needs a candidate, directly or through another candidate.
    let mut needed: BTreeSet<&PackageName> = BTreeSet::new();
    let mut open: Vec<&PackageName> = Vec::new();
    for pick in &selection.picks {
        let name = name_of(pick);
        if candidates.contains(name) {
            let asked_by_another = |by: &&PackageName| !swapped.contains(by) && !candidates.contains(by);
            if pick.root || pick.via.iter().flatten().collect::<Vec<_>>().iter().any(asked_by_another) {
                open.push(name);
            }
        } else if !swapped.contains(name) {
            open.extend(pick.needs.iter().flatten().filter_map(|(need, _)| candidates.get(&need.name).copied()));
        }
    }
    while let Some(name) = open.pop() {
        if !needed.insert(name) {
            continue;
        }
        if let Some(pick) = by_name.get(name) {
            open.extend(pick.needs.iter().flatten().filter_map(|(need, _)| candidates.get(&need.name).copied()));
        }
        let needs_it = |pick: &&Pick| pick.via.iter().flatten().any(|by| by == name);
        open.extend(selection.picks.iter().filter(needs_it).filter_map(|pick| candidates.get(name_of(pick)).copied()));
    }
    let goes = |pick: &Pick| candidates.contains(name_of(pick)) && !needed.contains(name_of(pick));
    selection.picks.iter().enumerate().filter(|(_, pick)| goes(pick)).map(|(index, _)| index).collect()
}

/// GPU runtime packages whose place in the lock the old wheels explain, through each other too.
fn explained<S: WheelSource>(
    view: View<'_>,
    selection: &Selection,
    members: &[Member],
    wish: &Wish<'_>,
    knowledge: &Knowledge<'_, S>,
    by_name: &BTreeMap<&PackageName, &Pick>,
) -> BTreeSet<PackageName> {
    let mut explained = BTreeSet::new();
    let mut open: Vec<PackageName> = Vec::new();
    let platform = wish.environment.platform;
    for member in members.iter().filter(|member| member.is_swapped()) {
        let pick = &selection.picks[member.pick];
        open.extend(pick.needs.iter().flatten().map(|(need, _)| need.name.clone()));
        if let Some(Known::List(list)) = member.locked.as_ref().map(|row| knowledge.requires(row, platform)) {
            let holds = |marker| !Condition::of(marker, wish.environment, &pick.extras).is_never();
            open.extend(list.iter().filter(|one| holds(&one.marker)).map(|one| one.name.clone()));
        }
        let says_so = |pick: &&Pick| pick.via.iter().flatten().any(|by| *by == member.name);
        open.extend(selection.picks.iter().filter(says_so).map(|pick| view.entries[pick.entry].name.clone()));
    }
    // The triton of another maker's GPU owns the module of the one that is needed now, whatever brought it along.
    let other =
        |name: &PackageName| wish.backend.zip(Bound::of(name, None)).is_some_and(|(new, own)| own.contradicts(new));
    open.extend(by_name.keys().filter(|name| is_gpu_runtime(name) && other(name)).map(|name| PackageName::clone(name)));
    while let Some(name) = open.pop() {
        let Some(pick) = by_name.get(&name).filter(|_| is_gpu_runtime(&name)) else { continue };
        if !explained.insert(name.clone()) {
            continue;
        }
        open.extend(pick.needs.iter().flatten().map(|(need, _)| need.name.clone()));
        let Some(version) = &view.entries[pick.entry].version else { continue };
        let rows = knowledge.rows(&name, version);
        // The same bytes have the same metadata, wherever they are served: one list a file is enough.
        let mut told: BTreeSet<(&Version, Sha256)> = BTreeSet::new();
        let here = rows.iter().filter(|row| row.wheel.fit(wish.environment).is_some());
        for row in here {
            let file = (&row.wheel.version, row.sha256);
            if !told.contains(&file)
                && let Known::List(list) = knowledge.requires(row, platform)
            {
                told.insert(file);
                // With all extras: the old wheels may have asked for any of them.
                open.extend(list.iter().map(|one| one.name.clone()));
            }
        }
    }
    explained
}
