//! Options that say what is swapped beyond torch's family.

use clap::Args;
use pep508_rs::PackageName;

use super::package;

/// What is swapped beyond torch's family.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct AlsoArgs {
    /// Swap a package that has one name on CPUs and another on GPUs, too, by either name; all: every one that is known.
    /// Repeatable
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = package, help_heading = "Target", env = "TORCHSWAP_ALSO", hide_env_values = true)]
    pub also: Vec<PackageName>,
    /// Where what is swapped asks for an older release of one of CUDA's libraries than torch pins, of the same major version,
    /// keep torch's
    #[arg(long, help_heading = "Target")]
    pub share_libraries: bool,
    /// Where --also finds no build of the locked release, take the nearest release that has one and that all in the lock
    /// that ask for the package admit
    #[arg(long, help_heading = "Target")]
    pub nearest: bool,
}

/// Where stubs go: wheels that let a package of another name stand for the one that is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct StubArgs {
    /// The folder for the stubs of --also, relative to the output's; default: torchswap-stubs
    #[arg(long, value_name = "DIR", conflicts_with = "no_stubs")]
    pub stubs: Option<String>,
    /// Write no stubs: the output is then for installers that do not ask what packages require (--no-deps)
    #[arg(long)]
    pub no_stubs: bool,
}
