//! Where a run looks for its project, and which environment variables count.

use crate::support::{Place, Run, root};

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
    let note = "note: the configuration is ../../torchswap.toml, the lock is ../../poetry.lock\n";
    let said = "../../docker.txt is up to date\n";
    assert_eq!((checked.status, checked.stdout.as_str(), checked.stderr.as_str()), (0, said, note));
    // The nearest one counts.
    place.write("src/app/torchswap.toml", "[targets.near]\ncpu = true\n");
    let refused = run(&place, "src/app", &[], "export --target docker").refused();
    assert!(refused.contains("it has: near"), "{refused}");
    // It may not write elsewhere, from wherever it is read.
    place.write("torchswap.toml", CONFIG.replace("docker.txt", "../docker.txt"));
    let refused = run(&place, "src", &[], "export --all-targets").refused();
    assert!(refused.contains("../../docker.txt is outside of the configuration's folder"), "{refused}");
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
    assert!(refused.contains("../poetry.lock is outside of") && place.read("poetry.lock") == before, "{refused}");
    // A requirements file in a folder that is no project's belongs to nobody.
    let place = Place::new();
    place.write("requirements.txt", "idna==3.4\n");
    assert!(
        run(&place, "src", &[], "export --allow-none")
            .refused()
            .contains("there is no lock here: looked for poetry.lock")
    );
}

#[test]
fn a_run_takes_its_folder_before_and_behind_the_command() {
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
    assert!(refused.status == 2 && refused.stderr.contains("is not a CUDA version"), "{}", refused.stderr);
    // One that is no yes is as one that is not set.
    for (learn, status) in [("1", 0), ("0", 2), ("", 2)] {
        let index = "export --cpu --python 3.11 -q --learn-index http://127.0.0.1:9/whl";
        assert_eq!(run(&place, "", &[("TORCHSWAP_LEARN", learn)], index).status, status, "{learn}");
    }
    // A target that is named is taken as it stands.
    place.write("torchswap.toml", CONFIG);
    let variables = [("TORCHSWAP_CUDA", "12.1"), ("TORCHSWAP_PYTHON", "3.10"), ("TORCHSWAP_PLATFORM", "linux-aarch64")];
    run(&place, "", &variables, "export --all-targets -q").ok();
    assert!(place.read("docker.txt").contains("\n# Target: linux-x86_64, cu124, CPython 3.11\n"));
    assert!(run(&place, "", &variables, "export --target docker -q -o -").ok().contains("cu124, CPython 3.11\n"));
}

#[test]
fn a_variable_says_what_is_swapped_beyond_the_family() {
    let place = Place::new();
    for name in ["poetry.lock", "pyproject.toml"] {
        place.write(name, std::fs::read(root().join("examples/onnxruntime-transitive").join(name)).unwrap());
    }
    let export = "export --cuda 12.6 --python 3.11 --stubs stubs --allow-none -q";
    let (plain, swapped) = (place.run(export), place.run(&format!("{export} --also onnxruntime")).ok());
    assert_ne!(plain.ok(), swapped);
    for names in ["onnxruntime", "all"] {
        let text = run(&place, "", &[("TORCHSWAP_ALSO", names)], export).ok();
        assert_eq!(text, swapped.replace("--also onnxruntime", &format!("--also {names}")));
        // The header has what the variable said, and is read without it.
        place.write("out.txt", run(&place, "", &[("TORCHSWAP_ALSO", names)], &format!("{export} -o -")).ok());
        let checked = run(&place, "", &[("TORCHSWAP_ALSO", "faiss-cpu")], "check out.txt");
        assert_eq!(checked.status, 0, "{}", checked.stderr);
    }
    let refused = run(&place, "", &[("TORCHSWAP_ALSO", "onnxruntme")], export);
    assert!(refused.status == 2 && refused.stderr.contains("did you mean `onnxruntime`?"), "{}", refused.stderr);
    // A target that is named is taken as it stands.
    place.write("torchswap.toml", "[targets.gpu]\ncuda = \"12.6\"\npython = [\"3.11\"]\n");
    let text = run(&place, "", &[("TORCHSWAP_ALSO", "all")], "export --target gpu --allow-none -q").ok();
    assert!(text.contains("\nonnxruntime==") && !text.contains("onnxruntime-gpu"), "{text}");
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
    assert_eq!((checked.status, checked.stdout.as_str()), (0, "out.txt is up to date\n"));
}

