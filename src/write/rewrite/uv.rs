//! A plan as edits of a `uv.lock`: packages get other versions, sources and wheels; packages are added and taken out, and so
//! are the dependencies on them; every byte outside of that stays.
//!
//! A package keeps its `source`, whose index uv takes from the project, and gets wheels at other addresses: uv takes them
//! from there. With an index or a URL of its own it would not be what the project asks for, and uv would lock it anew.
//!
//! Of namesakes, which forks lock, the one that the target selects is changed; dependencies that say which of them is meant
//! say its new version. A package that gets another name keeps its place, and all dependencies on it say the new one; uv does
//! not look whether that is what the packages' wheels ask for.
//!
//! Whatever a lock may not be able to hold is refused by name: several targets, releases that differ by Python, other
//! names of what the manifest asks for or what is asked for with an extra, and what would be locked twice.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::PackageName;

use super::blocks::parted;
use super::impossible::by_python;
use super::{EntryUses, TargetPythons, Wants, applied, noted, uses, wants};
use crate::catalog::pin::Pin;
use crate::lock::Lock;
use crate::lock::uv::{UvBlock, UvEdge, UvLock};
use crate::packaging::target::{Environment, Platform};
use crate::plan::{Replacement, TargetPlan};
use crate::report::error::{Code, Error, Problem, Result};
use crate::text::{Patch, Source};
use crate::write::entry::in_style;
use crate::write::located::Located;
use crate::write::toml::string;

/// The remedy where a lock is not rewritten.
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
        releases: uses
            .iter()
            .enumerate()
            .filter_map(|(index, uses)| Some((index, uses.replaced.keys().next()?)))
            .collect(),
        here,
        gone,
    };
    let deleted = deleted(uv, &writer.gone, &writer.here);
    let mut problems = Vec::new();
    let mut patch = Patch::default();
    for (index, uses) in uses.iter().enumerate() {
        if deleted.contains(&index) {
            patch.replace(blocks[index].span, "");
            continue;
        }
        let (own, more) = uv.edges(index);
        let changed = if writer.here.contains(&index) { writer.entry(index, uses, &mut patch) } else { Ok(false) };
        let is_written = noted(changed, &mut problems).unwrap_or_default();
        for edge in own.iter().filter(|_| !is_written).chain(more) {
            writer.renew(edge, &mut patch);
        }
    }
    noted(writer.added(lock, plan, &mut patch), &mut problems);
    Error::unless_empty(problems)?;
    applied(&patch, &uv.source.text)
}

/// The entries that the target no longer needs and that can be removed: nothing that stays depends on it, be it for
/// another platform.
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
    /// What each entry becomes that changes. Where that differs by Python the rewrite is refused.
    releases: BTreeMap<usize, &'a Replacement>,
    /// The target's final selection.
    here: BTreeSet<usize>,
    /// The entries that the target no longer needs.
    gone: BTreeSet<usize>,
}

