//! A project's own catalogues, and all catalogues as one.
//!
//! A project file is text, one row a line, columns parted by tabs. The first column is the kind of row:
//!
//! ```text
//! # comments and empty lines are allowed, and any order
//! wheel      package  version  backend  index  file-name  sha256  size  seen  requires-python  flags  [override=REASON]
//! requires   package  version  index  platform  provenance  reason  [requirement …]
//! ```
//!
//! What follows the first column is a line of `wheels.tsv` or `requires.tsv` (see [the module above](super)). A project
//! file can hold any package. It adds to the built-in catalogue: where both know a wheel the built-in row counts, unless
//! it does not know what the wheel was built for. They may not disagree about a digest, about what a wheel was built for,
//! or about what it requires, unless the row says `override=REASON`; of a list, the provenance is `override`, and the
//! reason follows it.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::built::Built;
use super::index::Index;
use super::refusal::{self, are_enough, conflict, unknown};
use super::requires::{List, RequiresRow, choose, contradiction};
use super::row::{BadColumn, WheelRow, columns};
use super::search::{Exactly, Tables};
use super::short::TABLES;
use super::table::SortedTable;
use super::{Family, Requires, WheelSource, built_in_family};
use crate::packaging::target::{Backend, Platform};
use crate::report::error::{Code, Error, Problem};
use crate::text::{Source, Span};

/// A project's catalogue, read and sorted.
#[derive(Debug, Clone)]
pub struct ProjectTable {
    source: Source,
    wheels: String,
    requires: String,
    /// Every list, and where in the source it is.
    lists: Vec<(RequiresRow, Span)>,
    /// Every wheel row, and where in the source its digest is.
    rows: Vec<(WheelRow, Span)>,
}

/// The columns of the digest and the file name in a project file, where one more is in front.
const DIGEST: usize = 6;

impl ProjectTable {
    /// Reads a project's catalogue.
    ///
    /// # Errors
    /// Every line that cannot be read, and every file that is listed with two digests.
    pub fn parse(name: impl Into<String>, text: impl Into<String>) -> Result<Self, Error> {
        let source = Source::new(name, text);
        let (mut rows, mut lists, mut problems) = (Vec::new(), Vec::new(), Vec::new());
        for (start, line) in lines(&source.text) {
            if are_enough(&mut problems, &source.name) {
                break;
            }
            let Some((kind, rest)) = line.split_once('\t') else {
                problems.push(unknown(&source, column(line, start, 0)));
                continue;
            };
            let read = match kind {
                "wheel" => WheelRow::parse(rest, &source.name).map(|row| rows.push((row, column(line, start, DIGEST)))),
                "requires" => RequiresRow::parse(rest).map(|row| lists.push((row, column(line, start, 0)))),
                _ => {
                    problems.push(unknown(&source, column(line, start, 0)));
                    continue;
                }
            };
            if let Err(BadColumn { column: at, why }) = read {
                problems.push(Problem::new(Code::Syntax, why).at(&source, column(line, start, at + 1)));
            }
        }
        let mut digests: BTreeMap<(&Index, &str), &(WheelRow, Span)> = BTreeMap::new();
        for row in &rows {
            if are_enough(&mut problems, &source.name) {
                break;
            }
            let first = *digests.entry((&row.0.index, row.0.wheel.as_str())).or_insert(row);
            if first.0.sha256 != row.0.sha256 {
                problems.push(conflict(&first.0, &row.0, &source, row.1));
            }
        }
        Error::unless_empty(problems)?;
        let wheels = sorted(rows.iter().map(|(row, _)| row.to_string()).collect());
        let requires = sorted(lists.iter().map(|(row, _)| row.to_string()).collect());
        Ok(Self { source, wheels, requires, lists, rows })
    }

    /// The rows of wheels, in the order of the file.
    pub fn wheels(&self) -> impl Iterator<Item = &WheelRow> {
        self.rows.iter().map(|(row, _)| row)
    }

    fn overrides(&self) -> bool {
        self.wheels().any(|row| row.overrides.is_some()) || self.lists.iter().any(|(row, _)| is_override(row))
    }

