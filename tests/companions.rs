//! Packages beside torch: builds that they do not have at all, and what is bound to a GPU by its name or its label.

use crate::support::{Place, Run};

const BASE: &str = "filelock==3.13.1\nfsspec==2024.2.0\njinja2==3.1.3\nmarkupsafe==2.1.5\nmpmath==1.3.0\n\
                    networkx==3.1\nnumpy==1.26.4\npillow==10.3.0\nsetuptools==69.0.3\nsympy==1.13.1\n\
                    typing-extensions==4.12.2\n";

fn place(text: &str) -> Place {
    let place = Place::new();
    place.write("requirements.txt", format!("{text}\n{BASE}"));
    place
}

fn export(text: &str, arguments: &str) -> Run {
    place(text).run(&format!("export {arguments} --without-hashes requirements.txt"))
}

// Builds that cannot be.

#[test]
fn a_build_that_a_package_does_not_have_at_all_is_not_to_be_learned() {
    for (lines, arguments, why) in [
        (
            "torch==2.5.1\nxformers==0.0.29",
            "--cpu --python 3.11",
            "xformers has no CPU build at all; it has CUDA and ROCm",
        ),
        ("torch==2.5.1\nxformers==0.0.29", "--platform macos-arm64 --python 3.11", "xformers has no CPU build at all"),
        (
            "torch==2.6.0\ntorchtext==0.18.0",
            "--cpu --python 3.13",
            "torchtext 0.18.0 has one build for all, and none of its wheels is for linux-x86_64 with this Python",
        ),
        (
            "torch==1.13.1",
            "--cuda 11.7 --platform linux-aarch64 --python 3.10",
            "torch 1.13.1 has no CUDA build for linux-aarch64: those begin with torch 2.4.1",
        ),
        (
            "torch==2.7.1",
            "--rocm 6.3 --platform windows-x86_64 --python 3.11",
            "no package of torch's family has ROCm builds for windows-x86_64",
        ),
    ] {
        let message = export(lines, arguments).refused();
        assert!(message.contains(why) && !message.contains("catalog update"), "{arguments}: {message}");
        assert!(message.contains("help: "), "{message}");
    }
    // A build of a kind that the package has may yet be learned.
    let message = export("torch==2.5.1\nxformers==0.0.29", "--cuda 12.4 --python 3.11").refused();
    assert!(message.contains("torchswap catalog update xformers==0.0.29 --cuda 12.4"), "{message}");
}

#[test]
fn a_wheel_without_compiled_code_serves_every_build() {
    for arguments in ["--platform macos-arm64", "--platform linux-aarch64 --cpu"] {
        let run = export("torch==2.8.0\ntorchao==0.13.0", &format!("{arguments} --python 3.11"));
        assert!(run.ok().contains("\ntorchao==0.13.0\n"), "{arguments}");
    }
    // Where there is one with compiled code, that one is taken, and it is built for something.
    let message = export("torch==2.8.0\ntorchao==0.17.0", "--cpu --python 3.11").refused();
    assert!(message.contains("no torchao 0.17.0+cpu"), "{message}");
}

#[test]
fn a_row_of_a_project_does_not_make_a_companion_with_one_build_one_by_backend() {
    let place = place("torch==2.3.1\ntorchtext==0.18.0");
    let row = format!(
        "wheel\ttorchtext\t0.18.0+cu121\tcu121\thttps://wheels.example/cu121\t\
         torchtext-0.18.0+cu121-cp311-cp311-linux_x86_64.whl\t{}\t-\t1\t-\t-\n",
        "a".repeat(63) + "b"
    );
    place.write("ours.tsv", row);
    let run = place.run("export --cuda 12.1 --python 3.11 --without-hashes --catalog ours.tsv requirements.txt");
    assert!(!run.stderr.contains("swapped   torchtext"), "{}", run.stderr);
    assert!(run.ok().contains("\ntorchtext==0.18.0\n"));
}

#[test]
fn the_second_host_of_pytorch_serves_the_same_files() {
    let url = "https://download-r2.pytorch.org/whl/cpu/torch-2.3.1%2Bcpu-cp311-cp311-linux_x86_64.whl";
    let run = export(&format!("torch @ {url}"), "--cpu --python 3.11");
    assert!(run.stderr.contains("kept  torch 2.3.1+cpu: already a cpu build"), "{}", run.stderr);
}

#[test]
fn a_torch_of_a_repository_has_no_other_build() {
    let place = Place::new();
    let lock = "[[package]]\nname = \"torch\"\nversion = \"2.3.1\"\ndescription = \"\"\noptional = false\n\
                python-versions = \">=3.8\"\nfiles = []\ndevelop = false\n\n[package.source]\ntype = \"git\"\n\
                url = \"https://git.example/pytorch.git\"\nreference = \"HEAD\"\nresolved_reference = \"0123abc\"\n\n\
                [metadata]\nlock-version = \"2.0\"\npython-versions = \"~3.11\"\n\
                content-hash = \"0000000000000000000000000000000000000000000000000000000000000000\"\n";
    place.write("poetry.lock", lock);
    place.write("pyproject.toml", "[tool.poetry]\nname = \"app\"\nversion = \"1\"\n[tool.poetry.dependencies]\npython = \"~3.11\"\ntorch = { git = \"https://git.example/pytorch.git\" }\n");
    let message = place.run("export --cuda 12.1 --without-hashes").refused();
    let why = "torch comes from a repository or a folder: there is no cu121 wheel to take its place";
    assert!(message.contains(why) && message.contains("help: lock a released version of it"), "{message}");
}
