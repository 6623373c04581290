//! Logical lines: physical lines joined by backslashes, with the way back to the bytes they came from.
//!
//! ```text
//! logical  = (part "\" end)* last end?     a backslash is the last character of its line
//! last     = part | comment-line           a line that is only a comment ends the logical line (as in pip and uv)
//! comment  = "#" …                         at the start of a line or after white space, found after the joining
//! end      = "\n" | "\r\n"
//! ```

use std::borrow::Cow;
use std::ops::Range;

use crate::text::Span;

/// The longest logical line that is read, in bytes: a line of a thousand hashes is a tenth of it.
pub(super) const LONGEST: usize = 1 << 20;

/// One logical line.
#[derive(Debug)]
pub(super) struct Logical<'a> {
    /// Its bytes in the source, line end included.
    pub(super) span: Span,
    /// The physical lines without backslashes and line ends, comment included.
    joined: Cow<'a, str>,
    /// The start of each physical line after the first: in `joined`, in the source. Few lines have one, so the many are
    /// read without an allocation.
    more: Vec<(usize, usize)>,
    code: usize,
    comment: Option<usize>,
}

/// A logical line that is longer than [`LONGEST`].
#[derive(Debug)]
pub(super) struct TooLong {
    /// Its first bytes.
    pub(super) span: Span,
}

impl<'a> Logical<'a> {
    /// Reads the line that begins at a byte of the text; `None` at its end.
    pub(super) fn read(text: &'a str, start: usize) -> Result<Option<Self>, TooLong> {
        if start >= text.len() {
            return Ok(None);
        }
        let mut joined = Cow::Borrowed("");
        let mut more = Vec::new();
        let mut comment_line = None;
        let mut at = start;
        loop {
            let (content, next) = physical(text, at);
            let is_comment = is_comment(content);
            let continued = !is_comment && content.ends_with('\\');
            let part = if continued { content.trim_end_matches('\\') } else { content };
            let first = at == start;
            let lone_comment = is_comment && first;
            if joined.len() + part.len() > LONGEST && !lone_comment {
                return Err(TooLong { span: (start..start).into() });
            }
            if is_comment {
                comment_line = Some(joined.len());
            }
            if first {
                joined = Cow::Borrowed(part);
            } else {
                more.push((joined.len(), at));
                joined.to_mut().push_str(part);
            }
            at = next;
            if !continued || at >= text.len() {
                break;
            }
        }
        let before = comment_line.unwrap_or(joined.len());
        let comment = find_comment(&joined[..before])
            .or_else(|| comment_line.and_then(|line| joined[line..].find('#').map(|hash| line + hash)));
        let code = joined[..comment.unwrap_or(joined.len())].trim_end().len();
        Ok(Some(Self { span: (start..at).into(), joined, more, code, comment }))
    }

    /// The part before the comment, without blanks at its end.
    pub(super) fn code(&self) -> &str {
        &self.joined[..self.code]
    }

    /// The comment, without its `#`.
    pub(super) fn comment(&self) -> Option<&str> {
        self.comment.map(|at| &self.joined[at + 1..])
    }

    /// True if a comment behind code ends in a backslash: pip takes the line below into the comment, uv does not.
    pub(super) fn swallows(&self) -> bool {
        self.comment.zip(self.more.last()).is_some_and(|(comment, (last, _))| comment < *last)
    }

    /// The bytes of the source under a range of the joined line.
    pub(super) fn span(&self, range: Range<usize>) -> Span {
        let start = self.byte(range.start);
        let end = if range.end > range.start { self.byte(range.end - 1) + 1 } else { start };
        Span { start, end }
    }

    fn byte(&self, joined: usize) -> usize {
        let pieces = self.more.partition_point(|(at, _)| *at <= joined);
        let (at, source) = pieces.checked_sub(1).map_or((0, self.span.start), |last| self.more[last]);
        source + (joined - at)
    }
}

/// The physical line at a byte, without its line end, and where the next one begins.
pub(super) fn physical(text: &str, at: usize) -> (&str, usize) {
    let rest = &text[at..];
    let (line, next) = match rest.find('\n') {
        Some(end) => (&rest[..end], at + end + 1),
        None => (rest, text.len()),
    };
    (line.strip_suffix('\r').unwrap_or(line), next)
}

