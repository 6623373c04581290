//! Options for messages and reports.

use clap::{ArgAction, Args, ValueEnum};

use super::Command;
use super::catalog::Catalog;

/// Format of the messages on standard error.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Messages (on standard error)")]
pub struct TalkArgs {
    /// Format of the summary
    #[arg(long, value_enum, default_value_t = DataFormat::Text, value_name = "FORMAT")]
    pub report: DataFormat,
}

/// Format of the report on standard output.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Report")]
pub struct ReportArgs {
    /// Output format
    #[arg(long, alias = "report", value_enum, default_value_t = ReportFormat::Text, value_name = "FORMAT")]
    pub output_format: ReportFormat,
}

/// Format of what the catalogue lists.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Report")]
pub struct DataArgs {
    /// Output format
    #[arg(long, value_enum, default_value_t = DataFormat::Text, value_name = "FORMAT")]
    output_format: DataFormat,
    /// The same as `--output-format json`
    #[arg(long, hide = true, conflicts_with = "output_format")]
    json: bool,
}

impl DataArgs {
    /// The format that was asked for.
    pub fn format(self) -> DataFormat {
        if self.json { DataFormat::Json } else { self.output_format }
    }
}

/// Verbosity and colours. Every command takes these, before and after its name.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Global options")]
pub struct ToneArgs {
    /// Print only errors; -qq prints nothing
    #[arg(long, short, global = true, action = ArgAction::Count, conflicts_with = "verbose")]
    pub quiet: u8,
    /// Show every package, with the reason and the witnesses of its digest
    #[arg(long, short, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t = ColourArg::Auto, value_name = "WHEN")]
    pub color: ColourArg,
}

/// Formats of what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people
    #[value(alias = "human")]
    Text,
    /// One JSON document
    Json,
    /// Annotations of GitHub Actions
    Github,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

/// Formats of what was done, or is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DataFormat {
    /// For people
    #[value(alias = "human")]
    Text,
    /// One JSON document
    Json,
}

impl From<DataFormat> for ReportFormat {
    fn from(format: DataFormat) -> Self {
        match format {
            DataFormat::Text => Self::Text,
            DataFormat::Json => Self::Json,
        }
    }
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColourArg {
    /// On a terminal, unless NO_COLOR, FORCE_COLOR, CLICOLOR or CLICOLOR_FORCE say otherwise
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The command, and the format of its report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reporting {
    /// The command: `catalog list`; `None` where it was not understood.
    pub command: Option<&'static str>,
    /// In this format; so are errors.
    pub format: ReportFormat,
    /// On standard output; else on standard error, for something else is printed.
    pub is_printed: bool,
}

impl Command {
    /// The command, and the format of its report.
    pub fn reporting(&self) -> Reporting {
        let (command, format) = match self {
            Self::Export(args) => ("export", args.talk.report.into()),
            Self::Rewrite(args) => ("rewrite", args.talk.report.into()),
            Self::Verify(args) => ("verify", args.report.output_format),
            Self::Check(args) => ("check", args.report.output_format),
            Self::Audit(args) => ("audit", args.report.output_format),
            Self::Catalog(Catalog::List(args)) => ("catalog list", args.source.data.format().into()),
            Self::Catalog(Catalog::Show(args)) => ("catalog show", args.source.data.format().into()),
            Self::Catalog(Catalog::Update(args)) => ("catalog update", args.data.format().into()),
            Self::Init(_) => ("init", ReportFormat::Text),
            Self::Completions { .. } => ("completions", ReportFormat::Text),
            Self::Targets => ("targets", ReportFormat::Text),
            Self::Man { .. } => ("man", ReportFormat::Text),
        };
        let is_printed = !matches!(self, Self::Export(_) | Self::Rewrite(_)) && !self.preview().diff;
        Reporting { command: Some(command), format, is_printed }
    }
}
