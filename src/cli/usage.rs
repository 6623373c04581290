//! A command line that was not understood: in which format that is told, and what was wrong.

use std::ffi::OsString;

use clap::ValueEnum;
use clap::error::ErrorKind;

use super::{ReportFormat, Reporting};
use crate::report::error::{Code, Problem};

/// The commands, and whether the report is what they print.
const COMMANDS: [(&str, bool); 10] = [
    ("export", false),
    ("rewrite", false),
    ("check", true),
    ("audit", true),
    ("verify", true),
    ("catalog", true),
    ("init", true),
    ("completions", true),
    ("targets", true),
    ("man", true),
];

impl Reporting {
    /// As the words ask for it, wherever what is wrong stands among them.
    pub fn of(words: &[OsString]) -> Self {
        let words = words.iter().skip(1).filter_map(|word| word.to_str()).take_while(|word| *word != "--");
        let words: Vec<&str> = words.collect();
        let mut format = words.iter().enumerate().filter_map(|(at, word)| match word.split_once('=') {
            _ if *word == "--json" => Some(ReportFormat::Json),
            Some(("--output-format" | "--report", format)) => ReportFormat::from_str(format, false).ok(),
            None if matches!(*word, "--output-format" | "--report") => {
                ReportFormat::from_str(words.get(at + 1)?, false).ok()
            }
            Some(_) | None => None,
        });
        let format = format.next_back().unwrap_or(ReportFormat::Text);
        let command = words.iter().find_map(|word| COMMANDS.into_iter().find(|(name, _)| name == word));
        Self {
            command: command.map(|(name, _)| name),
            format,
            is_printed: command.is_none_or(|(_, is_printed)| is_printed),
        }
    }
}

/// What is wrong with a command line; `None` where clap says something else, such as a help text.
pub fn problem(error: &clap::Error) -> Option<Problem> {
    if !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return None;
    }
    // Paragraphs: what is wrong, tips, how it is used.
    let text = error.render().to_string();
    let mut parts = text.split("\n\n").map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    let message = parts.next()?;
    let problem = Problem::new(Code::Usage, message.strip_prefix("error: ").unwrap_or(&message));
    let (tips, others): (Vec<String>, Vec<String>) = parts.partition(|part| part.starts_with("tip: "));
    let usage = others.into_iter().find(|part| part.starts_with("Usage: "));
    let tips: Vec<&str> = tips.iter().filter_map(|tip| tip.strip_prefix("tip: ")).collect();
    Some(match (tips.is_empty(), usage) {
        (false, _) => problem.help(tips.join("; ")),
        (true, Some(usage)) => problem.help(usage.replacen("Usage", "usage", 1)),
        (true, None) => problem.help("torchswap COMMAND --help tells the options"),
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn each_command_is_known() {
        let command = Cli::command();
        let mut names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        let mut known = COMMANDS.map(|(name, _)| name);
        names.sort_unstable();
        known.sort_unstable();
        assert_eq!(names, known);
    }

    #[test]
    fn the_format_is_read_wherever_it_stands() {
        let of = |line: &str| Reporting::of(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        let json = |command, is_printed| Reporting { command, format: ReportFormat::Json, is_printed };
        assert_eq!(of("torchswap check --fxi --output-format json"), json(Some("check"), true));
        assert_eq!(of("torchswap --fxi --report=json export"), json(Some("export"), false));
        assert_eq!(of("torchswap catalog --json lst"), json(Some("catalog"), true));
        assert_eq!(of("torchswap chekc --output-format json"), json(None, true));
        for text in ["torchswap check -- --json", "torchswap check --output-format", "torchswap check --report xml"] {
            assert_eq!(of(text).format, ReportFormat::Text, "{text}");
        }
    }
}
