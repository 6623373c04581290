//! Serves everything an output names as tiny wheels from an index on the loopback.
//!
//! A tiny wheel has the file name, the name and the version of the real one and requires what that requires, so pip
//! judges URLs, names, versions, extras and markers as they were printed. Its bytes are others, so each line's digests
//! are replaced by that of its tiny wheel; whether the real digests are right is judged elsewhere (`verify`,
//! `.ci/installers`).
//!
//! The requirements come from the catalogue, for wheels that it knows, else from the lock's own `[package.dependencies]`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::PackageName;
use toml_edit::{Item, TableLike};
use torchswap::catalog::{Catalogues, Index, Requires, WheelSource};
use torchswap::packaging::target::{Environment, Platform, Python};

use super::pythons::Interpreter;
use super::server::Server;

const PYTORCH: &str = "https://download.pytorch.org/whl";
const MAKER: &str = include_str!("tiny.py");

/// One package of an output.
#[derive(Debug, Clone)]
pub struct Pinned {
    pub name: PackageName,
    pub version: Version,
    /// Where its wheel is, if the line says so.
    pub url: Option<String>,
}

/// An output, and an index that serves tiny wheels for it.
pub struct World {
    /// The output with the digests of the tiny wheels.
    pub text: String,
    /// The index for everything that has no URL of its own.
    pub index: String,
}

/// The texts of the requirement lines, continuations included, with what stands between them.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.split_inclusive('\n') {
        match blocks.last_mut() {
            Some(last) if open => last.push_str(line),
            _ => blocks.push(line.to_owned()),
        }
        open = line.trim_end().ends_with('\\');
    }
    blocks
}

