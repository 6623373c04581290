//! The lists of files in a lock, read without TOML.
//!
//! Nine tenths of a lock are lines of one form, `    {file = "…", hash = "sha256:…"},`. A list that has any other line is
//! not read here.

use memchr::memchr;

use crate::digest::Sha256;
use crate::lock::{LockedDigest, LockedFile};

/// What a file's line begins with.
const LINE: &str = "    {file = \"";
const HASH: &str = "\", hash = \"sha256:";
const END: &str = "\"},";
/// Hexadecimal digits of a digest.
const DIGITS: usize = 64;

/// The files of a list, and how many bytes of the text it takes: from behind the opening bracket to the closing one.
pub(super) fn list(text: &str) -> Option<(Vec<LockedFile>, usize)> {
    let mut files = Vec::new();
    let mut left = after_line_end(text)?;
    while let Some((one, behind)) = file(left) {
        files.push(one);
        left = behind;
    }
    let behind = left.strip_prefix(']').filter(|_| !files.is_empty())?;
    Some((files, text.len() - behind.len()))
}

/// The file of the first line, and what follows the line.
fn file(text: &str) -> Option<(LockedFile, &str)> {
    let text = text.strip_prefix(LINE)?;
    let (name, text) = text.split_at(memchr(b'"', text.as_bytes())?);
    // All are looked at, however soon the answer is known: that way they are looked at many at a time.
    let odd = name.bytes().fold(false, |odd, byte| odd | matches!(byte, b'\\' | ..b' ' | 0x7f));
    let (digest, text) = text.strip_prefix(HASH)?.split_at_checked(DIGITS)?;
    let digest = digest.parse::<Sha256>().ok().filter(|_| !odd)?;
    let text = after_line_end(text.strip_prefix(END)?)?;
    Some((LockedFile { name: Some(name.to_owned()), digest: LockedDigest::Sha256(digest) }, text))
}

fn after_line_end(text: &str) -> Option<&str> {
    text.strip_prefix('\n').or_else(|| text.strip_prefix("\r\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str) -> String {
        format!("    {{file = \"{name}\", hash = \"sha256:{}\"}},\n", "0a".repeat(32))
    }

    #[test]
    fn reads_lines_of_the_usual_form() {
        for end in ["\n", "\r\n"] {
            let text = format!("\n{}{}]\nz = 1\n", line("é-1.whl"), line("b-1.zip")).replace('\n', end);
            let (files, length) = list(&text).unwrap();
            assert_eq!(&text[length..], "\nz = 1\n".replace('\n', end));
            let names: Vec<_> = files.into_iter().filter_map(|file| file.name).collect();
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
            assert!(list(&text).is_none(), "{text}");
        }
    }
}
