//! Checks the README and the pages of `docs`: console blocks are run, numbers are counted, samples are parsed.

use std::os::unix::fs::symlink;
use std::process::Command;

use torchswap::catalog::{Catalogues, ProjectTable, Requires, WheelRow, WheelSource};
use torchswap::cli::config::Config;
use torchswap::packaging::target::Platform;
use torchswap::report::rule::Rule;
use torchswap::text::Source;

use crate::support::{Place, program, root};

fn readme() -> String {
    page("README.md")
}

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

/// The README and every page of `docs`, by name.
fn pages() -> Vec<String> {
    let docs = std::fs::read_dir(root().join("docs")).unwrap();
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<String> = docs.map(name).filter(|name| name.ends_with(".md")).collect();
    names.sort();
    std::iter::once("README.md".to_owned()).chain(names.iter().map(|name| format!("docs/{name}"))).collect()
}

/// The fenced blocks of one language.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// Compares line by line; a line `…` stands for any lines up to the next one that is expected.
fn agrees(expected: &[&str], found: &[&str]) -> bool {
    match expected.split_first() {
        None => found.is_empty(),
        Some((&"…", rest)) => (0..=found.len()).any(|skip| agrees(rest, &found[skip..])),
        Some((line, rest)) => found.first() == Some(line) && agrees(rest, &found[1..]),
    }
}

#[test]
fn the_console_blocks_show_real_output() {
    let place = Place::new();
    symlink(root().join("examples"), place.path().join("examples")).unwrap();
    let binary = program().parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let mut tried = 0;
    let text: String = pages().iter().map(|name| page(name)).collect();
    for block in blocks(&text, "console") {
        for step in block.split("$ ").skip(1) {
            let (command, expected) = step.split_once('\n').unwrap();
            let output = Command::new("sh")
                .args(["-c", &format!("{command} 2>&1")])
                .current_dir(place.path())
                .env("PATH", &path)
                .output();
            let found = String::from_utf8(output.unwrap().stdout).unwrap();
            let lines = |text: &'_ str| text.lines().map(str::to_owned).collect::<Vec<_>>();
            let (expected, found) = (lines(expected), lines(&found));
            let by_ref = |lines: &'_ [String]| lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
            let (one, other) = (by_ref(&expected), by_ref(&found));
            assert!(
                agrees(&one.lines().collect::<Vec<_>>(), &other.lines().collect::<Vec<_>>()),
                "$ {command}\n{other}"
            );
            tried += 1;
        }
    }
    assert!(tried >= 8, "the pages have lost their console blocks");
}

#[test]
fn the_sample_catalogue_can_be_read() {
    let text = page("docs/catalog.md");
    let sample = blocks(&text, "text").into_iter().find(|block| block.starts_with("wheel\t")).unwrap();
    // An invented digest, plainly so.
    let table = ProjectTable::parse("sample", sample.replace("<sha256>", &"0".repeat(64))).unwrap();
    let rows: Vec<WheelRow> = table.wheels().cloned().collect();
    let all = Catalogues::new(vec![table]).unwrap();
    assert!(matches!(all.requires(&rows[0], Platform::LinuxX86_64), Requires::Known { .. }) && rows.len() == 1);
}

#[test]
fn the_sample_configuration_can_be_read() {
    for name in ["README.md", "docs/configuration.md"] {
        let text = page(name);
        let sample = blocks(&text, "toml").into_iter().next().unwrap();
        let config = Config::parse_pyproject(&Source::new(name, sample)).unwrap().unwrap();
        assert_eq!(config.targets.len(), 3, "{name}");
    }
}

/// The table of the audit's codes, one row a rule, in the order of the list.
#[test]
fn the_table_of_codes_is_whole() {
    let text = page("docs/audit.md");
    let table = text.split("| code | severity | meaning |\n| --- | --- | --- |\n").nth(1).unwrap();
    let rows: Vec<&str> = table.lines().take_while(|line| line.starts_with('|')).collect();
    let row = |rule: &Rule| format!("| `{}` | {} | {} |", rule.as_str(), rule.severity().as_str(), rule.meaning());
    assert_eq!(rows, Rule::ALL.iter().map(row).collect::<Vec<_>>());
}

#[test]
fn the_severities_can_be_read() {
    let text = page("docs/audit.md");
    let sample = blocks(&text, "toml").into_iter().find(|block| block.contains("audit")).unwrap();
    let config = Config::parse_pyproject(&Source::new("docs/audit.md", sample)).unwrap().unwrap();
    assert_eq!(config.severities.len(), 2);
}

