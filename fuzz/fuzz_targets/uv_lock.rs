//! A `uv.lock`, and the project beside it if the input has a NUL. The project comes first: what is read can be selected from,
//! and its layout is told.

#![no_main]

use libfuzzer_sys::fuzz_target;
use torchswap::lock::Choice;
use torchswap::lock::uv::UvLock;
use torchswap::text::Source;
use torchswap_fuzz::{everything, here, parts, read, text};

fuzz_target!(|input: &[u8]| {
    let (project, lock) = parts(input);
    let project = project.map(|project| Source::new("pyproject.toml", text(project).into_owned()));
    let Some(lock) = read(UvLock::parse("uv.lock", text(lock).into_owned(), project)) else { return };
    read(lock.select(&Choice::default(), here()));
    // What conflicts is refused together.
    let _ = lock.select(&everything(), here());
    read(lock.layout());
});
