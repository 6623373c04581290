//! The source of a package of a `uv.lock`: `source = { registry = "…" }` and its like.

use pep508_rs::PackageName;

use crate::lock::toml::{Item, Toml};
use crate::lock::{Origin, origin};
use crate::report::error::Result;
use crate::text::quoted;

/// The source of a package, which distinguishes it from its namesakes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UvSource {
    pub(super) kind: UvSourceKind,
    /// Its address or path.
    pub(super) place: String,
    /// The folder in a repository or an archive.
    folder: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UvSourceKind {
    Registry,
    Url,
    Git,
    Path,
    Directory,
    Editable,
    Virtual,
}

const SOURCE_KINDS: [(&str, UvSourceKind); 7] = [
    ("registry", UvSourceKind::Registry),
    ("url", UvSourceKind::Url),
    ("git", UvSourceKind::Git),
    ("path", UvSourceKind::Path),
    ("directory", UvSourceKind::Directory),
    ("editable", UvSourceKind::Editable),
    ("virtual", UvSourceKind::Virtual),
];

impl UvSource {
    /// Reads the source of a package of that name.
    pub(super) fn read(toml: &Toml<'_>, item: &Item<'_>, name: &PackageName) -> Result<Self> {
        let table = toml.table(item, "source")?;
        let named = SOURCE_KINDS.into_iter().filter_map(|(key, kind)| Some((key, kind, table.get(key)?)));
        let [(key, kind, place)] = named.collect::<Vec<_>>()[..] else {
            let known = SOURCE_KINDS.map(|(key, _)| key).join(", ");
            return Err(toml.wrong(item, format!("a `source` has one of {known}")).into());
        };
        let place = match kind {
            UvSourceKind::Registry if !toml.string(place, key)?.contains("://") => {
                let message = format!("`{name}` is from a folder of wheels, which is not read");
                let help =
                    format!("name its file in [tool.uv.sources], {name} = {{ path = \"…\" }}, and lock it: uv lock");
                return Err(toml.unsupported(place, message).help(help).into());
            }
            UvSourceKind::Registry | UvSourceKind::Url => origin::url(toml, place, key)?,
            UvSourceKind::Git
            | UvSourceKind::Path
            | UvSourceKind::Directory
            | UvSourceKind::Editable
            | UvSourceKind::Virtual => origin::line(toml, place, key)?,
        };
        let folder = table.get("subdirectory").map(|item| origin::line(toml, item, "subdirectory")).transpose()?;
        Ok(Self { kind, place: place.to_owned(), folder: folder.map(str::to_owned) })
    }

    /// The origin of a package that is not from an index; `None`: it is.
    pub(super) fn direct(&self, toml: &Toml<'_>, item: &Item<'_>) -> Result<Option<Origin>> {
        let place = self.place.clone();
        let folder = |path: &str| format!("#subdirectory={path}");
        Ok(Some(match self.kind {
            UvSourceKind::Registry => return Ok(None),
            UvSourceKind::Url => {
                let plain = place.split('#').next().unwrap_or_default();
                Origin::Url(format!("{plain}{}", self.folder.as_deref().map(folder).unwrap_or_default()))
            }
            UvSourceKind::Git => Origin::Git(repository(&place).ok_or_else(|| {
                let message = format!("`{}` does not say which commit of the repository it is", quoted(&place));
                toml.wrong(item, message)
            })?),
            UvSourceKind::Path => Origin::File(place),
            UvSourceKind::Directory | UvSourceKind::Editable | UvSourceKind::Virtual => Origin::Directory(place),
        }))
    }
}

/// `https://host/path?subdirectory=x&rev=y#commit` as pip wants it.
fn repository(place: &str) -> Option<String> {
    let (address, commit) = place.split_once('#')?;
    let is_commit = commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    let (address, query) = address.split_once('?').unwrap_or((address, ""));
    let folder = query.split('&').find_map(|pair| pair.strip_prefix("subdirectory="));
    let folder = folder.map(|path| format!("#subdirectory={path}")).unwrap_or_default();
    is_commit.then(|| format!("git+{address}@{commit}{folder}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_written_as_pip_wants_it() {
        let commit = "0".repeat(40);
        for (place, expected) in [
            (format!("https://git.example/a.git#{commit}"), format!("git+https://git.example/a.git@{commit}")),
            (
                format!("https://git.example/a?subdirectory=sub%2Fb&rev=v1#{commit}"),
                format!("git+https://git.example/a@{commit}#subdirectory=sub%2Fb"),
            ),
        ] {
            assert_eq!(repository(&place), Some(expected));
        }
        for place in ["https://git.example/a", "https://git.example/a#main", "https://git.example/a?rev=1#"] {
            assert_eq!(repository(place), None);
        }
    }
}
