//! Network options: the same wherever a command may use it.

use clap::Args;

/// Network options.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Network")]
pub struct NetworkArgs {
    /// Allow plain http to hosts other than this machine
    #[arg(long)]
    pub allow_http: bool,
    /// Timeout in seconds, for the connection and for each read
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub timeout: u32,
    /// Retries for a request that makes no progress; ten times as many in total for one file
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub retries: u32,
}
