//! Options that say what is swapped beyond torch's family.

use clap::Args;
use pep508_rs::PackageName;

use super::package;

/// Packages to swap beyond torch's family.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct AlsoArgs {
    /// Also swap a package that has one name on CPUs and another on GPUs, given by either name; `all` for every one that is
    /// known. Repeatable
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = package, help_heading = "Target", env = "TORCHSWAP_ALSO", hide_env_values = true)]
    pub also: Vec<PackageName>,
    /// Keep torch's release of a CUDA library where another swapped package asks for an older one of the same major version
    #[arg(long, help_heading = "Target")]
    pub share_libraries: bool,
    /// If --also finds no build of the locked release, take the nearest release that has one and that every package in the
    /// lock accepts
    #[arg(long, help_heading = "Target")]
    pub nearest: bool,
}

/// Place of the stubs: wheels that require the package of the other name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct StubArgs {
    /// Folder for the stubs of --also, relative to the output's; default: torchswap-stubs
    #[arg(long, value_name = "DIR", conflicts_with = "no_stubs")]
    pub stubs: Option<String>,
    /// Write no stubs; install the output with --no-deps then
    #[arg(long)]
    pub no_stubs: bool,
}
