//! `--share-libraries`: one set of CUDA libraries for torch and everything else that needs them.

use super::{ZEROS, digests, lock};
use crate::support::{Place, Run};

/// What tensorflow needs beside CUDA's libraries, but for its own version's tensorboard.
const BASE: [&str; 22] = [
    "absl-py==2.1.0",
    "astunparse==1.6.3",
    "flatbuffers==25.1",
    "gast==0.6.0",
    "google-pasta==0.2.0",
    "grpcio==1.66.0",
    "h5py==3.12.0",
    "keras==3.6.0",
    "libclang==18.1.1",
    "ml-dtypes==0.5.1",
    "numpy==1.26.4",
    "opt-einsum==3.4.0",
    "packaging==24.0",
    "protobuf==5.29",
    "requests==2.32.0",
    "setuptools==70.2",
    "six==1.16.0",
    "tensorboard==2.19.0",
    "tensorflow-io-gcs-filesystem==0.37.1",
    "termcolor==2.4.0",
    "typing-extensions==4.12.2",
    "wrapt==1.16.0",
];

const TORCH: [&str; 6] =
    ["filelock==3.16.1", "fsspec==2024.9.0", "jinja2==3.1.4", "networkx==3.4", "sympy==1.13.3", "torch==2.7.1"];

fn place(tensorflow: &str) -> Place {
    let place = Place::new();
    let text = lock(&BASE).replace("tensorboard==2.19.0", &format!("tensorboard=={tensorflow}"));
    place.write("requirements.txt", text + &lock(&TORCH) + &lock(&[&format!("tensorflow-cpu=={tensorflow}")]));
    place
}

const EXPORT: &str = "export -v --cuda 12.6 --python 3.11 --also tensorflow-cpu -o out.txt";

fn export(place: &Place, more: &str) -> Run {
    place.run(&format!("{EXPORT} {more} requirements.txt"))
}

#[test]
fn older_releases_are_refused_with_both_pins_and_the_way_out() {
    let place = place("2.19.0");
    let message = export(&place, "").refused();
    assert!(
        message.contains(
            "error: tensorflow 2.19.0 needs nvidia-cudnn-cu12==9.3.0.75, torch 2.7.1+cu126 needs \
             nvidia-cudnn-cu12==9.5.1.17: no release meets both (CPython 3.11)\n  help: --share-libraries keeps torch's \
             nvidia-cudnn-cu12 9.5.1.17, the newer of the two"
        ),
        "{message}"
    );
    assert_eq!(message.matches("--share-libraries").count(), 11, "{message}");
}

