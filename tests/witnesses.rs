//! `--require-witnesses`: wheels whose digest too few independent projects recorded are refused by name.

use crate::catalog_update::Site;
use crate::support::{Place, root};

const EXPORT: &str = "export --cuda 11.8 --python 3.10";

/// torch is recorded by 4 projects, torchvision by 3, torchaudio by 2.
fn place() -> Place {
    let place = Place::new();
    for name in ["poetry.lock", "pyproject.toml"] {
        place.write(name, std::fs::read(root().join("examples/torch-2.1-cuda-11.8").join(name)).unwrap());
    }
    place
}

/// The wheels that a refusal names.
fn named(message: &str) -> Vec<&str> {
    let wheels = message.lines().filter_map(|line| line.strip_prefix("error: ")?.split_once(" the digest of "));
    wheels.map(|(_, wheel)| wheel.split('-').next().unwrap()).collect()
}

#[test]
fn a_wheel_is_refused_below_the_number_alone() {
    let place = place();
    let plain = place.run(&format!("{EXPORT} -q")).ok();
    assert_eq!(place.run(&format!("{EXPORT} -q --require-witnesses 0")).ok(), plain);
    for (least, wheels) in [
        (3, vec!["torchaudio"]),
        (4, vec!["torchaudio", "torchvision"]),
        (5, vec!["torch", "torchaudio", "torchvision"]),
    ] {
        let message = place.run(&format!("{EXPORT} -o out.txt --require-witnesses {least}")).refused();
        let mut found = named(&message);
        found.retain(|name| name.starts_with("torch"));
        assert_eq!(found, wheels, "{message}");
        assert!(!place.exists("out.txt"));
    }
    let message = place.run(&format!("{EXPORT} --require-witnesses 3")).refused();
    assert!(
        message.contains(
            "2 projects recorded the digest of torchaudio-2.1.2+cu118-cp310-cp310-linux_x86_64.whl, and --require-witnesses asks for 3"
        ),
        "{message}"
    );
}

/// A release on the default index is pinned by several files: those with too few are named, the others not.
#[test]
fn each_file_of_a_release_counts_for_itself() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    let export = "export --cuda 12.4 --python 3.11";
    place.run(&format!("{export} -q")).ok();
    let json = place.run(&format!("{export} --report json -o out.txt")).stderr;
    let most =
        (1..200).find(|least| place.run(&format!("{export} -q --require-witnesses {least}")).status == 2).unwrap();
    let fewest: u32 = json
        .split("\"seen\":")
        .skip(1)
        .map(|text| text.split([',', '}']).next().unwrap().parse().unwrap())
        .min()
        .unwrap();
    assert_eq!(most, fewest + 1, "the first number that is refused is one more than what the summary tells");
}

/// Of two files of a release the one with too few is named, and the other is not.
#[test]
fn of_a_release_the_file_with_too_few_is_named() {
    let site = Site::torch();
    site.lock();
    let (builds, closure) = (site.server.url("/whl"), site.server.url("/simple"));
    let export = "export --cuda 13.0 --python 3.12";
    site.run(&format!("{export} --learn --learn-index {builds} --closure-index {closure}"), &[]).ok();
    let seen = |line: &str, seen: &str| {
        let mut columns: Vec<&str> = line.split('\t').collect();
        columns[8] = seen;
        columns.join("\t")
    };
    let mut lines: Vec<String> = Vec::new();
    for line in site.catalogue().lines() {
        if line.starts_with("wheel\tsympy\t") {
            lines.push(seen(line, "2"));
            let (other, digest) = ("sympy-1.14.0-cp312-cp312-manylinux_2_28_x86_64.whl", "7".repeat(64));
            let mut columns: Vec<&str> = line.split('\t').collect();
            (columns[5], columns[6]) = (other, &digest);
            lines.push(seen(&columns.join("\t"), "7"));
        } else if line.starts_with("wheel\t") {
            lines.push(seen(line, "9"));
        } else {
            lines.push(line.to_owned());
        }
    }
    site.place.write("torchswap-catalog.tsv", lines.join("\n") + "\n");
    assert!(site.run(export, &[]).ok().contains(&"7".repeat(64)));
    let message = site.run(&format!("{export} --require-witnesses 5"), &[]).refused();
    assert!(
        message.contains(
            "2 projects recorded the digest of sympy-1.14.0-py3-none-any.whl, and --require-witnesses asks for 5"
        ),
        "{message}"
    );
    assert_eq!(message.matches("error: ").count(), 1, "{message}");
}

