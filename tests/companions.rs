//! Packages beside torch: builds that do not exist, and packages that are bound to a GPU by their name or label.

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
    place(text).run(&format!("export -v {arguments} --without-hashes requirements.txt"))
}

// Builds that cannot be.

/// What the release matrix says of the torch that it goes with proves nothing where a wheel of the build is known.
#[test]
fn a_companion_that_was_built_somewhere_is_not_said_never_to_be() {
    let place = place("torch==2.7.1\ntorchvision==0.24.0");
    let export = "export --cuda 11.8 --python 3.11 --without-hashes --catalog own.tsv requirements.txt";
    place.write("own.tsv", "");
    let reported = place.run(export).refused();
    assert!(
        reported.contains("torchvision 0.24.0 goes with torch 2.9.0, and torch 2.9.0 has no cu118 build"),
        "{reported}"
    );
    let file = "torchvision-0.24.0+cu118-cp311-cp311-win_amd64.whl";
    let row = format!(
        "wheel\ttorchvision\t0.24.0+cu118\tcu118\thttps://a.example/x\t{file}\t{}\t-\t1\t-\t-\n",
        "0".repeat(64)
    );
    place.write("own.tsv", row);
    let reported = place.run(export).refused();
    assert!(reported.contains("the catalogue knows no torchvision 0.24.0+cu118 for linux-x86_64"), "{reported}");
}

/// The first torch and the last one with wheels for a Python have them, so a companion of either may have one, too.
#[test]
fn a_companion_is_ruled_out_beyond_the_ends_of_its_torch_alone() {
    for (torch, is_out) in [("2.1.2", true), ("2.2.0", false), ("2.2.2", false), ("2.3.0", true)] {
        let place = place("torch==2.2.2\ntorchvision==0.99.0");
        let (file, digest) = ("torchvision-0.99.0-cp312-cp312-manylinux1_x86_64.whl", "0".repeat(64));
        let row = format!("wheel\ttorchvision\t0.99.0\tcpu\thttps://a.example/x\t{file}\t{digest}\t-\t1\t-\t-\n");
        let list = format!("requires\ttorchvision\t0.99.0\thttps://a.example/x\t*\tby-hand\t-\ttorch=={torch}\n");
        place.write("own.tsv", row + &list);
        let target = "--platform macos-x86_64 --python 3.12 --without-hashes --catalog own.tsv";
        let reported = place.run(&format!("export {target} requirements.txt")).refused();
        let out =
            format!("torchvision 0.99.0 goes with torch {torch}, and torch {torch} has no wheel for macos-x86_64");
        assert_eq!(
            (reported.contains(&out), reported.contains("catalog update")),
            (is_out, !is_out),
            "{torch}: {reported}"
        );
    }
}

/// Where there is a wheel of it for the Python, whatever the build, the history of its torch proves nothing.
#[test]
fn a_companion_with_a_wheel_of_another_build_for_the_python_is_not_ruled_out() {
    for (python, is_out) in [("cp311", true), ("cp312", false)] {
        let place = place("torch==2.2.2\ntorchvision==0.99.0");
        let (file, digest) = (format!("torchvision-0.99.0+cpu-{python}-{python}-linux_x86_64.whl"), "0".repeat(64));
        let row = format!("wheel\ttorchvision\t0.99.0+cpu\tcpu\thttps://a.example/x\t{file}\t{digest}\t-\t1\t-\t-\n");
        let list = "requires\ttorchvision\t0.99.0+cpu\thttps://a.example/x\t*\tby-hand\t-\ttorch==2.1.2\n";
        place.write("own.tsv", row + list);
        let target = "--cuda 12.1 --python 3.12 --without-hashes --catalog own.tsv";
        let reported = place.run(&format!("export {target} requirements.txt")).refused();
        let out = "torchvision 0.99.0 goes with torch 2.1.2, and torch 2.1.2 has no wheel for linux-x86_64";
        assert_eq!(
            (reported.contains(out), reported.contains("catalog update")),
            (is_out, !is_out),
            "{python}: {reported}"
        );
    }
}

