//! GPU libraries that nothing on a target needs, and those that cannot be installed there.

use super::{BASE, digest, export, lock};
use crate::support::{Place, Run};

const LINUX: &str = "torch-2.2.2-cp310-cp310-manylinux1_x86_64.whl";
const AARCH64: &str = "torch-2.2.2-cp310-cp310-manylinux2014_aarch64.whl";
const WINDOWS: &str = "torch-2.2.2-cp310-cp310-win_amd64.whl";
const MAC: &str = "torch-2.2.2-cp310-none-macosx_11_0_arm64.whl";
const NCCL: &str = "nvidia_nccl_cu12-2.19.3-py3-none-manylinux1_x86_64.whl";
const CUFILE: &str = "nvidia_cufile_cu12-1.11.1.6-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl";

/// Where the wheel that the default index has of torch 2.2.2 is a build for CPUs, and stays.
const KEPT: [&str; 3] = ["--platform macos-arm64", "--platform linux-aarch64 --cpu", "--platform windows-x86_64 --cpu"];

/// One pin with several files, as a lock for all platforms has it.
fn pin(name: &str, files: &[&str]) -> String {
    let digests: String = files.iter().map(|file| format!(" --hash=sha256:{}", digest(file))).collect();
    format!("{name}{digests}\n")
}

/// A lock for all platforms that does not tell what is for which.
fn for_all(more: &str) -> String {
    let torch = pin("torch==2.2.2", &[LINUX, AARCH64, WINDOWS, MAC]);
    lock(&[], &BASE) + &torch + more
}

fn on(text: &str, target: &str) -> Run {
    export(text, &format!("{target} --python 3.10"))
}

#[test]
fn what_the_linux_wheel_brought_along_goes_where_another_platforms_wheel_stays() {
    let nccl = pin("nvidia-nccl-cu12==2.19.3", &[NCCL]);
    // NVIDIA makes this one for Windows too, where torch's wheel holds it.
    let cublas = format!("nvidia-cublas-cu12==12.1.3.1 --hash=sha256:{}\n", "c".repeat(64));
    for (nccl, cublas) in [(nccl.clone(), cublas.clone()), (nccl + "    # via torch\n", cublas + "    # via torch\n")] {
        for target in KEPT {
            let run = on(&for_all(&format!("{cublas}{nccl}")), target);
            assert!(run.stderr.contains("kept     torch 2.2.2: already a cpu build"), "{target}: {}", run.stderr);
            assert!(run.stderr.contains("removed  nvidia-nccl-cu12 2.19.3: nothing needs it"), "{}", run.stderr);
            let output = run.ok();
            assert!(!output.contains("nvidia-") && output.contains("\ntorch==2.2.2 "), "{target}: {output}");
        }
    }
}

/// A file that does not tell who needs a library: what another wheel is known to require stays, and so does what that needs.
#[test]
fn what_another_wheel_is_known_to_require_stays() {
    let zeros = "0".repeat(64);
    let pins = |pins: &[&str]| pins.iter().map(|pin| format!("{pin} --hash=sha256:{zeros}\n")).collect::<String>();
    let base = ["filelock==3.16.1", "fsspec==2024.9.0", "jinja2==3.1.4", "networkx==3.4", "sympy==1.13.3"];
    let torch =
        ["torch==2.7.1", "typing-extensions==4.12.2", "nvidia-cublas-cu12==12.6.4.1", "nvidia-nccl-cu12==2.26.2"];
    let text = pins(&base) + &pins(&torch);
    let cpu = |text: &str| export(text, "--cpu --python 3.11").ok();
    assert!(!cpu(&text).contains("nvidia-"));
    let out = cpu(&(text + &pins(&["xgboost==3.0.0", "numpy==2.1.0", "scipy==1.14.0"])));
    assert!(out.contains("\nnvidia-nccl-cu12==2.26.2 ") && !out.contains("nvidia-cublas"), "{out}");
}

