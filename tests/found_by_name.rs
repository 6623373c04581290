//! A catalogue beside the lock or the configuration is found by its name, by every command that uses one.

use crate::support::{Place, root};

const FILE: &str = "torchswap-catalog.tsv";

const EXPORT: &str = "export --cuda 11.8 --python 3.10";

const WHEEL: &str = "flash_attn-2.5.8+cu118torch2.1cxx11abiFALSE-cp310-cp310-linux_x86_64.whl";

const FOUND: &str = "note: the catalogue torchswap-catalog.tsv was found by its name\n";

/// The example with flash-attn: its lock in a folder, beside the catalogue.
fn place(folder: &str) -> Place {
    let place = Place::new();
    for name in ["requirements.txt", FILE] {
        place.write(&format!("{folder}{name}"), std::fs::read(root().join("examples/flash-attn").join(name)).unwrap());
    }
    place
}

fn is_swapped(text: &str) -> bool {
    text.contains("flash_attn-2.5.8%2Bcu118torch2.1cxx11abiFALSE-cp310-cp310-linux_x86_64.whl")
}

#[test]
fn an_export_takes_it_and_names_it() {
    let place = place("");
    let run = place.run(EXPORT);
    assert!(run.stderr.contains(FOUND) && is_swapped(&run.stdout), "{}", run.stderr);
    let json = place.run(&format!("{EXPORT} --report json")).stderr;
    assert!(json.contains("\"found_catalogues\":[\"torchswap-catalog.tsv\"]"), "{json}");
    // It is found where the file is made again, so the header need not name it.
    assert!(
        run.stdout.contains("# Command: torchswap export --cuda 11.8 --python 3.10 requirements.txt\n"),
        "{}",
        run.stdout
    );
    let without = place.run(&format!("{EXPORT} --no-catalog"));
    assert!(!is_swapped(&without.stdout) && !without.stderr.contains(FILE), "{}", without.stderr);
    assert!(without.stdout.contains(" --no-catalog requirements.txt\n"), "{}", without.stdout);
}

#[test]
fn one_that_is_named_is_not_read_twice() {
    let place = place("");
    std::fs::hard_link(place.path().join(FILE), place.path().join("link.tsv")).unwrap();
    for name in [FILE, "./torchswap-catalog.tsv", "link.tsv"] {
        let run = place.run(&format!("{EXPORT} --catalog {name}"));
        assert!(is_swapped(&run.stdout) && !run.stderr.contains("found by its name"), "{name}: {}", run.stderr);
    }
    // What is wrong in it is reported once.
    place.write(FILE, "nonsense\n");
    let message = place.run(&format!("{EXPORT} --catalog {FILE} --catalog ./{FILE}")).refused();
    assert_eq!(message.matches("error: ").count(), 1, "{message}");
    // Others stand beside it.
    place.write("team.tsv", "# nothing\n");
    assert!(place.run(&format!("{EXPORT} --catalog team.tsv")).refused().contains(FILE));
    place.run(&format!("{EXPORT} --catalog team.tsv --no-catalog")).ok();
}

#[test]
fn it_lies_beside_the_lock_or_the_configuration() {
    let place = place("app/");
    let run = place.run(&format!("{EXPORT} app/requirements.txt"));
    assert!(is_swapped(&run.stdout) && run.stderr.contains("catalogue app/torchswap-catalog.tsv was found"));
    // One in the current folder is of another project, unless the configuration there is used.
    std::fs::rename(place.path().join("app").join(FILE), place.path().join(FILE)).unwrap();
    assert!(!is_swapped(&place.run(&format!("{EXPORT} app/requirements.txt")).stdout));
    place.write("torchswap.toml", "lock = \"app/requirements.txt\"\n");
    let run = place.run(EXPORT);
    assert!(is_swapped(&run.stdout) && run.stderr.contains(FOUND), "{}", run.stderr);
    place.write("torchswap.toml", "lock = \"app/requirements.txt\"\ncatalog = \"torchswap-catalog.tsv\"\n");
    assert!(is_swapped(&place.run(EXPORT).stdout));
    let run = place.run(&format!("{EXPORT} --no-catalog"));
    assert!(!is_swapped(&run.stdout), "the command line goes before the configuration");
    assert!(is_swapped(&place.run(&format!("{EXPORT} --no-catalog --catalog {FILE}")).stdout));
}

