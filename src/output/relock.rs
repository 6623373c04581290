//! A plan as edits of a `poetry.lock`: entries get other versions, files, sources and requirements; entries are added and
//! taken out; every byte outside of that stays, the `content-hash` and the header comment among them.
//!
//! For one target an entry is changed in its place. Where its wheel differs by Python, it becomes one entry for each, with
//! markers that exclude each other. For several targets the changed entries carry the marker of their platform, and the
//! locked one stays for every other platform. Only locks of version 2.1 have markers on entries; in older ones there is
//! one target, and one wheel for each package.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use pep508_rs::PackageName;

use super::Style;
use super::entry::{self, NewEntry};
use super::lines::python_marker;
use crate::error::{Code, Error, Problem, Result};
use crate::lock::Lock;
use crate::lock::poetry::{Block, LockVersion, PoetryLock};
use crate::pin::Pin;
use crate::plan::{Line, Required, TargetPlan};
use crate::target::{Platform, Python};
use crate::text::Patch;

/// What an entry is under some Pythons of some targets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Content {
    pin: Pin,
}

/// Where something holds: index of the target, and the Python.
type Where = BTreeSet<(usize, Python)>;

/// The lock's text after the plans of one target or several.
///
/// # Errors
/// If the lock is too old for what is asked, or two targets want different builds on one platform.
pub(super) fn poetry(lock: &Lock, poetry: &PoetryLock, plans: &[TargetPlan], style: &Style) -> Result<String> {
    Error::unless_empty(impossible(poetry, plans))?;
    let blocks = poetry.layout()?;
    let mut writer = Writer { poetry, blocks: &blocks, plans, style, patch: Patch::default() };
    let mut problems = Vec::new();
    for index in 0..poetry.entries.len() {
        if let Err(problem) = writer.entry(index) {
            problems.push(problem.at(&lock.sources()[0], poetry.entries[index].at.span));
        }
    }
    Error::unless_empty(problems)?;
    writer.added();
    writer.patch.apply(&poetry.source.text).map_err(|error| Problem::new(Code::Inconsistent, error.to_string()).into())
}

/// What a lock of this version cannot hold.
fn impossible(poetry: &PoetryLock, plans: &[TargetPlan]) -> Vec<Problem> {
    let name = &poetry.source.name;
    let mut problems = Vec::new();
    if poetry.version < LockVersion::V2_0 {
        let message = format!("{name} is of lock-version 1.x, which loses the digest of a wheel at a URL");
        let help = "export a requirements file instead, or make the lock anew with Poetry 1.3 or newer";
        problems.push(Problem::new(Code::Unsupported, message).help(help));
    }
    if poetry.version < LockVersion::V2_1 && plans.len() > 1 {
        let message = format!("{name} has no markers on its entries, so it can hold one target only");
        let help = "rewrite it once for each target with -o, or make the lock anew with Poetry 2";
        problems.push(Problem::new(Code::Unsupported, message).help(help));
    }
    for (index, plan) in plans.iter().enumerate() {
        let twin = plans[..index].iter().find(|other| other.target.platform == plan.target.platform);
        if let Some(twin) = twin {
            let names = [twin, plan].map(|plan| plan.target.name.clone().unwrap_or_default());
            let message = format!(
                "the targets {} are for one platform, and a lock holds one build for each",
                names.join(" and ")
            );
            problems.push(
                Problem::new(Code::Usage, message).help("rewrite the lock for one of them, with -o for the other"),
            );
        }
    }
    problems
}

struct Writer<'a> {
    poetry: &'a PoetryLock,
    blocks: &'a [Block],
    plans: &'a [TargetPlan],
    style: &'a Style,
    patch: Patch,
}

