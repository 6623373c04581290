//! Reading TOML with places: every wrong type is told with file, line and caret.

use std::ops::Range;

use toml_edit::{Document, Item, TableLike};

use super::excerpt::Part;
use crate::error::{Code, Problem, Result};
use crate::text::{Source, Span, quoted};

/// A parsed TOML file that still knows where each value stands.
#[derive(Debug)]
pub(crate) struct Toml<'s> {
    pub(crate) source: &'s Source,
    document: Document<&'s str>,
    part: Part<'s>,
}

impl<'s> Toml<'s> {
    /// Parses a source; `what` names the kind of file for the message.
    pub(crate) fn parse(source: &'s Source, what: &str) -> Result<Self> {
        Self::parse_part(source, Part::whole(&source.text), what)
    }

    /// Parses a part of a source.
    pub(crate) fn parse_part(source: &'s Source, part: Part<'s>, what: &str) -> Result<Self> {
        match Document::parse(part.text) {
            Ok(document) => Ok(Self { source, document, part }),
            Err(error) => {
                let message = quoted(error.message().lines().next().unwrap_or_default());
                let problem =
                    Problem::new(Code::Syntax, format!("{} is not a readable {what}: {message}", source.name));
                let problem = problem.at(source, part.in_source(error.span()));
                Err(problem.help("the file may be cut short or merged badly; make it anew").into())
            }
        }
    }

    /// The file's top table.
    pub(crate) fn root(&self) -> &dyn TableLike {
        self.document.as_table()
    }

    /// A problem with one value.
    pub(crate) fn wrong(&self, item: &Item, message: impl Into<String>) -> Problem {
        Problem::new(Code::Syntax, message).at(self.source, self.span(item))
    }

    /// Where a value stands.
    pub(crate) fn span(&self, item: &Item) -> Span {
        self.place(item.span())
    }

    /// Where a span that the document gives stands in the source.
    pub(crate) fn place(&self, span: Option<Range<usize>>) -> Span {
        self.part.in_source(span)
    }

    /// The text of a string value.
    pub(crate) fn string<'i>(&self, item: &'i Item, key: &str) -> Result<&'i str> {
        item.as_str().ok_or_else(|| self.wrong(item, format!("`{}` should be a string", quoted(key))).into())
    }

    /// The strings of an array, or of a single string.
    pub(crate) fn strings<'i>(&self, item: &'i Item, key: &str) -> Result<Vec<&'i str>> {
        if let Some(one) = item.as_str() {
            return Ok(vec![one]);
        }
        let wrong = || self.wrong(item, format!("`{}` should be a list of strings", quoted(key)));
        let array = item.as_array().ok_or_else(wrong)?;
        let texts: Option<Vec<&str>> = array.iter().map(|value| value.as_str()).collect();
        texts.ok_or_else(|| wrong().into())
    }

    /// A table, inline or not.
    pub(crate) fn table<'i>(&self, item: &'i Item, key: &str) -> Result<&'i dyn TableLike> {
        item.as_table_like().ok_or_else(|| self.wrong(item, format!("`{}` should be a table", quoted(key))).into())
    }

    /// A boolean.
    pub(crate) fn boolean(&self, item: &Item, key: &str) -> Result<bool> {
        item.as_bool().ok_or_else(|| self.wrong(item, format!("`{key}` should be true or false")).into())
    }
}

/// The value behind a path of keys, if every table on the way is there.
pub(crate) fn dig<'t>(table: &'t dyn TableLike, path: &[&str]) -> Option<&'t Item> {
    let (first, rest) = path.split_first()?;
    let item = table.get(first)?;
    if rest.is_empty() { Some(item) } else { dig(item.as_table_like()?, rest) }
}
