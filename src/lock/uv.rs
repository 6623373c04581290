//! `uv.lock`, version 1.
//!
//! ```text
//! version, revision, requires-python, supported-markers, conflicts
//! [manifest]    members, requirements, dependency-groups: what is asked for that no package asks for
//! [[package]]   name, version, source, sdist, wheels, dependencies, optional-dependencies, dev-dependencies
//! ```
//!
//! It is a graph: a package is installed if one that is installed depends on it, and the markers are on the dependencies,
//! those of forks among them. Its files are said as in a `pylock.toml`, with addresses, digests and sizes.
//!
//! This file reads the head; `package` reads the packages, `source` where they come from, `select` decides what is
//! installed on an environment.

use pep508_rs::{ExtraName, PackageName};

use super::dependency::{ParseCache, read_extra, read_extras, read_marker, read_name};
use super::pylock::PylockPackage;
use super::toml::{Item, Toml, dig};
use super::{Entry, Origin};
use crate::packaging::constraint::Constraint;
use crate::packaging::marker::Marker;
use crate::report::error::Result;
use crate::text::{Source, Span, quoted};

mod layout;
mod package;
mod select;
mod source;

pub use layout::UvBlock;
pub(crate) use package::UvEdge;
use package::UvNode;

/// The file's name in messages.
const WHAT: &str = "uv.lock";

/// The revisions of version 1 that are read. A lock without one is of revision 0.
const REVISIONS: std::ops::RangeInclusive<i64> = 0..=5;

/// The remedy for a lock that uv would not have written.
const ANEW: &str = "regenerate the lock with: uv lock";

/// The remedy for a lock that says what is not read here.
const OTHERWISE: &str = "export it, which other tools read: uv export --format pylock.toml --no-emit-project";

/// A `uv.lock`.
#[derive(Debug, Clone)]
pub struct UvLock {
    /// The file.
    pub source: Source,
    /// The `pyproject.toml` beside it, where there is one.
    pub project: Option<Source>,
    /// The Pythons it is for.
    pub pythons: Constraint,
    /// Its packages, in file order, those of the workspace among them.
    pub entries: Vec<Entry>,
    /// The files of each entry; as long as `entries`.
    pub packages: Vec<PylockPackage>,
    /// The environments it is for; empty: any.
    environments: Vec<Marker>,
    /// Extras and groups of which at most one of each set is installed.
    conflicts: Vec<Vec<ConflictItem>>,
    /// The place of these.
    conflicts_at: Span,
    /// The dependencies of each entry; as long as `entries`.
    graph: Vec<UvNode>,
    /// The project that the lock is of; each of its members where they have no project above them.
    roots: Vec<usize>,
    /// The requirements beside the roots: of a script, and of groups of a folder that is no project.
    manifest: UvNode,
    /// The groups that are installed without being named.
    default_groups: Vec<ExtraName>,
}

/// A package that conflicts with others, or an extra or a group of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ConflictItem {
    package: PackageName,
    of: ConflictPart,
}

/// The part of a package that conflicts.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ConflictPart {
    /// It itself.
    Project,
    Extra(ExtraName),
    Group(ExtraName),
}

impl UvLock {
    /// Reads a `uv.lock`.
    ///
    /// # Errors
    /// If it is not TOML, not a lock, of another version or an unknown revision, or if a package cannot be understood.
    pub fn parse(name: &str, text: String, project: Option<Source>) -> Result<Self> {
        let source = Source::new(name, text);
        let toml = Toml::parse(&source, WHAT)?;
        version(&toml)?;
        let mut known = ParseCache::default();
        let pythons = toml
            .root()
            .get("requires-python")
            .ok_or_else(|| toml.wrong_at(Span::default(), format!("{name} has no `requires-python`")).help(ANEW))?;
        let pythons = super::pylock::pythons(&toml, pythons)?;
        let mut environments = Vec::new();
        if let Some(item) = toml.root().get("supported-markers") {
            for text in toml.strings(item, "supported-markers")? {
                environments.push(read_marker(&toml, item.span(), text, &mut known)?);
            }
        }
        let conflicts = conflicts(&toml)?;
        let conflicts_at = toml.root().get("conflicts").map_or(Span::default(), Item::span);
        let mut reading = package::UvPackageReader::new(&toml, &mut known);
        let (entries, packages, graph) = reading.packages()?;
        let manifest = reading.manifest()?;
        let roots = roots(&toml, &entries)?;
        let default_groups = match &project {
            Some(project) => default_groups(project, &roots, &graph, &manifest)?,
            None => vec![read_extra(&toml, Span::default(), DEV)?],
        };
        drop(toml);
        Ok(Self {
            source,
            project,
            pythons,
            entries,
            packages,
            environments,
            conflicts,
            conflicts_at,
            graph,
            roots,
            manifest,
            default_groups,
        })
    }

