//! `--index`: which release of a package has a wheel, according to an index on the loopback.

use super::lock::{Package, lock};
use super::{found, json};
use crate::support::server::{Fault, Server};
use crate::support::{Place, snapshot};

fn page(files: &[&str]) -> String {
    files.iter().map(|file| format!("<a href=\"../../files/{file}\">{file}</a>\n")).collect()
}

fn scipy() -> Package {
    Package::new("scipy", "1.7.0")
        .files(&["scipy-1.7.0-cp39-cp39-manylinux_2_12_x86_64.manylinux2010_x86_64.whl", "scipy-1.7.0.tar.gz"])
}

const SCIPY: [&str; 7] = [
    "scipy-1.7.0.tar.gz",
    "scipy-1.7.0-cp39-cp39-manylinux_2_12_x86_64.manylinux2010_x86_64.whl",
    "scipy-1.8.0rc1-cp39-cp39-macosx_12_0_arm64.whl",
    "scipy-1.8.0-cp39-cp39-macosx_12_0_arm64.whl",
    "scipy-1.13.1-cp39-cp39-macosx_12_0_arm64.whl",
    "scipy-1.14.0-cp310-cp310-macosx_12_0_arm64.whl",
    "scipy-1.14.1-cp39-cp39-macosx_14_0_arm64.whl",
];

#[test]
fn the_index_knows_the_first_release_with_a_wheel() {
    let server = Server::new();
    server.page("/simple/scipy/", &page(&SCIPY));
    let place = Place::new();
    let fine = Package::new("fine", "1.0").files(&["fine-1.0-py3-none-any.whl"]);
    place.write("poetry.lock", lock(&[scipy(), fine]));
    let url = server.url("/simple");
    let run = place.run(&format!("audit --platform macos-arm64 --python 3.9 --macos 12 --index-url {url}"));
    assert_eq!(run.status, 1);
    snapshot("audit-index", &run.shown());
    // What installs is not asked for.
    assert_eq!(server.log().len(), 1);
    // Without the option nothing is asked.
    assert_eq!(place.run("audit --platform macos-arm64 --python 3.9").status, 1);
    assert_eq!(server.log().len(), 1);
}

#[test]
fn the_index_names_the_files_of_a_requirements_file() {
    let server = Server::new();
    let (one, two) = ("a".repeat(64), "b".repeat(64));
    let html = format!(
        "<a href=\"/f/a-1.0-cp39-cp39-manylinux_2_28_x86_64.whl#sha256={one}\">x</a><a href=\"/f/a-1.0.tar.gz#sha256={two}\">x</a>"
    );
    server.page("/simple/a/", &html);
    let place = Place::new();
    place.write("requirements.txt", format!("a==1.0 --hash=sha256:{one} --hash=sha256:{two}\n"));
    let url = server.url("/simple/");
    let verdict = |flags: &str| {
        let report = json(&place.run(&format!("audit --python 3.9 --report json {flags}")));
        report["targets"][0]["entries"][0]["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(verdict(""), "unknown");
    assert_eq!(verdict(&format!("--index-url {url}")), "wheel");
    assert_eq!(verdict(&format!("--index-url {url} --glibc 2.17")), "build");
}

#[test]
fn an_entry_of_another_index_is_asked_for_there() {
    let server = Server::new();
    server.page("/own/scipy/", &page(&SCIPY));
    let place = Place::new();
    place.write("poetry.lock", lock(&[scipy().source("legacy", &server.url("/own"))]));
    let run = place.run("audit --platform macos-arm64 --python 3.9 --macos 12 --index");
    assert!(
        run.stdout.contains(
            "lock scipy 1.8.0, the next release with a wheel for it (1.13.1 is the latest that the index knows)"
        ),
        "{}",
        run.shown()
    );
}

#[test]
fn an_index_that_does_not_answer_is_no_answer() {
    let server = Server::new();
    let place = Place::new();
    place.write("poetry.lock", lock(&[scipy()]));
    let flags = "audit --platform macos-arm64 --python 3.9";
    // It does not have the package: all the rest can still be reported.
    let absent = place.run(&format!("{flags} --report json --index-url {}", server.url("/simple")));
    assert_eq!(found(&absent), [("needs-compiler".to_owned(), "scipy".to_owned())]);
    server.page("/odd/scipy/", "x").faults("/odd/scipy/", [Fault::Status(401, "")]);
    let refused = place.run(&format!("{flags} --index-url {}", server.url("/odd"))).refused();
    assert!(refused.contains("scipy"), "{refused}");
    for (url, why) in [("ftp://a.example", "not an http"), ("http://index.example/simple", "http")] {
        assert!(place.run(&format!("{flags} --index-url {url}")).refused().contains(why));
    }
}
