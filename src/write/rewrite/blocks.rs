//! Texts of entries of a `pylock.toml`: edited, marked and put one behind the other.

use crate::lock::pylock::PylockBlock;
use crate::text::{Patch, Source};
use crate::write::entry::in_style;

/// Edits within the block.
pub(super) fn in_block(source: &Source, block: &PylockBlock, patch: &Patch) -> String {
    let text = source.slice(block.span);
    // A patch made of spans of this very text cannot fail; if it did, the re-read of the new lock would show it.
    patch.moved(block.span.start).apply(text).unwrap_or_else(|_| text.to_owned())
}

/// Blocks one behind the other, a blank line between them.
pub(super) fn parted(source: &Source, texts: &[String]) -> String {
    let mut all = String::new();
    for text in texts {
        let gap = in_style(source, gap(&all));
        all.push_str(&gap);
        all.push_str(text);
    }
    all
}

/// The line ends between a text and the next block, for a blank line between them.
pub(super) fn gap(before: &str) -> &'static str {
    let before = before.replace("\r\n", "\n");
    match before.is_empty() || before.ends_with("\n\n") {
        true => "",
        false if before.ends_with('\n') => "\n",
        false => "\n\n",
    }
}

/// Gives an entry a marker, written as TOML, or none.
pub(super) fn mark(source: &Source, block: &PylockBlock, marker: Option<&str>, patch: &mut Patch) {
    match (&block.marker, marker) {
        (Some((value, _)), Some(marker)) => patch.replace(*value, marker),
        (Some((_, lines)), None) => patch.replace(*lines, ""),
        (None, Some(marker)) => {
            patch.insert(block.behind_version, in_style(source, &format!("marker = {marker}\n")));
        }
        (None, None) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_line_parts_a_block_from_the_one_before() {
        for before in ["a", "a\n", "a\n\n", "a\r\n", "a\r\n\r\n"] {
            assert_eq!(format!("{}{}", before.replace("\r\n", "\n"), gap(before)), "a\n\n", "{before:?}");
        }
        assert_eq!(gap(""), "");
    }
}