    fn tables(&self) -> Tables<'_> {
        Tables {
            name: &self.source.name,
            wheels: SortedTable::new(&self.wheels),
            columns,
            requires: SortedTable::new(&self.requires),
            list: |line| List::split(line),
        }
    }
}

fn is_override(row: &RequiresRow) -> bool {
    row.provenance == "override"
}

/// The lines that hold a row, each with where it begins.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').filter_map(move |whole| {
        let mark = if at == 0 && whole.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let start = at + mark;
        at += whole.len();
        let line = whole.get(mark..)?.trim_end_matches(['\n', '\r']);
        (!line.trim().is_empty() && !line.starts_with('#')).then_some((start, line))
    })
}

/// The place of a column; the whole line if it has not so many.
fn column(line: &str, start: usize, number: usize) -> Span {
    let mut at = start;
    for (count, text) in line.split('\t').enumerate() {
        if count == number {
            return Span { start: at, end: at + text.len() };
        }
        at += text.len() + 1;
    }
    Span { start, end: start + line.len() }
}

fn sorted(mut lines: Vec<String>) -> String {
    lines.sort_unstable();
    lines.dedup();
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

/// The built-in catalogue and a project's own, as one.
#[derive(Debug, Clone, Default)]
pub struct Catalogues {
    projects: Vec<ProjectTable>,
    /// True if a row of a project overrides others.
    overrides: bool,
}

impl Catalogues {
    /// Only the built-in catalogue.
    pub const NONE: Self = Self { projects: Vec::new(), overrides: false };

    /// Puts catalogues together. Of several that know a wheel the first counts, the built-in one before all, unless a row
    /// of a later one says that it overrides.
    ///
    /// # Errors
    /// Every row that says something else than a catalogue before it, and not that it overrides.
    pub fn new(projects: Vec<ProjectTable>) -> Result<Self, Error> {
        let mut all = Self::NONE;
        let mut problems = Vec::new();
        for project in projects {
            all.add(project, &mut problems);
        }
        Error::unless_empty(problems)?;
        Ok(all)
    }

    /// Adds one that counts behind all others.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with(mut self, project: ProjectTable) -> Result<Self, Error> {
        let mut problems = Vec::new();
        self.add(project, &mut problems);
        Error::unless_empty(problems)?;
        Ok(self)
    }

    fn add(&mut self, project: ProjectTable, problems: &mut Vec<Problem>) {
        for (row, span) in &project.rows {
            if are_enough(problems, &project.source.name) {
                break;
            }
            let known = self.wheels_of(&row.wheel.name, &row.wheel.version);
            let twin =
                known.iter().find(|known| known.index == row.index && known.wheel.as_str() == row.wheel.as_str());
            let Some(known) = twin.filter(|_| row.overrides.is_none()) else { continue };
            if known.sha256 != row.sha256 {
                problems.push(conflict(known, row, &project.source, *span));
            } else if known.built != row.built && ![known.built, row.built].contains(&Built::Unknown) {
                problems.push(refusal::built(known, row, &project.source, *span));
            }
        }
        for (row, span) in project.lists.iter().filter(|(row, _)| !is_override(row)) {
            if are_enough(problems, &project.source.name) {
                break;
            }
            let lists = self.lists(&row.package, &row.version).into_iter();
            let lists: Vec<List<'_>> = lists.filter(|list| list.index == row.index.as_str()).collect();
            let found = contradiction(row, &lists, |_| true);
            problems.extend(found.map(|found| refusal::requires(row, &found, &project.source, *span)));
        }
        self.overrides |= project.overrides();
        self.projects.push(project);
    }

    /// The lists for the exact version of a wheel, on whichever index.
    pub(super) fn lists(&self, package: &PackageName, version: &Version) -> Vec<List<'_>> {
        let exact = Exactly::new(package, version);
        self.all().flat_map(|tables| tables.lists(&exact)).collect()
    }

    /// Every package that one of them has a wheel of, ascending.
    pub fn packages(&self) -> BTreeSet<PackageName> {
        self.all().flat_map(Tables::packages).collect()
    }

    fn all(&self) -> impl Iterator<Item = Tables<'_>> {
        std::iter::once(TABLES).chain(self.projects.iter().map(ProjectTable::tables))
    }

    /// Looks in every catalogue and leaves one row for each file: the first, or the first that says what the wheel was
    /// built for.
    fn merged(&self, look: impl Fn(Tables<'_>) -> Vec<WheelRow>) -> Vec<WheelRow> {
        if self.projects.is_empty() {
            return look(TABLES);
        }
        let mut kept: Vec<WheelRow> = Vec::new();
        let mut places: BTreeMap<(Index, String), usize> = BTreeMap::new();
        for row in self.all().flat_map(look) {
            let place = (row.index.clone(), row.wheel.as_str().to_owned());
            match places.get(&place).and_then(|at| kept.get_mut(*at)) {
                Some(first) if row.overrides.is_some() || first.built == Built::Unknown => *first = row,
                Some(_) => {}
                None => {
                    places.insert(place, kept.len());
                    kept.push(row);
                }
            }
        }
        kept
    }
}

