//! The catalogue as text and as JSON.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use pep508_rs::PackageName;
use serde_json::{Value, json};

use super::WIDTH;
use super::fitted::wrapped;
use crate::catalog::listing::{Filter, ListedBuild, ListedPackage};
use crate::catalog::{BUILT_IN, Built, Requires, WheelRow};
use crate::packaging::address;
use crate::packaging::target::{Platform, Python};
use crate::report::LearnedRelease;
use crate::text::shown;

/// Lines of columns, each as wide as its widest text; nothing follows the last.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |at| rows.iter().filter_map(|row| row.get(at)).map(|text: &String| text.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{:width$}  ", shown(column));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// `3.8-3.11`, `3.9+` for one and all behind it.
pub(crate) fn pythons(pythons: &BTreeSet<Python>) -> String {
    let mut ranges: Vec<(u8, u8)> = Vec::new();
    for minor in pythons.iter().map(|python| python.minor()) {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == minor => *last = minor,
            _ => ranges.push((minor, minor)),
        }
    }
    let spoken = ranges.into_iter().map(|range| match range {
        (first, last) if last == Python::EVER.minor() => format!("3.{first}+"),
        (first, last) if first == last => format!("3.{first}"),
        (first, last) => format!("3.{first}-3.{last}"),
    });
    spoken.collect::<Vec<_>>().join(", ")
}

fn platforms<'p>(platforms: impl IntoIterator<Item = &'p Platform>) -> String {
    let all: Vec<&str> = platforms.into_iter().map(|platform| platform.as_str()).collect();
    match all.len() {
        0 => "another".to_owned(),
        count if count == Platform::ALL.len() => "any".to_owned(),
        _ => all.join(", "),
    }
}

/// Packages, a line each.
pub(crate) fn packages(packages: &[ListedPackage]) -> String {
    if packages.is_empty() {
        return String::new();
    }
    let mut rows = vec![["PACKAGE", "RELEASES", "WHEELS", "BUILDS"].map(str::to_owned).to_vec()];
    for one in packages {
        let releases = match one.releases.as_slice() {
            [] => String::new(),
            [only] => only.to_string(),
            [first, .., last] => format!("{first} to {last} ({})", one.releases.len()),
        };
        let builds: Vec<String> =
            one.builds.iter().filter(|built| **built != Built::Unknown).map(ToString::to_string).collect();
        rows.push(vec![one.name.to_string(), releases, one.wheels.to_string(), builds.join(" ")]);
    }
    let text = table(&rows);
    let lines =
        text.lines().zip(&rows).map(|(line, row)| match row.last().and_then(|last| line.strip_suffix(&**last)) {
            Some(head) if line.chars().count() > WIDTH => {
                // Below the name there is more room.
                let builds = wrapped(&format!("    {}", &line[head.len()..]), WIDTH, 4);
                format!("{}\n{builds}\n", head.trim_end())
            }
            Some(_) | None => format!("{line}\n"),
        });
    lines.collect()
}

/// Packages as a JSON report.
pub(crate) fn packages_json(packages: &[ListedPackage], found: &[String]) -> String {
    let each = packages.iter().map(|one| {
        json!({
            "package": one.name.as_ref(),
            "releases": one.releases.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "builds": one.builds.iter().filter_map(built_json).collect::<Vec<_>>(),
            "wheels": one.wheels,
        })
    });
    report("catalog list", "packages", each, found)
}

/// A list, and the catalogues that nobody named.
fn report(command: &str, key: &str, list: impl Iterator<Item = Value>, found: &[String]) -> String {
    let list: Vec<Value> = list.collect();
    super::document(Some(command), json!({ key: list, "found_catalogues": found }))
}

/// `None` where nothing is known of it.
fn built_json(built: &Built) -> Option<String> {
    (*built != Built::Unknown).then(|| built.to_string())
}

