//! The part of TOML that lock tools write, read in one pass.
//!
//! One key a line; strings between double quotes in which no more than a quote or a backslash is escaped; `true` and
//! `false`; lists and inline tables of these; headers of a few bare keys. Whatever else is in a text, right or
//! wrong, ends the reading with nothing at all. So this reader must be sure, but never has to explain, and what it gives
//! is what the full reader gives: tests compare them on real locks and on broken ones.

use std::borrow::Cow;

use super::{Item, Table, Value, files};
use crate::lock::LockedFiles;
use crate::lock::files::Placed;
use crate::text::{Source, Span};

/// How deep lists and inline tables may be nested.
const DEEPEST: usize = 8;

/// How many keys a header may have in front of its last.
const LONGEST_PATH: usize = 5;

/// How many keys are compared with each other rather than sorted.
const FEW_KEYS: usize = 10;

/// How many keys a table may have for others to be put below it: each of these is compared with all that are there.
const MOST_KEYS: usize = 64;

/// For how many bytes behind its first quote or backslash there is room in a string: most are markers, with a few words.
const ESCAPED: usize = 80;

/// Reads a text that begins at an offset of its source; `None` if it is not plain.
pub(super) fn read<'s>(source: &'s Source, text: &'s str, start: usize) -> Option<Table<'s>> {
    PlainReader { source, text, at: 0, start, files: Vec::new() }.document()
}

struct PlainReader<'s> {
    source: &'s Source,
    text: &'s str,
    /// Up to here the text is read.
    at: usize,
    /// Where the text begins in its source.
    start: usize,
    /// Of the list that is read.
    files: Vec<Placed>,
}

/// Where the keys belong that follow.
#[derive(Clone, Copy)]
enum Header<'s> {
    /// Before the first header.
    None,
    /// `[key]`, `[key.key]`, …: a table below tables.
    Table(Path<'s>, &'s str),
    /// `[[key]]`
    Array(&'s str),
}

