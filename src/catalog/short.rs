//! The built-in tables of wheels and of requirements as the program holds them: the lines of `wheels.tsv` and
//! `requires.tsv` made shorter by `build.rs`, which says how.

use std::borrow::Cow;

use super::BUILT_IN;
use super::requires::List;
use super::row::{self, Columns};
use super::search::Tables;
use super::table::{SortedTable, TableDirectory};
use crate::packaging::digest::Sha256;

include!(concat!(env!("OUT_DIR"), "/words.rs"));

/// The lines of wheels, in the order of those they were made from.
const WHEELS: &str = include_str!(concat!(env!("OUT_DIR"), "/wheels.txt"));

/// The lines of requirements, in the same way.
const REQUIRES: &str = include_str!(concat!(env!("OUT_DIR"), "/requires.txt"));

/// The built-in tables.
pub(super) const TABLES: Tables<'static> = Tables {
    name: BUILT_IN,
    wheels: SortedTable::with_directory(WHEELS, WHEELS_OF),
    columns,
    requires: SortedTable::with_directory(REQUIRES, REQUIRES_OF),
    list,
};

/// Words one behind the other, and where each ends. A list of texts would be as long again, and filled at each start.
struct WordList {
    text: &'static str,
    ends: &'static [u32],
}

impl WordList {
    fn get(&self, number: &str) -> Option<&'static str> {
        let number: usize = number.parse().ok()?;
        let start = number.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.text.get(start as usize..*self.ends.get(number)? as usize)
    }
}

/// The columns of a line of wheels, written out; `None` if it is none of these.
fn columns(line: &str) -> Option<Columns<'_>> {
    let (mut texts, more) = row::split(line)?;
    let [package, version, _, index, file, sha256, _, _, range, flags] = &mut texts;
    let rest = FILES.get(file)?;
    let file = match rest.strip_prefix('-') {
        Some(_) => Cow::Owned([&package.replace('-', "_"), "-", version, rest].concat()),
        None => Cow::Borrowed(rest),
    };
    let sha256 = Ok(digest(sha256)?);
    for (text, words) in [(index, &INDEXES), (range, &RANGES), (flags, &FLAGS)] {
        *text = words.get(text)?;
    }
    Some(Columns { texts, file, sha256, more })
}

/// A line of requirements, written out; `None` if it is none of these.
fn list(line: &str) -> Option<List<'_>> {
    List::written(line, |number| LISTED.get(number))
}

/// The digest that 40 characters of one in 85 spell.
fn digest(text: &str) -> Option<Sha256> {
    let mut bytes = [0; 32];
    let ones: &[u8; 40] = text.as_bytes().try_into().ok()?;
    for (four, five) in bytes.as_chunks_mut().0.iter_mut().zip(ones.as_chunks::<5>().0) {
        let add = |number: u32, one: &u8| number.wrapping_mul(85).wrapping_add(u32::from(one.wrapping_sub(b'!')));
        *four = five.iter().fold(0, add).to_be_bytes();
    }
    Some(Sha256::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::packaging::digest::hex;

    fn lines(table: &str) -> Vec<&str> {
        table.lines().filter(|line| !line.starts_with('#')).collect()
    }

    #[test]
    fn the_directory_finds_the_lines_of_each_package() {
        for (table, directory) in [(WHEELS, WHEELS_OF), (REQUIRES, REQUIRES_OF)] {
            let names: BTreeSet<&str> = lines(table).iter().filter_map(|line| line.split('\t').next()).collect();
            assert_eq!(directory.len(), names.len());
            for name in names.into_iter().chain(["a", "torc", "torch-", "zz", &"a".repeat(40)]) {
                let Ok(package) = name.parse() else { continue };
                let of = |table: SortedTable<'static>| table.of(&package).lines().collect::<Vec<_>>();
                assert_eq!(of(SortedTable::with_directory(table, directory)), of(SortedTable::new(table)), "{name}");
            }
        }
    }

    #[test]
    fn each_wheel_is_that_of_the_table() {
        let (short, table) = (lines(WHEELS), lines(include_str!("wheels.tsv")));
        assert_eq!(short.len(), table.len());
        for (short, line) in short.into_iter().zip(table) {
            let Columns { texts, file, sha256, more } = columns(short).unwrap();
            let [package, version, built, index, _, _, size, seen, range, flags] = texts;
            let sha256 = hex(sha256.unwrap().as_bytes());
            let sha256 = std::str::from_utf8(&sha256).unwrap();
            let own = [package, version, built, index, &file, sha256, size, seen, range, flags];
            assert_eq!((own.join("\t"), more), (line.to_owned(), None));
        }
    }

    #[test]
    fn each_list_is_that_of_the_table() {
        let (short, table) = (lines(REQUIRES), lines(include_str!("requires.tsv")));
        assert_eq!(short.len(), table.len());
        for (short, line) in short.into_iter().zip(table) {
            let key = |line: &str| line.split('\t').take(2).collect::<Vec<_>>().join("\t");
            assert_eq!(key(short), key(line));
            let all = |list: List<'_>| {
                let List { index, platform, provenance, reason, .. } = list;
                [[index, platform, provenance, reason].map(str::to_owned).to_vec(), list.texts()].concat()
            };
            assert_eq!(all(list(short).unwrap()).join("\t"), line.splitn(3, '\t').nth(2).unwrap());
        }
    }

    #[test]
    fn what_is_no_number_of_a_word_gives_no_line() {
        let line = lines(REQUIRES).into_iter().find(|line| line.split('\t').count() > 7).unwrap();
        assert!(list(line).is_some());
        let columns = line.split('\t').count();
        for bad in ["", "x", "-1", "99999999"] {
            for at in 2..columns {
                let changed = line.split('\t').enumerate().map(|(n, text)| if n == at { bad } else { text });
                assert!(list(&changed.collect::<Vec<_>>().join("\t")).is_none(), "{bad} {at}");
            }
        }
    }
}
