//! The built-in catalogue: the tables of this folder, in the program's own text.

use super::BUILT_IN;
use super::directory::{self, Head};
use super::search::Tables;
use super::short::{self, REQUIRES, WHEELS};
use super::table::SortedTable;

static WHEELS_OF: [Head; directory::count(WHEELS)] = directory::heads(WHEELS);
static REQUIRES_OF: [Head; directory::count(REQUIRES)] = directory::heads(REQUIRES);

/// The built-in tables.
pub(super) const TABLES: Tables<'static> = Tables {
    name: BUILT_IN,
    wheels: SortedTable::with_directory(WHEELS, &WHEELS_OF),
    columns: short::columns,
    requires: SortedTable::with_directory(REQUIRES, &REQUIRES_OF),
    list: short::list,
};
