//! Writes the table of wheels shorter for the program: the same lines in the same order, so that they are searched in
//! place all the same, but without what each says twice or many say alike.
//!
//! `wheels.txt` has the lines of `src/catalog/wheels.tsv`. Package, version, backend, size and witnesses stand as they are;
//! a sha256 is 44 characters of six bits each; index, Requires-Python, flags and what a file name says behind the version
//! are numbers of words. `words.rs` has the words. `src/catalog/short.rs` reads them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs, io};

const TABLE: &str = "src/catalog/wheels.tsv";

/// The columns of words: what their list is called, and which column it is.
const WORDS: [(&str, usize); 4] = [("INDEXES", 3), ("FILES", 4), ("RANGES", 8), ("FLAGS", 9)];
const SHA256: usize = 5;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed={TABLE}");
    println!("cargo::rerun-if-changed=build.rs");
    let folder = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let text = fs::read_to_string(TABLE)?;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut row: Vec<String> = line.split('\t').map(str::to_owned).collect();
        if row.len() != 10 {
            return Err(io::Error::other(format!("{TABLE}: this line has not ten columns: {line}")));
        }
        let beginning = format!("{}-{}", row[0].replace('-', "_"), row[1]);
        // What is left begins with a hyphen. A name in another spelling stays whole.
        if let Some(rest) = row[4].strip_prefix(&beginning).filter(|rest| rest.starts_with('-')) {
            row[4] = rest.to_owned();
        }
        row[SHA256] = sixes(&row[SHA256]).ok_or_else(|| io::Error::other(format!("{TABLE}: no digest: {line}")))?;
        rows.push(row);
    }
    let mut lists = String::new();
    for (list, column) in WORDS {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for row in &rows {
            *counts.entry(&row[column]).or_default() += 1;
        }
        let mut words: Vec<(&str, usize)> = counts.into_iter().collect();
        // What is frequent gets the short numbers.
        words.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let words: Vec<String> = words.into_iter().map(|(word, _)| word.to_owned()).collect();
        let numbers: BTreeMap<&String, usize> = words.iter().zip(0..).collect();
        for row in &mut rows {
            row[column] = numbers[&row[column]].to_string();
        }
        let _ = writeln!(lists, "static {list}: &[&str] = &{words:?};");
    }
    let lines: String = rows.iter().flat_map(|row| [row.join("\t"), "\n".to_owned()]).collect();
    fs::write(folder.join("wheels.txt"), lines)?;
    fs::write(folder.join("words.rs"), lists)
}

/// Hexadecimal digits as characters of six bits, from `0` on: `0` is nothing, `o` is 63.
fn sixes(hex: &str) -> Option<String> {
    let mut digits = hex.chars().map(|digit| digit.to_digit(16)).collect::<Option<Vec<u32>>>()?;
    if digits.len() != 64 {
        return None;
    }
    digits.extend([0, 0]);
    let six = |three: &[u32]| three.iter().fold(0, |number, digit| number << 4 | digit);
    let pairs = digits.chunks(3).map(six).flat_map(|twelve| [twelve >> 6, twelve & 63]);
    pairs.map(|six| char::from_u32(u32::from(b'0') + six)).collect()
}
