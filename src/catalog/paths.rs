//! The path under which the default index keeps a file. It follows from another digest of it, so it has to be known.
//!
//! `paths.bin`, ascending: the first bytes of a file's sha256, and the bytes that its path spells in hexadecimal. Digests
//! are noise that nobody reads and nothing compresses, so these are bytes, a third of what the text of them would be; and
//! as many bytes of a sha256 as distinguish all files of the world, not just those of the table. Formats that name no
//! address do without.

use crate::packaging::digest::{Sha256, hex};

/// The number of bytes of a sha256 in a record.
const KEY: usize = 8;

/// The length of a record: the key, and the path's bytes.
const RECORD: usize = KEY + 32;

static PATHS: &[u8] = include_bytes!("paths.bin");

/// The path of a file on the default index, from `packages/` up to the file's name, without a slash at either end.
pub fn path_on_default_index(sha256: &Sha256) -> Option<String> {
    find(PATHS, sha256)
}

fn find(records: &[u8], sha256: &Sha256) -> Option<String> {
    let (records, _) = records.as_chunks::<RECORD>();
    let (key, _) = sha256.as_bytes().split_first_chunk::<KEY>()?;
    let at = records.binary_search_by(|record| record[..KEY].cmp(key)).ok()?;
    let (_, path) = records.get(at)?.split_last_chunk::<32>()?;
    let digits = hex(path);
    let digits = std::str::from_utf8(&digits).ok()?;
    Some(format!("packages/{}/{}/{}", &digits[..2], &digits[2..4], &digits[4..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_by_the_first_bytes_of_its_digest() {
        let mut records = Vec::new();
        for (first, path) in [(1, 0xab), (2, 0xcd)] {
            records.extend([first; KEY]);
            records.extend([path; 32]);
        }
        let with = |first: u8, at: usize| {
            let mut bytes = [first; 32];
            bytes[at] = 9;
            find(&records, &Sha256::from_bytes(bytes))
        };
        assert_eq!(with(1, KEY), Some(format!("packages/ab/ab/{}", "ab".repeat(30))));
        assert_eq!(with(2, 31), Some(format!("packages/cd/cd/{}", "cd".repeat(30))));
        assert_eq!((with(1, KEY - 1), with(2, 0), with(3, 31)), (None, None, None));
        assert_eq!(find(&[], &Sha256::from_bytes([1; 32])), None);
    }
}
