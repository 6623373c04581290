//! Dependencies as Poetry writes them: in `[package.dependencies]` of a lock and in `[tool.poetry]` of a project.
//!
//! A value is a version, a table, or a list of these: one dependency for each alternative. In a table, `version`,
//! `markers`, `extras` and `optional` stand for themselves; `python` and `platform` are older ways to write a marker;
//! `url`, `path`, `file` and `git` name a source directly; `source` names an index.

use std::str::FromStr;
use std::sync::Arc;

use pep440_rs::Version;
use pep508_rs::{ExtraName, PackageName};

use super::Origin;
use super::toml::{Item, Table, Toml};
use crate::packaging::address;
use crate::packaging::constraint::Constraint;
use crate::packaging::marker::{self, Condition, Extras, Marker};
use crate::packaging::requirement::Requirement;
use crate::packaging::target::Environment;
use crate::report::error::Result;
use crate::text::{Lookup, Span, quoted};

/// One dependency on one package.
#[derive(Debug, Clone)]
pub struct Dependency {
    /// On what; in any version where the source is named directly.
    pub requirement: Arc<Requirement>,
    /// When.
    pub marker: Option<Marker>,
    /// The Pythons (`python = "^3.8"`).
    pub python: Option<Constraint>,
    /// Only where an extra asks for it.
    pub optional: bool,
    /// The name of the index it must come from.
    pub source: Option<String>,
    /// The URL, the path or the repository that it names itself.
    pub direct: Option<DirectReference>,
    /// Its place.
    pub span: Span,
}

impl Dependency {
    /// One that always holds.
    pub(crate) fn new(requirement: Requirement, span: Span) -> Self {
        let requirement = Arc::new(requirement);
        Self { requirement, marker: None, python: None, optional: false, source: None, direct: None, span }
    }

    /// The condition under which it holds on an environment.
    pub fn condition(&self, environment: Environment, extras: &Extras) -> Condition {
        if self.python.as_ref().is_some_and(|python| !python.admits_python(environment.python)) {
            return Condition::Never;
        }
        condition(self.marker.as_ref(), environment, extras)
    }
}

/// The condition under which a marker holds on an environment; without one, always.
pub(crate) fn condition(marker: Option<&Marker>, environment: Environment, extras: &Extras) -> Condition {
    marker.map_or(Condition::Always, |marker| Condition::of(marker, environment, extras))
}

/// The source that a dependency names for its package, instead of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectReference {
    /// `url`
    Url(String),
    /// `path`, or `file`: a file or a folder.
    Path(String),
    /// `git`
    Git(String),
}

impl DirectReference {
    /// The source that the URL of a requirement names (PEP 508).
    pub(crate) fn of_url(url: &str) -> Self {
        if let Some(repository) = url.strip_prefix("git+") {
            Self::Git(without_revision(repository).to_owned())
        } else if let Some(path) = url.strip_prefix("file://") {
            Self::Path(path.to_owned())
        } else {
            Self::Url(url.to_owned())
        }
    }

    /// How well a locked package's origin matches the named one: not at all, of the same kind, or the very one. Poetry
    /// writes paths and repositories in its own way, so of those only the kind may be known.
    pub fn matches(&self, origin: &Origin) -> Option<bool> {
        let plain = |text: &str| -> String {
            let text = text.split('#').next().unwrap_or_default().trim_end_matches('/');
            address::without_encoded(text.trim_end_matches(".git").trim_start_matches("./"))
        };
        match (self, origin) {
            (Self::Url(named), Origin::Url(url)) => Some(plain(named) == plain(url)),
            (Self::Path(named), Origin::File(path) | Origin::Directory(path)) => Some(plain(named) == plain(path)),
            (Self::Git(named), Origin::Git(url)) => {
                Some(plain(named) == plain(without_revision(url.strip_prefix("git+").unwrap_or(url))))
            }
            (Self::Url(_) | Self::Path(_) | Self::Git(_), _) => None,
        }
    }
}

/// A repository's address without `@revision` behind its path. A user comes before an `@`, too.
fn without_revision(url: &str) -> &str {
    let path = url.find("://").map_or(0, |at| at + 3);
    let path = url[path..].find('/').map_or(url.len(), |at| path + at);
    url[path..].rfind('@').map_or(url, |at| &url[..path + at])
}

/// Markers by their texts.
pub(crate) type Markers = Lookup<String, Marker>;

/// Markers and versions that were read before: locks repeat a few of them many times.
#[derive(Debug, Default)]
pub(crate) struct ParseCache {
    markers: Markers,
    versions: Lookup<String, Constraint>,
}

/// Reads a text, or takes from memory what it was read as before.
pub(crate) fn remembered<V: Clone, E>(
    known: &mut Lookup<String, V>,
    text: &str,
    read: impl FnOnce() -> Result<V, E>,
) -> Result<V, E> {
    if let Some(value) = known.get(text) {
        return Ok(value.clone());
    }
    let value = read()?;
    known.insert(text.to_owned(), value.clone());
    Ok(value)
}

/// Reads a marker.
pub(crate) fn read_marker(toml: &Toml<'_>, span: Span, text: &str, known: &mut ParseCache) -> Result<Marker> {
    let wrong = |why: String| format!("this is not an environment marker (PEP 508): {}", quoted(&why));
    let read = || marker::parse(text).map_err(|why| toml.wrong_at(span, wrong(why)).into());
    remembered(&mut known.markers, text, read)
}

/// The longest name that is taken for one, in bytes: names are in messages.
pub(crate) const LONGEST_NAME: usize = 255;
/// The longest list of versions: it is read again for each package it could mean, and is in messages.
pub(crate) const LONGEST_VERSIONS: usize = 1000;

