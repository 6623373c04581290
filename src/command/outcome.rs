//! What a command gives back: everything it wants done, none of it done yet.

use std::io::IsTerminal;

use super::render::{self, Colour};
use crate::cli::{Cli, ColourArg, ReportFormat, ToneArgs};
use crate::edge::io::Output;
use crate::edge::terminal;
use crate::report::error::Error;
use crate::report::{FileFate, Summary};

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

/// How a run speaks on standard error: how much, in which format, with colour or without.
#[derive(Debug, Clone, Copy)]
pub struct Voice {
    tone: ToneArgs,
    format: ReportFormat,
    colour: Colour,
}

impl Voice {
    /// As the command line asks for.
    pub fn of(Cli { tone, command, .. }: &Cli) -> Self {
        Self { tone: *tone, format: command.format(), colour: colour(tone.color, &std::io::stderr()) }
    }

    /// An error, which is said unless the run is to be silent.
    pub fn error(self, error: &Error) -> String {
        match self.format {
            _ if self.tone.quiet > 1 => String::new(),
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

    /// What was done for each target of an output. Where there are other outputs, each says what it is.
    pub(super) fn summaries(self, summaries: &[Summary], fate: &FileFate, is_alone: bool) -> String {
        self.said(|colour| match self.format {
            ReportFormat::Human if self.tone.verbose > 0 => render::summaries(summaries, fate, is_alone, colour),
            ReportFormat::Human => render::short(summaries, fate, is_alone, colour),
            ReportFormat::Json => summaries.iter().map(render::summary_json).collect(),
        })
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
        if self.is_told() { text(self.colour) } else { String::new() }
    }

    /// What is told is what the command gives, on standard output.
    pub(super) fn printed(self, text: impl FnOnce(Colour) -> String) -> String {
        Self { colour: colour(self.tone.color, &std::io::stdout()), ..self }.said(text)
    }

    /// True if anybody reads along.
    pub(super) fn is_told(self) -> bool {
        self.tone.quiet == 0
    }

    /// True if people read along.
    pub fn is_for_people(self) -> bool {
        self.is_told() && self.format == ReportFormat::Human
    }
}

/// Whether to colour what is written to a stream.
fn colour(wanted: ColourArg, stream: &impl IsTerminal) -> Colour {
    let on = match wanted {
        ColourArg::Always => true,
        ColourArg::Never => false,
        ColourArg::Auto => terminal::takes_colour(stream),
    };
    if on { Colour::On } else { Colour::Off }
}
