//! The builds of each release of torch, and their Pythons: rules for wheels that nobody has seen.
//!
//! The matrix lists builds per minor release (2.7 represents 2.7.0 and 2.7.1). A release it does not cover is answered
//! with nothing, and so is everything that the facts leave open.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::WheelSource;
use super::families::anchor;
use crate::packaging::target::{Backend, Platform, Python};
use crate::text::pieces;

#[cfg(test)]
mod tests;

const TEXT: &str = include_str!("releases.tsv");

/// The columns of each line, split on first use.
static LINES: LazyLock<Vec<Vec<&str>>> =
    LazyLock::new(|| TEXT.lines().map(|line| pieces(line, b'\t').collect()).collect());

/// The lines of one kind, their columns behind the kind.
fn lines(kind: &str) -> impl Iterator<Item = &'static [&'static str]> {
    LINES.iter().filter_map(move |columns| columns.split_first().filter(|(own, _)| **own == kind).map(|(_, rest)| rest))
}

/// `2.7` for 2.7.1 and 2.7.1+cu118.
fn minor_of(version: &Version) -> Version {
    let release = version.release();
    Version::new([release.first().copied().unwrap_or(0), release.get(1).copied().unwrap_or(0)])
}

/// The rows of one of the two matrices, ascending.
fn matrix(kind: &str) -> Vec<(Version, Vec<Backend>)> {
    let mut rows: Vec<(Version, Vec<Backend>)> = lines(kind)
        .filter_map(|columns| match columns {
            [minor, backends] => {
                Some((minor.parse().ok()?, backends.split(' ').map(|text| text.parse().ok()).collect::<Option<_>>()?))
            }
            _ => None,
        })
        .collect();
    rows.sort();
    rows
}

fn listed(kind: &str, version: &Version) -> Option<Vec<Backend>> {
    let minor = minor_of(version);
    matrix(kind).into_iter().find(|(covered, _)| *covered == minor).map(|(_, backends)| backends)
}

/// The CUDA builds of a release; `None` where the matrix does not cover it.
pub fn cuda_of(version: &Version) -> Option<Vec<Backend>> {
    listed("cuda", version)
}

/// The newest ROCm build of a release; builds for an older ROCm exist beside it. `None` where the matrix does not cover it.
pub fn rocm_of(version: &Version) -> Option<Vec<Backend>> {
    listed("rocm", version)
}

/// Every CUDA that some release has builds for, ascending.
pub fn all_cuda() -> Vec<Backend> {
    all("cuda")
}

/// Every ROCm that is listed for some release, ascending.
pub fn all_rocm() -> Vec<Backend> {
    all("rocm")
}

fn all(kind: &str) -> Vec<Backend> {
    matrix(kind).into_iter().flat_map(|(_, backends)| backends).collect::<BTreeSet<_>>().into_iter().collect()
}

/// True if the matrix leaves out builds for this backend from this release on, so that it proves nothing about them.
fn is_unlisted(version: &Version, backend: Backend) -> bool {
    lines("unlisted").any(|columns| {
        let [name, since] = columns else { return false };
        let since: Option<Version> = since.parse().ok();
        name.parse() == Ok(backend) && since.is_some_and(|since| since <= minor_of(version))
    })
}

/// The first minor release with builds for a CUDA version; `None` if the matrix does not say.
pub fn first_with(backend: Backend) -> Option<Version> {
    let rows = matrix("cuda");
    let at = rows.iter().position(|(_, backends)| backends.contains(&backend))?;
    // The builds of the oldest row may be older than the matrix.
    (at > 0).then(|| rows.get(at).map(|(minor, _)| minor.clone()))?
}

/// Of a release newer than the matrix: the last minor release with builds for a CUDA version that the newest one there has
/// not any more, and that newest one. `None` where the matrix has no end.
pub fn ended(version: &Version, backend: Backend) -> Option<(Version, Version)> {
    let rows = matrix("cuda");
    let (newest, _) = rows.last().filter(|(newest, _)| *newest < minor_of(version))?;
    let (last, _) = rows.iter().rev().find(|(_, backends)| backends.contains(&backend))?;
    (last < newest && !is_unlisted(version, backend)).then(|| (last.clone(), newest.clone()))
}

/// The kinds of builds ([`Backend::kind`]) that a package has at all; `None` where that is not known.
pub fn kinds_of(package: &PackageName) -> Option<Vec<&'static str>> {
    lines("kinds").find_map(|columns| match columns {
        [name, kinds] if *name == package.as_ref() => Some(kinds.split(' ').collect()),
        _ => None,
    })
}

/// False for a build of a kind that a package does not have at all.
pub fn may_have(package: &PackageName, backend: Backend) -> bool {
    kinds_of(package).is_none_or(|kinds| kinds.contains(&backend.kind()))
}

/// True for a release of a package that is otherwise built per backend, of which one wheel serves every build.
pub fn has_one_build(package: &PackageName, version: &Version) -> bool {
    is_since("one", package, version)
}

/// True for a release that goes with the torch of the same number, whether or not its wheels ask for that.
pub fn is_numbered_as_torch(package: &PackageName, version: &Version) -> bool {
    is_since("number", package, version)
}

/// True from the release on that a line of a kind names for a package.
fn is_since(kind: &str, package: &PackageName, version: &Version) -> bool {
    let public = version.clone().without_local();
    lines(kind).any(|columns| match columns {
        [name, since] if *name == package.as_ref() => since.parse::<Version>().is_ok_and(|since| since <= public),
        _ => false,
    })
}

