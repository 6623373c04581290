//! The requirements of wheels, and the rule for which recorded list applies to which wheel.
//!
//! A list was read from one wheel of a version: from the Linux x86_64 one where there is one. A sibling for another
//! platform usually has the same list, its GPU libraries switched off there by markers. But not always: the Linux wheel
//! of torch 1.13.0 requires four nvidia packages without any marker, and its siblings do not. So a list applies to
//! another platform only if
//!
//! - it was gathered for that platform (the platform column names it), or
//! - it was read from the index's own metadata, which was compared for Windows and Linux aarch64 when it was gathered, or
//!   it is the list of a GPU library, or
//! - each GPU library in it has a marker that was written with platforms in mind: it fails on some platform.
//!
//! And for macOS, where no GPU library exists, only if none in it can hold there; else the list of another sibling that
//! has none at all is taken. What is left is not known, and an export that needs it is refused.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::families::is_gpu_runtime;
use super::index::Index;
use super::row::BadColumn;
use crate::packaging::marker::{self, Condition, Extras, Marker};
use crate::packaging::requirement;
use crate::packaging::target::{Environment, Platform, Python};

/// A wheel's requirements, as far as they are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requires {
    /// They are known.
    Known {
        /// PEP 508 requirements.
        list: Vec<String>,
        /// The provenance of the list; see [`RequiresRow::provenance`].
        provenance: String,
    },
    /// A list is recorded, but it is wrong.
    Suspect {
        /// Why it is thought wrong.
        reason: String,
    },
    /// No list is recorded that may apply to this wheel.
    Unknown,
}

/// One list of requirements. Its [`Display`](fmt::Display) is its line in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequiresRow {
    /// Whose.
    pub package: PackageName,
    /// The version, with its local label.
    pub version: Version,
    /// On which index.
    pub index: Index,
    /// On which platform; `None` (`*`): read from one wheel of the version, see the module.
    pub platform: Option<Platform>,
    /// The provenance of the list: `correction` (the published one is known to be wrong), `suspect` (do not use),
    /// `override` (a project's list that counts instead of another catalogue's), `metadata` and `wheel` (read from
    /// there), or where it comes from, how exact its versions are and how many recorded it: `poetry.lock:exact:3`,
    /// `uv.lock:inferred:1`.
    pub provenance: String,
    /// Why, for a correction, an override, a suspect list or one taken from a twin.
    pub reason: Option<String>,
    /// PEP 508 requirements.
    pub list: Vec<String>,
}

impl RequiresRow {
    /// Reads a line of a table.
    ///
    /// # Errors
    /// If a column is missing or cannot be read.
    pub fn parse(line: &str) -> Result<Self, BadColumn> {
        let raw =
            List::split(line).ok_or_else(|| BadColumn::new(0, "a list of requirements has six columns or more"))?;
        let mut columns = line.split('\t');
        let package = columns.next().unwrap_or_default().to_owned();
        let package = PackageName::new(package).map_err(|error| BadColumn::new(0, error))?;
        let version = columns.next().unwrap_or_default();
        let mut list = Vec::new();
        for (at, text) in raw.list().enumerate() {
            requirement::check(text).map_err(|why| BadColumn::new(6 + at, why))?;
            list.push(text.to_owned());
        }
        Ok(Self {
            package,
            version: Version::from_str(version).map_err(|error| BadColumn::new(1, error))?,
            index: raw.index.parse().map_err(|error: String| BadColumn::new(2, error))?,
            platform: match raw.platform {
                "*" => None,
                text => Some(text.parse().map_err(|error| BadColumn::new(3, error))?),
            },
            provenance: match raw.provenance {
                "" | "-" => return Err(BadColumn::new(4, "say how the list became known")),
                text => text.to_owned(),
            },
            reason: match raw.reason {
                "" => return Err(BadColumn::new(5, "write `-` where there is no reason")),
                "-" if raw.overrides() => return Err(BadColumn::new(5, "an override says why")),
                "-" => None,
                text => Some(text.to_owned()),
            },
            list,
        })
    }