/// The keys of a header but its last.
#[derive(Clone, Copy, Default)]
struct Path<'s> {
    keys: [(&'s str, Span); LONGEST_PATH],
    length: usize,
}

impl<'s> Path<'s> {
    /// With one key more, if there is room.
    fn below(mut self, key: &'s str, span: Span) -> Option<Self> {
        *self.keys.get_mut(self.length)? = (key, span);
        self.length += 1;
        Some(self)
    }

    fn keys(&self) -> &[(&'s str, Span)] {
        &self.keys[..self.length]
    }

    fn is(&self, key: &str) -> bool {
        matches!(self.keys(), [(only, _)] if *only == key)
    }
}

impl<'s> PlainReader<'s> {
    fn document(mut self) -> Option<Table<'s>> {
        let mut root = Table::default();
        let (mut header, mut table) = (Header::None, Table::default());
        self.take("\u{feff}");
        while let Some(first) = self.text.as_bytes().get(self.at) {
            match first {
                b'\n' | b'\r' => self.line_end()?,
                b'#' => self.comment()?,
                b'[' => {
                    self.close(&mut root, header, table)?;
                    let start = self.at;
                    header = self.header()?;
                    let entries = Vec::with_capacity(if matches!(header, Header::Array(_)) { FEW_KEYS } else { 0 });
                    table = Table { entries, span: Some(self.span(start)), ..Table::default() };
                    self.line_end()?;
                }
                _ => {
                    let in_files = matches!(header, Header::Table(path, "files") if path.is("metadata"));
                    self.entry(&mut table, in_files, 0)?;
                    self.line_end()?;
                }
            }
        }
        self.close(&mut root, header, table)?;
        Some(root)
    }

    /// Puts a table that is read in its place.
    fn close(&self, root: &mut Table<'s>, header: Header<'s>, table: Table<'s>) -> Option<()> {
        each_once(&table)?;
        let span = table.span.unwrap_or_default();
        let (into, key) = match header {
            Header::None => {
                *root = table;
                return Some(());
            }
            Header::Array(key) => match root.entries.iter_mut().find(|(own, _)| own == key) {
                Some((_, Item { value: Value::Tables(tables), .. })) => {
                    tables.push(table);
                    return Some(());
                }
                Some(_) => return None,
                None => {
                    root.entries.push((key.into(), Item { value: Value::Tables(vec![table]), span }));
                    return Some(());
                }
            },
            Header::Table(path, key) => {
                (path.keys().iter().try_fold(root, |into, (key, span)| below(into, key, *span))?, key)
            }
        };
        if into.entries.len() > MOST_KEYS || into.contains_key(key) {
            return None;
        }
        into.entries.push((key.into(), Item { value: Value::Table(table), span }));
        Some(())
    }

    fn header(&mut self) -> Option<Header<'s>> {
        if self.take("[[") {
            let key = self.bare_key()?;
            return self.take("]]").then_some(Header::Array(key));
        }
        self.expect("[")?;
        let (mut path, mut start) = (Path::default(), self.at);
        let mut key = self.bare_key()?;
        while self.rest().starts_with('.') {
            path = path.below(key, self.span(start))?;
            start = self.at + 1;
            self.expect(".")?;
            key = self.bare_key()?;
        }
        self.take("]").then_some(Header::Table(path, key))
    }

    /// `key = value`
    fn entry(&mut self, table: &mut Table<'s>, in_files: bool, depth: usize) -> Option<()> {
        let key = if self.rest().starts_with('"') { self.string()? } else { Cow::Borrowed(self.bare_key()?) };
        self.expect(" = ")?;
        let start = self.at;
        let value = if in_files || key == "files" { self.files() } else { None };
        let item = match value {
            Some(value) => Item { value, span: self.span(start) },
            None => self.value(depth)?,
        };
        table.entries.push((key, item));
        Some(())
    }

    /// A list of files, if it is nothing else.
    fn files(&mut self) -> Option<Value<'s>> {
        self.rest().strip_prefix('[')?;
        let length = files::list(&self.source.text, self.start + self.at + 1, &mut self.files)?;
        self.at += 1 + length;
        Some(Value::Files(LockedFiles::within(&self.source.text, self.files.drain(..))))
    }

    fn value(&mut self, depth: usize) -> Option<Item<'s>> {
        let start = self.at;
        let value = match self.rest().as_bytes().first()? {
            _ if depth > DEEPEST => return None,
            b'"' => Value::String(self.string()?),
            b'[' => Value::Array(self.array(depth)?),
            b'{' => return self.inline_table(depth),
            _ if self.take("true") => Value::Boolean(true),
            _ if self.take("false") => Value::Boolean(false),
            _ => return None,
        };
        Some(Item { value, span: self.span(start) })
    }

    fn array(&mut self, depth: usize) -> Option<Vec<Item<'s>>> {
        let mut items = Vec::new();
        self.expect("[")?;
        loop {
            self.skip_space()?;
            if self.take("]") {
                return Some(items);
            }
            items.push(self.value(depth + 1)?);
            self.skip_space()?;
            if !self.take(",") {
                self.expect("]")?;
                return Some(items);
            }
        }
    }

    fn inline_table(&mut self, depth: usize) -> Option<Item<'s>> {
        let start = self.at;
        let mut table = Table { inline: true, ..Table::default() };
        self.expect("{")?;
        self.take(" ");
        if !self.take("}") {
            loop {
                self.entry(&mut table, false, depth + 1)?;
                self.take(" ");
                if self.take("}") {
                    break;
                }
                self.expect(", ")?;
            }
        }
        each_once(&table)?;
        let span = self.span(start);
        Some(Item { value: Value::Table(Table { span: Some(span), ..table }), span })
    }

    fn string(&mut self) -> Option<Cow<'s, str>> {
        self.expect("\"")?;
        let inner = self.rest();
        let mut end = special(inner, 0)?;
        if inner.as_bytes()[end] == b'"' {
            self.at += end + 1;
            // Three quotes begin a string of several lines.
            let empty = end == 0 && self.rest().starts_with('"');
            return (!empty).then(|| Cow::Borrowed(&inner[..end]));
        }
        let (mut text, mut from) = (String::with_capacity(end + ESCAPED), 0);
        loop {
            text.push_str(&inner[from..end]);
            match inner.as_bytes()[end..] {
                [b'"', ..] => {
                    self.at += end + 1;
                    return Some(Cow::Owned(text));
                }
                [b'\\', b'"' | b'\\', ..] => from = end + 1,
                _ => return None,
            }
            end = special(inner, from + 1)?;
        }
    }

    fn bare_key(&mut self) -> Option<&'s str> {
        let rest = self.rest();
        let is_key = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let length = rest.bytes().take_while(|byte| is_key(byte)).count();
        self.at += length;
        (length > 0).then(|| &rest[..length])
    }

    fn comment(&mut self) -> Option<()> {
        let rest = self.rest();
        // A carriage return belongs to a line end or, alone, to no comment.
        let line = match rest.split_once('\n') {
            Some((line, _)) => line.strip_suffix('\r').unwrap_or(line),
            None => rest,
        };
        self.at += line.len();
        line.bytes().all(|byte| !is_control(byte)).then_some(())
    }

    /// Blanks and line ends, which are the same inside a list.
    fn skip_space(&mut self) -> Option<()> {
        loop {
            match self.text.as_bytes().get(self.at)? {
                b' ' => self.at += 1,
                b'\n' | b'\r' => self.line_end()?,
                _ => return Some(()),
            }
        }
    }

    /// The end of a line or of the text.
    fn line_end(&mut self) -> Option<()> {
        (self.take("\n") || self.take("\r\n") || self.at == self.text.len()).then_some(())
    }

    fn rest(&self) -> &'s str {
        &self.text[self.at..]
    }

    fn take(&mut self, text: &str) -> bool {
        let there = self.text.as_bytes()[self.at..].starts_with(text.as_bytes());
        self.at += if there { text.len() } else { 0 };
        there
    }

    fn expect(&mut self, text: &str) -> Option<()> {
        self.take(text).then_some(())
    }

    /// From a place in the text up to what is read.
    fn span(&self, from: usize) -> Span {
        Span { start: self.start + from, end: self.start + self.at }
    }
}

