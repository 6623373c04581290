//! Checks the layers of the crate: which room may import which, and which may do input and output.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::support::root;

/// The rooms of the house, from the ground up. A room imports from the floors below its own, and from no neighbour.
const FLOORS: [&[&str]; 10] = [
    &["text"],
    &["packaging"],
    &["report"],
    &["catalog", "lock"],
    &["plan"],
    &["write"],
    &["audit", "verify"],
    &["edge"],
    &["cli"],
    &["command"],
];

fn floor(room: &str) -> usize {
    let found = FLOORS.iter().position(|floor| floor.contains(&room));
    found.unwrap_or_else(|| panic!("`{room}` is on no floor: add it to FLOORS"))
}

fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            out.push(path);
        }
    }
}

/// All source files by the module they belong to, without their tests and comments.
fn code() -> BTreeMap<PathBuf, (String, String)> {
    let src = root().join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let mut code = BTreeMap::new();
    for path in files {
        let relative = path.strip_prefix(&src).unwrap().to_owned();
        let first = relative.components().next().unwrap().as_os_str().to_string_lossy().replace(".rs", "");
        let text = std::fs::read_to_string(&path).unwrap();
        code.insert(relative, (first, without_tests(&text)));
    }
    assert!(code.len() > 20, "the sources are missing");
    code
}

/// A file's code without its comments and its inline test module. A declaration, `mod tests;`, ends nothing.
fn without_tests(text: &str) -> String {
    let (code, behind) = match text.split_once("#[cfg(test)]\nmod tests {\n") {
        Some((code, tests)) => (code, tests.split_once("\n}\n").map_or("", |(_, behind)| behind)),
        None => (text, ""),
    };
    let lines = code.lines().chain(behind.lines()).filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn only_the_inline_test_module_is_left_out() {
    let declared = "mod a;\n#[cfg(test)]\nmod tests;\n\nuse crate::a;\n";
    assert_eq!(without_tests(declared), declared.trim_end());
    let inline = "use crate::a;\n// crate::b\n\n#[cfg(test)]\nmod tests {\n    use crate::c;\n}\n";
    assert_eq!(without_tests(inline), "use crate::a;\n");
    assert_eq!(without_tests(&format!("{inline}use crate::d;\n")), "use crate::a;\n\nuse crate::d;");
    assert_eq!(without_tests("#[cfg(test)]\nfn a() {}\nuse crate::b;"), "#[cfg(test)]\nfn a() {}\nuse crate::b;");
}

#[test]
fn a_file_is_looked_at_to_its_end() {
    let code = code();
    let mut declared = 0;
    for (path, (_, code)) in &code {
        let text = std::fs::read_to_string(root().join("src").join(path)).unwrap();
        let Some((_, behind)) = text.split_once("#[cfg(test)]\nmod tests;\n") else { continue };
        declared += 1;
        let last = behind.lines().rfind(|line| line.starts_with("    ")).unwrap_or_default();
        assert!(code.contains(last), "{} is not looked at behind `mod tests;`", path.display());
    }
    assert!(declared > 0 && code[Path::new("lock/toml.rs")].1.contains("fn dig"));
}

#[test]
fn imports_go_down_only() {
    for (path, (room, text)) in code() {
        if ["main", "lib"].contains(&room.as_str()) {
            continue;
        }
        for other in paths(&text, "crate::").into_iter().map(|path| path[0].clone()) {
            let fine = other == room || floor(&other) < floor(&room);
            assert!(fine, "{} imports `{other}`, which is not below `{room}`", path.display());
        }
    }
}

#[test]
fn each_room_names_at_its_door_what_it_imports() {
    let mut imported: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (room, text) in code().into_values().filter(|(room, _)| !["main", "lib"].contains(&room.as_str())) {
        let others = paths(&text, "crate::").into_iter().map(|path| path[0].clone());
        imported.entry(room.clone()).or_default().extend(others.filter(|other| *other != room));
    }
    let mut arrows = 0;
    for (room, others) in imported {
        arrows += others.len();
        let src = root().join("src");
        let door = std::fs::read_to_string(src.join(&room).join("mod.rs"))
            .or_else(|_| std::fs::read_to_string(src.join(format!("{room}.rs"))))
            .unwrap();
        let said =
            door.lines().take_while(|line| line.starts_with("//!")).find_map(|line| line.split_once("Imports: "));
        let (_, said) = said.unwrap_or_else(|| panic!("{room} says nothing of its imports"));
        let said: BTreeSet<String> = said.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        assert_eq!(said, others, "at the door of {room}");
    }
    assert!(arrows <= 100, "{arrows} arrows between rooms");
}

/// The paths in a text that begin with a word, without that word: `a::b::C` as `[a, b, C]`.
fn paths(text: &str, start: &str) -> Vec<Vec<String>> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let all = text.split(start).skip(1).map(|rest| rest.split(|c| !word(c)).next().unwrap_or_default());
    all.map(|path| path.split("::").map(str::to_owned).collect()).collect()
}

