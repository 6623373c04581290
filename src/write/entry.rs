//! One `[[package]]` as Poetry writes it: changed in place, restricted by markers, or new.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::Version;
use pep508_rs::{ExtraName, PackageName};

use super::guards::Guards;
use super::toml::string;
use crate::catalog::pin::Pin;
use crate::lock::poetry::{PoetryBlock, PoetryLock};
use crate::packaging::constraint::Constraint;
use crate::packaging::marker::Extras;
use crate::plan::{Replacement, WheelRequirement};
use crate::text::{Patch, Source, Span};

/// A package that the lock does not have yet.
pub(super) struct NewEntry<'a> {
    pub(super) replacement: &'a Replacement,
    /// The environments in which it is wanted.
    pub(super) guards: Guards,
    /// It is installed for an extra only.
    pub(super) is_optional: bool,
}

/// The entry as what takes its place, where the guards say. `stubs`: the folder of stubs, as the lock names it.
pub(super) fn changed(
    source: &Source,
    block: &PoetryBlock,
    replacement: &Replacement,
    is_renamed: bool,
    guards: &Guards,
    stubs: &str,
) -> String {
    let Replacement { name, pin, requires } = replacement;
    let mut head = Patch::default();
    let inside = |span: Span| Span { start: span.start - block.head.start, end: span.end - block.head.start };
    if is_renamed {
        head.replace(inside(block.name), string(name.as_ref()));
    }
    head.replace(inside(block.version), string(&pin.version().to_string()));
    if let Some(files_at) = block.files {
        head.replace(inside(files_at), files(pin));
    }
    guards.put(source, block, inside, &mut head);
    let mut text = apply(&head, source.slice(block.head));
    let [old, old_extras] = [block.dependencies, block.extras].map(|span| span.map_or("", |span| source.slice(span)));
    match requires {
        // A stub has nothing of the wheel's own.
        Some(requires) if pin.stub().is_some() => text.push_str(&dependencies(requires, "")),
        // Extras of another release bring in something else, and under the same names: `cuda-toolkit[cublas]`.
        Some(requires) if !is_of(source.slice(block.version), pin.version()) => {
            text.push_str(&dependencies(requires, ""));
            text.push_str(&extras(requires));
        }
        Some(requires) => text.extend([dependencies(requires, old).as_str(), old_extras]),
        None => text.extend([old, old_extras]),
    }
    text.push_str(&of_source(pin, stubs));
    in_style(source, &text)
}

/// True if a quoted version is of a release, whatever the builds.
fn is_of(written: &str, release: &Version) -> bool {
    let written = written.trim_matches('"').parse::<Version>();
    written.is_ok_and(|version| version.without_local() == release.clone().without_local())
}

/// The entry as it is, where the guards say.
pub(super) fn kept(source: &Source, block: &PoetryBlock, guards: &Guards) -> String {
    let mut patch = Patch::default();
    let inside = |span: Span| Span { start: span.start - block.span.start, end: span.end - block.span.start };
    guards.put(source, block, inside, &mut patch);
    in_style(source, &apply(&patch, source.slice(block.span)))
}

/// A requirement of an entry that the lock did not have.
#[derive(Debug, Clone, Default)]
pub(super) struct NewNeed {
    pub(super) extras: Extras,
    /// The marker; `None`: everywhere.
    pub(super) marker: Option<String>,
    /// Nobody asks for the entry with extras, so what only an extra needs is not found by that.
    pub(super) without_extra: bool,
}

