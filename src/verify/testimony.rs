//! The evidence of index pages and bytes about pinned files, and the verdict. Pure: pages and bytes are got
//! elsewhere.

use super::catalogued::{self, SortedFiles};
use super::contents::{self, Tags};
use super::learned::{self, HashedWheel};
use super::pins::{FileSource, PinnedEntry};
use super::{Hashed, Subject, judge};
use crate::catalog::WheelSource;
use crate::packaging::archive::Opened;
use crate::packaging::digest::Sha256;
use crate::packaging::wheel::WheelName;
use crate::report::error::{Code, Problem};
use crate::report::{State, Verified, Witness, WitnessKind};
use crate::text::quoted;

/// A file as an index page lists it.
#[derive(Debug, Clone)]
pub struct ListedFile {
    /// Its digest, if the page gives it.
    pub sha256: Option<Sha256>,
    /// Its size in bytes, if the page gives it.
    pub size: Option<u64>,
    /// The reason if it was withdrawn; empty if none is given.
    pub yanked: Option<String>,
}

/// The facts about all files.
#[derive(Debug, Default)]
pub struct Verdicts {
    /// The files that have witnesses beside the lock.
    pub wheels: Vec<Verified>,
    /// The number of files beside these.
    pub unknown: usize,
    /// The wheels that were hashed, and of which all agree.
    pub learned: Vec<HashedWheel>,
}

/// Calls the bytes as a witness, and judges every file.
pub fn verdicts(sorted: Vec<(PinnedEntry, SortedFiles)>, source: &impl WheelSource) -> Verdicts {
    let mut verdicts = Verdicts::default();
    for (pinned, files) in sorted {
        verdicts.unknown += files.nameless.len() + files.other_kinds;
        for mut subject in files.subjects {
            let about = subject.hashed.take().and_then(|hashed| bytes_say(&mut subject, &hashed, source));
            let only_lock = subject.witnesses.is_empty() && subject.wrong.is_empty() && subject.unanswered.is_empty();
            if only_lock && matches!(pinned.from, FileSource::Index(_)) {
                verdicts.unknown += 1;
                continue;
            }
            let verified = judge(subject);
            verdicts.learned.extend(about.filter(|_| verified.state() == State::Agrees));
            verdicts.wheels.push(verified);
        }
    }
    verdicts
}

/// A wheel in a folder that is of a pinned release, and whose digest the lock does not have.
pub fn unlisted(
    pinned: PinnedEntry,
    name: &str,
    folder: &str,
    hashed: &Result<Hashed, Problem>,
    source: &impl WheelSource,
) -> Verified {
    let mut subject = Subject::new(pinned, name.to_owned(), Vec::new());
    let message = format!("{name} in {folder} has a digest that the lock does not allow");
    bytes_say(&mut subject, hashed, source);
    let problem = Problem::new(Code::DigestConflict, message);
    subject.wrong.push(problem.help("do not install it, or lock its release again"));
    let mut verified = judge(subject);
    verified.unanswered.clear();
    verified
}

/// Calls a page as a witness of a file: `listed` is what it says of the file's name, each time that it lists it.
pub fn page_says(subject: &mut Subject, page: &str, listed: &[ListedFile]) {
    let who = format!("the index page {page}");
    let Some(first) = listed.first() else {
        subject.unanswered.push(Problem::new(Code::Absent, format!("{page} does not list {}", subject.name)));
        return;
    };
    // A page that lists a file twice may contradict itself.
    let other = listed.iter().find(|other| other.sha256.is_some() && other.sha256 != first.sha256);
    for one in [Some(first), other].into_iter().flatten() {
        subject.sizes.extend(one.size.map(|size| (who.clone(), size)));
        let witness = |sha256| Witness { kind: WitnessKind::Page, who: who.clone(), place: None, sha256, alone: false };
        subject.witnesses.extend(one.sha256.map(witness));
    }
    if first.sha256.is_none() && other.is_none() {
        subject.notes.push("the index page gives it no digest".to_owned());
    }
    if let Some(reason) = &first.yanked {
        let reason = if reason.is_empty() { String::new() } else { format!(": {}", quoted(reason)) };
        subject.notes.push(format!("it was withdrawn by its publishers{reason}"));
    }
}

