//! The headers of members: what must be in front of each, going by the directory.

use std::io::{self, BufReader, Read, Seek};

use rawzip::CompressionMethod;

use super::{ArchiveError, refused};
use crate::text::quoted;

/// The parts of a member's header that are known: signature, method, length of the name, name (APPNOTE 4.3.7).
const PARTS: usize = 4;

/// The bytes that the header of each member must have.
#[derive(Debug, Clone, Default)]
pub struct Headers(Vec<(u64, Vec<u8>)>);

impl Headers {
    pub(super) fn push(&mut self, at: u64, method: CompressionMethod, name: &str) {
        // A length that 16 bits do not hold no name of a directory has.
        let length = u16::try_from(name.len()).unwrap_or(u16::MAX);
        let parts = [
            (0, b"PK\x03\x04".to_vec()),
            (8, method.as_u16().to_le_bytes().to_vec()),
            (26, length.to_le_bytes().to_vec()),
            (30, name.as_bytes().to_vec()),
        ];
        self.0.extend(parts.map(|(by, part)| (at.saturating_add(by), part)));
    }

    /// In the order of their places; no two members may overlap.
    pub(super) fn sorted(mut self) -> Self {
        self.0.sort_by_key(|(at, _)| *at);
        self
    }

    /// The bytes, each part with where it begins, in the order of their places; none overlaps another.
    pub fn parts(&self) -> &[(u64, Vec<u8>)] {
        &self.0
    }

    /// Why an archive is not taken in which a part, counted from 0, differs.
    pub fn refusal(&self, part: usize) -> String {
        let name = self.0.get(part / PARTS * PARTS + PARTS - 1).map(|(_, name)| String::from_utf8_lossy(name));
        format!("the directory and the header of {} do not agree", quoted(&name.unwrap_or_default()))
    }

    /// Holds them against a whole archive.
    ///
    /// # Errors
    /// If a part differs, or the archive cannot be read.
    pub fn check<R: Read + Seek>(&self, reader: R) -> Result<(), ArchiveError> {
        let mut reader = BufReader::new(reader);
        reader.rewind()?;
        let mut position = 0;
        for (index, (at, part)) in self.0.iter().enumerate() {
            let by = i64::try_from(at - position).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
            reader.seek_relative(by)?;
            let mut found = vec![0; part.len()];
            reader.read_exact(&mut found)?;
            if found != *part {
                return Err(refused(self.refusal(index)));
            }
            position = at + part.len() as u64;
        }
        Ok(())
    }
}
