//! Packages that are not swapped, and the reasons given.

use super::{ZEROS, export, lock, onnx};

fn refused(text: &str, arguments: &str) -> String {
    export(text, &format!("--python 3.11 {arguments}")).refused()
}

#[test]
fn each_reason_is_reported() {
    let torch = format!("torch==2.4.1 {ZEROS}\n");
    for (text, arguments, why) in [
        (
            onnx("1.20.1"),
            "--cuda 12.6",
            "there is no release 1.20.1 of onnxruntime-gpu; the nearest for CUDA 12.6 is 1.20.2",
        ),
        (
            onnx("1.32.0"),
            "--cuda 13.0",
            "there is no release 1.32.0 of onnxruntime-gpu; the nearest for CUDA 13.0 is 1.31.1",
        ),
        // The nearest number is for another CUDA, or the release of another name.
        (
            onnx("1.32.0"),
            "--cuda 12.6",
            "there is no release 1.32.0 of onnxruntime-gpu; the nearest for CUDA 12.6 is 1.26.0",
        ),
        (
            lock(&["faiss-cpu==1.9.0"]),
            "--cuda 12.6",
            "there is no release 1.9.0 of faiss-gpu-cu12; the nearest for CUDA 12.6 is 1.9.0.post1",
        ),
        (
            lock(&["tensorflow==2.11.0"]),
            "--cpu",
            "there is no release 2.11.0 of tensorflow-cpu; the nearest for CPU is 2.11.1",
        ),
        (
            onnx("1.28.0"),
            "--cuda 12.6",
            "onnxruntime-gpu 1.28.0 is built for CUDA 13, the target is CUDA 12.6: 1.26.0 is the last release for that",
        ),
        (
            onnx("1.22.0"),
            "--cuda 13.0",
            "onnxruntime-gpu 1.22.0 is built for CUDA 12, the target is CUDA 13.0: 1.28.0 is the first release for that",
        ),
        (
            onnx("1.28.0"),
            "--cuda 13.0 --platform linux-aarch64",
            "onnxruntime-gpu 1.28.0 has no wheel for linux-aarch64; 1.29.0 is the first that has one",
        ),
        (
            onnx("1.27.0"),
            "--cuda 13.0",
            "onnxruntime-gpu 1.27.0 cannot be had: extra cuda asks for nvidia-*-cu13~=13.0",
        ),
        (
            lock(&["faiss-cpu==1.15.1"]),
            "--cuda 12.4",
            "faiss-gpu 1.15.1 is built for CUDA 12.6 or a newer 12, the target is CUDA 12.4: 1.13.2 is the last release for that",
        ),
        (
            onnx("1.18.1") + &torch,
            "--cuda 11.8",
            "onnxruntime-gpu 1.18.1 needs cudnn 8, but torch 2.4.1+cu118 brings nvidia-cudnn-cu11 9.1.0.70",
        ),
        (
            onnx("1.22.0") + &torch.replace("2.4.1", "2.3.1"),
            "--cuda 12.1",
            "onnxruntime-gpu 1.22.0 needs nvidia-cudnn-cu12~=9.0, torch 2.3.1+cu121 needs nvidia-cudnn-cu12==8.9.2.26: no release meets both",
        ),
        (
            onnx("1.22.0") + &torch.replace("2.4.1", "2.3.1"),
            "--cuda 12.1",
            "help: torch 2.4.0 is the nearest release whose cu121 build fits",
        ),
        // There it has the very code of the CPU build.
        (
            lock(&["tensorflow-cpu==2.18.0"]),
            "--cuda 12.6 --platform linux-aarch64",
            "tensorflow 2.18.0 is no GPU build on linux-aarch64",
        ),
        (
            lock(&["faiss-cpu==1.11.0", "numpy==2.1.0", "packaging==24.0"]),
            "--cuda 12.6",
            "faiss-gpu-cu12 1.11.0 needs numpy<2, but the lock has numpy 2.1.0",
        ),
    ] {
        let message = refused(&text, &format!("{arguments} --also all"));
        assert!(message.contains(why), "{why}: {message}");
    }
}

#[test]
fn a_python_without_a_wheel_is_left_out_or_refused() {
    let text = onnx("1.26.0");
    let message = export(&text, "--python 3.10 --cuda 12.6 --also onnxruntime").refused();
    assert!(
        message.contains("onnxruntime-gpu 1.26.0 has wheels for CPython 3.11, 3.12, 3.13, 3.14 on linux-x86_64"),
        "{message}"
    );
    let run = export(&text, "--cuda 12.6 --also onnxruntime");
    assert!(run.stderr.contains("left out CPython"), "{}", run.stderr);
    run.ok();
}

#[test]
fn what_is_no_release_of_an_index_is_not_swapped() {
    let url = "onnxruntime @ https://wheels.example/onnxruntime-1.22.0-cp311-cp311-linux_x86_64.whl";
    for pin in ["onnxruntime==1.22.0+corp", url] {
        let message = refused(&lock(&[pin]), "--cuda 12.6 --also onnxruntime");
        assert!(message.contains("is not a release of an index"), "{message}");
    }
    let message =
        export("onnxruntime>=1.20\n", "--python 3.11 --cuda 12.6 --also onnxruntime --without-hashes").refused();
    assert!(message.contains("onnxruntime is not pinned to one version"), "{message}");
}

#[test]
fn names_that_mean_nothing_are_refused() {
    for (arguments, why) in [
        ("--cuda 12.6 --also onnxruntme", "did you mean `onnxruntime`?"),
        ("--cuda 12.6 --also requests", "there are: faiss-cpu, jax, onnxruntime, tensorflow, "),
        ("--cuda 12.6 --also faiss-cpu", "the lock has no package faiss-cpu, which --also names"),
        ("--rocm 6.3 --also all", "known to have a ROCm 6.3 build of another name"),
        ("--also all", "--also swaps for a build, and none is named"),
    ] {
        let message = refused(&onnx("1.22.0"), arguments);
        assert!(message.contains(why), "{arguments}: {message}");
    }
}
