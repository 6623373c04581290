//! Files that tools list without a digest, or under a version that is not theirs: they matter only where they are used.

use crate::support::{Place, fixture};

fn wheel(name: &str, hashes: &str) -> String {
    format!("    {{name = \"{name}\", url = \"https://wheels.example/{name}\", hashes = {{{hashes}}}}},\n")
}

fn place(package: &str) -> Place {
    let place = Place::new();
    place.write("pylock.toml", format!("lock-version = \"1.0\"\ncreated-by = \"nobody\"\n{package}"));
    place
}

/// `numpy` with a digest for Linux alone.
fn half_hashed() -> Place {
    let sha256 = format!("sha256 = \"{}\"", "a".repeat(64));
    place(&format!(
        "[[packages]]\nname = \"numpy\"\nversion = \"2.0.0\"\nwheels = [\n{}{}]\n",
        wheel("numpy-2.0.0-cp312-cp312-manylinux_2_17_x86_64.whl", &sha256),
        wheel("numpy-2.0.0-cp312-cp312-macosx_11_0_arm64.whl", ""),
    ))
}

#[test]
fn a_file_without_a_digest_matters_only_where_it_is_taken() {
    let place = half_hashed();
    let export = |flags: &str| place.run(&format!("export -q --allow-none --python 3.12 {flags}"));
    let hashed = format!("numpy==2.0.0 \\\n    --hash=sha256:{}\n", "a".repeat(64));
    assert!(export("--cpu").ok().ends_with(&hashed));
    let refusal = export("--platform macos-arm64").refused();
    assert!(refusal.contains("has no digest of numpy-2.0.0-cp312-cp312-macosx_11_0_arm64.whl"), "{refusal}");
    assert!(export("--platform macos-arm64 --without-hashes").ok().ends_with("\nnumpy==2.0.0\n"));
}

/// Installers refuse a `pylock.toml` in which any file has no digest.
#[test]
fn no_file_without_a_digest_is_carried_over() {
    let place = half_hashed();
    let text = place.run("export -q --allow-none --python 3.12 --cpu --format pylock").ok();
    assert!(text.contains("manylinux_2_17_x86_64.whl") && !text.contains("macosx"), "{text}");
    assert!(
        text.contains("url = \"https://wheels.example/numpy-2.0.0-cp312-cp312-manylinux_2_17_x86_64.whl\""),
        "{text}"
    );
}

/// One torch as PDM lists the files of PyTorch's CPU index.
fn of_torch(version: &str, files: &[&str]) -> Place {
    let sha256 = |index: usize| format!("sha256 = \"{}\"", ["a", "b", "c"][index].repeat(64));
    let wheels: String = files.iter().enumerate().map(|(index, file)| wheel(file, &sha256(index))).collect();
    place(&format!("[[packages]]\nname = \"torch\"\nversion = \"{version}\"\nwheels = [\n{wheels}]\n"))
}

const X86_64: &str = "torch-2.9.9+cpu-cp312-cp312-manylinux_2_28_x86_64.whl";
const AARCH64: &str = "torch-2.9.9-cp312-cp312-manylinux_2_28_aarch64.whl";
const WINDOWS: &str = "torch-2.9.9-cp312-cp312-win_amd64.whl";

/// PyTorch's CPU index has wheels with a label for some platforms and without one for others. PDM lists them all under the
/// version that it locked, be that the one with the label or the one without.
#[test]
fn wheels_with_and_without_a_label_may_stand_under_one_version() {
    for version in ["2.9.9+cpu", "2.9.9"] {
        let place = of_torch(version, &[X86_64, AARCH64, WINDOWS]);
        for (platform, file, digest) in
            [("linux-x86_64", X86_64, "a"), ("linux-aarch64", AARCH64, "b"), ("windows-x86_64", WINDOWS, "c")]
        {
            let text = place.run(&format!("export -q --platform {platform} --python 3.12")).ok();
            let url = format!("torch @ https://wheels.example/{}", file.replace('+', "%2B"));
            assert!(text.contains(&url) && text.contains(&digest.repeat(64)), "{version} {platform}: {text}");
        }
    }
}

#[test]
fn a_wheel_of_another_release_or_of_a_second_label_has_no_version() {
    let refused = |version: &str, file: &str, whose: &str| {
        let refusal =
            of_torch(version, &[X86_64, file]).run("export -q --platform macos-arm64 --python 3.12").refused();
        assert!(refusal.contains(&format!("`{file}` is not a file of torch {whose}\n")), "{refusal}");
    };
    refused("2.9.9+cpu", "torch-2.9.8-cp312-none-macosx_11_0_arm64.whl", "2.9.9+cpu");
    refused("2.9.9+cpu", "torch-2.9.9+cu128-cp312-none-macosx_11_0_arm64.whl", "2.9.9+cpu");
    refused("2.9.9", "torch-2.9.9+cu128-cp312-none-macosx_11_0_arm64.whl", "2.9.9+cpu");
}

