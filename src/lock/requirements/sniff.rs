//! Recognizes files that are no requirements file, before their first line is called a bad requirement.

use super::parse::{FileSpec, Parsed, parse};
use crate::text::{Span, off_line};

/// Bytes that may not be in the text, with the reason.
///
/// Python's `splitlines`, with which pip reads, ends a line at more characters than a newline. A comment that holds one
/// hides a requirement from every reader but pip.
pub(super) fn forbidden(text: &str) -> Option<(Span, String)> {
    let bytes = text.as_bytes();
    let rest = |at: usize| bytes.get(at + 1..).unwrap_or_default();
    bytes.iter().enumerate().find_map(|(at, byte)| {
        let (length, why) = match byte {
            0 => (1, Some("there is a NUL byte: this is not a text file")),
            b'\r' if !rest(at).starts_with(b"\n") => {
                (1, Some("a carriage return without a line feed (U+000D); pip ends the line there"))
            }
            0x0b | 0x0c | 0x1c..=0x1e => (1, None),
            0xc2 if rest(at).starts_with(b"\x85") => (2, None),
            0xe2 if matches!(rest(at), [0x80, 0xa8 | 0xa9, ..]) => (3, None),
            // Invisible, and for pip a part of the name that follows.
            0xef if at > 0 && rest(at).starts_with(b"\xbb\xbf") => (3, Some("a byte-order mark inside the text")),
            _ => return None,
        };
        let ends = || format!("there is {}", off_line(&text[at..at + length]).unwrap_or_default());
        Some(((at..at + length).into(), why.map_or_else(ends, str::to_owned)))
    })
}

/// The first line that is neither blank nor a comment, and where its physical line begins.
fn first_line(text: &str) -> Option<(usize, &str)> {
    let mut at = text.len() - text.strip_prefix('\u{feff}').unwrap_or(text).len();
    text[at..].split_inclusive('\n').find_map(|line| {
        let start = at;
        at += line.len();
        let line = line.trim();
        (!line.is_empty() && !line.starts_with('#')).then_some((start, line))
    })
}

/// True for a text whose first line is one of a requirements file and of nothing else.
pub(in crate::lock) fn is_requirements(text: &str) -> bool {
    let Some((_, line)) = first_line(text).filter(|(_, line)| kind(line).is_none()) else { return false };
    let line = line.split(" #").next().unwrap_or_default().trim_end_matches('\\').trim_end();
    match parse(line) {
        Ok(Parsed::Requirement(one)) => match one.wanted {
            // A mere name may be the rest of anything.
            FileSpec::Versions(versions) => one.editable || versions.is_none_or(|versions| !versions.is_empty()),
            FileSpec::Direct(_) => true,
        },
        Ok(Parsed::Include { .. } | Parsed::Options(_)) => true,
        Err(_) => false,
    }
}

/// The format of a text that is plainly another one, and the line that shows it.
pub(super) fn other_format(text: &str) -> Option<(Span, &'static str)> {
    let (at, line) = first_line(text)?;
    let format = kind(line)?;
    let length = line.len().min(40);
    let length = (0..=length).rev().find(|end| line.is_char_boundary(*end)).unwrap_or(0);
    let start = at + text[at..].find(line).unwrap_or(0);
    Some(((start..start + length).into(), format))
}

fn kind(line: &str) -> Option<&'static str> {
    if line.chars().any(|c| c.is_control() && c != '\t') {
        return Some("a binary file");
    }
    if line.starts_with('<') {
        return Some("HTML or XML");
    }
    if line.starts_with('{') {
        return Some("JSON");
    }
    if let Some(inner) = line.strip_prefix('[') {
        let table = inner.trim_start_matches('[').starts_with(|c: char| c.is_ascii_alphabetic());
        return Some(if table { "TOML" } else { "JSON" });
    }
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '"');
    let rest = line.trim_start_matches(word);
    if rest.len() == line.len() {
        return None;
    }
    if let Some(value) = rest.trim_start().strip_prefix('=')
        && (value.trim_start().starts_with(['"', '\'', '[', '{']) || line.starts_with("version = "))
    {
        return Some("TOML");
    }
    if rest == ":" || rest.starts_with(": ") || line == "---" {
        return Some("YAML");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_other_formats_by_their_first_line() {
        for (text, format) in [
            ("\n<!DOCTYPE html>", "HTML or XML"),
            ("\u{feff}{\n\"a\": 1}", "JSON"),
            ("[1, 2]", "JSON"),
            ("[\n{}", "JSON"),
            ("# made by a lock tool\n\n[[package]]\nname = \"torch\"", "TOML"),
            ("[tool.poetry]", "TOML"),
            ("lock-version = \"1.0\"", "TOML"),
            ("version = 1\nrevision = 3", "TOML"),
            ("name: torch", "YAML"),
            ("dependencies:\n - torch", "YAML"),
            ("PK\u{3}\u{4}", "a binary file"),
            ("torch==2.0.1", ""),
            ("torch=2.0.1", ""),
            ("torch @ https://x.example/a", ""),
            ("https://x.example/torch-1.0.0-py3-none-any.whl", ""),
            ("--index-url https://x.example", ""),
            ("torch[x] == 1", ""),
            ("# nothing", ""),
            ("", ""),
        ] {
            assert_eq!(other_format(text).map_or("", |(_, format)| format), format, "{text}");
        }
    }

    #[test]
    fn its_first_line_tells_a_requirements_file() {
        for text in [
            "# made by a tool\n\ntorch==2.1.2 \\\n    --hash=sha256:00",
            "\u{feff}numpy>=1  # why\n",
            "torch[x] ; python_version < '3.9'\n".replace(" ;", "~=2.0 ;").as_str(),
            "torch @ https://x.example/torch-1-py3-none-any.whl",
            "-e .",
            "-r base.txt",
            "--index-url https://x.example/simple",
        ] {
            assert!(is_requirements(text), "{text}");
        }
        for text in
            ["", "# nothing", "lock-vers", "lock-version = \"1.0\"", "[[package]]", "a = 1", "a == ", "<html>", "{}"]
        {
            assert!(!is_requirements(text), "{text}");
        }
    }

    #[test]
    fn points_at_the_line() {
        let text = "# é\n  <html>";
        let (span, _) = other_format(text).unwrap();
        assert_eq!(&text[span.start..span.end], "<html>");
        assert!(other_format(&format!("<{}", "é".repeat(50))).is_some());
    }

    #[test]
    fn refuses_hidden_line_ends() {
        for text in [
            "a\0",
            "# a\rb",
            "# a\u{b}b",
            "# a\u{c}b",
            "# a\u{1e}b",
            "# a\u{85}b",
            "# a\u{2028}b",
            "#\u{2029}",
            "\u{feff}\u{feff}",
        ] {
            assert!(forbidden(text).is_some(), "{text:?}");
        }
        for text in ["a\r\nb\n", "# é … \u{2027}", "\u{feff}a\tb", "\u{e285}"] {
            assert!(forbidden(text).is_none(), "{text:?}");
        }
    }
}
