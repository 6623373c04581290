//! The places of the parts of each package in a `pylock.toml`, for edits that keep every other byte.
//!
//! Tools write what belongs to a package in lines of its own, `wheels = [{…}]`, or under headers, `[[packages.wheels]]`.

use pep508_rs::PackageName;

use super::Pylock;
use super::package::tables;
use crate::lock::poetry::above;
use crate::lock::toml::{Item, Table, Toml};
use crate::report::error::{Code, Problem, Result};
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
        for (index, table) in tables.iter().enumerate() {
            let start = table.span().unwrap_or_default().start;
            let mut own = Vec::new();
            for (_, item) in table.iter() {
                headers(item, &mut |start| own.push(start));
            }
            own.sort_unstable();
            let last = own.last().copied().unwrap_or(start);
            let name = self.entries.get(index).map_or(Span::default(), |entry| entry.at.span);
            let span = Span { start, end: end(last) };
            blocks.push(LayoutReader { toml: &toml, table, end: &end }.block(span, name)?);
        }
        Ok(blocks)
    }
}

fn odd(toml: &Toml<'_>, item: &Item<'_>) -> Problem {
    let problem = Problem::new(Code::Unsupported, "this is not written as a tool writes it, so it cannot be edited");
    problem.at(toml.source, item.span()).help("regenerate the lock with pip, uv, Poetry or PDM")
}

/// The end of a header's table: at the next header, or at the comments above that.
pub(in crate::lock) fn ends<'t>(toml: &'t Toml<'_>) -> impl Fn(usize) -> usize + 't {
    let mut ends: Vec<usize> = Vec::new();
    for (_, item) in toml.root().iter() {
        headers(item, &mut |start| ends.push(start));
    }
    ends.sort_unstable();
    let text = &toml.source.text;
    move |start| {
        let next = ends.partition_point(|other| *other <= start);
        ends.get(next).map_or(text.len(), |end| above(text, *end))
    }
}

/// The place of the headers of a table and of the tables in it.
pub(in crate::lock) fn headers(item: &Item<'_>, note: &mut dyn FnMut(usize)) {
    let table = |table: &Table<'_>, note: &mut dyn FnMut(usize)| {
        if let Some(span) = table.span().filter(|_| !table.is_implied()) {
            note(span.start);
        }
        for (_, item) in table.iter() {
            headers(item, note);
        }
    };
    let one = item.as_table().into_iter();
    one.chain(item.as_array_of_tables().into_iter().flatten()).for_each(|one| table(one, note));
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

    /// The whole lines around a span.
    fn lines(&self, span: Span) -> Span {
        let text = &self.toml.source.text;
        let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
        let end = text[span.end..].find('\n').map_or(text.len(), |at| span.end + at + 1);
        Span { start, end }
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
        let mut starts = Vec::new();
        headers(item, &mut |start| starts.push(start));
        starts.sort_unstable();
        let mut spans: Vec<Span> = Vec::new();
        for start in starts {
            let end = (self.end)(start);
            match spans.last_mut() {
                Some(last) if last.end == start => last.end = end,
                _ => spans.push(Span { start, end }),
            }
        }
        Ok(Some(Part::Headers(spans)))
    }
}
