//! Leaves out the packages of the image, and those that nothing else needs.
//!
//! Torch, its family and their libraries go where the image has them. So do other packages that these need (jinja2, numpy),
//! but only where all that stays is known to take the image's release; else the lock's stays, and a warning says that it
//! replaces the image's. What nothing but all these needs goes, too, in the image or not: the image's torch has what it
//! needs.
//!
//! A lock that does not say who needs what (a requirements file without `# via`) loses no more than what the wheels of the
//! family are known to require and no other is: GPU libraries, and packages that the image has in the same release.

mod fit;

use std::collections::BTreeSet;

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::orphans::required_somewhere;
use super::{Knowledge, LockView, What};
use crate::catalog::{Family, is_gpu_runtime, is_torch_runtime, uses_library};
use crate::lock::emit::NotEmitted;
use crate::lock::provided::Provided;
use crate::lock::{Entry, SelectedPackage, Selection};
use crate::packaging::constraint::Constraint;
use crate::packaging::target::Environment;
use crate::plan::TargetPlan;

pub(crate) use fit::{ImageFacts, judged};

pub(super) use fit::checked;

/// Whether the output has a selected package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Emission {
    Emitted,
    /// The image has it.
    Provided,
    /// Nothing but what the image has needs it.
    OfProvided,
}

/// The packages that a target's image has and the output lacks, each with the image's release as far as that is known.
pub fn provided(plan: &TargetPlan) -> Vec<String> {
    let decisions = plan.environments.iter().flat_map(|one| &one.decisions);
    let named = decisions.filter_map(|decision| match &decision.what {
        What::NotEmitted(NotEmitted::Provided(version), _) => Some(spoken(&decision.name, version.as_ref())),
        _ => None,
    });
    named.collect::<BTreeSet<String>>().into_iter().collect()
}

fn spoken(name: &PackageName, version: Option<&Version>) -> String {
    version.map_or_else(|| name.to_string(), |version| format!("{name} {version}"))
}

/// True if two versions are one release: of two builds of it, or of a build and the release.
fn is_same_release(one: &Version, other: &Version) -> bool {
    one.clone().without_local() == other.clone().without_local()
}

/// Takes what the image has from what is selected.
pub(crate) fn take(
    view: LockView<'_>,
    selection: &mut Selection,
    provided: &Provided,
    environment: Environment,
    knowledge: &Knowledge<'_>,
) {
    let emissions = Taking { view, selection, provided, environment, knowledge }.emissions();
    for (selected, emission) in std::mem::take(&mut selection.packages).into_iter().zip(emissions) {
        let has = || provided.has(&view.entries[selected.entry].name, environment);
        let why = match emission {
            Emission::Emitted => {
                selection.packages.push(selected);
                continue;
            }
            Emission::OfProvided if has().is_none() => NotEmitted::OfProvided,
            Emission::OfProvided | Emission::Provided => NotEmitted::Provided(has().flatten().cloned()),
        };
        selection.unemitted.push((selected, why));
    }
}

struct Taking<'a> {
    view: LockView<'a>,
    selection: &'a Selection,
    provided: &'a Provided,
    environment: Environment,
    knowledge: &'a Knowledge<'a>,
}

