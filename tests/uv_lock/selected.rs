//! The selection from a `uv.lock` in an environment is what uv exports from it.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::ExtraName;
use torchswap::lock::{Choice, Lock, LockedDigest, Origin, requirements};
use torchswap::packaging::target::{Environment, Platform, Python};

use super::{PROJECTS, lock, text};
use crate::support::Place;

/// Version, or place, and digests by name.
type Chosen = BTreeMap<String, (String, BTreeSet<LockedDigest>)>;

fn chosen(lock: &Lock, choice: &Choice, environment: Environment) -> Chosen {
    let selection = lock.select(choice, environment).unwrap();
    let entries = selection.packages.iter().map(|selected| &lock.entries()[selected.entry]);
    // The exports are without the members of the workspace.
    let emitted = entries.filter(|entry| !matches!(entry.origin, Origin::Directory(_)));
    let each = emitted.map(|entry| {
        let version = || entry.version.as_ref().map(ToString::to_string).unwrap_or_default();
        let pin = entry.origin.place().map_or_else(version, str::to_owned);
        (entry.name.to_string(), (pin, entry.files.iter().map(|file| file.digest.clone()).collect()))
    });
    each.collect()
}

/// The choice that options of uv make.
fn choice(options: &str) -> Choice {
    let mut choice = Choice::default();
    let mut words = options.split_whitespace();
    while let Some(option) = words.next() {
        let mut name = || ExtraName::new(words.next().unwrap().to_owned()).unwrap();
        match option {
            "--group" => choice.with.push(name()),
            "--only-group" => choice.only.push(name()),
            "--extra" => choice.extras.push(name()),
            "--all-groups" => choice.all_groups = true,
            "--no-default-groups" => choice.without.push(ExtraName::new("dev".to_owned()).unwrap()),
            "--no-dev" => choice.without.push(ExtraName::new("dev".to_owned()).unwrap()),
            other => panic!("{other}"),
        }
    }
    choice
}

/// As long as a patch release of Python decides, the line carries what each step on the way demands.
#[test]
fn what_is_needed_below_a_condition_is_needed_under_both() {
    let package = |name: &str, needs: &str| {
        let file = format!("https://files.example/{name}-1-py3-none-any.whl");
        let wheel = format!("wheels = [{{ url = \"{file}\", hash = \"sha256:{}\" }}]\n", "0".repeat(64));
        let source = "source = { registry = \"https://index.example/simple\" }\n";
        format!("[[package]]\nname = \"{name}\"\nversion = \"1\"\n{source}{needs}{wheel}\n")
    };
    let needs = |name: &str, marker: &str| format!("dependencies = [{{ name = \"{name}\"{marker} }}]\n");
    let early = ", marker = \"python_full_version < '3.11.4'\"";
    let late = ", marker = \"python_full_version >= '3.11.2'\"";
    let text = format!(
        "version = 1\nrevision = 3\nrequires-python = \">=3.11\"\n\n{}[[package]]\nname = \"p\"\nversion = \"1\"\n\
         source = {{ virtual = \".\" }}\n{}\n{}{}",
        package("a", &needs("b", late)),
        needs("a", early),
        package("b", &needs("c", "")),
        package("c", ""),
    );
    let place = Place::new();
    place.write("uv.lock", text);
    place.write(
        "pyproject.toml",
        "[project]\nname = \"p\"\nversion = \"1\"\nrequires-python = \">=3.11\"\ndependencies = [\"a\"]\n",
    );
    let export = place.run("export --python 3.11 --allow-none -q uv.lock").ok();
    let line = |name: &str| {
        let line =
            export.lines().find(|line| line.starts_with(&format!("{name} @ "))).unwrap_or_else(|| panic!("{export}"));
        line.to_owned()
    };
    assert!(line("a").contains("< \"3.11.4\"") && !line("a").contains("3.11.2"), "{export}");
    for name in ["b", "c"] {
        assert!(line(name).contains("< \"3.11.4\"") && line(name).contains(">= \"3.11.2\""), "{export}");
    }
}

#[test]
fn it_is_what_uv_exports() {
    let mut compared = 0;
    for project in PROJECTS {
        let lock = lock(project);
        for line in text(project, "choices").lines() {
            let (name, options) = line.split_once('|').unwrap();
            let mut choice = choice(options);
            if project == "members" && options == "--no-default-groups" {
                choice.without = vec![ExtraName::new("lint".to_owned()).unwrap()];
            }
            let file = format!("{name}.txt");
            let export = requirements::parse(&file, text(project, &file), &mut |_| Err(String::new())).unwrap();
            let export = Lock::Requirements(Box::new(export));
            for platform in Platform::ALL {
                for python in lock.pythons(platform) {
                    let environment = Environment { platform, python };
                    let (found, expected) =
                        (chosen(&lock, &choice, environment), chosen(&export, &Choice::default(), environment));
                    assert_eq!(found, expected, "{project}, {name} on {environment}");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared >= 100, "only {compared}");
}

#[test]
fn default_groups_are_those_of_the_project() {
    let here = Environment { platform: Platform::LinuxX86_64, python: Python::three(11) };
    let names = |lock: &Lock| chosen(lock, &Choice::default(), here).into_keys().collect::<Vec<_>>().join(" ");
    let again = |default: &str| {
        let Lock::Uv(uv) = lock("members") else { panic!() };
        let project = text("members", "pyproject.toml").replace("[\"lint\"]", default);
        let project = torchswap::text::Source::new("pyproject.toml", project);
        torchswap::lock::uv::UvLock::parse("uv.lock", uv.source.text.to_string(), Some(project))
            .map(|lock| names(&Lock::Uv(Box::new(lock))))
    };
    assert_eq!(names(&lock("members")), "idna iniconfig pluggy");
    assert_eq!(again("[]").unwrap(), "idna");
    assert_eq!(again("\"all\"").unwrap(), "attrs idna iniconfig pluggy six sniffio");
    assert!(again("\"none\"").unwrap_err().to_string().contains("neither `all` nor a list"));
    assert!(again("[\"??\"]").is_err());
    // Without a project it is the group dev.
    let alone = torchswap::lock::uv::UvLock::parse("uv.lock", text("members", "uv.lock"), None).unwrap();
    assert_eq!(names(&Lock::Uv(Box::new(alone))), "attrs idna sniffio");
}

#[test]
fn pythons_are_those_of_the_lock() {
    let pythons = |project: &str, platform| lock(project).pythons(platform).len();
    assert_eq!(pythons("torch-2.7.1", Platform::MacosArm64), 2);
    assert_eq!(pythons("workspace", Platform::LinuxX86_64), 2);
    assert_eq!(pythons("workspace", Platform::MacosArm64), 0);
}
