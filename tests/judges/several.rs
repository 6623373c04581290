//! One file for several targets: pip on Linux installs the lines of its own target, and refuses a file without one.

use std::collections::BTreeSet;

use tempfile::TempDir;
use torchswap::packaging::target::Python;

use super::pythons::{Interpreter, interpreters};
use super::world::{World, packages};
use super::{server, write};
use crate::support::{Place, fixture};

/// A fixture, and the build of the target for Linux.
const LOCKS: [(&str, &str); 4] = [
    ("poetry-2.5/torch-2.0.1", "cu118"),
    ("poetry-2.5/torch-2.4.1", "cpu"),
    ("poetry-2.5/torch-2.7.1", "cu128"),
    ("poetry-1.8/torch-2.9.1", "cu130"),
];

fn place(lock: &str, build: &str) -> Place {
    let place = Place::of(lock);
    let config = format!(
        "[targets.linux]\nbackend = \"{build}\"\n[targets.mac]\nplatform = \"macos-arm64\"\n\
         [targets.windows]\nplatform = \"windows-x86_64\"\nbackend = \"{build}\"\n"
    );
    place.write("torchswap.toml", config);
    place
}

/// A file for these targets, served for one client.
fn world(place: &Place, lock: &str, targets: &str, interpreter: &Interpreter) -> (World, TempDir) {
    let folder = TempDir::new().unwrap();
    let at = format!("/{}", folder.path().file_name().unwrap().to_string_lossy());
    let mirror = server().url(&format!("{at}/whl"));
    let text = place.run(&format!("export {targets} --mirror {mirror}")).ok();
    let lock = std::fs::read_to_string(fixture(lock).join("poetry.lock")).unwrap();
    let all: Vec<Python> = (8..=14).map(Python::three).collect();
    (World::new(server(), &at, &text, Some(&lock), &all, interpreter, folder.path()), folder)
}

#[test]
fn pip_installs_the_lines_of_its_own_target() {
    let mut installed = 0;
    for (lock, build) in LOCKS {
        let place = place(lock, build);
        let newest = interpreters().iter().rev().find_map(|interpreter| {
            let flat = place.run(&format!("export --target linux --python {}", interpreter.version));
            (flat.status == 0).then_some((interpreter, flat.stdout))
        });
        let Some((interpreter, flat)) = newest else { continue };
        let (world, folder) = world(&place, lock, "--target linux --target mac", interpreter);
        let empty = interpreter.empty();
        let said = empty.install(&write(&folder, &world.text), &world.index);
        assert!(said.ok, "{lock} {build} under {}: {}", interpreter.version, said.said);
        assert!(empty.pip(&["check"]).ok);
        let frozen = empty.pip(&["list", "--format=freeze"]).said;
        let found: BTreeSet<String> = frozen.lines().map(|line| line.replace('_', "-").to_ascii_lowercase()).collect();
        let expected = packages(&flat).iter().map(|one| format!("{}=={}", one.name, one.version)).collect();
        assert_eq!(found, expected, "{lock} {build} under {}", interpreter.version);
        installed += 1;
    }
    println!("pip installed {installed} files for several targets");
}

#[test]
fn pip_refuses_a_file_without_a_target_for_it() {
    let Some(interpreter) = interpreters().last() else { return };
    let (lock, build) = LOCKS[2];
    let place = place(lock, build);
    let (world, folder) = world(&place, lock, "--target mac --target windows", interpreter);
    let verdict = interpreter.judge(&write(&folder, &world.text), &world.index);
    assert!(!verdict.ok && verdict.said.contains("is not a supported wheel on this platform"), "{}", verdict.said);
}
