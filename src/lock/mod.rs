//! Locks: one small model, one file per format.
//!
//! A format module turns text into a [`Lock`]; [`Lock::select`] says what the lock gives on one environment, in words
//! that are the same for every format; the plan is made from that.
//!
//! Not here: what the lock's entries become (`plan`), and how a lock is written (`write`).
//!
//! Imports: `text`, `packaging`, `report`.

mod asked;
mod dependency;
pub mod emit;
mod files;
mod foreign;
mod format;
mod limits;
mod origin;
pub mod poetry;
pub mod provided;
pub mod pylock;
pub mod pyproject;
mod questions;
pub mod requirements;
mod swapped;
pub(crate) mod toml;
pub mod uv;

use std::collections::BTreeSet;
use std::sync::Arc;

use pep440_rs::Version;
use pep508_rs::{ExtraName, PackageName};

use crate::packaging::address;
use crate::packaging::constraint::Constraint;
use crate::packaging::marker::{Condition, Extras, ExtrasAndGroups};
use crate::packaging::requirement::Requirement;
use crate::packaging::target::{Environment, Platform, Python};
use crate::report::error::{Code, Error, Problem, Result};
use crate::text::{Source, Span};
use emit::NotEmitted;

pub use asked::ProjectRequirement;
pub(crate) use dependency::condition;
pub use files::{LockedDigest, LockedFile, LockedFiles};
pub use foreign::{FOREIGN, Foreign};
pub use format::Format;
pub(crate) use swapped::SwappedEntries;

use poetry::PoetryLock;
use pylock::Pylock;
use requirements::RequirementsFile;
use uv::UvLock;

/// A lock of one of the formats that are read.
#[derive(Debug, Clone)]
pub enum Lock {
    /// `poetry.lock`
    Poetry(Box<PoetryLock>),
    /// `requirements.txt`
    Requirements(Box<RequirementsFile>),
    /// `pylock.toml`
    Pylock(Box<Pylock>),
    /// `uv.lock`
    Uv(Box<UvLock>),
}

impl Lock {
    /// Every pinned package, in file order.
    pub fn entries(&self) -> &[Entry] {
        match self {
            Self::Poetry(lock) => &lock.entries,
            Self::Requirements(file) => &file.entries,
            Self::Pylock(lock) => &lock.entries,
            Self::Uv(lock) => &lock.entries,
        }
    }

    /// The texts it was read from: the file itself, then those it includes.
    pub fn sources(&self) -> &[Source] {
        match self {
            Self::Poetry(lock) => std::slice::from_ref(&lock.source),
            Self::Requirements(file) => &file.sources,
            Self::Pylock(lock) => std::slice::from_ref(&lock.source),
            Self::Uv(lock) => std::slice::from_ref(&lock.source),
        }
    }

    /// The name of the project that it is of, where that is known.
    pub(crate) fn project_name(&self) -> Option<PackageName> {
        match self {
            Self::Poetry(lock) => lock.project.as_ref().and_then(|project| project.name.clone()),
            Self::Uv(lock) => lock.project_name(),
            Self::Pylock(_) | Self::Requirements(_) => self.project_file().and_then(pyproject::name),
        }
    }

    /// The `pyproject.toml` beside it, where there is one.
    fn project_file(&self) -> Option<&Source> {
        match self {
            Self::Poetry(lock) => lock.project.as_ref().map(|project| &project.source),
            Self::Pylock(lock) => lock.project.as_ref(),
            Self::Uv(lock) => lock.project.as_ref(),
            Self::Requirements(file) => file.project.as_ref(),
        }
    }

    /// The lock, if it is a `poetry.lock`.
    fn poetry(&self) -> Option<&PoetryLock> {
        match self {
            Self::Poetry(lock) => Some(lock),
            Self::Requirements(_) | Self::Pylock(_) | Self::Uv(_) => None,
        }
    }

    /// The file, if it is a requirements file.
    fn requirements(&self) -> Option<&RequirementsFile> {
        match self {
            Self::Requirements(file) => Some(file),
            Self::Poetry(_) | Self::Pylock(_) | Self::Uv(_) => None,
        }
    }

    /// The problem of a `poetry.lock` that was not made from the project beside it as it is now.
    pub fn stale(&self) -> Option<Problem> {
        self.poetry()?.stale()
    }

