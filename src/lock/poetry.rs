//! `poetry.lock`, lock-version 1.0 to 2.1.
//!
//! | | 1.0, 1.1 | 2.0 | 2.1 |
//! | --- | --- | --- | --- |
//! | files and digests | `[metadata.files]` or `[metadata.hashes]` by package | `files` in the entry | the same |
//! | which entries are selected | the graph, from the roots in `pyproject.toml` | the same | `groups` and `markers` in the entry |
//!
//! This file reads; `select` decides what is installed on an environment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use pep508_rs::{ExtraName, PackageName};

use super::dependency::{
    self, Dependency, ParseCache, read_extra, read_extras, read_marker, read_name, read_pythons, read_version,
};
use super::origin;
use super::pyproject::Project;
use super::toml::{Item, Table, Toml, dig};
use super::{Entry, LockedDigest, LockedFiles, Origin, Position, requirements};
use crate::packaging::address;
use crate::packaging::constraint::Constraint;
use crate::packaging::marker::Marker;
use crate::report::error::Result;
use crate::text::{Lookup, Source, Span, quoted};

mod choice;
mod extras;
mod fresh;
mod indexes;
mod layout;
mod metadata;
mod select;
mod split;
mod walk;

use extras::ByExtra;
pub use layout::PoetryBlock;
pub use metadata::LockVersion;

/// The file's name in messages.
const WHAT: &str = "poetry.lock";
/// The remedy for a lock that Poetry would not have written.
const ANEW: &str = "regenerate the lock with: poetry lock";

/// A `poetry.lock` and, where there is one, the project beside it.
#[derive(Debug, Clone)]
pub struct PoetryLock {
    /// The file.
    pub source: Source,
    /// The version of its format.
    pub version: LockVersion,
    /// Its packages, in file order.
    pub entries: Vec<Entry>,
    /// The other facts about each entry; as long as `entries`.
    packages: Vec<PoetryPackage>,
    /// The indices in `entries` of each name.
    by_name: Lookup<PackageName, Vec<usize>>,
    /// The project's extras and the packages each switches on.
    pub extras: ByExtra,
    /// The Pythons that the project allows.
    pub pythons: Constraint,
    /// The project's own requirements.
    pub project: Option<Project>,
    /// The digest of the project that it was made from, and where it is.
    content_hash: Option<(String, Span)>,
}

/// The facts about an entry that not every format has.
#[derive(Debug, Clone)]
struct PoetryPackage {
    optional: bool,
    pythons: Constraint,
    groups: Vec<ExtraName>,
    /// By group; a group that is not here has no marker.
    markers: BTreeMap<ExtraName, Marker>,
    dependencies: Vec<Edge>,
    /// Of a package that nobody asks for with extras: none.
    extras: ByExtra,
    /// The name of the index it came from.
    reference: Option<String>,
}

/// A dependency of an entry on others.
#[derive(Debug, Clone)]
struct Edge {
    dependency: Dependency,
    /// The entries that meet it, looked up when they are first asked for.
    meeting: OnceLock<Vec<usize>>,
}

impl From<Dependency> for Edge {
    fn from(dependency: Dependency) -> Self {
        Self { dependency, meeting: OnceLock::new() }
    }
}

impl PoetryLock {
    /// Reads a `poetry.lock`.
    ///
    /// # Errors
    /// If it is not TOML, not a lock, of a version this tool does not know, or if an entry cannot be understood.
    pub fn parse(name: &str, text: String, project: Option<Project>) -> Result<Self> {
        let source = Source::new(name, text);
        let mut parts = split::split(&source.text);
        let mut end = Toml::parse_part(&source, parts.pop().unwrap_or_default(), WHAT)?;
        let mut known = ParseCache::default();
        let (version, pythons) = metadata::metadata(&end, &mut known)?;
        let (mut entries, mut packages) = (Vec::with_capacity(parts.len() + 1), Vec::with_capacity(parts.len() + 1));
        let mut unread = extras::Unread::default();
        for part in parts {
            let mut toml = Toml::parse_part(&source, part, WHAT)?;
            let mut reading = EntryReader { toml: &toml, version, known: &mut known };
            reading.packages(&mut entries, &mut packages)?;
            unread.take_from(&mut toml, entries.len());
        }
        let mut reading = EntryReader { toml: &end, version, known: &mut known };
        reading.packages(&mut entries, &mut packages)?;
        reading.files_in_metadata(&mut entries)?;
        let extras = end.root().get("extras").map_or(Ok(ByExtra::new()), |item| extras::read(&end, item))?;
        unread.take_from(&mut end, entries.len());
        unread.read_asked(&end, &entries, &mut packages, project.as_ref())?;
        let mut by_name: Lookup<PackageName, Vec<usize>> =
            Lookup::with_capacity_and_hasher(entries.len(), Default::default());
        for (index, entry) in entries.iter().enumerate() {
            by_name.entry(entry.name.clone()).or_default().push(index);
        }
        let content_hash = dig(end.root(), &["metadata", "content-hash"]);
        let content_hash = content_hash.and_then(|item| Some((item.as_str()?.to_owned(), item.span())));
        drop(end);
        Ok(Self { source, version, entries, packages, by_name, extras, pythons, project, content_hash })
    }

