//! A `poetry.lock` cut before each package, to be read one by one: a TOML document of the whole takes a lot more room.

use crate::lock::excerpt::{Excerpt, Part};

/// What a package begins with.
const PACKAGE: &str = "[[package]]";
/// What its own tables begin with.
const BELOW: &str = "[package.";

/// The parts of a lock in order, at least one; `[extras]` and `[metadata]` are in the last. A lock that is not laid out
/// as Poetry does is one part.
pub(super) fn parts(lock: &Excerpt) -> Vec<Part<'_>> {
    let text = lock.as_str();
    starts(text).map_or_else(
        || vec![lock.part(0..text.len())],
        |starts| {
            let ends = starts.iter().skip(1).copied().chain([text.len()]);
            starts.iter().zip(ends).map(|(start, end)| lock.part(*start..end)).collect()
        },
    )
}

/// Where the parts begin; `None` if a table of another kind stands before the last package, or anything but comments
/// before the first, or if a line may be part of a string.
fn starts(text: &str) -> Option<Vec<usize>> {
    let mut starts = vec![0];
    let (mut at, mut packages, mut others) = (0, 0, false);
    for line in text.split_inclusive('\n') {
        let bare = line.trim_start_matches('\u{feff}').trim();
        if bare == PACKAGE {
            // What stands before the first package is a part with it.
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
        at += line.len();
    }
    (!text.contains("\"\"\"") && !text.contains("'''")).then_some(starts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        let mut lock = Excerpt::default();
        lock.keep(text);
        parts(&lock).iter().map(|part| part.text.to_owned()).collect()
    }

    #[test]
    fn cuts_before_each_package() {
        let text = "# made\n\n[[package]]\nn = 1\n[package.x]\n\n[[package]]\r\nn = 2\n[extras]\n[metadata]\nv = 3";
        let found = texts(text);
        assert_eq!(found.concat(), text);
        assert_eq!(found.len(), 2);
        assert!(found[1].starts_with("[[package]]\r\nn = 2"));
    }

    #[test]
    fn leaves_another_layout_whole() {
        for text in [
            "",
            "[metadata]\nv = 3\n[[package]]\nn = 1\n[[package]]\nn = 2\n",
            "x = 1\n[[package]]\nn = 1\n[[package]]\nn = 2\n",
            "[[package]]\nn = 1\n [extras]\n[[package]]\nn = 2\n",
            "[[package]]\nn = '''\n[[package]]\n'''\n",
        ] {
            assert_eq!(texts(text), [text]);
        }
    }
}
