//! Requirements (PEP 508) that somebody wrote by hand: what would make the library's reader panic is refused first.
//!
//! It calls itself for each bracket of a marker, and panics on a marker that is not ASCII and on a name that ends in a
//! hyphen. So the marker is split off and read by our own reader, and names are looked at first.

use std::str::FromStr;

use pep440_rs::Version;
use pep508_rs::{ExtraName, PackageName, VerbatimUrl, VersionOrUrl};

use crate::packaging::constraint::Constraint;
use crate::packaging::marker;
use crate::text::quoted;

/// A requirement of one package for another, without its marker.
#[derive(Debug, Clone)]
pub struct Requirement {
    /// The required package.
    pub name: PackageName,
    /// With which extras.
    pub extras: Vec<ExtraName>,
    /// The admitted versions; any if a URL is named.
    pub versions: Constraint,
}

impl Requirement {
    /// The one way of writing it: two that ask for the same are written alike.
    pub fn canonical(&self) -> String {
        let mut extras: Vec<&str> = self.extras.iter().map(AsRef::as_ref).collect();
        extras.sort_unstable();
        let extras = if extras.is_empty() { String::new() } else { format!("[{}]", extras.join(",")) };
        let versions = if self.versions.is_any() { String::new() } else { self.versions.to_string() };
        let mut versions: Vec<&str> = versions.split(',').collect();
        versions.sort_unstable();
        format!("{}{extras}{}", self.name, versions.join(","))
    }
}

/// A package, or one release of it, as somebody names it: `torch`, `torch==2.1.2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The package.
    pub name: PackageName,
    /// The version, if one is named.
    pub version: Option<Version>,
}

impl FromStr for Release {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, version) = match text.split_once("==") {
            Some((name, version)) => (name, Some(version.trim())),
            None => (text, None),
        };
        let is_name = names_are_names(name) && !name.contains('[');
        let name = name.trim().parse::<PackageName>().ok().filter(|_| is_name);
        let version = version.map(Version::from_str).transpose();
        match (name, version) {
            (Some(name), Ok(version)) => Ok(Self { name, version }),
            (None, _) | (_, Err(_)) => Err(format!("`{}` names no package; write torch or torch==2.1.2", quoted(text))),
        }
    }
}

/// The longest requirement without its marker, in bytes: ten times the longest known.
const LONGEST: usize = 4000;

/// Splits a requirement: the part before the marker, and the marker.
///
/// A URL may hold a semicolon, so behind one the first that follows a blank counts. One in a marker is no URL of the
/// requirement.
pub fn split(text: &str) -> (&str, Option<&str>) {
    let apart = |at: &usize| !text[..*at].contains("://") || text[..*at].ends_with(char::is_whitespace);
    match text.match_indices(';').map(|(at, _)| at).find(apart) {
        Some(at) => (&text[..at], Some(text[at + 1..].trim())),
        None => (text, None),
    }
}

/// Reads what is before the marker. True beside it: it names a URL.
///
/// # Errors
/// If it is not a requirement.
pub fn plain(text: &str) -> Result<(Requirement, bool), String> {
    if text.len() > LONGEST {
        return Err(format!("the requirement is longer than {LONGEST} bytes"));
    }
    if !names_are_names(text) {
        return Err("no package is named".to_owned());
    }
    let first_line = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    let read = pep508_rs::Requirement::<VerbatimUrl>::from_str(text)
        .map_err(|error| first_line(&error.message.to_string()))?;
    if !read.marker.is_true() {
        return Err("the `;` behind a URL needs a blank before it".to_owned());
    }
    let direct = matches!(read.version_or_url, Some(VersionOrUrl::Url(_)));
    let versions = match read.version_or_url {
        Some(VersionOrUrl::VersionSpecifier(all)) => Constraint::from(all),
        Some(VersionOrUrl::Url(_)) | None => Constraint::any(),
    };
    Ok((Requirement { name: read.name, extras: read.extras, versions }, direct))
}

/// Checks a whole requirement. The marker comes first: only it can be too complex.
///
/// # Errors
/// If it is not a requirement, or its marker is none.
pub fn check(text: &str) -> Result<(), String> {
    let (before, written) = split(text);
    written.map(marker::parse).transpose()?;
    plain(before).map(|_| ())
}

/// True if what is at the place of the name and between the brackets are names.
fn names_are_names(requirement: &str) -> bool {
    let text = requirement.trim_start();
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let extras = rest.trim_start().strip_prefix('[').map(|inner| inner.split(']').next().unwrap_or_default());
    let mut extras = extras.into_iter().flat_map(|inner| inner.split(',')).map(str::trim);
    name.parse::<PackageName>().is_ok()
        && !name.is_empty()
        && extras.all(|extra| extra.is_empty() || extra.parse::<ExtraName>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn takes_requirements_apart() {
        for (text, before, written) in [
            ("numpy", "numpy", None),
            ("numpy>=1 ; os_name == 'nt'", "numpy>=1 ", Some("os_name == 'nt'")),
            ("numpy>=1; os_name == 'x://y'", "numpy>=1", Some("os_name == 'x://y'")),
            ("a @ https://x.test/a;b.whl", "a @ https://x.test/a;b.whl", None),
            ("a @ https://x.test/a;b.whl ; os_name == 'nt'", "a @ https://x.test/a;b.whl ", Some("os_name == 'nt'")),
        ] {
            assert_eq!(split(text), (before, written));
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn a_release_is_a_name_and_perhaps_a_version() {
        let read =
            |text: &str| text.parse::<Release>().map(|one| (one.name.to_string(), one.version.map(|v| v.to_string())));
        assert_eq!(read("Torch"), Ok(("torch".to_owned(), None)));
        assert_eq!(read("torch == 2.1.2+cu118"), Ok(("torch".to_owned(), Some("2.1.2+cu118".to_owned()))));
        for text in ["", "torch-", "torch>=2", "torch==", "torch==two", "a b", "torch[x]==1", "==1", "tör"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn refuses_what_the_library_does_not_stand() {
        let deep = format!("a ; {}os_name == 'nt'{}", "(".repeat(100_000), ")".repeat(100_000));
        for text in [&*deep, "a ; os_name == 'é' é", "a- >1", "a[b-] >1", "", "-", "[x]", "a ==", "a ; os_name"] {
            assert!(check(text).is_err(), "{}", &text[..text.len().min(20)]);
        }
        assert!(check(&format!("a{}", ">1,".repeat(LONGEST))).is_err());
        assert!(check("a @ https://x.test/a; os_name == 'nt'").is_err());
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "(a|[a-z.-]{1,4})?(\\[[a-z,. -]{0,4}\\]?)?[ @<>=!~]{0,3}\\PC{0,9}(;\\PC{0,20})?") {
            let _ = check(&text);
        }
    }
}
