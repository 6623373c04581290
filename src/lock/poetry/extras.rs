//! `[extras]` of a lock and `[package.extras]` of its packages: which packages an extra brings in.
//!
//! Many packages have many extras, and hardly any is asked for. The others are only checked.

use std::collections::{BTreeMap, HashSet};

use pep508_rs::{ExtraName, PackageName};

use super::PoetryPackage;
use crate::lock::Entry;
use crate::lock::dependency::{Dependency, LONGEST_NAME, read_extra, read_name};
use crate::lock::pyproject::Project;
use crate::lock::toml::{Item, Toml};
use crate::report::error::Result;

/// The packages that each extra brings in.
pub(super) type ByExtra = BTreeMap<ExtraName, Vec<PackageName>>;

/// Reads a table of extras: of a lock, names; of a package, requirements, of which the names count.
pub(super) fn read(toml: &Toml<'_>, item: &Item<'_>) -> Result<ByExtra> {
    let mut extras = BTreeMap::new();
    for (extra, list) in toml.table(item, "extras")?.iter() {
        let span = list.span();
        // Old locks have extras that nobody could ask for, such as `:python_version < "3"`.
        let Ok(extra) = read_extra(toml, span, extra) else { continue };
        let names = toml.strings(list, "extras")?.into_iter().map(|text| read_name(toml, span, name_in(text)));
        extras.insert(extra, names.collect::<Result<Vec<PackageName>>>()?);
    }
    Ok(extras)
}

/// Checks that a table of extras could be read.
pub(super) fn check(toml: &Toml<'_>, item: &Item<'_>) -> Result<()> {
    for (_, list) in toml.table(item, "extras")?.iter() {
        for text in toml.strings(list, "extras")? {
            if !is_plainly_a_name(name_in(text)) {
                read_name(toml, list.span(), name_in(text))?;
            }
        }
    }
    Ok(())
}

/// The name that a requirement begins with.
fn name_in(requirement: &str) -> &str {
    let end = requirement.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
    requirement.get(..end.unwrap_or(requirement.len())).unwrap_or_default()
}

/// True if a text of letters, digits, hyphens, dots and underlines is a name without a doubt: it begins and ends with a letter
/// or a digit.
fn is_plainly_a_name(text: &str) -> bool {
    let ends = text.as_bytes().first().zip(text.as_bytes().last());
    text.len() <= LONGEST_NAME
        && ends.is_some_and(|(first, last)| first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric())
}

/// The extras of packages, checked but not read: who asks for them is known when all packages are.
#[derive(Default)]
pub(super) struct Unread<'s>(Vec<(usize, Item<'s>)>);

impl<'s> Unread<'s> {
    /// Takes those of a part of a lock, whose packages are the last of so many entries.
    pub(super) fn take_from(&mut self, part: &mut Toml<'s>, entries: usize) {
        let tables = part.root().get("package").and_then(Item::as_array_of_tables).map_or(0, <[_]>::len);
        let first = entries - tables;
        self.0.extend(part.take("package", "extras").into_iter().map(|(at, item)| (first + at, item)));
    }

    /// Reads those that somebody asks for.
    pub(super) fn read_asked(
        self,
        toml: &Toml<'_>,
        entries: &[Entry],
        packages: &mut [PoetryPackage],
        project: Option<&Project>,
    ) -> Result<()> {
        let asked = asked(packages, project);
        let wanted = self.0.iter().filter(|(index, _)| asked.contains(&entries[*index].name));
        let read = wanted.map(|(index, item)| Ok((*index, read(toml, item)?))).collect::<Result<Vec<_>>>()?;
        for (index, extras) in read {
            packages[index].extras = extras;
        }
        Ok(())
    }
}

/// The packages that another one or the project asks for with extras.
fn asked<'a>(packages: &'a [PoetryPackage], project: Option<&'a Project>) -> HashSet<&'a PackageName> {
    let in_lock = packages.iter().flat_map(|package| &package.dependencies).map(|edge| &edge.dependency);
    let in_project = project.into_iter().flat_map(|project| project.groups.values().flatten());
    let with_extras = |dependency: &&Dependency| !dependency.requirement.extras.is_empty();
    in_lock.chain(in_project).filter(with_extras).map(|dependency| &dependency.requirement.name).collect()
}

#[cfg(test)]
mod tests {
    use crate::lock::poetry::PoetryLock;

    fn lock(extras: &str, asks: &str) -> Result<PoetryLock, crate::report::error::Error> {
        let text = format!(
            "[[package]]\nname = \"a\"\nversion = \"1\"\ngroups = [\"main\"]\nfiles = []\n\n[package.extras]\n{extras}\n\n\
             [[package]]\nname = \"b\"\nversion = \"1\"\ngroups = [\"main\"]\nfiles = []\n\n[package.dependencies]\n{asks}\n\n\
             [metadata]\nlock-version = \"2.1\"\npython-versions = \"*\"\ncontent-hash = \"0\"\n"
        );
        PoetryLock::parse("poetry.lock", text, None)
    }

    #[test]
    fn only_the_extras_that_are_asked_for_are_read() {
        let extras = "Fast = [\"C (>=1)\", \"d[x]\"]";
        assert!(lock(extras, "a = \"*\"").unwrap().packages[0].extras.is_empty());
        let asked = lock(extras, "a = {version = \"*\", extras = [\"fast\"]}").unwrap();
        let read: Vec<String> =
            asked.packages[0].extras.iter().map(|(extra, names)| format!("{extra} {names:?}")).collect();
        assert_eq!(read, ["fast [PackageName(\"c\"), PackageName(\"d\")]"]);
    }

    #[test]
    fn all_extras_are_checked() {
        for asks in ["a = \"*\"", "a = {version = \"*\", extras = [\"fast\"]}"] {
            for extras in ["fast = 1", "fast = [1]", "fast = {c = \"*\"}", "fast = [\"??\"]", "fast = [\"c-\"]"] {
                assert!(lock(extras, asks).is_err(), "{extras} {asks}");
            }
        }
    }
}
