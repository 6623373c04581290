//! Locks that already contain the GPU build and the stub.

use crate::support::{Place, root};

const STUB: &str = "torchswap-stubs/onnxruntime-1.26.0+torchswap-py3-none-any.whl";

/// A lock of Poetry 2.5 with faster-whisper and rembg, which ask for onnxruntime, as the project does itself.
fn real() -> Place {
    let place = Place::new();
    for name in ["poetry.lock", "pyproject.toml"] {
        place.write(name, std::fs::read(root().join("examples/onnxruntime-transitive").join(name)).unwrap());
    }
    place
}

#[test]
fn a_poetry_lock_has_the_stub_as_a_file_and_the_gpu_build_beside_it() {
    let place = real();
    let before = place.read("poetry.lock");
    place.run("rewrite --cuda 12.6 --also onnxruntime").ok();
    let after = place.read("poetry.lock");
    let digest = torchswap::packaging::digest::Sha256::of_bytes(&std::fs::read(place.path().join(STUB)).unwrap());
    for text in [
        "name = \"onnxruntime\"\nversion = \"1.26.0+torchswap\"\n",
        &format!("    {{file = \"onnxruntime-1.26.0+torchswap-py3-none-any.whl\", hash = \"sha256:{digest}\"}},\n"),
        "[package.dependencies]\nonnxruntime-gpu = {version = \"1.26.0\", extras = [\"cuda\", \"cudnn\"]}\n",
        &format!("[package.source]\ntype = \"file\"\nurl = \"{STUB}\"\n"),
        "name = \"onnxruntime-gpu\"\nversion = \"1.26.0\"\n",
        "name = \"nvidia-cudnn-cu12\"\n",
    ] {
        assert!(after.contains(text), "{text}");
    }
    let names = |text: &str| {
        let names = text.lines().filter_map(|line| line.strip_prefix("name = ")).map(str::to_owned);
        names.collect::<Vec<_>>()
    };
    assert!(names(&after).is_sorted());
    assert!(names(&before).iter().all(|name| names(&after).contains(name)));
    let hash = |text: &str| text.lines().find(|line| line.starts_with("content-hash")).map(str::to_owned);
    assert_eq!(hash(&after), hash(&before));
    // Every entry that is not onnxruntime's is where it was, byte for byte.
    let blocks = |text: &str| text.split("[[package]]").map(str::to_owned).collect::<Vec<_>>();
    let lost = blocks(&before).into_iter().filter(|block| !blocks(&after).contains(block)).count();
    assert_eq!(lost, 1);
    let run = place.run("rewrite --cuda 12.6 --also onnxruntime");
    assert!(!run.stderr.contains("swapped"), "{}", run.stderr);
    run.ok();
    assert_eq!(place.read("poetry.lock"), after);
}

#[test]
fn a_difference_is_shown_and_nothing_is_written() {
    let place = real();
    let diff = place.run("rewrite --cuda 12.6 --also onnxruntime --diff").ok();
    assert!(diff.contains(&format!("+url = \"{STUB}\"\n")), "{diff}");
    assert_eq!(place.names(), ["poetry.lock", "pyproject.toml"]);
}

#[test]
fn a_pipe_has_no_place_for_a_stub() {
    let place = real();
    let lock = place.read("poetry.lock");
    let run = place.run_with(&["rewrite", "--cuda", "12.6", "--also", "onnxruntime", "-"], &lock);
    assert!(run.refused().contains("which cannot be written beside standard output"));
    assert_eq!(place.names(), ["poetry.lock", "pyproject.toml"]);
}

/// Poetry 1.8 finds by the dependencies of an entry what is installed, and has no groups on entries.
#[test]
fn a_lock_without_groups_finds_the_gpu_build_through_the_stub() {
    let entry = |name: &str, version: &str, dependencies: &str| {
        let file = format!("{}-{version}-py3-none-any.whl", name.replace('-', "_"));
        let files = format!("files = [\n    {{file = \"{file}\", hash = \"sha256:{}\"}},\n]\n", "0".repeat(64));
        let head =
            format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\ndescription = \"\"\noptional = false\n");
        format!("{head}python-versions = \"*\"\n{files}\n{dependencies}")
    };
    let needs = ["flatbuffers", "numpy", "packaging", "protobuf"].map(|name| format!("{name} = \"*\"\n")).concat();
    let lock = [
        entry("flatbuffers", "25.1", ""),
        entry("numpy", "1.26.4", ""),
        entry("onnxruntime", "1.26.0", &format!("[package.dependencies]\n{needs}\n")),
        entry("packaging", "24.0", ""),
        entry("protobuf", "5.29.0", ""),
        entry("rembg", "2.0.60", "[package.dependencies]\nonnxruntime = \"*\"\n\n"),
    ];
    let place = Place::new();
    let project = "[tool.poetry]\nname = \"p\"\nversion = \"1\"\ndescription = \"\"\nauthors = []\n\n[tool.poetry.dependencies]\npython = \"~3.11\"\nrembg = \"2.0.60\"\n";
    place.write("pyproject.toml", project);
    let metadata = format!(
        "[metadata]\nlock-version = \"2.0\"\npython-versions = \"~3.11\"\ncontent-hash = \"{}\"\n",
        "0".repeat(64)
    );
    place.write("poetry.lock", lock.concat() + &metadata);
    place.run("rewrite --cuda 12.6 --also onnxruntime").ok();
    let after = place.read("poetry.lock");
    assert!(after.contains("\nonnxruntime-gpu = {version = \"1.26.0\", extras = [\"cuda\", \"cudnn\"]}\n"), "{after}");
    let names = ["nvidia-cudnn-cu12", "nvidia-curand-cu12", "onnxruntime-gpu", "rembg"];
    assert!(names.iter().all(|name| after.contains(&format!("[[package]]\nname = \"{name}\"\n"))), "{after}");
    place.run("rewrite --cuda 12.6 --also onnxruntime").ok();
    assert_eq!(place.read("poetry.lock"), after);
    let text = place.run("export --without-hashes -q --allow-none poetry.lock").ok();
    assert!(text.contains("nvidia-cufft-cu12==") && text.contains("onnxruntime-gpu[cuda,cudnn]==1.26.0"), "{text}");
}

