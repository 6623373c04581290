//! Whether a `poetry.lock` is still that of its project: its `content-hash` is that of the project's requirements.
//!
//! Poetry hashes JSON of some tables of the `pyproject.toml`: keys sorted, what is not ASCII escaped. Which tables, and under
//! which keys, changed with its versions.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{ANEW, LockVersion, PoetryLock};
use crate::lock::toml::{Item, Table, Toml, dig};
use crate::packaging::digest::Sha256;
use crate::report::error::{Code, Problem, Result};
use crate::text::Source;

/// The keys of `[tool.poetry]` that Poetry has hashed since its first version: a key that is not there counts as null.
const LEGACY: [&str; 4] = ["dependencies", "dev-dependencies", "extras", "source"];
/// The keys of `[project]` that count since Poetry 2.0.
const PROJECT: [&str; 3] = ["dependencies", "optional-dependencies", "requires-python"];

impl PoetryLock {
    /// The problem of a lock that was not made from the project beside it as it is now; nothing where there is no
    /// project.
    ///
    /// A lock before 2.1 was made by Poetry 1, which knew neither `[project]` nor `[dependency-groups]`, but Poetry 2 keeps
    /// the format of a lock that it finds. Groups of PEP 735 count since 2.3, so for a lock of an older one, and where no
    /// comment says which made it, the hash without them is right, too.
    pub fn stale(&self) -> Option<Problem> {
        let (project, (found, span)) = (self.project.as_ref()?, self.content_hash.as_ref()?);
        let toml = Toml::parse(&project.source, "pyproject.toml").ok()?;
        let root = toml.root();
        let mut hashed = vec![poetry_2(root, true)];
        if before_2_3(&self.source) {
            hashed.push(poetry_2(root, false));
        }
        if self.version < LockVersion::V2_1 {
            hashed.extend([poetry_1(root, true), poetry_1(root, false)]);
        }
        // A value that no table of Poetry's has: nobody can say what the hash is.
        let hashed: Vec<String> = hashed.into_iter().collect::<Option<_>>()?;
        if hashed.iter().any(|json| Sha256::of_bytes(json.as_bytes()).to_string() == *found) {
            return None;
        }
        let message = format!("{} is out of date with {}", self.source.name, project.source.name);
        let problem = Problem::new(Code::OutOfDate, message).at(&self.source, *span);
        Some(problem.help(ANEW))
    }

    /// Refuses a lock that is stale, or of which that cannot be determined.
    ///
    /// # Errors
    /// If it is.
    pub fn is_locked(&self) -> Result<()> {
        if self.project.is_none() {
            let message = format!(
                "there is no pyproject.toml beside {}, so it cannot be checked whether it is up to date",
                self.source.name
            );
            return Err(Problem::new(Code::Usage, message).help("put it there, or leave --locked out").into());
        }
        self.stale().map_or(Ok(()), |problem| Err(problem.into()))
    }
}

/// The comment in the first line names the Poetry that made the lock.
fn before_2_3(lock: &Source) -> bool {
    let first = lock.text.lines().next().unwrap_or_default();
    let version = first.split_once("Poetry ").map(|(_, rest)| rest.split_whitespace().next().unwrap_or_default());
    let parts =
        version.map(|version| version.split('.').map_while(|part| part.parse::<u32>().ok()).collect::<Vec<_>>());
    parts.is_none_or(|parts| parts < vec![2, 3])
}

/// Poetry 1: tables of `[tool.poetry]`; since 1.2 with its groups, if there are any.
fn poetry_1(root: &Table<'_>, with_groups: bool) -> Option<String> {
    tables(root, with_groups, true).map(|tables| object(&tables))
}

/// Poetry 2: as before, unless `[project]` or `[dependency-groups]` says something.
fn poetry_2(root: &Table<'_>, with_groups: bool) -> Option<String> {
    let mut project = BTreeMap::new();
    for key in PROJECT {
        if let Some(item) = dig(root, &["project", key]) {
            project.insert(key.to_owned(), json(item)?);
        }
    }
    let groups = root.get("dependency-groups").filter(|_| with_groups);
    let groups = groups.filter(|item| item.as_table_like().is_some_and(|table| !table.is_empty()));
    if project.is_empty() && groups.is_none() {
        return poetry_1(root, true);
    }
    let mut all = BTreeMap::new();
    if !project.is_empty() {
        all.insert("project".to_owned(), object(&project));
    }
    if let Some(groups) = groups {
        all.insert("dependency-groups".to_owned(), json(groups)?);
    }
    let poetry = BTreeMap::from([("poetry".to_owned(), object(&tables(root, true, false)?))]);
    all.insert("tool".to_owned(), object(&poetry));
    Some(object(&all))
}

/// The tables of `[tool.poetry]` that count.
fn tables(root: &Table<'_>, with_groups: bool, with_nulls: bool) -> Option<BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    for key in LEGACY.into_iter().chain(with_groups.then_some("group")) {
        match dig(root, &["tool", "poetry", key]) {
            Some(item) => all.insert(key.to_owned(), json(item)?),
            None if with_nulls && key != "group" => all.insert(key.to_owned(), "null".to_owned()),
            None => None,
        };
    }
    Some(all)
}

/// A value as Python's `json.dumps` writes it; `None` for a date or a number that is not whole.
fn json(item: &Item<'_>) -> Option<String> {
    if let Some(text) = item.as_str() {
        return Some(string(text));
    }
    if let Some(value) = item.as_bool() {
        return Some(value.to_string());
    }
    if let Some(value) = item.as_integer() {
        return Some(value.to_string());
    }
    if let Some(items) = item.as_array() {
        return Some(list(&items.iter().map(json).collect::<Option<Vec<_>>>()?));
    }
    if let Some(tables) = item.as_array_of_tables() {
        return Some(list(&tables.iter().map(table).collect::<Option<Vec<_>>>()?));
    }
    table(item.as_table_like()?)
}

fn table(table: &Table<'_>) -> Option<String> {
    let members = table.iter().map(|(key, item)| Some((key.to_owned(), json(item)?)));
    members.collect::<Option<BTreeMap<_, _>>>().map(|members| object(&members))
}

fn list(items: &[String]) -> String {
    format!("[{}]", items.join(", "))
}

fn object(members: &BTreeMap<String, String>) -> String {
    let members = members.iter().map(|(key, value)| format!("{}: {value}", string(key)));
    format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
}

fn string(text: &str) -> String {
    let mut json = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            ' '..='~' => json.push(c),
            _ => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                let _ = write!(json, "\\u{unit:04x}");
            }),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_written_as_python_writes_them() {
        assert_eq!(string("a\"\\/\n\u{7f}\u{1}é\u{1f600}"), r#""a\"\\/\n\u007f\u0001\u00e9\ud83d\ude00""#);
    }
}
