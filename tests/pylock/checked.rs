//! `check` with a `pylock.toml` as the lock: outputs that follow from it, and a lock that was swapped by accident.

use crate::support::{Place, fixture};

fn place(tool: &str) -> Place {
    let place = Place::new();
    for name in ["pylock.toml", "pyproject.toml"] {
        place.write(name, std::fs::read(fixture("pylock").join(tool).join("torch-2.5.1").join(name)).unwrap());
    }
    place.write("torchswap.toml", "[targets.docker]\ncuda = \"12.4\"\noutput = \"requirements.txt\"\n");
    place
}

#[test]
fn an_output_follows_from_its_lock() {
    let place = place("uv");
    place.run("export --all-targets -q").ok();
    place.run("check").ok();
    let lock = place.read("pylock.toml");
    let at = lock.find("name = \"sympy\"").unwrap();
    let digest = at + lock[at..].find("sha256 = \"").unwrap() + "sha256 = \"".len();
    let changed = format!("{}0000{}", &lock[..digest], &lock[digest + 4..]);
    place.write("pylock.toml", changed);
    let run = place.run("check");
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(run.shown().contains("other digests: sympy\n"), "{}", run.shown());
    place.run("check --fix");
    place.run("check").ok();
}

#[test]
fn a_swapped_lock_is_found() {
    for tool in ["pdm", "poetry", "uv"] {
        let place = place(tool);
        std::fs::remove_file(place.path().join("torchswap.toml")).unwrap();
        place.run("check").ok();
        place.run("rewrite --cpu -q").ok();
        let run = place.run("check");
        assert_eq!(run.status, 1, "{}", run.shown());
        assert!(run.shown().contains("found: pylock.toml has torch 2.5.1+cpu, torchaudio 2.5.1+cpu and torchvision 0.20.1+cpu from PyTorch's index"), "{}", run.shown());
        place.run("check --allow-swapped").ok();
        let project = place.read("pyproject.toml");
        place.write("pyproject.toml", format!("{project}\n# https://download.pytorch.org/whl/cpu\n"));
        place.run("check").ok();
    }
}

/// pip takes its indexes from the command line, of which the lock says nothing.
#[test]
fn a_lock_of_pip_says_nothing_of_its_indexes() {
    let place = place("pip");
    place.run("rewrite --cpu -q").ok();
    place.write("torchswap.toml", "");
    place.run("check").ok();
}
