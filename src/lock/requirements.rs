//! Requirements files, as `poetry export`, `pip-compile`, `uv export`, `uv pip compile` and `pip freeze` write them, or
//! people.
//!
//! ```text
//! file     = BOM? line*
//! line     = blank | comment | requirement via* | options | "-r" path | "-c" path
//! via      = an indented `# via …` comment behind a requirement      see `requirements/via.rs`
//! ```
//!
//! `requirements/lines.rs` joins physical lines to logical ones, `requirements/parse.rs` reads these.
//!
//! A file named by `-r` takes the place of the line that names it, once, so that what is written is one file. A file
//! named by `-c` is read for the versions it allows; its line stays. Everything is kept with its span in its source,
//! and [`RequirementsFile::render`] gives back every byte that no edit touches.

use std::collections::BTreeSet;

use pep440_rs::VersionSpecifiers;
use pep508_rs::{ExtraName, PackageName};

use super::{Entry, LockedDigest, Origin, Position, SelectedPackage, Selection, condition};
use crate::packaging::constraint::Constraint;
use crate::packaging::marker::{self, Extras};
use crate::packaging::target::{Environment, Platform, Python};
use crate::report::error::Problem;
use crate::text::{Source, Span};

mod digests;
mod direct_url;
pub(super) mod duplicates;
mod lines;
mod options;
mod parse;
mod paths;
mod read;
mod render;
mod sniff;
mod via;

pub(super) use digests::{option as digest, read as digest_of_kind};
pub use read::parse;
pub use render::{LineEdits, without_hashes};
pub(super) use sniff::is_requirements;
pub use via::Via;

/// A requirements file with the files it includes.
#[derive(Debug, Clone, Default)]
pub struct RequirementsFile {
    /// The file itself, then every file it includes, in the order of reading.
    pub sources: Vec<Source>,
    /// The logical lines of the file in order, with the lines of each `-r` file in the place of the line that names it.
    pub lines: Vec<FileLine>,
    /// The requirements that have a name, as entries.
    pub entries: Vec<Entry>,
    /// The other facts in the lines of the entries: one for each entry, in the same order.
    pub requirements: Vec<RequirementLine>,
    /// The limits of files named by `-c`.
    pub constraints: Vec<Limit>,
    /// The options of all files, those of `-c` files too: pip lets every one hold for all lines.
    pub options: Vec<GlobalOption>,
    /// The Pythons that the project beside it is for, where there is one that says so.
    pub project_pythons: Option<Constraint>,
    /// The `pyproject.toml` beside it, where there is one.
    pub project: Option<Source>,
}

/// One logical line, with its line end.
#[derive(Debug, Clone)]
pub struct FileLine {
    /// Index into the sources.
    pub source: usize,
    /// Its bytes there; for a requirement with the `# via` comments below it.
    pub span: Span,
    /// The kind of line.
    pub kind: LineKind,
}

/// The kind of a line.
#[derive(Debug, Clone)]
pub enum LineKind {
    /// Nothing but white space.
    Blank,
    /// A comment that belongs to no requirement.
    Comment,
    /// A requirement with a name: index into the requirements and the entries.
    Requirement(usize),
    /// A requirement that names no package: a local folder, a URL that is not a wheel's.
    Unnamed(Box<Unnamed>),
    /// Options that hold for the whole file.
    Options(Vec<GlobalOption>),
    /// `-c`.
    Constraints,
}

/// The facts in a requirement line beyond its [`Entry`].
#[derive(Debug, Clone)]
pub struct RequirementLine {
    /// Index into the entries, and its own index.
    pub entry: usize,
    /// Index into the lines.
    pub line: usize,
    /// The extras asked for.
    pub extras: Vec<ExtraName>,
    /// True if the line admits only one version: one `==` without `*`, one `===`, or a URL.
    pub pinned: bool,
    /// Its marker; `None`: always.
    pub marker: Option<marker::Marker>,
    /// Its `--hash` options.
    pub hashes: Vec<Span>,
    /// The packages that need it. `None`: the file does not say.
    pub via: Option<Vec<Via>>,
    /// The comments behind and below it, with what parts them from it; empty if there are none.
    pub notes: Span,
}