/// The module that a file is.
fn module(path: &Path) -> Vec<String> {
    let path = path.with_extension("");
    let parts = path.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
    parts.filter(|part| part != "mod").collect()
}

#[test]
fn no_two_files_import_each_other() {
    let code = code();
    let files: Vec<Vec<String>> = code.keys().map(|path| module(path)).collect();
    // A file and those of its own folder belong together: a child may use what its parent says for all.
    let related = |a: &[String], b: &[String]| a.starts_with(b) || b.starts_with(a);
    let mut arrows: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, (_, text)) in code.values().enumerate() {
        let own = &files[at];
        let mut imported = paths(text, "crate::");
        for path in paths(text, "super::") {
            let up = 1 + path.iter().take_while(|part| *part == "super").count();
            let above = own[..own.len().saturating_sub(up)].iter().cloned();
            imported.push(above.chain(path.into_iter().skip(up - 1)).collect());
        }
        for path in imported {
            let longest =
                (1..=path.len()).rev().find_map(|length| files.iter().position(|file| file[..] == path[..length]));
            arrows.entry(at).or_default().extend(longest.filter(|&other| !related(&files[other], own)));
        }
    }
    assert!(arrows.values().map(Vec::len).sum::<usize>() > 300, "the imports are missing");
    for start in 0..files.len() {
        let (mut seen, mut open) = (BTreeMap::from([(start, start)]), vec![start]);
        while let Some(at) = open.pop() {
            for &other in arrows.get(&at).into_iter().flatten() {
                assert!(other != start, "{} and {} import each other", files[start].join("::"), files[at].join("::"));
                if seen.insert(other, at).is_none() {
                    open.push(other);
                }
            }
        }
    }
}

#[test]
fn the_world_is_touched_at_the_edge_only() {
    let allowed: [(&str, &[&str]); 5] = [
        ("indicatif", &["edge::progress"]),
        ("std::fs", &["edge::io"]),
        ("std::env::", &["edge::io", "edge::terminal"]),
        ("reqwest", &["edge::index"]),
        ("clap", &["cli", "main"]),
    ];
    for (path, (_, text)) in code() {
        let module = module(&path).join("::");
        let within = |place: &str| module == place || module.starts_with(&format!("{place}::"));
        for (word, places) in allowed {
            assert!(!text.contains(word) || places.iter().any(|place| within(place)), "{} uses {word}", path.display());
        }
        for word in ["println!", "eprintln!", "print!(", "eprint!("] {
            assert!(!text.contains(word), "{} uses {word}", path.display());
        }
        assert!(!text.contains("process::exit") || module == "main", "{} ends the process", path.display());
        // Waiting for a server takes a clock; that a file is old is nobody's business.
        let clock = text.contains("SystemTime") || text.contains("Instant::now") && !within("edge::index");
        assert!(!clock, "{} asks the clock", path.display());
        assert!(!text.contains("sleep(") || within("edge::index"), "{} sleeps", path.display());
    }
}

/// The commands that may reach the network, and what makes one and what `--learn` asks, for which an export, a rewrite and a
/// check hold a `Learning`. Every other one cannot: it gets hold of no `Network`.
const ONLINE: [&str; 6] = ["verify", "catalog", "audit", "export", "learning", "network"];

#[test]
fn commands_that_need_no_network_cannot_reach_it() {
    for (path, (room, text)) in code() {
        if room == "edge" {
            continue;
        }
        let name = path.with_extension("").to_string_lossy().replace('\\', "/");
        let online = ONLINE.iter().any(|command| name.split('/').nth(1) == Some(command)) && room == "command";
        for word in ["edge::index", "edge::learn", "network_settings", "std::net", "TcpStream"] {
            assert!(online || !text.contains(word), "{} uses {word}", path.display());
        }
    }
}

#[test]
fn the_picture_for_contributors_has_every_room() {
    let text = std::fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    for (at, rooms) in FLOORS.iter().enumerate() {
        let rooms = rooms.iter().map(|room| format!("`{room}`")).collect::<Vec<_>>().join(", ");
        assert!(text.contains(&format!("| {} | {rooms} |", at + 1)), "floor {}: {rooms}", at + 1);
    }
}

