//! The CPythons on this machine, and their pip.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use tempfile::TempDir;
use torchswap::packaging::target::Python;

/// A CPython that can make virtual environments with pip in them.
pub struct Interpreter {
    pub version: Python,
    /// A virtual environment that holds pip and nothing else: what else is there could hide a missing requirement.
    home: PathBuf,
    /// Processes of pip that wait for work.
    idle: Mutex<Vec<Pip>>,
}

/// The CPythons that are found, ascending; empty, with a visible line that says so, where there is none.
pub fn interpreters() -> &'static [Interpreter] {
    static FOUND: OnceLock<Vec<Interpreter>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let all: Vec<Python> = (8..=15).map(Python::three).collect();
        let found: Vec<Interpreter> =
            two_at_a_time(&all, |version| interpreter(*version)).into_iter().flatten().collect();
        if found.is_empty() {
            println!("skipped: no Python 3 with venv and pip here, so pip judges nothing");
        }
        found
    })
}

/// The newest CPython here with which a target can be judged.
pub fn newest_of(pythons: &[Python]) -> Option<&'static Interpreter> {
    interpreters().iter().rev().find(|one| pythons.contains(&one.version))
}

/// A command that neither the user's settings of pip nor a proxy can reach.
fn clean(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy().to_ascii_lowercase();
        if text.starts_with("pip_") || text.starts_with("python") || text.ends_with("_proxy") {
            command.env_remove(&name);
        }
    }
    command.env("PIP_CONFIG_FILE", if cfg!(windows) { "nul" } else { "/dev/null" });
    command.env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
    command
}

fn interpreter(version: Python) -> Option<Interpreter> {
    let mut probe = clean(format!("python{version}"));
    // Where pyenv's shims are in front, this tells them which release is meant.
    probe.env("PYENV_VERSION", version.to_string());
    let print = "import sys, sysconfig; print(sys.implementation.name, sysconfig.get_platform(), sys.executable)";
    let answer = text(&probe.args(["-c", print]).output().ok()?)?;
    let path = answer.trim().strip_prefix("cpython linux-x86_64 ")?;
    match home(Path::new(path), version) {
        Ok(home) => Some(Interpreter { version, home, idle: Mutex::default() }),
        Err(why) => {
            println!("skipped: CPython {version} makes no virtual environment with pip: {why}");
            None
        }
    }
}

/// Puts pip where the interpreter finds it: its wheel, which every CPython has, unpacked. `venv` itself would have that pip
/// install itself, setuptools beside it, and take five seconds for it.
const UNPACK_PIP: &str = r#"
import ensurepip, pathlib, sysconfig, zipfile
folders = pathlib.Path(ensurepip.__file__).parent / "_bundled", pathlib.Path("/usr/share/python-wheels")
own = "pip-{}-*.whl".format(ensurepip.version())
wheel = next((wheel for folder in folders for wheel in folder.glob(own)), None)
if wheel is None:
    raise SystemExit("ensurepip has no {} in {} or {}".format(own, *folders))
zipfile.ZipFile(str(wheel)).extractall(sysconfig.get_path("purelib"))
"#;

/// Makes the environment, or finds the one of an earlier run: it takes seconds, and no test changes it.
fn home(python: &Path, version: Python) -> Result<PathBuf, String> {
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("judges");
    let home = all.join(format!("cp{version}"));
    let only_pip = || {
        let list = clean(home.join("bin/python")).args(["-m", "pip", "list", "--format=freeze"]).output().ok()?;
        text(&list)?.trim().strip_prefix("pip==").filter(|version| !version.contains('\n')).map(str::to_owned)
    };
    if only_pip().is_some() {
        return Ok(home);
    }
    std::fs::create_dir_all(&all).map_err(|error| error.to_string())?;
    // In place, because its programs name their interpreter by its path.
    let without = ["-m", "venv", "--clear", "--without-pip"];
    for command in [clean(python).args(without).arg(&home), clean(home.join("bin/python")).args(["-c", UNPACK_PIP])] {
        let made = command.output().map_err(|error| error.to_string())?;
        if !made.status.success() {
            return Err(String::from_utf8_lossy(&[made.stdout, made.stderr].concat()).trim().to_owned());
        }
    }
    only_pip().map(|_| home).ok_or_else(|| "it has no pip".to_owned())
}