impl UvRewriter<'_> {
    /// One entry that the target has. True if its dependencies are written anew.
    fn entry(&self, index: usize, uses: &EntryUses, patch: &mut Patch) -> Result<bool> {
        let (entry, block) = (&self.uv.entries[index], &self.blocks[index]);
        let Some(replacement) = uses.replaced.keys().next() else {
            let version = entry.version.as_ref().map(ToString::to_string).unwrap_or_default();
            return self.dependencies(index, &entry.name, &version, patch);
        };
        if !uses.kept.is_empty() || !uses.gone.is_empty() {
            return Err(by_python(&entry.name).at(&self.uv.source, entry.at.span).into());
        }
        // A stub is left where the package that it requires is an entry already.
        let (old, new) = (&entry.name, replacement.pin.stub().map_or(&replacement.name, |stub| &stub.stands_for));
        let refused = if self.uv.packages[index].index.is_none() {
            Some(format!("{old} is not from an index"))
        } else if old == new {
            None
        } else if self.uv.is_in_manifest(index) {
            Some(format!("{old} would become {new}, and the manifest asks for it"))
        } else if self.is_asked_with_extra(index) {
            Some(format!("{old} would become {new}, and it is asked for with an extra"))
        } else if self.twins(new).next().is_some() {
            Some(format!("{old} would become {new}, which is locked already"))
        } else {
            None
        };
        if let Some(why) = refused {
            return Err(self.refused(index, format!("{why}, and a uv.lock is not rewritten so")).into());
        }
        let (version, wheels) = self.release(old, uses.replaced.keys())?;
        if let Some(span) = block.name.filter(|_| old != new) {
            patch.replace(span, string(new.as_ref()));
        }
        if self.twins(old).any(|other| other != index && self.is_twice(index, other, &version)) {
            let first = self.twins(old).next().unwrap_or(index);
            let message = format!("{old} {version} would be locked beside this one, and a uv.lock is not rewritten so");
            return Err(self.refused(first, message).into());
        }
        if let Some(span) = block.version {
            patch.replace(span, string(&version));
        }
        block.sdist.iter().for_each(|lines| patch.replace(*lines, ""));
        match block.wheels {
            Some(value) => patch.replace(value, in_style(&self.uv.source, &wheels)),
            None => patch.insert(block.behind_source, in_style(&self.uv.source, &format!("wheels = {wheels}\n"))),
        }
        self.dependencies(index, new, &version, patch)
    }

    /// True if a dependency on an entry names an extra of it.
    fn is_asked_with_extra(&self, index: usize) -> bool {
        (0..self.uv.entries.len()).any(|from| {
            let (own, more) = self.uv.edges(from);
            own.iter().chain(more).any(|edge| edge.to == index && edge.has_extras())
        })
    }

    /// The entries of a name.
    fn twins<'s>(&'s self, name: &'s PackageName) -> impl Iterator<Item = usize> + 's {
        let all = self.uv.entries.iter().enumerate().filter(move |(_, other)| other.name == *name);
        all.map(|(index, _)| index)
    }

    /// True if an entry gets a version that another one of its name and its index has.
    fn is_twice(&self, index: usize, other: usize, version: &str) -> bool {
        self.version(other).as_deref() == Some(version)
            && self.uv.packages[other].index == self.uv.packages[index].index
    }

    /// The version that an entry has in the end.
    fn version(&self, index: usize) -> Option<String> {
        let new = self.releases.get(&index).map(|new| new.pin.version());
        new.or(self.uv.entries[index].version.as_ref()).map(ToString::to_string)
    }

    /// Refuses what a lock cannot hold, and points at an entry.
    fn refused(&self, entry: usize, message: String) -> Problem {
        let span = self.uv.entries[entry].at.span;
        Problem::new(Code::Unsupported, message).at(&self.uv.source, span).help(EXPORT)
    }

    /// Lets a dependency say the new name and the new version of what it means.
    fn renew(&self, edge: &UvEdge, patch: &mut Patch) {
        let Some(new) = self.releases.get(&edge.to) else { return };
        if new.name != self.uv.entries[edge.to].name {
            patch.replace(edge.name, string(new.name.as_ref()));
        }
        if let Some(span) = edge.version {
            patch.replace(span, string(&new.pin.version().to_string()));
        }
    }

    /// A dependency as it is written in the end.
    fn written(&self, edge: &UvEdge) -> Result<String> {
        let mut patch = Patch::default();
        self.renew(edge, &mut patch);
        applied(&patch.moved(edge.span.start), self.uv.source.slice(edge.span))
    }

    /// The fields of a dependency on a package: its name, and which of its namesakes is meant.
    fn named(&self, name: &PackageName) -> Result<String, Problem> {
        let twins: Vec<usize> = self.twins(name).collect();
        if twins.len() < 2 {
            return Ok(format!("name = {}", string(name.as_ref())));
        }
        let meant: Vec<usize> = twins.iter().copied().filter(|index| self.here.contains(index)).collect();
        let [index] = &meant[..] else {
            let message = format!("{name} is locked {} times, and which of them is needed cannot be said", twins.len());
            return Err(self.refused(twins[0], message));
        };
        let version = self.version(*index).unwrap_or_default();
        let source = self.uv.source.slice(self.blocks[*index].source);
        Ok(format!("name = {}, version = {}, source = {source}", string(name.as_ref()), string(&version)))
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
        is_said: impl Fn(&PackageName, &TargetPythons) -> bool,
    ) -> Result<Vec<(PackageName, String)>, Problem> {
        let wants = self.wants.get(&format!("{name} {version}"));
        let new = wants.into_iter().flatten().filter(|(wanted, places)| !is_said(wanted, places));
        let (machine, system) = (self.platform.platform_machine(), self.platform.sys_platform());
        let marker = string(&format!("platform_machine == '{machine}' and sys_platform == '{system}'"));
        new.map(|(wanted, _)| Ok((wanted.clone(), format!("{{ {}, marker = {marker} }}", self.named(wanted)?))))
            .collect()
    }

    /// The dependencies of an entry without what is gone and with what is new. False: they are the same.
    fn dependencies(&self, index: usize, name: &PackageName, version: &str, patch: &mut Patch) -> Result<bool> {
        let (block, source) = (&self.blocks[index], &self.uv.source);
        let (own, _) = self.uv.edges(index);
        let new = self.new_edges(name, version, |wanted, places| {
            let here = |python| Environment { platform: self.platform, python };
            places.iter().all(|(_, python)| self.uv.depends(index, wanted, here(*python)))
        })?;
        if new.is_empty() && !own.iter().any(|edge| self.gone.contains(&edge.to)) {
            return Ok(false);
        }
        let old = own.iter().filter(|edge| !self.gone.contains(&edge.to));
        let old = old.map(|edge| Ok((self.uv.entries[edge.to].name.clone(), self.written(edge)?)));
        let mut edges: Vec<(PackageName, String)> = old.chain(new.into_iter().map(Ok)).collect::<Result<_>>()?;
        // What is written first stays first: uv sorts by name and by what distinguishes namesakes.
        edges.sort_by(|one, other| one.0.cmp(&other.0));
        match (&block.dependencies, edges.is_empty()) {
            (Some((_, lines)), true) => patch.replace(*lines, ""),
            (Some((value, _)), false) => patch.replace(*value, in_style(source, &list(&edges))),
            (None, true) => {}
            (None, false) => {
                patch.insert(block.behind_source, in_style(source, &format!("dependencies = {}\n", list(&edges))));
            }
        }
        Ok(true)
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
            if let Some(twin) = self.twins(name).next() {
                let message = format!("{name} is locked already, for others, and the target would get another release");
                return Err(self.refused(twin, message).into());
            }
            let Some(index) = self.located.index else {
                let problem = Problem::new(Code::Unknown, "no package of the lock is from the default index");
                return Err(problem.help(EXPORT).into());
            };
            let (version, wheels) = self.release(name, replaced.into_iter())?;
            let edges = self.new_edges(name, &version, |_, _| false)?;
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
