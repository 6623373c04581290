//! A text of TOML without the lists of files in the usual form, which are nine tenths of a `poetry.lock`.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr;

use super::files;
use crate::lock::LockedFiles;
use crate::text::{Span, Text};

/// The end of a line that begins a list.
const LIST: &str = " = [";
/// The table of a lock of version 1 whose keys are packages and whose values are lists of files.
const METADATA_FILES: &str = "[metadata.files]";

/// A part of a text in which each list of files is `[]`.
pub(super) struct Shortened<'s> {
    pub(super) text: Cow<'s, str>,
    /// The start of the part.
    start: usize,
    cuts: Vec<Cut>,
}

/// A list that is left out.
struct Cut {
    /// The place of its opening bracket in the shortened text.
    at: usize,
    /// The number of bytes left out up to its end, earlier ones included.
    removed: usize,
    files: LockedFiles,
}

impl<'s> Shortened<'s> {
    /// All of a part.
    pub(super) fn whole(text: &'s Text, part: Range<usize>) -> Self {
        Self { text: Cow::Borrowed(&text[part.clone()]), start: part.start, cuts: Vec::new() }
    }

    /// A part without lists of files: what `files` of a package or any key of `[metadata.files]` has.
    pub(super) fn new(text: &'s Text, part: Range<usize>) -> Self {
        let mut short = Self::whole(text, part.clone());
        let (mut kept, mut removed, mut from) = (String::new(), 0, part.start);
        let (mut at, mut in_files, mut placed) = (part.start, false, Vec::new());
        while at < part.end {
            let end = memchr(b'\n', &text.as_bytes()[at..part.end]).map_or(part.end, |length| at + length);
            let line = text[at..end].trim_end_matches('\r');
            if line.starts_with('[') {
                in_files = line == METADATA_FILES;
            } else if let Some(key) = line.strip_suffix(LIST)
                && (in_files || key == "files")
                && let Some(length) = files::list(&text[..part.end], at + line.len(), &mut placed)
            {
                let bracket = at + line.len() - 1;
                if short.cuts.is_empty() {
                    // Exact where there is one list, as in a part of one package.
                    kept.reserve(part.len() - length + 1);
                }
                kept.push_str(&text[from..=bracket]);
                from = bracket + length;
                removed += length - 1;
                let files = LockedFiles::within(text, placed.drain(..));
                short.cuts.push(Cut { at: kept.len() - 1, removed, files });
                at = from;
                continue;
            }
            at = end + 1;
        }
        if !short.cuts.is_empty() {
            kept.push_str(&text[from..part.end]);
            short.text = Cow::Owned(kept);
        }
        short
    }

    /// The span in the source of a span in the shortened text.
    pub(super) fn span(&self, span: toml_parser::Span) -> Span {
        let place = |at: usize| {
            let before = self.cuts.partition_point(|cut| cut.at < at);
            self.start + at + before.checked_sub(1).map_or(0, |last| self.cuts[last].removed)
        };
        Span { start: place(span.start()), end: place(span.end()) }
    }

    /// The files of the list whose opening bracket is at a place in the shortened text, if it was left out.
    pub(super) fn files(&self, at: usize) -> Option<&LockedFiles> {
        let cut = self.cuts.binary_search_by_key(&at, |cut| cut.at).ok()?;
        Some(&self.cuts[cut].files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_files_are_left_out_and_places_stay_known() {
        let list = |name: &str| format!("[\n    {{file = \"{name}\", hash = \"sha256:{}\"}},\n]", "0a".repeat(32));
        let (one, two, three) = (list("a.whl"), list("b.zip"), list("c.whl"));
        let whole = format!(
            "?\n[[package]]\nfiles = {one}\nother = {two}\n[metadata.files]\n\"c.d\" = {three}\n[x]\ny = {two}\nz = []\n"
        );
        for end in ["\n", "\r\n"] {
            let text = Text::from(whole.replace('\n', end));
            let short = Shortened::new(&text, 1..text.len());
            let expected = whole[1..].replacen(&one, "[]", 1).replacen(&three, "[]", 1).replace('\n', end);
            assert_eq!(short.text, expected);
            for (at, of) in [("files", one.as_str()), ("\"c.d\"", &three)] {
                let at = short.text.find(at).unwrap() + at.len() + " = ".len();
                let span = short.span(toml_parser::Span::new_unchecked(at, at + "[]".len()));
                assert_eq!(text[span.start..span.end], of.replace('\n', end));
                assert_eq!(short.files(at).unwrap().iter().count(), 1);
            }
            for key in ["[[package]]", "other", "[x]", "z = []"] {
                let at = short.text.find(key).unwrap();
                let span = short.span(toml_parser::Span::new_unchecked(at, at + key.len()));
                assert_eq!(&text[span.start..span.end], key);
                assert!(short.files(at).is_none());
            }
        }
    }
}
