//! The candidates in the catalogue for a requirement: the newest release that fits, and its wheel, pinned.

use std::rc::Rc;

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::{Demand, Resolver};
use crate::catalog::pin::{Pin, PinnedFiles};
use crate::catalog::{Index, WheelRow};
use crate::lock::SelectedPackage;
use crate::packaging::marker::Condition;
use crate::packaging::target::{Environment, Python};
use crate::plan::Request;
use crate::plan::knowledge::{WheelRequirement, WheelRequirements};

impl Resolver<'_> {
    /// The catalogue's wheel of the locked release, if that fits: the lock may have no file of it for the environment, or
    /// not select it wherever it is needed.
    pub(super) fn as_locked(&self, package: Option<usize>, want: &Demand) -> Option<(Rc<Pin>, Rc<WheelRow>)> {
        let entry = &self.view.entries[self.selection.packages[package?].entry];
        let version = entry.version.as_ref().filter(|version| want.admits(version))?;
        let found = self.wheel_of(&entry.name, version, true)?;
        let is_known = self.requires(&found.1).known().is_some();
        (is_known && self.selection.allows(&entry.name, version)).then_some(found)
    }

    /// The newest catalogued release that fits, has a wheel for the environment, whose requirements are known, and whose
    /// requirements something meets.
    pub(super) fn newest_known(&self, name: &PackageName, want: &Demand) -> Option<(Rc<Pin>, Rc<WheelRow>)> {
        // A release that is asked for by name need not be looked for among all of them.
        let exact = want.asked.iter().find_map(|one| one.versions.exact());
        let named = exact.map(|version| Rc::from([version.clone().without_local()]));
        let exact = named.is_some();
        let versions = named.unwrap_or_else(|| self.knowledge.versions(name));
        let fitting = versions.iter().filter(|version| want.admits(version) && (exact || !version.any_prerelease()));
        let all = || fitting.clone().filter_map(|version| self.wheel_of(name, version, exact));
        let allowed = |(_, row): &(_, Rc<WheelRow>)| self.selection.allows(name, &row.wheel.version);
        // Where constraints exclude everything that fits, the writer reports it and points at them.
        let is_limited =
            self.selection.limits.iter().any(|(limited, _)| limited == name) && all().any(|found| allowed(&found));
        let mut found = all().filter(|found| !is_limited || allowed(found)).peekable();
        // A release whose requirements are not known, or that nothing meets, could not be followed, so an older one goes
        // before it.
        let mut best = found.peek().cloned();
        let mut best_is_known = false;
        for candidate in found {
            let WheelRequirements::Known(list) = self.requires(&candidate.1) else {
                continue;
            };
            if list.iter().all(|required| self.can_be_met(required, want)) {
                return Some(candidate);
            }
            if !best_is_known {
                (best, best_is_known) = (Some(candidate), true);
            }
        }
        best
    }

    /// True if the lock or the catalogue has a release that meets a requirement, whatever that release requires in turn.
    fn can_be_met(&self, required: &WheelRequirement, want: &Demand) -> bool {
        let WheelRequirement { name, versions, marker, .. } = required;
        let locked = |package: &SelectedPackage| {
            self.view.entries[package.entry].version.as_ref().is_none_or(|v| versions.admits(v))
        };
        let selected = || self.packages.get(name).any(|index| locked(&self.selection.packages[index]));
        let unselected = || self.unselected.get(name).any(|index| locked(&self.selection.unselected[index]));
        let catalogued = || {
            let releases = self.knowledge.versions(name);
            releases.iter().any(|version| versions.admits(version) && self.wheel_of(name, version, true).is_some())
        };
        Condition::of(marker, self.request.environment, &want.extras).is_never()
            || self.is_member(name)
            || selected()
            || unselected()
            || catalogued()
    }

    /// A release's wheel for the environment, pinned.
    fn wheel_of(&self, name: &PackageName, version: &Version, exact: bool) -> Option<(Rc<Pin>, Rc<WheelRow>)> {
        let rows = self.knowledge.rows(name, version);
        let here = |row: &&Rc<WheelRow>| {
            row.wheel.fit(self.request.environment).is_some()
                && (exact || !row.yanked)
                && self.knowledge.admits_python(row, self.request.environment.python)
        };
        // A release on the default index is pinned as such: a URL there names no release.
        if let Some(row) = rows.iter().filter(here).find(|row| row.index == Index::Pypi) {
            return Some((Rc::new(self.release(&rows, row)?), Rc::clone(row)));
        }
        let by_fit =
            |row: &&Rc<WheelRow>| (row.wheel.fit(self.request.environment), std::cmp::Reverse(row.index.clone()));
        let row = rows.iter().filter(here).max_by_key(by_fit)?;
        let pin = self.knowledge.pin(row, self.request.environment.platform);
        Some((Rc::new(pin), Rc::clone(row)))
    }

    /// Pins a release by the digests of all its files that install on the target, under any of the target's Pythons.
    fn release(&self, rows: &[Rc<WheelRow>], like: &WheelRow) -> Option<Pin> {
        let Request { environment, pythons, .. } = *self.request;
        let there = |row: &WheelRow, python: Python| row.wheel.fit(Environment { python, ..environment }).is_some();
        let files = rows.iter().filter(|row| {
            row.index == Index::Pypi
                && row.yanked == like.yanked
                && pythons.iter().chain([&environment.python]).any(|python| there(row, *python))
        });
        let files: Vec<&WheelRow> = files.map(Rc::as_ref).collect();
        let fewest = files.iter().min_by_key(|row| row.seen).copied().unwrap_or(like);
        let files = PinnedFiles::new(files.iter().map(|row| (row.sha256, row.wheel.as_str().to_owned())))?;
        let witness = self.knowledge.witness(fewest, environment.platform);
        Some(Pin::Index { version: like.wheel.version.clone(), files, witness })
    }
}