    /// The name of the project that it is of; `None`: it is of several, or of none.
    pub(in crate::lock) fn project_name(&self) -> Option<PackageName> {
        match self.roots[..] {
            [root] => Some(self.entries[root].name.clone()),
            _ => None,
        }
    }
}

/// The group that uv installs if the project names no others.
const DEV: &str = "dev";

/// A lock of another version has another meaning; a revision adds to what older ones say, and may add what counts.
fn version(toml: &Toml<'_>) -> Result<()> {
    let number = |item: &Item<'_>, key: &str| {
        item.as_integer().ok_or_else(|| toml.wrong(item, format!("`{key}` should be a whole number")))
    };
    let item = toml.root().get("version").ok_or_else(|| {
        let message = format!("{} has no `version`, so it is not a whole uv.lock", toml.source.name);
        toml.wrong_at(Span::default(), message).help(ANEW)
    })?;
    let version = number(item, "version")?;
    if version != 1 {
        let message = format!("version {version} of a uv.lock is not supported; supported is 1");
        return Err(toml.unsupported(item, message).help(OTHERWISE).into());
    }
    let Some(item) = toml.root().get("revision") else { return Ok(()) };
    let revision = number(item, "revision")?;
    if !REVISIONS.contains(&revision) {
        let (first, last) = (REVISIONS.start(), REVISIONS.end());
        let message = format!("revision {revision} of a uv.lock is not supported; supported are {first} to {last}");
        return Err(toml.unsupported(item, message).help(OTHERWISE).into());
    }
    Ok(())
}

/// Reads `conflicts`: sets of extras, groups and packages.
fn conflicts(toml: &Toml<'_>) -> Result<Vec<Vec<ConflictItem>>> {
    let Some(item) = toml.root().get("conflicts") else { return Ok(Vec::new()) };
    let wrong = |item: &Item<'_>| toml.wrong(item, "`conflicts` should be lists of tables that name a `package`");
    let mut sets = Vec::new();
    for set in item.as_array().ok_or_else(|| wrong(item))? {
        let mut items = Vec::new();
        for one in set.as_array().ok_or_else(|| wrong(set))? {
            let table = one.as_inline_table().ok_or_else(|| wrong(one))?;
            let (name, span) = toml.text(table, "package")?.ok_or_else(|| wrong(one))?;
            let package = read_name(toml, span, name)?;
            let of = match (toml.text(table, "extra")?, toml.text(table, "group")?) {
                (None, None) => ConflictPart::Project,
                (Some((extra, span)), None) => ConflictPart::Extra(read_extra(toml, span, extra)?),
                (None, Some((group, span))) => ConflictPart::Group(read_extra(toml, span, group)?),
                (Some(_), Some(_)) => return Err(wrong(one).into()),
            };
            items.push(ConflictItem { package, of });
        }
        sets.push(items);
    }
    Ok(sets)
}

/// The project in the lock's own folder; where there is none, all members of the workspace.
fn roots(toml: &Toml<'_>, entries: &[Entry]) -> Result<Vec<usize>> {
    let is_here = |entry: &Entry| matches!(&entry.origin, Origin::Directory(path) if path == ".");
    if let Some(root) = entries.iter().position(is_here) {
        return Ok(vec![root]);
    }
    let Some(item) = dig(toml.root(), &["manifest", "members"]) else { return Ok(Vec::new()) };
    let mut roots = Vec::new();
    for text in toml.strings(item, "members")? {
        let name = read_name(toml, item.span(), text)?;
        let member = |entry: &Entry| entry.name == name && matches!(entry.origin, Origin::Directory(_));
        let Some(root) = entries.iter().position(member) else {
            let message = format!("{name} is a member of the workspace, but {} does not have it", toml.source.name);
            return Err(toml.wrong(item, message).help(ANEW).into());
        };
        roots.push(root);
    }
    Ok(roots)
}

/// `default-groups` of `[tool.uv]`: a list, or `"all"`.
fn default_groups(project: &Source, roots: &[usize], graph: &[UvNode], manifest: &UvNode) -> Result<Vec<ExtraName>> {
    let toml = Toml::parse(project, "pyproject.toml")?;
    let Some(item) = dig(toml.root(), &["tool", "uv", "default-groups"]) else {
        return Ok(vec![read_extra(&toml, Span::default(), DEV)?]);
    };
    match item.as_str() {
        Some("all") => {
            let nodes = roots.iter().map(|root| &graph[*root]).chain([manifest]);
            Ok(nodes.flat_map(|node| node.groups.keys()).cloned().collect())
        }
        Some(other) => Err(toml.wrong(item, format!("`{}` is neither `all` nor a list", quoted(other))).into()),
        None => read_extras(&toml, Some(item), "default-groups"),
    }
}
