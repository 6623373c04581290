//! Which release is chosen where the lock does not meet a requirement, with packages that exist only in these tests.

use super::{BASE, digest, export, lock};
use crate::support::{Place, Run};

const INDEX: &str = "https://download.pytorch.org/whl/cu118";
const TORCH: &str = "torch-2.1.2-cp310-cp310-manylinux1_x86_64.whl";

/// What torch 2.1.2 with CUDA 11.8 requires.
fn torch(list: &str) -> String {
    format!("requires\ttorch\t2.1.2+cu118\t{INDEX}\t*\toverride\tfor this test\t{list}\n")
}

/// A release on the default index that requires nothing, or one of which nobody knows.
fn wheel(name: &str, version: &str, requires_python: &str, flags: &str) -> String {
    let file = format!("{name}-{version}-py3-none-any.whl");
    let digest = format!("{name}{}", &version[..1]).repeat(32)[..64].replace('z', "0");
    format!("wheel\t{name}\t{version}\t-\tpypi\t{file}\t{digest}\t-\t1\t{requires_python}\t{flags}\n")
}

fn needs(name: &str, version: &str) -> String {
    format!("requires\t{name}\t{version}\tpypi\t*\tmetadata\t-\n")
}

fn known(name: &str, version: &str) -> String {
    wheel(name, version, "-", "-") + &needs(name, version)
}

fn run(catalogue: &str, others: &[&str]) -> Run {
    let place = Place::new();
    place.write("team.tsv", catalogue);
    place.write("requirements.txt", lock(&[("torch==2.1.2", TORCH)], others));
    place.run("export --cuda 11.8 --python 3.10 --catalog team.tsv requirements.txt")
}

/// A lock of Poetry: torch, `aa` 1.0, which may come from other indexes too, and `bb`, which needs `aa`.
fn poetry(bb_needs: &str, indexes: &[&str]) -> Run {
    let package = |name: &str, version: &str, file: &str, digest: &str, more: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\noptional = false\npython-versions = \"*\"\n\
             files = [\n    {{file = \"{file}\", hash = \"sha256:{digest}\"}},\n]\n\n{more}"
        )
    };
    let copy = |(digit, index): (usize, &&str)| {
        let source = format!(
            "[package.source]\ntype = \"legacy\"\nurl = \"https://{index}.example/simple\"\nreference = \"{index}\"\n\n"
        );
        package("aa", "1.0", "aa-1.0-py3-none-any.whl", &format!("a{}", digit + 2).repeat(32), &source)
    };
    let needs = format!("[package.dependencies]\naa = \"{bb_needs}\"\n\n");
    let text = [
        package("aa", "1.0", "aa-1.0-py3-none-any.whl", &"a1".repeat(32), ""),
        indexes.iter().enumerate().map(copy).collect(),
        package("bb", "1.0", "bb-1.0-py3-none-any.whl", &"b1".repeat(32), &needs),
        package("torch", "2.1.2", TORCH, &digest(TORCH), ""),
        "[metadata]\nlock-version = \"2.0\"\npython-versions = \"^3.9\"\ncontent-hash = \"0\"\n".to_owned(),
    ];
    let place = Place::new();
    place.write("poetry.lock", text.concat());
    place.write(
        "pyproject.toml",
        "[tool.poetry]\nname = \"app\"\n[tool.poetry.dependencies]\npython = \"^3.9\"\ntorch = \"2.1.2\"\nbb = \"*\"\n",
    );
    place.write("team.tsv", torch(if indexes.is_empty() { "aa==2.0" } else { "aa" }) + &known("aa", "2.0"));
    place.run("export --cuda 11.8 --python 3.10 --catalog team.tsv poetry.lock")
}

#[test]
fn another_release_is_pinned_only_if_the_rest_of_the_lock_admits_it() {
    assert!(poetry(">=1", &[]).ok().contains("aa==2.0 \\\n"));
    let message = poetry("<2", &[]).refused();
    assert!(message.contains("bb needs aa<2, but aa must be 2.0 for torch 2.1.2+cu118"), "{message}");
    assert!(message.contains("--> poetry.lock:"), "{message}");
}

