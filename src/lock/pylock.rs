//! `pylock.toml` (PEP 751, lock-version 1.x), as pip, uv, Poetry's export plugin and PDM write it.
//!
//! ```text
//! lock-version, created-by, requires-python, environments, extras, dependency-groups, default-groups
//! [[packages]]   name, version, marker, requires-python, index, and one of
//!                  sdist and wheels | archive | vcs | directory
//! ```
//!
//! The lock is checked as the `packaging` library checks it, so that an installer accepts whatever is accepted here.
//! Unknown keys are left alone: the PEP lets tools add tables of their own, and a minor version may add keys.
//!
//! This file reads the head; `package` reads the packages, `marker` their markers, `select` decides what is installed on
//! an environment, `layout` finds the places that a rewrite edits.

use pep440_rs::Version;
use pep508_rs::ExtraName;
use std::str::FromStr;

use super::Entry;
use super::dependency::{LONGEST_VERSIONS, read_extras};
use super::toml::{Item, Toml};
use crate::packaging::constraint::Constraint;
use crate::report::error::Result;
use crate::text::{Source, Span, quoted};

mod files;
mod layout;
mod marker;
mod package;
mod registry;
mod select;

pub use files::{PylockFile, Stored};
pub use layout::{Dependencies, Part, PylockBlock};
pub use marker::WrittenMarker;
pub use package::{PackageKind, PylockPackage};
pub use registry::index_options;
pub use select::Digests;

pub(super) use files::size;
pub(super) use package::{of_package, sdist_name, tables, wheel_name};
pub(super) use registry::origin as index_of;
pub(super) use select::without_file;

/// The file's name in messages.
const WHAT: &str = "pylock.toml";
/// The remedy for a lock that installers would refuse.
const ANEW: &str = "regenerate the lock with the tool that made it";

/// A `pylock.toml`.
#[derive(Debug, Clone)]
pub struct Pylock {
    /// The file.
    pub source: Source,
    /// The tool that made it, as it says itself.
    pub created_by: String,
    /// The `pyproject.toml` beside it, where there is one.
    pub project: Option<Source>,
    /// The Pythons it is for.
    pub pythons: Constraint,
    /// The environments it is for; empty: any.
    pub environments: Vec<WrittenMarker>,
    /// The extras that markers may ask for.
    pub extras: Vec<ExtraName>,
    /// The dependency groups that markers may ask for.
    pub groups: Vec<ExtraName>,
    /// The groups that are installed without being named.
    pub default_groups: Vec<ExtraName>,
    /// Its packages, in file order.
    pub entries: Vec<Entry>,
    /// The other facts about each entry; as long as `entries`.
    pub packages: Vec<PylockPackage>,
}

impl Pylock {
    /// True for the names that PEP 751 gives such files: `pylock.toml`, or `pylock.NAME.toml` with no dot in NAME.
    pub fn is_name(file: &str) -> bool {
        let named = |rest: &str| rest.strip_suffix(".toml").is_some_and(|name| !name.is_empty() && !name.contains('.'));
        file == "pylock.toml" || file.strip_prefix("pylock.").is_some_and(named)
    }

    /// Reads a `pylock.toml`.
    ///
    /// # Errors
    /// If it is not TOML, not a lock, of another major version, or if a package cannot be understood or is not valid.
    pub fn parse(name: &str, text: String, project: Option<Source>) -> Result<Self> {
        let source = Source::new(name, text);
        let toml = Toml::parse(&source, WHAT)?;
        lock_version(&toml)?;
        let created_by = toml.string(required(&toml, "created-by")?, "created-by")?.to_owned();
        let names = |key: &str| -> Result<Vec<ExtraName>> { read_extras(&toml, list(&toml, key)?, key) };
        let mut environments = Vec::new();
        if let Some(item) = list(&toml, "environments")? {
            for text in toml.strings(item, "environments")? {
                environments.push(package::marker(&toml, item.span(), text)?);
            }
        }
        let pythons = toml.root().get("requires-python").map_or(Ok(Constraint::any()), |item| pythons(&toml, item))?;
        let (extras, groups, default_groups) =
            (names("extras")?, names("dependency-groups")?, names("default-groups")?);
        let (entries, packages) = package::packages(&toml)?;
        drop(toml);
        Ok(Self {
            source,
            created_by,
            project,
            pythons,
            environments,
            extras,
            groups,
            default_groups,
            entries,
            packages,
        })
    }
}

/// A key that must be there.
fn required<'t, 's>(toml: &'t Toml<'s>, key: &str) -> Result<&'t Item<'s>> {
    toml.root().get(key).ok_or_else(|| {
        let message = format!("{} has no `{key}`, so it is not a whole pylock.toml", toml.source.name);
        let problem = toml.wrong_at(Span::default(), message);
        problem.help("the file may be cut short; regenerate it with the tool that made it").into()
    })
}

/// PEP 751: an unknown major version is an error; a minor one only adds to what older ones say.
fn lock_version(toml: &Toml<'_>) -> Result<()> {
    let item = required(toml, "lock-version")?;
    let text = toml.string(item, "lock-version")?;
    let version = Version::from_str(text).ok().filter(|_| text.len() <= 100);
    if version.is_some_and(|version| version.release().first() == Some(&1)) {
        return Ok(());
    }
    let message = format!("lock-version {} of a pylock.toml is not supported; supported is 1.0", quoted(text));
    let help = "update torchswap, or make the lock with a tool that writes lock-version 1.0";
    Err(toml.unsupported(item, message).help(help).into())
}

/// A list of strings, if it is there; the PEP has no other way to write one.
fn list<'t, 's>(toml: &'t Toml<'s>, key: &str) -> Result<Option<&'t Item<'s>>> {
    match toml.root().get(key) {
        Some(item) if item.as_str().is_some() => {
            Err(toml.wrong(item, format!("`{key}` should be a list of strings")).into())
        }
        item => Ok(item),
    }
}

/// A `requires-python` (PEP 345's Requires-Python).
pub(super) fn pythons(toml: &Toml<'_>, item: &Item<'_>) -> Result<Constraint> {
    let text = toml.string(item, "requires-python")?;
    // Poetry writes alternatives, which PEP 440 has not, into a comment only.
    let read = pep440_rs::VersionSpecifiers::from_str(text).ok().filter(|_| text.len() <= LONGEST_VERSIONS);
    read.map(Constraint::from).ok_or_else(|| {
        let message = format!("`{}` is not a list of version specifiers (PEP 440)", quoted(text));
        toml.wrong(item, message).into()
    })
}
