//! `torchswap catalog`: what is known, and learning more.

mod list;
mod update;

use super::{Outcome, Voice};
use crate::cli::catalog::Catalog;
use crate::cli::config::Config;
use crate::edge::progress::Display;
use crate::report::error::Result;

/// Runs it.
///
/// # Errors
/// If a catalogue cannot be read, or nothing of the name asked for is known.
pub(super) fn run(args: &Catalog, config: &Config, voice: Voice, display: &Display) -> Result<Outcome> {
    match args {
        Catalog::List(args) => list::list(args, config, voice),
        Catalog::Show(args) => list::show(args, config, voice),
        Catalog::Update(args) => update::update(args, config, voice, display),
    }
}
