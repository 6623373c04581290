//! Text with spans: a file's content, byte ranges in it, and edits that keep every other byte.
//!
//! Imports: nothing.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use regex::Regex;

/// A range of bytes in a [`Source`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl From<std::ops::Range<usize>> for Span {
    fn from(range: std::ops::Range<usize>) -> Self {
        Self { start: range.start, end: range.end }
    }
}

/// A text that many may hold on to: a copy costs next to nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text(Arc<String>);

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Arc::new(text))
    }
}

impl From<Text> for String {
    /// Copies it only if somebody else holds it as well.
    fn from(text: Text) -> Self {
        Arc::unwrap_or_clone(text.0)
    }
}

impl PartialEq<String> for Text {
    fn eq(&self, other: &String) -> bool {
        *self.0 == *other
    }
}

/// A file's text and its name in messages.
#[derive(Debug, Clone)]
pub struct Source {
    /// As the user named it; `<stdin>` for standard input.
    pub name: String,
    /// The whole text, byte-order mark and line ends included. What is in it can be kept by its place.
    pub text: Text,
}

impl Source {
    /// Pairs a name with a text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: Text(Arc::new(text.into())) }
    }

    /// The text under a span; empty where the span does not fit the text.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// The line end that the text's first line uses: `\r\n` or `\n`.
    pub fn line_end(&self) -> &'static str {
        match self.text.find('\n') {
            Some(at) if at > 0 && self.text.as_bytes()[at - 1] == b'\r' => "\r\n",
            _ => "\n",
        }
    }

    /// The whole lines around a span, line end included.
    pub fn lines(&self, span: Span) -> Span {
        let start = self.text[..span.start].rfind('\n').map_or(0, |at| at + 1);
        let end = self.text[span.end..].find('\n').map_or(self.text.len(), |at| span.end + at + 1);
        Span { start, end }
    }

    /// The last component of the name, for headers: no path of a machine belongs there.
    pub fn file_name(&self) -> &str {
        file_name(&self.name)
    }

    /// The place of a span, for a message.
    pub fn place(&self, span: Span) -> Place {
        let mut start = span.start.min(self.text.len());
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &self.text[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line_text = self.text[line_start..].split(['\n', '\r']).next().unwrap_or_default();
        let column = before[line_start..].chars().filter(|c| *c != '\u{feff}').count() + 1;
        let under = self.text.get(start..span.end.min(line_start + line_text.len())).unwrap_or_default();
        let line_text = line_text.trim_start_matches('\u{feff}');
        let skipped = if line_text.len() > LONG { skipped(column) } else { 0 };
        let text = line_text.chars().skip(skipped);
        Place {
            file: self.name.clone(),
            line: before.matches('\n').count() + 1,
            column,
            text: if line_text.len() > LONG { text.take(SHOWN).collect() } else { text.collect() },
            skipped,
            width: under.chars().count().max(1),
        }
    }
}

/// A place in a file as a person reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file's name as the user gave it.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// The line itself, without its line end; of a very long one the part around the place.
    pub text: String,
    /// How many characters of the line are before that part.
    pub skipped: usize,
    /// How many characters the caret underlines; at least 1.
    pub width: usize,
}

/// How many characters of a long line are shown around a caret.
const SHOWN: usize = 100;
/// How many bytes a line may have to be kept whole: a report should not repeat a file that is one line.
const LONG: usize = 1000;

/// How many characters are left out before a column.
fn skipped(column: usize) -> usize {
    if column > SHOWN * 3 / 4 { column - SHOWN / 2 } else { 0 }
}

/// How alike two names must be, from 0 to 1, for one to be taken for a slip of the other.
const ALIKE: f64 = 0.7;

/// A map whose keys are names, texts or digests. The hash of the standard library takes four times as long for keys as
/// short as these.
pub type Lookup<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// The pieces of a text between bytes that are ASCII. Each is a few bytes long where this is used, and `str::split` takes
/// longer to begin its search for the next one: for the names of wheels and the lines of tables it took four times as long.
pub fn pieces(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = text.bytes().position(|byte| byte == separator);
        rest = end.map(|end| &text[end + 1..]);
        Some(end.map_or(text, |end| &text[..end]))
    })
}

/// The last component of a path, whichever system it is of.
pub fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Of several names the one that was probably meant; `None` if none is much alike.
pub fn nearest<'n>(meant: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let rated = names.into_iter().map(|name| (strsim::jaro_winkler(meant, name), name));
    rated.max_by(|one, other| one.0.total_cmp(&other.0)).filter(|(alike, _)| *alike > ALIKE).map(|(_, name)| name)
}

/// A text without the logins in its URLs: `https://me:secret@i.example` becomes `https://…@i.example`.
pub fn without_logins(text: &str) -> String {
    static LOGIN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"://[^/ \t\r\n]*@").ok());
    LOGIN.as_ref().map_or_else(|| "…".to_owned(), |login| login.replace_all(text, "://…@").into_owned())
}

/// How many characters of a text a message quotes.
const QUOTED: usize = 80;

/// A piece of a file as a message quotes it: cut where it is long, and what a terminal would obey is escaped.
pub fn quoted(text: &str) -> String {
    cut(text, QUOTED)
}