/// No build is asked for, but the one that is locked needs none of them.
#[test]
fn what_another_build_brought_along_goes_where_a_cpu_build_stays_as_locked() {
    let text = format!("torch==2.2.2+cpu\nnvidia-cublas-cu12==12.1.3.1\n    # via torch\n{}\n", BASE.join("\n"));
    for target in ["", "--cpu"] {
        let run = on(&text, &format!("{target} --without-hashes"));
        assert!(run.stderr.contains("nvidia-cublas-cu12 12.1.3.1: nothing needs it any more"), "{}", run.stderr);
        assert!(!run.ok().contains("nvidia-"), "{target}");
    }
}

/// The digests are those of another Python, so which wheel the lock has for this one is unknown.
#[test]
fn what_a_wheel_for_another_python_brought_along_goes() {
    let text = for_all(&pin("nvidia-nccl-cu12==2.19.3", &[NCCL]));
    let output = export(&text, "--cpu --python 3.11").ok();
    assert!(!output.contains("nvidia-") && output.contains("torch-2.2.2%2Bcpu-cp311-"), "{output}");
}

#[test]
fn without_digests_the_default_wheels_explain_the_libraries() {
    let text = "torch==2.2.2\nnvidia-nccl-cu12==2.19.3\ntriton==2.2.0\n".to_owned() + &BASE.join("\n");
    for target in KEPT.into_iter().chain(["--cpu"]) {
        let output = on(&text, &format!("{target} --without-hashes")).ok();
        assert!(!output.contains("nvidia-") && !output.contains("triton"), "{target}: {output}");
    }
}

/// The Linux wheel of torch 1.13.0 asks for them without a marker, so its list is another one.
#[test]
fn the_list_of_another_platforms_wheel_explains_the_libraries() {
    let text = "torch==1.13.0\nnvidia-cublas-cu11==11.10.3.66\ntyping-extensions==4.12.2\n";
    for target in ["--platform macos-arm64", "--platform windows-x86_64 --cpu"] {
        let output = on(text, &format!("{target} --without-hashes")).ok();
        assert!(!output.contains("nvidia-") && output.contains("\ntyping-extensions"), "{target}: {output}");
    }
}

/// A CUDA build of torch needs none of these on Windows, where it holds its libraries itself. The lock was made on Linux.
const KEPT_CUDA: [(&str, &str, bool); 3] =
    [("nvidia-cublas-cu12", "12.1.3.1", true), ("nvidia-nccl-cu12", "2.19.3", false), ("triton", "2.2.0", false)];

#[test]
fn what_a_kept_cuda_wheel_needs_on_linux_alone_goes_where_it_has_no_file() {
    let text = |by: &str| {
        let libraries = KEPT_CUDA.map(|(name, version, _)| format!("{name}=={version}\n    # via {by}\n"));
        format!("torch==2.2.2+cu121\n{}\n{}", BASE.join("\n"), libraries.concat())
    };
    for target in ["--platform windows-x86_64", "--platform windows-x86_64 --cuda 12.1"] {
        let run = on(&text("torch"), &format!("{target} --without-hashes"));
        assert!(run.stderr.contains("kept     torch 2.2.2+cu121"), "{}", run.stderr);
        let output = run.ok();
        for (name, version, stays) in KEPT_CUDA {
            assert_eq!(output.contains(&format!("\n{name}=={version}")), stays, "{target}, {name}: {output}");
        }
    }
    // On Linux all of them are needed, and what another package needs stays needed.
    let output = on(&text("torch"), "--without-hashes").ok();
    assert!(KEPT_CUDA.iter().all(|(name, ..)| output.contains(&format!("\n{name}=="))), "{output}");
    let message = on(&text("filelock, torch"), "--platform windows-x86_64 --without-hashes").refused();
    assert!(message.contains("no file of nvidia-nccl-cu12 2.19.3 for windows-x86_64, and filelock needs"), "{message}");
}

