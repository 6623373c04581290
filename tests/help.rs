//! The help texts, so that a change of the command line is seen in review.

use crate::support::{Place, snapshot};

#[test]
fn help_reads_well() {
    let place = Place::new();
    snapshot("help", &place.run("--help").ok());
    snapshot("help-export", &place.run("export --help").ok());
    snapshot("help-audit", &place.run("audit --help").ok());
    snapshot("help-export-short", &place.run("export -h").ok());
    snapshot("help-verify", &place.run("verify --help").ok());
}

/// What is piped into a pager or a file is no wider than a plain terminal.
#[test]
fn help_has_eighty_columns_where_there_is_no_terminal() {
    let place = Place::new();
    for (columns, most) in [(None, 80), (Some("60"), 60), (Some("300"), 100)] {
        for command in ["--help", "check --help", "rewrite -h", "init -h"] {
            let mut run = place.command(command);
            match columns {
                Some(columns) => run.env("COLUMNS", columns),
                None => run.env_remove("COLUMNS"),
            };
            let text = String::from_utf8(run.output().unwrap().stdout).unwrap();
            // Examples and names of values stand as they are.
            let prose = text.split("\nExamples:").next().unwrap().lines().filter(|line| !line.contains(['[', '<']));
            let widest = prose.map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= most && widest > most - 15, "{command}, {columns:?}: {widest}\n{text}");
        }
    }
}

#[test]
fn typos_get_a_suggestion() {
    let place = Place::new();
    for (arguments, suggestion) in
        [("exprt", "'export'"), ("export --cuad 11.8", "'--cuda'"), ("export --platfrom macos-arm64", "'--platform'")]
    {
        let run = place.run(arguments);
        assert!(run.status == 2 && run.stderr.contains(suggestion), "{}", run.stderr);
    }
}

#[test]
fn wrong_values_are_explained() {
    let place = Place::new();
    let mut text = String::new();
    for arguments in [
        "export --cuda eleven",
        "export --cuda 11.8 --cpu",
        "export --cuda 12",
        "export --rocm 6",
        "export --backend cuda118",
        "export --platform unix",
        "export --platform mac",
        "export --python 3",
        "export --python 3.13t",
        "export --format constraints.txt",
        "export --index https://me:secret@index.example/simple",
        "audit --cuda 12.4 --index https://me:secret@index.example/simple poetry.lock",
        "export --only docs --with dev",
        "export --mirror ftp://a.example",
        "export --mirror https://me:secret@a.example",
    ] {
        let run = place.run(arguments);
        assert_eq!(run.status, 2, "{arguments}");
        assert!(!run.stderr.contains("secret"), "{}", run.stderr);
        text.push_str(&format!("$ torchswap {arguments}\n{}\n", run.stderr));
    }
    snapshot("wrong-values", &text);
}

/// What other tools write is understood where it can mean one thing alone.
#[test]
fn other_spellings_make_the_same_file() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    let body = |text: &str| text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
    let text = place.run("export --cuda 12.4 --python 3.11 --platform linux-x86_64 -q").ok();
    for arguments in [
        "--cuda 12.4.1 --python 3.11.7",
        "--cuda cuda12.4 --python cp311 --platform linux",
        "--cuda 124 --python 3.11 --platform linux/amd64 -f requirements.txt",
    ] {
        let same = place.run(&format!("export {arguments} -q")).ok();
        assert_eq!(body(&same), body(&text), "{arguments}");
    }
    place.write("torchswap.toml", "[targets.a]\ncuda = \"12.4.1\"\npython = \"3.11.7\"\nplatform = \"linux\"\n");
    let configured = place.run("export --target a -q").ok();
    assert_eq!(body(&configured), body(&text));
}

#[test]
fn colours_can_be_demanded_and_forbidden() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    for (variables, is_coloured) in [
        ("", false),
        ("FORCE_COLOR=1", true),
        ("FORCE_COLOR=1 NO_COLOR=1", false),
        ("CLICOLOR_FORCE=1 NO_COLOR=", true),
    ] {
        let mut command = place.command("export --cuda 9.9");
        command.envs(variables.split_whitespace().filter_map(|one| one.split_once('=')));
        let told = String::from_utf8(command.output().unwrap().stderr).unwrap();
        assert_eq!(told.contains('\u{1b}'), is_coloured, "{variables}: {told}");
    }
}

#[test]
fn the_version_is_told() {
    assert_eq!(Place::new().run("--version").ok(), format!("torchswap {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn help_of_the_catalogue_reads_well() {
    let place = Place::new();
    let text = ["catalog --help", "catalog list -h", "catalog show -h", "catalog update --help"];
    let text: Vec<String> =
        text.map(|arguments| format!("$ torchswap {arguments}\n{}", place.run(arguments).ok())).into();
    snapshot("help-catalog", &text.join("\n"));
}

#[test]
fn where_a_rewrite_goes_is_no_choice_of_groups() {
    let help = Place::new().run("rewrite -h").ok();
    let (_, output) = help.split_once("\nOutput:\n").unwrap();
    let output = output.split("\n\n").next().unwrap();
    assert!(output.contains("--output <FILE>") && output.contains("--mirror <URL>"), "{help}");
}
