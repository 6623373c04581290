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
        "export --backend cuda118",
        "export --platform linux",
        "export --python 3",
        "export --python 3.10.1",
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
