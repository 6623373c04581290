//! The releases of the other name, and the environments that their wheels install on.

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::Way;
use crate::catalog::WheelRow;
use crate::packaging::target::{Environment, Platform, Python};
use crate::plan::Knowledge;

/// The releases on a way that can be had on a platform and are the build that is wanted there, newest first.
pub(super) fn had(way: &Way, platform: Platform, knowledge: &Knowledge<'_>) -> impl Iterator<Item = Version> {
    let is_had = |version: &Version| {
        way.range.has(version)
            && !version.any_prerelease()
            && !pythons(way.to(), version, platform, knowledge).is_empty()
    };
    let may_be = way.flaw().is_none() && way.is_on(platform);
    let known = if may_be { knowledge.versions(way.to()).to_vec() } else { Vec::new() };
    known.into_iter().filter(is_had).collect::<Vec<_>>().into_iter()
}

/// The Pythons for which a release has wheels on a platform.
pub(super) fn pythons(
    name: &PackageName,
    version: &Version,
    platform: Platform,
    knowledge: &Knowledge<'_>,
) -> Vec<Python> {
    let rows = knowledge.rows(name, version);
    let all = Python::known();
    all.filter(|python| rows.iter().any(|row| installs(row, Environment { platform, python: *python }, knowledge)))
        .collect()
}

/// True if a wheel installs on an environment.
pub(super) fn installs(row: &WheelRow, environment: Environment, knowledge: &Knowledge<'_>) -> bool {
    row.wheel.fit(environment).is_some() && knowledge.admits_python(row, environment.python)
}
