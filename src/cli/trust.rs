//! What is asked of digests: the same option wherever they are written or judged.

use clap::Args;

/// What is asked of digests.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct TrustArgs {
    /// Refuse wheels whose digest fewer independent projects recorded; what the index alone says, nobody recorded
    #[arg(long, value_name = "N", help_heading = "Catalogue")]
    pub require_witnesses: Option<u32>,
}
