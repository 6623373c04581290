//! `torchswap audit`: entries that cannot be installed, and entries that do not fit together.

use std::collections::BTreeSet;

use serde_json::Value;
use torchswap::catalog::{Catalogues, WheelSource};
use torchswap::packaging::target::{Environment, Platform};
use torchswap::report::rule::Rule;

use crate::support::{Place, Run, fixture, snapshot};

mod collisions;
mod hostile;
mod index;
mod layers;
mod lock;
mod overlap;
mod provided;
mod targets;

use lock::{Package, lock};

/// The report of a run that answered.
fn json(run: &Run) -> Value {
    assert!(run.status < 2, "{}", run.stderr);
    serde_json::from_str(&run.stdout).unwrap()
}

/// Code and package of every finding.
fn found(run: &Run) -> Vec<(String, String)> {
    let report = json(run);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    report["findings"].as_array().unwrap().iter().map(|one| (text(&one["code"]), text(&one["package"]))).collect()
}

/// Codes of the findings of an audit of a lock of these packages.
fn codes(packages: &[Package], arguments: &str) -> BTreeSet<String> {
    let place = Place::new();
    place.write("poetry.lock", lock(packages));
    found(&place.run(&format!("audit --report json {arguments}"))).into_iter().map(|(code, _)| code).collect()
}

fn only(code: &str) -> BTreeSet<String> {
    BTreeSet::from([code.to_owned()])
}

/// A lock with something of everything.
fn zoo() -> Vec<Package> {
    let linux = "manylinux_2_17_x86_64.manylinux2014_x86_64";
    vec![
        Package::new("plain", "1.0").files(&["plain-1.0-py3-none-any.whl", "plain-1.0.tar.gz"]),
        Package::new("scipy", "1.7.0").files(&[
            &format!("scipy-1.7.0-cp39-cp39-{linux}.whl"),
            "scipy-1.7.0-cp39-cp39-macosx_10_9_x86_64.whl",
            "scipy-1.7.0.tar.gz",
        ]),
        Package::new("nosource", "2.0").files(&[&format!("nosource-2.0-cp39-cp39-{linux}.whl")]),
        Package::new("newmac", "3.0").files(&[
            "newmac-3.0-cp39-cp39-macosx_14_0_arm64.whl",
            "newmac-3.0-cp39-cp39-manylinux_2_28_x86_64.whl",
            "newmac-3.0.zip",
        ]),
        Package::new("newpython", "4.0").files(&[
            "newpython-4.0-cp311-cp311-macosx_11_0_arm64.whl",
            "newpython-4.0-cp312-cp312-macosx_11_0_arm64.whl",
        ]),
        Package::new("bare", "5.0").files(&["bare-5.0.tar.gz"]),
        Package::new("picky", "6.0").files(&["picky-6.0-py3-none-any.whl"]).pythons(">=3.10"),
        Package::new("fromgit", "7.0").source("git", "https://git.example/fromgit.git"),
        Package::new("naked", "8.0"),
        Package::new("weak", "9.0").weak("weak-9.0-py3-none-any.whl"),
        Package::new("openly", "10.0")
            .files(&["openly-10.0-py3-none-any.whl"])
            .source("legacy", "http://index.example/simple"),
    ]
}

#[test]
fn says_what_will_not_install_on_a_mac() {
    let place = Place::new();
    place.write("poetry.lock", lock(&zoo()));
    let run = place.run("audit --platform macos-arm64 --python 3.9 --macos 12");
    assert_eq!((run.status, run.stderr.as_str()), (1, ""));
    snapshot("audit-mac", &run.shown());
    let colour = place.run("audit --platform macos-arm64 --python 3.9 --macos 12 --color always").stdout;
    assert!(colour.contains("\u{1b}[1;31merror[no-wheel]\u{1b}[0m"));
    assert_eq!(
        place.run("audit --platform macos-arm64 --python 3.9 -q").shown(),
        "status: 1\n--- stdout\n--- stderr\n"
    );
    snapshot("audit-mac-github", &place.run("audit --platform macos-arm64 --python 3.9 --report github").shown());
}

