//! The size of downloads, as far as it is known: a catalogue's row has it, or the lock. Unknown sizes are counted.

use std::collections::BTreeMap;

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::labelled::fittest;
use super::{EnvironmentPlan, Knowledge, TargetPlan};
use crate::catalog::pin::Pin;
use crate::lock::{Lock, Origin, Selection};
use crate::packaging::digest::Sha256;
use crate::packaging::marker::Condition;
use crate::packaging::target::Environment;
use crate::report::{DownloadSize, PythonDownload};

/// Finds what a plan's output downloads under each of its Pythons, and what the lock would as it is.
pub fn size(lock: &Lock, plan: &mut TargetPlan, knowledge: &Knowledge<'_>) {
    let each = plan
        .environments
        .iter()
        .zip(&plan.selections)
        .map(|(plan, selection)| download(lock, plan, selection, knowledge));
    plan.downloads = each.collect();
}

fn download(lock: &Lock, plan: &EnvironmentPlan, selection: &Selection, knowledge: &Knowledge<'_>) -> PythonDownload {
    let [mut output, mut locked, mut difference] = [const { DownloadSize { bytes: 0, unknown: Vec::new() } }; 3];
    // Packages that only the lock installs stay here.
    let mut gone: BTreeMap<usize, (&PackageName, Option<i64>)> = BTreeMap::new();
    let provided = selection.unemitted.iter().filter(|(_, why)| why.is_provided()).map(|(package, _)| package);
    for one in selection.packages.iter().chain(provided).filter(|one| one.condition != Condition::Never) {
        let size = of_entry(lock, one.entry, plan.environment, knowledge);
        if let (Some(size), Some(entry)) = (size, lock.entries().get(one.entry))
            && gone.insert(one.entry, (&entry.name, size)).is_none()
        {
            locked.add(entry.name.as_ref(), size);
        }
    }
    for line in plan.lines.iter().filter(|line| line.condition != Condition::Never) {
        let as_locked = line.entry.filter(|_| line.replacement.is_none());
        if let Some((_, size)) = as_locked.and_then(|entry| gone.remove(&entry)) {
            output.add(line.name.as_ref(), size);
        } else if let Some(size) = match as_locked {
            Some(entry) => of_entry(lock, entry, plan.environment, knowledge),
            None => line.pin().map(|pin| pinned(&line.name, pin, plan.environment, knowledge)),
        } {
            output.add(line.name.as_ref(), size);
            difference.add(line.name.as_ref(), size);
        }
    }
    for (name, size) in gone.into_values() {
        difference.add(name.as_ref(), size.map(i64::saturating_neg));
    }
    PythonDownload { python: plan.environment.python, output, locked, difference }
}

/// The size of the wheel that is pinned.
fn pinned(name: &PackageName, pin: &Pin, environment: Environment, knowledge: &Knowledge<'_>) -> Option<i64> {
    match pin {
        Pin::Url { size, .. } => size.map(bytes),
        // It lies beside the output: nothing is downloaded.
        Pin::Stub(_) => Some(0),
        Pin::Index { version, files, .. } => {
            in_catalogue(name, version, environment, knowledge, |digest| files.digests().any(|own| own == digest))
        }
    }
}

/// The size of what the lock has; `None`: nothing of it is downloaded.
fn of_entry(lock: &Lock, index: usize, environment: Environment, knowledge: &Knowledge<'_>) -> Option<Option<i64>> {
    let entry = lock.entries().get(index)?;
    match &entry.origin {
        Origin::Directory(_) | Origin::File(_) => return None,
        Origin::Git(_) => return Some(None),
        Origin::Index(_) | Origin::Url(_) => {}
    }
    if let Some(package) = lock.packages().get(index) {
        let wheels = package.kind.files().filter_map(|file| Some((file.wheel.as_ref()?.fit(environment)?, file)));
        let best = wheels.max_by(|one, other| one.0.cmp(&other.0)).map(|(_, file)| file);
        if let Some(size) = best.or(package.kind.files().last()).and_then(|file| file.size) {
            return Some(Some(bytes(size)));
        }
    }
    let Some(version) = entry.version.as_ref() else { return Some(None) };
    // A digest identifies the file, whatever the lock calls it.
    let has = |digest: &Sha256| entry.files.iter().any(|file| file.digest.sha256().as_ref() == Some(digest));
    Some(in_catalogue(&entry.name, version, environment, knowledge, has))
}

/// The size of the file that an installer takes of those with some digests, if a catalogue has it.
fn in_catalogue(
    name: &PackageName,
    version: &Version,
    environment: Environment,
    knowledge: &Knowledge<'_>,
    has: impl Fn(&Sha256) -> bool,
) -> Option<i64> {
    let rows = knowledge.rows(name, version);
    fittest(rows.iter().filter(|row| has(&row.sha256)), environment)?.size.map(bytes)
}

fn bytes(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
