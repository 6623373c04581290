//! `pylock.toml` as pip, uv, Poetry and PDM write it: what is selected from it, and what is refused.

mod checked;
mod export;
mod odd_files;
mod read;
mod rewritten;
mod selected;

use std::path::PathBuf;

use torchswap::lock::Lock;
use torchswap::lock::pylock::Pylock;

use crate::support::fixture;

/// Every `pylock.toml` and `pylock.main.toml` of the fixtures, ascending.
fn fixtures() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for tool in ["pdm", "pip", "poetry", "uv"] {
        for project in std::fs::read_dir(fixture("pylock").join(tool)).unwrap() {
            for file in std::fs::read_dir(project.unwrap().path()).unwrap() {
                let path = file.unwrap().path();
                if Pylock::is_name(&path.file_name().unwrap().to_string_lossy()) {
                    found.push(path);
                }
            }
        }
    }
    found.sort();
    assert!(found.len() >= 15, "fixtures are missing");
    found
}

/// The tool and the project of a fixture, for messages.
fn named(path: &std::path::Path) -> String {
    path.strip_prefix(fixture("pylock")).unwrap().display().to_string()
}

fn parse(text: &str) -> Lock {
    Lock::Pylock(Box::new(Pylock::parse("pylock.toml", text.to_owned(), None).unwrap()))
}
