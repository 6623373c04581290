//! The places of the parts of each entry in a `poetry.lock`, for edits that keep every other byte.

use super::{ANEW, PoetryLock, WHAT};
use crate::lock::toml::{Item, Table, Toml, ends, last_header};
use crate::report::error::Result;
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
    /// Its groups, each with its marker; none before 2.1.
    pub groups: Vec<(String, Option<String>)>,
    /// The value of `groups`.
    pub groups_at: Option<Span>,
    /// The value of `markers`.
    pub markers_at: Option<Span>,
    /// `[package.dependencies]`, up to the next table.
    pub dependencies: Option<Span>,
    /// `[package.extras]`, up to the next table.
    pub extras: Option<Span>,
}

impl PoetryLock {
    /// The layout of each entry, in the order of the entries.
    ///
    /// # Errors
    /// If an entry is not written as Poetry writes it: in tables of their own.
    pub fn layout(&self) -> Result<Vec<PoetryBlock>> {
        let toml = Toml::parse(&self.source, WHAT)?;
        let Some(tables) = toml.root().get("package").and_then(Item::as_array_of_tables) else { return Ok(Vec::new()) };
        let end = ends(&toml);
        tables.iter().map(|table| block(&toml, table, end(last_header(table)))).collect()
    }
}

fn block(toml: &Toml<'_>, table: &Table<'_>, end: usize) -> Result<PoetryBlock> {
    let start = table.span().unwrap_or_default().start;
    let mut tables = Vec::new();
    for key in ["dependencies", "extras", "source"] {
        if let Some(item) = table.get(key) {
            let odd = || toml.wrong(item, "this entry is not written as Poetry writes it").help(ANEW);
            tables.push((item.as_table().and_then(Table::span).ok_or_else(odd)?.start, key));
        }
    }
    tables.sort_unstable();
    let part = |key: &str| {
        let at = tables.iter().position(|(_, own)| *own == key)?;
        Some(Span { start: tables[at].0, end: tables.get(at + 1).map_or(end, |(next, _)| *next) })
    };
    let value = |key: &str| table.get(key).map(Item::span);
    let required = |key: &str| {
        value(key).ok_or_else(|| toml.wrong_at(Span { start, end: start }, format!("an entry has no `{key}`")))
    };
    let marker = |group: &str| {
        let item = table.get("markers")?;
        // A group that the table leaves out has no marker of its own.
        item.as_str().or_else(|| item.as_table_like()?.get(group)?.as_str())
    };
    let groups = table.get("groups").map_or(Ok(Vec::new()), |item| toml.strings(item, "groups"))?;
    Ok(PoetryBlock {
        span: Span { start, end },
        head: Span { start, end: tables.first().map_or(end, |(start, _)| *start) },
        name: required("name")?,
        version: required("version")?,
        files: value("files"),
        optional: value("optional"),
        groups: groups.into_iter().map(|group| (group.to_owned(), marker(group).map(str::to_owned))).collect(),
        groups_at: value("groups"),
        markers_at: value("markers"),
        dependencies: part("dependencies"),
        extras: part("extras"),
    })
}
