//! A plan as edits of a `uv.lock`: packages get other versions, sources and wheels; packages are added and taken out, and so
//! are the dependencies on them; every byte outside of that stays.
//!
//! A package keeps its `source`, whose index uv takes from the project, and gets wheels at other addresses: uv takes them
//! from there. With an index or a URL of its own it would not be what the project asks for, and uv would lock it anew.
//!
//! What a lock cannot hold for sure is refused by name: several targets, releases that differ by Python, forks and other
//! names of what changes.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::PackageName;

use super::blocks::parted;
use super::impossible::by_python;
use super::{EntryUses, Wants, Where, uses, wants};
use crate::catalog::pin::Pin;
use crate::lock::Lock;
use crate::lock::uv::{UvBlock, UvLock};
use crate::packaging::target::{Environment, Platform};
use crate::plan::{Replacement, TargetPlan};
use crate::report::error::{Code, Error, Problem, Result};
use crate::text::{Patch, Source};
use crate::write::entry::in_style;
use crate::write::located::Located;
use crate::write::toml::string;

/// What to do where a lock is not rewritten.
const EXPORT: &str = "export a requirements file or a pylock.toml from it";

/// The lock's text after the plan of one target.
///
/// # Errors
/// If the lock cannot hold what is planned, or if it is not known where a wheel lies.
pub(in crate::write) fn uv(lock: &Lock, uv: &UvLock, plans: &[TargetPlan]) -> Result<String> {
    let [plan] = plans else {
        let problem = Problem::new(Code::Unsupported, "a uv.lock is rewritten for one target");
        return Err(problem.help("name one target, or export a file for each").into());
    };
    let blocks = uv.layout()?;
    let uses = uses(uv.entries.len(), plans);
    let here: BTreeSet<usize> =
        (0..uses.len()).filter(|index| !uses[*index].kept.is_empty() || !uses[*index].replaced.is_empty()).collect();
    let is_gone = |uses: &EntryUses| !uses.gone.is_empty() && uses.kept.is_empty() && uses.replaced.is_empty();
    let gone: BTreeSet<usize> = (0..uses.len()).filter(|index| is_gone(&uses[*index])).collect();
    let writer = UvRewriter {
        uv,
        blocks: &blocks,
        platform: plan.target.platform,
        wants: wants(plans),
        located: Located::of(&uv.packages),
        gone: gone.iter().map(|index| &uv.entries[*index].name).collect(),
    };
    let mut problems: Vec<Problem> = gone.iter().flat_map(|index| writer.forked(*index)).collect();
    let deleted = deleted(uv, &gone, &here);
    let mut patch = Patch::default();
    for (index, uses) in uses.iter().enumerate() {
        if deleted.contains(&index) {
            patch.replace(blocks[index].span, "");
        } else if here.contains(&index) {
            match writer.entry(index, uses, &mut patch) {
                Ok(()) => {}
                Err(error) => problems.extend(error.into_problems()),
            }
        }
    }
    match writer.added(lock, plan, &mut patch) {
        Ok(()) => {}
        Err(error) => problems.extend(error.into_problems()),
    }
    Error::unless_empty(problems)?;
    patch.apply(&uv.source.text).map_err(|error| Problem::new(Code::Inconsistent, error.to_string()).into())
}

/// What of what the target needs no more can be taken out: nothing that stays depends on it, be it for another platform.
fn deleted(uv: &UvLock, gone: &BTreeSet<usize>, here: &BTreeSet<usize>) -> BTreeSet<usize> {
    let dependents = uv.dependents();
    let apart = uv.asked_for_apart();
    let mut deleted: BTreeSet<usize> = gone.iter().filter(|index| !apart.contains(index)).copied().collect();
    loop {
        let stays = |index: &usize| dependents[*index].iter().any(|by| !here.contains(by) && !deleted.contains(by));
        let stay: Vec<usize> = deleted.iter().filter(|index| stays(index)).copied().collect();
        if stay.is_empty() {
            return deleted;
        }
        deleted.retain(|index| !stay.contains(index));
    }
}

struct UvRewriter<'a> {
    uv: &'a UvLock,
    blocks: &'a [UvBlock],
    platform: Platform,
    wants: Wants,
    located: Located<'a>,
    /// What the target needs no more.
    gone: BTreeSet<&'a PackageName>,
}

