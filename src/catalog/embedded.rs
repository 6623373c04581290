//! The built-in catalogue: the tables of this folder, in the program's own text.

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::directory::{self, Head};
use super::search::Tables;
use super::table::Table;
use super::{BUILT_IN, Catalogues, Family, Requires, WheelRow, WheelSource};
use crate::packaging::target::{Backend, Platform};

const WHEELS: &str = include_str!("wheels.tsv");
const REQUIRES: &str = include_str!("requires.tsv");

static WHEELS_OF: [Head; directory::count(WHEELS)] = directory::heads(WHEELS);
static REQUIRES_OF: [Head; directory::count(REQUIRES)] = directory::heads(REQUIRES);

/// The built-in tables.
pub(super) const TABLES: Tables<'static> = Tables {
    name: BUILT_IN,
    wheels: Table::with_directory(WHEELS, &WHEELS_OF),
    requires: Table::with_directory(REQUIRES, &REQUIRES_OF),
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
