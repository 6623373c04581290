//! `[metadata]` of a `poetry.lock`: the version of its format, and the Pythons that it is for.

use crate::lock::dependency::{ParseCache, read_pythons};
use crate::lock::toml::Toml;
use crate::packaging::constraint::Constraint;
use crate::report::error::Result;
use crate::text::{Span, quoted};

/// The versions of the format that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockVersion {
    /// Poetry 1.0.
    V1_0,
    /// Poetry 1.1 and 1.2.
    V1_1,
    /// Poetry 1.3 to 1.8.
    V2_0,
    /// Poetry 2.
    V2_1,
}

const CUT_SHORT: &str = "the file may be cut short; regenerate it with: poetry lock";

/// Checks that this is a lock of a known version, and reads for which Pythons.
pub(super) fn metadata(toml: &Toml<'_>, known: &mut ParseCache) -> Result<(LockVersion, Constraint)> {
    let Some(item) = toml.root().get("metadata") else {
        let message = format!("{} has no [metadata], so it is not a whole poetry.lock", toml.source.name);
        return Err(toml.wrong_at(Span::default(), message).help(CUT_SHORT).into());
    };
    let table = toml.table(item, "metadata")?;
    // Poetry writes it last, and the files behind it in its first format: without either, the end is missing.
    if !["content-hash", "files", "hashes"].iter().any(|key| table.contains_key(key)) {
        let message =
            format!("[metadata] of {} has no `content-hash`, so it is not a whole poetry.lock", toml.source.name);
        return Err(toml.wrong(item, message).help(CUT_SHORT).into());
    }
    // Poetry 1.0 wrote no version.
    let version = match table.get("lock-version") {
        None => LockVersion::V1_0,
        Some(item) => match toml.string(item, "lock-version")? {
            "1.0" => LockVersion::V1_0,
            "1.1" => LockVersion::V1_1,
            "2.0" => LockVersion::V2_0,
            "2.1" => LockVersion::V2_1,
            other => {
                let message =
                    format!("lock-version {} is not supported; supported are 1.0, 1.1, 2.0 and 2.1", quoted(other));
                let problem = toml.unsupported(item, message);
                return Err(problem.help("update torchswap, or make the lock with Poetry 1.x or 2.x").into());
            }
        },
    };
    Ok((version, read_pythons(toml, table, known)?))
}
