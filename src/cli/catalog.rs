//! Options of `catalog`.

use clap::{Args, Subcommand};

use crate::requirement::Release;
use crate::target::{Backend, Platform, Python};

const LIST_EXAMPLES: &str = "\
Examples:
  torchswap catalog list
      the packages
  torchswap catalog list torch --cuda 11.8 --platform linux-x86_64
      which releases of torch are known for CUDA 11.8, and for which Pythons
  torchswap catalog list torchvision==0.16.2 --json
      every build of one release, as data";

const SHOW_EXAMPLES: &str = "\
Examples:
  torchswap catalog show torch-2.0.1+cu118-cp310-cp310-linux_x86_64.whl";

/// What to do with the catalogue.
#[derive(Debug, Subcommand)]
pub enum Catalog {
    /// List the packages that are known, or the builds of one
    #[command(after_help = LIST_EXAMPLES)]
    List(List),
    /// Show all that is known of a wheel, and who says so
    #[command(after_help = SHOW_EXAMPLES)]
    Show(Show),
}

/// Options of `catalog list`.
#[derive(Debug, Args)]
pub struct List {
    /// A package, or one release of it: torch, torch==2.1.2
    pub package: Option<Release>,
    /// The build.
    #[command(flatten)]
    pub build: BuildArgs,
    /// Wheels for this platform; repeatable
    #[arg(long = "platform", value_name = "PLATFORM", value_delimiter = ',')]
    pub platforms: Vec<Platform>,
    /// Wheels for this CPython, such as 3.10; repeatable
    #[arg(long = "python", value_name = "VERSION", value_delimiter = ',')]
    pub pythons: Vec<Python>,
    /// Where to look.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// Options of `catalog show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The wheel's file name, or its URL
    pub wheel: String,
    /// Where to look.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// Which build.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct BuildArgs {
    /// Wheels for CUDA, such as 11.8
    #[arg(long, value_name = "VERSION", value_parser = Backend::cuda)]
    pub cuda: Option<Backend>,
    /// Wheels for ROCm, such as 6.3
    #[arg(long, value_name = "VERSION", value_parser = Backend::rocm)]
    pub rocm: Option<Backend>,
    /// Wheels for Intel GPUs
    #[arg(long)]
    pub xpu: bool,
    /// Wheels for the CPU
    #[arg(long)]
    pub cpu: bool,
    /// Wheels for a build by its label: cpu, cu118, rocm6.3, xpu
    #[arg(long, value_name = "LABEL")]
    pub backend: Option<Backend>,
}

impl BuildArgs {
    /// The build that is named.
    pub fn backend(&self) -> Option<Backend> {
        let flag = self.xpu.then_some(Backend::Xpu).or(self.cpu.then_some(Backend::Cpu));
        self.cuda.or(self.rocm).or(self.backend).or(flag)
    }
}

/// Where to look, and how to tell.
#[derive(Debug, Args)]
pub struct SourceArgs {
    /// A project's own catalogue, beside those of the configuration; repeatable
    #[arg(long = "catalog", value_name = "FILE")]
    pub catalogs: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