#[test]
fn says_it_as_json_for_every_entry_and_python() {
    let place = Place::new();
    place.write("poetry.lock", lock(&zoo()));
    let report = json(&place.run("audit --image amazonlinux:2 --python 3.9,3.11 --report json"));
    let targets = report["targets"].as_array().unwrap();
    assert_eq!(targets.len(), 2);
    assert_eq!((&targets[0]["system"], &targets[1]["python"]), (&"glibc 2.26".into(), &"3.11".into()));
    let verdicts = |target: &Value| -> Vec<String> {
        let each = target["entries"].as_array().unwrap().iter();
        each.map(|one| one["verdict"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        verdicts(&targets[0]),
        ["wheel", "wheel", "wheel", "build", "none", "build", "wheel", "build", "unknown", "wheel", "wheel"]
    );
    assert_eq!(verdicts(&targets[1])[..5], ["wheel", "build", "none", "build", "none"]);
    assert_eq!(
        targets[0]["entries"][1]["file"],
        "scipy-1.7.0-cp39-cp39-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
    );
    let newer = report["findings"].as_array().unwrap().iter().find(|one| one["code"] == "newer-system").unwrap();
    assert_eq!(
        newer["message"],
        "newmac 3.0 needs glibc 2.28 or newer, amazonlinux:2 has glibc 2.26; it would be compiled from newmac-3.0.zip"
    );
    assert_eq!(
        (&newer["severity"], &newer["package"], &newer["version"]),
        (&"error".into(), &"newmac".into(), &"3.0".into())
    );
    assert_eq!(newer["pythons"], serde_json::json!(["3.9"]));
    let line = lock(&zoo()).lines().position(|line| line == "name = \"newmac\"").unwrap() + 1;
    assert_eq!((&newer["place"]["line"], &newer["place"]["column"]), (&line.into(), &8.into()));
}

/// Against the published shape: what GitHub's and other readers ask for.
#[test]
fn sarif_has_the_published_shape() {
    let place = Place::new();
    let text = lock(&zoo());
    place.write("poetry.lock", &text);
    let run = place.run("audit --platform macos-arm64 --python 3.9 --report sarif");
    let log = json(&run);
    assert_eq!(log["version"], "2.1.0");
    let driver = &log["runs"][0]["tool"]["driver"];
    let rules = driver["rules"].as_array().unwrap();
    assert_eq!((driver["name"].as_str(), rules.len()), (Some("torchswap"), Rule::ALL.len()));
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert!(results.len() > 5);
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(rule["help"]["text"].as_str().unwrap().ends_with('.'));
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "poetry.lock");
        let (region, context) = (&place["region"], &place["contextRegion"]);
        let number = |name: &str| usize::try_from(region[name].as_u64().unwrap()).unwrap();
        let line = text.lines().nth(number("startLine") - 1).unwrap();
        assert_eq!((&context["startLine"], &context["snippet"]["text"]), (&region["startLine"], &line.into()));
        assert_eq!(region["snippet"]["text"], line[number("startColumn") - 1..number("endColumn") - 1]);
    }
    snapshot("audit-sarif", &format!("{:#}", results[0]));
}

