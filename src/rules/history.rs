//! Which releases of a package have a wheel for a machine, as the catalogue knows.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::Here;
use crate::catalog::{Family, WheelRow, WheelSource};
use crate::lock::Entry;
use crate::plan::Knowledge;
use crate::plan::family::admits_python;

/// The wheels of packages that were asked for.
pub(super) struct History<'k, 's, S> {
    knowledge: &'k Knowledge<'s, S>,
    rows: RefCell<HashMap<PackageName, Rc<[WheelRow]>>>,
}

impl<'k, 's, S: WheelSource> History<'k, 's, S> {
    pub(super) fn new(knowledge: &'k Knowledge<'s, S>) -> Self {
        Self { knowledge, rows: RefCell::default() }
    }

    /// What to do about a package of the family without a wheel: the releases that have one. `None` if the catalogue knows
    /// none.
    pub(super) fn remedy(&self, entry: &Entry, version: &Version, here: &Here<'_>) -> Option<String> {
        if self.knowledge.family(&entry.name) == Family::No {
            return None;
        }
        let mut releases = self.releases(&entry.name, here);
        // Nobody is told to lock a pre-release, unless there is nothing else.
        if releases.iter().any(|release| !release.any_prerelease()) {
            releases.retain(|release| !release.any_prerelease());
        }
        let (first, last) = (releases.first()?, releases.last()?);
        let own = version.clone().without_local();
        let name = &entry.name;
        let range = match first == last {
            true => format!("the catalogue knows {name} {first} alone with a wheel for it"),
            false => format!("the catalogue's first {name} with a wheel for it is {first}, its last {last}"),
        };
        Some(if releases.contains(&own) {
            let platform = here.environment.platform;
            format!(
                "the catalogue has a wheel of {name} {own} for it: torchswap export --platform {platform} takes that"
            )
        } else {
            match releases.iter().find(|release| **release > own).filter(|next| *next != first) {
                Some(next) => format!("lock {name} {next}; {range}"),
                None => range,
            }
        })
    }

    /// The releases with a wheel for a machine, ascending, as the catalogue knows them.
    fn releases(&self, name: &PackageName, here: &Here<'_>) -> BTreeSet<Version> {
        let known = self.rows.borrow().get(name).map(Rc::clone);
        let rows = known.unwrap_or_else(|| {
            let rows: Rc<[WheelRow]> = self.knowledge.source().wheels(name).into();
            self.rows.borrow_mut().insert(name.clone(), Rc::clone(&rows));
            rows
        });
        let fits = |row: &&WheelRow| {
            row.wheel.fit_on(here.environment, here.asked.system).is_ok()
                && here.asked.target.backend.is_none_or(|backend| row.is_for(backend))
                && admits_python(row, here.environment.python)
        };
        rows.iter().filter(fits).map(|row| row.wheel.public_version()).collect()
    }
}
