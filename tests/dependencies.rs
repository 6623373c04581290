//! Checks the dependencies against `deny.toml` without cargo-deny.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::support::root;

/// `deny.toml`: the platforms, the licences, and which packages may be there in several versions.
struct Policy {
    targets: Vec<String>,
    licences: BTreeSet<String>,
    doubled: BTreeSet<String>,
}

fn policy() -> Policy {
    let text = std::fs::read_to_string(root().join("deny.toml")).unwrap();
    let table = toml_edit::Document::parse(text.as_str()).unwrap();
    let texts = |section: &str, key: &str| -> Vec<String> {
        let list = table[section][key].as_array().unwrap();
        list.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
    };
    let doubled = table["bans"]["skip"].as_array().unwrap().iter().map(|entry| {
        let entry = entry.as_inline_table().unwrap();
        assert!(!entry["reason"].as_str().unwrap().is_empty(), "{entry:?} has no reason");
        entry["crate"].as_str().unwrap().to_owned()
    });
    Policy {
        targets: texts("graph", "targets"),
        licences: texts("licenses", "allow").into_iter().collect(),
        doubled: doubled.collect(),
    }
}

/// The packages that a build for `target` takes, those of its tests included.
fn packages(target: &str) -> Vec<Value> {
    let run = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1", "--filter-platform", target])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(run.status.success(), "{target}: {}", String::from_utf8_lossy(&run.stderr));
    let metadata: Value = serde_json::from_slice(&run.stdout).unwrap();
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let taken: BTreeSet<&str> = nodes.iter().map(|node| node["id"].as_str().unwrap()).collect();
    let all = metadata["packages"].as_array().unwrap();
    all.iter().filter(|package| taken.contains(package["id"].as_str().unwrap())).cloned().collect()
}

/// Whether one of the choices that an SPDX expression leaves is allowed; `/` is how old packages write `OR`. What is no
/// expression is not allowed.
fn allows(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    matches!(either(&words, allowed), Some((true, [])))
}

/// What an expression at the start of `words` comes to, and the words after it; none where there is no expression.
type Read<'w> = Option<(bool, &'w [&'w str])>;

fn either<'w>(words: &'w [&'w str], allowed: &BTreeSet<String>) -> Read<'w> {
    let (mut holds, mut words) = both(words, allowed)?;
    while let ["OR", rest @ ..] = words {
        let (other, after) = both(rest, allowed)?;
        (holds, words) = (holds || other, after);
    }
    Some((holds, words))
}

fn both<'w>(words: &'w [&'w str], allowed: &BTreeSet<String>) -> Read<'w> {
    let (mut holds, mut words) = one(words, allowed)?;
    while let ["AND", rest @ ..] = words {
        let (other, after) = one(rest, allowed)?;
        (holds, words) = (holds && other, after);
    }
    Some((holds, words))
}

fn one<'w>(words: &'w [&'w str], allowed: &BTreeSet<String>) -> Read<'w> {
    match words {
        ["(", inner @ ..] => match either(inner, allowed)? {
            (holds, [")", rest @ ..]) => Some((holds, rest)),
            _ => None,
        },
        [name, "WITH", exception, rest @ ..] => Some((allowed.contains(&format!("{name} WITH {exception}")), rest)),
        [name, rest @ ..] => Some((allowed.contains(*name), rest)),
        [] => None,
    }
}

#[test]
fn an_expression_of_licences_is_allowed_by_what_it_leaves_to_choose() {
    let allowed = BTreeSet::from(["MIT".to_owned(), "ISC".to_owned()]);
    for good in ["MIT", "GPL-3.0 OR MIT", "GPL-3.0/MIT", "MIT AND ISC", "(GPL-3.0 OR MIT) AND ISC"] {
        assert!(allows(good, &allowed), "{good}");
    }
    for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "MIT OR", "(MIT", "MIT ISC", "MIT WITH GCC-exception-3.1"] {
        assert!(!allows(bad, &allowed), "{bad}");
    }
}

#[test]
fn every_dependency_has_a_licence_that_is_allowed() {
    let policy = policy();
    for target in &policy.targets {
        let packages = packages(target);
        assert!(packages.len() > 50, "{target}: {} packages", packages.len());
        for package in packages {
            let licence = package["license"].as_str().unwrap_or_default();
            assert!(
                allows(licence, &policy.licences),
                "{target}: {} has the licence {licence:?}: take another package, or add the licence to deny.toml",
                package["name"]
            );
        }
    }
}

#[test]
fn a_dependency_is_there_twice_only_with_a_reason() {
    let policy = policy();
    let mut used = BTreeSet::new();
    for target in &policy.targets {
        let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for package in packages(target) {
            let text = |key: &str| package[key].as_str().unwrap().to_owned();
            versions.entry(text("name")).or_default().insert(text("version"));
        }
        for (name, versions) in versions.iter().filter(|(_, versions)| versions.len() > 1) {
            let mut skipped = |version: &String| {
                let key = policy.doubled.iter().find(|key| {
                    key.split_once('@').is_some_and(|(skipped, from)| {
                        skipped == name
                            && version.strip_prefix(from).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                    })
                });
                key.map(|key| used.insert(key.clone())).is_some()
            };
            let left = versions.iter().filter(|version| !skipped(version)).count();
            assert_eq!(left, 1, "{target}: {name} is there as {versions:?}, and deny.toml has no reason for it");
        }
    }
    assert_eq!(used, policy.doubled, "what deny.toml skips is there twice");
}

#[test]
fn every_dependency_comes_from_one_registry() {
    for target in &policy().targets {
        let sources: BTreeSet<String> =
            packages(target).iter().filter_map(|package| package["source"].as_str().map(str::to_owned)).collect();
        assert_eq!(sources.len(), 1, "{target}: {sources:?}");
        assert!(sources.iter().all(|source| source.starts_with("registry+")), "{target}: {sources:?}");
    }
}
