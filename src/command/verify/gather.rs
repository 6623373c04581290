//! Gathering witnesses: index pages, downloads, a folder of wheels.

use std::collections::BTreeMap;

use url::Url;

use super::bytes::{self, Hashed};
use super::pages::{self, Pages};
use super::{VerifyJob, parallel};
use crate::edge::index::{Page, shown};
use crate::edge::io::{self, Cache, Local};
use crate::report::error::{Code, Problem, Result};
use crate::report::{Verified, Witness, WitnessKind};
use crate::text::quoted;
use crate::verify::catalogued::SortedFiles;
use crate::verify::pins::{FileSource, PinnedEntry};
use crate::verify::{Subject, judge};

impl VerifyJob<'_> {
    /// Calls the index pages as witnesses. Digests without a name get one where a page has it.
    pub(super) fn ask_pages(&self, sorted: &mut [(PinnedEntry, SortedFiles)], notes: &mut Vec<String>) -> Pages {
        let witnesses = &self.args.witnesses;
        let Some(network) = self.network else { return Pages::default() };
        let asked = |pinned: &PinnedEntry| {
            let is_release = matches!(pinned.from, FileSource::Index(_));
            witnesses.index || witnesses.download && is_release && !self.args.packages.is_empty()
        };
        let pins = sorted.iter().filter(|(pinned, _)| asked(pinned));
        let pages = Pages::ask(network, pins, self.default, witnesses.jobs.into());
        for (pinned, files) in sorted.iter_mut().filter(|(pinned, _)| asked(pinned)) {
            match pages.of(pinned, self.default) {
                None => {
                    let message = "the default index is not known: name it with --index-url or PIP_INDEX_URL";
                    let homeless = files.subjects.iter_mut().filter(|subject| subject.url.is_none());
                    for subject in homeless.filter(|_| witnesses.download && !self.args.packages.is_empty()) {
                        subject.unanswered.push(Problem::new(Code::Usage, message));
                    }
                    notes.push(format!("releases were not asked for: {message}"));
                }
                Some(Err(problem)) => {
                    for subject in &mut files.subjects {
                        subject.unanswered.push(problem.clone());
                    }
                    if files.subjects.is_empty() {
                        let version = pinned.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
                        let mut subject =
                            Subject::new(pinned.clone(), format!("{}{version}", pinned.package), Vec::new());
                        subject.unanswered.push(problem.clone());
                        files.subjects.push(subject);
                    }
                }
                Some(Ok((url, page))) => {
                    let mut nameless = std::mem::take(&mut files.nameless);
                    nameless.retain(|digest| {
                        let link = page.links.iter().find(|link| link.sha256 == Some(*digest));
                        let Some(link) = link else { return true };
                        if self.is_wanted(&link.file) {
                            files.subjects.push(Subject::new(pinned.clone(), link.file.clone(), vec![*digest]));
                        }
                        false
                    });
                    files.nameless = nameless;
                    for subject in &mut files.subjects {
                        page_says(subject, url, page);
                    }
                }
            }
        }
        pages
    }

    /// Downloads what is at URLs, and of releases what was asked for by name.
    pub(super) fn download(&self, sorted: &[(PinnedEntry, SortedFiles)], pages: &Pages) -> HashedFiles {
        let Some(network) = self.network.filter(|_| self.args.witnesses.download) else { return HashedFiles::new() };
        let cache = if self.args.index.no_cache { None } else { Cache::of_user() };
        // One file may be pinned several times.
        let mut wanted: BTreeMap<String, (Url, String, Vec<FileKey>)> = BTreeMap::new();
        let mut found = HashedFiles::new();
        for (pinned, files) in sorted {
            for subject in &files.subjects {
                let is_release = matches!(pinned.from, FileSource::Index(_));
                if is_release && self.args.packages.is_empty() {
                    continue;
                }
                let place = match (&subject.url, pages.of(pinned, self.default)) {
                    (Some(url), _) => Url::parse(url).map_err(|error| {
                        Problem::new(Code::Syntax, format!("{} lies at no address: {error}", quoted(&subject.name)))
                    }),
                    (None, Some(Ok((_, page)))) => match pages::links(page, &subject.name).next() {
                        Some(link) => Ok(link.url.clone()),
                        None => continue,
                    },
                    (None, Some(Err(_)) | None) => continue,
                };
                let key = (key(pinned), subject.name.clone());
                match place {
                    Ok(url) => {
                        let entry = wanted.entry(url.to_string()).or_insert((url, subject.name.clone(), Vec::new()));
                        entry.2.push(key);
                    }
                    Err(problem) => drop(found.insert(key, Err(problem))),
                }
            }
        }
        let work = |(url, name, keys): (Url, String, Vec<FileKey>)| {
            (keys, bytes::download(network, &url, &name, cache.as_ref(), self.display))
        };
        let done = parallel::each(wanted.into_values().collect(), self.args.witnesses.jobs.into(), work);
        for (keys, hashed) in done {
            found.extend(keys.into_iter().map(|key| (key, hashed.clone())));
        }
        found
    }

    /// Reads the wheels of a folder that are pinned. Gives also those of a pinned release whose digest the lock has not.
    pub(super) fn read_folder(
        &self,
        folder: &str,
        sorted: &mut [(PinnedEntry, SortedFiles)],
    ) -> Result<(HashedFiles, Vec<Verified>)> {
        let is_of = |local: &Local, pinned: &PinnedEntry| {
            let version = pinned.version.as_ref();
            local.wheel.name == pinned.package
                && version
                    .is_none_or(|version| *version == local.wheel.version || *version == local.wheel.public_version())
        };
        let mut locals = io::wheels(folder)?;
        locals.retain(|local| {
            self.is_wanted(local.wheel.as_str()) && sorted.iter().any(|(pinned, _)| is_of(local, pinned))
        });
        let read = |local| {
            let hashed = bytes::local(&local, self.display);
            (local, hashed)
        };
        let read = parallel::each(locals, self.args.witnesses.jobs.into(), read);
        let (mut found, mut unlisted) = (HashedFiles::new(), Vec::new());
        for (local, hashed) in read {
            let name = local.wheel.as_str();
            let mut listed = false;
            let mut like = None;
            for (pinned, files) in sorted.iter_mut().filter(|(pinned, _)| is_of(&local, pinned)) {
                let digest = hashed.as_ref().map(|hashed| hashed.sha256);
                if let Some(at) = files.nameless.iter().position(|one| Ok(one) == digest.as_ref()) {
                    let digest = files.nameless.remove(at);
                    files.subjects.push(Subject::new(pinned.clone(), name.to_owned(), vec![digest]));
                }
                if files.subjects.iter().any(|subject| subject.name == name) {
                    listed = true;
                    found.insert((key(pinned), name.to_owned()), hashed.clone());
                }
                like = like.or(Some(pinned.clone()).filter(|pinned| matches!(pinned.from, FileSource::Index(_))));
            }
            if let Some(pinned) = like.filter(|_| !listed) {
                let mut subject = Subject::new(pinned, name.to_owned(), Vec::new());
                let message = format!("{name} in {folder} has a digest that the lock does not allow");
                self.testify(&mut subject, &hashed);
                let problem = Problem::new(Code::DigestConflict, message);
                subject.wrong.push(problem.help("do not install it, or lock its release anew"));
                let mut verified = judge(subject);
                verified.unanswered.clear();
                unlisted.push(verified);
            }
        }
        for (pinned, files) in sorted.iter_mut().filter(|(pinned, _)| matches!(pinned.from, FileSource::Url(_))) {
            for subject in &mut files.subjects {
                if !found.contains_key(&(key(pinned), subject.name.clone())) {
                    let message = format!("{} is not in {folder}", subject.name);
                    subject.unanswered.push(Problem::new(Code::Absent, message));
                }
            }
        }
        Ok((found, unlisted))
    }
}

