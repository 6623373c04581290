//! Closures that no fixture has: corrected and distrusted lists, extras, packages of different releases. The locks are
//! requirements files made here: wheels of the family have their real digests, everything else has invented ones.

use std::collections::BTreeSet;

use pep508_rs::{MarkerEnvironment, MarkerEnvironmentBuilder, MarkerTree};
use proptest::prelude::*;

use crate::support::{Place, Run, root};

mod choices;
mod cpu_libraries;
mod orphans;

/// The digest of a wheel that is catalogued on the default index, or under its label on PyTorch's.
fn digest(file: &str) -> String {
    let wheels = std::fs::read_to_string(root().join("src/catalog/wheels.tsv")).unwrap();
    let is_it = |row: &&str| {
        let mut fields = row.split('\t').skip(3);
        let index = fields.next();
        fields.next() == Some(file) && (index == Some("pypi") || file.contains('+'))
    };
    let row = wheels.lines().find(is_it);
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
    place.run(&format!("export -v {arguments} requirements.txt"))
}

const BASE: [&str; 6] = [
    "filelock==3.16.1",
    "fsspec==2024.9.0",
    "jinja2==3.1.4",
    "networkx==3.4",
    "sympy==1.13.1",
    "typing-extensions==4.12.2",
];

/// Torch of the default index is a build for one CUDA, whatever is wanted.
#[test]
fn torch_itself_is_not_added() {
    let vision = [("torchvision==0.20.1", "torchvision-0.20.1-cp310-cp310-manylinux1_x86_64.whl")];
    let text = lock(&vision, &[&BASE[..], &["numpy==1.26.4", "pillow==10.4.0"]].concat());
    let torch = digest("torch-2.5.1-cp310-cp310-manylinux1_x86_64.whl");
    for (build, label) in [("--cpu", "cpu"), ("--cuda 12.1", "cu121")] {
        let arguments = format!("{build} --python 3.10");
        for other in
            ["", "pytorch==1.0.2 --hash=sha256:TORCH\n", "torch==2.5.1 ; os_name == 'nt' --hash=sha256:TORCH\n"]
        {
            let told = export(&format!("{text}{}", other.replace("TORCH", &torch)), &arguments).refused();
            let why = "needs torch==2.5.1, which the lock does not give for linux-x86_64";
            assert!(told.contains(&format!("torchvision 0.20.1+{label} {why}")), "{told}");
        }
        let whole = export(&format!("{text}torch==2.5.1 --hash=sha256:{torch}\n"), &arguments).ok();
        assert!(whole.contains(&format!("torch-2.5.1%2B{label}-")), "{whole}");
    }
}

/// The metadata of torch 2.6.0+cu126 names no CUDA library; the catalogue corrects it.
#[test]
fn a_corrected_list_is_used() {
    let text = lock(&[("torch==2.6.0", "torch-2.6.0-cp310-cp310-manylinux1_x86_64.whl")], &BASE);
    let run = export(&text, "--cuda 12.6 --python 3.10");
    assert!(run.stderr.contains("added    nvidia-cublas-cu12 12.6.4.1: needed by"), "{}", run.stderr);
    assert_eq!(run.ok().matches("\nnvidia-").count(), 13);
}

/// The wheels of the same build for Windows and Linux aarch64 bundle them, so for those the metadata is right.
#[test]
fn a_list_that_is_wrong_on_linux_x86_64_is_right_where_the_wheel_bundles_its_libraries() {
    let base = [&BASE[..], &["setuptools==69.0"]].concat().join("\n");
    for (platform, tag) in [("windows-x86_64", "win_amd64"), ("linux-aarch64", "linux_aarch64")] {
        let text = format!("torch==2.6.0\n{base}\n");
        let output = export(&text, &format!("--cuda 12.6 --platform {platform} --python 3.12 --without-hashes")).ok();
        assert!(output.contains(&format!("torch-2.6.0%2Bcu126-cp312-cp312-{tag}.whl")), "{output}");
        assert!(!output.contains("nvidia-") && !output.contains("triton"), "{output}");
    }
}

