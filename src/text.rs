//! Text with spans: a file's content, byte ranges in it, and edits that leave every other byte alone.

use std::fmt;

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

/// A file's text and the name it goes by in messages.
#[derive(Debug, Clone)]
pub struct Source {
    /// As the user named it; `<stdin>` for standard input.
    pub name: String,
    /// The whole text, byte-order mark and line ends included.
    pub text: String,
}

impl Source {
    /// Pairs a name with a text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
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

    /// The last component of the name: what goes into a header, so that no path of a machine does.
    pub fn file_name(&self) -> &str {
        self.name.rsplit(['/', '\\']).next().unwrap_or(&self.name)
    }

    /// Where a span is, for a message.
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
        Place {
            file: self.name.clone(),
            line: before.matches('\n').count() + 1,
            column,
            text: line_text.trim_start_matches('\u{feff}').to_owned(),
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
    /// The line itself, without its line end.
    pub text: String,
    /// How many characters the caret underlines; at least 1.
    pub width: usize,
}

/// How many characters of a long line are shown around a caret.
const SHOWN: usize = 100;

impl fmt::Display for Place {
    /// Three lines: `file:line:column`, the text, the caret. A long line is cut around the caret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let skip = if self.column > SHOWN * 3 / 4 { self.column - SHOWN / 2 } else { 0 };
        let shown: String = self
            .text
            .chars()
            .skip(skip)
            .take(SHOWN)
            .map(|c| if c == '\t' { ' ' } else { c })
            .filter(|c| !c.is_control())
            .collect();
        let lead = if skip > 0 { "…" } else { "" };
        let pad = " ".repeat(self.column - 1 - skip + lead.chars().count());
        let carets = "^".repeat(self.width.min(SHOWN.saturating_sub(self.column - 1 - skip)).max(1));
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        writeln!(f, "{margin}--> {}:{}:{}", self.file, self.line, self.column)?;
        writeln!(f, "{number} | {lead}{shown}")?;
        write!(f, "{margin} | {pad}{carets}")
    }
}

/// Replace the bytes under a span by a text. An empty span inserts, an empty text removes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced.
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

    /// True if nothing would change.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// The text with all edits made; bytes outside the spans are the same bytes.
    ///
    /// # Errors
    /// If two edits overlap or a span does not fit the text: a mistake of the caller, told rather than guessed around.
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn place_counts_lines_and_characters() {
        let source = Source::new("a.txt", "one\r\nzwölf drei\n");
        let at = source.text.find("drei").unwrap();
        let place = source.place(Span { start: at, end: at + 4 });
        assert_eq!((place.line, place.column, place.width), (2, 7, 4));
        assert_eq!(place.to_string(), " --> a.txt:2:7\n2 | zwölf drei\n  |       ^^^^");
    }

    #[test]
    fn overlapping_edits_are_refused() {
        let mut patch = Patch::default();
        patch.replace(Span { start: 0, end: 3 }, "x");
        patch.replace(Span { start: 2, end: 4 }, "y");
        assert!(patch.apply("abcdef").is_err());
    }

    proptest! {
        #[test]
        fn bytes_outside_an_edit_stay(text in "\\PC{0,40}", cut in 0usize..40, len in 0usize..10, new in "\\PC{0,9}") {
            let mut patch = Patch::default();
            patch.replace(Span { start: cut, end: cut + len }, new.clone());
            if let Ok(out) = patch.apply(&text) {
                prop_assert!(out.starts_with(&text[..cut]));
                prop_assert!(out.ends_with(&text[cut + len..]));
                prop_assert_eq!(out.len(), text.len() - len + new.len());
            }
        }

        #[test]
        fn a_place_never_panics(text in "\\PC{0,60}", start in 0usize..80, len in 0usize..80) {
            let _ = Source::new("f", text).place(Span { start, end: start + len }).to_string();
        }
    }
}
