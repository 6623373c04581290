//! Irrelevant differences in the input (order of a lock, line ends, a byte order mark, a missing final newline) do not
//! change a byte of the output, and an export of an export is that export.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::{Place, chosen_poetry_fixtures, poetry_fixtures, requirements_fixtures};

/// Targets of several kinds. Not every lock has every one; what cannot be made must be refused alike.
const TARGETS: [&str; 4] =
    ["--cuda 11.8", "--backend cu126 --python 3.11,3.12", "--cpu --all-groups --all-extras", "--platform macos-arm64"];

const BOM: &str = "\u{feff}";

/// A folder with a `poetry.lock` of this text and the project beside it.
fn place(folder: &Path, lock: &str) -> Place {
    let place = Place::new();
    place.write("poetry.lock", lock);
    place.write("pyproject.toml", std::fs::read(folder.join("pyproject.toml")).unwrap());
    place
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// Holds a variant of a lock to the original: the same status, the same output.
fn assert_same(what: &str, folder: &Path, variants: &[(&str, String)]) -> usize {
    let original = place(folder, &read(&folder.join("poetry.lock")));
    let variants: Vec<(&str, Place)> = variants.iter().map(|(name, text)| (*name, place(folder, text))).collect();
    let mut made = 0;
    for target in TARGETS {
        let expected = original.run(&format!("export {target}"));
        made += usize::from(expected.status == 0);
        for (name, variant) in &variants {
            let found = variant.run(&format!("export {target}"));
            let same = (found.status, &found.stdout) == (expected.status, &expected.stdout);
            assert!(same, "{what} {name} {target}: {}{}", found.stderr, expected.stderr);
        }
    }
    made
}

/// The lock with its `[[package]]` tables in the order that `rank` gives.
fn reordered(lock: &str, rank: impl Fn(usize) -> u64) -> String {
    let start = lock.find("[[package]]").unwrap();
    let end = ["\n[extras]", "\n[metadata]"].iter().filter_map(|table| lock.find(table)).min().unwrap() + 1;
    let mut tables: Vec<String> = Vec::new();
    for line in lock[start..end].split_inclusive('\n') {
        match tables.last_mut() {
            Some(last) if line.trim_end() != "[[package]]" => last.push_str(line),
            _ => tables.push(line.to_owned()),
        }
    }
    let mut ranked: Vec<(u64, &String)> =
        tables.iter().enumerate().map(|(index, table)| (rank(index), table)).collect();
    ranked.sort();
    let body: String = ranked.into_iter().map(|(_, table)| table.as_str()).collect();
    format!("{}{body}{}", &lock[..start], &lock[end..])
}

#[test]
fn what_does_not_matter_about_a_lock_changes_nothing() {
    let (mut made, mut versions) = (0, BTreeSet::new());
    for folder in poetry_fixtures() {
        let lock = read(&folder.join("poetry.lock"));
        let crlf = lock.replace('\n', "\r\n");
        assert_eq!(reordered(&lock, |index| index as u64), lock);
        // A multiplicative hash: mixed up, but alike on every machine.
        let mixed = reordered(&lock, |index| (index as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        assert_ne!(mixed, lock);
        let all_at_once = format!("{BOM}{}", mixed.replace('\n', "\r\n").trim_end());
        let mut variants = vec![("with all of it", all_at_once)];
        // What two of them would make good between them is looked for in one lock of each version of Poetry. That no other run
        // of the program gives something else is seen in all locks: each variant is one.
        if versions.insert(folder.parent().map(Path::to_owned)) {
            variants.extend([
                ("once more", lock.clone()),
                ("backwards", reordered(&lock, |index| u64::MAX - index as u64)),
                ("mixed", mixed),
                ("with CRLF", crlf.clone()),
                ("with a BOM and CRLF", format!("{BOM}{crlf}")),
                ("with a BOM, without final newline", format!("{BOM}{}", lock.trim_end())),
            ]);
        }
        made += assert_same(&folder.to_string_lossy(), &folder, &variants);
    }
    println!("{made} outputs, each from two variants of one lock or more");
    assert!(made > 40, "only {made} outputs");
}

/// Flags that say how a requirements file is to be read: one without digests can only be written without.
fn flags(text: &str) -> &'static str {
    if text.contains("--hash=") { "" } else { "--without-hashes" }
}

const SWAPS: [&str; 7] = [
    "--cuda 11.8 --python 3.10",
    "--cuda 12.1 --python 3.10",
    "--cuda 12.4 --python 3.10",
    "--cpu --python 3.10",
    "--cuda 11.8 --python 3.10,3.11",
    "--cpu",
    "--platform macos-arm64 --python 3.10",
];

#[test]
fn an_export_of_an_export_is_that_export() {
    let mut made = 0;
    let mut again = |place: &Place, what: &str, first: &str, target: &str| {
        // Under one name, because the header tells of which file it was made.
        place.write("requirements.txt", first);
        let second = place.run(&format!("export {target} requirements.txt"));
        assert_eq!((second.status, second.stdout.as_str()), (0, first), "{what} {target}\n{}", second.stderr);
        made += 1;
    };
    for folder in chosen_poetry_fixtures() {
        let what = folder.to_string_lossy().into_owned();
        let place = place(&folder, &read(&folder.join("poetry.lock")));
        let more =
            ["--backend cu126 --python 3.11,3.12", "--cuda 12.8", "--rocm 6.3", "--cuda 11.6", "--without-hashes"];
        for target in SWAPS.iter().chain(&more) {
            let first = place.run(&format!("export {target}"));
            if first.status == 0 {
                again(&place, &what, &first.stdout, target);
            }
        }
    }
    for path in requirements_fixtures() {
        let place = Place::new();
        let text = read(&path);
        for target in SWAPS {
            let target = format!("{target} {}", flags(&text));
            place.write("requirements.txt", &text);
            let first = place.run(&format!("export {target} requirements.txt"));
            if first.status == 0 {
                again(&place, &path.to_string_lossy(), &first.stdout, &target);
            }
        }
    }
    println!("{made} exports of exports");
    assert!(made > 150, "only {made} exports of exports");
}

/// The lines of a text without their ends.
fn lines(text: &str) -> Vec<&str> {
    text.trim_start_matches(BOM).split('\n').map(|line| line.trim_end_matches('\r')).collect()
}

#[test]
fn requirements_keep_their_line_ends() {
    let (mut made, mut tools) = (0, BTreeSet::new());
    for path in requirements_fixtures() {
        let text = read(&path);
        let crlf = text.replace('\n', "\r\n");
        let mut variants =
            vec![("bom and crlf", format!("{BOM}{crlf}")), ("crlf, no final newline", crlf.trim_end().to_owned())];
        // The ends alone are looked for in one file of each tool.
        if tools.insert(path.parent().map(Path::to_owned)) {
            variants.extend([
                ("crlf", crlf.clone()),
                ("bom", format!("{BOM}{text}")),
                ("no final newline", text.trim_end().to_owned()),
            ]);
        }
        let place = Place::new();
        let run = |text: &str, target: &str| {
            place.write("requirements.txt", text);
            place.run(&format!("export {target} {} requirements.txt", flags(text)))
        };
        for target in SWAPS {
            let expected = run(&text, target);
            for (name, variant) in &variants {
                let what = format!("{} {name} {target}", path.display());
                let found = run(variant, target);
                assert_eq!(found.status, expected.status, "{what}: {}{}", found.stderr, expected.stderr);
                if found.status != 0 {
                    continue;
                }
                made += 1;
                let (swapped, plain) = (found.stdout.as_str(), expected.stdout.trim_end_matches('\n'));
                assert_eq!(lines(swapped.trim_end()), lines(plain), "{what}");
                assert_eq!(swapped.starts_with(BOM), variant.starts_with(BOM), "{what}");
                let bare = swapped.matches('\n').count() - swapped.matches("\r\n").count();
                let expected_bare = if name.contains("crlf") { 0 } else { swapped.matches('\n').count() };
                assert_eq!(bare, expected_bare, "{what}: line ends are mixed");
            }
        }
    }
    assert!(made > 150, "only {made} outputs");
}
