//! Wheels that stay as they are locked, though nobody here knows what they require: the lock is taken at its word, the
//! summary says so, and an index may be asked.

use super::closure::{Provider, Resolution};
use super::knowledge::WheelRequirements;
use super::labelled::indexes;
use super::{Decision, Kept, LockView, Planner, Request, What};
use crate::catalog::{WheelRow, build_of_label, is_gpu_runtime};
use crate::lock::requirements::GlobalOption;
use crate::lock::{Entry, Origin};
use crate::packaging::address;
use crate::report::{LockedPlace, Missing};

/// The question to an index about a wheel that stays: for one that a catalogue knows, its requirements; else the wheel,
/// too. `None` where it lies on no index, or the lock has no digest to know it by.
pub(super) fn question(
    view: LockView<'_>,
    entry: &Entry,
    row: Option<&WheelRow>,
    request: &Request<'_>,
) -> Option<Missing> {
    let package = entry.name.clone();
    if let Some(row) = row {
        return Some(Missing::Requirements { package, version: row.wheel.version.clone(), sha256: row.sha256 });
    }
    let digests = entry.files.iter();
    let files: Vec<_> =
        digests.filter_map(|file| Some((file.name.map(str::to_owned), file.digest.sha256()?))).collect();
    let places = places(entry, view.options, request);
    let platform = request.environment.platform;
    let version = entry.version.clone().filter(|_| !files.is_empty() && !places.is_empty())?;
    Some(Missing::Kept { package, version, platform, files, places })
}

/// The places that a lock has an entry from. An index of PyTorch's that the lock left to a command line is that of the
/// label's build, and for GPU libraries that of the build that is asked for.
fn places(entry: &Entry, options: Option<&[GlobalOption]>, request: &Request<'_>) -> Vec<LockedPlace> {
    let index = |url: &str| LockedPlace::Index(url.to_owned());
    let own = match &entry.origin {
        Origin::Url(url) => return vec![LockedPlace::File(url.clone())],
        Origin::Git(_) | Origin::File(_) | Origin::Directory(_) => return Vec::new(),
        Origin::Index(Some(url)) => vec![index(url)],
        Origin::Index(None) => match indexes(options.unwrap_or_default()) {
            Some((named, more)) => {
                [named.map_or(LockedPlace::Default, index)].into_iter().chain(more.map(index)).collect()
            }
            None => Vec::new(),
        },
    };
    let label = entry.version.as_ref().and_then(build_of_label);
    let build = label.or(request.backend.filter(|_| is_gpu_runtime(&entry.name)));
    let folder = build.map(|build| index(&format!("{}/{build}", address::PYTORCH)));
    own.into_iter().chain(folder).collect()
}

/// The GPU libraries that the family needs and that stay: which, and what may be asked.
pub(super) fn libraries(planner: &Planner<'_>, chosen: &Resolution) -> Vec<(Decision, Option<Missing>)> {
    let Planner { view, request, knowledge, .. } = *planner;
    let libraries = chosen.iter().filter(|(name, choice)| choice.pin.is_none() && is_gpu_runtime(name));
    let unknown = libraries.filter_map(|(name, choice)| {
        let Provider::Selected(index) = choice.from else { return None };
        let entry = planner.entry(index);
        let version = entry.version.as_ref()?;
        let row = knowledge.wheel_for(name, version, request.environment);
        let WheelRequirements::Unknown(why) = knowledge.requires_of(row.as_deref(), request.environment.platform)
        else {
            return None;
        };
        let what = What::Kept(Kept::Unproven(why));
        let decision = Decision { name: name.clone(), from: Some(version.clone()), what };
        Some((decision, question(view, entry, row.as_deref(), request)))
    });
    unknown.collect()
}