/// The same where the lock says it of torch itself, without a marker: PEP 751's `dependencies` have none.
#[test]
fn a_kept_wheels_own_list_is_believed_before_the_lock_that_was_made_elsewhere() {
    let place = Place::new();
    place.write("pylock.toml", kept_cuda_pylock(""));
    let output = place.run("export pylock.toml --platform windows-x86_64 --python 3.10 -q").ok();
    assert!(output.contains("torch-2.2.2%2Bcu121-cp310-cp310-win_amd64.whl"), "{output}");
    assert!(
        output.contains("nvidia-cublas-cu12") && !output.contains("nccl") && !output.contains("triton"),
        "{output}"
    );
    let output = place.run("export pylock.toml --python 3.10 -q").ok();
    assert!(output.contains("\nnvidia-nccl-cu12==2.19.3 ") && output.contains("\ntriton==2.2.0 "), "{output}");
    // Of a wheel that no catalogue knows the lock's word is all there is.
    let unknown = place.read("pylock.toml").replace("2.2.2", "2.2.99");
    place.write("pylock.toml", unknown);
    let message = place.run("export pylock.toml --platform windows-x86_64 --python 3.10").refused();
    assert!(message.contains("nvidia-nccl-cu12 2.19.3 for windows-x86_64, and torch needs it"), "{message}");
}

/// A lock of torch 2.2.2+cu121 for Linux and Windows with invented digests of all but torch; `more` follows.
fn kept_cuda_pylock(more: &str) -> String {
    let wheel = |url: &str, hash: &str| format!("{{ url = \"{url}\", hashes = {{ sha256 = \"{hash}\" }} }}");
    let package = |name: &str, version: &str, needs: &str, wheels: &[String]| {
        let wheels = wheels.join(", ");
        format!("[[packages]]\nname = \"{name}\"\nversion = \"{version}\"\n{needs}wheels = [{wheels}]\n\n")
    };
    let pure = |name: &str, version: &str| {
        let file = format!("https://files.example/{}-{version}-py3-none-any.whl", name.replace('-', "_"));
        package(name, version, "", &[wheel(&file, &"e".repeat(64))])
    };
    let torch = ["linux_x86_64", "win_amd64"].map(|tag| {
        let file = format!("torch-2.2.2+cu121-cp310-cp310-{tag}.whl");
        let url = format!("https://download.pytorch.org/whl/cu121/{}", file.replace('+', "%2B"));
        wheel(&url, &digest(&file))
    });
    let libraries = KEPT_CUDA.map(|(name, version, windows)| {
        let tags = ["manylinux1_x86_64", "win_amd64"].into_iter().take(1 + usize::from(windows));
        let file = |tag| format!("https://files.example/{}-{version}-py3-none-{tag}.whl", name.replace('-', "_"));
        package(name, version, "", &tags.map(|tag| wheel(&file(tag), &"e".repeat(64))).collect::<Vec<_>>())
    });
    let base = BASE.map(|pin| {
        let (name, version) = pin.split_once("==").unwrap();
        (name, pure(name, version))
    });
    let needs: Vec<String> = base
        .iter()
        .map(|(name, _)| *name)
        .chain(KEPT_CUDA.map(|(name, ..)| name))
        .map(|name| format!("{{ name = \"{name}\" }}"))
        .collect();
    let torch = package("torch", "2.2.2+cu121", &format!("dependencies = [{}]\n", needs.join(", ")), &torch);
    let base: String = base.into_iter().map(|(_, text)| text).collect();
    format!("lock-version = \"1.0\"\ncreated-by = \"a test\"\n\n{base}{}{torch}{more}", libraries.concat())
}