/// A CPU wheel of the other C++ interface is not the CPU build that people mean.
#[test]
fn a_build_that_its_label_says_is_another_is_not_named_as_known() {
    let place = place("torch==2.99.0");
    let (file, digest) = ("torch-2.99.0+cpu.cxx11.abi-cp312-cp312-linux_x86_64.whl", "0".repeat(64));
    let row = format!("wheel\ttorch\t2.99.0+cpu.cxx11.abi\tcpu\thttps://a.example/x\t{file}\t{digest}\t-\t1\t-\t-\n");
    place.write("own.tsv", row);
    let reported =
        place.run("export --cuda 13.0 --python 3.12 --without-hashes --catalog own.tsv requirements.txt").refused();
    assert!(
        reported.contains("the catalogue knows no torch 2.99.0+cu130") && !reported.contains("it knows"),
        "{reported}"
    );
}

/// What they lack would only hide the reason; what else is wrong with them is reported.
#[test]
fn where_torch_itself_cannot_be_nothing_is_said_of_its_companions() {
    let lines = "torch==2.1.2\n    # via -r requirements.in\ntorchvision==0.16.2\ntorchaudio";
    let reported = export(lines, "--cuda 12.4 --python 3.11").refused();
    let errors: Vec<&str> = reported.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 2, "{reported}");
    assert!(errors.iter().any(|error| error.contains("torch 2.1.2 has no cu124 build")), "{reported}");
    assert!(errors.contains(&"error: torchaudio is not pinned to one version"), "{reported}");
    // That it is not known is no reason: the companions may be unknown, too.
    let reported = export("torch==2.99.0\ntorchvision==0.99.0", "--cuda 13.0 --python 3.12").refused();
    assert!(
        reported.contains("knows no torch 2.99.0+cu130") && reported.contains("knows no torchvision 0.99.0+cu130"),
        "{reported}"
    );
}

