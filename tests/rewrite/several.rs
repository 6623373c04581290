//! Several targets in one lock: every platform and Python has exactly one of each package, each target gets what it would
//! get alone, and all other environments keep what was locked.

use std::collections::BTreeMap;

use torchswap::lock::poetry::PoetryLock;
use torchswap::lock::pyproject::Project;
use torchswap::lock::{Choice, Lock, LockedDigest};
use torchswap::packaging::target::{Environment, Platform, Python};

use crate::support::Place;

/// A fixture and the targets that it is rewritten for.
const CASES: [(&str, &[(&str, &str)]); 14] = [
    ("poetry-2.5/torch-1.12.1", &[("macos-arm64", ""), ("linux-x86_64", "cu116")]),
    ("poetry-2.5/torch-2.0.1", &[("macos-arm64", ""), ("linux-x86_64", "cu118")]),
    ("poetry-2.5/torch-2.0.1", &[("linux-x86_64", "cpu"), ("windows-x86_64", "cu118")]),
    ("poetry-2.5/torch-2.1.2", &[("macos-arm64", ""), ("linux-x86_64", "cu118")]),
    ("poetry-2.5/torch-2.1.2", &[("linux-x86_64", "cpu"), ("linux-aarch64", "cpu")]),
    ("poetry-2.5/torch-2.1.2", &[("linux-x86_64", "cu118"), ("windows-x86_64", "cpu")]),
    ("poetry-2.5/torch-2.4.1", &[("macos-arm64", ""), ("linux-x86_64", "cu124"), ("windows-x86_64", "cu124")]),
    ("poetry-2.5/torch-2.7.1", &[("macos-arm64", ""), ("linux-x86_64", "cu118")]),
    ("poetry-2.5/torch-2.7.1", &[("macos-arm64", ""), ("linux-x86_64", "cu128")]),
    ("poetry-2.5/torch-2.7.1", &[("linux-x86_64", "cu118"), ("linux-aarch64", "cu128")]),
    ("poetry-2.5/torch-2.9.1", &[("macos-arm64", ""), ("linux-x86_64", "cu130")]),
    ("poetry-2.5/torch-2.9.1", &[("linux-x86_64", "cpu"), ("linux-aarch64", "cu130"), ("windows-x86_64", "cu128")]),
    ("poetry-2.5/torch-2.9.1", &[("macos-arm64", ""), ("linux-x86_64", "cpu")]),
    ("poetry-2.5/markers", &[("macos-arm64", ""), ("linux-x86_64", "cu124")]),
];

/// What is installed: version, origin and digests by name.
type Installed = BTreeMap<String, (String, String, Vec<LockedDigest>)>;

fn parse(place: &Place, text: &str) -> Lock {
    let project = Project::parse("pyproject.toml", place.read("pyproject.toml")).unwrap();
    Lock::Poetry(Box::new(PoetryLock::parse("poetry.lock", text.to_owned(), Some(project)).unwrap()))
}

/// What a lock gives; twice the same name is an error, which is reported.
fn installed(lock: &Lock, environment: Environment) -> Installed {
    let everything = Choice { all_groups: true, all_extras: true, ..Choice::default() };
    let selection = lock.select(&everything, environment).unwrap();
    let mut found = Installed::new();
    for package in &selection.packages {
        let entry = &lock.entries()[package.entry];
        let version = entry.version.as_ref().unwrap().to_string();
        let digests = entry.files.iter().map(|file| file.digest.clone()).collect();
        let what = (version, format!("{:?}", entry.origin), digests);
        assert_eq!(found.insert(entry.name.to_string(), what), None, "{} twice for {environment}", entry.name);
    }
    found
}

/// The targets as a configuration, and as flags that name them all.
fn configured(targets: &[(&str, &str)]) -> (String, String) {
    let name = |index: usize| ["one", "two", "three"][index];
    let tables = targets.iter().enumerate().map(|(index, (platform, build))| {
        let build = if build.is_empty() { String::new() } else { format!("backend = \"{build}\"\n") };
        format!("[targets.{}]\nplatform = \"{platform}\"\n{build}", name(index))
    });
    let flags = (0..targets.len()).map(|index| format!("--target {} ", name(index)));
    (tables.collect(), flags.collect())
}

