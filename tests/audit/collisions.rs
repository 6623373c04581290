//! Packages that overwrite each other's files, and packages beside torch that do not use the GPU.

use super::lock::{Package, lock};
use super::{found, json};
use crate::support::Place;

const COLLISIONS: [&str; 5] = ["same-module", "same-library", "cpu-runtime", "useless-extra", "unloaded"];

/// A package with a wheel for everything.
fn any(name: &str, version: &str) -> Package {
    Package::new(name, version).files(&[&format!("{}-{version}-py3-none-any.whl", name.replace('-', "_"))])
}

/// Code and package of what is found of this kind in a requirements file.
fn in_lines(lines: &str, arguments: &str) -> Vec<(String, String)> {
    let place = Place::new();
    place.write("requirements.txt", lines);
    reported(&place, &format!("requirements.txt {arguments}"))
}

fn in_lock(packages: &[Package], arguments: &str) -> Vec<(String, String)> {
    let place = Place::new();
    place.write("poetry.lock", lock(packages));
    reported(&place, arguments)
}

fn reported(place: &Place, arguments: &str) -> Vec<(String, String)> {
    let all = found(&place.run(&format!("audit --report json --python 3.11 {arguments}")));
    all.into_iter().filter(|(code, _)| COLLISIONS.contains(&code.as_str())).collect()
}

fn one(code: &str, package: &str) -> Vec<(String, String)> {
    vec![(code.to_owned(), package.to_owned())]
}

#[test]
fn two_packages_of_one_module_are_reported_whatever_the_lock() {
    let place = Place::new();
    place.write(
        "poetry.lock",
        lock(&[any("onnxruntime", "1.22.0"), any("onnxruntime-gpu", "1.22.0"), any("torch", "1")]),
    );
    let run = place.run("audit --python 3.11 --severity unloaded=off --severity no-build=off");
    let message =
        "error[same-module]: onnxruntime 1.22.0 and onnxruntime-gpu 1.22.0 both install the module `onnxruntime`";
    assert_eq!((run.status, run.stdout.matches(message).count()), (1, 1), "{}", run.shown());
    let twice = |one_: &str, other: &str| in_lines(&format!("{one_}\n{other}\n"), "");
    assert_eq!(twice("xgboost==3.0.0", "xgboost-cpu==3.0.0"), one("same-module", "xgboost-cpu"));
    assert_eq!(
        twice("opencv-python-headless==4.11.0.86", "opencv-python==4.10.0.84"),
        one("same-module", "opencv-python")
    );
    // All of their files are equal.
    assert_eq!(twice("fastembed==0.6.0", "fastembed-gpu==0.6.0"), []);
    for format in ["github", "sarif"] {
        assert!(
            place.run(&format!("audit --python 3.11 --report {format}")).stdout.contains("same-module"),
            "{format}"
        );
    }
}

#[test]
fn what_is_never_installed_together_does_not_collide() {
    let lines = "onnxruntime==1.22.0 ; sys_platform == 'darwin'\nonnxruntime-gpu==1.22.0 ; sys_platform == 'linux'\ntorch==2.7.1+cu126\n";
    for platform in ["linux-x86_64", "macos-arm64"] {
        assert_eq!(in_lines(lines, &format!("--platform {platform}")), [], "{platform}");
    }
    // Which of them it is depends on the patch release.
    let patch = "faiss-cpu==1.11.0 ; python_full_version < '3.11.4'\nfaiss-gpu-cu12==1.11.0 ; python_full_version >= '3.11.4'\n";
    assert_eq!(in_lines(patch, ""), []);
    assert_eq!(in_lines(&patch.replace(">=", "<"), ""), one("same-module", "faiss-gpu-cu12"));
    let lines = lines.replace("'darwin'", "'linux'");
    assert_eq!(in_lines(&lines, ""), one("same-module", "onnxruntime-gpu"));
}

/// A wheel that holds nothing and asks for the GPU build.
#[test]
fn a_stub_collides_with_nothing() {
    let lines = "onnxruntime==1.22.0+torchswap\nonnxruntime-gpu==1.22.0\ntorch==2.7.1+cu126\n";
    assert_eq!(in_lines(lines, "--cuda 12.6"), []);
    assert_eq!(in_lines(&lines.replace("+torchswap", "+other"), "--cuda 12.6"), one("same-module", "onnxruntime-gpu"));
}

