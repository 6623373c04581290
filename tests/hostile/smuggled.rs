//! Characters at which Python's `str.splitlines` ends a line, in every field of every format: pip reads a requirements
//! file by it, so that one of them in a URL would begin a second requirement.
//!
//! Each field is first tried with harmless text, which must be taken and, where the field goes into the output, be found
//! there. Then with each of the characters: the run must refuse and name it, or write nothing of it.

use std::fmt::Write as _;

use super::locks::{digest, lock as poetry_lock, with_package};
use super::pylocks::{lock as pylock, with_package as with_pylock_package};
use super::requirements::pinned;
use super::swap;
use crate::support::{Place, Run};

const ENDS: [char; 10] = ['\n', '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];

/// What stands for the text in a field.
const HERE: &str = "HERE";

/// A field of a file.
struct Field {
    name: String,
    file: &'static str,
    text: String,
    arguments: String,
    /// What the field holds when it is harmless, if that reaches the output.
    harmless: &'static str,
    reaches: bool,
}

impl Field {
    fn new(name: &str, file: &'static str, text: String, arguments: &str) -> Self {
        let arguments = format!("export --cuda 11.8 --python 3.10 {arguments}");
        Self { name: format!("{file}: {name}"), file, text, arguments, harmless: "smuggled", reaches: false }
    }

    /// The field goes into the output.
    fn written(mut self) -> Self {
        self.reaches = true;
        self
    }

    fn harmless(mut self, text: &'static str) -> Self {
        self.harmless = text;
        self
    }

    fn run(&self, value: &str) -> Run {
        assert!(self.text.contains(HERE), "{}: there is no field", self.name);
        let place = Place::new();
        place.write(self.file, self.text.replace(HERE, value));
        place.run(&self.arguments)
    }

    /// What is wrong with how a character is taken.
    fn faults(&self, c: char) -> Option<String> {
        // Written as an escape it is in the value alone, in TOML; elsewhere it is what it is.
        let end = if self.file.ends_with(".txt") { c.to_string() } else { format!("\\u{:04X}", u32::from(c)) };
        let run = self.run(&format!("{}{end}evil==1.0", self.harmless));
        let odd = ENDS.into_iter().find(|one| *one != '\n' && run.stdout.contains(*one));
        let named = [format!("U+{:04X}", u32::from(c)), c.escape_debug().to_string()];
        let raw = |text: &str| text.chars().any(|c| c.is_control() && c != '\n' || ENDS[7..].contains(&c));
        let evil = run.stdout.lines().chain(run.stderr.lines()).any(|line| line.trim_start().starts_with("evil"));
        let fault = match run.status {
            _ if odd.is_some() || evil => "it went into the output",
            _ if raw(&run.stderr) => "it went to the terminal",
            2 if !named.iter().any(|name| run.stderr.contains(name)) => "it is not named",
            2 if !run.stdout.is_empty() => "there is an output",
            0 if self.reaches => "it was taken",
            0 | 2 => return None,
            _ => "an odd exit status",
        };
        Some(format!("{}, U+{:04X}: {fault}\n{}{}", self.name, u32::from(c), run.stdout, run.stderr))
    }
}

/// Tries all characters in all fields.
fn try_all(fields: &[Field]) {
    let mut report = String::new();
    for field in fields {
        let control = field.run(field.harmless);
        let reaches = control.stdout.contains(field.harmless) || !field.reaches;
        if control.status != 0 || !reaches {
            let _ = writeln!(report, "{}: harmless, but {}\n{}", field.name, control.status, control.stderr);
        }
        for fault in ENDS.iter().filter_map(|c| field.faults(*c)) {
            let _ = writeln!(report, "{}", fault.chars().take(600).collect::<String>());
        }
    }
    assert!(report.is_empty(), "{report}");
}

#[test]
fn no_field_of_a_poetry_lock_ends_a_line() {
    let field = |name: &str, more: &str, needs: &str| Field::new(name, "poetry.lock", with_package(more, needs), "");
    let source = |name: &str, lines: &str| {
        let text = with_package(&format!("[package.source]\n{lines}"), "");
        let digests = if lines.contains("'file'") || lines.contains("'url'") { "" } else { "--without-hashes" };
        Field::new(name, "poetry.lock", text, digests)
    };
    let git = "type = 'git'\nurl = 'https://git.example/a'\n";
    let file = |name: &str, hash: &str| format!("files = [{{file = \"{name}\", hash = \"{hash}\"}}]");
    try_all(&[
        source("a file", "type = 'file'\nurl = \"HERE-1.0-py3-none-any.whl\"").written(),
        source("a folder", "type = 'directory'\nurl = \"HERE\"").written(),
        source("a URL", "type = 'url'\nurl = \"https://files.example/HERE/broken-1.0-py3-none-any.whl\"").written(),
        source("a repository", "type = 'git'\nurl = \"https://git.example/HERE\"\nresolved_reference = 'a'").written(),
        source("a revision", &format!("{git}resolved_reference = \"HERE\"")).written(),
        source("a folder of a repository", &format!("{git}resolved_reference = 'a'\nsubdirectory = \"HERE\""))
            .written(),
        source("an index", "type = 'legacy'\nreference = 'a'\nurl = \"https://index.example/HERE\"").written(),
        source("an index's name", "type = 'legacy'\nreference = \"HERE\"\nurl = 'https://index.example/simple'"),
        field("a name", "name = \"HERE\"", "").written(),
        field("a version", "version = \"1.0+HERE\"", "").written(),
        field("a marker", "markers = \"platform_release == 'HERE'\"", "").written(),
        field("a description", "description = \"HERE\"", ""),
        field("Pythons", "python-versions = \">=3.8HERE\"", "").harmless(""),
        field("a group", "groups = ['main', \"HERE\"]", ""),
        field("a file's name", &file("HERE-1.0-py3-none-any.whl", &digest()), ""),
        field("a digest", &file("a-1.0-py3-none-any.whl", &format!("{}HERE", digest())), "").harmless(""),
        field("a requirement", "", "\"HERE\" = {version = '*', optional = true}"),
        field("a requirement's version", "", "anyio = \"*HERE\"").harmless(""),
        field("a requirement's marker", "", "anyio = {version = '*', markers = \"platform_release == 'HERE'\"}"),
        field("a requirement's extra", "", "anyio = {version = '*', extras = [\"HERE\"]}"),
        Field::new(
            "an extra",
            "poetry.lock",
            swap(&poetry_lock(), "[extras]\n", "[extras]\n\"HERE\" = ['anyio']\n"),
            "",
        ),
        Field::new(
            "the project's hash",
            "poetry.lock",
            swap(&poetry_lock(), "content-hash = \"", "content-hash = \"HERE"),
            "",
        ),
        Field::new("its Pythons", "poetry.lock", swap(&poetry_lock(), ">=3.8,<3.12", ">=3.8,<3.12HERE"), "")
            .harmless(""),
    ]);
}

#[test]
fn no_field_of_a_pylock_ends_a_line() {
    let sha256 = "a".repeat(64);
    let field = |name: &str, lines: &str, arguments: &str| {
        let text = with_pylock_package(&lines.replace("SHA", &format!("hashes = {{ sha256 = \"{sha256}\" }}")));
        Field::new(name, "pylock.toml", text, arguments)
    };
    let wheel = "wheels = [{ url = 'https://files.example/broken-1.0-py3-none-any.whl', SHA }]";
    let top = |name: &str, line: &str| {
        let text = swap(&pylock(), "lock-version = \"1.0\"\n", &format!("lock-version = \"1.0\"\n{line}\n"));
        Field::new(name, "pylock.toml", text, "")
    };
    let mut fields = Vec::new();
    for format in ["", "--format pylock"] {
        let both = |name: &str, lines: &str| field(&format!("{name} {format}"), lines, format);
        let index = both("an index", &format!("index = \"https://index.example/HERE\"\n{wheel}"));
        let url = both(
            "a wheel's URL",
            "wheels = [{ url = \"https://files.example/HERE/broken-1.0-py3-none-any.whl\", SHA }]",
        );
        // Requirements name the release, with the index of its project.
        fields.extend(if format.is_empty() { [index, url] } else { [index.written(), url.written()] });
        fields.extend([
            both("a marker", &format!("marker = \"platform_release == 'HERE'\"\n{wheel}")).written(),
            both("an archive's URL", "archive = { url = \"https://files.example/HERE-1.0.tar.gz\", SHA }").written(),
            both("an archive's path", "archive = { path = \"HERE-1.0.tar.gz\", SHA }").written(),
            both(
                "a wheel's name",
                "wheels = [{ name = \"broken-1.0-py3HERE-none-any.whl\", url = 'https://files.example/a', SHA }]",
            )
            .harmless(""),
            both("a key of a tool", &format!("{wheel}\n[packages.tool.some]\n\"key\" = \"HERE\"")),
            both("Pythons", &format!("requires-python = \">=3.8HERE\"\n{wheel}")).harmless(""),
        ]);
    }
    let bare = |name: &str, lines: &str| field(name, lines, "--without-hashes");
    fields.extend([
        field(
            "a folder of an archive",
            "archive = { url = 'https://files.example/a-1.0.zip', subdirectory = \"HERE\", SHA }",
            "",
        )
        .written(),
        field("a wheel's path", "wheels = [{ path = \"HERE/broken-1.0-py3-none-any.whl\", SHA }]", ""),
        bare("a repository", "vcs = { type = 'git', url = \"https://git.example/HERE\", commit-id = 'a' }").written(),
        bare("a kind of repository", "vcs = { type = \"HERE\", url = 'https://git.example/a', commit-id = 'a' }")
            .written(),
        bare("a revision", "vcs = { type = 'git', url = 'https://git.example/a', commit-id = \"HERE\" }").written(),
        bare(
            "a folder of a repository",
            "vcs = { type = 'git', url = 'https://git.example/a', commit-id = 'a', subdirectory = \"HERE\" }",
        )
        .written(),
        bare("a folder", "directory = { path = \"HERE\" }").written(),
        top("an extra", "extras = [\"HERE\"]"),
        top("a group", "dependency-groups = [\"HERE\"]"),
        top("an environment", "environments = [\"platform_release == 'HERE'\"]"),
        Field::new("the tool", "pylock.toml", swap(&pylock(), "created-by = \"uv\"", "created-by = \"HERE\""), ""),
    ]);
    try_all(&fields);
}

#[test]
fn no_field_of_a_requirements_file_ends_a_line() {
    let digest = "a".repeat(64);
    let line = |name: &str, line: &str| {
        let text = format!("{}\n", pinned("torch==2.1.2")) + &line.replace("SHA", &format!("--hash=sha256:{digest}"));
        Field::new(name, "requirements.txt", text + "\n", "")
    };
    let mut fields = vec![
        line("a URL", "a @ https://files.example/HERE/a-1.0-py3-none-any.whl SHA").written(),
        line("a path", "./HERE-1.0-py3-none-any.whl SHA").written(),
        line("a marker", "a==1.0 ; platform_release == 'HERE' SHA").written(),
        line("an index", "--extra-index-url https://index.example/HERE").written(),
        line("a comment", "# HERE").written(),
    ];
    // A line end is what it is there, and so is one behind a carriage return.
    let mut report = String::new();
    for field in &mut fields {
        let control = field.run(field.harmless);
        if control.status != 0 || !control.stdout.contains(field.harmless) {
            let _ = writeln!(report, "{}: {}", field.name, control.stderr);
        }
        for fault in ENDS[1..].iter().filter_map(|c| field.faults(*c)) {
            let _ = writeln!(report, "{fault}");
        }
    }
    assert!(report.is_empty(), "{report}");
}

#[test]
fn no_name_of_a_file_ends_a_line_of_the_header() {
    for c in ENDS {
        for (lock, catalogue) in [
            (format!("poetry{c}evil==1.0 #.lock"), "a.tsv".to_owned()),
            ("poetry.lock".to_owned(), format!("a{c}evil==1.0 #.tsv")),
        ] {
            let place = Place::new();
            place.write(&lock, poetry_lock());
            place.write(&catalogue, "");
            let run =
                place.run_with(&["export", "--cuda", "11.8", "--python", "3.10", "--catalog", &catalogue, &lock], "");
            assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{:?}: {}", c, run.stderr);
            assert!(run.stderr.contains(&format!("U+{:04X}", u32::from(c))), "{}", run.stderr);
            assert!(!run.stderr.lines().any(|line| line.starts_with("evil")), "{}", run.stderr);
        }
    }
}

/// pip puts a variable of the environment in its place, a login for example, whoever wrote it.
#[test]
fn a_variable_goes_into_an_output_only_where_the_lock_is_a_requirements_file() {
    let digest = digest();
    let of_poetry = |lines: &str| ("poetry.lock", with_package(lines, ""));
    let of_pylock = |lines: &str| {
        let lines = lines.replace("SHA", &format!("hashes = {{ sha256 = '{}' }}", &digest["sha256:".len()..]));
        ("pylock.toml", with_pylock_package(&lines))
    };
    for (file, text) in [
        of_poetry("[package.source]\ntype = 'url'\nurl = 'https://files.example/HERE/a.whl'"),
        of_poetry("[package.source]\ntype = 'file'\nurl = 'HERE/a.whl'"),
        of_poetry("[package.source]\ntype = 'legacy'\nreference = 'a'\nurl = 'https://index.example/HERE'"),
        of_poetry("markers = \"platform_release == 'HERE'\""),
        of_pylock("archive = { url = 'https://files.example/HERE/a-1.0.tar.gz', SHA }"),
        of_pylock("archive = { path = 'HERE/a-1.0.tar.gz', SHA }"),
    ] {
        for (value, status) in [("smuggled", 0), ("${HOME}", 2), ("$HOME", 0), ("${home}", 0)] {
            let place = Place::new();
            place.write(file, text.replace(HERE, value));
            let run = place.run("export --cuda 11.8 --python 3.10");
            assert_eq!(run.status, status, "{text} {value}: {}", run.stderr);
            assert!(status == 2 || run.stdout.contains(value), "{}", run.stdout);
            assert!(status == 0 || run.stdout.is_empty() && run.stderr.contains("`${HOME}`"), "{}", run.stderr);
        }
    }
    let place = Place::new();
    let line = format!("a @ https://files.example/${{HOME}}/a-1.0-py3-none-any.whl --hash={digest}\n");
    place.write("requirements.txt", format!("{}\n{line}", pinned("torch==2.1.2")));
    assert!(place.run("export --cuda 11.8 --python 3.10").ok().contains(&line));
}
