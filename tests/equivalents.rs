//! Packages beyond torch's family that have one name on CPUs and another on GPUs (`--also`).

use torchswap::catalog::equivalents::{self, How};

use crate::support::{Place, Run};

mod backwards;
mod checked;
mod coexistence;
mod extras;
mod locks;
mod nearest;
mod refused;
mod shared;

const ZEROS: &str = "--hash=sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// Pins with invented digests, as far as nobody looks at them.
fn lock(pins: &[&str]) -> String {
    pins.iter().map(|pin| format!("{pin} {ZEROS}\n")).collect()
}

/// What onnxruntime needs, and who needs it.
const ONNX: [&str; 6] =
    ["coloredlogs==15.0.1", "flatbuffers==25.1", "numpy==1.26.4", "packaging==24.0", "protobuf==5.29", "sympy==1.13.3"];

fn onnx(version: &str) -> String {
    lock(&[&ONNX[..], &[&format!("onnxruntime=={version}"), "rembg==2.0.60"]].concat())
}

fn place(text: &str) -> Place {
    let place = Place::new();
    place.write("requirements.txt", text);
    place
}

/// What TensorFlow 2.18 and 2.19 require.
const TENSORFLOW: [&str; 22] = [
    "absl-py==2.1.0",
    "astunparse==1.6.3",
    "flatbuffers==24.3.25",
    "gast==0.6.0",
    "google-pasta==0.2.0",
    "grpcio==1.68.0",
    "h5py==3.12.1",
    "keras==3.7.0",
    "libclang==18.1.1",
    "ml-dtypes==0.4.1",
    "numpy==2.0.2",
    "opt-einsum==3.4.0",
    "packaging==24.2",
    "protobuf==5.28.3",
    "requests==2.32.3",
    "setuptools==75.6.0",
    "six==1.16.0",
    "tensorboard==2.18.0",
    "tensorflow-io-gcs-filesystem==0.37.1",
    "termcolor==2.5.0",
    "typing-extensions==4.12.2",
    "wrapt==1.17.0",
];

/// An entry of a `poetry.lock`.
fn entry(pin: &str, dependencies: &str, groups: &str) -> String {
    let (name, version) = pin.split_once("==").unwrap();
    let file = format!("{}-{version}-py3-none-any.whl", name.replace('-', "_"));
    let files = format!("files = [\n    {{file = \"{file}\", hash = \"sha256:{}\"}},\n]\n", "0".repeat(64));
    let head =
        format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\ndescription = \"\"\noptional = false\n");
    format!("{head}python-versions = \"*\"\n{groups}{files}\n{dependencies}")
}

/// A project with a lock of a version, which asks for something.
fn project(entries: &[String], version: &str, asks: &str) -> Place {
    let place = Place::new();
    let zeros = "0".repeat(64);
    let metadata =
        format!("[metadata]\nlock-version = \"{version}\"\npython-versions = \"~3.11\"\ncontent-hash = \"{zeros}\"\n");
    place.write("poetry.lock", entries.concat() + &metadata);
    let project = "[tool.poetry]\nname = \"p\"\nversion = \"1\"\ndescription = \"\"\nauthors = []\n\n\
                   [tool.poetry.dependencies]\npython = \"~3.11\"\n";
    place.write("pyproject.toml", format!("{project}{asks}\n"));
    place
}

fn export(text: &str, arguments: &str) -> Run {
    place(text).run(&format!("export -v {arguments} -o out.txt requirements.txt"))
}

/// The digests of a release of the built-in table.
fn digests(package: &str, version: &str, part: &str) -> Vec<String> {
    let table = std::fs::read_to_string(crate::support::root().join("src/catalog/wheels.tsv")).unwrap();
    let rows = table.lines().filter(|row| row.starts_with(&format!("{package}\t{version}\t")) && row.contains(part));
    rows.map(|row| row.split('\t').nth(5).unwrap().to_owned()).collect()
}