/// A poetry.lock has one list of packages for all platforms; that of torch 1.13.0 on Linux has no markers.
fn poetry(project: &str, more: &str) -> Place {
    let file = |name: &str| format!("    {{file = \"{name}\", hash = \"sha256:{}\"}},\n", digest(name));
    let package = |name: &str, version: &str, files: &str, needs: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\noptional = false\npython-versions = \"*\"\n\
             files = [\n{files}]\n\n{needs}"
        )
    };
    let invented =
        |name: &str| format!("    {{file = \"{name}-py3-none-any.whl\", hash = \"sha256:{}\"}},\n", "e".repeat(64));
    let torch = [
        "torch-1.13.0-cp310-cp310-manylinux1_x86_64.whl",
        "torch-1.13.0-cp310-cp310-win_amd64.whl",
        "torch-1.13.0-cp310-none-macosx_11_0_arm64.whl",
    ];
    let cudnn = "nvidia_cudnn_cu11-8.5.0.96-2-py3-none-manylinux1_x86_64.whl";
    let cublas = ["manylinux1_x86_64", "win_amd64"]
        .map(|tag| file(&format!("nvidia_cublas_cu11-11.10.3.66-py3-none-{tag}.whl")));
    let needs = "[package.dependencies]\nnvidia-cublas-cu11 = \"11.10.3.66\"\nnvidia-cudnn-cu11 = \"8.5.0.96\"\n\
                 typing-extensions = \"*\"\n\n";
    let text = [
        package("nvidia-cublas-cu11", "11.10.3.66", &cublas.concat(), ""),
        package("nvidia-cudnn-cu11", "8.5.0.96", &file(cudnn), ""),
        package("torch", "1.13.0", &torch.map(file).concat(), needs),
        package("typing-extensions", "4.12.2", &invented("typing_extensions-4.12.2"), ""),
        package("zz-tool", "1.0", &invented("zz_tool-1.0"), more),
        "[metadata]\nlock-version = \"2.0\"\npython-versions = \"~3.10\"\ncontent-hash = \"0\"\n".to_owned(),
    ];
    let place = Place::new();
    place.write("poetry.lock", text.concat());
    place.write(
        "pyproject.toml",
        format!(
            "[tool.poetry]\nname = \"app\"\nversion = \"0\"\n\n[tool.poetry.dependencies]\npython = \"~3.10\"\n\
             torch = \"1.13.0\"\nzz-tool = \"*\"\n{project}"
        ),
    );
    place
}

#[test]
fn a_poetry_lock_of_every_platform_gives_each_its_own() {
    let place = poetry("", "");
    for target in ["--platform macos-arm64", "--platform windows-x86_64 --cpu", "--cpu"] {
        let output = place.run(&format!("export {target} --python 3.10 -q")).ok();
        assert!(!output.contains("nvidia-") && output.contains("typing-extensions"), "{target}: {output}");
    }
    let rewritten = place.run("rewrite --platform macos-arm64 --python 3.10 -q -o new.lock");
    assert_eq!(rewritten.status, 0, "{}", rewritten.stderr);
    assert!(!place.read("new.lock").contains("name = \"nvidia-"), "{}", place.read("new.lock"));
}

#[test]
fn a_library_that_the_project_asks_for_is_never_removed() {
    let place = poetry("nvidia-cublas-cu11 = \"*\"\n", "");
    let output = place.run("export --cpu --python 3.10 -q").ok();
    assert!(output.contains("\nnvidia-cublas-cu11==11.10.3.66 ") || output.starts_with("nvidia-cublas"), "{output}");
    assert!(!output.contains("nvidia-cudnn"), "{output}");
    let nccl = pin("nvidia-nccl-cu12==2.19.3", &[NCCL]) + "    # via -r requirements.in, torch\n";
    let output = on(&for_all(&nccl), "--cpu").ok();
    assert!(output.contains("\nnvidia-nccl-cu12==2.19.3 "), "{output}");
}

