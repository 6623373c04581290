//! The search: a text of sorted lines, bisected in place.

/// Lines in byte order. Searching allocates nothing and reads a handful of lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'t>(&'t str);

impl<'t> Table<'t> {
    /// The lines of a text. They must be sorted: an unsorted text gives wrong answers, never a panic.
    pub(super) const fn new(text: &'t str) -> Self {
        Self(text)
    }

    /// The lines that are not below `from` and are below `to`.
    pub(super) fn between<'k>(self, from: &str, to: &'k str) -> impl Iterator<Item = &'t str> + use<'t, 'k> {
        // Ranges are short: reading on to their end is cheaper than a second search.
        self.0.get(self.lower_bound(from)..).unwrap_or_default().lines().take_while(move |line| *line < to)
    }

    /// The first line that is not below `from`.
    pub(super) fn first_from(self, from: &str) -> Option<&'t str> {
        self.0.get(self.lower_bound(from)..)?.lines().next()
    }

    /// Where the first line begins that is not below the key.
    fn lower_bound(self, key: &str) -> usize {
        let (mut low, mut high) = (0, self.0.len());
        while low < high {
            // Searching a `str` for an ASCII character reads words at a time; searching bytes does not.
            let mut middle = low + (high - low) / 2;
            while !self.0.is_char_boundary(middle) {
                middle -= 1;
            }
            let start = self.0[low..middle].rfind('\n').map_or(low, |at| low + at + 1);
            let end = self.0[middle..].find('\n').map_or(self.0.len(), |at| middle + at);
            if &self.0[start..end] < key {
                low = (end + 1).min(self.0.len());
            } else {
                high = start;
            }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn finds_ranges() {
        let table = Table::new("# head\na\t1\nb\t1\nb\t1+x\nb\t1.5\nc\t1\n");
        assert_eq!(table.between("b\t1\t", "b\t1,").collect::<Vec<_>>(), ["b\t1+x"]);
        assert_eq!(table.between("b\t", "b\n").count(), 3);
        assert_eq!(table.between("d", "e").count(), 0);
        assert_eq!(table.between("c", "a").count(), 0);
        assert_eq!(table.first_from("b\t1."), Some("b\t1.5"));
        assert_eq!(table.first_from("z"), None);
        assert_eq!(Table::new("").first_from("a"), None);
    }

    proptest! {
        #[test]
        fn equals_a_scan(mut lines in prop::collection::vec("[a-c\t+.é]{0,6}", 0..30), from in "[a-c\t+.é]{0,4}", to in "[a-c\t+.é]{0,4}") {
            lines.sort();
            let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
            let found: Vec<&str> = Table::new(&text).between(&from, &to).collect();
            let expected: Vec<&str> = lines.iter().map(String::as_str).filter(|line| *line >= &*from && *line < &*to).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn an_unsorted_text_does_not_panic(text in "\\PC{0,40}[\n]\\PC{0,40}", key in "\\PC{0,5}") {
            let _ = Table::new(&text).first_from(&key);
        }
    }
}