    /// The platforms of which it says something.
    pub(super) fn platforms(&self) -> Vec<Platform> {
        self.platform.map_or(Platform::ALL.to_vec(), |platform| vec![platform])
    }
}

impl fmt::Display for RequiresRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { package, version, index, provenance, .. } = self;
        let platform = self.platform.map_or("*", Platform::as_str);
        let reason = self.reason.as_deref().unwrap_or("-");
        write!(f, "{package}\t{version}\t{index}\t{platform}\t{provenance}\t{reason}")?;
        self.list.iter().try_for_each(|text| write!(f, "\t{text}"))
    }
}

/// A line of a table, split but not read.
#[derive(Debug, Clone, Copy)]
pub(super) struct List<'t> {
    pub(super) index: &'t str,
    pub(super) platform: &'t str,
    pub(super) provenance: &'t str,
    pub(super) reason: &'t str,
    /// The requirements, tabs between them; `None`: there are none.
    rest: Option<&'t str>,
    /// The meaning of each.
    word: StandsFor,
}

/// Reads a column: gives the text itself, or the text that it abbreviates in a shortened table.
type StandsFor = for<'l> fn(&'l str) -> Option<&'l str>;

impl<'t> List<'t> {
    /// Splits a line that is written in full.
    pub(super) fn split(line: &'t str) -> Option<Self> {
        Self::written(line, |text| Some(text))
    }

    /// Splits a line whose columns from the third on stand for something; `None` if one of them does not.
    pub(super) fn written(line: &'t str, word: StandsFor) -> Option<Self> {
        let mut columns = line.splitn(7, '\t').skip(2);
        let mut next = || columns.next();
        let [index, platform, provenance, reason] = [word(next()?)?, word(next()?)?, word(next()?)?, word(next()?)?];
        let rest = next();
        let list = Self { index, platform, provenance, reason, rest, word };
        rest.is_none_or(|rest| rest.split('\t').all(|text| word(text).is_some())).then_some(list)
    }

    fn list(self) -> impl Iterator<Item = &'t str> {
        self.rest.into_iter().flat_map(|rest| rest.split('\t')).filter_map(self.word)
    }

    /// True if the list counts instead of another catalogue's.
    pub(super) fn overrides(self) -> bool {
        self.provenance == "override"
    }

    /// The requirements.
    pub(super) fn texts(self) -> Vec<String> {
        self.list().map(str::to_owned).collect()
    }

    pub(super) fn is_suspect(self) -> bool {
        self.provenance == "suspect"
    }

    /// True for a list that a lock tool wrote down or that is of another build: no other platform was compared.
    fn is_second_hand(self) -> bool {
        let from = self.provenance.split(':').next().unwrap_or_default();
        from.ends_with(".lock") || from == "twin"
    }

    /// The marker texts of the GPU libraries, each once; `None` for a library without one.
    fn gpu_markers(self) -> Vec<Option<&'t str>> {
        let mut all: Vec<Option<&str>> = self.list().filter(|text| is_gpu_requirement(text)).map(marker_of).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// True if the list may apply to the wheel on a platform for which none was gathered.
    fn speaks_for(self, package: &PackageName, platform: Platform) -> bool {
        if platform == Platform::LinuxX86_64 {
            return true;
        }
        let compared = !platform.is_macos() && (!self.is_second_hand() || is_gpu_runtime(package));
        compared
            || self.gpu_markers().into_iter().all(|text| match text.map(marker::parse) {
                // Without a marker it would hold everywhere, which no GPU library does.
                None | Some(Err(_)) => false,
                Some(Ok(tree)) => {
                    !holds(&tree, platform)
                        || !platform.is_macos() && Platform::ALL.iter().any(|other| !holds(&tree, *other))
                }
            })
    }

    fn known(self) -> Requires {
        Requires::Known { list: self.texts(), provenance: self.provenance.to_owned() }
    }
}

