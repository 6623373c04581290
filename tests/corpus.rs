//! Real lock files of public projects, where available: `../shared/corpus`, or the folder that `TORCHSWAP_CORPUS` names.
//! Each gives a consistent file or a refusal. They are never copied.

use std::path::{Path, PathBuf};

use torchswap::lock::LockedDigest;
use torchswap::lock::requirements::{self, LineKind};

use crate::support::{Place, root, snapshot};

pub fn corpus() -> Option<PathBuf> {
    let named = std::env::var_os("TORCHSWAP_CORPUS").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| root().join("../shared/corpus"));
    folder.is_dir().then(|| folder.canonicalize().unwrap())
}

pub fn locks(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for project in std::fs::read_dir(folder).unwrap() {
        let Ok(files) = std::fs::read_dir(project.unwrap().path()) else { continue };
        found.extend(files.map(|file| file.unwrap().path()).filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name == "poetry.lock" || name.ends_with(".txt")
        }));
    }
    found.sort();
    found
}

/// What every output promises: each line that holds is pinned and hashed, a swapped one by exactly one SHA-256.
pub fn check(text: &str, context: &str) {
    let file = requirements::parse("output", text.to_owned(), &mut |_| Err("no includes".to_owned())).unwrap();
    assert!(file.header().is_some(), "{context}: no header");
    assert_eq!(file.unhashed().count(), 0, "{context}: a line has no digest");
    for requirement in &file.requirements {
        let entry = &file.entries[requirement.entry];
        assert!(requirement.pinned, "{context}: {} is not pinned", entry.name);
        let line = &file.lines[requirement.line];
        assert!(matches!(line.kind, LineKind::Requirement(_)));
        let url = file.text(line).lines().next().unwrap();
        if url.contains(" @ https://download.pytorch.org/") {
            let sha256 = entry.files.iter().filter(|file| matches!(file.digest, LockedDigest::Sha256(_)));
            assert_eq!((entry.files.iter().count(), sha256.count()), (1, 1), "{context}: {url}");
            let address = url.split(" @ ").nth(1).unwrap().split(' ').next().unwrap();
            assert!(address.ends_with(".whl") && !address.contains(['+', '#', '?']), "{context}: {url}");
        }
    }
}

#[test]
fn real_locks_give_a_whole_file_or_a_refusal() {
    let Some(folder) = corpus() else {
        println!("skipped: there is no corpus of real lock files here");
        return;
    };
    let place = Place::new();
    let mut table = String::new();
    let (mut files, mut refusals) = (0, 0);
    for lock in locks(&folder) {
        let name = lock.strip_prefix(&folder).unwrap().display().to_string();
        for arguments in [
            "",
            "--cuda 11.8",
            "--cuda 12.1",
            "--cuda 12.8",
            "--cpu",
            "--platform macos-arm64",
            "--all-extras --cuda 12.4",
        ] {
            let context = format!("{name} [{arguments}]");
            let run = place.run(&format!("export {arguments} -q {}", lock.display()));
            if run.status == 0 {
                check(&run.stdout, &context);
                let lines = run.stdout.lines().filter(|line| line.contains("==") || line.contains(" @ ")).count();
                table.push_str(&format!("{context}: {lines} lines\n"));
                place.write("again.txt", &run.stdout);
                let again = place.run(&format!("export {} -q again.txt", arguments.replace("--all-extras", ""))).ok();
                assert_eq!(again, run.stdout, "{context}: an export of the export is another one");
                files += 1;
            } else {
                let message = run.refused();
                let first = message.lines().next().unwrap().replace(&format!("{}/", folder.display()), "");
                table.push_str(&format!("{context}: {first}\n"));
                refusals += 1;
            }
        }
    }
    println!("{files} files, {refusals} refusals");
    snapshot("corpus", &table);
}
