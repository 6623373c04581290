//! Wheels of packages beside torch's family that were compiled against one minor release of torch and one C++ interface:
//! only with those do they load.

use std::rc::Rc;

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::knowledge::Rows;
use super::{Request, refusal};
use crate::catalog::{Abi, Index, WheelRow, fitting, is_projects};
use crate::packaging::target::{Backend, Platform};
use crate::report::error::{Code, Problem};

/// The torch that is installed in the end.
#[derive(Debug, Clone)]
pub(super) struct Torch {
    /// With its local label.
    pub(super) version: Version,
    /// Its build.
    pub(super) backend: Option<Backend>,
}

impl Torch {
    fn abi(&self, platform: Platform) -> Option<Abi> {
        Abi::of_torch(&self.version, self.backend, platform)
    }

    /// Why a wheel does not load with it: the end of a sentence that begins with the wheel's name.
    fn contradicts(&self, row: &WheelRow, platform: Platform) -> Option<String> {
        let (made, abi) = row.made_for();
        if let Some(made) = made.filter(|made| !made.fits(&self.version)) {
            return Some(format!("is made for {}", made.spoken()));
        }
        let is_linux = matches!(platform, Platform::LinuxX86_64 | Platform::LinuxAarch64);
        let abi = abi.filter(|_| is_linux)?;
        match self.abi(platform) {
            Some(own) if own == abi => None,
            Some(own) => Some(format!("has {}, and this torch has {}", abi.spoken(), own.spoken())),
            None => Some(format!("has {}, and which of the two this torch has is not known", abi.spoken())),
        }
    }
}

/// True if a wheel of a project's package loads with torch.
pub(super) fn loads(row: &WheelRow, torch: Option<&Torch>, request: &Request<'_>) -> bool {
    !is_projects(&row.wheel.name)
        || torch.is_none_or(|torch| torch.contradicts(row, request.environment.platform).is_none())
}

/// Those of a release's wheels that load with torch.
pub(super) fn loading(rows: &Rows, torch: Option<&Torch>, request: &Request<'_>) -> Rows {
    if rows.iter().all(|row| loads(row, torch, request)) {
        return Rc::clone(rows);
    }
    rows.iter().filter(|row| loads(row, torch, request)).map(Rc::clone).collect()
}

/// There are wheels of the build, and none of them loads with torch: why, and which file would.
pub(super) fn none_loads(rows: &[&WheelRow], wanted: Backend, torch: &Torch, request: &Request<'_>) -> Option<Problem> {
    let platform = request.environment.platform;
    let (row, why) = rows.iter().find_map(|row| Some((row, torch.contradicts(row, platform)?)))?;
    let (name, release) = (&row.wheel.name, row.wheel.public_version());
    let message = format!(
        "no wheel of {name} {release} that the catalogue knows for {platform} loads with torch {}: {} {why}",
        torch.version, row.wheel
    );
    Some(Problem::new(Code::Unknown, message).under(request.environment.python).help(remedy(
        row,
        wanted,
        Some(torch),
        request,
    )))
}

/// The file that would fit, where its name can be determined, and how it is learned.
pub(super) fn remedy(row: &WheelRow, wanted: Backend, torch: Option<&Torch>, request: &Request<'_>) -> String {
    let platform = request.environment.platform;
    let file = torch
        .and_then(|torch| fitting(&row.wheel, &torch.version, torch.abi(platform), wanted, request.environment.python));
    let file = file.map(|file| format!("the file that fits is called {file}; ")).unwrap_or_default();
    format!("{file}{}", learn(&row.wheel.name, &row.wheel.public_version(), wanted, &row.index))
}

/// The command that learns a wheel from the page on which another of the release was found.
fn learn(name: &PackageName, release: &Version, wanted: Backend, index: &Index) -> String {
    let page = page_of(index).unwrap_or_else(|| "URL".to_owned());
    refusal::learn_from(name, release, wanted, &format!(" --find-links {page}"))
}

/// The page of a release on GitHub, below which its files lie.
fn page_of(index: &Index) -> Option<String> {
    let (repository, tag) = index.as_str().strip_prefix("https://github.com/")?.split_once("/releases/download/")?;
    Some(format!("https://github.com/{repository}/releases/tag/{tag}"))
}

/// True if anything at all says which torch a wheel was made for.
pub(super) fn is_tied(row: &WheelRow) -> bool {
    let (made, abi) = row.made_for();
    made.is_some() || abi.is_some()
}
