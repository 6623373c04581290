//! Reading TOML with places: every wrong type is reported with file, line and caret.
//!
//! A text becomes a small tree of values that borrow from it and know where they are. Two readers make the same tree:
//! `plain` reads what lock tools write, which is a small part of TOML, and leaves everything else to `full`, which reads
//! all of TOML and finds the words for what is wrong.

mod files;
mod full;
mod plain;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

use super::LockedFiles;
use crate::report::error::{Code, Problem, Result};
use crate::text::{Source, Span, quoted};

/// A parsed TOML file that still knows where each value is.
#[derive(Debug)]
pub(crate) struct Toml<'s> {
    pub(crate) source: &'s Source,
    root: Table<'s>,
}

/// A value and where it is.
#[derive(Debug)]
pub(crate) struct Item<'s> {
    value: Value<'s>,
    span: Span,
}

#[derive(Debug)]
enum Value<'s> {
    String(Cow<'s, str>),
    Boolean(bool),
    Integer(i64),
    Date,
    Array(Vec<Item<'s>>),
    /// A list of files in the usual form, read already: nine tenths of a lock are such lists.
    Files(LockedFiles),
    Table(Table<'s>),
    Tables(Vec<Table<'s>>),
    /// A number that is not whole, which no reader asks for.
    Other,
}

/// Values by their keys, in the order of the file.
#[derive(Debug, Default)]
pub(crate) struct Table<'s> {
    entries: Vec<(Cow<'s, str>, Item<'s>)>,
    /// Where its header or its braces are; none for the top table.
    span: Option<Span>,
    inline: bool,
    /// True if dotted keys or the headers of tables below it make it.
    implied: bool,
}

impl<'s> Toml<'s> {
    /// Parses a source; `what` names the kind of file for the message.
    pub(crate) fn parse(source: &'s Source, what: &str) -> Result<Self> {
        Self::parse_part(source, 0..source.text.len(), what)
    }

    /// Parses a part of a source.
    pub(crate) fn parse_part(source: &'s Source, part: Range<usize>, what: &str) -> Result<Self> {
        let text = source.text.get(part.clone()).unwrap_or_default();
        let root = match plain::read(source, text, part.start) {
            Some(root) => root,
            None => full::read(source, text, part.start, what)?,
        };
        Ok(Self { source, root })
    }

    /// The file's top table.
    pub(crate) fn root(&self) -> &Table<'s> {
        &self.root
    }

    /// Takes the value under a key out of each table of a list that has one; each with the number of its table.
    pub(crate) fn take(&mut self, list: &str, key: &str) -> Vec<(usize, Item<'s>)> {
        let Some((_, Item { value: Value::Tables(tables), .. })) =
            self.root.entries.iter_mut().find(|(own, _)| own == list)
        else {
            return Vec::new();
        };
        let take = |(at, table): (usize, &mut Table<'s>)| {
            let place = table.entries.iter().position(|(own, _)| own == key)?;
            Some((at, table.entries.remove(place).1))
        };
        tables.iter_mut().enumerate().filter_map(take).collect()
    }

    /// A problem with one value.
    pub(crate) fn wrong(&self, item: &Item<'_>, message: impl Into<String>) -> Problem {
        Problem::new(Code::Syntax, message).at(self.source, item.span)
    }

    /// Where a value stands: the file and the line.
    pub(crate) fn place(&self, item: &Item<'_>) -> String {
        let place = self.source.place(item.span);
        format!("{}:{}", place.file, place.line)
    }

    /// The text of a string value.
    pub(crate) fn string<'i>(&self, item: &'i Item<'_>, key: &str) -> Result<&'i str> {
        item.as_str().ok_or_else(|| self.wrong(item, format!("`{}` should be a string", quoted(key))).into())
    }

    /// The strings of an array, or of a single string.
    pub(crate) fn strings<'i>(&self, item: &'i Item<'_>, key: &str) -> Result<Vec<&'i str>> {
        if let Some(one) = item.as_str() {
            return Ok(vec![one]);
        }
        let wrong = || self.wrong(item, format!("`{}` should be a list of strings", quoted(key)));
        let array = item.as_array().ok_or_else(wrong)?;
        let texts: Option<Vec<&str>> = array.iter().map(Item::as_str).collect();
        texts.ok_or_else(|| wrong().into())
    }

    /// A table, inline or not.
    pub(crate) fn table<'i>(&self, item: &'i Item<'s>, key: &str) -> Result<&'i Table<'s>> {
        item.as_table_like().ok_or_else(|| self.wrong(item, format!("`{}` should be a table", quoted(key))).into())
    }

    /// A boolean.
    pub(crate) fn boolean(&self, item: &Item<'_>, key: &str) -> Result<bool> {
        item.as_bool().ok_or_else(|| self.wrong(item, format!("`{key}` should be true or false")).into())
    }
}

impl<'s> Item<'s> {
    /// Where it is: quotes, brackets or braces included; of a table with a header, the header.
    pub(crate) fn span(&self) -> Span {
        self.span
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = &self.value { Some(text) } else { None }
    }

    pub(crate) fn as_bool(&self) -> Option<bool> {
        if let Value::Boolean(value) = self.value { Some(value) } else { None }
    }

    pub(crate) fn as_integer(&self) -> Option<i64> {
        if let Value::Integer(value) = self.value { Some(value) } else { None }
    }

    /// True for a date, a time, or both.
    pub(crate) fn is_date(&self) -> bool {
        matches!(self.value, Value::Date)
    }

    pub(crate) fn as_array(&self) -> Option<&[Self]> {
        if let Value::Array(items) = &self.value { Some(items) } else { None }
    }

    /// A list of files that needs no more reading.
    pub(crate) fn as_files(&self) -> Option<&LockedFiles> {
        if let Value::Files(files) = &self.value { Some(files) } else { None }
    }

    /// A table, inline or not.
    pub(crate) fn as_table_like(&self) -> Option<&Table<'s>> {
        if let Value::Table(table) = &self.value { Some(table) } else { None }
    }

    /// A table with a header of its own, or one that dotted keys make.
    pub(crate) fn as_table(&self) -> Option<&Table<'s>> {
        self.as_table_like().filter(|table| !table.inline)
    }

    /// A table in braces.
    pub(crate) fn as_inline_table(&self) -> Option<&Table<'s>> {
        self.as_table_like().filter(|table| table.inline)
    }

    pub(crate) fn as_array_of_tables(&self) -> Option<&[Table<'s>]> {
        if let Value::Tables(tables) = &self.value { Some(tables) } else { None }
    }
}

impl<'s> Table<'s> {
    pub(crate) fn get(&self, key: &str) -> Option<&Item<'s>> {
        self.entries.iter().find(|(own, _)| own == key).map(|(_, item)| item)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Item<'s>)> {
        self.entries.iter().map(|(key, item)| (key.as_ref(), item))
    }

    /// True if it has neither a header nor braces of its own.
    pub(crate) fn is_implied(&self) -> bool {
        self.implied
    }

    /// Where its header or its braces are.
    pub(crate) fn span(&self) -> Option<Span> {
        self.span
    }
}

/// The value behind a path of keys, if every table on the way is there.
pub(crate) fn dig<'t, 's>(table: &'t Table<'s>, path: &[&str]) -> Option<&'t Item<'s>> {
    let (first, rest) = path.split_first()?;
    let item = table.get(first)?;
    if rest.is_empty() { Some(item) } else { dig(item.as_table_like()?, rest) }
}
