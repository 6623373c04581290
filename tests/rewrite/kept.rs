//! What an edit keeps: line ends, byte order marks, comments, files that were not named.

use crate::support::{Place, Run};

const BOM: &str = "\u{feff}";

/// Fixtures and targets that change them in every way: swapped, added, re-pinned, removed, in several entries.
const CHANGES: [(&str, &str); 6] = [
    ("poetry-1.8/torch-2.0.1", "--python 3.10"),
    ("poetry-1.8/torch-2.1.2", "--cuda 11.8 --python 3.10"),
    ("poetry-2.5/torch-2.7.1", "--cuda 12.8"),
    ("poetry-2.5/torch-2.9.1", "--cpu"),
    ("poetry-2.5/torch-1.12.1", "--cuda 11.6"),
    ("poetry-2.5/markers", "--cuda 12.4 --python 3.11"),
];

fn rewritten(folder: &str, target: &str, lock: &str) -> (Place, String) {
    let place = Place::of(folder);
    place.write("poetry.lock", lock);
    assert_eq!(place.run(&format!("rewrite --quiet {target}")).ok(), "");
    let after = place.read("poetry.lock");
    assert_ne!(after, lock, "{folder} {target}");
    (place, after)
}

#[test]
fn line_ends_marks_and_a_missing_newline_stay() {
    for (folder, target) in CHANGES {
        let lock = Place::of(folder).read("poetry.lock");
        let (_, expected) = rewritten(folder, target, &lock);
        let crlf = |text: &str| text.replace('\n', "\r\n");
        type Alter<'a> = (&'a str, &'a dyn Fn(&str) -> String);
        let variants: [Alter<'_>; 4] = [
            ("crlf", &crlf),
            ("bom", &|text| format!("{BOM}{text}")),
            ("no final newline", &|text| text.trim_end().to_owned()),
            ("all three", &|text| format!("{BOM}{}", crlf(text).trim_end())),
        ];
        for (name, alter) in variants {
            let (place, after) = rewritten(folder, target, &alter(&lock));
            assert!(after == alter(&expected), "{folder} {target} {name}");
            place.run(&format!("rewrite --quiet {target}")).ok();
            assert!(place.read("poetry.lock") == after, "{folder} {target} {name}: a second run changed it");
        }
    }
}

/// Poetry 1.3 and 1.4 write a category between the description and `optional`; later ones do not.
#[test]
fn a_new_entry_has_a_category_where_the_others_have_one() {
    let (folder, target) = ("poetry-1.8/torch-2.0.1", "--cuda 11.8 --python 3.10");
    let lock = Place::of(folder).read("poetry.lock");
    assert!(!lock.contains("category = "));
    let (_, plain) = rewritten(folder, target, &lock);
    let optional = "\noptional = ";
    let categorised = |text: &str| text.replace(optional, &format!("\ncategory = \"main\"{optional}"));
    let (_, after) = rewritten(folder, target, &categorised(&lock));
    let count = |text: &str, name: &str| text.matches(&format!("name = \"{name}\"\n")).count();
    assert_eq!((count(&lock, "lit"), count(&after, "lit")), (0, 1), "nothing is new");
    assert!(after == categorised(&plain), "{after}");
}

#[test]
fn comments_stay_where_they_are() {
    for (folder, target) in CHANGES {
        let lock = Place::of(folder).read("poetry.lock");
        let mut number = 0;
        let commented: String = lock
            .split_inclusive('\n')
            .map(|line| match line.trim_end() {
                "[[package]]" | "[extras]" | "[metadata]" => {
                    number += 1;
                    format!("# remark {number}\n# in two lines\n{line}")
                }
                _ => line.to_owned(),
            })
            .collect();
        let (_, after) = rewritten(folder, target, &commented);
        let (_, plain) = rewritten(folder, target, &lock);
        let without: String = after.split_inclusive('\n').filter(|line| !remark(line)).collect();
        assert!(without == plain, "{folder} {target}");
        let name = |text: &str, at: usize| -> String {
            text.lines()
                .skip(at)
                .find(|line| !line.starts_with(['#', '[']) || *line == "[metadata]")
                .unwrap()
                .to_owned()
        };
        // Each remark is still there, in front of the same entry unless that is gone.
        for number in 1..=number {
            let remark = format!("# remark {number}");
            let at = |text: &str| text.lines().position(|line| line == remark).unwrap();
            let (old, new) = (name(&commented, at(&commented)), name(&after, at(&after)));
            assert!(
                old == new || !plain.contains(&format!("{old}\n")),
                "{folder} {target}: {remark} moved from {old} to {new}"
            );
        }
    }
}

fn remark(line: &str) -> bool {
    line.starts_with("# remark ") || line.starts_with("# in two lines")
}

/// Makes the edits of a difference. An own small reader, so that the difference is known to be whole.
fn patched(before: &str, diff: &str) -> String {
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let mut out = String::new();
    let mut at = 0;
    let mut lines = diff.split_inclusive('\n').skip(2).peekable();
    while let Some(line) = lines.next() {
        if let Some(range) = line.strip_prefix("@@ -") {
            let (start, _) = range.split_once([',', ' ']).unwrap();
            let start = start.parse::<usize>().unwrap().saturating_sub(1);
            out.push_str(&old[at..start].concat());
            at = start;
            continue;
        }
        let (sign, text) = line.split_at(1);
        let bare = lines.peek().is_some_and(|next| next.starts_with('\\'));
        let text = if bare { text.strip_suffix('\n').unwrap_or(text) } else { text };
        match sign {
            "\\" => {}
            "+" => out.push_str(text),
            "-" | " " => {
                assert_eq!(old[at], text);
                at += 1;
                if sign == " " {
                    out.push_str(text);
                }
            }
            _ => panic!("{line}"),
        }
    }
    out + &old[at..].concat()
}

