//! The built-in table of wheels as the program holds it: the lines of `wheels.tsv` made shorter by `build.rs`, which says how.

use std::borrow::Cow;

use super::row::{self, Columns};
use crate::packaging::digest::Sha256;

include!(concat!(env!("OUT_DIR"), "/words.rs"));

/// The lines, in the order of those they were made from.
pub(super) const WHEELS: &str = include_str!(concat!(env!("OUT_DIR"), "/wheels.txt"));

/// The columns of a line, written out; `None` if it is none of these.
pub(super) fn columns(line: &str) -> Option<Columns<'_>> {
    let (mut texts, more) = row::split(line)?;
    let [package, version, _, index, file, sha256, _, _, range, flags] = &mut texts;
    let rest = word(FILES, file)?;
    let file = match rest.strip_prefix('-') {
        Some(_) => Cow::Owned([&package.replace('-', "_"), "-", version, rest].concat()),
        None => Cow::Borrowed(rest),
    };
    let sha256 = Ok(digest(sha256)?);
    for (text, words) in [(index, INDEXES), (range, RANGES), (flags, FLAGS)] {
        *text = word(words, text)?;
    }
    Some(Columns { texts, file, sha256, more })
}

fn word(words: &[&'static str], number: &str) -> Option<&'static str> {
    words.get(number.parse::<usize>().ok()?).copied()
}

/// The digest that 44 characters of six bits spell; what is behind its 256 bits is nothing.
fn digest(text: &str) -> Option<Sha256> {
    let mut bytes = [0; 33];
    let sixes: &[u8; 44] = text.as_bytes().try_into().ok()?;
    for (three, four) in bytes.as_chunks_mut().0.iter_mut().zip(sixes.as_chunks::<4>().0) {
        let number = four.iter().fold(0, |number, six| number << 6 | u32::from(six.wrapping_sub(b'0')));
        let [_, spelled @ ..] = number.to_be_bytes();
        *three = spelled;
    }
    bytes.first_chunk().copied().map(Sha256::from_bytes)
}
