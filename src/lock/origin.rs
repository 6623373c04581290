//! Places that a lock names and that go into an output: one line each, and nothing on it that an installer would read as
//! something else.

use super::toml::{Item, Toml};
use crate::report::error::Result;
use crate::text::{off_line, quoted};

/// A path, a revision or a repository: text on one line. Behind a blank an installer reads an option, a marker or a
/// comment.
pub(super) fn line<'i>(toml: &Toml<'_>, item: &'i Item<'_>, key: &str) -> Result<&'i str> {
    let text = toml.string(item, key)?;
    let speaks = |(at, _): (usize, char)| text[at..].trim_start().starts_with(['-', ';', '#']);
    let blank = |(_, c): &(usize, char)| c.is_whitespace();
    let odd = off_line(text).map(|odd| format!(": it holds {odd}"));
    if odd.is_some() || text.char_indices().filter(blank).any(speaks) {
        let why = odd.unwrap_or_default();
        let message = format!("`{}` as `{key}` does not fit on a line of a requirements file{why}", quoted(text));
        return Err(toml.wrong(item, message).into());
    }
    Ok(text)
}

/// A URL from which pip and Poetry download.
pub(super) fn url<'i>(toml: &Toml<'_>, item: &'i Item<'_>, key: &str) -> Result<&'i str> {
    let text = line(toml, item, key)?;
    let known = ["https://", "http://", "file://"].iter().any(|scheme| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)) && text.len() > scheme.len()
    });
    if !known || text.contains(char::is_whitespace) {
        let message = format!("`{}` is not a URL that is downloaded from: http, https and file are", quoted(text));
        return Err(toml.wrong(item, message).into());
    }
    Ok(text)
}