#[test]
fn a_rule_finds_what_it_is_for() {
    let mac = "--platform macos-arm64 --python 3.9";
    let wheel = |name: &str, tags: &str| Package::new(name, "1.0").files(&[&format!("{name}-1.0-{tags}.whl")]);
    let linux = wheel("a", "cp39-cp39-manylinux2014_x86_64");
    let with_source = |tags: &str| Package::new("a", "1.0").files(&[&format!("a-1.0-{tags}.whl"), "a-1.0.tar.gz"]);
    assert_eq!(codes(std::slice::from_ref(&linux), mac), only("no-wheel"));
    assert_eq!(codes(std::slice::from_ref(&linux), "--python 3.9"), BTreeSet::new());
    assert_eq!(codes(&[linux], "--python 3.10"), only("wrong-python"));
    assert_eq!(codes(&[with_source("cp39-cp39-win_amd64")], mac), only("needs-compiler"));
    assert_eq!(codes(&[with_source("py2-none-any")], mac), only("source-only"));
    assert_eq!(codes(&[Package::new("a", "1.0").files(&["a-1.0.tar.gz"])], mac), only("source-only"));
    assert_eq!(codes(&[Package::new("a", "1.0").files(&["a-1.0-py3.9.egg"])], mac), only("no-wheel"));
    let arm = wheel("a", "cp39-cp39-macosx_12_0_arm64");
    assert_eq!(codes(std::slice::from_ref(&arm), &format!("{mac} --macos 11")), only("newer-system"));
    assert_eq!(codes(std::slice::from_ref(&arm), &format!("{mac} --macos 12.6")), BTreeSet::new());
    assert_eq!(codes(&[arm], mac), BTreeSet::new());
    let new = wheel("a", "cp39-cp39-manylinux_2_28_x86_64");
    for (flags, code) in [("--glibc 2.17", "newer-system"), ("--image alpine", "newer-system"), ("--glibc 2.28", "")] {
        let expected = if code.is_empty() { BTreeSet::new() } else { only(code) };
        assert_eq!(codes(std::slice::from_ref(&new), &format!("--python 3.9 {flags}")), expected, "{flags}");
    }
    assert_eq!(codes(&[wheel("a", "py3-none-any").pythons(">=3.10")], mac), only("requires-python"));
    assert_eq!(codes(&[wheel("a", "cp310-cp310-macosx_11_0_arm64").pythons(">=3.10")], mac), only("requires-python"));
    assert_eq!(codes(&[wheel("a", "py3-none-any")], "--python 3.5"), only("requires-python"));
    assert_eq!(codes(&[Package::new("a", "1.0").source("git", "https://git.example/a.git")], mac), only("built-here"));
    let naked = codes(&[wheel("a", "py3-none-any"), Package::new("b", "1.0")], mac);
    assert_eq!(naked, BTreeSet::from(["no-digest".to_owned(), "unknown-files".to_owned()]));
    let none = codes(&[Package::new("b", "1.0")], mac);
    assert_eq!(none, BTreeSet::from(["unhashed".to_owned(), "unknown-files".to_owned()]));
    assert_eq!(codes(&[Package::new("a", "1.0").weak("a-1.0-py3-none-any.whl")], mac), only("weak-digest"));
    let plain = wheel("a", "py3-none-any").source("legacy", "http://me:secret@index.example/simple");
    assert_eq!(codes(&[plain, wheel("b", "py3-none-any")], mac), only("plain-http"));
}

#[test]
fn an_index_without_tls_is_reported_once_and_without_its_login() {
    let place = Place::new();
    let one = |name: &str| {
        Package::new(name, "1.0")
            .files(&[&format!("{name}-1.0-py3-none-any.whl")])
            .source("legacy", "http://me:secret@index.example/simple")
    };
    place.write("poetry.lock", lock(&[one("a"), one("b")]));
    let run = place.run("audit --python 3.9");
    assert_eq!((run.status, run.stdout.matches("plain-http").count()), (0, 1), "{}", run.stdout);
    assert!(run.stdout.contains("http://index.example has no TLS") && !run.stdout.contains("error:"), "{}", run.stdout);
}