/// A requirement that names no package.
#[derive(Debug, Clone)]
pub struct Unnamed {
    /// The source of its file, and its extras.
    pub origin: Origin,
    /// True for a folder or a repository that is installed in place (`-e`).
    pub editable: bool,
    /// Its marker; `None`: always.
    pub marker: Option<marker::Marker>,
    /// The digests it admits.
    pub digests: Vec<LockedDigest>,
}

/// A line of a constraints file.
#[derive(Debug, Clone)]
pub struct Limit {
    /// The package it limits.
    pub name: PackageName,
    /// The versions it allows. `None`: a URL is there, or a `${VARIABLE}`.
    pub versions: Option<VersionSpecifiers>,
    /// Its marker; `None`: always.
    pub marker: Option<marker::Marker>,
    /// Its place.
    pub at: Position,
}

/// An option that holds for the whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GlobalOption {
    /// `--index-url`, `-i`.
    IndexUrl(String),
    /// `--extra-index-url`.
    ExtraIndexUrl(String),
    /// `--find-links`, `-f`.
    FindLinks(String),
    /// `--no-index`.
    NoIndex,
    /// `--trusted-host`.
    TrustedHost(String),
    /// `--pre`.
    Pre,
    /// `--prefer-binary`.
    PreferBinary,
    /// `--no-binary`.
    NoBinary(String),
    /// `--only-binary`.
    OnlyBinary(String),
    /// `--require-hashes`.
    RequireHashes,
    /// `--use-feature`.
    UseFeature(String),
}

impl GlobalOption {
    /// The place where it has pip look for packages: the option's name, and an address or a folder.
    pub(crate) fn place(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::IndexUrl(url) => Some(("--index-url", url)),
            Self::ExtraIndexUrl(url) => Some(("--extra-index-url", url)),
            Self::FindLinks(place) => Some(("--find-links", place)),
            Self::NoIndex
            | Self::TrustedHost(_)
            | Self::Pre
            | Self::PreferBinary
            | Self::NoBinary(_)
            | Self::OnlyBinary(_)
            | Self::RequireHashes
            | Self::UseFeature(_) => None,
        }
    }
}

impl RequirementsFile {
    /// The packages that are installed on an environment: every named requirement whose marker holds there.
    pub fn select(&self, environment: Environment, extras: &Extras) -> Selection {
        // Where others say who needs them, one that does not may have been put there by hand.
        let annotated = self.requirements.iter().any(|requirement| requirement.via.is_some());
        let packages = self.requirements.iter().filter_map(|requirement| {
            let condition = condition(requirement.marker.as_ref(), environment, extras);
            let package = |via: &Via| match via {
                Via::Package(name) => Some(name.clone()),
                Via::Root(_) | Via::Constraint(_) => None,
            };
            let via = requirement.via.as_deref();
            (!condition.is_never()).then(|| SelectedPackage {
                entry: requirement.entry,
                extras: requirement.extras.iter().cloned().collect(),
                with_extras: !requirement.extras.is_empty(),
                condition,
                needs: None,
                via: via.map(|via| via.iter().filter_map(package).collect()),
                root: match via {
                    None => annotated,
                    Some(via) => via.iter().any(|via| matches!(via, Via::Root(_))),
                },
            })
        });
        let limits = self.limits(environment).filter_map(|limit| {
            let versions = limit.versions.clone().map(Constraint::from)?;
            Some((limit.name.clone(), versions))
        });
        Selection { packages: packages.collect(), limits: limits.collect(), ..Selection::default() }
    }