    /// The packages of the lock on an environment.
    ///
    /// # Errors
    /// As [`PoetryLock::select`], [`Pylock::select`] and [`UvLock::select`]; for a requirements file, if a choice of groups or extras is made, for it has none, and
    /// if two lines for one package do not agree.
    pub fn select(&self, choice: &Choice, environment: Environment) -> Result<Selection> {
        match self {
            Self::Poetry(lock) => lock.select(choice, environment),
            Self::Pylock(lock) => lock.select(choice, environment),
            Self::Uv(lock) => lock.select(choice, environment),
            Self::Requirements(_) if *choice != Choice::default() => {
                let problem =
                    Problem::new(Code::Usage, "a requirements file has no groups and no extras to choose from");
                Err(problem.help("choose them where the file is exported, or give the poetry.lock instead").into())
            }
            Self::Requirements(file) => {
                let selection = file.select(environment, &Extras::new());
                requirements::duplicates::check(file, &selection, environment)?;
                Ok(selection)
            }
        }
    }

    /// The Pythons that the release of an entry takes, if the lock has them.
    pub fn requires_python(&self, entry: usize) -> Option<&Constraint> {
        match self {
            Self::Poetry(lock) => lock.requires_python(entry),
            Self::Pylock(lock) => lock.packages.get(entry).map(|package| &package.pythons),
            Self::Requirements(_) | Self::Uv(_) => None,
        }
    }

    /// The minor releases of CPython that it may be installed under on a platform, ascending.
    pub fn pythons(&self, platform: Platform) -> Vec<Python> {
        let Self::Requirements(file) = self else {
            let fits = |python: &Python| self.leaves_out(Environment { platform, python: *python }).is_none();
            return Python::released().filter(fits).collect();
        };
        // What a tool made for one Python says nothing of others, whatever the project allows.
        file.python_hint(platform).unwrap_or_else(|| {
            let range = file.project_pythons.as_ref();
            Python::released().filter(|python| range.is_none_or(|range| range.admits_python(*python))).collect()
        })
    }
}

/// The place of an entry: which of the lock's sources, and which bytes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Index into the lock's sources: 0 but for files that others include.
    pub source: usize,
    /// The span to point at.
    pub span: Span,
}

/// One pinned package of a lock.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The package.
    pub name: PackageName,
    /// The locked version. `None` where the lock does not say: an unpinned line, a URL that names none.
    pub version: Option<Version>,
    /// The source of its files.
    pub origin: Origin,
    /// True for what is installed in place (`-e`).
    pub editable: bool,
    /// The files the lock admits, each with its digest.
    pub files: LockedFiles,
    /// The place to point at when something is wrong with it.
    pub at: Position,
}

impl Entry {
    /// True if it has a digest that pip's hash mode takes.
    pub fn is_hashed(&self) -> bool {
        self.files.iter().any(|file| file.digest.counts())
    }
}

/// The source of a locked package's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// An index. `None`: the default one; else the index's URL as the lock has it.
    Index(Option<String>),
    /// A file at a URL, as written but without a fragment.
    Url(String),
    /// A repository, written as pip wants it: `git+URL@revision`.
    Git(String),
    /// A local file.
    File(String),
    /// A local folder.
    Directory(String),
}

impl Origin {
    /// The URL or path, but for an index.
    pub fn place(&self) -> Option<&str> {
        match self {
            Self::Index(_) => None,
            Self::Url(place) | Self::Git(place) | Self::File(place) | Self::Directory(place) => Some(place),
        }
    }
}

/// The lines that make pip look at an index by an option, or at a page of links. An `http` one is trusted, as the lock was.
fn index_option(option: &str, url: &str) -> impl Iterator<Item = String> + use<> {
    let host = url.starts_with("http://").then(|| address::host(url));
    let option = if is_links_page(url) { "--find-links" } else { option };
    host.map(|host| format!("--trusted-host {host}")).into_iter().chain([format!("{option} {url}")])
}

/// True if a source is one page of links and no index: Poetry and pip recognise it by its ending. Poetry writes both as
/// `legacy`.
pub(crate) fn is_links_page(url: &str) -> bool {
    let path = address::without_query(url);
    [".html", ".htm"].iter().any(|ending| path.ends_with(ending))
}

/// The wanted groups and extras of a project, with the options of `poetry export`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// `--with`: these groups beside `main`.
    pub with: Vec<ExtraName>,
    /// `--without`: not these.
    pub without: Vec<ExtraName>,
    /// `--only`: these and no others, not even `main`.
    pub only: Vec<ExtraName>,
    /// `--all-groups`
    pub all_groups: bool,
    /// `--extras`
    pub extras: Vec<ExtraName>,
    /// `--all-extras`
    pub all_extras: bool,
}

