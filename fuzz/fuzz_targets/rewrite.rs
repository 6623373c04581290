//! A lock of any kind rewritten: first a number (see [`torchswap_fuzz::rewriting`]), then as for `poetry_lock`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use torchswap_fuzz::rewriting::rewrite;
use torchswap_fuzz::{parts, text};

fuzz_target!(|input: &[u8]| {
    let Some((number, input)) = input.split_first() else { return };
    let (project, lock) = parts(input);
    rewrite(*number, &text(lock), project.map(text).as_deref());
});