#[test]
fn what_is_found_above_is_reported_in_one_line() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    place.write("torchswap.toml", CONFIG);
    let reported = |folder: &str, arguments: &str| run(&place, folder, &[], arguments).stderr;
    let note = "note: the configuration is ../torchswap.toml, the lock is ../poetry.lock\n";
    assert!(reported("src", "export --all-targets").starts_with(note));
    assert!(!reported("src", "export --all-targets -q").contains("note: the"));
    assert!(!reported("src", "export --all-targets --report json").contains("note: the"));
    assert!(!reported("", "export --all-targets").contains("note: the"), "nothing lies above");
    // What is named needs no telling.
    let named = reported("src", "export --target docker ../poetry.lock");
    assert!(named.starts_with("note: the configuration is ../torchswap.toml\n"), "{named}");
    let named = reported("src", "export --config-file ../torchswap.toml --all-targets");
    assert!(!named.contains("note: the"), "{named}");
}

#[test]
fn a_configuration_can_be_named() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    place.write("torchswap.toml", "[targets.near]\ncpu = true\noutput = \"near.txt\"\n");
    place.write("conf/gpu.toml", CONFIG);
    // Its paths are relative to its folder; the lock is found as ever.
    place.run("export --config-file conf/gpu.toml --all-targets -q").ok();
    assert!(place.exists("conf/docker.txt") && !place.exists("near.txt"));
    let variable = [("TORCHSWAP_CONFIG_FILE", "conf/gpu.toml")];
    assert_eq!(run(&place, "", &variable, "check").stdout, "conf/docker.txt is up to date\n");
    assert_eq!(place.run("--config-file conf/gpu.toml check").stdout, "conf/docker.txt is up to date\n");
    place.write("conf/pyproject.toml", "[tool.torchswap.targets.mac]\nplatform = \"macos-arm64\"\n");
    place.run("export --config-file conf/pyproject.toml --target mac -q").ok();
    place.write("conf/pyproject.toml", "[tool.other]\n");
    let refused = place.run("export --config-file conf/pyproject.toml").refused();
    assert!(refused.contains("conf/pyproject.toml has no [tool.torchswap]"), "{refused}");
    let refused = place.run("export --config-file absent.toml").refused();
    assert!(refused.contains("cannot read absent.toml: there is no such file"), "{refused}");
    // What it names to write lies below it.
    place.write("conf/gpu.toml", CONFIG.replace("docker.txt", "../poetry.txt"));
    assert!(place.run("export --config-file conf/gpu.toml --all-targets").refused().contains("is outside of"));
}

/// A repository with two projects, one of which keeps its configuration in its pyproject.toml, and what others made.
fn repository() -> Place {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    let (lock, project) = (place.read("poetry.lock"), place.read("pyproject.toml"));
    for folder in
        ["api", "jobs/train", ".git", "api/node_modules/x", "api/target/x", "api/.venv", "api/env", "vendor/x"]
    {
        place.write(&format!("{folder}/poetry.lock"), &lock);
        place.write(&format!("{folder}/pyproject.toml"), &project);
        if folder != "jobs/train" {
            place.write(&format!("{folder}/torchswap.toml"), CONFIG);
        }
    }
    place.write("api/env/pyvenv.cfg", "");
    let own = "\n[tool.torchswap.targets.ci]\ncpu = true\npython = [\"3.11\"]\noutput = \"ci.txt\"\n";
    place.write("jobs/train/pyproject.toml", format!("{project}{own}"));
    // A lock of the root is nobody's.
    place.write("poetry.lock", "not a lock");
    place
}

