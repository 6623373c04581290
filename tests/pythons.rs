//! Without `--python`: which Pythons an export covers, and what it says about the others.

use crate::support::{Place, root};

/// The Pythons that the header of an output names.
fn served(text: &str) -> &str {
    let line = text.lines().find(|line| line.starts_with("# Target: ")).unwrap();
    line.split_once("CPython ").unwrap().1
}

/// A lock before 2.1 of a project that names no upper bound: numpy's release ends with Python 3.10, torch's wheels do so, too.
fn star(torch: &str, numpy: &str) -> Place {
    let digest = "a".repeat(64);
    let package = |name: &str, version: &str, pythons: &str, more: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\ndescription = \"\"\ncategory = \"main\"\n\
             optional = false\npython-versions = \"{pythons}\"\n{more}\n"
        )
    };
    let place = Place::new();
    let files =
        |name: &str, file: &str| format!("{name} = [\n    {{file = \"{file}\", hash = \"sha256:{digest}\"}},\n]\n");
    place.write(
        "poetry.lock",
        package("numpy", "1.21.6", numpy, "")
            + &package("torch", torch, ">=3.7.0", "\n[package.dependencies]\ntyping-extensions = \"*\"\n")
            + &package("typing-extensions", "4.3.0", ">=3.7", "")
            + &format!(
                "[metadata]\nlock-version = \"1.1\"\npython-versions = \">=3.7.1\"\ncontent-hash = \"{digest}\"\n\n\
                 [metadata.files]\n"
            )
            + &files("numpy", "numpy-1.21.6.tar.gz")
            + &files("torch", &format!("torch-{torch}-cp310-cp310-linux_ppc64le.whl"))
            + &files("typing-extensions", "typing_extensions-4.3.0-py3-none-any.whl"),
    );
    place.write(
        "pyproject.toml",
        "[tool.poetry]\nname = \"case\"\n[tool.poetry.dependencies]\npython = \">=3.7.1\"\nnumpy = \"*\"\ntorch = \"*\"\n",
    );
    place
}

#[test]
fn a_python_without_a_wheel_of_torch_is_left_out_though_the_lock_does_not_resolve_there() {
    let place = star("1.12.1", ">=3.7,<3.11");
    let run = place.run("export --cuda 11.6");
    assert_eq!(served(&run.stdout), "3.7, 3.8, 3.9, 3.10", "{}", run.stderr);
    assert!(run.stderr.contains("torch 1.12.1 has no wheel for linux-x86_64 and this Python"), "{}", run.stderr);
    assert!(run.stderr.contains("3.11"), "{}", run.stderr);
    // Named, it is a problem; and so is a lock that does not resolve where torch has a wheel.
    assert!(place.run("export --cuda 11.6 --python 3.11").refused().contains("asks for numpy"));
    let reported = star("1.12.1", ">=3.7,<3.10").run("export --cuda 11.6").refused();
    assert!(reported.contains("asks for numpy") && reported.contains("regenerate the lock"), "{reported}");
    // None remains.
    let reported = star("1.12.1", ">=3.7,<3.11").run("export --cuda 12.6").refused();
    assert!(reported.contains("torch 1.12.1 has no cu126 build"), "{reported}");
}

#[test]
fn an_audit_leaves_out_the_pythons_that_an_export_leaves_out() {
    let run = star("1.12.1", ">=3.7,<3.11").run("audit --cuda 11.6");
    assert_eq!(run.status, 0, "{}", run.stderr);
    for expected in
        ["CPython 3.7 to 3.10 ", "note: left out CPython 3.11 to 3.15: torch 1.12.1 has no wheel for linux-x86_64"]
    {
        assert!(run.stdout.contains(expected), "{expected}: {}", run.stdout);
    }
    let json = star("1.12.1", ">=3.7,<3.11").run("audit --cuda 11.6 --report json");
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["left_out"][0]["python"], "3.11");
    assert!(json["targets"].as_array().unwrap().iter().all(|target| target["python"] != "3.11"));
    // Named, it is a problem; and so is a lock that does not resolve where torch has a wheel, or nowhere.
    let named = star("1.12.1", ">=3.7,<3.11").run("audit --cuda 11.6 --python 3.11").refused();
    assert!(named.contains("asks for numpy"), "{named}");
    for (numpy, build) in [(">=3.7,<3.10", "11.6"), ("<3.7", "12.6")] {
        let reported = star("1.12.1", numpy).run(&format!("audit --cuda {build}")).refused();
        assert!(reported.contains("asks for numpy"), "{reported}");
    }
}

