//! One `[[package]]` of a `uv.lock`: its files, and what it depends on.

use std::collections::BTreeMap;
use std::sync::Arc;

use pep440_rs::Version;
use pep508_rs::{ExtraName, PackageName};

use super::ANEW;
use super::source::{UvSource, UvSourceKind};
use crate::lock::dependency::{ParseCache, read_extra, read_extras, read_marker, read_name, read_version};
use crate::lock::pylock::{
    PackageKind, PylockFile, PylockPackage, Stored, index_of, of_package, sdist_name, size, tables, wheel_name,
};
use crate::lock::toml::{Item, Table, Toml, dig};
use crate::lock::{Entry, Position, origin, requirements};
use crate::packaging::constraint::Constraint;
use crate::packaging::marker::Marker;
use crate::packaging::requirement::Requirement;
use crate::report::error::{Code, Problem, Result};
use crate::text::{Lookup, Span};

/// The dependencies of an entry.
#[derive(Debug, Clone, Default)]
pub(super) struct UvNode {
    pub(super) dependencies: Vec<UvEdge>,
    /// By extra. One that brings in nothing is here, too.
    pub(super) extras: BTreeMap<ExtraName, Vec<UvEdge>>,
    /// By group.
    pub(super) groups: BTreeMap<ExtraName, Vec<UvEdge>>,
    /// True for a project that is no package: it is never installed itself.
    pub(super) is_virtual: bool,
}

impl UvNode {
    /// The dependencies of its extras and groups.
    pub(super) fn apart(&self) -> impl Iterator<Item = &UvEdge> {
        self.extras.values().chain(self.groups.values()).flatten()
    }
}

/// A dependency on an entry.
#[derive(Debug, Clone)]
pub(crate) struct UvEdge {
    /// Index into the entries.
    pub(crate) to: usize,
    /// The requirement. The lock does not say in which versions.
    pub(super) requirement: Arc<Requirement>,
    /// When.
    pub(super) marker: Option<Marker>,
    /// Its place.
    pub(crate) span: Span,
    /// The value of its `name`.
    pub(crate) name: Span,
    /// The value of its `version`, which it has where the entry has namesakes.
    pub(crate) version: Option<Span>,
}

impl UvEdge {
    /// True if it names extras of what it means.
    pub(crate) fn has_extras(&self) -> bool {
        !self.requirement.extras.is_empty()
    }
}

/// The packages of a lock while they are read.
pub(super) struct UvPackageReader<'t, 's> {
    toml: &'t Toml<'s>,
    known: &'t mut ParseCache,
    /// The versions and the sources of the packages of each name, with their indices.
    by_name: Lookup<PackageName, Vec<(usize, Option<Version>, UvSource)>>,
}

type UvPackages = (Vec<Entry>, Vec<PylockPackage>, Vec<UvNode>);

impl<'t, 's> UvPackageReader<'t, 's> {
    pub(super) fn new(toml: &'t Toml<'s>, known: &'t mut ParseCache) -> Self {
        Self { toml, known, by_name: Lookup::default() }
    }

    /// Reads all packages.
    pub(super) fn packages(&mut self) -> Result<UvPackages> {
        let toml = self.toml;
        let Some(item) = toml.root().get("package") else { return Ok(UvPackages::default()) };
        let tables = tables(toml, item, "package")?;
        let (mut entries, mut packages) = (Vec::with_capacity(tables.len()), Vec::with_capacity(tables.len()));
        let mut virtuals = Vec::with_capacity(tables.len());
        for (table, span) in &tables {
            let (entry, package, source) = self.package(table, *span)?;
            virtuals.push(source.kind == UvSourceKind::Virtual);
            let known = self.by_name.entry(entry.name.clone()).or_default();
            if known.iter().any(|(_, version, from)| *version == entry.version && *from == source) {
                let problem =
                    Problem::new(Code::Inconsistent, format!("{} has {} twice", toml.source.name, entry.name));
                return Err(problem.at(toml.source, entry.at.span).help(ANEW).into());
            }
            known.push((entries.len(), entry.version.clone(), source));
            entries.push(entry);
            packages.push(package);
        }
        let mut graph = Vec::with_capacity(tables.len());
        for ((table, _), is_virtual) in tables.into_iter().zip(virtuals) {
            graph.push(UvNode { is_virtual, ..self.node(table)? });
        }
        Ok((entries, packages, graph))
    }

    /// The requirements that no package has.
    pub(super) fn manifest(&mut self) -> Result<UvNode> {
        let mut node = UvNode::default();
        if let Some(item) = dig(self.toml.root(), &["manifest", "requirements"]) {
            node.dependencies = self.edges(item, "requirements")?;
        }
        if let Some(item) = dig(self.toml.root(), &["manifest", "dependency-groups"]) {
            node.groups = self.named_edges(item, "dependency-groups")?;
        }
        Ok(node)
    }