#[test]
fn the_number_of_wheels_is_counted() {
    let table = std::fs::read_to_string(root().join("src/catalog/wheels.tsv")).unwrap();
    let rows = table.lines().filter(|line| !line.starts_with('#')).count();
    let spoken = format!("{},{:03} wheels", rows / 1000, rows % 1000);
    for name in ["README.md", "docs/catalog.md"] {
        assert!(page(name).contains(&spoken), "{name}: the catalogue has {spoken}");
    }
}

#[test]
fn the_commands_it_names_are_there() {
    let text = readme();
    for command in
        ["cargo run --release -- export --cuda 11.8 --python 3.10", "cargo test", "cargo install --locked --path ."]
    {
        assert!(text.contains(command), "{command}");
    }
    assert!(root().join(".ci/run").is_file() && root().join("benches/peers").exists());
}

/// What a newcomer types first, in a project like theirs: each step works, and the image's lines name a file that is there.
#[test]
fn the_three_commands_lead_to_a_checked_file() {
    let text = readme();
    let section = text.split("\n## Three commands\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let (commands, image) = (blocks(section, "sh")[0], blocks(section, "dockerfile")[0]);
    assert_eq!(commands.lines().count(), 3, "{commands}");
    let place = Place::of("poetry-2.5/torch-2.1.2");
    place.write("Dockerfile", "FROM nvidia/cuda:11.8.0-runtime-ubuntu22.04\nFROM python:3.10-slim\n");
    if Command::new("git").args(["init", "-q"]).current_dir(place.path()).status().is_err() {
        eprintln!("skipped: the three commands: there is no git here");
        return;
    }
    let binary = program().parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let run = Command::new("sh").args(["-ec", commands]).current_dir(place.path()).env("PATH", &path).output().unwrap();
    let (out, said) = (String::from_utf8(run.stdout).unwrap(), String::from_utf8(run.stderr).unwrap());
    assert!(run.status.success() && out.ends_with("outputs are up to date\n"), "{out}{said}");
    // The lines are those that `init` prints, and their file is among those that were added.
    assert!(out.contains(image), "{out}");
    let copied = image.strip_prefix("COPY ").unwrap().split(' ').next().unwrap();
    let added = Command::new("git").args(["ls-files", copied]).current_dir(place.path()).output().unwrap();
    assert_eq!(String::from_utf8(added.stdout).unwrap(), format!("{copied}\n"));
}

/// One screen after another, not a reference: that is in `docs`.
#[test]
fn the_readme_has_at_most_200_lines() {
    assert!(readme().lines().count() <= 200);
}

#[test]
fn every_link_leads_to_a_file() {
    for name in pages().iter().map(String::as_str).chain(["CONTRIBUTING.md", "SECURITY.md"]) {
        let text = page(name);
        let folder = root().join(name).parent().unwrap().to_owned();
        for rest in text.split("](").skip(1) {
            let address = rest.split([')', '#']).next().unwrap();
            assert!(
                address.is_empty() || address.starts_with("https://") || folder.join(address).is_file(),
                "{name}: {address}"
            );
        }
    }
}

/// What is shown can be typed as it is: nothing in angle brackets has to be filled in.
#[test]
fn no_command_has_a_placeholder() {
    for name in pages() {
        let text = page(&name);
        for block in ["sh", "dockerfile", "yaml"].iter().flat_map(|language| blocks(&text, language)) {
            assert!(!block.contains('<') || block.contains("(?<"), "{name}: {block}");
        }
    }
}

/// Every option of the hooks and the action is one that the program has.
#[test]
fn the_recipes_name_real_commands() {
    let recipes = [".pre-commit-hooks.yaml", "action.yml", "README.md", "docs/automation.md"].map(page).concat();
    let place = Place::new();
    let mut tried = 0;
    for line in recipes.lines().map(str::trim) {
        let Some(command) =
            ["entry: ", "run: ", "- run: "].iter().find_map(|key| line.strip_prefix(key)?.strip_prefix("torchswap "))
        else {
            continue;
        };
        let run = place.run(command.trim_end_matches(" || true"));
        // There is no lock here: a command that is understood says so.
        assert!(!run.stderr.contains("unexpected argument") && !run.stderr.contains("Usage"), "{line}\n{}", run.stderr);
        tried += 1;
    }
    assert!(tried >= 5, "{tried}");
}
