//! The selection from a `pylock.toml` in an environment is what its tool exports from the same project as a requirements
//! file.

use std::collections::{BTreeMap, BTreeSet};

use torchswap::lock::{Choice, Lock, LockedDigest, requirements};
use torchswap::packaging::target::{Environment, Platform};

use super::{fixtures, named, parse};
use crate::support::{Place, fixture};

type Chosen = BTreeMap<String, (String, BTreeSet<LockedDigest>)>;

fn chosen(lock: &Lock, choice: &Choice, environment: Environment) -> Chosen {
    let selection = lock.select(choice, environment).unwrap();
    let each = selection.packages.iter().map(|selected| {
        let entry = &lock.entries()[selected.entry];
        let digests = entry.files.iter().map(|file| file.digest.clone()).collect();
        (entry.name.to_string(), (entry.version.as_ref().unwrap().to_string(), digests))
    });
    each.collect()
}

#[test]
fn it_is_what_the_same_tool_exports() {
    let mut compared = 0;
    for path in fixtures() {
        let export = path.with_file_name("main.txt");
        if !export.is_file() || !path.ends_with("pylock.main.toml") {
            continue;
        }
        let lock = parse(&std::fs::read_to_string(&path).unwrap());
        let text = std::fs::read_to_string(export).unwrap();
        let export = requirements::parse("main.txt", text, &mut |_| Err(String::new())).unwrap();
        let export = Lock::Requirements(Box::new(export));
        for platform in Platform::ALL {
            for python in lock.pythons(platform) {
                let environment = Environment { platform, python };
                let none = Choice::default();
                let (found, expected) = (chosen(&lock, &none, environment), chosen(&export, &none, environment));
                assert_eq!(found, expected, "{} on {environment}", named(&path));
                compared += 1;
            }
        }
    }
    println!("{compared} environments compared");
    assert!(compared >= 80, "only {compared}");
}

#[test]
fn pythons_are_those_of_the_lock() {
    for (lock, pythons) in [
        ("pdm/torch-2.5.1", "3.10 3.11 3.12"),
        ("pip/torch-2.5.1", "3.11"),
        ("poetry/torch-2.1.2", "3.9 3.10 3.11"),
        ("uv/torch-2.5.1", "3.10 3.11 3.12"),
    ] {
        let text = std::fs::read_to_string(fixture("pylock").join(lock).join("pylock.toml")).unwrap();
        let found: Vec<String> = parse(&text).pythons(Platform::LinuxX86_64).iter().map(ToString::to_string).collect();
        assert_eq!(found.join(" "), pythons, "{lock}");
    }
}

/// Only PDM writes groups and extras into the markers.
#[test]
fn groups_and_extras_are_chosen() {
    let place = Place::new();
    place.write("pylock.toml", std::fs::read(fixture("pylock/pdm/torch-2.5.1/pylock.toml")).unwrap());
    let names = |flags: &str| -> Vec<String> {
        let text = place.run(&format!("export --cpu --python 3.11 -q --allow-none {flags}")).ok();
        let extra = ["iniconfig", "pyyaml", "toolz", "torch"];
        let of = |name: &str| text.lines().any(|line| line.split(['=', ' ']).next() == Some(name));
        extra.into_iter().filter(|name| of(name)).map(str::to_owned).collect()
    };
    assert_eq!(names(""), ["torch"]);
    assert_eq!(names("--with dev"), ["iniconfig", "torch"]);
    assert_eq!(names("--all-groups"), ["iniconfig", "toolz", "torch"]);
    assert_eq!(names("--all-groups --all-extras"), ["iniconfig", "pyyaml", "toolz", "torch"]);
    assert_eq!(names("--extras yaml --without default"), ["pyyaml"]);
    assert_eq!(names("--only docs"), ["toolz"]);
    let why = place.run("export --cpu --with main --extras yml").refused();
    assert!(why.contains("no dependency group `main`") && why.contains("it has: default, dev, docs"), "{why}");
    assert!(why.contains("no extra `yml`") && why.contains("it has: yaml"), "{why}");
}

/// A lock of pip is for one machine: others get a refusal, not a file that cannot be installed.
#[test]
fn a_lock_for_one_machine_is_for_no_other() {
    let place = Place::new();
    place.write("pylock.toml", std::fs::read(fixture("pylock/pip/torch-2.5.1/pylock.toml")).unwrap());
    let text = place.run("export --cpu").ok();
    assert!(text.contains("cpu, CPython 3.11\n") && text.contains("torch-2.5.1%2Bcpu-cp311-cp311"), "{text}");
    let why = place.run("export --cpu --python 3.10").refused();
    assert!(why.contains("has no file of markupsafe 3.0.4 for CPython 3.10"), "{why}");
    let why = place.run("export --platform macos-arm64").refused();
    assert!(why.contains("has no file of numpy 2.2.6 for macos-arm64, CPython 3.11"), "{why}");
}

#[test]
fn other_choices_of_environments_are_refused() {
    let package = |more: &str| {
        let digest = "a".repeat(64);
        format!(
            "[[packages]]\nname = \"a\"\nversion = \"1\"\n{more}wheels = [{{url = \"https://files.example/a-1-py3-none-any.whl\", \
             hashes = {{sha256 = \"{digest}\"}}}}]\n"
        )
    };
    let head = "lock-version = \"1.0\"\ncreated-by = \"hand\"\n";
    let place = Place::new();
    for (lock, flags, says) in [
        (format!("{head}{}{}", package(""), package("")), "", "gives a twice"),
        (
            format!(
                "{head}{}{}",
                package("marker = \"os_name == 'nt'\"\n"),
                package("marker = \"sys_platform == 'linux'\"\n")
            ),
            "",
            "",
        ),
        (
            format!("{head}{}", package("requires-python = \">=3.12\"\nmarker = \"os_name == 'posix'\"\n")),
            "--python 3.11",
            "it is for Python >=3.12 only",
        ),
        (
            format!("{head}{}", package("requires-python = \">=3.12\"\n")),
            "--python 3.11",
            "no file of a 1 for CPython 3.11",
        ),
        (format!("{head}requires-python = \">=3.12\"\n{}", package("")), "--python 3.11", "excludes 3.11"),
        (
            format!("{head}environments = [\"sys_platform == 'darwin'\"]\n{}", package("")),
            "",
            "`environments` leave it out",
        ),
        (
            format!("{head}environments = [\"python_version < '3.11'\"]\n{}", package("")),
            "--python 3.11",
            "`environments` leave it out",
        ),
    ] {
        place.write("pylock.toml", &lock);
        let run = place.run(&format!("export --allow-none {flags}"));
        if says.is_empty() {
            run.ok();
        } else {
            let why = run.refused();
            assert!(why.contains(says), "{lock}\n{why}");
        }
    }
}

/// A release that the lock has for other Pythons only may not take this one, whatever needs it.
#[test]
fn a_release_for_another_python_is_no_spare() {
    let text = std::fs::read_to_string(fixture("pylock/uv/torch-2.5.1/pylock.toml")).unwrap();
    let without = text.replacen("marker = \"python_full_version < '3.11'\"", "marker = \"os_name == 'none'\"", 1);
    assert!(without.find("os_name == 'none'") < text.find("name = \"fsspec\""), "filelock should be the first package");
    let place = Place::new();
    place.write("pylock.toml", without);
    let why = place.run("export --cpu --python 3.10").refused();
    assert!(why.contains("needs filelock, and neither the lock nor the catalogue has a wheel of it"), "{why}");
    place.run("export --cpu --python 3.11").ok();
}
