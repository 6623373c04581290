//! The download size of a target: known sizes are summed and unknown ones counted, in the report and in the last line of
//! the summary.

use std::collections::BTreeMap;

use serde_json::Value;
use torchswap::packaging::target::{Environment, Platform, Python};
use torchswap::packaging::wheel::WheelName;

use crate::support::{Place, root};

/// The built-in catalogue's files by digest, each with its size, if the catalogue has it.
fn files() -> BTreeMap<String, Vec<(WheelName, Option<u64>)>> {
    let table = std::fs::read_to_string(root().join("src/catalog/wheels.tsv")).unwrap();
    let rows = table.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect::<Vec<_>>());
    let mut files: BTreeMap<String, Vec<(WheelName, Option<u64>)>> = BTreeMap::new();
    for row in rows {
        files.entry(row[5].to_owned()).or_default().push((row[4].parse().unwrap(), row[6].parse().ok()));
    }
    files
}

/// Each requirement of a file with its digests.
fn lines(text: &str) -> Vec<(String, Vec<String>)> {
    let joined = text.replace("\\\n", "");
    let lines = joined.lines().filter(|line| !line.starts_with(['#', ' ']) && !line.is_empty());
    let digests = |line: &str| line.split("--hash=sha256:").skip(1).map(|hash| hash[..64].to_owned()).collect();
    lines.map(|line| (line.split([' ', '=']).next().unwrap().to_owned(), digests(line))).collect()
}

fn report(place: &Place, arguments: &str) -> Value {
    let run = place.run(&format!("{arguments} --report json -o out.txt"));
    assert_eq!(run.status, 0, "{}", run.stderr);
    let report: Value = serde_json::from_str(&run.stderr).unwrap();
    report["outputs"][0]["targets"][0].clone()
}

#[test]
fn known_sizes_are_summed_and_unknown_ones_counted() {
    let files = files();
    // The libraries of CUDA 12.4 take the place of those of 12.1.
    let (example, other) = ("examples/torch-2.1-cuda-11.8", "tests/fixtures/poetry-2.5/torch-2.4.1");
    let builds = ["--cuda 11.8", "--cuda 12.1", "--cpu", "--platform macos-arm64"].map(|build| (example, build));
    for (folder, build) in builds.into_iter().chain([(other, "--cuda 12.4")]) {
        let place = Place::new();
        place.write("poetry.lock", std::fs::read(root().join(folder).join("poetry.lock")).unwrap());
        let report = report(&place, &format!("export {build} --python 3.10 poetry.lock"));
        let platform = if build.contains("macos") { Platform::MacosArm64 } else { Platform::LinuxX86_64 };
        let environment = Environment { platform, python: Python::three(10) };
        let (mut bytes, mut unknown) = (0, Vec::new());
        for (name, digests) in lines(&place.read("out.txt")) {
            // A line that is as locked has the digests of all platforms and Pythons.
            let known = digests.iter().filter_map(|digest| files.get(digest)).flatten();
            let fitting = known.filter_map(|(wheel, size)| Some((wheel.fit(environment)?, size)));
            match fitting.max_by(|one, other| one.0.cmp(&other.0)) {
                Some((_, Some(size))) => bytes += size,
                Some((_, None)) | None => unknown.push(name),
            }
        }
        let reported = &report["downloads"][0];
        assert_eq!(
            (&reported["python"], &reported["output"]["bytes"]),
            (&"3.10".into(), &bytes.into()),
            "{build}: {report}"
        );
        assert_eq!(reported["output"]["unknown"], unknown.len(), "{build}: {report}");
        assert_eq!(reported["output"]["unknown_packages"], serde_json::json!(unknown), "{build}");
        assert!(reported["lock"]["unknown"].as_u64().unwrap() > 0, "{report}");
        // What both install as locked is no difference: the others are the changes that the report names.
        let bytes = |what: &str| reported[what]["bytes"].as_i64().unwrap();
        assert_eq!(bytes("difference"), bytes("output") - bytes("lock"), "{build}: {report}");
        let changed: Vec<&str> = report["changes"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["action"] != "kept")
            .map(|one| one["package"].as_str().unwrap())
            .collect();
        let missing = reported["difference"]["unknown_packages"].as_array().unwrap();
        assert!(missing.iter().all(|name| changed.contains(&name.as_str().unwrap())), "{build}: {report}");
        assert_eq!(report["downloads"].as_array().unwrap().len(), 1);
    }
}

/// What the lock tells itself needs no catalogue; what is a folder is not downloaded.
#[test]
fn a_pylock_has_its_own_sizes() {
    let place = Place::new();
    let file = |name: &str, size: &str| {
        format!(
            "{{ name = \"{name}\", url = \"https://files.example/{name}\"{size}, hashes = {{ sha256 = \"{}\" }} }}",
            "ab".repeat(32)
        )
    };
    let package =
        |name: &str, wheels: &str| format!("[[packages]]\nname = \"{name}\"\nversion = \"1.0\"\nwheels = [{wheels}]\n");
    let linux = file("demo-1.0-cp311-cp311-linux_x86_64.whl", ", size = 3_000_000");
    let mac = file("demo-1.0-cp311-cp311-macosx_11_0_arm64.whl", ", size = 5");
    let lock = format!(
        "lock-version = \"1.0\"\ncreated-by = \"test\"\n{}{}[[packages]]\nname = \"own\"\ndirectory = {{ path = \".\" }}\n",
        package("demo", &format!("{linux}, {mac}")),
        package("other", &file("other-1.0-py3-none-any.whl", "")),
    );
    place.write("pylock.toml", lock);
    let export = "export --allow-none --platform linux-x86_64 --python 3.11 pylock.toml";
    let reported = report(&place, export);
    let expected = serde_json::json!({ "bytes": 3_000_000, "unknown": 1, "unknown_packages": ["other"] });
    assert_eq!(
        (&reported["downloads"][0]["output"], &reported["downloads"][0]["lock"]),
        (&expected, &expected),
        "{reported}"
    );
    let none = serde_json::json!({ "bytes": 0, "unknown": 0, "unknown_packages": [] });
    assert_eq!(reported["downloads"][0]["difference"], none, "{reported}");
    let run = place.run(&format!("{export} -v -o out.txt"));
    assert!(
        run.stderr
            .contains("at least 3.0 MB to download (1 size unknown); the lock: at least 3.0 MB (1 size unknown)\n"),
        "{}",
        run.stderr
    );
    let short = place.run(&format!("{export} -o other.txt")).stderr;
    assert!(
        short.ends_with(
            "wrote other.txt (2 packages, CPython 3.11)\nto download: at least 3.0 MB (1 file of unknown size)\n"
        ),
        "{short}"
    );
    assert_eq!(place.run(&format!("{export} -q -o out.txt")).stderr, "");
}
