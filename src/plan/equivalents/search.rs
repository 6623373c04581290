//! The release that takes the place of an entry, and its name.

use pep440_rs::Version;

use super::why::{near, no_platform, no_release, no_wheels, other_cuda, other_library};
use super::{Also, Way, had, installs, pythons};
use crate::catalog::equivalents::How;
use crate::lock::{Entry, Origin};
use crate::packaging::target::{Backend, Environment};
use crate::plan::family::FamilyPackage;
use crate::plan::{Planner, refusal};
use crate::report::error::{Code, Problem};

/// The constraints on the release that takes the place of an entry.
pub(super) struct Search<'a> {
    pub(super) planner: Planner<'a>,
    pub(super) also: &'a Also,
    /// The plan for torch's family.
    pub(super) family: &'a [FamilyPackage],
}

impl Search<'_> {
    /// The release that takes the place of an entry, and on which way.
    pub(super) fn chosen<'w>(&self, entry: &Entry, ways: &'w [Way]) -> Result<(Version, &'w Way), Problem> {
        let name = &entry.name;
        let stay = format!("lock another release of {name}, or leave it out of --also, and it stays as locked");
        let Some(version) = &entry.version else {
            return Err(refusal::unpinned(entry));
        };
        if !matches!(entry.origin, Origin::Index(_)) || version.is_local() {
            let message =
                format!("{name} {version} is not a release of an index, so its build for the target is not known");
            return Err(Problem::new(Code::NotPinnable, message).help(stay));
        }
        let same = self.of_release(version, ways, &stay);
        match same {
            // A Python without a wheel is left out, or another one is asked for.
            Err(problem) if self.also.nearest && problem.code == Code::Impossible && problem.pythons.is_empty() => {
                match self.nearest(entry, version, ways) {
                    Some(near) => self.of_release(&near, ways, &stay),
                    None => Err(problem.help(format!(
                        "no other release for the target is allowed by all that require {name}; {stay}"
                    ))),
                }
            }
            decided => decided,
        }
    }

    /// The way to a release of another name.
    fn of_release<'w>(&self, version: &Version, ways: &'w [Way], stay: &str) -> Result<(Version, &'w Way), Problem> {
        let Planner { request, knowledge, .. } = self.planner;
        let backend = request.backend.unwrap_or(Backend::Cpu);
        let Environment { platform, python } = request.environment;
        let is_known = |way: &Way| way.flaw().is_some() || !knowledge.rows(way.to(), version).is_empty();
        let there = |way: &&Way| way.range.has(version) && is_known(way);
        let of_release: Vec<&Way> = ways.iter().filter(there).collect();
        let suiting: Vec<&Way> = of_release.iter().copied().filter(|way| way.suits(backend)).collect();
        let impossible = |message: String| Problem::new(Code::Impossible, message).help(stay);
        let Some(first) = suiting.first() else {
            let is_unknown = |way: &Way| knowledge.versions(way.to()).is_empty();
            return Err(match (of_release.first(), ways.first()) {
                (Some(way), _) => impossible(other_cuda(version, way, ways, backend)),
                (None, Some(way)) if ways.iter().all(is_unknown) => no_wheels(version, way.to()),
                (None, _) => impossible(no_release(version, ways, (backend, platform), knowledge)),
            });
        };
        if let Some(flaw) = first.flaw() {
            return Err(impossible(format!("{} {version} cannot be had: {flaw}", first.to())));
        }
        if !first.is_on(platform) {
            return Err(impossible(format!("{} {version} is no GPU build on {platform}", first.to())));
        }
        let here = |way: &&&Way| {
            let rows = knowledge.rows(way.to(), version);
            rows.iter().any(|row| installs(row, request.environment, knowledge))
        };
        let Some(way) = suiting.iter().find(here) else {
            let to = first.to();
            return Err(match pythons(to, version, platform, knowledge).as_slice() {
                [] => impossible(no_platform(version, to, platform, knowledge)),
                some => {
                    let list = some.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                    impossible(format!("{to} {version} has wheels for CPython {list} on {platform}")).under(python)
                }
            });
        };
        match other_library(way, self.family) {
            Some(what) => Err(impossible(format!("{} {version} {what}", way.to()))),
            None => Ok((version.clone(), way)),
        }
    }

    /// The release nearest to a locked one that is there for the target, and that all in the lock that ask for the package
    /// admit: the stub has its number.
    fn nearest(&self, entry: &Entry, locked: &Version, ways: &[Way]) -> Option<Version> {
        let Planner { request, knowledge, .. } = self.planner;
        let backend = request.backend.unwrap_or(Backend::Cpu);
        // A build beside the locked release, or that release itself, has its number.
        let suits = |way: &&Way| way.range.how == How::Instead && way.suits(backend);
        let suiting = ways.iter().filter(suits).filter(|way| other_library(way, self.family).is_none());
        let there = suiting.flat_map(|way| had(way, request.environment.platform, knowledge));
        let mut there: Vec<Version> = there.filter(|version| self.is_admitted(entry, version)).collect();
        there.sort();
        there.reverse();
        near(&there, locked).cloned()
    }

    /// True if no requirement on a package is known that a release does not meet.
    fn is_admitted(&self, entry: &Entry, version: &Version) -> bool {
        let Planner { view, selection, .. } = self.planner;
        let packages = selection.packages.iter().chain(selection.unemitted.iter().map(|(package, _)| package));
        let needs = packages.flat_map(|package| package.needs.iter().flatten()).map(|(requirement, _)| requirement);
        let asked =
            view.project.iter().flat_map(|project| project.groups.values().flatten()).map(|one| &one.requirement);
        selection.allows(&entry.name, version)
            && needs.chain(asked).all(|one| one.name != entry.name || one.versions.admits(version))
    }
}
