//! The process: arguments in, bytes and an exit status out.

use std::io::{ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use torchswap::cli;
use torchswap::cli::verify::Verify;
use torchswap::cli::{AuditReport, CheckReport, Cli, ColourArg, Command, ReportFormat, TalkArgs};
use torchswap::command::{self, render};
use torchswap::edge::io;
use torchswap::edge::progress::Display;
use torchswap::report::error::{Code, Error, Problem};
use torchswap::report::rule::Severity;
use torchswap::report::{State, Summary};
use torchswap::text::shown;

/// The answer is no.
const NO: u8 = 1;

/// The answer could not be given.
const COULD_NOT: u8 = 2;

/// Ended by Ctrl-C, as shells have it.
const INTERRUPTED: i32 = 130;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match &cli.command {
        Command::Export(args) => {
            let talk = Talk::new(&args.talk);
            let done = command::export::run(args).and_then(|exported| {
                let name = |output: &Option<String>| output.clone().unwrap_or_else(|| io::STDIN.to_owned());
                let outputs = exported.iter().map(|one| io::Output::new(name(&one.output), &*one.text));
                talk.write(&outputs.collect::<Vec<_>>())?;
                Ok(exported)
            });
            match done {
                Ok(exported) => {
                    for one in &exported {
                        let several = exported.len() > 1 && args.talk.report == ReportFormat::Human;
                        if let Some(file) = one.output.as_ref().filter(|_| several) {
                            talk.tell(&format!("{}\n", shown(file)));
                        }
                        talk.summaries(&one.summaries);
                    }
                    ExitCode::SUCCESS
                }
                Err(error) => talk.fail(&error),
            }
        }
        Command::Audit(args) => audit(args),
        Command::Check(args) => {
            let json = args.report == CheckReport::Json;
            let report = if json { ReportFormat::Json } else { ReportFormat::Human };
            let talk = Talk::new(&TalkArgs { report, quiet: args.quiet, color: args.color });
            let done = command::check::run(args).and_then(|checked| {
                talk.write(&outputs(&checked.writes))?;
                Ok(checked.findings)
            });
            match done {
                Ok(findings) => {
                    talk.tell(&match args.report {
                        CheckReport::Human => render::findings(&findings, talk.colour),
                        CheckReport::Json => render::findings_json(&findings),
                        CheckReport::Github => render::findings_github(&findings),
                    });
                    if findings.iter().all(|finding| finding.fixed) { ExitCode::SUCCESS } else { ExitCode::from(NO) }
                }
                Err(error) => talk.fail(&error),
            }
        }
        Command::Init => {
            let talk = Talk::plain();
            let done = command::init::run().and_then(|initialised| {
                if let Some(text) = &initialised.configuration {
                    talk.write(&[io::Output::new(command::init::FILE, &**text)])?;
                    talk.tell(&format!("wrote {}\n", command::init::FILE));
                }
                Ok(initialised.advice)
            });
            talk.show(done)
        }
        Command::Rewrite(args) => {
            let talk = Talk::new(&args.talk);
            let done = command::rewrite::run(args).and_then(|rewritten| {
                let (before, after) = (&rewritten.before, &rewritten.after);
                // A pipe cannot be rewritten: what comes from it is passed on.
                let passed_on = if io::is_stream(&rewritten.lock) { io::STDIN } else { &rewritten.lock };
                let name = args.output.as_deref().unwrap_or(passed_on);
                if args.diff {
                    print(&render::diff(&rewritten.lock, before, after))?;
                } else if args.output.is_some() || io::is_stream(name) || before != after {
                    let replaced = name != io::STDIN && io::is_same_file(name, &rewritten.lock);
                    let before = replaced.then(|| before.clone());
                    talk.write(&[io::Output { before, ..io::Output::new(name, &**after) }])?;
                }
                Ok(rewritten.summaries)
            });
            match done {
                Ok(summaries) => {
                    talk.summaries(&summaries);
                    ExitCode::SUCCESS
                }
                Err(error) => talk.fail(&error),
            }
        }
        Command::Catalog(args) => {
            let talk = Talk::plain();
            let done = command::catalog::run(args).and_then(|told| {
                talk.write(&outputs(&told.writes))?;
                print(&told.text)?;
                Ok(told)
            });
            match done {
                Ok(told) => {
                    talk.tell(&told.notes);
                    if told.found { ExitCode::SUCCESS } else { ExitCode::from(NO) }
                }
                Err(error) => talk.fail(&error),
            }
        }
        Command::Verify(args) => verify(args),
        Command::Completions { shell } => Talk::plain().show(Ok(cli::pages::completions(*shell))),
        Command::Man { command } => Talk::plain().show(cli::pages::man(command.as_deref()).map_err(Error::from)),
    }
}

