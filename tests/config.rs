//! Targets from the configuration.

use crate::support::{Place, snapshot};

const CONFIG: &str = r#"
[tool.torchswap.targets.docker]
cuda = "11.8"
python = ["3.10"]
output = "requirements-cu118.txt"

[tool.torchswap.targets.ci]
cpu = true
python = ["3.11"]
output = "requirements-ci.txt"
extras = ["yaml"]

[tool.torchswap.targets.mac]
platform = "macos-arm64"
python = ["3.11"]
"#;

fn place() -> Place {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    place.write("pyproject.toml", place.read("pyproject.toml") + CONFIG);
    place
}

#[test]
fn a_target_is_what_its_flags_would_be() {
    let place = place();
    let body = |text: String| {
        text.lines().filter(|line| !line.starts_with("# Command")).map(|l| format!("{l}\n")).collect::<String>()
    };
    let named = place.run("export --target mac -q").ok();
    assert!(named.contains("# Command: torchswap export --target mac\n"), "{named}");
    assert_eq!(body(named), body(place.run("export --platform macos-arm64 --python 3.11 -q").ok()));
    let over = place.run("export --target mac --python 3.10 -q").ok();
    assert!(over.contains("# Target: macos-arm64, cpu, CPython 3.10\n"), "{over}");
    assert!(over.contains("# Command: torchswap export --target mac --python 3.10\n"), "{over}");
}

/// No digest of torchaudio 2.4.1+cu118 is known, so the docker target cannot be made, and then none is written.
#[test]
fn all_targets_are_written_or_none() {
    let place = place();
    let message = place.run("export --all-targets").refused();
    assert!(message.contains("torchvision 0.19.1+cu118"), "{message}");
    assert!(!place.exists("requirements-ci.txt"));
    place.write("pyproject.toml", place.read("pyproject.toml").replace("\"11.8\"", "\"12.4\""));
    let run = place.run("export --all-targets");
    let headings: Vec<&str> = run.stderr.lines().filter(|line| line.contains(": linux-x86_64, ")).collect();
    assert_eq!(headings, ["docker: linux-x86_64, cu124, CPython 3.10", "ci: linux-x86_64, cpu, CPython 3.11"]);
    let last: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with("wrote ")).collect();
    assert!(
        matches!(last[..], [one, two] if one.starts_with("wrote requirements-cu118.txt (") && two.starts_with("wrote requirements-ci.txt (")),
        "{last:?}"
    );
    assert_eq!(run.ok(), "");
    assert!(place.read("requirements-cu118.txt").contains("+cu124".replace('+', "%2B").as_str()));
    assert!(place.read("requirements-ci.txt").contains("pyyaml=="));
}

#[test]
fn mistakes_point_at_the_file() {
    let place = place();
    snapshot("refuse-unknown-target", &place.run("export --target dokcer").shown());
    place.write("torchswap.toml", "[targets.docker]\ncuda = \"11.8\"\npyhton = [\"3.10\"]\n");
    snapshot("refuse-unknown-key", &place.run("export --target docker").shown());
    place.write("torchswap.toml", "[targets.a]\ncpu = true\noutput = \"o\"\n[targets.b]\ncpu = true\noutput = \"o\"\n");
    let message = place.run("export --all-targets").refused();
    assert!(message.contains("the targets a (cpu) and b (cpu) cannot share a file"), "{message}");
}

/// Two targets fail in two ways, and one of them like a third: each problem is reported once, with the targets that it is about.
#[test]
fn errors_name_their_targets_and_the_lines_of_the_configuration() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    let target = |name: &str, cuda: &str| {
        format!("[targets.{name}]\ncuda = \"{cuda}\"\npython = \"3.11\"\noutput = \"{name}.txt\"\n\n")
    };
    let all = [("one", "9.9"), ("good", "12.4"), ("two", "9.8"), ("three", "9.9")];
    let text: String = all.iter().map(|(name, cuda)| target(name, cuda)).collect();
    place.write("torchswap.toml", &text);
    let place_of = |name: &str| {
        let line = text.lines().position(|line| line == format!("[targets.{name}]")).unwrap();
        format!("torchswap.toml:{}", line + 1)
    };
    let at = |name: &str| format!("{name} ({})", place_of(name));
    let both = format!("\n  targets: {}, {}\n", at("one"), at("three"));
    let alone = format!("\n  target: {}\n", at("two"));
    for command in ["export --all-targets", "check", "check --fix"] {
        let message = place.run(command).refused();
        assert_eq!(message.matches(&both).count(), message.matches("cu99 build").count(), "{message}");
        assert!(message.contains(&both) && message.contains(&alone), "{command}: {message}");
        assert!(!message.contains("good"), "{message}");
    }
    let rewrite = place.run("rewrite --target two").refused();
    assert!(rewrite.contains(&alone), "{rewrite}");
    let json = place.run("export --target two --report json").refused();
    assert!(json.contains(&format!("\"targets\":[{{\"name\":\"two\",\"place\":\"{}\"}}]", place_of("two"))), "{json}");
    // Without a configuration there is nothing to name.
    assert!(!place.run("export --cuda 9.9 --python 3.11").refused().contains("target"));
}

#[test]
fn errors_of_a_configuration_say_what_to_write() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    let refused = |text: &str, command: &str| {
        place.write("torchswap.toml", text);
        place.run(command).refused()
    };
    let target = |name: &str, more: &str| format!("[targets.{name}]\ncpu = true\npython = [\"3.11\"]\n{more}\n");
    let all = "export --all-targets";
    for (text, help) in [
        ("[targets.a]\ncuda = 11.8\n", "help: write it with quotes: \"11.8\""),
        ("[targets.a]\ncpu = true\npython = [3.10]\n", "help: write it with quotes: \"3.10\""),
        ("[targets.a]\ncpu = true\ncuda = \"11.8\"\n", "help: keep one of them"),
        (
            "[tool.torchswap.targets.a]\ncpu = true\n",
            "help: the keys of [tool.torchswap] are at the top level here: [targets.NAME]",
        ),
        ("[targets.a]\ncpu = true\n", "help: give one under [targets.NAME] in torchswap.toml"),
    ] {
        let message = refused(text, all);
        assert!(message.contains(help), "{message}");
    }
    assert!(!refused("[targets.a]\ncuda = true\n", all).contains("quotes"));
    // What is wrong with an output is said with its target.
    for output in ["../x.txt", "poetry.lock"] {
        let message = refused(&target("a", &format!("output = \"{output}\"")), all);
        assert!(message.contains("target: a (torchswap.toml:1)"), "{message}");
    }
    let two = target("a", "output = \"x.txt\"") + &target("b", "output = \"./x.txt\"");
    assert!(refused(&two, all).contains("target: b (torchswap.toml:5)"));
    let two = target("a", "output = \"x.txt\"\nwithout-hashes = true") + &target("b", "output = \"x.txt\"");
    let message = refused(&two, all);
    assert!(message.contains("targets: a (torchswap.toml:1), b (torchswap.toml:6)"), "{message}");
    let message = refused(&target("a", "output = \"sub/dir/x.txt\""), all);
    assert!(
        message.contains("there is no folder sub/dir") && message.contains("help: make the folder first"),
        "{message}"
    );
    let project = place.read("pyproject.toml");
    std::fs::remove_file(place.path().join("torchswap.toml")).unwrap();
    place.write("pyproject.toml", format!("{project}\n[tool.torchswap.targets.a]\ncpu = true\n"));
    let message = place.run(all).refused();
    assert!(message.contains("give one under [tool.torchswap.targets.NAME] in pyproject.toml"), "{message}");
}
