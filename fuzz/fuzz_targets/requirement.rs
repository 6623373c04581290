//! One requirement (PEP 508), and one line of a requirements file without its digests.

#![no_main]

use libfuzzer_sys::fuzz_target;
use torchswap::lock::requirements::without_hashes;
use torchswap::packaging::requirement;
use torchswap_fuzz::{said, text};

fuzz_target!(|input: &[u8]| {
    let text = text(input);
    let bare = without_hashes(&text);
    assert_eq!(without_hashes(&bare), bare);
    let _ = requirement::check(&text);
    if let Some(plain) = said(requirement::plain(requirement::split(&text).0)) {
        let _ = plain.0.canonical();
    }
});
