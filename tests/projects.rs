//! Where a run looks for its project, and what variables say.

use crate::support::{Place, Run};

const CONFIG: &str = "[targets.docker]\ncuda = \"12.4\"\npython = [\"3.11\"]\noutput = \"docker.txt\"\n";

/// A run in a folder below, with variables.
fn run(place: &Place, folder: &str, variables: &[(&str, &str)], arguments: &str) -> Run {
    let folder = place.path().join(folder);
    std::fs::create_dir_all(&folder).unwrap();
    Run::new(&place.command(arguments).current_dir(folder).envs(variables.iter().copied()).output().unwrap())
}

#[test]
fn the_configuration_and_its_lock_are_found_in_a_folder_above() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    place.write("torchswap.toml", CONFIG);
    run(&place, "src/app", &[], "export --all-targets -q").ok();
    let text = place.read("docker.txt");
    assert!(!place.exists("src/app/docker.txt"), "its paths are relative to its folder");
    place.run("export --all-targets -q").ok();
    assert_eq!(place.read("docker.txt"), text, "the same from there as from here");
    let checked = run(&place, "src/app", &[], "check");
    assert_eq!((checked.status, checked.stderr.as_str()), (0, "../../docker.txt is up to date\n"));
    // The nearest one counts.
    place.write("src/app/torchswap.toml", "[targets.near]\ncpu = true\n");
    let refused = run(&place, "src/app", &[], "export --target docker").refused();
    assert!(refused.contains("it has: near"), "{refused}");
    // It may not write elsewhere, from wherever it is read.
    place.write("torchswap.toml", CONFIG.replace("docker.txt", "../docker.txt"));
    let refused = run(&place, "src", &[], "export --all-targets").refused();
    assert!(refused.contains("../../docker.txt lies outside of the configuration's folder"), "{refused}");
    // What is wrong with it is said with its place.
    place.write("torchswap.toml", "[targets.docker]\ncuda = \"eleven\"\n");
    assert!(run(&place, "src", &[], "export").refused().contains("--> ../torchswap.toml:2:8"));
}

#[test]
fn the_lock_of_a_project_above_is_read_but_not_rewritten_unasked() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    let here = place.run("export --cpu --python 3.11 -q").ok();
    assert_eq!(run(&place, "src", &[], "export --cpu --python 3.11 -q").ok(), here);
    let before = place.read("poetry.lock");
    let refused = run(&place, "src", &[], "rewrite --cpu --python 3.11").refused();
    assert!(refused.contains("../poetry.lock lies outside") && place.read("poetry.lock") == before, "{refused}");
    // A requirements file in a folder that is no project's belongs to nobody.
    let place = Place::new();
    place.write("requirements.txt", "idna==3.4\n");
    assert!(run(&place, "src", &[], "export --allow-none").refused().contains("there is no poetry.lock"));
}

#[test]
fn a_run_can_be_told_its_folder_before_and_behind_the_command() {
    let place = Place::new();
    let there = Place::of("poetry-2.5/torch-2.4.1");
    let text = there.run("export --cpu --python 3.11 -q").ok();
    let folder = there.path().display();
    assert_eq!(place.run(&format!("-C {folder} export --cpu --python 3.11 -q")).ok(), text);
    assert_eq!(place.run(&format!("export --cpu --python 3.11 -q --directory {folder}")).ok(), text);
    assert!(place.run("export -C absent").refused().contains("cannot go to absent: there is no such file or folder"));
}

#[test]
fn variables_say_what_the_command_line_leaves_open() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    let variables = [("TORCHSWAP_CUDA", "12.4"), ("TORCHSWAP_PYTHON", "3.11")];
    let gpu = place.run("export --cuda 12.4 --python 3.11 -q").ok();
    let cpu = place.run("export --cpu --python 3.11 -q").ok();
    assert_eq!(run(&place, "", &variables, "export -q").ok(), gpu);
    assert_eq!(run(&place, "", &variables, "export --cpu -q").ok(), cpu, "it names another build");
    assert_eq!(run(&place, "", &[("TORCHSWAP_BACKEND", "cpu"), variables[1]], "export -q").ok(), cpu);
    let refused = run(&place, "", &[("TORCHSWAP_CUDA", "twelve")], "export");
    assert!(refused.status == 2 && refused.stderr.contains("is no version of CUDA"), "{}", refused.stderr);
    // A target that is named is taken as it stands.
    place.write("torchswap.toml", CONFIG);
    let variables = [("TORCHSWAP_CUDA", "12.1"), ("TORCHSWAP_PYTHON", "3.10"), ("TORCHSWAP_PLATFORM", "linux-aarch64")];
    run(&place, "", &variables, "export --all-targets -q").ok();
    assert!(place.read("docker.txt").contains("\n# Target: linux-x86_64, cu124, CPython 3.11\n"));
    assert!(run(&place, "", &variables, "export --target docker -q -o -").ok().contains("cu124, CPython 3.11\n"));
}

/// A header says all that its file was made with.
#[test]
fn a_check_of_a_file_reads_no_variables() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    place.run("export --python 3.11 -q -o out.txt").ok();
    let variables = [
        ("TORCHSWAP_CUDA", "12.4"),
        ("TORCHSWAP_PYTHON", "3.10"),
        ("TORCHSWAP_PLATFORM", "macos-arm64"),
        ("TORCHSWAP_MIRROR", "https://wheels.example"),
        ("TORCHSWAP_CATALOG", "absent.tsv"),
    ];
    let checked = run(&place, "", &variables, "check out.txt");
    assert_eq!((checked.status, checked.stderr.as_str()), (0, "out.txt is up to date\n"));
}
