//! From the events of `toml_parser`, which is `toml_edit`'s own parser, to the tree.
//!
//! The rules of TOML that concern more than one event are here: no key twice, no table defined twice, and what dotted keys
//! may extend. They are those of `toml_edit`; tests compare the two.

use std::borrow::Cow;
use std::ops::Range;

use toml_edit::Datetime;
use toml_parser::decoder::{Encoding, ScalarKind};
use toml_parser::lexer::{Token, TokenKind};
use toml_parser::parser::{EventReceiver, parse_document};
use toml_parser::{ErrorSink, Expected, ParseError, Raw};

use super::shortened::Shortened;
use super::{Item, Table, Value};
use crate::report::error::{Code, Problem, Result};
use crate::text::{Source, Span, quoted};

/// The deepest nesting of values, and the most keys of a dotted one.
const DEEPEST: usize = 80;

/// For how many keys there is room in a table of an array: a package has about as many.
const PACKAGE_KEYS: usize = 10;

/// For how many keys on the way to a value, and values around it, there is room at first.
const FEW: usize = 4;

const DUPLICATE: &str = "duplicate key";

/// Reads a part of a source; `what` names the kind of file for the message.
pub(super) fn read<'s>(source: &'s Source, part: Range<usize>, what: &str) -> Result<Table<'s>> {
    let mut short = Shortened::new(&source.text, part.clone());
    let mut tokens = tokens_of(&short.text);
    let is_multiline = |kind| matches!(kind, TokenKind::MlBasicString | TokenKind::MlLiteralString);
    if tokens.iter().any(|token| is_multiline(token.kind())) {
        // A list may be part of a string.
        short = Shortened::whole(&source.text, part);
        tokens = tokens_of(&short.text);
    }
    let mut error = None;
    let mut reader = Reader::new(source, &short);
    parse_document(&tokens, &mut reader, &mut error);
    reader.finish_table(&mut error);
    let Some(error) = error else { return Ok(reader.root) };
    let problem =
        Problem::new(Code::Syntax, format!("{} is not a readable {what}: {}", source.name, quoted(&message(&error))));
    let span = short.span(error.unexpected().unwrap_or_else(|| toml_parser::Span::new_unchecked(0, 0)));
    Err(problem.at(source, span).help("the file may be cut short or merged badly; regenerate it").into())
}

fn tokens_of(text: &str) -> Vec<Token> {
    // A token has four bytes or more in what lock tools write.
    let mut tokens = Vec::with_capacity(text.len() / 4 + 1);
    tokens.extend(toml_parser::Source::new(text).lex());
    tokens
}

/// The error, and what was expected instead.
fn message(error: &ParseError) -> String {
    let described = error.description();
    let Some(expected) = error.expected() else { return described.to_owned() };
    let named = expected.iter().map(|one| match one {
        Expected::Literal("\n") => "newline".to_owned(),
        Expected::Literal("`") => "'`'".to_owned(),
        Expected::Literal(text) if text.chars().all(char::is_control) => format!("`{}`", text.escape_debug()),
        Expected::Literal(text) => format!("`{text}`"),
        Expected::Description(text) => (*text).to_owned(),
        _ => "etc".to_owned(),
    });
    let named = named.collect::<Vec<_>>().join(", ");
    format!("{described}, expected {}", if named.is_empty() { "nothing" } else { &named })
}

/// A key and where it is.
struct Key<'s> {
    text: Cow<'s, str>,
    /// In the shortened text.
    span: toml_parser::Span,
}

/// An array or an inline table whose end is still to come.
struct Unclosed<'s> {
    start: usize,
    /// The number of keys that belong to the values around it.
    keys: usize,
    value: Value<'s>,
}

struct Reader<'s, 't> {
    source: &'s Source,
    short: &'t Shortened<'s>,
    root: Table<'s>,
    /// The table that is read.
    table: Table<'s>,
    /// The keys of its header; none of the top table.
    header: Vec<Key<'s>>,
    header_is_array: bool,
    /// The start of the header that is read.
    header_start: usize,
    /// The keys of the header or of the value that is read, behind those of the values around it.
    keys: Vec<Key<'s>>,
    open: Vec<Unclosed<'s>>,
}

impl<'s, 't> Reader<'s, 't> {
    fn new(source: &'s Source, short: &'t Shortened<'s>) -> Self {
        let (root, table) = (Table::default(), Table::default());
        let (header, keys) = (Vec::with_capacity(FEW), Vec::with_capacity(FEW));
        let open = Vec::with_capacity(FEW);
        Self { source, short, root, table, header, header_is_array: false, header_start: 0, keys, open }
    }

    /// The source's own text under a span, and where it is.
    fn raw(&self, span: toml_parser::Span, encoding: Option<Encoding>) -> (Raw<'s>, Span) {
        let own = self.short.span(span);
        (Raw::new_unchecked(self.source.slice(own), encoding, span), own)
    }

    fn begin_header(&mut self, span: toml_parser::Span, error: &mut dyn ErrorSink) {
        self.finish_table(error);
        self.header_start = self.short.span(span).start;
        self.keys.clear();
    }

