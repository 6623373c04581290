//! Options of how a run speaks.

use clap::{ArgAction, Args, ValueEnum};

use super::catalog::{Catalog, ListArgs, ShowArgs};
use super::{AuditReport, CheckReport, Command};

/// What is told on standard error.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Messages, on standard error")]
pub struct TalkArgs {
    /// How to tell what was done
    #[arg(long, value_enum, default_value_t = ReportFormat::Human, value_name = "FORMAT")]
    pub report: ReportFormat,
}

/// How much is told, and in which colours. Every command has these, before its name and behind it.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Global options")]
pub struct ToneArgs {
    /// Tell errors only; -qq: not even these, the exit status says it
    #[arg(long, short, global = true, action = ArgAction::Count, conflicts_with = "verbose")]
    pub quiet: u8,
    /// Tell every package, why, and who vouches for its digest
    #[arg(long, short, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// When to colour
    #[arg(long, global = true, value_enum, default_value_t = ColourArg::Auto, value_name = "WHEN")]
    pub color: ColourArg,
}

/// Formats of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// Text for people
    Human,
    /// One JSON object
    Json,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColourArg {
    /// On a terminal, and as NO_COLOR, FORCE_COLOR, CLICOLOR and CLICOLOR_FORCE have it
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Command {
    /// The format in which the command speaks on standard error: in JSON where its report is.
    pub fn format(&self) -> ReportFormat {
        let is_json = match self {
            Self::Export(args) => return args.talk.report,
            Self::Rewrite(args) => return args.talk.report,
            Self::Verify(args) => return args.talk.report,
            Self::Check(args) => args.report == CheckReport::Json,
            Self::Audit(args) => args.report == AuditReport::Json,
            Self::Catalog(Catalog::List(ListArgs { source, .. }) | Catalog::Show(ShowArgs { source, .. })) => {
                source.json
            }
            Self::Catalog(Catalog::Update(_)) | Self::Init(_) | Self::Completions { .. } | Self::Man { .. } => false,
        };
        if is_json { ReportFormat::Json } else { ReportFormat::Human }
    }
}
