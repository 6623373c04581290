//! Parts of the library, each alone: `cargo bench --bench parts [FILTER]`. `peers` beside this file measures whole
//! processes and holds the budgets.

#![allow(clippy::expect_used, reason = "a bench that cannot begin should stop")]

use std::path::Path;

use divan::Bencher;
use pep440_rs::Version;
use pep508_rs::PackageName;
use torchswap::catalog::{Catalogues, WheelSource};
use torchswap::lock::poetry::PoetryLock;
use torchswap::lock::pyproject::Project;
use torchswap::lock::{Choice, Lock};
use torchswap::packaging::constraint::Constraint;
use torchswap::packaging::digest::Sha256;
use torchswap::packaging::marker::{self, Condition, Extras};
use torchswap::packaging::target::{Backend, Environment, Platform, Python, Target};
use torchswap::packaging::wheel::WheelName;
use torchswap::plan::{self, Knowledge, TargetPlan, Wanted};
use torchswap::write::{self, Style};

const FIXTURES: [&str; 2] = ["poetry-1.8", "poetry-2.5"];
fn here() -> Environment {
    Environment { platform: Platform::LinuxX86_64, python: Python::three(10) }
}

fn main() {
    divan::main();
}

fn text(age: &str, file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(age).join("torch-2.4.1");
    std::fs::read_to_string(folder.join(file)).expect("a fixture of the tree")
}

fn lock(age: &str) -> Lock {
    let project = Project::parse("pyproject.toml", text(age, "pyproject.toml")).expect("a fixture is sound");
    let lock = PoetryLock::parse("poetry.lock", text(age, "poetry.lock"), Some(project));
    Lock::Poetry(Box::new(lock.expect("a fixture is sound")))
}

/// For one Python, or for all that the lock allows.
fn target(all: bool) -> Target {
    let Environment { platform, python } = here();
    let pythons = if all { Vec::new() } else { vec![python] };
    Target { name: None, platform, backend: Some(Backend::Cuda(12, 4)), pythons }
}

fn planned(lock: &Lock, all: bool) -> TargetPlan {
    let catalogues = Catalogues::default();
    let knowledge = Knowledge::new(&catalogues);
    plan::target(lock, &Wanted::new(target(all), Choice::default()), &knowledge)
        .expect("the catalogue knows these wheels")
}

#[divan::bench(args = FIXTURES)]
fn lock_parse(bencher: Bencher<'_, '_>, age: &str) {
    let lock = text(age, "poetry.lock");
    bencher.counter(divan::counter::BytesCount::of_str(&*lock)).bench(|| PoetryLock::parse("l", lock.clone(), None));
}

#[divan::bench(args = FIXTURES)]
fn lock_select(bencher: Bencher<'_, '_>, age: &str) {
    let lock = lock(age);
    bencher.bench(|| lock.select(&Choice::default(), here()));
}

#[divan::bench(args = [false, true])]
fn plan_target(bencher: Bencher<'_, '_>, all: bool) {
    let lock = lock("poetry-2.5");
    bencher.bench(|| planned(&lock, all));
}

#[divan::bench(args = [false, true])]
fn output_requirements(bencher: Bencher<'_, '_>, all: bool) {
    let lock = lock("poetry-2.5");
    let plan = planned(&lock, all);
    bencher.bench_local(|| write::requirements(&lock, std::slice::from_ref(&plan), &Style::default()));
}

#[divan::bench(args = [("torch", "2.4.1"), ("nvidia-nccl-cu12", "2.20.5"), ("flask", "3.0.0")])]
fn catalogue_release(bencher: Bencher<'_, '_>, (name, version): (&str, &str)) {
    let package = PackageName::new(name.to_owned()).expect("a name");
    let version: Version = version.parse().expect("a version");
    bencher.bench(|| Catalogues::default().wheels_of(&package, &version));
}

#[divan::bench(args = ["torch", "nvidia-nccl-cu12"])]
fn catalogue_versions(bencher: Bencher<'_, '_>, name: &str) {
    let package = PackageName::new(name.to_owned()).expect("a name");
    bencher.bench(|| Catalogues::default().versions(&package));
}

#[divan::bench]
fn digest_read() -> Sha256 {
    divan::black_box("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef").parse().expect("a digest")
}

#[divan::bench]
fn wheel_name_read() -> WheelName {
    divan::black_box("torch-2.4.1+cu124-cp310-cp310-linux_x86_64.whl").parse().expect("a wheel")
}

#[divan::bench]
fn wheel_fit(bencher: Bencher<'_, '_>) {
    let wheel: WheelName =
        "numpy-2.0.2-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl".parse().expect("a wheel");
    bencher.bench(|| wheel.fit(divan::black_box(here())));
}

#[divan::bench]
fn marker_decide(bencher: Bencher<'_, '_>) {
    let text = "platform_system == \"Linux\" and platform_machine == \"x86_64\" and python_version < \"3.13\"";
    let marker = marker::parse(text).expect("a marker");
    bencher.bench(|| Condition::of(&marker, divan::black_box(here()), &Extras::new()));
}

#[divan::bench(args = ["*", "^1.26", ">=2.7, !=3.0.*, !=3.1.*"])]
fn constraint_read(text: &str) -> Constraint {
    Constraint::poetry(text).expect("a constraint")
}
