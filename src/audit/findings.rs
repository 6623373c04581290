//! Findings in the order of the lock; those that say the same of several Pythons are one.

use std::collections::BTreeMap;

use crate::lock::{Lock, Position};
use crate::report::audit::AuditFinding;
use crate::report::error::NamedTarget;
use crate::report::rule::Rule;
use crate::text::Place;

/// The most findings of one rule: a fault of every line of a file need not be reported for each.
const MOST: usize = 1000;

/// Findings while they are collected.
pub(super) struct Findings<'l> {
    lock: &'l Lock,
    /// The target that is looked at, if it has a name.
    pub(super) target: Option<String>,
    /// By entry, those about no entry first.
    found: BTreeMap<(Option<usize>, Rule), Vec<AuditFinding>>,
    counts: BTreeMap<Rule, usize>,
}

impl<'l> Findings<'l> {
    pub(super) fn new(lock: &'l Lock) -> Self {
        Self { lock, target: None, found: BTreeMap::new(), counts: BTreeMap::new() }
    }

    /// Adds one about the lock, or about something beside it.
    pub(super) fn add(&mut self, finding: AuditFinding) {
        self.put(None, finding);
    }

    /// Adds one about an entry.
    pub(super) fn about(&mut self, entry: usize, finding: AuditFinding) {
        let Some(about) = self.lock.entries().get(entry) else { return };
        let finding = AuditFinding {
            package: Some(about.name.to_string()),
            version: about.version.as_ref().map(ToString::to_string),
            ..finding
        };
        self.put(Some(entry), finding);
    }

    fn put(&mut self, entry: Option<usize>, finding: AuditFinding) {
        let rule = finding.rule;
        let targets = self.target.iter().map(|name| NamedTarget::new(name)).collect();
        let finding = AuditFinding { targets, ..finding };
        let known = self.found.entry((entry, rule)).or_default();
        let left = unabsorbed(known, finding);
        let count = self.counts.entry(rule).or_default();
        if *count < MOST {
            *count += usize::from(left.is_some());
            known.extend(left);
        }
    }

    /// All of them.
    pub(super) fn into_all(self) -> Vec<AuditFinding> {
        let lock = self.lock;
        let mut all = Vec::new();
        for ((entry, _), found) in self.found {
            let at = entry.and_then(|entry| lock.entries().get(entry)).map(|entry| entry.at);
            // The place is looked up last: to count lines takes longer than all the rest.
            let own = at.and_then(|at| place(lock, at)).map(Box::new);
            // Again: the Pythons of two targets are complete only in the end.
            let mut reported: Vec<AuditFinding> = Vec::with_capacity(found.len());
            for finding in found {
                let left = unabsorbed(&mut reported, finding);
                reported.extend(left);
            }
            all.extend(reported.into_iter().map(|finding| {
                let place = finding.place.or_else(|| own.clone());
                AuditFinding { place, ..finding }
            }));
        }
        all
    }
}

/// A finding that none of those that are known says already.
fn unabsorbed(known: &mut [AuditFinding], finding: AuditFinding) -> Option<AuditFinding> {
    known.iter_mut().try_fold(finding, |finding, one| one.absorb(finding))
}

/// The place of a position in a lock.
pub(super) fn place(lock: &Lock, at: Position) -> Option<Place> {
    lock.sources().get(at.source).map(|source| source.place(at.span))
}
