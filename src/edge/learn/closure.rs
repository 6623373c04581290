//! The requirements of the learned wheels, transitively, on every platform and under every Python that they are for:
//! chosen by the very rule of exports, so that an export later finds the same without asking anybody.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::Version;
use pep508_rs::PackageName;
use url::Url;

use super::offer::{Offer, SearchedIndex};
use super::{LearnRequest, Learned};
use crate::catalog::{Catalogues, Index, WheelRow};
use crate::edge::index::Network;
use crate::lock::{Entry, LockedFiles, Origin, Position, SelectedPackage, Selection};
use crate::packaging::marker::Extras;
use crate::packaging::target::{Environment, Python};
use crate::plan::closure::{self, Resolution};
use crate::plan::family::{FamilyDecision, FamilyPackage};
use crate::plan::knowledge::WheelRequirements;
use crate::plan::{Kept, Knowledge, LockView, Planner, Request};
use crate::report::error::{Code, Error, Problem, Result};
use crate::text::Span;

/// More rounds than any closure is deep.
const MOST_ROUNDS: usize = 40;

/// Finds the wheels that are missing in the catalogues, which have the learned ones already.
pub(super) fn complete(
    wanted: &LearnRequest,
    roots: &[WheelRow],
    known: &Catalogues,
    network: &Network,
) -> Result<Learned> {
    let own = wanted.index.clone().filter(|_| wanted.links.is_empty());
    let own = own.map(|base| SearchedIndex { index: wanted.default(&base), base });
    let default = |base: &Url| SearchedIndex { base: base.clone(), index: Some(Index::Pypi) };
    let closure: Vec<SearchedIndex> = wanted.closure.iter().map(default).collect();
    let has_closure = !closure.is_empty();
    let mut offer = Offer::new(known, network, wanted.hash_missing, own, closure);
    let environments = environments(wanted, roots);
    for _ in 0..MOST_ROUNDS {
        let mut unmet: BTreeSet<PackageName> = BTreeSet::new();
        let mut chosen = Vec::new();
        let mut notes = Vec::new();
        for environment in &environments {
            let (found, problems) = resolve(roots, *environment, &offer);
            unmet.extend(offer.take_asked().into_iter().filter(|name| !found.contains_key(name)));
            notes.extend(problems);
            chosen.push((*environment, found));
        }
        Error::unless_empty(offer.take_problems())?;
        let further: Vec<bool> = unmet.iter().map(|name| offer.look_further(name)).collect();
        if !further.contains(&true) {
            return finish(&offer, &chosen, &unmet, has_closure, notes);
        }
    }
    let message = "what the wheels require leads to ever more packages";
    Err(Problem::new(Code::Unmet, message).help("learn them without --closure-index").into())
}

/// The environments that the learned wheels install on.
fn environments(wanted: &LearnRequest, roots: &[WheelRow]) -> BTreeSet<Environment> {
    let mut all = BTreeSet::new();
    for row in roots {
        let (platforms, pythons) = wanted.filter.places(row);
        for python in Python::known().filter(|python| pythons.contains(python)) {
            all.extend(platforms.iter().map(|platform| Environment { platform: *platform, python }));
        }
    }
    all.retain(|environment| roots.iter().any(|row| row.wheel.fit(*environment).is_some()));
    all
}

