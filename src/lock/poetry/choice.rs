//! Which groups and extras a choice means, as `poetry export` has it.

use std::collections::BTreeSet;

use pep508_rs::ExtraName;

use super::PoetryLock;
use crate::lock::Choice;
use crate::lock::pyproject::main_group;
use crate::packaging::marker::Extras;
use crate::report::error::{Code, Error, Problem, Result};

impl PoetryLock {
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
        if choice.all_groups {
            return Ok(known.into_iter().chain([main]).collect());
        }
        if !choice.only.is_empty() {
            return Ok(choice.only.iter().cloned().collect());
        }
        let groups = choice.with.iter().cloned().chain([main]);
        Ok(groups.filter(|group| !choice.without.contains(group)).collect())
    }

    /// The extras of the project that a choice means.
    pub(super) fn chosen_extras(&self, choice: &Choice) -> Result<Extras> {
        let in_project = self.project.iter().flat_map(|project| project.extras.keys());
        let known: BTreeSet<&ExtraName> = self.extras.keys().chain(in_project).collect();
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
