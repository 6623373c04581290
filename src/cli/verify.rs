//! Options of `verify`.

use clap::Args;
use pep508_rs::PackageName;

use super::{CatalogArgs, NetworkArgs, PlaceArgs, PreviewArgs, ReportArgs};

/// Examples of `verify`, for its help.
pub(super) const EXAMPLES: &str = "\
Examples:
  torchswap verify --package torch --package torchvision requirements-cu118.txt
      offline: against the catalogue, which has torch and what it needs
  torchswap verify --index --download requirements-cu118.txt
      also asks the index pages, and hashes the wheels
  torchswap verify --wheel-dir wheels/ requirements-cu118.txt
      hashes the wheels in that folder
  torchswap verify --download --package torch --platform macos-arm64 \\
      --python 3.11 poetry.lock
      hashes one wheel of a release on the default index (--index-url)
  torchswap verify --download --record team.tsv requirements.txt
      records wheels that no catalogue has in a catalogue of the project

Exit status: 0 every digest is confirmed, 1 one differs, 2 could not answer,\n\
             as for a digest that no other source has.";

/// Options of `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Locks or outputs, such as poetry.lock or requirements.txt
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<String>,
    /// Only this package; repeatable. With --download, also wheels of releases on an index
    #[arg(long = "package", short = 'p', value_name = "NAME")]
    pub packages: Vec<PackageName>,
    /// Limits to platforms and Pythons.
    #[command(flatten)]
    pub places: PlaceArgs,
    /// Witnesses.
    #[command(flatten)]
    pub witnesses: WitnessArgs,
    /// The project's catalogues.
    #[command(flatten)]
    pub catalogues: CatalogArgs,
    /// The default index, and the cache.
    #[command(flatten)]
    pub index: IndexArgs,
    /// Network options.
    #[command(flatten)]
    pub network: NetworkArgs,
    /// Format of the report.
    #[command(flatten)]
    pub report: ReportArgs,
    /// Preview of --record.
    #[command(flatten)]
    pub preview: PreviewArgs,
}

/// Witnesses beside the catalogue.
#[derive(Debug, Args)]
#[command(next_help_heading = "Witnesses")]
pub struct WitnessArgs {
    /// Ask the index pages
    #[arg(long)]
    pub index: bool,
    /// Download the wheels and hash them; they are not kept
    #[arg(long, conflicts_with = "wheel_dir")]
    pub download: bool,
    /// Hash the wheels in this folder
    #[arg(long, value_name = "DIR")]
    pub wheel_dir: Option<String>,
    /// Base URL that the file has instead of PyTorch's, as for `export`; those of the configuration are known
    #[arg(long = "mirror", value_name = "URL")]
    pub mirror: Option<String>,
    /// Record what was learned in this catalogue of the project
    #[arg(long, value_name = "FILE")]
    pub record: Option<String>,
    /// Number of wheels to read at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=32))]
    pub jobs: u8,
}

/// The default index, and the cache.
#[derive(Debug, Args)]
#[command(next_help_heading = "Network")]
pub struct IndexArgs {
    /// The default index, for releases that are pinned by version; also from PIP_INDEX_URL, UV_DEFAULT_INDEX
    #[arg(long, alias = "default-index", value_name = "URL")]
    pub index_url: Option<String>,
    /// Do not remember the digests of finished downloads
    #[arg(long)]
    pub no_cache: bool,
}
