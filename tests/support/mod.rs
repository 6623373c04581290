//! Shared by all integration tests: a temporary folder, a way to run the program in it, and snapshots.

pub mod server;
pub mod wheel;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use tempfile::TempDir;

/// The program under test: the one that the variable `TORCHSWAP` names, else the one that cargo built with the tests.
pub fn program() -> &'static Path {
    static NAMED: LazyLock<Option<PathBuf>> = LazyLock::new(|| std::env::var_os("TORCHSWAP").map(PathBuf::from));
    NAMED.as_deref().unwrap_or(Path::new(env!("CARGO_BIN_EXE_torchswap")))
}

/// The root of the checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file or folder among the fixtures.
pub fn fixture(path: &str) -> PathBuf {
    root().join("tests/fixtures").join(path)
}

/// Every folder below the fixtures that holds a `poetry.lock`, ascending.
pub fn poetry_fixtures() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for tool in ["poetry-1.1", "poetry-1.4", "poetry-1.8", "poetry-2.5"] {
        for folder in std::fs::read_dir(fixture(tool)).unwrap() {
            let folder = folder.unwrap().path();
            if folder.join("poetry.lock").is_file() {
                found.push(folder);
            }
        }
    }
    found.sort();
    assert!(found.len() >= 20, "fixtures are missing");
    found
}

/// Those without what Poetry 1.8 locked of projects that have neither odd markers nor odd sources: Poetry 2.5 locked the same
/// releases of them, and what comes of them is the same. For tests that run the program many times over each lock.
pub fn chosen_poetry_fixtures() -> Vec<PathBuf> {
    let mut found = poetry_fixtures();
    let is_alike = |name: &str| name.starts_with("torch-") && !["torch-2.1.2", "torch-2.9.1"].contains(&name);
    found.retain(|path| {
        let text = path.to_string_lossy();
        !(text.contains("poetry-1.8") && text.rsplit('/').next().is_some_and(is_alike))
    });
    assert!(found.len() >= 16, "fixtures are missing");
    found
}

/// All requirements files among the fixtures.
pub fn requirements_fixtures() -> Vec<PathBuf> {
    let folders = std::fs::read_dir(fixture("requirements")).unwrap().map(|one| one.unwrap().path());
    let files = folders.filter(|path| path.is_dir()).flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "txt"));
    files.sort();
    assert!(files.len() >= 14, "fixtures are missing");
    files
}

/// A folder that goes away with the test, and runs of the binary in it.
pub struct Place {
    folder: TempDir,
}

/// What a run gave.
#[derive(Debug)]
pub struct Run {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Place {
    pub fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    /// A folder with copies of a fixture's lock and project.
    pub fn of(fixture_folder: &str) -> Self {
        let place = Self::new();
        for name in ["poetry.lock", "pyproject.toml"] {
            let from = fixture(fixture_folder).join(name);
            if from.is_file() {
                place.write(name, std::fs::read(from).unwrap());
            }
        }
        place
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    pub fn exists(&self, name: &str) -> bool {
        self.path().join(name).exists()
    }

    /// The names of all files and folders in it.
    pub fn names(&self) -> Vec<String> {
        let all = std::fs::read_dir(self.path()).unwrap();
        let mut names: Vec<String> = all.map(|one| one.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Runs `torchswap` with arguments parted by blanks.
    pub fn run(&self, arguments: &str) -> Run {
        self.run_with(&arguments.split_whitespace().collect::<Vec<_>>(), "")
    }

    /// The binary with arguments parted by blanks, in this folder: with the folder's own cache, without the variables
    /// by which this machine reaches the network.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = self.bare(&arguments.split_whitespace().collect::<Vec<_>>());
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "PIP_INDEX_URL", "UV_DEFAULT_INDEX"] {
            command.env_remove(name).env_remove(name.to_lowercase());
        }
        for name in ["PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX", "UV_INDEX", "UV_EXTRA_INDEX_URL", "VIRTUAL_ENV"] {
            command.env_remove(name);
        }
        for name in ["UV_INDEX_URL", "SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"] {
            command.env_remove(name);
        }
        command.env("PIP_CONFIG_FILE", if cfg!(windows) { "nul" } else { "/dev/null" });
        command.env("NETRC", self.path().join("netrc")).env("XDG_CACHE_HOME", self.path().join("cache"));
        command.stdin(Stdio::null());
        command
    }

    /// Runs such a command.
    pub fn online(&self, arguments: &str) -> Run {
        Run::new(&self.command(arguments).output().unwrap())
    }

    fn bare(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(arguments).current_dir(self.path()).env("COLUMNS", "100");
        let variables = ["CUDA", "ROCM", "BACKEND", "PLATFORM", "PYTHON", "MIRROR", "CATALOG", "REQUIRE_WITNESSES"];
        for name in variables {
            command.env_remove(format!("TORCHSWAP_{name}"));
        }
        for name in ["NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs `torchswap` with a text on standard input.
    pub fn run_with(&self, arguments: &[&str], stdin: &str) -> Run {
        use std::io::Write;
        let mut child =
            self.bare(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let text = stdin.to_owned();
        let mut pipe = child.stdin.take().unwrap();
        let feeder = std::thread::spawn(move || {
            // A program that failed early does not read on.
            let _ = pipe.write_all(text.as_bytes());
        });
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        Run::new(&output)
    }
}

impl Run {
    pub fn new(output: &Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The text of a run that must have worked.
    pub fn ok(self) -> String {
        assert_eq!(self.status, 0, "{}", self.stderr);
        self.stdout
    }

    /// The messages of a run that must have refused, and must have printed nothing else.
    pub fn refused(self) -> String {
        assert_eq!((self.status, self.stdout.as_str()), (2, ""), "{}", self.stderr);
        assert!(!self.stderr.is_empty(), "a refusal without a word");
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self.stderr
    }

    /// Status, output and messages as one text.
    pub fn shown(&self) -> String {
        format!("status: {}\n--- stdout\n{}--- stderr\n{}", self.status, self.stdout, self.stderr)
    }
}

/// Compares a text with the snapshot of that name in `snapshots/`.
pub fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(root().join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// Runs something for each of a list, all at once: for what waits and does not compute.
pub fn at_once<T: Send>(list: Vec<T>, run: impl Fn(T) + Sync) {
    let run = &run;
    std::thread::scope(|scope| {
        for one in list {
            scope.spawn(move || run(one));
        }
    });
}

/// Numbers that look random, the same for a seed: a xorshift generator. The seed is not zero.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap()
    }
}
