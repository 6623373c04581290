//! The selection from a lock is what `poetry export` gives: compared with exports made by the real plugin, read back and
//! evaluated for each environment.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use pep508_rs::ExtraName;
use torchswap::catalog::Catalogues;
use torchswap::lock::poetry::PoetryLock;
use torchswap::lock::pyproject::Project;
use torchswap::lock::{Choice, Entry, Lock, LockedDigest, requirements};
use torchswap::packaging::target::{Environment, Platform, Target};
use torchswap::plan::{self, Knowledge, Wanted, What};

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
    try_read_poetry(folder).unwrap()
}

/// A `poetry.lock` and, where there is one, the project beside it; `None` if the program refuses them.
pub fn try_read_poetry(folder: &Path) -> Option<Lock> {
    let text = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
    let project = text("pyproject.toml").map(|text| Project::parse("pyproject.toml", text)).transpose().ok()?;
    Some(Lock::Poetry(Box::new(PoetryLock::parse("poetry.lock", text("poetry.lock")?, project).ok()?)))
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
    let each = selection.packages.iter().map(|package| {
        let entry = entry(package.entry);
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
                for python in lock.pythons(platform) {
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

/// For every lock, build, platform and Python: what a swap does not touch is what `poetry export` gives, and what is
/// missing was removed on purpose.
#[test]
fn what_is_not_touched_is_what_poetry_exports() {
    let catalogues = Catalogues::new(Vec::new()).unwrap();
    let knowledge = Knowledge::new(&catalogues);
    let targets = [
        (Platform::LinuxX86_64, "cu116"),
        (Platform::LinuxX86_64, "cu117"),
        (Platform::LinuxX86_64, "cu118"),
        (Platform::LinuxX86_64, "cu121"),
        (Platform::LinuxX86_64, "cu124"),
        (Platform::LinuxX86_64, "cu126"),
        (Platform::LinuxX86_64, "cu128"),
        (Platform::LinuxX86_64, "cpu"),
        (Platform::MacosArm64, "cpu"),
    ];
    let (mut compared, mut planned) = (0, 0);
    for folder in poetry_fixtures() {
        let path = folder.join("export-main.txt");
        if !path.is_file() {
            continue;
        }
        let (lock, export) = (read_poetry(&folder), read_export(&path));
        for (platform, backend) in targets {
            let target = Target { name: None, platform, backend: backend.parse().ok(), pythons: Vec::new() };
            let wanted = Wanted::new(target, Choice::default());
            let Ok(plan) = plan::target(&lock, &wanted, &knowledge) else { continue };
            planned += 1;
            for environment in &plan.environments {
                let mut theirs = chosen(&export, &Choice::default(), environment.environment, true);
                for line in environment.lines.iter().filter(|line| line.pin().is_none()) {
                    let entry = &lock.entries()[line.entry.unwrap()];
                    let ours = (
                        entry.version.as_ref().unwrap().to_string(),
                        entry.files.iter().map(|file| file.digest.clone()).collect::<BTreeSet<_>>(),
                    );
                    let name = line.name.to_string();
                    let included = environment
                        .decisions
                        .iter()
                        .any(|decision| decision.name == line.name && matches!(decision.what, What::Included(_)));
                    assert!(
                        included || theirs.remove(&name) == Some(ours),
                        "{} {}: {name}",
                        path.display(),
                        environment.environment
                    );
                    compared += 1;
                }
                for decision in &environment.decisions {
                    if matches!(decision.what, What::Swapped(_) | What::Repinned(..) | What::Removed) {
                        theirs.remove(decision.name.as_ref());
                    }
                }
                assert!(
                    theirs.is_empty(),
                    "{} {}: {:?} missing",
                    path.display(),
                    environment.environment,
                    theirs.keys()
                );
            }
        }
    }
    println!("compared {compared} untouched lines of {planned} plans with exports of the real plugin");
    assert!(planned >= 40, "only {planned} plans");
}

/// Poetry writes a comparison for each extra that brings a package in.
#[test]
fn a_package_of_many_extras_is_selected_by_any_of_them() {
    let extras: Vec<String> = (0..40).map(|n| format!("e{n}")).collect();
    let marker = extras.iter().map(|name| format!("extra == \\\"{name}\\\"")).collect::<Vec<_>>().join(" or ");
    let listed = extras.iter().map(|name| format!("{name} = [\"cffi\"]\n")).collect::<String>();
    let lock = format!(
        "[[package]]\nname = \"cffi\"\nversion = \"1.0\"\noptional = true\npython-versions = \">=3.8\"\ngroups = [\"main\"]\n\
         markers = \"platform_system == \\\"Linux\\\" and ({marker})\"\nfiles = []\n\n[extras]\n{listed}\n\
         [metadata]\nlock-version = \"2.1\"\npython-versions = \"~3.11\"\ncontent-hash = \"0\"\n"
    );
    let lock = Lock::Poetry(Box::new(PoetryLock::parse("poetry.lock", lock, None).unwrap()));
    let selected = |extras: &[&str], platform: Platform| {
        let choice = Choice { extras: names(extras), ..Choice::default() };
        let environment = Environment { platform, python: "3.11".parse().unwrap() };
        lock.select(&choice, environment).unwrap().packages.len()
    };
    assert_eq!(selected(&[], Platform::LinuxX86_64), 0);
    assert_eq!(selected(&["e39"], Platform::LinuxX86_64), 1);
    assert_eq!(selected(&["e0", "e7"], Platform::LinuxAarch64), 1);
    assert_eq!(selected(&["e39"], Platform::MacosArm64), 0);
}