/// The recorded list of torch 2.6.0+xpu names no triton, though that build needs one.
#[test]
fn a_list_that_is_not_trusted_is_refused_with_its_reason() {
    let text = lock(&[("torch==2.6.0", "torch-2.6.0-cp310-cp310-manylinux1_x86_64.whl")], &BASE);
    let message = export(&text, "--xpu --python 3.10").refused();
    assert!(message.contains("the requirements of torch 2.6.0+xpu on linux-x86_64 are not known"), "{message}");
    let help =
        "help: learn it with: torchswap catalog update torch==2.6.0 --xpu; or give its requirements in a catalogue";
    assert!(message.contains(help), "{message}");
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

/// torchdata asks for torch 2 or newer, whichever was locked beside it elsewhere.
#[test]
fn a_companion_that_asks_for_no_one_torch_goes_with_any() {
    let others = ["requests==2.32", "urllib3==2.2", "setuptools==69.0"];
    for (torch, torchdata) in [("2.6.0", "0.8.0"), ("2.5.1", "0.10.1"), ("2.8.0", "0.11.0"), ("2.6.0", "0.11.0")] {
        let pins = [format!("torch=={torch}"), format!("torchdata=={torchdata}")];
        let text = [&pins.each_ref().map(String::as_str)[..], &BASE, &others].concat().join("\n");
        let output = export(&text, "--cpu --python 3.11 --without-hashes").ok();
        assert!(output.contains(&format!("\ntorchdata=={torchdata}\n")), "{output}");
        assert!(output.contains(&format!("torch-{torch}%2Bcpu-cp311-cp311-")), "{output}");
    }
}

/// The newest cuda-pathfinder is not for CPython 3.10, so an older one comes along there.
#[test]
fn a_cuda_build_is_for_every_python_that_it_has_wheels_for() {
    let pins = BASE.join("\n").replace("sympy==1.13.1", "sympy==1.14.0");
    for python in ["3.10", "3.11", "3.12", "3.13", "3.14"] {
        for (release, cuda) in [("2.10.0", "12.8"), ("2.12.1", "13.0")] {
            let text = format!("{pins}\nsetuptools==80.9.0\nmarkupsafe==3.0.2\nmpmath==1.3.0\ntorch=={release}\n");
            let output = export(&text, &format!("--cuda {cuda} --python {python} --without-hashes")).ok();
            assert!(output.contains("\ncuda-pathfinder=="), "{output}");
        }
    }
}

/// Since 2.11 torch asks for its CUDA libraries through extras of cuda-toolkit.
#[test]
fn extras_of_the_toolkit_are_followed() {
    let text = lock(
        &[("torch==2.11.0", "torch-2.11.0-cp312-cp312-manylinux_2_28_x86_64.whl")],
        &[&BASE[..], &["setuptools==80.0"]].concat(),
    );
    let output = export(&text.replace("sympy==1.13.1", "sympy==1.14.0"), "--cuda 12.8 --python 3.12").ok();
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

/// One build for all backends: torchdata stays, and is proven to fit; of this torchtext nobody knows what it requires.
#[test]
fn a_companion_with_one_build_stays() {
    let files = lock(
        &[
            ("torch==2.0.1", "torch-2.0.1-cp310-cp310-manylinux1_x86_64.whl"),
            ("torchdata==0.7.1", "torchdata-0.7.1-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"),
            ("torchtext==0.15.2", "torchtext-0.15.2-cp310-cp310-manylinux1_x86_64.whl"),
        ],
        &[&BASE[..], &["numpy==1.26", "requests==2.32", "tqdm==4.66", "urllib3==2.2"]].concat(),
    );
    let run = export(&files, "--cuda 11.8 --python 3.10");
    assert!(run.stderr.contains("kept      torchdata 0.7.1: one build serves all"), "{}", run.stderr);
    let unproven = "unproven  torchtext 0.15.2: kept as locked: no catalogue knows what it requires";
    assert!(run.stderr.contains(unproven), "{}", run.stderr);
    let output = run.ok();
    assert!(output.contains("\ntorchtext==0.15.2 --hash") && output.contains("\ntorchdata==0.7.1 --hash"), "{output}");
}

/// A package that the application needs, too, stays when the old torch goes.
#[test]
fn what_others_need_is_not_removed() {
    let nvidia = ["nvidia-cublas-cu12==12.4.5.8", "nvidia-cudnn-cu12==9.1.0.70", "nvidia-nccl-cu12==2.21.5"];
    let torch = [("torch==2.5.1", "torch-2.5.1-cp310-cp310-manylinux1_x86_64.whl")];
    let plain = lock(&torch, &[&BASE[..], &nvidia].concat());
    let output = export(&plain, "--cpu --python 3.10").ok();
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
    let output = export(&annotated, "--cpu --python 3.10").ok();
    assert!(output.contains("\nnvidia-nccl-cu12==2.21.5"), "{output}");
    assert!(!output.contains("\nnvidia-cudnn"), "{output}");
}

#[test]
fn other_platforms_have_lists_of_their_own() {
    let text = lock(&[("torch==2.7.1", "torch-2.7.1-cp310-cp310-win_amd64.whl")], &BASE);
    let output =
        export(&text.replace("sympy==1.13.1", "sympy==1.14.0"), "--cuda 12.8 --platform windows-x86_64 --python 3.10")
            .ok();
    assert!(
        output.contains("torch-2.7.1%2Bcu128-cp310-cp310-win_amd64.whl") && !output.contains("nvidia-"),
        "{output}"
    );
}

#[test]
fn a_release_without_a_mac_wheel_is_reported() {
    let text = lock(&[("torch==1.9.1", "torch-1.9.1-cp39-cp39-manylinux1_x86_64.whl")], &BASE);
    let message = export(&text, "--platform macos-arm64 --python 3.9").refused();
    assert!(
        message.contains("torch 1.9.1 has no wheel for macos-arm64, although the releases around it have"),
        "{message}"
    );
}

/// Both lines would be replaced, and pip would read one package twice.
#[test]
fn a_package_of_the_family_is_there_once() {
    let torch = ("torch==2.5.1", "torch-2.5.1-cp310-cp310-manylinux1_x86_64.whl");
    let message = export(&lock(&[torch, torch], &BASE), "--cuda 12.4 --python 3.10").refused();
    assert!(message.contains("torch is listed twice for linux-x86_64 (CPython 3.10)"), "{message}");
    assert!(message.contains("--> requirements.txt:2:1\n"), "{message}");
    assert!(message.contains("help: remove one of the lines"), "{message}");
    // Told once, however many there are.
    let message = export(&lock(&[torch; 9], &BASE), "--cuda 12.4 --python 3.10").refused();
    assert_eq!(message.matches("is listed twice").count(), 1, "{message}");
}

#[test]
fn lines_that_never_meet_are_no_twins() {
    let file = "torch-2.5.1-cp310-cp310-manylinux1_x86_64.whl";
    let early = "torch==2.5.1 ; python_full_version < \"3.10.5\"";
    let late = "torch==2.5.1 ; python_full_version >= \"3.10.5\"";
    let output = export(&lock(&[(early, file), (late, file)], &BASE), "--cpu --python 3.10").ok();
    assert_eq!(output.matches("torch @ https://").count(), 2, "{output}");
}

/// Torch 2.1.2 with CUDA 11.8 and packages that exist for this test alone: what each needs, and when.
fn export_of(torch: &[(String, &str)], others: &[(String, Vec<(String, &str)>)]) -> String {
    let columns = |needs: &[(String, &str)]| {
        let each = needs.iter().map(|(name, marker)| match *marker {
            "" => format!("\t{name}==1.0"),
            marker => format!("\t{name}==1.0; {marker}"),
        });
        each.collect::<String>()
    };
    let index = "https://download.pytorch.org/whl/cu118";
    let mut catalogue =
        format!("requires\ttorch\t2.1.2+cu118\t{index}\t*\toverride\tfor this test{}\n", columns(torch));
    for (name, needs) in others {
        let (file, digest) = (format!("{name}-1.0-py3-none-any.whl"), name.repeat(32));
        catalogue += &format!("wheel\t{name}\t1.0\t-\tpypi\t{file}\t{digest}\t-\t1\t-\t-\n");
        catalogue += &format!("requires\t{name}\t1.0\tpypi\t*\tmetadata\t-{}\n", columns(needs));
    }
    let place = Place::new();
    place.write("team.tsv", catalogue);
    place.write("requirements.txt", lock(&[("torch==2.1.2", "torch-2.1.2-cp310-cp310-manylinux1_x86_64.whl")], &[]));
    place.run("export --cuda 11.8 --python 3.10 --catalog team.tsv requirements.txt").ok()
}

/// `aa` is wanted on some machines at first and on all once `ee` is found, which is when no new name comes up any more:
/// what `aa` itself needs must follow.
#[test]
fn a_condition_that_widens_last_reaches_what_hangs_on_it() {
    let needs = |name: &str| vec![(name.to_owned(), "")];
    let torch = [("aa".to_owned(), "platform_release == \"x\""), ("dd".to_owned(), "")];
    let others = [("aa", needs("bb")), ("bb", vec![]), ("dd", needs("ee")), ("ee", needs("aa"))];
    let text = export_of(&torch, &others.map(|(name, needs)| (name.to_owned(), needs)));
    for name in ["aa", "bb", "dd", "ee"] {
        assert!(text.contains(&format!("\n{name}==1.0 \\\n")), "{name}\n{text}");
    }
}

/// The lock pins `aa` and `bb`, but nothing in it asks for them; the swapped torch asks for `aa`.
#[test]
fn what_the_lock_has_at_hand_brings_its_needs_along_where_they_hold() {
    let package = |name: &str, version: &str, file: &str, digest: &str, more: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\noptional = false\npython-versions = \"*\"\n\
             files = [\n    {{file = \"{file}\", hash = \"sha256:{digest}\"}},\n]\n\n{more}"
        )
    };
    let needs = "[package.dependencies]\nbb = {version = \"*\", markers = \"platform_release == \\\"x\\\"\"}\n\n";
    let torch = "torch-2.1.2-cp310-cp310-manylinux1_x86_64.whl";
    let text = [
        package("aa", "1.0", "aa-1.0-py3-none-any.whl", &"aa".repeat(32), needs),
        package("bb", "1.0", "bb-1.0-py3-none-any.whl", &"bb".repeat(32), ""),
        package("torch", "2.1.2", torch, &digest(torch), ""),
        "[metadata]\nlock-version = \"2.0\"\npython-versions = \"^3.9\"\ncontent-hash = \"0\"\n".to_owned(),
    ];
    let place = Place::new();
    place.write("poetry.lock", text.concat());
    place.write(
        "pyproject.toml",
        "[tool.poetry]\nname = \"app\"\n[tool.poetry.dependencies]\npython = \"^3.9\"\ntorch = \"2.1.2\"\n",
    );
    let index = "https://download.pytorch.org/whl/cu118";
    place.write("team.tsv", format!("requires\ttorch\t2.1.2+cu118\t{index}\t*\toverride\tfor this test\taa\n"));
    let text = place.run("export --cuda 11.8 --python 3.10 --catalog team.tsv poetry.lock").ok();
    assert!(text.contains("\naa==1.0 \\\n") && text.contains("\nbb==1.0 ; platform_release == \"x\" \\\n"), "{text}");
}

