//! Alternatives where torch and another wheel exclude each other's library: another build of torch, or another release.

use std::collections::BTreeSet;
use std::rc::Rc;

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::Resolver;
use super::wants::{Demand, Demands};
use crate::catalog::{WheelRow, is_gpu_runtime, is_torch};
use crate::packaging::marker::{Condition, Extras};
use crate::packaging::target::Backend;
use crate::plan::knowledge::WheelRequirements;

/// A build of torch, and the libraries that it pins to one release each.
pub(super) struct Pinning {
    version: Version,
    backend: Backend,
    pins: Vec<(PackageName, Version)>,
}

impl Resolver<'_> {
    /// The remedy where torch names one release of a library and something else does not take it; `None`: that is not so.
    pub(super) fn exclusive(&self, name: &PackageName, want: &Demand, wants: &Demands) -> Option<String> {
        let pin = self.torchs_pin(want)?;
        let others: BTreeSet<&str> =
            want.asked.iter().filter(|one| !one.versions.admits(pin)).map(|one| &*one.by).collect();
        if others.is_empty() {
            return None;
        }
        let torch = self.members.iter().find(|member| is_torch(&member.name))?;
        let (torch, own) = (&torch.name, torch.version.clone().without_local());
        let takes = |library: &PackageName, pin: &Version| {
            let asked = wants.get(library).into_iter().flat_map(|want| &want.asked);
            asked.filter(|one| others.contains(&*one.by)).all(|one| one.versions.admits(pin))
        };
        let fits = |one: &&Pinning| {
            one.pins.iter().any(|(library, _)| library == name)
                && one.pins.iter().all(|(library, pin)| takes(library, pin))
        };
        let fitting: Vec<&Pinning> =
            self.pinnings.get_or_init(|| self.pinnings(torch, &own)).iter().filter(fits).collect();
        let builds: BTreeSet<Backend> =
            fitting.iter().filter(|one| one.version == own).map(|one| one.backend).collect();
        let mut found: Vec<String> =
            builds.into_iter().map(|build| format!("the {build} build of {torch} {own} fits")).collect();
        if let Some(backend) = self.request.backend {
            let of_build = || fitting.iter().filter(|one| one.backend == backend).map(|one| &one.version);
            let later = of_build().filter(|version| **version > own).min();
            let older = || of_build().filter(|version| **version < own).max();
            let which =
                |version: &Version| format!("{torch} {version} is the nearest release whose {backend} build fits");
            found.extend(later.or_else(older).map(which));
        }
        if want.asked.iter().all(|one| one.versions.admits(pin) || one.can_share(pin)) {
            found.insert(0, format!("--share-libraries keeps torch's {name} {pin}, the newer of the two"));
        }
        Some(match found.as_slice() {
            [] => format!("choose another release of one of them; no build of {torch} is known to fit"),
            some => some.join("; "),
        })
    }

    /// The builds for GPUs that could take the place of torch's: those of its release, and of other releases those for the
    /// backend.
    fn pinnings(&self, torch: &PackageName, own: &Version) -> Vec<Pinning> {
        let mut builds: BTreeSet<(Version, Backend)> =
            self.knowledge.source().builds(torch).into_iter().map(|(_, build)| (own.clone(), build)).collect();
        let known = self.knowledge.versions(torch);
        builds.extend(
            self.request.backend.into_iter().flat_map(|build| known.iter().map(move |one| (one.clone(), build))),
        );
        let each = builds.into_iter().filter(|(_, build)| build.is_gpu()).flat_map(|(version, backend)| {
            let rows = self.knowledge.rows(torch, &version);
            let here = |row: &&Rc<WheelRow>| row.is_for(backend) && row.wheel.fit(self.request.environment).is_some();
            let pins = rows.iter().filter(here).map(|row| self.pins(row, &Extras::new()));
            pins.map(|pins| Pinning { version: version.clone(), backend, pins }).collect::<Vec<_>>()
        });
        each.collect()
    }

    /// The libraries that a wheel pins to one release each, directly or through a package that brings several.
    fn pins(&self, row: &WheelRow, extras: &Extras) -> Vec<(PackageName, Version)> {
        let WheelRequirements::Known(list) = self.requires(row) else {
            return Vec::new();
        };
        let mut pins = Vec::new();
        for one in list.iter().filter(|one| is_gpu_runtime(&one.name)) {
            let Some(version) = one.versions.release() else { continue };
            if Condition::of(&one.marker, self.request.environment, extras).is_never() {
                continue;
            }
            let bundle = || self.knowledge.wheel_for(&one.name, version, self.request.environment);
            if !one.extras.is_empty()
                && let Some(row) = bundle()
            {
                pins.extend(self.pins(&row, &one.extras.iter().cloned().collect()));
            }
            pins.push((one.name.clone(), version.clone()));
        }
        pins
    }
}
