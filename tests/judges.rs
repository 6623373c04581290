//! pip itself judges the closure: in hash mode, from an index on the loopback, it must find nothing missing and nothing in
//! conflict.
//!
//! Everything is hermetic: an output is made with `--mirror` to the loopback, and tiny wheels are served for all that it
//! names (`judges/world.rs`). uv and the real registry judge in `.ci/installers`.

mod order;
pub mod pythons;
mod server;
mod several;
mod world;

use std::path::PathBuf;
use std::sync::OnceLock;

use tempfile::TempDir;
use torchswap::packaging::target::Python;

use crate::support::{Place, fixture};
use pythons::{Interpreter, interpreters, newest_of, two_at_a_time};
use server::Server;
use world::{World, packages, without};

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

/// Each project of the fixtures with torch, and builds that its lock can be swapped to. The first is that of the default
/// index, where the catalogue knows the others: then the locked wheels stay, and only the closure is made whole.
const BUILDS: [(&str, &[&str]); 9] = [
    ("markers", &["cu121", "cpu"]),
    ("torch-1.12.1", &["cu102", "cu116"]),
    ("torch-1.13.1", &["cu117"]),
    ("torch-2.0.1", &["cpu", "cu118"]),
    ("torch-2.1.2", &["cu121", "cpu", "cu118"]),
    ("torch-2.4.1", &["cu121", "cpu", "cu124"]),
    ("torch-2.5.1", &["cu124", "cpu"]),
    ("torch-2.7.1", &["cu126", "cpu", "cu118", "cu128", "rocm6.3"]),
    ("torch-2.9.1", &["cu128", "cpu", "cu130"]),
];

/// One output to judge.
#[derive(Debug, Clone)]
struct Case {
    /// Below the fixtures: a folder with a `poetry.lock`, or a requirements file.
    lock: String,
    flags: String,
    pythons: Vec<Python>,
}

impl Case {
    fn new(lock: &str, flags: &str, pythons: &[Python]) -> Self {
        Self { lock: lock.to_owned(), flags: flags.to_owned(), pythons: pythons.to_vec() }
    }

    /// The output, and a world in which it can be installed.
    fn world(&self, interpreter: &Interpreter) -> (World, TempDir) {
        self.world_where(interpreter, |text| text)
    }

    /// The same with the output altered.
    fn world_where(&self, interpreter: &Interpreter, alter: impl Fn(String) -> String) -> (World, TempDir) {
        let folder = TempDir::new().unwrap();
        let at = format!("/{}", folder.path().file_name().unwrap().to_string_lossy());
        let text = alter(self.export(&server().url(&format!("{at}/whl"))));
        let lock = fixture(&self.lock).join("poetry.lock");
        let lock = std::fs::read_to_string(lock).ok();
        let world = World::new(server(), &at, &text, lock.as_deref(), &self.pythons, interpreter, folder.path());
        (world, folder)
    }

    fn export(&self, mirror: &str) -> String {
        let pythons = self.pythons.iter().map(|python| format!("--python {python} ")).collect::<String>();
        let flags = format!("export {} {pythons}--mirror {mirror}", self.flags);
        if self.lock.ends_with(".txt") {
            let place = Place::new();
            place.write("requirements.txt", std::fs::read(fixture(&self.lock)).unwrap());
            return place.run(&format!("{flags} requirements.txt")).ok();
        }
        Place::of(&self.lock).run(&flags).ok()
    }

    /// What one client says against it; nothing if it would install all.
    fn objection(&self, interpreter: &Interpreter) -> Option<String> {
        let (world, folder) = self.world(interpreter);
        let file = write(&folder, &world.text);
        let verdict = interpreter.judge(&file, &world.index);
        (!verdict.ok)
            .then(|| format!("{} {} under CPython {}:\n{}", self.lock, self.flags, interpreter.version, verdict.said))
    }
}

fn write(folder: &TempDir, text: &str) -> PathBuf {
    let path = folder.path().join("judged.txt");
    std::fs::write(&path, text).unwrap();
    path
}

/// The Pythons that an output without `--python` is for, as its header says.
fn pythons(lock: &str, flags: &str) -> Vec<Python> {
    let text = Case::new(lock, flags, &[]).export("http://127.0.0.1/whl");
    let (_, list) = text.lines().nth(1).and_then(|line| line.split_once("CPython ")).unwrap();
    list.split(", ").map(|python| python.parse().unwrap()).collect()
}

fn assert_none(objections: &[Option<String>]) {
    let found: Vec<&str> = objections.iter().flatten().map(String::as_str).collect();
    assert!(found.is_empty(), "{} of {} outputs:\n{}", found.len(), objections.len(), found.join("\n"));
}

#[test]
fn pip_finds_nothing_missing_and_nothing_in_conflict() {
    if interpreters().is_empty() {
        return;
    }
    let mut cases = Vec::new();
    for (project, builds) in BUILDS {
        for (age, builds) in [("2.5", builds), ("1.8", &builds[..1])] {
            for build in builds {
                let (lock, flags) =
                    (format!("poetry-{age}/{project}"), format!("--backend {build} --all-extras --all-groups"));
                match newest_of(&pythons(&lock, &flags)) {
                    Some(interpreter) => cases.push((Case::new(&lock, &flags, &[interpreter.version]), interpreter)),
                    None => println!("skipped: {lock} {flags} is for Pythons that are not here"),
                }
            }
        }
    }
    let objections = two_at_a_time(&cases, |(case, interpreter)| case.objection(interpreter));
    assert_none(&objections);
    println!("pip judged {} outputs for one Python", objections.len());
}