impl Taking<'_> {
    fn emissions(&self) -> Vec<Emission> {
        let packages = &self.selection.packages;
        let forced = |package: &SelectedPackage| {
            let name = &self.entry(package).name;
            let belongs = || self.knowledge.family(name) != Family::No || is_torch_runtime(name);
            let out = || self.provided.all || self.provided.names.contains(name) || belongs();
            self.provided.has(name, self.environment).is_some() && out()
        };
        let mut emissions: Vec<Emission> = packages
            .iter()
            .map(|package| if forced(package) { Emission::Provided } else { Emission::Emitted })
            .collect();
        let needs: Vec<BTreeSet<PackageName>> = packages.iter().map(|package| self.needs(package)).collect();
        let below = self.below(&emissions, &needs);
        loop {
            for index in &below {
                if emissions[*index] == Emission::Emitted && self.may_go_along(&packages[*index]) {
                    emissions[*index] = Emission::OfProvided;
                }
            }
            // A package that something staying needs comes back, and with it what that needs.
            while let Some(index) = below.iter().find(|index| {
                emissions[**index] == Emission::OfProvided && self.is_needed(&packages[**index], &emissions, &needs)
            }) {
                emissions[*index] = Emission::Emitted;
            }
            let Some(index) = below
                .iter()
                .find(|index| emissions[**index] == Emission::Emitted && self.is_taken(**index, &emissions))
            else {
                return emissions;
            };
            emissions[*index] = Emission::Provided;
        }
    }

    fn entry(&self, package: &SelectedPackage) -> &Entry {
        &self.view.entries[package.entry]
    }

    /// The requirements of a package, from the lock, or as known of the family's wheels and their libraries.
    fn needs(&self, package: &SelectedPackage) -> BTreeSet<PackageName> {
        let entry = self.entry(package);
        let mut names: BTreeSet<PackageName> = match &package.needs {
            Some(needs) => needs.iter().map(|(requirement, _)| requirement.name.clone()).collect(),
            None if self.knowledge.family(&entry.name) != Family::No || is_gpu_runtime(&entry.name) => {
                let version = entry.version.as_ref();
                version
                    .map(|version| required_somewhere(&entry.name, version, |_| true, self.knowledge))
                    .unwrap_or_default()
            }
            None => {
                let names = self.selection.packages.iter().map(|other| &self.entry(other).name);
                names.filter(|name| uses_library(&entry.name, name)).cloned().collect()
            }
        };
        let by_it = |other: &&SelectedPackage| other.via.iter().flatten().any(|by| *by == entry.name);
        names.extend(self.selection.packages.iter().filter(by_it).map(|other| self.entry(other).name.clone()));
        names
    }

    /// The packages that those left out need, directly or not.
    fn below(&self, emissions: &[Emission], needs: &[BTreeSet<PackageName>]) -> Vec<usize> {
        let mut seen: BTreeSet<usize> = BTreeSet::new();
        let mut open: Vec<usize> =
            (0..emissions.len()).filter(|index| emissions[*index] == Emission::Provided).collect();
        while let Some(at) = open.pop() {
            for (index, package) in self.selection.packages.iter().enumerate() {
                if emissions[index] == Emission::Emitted
                    && needs[at].contains(&self.entry(package).name)
                    && seen.insert(index)
                {
                    open.push(index);
                }
            }
        }
        seen.into_iter().collect()
    }

    /// True for a package that can be left out without being in the image: the project does not ask for it. Where the
    /// lock does not say for what that asks, a GPU library.
    fn may_go_along(&self, package: &SelectedPackage) -> bool {
        let tells_roots = self.selection.packages.iter().any(|package| package.root);
        !package.root && (tells_roots || is_torch_runtime(&self.entry(package).name))
    }

    /// True if something that stays needs a package. What an extra of a package brings need not be in the image.
    fn is_needed(&self, package: &SelectedPackage, emissions: &[Emission], needs: &[BTreeSet<PackageName>]) -> bool {
        let name = &self.entry(package).name;
        let packages = || self.selection.packages.iter().zip(emissions);
        let stays = |(index, (other, emission)): (usize, (&SelectedPackage, &Emission))| {
            let by_extra = other.with_extras && !is_torch_runtime(name);
            (*emission == Emission::Emitted || by_extra && *emission == Emission::Provided)
                && needs[index].contains(name)
        };
        let goes = |by: &PackageName| {
            packages().any(|(other, emission)| *emission != Emission::Emitted && self.entry(other).name == *by)
        };
        packages().enumerate().any(stays) || package.via.iter().flatten().any(|by| !goes(by))
    }

    /// True if the image has a package in a release that all that stays is known to take.
    fn is_taken(&self, index: usize, emissions: &[Emission]) -> bool {
        let package = &self.selection.packages[index];
        let entry = self.entry(package);
        let Some(Some(version)) = self.provided.has(&entry.name, self.environment) else { return false };
        if entry.version.as_ref().is_some_and(|locked| is_same_release(locked, version)) {
            return true;
        }
        let staying =
            self.selection.packages.iter().zip(emissions).filter(|(_, emission)| **emission == Emission::Emitted);
        let mut staying = staying.map(|(other, _)| other).filter(|other| !std::ptr::eq(*other, package));
        !package.root && staying.all(|other| self.takes(other, &entry.name, version))
    }

    /// True if a package is known to take a release of another, or not to need it.
    fn takes(&self, package: &SelectedPackage, name: &PackageName, version: &Version) -> bool {
        let Some(needs) = &package.needs else { return false };
        let mut on_it = needs.iter().map(|(requirement, _)| requirement).filter(|one| one.name == *name);
        on_it.all(|one| tells_versions(self.view, &one.versions) && one.versions.admits(version))
    }
}

/// False where a lock names what is needed without saying in which releases (PEP 751's `dependencies`, those of uv).
fn tells_versions(view: LockView<'_>, versions: &Constraint) -> bool {
    view.packages.is_empty() || !versions.is_any()
}
