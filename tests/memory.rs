//! The memory that a hostile index can make the program use: each kind of page stays within its bound and is read to its
//! end.
//!
//! `.ci/memory` runs all of these with pages as large as they may be, with the release: `TORCHSWAP_PAGE` says how large in MB.
//! A program that is not optimized reads a megabyte of HTML in a second, so those pages are left out elsewhere.

#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::server::Server;
use crate::support::{Place, Run};

const HTML: &str = "text/html";
const JSON: &str = "application/vnd.pypi.simple.v1+json";
const HEAD: &str = r#"{"meta":{"api-version":"1.0"},"files":["#;

/// How large the pages are, in MB: less than they may be, for a program that is not built for speed.
fn size() -> usize {
    std::env::var("TORCHSWAP_PAGE").map_or(4, |text| text.parse().unwrap())
}

/// What the program may take up, in MB: 300 with the largest page of 64.
fn most() -> usize {
    80 + size() * 55 / 16
}

/// A page of nearly the whole size: a head, one text again and again with a number in the place of `#`, a tail.
fn filled(head: &str, unit: &str, tail: &str) -> Vec<u8> {
    let mut page = head.as_bytes().to_vec();
    let room = (size() << 20) - tail.len() - 100;
    let (before, after) = unit.split_once('#').unwrap_or((unit, ""));
    for number in 0.. {
        if page.len() + unit.len() > room {
            break;
        }
        page.extend_from_slice(before.as_bytes());
        if before.len() < unit.len() {
            write!(page, "{number}").unwrap();
        }
        page.extend_from_slice(after.as_bytes());
    }
    page.extend_from_slice(tail.as_bytes());
    page
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Runs a command to its end: also gives the most memory that it had, in MB, as the system counts it.
fn measured(place: &Place, arguments: &str) -> (Run, usize) {
    let said = || File::create(place.path().join("said")).unwrap();
    let mut child = place.command(arguments).stdout(said()).stderr(said()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let ended = loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let mark = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
        peak = peak.max(mark.unwrap_or(0));
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    assert!(peak > 0, "the system does not tell how much memory a process has");
    let run = Run { status: ended.code().unwrap_or(-1), stdout: String::new(), stderr: place.read("said") };
    (run, peak / 1024)
}

/// Every package of an index has this page; every command that reads it stays within its bounds, and answers.
fn is_borne(kind: &str, page: &[u8]) {
    let small = gzip(page);
    for compressed in [false, true] {
        let server = Server::new();
        for name in ["demo", "other", "third"] {
            let path = format!("/simple/{name}/");
            if compressed {
                server.gzip(&path, kind, small.clone())
            } else {
                server.file(&path, kind, page)
            };
        }
        let place = Place::new();
        let pins = ["demo", "other", "third"].map(|name| format!("{name}==1.5 --hash=sha256:{}\n", "a".repeat(64)));
        place.write("r.txt", pins.concat());
        let index = server.url("/simple");
        // Compressed it is the same text.
        let commands = [
            format!("verify r.txt --index --index-url {index} --retries 0"),
            format!("catalog update demo==1.5 --index {index} --retries 0"),
            format!("audit r.txt --index-url {index} --retries 0"),
        ];
        for command in commands.iter().take(if compressed { 1 } else { 3 }) {
            let (run, peak) = measured(&place, command);
            println!("{peak} MB, {compressed}, {}: {}", run.status, &command[..6]);
            assert!(peak < most(), "{command}: {peak} MB, at most {}: {}", most(), run.stderr);
            assert!(matches!(run.status, 0..=2), "{command}: {}", run.stderr);
            assert!(run.status == 0 || run.stderr.contains('\n'), "no word: {command}");
            assert!(run.stderr.len() < 10_000, "{command}: {} bytes of words", run.stderr.len());
        }
    }
}

#[test]
fn a_page_of_files_without_a_name() {
    is_borne(JSON, &filled(HEAD, r#"{"":0},"#, "{}]}"));
}

#[test]
fn a_page_of_files_with_a_digest() {
    let file = format!(
        r##"{{"filename":"demo-1.#-py3-none-any.whl","url":"d","hashes":{{"sha256":"{}"}}}},"##,
        "b".repeat(64)
    );
    is_borne(JSON, &filled(HEAD, &file, "{}]}"));
}

#[test]
fn a_page_of_one_text() {
    is_borne(JSON, &filled(&format!("{HEAD}{{\"url\":\""), r"\n", "\"}]}"));
}

#[test]
fn a_page_of_one_attribute() {
    is_borne(HTML, &filled("<a href='", "x", "'>x</a>"));
}

#[test]
#[ignore = "slow unless optimized: .ci/memory runs it"]
fn a_page_of_links() {
    is_borne(HTML, &filled("", "<a href=b>", ""));
}

#[test]
#[ignore = "slow unless optimized: .ci/memory runs it"]
fn a_page_of_links_to_wheels_of_one_release() {
    is_borne(HTML, &filled("", "<a href=demo-1.5-#-py3-none-any.whl>x</a>\n", ""));
}

#[test]
#[ignore = "slow unless optimized: .ci/memory runs it"]
fn a_page_of_links_that_are_longer_than_they_look() {
    let base = format!("<base href='/{}/'>", "x".repeat(15 << 10));
    is_borne(HTML, &filled(&base, "<a href=b>", ""));
}

/// The limit is on what comes out of compression.
#[test]
fn a_page_that_is_too_large_is_refused_however_small_it_comes() {
    // Members of one archive follow each other: a bomb that is quickly made.
    let bomb = gzip(&vec![b'x'; 8 << 20]).repeat(40);
    assert!(bomb.len() < 4 << 20, "{} bytes", bomb.len());
    for compressed in [false, true] {
        let server = Server::new();
        if compressed {
            server.gzip("/simple/demo/", HTML, bomb.clone());
        } else {
            server.file("/simple/demo/", HTML, vec![b'x'; (64 << 20) + 1]);
        }
        let place = Place::new();
        let (run, peak) =
            measured(&place, &format!("catalog update demo==1 --index {} --retries 0", server.url("/simple")));
        assert!(run.status == 2 && run.stderr.contains("is larger than 64 MB"), "{}", run.stderr);
        assert!(peak < 150, "{peak} MB");
    }
}
