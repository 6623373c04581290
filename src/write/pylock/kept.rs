//! Packages of a `pylock.toml` that stay: every key of theirs, known or not, in our own layout.

use std::collections::BTreeSet;

use toml_edit::{Document, Item, TableLike};

use super::text::value;
use crate::report::error::{Code, Problem, Result};
use crate::text::Source;
use crate::write::toml::key;

/// These are written by whoever writes the package.
const HEAD: [&str; 3] = ["name", "version", "marker"];
/// The order of the PEP; what is not in it comes behind, in the order of the lock.
const ORDER: [&str; 8] = ["requires-python", "dependencies", "index", "vcs", "directory", "archive", "sdist", "wheels"];

/// The lines of each package of a lock.
///
/// `stay`: the packages that are carried over. A list of `dependencies` that names another one is left out: PEP 751 has it
/// for information only, and it would be wrong.
///
/// # Errors
/// If the text is not TOML, which it was when it was read as a lock.
pub(super) fn lines(source: &Source, stay: &BTreeSet<&str>) -> Result<Vec<String>> {
    let document =
        Document::parse(&*source.text).map_err(|error| Problem::new(Code::Inconsistent, error.to_string()))?;
    let packages = document.get("packages");
    let tables: Vec<&dyn TableLike> = match packages {
        Some(Item::ArrayOfTables(tables)) => tables.iter().map(|table| table as &dyn TableLike).collect(),
        Some(item) => item
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| one.as_inline_table().map(|table| table as &dyn TableLike))
            .collect(),
        None => Vec::new(),
    };
    Ok(tables.into_iter().map(|table| package(table, stay)).collect())
}

fn package(table: &dyn TableLike, stay: &BTreeSet<&str>) -> String {
    let mut keys: Vec<&str> = table.iter().map(|(key, _)| key).filter(|key| !HEAD.contains(key)).collect();
    keys.sort_by_key(|key| ORDER.iter().position(|known| known == key).unwrap_or(ORDER.len()));
    let mut lines = String::new();
    for name in keys {
        let Some(item) = table.get(name) else { continue };
        if name == "dependencies"
            && !names(item).is_some_and(|names| names.iter().all(|name| stay.contains(name.as_str())))
        {
            continue;
        }
        let spread = name == "wheels";
        lines.push_str(&format!("{} = {}\n", key(name), value(item, spread)));
    }
    lines
}

/// The names in a list of dependencies.
fn names(item: &Item) -> Option<Vec<String>> {
    let name = |table: &dyn TableLike| table.get("name").and_then(Item::as_str).map(str::to_owned);
    match item {
        Item::ArrayOfTables(tables) => tables.iter().map(|table| name(table)).collect(),
        item => item.as_array()?.iter().map(|value| name(value.as_inline_table()?)).collect(),
    }
}
