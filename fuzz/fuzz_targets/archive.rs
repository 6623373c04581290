//! A wheel as an archive: the first line is its file name.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io::Cursor;
use torchswap::packaging::archive::open;
use torchswap::packaging::wheel::WheelName;
use torchswap_fuzz::{said, text};

fuzz_target!(|input: &[u8]| {
    let Some(at) = input.iter().position(|byte| *byte == b'\n') else { return };
    let Some(wheel) = said(text(&input[..at]).parse::<WheelName>()) else { return };
    if let Some(contents) = said(open(Cursor::new(&input[at + 1..]), &wheel)) {
        assert_eq!((&contents.metadata.name, &contents.metadata.version), (&wheel.name, &wheel.version));
    }
});