#[test]
fn libraries_for_two_releases_of_cuda_are_reported_where_they_lie_under_the_same_paths() {
    let both = |one_: &str, other: &str| in_lines(&format!("{one_}\n{other}\n"), "");
    let nccl = both("nvidia-nccl-cu12==2.27.5", "nvidia-nccl-cu13==2.28.9");
    assert_eq!(nccl, one("same-library", "nvidia-nccl-cu13"));
    let cudnn = both("nvidia-cudnn-cu11==8.9.6.50", "nvidia-cudnn-cu12==8.9.2.26");
    assert_eq!(cudnn, one("same-library", "nvidia-cudnn-cu12"));
    assert_eq!(both("nvidia-cublas-cu12==12.8.4.1", "nvidia-cublas==13.1.0.3"), []);
    assert_eq!(both("nvidia-cusparselt-cu12==0.7.1", "nvidia-cusparselt-cu13==0.8.0"), []);
    // These have the headers in common alone.
    let place = Place::new();
    place.write("requirements.txt", "nvidia-cublas-cu11==11.11.3.6\nnvidia-cublas-cu12==12.8.4.1\n");
    let report = json(&place.run("audit --report json --python 3.11 requirements.txt"));
    let headers = report["findings"].as_array().unwrap().iter().find(|one| one["code"] == "same-library").unwrap();
    assert_eq!(headers["severity"], "note");
}

/// A swap takes torch's libraries out, or brings others.
#[test]
fn the_libraries_of_the_torch_that_is_swapped_in_count() {
    let other = "aa==1.0\nnvidia-cudnn-cu11==8.9.6.50\n    # via aa\n";
    let lines = format!("{other}nvidia-cudnn-cu12==9.1.0.70\n    # via torch\ntorch==2.5.1\n");
    let clash = one("same-library", "nvidia-cudnn-cu12");
    assert_eq!(in_lines(&lines, ""), clash);
    assert_eq!(in_lines(&lines, "--cuda 12.4"), clash);
    // The wheels for CPUs need none, those for CUDA 12.4 bring one that the lock lacks.
    assert_eq!(in_lines(&lines, "--cpu"), []);
    let without = format!("{other}torch==2.5.1+cpu\n");
    assert_eq!(in_lines(&without, ""), []);
    assert_eq!(in_lines(&without, "--cuda 12.4"), one("same-library", "nvidia-cudnn-cu11"));
}

#[test]
fn a_cpu_build_is_reported_where_the_target_is_for_cuda() {
    let lines = "faiss-cpu==1.11.0\ntorch==2.7.1+cpu\n";
    let reported = one("cpu-runtime", "faiss-cpu");
    assert_eq!(in_lines(lines, "--cuda 12.6"), reported);
    assert_eq!(in_lines(lines, ""), []);
    assert_eq!(in_lines(lines, "--cpu"), []);
    assert_eq!(in_lines(lines, "--driver 580.65"), []);
    assert_eq!(in_lines("faiss-cpu==1.11.0\n", "--driver 580.65"), reported);
    // There is no GPU build of it for Linux on ARM.
    assert_eq!(in_lines(lines, "--cuda 12.6 --platform linux-aarch64"), []);
}

/// What the tables have, and nothing that would have to be guessed.
#[test]
fn the_gpu_build_that_is_advised_is_one_that_there_is() {
    let same = |gpu: &str| format!("help: its GPU build is {gpu}: lock that instead");
    let nearest =
        |gpu: &str| format!("help: there is no GPU build of this release for the target: the nearest is {gpu}\n");
    for (pin, arguments, help) in [
        ("faiss-cpu==1.11.0", "--cuda 12.6", same("faiss-gpu-cu12")),
        ("faiss-cpu==1.11.0", "--cuda 11.8", same("faiss-gpu-cu11")),
        ("faiss-cpu==1.11.0", "--driver 580.65", same("faiss-gpu-cu12")),
        ("faiss-cpu==1.15.1", "--cuda 12.6", same("faiss-gpu")),
        ("faiss-cpu==1.15.1", "--cuda 12.4", nearest("faiss-gpu-cu12 1.13.2")),
        ("faiss-cpu==1.11.0", "--cuda 13.0", "help: there is no faiss-gpu for the target's CUDA".to_owned()),
        ("onnxruntime==1.22.0", "--cuda 12.6", same("onnxruntime-gpu")),
        ("onnxruntime==1.22.0", "--cuda 13.0", nearest("onnxruntime-gpu 1.28.0")),
        // There is none of its number, and one that cannot be had.
        ("onnxruntime==1.32.0", "--cuda 13.0", nearest("onnxruntime-gpu 1.31.1")),
        ("onnxruntime==1.32.0", "--driver 580.65", nearest("onnxruntime-gpu 1.31.1")),
        ("onnxruntime==1.27.0", "--cuda 13.0", nearest("onnxruntime-gpu 1.28.0")),
        ("onnxruntime==1.29.0", "--cuda 13.0 --platform linux-aarch64", same("onnxruntime-gpu")),
        ("onnxruntime==1.28.0", "--cuda 13.0 --platform linux-aarch64", nearest("onnxruntime-gpu 1.29.0")),
        ("tensorflow-cpu==2.18.0", "--cuda 12.6", same("tensorflow")),
        // Nor one for that Python.
        ("onnxruntime==1.26.0", "--cuda 12.6 --python 3.10", nearest("onnxruntime-gpu 1.23.2")),
    ] {
        let place = Place::new();
        place.write("requirements.txt", format!("{pin}\n"));
        let run = place.run(&format!("audit --python 3.11 requirements.txt {arguments}"));
        assert!(
            run.stdout.contains("warning[cpu-runtime]: ") && run.stdout.contains(&help),
            "{pin} {arguments}: {help}\n{}",
            run.stdout
        );
    }
    // No wheel of any release is a GPU build there.
    for (pin, arguments) in [
        ("tensorflow-cpu==2.18.0", "--cuda 12.6 --platform linux-aarch64"),
        ("onnxruntime==1.31.1", "--cuda 13.0 --platform macos-arm64"),
        ("faiss-cpu==1.11.0", "--cuda 12.6 --platform linux-aarch64"),
    ] {
        assert_eq!(in_lines(&format!("{pin}\n"), arguments), [], "{pin} {arguments}");
    }
}