#[test]
fn without_being_asked_a_cpu_build_stays_and_a_note_says_so() {
    let run = export(&onnx("1.22.0"), "--cuda 12.6 --python 3.11 --allow-none");
    let note = "note: onnxruntime 1.22.0 stays its CPU build; --also onnxruntime takes onnxruntime-gpu 1.22.0\n";
    assert!(run.stderr.contains(note), "{}", run.stderr);
    run.ok();
    for (version, arguments) in [
        // Nobody asks for a GPU; there is no such release; it is for another CUDA; there is no wheel for the platform.
        ("1.22.0", "--cpu"),
        ("1.20.1", "--cuda 12.6"),
        ("1.22.0", "--cuda 13.0"),
        ("1.22.0", "--cuda 12.6 --platform linux-aarch64"),
        ("1.22.0", "--rocm 6.3"),
    ] {
        let run = export(&onnx(version), &format!("{arguments} --python 3.11 --allow-none"));
        assert!(!run.stderr.contains("note:"), "{arguments}: {}", run.stderr);
        run.ok();
    }
    let both = onnx("1.22.0") + &lock(&["onnxruntime-gpu==1.22.0"]);
    assert!(!export(&both, "--cuda 12.6 --python 3.11 --allow-none").stderr.contains("note:"));
}

#[test]
fn the_gpu_build_comes_with_its_libraries_and_a_stub_replaces_the_cpu_build() {
    let place = place(&onnx("1.22.0"));
    let run = place.run("export -v --cuda 12.6 --python 3.11 --also onnxruntime -o out.txt requirements.txt");
    for line in [
        "swapped  onnxruntime 1.22.0 -> 1.22.0+torchswap: a stub that requires onnxruntime-gpu\n",
        "added    onnxruntime-gpu 1.22.0: needed by onnxruntime 1.22.0+torchswap (",
        "added    nvidia-cudnn-cu12 9.",
        "added    nvidia-curand-cu12 10.",
    ] {
        assert!(run.stderr.contains(line), "{line}: {}", run.stderr);
    }
    run.ok();
    let text = place.read("out.txt");
    let digest = digests("onnxruntime-gpu", "1.22.0", "-cp311-cp311-manylinux").concat();
    assert!(
        text.contains(&format!("\nonnxruntime-gpu[cuda,cudnn]==1.22.0 \\\n    --hash=sha256:{digest}\n")),
        "{text}"
    );
    let stub = "torchswap-stubs/onnxruntime-1.22.0+torchswap-py3-none-any.whl";
    let bytes = std::fs::read(place.path().join(stub)).unwrap();
    let sha256 = torchswap::packaging::digest::Sha256::of_bytes(&bytes);
    assert!(text.contains(&format!("\nonnxruntime==1.22.0+torchswap \\\n    --hash=sha256:{sha256}\n")), "{text}");
    assert!(text.contains("\n--find-links ./torchswap-stubs\n"), "{text}");
    assert!(!text.contains("onnxruntime==1.22.0 "), "{text}");
}

/// What is made of an output is the output.
#[test]
fn a_second_run_changes_nothing() {
    for line_end in ["\n", "\r\n"] {
        for mark in ["", "\u{feff}"] {
            let place = place(&format!("{mark}{}", onnx("1.22.0").replace('\n', line_end)));
            place.run("export --cuda 12.6 --python 3.11 --also all -o out.txt requirements.txt").ok();
            let first = place.read("out.txt");
            assert_eq!(first.matches("--find-links").count(), 1, "{first}");
            assert_eq!(first.matches(line_end).count(), first.matches('\n').count());
            assert!(first.starts_with(mark));
            let run = place.run("export --cuda 12.6 --python 3.11 --also all -o again.txt out.txt");
            assert!(!run.stderr.contains("swapped") && !run.stderr.contains("added"), "{}", run.stderr);
            run.ok();
            assert_eq!(place.read("again.txt"), first);
        }
    }
}

