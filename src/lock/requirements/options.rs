//! The options on a line: words, and the options they spell.
//!
//! ```text
//! options  = option (blank option)*
//! option   = "--name" (("=" | blank) value)?  |  "-x" blank? value
//! ```
//!
//! Words may be quoted, as in a shell; a backslash stays what it is.

use std::borrow::Cow;
use std::ops::Range;

use super::GlobalOption;

/// The remedy for a backslash with a blank behind it.
pub(super) const AFTER_BACKSLASH: &str =
    "a line goes on below only if the backslash is its last character, without a blank behind it";

/// A fault of a line, and its place in it.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) range: Range<usize>,
    pub(super) help: Option<&'static str>,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>, range: Range<usize>) -> Self {
        Self { message: message.into(), range, help: None }
    }

    pub(super) fn help(mut self, help: &'static str) -> Self {
        self.help = Some(help);
        self
    }
}

/// A word of the options.
pub(super) struct Word<'a> {
    text: Cow<'a, str>,
    range: Range<usize>,
}

/// Splits options into words, from a byte of the line on.
pub(super) fn words(code: &str, from: usize) -> Result<Vec<Word<'_>>, Fault> {
    let mut words = Vec::new();
    let mut at = from;
    while let Some(skip) = code[at..].find(|c: char| !c.is_whitespace()) {
        let start = at + skip;
        let mut quote = None;
        let mut quoted = false;
        let end = code[start..].char_indices().find_map(|(at, c)| {
            match (quote, c) {
                (None, '"' | '\'') => (quote, quoted) = (Some(c), true),
                (Some(open), _) if open == c => quote = None,
                (None, _) if c.is_whitespace() => return Some(start + at),
                _ => {}
            }
            None
        });
        let end = end.unwrap_or(code.len());
        if quote.is_some() {
            return Err(Fault::new("this quote is not closed", start..end));
        }
        let text = &code[start..end];
        let text = if quoted { Cow::Owned(without_quotes(text)) } else { Cow::Borrowed(text) };
        words.push(Word { text, range: start..end });
        at = end;
    }
    Ok(words)
}

fn without_quotes(text: &str) -> String {
    let mut quote = None;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match quote {
            None if c == '"' || c == '\'' => quote = Some(c),
            Some(open) if open == c => quote = None,
            _ => out.push(c),
        }
    }
    out
}

/// An option that was given, with its value.
pub(super) struct Given {
    pub(super) flag: Flag,
    pub(super) value: String,
    /// The option and its value.
    pub(super) range: Range<usize>,
}

/// The options that may be in a requirements file.
#[derive(Debug, Clone)]
pub(super) enum Flag {
    Requirements,
    Constraints,
    Editable,
    Hash,
    /// One more that only a requirement has; nothing here depends on it.
    PerRequirement,
    /// One for the whole file, which has a value.
    Valued(fn(String) -> GlobalOption),
    /// One for the whole file, without a value.
    Switch(GlobalOption),
}

impl Flag {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "-r" | "--requirement" | "--requirements" => Self::Requirements,
            "-c" | "--constraint" | "--constraints" => Self::Constraints,
            "-e" | "--editable" => Self::Editable,
            "--hash" => Self::Hash,
            "--config-settings" | "--config-setting" | "-C" | "--global-option" | "--install-option" => {
                Self::PerRequirement
            }
            "-i" | "--index-url" | "--pypi-url" => Self::Valued(GlobalOption::IndexUrl),
            "--extra-index-url" => Self::Valued(GlobalOption::ExtraIndexUrl),
            "-f" | "--find-links" => Self::Valued(GlobalOption::FindLinks),
            "--no-index" => Self::Switch(GlobalOption::NoIndex),
            "--trusted-host" => Self::Valued(GlobalOption::TrustedHost),
            "--pre" => Self::Switch(GlobalOption::Pre),
            "--prefer-binary" => Self::Switch(GlobalOption::PreferBinary),
            "--no-binary" => Self::Valued(GlobalOption::NoBinary),
            "--only-binary" => Self::Valued(GlobalOption::OnlyBinary),
            "--require-hashes" => Self::Switch(GlobalOption::RequireHashes),
            "--use-feature" => Self::Valued(GlobalOption::UseFeature),
            _ => return None,
        })
    }
}

/// Pairs options with their values.
pub(super) fn flags(words: &[Word<'_>]) -> Result<Vec<Given>, Fault> {
    let mut given = Vec::new();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let (name, attached) = match word.text.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value)),
            _ if word.text.starts_with("--") || word.text.len() <= 2 || !word.text.is_char_boundary(2) => {
                (&*word.text, None)
            }
            _ => {
                let (name, value) = word.text.split_at(2);
                (name, Some(value))
            }
        };
        let Some(flag) = Flag::named(name) else {
            let shown: String = name.chars().take(40).collect();
            let what = if name.starts_with('-') { "no option of a requirements file" } else { "out of place here" };
            let fault = Fault::new(format!("`{}` is {what}", shown.escape_debug()), word.range.clone());
            return Err(if name == "\\" { fault.help(AFTER_BACKSLASH) } else { fault });
        };
        let mut range = word.range.clone();
        let value = match (&flag, attached) {
            (Flag::Switch(_), Some(_)) => return Err(Fault::new(format!("`{name}` takes no value"), range)),
            (Flag::Switch(_), None) => String::new(),
            (_, Some(value)) => value.to_owned(),
            (_, None) => {
                let value = rest.next().ok_or_else(|| Fault::new(format!("`{name}` needs a value"), range.clone()))?;
                range.end = value.range.end;
                value.text.clone().into_owned()
            }
        };
        given.push(Given { flag, value, range });
    }
    Ok(given)
}
