//! A marker (PEP 508, PEP 751), decided: what is left open is a marker again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use torchswap::packaging::marker::{self, Condition, Extras};
use torchswap_fuzz::{here, said, text};

fuzz_target!(|input: &[u8]| {
    let text = text(input);
    let _ = marker::parse_in_pylock(&text);
    let Some(tree) = said(marker::parse(&text)) else { return };
    let open = Condition::of(&tree, here(), &Extras::new()).marker();
    if let Some(open) = open {
        assert!(marker::parse(&open).is_ok(), "{open}");
    }
});