/// True for a physical line with nothing but a comment.
pub(super) fn is_comment(content: &str) -> bool {
    content.trim_start().starts_with('#')
}

/// True for a line that should continue below but cannot, because its file ends there.
pub(super) fn is_dangling(line: &str) -> bool {
    let line = line.strip_suffix('\n').unwrap_or(line);
    let (last, _) = physical(line, line.rfind('\n').map_or(0, |at| at + 1));
    last.ends_with('\\') && !is_comment(last)
}

/// The start of a comment: a `#` at the start or after white space. One inside a URL is none.
fn find_comment(text: &str) -> Option<usize> {
    text.match_indices('#').map(|(at, _)| at).find(|at| text[..*at].chars().next_back().is_none_or(char::is_whitespace))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, Option<String>, Span)> {
        let mut at = 0;
        let mut out = Vec::new();
        while let Some(line) = Logical::read(text, at).unwrap() {
            at = line.span.end;
            out.push((line.code().to_owned(), line.comment().map(str::to_owned), line.span));
        }
        out
    }

    fn codes(text: &str) -> Vec<String> {
        read(text).into_iter().map(|(code, ..)| code).collect()
    }

    #[test]
    fn joins_at_a_backslash_without_adding_blanks() {
        assert_eq!(codes("a=\\\n=1 \\\r\n  --b\nc"), ["a==1   --b", "c"]);
        assert_eq!(codes("a \\ \nb"), ["a \\", "b"]);
        assert_eq!(codes("a \\\\\n b"), ["a  b"]);
    }

    #[test]
    fn a_comment_begins_at_the_start_or_after_white_space() {
        let lines = read("a @ https://x.example/a.whl#sha256=b # c\n#d\n  # e \\\nf#g");
        let seen: Vec<_> = lines.iter().map(|(code, comment, _)| (code.as_str(), comment.as_deref())).collect();
        let url = "a @ https://x.example/a.whl#sha256=b";
        assert_eq!(seen, [(url, Some(" c")), ("", Some("d")), ("", Some(" e \\")), ("f#g", None)]);
    }

    #[test]
    fn a_comment_line_ends_a_continuation_and_a_comment_behind_code_does_not() {
        assert_eq!(codes("a==1 \\\n# c\nb"), ["a==1", "b"]);
        assert_eq!(codes("a==1\\\n# c\nb"), ["a==1", "b"]);
        assert_eq!(codes("a==1 # c \\\n --hash=x\nb"), ["a==1", "b"]);
    }

    #[test]
    fn knows_a_comment_that_swallows_the_next_line() {
        for (text, swallows) in [
            ("a==1 # c \\\nb==1", true),
            ("a==1 \\\n --b # c \\\n # d", true),
            ("a==1 \\\n # c \\\nb==1", false),
            ("a==1 # c \\", false),
            ("a==1 # c\nb==1", false),
        ] {
            assert_eq!(Logical::read(text, 0).unwrap().unwrap().swallows(), swallows, "{text:?}");
        }
    }

    #[test]
    fn spans_lead_back_to_the_source() {
        let text = "\n aé\\\r\nb==1 \\\n  --c\n";
        let line = Logical::read(text, 1).unwrap().unwrap();
        let found = line.code().find("b==1").unwrap();
        let span = line.span(found..found + 4);
        assert_eq!(&text[span.start..span.end], "b==1");
        let name = line.span(1..found + 1);
        assert_eq!(&text[name.start..name.end], "aé\\\r\nb");
        let before = line.span(1..found);
        assert_eq!(&text[before.start..before.end], "aé");
        assert_eq!(line.span, Span { start: 1, end: text.len() });
    }

    #[test]
    fn knows_a_backslash_at_the_end_of_the_text() {
        for (text, dangling) in [
            ("a \\", true),
            ("a \\\r\n", true),
            ("a \\\n\n", false),
            ("a \\\n # a \\\n", false),
            ("# a \\", false),
            ("", false),
        ] {
            assert_eq!(is_dangling(text), dangling, "{text:?}");
        }
    }

    #[test]
    fn refuses_endless_lines_but_not_endless_comments() {
        assert!(Logical::read(&"a".repeat(LONGEST + 1), 0).is_err());
        assert!(Logical::read(&"ab\\\n".repeat(LONGEST), 0).is_err());
        assert!(Logical::read(&"# ab".repeat(LONGEST), 0).is_ok());
    }
}
