//! Pins with a local label, `torch==2.3.1+cpu`, in requirements files: there may be no such wheel for the platform, and no
//! index of the file may serve it. The files are made here; the digests in them are those of the catalogue.

use crate::support::{Place, Run, root};

const BASE: &str = "filelock==3.13.1\nfsspec==2024.2.0\njinja2==3.1.3\nmarkupsafe==2.1.5\nmpmath==1.3.0\n\
                    networkx==3.1\nnumpy==1.26.4\npillow==10.3.0\nsympy==1.12\ntyping-extensions==4.12.2\n";

const FAMILY: &str = "torch==2.3.1+cpu\ntorchaudio==2.3.1+cpu\ntorchvision==0.18.1+cpu\n";

fn export(text: &str, arguments: &str) -> Run {
    let place = Place::new();
    place.write("requirements.txt", text);
    place.run(&format!("export -v {arguments} requirements.txt"))
}

/// The lines of torch's family, without their digests.
fn family(output: &str) -> Vec<&str> {
    let lines = output.lines().filter(|line| line.starts_with("torch"));
    lines.map(|line| line.trim_end_matches(" \\")).collect()
}

/// The digest of a wheel of a folder of PyTorch's index.
fn digest(folder: &str, file: &str) -> String {
    let wheels = std::fs::read_to_string(root().join("src/catalog/wheels.tsv")).unwrap();
    let folder = format!("https://download.pytorch.org/whl{folder}");
    let mut rows = wheels.lines().map(|row| row.split('\t').collect::<Vec<_>>());
    let row = rows.find(|row| row.get(3) == Some(&folder.as_str()) && row.get(4) == Some(&file));
    row.unwrap_or_else(|| panic!("no {file}"))[5].to_owned()
}

#[test]
fn where_no_wheel_has_the_label_the_build_without_it_is_taken() {
    let text = format!("{FAMILY}{BASE}");
    for (platform, build, wheel) in [
        ("macos-arm64", "", "macosx_11_0_arm64"),
        ("linux-aarch64", "--cpu", "aarch64"),
        ("linux-aarch64", "", "aarch64"),
    ] {
        let run = export(&text, &format!("--platform {platform} {build} --python 3.10 --without-hashes"));
        let output = run.ok();
        let lines = family(&output);
        assert_eq!(lines.len(), 3, "{output}");
        for line in lines {
            assert!(!line.contains("+cpu") && !line.contains("%2B"), "{platform} {build}: {line}");
            assert!(line.ends_with(&format!("{wheel}.whl")) || !line.contains('@'), "{platform} {build}: {line}");
        }
    }
}

/// The digests of the lock are those of other files: those of the wheel that is written take their place.
#[test]
fn the_digests_go_with_the_label() {
    let linux = digest("/cpu", "torch-2.3.1+cpu-cp311-cp311-linux_x86_64.whl");
    let hashed = |line: &str| format!("{line} --hash=sha256:{}\n", "f".repeat(64));
    let text = format!("torch==2.3.1+cpu --hash=sha256:{linux}\n{}", BASE.lines().map(hashed).collect::<String>());
    let output = export(&text, "--platform macos-arm64 --python 3.11").ok();
    let mac = digest("/cpu", "torch-2.3.1-cp311-none-macosx_11_0_arm64.whl");
    assert!(output.contains(&mac) && !output.contains(&linux), "{output}");
    // The label stands in the version: that the digest of the wheel without it is listed does not help.
    let text = text.replace(&linux, &format!("{linux} --hash=sha256:{mac}"));
    let output = export(&text, "--platform macos-arm64 --python 3.11").ok();
    assert!(output.contains("torch @ ") && !output.contains(&linux), "{output}");
}

#[test]
fn a_build_that_the_platform_does_not_have_is_refused() {
    let text = format!("torch==2.3.1+cu121\n{BASE}");
    let message = export(&text, "--platform linux-aarch64 --python 3.11 --without-hashes").refused();
    assert!(message.contains("no wheel of torch 2.3.1+cu121 for linux-aarch64"), "{message}");
}

