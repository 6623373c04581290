//! `torchswap init`: what it proposes, and that it leaves alone what is there.

use crate::support::{Place, snapshot};

#[test]
fn it_proposes_what_the_dockerfile_says() {
    let place = Place::of("poetry-2.5/torch-2.1.2");
    place.write("Dockerfile", "FROM nvidia/cuda:11.8.0-runtime-ubuntu22.04\nFROM python:3.10-slim\n");
    let run = place.run("init");
    snapshot("init", &format!("{}--- torchswap.toml\n{}", run.shown(), place.read("torchswap.toml")));
    place.run("export --all-targets -q").ok();
    assert_eq!(place.run("check").status, 0);
}

#[test]
fn it_takes_the_newest_cuda_where_nothing_tells() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    place.run("init").ok();
    assert!(place.read("torchswap.toml").contains("cuda = \"12.4\""), "{}", place.read("torchswap.toml"));
}

#[test]
fn it_leaves_alone_what_is_there() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    place.write("torchswap.toml", "[targets.a]\ncpu = true\noutput = \"a.txt\"\n");
    let run = place.run("init");
    assert!(run.stdout.starts_with("The configuration has targets already"), "{}", run.stdout);
    assert_eq!(place.read("torchswap.toml"), "[targets.a]\ncpu = true\noutput = \"a.txt\"\n");
    place.write("torchswap.toml", "lock = \"poetry.lock\"\n");
    assert!(place.run("init").refused().contains("names no targets"));
    assert!(Place::new().run("init").refused().contains("there is no poetry.lock"));
}

#[test]
fn its_lines_are_those_of_an_output_that_is_committed() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    let advice = place.run("init").ok();
    assert!(!advice.contains('<'), "a place to fill in:\n{advice}");
    let (commands, rest) = advice.split_once("Lines for the Dockerfile:\n\n").unwrap();
    let command = commands.lines().find_map(|line| line.strip_prefix("torchswap ")).unwrap();
    place.run(command).ok();
    let copied = rest.lines().find_map(|line| line.strip_prefix("COPY ")?.strip_suffix(" ./")).unwrap();
    assert!(place.read(copied).contains("torch @ https://"), "{copied}");
    let hook = rest.lines().find_map(|line| line.trim().strip_prefix("entry: torchswap ")).unwrap();
    place.run(hook).ok();
    // A Dockerfile that has the file, and a hook, need no advice.
    place.write("Dockerfile", format!("FROM python:3.11-slim\nCOPY {copied} ./\n"));
    place.write(".pre-commit-config.yaml", rest.split_once("\n\n").unwrap().1);
    assert_eq!(place.run("init").ok(), "The configuration has targets already; it was left alone.\n\n");
    // A target without an output is written to the file that the image installs.
    place.write("torchswap.toml", "[targets.gpu]\ncuda = \"12.1\"\npython = [\"3.11\"]\n");
    std::fs::remove_file(place.path().join("Dockerfile")).unwrap();
    let advice = place.run("init").ok();
    assert!(advice.contains("\ntorchswap export --target gpu -o requirements.txt\n"), "{advice}");
    assert!(advice.contains("\nCOPY requirements.txt ./\n"), "{advice}");
}