#[test]
fn two_targets_of_one_file_have_the_stub_where_it_is_meant() {
    let place = place(&onnx("1.22.0"));
    let config = "[targets.docker]\ncuda = \"12.6\"\npython = [\"3.11\"]\nalso = \"onnxruntime\"\noutput = \"out.txt\"\n\
                  [targets.mac]\nplatform = \"macos-arm64\"\npython = [\"3.11\"]\noutput = \"out.txt\"\n";
    place.write("torchswap.toml", config);
    place.run("export --all-targets --allow-none requirements.txt").ok();
    let text = place.read("out.txt");
    let marker = |name: &str| {
        text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {text}")).to_owned()
    };
    let linux = "sys_platform == \"linux\" and platform_machine == \"x86_64\"";
    assert!(marker("onnxruntime==1.22.0+torchswap").contains(linux), "{text}");
    assert!(marker("onnxruntime-gpu[cuda,cudnn]==1.22.0").contains(linux), "{text}");
    // Where there is no target, nothing stands for the stub: what is locked is there.
    assert!(
        marker("onnxruntime===1.22.0 ").contains("sys_platform != \"linux\" or platform_machine != \"x86_64\""),
        "{text}"
    );
    place.run("check out.txt").ok();
}

/// The folder of stubs may have one of it, for another output, and `==` would take that for the release.
#[test]
fn beside_stubs_a_package_that_may_have_one_is_pinned_to_its_very_version() {
    let place = place(&(onnx("1.22.0") + &lock(&["xgboost==3.2.0", "scipy==1.15.0", "nvidia-nccl-cu12==2.26.2"])));
    let one = "export --cuda 12.6 --python 3.11 --also onnxruntime -o";
    place.run(&format!("{one} out.txt requirements.txt")).ok();
    let out = place.read("out.txt");
    assert!(out.contains("\nxgboost===3.2.0 ") && out.contains("\nscipy==1.15.0 "), "{out}");
    place.run(&format!("{one} again.txt out.txt")).ok();
    assert_eq!(place.read("again.txt"), out);
    // Without stubs there is nothing to be taken for another.
    let plain = place.run("export --cuda 12.6 --python 3.11 --allow-none requirements.txt").ok();
    assert!(plain.contains("\nxgboost==3.2.0 "), "{plain}");
}

#[test]
fn standard_output_has_no_place_for_stubs() {
    let place = place(&onnx("1.22.0"));
    let export = "export --cuda 12.6 --python 3.11 --also onnxruntime requirements.txt";
    let refusal = place.run(export).refused();
    assert!(refusal.contains("--stubs DIR") && refusal.contains("--no-stubs"), "{refusal}");
    assert_eq!(place.names(), ["requirements.txt"]);
    let text = place.run(&format!("{export} --stubs wheels")).ok();
    assert!(text.contains("\n--find-links ./wheels\n"), "{text}");
    assert!(place.exists("wheels/onnxruntime-1.22.0+torchswap-py3-none-any.whl"));
    let text = place.run(&format!("{export} --no-stubs")).ok();
    assert!(text.contains("\n# Without onnxruntime: install with --no-deps, "), "{text}");
    assert!(
        !text.contains("onnxruntime==")
            && !text.contains("--find-links")
            && text.contains("onnxruntime-gpu[cuda,cudnn]=="),
        "{text}"
    );
}

#[test]
fn stubs_lie_beside_the_output_wherever_that_is() {
    let place = place(&onnx("1.22.0"));
    std::fs::create_dir(place.path().join("deep")).unwrap();
    place.run("export --cuda 12.6 --python 3.11 --also onnxruntime -o deep/out.txt requirements.txt").ok();
    assert!(place.exists("deep/torchswap-stubs/onnxruntime-1.22.0+torchswap-py3-none-any.whl"));
    assert!(place.read("deep/out.txt").contains("\n--find-links ./torchswap-stubs\n"));
}