#[test]
fn a_pin_that_no_index_of_the_file_serves_is_written_as_its_url() {
    let wheel = |python: &str| {
        format!("https://download.pytorch.org/whl/cpu/torch-2.3.1%2Bcpu-{python}-{python}-linux_x86_64.whl")
    };
    for (indexes, build) in [
        ("", ""),
        ("", "--cpu"),
        ("--extra-index-url https://download.pytorch.org/whl/cu118\n", ""),
        ("--index-url https://pypi.test/simple\n", ""),
        ("--no-index\n--extra-index-url https://download.pytorch.org/whl/cpu\n", ""),
    ] {
        let text = format!("{indexes}torch==2.3.1+cpu\n{BASE}");
        let run = export(&text, &format!("{build} --python 3.11 --without-hashes"));
        assert!(
            run.stderr.contains("at its URL: no index of the file serves it (built-in catalogue"),
            "{}",
            run.stderr
        );
        let output = run.ok();
        assert_eq!(family(&output), [format!("torch @ {}", wheel("cp311"))], "{indexes}");
    }
    let output = export(&format!("torch==2.3.1+cpu\n{BASE}"), "--python 3.11 --python 3.12 --without-hashes").ok();
    let lines = [("cp311", "python_version < \"3.12\""), ("cp312", "python_version >= \"3.12\"")];
    assert_eq!(family(&output), lines.map(|(python, marker)| format!("torch @ {} ; {marker}", wheel(python))));
}

#[test]
fn a_pin_at_its_url_has_the_one_digest_of_the_file_there() {
    let [own, other] =
        ["cp311", "cp310"].map(|python| digest("/cpu", &format!("torch-2.3.1+cpu-{python}-{python}-linux_x86_64.whl")));
    let hashed = |line: &str| format!("{line} --hash=sha256:{}\n", "f".repeat(64));
    let base: String = BASE.lines().map(hashed).collect();
    let text = format!("torch==2.3.1+cpu --hash=sha256:{own} --hash=sha256:{other}\n{base}");
    let output = export(&text, "--python 3.11").ok();
    assert!(output.contains("torch @ https") && output.contains(&own) && !output.contains(&other), "{output}");
    // A digest that nobody knows is not that of the catalogue's wheel.
    let text = format!("torch==2.3.1+cpu --hash=sha256:{}\n{base}", "e".repeat(64));
    let run = export(&text, "--python 3.11");
    assert!(run.stderr.contains("unproven  torch 2.3.1+cpu"), "{}", run.stderr);
    assert!(run.ok().contains("torch==2.3.1+cpu --hash"));
}

#[test]
fn a_digest_belongs_to_the_version_that_the_line_names() {
    let cpu = digest("/cpu", "torch-2.3.1+cpu-cp311-cp311-linux_x86_64.whl");
    let base: String = BASE.lines().map(|line| format!("{line} --hash=sha256:{}\n", "f".repeat(64))).collect();
    let pinned = |version: &str| export(&format!("torch=={version} --hash=sha256:{cpu}\n{base}"), "--python 3.11");
    // A version without a label admits every label (PEP 440).
    let run = pinned("2.3.1");
    assert!(run.stderr.contains("kept  torch 2.3.1: as locked: a cpu build"), "{}", run.stderr);
    assert!(pinned("2.3.1+cpu").stderr.contains("kept  torch 2.3.1+cpu: as locked"));
    // Of another label it is no file.
    let output = pinned("2.3.1+cu121").ok();
    assert!(output.contains("/whl/cu121/torch-2.3.1%2Bcu121-cp311-") && !output.contains(&cpu), "{output}");
}

#[test]
fn a_wheel_of_torch_at_a_url_stays_only_where_it_installs() {
    for (url, there, elsewhere) in [
        ("https://wheels.example/torch-2.3.1+ours-cp311-cp311-win_amd64.whl", "windows-x86_64", "linux-x86_64"),
        (
            "https://download.pytorch.org/whl/cpu/torch-2.3.1-cp311-none-macosx_11_0_arm64.whl",
            "macos-arm64",
            "linux-x86_64",
        ),
    ] {
        let on = |platform: &str| {
            export(&format!("torch @ {url}\n{BASE}"), &format!("--platform {platform} --python 3.11 --without-hashes"))
        };
        assert!(on(there).ok().contains(&format!("torch @ {url}\n")), "{url}");
        let message = on(elsewhere).refused();
        assert!(
            message.contains("the lock has no wheel of torch 2.3.1") && message.contains("for linux-x86_64"),
            "{message}"
        );
    }
}

