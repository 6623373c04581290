//! How a `pylock.toml` is recognized, and which ones are refused.

use super::fixtures;
use crate::support::{Place, fixture};

fn uv() -> String {
    std::fs::read_to_string(fixture("pylock/uv/torch-2.5.1/pylock.toml")).unwrap()
}

fn body(export: &str) -> String {
    export.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect()
}

#[test]
fn it_is_recognised_by_name_or_by_text() {
    let place = Place::new();
    for name in ["pylock.toml", "pylock.gpu.toml"] {
        place.write(name, uv());
        place.run(&format!("export --cpu {name}")).ok();
    }
    place.run("export --cpu").ok();
    place.run_with(&["export", "--cpu", "-"], &uv()).ok();
    for (name, says) in [
        ("lock.toml", "pylock.toml under another name"),
        ("pylock.a.b.toml", "no dot in NAME"),
        ("pylock..toml", "no dot"),
    ] {
        place.write(name, uv());
        let why = place.run(&format!("export --cpu {name}")).refused();
        assert!(why.contains(says), "{why}");
    }
}

#[test]
fn another_format_under_the_name_of_a_lock_is_called_by_its_kind() {
    let digest = "0".repeat(64);
    let requirements = format!("# made by a tool\ntorch==2.1.2 \\\n    --hash=sha256:{digest}\n");
    let poetry = std::fs::read_to_string(fixture("poetry-2.5/torch-2.1.2/poetry.lock")).unwrap();
    for (name, text, says, help) in [
        ("pylock.toml", &requirements, "a requirements file under another name", "name it requirements.txt"),
        ("requirements.lock", &requirements, "a requirements file under another name", "name it requirements.txt"),
        ("pylock.toml", &poetry, "a poetry.lock under another name", "name it poetry.lock"),
    ] {
        let place = Place::new();
        place.write(name, text);
        for command in ["export --cpu", "rewrite --cpu", "audit"] {
            let why = place.run(&format!("{command} --python 3.11 {name}")).refused();
            assert!(why.contains(&format!("{name} is {says}")) && why.contains(help), "{why}");
        }
    }
}

/// Line ends, a byte-order mark and the final newline say nothing.
#[test]
fn every_spelling_is_read_alike() {
    for path in fixtures() {
        let plain = std::fs::read_to_string(&path).unwrap();
        let place = Place::new();
        let export = |text: &str| {
            place.write("pylock.toml", text);
            body(&place.run("export --cpu").ok())
        };
        let expected = export(&plain);
        assert!(expected.contains("torch @ https://download.pytorch.org/whl/cpu/"));
        assert_eq!(export(&plain.replace('\n', "\r\n")), expected);
        assert_eq!(export(&format!("\u{feff}{plain}")), expected);
        assert_eq!(export(plain.trim_end()), expected);
    }
}

/// A change of a fixture, and what is said against it.
const BROKEN: [(&str, &str, &str); 23] = [
    ("lock-version = \"1.0\"\n", "", "has no `lock-version`"),
    ("lock-version = \"1.0\"", "lock-version = \"2.0\"", "lock-version 2.0 of a pylock.toml is not supported"),
    ("lock-version = \"1.0\"", "lock-version = 1.0", "`lock-version` should be a string"),
    ("created-by = \"uv\"\n", "", "has no `created-by`"),
    ("requires-python = \">=3.10, <3.13\"", "requires-python = \"^3.10\"", "not a list of version specifiers"),
    ("[[packages]]", "[packages]", "not a readable pylock.toml: duplicate key"),
    ("name = \"torch\"\n", "", "a package has no `name`"),
    ("name = \"torch\"\n", "name = \"Torch\"\n", "`Torch` is not the normal form of a name, which is `torch`"),
    ("name = \"torch\"\nversion = \"2.5.1\"", "name = \"torch\"\nversion = \"2.5.0\"", "is not a file of torch 2.5.0"),
    ("name = \"torch\"\nversion = \"2.5.1\"", "name = \"torch\"\nversion = \"two\"", "`two` is not a version"),
    ("name = \"numpy\"\n", "name = \"torchtext\"\n", "is not a file of torchtext"),
    ("marker = \"platform_machine == 'x86_64' and", "marker = \"extra == 'x' and", "`extra` has no value in a lock"),
    ("marker = \"platform_machine == 'x86_64' and", "marker = \"machine == 'x86_64' and", "not a marker"),
    ("hashes = { sha256 = \"", "x = { sha256 = \"", "`sdist` has no `hashes`"),
    ("hashes = { sha256 = \"", "hashes = { sha256 = \"0", "a sha256 digest has 64"),
    ("url = \"https://", "url = \"ssh://", "is not a URL that is downloaded from"),
    ("url = \"https://", "link = \"https://", "`sdist` has neither `url` nor `path`"),
    ("size = ", "size = -", "`size` should be a number of bytes"),
    ("upload-time = ", "upload-time = 1, then = ", "`upload-time` should be a date"),
    ("-cp310-cp310-win_amd64.whl\"", "-cp310-win_amd64.whl\"", "is not a wheel file name"),
    (
        "\nwheels = [",
        "\nvcs = {type = \"git\", url = \"https://git.example/a\", commit-id = \"0\"}\nwheels = [",
        "`vcs` beside wheels",
    ),
    (
        "[[packages]]\nname = \"torch\"\n",
        "[[packages]]\nname = \"empty\"\n\n[[packages]]\nname = \"torch\"\n",
        "has nothing to be installed from",
    ),
    ("index = \"https://index.example/simple\"", "index = \"index\"", "is not a URL"),
];

#[test]
fn broken_locks_are_refused_with_a_place() {
    let text = uv();
    let place = Place::new();
    let mut wrong = Vec::new();
    for (from, to, says) in BROKEN {
        assert!(text.contains(from), "no `{from}` in the fixture");
        place.write("pylock.toml", text.replacen(from, to, 1));
        let run = place.run("export --cpu");
        if run.status != 2 || !run.stderr.contains(says) {
            wrong.push(format!("{to}: {}", run.stderr));
        } else {
            assert!(run.stderr.contains("--> pylock.toml:"), "{}", run.stderr);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the PEP lets tools and later minor versions add is no reason to refuse.
#[test]
fn what_is_not_known_is_left_alone() {
    let place = Place::new();
    let text = uv().replace("lock-version = \"1.0\"", "lock-version = \"1.7\"\nnew = [1, {a = 2}]");
    let text = text.replace(
        "\nname = \"torch\"\n",
        "\nname = \"torch\"\nattestation-identities = [{kind = \"x\"}]\nodd = 1979-05-27\n",
    );
    place.write("pylock.toml", format!("{text}\n[tool.someone]\nx = 1\n"));
    place.run("export --cpu").ok();
}