/// The lock says so by what its packages need; torch's own entry speaks of another build.
#[test]
fn the_packages_that_need_a_library_that_stays_are_named() {
    let run = poetry("", "[package.dependencies]\nnvidia-cudnn-cu11 = \"*\"\n\n").run("export --cpu --python 3.10");
    let reported: Vec<&str> = run.stderr.lines().filter(|line| line.contains("though torch is built for")).collect();
    let reported: Vec<&str> =
        reported.iter().filter_map(|line| line.split_once(": needed by ").map(|(_, by)| by)).collect();
    assert_eq!(reported, ["zz-tool"], "{}", run.stderr);
}

#[test]
fn a_library_without_a_wheel_that_something_asks_for_is_refused() {
    let place = poetry("nvidia-cublas-cu11 = \"*\"\n", "[package.dependencies]\nnvidia-cudnn-cu11 = \"*\"\n\n");
    let message = place.run("export --platform macos-arm64 --python 3.10").refused();
    for expected in [
        "the lock has no file of nvidia-cublas-cu11 11.10.3.66 for macos-arm64, and the project asks for it",
        "the lock has no file of nvidia-cudnn-cu11 8.5.0.96 for macos-arm64, and zz-tool needs it",
        "--> poetry.lock:",
        "or let a marker keep it to the platforms that have it",
    ] {
        assert!(message.contains(expected), "{expected}: {message}");
    }
    // On Windows one of the two can be installed.
    let message = place.run("export --platform windows-x86_64 --cpu --python 3.10").refused();
    assert!(message.contains("nvidia-cudnn-cu11") && !message.contains("no file of nvidia-cublas"), "{message}");
}

/// Torch does not explain it, but nothing asks for it either.
#[test]
fn a_library_goes_where_it_has_no_wheel_and_stays_where_it_has_one() {
    let text = for_all(&pin("nvidia-cufile-cu12==1.11.1.6", &[CUFILE]));
    for target in KEPT {
        let output = on(&text, target).ok();
        assert!(!output.contains("nvidia-"), "{target}: {output}");
    }
    let output = on(&text, "--cpu").ok();
    assert!(output.contains("\nnvidia-cufile-cu12==1.11.1.6 "), "{output}");
}

#[test]
fn a_library_of_which_nobody_knows_a_file_stays_but_for_gpu_libraries_on_macos() {
    let text = BASE.join("\n") + "\ntorch==2.2.2\nnvidia-cufile-cu12==1.99.1\nmkl==1999.1\n";
    for (target, stays) in
        [("--cpu", true), ("--platform windows-x86_64 --cpu", true), ("--platform macos-arm64", false)]
    {
        let output = on(&text, &format!("{target} --without-hashes")).ok();
        assert_eq!(output.contains("\nnvidia-cufile-cu12==1.99.1\n"), stays, "{target}: {output}");
        assert!(output.contains("\nmkl==1999.1\n"), "{target}: {output}");
    }
}

/// uv names the project, which is no line of the file.
#[test]
fn a_library_of_which_the_file_says_that_the_project_needs_it_stays() {
    for (by, stays) in [("demo", true), ("torch", false)] {
        let nccl = pin("nvidia-nccl-cu12==2.19.3", &[NCCL]) + &format!("    # via {by}, torch\n");
        let output = on(&for_all(&nccl), "--cpu").ok();
        assert_eq!(output.contains("\nnvidia-nccl-cu12==2.19.3 "), stays, "{by}: {output}");
    }
}

/// The release is the right one, but the lock was made for another machine.
#[test]
fn a_library_that_is_locked_for_another_machine_gets_its_digest_from_the_catalogue() {
    let torch = pin("torch==2.9.1", &["torch-2.9.1-cp312-cp312-manylinux_2_28_x86_64.whl"]);
    let [arm, intel] = ["aarch64", "x86_64"].map(|machine| {
        format!("nvidia_nccl_cu13-2.27.7-py3-none-manylinux2014_{machine}.manylinux_2_17_{machine}.whl")
    });
    let text = lock(&[], &BASE).replace("sympy==1.13.1", "sympy==1.14.0")
        + &lock(&[], &["setuptools==80.0"])
        + &torch
        + &pin("nvidia-nccl-cu13==2.27.7", &[&intel]);
    let output = export(&text, "--cuda 13.0 --platform linux-aarch64 --python 3.12").ok();
    assert!(output.contains(&digest(&arm)) && !output.contains(&digest(&intel)), "{output}");
    let output = export(&text, "--cuda 13.0 --python 3.12").ok();
    assert!(output.contains(&digest(&intel)) && !output.contains(&digest(&arm)), "{output}");
}

