//! `check` and the stubs of `--also`.

use super::onnx;
use crate::support::{Place, root};

const STUB: &str = "torchswap-stubs/onnxruntime-1.22.0+torchswap-py3-none-any.whl";

fn configured() -> Place {
    let place = super::place(&onnx("1.22.0"));
    let config =
        "[targets.docker]\ncuda = \"12.6\"\npython = [\"3.11\"]\nalso = [\"onnxruntime\"]\noutput = \"out.txt\"\n";
    place.write("torchswap.toml", format!("lock = \"requirements.txt\"\n{config}"));
    place.run("export --all-targets").ok();
    place.run("check").ok();
    place
}

#[test]
fn a_stub_that_is_not_there_or_is_another_is_found_and_put_right() {
    for spoil in [None, Some("else")] {
        let place = configured();
        let stub = place.path().join(STUB);
        let bytes = std::fs::read(&stub).unwrap();
        match spoil {
            None => std::fs::remove_file(&stub).unwrap(),
            Some(text) => std::fs::write(&stub, text).unwrap(),
        }
        for words in ["check", "check out.txt"] {
            let run = place.run(words);
            assert_eq!(run.status, 1, "{}", run.stdout);
            let why = if spoil.is_none() { "does not exist" } else { "differs from the stub" };
            assert!(run.stdout.contains(&format!("{STUB} {why}")), "{}", run.stdout);
        }
        place.run("check --fix").ok();
        assert_eq!(std::fs::read(&stub).unwrap(), bytes);
        place.run("check").ok();
    }
}

#[test]
fn a_stub_that_no_output_names_is_found() {
    let place = configured();
    place.write("torchswap-stubs/a-1+torchswap-py3-none-any.whl", "");
    place.write("torchswap-stubs/README", "not a stub");
    let run = place.run("check");
    assert_eq!(run.status, 1, "{}", run.stdout);
    assert!(
        run.stdout.contains("torchswap-stubs/a-1+torchswap-py3-none-any.whl is a stub that no output names"),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains("README"), "{}", run.stdout);
    // One output alone does not tell what others name.
    place.run("check out.txt").ok();
}

#[test]
fn a_lock_with_a_stub_was_swapped() {
    let place = Place::new();
    for name in ["poetry.lock", "pyproject.toml"] {
        place.write(name, std::fs::read(root().join("examples/onnxruntime-transitive").join(name)).unwrap());
    }
    place.run("check").ok();
    place.run("rewrite --cuda 12.6 --also onnxruntime").ok();
    let run = place.run("check");
    assert_eq!(run.status, 1, "{}", run.stdout);
    assert!(run.stdout.contains("poetry.lock has onnxruntime 1.26.0+torchswap as a stub"), "{}", run.stdout);
    place.run("check --allow-swapped").ok();
}