    fn package(&self, table: &Table<'_>, near: Span) -> Result<(Entry, PylockPackage, UvSource)> {
        let toml = self.toml;
        let head = Span { start: near.start, end: near.start + "[[package]]".len() };
        let required = |key: &str| {
            table.get(key).ok_or_else(|| toml.wrong_at(head, format!("a [[package]] has no `{key}`")).help(ANEW))
        };
        let name = required("name")?;
        let span = name.span();
        let name = read_name(toml, span, toml.string(name, "name")?)?;
        let version = table.get("version").map(|item| read_version(toml, item)).transpose()?;
        let source_item = required("source")?;
        let source = UvSource::read(toml, source_item, &name)?;
        if let Some(item) = table.get("variants-json") {
            let message = format!("{name} has wheels in variants, which are not read here");
            return Err(toml.unsupported(item, message).into());
        }
        let (kind, origin) = match source.direct(toml, source_item)? {
            Some(origin) => (self.archive(table, &source, span)?, origin),
            None => {
                let no_version = || format!("{name} is from an index and has no `version`");
                let version = version.as_ref().ok_or_else(|| toml.wrong_at(span, no_version()).help(ANEW))?;
                let sdist = self.sdist(table, &name, version)?.map(Box::new);
                let wheels = self.wheels(table, &name, version)?;
                let all: Vec<PylockFile> = wheels.iter().chain(sdist.as_deref()).cloned().collect();
                (PackageKind::Release { sdist, wheels }, index_of(Some(&source.place), &all))
            }
        };
        let editable = source.kind == UvSourceKind::Editable;
        let files = kind.files().filter_map(PylockFile::locked).collect();
        let index = (source.kind == UvSourceKind::Registry).then(|| source.place.clone());
        let entry = Entry { name, version, origin, editable, files, at: Position { source: 0, span } };
        Ok((entry, PylockPackage::always(index, kind), source))
    }

    fn wheels(&self, table: &Table<'_>, name: &PackageName, version: &Version) -> Result<Vec<PylockFile>> {
        let toml = self.toml;
        let Some(item) = table.get("wheels") else { return Ok(Vec::new()) };
        let mut wheels = Vec::new();
        for (table, span) in tables(toml, item, "wheels")? {
            let mut file = self.file(table, span, None)?;
            let wheel = wheel_name(toml, &file, span)?;
            of_package(toml, &file.name, (&wheel.name, &wheel.version), (name, Some(version)), span)?;
            file.wheel = Some(wheel);
            wheels.push(file);
        }
        Ok(wheels)
    }

    fn sdist(&self, table: &Table<'_>, name: &PackageName, version: &Version) -> Result<Option<PylockFile>> {
        let Some(item) = table.get("sdist") else { return Ok(None) };
        let file = self.file(self.toml.table(item, "sdist")?, item.span(), None)?;
        // Old ones have a dash in their version, too.
        if let Some((own, release)) = sdist_name(&file.name).filter(|(own, _)| own == name) {
            of_package(self.toml, &file.name, (&own, &release), (name, Some(version)), item.span())?;
        }
        Ok(Some(file))
    }

    /// The archive of a package whose source is the file itself, a folder or a repository.
    fn archive(&self, table: &Table<'_>, source: &UvSource, near: Span) -> Result<PackageKind> {
        let stored = match source.kind {
            UvSourceKind::Url => Stored::Url(source.place.clone()),
            UvSourceKind::Path => Stored::Path(source.place.clone()),
            UvSourceKind::Registry
            | UvSourceKind::Git
            | UvSourceKind::Directory
            | UvSourceKind::Editable
            | UvSourceKind::Virtual => {
                return Ok(PackageKind::Source);
            }
        };
        let toml = self.toml;
        let mut files = Vec::new();
        if let Some(item) = table.get("wheels") {
            files.extend(tables(toml, item, "wheels")?);
        }
        if let Some(item) = table.get("sdist") {
            files.push((toml.table(item, "sdist")?, item.span()));
        }
        let [(table, span)] = files[..] else {
            let message = "a package from a file has one wheel or one sdist: that file";
            return Err(toml.wrong_at(near, message).help(ANEW).into());
        };
        let mut file = self.file(table, span, Some(stored))?;
        file.wheel = file.name.parse().ok();
        Ok(PackageKind::Archive(Box::new(file)))
    }

