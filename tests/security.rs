//! `SECURITY.md` names a test for each line of its threat model: all of them must exist.

use std::collections::BTreeSet;

use crate::support::root;

/// The words in code quotes that name a test: `module::test`, as `cargo test` takes them.
fn named(text: &str) -> BTreeSet<&str> {
    text.split('`').skip(1).step_by(2).filter(|word| word.contains("::")).collect()
}

/// Whether `module::test` is a test of this suite.
fn is_there(name: &str) -> bool {
    let Some((module, test)) = name.rsplit_once("::") else { return false };
    let path = root().join("tests").join(module.replace("::", "/")).with_extension("rs");
    std::fs::read_to_string(path).is_ok_and(|text| {
        let lines: Vec<&str> = text.lines().collect();
        lines.windows(2).any(|pair| pair[0] == "#[test]" && pair[1] == format!("fn {test}() {{"))
    })
}

#[test]
fn every_test_that_the_threat_model_names_is_there() {
    let text = std::fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let missing: Vec<&str> = named(&text).into_iter().filter(|name| !is_there(name)).collect();
    assert!(missing.is_empty(), "SECURITY.md names tests that are not there: {missing:?}");
}

#[test]
fn every_line_of_the_threat_model_names_a_test() {
    let text = std::fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ")).collect();
    assert!(rows.len() > 12, "the table has {} lines", rows.len());
    for row in rows.iter().filter(|row| !row.starts_with("| What may not happen")) {
        assert!(!named(row).is_empty(), "no test is named: {row}");
    }
}
