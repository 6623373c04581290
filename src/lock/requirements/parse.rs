//! One logical line: what it asks for, and the options on it.
//!
//! ```text
//! line     = requirement | options
//! requirement = ("-e" | "--editable")? body (";" marker)? per-requirement-option*
//! body     = name extras? versions?  |  name extras? "@" (URL | path)  |  URL  |  path
//! extras   = "[" name ("," name)* "]"
//! versions = specifier ("," specifier)*     also in round brackets
//! options  = see `options.rs`               they begin at the first word that begins with "-"
//! ```

use std::ops::Range;

use pep440_rs::VersionSpecifiers;
use pep508_rs::{ExtraName, PackageName};

use super::GlobalOption;
use super::options::{AFTER_BACKSLASH, Fault, Flag, Given, flags, words};
use crate::lock::dependency::{LONGEST_NAME, LONGEST_VERSIONS};
use crate::text::cut;

/// The kind of a line.
#[derive(Debug)]
pub(super) enum Parsed {
    Requirement(Box<ParsedRequirement>),
    Include { path: String, constraint: bool, range: Range<usize> },
    Options(Vec<GlobalOption>),
}

/// The requirement of a line.
#[derive(Debug)]
pub(super) struct ParsedRequirement {
    /// `None` where the line has none before its URL or path.
    pub(super) name: Option<PackageName>,
    pub(super) extras: Vec<ExtraName>,
    pub(super) wanted: FileSpec,
    pub(super) editable: bool,
    /// From the name to the end of the versions or the URL.
    pub(super) body: Range<usize>,
    pub(super) marker: Option<Range<usize>>,
    /// Each `--hash` option and its value.
    pub(super) hashes: Vec<(Range<usize>, String)>,
    /// The end of its last word.
    pub(super) end: usize,
}

/// The file that a requirement line asks for.
#[derive(Debug)]
pub(super) enum FileSpec {
    /// One from an index. `None`: a variable is in the versions, so nobody knows them yet.
    Versions(Option<VersionSpecifiers>),
    /// The one at a URL or path, as written.
    Direct(String),
}

impl FileSpec {
    /// The versions asked for, where they are known.
    pub(super) fn versions(self) -> Option<VersionSpecifiers> {
        match self {
            Self::Versions(versions) => versions,
            Self::Direct(_) => None,
        }
    }
}

/// Reads the part of a logical line that is not comment; it is not blank.
pub(super) fn parse(code: &str) -> Result<Parsed, Fault> {
    let start = code.len() - code.trim_start().len();
    if !code[start..].starts_with('-') {
        return requirement(code, start, false);
    }
    match editable(code, start) {
        Some(body) => requirement(code, body, true),
        None => options(code, start),
    }
}

/// The `--hash` options of a line.
pub(super) fn hashes(code: &str) -> Vec<Range<usize>> {
    let start = code.len() - code.trim_start().len();
    let from = editable(code, start).unwrap_or(start);
    let given = words(code, options_at(code, from)).and_then(|words| flags(&words));
    given
        .unwrap_or_default()
        .into_iter()
        .filter(|given| matches!(given.flag, Flag::Hash))
        .map(|given| given.range)
        .collect()
}

/// The start of the body of an editable line.
fn editable(code: &str, start: usize) -> Option<usize> {
    let rest = &code[start..];
    let value = match rest.strip_prefix("--editable") {
        Some(value) if value.is_empty() || value.starts_with(['=', ' ', '\t']) => {
            value.strip_prefix('=').unwrap_or(value)
        }
        Some(_) => return None,
        None => rest.strip_prefix("-e")?,
    };
    Some(code.len() - value.trim_start().len())
}

/// The start of the options behind a requirement: at the first word that begins with a hyphen.
fn options_at(code: &str, from: usize) -> usize {
    let bytes = code.as_bytes();
    let blank = |at: usize| at == from || matches!(bytes[at - 1], b' ' | b'\t');
    (from..bytes.len()).find(|at| bytes[*at] == b'-' && blank(*at)).unwrap_or(bytes.len())
}

