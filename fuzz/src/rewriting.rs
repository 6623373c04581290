//! A lock rewritten by the command itself, which proves its work before it gives it away.

use std::fs;

use clap::Parser;
use torchswap::cli::Cli;
use torchswap::command::{self, Voice};
use torchswap::edge::progress::Display;
use torchswap::packaging::requirement::Release;

use crate::read;

/// The options of a number.
fn options(number: u8, lock: &str) -> Cli {
    let words = match number % 7 {
        0 => "--cuda 11.8 --python 3.10",
        1 => "--cpu --python 3.10",
        2 => "--platform macos-arm64 --python 3.10,3.11",
        3 => "--cuda 12.1 --platform windows-x86_64 --python 3.11",
        4 => "--cuda 12.4 --mirror https://mirror.example/whl",
        5 => "--rocm 5.6 --python 3.10",
        _ => "--cuda 12.8",
    };
    let all = ["torchswap", "rewrite", "-v"].into_iter().chain(words.split(' ')).chain([lock]);
    Cli::try_parse_from(all).expect("these are no options of a rewrite")
}

/// Rewrites a lock. The same comes of it each time, and what the report does not name keeps its bytes.
pub fn rewrite(number: u8, lock: &str, project: Option<&str>) {
    let heads = [("pylock.toml", "[[packages]]"), ("poetry.lock", "[[package]]")];
    let table = heads.into_iter().find(|(_, head)| lock.contains(head));
    let name = match table {
        Some(("poetry.lock", _)) if lock.starts_with("version = ") => "uv.lock",
        Some((name, _)) => name,
        None => "requirements.txt",
    };
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join(name);
    fs::write(&path, lock).unwrap();
    if let Some(project) = project {
        fs::write(place.path().join("pyproject.toml"), project).unwrap();
    }
    let cli = options(number, path.to_str().unwrap());
    let run = || command::run(&cli, Voice::of(&cli), &Display::of(false));
    let Some(done) = read(run()) else { return };
    let again = run().expect("the same lock and options, but a refusal");
    let texts = [&done, &again].map(|one| one.writes.first().map_or(lock.as_bytes(), |write| &write.bytes));
    assert!(texts[0] == texts[1], "the same lock and options, but other bytes");
    // The lines of a requirements file are seen to where one is exported.
    if let Some((_, head)) = table {
        let after = std::str::from_utf8(texts[0]).expect("a lock that is no text");
        is_kept(lock, after, head, &done.report);
    }
}

/// Each entry that the report does not name is in the lock as before, and so does what comes in front of the first one.
fn is_kept(before: &str, after: &str, head: &str, report: &str) {
    let mut parts = before.split(head);
    assert!(after.starts_with(parts.next().unwrap_or_default()), "what comes first is not as it was");
    for entry in parts.filter_map(|part| part.split("\n[metadata").next()) {
        let written = entry.lines().find_map(|line| line.strip_prefix("name = ")).unwrap_or_default().trim_matches('"');
        let Ok(release) = written.parse::<Release>() else { continue };
        let is_reported = report.split_whitespace().any(|word| word == release.name.as_ref());
        assert!(is_reported || after.contains(entry), "the report does not name {written}, but it is changed");
    }
}