/// The catalogue knows which releases of the family have a wheel, which were withdrawn, and what their digests are.
#[test]
fn the_catalogue_knows_the_family() {
    let place = Place::new();
    let torch = Package::new("torch", "1.9.1").files(&["torch-1.9.1-cp39-cp39-manylinux1_x86_64.whl"]);
    place.write("poetry.lock", lock(&[torch]));
    let run = place.run("audit --platform macos-arm64 --python 3.9 --macos 12");
    snapshot("audit-skipped-release", &run.shown());
    // Releases for newer Pythons are no remedy, though by their names these wheels are for every Python.
    let torchdata = Package::new("torchdata", "0.9.0").files(&["torchdata-0.9.0-cp39-cp39-manylinux1_x86_64.whl"]);
    place.write("poetry.lock", lock(&[torchdata]));
    let reported = place.run("audit --python 3.8").stdout;
    assert!(reported.contains("help: torchdata 0.8.0 is the last release with a wheel for it"), "{reported}");
    let rows = Catalogues::NONE.wheels(&"torch".parse().unwrap());
    let row = rows.iter().find(|row| row.wheel.as_str() == "torch-2.1.2-cp310-cp310-manylinux1_x86_64.whl").unwrap();
    let right = Package::new("torch", "2.1.2").file(row.wheel.as_str(), &row.sha256.to_string());
    let wrong = Package::new("torch", "2.1.2").files(&[row.wheel.as_str()]);
    assert_eq!(codes(&[right], "--python 3.10"), BTreeSet::new());
    assert_eq!(codes(&[wrong], "--python 3.10"), only("digest-conflict"));
    let all: Vec<_> = ["torch", "torchvision", "xformers", "nvidia-cudnn-cu12", "intel-openmp"]
        .into_iter()
        .flat_map(|name| Catalogues::NONE.wheels(&name.parse().unwrap()))
        .collect();
    let pythons = ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13"];
    let on = |python: &str| Environment { platform: Platform::LinuxX86_64, python: python.parse().unwrap() };
    let (yanked, python) = all
        .iter()
        .filter(|row| row.yanked)
        .find_map(|row| Some((row, pythons.iter().find(|python| row.wheel.fit(on(python)).is_some())?)))
        .expect("the catalogue knows nothing that was withdrawn");
    let package = Package::new(yanked.wheel.name.as_ref(), &yanked.wheel.version.to_string());
    let package = package.file(yanked.wheel.as_str(), &yanked.sha256.to_string());
    assert!(codes(&[package], &format!("--python {python}")).contains("yanked"));
}

#[test]
fn a_requirements_file_says_less() {
    let place = Place::new();
    for name in ["pip-compile-hashes.txt", "uv-export.txt", "pip-freeze.txt"] {
        place.write(name, std::fs::read(fixture("requirements/torch-2.1.2").join(name)).unwrap());
    }
    let run = place.run("audit pip-compile-hashes.txt --python 3.10");
    snapshot("audit-requirements", &run.shown());
    // The catalogue knows the digests of torch and of what it needs, so that much can be reported.
    let report = json(&place.run("audit uv-export.txt --platform macos-arm64 --python 3.10 --report json"));
    let entries = report["targets"][0]["entries"].as_array().unwrap();
    let verdict =
        |name: &str| entries.iter().find(|one| one["package"] == name).map(|one| one["verdict"].as_str().unwrap());
    assert_eq!((verdict("torch"), verdict("numpy")), (Some("wheel"), Some("unknown")));
    assert!(
        found(&place.run("audit pip-freeze.txt --python 3.10 --report json"))
            .iter()
            .any(|(code, _)| code == "unhashed")
    );
    place.write(
        "more.txt",
        "-e .\n--index-url http://index.example/simple\na==1 --hash=sha256:00\n".replace("00", &"0".repeat(64)),
    );
    let codes: Vec<String> =
        found(&place.run("audit more.txt --python 3.10 --report json")).into_iter().map(|one| one.0).collect();
    assert_eq!(codes, ["built-here", "unknown-files", "plain-http"]);
}

