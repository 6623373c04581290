//! The edge: reading files and standard input, replacing files whole. Nothing else touches the disk.

use std::ffi::OsString;
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::lock::{FOREIGN, Foreign};
use crate::report::error::{Code, Problem, Result};
use crate::text::{Source, without_logins};

mod attributes;
mod below;
mod cache;
mod indexes;
mod network;
mod repository;
mod temporary;
mod wheels;
mod write;

pub use below::{all_below, dockerfiles};
pub use cache::{Cache, CacheKey};
pub use indexes::{InstallerIndexes, indexes};
pub use network::settings as network_settings;
pub use repository::Repository;
pub use wheels::{Local, folder_url, is_page, wheels};
pub use write::{Output, holds, is_stream, print, undisturbed, write};

/// The name under which standard input is asked for.
pub const STDIN: &str = "-";

/// The name of standard input in messages.
const STDIN_SHOWN: &str = "<stdin>";

/// The largest text that is read, in bytes: many times the largest lock known.
const LARGEST: u64 = 64 << 20;

/// The locks that are looked for in the current folder, in this order.
const LOCKS: [&str; 4] = ["poetry.lock", "uv.lock", "pylock.toml", "requirements.txt"];

/// The words of the command line, the program's name first.
pub fn words() -> Vec<OsString> {
    std::env::args_os().collect()
}

/// The variables of the environment whose names begin with a text.
pub fn variables(prefix: &str) -> Vec<(String, OsString)> {
    let all = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    all.filter(|(name, _)| name.starts_with(prefix)).collect()
}

/// Makes a folder the current one.
///
/// # Errors
/// If there is no such folder.
pub fn go_to(folder: &Path) -> Result<()> {
    std::env::set_current_dir(folder).map_err(|error| cannot("go to", &folder.to_string_lossy(), &error).into())
}

/// The current folder and those above it, the nearest first, each as the prefix of a name: empty, `../`, `../../`. The
/// root of a repository is the last: what lies above it belongs to somebody else.
pub fn upward() -> impl Iterator<Item = String> {
    let here = std::env::current_dir().unwrap_or_default();
    let all = || here.ancestors().count().saturating_sub(1);
    let above = repository::depth(&here).unwrap_or_else(all);
    (0..=above).map(|count| "../".repeat(count))
}

/// Finds the lock in the current folder, in that of a configuration, or in the nearest folder above that is one of a project
/// and has one. A folder is the prefix of a name: empty for the current one.
///
/// # Errors
/// If there is none; a lock of another tool is named, with the command that makes one of these from it.
pub fn find_lock(configured: &str) -> Result<String> {
    let above = upward().skip(1).filter(|folder| is_file(&format!("{folder}pyproject.toml")));
    for folder in [String::new(), configured.to_owned()].into_iter().chain(above) {
        if let Some(lock) = lock_in(&folder)? {
            return Ok(lock);
        }
    }
    Err(no_lock("", "here", "make one (poetry lock, uv lock), name it, or go to its folder: -C DIR").into())
}

/// The lock that lies in a folder.
///
/// # Errors
/// If two tools have one there each.
pub fn lock_in(folder: &str) -> Result<Option<String>> {
    let found = LOCKS.map(|name| format!("{folder}{name}")).into_iter().find(|name| is_file(name));
    // The others may be exported from the first; these are two tools' own, and only one of them is kept up to date.
    if found.as_ref().is_some_and(|lock| lock.ends_with(LOCKS[0])) && is_file(&format!("{folder}{}", LOCKS[1])) {
        let place = if folder.is_empty() { "here".to_owned() } else { format!("in {folder}") };
        let problem = Problem::new(Code::Usage, format!("there are {} {place}", LOCKS[..2].join(" and ")));
        return Err(problem
            .help("name the one that is meant, or keep its name in the configuration: lock = \"…\"")
            .into());
    }
    Ok(found)
}

