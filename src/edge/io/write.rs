//! Writing files: the one place that does. All of a run are prepared first, then all take their names.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::NamedTempFile;

use super::attributes;
use super::temporary;
use super::{STDIN, cannot};
use crate::report::error::{Code, Problem, Result};

/// A file to write.
#[derive(Debug, Clone)]
pub struct Output {
    /// Its name; `-` is standard output.
    pub name: String,
    /// All that it is to hold.
    pub bytes: Vec<u8>,
    /// Its folder is made if it is not there.
    pub makes_folder: bool,
    /// The text that was read from it and that it must still hold.
    pub before: Option<String>,
}

impl Output {
    /// A file that need not be there.
    pub fn new(name: impl Into<String>, text: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), bytes: text.into(), makes_folder: false, before: None }
    }
}

/// Writes files, all or none, and each whole or not at all: every text goes to a new file in the folder of its name, and
/// when all are on the disk they take the names. Permissions, owner, group and extended attributes of a replaced file
/// stay; what the system does not let be kept is in what is returned. A symbolic link stays one, and the file it names is
/// replaced. An equal file is not touched. A device, a pipe or `/dev/stdout` takes the text as a stream, before
/// any file takes its name; a pipe that nobody reads is waited for, as `cat` does.
///
/// # Errors
/// If a folder cannot be written, a name is a folder's, the disk is full, or somebody changed a file since it was read.
/// Every file is as it was then. Only where a rename fails after another one had been done are those said that were
/// written.
pub fn write(outputs: &[Output]) -> Result<Vec<String>> {
    let _whole = undisturbed();
    let mut notes = Vec::new();
    let mut streams = Vec::new();
    // Given up last: only then they are empty.
    let mut folders = Folders::default();
    let mut ready = Vec::new();
    for output in outputs {
        folders.make(output)?;
        match prepare(output, &mut notes).map_err(|error| unwritten(&output.name, &error))? {
            PreparedFile::Stream => streams.push(output),
            PreparedFile::File { temporary, target } => ready.push((output, temporary, target)),
            PreparedFile::Folder => {
                let what = if output.name.is_empty() { "an empty name" } else { &output.name };
                let problem = Problem::new(Code::Io, format!("{what} is a folder, not a file"));
                return Err(problem.help("name a file in it: -o FILE").into());
            }
            PreparedFile::AsItIs => {}
        }
    }
    for output in outputs {
        unchanged(output)?;
    }
    for output in streams {
        stream(output).map_err(|error| cannot("write", &output.name, &error))?;
    }
    let mut written: Vec<&str> = Vec::new();
    for (output, temporary, target) in ready {
        if let Err(error) = temporary.persist(&target) {
            let problem = cannot("write", &output.name, &error.error);
            return Err(match written.as_slice() {
                [] => problem,
                some => problem.help(format!("written before that: {}", some.join(", "))),
            }
            .into());
        }
        written.push(&output.name);
    }
    folders.stay();
    Ok(notes)
}

/// The folders that were made. Those that are not to stay go again: nothing is left of a run that failed.
#[derive(Default)]
struct Folders(Vec<PathBuf>);