/// Names, digests and addresses of all files: a pylock.toml says as much as a poetry.lock.
#[test]
fn a_pylock_says_as_much_as_a_poetry_lock() {
    let place = Place::new();
    for tool in ["uv", "poetry", "pdm", "pip"] {
        place.write("pylock.toml", std::fs::read(fixture(&format!("pylock/{tool}/torch-2.5.1/pylock.toml"))).unwrap());
        let report = json(&place.run("audit --python 3.11 --glibc 2.31 --driver 470.57 --report json"));
        let entries = report["targets"][0]["entries"].as_array().unwrap();
        let selected: Vec<&Value> = entries.iter().filter(|one| one["selected"] == true).collect();
        assert!(selected.len() > 10 && selected.iter().all(|one| one["verdict"] == "wheel"), "{tool}: {selected:?}");
        assert_eq!(report["findings"][0]["code"], "old-driver", "{tool}");
    }
    let file = format!("hashes = {{ sha256 = \"{}\" }}", "a".repeat(64));
    let text = format!(
        "lock-version = \"1.0\"\nrequires-python = \">=3.10\"\ncreated-by = \"a\"\n\n[[packages]]\nname = \"a\"\nversion = \"1.0\"\n\
         requires-python = \">=3.11\"\nwheels = [{{ url = \"http://me:secret@files.example/a-1.0-py3-none-any.whl\", {file} }}]\n"
    );
    place.write("pylock.toml", text);
    assert_eq!(found(&place.run("audit --python 3.11 --report json")), [("plain-http".to_owned(), "a".to_owned())]);
    let run = place.run("audit --python 3.9");
    assert!(run.status == 1 && !run.stdout.contains("secret"), "{}", run.shown());
    assert!(run.stdout.contains("error[requires-python]: pylock.toml is not for linux-x86_64"), "{}", run.stdout);
    assert!(run.stdout.contains("2 | requires-python"), "{}", run.stdout);
}

#[test]
fn a_wheel_at_a_url_is_of_one_platform() {
    let place = Place::new();
    let url = "https://download.pytorch.org/whl/cu118/torch-2.1.2%2Bcu118-cp310-cp310-linux_x86_64.whl";
    place.write("requirements.txt", format!("torch @ {url} \\\n    --hash=sha256:{}\n", "a".repeat(64)));
    let run = place.run("audit --platform macos-arm64 --python 3.10");
    assert!(run.status == 1 && run.stdout.contains("error[no-wheel]: torch"), "{}", run.stdout);
    assert!(run.stdout.contains("torchswap export --platform macos-arm64"), "{}", run.stdout);
    let here = place.run("audit --python 3.10 --report json");
    assert_eq!(found(&here), [("digest-conflict".to_owned(), "torch".to_owned())]);
}

/// A release's files may differ in the Pythons they take.
#[test]
fn a_wheel_at_a_url_takes_the_pythons_of_that_very_file() {
    let place = Place::new();
    let [any, windows] = ["c1", "d1"].map(|digits| digits.repeat(32));
    let row = |file: &str, digest: &str, pythons: &str| {
        format!("wheel\tcc\t1.0\t-\thttps://a.example/x\t{file}\t{digest}\t-\t1\t{pythons}\t-\n")
    };
    let rows =
        row("cc-1.0-cp310-cp310-win_amd64.whl", &windows, "-") + &row("cc-1.0-py3-none-any.whl", &any, ">=3.12,<3.14");
    place.write("team.tsv", rows);
    place.write("r.txt", format!("cc @ https://a.example/x/cc-1.0-py3-none-any.whl --hash=sha256:{any}\n"));
    assert_eq!(found(&place.run("audit --python 3.12 --report json --catalog team.tsv r.txt")), []);
    let run = place.run("audit --python 3.10 --catalog team.tsv r.txt");
    let reported = "error[wrong-python]: cc 1.0 has wheels for linux-x86_64 under CPython 3.12, 3.13, and no source";
    assert!(run.stdout.contains(reported), "{}", run.stdout);
}

#[test]
fn a_withdrawn_wheel_is_taken_only_if_no_other_suits() {
    let place = Place::new();
    let row = |file: &str, digit: &str, flags: &str| {
        format!("wheel\tcc\t1.0\t-\tpypi\t{file}\t{}\t-\t1\t-\t{flags}\n", digit.repeat(64))
    };
    let (better, any) = ("cc-1.0-cp310-cp310-manylinux_2_17_x86_64.whl", "cc-1.0-py3-none-any.whl");
    let hashes = ["1", "2"].map(|digit| format!(" --hash=sha256:{}", digit.repeat(64)));
    for (flags, other, file) in [("-", "-", better), ("yanked", "-", any), ("yanked", "yanked", better)] {
        place.write("team.tsv", row(better, "1", flags) + &row(any, "2", other));
        place.write("r.txt", format!("cc==1.0{}\n", hashes.concat()));
        let report = json(&place.run("audit --python 3.10 --report json --catalog team.tsv r.txt"));
        assert_eq!(report["targets"][0]["entries"][0]["file"], file, "{flags} {other}");
    }
}

