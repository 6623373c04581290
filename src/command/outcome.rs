//! What a command gives back: everything it wants done, none of it done yet.

use std::io::IsTerminal;

use super::render::{self, Colour};
use crate::cli::{ColourArg, Command, ReportFormat, TalkArgs, ToneArgs};
use crate::edge::io::Output;
use crate::edge::terminal;
use crate::report::Summary;
use crate::report::error::Error;

/// What a command wants written and said, and how it ends.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The files to write, all or none, before anything is said.
    pub writes: Vec<Output>,
    /// For standard output.
    pub stdout: String,
    /// For standard error.
    pub report: String,
    /// How the process ends.
    pub exit: Exit,
}

/// The exit status of a command that did its work. One that could not is an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Exit {
    /// Done, or the answer is yes.
    #[default]
    Yes = 0,
    /// The answer is no.
    No = 1,
    /// There is no answer.
    Unanswered = 2,
}

impl Exit {
    /// What a yes-or-no answer ends with.
    pub(super) fn of(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

impl Outcome {
    /// A text for standard output, and nothing else.
    pub(super) fn printed(stdout: String) -> Self {
        Self { stdout, ..Self::default() }
    }
}

/// How a run speaks on standard error: in which format, with colour or without, or of errors alone.
#[derive(Debug, Clone, Copy)]
pub struct Voice {
    quiet: bool,
    format: ReportFormat,
    colour: Colour,
}

impl Voice {
    /// As the command line asks for.
    pub fn of(command: &Command) -> Self {
        let TalkArgs { report, tone: ToneArgs { quiet, color } } = command.talk();
        Self { quiet, format: report, colour: colour(color, &std::io::stderr()) }
    }

    /// An error, which is said however quiet the run is.
    pub fn error(self, error: &Error) -> String {
        match self.format {
            ReportFormat::Human => render::error(error, self.colour),
            ReportFormat::Json => render::error_json(error),
        }
    }

    /// What of a written file could not be kept. A JSON report has no place for it.
    pub fn unkept(self, notes: &[String]) -> String {
        match self.format {
            ReportFormat::Human => self.said(|_| notes.iter().map(|note| format!("warning: {note}\n")).collect()),
            ReportFormat::Json => String::new(),
        }
    }

    /// The summaries of one file's targets.
    pub(super) fn summaries(self, summaries: &[Summary]) -> String {
        let one = |summary| match self.format {
            ReportFormat::Human => render::summary(summary, self.colour),
            ReportFormat::Json => render::summary_json(summary),
        };
        self.said(|_| summaries.iter().map(one).collect())
    }

    /// The catalogues that nobody named.
    pub(super) fn found(self, names: &[String]) -> String {
        self.said(|colour| match self.format {
            ReportFormat::Human => render::found(names, colour),
            ReportFormat::Json if names.is_empty() => String::new(),
            ReportFormat::Json => render::found_json(names),
        })
    }

    /// A text, unless the run is quiet.
    pub(super) fn said(self, text: impl FnOnce(Colour) -> String) -> String {
        if self.quiet { String::new() } else { text(self.colour) }
    }

    /// True if anybody reads along.
    pub(super) fn is_told(self) -> bool {
        !self.quiet
    }

    /// True if people read along.
    pub fn is_for_people(self) -> bool {
        !self.quiet && self.format == ReportFormat::Human
    }
}

/// Whether to colour what is written to a stream.
pub(super) fn colour(wanted: ColourArg, stream: &impl IsTerminal) -> Colour {
    let on = match wanted {
        ColourArg::Always => true,
        ColourArg::Never => false,
        ColourArg::Auto => terminal::takes_colour(stream),
    };
    if on { Colour::On } else { Colour::Off }
}