#[test]
fn every_project_of_a_repository_is_checked_from_its_root() {
    let place = repository();
    let checked = place.run("check --workspace");
    assert_eq!(checked.status, 1);
    let found: Vec<&str> = checked.stdout.lines().filter(|line| line.starts_with("found: ")).collect();
    assert_eq!(found, ["found: api/docker.txt does not exist", "found: jobs/train/ci.txt does not exist"]);
    place.run("check --workspace --fix").ok();
    for folder in ["api", "jobs/train"] {
        assert_eq!(run(&place, folder, &[], "check").status, 0, "{folder}: the same as from there");
    }
    assert_eq!(place.run("check --workspace").stdout, "2 outputs are up to date\n");
    // It asks for all configurations, whichever a variable names.
    let named = [("TORCHSWAP_CONFIG_FILE", "api/torchswap.toml")];
    assert_eq!(run(&place, "", &named, "check --workspace").stdout, "2 outputs are up to date\n");
    let refused = place.run("check --workspace --config-file api/torchswap.toml").refused();
    assert!(refused.contains("cannot be used with"), "{refused}");
    // A problem of one keeps nothing of the others from being reported, and nothing is written.
    place.write("api/poetry.lock", "not a lock");
    place.write("jobs/train/ci.txt", "");
    let refused = place.run("check --workspace --fix").refused();
    assert!(refused.contains("api/poetry.lock") && place.read("jobs/train/ci.txt").is_empty(), "{refused}");
    place.write("api/torchswap.toml", "lok = 1\n");
    assert!(place.run("check --workspace").refused().contains("--> api/torchswap.toml:1:7"));
}

#[test]
fn of_a_repository_the_projects_of_changed_files_are_checked() {
    let place = repository();
    let checked = |files: &str| {
        let run = place.run(&format!("check --workspace {files}"));
        assert!(run.status < 2, "{}", run.stderr);
        let mut found = run.stdout.lines().filter_map(|line| line.strip_prefix("found: ")?.split(' ').next());
        (found.next().map(str::to_owned), found.next().map(str::to_owned))
    };
    let (api, train) = (Some("api/docker.txt".to_owned()), Some("jobs/train/ci.txt".to_owned()));
    assert_eq!(checked("api/poetry.lock"), (api.clone(), None));
    assert_eq!(checked("jobs/train/src/deep.py api/docker.txt"), (api.clone(), train.clone()));
    assert_eq!(checked("README.md"), (None, None));
    // What a configuration reads belongs to it wherever it lies.
    place.write("shared/poetry.lock", place.read("api/poetry.lock"));
    place.write("api/torchswap.toml", format!("lock = \"../shared/poetry.lock\"\n{CONFIG}"));
    assert_eq!(checked("shared/poetry.lock"), (api, None));
}

#[test]
fn a_repository_without_configurations_has_nothing_to_check() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    let said = "nothing to check: no outputs are configured\n";
    assert_eq!(
        (place.run("check --workspace").ok(), place.run("check --workspace").stderr),
        (said.into(), String::new())
    );
    let required = place.run("check --workspace --require-outputs");
    assert!(required.status == 1 && required.stdout.contains("no outputs are configured"), "{}", required.stdout);
    place.write("api/torchswap.toml", "[targets.docker]\ncuda = \"12.4\"\n");
    std::fs::rename(place.path().join("poetry.lock"), place.path().join("api/uv.lock.old")).unwrap();
    let refused = place.run("check --workspace").refused();
    assert!(refused.contains("there is no lock beside api/torchswap.toml: looked for poetry.lock"), "{refused}");
}

