//! Several targets in one audit: which target a finding is about, and why a target is not audited.

use serde_json::Value;

use super::json;
use super::lock::{Package, lock};
use crate::support::Place;

#[test]
fn a_finding_names_the_targets_that_it_is_about() {
    let place = Place::new();
    let arm = Package::new("a", "1.0").files(&["a-1.0-cp39-cp39-macosx_12_0_arm64.whl"]);
    let any = Package::new("b", "1.0").files(&["b-1.0.tar.gz"]);
    place.write("poetry.lock", lock(&[arm, any]));
    let target = |name: &str, rest: &str| format!("[targets.{name}]\n{rest}\n");
    let [two, one] = ["python = [\"3.9\", \"3.11\"]", "python = [\"3.9\"]"];
    let mac = "platform = \"macos-arm64\"\npython = [\"3.9\"]";
    place.write("torchswap.toml", target("x", two) + &target("y", two) + &target("z", one) + &target("mac", mac));
    let report = json(&place.run("audit --all-targets --output-format json"));
    let list = |all: &Value, of: fn(&Value) -> &Value| {
        let all = all.as_array().unwrap().iter().map(|one| of(one).as_str().unwrap().to_owned());
        all.collect::<Vec<_>>().join(" ")
    };
    let reported = report["findings"].as_array().unwrap().iter().map(|finding| {
        let targets = list(&finding["targets"], |target| &target["name"]);
        let pythons = list(&finding["pythons"], |python| python);
        let text = |key: &str| finding[key].as_str().unwrap_or("-");
        format!("{} {} {}: {targets} ({pythons})", text("file"), text("package"), text("platform"))
    });
    let mut reported: Vec<String> = reported.collect();
    reported.sort();
    assert_eq!(
        reported,
        [
            "poetry.lock a linux-x86_64: x y (3.9 3.11)",
            "poetry.lock a linux-x86_64: z (3.9)",
            "poetry.lock b linux-x86_64: x y (3.9 3.11)",
            "poetry.lock b linux-x86_64: z (3.9)",
            "poetry.lock b macos-arm64: mac (3.9)",
        ]
    );
    let text = place.run("audit --all-targets").stdout;
    assert!(text.contains("\n  targets: x (torchswap.toml:1), y (torchswap.toml:3)\n"), "{text}");
    assert!(!place.run("audit --target x").stdout.contains("target: "), "of one target each finding is about it");
    // Pythons alike share a row, and no row is wider than a terminal.
    let table = text.split("\ntarget ").nth(1).unwrap();
    assert!(table.contains("\nx: linux-x86_64, CPython 3.9, 3.11 "), "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    let wide = place.run("audit --cuda 12.4 --image nvidia/cuda:12.4.1-base-ubuntu22.04 --target x --target y").stdout;
    let row = "x: linux-x86_64, cu124, CPython 3.9, 3.11,\n  glibc 2.35";
    assert!(wide.split("\ntarget ").nth(1).unwrap().lines().all(|line| line.chars().count() <= 80), "{wide}");
    let bare: Vec<&str> = wide.lines().map(|line| line.split("   ").next().unwrap()).collect();
    assert!(bare.join("\n").contains(row), "{wide}");
}

#[test]
fn what_keeps_targets_from_being_looked_at_is_reported_for_all() {
    let place = Place::of("poetry-2.5/torch-2.1.2");
    let target = |name: &str, extra: &str| format!("[targets.{name}]\npython = [\"3.10\"]\nextras = [\"{extra}\"]\n");
    place.write("torchswap.toml", target("one", "nosuch") + &target("two", "neither") + "[targets.fine]\n");
    let refused = place.run("audit --all-targets").refused();
    assert!(refused.contains("nosuch") && refused.contains("neither"), "{refused}");
    assert!(refused.contains("target: one (torchswap.toml:1)"), "{refused}");
    assert!(refused.contains("target: two (torchswap.toml:4)") && !refused.contains("fine"), "{refused}");
}