    /// A header is read: what follows belongs to its table.
    fn end_header(&mut self, span: toml_parser::Span, is_array: bool, error: &mut dyn ErrorSink) {
        if self.keys.len() > DEEPEST {
            return error.report_error(ParseError::new("recursion limit"));
        }
        if is_array {
            self.table.entries.reserve(PACKAGE_KEYS);
        } else if let Some((last, path)) = self.keys.split_last() {
            let Some(parent) = descend(self.short, &mut self.root, path, false, error) else { return };
            match parent.get_mut(&last.text).map(|item| &mut item.value) {
                None => {}
                // The headers of tables below it came first.
                Some(Value::Table(table)) if table.implied && !table.dotted => self.table = std::mem::take(table),
                Some(_) => return error.report_error(ParseError::new(DUPLICATE).with_unexpected(last.span)),
            }
        }
        self.table.span = Some(Span { start: self.header_start, end: self.short.span(span).end });
        self.table.implied = false;
        self.header_is_array = is_array;
        std::mem::swap(&mut self.header, &mut self.keys);
    }

    /// Puts the table that is read in its place.
    fn finish_table(&mut self, error: &mut dyn ErrorSink) {
        let table = std::mem::take(&mut self.table);
        let Some(last) = self.header.pop() else {
            if self.root.is_empty() {
                self.root = table;
            }
            return;
        };
        let Some(parent) = descend(self.short, &mut self.root, &self.header, false, error) else { return };
        let span = table.span.unwrap_or_default();
        match (parent.get_mut(&last.text), self.header_is_array) {
            (Some(Item { value: Value::Tables(tables), .. }), true) => tables.push(table),
            (Some(_), true) => error.report_error(ParseError::new(DUPLICATE).with_unexpected(last.span)),
            (Some(item), false) => *item = Item { value: Value::Table(table), span },
            (None, true) => parent.push(last.text, Item { value: Value::Tables(vec![table]), span }),
            (None, false) => parent.push(last.text, Item { value: Value::Table(table), span }),
        }
        self.header.clear();
    }

    /// Opens an array or an inline table, if it is not nested too deep.
    fn open(&mut self, span: toml_parser::Span, value: Value<'s>, error: &mut dyn ErrorSink) -> bool {
        self.open.push(Unclosed { start: span.start(), keys: self.keys.len(), value });
        let allowed = self.open.len() <= DEEPEST;
        if !allowed {
            let problem = ParseError::new("cannot recurse further; max recursion depth met");
            error.report_error(problem.with_unexpected(span));
        }
        allowed
    }

    fn close(&mut self, span: toml_parser::Span, error: &mut dyn ErrorSink) {
        let Some(Unclosed { start, keys, mut value }) = self.open.pop() else { return };
        self.keys.truncate(keys);
        if let Some(files) = self.short.files(start) {
            value = Value::Files(files.clone());
        }
        let span = self.short.span(toml_parser::Span::new_unchecked(start, span.end()));
        if let Value::Table(table) = &mut value {
            table.span = Some(span);
        }
        self.put(Item { value, span }, error);
    }

    /// Puts a value where it belongs: behind those of an array, or under its keys.
    fn put(&mut self, item: Item<'s>, error: &mut dyn ErrorSink) {
        let (table, keys) = match self.open.last_mut() {
            None => (&mut self.table, 0),
            Some(Unclosed { value: Value::Table(table), keys, .. }) => (table, *keys),
            Some(Unclosed { value: Value::Array(items), .. }) => return items.push(item),
            Some(_) => return,
        };
        if self.keys.len().saturating_sub(keys) > DEEPEST {
            return error.report_error(ParseError::new("recursion limit"));
        }
        if let Some(last) = self.keys.pop()
            && let Some(path) = self.keys.get(keys..)
            && let Some(parent) = descend(self.short, table, path, true, error)
        {
            if parent.get_mut(&last.text).is_some() || !(path.is_empty() || parent.is_extensible()) {
                error.report_error(ParseError::new(DUPLICATE).with_unexpected(last.span));
            } else {
                parent.push(last.text, item);
            }
        }
        self.keys.truncate(keys);
    }
}

impl EventReceiver for Reader<'_, '_> {
    fn std_table_open(&mut self, span: toml_parser::Span, error: &mut dyn ErrorSink) {
        self.begin_header(span, error);
    }

    fn std_table_close(&mut self, span: toml_parser::Span, error: &mut dyn ErrorSink) {
        self.end_header(span, false, error);
    }

    fn array_table_open(&mut self, span: toml_parser::Span, error: &mut dyn ErrorSink) {
        self.begin_header(span, error);
    }

    fn array_table_close(&mut self, span: toml_parser::Span, error: &mut dyn ErrorSink) {
        self.end_header(span, true, error);
    }

    fn inline_table_open(&mut self, span: toml_parser::Span, error: &mut dyn ErrorSink) -> bool {
        self.open(span, Value::Table(Table { inline: true, ..Table::default() }), error)
    }

    fn inline_table_close(&mut self, span: toml_parser::Span, error: &mut dyn ErrorSink) {
        self.close(span, error);
    }

