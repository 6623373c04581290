//! A `pyproject.toml`: the project, and what is asked of it beside other locks.

#![no_main]

use libfuzzer_sys::fuzz_target;
use torchswap::lock::pyproject::{self, Project};
use torchswap::text::Source;
use torchswap_fuzz::{read, text};

fuzz_target!(|input: &[u8]| {
    let text = text(input);
    read(Project::parse("pyproject.toml", text.clone().into_owned()));
    let _ = pyproject::pythons(&Source::new("pyproject.toml", text));
});
