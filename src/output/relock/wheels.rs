//! Wheels as a `pylock.toml` has them: where each lies, and how the lock at hand writes them.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::path_on_default_index;
use crate::digest::Sha256;
use crate::error::{Code, Problem};
use crate::lock::LockedDigest;
use crate::lock::pylock::{Block, Part, Pylock};
use crate::text::Source;

/// One wheel of an entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wheel {
    pub(super) file: String,
    pub(super) url: String,
    pub(super) sha256: Sha256,
}

/// A string as TOML has it. The texts here hold no control characters.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Where the files of the default index lie, as the lock itself tells.
///
/// A `pylock.toml` must name the URL of each wheel. The default index keeps a file under a path that the catalogue knows;
/// on which host, the lock's own entries tell.
pub(super) struct Located<'a> {
    /// URLs that the lock has, by digest.
    known: BTreeMap<Sha256, &'a str>,
    /// What stands before the path. `None`: no entry tells, or they do not agree.
    base: Option<&'a str>,
    /// The address of the default index, if the lock names it.
    pub(super) index: Option<&'a str>,
}

impl<'a> Located<'a> {
    pub(super) fn of(pylock: &'a Pylock) -> Self {
        let mut known = BTreeMap::new();
        let (mut proven, mut alike): (BTreeSet<&str>, BTreeSet<&str>) = (BTreeSet::new(), BTreeSet::new());
        let mut index = BTreeMap::new();
        for package in &pylock.packages {
            for file in package.kind.files() {
                let Some(url) = file.url() else { continue };
                let sha256 = file.digests.iter().find_map(|digest| match digest {
                    LockedDigest::Sha256(digest) => Some(*digest),
                    LockedDigest::Strong(_) | LockedDigest::Weak(_) => None,
                });
                if let Some(sha256) = sha256 {
                    known.insert(sha256, url);
                }
                let Some(base) = file.base_of_default_index() else { continue };
                alike.insert(base);
                index.entry(base).or_insert(package.index.as_deref());
                let path = sha256.and_then(|sha256| path_on_default_index(&sha256));
                if path.is_some_and(|path| url.strip_prefix(base).is_some_and(|rest| rest.starts_with(&path))) {
                    proven.insert(base);
                }
            }
        }
        let only = |all: &BTreeSet<&'a str>| all.first().copied().filter(|_| all.len() == 1);
        // A file of the catalogue proves a host; without one, the layout that only this index has must do.
        let base = if proven.is_empty() { only(&alike) } else { only(&proven) };
        let index = base.and_then(|base| index.get(base).copied().flatten());
        Self { known, base, index }
    }

    /// The URL of a wheel on the default index.
    pub(super) fn url(&self, file: &str, sha256: &Sha256) -> Result<String, Problem> {
        if let Some(url) = self.known.get(sha256) {
            return Ok((*url).to_owned());
        }
        match (self.base, path_on_default_index(sha256)) {
            (Some(base), Some(path)) => Ok(format!("{base}{path}/{}", file.replace('+', "%2B"))),
            (None, _) => {
                let message =
                    format!("a pylock.toml must say where {file} lies, and no entry of this one comes from there");
                let help = "export a requirements file instead, which needs no address for it";
                Err(Problem::new(Code::NotKnown, message).help(help))
            }
            (Some(_), None) => {
                let message = format!("a pylock.toml must say where {file} lies, and no catalogue knows");
                let help = "export a requirements file instead, which needs no address for it";
                Err(Problem::new(Code::NotKnown, message).help(help))
            }
        }
    }
}

/// How a lock writes its wheels.
pub(super) struct Shape {
    /// A blank inside of braces.
    pad: &'static str,
    /// The name beside the URL.
    named: bool,
}

impl Shape {
    pub(super) fn of(source: &Source, like: &Block) -> Self {
        match &like.wheels {
            Some(Part::Key { value, .. }) => {
                let text = source.slice(*value);
                Self { pad: if text.contains("{ ") { " " } else { "" }, named: text.contains("name =") }
            }
            Some(Part::Headers(_)) | None => Self { pad: "", named: true },
        }
    }

    /// As the value of a key: `[{…}]` for one, else a line for each.
    pub(super) fn array(&self, wheels: &BTreeSet<Wheel>) -> String {
        let pad = self.pad;
        let each = wheels.iter().map(|wheel| {
            let name = if self.named { format!("name = {}, ", quoted(&wheel.file)) } else { String::new() };
            let (url, sha256) = (quoted(&wheel.url), wheel.sha256);
            format!("{{{pad}{name}url = {url}, hashes = {{{pad}sha256 = \"{sha256}\"{pad}}}{pad}}}")
        });
        let each: Vec<String> = each.collect();
        match each.as_slice() {
            [one] if !self.named => format!("[{one}]"),
            several => format!("[\n{}]", several.iter().map(|one| format!("    {one},\n")).collect::<String>()),
        }
    }

    /// Under a header each, a blank line behind each.
    pub(super) fn headers(&self, wheels: &BTreeSet<Wheel>) -> String {
        let each = wheels.iter().map(|wheel| {
            let (name, url, sha256) = (quoted(&wheel.file), quoted(&wheel.url), wheel.sha256);
            format!(
                "[[packages.wheels]]\nname = {name}\nurl = {url}\n\n[packages.wheels.hashes]\nsha256 = \"{sha256}\"\n\n"
            )
        });
        each.collect()
    }
}
