//! A page of an index as HTML.

#![no_main]

use libfuzzer_sys::fuzz_target;
use torchswap::edge::index::simple;
use torchswap_fuzz::said;
use url::Url;

fuzz_target!(|input: &[u8]| {
    let base = Url::parse("https://index.example/whl/torch/").unwrap();
    let Some(page) = said(simple::parse("text/html", &base, input)) else { return };
    for link in page.links {
        let _ = (link.file.parse::<torchswap::packaging::wheel::WheelName>(), link.metadata_url());
    }
});
