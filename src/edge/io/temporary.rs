//! Temporary files beside those they replace. A run that is killed leaves one, and the next run in that folder removes it.
//!
//! Whoever writes one holds a lock on it, which the system releases with the process: what can be locked belongs to nobody.

use std::fs;
use std::path::Path;

use tempfile::NamedTempFile;

/// The prefix of their names; six letters or digits follow.
const PREFIX: &str = ".torchswap-";
const RANDOM: usize = 6;

/// A new temporary file. In place of a file that is there it is private until it has the permissions of that; a new file
/// gets what the system gives every new file.
pub(super) fn create(folder: &Path, old: Option<&fs::Metadata>) -> std::io::Result<NamedTempFile> {
    loop {
        let mut builder = tempfile::Builder::new();
        let file = public(builder.prefix(PREFIX).rand_bytes(RANDOM), old.is_none()).tempfile_in(folder)?;
        if held::take(&file) {
            return Ok(file);
        }
        // Another run took it for a left one before it was locked.
    }
}

#[cfg(unix)]
fn public<'a, 'b, 'c>(builder: &'a mut tempfile::Builder<'b, 'c>, public: bool) -> &'a mut tempfile::Builder<'b, 'c> {
    use std::os::unix::fs::PermissionsExt;
    if public { builder.permissions(fs::Permissions::from_mode(0o666)) } else { builder }
}

#[cfg(not(unix))]
fn public<'a, 'b, 'c>(builder: &'a mut tempfile::Builder<'b, 'c>, _public: bool) -> &'a mut tempfile::Builder<'b, 'c> {
    builder
}

/// Removes what killed runs left in a folder. What cannot be removed stays: it does no harm.
pub(super) fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let rest = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        let is_ours = rest.is_some_and(|rest| rest.len() == RANDOM && rest.bytes().all(|c| c.is_ascii_alphanumeric()));
        if is_ours && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            held::remove_unheld(&entry.path());
        }
    }
}

#[cfg(unix)]
mod held {
    use std::fs;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    use rustix::fs::{FlockOperation, flock};
    use tempfile::NamedTempFile;

    /// Locks a new file. False if it is not there any more. Where the system has no locks, nobody else can take it either.
    pub(super) fn take(file: &NamedTempFile) -> bool {
        flock(file.as_file(), FlockOperation::LockExclusive).is_err() || is_at(file.as_file(), file.path())
    }

    pub(super) fn remove_unheld(path: &Path) {
        let Ok(file) = fs::File::open(path) else { return };
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() && is_at(&file, path) {
            let _ = fs::remove_file(path);
        }
    }

    fn is_at(file: &fs::File, path: &Path) -> bool {
        match (file.metadata(), fs::symlink_metadata(path)) {
            (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
            (Err(_), _) | (_, Err(_)) => false,
        }
    }
}

#[cfg(not(unix))]
mod held {
    use std::path::Path;

    use tempfile::NamedTempFile;

    pub(super) fn take(_file: &NamedTempFile) -> bool {
        true
    }

    /// Without locks nobody knows whose it is.
    pub(super) fn remove_unheld(_path: &Path) {}
}
