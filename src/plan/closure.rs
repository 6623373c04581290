//! The closure: everything that the family's wheels require on an environment, transitively.
//!
//! For each requirement that holds: the lock meets it, or it is added or re-pinned from the catalogue, or it is a
//! problem. A range is met by the lock's version if that fits, else by the newest catalogued one that fits and has a
//! wheel: the same for everybody, whatever has been released since.
//!
//! Requirements of one package come from several others and may narrow each other, so the choice is made in rounds: the
//! requests of a round are those of the packages chosen in the round before, until nothing changes.

mod candidates;
mod conflicts;
mod instead;
mod sharing;
mod wants;

use std::cell::OnceCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use pep440_rs::Version;
use pep508_rs::PackageName;

use crate::catalog::pin::Pin;
use crate::catalog::{Family, WheelRow, built_in_family, is_gpu_runtime, is_torch_runtime};
use crate::lock::{Origin, SelectedPackage, Selection};
use crate::packaging::marker::{Condition, Extras};
use crate::packaging::target::Environment;
use crate::packaging::version;
use crate::plan::family::FamilyPackage;
use crate::plan::files::lacks_file;
use crate::plan::knowledge::WheelRequirements;
use crate::plan::{Knowledge, LockView, Planner, Request};
use crate::report::Missing;
use crate::report::error::{Code, Problem};

pub(crate) use conflicts::conflicts;
pub(crate) use wants::Asked;
use wants::{Demand, Demands};

/// More rounds than any real closure needs: it is some five packages deep.
const MOST_ROUNDS: usize = 64;

/// The source of a required package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provider {
    /// It is selected: index into the selected packages.
    Selected(usize),
    /// The lock pins it without selecting it: index into the unselected packages.
    Unselected(usize),
    /// The catalogue.
    Catalogue,
}

/// A required package and how it is met.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    /// Its source.
    pub(crate) from: Provider,
    /// Its version.
    pub(crate) version: Option<Version>,
    /// Its name and version, for messages: put together when it is asked for.
    who: OnceCell<Rc<str>>,
    /// A pin from the catalogue: an addition, or a re-pin of a selected package.
    pub(crate) pin: Option<Rc<Pin>>,
    /// The wheel behind the pin.
    pub(crate) row: Option<Rc<WheelRow>>,
    /// With which extras it is required.
    pub(crate) extras: Extras,
    /// The condition under which it is required.
    pub(crate) condition: Condition,
    /// By whom.
    pub(crate) because: BTreeSet<Rc<str>>,
    /// The requirements of others than torch that are not met: torch's release, which they share, is newer.
    pub(crate) overruled: Vec<Asked>,
}

impl Resolved {
    /// The names of those who need it.
    pub(crate) fn requirers(&self) -> impl Iterator<Item = &str> {
        self.because.iter().map(|who| who.split_once(' ').map_or(who.as_ref(), |(name, _)| name))
    }

    /// Those who need it, for a message.
    fn because(&self) -> String {
        self.because.iter().cloned().collect::<Vec<_>>().join(", ")
    }

    fn who(&self, name: &PackageName) -> &Rc<str> {
        self.who.get_or_init(|| {
            let version = self.version.as_ref().map(version::text).unwrap_or_default();
            [name.as_ref(), " ", &version].concat().into()
        })
    }
}

/// All required packages by name.
pub(crate) type Resolution = BTreeMap<PackageName, Rc<Resolved>>;

struct Resolver<'a> {
    view: LockView<'a>,
    selection: &'a Selection,
    members: &'a [FamilyPackage],
    request: &'a Request<'a>,
    knowledge: &'a Knowledge<'a>,
    packages: ByName<'a>,
    unselected: ByName<'a>,
    /// The names and versions of the members, for messages.
    spoken: Vec<Rc<str>>,
    /// The possible replacements of torch's build; gathered on first use.
    pinnings: OnceCell<Vec<instead::Pinning>>,
}

/// Packages in the order of their names, which is mostly the one they come in.
struct ByName<'a>(Vec<(&'a PackageName, usize)>);

impl<'a> ByName<'a> {
    fn new(view: LockView<'a>, packages: &[SelectedPackage]) -> Self {
        let named = packages.iter().enumerate().map(|(index, package)| (&view.entries[package.entry].name, index));
        let mut all: Vec<(&PackageName, usize)> = named.collect();
        all.sort_unstable();
        Self(all)
    }

    /// Those of a name, ascending.
    fn get(&self, name: &PackageName) -> impl Iterator<Item = usize> {
        let first = self.0.partition_point(|(other, _)| *other < name);
        self.0[first..].iter().take_while(move |(other, _)| *other == name).map(|(_, index)| *index)
    }
}

