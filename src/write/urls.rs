//! Lines of a requirements file from a `pylock.toml`: what lies on an index of its own is named by its URL.
//!
//! The lock has the address of every file, so an output need not make pip search another index beside the default one.

use std::rc::Rc;

use crate::catalog::pin::Pin;
use crate::lock::pylock::Pylock;
use crate::lock::{LockedDigest, Origin};
use crate::packaging::address;
use crate::packaging::target::Environment;
use crate::plan::{Replacement, TargetPlan};
use crate::report::DigestSource;

/// The plan with such pins, each the file that an installer takes there.
pub(super) fn pinned(pylock: &Pylock, plan: &TargetPlan) -> TargetPlan {
    let mut plan = plan.clone();
    for environment in &mut plan.environments {
        let here = environment.environment;
        for line in environment.lines.iter_mut().filter(|line| line.pin().is_none()) {
            let pin = line.entry.and_then(|entry| pin(pylock, entry, here)).map(Rc::new);
            line.replacement = pin.map(|pin| Replacement { name: line.name.clone(), pin, requires: None });
        }
    }
    plan
}

fn pin(pylock: &Pylock, index: usize, environment: Environment) -> Option<Pin> {
    let (entry, package) = (pylock.entries.get(index)?, pylock.packages.get(index)?);
    let Origin::Index(Some(from)) = &entry.origin else { return None };
    let file = package.taken(environment)?;
    // pip takes the file's name from the address: one that says another is no place to send it to.
    let url = file.url().filter(|url| address::file_name(url) == file.name)?;
    let sha256 = file.digests.iter().find_map(LockedDigest::sha256)?;
    let witness = DigestSource {
        catalogue: pylock.source.file_name().to_owned(),
        index: from.clone(),
        seen: 0,
        computed: false,
        overrides: None,
    };
    let url = url.split(['?', '#']).next().unwrap_or_default().replace('+', "%2B");
    let (version, size) = (entry.version.clone()?, file.size);
    Some(Pin::Url { version, file: file.name.clone(), url, sha256, size, witness })
}