    /// The lines of constraints files that hold on an environment.
    pub fn limits(&self, environment: Environment) -> impl Iterator<Item = &Limit> {
        let holds = move |limit: &&Limit| !condition(limit.marker.as_ref(), environment, &Extras::new()).is_never();
        self.constraints.iter().filter(holds)
    }

    /// True if a tool made it, which lists all that its packages need: it has digests, says who needs what, or says so
    /// at its top. People list what they want.
    pub fn is_compiled(&self) -> bool {
        let made = |line: &FileLine| {
            let text = self.text(line);
            ["autogenerated by", "Made by torchswap"].iter().any(|words| text.contains(words))
        };
        let comments = self.lines.iter().take_while(|line| matches!(line.kind, LineKind::Blank | LineKind::Comment));
        self.has_hashes() || self.requirements.iter().any(|one| one.via.is_some()) || comments.into_iter().any(made)
    }

    /// True if pip installs the file in its hash mode: a `--hash` somewhere, or `--require-hashes`.
    pub fn has_hashes(&self) -> bool {
        self.options.contains(&GlobalOption::RequireHashes)
            || self.requirements.iter().any(|requirement| !requirement.hashes.is_empty())
    }

    /// The requirements without a digest that pip's hash mode takes; one in a URL's fragment counts.
    pub fn unhashed(&self) -> impl Iterator<Item = &RequirementLine> {
        let is_hashed =
            |requirement: &&RequirementLine| self.entries.get(requirement.entry).is_some_and(Entry::is_hashed);
        self.requirements.iter().filter(move |requirement| !is_hashed(requirement))
    }

    /// The requirements that name no package, with their index into the lines.
    pub fn unnamed(&self) -> impl Iterator<Item = (usize, &Unnamed)> {
        self.lines.iter().enumerate().filter_map(|(index, line)| match &line.kind {
            LineKind::Unnamed(unnamed) => Some((index, &**unnamed)),
            LineKind::Blank
            | LineKind::Comment
            | LineKind::Requirement(_)
            | LineKind::Options(_)
            | LineKind::Constraints => None,
        })
    }

    /// The exact bytes of a line.
    pub fn text(&self, line: &FileLine) -> &str {
        self.sources.get(line.source).map_or("", |source| source.slice(line.span))
    }

    /// A problem with a place in one of its sources.
    pub(crate) fn point(&self, problem: Problem, at: Position) -> Problem {
        match self.sources.get(at.source) {
            Some(source) => problem.at(source, at.span),
            None => problem,
        }
    }

    /// The comments behind and below a requirement, to be put behind the text that replaces its line.
    pub fn notes(&self, requirement: &RequirementLine) -> &str {
        let source = self.lines.get(requirement.line).and_then(|line| self.sources.get(line.source));
        source.map_or("", |source| source.slice(requirement.notes))
    }

    /// The header that this tool wrote: the comments at the very top if the first begins with `# Made by torchswap`.
    pub fn header(&self) -> Option<Position> {
        let lines = self.lines.get(self.header_lines()?)?;
        let (first, last) = (lines.first()?, lines.last()?);
        Some(Position { source: first.source, span: (first.span.start..last.span.end).into() })
    }

    fn header_lines(&self) -> Option<std::ops::Range<usize>> {
        let first = self.lines.first().filter(|line| self.text(line).starts_with("# Made by torchswap "))?;
        let comment = |line: &&FileLine| matches!(line.kind, LineKind::Comment) && line.source == first.source;
        Some(0..self.lines.iter().take_while(comment).count()).filter(|lines| !lines.is_empty())
    }

    /// The number of lines at the top that a new header replaces: the header that this tool wrote, and the one that the
    /// tool wrote which made the file. What people wrote below stays.
    fn replaced_header(&self) -> usize {
        let own = self.header_lines().map_or(0, |lines| lines.end);
        let blank = |line: &&FileLine| matches!(line.kind, LineKind::Blank);
        let from = own + self.lines[own..].iter().take_while(blank).count();
        let comment = |line: &FileLine| {
            let is_one = matches!(line.kind, LineKind::Comment) && line.source == 0;
            is_one.then(|| self.text(line).trim_start_matches('\u{feff}').trim_end())
        };
        let others = foreign_header(self.lines[from..].iter().map_while(comment));
        if others == 0 { own } else { from + others }
    }