/// A lock above is somebody else's: what it gives must not become this project's requirements.
#[test]
fn a_configuration_takes_the_lock_beside_it_and_no_other() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    let project = place.read("pyproject.toml");
    for folder in ["repo/ml", "bare"] {
        place.write(&format!("{folder}/torchswap.toml"), CONFIG);
        place.write(&format!("{folder}/pyproject.toml"), &project);
    }
    place.write("repo/.git/HEAD", "");
    let help = |file: &str| format!("help: make one there (poetry lock, uv lock), or name it in {file}: lock = \"…\"");
    for (folder, arguments, file) in [
        ("repo", "check --workspace --fix", "ml/torchswap.toml"),
        ("repo/ml", "check --fix", "torchswap.toml"),
        ("repo/ml", "export --all-targets", "torchswap.toml"),
        ("bare/src", "check --fix", "../torchswap.toml"),
    ] {
        let refused = run(&place, folder, &[], arguments).refused();
        assert!(
            refused.contains(&format!("there is no lock beside {file}: looked for poetry.lock, uv.lock")),
            "{refused}"
        );
        assert!(refused.contains(&help(file)), "{refused}");
    }
    assert!(!place.exists("repo/ml/docker.txt") && !place.exists("bare/docker.txt"), "nothing is written");
    // One that it names may lie anywhere.
    place.write("bare/torchswap.toml", format!("lock = \"../poetry.lock\"\n{CONFIG}"));
    run(&place, "bare", &[], "check --fix").ok();
    place.write("bare/torchswap.toml", format!("lock = \"absent.lock\"\n{CONFIG}"));
    let refused = run(&place, "bare", &[], "check").refused();
    assert!(refused.contains("torchswap.toml names the lock absent.lock, which does not exist"), "{refused}");
    assert!(refused.contains("help: create it, or fix the key `lock`"), "{refused}");
}

/// An output is not what it was made from.
#[test]
fn an_output_is_not_taken_for_the_lock_that_is_gone() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    place.write("torchswap.toml", "[targets.a]\ncpu = true\noutput = \"requirements.txt\"\n");
    place.run("export --all-targets -q").ok();
    std::fs::remove_file(place.path().join("poetry.lock")).unwrap();
    for command in ["check", "export --all-targets", "check --workspace"] {
        let refused = place.run(command).refused();
        let reported = "there is no lock beside torchswap.toml: requirements.txt is an output of it";
        assert!(refused.contains(reported) && refused.contains("regenerate the lock"), "{refused}");
    }
}

#[test]
fn a_search_upward_ends_at_the_root_of_the_repository() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    place.write("torchswap.toml", CONFIG);
    run(&place, "repo/src", &[], "export --target docker -q -o -").ok();
    place.write("repo/.git/HEAD", "");
    let refused = run(&place, "repo/src", &[], "export --target docker").refused();
    assert!(
        refused.contains("has no target `docker`") && refused.contains("under [targets.NAME] in torchswap.toml"),
        "{refused}"
    );
    std::fs::remove_file(place.path().join("torchswap.toml")).unwrap();
    let refused = run(&place, "repo/src", &[], "export --cpu").refused();
    assert!(refused.contains("there is no lock here"), "{refused}");
    // The root itself is searched.
    place.write("repo/poetry.lock", place.read("poetry.lock"));
    place.write("repo/pyproject.toml", place.read("pyproject.toml"));
    run(&place, "repo/src", &[], "export --cpu --python 3.11 -q").ok();
}

/// Targets of a configuration above are not made of whatever lock lies here.
#[test]
fn a_lock_here_is_not_taken_for_that_of_a_configuration_above() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    place.write("torchswap.toml", CONFIG);
    place.write("sub/poetry.lock", place.read("poetry.lock"));
    let refused = run(&place, "sub", &[], "check --fix").refused();
    assert!(
        refused.contains("poetry.lock is in this folder, but the targets are those of ../torchswap.toml"),
        "{refused}"
    );
    assert!(!place.exists("docker.txt"));
    run(&place, "sub", &[], "export --target docker -q -o - poetry.lock").ok();
    // One without targets only says how.
    place.write("torchswap.toml", "require-witnesses = 1\n");
    let run = run(&place, "sub", &[], "export --cpu --python 3.11");
    assert!(run.stderr.starts_with("note: the configuration is ../torchswap.toml\n"), "{}", run.stderr);
}

