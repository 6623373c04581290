//! `torchswap check`: drift of outputs, and locks that were swapped by accident.

use crate::support::{Place, snapshot};

const CONFIG: &str = "\n[tool.torchswap.targets.docker]\ncuda = \"12.4\"\npython = [\"3.10\", \"3.11\"]\noutput = \"requirements-cu124.txt\"\n\
    [tool.torchswap.targets.ci]\ncpu = true\npython = [\"3.11\"]\noutput = \"requirements-ci.txt\"\n";

fn place() -> Place {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    place.write("pyproject.toml", place.read("pyproject.toml") + CONFIG);
    place.run("export --all-targets -q").ok();
    place
}

#[test]
fn fresh_outputs_pass() {
    let place = place();
    let run = place.run("check");
    assert_eq!((run.status, run.stdout.as_str()), (0, "2 outputs are up to date\n"));
    let run = place.run("check requirements-ci.txt");
    assert_eq!((run.status, run.stdout.as_str()), (0, "requirements-ci.txt is up to date\n"));
    assert_eq!(place.run("check -q").stdout, "");
}

#[test]
fn a_lock_that_moved_on_is_found_and_fixed() {
    let place = place();
    let moved = place.read("poetry.lock").replacen(
        "name = \"tqdm\"\nversion = \"4.70.1\"",
        "name = \"tqdm\"\nversion = \"4.70.2\"",
        1,
    );
    place.write("poetry.lock", &moved);
    let run = place.run("check");
    assert_eq!(run.status, 1);
    snapshot("check-drift", &run.shown());
    snapshot("check-drift-github", &place.run("check --report github").shown());
    let json: serde_json::Value = serde_json::from_str(&place.run("check --report json").stdout).unwrap();
    assert_eq!(json["findings"][0]["code"], "out-of-date");
    assert_eq!(place.run("check --quiet").stdout, "");
    let fixed = place.run("check --fix");
    assert_eq!(fixed.status, 0, "{}", fixed.stdout);
    let lines = |file| format!("fixed: {file}\n  tqdm 4.70.1 -> 4.70.2\n");
    assert_eq!(fixed.stdout, lines("requirements-cu124.txt") + &lines("requirements-ci.txt"));
    assert_eq!(place.run("check").status, 0);
    assert!(place.read("requirements-ci.txt").contains("tqdm==4.70.2"));
}

#[test]
fn what_was_edited_by_hand_is_found() {
    let place = place();
    let text = place.read("requirements-ci.txt");
    place.write("requirements-ci.txt", text.replacen("--hash=sha256:", "--hash=sha256:0", 1).replacen("0", "", 1));
    let line = text.lines().find(|line| line.starts_with("tqdm==")).unwrap();
    place.write("requirements-ci.txt", text.replace(line, "tqdm==4.66.0 \\"));
    let run = place.run("check requirements-ci.txt");
    assert!(run.status == 1 && run.stdout.contains("  tqdm 4.66.0 -> 4.70.1"), "{}", run.stdout);
    place.write("requirements-ci.txt", text.replace("idna==", "idna-x=="));
    let run = place.run("check");
    assert!(run.stdout.contains("- idna-x==") && run.stdout.contains("+ idna=="), "{}", run.stdout);
}

