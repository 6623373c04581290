//! The closure: everything that the family's wheels require on an environment, transitively.
//!
//! For each requirement that holds: the lock meets it, or it is added or re-pinned from the catalogue, or it is a
//! problem. A range is met by the lock's version if that fits, else by the newest catalogued one that fits and has a
//! wheel: the same for everybody, whatever has been released since.
//!
//! Requirements of one package come from several others and may narrow each other, so the choice is made in rounds: the
//! wishes of a round are those of the packages chosen in the round before, until nothing changes.

mod conflicts;
mod known;
mod wants;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use pep440_rs::Version;
use pep508_rs::PackageName;

use crate::catalog::pin::Pin;
use crate::catalog::{WheelRow, WheelSource, is_torch_runtime};
use crate::lock::{Origin, Pick, Selection};
use crate::packaging::marker::{Condition, Extras};
use crate::plan::family::Member;
use crate::plan::files::lacks_file;
use crate::plan::{Knowledge, View, Wish};
use crate::report::error::{Code, Problem};

pub(crate) use conflicts::conflicts;
use wants::Want;

/// More rounds than any real closure needs: it is some five packages deep.
const MOST_ROUNDS: usize = 64;

/// Where a required package comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// It is selected: index into the picks.
    Pick(usize),
    /// The lock pins it without selecting it: index into the spare picks.
    Spare(usize),
    /// The catalogue.
    Catalogue,
}

/// A required package and how it is met.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    /// Where it comes from.
    pub(crate) from: From,
    /// Its version.
    version: Option<Version>,
    /// Its name and version, for messages: put together when it is asked for.
    who: OnceCell<Rc<str>>,
    /// A pin from the catalogue: an addition, or a re-pin of a pick.
    pub(crate) pin: Option<Rc<Pin>>,
    /// The wheel behind the pin.
    pub(crate) row: Option<Rc<WheelRow>>,
    /// With which extras it is required.
    pub(crate) extras: Extras,
    /// When it is required.
    pub(crate) condition: Condition,
    /// By whom.
    pub(crate) because: BTreeSet<Rc<str>>,
}

impl Choice {
    /// The names of those who need it.
    pub(crate) fn requirers(&self) -> impl Iterator<Item = &str> {
        self.because.iter().map(|who| who.split_once(' ').map_or(who.as_ref(), |(name, _)| name))
    }

    fn who(&self, name: &PackageName) -> &Rc<str> {
        self.who.get_or_init(|| {
            let version = self.version.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{name} {version}").into()
        })
    }
}

/// All required packages by name.
pub(crate) type Chosen = BTreeMap<PackageName, Rc<Choice>>;

struct Resolver<'a, S> {
    view: View<'a>,
    selection: &'a Selection,
    members: &'a [Member],
    wish: &'a Wish<'a>,
    knowledge: &'a Knowledge<'a, S>,
    picks: ByName<'a>,
    spare: ByName<'a>,
    /// The names and versions of the members, for messages.
    spoken: Vec<Rc<str>>,
}

/// Picks in the order of their names, which is mostly the one they come in.
struct ByName<'a>(Vec<(&'a PackageName, usize)>);

impl<'a> ByName<'a> {
    fn new(view: View<'a>, picks: &[Pick]) -> Self {
        let named = picks.iter().enumerate().map(|(index, pick)| (&view.entries[pick.entry].name, index));
        let mut all: Vec<(&PackageName, usize)> = named.collect();
        all.sort_unstable();
        Self(all)
    }

    /// The picks of a name, ascending.
    fn get(&self, name: &PackageName) -> impl Iterator<Item = usize> {
        let first = self.0.partition_point(|(other, _)| *other < name);
        self.0[first..].iter().take_while(move |(other, _)| *other == name).map(|(_, index)| *index)
    }
}

/// Finds what meets each requirement of the family's wheels, and what is left unmet.
pub(crate) fn resolve<S: WheelSource>(
    view: View<'_>,
    selection: &Selection,
    members: &[Member],
    wish: &Wish<'_>,
    knowledge: &Knowledge<'_, S>,
) -> (Chosen, Vec<Problem>) {
    let (picks, spare) = (ByName::new(view, &selection.picks), ByName::new(view, &selection.spare));
    let spoken = members.iter().map(|member| format!("{} {}", member.name, member.version).into()).collect();
    let resolver = Resolver { view, selection, members, wish, knowledge, picks, spare, spoken };
    let mut chosen = Chosen::new();
    let mut problems = Vec::new();
    let mut before: BTreeMap<PackageName, Want> = BTreeMap::new();
    for _ in 0..MOST_ROUNDS {
        let mut unknown = Vec::new();
        let wants = resolver.wants(&chosen, &mut unknown);
        problems.clear();
        let mut next = Chosen::new();
        for (name, want) in &wants {
            // What is wanted as in the round before is met as it was then.
            if let Some(choice) = chosen.get(name).filter(|_| before.get(name) == Some(want)) {
                next.insert(name.clone(), Rc::clone(choice));
                continue;
            }
            match resolver.settle(name, want) {
                Ok(Some(choice)) => {
                    next.insert(name.clone(), Rc::new(choice));
                }
                Ok(None) => {}
                Err(problem) => problems.push(problem),
            }
        }
        let settled = is_same(&next, &chosen);
        (chosen, before) = (next, wants);
        if settled {
            // What was followed this time is what was chosen the time before, which is the same.
            problems.extend(unknown);
            return (chosen, problems);
        }
    }
    let message = "the requirements of the swapped wheels exclude each other in turn, so no choice settles";
    (chosen, vec![Problem::new(Code::Unmet, message)])
}

