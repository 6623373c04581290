//! Messages about hostile names and values stay on one line, with terminal control characters escaped. A line that begins
//! with `::` would be a command to GitHub Actions, wherever it is printed.

use super::catalogs::row;
use super::locks::lock;
use super::requirements::pinned;
use crate::support::{Place, Run};

/// Sets a terminal's title, turns the writing around and begins a workflow command on a line of its own.
const ORDERS: &str = "x\u{1b}]0;title\u{7}\u{202e}\u{85}\u{2028}\n::error::obeyed";

/// The same as the escapes of a TOML text.
const IN_TOML: &str = r"x\u001b]0;title\u0007\u202e\u0085\u2028\n::error::obeyed";

/// Runs in a folder with a lock, a requirements file and a configuration.
fn run(configuration: &str, files: &[(&str, &str)], arguments: &[&str]) -> Run {
    let place = Place::new();
    place.write("poetry.lock", lock());
    place.write("requirements.txt", pinned("torch==2.1.2"));
    place.write("torchswap.toml", configuration.replace("ORDERS", IN_TOML));
    for (name, text) in files {
        place.write(&name.replace("ORDERS", ORDERS), text.replace("ORDERS", ORDERS));
    }
    let arguments: Vec<String> = arguments.iter().map(|one| one.replace("ORDERS", ORDERS)).collect();
    place.run_with(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), "")
}

/// The name is in the message, and no terminal would obey anything in it.
#[track_caller]
fn harmless(run: &Run) {
    let said = format!("{}{}", run.stdout, run.stderr);
    assert!(said.contains("obeyed"), "the name is not reported: {said}");
    let odd = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}');
    assert!(!said.contains(odd), "{said:?}");
    assert!(!said.lines().any(|line| line.trim_start().starts_with("::error::obeyed")), "{said}");
}

#[test]
fn what_a_configuration_says_is_not_obeyed() {
    for configuration in [
        "\"ORDERS\" = 1",
        "[audit.severity]\n\"ORDERS\" = 'off'",
        "[audit.severity]\nyanked = \"ORDERS\"",
        "lock = \"ORDERS\"\n[targets.a]\ncpu = true\noutput = 'a.txt'",
        "catalog = [\"ORDERS\"]\n[targets.a]\ncpu = true\noutput = 'a.txt'",
        "[targets.\"ORDERS\"]\ncpu = true",
        "[targets.a]\n\"ORDERS\" = 1",
        "[targets.a]\nmirror = \"https://a.example/ORDERS\"",
        "[targets.a]\nmirror = \"ORDERS\"",
        "[targets.a]\nwith = [\"ORDERS\"]",
        "[targets.a]\nextras = [\"ORDERS\"]",
        "[targets.a]\ncuda = \"ORDERS\"",
        "[targets.a]\nplatform = \"ORDERS\"",
        "[targets.a]\npython = [\"ORDERS\"]",
        "[targets.a]\ncpu = true\noutput = \"no/ORDERS\"",
    ] {
        let run = run(configuration, &[], &["export", "--all-targets"]);
        assert_eq!(run.status, 2, "{configuration}: {}", run.stderr);
        harmless(&run);
    }
}

#[test]
fn names_of_files_are_not_obeyed() {
    let files = [
        ("ORDERS.lock", "[[package]]\nname = 1\n"),
        ("ORDERS.txt", "torch==2.1.2 --hash=1\n"),
        ("ORDERS.tsv", "a\tb\n"),
    ];
    for arguments in [
        ["export", "--cpu", "ORDERS.lock"].as_slice(),
        &["export", "--cpu", "ORDERS.txt"],
        &["export", "--cpu", "no-ORDERS.txt"],
        &["export", "--cpu", "--catalog", "ORDERS.tsv", "poetry.lock"],
        &["export", "--cpu", "--report", "json", "ORDERS.txt"],
        &["rewrite", "--cpu", "ORDERS.lock"],
        &["audit", "ORDERS.txt"],
        &["audit", "--report", "json", "ORDERS.txt"],
        &["verify", "ORDERS.txt"],
        &["check", "ORDERS.txt"],
    ] {
        let run = run("", &files, arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.stderr);
        harmless(&run);
    }
}

#[test]
fn reports_that_are_whole_obey_nothing_either() {
    let torch = pinned("torch==2.1.2");
    let table = row();
    let files = [("ORDERS.txt", torch.as_str()), ("ORDERS.tsv", table.as_str())];
    for arguments in [
        ["audit", "--platform", "macos-arm64", "ORDERS.txt"].as_slice(),
        &["audit", "--platform", "macos-arm64", "--report", "json", "ORDERS.txt"],
        &["audit", "--platform", "macos-arm64", "--report", "sarif", "ORDERS.txt"],
        &["verify", "ORDERS.txt"],
        &["verify", "--report", "json", "ORDERS.txt"],
    ] {
        let run = run("", &files, arguments);
        assert!(!run.stderr.starts_with("error: unexpected"), "{arguments:?}: {}", run.stderr);
        let said = format!("{}{}", run.stdout, run.stderr).replace("%0A", "\\n").replace("%3A", ":");
        harmless(&Run { status: run.status, stdout: said, stderr: String::new() });
    }
}

#[test]
fn the_command_in_a_header_is_not_obeyed() {
    let orders = ORDERS.replace(['\n', '\u{85}', '\u{2028}'], "");
    let output =
        format!("# Made by torchswap 0.1.0 from poetry.lock\n# Command: torchswap export --{orders} poetry.lock\n");
    for report in ["human", "json", "github"] {
        let run = run("", &[("out.txt", &output)], &["check", "--report", report, "out.txt"]);
        assert_eq!(run.status, 2, "{}", run.stderr);
        harmless(&run);
    }
}

#[test]
fn annotations_are_escaped_as_workflow_commands_want() {
    let place = Place::new();
    let file = "a,b:c%d\n::error::obeyed\u{1b}.txt";
    place.write(file, "torch==2.1.2\nnvidia-cublas-cu12==12.1.3.1\n");
    let run =
        place.run_with(&["audit", "--platform", "macos-arm64", "--python", "3.10", "--report", "github", file], "");
    assert!(!run.stdout.is_empty(), "{}", run.stderr);
    for line in run.stdout.lines() {
        assert!(line.starts_with("::"), "{line}");
        assert!(line.contains("file=a%2Cb%3Ac%25d\\n%3A%3Aerror%3A%3Aobeyed\\u{1b}.txt,line="), "{line}");
    }
}
