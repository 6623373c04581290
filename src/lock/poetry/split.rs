//! A `poetry.lock` cut before each package, to be read one by one: a tree of the whole takes a lot more room.

use std::ops::Range;

use memchr::{memchr, memmem};

/// The header of a package.
const PACKAGE: &str = "[[package]]";
/// The end of a line that begins a list of several lines, and the end of such a list.
const LIST: &str = " = [";
const LIST_END: &[u8] = b"\n]";
/// The start of its own tables' headers.
const BELOW: &str = "[package.";

/// The parts of a lock in order, at least one; `[extras]` and `[metadata]` are in the last. A lock that is not laid out
/// as Poetry does is one part.
pub(super) fn split(text: &str) -> Vec<Range<usize>> {
    let starts = starts(text).unwrap_or_else(|| vec![0]);
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().zip(ends).map(|(start, end)| *start..end).collect()
}

/// The start of each part; `None` if a table of another kind is before the last package, or anything but comments
/// before the first, or if a line may be part of a string.
fn starts(text: &str) -> Option<Vec<usize>> {
    let mut starts = vec![0];
    let list_end = memmem::Finder::new(LIST_END);
    let (mut at, mut packages, mut others) = (0, 0, false);
    while at < text.len() {
        let end = memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |length| at + length + 1);
        let line = text[at..end].trim_ascii_end();
        if packages > 0 && line.ends_with(LIST) && !line.contains('#') {
            // Most lines are in lists, where none is a header.
            at = list_end.find(&text.as_bytes()[end - 1..]).map_or(end, |length| end + length);
            continue;
        }
        if packages > 0 && line.starts_with(|c: char| c.is_ascii_alphabetic()) {
            at = end;
            continue;
        }
        let bare = line.trim_start_matches('\u{feff}').trim();
        if bare == PACKAGE {
            // What is before the first package is a part with it.
            starts.extend((packages > 0).then_some(at));
            packages += 1;
            if others {
                return None;
            }
        } else if packages == 0 {
            others |= !(bare.is_empty() || bare.starts_with('#'));
        } else {
            others |= bare.starts_with('[') && !bare.starts_with(BELOW);
        }
        at = end;
    }
    let has = |quotes: &str| memmem::find(text.as_bytes(), quotes.as_bytes()).is_some();
    (!has("\"\"\"") && !has("'''")).then_some(starts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        split(text).into_iter().map(|part| &text[part]).collect()
    }

    #[test]
    fn cuts_before_each_package() {
        let text = "# made\n\n[[package]]\nn = 1\n[package.x]\n\n[[package]]\r\nn = 2\n[extras]\n[metadata]\nv = 3";
        let found = texts(text);
        assert_eq!(found.concat(), text);
        assert_eq!(found.len(), 2);
        assert!(found[1].starts_with("[[package]]\r\nn = 2"));
        let lists = "[[package]]\nn = [\n  [[package]]\n,\n]\nm = [\n]\n[[package]]\nn = [\n";
        let last = lists.rfind(PACKAGE).unwrap();
        assert_eq!(texts(lists), [&lists[..last], &lists[last..]]);
    }

    #[test]
    fn leaves_another_layout_whole() {
        for text in [
            "",
            "[metadata]\nv = 3\n[[package]]\nn = 1\n[[package]]\nn = 2\n",
            "x = 1\n[[package]]\nn = 1\n[[package]]\nn = 2\n",
            "[[package]]\nn = 1\n [extras]\n[[package]]\nn = 2\n",
            "[[package]]\nn = 1 # = [\n[extras]\n]\n[[package]]\nn = 2\n",
            "[[package]]\nn = '''\n[[package]]\n'''\n",
        ] {
            assert_eq!(texts(text), [text]);
        }
    }
}