/// As [`quoted`], cut behind so many characters.
pub fn cut(text: &str, most: usize) -> String {
    let mut rest = text.chars();
    let mut shown = String::new();
    for c in rest.by_ref().take(most) {
        match c {
            '"' | '\'' | '\\' => shown.push(c),
            c => shown.extend(c.escape_debug()),
        }
    }
    if rest.next().is_some() {
        shown.push('…');
    }
    shown
}

/// A character that a terminal obeys rather than shows: a control character, one that ends the line, or one that turns
/// the writing around.
fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text as a message shows it: on one line, with what a terminal would obey escaped.
pub fn shown(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_obeyed(c) { shown.extend(c.escape_debug()) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

/// Why a text cannot be a part of one line that pip reads: a character at which Python's `str.splitlines` ends a line, or
/// another control character, named by its code point.
pub fn off_line(text: &str) -> Option<String> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return None;
    }
    let ends = |c: char| matches!(c, '\n'..='\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let odd = text.chars().find(|c| c.is_control() || ends(*c))?;
    let what = if ends(odd) { "at which pip ends the line" } else { "a control character" };
    Some(format!("U+{:04X}, {what}", u32::from(odd)))
}

/// The first `${NAME}` of a text: in a requirements file pip puts a variable of the environment there.
pub fn variable(text: &str) -> Option<&str> {
    text.match_indices("${").find_map(|(at, _)| {
        let name = &text[at + 2..];
        let end = name.find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'))?;
        (end > 0 && name[end..].starts_with('}')).then(|| &text[at..at + 2 + end + 1])
    })
}

impl fmt::Display for Place {
    /// Three lines: `file:line:column`, the text, the caret. A long line is cut around the caret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let skip = skipped(self.column).max(self.skipped);
        let plain = |c: char| match c {
            '\t' => ' ',
            c if is_obeyed(c) => char::REPLACEMENT_CHARACTER,
            c => c,
        };
        let line: String = self.text.chars().skip(skip - self.skipped).take(SHOWN).map(plain).collect();
        let lead = if skip > 0 { "…" } else { "" };
        let pad = " ".repeat(self.column - 1 - skip + lead.chars().count());
        let carets = "^".repeat(self.width.min(SHOWN.saturating_sub(self.column - 1 - skip)).max(1));
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        writeln!(f, "{margin}--> {}:{}:{}", shown(&self.file), self.line, self.column)?;
        writeln!(f, "{number} | {lead}{line}")?;
        write!(f, "{margin} | {pad}{carets}")
    }
}

/// Replace the bytes under a span by a text. An empty span inserts, an empty text removes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The bytes that are replaced.
    pub span: Span,
    /// By what.
    pub text: String,
}

/// Edits of one text that do not overlap. Edits at one place apply in the order they were added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patch {
    edits: Vec<Edit>,
}

impl Patch {
    /// Adds an edit.
    pub fn replace(&mut self, span: Span, text: impl Into<String>) {
        self.edits.push(Edit { span, text: text.into() });
    }

    /// Adds an insertion before the byte at `at`.
    pub fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.replace(Span { start: at, end: at }, text);
    }

    /// The same edits of a part of the text that begins at a byte.
    #[must_use]
    pub fn moved(&self, start: usize) -> Self {
        let inside = |span: Span| Span { start: span.start.saturating_sub(start), end: span.end.saturating_sub(start) };
        let edits = self.edits.iter().map(|edit| Edit { span: inside(edit.span), text: edit.text.clone() });
        Self { edits: edits.collect() }
    }

    /// The text with all edits made; bytes outside the spans are the same bytes.
    ///
    /// # Errors
    /// If two edits overlap or a span does not fit the text: a mistake of the caller, reported rather than guessed around.
    pub fn apply(&self, text: &str) -> Result<String, OverlappingEdits> {
        let mut edits: Vec<&Edit> = self.edits.iter().collect();
        edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
        let mut out = String::with_capacity(text.len() + edits.iter().map(|edit| edit.text.len()).sum::<usize>());
        let mut at = 0;
        for edit in edits {
            let kept = text.get(at..edit.span.start).ok_or(OverlappingEdits(edit.span))?;
            if text.get(edit.span.start..edit.span.end).is_none() {
                return Err(OverlappingEdits(edit.span));
            }
            out.push_str(kept);
            out.push_str(&edit.text);
            at = edit.span.end;
        }
        out.push_str(&text[at..]);
        Ok(out)
    }
}

/// Two edits wanted the same bytes, or an edit lay outside the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverlappingEdits(pub Span);

impl fmt::Display for OverlappingEdits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an edit of bytes {} to {} overlaps another or lies outside the text", self.0.start, self.0.end)
    }
}

impl std::error::Error for OverlappingEdits {}

/// Bytes as people say them: `4.1 GB`.
pub fn size(bytes: u64) -> String {
    let in_tenths = |unit: u64, name: &str| {
        let tenths = bytes.saturating_add(unit / 20) / (unit / 10);
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    };
    match bytes {
        100_000_000.. => in_tenths(1_000_000_000, "GB"),
        100_000.. => in_tenths(1_000_000, "MB"),
        _ => in_tenths(1_000, "kB"),
    }
}

/// True if a text is a size as [`size`] writes it, and nothing else.
pub fn is_size(text: &str) -> bool {
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let tenths = |number: &str| number.split_once('.').is_some_and(|(whole, part)| is_number(whole) && is_number(part));
    text.split_once(' ').is_some_and(|(number, unit)| matches!(unit, "GB" | "MB" | "kB") && tenths(number))
}

#[cfg(test)]
mod tests;
