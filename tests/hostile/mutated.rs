//! Real inputs with random damage: no reader may panic. The seed is fixed, so a failure repeats.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;

use torchswap::catalog::ProjectTable;
use torchswap::lock::poetry::PoetryLock;
use torchswap::lock::pylock::Pylock;
use torchswap::lock::pyproject::Project;
use torchswap::lock::{Choice, Lock, requirements};
use torchswap::packaging::constraint::Constraint;
use torchswap::packaging::marker;
use torchswap::packaging::target::{Environment, Platform, Python};
use torchswap::packaging::wheel::WheelName;

use super::catalogs::row;
use super::read;
use crate::support::Dice;

/// What damage is likely to hit a reader with.
const PIECES: [&str; 40] = [
    "\n",
    "\r",
    "\r\n",
    "\t",
    " ",
    "\0",
    "\u{feff}",
    "é",
    "𝟙",
    "\u{85}",
    "\"",
    "'",
    "\"\"\"",
    "\\",
    "#",
    ";",
    ",",
    "=",
    "==",
    "===",
    "~=",
    "[",
    "]",
    "[[",
    "{",
    "}",
    "(",
    ")",
    "@",
    "-",
    "_",
    ".",
    "*",
    "+",
    "%2B",
    "||",
    "^",
    "in",
    "18446744073709551616",
    "!",
];

