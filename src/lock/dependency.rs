//! Dependencies as Poetry writes them: in `[package.dependencies]` of a lock and in `[tool.poetry]` of a project.
//!
//! A value is a version, a table, or a list of these: one dependency for each alternative. In a table, `version`,
//! `markers`, `extras` and `optional` stand for themselves; `python` and `platform` are older ways to write a marker;
//! `url`, `path`, `file` and `git` name a source directly; `source` names an index.

use std::sync::Arc;

use pep508_rs::{ExtraName, PackageName};

use super::Origin;
use super::toml::{Item, Table, Toml};
use crate::packaging::address;
use crate::packaging::constraint::Constraint;
use crate::packaging::marker::{self, Condition, Extras, Marker};
use crate::packaging::requirement::Requirement;
use crate::packaging::target::Environment;
use crate::report::error::{Code, Problem, Result};
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
    /// The condition under which it holds on an environment.
    pub fn condition(&self, environment: Environment, extras: &Extras) -> Condition {
        if self.python.as_ref().is_some_and(|python| !python.admits_python(environment.python)) {
            return Condition::Never;
        }
        match &self.marker {
            None => Condition::Always,
            Some(marker) => Condition::of(marker, environment, extras),
        }
    }
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

/// Reads a marker, from memory if it was read before.
pub(crate) fn read_marker(toml: &Toml<'_>, span: Span, text: &str, known: &mut ParseCache) -> Result<Marker> {
    if let Some(marker) = known.markers.get(text) {
        return Ok(marker.clone());
    }
    let marker = marker::parse(text).map_err(|why| {
        let message = format!("this is not an environment marker (PEP 508): {}", quoted(&why));
        Problem::new(Code::Syntax, message).at(toml.source, span)
    })?;
    known.markers.insert(text.to_owned(), marker.clone());
    Ok(marker)
}

/// The longest name that is taken for one, in bytes: names are in messages.
pub(crate) const LONGEST_NAME: usize = 255;
/// The longest list of versions: it is read again for each package it could mean, and is in messages.
pub(crate) const LONGEST_VERSIONS: usize = 1000;

/// A text that may be a name: the library takes an empty one.
fn may_be_name(text: &str) -> bool {
    (1..=LONGEST_NAME).contains(&text.len())
}

/// Reads a package name.
pub(crate) fn read_name(toml: &Toml<'_>, span: Span, text: &str) -> Result<PackageName> {
    let name = Some(text).filter(|text| may_be_name(text)).and_then(|text| PackageName::new(text.to_owned()).ok());
    name.ok_or_else(|| {
        Problem::new(Code::Syntax, format!("`{}` is not a package name", quoted(text))).at(toml.source, span).into()
    })
}

/// Reads an extra or a group name, which are normalised alike (PEP 685, PEP 735).
pub(crate) fn read_extra(toml: &Toml<'_>, span: Span, text: &str) -> Result<ExtraName> {
    let name = Some(text).filter(|text| may_be_name(text)).and_then(|text| ExtraName::new(text.to_owned()).ok());
    name.ok_or_else(|| {
        let message = format!("`{}` is not a name of a group or an extra", quoted(text));
        Problem::new(Code::Syntax, message).at(toml.source, span).into()
    })
}

/// Reads all dependencies under one key.
pub(crate) fn read(
    toml: &Toml<'_>,
    key: &str,
    item: &Item<'_>,
    known: &mut ParseCache,
    out: &mut Vec<Dependency>,
) -> Result<()> {
    let span = item.span();
    let name = read_name(toml, span, key)?;
    let wrong =
        || Problem::new(Code::Syntax, format!("`{}` should be a version, a table or a list of these", quoted(key)));
    if let Some(version) = item.as_str() {
        out.push(from_version(toml, name, version, span, known)?);
    } else if let Some(table) = item.as_table_like() {
        out.push(from_table(toml, name, table, span, known)?);
    } else if let Some(array) = item.as_array() {
        for value in array {
            let span = value.span();
            if let Some(version) = value.as_str() {
                out.push(from_version(toml, name.clone(), version, span, known)?);
            } else if let Some(table) = value.as_inline_table() {
                out.push(from_table(toml, name.clone(), table, span, known)?);
            } else {
                return Err(wrong().at(toml.source, span).into());
            }
        }
    } else if let Some(tables) = item.as_array_of_tables() {
        for table in tables {
            let span = table.span().unwrap_or_default();
            out.push(from_table(toml, name.clone(), table, span, known)?);
        }
    } else {
        return Err(wrong().at(toml.source, span).into());
    }
    Ok(())
}

/// Reads versions as Poetry writes them, from memory if they were read before.
pub(crate) fn read_versions(toml: &Toml<'_>, span: Span, text: &str, known: &mut ParseCache) -> Result<Constraint> {
    if let Some(versions) = known.versions.get(text) {
        return Ok(versions.clone());
    }
    let read = Constraint::poetry(text).ok().filter(|_| text.len() <= LONGEST_VERSIONS);
    let versions = read.ok_or_else(|| {
        let message = format!("`{}` is not a version constraint", quoted(text));
        Problem::new(Code::Syntax, message).at(toml.source, span)
    })?;
    known.versions.insert(text.to_owned(), versions.clone());
    Ok(versions)
}

fn from_version(
    toml: &Toml<'_>,
    name: PackageName,
    version: &str,
    span: Span,
    known: &mut ParseCache,
) -> Result<Dependency> {
    let versions = read_versions(toml, span, version, known)?;
    Ok(Dependency {
        requirement: Arc::new(Requirement { name, extras: Vec::new(), versions }),
        marker: None,
        python: None,
        optional: false,
        source: None,
        direct: None,
        span,
    })
}

fn from_table(
    toml: &Toml<'_>,
    name: PackageName,
    table: &Table<'_>,
    span: Span,
    known: &mut ParseCache,
) -> Result<Dependency> {
    let text = |key: &str| -> Result<Option<(&str, Span)>> {
        table.get(key).map(|item| Ok((toml.string(item, key)?, item.span()))).transpose()
    };
    let versions = match text("version")? {
        Some((version, span)) => read_versions(toml, span, version, known)?,
        None => Constraint::any(),
    };
    let python = match text("python")? {
        Some((python, span)) => Some(read_versions(toml, span, python, known)?),
        None => None,
    };
    let mut marker = match text("markers")? {
        Some((marker, span)) => Some(read_marker(toml, span, marker, known)?),
        None => None,
    };
    if let Some((platform, span)) = text("platform")? {
        let wanted = read_marker(toml, span, &platform_marker(platform), known)?;
        marker = Some(match marker {
            Some(marker) => marker.and(wanted),
            None => wanted,
        });
    }
    let mut extras = Vec::new();
    if let Some(item) = table.get("extras") {
        for extra in toml.strings(item, "extras")? {
            extras.push(read_extra(toml, item.span(), extra)?);
        }
    }
    let optional = table.get("optional").map_or(Ok(false), |item| toml.boolean(item, "optional"))?;
    let source = text("source")?.map(|(source, _)| source.to_owned());
    let named = |key: &str| -> Result<Option<String>> { Ok(text(key)?.map(|(text, _)| text.to_owned())) };
    let direct = match (named("url")?, named("path")?.or(named("file")?), named("git")?) {
        (Some(url), _, _) => Some(DirectReference::Url(url)),
        (None, Some(path), _) => Some(DirectReference::Path(path)),
        (None, None, git) => git.map(DirectReference::Git),
    };
    let requirement = Arc::new(Requirement { name, extras, versions });
    Ok(Dependency { requirement, marker, python, optional, source, direct, span })
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
