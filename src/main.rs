//! The process: arguments in, bytes and an exit status out.

use std::io::Write;
use std::process::ExitCode;

use torchswap::cli::{Cli, Command};
use torchswap::command::{self, Exit, Outcome, Voice};
use torchswap::edge::io;
use torchswap::edge::progress::Display;
use torchswap::edge::terminal;
use torchswap::report::error::Error;

/// Ended by Ctrl-C, as shells have it.
const INTERRUPTED: i32 = 130;

fn main() -> ExitCode {
    let words = io::words();
    let variables = io::variables("TORCHSWAP_");
    let (said, exit) = match Cli::read(&words, &variables, terminal::columns(&std::io::stdout())) {
        Ok(cli) => {
            let voice = Voice::of(&cli);
            run(&cli, voice).unwrap_or_else(|error| refused(voice.error(&error)))
        }
        Err(error) => refused(Voice::misread(&words, error.into())),
    };
    // Nobody listens to a closed standard error; the work is done all the same.
    let _ = std::io::stderr().write_all(said.as_bytes());
    ExitCode::from(exit as u8)
}

/// Prints why there is no answer, where it is printed; gives what else is said.
fn refused(refusal: Outcome) -> (String, Exit) {
    // There is no other place to report this.
    let _ = io::print(&refusal.stdout);
    (refusal.report, refusal.exit)
}

/// Runs the command and does what it wants done; gives what to say of it.
fn run(cli: &Cli, voice: Voice) -> Result<(String, Exit), Error> {
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
