//! A requirements file planned and exported, behind a number (see [`Request`]).

#![no_main]

use libfuzzer_sys::fuzz_target;
use torchswap::lock::{Choice, Lock, requirements};
use torchswap_fuzz::output::{INCLUDED, Request, export};
use torchswap_fuzz::text;

fuzz_target!(|input: &[u8]| {
    let Some((number, input)) = input.split_first() else { return };
    let parse = || {
        let include = &mut |_: &str| Ok(INCLUDED.to_owned());
        let file = requirements::parse("requirements.txt", text(input).into_owned(), include)?;
        Ok(Lock::Requirements(Box::new(file)))
    };
    export(parse, &Choice::default(), &Request::of(*number));
});