#[test]
fn an_entry_without_files_has_those_of_its_own_index() {
    let place = Place::new();
    for (index, verdict) in [("https://download.pytorch.org/whl/cpu", "wheel"), ("https://index.example/x", "unknown")]
    {
        place.write("poetry.lock", lock(&[Package::new("torch", "2.1.2+cpu").source("legacy", index)]));
        let report = json(&place.run("audit --python 3.10 --report json"));
        assert_eq!(report["targets"][0]["entries"][0]["verdict"], verdict, "{index}");
    }
}

/// Locks of version 1 list the files of all releases of a name together; a label is part of the release.
#[test]
fn only_the_files_of_the_locked_release_count() {
    let verdict = |version: &str, files: &[&str]| {
        let place = Place::new();
        place.write("poetry.lock", lock(&[Package::new("aa", version).files(files)]));
        let report = json(&place.run("audit --python 3.10 --report json"));
        report["targets"][0]["entries"][0]["verdict"].as_str().unwrap().to_owned()
    };
    let windows = "aa-1.0-cp310-cp310-win_amd64.whl";
    assert_eq!(verdict("1.0", &[windows, "aa-2.0-py3-none-any.whl"]), "none");
    assert_eq!(verdict("1.0", &[windows, "aa-1.0+cpu-py3-none-any.whl"]), "wheel");
    assert_eq!(verdict("1.0+cpu", &[windows, "aa-1.0-py3-none-any.whl"]), "none");
}

#[test]
fn severities_can_be_chosen() {
    let place = Place::new();
    place.write("poetry.lock", lock(&[Package::new("a", "1.0").files(&["a-1.0.tar.gz"])]));
    assert_eq!(place.run("audit --python 3.9").status, 0);
    assert_eq!(place.run("audit --python 3.9 --severity source-only=error").status, 1);
    place.write("torchswap.toml", "[audit.severity]\nsource-only = \"error\"\n");
    assert_eq!(place.run("audit --python 3.9").status, 1);
    let off = place.run("audit --python 3.9 --severity source-only=off");
    assert!(off.status == 0 && off.stdout.ends_with("poetry.lock: nothing found\n"), "{}", off.stdout);
    place.write("torchswap.toml", "[audit.severity]\nsource-only = \"off\"\n");
    assert_eq!(found(&place.run("audit --python 3.9 --report json")), []);
    for (flags, why) in [
        ("--severity source=off", "is not a code of the audit; did you mean `source-only`?"),
        ("--severity source-only=loud", "is not a severity"),
        ("--severity source-only", "CODE=LEVEL"),
    ] {
        let refused = place.run(&format!("audit {flags}")).refused();
        assert!(refused.contains(why), "{refused}");
    }
    place.write("torchswap.toml", "[audit]\nseverities = 1\n");
    assert!(place.run("audit").refused().contains("did you mean `severity`?"));
}

#[test]
fn targets_come_from_the_configuration() {
    let place = Place::new();
    place.write("poetry.lock", lock(&zoo()));
    let config = "[targets.mac]\nplatform = \"macos-arm64\"\npython = [\"3.11\"]\n[targets.ci]\ncpu = true\npython = [\"3.9\", \"3.10\"]\n";
    place.write("torchswap.toml", config);
    let report = json(&place.run("audit --all-targets --macos 12 --glibc 2.31 --report json"));
    let reported = |target: &Value| {
        let text = |key: &str| target[key].as_str().unwrap_or("-").to_owned();
        [text("target"), text("platform"), text("python"), text("system"), text("backend")].join(" ")
    };
    let targets: Vec<String> = report["targets"].as_array().unwrap().iter().map(reported).collect();
    assert_eq!(
        targets,
        [
            "mac macos-arm64 3.11 macOS 12 -",
            "ci linux-x86_64 3.9 glibc 2.31 cpu",
            "ci linux-x86_64 3.10 glibc 2.31 cpu"
        ]
    );
    assert!(place.run("audit --target mca").refused().contains("no target `mca`"));
    assert_eq!(json(&place.run("audit --target mac --python 3.9 --report json"))["targets"][0]["python"], "3.9");
    assert!(place.run("audit --target ci --macos 12").refused().contains("no target is one"));
}