#[test]
fn a_check_of_an_output_finds_it_beside_the_lock() {
    let place = place("app/");
    place.run(&format!("{EXPORT} app/requirements.txt -o app/out.txt")).ok();
    place.run("check app/out.txt --allow-swapped").ok();
    let without = place.run("check app/out.txt --allow-swapped --no-catalog");
    assert!(without.status == 1 && without.stdout.contains("flash-attn"), "{}", without.shown());
    // What was made without stays without.
    place.run(&format!("{EXPORT} app/requirements.txt --no-catalog -o app/out.txt")).ok();
    place.run("check app/out.txt --allow-swapped").ok();
}

#[test]
fn a_check_of_the_configuration_finds_it() {
    let place = place("");
    place.write("torchswap.toml", "[targets.a]\ncuda = \"11.8\"\npython = \"3.10\"\noutput = \"a.txt\"\n");
    place.run("export --all-targets").ok();
    assert!(is_swapped(&place.read("a.txt")));
    place.run("check").ok();
    assert_eq!(place.run("check --no-catalog").status, 1);
}

/// Whether the lock is swapped is asked of the catalogues, too.
#[test]
fn a_check_that_is_to_leave_it_alone_does_not_read_it_for_the_lock_either() {
    let place = place("");
    place.write(FILE, "not a catalogue\n");
    assert!(place.run("check").refused().contains(FILE));
    place.run("check --no-catalog").ok();
}

#[test]
fn a_rewrite_takes_it_and_names_it() {
    let place = place("");
    let run = place.run("rewrite --cuda 11.8 --python 3.10 --diff");
    assert!(is_swapped(&run.stdout) && run.stderr.contains(FOUND), "{}", run.stderr);
    let run = place.run("rewrite --cuda 11.8 --python 3.10 --diff --no-catalog");
    assert!(!is_swapped(&run.stdout), "{}", run.stderr);
}

