//! The requests of a user: the command line (clap), and the configuration of a project. The types say what was typed, not
//! what it means.
//!
//! Not here: reading files, and what a command does.
//!
//! Imports: `text`, `packaging`, `report`, `catalog`, `lock`, `write`, `audit`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

mod audit;
pub mod catalog;
mod check;
pub mod config;
mod late;
mod options;
mod output;
pub mod pages;
mod preview;
pub mod starter;
mod talk;
pub mod usage;
pub mod values;
mod variables;
pub mod verify;

pub use audit::{AuditArgs, MachineArgs};
pub use check::CheckArgs;
pub use late::Late;
pub use options::{
    AlsoArgs, CatalogArgs, ChoiceArgs, EmitArgs, LearnArgs, LockedArgs, NetworkArgs, PlaceArgs, ProvidedArgs,
    SearchArgs, StubArgs, TargetArgs, TrustArgs,
};
pub use output::{HeaderKind, OutputArgs, OutputFormat};
pub use preview::PreviewArgs;
pub use talk::{ColourArg, DataArgs, DataFormat, ReportArgs, ReportFormat, Reporting, TalkArgs, ToneArgs};

// `Cli::read` is the way in: clap's own `parse` does not know the options that are `Late`.
/// Swap locked CPU torch for pinned, hashed CUDA wheels (or back), with everything those wheels need.
#[derive(Debug, Parser)]
#[command(
    name = "torchswap",
    version,
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = "Exit status: 0 done, 1 the answer is no, 2 could not answer (nothing was written).\n\
                  Run `torchswap export --help` for examples."
)]
pub struct Cli {
    /// Run as if in this folder
    #[arg(long, short = 'C', value_name = "DIR", global = true, help_heading = "Global options", value_hint = clap::ValueHint::DirPath)]
    pub directory: Option<PathBuf>,
    /// Configuration: a torchswap.toml, or a pyproject.toml with [tool.torchswap]; default: that of this folder or of the
    /// nearest one above
    #[arg(long, value_name = "FILE", global = true, help_heading = "Global options", env = "TORCHSWAP_CONFIG_FILE", hide_env_values = true, value_hint = clap::ValueHint::FilePath)]
    pub config_file: Option<String>,
    /// Verbosity and colours.
    #[command(flatten)]
    pub tone: ToneArgs,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a requirements file or a pylock.toml for one target or several
    ///
    /// Reads a poetry.lock, a uv.lock, a pylock.toml or a requirements.txt, swaps torch and its family for the build you name, carries along what
    /// these wheels need, and writes a requirements file in which every line is pinned and hashed. Offline: digests come
    /// from the built-in catalogue.
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(Late<ExportArgs>),
    /// Check that outputs are up to date and that no lock was swapped by accident
    ///
    /// For pre-commit and CI: offline and fast. Compares by meaning: the order of lines or markers does not matter.
    #[command(after_help = check::EXAMPLES)]
    Check(Late<CheckArgs>),
    /// Report what will not install on a target, and what does not fit together
    ///
    /// Offline unless --index is given; works from the files that the lock lists. Looks at wheels, the age of the system, torch's
    /// family, CUDA against driver and image, and digests. The report goes to standard output.
    #[command(after_help = audit::EXAMPLES)]
    Audit(Late<AuditArgs>),
    /// Swap the entries inside the lock itself
    ///
    /// Edits a poetry.lock, a uv.lock, a pylock.toml or a requirements.txt in place; every byte outside the edits stays. All groups
    /// and extras are swapped, unless you name some: then the others stay as they are. A poetry.lock of version 2.1 can hold
    /// several targets, each on a platform of its own; older ones hold one.
    #[command(after_help = REWRITE_EXAMPLES)]
    Rewrite(Late<RewriteArgs>),
    /// Write a starting configuration, and show the lines for Dockerfile and hooks
    ///
    /// Looks at the lock, its Pythons, and the Dockerfiles here and in the folders below. Writes torchswap.toml only if there
    /// is no configuration.
    Init(InitArgs),
    /// Verify the digests of a lock or an output
    ///
    /// Compares, for every wheel at a URL and every file of a release that the catalogue knows: the digest in the file,
    /// the catalogue's, the index page's, and that of the bytes. Names the one that differs. A wheel that is read is also
    /// opened: its name, its tags and its requirements must be those of the catalogue. Offline unless an option asks for more.
    #[command(after_help = verify::EXAMPLES)]
    Verify(Late<verify::VerifyArgs>),
    /// List known wheels, and learn new ones
    #[command(subcommand)]
    Catalog(catalog::Catalog),
    /// Generate shell completions
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the names of the configuration's targets, for completions
    #[command(hide = true)]
    Targets,
    /// Print a manual page, for `man -l -`
    Man {
        /// The command that the page is about; default: torchswap itself
        command: Option<String>,
    },
}

