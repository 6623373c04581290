//! Closures that the fixtures do not show: corrected and distrusted lists, extras, packages out of step. The locks are
//! requirements files made here: wheels of the family by their real digests, everything else with invented ones.

use crate::support::{Place, Run, root};

/// The digest of a catalogued wheel.
fn digest(file: &str) -> String {
    let wheels = std::fs::read_to_string(root().join("src/catalog/wheels.tsv")).unwrap();
    let row = wheels.lines().find(|row| row.split('\t').nth(3) == Some("pypi") && row.split('\t').nth(4) == Some(file));
    row.unwrap_or_else(|| panic!("no {file}")).split('\t').nth(5).unwrap().to_owned()
}

/// Torch as the default index serves it, and packages of which only name and version count.
fn lock(torch: &[(&str, &str)], others: &[&str]) -> String {
    let mut text = String::new();
    for (pin, file) in torch {
        text.push_str(&format!("{pin} --hash=sha256:{}\n", digest(file)));
    }
    for pin in others {
        text.push_str(&format!("{pin} --hash=sha256:{}\n", "f".repeat(64)));
    }
    text
}

fn export(text: &str, arguments: &str) -> Run {
    let place = Place::new();
    place.write("requirements.txt", text);
    place.run(&format!("export {arguments} requirements.txt"))
}

const BASE: [&str; 6] = [
    "filelock==3.16.1",
    "fsspec==2024.9.0",
    "jinja2==3.1.4",
    "networkx==3.4",
    "sympy==1.13.1",
    "typing-extensions==4.12.2",
];

/// The metadata of torch 2.6.0+cu126 names no CUDA library; the catalogue corrects it.
#[test]
fn a_corrected_list_is_used() {
    let text = lock(&[("torch==2.6.0", "torch-2.6.0-cp310-cp310-manylinux1_x86_64.whl")], &BASE);
    let run = export(&text, "--cuda 12.6 --python 3.10");
    assert!(run.stderr.contains("added    nvidia-cublas-cu12 12.6.4.1: needed by"), "{}", run.stderr);
    assert_eq!(run.ok().matches("\nnvidia-").count(), 13);
}

/// The recorded list of torch 2.6.0+xpu names no triton, though that build needs one.
#[test]
fn a_list_that_is_not_trusted_is_refused_with_its_reason() {
    let text = lock(&[("torch==2.6.0", "torch-2.6.0-cp310-cp310-manylinux1_x86_64.whl")], &BASE);
    let message = export(&text, "--xpu --python 3.10").refused();
    assert!(message.contains("what torch 2.6.0+xpu requires on linux-x86_64 cannot be told"), "{message}");
}

#[test]
fn what_nothing_meets_is_listed_whole() {
    let text = lock(&[("torch==2.6.0", "torch-2.6.0-cp310-cp310-manylinux1_x86_64.whl")], &["sympy==1.12"]);
    let message = export(&text, "--cuda 12.6 --python 3.10").refused();
    for name in ["filelock", "fsspec", "jinja2", "networkx", "typing-extensions"] {
        assert!(message.contains(&format!("needs {name}")), "{name}: {message}");
    }
    assert!(message.contains("needs sympy==1.13.1, but the lock has sympy 1.12"), "{message}");
}

#[test]
fn packages_out_of_step_are_refused() {
    let text = lock(
        &[
            ("torch==2.6.0", "torch-2.6.0-cp310-cp310-manylinux1_x86_64.whl"),
            ("torchvision==0.20.1", "torchvision-0.20.1-cp310-cp310-manylinux1_x86_64.whl"),
        ],
        &[&BASE[..], &["numpy==2.0", "pillow==11.0"]].concat(),
    );
    let message = export(&text, "--cuda 11.8 --python 3.10").refused();
    assert!(message.contains("torchvision 0.20.1+cu118 needs torch==2.5.1, but the lock has torch 2.6.0"), "{message}");
}

/// Since 2.11 torch asks for its CUDA libraries through extras of cuda-toolkit.
#[test]
fn extras_of_the_toolkit_are_followed() {
    let text = lock(
        &[("torch==2.11.0", "torch-2.11.0-cp312-cp312-manylinux_2_28_x86_64.whl")],
        &[&BASE[..], &["setuptools==80.0"]].concat(),
    );
    let output = export(&text.replace("sympy==1.13.1", "sympy==1.14.0"), "--cuda 12.8 --python 3.12 -q").ok();
    for line in [
        "cuda-toolkit[cublas,cudart,",
        "nvidia-cublas-cu12==12.8.4.1 ",
        "nvidia-nvjitlink-cu12==12.8.93 ",
        "cuda-pathfinder==",
    ] {
        assert!(output.contains(&format!("\n{line}")), "{line}: {output}");
    }
    // An extra that torch does not ask for.
    assert!(!output.contains("\nnvidia-npp-cu12") && !output.contains("\nnvidia-cuda-nvcc-cu12"), "{output}");
}

