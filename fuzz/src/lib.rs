//! What the targets share: how an input becomes text, what must hold of a refusal, and (in [`output`]) of what is written.

#![forbid(unsafe_code)]

pub mod output;
pub mod rewriting;

use std::borrow::Cow;
use std::fmt::Display;
use std::sync::LazyLock;

use clap::Parser;
use torchswap::cli::Cli;
use torchswap::command::Voice;
use torchswap::lock::Choice;
use torchswap::packaging::target::{Environment, Platform, Python};
use torchswap::report::error::Result;
use torchswap::text::shown;

/// Set while the seeds are tried: then each input must be read, or it would try no more than the first check of a reader.
static ALL_ARE_READ: LazyLock<bool> = LazyLock::new(|| std::env::var_os("FUZZ_ALL_ARE_READ").is_some());

/// The forms of a report: for a person, and for a program.
static VOICES: LazyLock<[Voice; 2]> = LazyLock::new(|| {
    ["human", "json"].map(|report| {
        let words = ["torchswap", "export", "--color", "never", "--report", report];
        Voice::of(&Cli::try_parse_from(words).unwrap())
    })
});

/// An input as text. What is no UTF-8 is replaced, else most damage would be refused before any reader sees it.
pub fn text(input: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(input)
}

/// The part of an input in front of the first NUL, if there is one, and the rest.
pub fn parts(input: &[u8]) -> (Option<&[u8]>, &[u8]) {
    match input.iter().position(|byte| *byte == 0) {
        Some(at) => (Some(&input[..at]), &input[at + 1..]),
        None => (None, input),
    }
}

/// What was read. A refusal must be fit to be shown: it says something, and gives a terminal no orders. None may be the
/// program's own fault.
pub fn read<T>(result: Result<T>) -> Option<T> {
    let error = match result {
        Ok(value) => return Some(value),
        Err(error) => error,
    };
    let [reported, json] =
        VOICES.map(|voice| voice.error(&error)).map(|said| format!("{}{}", said.report, said.stdout));
    refused(&reported);
    assert!(reported.lines().all(|line| shown(line) == line), "a terminal would obey this: {reported:?}");
    assert!(!json.is_empty());
    assert!(!reported.contains("please report this"), "{reported}");
    None
}

/// What was read by a reader whose refusals are a sentence.
pub fn said<T, E: Display>(result: Result<T, E>) -> Option<T> {
    result.map_err(|why| refused(&why.to_string())).ok()
}

fn refused(reported: &str) {
    assert!(!reported.is_empty(), "a refusal without a word");
    assert!(!*ALL_ARE_READ, "a seed that is not read: {reported}");
}

/// Where a lock is selected from, if nothing else is said.
pub fn here() -> Environment {
    Environment { platform: Platform::LinuxX86_64, python: Python::three(10) }
}

/// All groups and extras.
pub fn everything() -> Choice {
    Choice { all_groups: true, all_extras: true, ..Choice::default() }
}