/// True if two rounds chose the same.
fn is_same(next: &Chosen, before: &Chosen) -> bool {
    let same = |(one, other): (&Choice, &Choice)| {
        one.version == other.version && one.extras == other.extras && one.condition == other.condition
    };
    next.keys().eq(before.keys()) && next.values().map(Rc::as_ref).zip(before.values().map(Rc::as_ref)).all(same)
}

impl<S: WheelSource> Resolver<'_, S> {
    fn is_member(&self, name: &PackageName) -> bool {
        self.members.iter().any(|member| member.name == *name)
    }

    /// How one package is met. `Ok(None)`: by a package of the family, or by one that the output leaves out.
    fn settle(&self, name: &PackageName, want: &Want) -> Result<Option<Choice>, Problem> {
        if self.is_member(name) {
            let bad = self.members.iter().find(|member| member.name == *name && !want.admits(&member.version));
            return match bad {
                None => Ok(None),
                Some(member) => Err(self.out_of_step(member, want)),
            };
        }
        if self.selection.unemitted.iter().any(|(pick, _)| self.view.entries[pick.entry].name == *name) {
            return Ok(None);
        }
        let pick = self.picks.get(name).find(|index| {
            let pick = &self.selection.picks[*index];
            let covers = pick.condition == Condition::Always || pick.condition == want.condition;
            let version = self.view.entries[pick.entry].version.as_ref();
            covers && version.is_none_or(|version| want.admits(version)) && self.has_file(pick.entry)
        });
        if let Some(index) = pick {
            let pick = &self.selection.picks[index];
            let version = self.view.entries[pick.entry].version.clone();
            return Ok(Some(self.choice(From::Pick(index), version, None, want)));
        }
        let locked = self.picks.get(name).next();
        if locked.is_none()
            && let Some(index) = self.best_spare(name, want)
        {
            let version = self.view.entries[self.selection.spare[index].entry].version.clone();
            return Ok(Some(self.choice(From::Spare(index), version, None, want)));
        }
        match self.newest_known(name, want) {
            Some((pin, row)) => {
                let from = locked.map_or(From::Catalogue, From::Pick);
                Ok(Some(self.choice(from, Some(row.wheel.public_version()), Some((pin, row)), want)))
            }
            None => Err(self.unmet(name, want)),
        }
    }

    /// True but for a library of torch's of which the lock has no file for the environment: a lock of another platform may
    /// name the right release all the same.
    fn has_file(&self, entry: usize) -> bool {
        let entry = &self.view.entries[entry];
        !is_torch_runtime(&entry.name) || !lacks_file(entry, self.wish.environment, self.knowledge)
    }

    fn choice(
        &self,
        from: From,
        version: Option<Version>,
        pinned: Option<(Rc<Pin>, Rc<WheelRow>)>,
        want: &Want,
    ) -> Choice {
        let (pin, row) = pinned.map_or((None, None), |(pin, row)| (Some(pin), Some(row)));
        Choice {
            from,
            version,
            who: OnceCell::new(),
            pin,
            row,
            extras: want.extras.clone(),
            condition: want.condition.clone(),
            because: want.versions.iter().map(|(_, who)| Rc::clone(who)).collect(),
        }
    }

    fn best_spare(&self, name: &PackageName, want: &Want) -> Option<usize> {
        let fits = |index: &usize| {
            let entry = &self.view.entries[self.selection.spare[*index].entry];
            let from_index = matches!(entry.origin, Origin::Index(_));
            let admitted = entry.version.as_ref().is_some_and(|version| want.admits(version));
            from_index && entry.is_hashed() && admitted && self.has_file(self.selection.spare[*index].entry)
        };
        let fitting = self.spare.get(name).filter(fits);
        fitting.max_by_key(|index| self.view.entries[self.selection.spare[*index].entry].version.clone())
    }

    fn out_of_step(&self, member: &Member, want: &Want) -> Problem {
        let message = format!(
            "{}, but the lock has {} {}",
            want.spoken(&member.name),
            member.name,
            member.version.clone().without_local()
        );
        let problem = Problem::new(Code::OutOfStep, message);
        let problem = self.view.point(problem, self.selection.picks[member.pick].entry);
        problem.help("lock releases that were made for each other")
    }

    fn unmet(&self, name: &PackageName, want: &Want) -> Problem {
        let wanted = want.spoken(name);
        let python = self.wish.environment.python;
        let locked = self.picks.get(name).next().map(|index| self.selection.picks[index].entry);
        match locked {
            Some(entry) => {
                let version = self.view.entries[entry].version.as_ref().map(ToString::to_string).unwrap_or_default();
                let message = match self.has_file(entry) {
                    true => format!("{wanted}, but the lock has {name} {version}"),
                    false => {
                        let platform = self.wish.environment.platform;
                        format!("{wanted}, but the lock has {name} {version} without a file for {platform}")
                    }
                };
                let help = format!("lock a {name} that fits, or add a wheel of one with --catalog FILE");
                self.view.point(Problem::new(Code::Unmet, message), entry).under(python).help(help)
            }
            None => {
                let message = format!(
                    "{wanted}, and neither the lock nor the catalogue has a wheel of it for {}",
                    self.wish.environment.platform
                );
                let help =
                    format!("add {name} to the project and lock again, or add a wheel of it with --catalog FILE");
                Problem::new(Code::Unmet, message).under(python).lacking(name).help(help)
            }
        }
    }
}
