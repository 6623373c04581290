//! Catalogues of the project: the same options wherever a command uses the catalogue.

use clap::Args;

/// The project's catalogues.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Catalogue")]
pub struct CatalogArgs {
    /// A project's own catalogue of wheels; repeatable. A torchswap-catalog.tsv beside the lock or the configuration is
    /// read, too
    #[arg(long = "catalog", value_name = "FILE", env = "TORCHSWAP_CATALOG", hide_env_values = true)]
    pub catalogs: Vec<String>,
    /// Use no catalogue but the built-in one and those named with --catalog
    #[arg(long)]
    pub no_catalog: bool,
}
