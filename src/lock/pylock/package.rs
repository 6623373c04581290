//! One `[[packages]]` of a `pylock.toml`.

use std::str::FromStr;
use std::sync::Arc;

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::files::{self, PylockFile, Stored};
use super::marker::WrittenMarker;
use super::{ANEW, pythons, registry};
use crate::lock::dependency::{LONGEST_NAME, Markers, read_name, read_version, remembered};
use crate::lock::toml::{Item, Table, Toml, dig};
use crate::lock::{Entry, Origin, Position, origin};
use crate::packaging::constraint::Constraint;
use crate::packaging::marker;
use crate::packaging::requirement::{self, Requirement};
use crate::packaging::wheel::{WheelName, WheelNameError};
use crate::report::error::Result;
use crate::text::{Span, quoted};

/// The requirements of a package, each with its marker.
type Needs = Vec<(Arc<Requirement>, marker::Marker)>;

/// The facts about a package that not every format has.
#[derive(Debug, Clone)]
pub struct PylockPackage {
    /// The marker under which it is installed; `None`: always.
    pub marker: Option<WrittenMarker>,
    /// The Pythons under which it can be.
    pub pythons: Constraint,
    /// The index it came from, as written.
    pub index: Option<String>,
    /// The source it is installed from.
    pub kind: PackageKind,
    /// Its requirements, each with its marker. `None`: the lock does not say.
    pub(super) needs: Option<Needs>,
}

/// The source it is installed from.
#[derive(Debug, Clone)]
pub enum PackageKind {
    /// A release: a source distribution, wheels, or both.
    Release {
        /// The source distribution.
        sdist: Option<Box<PylockFile>>,
        /// The wheels.
        wheels: Vec<PylockFile>,
    },
    /// One archive, a wheel or not.
    Archive(Box<PylockFile>),
    /// A folder or a repository.
    Source,
}

impl PackageKind {
    /// Its files: those of a release, the wheels first, or the archive.
    pub fn files(&self) -> impl Iterator<Item = &PylockFile> {
        let (wheels, one) = match self {
            Self::Release { sdist, wheels } => (wheels.as_slice(), sdist.as_deref()),
            Self::Archive(file) => (&[][..], Some(&**file)),
            Self::Source => (&[][..], None),
        };
        wheels.iter().chain(one)
    }

    /// True if it has wheels with a label and without one, as PDM lists those of PyTorch's CPU index. pip and uv refuse that.
    pub fn is_of_two_versions(&self) -> bool {
        let mut versions = self.files().filter_map(|file| Some(&file.wheel.as_ref()?.version));
        versions.next().is_some_and(|first| versions.any(|other| other != first))
    }
}

/// Reads a marker.
pub(super) fn marker(toml: &Toml<'_>, span: Span, text: &str) -> Result<WrittenMarker> {
    WrittenMarker::parse(text).map_err(|why| {
        let message = format!("this is not a marker of a pylock.toml (PEP 508, PEP 751): {}", quoted(&why));
        toml.wrong_at(span, message).into()
    })
}

/// Reads all packages.
pub(super) fn packages(toml: &Toml<'_>) -> Result<(Vec<Entry>, Vec<PylockPackage>)> {
    let mut reader = PackageReader { toml, known: Markers::default() };
    let tables = tables(toml, super::required(toml, "packages")?, "packages")?;
    let (mut entries, mut packages) = (Vec::with_capacity(tables.len()), Vec::with_capacity(tables.len()));
    for (table, span) in tables {
        let (entry, package) = reader.package(table, span)?;
        entries.push(entry);
        packages.push(package);
    }
    Ok((entries, packages))
}

/// The packages of a lock while they are read.
struct PackageReader<'t, 's> {
    toml: &'t Toml<'s>,
    known: Markers,
}

impl<'t, 's> PackageReader<'t, 's> {
    fn package(&mut self, table: &'t Table<'s>, near: Span) -> Result<(Entry, PylockPackage)> {
        let toml = self.toml;
        let head = Span { start: near.start, end: near.start + "[[packages]]".len() };
        let no_name = || toml.wrong_at(head, "a package has no `name`").help(ANEW);
        let name_item = table.get("name").ok_or_else(no_name)?;
        let (text, span) = (toml.string(name_item, "name")?, name_item.span());
        let name = read_name(toml, span, text)?;
        if name.as_ref() != text {
            let (text, name) = (quoted(text), quoted(name.as_ref()));
            let message = format!("`{text}` is not the normal form of a name, which is `{name}`");
            return Err(toml.wrong_at(span, message).help(ANEW).into());
        }
        let version = table.get("version").map(|item| read_version(toml, item)).transpose()?;
        let marker = toml.text(table, "marker")?.map(|(text, span)| marker(toml, span, text)).transpose()?;
        let pythons = table.get("requires-python").map_or(Ok(Constraint::any()), |item| pythons(toml, item))?;
        let index = table.get("index").map(|item| origin::url(toml, item, "index")).transpose()?.map(str::to_owned);
        let (kind, origin, found) = self.source(table, &name, version.as_ref(), index.as_deref(), span)?;
        let editable = toml.flag(dig(table, &["directory", "editable"]), "editable")?;
        let needs = self.needs(table)?;
        let files = kind.files().filter_map(PylockFile::locked).collect();
        let version = version.or(found);
        let entry = Entry { name, version, origin, editable, files, at: Position { source: 0, span } };
        Ok((entry, PylockPackage { marker, pythons, index, kind, needs }))
    }

