//! The formats of locks, and which one a file has.

use std::path::Path;

use super::pylock::Pylock;
use super::{Foreign, requirements};
use crate::report::error::{Code, Problem, Result};

/// The formats of locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `poetry.lock`
    Poetry,
    /// `requirements.txt`
    Requirements,
    /// `pylock.toml`
    Pylock,
    /// `uv.lock`
    Uv,
}

impl Format {
    /// The format by the file's name and, where that says nothing (standard input), by its text: a
    /// `poetry.lock` has `[[package]]` or `[metadata]` on a line, a `pylock.toml` has `[[packages]]` or begins with its
    /// `lock-version`, a `uv.lock` begins with its `version`; no requirements file has any of these.
    ///
    /// # Errors
    /// If the file is a lock of another tool.
    pub fn sniff(name: &str, text: &str) -> Result<Self> {
        let file = Path::new(name).file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let extension = Path::new(file).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let foreign = |what: &str, help: &str| {
            let problem = Problem::new(Code::Unsupported, format!("{name} is {what}, which is not read"));
            Err(problem.help(help).into())
        };
        if let Some(known) = Foreign::named(name) {
            return Err(known.refusal(name).into());
        }
        match (file, extension) {
            ("pyproject.toml", _) => {
                foreign("a project, not a lock", "name its lock: poetry.lock, pylock.toml, uv.lock or requirements.txt")
            }
            (name, _) if Pylock::is_name(name) && Self::by_text(text) == Self::Poetry => {
                foreign("a poetry.lock under another name", "name it poetry.lock")
            }
            (name, ending) if (ending == "lock" || Pylock::is_name(name)) && requirements::is_requirements(text) => {
                foreign(
                    "a requirements file under another name",
                    "name it requirements.txt, or let its name end in .txt",
                )
            }
            (name, _) if Pylock::is_name(name) => Ok(Self::Pylock),
            (_, "in") => foreign("the input of a lock", "name the file that was compiled from it"),
            (_, "toml") if Self::by_text(text) == Self::Pylock => foreign(
                "a pylock.toml under another name",
                "installers want pylock.toml, or pylock.NAME.toml with no dot in NAME (PEP 751): rename it",
            ),
            (_, "toml") => foreign(
                "not a lock this tool knows",
                "name a poetry.lock, a pylock.toml, a uv.lock or a requirements.txt",
            ),
            ("uv.lock", _) => Ok(Self::Uv),
            (_, "lock") if Self::by_text(text) == Self::Uv => Ok(Self::Uv),
            (_, "lock") => Ok(Self::Poetry),
            (_, "txt") => Ok(Self::Requirements),
            _ => Ok(Self::by_text(text)),
        }
    }

    fn by_text(text: &str) -> Self {
        let named = text.lines().find_map(|line| match line.trim_start_matches('\u{feff}').trim_end() {
            "[[package]]" | "[metadata]" => Some(Self::Poetry),
            "[[packages]]" => Some(Self::Pylock),
            line if line.starts_with("version = ") => Some(Self::Uv),
            line if line.starts_with("lock-version = ") => Some(Self::Pylock),
            _ => None,
        });
        named.unwrap_or(Self::Requirements)
    }
}