#[test]
fn every_code_is_explained() {
    let place = Place::new();
    for rule in Rule::ALL {
        let text = place.run(&format!("audit --explain {}", rule.as_str())).ok();
        assert!(text.starts_with(&format!("{} ({})\n\n", rule.as_str(), rule.severity().as_str())), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert!(words(&text).ends_with(&words(rule.explanation())), "{text}");
    }
    assert!(place.run("audit --explain no-weel").refused().contains("did you mean `no-wheel`?"));
}

#[test]
fn groups_and_extras_are_chosen_as_for_an_export() {
    let place = Place::of("poetry-2.5/torch-2.1.2");
    let count = |flags: &str| {
        let report = json(&place.run(&format!("audit --python 3.10 --report json {flags}")));
        let entries = report["targets"][0]["entries"].as_array().unwrap().clone();
        entries.iter().filter(|one| one["selected"] == true).count()
    };
    assert!(count("") < count("--all-groups") && count("") < count("--all-extras"));
    assert!(place.run("audit --with nothing").refused().contains("nothing"));
}

#[test]
fn several_pythons_of_a_finding_are_a_range() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    let said = place.run("audit --cuda 12.1 --image nvidia/cuda:11.8.0-runtime-ubuntu22.04").stdout;
    let found = said.lines().find(|line| line.starts_with("warning[image-cuda]: ")).unwrap_or(&said);
    assert!(found.ends_with(" (CPython 3.9 to 3.12)"), "{said}");
    let said = place.run("audit --cuda 12.1 --image nvidia/cuda:11.8.0-runtime-ubuntu22.04 --python 3.9,3.11").stdout;
    assert!(said.contains(" (CPython 3.9, 3.11)\n"), "{said}");
}

/// What helps many in a row is said to the first; another Python is a way out where there is one.
#[test]
fn advice_for_many_is_given_once() {
    let place = Place::new();
    let package = |name: &str| {
        let wheel = |tag: &str| format!("{name}-1.0-cp{tag}-cp{tag}-manylinux_2_17_x86_64.whl");
        Package::new(name, "1.0").files(&[&wheel("38"), &wheel("39"), &wheel("310"), &format!("{name}-1.0.tar.gz")])
    };
    let bare = |name: &str| Package::new(name, "1.0").files(&[&*format!("{name}-1.0.tar.gz")]);
    place.write("poetry.lock", lock(&[package("aa"), package("bb"), bare("cc"), bare("dd")]));
    let run = place.run("audit --python 3.11 --python 3.13 --python 3.14 --python 3.15");
    let reported = "error[wrong-python]: bb 1.0 has wheels for linux-x86_64 under CPython 3.8 to 3.10; it would be compiled \
                from bb-1.0.tar.gz (CPython 3.11, 3.13 to 3.15)\n";
    assert!(run.stdout.contains(reported), "{}", run.stdout);
    let help = "help: choose one of these Pythons, lock a release that has one, or install a compiler";
    assert!(run.stdout.find(help) < run.stdout.find("bb 1.0"), "{}", run.stdout);
    assert_eq!(run.stdout.matches(help).count(), 1, "{}", run.stdout);
    assert_eq!(run.stdout.matches("help: ").count(), 2, "{}", run.stdout);
    assert_eq!(
        json(&place.run("audit --python 3.11 --report json")).to_string().matches("one of these Pythons").count(),
        2
    );
}
