//! The options that say how an output is written.

use clap::{Args, ValueEnum};

use super::StubArgs;

/// Format and place of the output.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Write to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<String>,
    /// Format of the output; default: pylock where the file is named pylock.toml or pylock.NAME.toml, else requirements
    #[arg(long, short, value_enum, value_name = "FORMAT")]
    pub format: Option<OutputFormat>,
    /// For a pylock.toml from a lock without URLs: take them from the index. Uses the network
    #[arg(long)]
    pub index: bool,
    /// Base URL of the default index, implies --index; default: PIP_INDEX_URL or UV_DEFAULT_INDEX
    #[arg(long, alias = "default-index", value_name = "URL")]
    pub index_url: Option<String>,
    /// The stubs.
    #[command(flatten)]
    pub stubs: StubArgs,
    /// Write no digests
    #[arg(long)]
    pub without_hashes: bool,
    /// Write only digests of files that install on the target, and those whose files the lock does not name: far fewer lines
    #[arg(long, conflicts_with = "without_hashes")]
    pub only_usable_hashes: bool,
    /// Append the size of the file to each `name @ URL` line, where it is known: `# 2.1 GB`
    #[arg(long)]
    pub sizes: bool,
    /// Content of the comment at the top
    #[arg(long, value_enum, value_name = "HEADER")]
    pub header: Option<HeaderKind>,
    /// Another base URL for PyTorch's wheels.
    // Read later: clap would print a login that the URL must not have. The help names the address: rustdoc wants links marked.
    #[arg(
        long,
        value_name = "URL",
        env = "TORCHSWAP_MIRROR",
        hide_env_values = true,
        help = "Take PyTorch's wheels from this base URL instead of https://download.pytorch.org/whl; digests are kept"
    )]
    pub mirror: Option<String>,
}

/// Kinds of headers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum HeaderKind {
    /// The lock, the target, and a command that makes the file (default)
    #[default]
    Short,
    /// The version of torchswap as well, so that a new one makes another file
    Full,
}

/// Formats of outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// A requirements file, for pip and uv
    #[value(aliases = ["requirements.txt", "requirements-txt"])]
    Requirements,
    /// A pylock.toml (PEP 751), for pip 26.1, uv and others
    #[value(alias = "pylock.toml")]
    Pylock,
}
