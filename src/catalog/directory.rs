//! The start of each package's lines in a built-in table: found by the compiler, so it cannot be out of date.
//!
//! A search of the whole table reads a line here and a line there, and each is on a page of the program that nothing else
//! needs. The directory is small and lies together. It is made with a search of its own, because that of a table is no
//! constant function.

/// The number of bytes of a name that are kept: as many as the longest has, so that names differ.
const WIDTH: usize = 32;

/// The start of a package's lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    /// The package's name, zeros behind it.
    name: [u8; WIDTH],
    start: usize,
}

/// The packages of a table, and where the lines of each begin; ascending by name.
pub(super) type TableDirectory = [Head];

/// The start and end of a package's lines in a text of a length; `None` if it has none.
pub(super) fn find(directory: &TableDirectory, package: &str, length: usize) -> Option<(usize, usize)> {
    let mut name = [0; WIDTH];
    name.get_mut(..package.len())?.copy_from_slice(package.as_bytes());
    let at = directory.binary_search_by(|head| head.name.cmp(&name)).ok()?;
    Some((directory.get(at)?.start, directory.get(at + 1).map_or(length, |next| next.start)))
}

/// The number of packages in a table.
pub(super) const fn count(table: &str) -> usize {
    let text = table.as_bytes();
    let (mut at, mut count) = (after_comments(text), 0);
    while at < text.len() {
        at = behind(text, at);
        count += 1;
    }
    count
}

/// The directory of a table of so many packages.
pub(super) const fn heads<const COUNT: usize>(table: &str) -> [Head; COUNT] {
    let text = table.as_bytes();
    let mut heads = [Head { name: [0; WIDTH], start: 0 }; COUNT];
    let (mut at, mut count) = (after_comments(text), 0);
    while at < text.len() {
        heads[count] = Head { name: name(text, at), start: at };
        at = behind(text, at);
        count += 1;
    }
    heads
}

const fn after_comments(text: &[u8]) -> usize {
    let mut at = 0;
    while at < text.len() && text[at] == b'#' {
        at = next_line(text, at);
    }
    at
}

/// The name that a line begins with. A longer one ends the compilation.
const fn name(text: &[u8], line: usize) -> [u8; WIDTH] {
    let mut name = [0; WIDTH];
    let mut length = 0;
    while text[line + length] != b'\t' {
        name[length] = text[line + length];
        length += 1;
    }
    name
}

/// The first line behind those of the package whose first line this is: looked for in growing steps, then halved.
const fn behind(text: &[u8], first: usize) -> usize {
    let (mut low, mut step) = (first, 256);
    let mut high = text.len();
    while low + step < text.len() {
        let line = line_around(text, low + step);
        if !is_same(text, first, line) {
            high = line;
            break;
        }
        low = line;
        step *= 2;
    }
    loop {
        let middle = line_around(text, low + (high - low) / 2);
        let line = if middle > low { middle } else { next_line(text, low) };
        if line >= high {
            return high;
        }
        if is_same(text, first, line) {
            low = line;
        } else {
            high = line;
        }
    }
}

const fn is_same(text: &[u8], one: usize, other: usize) -> bool {
    let mut at = 0;
    while text[one + at] == text[other + at] {
        if text[one + at] == b'\t' {
            return true;
        }
        at += 1;
    }
    false
}

const fn line_around(text: &[u8], mut at: usize) -> usize {
    while at > 0 && text[at - 1] != b'\n' {
        at -= 1;
    }
    at
}

const fn next_line(text: &[u8], mut at: usize) -> usize {
    while at < text.len() {
        at += 1;
        if text[at - 1] == b'\n' {
            return at;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "# head\n# more\na\t1\nab\t1\nab\t2\nab\t3\nb-c\t1\n";

    #[test]
    fn finds_the_lines_of_each_package() {
        const HEADS: [Head; count(TABLE)] = heads(TABLE);
        let lines = |package: &str| find(&HEADS, package, TABLE.len()).map(|(start, end)| &TABLE[start..end]);
        assert_eq!(HEADS.len(), 3);
        assert_eq!(lines("a"), Some("a\t1\n"));
        assert_eq!(lines("ab"), Some("ab\t1\nab\t2\nab\t3\n"));
        assert_eq!(lines("b-c"), Some("b-c\t1\n"));
        for none in ["", "aa", "b", "c", "#", &"a".repeat(40)] {
            assert_eq!(lines(none), None, "{none}");
        }
        assert_eq!(count("") + count("# head\n"), 0);
    }

    #[test]
    fn steps_over_packages_of_every_size() {
        for size in (1..200).chain([1000, 5000]) {
            let lines = |name: &str, count: usize| (0..count).map(|n| format!("{name}\t{n:04}\n")).collect::<String>();
            let table = format!("{}{}{}", lines("a", 3), lines("b", size), lines("c", 2));
            assert_eq!(count(&table), 3, "{size}");
            let heads: [Head; 3] = heads(&table);
            let (start, end) = find(&heads, "b", table.len()).unwrap();
            assert_eq!(table[start..end], lines("b", size));
        }
    }
}
