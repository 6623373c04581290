//! Locks with torch from PyTorch's own indexes, as uv's guide sets them up: forks by marker, and conflicting extras.

use super::{blocks, place, text};
use crate::support::{Place, root};

/// The packages that an export has, without its header.
fn exported(place: &Place, words: &str) -> String {
    let export = place.run(&format!("export -q --no-emit-local {words} uv.lock")).ok();
    export.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect()
}

/// The rows of the catalogue that begin so.
fn rows(start: &str) -> Vec<Vec<String>> {
    let table = std::fs::read_to_string(root().join("src/catalog/wheels.tsv")).unwrap();
    let lines = table.lines().filter(|line| line.starts_with(start));
    lines.map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

#[test]
fn a_build_is_taken_from_its_index_for_each_choice_and_platform() {
    let place = place("pytorch-markers");
    for (platform, build, folder, version) in [
        ("linux-x86_64", "--cuda 12.8", "cu128", "2.7.1%2Bcu128"),
        ("linux-x86_64", "--cuda 11.8", "cu118", "2.7.1%2Bcu118"),
        ("linux-x86_64", "--cpu", "cpu", "2.7.1%2Bcpu"),
        ("windows-x86_64", "--cuda 12.8", "cu128", "2.7.1%2Bcu128"),
        ("macos-arm64", "--cpu", "cpu", "2.7.1"),
    ] {
        let export = exported(&place, &format!("--platform {platform} {build} --python 3.12"));
        let url = format!("torch @ https://download.pytorch.org/whl/{folder}/torch-{version}-cp312-");
        assert!(export.contains(&url), "{platform} {build}: {export}");
        assert_eq!(export.contains("\nnvidia-cublas-"), platform == "linux-x86_64" && folder != "cpu", "{export}");
    }
    let place = super::place("pytorch-extras");
    for (extra, build, folder) in [("cpu", "--cuda 11.8", "cu118"), ("cu118", "--cpu", "cpu"), ("cpu", "--cpu", "cpu")]
    {
        let export = exported(&place, &format!("--extras {extra} {build} --python 3.12"));
        assert!(export.contains(&format!("/whl/{folder}/torch-2.7.1%2B{folder}-cp312-")), "{export}");
    }
    place.run("audit --platform linux-x86_64 --extras cu118 uv.lock").ok();
    // That of packages beside torch is not known here.
    let verified = place.run("verify uv.lock");
    let reported = verified.stdout.contains("ok  torch: ") && verified.stdout.contains("ok  nvidia-cudnn-cu11: ");
    assert!(verified.status == 2 && reported, "{}", verified.shown());
}

#[test]
fn of_namesakes_the_selected_one_is_changed_and_meant_by_its_new_version() {
    for (platform, build, name, was) in [
        ("linux-x86_64", "--cuda 12.6", "cu126", "cu128"),
        ("linux-x86_64", "--cpu", "cpu", "cu128"),
        ("windows-x86_64", "--cuda 12.8", "cu128", "cpu"),
    ] {
        for optional in [false, true] {
            let place = place("pytorch-markers");
            let mut before = place.read("uv.lock");
            if optional {
                let (old, new) = (
                    "\ndependencies = [\n    { name = \"torch\"",
                    "\n[package.optional-dependencies]\ngpu = [\n    { name = \"torch\"",
                );
                before = before.replacen(old, new, 1);
                assert!(before.contains(new));
                place.write("uv.lock", &before);
            }
            let choice = if optional { "--extras gpu " } else { "" };
            let (words, mac) = (
                format!("{choice}--platform {platform} {build} --python 3.12"),
                format!("{choice}--platform macos-arm64 --python 3.12"),
            );
            let (expected, on_mac) = (exported(&place, &words), exported(&place, &mac));
            place.run(&format!("rewrite --platform {platform} {build}")).ok();
            let after = place.read("uv.lock");
            let source = format!("source = {{ registry = \"https://download.pytorch.org/whl/{was}\" }}");
            let meant =
                |version: &str| format!("{{ name = \"torch\", version = \"2.7.1+{version}\", {source}, marker = ");
            assert!(before.contains(&meant(was)) && !after.contains(&meant(was)), "{after}");
            assert!(after.contains(&meant(name)), "{after}");
            assert!(after.contains(&format!("name = \"torch\"\nversion = \"2.7.1+{name}\"\n{source}\n")), "{after}");
            // What is locked for others stays, and so does what they get.
            let own = format!("version = \"2.7.1+{was}\"\n");
            for block in before.split("\n[[package]]\n").filter(|block| block.contains("name = \"torch\"\n")) {
                assert_eq!(after.contains(block.trim_end()), !block.contains(&own), "{block}");
            }
            assert_eq!(exported(&place, &mac), on_mac);
            // What only triton needed is not reached without it.
            let setuptools = expected.find("setuptools==").filter(|_| platform == "linux-x86_64" && build == "--cpu");
            let expected = match setuptools {
                Some(at) if !exported(&place, &words).contains("setuptools==") => {
                    let end = at + expected[at..].find("\nsympy").unwrap() + 1;
                    format!("{}{}", &expected[..at], &expected[end..])
                }
                _ => expected,
            };
            assert_eq!(exported(&place, &words), expected);
            place.run(&format!("rewrite --platform {platform} {build}")).ok();
            assert_eq!(place.read("uv.lock"), after);
        }
    }
}

/// A list of dependencies that gets a new one is written anew; what it says of the others goes along.
#[test]
fn a_dependency_beside_a_new_one_is_meant_by_its_new_version() {
    let place = place("pytorch-markers");
    let lock = place.read("uv.lock");
    let (name, source) = ("name = \"nvidia-cublas-cu12\"", "source = { registry = \"https://index.example/simple\" }");
    let meant = |version: &str| format!("{{ {name}, version = \"{version}\", {source}");
    let torch =
        lock.split("\n[[package]]\n").find(|block| block.contains("version = \"2.7.1+cu128\"\nsource")).unwrap();
    let cufile = torch.lines().find(|line| line.contains("nvidia-cufile-cu12")).unwrap();
    let old = torch.replace(&format!("{{ {name}"), &meant("12.8.3.14")).replace(&format!("{cufile}\n"), "");
    let without = lock.replace(&format!("[[package]]\n{}\n\n", blocks(&lock)["nvidia-cufile-cu12"]), "");
    let lock = without.replace(torch, &old);
    assert!(lock.contains(&meant("12.8.3.14")) && !lock.contains("nvidia-cufile-cu12"));
    place.write("uv.lock", &lock);
    place.run("rewrite --cuda 12.6").ok();
    let after = place.read("uv.lock");
    assert!(after.contains(&meant("12.6.4.1")) && after.contains("{ name = \"nvidia-cufile-cu12\""), "{after}");
}

#[test]
fn a_swapped_lock_is_recognised_wherever_its_wheels_lie() {
    let mirror = "--mirror https://mirror.example/torch";
    for project in ["plain", "pytorch-markers"] {
        for words in ["--cuda 11.8", "--cpu", &format!("--cuda 11.8 {mirror}"), &format!("--cpu {mirror}")] {
            let place = place(project);
            place.write("torchswap.toml", "[targets.ci]\ncpu = true\n");
            place.run("check").ok();
            place.run(&format!("rewrite {words}")).ok();
            let check = place.run("check");
            let reported = check.stdout.contains("found: uv.lock has torch 2.7.1+c")
                && check.stdout.contains("with wheels that their index does not have")
                && check.stdout.contains("regenerate it: uv lock --upgrade-package torch");
            assert!(check.status == 1 && reported, "{project} {words}: {}", check.shown());
            place.run("check --allow-swapped").ok();
        }
    }
    // PyTorch's index has two hosts.
    let place = place("pytorch-markers");
    place.write("torchswap.toml", "[targets.ci]\ncpu = true\n");
    let lock = place.read("uv.lock");
    place.write(
        "uv.lock",
        lock.replace("url = \"https://download.pytorch.org/", "url = \"https://download-r2.pytorch.org/"),
    );
    place.run("check").ok();
}

#[test]
fn what_conflicts_is_named_where_it_is_said() {
    let place = place("pytorch-extras");
    let message = place.run("rewrite --cuda 11.8").refused();
    assert!(message.contains("app[cpu] and app[cu118] conflict, so uv.lock is not rewritten as a whole"), "{message}");
    assert!(message.contains("| conflicts = [[") && message.contains("torchswap export --extras NAME"), "{message}");
}

#[test]
fn what_would_be_locked_twice_is_refused_by_name() {
    // Both builds are of one index, and the target would get the other one.
    let place = place("pytorch-markers");
    let source = |build: &str| format!("registry = \"https://download.pytorch.org/whl/{build}\"");
    place.write("uv.lock", place.read("uv.lock").replace(&source("cu128"), &source("cpu")));
    let before = place.read("uv.lock");
    let message = place.run("rewrite --platform windows-x86_64 --cuda 12.8").refused();
    assert!(message.contains("torch 2.7.1+cu128 would be locked beside this one"), "{message}");
    assert!(message.contains("| name = \"torch\"\n"), "{message}");
    assert_eq!(place.read("uv.lock"), before);

    // What the build needs is locked for others, in another release.
    let place = super::place("plain");
    let whole = place.read("uv.lock");
    place.run("rewrite --cpu").ok();
    let without = place.read("uv.lock");
    let other = blocks(&whole)["nvidia-cublas-cu12"].replace("12.6.4.1", "12.1.3.1");
    let needed = without.replacen(
        "    { name = \"torch\" },\n",
        "    { name = \"nvidia-cublas-cu12\", marker = \"sys_platform == 'darwin'\" },\n    { name = \"torch\" },\n",
        1,
    );
    let at = needed.find("[[package]]\nname = \"torch\"\n").unwrap();
    place.write("uv.lock", format!("{}[[package]]\n{other}\n\n{}", &needed[..at], &needed[at..]));
    let message = place.run("rewrite --cuda 12.8").refused();
    assert!(message.contains("nvidia-cublas-cu12 is locked already, for others"), "{message}");
    assert!(message.contains("| name = \"nvidia-cublas-cu12\"\n"), "{message}");
}

/// An index has wheels of the same name and other bytes in the folder of each build.
#[test]
fn a_digest_is_held_against_the_file_at_its_address() {
    let rows = rows("torchaudio\t2.7.1\t");
    let wheel = "torchaudio-2.7.1-cp311-cp311-manylinux_2_28_aarch64.whl";
    let digest = |folder: &str| {
        let own = rows.iter().find(|row| row[4] == wheel && row[3].ends_with(folder)).unwrap();
        own[5].clone()
    };
    assert_ne!(digest("/cpu"), digest("/cu128"));
    let whole = text("pytorch-markers", "uv.lock");
    for (own, refused) in [(digest("/cpu"), false), (digest("/cu128"), true)] {
        let place = place("pytorch-markers");
        let edge = "    { name = \"torch\", version";
        let needed = whole.replacen(edge, &format!("    {{ name = \"torchaudio\" }},\n{edge}"), 1);
        let at = needed.find("[[package]]\nname = \"triton\"\n").unwrap();
        let block = format!(
            "[[package]]\nname = \"torchaudio\"\nversion = \"2.7.1\"\n\
             source = {{ registry = \"https://download.pytorch.org/whl/cu128\" }}\nwheels = [\n    \
             {{ url = \"https://download.pytorch.org/whl/cpu/{wheel}\", hash = \"sha256:{own}\" }},\n]\n\n"
        );
        place.write("uv.lock", format!("{}{block}{}", &needed[..at], &needed[at..]));
        let run = place.run("export --platform linux-aarch64 --cpu --python 3.11 --without-hashes uv.lock");
        assert_eq!(run.stderr.contains("two digests for torchaudio-2.7.1-cp311"), refused, "{}", run.shown());
        assert_eq!(run.status == 0, !refused, "{}", run.shown());
    }
}

/// The catalogue need not know a wheel for macOS to know what it was built for.
#[test]
fn an_unknown_wheel_for_macos_stays_as_locked() {
    let place = place("plain");
    let lock = place.read("uv.lock");
    let torch = blocks(&lock)["torch"];
    let line = torch.lines().find(|line| line.contains("/torch-2.7.1-cp311-none-macosx_11_0_arm64.whl")).unwrap();
    let (zeros, at) = ("0".repeat(64), line.find("sha256:").unwrap() + 7);
    let unknown = line.replace("torch-2.7.1-cp311", "torch-2.7.1-1-cp311").replace(&line[at..at + 64], &zeros);
    place.write("uv.lock", lock.replace(line, &format!("{line}\n{unknown}")));
    let export = place.run("export --platform macos-arm64 --python 3.11 uv.lock").ok();
    assert!(export.contains("\ntorch==2.7.1 \\\n") && export.contains(&zeros), "{export}");
}