/// There is no lock in a folder. `place` is the folder in words; a lock of another tool brings help of its own.
pub fn no_lock(folder: &str, place: &str, help: &str) -> Problem {
    let file = |foreign: &Foreign| format!("{folder}{}", foreign.file);
    match FOREIGN.into_iter().find(|foreign| is_file(&file(foreign))) {
        Some(foreign) => foreign.refusal(&file(&foreign)),
        None => {
            let message = format!("there is no lock {place}: looked for {}", LOCKS.join(", "));
            Problem::new(Code::Io, message).help(help)
        }
    }
}

fn is_file(name: &str) -> bool {
    Path::new(name).is_file()
}

/// Reads a text file, or standard input for `-`.
///
/// # Errors
/// If it cannot be read or is not UTF-8 text.
pub fn read(name: &str) -> Result<Source> {
    if name.is_empty() {
        return Err(Problem::new(Code::Usage, "the name of a file is empty")
            .help("name the file, or leave it out")
            .into());
    }
    if name == STDIN {
        let bytes = limited(std::io::stdin().lock(), 0).map_err(|error| cannot("read", STDIN_SHOWN, &error))?;
        return text(STDIN_SHOWN, bytes);
    }
    let bytes =
        bytes(name).map_err(|error| if is_address(name) { no_file(name) } else { cannot("read", name, &error) })?;
    text(name, bytes)
}

fn is_address(name: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| name.starts_with(scheme))
}

/// The error for a word meant for uv, whose `--index` takes an address.
fn no_file(address: &str) -> Problem {
    let problem = Problem::new(Code::Usage, format!("{} is an address, not a file", without_logins(address)));
    problem.help("name an index with --index-url URL; --index takes no address")
}

/// Reads a file that may not be there.
///
/// # Errors
/// As [`read`], but for a file that is not there.
pub fn read_if_there(name: &str) -> Result<Option<Source>> {
    bytes_if_there(name)?.map(|bytes| text(name, bytes)).transpose()
}

/// The bytes of a file that may not be there.
///
/// # Errors
/// As [`read`], but for a file that is not there.
pub fn bytes_if_there(name: &str) -> Result<Option<Vec<u8>>> {
    match bytes(name) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot("read", name, &error).into()),
    }
}

/// The names of the files in a folder, sorted; none where it cannot be looked into.
pub fn names_in(folder: &str) -> Vec<String> {
    let names =
        fs::read_dir(folder).into_iter().flatten().flatten().filter_map(|one| one.file_name().into_string().ok());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// True if there is something of a name.
pub fn is_there(name: &str) -> bool {
    Path::new(name).exists()
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
        let message = format!("{name} is larger than {} MB, too large for a lock", LARGEST >> 20);
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
            // The text before the byte is the same, so the place is right.
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

/// True if two names lead to one file, by links of whatever kind. A file need not be there.
pub fn is_same_file(one: &str, other: &str) -> bool {
    match (identity(one), identity(other)) {
        (Some(one), Some(other)) => one == other,
        (None, _) | (_, None) => false,
    }
}

/// An identity that all names of a file share.
#[derive(PartialEq, Eq)]
enum FileIdentity {
    #[cfg(unix)]
    Number(u64, u64),
    Path(PathBuf),
}

fn identity(name: &str) -> Option<FileIdentity> {
    #[cfg(unix)]
    if let Ok(data) = fs::metadata(name) {
        use std::os::unix::fs::MetadataExt;
        return Some(FileIdentity::Number(data.dev(), data.ino()));
    }
    absolute(name).map(FileIdentity::Path)
}

/// The canonical path of a file, there or not. `None`: there is no such folder.
fn absolute(name: &str) -> Option<PathBuf> {
    let path = write::resolve(Path::new(name)).ok()?;
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    Some(fs::canonicalize(folder).ok()?.join(path.file_name()?))
}

/// True if a file lies below a folder once all links are followed. A file in a folder that is not there lies nowhere else.
pub fn is_below(name: &str, folder: &str) -> bool {
    match (absolute(name), fs::canonicalize(folder)) {
        (Some(file), Ok(folder)) => file.starts_with(folder),
        (None, Ok(_)) => true,
        (_, Err(_)) => false,
    }
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
