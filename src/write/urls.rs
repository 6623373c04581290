//! Lines from a `pylock.toml` or a `uv.lock` that name the one file that is taken, by its URL.
//!
//! A requirements file has them for what lies on an index of its own: the lock has the address of every file, so an output
//! need not make pip search another index beside the default one. A `pylock.toml` has them for packages that list files of
//! two versions, which no installer takes.

use std::rc::Rc;

use crate::catalog::pin::Pin;
use crate::lock::pylock::PylockPackage;
use crate::lock::{Entry, Lock, LockedDigest, Origin};
use crate::packaging::address;
use crate::packaging::target::Environment;
use crate::plan::{Replacement, TargetPlan};
use crate::report::DigestSource;

/// The plan with such pins for a requirements file, each the file that an installer takes there.
pub(super) fn pinned(lock: &Lock, plan: &TargetPlan) -> TargetPlan {
    // A line with a version does not fit the file that has the other one.
    let is_elsewhere = |entry: &Entry| matches!(entry.origin, Origin::Index(Some(_)));
    pin_all(lock, plan, |entry, package| is_elsewhere(entry) || package.kind.is_of_two_versions())
}

/// The plans with such pins for a `pylock.toml`; `None`: none is needed.
pub(super) fn of_one_version(lock: &Lock, plans: &[TargetPlan]) -> Option<Vec<TargetPlan>> {
    lock.packages()
        .iter()
        .any(|package| package.kind.is_of_two_versions())
        .then(|| plans.iter().map(|plan| pin_all(lock, plan, |_, package| package.kind.is_of_two_versions())).collect())
}

fn pin_all(lock: &Lock, plan: &TargetPlan, is_pinned: impl Fn(&Entry, &PylockPackage) -> bool) -> TargetPlan {
    let mut plan = plan.clone();
    for environment in &mut plan.environments {
        let here = environment.environment;
        for line in environment.lines.iter_mut().filter(|line| line.pin().is_none()) {
            let locked = line.entry.and_then(|index| Some((lock.entries().get(index)?, lock.packages().get(index)?)));
            let locked = locked.filter(|(entry, package)| is_pinned(entry, package));
            let pin = locked.and_then(|(entry, package)| pin(lock, entry, package, here)).map(Rc::new);
            line.replacement = pin.map(|pin| Replacement { name: line.name.clone(), pin, requires: None });
        }
    }
    plan
}

fn pin(lock: &Lock, entry: &Entry, package: &PylockPackage, environment: Environment) -> Option<Pin> {
    let Origin::Index(from) = &entry.origin else { return None };
    let file = package.taken(environment)?;
    // pip takes the file's name from the address: one that says another is no place to send it to.
    let url = file.url().filter(|url| address::file_name(url) == file.name)?;
    let sha256 = file.digests.iter().find_map(LockedDigest::sha256)?;
    let witness = DigestSource {
        catalogue: lock.sources().first()?.file_name().to_owned(),
        index: from.clone().unwrap_or_default(),
        seen: 0,
        computed: false,
        overrides: None,
    };
    let url = address::encoded(address::without_query(url));
    let of_wheel = file.wheel.as_ref().map(|wheel| wheel.version.clone());
    let (version, size) = (of_wheel.or_else(|| entry.version.clone())?, file.size);
    Some(Pin::Url { version, file: file.name.clone(), url, sha256, size, witness })
}