#[test]
fn a_rewrite_and_a_check_refuse_them_too() {
    let place = place();
    let before = place.read("poetry.lock");
    let message = place.run("rewrite --cuda 11.8 --python 3.10 --require-witnesses 3").refused();
    assert_eq!(named(&message)[..1], ["torchaudio"], "{message}");
    assert_eq!(place.read("poetry.lock"), before);
    place.run(&format!("{EXPORT} -q -o out.txt")).ok();
    assert_eq!(place.run("check out.txt").status, 0);
    assert!(place.run("check out.txt --require-witnesses 3").refused().contains("torchaudio-2.1.2+cu118"));
}

#[test]
fn the_configuration_can_say_it() {
    let place = place();
    let target = "[targets.a]\ncuda = \"11.8\"\npython = \"3.10\"\noutput = \"a.txt\"\n";
    place.write("torchswap.toml", format!("require-witnesses = 3\n{target}"));
    for command in ["export --all-targets", "check", "rewrite --target a"] {
        assert!(place.run(command).refused().contains("of torchaudio-2.1.2+cu118-cp310"), "{command}");
    }
    assert!(
        place
            .run("audit --target a")
            .stdout
            .contains("error[few-witnesses]: 2 projects recorded the digest of torchaudio-2.1.2+cu118")
    );
    place.run("export --all-targets --require-witnesses 1 -q").ok();
    for odd in ["-1", "\"3\"", "1.5"] {
        place.write("torchswap.toml", format!("require-witnesses = {odd}\n"));
        assert!(place.run(EXPORT).refused().contains("should be a whole number, 0 or more"), "{odd}");
    }
}

#[test]
fn an_audit_finds_them() {
    let place = place();
    let audit = "audit --cuda 11.8 --python 3.10";
    assert!(!place.run(audit).stdout.contains("few-witnesses"));
    let run = place.run(&format!("{audit} --require-witnesses 3"));
    assert_eq!(run.status, 1, "{}", run.stdout);
    assert!(run.stdout.contains(
        "error[few-witnesses]: 2 projects recorded the digest of torchaudio-2.1.2+cu118-cp310-cp310-linux_x86_64.whl"
    ));
    assert_eq!(run.stdout.matches("few-witnesses").count(), 1, "{}", run.stdout);
    let off = place.run(&format!("{audit} --require-witnesses 3 --severity few-witnesses=off"));
    assert!(!off.stdout.contains("few-witnesses"));
}

/// What was learned in this run, nobody recorded: only the index says it.
#[test]
fn the_word_of_an_index_is_no_witness() {
    let site = Site::torch();
    site.lock();
    let (builds, closure) = (site.server.url("/whl"), site.server.url("/simple"));
    let learn = format!(
        "export --cuda 13.0 --python 3.12 --learn --learn-index {builds} --closure-index {closure} --require-witnesses"
    );
    let message = site.run(&format!("{learn} 1"), &[]).refused();
    assert!(message.contains("only the index has the digest of "), "{message}");
    assert!(!site.place.exists("torchswap-catalog.tsv"), "nothing is written");
    site.run(&format!("{learn} 0"), &[]).ok();
    // Nor is what this tool computed, which no index says.
    let known = site.place.read("torchswap-catalog.tsv");
    site.place.write("torchswap-catalog.tsv", known.replace("\tindex\n", "\tcomputed\n"));
    let message = site.run("export --cuda 13.0 --python 3.12 --require-witnesses 1", &[]).refused();
    let computed = "manylinux_2_28_x86_64.whl, and --require-witnesses asks for 1";
    assert!(message.contains(computed) && message.contains("no project recorded the digest of "), "{message}");
}
