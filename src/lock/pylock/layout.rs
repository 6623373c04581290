//! The places of the parts of each package in a `pylock.toml`, for edits that keep every other byte.
//!
//! Tools write what belongs to a package in lines of its own, `wheels = [{…}]`, or under headers, `[[packages.wheels]]`.

use pep508_rs::PackageName;

use super::Pylock;
use super::package::tables;
use crate::lock::toml::{Item, Table, Toml, ends, headers, last_header};
use crate::report::error::{Problem, Result};
use crate::text::Span;

/// The parts of one package.
#[derive(Debug, Clone)]
pub struct PylockBlock {
    /// All of it: from `[[packages]]` up to the next header that is not its own, or to the comments above that.
    pub span: Span,
    /// The value of `name`.
    pub name: Span,
    /// Behind the line of `version`, or of `name` where there is none.
    pub behind_version: usize,
    /// The value of `version`.
    pub version: Option<Span>,
    /// The value of `marker`, and its line.
    pub marker: Option<(Span, Span)>,
    /// The value of `index`, and its line.
    pub index: Option<(Span, Span)>,
    /// `wheels`.
    pub wheels: Option<Part>,
    /// The keys that cannot stay beside wheels of another build: `sdist`, `archive`, attestations and `dependencies`.
    pub others: Vec<Part>,
    /// `dependencies`, where they name a package, and whether they say more of it than the name.
    pub dependencies: Option<Dependencies>,
}

/// The packages that one needs, which PEP 751 lists for information only.
#[derive(Debug, Clone)]
pub struct Dependencies {
    /// Their places.
    pub part: Part,
    /// Their names.
    pub names: Vec<PackageName>,
    /// True if they have nothing but names.
    pub names_alone: bool,
}

/// The place of a key of a package.
#[derive(Debug, Clone)]
pub enum Part {
    /// A key with its value: the value, and all of its lines.
    Key {
        /// The value.
        value: Span,
        /// The lines.
        lines: Span,
    },
    /// Headers of its own, each with what follows it.
    Headers(Vec<Span>),
}

impl Part {
    /// All of it: the lines of the key, or each header with what follows it.
    pub(crate) fn all(&self) -> &[Span] {
        match self {
            Self::Key { lines, .. } => std::slice::from_ref(lines),
            Self::Headers(spans) => spans,
        }
    }
}

impl Pylock {
    /// The layout of each package, in the order of the packages.
    ///
    /// # Errors
    /// If a package has no header of its own, or something that is to be edited is written as no tool writes it.
    pub fn layout(&self) -> Result<Vec<PylockBlock>> {
        let toml = Toml::parse(&self.source, super::WHAT)?;
        let Some(item) = toml.root().get("packages") else { return Ok(Vec::new()) };
        let Some(tables) = item.as_array_of_tables() else {
            if self.entries.is_empty() {
                return Ok(Vec::new());
            }
            return Err(odd(&toml, item).into());
        };
        let end = ends(&toml);
        let mut blocks = Vec::with_capacity(self.entries.len());
        for (table, entry) in tables.iter().zip(&self.entries) {
            let start = table.span().unwrap_or_default().start;
            let span = Span { start, end: end(last_header(table)) };
            blocks.push(LayoutReader { toml: &toml, table, end: &end }.block(span, entry.at.span)?);
        }
        Ok(blocks)
    }
}

fn odd(toml: &Toml<'_>, item: &Item<'_>) -> Problem {
    let problem = toml.unsupported(item, "this is not written as a tool writes it, so it cannot be edited");
    problem.help("regenerate the lock with pip, uv, Poetry or PDM")
}

struct LayoutReader<'t, 's> {
    toml: &'t Toml<'s>,
    table: &'t Table<'s>,
    /// The end of what follows a header.
    end: &'t dyn Fn(usize) -> usize,
}

impl LayoutReader<'_, '_> {
    fn block(&self, span: Span, name: Span) -> Result<PylockBlock> {
        let value = |key: &str| self.table.get(key).map(Item::span);
        let version = value("version");
        let mut others = Vec::new();
        for key in ["sdist", "archive", "attestation-identities", "dependencies"] {
            others.extend(self.part(key)?);
        }
        Ok(PylockBlock {
            span,
            name,
            behind_version: self.lines(version.unwrap_or(name)).end,
            version,
            marker: value("marker").map(|span| (span, self.lines(span))),
            index: value("index").map(|span| (span, self.lines(span))),
            wheels: self.part("wheels")?,
            others,
            dependencies: self.dependencies()?,
        })
    }

    fn dependencies(&self) -> Result<Option<Dependencies>> {
        let (Some(part), Some(item)) = (self.part("dependencies")?, self.table.get("dependencies")) else {
            return Ok(None);
        };
        let tables: Vec<_> = tables(self.toml, item, "dependencies")?.into_iter().map(|(table, _)| table).collect();
        let name = |table: &&Table<'_>| table.get("name")?.as_str()?.parse().ok();
        let names_alone = tables.iter().all(|table| table.iter().all(|(key, _)| key == "name"));
        Ok(Some(Dependencies { part, names: tables.iter().filter_map(name).collect(), names_alone }))
    }

    fn lines(&self, span: Span) -> Span {
        self.toml.source.lines(span)
    }

    fn part(&self, key: &str) -> Result<Option<Part>> {
        let Some(item) = self.table.get(key) else { return Ok(None) };
        if item.as_table().is_some_and(Table::is_implied) {
            return Err(odd(self.toml, item).into());
        }
        if item.as_table().is_none() && item.as_array_of_tables().is_none() {
            let value = item.span();
            return Ok(Some(Part::Key { value, lines: self.lines(value) }));
        }
        let mut spans: Vec<Span> = Vec::new();
        for start in headers(item) {
            let end = (self.end)(start);
            match spans.last_mut() {
                Some(last) if last.end == start => last.end = end,
                _ => spans.push(Span { start, end }),
            }
        }
        Ok(Some(Part::Headers(spans)))
    }
}
