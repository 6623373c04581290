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
mod parallel;
mod read;
mod render;
mod rewrite;
mod stubs;
mod verify;

pub use outcome::{Exit, Outcome, Voice};

use crate::cli::config::Config;
use crate::cli::{Cli, Command, pages};
use crate::edge::progress::Display;
use crate::report::error::Result;

/// Runs a command, and writes nothing but the memory of downloads. What takes its time is shown on the display. Where nothing is to
/// be written, what would be is shown instead.
///
/// # Errors
/// Everything that keeps the command from an answer.
pub fn run(cli: &Cli, voice: Voice, display: &Display) -> Result<Outcome> {
    let done = run_shown(cli, voice, display);
    display.clear();
    done?.previewed(cli.command.preview())
}

/// Values by their keys, in the order in which the keys come first.
fn grouped<K: PartialEq, V>(all: impl IntoIterator<Item = (K, V)>) -> Vec<(K, Vec<V>)> {
    let mut groups: Vec<(K, Vec<V>)> = Vec::new();
    for (key, value) in all {
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, values)) => values.push(value),
            None => groups.push((key, vec![value])),
        }
    }
    groups
}

fn run_shown(cli: &Cli, voice: Voice, display: &Display) -> Result<Outcome> {
    let named = cli.config_file.as_deref();
    // Report files that are read without being named, and that lie where people may not look for them.
    let with_config = |wants_lock: bool, run: &dyn Fn(&Config) -> Result<Outcome>| {
        let config = read::config(named)?;
        let mut outcome = run(&config)?;
        if named.is_none()
            && voice.is_for_people()
            && let Some(above) = read::found_above(&config, wants_lock)
        {
            outcome.report.insert_str(0, &voice.note(&above));
        }
        Ok(outcome)
    };
    match &cli.command {
        Command::Export(args) => with_config(args.lock.is_none(), &|config| export::run(args, config, voice, display)),
        Command::Check(args) if args.workspace => check::run(args, &read::workspace()?, voice, display),
        Command::Check(args) => {
            with_config(args.files.is_empty(), &|config| check::run(args, std::slice::from_ref(config), voice, display))
        }
        Command::Audit(args) => with_config(args.lock.is_none(), &|config| audit::run(args, config, voice, display)),
        Command::Init(args) => match named {
            Some(file) => init::run(args, &init::named(file)?, file, voice),
            None => with_config(args.lock.is_none(), &|config| init::run(args, config, init::FILE, voice)),
        },
        Command::Rewrite(args) => {
            with_config(args.lock.is_none(), &|config| rewrite::run(args, config, voice, display))
        }
        Command::Catalog(args) => with_config(false, &|config| catalog::run(args, config, voice, display)),
        Command::Verify(args) => with_config(false, &|config| verify::run(args, config, voice, display)),
        Command::Completions { shell } => Ok(Outcome::printed(pages::completions(*shell))),
        Command::Targets => {
            let config = read::config(named)?;
            let names = config.targets.iter().filter_map(|one| one.target.name.as_deref());
            Ok(Outcome::printed(names.map(|name| format!("{name}\n")).collect()))
        }
        Command::Man { command } => Ok(Outcome::printed(pages::man(command.as_deref())?)),
    }
}
