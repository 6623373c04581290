//! `--only-usable-hashes` keeps, of the files whose names are known, only the digests that a target can use.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{Place, poetry_fixtures};

/// The digests of each line of an output, by what stands before them.
fn digests(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut line = String::new();
    for text in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let text = text.trim_end_matches('\\').trim_end();
        match text.trim_start().strip_prefix("--hash=sha256:") {
            Some(digest) => drop(all.get_mut(&line).unwrap().insert(digest.to_owned())),
            None => {
                line = text.to_owned();
                all.insert(line.clone(), BTreeSet::new());
            }
        }
    }
    all
}

/// The names of the files in a poetry.lock, by digest.
fn names(lock: &str) -> BTreeMap<String, String> {
    let name = |line: &str| {
        let (name, digest) = line.split_once("{file = \"")?.1.split_once("\", hash = \"sha256:")?;
        Some((digest.split('"').next()?.to_owned(), name.to_owned()))
    };
    lock.lines().filter_map(name).collect()
}

/// Told by its letters alone, not by the program's own rules: for Linux with glibc on x86_64, and CPython 3.10.
fn is_for_linux_and_310(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".whl") else { return false };
    let mut tags = stem.rsplit('-');
    let (platform, abi, python) = (tags.next().unwrap(), tags.next().unwrap(), tags.next().unwrap());
    let one_of = |tags: &str, fits: &dyn Fn(&str) -> bool| tags.split('.').any(fits);
    let linux = |tag: &str| tag == "any" || (tag.contains("linux") && !tag.contains("musl") && tag.ends_with("x86_64"));
    let older =
        |tag: &str| tag.strip_prefix("cp3").is_some_and(|minor| minor.parse::<u8>().is_ok_and(|minor| minor <= 10));
    one_of(platform, &linux)
        && match abi {
            "none" => one_of(python, &|tag| tag.starts_with("py3") || tag == "cp310"),
            "abi3" => one_of(python, &older),
            abi => abi == "cp310" && python == "cp310",
        }
}

#[test]
fn what_is_written_can_be_used_and_nothing_else_is_other() {
    let mut tried = 0;
    for lock in poetry_fixtures() {
        let place = Place::new();
        for name in ["poetry.lock", "pyproject.toml"] {
            place.write(name, std::fs::read(lock.join(name)).unwrap());
        }
        let command = "export --cuda 11.8 --python 3.10 -q --no-emit-local";
        let all = place.run(command);
        // Locks of Poetry 1.1 name the files of all releases of a package together.
        if all.status != 0 || place.read("poetry.lock").contains("[metadata.files]") {
            continue;
        }
        let (all, few) = (all.ok(), place.run(&format!("{command} --only-usable-hashes")).ok());
        let (all, few, names) = (digests(&all), digests(&few), names(&place.read("poetry.lock")));
        assert_eq!(all.keys().collect::<Vec<_>>(), few.keys().collect::<Vec<_>>(), "{}", lock.display());
        for (line, few) in &few {
            let all = &all[line];
            let usable = all.iter().filter(|digest| names.get(*digest).is_none_or(|name| is_for_linux_and_310(name)));
            let usable: BTreeSet<String> = usable.cloned().collect();
            // Where nothing is, all the sources are, or all.
            let sources = || all.iter().filter(|digest| names.get(*digest).is_some_and(|name| !name.ends_with(".whl")));
            let expected = if !usable.is_empty() {
                usable
            } else if sources().next().is_some() {
                sources().cloned().collect()
            } else {
                all.clone()
            };
            assert_eq!(*few, expected, "{}: {line}", lock.display());
            assert!(!few.is_empty(), "{}: {line}", lock.display());
        }
        tried += 1;
    }
    assert!(tried >= 3, "{tried}");
}