/// Torch's pins meet all that the GPU builds need, so nothing but these is added.
#[test]
fn libraries_that_torch_pins_serve_the_others_too() {
    let torch = format!("torch==2.7.1 {ZEROS}\n");
    let base =
        lock(&["filelock==3.16.1", "fsspec==2024.9.0", "jinja2==3.1.4", "networkx==3.4", "typing-extensions==4.12.2"]);
    let text = format!("{torch}{base}{}{}", onnx("1.22.0"), lock(&["faiss-cpu==1.11.0"]));
    let without = export(&text, "--cuda 12.6 --python 3.11");
    let with = export(&text, "--cuda 12.6 --python 3.11 --also all");
    let libraries = |run: &Run| {
        let added = run.stderr.lines().filter(|line| line.starts_with("added    nvidia-"));
        added.map(|line| line.split(": ").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(libraries(&without).len() > 10, "{}", without.stderr);
    assert_eq!(libraries(&with), libraries(&without), "{}", with.stderr);
    with.ok();
}

#[test]
fn a_gpu_build_becomes_a_cpu_build_the_same_way() {
    let text =
        lock(&["numpy==2.1.0", "scipy==1.14.0", "nvidia-nccl-cu12==2.26.2", "xgboost==3.0.0", "mlforecast==1.0.1"]);
    for name in ["xgboost", "xgboost-cpu", "all"] {
        let place = place(&text);
        let run = place.run(&format!("export -v --cpu --python 3.11 --also {name} -o out.txt requirements.txt"));
        assert!(run.stderr.contains("removed  nvidia-nccl-cu12 2.26.2: nothing needs it any more"), "{}", run.stderr);
        run.ok();
        let out = place.read("out.txt");
        assert!(out.contains("\nxgboost-cpu==3.0.0 ") && out.contains("\nxgboost==3.0.0+torchswap "), "{out}");
        assert!(!out.contains("nccl"), "{out}");
        for digest in digests("xgboost-cpu", "3.0.0", "x86_64") {
            assert!(out.contains(&digest) != digests("xgboost-cpu", "3.0.0", "win").contains(&digest), "{out}");
        }
    }
    // On macOS every build is the CPU build, and the package that is called so has no wheel there.
    let run = export(&text, "--platform macos-arm64 --python 3.11 --also all --allow-none");
    assert!(!run.stderr.contains("xgboost 3.0.0"), "{}", run.stderr);
}

#[test]
fn every_range_of_the_table_is_taken_or_refused_by_its_reason() {
    let mut taken = 0;
    for equivalents::NamePair { cpu, .. } in equivalents::names() {
        for range in equivalents::of_cpu(&cpu.parse().unwrap()) {
            let (major, minor) = range.cuda;
            let text = lock(&[&format!("{cpu}=={}", range.to)]);
            // What else it needs does not exist; whether its build is found shows in the words.
            let run = export(&text, &format!("--cuda {major}.{minor} --python 3.11 --also {cpu}"));
            let who = format!("{} {}", range.gpu, range.to);
            let expected = match (range.flaw, range.how) {
                (Some(flaw), _) => format!("{who} cannot be had: {flaw}"),
                (None, How::Instead | How::Extra) => format!("{who} needs numpy"),
                (None, How::Beside(_)) => format!("added    {who}: needed by {cpu} {}", range.to),
            };
            let no_python = run.stderr.contains(&format!("{who} has wheels for CPython"));
            assert!(run.stderr.contains(&expected) || no_python, "{expected}: {}", run.stderr);
            taken += usize::from(!no_python);
        }
    }
    assert!(taken > 50, "{taken}");
}

/// A checkout of somebody else must not write elsewhere.
#[cfg(unix)]
#[test]
fn a_configuration_puts_no_stubs_elsewhere_through_a_link() {
    let (place, elsewhere) = (place(&onnx("1.22.0")), Place::new());
    let config =
        "[targets.docker]\ncuda = \"12.6\"\npython = [\"3.11\"]\nalso = \"onnxruntime\"\noutput = \"out.txt\"\n";
    place.write("torchswap.toml", config);
    std::os::unix::fs::symlink(elsewhere.path(), place.path().join("torchswap-stubs")).unwrap();
    let refusal = place.run("export --all-targets requirements.txt").refused();
    assert!(refusal.contains("is outside of the configuration's folder"), "{refusal}");
    assert!(elsewhere.names().is_empty() && !place.exists("out.txt"));
}

/// Of a run that fails no folder is left: the second output is a folder's name.
#[test]
fn a_folder_of_stubs_goes_with_a_run_that_fails() {
    let place = place(&onnx("1.22.0"));
    let target = |name: &str| {
        format!("[targets.{name}]\ncuda = \"12.6\"\npython = [\"3.11\"]\nalso = \"all\"\noutput = \"{name}.txt\"\n")
    };
    place.write("torchswap.toml", target("a") + &target("b"));
    std::fs::create_dir(place.path().join("b.txt")).unwrap();
    let refusal = place.run("export --all-targets requirements.txt").refused();
    assert!(refusal.contains("b.txt is a folder"), "{refusal}");
    assert!(!place.exists("torchswap-stubs") && !place.exists("a.txt"));
}

/// A file that looks for wheels in the folder already gets the option once.
#[test]
fn the_folder_of_stubs_is_named_once() {
    let place = place(&format!("--find-links ./torchswap-stubs\n{}", onnx("1.22.0")));
    place.run("export --cuda 12.6 --python 3.11 --also all -o out.txt requirements.txt").ok();
    assert_eq!(place.read("out.txt").matches("--find-links").count(), 1);
}

/// Its metadata says nothing of them, so nothing else would tell that it runs on the CPU.
#[test]
fn a_build_of_which_nothing_brings_the_libraries_is_reported() {
    let note = "note: onnxruntime-gpu 1.20.0 brings no libraries along: CUDA 12 and cudnn 9 must come with torch or the image\n";
    let run = export(&onnx("1.20.0"), "--cuda 12.6 --python 3.11 --also onnxruntime");
    assert!(run.stderr.contains(note), "{}", run.stderr);
    run.ok();
    let torch = lock(&[
        "torch==2.7.1",
        "filelock==3.16.1",
        "fsspec==2024.9.0",
        "jinja2==3.1.4",
        "networkx==3.4",
        "typing-extensions==4.12.2",
    ]);
    let run = export(&(onnx("1.20.0") + &torch), "--cuda 12.6 --python 3.11 --also onnxruntime");
    assert!(!run.stderr.contains("note:"), "{}", run.stderr);
    run.ok();
    let run = export(&onnx("1.22.0"), "--cuda 12.6 --python 3.11 --also onnxruntime");
    assert!(!run.stderr.contains("brings no libraries along"), "{}", run.stderr);
}

/// Once, whatever the number of Pythons; a torch for CUDA loads them.
#[test]
fn a_build_of_which_nothing_loads_the_libraries_is_reported() {
    let note = "note: onnxruntime-gpu 1.22.0 does not load CUDA's libraries by itself, and there is no torch for CUDA that \
                would: call onnxruntime.preload_dlls() before the first session, or take an image with CUDA and cuDNN\n";
    let run = export(&onnx("1.22.0"), "--cuda 12.6 --python 3.11 --python 3.12 --also onnxruntime");
    assert_eq!(run.stderr.matches(note).count(), 1, "{}", run.stderr);
    run.ok();
    let torch = ["torch==2.7.1", "filelock==3.16.1", "fsspec==2024.9.0", "jinja2==3.1.4", "networkx==3.4"];
    let text = onnx("1.22.0") + &lock(&torch) + &lock(&["typing-extensions==4.12.2"]);
    for (text, arguments) in [(&*text, "--cuda 12.6 --also onnxruntime"), (&onnx("1.22.0"), "--cuda 12.6 --allow-none")]
    {
        let run = export(text, &format!("{arguments} --python 3.11"));
        assert!(!run.stderr.contains("preload_dlls"), "{}", run.stderr);
        run.ok();
    }
}

#[test]
fn a_locked_gpu_build_without_its_libraries_is_reported() {
    let note = "note: onnxruntime-gpu 1.22.0 is the GPU build and stays as locked, without [cuda,cudnn]: ";
    let run = |pins: &[&str]| {
        let text = onnx("1.22.0") + &lock(pins);
        let run = export(&text, "--cuda 12.6 --python 3.11 --also onnxruntime");
        assert!(run.stderr.contains("onnxruntime 1.22.0 -> 1.22.0+torchswap"), "{}", run.stderr);
        run.stderr
    };
    assert!(run(&["onnxruntime-gpu==1.22.0"]).contains(note));
    let libraries = ["onnxruntime-gpu==1.22.0", "nvidia-cuda-runtime-cu12==12.6.77"];
    let none = [run(&["onnxruntime-gpu[cuda,cudnn]==1.22.0"]), run(&libraries)];
    assert!(!none.concat().contains("stays as locked"), "{none:?}");
}