#[test]
fn an_output_that_takes_its_packages_from_elsewhere_is_found() {
    let place = Place::new();
    let options = "--index-url https://one.example/simple\n--extra-index-url https://two.example/simple\n--find-links https://three.example/files\n";
    place.write("requirements.txt", format!("{options}idna==3.4 --hash=sha256:{}\n", "a".repeat(64)));
    place.run("export --allow-none -o out.txt").ok();
    let text = place.read("out.txt");
    assert!(text.contains(options), "{text}");
    assert_eq!(place.run("check out.txt").status, 0);
    for line in options.lines() {
        for other in [line.replace(".example", ".elsewhere.example"), String::new(), format!("{line}\n--no-index")] {
            place.write("out.txt", text.replace(line, &other));
            let run = place.run("check out.txt");
            assert_eq!(run.status, 1, "{line} -> {other}: {}", run.stdout);
            if !other.contains("--no-index") {
                assert!(run.stdout.contains(&format!("+ {line}")), "{}", run.stdout);
            }
            // What is in both is no difference.
            let reported = run.stdout.lines().filter(|reported| reported.trim_start().starts_with(['-', '+'])).count();
            assert_eq!(reported, if other.contains("elsewhere") { 2 } else { 1 }, "{}", run.stdout);
        }
        place.write("out.txt", format!("{text}{}\n", line.replace(".example", ".more.example")));
        assert_eq!(place.run("check out.txt").status, 1, "{line}");
    }
}

/// They name no package, so nothing but their place tells them apart.
#[test]
fn a_folder_that_an_output_installs_otherwise_is_found() {
    let place = Place::new();
    place.write("requirements.txt", "-e ./libs/a\n./libs/b[x]\nidna==3.4\n");
    place.run("export --allow-none --without-hashes -o out.txt").ok();
    let text = place.read("out.txt");
    assert_eq!(place.run("check out.txt").status, 0);
    for (line, other, reported) in [
        ("-e ./libs/a\n", "-e ./libs/c\n", "- -e ./libs/c"),
        ("-e ./libs/a\n", "./libs/a\n", "./libs/a -> -e ./libs/a"),
        ("-e ./libs/a\n", "", "+ -e ./libs/a"),
        ("-e ./libs/a\n", "-e ./libs/a ; platform_release == 'x'\n", "another marker or other extras: -e ./libs/a"),
        ("-e ./libs/a\n", "-e ./libs/a ; sys_platform == 'win32'\n", "+ -e ./libs/a"),
        ("./libs/b[x]\n", "./libs/b\n", "+ ./libs/b[x]"),
    ] {
        assert!(text.contains(line), "{text}");
        place.write("out.txt", text.replacen(line, other, 1));
        let run = place.run("check out.txt");
        assert!(run.status == 1 && run.stdout.contains(reported), "{other}: {}", run.stdout);
    }
}

/// Another version of the tool writes another header, another Poetry another order: neither is drift.
#[test]
fn what_means_the_same_passes() {
    let place = place();
    let text = place.read("requirements-cu124.txt");
    let (head, body) = text.split_once("\ncertifi").unwrap();
    let mut blocks: Vec<String> = Vec::new();
    for line in format!("certifi{body}").lines() {
        match blocks.last_mut() {
            Some(last) if line.starts_with(' ') => *last += &format!("{line}\n"),
            _ => blocks.push(format!("{line}\n")),
        }
    }
    blocks.reverse();
    place.write("requirements-cu124.txt", head.replace("torchswap 0.1.0", "torchswap 9.9.9") + "\n" + &blocks.concat());
    let run = place.run("check");
    assert_eq!(run.status, 0, "{}", run.stdout);
}

#[test]
fn an_output_that_is_not_there_is_found() {
    let place = place();
    std::fs::remove_file(place.path().join("requirements-ci.txt")).unwrap();
    let run = place.run("check");
    assert!(run.status == 1 && run.stdout.contains("requirements-ci.txt does not exist"), "{}", run.stdout);
}

/// Where a target gets more Pythons no wheel is replaced: each package is named once, with them.
#[test]
fn pythons_that_a_target_got_are_reported_by_package() {
    let place = place();
    let project = place.read("pyproject.toml");
    place.write("pyproject.toml", project.replace("[\"3.10\", \"3.11\"]", "[\"3.10\"]"));
    place.run("export --all-targets -q").ok();
    let all = project.replace("[\"3.10\", \"3.11\"]", "[\"3.10\", \"3.11\", \"3.12\"]");
    place.write("pyproject.toml", &all);
    let run = place.run("check");
    let added = "\n  torch, torchaudio, torchvision: also for CPython 3.11, 3.12\n";
    assert!(run.status == 1 && run.stdout.contains(added) && !run.stdout.contains(" -> "), "{}", run.stdout);
    // So it is where one is added to several.
    place.write("pyproject.toml", project);
    place.run("export --all-targets -q").ok();
    place.write("pyproject.toml", all);
    let run = place.run("check");
    assert!(run.stdout.contains(&added.replace("3.11, ", "")) && !run.stdout.contains("+ torch"), "{}", run.stdout);
}