/// The packages that the learned wheels need on an environment: as if a lock had these and nothing else.
fn resolve(roots: &[WheelRow], environment: Environment, offer: &Offer<'_>) -> (Resolution, Vec<String>) {
    let knowledge = Knowledge::new(offer);
    let mut best: BTreeMap<&PackageName, &WheelRow> = BTreeMap::new();
    for row in roots.iter().filter(|row| row.wheel.fit(environment).is_some()) {
        let there = best.entry(&row.wheel.name).or_insert(row);
        if row.wheel.fit(environment) > there.wheel.fit(environment) {
            *there = row;
        }
    }
    let entry = |row: &&WheelRow| Entry {
        name: row.wheel.name.clone(),
        version: Some(row.wheel.version.clone()),
        origin: Origin::Index(None),
        editable: false,
        files: LockedFiles::default(),
        at: Position { source: 0, span: Span::default() },
    };
    let entries: Vec<Entry> = best.values().map(entry).collect();
    let packages = (0..entries.len()).map(SelectedPackage::of_project).collect();
    let selection = Selection { packages, ..Selection::default() };
    let member = |(package, row): (usize, &&WheelRow)| FamilyPackage {
        package,
        name: row.wheel.name.clone(),
        version: row.wheel.version.clone(),
        decision: FamilyDecision::Keep { why: Kept::AsLocked(None), pin: None },
        requires: knowledge.requires(row, environment.platform),
        locked: None,
        extras: Extras::new(),
    };
    let members: Vec<FamilyPackage> = best.values().enumerate().map(member).collect();
    let unknown = members.iter().filter_map(|member| match &member.requires {
        WheelRequirements::Known(_) => None,
        WheelRequirements::Unknown(why) => {
            Some(format!("what {} {} requires cannot be followed: {why}", member.name, member.version))
        }
    });
    let mut notes: Vec<String> = unknown.collect();
    let pythons = &[environment.python];
    let request = Request::new(None, environment, pythons);
    let view = LockView { entries: &entries, sources: &[], options: None, packages: &[], project: None };
    let (chosen, problems) =
        closure::resolve(&Planner { view, selection: &selection, request: &request, knowledge: &knowledge }, &members);
    // A requirement that nothing meets is reported by name once all indexes were asked.
    let others = problems.iter().filter(|one| one.code != Code::Unmet);
    notes.extend(others.map(|one| one.message.clone()));
    (chosen, notes)
}

/// The rows of what was chosen from an index.
fn finish(
    offer: &Offer<'_>,
    chosen: &[(Environment, Resolution)],
    unmet: &BTreeSet<PackageName>,
    has_closure: bool,
    mut notes: Vec<String>,
) -> Result<Learned> {
    let mut learned = Learned::default();
    let mut releases: BTreeSet<(PackageName, Version, Index)> = BTreeSet::new();
    for (_, found) in chosen {
        for (name, choice) in found {
            let Some(row) = &choice.row else { continue };
            let offered = offer.offered(name, &row.wheel.version);
            let Some(one) = offered.iter().find(|one| one.draft == **row) else { continue };
            learned.lists.extend(offer.facts(one).into_iter().flat_map(|facts| facts.lists(row)));
            releases.insert((name.clone(), row.wheel.version.clone(), row.index.clone()));
        }
    }
    for (name, version, index) in releases {
        let here = |row: &WheelRow| {
            row.wheel.version == version
                && row.index == index
                && chosen.iter().any(|(environment, _)| row.wheel.fit(*environment).is_some())
        };
        let offered = offer.offered(&name, &version);
        learned.wheels.extend(offered.iter().filter(|one| here(&one.draft)).filter_map(|one| offer.taken(one)));
    }
    Error::unless_empty(offer.take_problems())?;
    let (without_digest, unmet): (Vec<&PackageName>, Vec<&PackageName>) =
        unmet.iter().partition(|name| offer.is_without_digest(name));
    let joined = |names: &[&PackageName]| names.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
    if !without_digest.is_empty() {
        let names = joined(&without_digest);
        notes.push(format!(
            "the index gives no digest for wheels of {names}: --hash-missing downloads those that fit and computes it; \
             an export takes these from the lock, or is refused"
        ));
    }
    if !unmet.is_empty() {
        let names = joined(&unmet);
        notes.push(if has_closure {
            format!("no index has a wheel that fits of {names}; an export takes these from the lock, or is refused")
        } else {
            format!(
                "not looked up, as no index was named: {names}; a lock has them as a rule, else use --closure-index URL"
            )
        });
    }
    notes.sort();
    notes.dedup();
    learned.notes = notes;
    Ok(learned)
}
