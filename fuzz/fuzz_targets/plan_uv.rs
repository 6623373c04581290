//! A `uv.lock` planned and exported: first a number (see [`Request`]), then as for `uv_lock`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use torchswap::lock::uv::UvLock;
use torchswap::lock::{Choice, Lock};
use torchswap::text::Source;
use torchswap_fuzz::output::{Request, export};
use torchswap_fuzz::{parts, text};

fuzz_target!(|input: &[u8]| {
    let Some((number, input)) = input.split_first() else { return };
    let (project, lock) = parts(input);
    let project = project.map(|project| Source::new("pyproject.toml", text(project).into_owned()));
    let parse = || Ok(Lock::Uv(Box::new(UvLock::parse("uv.lock", text(lock).into_owned(), project.clone())?)));
    export(parse, &Choice::default(), &Request::of(*number));
});