    fn array_open(&mut self, span: toml_parser::Span, error: &mut dyn ErrorSink) -> bool {
        self.open(span, Value::Array(Vec::new()), error)
    }

    fn array_close(&mut self, span: toml_parser::Span, error: &mut dyn ErrorSink) {
        self.close(span, error);
    }

    fn simple_key(&mut self, span: toml_parser::Span, encoding: Option<Encoding>, error: &mut dyn ErrorSink) {
        let mut text = Cow::Borrowed("");
        self.raw(span, encoding).0.decode_key(&mut text, error);
        self.keys.push(Key { text, span });
    }

    fn scalar(&mut self, span: toml_parser::Span, encoding: Option<Encoding>, error: &mut dyn ErrorSink) {
        let (raw, own) = self.raw(span, encoding);
        if let (Some(Encoding::BasicString), Some(text)) = (encoding, unescaped(raw.as_str())) {
            return self.put(Item { value: Value::String(Cow::Borrowed(text)), span: own }, error);
        }
        let mut text = Cow::Borrowed("");
        let kind = raw.decode_scalar(&mut text, error);
        let mut wrong = |message: String| error.report_error(ParseError::new(message).with_unexpected(span));
        let value = match kind {
            ScalarKind::String => Value::String(text),
            ScalarKind::Boolean(value) => Value::Boolean(value),
            ScalarKind::DateTime => {
                if let Err(invalid) = text.parse::<Datetime>() {
                    wrong(invalid.to_string());
                }
                Value::Date
            }
            ScalarKind::Float => {
                let digits = text.bytes().any(|byte| byte.is_ascii_digit());
                match text.parse::<f64>() {
                    Ok(value) if digits && value.is_infinite() => wrong("floating-point number overflowed".to_owned()),
                    Ok(_) => {}
                    Err(_) => wrong(kind.invalid_description().to_owned()),
                }
                Value::Other
            }
            ScalarKind::Integer(radix) => {
                Value::Integer(i64::from_str_radix(&text, radix.value()).unwrap_or_else(|_| {
                    wrong("integer number overflowed".to_owned());
                    i64::MAX
                }))
            }
        };
        self.put(Item { value, span: own }, error);
    }

    fn comment(&mut self, span: toml_parser::Span, error: &mut dyn ErrorSink) {
        self.raw(span, None).0.decode_comment(error);
    }

    fn newline(&mut self, span: toml_parser::Span, error: &mut dyn ErrorSink) {
        self.raw(span, None).0.decode_newline(error);
    }
}

/// The text between double quotes, if it is all printable and nothing is escaped. Most values are such, and their
/// decoding would take a tenth of the time that the tree takes.
fn unescaped(quoted: &str) -> Option<&str> {
    let text = quoted.strip_prefix('"')?.strip_suffix('"')?;
    // No early exit, so that the loop is vectorized.
    let odd = text.bytes().fold(false, |odd, byte| odd | matches!(byte, b'\\' | b'"' | ..b' ' | 0x7f));
    (!odd).then_some(text)
}

/// The table behind a path of keys; those that are not there are made, as a dotted key or the header of a table below does.
fn descend<'t, 's>(
    short: &Shortened<'_>,
    mut table: &'t mut Table<'s>,
    path: &[Key<'s>],
    dotted: bool,
    error: &mut dyn ErrorSink,
) -> Option<&'t mut Table<'s>> {
    for Key { text, span } in path {
        let inline = table.inline;
        let at = table.position(text).unwrap_or_else(|| {
            let span = short.span(*span);
            let made = Table { span: Some(span), inline, implied: !inline, dotted, ..Table::default() };
            table.push(text.clone(), Item { value: Value::Table(made), span });
            table.entries.len() - 1
        });
        let value = &mut table.entries[at].1.value;
        let wrong = match &*value {
            Value::Tables(_) => None,
            Value::Table(below) if below.inline == inline => {
                (dotted && !below.is_extensible()).then_some(DUPLICATE.into())
            }
            other => Some(format!("cannot extend value of type {} with a dotted key", other.kind())),
        };
        if let Some(message) = wrong {
            error.report_error(ParseError::new(message).with_unexpected(*span));
            return None;
        }
        table = match value {
            Value::Tables(tables) => tables.last_mut()?,
            Value::Table(below) => {
                below.dotted |= dotted;
                below
            }
            _ => return None,
        };
    }
    Some(table)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::tests::compare;

    /// The locks and projects below a folder.
    fn texts(folder: &Path, out: &mut Vec<String>) {
        for path in std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                texts(&path, out);
            } else if path.extension().is_some_and(|ending| ending == "lock" || ending == "toml") {
                out.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }

    #[test]
    fn both_read_real_locks_alike() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut all = Vec::new();
        texts(&root.join("tests/fixtures"), &mut all);
        assert!(all.len() > 20);
        texts(&root.join("../shared/corpus"), &mut all);
        for text in all {
            for text in [text.replace("\r\n", "\n").replace('\n', "\r\n"), format!("\u{feff}{text}"), text] {
                assert!(compare(&text));
            }
        }
    }
}