/// Notes needs that the lock did not know of: by its `[package.dependencies]` Poetry finds what to install.
pub(super) fn also_needs(source: &Source, block: &PoetryBlock, needs: &BTreeMap<String, NewNeed>, patch: &mut Patch) {
    let table = block.dependencies;
    let old = table.map(|span| source.slice(span)).unwrap_or_default();
    let lines: Vec<&str> = old.split_inclusive('\n').collect();
    let mut new: BTreeMap<usize, String> = BTreeMap::new();
    for (name, NewNeed { extras, marker, without_extra }) in needs {
        let extras = named_extras(extras);
        let markers = marker.as_deref().map(|marker| format!("markers = {}", string(marker)));
        let more: String = extras.into_iter().chain(markers).map(|key| format!(", {key}")).collect();
        let line = match more.as_str() {
            "" => format!("{name} = \"*\"\n"),
            more => format!("{name} = {{version = \"*\"{more}}}\n"),
        };
        if let Some(known) = lines.iter().position(|line| key(line).as_ref() == Some(name)) {
            // Only an extra asked for it so far.
            if let Some(span) = table.filter(|_| *without_extra && lines[known].contains("optional = true")) {
                let span = Span { start: offset(span, &lines, known), end: offset(span, &lines, known + 1) };
                patch.replace(span, in_style(source, &line));
            }
            continue;
        }
        new.entry(place(&lines, name)).or_default().push_str(&line);
    }
    match table {
        Some(span) => {
            for (line, text) in new {
                patch.insert(offset(span, &lines, line), in_style(source, &text));
            }
        }
        None => {
            let text: String = new.into_values().collect();
            if !text.is_empty() {
                patch.insert(block.head.end, in_style(source, &format!("[package.dependencies]\n{text}\n")));
            }
        }
    }
}

/// The index of the line before which Poetry would write a package.
pub(super) fn place(lines: &[&str], name: &str) -> usize {
    let before = lines.iter().position(|line| key(line).is_some_and(|key| key.as_str() > name));
    before.unwrap_or_else(|| lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1))
}

/// The start of a line of a table, given by its index.
pub(super) fn offset(table: Span, lines: &[&str], line: usize) -> usize {
    table.start + lines[..line].iter().map(|line| line.len()).sum::<usize>()
}

/// Takes out of an entry that stays what it needed and nothing needs any more.
pub(super) fn needs_no_more(source: &Source, block: &PoetryBlock, gone: &BTreeSet<String>, patch: &mut Patch) {
    let Some(table) = block.dependencies else { return };
    let (mut at, mut goes, mut stays) = (table.start, false, 0);
    let mut edits = Vec::new();
    for line in source.slice(table).split_inclusive('\n') {
        match key(line) {
            Some(name) => {
                goes = gone.contains(&name);
                stays += usize::from(!goes);
            }
            // Alternatives are on lines of their own below the name.
            None => goes &= !line.trim().is_empty() && !line.starts_with('['),
        }
        let span = Span { start: at, end: at + line.len() };
        edits.extend(goes.then_some(span));
        at = span.end;
    }
    if stays == 0 && !edits.is_empty() {
        edits = vec![table];
    }
    edits.into_iter().for_each(|span| patch.replace(span, ""));
}

/// The package that a line of `[package.dependencies]` begins with.
pub(super) fn key(line: &str) -> Option<String> {
    let (name, _) = line.split_once(" = ").filter(|(name, _)| !name.starts_with([' ', '#', '{']))?;
    name.trim_matches('"').parse::<PackageName>().ok().map(|name| name.to_string())
}

/// A new entry, like the one of a package for which it comes along.
pub(super) fn new(lock: &PoetryLock, like: &PoetryBlock, entry: &NewEntry<'_>) -> String {
    // Poetry 1.3 and 1.4 wrote a category, later ones do not.
    let mut lines = lock.source.slice(like.head).lines();
    let category = lines.find(|line| line.starts_with("category = ")).map(|line| format!("{line}\n"));
    let Replacement { name, pin, requires } = entry.replacement;
    let requires = requires.as_deref().unwrap_or_default();
    let mut text = format!(
        "[[package]]\nname = {}\nversion = {}\ndescription = \"\"\n{}optional = {}\npython-versions = \"*\"\n",
        string(name.as_ref()),
        string(&pin.version().to_string()),
        category.unwrap_or_default(),
        entry.is_optional,
    );
    if !entry.guards.is_empty() {
        text.push_str(&format!("groups = {}\n", entry.guards.groups()));
    }
    let markers = entry.guards.markers().map(|marker| format!("markers = {marker}\n")).unwrap_or_default();
    // A table follows the list, as Poetry has it.
    let (before, behind) = if markers.starts_with("markers = {") { ("", &*markers) } else { (&*markers, "") };
    text.push_str(&format!("{before}files = {}\n{behind}\n", files(pin)));
    text.push_str(&dependencies(requires, ""));
    text.push_str(&extras(requires));
    text.push_str(&of_source(pin, ""));
    in_style(&lock.source, &text)
}

