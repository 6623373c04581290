//! The text of a `pylock.toml`: the keys in the order of PEP 751, one wheel a line.

use toml_edit::{Item, TableLike, Value};

use super::{Content, ContentFile, DraftPackage, PylockDraft};
use crate::packaging::target::Python;
use crate::write::toml::{key, string};

/// The file of a draft, all of whose files have URLs.
pub(super) fn of(draft: &PylockDraft) -> String {
    let mut text = draft.comments.clone();
    text.push_str("lock-version = \"1.0\"\nenvironments = [\n");
    for environment in &draft.environments {
        text.push_str(&format!("    {},\n", string(environment)));
    }
    let pythons: Vec<Python> = draft.pythons.iter().copied().collect();
    text.push_str(&format!("]\nrequires-python = {}\ncreated-by = \"torchswap\"\n", string(&requires(&pythons))));
    for one in &draft.packages {
        text.push('\n');
        text.push_str(&package(one));
    }
    text
}

/// The Pythons as `requires-python` has them; one that is not served is ruled out.
fn requires(pythons: &[Python]) -> String {
    let (Some(first), Some(last)) = (pythons.first(), pythons.last()) else { return String::new() };
    if first == last {
        return format!("=={first}.*");
    }
    let gaps = (first.minor()..last.minor()).map(Python::three).filter(|python| !pythons.contains(python));
    let gaps: String = gaps.map(|python| format!(",!={python}.*")).collect();
    format!(">={first},<{}{gaps}", Python::three(last.minor() + 1))
}

fn package(package: &DraftPackage) -> String {
    let mut text = format!("[[packages]]\nname = {}\n", string(package.name.as_ref()));
    if let Some(version) = &package.version {
        text.push_str(&format!("version = {}\n", string(&version.to_string())));
    }
    if let Some(marker) = &package.marker {
        text.push_str(&format!("marker = {}\n", string(marker)));
    }
    match &package.content {
        Content::Carried { lines, .. } => text.push_str(lines),
        Content::Archive(one) => text.push_str(&format!("archive = {{ {} }}\n", place(one))),
        Content::Release { index, files } => {
            if let Some(index) = index {
                text.push_str(&format!("index = {}\n", string(index)));
            }
            let is = |file: &&ContentFile, kind: fn(&str) -> bool| file.name.as_deref().is_some_and(kind);
            if let Some(sdist) = files.iter().find(|file| is(file, is_sdist)) {
                text.push_str(&format!("sdist = {}\n", named(sdist)));
            }
            let wheels: Vec<String> =
                files.iter().filter(|file| is(file, is_wheel)).map(|file| format!("    {},\n", named(file))).collect();
            if !wheels.is_empty() {
                text.push_str(&format!("wheels = [\n{}]\n", wheels.concat()));
            }
        }
    }
    text
}

fn named(file: &ContentFile) -> String {
    format!("{{ name = {}, {} }}", string(file.name.as_deref().unwrap_or_default()), place(file))
}

fn place(file: &ContentFile) -> String {
    let (key, url, size) = match &file.at {
        Some(at) => (if at.is_path { "path" } else { "url" }, at.url.as_str(), at.size),
        None => ("url", "", None),
    };
    let size = size.map(|size| format!("size = {size}, ")).unwrap_or_default();
    format!("{key} = {}, {size}hashes = {{ sha256 = {} }}", string(url), string(&file.sha256.to_string()))
}

/// A value on one line; `spread`: a list has a line for each of its values.
pub(super) fn value(item: &Item, spread: bool) -> String {
    match item {
        Item::None => String::new(),
        Item::Value(one) => plain(one, spread),
        Item::Table(one) => table(one),
        Item::ArrayOfTables(tables) => list(tables.iter().map(|one| table(one)), spread),
    }
}

fn plain(one: &Value, spread: bool) -> String {
    match one {
        Value::String(text) => string(text.value()),
        Value::Integer(number) => number.value().to_string(),
        Value::Float(number) => format!("{:?}", number.value()).to_ascii_lowercase(),
        Value::Boolean(yes) => yes.value().to_string(),
        Value::Datetime(time) => time.value().to_string(),
        Value::Array(values) => list(values.iter().map(|one| plain(one, false)), spread),
        Value::InlineTable(one) => table(one),
    }
}

fn list(values: impl Iterator<Item = String>, spread: bool) -> String {
    if spread {
        return format!("[\n{}]", values.map(|one| format!("    {one},\n")).collect::<String>());
    }
    format!("[{}]", values.collect::<Vec<_>>().join(", "))
}

fn table(one: &dyn TableLike) -> String {
    let pairs: Vec<String> = one.iter().map(|(name, item)| format!("{} = {}", key(name), value(item, false))).collect();
    if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) }
}

pub(super) fn is_wheel(name: &str) -> bool {
    name.ends_with(".whl")
}

/// True for the archives that PEP 625 and its forerunners call source distributions.
pub(super) fn is_sdist(name: &str) -> bool {
    name.ends_with(".tar.gz") || name.ends_with(".zip")
}
