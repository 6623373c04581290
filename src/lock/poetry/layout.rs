//! The places of the parts of each entry in a `poetry.lock`, for edits that keep every other byte.

use super::PoetryLock;
use crate::lock::toml::{Item, Table, Toml};
use crate::report::error::{Code, Problem, Result};
use crate::text::Span;

/// The parts of one entry.
#[derive(Debug, Clone)]
pub struct PoetryBlock {
    /// All of it: from `[[package]]` up to the next table that is not its own, or to the comments above that.
    pub span: Span,
    /// Its own keys, up to the first table of it.
    pub head: Span,
    /// The value of `name`, quotes included.
    pub name: Span,
    /// The value of `version`, quotes included.
    pub version: Span,
    /// The value of `files`.
    pub files: Option<Span>,
    /// The value of `optional`.
    pub optional: Option<Span>,
    /// `groups`; none before 2.1.
    pub groups: Vec<String>,
    /// The value of `groups`.
    pub groups_at: Option<Span>,
    /// The value of `markers`.
    pub markers: Option<BlockMarkers>,
    /// `[package.dependencies]`, `[package.extras]` and `[package.source]`, in file order, each up to the next one.
    pub tables: Vec<(BlockTable, Span)>,
}

/// `markers` of an entry.
#[derive(Debug, Clone)]
pub enum BlockMarkers {
    /// One for all groups: where the value is, and what it says.
    One(Span, String),
    /// One for each group.
    ByGroup(Span, Vec<(String, String)>),
}

/// A table of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockTable {
    /// `[package.dependencies]`
    Dependencies,
    /// `[package.extras]`
    Extras,
    /// `[package.source]`
    Source,
}

impl PoetryLock {
    /// The layout of each entry, in the order of the entries.
    ///
    /// # Errors
    /// If an entry is not written as Poetry writes it: in tables of their own.
    pub fn layout(&self) -> Result<Vec<PoetryBlock>> {
        let toml = Toml::parse(&self.source, "poetry.lock")?;
        let Some(tables) = toml.root().get("package").and_then(Item::as_array_of_tables) else { return Ok(Vec::new()) };
        let mut starts: Vec<usize> = tables.iter().filter_map(Table::span).map(|span| span.start).collect();
        let packages = starts.len();
        for (_, item) in toml.root().iter().filter(|(key, _)| *key != "package") {
            headers(item, &mut starts);
        }
        let mut ends = starts.clone();
        ends.sort_unstable();
        let text = &self.source.text;
        let end = |start: usize| {
            let next = ends.partition_point(|other| *other <= start);
            ends.get(next).map_or(text.len(), |end| above(text, *end))
        };
        let blocks =
            tables.iter().zip(&starts[..packages]).map(|(table, start)| block(&toml, table, *start, end(*start)));
        blocks.collect()
    }
}

/// The start of the comments right above a header: they are about what follows.
pub(in crate::lock) fn above(text: &str, header: usize) -> usize {
    let mut start = header;
    while let Some(line) = text[..start].strip_suffix('\n') {
        let line_start = line.rfind('\n').map_or(0, |at| at + 1);
        if !line[line_start..].trim_start().starts_with('#') {
            break;
        }
        start = line_start;
    }
    start
}

/// The place of the headers of a table and of the tables in it.
fn headers(item: &Item<'_>, starts: &mut Vec<usize>) {
    if let Some(table) = item.as_table() {
        starts.extend(table.span().map(|span| span.start));
        for (_, item) in table.iter() {
            headers(item, starts);
        }
    }
}

fn block(toml: &Toml<'_>, table: &Table<'_>, start: usize, end: usize) -> Result<PoetryBlock> {
    let odd = |item: &Item<'_>| {
        let problem = toml.wrong(item, "this entry is not written as Poetry writes it");
        Problem::help(problem, "regenerate the lock with: poetry lock")
    };
    let mut tables = Vec::new();
    for (key, part) in
        [("dependencies", BlockTable::Dependencies), ("extras", BlockTable::Extras), ("source", BlockTable::Source)]
    {
        if let Some(item) = table.get(key) {
            let span = item.as_table().and_then(Table::span).ok_or_else(|| odd(item))?;
            tables.push((span.start, part));
        }
    }
    tables.sort_by_key(|(start, _)| *start);
    let first = tables.first().map_or(end, |(start, _)| *start);
    let spans = tables.iter().enumerate().map(|(index, (start, part))| {
        let end = tables.get(index + 1).map_or(end, |(next, _)| *next);
        (*part, Span { start: *start, end })
    });
    let tables: Vec<(BlockTable, Span)> = spans.collect();
    let value = |key: &str| {
        table.get(key).map(Item::span).ok_or_else(|| {
            let message = format!("an entry has no `{key}`");
            Problem::new(Code::Syntax, message).at(toml.source, Span { start, end: start })
        })
    };
    let (name, version) = (value("name")?, value("version")?);
    let markers = match table.get("markers") {
        None => None,
        Some(item) => match item.as_str() {
            Some(text) => Some(BlockMarkers::One(item.span(), text.to_owned())),
            None => {
                let by_group = toml.table(item, "markers")?.iter();
                let by_group =
                    by_group.map(|(group, item)| Ok((group.to_owned(), toml.string(item, group)?.to_owned())));
                Some(BlockMarkers::ByGroup(item.span(), by_group.collect::<Result<_>>()?))
            }
        },
    };
    let groups = match table.get("groups") {
        None => Vec::new(),
        Some(item) => toml.strings(item, "groups")?.into_iter().map(str::to_owned).collect(),
    };
    Ok(PoetryBlock {
        optional: table.get("optional").map(Item::span),
        groups_at: table.get("groups").map(Item::span),
        groups,
        span: Span { start, end },
        head: Span { start, end: first },
        name,
        version,
        files: table.get("files").map(Item::span),
        markers,
        tables,
    })
}