impl Choice {
    /// All groups and extras.
    pub fn everything() -> Self {
        Self { all_groups: true, all_extras: true, ..Self::default() }
    }

    /// A single extra, and what to call that.
    fn only_extra(extra: ExtraName) -> (Self, String) {
        let what = format!("with only the extra {extra}");
        (Self { extras: vec![extra], ..Self::default() }, what)
    }

    /// A single group, and what to call that.
    fn only_group(group: ExtraName) -> (Self, String) {
        let what = format!("with only the group {group}");
        (Self { only: vec![group], ..Self::default() }, what)
    }

    /// True if a group is chosen. `by_default`: it is one of those that are where none is named.
    pub(crate) fn takes(&self, group: &ExtraName, by_default: bool) -> bool {
        match () {
            () if self.all_groups => true,
            () if !self.only.is_empty() => self.only.contains(group),
            () => (by_default || self.with.contains(group)) && !self.without.contains(group),
        }
    }

    /// The chosen extras and groups of a lock that has default groups.
    ///
    /// # Errors
    /// If a group or an extra is not known.
    pub(crate) fn resolved(
        &self,
        lock: &str,
        known_extras: &[ExtraName],
        known_groups: &[ExtraName],
        default_groups: &[ExtraName],
    ) -> Result<ExtrasAndGroups> {
        let mut problems = Vec::new();
        let mut unknown = |kind: &str, names: &[ExtraName], known: &[ExtraName]| {
            for name in names.iter().filter(|name| !known.contains(name)) {
                let list: BTreeSet<String> = known.iter().map(ToString::to_string).collect();
                let list = Vec::from_iter(list);
                let help =
                    if list.is_empty() { "it has none".to_owned() } else { format!("it has: {}", list.join(", ")) };
                problems.push(Problem::new(Code::Usage, format!("{lock} has no {kind} `{name}`")).help(help));
            }
        };
        for names in [&self.only, &self.with, &self.without] {
            unknown("dependency group", names, known_groups);
        }
        unknown("extra", &self.extras, known_extras);
        Error::unless_empty(problems)?;
        let extras = if self.all_extras { known_extras } else { &self.extras };
        let groups = known_groups.iter().filter(|group| self.takes(group, default_groups.contains(group)));
        Ok(ExtrasAndGroups { extras: extras.iter().cloned().collect(), groups: groups.cloned().collect() })
    }
}

/// The packages of a lock on one environment.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// The packages that are installed there.
    pub packages: Vec<SelectedPackage>,
    /// The packages that could be: the lock pins them for other environments or for groups and extras not asked for.
    pub unselected: Vec<SelectedPackage>,
    /// The packages that are installed by other means: the output leaves them out. What they need is among the selected
    /// ones.
    pub unemitted: Vec<(SelectedPackage, NotEmitted)>,
    /// Versions that may be chosen besides, where constraints files limit them.
    pub limits: Vec<(PackageName, Constraint)>,
    /// The entries selected beside another of the same name, though they do not meet all that need them.
    pub passed_over: Vec<PassedOver>,
}

/// An entry that is not installed, for another one of its name is, by their indices.
#[derive(Debug, Clone, Copy)]
pub struct PassedOver {
    /// The entry.
    pub entry: usize,
    /// The one that is taken instead.
    pub instead: usize,
}

impl Selection {
    /// True if no constraints file excludes a release.
    pub fn allows(&self, name: &PackageName, version: &Version) -> bool {
        self.limits.iter().all(|(limited, versions)| limited != name || versions.admits(version))
    }
}

/// One entry on one environment.
#[derive(Debug, Clone)]
pub struct SelectedPackage {
    /// Index into the lock's entries.
    pub entry: usize,
    /// Extras asked for, by all who ask.
    pub extras: Extras,
    /// True if somebody asks for it with extras, whether the line has them or not.
    pub with_extras: bool,
    /// The condition under which it holds there.
    pub condition: Condition,
    /// Its requirements there and their conditions, as far as the lock has them. `None`: the format does not say.
    pub needs: Option<Vec<(Arc<Requirement>, Condition)>>,
    /// The packages that need it, where the lock says so on the entry itself (`# via`). `None`: it does not.
    pub via: Option<Vec<PackageName>>,
    /// True if the project asks for it itself.
    pub root: bool,
}

impl SelectedPackage {
    /// An entry that the project requires everywhere and without extras, about which no more is known.
    pub(crate) fn of_project(entry: usize) -> Self {
        let (extras, condition) = (Extras::new(), Condition::Always);
        Self { entry, extras, with_extras: false, condition, needs: None, via: None, root: true }
    }
}
