//! Options that several commands share.

use clap::Args;
use clap::builder::FalseyValueParser;
use pep508_rs::{ExtraName, PackageName};

use super::values;
use crate::catalog::listing::Filter;
use crate::packaging::target::{Backend, Platform, Python};

/// Choice of a target.
#[derive(Debug, Args)]
#[command(next_help_heading = "Target")]
#[group(multiple = true)]
pub struct TargetArgs {
    /// CUDA build, such as 11.8
    #[arg(long, value_name = "VERSION", value_parser = values::cuda, env = "TORCHSWAP_CUDA", hide_env_values = true, group = "build")]
    pub cuda: Option<Backend>,
    /// ROCm build, such as 6.3
    #[arg(long, value_name = "VERSION", value_parser = values::rocm, env = "TORCHSWAP_ROCM", hide_env_values = true, group = "build")]
    pub rocm: Option<Backend>,
    /// Build for Intel GPUs
    #[arg(long, group = "build")]
    pub xpu: bool,
    /// CPU build
    #[arg(long, group = "build")]
    pub cpu: bool,
    /// Build by its label: cpu, cu118, rocm6.3, xpu. Without any of these options the builds stay as locked
    #[arg(long, value_name = "LABEL", value_parser = values::backend, env = "TORCHSWAP_BACKEND", hide_env_values = true, group = "build")]
    pub backend: Option<Backend>,
    /// linux-x86_64 (default), linux-aarch64, windows-x86_64, macos-arm64, macos-x86_64; macOS implies --cpu
    #[arg(long, value_name = "PLATFORM", value_parser = values::PlatformParser, hide_possible_values = true, env = "TORCHSWAP_PLATFORM", hide_env_values = true)]
    pub platform: Option<Platform>,
    /// CPython, such as 3.10; repeatable. Default: every one that the lock allows and that has wheels
    #[arg(long = "python", value_name = "VERSION", env = "TORCHSWAP_PYTHON", hide_env_values = true, value_parser = values::python, value_delimiter = ',')]
    pub pythons: Vec<Python>,
    /// A target of the configuration; other options override its settings. Repeatable: several share the output
    #[arg(long = "target", value_name = "NAME")]
    pub targets: Vec<String>,
}

/// Limits to platforms and Pythons; none admits all.
#[derive(Debug, Args)]
pub struct PlaceArgs {
    /// Only wheels that install on this platform; repeatable
    #[arg(
        long = "platform",
        value_name = "PLATFORM",
        value_parser = values::PlatformParser,
        hide_possible_values = true,
        value_delimiter = ','
    )]
    pub platforms: Vec<Platform>,
    /// Only wheels that install under this CPython, such as 3.10; repeatable
    #[arg(long = "python", value_name = "VERSION", value_parser = values::python, value_delimiter = ',')]
    pub pythons: Vec<Python>,
}

impl PlaceArgs {
    /// The wheels for a build at these places.
    pub fn filter(&self, backend: Option<Backend>) -> Filter {
        Filter { backend, platforms: self.platforms.clone(), pythons: self.pythons.clone() }
    }
}

/// Packages to swap beyond torch's family.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct AlsoArgs {
    /// Also swap a package that has one name on CPUs and another on GPUs, given by either name; `all` for every one that is
    /// known. Repeatable
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = package, help_heading = "Target", env = "TORCHSWAP_ALSO", hide_env_values = true)]
    pub also: Vec<PackageName>,
    /// Keep torch's release of a CUDA library where another swapped package asks for an older one of the same major version
    #[arg(long, help_heading = "Target")]
    pub share_libraries: bool,
    /// If --also finds no build of the locked release, take the nearest release that has one and that every package in the
    /// lock accepts
    #[arg(long, help_heading = "Target")]
    pub nearest: bool,
}

/// Place of the stubs: wheels that require the package of the other name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct StubArgs {
    /// Folder for the stubs of --also, relative to the output's; default: torchswap-stubs
    #[arg(long, value_name = "DIR", conflicts_with = "no_stubs")]
    pub stubs: Option<String>,
    /// Write no stubs; install the output with --no-deps then
    #[arg(long)]
    pub no_stubs: bool,
}

/// Choice of groups and extras.
#[derive(Debug, Args)]
#[command(next_help_heading = "Selection (as in `poetry export`)")]
pub struct ChoiceArgs {
    /// Dependency groups to include beside main
    #[arg(long, value_name = "GROUP", value_delimiter = ',', value_parser = name)]
    pub with: Vec<ExtraName>,
    /// Dependency groups to leave out
    #[arg(long, value_name = "GROUP", value_delimiter = ',', value_parser = name)]
    pub without: Vec<ExtraName>,
    /// Only these dependency groups, without main
    #[arg(long, value_name = "GROUP", value_delimiter = ',', value_parser = name, conflicts_with_all = ["with", "without"])]
    pub only: Vec<ExtraName>,
    /// Include all dependency groups
    #[arg(long, conflicts_with_all = ["with", "without", "only"])]
    pub all_groups: bool,
    /// Extras of the project to include
    #[arg(long, short = 'E', value_name = "NAME", value_delimiter = ',', value_parser = name)]
    pub extras: Vec<ExtraName>,
    /// Include all extras of the project
    #[arg(long, conflicts_with = "extras")]
    pub all_extras: bool,
}

/// Selected packages to leave out of the output. Their dependencies stay.
#[derive(Debug, Args)]
#[command(next_help_heading = "Leave out (as in `uv export`)")]
pub struct EmitArgs {
    /// Leave out the project itself (`-e .`); always left out when digests are written
    #[arg(long)]
    pub no_emit_project: bool,
    /// Leave out local files and folders
    #[arg(long)]
    pub no_emit_local: bool,
    /// Leave out this package; repeatable
    #[arg(long = "no-emit-package", value_name = "NAME", value_parser = package)]
    pub no_emit_packages: Vec<PackageName>,
}

/// Packages of the image: torch, its family and what only they need are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Already in the image")]
pub struct ProvidedArgs {
    /// Packages that the image has, from pip freeze, pip list, pip inspect or a constraints file: torch, its family and their
    /// libraries are left out, and what stays must accept the image's releases
    #[arg(long, value_name = "FILE")]
    pub provided: Option<String>,
    /// Packages that the image has in unknown releases, so nothing is checked against them; repeatable
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = package)]
    pub provided_names: Vec<PackageName>,
    /// Leave out everything that FILE lists
    #[arg(long, requires = "provided")]
    pub provided_all: bool,
}

/// Sources of wheels, and checks of their digests.
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// The project's catalogues.
    #[command(flatten)]
    pub catalogues: CatalogArgs,
    /// Checks of digests.
    #[command(flatten)]
    pub trust: TrustArgs,
    /// Learning options.
    #[command(flatten)]
    pub learn: LearnArgs,
    /// Network options.
    #[command(flatten)]
    pub network: NetworkArgs,
}

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

/// Checks of a lock before it is used.
#[derive(Debug, Clone, Copy, Args)]
pub struct LockedArgs {
    /// Refuse a poetry.lock that does not match the pyproject.toml beside it
    #[arg(long, help_heading = "Lock")]
    pub locked: bool,
}

fn package(text: &str) -> Result<PackageName, String> {
    PackageName::new(text.trim().to_owned()).map_err(|_| format!("`{text}` is not a package name"))
}

fn name(text: &str) -> Result<ExtraName, String> {
    ExtraName::new(text.trim().to_owned()).map_err(|_| format!("`{text}` is not the name of a group or an extra"))
}
