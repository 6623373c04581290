//! The same tree by way of `toml_edit`, for tests.

use std::borrow::Cow;
use std::ops::Range;

use toml_edit::Document;

use super::{Item, Table, Value};
use crate::text::Span;

/// Reads a text that begins at an offset of its source; `None` if it is no TOML.
pub(super) fn read<'s>(text: &str, start: usize) -> Option<Table<'s>> {
    let document = Document::parse(text).ok()?;
    Some(Table { span: None, ..Offset { start }.table(document.as_table()) })
}

/// The start of the part: the document counts from there.
#[derive(Clone, Copy)]
struct Offset {
    start: usize,
}

impl Offset {
    fn span(self, range: Option<Range<usize>>) -> Span {
        let range = range.unwrap_or_default();
        Span { start: self.start + range.start, end: self.start + range.end }
    }

    fn table<'s>(self, table: &toml_edit::Table) -> Table<'s> {
        let entries = table.iter().map(|(key, item)| (Cow::Owned(key.to_owned()), self.item(item)));
        let span = table.span().map(|range| self.span(Some(range)));
        Table {
            entries: entries.collect(),
            span,
            inline: false,
            implied: table.is_dotted() || table.is_implicit(),
            ..Table::default()
        }
    }

    fn item<'s>(self, item: &toml_edit::Item) -> Item<'s> {
        let value = match item {
            toml_edit::Item::None => Value::Other,
            toml_edit::Item::Value(value) => return self.value(value),
            toml_edit::Item::Table(table) => Value::Table(self.table(table)),
            toml_edit::Item::ArrayOfTables(tables) => {
                Value::Tables(tables.iter().map(|table| self.table(table)).collect())
            }
        };
        Item { value, span: self.span(item.span()) }
    }

    fn value<'s>(self, value: &toml_edit::Value) -> Item<'s> {
        let span = self.span(value.span());
        let value = match value {
            toml_edit::Value::String(text) => Value::String(Cow::Owned(text.value().clone())),
            toml_edit::Value::Boolean(value) => Value::Boolean(*value.value()),
            toml_edit::Value::Array(array) => Value::Array(array.iter().map(|value| self.value(value)).collect()),
            toml_edit::Value::InlineTable(table) => {
                let entries = table.iter().map(|(key, value)| (Cow::Owned(key.to_owned()), self.value(value)));
                Value::Table(Table { entries: entries.collect(), span: Some(span), inline: true, ..Table::default() })
            }
            toml_edit::Value::Integer(value) => Value::Integer(*value.value()),
            toml_edit::Value::Datetime(_) => Value::Date,
            toml_edit::Value::Float(_) => Value::Other,
        };
        Item { value, span }
    }
}
