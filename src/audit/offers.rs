//! The files that an index has, where one was asked.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::AuditContext;
use crate::lock::{Lock, Origin};
use crate::packaging::constraint::Constraint;
use crate::packaging::digest::Sha256;
use crate::packaging::wheel::WheelName;
use crate::report::audit::{Audit, Verdict};

/// One file on an index.
#[derive(Debug, Clone)]
pub struct OfferedFile {
    /// Its name.
    pub file: String,
    /// Its digest, if the index gives it.
    pub sha256: Option<Sha256>,
    /// The Pythons it installs under, as written.
    pub requires_python: Option<String>,
    /// True if it was withdrawn.
    pub yanked: bool,
}

/// The files of the packages that an index was asked for.
#[derive(Debug, Clone, Default)]
pub struct Offers(BTreeMap<PackageName, Vec<OfferedFile>>);

impl Offers {
    /// The answers.
    pub fn new(answers: impl IntoIterator<Item = (PackageName, Vec<OfferedFile>)>) -> Self {
        Self(answers.into_iter().collect())
    }

    /// The packages worth asking an index about: those without a wheel somewhere, and those whose files the lock does not
    /// name. Each with its index as the lock has it; `None`: the default one.
    pub fn wanted(lock: &Lock, audit: &Audit) -> BTreeSet<(PackageName, Option<String>)> {
        let open =
            audit.machines.iter().flat_map(|machine| machine.entries.iter().enumerate()).filter(|(_, entry_audit)| {
                entry_audit.selected
                    && matches!(entry_audit.verdict, Verdict::Built(Some(_)) | Verdict::Nothing | Verdict::Unknown)
            });
        let entries = open.filter_map(|(index, _)| lock.entries().get(index));
        let asked = entries.filter_map(|entry| match &entry.origin {
            Origin::Index(index) => Some((entry.name.clone(), index.clone())),
            // The lock does not say where else such a package is.
            Origin::Url(_) | Origin::Git(_) | Origin::File(_) | Origin::Directory(_) => None,
        });
        asked.collect()
    }

    /// The file with a digest.
    pub(super) fn file(&self, name: &PackageName, digest: Sha256) -> Option<&OfferedFile> {
        self.0.get(name)?.iter().find(|offer| offer.sha256 == Some(digest))
    }

    /// The releases with a wheel for a machine. `None` if the package was not asked for.
    pub(super) fn releases(&self, name: &PackageName, here: &AuditContext<'_>) -> Option<BTreeSet<Version>> {
        let fitting = self.0.get(name)?.iter().filter(|offer| !offer.yanked).filter_map(|offer| {
            let wheel: WheelName = offer.file.parse().ok()?;
            wheel.fit_on(here.environment, here.asked.system).ok()?;
            let pythons = offer.requires_python.as_ref().and_then(|text| Constraint::poetry(text).ok());
            let admits = pythons.is_none_or(|pythons| pythons.admits_python(here.environment.python));
            (wheel.name == *name && admits).then(|| wheel.public_version())
        });
        Some(fitting.collect())
    }
}
