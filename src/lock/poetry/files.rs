//! The lists of files in a `poetry.lock`, read without TOML.
//!
//! Nine tenths of a lock are lines of one form, `    {file = "…", hash = "sha256:…"},`, and a TOML document of them takes
//! twenty times the room of the text. So lists made of nothing but such lines are read here and left out of what the TOML
//! reader gets. A list that is written in any other way is left to it whole.

use crate::digest::Sha256;
use crate::lock::excerpt::Excerpt;
use crate::lock::{LockedDigest, LockedFile};

/// The end of a line that a list begins with, the bracket last.
const HEAD: &str = " = [";
const FILE: &str = "    {file = \"";
const HASH: &str = "\", hash = \"sha256:";
const END: &str = "\"},";
/// Hexadecimal digits of a digest.
const DIGITS: usize = 64;

/// The lists that were read, each with the offset of its opening bracket, ascending.
#[derive(Debug, Default)]
pub(super) struct FileLists(Vec<(usize, Vec<LockedFile>)>);

impl FileLists {
    /// Reads all lists that have the usual form; also gives the rest of the text.
    pub(super) fn split(text: &str) -> (Self, Excerpt) {
        let (mut lists, mut rest) = (Self::default(), Excerpt::default());
        // Up to `kept` the text is in the excerpt or left out of it; before `at` no list begins.
        let (mut kept, mut at) = (0, 0);
        while let Some(length) = text[at..].find('\n') {
            let line = text[at..at + length].trim_end_matches('\r');
            let open = (at + line.len()).saturating_sub(1);
            at += length + 1;
            if line.ends_with(HEAD)
                && let Some((files, length)) = list(&text[at..])
            {
                lists.0.push((open, files));
                rest.keep(&text[kept..at]);
                rest.skip(length);
                at += length;
                kept = at;
            }
        }
        rest.keep(&text[kept..]);
        // Between such quotes a line may be part of a string.
        if rest.as_str().contains("\"\"\"") || rest.as_str().contains("'''") {
            (lists, rest) = (Self::default(), Excerpt::default());
            rest.keep(text);
        }
        (lists, rest)
    }

    /// The list whose bracket opens at an offset, if it was read here.
    pub(super) fn take(&mut self, at: usize) -> Option<Vec<LockedFile>> {
        let place = self.0.binary_search_by_key(&at, |list| list.0).ok()?;
        self.0.get_mut(place).map(|list| std::mem::take(&mut list.1))
    }
}

/// The files that a text begins with, up to a closing bracket, and how many bytes of it they take.
fn list(text: &str) -> Option<(Vec<LockedFile>, usize)> {
    let mut files = Vec::new();
    let mut left = text;
    while let Some((one, behind)) = file(left) {
        files.push(one);
        left = behind;
    }
    (!files.is_empty() && left.starts_with(']')).then(|| (files, text.len() - left.len()))
}

/// The file of the first line, and what follows the line.
fn file(text: &str) -> Option<(LockedFile, &str)> {
    let text = text.strip_prefix(FILE)?;
    let (name, text) = text.split_at(text.find('"')?);
    if name.bytes().any(|byte| matches!(byte, b'\\' | ..b' ' | 0x7f)) {
        return None;
    }
    let (digest, text) = text.strip_prefix(HASH)?.split_at_checked(DIGITS)?;
    let digest = digest.parse::<Sha256>().ok()?;
    let text = text.strip_prefix(END)?;
    let text = text.strip_prefix('\n').or_else(|| text.strip_prefix("\r\n"))?;
    Some((LockedFile { name: Some(name.to_owned()), digest: LockedDigest::Sha256(digest) }, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::toml::Toml;
    use crate::text::Source;

    fn line(name: &str) -> String {
        format!("    {{file = \"{name}\", hash = \"sha256:{}\"}},\n", "0a".repeat(32))
    }

    #[test]
    fn every_other_byte_still_knows_where_it_was() {
        for end in ["\n", "\r\n"] {
            let list = format!("files = [\n{}{}]\nz = 1\n", line("é-1.whl"), line("b-1.zip"));
            let text = format!("\u{feff}x = 0\n{list}[t]\n{list}y = [2]").replace('\n', end);
            let (mut lists, rest) = FileLists::split(&text);
            assert_eq!(
                rest.as_str(),
                "\u{feff}x = 0\nfiles = [\n]\nz = 1\n[t]\nfiles = [\n]\nz = 1\ny = [2]".replace('\n', end)
            );
            let source = Source::new("lock", text.clone());
            let toml = Toml::parse_part(&source, rest.part(0..rest.as_str().len()), "lock").unwrap();
            let table = toml.root().get("t").unwrap().as_table().unwrap();
            for (root, value) in [(toml.root().get("x"), "0"), (toml.root().get("z"), "1"), (table.get("y"), "[2]")] {
                let span = toml.span(root.unwrap());
                assert_eq!(&text[span.start..span.end], value);
            }
            for item in [toml.root().get("files"), table.get("files")] {
                let span = toml.span(item.unwrap());
                assert!(text[span.start..].starts_with('[') && text[..span.end].ends_with(']'));
                assert_eq!(lists.take(span.start + 1), None);
                let names: Vec<_> = lists.take(span.start).unwrap().into_iter().filter_map(|file| file.name).collect();
                assert_eq!(names, ["é-1.whl", "b-1.zip"]);
            }
        }
    }

    #[test]
    fn leaves_what_has_another_form() {
        let good = line("a.whl");
        for text in [
            format!("files = [\n{}]\n", good.replace("sha256", "md5")),
            format!("files = [\n{}]\n", good.replace("0a0a", "0a0g")),
            format!("files = [\n{}]\n", good.replace("a.whl", "a\\u0041.whl")),
            format!("files = [\n{good}  # more\n]\n"),
            format!("files = [\n{good}"),
            "files = [\n]\n".to_owned(),
            format!("files = [{good}]\n"),
            format!("x = '''\nfiles = [\n{good}]\n'''\n"),
            format!("x = \"\"\"\nfiles = [\n{good}]\n\"\"\"\n"),
        ] {
            let (lists, rest) = FileLists::split(&text);
            assert_eq!(rest.as_str(), text);
            assert!(lists.0.is_empty(), "{text}");
        }
    }
}
