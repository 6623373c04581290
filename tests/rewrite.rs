//! `torchswap rewrite` edits the lock itself. The new lock gives what an export of the old one gives, everything else keeps
//! its bytes, and a second run changes nothing.

mod groups;
mod kept;
mod refused;
mod renamed;
mod several;
mod twins;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;

use crate::judges::pythons::two_at_a_time;
use crate::support::{Place, Run, fixture, poetry_fixtures, snapshot};

/// Targets of several kinds. What a lock cannot become must be refused with a reason.
const TARGETS: [&str; 13] = [
    "",
    "--cuda 10.2 --python 3.9",
    "--cuda 11.6 --python 3.9",
    "--cuda 11.7 --python 3.10",
    "--cuda 11.8",
    "--cuda 11.8 --python 3.10",
    "--cuda 12.4 --python 3.11",
    "--cuda 12.8 --python 3.12",
    "--cuda 13.0",
    "--cpu",
    "--cpu --python 3.10",
    "--platform macos-arm64",
    "--platform windows-x86_64 --cuda 12.8 --python 3.11",
];

/// A copy of a fixture's lock and project.
fn place(folder: &Path) -> Place {
    let place = Place::new();
    for name in ["poetry.lock", "pyproject.toml"] {
        place.write(name, std::fs::read(folder.join(name)).unwrap());
    }
    place
}

/// Where a file is on the disk and when it was written: another file in its place has another number.
#[cfg(unix)]
fn identity(place: &Place, name: &str) -> (u64, i64, i64) {
    use std::os::unix::fs::MetadataExt;
    let data = std::fs::metadata(place.path().join(name)).unwrap();
    (data.ino(), data.mtime(), data.mtime_nsec())
}

#[cfg(not(unix))]
fn identity(place: &Place, name: &str) -> std::time::SystemTime {
    std::fs::metadata(place.path().join(name)).unwrap().modified().unwrap()
}

/// What a run says that it did, one object for each target.
fn reports(run: &Run) -> Vec<Value> {
    let report: Value = serde_json::from_str(&run.stderr).unwrap();
    report["outputs"][0]["targets"].as_array().unwrap().clone()
}

/// The packages that a run says it changed, and those in whose requirements it noted what was missing.
fn touched(run: &Run) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for change in reports(run).iter().flat_map(|report| report["changes"].as_array().unwrap()) {
        let is_kept = ["kept", "unproven"].contains(&change["action"].as_str().unwrap());
        if is_kept {
            continue;
        }
        names.insert(change["package"].as_str().unwrap().to_owned());
        let needed = change["why"].as_str().and_then(|why| why.strip_prefix("needed by ")).unwrap_or_default();
        names.extend(needed.split(", ").filter_map(|who| who.split(' ').next()).map(str::to_owned));
    }
    names
}

/// The Pythons of a run's target, as flags.
fn pythons(run: &Run) -> String {
    let reports = reports(run);
    let pythons = reports[0]["pythons"].as_array().unwrap();
    let flags: Vec<String> = pythons.iter().map(|python| format!("--python {}", python.as_str().unwrap())).collect();
    flags.join(" ")
}

/// A lock in parts: what stands before the packages, each package with its name, what stands behind them.
fn parts(lock: &str) -> (&str, Vec<(&str, &str)>, &str) {
    let start = lock.find("[[package]]").unwrap();
    let end = ["\n[extras]", "\n[metadata]"].iter().filter_map(|table| lock.find(table)).min().unwrap() + 1;
    let mut starts: Vec<usize> = lock[..end].match_indices("[[package]]").map(|(at, _)| at).collect();
    starts.push(end);
    let block = |pair: &[usize]| &lock[pair[0]..pair[1]];
    let name = |block: &str| block.find("name = \"").map_or(0, |at| at + 8);
    let named = starts.windows(2).map(block).map(|block| {
        let rest = &block[name(block)..];
        (&rest[..rest.find('"').unwrap()], block)
    });
    (&lock[..start], named.collect(), &lock[end..])
}

/// An export without its header.
fn body(export: &str) -> String {
    export.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect()
}

/// A fixture's lock before and after a rewrite.
struct Rewritten {
    /// Which fixture, and the flags.
    what: String,
    folder: PathBuf,
    target: &'static str,
    before: String,
    after: String,
    /// What is in the folder afterwards.
    names: Vec<String>,
    run: Run,
}

impl Rewritten {
    /// A place with the project and this lock.
    fn place(&self, lock: &str) -> Place {
        let place = place(&self.folder);
        place.write("poetry.lock", lock);
        place
    }
}

/// Every fixture with every target that it can be rewritten for. Made once for all tests.
fn rewritten() -> &'static [Rewritten] {
    static ALL: OnceLock<Vec<Rewritten>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut jobs = Vec::new();
        for folder in poetry_fixtures() {
            jobs.extend(TARGETS.map(|target| (folder.clone(), target)));
        }
        two_at_a_time(&jobs, |(folder, target)| rewrite(folder, target)).into_iter().flatten().collect()
    })
}