#[test]
fn the_files_that_contributors_are_sent_to_exist() {
    let text = std::fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    let named = text.split('`').skip(1).step_by(2).filter(|word| {
        ["src/", "tests/", "benches/", "snapshots/", "fuzz/", ".ci/", ".github/"]
            .iter()
            .any(|top| word.starts_with(top))
    });
    let missing: Vec<&str> = named.clone().filter(|name| !root().join(name).exists()).collect();
    assert!(missing.is_empty() && named.count() >= 15, "{missing:?}");
}

/// What is longer holds more than one thing. Tables are as long as they are.
#[test]
fn no_file_is_longer_than_four_hundred_lines() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    for path in files {
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines < 400, "{} has {lines} lines: part it by what it holds", path.display());
    }
}

/// Names that two types have on purpose, each because the two lie far apart and nobody sees both. None so far.
const TWICE: [&str; 0] = [];

/// Names of Rust's prelude that a type of ours takes on purpose.
const SHADOWING: [(&str, &str); 1] = [("Result", "the same type, with our error where none is named")];

/// What every file sees without importing it.
const PRELUDE: [&str; 35] = [
    "AsMut",
    "AsRef",
    "Box",
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "DoubleEndedIterator",
    "Drop",
    "Eq",
    "Err",
    "ExactSizeIterator",
    "Extend",
    "Fn",
    "FnMut",
    "FnOnce",
    "From",
    "FromIterator",
    "Hash",
    "Into",
    "IntoIterator",
    "Iterator",
    "None",
    "Ok",
    "Option",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Result",
    "Send",
    "Some",
    "String",
    "ToString",
    "TryFrom",
    "Vec",
];

/// The types that a file declares, those of its functions among them, but for those that belong to a trait.
fn declared_types(text: &str) -> Vec<String> {
    let name = |line: &str| {
        let inner = line.trim_start();
        let bare = ["pub(crate) ", "pub(super) ", "pub "].iter().find_map(|word| inner.strip_prefix(word));
        let bare = bare.unwrap_or(inner);
        let is_own = inner.len() == line.len();
        let found = ["struct ", "enum ", "trait "].iter().find_map(|word| bare.strip_prefix(word));
        let found = found.or_else(|| bare.strip_prefix("type ").filter(|_| is_own))?;
        Some(found.split(|c: char| !c.is_ascii_alphanumeric()).next()?.to_owned())
    };
    text.lines().filter_map(name).collect()
}

#[test]
fn each_type_has_a_name_of_its_own() {
    let mut declared: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, (_, text)) in code() {
        for name in declared_types(&text) {
            declared.entry(name).or_default().push(path.display().to_string());
        }
    }
    assert!(declared.len() > 150, "the types are missing");
    for (name, places) in &declared {
        let again = places.len() > 1 && !TWICE.contains(&name.as_str());
        assert!(!again, "{name} is declared in {}", places.join(" and "));
        let shadows = PRELUDE.contains(&name.as_str()) && SHADOWING.iter().all(|(fine, _)| fine != name);
        assert!(!shadows, "{name} of {} hides that of the prelude", places.join(""));
    }
}

/// Words of a format that are spelled like a package.
const WORDS: [(&str, &str, &str); 5] = [
    ("audit/collisions.rs", "cudnn", "a word in the tags of images"),
    ("catalog/families.rs", "triton", "a kind of lines of families.tsv"),
    ("catalog/labels.rs", "torch", "a hole of the grammar in labels.tsv"),
    ("catalog/made_for.rs", "torch", "a word of local labels"),
    ("catalog/row.rs", "torch", "a flag of a catalogue's row"),
];

/// Which packages there are is said in `families.tsv` alone.
#[test]
fn no_package_of_a_family_is_spelled_in_code() {
    let table = std::fs::read_to_string(root().join("src/catalog/families.tsv")).unwrap();
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> = line.split('\t').collect();
        names.extend(if columns[0] == "member" { &columns[1..3] } else { &columns[1..2] });
    }
    assert!(names.contains("torch") && names.contains("triton") && names.contains("cublas"), "{names:?}");
    let mut words: BTreeSet<(String, String)> = BTreeSet::new();
    for (path, (_, text)) in code().iter().filter(|(path, _)| !path.ends_with("tests.rs")) {
        let path = path.to_string_lossy().replace('\\', "/");
        for name in names.iter().filter(|name| text.contains(&format!("\"{name}\""))) {
            let fine = WORDS.iter().any(|(file, word, _)| path == *file && word == name);
            assert!(fine, "{path} spells `{name}`: which packages there are is data, in families.tsv");
            words.insert((path.clone(), (*name).to_owned()));
        }
    }
    assert_eq!(words.len(), WORDS.len(), "an exception that nothing needs: {words:?}");
}