#[test]
fn a_swapped_lock_is_found() {
    let place = place();
    place.run("rewrite --cuda 12.4 --python 3.11 -q").ok();
    let run = place.run("check requirements-ci.txt");
    assert_eq!((run.status, run.stdout.matches("found: ").count()), (1, 1), "one accident, one finding");
    snapshot("check-swapped-lock", &run.shown());
    // A project may ask for the very URL of one, which then is no leak.
    let url =
        place.read("poetry.lock").lines().find_map(|line| line.strip_prefix("url = ").map(str::to_owned)).unwrap();
    assert!(url.contains("/torch-"), "{url}");
    let asked = format!("\"torch @ {}\"", url.trim_matches('"'));
    place.write("pyproject.toml", place.read("pyproject.toml").replace("\"torch==2.4.1\"", &asked));
    let run = place.run("check requirements-ci.txt");
    assert!(!run.stdout.contains("has torch 2"), "{}", run.stdout);
    assert!(run.stdout.contains("has torchaudio 2.4.1+cu124 and torchvision ") && run.status == 1, "{}", run.stdout);
}

/// What a lock swapped by accident gives would spread the accident, so a good output is left as it is.
#[test]
fn a_swapped_lock_is_reported_first_and_nothing_is_made_of_it() {
    let place = place();
    place.write(
        "torchswap.toml",
        "[targets.gpu]\ncuda = \"12.1\"\npython = [\"3.11\"]\noutput = \"gpu.txt\"\n\
         [targets.ci]\ncpu = true\npython = [\"3.11\"]\noutput = \"ci.txt\"\n",
    );
    place.run("export --all-targets -q").ok();
    let good = place.read("gpu.txt");
    place.run("rewrite --cuda 12.4 --python 3.11 -q").ok();
    let run = place.run("check --fix");
    assert_eq!((run.status, place.read("gpu.txt")), (1, good), "{}", run.stdout);
    assert!(run.stdout.starts_with("found: poetry.lock has torch "), "{}", run.stdout);
    assert!(run.stdout.contains("not compared: gpu.txt") && run.stdout.contains("not compared: ci.txt"));
    assert!(!run.stdout.contains("fixed:") && !run.stdout.contains("is not what"), "{}", run.stdout);
    // One that is meant to be swapped is a lock like any other.
    let run = place.run("check --fix --allow-swapped");
    assert!(run.status == 0 && run.stdout.contains("fixed: gpu.txt"), "{}", run.stdout);
}

/// Two dozen libraries come and go with CUDA, and a digest is no news that people can read.
#[test]
fn libraries_that_come_and_go_together_and_digests_are_counted() {
    let place = place();
    place.write("pyproject.toml", place.read("pyproject.toml").replace("cuda = \"12.4\"", "cpu = true"));
    let (gpu, text) = (place.read("requirements-cu124.txt"), place.read("requirements-ci.txt"));
    let digests: Vec<&str> = text.lines().filter_map(|line| line.trim().strip_prefix("--hash=sha256:")).collect();
    let other = digests.iter().fold(text.clone(), |text, digest| {
        let digest = digest.trim_end_matches(" \\");
        text.replace(digest, &format!("{}{}", &digest[1..], &digest[..1]))
    });
    place.write("requirements-ci.txt", other);
    let run = place.run("check --fix");
    snapshot("check-fix", &run.shown());
    assert!(!run.stdout.contains("nvidia-cublas") && run.stdout.contains(" nvidia-*-cu12\n"), "{}", run.stdout);
    // A program gets each of them.
    place.write("requirements-cu124.txt", gpu);
    let json: serde_json::Value = serde_json::from_str(&place.run("check --report json").stdout).unwrap();
    let details = json["findings"][0]["details"].as_array().unwrap();
    assert!(details.iter().any(|one| one.as_str().unwrap().starts_with("- nvidia-cublas-cu12==")), "{json}");
    let ci = serde_json::json!([{ "file": "requirements-ci.txt", "targets": [{ "name": "ci", "place": null }] }]);
    assert_eq!(json["up_to_date"], ci);
}

