//! Wheels that the lock names by their URL or their label, and that do not install on the environment: an installer would
//! stop at them.

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::Planner;
use super::closure::Resolution;
use super::family::FamilyPackage;
use super::files::lacks_file;
use crate::catalog::{BoundBuild, MadeFor};
use crate::lock::{Origin, emit};
use crate::packaging::address;
use crate::packaging::marker::Condition;
use crate::packaging::wheel::WheelName;
use crate::report::error::{Code, Problem};

/// True if the label of a release says which torch or which GPU it was built for. Others number a package anew.
fn names_build(name: &PackageName, version: &Version) -> bool {
    version.is_local() && (MadeFor::of(version).is_some() || BoundBuild::of(name, Some(version)).is_some())
}

/// One problem for each of them that would be written as it is.
pub(super) fn unfit(
    planner: &Planner<'_>,
    members: &[FamilyPackage],
    chosen: &Resolution,
    removed: &[usize],
) -> Vec<Problem> {
    let Planner { view, selection, request, knowledge } = *planner;
    let mut problems = Vec::new();
    for (index, package) in
        selection.packages.iter().enumerate().filter(|(_, package)| package.condition == Condition::Always)
    {
        let entry = &view.entries[package.entry];
        let is_one_build = match &entry.origin {
            Origin::Url(place) | Origin::File(place) => address::file_name(place).parse::<WheelName>().is_ok(),
            // A label names one build of a release, and the lock the files that there are of it.
            Origin::Index(_) => entry.version.as_ref().is_some_and(|version| names_build(&entry.name, version)),
            Origin::Git(_) | Origin::Directory(_) => false,
        };
        let replaced = removed.contains(&index)
            || members.iter().any(|member| member.package == index)
            || chosen.get(&entry.name).is_some_and(|choice| choice.pin.is_some());
        if replaced || !is_one_build || !lacks_file(entry, request.environment, knowledge) {
            continue;
        }
        let message = format!("the wheel of {} does not install on {}", entry.name, request.environment.platform);
        let help = format!("lock one for it, limit the line to its platform with a marker, or {}", emit::help(entry));
        let problem = Problem::new(Code::Impossible, message).under(request.environment.python).help(help);
        problems.push(view.point(problem, package.entry));
    }
    problems
}