/// `[package.source]` of what is not on the default index.
fn of_source(pin: &Pin, stubs: &str) -> String {
    let (kind, url) = match pin {
        Pin::Url { url, .. } => ("url", url.clone()),
        Pin::Stub(stub) => ("file", format!("{}/{}", stubs.strip_prefix("./").unwrap_or(stubs), stub.file)),
        Pin::Index { .. } => return String::new(),
    };
    format!("[package.source]\ntype = \"{kind}\"\nurl = {}\n\n", string(&url))
}

/// A patch made of spans of this very text cannot fail; if it did, the text would stay as it was.
fn apply(patch: &Patch, text: &str) -> String {
    patch.apply(text).unwrap_or_else(|_| text.to_owned())
}

/// Gives a text the line ends of the lock.
pub(super) fn in_style(source: &Source, text: &str) -> String {
    let plain = text.replace("\r\n", "\n");
    if source.line_end() == "\n" { plain } else { plain.replace('\n', "\r\n") }
}

fn files(pin: &Pin) -> String {
    let mut files: Vec<(String, String)> = match pin {
        Pin::Url { file, sha256, .. } => vec![(file.clone(), sha256.to_string())],
        Pin::Index { files, .. } => files.iter().map(|(name, digest)| (name.to_owned(), digest.to_string())).collect(),
        Pin::Stub(stub) => vec![(stub.file.clone(), stub.sha256.to_string())],
    };
    files.sort();
    let lines =
        files.iter().map(|(name, digest)| format!("    {{file = {}, hash = \"sha256:{digest}\"}},\n", string(name)));
    format!("[\n{}]", lines.collect::<String>())
}

/// `[package.dependencies]` of a wheel. What an extra brings in stays as the lock has it, for the lists of the catalogue
/// may leave that out.
fn dependencies(requires: &[WheelRequirement], old: &str) -> String {
    let mut lines: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for required in requires {
        let optional = required.written.as_deref().is_some_and(|marker| marker.contains("extra"));
        if optional && !old.is_empty() {
            continue;
        }
        lines.entry(required.name.to_string()).or_default().push(dependency(required, optional));
    }
    let kept = old.lines().filter(|line| line.contains("optional = true"));
    let mut text: BTreeMap<String, String> = kept.filter_map(|line| Some((key(line)?, format!("{line}\n")))).collect();
    for (name, values) in lines {
        let line = match values.as_slice() {
            [one] => format!("{name} = {one}\n"),
            several => {
                let several = several.iter().map(|one| {
                    let one = if one.starts_with('{') { one.clone() } else { format!("{{version = {one}}}") };
                    format!("    {one},\n")
                });
                format!("{name} = [\n{}]\n", several.collect::<String>())
            }
        };
        text.insert(name, line);
    }
    if text.is_empty() {
        return String::new();
    }
    format!("[package.dependencies]\n{}\n", text.into_values().collect::<String>())
}

/// The key that names extras, if there are any.
fn named_extras<'a>(extras: impl IntoIterator<Item = &'a ExtraName>) -> Option<String> {
    let names: Vec<String> = extras.into_iter().map(|extra| string(extra.as_ref())).collect();
    (!names.is_empty()).then(|| format!("extras = [{}]", names.join(", ")))
}

fn dependency(required: &WheelRequirement, optional: bool) -> String {
    let version = string(&poetry(&required.versions));
    let mut keys = vec![format!("version = {version}")];
    keys.extend(named_extras(&required.extras));
    if optional {
        keys.push("optional = true".to_owned());
    }
    keys.extend(required.written.as_deref().map(|marker| format!("markers = {}", string(marker))));
    if keys.len() == 1 { version } else { format!("{{{}}}", keys.join(", ")) }
}

/// A constraint as Poetry writes it: a bare version for an exact one.
fn poetry(versions: &Constraint) -> String {
    match versions.exact() {
        Some(version) => version.to_string(),
        None => versions.to_string(),
    }
}

