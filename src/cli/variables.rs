//! The command line, and the variables that say what it leaves open.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, FromArgMatches};

use super::Cli;
use super::late::with_options;
use super::usage::options;

/// Options that name a build.
const BUILD: [&str; 5] = ["cuda", "rocm", "xpu", "cpu", "backend"];

/// Options that a variable may say as well.
const ALL: [&str; 10] =
    ["cuda", "rocm", "backend", "platform", "python", "also", "mirror", "catalog", "require-witnesses", "learn"];

/// Options that say which target, of those that a variable may say as well.
const TARGET: [&str; 6] = ["cuda", "rocm", "backend", "platform", "python", "also"];

impl Cli {
    /// Reads a command line. What it leaves open, variables may say: but the build where it names another, the target where
    /// it names those of the configuration, and the configuration where it asks for all of them. A variable that is empty is
    /// as one that is not set. Help is so many columns wide; `None`: as the terminal is.
    ///
    /// # Errors
    /// As clap has them, and for help. What a variable says wrong is said of the variable.
    pub fn read(
        words: &[OsString],
        variables: &[(String, OsString)],
        columns: Option<usize>,
    ) -> Result<Self, clap::Error> {
        let typed = options(words);
        let typed = || typed.iter().filter_map(|word| word.strip_prefix("--")?.split('=').next());
        let unset: &[&str] = if typed().any(|option| matches!(option, "target" | "all-targets")) {
            &TARGET
        } else if typed().any(|option| BUILD.contains(&option)) {
            &BUILD
        } else if typed().any(|option| option == "workspace") {
            &["config-file"]
        } else {
            &[]
        };
        if let Some(error) = address_of_index(words) {
            return Err(error);
        }
        let command = Self::meant(words);
        let command = if let Some(columns) = columns { command.term_width(columns) } else { command };
        let is_unread = |(name, value): &&(String, OsString)| {
            value.is_empty() || unset.iter().any(|option| variable_of(option) == *name)
        };
        let (unread, read): (Vec<_>, Vec<_>) = variables.iter().partition(is_unread);
        let is_unread = |option: &clap::Arg| {
            let variable = option.get_env().and_then(|name| name.to_str());
            variable.is_some_and(|variable| unread.iter().any(|(name, _)| name == variable))
        };
        let command = if unread.is_empty() { command } else { without(command, &is_unread) };
        Self::parsed(command, words).map_err(|error| named(error, words, &read))
    }

    /// Reads a command line whatever the variables of the options in [`ALL`] say.
    pub(super) fn without_variables(words: &[OsString]) -> Result<Self, clap::Error> {
        let is_one = |option: &clap::Arg| option.get_long().is_some_and(|name| ALL.contains(&name));
        Self::parsed(without(Self::meant(words), &is_one), words)
    }

    /// The definition with the options of all commands.
    pub(super) fn whole() -> clap::Command {
        with_options(Self::command(), &|_| true)
    }

    /// The definition with the options of the commands that a command line may mean.
    fn meant(words: &[OsString]) -> clap::Command {
        with_options(Self::command(), &|name| words.iter().any(|word| word == name))
    }

    fn parsed(mut command: clap::Command, words: &[OsString]) -> Result<Self, clap::Error> {
        let matches = command.try_get_matches_from_mut(words)?;
        let read = Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command));
        // The process ends soon: to take hundreds of options apart is one in a hundred instructions of an export.
        std::mem::forget(command);
        read
    }
}

/// The variable of an option, by the option's name.
fn variable_of(option: &str) -> String {
    format!("TORCHSWAP_{}", option.replace('-', "_").to_ascii_uppercase())
}

/// A command some options of which have no variables, and neither have those of the commands below it.
fn without(command: clap::Command, is_unset: &dyn Fn(&clap::Arg) -> bool) -> clap::Command {
    let unset = |option: clap::Arg| if is_unset(&option) { option.env(None::<&'static str>) } else { option };
    command.mut_args(unset).mut_subcommands(|below| without(below, is_unset))
}

/// An error in which options that nobody typed are the variables that were read for them.
fn named(mut error: clap::Error, words: &[OsString], read: &[&(String, OsString)]) -> clap::Error {
    let is_typed =
        |flag: &str| words.iter().filter_map(|word| word.to_str()).any(|word| word.split('=').next() == Some(flag));
    let variable = |option: &str| {
        let flag = option.split(' ').next().unwrap_or(option);
        let name = variable_of(flag.trim_start_matches('-'));
        (read.iter().any(|(known, _)| *known == name) && !is_typed(flag)).then_some(name)
    };
    let named = |option: String| variable(&option).unwrap_or(option);
    for kind in [ContextKind::InvalidArg, ContextKind::PriorArg] {
        let value = match error.get(kind) {
            Some(ContextValue::String(option)) => ContextValue::String(named(option.clone())),
            Some(ContextValue::Strings(options)) => ContextValue::Strings(options.iter().cloned().map(named).collect()),
            Some(_) | None => continue,
        };
        error.insert(kind, value);
    }
    error
}

/// The error for an option meant for uv, whose `--index` takes an address: here it is a flag, and the address would be
/// taken for the lock. The address is not shown: it may hold a login.
fn address_of_index(words: &[OsString]) -> Option<clap::Error> {
    let is_address = |word: &OsString| word.to_str().is_some_and(|word| word.contains("://"));
    let is_asked = words.windows(2).any(|pair| pair[0] == "--index" && is_address(&pair[1]));
    // There it takes one.
    let takes_one = words.iter().any(|word| word == "catalog");
    (is_asked && !takes_one).then(|| {
        let message = "--index takes no address here; use --index-url URL";
        let mut command = Cli::whole();
        command.build();
        let named = words.iter().find_map(|word| command.find_subcommand(word).cloned());
        named.unwrap_or(command).error(clap::error::ErrorKind::TooManyValues, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An error names the variable by the option's name.
    #[test]
    fn a_variable_is_named_as_its_option() {
        let command = Cli::whole();
        let all = command.get_subcommands().flat_map(clap::Command::get_arguments).chain(command.get_arguments());
        let named = all.filter_map(|one| Some((one.get_env()?.to_str()?, one.get_long()?)));
        let named: Vec<(&str, &str)> = named.collect();
        assert!(named.len() > 10);
        for (variable, option) in named {
            assert_eq!(variable, variable_of(option));
        }
    }

    /// A header that is read again must mean the same whatever the variables say.
    #[test]
    fn each_variable_of_an_export_is_known_to_be_one() {
        let command = Cli::whole();
        let export = command.find_subcommand("export").unwrap();
        let with: Vec<&str> =
            export.get_arguments().filter(|one| one.get_env().is_some()).filter_map(clap::Arg::get_long).collect();
        assert!(!with.is_empty() && with.iter().all(|option| ALL.contains(option)), "{with:?}");
        assert!(TARGET.iter().all(|option| ALL.contains(option)));
    }
}
