//! A `pylock.toml`: what is read can be selected from, and its layout is told.

#![no_main]

use libfuzzer_sys::fuzz_target;
use torchswap::lock::pylock::Pylock;
use torchswap_fuzz::{everything, here, read, text};

fuzz_target!(|input: &[u8]| {
    let Some(lock) = read(Pylock::parse("pylock.toml", text(input).into_owned(), None)) else { return };
    read(lock.select(&everything(), here()));
    read(lock.layout());
    let _ = (lock.leaves_out(here()), lock.never_on(here().platform));
});