#[test]
fn a_cpu_build_has_no_use_for_cuda() {
    let reported = one("useless-extra", "tensorflow-cpu");
    assert_eq!(in_lines("tensorflow-cpu[and-cuda]==2.18.0\n", ""), reported);
    assert_eq!(in_lines("tensorflow-cpu==2.18.0\n", ""), []);
    assert_eq!(in_lines("tensorflow[and-cuda]==2.18.0\n", ""), []);
    let lines = "nvidia-cudnn-cu12==9.3.0.75\n    # via tensorflow-cpu\ntensorflow-cpu==2.18.0\n";
    assert_eq!(in_lines(lines, ""), reported);
    // What is no library of CUDA's, and what others ask for.
    assert_eq!(in_lines("numpy==2.0.2\n    # via tensorflow-cpu\ntensorflow-cpu==2.18.0\n", ""), []);
    assert_eq!(in_lines(&lines.replace("via tensorflow-cpu", "via jax"), ""), []);
    let needs = [any("nvidia-cudnn-cu12", "9.3.0.75"), any("tensorflow-cpu", "2.18.0").needs("nvidia-cudnn-cu12")];
    assert_eq!(in_lock(&needs, ""), reported);
}

#[test]
fn libraries_that_nothing_loads_or_brings_are_reported() {
    let reported = one("unloaded", "onnxruntime-gpu");
    assert_eq!(in_lines("onnxruntime-gpu==1.22.0\n", ""), reported);
    assert_eq!(in_lines("onnxruntime-gpu==1.22.0\n", "--platform macos-arm64"), []);
    for (version, help) in [
        ("1.20.2", "help: take an image"),
        ("1.21", "help: call onnxruntime.preload_dlls()"),
        ("1.21.0", "help: call onnxruntime.preload_dlls()"),
    ] {
        let place = Place::new();
        place.write("requirements.txt", format!("onnxruntime-gpu=={version}\n"));
        let run = place.run("audit --python 3.11 requirements.txt");
        assert!(run.stdout.contains(help), "{version}: {}", run.stdout);
    }
    assert_eq!(in_lines("onnxruntime-gpu==1.22.0\ntorch==2.7.1+cpu\n", ""), reported);
    assert_eq!(in_lines("onnxruntime-gpu==1.22.0\ntorch==2.7.1+cpu\n", "--cuda 12.6"), []);
    assert_eq!(in_lines("onnxruntime-gpu==1.22.0\ntorch==2.7.1+cu126\n", ""), []);
    let reported = one("unloaded", "ctranslate2");
    assert_eq!(in_lines("ctranslate2==4.6.0\n", ""), []);
    assert_eq!(in_lines("ctranslate2==4.6.0\n", "--cuda 12.6"), reported);
    assert_eq!(in_lines("ctranslate2==3.24.0\n", "--cuda 12.6"), []);
    assert_eq!(in_lines("ctranslate2==4.6.0\ntorch==2.7.1+cu126\n", ""), []);
    let libraries = "ctranslate2==4.6.0\nnvidia-cublas-cu12==12.6.4.1\nnvidia-cudnn-cu12==9.5.1.17\n";
    assert_eq!(in_lines(libraries, "--cuda 12.6"), []);
    for library in ["nvidia-cublas-cu12", "nvidia-cudnn-cu12"] {
        assert_eq!(in_lines(&libraries.replace(library, "other"), "--cuda 12.6"), reported, "{library}");
    }
    let place = Place::new();
    place.write("requirements.txt", "onnxruntime-gpu==1.22.0\n");
    for (base, count) in [("12.6.3-cudnn-runtime-ubuntu22.04", 0), ("12.6.3-runtime-ubuntu22.04", 1)] {
        place.write("Dockerfile", format!("FROM nvidia/cuda:{base}\nRUN apt-get install -y python3.11\n"));
        let run = place.run("audit --python 3.11 --dockerfile Dockerfile requirements.txt");
        assert_eq!(run.stdout.matches("note[unloaded]").count(), count, "{base}: {}", run.stdout);
    }
}