/// True for a package that moves with the family to a build. One that is no member was not asked for in that build: the
/// default index would give another. A project's catalogue gives the builds that the project wants.
fn is_built(name: &PackageName) -> bool {
    built_in_family(name) == Family::PerBackend
}

/// Finds what meets each requirement of the family's wheels, and what is left unmet.
pub(crate) fn resolve(planner: &Planner<'_>, members: &[FamilyPackage]) -> (Resolution, Vec<Problem>) {
    let Planner { view, selection, request, knowledge } = *planner;
    let (packages, unselected) = (ByName::new(view, &selection.packages), ByName::new(view, &selection.unselected));
    let spoken = members.iter().map(|member| format!("{} {}", member.name, member.version).into()).collect();
    let resolver = Resolver {
        view,
        selection,
        members,
        request,
        knowledge,
        packages,
        unselected,
        spoken,
        pinnings: OnceCell::new(),
    };
    let mut chosen = Resolution::new();
    let mut before = Demands::new();
    for _ in 0..MOST_ROUNDS {
        let mut unknown = Vec::new();
        let wants = resolver.wants(&chosen, &mut unknown);
        let mut unsettled = Vec::new();
        let mut next = Resolution::new();
        for (name, want) in &wants {
            // A demand that is the same as in the round before is met as it was then.
            if let Some(choice) = chosen.get(name).filter(|_| before.get(name) == Some(want)) {
                next.insert(name.clone(), Rc::clone(choice));
                continue;
            }
            match resolver.settle(name, want) {
                Ok(Some(choice)) => {
                    next.insert(name.clone(), Rc::new(choice));
                }
                Ok(None) => {}
                Err(Unsettled) => unsettled.push(name),
            }
        }
        let settled = is_same(&next, &chosen);
        chosen = next;
        if settled {
            let mut problems: Vec<Problem> =
                unsettled.into_iter().filter_map(|name| resolver.problem(name, &wants)).collect();
            // This round followed the choices of the one before, which are the same.
            problems.extend(unknown);
            return (chosen, problems);
        }
        before = wants;
    }
    let message = "the requirements of the swapped wheels exclude each other in turn, so no choice settles";
    (chosen, vec![Problem::new(Code::Unmet, message)])
}

/// True if two rounds chose the same.
fn is_same(next: &Resolution, before: &Resolution) -> bool {
    let same = |(one, other): (&Resolved, &Resolved)| {
        one.version == other.version && one.extras == other.extras && one.condition == other.condition
    };
    next.keys().eq(before.keys()) && next.values().map(Rc::as_ref).zip(before.values().map(Rc::as_ref)).all(same)
}

/// Nothing meets what is wanted of a package.
struct Unsettled;

