//! Compares which wheels overwrite each other's files with the facts gathered from their lists of files:
//! `file-overlap.jsonl`, a copy of the gathered file.

use std::path::Path;

use serde_json::Value;

use super::json;
use crate::support::{Place, root};

const FACTS: &str = include_str!("file-overlap.jsonl");

fn text<'f>(fact: &'f Value, key: &str) -> &'f str {
    fact[key].as_str().unwrap()
}

/// Code and severity of what an audit of two pins says of files that both install.
fn reported(one: &str, other: &str) -> Vec<(String, String)> {
    let place = Place::new();
    let pin = |spoken: &str| spoken.replace(' ', "==");
    place.write("requirements.txt", format!("{}\n{}\n", pin(one), pin(other)));
    let report = json(&place.run("audit --report json --python 3.11 requirements.txt"));
    let findings = report["findings"].as_array().unwrap().iter();
    let found = findings.map(|one| (text(one, "code").to_owned(), text(one, "severity").to_owned()));
    found.filter(|(code, _)| code.starts_with("same-")).collect()
}

#[test]
fn packages_said_to_overwrite_files_differ_in_the_wheels() {
    let facts: Vec<Value> = FACTS.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(facts.len() >= 17);
    for fact in &facts {
        let (one, other) = (text(fact, "a"), text(fact, "b"));
        let paths: Vec<&str> = fact["examples"].as_array().unwrap().iter().map(|path| path.as_str().unwrap()).collect();
        let is_cuda = paths.iter().all(|path| path.starts_with("nvidia/"));
        let expected = match fact["differ"].as_u64().unwrap() {
            0 => None,
            _ if !is_cuda => Some(("same-module", "error")),
            // What is not compiled there loads other files.
            _ if paths.iter().all(|path| Path::new(path).extension().is_some_and(|end| end == "h")) => {
                Some(("same-library", "note"))
            }
            _ => Some(("same-library", "error")),
        };
        let expected: Vec<(String, String)> =
            expected.into_iter().map(|(code, severity)| (code.to_owned(), severity.to_owned())).collect();
        assert_eq!(reported(one, other), expected, "{one}, {other}");
        assert_eq!(reported(other, one), expected, "{other}, {one}");
    }
}

#[test]
fn the_copy_of_the_facts_is_one() {
    let Ok(gathered) = std::fs::read_to_string(root().join("../shared/beyond/file-overlap.jsonl")) else {
        println!("skipped: the_copy_of_the_facts_is_one: no facts beside the checkout");
        return;
    };
    assert!(gathered == FACTS, "tests/audit/file-overlap.jsonl is another file than the gathered one: copy that");
}