    /// Reads a file. Of one that is the source of its package the lock does not say where it lies, or says it again.
    fn file(&self, table: &Table<'_>, near: Span, source: Option<Stored>) -> Result<PylockFile> {
        let toml = self.toml;
        let stored = match (source, table.get("url"), table.get("path")) {
            (Some(stored), _, _) => stored,
            (None, Some(url), _) => Stored::Url(origin::url(toml, url, "url")?.to_owned()),
            (None, None, Some(path)) => Stored::Path(origin::line(toml, path, "path")?.to_owned()),
            (None, None, None) => {
                return Err(toml.wrong_at(near, "a file has neither `url` nor `path`").help(ANEW).into());
            }
        };
        let name = stored.file_name();
        let size = size(toml, table)?;
        let digest = toml
            .text(table, "hash")?
            .map(|(text, span)| requirements::digest(text).map_err(|why| toml.wrong_at(span, why).help(ANEW)));
        let digests = digest.transpose()?.into_iter().collect();
        Ok(PylockFile { name, wheel: None, stored, size, digests })
    }

    fn node(&mut self, table: &'t Table<'s>) -> Result<UvNode> {
        let mut node = UvNode::default();
        if let Some(item) = table.get("dependencies") {
            node.dependencies = self.edges(item, "dependencies")?;
        }
        if let Some(item) = table.get("optional-dependencies") {
            node.extras = self.named_edges(item, "optional-dependencies")?;
        }
        if let Some(item) = table.get("dev-dependencies") {
            node.groups = self.named_edges(item, "dev-dependencies")?;
        }
        for extra in read_extras(self.toml, dig(table, &["metadata", "provides-extras"]), "provides-extras")? {
            node.extras.entry(extra).or_default();
        }
        if let Some(item) = dig(table, &["metadata", "requires-dev"]) {
            for (group, item) in self.toml.table(item, "requires-dev")?.iter() {
                node.groups.entry(read_extra(self.toml, item.span(), group)?).or_default();
            }
        }
        Ok(node)
    }

    fn named_edges(&mut self, item: &'t Item<'s>, key: &str) -> Result<BTreeMap<ExtraName, Vec<UvEdge>>> {
        let mut all = BTreeMap::new();
        for (name, item) in self.toml.table(item, key)?.iter() {
            all.insert(read_extra(self.toml, item.span(), name)?, self.edges(item, name)?);
        }
        Ok(all)
    }

    fn edges(&mut self, item: &'t Item<'s>, key: &str) -> Result<Vec<UvEdge>> {
        let tables = tables(self.toml, item, key)?;
        tables.into_iter().map(|(table, span)| self.edge(table, span)).collect()
    }

    fn edge(&mut self, table: &'t Table<'s>, span: Span) -> Result<UvEdge> {
        let toml = self.toml;
        let no_name = || toml.wrong_at(span, "a dependency has no `name`");
        let (text, name_at) = toml.text(table, "name")?.ok_or_else(no_name)?;
        let name = read_name(toml, name_at, text)?;
        let marker = toml.text(table, "marker")?;
        let marker = marker.map(|(text, span)| read_marker(toml, span, text, self.known)).transpose()?;
        // What the manifest asks for is written as a requirement, with `extras`.
        let mut extras = read_extras(toml, table.get("extra"), "extra")?;
        extras.extend(read_extras(toml, table.get("extras"), "extras")?);
        let version_item = table.get("version");
        let version = version_item.map(|item| read_version(toml, item)).transpose()?;
        let source = table.get("source").map(|item| UvSource::read(toml, item, &name)).transpose()?;
        let to = self.meant(&name, version.as_ref(), source.as_ref(), span)?;
        let requirement = Arc::new(Requirement { name, extras, versions: Constraint::any() });
        Ok(UvEdge { to, requirement, marker, span, name: name_at, version: version_item.map(Item::span) })
    }

    /// The package that a dependency means: the only one of its name, of its version and of its source where it says so.
    fn meant(
        &self,
        name: &PackageName,
        version: Option<&Version>,
        source: Option<&UvSource>,
        span: Span,
    ) -> Result<usize> {
        let all = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        let is_meant = |(_, own, from): &&(usize, Option<Version>, UvSource)| {
            version.is_none_or(|version| own.as_ref() == Some(version)) && source.is_none_or(|source| source == from)
        };
        let what = version.map_or_else(|| name.to_string(), |version| format!("{name} {version}"));
        let mut meant = all.iter().filter(is_meant);
        let lock = &self.toml.source.name;
        let (message, help) = match (meant.next(), meant.next()) {
            (Some((index, _, _)), None) => return Ok(*index),
            (None, _) => (format!("{lock} does not have {what}, which is a dependency here"), ANEW),
            (Some(_), Some(_)) => {
                (format!("{lock} has {what} more than once, and this does not say which"), super::OTHERWISE)
            }
        };
        Err(Problem::new(Code::Inconsistent, message).at(self.toml.source, span).help(help).into())
    }
}
