//! The edge: reading files and standard input, replacing files atomically. Nothing else touches the disk.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::{Code, Problem, Result};
use crate::text::Source;

mod cache;
mod network;
mod wheels;

pub use cache::{Cache, Key};
pub use network::{default_index, settings as network_settings};
pub use wheels::{Local, wheels};

/// The name under which standard input is asked for.
pub const STDIN: &str = "-";

/// The name of standard input in messages.
const STDIN_SHOWN: &str = "<stdin>";

/// The largest text that is read, in bytes: many times the largest lock known.
const LARGEST: u64 = 64 << 20;

/// The locks that are looked for in the current folder, in this order.
const LOCKS: [&str; 3] = ["poetry.lock", "pylock.toml", "requirements.txt"];

/// Finds the lock in the current folder.
///
/// # Errors
/// If there is none.
pub fn find_lock() -> Result<String> {
    let found = LOCKS.into_iter().find(|name| Path::new(name).is_file());
    found.map(str::to_owned).ok_or_else(|| {
        let problem = Problem::new(Code::Io, format!("there is no {} here", LOCKS.join(" and no ")));
        problem.help("name the lock: torchswap export path/to/poetry.lock").into()
    })
}

/// Reads a text file, or standard input for `-`.
///
/// # Errors
/// If it cannot be read or is not UTF-8 text.
pub fn read(name: &str) -> Result<Source> {
    if name == STDIN {
        let bytes = limited(std::io::stdin().lock(), 0).map_err(|error| cannot("read", STDIN_SHOWN, &error))?;
        return text(STDIN_SHOWN, bytes);
    }
    let bytes = bytes(name).map_err(|error| cannot("read", name, &error))?;
    text(name, bytes)
}

/// Reads a file that may not be there.
///
/// # Errors
/// As [`read`], but for a file that is not there.
pub fn read_if_there(name: &str) -> Result<Option<Source>> {
    match bytes(name) {
        Ok(bytes) => text(name, bytes).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot("read", name, &error).into()),
    }
}

/// The bytes of a file.
fn bytes(name: &str) -> std::io::Result<Vec<u8>> {
    let file = fs::File::open(name)?;
    let size = file.metadata().map_or(0, |data| data.len().min(LARGEST));
    limited(file, size)
}

/// All that a reader gives, up to one byte more than is ever read: what is named by a file may be endless.
fn limited(reader: impl Read, expected: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or_default() + 1);
    reader.take(LARGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn text(name: &str, bytes: Vec<u8>) -> Result<Source> {
    if bytes.len() as u64 > LARGEST {
        let message = format!("{name} is larger than {} MB, which no lock is", LARGEST >> 20);
        return Err(Problem::new(Code::Unsupported, message).into());
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(name, text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let bytes = error.as_bytes();
            let wide = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
            let line = bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            let what = if wide { "it is UTF-16" } else { "a byte belongs to another encoding" };
            let problem = Problem::new(Code::Syntax, format!("{name} is not UTF-8 text: {what} (line {line})"));
            // What comes before the byte is the same text, so the place is the right one.
            let end = bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |length| at + length);
            let shown = Source::new(name, String::from_utf8_lossy(&bytes[..end]));
            Err(problem.at(&shown, at..at + 1).help("save it as UTF-8").into())
        }
    }
}

/// The file of a name in the folder of another file; in the current folder for standard input.
pub fn beside(name: &str, other: &str) -> String {
    match Path::new(name).parent() {
        Some(folder) if name != STDIN && folder != Path::new("") => folder.join(other).to_string_lossy().into_owned(),
        Some(_) | None => other.to_owned(),
    }
}

/// True if two names lead to one file.
pub fn is_same_file(one: &str, other: &str) -> bool {
    match (fs::canonicalize(one), fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        (Err(_), _) | (_, Err(_)) => false,
    }
}