#[test]
fn every_platform_and_python_gets_exactly_one_of_each() {
    for (folder, targets) in CASES {
        let place = Place::of(folder);
        let (configuration, flags) = configured(targets);
        place.write("torchswap.toml", configuration);
        let before = place.read("poetry.lock");
        let run = place.run(&format!("rewrite --report json {flags}"));
        assert_eq!(run.status, 0, "{folder} {flags}: {}", run.stderr);
        let after = place.read("poetry.lock");
        assert_ne!(before, after);
        let served: BTreeMap<String, Vec<String>> = super::reports(&run)
            .iter()
            .map(|report| {
                let pythons = report["pythons"].as_array().unwrap();
                let pythons = pythons.iter().map(|python| python.as_str().unwrap().to_owned());
                (report["platform"].as_str().unwrap().to_owned(), pythons.collect())
            })
            .collect();
        let (old, new) = (parse(&place, &before), parse(&place, &after));
        for platform in Platform::ALL {
            for python in old.pythons(platform) {
                let environment = Environment { platform, python };
                let what = format!("{folder} {targets:?} {environment}");
                let (was, is) = (installed(&old, environment), installed(&new, environment));
                assert_eq!(was.contains_key("torch"), is.contains_key("torch"), "{what}");
                match targets.iter().find(|(name, _)| *name == platform.to_string()) {
                    None => assert_eq!(was, is, "{what}: it is no target, but changed"),
                    Some((_, build)) if served[&platform.to_string()].contains(&python.to_string()) => {
                        gets(&is, build, python, &what);
                    }
                    Some(_) => {}
                }
            }
        }
        exports_alike(&place, &before, &after, targets, &served);
        let was = super::identity(&place, "poetry.lock");
        place.run(&format!("rewrite {flags}")).ok();
        assert_eq!(super::identity(&place, "poetry.lock"), was, "{folder} {flags}: the file was touched");
    }
}

/// Torch is of the build that was asked for, where the locked one was not.
fn gets(installed: &Installed, build: &str, python: Python, what: &str) {
    let (version, origin, digests) = &installed["torch"];
    if origin.starts_with("Url") {
        assert!(build.is_empty() || version.ends_with(build), "{what}: torch {version}");
        let tag = format!("cp3{}", python.minor());
        assert!(digests.len() == 1 && origin.contains(&tag), "{what}: {origin} {digests:?}");
    }
}

/// An export for each target says of the new lock what it said of the old one.
fn exports_alike(
    place: &Place,
    before: &str,
    after: &str,
    targets: &[(&str, &str)],
    served: &BTreeMap<String, Vec<String>>,
) {
    for (platform, build) in targets {
        let build = if build.is_empty() { String::new() } else { format!("--backend {build}") };
        for choice in ["", "--all-groups --all-extras"] {
            let pythons = served[*platform].join(",");
            let flags = format!("export --platform {platform} {build} --python {pythons} {choice}");
            place.write("poetry.lock", before);
            let old = place.run(&flags).ok();
            place.write("poetry.lock", after);
            let new = place.run(&flags).ok();
            assert_eq!(super::body(&old), super::body(&new), "{flags}");
        }
    }
}

#[test]
fn the_order_of_the_targets_does_not_matter() {
    let place = Place::of("poetry-2.5/torch-2.7.1");
    place.write("torchswap.toml", configured(CASES[7].1).0);
    let before = place.read("poetry.lock");
    place.run("rewrite --target one --target two").ok();
    let after = place.read("poetry.lock");
    place.write("poetry.lock", before);
    place.run("rewrite --target two --target one").ok();
    assert_eq!(place.read("poetry.lock"), after);
}

#[test]
fn a_lock_for_two_targets_as_a_picture() {
    let place = Place::of("poetry-2.5/torch-1.12.1");
    place.write("torchswap.toml", configured(CASES[0].1).0);
    crate::support::snapshot("rewrite-two-targets", &place.run("rewrite --diff --target one --target two").shown());
}
