//! Options that say what the image has.

use clap::Args;
use pep508_rs::PackageName;

use super::package;

/// Packages of the image: torch, its family and what only they need are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Already in the image")]
pub struct ProvidedArgs {
    /// Packages that the image has, from pip freeze, pip list, pip inspect or a constraints file: torch, its family and their
    /// libraries are left out, and what stays must accept the image's releases
    #[arg(long, value_name = "FILE")]
    pub provided: Option<String>,
    /// Packages that the image has in unknown releases, so nothing is checked against them; repeatable
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = package)]
    pub provided_names: Vec<PackageName>,
    /// Leave out everything that FILE lists
    #[arg(long, requires = "provided")]
    pub provided_all: bool,
}
