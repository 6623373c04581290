//! The lines of a plan, and what takes the place of an entry.

use std::cmp::Ordering;
use std::rc::Rc;

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::WheelRequirement;
use crate::catalog::pin::Pin;
use crate::lock::Entry;
use crate::packaging::marker::{Condition, Extras};

/// One package of an output on one environment.
#[derive(Debug, Clone)]
pub struct Line {
    /// The package.
    pub name: PackageName,
    /// With these extras.
    pub extras: Extras,
    /// When.
    pub condition: Condition,
    /// The entry of the lock that it is or replaces.
    pub entry: Option<usize>,
    /// The replacement or addition; `None`: the entry is as locked.
    pub replacement: Option<Replacement>,
}

impl Line {
    /// Its pin; `None`: as in the lock.
    pub fn pin(&self) -> Option<&Pin> {
        self.replacement.as_ref().map(|replacement| &*replacement.pin)
    }

    /// Its version: that of its pin, else the locked one.
    pub fn version<'a>(&'a self, entries: &'a [Entry]) -> Option<&'a Version> {
        self.pin().map(Pin::version).or_else(|| entries.get(self.entry?)?.version.as_ref())
    }
}

/// The package that takes the place of an entry, or is added. It may have another name than the entry: some packages have
/// one name on CPUs and another on GPUs.
///
/// Two are the same if package and pin are: what the wheel requires follows from these.
#[derive(Debug, Clone)]
pub struct Replacement {
    /// The package.
    pub name: PackageName,
    /// Its pin.
    pub pin: Rc<Pin>,
    /// The requirements of its wheel, where they are known.
    pub requires: Option<Rc<[WheelRequirement]>>,
}

impl Replacement {
    fn key(&self) -> (&PackageName, &Pin) {
        (&self.name, &self.pin)
    }
}

impl PartialEq for Replacement {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Replacement {}

impl PartialOrd for Replacement {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Replacement {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}