fn requirement(code: &str, start: usize, editable: bool) -> Result<Parsed, Fault> {
    let options = options_at(code, start);
    let (body, marker) = split_marker(code, trimmed(code, start..options));
    let mut asked = read_body(code, body)?;
    asked.editable = editable;
    if let Some(marker) = marker {
        if marker.is_empty() {
            return Err(Fault::new("there is no marker behind the `;`", marker.start - 1..marker.start));
        }
        asked.end = marker.end;
        asked.marker = Some(marker);
    }
    if editable && matches!(asked.wanted, FileSpec::Versions(_)) {
        return Err(Fault::new("only a folder or a repository can be editable", asked.body));
    }
    for given in flags(&words(code, options)?)? {
        asked.end = given.range.end;
        match given.flag {
            Flag::Hash => asked.hashes.push((given.range, given.value)),
            Flag::PerRequirement => {}
            _ => {
                let fault = Fault::new("this option cannot follow a requirement", given.range);
                return Err(fault.help("put it on a line of its own"));
            }
        }
    }
    Ok(Parsed::Requirement(Box::new(asked)))
}

fn options(code: &str, start: usize) -> Result<Parsed, Fault> {
    let mut global = Vec::new();
    let mut include = None;
    let given = flags(&words(code, start)?)?;
    let alone = given.len() == 1;
    for Given { flag, value, range } in given {
        global.push(match flag {
            Flag::Requirements | Flag::Constraints if !alone => {
                return Err(Fault::new("more than one option on a line that names a file", range)
                    .help("pip reads only one of them; put each on a line of its own"));
            }
            Flag::Requirements | Flag::Constraints => {
                include = Some(Parsed::Include { path: value, constraint: matches!(flag, Flag::Constraints), range });
                continue;
            }
            Flag::Hash | Flag::PerRequirement => {
                return Err(Fault::new("there is no requirement before this option", range).help(
                    "the line above must end in a backslash, and a line that is only a comment ends the requirement",
                ));
            }
            Flag::Editable => return Err(Fault::new("`--editable` must come first on its line", range)),
            Flag::Valued(option) => option(value),
            Flag::Switch(option) => option,
        });
    }
    Ok(include.unwrap_or(Parsed::Options(global)))
}

/// Splits at the `;` before a marker. A URL may hold one, so there one with a blank beside it takes precedence.
fn split_marker(code: &str, range: Range<usize>) -> (Range<usize>, Option<Range<usize>>) {
    let text = &code[range.clone()];
    let blank = |c: Option<char>| c.is_some_and(char::is_whitespace);
    let apart = |at: &usize| blank(text[..*at].chars().next_back()) || blank(text[at + 1..].chars().next());
    let has_url = text.contains("://");
    let semicolons = || text.match_indices(';').map(|(at, _)| at);
    let at = match semicolons().find(|at| !has_url || apart(at)) {
        None if !is_url(text) => semicolons().next(),
        at => at,
    };
    match at {
        None => (range, None),
        Some(at) => {
            let at = range.start + at;
            (trimmed(code, range.start..at), Some(trimmed(code, at + 1..range.end)))
        }
    }
}

