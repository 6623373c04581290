//! The directory of an archive: every name is looked at, and the members with the wheel's metadata are found.

use std::collections::BTreeSet;
use std::io::{Read, Seek};
use std::ops::Range;
use std::str::FromStr;

use pep440_rs::Version;
use pep508_rs::PackageName;
use rawzip::{CompressionMethod, ReaderAt, ZipArchive, ZipArchiveEntryWayfinder, ZipFileHeaderRecord};

use super::headers::Headers;
use super::windows::Windows;
use super::{ArchiveError, refused};
use crate::packaging::wheel::WheelName;
use crate::text::quoted;

/// The largest directory that is read: that of torch, with its 13,000 files, has 2 MB.
pub(super) const LARGEST_DIRECTORY: u64 = 16 << 20;

/// The most files in a wheel.
pub(super) const MOST_FILES: u64 = 100_000;

/// The most that deflate can press together: 1032 to 1. A member that claims more is forged.
const MOST_PRESSED: u64 = 1032;

/// The bytes in front of a member's data, but for its name: the fixed header, and room for what writers put there.
const HEADER: u64 = 30 + 512;

/// Members so near to each other are read in one piece.
const NEAR: u64 = 1 << 20;

/// A member of the archive.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) method: CompressionMethod,
    pub(super) finder: ZipArchiveEntryWayfinder,
    at: u64,
}

impl Member {
    fn range(&self) -> Range<u64> {
        let size = HEADER + self.name.len() as u64 + self.finder.compressed_size_hint();
        self.at..self.at.saturating_add(size)
    }
}

/// The facts in the directory.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) metadata: Member,
    pub(super) wheel: Member,
    pub(super) headers: Headers,
}

impl Directory {
    /// Reads the directory of a wheel.
    pub(super) fn read<R: Read + Seek>(
        archive: &ZipArchive<Windows<R>>,
        wheel: &WheelName,
    ) -> Result<Self, ArchiveError> {
        let (start, end) = (archive.directory_offset(), archive.eocd_offset());
        if archive.end_offset() != archive.get_ref().len {
            return Err(refused("there are bytes behind its end"));
        }
        if end.saturating_sub(start) > LARGEST_DIRECTORY || archive.entries_hint() > MOST_FILES {
            return Err(refused("its directory is larger than that of any wheel"));
        }
        archive.get_ref().keep(start..archive.get_ref().len)?;
        let mut found = Found::default();
        let mut buffer = vec![0; 4 * usize::from(u16::MAX)];
        let mut entries = archive.entries(&mut buffer);
        while let Some(entry) = entries.next_entry()? {
            found.take(&entry)?;
        }
        if found.count != archive.entries_hint() {
            return Err(refused("its directory has more or fewer files than it says"));
        }
        found.places.sort_unstable();
        if found.places.first().is_some_and(|(first, _)| *first != 0) {
            return Err(refused("there are bytes before its files that belong to none"));
        }
        let starts = found.places.iter().skip(1).map(|(at, _)| *at).chain([start]);
        if found.places.iter().zip(starts).any(|((_, end), next)| *end > next) {
            return Err(refused("its files overlap"));
        }
        check_end(archive.get_ref(), start, end)?;
        found.directory(wheel)
    }

    /// The piece of the archive that holds both members, if they are near each other; else the first's.
    pub(super) fn piece(&self) -> Range<u64> {
        let (one, other) = (self.metadata.range(), self.wheel.range());
        let both = one.start.min(other.start)..one.end.max(other.end);
        let near = both.end - both.start <= (one.end - one.start) + (other.end - other.start) + NEAR;
        if near && both.end - both.start < 2 * NEAR + super::LARGEST_METADATA { both } else { one }
    }
}

/// The findings so far.
#[derive(Debug, Default)]
struct Found {
    count: u64,
    /// The start of each member, and its earliest end.
    places: Vec<(u64, u64)>,
    headers: Headers,
    names: BTreeSet<String>,
    /// Top folders that end in `.dist-info`.
    folders: BTreeSet<String>,
    wanted: Vec<Member>,
}