/// Reads a short text; `what` says what it should be.
fn short<T: FromStr>(toml: &Toml<'_>, span: Span, text: &str, what: &str) -> Result<T> {
    // The library takes an empty name.
    let read = Some(text).filter(|text| (1..=LONGEST_NAME).contains(&text.len())).and_then(|text| text.parse().ok());
    read.ok_or_else(|| toml.wrong_at(span, format!("`{}` is not {what}", quoted(text))).into())
}

/// Reads a package name.
pub(crate) fn read_name(toml: &Toml<'_>, span: Span, text: &str) -> Result<PackageName> {
    short(toml, span, text, "a package name")
}

/// Reads an extra or a group name, which are normalised alike (PEP 685, PEP 735).
pub(crate) fn read_extra(toml: &Toml<'_>, span: Span, text: &str) -> Result<ExtraName> {
    short(toml, span, text, "a name of a group or an extra")
}

/// Reads extras or groups.
pub(crate) fn read_extras(toml: &Toml<'_>, item: Option<&Item<'_>>, key: &str) -> Result<Vec<ExtraName>> {
    let Some(item) = item else { return Ok(Vec::new()) };
    toml.strings(item, key)?.into_iter().map(|name| read_extra(toml, item.span(), name)).collect()
}

/// Reads the version of a package.
pub(crate) fn read_version(toml: &Toml<'_>, item: &Item<'_>) -> Result<Version> {
    short(toml, item.span(), toml.string(item, "version")?, "a version (PEP 440)")
}

/// Reads all dependencies under one key.
pub(crate) fn read(
    toml: &Toml<'_>,
    key: &str,
    item: &Item<'_>,
    known: &mut ParseCache,
    out: &mut Vec<Dependency>,
) -> Result<()> {
    let name = read_name(toml, item.span(), key)?;
    let mut one = |name: PackageName, value: &Item<'_>| {
        if let Some(version) = value.as_str() {
            let versions = read_versions(toml, value.span(), version, known)?;
            Ok(Dependency::new(Requirement { name, extras: Vec::new(), versions }, value.span()))
        } else if let Some(table) = value.as_table_like() {
            from_table(toml, name, table, value.span(), known)
        } else {
            let message = format!("`{}` should be a version, a table or a list of these", quoted(key));
            Err(toml.wrong(value, message).into())
        }
    };
    if let Some(values) = item.as_array() {
        for value in values {
            out.push(one(name.clone(), value)?);
        }
    } else if let Some(tables) = item.as_array_of_tables() {
        for table in tables {
            out.push(from_table(toml, name.clone(), table, table.span().unwrap_or_default(), known)?);
        }
    } else {
        out.push(one(name, item)?);
    }
    Ok(())
}

/// Reads versions as Poetry writes them.
pub(crate) fn read_versions(toml: &Toml<'_>, span: Span, text: &str, known: &mut ParseCache) -> Result<Constraint> {
    remembered(&mut known.versions, text, || {
        let read = Constraint::poetry(text).ok().filter(|_| text.len() <= LONGEST_VERSIONS);
        read.ok_or_else(|| toml.wrong_at(span, format!("`{}` is not a version constraint", quoted(text))).into())
    })
}

/// Reads `python-versions` of a lock or of a package in it.
pub(crate) fn read_pythons(toml: &Toml<'_>, table: &Table<'_>, known: &mut ParseCache) -> Result<Constraint> {
    let text = toml.text(table, "python-versions")?;
    text.map_or(Ok(Constraint::any()), |(text, span)| read_versions(toml, span, text, known))
}

fn from_table(
    toml: &Toml<'_>,
    name: PackageName,
    table: &Table<'_>,
    span: Span,
    known: &mut ParseCache,
) -> Result<Dependency> {
    let text = |key: &str| toml.text(table, key);
    let mut versions = |key: &str| -> Result<Option<Constraint>> {
        text(key)?.map(|(versions, span)| read_versions(toml, span, versions, known)).transpose()
    };
    let (versions, python) = (versions("version")?.unwrap_or_else(Constraint::any), versions("python")?);
    let marker = text("markers")?.map(|(marker, span)| read_marker(toml, span, marker, known)).transpose()?;
    let platform = text("platform")?
        .map(|(platform, span)| read_marker(toml, span, &platform_marker(platform), known))
        .transpose()?;
    let extras = read_extras(toml, table.get("extras"), "extras")?;
    let optional = toml.flag(table.get("optional"), "optional")?;
    let named = |key: &str| -> Result<Option<String>> { Ok(text(key)?.map(|(text, _)| text.to_owned())) };
    let source = named("source")?;
    let direct = match (named("url")?, named("path")?.or(named("file")?), named("git")?) {
        (Some(url), _, _) => Some(DirectReference::Url(url)),
        (None, Some(path), _) => Some(DirectReference::Path(path)),
        (None, None, git) => git.map(DirectReference::Git),
    };
    Ok(Dependency {
        marker: match (marker, platform) {
            (Some(marker), Some(platform)) => Some(marker.and(platform)),
            (marker, platform) => marker.or(platform),
        },
        python,
        optional,
        source,
        direct,
        ..Dependency::new(Requirement { name, extras, versions }, span)
    })
}

/// `linux`, `!=win32` or `linux || darwin` as a marker.
fn platform_marker(platform: &str) -> String {
    let one = |part: &str| {
        let (operator, name) = match part.trim().strip_prefix("!=") {
            Some(name) => ("!=", name),
            None => ("==", part.trim().trim_start_matches('=')),
        };
        format!("sys_platform {operator} \"{}\"", name.trim().replace('"', ""))
    };
    platform.split("||").map(one).collect::<Vec<_>>().join(" or ")
}
