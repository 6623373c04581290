//! Wheels as the `pylock.toml` at hand writes them.

use std::collections::BTreeSet;

use crate::lock::pylock::{Part, PylockBlock};
use crate::packaging::digest::Sha256;
use crate::text::Source;
use crate::write::toml::string;

/// One wheel of an entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wheel {
    pub(super) file: String,
    pub(super) url: String,
    /// True if that is a path beside the lock.
    pub(super) is_path: bool,
    pub(super) sha256: Sha256,
}

impl Wheel {
    fn key(&self) -> &'static str {
        if self.is_path { "path" } else { "url" }
    }
}

/// The form in which a lock writes its wheels.
pub(super) struct WheelStyle {
    /// A blank inside of braces.
    pad: &'static str,
    /// The name beside the URL.
    named: bool,
}

impl WheelStyle {
    pub(super) fn of(source: &Source, like: &PylockBlock) -> Self {
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
            let name = if self.named { format!("name = {}, ", string(&wheel.file)) } else { String::new() };
            let (key, url, sha256) = (wheel.key(), string(&wheel.url), wheel.sha256);
            format!("{{{pad}{name}{key} = {url}, hashes = {{{pad}sha256 = \"{sha256}\"{pad}}}{pad}}}")
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
            let (name, key, url, sha256) = (string(&wheel.file), wheel.key(), string(&wheel.url), wheel.sha256);
            format!(
                "[[packages.wheels]]\nname = {name}\n{key} = {url}\n\n[packages.wheels.hashes]\nsha256 = \"{sha256}\"\n\n"
            )
        });
        each.collect()
    }
}
