//! Options that show what a command would write: the same for every command that writes.

use clap::Args;

use super::Command;
use super::catalog::Catalog;

/// Options to show the files that a command makes instead of writing them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Args)]
pub struct PreviewArgs {
    /// Do not write; print what would be written
    #[arg(long, help_heading = "Preview")]
    pub dry_run: bool,
    /// Do not write; print a unified diff
    #[arg(long, help_heading = "Preview")]
    pub diff: bool,
}

impl PreviewArgs {
    /// True if nothing is written.
    pub fn is_asked(self) -> bool {
        self.dry_run || self.diff
    }
}

impl Command {
    /// The preview options of the command.
    pub fn preview(&self) -> PreviewArgs {
        match self {
            Self::Export(args) => args.preview,
            Self::Rewrite(args) => args.preview,
            Self::Check(args) => args.preview,
            Self::Init(args) => args.preview,
            Self::Verify(args) => args.preview,
            Self::Catalog(Catalog::Update(args)) => args.preview,
            Self::Catalog(Catalog::List(_) | Catalog::Show(_))
            | Self::Audit(_)
            | Self::Completions { .. }
            | Self::Targets
            | Self::Man { .. } => PreviewArgs::default(),
        }
    }
}