/// The label of torch names a folder in which every wheel of the companion has it, too: without it, the companion is that
/// of the default index, which was made for another build.
#[test]
fn a_companion_without_the_label_of_torch_is_not_from_its_index() {
    let text = format!("torch==2.5.1+LABEL\ntorchvision==0.20.1\n{}", BASE.replace("sympy==1.12", "sympy==1.13.1"));
    for index in ["", "--extra-index-url https://download.pytorch.org/whl/LABEL\n"] {
        for (label, build, python) in [("cu121", "--cuda 12.1", "cp311"), ("cpu", "--cpu", "cp312")] {
            let text = format!("{index}{text}").replace("LABEL", label);
            let arguments = format!("{build} --without-hashes --python {}", python.replace("cp3", "3."));
            let output = export(&text, &arguments).ok();
            let wheel = format!("torchvision-0.20.1%2B{label}-{python}-{python}-linux_x86_64.whl");
            let line = format!("torchvision @ https://download.pytorch.org/whl/{label}/{wheel}");
            assert!(family(&output).contains(&line.as_str()), "{output}");
        }
    }
    // For this machine the index has it without a label.
    let text = text.replace("LABEL", "cpu").replace("2.5.1+cpu", "2.5.1");
    let output = export(&text, "--platform linux-aarch64 --cpu --without-hashes --python 3.11").ok();
    assert!(!output.contains("%2B"), "{output}");
    // Nobody knows the one that goes with this torch.
    let text = text.replace("torch==2.5.1", "torch==2.5.1+cu118").replace("torchvision==0.20.1", "torchaudio==2.5.1");
    let told = export(&text, "--cuda 11.8 --without-hashes --python 3.11").refused();
    assert!(told.contains("the catalogue knows no torchaudio 2.5.1+cu118 for linux-x86_64"), "{told}");
}

#[test]
fn a_file_that_names_the_index_keeps_its_line() {
    for indexes in [
        "--extra-index-url https://download.pytorch.org/whl/cpu",
        "--extra-index-url=https://download.pytorch.org/whl/cpu/",
        "-i https://download.pytorch.org/whl/cpu",
        "--extra-index-url https://download-r2.pytorch.org/whl/cpu",
        "--extra-index-url https://download.pytorch.org/whl",
        "-f https://download.pytorch.org/whl/torch_stable.html",
        "--extra-index-url https://mirror.example/pytorch/simple",
        "--no-index\n--find-links wheels",
    ] {
        let text = format!("{indexes}\n{FAMILY}{BASE}");
        for build in ["", "--cpu"] {
            let output = export(&text, &format!("{build} --python 3.11 --without-hashes")).ok();
            let kept = output.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n"));
            assert_eq!(kept.collect::<String>(), text, "{indexes} {build}");
        }
    }
}

#[test]
fn the_audit_reports_that_no_wheel_of_the_platform_has_the_label() {
    let place = Place::new();
    place.write("requirements.txt", format!("torch==2.3.1+cpu\n{BASE}"));
    for (platform, status) in [("macos-arm64", 1), ("linux-aarch64", 1), ("linux-x86_64", 0)] {
        let run = place.run(&format!("audit --platform {platform} --python 3.11 requirements.txt"));
        let reported = run.stdout.contains(&format!("error[no-wheel]: torch 2.3.1+cpu has no wheel for {platform}"));
        assert_eq!((run.status, reported), (status, status == 1), "{}", run.shown());
    }
}

