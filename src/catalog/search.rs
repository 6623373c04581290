//! The lookups in one catalogue's two tables, the same for the built-in one and a project's.

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::requires::List;
use super::row::{Columns, WheelRow, label_fits};
use super::table::SortedTable;
use crate::packaging::digest::Sha256;
use crate::packaging::target::Backend;
use crate::packaging::version;
use crate::text::pieces;

/// One catalogue's tables.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tables<'t> {
    /// The catalogue's name.
    pub(super) name: &'t str,
    /// The lines of wheels.
    pub(super) wheels: SortedTable<'t>,
    /// Splits a line of them: [`columns`](super::row::columns), or a function that knows their form.
    pub(super) columns: for<'l> fn(&'l str) -> Option<Columns<'l>>,
    /// The lines of requirements.
    pub(super) requires: SortedTable<'t>,
    /// Splits a line of them: [`List::split`], or a function that knows their form.
    pub(super) list: for<'l> fn(&'l str) -> Option<List<'l>>,
}

impl<'t> Tables<'t> {
    /// The rows of a package.
    pub(super) fn wheels(self, package: &PackageName) -> Vec<WheelRow> {
        self.wheels.of(package).lines().filter_map(|line| self.read(line)).collect()
    }

    /// The rows of a release.
    pub(super) fn wheels_of(self, package: &PackageName, version: &Version) -> Vec<WheelRow> {
        let mut rows: Vec<WheelRow> = Vec::new();
        // Of most packages nothing is known at all.
        if self.wheels.of(package).first().is_none() {
            return rows;
        }
        let spellings = spellings(version);
        let (Some(first), Some(last)) = (spellings.iter().min(), spellings.iter().max()) else { return rows };
        // All spellings of most releases are adjacent; between those of a pre-release are others, too.
        let table = self.wheels.of(package).from(&format!("{package}\t{first}\t")).until(&after_local(package, last));
        for columns in table.lines().filter_map(self.columns) {
            let [_, spelling, ..] = columns.texts;
            let public = spelling.split_once('+').map_or(spelling, |(public, _)| public);
            if spellings.iter().any(|spelling| spelling == public) {
                rows.extend(WheelRow::read(columns, self.name, rows.last()).ok());
            }
        }
        rows
    }

    /// The backends that the releases of a package have wheels for. Only one line a version and backend is read.
    pub(super) fn builds(self, package: &PackageName) -> Vec<(Version, Backend)> {
        let mut all = Vec::new();
        let mut last = None;
        for line in self.wheels.of(package).lines() {
            let mut columns = line.split('\t').skip(1);
            let here = columns.next().zip(columns.next());
            if here != last
                && let Some((version, backend)) = here
                && let (Ok(version), Ok(backend)) = (version.parse::<Version>(), backend.parse::<Backend>())
                && label_fits(package, &version, backend)
            {
                all.push((version.without_local(), backend));
            }
            last = here;
        }
        all
    }

    /// The spellings of the releases of a package. Only one line a release is read.
    pub(super) fn versions(self, package: &PackageName) -> Vec<Version> {
        let prefix = format!("{package}\t");
        let mut table = self.wheels.of(package);
        let mut all = Vec::new();
        while let Some(rest) = table.first().and_then(|line| line.strip_prefix(&*prefix)) {
            let public = rest.split(['\t', '+']).next().unwrap_or_default();
            all.extend(public.parse::<Version>());
            table = table.near(&after_local(package, public));
        }
        all
    }

    /// The names of the packages that have wheels. Only one line a package is read.
    pub(super) fn packages(self) -> Vec<PackageName> {
        // The comment at the head begins with a byte below that of any name.
        let mut table = self.wheels.from("$");
        let mut all = Vec::new();
        while let Some(name) = table.first().and_then(|line| line.split('\t').next()) {
            all.extend(name.parse::<PackageName>());
            table = table.near(&format!("{name}\n"));
        }
        all
    }

    /// The lists for the exact version of a wheel, on whichever index.
    pub(super) fn lists<'e>(self, exact: &'e Exactly<'_>) -> impl Iterator<Item = List<'t>> + use<'t, 'e> {
        let lines = self.requires.of(exact.package).between(&exact.from, &exact.to);
        lines.filter(|line| exact.is_of(line)).filter_map(self.list)
    }

    /// The unread index and the digest of every wheel of an exact version.
    pub(super) fn places<'e>(self, exact: &'e Exactly<'_>) -> impl Iterator<Item = (&'t str, Sha256)> + use<'t, 'e> {
        let read = move |line| {
            let Columns { texts: [_, _, _, index, ..], sha256, .. } = (self.columns)(line)?;
            Some((index, sha256.ok()?))
        };
        let lines = self.wheels.of(exact.package).between(&exact.from, &exact.to);
        lines.filter(|line| exact.is_of(line)).filter_map(read)
    }

    /// A line that cannot be read is passed over: tests hold that the built-in tables have none, and a project's lines
    /// are read when the file is.
    fn read(self, line: &'t str) -> Option<WheelRow> {
        WheelRow::read((self.columns)(line)?, self.name, None).ok()
    }
}