#[test]
fn an_audit_a_verification_and_the_listing_take_it() {
    let place = place("");
    let audit = "audit --cuda 11.8 --python 3.10 --report json";
    assert!(place.run(audit).stdout.contains("\"found_catalogues\":[\"torchswap-catalog.tsv\"]"));
    assert!(place.run("audit --cuda 11.8 --python 3.10").stdout.contains(FOUND));
    assert!(!place.run(&format!("{audit} --no-catalog")).stdout.contains(FILE));
    place.run(&format!("{EXPORT} -o out.txt")).ok();
    let run = place.run("verify out.txt");
    assert!(
        run.stdout.contains("cxx11abiFALSE-cp310-cp310-linux_x86_64.whl (torchswap-catalog.tsv cat"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("found by its name"), "{}", run.stdout);
    assert!(!place.run("verify out.txt --no-catalog").stdout.contains(FILE));
    assert!(place.run("catalog list flash-attn").ok().contains(FILE));
    place.run(&format!("catalog show {WHEEL}")).ok();
    assert!(place.run("catalog list flash-attn --no-catalog").refused().contains("knows no wheel of flash-attn"));
}

#[test]
fn the_listing_names_it_unless_it_is_quiet() {
    let place = place("");
    for command in ["list", "list flash-attn", &format!("show {WHEEL}")].map(|what| format!("catalog {what}")) {
        let run = place.run(&command);
        assert_eq!((run.status, run.stderr.as_str()), (0, FOUND), "{command}");
        let json = place.run(&format!("{command} --output-format json"));
        assert!(json.stdout.ends_with("\"found_catalogues\":[\"torchswap-catalog.tsv\"]}\n"), "{}", json.stdout);
        assert_eq!(json.stderr, "", "{command}");
        for options in ["-q", "--json --quiet", "--no-catalog", "--json --no-catalog --catalog torchswap-catalog.tsv"] {
            let said = place.run(&format!("{command} {options}")).stderr;
            assert!(!said.contains("found"), "{command} {options}: {said}");
        }
        let colour = place.run(&format!("{command} --color always")).stderr;
        assert!(colour.starts_with("\u{1b}[1;33mnote\u{1b}[0m: the catalogue"), "{colour}");
    }
    let none = place.run("catalog list flash-attn --cuda 13.0");
    assert_eq!((none.status, none.stderr), (1, format!("{FOUND}the catalogue knows no such wheel\n")));
    let refused = place.run("catalog list no-such-name --json");
    let report = "{\"schema\":1,\"command\":\"catalog list\",\"problems\":[{\"code\":\"not-known\"";
    assert!(refused.status == 2 && refused.stdout.starts_with(report), "{}", refused.shown());
}

#[test]
fn a_check_names_it_once_unless_it_is_quiet() {
    let place = place("");
    let target =
        |name: &str| format!("[targets.{name}]\ncuda = \"11.8\"\npython = \"3.10\"\noutput = \"{name}.txt\"\n");
    place.write("torchswap.toml", target("a") + &target("b"));
    let found = |arguments: &str, status: i32| {
        let run = place.run(arguments);
        assert_eq!(run.status, status, "{}", run.stderr);
        run.stdout
    };
    // Behind what it found, and where nothing is out of date, too.
    let drifted = found("check", 1);
    assert!(drifted.starts_with("found: a.txt") && drifted.ends_with(FOUND), "{drifted}");
    assert_eq!(drifted.matches("by its name").count(), 1, "{drifted}");
    assert!(found("check --fix", 0).ends_with(FOUND));
    assert_eq!(found("check", 0), format!("2 outputs are up to date\n{FOUND}"));
    assert_eq!(found("check a.txt", 0), format!("a.txt is up to date\n{FOUND}"));
    assert!(found("check --report json", 0).contains("\"found_catalogues\":[\"torchswap-catalog.tsv\"]"));
    assert_eq!(found("check -q", 0), "");
    assert!(!found("check --no-catalog", 1).contains("by its name"));
    assert!(found("check --no-catalog --report json", 1).contains("\"found_catalogues\":[]"));
    // Where nothing is to be compared the lock is looked at with it.
    place.write("torchswap.toml", "");
    assert_eq!(found("check", 0), format!("nothing to check: no outputs are configured\n{FOUND}"));
}

#[test]
fn an_output_never_takes_its_place() {
    let place = place("");
    let before = place.read(FILE);
    assert!(place.run(&format!("{EXPORT} -o {FILE}")).refused().contains("is a catalogue"));
    assert_eq!(place.read(FILE), before);
}

/// The image gets the output alone, so it is the export that has to find the catalogue.
#[test]
fn what_init_proposes_is_made_with_it() {
    let place = place("");
    place.write("Dockerfile", "FROM nvidia/cuda:11.8.0-runtime-ubuntu22.04 AS build\nFROM python:3.10-slim\n");
    assert!(!place.run("init").ok().contains(FILE));
    place.run("export --target docker").ok();
    assert!(is_swapped(&place.read("requirements-docker.txt")));
    // It is found beside the configuration, too, where the lock lies above.
    place.write("api/Dockerfile", place.read("Dockerfile"));
    std::fs::rename(place.path().join(FILE), place.path().join("api").join(FILE)).unwrap();
    std::fs::remove_file(place.path().join("torchswap.toml")).unwrap();
    let run = place.run("-C api init ../requirements.txt");
    assert!(run.status == 0 && !run.stderr.contains("target docker is left out"), "{}", run.stderr);
    place.run("-C api export --target docker").ok();
    assert!(is_swapped(&place.read("api/requirements-docker.txt")));
}

#[test]
fn a_build_that_it_has_is_proposed() {
    let file = "torch-2.4.1+cu128-cp311-cp311-linux_x86_64.whl";
    let zeros = "0".repeat(64);
    let row = format!("wheel\ttorch\t2.4.1+cu128\tcu128\thttps://wheels.example/cu128\t{file}\t{zeros}\t-\t0\t-\t-\n");
    for folder in [None, Some(""), Some("api/")] {
        let place = Place::of("poetry-2.5/torch-2.4.1");
        place.write("api/Dockerfile", "FROM nvidia/cuda:12.8.0-runtime-ubuntu22.04\n");
        if let Some(folder) = folder {
            place.write(&format!("{folder}{FILE}"), &row);
        }
        let said = place.run("-C api init").stderr;
        assert_eq!(
            said.contains("no wheel of torch 2.4.1 for CUDA 12.8 is known"),
            folder.is_none(),
            "{folder:?}: {said}"
        );
    }
}
