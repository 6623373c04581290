//! How a `uv.lock` is recognized, and which ones are refused.

use super::{place, text};
use crate::support::Place;

#[test]
fn it_is_recognised_by_name_or_by_text() {
    let place = place("torch-2.7.1");
    for name in ["uv.lock", "script.py.lock"] {
        place.write(name, text("torch-2.7.1", "uv.lock"));
        place.run(&format!("export --cpu {name}")).ok();
    }
    place.run_with(&["export", "--cpu", "-"], &text("torch-2.7.1", "uv.lock")).ok();
}

/// What people export from it lies beside it; another tool's own lock is as good a one.
#[test]
fn one_is_found_by_its_name_but_not_beside_a_poetry_lock() {
    let place = place("torch-2.7.1");
    for name in ["requirements.txt", "pylock.toml"] {
        place.write(name, "nonsense");
    }
    assert!(place.run("export --cpu").ok().starts_with("# Made by torchswap from uv.lock\n"));
    place.write("poetry.lock", "");
    for command in ["export --cpu", "rewrite --cpu", "audit", "init"] {
        let message = place.run(command).refused();
        assert!(message.contains("there are poetry.lock and uv.lock here") && message.contains("lock = "), "{message}");
    }
    assert!(!place.exists("torchswap.toml"));
    place.run("export --cpu uv.lock").ok();
    place.write("torchswap.toml", "lock = \"uv.lock\"\n");
    place.run("export --cpu").ok();
}

#[test]
fn the_versions_and_revisions_are_a_closed_list() {
    let place = place("torch-2.7.1");
    let whole = text("torch-2.7.1", "uv.lock");
    let head = "version = 1\nrevision = 5\n";
    assert!(whole.starts_with(head));
    for revision in ["", "revision = 0\n", "revision = 1\n", "revision = 2\n", "revision = 3\n", "revision = 4\n"] {
        place.write("uv.lock", whole.replace(head, &format!("version = 1\n{revision}")));
        place.run("export --cpu").ok();
    }
    for (other, says) in [
        ("version = 1\nrevision = 6\n", "revision 6 of a uv.lock is not supported; supported are 0 to 5"),
        ("version = 1\nrevision = -1\n", "revision -1 of a uv.lock is not supported"),
        ("version = 2\n", "version 2 of a uv.lock is not supported; supported is 1"),
        ("version = 0\n", "version 0 of a uv.lock is not supported"),
    ] {
        place.write("uv.lock", whole.replace(head, other));
        let message = place.run("export --cpu").refused();
        assert!(message.contains(says) && message.contains("uv export --format pylock.toml"), "{message}");
    }
    place.write("uv.lock", whole.replace(head, ""));
    assert!(place.run("export --cpu").refused().contains("has no `version`"));
}

#[test]
fn what_conflicts_is_not_chosen_together() {
    let place = place("torch-2.7.1");
    for choice in ["--extras new --extras old", "--all-extras"] {
        let message = place.run(&format!("export --cpu {choice}")).refused();
        assert!(message.contains("app[new] and app[old] conflict: uv.lock has no choice with both"), "{message}");
    }
    for choice in ["--extras new", "--extras old", "--extras vision --extras old"] {
        place.run(&format!("export --cpu {choice}")).ok();
    }
}

/// One way through the graph would have it and another not.
#[test]
fn an_extra_that_conflicts_and_that_a_dependency_asks_for_is_refused() {
    let place = place("torch-2.7.1");
    let whole = text("torch-2.7.1", "uv.lock");
    let asks = whole.replacen(
        "    { name = \"torch\" },\n",
        "    { name = \"torch\" },\n    { name = \"app\", extra = [\"old\"] },\n",
        1,
    );
    assert_ne!(whole, asks);
    place.write("uv.lock", asks);
    let message = place.run("export --cpu").refused();
    assert!(message.contains("app[old] is asked for by a dependency and conflicts with others"), "{message}");
    assert!(message.contains("--> uv.lock:"), "{message}");
    place.run("export --cpu --extras old").ok();
}

#[test]
fn what_the_lock_does_not_know_is_refused_by_name() {
    let place = place("torch-2.7.1");
    for (choice, says) in [
        ("--with other", "uv.lock has no dependency group `other`\n  help: it has: dev, docs"),
        ("--extras other", "uv.lock has no extra `other`\n  help: it has: new, old, vision"),
        ("--only docs --extras new", "a group alone is without the project"),
        ("--platform macos-arm64 --python 3.13", "uv.lock is locked for Python >=3.10,<3.12, which excludes 3.13"),
    ] {
        let message = place.run(&format!("export {choice}")).refused();
        assert!(message.contains(says), "{message}");
    }
    let place = super::place("workspace");
    let message = place.run("export --allow-none --platform macos-arm64 --no-emit-local").refused();
    assert!(message.contains("its `supported-markers` leave it out"), "{message}");
}

#[test]
fn a_uv_lock_is_no_foreign_one_but_those_of_other_tools_are() {
    let place = Place::new();
    place.write("pdm.lock", "version = 1\n");
    assert!(place.run("export pdm.lock").refused().contains("pdm export"));
}

/// It would be built in the place of what is locked.
#[test]
fn a_source_of_another_release_is_refused() {
    let place = place("plain");
    let lock = place.read("uv.lock");
    let file = lock.lines().find(|line| line.starts_with("sdist = ") && line.contains("/markupsafe-")).unwrap();
    let name = file.split('"').nth(1).unwrap().rsplit('/').next().unwrap();
    place.write("uv.lock", lock.replace(name, "markupsafe-1.0.4.tar.gz"));
    let message = place.run("export --cpu --python 3.11").refused();
    assert!(message.contains("`markupsafe-1.0.4.tar.gz` is not a file of markupsafe 3"), "{message}");
    assert!(message.contains("| sdist = {"), "{message}");
}
