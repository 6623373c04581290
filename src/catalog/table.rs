//! The search: a text of sorted lines, bisected in place.

use memchr::{memchr, memrchr};
use pep508_rs::PackageName;

/// The number of bytes of a name that are kept: as many as the longest has, so that names differ.
const WIDTH: usize = 32;

/// The packages of a built-in table, zeros behind each name, and where the lines of each begin; ascending by name. A search
/// of the whole table reads a line here and a line there, and each is on a page of the program that nothing else needs. This
/// is small and lies together.
pub(super) type TableDirectory = [([u8; WIDTH], usize)];

/// The distance at which a nearby key is first looked for: a few lines.
const FIRST_STEP: usize = 512;

/// Lines in byte order. Searching allocates nothing and reads a handful of lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct SortedTable<'t>(&'t str, Option<&'t TableDirectory>);

impl<'t> SortedTable<'t> {
    /// The lines of a text. They must be sorted: an unsorted text gives wrong answers, never a panic.
    pub(super) const fn new(text: &'t str) -> Self {
        Self(text, None)
    }

    /// As [`Self::new`], where it is known at which line each package begins.
    pub(super) const fn with_directory(text: &'t str, directory: &'t TableDirectory) -> Self {
        Self(text, Some(directory))
    }

    /// The lines of a package: those whose first column is its name.
    pub(super) fn of(self, package: &PackageName) -> Self {
        match self.1 {
            Some(directory) => {
                let lines = || {
                    let mut name = [0; WIDTH];
                    name.get_mut(..package.as_ref().len())?.copy_from_slice(package.as_ref().as_bytes());
                    let at = directory.binary_search_by(|(other, _)| other.cmp(&name)).ok()?;
                    self.0.get(directory[at].1..directory.get(at + 1).map_or(self.0.len(), |(_, next)| *next))
                };
                Self(lines().unwrap_or_default(), None)
            }
            None => self.from(&format!("{package}\t")).until(&format!("{package}\n")),
        }
    }

    /// The lines that are not below `from` and are below `to`.
    pub(super) fn between(self, from: &str, to: &str) -> impl Iterator<Item = &'t str> + use<'t> {
        self.from(from).until(to).lines()
    }

    /// All lines.
    pub(super) fn lines(self) -> impl Iterator<Item = &'t str> + use<'t> {
        self.0.lines()
    }

    /// The first line.
    pub(super) fn first(self) -> Option<&'t str> {
        self.0.lines().next()
    }

    /// The lines that are not below a key.
    pub(super) fn from(self, key: &str) -> Self {
        self.split(self.bisect(0, self.0.len(), key)).1
    }

    /// As [`Self::from`], for a key that is thought to be near the first line.
    pub(super) fn near(self, key: &str) -> Self {
        self.split(self.gallop(key)).1
    }

    /// The lines that are below a key.
    pub(super) fn until(self, key: &str) -> Self {
        self.split(self.gallop(key)).0
    }

    fn split(self, at: usize) -> (Self, Self) {
        let (before, behind) = self.0.split_at_checked(at).unwrap_or_default();
        (Self(before, None), Self(behind, None))
    }

    /// The start of the first line that is not below the key: looked for in growing steps from the first line.
    fn gallop(self, key: &str) -> usize {
        let (mut low, mut step) = (0, FIRST_STEP);
        while low + step < self.0.len() {
            let (start, next) = self.line_at(low, low + step);
            if !self.is_below(start, key) {
                return self.bisect(low, start, key);
            }
            low = next();
            step *= 2;
        }
        self.bisect(low, self.0.len(), key)
    }

    /// The same between the starts of two lines.
    fn bisect(self, mut low: usize, mut high: usize, key: &str) -> usize {
        while low < high {
            let (start, next) = self.line_at(low, low + (high - low) / 2);
            if self.is_below(start, key) {
                low = next();
            } else {
                high = start;
            }
        }
        low
    }

    /// The start of the line around a byte, not before `low`; and, on demand, that of the next line.
    fn line_at(self, low: usize, at: usize) -> (usize, impl FnOnce() -> usize) {
        let bytes = self.0.as_bytes();
        let start = memrchr(b'\n', &bytes[low..at]).map_or(low, |end| low + end + 1);
        (start, move || memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end + 1))
    }

    /// True if the line that begins there is below the key. No more of it is read than the key is long.
    fn is_below(self, start: usize, key: &str) -> bool {
        let line = &self.0.as_bytes()[start..];
        let line = &line[..line.len().min(key.len())];
        line.split(|byte| *byte == b'\n').next().unwrap_or_default() < key.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn finds_ranges() {
        let table = SortedTable::new("# head\na\t1\nb\t1\nb\t1+x\nb\t1.5\nc\t1\n");
        assert_eq!(table.between("b\t1\t", "b\t1,").collect::<Vec<_>>(), ["b\t1+x"]);
        assert_eq!(table.between("b\t", "b\n").count(), 3);
        assert_eq!(table.between("d", "e").count(), 0);
        assert_eq!(table.between("c", "a").count(), 0);
        assert_eq!(table.from("b\t1.").first(), Some("b\t1.5"));
        assert_eq!(table.from("z").first(), None);
        assert_eq!(SortedTable::new("").from("a").first(), None);
    }

    proptest! {
        #[test]
        fn equals_a_scan(mut lines in prop::collection::vec("[a-c\t+.é]{0,6}", 0..30), from in "[a-c\t+.é]{0,4}", to in "[a-c\t+.é]{0,4}") {
            lines.sort();
            let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
            let found: Vec<&str> = SortedTable::new(&text).between(&from, &to).collect();
            let expected: Vec<&str> = lines.iter().map(String::as_str).filter(|line| *line >= &*from && *line < &*to).collect();
            prop_assert_eq!(found, expected);
            prop_assert_eq!(SortedTable::new(&text).near(&from).first(), SortedTable::new(&text).from(&from).first());
        }

        #[test]
        fn an_unsorted_text_does_not_panic(text in "\\PC{0,40}[\n]\\PC{0,40}", key in "\\PC{0,5}") {
            let _ = SortedTable::new(&text).from(&key).first();
        }
    }
}
