//! The GPU build that could replace a CPU build, for commands that only read a lock.

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::why::near;
use super::{Way, had, pythons};
use crate::catalog::equivalents;
use crate::packaging::target::{Backend, Environment};
use crate::plan::Knowledge;

/// The GPU build that could replace a release of a CPU build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GpuBuild {
    /// The release of the same number of this package.
    Same(PackageName),
    /// Another release of this package: that is the nearest.
    Nearest(PackageName, Version),
    /// This package, but no release of it for the CUDA that is there.
    OtherCuda(PackageName),
}

/// The GPU build that could replace a release of a CPU build; `None`: there is none on this environment, or it
/// is no CPU build. `cuda`: what is there, if that is known.
pub(crate) fn gpu_build(
    name: &PackageName,
    version: &Version,
    cuda: Option<Backend>,
    environment: Environment,
    knowledge: &Knowledge<'_>,
) -> Option<GpuBuild> {
    let ways: Vec<Way> = equivalents::instead_of(name).map(|range| Way { range, to_gpu: true }).collect();
    let there = ways.iter().flat_map(|way| had(way, environment.platform, knowledge).map(move |one| (one, way)));
    let installs = |(release, way): &(Version, &Way)| {
        pythons(way.to(), release, environment.platform, knowledge).contains(&environment.python)
    };
    let mut there: Vec<(Version, &Way)> = there.filter(installs).collect();
    // If any CUDA will do, the newest is taken: of one release it is last in the table.
    there.sort_by(|(one, _), (other, _)| one.cmp(other));
    there.reverse();
    let other_cuda = there.first().map(|(_, way)| GpuBuild::OtherCuda(way.to().clone()))?;
    there.retain(|(_, way)| cuda.is_none_or(|cuda| way.suits(cuda)));
    if let Some((_, way)) = there.iter().find(|(release, _)| release == version) {
        return Some(GpuBuild::Same(way.to().clone()));
    }
    let releases: Vec<Version> = there.iter().map(|(release, _)| release.clone()).collect();
    let Some(near) = near(&releases, version) else { return Some(other_cuda) };
    let (_, way) = there.iter().find(|(release, _)| release == near)?;
    Some(GpuBuild::Nearest(way.to().clone(), near.clone()))
}
