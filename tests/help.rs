//! Snapshots of the help texts, so that a change of the command line is seen in review.

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
        let reported = String::from_utf8(command.output().unwrap().stderr).unwrap();
        assert_eq!(reported.contains('\u{1b}'), is_coloured, "{variables}: {reported}");
    }
}

/// Help and usage errors go by the same rules as the rest: the variables, and `--color` wherever it stands.
#[test]
fn help_and_usage_errors_have_colours_where_the_rest_has_them() {
    let place = Place::new();
    for (arguments, status) in [("export -h", 0), ("--help", 0), ("export --bogus", 2), ("exprt", 2), ("", 2)] {
        let shown = |variables: &str, more: &str| {
            let mut command = place.command(&format!("{arguments} {more}"));
            command.envs(variables.split_whitespace().filter_map(|one| one.split_once('=')));
            let output = command.output().unwrap();
            assert_eq!(output.status.code(), Some(status), "{arguments} {more}");
            String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
        };
        let plain = shown("", "");
        assert!(plain.contains("Usage:") && !plain.contains('\u{1b}'), "{plain}");
        for variables in ["FORCE_COLOR=1", "CLICOLOR_FORCE=1 NO_COLOR=", "FORCE_COLOR=1 TERM=dumb"] {
            let coloured = shown(variables, "");
            assert!(coloured.contains("\u{1b}[1;4mUsage:\u{1b}[0m"), "{variables}: {coloured}");
            let bare: String = coloured
                .split('\u{1b}')
                .map(|part| {
                    part.split_once('m').map_or(part, |(code, rest)| if code.starts_with('[') { rest } else { part })
                })
                .collect();
            assert_eq!(bare, plain, "{variables}");
        }
        assert_eq!(shown("FORCE_COLOR=1 NO_COLOR=1", ""), plain);
        if !arguments.is_empty() {
            assert!(shown("NO_COLOR=1", "--color always").contains("\u{1b}[1;4mUsage:"), "{arguments}");
            assert_eq!(shown("FORCE_COLOR=1", "--color=never"), plain);
        }
    }
}

/// An example is copied from the help of a terminal of 80 columns: no line is broken but where the shell takes it, and every
/// command is one that is understood.
#[test]
fn examples_in_help_can_be_copied() {
    let place = Place::new();
    let mut tried = 0;
    for command in [
        "export",
        "rewrite",
        "check",
        "audit",
        "verify",
        "init",
        "completions",
        "man",
        "catalog list",
        "catalog show",
        "catalog update",
    ] {
        for flag in ["-h", "--help"] {
            let mut run = place.command(&format!("{command} {flag}"));
            let text = String::from_utf8(run.env("COLUMNS", "80").output().unwrap().stdout).unwrap();
            let Some((_, examples)) = text.split_once("\nExamples:\n") else { continue };
            let joined = examples.replace(" \\\n     ", "");
            for line in joined.lines().take_while(|line| !line.is_empty()) {
                assert!(line.starts_with("  ") && examples.lines().all(|line| line.chars().count() <= 80), "{line}");
                if let Some(words) = line.strip_prefix("  ").filter(|line| !line.starts_with(' ')) {
                    let words = words.split(" | ").last().unwrap().split([' ', '\n']);
                    let words = words.take_while(|word| !matches!(*word, ">" | ">>" | "<"));
                    let words: Vec<std::ffi::OsString> = words.map(std::ffi::OsString::from).collect();
                    assert!(torchswap::cli::Cli::read(&words, &[], None).is_ok(), "{line}");
                    assert!(line.starts_with(&format!("  torchswap {command}")) || line.contains(" | "), "{line}");
                    tried += 1;
                }
            }
        }
    }
    assert!(tried >= 50, "{tried}");
}

#[test]
fn the_version_is_printed() {
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
