//! Broken and hostile files: each is refused with exit 2 before anything is written, in a moment, and the message is
//! short and names the file and the place.
//!
//! Every case is one break of an input that is read as it is (see `controls`), so that it is the break that is refused.

mod catalogs;
mod controls;
mod locks;
mod mutated;
mod projects;
mod pylocks;
mod requirements;
mod smuggled;
mod spoken;
mod uv_locks;

use std::fmt::Write as _;
use std::io::{Read, Seek};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Place, fixture, program};

/// A run may take a second, and this much more for each megabyte it is given. A build without optimisation is some six
/// times slower than the program that people run, to which the bound of one second belongs.
const SECONDS_PER_MB: f64 = if cfg!(debug_assertions) { 6.0 } else { 1.0 };

/// The megabytes of inputs that should be large and yet be read to their end; the program reads at most 64.
const LARGE_MB: usize = if cfg!(debug_assertions) { 4 } else { 60 };

/// The longest message, whatever the input.
const LONGEST_MESSAGE: usize = 20_000;

/// One broken input.
struct Case {
    name: String,
    files: Vec<(String, Vec<u8>)>,
    arguments: Vec<String>,
    /// The file that the message must name.
    guilty: String,
    place: Placed,
    says: Vec<String>,
}

/// What the message must tell of the place.
enum Placed {
    /// There is none: the file as a whole is wrong.
    Nowhere,
    /// Some place in the guilty file.
    Somewhere,
    /// This line and column.
    At(String),
}

impl Case {
    fn new(name: impl Into<String>, guilty: &str, text: impl AsRef<[u8]>) -> Self {
        Self {
            name: name.into(),
            files: vec![(guilty.to_owned(), text.as_ref().to_vec())],
            arguments: vec![guilty.to_owned()],
            guilty: guilty.to_owned(),
            place: Placed::Somewhere,
            says: Vec::new(),
        }
    }

    /// A file beside the broken one.
    fn with(mut self, name: &str, text: impl AsRef<[u8]>) -> Self {
        self.files.push((name.to_owned(), text.as_ref().to_vec()));
        self
    }

    /// What the program is given instead of the broken file.
    fn run(mut self, arguments: &[&str]) -> Self {
        self.arguments = arguments.iter().map(|one| (*one).to_owned()).collect();
        self
    }

    /// The message must name another file.
    fn blames(mut self, file: &str) -> Self {
        file.clone_into(&mut self.guilty);
        self
    }

    /// What stands in the message.
    fn says(mut self, text: &str) -> Self {
        self.says.push(text.to_owned());
        self
    }

    /// There is no place to tell.
    fn nowhere(mut self) -> Self {
        self.place = Placed::Nowhere;
        self
    }

    /// The place must be where this text stands for the first time.
    fn at(mut self, needle: &str) -> Self {
        let text = String::from_utf8_lossy(&self.files[0].1).into_owned();
        let at = text.find(needle).unwrap_or_else(|| panic!("{}: no `{needle}` in the input", self.name));
        let line = text[..at].matches('\n').count() + 1;
        let column = text[..at].rsplit('\n').next().unwrap().chars().count() + 1;
        self.place = Placed::At(format!("{line}:{column}"));
        self
    }

    /// What is wrong with the refusal; empty if nothing.
    fn faults(&self) -> Vec<String> {
        let place = Place::new();
        for (name, bytes) in &self.files {
            place.write(name, bytes);
        }
        let before = place.names();
        let size: usize = self.files.iter().map(|(_, bytes)| bytes.len()).sum();
        let limit = Duration::from_secs_f64(1.0 + size as f64 / 1e6 * SECONDS_PER_MB);
        let mut ran = run(place.path(), &self.arguments, limit * 4);
        if ran.time > limit {
            // A machine that has other work is no fault of the program's.
            ran = run(place.path(), &self.arguments, limit * 4);
        }
        let mut faults = Vec::new();
        let mut check = |holds: bool, what: String| faults.extend((!holds).then_some(what));
        check(ran.status == Some(2), format!("exit status {:?}", ran.status));
        check(ran.stdout == 0, format!("{} bytes on standard output", ran.stdout));
        check(place.names() == before, format!("files appeared: {:?}", place.names()));
        check(ran.time <= limit, format!("took {:?}, the limit is {limit:?}", ran.time));
        check(ran.stderr.len() <= LONGEST_MESSAGE, format!("a message of {} bytes", ran.stderr.len()));
        check(!ran.stderr.contains("panicked"), "it panicked".to_owned());
        check(ran.stderr.starts_with("error: "), "the message is not one of ours".to_owned());
        check(ran.stderr.contains(&self.guilty), format!("{} is not named", self.guilty));
        let odd = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}');
        check(!ran.stderr.contains(odd), "the terminal is given orders".to_owned());
        let arrow = match &self.place {
            Placed::Nowhere => None,
            Placed::Somewhere => Some(format!("--> {}:", self.guilty)),
            Placed::At(place) => Some(format!("--> {}:{place}\n", self.guilty)),
        };
        if let Some(arrow) = arrow {
            check(ran.stderr.contains(&arrow), format!("no `{}`", arrow.trim_end()));
            check(ran.stderr.contains("| ") && ran.stderr.contains('^'), "no caret".to_owned());
        }
        for text in &self.says {
            check(ran.stderr.contains(text), format!("it does not say `{text}`"));
        }
        if !faults.is_empty() {
            faults.push(ran.stderr.chars().take(600).collect());
        }
        faults
    }
}

/// What a run gave.
struct Ran {
    /// `None`: killed, by a signal or for taking too long.
    status: Option<i32>,
    stdout: u64,
    stderr: String,
    time: Duration,
}

/// Runs an export in a folder. What it prints goes to files: a pipe that nobody reads would make it wait.
fn run(folder: &Path, arguments: &[String], most: Duration) -> Ran {
    let (stdout, mut stderr) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    let start = Instant::now();
    let mut child = Command::new(program())
        .args(["export", "--cuda", "11.8", "--python", "3.10", "-o", "out.txt"])
        .args(arguments)
        .current_dir(folder)
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(stdout.try_clone().unwrap())
        .stderr(stderr.try_clone().unwrap())
        .spawn()
        .unwrap();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if start.elapsed() > most {
            child.kill().unwrap();
            child.wait().unwrap();
            break None;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    let time = start.elapsed();
    let mut text = Vec::new();
    stderr.rewind().unwrap();
    stderr.read_to_end(&mut text).unwrap();
    let stdout = stdout.metadata().unwrap().len();
    Ran { status, stdout, stderr: String::from_utf8_lossy(&text).into_owned(), time }
}

/// Runs all cases and fails with everything that is wrong with any of them.
fn refused(cases: Vec<Case>) {
    let count = cases.len();
    let mut report = String::new();
    for case in cases {
        let faults = case.faults();
        if !faults.is_empty() {
            let _ = writeln!(report, "\n## {}\n{}", case.name, faults.join("\n"));
        }
    }
    assert!(report.is_empty(), "{report}");
    println!("{count} broken inputs were refused");
}

fn read(path: &str) -> String {
    std::fs::read_to_string(fixture(path)).unwrap()
}

/// Replaces the first of a text, which must be there.
fn swap(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "no `{from}` in the fixture");
    text.replacen(from, to, 1)
}

impl Case {
    /// A folder stands where the file should.
    fn with_folder(mut self) -> Self {
        let name = format!("{}/inside", self.guilty);
        self.files = vec![(name, Vec::new())];
        self.nowhere().says("it is a folder")
    }
}
