//! A `poetry.lock` that is out of date with the project beside it.

use crate::support::{Place, fixture};

const FLAGS: &str = "--cuda 11.8 --python 3.10";

/// A fixture of Poetry's whose project asks for one more package since.
fn stale() -> Place {
    let place = Place::new();
    let folder = fixture("poetry-2.5/torch-2.1.2");
    place.write("poetry.lock", std::fs::read(folder.join("poetry.lock")).unwrap());
    let project = std::fs::read_to_string(folder.join("pyproject.toml")).unwrap();
    place.write("fresh.toml", &project);
    place.write("pyproject.toml", format!("{project}\n[tool.poetry.group.new.dependencies]\nrich = \"*\"\n"));
    place
}

const SAYS: &str = "poetry.lock is out of date with pyproject.toml";

#[test]
fn a_stale_lock_is_warned_of_wherever_something_is_made_of_it() {
    let place = stale();
    for command in ["export -o out.txt", "rewrite --diff"] {
        let run = place.run(&format!("{command} {FLAGS}"));
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert!(run.stderr.contains(&format!("warning: {SAYS}\n")), "{command}: {}", run.stderr);
        assert!(
            run.stderr.contains("content-hash = ") && run.stderr.contains("help: regenerate the lock"),
            "{}",
            run.stderr
        );
        let json = place.run(&format!("{command} {FLAGS} --report json")).stderr;
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["outputs"][0]["targets"][0]["warnings"][0]["message"], SAYS);
    }
    let audit = place.run(&format!("audit {FLAGS} --report json")).stdout;
    let audit: serde_json::Value = serde_json::from_str(&audit).unwrap();
    let found = audit["findings"].as_array().unwrap();
    assert_eq!(
        found.iter().filter(|one| one["code"] == "stale-lock" && one["severity"] == "warning").count(),
        1,
        "{audit}"
    );
}

#[test]
fn a_check_finds_a_stale_lock() {
    let place = stale();
    let run = place.run("check");
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(run.stdout.contains(&format!("found: {SAYS}\n")), "{}", run.stdout);
    let text = std::fs::read_to_string(place.path().join("fresh.toml")).unwrap();
    place.write("pyproject.toml", text);
    assert_eq!(place.run("check").status, 0);
}

#[test]
fn locked_makes_an_error_of_it() {
    let place = stale();
    let before = place.names();
    for command in ["export -o out.txt", "rewrite", "audit"] {
        let refusal = place.run(&format!("{command} {FLAGS} --locked")).refused();
        assert!(refusal.contains(&format!("error: {SAYS}\n")), "{command}: {refusal}");
    }
    assert!(place.run("check --locked").refused().contains(SAYS));
    std::fs::remove_file(place.path().join("pyproject.toml")).unwrap();
    let refusal = place.run(&format!("export {FLAGS} --locked")).refused();
    assert!(refusal.contains("there is no pyproject.toml beside poetry.lock"), "{refusal}");
    // Nothing to compare with, nothing to say.
    assert!(!place.run(&format!("export {FLAGS}")).stderr.contains("warning"));
    place.write("pyproject.toml", std::fs::read(place.path().join("fresh.toml")).unwrap());
    assert_eq!(place.run(&format!("export {FLAGS} --locked -o out.txt")).status, 0);
    assert_ne!(place.names(), before);
}

/// It is one lock, however many outputs are made of it.
#[test]
fn the_outputs_of_a_stale_lock_say_it_once() {
    let place = stale();
    let target = |name: &str| format!("[targets.{name}]\ncpu = true\npython = [\"3.10\"]\noutput = \"{name}.txt\"\n");
    place.write("torchswap.toml", target("a") + &target("b"));
    let said = place.run("export --all-targets").stderr;
    assert!(said.contains("wrote a.txt") && said.contains("wrote b.txt"), "{said}");
    assert_eq!(said.matches(SAYS).count(), 1, "{said}");
}
