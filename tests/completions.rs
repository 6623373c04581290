//! Shell completions and manual pages.

use std::process::Command;

use crate::support::{Place, program};

#[test]
fn every_shell_learns_the_commands_and_options() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = place.run(&format!("completions {shell}")).ok();
        // fish writes long options without the dashes.
        let option = if shell == "fish" { "-l cuda" } else { "--cuda" };
        for word in [option, "export", "rewrite", "check", "init", "completions"] {
            assert!(script.contains(word), "{shell}: {word} is missing");
        }
    }
}

/// Runs a shell's check of syntax, if the shell is there.
fn accepts(shell: &str, arguments: &[&str]) {
    let place = Place::new();
    place.write("script", place.run(&format!("completions {shell}")).ok());
    match Command::new(shell).args(arguments).arg(place.path().join("script")).output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => println!("skipped: there is no {shell} here"),
        Err(error) => panic!("{shell}: {error}"),
        Ok(output) => {
            let reported = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && reported.is_empty(), "{shell}: {reported}");
        }
    }
}

#[test]
fn shells_accept_their_scripts() {
    accepts("bash", &["-n"]);
    accepts("zsh", &["-n"]);
    accepts("fish", &["--no-execute"]);
}

#[test]
fn the_shells_that_can_ask_for_the_targets_do() {
    let place = Place::new();
    for (shell, call) in [
        ("zsh", ":NAME:{compadd -- ${(f)\"$(torchswap targets 2>/dev/null)\"}}' \\\n"),
        ("fish", " -f -a \"(torchswap targets 2>/dev/null)\"\n"),
        ("bash", "COMPREPLY=($(compgen -W \"$(torchswap targets 2>/dev/null)\" -- \"${cur}\"))\n"),
    ] {
        let script = place.run(&format!("completions {shell}")).ok();
        assert_eq!(script.matches(call).count(), 3, "{shell}: export, audit and rewrite");
    }
    assert_eq!(place.run("targets").ok(), "", "no configuration, no targets");
}

#[test]
fn bash_completes_commands_and_options() {
    let place = Place::new();
    place.write("torchswap.toml", "[targets.docker]\n[targets.dev]\n[targets.mac]\n");
    let binary = program().parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    place.write("script", place.run("completions bash").ok());
    let complete = |words: &str| {
        let line = format!(
            ". ./script; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _torchswap torchswap \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD - 1]}}\"; \
             echo \"${{COMPREPLY[@]}}\""
        );
        let output = Command::new("bash").args(["-c", &line]).current_dir(place.path()).env("PATH", &path).output();
        output.ok().map(|output| String::from_utf8(output.stdout).unwrap())
    };
    for (words, found) in [
        ("torchswap exp", "export\n"),
        ("torchswap export --cu", "--cuda\n"),
        ("torchswap export --platform macos", "macos-arm64 macos-x86_64\n"),
        ("torchswap export --target d", "docker dev\n"),
        ("torchswap rewrite --target m", "mac\n"),
    ] {
        match complete(words) {
            None => println!("skipped: there is no bash here"),
            Some(reply) => assert_eq!(reply, found, "{words}"),
        }
    }
}

#[test]
fn the_manual_has_a_page_for_the_program_and_each_command() {
    let place = Place::new();
    let page = place.run("man").ok();
    for part in [".SH NAME\ntorchswap ", ".SH SYNOPSIS", "torchswap\\-export(1)"] {
        assert!(page.contains(part), "{part} is missing: {page}");
    }
    let page = place.run("man export").ok();
    for part in [".SH NAME\ntorchswap\\-export ", ".SH SYNOPSIS", "\\-\\-cuda"] {
        assert!(page.contains(part), "{part} is missing: {page}");
    }
    assert!(page.contains(&format!("\"torchswap {}\"", env!("CARGO_PKG_VERSION"))), "{page}");
}

#[test]
fn a_page_that_is_not_there_is_refused() {
    let place = Place::new();
    for name in ["exprt", "targets"] {
        let reported = place.run(&format!("man {name}")).refused();
        assert!(
            reported.contains("no page") && reported.contains("export, ") && reported.contains(", man"),
            "{reported}"
        );
    }
}

/// `targets` is for the scripts, which call it, and is offered to nobody.
#[test]
fn no_shell_offers_the_command_that_the_scripts_call() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = place.run(&format!("completions {shell}")).ok();
        // The one has descriptions, the other names of functions.
        assert!(!script.contains("Print the names of") && !script.contains("subcmd__targets"), "{shell}");
        assert!(script.contains("Print a manual page") || script.contains("subcmd__man"), "{shell}");
    }
}
