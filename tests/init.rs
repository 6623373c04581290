//! `torchswap init`: what it proposes, and which existing settings it keeps.

use crate::support::{Place, snapshot};

mod choices;

#[test]
fn it_proposes_what_the_dockerfile_says() {
    let place = Place::of("poetry-2.5/torch-2.1.2");
    place.write("Dockerfile", "FROM nvidia/cuda:11.8.0-runtime-ubuntu22.04\nFROM python:3.10-slim\n");
    let run = place.run("init");
    snapshot("init", &format!("{}--- torchswap.toml\n{}", run.shown(), place.read("torchswap.toml")));
    place.run("export --all-targets -q").ok();
    assert_eq!(place.run("check").status, 0);
}

/// The CUDA that torch is locked for changes least; its line says where that is known from.
#[test]
fn it_takes_the_locked_cuda_where_no_dockerfile_says_one() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    let locked = "cuda = \"12.1\"  # poetry.lock:";
    place.run("init").ok();
    let text = place.read("torchswap.toml");
    let comment = text.lines().find_map(|line| line.strip_prefix(locked)).unwrap();
    let line: usize = comment.strip_suffix(": as torch 2.4.1 is locked").unwrap().parse().unwrap();
    assert_eq!(place.read("poetry.lock").lines().nth(line - 1), Some("name = \"torch\""));
    // A base image for a CUDA that this torch has no wheel for says nothing of the wheel.
    for (image, line) in [
        ("nvidia/cuda:12.2.0-base-ubuntu22.04", locked.to_owned()),
        (
            "nvidia/cuda:12.4.1-base-ubuntu22.04",
            "cuda = \"12.4\"  # docker/gpu.Dockerfile:2: nvidia/cuda:12.4.1-".to_owned(),
        ),
    ] {
        std::fs::remove_file(place.path().join("torchswap.toml")).unwrap();
        place.write("Dockerfile", "FROM python:3.11-slim\n");
        place.write("docker/gpu.Dockerfile", format!("# the image with GPUs\nFROM {image}\n"));
        place.run("init").ok();
        assert!(place.read("torchswap.toml").contains(&line), "{}", place.read("torchswap.toml"));
        place.run("export --all-targets -q").ok();
    }
    // Where the lock has the CPU build: the newest that there is.
    let place = Place::of("poetry-2.5/torch-2.4.1");
    place.run("rewrite --cpu --python 3.11 -q").ok();
    place.run("init").ok();
    assert!(place.read("torchswap.toml").contains("cuda = \"12.4\"  # the newest that torch 2.4.1 has"));
}

#[test]
fn it_takes_the_cuda_that_the_image_installs_by_hand_today() {
    let place = Place::of("poetry-2.5/torch-2.1.2");
    place.write(
        "docker/Dockerfile",
        "FROM nvidia/cuda:12.1.1-runtime-ubuntu22.04\n\
         RUN pip install --extra-index-url https://download.pytorch.org/whl/cu118 -r requirements.txt\n",
    );
    let run = place.run("init");
    assert!(run.stdout.contains("docker/Dockerfile:2: RUN pip install"), "{}", run.stdout);
    let line = "cuda = \"11.8\"  # docker/Dockerfile:2: as it installs by hand\n";
    assert!(place.read("torchswap.toml").contains(line), "{}", place.read("torchswap.toml"));
    place.run("export --all-targets -q").ok();
    assert!(place.read("requirements-docker.txt").contains("cu118"));
}

#[test]
fn of_two_torches_it_takes_that_of_the_target() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    let lock = place.read("poetry.lock");
    let at = lock.find("[[package]]\nname = \"torch\"\n").unwrap();
    let other = format!(
        "[[package]]\nname = \"torch\"\nversion = \"2.2.2\"\ndescription = \"\"\noptional = false\npython-versions = \">=3.8\"\ngroups = [\"main\"]\nmarkers = \"sys_platform == \\\"darwin\\\" and platform_machine == \\\"x86_64\\\"\"\nfiles = [{{file = \"torch-2.2.2-py3-none-any.whl\", hash = \"sha256:{}\"}}]\n\n",
        "0".repeat(64)
    );
    place.write("poetry.lock", format!("{}{other}{}", &lock[..at], &lock[at..]));
    let shown = place.run("init --dry-run").ok();
    assert!(
        shown.contains("cuda = \"12.1\"") && shown.contains("as torch 2.4.1 is locked") && !shown.contains("2.2.2"),
        "{shown}"
    );
}

