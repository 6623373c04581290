//! A `pylock.toml` planned and exported, behind a number (see [`Request`]).

#![no_main]

use libfuzzer_sys::fuzz_target;
use torchswap::lock::Lock;
use torchswap::lock::pylock::Pylock;
use torchswap_fuzz::output::{Request, export};
use torchswap_fuzz::{everything, text};

fuzz_target!(|input: &[u8]| {
    let Some((number, input)) = input.split_first() else { return };
    let parse = || Ok(Lock::Pylock(Box::new(Pylock::parse("pylock.toml", text(input).into_owned(), None)?)));
    export(parse, &everything(), &Request::of(*number));
});