impl Found {
    fn take(&mut self, entry: &ZipFileHeaderRecord<'_>) -> Result<(), ArchiveError> {
        let raw = entry.file_path();
        let name = std::str::from_utf8(raw.as_bytes()).map_err(|_| {
            refused(format!("a name in it is not UTF-8: {}", quoted(&String::from_utf8_lossy(raw.as_bytes()))))
        })?;
        check_name(name)?;
        if entry.flags().is_encrypted() {
            return Err(refused(format!("{} is encrypted", quoted(name))));
        }
        let method = entry.compression_method();
        if !matches!(method, CompressionMethod::STORE | CompressionMethod::DEFLATE) {
            return Err(refused(format!("{} is compressed as no wheel should be: {method}", quoted(name))));
        }
        let (packed, size) = (entry.compressed_size_hint(), entry.uncompressed_size_hint());
        if size > packed.saturating_mul(MOST_PRESSED) || method == CompressionMethod::STORE && size != packed {
            return Err(refused(format!("the sizes of {} cannot be: {packed} bytes hold {size}", quoted(name))));
        }
        self.count += 1;
        let at = entry.local_header_offset();
        self.places.push((at, at.saturating_add(30 + raw.len() as u64).saturating_add(packed)));
        self.headers.push(at, method, name);
        if let Some((folder, file)) = name.split_once('/')
            && folder.to_ascii_lowercase().ends_with(".dist-info")
        {
            self.folders.insert(folder.to_owned());
            if matches!(file, "METADATA" | "WHEEL") {
                self.wanted.push(Member { name: name.to_owned(), method, finder: entry.wayfinder(), at });
            }
        }
        if !self.names.insert(name.to_owned()) {
            return Err(refused(format!("{} is in it twice", quoted(name))));
        }
        Ok(())
    }

    fn directory(mut self, wheel: &WheelName) -> Result<Directory, ArchiveError> {
        let mut folders = self.folders.into_iter();
        let folder = match (folders.next(), folders.next()) {
            (Some(folder), None) => folder,
            (None, _) => return Err(refused("it has no .dist-info folder, so it is not a wheel")),
            (Some(one), Some(other)) => {
                return Err(refused(format!("it has two .dist-info folders: {} and {}", quoted(&one), quoted(&other))));
            }
        };
        if !is_of(&folder, wheel) {
            return Err(refused(format!("its folder {} is not that of {wheel}", quoted(&folder))));
        }
        if !self.names.contains(&format!("{folder}/RECORD")) {
            return Err(refused("it has no RECORD, the list of its files"));
        }
        let mut member = |file: &str| {
            let at = self.wanted.iter().position(|member| member.name.ends_with(file));
            at.map(|at| self.wanted.swap_remove(at)).ok_or_else(|| refused(format!("it has no {} file", &file[1..])))
        };
        let (metadata, wheel) = (member("/METADATA")?, member("/WHEEL")?);
        Ok(Directory { metadata, wheel, headers: self.headers.sorted() })
    }
}

/// Refuses a directory that does not end where the record behind it begins (APPNOTE 4.3.14 and 4.3.16): some readers go by
/// its size, others by its place.
fn check_end<R: Read + Seek>(windows: &Windows<R>, start: u64, end: u64) -> Result<(), ArchiveError> {
    let odd = || refused("the size of its directory cannot be");
    let mut record = [0; 22];
    windows.read_exact_at(&mut record, end)?;
    let (said, mut size, mut behind) = (u64::from(u32::MAX), number(&record[12..16]), end);
    let place = number(&record[16..20]);
    let mut locator = [0; 20];
    if let Some(at) = end.checked_sub(20) {
        windows.read_exact_at(&mut locator, at)?;
        if locator.starts_with(b"PK\x06\x07") {
            behind = number(&locator[8..16]);
            if behind.checked_add(56) != Some(at) {
                return Err(odd());
            }
            let mut large = [0; 56];
            windows.read_exact_at(&mut large, behind)?;
            let (large_size, large_place) = (number(&large[40..48]), number(&large[48..56]));
            if size != said && size != large_size || place != said && place != large_place {
                return Err(odd());
            }
            size = large_size;
        }
    }
    if start.checked_add(size) != Some(behind) { Err(odd()) } else { Ok(()) }
}

/// A number of at most eight bytes, the least first.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// Refuses names that an installer could write outside of its folder, or that two of them could understand differently.
fn check_name(name: &str) -> Result<(), ArchiveError> {
    let odd = |c: char| c.is_control() || matches!(c, '\\' | ':');
    let path = name.strip_suffix('/').unwrap_or(name);
    if path.contains(odd) || path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(refused(format!("a name in it is unsafe: {}", quoted(name))));
    }
    Ok(())
}

/// True if a folder `name-version.dist-info` is that of a wheel. Writers spell names and versions in several ways.
fn is_of(folder: &str, wheel: &WheelName) -> bool {
    let Some((name, version)) = folder.strip_suffix(".dist-info").and_then(|stem| stem.rsplit_once('-')) else {
        return false;
    };
    PackageName::from_str(name).is_ok_and(|name| name == wheel.name)
        && Version::from_str(version).is_ok_and(|version| version == wheel.version)
}
