//! Logins: none of what is read is shown.

#![no_main]

use libfuzzer_sys::fuzz_target;
use torchswap::edge::index::Netrc;
use torchswap_fuzz::text;

fuzz_target!(|input: &[u8]| {
    let shown = format!("{:?}", Netrc::parse(&text(input)));
    assert!(shown.len() < 30, "{shown}");
});
