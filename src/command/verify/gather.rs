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
use crate::verify::Subject;
use crate::verify::catalogued::SortedFiles;
use crate::verify::pins::{FileSource, PinnedEntry};
use crate::verify::testimony::{ListedFile, page_says, unlisted};

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
    pub(super) fn download(&self, sorted: &mut [(PinnedEntry, SortedFiles)], pages: &Pages) {
        let Some(network) = self.network.filter(|_| self.args.witnesses.download) else { return };
        let cache = if self.args.index.no_cache { None } else { Cache::of_user() };
        // One file may be pinned several times.
        let mut wanted: BTreeMap<Url, Vec<&mut Subject>> = BTreeMap::new();
        for (pinned, files) in sorted {
            if matches!(pinned.from, FileSource::Index(_)) && self.args.packages.is_empty() {
                continue;
            }
            for subject in &mut files.subjects {
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
                    Ok(url) => wanted.entry(url).or_default().push(subject),
                    Err(problem) => subject.hashed = Some(Err(problem)),
                }
            }
        }
        let work = |(url, subjects): (Url, Vec<&mut Subject>)| {
            let name = subjects.first().map_or("", |subject| &subject.name);
            let hashed = bytes::download(network, &url, name, cache.as_ref(), self.display);
            subjects.into_iter().for_each(|subject| subject.hashed = Some(hashed.clone()));
        };
        parallel::each(wanted.into_iter().collect(), self.args.witnesses.jobs.into(), work);
    }

    /// Reads the wheels of a folder that are pinned. Gives also those of a pinned release whose digest the lock has not.
    pub(super) fn read_folder(&self, folder: &str, sorted: &mut [(PinnedEntry, SortedFiles)]) -> Result<Vec<Verified>> {
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
        let mut all_unlisted = Vec::new();
        for (local, hashed) in read {
            let name = local.wheel.as_str();
            let mut listed = false;
            let mut like = None;
            for (pinned, files) in sorted.iter_mut().filter(|(pinned, _)| is_of(&local, pinned)) {
                let mut digest = hashed.as_ref().ok().map(|hashed| hashed.sha256);
                files.named_by(pinned, |one| digest.take_if(|digest| *digest == one).map(|_| name.to_owned()));
                for subject in files.subjects.iter_mut().filter(|subject| subject.name == name) {
                    listed = true;
                    subject.hashed = Some(hashed.clone());
                }
                like = like.or(Some(pinned.clone()).filter(|pinned| matches!(pinned.from, FileSource::Index(_))));
            }
            if let Some(pinned) = like.filter(|_| !listed) {
                all_unlisted.push(unlisted(pinned, name, folder, &hashed, self.catalogues));
            }
        }
        for (_, files) in sorted.iter_mut().filter(|(pinned, _)| matches!(pinned.from, FileSource::Url(_))) {
            for subject in files.subjects.iter_mut().filter(|subject| subject.hashed.is_none()) {
                let message = format!("{} is not in {folder}", subject.name);
                subject.unanswered.push(Problem::new(Code::Absent, message));
            }
        }
        Ok(all_unlisted)
    }
}
