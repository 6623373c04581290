//! One set of CUDA's libraries where the user wants it: what comes of that in the lines of a plan, and what is said of it.
//!
//! The closure decides which releases are shared (`closure::sharing`). An installer would refuse them if it read what an
//! extra asks for, so that extra is not named: the libraries that it brings have lines of their own.

use std::collections::BTreeSet;
use std::rc::Rc;

use pep508_rs::PackageName;

use super::closure::{Asked, Resolution};
use super::family::FamilyPackage;
use super::knowledge::WheelRequirements;
use super::{Also, EnvironmentPlan, Line, TargetPlan, WheelRequirement};
use crate::lock::Selection;
use crate::packaging::marker::Condition;
use crate::packaging::target::Environment;

/// The request beyond the swap of torch's family.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beyond {
    /// The other packages that are swapped.
    pub also: Also,
    /// A requirement for an older release of a CUDA library shares torch's.
    pub shares_libraries: bool,
}

impl From<Also> for Beyond {
    fn from(also: Also) -> Self {
        Self { also, shares_libraries: false }
    }
}

/// A package that stays, with extras that bring libraries.
pub(super) struct KeptPackage {
    entry: usize,
    who: String,
    requires: Rc<[WheelRequirement]>,
}

impl KeptPackage {
    /// One of these, if a package is one.
    pub(super) fn of(member: &FamilyPackage, selection: &Selection) -> Option<Self> {
        let WheelRequirements::Known(requires) = &member.requires else { return None };
        let is_one = !member.extras.is_empty() && !member.is_swapped();
        let (entry, who) = (selection.packages[member.package].entry, format!("{} {}", member.name, member.version));
        is_one.then(|| Self { entry, who, requires: Rc::clone(requires) })
    }
}

/// Takes off a line the extras that ask for other releases than those that are shared; where the wheel's requirements go into
/// a lock, they ask for what there is.
pub(super) fn unasked(line: &mut Line, kept: &[KeptPackage], chosen: &Resolution, environment: Environment) {
    let (who, requires) = match &line.replacement {
        Some(replacement) => {
            let Some(requires) = &replacement.requires else { return };
            (format!("{} {}", replacement.name, replacement.pin.version()), Rc::clone(requires))
        }
        None => {
            let Some(kept) = kept.iter().find(|kept| line.entry == Some(kept.entry)) else { return };
            (kept.who.clone(), Rc::clone(&kept.requires))
        }
    };
    let overruled = |one: &WheelRequirement| {
        let choice = chosen.get(&one.name)?;
        let is_it = |asked: &Asked| *asked.by == *who && asked.versions == one.versions;
        choice.overruled.iter().any(is_it).then_some(choice)
    };
    if !requires.iter().any(|one| overruled(one).is_some()) {
        return;
    }
    line.extras.retain(|extra| {
        let with = [extra.clone()].into();
        let asks = |one: &&WheelRequirement| !Condition::of(&one.marker, environment, &with).is_never();
        !requires.iter().filter(asks).any(|one| overruled(one).is_some())
    });
    let asks_for_shared = |one: &WheelRequirement| match overruled(one).and_then(|choice| choice.version.as_ref()) {
        Some(version) => WheelRequirement { versions: version.into(), ..one.clone() },
        None => one.clone(),
    };
    if let Some(replacement) = &mut line.replacement {
        replacement.requires = Some(requires.iter().map(asks_for_shared).collect::<Rc<[_]>>());
    }
}

/// A library that torch and others share.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct SharedLibrary<'p> {
    by: &'p str,
    library: &'p PackageName,
    version: String,
    asked: String,
}

fn of(plan: &EnvironmentPlan) -> impl Iterator<Item = SharedLibrary<'_>> {
    plan.needed.iter().flat_map(|(library, choice)| {
        choice.overruled.iter().map(move |asked| SharedLibrary {
            by: &asked.by,
            library,
            version: choice.version.as_ref().map(ToString::to_string).unwrap_or_default(),
            asked: asked.versions.exact().map_or_else(|| asked.versions.to_string(), ToString::to_string),
        })
    })
}

/// The note in a summary on each package that shares libraries.
pub(super) fn notes(plan: &EnvironmentPlan) -> Vec<String> {
    let all: BTreeSet<SharedLibrary<'_>> = of(plan).collect();
    let all: Vec<SharedLibrary<'_>> = all.into_iter().collect();
    let each = all.chunk_by(|one, other| one.by == other.by).map(|of_one| {
        let list = of_one
            .iter()
            .map(|SharedLibrary { library, version, asked, .. }| format!("{library} {version} (asked: {asked})"));
        format!("{} shares torch's {}", of_one[0].by, list.collect::<Vec<_>>().join(", "))
    });
    each.collect()
}

/// The line in an output's header for each library that is shared.
pub fn shared(plan: &TargetPlan) -> Vec<String> {
    let all: BTreeSet<SharedLibrary<'_>> = plan.environments.iter().flat_map(of).collect();
    let each = all.iter().map(|SharedLibrary { by, library, version, asked }| {
        format!("{by} shares {library} {version} (asked: {asked})")
    });
    each.collect()
}