#[test]
fn a_pylock_names_the_stub_by_its_path() {
    let place = Place::new();
    let needs = ["flatbuffers 25.1", "numpy 1.26.4", "onnxruntime 1.26.0", "packaging 24.0", "protobuf 5.29.0"];
    let packages = needs.map(|one| {
        let (name, version) = one.split_once(' ').unwrap();
        let file = format!("{name}-{version}-py3-none-any.whl");
        // As the default index has its files, so that those beside it are found.
        let zeros = "0".repeat(60);
        let wheel = format!(
            "{{name = \"{file}\", url = \"https://files.example/packages/00/00/{zeros}/{file}\", hashes = {{sha256 = \"{}\"}}}}",
            "0".repeat(64)
        );
        format!("[[packages]]\nname = \"{name}\"\nversion = \"{version}\"\nwheels = [{wheel}]\n\n")
    });
    place.write("pylock.toml", format!("lock-version = \"1.0\"\ncreated-by = \"by hand\"\n\n{}", packages.concat()));
    let arguments = "--cuda 12.6 --python 3.11 --also onnxruntime";
    place.run(&format!("export {arguments} -o pylock.docker.toml pylock.toml")).ok();
    let text = place.read("pylock.docker.toml");
    let digest = torchswap::packaging::digest::Sha256::of_bytes(&std::fs::read(place.path().join(STUB)).unwrap());
    assert!(text.contains(&format!("path = \"{STUB}\", size = 957, hashes = {{ sha256 = \"{digest}\" }}")), "{text}");
    assert!(text.contains("name = \"onnxruntime-gpu\"\nversion = \"1.26.0\"\n"), "{text}");
    place.run("check pylock.docker.toml").ok();
    place.run(&format!("export {arguments} -o pylock.again.toml pylock.docker.toml")).ok();
    let body = |text: String| text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
    assert_eq!(body(place.read("pylock.again.toml")), body(text));
}

/// An index has no stub, and what the wheel needed it needs no more.
#[test]
fn a_pylock_is_rewritten_with_the_stub_in_the_shape_that_it_has() {
    let zeros = "0".repeat(60);
    let hashes = "0".repeat(64);
    let needs = ["flatbuffers 25.1", "numpy 1.26.4", "onnxruntime 1.26.0", "packaging 24.0", "protobuf 5.29.0"];
    let url = |file: &str| format!("https://files.example/packages/00/00/{zeros}/{file}");
    let lock = |wheel: &dyn Fn(&str) -> String| {
        let packages = needs.map(|one| {
            let (name, version) = one.split_once(' ').unwrap();
            let more = match name {
                "onnxruntime" => "index = \"https://index.example/simple\"\ndependencies = [{ name = \"numpy\" }]\n",
                _ => "",
            };
            let wheel = wheel(&format!("{name}-{version}-py3-none-any.whl"));
            format!("[[packages]]\nname = \"{name}\"\nversion = \"{version}\"\n{more}{wheel}\n")
        });
        format!("lock-version = \"1.0\"\ncreated-by = \"by hand\"\n\n{}", packages.concat())
    };
    let inline = |file: &str| {
        format!("wheels = [{{ name = \"{file}\", url = \"{}\", hashes = {{ sha256 = \"{hashes}\" }} }}]\n", url(file))
    };
    let headers = |file: &str| {
        let head = format!("\n[[packages.wheels]]\nname = \"{file}\"\nurl = \"{}\"\n", url(file));
        format!("{head}\n[packages.wheels.hashes]\nsha256 = \"{hashes}\"\n")
    };
    for text in [lock(&inline), lock(&headers)] {
        let place = Place::new();
        place.write("pylock.toml", &text);
        let arguments = "--cuda 12.6 --python 3.11 --also onnxruntime";
        place.run(&format!("rewrite {arguments} pylock.toml")).ok();
        let after = place.read("pylock.toml");
        let digest = torchswap::packaging::digest::Sha256::of_bytes(&std::fs::read(place.path().join(STUB)).unwrap());
        let block = |name: &str| {
            let start = after.find(&format!("[[packages]]\nname = \"{name}\"\n")).unwrap_or_else(|| panic!("{after}"));
            after[start + 13..].split("[[packages]]\n").next().unwrap().to_owned()
        };
        let stub = block("onnxruntime");
        assert!(stub.starts_with("name = \"onnxruntime\"\nversion = \"1.26.0+torchswap\"\n"), "{stub}");
        assert!(stub.contains(&format!("path = \"{STUB}\"")) && stub.contains(&digest.to_string()), "{stub}");
        assert!(!stub.contains("url =") && !stub.contains("index =") && !stub.contains("dependencies"), "{stub}");
        assert!(block("onnxruntime-gpu").contains("version = \"1.26.0\"\n") && after.contains("nvidia-cudnn-cu12"));
        assert!(
            text.split("[[packages]]")
                .filter(|old| !old.contains("\"onnxruntime\""))
                .all(|old| after.contains(old.trim()))
        );
        place.run(&format!("rewrite {arguments} pylock.toml")).ok();
        assert_eq!(place.read("pylock.toml"), after);
        let export = place.run("export --python 3.11 --allow-none -q --stubs torchswap-stubs pylock.toml").ok();
        assert!(export.contains("onnxruntime-gpu") && !export.contains("onnxruntime==1.26.0 "), "{export}");
    }
}