impl Dice {
    /// One to four wounds.
    fn damage(&mut self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(12)).min(bytes.len());
            match self.below(5) {
                0 => drop(bytes.drain(at..end)),
                1 => {
                    let piece = bytes[at..end].to_vec();
                    let to = self.below(bytes.len() + 1);
                    bytes.splice(to..to, piece);
                }
                2 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                3 => bytes.truncate(bytes.len() - self.below(40).min(bytes.len())),
                _ => {
                    let piece = PIECES[self.below(PIECES.len())];
                    bytes.splice(at..at, piece.bytes());
                }
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Feeds damaged copies of the texts to a reader, which tells whether it could read one. Some must stay readable, else
/// only the first check of the reader is tried.
fn endures<T: AsRef<str> + Debug>(seed: u64, times: usize, texts: &[T], reader: impl Fn(&str) -> bool) {
    let mut dice = Dice(seed);
    let mut readable = 0;
    for _ in 0..times {
        let whole = texts[dice.below(texts.len())].as_ref();
        let text = dice.damage(whole);
        match catch_unwind(AssertUnwindSafe(|| reader(&text))) {
            Ok(read) => readable += usize::from(read),
            Err(_) => panic!("the reader panicked on {text:?}"),
        }
    }
    println!("{times} damaged inputs, {readable} of them still readable");
    assert!(readable > times / 100 && readable < times, "{readable} of {times} could be read");
}

fn environment() -> Environment {
    Environment { platform: Platform::LinuxX86_64, python: Python::three(10) }
}

/// The first packages of a lock and what follows the last one: small, so that many can be tried.
fn short_lock(path: &str) -> String {
    let text = read(path);
    let start = text.find("[[package]]").unwrap();
    let length = text[start..].match_indices("[[package]]").nth(3).unwrap().0;
    let rest = text.find("\n[extras]").or_else(|| text.find("\n[metadata]")).unwrap();
    format!("{}{}", &text[start..start + length], &text[rest..])
}

/// A requirements file without the requirements of many digests: small, so that many can be tried.
fn short_requirements(text: &str) -> String {
    let mut blocks: Vec<Vec<&str>> = Vec::new();
    for line in text.split_inclusive('\n') {
        match blocks.last_mut() {
            Some(block) if line.starts_with([' ', '#']) => block.push(line),
            _ => blocks.push(vec![line]),
        }
    }
    blocks.retain(|block| block.len() < 8);
    assert!(blocks.len() > 10);
    blocks.concat().concat()
}

#[test]
fn locks() {
    let texts = ["poetry-2.5/torch-2.1.2", "poetry-2.5/markers", "poetry-1.8/torch-2.1.2", "poetry-1.1/small"];
    let texts = texts.map(|folder| short_lock(&format!("{folder}/poetry.lock")));
    let project = read("poetry-2.5/torch-2.1.2/pyproject.toml");
    let project = Project::parse("pyproject.toml", project).unwrap();
    endures(0x5eed_0001, 1500, &texts, |text| {
        let Ok(lock) = PoetryLock::parse("poetry.lock", text.to_owned(), Some(project.clone())) else { return false };
        let choice = Choice { all_groups: true, all_extras: true, ..Choice::default() };
        let _ = lock.select(&choice, environment());
        true
    });
}

/// What is read of a `pylock.toml` can be selected from, and its layout is found or refused.
#[test]
fn pylocks() {
    let short = |path: &str| {
        let text = read(path);
        let starts: Vec<usize> = text.match_indices("[[packages]]").map(|(at, _)| at).collect();
        let rest = text.find("\n[tool").map_or("", |at| &text[at..]);
        format!("{}{rest}", &text[..starts[3]])
    };
    let texts = ["pdm/torch-2.5.1", "pip/torch-2.5.1", "poetry/torch-2.5.1", "uv/torch-2.5.1"];
    let texts = texts.map(|folder| short(&format!("pylock/{folder}/pylock.toml")));
    endures(0x5eed_0008, 2000, &texts, |text| {
        let Ok(lock) = Pylock::parse("pylock.toml", text.to_owned(), None) else { return false };
        let choice = Choice { all_groups: true, all_extras: true, ..Choice::default() };
        let _ = (lock.select(&choice, environment()), lock.leaves_out(environment()), lock.layout());
        true
    });
}

#[test]
fn projects() {
    let texts = ["poetry-2.5/torch-2.1.2", "poetry-1.8/markers", "poetry-1.8/paths", "poetry-1.1/small"];
    let texts = texts.map(|folder| read(&format!("{folder}/pyproject.toml")));
    endures(0x5eed_0002, 6000, &texts, |text| Project::parse("pyproject.toml", text.to_owned()).is_ok());
}

#[test]
fn requirement_files() {
    let names = ["pip-compile.txt", "pip-freeze.txt", "uv-compile-universal.txt", "uv-export-plain.txt"];
    let texts = names.map(|name| short_requirements(&read(&format!("requirements/torch-2.1.2/{name}"))));
    let lines = "a[b,c]==1.0 ; python_version < '3.9' \\\n    --hash=sha256:00 # via\nb @ https://x.example/b-1.0-py3-none-any.whl#sha256=00\n-r c.txt\n-e ./d\n";
    let texts = texts.iter().map(String::as_str).chain([lines]).collect::<Vec<_>>();
    endures(0x5eed_0003, 4000, &texts, |text| {
        let read = requirements::parse("requirements.txt", text.to_owned(), &mut |_| Ok("x==1\n".to_owned()));
        let Ok(file) = read else { return false };
        let _ = Lock::Requirements(Box::new(file)).select(&Choice::default(), environment());
        true
    });
}

#[test]
fn catalogues() {
    let texts = [row(), row().repeat(2)];
    endures(0x5eed_0004, 10_000, &texts, |text| ProjectTable::parse("team.tsv", text).is_ok());
}

#[test]
fn wheel_names() {
    let names = [
        "torch-2.1.2+cu118-cp310-cp310-linux_x86_64.whl",
        "torch-2.10.0-1-cp310-none-macosx_11_0_arm64.whl",
        "numpy-1.26.4-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "py2_thing-1!2.0.post1.dev3-py2.py3-none-any.whl",
    ];
    endures(0x5eed_0005, 30_000, &names, |text| match WheelName::from_str(text) {
        Ok(wheel) => {
            let _ = (wheel.fit(environment()), wheel.python_tag(), wheel.abi_tag(), wheel.platform_tag());
            true
        }
        Err(error) => error.to_string().is_empty(),
    });
}

#[test]
fn constraints() {
    let texts = ["^1.2.3", "~1.2", ">=1,<2 || >3", ">=2.7, !=3.0.*, !=3.1.*", "1.2.*", "==2.0.1+cu118", "*", "~=1.4.2"];
    endures(0x5eed_0006, 30_000, &texts, |text| match Constraint::poetry(text) {
        Ok(constraint) => {
            let _ = (constraint.admits_python(Python::three(10)), constraint.to_string(), constraint.exact());
            true
        }
        Err(error) => error.to_string().is_empty(),
    });
}

#[test]
fn markers() {
    let texts = [
        "python_version >= \"3.9\" and python_version < \"3.13\"",
        "sys_platform == 'linux' and platform_machine == 'x86_64' or extra == 'server'",
        "(python_full_version < '3.11.3' or platform_release >= \"20\") and 'arm' in platform_machine",
        "python_version in '3.8 3.9' and implementation_name != 'pypy' and os_name not in 'nt posix'",
    ];
    endures(0x5eed_0007, 10_000, &texts, |text| {
        let Ok(tree) = marker::parse(text) else { return false };
        let _ = marker::Condition::of(&tree, environment(), &marker::Extras::new()).marker();
        true
    });
}