/// Options of `init`.
#[derive(Debug, Clone, Args)]
pub struct InitArgs {
    /// poetry.lock, uv.lock, pylock.toml or requirements.txt; default: found by name in the current folder
    pub lock: Option<String>,
    /// Preview options.
    #[command(flatten)]
    pub preview: PreviewArgs,
}

const REWRITE_EXAMPLES: &str = "\
Examples:
  torchswap rewrite --cuda 11.8 --python 3.10
      the poetry.lock here becomes one for CUDA 11.8, for poetry install
  torchswap rewrite --cuda 11.8 --diff
      shows what would change
  torchswap rewrite --target mac --target docker
      one lock for both, from the configuration
  torchswap rewrite --cuda 12.4 --extras gpu
      only what this extra brings in, where extras exclude each other
  torchswap rewrite --cpu - < poetry.lock > ci.lock
      from standard input to standard output";

/// Options of `rewrite`.
#[derive(Debug, Args)]
pub struct RewriteArgs {
    /// poetry.lock, uv.lock, pylock.toml or requirements.txt; default: found by name in the current folder; `-` reads standard
    /// input and writes standard output
    pub lock: Option<String>,
    /// The target.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Packages to swap beyond torch's family.
    #[command(flatten)]
    pub also: AlsoArgs,
    /// Groups and extras; default: all.
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// Write here instead of replacing the lock
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    pub output: Option<String>,
    /// Preview options.
    #[command(flatten)]
    pub preview: PreviewArgs,
    /// Take PyTorch's wheels from this base URL; digests are kept
    #[arg(long, value_name = "URL", env = "TORCHSWAP_MIRROR", hide_env_values = true, help_heading = "Output")]
    pub mirror: Option<String>,
    /// Checks of the lock.
    #[command(flatten)]
    pub locked: LockedArgs,
    /// Catalogues, learning and network.
    #[command(flatten)]
    pub search: SearchArgs,
    /// Format of the messages.
    #[command(flatten)]
    pub talk: TalkArgs,
}

const EXPORT_EXAMPLES: &str = "\
Examples:
  torchswap export --cuda 11.8 --python 3.10 -o requirements.txt
      the poetry.lock here, for Linux x86_64 with CUDA 11.8 and CPython 3.10
  torchswap export --cpu requirements.txt
      the CPU builds for CI, for every Python the lock allows
  torchswap export --platform macos-arm64
      for an Apple silicon Mac
  torchswap export --all-targets
      every output that the configuration names
  torchswap export --target mac --target docker -o requirements.txt
      one file for both: markers select each one's lines
  torchswap export --target mac --target docker -o pylock.toml
      the same in the format of PEP 751
  poetry export | torchswap export --cuda 12.1 -
      from standard input";

/// Options of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// poetry.lock, uv.lock, pylock.toml or requirements.txt; default: found by name in the current folder; `-` reads standard
    /// input
    pub lock: Option<String>,
    /// The target.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Packages to swap beyond torch's family.
    #[command(flatten)]
    pub also: AlsoArgs,
    /// Write every output of the configuration, all or none; targets with the same output share that file
    #[arg(long, conflicts_with_all = ["targets", "build", "platform", "pythons", "output"], help_heading = "Target")]
    pub all_targets: bool,
    /// Groups and extras.
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// Pass a lock without torch through instead of refusing it
    #[arg(long, help_heading = "Selection (as in `poetry export`)")]
    pub allow_none: bool,
    /// Packages to leave out.
    #[command(flatten)]
    pub emit: EmitArgs,
    /// Packages of the image.
    #[command(flatten)]
    pub provided: ProvidedArgs,
    /// Format and place of the output.
    #[command(flatten)]
    pub output: OutputArgs,
    /// Preview options.
    #[command(flatten)]
    pub preview: PreviewArgs,
    /// Catalogues, learning and network.
    #[command(flatten)]
    pub search: SearchArgs,
    /// Checks of the lock.
    #[command(flatten)]
    pub locked: LockedArgs,
    /// Format of the messages.
    #[command(flatten)]
    pub talk: TalkArgs,
}

impl ExportArgs {
    /// The options behind `torchswap export` in a header; `None` if they are not understood.
    pub fn of(words: &[String]) -> Option<Self> {
        let all = ["torchswap", "export"].into_iter().map(OsString::from).chain(words.iter().map(OsString::from));
        // A header says all: what a variable says here had no part in it.
        let cli = Cli::without_variables(&all.collect::<Vec<_>>()).ok()?;
        let Command::Export(Late(export)) = cli.command else { return None };
        Some(*export)
    }
}

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  torchswap completions bash \\
      > ~/.local/share/bash-completion/completions/torchswap
  torchswap completions zsh > ~/.zfunc/_torchswap
  torchswap completions fish > ~/.config/fish/completions/torchswap.fish
  torchswap completions powershell >> $PROFILE";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Cli::whole().debug_assert();
    }
}
