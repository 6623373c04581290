//! Writes the tables of wheels and of requirements shorter for the program: the same lines in the same order, so that they
//! are searched in place all the same, but without what each says twice or many say alike.
//!
//! `wheels.txt` has the lines of `src/catalog/wheels.tsv`. Package, version, backend, size and witnesses stand as they are;
//! a sha256 is 40 characters, five for four bytes; index, Requires-Python, flags and what a file name says behind the
//! version are numbers of words. `requires.txt` has the lines of `src/catalog/requires.tsv`, all but package and version as
//! numbers of words. `words.rs` has the words, and where the lines of each package begin. `src/catalog/short.rs` reads them.
//!
//! And it says how the program is linked where the linker is known.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const WHEELS: &str = "src/catalog/wheels.tsv";
const REQUIRES: &str = "src/catalog/requires.tsv";

/// The columns of words in the table of wheels: what their list is called, and which column it is.
const WORDS: [(&str, usize); 4] = [("INDEXES", 3), ("FILES", 4), ("RANGES", 8), ("FLAGS", 9)];
const SHA256: usize = 5;
/// From this column on the table of requirements is words.
const LISTED: usize = 2;

fn main() -> io::Result<()> {
    for path in [WHEELS, REQUIRES, "build.rs"] {
        println!("cargo::rerun-if-changed={path}");
    }
    if is_linked_by_gnu() {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
    let folder = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let mut wheels = rows(WHEELS)?;
    for row in &mut wheels {
        if row.len() != 10 {
            return Err(io::Error::other(format!("{WHEELS}: this line has not ten columns: {row:?}")));
        }
        let beginning = format!("{}-{}", row[0].replace('-', "_"), row[1]);
        // What is left begins with a hyphen. A name in another spelling stays whole.
        if let Some(rest) = row[4].strip_prefix(&beginning).filter(|rest| rest.starts_with('-')) {
            row[4] = rest.to_owned();
        }
        row[SHA256] = fives(&row[SHA256]).ok_or_else(|| io::Error::other(format!("{WHEELS}: no digest: {row:?}")))?;
    }
    let mut requires = rows(REQUIRES)?;
    let mut lists = String::new();
    for (list, column) in WORDS {
        lists += &number(list, wheels.iter_mut().map(|row| &mut row[column]).collect());
    }
    lists += &number("LISTED", requires.iter_mut().flat_map(|row| row.iter_mut().skip(LISTED)).collect());
    lists += &directory("WHEELS_OF", &wheels);
    lists += &directory("REQUIRES_OF", &requires);
    write(&folder.join("wheels.txt"), &wheels)?;
    write(&folder.join("requires.txt"), &requires)?;
    fs::write(folder.join("words.rs"), lists)
}

/// Whether the program is for a Linux with glibc, linked dynamically. There it gets fixed addresses: without them, 18,000
/// addresses are relocated at each start (0.4 of 5.4 ms that an export of 100 packages takes), and listed in 430 kB of it.
fn is_linked_by_gnu() -> bool {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|known| known.split(',').any(|one| one == value));
    is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        && !is("CARGO_CFG_TARGET_FEATURE", "crt-static")
}

/// The columns of each line of a table.
fn rows(table: &str) -> io::Result<Vec<Vec<String>>> {
    let text = fs::read_to_string(table)?;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    Ok(lines.map(|line| line.split('\t').map(str::to_owned).collect()).collect())
}

fn write(path: &Path, rows: &[Vec<String>]) -> io::Result<()> {
    fs::write(path, rows.iter().flat_map(|row| [row.join("\t"), "\n".to_owned()]).collect::<String>())
}

/// Puts a number in the place of each word, and gives the list of the words as source: their text, and where each ends.
fn number(list: &str, places: Vec<&mut String>) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for word in &places {
        *counts.entry((*word).clone()).or_default() += 1;
    }
    let mut words: Vec<(String, usize)> = counts.into_iter().collect();
    // What is frequent gets the short numbers.
    words.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let (mut text, mut ends, mut numbers) = (String::new(), String::new(), BTreeMap::new());
    for (number, (word, _)) in words.into_iter().enumerate() {
        text += &word;
        let _ = write!(ends, "{}, ", text.len());
        numbers.insert(word, number.to_string());
    }
    for place in places {
        place.clone_from(&numbers[place]);
    }
    format!("static {list}: WordList = WordList {{ text: {text:?}, ends: &[{ends}] }};\n")
}

/// The packages of a table, and where the lines of each begin, as source. A name longer than its place is refused there.
fn directory(list: &str, rows: &[Vec<String>]) -> String {
    let (mut heads, mut at, mut last) = (String::new(), 0, "");
    for row in rows {
        if row[0] != last {
            last = &row[0];
            let _ = write!(heads, "(*b\"{last}{}\", {at}), ", "\\0".repeat(32_usize.saturating_sub(last.len())));
        }
        // A tab or the end of the line follows each column.
        at += row.iter().map(|column| column.len() + 1).sum::<usize>();
    }
    format!("static {list}: &TableDirectory = &[{heads}];\n")
}

/// The 32 bytes that hexadecimal digits spell, as characters of one in 85 from `!` on: five for four bytes.
fn fives(hex: &str) -> Option<String> {
    let digits = hex.chars().map(|digit| digit.to_digit(16)).collect::<Option<Vec<u32>>>()?;
    if digits.len() != 64 {
        return None;
    }
    let four = |eight: &[u32]| eight.iter().fold(0, |number, digit| number << 4 | digit);
    let five = |number: u32| [4, 3, 2, 1, 0].map(|place| number / 85_u32.pow(place) % 85);
    digits.chunks(8).map(four).flat_map(five).map(|one| char::from_u32(u32::from(b'!') + one)).collect()
}