impl WheelSource for Catalogues {
    fn wheels(&self, package: &PackageName) -> Vec<WheelRow> {
        self.merged(|tables| tables.wheels(package))
    }

    fn wheels_of(&self, package: &PackageName, version: &Version) -> Vec<WheelRow> {
        self.merged(|tables| tables.wheels_of(package, version))
    }

    fn versions(&self, package: &PackageName) -> Vec<Version> {
        let mut all: Vec<Version> = self.all().flat_map(|tables| tables.versions(package)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn requires(&self, row: &WheelRow, platform: Platform) -> Requires {
        let (package, version) = (&row.wheel.name, &row.wheel.version);
        let exact = Exactly::new(package, version);
        let lists: Vec<List<'_>> = self.all().flat_map(|tables| tables.lists(&exact)).collect();
        if lists.is_empty() {
            return Requires::Unknown;
        }
        let at = |index: &str| {
            let (own, others): (Vec<List<'_>>, Vec<List<'_>>) =
                lists.iter().copied().filter(|list| list.index == index).partition(|list| list.overrides());
            match choose(package, &own, platform) {
                known @ Requires::Known { .. } => known,
                Requires::Suspect { .. } | Requires::Unknown => choose(package, &others, platform),
            }
        };
        let own = at(row.index.as_str());
        if matches!(own, Requires::Known { .. }) {
            return own;
        }
        let places: Vec<_> = self.all().flat_map(|tables| tables.places(&exact)).collect();
        // The same bytes have the same metadata, wherever they are served.
        let same_file = places.iter().filter(|(_, sha256)| *sha256 == row.sha256).map(|(index, _)| *index);
        // An index page links out of its own folder: a list recorded under whl/cu118 for a package that has no file
        // there is the list of the file in whl.
        let folder = format!("{}/", row.index);
        let pages = lists.iter().map(|list| list.index);
        let pages = pages.filter(|page| page.starts_with(&folder) && places.iter().all(|(index, _)| index != page));
        let found = same_file.chain(pages).map(at).find(|found| matches!(found, Requires::Known { .. }));
        found.unwrap_or(own)
    }

    fn override_of(&self, row: &WheelRow, platform: Platform) -> Option<String> {
        if !self.overrides {
            return None;
        }
        let (package, version) = (&row.wheel.name, &row.wheel.version);
        let own = self
            .lists(package, version)
            .into_iter()
            .filter(|list| list.index == row.index.as_str() && list.overrides());
        let own: Vec<List<'_>> =
            own.filter(|list| matches!(choose(package, &[*list], platform), Requires::Known { .. })).collect();
        let list = own.first().map(|list| list.reason.to_owned());
        let reasons: Vec<String> = row.overrides.clone().into_iter().chain(list).collect();
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }

    fn builds(&self, package: &PackageName) -> Vec<(Version, Backend)> {
        let mut all: Vec<(Version, Backend)> = self.all().flat_map(|tables| tables.builds(package)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn family(&self, package: &PackageName) -> Family {
        let known = built_in_family(package);
        let by_backend = |row: &WheelRow| row.wheel.name == *package && row.built.is_bound();
        let mut own = self.projects.iter().flat_map(ProjectTable::wheels);
        if known == Family::No && own.any(by_backend) { Family::PerBackend } else { known }
    }
}

#[cfg(test)]
mod tests;
