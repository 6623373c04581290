//! The built-in catalogue: the tables of this folder, in the program's own text.

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::search::Tables;
use super::table::Table;
use super::{BUILT_IN, Catalogues, Family, Requires, WheelRow, WheelSource};
use crate::target::{Backend, Platform};

/// The built-in tables.
pub(super) const TABLES: Tables<'static> = Tables {
    name: BUILT_IN,
    wheels: Table::new(include_str!("wheels.tsv")),
    requires: Table::new(include_str!("requires.tsv")),
};

/// The built-in catalogue and no other.
#[derive(Debug, Clone, Copy, Default)]
pub struct BuiltIn;

impl WheelSource for BuiltIn {
    fn wheels(&self, package: &PackageName) -> Vec<WheelRow> {
        Catalogues::NONE.wheels(package)
    }

    fn wheels_of(&self, package: &PackageName, version: &Version) -> Vec<WheelRow> {
        Catalogues::NONE.wheels_of(package, version)
    }

    fn wheels_for(&self, package: &PackageName, version: &Version, backend: Backend) -> Vec<WheelRow> {
        Catalogues::NONE.wheels_for(package, version, backend)
    }

    fn versions(&self, package: &PackageName) -> Vec<Version> {
        Catalogues::NONE.versions(package)
    }

    fn requires(&self, row: &WheelRow, platform: Platform) -> Requires {
        Catalogues::NONE.requires(row, platform)
    }

    fn builds(&self, package: &PackageName) -> Vec<(Version, Backend)> {
        Catalogues::NONE.builds(package)
    }

    fn family(&self, package: &PackageName) -> Family {
        Catalogues::NONE.family(package)
    }
}