#[test]
fn pip_takes_its_own_part_of_an_output_for_several_pythons() {
    let mut cases = Vec::new();
    // One that keeps, some that swap; with six CPythons here, all of them would take a minute.
    for (project, build) in
        [("torch-1.12.1", "cu116"), ("torch-2.0.1", "cu118"), ("torch-2.7.1", "cu128"), ("torch-2.9.1", "cu130")]
    {
        let lock = format!("poetry-2.5/{project}");
        let flags = format!("--backend {build}");
        let pythons = pythons(&lock, &flags);
        for interpreter in interpreters().iter().filter(|one| pythons.contains(&one.version)) {
            cases.push((Case::new(&lock, &flags, &pythons), interpreter));
        }
    }
    let objections = two_at_a_time(&cases, |(case, interpreter)| case.objection(interpreter));
    assert_none(&objections);
    println!("pip judged {} outputs for several Pythons", objections.len());
}

#[test]
fn pip_takes_requirements_files() {
    let mut cases = Vec::new();
    for (torch, flags) in [("2.1.2", "--cuda 11.8"), ("2.5.1", "--cuda 12.4"), ("2.5.1", "--cpu")] {
        for file in ["pip-compile-hashes.txt", "uv-compile-hashes.txt", "uv-export.txt"] {
            let lock = format!("requirements/torch-{torch}/{file}");
            // They were made for 3.10, and 3.11 needs the same packages.
            match newest_of(&[Python::three(10), Python::three(11)]) {
                Some(interpreter) => cases.push((Case::new(&lock, flags, &[interpreter.version]), interpreter)),
                None => println!("skipped: {lock} is for CPython 3.10 or 3.11, and neither is here"),
            }
        }
    }
    let objections = two_at_a_time(&cases, |(case, interpreter)| case.objection(interpreter));
    assert_none(&objections);
    println!("pip judged {} requirements files", objections.len());
}

/// A case whose closure has NVIDIA libraries that the lock had in other versions.
fn swapped() -> Option<(Case, &'static Interpreter)> {
    let (lock, flags) = ("poetry-2.5/torch-2.7.1", "--cuda 12.8");
    let interpreter = newest_of(&pythons(lock, flags));
    if interpreter.is_none() {
        println!("skipped: {lock} is for Pythons that are not here");
    }
    interpreter.map(|interpreter| (Case::new(lock, flags, &[interpreter.version]), interpreter))
}

/// Shows that the judge can say no: else its yes is worth nothing.
#[test]
fn pip_objects_where_it_should() {
    let Some((case, interpreter)) = swapped() else { return };
    let (world, folder) = case.world(interpreter);
    let objection = |text: &str| {
        let verdict = interpreter.judge(&write(&folder, text), &world.index);
        assert!(!verdict.ok, "pip found nothing wrong with:\n{text}");
        verdict.said
    };
    let names: Vec<String> = packages(&world.text).iter().map(|one| one.name.to_string()).collect();
    let nvidia = names.iter().find(|name| name.starts_with("nvidia-cudnn")).unwrap();
    // The index still has the wheel: only the line is gone.
    assert!(objection(&without(&world.text, nvidia)).contains(nvidia.as_str()));
    let at = world.text.find("--hash=sha256:").unwrap() + "--hash=sha256:".len();
    let digit = if world.text[at..].starts_with('0') { "1" } else { "0" };
    let mut altered = world.text.clone();
    altered.replace_range(at..=at, digit);
    assert!(objection(&altered).contains("DO NOT MATCH THE HASHES"));
    // A library in another release than torch asks for.
    let older = |text: String| {
        let pinned = packages(&text).into_iter().find(|one| one.name.as_ref() == nvidia).unwrap();
        text.replace(&format!("{nvidia}=={}", pinned.version), &format!("{nvidia}==8.9.2.26"))
    };
    let (world, folder) = case.world_where(interpreter, older);
    let verdict = interpreter.judge(&write(&folder, &world.text), &world.index);
    assert!(!verdict.ok && verdict.said.contains("conflicting dependencies"), "{}", verdict.said);
}

/// One real installation, so that `pip check` sees what a dry run does not leave behind.
#[test]
fn pip_installs_and_checks() {
    let Some((case, interpreter)) = swapped() else { return };
    let (world, folder) = case.world(interpreter);
    let empty = interpreter.empty();
    let installed = empty.install(&write(&folder, &world.text), &world.index);
    assert!(installed.ok, "{}", installed.said);
    let checked = empty.pip(&["check"]);
    assert!(checked.ok, "{}", checked.said);
    let frozen = empty.pip(&["list", "--format=freeze"]).said;
    let expected: std::collections::BTreeSet<String> =
        packages(&world.text).iter().map(|one| format!("{}=={}", one.name, one.version)).collect();
    let found = frozen.lines().map(|line| line.replace('_', "-").to_ascii_lowercase()).collect();
    assert_eq!(expected, found);
    assert!(expected.iter().any(|one| one == "torch==2.7.1+cu128"));
    // And this check, too, can say no.
    assert!(empty.pip(&["uninstall", "--yes", "triton"]).ok);
    assert!(!empty.pip(&["check"]).ok);
}
