//! What a verification learned, as rows for a project's catalogue.

use std::collections::BTreeMap;

use crate::archive::Contents;
use crate::catalog::{Built, Index, Requires, RequiresRow, WheelRow, WheelSource};
use crate::digest::Sha256;
use crate::target::{Backend, Platform, Python};
use crate::wheel::WheelName;

use super::pins::{From, Pinned};

/// What marks a digest that was computed here, from the bytes.
const COMPUTED: &str = "computed";

/// A wheel that was hashed, and opened if it could be.
#[derive(Debug, Clone)]
pub struct Learned {
    /// Its name.
    pub wheel: WheelName,
    /// Where it is served.
    pub index: Index,
    /// The digest of its bytes.
    pub sha256: Sha256,
    /// Their number.
    pub size: u64,
    /// What it says of itself.
    pub contents: Option<Contents>,
}

/// Where a pinned file is served, as a catalogue names it; `None` if no catalogue can.
pub fn index(pinned: &Pinned) -> Option<Index> {
    match &pinned.from {
        From::Url(url) => {
            let folder = url.split(['?', '#']).next()?.rsplit_once('/')?.0;
            folder.parse().ok().filter(|index| matches!(index, Index::Url(_)))
        }
        From::Index(None) => Some(Index::Pypi),
        From::Index(Some(_)) => None,
    }
}

/// The rows that say what no catalogue says yet.
pub fn rows(all: &[Learned], source: &impl WheelSource) -> (Vec<WheelRow>, Vec<RequiresRow>) {
    let mut wheels = Vec::new();
    let mut lists: BTreeMap<String, RequiresRow> = BTreeMap::new();
    for one in all {
        let row = row(one);
        let known = source.wheels_of(&one.wheel.name, &one.wheel.version);
        let known = known.iter().find(|known| known.index == row.index && known.wheel == row.wheel);
        if known.is_none_or(|known| known.size.is_none()) {
            wheels.push(row.clone());
        }
        let Some(contents) = &one.contents else { continue };
        let unknown = |platform: &Platform| matches!(source.requires(&row, *platform), Requires::Unknown);
        for platform in platforms(&one.wheel).into_iter().filter(unknown) {
            let list = list(one, contents, platform);
            lists.insert(list.to_string(), list);
        }
    }
    (wheels, lists.into_values().collect())
}

fn row(one: &Learned) -> WheelRow {
    WheelRow {
        built: built(&one.wheel, &one.index),
        wheel: one.wheel.clone(),
        index: one.index.clone(),
        sha256: one.sha256,
        size: Some(one.size),
        seen: 0,
        requires_python: one.contents.as_ref().and_then(|contents| contents.metadata.requires_python.clone()),
        yanked: false,
        constructed: false,
        evidence: COMPUTED.into(),
        overrides: None,
        catalogue: "".into(),
    }
}

/// What a wheel was built for: its label says so, or the folder that it lies in.
fn built(wheel: &WheelName, index: &Index) -> Built {
    let label = wheel.version.local().iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
    let folder = index.as_str().rsplit('/').next().unwrap_or_default();
    let backend = |text: &str| text.parse::<Backend>().ok().map(Built::For);
    let by_folder = || if label.is_empty() { backend(folder) } else { None };
    backend(&label).or_else(by_folder).unwrap_or(Built::Unknown)
}

/// The platforms that a wheel installs on.
fn platforms(wheel: &WheelName) -> Vec<Platform> {
    let fits = |platform: &Platform| {
        (6..=16).any(|minor| {
            wheel.fit(crate::target::Environment { platform: *platform, python: Python::three(minor) }).is_some()
        })
    };
    Platform::ALL.iter().copied().filter(fits).collect()
}

fn list(one: &Learned, contents: &Contents, platform: Platform) -> RequiresRow {
    RequiresRow {
        package: one.wheel.name.clone(),
        version: one.wheel.version.clone(),
        index: one.index.clone(),
        platform: Some(platform),
        provenance: "wheel".to_owned(),
        reason: None,
        list: contents.metadata.requires_dist.clone(),
    }
}

/// A project's catalogue with further lines, each in its place among the others; every line that is there stays.
pub fn added(text: &str, wheels: &[WheelRow], requires: &[RequiresRow]) -> String {
    let wheels = wheels.iter().map(|row| format!("wheel\t{row}"));
    let mut new: Vec<String> = wheels.chain(requires.iter().map(|row| format!("requires\t{row}"))).collect();
    new.sort_unstable();
    new.dedup();
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut lines: Vec<&str> = text.lines().collect();
    let old: Vec<&str> = lines.clone();
    new.retain(|line| !old.contains(&line.as_str()));
    for line in &new {
        let row = |old: &&str| old.starts_with("wheel\t") || old.starts_with("requires\t");
        let at = lines.iter().position(|old| row(old) && *old > line.as_str()).unwrap_or(lines.len());
        lines.insert(at, line);
    }
    lines.iter().flat_map(|line| [*line, end]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned(file: &str, folder: &str) -> Learned {
        Learned {
            wheel: file.parse().unwrap(),
            index: folder.parse().unwrap(),
            sha256: "a".repeat(64).parse().unwrap(),
            size: 7,
            contents: None,
        }
    }

    #[test]
    fn a_label_or_a_folder_tells_the_build() {
        let built = |file: &str, folder: &str| row(&learned(file, folder)).built.to_string();
        assert_eq!(built("a-1+cu118-py3-none-any.whl", "https://i.example/whl"), "cu118");
        assert_eq!(built("a-1-py3-none-any.whl", "https://i.example/whl/cpu"), "cpu");
        assert_eq!(built("a-1+gabc-py3-none-any.whl", "https://i.example/whl/cpu"), "-");
        assert_eq!(built("a-1-py3-none-any.whl", "https://i.example/whl"), "-");
    }

    #[test]
    fn what_is_there_stays_and_new_lines_take_their_place() {
        let rows: Vec<WheelRow> = ["b-1-py3-none-any.whl", "d-1-py3-none-any.whl"]
            .map(|file| row(&learned(file, "https://i.example/whl")))
            .into();
        let old = "# ours\r\n\r\nwheel\ta\r\n# mine\r\nwheel\tc";
        let new = added(old, &rows, &[]);
        let starts: Vec<String> = new.lines().map(|line| line.chars().take(7).collect()).collect();
        assert_eq!(starts, ["# ours", "", "wheel\ta", "# mine", "wheel\tb", "wheel\tc", "wheel\td"]);
        assert_eq!(new.matches("\r\n").count(), 7);
        assert_eq!(added(&new, &rows, &[]), new);
    }
}