#[test]
fn a_build_that_a_package_does_not_have_at_all_is_not_to_be_learned() {
    for (lines, arguments, why) in [
        (
            "torch==2.5.1\nxformers==0.0.29",
            "--cpu --python 3.11",
            "xformers has no CPU build at all; it has CUDA and ROCm",
        ),
        (
            "torch==2.5.1\nxformers==0.0.29",
            "--platform macos-arm64 --python 3.11",
            "help: leave xformers out for this target: --no-emit-package xformers",
        ),
        (
            "torch==2.2.2\ntorchaudio==2.11.0",
            "--platform macos-x86_64 --python 3.11",
            "torchaudio 2.11.0 goes with torch 2.11.0, and torch 2.11.0 has no wheel for macos-x86_64 and this Python: \
             those end with torch 2.2.2",
        ),
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
    // Of a torch that is newer than all that is known nothing is proven, but an end is reported.
    let message = export("torch==2.99.0", "--cuda 11.8 --python 3.11").refused();
    assert!(message.contains("help: CUDA 11.8 ends at torch 2.7, and no release up to 2."), "{message}");
    assert!(message.contains("if this one does, learn it with: torchswap catalog update torch==2.99.0 --cuda 11.8"));
    let message = export("torch==2.99.0", "--cuda 12.6 --python 3.11").refused();
    assert!(message.contains("help: learn it with: "), "{message}");
    // The first release with such builds has them, and a companion goes by torch's.
    for (torch, vision, cuda) in [("2.4.1", "0.19.1", "12.1"), ("2.5.1", "0.20.1", "11.8")] {
        let lines = format!("torch=={torch}\ntorchvision=={vision}");
        let message = export(&lines, &format!("--cuda {cuda} --platform linux-aarch64 --python 3.11")).refused();
        let build = cuda.replace('.', "");
        assert!(
            message.contains(&format!("the catalogue knows no torch {torch}+cu{build} for linux-aarch64")),
            "{message}"
        );
        assert!(message.contains("catalog update torch==") && !message.contains("begin with"), "{message}");
    }
    // Nor does the end of a Python's wheels rule out what came before it, or a later one of the same minor release that is not known.
    for (torch, cuda, ends) in [("2.5.1", "12.1", true), ("2.0.99", "11.8", false), ("2.4.99", "12.1", false)] {
        let message = export(&format!("torch=={torch}"), &format!("--cuda {cuda} --python 3.8")).refused();
        let reported =
            format!("torch {torch} has no wheel for linux-x86_64 and this Python: those end with torch 2.4.1");
        assert_eq!((message.contains(&reported), message.contains("catalog update")), (ends, !ends), "{message}");
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
    let message = export("torch==2.8.0\ntorchao==0.16.0", "--cpu --python 3.11").refused();
    assert!(message.contains("no torchao 0.16.0+cpu"), "{message}");
}

/// Where neither the digest nor the index is that of the default one, nobody knows which wheel this is.
#[test]
fn a_wheel_that_may_be_another_is_not_taken_for_one_of_every_build() {
    let hashed = |text: &str| {
        let lines = text.lines().map(|line| format!("{line} --hash=sha256:{}\n", "e".repeat(64)));
        lines.collect::<String>()
    };
    let locked = "torch==2.8.0\ntorchao==0.13.0";
    let place = Place::new();
    for text in
        [hashed(&format!("{locked}\n{BASE}")), format!("--index-url https://mirror.example/simple\n{locked}\n{BASE}")]
    {
        place.write("requirements.txt", text);
        let message = place.run("export --cpu --platform linux-aarch64 --python 3.11 requirements.txt").refused();
        assert!(message.contains("the catalogue knows no torchao 0.13.0+cpu for linux-aarch64"), "{message}");
    }
}

#[test]
fn a_release_of_which_one_wheel_serves_every_build_stays() {
    for (release, arguments) in [("0.17.0", "--cpu"), ("0.17.0", "--cuda 12.6"), ("0.18.0", "--cuda 12.6")] {
        let run = export(&format!("torch==2.8.0\ntorchao=={release}"), &format!("{arguments} --python 3.11"));
        assert!(!run.stderr.contains("swapped  torchao"), "{arguments}: {}", run.stderr);
        assert!(run.ok().contains(&format!("\ntorchao=={release}\n")), "{arguments}");
    }
    // A project that lists a build means it.
    let place = place("torch==2.8.0\ntorchao==0.17.0");
    let row = format!(
        "wheel\ttorchao\t0.17.0+cu126\tcu126\thttps://wheels.example/cu126\t\
         torchao-0.17.0+cu126-cp310-abi3-manylinux_2_28_x86_64.whl\t{}\t-\t1\t-\t-\n\
         requires\ttorchao\t0.17.0+cu126\thttps://wheels.example/cu126\t*\tcomputed\t-\n",
        "a".repeat(63) + "b"
    );
    place.write("ours.tsv", row);
    let run = place.run("export --cuda 12.6 --python 3.11 --without-hashes --catalog ours.tsv requirements.txt");
    assert!(run.stderr.contains("torchao 0.17.0 -> 0.17.0+cu126"), "{}", run.stderr);
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

// What is bound to a GPU.

/// The lines of a summary that tell what is not swapped.
fn unswapped(run: &Run) -> Vec<String> {
    let lines = run.stderr.lines().filter(|line| line.starts_with("unswapped"));
    lines.map(|line| line.trim_start_matches("unswapped").trim().to_owned()).collect()
}

const FLASH: &str =
    "flash-attn @ https://wheels.example/flash_attn-2.7.4.post1+cu12torch2.6cxx11abiFALSE-cp312-cp312-linux_x86_64.whl";

#[test]
fn what_is_bound_to_another_build_is_reported() {
    let lines = format!(
        "torch==2.6.0\n{FLASH}\ntorch-scatter==2.1.2+pt26cpu\ncupy-cuda12x==13.3.0\nfaiss-gpu-cu12==1.9.0\n\
         onnxruntime-gpu==1.20.1\nbitsandbytes==0.45.0\nnvidia-ml-py==12.560.30\nnvidia-dali-cuda120==1.44.0"
    );
    let at = |build: &str| export(&lines, &format!("{build} --python 3.12"));
    let flash = "flash-attn 2.7.4.post1+cu12torch2.6cxx11abifalse";
    let cpu = at("--cpu");
    let stays =
        |what: &str, own: &str, torch: &str| format!("{what}: stays as locked, for {own}: torch is built for {torch}");
    assert_eq!(
        unswapped(&cpu),
        [
            stays("cupy-cuda12x 13.3.0", "CUDA 12", "CPU"),
            stays("faiss-gpu-cu12 1.9.0", "CUDA 12", "CPU"),
            stays(flash, "CUDA 12", "CPU"),
            stays("onnxruntime-gpu 1.20.1", "CUDA 12", "CPU"),
        ]
    );
    // They stay in the file: nobody here knows another wheel of them.
    assert!(cpu.ok().contains("\ncupy-cuda12x==13.3.0\n"));
    assert_eq!(unswapped(&at("--cuda 12.4")), [stays("torch-scatter 2.1.2+pt26cpu", "CPU", "CUDA 12.4")]);
    let older = unswapped(&at("--cuda 11.8"));
    assert_eq!(older.len(), 5, "{older:?}");
    for one in [flash, "onnxruntime-gpu 1.20.1"] {
        assert!(older.contains(&stays(one, "CUDA 12", "CUDA 11.8")), "{older:?}");
    }
    // The report has it, too.
    let report = place(&lines)
        .run("export --cuda 12.4 --python 3.12 --without-hashes --report json -o out.txt requirements.txt");
    let json: serde_json::Value = serde_json::from_str(&report.stderr).unwrap();
    let changes = json["outputs"][0]["targets"][0]["changes"].as_array().unwrap();
    let reported =
        changes.iter().filter(|change| change["action"] == "unswapped").map(|change| change["package"].clone());
    assert_eq!(reported.collect::<Vec<_>>(), ["torch-scatter"]);
}

/// Severity and package of the findings about mixed builds.
fn mixed(text: &str, arguments: &str) -> Vec<(String, String)> {
    found(text, "mixed-backends", arguments)
}

fn found(text: &str, code: &str, arguments: &str) -> Vec<(String, String)> {
    let run = place(text).run(&format!("audit --report json {arguments} requirements.txt"));
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap().iter().filter(|one| one["code"] == code);
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    findings.map(|one| (text(&one["severity"]), text(&one["package"]))).collect()
}

#[test]
fn an_audit_finds_what_is_bound_to_another_build() {
    let lines =
        format!("torch==2.6.0\n{FLASH}\ncupy-cuda11x==13.3.0\nonnxruntime-gpu==1.20.1\nnvidia-ml-py==12.560.30");
    let found = |severity: &str, package: &str| (severity.to_owned(), package.to_owned());
    assert_eq!(mixed(&lines, "--cuda 12.4 --python 3.12"), [found("error", "cupy-cuda11x")]);
    assert_eq!(
        mixed(&lines, "--cpu --python 3.12"),
        [found("error", "flash-attn"), found("error", "cupy-cuda11x"), found("note", "onnxruntime-gpu")]
    );
    // As locked: a label tells what torch is built for.
    let lines = lines.replace("torch==2.6.0", "torch==2.6.0+cu118");
    let others = [found("error", "flash-attn"), found("error", "onnxruntime-gpu")];
    assert_eq!(mixed(&lines, "--python 3.12"), others);
}

#[test]
fn the_triton_of_another_gpu_goes_with_its_torch() {
    let lines = "torch==2.5.1+rocm6.2\npytorch-triton-rocm==3.1.0";
    let output = export(lines, "--cuda 12.4 --python 3.11").ok();
    assert!(!output.contains("triton-rocm") && output.contains("\ntriton==3.1.0\n"), "{output}");
    let output = export(lines, "--cpu --python 3.11").ok();
    assert!(!output.contains("triton"), "{output}");
    let output = export(lines, "--rocm 6.2 --python 3.11").ok();
    assert!(output.contains("pytorch-triton-rocm"), "{output}");
    assert_eq!(mixed("torch==2.5.1+cu124\npytorch-triton-rocm==3.1.0", "--python 3.11").len(), 1);
    assert_eq!(mixed(lines, "--python 3.11"), []);
}

/// uv has the project itself ask for what comes from an index of its own.
#[test]
fn the_triton_of_another_gpu_goes_although_the_project_asks_for_it() {
    let lines = "torch==2.5.1+rocm6.2\n    # via app\npytorch-triton-rocm==3.1.0\n    # via\n    #   app\n    #   torch\n\
                 tqdm==4.66.5\n    # via app";
    for build in ["--cuda 12.4", "--cpu"] {
        let run = export(lines, &format!("{build} --python 3.11"));
        assert_eq!(unswapped(&run), [""; 0]);
        let output = run.ok();
        assert!(!output.contains("\npytorch-triton-rocm") && output.contains("\ntqdm=="), "{output}");
    }
}

/// All tritons own one module, so the one that something else needs stands in the way of torch's own.
#[test]
fn a_triton_of_another_gpu_that_something_else_needs_is_reported() {
    for (torch, triton, own, build, new) in [
        ("torch==2.5.1+cu124", "triton==3.1.0", "CUDA", "rocm 6.2", "ROCm 6.2"),
        ("torch==2.5.1+rocm6.2", "pytorch-triton-rocm==3.1.0", "ROCm", "cuda 12.4", "CUDA 12.4"),
        ("torch==2.7.1+cu126", "triton==3.3.1", "CUDA", "xpu", "XPU"),
    ] {
        let arguments = format!("--{build} --python 3.11");
        let name = triton.split('=').next().unwrap();
        let needed = |by: &str| format!("{torch}\n{triton}\n    # via {by}\ntqdm==4.66.5");
        let run = export(&needed("torch, tqdm"), &arguments);
        let spoken = triton.replace("==", " ");
        assert_eq!(unswapped(&run), [format!("{spoken}: stays as locked, for {own}: torch is built for {new}")]);
        let output = run.ok();
        assert!(output.contains(&format!("\n{triton}\n")) || output.contains(&format!("\n{name} @ ")), "{output}");
        assert_eq!(mixed(&needed("torch, tqdm"), &arguments), [("error".to_owned(), name.to_owned())]);
        // What torch alone needed goes with it, so there is nothing to tell.
        let run = export(&needed("torch"), &arguments);
        assert_eq!(unswapped(&run), [""; 0]);
        assert!(!run.ok().contains(&format!("\n{triton}\n")));
        assert_eq!(mixed(&needed("torch"), &arguments), []);
    }
    // As locked: nothing goes.
    let stray = [("error".to_owned(), "triton".to_owned())];
    assert_eq!(mixed("torch==2.5.1+rocm6.2\npytorch-triton-rocm==3.1.0\ntriton==3.1.0", "--python 3.11"), stray);
    assert_eq!(mixed("torch==2.5.1+cu124\ntriton==3.1.0", "--python 3.11"), []);
    assert_eq!(mixed("torch==2.5.1+cpu\ntriton==3.1.0\n    # via tqdm\ntqdm==4.66.5", "--python 3.11"), []);
}

#[test]
fn an_audit_finds_libraries_of_another_cuda_than_torchs() {
    let found = |severity: &str, package: &str| (severity.to_owned(), package.to_owned());
    let cublas = "nvidia-cublas-cu12==12.4.5.8";
    let two = [found("error", "nvidia-cublas-cu12"), found("error", "nvidia-cudnn-cu13")];
    let lines = format!("{cublas}\nnvidia-cudnn-cu13==9.15.1.9");
    for (torch, arguments) in [("torch==2.5.1+cu118", ""), ("torch==2.5.1+cu118", "--cuda 11.8")] {
        assert_eq!(mixed(&format!("{torch}\n{lines}"), &format!("{arguments} --python 3.11")), two);
    }
    assert_eq!(mixed(&format!("torch==2.5.1+cu124\n{lines}"), "--python 3.11"), two[1..]);
    assert_eq!(mixed(&format!("torch==2.5.1+cu124\n{cublas}\ntriton==3.1.0"), "--python 3.11"), []);
    // What a swap takes out does not exist any more.
    assert_eq!(mixed(&format!("torch==2.5.1+cu124\n{cublas}\n    # via torch"), "--cuda 11.8 --python 3.11"), []);
    // Both may be meant; who asks for it is said.
    for (via, severity, by) in [
        ("-r requirements.in", "error", "the project itself asks for it"),
        ("tqdm, torch", "note", "tqdm needs it"),
        ("torch", "error", "and nothing else needs it"),
    ] {
        let lines =
            format!("torch==2.5.1+cu118\n{cublas}\n    # via {via}\ntqdm==4.66.5\n    # via -r requirements.in");
        assert_eq!(mixed(&lines, "--python 3.11"), [found(severity, "nvidia-cublas-cu12")], "{via}");
        let report = place(&lines).run("audit --python 3.11 requirements.txt").stdout;
        assert!(
            report.contains("nvidia-cublas-cu12 12.4.5.8 is not for torch's CUDA 11") && report.contains(by),
            "{report}"
        );
    }
}

/// Of a build without a GPU, or for another one, torch needs none of them.
#[test]
fn gpu_libraries_that_stay_beside_another_build_are_reported() {
    let needed = "torch==2.1.2+cu121\nnvidia-cublas-cu12==12.1.3.1\n    # via -r requirements.in, torch\n\
                  nvidia-nccl-cu12==2.18.1\n    # via torch, tqdm\nnvidia-nvtx-cu12==12.1.105\n    # via torch\n\
                  triton==2.1.0\n    # via tqdm\ntqdm==4.66.5";
    let reported = |run: &Run| {
        let kept = run.stderr.lines().filter(|line| line.contains("though torch is built for"));
        kept.map(|line| line.trim_start_matches("kept").trim().to_owned()).collect::<Vec<_>>()
    };
    let cublas = |torch: &str| {
        format!("nvidia-cublas-cu12 12.1.3.1: for CUDA 12, though torch is built for {torch}: needed by the project")
    };
    let nccl = |torch: &str| {
        format!("nvidia-nccl-cu12 2.18.1: for CUDA 12, though torch is built for {torch}: needed by tqdm")
    };
    let triton = "triton 2.1.0: for GPUs, though torch is built for CPU: needed by tqdm".to_owned();
    let run = export(needed, "--cpu --python 3.11");
    assert_eq!(reported(&run), [cublas("CPU"), nccl("CPU"), triton]);
    let output = run.ok();
    assert!(output.contains("\nnvidia-cublas-cu12==") && !output.contains("nvtx"), "{output}");
    // This one holds its libraries itself.
    let run = export(needed, "--cuda 11.8 --python 3.11");
    assert_eq!(reported(&run), [cublas("CUDA 11.8"), nccl("CUDA 11.8")]);
    assert_eq!(reported(&export(needed, "--cuda 12.1 --python 3.11")), [""; 0]);
}

#[test]
fn what_was_made_for_another_torch_is_reported() {
    let scatter = "torch-scatter==2.1.2+pt25cu124";
    let lines = format!("torch==2.6.0\n{FLASH}\n{scatter}");
    let run = export(&lines, "--cuda 12.4 --python 3.12");
    let reported = "torch-scatter 2.1.2+pt25cu124: stays as locked, made for torch 2.5: torch is 2.6.0+cu124";
    assert_eq!(unswapped(&run), [reported]);
    assert!(run.ok().contains(&format!("\n{scatter}\n")));
    // Of two reasons both are reported.
    assert_eq!(unswapped(&export(&lines, "--cpu --python 3.12")).len(), 3);
    let finding = |name: &str| ("error".to_owned(), name.to_owned());
    let mismatch = |text: &str, arguments: &str| found(text, "family-mismatch", arguments);
    assert_eq!(mismatch(&lines, "--cuda 12.4 --python 3.12"), [finding("torch-scatter")]);
    assert_eq!(mixed(&lines, "--cuda 12.4 --python 3.12"), []);
    // Whether or not it is known what torch is built for.
    let older = lines.replace("torch==2.6.0", "torch==2.5.1");
    assert_eq!(mismatch(&older, "--python 3.12"), [finding("flash-attn")]);
    let report = place(&older).run("audit --python 3.12 requirements.txt");
    let message = "flash-attn 2.7.4.post1+cu12torch2.6cxx11abifalse is made for torch 2.6, not for torch 2.5.1";
    assert!(report.stdout.contains(message), "{}", report.stdout);
}

#[test]
fn a_source_that_is_a_page_of_links_is_no_index() {
    let place = Place::new();
    let package = |name: &str, version: &str, file: &str, url: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\ndescription = \"\"\noptional = false\n\
             python-versions = \"*\"\nfiles = [{{file = \"{file}\", hash = \"sha256:{}\"}}]\n\n\
             [package.source]\ntype = \"legacy\"\nurl = \"{url}\"\nreference = \"{name}\"\n\n",
            "ab".repeat(32)
        )
    };
    let lock = package("a", "1.0", "a-1.0-py3-none-any.whl", "https://links.example/torch-2.1.0+cpu.html")
        + &package("b", "1.0", "b-1.0-py3-none-any.whl", "https://index.example/simple")
        + "[metadata]\nlock-version = \"2.0\"\npython-versions = \"~3.11\"\n"
        + "content-hash = \"0000000000000000000000000000000000000000000000000000000000000000\"\n";
    place.write("poetry.lock", lock);
    place.write(
        "pyproject.toml",
        "[tool.poetry]\nname = \"app\"\nversion = \"1\"\n[tool.poetry.dependencies]\npython = \"~3.11\"\na = \"*\"\nb = \"*\"\n",
    );
    let output = place.run("export --allow-none").ok();
    let options: Vec<&str> = output.lines().filter(|line| line.starts_with("--")).collect();
    assert_eq!(
        options,
        ["--extra-index-url https://index.example/simple", "--find-links https://links.example/torch-2.1.0+cpu.html"]
    );
}

#[test]
fn a_wheel_at_a_url_is_not_written_where_it_does_not_install() {
    let url = "https://wheels.example/flash_attn-2.7.4+cu12torch2.6cxx11abiFALSE-cp311-cp311-linux_x86_64.whl";
    let line = format!("torch==2.6.0\nflash-attn @ {url}");
    let mac = "--platform macos-arm64 --python 3.11";
    let message = export(&line, mac).refused();
    assert!(message.contains("the wheel of flash-attn does not install on macos-arm64 (CPython 3.11)"), "{message}");
    assert!(message.contains("--no-emit-package flash-attn"), "{message}");
    assert!(export(&line, "--cpu --python 3.12").refused().contains("flash-attn does not install on linux-x86_64"));
    export(&line, "--cuda 12.4 --python 3.11").ok();
    export(&format!("{line} ; sys_platform == 'linux'"), mac).ok();
    export(&line, &format!("{mac} --no-emit-package flash-attn")).ok();
}

/// The lock names all files that there are of that build.
#[test]
fn a_build_that_its_label_names_is_not_written_where_it_does_not_install() {
    let lock = |version: &str| {
        format!(
            "[[package]]\nname = \"torch-scatter\"\nversion = \"{version}\"\ndescription = \"\"\noptional = false\n\
             python-versions = \"*\"\ngroups = [\"main\"]\nfiles = [{{file = \"torch_scatter-{version}-cp310-cp310-\
             linux_x86_64.whl\", hash = \"sha256:{}\"}}]\n\n[metadata]\nlock-version = \"2.1\"\npython-versions = \"~3.10\"\n\
             content-hash = \"{}\"\n",
            "ab".repeat(32),
            "0".repeat(64)
        )
    };
    let place = Place::new();
    let export = |platform: &str, more: &str| place.run(&format!("export --allow-none --platform {platform} {more}"));
    // A label may tell the torch alone, or the GPU.
    for label in ["pt113", "cu117"] {
        place.write("poetry.lock", lock(&format!("2.1.1+{label}")));
        let message = export("macos-arm64", "").refused();
        assert!(message.contains("the wheel of torch-scatter does not install on macos-arm64"), "{message}");
    }
    place.write("poetry.lock", lock("2.1.1+pt113cpu"));
    for platform in ["macos-arm64", "linux-aarch64", "windows-x86_64"] {
        let message = export(platform, "").refused();
        assert!(message.contains(&format!("the wheel of torch-scatter does not install on {platform}")), "{message}");
        let output = export(platform, "--no-emit-package torch-scatter").ok();
        assert!(!output.contains("torch-scatter=="), "{output}");
    }
    assert!(export("linux-x86_64", "").ok().contains("torch-scatter=="));
    // Of a plain release somebody may have built another wheel: the line is left as Poetry writes it.
    for plain in ["2.1.1", "2.1.1+rebuilt.2"] {
        place.write("poetry.lock", lock(plain));
        assert!(export("macos-arm64", "").ok().contains("torch-scatter=="));
    }
}

// What its release binds it to.

#[test]
fn a_gpu_package_whose_release_is_for_another_cuda_is_reported() {
    for (version, flag, why) in [
        ("1.28.0", "--cuda 12.6", Some("for CUDA 13: torch is built for CUDA 12.6")),
        ("1.28.0", "--cuda 11.8", Some("for CUDA 13: torch is built for CUDA 11.8")),
        ("1.20.1", "--cuda 11.8", Some("for CUDA 12: torch is built for CUDA 11.8")),
        ("1.20.1", "--cuda 12.6", None),
    ] {
        let place = place(&format!("torch==2.6.0\nonnxruntime-gpu=={version}"));
        let export = place.run(&format!("export {flag} --python 3.11 --without-hashes requirements.txt"));
        let audit = place.run(&format!("audit {flag} --python 3.11 requirements.txt"));
        let reported = export.stderr;
        let found = audit.stdout;
        assert_eq!(
            reported.contains(&format!("warning: onnxruntime-gpu {version}: stays as locked, ")),
            why.is_some(),
            "{version} {flag}: {reported}"
        );
        assert!(why.is_none_or(|why| reported.contains(why)), "{version} {flag}: {reported}");
        assert_eq!(found.contains("error[mixed-backends]"), why.is_some(), "{version} {flag}: {found}");
    }
}

/// It falls back to the CPU.
#[test]
fn a_gpu_package_that_runs_without_a_gpu_is_only_noted_beside_a_torch_for_cpus() {
    let place = place("torch==2.6.0\nonnxruntime-gpu==1.20.1");
    let found = place.run("audit --cpu --python 3.11 requirements.txt").stdout;
    assert!(found.contains("note[mixed-backends]") && found.contains("is for CUDA 12"), "{found}");
}
