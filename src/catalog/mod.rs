//! The catalogue: which wheels are known, with their digests, and what they require.
//!
//! The facts are sorted text tables in this folder, one line a fact, columns parted by tabs; the paths alone are bytes.
//! They are the reviewable truth and the run-time index at once: a lookup bisects the text in place and reads only the
//! lines it is asked for. Nothing is read at start-up. Of `wheels.tsv` and `requires.tsv` the program
//! holds the same lines in a shorter form, and where those of each package begin; `build.rs` makes both.
//!
//! - `wheels.tsv`: package, version, backend (`cu118`, `cpu`, `any`, `-` for not known), index (`pypi` or a folder's URL),
//!   file name, sha256, size, how many independent public locks recorded the digest (0: given by the index),
//!   Requires-Python, flags (`yanked`, `constructed`, the kinds of file the digest was found in, and in a project's
//!   catalogue what the wheel was made for: `torch=2.8`, `abi=true`). See [`WheelRow`].
//! - `requires.tsv`: package, version, index, platform (`*`: the list of one wheel of the version), provenance, reason,
//!   then one requirement a column. See [`RequiresRow`].
//! - `equivalents.tsv`: which packages have one name on CPUs and another on GPUs. See [`equivalents`].
//! - `families.tsv`: which packages belong together, and which libraries their builds bring along.
//! - `modules.tsv`: which packages own one module or library, and what needs libraries that it does not load itself.
//! - `releases.tsv`: which builds each release of torch has and for which Pythons. See [`releases`].
//! - `labels.tsv`: how publishers tell in a name what a wheel was built for. See [`WheelLabel`].
//! - `paths.bin`: where the default index keeps each file. See [`path_on_default_index`].
//!
//! A wheel's URL is its index, a slash and its file name with `+` as `%2B`. A digest belongs to an index and a file
//! name: two indexes may serve different files under one name.
//!
//! The test `tables_equal_the_facts` in `tests/catalog.rs` makes the tables of wheels, lists and paths from the gathered facts and, when
//! `TORCHSWAP_UPDATE=1` is set, writes them.
//!
//! A project can add wheels and lists of its own: [`ProjectTable`].
//!
//! Not here: which of the wheels is wanted (`plan`), and asking an index (`edge::learn`).
//!
//! Imports: `text`, `packaging`, `report`.

mod bound;
mod built;
pub mod equivalents;
mod families;
mod found;
mod index;
mod labels;
pub mod listing;
mod made_for;
mod merge;
pub(crate) mod modules;
mod paths;
pub mod pin;
mod project;
mod refusal;
pub mod releases;
mod requires;
mod row;
mod search;
mod short;
mod table;

use std::fmt;

use pep440_rs::Version;
use pep508_rs::PackageName;

use crate::packaging::target::{Backend, Platform};

pub use bound::BoundBuild;
pub use built::Built;
pub(crate) use families::{built_in_family, is_anchor as is_torch, library_of, triton, uses_library};
pub use families::{cuda_of_library, is_gpu_runtime, is_torch_runtime, library_group};
pub use found::ReadList;
pub use index::Index;
pub(crate) use labels::fitting;
pub use labels::{WheelLabel, is_untied};
pub use made_for::{Abi, MadeFor};
pub use merge::{Merged, merge};
pub use paths::path_on_default_index;
pub use project::{Catalogues, ProjectTable};
pub use requires::{Requires, RequiresRow};
pub(crate) use row::build_of_label;
use row::label;
pub use row::{BadColumn, WheelRow};

/// The catalogue's name in messages and rows.
pub const BUILT_IN: &str = "built-in";

/// Something that knows wheels.
pub trait WheelSource: fmt::Debug {
    /// Every wheel of a package.
    fn wheels(&self, package: &PackageName) -> Vec<WheelRow>;

    /// The wheels of a release, of every build: `2.0.1` gives 2.0.1 and 2.0.1+cu118; `2.0` and `2.0.0` are one release.
    fn wheels_of(&self, package: &PackageName, version: &Version) -> Vec<WheelRow>;

    /// The releases that are known, without local labels, ascending.
    fn versions(&self, package: &PackageName) -> Vec<Version>;

    /// The requirements of a wheel on a platform.
    fn requires(&self, row: &WheelRow, platform: Platform) -> Requires;

    /// Why a project's row counts instead of what another catalogue says of a wheel or of what it requires there.
    fn override_of(&self, _row: &WheelRow, _platform: Platform) -> Option<String> {
        None
    }

    /// The role of the package in the torch family.
    fn family(&self, package: &PackageName) -> Family;

    /// Every release of a package with every backend it has wheels for, ascending.
    fn builds(&self, package: &PackageName) -> Vec<(Version, Backend)>;
}

/// The role of a package in the torch family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// Its wheels differ by backend and move together with torch.
    PerBackend,
    /// It is made against torch, but one build serves every backend.
    OneBuild,
    /// It does not belong to the family.
    No,
}

/// True if a package takes part in the family because a project's catalogue says so, if it does at all.
pub(crate) fn is_projects(package: &PackageName) -> bool {
    built_in_family(package) == Family::No
}
