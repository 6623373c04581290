//! Texts made from the definition: completions for shells, and pages for `man`.

use clap::ValueEnum;
use clap_complete::Shell;
use clap_mangen::Man;

use super::Cli;
use crate::report::error::{Code, Problem};

/// The script that teaches a shell the commands and options, and bash, zsh and fish the targets of the project that one is in.
pub fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut offered(&Cli::whole()), "torchswap", &mut script);
    with_targets(shell, &String::from_utf8_lossy(&script))
}

/// The definition without the commands that only scripts use: shells would offer those, hidden or not.
fn offered(whole: &clap::Command) -> clap::Command {
    let commands: Vec<clap::Command> = whole.get_subcommands().filter(|one| !one.is_hide_set()).cloned().collect();
    clap::Command::new("torchswap")
        .version(env!("CARGO_PKG_VERSION"))
        .args(whole.get_arguments().cloned())
        .subcommands(commands)
}

/// The names of targets are no part of the definition: the shell asks the program for them.
fn with_targets(shell: Shell, script: &str) -> String {
    const NAMES: &str = "torchswap targets 2>/dev/null";
    match shell {
        Shell::Bash => script.replace(
            "--target)\n                    COMPREPLY=($(compgen -f \"${cur}\"))",
            &format!("--target)\n                    COMPREPLY=($(compgen -W \"$({NAMES})\" -- \"${{cur}}\"))"),
        ),
        Shell::Zsh => {
            let line = |line: &str| match line.strip_suffix(":NAME:_default' \\") {
                Some(head) if head.starts_with("'*--target=[") => {
                    format!("{head}:NAME:{{compadd -- ${{(f)\"$({NAMES})\"}}}}' \\")
                }
                Some(_) | None => line.to_owned(),
            };
            script.lines().map(|one| line(one) + "\n").collect()
        }
        Shell::Fish => {
            let line = |line: &str| match line.contains(" -l target -d ") {
                true => format!("{line} -f -a \"({NAMES})\""),
                false => line.to_owned(),
            };
            // The definition for fish has only options.
            let shells = Shell::value_variants().iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            let shells = format!(
                "complete -c torchswap -n \"__fish_torchswap_using_subcommand completions\" -f -a \"{shells}\"\n"
            );
            script.lines().map(|one| line(one) + "\n").chain([shells]).collect()
        }
        _ => script.to_owned(),
    }
}

/// The manual page of the program, or of one of its commands, as roff.
///
/// # Errors
/// If there is no such command.
pub fn man(command: Option<&str>) -> Result<String, Problem> {
    // `help` has no page of its own: it would repeat the others.
    let mut root = Cli::whole().disable_help_subcommand(true);
    // Tells the commands their full names, and gives them the options that all share.
    root.build();
    let page = match command {
        None => root.clone(),
        Some(name) => {
            let found = root.get_subcommands().find(|one| one.get_name() == name && !one.is_hide_set());
            found.cloned().ok_or_else(|| no_page(name, &root))?
        }
    };
    let version = root.get_version().unwrap_or_default();
    let mut text = Vec::new();
    Man::new(page)
        .source(format!("torchswap {version}"))
        .render(&mut text)
        .map_err(|error| Problem::new(Code::Io, format!("cannot write the page: {error}")))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn no_page(name: &str, root: &clap::Command) -> Problem {
    let pages = root.get_subcommands().filter(|one| !one.is_hide_set()).map(clap::Command::get_name);
    Problem::new(Code::Usage, format!("there is no page for `{name}`"))
        .help(format!("the commands are: {}", pages.collect::<Vec<_>>().join(", ")))
}
