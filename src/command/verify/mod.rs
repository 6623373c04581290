//! `torchswap verify`: do the wheels behind the pins have these digests?

use std::collections::BTreeMap;
use std::time::Duration;

use url::Url;

mod bytes;
mod pages;
mod parallel;

use super::read;
use crate::catalog::{Catalogues, ProjectTable, WheelSource};
use crate::cli::verify::{NetworkArgs, Verify};
use crate::error::{Code, Error, Problem, Result};
use crate::index::{Network, shown};
use crate::io::{self, Cache, Local};
use crate::output::Mirror;
use crate::progress::Display;
use crate::report::{Kind, State, Verification, Verified, Witness};
use crate::target::{Environment, Platform, Python};
use crate::text::quoted;
use crate::verify::catalogued::{self, Sorted};
use crate::verify::contents::Tags;
use crate::verify::learned::{self, Learned};
use crate::verify::pins::{self, From, Pinned};
use crate::verify::{Subject, contents, judge};
use crate::wheel::WheelName;

use bytes::{Hashed, Opened};
use pages::Pages;

/// What a run gives.
#[derive(Debug)]
pub struct Outcome {
    /// What was found out.
    pub verification: Verification,
    /// With `--record`: the file to write, and its text.
    pub write: Option<(String, String)>,
}

/// Verifies, and writes nothing but the memory of downloads.
///
/// # Errors
/// If a file cannot be read, or there is nothing in it to verify.
pub fn run(args: &Verify, display: &Display) -> Result<Outcome> {
    let config = read::config()?;
    let mut names: Vec<String> = config.catalogs.iter().chain(&args.witnesses.catalogs).cloned().collect();
    let record = args.witnesses.record.as_ref();
    let before = record.map(|name| io::read_if_there(name)).transpose()?.flatten();
    // What is in it already counts, or the next record could contradict it.
    names.extend(record.filter(|name| before.is_some() && !names.contains(name)).cloned());
    let catalogues = read::catalogues(&names)?;
    let configured = config.targets.into_iter().filter_map(|target| target.mirror);
    let mirrors: Vec<Mirror> = read::mirror(args.witnesses.mirror.as_deref())?.into_iter().chain(configured).collect();
    let pins = pins(args)?;
    let default = read::index_url(args.network.index_url.as_ref())?;
    let network = if args.witnesses.index || args.witnesses.download { Some(network(&args.network)?) } else { None };
    let job = Job { args, catalogues: &catalogues, default: default.as_ref(), network: network.as_ref(), display };
    let (mut verification, learned) = job.verify(pins, &mirrors)?;
    verification.notes.sort();
    verification.notes.dedup();
    let write = record.map(|name| -> Result<_> {
        let (wheels, requires) = learned::rows(&learned, &catalogues);
        let text = learned::added(before.as_ref().map_or("", |source| &source.text), &wheels, &requires);
        // What is written can be read.
        ProjectTable::parse(name.as_str(), text.as_str())?;
        Ok((name.clone(), text))
    });
    Ok(Outcome { verification, write: write.transpose()? })
}

/// What the locks pin, of the packages that are wanted.
fn pins(args: &Verify) -> Result<Vec<Pinned>> {
    let mut all = Vec::new();
    for file in &args.files {
        all.extend(pins::of(&read::lock(file)?));
    }
    let wanted = |pinned: &Pinned| args.packages.is_empty() || args.packages.contains(&pinned.package);
    if let Some(odd) = args.packages.iter().find(|name| all.iter().all(|pinned| pinned.package != **name)) {
        let message = format!("{} does not pin {odd}", args.files.join(" and "));
        return Err(Problem::new(Code::Usage, message).into());
    }
    all.retain(wanted);
    Ok(all)
}

fn network(args: &NetworkArgs) -> Result<Network> {
    let mut settings = io::network_settings()?;
    settings.allow_http = args.allow_http;
    settings.patience.idle = Duration::from_secs(args.timeout.into());
    settings.patience.retries = args.retries;
    Ok(Network::new(settings))
}

struct Job<'j> {
    args: &'j Verify,
    catalogues: &'j Catalogues,
    default: Option<&'j Url>,
    network: Option<&'j Network>,
    display: &'j Display,
}

