//! Another release, where there is none of the locked number for the target.

use pep440_rs::Version;

use super::Way;
use super::offered::had;
use super::search::Search;
use super::why::{near, other_library};
use crate::catalog::equivalents::How;
use crate::lock::Entry;
use crate::packaging::target::Backend;

impl Search<'_> {
    /// The release nearest to a locked one that is there for the target, and that all in the lock that ask for the package
    /// admit: the stub has its number.
    pub(super) fn nearest(&self, entry: &Entry, locked: &Version, ways: &[Way]) -> Option<Version> {
        let backend = self.request.backend.unwrap_or(Backend::Cpu);
        // What is beside the locked release, or is that itself, has its number.
        let suits = |way: &&Way| way.range.how == How::Instead && way.suits(backend);
        let suiting = ways.iter().filter(suits).filter(|way| other_library(way, self.family).is_none());
        let there = suiting.flat_map(|way| had(way, self.request.environment.platform, self.knowledge));
        let mut there: Vec<Version> = there.filter(|version| self.is_admitted(entry, version)).collect();
        there.sort();
        there.reverse();
        near(&there, locked).cloned()
    }

    /// True if no requirement on a package is known that a release does not meet.
    fn is_admitted(&self, entry: &Entry, version: &Version) -> bool {
        let Self { view, selection, .. } = self;
        let packages = selection.packages.iter().chain(selection.unemitted.iter().map(|(package, _)| package));
        let needs = packages.flat_map(|package| package.needs.iter().flatten()).map(|(requirement, _)| requirement);
        let asked =
            view.project.iter().flat_map(|project| project.groups.values().flatten()).map(|one| &one.requirement);
        selection.allows(&entry.name, version)
            && needs.chain(asked).all(|one| one.name != entry.name || one.versions.admits(version))
    }
}
