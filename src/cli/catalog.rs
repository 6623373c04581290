//! Options of `catalog`.

use clap::{Args, Subcommand};

use super::{CatalogArgs, DataArgs, Late, NetworkArgs, PlaceArgs, PreviewArgs, values};
use crate::packaging::requirement::Release;
use crate::packaging::target::Backend;

const LIST_EXAMPLES: &str = "\
Examples:
  torchswap catalog list
      the packages
  torchswap catalog list torch --cuda 11.8 --platform linux-x86_64
      which releases of torch are known for CUDA 11.8, and for which Pythons
  torchswap catalog list torchvision==0.16.2 --output-format json
      every build of one release, as data";

const SHOW_EXAMPLES: &str = "\
Examples:
  torchswap catalog show torch-2.0.1+cu118-cp310-cp310-linux_x86_64.whl";

const UPDATE_EXAMPLES: &str = "\
Examples:
  torchswap catalog update torch==2.9.1 torchvision==0.24.1 --cuda 13.0 \\
      --platform linux-x86_64
      into torchswap-catalog.tsv; then: torchswap export --cuda 13.0
  torchswap catalog update vllm==0.6.1 --cuda 11.8 \\
      --index https://wheels.example/simple -o team.tsv
      from an index of your own
  torchswap catalog update flash-attn==2.8.3 --cuda 12.6 --python 3.11 \\
      --hash-missing --find-links \\
      https://github.com/Dao-AILab/flash-attention/releases/tag/v2.8.3
      from a release on GitHub; the file names say which CUDA, torch and C++ ABI";

/// Commands of the catalogue.
#[derive(Debug, Subcommand)]
pub enum Catalog {
    /// List the packages that are known, or the builds of one
    #[command(after_help = LIST_EXAMPLES)]
    List(ListArgs),
    /// Show everything that is known about a wheel, and the sources
    #[command(after_help = SHOW_EXAMPLES)]
    Show(ShowArgs),
    /// Learn wheels and their requirements from an index, into a catalogue of the project
    ///
    /// Reads the index page for digests, and the metadata beside each wheel or a few kB of the wheel itself for its
    /// requirements. What these require is looked up in --closure-index, so that exports stay offline. Existing rows are
    /// kept; a different digest for a known file is an error.
    #[command(after_help = UPDATE_EXAMPLES)]
    Update(Late<UpdateArgs>),
}

/// Options of `catalog list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// A package, or one release of it: torch, torch==2.1.2
    pub package: Option<Release>,
    /// The build.
    #[command(flatten)]
    pub build: BuildArgs,
    /// Limits to platforms and Pythons.
    #[command(flatten)]
    pub places: PlaceArgs,
    /// Catalogues, and format of the report.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// Options of `catalog show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The wheel's file name, or its URL
    pub wheel: String,
    /// Catalogues, and format of the report.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// Choice of a build.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct BuildArgs {
    /// Wheels for CUDA, such as 11.8
    #[arg(long, value_name = "VERSION", value_parser = values::cuda)]
    pub cuda: Option<Backend>,
    /// Wheels for ROCm, such as 6.3
    #[arg(long, value_name = "VERSION", value_parser = values::rocm)]
    pub rocm: Option<Backend>,
    /// Wheels for Intel GPUs
    #[arg(long)]
    pub xpu: bool,
    /// Wheels for the CPU
    #[arg(long)]
    pub cpu: bool,
    /// Wheels for a build by its label: cpu, cu118, rocm6.3, xpu
    #[arg(long, value_name = "LABEL", value_parser = values::backend)]
    pub backend: Option<Backend>,
}

impl BuildArgs {
    /// The build that is named.
    pub fn backend(&self) -> Option<Backend> {
        let flag = self.xpu.then_some(Backend::Xpu).or(self.cpu.then_some(Backend::Cpu));
        self.cuda.or(self.rocm).or(self.backend).or(flag)
    }
}

/// Catalogues, and format of the report.
#[derive(Debug, Args)]
pub struct SourceArgs {
    /// Format of the report.
    #[command(flatten)]
    pub data: DataArgs,
    /// The project's catalogues.
    #[command(flatten)]
    pub catalogues: CatalogArgs,
}

/// Options of `catalog update`.
#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// Releases to learn, such as torch==2.9.1
    #[arg(required = true, value_name = "PACKAGE==VERSION")]
    pub releases: Vec<Release>,
    /// The build.
    #[command(flatten)]
    pub build: BuildArgs,
    /// Limits to platforms and Pythons.
    #[command(flatten)]
    pub places: PlaceArgs,
    /// Base URL of the index; default: the build's folder of PyTorch's index.
    // Read later: clap would print a login. The help names the address: rustdoc wants links marked.
    #[arg(
        long,
        value_name = "URL",
        help = "Base URL of the index; default: the build's folder of https://download.pytorch.org/whl"
    )]
    pub index: Option<String>,
    /// Look on this page of links, in this release on GitHub, in a file saved from either, or in this folder instead of an
    /// index; repeatable. CUDA and torch of a wheel are read from its name. --index names the address of a folder or of a
    /// saved page
    #[arg(long = "find-links", value_name = "URL|FILE|FOLDER")]
    pub find_links: Vec<String>,
    /// Base URL of the simple index for the requirements of wheels; default: those of pip and uv (PIP_INDEX_URL,
    /// UV_DEFAULT_INDEX and kin, pip.conf)
    #[arg(long, value_name = "URL")]
    pub closure_index: Option<String>,
    /// Download and hash wheels for which the index has no digest
    #[arg(long)]
    pub hash_missing: bool,
    /// The catalogue to write; default: the configuration's, else torchswap-catalog.tsv
    #[arg(long = "catalog", short = 'o', visible_alias = "output", value_name = "FILE")]
    pub catalog: Option<String>,
    /// Preview options.
    #[command(flatten)]
    pub preview: PreviewArgs,
    /// Network options.
    #[command(flatten)]
    pub network: NetworkArgs,
    /// Format of the report.
    #[command(flatten)]
    pub data: DataArgs,
}
