//! The plan of a target as a summary: anything that is the same under several Pythons is reported once.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::{Decision, Kept, Mismatch, TargetPlan, What, emit};
use crate::catalog::library_group;
use crate::lock::Lock;
use crate::lock::emit::NoEmit;
use crate::packaging::marker::Condition;
use crate::packaging::target::Python;
use crate::report::error::{Error, Problem};
use crate::report::{Action, Change, DigestSource, Summary};

/// Sums up a plan.
pub fn summary(plan: &TargetPlan) -> Summary {
    let mut changes: BTreeMap<Change, (BTreeSet<Python>, u32)> = BTreeMap::new();
    for (decision, pythons) in by_decision(plan) {
        let mut change = change(decision);
        // Problems reported as one differ only in the count.
        let seen = change.source.as_mut().map_or(u32::MAX, |source| std::mem::take(&mut source.seen));
        let (known, fewest) = changes.entry(change).or_insert((BTreeSet::new(), u32::MAX));
        known.extend(pythons);
        *fewest = seen.min(*fewest);
    }
    let changes = changes.into_iter().map(|(change, (pythons, seen))| Change {
        pythons: pythons.into_iter().collect(),
        source: change.source.map(|source| DigestSource { seen, ..source }),
        ..change
    });
    let lines = plan.environments.iter().flat_map(|one| &one.lines).filter(|line| line.condition != Condition::Never);
    Summary {
        name: plan.target.name.clone(),
        packages: lines.map(|line| &line.name).collect::<BTreeSet<_>>().len(),
        platform: plan.target.platform,
        backend: plan.target.backend,
        pythons: plan.target.pythons.clone(),
        changes: changes.collect(),
        left_out: plan.left_out.iter().map(|one| (one.python, one.why.clone())).collect(),
        downloads: plan.downloads.clone(),
        found: Vec::new(),
        learned: Vec::new(),
        notes: notes(plan),
        warnings: warnings(plan),
    }
}

/// A note under several Pythons is given once.
fn notes(plan: &TargetPlan) -> Vec<String> {
    let all: BTreeSet<&String> = plan.environments.iter().flat_map(|one| &one.notes).collect();
    all.into_iter().cloned().collect()
}

/// As [`notes`].
fn warnings(plan: &TargetPlan) -> Vec<Problem> {
    let all = plan.environments.iter().flat_map(|one| one.warnings.iter().cloned()).collect();
    Error::unless_empty(all).err().map(Error::into_problems).unwrap_or_default()
}

/// The lines of a requirements file that name no package and are left out.
pub fn without_name(lock: &Lock, no_emit: &NoEmit, pythons: &[Python]) -> Vec<Change> {
    let left_out = lock.unnamed().filter_map(|unnamed| {
        let (why, place) = (no_emit.why(None, &unnamed.origin)?, unnamed.origin.place()?);
        Some(Change {
            action: Action::NotEmitted,
            package: place.to_owned(),
            from: None,
            to: None,
            pythons: pythons.to_vec(),
            why: Some(why.spoken(&emit::local(place))),
            shared_why: why.shared(),
            group: None,
            source: None,
        })
    });
    left_out.collect()
}

/// Most decisions are the same under every Python.
fn by_decision(plan: &TargetPlan) -> BTreeMap<&Decision, Vec<Python>> {
    let mut all: BTreeMap<&Decision, Vec<Python>> = BTreeMap::new();
    for environment in &plan.environments {
        for decision in &environment.decisions {
            all.entry(decision).or_default().push(environment.environment.python);
        }
    }
    all
}

fn change(decision: &Decision) -> Change {
    let needed = |by: &[Rc<str>]| format!("needed by {}", by.join(", "));
    let (action, pin, why) = match &decision.what {
        What::Swapped(pin) => {
            let stub = pin.stub().map(|stub| format!("a stub that requires {}", stub.stands_for));
            (Action::Swapped, Some(pin), stub)
        }
        What::Added(pin, by) => (Action::Added, Some(pin), Some(needed(by))),
        What::Included(by) => (Action::Included, None, Some(needed(by))),
        What::Repinned(pin, by) => (Action::Repinned, Some(pin), Some(needed(by))),
        What::Removed => (Action::Removed, None, Some("nothing needs it any more".to_owned())),
        What::StoodFor(other) => (Action::Removed, None, Some(format!("{other} replaces it; install with --no-deps"))),
        What::Renamed(other) => (Action::Removed, None, Some(format!("{other} takes its place"))),
        What::Kept(Kept::AlreadyBuiltFor(backend)) => (Action::Kept, None, Some(format!("already a {backend} build"))),
        What::Kept(Kept::OneBuild) => (Action::Kept, None, Some("one build serves all".to_owned())),
        What::Kept(Kept::WithTorch) => {
            (Action::Kept, None, Some("locked from one index with torch, which stays".to_owned()))
        }
        What::Kept(Kept::AsLocked(Some(backend))) => {
            (Action::Kept, None, Some(format!("as locked: a {backend} build")))
        }
        What::Kept(Kept::AsLocked(None)) => (Action::Kept, None, Some("as locked".to_owned())),
        What::Kept(Kept::Unserved(pin)) => {
            (Action::Kept, Some(pin), Some("as locked, at its URL: no index of the file serves it".to_owned()))
        }
        What::NotEmitted(why, install) => (Action::NotEmitted, None, Some(why.spoken(install))),
        What::Unswapped(why) => {
            let why = match why {
                Mismatch::Build(bound, torch) => {
                    format!("for {}: torch is built for {}", bound.spoken(), torch.spoken())
                }
                Mismatch::Torch(made, torch) => format!("made for {}: torch is {torch}", made.spoken()),
            };
            (Action::Unswapped, None, Some(format!("stays as locked, {why}")))
        }
        What::Kept(Kept::Foreign { cuda, torch, by }) => {
            let by = if by.is_empty() { "the lock does not say who needs it".to_owned() } else { needed(by) };
            let own = cuda.map_or_else(|| "for GPUs".to_owned(), |cuda| format!("for CUDA {cuda}"));
            let beside = match torch {
                Some(torch) => format!("though torch is built for {}", torch.spoken()),
                None => "beside libraries for another CUDA".to_owned(),
            };
            (Action::Kept, None, Some(format!("{own}, {beside}: {by}")))
        }
        What::Kept(Kept::Unproven(why)) => (Action::Unproven, None, Some(format!("kept as locked: {why}"))),
    };
    let shared_why = if let What::NotEmitted(why, _) = &decision.what { why.shared() } else { None };
    let to = match (pin, action) {
        (Some(pin), _) => Some(pin.version().to_string()),
        (None, Action::Removed) => None,
        (None, _) => decision.from.as_ref().map(ToString::to_string),
    };
    Change {
        action,
        package: decision.name.to_string(),
        group: library_group(decision.name.as_ref()),
        shared_why,
        from: decision.from.as_ref().map(ToString::to_string),
        to,
        pythons: Vec::new(),
        why,
        source: pin.and_then(|pin| pin.witness()).cloned(),
    }
}
