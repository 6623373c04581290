//! The groups and extras that a choice means, by the rules of `poetry export`.

use std::collections::BTreeSet;

use pep508_rs::ExtraName;

use super::PoetryLock;
use crate::lock::Choice;
use crate::lock::pyproject::main_group;
use crate::packaging::marker::Extras;
use crate::report::error::{Code, Error, Problem, Result};

impl PoetryLock {
    /// Each group and each extra by itself, all extras of a group, and what to call that.
    pub(in crate::lock) fn choices(&self) -> Vec<(Choice, String)> {
        let mut choices = Vec::new();
        for extra in self.known_extras() {
            let choice = Choice { extras: vec![extra.clone()], ..Choice::default() };
            choices.push((choice, format!("with only the extra {extra}")));
        }
        choices.push((Choice::default(), "with only the group main".to_owned()));
        for group in self.groups() {
            let only = Choice { only: vec![group.clone()], ..Choice::default() };
            let all = Choice { all_extras: true, ..only.clone() };
            choices.push((only, format!("with only the group {group}")));
            choices.push((all, format!("with the group {group} and all extras")));
        }
        choices
    }

    fn known_extras(&self) -> BTreeSet<&ExtraName> {
        let in_project = self.project.iter().flat_map(|project| project.extras.keys());
        self.extras.keys().chain(in_project).collect()
    }

    /// The groups that a choice means.
    pub(super) fn chosen_groups(&self, choice: &Choice) -> Result<BTreeSet<ExtraName>> {
        let main = main_group()?;
        let named = choice.only.iter().chain(&choice.with).chain(&choice.without);
        if !choice.all_groups && named.clone().next().is_none() {
            return Ok(BTreeSet::from([main]));
        }
        let known = self.groups();
        let mut problems = Vec::new();
        for group in named {
            if *group != main && !known.contains(group) {
                let list = known.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                let message = format!("there is no dependency group `{group}`");
                problems.push(Problem::new(Code::Usage, message).help(format!("the lock knows these groups: {list}")));
            }
        }
        Error::unless_empty(problems)?;
        let all = known.into_iter().chain([main.clone()]);
        Ok(all.filter(|group| choice.takes(group, *group == main)).collect())
    }

    /// The extras of the project that a choice means.
    pub(super) fn chosen_extras(&self, choice: &Choice) -> Result<Extras> {
        let known = self.known_extras();
        if choice.all_extras {
            return Ok(known.into_iter().cloned().collect());
        }
        let unknown = choice.extras.iter().filter(|extra| !known.contains(extra)).map(|extra| {
            let list = known.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let help = if list.is_empty() { "it has none".to_owned() } else { format!("it has: {list}") };
            Problem::new(Code::Usage, format!("the project has no extra `{extra}`")).help(help)
        });
        Error::unless_empty(unknown.collect())?;
        Ok(choice.extras.iter().cloned().collect())
    }
}