/// The first release of torch with a kind of build on a platform. `Some(None)`: none has one so far; `None`: not known.
pub fn first_on(platform: Platform, backend: Backend) -> Option<Option<Version>> {
    lines("platform").find_map(|columns| match columns {
        [on, kind, first] if *on == platform.as_str() && *kind == backend.kind() => Some(first.parse().ok()),
        _ => None,
    })
}

/// True if the wheels of a release were compiled with the ABI of C++11; `None` where that is not known.
pub fn has_new_abi(version: &Version, backend: Option<Backend>, platform: Platform) -> Option<bool> {
    let minor = minor_of(version);
    let mut there = lines("abi").filter(|columns| columns.first() == Some(&platform.as_str())).peekable();
    there.peek()?;
    let begun = there.any(|columns| match columns {
        [_, build, first] => {
            let is_of = *build == "*" || backend.is_some_and(|backend| build.parse() == Ok(backend));
            is_of && first.parse::<Version>().is_ok_and(|first| first <= minor)
        }
        _ => false,
    });
    // Before, PyTorch built what it built for Linux on Intel with the older one.
    (begun || platform == Platform::LinuxX86_64).then_some(begun)
}

/// True for a release of torch that no catalogue knows, of the minor release of another one: it may have what that one has.
pub fn may_follow(source: &dyn WheelSource, version: &Version, last: &Version) -> bool {
    let is_known = || anchor().is_some_and(|torch| source.versions(&torch).contains(version));
    minor_of(version) == minor_of(last) && !is_known()
}

/// Why a build was never made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeverBuilt {
    /// The GPU builds that the release has: those of the matrix and those in the catalogue, ascending.
    pub has: Vec<Backend>,
    /// The oldest release with the wanted build that the catalogue knows, if the wanted release is too old.
    pub begins: Option<Version>,
    /// The newest release with the wanted build that the catalogue knows, if the wanted release is too new.
    pub ends: Option<Version>,
}

/// True for a release older than the matrix, and a CUDA version that begins inside it: what came later was not built for.
fn is_before(version: &Version, backend: Backend) -> bool {
    let oldest = matrix("cuda").into_iter().next().map(|(minor, _)| minor);
    oldest.is_some_and(|oldest| minor_of(version) < oldest) && first_with(backend).is_some()
}

/// Finds out if a build of a release of torch was never made: the matrix covers the release and does not list it, or begins
/// later and knows the build's first release, and the catalogue has no wheel of it either. `None` means only that this is
/// not proven.
///
/// The matrix names only the newest ROCm, so of ROCm only a newer one is proven not to be. XPU and CPU builds are not
/// in the matrix, nor are nightly builds, which were made for what the release was not.
pub fn never_built(source: &dyn WheelSource, version: &Version, backend: Backend) -> Option<NeverBuilt> {
    if version.is_dev() {
        return None;
    }
    let listed = match backend {
        Backend::Cuda(..) if is_before(version, backend) => Vec::new(),
        Backend::Cuda(..) => cuda_of(version)?,
        Backend::Rocm(..) => rocm_of(version).filter(|newest| newest.iter().all(|listed| *listed < backend))?,
        Backend::Cpu | Backend::Xpu => return None,
    };
    if listed.contains(&backend) || is_unlisted(version, backend) {
        return None;
    }
    let minor = minor_of(version);
    let mut has: Vec<Backend> = cuda_of(version).unwrap_or_default();
    has.extend(rocm_of(version).unwrap_or_default());
    let mut with: Vec<Version> = Vec::new();
    for (public, built) in source.builds(&anchor()?) {
        let same_minor = minor_of(&public) == minor;
        match built == backend {
            true if same_minor => return None,
            true => with.push(public),
            false if same_minor && built.is_gpu() => has.push(built),
            false => {}
        }
    }
    has.sort_unstable();
    has.dedup();
    let begins = with.iter().min().filter(|first| *first > version).cloned();
    let ends = with.iter().max().filter(|last| *last < version).cloned();
    Some(NeverBuilt { has, begins, ends })
}

/// The first and the last release with wheels for a CPython on a platform. No last one: it has not ended. `None`: no
/// release has such wheels.
pub fn python_range(platform: Platform, python: Python) -> Option<(Version, Option<Version>)> {
    let python = python.to_string();
    lines("python").find_map(|columns| match columns {
        [on, minor, first, last] if *on == platform.as_str() && *minor == python => {
            Some((first.parse().ok()?, last.parse().ok()))
        }
        _ => None,
    })
}

/// The first and the last release with wheels for a platform, whatever the Python. No last one: it has not ended.
pub fn platform_range(platform: Platform) -> Option<(Version, Option<Version>)> {
    let ranges: Vec<(Version, Option<Version>)> =
        (0..=u8::MAX).filter_map(|minor| python_range(platform, Python::three(minor))).collect();
    let first = ranges.iter().map(|(first, _)| first.clone()).min()?;
    let open = ranges.iter().any(|(_, last)| last.is_none());
    let last = ranges.into_iter().filter_map(|(_, last)| last).max();
    Some((first, last.filter(|_| !open)))
}

/// True for a release that has no wheel for a platform although its neighbours do: 1.9.1 on macOS arm64.
pub fn is_skipped(platform: Platform, version: &Version) -> bool {
    let public = version.clone().without_local();
    lines("skipped").any(|columns| match columns {
        [on, skipped] => *on == platform.as_str() && skipped.parse::<Version>().is_ok_and(|skipped| skipped == public),
        _ => false,
    })
}
