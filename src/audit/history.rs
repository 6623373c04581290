//! The releases of a package that have a wheel for a machine, by an index or the catalogue.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::AuditContext;
use super::offers::Offers;
use crate::catalog::{Family, WheelRow};
use crate::lock::Entry;
use crate::packaging::system::System;
use crate::packaging::wheel::WheelName;
use crate::plan::Knowledge;

/// The wheels of packages that were asked for.
pub(super) struct History<'k> {
    knowledge: &'k Knowledge<'k>,
    offers: &'k Offers,
    rows: RefCell<HashMap<PackageName, Rc<[WheelRow]>>>,
}

impl<'k> History<'k> {
    pub(super) fn new(knowledge: &'k Knowledge<'k>, offers: &'k Offers) -> Self {
        Self { knowledge, offers, rows: RefCell::default() }
    }

    /// The remedy for a package without a wheel: the releases that have one, of any package that an index was asked for,
    /// else of the family as the catalogue knows it. `None` if neither knows one.
    pub(super) fn remedy(&self, entry: &Entry, version: &Version, here: &AuditContext<'_>) -> Option<String> {
        let (mut releases, source) = match self.offers.releases(&entry.name, here) {
            Some(releases) => (releases, "the index"),
            None if self.knowledge.family(&entry.name) == Family::No => return None,
            None => (self.releases(&entry.name, here), "the catalogue"),
        };
        // Nobody is advised to lock a pre-release, unless there is nothing else.
        if releases.iter().any(|release| !release.any_prerelease()) {
            releases.retain(|release| !release.any_prerelease());
        }
        let last = releases.last()?;
        let own = version.clone().without_local();
        let name = &entry.name;
        let platform = here.environment.platform;
        Some(match releases.iter().find(|release| **release > own) {
            _ if releases.contains(&own) && source == "the index" => {
                format!("the index has a wheel of {name} {own} for it that the lock does not list: lock again")
            }
            _ if releases.contains(&own) && here.asked.target.backend.is_none() && !platform.is_macos() => {
                format!(
                    "the catalogue has a wheel of {name} {own} for it: torchswap export with --cpu or --cuda swaps it in"
                )
            }
            _ if releases.contains(&own) => {
                format!(
                    "the catalogue has a wheel of {name} {own} for it: torchswap export --platform {platform} takes that"
                )
            }
            Some(next) if next == last => {
                format!("lock {name} {next}, the only newer release with a wheel for it that {source} knows")
            }
            Some(next) => {
                format!(
                    "lock {name} {next}, the next release with a wheel for it ({last} is the latest that {source} knows)"
                )
            }
            None => format!("{name} {last} is the last release with a wheel for it that {source} knows"),
        })
    }

    /// PyTorch's index names wheels `linux_x86_64`, which pip takes on every Linux. Those of the family are made for glibc.
    pub(super) fn is_for_another_libc(&self, wheel: &WheelName, here: &AuditContext<'_>) -> bool {
        self.knowledge.family(&wheel.name) != Family::No && is_for_glibc_alone(wheel, here)
    }

    /// The releases with a wheel for a machine, ascending, as the catalogue knows them.
    fn releases(&self, name: &PackageName, here: &AuditContext<'_>) -> BTreeSet<Version> {
        let known = self.rows.borrow().get(name).map(Rc::clone);
        let rows = known.unwrap_or_else(|| {
            let rows: Rc<[WheelRow]> = self.knowledge.source().wheels(name).into();
            self.rows.borrow_mut().insert(name.clone(), Rc::clone(&rows));
            rows
        });
        let fits = |row: &&WheelRow| {
            // Releases from before the family was compiled fit every machine and no torch of today.
            let is_compiled = row.wheel.platform_tag() != "any";
            !row.yanked
                && (is_compiled || self.knowledge.family(name) != Family::PerBackend)
                && row.wheel.fit_on(here.environment, here.asked.system).is_ok()
                && here.asked.target.backend.is_none_or(|backend| row.is_for(backend))
                && self.knowledge.admits_python(row, here.environment.python)
                && !is_for_glibc_alone(&row.wheel, here)
        };
        rows.iter().filter(fits).map(|row| row.wheel.public_version()).collect()
    }
}

/// True on a machine with musl for a wheel of the family that does not say which C library it needs.
fn is_for_glibc_alone(wheel: &WheelName, here: &AuditContext<'_>) -> bool {
    let bare = || wheel.platform_tag().split('.').all(|tag| tag.starts_with("linux_"));
    matches!(here.asked.system, Some(System::Musl(..))) && bare()
}
