//! The texts of clap itself: help, or a fault of a command line, in the requested format and colours.

use std::ffi::OsString;

use clap::ValueEnum;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{ColourArg, ReportFormat, Reporting, ToneArgs};
use crate::report::error::{Code, Problem};

/// The commands.
const COMMANDS: [&str; 10] =
    ["export", "rewrite", "check", "audit", "verify", "catalog", "init", "completions", "targets", "man"];

/// The words that may be options, of a command line that may not be understood.
pub(super) fn options(words: &[OsString]) -> Vec<&str> {
    words.iter().skip(1).filter_map(|word| word.to_str()).take_while(|word| *word != "--").collect()
}

impl ColourArg {
    /// As the words ask for it, wherever the mistake is among them.
    pub fn of(words: &[OsString]) -> Self {
        let words = options(words);
        let mut wanted = words.iter().enumerate().filter_map(|(at, word)| match word.strip_prefix("--color")? {
            "" => Self::from_str(words.get(at + 1)?, false).ok(),
            value => Self::from_str(value.strip_prefix('=')?, false).ok(),
        });
        wanted.next_back().unwrap_or(Self::Auto)
    }
}

impl ToneArgs {
    /// As the words ask for it, wherever the mistake is among them.
    pub fn of(words: &[OsString]) -> Self {
        let is_short = |word: &&&str| {
            word.strip_prefix('-').is_some_and(|letters| letters.bytes().all(|c| matches!(c, b'q' | b'v')))
        };
        let options = options(words);
        let short =
            options.iter().filter(is_short).flat_map(|word| word.bytes()).filter(|letter| *letter == b'q').count();
        let quiet = short + options.iter().filter(|word| **word == "--quiet").count();
        Self { quiet: u8::try_from(quiet).unwrap_or(u8::MAX), verbose: 0, color: ColourArg::of(words) }
    }
}

impl Reporting {
    /// As the words ask for it, wherever the mistake is among them.
    pub fn of(words: &[OsString]) -> Self {
        let words = options(words);
        let mut format = words.iter().enumerate().filter_map(|(at, word)| match word.split_once('=') {
            _ if *word == "--json" => Some(ReportFormat::Json),
            Some(("--output-format" | "--report", format)) => ReportFormat::from_str(format, false).ok(),
            None if matches!(*word, "--output-format" | "--report") => {
                ReportFormat::from_str(words.get(at + 1)?, false).ok()
            }
            Some(_) | None => None,
        });
        let format = format.next_back().unwrap_or(ReportFormat::Text);
        let command = words.iter().find_map(|word| COMMANDS.into_iter().find(|name| name == word));
        Self { command, format, is_printed: !matches!(command, Some("export" | "rewrite")) }
    }
}

/// A text of clap's, in place of a command line that was read.
#[derive(Debug)]
pub struct UsageText {
    /// The text, without colours.
    pub text: String,
    /// True if the command line is wrong or lacks something; else the text is what was asked for.
    pub is_wrong: bool,
    /// The fault; `None` for any other text, such as help.
    pub problem: Option<Problem>,
}

impl From<clap::Error> for UsageText {
    fn from(mut error: clap::Error) -> Self {
        if let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue)
            && matches!(value.as_str(), "github" | "sarif")
        {
            let tip = "github and sarif are for findings: check, audit and verify have them";
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
        }
        Self { text: error.render().to_string(), is_wrong: error.use_stderr(), problem: problem(&error) }
    }
}

/// The fault of a command line; `None` for any other text of clap, such as help.
fn problem(error: &clap::Error) -> Option<Problem> {
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
        (true, None) => problem.help("see torchswap COMMAND --help for the options"),
    })
}

/// A text of clap's for a terminal: its first word, headings, options and commands stand out. clap's own colours would make
/// the program larger than these lines do.
pub fn painted(text: &str, paint: impl Fn(&str, &str) -> String) -> String {
    const HEADING: &str = "1;4";
    let mut is_commands = false;
    let mut line = |line: &str| {
        let named = [("error", "1;31"), ("  tip", "32"), ("Usage:", HEADING)].into_iter();
        let mut named = named.filter_map(|(word, code)| Some(paint(code, word) + line.strip_prefix(word)?));
        let rest = line.trim_start();
        let indent = line.len() - rest.len();
        let is_heading = indent == 0 && rest.ends_with(':');
        is_commands = (is_commands && !rest.is_empty() && indent > 0) || rest == "Commands:";
        let end = match (indent, rest.starts_with('-')) {
            (2 | 6, true) => rest.split_inclusive(' ').take_while(|word| word.starts_with('-')).map(str::len).sum(),
            (2, false) if is_commands => rest.find(' ').unwrap_or(rest.len()),
            _ => 0,
        };
        let (name, rest) = rest.split_at(end);
        match name.trim_end() {
            _ if is_heading => paint(HEADING, line),
            "" => named.next().unwrap_or_else(|| line.to_owned()),
            bare => format!("{}{}{}{rest}", &line[..indent], paint("1", bare), &name[bare.len()..]),
        }
    };
    text.split('\n').map(&mut line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;

    #[test]
    fn what_can_be_typed_stands_out() {
        let of = |text: &str| painted(text, |code, text| format!("<{code} {text}>"));
        for (plain, coloured) in [
            ("error: unexpected argument '-x' found", "<1;31 error>: unexpected argument '-x' found"),
            ("  tip: a similar one\n\nUsage: a", "<32   tip>: a similar one\n\n<1;4 Usage:> a"),
            ("Commands:\n  export  Write\n          more\n", "<1;4 Commands:>\n  <1 export>  Write\n          more\n"),
            ("Options:\n  -C, --dir <DIR>  Run", "<1;4 Options:>\n  <1 -C, --dir> <DIR>  Run"),
            ("      --fix\n          --fix writes", "      <1 --fix>\n          --fix writes"),
            ("  --fix\n\n  torchswap check", "  <1 --fix>\n\n  torchswap check"),
            ("é", "é"),
        ] {
            assert_eq!(of(plain), coloured);
            assert_eq!(painted(plain, |_, text| text.to_owned()), plain);
        }
    }

    #[test]
    fn the_colour_is_read_wherever_it_is() {
        let of = |line: &str| ColourArg::of(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(of("torchswap export --color always --bogus"), ColourArg::Always);
        assert_eq!(of("torchswap --color=always export --color=never"), ColourArg::Never);
        for text in
            ["torchswap --colors always", "torchswap -- --color always", "torchswap x --color", "torchswap --color=red"]
        {
            assert_eq!(of(text), ColourArg::Auto, "{text}");
        }
    }

    #[test]
    fn each_command_is_known() {
        let command = Cli::whole();
        let mut names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        let mut known = COMMANDS;
        names.sort_unstable();
        known.sort_unstable();
        assert_eq!(names, known);
    }

    #[test]
    fn the_format_is_read_wherever_it_is() {
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
