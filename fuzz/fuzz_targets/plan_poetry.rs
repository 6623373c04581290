//! A `poetry.lock` planned and exported: first a number (see [`Request`]), then as for `poetry_lock`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use torchswap::lock::Lock;
use torchswap::lock::poetry::PoetryLock;
use torchswap::lock::pyproject::Project;
use torchswap_fuzz::output::{Request, export};
use torchswap_fuzz::{everything, parts, text};

fuzz_target!(|input: &[u8]| {
    let Some((number, input)) = input.split_first() else { return };
    let (project, lock) = parts(input);
    let project = project.and_then(|project| Project::parse("pyproject.toml", text(project).into_owned()).ok());
    let parse = || {
        let lock = PoetryLock::parse("poetry.lock", text(lock).into_owned(), project.clone())?;
        Ok(Lock::Poetry(Box::new(lock)))
    };
    export(parse, &everything(), &Request::of(*number));
});
