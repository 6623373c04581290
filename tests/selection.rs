//! What is selected from a lock is what `poetry export` gives: compared with exports that the real plugin made, read
//! back and evaluated for each environment.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use pep508_rs::ExtraName;
use torchswap::lock::poetry::PoetryLock;
use torchswap::lock::pyproject::Project;
use torchswap::lock::{Choice, Entry, Lock, LockedDigest, requirements};
use torchswap::target::{Environment, Platform};

use crate::support::poetry_fixtures;

type Chosen = BTreeMap<String, (String, BTreeSet<LockedDigest>)>;

fn names(list: &[&str]) -> Vec<ExtraName> {
    list.iter().map(|name| ExtraName::new((*name).to_owned()).unwrap()).collect()
}

/// The choice behind the name of a stored export.
fn choice(export: &str) -> Choice {
    let none = Choice::default();
    match export {
        "export-main.txt" | "export-without-hashes.txt" => none,
        "export-dev.txt" => Choice { with: names(&["dev"]), ..none },
        "export-docs-only.txt" => Choice { only: names(&["docs"]), ..none },
        "export-all-groups.txt" => Choice { all_groups: true, ..none },
        "export-server.txt" => Choice { extras: names(&["server"]), ..none },
        "export-fast.txt" => Choice { extras: names(&["fast"]), ..none },
        "export-all-extras.txt" => Choice { all_extras: true, ..none },
        other => panic!("what was {other} made with?"),
    }
}

pub fn read_poetry(folder: &Path) -> Lock {
    let text = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let project = Project::parse("pyproject.toml", text("pyproject.toml")).unwrap();
    Lock::Poetry(Box::new(PoetryLock::parse("poetry.lock", text("poetry.lock"), Some(project)).unwrap()))
}

fn read_export(path: &Path) -> Lock {
    let text = std::fs::read_to_string(path).unwrap();
    let file = requirements::parse("export.txt", text, &mut |_| Err("not expected".to_owned())).unwrap();
    Lock::Requirements(Box::new(file))
}

fn chosen(lock: &Lock, choice: &Choice, environment: Environment, hashes: bool) -> Chosen {
    let selection = lock.select(choice, environment).unwrap();
    let entry = |index: usize| -> &Entry { &lock.entries()[index] };
    let digests = |entry: &Entry| entry.files.iter().filter(|_| hashes).map(|file| file.digest.clone()).collect();
    let each = selection.picks.iter().map(|pick| {
        let entry = entry(pick.entry);
        (entry.name.to_string(), (entry.version.as_ref().unwrap().to_string(), digests(entry)))
    });
    each.collect()
}

#[test]
fn it_is_what_poetry_exports() {
    let mut compared = 0;
    let mut wrong = Vec::new();
    for folder in poetry_fixtures() {
        let exports = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
        let exports: Vec<_> =
            exports.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("export-")).collect();
        if exports.is_empty() {
            continue;
        }
        let lock = read_poetry(&folder);
        for path in exports {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let export = read_export(&path);
            let Lock::Requirements(file) = &export else { unreachable!() };
            let hashes = file.has_hashes();
            for platform in Platform::ALL {
                for python in lock.pythons() {
                    let environment = Environment { platform, python };
                    let ours = chosen(&lock, &choice(&name), environment, hashes);
                    let theirs = chosen(&export, &Choice::default(), environment, hashes);
                    compared += 1;
                    if ours != theirs {
                        let only = |one: &Chosen, other: &Chosen| -> Vec<String> {
                            let differs = one.iter().filter(|(name, what)| other.get(*name) != Some(*what));
                            differs.map(|(name, what)| format!("{name} {}", what.0)).collect()
                        };
                        wrong.push(format!(
                            "{} {environment}: only here {:?}, only there {:?}",
                            path.display(),
                            only(&ours, &theirs),
                            only(&theirs, &ours)
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {compared} differ:\n{}", wrong.len(), wrong.join("\n"));
    println!("compared {compared} selections with exports of the real plugin");
    assert!(compared > 2500, "only {compared} comparisons");
}