#[test]
fn torchs_newer_releases_are_shared_and_the_extra_is_not_named() {
    let place = place("2.19.0");
    let run = export(&place, "--share-libraries");
    let note = "note: tensorflow 2.19.0 shares torch's nvidia-cublas-cu12 12.6.4.1 (asked: 12.5.3.2), ";
    assert!(run.stderr.contains(note), "{}", run.stderr);
    run.ok();
    let text = place.read("out.txt");
    assert_eq!(text.matches("\n# tensorflow 2.19.0 shares nvidia-").count(), 11, "{text}");
    for part in [
        "\n# tensorflow 2.19.0 shares nvidia-cudnn-cu12 9.5.1.17 (asked: 9.3.0.75)\n",
        " --share-libraries ",
        "\nnvidia-cudnn-cu12==9.5.1.17 \\\n",
        // What torch does not bring along.
        "\nnvidia-cuda-nvcc-cu12==12.5.82 \\\n",
        "\ntensorflow==2.19.0 \\\n",
        "\ntensorflow-cpu==2.19.0+torchswap \\\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("[and-cuda]"), "{text}");
    // What is made of an output is the output, and a check makes the same again.
    let again = place.run(&format!("{} --share-libraries out.txt", EXPORT.replace("out.txt", "again.txt")));
    assert!(!again.stderr.contains("added") && !again.stderr.contains("removed"), "{}", again.stderr);
    again.ok();
    assert_eq!(place.read("again.txt"), text);
    place.run("check out.txt").ok();
}

#[test]
fn a_target_says_it_with_a_key() {
    let place = place("2.19.0");
    let target = "[targets.a]\ncuda = \"12.6\"\npython = \"3.11\"\nalso = \"tensorflow-cpu\"\noutput = \"out.txt\"\n";
    place.write("torchswap.toml", format!("lock = \"requirements.txt\"\n{target}"));
    place.run("export --target a").refused();
    // The flag is added to what the target has; it does not take its `also` away.
    place.run("export --target a --share-libraries -o flag.txt").ok();
    place.write("torchswap.toml", format!("lock = \"requirements.txt\"\n{target}share-libraries = true\n"));
    place.run("export --target a").ok();
    let body = |file: &str| place.read(file).lines().filter(|line| !line.starts_with("# Command")).collect::<String>();
    assert_eq!(body("out.txt"), body("flag.txt"));
    place.run("check").ok();
}

#[test]
fn where_all_fits_the_extra_is_named_and_nothing_is_shared() {
    let place = place("2.20.0");
    let lock = place.read("requirements.txt");
    let lock = lock.replace("keras==3.6.0", "keras==3.10.0").replace("h5py==3.12.0", "h5py==3.12.1");
    place.write("requirements.txt", lock);
    let run = export(&place, "--share-libraries");
    assert!(!run.stderr.contains("shares"), "{}", run.stderr);
    run.ok();
    let text = place.read("out.txt");
    assert!(text.contains("\ntensorflow[and-cuda]==2.20.0 \\\n") && !text.contains("shares"), "{text}");
}

#[test]
fn another_major_version_or_an_older_release_of_torchs_is_not_shared() {
    let place = place("2.17.0");
    let message = export(&place, "--share-libraries").refused();
    let cudnn = "tensorflow 2.17.0 needs nvidia-cudnn-cu12==8.9.7.29, torch 2.7.1+cu126 needs \
                 nvidia-cudnn-cu12==9.5.1.17: no release meets both (CPython 3.11)\n  help: ";
    let help = message.split(cudnn).nth(1).unwrap_or_else(|| panic!("{message}"));
    assert!(!help.lines().next().unwrap().contains("--share-libraries"), "{message}");
    assert!(!message.contains("nvidia-cublas-cu12"), "{message}");
    // Newer than torch's.
    let place = super::place(&super::onnx("1.22.0"));
    let lock = place.read("requirements.txt") + &format!("torch==2.3.1 {ZEROS}\n");
    place.write("requirements.txt", lock);
    let export = "export --share-libraries --cuda 12.1 --python 3.11 --also onnxruntime -o out.txt requirements.txt";
    let message = place.run(export).refused();
    assert!(message.contains("no release meets both") && !message.contains("--share-libraries"), "{message}");
}

/// An installer reads what a wheel asks for whatever is named, so what does not hang on an extra is not shared.
#[test]
fn what_a_wheel_asks_for_without_an_extra_is_not_shared() {
    let place = Place::new();
    place.write(
        "requirements.txt",
        lock(&TORCH) + &lock(&["xgboost-cpu==3.0.0", "numpy==1.26.4", "scipy==1.14.0", "typing-extensions==4.12.2"]),
    );
    let catalogue = |versions: &str| {
        format!("requires\txgboost\t3.0.0\tpypi\t*\toverride\tours\tnumpy\tscipy\tnvidia-nccl-cu12{versions}\n")
    };
    place.write("team.tsv", catalogue("==2.21.5"));
    let export = "export --share-libraries --cuda 12.6 --python 3.11 --also xgboost --catalog team.tsv -o out.txt requirements.txt";
    let message = place.run(export).refused();
    assert!(
        message.contains("xgboost 3.0.0 needs nvidia-nccl-cu12==2.21.5") && !message.contains("--share-libraries"),
        "{message}"
    );
    place.write("team.tsv", catalogue(">=2.21.5"));
    place.run(export).ok();
}

const TAGS: &str = "cp311-cp311-manylinux_2_28_x86_64";

/// Poetry finds what is to be installed by what an entry asks for.
#[test]
fn an_entry_of_a_lock_asks_for_what_is_shared() {
    let place = place("2.19.0");
    let names = [&BASE[..], &TORCH[..], &["tensorflow-cpu==2.19.0"]].concat();
    let entries = names.iter().map(|pin| {
        let (name, version) = pin.split_once("==").unwrap();
        // The default index's torch, which is for CUDA 12.6 already.
        let (tags, digest) = match name {
            "torch" => (TAGS, digests("torch", "2.7.1", &format!("\tpypi\ttorch-2.7.1-{TAGS}.whl\t")).concat()),
            _ => ("py3-none-any", "0".repeat(64)),
        };
        let file = format!("{}-{version}-{tags}.whl", name.replace('-', "_"));
        let files = format!("files = [\n    {{file = \"{file}\", hash = \"sha256:{digest}\"}},\n]\n");
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\ndescription = \"\"\noptional = false\n\
             python-versions = \"*\"\ngroups = [\"main\"]\n{files}\n"
        )
    });
    let metadata = "[metadata]\nlock-version = \"2.1\"\npython-versions = \"~3.11\"\ncontent-hash = \"00\"\n";
    place.write("poetry.lock", entries.collect::<String>() + metadata);
    place.run("rewrite --cuda 12.6 --python 3.11 --also tensorflow-cpu --share-libraries poetry.lock").ok();
    let text = place.read("poetry.lock");
    let entry = text.split("[[package]]\n").find(|entry| entry.starts_with("name = \"tensorflow\"\n")).unwrap();
    assert!(entry.contains("nvidia-cudnn-cu12 = {version = \"9.5.1.17\", optional = true, markers = "), "{entry}");
    assert!(entry.contains("nvidia-cuda-nvcc-cu12 = {version = \"12.5.82\", optional = true"), "{entry}");
    assert!(!entry.contains("9.3.0.75"), "{entry}");
    let again = place.run("rewrite -v --cuda 12.6 --python 3.11 --also tensorflow-cpu --share-libraries poetry.lock");
    assert!(!again.stderr.contains("added") && !again.stderr.contains("removed"), "{}", again.stderr);
    again.ok();
    assert_eq!(place.read("poetry.lock"), text);
}