    /// True if an entry is installed for an extra only.
    pub fn is_optional(&self, entry: usize) -> bool {
        self.packages.get(entry).is_some_and(|package| package.optional)
    }

    /// Every group the lock or the project knows.
    pub fn groups(&self) -> Vec<ExtraName> {
        let in_project = self.project.iter().flat_map(|project| project.groups.keys());
        let in_lock = self.packages.iter().flat_map(|package| &package.groups);
        let all: BTreeSet<&ExtraName> = in_project.chain(in_lock).collect();
        all.into_iter().cloned().collect()
    }
}

/// One part of a lock, while it is read.
struct EntryReader<'t, 's> {
    toml: &'t Toml<'s>,
    version: LockVersion,
    known: &'t mut ParseCache,
}

impl<'t, 's> EntryReader<'t, 's> {
    /// Reads the packages of the part.
    fn packages(&mut self, entries: &mut Vec<Entry>, packages: &mut Vec<PoetryPackage>) -> Result<()> {
        for table in self.package_tables()? {
            let (entry, package) = self.package(table)?;
            entries.push(entry);
            packages.push(package);
        }
        Ok(())
    }

    fn package_tables(&self) -> Result<&'t [Table<'s>]> {
        let Some(item) = self.toml.root().get("package") else { return Ok(&[]) };
        if let Some(tables) = item.as_array_of_tables() {
            return Ok(tables);
        }
        // `package = []` is how a lock without packages is written.
        match item.as_array() {
            Some([]) => Ok(&[]),
            _ => Err(self.toml.wrong(item, "`package` should be a list of tables, [[package]]").into()),
        }
    }

    fn package(&mut self, table: &'t Table<'s>) -> Result<(Entry, PoetryPackage)> {
        let toml = self.toml;
        let name = self.required(table, "name")?;
        let span = name.span();
        let name = read_name(toml, span, toml.string(name, "name")?)?;
        let version = read_version(toml, self.required(table, "version")?)?;
        let pythons = read_pythons(toml, table, self.known)?;
        let optional = toml.flag(table.get("optional"), "optional")?;
        let files = table.get("files").map_or_else(|| Ok(LockedFiles::default()), |item| self.files(item))?;
        let mut dependencies = Vec::new();
        if let Some(item) = table.get("dependencies") {
            for (key, item) in toml.table(item, "dependencies")?.iter() {
                dependency::read(toml, key, item, self.known, &mut dependencies)?;
            }
        }
        let (origin, reference) = self.origin(table)?;
        let groups = self.groups(table, span)?;
        let markers = self.markers(table, &groups)?;
        table.get("extras").map_or(Ok(()), |item| extras::check(toml, item))?;
        let dependencies = dependencies.into_iter().map(Edge::from).collect();
        let extras = ByExtra::new();
        let package = PoetryPackage { optional, pythons, groups, markers, dependencies, extras, reference };
        // Poetry notes it of repositories, too; `poetry export` writes it for folders only.
        let editable = toml.flag(table.get("develop"), "develop")? && matches!(origin, Origin::Directory(_));
        let at = Position { source: 0, span };
        Ok((Entry { name, version: Some(version), origin, editable, files, at }, package))
    }

    fn required(&self, table: &'t Table<'s>, key: &str) -> Result<&'t Item<'s>> {
        table.get(key).ok_or_else(|| {
            let near = table.iter().next().map_or(Span::default(), |(_, item)| item.span());
            let problem = self.toml.wrong_at(near, format!("a [[package]] has no `{key}`"));
            problem.help("the lock is damaged; regenerate it with: poetry lock").into()
        })
    }

    fn groups(&self, table: &Table<'_>, near: Span) -> Result<Vec<ExtraName>> {
        let item = table.get("groups");
        if item.is_none() && self.version >= LockVersion::V2_1 {
            return Err(self.toml.wrong_at(near, "an entry of a 2.1 lock has no `groups`").help(ANEW).into());
        }
        read_extras(self.toml, item, "groups")
    }

    /// One marker for all groups, or one for each.
    fn markers(&mut self, table: &Table<'_>, groups: &[ExtraName]) -> Result<BTreeMap<ExtraName, Marker>> {
        let toml = self.toml;
        let mut markers = BTreeMap::new();
        let Some(item) = table.get("markers") else { return Ok(markers) };
        if let Some(text) = item.as_str() {
            let marker = read_marker(toml, item.span(), text, self.known)?;
            markers.extend(groups.iter().map(|group| (group.clone(), marker.clone())));
        } else {
            for (group, item) in toml.table(item, "markers")?.iter() {
                let span = item.span();
                let marker = read_marker(toml, span, toml.string(item, "markers")?, self.known)?;
                markers.insert(read_extra(toml, span, group)?, marker);
            }
        }
        Ok(markers)
    }

    fn origin(&self, table: &Table<'_>) -> Result<(Origin, Option<String>)> {
        let toml = self.toml;
        let Some(item) = table.get("source") else { return Ok((Origin::Index(None), None)) };
        let source = toml.table(item, "source")?;
        let text = |key: &str| -> Result<Option<&str>> { Ok(toml.text(source, key)?.map(|(text, _)| text)) };
        let line = |key: &str| source.get(key).map(|item| origin::line(toml, item, key)).transpose();
        let place = source.get("url").ok_or_else(|| toml.wrong(item, "this [package.source] has no `url`"))?;
        let url = origin::line(toml, place, "url")?.to_owned();
        let reference = text("reference")?.map(str::to_owned);
        match text("type")? {
            None | Some("legacy" | "pypi") => {
                let url = origin::url(toml, place, "url")?;
                Ok((Origin::Index(Some(url.trim_end_matches('/').to_owned())), reference))
            }
            Some("url") => Ok((Origin::Url(origin::url(toml, place, "url")?.to_owned()), None)),
            Some("git") => {
                let revision = line("resolved_reference")?.unwrap_or("HEAD");
                let folder = line("subdirectory")?.map(|path| format!("#subdirectory={path}")).unwrap_or_default();
                Ok((Origin::Git(format!("git+{url}@{revision}{folder}")), None))
            }
            Some("file") => Ok((Origin::File(url), None)),
            Some("directory") => Ok((Origin::Directory(url), None)),
            Some(other) => {
                Err(toml.wrong(item, format!("`{}` is not a supported kind of source", quoted(other))).into())
            }
        }
    }

    fn files(&self, item: &Item<'_>) -> Result<LockedFiles> {
        let toml = self.toml;
        if let Some(files) = item.as_files() {
            return Ok(files.clone());
        }
        let wrong = || toml.wrong(item, "`files` should be a list of tables with `file` and `hash`");
        let array = item.as_array().ok_or_else(wrong)?;
        let mut files = Vec::with_capacity(array.len());
        for value in array {
            let table = value.as_inline_table().ok_or_else(wrong)?;
            let name = table.get("file").and_then(|name| name.as_str()).ok_or_else(wrong)?;
            let hash = table.get("hash").ok_or_else(wrong)?;
            let span = hash.span();
            let digest = self.digest(hash.as_str().ok_or_else(wrong)?, span)?;
            files.push((Some(name.to_owned()), digest));
        }
        Ok(files.into_iter().collect())
    }

    /// A bare digest is a SHA-256, as Poetry's export plugin has it.
    fn digest(&self, text: &str, span: Span) -> Result<LockedDigest> {
        let digest = match text.split_once(':') {
            Some(("sha256" | "sha384" | "sha512", _)) => requirements::digest(text),
            Some(_) => return Ok(LockedDigest::Weak(text.to_owned())),
            None => requirements::digest(&format!("sha256:{text}")),
        };
        let damaged = "the lock is damaged; regenerate it with: poetry lock";
        digest.map_err(|why| self.toml.wrong_at(span, why).help(damaged).into())
    }

    /// Locks before 2.0 keep the files of all packages of one name together, in one of two places. For a package from a
    /// URL only the file that the URL names is its own: the others belong to a namesake from an index.
    fn files_in_metadata(&self, entries: &mut [Entry]) -> Result<()> {
        if self.version >= LockVersion::V2_0 {
            return Ok(());
        }
        let toml = self.toml;
        let mut by_name: BTreeMap<PackageName, LockedFiles> = BTreeMap::new();
        if let Some(item) = dig(toml.root(), &["metadata", "files"]) {
            for (name, item) in toml.table(item, "files")?.iter() {
                by_name.insert(read_name(toml, item.span(), name)?, self.files(item)?);
            }
        } else if let Some(item) = dig(toml.root(), &["metadata", "hashes"]) {
            for (name, item) in toml.table(item, "hashes")?.iter() {
                let span = item.span();
                let digests = toml.strings(item, name)?.into_iter();
                let files = digests.map(|hex| Ok((None, self.digest(hex, span)?)));
                by_name.insert(read_name(toml, span, name)?, files.collect::<Result<_>>()?);
            }
        }
        for entry in entries.iter_mut().filter(|entry| entry.files.is_empty()) {
            let files = by_name.get(&entry.name).cloned().unwrap_or_default();
            entry.files = match &entry.origin {
                Origin::Index(_) => files,
                Origin::Url(url) | Origin::File(url) => {
                    let last = address::file_name(url);
                    files.filtered(|file| file.name == Some(last.as_str()))
                }
                Origin::Git(_) | Origin::Directory(_) => LockedFiles::default(),
            };
        }
        Ok(())
    }
}