/// A package of a pylock.toml, with a marker, as the default index has its files.
fn pylock_package(pin: &str, marker: &str) -> String {
    let (name, version) = pin.split_once("==").unwrap();
    let file = format!("{}-{version}-py3-none-any.whl", name.replace('-', "_"));
    let url = format!("https://files.example/packages/00/00/{}/{file}", "0".repeat(60));
    let hashes = format!("hashes = {{sha256 = \"{}\"}}", "0".repeat(64));
    let marker = if marker.is_empty() { String::new() } else { format!("marker = \"{marker}\"\n") };
    format!(
        "[[packages]]\nname = \"{name}\"\nversion = \"{version}\"\n{marker}wheels = [{{name = \"{file}\", url = \"{url}\", {hashes}}}]\n\n"
    )
}

/// Nobody resolves what such a file lists: who takes the stub must get what it stands for by the same choice.
#[test]
fn what_a_stub_brings_into_a_pylock_is_there_wherever_the_stub_is() {
    let base = ["filelock==3.16.1", "flatbuffers==25.1", "fsspec==2024.9.0", "jinja2==3.1.4", "networkx==3.4"];
    let base = base.iter().chain(&["numpy==1.26.4", "packaging==24.0", "protobuf==5.29.0", "sympy==1.13.3"]);
    let base: String = base.chain(&["typing-extensions==4.12.2"]).map(|pin| pylock_package(pin, "")).collect();
    let (ml, group) = ("'ml' in extras", "'ml' in dependency_groups");
    for (stub, torch, expected) in [
        ("", None, Ok("")),
        (ml, None, Ok(ml)),
        (ml, Some(ml), Ok(ml)),
        ("sys_platform == 'linux'", Some(""), Ok("")),
        ("", Some(ml), Err(())),
        (ml, Some(""), Err(())),
        (ml, Some(group), Err(())),
    ] {
        let place = Place::new();
        let torch_ = torch.map(|marker| pylock_package("torch==2.7.1", marker)).unwrap_or_default();
        let head =
            "lock-version = \"1.0\"\nextras = [\"ml\"]\ndependency-groups = [\"ml\"]\ncreated-by = \"by hand\"\n\n";
        place.write("pylock.toml", format!("{head}{base}{}{torch_}", pylock_package("onnxruntime==1.26.0", stub)));
        let before = place.read("pylock.toml");
        let run = place.run("rewrite --cuda 12.6 --python 3.11 --also onnxruntime pylock.toml");
        let Ok(expected) = expected else {
            let message = run.refused();
            let said = "error: onnxruntime and torch are there for different extras or groups";
            assert!(message.contains(said) && message.contains("--> pylock.toml:"), "{message}");
            assert_eq!(place.read("pylock.toml"), before);
            continue;
        };
        run.ok();
        let after = place.read("pylock.toml");
        for name in ["onnxruntime-gpu", "nvidia-cufft-cu12"] {
            let start = after.find(&format!("[[packages]]\nname = \"{name}\"\n")).unwrap_or_else(|| panic!("{after}"));
            let block = after[start + 13..].split("[[packages]]\n").next().unwrap();
            let marker = block.lines().find_map(|line| line.strip_prefix("marker = "));
            assert_eq!(marker.unwrap_or("\"\"").trim_matches('"'), expected, "{stub} {torch:?}: {block}");
        }
    }
}