#[test]
fn it_points_at_what_a_dockerfile_does_by_hand() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    place.write(
        "docker/Dockerfile",
        "FROM python:3.11-slim\nRUN poetry export -o r.txt && sed -i 's/^torch==/torch+cu121==/' r.txt\n",
    );
    let advice = place.run("init --dry-run").ok();
    assert!(advice.contains("which the file replaces:\n\ndocker/Dockerfile:2: RUN poetry export"), "{advice}");
    place.write("docker/Dockerfile", "FROM python:3.11-slim\n");
    assert!(!place.run("init --dry-run").ok().contains("by hand"));
}

#[test]
fn it_leaves_alone_what_is_there() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    place.write("torchswap.toml", "[targets.a]\ncpu = true\noutput = \"a.txt\"\n");
    let run = place.run("init");
    assert!(run.stdout.starts_with("torchswap.toml already has targets"), "{}", run.stdout);
    assert_eq!(place.read("torchswap.toml"), "[targets.a]\ncpu = true\noutput = \"a.txt\"\n");
    place.write("torchswap.toml", "lock = \"poetry.lock\"\n");
    assert!(place.run("init").refused().contains("names no targets"));
    assert!(Place::new().run("init").refused().contains("there is no lock here: looked for poetry.lock"));
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
    assert!(place.read(copied).contains("\ntorch==2.4.1 "), "{copied}");
    let hook = rest.lines().find_map(|line| line.trim().strip_prefix("entry: torchswap ")).unwrap();
    place.run(hook).ok();
    // A Dockerfile that has the file, and a hook, need no advice.
    place.write("Dockerfile", format!("FROM python:3.11-slim\nCOPY {copied} ./\n"));
    place.write(".pre-commit-config.yaml", rest.split_once("\n\n").unwrap().1);
    assert_eq!(place.run("init").ok(), "torchswap.toml already has targets; left unchanged.\n\n");
    // A target without an output is written to the file that the image installs.
    place.write("torchswap.toml", "[targets.gpu]\ncuda = \"12.1\"\npython = [\"3.11\"]\n");
    std::fs::remove_file(place.path().join("Dockerfile")).unwrap();
    let advice = place.run("init").ok();
    assert!(advice.contains("\ntorchswap export --target gpu -o requirements.txt\n"), "{advice}");
    assert!(advice.contains("\nCOPY requirements.txt ./\n"), "{advice}");
}

/// A project whose image is built by a Dockerfile: what init writes, and what it says of it.
fn of_image(dockerfile: &str) -> (Place, String, String, String) {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    place.write("Dockerfile", dockerfile);
    let run = place.run("init");
    assert_eq!(run.status, 0, "{}", run.stderr);
    let toml = place.read("torchswap.toml");
    (place, toml, run.stdout, run.stderr)
}

/// The three commands must lead to a file, whatever the image has.
#[test]
fn what_of_an_image_cannot_be_had_is_reported_with_its_line() {
    let image = "nvidia/cuda:12.8.0-runtime-ubuntu22.04";
    let (place, toml, _, notes) = of_image(&format!("FROM {image}\n"));
    let note = format!(
        "note: Dockerfile:1: {image}: no wheel of torch 2.4.1 for CUDA 12.8 is known; the target is for CUDA 12.1\n"
    );
    assert!(notes.contains(&note) && toml.contains("cuda = \"12.1\"  # poetry.lock:"), "{notes}{toml}");
    place.run("export --all-targets -q").ok();
    let image = "nvidia/cuda:10.2-runtime-ubuntu18.04";
    let (place, toml, advice, notes) = of_image(&format!("FROM {image}\nRUN apt-get install -y python3\n"));
    let note = format!(
        "note: Dockerfile:1: {image} has Python 3.6, but poetry.lock is locked for Python >=3.9,<3.13, which excludes 3.6; \
         the targets name no Python\n"
    );
    assert!(notes.contains(&note) && notes.contains("for CUDA 10.2 is known"), "{notes}");
    assert!(!toml.contains("python =") && advice.contains("\nCOPY requirements-docker.txt ./\n"), "{toml}");
    place.run("export --all-targets -q").ok();
    assert!(place.exists("requirements-docker.txt"));
    // Nothing is said of what is there.
    let (_, _, _, notes) = of_image("FROM nvidia/cuda:12.4.1-base-ubuntu22.04\n");
    assert_eq!(notes, "wrote torchswap.toml\n");
}