/// An exact version, local label included, however it is spelled: the first key of it, and the first behind it.
pub(super) struct Exactly<'p> {
    package: &'p PackageName,
    from: String,
    to: String,
    spellings: Vec<String>,
    local: String,
}

impl<'p> Exactly<'p> {
    pub(super) fn new(package: &'p PackageName, version: &Version) -> Self {
        let spellings = spellings(version);
        let (first, last) = (spellings.iter().min(), spellings.iter().max());
        let from = format!("{package}\t{}", first.map_or("", String::as_str));
        let to = after_local(package, last.map_or("", String::as_str));
        let text = if version.is_local() { version.to_string() } else { String::new() };
        let local = text.split_once('+').map_or("", |(_, local)| local).to_owned();
        Self { package, from, to, spellings, local }
    }

    /// True for a line of this version: between its spellings those of other ones may be.
    fn is_of(&self, line: &str) -> bool {
        let version = pieces(line, b'\t').nth(1).unwrap_or_default();
        let (public, local) = version.split_once('+').unwrap_or((version, ""));
        local == self.local && self.spellings.iter().any(|spelling| spelling == public)
    }
}

/// The first key behind a release and its local versions: in byte order a tab and `+` come before `,`, and all that can
/// go on with another version comes behind it.
fn after_local(package: &PackageName, public: &str) -> String {
    format!("{package}\t{public},")
}

/// The most parts of a release that are tried: `2.0` may be written `2.0.0`, and a file name keeps its writer's form.
const PARTS: usize = 5;

/// The ways to write a release that mean the same, the local label left out.
fn spellings(version: &Version) -> Vec<String> {
    let public = version.clone().without_local();
    let parts = public.release().len();
    let kept = public.release().iter().rposition(|part| *part != 0).map_or(1, |last| last + 1);
    let release: Vec<u64> = public.release().iter().copied().take(kept).collect();
    let shortest = version::text(&public.with_release(release));
    // Behind the release comes a letter, or a point and a letter.
    let letter = shortest.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(shortest.len());
    let (release, suffix) = shortest.split_at(shortest[..letter].trim_end_matches('.').len());
    let most = PARTS.max(parts) - kept;
    let zeros = ".0".repeat(most);
    (0..=most).map(|count| [release, &zeros[..2 * count], suffix].concat()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_the_spellings_of_a_release_stand_others() {
        let package = "aa".parse().unwrap();
        let exact = |version: &str| Exactly::new(&package, &version.parse().unwrap());
        // In byte order 1.5 comes between 1.0rc1 and 1rc1.
        for (version, line, is_its) in [
            ("1.0rc1", "aa\t1rc1\tx", true),
            ("1.0rc1", "aa\t1.0.0rc1\tx", true),
            ("1.0rc1", "aa\t1.5\tx", false),
            ("1.0rc1", "aa\t1.0rc1+cpu\tx", false),
            ("1.0+cpu", "aa\t1.0+cpu\tx", true),
            ("1.0+cpu", "aa\t1.0\tx", false),
        ] {
            assert_eq!(exact(version).is_of(line), is_its, "{version} {line}");
        }
    }

    #[test]
    fn a_release_has_several_spellings() {
        let all = |text: &str| spellings(&text.parse().unwrap());
        assert_eq!(all("2.0+cu118"), ["2", "2.0", "2.0.0", "2.0.0.0", "2.0.0.0.0"]);
        assert_eq!(all("13.0.3"), ["13.0.3", "13.0.3.0", "13.0.3.0.0"]);
        assert_eq!(all("1.0rc1"), ["1rc1", "1.0rc1", "1.0.0rc1", "1.0.0.0rc1", "1.0.0.0.0rc1"]);
        assert_eq!(all("0"), ["0", "0.0", "0.0.0", "0.0.0.0", "0.0.0.0.0"]);
        assert_eq!(all("1.2.3.4.5.6"), ["1.2.3.4.5.6"]);
        assert_eq!(all("1!2.0.post1")[..3], ["1!2.post1", "1!2.0.post1", "1!2.0.0.post1"]);
        assert_eq!(all("1.0a2.post3.dev4+x")[..2], ["1a2.post3.dev4", "1.0a2.post3.dev4"]);
        assert_eq!(all("3.0.dev0")[1..3], ["3.0.dev0", "3.0.0.dev0"]);
    }
}
