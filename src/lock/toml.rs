//! Reading TOML with places: every wrong type is reported with file, line and caret.
//!
//! A text becomes a small tree of values that borrow from it and know where they are: `reader` makes it from the events of
//! `toml_parser`. Lists of files in the usual form never get there: `shortened` takes them out of the text first.

mod files;
mod headers;
mod reader;
#[cfg(test)]
mod reference;
mod shortened;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

pub(super) use headers::{ends, headers, last_header};

use super::LockedFiles;
use crate::report::error::{Code, Problem, Result};
use crate::text::{Lookup, Source, Span, quoted};

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
    /// The place of its header or its braces; none for the top table.
    span: Option<Span>,
    inline: bool,
    /// True if dotted keys or the headers of tables below it make it, and no braces are around it.
    implied: bool,
    /// True if dotted keys make it.
    dotted: bool,
    /// The index of each key, once there are many.
    index: Option<Box<Lookup<Cow<'s, str>, usize>>>,
}

/// The most keys of a table that are compared with each other rather than indexed.
const FEW_KEYS: usize = 16;

impl<'s> Toml<'s> {
    /// Parses a source; `what` names the kind of file for the message.
    pub(crate) fn parse(source: &'s Source, what: &str) -> Result<Self> {
        Self::parse_part(source, 0..source.text.len(), what)
    }

    /// Parses a part of a source.
    pub(crate) fn parse_part(source: &'s Source, part: Range<usize>, what: &str) -> Result<Self> {
        Ok(Self { source, root: reader::read(source, part, what)? })
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
            table.index = None;
            Some((at, table.entries.remove(place).1))
        };
        tables.iter_mut().enumerate().filter_map(take).collect()
    }

    /// A problem with one value.
    pub(crate) fn wrong(&self, item: &Item<'_>, message: impl Into<String>) -> Problem {
        self.wrong_at(item.span, message)
    }

    /// A problem with the text at a place.
    pub(crate) fn wrong_at(&self, span: Span, message: impl Into<String>) -> Problem {
        Problem::new(Code::Syntax, message).at(self.source, span)
    }

    /// A value that may be right, but is not read here.
    pub(crate) fn unsupported(&self, item: &Item<'_>, message: impl Into<String>) -> Problem {
        Problem::new(Code::Unsupported, message).at(self.source, item.span)
    }

    /// The place of a value: the file and the line.
    pub(crate) fn place(&self, item: &Item<'_>) -> String {
        let place = self.source.place(item.span);
        format!("{}:{}", place.file, place.line)
    }

    /// The text of a string value.
    pub(crate) fn string<'i>(&self, item: &'i Item<'_>, key: &str) -> Result<&'i str> {
        item.as_str().ok_or_else(|| self.wrong(item, format!("`{}` should be a string", quoted(key))).into())
    }

    /// The text of the string under a key, and its place; `None`: there is no such key.
    pub(crate) fn text<'t>(&self, table: &'t Table<'_>, key: &str) -> Result<Option<(&'t str, Span)>> {
        table.get(key).map(|item| Ok((self.string(item, key)?, item.span))).transpose()
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

    /// A boolean; false where it is not there.
    pub(crate) fn flag(&self, item: Option<&Item<'_>>, key: &str) -> Result<bool> {
        let Some(item) = item else { return Ok(false) };
        item.as_bool().ok_or_else(|| self.wrong(item, format!("`{key}` should be true or false")).into())
    }
}

impl<'s> Item<'s> {
    /// Its place: quotes, brackets or braces included; of a table with a header, the header.
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

impl Value<'_> {
    /// Its type, as TOML calls it.
    fn kind(&self) -> &'static str {
        match self {
            Self::String(_) => "string",
            Self::Boolean(_) => "boolean",
            Self::Integer(_) => "integer",
            Self::Date => "datetime",
            Self::Array(_) | Self::Files(_) => "array",
            Self::Table(Table { inline: true, .. }) => "inline table",
            Self::Table(_) => "table",
            Self::Tables(_) => "array of tables",
            Self::Other => "float",
        }
    }
}

impl<'s> Table<'s> {
    fn position(&self, key: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(key).copied(),
            None => self.entries.iter().position(|(own, _)| own == key),
        }
    }

    fn get_mut(&mut self, key: &str) -> Option<&mut Item<'s>> {
        let at = self.position(key)?;
        self.entries.get_mut(at).map(|(_, item)| item)
    }

    /// Adds a value under a key that is not there.
    fn push(&mut self, key: Cow<'s, str>, item: Item<'s>) {
        if let Some(index) = &mut self.index {
            index.insert(key.clone(), self.entries.len());
        }
        self.entries.push((key, item));
        if self.index.is_none() && self.entries.len() > FEW_KEYS {
            let keys = self.entries.iter().enumerate().map(|(at, (key, _))| (key.clone(), at));
            self.index = Some(Box::new(keys.collect()));
        }
    }

    /// True if dotted keys may add to it: no header and no braces define it.
    fn is_extensible(&self) -> bool {
        self.implied || self.dotted
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Item<'s>> {
        self.entries.get(self.position(key)?).map(|(_, item)| item)
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

    /// The place of its header or its braces.
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