/// Replaces a file that was read before, unless somebody else changed it since.
///
/// # Errors
/// As [`replace`]; and if the file no longer holds what was read.
pub fn replace_unchanged(name: &str, before: &str, after: &str) -> Result<()> {
    let now = fs::read(name).map_err(|error| cannot("read", name, &error))?;
    if now != before.as_bytes() {
        let problem = Problem::new(Code::Io, format!("{name} was changed by somebody else in the meantime"));
        return Err(problem.help("nothing was written; run the command again").into());
    }
    replace(name, after)
}

/// Replaces a file by a text, whole or not at all: the text goes to a new file in the same folder, which then takes the
/// name. Permissions stay; a symbolic link stays one, and the file it names is replaced. An equal file is not touched.
///
/// # Errors
/// If the folder cannot be written, the name is a folder's, or the disk is full. The old file is whole then.
pub fn replace(name: &str, text: &str) -> Result<()> {
    let fail = |error: &std::io::Error| cannot("write", name, error);
    let target = resolve(Path::new(name)).map_err(|error| fail(&error))?;
    let old = match fs::metadata(&target) {
        Ok(old) if old.is_dir() => return Err(Problem::new(Code::Io, format!("{name} is a folder")).into()),
        Ok(old) => Some(old),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(fail(&error).into()),
    };
    if old.as_ref().is_some_and(|old| !old.is_file()) {
        // A device or a pipe has nothing that could be kept whole: it takes the text.
        return fs::write(&target, text).map_err(|error| fail(&error).into());
    }
    if old.is_some() && fs::read(&target).is_ok_and(|bytes| bytes == text.as_bytes()) {
        return Ok(());
    }
    let folder = target.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let write = || -> std::io::Result<()> {
        let _whole = undisturbed();
        let mut file =
            tempfile::Builder::new().prefix(".torchswap-").permissions_of(old.as_ref()).tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        if let Some(old) = &old {
            fs::set_permissions(file.path(), old.permissions())?;
        }
        file.persist(&target).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|error| fail(&error).into())
}

static WRITING: Mutex<()> = Mutex::new(());

/// Held while a file is written: who wants to end the process takes it first, so that no half of a file stays.
pub fn undisturbed() -> MutexGuard<'static, ()> {
    WRITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A new file gets what the system gives every new file; temporary files are private otherwise.
trait PermissionsOf {
    fn permissions_of(&mut self, old: Option<&fs::Metadata>) -> &mut Self;
}

impl PermissionsOf for tempfile::Builder<'_, '_> {
    #[cfg(unix)]
    fn permissions_of(&mut self, old: Option<&fs::Metadata>) -> &mut Self {
        use std::os::unix::fs::PermissionsExt;
        match old {
            // Narrowed to what the old file allows once it is written.
            Some(_) => self,
            None => self.permissions(fs::Permissions::from_mode(0o666)),
        }
    }

    #[cfg(not(unix))]
    fn permissions_of(&mut self, _old: Option<&fs::Metadata>) -> &mut Self {
        self
    }
}

/// Follows symbolic links to the file that is meant, which need not be there.
fn resolve(path: &Path) -> std::io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(to) if to.is_absolute() => path = to,
            Ok(to) => path = path.parent().unwrap_or(Path::new("")).join(to),
            Err(_) => return Ok(path),
        }
    }
    Err(std::io::Error::other("too many symbolic links"))
}

fn cannot(verb: &str, name: &str, error: &std::io::Error) -> Problem {
    let why = match error.kind() {
        ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::IsADirectory => "it is a folder".to_owned(),
        ErrorKind::StorageFull => "the disk is full".to_owned(),
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        _ => error.to_string(),
    };
    Problem::new(Code::Io, format!("cannot {verb} {name}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_neighbour_of_a_lock() {
        assert_eq!(beside("poetry.lock", "pyproject.toml"), "pyproject.toml");
        assert_eq!(beside("a/poetry.lock", "pyproject.toml"), "a/pyproject.toml");
        assert_eq!(beside(STDIN, "pyproject.toml"), "pyproject.toml");
    }
}