/// As Poetry does.
#[test]
fn of_two_entries_of_one_release_the_first_is_taken() {
    let output = poetry("*", &["one", "two"]).ok();
    assert!(output.contains(&"a1".repeat(32)), "{output}");
    assert!(!output.contains(&"a2".repeat(32)) && !output.contains(&"a3".repeat(32)), "{output}");
}

#[test]
fn a_withdrawn_release_is_taken_only_if_it_is_asked_for_by_name() {
    let aa = wheel("aa", "2.0", "-", "yanked") + &needs("aa", "2.0") + &known("aa", "1.0");
    let output = run(&(torch("aa>=1") + &aa), &[]).ok();
    assert!(output.contains("\naa==1.0 "), "{output}");
    let output = run(&(torch("aa==2.0") + &aa), &[]).ok();
    assert!(output.contains("\naa==2.0 "), "{output}");
}

#[test]
fn a_release_that_does_not_take_the_python_is_passed_over() {
    let aa = wheel("aa", "2.0", ">=3.12", "-") + &needs("aa", "2.0") + &known("aa", "1.0");
    let output = run(&(torch("aa>=1") + &aa), &[]).ok();
    assert!(output.contains("\naa==1.0 "), "{output}");
    let message = run(&(torch("aa>=2") + &aa), &[]).refused();
    assert!(message.contains("torch 2.1.2+cu118 needs aa>=2, and neither the lock nor the catalogue has"), "{message}");
}

#[test]
fn the_newest_release_is_the_newest_whose_requirements_are_known() {
    let newest = wheel("aa", "2.0", "-", "-");
    let output = run(&(torch("aa>=1") + &newest + &known("aa", "1.0")), &[]).ok();
    assert!(output.contains("\naa==1.0 "), "{output}");
    // Where none is known, it is not written as if it required nothing.
    let message = run(&(torch("aa>=1") + &newest), &[]).refused();
    assert!(message.contains("the requirements of aa 2.0 on linux-x86_64 are not known"), "{message}");
}

#[test]
fn a_release_is_one_however_it_is_spelled() {
    let aa = wheel("aa", "2.0.0", "-", "-") + &needs("aa", "2.0");
    for wanted in ["aa==2", "aa==2.0", "aa==2.0.0.0", "aa>=2.0"] {
        let output = run(&(torch(wanted) + &aa), &[]).ok();
        assert!(output.contains("\naa==2.0.0 "), "{wanted}: {output}");
        let output = run(&(torch(wanted) + &aa), &["aa==2.0"]).ok();
        assert!(output.contains("\naa==2.0 ") && !output.contains("aa==2.0.0"), "{wanted}: {output}");
    }
}

/// On a kernel `y` nothing would be installed of what torch needs on every machine.
#[test]
fn a_line_that_holds_on_some_machines_does_not_meet_what_is_needed_on_all() {
    let output = run(&(torch("aa==1.0") + &known("aa", "1.0")), &["aa==1.0 ; platform_release == \"x\""]).ok();
    let line = output.lines().find(|line| line.starts_with("aa==")).unwrap();
    assert!(!line.contains("platform_release"), "{output}");
    // What is needed there alone is met.
    let text = torch("aa==1.0 ; platform_release == \"x\"") + &known("aa", "1.0");
    let output = run(&text, &["aa==1.0 ; platform_release == \"x\""]).ok();
    let own = format!("aa==1.0 ; platform_release == \"x\" --hash=sha256:{}\n", "f".repeat(64));
    assert!(output.contains(&own), "{output}");
}

