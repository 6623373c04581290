//! What is one word on the command line or in a file: versions, builds, platforms, digests, addresses.

#![no_main]

use libfuzzer_sys::fuzz_target;
use torchswap::audit::Driver;
use torchswap::catalog::Index;
use torchswap::packaging::address;
use torchswap::packaging::digest::Sha256;
use torchswap::packaging::requirement::Release;
use torchswap::packaging::system::System;
use torchswap::packaging::target::{Backend, Platform, Python};
use torchswap::report::audit::Level;
use torchswap::report::rule::Rule;
use torchswap::text::{off_line, quoted, shown, variable, without_logins};
use torchswap::write::Mirror;
use torchswap_fuzz::text;

fuzz_target!(|input: &[u8]| {
    let text = text(input);
    let _ = (text.parse::<Backend>(), Backend::cuda(&text), Backend::rocm(&text));
    let _ = (text.parse::<Platform>(), text.parse::<Python>(), text.parse::<Release>());
    let _ = (System::glibc(&text), System::musl(&text), System::macos(&text), text.parse::<Driver>());
    let _ = (text.parse::<Sha256>(), text.parse::<Level>(), text.parse::<Rule>());
    let _ = (text.parse::<Index>(), address::decoded(&text), address::file_name(&text), variable(&text));
    assert_eq!(address::canonical(&address::canonical(&text)), address::canonical(&text));
    if let Ok(mirror) = Mirror::parse(&text) {
        assert_eq!(off_line(&mirror.to_string()), None);
    }
    for told in [quoted(&text), shown(&text).into_owned()] {
        assert_eq!(shown(&told), told);
    }
    let _ = without_logins(&text);
});