/// The builds of a package, a line each.
pub(crate) fn builds(builds: &[ListedBuild]) -> String {
    if builds.is_empty() {
        return String::new();
    }
    let head = ["RELEASE", "BUILD", "PLATFORM", "PYTHON", "WHEELS", "SEEN", "INDEX", "CATALOGUE"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    // The whole address would not fit on a terminal, and the folder is most often named after the build.
    let index = |one: &ListedBuild| match one.index.as_str().strip_prefix(address::PYTORCH) {
        Some(folder) if folder.strip_prefix('/') == Some(&one.built.to_string()) => "pytorch".to_owned(),
        Some(folder) => format!("pytorch{folder}"),
        None => one.index.to_string(),
    };
    for one in builds {
        let yanked = if one.yanked { " (yanked)" } else { "" };
        rows.push(vec![
            one.release.to_string(),
            one.built.to_string(),
            platforms(&one.platforms),
            pythons(&one.pythons),
            one.wheels.len().to_string(),
            if one.seen == 0 { "index".to_owned() } else { one.seen.to_string() },
            index(one) + yanked,
            one.catalogue.clone(),
        ]);
    }
    if builds.iter().all(|one| one.catalogue == BUILT_IN) {
        rows.iter_mut().for_each(|row| row.truncate(row.len() - 1));
    }
    table(&rows)
}

/// The builds of a package as a JSON report.
pub(crate) fn builds_json(package: &PackageName, builds: &[ListedBuild], found: &[String]) -> String {
    let each = builds.iter().map(|one| {
        json!({
            "package": package.as_ref(),
            "release": one.release.to_string(),
            "build": built_json(&one.built),
            "index": one.index.as_str(),
            "platforms": one.platforms.iter().map(|platform| platform.as_str()).collect::<Vec<_>>(),
            "pythons": pythons(&one.pythons),
            "wheels": one.wheels,
            "seen": one.seen,
            "yanked": one.yanked,
            "catalogue": one.catalogue,
        })
    });
    report("catalog list", "builds", each, found)
}

/// A wheel at one place, and what it requires by platform.
pub(crate) type Shown<'r> = (&'r WheelRow, Vec<(Vec<Platform>, Requires)>);