impl Writer<'_> {
    /// One entry of the lock: what it is where, and the edits that make it so.
    fn entry(&mut self, index: usize) -> std::result::Result<(), Problem> {
        let mut pinned: BTreeMap<Content, (Where, Option<Rc<[Required]>>)> = BTreeMap::new();
        let (mut kept, mut gone) = (Where::new(), Where::new());
        for (target, plan) in self.plans.iter().enumerate() {
            for (environment, selection) in plan.environments.iter().zip(&plan.selections) {
                let here = (target, environment.environment.python);
                let line = environment.lines.iter().find(|line| line.entry == Some(index));
                let selected = selection.picks.iter().any(|pick| pick.entry == index);
                match line {
                    Some(Line { pin: Some(pin), requires, .. }) => {
                        let content = Content { pin: pin.clone() };
                        let place = pinned.entry(content).or_insert_with(|| (Where::new(), requires.clone()));
                        place.0.insert(here);
                    }
                    Some(_) => {
                        kept.insert(here);
                    }
                    None if selected => {
                        gone.insert(here);
                    }
                    None => {}
                }
            }
        }
        let Some(block) = self.blocks.get(index) else { return Ok(()) };
        if pinned.is_empty() {
            // What is still needed somewhere stays: it does no harm where it is not.
            if !gone.is_empty() && kept.is_empty() {
                self.patch.replace(block.span, "");
            }
            return Ok(());
        }
        if kept.is_empty() && pinned.len() == 1 {
            let pinned = pinned.into_iter().next();
            let text = pinned
                .map(|(content, (_, requires))| self.changed(index, block, &content.pin, requires.as_deref(), None));
            self.patch.replace(block.span, text.unwrap_or_default());
            return Ok(());
        }
        if self.poetry.version < LockVersion::V2_1 {
            let name = &self.poetry.entries[index].name;
            let message = format!("the wheels of {name} differ by Python, and this lock can hold one for all");
            return Err(Problem::new(Code::Unsupported, message).help("name one Python: --python 3.10"));
        }
        let mut texts = Vec::new();
        if !kept.is_empty() {
            let marker = self.rest(&pinned.values().flat_map(|(places, _)| places).copied().collect(), &kept);
            texts.push((None, entry::kept(&self.poetry.source, block, &marker)));
        }
        for (content, (places, requires)) in &pinned {
            let marker = self.marker(places);
            let text = self.changed(index, block, &content.pin, requires.as_deref(), marker.as_deref());
            texts.push((Some(content.pin.clone()), text));
        }
        // Poetry's order of entries of one name: by version, then by source.
        texts.sort_by(|one, other| one.0.cmp(&other.0));
        self.patch.replace(block.span, texts.into_iter().map(|(_, text)| text).collect::<String>());
        Ok(())
    }

    fn changed(
        &self,
        index: usize,
        block: &Block,
        pin: &Pin,
        requires: Option<&[Required]>,
        marker: Option<&str>,
    ) -> String {
        let pin = self.mirrored(pin);
        let _ = index;
        entry::changed(&self.poetry.source, block, &pin, requires, marker)
    }

    fn mirrored(&self, pin: &Pin) -> Pin {
        match (pin, &self.style.mirror) {
            (Pin::Url { version, file, url, sha256, witness }, Some(mirror)) => Pin::Url {
                version: version.clone(),
                file: file.clone(),
                url: mirror.apply(url),
                sha256: *sha256,
                witness: witness.clone(),
            },
            (Pin::Url { .. } | Pin::Index { .. }, _) => pin.clone(),
        }
    }

    /// The marker that selects some Pythons of some targets; none where that is everything.
    fn marker(&self, places: &Where) -> Option<String> {
        let mut parts = Vec::new();
        for (target, plan) in self.plans.iter().enumerate() {
            let pythons: BTreeSet<Python> =
                places.iter().filter(|(at, _)| *at == target).map(|(_, python)| *python).collect();
            if pythons.is_empty() {
                continue;
            }
            let python = python_marker(&pythons, &plan.target.pythons, true);
            let platform = (self.plans.len() > 1).then(|| is(plan.target.platform));
            parts.push(match (platform, python) {
                (None, None) => return None,
                (Some(one), None) | (None, Some(one)) => one,
                (Some(platform), Some(python)) if python.contains(" or ") => format!("{platform} and ({python})"),
                (Some(platform), Some(python)) => format!("{platform} and {python}"),
            });
        }
        match parts.as_slice() {
            [one] => Some(one.clone()),
            several => Some(several.iter().map(|part| format!("({part})")).collect::<Vec<_>>().join(" or ")),
        }
    }

    /// The marker of the locked entry where others take its place in part: everywhere but there.
    fn rest(&self, taken: &Where, kept: &Where) -> String {
        let mut parts = Vec::new();
        for (target, plan) in self.plans.iter().enumerate() {
            if !taken.iter().any(|(at, _)| *at == target) {
                continue;
            }
            let left: BTreeSet<Python> =
                kept.iter().filter(|(at, _)| *at == target).map(|(_, python)| *python).collect();
            let python = python_marker(&left, &plan.target.pythons, true).filter(|_| !left.is_empty());
            let elsewhere = (self.plans.len() > 1).then(|| is_not(plan.target.platform));
            parts.extend(match (elsewhere, python) {
                (Some(elsewhere), Some(python)) => Some(format!("({elsewhere} or {python})")),
                (Some(elsewhere), None) => Some(format!("({elsewhere})")),
                (None, python) => python,
            });
        }
        match parts.as_slice() {
            [one] => one.strip_prefix('(').and_then(|one| one.strip_suffix(')')).unwrap_or(one).to_owned(),
            several => several.join(" and "),
        }
    }

    /// New entries, each before the first one of a greater name, as Poetry sorts them.
    fn added(&mut self) {
        let mut added: BTreeMap<(&PackageName, &Pin), (Where, Option<Rc<[Required]>>)> = BTreeMap::new();
        for (target, plan) in self.plans.iter().enumerate() {
            for environment in &plan.environments {
                for line in environment.lines.iter().filter(|line| line.entry.is_none()) {
                    let Some(pin) = &line.pin else { continue };
                    let place = added.entry((&line.name, pin)).or_insert_with(|| (Where::new(), line.requires.clone()));
                    place.0.insert((target, environment.environment.python));
                }
            }
        }
        let end = self.blocks.last().map_or(self.poetry.source.text.len(), |block| block.span.end);
        let torch = self.poetry.entries.iter().position(|entry| entry.name.as_ref() == "torch").unwrap_or(0);
        for ((name, pin), (places, requires)) in added {
            let before = self.poetry.entries.iter().position(|entry| entry.name > *name);
            let at = before.and_then(|index| self.blocks.get(index)).map_or(end, |block| block.span.start);
            let Some(like) = self.blocks.get(torch) else { continue };
            let pin = self.mirrored(pin);
            let marker = self.marker(&places);
            let new = NewEntry { name, pin: &pin, requires: requires.as_deref(), marker: marker.as_deref() };
            self.patch.insert(at, entry::new(self.poetry, like, torch, &new));
        }
    }
}

fn is(platform: Platform) -> String {
    format!(
        "sys_platform == \"{}\" and platform_machine == \"{}\"",
        platform.sys_platform(),
        platform.platform_machine()
    )
}

fn is_not(platform: Platform) -> String {
    format!(
        "sys_platform != \"{}\" or platform_machine != \"{}\"",
        platform.sys_platform(),
        platform.platform_machine()
    )
}
