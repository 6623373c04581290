//! The catalogue's facts about pinned files.

use crate::catalog::{WheelRow, WheelSource, path_on_default_index};
use crate::packaging::address;
use crate::packaging::digest::Sha256;
use crate::report::{Witness, WitnessKind};
use crate::write::Mirror;

use super::Subject;
use super::pins::{FileSource, PinnedEntry, PinnedFile};

/// The files of an entry, sorted by how they are verified.
#[derive(Debug, Default)]
pub struct SortedFiles {
    /// Those that have a name.
    pub subjects: Vec<Subject>,
    /// The digests of those that have none: a requirements file does not say which file a digest is of.
    pub nameless: Vec<Sha256>,
    /// The number of files that have only digests of other kinds, which nobody can confirm.
    pub other_kinds: usize,
}

/// The most differing digits of a digest that is taken for a damaged copy of another one.
const DAMAGED: usize = 16;

/// Sorts the files of an entry, and calls the catalogue as a witness.
pub fn sort(pinned: &PinnedEntry, source: &impl WheelSource, mirrors: &[Mirror]) -> SortedFiles {
    let rows = match &pinned.version {
        Some(version) => source.wheels_of(&pinned.package, version),
        None => source.wheels(&pinned.package),
    };
    let subject = |name, url: Option<&String>, files: &[PinnedFile]| {
        let locked = files.iter().filter_map(|file| file.sha256).collect();
        let mut subject = Subject { url: url.cloned(), ..Subject::new(pinned.clone(), name, locked) };
        subject.sizes.extend(files.iter().filter_map(|file| Some((pinned.who(), file.size?))));
        testify(&mut subject, &rows, mirrors);
        subject
    };
    let mut sorted = SortedFiles::default();
    if let FileSource::Url(url) = &pinned.from {
        sorted.subjects.push(subject(address::file_name(url), Some(url), &pinned.files));
        return sorted;
    }
    for file in &pinned.files {
        let Some(digest) = file.sha256 else {
            sorted.other_kinds += 1;
            continue;
        };
        match name_of(file, digest, &rows) {
            Some(name) => sorted.subjects.push(subject(name, file.url.as_ref(), std::slice::from_ref(file))),
            None => sorted.nameless.push(digest),
        }
    }
    sorted
}

/// The name of a file: its own, or that of the wheel with its digest, or with one of which it is a damaged copy.
fn name_of(file: &PinnedFile, digest: Sha256, rows: &[WheelRow]) -> Option<String> {
    let by_digest = || rows.iter().find(|row| row.sha256 == digest);
    let damaged = || rows.iter().find(|row| row.sha256.digits_apart(&digest) <= DAMAGED);
    let row = || by_digest().or_else(damaged).map(|row| row.wheel.as_str().to_owned());
    file.name.clone().or_else(row)
}

/// Calls the catalogue as a witness. A URL names one file, so what the catalogue knows there is what counts. A line without
/// one takes the file from any index that the installer is given: a digest that is known of the name on any is known.
fn testify(subject: &mut Subject, rows: &[WheelRow], mirrors: &[Mirror]) {
    let named = || rows.iter().filter(|row| row.wheel.as_str() == subject.name);
    let url = match &subject.pinned.from {
        FileSource::Url(url) => Some(url),
        FileSource::Index(_) => subject.url.as_ref(),
    };
    let is_pinned = |row: &&WheelRow| match (url, &subject.pinned.from) {
        (Some(url), _) => is_at(url, row, mirrors),
        (None, FileSource::Index(index)) => is_on(index.as_deref(), row),
        (None, FileSource::Url(_)) => false,
    };
    let has = |row: &&WheelRow| subject.locked.contains(&row.sha256);
    let damaged = |row: &&WheelRow| subject.locked.iter().any(|one| one.digits_apart(&row.sha256) <= DAMAGED);
    let there = || named().find(|row| url.is_some() && is_pinned(row));
    let same = || named().filter(is_pinned).find(has).or_else(|| named().find(has));
    let other = || match &subject.pinned.from {
        FileSource::Index(index) => named().find(|row| is_on(index.as_deref(), row)),
        FileSource::Url(_) => None,
    };
    let Some(row) = there().or_else(same).or_else(other).or_else(|| named().find(damaged)) else { return };
    let mut notes = Vec::new();
    if let Some(twin) = same().filter(|_| !has(&row)) {
        notes.push(format!("its digest is that of the file of this name on {}", twin.index));
    }
    if row.yanked {
        notes.push("it was withdrawn by its publishers".to_owned());
    }
    let place = (!is_pinned(&row)).then(|| row.index.to_string());
    subject.witnesses.push(witness(row, place));
    subject.sizes.extend(row.size.map(|size| (format!("the {} catalogue", row.catalogue), size)));
    subject.notes.extend(notes);
}

/// True if a URL is the address of the row's file, or that of a mirror's copy of it.
fn is_at(url: &str, row: &WheelRow, mirrors: &[Mirror]) -> bool {
    match row.url() {
        Some(known) => {
            address::is_same(url, &known) || mirrors.iter().any(|mirror| address::is_same(url, &mirror.apply(&known)))
        }
        None => path_on_default_index(&row.sha256).is_some_and(|path| {
            address::without_query(url)
                .strip_suffix(row.wheel.as_str())
                .is_some_and(|folder| folder.ends_with(&format!("/{path}/")))
        }),
    }
}

/// True if an index serves the row's file; `None` is the default one.
fn is_on(index: Option<&str>, row: &WheelRow) -> bool {
    match (index, row.url()) {
        (None, known) => known.is_none(),
        (Some(index), Some(known)) => known.starts_with(&format!("{}/", index.trim_end_matches('/'))),
        (Some(_), None) => false,
    }
}

/// A row as a witness.
fn witness(row: &WheelRow, place: Option<String>) -> Witness {
    let recorded = match row.seen {
        0 if row.is_computed() => "hashed by this tool".to_owned(),
        0 => "given by the index".to_owned(),
        1 => "recorded by 1 project".to_owned(),
        seen => format!("recorded by {seen} projects"),
    };
    let who = format!("{} catalogue, {recorded}", row.catalogue);
    Witness { kind: WitnessKind::Catalogue, who, place, sha256: row.sha256, alone: false }
}

/// The row that a subject's bytes are of: the one with their digest.
pub fn row_of<'r>(subject: &Subject, sha256: Sha256, rows: &'r [WheelRow]) -> Option<&'r WheelRow> {
    rows.iter().find(|row| row.wheel.as_str() == subject.name && row.sha256 == sha256)
}
