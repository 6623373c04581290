//! A Dockerfile; the names of images in it, and one that is named by itself.

#![no_main]

use libfuzzer_sys::fuzz_target;
use torchswap::audit::container::dockerfile::Dockerfile;
use torchswap::audit::container::image::Image;
use torchswap::text::Source;
use torchswap_fuzz::text;

fuzz_target!(|input: &[u8]| {
    let source = Source::new("Dockerfile", text(input));
    for stage in Dockerfile::parse(&source).stages {
        let _ = source.place(stage.span).to_string();
    }
    let _ = Image::of(source.text.lines().next().unwrap_or_default());
});