/// If it can be followed and no constraints file forbids it; else the newest release goes for all of them.
#[test]
fn the_release_that_is_locked_for_some_machines_is_taken_for_all_of_them() {
    let newer = known("aa", "2.0");
    for (older, limit, chosen) in [
        (known("aa", "1.0"), "", "1.0"),
        (wheel("aa", "1.0", "-", "-"), "", "2.0"),
        (known("aa", "1.0"), "aa>=2\n", "2.0"),
    ] {
        let place = Place::new();
        place.write("team.tsv", torch("aa>=1") + &older + &newer);
        let text = lock(&[("torch==2.1.2", TORCH)], &["aa==1.0 ; platform_release == \"x\""]);
        place.write("requirements.txt", text + "-c limits.txt\n");
        place.write("limits.txt", limit);
        let output = place.run("export --cuda 11.8 --python 3.10 --catalog team.tsv requirements.txt").ok();
        let lines: Vec<&str> = output.lines().filter(|line| line.starts_with("aa==")).collect();
        assert_eq!(lines, [format!("aa=={chosen} \\")], "{output}");
    }
}

/// Nothing can be done for any of them, so the report is about the newest that could be followed.
#[test]
fn where_nothing_meets_what_any_release_requires_the_newest_known_one_is_reported() {
    let release = |version: &str, needs: &str| {
        wheel("aa", version, "-", "-") + &format!("requires\taa\t{version}\tpypi\t*\tmetadata\t-\t{needs}\n")
    };
    let catalogue = torch("aa") + &release("1.0", "cc") + &release("2.0", "cc>=2") + &wheel("aa", "3.0", "-", "-");
    let message = run(&catalogue, &[]).refused();
    assert!(message.contains("aa 2.0 needs cc>=2, and neither the lock nor the catalogue"), "{message}");
}

/// A build of a project's package that lies on two indexes, with a list for each.
fn twice(first: &str, second: &str, requires_python: &str) -> String {
    let row = |host: &str, flags: &str, list: &str| {
        let file = "cc-1.0+cu118-py3-none-any.whl";
        let digest = "c1".repeat(32);
        format!(
            "wheel\tcc\t1.0+cu118\tcu118\thttps://{host}.example/x\t{file}\t{digest}\t-\t1\t{requires_python}\t{flags}\n\
             requires\tcc\t1.0+cu118\thttps://{host}.example/x\t*\tmetadata\t-\t{list}\n"
        )
    };
    torch("aa==1.0") + &known("aa", "1.0") + &known("bb", "1.0") + &row("a", first, "aa") + &row("b", second, "bb")
}

#[test]
fn a_withdrawn_wheel_comes_behind_one_that_is_not_and_each_place_has_a_list_of_its_own() {
    let output = run(&twice("-", "-", "-"), &["cc==1.0"]).ok();
    assert!(output.contains("https://a.example/x/cc-1.0") && !output.contains("\nbb=="), "{output}");
    let output = run(&twice("yanked", "-", "-"), &["cc==1.0"]).ok();
    assert!(output.contains("https://b.example/x/cc-1.0") && output.contains("\nbb==1.0 "), "{output}");
}

#[test]
fn a_wheel_of_the_family_that_does_not_take_the_python_is_none() {
    let message = run(&twice("-", "-", ">=3.12"), &["cc==1.0+cpu"]).refused();
    assert!(message.contains("the catalogue knows no cc 1.0+cu118 for linux-x86_64"), "{message}");
}

/// Torchtext has one build for all, though a project lists a wheel of it for CUDA.
#[test]
fn a_projects_wheel_does_not_make_a_companion_with_one_build_one_of_many() {
    let file = "torchtext-0.16.2+cu118-cp310-cp310-linux_x86_64.whl";
    let row =
        format!("wheel\ttorchtext\t0.16.2+cu118\tcu118\thttps://a.example/x\t{file}\t{}\t-\t1\t-\t-\n", "7".repeat(64));
    let run = run(&(torch("aa==1.0") + &known("aa", "1.0") + &row), &["torchtext==0.16.2"]);
    let output = run.ok();
    assert!(output.contains("\ntorchtext==0.16.2 --hash=sha256:ffff") && !output.contains("a.example"), "{output}");
}

