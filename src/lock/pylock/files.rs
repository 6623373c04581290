//! Files of a package in a `pylock.toml`: `wheels`, `sdist` and `archive`.

use crate::lock::toml::{Item, Table, Toml};
use crate::lock::{LockedDigest, origin, requirements};
use crate::packaging::address;
use crate::packaging::wheel::WheelName;
use crate::report::error::Result;
use crate::text::{self, Span, quoted};

/// A file that a lock names.
#[derive(Debug, Clone, Default)]
pub struct PylockFile {
    /// Its name.
    pub name: String,
    /// The parsed name, if it is a wheel's.
    pub wheel: Option<WheelName>,
    /// Its place.
    pub stored: Stored,
    /// Its size in bytes, where the lock says so.
    pub size: Option<u64>,
    /// Its digests, the best first; none where the tool that made the lock knew none.
    pub digests: Vec<LockedDigest>,
}

/// The place of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// At a URL.
    Url(String),
    /// On the disk, relative to the lock.
    Path(String),
}

impl Stored {
    /// The name that its place ends in.
    pub(in crate::lock) fn file_name(&self) -> String {
        match self {
            Self::Url(url) => address::file_name(url),
            Self::Path(path) => text::file_name(path).to_owned(),
        }
    }
}

impl Default for Stored {
    fn default() -> Self {
        Self::Path(String::new())
    }
}

impl PylockFile {
    /// Its URL, if it has one.
    pub fn url(&self) -> Option<&str> {
        match &self.stored {
            Stored::Url(url) => Some(url),
            Stored::Path(_) => None,
        }
    }

    /// The part of its URL before `packages/…`, if that has the layout of the default index's files.
    pub fn base_of_default_index(&self) -> Option<&str> {
        base(self.url()?)
    }

    /// The file as every format has it. One digest represents the file: whoever has several of a file has its sha256.
    pub(in crate::lock) fn locked(&self) -> Option<(Option<String>, LockedDigest)> {
        self.digests.first().map(|digest| (Some(self.name.clone()), digest.clone()))
    }
}

/// Reads `hashes`, `url` or `path`, `name` and `size` of a file.
pub(super) fn read(toml: &Toml<'_>, table: &Table<'_>, near: Span, what: &str) -> Result<PylockFile> {
    let text = |key: &str| -> Result<Option<(&Item<'_>, &str)>> {
        table.get(key).map(|item| Ok((item, toml.string(item, key)?))).transpose()
    };
    // Where both are given, installers take the path.
    let (path, url) = (text("path")?.filter(|(_, path)| !path.is_empty()), text("url")?);
    let stored = match (path, url.filter(|(_, url)| !url.is_empty())) {
        (Some((item, _)), _) => Stored::Path(origin::line(toml, item, "path")?.to_owned()),
        (None, Some((item, _))) => Stored::Url(origin::url(toml, item, "url")?.to_owned()),
        (None, None) => return Err(toml.wrong_at(near, format!("`{what}` has neither `url` nor `path`")).into()),
    };
    let name = match text("name")? {
        Some((item, name)) if !name.is_empty() => {
            if name.contains(['/', '\\']) || name.chars().any(char::is_control) {
                return Err(toml.wrong(item, format!("`{}` is not a file name", quoted(name))).into());
            }
            name.to_owned()
        }
        Some(_) | None => stored.file_name(),
    };
    let size = size(toml, table)?;
    if let Some(item) = table.get("upload-time")
        && !item.is_date()
    {
        return Err(toml.wrong(item, "`upload-time` should be a date and a time").into());
    }
    if let Some(item) = table.get("subdirectory") {
        origin::line(toml, item, "subdirectory")?;
    }
    let hashes = table.get("hashes").ok_or_else(|| toml.wrong_at(near, format!("`{what}` has no `hashes`")))?;
    let digests = digests(toml, hashes)?;
    Ok(PylockFile { name, wheel: None, stored, size, digests })
}

/// Reads a table of digests, the best first. It may be empty, though PEP 751 has it otherwise: tools write that for files of
/// an index that gives no digests, and it matters only where such a file is taken. One of a kind that is not known is no harm where another is known.
fn digests(toml: &Toml<'_>, item: &Item<'_>) -> Result<Vec<LockedDigest>> {
    let table = toml.table(item, "hashes")?;
    let mut digests = Vec::new();
    for (kind, item) in table.iter() {
        let hex = toml.string(item, kind)?;
        digests.push(match requirements::digest_of_kind(kind, hex) {
            Some(digest) => digest.map_err(|why| toml.wrong(item, why))?,
            None => LockedDigest::Weak(format!("{}:{}", quoted(kind), quoted(hex))),
        });
    }
    digests.sort();
    Ok(digests)
}

/// The part of a URL before `packages/ab/cd/<60 hexadecimal digits>/NAME`, its slash included.
pub(super) fn base(url: &str) -> Option<&str> {
    let mut rest = address::folder(url)?;
    for length in [60, 2, 2] {
        let (before, part) = rest.rsplit_once('/')?;
        if part.len() != length || !part.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        rest = before;
    }
    rest.strip_suffix("packages").filter(|base| base.ends_with('/'))
}

/// The size of a file in bytes, where its table says so.
pub(in crate::lock) fn size(toml: &Toml<'_>, table: &Table<'_>) -> Result<Option<u64>> {
    let Some(item) = table.get("size") else { return Ok(None) };
    match item.as_integer().map(u64::try_from) {
        Some(Ok(size)) => Ok(Some(size)),
        Some(Err(_)) | None => Err(toml.wrong(item, "`size` should be a number of bytes").into()),
    }
}
