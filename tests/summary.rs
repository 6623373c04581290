//! The short summary: the family, counts, warnings, the file. `-v` lists every package, `-q` shows only errors, `-qq`
//! nothing.

use crate::support::{Place, snapshot};

const TORCH: &str = "poetry-2.5/torch-2.7.1";
const EXPORT: &str = "export --cuda 11.8 --python 3.11";

#[test]
fn a_swap_is_reported_in_a_few_lines() {
    let place = Place::of(TORCH);
    let run = place.run(&format!("{EXPORT} -o requirements.txt"));
    snapshot("summary-short", &run.shown());
    // The same once more.
    let again = place.run(&format!("{EXPORT} -o requirements.txt"));
    let same = run.stderr.replace("wrote requirements.txt", "unchanged requirements.txt");
    assert_eq!(again.stderr, same);
    assert!(same.contains("unchanged"));
    // With -v the line of the file is the same behind those of every package; the size is reported above it.
    let long = place.run(&format!("-v {EXPORT} -o requirements.txt"));
    let end = |text: &str| text.lines().rev().take(2).map(str::to_owned).collect::<Vec<_>>();
    let file = end(&again.stderr)[1].clone();
    assert_eq!(end(&long.stderr)[0], file);
    assert!(!long.stderr.contains("\nto download: ") && long.stderr.contains(" to download ("), "{}", long.stderr);
    assert_eq!(long.stderr.matches("\nadded    nvidia-").count(), 11, "{}", long.stderr);
    assert_eq!(place.run(&format!("{EXPORT} --verbose -o requirements.txt")).stderr, long.stderr);
    // Nothing is said of standard output but what goes there.
    let printed = place.run(EXPORT).stderr;
    let bare = file.replace("unchanged requirements.txt (", "").replace(')', "");
    assert_eq!(end(&printed), [end(&same)[0].clone(), bare]);
}

#[test]
fn quiet_leaves_errors_and_silent_leaves_the_status() {
    let place = Place::of(TORCH);
    for quiet in ["-q", "-qq"] {
        let run = place.run(&format!("{EXPORT} {quiet} -o out.txt"));
        assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    }
    let wrong = |quiet: &str| place.run(&format!("{quiet} export --cuda 12.9 --python 3.11"));
    assert!(wrong("-q").refused().starts_with("error: "));
    let silent = wrong("-qq");
    assert_eq!((silent.status, silent.stderr.as_str(), silent.stdout.as_str()), (2, "", ""));
    assert!(place.run(&format!("{EXPORT} -q -v")).refused().contains("cannot be used with"));
}

#[test]
fn what_stays_is_reported_with_the_reason() {
    let place = Place::of(TORCH);
    let run = place.run("export --cuda 12.6 --python 3.11");
    let kept = "kept torch 2.7.1, torchaudio 2.7.1, torchvision 0.22.1: already a cu126 build\n";
    assert!(run.stderr.starts_with(kept), "{}", run.stderr);
    assert!(place.run("export --python 3.11").stderr.starts_with("kept torch 2.7.1, "));
}

/// Wheels of one number and two builds: what was done is said all the same.
#[test]
fn a_swap_without_another_version_names_the_index() {
    let run = Place::of("poetry-2.5/torch-2.5.1").run("export --cuda 12.4 --platform linux-aarch64 --python 3.12");
    let swapped = "torch 2.5.1: now the wheel of https://download.pytorch.org/whl/cu124\n";
    assert!(run.stderr.starts_with(swapped), "{}", run.stderr);
}

/// One package is no "them".
#[test]
fn what_one_package_is_left_out_for_is_said_of_one() {
    let place = Place::of(TORCH);
    place.write("image.txt", "torchvision==0.22.1\n");
    let run = place.run("export --cuda 12.6 --python 3.11 --provided image.txt");
    assert!(run.stderr.contains("left out torchvision 0.22.1: the image has 0.22.1"), "{}", run.stderr);
}

/// A witness is what the digest rests on, so it is never only behind `-v`.
#[test]
fn digests_of_one_witness_and_of_none_are_named() {
    let place = Place::of(TORCH);
    let file = "torch-2.7.1+cu118-cp311-cp311-manylinux_2_28_x86_64.whl";
    let place_of_it = "https://download.pytorch.org/whl/cu118";
    for (seen, reported) in [
        ("0", Some("\ndigest known from the index only: torch\n")),
        ("1", Some("\ndigest recorded by only 1 project: torch\n")),
        ("2", None),
    ] {
        let digest = "e".repeat(64);
        let row = format!(
            "wheel\ttorch\t2.7.1+cu118\tcu118\t{place_of_it}\t{file}\t{digest}\t-\t{seen}\t-\t-\toverride=our build\n"
        );
        place.write("own.tsv", row);
        let said = place.run(&format!("{EXPORT} --catalog own.tsv")).stderr;
        assert!(said.contains("\noverrides another catalogue: torch: our build\n"), "{said}");
        assert_eq!(said.contains("digest "), reported.is_some(), "{said}");
        assert!(reported.is_none_or(|reported| said.contains(reported)), "{said}");
    }
}

#[test]
fn a_rewrite_ends_with_the_lock() {
    let place = Place::of(TORCH);
    let flags = "rewrite --cuda 11.8 --python 3.11";
    let last = |arguments: &str| place.run(arguments).stderr.lines().rev().nth(1).unwrap_or_default().to_owned();
    assert!(last(&format!("{flags} --diff")).starts_with("would write poetry.lock ("));
    assert!(last(flags).starts_with("wrote poetry.lock ("));
    assert!(last(flags).starts_with("unchanged poetry.lock ("));
    assert!(last(&format!("{flags} -o other.lock")).starts_with("wrote other.lock ("));
}