/// The newest release fits, too, but nobody asked for it.
#[test]
fn a_release_that_fits_stays_where_the_lock_has_it_for_another_machine() {
    let [arm, intel] = ["aarch64.manylinux_2_28_aarch64", "x86_64.manylinux_2_28_x86_64"]
        .map(|machine| format!("cuda_bindings-13.3.1-cp312-cp312-manylinux_2_24_{machine}.whl"));
    let torch = pin("torch==2.12.1", &["torch-2.12.1-cp312-cp312-manylinux_2_28_x86_64.whl"]);
    let text = lock(&[], &BASE).replace("sympy==1.13.1", "sympy==1.14.0")
        + &lock(&[], &["setuptools==80.0"])
        + &torch
        + &pin("cuda-bindings==13.3.1", &[&intel]);
    let output = export(&text, "--cuda 13.0 --platform linux-aarch64 --python 3.12").ok();
    assert!(output.contains("\ncuda-bindings==13.3.1 ") || output.starts_with("cuda-bindings==13.3.1 "), "{output}");
    assert!(output.contains(&digest(&arm)) && !output.contains(&digest(&intel)), "{output}");
}

/// All files are identified by their digests, and none of them is for the target.
#[test]
fn a_wheel_that_is_locked_for_another_platform_is_not_kept() {
    let linux = [("torch==2.2.2", LINUX)];
    let message = on(&lock(&linux, &BASE), "--platform windows-x86_64").refused();
    assert!(message.contains("the lock has no wheel of torch 2.2.2 for windows-x86_64"), "{message}");
    let output = on(&lock(&linux, &BASE), "--platform windows-x86_64 --cpu").ok();
    assert!(output.contains("-win_amd64.whl") && !output.contains(&digest(LINUX)), "{output}");
}

/// Torch 2.12.1 asks for its libraries through extras of cuda-toolkit, by other names from CUDA 13 on.
fn toolkit(via: bool) -> String {
    let torch = pin("torch==2.12.1", &["torch-2.12.1-cp312-cp312-manylinux_2_28_x86_64.whl"]);
    let base = lock(&[], &BASE).replace("sympy==1.13.1", "sympy==1.14.0") + &lock(&[], &["setuptools==80.0"]);
    let said = |by: &str| if via { format!("    # via {by}\n") } else { String::new() };
    let libraries = [
        ("cuda-bindings==13.3.1", "torch"),
        ("cuda-toolkit[cublas,cufft]==13.0.2", "torch"),
        ("nvidia-cublas==13.1.0.3", "cuda-toolkit"),
        ("nvidia-cufft==12.0.0.61", "cuda-toolkit"),
        ("nvidia-nvjitlink==13.0.88", "cuda-toolkit, nvidia-cufft"),
        ("nvidia-nccl-cu13==2.29.7", "torch"),
    ];
    let libraries = libraries.map(|(name, by)| lock(&[], &[name]) + &said(by));
    base + &torch + &libraries.concat()
}

fn names(output: &str) -> Vec<&str> {
    output.lines().filter_map(|line| line.split(['=', '[']).next()).filter(|name| name.starts_with("nvidia-")).collect()
}