/// The table under a key, made if there is none: the header of a table below implies it. It is where its key is.
fn below<'t, 's>(into: &'t mut Table<'s>, key: &'s str, span: Span) -> Option<&'t mut Table<'s>> {
    if into.entries.len() > MOST_KEYS {
        return None;
    }
    let at = into.entries.iter().position(|(own, _)| own == key).unwrap_or_else(|| {
        let table = Table { span: Some(span), implied: true, ..Table::default() };
        into.entries.push((key.into(), Item { value: Value::Table(table), span }));
        into.entries.len() - 1
    });
    match &mut into.entries[at].1.value {
        Value::Table(table) if !table.inline => Some(table),
        Value::Tables(tables) => tables.last_mut(),
        _ => None,
    }
}

/// Where the next quote, backslash or control character is.
fn special(text: &str, from: usize) -> Option<usize> {
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\') || is_control(*byte);
    text.as_bytes()[from..].iter().position(is_special).map(|length| from + length)
}

fn is_control(byte: u8) -> bool {
    byte < b' ' || byte == 0x7f
}

/// No key of a table may be there twice.
fn each_once(table: &Table<'_>) -> Option<()> {
    let entries = table.entries.as_slice();
    if entries.len() <= FEW_KEYS {
        let stands_before = |at: usize| entries[..at].iter().any(|(key, _)| *key == entries[at].0);
        return (!(1..entries.len()).any(stands_before)).then_some(());
    }
    let mut keys: Vec<&str> = entries.iter().map(|(key, _)| key.as_ref()).collect();
    keys.sort_unstable();
    keys.windows(2).all(|two| two[0] != two[1]).then_some(())
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::super::tests::compare;

    /// The locks and projects below a folder.
    fn texts(folder: &Path, out: &mut Vec<(PathBuf, String)>) {
        for path in std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                texts(&path, out);
            } else if path.extension().is_some_and(|ending| ending == "lock" || ending == "toml") {
                out.push((path.clone(), std::fs::read_to_string(path).unwrap()));
            }
        }
    }

    #[test]
    fn both_read_real_locks_alike() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut all = Vec::new();
        texts(&root.join("tests/fixtures"), &mut all);
        assert!(all.len() > 20);
        let own = all.len();
        texts(&root.join("../shared/corpus"), &mut all);
        for (at, (path, text)) in all.iter().enumerate() {
            for text in [text.clone(), text.replace("\r\n", "\n").replace('\n', "\r\n"), format!("\u{feff}{text}")] {
                let read = compare(&text);
                assert!(read || at >= own || !path.ends_with("poetry.lock"), "{} is not plain", path.display());
            }
        }
    }
}
