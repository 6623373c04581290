//! Learning from an index in the same run: the same options wherever a plan may lack something.

use clap::Args;
use clap::builder::FalseyValueParser;

/// Learning options: the indexes to ask.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Learning")]
pub struct LearnArgs {
    /// Ask the index for wheels, digests and requirements that are not known, and keep them in the project's catalogue: the
    /// one named with --catalog or in the configuration, else torchswap-catalog.tsv
    #[arg(long, env = "TORCHSWAP_LEARN", hide_env_values = true, value_parser = FalseyValueParser::new())]
    pub learn: bool,
    /// Base URL of the index that has the builds.
    // Read later: clap would print a login. The help names the address: rustdoc wants links marked.
    #[arg(
        long,
        value_name = "URL",
        help = "Base URL of the index with a folder for each build, with all builds, or (with {build} in the URL) with one; default: https://download.pytorch.org/whl"
    )]
    pub learn_index: Option<String>,
    /// Base URL of the simple index for the requirements of wheels; default: that of uv or pip (UV_DEFAULT_INDEX,
    /// UV_INDEX_URL, PIP_INDEX_URL)
    #[arg(long, value_name = "URL")]
    pub closure_index: Option<String>,
    /// Download and hash wheels for which the index has no digest
    #[arg(long)]
    pub hash_missing: bool,
}
