//! SHA-256 digests as bytes.
//!
//! Hex is read strictly: exactly 64 characters of `0-9a-fA-F`. The standard library's number parser would take a
//! leading `+`, and slicing text by twos would panic on multi-byte characters, so bytes are matched one by one.

use std::cmp::Ordering;
use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

use sha2::{Digest as _, Sha256 as Hasher};

/// The SHA-256 digest of a file: the only kind of digest that is ever written.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256([u8; 32]);

impl Ord for Sha256 {
    /// The order of their texts. Two digests mostly differ in their first bytes, which are compared as one number.
    fn cmp(&self, other: &Self) -> Ordering {
        let first = |digest: &Self| digest.0.first_chunk().map(|bytes| u64::from_be_bytes(*bytes));
        first(self).cmp(&first(other)).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Sha256 {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Sha256 {
    /// Wraps the 32 bytes that a hasher gave.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest of bytes that are at hand.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(Hasher::digest(bytes).into())
    }

    /// The digest of all that a reader gives, in constant memory; also the number of bytes. `seen` is called with the
    /// number so far, piece by piece.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn of(mut reader: impl Read, mut seen: impl FnMut(u64)) -> io::Result<(Self, u64)> {
        let mut hasher = Hasher::new();
        let mut piece = vec![0; PIECE];
        let mut size = 0;
        loop {
            let count = match reader.read(&mut piece) {
                Ok(0) => return Ok((Self(hasher.finalize().into()), size)),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            hasher.update(&piece[..count]);
            size += count as u64;
            seen(size);
        }
    }

    /// The number of hexadecimal digits that differ from those of another digest. Of two that have nothing to do with
    /// each other some sixty do.
    pub fn digits_apart(&self, other: &Self) -> usize {
        self.digits().iter().zip(other.digits()).filter(|(one, other)| **one != *other).count()
    }

    /// Writes its digits behind a text: an output is mostly digests, and this is quicker than formatting.
    pub fn write_to(&self, text: &mut String) {
        text.push_str(std::str::from_utf8(&self.digits()).unwrap_or_default());
    }

    /// The digest's bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn digits(&self) -> [u8; 64] {
        hex(&self.0)
    }
}

/// The lower-case hexadecimal digits of bytes.
pub(crate) fn hex(bytes: &[u8; 32]) -> [u8; 64] {
    let mut digits = [0u8; 64];
    for ([high, low], byte) in digits.as_chunks_mut().0.iter_mut().zip(bytes) {
        (*high, *low) = (byte >> 4, byte & 15);
    }
    for digit in &mut digits {
        *digit += if *digit < 10 { b'0' } else { b'a' - 10 };
    }
    digits
}

/// The size of a read. A buffer that stays in the nearest cache of the CPU is copied several times as fast.
const PIECE: usize = 16 << 10;

/// Text that is not a SHA-256 digest in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DigestError {
    /// Not 64 characters long; holds the length found.
    Length(usize),
    /// A character that is not a hexadecimal digit.
    Alphabet(char),
}

impl fmt::Display for DigestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(n) => write!(f, "a sha256 digest has 64 hexadecimal digits, this one has {n} characters"),
            Self::Alphabet(c) => write!(f, "`{}` is not a hexadecimal digit", c.escape_default()),
        }
    }
}

impl std::error::Error for DigestError {}

/// No digit.
const ODD: u8 = 0xff;

/// The value of a byte as a hexadecimal digit.
fn value(byte: u8) -> u8 {
    let (digit, letter) = (byte.wrapping_sub(b'0'), (byte | 0x20).wrapping_sub(b'a'));
    if digit < 10 {
        digit
    } else if letter < 6 {
        letter + 10
    } else {
        ODD
    }
}

/// The bytes behind hexadecimal digits, if all of them are. A lock is mostly digests, so each step is one that is taken
/// for many bytes at once.
fn decode(hex: &[u8; 64]) -> Option<[u8; 32]> {
    let (mut values, mut all, mut bytes) = ([0u8; 64], 0, [0u8; 32]);
    for (digit, byte) in values.iter_mut().zip(hex) {
        *digit = value(*byte);
        all |= *digit;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(values.as_chunks().0) {
        *byte = high << 4 | low;
    }
    (all != ODD).then_some(bytes)
}

impl FromStr for Sha256 {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let bytes = <&[u8; 64]>::try_from(text.as_bytes()).ok().and_then(decode);
        bytes.map(Self).ok_or_else(|| match text.chars().find(|c| !c.is_ascii_hexdigit()) {
            Some(odd) => DigestError::Alphabet(odd),
            None => DigestError::Length(text.len()),
        })
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.digits()).unwrap_or_default())
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_prints() {
        let text = "0123456789abcdef".repeat(4);
        assert_eq!(text.parse::<Sha256>().unwrap().to_string(), text);
        assert_eq!(text.to_uppercase().parse::<Sha256>().unwrap().to_string(), text);
    }

    #[test]
    fn hashes_what_it_reads() {
        let mut seen = Vec::new();
        let (digest, size) = Sha256::of(&b"abc"[..], |size| seen.push(size)).unwrap();
        assert_eq!(digest.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!((size, seen), (3, vec![3]));
    }

    #[test]
    fn a_damaged_copy_is_near_its_original() {
        let one: Sha256 = "a".repeat(64).parse().unwrap();
        let other: Sha256 = format!("bb{}c", "a".repeat(61)).parse().unwrap();
        assert_eq!((one.digits_apart(&other), one.digits_apart(&one)), (3, 0));
    }

    #[test]
    fn refuses_signs_lengths_and_multibyte_characters() {
        assert_eq!("+f".repeat(32).parse::<Sha256>(), Err(DigestError::Alphabet('+')));
        assert_eq!("a".repeat(63).parse::<Sha256>(), Err(DigestError::Length(63)));
        assert_eq!("é".repeat(32).parse::<Sha256>(), Err(DigestError::Alphabet('é')));
        assert_eq!("".parse::<Sha256>(), Err(DigestError::Length(0)));
    }
}
