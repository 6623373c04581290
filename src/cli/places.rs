//! Limits to platforms and Pythons: the same options wherever a command is about wheels.

use clap::Args;

use super::values;
use crate::packaging::target::{Platform, Python};

/// Limits to platforms and Pythons; none admits all.
#[derive(Debug, Args)]
pub struct PlaceArgs {
    /// Only wheels that install on this platform; repeatable
    #[arg(
        long = "platform",
        value_name = "PLATFORM",
        value_parser = values::PlatformParser,
        hide_possible_values = true,
        value_delimiter = ','
    )]
    pub platforms: Vec<Platform>,
    /// Only wheels that install under this CPython, such as 3.10; repeatable
    #[arg(long = "python", value_name = "VERSION", value_parser = values::python, value_delimiter = ',')]
    pub pythons: Vec<Python>,
}