impl Folders {
    fn make(&mut self, output: &Output) -> Result<()> {
        let Some(folder) = Path::new(&output.name).parent().filter(|_| output.makes_folder) else { return Ok(()) };
        match fs::create_dir(folder) {
            Ok(()) => self.0.push(folder.to_owned()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(cannot("make the folder of", &output.name, &error).into()),
        }
        Ok(())
    }

    fn stay(mut self) {
        self.0.clear();
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        // One that is not empty stays.
        self.0.iter().rev().for_each(|folder| drop(fs::remove_dir(folder)));
    }
}

/// Why a file cannot be written.
fn unwritten(name: &str, error: &std::io::Error) -> Problem {
    let problem = cannot("write", name, error);
    match Path::new(name).parent() {
        Some(folder) if error.kind() == ErrorKind::NotFound && !folder.exists() => {
            let message = format!("cannot write {name}: there is no folder {}", folder.display());
            Problem::new(problem.code, message).help("make the folder first, or name another file")
        }
        Some(_) | None => problem,
    }
}

/// A file that is ready to be written.
enum PreparedFile {
    Stream,
    Folder,
    AsItIs,
    File { temporary: NamedTempFile, target: PathBuf },
}

fn prepare(output: &Output, notes: &mut Vec<String>) -> std::io::Result<PreparedFile> {
    if is_stream(&output.name) {
        return Ok(PreparedFile::Stream);
    }
    let target = resolve(Path::new(&output.name))?;
    // A name that a file cannot have would be found out only when it is to take it.
    let Some(name) =
        target.file_name().filter(|_| !output.name.ends_with(std::path::is_separator) && !output.name.ends_with("/."))
    else {
        return Ok(PreparedFile::Folder);
    };
    let old = match fs::metadata(&target) {
        Ok(old) if old.is_dir() => return Ok(PreparedFile::Folder),
        Ok(old) => Some(old),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let folder = target.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    temporary::sweep(folder);
    if old.is_some() && holds(&target, &output.bytes) {
        return Ok(PreparedFile::AsItIs);
    }
    let mut temporary = temporary::create(folder, old.as_ref())?;
    temporary.write_all(&output.bytes)?;
    if let Some(old) = &old {
        let lost = attributes::keep(&target, old, &temporary)?;
        notes.extend(lost.into_iter().map(|lost| format!("{} does not keep its {lost}", output.name)));
    }
    temporary.as_file().sync_all()?;
    Ok(PreparedFile::File { temporary, target: folder.join(name) })
}

/// True if a file holds these bytes already.
pub fn holds(file: impl AsRef<Path>, bytes: &[u8]) -> bool {
    fs::read(file).is_ok_and(|known| known == bytes)
}

/// Fails if a file does not hold any more what was read from it.
fn unchanged(output: &Output) -> Result<()> {
    let Some(before) = &output.before else { return Ok(()) };
    let now = fs::read(&output.name).map_err(|error| cannot("read", &output.name, &error))?;
    if now == before.as_bytes() {
        return Ok(());
    }
    let problem = Problem::new(Code::Io, format!("{} was changed by another program in the meantime", output.name));
    Err(problem.help("nothing was written; run the command again").into())
}

fn stream(output: &Output) -> std::io::Result<()> {
    if is_standard_output(&output.name) {
        return to_standard_output(&output.bytes);
    }
    // `/dev/fd` may lead to a file that another process has begun to write.
    let mut file = fs::OpenOptions::new().append(true).open(&output.name)?;
    file.write_all(&output.bytes)
}

fn is_standard_output(name: &str) -> bool {
    [STDIN, "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].contains(&name)
}

/// Writes to standard output.
///
/// # Errors
/// If it cannot be written, as on a full disk.
pub fn print(text: &str) -> Result<()> {
    to_standard_output(text.as_bytes())
        .map_err(|error| Problem::new(Code::Io, format!("cannot write to standard output: {error}")).into())
}

/// A reader that went away has read what it wanted.
fn to_standard_output(bytes: &[u8]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// True if a name is no file's that could be kept whole: standard output, a device, a pipe, what another process has open.
pub fn is_stream(name: &str) -> bool {
    let path = Path::new(name);
    let is_open = ["/dev/fd", "/proc/self/fd"].iter().any(|folder| path.starts_with(folder));
    let is_odd = || fs::metadata(path).is_ok_and(|data| !data.is_file() && !data.is_dir());
    is_standard_output(name) || name == "/dev/stderr" || is_open || is_odd()
}

static WRITING: Mutex<()> = Mutex::new(());

/// Held while files are written: who wants to end the process takes it first, so that no half of a file stays.
pub fn undisturbed() -> MutexGuard<'static, ()> {
    WRITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Follows symbolic links to the file that is meant, which need not be there.
pub(super) fn resolve(path: &Path) -> std::io::Result<PathBuf> {
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
