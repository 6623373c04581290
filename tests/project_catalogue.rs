//! A project's own catalogue: what it adds, what it may override in the built-in one, and the mirrors of targets.

use crate::support::{Place, Run, root};

const FILE: &str = "torch-2.1.2+cu118-cp310-cp310-linux_x86_64.whl";
const INDEX: &str = "https://download.pytorch.org/whl/cu118";

/// The example with flash-attn, its catalogue left out.
fn place() -> Place {
    let place = Place::new();
    let text = std::fs::read(root().join("examples/flash-attn/requirements.txt")).unwrap();
    place.write("requirements.txt", text);
    place
}

fn catalogue() -> String {
    std::fs::read_to_string(root().join("examples/flash-attn/torchswap-catalog.tsv")).unwrap()
}

const EXPORT: &str = "export -v --cuda 11.8 --python 3.10";

fn with(row: &str) -> Run {
    let place = place();
    place.write("team.tsv", catalogue() + row + "\n");
    place.run(&format!("{EXPORT} --catalog team.tsv"))
}

fn wheel(file: &str, built: &str, digit: &str, more: &str) -> String {
    let version = file.split('-').nth(1).unwrap();
    format!("wheel\ttorch\t{version}\t{built}\t{INDEX}\t{file}\t{}\t-\t0\t-\t-{more}", digit.repeat(64))
}

#[test]
fn a_package_that_a_project_lists_takes_part_in_the_swap() {
    let place = place();
    // Without the catalogue it is a package like others.
    let without = place.run(EXPORT).ok();
    assert!(without.contains("\nflash-attn==2.5.8 ") && without.contains("%2Bcu118"));
    place.write("team.tsv", catalogue());
    let run = place.run(&format!("{EXPORT} --catalog team.tsv -o out.txt"));
    assert!(
        run.stderr.contains("swapped  flash-attn 2.5.8 -> 2.5.8+cu118torch2.1cxx11abifalse (team.tsv catalogue"),
        "{}",
        run.stderr
    );
    assert!(
        place
            .read("out.txt")
            .contains("flash_attn-2.5.8%2Bcu118torch2.1cxx11abiFALSE-cp310-cp310-linux_x86_64.whl \\\n")
    );
    // The header names the catalogue, so a check makes the same file; the configuration is as good.
    assert_eq!(place.run("check out.txt --allow-swapped").ok(), "out.txt is up to date\n");
    place.write(
        "torchswap.toml",
        "catalog = [\"team.tsv\"]\n[targets.a]\ncuda = \"11.8\"\npython = \"3.10\"\noutput = \"a.txt\"\n",
    );
    place.run("export --target a").ok();
    // Below the header, which is that of who wrote the file.
    let body =
        |name: &str| place.read(name).lines().skip_while(|line| line.starts_with('#')).collect::<Vec<_>>().join("\n");
    assert_eq!(body("a.txt"), body("out.txt"));
    assert_eq!(place.run("check --allow-swapped").ok(), "a.txt is up to date\n");
    // And the lock itself can be rewritten, once.
    place.run("rewrite --cuda 11.8 --python 3.10").ok();
    assert_eq!(body("requirements.txt"), body("out.txt"));
    let again = place.run("rewrite -v --cuda 11.8 --python 3.10");
    assert!(again.stderr.contains("kept  flash-attn"), "{}", again.stderr);
}

#[test]
fn a_build_that_the_project_lacks_is_refused_where_torch_is_swapped() {
    let place = place();
    place.write("team.tsv", catalogue());
    let message = place.run("export --cpu --python 3.10 --catalog team.tsv").refused();
    assert!(message.contains("flash-attn has no CPU build at all; it has CUDA and ROCm"), "{message}");
    // The locked torch is a cu121 build. What is built from source stays with it, and is reported; a listed wheel goes first.
    let run = place.run("export -v --cuda 12.1 --python 3.10 --catalog team.tsv");
    assert!(run.stderr.contains("unproven  flash-attn 2.5.8: kept as locked"), "{}", run.stderr);
    place.write("team.tsv", catalogue().replace("cu118", "cu121"));
    let run = place.run("export -v --cuda 12.1 --python 3.10 --catalog team.tsv");
    assert!(run.stderr.contains("swapped  flash-attn 2.5.8 -> 2.5.8+cu121torch2.1"), "{}", run.stderr);
}

#[test]
fn two_wheels_of_one_build_are_not_chosen_from() {
    let labelled = |kind: &str, label: &str| {
        let line = catalogue().lines().find(|line| line.starts_with(kind)).unwrap().to_owned();
        line.replace("cu118torch2.1cxx11abiFALSE", label).replace("cu118torch2.1cxx11abifalse", &label.to_lowercase())
    };
    let both = |label: &str| with(&format!("{}\n{}", labelled("wheel", label), labelled("requires", label)));
    // Both load with torch 2.1, as far as anybody tells.
    let message = both("cu118torch2.1.2").refused();
    assert!(
        message.contains("there are two cu118 wheels of flash-attn 2.5.8") && message.contains("torch2.1.2-cp310"),
        "{message}"
    );
    // Torch 2.1 has the interface before C++11's.
    let output = both("cu118torch2.1cxx11abiTRUE").ok();
    assert!(output.contains("cxx11abiFALSE") && !output.contains("cxx11abiTRUE"), "{output}");
}