#[test]
fn an_image_without_cuda_gets_no_cuda() {
    let cpu = "RUN pip install torch==2.4.1 --index-url https://download.pytorch.org/whl/cpu\n";
    let (place, toml, advice, _) = of_image(&format!("FROM python:3.11-slim\n{cpu}"));
    assert!(
        toml.contains(
            "[targets.docker]\nplatform = \"linux-x86_64\"\ncpu = true  # Dockerfile:2: as it installs by hand\n"
        ),
        "{toml}"
    );
    assert!(!toml.contains("cuda") && advice.contains("which the file replaces:\n\nDockerfile:2: RUN pip"), "{toml}");
    place.run("export --all-targets -q").ok();
    assert!(!place.read("requirements-docker.txt").contains("+cu"));
    let (place, toml, ..) = of_image("FROM rocm/pytorch:rocm6.0_ubuntu22.04_py3.10_pytorch_release_2.3.0\n");
    assert!(toml.contains("rocm = \"6.0\"  # Dockerfile:1: rocm/pytorch") && !toml.contains("cuda"), "{toml}");
    place.run("export --all-targets -q").ok();
    assert!(place.read("requirements-docker.txt").contains("rocm6.0"));
    // Without a wheel for it there is no target, and no line that names its file.
    let (place, toml, advice, notes) = of_image("FROM rocm/dev-ubuntu-22.04:5.0\n");
    assert!(notes.contains("for ROCm 5.0 is known; there is no target for the image"), "{notes}");
    assert!(
        !toml.contains("[targets.docker]") && !advice.contains("COPY") && !advice.contains("requirements-docker"),
        "{advice}"
    );
    place.run("export --all-targets -q").ok();
}

#[test]
fn the_target_is_for_the_platform_of_the_image() {
    let cpu = "RUN pip install torch --index-url https://download.pytorch.org/whl/cpu\n";
    let (place, toml, ..) = of_image(&format!("FROM --platform=linux/arm64 python:3.11-slim\n{cpu}"));
    assert!(toml.contains("[targets.docker]\nplatform = \"linux-aarch64\"\ncpu = true"), "{toml}");
    place.run("export --all-targets -q").ok();
    place.run("audit --target docker --dockerfile Dockerfile").ok();
}

#[test]
fn what_an_image_has_or_lacks_beside_cuda_is_reported() {
    let (_, _, advice, notes) = of_image("FROM nvcr.io/nvidia/pytorch:24.12-py3\n");
    assert!(
        notes.contains("note: Dockerfile:1: nvcr.io/nvidia/pytorch:24.12-py3 has torch, which the file replaces"),
        "{notes}"
    );
    assert!(
        notes.contains("give the target provided = \"image-freeze.txt\"") && !advice.contains("break-system"),
        "{notes}"
    );
    let (_, _, _, notes) = of_image("FROM python:3.11-alpine\n");
    assert!(notes.contains("note: Dockerfile:1: python:3.11-alpine has musl, for which torch has no wheel"), "{notes}");
    let (_, _, advice, _) =
        of_image("FROM nvidia/cuda:12.4.1-runtime-ubuntu24.04\nRUN apt-get install -y python3-pip\n");
    assert!(advice.contains("\nRUN pip install --break-system-packages --no-cache-dir --require-hashes"), "{advice}");
    let place = Place::of("poetry-2.5/torch-2.4.1");
    place.write("Dockerfile", "FROM nvidia/cuda:12.4.1-base-ubuntu22.04\n");
    place.write("train/Dockerfile", "FROM nvidia/cuda:11.8.0-base-ubuntu22.04\n");
    let notes = place.run("init").stderr;
    assert!(notes.contains("note: train/Dockerfile:1: nvidia/cuda:11.8.0-base-ubuntu22.04: CUDA 11.8, for which there is no target yet\n"), "{notes}");
}