fn is_requirement(block: &str) -> bool {
    block.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// A requirement without its digests and comments, on one line.
fn head(block: &str) -> &str {
    let end =
        ["--hash", " #", "\\\n", "\\\r\n"].iter().filter_map(|stop| block.find(stop)).min().unwrap_or(block.len());
    block[..end].trim_end()
}

fn pinned(block: &str) -> Pinned {
    let head = head(block);
    let (what, _marker) = head.split_once(" ;").unwrap_or((head, ""));
    let name_end = what.find(['[', '=', ' ', '@']).unwrap_or(what.len());
    let name = PackageName::new(what[..name_end].to_owned()).unwrap();
    if let Some((_, url)) = what.split_once(" @ ") {
        let url = url.trim();
        let file = url.rsplit('/').next().unwrap_or_default().replace("%2B", "+");
        let version = file.split('-').nth(1).and_then(|text| Version::from_str(text).ok());
        let version = version.unwrap_or_else(|| panic!("{url} is no wheel"));
        return Pinned { name, version, url: Some(url.to_owned()) };
    }
    let (_, version) = what.split_once("==").unwrap_or_else(|| panic!("not pinned: {head}"));
    Pinned { name, version: Version::from_str(version.trim()).unwrap(), url: None }
}

/// All packages of an output.
pub fn packages(text: &str) -> Vec<Pinned> {
    blocks(text).iter().filter(|block| is_requirement(block)).map(|block| pinned(block)).collect()
}

/// An output without the lines of one package. There must have been one.
pub fn without(text: &str, name: &str) -> String {
    let all = blocks(text);
    let left: Vec<&String> =
        all.iter().filter(|block| !is_requirement(block) || pinned(block).name.as_ref() != name).collect();
    assert!(left.len() < all.len(), "there is no {name} in:\n{text}");
    left.into_iter().map(String::as_str).collect()
}

impl World {
    /// Serves an output under a path of its own.
    pub fn new(
        server: &Server,
        at: &str,
        output: &str,
        lock: Option<&str>,
        pythons: &[Python],
        interpreter: &Interpreter,
        folder: &Path,
    ) -> Self {
        let all = packages(output);
        let mut versions: BTreeMap<PackageName, Vec<Version>> = BTreeMap::new();
        for one in &all {
            versions.entry(one.name.clone()).or_default().push(one.version.clone());
        }
        let locked = lock.map(|text| locked_requirements(text, &versions)).unwrap_or_default();
        let mut files: BTreeMap<String, Pinned> = BTreeMap::new();
        for one in &all {
            files.insert(path_of(server, at, one), one.clone());
        }
        let mut wishes = String::new();
        for (path, one) in &files {
            let requires = requirements(server, at, one, pythons, &locked, lock.is_some());
            let file = folder.join(path.rsplit('/').next().unwrap_or_default());
            let request = serde_json::json!({
                "file": file, "name": one.name.to_string(), "version": one.version.to_string(), "requires": requires,
            });
            wishes.push_str(&format!("{request}\n"));
        }
        let mut maker = interpreter.command();
        let mut maker = maker.args(["-c", MAKER]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut pipe = maker.stdin.take().unwrap();
        // The maker answers little enough to fit into the pipe, so nothing waits for anything.
        pipe.write_all(wishes.as_bytes()).unwrap();
        drop(pipe);
        let answer = maker.wait_with_output().unwrap();
        assert!(answer.status.success());
        let digests = String::from_utf8(answer.stdout).unwrap();
        let mut digest_of: BTreeMap<&str, &str> = BTreeMap::new();
        let mut pages: BTreeMap<&PackageName, BTreeSet<String>> = BTreeMap::new();
        assert_eq!(digests.lines().count(), files.len());
        for ((path, one), digest) in files.iter().zip(digests.lines()) {
            let file = path.rsplit('/').next().unwrap_or_default();
            server.put(path, std::fs::read(folder.join(file)).unwrap());
            digest_of.insert(path, digest);
            if one.url.is_none() {
                let link = format!("<a href=\"{}#sha256={digest}\">{file}</a>\n", server.url(path));
                pages.entry(&one.name).or_default().insert(link);
            }
        }
        for (name, links) in pages {
            server.put(&format!("{at}/simple/{name}/"), links.into_iter().collect::<String>());
        }
        let translate = |block: &String| {
            if !is_requirement(block) {
                return block.clone();
            }
            let path = path_of(server, at, &pinned(block));
            format!("{} \\\n    --hash=sha256:{}\n", head(block), digest_of[path.as_str()])
        };
        let text = blocks(output).iter().map(translate).collect();
        Self { text, index: server.url(&format!("{at}/simple")) }
    }
}

/// The path on the server of a package's wheel.
fn path_of(server: &Server, at: &str, one: &Pinned) -> String {
    match &one.url {
        Some(url) => {
            let path = url.strip_prefix(&server.url("")).unwrap_or_else(|| panic!("{url} is not on the mirror"));
            path.replace("%2B", "+")
        }
        None => {
            let name = one.name.as_ref().replace('-', "_");
            format!("{at}/files/{name}-{}-py3-none-any.whl", one.version)
        }
    }
}

type Locked = BTreeMap<(PackageName, Version), Vec<String>>;

/// What the real wheel of a package requires.
fn requirements(
    server: &Server,
    at: &str,
    one: &Pinned,
    pythons: &[Python],
    locked: &Locked,
    must_know: bool,
) -> Vec<String> {
    let url = one.url.as_ref().map(|url| url.replace(&server.url(&format!("{at}/whl")), PYTORCH));
    let rows = Catalogues::NONE.wheels_of(&one.name, &one.version);
    let rows = rows.iter().filter(|row| match &url {
        Some(url) => row.url().as_ref() == Some(url),
        None => {
            let fits = |python: &Python| {
                row.wheel.fit(Environment { platform: Platform::LinuxX86_64, python: *python }).is_some()
            };
            row.index == Index::Pypi && pythons.iter().any(fits)
        }
    });
    let known = rows.map(|row| Catalogues::NONE.requires(row, Platform::LinuxX86_64)).find_map(|found| match found {
        Requires::Known { list, .. } => Some(list),
        Requires::Suspect { .. } | Requires::Unknown => None,
    });
    let from_lock = || locked.get(&(one.name.clone(), one.version.clone())).cloned();
    match known.or_else(from_lock) {
        Some(list) => list,
        None => {
            assert!(!must_know && url.is_none(), "nobody knows what {} {} requires", one.name, one.version);
            Vec::new()
        }
    }
}

/// `[package.dependencies]` of a `poetry.lock` as PEP 508 texts.
fn locked_requirements(lock: &str, versions: &BTreeMap<PackageName, Vec<Version>>) -> Locked {
    let document = toml_edit::Document::parse(lock).unwrap();
    let mut locked = Locked::new();
    for package in document.get("package").and_then(Item::as_array_of_tables).unwrap() {
        let text = |key: &str| package.get(key).and_then(Item::as_str).unwrap();
        let key = (PackageName::new(text("name").to_owned()).unwrap(), Version::from_str(text("version")).unwrap());
        let list = locked.entry(key).or_default();
        let Some(dependencies) = package.get("dependencies").and_then(Item::as_table_like) else { continue };
        let extras = package.get("extras").and_then(Item::as_table_like);
        for (name, item) in dependencies.iter() {
            let name = PackageName::new(name.to_owned()).unwrap();
            let chosen = versions.get(&name).map(Vec::as_slice).unwrap_or_default();
            let mut one = |table: &dyn TableLike| list.extend(from_table(&name, table, extras, chosen));
            if let Some(version) = item.as_str() {
                list.push(format!("{name}{}", specifiers(version, chosen)));
            } else if let Some(table) = item.as_table_like() {
                one(table);
            } else if let Some(array) = item.as_array() {
                array.iter().filter_map(|value| value.as_inline_table()).for_each(|table| one(table));
            } else if let Some(tables) = item.as_array_of_tables() {
                tables.iter().for_each(|table| one(table));
            }
        }
    }
    locked
}

fn from_table(
    name: &PackageName,
    table: &dyn TableLike,
    extras: Option<&dyn TableLike>,
    chosen: &[Version],
) -> Vec<String> {
    let mut head = name.to_string();
    if let Some(wanted) = table.get("extras").and_then(Item::as_array) {
        let wanted: Vec<&str> = wanted.iter().filter_map(|extra| extra.as_str()).collect();
        head.push_str(&format!("[{}]", wanted.join(",")));
    }
    head.push_str(&specifiers(table.get("version").and_then(Item::as_str).unwrap_or("*"), chosen));
    let marker = table.get("markers").and_then(Item::as_str).unwrap_or_default();
    let optional = table.get("optional").and_then(Item::as_bool).unwrap_or_default();
    if optional && !marker.contains("extra ==") {
        // Then only the table of extras tells which one asks for it.
        let Some(extras) = extras else { return Vec::new() };
        let names_it = |item: &Item| {
            let texts = item.as_array().into_iter().flatten().filter_map(|text| text.as_str());
            let mut names = texts
                .filter_map(|text| PackageName::new(text.split([' ', '[', '(', '>', '=']).next()?.to_owned()).ok());
            names.any(|other| other == *name)
        };
        let asking = extras.iter().filter(|(_, item)| names_it(item));
        return asking
            .map(|(extra, _)| match marker {
                "" => format!("{head}; extra == \"{extra}\""),
                _ => format!("{head}; ({marker}) and extra == \"{extra}\""),
            })
            .collect();
    }
    vec![if marker.is_empty() { head } else { format!("{head}; {marker}") }]
}

/// Poetry's constraint as PEP 440 has it. That knows no alternatives: the one that admits what was chosen is taken.
fn specifiers(text: &str, chosen: &[Version]) -> String {
    let arms: Vec<String> = text
        .split("||")
        .map(|arm| {
            let clauses = arm.split(',').map(str::trim).filter(|clause| *clause != "*").map(|clause| {
                assert!(!clause.starts_with('^') && !clause.starts_with("~ "), "no lock has been seen to say {text}");
                if clause.starts_with(|c: char| c.is_ascii_digit()) { format!("=={clause}") } else { clause.to_owned() }
            });
            clauses.collect::<Vec<_>>().join(",")
        })
        .collect();
    let admits = |arm: &&String| {
        arm.is_empty() || VersionSpecifiers::from_str(arm).is_ok_and(|all| chosen.iter().any(|one| all.contains(one)))
    };
    arms.iter().find(admits).or(arms.first()).cloned().unwrap_or_default()
}