#[test]
fn no_library_of_the_old_cuda_is_left() {
    for via in [false, true] {
        let run = export(&toolkit(via), "--cuda 12.6 --python 3.12");
        assert!(!run.stderr.contains("beside libraries"), "{}", run.stderr);
        let output = run.ok();
        let names = names(&output);
        assert!(names.len() > 10 && names.iter().all(|name| name.ends_with("-cu12")), "{names:?}");
        assert!(
            output.contains("\ncuda-bindings==12.9.7") && output.contains("nvjitlink,nvrtc,nvtx]==12.6.3"),
            "{output}"
        );
        if via {
            // Where others say who needs them, what was added counts as put there by hand.
            continue;
        }
        // And back: what was added goes again.
        let back = export(&output, "--cuda 13.0 --python 3.12").ok();
        assert!(self::names(&back).iter().all(|name| !name.ends_with("-cu12")), "{back}");
        let none = export(&output, "--cpu --python 3.12").ok();
        assert!(self::names(&none).is_empty() && !none.contains("cuda-toolkit"), "{none}");
    }
}

/// The line keeps its extras, for somebody else may ask for them, and an installer follows each.
#[test]
fn the_extras_of_another_release_are_followed() {
    let text = toolkit(false).replace("cuda-toolkit[cublas,cufft]==13.0.2", "cuda-toolkit[cccl,nvtx]==12.6.3");
    let output = export(&text, "--cuda 13.0 --python 3.12").ok();
    assert!(output.contains("\ncuda-toolkit[cccl,") && output.contains(",nvtx]==13.0.2 "), "{output}");
    // Torch asks for the second of the two as well.
    for followed in ["nvidia-cuda-cccl==13.0.85 ", "nvidia-nvtx==13.0.85 "] {
        assert!(output.contains(&format!("\n{followed}")), "{output}");
    }
}

#[test]
fn libraries_of_two_cudas_that_are_asked_for_are_reported() {
    let text = toolkit(true).replace("# via cuda-toolkit, nvidia-cufft", "# via cuda-toolkit, nvidia-cufft, filelock");
    let run = export(&text, "--cuda 12.6 --python 3.12");
    let reported = "kept       nvidia-nvjitlink 13.0.88: for CUDA 13, beside libraries for another CUDA: needed by";
    assert!(run.stderr.contains(reported) && run.stderr.contains("filelock"), "{}", run.stderr);
    assert_eq!(run.stderr.matches("beside libraries").count(), 1, "{}", run.stderr);
    let output = run.ok();
    assert!(
        output.contains("\nnvidia-nvjitlink==13.0.88 ") && output.contains("\nnvidia-nvjitlink-cu12=="),
        "{output}"
    );
}

/// A lock may have read the list of another platform's wheel, so what a GPU library needs is held against the catalogue. Of
/// everything else the lock is believed: it was resolved with all it needs.
#[test]
fn what_a_locked_gpu_library_needs_is_followed_and_what_others_need_is_not() {
    let place = Place::new();
    let libraries = ["nvidia-cusolver-cu12==11.4.5.107", "nvidia-cusparse-cu12==12.1.0.106"];
    let torch = pin("torch==2.2.2", &[LINUX]);
    place.write("requirements.txt", torch + &lock(&[], &BASE) + &lock(&[], &libraries));
    let row = format!(
        "wheel\tjinja2\t3.1.4\t-\tpypi\tjinja2-3.1.4-py3-none-any.whl\t{digest}\t-\t1\t-\t-\n\
         requires\tjinja2\t3.1.4\tpypi\t*\tmetadata\t-\tmarkupsafe\n\
         wheel\tmarkupsafe\t2.1.5\t-\tpypi\tmarkupsafe-2.1.5-py3-none-any.whl\t{digest}\t-\t1\t-\t-\n\
         requires\tmarkupsafe\t2.1.5\tpypi\t*\tmetadata\t-\n",
        digest = "e".repeat(64)
    );
    place.write("ours.tsv", row);
    let output = place.run("export --cuda 12.1 --python 3.10 -q --catalog ours.tsv requirements.txt").ok();
    assert!(libraries.iter().all(|library| output.contains(&format!("\n{library} "))), "{output}");
    assert!(output.contains("\nnvidia-nvjitlink-cu12=="), "{output}");
    assert!(output.contains("\njinja2==3.1.4 ") && !output.contains("markupsafe"), "{output}");
}

