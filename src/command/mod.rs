//! The commands: each wires reading, planning and writing together, and decides nothing itself.
//!
//! Not here: decisions. What a command has to decide lies in the rooms below as a function of values.
//!
//! Imports: `text`, `packaging`, `report`, `catalog`, `lock`, `plan`, `write`, `audit`, `verify`, `edge`, `cli`.

mod audit;
mod catalog;
mod catalogues;
mod check;
mod export;
mod init;
mod job;
mod learning;
mod network;
mod outcome;
mod outputs;
mod read;
mod render;
mod rewrite;
mod stubs;
mod verify;

pub use outcome::{Exit, Outcome, Voice};

use crate::cli::{Command, pages};
use crate::edge::progress::Display;
use crate::report::error::Result;

/// Runs a command, and writes nothing but the memory of downloads. What takes its time is shown on the display.
///
/// # Errors
/// Everything that keeps the command from an answer.
pub fn run(command: &Command, voice: Voice, display: &Display) -> Result<Outcome> {
    let done = run_shown(command, voice, display);
    display.clear();
    done
}

fn run_shown(command: &Command, voice: Voice, display: &Display) -> Result<Outcome> {
    match command {
        Command::Export(args) => export::run(args, voice, display),
        Command::Check(args) => check::run(args, voice, display),
        Command::Audit(args) => audit::run(args, voice, display),
        Command::Init(args) => init::run(args, voice),
        Command::Rewrite(args) => rewrite::run(args, voice, display),
        Command::Catalog(args) => catalog::run(args, voice, display),
        Command::Verify(args) => verify::run(args, voice, display),
        Command::Completions { shell } => Ok(Outcome::printed(pages::completions(*shell))),
        Command::Man { command } => Ok(Outcome::printed(pages::man(command.as_deref())?)),
    }
}