/// The example with flash-attn, without the comments that say for which Python it was made.
fn example() -> String {
    let text = std::fs::read_to_string(root().join("examples/flash-attn/requirements.txt")).unwrap();
    text.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect()
}

/// A requirements file whose companion of torch needs a helper of which there are wheels for some Pythons alone.
fn helped(tags: &[&str]) -> Place {
    let place = Place::new();
    place.write("requirements.txt", example());
    let catalogue = std::fs::read_to_string(root().join("examples/flash-attn/torchswap-catalog.tsv")).unwrap();
    let mut catalogue = catalogue.replace("\teinops\t", "\teinops\thelper>=1\t");
    let rows: Vec<String> = catalogue.lines().map(str::to_owned).collect();
    for row in rows.iter().filter(|row| row.starts_with("wheel\t")) {
        for (tag, digit) in [("cp39", "8"), ("cp311", "9")] {
            let digest = row.split('\t').nth(6).unwrap();
            catalogue +=
                &(row.replace("cp310-cp310", &format!("{tag}-{tag}")).replace(digest, &digit.repeat(64)) + "\n");
        }
    }
    for (tag, digit) in tags.iter().zip(1..) {
        let (file, digest) = (format!("helper-1.0-{tag}-{tag}-manylinux1_x86_64.whl"), digit.to_string().repeat(64));
        catalogue += &format!("wheel\thelper\t1.0\t-\tpypi\t{file}\t{digest}\t-\t1\t-\t-\n");
    }
    catalogue += "requires\thelper\t1.0\tpypi\t*\tby-hand\t-\n";
    place.write("ours.tsv", catalogue);
    place
}

#[test]
fn a_python_under_which_a_requirement_is_missing_is_left_out_and_that_is_said() {
    let place = helped(&["cp310", "cp311"]);
    let run = place.run("export --cuda 11.8 --catalog ours.tsv");
    assert_eq!(served(&run.stdout), "3.10, 3.11", "{}", run.stderr);
    assert!(
        run.stderr.contains("needs helper>=1, and neither the lock nor the catalogue has a wheel"),
        "{}",
        run.stderr
    );
    // What is left out is in no line either: the helper's digests are those of the Pythons served.
    assert!(run.stdout.contains("\nhelper==1.0 "), "{}", run.stdout);
    let named = place.run("export --cuda 11.8 --catalog ours.tsv --python 3.9 --python 3.10").refused();
    assert!(named.contains("needs helper>=1") && named.contains("(CPython 3.9)"), "{named}");
    let none = helped(&["cp37"]).run("export --cuda 11.8 --catalog ours.tsv").refused();
    assert!(none.contains("needs helper>=1"), "{none}");
}

#[test]
fn the_project_beside_a_requirements_file_says_which_pythons_it_is_for() {
    let all = "3.8, 3.9, 3.10, 3.11";
    for (project, pythons) in [
        ("", all),
        ("[project]\nname = \"a\"\nrequires-python = \">=3.10\"\n", "3.10, 3.11"),
        ("[tool.poetry.dependencies]\npython = \"^3.9,<3.11\"\n", "3.9, 3.10"),
        ("[project]\nrequires-python = \"==3.9.*\"\n[tool.poetry.dependencies]\npython = \"^3.8\"\n", "3.9"),
        ("[project]\nrequires-python = \"whatever\"\n", all),
        ("this is no TOML", all),
    ] {
        let place = Place::new();
        place.write("sub/requirements.txt", example());
        place.write("sub/pyproject.toml", project);
        let run = place.run("export --cuda 11.8 sub/requirements.txt");
        assert_eq!(served(&run.stdout), pythons, "{project}: {}", run.stderr);
        // A Python that is named is taken.
        assert_eq!(served(&place.run("export --cuda 11.8 --python 3.8 sub/requirements.txt").ok()), "3.8");
    }
}