#[test]
fn contradictions_name_both_unless_the_row_says_why() {
    let digest = with(&wheel(FILE, "cu118", "b", "")).refused();
    for text in ["two digests for torch-2.1.2+cu118", "built-in says 603963", "team.tsv says bbbb", "override=REASON"] {
        assert!(digest.contains(text), "{text}: {digest}");
    }
    let run = with(&wheel(FILE, "cu118", "b", "\toverride=rebuilt with a fix, see the wiki"));
    let line = run.stderr.lines().find(|line| line.starts_with("swapped  torch ")).unwrap();
    assert!(line.contains("overrides another catalogue: rebuilt with a fix, see the wiki"), "{line}");
    assert!(run.ok().contains(&format!("--hash=sha256:{}", "b".repeat(64))));
    // What it was built for: the label says one thing, so the wheel must have none.
    let file = "torch-2.1.2-cp310-cp310-manylinux1_x86_64.whl";
    let real = "3a871edd6c02dae77ad810335c0833391c1a4ce49af21ea8cf0f6a5d2096eea8";
    let built = |more: &str| wheel(file, "cu118", "c", more).replace(&"c".repeat(64), real).replace(INDEX, "pypi");
    let message = with(&built("")).refused();
    assert!(message.contains("was built for cu121 as built-in says, and for cu118 as team.tsv says"), "{message}");
    let run = with(&built("\toverride=made here"));
    assert!(run.stderr.contains(" torch 2.1.2: already a cu118 build"), "{}", run.stderr);
}

#[test]
fn lists_of_requirements_are_held_to_the_same() {
    let list = |provenance: &str, reason: &str, more: &str| {
        let base = "filelock\tfsspec\tjinja2\tnetworkx\tsympy\ttriton==2.1.0; sys_platform == 'linux' and platform_machine == 'x86_64'\ttyping-extensions";
        format!("requires\ttorch\t2.1.2+cu118\t{INDEX}\tlinux-x86_64\t{provenance}\t{reason}\t{base}{more}")
    };
    // Written another way it says the same.
    with(&list("metadata", "-", "")).ok();
    let message = with(&list("metadata", "-", "\tninja")).refused();
    assert!(message.contains("team.tsv differs from an earlier catalogue about what torch 2.1.2+cu118"), "{message}");
    assert!(message.contains("`ninja` is in one of the two lists only"), "{message}");
    let run = with(&list("override", "our build compiles at run time", "\tninja\tno-such-thing"));
    assert!(run.refused().contains("torch 2.1.2+cu118 needs no-such-thing"));
    let run = with(&list("override", "our build compiles at run time", "\tninja"));
    assert!(run.stderr.contains("overrides another catalogue: our build compiles at run time"), "{}", run.stderr);
    run.ok();
}

#[test]
fn a_later_project_catalogue_may_not_contradict_an_earlier_one() {
    let place = place();
    place.write("one.tsv", catalogue());
    place.write("two.tsv", catalogue().replace("\tf7b1", "\tf7b2"));
    let message = place.run(&format!("{EXPORT} --catalog one.tsv --catalog two.tsv")).refused();
    assert!(message.contains("one.tsv says f7b1") && message.contains("two.tsv says f7b2"), "{message}");
    place.write("two.tsv", catalogue().replace("\tf7b1", "\tf7b2").replace("\turl\n", "\turl\toverride=newer\n"));
    let run = place.run(&format!("{EXPORT} --catalog one.tsv --catalog two.tsv"));
    assert!(run.stderr.contains("(two.tsv catalogue") && run.stderr.contains("overrides another catalogue: newer"));
    assert!(run.ok().contains("sha256:f7b2"));
}

const MIRRORS: &str = r#"
[tool.torchswap.targets.docker]
cuda = "11.8"
python = ["3.10"]
mirror = "https://wheels.example/torch"

[tool.torchswap.targets.windows]
platform = "windows-x86_64"
cuda = "11.8"
python = ["3.10"]
mirror = "https://other.example/whl/"
"#;

/// The URLs of torch in a text.
fn torch_urls(text: &str) -> Vec<&str> {
    let at = |host: &&str| text.contains(&format!("{host}/cu118/torch-2.1.2%2Bcu118-cp310-cp310"));
    [
        "https://wheels.example/torch",
        "https://other.example/whl",
        "https://flag.example",
        "https://download.pytorch.org/whl",
    ]
    .into_iter()
    .filter(at)
    .collect()
}

#[test]
fn a_targets_mirror_is_used_by_export_and_rewrite() {
    let place = Place::of("poetry-2.5/torch-2.1.2");
    place.write("pyproject.toml", place.read("pyproject.toml") + MIRRORS);
    let export = place.run("export --target docker").ok();
    assert_eq!(torch_urls(&export), ["https://wheels.example/torch"]);
    assert!(export.contains("--hash=sha256:60396358193f238888540f4a38d78485f161e28ec17fa445f0373b5350ef21f0"));
    let flag = place.run("export --target docker --mirror https://flag.example").ok();
    assert_eq!(torch_urls(&flag), ["https://flag.example"]);
    place.run("rewrite --target docker --mirror https://flag.example -o flag.lock").ok();
    assert_eq!(torch_urls(&place.read("flag.lock")), ["https://flag.example"]);
    place.run("rewrite --target docker --target windows").ok();
    let lock = place.read("poetry.lock");
    assert_eq!(torch_urls(&lock), ["https://wheels.example/torch", "https://other.example/whl"]);
    place.run("rewrite --target docker --target windows").ok();
    assert_eq!(place.read("poetry.lock"), lock);
}
