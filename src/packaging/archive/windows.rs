//! A seekable reader that is asked for few large pieces instead of many small ones: it may be a server far away.

use std::cell::RefCell;
use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom};
use std::ops::Range;

use rawzip::ReaderAt;

/// The size of a read of unknown need.
const STEP: u64 = 64 << 10;

/// The distance before the kept piece within which all between is read at once: the directory of an
/// archive, which extends to the end that was read first.
const NEAR: u64 = 8 << 20;

/// Reads at places, from one piece that is kept.
#[derive(Debug)]
pub(super) struct Windows<R> {
    /// The number of bytes.
    pub(super) len: u64,
    kept: RefCell<KeptWindow<R>>,
}

#[derive(Debug)]
struct KeptWindow<R> {
    reader: R,
    start: u64,
    bytes: Vec<u8>,
}

impl<R: Read + Seek> KeptWindow<R> {
    fn read(&mut self, range: &Range<u64>) -> Result<Vec<u8>> {
        let wanted = range.end.saturating_sub(range.start);
        self.reader.seek(SeekFrom::Start(range.start))?;
        // Room is made for what comes, not for what is asked for.
        let mut bytes = Vec::new();
        self.reader.by_ref().take(wanted).read_to_end(&mut bytes)?;
        if (bytes.len() as u64) < wanted {
            return Err(Error::new(ErrorKind::UnexpectedEof, "the file is shorter than it said"));
        }
        Ok(bytes)
    }
}

impl<R: Read + Seek> Windows<R> {
    /// Asks for the length; reads nothing yet.
    pub(super) fn new(mut reader: R) -> Result<Self> {
        let len = reader.seek(SeekFrom::End(0))?;
        Ok(Self { len, kept: RefCell::new(KeptWindow { reader, start: 0, bytes: Vec::new() }) })
    }

    /// Keeps a piece, unless it is kept already.
    pub(super) fn keep(&self, range: Range<u64>) -> Result<()> {
        let mut kept = self.kept.borrow_mut();
        let range = range.start.min(self.len)..range.end.min(self.len);
        if range.start >= kept.start && range.end <= kept.start + kept.bytes.len() as u64 {
            return Ok(());
        }
        kept.bytes.clear();
        kept.bytes = kept.read(&range)?;
        kept.start = range.start;
        Ok(())
    }

    /// Keeps what is needed to answer for a place that is not kept.
    fn come_near(&self, offset: u64, least: u64) -> Result<()> {
        let mut kept = self.kept.borrow_mut();
        if kept.start.checked_sub(offset).is_some_and(|gap| gap <= NEAR) {
            let gap = offset..kept.start;
            let mut bytes = kept.read(&gap)?;
            bytes.append(&mut kept.bytes);
            kept.bytes = bytes;
            kept.start = offset;
            return Ok(());
        }
        drop(kept);
        self.keep(offset..offset.saturating_add(STEP.max(least)))
    }
}

impl<R: Read + Seek> ReaderAt for Windows<R> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        if offset >= self.len || buffer.is_empty() {
            return Ok(0);
        }
        let copy = |buffer: &mut [u8]| {
            let kept = self.kept.borrow();
            let at = usize::try_from(offset.checked_sub(kept.start)?).ok()?;
            let from = kept.bytes.get(at..).filter(|from| !from.is_empty())?;
            let count = from.len().min(buffer.len());
            buffer[..count].copy_from_slice(&from[..count]);
            Some(count)
        };
        if let Some(count) = copy(buffer) {
            return Ok(count);
        }
        self.come_near(offset, buffer.len() as u64)?;
        Ok(copy(buffer).unwrap_or_default())
    }
}
