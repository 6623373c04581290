//! The catalogues, summed up for people: packages, and the builds of their releases.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::{Built, Catalogues, Index, Requires, WheelRow, WheelSource};
use crate::packaging::constraint::Constraint;
use crate::packaging::target::{Backend, Environment, Platform, Python};

/// The wheels that are asked for; a field that is left open admits all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Built for this backend.
    pub backend: Option<Backend>,
    /// Installing on one of these platforms; empty: on any.
    pub platforms: Vec<Platform>,
    /// Installing under one of these Pythons; empty: under any.
    pub pythons: Vec<Python>,
}

impl Filter {
    /// The platforms on which a wheel installs, as far as they are asked for, and the Pythons under which it does on any
    /// of them.
    pub fn places(&self, row: &WheelRow) -> (BTreeSet<Platform>, BTreeSet<Python>) {
        let all: Vec<Python> = Python::all().collect();
        let (mut platforms, mut pythons) = (BTreeSet::new(), BTreeSet::new());
        let range = row.requires_python.as_ref().and_then(|text| Constraint::poetry(text).ok());
        let asked = if self.pythons.is_empty() { &all } else { &self.pythons };
        for python in asked.iter().filter(|python| range.as_ref().is_none_or(|range| range.admits_python(**python))) {
            for platform in
                Platform::ALL.into_iter().filter(|one| self.platforms.is_empty() || self.platforms.contains(one))
            {
                if row.wheel.fit(Environment { platform, python: *python }).is_some() {
                    platforms.insert(platform);
                    pythons.insert(*python);
                }
            }
        }
        (platforms, pythons)
    }

    /// True if a wheel is among those asked for.
    pub fn admits(&self, row: &WheelRow) -> bool {
        let open = self.platforms.is_empty() && self.pythons.is_empty();
        self.backend.is_none_or(|backend| row.is_for(backend)) && (open || !self.places(row).0.is_empty())
    }
}

/// The wheels of one release that differ in nothing but the Python they are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedBuild {
    /// The release, without a local label.
    pub release: Version,
    /// The build they were made for.
    pub built: Built,
    /// Their index or folder.
    pub index: Index,
    /// The platforms they install on; empty: none that this tool knows.
    pub platforms: BTreeSet<Platform>,
    /// The Pythons, [`Python::EVER`] for all to come.
    pub pythons: BTreeSet<Python>,
    /// The file names.
    pub wheels: Vec<String>,
    /// By how many independent public locks the digest was recorded; the fewest of them.
    pub seen: u32,
    /// True if all of them were withdrawn.
    pub yanked: bool,
    /// The catalogue.
    pub catalogue: String,
}

/// All wheels of a package, summed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPackage {
    /// Which.
    pub name: PackageName,
    /// Its releases, ascending.
    pub releases: Vec<Version>,
    /// The build they were made for.
    pub builds: BTreeSet<Built>,
    /// The number of wheels.
    pub wheels: usize,
}

/// The builds of a package, by release.
pub fn builds(
    catalogues: &Catalogues,
    package: &PackageName,
    version: Option<&Version>,
    filter: &Filter,
) -> Vec<ListedBuild> {
    let rows = match version {
        Some(version) => catalogues.wheels_of(package, version),
        None => catalogues.wheels(package),
    };
    let mut found: BTreeMap<_, ListedBuild> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| filter.admits(row)) {
        let (platforms, pythons) = filter.places(&row);
        let release = row.wheel.public_version();
        let key = (release.clone(), row.built, row.index.clone(), platforms.clone(), Arc::clone(&row.catalogue));
        let listed = found.entry(key).or_insert_with(|| ListedBuild {
            release,
            built: row.built,
            index: row.index.clone(),
            platforms,
            pythons: BTreeSet::new(),
            wheels: Vec::new(),
            seen: row.seen,
            yanked: true,
            catalogue: row.catalogue.to_string(),
        });
        listed.pythons.extend(pythons);
        listed.wheels.push(row.wheel.as_str().to_owned());
        listed.seen = listed.seen.min(row.seen);
        listed.yanked &= row.yanked;
    }
    found.into_values().collect()
}

/// All packages that have wheels which are asked for, by name.
pub fn packages(catalogues: &Catalogues, filter: &Filter) -> Vec<ListedPackage> {
    let listed = catalogues.packages().into_iter().filter_map(|name| {
        let rows: Vec<WheelRow> = catalogues.wheels(&name).into_iter().filter(|row| filter.admits(row)).collect();
        let releases: BTreeSet<Version> = rows.iter().map(|row| row.wheel.public_version()).collect();
        let builds = rows.iter().map(|row| row.built).collect();
        let wheels = rows.len();
        (wheels > 0).then_some(ListedPackage { name, releases: releases.into_iter().collect(), builds, wheels })
    });
    listed.collect()
}

/// The requirements of a wheel on each platform it installs on; platforms with the same answer are adjacent.
pub fn lists(catalogues: &Catalogues, row: &WheelRow) -> Vec<(Vec<Platform>, Requires)> {
    let mut all: Vec<(Vec<Platform>, Requires)> = Vec::new();
    for platform in Filter::default().places(row).0 {
        let found = catalogues.requires(row, platform);
        match all.iter_mut().find(|(_, known)| *known == found) {
            Some((platforms, _)) => platforms.push(platform),
            None => all.push((vec![platform], found)),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wheels_that_differ_in_the_python_alone_are_one_line() {
        let torch = "torch".parse().unwrap();
        let filter = Filter { backend: Some(Backend::Cuda(11, 8)), ..Filter::default() };
        let found = builds(&Catalogues::default(), &torch, Some(&"2.0.1".parse().unwrap()), &filter);
        let linux = found.iter().find(|one| one.platforms == BTreeSet::from([Platform::LinuxX86_64])).unwrap();
        assert_eq!(linux.wheels.len(), 4);
        assert_eq!(linux.pythons, (8..=11).map(Python::three).collect());
        assert!(
            found.iter().all(|one| one.release.to_string() == "2.0.1" && one.built == Built::For(Backend::Cuda(11, 8)))
        );
    }

    #[test]
    fn filters_leave_what_is_asked_for() {
        let all = Catalogues::default();
        let names = |filter: &Filter| packages(&all, filter).iter().map(|one| one.name.to_string()).collect::<Vec<_>>();
        assert!(names(&Filter::default()).len() > 50);
        let rocm = Filter {
            backend: Some(Backend::Rocm(6, 3, None)),
            platforms: vec![Platform::LinuxX86_64],
            ..Filter::default()
        };
        assert!(names(&rocm).contains(&"torch".to_owned()) && !names(&rocm).contains(&"triton".to_owned()));
        let mac = Filter { platforms: vec![Platform::MacosArm64], ..rocm };
        assert!(!names(&mac).contains(&"torch".to_owned()));
    }

    #[test]
    fn a_wheel_for_every_python_reaches_into_the_future() {
        let name = "filelock".parse().unwrap();
        let line = format!(
            "wheel\tfilelock\t3.16.1\t-\tpypi\tfilelock-3.16.1-py3-none-any.whl\t{}\t-\t0\t>=3.8\t-",
            "a".repeat(64)
        );
        let table = super::super::ProjectTable::parse("t", line).unwrap();
        let found = builds(&Catalogues::new(vec![table]).unwrap(), &name, None, &Filter::default());
        assert_eq!(found[0].pythons, Python::all().skip(8).collect());
        assert_eq!(found[0].platforms.len(), 5);
    }
}