#[test]
fn what_a_check_advises_works_as_printed() {
    let place = repository();
    let advice = |arguments: &str| {
        let found = place.run(arguments);
        let advice: Vec<String> = found
            .stdout
            .lines()
            .filter_map(|line| line.trim().strip_prefix("help: run: torchswap "))
            .map(str::to_owned)
            .collect();
        advice
    };
    assert_eq!(advice("check --workspace"), ["check --workspace --fix", "check --workspace --fix"]);
    let annotated = place.run("check --workspace --output-format github").stdout;
    assert!(annotated.contains("%0Arun: torchswap check --workspace --fix\n"), "{annotated}");
    place.run("check --workspace --fix").ok();
    // The target of a file that is named is that of the configuration around the file.
    assert_eq!(place.run("check api/docker.txt jobs/train/ci.txt").stdout, "2 outputs are up to date\n");
    place.write("api/docker.txt", place.read("api/docker.txt").replace("\nnumpy==", "\nnumpie=="));
    let advised = advice("check api/docker.txt");
    assert_eq!(advised, ["check --fix api/docker.txt"]);
    place.run(&advised[0]).ok();
    assert_eq!(place.run("check --workspace").status, 0);
    let named = "check --config-file api/torchswap.toml";
    place.write("api/docker.txt", "");
    std::fs::remove_file(place.path().join("poetry.lock")).unwrap();
    let advised = advice(named);
    assert_eq!(advised, ["check --config-file api/torchswap.toml --fix"]);
}

/// CI writes empty variables for what it was not given.
#[test]
fn an_empty_variable_is_none() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    let export = "export --cpu --python 3.11 -q";
    let text = place.run(export).ok();
    let names = [
        "CUDA",
        "ROCM",
        "BACKEND",
        "PLATFORM",
        "PYTHON",
        "ALSO",
        "MIRROR",
        "CATALOG",
        "REQUIRE_WITNESSES",
        "LEARN",
        "CONFIG_FILE",
    ];
    let names: Vec<String> = names.iter().map(|name| format!("TORCHSWAP_{name}")).collect();
    let all: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    assert_eq!(run(&place, "", &all, export).ok(), text);
    run(&place, "", &all, "catalog list torch==2.4.1").ok();
    for one in &all {
        run(&place, "", std::slice::from_ref(one), export).ok();
    }
}

#[test]
fn an_error_names_the_variable_that_says_it() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    for (variables, arguments, message) in [
        (&[("TORCHSWAP_CUDA", "twelve")][..], "export", "invalid value 'twelve' for 'TORCHSWAP_CUDA'"),
        (
            &[("TORCHSWAP_CUDA", "11.8"), ("TORCHSWAP_BACKEND", "cpu")],
            "export",
            "the argument 'TORCHSWAP_CUDA' cannot be used with 'TORCHSWAP_BACKEND'",
        ),
        (&[("TORCHSWAP_REQUIRE_WITNESSES", "two")], "export", "invalid value 'two' for 'TORCHSWAP_REQUIRE_WITNESSES'"),
        (&[("TORCHSWAP_MIRROR", "x")], "export", "TORCHSWAP_MIRROR"),
        // What is typed is named as it was typed.
        (&[("TORCHSWAP_PLATFORM", "linux")], "export --platform=vms", "for '--platform <PLATFORM>'"),
        (&[("TORCHSWAP_CUDA", "11.8")], "export --cuda twelve", "for '--cuda <VERSION>'"),
    ] {
        let refused = run(&place, "", variables, arguments);
        assert!(refused.status == 2 && refused.stderr.contains(message), "{}", refused.stderr);
    }
    // One that is empty, or left alone because another build is typed, says nothing.
    for value in ["", "11.8"] {
        let refused = run(&place, "", &[("TORCHSWAP_CUDA", value)], "export --all-targets --xpu");
        let said = refused.stderr;
        assert!(
            refused.status == 2 && said.contains("\n  --cuda <VERSION>\n") && !said.contains("TORCHSWAP"),
            "{said}"
        );
    }
}

#[test]
fn a_wrong_command_line_is_not_reported_with_qq() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    for words in
        ["export --cuda twelve -qq", "-qq export --cuda twelve", "export -q --quiet --nothing", "-q export -vq -x"]
    {
        let refused = place.run(words);
        assert_eq!((refused.status, refused.stdout.as_str(), refused.stderr.as_str()), (2, "", ""), "{words}");
    }
    for words in ["export --cuda twelve -q", "export --cuda twelve -- -qq"] {
        assert!(place.run(words).refused().contains("twelve"), "{words}");
    }
    assert!(place.run("export --help -qq").ok().contains("Usage: torchswap export"));
}
