//! The file name of a wheel, and where it fits.

#![no_main]

use libfuzzer_sys::fuzz_target;
use torchswap::packaging::target::{Environment, Platform};
use torchswap::packaging::wheel::WheelName;
use torchswap_fuzz::{here, said, text};

fuzz_target!(|input: &[u8]| {
    let text = text(input);
    let Some(wheel) = said(text.parse::<WheelName>()) else { return };
    assert_eq!(wheel.as_str(), text);
    for platform in Platform::ALL {
        let _ = wheel.fit(Environment { platform, ..here() });
    }
    let _ = (wheel.python_tag(), wheel.abi_tag(), wheel.platform_tag(), wheel.public_version());
});
