//! What the catalogue says of a pinned file.

use crate::catalog::{Index, WheelRow, WheelSource};
use crate::digest::Sha256;
use crate::output::Mirror;
use crate::plan::family::same_url;
use crate::report::{Kind, Witness};

use super::Subject;
use super::pins::{From, Pinned, PinnedFile};

/// What becomes of the files of an entry.
#[derive(Debug, Default)]
pub struct Sorted {
    /// Those that have a name.
    pub subjects: Vec<Subject>,
    /// The digests of those that have none: a requirements file does not tell which file a digest is of.
    pub nameless: Vec<Sha256>,
}

/// How many digits of a digest may be damaged for it to be taken for a copy of another one.
const DAMAGED: usize = 16;

/// Sorts the files of an entry, and calls the catalogue as a witness.
pub fn sort(pinned: &Pinned, source: &impl WheelSource, mirrors: &[Mirror]) -> Sorted {
    let rows = match &pinned.version {
        Some(version) => source.wheels_of(&pinned.package, version),
        None => source.wheels(&pinned.package),
    };
    let mut sorted = Sorted::default();
    if let Some(name) = pinned.file_name() {
        let locked = pinned.files.iter().filter_map(|file| file.sha256).collect();
        let url = match &pinned.from {
            From::Url(url) => Some(url.clone()),
            From::Index(_) => None,
        };
        let mut subject = Subject::new(pinned.clone(), name, locked).at(url);
        testify(&mut subject, &rows, mirrors);
        sorted.subjects.push(subject);
        return sorted;
    }
    for file in &pinned.files {
        let Some(digest) = file.sha256 else { continue };
        match name_of(file, digest, &rows) {
            Some(name) => {
                let mut subject = Subject::new(pinned.clone(), name, vec![digest]).at(file.url.clone());
                testify(&mut subject, &rows, mirrors);
                sorted.subjects.push(subject);
            }
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

fn testify(subject: &mut Subject, rows: &[WheelRow], mirrors: &[Mirror]) {
    let named: Vec<&WheelRow> = rows.iter().filter(|row| row.wheel.as_str() == subject.name).collect();
    // A digest belongs to a place: what is served elsewhere under the name may be another file.
    let own = subject.url.clone().map(From::Url);
    let here = named.iter().find(|row| {
        own.as_ref().is_some_and(|own| is_place(own, row, mirrors)) || is_place(&subject.pinned.from, row, mirrors)
    });
    let same = named.iter().find(|row| subject.locked.contains(&row.sha256));
    let damaged = named.iter().find(|row| subject.locked.iter().any(|one| one.digits_apart(&row.sha256) <= DAMAGED));
    if let Some(row) = here.or(same).or(damaged) {
        subject.witnesses.push(witness(row));
        if row.yanked {
            subject.notes.push("it was withdrawn by its publishers".to_owned());
        }
    }
}

/// True if a file that comes from there is the row's.
fn is_place(from: &From, row: &WheelRow, mirrors: &[Mirror]) -> bool {
    match (from, row.url()) {
        (From::Url(url), Some(known)) => {
            same_url(url, &known) || mirrors.iter().any(|mirror| same_url(url, &mirror.apply(&known)))
        }
        (From::Url(_), None) => false,
        (From::Index(None), None) => row.index == Index::Pypi,
        (From::Index(None), Some(_)) => false,
        (From::Index(Some(index)), Some(known)) => known.starts_with(&format!("{}/", index.trim_end_matches('/'))),
        (From::Index(Some(_)), None) => false,
    }
}

/// A row as a witness.
pub fn witness(row: &WheelRow) -> Witness {
    let recorded = match row.seen {
        0 if row.is_computed() => "hashed by this tool".to_owned(),
        0 => "the index's own word".to_owned(),
        1 => "recorded by 1 project".to_owned(),
        seen => format!("recorded by {seen} projects"),
    };
    let who = format!("{} catalogue, {recorded}", row.catalogue);
    Witness { kind: Kind::Catalogue, who, sha256: row.sha256, alone: false }
}

/// The row that a subject's bytes are of: the one with their digest.
pub fn row_of<'r>(subject: &Subject, sha256: Sha256, rows: &'r [WheelRow]) -> Option<&'r WheelRow> {
    rows.iter().find(|row| row.wheel.as_str() == subject.name && row.sha256 == sha256)
}
