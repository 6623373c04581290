//! `examples/one-configuration`: its committed files are what its configuration gives.

use crate::support::{Place, root};

const OUTPUTS: [&str; 3] = ["requirements-ci.txt", "requirements-docker.txt", "requirements-mac.txt"];

fn committed(name: &str) -> String {
    std::fs::read_to_string(root().join("examples/one-configuration").join(name)).unwrap()
}

/// The folder as it is before anything was exported.
fn place() -> Place {
    let place = Place::new();
    for name in ["poetry.lock", "pyproject.toml"] {
        place.write(name, committed(name));
    }
    place
}

#[test]
fn all_targets_give_what_is_committed() {
    let place = place();
    assert_eq!(place.run("export --all-targets -q").ok(), "");
    assert_eq!(place.names(), [&["poetry.lock", "pyproject.toml"][..], &OUTPUTS[..]].concat());
    for name in OUTPUTS {
        if std::env::var_os("TORCHSWAP_UPDATE").is_some() {
            std::fs::write(root().join("examples/one-configuration").join(name), place.read(name)).unwrap();
        }
        assert_eq!(place.read(name), committed(name), "{name}");
    }
    assert_eq!(place.run("check").status, 0);
}

/// The workflow of the example says `check --output-format github`.
#[test]
fn a_stale_output_is_found() {
    let place = place();
    for name in OUTPUTS {
        place.write(name, committed(name));
    }
    place.write(
        "requirements-docker.txt",
        committed("requirements-docker.txt").replace("triton==3.0.0", "triton==2.3.1"),
    );
    let run = place.run("check --output-format github");
    assert_eq!(run.status, 1, "{}", run.stderr);
    let said = run.stdout + &run.stderr;
    assert!(said.contains("::error") && said.contains("requirements-docker.txt"), "{said}");
    assert!(!said.contains("requirements-ci.txt"), "{said}");
}

/// What the example's texts name is there.
#[test]
fn the_makefile_and_the_workflow_name_what_is_there() {
    let makefile = committed("Makefile");
    assert!(makefile.contains("$(TORCHSWAP) export --all-targets\n") && makefile.contains("$(TORCHSWAP) check\n"));
    assert!(committed("ci.yml").contains("torchswap check --output-format github\n"));
    assert!(committed("Dockerfile").contains("COPY requirements-docker.txt"));
}
