//! A requirements file made anew from a `poetry.lock` or a `pylock.toml`, in the order and the style of `poetry export`.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::PackageName;

use super::coverage::Coverage;
use super::lines::{LineWriter, unfit};
use super::{Style, header};
use crate::lock::{Lock, Origin};
use crate::packaging::target::Environment;
use crate::plan::{Line, LockView, TargetPlan};
use crate::report::error::{Error, Result};

/// Writes the file.
pub(super) fn write(lock: &Lock, plans: &[TargetPlan], style: &Style) -> Result<String> {
    let mut writer = LineWriter { view: LockView::of(lock), style, fresh: true, problems: Vec::new() };
    let mut by_name: BTreeMap<&PackageName, Vec<(Environment, &Line)>> = BTreeMap::new();
    let mut indexes: BTreeSet<&str> = BTreeSet::new();
    for environment in plans.iter().flat_map(|plan| &plan.environments) {
        for line in &environment.lines {
            by_name.entry(&line.name).or_default().push((environment.environment, line));
            let entry = line.entry.filter(|_| line.pin().is_none()).and_then(|index| lock.entries().get(index));
            if let Some(Origin::Index(Some(url))) = entry.map(|entry| &entry.origin) {
                indexes.insert(url);
            }
        }
    }
    let mut text = header(style, lock)?;
    let mut options = lock.index_options(&indexes);
    options.extend(style.stubs.iter().map(|folder| format!("--find-links {folder}")));
    for option in &options {
        writer.problems.extend(unfit(option, true));
        text.push_str(option);
        text.push('\n');
    }
    if !options.is_empty() {
        text.push('\n');
    }
    let coverage = Coverage::of(plans);
    let mut lines = Vec::new();
    for (_, same_name) in by_name {
        lines.extend(writer.merge(&same_name, &coverage).into_iter().map(|(line, _)| line));
    }
    Error::unless_empty(writer.problems)?;
    lines.sort();
    text.reserve_exact(lines.iter().map(|line| line.length() + 1).sum());
    for line in lines {
        line.write_to(&mut text);
        text.push('\n');
    }
    Ok(text)
}