impl Resolver<'_> {
    fn requires(&self, row: &WheelRow) -> WheelRequirements {
        self.knowledge.requires(row, self.request.environment.platform)
    }

    fn is_member(&self, name: &PackageName) -> bool {
        self.members.iter().any(|member| member.name == *name)
    }

    /// The choice for one package. `Ok(None)`: by a package of the family, or by one that the output leaves out.
    fn settle(&self, name: &PackageName, want: &Demand) -> Result<Option<Resolved>, Unsettled> {
        if self.is_member(name) {
            return if self.unfit_member(name, want).is_some() { Err(Unsettled) } else { Ok(None) };
        }
        if self.selection.unemitted.iter().any(|(package, _)| self.view.entries[package.entry].name == *name) {
            return Ok(None);
        }
        let shared = self.shared(name, want);
        let want = shared.as_ref().map_or(want, |(left, _)| left);
        let package = self.packages.get(name).find(|index| {
            let package = &self.selection.packages[*index];
            let covers = package.condition == Condition::Always || package.condition == want.condition;
            let version = self.view.entries[package.entry].version.as_ref();
            covers && version.is_none_or(|version| want.admits(version)) && self.has_file(package.entry)
        });
        let locked = self.packages.get(name).next();
        if locked.is_none() && is_built(name) {
            return Err(Unsettled);
        }
        let version = |package: &SelectedPackage| self.view.entries[package.entry].version.clone();
        let (from, version, pinned) = if let Some(index) = package {
            (Provider::Selected(index), version(&self.selection.packages[index]), None)
        } else if locked.is_none()
            && let Some(index) = self.best_spare(name, want)
        {
            (Provider::Unselected(index), version(&self.selection.unselected[index]), None)
        } else if let Some((pin, row)) = self.as_locked(locked, want).or_else(|| self.newest_known(name, want)) {
            let from = locked.map_or(Provider::Catalogue, Provider::Selected);
            (from, Some(row.wheel.public_version()), Some((pin, row)))
        } else {
            return Err(Unsettled);
        };
        let (pin, row) = pinned.unzip();
        let overruled: Vec<Asked> = shared.iter().flat_map(|(_, overruled)| overruled.clone()).collect();
        Ok(Some(Resolved {
            from,
            version,
            who: OnceCell::new(),
            pin,
            row,
            extras: want.extras.clone(),
            condition: want.condition.clone(),
            because: want.asked.iter().chain(&overruled).map(|one| Rc::clone(&one.by)).collect(),
            overruled,
        }))
    }

    /// A package of the family whose release is not what others of the family want.
    fn unfit_member(&self, name: &PackageName, want: &Demand) -> Option<&FamilyPackage> {
        self.members.iter().find(|member| member.name == *name && !want.admits(&member.version))
    }

    /// Why nothing meets what is wanted of a package.
    fn problem(&self, name: &PackageName, wants: &Demands) -> Option<Problem> {
        let want = wants.get(name)?;
        Some(match self.unfit_member(name, want) {
            Some(member) => self.out_of_step(member, want),
            None => self.unmet(name, want, wants),
        })
    }

    /// True but for a library of torch's of which the lock has no file for the environment: a lock of another platform may
    /// name the right release all the same.
    fn has_file(&self, entry: usize) -> bool {
        let entry = &self.view.entries[entry];
        !is_torch_runtime(&entry.name) || !lacks_file(entry, self.request.environment, self.knowledge)
    }

    /// The newest locked release that fits, of those that the choice does not select; of entries alike the first, as Poetry
    /// does.
    fn best_spare(&self, name: &PackageName, want: &Demand) -> Option<usize> {
        let fits = |index: &usize| {
            let entry = &self.view.entries[self.selection.unselected[*index].entry];
            let from_index = matches!(entry.origin, Origin::Index(_));
            let admitted = entry.version.as_ref().is_some_and(|version| want.admits(version));
            from_index && entry.is_hashed() && admitted && self.has_file(self.selection.unselected[*index].entry)
        };
        let version = |index: &usize| &self.view.entries[self.selection.unselected[*index].entry].version;
        self.unselected.get(name).filter(fits).min_by_key(|index| Reverse(version(index)))
    }

    fn out_of_step(&self, member: &FamilyPackage, want: &Demand) -> Problem {
        let (name, version) = (&member.name, member.version.clone().without_local());
        let message = format!("{}, but the lock has {name} {version}", want.spoken(name));
        let problem = Problem::new(Code::OutOfStep, message).help("lock releases that were made for each other");
        self.view.point(problem, self.selection.packages[member.package].entry)
    }

    fn unmet(&self, name: &PackageName, want: &Demand, wants: &Demands) -> Problem {
        let wanted = want.spoken(name);
        let Environment { platform, python } = self.request.environment;
        let locked = self.packages.get(name).next().map(|index| self.selection.packages[index].entry);
        let missing = Missing::Release {
            package: name.clone(),
            versions: want.asked.iter().map(|one| one.versions.clone()).collect(),
            backend: self.request.backend,
            platform,
            is_locked: locked.is_some(),
        };
        // The wheels themselves exclude each other: no release of the library would help.
        if let Some(help) = self.exclusive(name, want, wants) {
            return Problem::new(Code::Unmet, format!("{wanted}: no release meets both")).under(python).help(help);
        }
        let (message, help) = match locked {
            Some(entry) => {
                let version = self.view.entries[entry].version.as_ref().map(ToString::to_string).unwrap_or_default();
                let file = if self.has_file(entry) { "" } else { &format!(" without a file for {platform}") };
                let message = format!("{wanted}, but the lock has {name} {version}{file}");
                (message, format!("lock a {name} that fits, or add a wheel of one with --catalog FILE"))
            }
            None if is_built(name) => {
                let message = format!("{wanted}, which the lock does not give for {platform}");
                let help = format!("add {name} to the project and lock again");
                return Problem::new(Code::Unmet, message).under(python).help(help);
            }
            // A lock of another build has no reason to have it.
            None if is_gpu_runtime(name) => (
                format!("{wanted}, and the catalogue lacks a wheel of it for {platform}"),
                "ask an index for it with --learn, or add a wheel of it with --catalog FILE".to_owned(),
            ),
            None => (
                format!("{wanted}, and neither the lock nor the catalogue has a wheel of it for {platform}"),
                format!("add {name} to the project and lock again, or add a wheel of it with --catalog FILE"),
            ),
        };
        self.view.point(Problem::new(Code::Unmet, message), locked).under(python).help(help).for_want_of(missing)
    }
}
