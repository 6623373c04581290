//! `uv.lock`: what is selected from it, what it becomes, and what is refused.

mod export;
mod pytorch;
mod read;
mod renamed;
mod rewritten;
mod selected;
mod sources;

use torchswap::lock::Lock;
use torchswap::lock::uv::UvLock;
use torchswap::text::Source;

use crate::support::{Place, fixture};

/// The projects of the fixtures.
const PROJECTS: [&str; 7] =
    ["equivalents", "members", "plain", "pytorch-extras", "pytorch-markers", "torch-2.7.1", "workspace"];

fn text(project: &str, file: &str) -> String {
    std::fs::read_to_string(fixture("uv").join(project).join(file)).unwrap()
}

/// A fixture's lock with the project beside it.
fn lock(project: &str) -> Lock {
    let beside = Source::new("pyproject.toml", text(project, "pyproject.toml"));
    Lock::Uv(Box::new(UvLock::parse("uv.lock", text(project, "uv.lock"), Some(beside)).unwrap()))
}

/// The packages of a lock by name.
fn blocks(lock: &str) -> std::collections::BTreeMap<&str, &str> {
    let each = lock.split("[[package]]\n").skip(1).map(|block| (block.split('"').nth(1).unwrap(), block.trim_end()));
    each.collect()
}

/// A folder with a fixture's lock and its project.
fn place(project: &str) -> Place {
    let place = Place::new();
    for file in ["uv.lock", "pyproject.toml"] {
        place.write(file, text(project, file));
    }
    place
}
