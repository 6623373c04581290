//! Physical lines to instructions: continuations, comments, heredocs.

use std::sync::LazyLock;

use regex::Regex;

use crate::text::Span;

/// One instruction.
#[derive(Debug)]
pub(super) struct Instruction {
    /// In capitals.
    pub(super) keyword: String,
    /// The rest of the instruction, continued lines joined by a blank; the lines of a heredoc behind it.
    pub(super) rest: String,
    /// Its bytes.
    span: Span,
}

/// The instructions of a Dockerfile.
pub(super) fn instructions(text: &str) -> Vec<Instruction> {
    let escape = escape(text);
    let mut all = Vec::new();
    let mut at = 0;
    let mut lines = text.split_inclusive('\n').map(|line| {
        let start = at;
        at += line.len();
        (start, line.trim_start_matches('\u{feff}').trim_end_matches(['\n', '\r']))
    });
    while let Some((start, first)) = lines.next() {
        if is_comment(first) || first.trim().is_empty() {
            continue;
        }
        let (mut joined, mut end) = (String::new(), start + first.len());
        let mut line = first;
        while let Some(open) = line.trim_end().strip_suffix(escape) {
            joined.push_str(open);
            joined.push(' ');
            // Comments and blank lines do not end a continuation.
            let next = lines.by_ref().find(|(_, next)| !is_comment(next) && !next.trim().is_empty());
            let Some((start, next)) = next else {
                line = "";
                break;
            };
            (line, end) = (next, start + next.len());
        }
        joined.push_str(line);
        let joined = joined.trim();
        let (keyword, rest) = joined.split_once(char::is_whitespace).unwrap_or((joined, ""));
        let keyword = keyword.to_ascii_uppercase();
        let mut rest = rest.trim().to_owned();
        if matches!(keyword.as_str(), "RUN" | "COPY" | "ADD") {
            for (word, tabs) in heredocs(&rest) {
                for (_, line) in lines.by_ref() {
                    if (if tabs { line.trim_start_matches('\t') } else { line }) == word {
                        break;
                    }
                    if keyword == "RUN" {
                        rest.push_str(" ; ");
                        rest.push_str(line);
                    }
                }
            }
        }
        all.push(Instruction { keyword, rest, span: Span { start, end } });
    }
    all
}

/// The place of the image of a `FROM`: its first word that is no flag.
pub(super) fn place(text: &str, from: &Instruction) -> Span {
    let image = from.rest.split_whitespace().find(|word| !word.starts_with("--")).unwrap_or_default();
    let written = text.get(from.span.start..from.span.end).unwrap_or_default();
    let keyword = written.len().min(4);
    match written.get(keyword..).and_then(|behind| behind.find(image)).filter(|_| !image.is_empty()) {
        Some(at) => Span { start: from.span.start + keyword + at, end: from.span.start + keyword + at + image.len() },
        None => from.span,
    }
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

/// The character that continues a line: `\`, or what a directive at the top says.
fn escape(text: &str) -> char {
    let top = text.lines().take_while(|line| line.starts_with('#'));
    let mut directives = top.filter_map(|line| line.trim_start_matches('#').trim().split_once('='));
    let named = directives.find(|(key, _)| key.trim().eq_ignore_ascii_case("escape"));
    if named.is_some_and(|(_, value)| value.trim() == "`") { '`' } else { '\\' }
}

/// `<<EOF`, `<<-EOF`, `<<"EOF"`: all of a word.
static HEREDOC: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"<<(-?)["']*([0-9A-Za-z_]+)["']*(?:[ \t]|$)"#).ok());

/// The words that end heredocs, and whether tabs before them are left out.
fn heredocs(rest: &str) -> Vec<(String, bool)> {
    let each = HEREDOC.iter().flat_map(|pattern| pattern.captures_iter(rest)).map(|one| one.extract());
    each.map(|(_, [tabs, word])| (word.to_owned(), !tabs.is_empty())).collect()
}
