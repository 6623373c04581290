//! The groups and extras that a choice means, by the rules of `poetry export`.

use std::collections::BTreeSet;

use pep508_rs::ExtraName;

use super::PoetryLock;
use crate::lock::Choice;
use crate::lock::pyproject::main_group;
use crate::packaging::marker::{Extras, ExtrasAndGroups};
use crate::report::error::Result;

impl PoetryLock {
    /// Each group and each extra by itself, all extras of a group, and what to call that.
    pub(in crate::lock) fn choices(&self) -> Vec<(Choice, String)> {
        let mut choices: Vec<(Choice, String)> =
            self.known_extras().into_iter().cloned().map(Choice::only_extra).collect();
        choices.push((Choice::default(), "with only the group main".to_owned()));
        for group in self.groups() {
            let what = format!("with the group {group} and all extras");
            let (only, name) = Choice::only_group(group);
            choices.extend([(only.clone(), name), (Choice { all_extras: true, ..only }, what)]);
        }
        choices
    }

    fn known_extras(&self) -> BTreeSet<&ExtraName> {
        let in_project = self.project.iter().flat_map(|project| project.extras.keys());
        self.extras.keys().chain(in_project).collect()
    }

    /// The groups and extras that a choice means.
    pub(super) fn chosen(&self, choice: &Choice) -> Result<ExtrasAndGroups> {
        let main = main_group()?;
        if *choice == Choice::default() {
            return Ok(ExtrasAndGroups { extras: Extras::new(), groups: [main].into() });
        }
        let extras: Vec<ExtraName> = self.known_extras().into_iter().cloned().collect();
        let mut groups = self.groups();
        if !groups.contains(&main) {
            groups.push(main.clone());
        }
        choice.resolved(&self.source.name, &extras, &groups, &[main])
    }
}
