//! Hostile locks, Dockerfiles and options: each gives an answer or a refusal, quickly and never by a panic.

use super::lock::{Package, lock};
use crate::support::Place;

#[test]
fn broken_dockerfiles_are_read_as_far_as_they_can_be() {
    let place = Place::new();
    place.write("poetry.lock", lock(&[Package::new("a", "1.0").files(&["a-1.0-py3-none-any.whl"])]));
    for (text, status) in [
        ("", 2),
        ("RUN FROM debian:12\n", 2),
        ("# FROM debian:12\n", 2),
        ("FROM\n", 2),
        ("FROM $\n", 0),
        ("FROM ${A:-${A}}\n", 0),
        ("FROM \u{1b}[31m\u{202e}\n", 0),
        ("FROM debian:12\\", 0),
        ("FROM debian:99999999999999999999\nRUN apt-get install python3.99999999\n", 0),
        ("FROM a AS b\nFROM b AS a\nFROM a\n", 0),
        ("FROM debian:12\nRUN <<EOF\nnever ends", 0),
        (&format!("FROM {}\n", "a:".repeat(100_000)), 0),
        (&"FROM x\n".repeat(2000), 0),
        (&format!("FROM debian:12\nRUN {}\n", "install python3.9 && ".repeat(2000)), 0),
    ] {
        place.write("Dockerfile", text);
        let run = place.run("audit --python 3.9 --dockerfile Dockerfile");
        let start: String = text.chars().take(40).collect();
        assert!(!run.stderr.contains("panicked") && !run.stdout.contains(['\u{1b}', '\u{202e}']), "{start}");
        let status = if text.contains("install python3.9") || text.contains("99999999") { run.status } else { status };
        assert_eq!(run.status, status, "{start}: {}{}", run.stdout, run.stderr);
        assert!(run.stdout.len() < 20_000, "{start}");
    }
    place.write("Dockerfile", [0xff, 0xfe, 0x00]);
    assert!(place.run("audit --python 3.9 --dockerfile Dockerfile").refused().contains("not UTF-8"));
    assert!(place.run("audit --python 3.9 --dockerfile nowhere").refused().contains("nowhere"));
}

#[test]
fn absurd_options_are_refused() {
    let place = Place::new();
    place.write("poetry.lock", lock(&[Package::new("a", "1.0").files(&["a-1.0-py3-none-any.whl"])]));
    for flags in [
        "--macos 9 --platform macos-arm64",
        "--macos 99999 --platform macos-arm64",
        "--macos -12 --platform macos-arm64",
        "--macos 12",
        "--glibc 2",
        "--glibc 3.1",
        "--glibc 2.999999999999999999999",
        "--glibc 2.31 --platform macos-arm64",
        "--glibc 2.31 --image debian:12",
        "--driver 1",
        "--driver latest",
        "--driver 470.57.1.2.3",
        "--image scratch",
        "--image debian:12 --platform windows-x86_64",
        "--dockerfile Dockerfile --image debian:12",
        "--all-targets",
        "--report xml",
    ] {
        assert!(!place.run(&format!("audit --python 3.9 {flags}")).refused().is_empty(), "{flags}");
    }
}

#[test]
fn odd_locks_are_answered_or_refused() {
    let odd = |file: &str| Package::new("a", "1.0").files(&[file]);
    let many: Vec<String> = (0..2000).map(|n| format!("a-1.0-{n}-cp39-cp39-manylinux_2_{n}_x86_64.whl")).collect();
    let tags = vec!["cp39"; 3000].join(".");
    for package in [
        odd("a-1.0-cp39-cp39-macosx_99999999999_0_arm64.whl"),
        odd("a-1.0-cp99999-abi3-manylinux_2_17_x86_64.whl"),
        odd("....whl"),
        odd("-----.whl"),
        odd(".tar.gz"),
        odd("a-1.0-é.whl"),
        odd(&format!("a-1.0-{tags}-{}-any.whl", vec!["none"; 300].join("."))),
        Package::new("a", "1.0").files(&many.iter().map(String::as_str).collect::<Vec<_>>()),
        Package::new("a", "1.0").source("url", "https://x.example/%2B%2B.whl?a#b"),
        Package::new("a", "1.0").source("url", "http://"),
        Package::new("a", "99999!1.0").files(&["a-1.0-py3-none-any.whl"]),
    ] {
        let place = Place::new();
        place.write("poetry.lock", lock(&[package]));
        for report in ["human", "json", "github", "sarif"] {
            let run = place.run(&format!("audit --python 3.9 --report {report}"));
            assert!((0..=2).contains(&run.status) && !run.stderr.contains("panicked"), "{}", run.stderr);
        }
    }
    let place = Place::new();
    for text in ["", "[[package]]\n", "[metadata]\nlock-version = \"9\"\n"] {
        place.write("poetry.lock", text);
        place.run("audit --python 3.9").refused();
    }
}

/// What is wrong with every line is not reported without end.
#[test]
fn a_file_of_findings_stays_readable() {
    let place = Place::new();
    let all: Vec<Package> =
        (0..3000).map(|n| Package::new(&format!("a{n}"), "1.0").files(&[&format!("a{n}-1.0.tar.gz")])).collect();
    place.write("poetry.lock", lock(&all));
    let run = place.run("audit --python 3.9 --report json");
    assert!(run.stdout.matches("\"source-only\"").count() <= 1000);
}
