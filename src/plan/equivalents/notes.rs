//! Notes on packages with two names: builds that could be had, and what an installed GPU build still needs.

use std::collections::BTreeSet;

use pep440_rs::Version;
use pep508_rs::{ExtraName, PackageName};

use super::search::Search;
use super::{Also, Way, ways};
use crate::catalog::equivalents::How;
use crate::catalog::modules::{self, LoadedBy};
use crate::catalog::{equivalents, is_torch, library_of};
use crate::lock::{Entry, SelectedPackage};
use crate::packaging::target::Backend;
use crate::plan::{Line, Planner};

/// Notes on CPU builds that stay though there is a GPU build of their release for the target, on those that replace
/// another release, and builds for GPUs of which nothing brings or loads the libraries. `lines` is what is installed.
pub(crate) fn notes(planner: &Planner<'_>, also: &Also, lines: &[Line]) -> Vec<String> {
    let Planner { view, selection, request, .. } = *planner;
    let has_libraries = lines.iter().any(|line| library_of(&line.name).is_some());
    // It is left out, and there all the same.
    let is_in_image = selection.unemitted.iter().any(|(package, _)| is_torch(&view.entries[package.entry].name));
    let is_for_gpu = matches!(request.backend, Some(Backend::Cuda(..)));
    let mut notes = Vec::new();
    for package in &selection.packages {
        let entry = &view.entries[package.entry];
        if is_for_gpu
            && !has_libraries
            && let Some(note) = without_extras(entry, &package.extras, also)
        {
            notes.push(note);
            continue;
        }
        let ways = ways(&entry.name, request.backend);
        if ways.iter().any(|way| also.takes(way)) {
            let stub = lines.iter().find(|line| line.entry == Some(package.entry)).and_then(|line| line.pin()?.stub());
            let Some(stub) = stub else { continue };
            let version = stub.version.clone().without_local();
            notes.extend(other_release(entry, &version, &stub.stands_for, view.project.is_some()));
            let gpu_build = gpu_build(&stub.stands_for, &version, also);
            notes.extend(gpu_build.and_then(|way| unloaded(&way, &version, lines, is_in_image)));
        } else if is_for_gpu {
            let search = Search { planner: *planner, also: &Also::default(), family: &[] };
            notes.extend(could_be(entry, package, &ways, has_libraries, &search));
        }
    }
    notes
}

/// The GPU build that a CPU build could be.
fn could_be(
    entry: &Entry,
    package: &SelectedPackage,
    ways: &[Way],
    has_libraries: bool,
    search: &Search<'_>,
) -> Option<String> {
    let Planner { view, selection, .. } = search.planner;
    let is_locked = |name: &PackageName| selection.packages.iter().any(|one| view.entries[one.entry].name == *name);
    if ways.is_empty() || ways.iter().any(|way| *way.to() != entry.name && is_locked(way.to())) {
        return None;
    }
    let (version, way) = search.chosen(entry, ways).ok()?;
    let name = &entry.name;
    let to = way.to();
    match way.range.how {
        How::Instead => Some(format!("{name} {version} stays its CPU build; --also {name} takes {to} {version}")),
        How::Beside(third) => {
            Some(format!("{name} {version} runs only on the CPU; --also {third} adds {to} {version}"))
        }
        How::Extra if has_libraries || way.range.extras.iter().all(|extra| package.extras.contains(extra)) => None,
        How::Extra => {
            let extras: Vec<&str> = way.range.extras.iter().map(AsRef::as_ref).collect();
            let extras = extras.join(",");
            Some(format!("{name} {version} finds no CUDA libraries; --also {name} adds those of {name}[{extras}]"))
        }
    }
}

/// Another release than the locked one takes its place. `is_admitted`: by the lock, all packages that require it accept
/// that.
fn other_release(entry: &Entry, version: &Version, to: &PackageName, is_admitted: bool) -> Option<String> {
    let locked = entry.version.as_ref().filter(|locked| *locked != version)?;
    let name = &entry.name;
    let unknown =
        format!("; this lock does not say whether all that need {name} accept that release; an installer checks it");
    let unknown = if is_admitted { "" } else { &unknown };
    Some(format!(
        "{to} {version} is the nearest release for the target, and takes the place of {name} {locked}{unknown}"
    ))
}

/// A release of a GPU build that is asked for, whether it is locked or takes the place of what is.
fn gpu_build(name: &PackageName, version: &Version, also: &Also) -> Option<Way> {
    let mut ways = equivalents::of_gpu(name).map(|range| Way { range, to_gpu: true });
    ways.find(|way| way.range.has(version) && also.takes(way))
}

/// A GPU build of which nothing brings or loads the libraries.
fn unloaded(way: &Way, version: &Version, lines: &[Line], is_torch_in_image: bool) -> Option<String> {
    let to = way.to();
    if let Some((library, major)) = way.range.needs
        && !lines.iter().any(|line| library_of(&line.name) == Some(library))
    {
        let (cuda, _) = way.range.cuda;
        return Some(format!(
            "{to} {version} brings no libraries along: CUDA {cuda} and {library} {major} must come with torch or the image"
        ));
    }
    let needy = modules::needy(to.as_ref(), version).filter(|needy| needy.needs == LoadedBy::Torch)?;
    let has_torch = is_torch_in_image || lines.iter().any(|line| is_torch(&line.name));
    (!has_torch).then(|| format!("{to} {version} {}: {}", needy.message, needy.help))
}

/// A GPU build that is locked, and so stays as it is, without the extras that bring CUDA's libraries.
fn without_extras(entry: &Entry, extras: &BTreeSet<ExtraName>, also: &Also) -> Option<String> {
    let version = entry.version.as_ref()?;
    let way = gpu_build(&entry.name, version, also)?;
    let lacking: Vec<String> =
        way.range.extras.iter().filter(|extra| !extras.contains(extra)).map(ToString::to_string).collect();
    (!lacking.is_empty()).then(|| {
        let (name, (cuda, _)) = (&entry.name, way.range.cuda);
        let extras = lacking.join(",");
        format!(
            "{name} {version} is the GPU build and stays as locked, without [{extras}]: CUDA {cuda}'s libraries must come \
             with torch or the image, or lock {name}[{extras}]"
        )
    })
}
