//! Gathering witnesses: index pages, downloads, a folder of wheels.

use std::collections::BTreeMap;

use url::Url;

use super::VerifyJob;
use super::bytes;
use super::pages::{self, Pages};
use crate::command::parallel;
use crate::edge::index::{Link, shown};
use crate::edge::io::{self, Cache, Local};
use crate::report::Verified;
use crate::report::error::{Code, Problem, Result};
use crate::text::quoted;
use crate::verify::catalogued::SortedFiles;
use crate::verify::pins::{FileSource, PinnedEntry};
use crate::verify::testimony::{HashedFiles, ListedFile, page_says, unlisted};

/// The entries that pin one file, each with the name that it has there.
type PinsOfFile<'p> = Vec<(&'p PinnedEntry, &'p str)>;

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
                Some(Err(problem)) => files.unanswered(pinned, problem),
                Some(Ok((url, page))) => {
                    files.named_by(pinned, |digest| {
                        page.links.iter().find(|link| link.sha256 == Some(digest)).map(|link| link.file.clone())
                    });
                    files.subjects.retain(|subject| self.is_wanted(&subject.name));
                    for subject in &mut files.subjects {
                        let listed = |link: &Link| ListedFile {
                            sha256: link.sha256,
                            size: link.size,
                            yanked: link.yanked.clone(),
                        };
                        let listed: Vec<ListedFile> =
                            pages::links(page, &subject.name, &subject.locked).map(listed).collect();
                        page_says(subject, &shown(url), &listed);
                    }
                }
            }
        }
        pages
    }

    /// Downloads what is at URLs, and of releases what was asked for by name.
    pub(super) fn download(&self, sorted: &[(PinnedEntry, SortedFiles)], pages: &Pages) -> HashedFiles {
        let mut found = HashedFiles::default();
        let Some(network) = self.network.filter(|_| self.args.witnesses.download) else { return found };
        let cache = if self.args.index.no_cache { None } else { Cache::of_user() };
        // One file may be pinned several times.
        let mut wanted: BTreeMap<String, (Url, PinsOfFile<'_>)> = BTreeMap::new();
        for (pinned, files) in sorted {
            for subject in &files.subjects {
                let is_release = matches!(pinned.from, FileSource::Index(_));
                if is_release && self.args.packages.is_empty() {
                    continue;
                }
                let place = match (&subject.url, pages.of(pinned, self.default)) {
                    (Some(url), _) => Url::parse(url).map_err(|error| {
                        Problem::new(Code::Syntax, format!("{} has no usable URL: {error}", quoted(&subject.name)))
                    }),
                    (None, Some(Ok((_, page)))) => match pages::links(page, &subject.name, &subject.locked).next() {
                        Some(link) => Ok(link.url.clone()),
                        None => continue,
                    },
                    (None, Some(Err(_)) | None) => continue,
                };
                match place {
                    Ok(url) => {
                        wanted.entry(url.to_string()).or_insert((url, Vec::new())).1.push((pinned, &subject.name));
                    }
                    Err(problem) => found.insert(pinned, &subject.name, Err(problem)),
                }
            }
        }
        let wanted: Vec<_> = wanted.into_values().collect();
        let work = |(url, all): &(Url, PinsOfFile<'_>)| {
            let name = all.first().map_or("", |(_, name)| name);
            bytes::download(network, url, name, cache.as_ref(), self.display)
        };
        let done = parallel::each(wanted.iter().collect(), self.args.witnesses.jobs.into(), work);
        for ((_, all), hashed) in wanted.iter().zip(done) {
            all.iter().for_each(|(pinned, name)| found.insert(pinned, name, hashed.clone()));
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
        let (mut found, mut all_unlisted) = (HashedFiles::default(), Vec::new());
        for (local, hashed) in read {
            let name = local.wheel.as_str();
            let mut listed = false;
            let mut like = None;
            for (pinned, files) in sorted.iter_mut().filter(|(pinned, _)| is_of(&local, pinned)) {
                let mut digest = hashed.as_ref().ok().map(|hashed| hashed.sha256);
                files.named_by(pinned, |one| digest.take_if(|digest| *digest == one).map(|_| name.to_owned()));
                if files.subjects.iter().any(|subject| subject.name == name) {
                    listed = true;
                    found.insert(pinned, name, hashed.clone());
                }
                like = like.or(Some(pinned.clone()).filter(|pinned| matches!(pinned.from, FileSource::Index(_))));
            }
            if let Some(pinned) = like.filter(|_| !listed) {
                all_unlisted.push(unlisted(pinned, name, folder, &hashed, self.catalogues));
            }
        }
        for (pinned, files) in sorted.iter_mut().filter(|(pinned, _)| matches!(pinned.from, FileSource::Url(_))) {
            for subject in &mut files.subjects {
                if found.get(pinned, &subject.name).is_none() {
                    let message = format!("{} is not in {folder}", subject.name);
                    subject.unanswered.push(Problem::new(Code::Absent, message));
                }
            }
        }
        Ok((found, all_unlisted))
    }
}