/// One build for all backends: torchtext stays, and is proven to fit.
#[test]
fn a_companion_with_one_build_stays() {
    let text = lock(
        &[
            ("torch==2.0.1", "torch-2.0.1-cp310-cp310-manylinux1_x86_64.whl"),
            ("torchtext==0.15.2", "torchtext-0.15.2-cp310-cp310-manylinux1_x86_64.whl"),
        ],
        &[&BASE[..], &["numpy==1.26", "requests==2.32", "tqdm==4.66", "torchdata==0.6.1"]].concat(),
    );
    let run = export(&text, "--cuda 11.8 --python 3.10");
    assert!(
        run.stderr.contains("torchtext 0.15.2: one build serves all") || run.stderr.contains("unproven"),
        "{}",
        run.stderr
    );
    assert!(run.ok().contains("\ntorchtext==0.15.2 --hash"));
}

/// A package that the application needs, too, stays when the old torch goes.
#[test]
fn what_others_need_is_not_removed() {
    let nvidia = ["nvidia-cublas-cu12==12.4.5.8", "nvidia-cudnn-cu12==9.1.0.70", "nvidia-nccl-cu12==2.21.5"];
    let torch = [("torch==2.5.1", "torch-2.5.1-cp310-cp310-manylinux1_x86_64.whl")];
    let plain = lock(&torch, &[&BASE[..], &nvidia].concat());
    let output = export(&plain, "--cpu --python 3.10 -q").ok();
    assert!(!output.contains("nvidia-"), "{output}");
    let annotated = plain
        .replace("nvidia-cublas-cu12==12.4.5.8", "cupy-cuda12x==13.3")
        .lines()
        .map(|line| match line {
            _ if line.starts_with("nvidia-nccl") => format!("{line}\n    # via\n    #   cupy-cuda12x\n    #   torch\n"),
            _ if line.starts_with("nvidia-cudnn") => format!("{line}\n    # via torch\n"),
            _ => format!("{line}\n    # via -r requirements.in\n"),
        })
        .collect::<String>();
    let output = export(&annotated, "--cpu --python 3.10 -q").ok();
    assert!(output.contains("\nnvidia-nccl-cu12==2.21.5"), "{output}");
    assert!(!output.contains("\nnvidia-cudnn"), "{output}");
}

#[test]
fn other_platforms_have_lists_of_their_own() {
    let text = lock(&[("torch==2.7.1", "torch-2.7.1-cp310-cp310-win_amd64.whl")], &BASE);
    let output = export(
        &text.replace("sympy==1.13.1", "sympy==1.14.0"),
        "--cuda 12.8 --platform windows-x86_64 --python 3.10 -q",
    )
    .ok();
    assert!(
        output.contains("torch-2.7.1%2Bcu128-cp310-cp310-win_amd64.whl") && !output.contains("nvidia-"),
        "{output}"
    );
}

#[test]
fn a_release_without_a_mac_wheel_is_told() {
    let text = lock(&[("torch==1.9.1", "torch-1.9.1-cp39-cp39-manylinux1_x86_64.whl")], &BASE);
    let message = export(&text, "--platform macos-arm64 --python 3.9").refused();
    assert!(
        message.contains("torch 1.9.1 has no wheel for macos-arm64, although the releases around it have"),
        "{message}"
    );
}

/// Both lines would be replaced, and pip would read one package twice.
#[test]
fn a_package_of_the_family_stands_once() {
    let torch = ("torch==2.5.1", "torch-2.5.1-cp310-cp310-manylinux1_x86_64.whl");
    let message = export(&lock(&[torch, torch], &BASE), "--cuda 12.4 --python 3.10").refused();
    assert!(message.contains("torch stands twice for linux-x86_64 (CPython 3.10)"), "{message}");
    assert!(message.contains("--> requirements.txt:2:1\n"), "{message}");
    assert!(message.contains("help: take one of the lines out"), "{message}");
    // Told once, however many there are.
    let message = export(&lock(&[torch; 9], &BASE), "--cuda 12.4 --python 3.10").refused();
    assert_eq!(message.matches("stands twice").count(), 1, "{message}");
}

#[test]
fn lines_that_never_meet_are_no_twins() {
    let file = "torch-2.5.1-cp310-cp310-manylinux1_x86_64.whl";
    let early = "torch==2.5.1 ; python_full_version < \"3.10.5\"";
    let late = "torch==2.5.1 ; python_full_version >= \"3.10.5\"";
    let output = export(&lock(&[(early, file), (late, file)], &BASE), "--cpu --python 3.10 -q").ok();
    assert_eq!(output.matches("torch @ https://").count(), 2, "{output}");
}
