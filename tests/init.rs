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