#[test]
fn far_fewer_lines_are_left_to_review() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    let lines = |flags: &str| place.run(&format!("export --cuda 12.4 --python 3.11 -q {flags}")).ok().lines().count();
    let (all, few) = (lines(""), lines("--only-usable-hashes"));
    assert!(few * 4 < all, "{few} of {all}");
}

/// Each target and each Python finds its files in a shared output.
#[test]
fn a_shared_output_has_what_each_of_its_places_can_use() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    place.write(
        "torchswap.toml",
        "[targets.docker]\ncuda = \"12.4\"\npython = [\"3.11\"]\nonly-usable-hashes = true\n\
         [targets.mac]\nplatform = \"macos-arm64\"\npython = [\"3.11\"]\nonly-usable-hashes = true\n",
    );
    let both = digests(&place.run("export --target docker --target mac -q").ok());
    let line = |one: &BTreeMap<String, BTreeSet<String>>, name: &str| {
        one.iter().find(|(line, _)| line.starts_with(name)).unwrap().1.clone()
    };
    let of = |target: &str| digests(&place.run(&format!("export --target {target} -q")).ok());
    let (docker, mac) = (of("docker"), of("mac"));
    let (one, other) = (line(&docker, "numpy=="), line(&mac, "numpy=="));
    assert!(one.is_disjoint(&other));
    assert_eq!(line(&both, "numpy=="), one.union(&other).cloned().collect());
    // Two Pythons share a line, too.
    let two = digests(&place.run("export --cuda 12.4 --python 3.11 --python 3.12 -q --only-usable-hashes").ok());
    let alone = |python: &str| {
        let flags = format!("export --cuda 12.4 --python {python} -q --only-usable-hashes");
        line(&digests(&place.run(&flags).ok()), "numpy==")
    };
    let expected: BTreeSet<String> = alone("3.11").union(&alone("3.12")).cloned().collect();
    assert_eq!(line(&two, "numpy=="), expected);
    place.write("torchswap.toml", place.read("torchswap.toml").replacen("only-usable-hashes = true\n", "", 1));
    let refused = place.run("export --target docker --target mac").refused();
    assert!(refused.contains("docker and mac share a file, but differ in `only-usable-hashes`"), "{refused}");
}

#[test]
fn check_and_a_second_run_know_it() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    let config = "[targets.docker]\ncuda = \"12.4\"\npython = [\"3.11\"]\noutput = \"out.txt\"\n";
    place.run("export --cuda 12.4 --python 3.11 -q --only-usable-hashes -o out.txt").ok();
    let text = place.read("out.txt");
    assert!(text.contains("# Command: torchswap export --cuda 12.4 --python 3.11 --only-usable-hashes poetry.lock\n"));
    assert_eq!(place.run("check out.txt").status, 0, "its header says how it was made");
    place.write("torchswap.toml", config);
    let checked = place.run("check");
    assert!(checked.status == 1 && checked.stdout.contains("other digests: "), "{}", checked.stdout);
    place.write("torchswap.toml", format!("{config}only-usable-hashes = true\n"));
    assert_eq!(place.run("check").status, 0);
    place.run("check --fix").ok();
    assert_eq!(place.read("out.txt"), text);
    // Made of itself it says the same, and its digests are those that were verified.
    place.run("export out.txt --cuda 12.4 --python 3.11 -q --only-usable-hashes -o again.txt").ok();
    assert_eq!(digests(&place.read("again.txt")), digests(&text));
    let verified = place.run("verify out.txt --package torch --package triton");
    assert_eq!(verified.status, 0, "{}", verified.stderr);
}

#[test]
fn where_digests_are_not_written_or_files_are_named_it_is_refused() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    let refused =
        place.run("export --cpu --only-usable-hashes --format pylock --index-url https://index.example").refused();
    assert!(refused.contains("a pylock.toml names its files"), "{refused}");
    assert!(place.run("export --cpu --only-usable-hashes --without-hashes").refused().contains("cannot be used with"));
}