fn marker_of(text: &str) -> Option<&str> {
    requirement::split(text).1
}

fn is_gpu_requirement(text: &str) -> bool {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(text.len());
    text.get(..end).and_then(|name| PackageName::new(name.to_owned()).ok()).is_some_and(|name| is_gpu_runtime(&name))
}

/// True if the marker can hold on a platform under any Python that torch has wheels for.
fn holds(tree: &Marker, platform: Platform) -> bool {
    Python::known().any(|python| {
        let environment = Environment { platform, python };
        !Condition::of(tree, environment, &Extras::new()).is_never()
    })
}

/// The requirements of a list on a platform without extras, under each Python: two lists that are written differently
/// may ask for the same.
pub(super) fn means(list: &[String], platform: Platform) -> BTreeSet<(Python, String)> {
    let mut all = BTreeSet::new();
    for text in list {
        let (before, written) = requirement::split(text);
        let what = requirement::plain(before).map_or_else(|_| text.clone(), |(plain, _)| plain.canonical());
        let marker = written.map(marker::parse);
        for python in Python::known() {
            let environment = Environment { platform, python };
            let condition = match &marker {
                None | Some(Err(_)) => Condition::Always,
                Some(Ok(tree)) => Condition::of(tree, environment, &Extras::new()),
            };
            match condition {
                Condition::Never => {}
                Condition::Always => {
                    all.insert((python, what.clone()));
                }
                Condition::When(tree) => {
                    all.insert((python, format!("{what} ; {}", tree.try_to_string().unwrap_or_default())));
                }
            }
        }
    }
    all
}

/// True if two rows for the same platforms ask for the same there, when no extra is wanted.
pub(super) fn means_the_same(one: &RequiresRow, other: &RequiresRow) -> bool {
    let same = |platform| means(&one.list, platform) == means(&other.list, platform);
    one.list == other.list || one.platforms().into_iter().all(same)
}

/// The platform on which a list asks for something else than what is known of the same wheel, if there is one: under those
/// Pythons for which it speaks.
pub(super) fn contradiction(
    row: &RequiresRow,
    known: &[List<'_>],
    speaks_for: impl Fn(Python) -> bool,
) -> Option<(Platform, String)> {
    if known.is_empty() {
        return None;
    }
    let line = row.to_string();
    let own = List::split(&line)?;
    let platforms = row.platforms();
    platforms.into_iter().find_map(|platform| {
        let (here, there) = (choose(&row.package, &[own], platform), choose(&row.package, known, platform));
        let (Requires::Known { list, .. }, Requires::Known { list: known, .. }) = (here, there) else { return None };
        let (one, other) = (means(&list, platform), means(&known, platform));
        let mut different = one.symmetric_difference(&other).filter(|(python, _)| speaks_for(*python));
        different.next().map(|(_, what)| (platform, what.clone()))
    })
}

/// Chooses among the lists of one version on one index. Of several that fit the first counts.
pub(super) fn choose(package: &PackageName, lists: &[List<'_>], platform: Platform) -> Requires {
    let sound = || lists.iter().copied().filter(|list| !list.is_suspect());
    let own = sound().find(|list| list.platform == platform.as_str());
    // A list that is distrusted on a platform was read from that platform's wheel, or from one unlike it.
    let is_distrusted = lists.iter().any(|list| list.is_suspect() && list.platform == platform.as_str());
    let general = || sound().find(|list| !is_distrusted && list.platform == "*" && list.speaks_for(package, platform));
    let without_gpu =
        || sound().find(|list| platform.is_macos() && list.platform != "*" && list.gpu_markers().is_empty());
    if let Some(list) = own.or_else(general).or_else(without_gpu) {
        return list.known();
    }
    let for_us = |list: &&List<'_>| list.is_suspect() && (list.platform == "*" || list.platform == platform.as_str());
    match lists.iter().find(for_us) {
        Some(list) => Requires::Suspect { reason: list.reason.to_owned() },
        None => Requires::Unknown,
    }
}

#[cfg(test)]
mod tests;