/// Calls the bytes as a witness, and compares what the wheel says of itself with its name and the catalogue.
fn bytes_say(
    subject: &mut Subject,
    hashed: &Result<Hashed, Problem>,
    source: &impl WheelSource,
) -> Option<HashedWheel> {
    let hashed = match hashed {
        Ok(hashed) => hashed,
        Err(problem) => {
            subject.unanswered.push(problem.clone());
            return None;
        }
    };
    let (who, sha256) = (format!("the bytes, {}", hashed.how), hashed.sha256);
    subject.witnesses.push(Witness { kind: WitnessKind::Bytes, who, place: None, sha256, alone: false });
    subject.size = Some(hashed.size);
    let wheel: WheelName = subject.name.parse().ok()?;
    let contents = match &hashed.opened {
        Opened::Yes(contents) => Some((**contents).clone()),
        Opened::Refused(why) => {
            let problem = Problem::new(Code::WrongWheel, format!("{wheel} is not a wheel to be trusted: {why}"));
            subject.wrong.push(problem.help("do not install it"));
            None
        }
        Opened::NoWheel => {
            subject.notes.push("it was not opened: it is not a wheel".to_owned());
            None
        }
    };
    if let Some(contents) = &contents {
        match contents::tags(&wheel, contents) {
            Tags::Fit => {}
            Tags::OtherMachine(note) => subject.notes.push(note),
            Tags::Wrong(problem) => subject.wrong.push(problem),
        }
        let rows = source.wheels_of(&wheel.name, &wheel.version);
        match catalogued::row_of(subject, sha256, &rows) {
            None => {
                subject.notes.push("the catalogue does not have it, so its requirements are not compared".to_owned());
            }
            Some(row) => match contents::requirements(&wheel, contents, row, source) {
                Ok(wrong) => subject.wrong.extend(wrong),
                Err(why) => subject.notes.push(why),
            },
        }
    }
    let index = learned::index(&subject.pinned)?;
    Some(HashedWheel { wheel, index, sha256, size: hashed.size, contents })
}

impl SortedFiles {
    /// Makes subjects of the digests without a name for which one is found.
    pub fn named_by(&mut self, pinned: &PinnedEntry, mut name: impl FnMut(Sha256) -> Option<String>) {
        let subjects = &mut self.subjects;
        self.nameless.retain(|digest| {
            let named = name(*digest).map(|name| Subject::new(pinned.clone(), name, vec![*digest]));
            let stays = named.is_none();
            subjects.extend(named);
            stays
        });
    }

