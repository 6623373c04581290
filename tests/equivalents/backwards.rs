//! The other direction: GPU builds become CPU builds (`--cpu --also`).

use super::{TENSORFLOW, ZEROS, digests, export, lock, onnx, place};

/// Nothing is known of the CPU builds of these, and what is not known is not made up.
#[test]
fn a_cpu_build_that_the_catalogue_lacks_is_named() {
    for (pin, name, cpu) in [
        ("onnxruntime-gpu==1.22.0", "onnxruntime", "onnxruntime 1.22.0"),
        ("onnxruntime-gpu==1.22.0", "all", "onnxruntime 1.22.0"),
        ("faiss-gpu-cu12==1.11.0", "faiss-cpu", "faiss-cpu 1.11.0"),
        ("faiss-gpu-cu11==1.12.0", "all", "faiss-cpu 1.12.0"),
        ("faiss-gpu==1.15.1", "faiss-gpu", "faiss-cpu 1.15.1"),
    ] {
        for more in ["", " --nearest"] {
            let message = export(&lock(&[pin]), &format!("--cpu --python 3.11 --also {name}{more}")).refused();
            let (package, _) = cpu.split_once(' ').unwrap();
            let why = format!("{cpu} would take its place, and the catalogue has no wheel of {package}\n");
            assert!(message.contains(&why), "{why}: {message}");
            assert!(message.contains("--catalog FILE"), "{message}");
        }
    }
}

/// A project that has its wheels in a catalogue of its own gets them.
#[test]
fn a_cpu_build_of_the_projects_catalogue_is_taken() {
    // No advice says that what goes stays beside a torch that it does not fit.
    let torch = ["torch==2.7.1", "filelock==3.16.1", "fsspec==2024.9.0", "jinja2==3.1.4", "networkx==3.4"];
    let torch = lock(&torch) + &lock(&["typing-extensions==4.12.2"]);
    let place = place(&(onnx("1.22.0").replace("onnxruntime", "onnxruntime-gpu") + &torch));
    let file = "onnxruntime-1.22.0-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl";
    let (index, digest) = ("https://wheels.example/cpu", "1".repeat(64));
    place.write(
        "own.tsv",
        format!(
            "wheel\tonnxruntime\t1.22.0\tcpu\t{index}\t{file}\t{digest}\t-\t1\t-\t-\n\
             requires\tonnxruntime\t1.22.0\t{index}\t*\tby-hand\t-\tnumpy>=1.21.6\n"
        ),
    );
    let run = place.run("export -v --cpu --python 3.11 --catalog own.tsv -o out.txt requirements.txt");
    assert!(run.stderr.contains("onnxruntime-gpu 1.22.0: stays as locked, for "), "{}", run.stderr);
    let run =
        place.run("export -v --cpu --python 3.11 --also onnxruntime --catalog own.tsv -o out.txt requirements.txt");
    assert!(!run.stderr.contains("stays as locked"), "{}", run.stderr);
    run.ok();
    let text = place.read("out.txt");
    assert!(text.contains("\nonnxruntime-gpu==1.22.0+torchswap "), "{text}");
    assert!(text.contains(&format!("\nonnxruntime @ {index}/{file}")) && text.contains(&digest), "{text}");
}

/// Its CPU build has the same extra, which would bring them all again.
#[test]
fn an_extra_that_brings_the_libraries_of_gpus_goes_with_the_gpu_build() {
    let libraries = ["nvidia-cublas-cu12==12.5.3.2", "nvidia-cudnn-cu12==9.3.0.75"];
    let text = lock(&TENSORFLOW) + &lock(&["tensorflow[and-cuda]==2.18.0"]) + &lock(&libraries);
    let place = place(&text);
    place.run("export --cpu --python 3.11 --also all -o out.txt requirements.txt").ok();
    let out = place.read("out.txt");
    assert!(out.contains("\ntensorflow-cpu==2.18.0 ") && !out.contains("nvidia-"), "{out}");
}

#[test]
fn tensorflow_becomes_its_cpu_build_and_the_libraries_go() {
    let libraries = ["nvidia-cublas-cu12==12.5.3.2", "nvidia-cudnn-cu12==9.3.0.75"]
        .map(|pin| format!("{pin} {ZEROS}\n    # via tensorflow\n"));
    let text = lock(&TENSORFLOW) + &lock(&["tensorflow==2.18.0"]) + &libraries.concat();
    for name in ["tensorflow", "tensorflow-cpu", "all"] {
        let place = place(&text);
        let run = place.run(&format!("export -v --cpu --python 3.11 --also {name} -o out.txt requirements.txt"));
        assert!(
            run.stderr.contains("tensorflow 2.18.0 -> 2.18.0+torchswap: a stub that requires tensorflow-cpu"),
            "{}",
            run.stderr
        );
        assert!(
            run.stderr.contains("removed  nvidia-cudnn-cu12 9.3.0.75: nothing needs it any more"),
            "{}",
            run.stderr
        );
        run.ok();
        let out = place.read("out.txt");
        let digest = digests("tensorflow-cpu", "2.18.0", "-cp311-cp311-manylinux_2_17_x86_64").concat();
        assert!(out.contains(&format!("\ntensorflow-cpu==2.18.0 \\\n    --hash=sha256:{digest}\n")), "{out}");
        assert!(out.contains("\ntensorflow==2.18.0+torchswap ") && !out.contains("nvidia"), "{out}");
    }
    // There is none for another platform.
    let message = place(&text)
        .run("export --cpu --platform windows-x86_64 --python 3.11 --also tensorflow requirements.txt --without-hashes")
        .refused();
    assert!(message.contains("tensorflow-cpu 2.18.0 has no wheel for windows-x86_64"), "{message}");
}

/// Each would be a stub that the other stands for, and nothing would be installed.
#[test]
fn what_was_swapped_is_not_swapped_back() {
    let text = lock(&["numpy==2.1.0", "scipy==1.14.0", "xgboost-cpu==3.0.0"]);
    let place = place(&text);
    place.run("export --cuda 12.6 --python 3.11 --also all -o gpu.txt requirements.txt").ok();
    assert!(place.read("gpu.txt").contains("xgboost-cpu==3.0.0+torchswap"));
    let message = place.run("export --cpu --python 3.11 --also all -o cpu.txt gpu.txt").refused();
    assert!(
        message
            .contains("xgboost replaces xgboost-cpu 3.0.0+torchswap, which is a stub: this lock was swapped already"),
        "{message}"
    );
    assert!(!place.exists("cpu.txt"));
}

/// Its part for GPUs comes with an extra that the lock asks for; an output without it would not install.
#[test]
fn what_is_beside_a_package_for_gpus_is_not_kept_silently() {
    let jax = ["jax==0.6.2", "jaxlib==0.6.2", "jax-cuda12-plugin==0.6.2", "jax-cuda12-pjrt==0.6.2"];
    for name in ["all", "jax", "jaxlib", "jax-cuda12-plugin"] {
        let message = export(&lock(&jax), &format!("--cpu --python 3.11 --also {name}")).refused();
        let why = "error: jax-cuda12-plugin is the part of jax for GPUs, and is not taken out for the CPU\n";
        assert!(message.contains(why), "{message}");
    }
    export(&lock(&jax[..2]), "--cpu --python 3.11 --also all --allow-none").ok();
}
