//! The METADATA of a wheel.

#![no_main]

use libfuzzer_sys::fuzz_target;
use torchswap::packaging::metadata::Metadata;
use torchswap_fuzz::said;

fuzz_target!(|input: &[u8]| {
    if let Some(metadata) = said(Metadata::parse(input)) {
        assert!(metadata.requires_dist.iter().all(|one| !one.contains('\n')), "{metadata:?}");
    }
});
