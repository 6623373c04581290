//! The demands of a round: the requirements of the family and of the packages chosen so far.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use pep440_rs::Version;
use pep508_rs::{ExtraName, PackageName};

use super::{Provider, Resolution, Resolved, Resolver};
use crate::catalog::is_gpu_runtime;
use crate::packaging::constraint::Constraint;
use crate::packaging::marker::{Condition, Extras};
use crate::plan::knowledge::{WheelRequirement, WheelRequirements};
use crate::report::Missing;
use crate::report::error::{Code, Problem};

/// The requirement of one package for another.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Asked {
    /// The releases that will do.
    pub(crate) versions: Constraint,
    /// The name and version of who asks.
    pub(crate) by: Rc<str>,
    /// It asks only for the sake of an extra.
    pub(crate) for_extra: bool,
}

impl Asked {
    /// The name of who asks.
    pub(super) fn name(&self) -> &str {
        self.by.split_once(' ').map_or(&self.by, |(name, _)| name)
    }
}

/// All requirements for one package.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Demand {
    pub(super) asked: Vec<Asked>,
    pub(super) extras: Extras,
    pub(super) condition: Condition,
}

impl Demand {
    pub(super) fn admits(&self, version: &Version) -> bool {
        self.asked.iter().all(|one| one.versions.admits(version))
    }

    /// `nvidia-cublas-cu12==12.1.3.1 (torch 2.1.2+cu121)`, for a message.
    pub(super) fn spoken(&self, name: &PackageName) -> String {
        let each = self.asked.iter().map(|Asked { versions, by, .. }| {
            let versions = if versions.is_any() { String::new() } else { versions.to_string() };
            format!("{by} needs {name}{versions}")
        });
        let each: BTreeSet<String> = each.collect();
        each.into_iter().collect::<Vec<_>>().join(", ")
    }
}

/// The demands of a round, by name.
pub(super) type Demands = BTreeMap<PackageName, Demand>;

/// The demands of a round, and the packages that they lead to.
#[derive(Default)]
struct Round {
    wants: Demands,
    /// Wanted, and not followed yet: each name once.
    open: VecDeque<PackageName>,
}

impl Round {
    fn ask<'e>(
        &mut self,
        name: &PackageName,
        asked: Asked,
        extras: impl IntoIterator<Item = &'e ExtraName>,
        when: Condition,
    ) {
        let want = match self.wants.entry(name.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                self.open.push_back(name.clone());
                new.insert(Demand::default())
            }
        };
        want.asked.push(asked);
        want.extras.extend(extras.into_iter().cloned());
        want.condition = std::mem::take(&mut want.condition).or(when);
    }
}

impl Resolver<'_> {
    /// The requirements of the family and, from there on, of the packages chosen so far.
    pub(super) fn wants(&self, chosen: &Resolution, problems: &mut Vec<Problem>) -> Demands {
        let mut round = Round::default();
        for (member, who) in self.members.iter().zip(&self.spoken) {
            if let WheelRequirements::Known(list) = &member.requires {
                let package = &self.selection.packages[member.package];
                self.add(list, who, (&(&package.extras | &member.extras), &package.condition), &mut round);
            }
        }
        while let Some(name) = round.open.pop_front() {
            let Some(choice) = chosen.get(&name).filter(|_| !self.is_member(&name)) else { continue };
            match choice.from {
                Provider::Catalogue => problems.extend(self.follow(&name, choice, &mut round).err()),
                // The line keeps the extras that the lock's own packages may still ask for.
                Provider::Selected(index) if choice.pin.is_some() => {
                    let extras = &self.selection.packages[index].extras | &choice.extras;
                    let choice = &Resolved { extras, ..Resolved::clone(choice) };
                    problems.extend(self.follow(&name, choice, &mut round).err());
                }
                // The lock resolved its packages with all that they need, but for GPU libraries it may have read the list of
                // another platform's wheel.
                Provider::Selected(_) if is_gpu_runtime(&name) => {
                    let environment = self.request.environment;
                    let row =
                        choice.version.as_ref().map(|version| self.knowledge.wheel_for(&name, version, environment));
                    if let Some(row) = row.flatten()
                        && let WheelRequirements::Known(list) = self.requires(&row)
                    {
                        self.add(&list, choice.who(&name), (&choice.extras, &choice.condition), &mut round);
                    }
                }
                Provider::Selected(_) => {}
                Provider::Unselected(index) => {
                    for (requirement, when) in self.selection.unselected[index].needs.iter().flatten() {
                        let when = when.clone().and(choice.condition.clone());
                        if when.is_never() {
                            continue;
                        }
                        let (versions, by) = (requirement.versions.clone(), Rc::clone(choice.who(&name)));
                        let asked = Asked { versions, by, for_extra: false };
                        round.ask(&requirement.name, asked, &requirement.extras, when);
                    }
                }
            }
        }
        round.wants
    }

    /// Adds the requirements of the chosen wheel.
    ///
    /// # Errors
    /// If they are not known.
    fn follow(&self, name: &PackageName, choice: &Resolved, round: &mut Round) -> Result<(), Problem> {
        let Some(row) = choice.row.as_deref() else { return Ok(()) };
        let environment = self.request.environment;
        match self.requires(row) {
            WheelRequirements::Known(list) => {
                self.add(&list, choice.who(name), (&choice.extras, &choice.condition), round);
                Ok(())
            }
            WheelRequirements::Unknown(reason) => {
                let (who, platform) = (choice.who(name), environment.platform);
                let message = format!("the requirements of {who} on {platform} are not known: {reason}");
                let help = "give its requirements in a catalogue of the project (--catalog FILE)";
                let problem = Problem::new(Code::Unknown, message).under(environment.python).help(help);
                let (package, version) = (name.clone(), row.wheel.version.clone());
                Err(problem.for_want_of(Missing::Requirements { package, version, sha256: row.sha256 }))
            }
        }
    }

    /// Adds the requirements of a wheel that is installed with extras under a condition.
    fn add(
        &self,
        list: &[WheelRequirement],
        who: &Rc<str>,
        (extras, condition): (&BTreeSet<ExtraName>, &Condition),
        round: &mut Round,
    ) {
        for required in list {
            let when = Condition::of(&required.marker, self.request.environment, extras).and(condition.clone());
            if when.is_never() {
                continue;
            }
            let for_extra = !extras.is_empty()
                && Condition::of(&required.marker, self.request.environment, &Extras::new()).is_never();
            let asked = Asked { versions: required.versions.clone(), by: Rc::clone(who), for_extra };
            round.ask(&required.name, asked, &required.extras, when);
        }
    }
}
