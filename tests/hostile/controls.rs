//! Unusual but valid inputs, which must be read quickly. The cases beside this file break one thing in them.

use std::fmt::Write as _;

use super::catalogs::{row, table};
use super::locks::{lock, package, with_package};
use super::projects::{project, with_roots};
use super::requirements::pinned;
use super::{Case, LARGE_MB};

fn accepted(cases: Vec<Case>) {
    for case in cases {
        // All that is asked of a refusal, turned around.
        let faults = case.faults();
        assert!(faults.iter().any(|fault| fault == "exit status Some(0)"), "{}: {faults:?}", case.name);
        assert!(!faults.iter().any(|fault| fault.contains("took ")), "{}: {faults:?}", case.name);
    }
}

/// Forty layers of two packages, each of which needs both of the next layer: two to the fortieth ways through.
pub fn diamond(marker: impl Fn(usize, usize) -> String) -> String {
    let mut text = String::new();
    for layer in 0..40 {
        for one in 0..2 {
            let mut needs = String::new();
            for other in (0..2).filter(|_| layer < 39) {
                let _ = writeln!(needs, "d{}-{other} = {}", layer + 1, marker(layer + 1, other));
            }
            text.push_str(&package(&format!("d{layer}-{one}"), "", &needs));
        }
    }
    text
}

#[test]
fn the_inputs_that_are_broken_elsewhere_are_whole() {
    accepted(vec![
        Case::new("lock", "poetry.lock", lock()),
        Case::new("lock with a package more", "poetry.lock", with_package("", "")),
        project("project", &with_roots("")),
        Case::new("requirements", "requirements.txt", pinned("torch==2.1.2")),
        table("catalogue", row()),
    ]);
}

#[test]
fn odd_inputs_are_read_quickly() {
    let large = |text: &str| text.repeat((LARGE_MB << 20) / text.len());
    accepted(vec![
        Case::new("a long comment in a lock", "poetry.lock", format!("{}#{}\n", lock(), large("x"))),
        Case::new("a long text in a lock", "poetry.lock", with_package(&format!("description = '{}'", large("x")), "")),
        Case::new("a long comment", "requirements.txt", format!("{}\n#{}\n", pinned("torch==2.1.2"), large("x"))),
        project("many roots", &with_roots("")).with(
            "poetry.lock",
            super::locks::old_lock(&(0..3000).map(|n| package(&format!("p{n}"), "", "")).collect::<String>()),
        ),
        project("a diamond", &with_roots("'d0-0', 'd0-1',"))
            .with("poetry.lock", super::locks::old_lock(&diamond(|_, _| "'*'".to_owned()))),
        project("a diamond with markers", &with_roots("'d0-0', 'd0-1',")).with(
            "poetry.lock",
            super::locks::old_lock(&diamond(|layer, one| {
                format!("{{version = '*', markers = \"platform_release == 'r{layer}-{one}'\"}}")
            })),
        ),
        project("cycles", &with_roots("'x',")).with(
            "poetry.lock",
            super::locks::old_lock(&(package("x", "", "x = '*'\ny = '*'") + &package("y", "", "x = '*'\ny = '*'"))),
        ),
    ]);
}
