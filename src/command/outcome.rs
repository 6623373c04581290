//! The result of a command: everything it wants done, none of it done yet.

use std::ffi::OsString;
use std::io::IsTerminal;

use super::render::{self, Colour};
use crate::cli::usage::{self, UsageText};
use crate::cli::{Cli, ColourArg, PreviewArgs, ReportFormat, Reporting, ToneArgs};
use crate::edge::io::{self, Output, Repository};
use crate::edge::terminal;
use crate::report::error::{Code, Error, Problem, Result};
use crate::report::{OutputReport, Summary};
use crate::text::shown;

/// The files and texts that a command wants written, and its exit status.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The files to write, all or none, before anything is said.
    pub writes: Vec<Output>,
    /// For standard output.
    pub stdout: String,
    /// For standard error.
    pub report: String,
    /// The exit status.
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
    /// The status of a yes-or-no answer.
    pub(super) fn of(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

impl Outcome {
    /// The outcome without its writes: the difference, if it is to be shown.
    ///
    /// # Errors
    /// If there is nothing that an output could be compared with.
    pub(super) fn previewed(mut self, preview: PreviewArgs) -> Result<Self> {
        if preview.is_asked() {
            let writes = std::mem::take(&mut self.writes);
            if preview.diff {
                let shown = writes.iter().map(difference).collect::<Result<String>>()?;
                self.stdout.insert_str(0, &shown);
            }
        }
        Ok(self)
    }

    /// A text for standard output, and nothing else.
    pub(super) fn printed(stdout: String) -> Self {
        Self { stdout, ..Self::default() }
    }
}

/// The changes to a file, as `diff -u` shows them.
fn difference(output: &Output) -> Result<String> {
    let Output { name, bytes, before, .. } = output;
    let before = match before {
        Some(before) => Some(before.clone().into_bytes()),
        None if io::is_stream(name) => {
            let problem =
                Problem::new(Code::Usage, "the output goes to standard output, so there is nothing to compare");
            return Err(problem.help("name the file that it is compared with: -o FILE").into());
        }
        None => io::bytes_if_there(name)?,
    };
    if before.as_ref() == Some(bytes) {
        return Ok(String::new());
    }
    let is_new = before.is_none();
    Ok(match (String::from_utf8(before.unwrap_or_default()), std::str::from_utf8(bytes)) {
        (Ok(before), Ok(after)) => render::diff(if is_new { "/dev/null" } else { name }, name, &before, after),
        (Err(_), _) | (_, Err(_)) => {
            format!("Binary file {} {}\n", shown(name), if is_new { "is new" } else { "differs" })
        }
    })
}

/// The voice of a run: verbosity, format, colour.
#[derive(Debug, Clone, Copy)]
pub struct Voice {
    tone: ToneArgs,
    reporting: Reporting,
    colour: Colour,
    /// Of the terminal that a text for people goes to.
    width: Option<usize>,
}

impl Voice {
    /// As the command line asks for.
    pub fn of(Cli { tone, command, .. }: &Cli) -> Self {
        let (reporting, stream) = (command.reporting(), std::io::stderr());
        Self { tone: *tone, reporting, colour: colour(tone.color, &stream), width: terminal::width(&stream) }
    }

    /// The texts of clap itself: help, or the fault of a command line, in the format that it asks for.
    pub fn misread(words: &[OsString], UsageText { text, is_wrong, problem }: UsageText) -> Outcome {
        let tone = ToneArgs::of(words);
        let voice = Self { tone, reporting: Reporting::of(words), colour: Colour::Off, width: None };
        if let (ReportFormat::Json | ReportFormat::Github, Some(problem)) = (voice.reporting.format, &problem) {
            return voice.error(&problem.clone().into());
        }
        let said = |colour: Colour| usage::painted(&text, |code, text| colour.paint(code, text));
        match is_wrong {
            true if tone.quiet > 1 => Outcome { exit: Exit::Unanswered, ..Outcome::default() },
            // clap fits help, but no fault, to the terminal.
            true => Outcome {
                report: Self { width: problem.and(terminal::width(&std::io::stderr())), ..voice }
                    .fitted(said(colour(tone.color, &std::io::stderr()))),
                exit: Exit::Unanswered,
                ..Outcome::default()
            },
            false => Outcome::printed(said(colour(tone.color, &std::io::stdout()))),
        }
    }

    /// An error, unless the run is to be silent. It is printed in the report's place; a log in SARIF that found
    /// nothing would be taken for an answer.
    pub fn error(self, error: &Error) -> Outcome {
        let refusal = Outcome { exit: Exit::Unanswered, ..Outcome::default() };
        let stdout = match self.reporting.format {
            _ if self.tone.quiet > 1 => return refusal,
            ReportFormat::Text | ReportFormat::Sarif => {
                return Outcome { report: self.fitted(render::error(error, self.colour)), ..refusal };
            }
            ReportFormat::Json => render::error_json(error, self.reporting.command),
            ReportFormat::Github => render::error_github(error, &Repository::here()),
        };
        match self.reporting.is_printed {
            true => Outcome { stdout, ..refusal },
            false => Outcome { report: stdout, ..refusal },
        }
    }

    /// The attributes of a written file that could not be kept. A JSON report has no place for it.
    pub fn unkept(self, notes: &[String]) -> String {
        if self.reporting.format == ReportFormat::Json && !self.reporting.is_printed {
            return String::new();
        }
        self.said(|_| notes.iter().map(|note| format!("warning: {note}\n")).collect())
    }

    /// The summary of each output.
    pub(super) fn outputs(self, outputs: &[OutputReport]) -> String {
        self.said(|colour| match self.reporting.format {
            ReportFormat::Json => render::outputs_json(outputs, self.reporting.command),
            ReportFormat::Text | ReportFormat::Github | ReportFormat::Sarif => {
                let is_alone = outputs.len() == 1;
                let render = if self.tone.verbose > 0 { render::summaries } else { render::short };
                let mut said = Vec::new();
                let each =
                    outputs.iter().map(|one| render(&unsaid(&one.summaries, &mut said), &one.status, is_alone, colour));
                each.collect()
            }
        })
    }

    /// The catalogues found by name, if the report does not list them.
    pub(super) fn found(self, names: &[String]) -> String {
        if self.reporting.format == ReportFormat::Json {
            return String::new();
        }
        self.said(|colour| render::found(names, colour))
    }

    /// Something to know, for people.
    pub(super) fn note(self, text: &str) -> String {
        self.fitted(render::note(text, self.colour))
    }

    /// A text, unless the run is quiet.
    pub(super) fn said(self, text: impl FnOnce(Colour) -> String) -> String {
        if self.is_quiet() { String::new() } else { self.fitted(text(self.colour)) }
    }

    /// Text for people fits their terminal; elsewhere, and in other formats, lines stay as they are.
    fn fitted(self, text: String) -> String {
        match self.width {
            Some(width) if self.reporting.format == ReportFormat::Text => render::fitted(&text, width),
            Some(_) | None => text,
        }
    }

    /// The outcome of a command that has findings: on standard output, unless something else is printed there.
    pub(super) fn reported(self, text: impl FnOnce(Colour) -> String) -> Outcome {
        match self.reporting.is_printed {
            true => Outcome { stdout: self.printed(text), ..Outcome::default() },
            false => Outcome { report: self.said(text), ..Outcome::default() },
        }
    }

    /// A text that is itself the result, for standard output.
    pub(super) fn printed(self, text: impl FnOnce(Colour) -> String) -> String {
        let stream = std::io::stdout();
        Self { colour: colour(self.tone.color, &stream), width: terminal::width(&stream), ..self }.said(text)
    }

    /// True if nothing but errors is to be reported.
    pub(super) fn is_quiet(self) -> bool {
        self.tone.quiet > 0
    }

    /// True if people read along.
    pub fn is_for_people(self) -> bool {
        !self.is_quiet() && self.reporting.format == ReportFormat::Text
    }
}

/// Summaries with the warnings that none had before: what is wrong with a lock is said once, not for each of its outputs.
fn unsaid(summaries: &[Summary], said: &mut Vec<Problem>) -> Vec<Summary> {
    let mut summaries = summaries.to_vec();
    for summary in &mut summaries {
        summary.warnings.retain(|warning| !said.contains(warning));
        said.extend(summary.warnings.iter().cloned());
    }
    summaries
}

/// The use of colours on a stream.
fn colour(wanted: ColourArg, stream: &impl IsTerminal) -> Colour {
    let on = match wanted {
        ColourArg::Always => true,
        ColourArg::Never => false,
        ColourArg::Auto => terminal::takes_colour(stream),
    };
    if on { Colour::On } else { Colour::Off }
}