/// PyTorch's index has both for this machine. A label makes a version newer, so that pip takes that one.
#[test]
fn of_a_wheel_with_the_builds_label_and_one_without_the_first_is_taken() {
    let base = BASE.replace("sympy==1.12", "sympy==1.13.3");
    let text = format!("torch==2.10.0+cu130\ntorchaudio==2.10.0+cu130\nsetuptools==80.0\n{base}");
    let output = export(&text, "--platform linux-aarch64 --cpu --python 3.12 --without-hashes").ok();
    let wheel = |name: &str| format!("{name}-2.10.0%2Bcpu-cp312-cp312-manylinux_2_28_aarch64.whl");
    let wheels = family(&output);
    assert_eq!(wheels.len(), 2, "{output}");
    for (line, name) in wheels.iter().zip(["torch", "torchaudio"]) {
        assert!(line.ends_with(&wheel(name)), "{line}");
    }
    assert!(!digest("/cpu", "torchaudio-2.10.0-cp312-cp312-manylinux_2_28_aarch64.whl").is_empty());
}

/// Both indexes have a wheel of this version for Macs, with other bytes; the digest tells which one is meant.
#[test]
fn a_version_without_a_label_whose_digest_is_of_another_index_is_written_as_its_url() {
    let hashed = |line: &str| format!("{line} --hash=sha256:{}\n", "f".repeat(64));
    let base = BASE.replace("sympy==1.12", "sympy==1.13.3") + "setuptools==80.0\n";
    let base: String = base.lines().map(hashed).collect();
    let wheel = "torch-2.9.1-cp312-none-macosx_11_0_arm64.whl";
    let text = format!("torch==2.9.1 --hash=sha256:{}\n{base}", digest("/cpu", wheel));
    let mac = |text: &str| export(text, "--platform macos-arm64 --python 3.12").ok();
    let output = mac(&text);
    assert_eq!(family(&output), [format!("torch @ https://download.pytorch.org/whl/cpu/{wheel}")], "{output}");
    assert!(output.contains(&digest("/cpu", wheel)), "{output}");
    for line in ["--extra-index-url https://download.pytorch.org/whl/cpu", "-f https://mirror.example/wheels"] {
        assert!(family(&mac(&format!("{line}\n{text}")))[0].starts_with("torch==2.9.1 "), "{line}");
    }
}

/// Torch's index has it for this machine, the default one does not.
#[test]
fn a_library_that_no_index_of_the_file_has_for_the_platform_is_written_as_its_url() {
    let base = BASE.replace("sympy==1.12", "sympy==1.13.3") + "setuptools==80.0\n";
    let text = format!("torch==2.7.1+cu128\ntriton==3.3.1\n{base}");
    let arm = |text: &str| export(text, "--platform linux-aarch64 --python 3.12 --without-hashes").ok();
    let line = |output: &str| output.lines().find(|line| line.starts_with("triton")).map(str::to_owned);
    let url = "triton @ https://download.pytorch.org/whl/triton-3.3.1-cp312-cp312-manylinux_2_27_aarch64.manylinux_2_28_aarch64.whl";
    assert_eq!(line(&arm(&text)).as_deref(), Some(url));
    let named = format!("--extra-index-url https://download.pytorch.org/whl\n{text}");
    assert_eq!(line(&arm(&named)).as_deref(), Some("triton==3.3.1"));
    // The default index has it for this one.
    let intel = export(&text, "--python 3.12 --without-hashes --backend cu128").ok();
    assert_eq!(line(&intel).as_deref(), Some("triton==3.3.1"));
}

/// What the project lists of another package is no reason to write that otherwise than it was.
#[test]
fn what_is_no_library_of_a_gpu_stays_as_it_is_written_wherever_the_project_has_it() {
    let place = Place::new();
    let row = "wheel\tfilelock\t3.13.1\t-\thttps://a.example/x\tfilelock-3.13.1-py3-none-any.whl\t";
    place.write("own.tsv", format!("{row}{}\t-\t1\t-\t-\n", "0".repeat(64)));
    place.write("requirements.txt", format!("torch==2.3.1+cpu\n{BASE}"));
    let output = place.run("export --cpu --python 3.12 --without-hashes --catalog own.tsv requirements.txt").ok();
    assert!(output.contains("\nfilelock==3.13.1\n"), "{output}");
}

