//! Two entries of one name that both apply on one machine, as Poetry 2 writes them for `nvidia-cublas` beside torch 2.13:
//! one dependency has a constraint and a marker, the other has neither.

use crate::support::Place;

const TOOLKIT: &str = "[package.dependencies]
nvidia-cublas = {version = \"==13.1.1.3.*\", optional = true, markers = \"sys_platform == \\\"linux\\\" and extra == \\\"cublas\\\"\"}

[package.extras]
cublas = [\"nvidia-cublas (==13.1.1.3.*) ; sys_platform == \\\"linux\\\"\"]

";
const CUDNN: &str = "[package.dependencies]\nnvidia-cublas = \"*\"\n\n";
const TORCH: &str = "[package.dependencies]
cuda-toolkit = {version = \"13.0.3\", extras = [\"cublas\"], markers = \"platform_system == \\\"Linux\\\"\"}
filelock = \"*\"
nvidia-cudnn-cu13 = {version = \"9.20.0.48\", markers = \"platform_system == \\\"Linux\\\"\"}

";

fn entry(name: &str, version: &str, marker: &str, tables: &str) -> String {
    let tags = if name == "torch" { "7-cp312-cp312-manylinux_2_28_x86_64" } else { "py3-none-any" };
    let wheel = format!("{}-{version}-{tags}.whl", name.replace('-', "_"));
    let marker = if marker.is_empty() { String::new() } else { format!("markers = \"{marker}\"\n") };
    let zeros = "0".repeat(64);
    format!(
        "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\ndescription = \"\"\noptional = false\n\
         python-versions = \"*\"\ngroups = [\"main\"]\n{marker}\
         files = [\n    {{file = \"{wheel}\", hash = \"sha256:{zeros}\"}},\n]\n\n{tables}"
    )
}

/// The lock, its first `nvidia-cublas` where a marker holds.
fn text(marker: &str) -> String {
    let linux = "platform_system == \\\"Linux\\\"";
    let plain = |name, version| entry(name, version, "", "");
    [
        entry("cuda-toolkit", "13.0.3.0", linux, TOOLKIT),
        plain("filelock", "3.13.1"),
        plain("fsspec", "2024.2.0"),
        entry("jinja2", "3.1.3", "", "[package.dependencies]\nMarkupSafe = \">=2.0\"\n\n"),
        plain("markupsafe", "2.1.5"),
        plain("mpmath", "1.3.0"),
        plain("networkx", "3.2.1"),
        entry("nvidia-cublas", "13.1.1.3", marker, ""),
        entry("nvidia-cublas", "13.10.0.20", linux, ""),
        entry("nvidia-cudnn-cu13", "9.20.0.48", linux, CUDNN),
        plain("setuptools", "80.9.0"),
        entry("sympy", "1.14.0", "", "[package.dependencies]\nmpmath = \">=0.19\"\n\n"),
        entry("torch", "2.13.0", "", TORCH),
        plain("typing-extensions", "4.15.0"),
    ]
    .concat()
        + "[metadata]\nlock-version = \"2.1\"\npython-versions = \"==3.12.*\"\ncontent-hash = \"00\"\n"
}

const LINUX: &str = "sys_platform == \\\"linux\\\"";

fn place(text: &str) -> Place {
    let place = Place::new();
    place.write("poetry.lock", text);
    place
}

fn export(text: &str) -> crate::support::Run {
    place(text).run("export -q --allow-none --no-emit-package torch")
}

#[test]
fn of_two_entries_that_hold_the_one_that_meets_all_that_needs_it_is_given() {
    let output = export(&text(LINUX)).ok();
    assert!(output.contains("\nnvidia-cublas==13.1.1.3 ") && !output.contains("13.10.0.20"), "{output}");
}

#[test]
fn two_entries_that_hold_are_refused_where_nothing_says_which_is_meant() {
    let refused = |text: &str| {
        let refusal = export(text).refused();
        assert!(refusal.contains("the lock gives nvidia-cublas twice for linux-x86_64, CPython 3.12"), "{refusal}");
    };
    // Both do.
    refused(&text(LINUX).replace("==13.1.1.3.*", ">=13"));
    // Neither does.
    refused(&text(LINUX).replace("==13.1.1.3.*", "==13.2.*"));
    // The one that does is not everywhere where the other one is.
    refused(&text("sys_platform == \\\"linux\\\" and platform_release == \\\"6.1\\\""));
}

#[test]
fn what_was_locked_beside_an_entry_goes_with_it() {
    let place = place(&text(LINUX));
    place.run("rewrite -q --cpu").ok();
    let lock = place.read("poetry.lock");
    assert!(lock.contains("torch-2.13.0+cpu-cp312") && !lock.contains("nvidia-"), "{lock}");
    place.run("rewrite -q --cpu").ok();
    assert_eq!(place.read("poetry.lock"), lock);
}

#[test]
fn what_was_locked_beside_an_entry_stays_with_it() {
    let place = place(&text(LINUX));
    place.run("rewrite -q --cuda 13.0").ok();
    let lock = place.read("poetry.lock");
    assert!(lock.contains("version = \"13.1.1.3\"") && lock.contains("version = \"13.10.0.20\""), "{lock}");
}

/// `cuda-toolkit[cublas]` brings in another package in each major release of CUDA.
#[test]
fn an_entry_of_another_release_has_the_extras_of_that_release() {
    let place = place(&text(LINUX));
    place.run("rewrite -q --cuda 12.6").ok();
    let lock = place.read("poetry.lock");
    let toolkit = lock.split("[[package]]").find(|one| one.contains("name = \"cuda-toolkit\"")).unwrap();
    assert!(toolkit.contains("version = \"12.6.3\"\n"), "{toolkit}");
    assert!(toolkit.contains("\ncublas = [\"nvidia-cublas-cu12 (==12.6.4.1"), "{toolkit}");
    assert!(!lock.contains("13.1.1.3") && !lock.contains("13.10.0.20"), "{lock}");
    place.run("rewrite -q --cuda 12.6").ok();
    assert_eq!(place.read("poetry.lock"), lock);
}
