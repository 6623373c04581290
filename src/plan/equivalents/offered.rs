//! Where the wheels of a release install.

use pep440_rs::Version;
use pep508_rs::PackageName;

use crate::catalog::{WheelRow, WheelSource};
use crate::packaging::target::{Environment, Platform, Python};
use crate::plan::Knowledge;

/// The Pythons for which a release has wheels on a platform.
pub(super) fn pythons<S: WheelSource>(
    name: &PackageName,
    version: &Version,
    platform: Platform,
    knowledge: &Knowledge<'_, S>,
) -> Vec<Python> {
    let rows = knowledge.rows(name, version);
    let all = Python::known();
    all.filter(|python| rows.iter().any(|row| installs(row, Environment { platform, python: *python }, knowledge)))
        .collect()
}

/// True if a wheel installs on an environment.
pub(super) fn installs<S: WheelSource>(row: &WheelRow, environment: Environment, knowledge: &Knowledge<'_, S>) -> bool {
    row.wheel.fit(environment).is_some() && knowledge.admits_python(row, environment.python)
}