/// `[package.extras]` of a new entry: what its own list says of extras.
fn extras(requires: &[WheelRequirement]) -> String {
    let mut extras: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for required in requires {
        let marker = required.written.as_deref().unwrap_or_default();
        for (at, _) in marker.match_indices("extra") {
            let rest = marker[at + "extra".len()..].trim_start().trim_start_matches("==").trim_start();
            let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
            let name = rest[1..].split(quote).next().unwrap_or_default();
            let text = match required.versions.is_any() {
                true => required.name.to_string(),
                false => format!("{} ({})", required.name, required.versions),
            };
            extras.entry(name.to_owned()).or_default().push(text);
        }
    }
    if extras.is_empty() {
        return String::new();
    }
    let lines = extras.iter().map(|(name, list)| {
        let list = list.iter().map(|one| string(one)).collect::<Vec<_>>().join(", ");
        format!("{name} = [{list}]\n")
    });
    format!("[package.extras]\n{}\n", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMPY: &str =
        "numpy = [\n    {version = \">=1\", markers = \"python_version < '3.9'\"},\n    {version = \"*\"},\n]\n";

    /// An entry's `[package.dependencies]` after an edit; before it the table has these lines.
    fn edited(lines: &str, edit: impl Fn(&Source, &PoetryBlock, &mut Patch)) -> String {
        let head = "[[package]]\nname = \"torch\"\nversion = \"2.0.1\"\noptional = false\npython-versions = \"*\"\nfiles = []\n\n";
        let table = if lines.is_empty() { String::new() } else { format!("[package.dependencies]\n{lines}\n") };
        let tail = "[metadata]\nlock-version = \"2.0\"\npython-versions = \"*\"\ncontent-hash = \"00\"\n";
        let lock = PoetryLock::parse("poetry.lock", format!("{head}{table}{tail}"), None).unwrap();
        let mut patch = Patch::default();
        edit(&lock.source, &lock.layout().unwrap()[0], &mut patch);
        let text = patch.apply(&lock.source.text).unwrap();
        text.strip_prefix(head).and_then(|text| text.strip_suffix(tail)).unwrap().to_owned()
    }

    fn with_needs(lines: &str, needs: &[(&str, Option<&str>)]) -> String {
        let need = |marker: Option<&str>| NewNeed { marker: marker.map(str::to_owned), ..NewNeed::default() };
        let needs = needs.iter().map(|(name, marker)| ((*name).to_owned(), need(*marker))).collect();
        edited(lines, |source, block, patch| also_needs(source, block, &needs, patch))
    }

    fn without(lines: &str, gone: &[&str]) -> String {
        let gone = gone.iter().map(|name| (*name).to_owned()).collect();
        edited(lines, |source, block, patch| needs_no_more(source, block, &gone, patch))
    }

    #[test]
    fn a_new_need_stands_where_poetry_sorts_it() {
        let lines = format!("filelock = \"*\"\n{NUMPY}sympy = \"*\"\n");
        let found = with_needs(&lines, &[("filelock", None), ("jinja2", None), ("zstd", Some("os_name == 'nt'"))]);
        let zstd = "zstd = {version = \"*\", markers = \"os_name == 'nt'\"}\n";
        let expected = format!("filelock = \"*\"\njinja2 = \"*\"\n{NUMPY}sympy = \"*\"\n{zstd}");
        assert_eq!(found, format!("[package.dependencies]\n{expected}\n"));
        assert_eq!(with_needs("", &[("jinja2", None)]), "[package.dependencies]\njinja2 = \"*\"\n\n");
        assert_eq!(with_needs("", &[]), "");
    }

    #[test]
    fn what_goes_takes_its_alternatives_along_and_nothing_else() {
        let lines = format!("filelock = \"*\"\n{NUMPY}triton = \"2.0.0\"\n");
        let table = |lines: &str| format!("[package.dependencies]\n{lines}\n");
        assert_eq!(without(&lines, &["numpy"]), table("filelock = \"*\"\ntriton = \"2.0.0\"\n"));
        assert_eq!(without(&lines, &["triton"]), table(&format!("filelock = \"*\"\n{NUMPY}")));
        assert_eq!(without(&lines, &["lit"]), table(&lines));
        // A table of which nothing stays is removed whole.
        assert_eq!(without(&lines, &["filelock", "numpy", "triton"]), "");
        assert_eq!(without("", &["numpy"]), "");
    }
}
