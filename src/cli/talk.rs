//! Options of how a run speaks.

use clap::{Args, ValueEnum};

use super::catalog::{Catalog, ListArgs, ShowArgs};
use super::{AuditReport, CheckReport, Command};

/// What is told on standard error.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Messages, on standard error")]
pub struct TalkArgs {
    /// How to tell what was done
    #[arg(long, value_enum, default_value_t = ReportFormat::Human, value_name = "FORMAT")]
    pub report: ReportFormat,
    /// How much, and in which colours.
    #[command(flatten)]
    pub tone: ToneArgs,
}

/// How much is told on standard error, and in which colours.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Messages, on standard error")]
pub struct ToneArgs {
    /// Tell errors only
    #[arg(long, short)]
    pub quiet: bool,
    /// When to colour
    #[arg(long, value_enum, default_value_t = ColourArg::Auto, value_name = "WHEN")]
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
    /// How the command speaks on standard error; in JSON where its report is.
    pub fn talk(&self) -> TalkArgs {
        let of = |json, tone| {
            let report = if json { ReportFormat::Json } else { ReportFormat::Human };
            TalkArgs { report, tone }
        };
        let tone = |quiet, color| ToneArgs { quiet, color };
        match self {
            Self::Export(args) => args.talk,
            Self::Rewrite(args) => args.talk,
            Self::Verify(args) => args.talk,
            Self::Check(args) => of(args.report == CheckReport::Json, tone(args.quiet, args.color)),
            Self::Audit(args) => of(args.report == AuditReport::Json, tone(args.quiet, args.color)),
            Self::Catalog(Catalog::Update(args)) => of(false, args.tone),
            Self::Catalog(Catalog::List(ListArgs { source, .. }) | Catalog::Show(ShowArgs { source, .. })) => {
                of(source.json, source.tone)
            }
            Self::Init(_) | Self::Completions { .. } | Self::Man { .. } => of(false, tone(false, ColourArg::Auto)),
        }
    }
}
