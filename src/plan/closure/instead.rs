//! What would fit where torch and another wheel exclude each other's library: another build of torch, or another release.

use std::collections::BTreeSet;

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::{Demand, Resolver};
use crate::catalog::{WheelRow, WheelSource, is_torch};
use crate::packaging::constraint::Constraint;
use crate::packaging::target::Backend;
use crate::plan::knowledge::WheelRequirements;

impl<S: WheelSource> Resolver<'_, S> {
    /// What to do where torch names one release of a library and something else does not take it; `None`: that is not so.
    pub(super) fn exclusive(&self, name: &PackageName, want: &Demand) -> Option<String> {
        let torch = self.members.iter().position(|member| is_torch(&member.name))?;
        let (by_torch, by_others): (Vec<_>, Vec<_>) =
            want.versions.iter().partition(|(_, who)| *who == self.spoken[torch]);
        let pin = by_torch.first()?.0.exact()?;
        let others: Vec<&Constraint> = by_others.into_iter().map(|(versions, _)| versions).collect();
        if others.iter().all(|versions| versions.admits(pin)) {
            return None;
        }
        let torch = &self.members[torch].name;
        let own = self.members.iter().find(|member| member.name == *torch)?.version.clone().without_local();
        let fits = |version: &Version, backend: Backend| {
            let rows = self.knowledge.rows(torch, version);
            rows.iter().any(|row| row.is_for(backend) && self.pins_one_of(row, name, &others))
        };
        let builds: BTreeSet<Backend> =
            self.knowledge.source().builds(torch).into_iter().map(|(_, build)| build).collect();
        let builds = builds.into_iter().filter(|build| build.is_gpu() && fits(&own, *build));
        let mut found: Vec<String> = builds.map(|build| format!("the {build} build of {torch} {own} fits")).collect();
        if let Some(backend) = self.request.backend {
            // Descending.
            let known = self.knowledge.versions(torch);
            let later = known.iter().rev().find(|version| **version > own && fits(version, backend));
            let older = || known.iter().find(|version| **version < own && fits(version, backend));
            let which =
                |version: &Version| format!("{torch} {version} is the nearest release whose {backend} build fits");
            found.extend(later.or_else(older).map(which));
        }
        Some(match found.as_slice() {
            [] => format!("choose another release of one of them; of {torch} no build is known that would fit"),
            some => some.join("; "),
        })
    }

    /// True if a wheel installs here and pins a library to a release that all of some take.
    fn pins_one_of(&self, row: &WheelRow, library: &PackageName, takers: &[&Constraint]) -> bool {
        if row.wheel.fit(self.request.environment).is_none() {
            return false;
        }
        let requires = self.knowledge.requires(row, self.request.environment.platform);
        let WheelRequirements::Known(list) = requires else { return false };
        let pin = list.iter().find(|one| one.name == *library).and_then(|one| one.versions.exact());
        pin.is_some_and(|pin| takers.iter().all(|versions| versions.admits(pin)))
    }
}
