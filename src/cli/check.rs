//! Options of `check`.

use clap::Args;

use super::{LearnArgs, NetworkArgs, PreviewArgs, ReportArgs, TrustArgs};

pub(super) const EXAMPLES: &str = "\
Examples:
  torchswap check
      every output of the configuration, and that the lock itself was not swapped
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
    /// Outputs that torchswap wrote; default: those of the configuration. With --workspace files that were changed: only
    /// the configurations that they belong to are checked
    pub files: Vec<String>,
    /// Write the outputs that are out of date
    #[arg(long)]
    pub fix: bool,
    /// Whether they are written; both options say what --fix would do.
    #[command(flatten)]
    pub preview: PreviewArgs,
    /// Check the outputs of every configuration in this folder and below
    #[arg(long, conflicts_with = "config_file")]
    pub workspace: bool,
    /// Fail if no output is configured
    #[arg(long)]
    pub require_outputs: bool,
    /// Do not mind a lock that was rewritten
    #[arg(long)]
    pub allow_swapped: bool,
    /// Refuse a poetry.lock that was not made from the pyproject.toml beside it as it is now
    #[arg(long)]
    pub locked: bool,
    /// Use no catalogue of the project: neither that of the configuration nor the torchswap-catalog.tsv found by its name
    #[arg(long)]
    pub no_catalog: bool,
    /// What is asked of digests.
    #[command(flatten)]
    pub trust: TrustArgs,
    /// How it is told.
    #[command(flatten)]
    pub report: ReportArgs,
    /// What may be learned.
    #[command(flatten)]
    pub learn: LearnArgs,
    /// How the network is used.
    #[command(flatten)]
    pub network: NetworkArgs,
}

impl CheckArgs {
    /// True if what puts things right is asked for, to be written or to be shown.
    pub fn wants_mended(&self) -> bool {
        self.fix || self.preview.is_asked()
    }
}
