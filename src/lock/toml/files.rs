//! The lists of files in a lock, read without TOML.
//!
//! Nine tenths of a lock are lines of one form, `    {file = "…", hash = "sha256:…"},`. A list that has any other line is
//! not read here.

use memchr::memchr;

use crate::lock::files::Placed;
use crate::packaging::digest::Sha256;
use crate::text::Span;

/// The start of a file's line.
const LINE: &str = "    {file = \"";
const HASH: &str = "\", hash = \"sha256:";
const END: &str = "\"},";
/// Hexadecimal digits of a digest.
const DIGITS: usize = 64;

/// Reads the files of a list that continues at an offset of its text, just behind the opening bracket; gives how many
/// bytes it takes up to the closing one and with it.
pub(super) fn list(whole: &str, start: usize, files: &mut Vec<Placed>) -> Option<usize> {
    let text = whole.get(start..)?;
    files.clear();
    let mut left = after_line_end(text)?;
    while let Some((one, behind)) = file(left, whole.len() - left.len()) {
        files.push(one);
        left = behind;
    }
    let behind = left.strip_prefix(']').filter(|_| !files.is_empty())?;
    Some(text.len() - behind.len())
}

/// The file of the first line, which begins at an offset of the whole text, and what follows the line.
fn file(text: &str, start: usize) -> Option<(Placed, &str)> {
    let text = text.strip_prefix(LINE)?;
    let (name, text) = text.split_at(memchr(b'"', text.as_bytes())?);
    // No early exit, so that the loop is vectorized.
    let odd = name.bytes().fold(false, |odd, byte| odd | matches!(byte, b'\\' | ..b' ' | 0x7f));
    let (digest, text) = text.strip_prefix(HASH)?.split_at_checked(DIGITS)?;
    let digest = digest.parse::<Sha256>().ok().filter(|_| !odd)?;
    let text = after_line_end(text.strip_prefix(END)?)?;
    let start = start + LINE.len();
    Some((Placed::new(Span { start, end: start + name.len() }, digest)?, text))
}

fn after_line_end(text: &str) -> Option<&str> {
    text.strip_prefix('\n').or_else(|| text.strip_prefix("\r\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::LockedFiles;

    fn line(name: &str) -> String {
        format!("    {{file = \"{name}\", hash = \"sha256:{}\"}},\n", "0a".repeat(32))
    }

    #[test]
    fn reads_lines_of_the_usual_form() {
        for end in ["\n", "\r\n"] {
            let text = format!("x = [\n{}{}]\nz = 1\n", line("é-1.whl"), line("b-1.zip")).replace('\n', end);
            let mut files = Vec::new();
            let length = list(&text, 5, &mut files).unwrap();
            assert_eq!(&text[5 + length..], "\nz = 1\n".replace('\n', end));
            let files = LockedFiles::within(&text.into(), files);
            let names: Vec<_> = files.iter().filter_map(|file| file.name).collect();
            assert_eq!(names, ["é-1.whl", "b-1.zip"]);
        }
    }

    #[test]
    fn leaves_what_has_another_form() {
        let good = line("a.whl");
        for text in [
            format!("\n{}]\n", good.replace("sha256", "md5")),
            format!("\n{}]\n", good.replace("0a0a", "0a0g")),
            format!("\n{}]\n", good.replace("a.whl", "a\\u0041.whl")),
            format!("\n{}]\n", good.replace("a.whl", "a\u{7f}.whl")),
            format!("\n{good}  # more\n]\n"),
            format!("\n{good}"),
            "\n]\n".to_owned(),
            format!("{good}]\n"),
        ] {
            assert!(list(&text, 0, &mut Vec::new()).is_none(), "{text}");
        }
    }
}