#[test]
fn without_a_hint_the_wheels_that_the_digests_are_of_say_which_pythons() {
    let place = Place::of("poetry-2.5/torch-2.1.2");
    place.run("export --python 3.10 -o one.txt").ok();
    let text = place.read("one.txt");
    let body: String = text.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect();
    place.write("pyproject.toml", "");
    // Of torch the wheel for 3.10 alone.
    let start = body.find("torch==").unwrap();
    let end = start + body[start..].find("\ntorchaudio").unwrap();
    let digest = wheel_digest("torch-2.1.2-cp310-cp310-manylinux1_x86_64.whl");
    let one = format!("{}torch==2.1.2 \\\n    --hash=sha256:{digest}{}", &body[..start], &body[end..]);
    place.write("r.txt", one);
    // What else is locked was chosen for that Python, so no other is served, whichever build is taken.
    for build in ["", "--cuda 11.8", "--cpu", "--platform macos-arm64"] {
        let run = place.run(&format!("export r.txt {build}"));
        assert_eq!(served(&run.stdout), "3.10", "{build}: {}", run.stderr);
        let note = "3.9, 3.11 to 3.15: the digests of torch in the lock are those of wheels for other Pythons\n";
        assert!(run.stderr.contains(note), "{build}: {}", run.stderr);
    }
    place.run("export --python 3.11 r.txt").refused();
    assert_eq!(served(&place.run("export --cuda 11.8 --python 3.11 r.txt").ok()), "3.11");
    // A digest that nobody knows may be that of another Python's wheel.
    let unknown = format!("{digest} \\\n    --hash=sha256:{}", "0".repeat(64));
    place.write("r.txt", place.read("r.txt").replace(&digest, &unknown));
    assert_eq!(served(&place.run("export r.txt --cuda 11.8").stdout), "3.8, 3.9, 3.10, 3.11");
}

fn wheel_digest(file: &str) -> String {
    let wheels = std::fs::read_to_string(root().join("src/catalog/wheels.tsv")).unwrap();
    let row = wheels.lines().find(|row| row.contains(&format!("\tpypi\t{file}\t"))).unwrap();
    row.split('\t').nth(5).unwrap().to_owned()
}

/// Nobody knows the release, but the lock says which files it has.
#[test]
fn a_torch_of_which_the_lock_names_no_file_for_a_python_is_not_kept_there() {
    let place = Place::new();
    let file = "torch-2.99.0-cp311-cp311-manylinux_2_28_x86_64.whl";
    place.write(
        "poetry.lock",
        format!(
            "[[package]]\nname = \"torch\"\nversion = \"2.99.0\"\noptional = false\npython-versions = \"*\"\n\
             groups = [\"main\"]\nfiles = [\n    {{file = \"{file}\", hash = \"sha256:{}\"}},\n]\n\n[metadata]\n\
             lock-version = \"2.1\"\npython-versions = \"*\"\ncontent-hash = \"0\"\n",
            "e".repeat(64)
        ),
    );
    assert!(place.run("export --python 3.11").ok().contains("torch==2.99.0 "));
    let reported = place.run("export --python 3.10").refused();
    assert!(reported.contains("the lock has no wheel of torch 2.99.0 for linux-x86_64 (CPython 3.10)"), "{reported}");
}

#[test]
fn a_python_that_the_lock_is_not_for_is_refused_with_the_range_of_the_lock() {
    let reported = Place::of("poetry-2.5/torch-2.5.1").run("export --cuda 12.1 --python 3.8").refused();
    assert!(reported.contains("poetry.lock is locked for Python >=3.9,<3.13, which excludes 3.8"), "{reported}");
    assert!(reported.contains("widen the project's range and lock again"), "{reported}");
}

#[test]
fn a_python_that_was_asked_for_is_never_left_out() {
    let place = Place::new();
    place.write("requirements.txt", "torch==2.5.1\n");
    let reported = place.run("export --cuda 12.1 --python 3.8 --python 3.11 --without-hashes").refused();
    assert!(reported.contains("torch 2.5.1 has no wheel for linux-x86_64 and this Python"), "{reported}");
}

