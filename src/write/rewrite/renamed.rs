//! Entries that get another name, and what others say of them: by its `[package.dependencies]` Poetry finds what to install.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::PackageName;

use super::{EntryUses, TargetPythons, marker};
use crate::lock::poetry::{PoetryBlock, PoetryLock};
use crate::plan::TargetPlan;
use crate::text::{Patch, Source, Span};
use crate::write::entry::{NewNeed, also_needs, in_style, key, offset, place};

/// By old name: what takes the place of its entries.
pub(super) struct Renamed(BTreeMap<String, NewNames>);

struct NewNames {
    /// Some entry keeps the old name.
    stays: bool,
    /// The new names, each with the marker that says where.
    needs: BTreeMap<String, NewNeed>,
}

impl Renamed {
    /// `stay`: the entries that stay for platforms without a target, or for others that need them as they are.
    pub(super) fn of(lock: &PoetryLock, plans: &[TargetPlan], uses: &[EntryUses], stay: &BTreeSet<usize>) -> Self {
        let mut renamed: BTreeMap<&PackageName, BTreeMap<&PackageName, TargetPythons>> = BTreeMap::new();
        for (entry, uses) in lock.entries.iter().zip(uses) {
            for (replacement, places) in uses.replaced.iter().filter(|(one, _)| one.name != entry.name) {
                let new = renamed.entry(&entry.name).or_default();
                new.entry(&replacement.name).or_default().extend(places);
            }
        }
        let keeps = |index: usize, old: &PackageName| {
            let uses = &uses[index];
            let is_left = uses.replaced.is_empty() && uses.gone.is_empty();
            let has_own = uses.replaced.keys().any(|one| one.name == *old);
            is_left || has_own || !uses.kept.is_empty() || stay.contains(&index)
        };
        let new_names = |(old, names): (&PackageName, BTreeMap<&PackageName, TargetPythons>)| {
            let mut own = lock.entries.iter().enumerate().filter(|(_, entry)| entry.name == *old);
            let stays = own.any(|(index, _)| keeps(index, old));
            let needs = names.into_iter().map(|(name, places)| {
                let marker = marker(plans, &places, true).filter(|_| stays);
                (name.to_string(), NewNeed { marker, ..NewNeed::default() })
            });
            (old.to_string(), NewNames { stays, needs: needs.collect() })
        };
        Self(renamed.into_iter().map(new_names).collect())
    }

    /// Lets an entry need the new names: instead of the old one, or beside it where that stays.
    pub(super) fn edit(&self, source: &Source, block: &PoetryBlock, patch: &mut Patch) {
        let Some(table) = block.dependencies.filter(|_| !self.0.is_empty()) else { return };
        let lines: Vec<&str> = source.slice(table).split_inclusive('\n').collect();
        for (old, new) in &self.0 {
            let Some(first) = lines.iter().position(|line| key(line).as_ref() == Some(old)) else { continue };
            if new.stays {
                also_needs(source, block, &new.needs, patch);
                continue;
            }
            // Alternatives are on lines of their own below the name.
            let more = lines[first + 1..].iter().take_while(|line| line.starts_with([' ', '\t', ']']));
            let last = first + 1 + more.count();
            let at = |line: usize| offset(table, &lines, line);
            let value = lines[first..last].concat();
            let value = value.split_once(" = ").map(|(_, value)| value.to_owned()).unwrap_or_default();
            patch.replace(Span { start: at(first), end: at(last) }, "");
            for name in new.needs.keys() {
                patch.insert(at(place(&lines, name)), in_style(source, &format!("{name} = {value}")));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{lock, wheel};
    use super::*;
    use crate::packaging::target::Python;

    #[test]
    fn an_old_name_stays_for_any_entry_that_has_it_still() {
        let lock = lock(&["torch", "torch"], "2.1");
        let here = TargetPythons::from([(0, Python::three(10))]);
        let by = |name| EntryUses {
            replaced: BTreeMap::from([(wheel(name, "py3-none-any"), here.clone())]),
            ..EntryUses::default()
        };
        let gone = || EntryUses { gone: here.clone(), ..EntryUses::default() };
        let stays = |other: EntryUses, stay: &[usize]| {
            Renamed::of(&lock, &[], &[by("zorch"), other], &stay.iter().copied().collect()).0["torch"].stays
        };
        assert!(!stays(gone(), &[]) && !stays(by("zorch"), &[]));
        assert!(stays(EntryUses::default(), &[]), "nobody said anything of it");
        assert!(stays(by("torch"), &[]), "it is another release of that name");
        assert!(stays(EntryUses { kept: here.clone(), ..gone() }, &[]), "it stays under some Python");
        assert!(stays(gone(), &[1]) && stays(by("zorch"), &[0]), "others need it as it is");
    }
}
