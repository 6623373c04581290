//! A configuration: by itself, and as a part of a project.

#![no_main]

use libfuzzer_sys::fuzz_target;
use torchswap::cli::config::Config;
use torchswap::text::Source;
use torchswap_fuzz::{read, text};

fuzz_target!(|input: &[u8]| {
    let source = Source::new("pyproject.toml", text(input));
    if source.text.contains("[tool.") {
        read(Config::parse_pyproject(&source));
    } else {
        read(Config::parse(&source));
    }
});