/// Two wheels of which nobody knows the right one are no hole, though the other Pythons have none of them.
#[test]
fn what_is_wrong_under_one_python_is_not_left_out() {
    let row = |label: &str, python: &str, digit: &str| {
        format!(
            "wheel\tcc\t1.0+cu118.{label}\tcu118\thttps://a.example/x\tcc-1.0+cu118.{label}-{python}-{python}-linux_x86_64.whl\t{}\t-\t1\t-\t-\n\
             requires\tcc\t1.0+cu118.{label}\thttps://a.example/x\t*\tmetadata\t-\n",
            digit.repeat(64)
        )
    };
    let place = Place::new();
    let base =
        "filelock==3.16.1\nfsspec==2024.9.0\njinja2==3.1.4\nnetworkx==3.2\nsympy==1.13.1\ntyping-extensions==4.12.2\n";
    place.write("requirements.txt", format!("torch==2.1.2\ncc==1.0\n{base}"));
    let export = "export --cuda 11.8 --without-hashes --catalog team.tsv";
    let one = row("a", "cp310", "1") + &row("b", "cp311", "2");
    place.write("team.tsv", &one);
    assert_eq!(served(&place.run(export).ok()), "3.10, 3.11");
    place.write("team.tsv", one + &row("c", "cp311", "3"));
    let reported = place.run(export).refused();
    assert!(
        reported.contains("there are two cu118 wheels of cc 1.0") && reported.contains("CPython 3.11"),
        "{reported}"
    );
}

#[test]
fn where_a_python_is_left_out_for_a_hole_in_the_catalogue_the_command_that_closes_it_is_given() {
    let run = Place::of("poetry-2.5/torch-2.5.1").run("export --cuda 12.1");
    let reported = "it knows this build for CPython 3.11, 3.12; learn it with: torchswap catalog update torchaudio==2.5.1 \
                --cuda 12.1\n";
    let hole = "note: left out CPython 3.9, 3.10: the catalogue knows no torchaudio 2.5.1+cu121 for linux-x86_64; ";
    assert!(run.stderr.contains(&format!("{hole}{reported}")), "{}", run.stderr);
}

/// The wheel of numpy is for Python 3.10 only, for which the catalogue lacks torchaudio: that is what can be helped.
#[test]
fn what_can_be_learned_is_reported_before_the_pythons_that_a_wheel_rules_out() {
    let numpy = "numpy @ https://wheels.example/numpy-2.2.6-cp310-cp310-linux_x86_64.whl";
    let place = Place::new();
    let others =
        ["filelock", "fsspec", "jinja2", "networkx", "sympy", "typing-extensions"].map(|one| format!("{one}==1.13.1"));
    let others = others.join("\n").replace("typing-extensions==1", "typing-extensions==4");
    place.write("requirements.txt", format!("torch==2.5.1\ntorchaudio==2.5.1\n{numpy}\n{others}\nsetuptools==69.0\n"));
    let message = place.run("export requirements.txt --cuda 12.1 --without-hashes").refused();
    let hole = "the catalogue knows no torchaudio 2.5.1+cu121 for linux-x86_64 (CPython 3.9, 3.10, 3.13)";
    assert!(message.contains(hole) && !message.contains("numpy"), "{message}");
    // Where nothing is missing but a fitting wheel of it, that is said.
    let message = place.run("export requirements.txt --cuda 12.1 --without-hashes --python 3.11").refused();
    assert!(message.contains("the wheel of numpy does not install on linux-x86_64 (CPython 3.11)"), "{message}");
}

/// In short the Pythons without a wheel are one line, whatever releases of torch have one; all is reported with `-v`.
#[test]
fn pythons_without_a_wheel_are_left_out_in_one_line() {
    let place = star("1.12.1", ">=3.7,<3.11");
    let why = "torch 1.12.1 has no wheel for linux-x86_64 and this Python";
    let line = format!("note: left out CPython 3.11 to 3.15: {why}\n");
    assert!(place.run("export --cuda 11.6").stderr.contains(&line));
    let whole = place.run("export --cuda 11.6 -v").stderr;
    for (python, first) in [("3.11", "1.13.0"), ("3.12", "2.2.0")] {
        let line = format!("note: left out CPython {python}: {why}: those begin with torch {first}\n");
        assert!(whole.contains(&line), "{whole}");
    }
    // One alone has all that there is to know.
    let reported = place.run("export --cuda 11.6 --python 3.10").stderr;
    assert!(!reported.contains("left out"), "{reported}");
}
