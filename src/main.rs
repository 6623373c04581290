//! The process: arguments in, bytes and an exit status out.

use std::io::Write;
use std::process::ExitCode;

use torchswap::cli::{Cli, Command};
use torchswap::command::{self, Voice};
use torchswap::edge::io;
use torchswap::edge::progress::Display;
use torchswap::edge::terminal;
use torchswap::report::error::Error;

/// The answer could not be given, and nothing was written.
const COULD_NOT: u8 = 2;

/// Ended by Ctrl-C, as shells have it.
const INTERRUPTED: i32 = 130;

fn main() -> ExitCode {
    let cli = Cli::read(&io::words(), terminal::columns(&std::io::stdout())).unwrap_or_else(|error| error.exit());
    let voice = Voice::of(&cli);
    let (said, status) = match run(&cli, voice) {
        Ok((said, exit)) => (said, exit as u8),
        Err(error) => (voice.error(&error), COULD_NOT),
    };
    // Nobody listens to a closed standard error; the work is done all the same.
    let _ = std::io::stderr().write_all(said.as_bytes());
    ExitCode::from(status)
}

/// Runs the command and does what it wants done; gives what to say of it.
fn run(cli: &Cli, voice: Voice) -> Result<(String, command::Exit), Error> {
    if let Some(folder) = &cli.directory {
        io::go_to(folder)?;
    }
    let display = Display::of(voice.is_for_people());
    if matches!(cli.command, Command::Verify(_)) {
        end_on_interrupt(display.clone());
    }
    let outcome = command::run(cli, voice, &display)?;
    let unkept = io::write(&outcome.writes)?;
    io::print(&outcome.stdout)?;
    Ok((voice.unkept(&unkept) + &outcome.report, outcome.exit))
}

/// Nothing is kept of a download, so ending at once leaves nothing; but a file that is being written is finished. If there
/// can be no handler the system ends the process as well.
fn end_on_interrupt(display: Display) {
    let _ = ctrlc::set_handler(move || {
        let _whole = io::undisturbed();
        display.clear();
        std::process::exit(INTERRUPTED);
    });
}