/// Nobody here knows what this release of the toolkit needs. It is the lock's own, so the lock is believed.
/// Both indexes have it; a lock without an index of its own means the default one.
#[test]
fn what_a_locked_gpu_library_needs_is_what_the_default_index_says() {
    let place = Place::new();
    let torch = pin("torch==2.2.2", &[LINUX]);
    place.write("requirements.txt", torch + &lock(&[], &BASE) + &lock(&[], &["cuda-toolkit==12.6.0"]));
    let other = "https://download.pytorch.org/whl/cu118";
    let row = |index: &str, digit: &str, needs: &str| {
        format!(
            "wheel\tcuda-toolkit\t12.6.0\t-\t{index}\tcuda_toolkit-12.6.0-py3-none-any.whl\t{}\t-\t1\t-\t-\n\
             requires\tcuda-toolkit\t12.6.0\t{index}\t*\tmetadata\t-\t{needs}\n",
            digit.repeat(64)
        )
    };
    let needed = |name: &str, digit: &str| {
        format!(
            "wheel\t{name}\t1.0\t-\tpypi\t{name}-1.0-py3-none-any.whl\t{}\t-\t1\t-\t-\n\
             requires\t{name}\t1.0\tpypi\t*\tmetadata\t-\n",
            digit.repeat(64)
        )
    };
    place.write(
        "ours.tsv",
        format!("requires\ttorch\t2.2.2+cu118\t{other}\t*\toverride\tfor this test\tcuda-toolkit\n")
            + &row("pypi", "1", "aa")
            + &row(other, "2", "bb")
            + &needed("aa", "3")
            + &needed("bb", "4"),
    );
    let output = place.run("export --cuda 11.8 --python 3.10 -q --catalog ours.tsv requirements.txt").ok();
    assert!(output.contains("\naa==1.0 ") || output.starts_with("aa==1.0 "), "{output}");
    assert!(!output.contains("bb==1.0 "), "{output}");
}

#[test]
fn a_locked_gpu_library_of_unknown_needs_is_no_problem() {
    let place = Place::new();
    let torch = pin("torch==2.2.2", &[LINUX]);
    place.write("requirements.txt", torch + &lock(&[], &BASE) + &lock(&[], &["cuda-toolkit==12.6.0"]));
    let index = "https://download.pytorch.org/whl/cu118";
    place.write(
        "ours.tsv",
        format!("requires\ttorch\t2.2.2+cu118\t{index}\t*\toverride\tfor this test\tcuda-toolkit\n"),
    );
    let output = place.run("export --cuda 11.8 --python 3.10 -q --catalog ours.tsv requirements.txt").ok();
    assert!(output.contains("\ncuda-toolkit==12.6.0 "), "{output}");
}

#[test]
fn a_library_that_something_else_needs_is_not_pinned_for_another_cuda() {
    let others = lock(&[], &["cuda-python==13.3.1"]);
    let text =
        toolkit(true).replace("    # via torch\ncuda-toolkit", "    # via cuda-python, torch\ncuda-toolkit") + &others;
    let message = export(&text, "--cuda 12.6 --python 3.12").refused();
    assert!(message.contains("cuda-python needs cuda-bindings of CUDA 13, as far as the file says"), "{message}");
    assert!(message.contains("--no-emit-package cuda-python"), "{message}");
    // Of the same CUDA it may be another release; and what is left out is the user's business.
    export(&text, "--cuda 13.0 --python 3.12").ok();
    export(&text, "--cuda 12.6 --python 3.12 --no-emit-package cuda-python").ok();
}