/// An audit's report is what it gives, so it goes to standard output.
fn audit(args: &cli::Audit) -> ExitCode {
    let json = args.report == AuditReport::Json;
    let report = if json { ReportFormat::Json } else { ReportFormat::Human };
    let talk = Talk::new(&TalkArgs { report, quiet: args.quiet, color: args.color });
    let done = command::audit::run(args).and_then(|audit| {
        let text = match args.report {
            AuditReport::Human => render::audit::human(&audit, colour(args.color, std::io::stdout().is_terminal())),
            AuditReport::Json => render::audit::json(&audit),
            AuditReport::Github => render::audit::github(&audit),
            AuditReport::Sarif => render::sarif(&audit),
        };
        print(if args.quiet { "" } else { &text })?;
        Ok(audit)
    });
    match done {
        Ok(audit) if audit.count(Severity::Error) > 0 => ExitCode::from(NO),
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => talk.fail(&error),
    }
}

fn verify(args: &Verify) -> ExitCode {
    let talk = Talk::new(&args.talk);
    let silent = args.talk.quiet || args.talk.report == ReportFormat::Json;
    let display = match (silent, std::io::stderr().is_terminal()) {
        (true, _) => Display::silent(),
        (false, true) => Display::bars(),
        (false, false) => Display::lines(),
    };
    // Nothing is kept of a download, so ending at once leaves nothing; but a file that is being written is finished. If
    // there can be no handler the system ends the process as well.
    let shown = display.clone();
    let _ = ctrlc::set_handler(move || {
        let _whole = io::undisturbed();
        shown.clear();
        std::process::exit(INTERRUPTED);
    });
    let done = command::verify::run(args, &display).and_then(|outcome| {
        talk.write(&outputs(outcome.write.as_slice()))?;
        Ok(outcome.verification)
    });
    display.clear();
    match done {
        Ok(verification) => {
            talk.tell(&match args.talk.report {
                ReportFormat::Human => render::verify::verification(&verification, talk.colour),
                ReportFormat::Json => render::verify::verification_json(&verification),
            });
            match verification.state() {
                State::Agrees => ExitCode::SUCCESS,
                State::Differs => ExitCode::from(NO),
                State::Unanswered => ExitCode::from(COULD_NOT),
            }
        }
        Err(error) => talk.fail(&error),
    }
}

fn outputs(files: &[(String, String)]) -> Vec<io::Output> {
    files.iter().map(|(file, text)| io::Output::new(&**file, &**text)).collect()
}

/// Whether to colour what is written to a stream.
fn colour(wanted: ColourArg, is_terminal: bool) -> render::Colour {
    let on = match wanted {
        ColourArg::Always => true,
        ColourArg::Never => false,
        ColourArg::Auto => std::env::var_os("NO_COLOR").is_none() && is_terminal,
    };
    if on { render::Colour::On } else { render::Colour::Off }
}

/// How this run speaks on standard error.
struct Talk {
    quiet: bool,
    report: ReportFormat,
    colour: render::Colour,
}

impl Talk {
    fn new(args: &TalkArgs) -> Self {
        let colour = colour(args.color, std::io::stderr().is_terminal());
        Self { quiet: args.quiet, report: args.report, colour }
    }

    /// For commands without options of their own.
    fn plain() -> Self {
        Self::new(&TalkArgs { report: ReportFormat::Human, quiet: false, color: ColourArg::Auto })
    }

    /// Prints the text that is what a command gives.
    fn show(&self, text: Result<String, Error>) -> ExitCode {
        match text.and_then(|text| print(&text)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => self.fail(&error),
        }
    }

    fn summaries(&self, summaries: &[Summary]) {
        if self.quiet {
            return;
        }
        for summary in summaries {
            self.tell(&match self.report {
                ReportFormat::Human => render::summary(summary, self.colour),
                ReportFormat::Json => render::summary_json(summary),
            });
        }
    }

    /// Writes files, and tells what of them could not be kept.
    fn write(&self, outputs: &[io::Output]) -> Result<(), Error> {
        let notes = io::write(outputs)?;
        if self.report == ReportFormat::Human {
            notes.iter().for_each(|note| self.tell(&format!("warning: {note}\n")));
        }
        Ok(())
    }

    fn tell(&self, text: &str) {
        if !self.quiet {
            // Nobody listens to a closed standard error; the work is done all the same.
            let _ = std::io::stderr().write_all(text.as_bytes());
        }
    }

    fn fail(&self, error: &Error) -> ExitCode {
        let text = match self.report {
            ReportFormat::Human => render::error(error, self.colour),
            ReportFormat::Json => render::error_json(error),
        };
        let _ = std::io::stderr().write_all(text.as_bytes());
        ExitCode::from(COULD_NOT)
    }
}

/// Writes to standard output. A reader that went away has read what it wanted.
fn print(text: &str) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Problem::new(Code::Io, format!("cannot write to standard output: {error}")).into())
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