#[test]
fn a_difference_is_shown_and_nothing_is_written() {
    for (folder, target) in CHANGES {
        let lock = Place::of(folder).read("poetry.lock");
        for lock in [lock.clone(), lock.trim_end().to_owned(), lock.replace('\n', "\r\n")] {
            let (_, after) = rewritten(folder, target, &lock);
            let place = Place::of(folder);
            place.write("poetry.lock", &lock);
            let diff = place.run(&format!("rewrite --diff {target}")).ok();
            assert!(place.read("poetry.lock") == lock && place.names() == ["poetry.lock", "pyproject.toml"]);
            assert!(diff.starts_with("--- ") && !diff.contains(place.path().to_str().unwrap()), "{diff}");
            assert!(patched(&lock, &diff) == after, "{folder} {target}: {diff}");
        }
    }
    let place = Place::of("poetry-2.5/torch-2.4.1");
    assert_eq!(place.run("rewrite --diff --cuda 12.1").ok(), "", "a difference where there is none");
}

#[test]
fn another_file_and_a_filter() {
    for (folder, target) in CHANGES {
        let place = Place::of(folder);
        let lock = place.read("poetry.lock");
        let (_, after) = rewritten(folder, target, &lock);
        assert_eq!(place.run(&format!("rewrite --quiet {target} -o other.lock")).ok(), "");
        assert!(place.read("poetry.lock") == lock && place.read("other.lock") == after);
        let mut arguments: Vec<&str> = vec!["rewrite", "-"];
        arguments.extend(target.split(' '));
        let run = place.run_with(&arguments, &lock);
        assert!(run.status == 0 && run.stdout == after, "{folder} {target}: {}", run.stderr);
        assert!(place.read("poetry.lock") == lock);
        // Named by its path, from another folder.
        let outer = Place::new();
        for name in ["poetry.lock", "pyproject.toml"] {
            outer.write(&format!("inner/{name}"), place.read(name));
        }
        outer.run(&format!("rewrite --quiet {target} inner/poetry.lock")).ok();
        assert!(outer.read("inner/poetry.lock") == after && outer.names() == ["inner"]);
    }
}

#[test]
fn a_lock_that_is_right_is_passed_through() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    let lock = place.read("poetry.lock");
    let run = place.run_with(&["rewrite", "-", "--cuda", "12.1"], &lock);
    assert!(run.status == 0 && run.stdout == lock);
    place.run("rewrite --cuda 12.1 -o other.lock").ok();
    assert!(place.read("other.lock") == lock);
}

/// Requirements files, the flags they are rewritten with, and the name of a picture of that.
const REQUIREMENTS: [(&str, &str, &str); 6] = [
    ("torch-2.1.2/pip-compile-hashes.txt", "--cuda 11.8 --python 3.10", "rewrite-pip-compile"),
    ("torch-2.1.2/uv-compile-hashes.txt", "--cuda 11.8 --python 3.10", ""),
    ("torch-2.1.2/uv-export.txt", "--cpu --python 3.10", ""),
    ("torch-2.5.1/pip-compile-hashes.txt", "--cpu --python 3.10", ""),
    ("torch-2.5.1/uv-compile-universal.txt", "--cpu --python 3.11", "rewrite-universal"),
    ("torch-2.5.1/uv-export.txt", "--cpu --python 3.10", ""),
];

fn requirements(text: &str, flags: &str) -> (Place, Run) {
    let place = Place::new();
    place.write("requirements.txt", text);
    let run = place.run(&format!("rewrite {flags} requirements.txt"));
    (place, run)
}

#[test]
fn requirements_files_are_rewritten_in_place() {
    for (file, flags, picture) in REQUIREMENTS {
        let text = std::fs::read_to_string(crate::support::fixture(&format!("requirements/{file}"))).unwrap();
        let (place, run) = requirements(&text, flags);
        run.ok();
        let after = place.read("requirements.txt");
        assert!(after != text, "{file}");
        // An export says the same below its header.
        place.write("requirements.txt", &text);
        let export = place.run(&format!("export {flags} requirements.txt")).ok();
        // It puts its header in the place of another tool's, which a rewrite leaves alone.
        let body = |text: &str| {
            let lines = text.split_inclusive('\n').skip_while(|line| line.starts_with('#') || line.trim().is_empty());
            lines.collect::<String>()
        };
        assert_eq!(body(&export), body(&after), "{file}");
        assert!(after.starts_with(&text[..text.len() - body(&text).len()]), "{file}");
        if !picture.is_empty() {
            let place = Place::new();
            place.write("requirements.txt", &text);
            crate::support::snapshot(picture, &place.run(&format!("rewrite --diff {flags} requirements.txt")).shown());
        }
        place.write("requirements.txt", &after);
        let was = super::identity(&place, "requirements.txt");
        place.run(&format!("rewrite {flags} requirements.txt")).ok();
        assert_eq!(super::identity(&place, "requirements.txt"), was, "{file}: the file was touched");
        for (name, text, expected) in [
            ("crlf", text.replace('\n', "\r\n"), after.replace('\n', "\r\n")),
            ("bom", format!("{BOM}{text}"), format!("{BOM}{after}")),
            ("bare", text.trim_end().to_owned(), after.trim_end().to_owned()),
        ] {
            let (place, run) = requirements(&text, flags);
            run.ok();
            assert_eq!(place.read("requirements.txt"), expected, "{file} {name}");
        }
    }
}
