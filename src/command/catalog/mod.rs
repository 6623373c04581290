//! `torchswap catalog`: what is known, and learning more.

mod look;
mod update;

use crate::cli::catalog::Catalog;
use crate::report::error::Result;

/// What a run tells.
#[derive(Debug, Default)]
pub struct Told {
    /// For standard output.
    pub text: String,
    /// For standard error.
    pub notes: String,
    /// False if the answer is that nothing is known.
    pub found: bool,
    /// Files to write, each with its text.
    pub writes: Vec<(String, String)>,
}

/// Runs it, and writes nothing yet.
///
/// # Errors
/// If a catalogue cannot be read, or nothing of the name asked for is known.
pub fn run(args: &Catalog) -> Result<Told> {
    match args {
        Catalog::List(args) => look::list(args),
        Catalog::Show(args) => look::show(args),
        Catalog::Update(args) => update::update(args),
    }
}