/// `None` if it was refused, as it should be.
fn rewrite(folder: &Path, target: &'static str) -> Option<Rewritten> {
    let before = std::fs::read_to_string(folder.join("poetry.lock")).unwrap();
    let place = place(folder);
    let was = identity(&place, "poetry.lock");
    let run = place.run(&format!("rewrite --report json {target}"));
    let what = format!("{} {target}", folder.strip_prefix(fixture("")).unwrap().display());
    let (after, names) = (place.read("poetry.lock"), place.names());
    if after == before {
        assert_eq!(identity(&place, "poetry.lock"), was, "{what}: the file was touched");
    }
    if run.status != 0 {
        assert_eq!(after, before, "{what}");
        let why = run.refused();
        assert!(!why.contains("report this") && why.contains("\"help\""), "{what}: {why}");
        return None;
    }
    Some(Rewritten { what, folder: folder.to_owned(), target, before, after, names, run })
}

#[test]
fn what_is_not_changed_keeps_its_bytes_and_a_second_run_does_nothing() {
    let mut changed = 0;
    for Rewritten { what, before, after, names, run, .. } in rewritten() {
        changed += usize::from(after != before);
        assert_eq!(run.stdout, "", "{what}");
        assert_eq!(names, &["poetry.lock", "pyproject.toml"], "{what}");
        let touched = touched(run);
        assert_eq!(touched.is_empty(), after == before, "{what}: {touched:?}");
        let ((head, packages, tail), (new_head, new_packages, new_tail)) = (parts(before), parts(after));
        assert_eq!((head, tail), (new_head, new_tail), "{what}");
        let untouched = |packages: Vec<(&str, &str)>| -> Vec<(String, String)> {
            let left = packages.into_iter().filter(|(name, _)| !touched.contains(*name));
            left.map(|(name, block)| (name.to_owned(), block.to_owned())).collect()
        };
        assert_eq!(untouched(packages), untouched(new_packages.clone()), "{what}");
        assert!(new_packages.is_sorted_by_key(|(name, _)| *name), "{what}: not in Poetry's order");
    }
    // A run that changes nothing is like its second.
    let all: Vec<&Rewritten> = rewritten().iter().filter(|one| one.after != one.before).collect();
    two_at_a_time(&all, |one| {
        let what = &one.what;
        let place = one.place(&one.after);
        let was = identity(&place, "poetry.lock");
        let again = place.run(&format!("rewrite --report json {} {}", one.target, pythons(&one.run)));
        assert_eq!(again.status, 0, "{what}: {}", again.stderr);
        assert_eq!(place.read("poetry.lock"), one.after, "{what}");
        assert_eq!(identity(&place, "poetry.lock"), was, "{what}: the file was touched");
        assert_eq!(place.names(), ["poetry.lock", "pyproject.toml"], "{what}");
    });
    println!("{} rewritten, {changed} of them changed", rewritten().len());
    assert!(changed > 40, "only {changed} locks were changed");
}

#[test]
fn the_new_lock_exports_what_the_old_one_did() {
    let changed: Vec<&Rewritten> = rewritten().iter().filter(|one| one.after != one.before).collect();
    let dropped: usize = two_at_a_time(&changed, |one| exports_alike(one)).into_iter().sum();
    let exports = 2 * changed.len();
    println!("{exports} exports of rewritten locks, {dropped} of them without what only the old wheel needed");
    assert!(exports > 80, "only {exports} exports");
}

/// How many exports of the new lock lack what only the old wheels needed; all others must be those of the old lock.
fn exports_alike(one: &Rewritten) -> usize {
    let Rewritten { what, target, before, after, run, .. } = one;
    // Folders have no digests.
    let hashes = if what.contains("/paths ") { "--without-hashes" } else { "" };
    let mut dropped = 0;
    for choice in ["", "--all-groups --all-extras"] {
        let flags = format!("export {target} {} {choice} {hashes}", pythons(run));
        let [old, new] = [before, after].map(|lock| body(&one.place(lock).run(&flags).ok()));
        if old != new {
            // A lock without groups selects by its graph.
            assert!(!what.starts_with("poetry-2"), "{what} {choice}");
            only_drops(what, before, &old, &new);
            dropped += 1;
        }
    }
    dropped
}

/// The new export is the old one without some packages that the old wheels of the family asked for.
fn only_drops(what: &str, lock: &str, old: &str, new: &str) {
    let lines = |text: &str| -> BTreeSet<String> { text.split("\n").map(str::to_owned).collect() };
    let (old, new) = (lines(old), lines(new));
    assert!(new.is_subset(&old), "{what}: {:?}", new.difference(&old));
    let (_, packages, _) = parts(lock);
    let family = packages.iter().filter(|(name, _)| name.starts_with("torch")).map(|(_, block)| *block);
    let needs: String = family.collect();
    for line in old.difference(&new).filter(|line| !line.starts_with(' ')) {
        let (name, _) = line.split_once("==").unwrap();
        assert!(needs.contains(&format!("\n{name} = ")), "{what}: {line} is gone");
    }
}

/// A fixture, a target, and the name of the picture of what it does.
const STORIES: [(&str, &str, &str); 4] = [
    ("rewrite-torch-1.12.1-cu116", "poetry-1.8/torch-1.12.1", "--cuda 11.6 --python 3.9"),
    ("rewrite-torch-2.0.1-cu118", "poetry-1.8/torch-2.0.1", "--cuda 11.8 --python 3.10"),
    ("rewrite-torch-2.9.1-cpu", "poetry-2.5/torch-2.9.1", "--cpu --python 3.11,3.12"),
    ("rewrite-markers-cu124", "poetry-2.5/markers", "--cuda 12.4 --python 3.11"),
];

#[test]
fn some_differences_as_a_picture() {
    for (name, folder, target) in STORIES {
        let place = Place::of(folder);
        snapshot(name, &place.run(&format!("rewrite --diff {target}")).shown());
    }
}