fn read_body(code: &str, body: Range<usize>) -> Result<ParsedRequirement, Fault> {
    let body = unquoted(code, body);
    let text = &code[body.clone()];
    let here = |at: usize, length: usize| body.start + at..body.start + at + length;
    let asked = |name, extras, wanted| ParsedRequirement {
        name,
        extras,
        wanted,
        editable: false,
        body: body.clone(),
        marker: None,
        hashes: Vec::new(),
        end: body.end,
    };
    if text.is_empty() {
        return Err(Fault::new("there is nothing to install before the options", body));
    }
    if is_url(text) || text.starts_with("${") {
        return Ok(asked(None, Vec::new(), direct(text, &body)?));
    }
    let name_length = text.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')).count();
    let after = &text[name_length..];
    let (extras, rest) = match after.trim_start().strip_prefix('[') {
        None => (None, after.trim_start()),
        Some(inner) => match inner.split_once(']') {
            Some((extras, rest)) => (Some(extras), rest.trim_start()),
            None => return Err(Fault::new("this bracket is not closed", here(text.len() - inner.len() - 1, 1))),
        },
    };
    let operator = rest.starts_with(['=', '<', '>', '!', '~', '(']);
    if !rest.starts_with('@') && !operator && is_path(text) {
        return Ok(asked(None, Vec::new(), direct(text, &body)?));
    }
    let glued = after.starts_with(|c: char| !c.is_whitespace() && !"[@=<>!~(\\".contains(c));
    let name =
        text[..name_length].parse::<PackageName>().ok().filter(|_| (1..=LONGEST_NAME).contains(&name_length) && !glued);
    let name = name.ok_or_else(|| {
        let length = text.find(char::is_whitespace).unwrap_or(text.len());
        let shown: String = text[..length].chars().take(40).collect();
        Fault::new(format!("`{}` is not a package name", shown.escape_debug()), here(0, length))
    })?;
    let extras = extras.unwrap_or_default().split(',').map(str::trim).filter(|extra| !extra.is_empty());
    let extras = extras.map(str::parse).collect::<Result<Vec<ExtraName>, _>>().map_err(|_| {
        Fault::new("this is not a list of extras", here(name_length, text.len() - name_length - rest.len()))
    })?;
    let rest_at = text.len() - rest.len();
    if let Some(target) = rest.strip_prefix('@') {
        return Ok(asked(Some(name), extras, direct(target.trim(), &here(rest_at, rest.len()))?));
    }
    if !rest.is_empty() && !operator {
        let fault = Fault::new("a version, a marker or an option is expected here", here(rest_at, rest.len()));
        return Err(if rest.starts_with('\\') { fault.help(AFTER_BACKSLASH) } else { fault });
    }
    let versions = rest.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(rest);
    if versions.contains("${") {
        return Ok(asked(Some(name), extras, FileSpec::Versions(None)));
    }
    if versions.len() > LONGEST_VERSIONS {
        let message = format!("these versions take more than {LONGEST_VERSIONS} bytes");
        return Err(Fault::new(message, here(rest_at, rest.len())));
    }
    let versions = versions.parse::<VersionSpecifiers>().map_err(|error| {
        let error = error.to_string();
        let why = error.lines().next().unwrap_or_default();
        let fault = Fault::new(format!("the version cannot be read: {}", cut(why, 200)), here(rest_at, rest.len()));
        if rest.ends_with('\\') { fault.help(AFTER_BACKSLASH) } else { fault }
    })?;
    Ok(asked(Some(name), extras, FileSpec::Versions(Some(versions))))
}

/// A URL or path as written, unless it is empty, is two words, or has a scheme that no installer downloads from.
fn direct(target: &str, range: &Range<usize>) -> Result<FileSpec, Fault> {
    // One letter before a colon is a drive.
    let scheme = target.split_once(':').map(|(scheme, _)| scheme).filter(|scheme| {
        scheme.len() > 1 && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    });
    let known = scheme.is_none_or(|scheme| is_url(target) && !scheme.eq_ignore_ascii_case("ftp"));
    // A path may have blanks if it is plainly one; a sentence with a slash in it is none.
    let path = scheme.is_none() && target.starts_with(['.', '/', '~']);
    if !target.is_empty() && known && (path || !target.contains(char::is_whitespace)) {
        return Ok(FileSpec::Direct(target.to_owned()));
    }
    Err(Fault::new("this is neither a URL nor a path that can be read", range.clone())
        .help("an installer takes http, https and file URLs, repositories (git+https) and paths"))
}

/// True if the text begins with a scheme that pip knows.
pub(super) fn is_url(text: &str) -> bool {
    let Some((scheme, _)) = text.split_once(':') else { return false };
    let scheme = scheme.to_ascii_lowercase();
    matches!(scheme.as_str(), "http" | "https" | "file" | "ftp") || is_repository(&scheme)
}

/// True for a scheme of a version control system: `git+https`.
pub(super) fn is_repository(scheme: &str) -> bool {
    scheme.split_once('+').is_some_and(|(kind, _)| matches!(kind, "git" | "hg" | "svn" | "bzr"))
}

/// True for the name of a file that can be installed.
pub(super) fn is_archive(text: &str) -> bool {
    [".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tar"]
        .iter()
        .any(|end| text.ends_with(end))
}

fn is_path(text: &str) -> bool {
    text.starts_with(['.', '/', '~']) || text.contains(['/', '\\']) && !text.ends_with('\\') || is_archive(text)
}

fn trimmed(code: &str, range: Range<usize>) -> Range<usize> {
    let text = &code[range.clone()];
    let start = range.start + (text.len() - text.trim_start().len());
    start..(start + text.trim().len())
}

/// The range without quotes, where one pair of them is around it all.
fn unquoted(code: &str, range: Range<usize>) -> Range<usize> {
    let text = &code[range.clone()];
    let quoted = |quote: char| text.len() > 1 && text.starts_with(quote) && text.ends_with(quote);
    if quoted('"') || quoted('\'') { range.start + 1..range.end - 1 } else { range }
}