#[test]
fn a_configuration_above_is_seen() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    place.write("torchswap.toml", "[targets.a]\ncpu = true\noutput = \"a.txt\"\n");
    place.write("sub/x", "");
    let run = place.run("-C sub init");
    assert_eq!(run.stdout, "../torchswap.toml already has targets; left unchanged.\n");
    assert!(!place.exists("sub/torchswap.toml") && run.status == 0);
    // With a lock of its own it may have its own.
    place.write("sub/poetry.lock", place.read("poetry.lock"));
    place.write("sub/pyproject.toml", place.read("pyproject.toml"));
    let run = place.run("-C sub init");
    assert!(
        run.stderr.contains("note: in this folder torchswap.toml takes precedence over ../torchswap.toml\n"),
        "{}",
        run.stderr
    );
    place.run("-C sub export --all-targets -q").ok();
    // A lock that was found above is reported.
    let place = Place::of("poetry-2.5/torch-2.4.1");
    place.write("sub/x", "");
    let run = place.run("-C sub init");
    assert!(run.stderr.starts_with("note: the lock is ../poetry.lock\n"), "{}", run.stderr);
    assert!(place.read("sub/torchswap.toml").contains("lock = \"../poetry.lock\""));
}

#[test]
fn the_file_and_the_lock_can_be_named() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    let run = place.run("init --config-file gpu.toml");
    assert!(place.exists("gpu.toml") && !place.exists("torchswap.toml"));
    let advice = run.ok();
    assert!(advice.contains("\ntorchswap export --config-file gpu.toml --all-targets\n"), "{advice}");
    assert!(advice.contains("entry: torchswap check --config-file gpu.toml --fix\n"), "{advice}");
    place.run("export --config-file gpu.toml --all-targets -q").ok();
    place.run("check --config-file gpu.toml --fix").ok();
    let refused = place.run("init --config-file conf/gpu.toml").refused();
    assert!(refused.contains("conf/gpu.toml is in another folder") && refused.contains("-C DIR"), "{refused}");
    // In a pyproject.toml it is added.
    let project = place.read("pyproject.toml");
    place.run("init --config-file pyproject.toml").ok();
    let text = place.read("pyproject.toml");
    assert!(text.starts_with(project.trim_end()) && text.contains("\n\n[tool.torchswap]\n"), "{text}");
    place.run("export --all-targets -q").ok();
    assert_eq!(place.run("check").status, 0);
    assert!(place.run("init --config-file pyproject.toml").stdout.starts_with("pyproject.toml already has targets"));
    // Of two locks one is named.
    let place = Place::of("poetry-2.5/torch-2.4.1");
    place.write("uv.lock", "");
    assert!(place.run("init").refused().contains("there are poetry.lock and uv.lock here"));
    place.run("init poetry.lock").ok();
    assert!(place.read("torchswap.toml").contains("lock = \"poetry.lock\""));
}

/// What it proposes can be made: a target that cannot is left out, with the reason and what to do.
#[test]
fn a_target_that_cannot_be_made_is_left_out() {
    let place = Place::new();
    // This release has no CPU build for Linux in the tables.
    let pins = ["torch==1.9.0", "typing-extensions==4.9.0"];
    place.write("requirements.txt", pins.map(|pin| format!("{pin} --hash=sha256:{}\n", "0".repeat(64))).concat());
    place.write("Dockerfile", "FROM nvidia/cuda:11.1.1-base-ubuntu20.04\nFROM python:3.8-slim\n");
    let run = place.run("init");
    let why = "the catalogue knows no torch 1.9.0+cpu for linux-x86_64";
    let help = "it knows torch 1.9.0 there as cu102, cu111; learn it with: torchswap catalog update torch==1.9.0 --cpu";
    assert!(run.stderr.contains(&format!("note: the target ci is left out: {why}; {help}\n")), "{}", run.stderr);
    let text = place.read("torchswap.toml");
    let table = "# [targets.ci]\n# platform = \"linux-x86_64\"\n# cpu = true\n# python = [\"3.8\"]\n";
    assert!(text.contains(&format!("\n\n# {why}\n# {help}\n{table}")), "{text}");
    assert!(run.stdout.contains("\nCOPY requirements-docker.txt ./\n"), "{}", run.stdout);
    place.run("export --all-targets -q").ok();
    assert!(place.exists("requirements-docker.txt") && !place.exists("requirements-ci.txt"));
}

#[test]
fn where_no_target_can_be_made_it_says_why_and_writes_nothing() {
    let place = Place::new();
    place.write("requirements.txt", format!("idna==3.4 --hash=sha256:{}\n", "0".repeat(64)));
    for command in ["init", "init --dry-run"] {
        let refused = place.run(command).refused();
        assert!(refused.contains("has no package of the torch family") && !place.exists("torchswap.toml"), "{refused}");
    }
}