/// All that is known of a wheel, for each place it is served at.
pub(crate) fn wheels(shown: &[Shown<'_>]) -> String {
    shown.iter().map(wheel).collect::<Vec<_>>().join("\n")
}

fn wheel((row, lists): &Shown<'_>) -> String {
    let mut lines: Vec<Vec<String>> = Vec::new();
    let mut line = |name: &str, text: String| lines.push(vec![format!("  {name}"), text]);
    line("package", format!("{} {}", row.wheel.name, row.wheel.version));
    line(
        "build",
        match row.built {
            Built::For(backend) => backend.spoken(),
            Built::Major(major) => format!("CUDA {major}, of every minor version"),
            Built::Any => "one for every backend".to_owned(),
            Built::Unknown => "not known, or not a package that is built by backend".to_owned(),
        },
    );
    let (places, under) = Filter::default().places(row);
    line(
        "installs on",
        if places.is_empty() {
            "no platform known here".to_owned()
        } else {
            format!("{}, CPython {}", platforms(&places), pythons(&under))
        },
    );
    line("index", row.index.to_string());
    line("url", row.url().unwrap_or_else(|| "not recorded; pinned as a release of the index".to_owned()));
    line("sha256", row.sha256.to_string());
    line("size", row.size.map_or_else(|| "not recorded".to_owned(), |size| format!("{size} bytes")));
    line("Requires-Python", row.requires_python.clone().unwrap_or_else(|| "not recorded".to_owned()));
    if row.yanked {
        line("yanked", "withdrawn by its publishers".to_owned());
    }
    line("witnesses", witnesses(row));
    if row.constructed {
        line("", "no lock recorded the URL whole: it is the index and the file name".to_owned());
    }
    line("catalogue", row.catalogue.to_string());
    let mut text = format!("{}\n{}", row.wheel, table(&lines));
    for (on, known) in lists {
        let on = if lists.len() > 1 { format!(" on {}", platforms(on)) } else { String::new() };
        match known {
            Requires::Known { list, provenance } => {
                let nothing = if list.is_empty() { " nothing" } else { "" };
                let _ = writeln!(text, "  requires{on}{nothing} ({})", shown(&provenance_spoken(provenance)));
                for one in list {
                    let _ = writeln!(text, "    {}", shown(one));
                }
            }
            Requires::Suspect { reason } => {
                let _ = writeln!(text, "  requires{on}: the list that was recorded is not trusted: {}", shown(reason));
            }
            Requires::Unknown => {
                let _ = writeln!(text, "  requires{on}: not known");
            }
        }
    }
    text
}

/// The witness for this digest.
fn witnesses(row: &WheelRow) -> String {
    let kinds: Vec<&str> = row.evidence.split(',').filter(|kind| !kind.is_empty()).map(evidence_spoken).collect();
    let found = if kinds.is_empty() { String::new() } else { format!("; found in {}", kinds.join(", ")) };
    match row.seen {
        0 if row.is_computed() => "the file's bytes were hashed by this tool".to_owned(),
        0 => "the index itself gave the digest".to_owned(),
        1 => format!("1 project recorded the digest{found}"),
        seen => format!("{seen} independent projects recorded the digest{found}"),
    }
}

/// A kind of evidence in words.
fn evidence_spoken(kind: &str) -> &str {
    match kind {
        "poetry" => "poetry.lock",
        "uv" => "uv.lock",
        "pdm" => "pdm.lock",
        "pylock" => "pylock.toml",
        "requirements" => "requirements files",
        "nix" => "Nix expressions",
        "html" => "copies of the index page",
        "json" => "JSON files",
        "yaml" => "YAML files",
        "table" => "tables of wheels",
        "url" => "URLs with a digest behind them",
        "pypi" | "index" => "the index",
        other => other,
    }
}

/// The provenance of a list, in words: `poetry.lock:exact:3`.
fn provenance_spoken(provenance: &str) -> String {
    let parts: Vec<&str> = provenance.split(':').collect();
    let by = |seen: &str| match seen {
        "0" | "1" => String::new(),
        seen => format!(", alike in {seen} projects"),
    };
    match parts.as_slice() {
        ["correction"] => "a correction: what was published is known to be wrong".to_owned(),
        ["override"] => "as the project says instead".to_owned(),
        ["metadata"] => "from the metadata that the index serves beside the wheel".to_owned(),
        ["wheel"] => "from the wheel itself".to_owned(),
        ["pypi", "exact", _] => "from the wheel's own metadata, by PyPI".to_owned(),
        ["twin", ..] => "taken from a build of the same release".to_owned(),
        [from, "exact", seen] => format!("as {from} recorded it{}", by(seen)),
        [from, how, seen] => format!("as {from} recorded it, {how}{}", by(seen)),
        _ => provenance.to_owned(),
    }
}

/// The same as a JSON report.
pub(crate) fn wheels_json(shown: &[Shown<'_>], found: &[String]) -> String {
    let each = shown.iter().map(|(row, lists)| {
        let lists = lists.iter().map(|(on, known)| {
            let on: Vec<&str> = on.iter().map(|platform| platform.as_str()).collect();
            match known {
                Requires::Known { list, provenance } => {
                    json!({ "platforms": on, "known": true, "list": list, "provenance": provenance })
                }
                Requires::Suspect { reason } => json!({ "platforms": on, "known": false, "reason": reason }),
                Requires::Unknown => json!({ "platforms": on, "known": false, "reason": null }),
            }
        });
        let (places, under) = Filter::default().places(row);
        json!({
            "file": row.wheel.as_str(),
            "package": row.wheel.name.as_ref(),
            "version": row.wheel.version.to_string(),
            "build": built_json(&row.built),
            "platforms": places.iter().map(|platform| platform.as_str()).collect::<Vec<_>>(),
            "pythons": pythons(&under),
            "index": row.index.as_str(),
            "url": row.url(),
            "url_constructed": row.constructed,
            "sha256": row.sha256.to_string(),
            "size": row.size,
            "requires_python": row.requires_python,
            "yanked": row.yanked,
            "seen": row.seen,
            "evidence": row.evidence.split(',').filter(|kind| !kind.is_empty()).collect::<Vec<_>>(),
            "catalogue": row.catalogue,
            "requires": lists.collect::<Vec<_>>(),
        })
    });
    report("catalog show", "wheels", each, found)
}

/// The releases that an update learned, as a JSON report.
pub(crate) fn updated_json(file: &str, learned: &[LearnedRelease], known: usize, notes: &[String]) -> String {
    let learned = super::learned_json(learned);
    super::document(Some("catalog update"), json!({ "file": file, "learned": learned, "known": known, "notes": notes }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pythons_are_ranges() {
        let ranges = |minors: &[u8]| pythons(&minors.iter().copied().map(Python::three).collect());
        assert_eq!(ranges(&[8, 9, 10, 11]), "3.8-3.11");
        assert_eq!(ranges(&[8, 10, 11]), "3.8, 3.10-3.11");
        assert_eq!(ranges(&(9..=Python::EVER.minor()).collect::<Vec<_>>()), "3.9+");
        assert_eq!(ranges(&[]), "");
    }
}