    /// The Pythons the file was made for, where the comments at the top name them: those that pip-compile or uv wrote,
    /// or our own header. Of several targets: those of the platform, or all where no target is for it.
    pub fn python_hint(&self, platform: Platform) -> Option<Vec<Python>> {
        let top = self.lines.iter().take_while(|line| matches!(line.kind, LineKind::Blank | LineKind::Comment));
        let mut comments = top.map(|line| self.text(line).trim_start_matches(['#', '\u{feff}']).trim());
        if self.header().is_some() {
            return served(comments, platform);
        }
        comments.find_map(python_of).map(|python| vec![python])
    }
}

/// The Pythons for the platform in the lines `Target: linux-x86_64, cu118, CPython 3.10, 3.11` of our header say; with
/// several, each has a name.
fn served<'t>(comments: impl Iterator<Item = &'t str>, platform: Platform) -> Option<Vec<Python>> {
    let mut targets: Vec<(&str, Vec<Python>)> = Vec::new();
    for comment in comments {
        let Some((_, target)) = comment.strip_prefix("Target").and_then(|rest| rest.split_once(": ")) else { continue };
        let (head, pythons) = target.split_once("CPython ")?;
        let pythons: Option<Vec<Python>> = pythons.split(", ").map(|python| python.parse().ok()).collect();
        targets.push((head.split(',').next().unwrap_or_default(), pythons?));
    }
    let is_here = |(name, _): &(&str, Vec<Python>)| *name == platform.as_str();
    if targets.iter().any(is_here) {
        targets.retain(is_here);
    }
    let all: BTreeSet<Python> = targets.into_iter().flat_map(|(_, pythons)| pythons).collect();
    (!all.is_empty()).then(|| all.into_iter().collect())
}

fn python_of(comment: &str) -> Option<Python> {
    let version = if comment.contains("autogenerated by pip-compile") {
        let lower = comment.to_ascii_lowercase();
        lower.split_once("with python ")?.1.to_owned()
    } else if comment.starts_with("uv ") {
        let mut words = comment.split([' ', '=']).filter(|word| !word.is_empty());
        words.find(|word| matches!(*word, "--python-version" | "--python" | "-p"))?;
        words.next()?.to_owned()
    } else {
        return None;
    };
    let mut parts = version.split(|c: char| !c.is_ascii_digit());
    format!("{}.{}", parts.next()?, parts.next()?).parse().ok()
}

/// The number of comments in a tool's header, if they begin with one.
fn foreign_header<'t>(comments: impl Iterator<Item = &'t str>) -> usize {
    let (mut is_one, mut count) = (false, 0);
    for comment in comments {
        let names_tool = ["autogenerated by pip-compile", "autogenerated by uv", "@generated by PDM"];
        match comment {
            // The command is indented below.
            "#" | "# by the following command:" | "# To update, run:" | "# Please do not edit it manually." => {}
            _ if is_one && comment.starts_with("#    ") => {}
            _ if !is_one && names_tool.iter().any(|words| comment.contains(words)) => is_one = true,
            _ => break,
        }
        count += 1;
    }
    if is_one { count } else { 0 }
}

/// The commands that make a lock of a file that people wrote.
pub(crate) fn lock_command(name: &str) -> String {
    let file = if name == "<stdin>" { "requirements.txt" } else { name };
    let stem = file.strip_suffix(".txt").unwrap_or(file);
    format!(
        "uv pip compile {file} --generate-hashes -o {stem}.lock.txt, or pip-compile --generate-hashes {file} -o \
         {stem}.lock.txt"
    )
}

#[cfg(test)]
mod tests;