impl UvRewriter<'_> {
    /// One entry that the target has.
    fn entry(&self, index: usize, uses: &EntryUses, patch: &mut Patch) -> Result<()> {
        let (entry, block) = (&self.uv.entries[index], &self.blocks[index]);
        let Some(replacement) = uses.replaced.keys().next() else {
            let version = entry.version.as_ref().map(ToString::to_string).unwrap_or_default();
            self.dependencies(index, &version, patch);
            return Ok(());
        };
        let point = |problem: Problem| problem.at(&self.uv.source, entry.at.span);
        if !uses.kept.is_empty() || !uses.gone.is_empty() {
            return Err(point(by_python(&entry.name)).into());
        }
        Error::unless_empty(self.forked(index).into_iter().collect())?;
        let refused = if replacement.name != entry.name {
            Some(format!("{} would become {}", entry.name, replacement.name))
        } else if self.uv.packages[index].index.is_none() {
            Some(format!("{} is from no index", entry.name))
        } else {
            None
        };
        if let Some(why) = refused {
            let problem = Problem::new(Code::Unsupported, format!("{why}, and a uv.lock is not rewritten so"));
            return Err(point(problem).help(EXPORT).into());
        }
        let (version, wheels) = self.release(&entry.name, uses.replaced.keys())?;
        if let Some(span) = block.version {
            patch.replace(span, string(&version));
        }
        block.sdist.iter().for_each(|lines| patch.replace(*lines, ""));
        match block.wheels {
            Some(value) => patch.replace(value, in_style(&self.uv.source, &wheels)),
            None => patch.insert(block.behind_source, in_style(&self.uv.source, &format!("wheels = {wheels}\n"))),
        }
        self.dependencies(index, &version, patch);
        Ok(())
    }

    /// What changes must have no namesake: dependencies would say which of them is meant.
    fn forked(&self, index: usize) -> Option<Problem> {
        let entry = &self.uv.entries[index];
        let twins = self.uv.entries.iter().filter(|other| other.name == entry.name).count();
        (twins > 1).then(|| {
            let message = format!(
                "{} is locked {twins} times, by forks, and would be changed: a uv.lock is not rewritten so",
                entry.name
            );
            let problem = Problem::new(Code::Unsupported, message).at(&self.uv.source, entry.at.span);
            problem.help(EXPORT)
        })
    }

    /// The version and the wheels of the pins of one package, as TOML.
    fn release<'r>(
        &self,
        name: &PackageName,
        replaced: impl Iterator<Item = &'r Replacement>,
    ) -> Result<(String, String)> {
        let (mut versions, mut wheels) = (BTreeSet::new(), BTreeSet::new());
        for Replacement { pin, .. } in replaced {
            versions.insert(pin.version().to_string());
            match pin.as_ref() {
                Pin::Url { url, sha256, .. } => drop(wheels.insert((url.clone(), sha256.to_string()))),
                Pin::Index { files, .. } => {
                    for (file, sha256) in files.iter() {
                        wheels.insert((self.located.url(file, sha256)?, sha256.to_string()));
                    }
                }
                Pin::Stub(_) => {
                    let problem = Problem::new(Code::Unsupported, "a uv.lock has no stubs");
                    return Err(problem.help(EXPORT).into());
                }
            }
        }
        let (Some(version), 1) = (versions.pop_first(), versions.len() + 1) else {
            return Err(by_python(name).into());
        };
        let wheel = |(url, sha256): &(String, String)| {
            format!("    {{ url = {}, hash = \"sha256:{sha256}\" }},\n", string(url))
        };
        Ok((version, format!("[\n{}]", wheels.iter().map(wheel).collect::<String>())))
    }

    /// The names that a release needs where it is not said to need them, each as a line.
    fn new_edges(
        &self,
        name: &PackageName,
        version: &str,
        is_said: impl Fn(&PackageName, &Where) -> bool,
    ) -> Vec<(PackageName, String)> {
        let wants = self.wants.get(&format!("{name} {version}"));
        let new = wants.into_iter().flatten().filter(|(wanted, places)| !is_said(wanted, places));
        let (machine, system) = (self.platform.platform_machine(), self.platform.sys_platform());
        let marker = string(&format!("platform_machine == '{machine}' and sys_platform == '{system}'"));
        new.map(|(wanted, _)| (wanted.clone(), format!("{{ name = {}, marker = {marker} }}", string(wanted.as_ref()))))
            .collect()
    }

    /// The dependencies of an entry without what is gone and with what is new.
    fn dependencies(&self, index: usize, version: &str, patch: &mut Patch) {
        let (block, source) = (&self.blocks[index], &self.uv.source);
        let new = self.new_edges(&self.uv.entries[index].name, version, |wanted, places| {
            let here = |python| Environment { platform: self.platform, python };
            places.iter().all(|(_, python)| self.uv.depends(index, wanted, here(*python)))
        });
        if new.is_empty() && !block.edges.iter().any(|(name, _)| self.gone.contains(name)) {
            return;
        }
        let old = block.edges.iter().filter(|(name, _)| !self.gone.contains(name));
        let mut edges: Vec<(PackageName, String)> =
            old.map(|(name, span)| (name.clone(), source.slice(*span).to_owned())).chain(new).collect();
        // What is written first stays first: uv sorts by name and by what tells namesakes apart.
        edges.sort_by(|one, other| one.0.cmp(&other.0));
        match (&block.dependencies, edges.is_empty()) {
            (Some((_, lines)), true) => patch.replace(*lines, ""),
            (Some((value, _)), false) => patch.replace(*value, in_style(source, &list(&edges))),
            (None, true) => {}
            (None, false) => {
                patch.insert(block.behind_source, in_style(source, &format!("dependencies = {}\n", list(&edges))));
            }
        }
    }

    /// New packages, each where uv would sort it.
    fn added(&self, lock: &Lock, plan: &TargetPlan, patch: &mut Patch) -> Result<()> {
        let lines = plan.environments.iter().flat_map(|environment| &environment.lines);
        let mut added: BTreeMap<&PackageName, BTreeSet<&Replacement>> = BTreeMap::new();
        for replacement in lines.filter(|line| line.entry.is_none()).filter_map(|line| line.replacement.as_ref()) {
            added.entry(&replacement.name).or_default().insert(replacement);
        }
        let mut at: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for (name, replaced) in added {
            if lock.entries().iter().any(|entry| entry.name == *name) {
                let message = format!("{name} would be locked twice, and a uv.lock is not rewritten so");
                return Err(Problem::new(Code::Unsupported, message).help(EXPORT).into());
            }
            let Some(index) = self.located.index else {
                let problem = Problem::new(Code::Unknown, "no package of the lock is from the default index");
                return Err(problem.help(EXPORT).into());
            };
            let (version, wheels) = self.release(name, replaced.into_iter())?;
            let edges = self.new_edges(name, &version, |_, _| false);
            let edges = if edges.is_empty() { String::new() } else { format!("dependencies = {}\n", list(&edges)) };
            let text = format!(
                "[[package]]\nname = {}\nversion = {}\nsource = {{ registry = {} }}\n{edges}wheels = {wheels}\n\n",
                string(name.as_ref()),
                string(&version),
                string(index)
            );
            let next = lock.entries().iter().position(|entry| entry.name > *name);
            let place = next.map_or(self.uv.source.text.len(), |next| self.blocks[next].span.start);
            at.entry(place).or_default().push(text);
        }
        for (place, texts) in at {
            patch.insert(place, joined(&self.uv.source, place, &texts));
        }
        Ok(())
    }
}

/// Dependencies, one a line.
fn list(edges: &[(PackageName, String)]) -> String {
    format!("[\n{}]", edges.iter().map(|(_, edge)| format!("    {edge},\n")).collect::<String>())
}

/// Packages for a place before another one, or at the end of the file.
fn joined(source: &Source, place: usize, texts: &[String]) -> String {
    let joined = parted(source, texts);
    if place < source.text.len() {
        return in_style(source, &joined);
    }
    let gap = if source.text.ends_with('\n') { "\n" } else { "\n\n" };
    in_style(source, &format!("{gap}{}\n", joined.trim_end()))
}
