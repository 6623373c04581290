//! A plan as a `pylock.toml` (PEP 751): one file for one target or several.
//!
//! An installer takes a file from its URL, so every file needs one here. The wheels that were swapped in have theirs, and
//! so has everything in a `pylock.toml` that is the lock. A `poetry.lock` and a requirements file name only digests: a
//! [`PylockDraft`] says which URLs are missing, and takes them from whoever knows a file with that digest.

mod content;
mod kept;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::coverage::{Coverage, with_undecided};
use super::lines::Gathered;
use super::{Style, header, urls};
use crate::lock::Lock;
use crate::lock::pylock::Digests;
use crate::packaging::target::{Environment, Python};
use crate::plan::{Line, LockView, TargetPlan};
use crate::report::error::{Code, Error, Problem, Result};

pub use content::{Content, ContentFile, FileLocation};

/// A `pylock.toml` some of whose files may still lack a URL.
#[derive(Debug, Clone)]
pub struct PylockDraft {
    /// Its packages, in the order in which they are written.
    pub packages: Vec<DraftPackage>,
    comments: String,
    pythons: BTreeSet<Python>,
    environments: Vec<String>,
}

/// One package of a draft.
#[derive(Debug, Clone)]
pub struct DraftPackage {
    /// The package.
    pub name: PackageName,
    /// Its version, if it is known.
    pub version: Option<Version>,
    /// The environments that install it.
    pub places: BTreeSet<Environment>,
    /// The part of its marker that these places cannot decide.
    pub undecided: Option<String>,
    /// The source it is installed from.
    pub content: Content,
    marker: Option<String>,
}

/// One thing that a package says, before it is known where.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct PackageBody {
    version: Option<Version>,
    content: Content,
    undecided: Option<String>,
}

impl PylockDraft {
    /// Puts the plans of one target or several into one file. No two of them are for one platform and Python.
    ///
    /// # Errors
    /// Every package that has no file, or no digest of the kind that is looked for.
    pub fn new(lock: &Lock, plans: &[TargetPlan], style: &Style) -> Result<Self> {
        if style.without_hashes {
            let problem = Problem::new(Code::Usage, "a pylock.toml has a digest for every file");
            return Err(problem.help("leave out --without-hashes, or write a requirements file").into());
        }
        if style.only_usable_hashes {
            let problem =
                Problem::new(Code::Usage, "a pylock.toml names its files, so installers skip those of no use");
            return Err(problem.help("leave out --only-usable-hashes, or write a requirements file").into());
        }
        Error::unless_empty(super::without_file(lock, plans, Digests::Carried))?;
        let of_one_version = urls::of_one_version(lock, plans);
        let plans = of_one_version.as_deref().unwrap_or(plans);
        let view = LockView::of(lock);
        let coverage = Coverage::of(plans);
        let mut by_name: BTreeMap<&PackageName, Vec<(Environment, &Line)>> = BTreeMap::new();
        for environment in plans.iter().flat_map(|plan| &plan.environments) {
            for line in &environment.lines {
                by_name.entry(&line.name).or_default().push((environment.environment, line));
            }
        }
        let mut making = content::Making::new(lock, style, &by_name)?;
        let mut packages = Vec::new();
        for (name, lines) in &by_name {
            let all = Gathered::new(lines, |line| {
                let (version, content) = making.content(line);
                PackageBody { version, content, undecided: line.condition.marker() }
            });
            packages.extend(all.marked(view, lines, &coverage).map(|said| {
                let PackageBody { version, content, undecided } = said.body;
                let marker = with_undecided(said.marker.as_deref(), undecided.as_deref());
                DraftPackage { name: (*name).clone(), version, places: said.places, undecided, content, marker }
            }));
        }
        Error::unless_empty(making.problems)?;
        Ok(Self {
            packages,
            comments: header(style, lock)?,
            pythons: coverage.pythons(),
            environments: coverage.environments(),
        })
    }

    /// All places that the file is for.
    pub fn places(&self) -> BTreeSet<Environment> {
        self.packages.iter().flat_map(|package| package.places.iter().copied()).collect()
    }

    /// Says where files are, as far as `known` knows a package, its index (`None`: the default one) and a file.
    pub fn fill(
        &mut self,
        mut known: impl FnMut(&PackageName, Option<&str>, &ContentFile) -> Option<(String, FileLocation)>,
    ) {
        for package in &mut self.packages {
            let Content::Release { index, files } = &mut package.content else { continue };
            for file in files.iter_mut().filter(|file| file.at.is_none()) {
                let found = known(&package.name, index.as_deref(), file);
                if let Some((name, at)) = found.filter(|(name, _)| file.name.as_ref().is_none_or(|own| own == name)) {
                    *file = ContentFile { name: Some(name), sha256: file.sha256, at: Some(at) };
                }
            }
            content::settle(files);
        }
    }

    /// The text of the file.
    ///
    /// # Errors
    /// If a file still lacks a URL.
    pub fn text(&self) -> Result<String> {
        let lacking = |package: &&DraftPackage| package.content.files().iter().any(|file| file.at.is_none());
        let missing: Vec<&DraftPackage> = self.packages.iter().filter(lacking).collect();
        if missing.is_empty() {
            return Ok(text::of(self));
        }
        let files: usize =
            missing.iter().map(|one| one.content.files().iter().filter(|file| file.at.is_none()).count()).sum();
        let mut names: Vec<&str> = missing.iter().map(|package| package.name.as_ref()).collect();
        names.dedup();
        let more = names.len().saturating_sub(5);
        names.truncate(5);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let message = format!(
            "a pylock.toml needs the URL of every file, and the lock has none of {files} files ({}{more})",
            names.join(", ")
        );
        let help = "take them from an index that has these very files: --index-url URL; or write a requirements file";
        Err(Problem::new(Code::Unknown, message).help(help).into())
    }
}
