//! A requirements file: what is read can be selected from, and written again it is the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use torchswap::lock::Lock;
use torchswap::lock::requirements::{self, LineEdits};
use torchswap_fuzz::{here, read, text};

fuzz_target!(|input: &[u8]| {
    let text = text(input).into_owned();
    let mut included = false;
    let mut include = |_: &str| {
        included = true;
        Ok("x==1\n".to_owned())
    };
    let Some(file) = read(requirements::parse("requirements.txt", text.clone(), &mut include)) else { return };
    if !included {
        assert_eq!(file.render(&LineEdits::default()), text);
    }
    read(Lock::Requirements(Box::new(file)).select(&Default::default(), here()));
});