/// Nothing but the label or the index tells which wheel is meant, and that is enough to ask what it needs.
#[test]
fn what_a_kept_wheel_without_digests_needs_is_asked_for() {
    let index = "--extra-index-url https://download.pytorch.org/whl/cpu\n";
    let without = BASE.replace("filelock==3.13.1\n", "");
    for (text, arguments) in [
        (format!("{index}torch==2.3.1+cpu\n{without}"), "--cpu"),
        (format!("torch==2.3.1\n{without}"), "--platform linux-aarch64"),
    ] {
        let message = export(&text, &format!("{arguments} --python 3.11 --without-hashes")).refused();
        assert!(message.contains("filelock is needed, too"), "{message}");
        let whole = text.replace("fsspec", "filelock==3.13.1\nfsspec");
        let run = export(&whole, &format!("{arguments} --python 3.11 --without-hashes"));
        assert!(!run.stderr.contains("unproven"), "{}", run.stderr);
        assert_eq!(family(&run.ok()), [text.lines().find(|line| line.starts_with("torch")).unwrap()]);
    }
    // Where there is no index, or no more than the default one.
    let arm = |option: &str| {
        let text = format!("{option}\ntorch==2.3.1\n{without}");
        export(&text, "--platform linux-aarch64 --python 3.11 --without-hashes")
    };
    assert!(arm("--no-index").stderr.contains("unproven  torch 2.3.1"));
    for option in ["--pre", "--index-url https://pypi.test/simple"] {
        assert!(arm(option).refused().contains("filelock is needed, too"), "{option}");
    }
    assert!(arm("--index-url https://mirror.example/simple").stderr.contains("unproven  torch 2.3.1"));
    // With a second index pip takes the highest of both, so this may be another wheel.
    let run =
        export(&format!("{index}torch==2.3.1\n{without}"), "--platform linux-aarch64 --python 3.11 --without-hashes");
    assert!(run.stderr.contains("unproven") && run.status == 0, "{}", run.shown());
}

/// The project says where it takes the very file from. Its word goes before the folder that the label names; where it says
/// nothing, the label's own folder is meant.
#[test]
fn a_row_of_the_project_for_the_same_bytes_says_where_they_are_taken_from() {
    let wheel = "torch-2.3.1+cpu-cp312-cp312-linux_x86_64.whl";
    let sha256 = digest("/cpu", wheel);
    let place = Place::new();
    let hashed = |line: &str| format!("{line} --hash=sha256:{}\n", "f".repeat(64));
    let base: String = BASE.lines().map(hashed).collect();
    place.write("requirements.txt", format!("torch==2.3.1+cpu --hash=sha256:{sha256}\n{base}"));
    let taken = |more: &str| {
        let output = place.run(&format!("export --python 3.12 {more} requirements.txt")).ok();
        assert!(output.contains(&sha256), "{output}");
        family(&output).concat()
    };
    assert!(taken("").starts_with("torch @ https://download.pytorch.org/whl/cpu/torch-2.3.1%2Bcpu-"), "{}", taken(""));
    for folder in ["https://download.pytorch.org/whl/cpu-cxx11-abi", "https://wheels.example/torch"] {
        let row = format!("wheel\ttorch\t2.3.1+cpu\tcpu\t{folder}\t{wheel}\t{sha256}\t-\t1\t-\ttest\n");
        place.write("own.tsv", row);
        let line = taken("--catalog own.tsv");
        assert!(line.starts_with(&format!("torch @ {folder}/torch-2.3.1%2Bcpu-")), "{line}");
    }
}

/// Without a digest the label alone tells which of two files of one name is meant: that of the folder it is called after.
#[test]
fn of_two_files_of_one_name_the_label_means_the_one_in_its_own_folder() {
    let wheel = "torch-2.3.1+cpu-cp312-cp312-linux_x86_64.whl";
    let place = Place::new();
    place.write("requirements.txt", format!("torch==2.3.1+cpu\n{BASE}"));
    for folder in ["aaa", "zzz"] {
        let index = format!("https://download.pytorch.org/whl/{folder}");
        place.write(
            "own.tsv",
            format!("wheel\ttorch\t2.3.1+cpu\tcpu\t{index}\t{wheel}\t{}\t-\t1\t-\ttest\n", "0".repeat(64)),
        );
        let output = place.run("export --python 3.12 --without-hashes --catalog own.tsv requirements.txt").ok();
        let line = family(&output).concat();
        assert!(line.starts_with("torch @ https://download.pytorch.org/whl/cpu/torch-2.3.1%2Bcpu-"), "{line}");
    }
}
