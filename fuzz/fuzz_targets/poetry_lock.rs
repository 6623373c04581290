//! A `poetry.lock`, after a NUL if its project comes first: what is read can be selected from, and its layout is told.

#![no_main]

use libfuzzer_sys::fuzz_target;
use torchswap::lock::poetry::PoetryLock;
use torchswap::lock::pyproject::Project;
use torchswap_fuzz::{everything, here, parts, read, text};

fuzz_target!(|input: &[u8]| {
    let (project, lock) = parts(input);
    let project = project.and_then(|project| read(Project::parse("pyproject.toml", text(project).into_owned())));
    let Some(lock) = read(PoetryLock::parse("poetry.lock", text(lock).into_owned(), project)) else { return };
    read(lock.select(&everything(), here()));
    read(lock.layout());
    let _ = (lock.stale(), lock.is_locked());
});
