//! Text in lines that a terminal shows whole.

/// A narrower terminal breaks lines itself.
const LEAST: usize = 40;
/// The further indent of the rest of a line.
const HANGING: usize = 4;

/// A text in lines that fit a terminal: the rest of a longer one is below it, further in. A place in a file stays as it is, and
/// a text to be copied is not broken.
pub(crate) fn fitted(text: &str, width: usize) -> String {
    if width < LEAST {
        return text.to_owned();
    }
    let line = |line: &str| {
        let bare = line.trim_start_matches(' ');
        let behind_number = bare.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(' ');
        let is_place = behind_number.starts_with('|') || behind_number.starts_with("-->");
        match is_place || columns(line) <= width {
            true => line.to_owned(),
            false => wrapped(line, width, line.len() - bare.len() + HANGING),
        }
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// A line in several, each but the first so far in, and none wider than that where no word is.
pub(super) fn wrapped(line: &str, width: usize, indent: usize) -> String {
    let (mut text, mut column) = (String::new(), 0);
    for (at, word) in words(line).into_iter().enumerate() {
        let more = columns(word);
        if at > 0 && column + 1 + more > width && column > indent {
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            column = indent;
        } else if at > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += more;
    }
    text
}

/// The words between spaces; a command, and a text between backticks, is one word.
fn words(line: &str) -> Vec<&str> {
    let (mut words, mut start, mut end) = (Vec::new(), 0, 0);
    let (mut is_quoted, mut is_command, mut is_announced) = (false, false, false);
    for piece in line.split_inclusive(' ') {
        let word = piece.trim_end_matches(' ');
        is_command |= is_announced && word == "torchswap";
        is_command &= !word.ends_with([',', ';']);
        is_announced = word.ends_with(':');
        is_quoted ^= word.matches('`').count() % 2 == 1;
        if !is_quoted && !is_command {
            words.push(&line[start..end + word.len()]);
            start = end + piece.len();
        }
        end += piece.len();
    }
    words.extend(Some(&line[start..]).filter(|rest| !rest.is_empty()));
    words
}

/// The width of a text, without the escapes of its colours.
fn columns(text: &str) -> usize {
    let mut is_escape = false;
    let seen = text.chars().filter(|c| {
        is_escape |= *c == '\u{1b}';
        let is_seen = !is_escape;
        is_escape &= *c != 'm';
        is_seen
    });
    seen.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_goes_on_below_itself_further_in() {
        for (plain, shown) in [
            ("short\n", "short\n"),
            (
                "error: torch 2.6.0 has no wheel for linux-aarch64 at all\n  help: choose another platform, or another build",
                "error: torch 2.6.0 has no wheel for\n    linux-aarch64 at all\n  help: choose another platform, or\n      \
                 another build",
            ),
            // 40 columns fit.
            ("note: 6789 123456789 123456789 123456789", "note: 6789 123456789 123456789 123456789"),
            ("note: 6789 123456789 123456789 1234567890", "note: 6789 123456789 123456789\n    1234567890"),
            // No word is broken.
            (
                "https://example.org/a/very/long/address/of/a/file and more",
                "https://example.org/a/very/long/address/of/a/file\n    and more",
            ),
            // A text to be copied is not broken either.
            (
                "  help: run: torchswap check --workspace --fix, or change the lock",
                "  help: run:\n      torchswap check --workspace --fix,\n      or change the lock",
            ),
            (
                "error: there is no file of the name `a name that is long` here",
                "error: there is no file of the name\n    `a name that is long` here",
            ),
            (
                "learn it with: torchswap export --cuda 12.4 --python 3.11",
                "learn it with:\n    torchswap export --cuda 12.4 --python 3.11",
            ),
            // A place stays as it is.
            (
                "  --> a/very/long/name/of/a/folder/poetry.lock:12:1\n12 | name = \"a very long line of a lock\" # and\n",
                "  --> a/very/long/name/of/a/folder/poetry.lock:12:1\n12 | name = \"a very long line of a lock\" # and\n",
            ),
            // Colours take no room.
            (
                "\u{1b}[1;31merror\u{1b}[0m: torch 2.6.0 has no such wheel",
                "\u{1b}[1;31merror\u{1b}[0m: torch 2.6.0 has no such wheel",
            ),
        ] {
            assert_eq!(fitted(plain, 40), shown);
            assert_eq!(fitted(plain, 39 - 10), plain, "too narrow");
        }
    }
}