/// Which entry of which lock.
pub(super) type EntryKey = (String, usize, usize);

/// A file of an entry.
pub(super) type FileKey = (EntryKey, String);

/// What was read, for each file.
pub(super) type HashedFiles = BTreeMap<FileKey, Result<Hashed, Problem>>;

pub(super) fn key(pinned: &PinnedEntry) -> EntryKey {
    (pinned.lock.clone(), pinned.place.line, pinned.place.column)
}

/// Calls a page as a witness.
fn page_says(subject: &mut Subject, url: &Url, page: &Page) {
    let who = format!("the index page {}", shown(url));
    let Some(link) = pages::links(page, &subject.name).next() else {
        let problem = Problem::new(Code::Absent, format!("{} does not list {}", shown(url), subject.name));
        subject.unanswered.push(problem);
        return;
    };
    // A page that lists a file twice may contradict itself.
    let other = pages::links(page, &subject.name).find(|other| other.sha256.is_some() && other.sha256 != link.sha256);
    for link in [Some(link), other].into_iter().flatten() {
        subject.sizes.extend(link.size.map(|size| (who.clone(), size)));
        let witness = |sha256| Witness { kind: WitnessKind::Page, who: who.clone(), place: None, sha256, alone: false };
        subject.witnesses.extend(link.sha256.map(witness));
    }
    if link.sha256.is_none() && other.is_none() {
        subject.notes.push("the index page gives it no digest".to_owned());
    }
    if let Some(reason) = &link.yanked {
        let reason = if reason.is_empty() { String::new() } else { format!(": {}", quoted(reason)) };
        subject.notes.push(format!("it was withdrawn by its publishers{reason}"));
    }
}
