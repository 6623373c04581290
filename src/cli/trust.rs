//! Checks of digests: the same option wherever they are written or judged.

use clap::Args;

/// Checks of digests.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct TrustArgs {
    /// Refuse wheels whose digest fewer than N independent projects recorded; an index does not count as one
    #[arg(
        long,
        value_name = "N",
        env = "TORCHSWAP_REQUIRE_WITNESSES",
        hide_env_values = true,
        help_heading = "Catalogue"
    )]
    pub require_witnesses: Option<u32>,
}