fn text(output: &Output) -> Option<String> {
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What pip said.
pub struct Verdict {
    pub ok: bool,
    pub said: String,
}

impl Interpreter {
    /// The interpreter itself, to run a script.
    pub fn command(&self) -> Command {
        let mut command = clean(self.home.join("bin/python"));
        command.arg("-I");
        command
    }

    /// Would pip install this file into an environment with nothing in it?
    pub fn judge(&self, requirements: &Path, index: &str) -> Verdict {
        self.pip(None, &["install", "--dry-run", "--quiet"], requirements, index)
    }

    /// Makes an empty environment.
    pub fn empty(&self) -> Empty<'_> {
        let folder = TempDir::new().unwrap();
        let made = self.command().args(["-m", "venv", "--without-pip"]).arg(folder.path()).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Empty { interpreter: self, folder }
    }

    fn pip(&self, into: Option<&Path>, command: &[&str], requirements: &Path, index: &str) -> Verdict {
        let hashes = ["--require-hashes", "--no-cache-dir", "--only-binary", ":all:", "--index-url", index];
        let requirements = requirements.to_string_lossy();
        self.run(into, &[command, &hashes, &["-r", &requirements]].concat())
    }

    fn run(&self, into: Option<&Path>, arguments: &[&str]) -> Verdict {
        let python = into.map(|folder| folder.join("bin/python").to_string_lossy().into_owned());
        let into = python.iter().flat_map(|python| ["--python", python]);
        let arguments: Vec<&str> = ["--no-input"].into_iter().chain(into).chain(arguments.iter().copied()).collect();
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = idle().pop();
        let mut pip = waiting.unwrap_or_else(|| Pip::new(self.command()));
        let verdict = pip.run(&arguments);
        idle().push(pip);
        verdict
    }
}

/// A process that runs pip again and again.
struct Pip {
    /// It ends with the tests: then there is nothing more to read.
    _process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Pip {
    fn new(mut python: Command) -> Self {
        let python = python.args(["-c", include_str!("run_pip.py")]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = python.spawn().unwrap();
        let (requests, answers) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Self { requests, answers: BufReader::new(answers), _process: process }
    }

    fn run(&mut self, arguments: &[&str]) -> Verdict {
        writeln!(self.requests, "{}", serde_json::json!(arguments)).unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        let (status, said): (i32, String) = serde_json::from_str(&answer).unwrap();
        Verdict { ok: status == 0, said }
    }
}

/// A virtual environment without even pip in it.
pub struct Empty<'i> {
    interpreter: &'i Interpreter,
    folder: TempDir,
}

impl Empty<'_> {
    pub fn install(&self, requirements: &Path, index: &str) -> Verdict {
        let command = ["install", "--quiet", "--no-compile"];
        self.interpreter.pip(Some(self.folder.path()), &command, requirements, index)
    }

    /// Any other command of pip.
    pub fn pip(&self, arguments: &[&str]) -> Verdict {
        self.interpreter.run(Some(self.folder.path()), arguments)
    }
}

/// Runs something for each of a list, two at a time, and gives the answers in the list's order.
pub fn two_at_a_time<T: Sync, R: Send>(list: &[T], run: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = Mutex::new(0..list.len());
    let answers: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::new());
    let work = || {
        loop {
            let Some(index) = next.lock().unwrap_or_else(PoisonError::into_inner).next() else { return };
            let answer = run(&list[index]);
            answers.lock().unwrap_or_else(PoisonError::into_inner).push((index, answer));
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
    let mut answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
    answers.sort_by_key(|(index, _)| *index);
    answers.into_iter().map(|(_, answer)| answer).collect()
}