/// `2.9.9+cpu` is higher than `2.9.9` (PEP 440).
#[test]
fn of_a_wheel_with_a_label_and_one_without_the_first_is_taken() {
    let plain = X86_64.replace("+cpu", "");
    for files in [[X86_64, &plain], [&plain, X86_64]] {
        let text = of_torch("2.9.9", &files).run("export -q --python 3.12").ok();
        assert!(text.contains("torch-2.9.9%2Bcpu-cp312-cp312-manylinux_2_28_x86_64.whl"), "{text}");
    }
}

/// pip and uv refuse a package whose files have another version than itself.
#[test]
fn a_new_pylock_has_the_files_of_one_version_under_it() {
    for version in ["2.9.9+cpu", "2.9.9"] {
        let place = of_torch(version, &[X86_64, AARCH64, WINDOWS]);
        let export =
            |platform: &str| place.run(&format!("export -q --platform {platform} --python 3.12 --format pylock")).ok();
        let text = export("linux-x86_64");
        assert!(text.contains("version = \"2.9.9+cpu\"") && text.contains(X86_64) && !text.contains(WINDOWS), "{text}");
        let text = export("windows-x86_64");
        assert!(text.contains("version = \"2.9.9\"") && text.contains(WINDOWS) && !text.contains(X86_64), "{text}");
    }
}

/// pip's hash mode passes over the wheel, and would build the sources without a word.
#[test]
fn a_weak_digest_of_the_file_that_is_taken_is_none() {
    let locked = |hashes: &str, more: &str| {
        let sdist = wheel("numpy-2.0.0.tar.gz", &format!("sha256 = \"{}\"", "a".repeat(64)));
        place(&format!(
            "[[packages]]\nname = \"numpy\"\nversion = \"2.0.0\"\nsdist = {}\nwheels = [\n{}{more}]\n",
            sdist.trim().trim_end_matches(','),
            wheel("numpy-2.0.0-cp312-cp312-manylinux_2_17_x86_64.whl", hashes),
        ))
    };
    let export = "export -q --allow-none --python 3.12";
    let weak = format!("md5 = \"{}\"", "b".repeat(32));
    let refusal = locked(&weak, "").run(export).refused();
    assert!(refusal.contains("has no sha256 of numpy-2.0.0-cp312-cp312-manylinux_2_17_x86_64.whl, which"), "{refusal}");
    locked(&weak, "").run(&format!("{export} --without-hashes")).ok();
    // Another Python takes the sources.
    locked(&weak, "").run("export -q --allow-none --python 3.11").ok();
    let strong = format!("sha512 = \"{}\"", "c".repeat(128));
    let text = locked(&strong, "").run(export).ok();
    assert!(text.contains(&format!("--hash=sha512:{}", "c".repeat(128))), "{text}");
    // A pylock.toml carries it over as it is, but not where a file beside it has no digest at all.
    let text = locked(&weak, "").run(&format!("{export} --format pylock")).ok();
    assert!(text.contains(&weak), "{text}");
    let bare = wheel("numpy-2.0.0-cp312-cp312-macosx_11_0_arm64.whl", "");
    for hashes in [weak, strong] {
        let refusal = locked(&hashes, &bare).run(&format!("{export} --format pylock")).refused();
        assert!(refusal.contains("has no sha256 of numpy-2.0.0-cp312-cp312-manylinux"), "{refusal}");
    }
}

/// PyTorch's index gives no digests of some of its files.
#[test]
fn the_digest_of_a_wheel_that_stays_is_the_catalogues_if_the_lock_has_none() {
    let place = Place::new();
    place.write("pylock.toml", std::fs::read(fixture("pylock/uv/torch-2.5.1/pylock.toml")).unwrap());
    place.run("rewrite -q --cpu").ok();
    let lock = place.read("pylock.toml");
    let hashed = place.run("export -q --cpu --python 3.11").ok();
    assert_eq!(hashed.matches("https://download.pytorch.org/whl/cpu/torch").count(), 3, "{hashed}");
    let weak = format!("hashes = {{ md5 = \"{}\" }}", "b".repeat(32));
    for hashes in ["hashes = {}", &weak] {
        let line = |line: &str| match line.split_once("hashes = ").filter(|_| line.contains("/whl/cpu/torch")) {
            Some((before, _)) => format!("{before}{hashes} }},\n"),
            None => format!("{line}\n"),
        };
        let bare: String = lock.lines().map(line).collect();
        assert!(bare.matches(hashes).count() >= 9, "{bare}");
        place.write("pylock.toml", &bare);
        for target in ["--cpu", ""] {
            let body = |text: &str| text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
            let (before, after): (Vec<String>, Vec<String>) =
                (body(&hashed), body(&place.run(&format!("export -q {target} --python 3.11")).ok()));
            assert_eq!(before, after);
        }
        // A file that nobody knows has none.
        place.write("pylock.toml", bare.replace("/whl/cpu/torch-", "/elsewhere/torch-"));
        let refusal = place.run("export -q --cpu --python 3.11").refused();
        assert!(refusal.contains("of torch-2.5.1+cpu-cp311-cp311-linux_x86_64.whl, which"), "{refusal}");
    }
}
