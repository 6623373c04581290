//! `torchswap catalog`: what is known, and learning more.

mod look;
mod update;

use super::{Outcome, Voice};
use crate::cli::catalog::Catalog;
use crate::edge::progress::Display;
use crate::report::error::Result;

/// Runs it.
///
/// # Errors
/// If a catalogue cannot be read, or nothing of the name asked for is known.
pub(super) fn run(args: &Catalog, voice: Voice, display: &Display) -> Result<Outcome> {
    match args {
        Catalog::List(args) => look::list(args, voice),
        Catalog::Show(args) => look::show(args, voice),
        Catalog::Update(args) => update::update(args, voice, display),
    }
}
