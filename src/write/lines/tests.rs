//! Lines that can be written, and how surely they are tied to their platforms.

use std::rc::Rc;

use super::*;
use crate::catalog::pin::PinnedFiles;
use crate::lock::{Lock, requirements};
use crate::packaging::marker::Condition;
use crate::packaging::target::Python;
use crate::plan::Replacement;
use crate::report::DigestSource;

/// A requirements file of lines, each with a digest.
fn lock(lines: &[&str]) -> Lock {
    let digest = "0".repeat(64);
    let text = lines.iter().map(|line| format!("{line} --hash=sha256:{digest}\n")).collect();
    let file = requirements::parse("requirements.txt", text, &mut |_| Err(String::new())).unwrap();
    Lock::Requirements(Box::new(file))
}

/// A line as an entry of the lock has it, or pinned.
fn line(entry: Option<usize>, pin: Option<Pin>) -> Line {
    let name: PackageName = "a".parse().unwrap();
    let replacement = pin.map(|pin| Replacement { name: name.clone(), pin: Rc::new(pin), requires: None });
    Line { name, extras: Extras::new(), condition: Condition::Always, entry, replacement }
}

fn witness() -> DigestSource {
    let (catalogue, index) = (String::new(), String::new());
    DigestSource { catalogue, index, seen: 1, computed: false, overrides: None }
}

fn at_url(file: &str) -> Pin {
    let url = format!("https://wheels.example/{file}");
    Pin::url(&file.parse().unwrap(), url, "0".repeat(64).parse().unwrap(), None, witness())
}

fn on_index(files: &[&str]) -> Pin {
    let digest = |index: usize| index.to_string().repeat(64).parse().unwrap();
    let files = files.iter().enumerate().map(|(index, file)| (digest(index), (*file).to_owned()));
    Pin::Index { version: "1".parse().unwrap(), files: PinnedFiles::new(files).unwrap(), witness: witness() }
}

const LINUX: &str = "a-1-cp310-cp310-manylinux1_x86_64.whl";
const MAC: &str = "a-1-cp310-cp310-macosx_11_0_arm64.whl";
const ANY: &str = "a-1-py3-none-any.whl";

#[test]
fn a_line_is_tied_to_its_platform_by_the_one_wheel_or_by_all_of_its_digests() {
    let lock = lock(&[&format!("a @ https://x.example/{LINUX}"), &format!("a @ https://x.example/{ANY}"), "a==1"]);
    let tie = |entry, pin| ties(LockView::of(&lock), &line(entry, pin));
    assert_eq!(tie(Some(2), Some(at_url(LINUX))), Tie::Wheel);
    assert_eq!(tie(Some(2), Some(at_url(ANY))), Tie::No);
    assert_eq!(tie(None, Some(on_index(&[LINUX, MAC]))), Tie::Digests);
    assert_eq!(tie(None, Some(on_index(&[LINUX, ANY]))), Tie::No);
    assert_eq!([0, 1, 2].map(|entry| tie(Some(entry), None)), [Tie::Wheel, Tie::No, Tie::No]);
    assert_eq!(tie(None, None), Tie::No);
}

/// Where there is no target, pip then refuses the line instead of installing what was meant for another platform.
#[test]
fn the_platform_whose_lines_are_tied_most_surely_reaches_out() {
    let lock = lock(&["a==1"]);
    let here = |platform| Environment { platform, python: Python::three(10) };
    let (linux, mac) = (here(Platform::LinuxX86_64), here(Platform::MacosArm64));
    let coverage = Coverage::over([linux, mac].into_iter());
    let surest = |on_linux: &Line, on_mac: &Line| {
        surest(LockView::of(&lock), &[(linux, on_linux), (mac, on_mac)], &coverage).unwrap()
    };
    let (wheel, digests, locked) =
        (line(None, Some(at_url(LINUX))), line(None, Some(on_index(&[MAC]))), line(Some(0), None));
    for (sure, unsure) in [(&wheel, &digests), (&wheel, &locked), (&digests, &locked)] {
        assert_eq!(surest(sure, unsure), linux.platform);
        assert_eq!(surest(unsure, sure), mac.platform);
    }
}

/// The project's own text is kept where its file is rewritten.
#[test]
fn an_address_ends_for_pip_at_a_semicolon() {
    let url = "a @ https://x.example/b;c/a-1.zip";
    for line in [url, &format!("{url} ; python_version > \"3\""), "./b;c/a-1.zip"] {
        assert!(unfit(line, true).unwrap().message.contains("would hold `;` in an address"), "{line}");
    }
    for line in ["a @ https://x.example/a-1.zip ; python_version > \"3\"", "--index-url https://x.example/b;c"] {
        assert!(unfit(line, true).is_none(), "{line}");
    }
}

#[test]
fn a_variable_is_refused_in_a_new_file_alone() {
    let line = "a @ https://wheels.example/${TOKEN}/a-1-py3-none-any.whl";
    assert!(unfit(line, true).unwrap().message.contains("`${TOKEN}`"));
    assert!(unfit(line, false).is_none());
    for fresh in [true, false] {
        assert!(unfit("a==1\n--index-url https://elsewhere.example", fresh).is_some());
        assert!(unfit("a==1", fresh).is_none());
    }
}