/// Markers that the target leaves open, decides for and decides against; with the kernels on which each holds.
const MARKERS: [(&str, &[&str]); 6] = [
    ("", &KERNELS),
    ("platform_release == \"x\"", &["x"]),
    ("platform_release == \"x\" or platform_release == \"y\"", &["x", "y"]),
    ("platform_release != \"x\"", &["y", "z"]),
    ("sys_platform == \"linux\"", &KERNELS),
    ("python_version < \"3.10\"", &[]),
];
const KERNELS: [&str; 3] = ["x", "y", "z"];

/// What is reached from torch on a kernel.
fn reached(kernel: &str, graph: &[Vec<(usize, usize)>]) -> BTreeSet<usize> {
    let (mut reached, mut open) = (BTreeSet::new(), vec![0]);
    while let Some(at) = open.pop() {
        for (to, marker) in &graph[at] {
            if MARKERS[*marker].1.contains(&kernel) && reached.insert(*to) {
                open.push(*to);
            }
        }
    }
    reached
}

/// True if a line of an output is installed on a Linux of a kernel with CPython 3.10.
fn is_installed(line: &str, kernel: &str) -> bool {
    let Some((_, marker)) = line.split_once(" ; ") else { return true };
    let environment = MarkerEnvironment::try_from(MarkerEnvironmentBuilder {
        implementation_name: "cpython",
        implementation_version: "3.10.0",
        os_name: "posix",
        platform_machine: "x86_64",
        platform_python_implementation: "CPython",
        platform_release: kernel,
        platform_system: "Linux",
        platform_version: "1",
        python_full_version: "3.10.0",
        python_version: "3.10",
        sys_platform: "linux",
    });
    let tree: MarkerTree = marker.trim_end_matches(" \\").parse().unwrap();
    tree.evaluate(&environment.unwrap(), &[])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// On every machine exactly what torch needs there is installed, however the packages hang together.
    #[test]
    fn a_closure_is_whole_on_every_machine(
        graph in (2..8usize).prop_flat_map(|count| {
            let needs = prop::collection::vec((1..count, 0..MARKERS.len()), 0..4);
            prop::collection::vec(needs, count)
        })
    ) {
        let name = |at: usize| char::from(b'a' + u8::try_from(at - 1).unwrap()).to_string().repeat(2);
        let needs = |at: usize| -> Vec<(String, &str)> {
            graph[at].iter().map(|(to, marker)| (name(*to), MARKERS[*marker].0)).collect()
        };
        let others: Vec<(String, Vec<(String, &str)>)> = (1..graph.len()).map(|at| (name(at), needs(at))).collect();
        let text = export_of(&needs(0), &others);
        for kernel in KERNELS {
            let lines = text.lines().filter(|line| line.contains("==1.0") && is_installed(line, kernel));
            let installed: BTreeSet<&str> = lines.filter_map(|line| line.split("==").next()).collect();
            let expected: BTreeSet<String> = reached(kernel, &graph).into_iter().map(name).collect();
            prop_assert_eq!(&installed, &expected.iter().map(String::as_str).collect(), "{} {:?}\n{}", kernel, others, text);
        }
    }
}
