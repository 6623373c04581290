//! How the network is used: the same options wherever a command may reach it.

use clap::Args;

/// How the network is used.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Network")]
pub struct NetworkArgs {
    /// Speak plain http with other machines, too
    #[arg(long)]
    pub allow_http: bool,
    /// Wait this many seconds for a connection and for each piece of an answer; in each such span 1 kB a second must come,
    /// and a page may take six
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub timeout: u32,
    /// Try so many times again what fails without progress, and one file ten times as often in all
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub retries: u32,
}