#[test]
fn a_check_of_nothing_says_so_and_may_fail() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    let nothing = "nothing to check: no outputs are configured\n";
    let run = place.run("check");
    assert_eq!((run.status, run.stdout.as_str()), (0, nothing));
    let run = place.run("check --report github");
    assert_eq!((run.status, run.stdout), (0, format!("::notice title=no-outputs::{nothing}")));
    let run = place.run("check --require-outputs");
    assert!(run.status == 1 && run.stdout.starts_with(&format!("found: {nothing}")), "{}", run.shown());
    assert_eq!(run.stdout.matches("nothing to check").count(), 1, "{}", run.stdout);
    place.write("torchswap.toml", "[targets.a]\ncpu = true\n");
    let run = place.run("check --require-outputs --report json");
    let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((run.status, &json["findings"][0]["code"]), (1, &"no-outputs".into()), "a target without an output");
    place.write("torchswap.toml", "[targets.a]\ncpu = true\npython = [\"3.11\"]\noutput = \"a.txt\"\n");
    place.run("export --all-targets -q").ok();
    let run = place.run("check --require-outputs");
    assert_eq!((run.status, run.stdout.as_str()), (0, "a.txt is up to date\n"));
    // The lock itself is looked at all the same.
    std::fs::remove_file(place.path().join("torchswap.toml")).unwrap();
    place.run("rewrite --cuda 12.4 --python 3.11 -q").ok();
    let run = place.run("check");
    assert!(run.status == 1 && run.stdout.contains("found: poetry.lock has torch "), "{}", run.stdout);
}

/// An output may have any name, and the catalogue too, so the hooks ask for none.
#[test]
fn the_hooks_run_whatever_an_output_is_called() {
    let text = std::fs::read_to_string(crate::support::root().join(".pre-commit-hooks.yaml")).unwrap();
    let hooks: Vec<&str> = text.split("- id: ").skip(1).collect();
    assert_eq!(hooks.len(), 3, "{text}");
    for hook in &hooks[..2] {
        assert!(hook.contains("\n  always_run: true\n") && !hook.contains("files:\n"), "{hook}");
        assert!(hook.contains("\n  pass_filenames: false\n") && !hook.contains("\n  files:"), "{hook}");
    }
    // It is given the files that a commit changes, all at once and whatever they are called.
    let of_workspace = hooks[2];
    for key in ["files:", "pass_filenames:", "always_run:", "types"] {
        assert!(!of_workspace.contains(&format!("\n  {key}")), "{of_workspace}");
    }
    assert!(of_workspace.contains("\n  require_serial: true\n"), "{of_workspace}");
}

#[test]
fn what_cannot_be_answered_is_2() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    assert_eq!(place.run("check").status, 0);
    place.write("plain.txt", "a==1\n");
    assert!(place.run("check plain.txt").refused().contains("does not say how it was made"));
    place.write("odd.txt", "# Made by torchswap 9 from x\n# Command: torchswap export --future\n");
    assert!(place.run("check odd.txt").refused().contains("is not understood"));
    assert!(place.run("check absent.txt").refused().contains("absent.txt"));
    assert!(Place::new().run("check").refused().contains("there is no lock here: looked for poetry.lock"));
}
