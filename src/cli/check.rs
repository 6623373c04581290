//! Options of `check`.

use clap::Args;

use super::{LearnArgs, NetworkArgs, PreviewArgs, ReportArgs, TrustArgs};

pub(super) const EXAMPLES: &str = "\
Examples:
  torchswap check
      every output of the configuration, and the lock itself
  torchswap check requirements-cu118.txt
      one file; its header says how it was made
  torchswap check --fix
      writes what is out of date
  torchswap check --diff
      shows what --fix would write
  torchswap check --workspace
      every project of a repository, from its root

Exit status: 0 all is well or fixed, 1 something was found, 2 could not answer.";

/// Options of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Outputs of torchswap; default: those of the configuration. With --workspace, changed files: only the configurations
    /// that they belong to are checked
    pub files: Vec<String>,
    /// Write the outputs that are out of date
    #[arg(long)]
    pub fix: bool,
    /// Preview options; both options say what --fix would do.
    #[command(flatten)]
    pub preview: PreviewArgs,
    /// Check the outputs of every configuration in this folder and below
    #[arg(long, conflicts_with = "config_file")]
    pub workspace: bool,
    /// Fail if no output is configured
    #[arg(long)]
    pub require_outputs: bool,
    /// Accept a lock that was rewritten
    #[arg(long)]
    pub allow_swapped: bool,
    /// Refuse a poetry.lock that does not match the pyproject.toml beside it
    #[arg(long)]
    pub locked: bool,
    /// Use no catalogue of the project, neither that of the configuration nor a torchswap-catalog.tsv
    #[arg(long)]
    pub no_catalog: bool,
    /// Checks of digests.
    #[command(flatten)]
    pub trust: TrustArgs,
    /// Format of the report.
    #[command(flatten)]
    pub report: ReportArgs,
    /// Learning options.
    #[command(flatten)]
    pub learn: LearnArgs,
    /// Network options.
    #[command(flatten)]
    pub network: NetworkArgs,
}

impl CheckArgs {
    /// True if what puts things right is asked for, to be written or to be shown.
    pub fn wants_mended(&self) -> bool {
        self.fix || self.preview.is_asked()
    }
}