    /// Reads where the package comes from; a version that only its files have comes third.
    fn source(
        &self,
        table: &Table<'_>,
        name: &PackageName,
        version: Option<&Version>,
        index: Option<&str>,
        near: Span,
    ) -> Result<(PackageKind, Origin, Option<Version>)> {
        let toml = self.toml;
        let mut wheels = Vec::new();
        if let Some(item) = table.get("wheels") {
            for (table, span) in tables(toml, item, "wheels")? {
                let mut file = files::read(toml, table, span, "wheels")?;
                let wheel = wheel_name(toml, &file, span)?;
                let labelled = wheels.iter().filter_map(|file: &PylockFile| Some(&file.wheel.as_ref()?.version));
                let same_label = labelled.filter(|_| wheel.version.is_local()).find(|other| other.is_local());
                of_package(toml, &file.name, (&wheel.name, &wheel.version), (name, same_label.or(version)), span)?;
                file.wheel = Some(wheel);
                wheels.push(file);
            }
        }
        let sdist = match table.get("sdist") {
            None => None,
            Some(item) => {
                let span = item.span();
                let file = files::read(toml, toml.table(item, "sdist")?, span, "sdist")?;
                let Some((own, release)) = sdist_name(&file.name) else {
                    let message = format!("`{}` is not the file name of a source distribution", quoted(&file.name));
                    return Err(toml.wrong(item, message).into());
                };
                of_package(toml, &file.name, (&own, &release), (name, version), span)?;
                Some((file, release))
            }
        };
        let direct = ["archive", "vcs", "directory"].into_iter().filter_map(|key| Some((key, table.get(key)?)));
        let direct: Vec<(&str, &Item<'_>)> = direct.collect();
        let release = sdist.is_some() || !wheels.is_empty();
        let message = match (release, direct.as_slice()) {
            (true, []) => {
                let of_wheel = wheels.first().and_then(|file| file.wheel.as_ref()).map(|wheel| wheel.version.clone());
                let found = of_wheel.or(sdist.as_ref().map(|(_, version)| version.clone()));
                let all: Vec<PylockFile> = wheels.iter().chain(sdist.as_ref().map(|(file, _)| file)).cloned().collect();
                let origin = registry::origin(index, &all);
                return Ok((
                    PackageKind::Release { sdist: sdist.map(|(file, _)| Box::new(file)), wheels },
                    origin,
                    found,
                ));
            }
            (false, [(key, item)]) => return self.direct(item, key),
            (true, [(direct, _), ..]) => format!("{name} has `{direct}` beside wheels or an sdist"),
            (false, []) => format!("{name} has nothing to be installed from"),
            (false, [(one, _), (other, _), ..]) => format!("{name} has both `{one}` and `{other}`"),
        };
        let help = "a package has either wheels and an sdist, or one of archive, vcs and directory";
        Err(toml.wrong_at(near, message).help(help).into())
    }

    fn direct(&self, item: &Item<'_>, key: &str) -> Result<(PackageKind, Origin, Option<Version>)> {
        let toml = self.toml;
        let inner = toml.table(item, key)?;
        let line = |key: &str| inner.get(key).map(|item| origin::line(toml, item, key)).transpose();
        let missing = |what: &str| toml.wrong(item, format!("`{key}` has no {what}"));
        let folder = line("subdirectory")?.map(|path| format!("#subdirectory={path}")).unwrap_or_default();
        match key {
            "archive" => {
                let mut file = files::read(toml, inner, item.span(), "archive")?;
                file.wheel = file.name.parse().ok();
                let version = file.wheel.as_ref().map(|wheel| wheel.version.clone());
                let origin = match &file.stored {
                    Stored::Url(url) => Origin::Url(format!("{}{folder}", url.split('#').next().unwrap_or_default())),
                    Stored::Path(path) => Origin::File(path.clone()),
                };
                Ok((PackageKind::Archive(Box::new(file)), origin, version))
            }
            "vcs" => {
                let kind = line("type")?.ok_or_else(|| missing("`type`"))?;
                let commit = line("commit-id")?.ok_or_else(|| missing("`commit-id`"))?;
                let place = line("path")?.or(line("url")?).ok_or_else(|| missing("`url` and no `path`"))?;
                Ok((PackageKind::Source, Origin::Git(format!("{kind}+{place}@{commit}{folder}")), None))
            }
            _ => {
                let path = line("path")?.ok_or_else(|| missing("`path`"))?;
                Ok((PackageKind::Source, Origin::Directory(path.to_owned()), None))
            }
        }
    }

    /// The requirements of the package: PEP 751's own `dependencies`, which name packages only, or what PDM keeps for
    /// itself.
    fn needs(&mut self, table: &Table<'_>) -> Result<Option<Needs>> {
        let toml = self.toml;
        if let Some(item) = table.get("dependencies") {
            let mut needs = Vec::new();
            for (table, span) in tables(toml, item, "dependencies")? {
                let Some(name) = table.get("name") else { continue };
                let name = read_name(toml, span, toml.string(name, "name")?)?;
                let requirement = Requirement { name, extras: Vec::new(), versions: Constraint::any() };
                needs.push((Arc::new(requirement), marker::Marker::always()));
            }
            return Ok(Some(needs));
        }
        let Some(list) = dig(table, &["tool", "pdm", "dependencies"]).and_then(Item::as_array) else { return Ok(None) };
        let one = |text: &str| -> Option<(Arc<Requirement>, marker::Marker)> {
            let (before, written) = requirement::split(text);
            let (requirement, _) = requirement::plain(before).ok()?;
            let marker = match written {
                None => marker::Marker::always(),
                Some(written) => remembered(&mut self.known, written, || marker::parse(written)).ok()?,
            };
            Some((Arc::new(requirement), marker))
        };
        // Another tool's own table: where it says something else, nothing is known.
        let texts: Option<Vec<&str>> = list.iter().map(Item::as_str).collect();
        Ok(texts.and_then(|texts| texts.into_iter().map(one).collect()))
    }
}

/// The tables of a list, which may be written in the line or with a header each.
pub(in crate::lock) fn tables<'i, 's>(
    toml: &Toml<'_>,
    item: &'i Item<'s>,
    key: &str,
) -> Result<Vec<(&'i Table<'s>, Span)>> {
    if let Some(tables) = item.as_array_of_tables() {
        return Ok(tables.iter().map(|table| (table, table.span().unwrap_or_default())).collect());
    }
    let wrong = || toml.wrong(item, format!("`{key}` should be a list of tables"));
    let array = item.as_array().ok_or_else(wrong)?;
    let each = array.iter().map(|value| match value.as_inline_table() {
        Some(table) => Ok((table, value.span())),
        None => Err(wrong().into()),
    });
    each.collect()
}

/// The name of a file that must be a wheel.
pub(in crate::lock) fn wheel_name(toml: &Toml<'_>, file: &PylockFile, span: Span) -> Result<WheelName> {
    file.name.parse().map_err(|error: WheelNameError| toml.wrong_at(span, error.to_string()).into())
}

/// The name and the version that the file name of a source distribution says (PEP 625, and zip as before it).
pub(in crate::lock) fn sdist_name(file: &str) -> Option<(PackageName, Version)> {
    let stem = file.strip_suffix(".tar.gz").or_else(|| file.strip_suffix(".zip"))?;
    let (name, version) = stem.rsplit_once('-')?;
    let name = Some(name).filter(|name| (1..=LONGEST_NAME).contains(&name.len()))?;
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    let version = Version::from_str(version).ok().filter(|_| version.len() <= LONGEST_NAME)?;
    Some((PackageName::new(name.to_owned()).ok().filter(|_| plain)?, version))
}

/// A file's name must say what the package says, but for the label: PyTorch's CPU index has wheels with and without one,
/// by platform, and PDM lists both under one version.
pub(in crate::lock) fn of_package(
    toml: &Toml<'_>,
    file: &str,
    (own, release): (&PackageName, &Version),
    (name, version): (&PackageName, Option<&Version>),
    span: Span,
) -> Result<()> {
    let what = match version {
        _ if own != name => format!("{name}"),
        Some(version) if !is_same_release(version, release) => format!("{name} {version}"),
        Some(_) | None => return Ok(()),
    };
    Err(toml.wrong_at(span, format!("`{}` is not a file of {what}", quoted(file))).help(ANEW).into())
}

/// The same release, and no two labels.
fn is_same_release(one: &Version, other: &Version) -> bool {
    one == other || one.is_local() != other.is_local() && one.clone().without_local() == other.clone().without_local()
}