    /// Notes of every file of an entry why nobody answered; of the entry, if it has none by name.
    pub fn unanswered(&mut self, pinned: &PinnedEntry, problem: &Problem) {
        if self.subjects.is_empty() {
            let version = pinned.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
            self.subjects.push(Subject::new(pinned.clone(), format!("{}{version}", pinned.package), Vec::new()));
        }
        self.subjects.iter_mut().for_each(|subject| subject.unanswered.push(problem.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalogues;
    use crate::text::Source;

    const NAME: &str = "a-1.0.tar.gz";

    fn digest(digit: char) -> Sha256 {
        digit.to_string().repeat(64).parse().unwrap()
    }

    fn pinned() -> PinnedEntry {
        PinnedEntry {
            lock: "r.txt".to_owned(),
            place: Source::new("r.txt", "a==1.0").place((0..1).into()),
            package: "a".parse().unwrap(),
            version: Some("1.0".parse().unwrap()),
            from: FileSource::Index(None),
            files: Vec::new(),
        }
    }

    fn subject() -> Subject {
        Subject::new(pinned(), NAME.to_owned(), vec![digest('a')])
    }

    fn hashed(digit: char) -> Hashed {
        Hashed { sha256: digest(digit), size: 7, how: "read", opened: Opened::NoWheel }
    }

    fn listed_as(listed: &[(Option<char>, Option<&str>)]) -> Subject {
        let listed = listed.iter().map(|(digit, yanked)| ListedFile {
            sha256: digit.map(digest),
            size: Some(7),
            yanked: yanked.map(str::to_owned),
        });
        let mut subject = subject();
        page_says(&mut subject, "https://i.example/a/", &listed.collect::<Vec<_>>());
        subject
    }

    #[test]
    fn a_page_that_contradicts_itself_is_two_witnesses() {
        let digests = |subject: Subject| subject.witnesses.iter().map(|one| one.sha256).collect::<Vec<_>>();
        assert_eq!(digests(listed_as(&[(Some('a'), None), (Some('a'), None)])), [digest('a')]);
        assert_eq!(digests(listed_as(&[(Some('a'), None), (Some('b'), None)])), [digest('a'), digest('b')]);
        assert_eq!(digests(listed_as(&[(None, None), (Some('b'), None)])), [digest('b')]);
    }

    #[test]
    fn a_page_without_the_file_or_its_digest_is_no_witness() {
        let absent = listed_as(&[]);
        assert!(absent.witnesses.is_empty() && absent.unanswered[0].code == Code::Absent);
        let without = listed_as(&[(None, Some("broken"))]);
        assert!(without.witnesses.is_empty() && without.unanswered.is_empty());
        let notes = ["the index page gives it no digest", "it was withdrawn by its publishers: broken"];
        assert_eq!(without.notes, notes);
    }

    /// With the file that the lock has, as its bytes are.
    fn judged(bytes: Option<Result<Hashed, Problem>>) -> Verdicts {
        let subject = Subject { hashed: bytes, ..subject() };
        let sorted = SortedFiles { subjects: vec![subject], nameless: vec![digest('c')], other_kinds: 2 };
        verdicts(vec![(pinned(), sorted)], &Catalogues::default())
    }

    #[test]
    fn what_only_the_lock_knows_is_counted_and_what_was_read_is_judged() {
        let unread = judged(None);
        assert_eq!((unread.wheels.len(), unread.unknown), (0, 4));
        let same = judged(Some(Ok(hashed('a'))));
        assert_eq!((same.wheels[0].state(), same.unknown), (State::Agrees, 3));
        assert_eq!(judged(Some(Ok(hashed('b')))).wheels[0].state(), State::Differs);
        let failed = judged(Some(Err(Problem::new(Code::Network, "no answer"))));
        assert_eq!(failed.wheels[0].state(), State::Unanswered);
    }

    #[test]
    fn a_digest_without_a_name_becomes_a_file_where_one_is_found() {
        let mut sorted = SortedFiles { nameless: vec![digest('a'), digest('b')], ..SortedFiles::default() };
        sorted.named_by(&pinned(), |one| (one == digest('b')).then(|| NAME.to_owned()));
        assert_eq!(sorted.nameless, [digest('a')]);
        assert_eq!((sorted.subjects.len(), &*sorted.subjects[0].locked), (1, &[digest('b')][..]));
    }

    #[test]
    fn a_file_of_a_pinned_release_with_another_digest_is_wrong() {
        let verified = unlisted(pinned(), NAME, "wheels", &Ok(hashed('b')), &Catalogues::default());
        assert_eq!(verified.state(), State::Differs);
        assert!(verified.wrong[0].message.contains("in wheels has a digest that the lock does not allow"));
    }

    #[test]
    fn where_nobody_answered_that_is_noted_of_each_file_or_else_of_the_entry() {
        let problem = Problem::new(Code::Network, "no answer");
        let mut empty = SortedFiles::default();
        empty.unanswered(&pinned(), &problem);
        assert_eq!((empty.subjects[0].name.as_str(), empty.subjects[0].unanswered.len()), ("a 1.0", 1));
        let mut files = SortedFiles { subjects: vec![subject(), subject()], ..SortedFiles::default() };
        files.unanswered(&pinned(), &problem);
        assert!(files.subjects.len() == 2 && files.subjects.iter().all(|one| one.unanswered.len() == 1));
    }
}
