//! The catalogues of a project: those that are named, and the one that is found by its name. Reading them, and adding to one.

use std::collections::BTreeMap;

use pep440_rs::Version;
use pep508_rs::PackageName;

use crate::catalog::{Catalogues, Merged, ProjectTable, ReadList, WheelRow, merge};
use crate::cli::CatalogArgs;
use crate::cli::config::Config;
use crate::edge::io;
use crate::report::LearnedRelease;
use crate::report::error::Result;
use crate::text::Source;

/// The catalogue that is found by its name, and written where none is named.
pub(super) const FILE: &str = "torchswap-catalog.tsv";

/// The catalogues that a run takes beside the built-in one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ChosenCatalogues {
    /// All of them, each once: those of the configuration, of the command line, and what was found.
    pub(super) names: Vec<String>,
    /// Those of them that nobody named.
    pub(super) found: Vec<String>,
    /// The one that is added to: that of the command line if it names one, else the first of the configuration, else the one of
    /// the usual name. `None`: that is not to be used.
    pub(super) into: Option<String>,
    /// The command line names it.
    pub(super) is_named: bool,
}

impl ChosenCatalogues {
    /// The catalogues that the configuration and the command line name, and that of the usual name beside the
    /// configuration, where there is one, and beside the locks; without a lock: in the current folder.
    pub(super) fn of<'l>(config: &Config, args: &CatalogArgs, locks: impl IntoIterator<Item = &'l str>) -> Self {
        let mut chosen = Self::default();
        let mut configured = config.catalogs.iter().filter(|_| !args.no_catalog);
        for name in configured.clone().chain(&args.catalogs) {
            chosen.add(name);
        }
        chosen.is_named = args.catalogs.len() == 1;
        chosen.into = args.catalogs.first().filter(|_| chosen.is_named).or_else(|| configured.next()).cloned();
        if args.no_catalog {
            return chosen;
        }
        let mut places: Vec<String> = config.folder.iter().map(|folder| format!("{folder}{FILE}")).collect();
        places.extend(locks.into_iter().map(|lock| io::beside(lock, FILE)));
        if places.is_empty() {
            places.push(FILE.to_owned());
        }
        chosen.into = chosen.into.or_else(|| places.first().cloned());
        for place in places {
            if io::is_there(&place) && chosen.add(&place) {
                chosen.found.push(place);
            }
        }
        chosen
    }

    /// False if it is there already, under whichever name.
    fn add(&mut self, name: &str) -> bool {
        let is_new = !self.names.iter().any(|known| known == name || io::is_same_file(known, name));
        if is_new {
            self.names.push(name.to_owned());
        }
        is_new
    }

    /// Reads them and puts them beside the built-in one.
    pub(super) fn read(&self) -> Result<Catalogues> {
        read(&self.names)
    }
}

fn read(names: &[String]) -> Result<Catalogues> {
    let tables = names.iter().map(|name| {
        let source = io::read(name)?;
        ProjectTable::parse(source.name, String::from(source.text))
    });
    Catalogues::new(tables.collect::<Result<Vec<ProjectTable>>>()?)
}

/// A project's catalogue that is added to, and what is known with it.
pub(super) struct Addition {
    /// The file; empty where there is none yet.
    pub(super) file: Source,
    others: Vec<String>,
    /// The built-in catalogue, the others, and the file.
    pub(super) known: Catalogues,
}

impl Addition {
    /// Reads the file, and beside it other catalogues, of which it may be one.
    pub(super) fn open(file: &str, others: &ChosenCatalogues) -> Result<Self> {
        let source = io::read_if_there(file)?.unwrap_or_else(|| Source::new(file, ""));
        let others = others.names.iter().filter(|name| *name != file && !io::is_same_file(name, file));
        let others: Vec<String> = others.cloned().collect();
        let known = with(&others, &source.name, &source.text)?;
        Ok(Self { file: source, others, known })
    }

    /// The file with more in it, and what is known then.
    ///
    /// # Errors
    /// As [`merge`]; and if what would be written could not be read again.
    pub(super) fn merge(&self, wheels: Vec<WheelRow>, lists: Vec<ReadList>) -> Result<(Merged, Catalogues)> {
        let merged = merge(&self.file, &self.known, wheels, lists)?;
        let known = with(&self.others, &self.file.name, &merged.text)?;
        Ok((merged, known))
    }
}

fn with(others: &[String], name: &str, text: &str) -> Result<Catalogues> {
    read(others)?.with(ProjectTable::parse(name, text)?)
}

/// The rows that a catalogue did not have `before`, by release.
pub(super) fn lessons(merged: &Merged, before: &Merged, catalogue: &str) -> Vec<LearnedRelease> {
    let mut all: BTreeMap<(String, String), LearnedRelease> = BTreeMap::new();
    let mut lesson = |package: &PackageName, version: &Version, wheels, computed| {
        let (package, version) = (package.to_string(), version.to_string());
        let new = LearnedRelease { package, version, wheels: 0, computed: 0, catalogue: catalogue.to_owned() };
        let lesson = all.entry((new.package.clone(), new.version.clone())).or_insert(new);
        lesson.wheels += wheels;
        lesson.computed += computed;
    };
    for row in merged.wheels.iter().filter(|row| !before.wheels.contains(row)) {
        lesson(&row.wheel.name, &row.wheel.version, 1, usize::from(row.is_computed()));
    }
    for list in merged.lists.iter().filter(|list| !before.lists.contains(list)) {
        lesson(&list.package, &list.version, 0, 0);
    }
    all.into_values().collect()
}