/// The lock took both from one index, but there is no such build of the one.
#[test]
fn a_companion_without_such_a_build_does_not_stay_with_torch() {
    for (platform, wheel) in [("windows-x86_64", "win_amd64"), ("linux-aarch64", "manylinux_2_28_aarch64")] {
        let torch = format!("torch-2.8.0-cp310-cp310-{wheel}.whl");
        let others: Vec<&str> = BASE.into_iter().chain(["xformers==0.0.32.post2", "numpy==2.2.6"]).collect();
        let text = lock(&[("torch==2.8.0", &torch)], &others);
        let target = format!("--platform {platform} --cpu --python 3.10");
        let message = export(&text, &target).refused();
        assert!(message.contains("xformers has no CPU build at all; it has CUDA and ROCm"), "{message}");
        let place = Place::new();
        place.write("requirements.txt", text);
        let found = place.run(&format!("audit {target} requirements.txt"));
        assert!(found.status == 1 && found.stdout.contains("error[no-build]: xformers"), "{}", found.stdout);
    }
}

#[test]
fn a_release_whose_requirements_nothing_meets_comes_behind_an_older_one() {
    for (needs, others, chosen) in [
        ("cc>=9", &[][..], "1.0"),
        ("cc>=9", &["cc==9.0"], "2.0"),
        ("cc>=9 ; python_version < '3'", &[], "2.0"),
        ("dd>=9", &[], "2.0"),
        // Catalogued, but not in such a release.
        ("dd>=10", &[], "1.0"),
        ("torch", &[], "2.0"),
    ] {
        let newer = wheel("aa", "2.0", "-", "-") + &format!("requires\taa\t2.0\tpypi\t*\tmetadata\t-\t{needs}\n");
        let output = run(&(torch("aa") + &known("aa", "1.0") + &newer + &known("dd", "9.0")), others).ok();
        assert!(output.contains(&format!("\naa=={chosen} ")), "{needs}: {output}");
    }
}

/// The lock has triton for other groups alone, twice in the same release. As Poetry does.
#[test]
fn of_two_entries_of_one_release_for_other_groups_the_first_is_taken() {
    let entry = |name: &str, version: &str, group: &str, digit: &str, source: &str| {
        let source = match source {
            "" => String::new(),
            url => format!("\n[package.source]\ntype = \"legacy\"\nurl = \"{url}\"\nreference = \"own\"\n"),
        };
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\ndescription = \"\"\noptional = false\n\
             python-versions = \"*\"\ngroups = [\"{group}\"]\nfiles = [{{file = \"{}-{version}-py3-none-any.whl\", \
             hash = \"sha256:{}\"}}]\n{source}\n",
            name.replace('-', "_"),
            digit.repeat(64)
        )
    };
    let plain = BASE.map(|pin| {
        let (name, version) = pin.split_once("==").unwrap();
        entry(name, version, "main", "f", "")
    });
    let torch = entry("torch", "2.1.2", "main", "f", "").replace("torch-2.1.2-py3-none-any.whl", TORCH);
    let torch = torch.replace(&"f".repeat(64), &digest(TORCH));
    let tail = "[metadata]\nlock-version = \"2.1\"\npython-versions = \"~3.10\"\ncontent-hash = \"00\"\n";
    let taken = |one: (&str, &str), other: (&str, &str)| {
        let tritons = [("dev", one), ("docs", other)];
        let tritons = tritons.map(|(group, (digit, source))| entry("triton", "2.1.0", group, digit, source)).concat();
        let place = Place::new();
        place.write("poetry.lock", format!("{}{torch}{tritons}{tail}", plain.concat()));
        let output = place.run("export --only main --cuda 11.8 --python 3.10").ok();
        let triton = output.split("\ntriton==2.1.0 ").nth(1).unwrap_or_else(|| panic!("{output}"));
        triton.split("sha256:").nth(1).unwrap().chars().next().unwrap().to_string()
    };
    let (default, a, b) = (("d", ""), ("a", "https://a.example/simple"), ("b", "https://b.example/simple"));
    for (one, other) in [(default, a), (a, default), (a, b), (b, a)] {
        assert_eq!(taken(one, other), one.0, "{one:?} {other:?}");
    }
}