impl Job<'_> {
    fn verify(&self, pins: Vec<Pinned>, mirrors: &[Mirror]) -> Result<(Verification, Vec<Learned>)> {
        let mut verification = Verification::default();
        let mut sorted: Vec<(Pinned, Sorted)> = Vec::new();
        for pinned in pins {
            let mut files = catalogued::sort(&pinned, self.catalogues, mirrors);
            files.subjects.retain(|subject| self.is_wanted(&subject.name));
            sorted.push((pinned, files));
        }
        let pages = self.ask_pages(&mut sorted, &mut verification.notes);
        let (found, mut unlisted) = match &self.args.witnesses.wheel_dir {
            Some(folder) => self.read_folder(folder, &mut sorted)?,
            None => (self.download(&sorted, &pages), Vec::new()),
        };
        let mut learned = Vec::new();
        for (pinned, files) in sorted {
            let named = files.subjects.into_iter();
            verification.unknown += files.nameless.len();
            for mut subject in named {
                let hashed = found.get(&(key(&pinned), subject.name.clone()));
                let about = hashed.and_then(|hashed| self.testify(&mut subject, hashed));
                let only_lock =
                    subject.witnesses.is_empty() && subject.wrong.is_empty() && subject.unanswered.is_empty();
                if only_lock && matches!(pinned.from, From::Index(_)) {
                    verification.unknown += 1;
                    continue;
                }
                let verified = judge(subject);
                learned.extend(about.filter(|_| verified.state() == State::Agrees));
                verification.wheels.push(verified);
            }
        }
        verification.wheels.append(&mut unlisted);
        if verification.wheels.is_empty() {
            return Err(self.nothing(&verification));
        }
        Ok((verification, learned))
    }

    fn nothing(&self, verification: &Verification) -> Error {
        let files = self.args.files.join(" and ");
        let message = match verification.unknown {
            0 => format!("there is nothing to verify in {files}: it pins no file by a digest"),
            1 => format!("there is nothing to verify in {files}: the catalogue does not know its one file"),
            many => format!("there is nothing to verify in {files}: the catalogue knows none of its {many} files"),
        };
        let problem = Problem::new(Code::NotKnown, message);
        let mut problems =
            vec![problem.help("ask the index with --index, or name what to hash with --download --package")];
        problems.extend(verification.notes.iter().map(|note| Problem::new(Code::Network, note.as_str())));
        match Error::unless_empty(problems) {
            Err(error) => error,
            Ok(()) => Problem::new(Code::NotKnown, "there is nothing to verify").into(),
        }
    }

    /// True for a file that installs where the command line says.
    fn is_wanted(&self, name: &str) -> bool {
        let (platforms, pythons) = (&self.args.platforms, &self.args.pythons);
        if platforms.is_empty() && pythons.is_empty() {
            return true;
        }
        let Ok(wheel) = name.parse::<WheelName>() else { return false };
        let platforms: Vec<Platform> = if platforms.is_empty() { Platform::ALL.to_vec() } else { platforms.clone() };
        let pythons: Vec<Python> =
            if pythons.is_empty() { (6..=16).map(Python::three).collect() } else { pythons.clone() };
        platforms.iter().any(|platform| {
            let fits = |python: &Python| wheel.fit(Environment { platform: *platform, python: *python }).is_some();
            pythons.iter().any(fits)
        })
    }

    /// Calls the index pages as witnesses. Digests without a name get one where a page has it.
    fn ask_pages(&self, sorted: &mut [(Pinned, Sorted)], notes: &mut Vec<String>) -> Pages {
        let witnesses = &self.args.witnesses;
        let Some(network) = self.network else { return Pages::default() };
        let asked = |pinned: &Pinned| {
            let is_release = matches!(pinned.from, From::Index(_));
            witnesses.index || witnesses.download && is_release && !self.args.packages.is_empty()
        };
        let pins = sorted.iter().map(|(pinned, _)| pinned).filter(|pinned| asked(pinned));
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
    fn download(&self, sorted: &[(Pinned, Sorted)], pages: &Pages) -> Found {
        let Some(network) = self.network.filter(|_| self.args.witnesses.download) else { return Found::new() };
        let cache = if self.args.network.no_cache { None } else { Cache::of_user() };
        // One file may be pinned several times.
        let mut wanted: BTreeMap<String, (Url, String, Vec<FileKey>)> = BTreeMap::new();
        let mut found = Found::new();
        for (pinned, files) in sorted {
            for subject in &files.subjects {
                let is_release = matches!(pinned.from, From::Index(_));
                if is_release && self.args.packages.is_empty() {
                    continue;
                }
                let place = match (&subject.url, pages.of(pinned, self.default)) {
                    (Some(url), _) => Url::parse(url).map_err(|error| {
                        Problem::new(Code::Syntax, format!("{} lies at no address: {error}", quoted(&subject.name)))
                    }),
                    (None, Some(Ok((_, page)))) => match pages::link(page, &subject.name) {
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
    fn read_folder(&self, folder: &str, sorted: &mut [(Pinned, Sorted)]) -> Result<(Found, Vec<Verified>)> {
        let is_of = |local: &Local, pinned: &Pinned| {
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
        let (mut found, mut unlisted) = (Found::new(), Vec::new());
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
                like = like.or(Some(pinned.clone()).filter(|pinned| matches!(pinned.from, From::Index(_))));
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
        for (pinned, files) in sorted.iter_mut().filter(|(pinned, _)| matches!(pinned.from, From::Url(_))) {
            for subject in &mut files.subjects {
                if !found.contains_key(&(key(pinned), subject.name.clone())) {
                    let message = format!("{} is not in {folder}", subject.name);
                    subject.unanswered.push(Problem::new(Code::Absent, message));
                }
            }
        }
        Ok((found, unlisted))
    }

    /// Calls the bytes as a witness, and looks at what the wheel says of itself.
    fn testify(&self, subject: &mut Subject, hashed: &Result<Hashed, Problem>) -> Option<Learned> {
        let hashed = match hashed {
            Ok(hashed) => hashed,
            Err(problem) => {
                subject.unanswered.push(problem.clone());
                return None;
            }
        };
        let who = format!("the bytes, {}", hashed.how);
        subject.witnesses.push(Witness { kind: Kind::Bytes, who, sha256: hashed.sha256, alone: false });
        subject.size = Some(hashed.size);
        let wheel: WheelName = subject.name.parse().ok()?;
        let contents = match &hashed.contents {
            Opened::Yes(contents) => Some((**contents).clone()),
            Opened::Refused(why) => {
                let problem = Problem::new(Code::WrongWheel, format!("{wheel} is not a wheel to be trusted: {why}"));
                subject.wrong.push(problem.help("do not install it"));
                None
            }
            Opened::Not(why) => {
                subject.notes.push(format!("it was not opened: {why}"));
                None
            }
        };
        if let Some(contents) = &contents {
            match contents::tags(&wheel, contents) {
                Tags::Fit => {}
                Tags::OtherMachine(note) => subject.notes.push(note),
                Tags::Wrong(problem) => subject.wrong.push(problem),
            }
            let rows = self.catalogues.wheels_of(&wheel.name, &wheel.version);
            match catalogued::row_of(subject, hashed.sha256, &rows) {
                None => subject
                    .notes
                    .push("the catalogue does not have it, so its requirements are not compared".to_owned()),
                Some(row) => match contents::requirements(&wheel, contents, row, self.catalogues) {
                    Ok(wrong) => subject.wrong.extend(wrong),
                    Err(why) => subject.notes.push(why),
                },
            }
        }
        let index = learned::index(&subject.pinned)?;
        Some(Learned { wheel, index, sha256: hashed.sha256, size: hashed.size, contents })
    }
}

/// Which entry of which lock.
type EntryKey = (String, usize, usize);

/// A file of an entry.
type FileKey = (EntryKey, String);

/// What was read, for each file.
type Found = BTreeMap<FileKey, Result<Hashed, Problem>>;

fn key(pinned: &Pinned) -> EntryKey {
    (pinned.lock.clone(), pinned.place.line, pinned.place.column)
}

/// Calls a page as a witness.
fn page_says(subject: &mut Subject, url: &Url, page: &crate::index::Page) {
    let url = shown(url);
    let Some(link) = pages::link(page, &subject.name) else {
        let problem = Problem::new(Code::Absent, format!("{url} does not list {}", subject.name));
        subject.unanswered.push(problem);
        return;
    };
    match link.sha256 {
        Some(sha256) => {
            let who = format!("the index page {url}");
            subject.witnesses.push(Witness { kind: Kind::Page, who, sha256, alone: false });
        }
        None => subject.notes.push("the index page gives it no digest".to_owned()),
    }
    if let Some(reason) = &link.yanked {
        let reason = if reason.is_empty() { String::new() } else { format!(": {}", quoted(reason)) };
        subject.notes.push(format!("it was withdrawn by its publishers{reason}"));
    }
}
