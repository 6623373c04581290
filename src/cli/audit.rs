//! The options of `audit`.

use clap::Args;

use super::{
    AlsoArgs, CatalogArgs, ChoiceArgs, EmitArgs, LockedArgs, NetworkArgs, ProvidedArgs, ReportArgs, TargetArgs,
    TrustArgs,
};
use crate::audit::Driver;
use crate::packaging::system::System;
use crate::report::audit::Level;
use crate::report::rule::Rule;

pub(super) const EXAMPLES: &str = "\
Examples:
  torchswap audit --platform macos-arm64 --python 3.9
      which entries of the poetry.lock here will not install on an Apple silicon Mac
  torchswap audit --image amazonlinux:2 --python 3.10
      whether its glibc is new enough for the wheels
  torchswap audit --cuda 12.1 --driver 470.57 --dockerfile Dockerfile
      whether build, driver and base image fit together
  torchswap audit --platform macos-arm64 --python 3.9 --index
      asks the index which release of a package is the first that has a wheel
  torchswap audit --all-targets --output-format sarif > audit.sarif
      every target of the configuration, for code scanning
  torchswap audit --explain newer-system
      what a finding means, and what helps

Exit status: 0 no errors, 1 at least one finding is an error, 2 could not answer.";

/// Options of `audit`.
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// poetry.lock, uv.lock, pylock.toml or requirements.txt; default: found by name in the current folder; `-` reads standard
    /// input
    pub lock: Option<String>,
    /// The target.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Audit every target of the configuration
    #[arg(long, conflicts_with_all = ["targets", "build", "platform"], help_heading = "Target")]
    pub all_targets: bool,
    /// The machine.
    #[command(flatten)]
    pub machine: MachineArgs,
    /// Groups and extras.
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// Packages to leave out.
    #[command(flatten)]
    pub emit: EmitArgs,
    /// Packages of the image.
    #[command(flatten)]
    pub provided: ProvidedArgs,
    /// Packages to swap beyond torch's family.
    #[command(flatten)]
    pub also: AlsoArgs,
    /// Checks of the lock.
    #[command(flatten)]
    pub locked: LockedArgs,
    /// Ask the index which releases of a package without a wheel have one
    #[arg(long, help_heading = "Index")]
    pub index: bool,
    /// The default index; also from PIP_INDEX_URL, UV_DEFAULT_INDEX. Implies --index
    #[arg(long, alias = "default-index", value_name = "URL", help_heading = "Index")]
    pub index_url: Option<String>,
    /// Network options.
    #[command(flatten)]
    pub network: NetworkArgs,
    /// The project's catalogues.
    #[command(flatten)]
    pub catalogues: CatalogArgs,
    /// Checks of digests.
    #[command(flatten)]
    pub trust: TrustArgs,
    /// Explain a finding and what to do about it, by its code
    #[arg(long, value_name = "CODE", value_parser = rule, help_heading = "Report")]
    pub explain: Option<Rule>,
    /// Severity of a finding by its code: error, warning, note or off; repeatable
    #[arg(long = "severity", value_name = "CODE=LEVEL", value_parser = severity, help_heading = "Report")]
    pub severities: Vec<(Rule, Level)>,
    /// Format of the report.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// Facts about the machine. Without them its system is new enough for every wheel.
#[derive(Debug, Args)]
#[command(next_help_heading = "Machine")]
pub struct MachineArgs {
    /// macOS version, such as 12
    #[arg(long, value_name = "VERSION", value_parser = System::macos)]
    pub macos: Option<System>,
    /// glibc version, such as 2.31
    #[arg(long, value_name = "VERSION", value_parser = System::glibc)]
    pub glibc: Option<System>,
    /// Container image, such as debian:12, nvidia/cuda:11.8.0-runtime-ubuntu22.04, python:3.10-slim-bookworm, alpine: its
    /// glibc, CUDA and Python are taken from the name
    #[arg(long, value_name = "NAME")]
    pub image: Option<String>,
    /// Dockerfile of the image: its base image, CUDA, and the Python it installs
    #[arg(long, value_name = "FILE", conflicts_with = "image")]
    pub dockerfile: Option<String>,
    /// NVIDIA driver version, such as 470.57
    #[arg(long, value_name = "VERSION")]
    pub driver: Option<Driver>,
}

fn rule(text: &str) -> Result<Rule, String> {
    text.parse().map_err(|error: String| format!("{error}; the codes are in docs/audit.md"))
}

fn severity(text: &str) -> Result<(Rule, Level), String> {
    let (code, level) = text.split_once('=').ok_or("write it as CODE=LEVEL, such as source-only=off")?;
    Ok((code.parse()?, level.parse()?))
}
