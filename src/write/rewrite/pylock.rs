//! A plan as edits of a `pylock.toml`: packages get other versions, wheels and indexes; packages are added and taken out;
//! every byte outside of that stays, what tools keep for themselves among it. Lists of `dependencies` that would name what is
//! not there any more are taken out.
//!
//! One entry holds the wheels of all Pythons. For several targets the changed entries carry the marker of their platform,
//! and the locked one stays for every other platform.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::blocks::{gap, in_block, mark, parted};
use super::wheels::{Wheel, WheelStyle};
use super::{EntryUses, TargetPythons, applied, bringing, elsewhere, marker, noted, rest, uses};
use crate::catalog::is_torch;
use crate::catalog::pin::Pin;
use crate::lock::pylock::{Dependencies, Part, Pylock, PylockBlock};
use crate::lock::{Choice, Lock};
use crate::packaging::address;
use crate::plan::{Replacement, TargetPlan};
use crate::report::error::{Error, Result};
use crate::text::{Patch, Source, Span};
use crate::write::coverage::{both, in_brackets};
use crate::write::entry::in_style;
use crate::write::located::Located;
use crate::write::toml::string;

/// The wheels of one release on one index, and where they are wanted.
#[derive(Default)]
struct WantedRelease {
    wheels: BTreeSet<Wheel>,
    places: TargetPythons,
}

/// A release: package, version, and the folder its wheels lie in, if that is an index of its own.
type ReleaseKey = (PackageName, Version, Option<String>);
type WantedReleases = BTreeMap<ReleaseKey, WantedRelease>;

/// The lock's text after the plans of one target or several.
///
/// # Errors
/// If two targets want different builds on one platform, or if it is not known where a wheel lies.
pub(in crate::write) fn pylock(
    lock: &Lock,
    pylock: &Pylock,
    plans: &[TargetPlan],
    choices: &[Choice],
    stubs: &str,
) -> Result<String> {
    Error::unless_empty(super::impossible::same_platform(plans, choices))?;
    let blocks = pylock.layout()?;
    let elsewhere = elsewhere(lock, plans, choices);
    let located = Located::of(&pylock.packages);
    let uses = uses(pylock.entries.len(), plans);
    let named = |holds: &dyn Fn(usize, &EntryUses) -> bool| -> BTreeSet<&PackageName> {
        let entries = uses.iter().enumerate().filter(|(index, uses)| holds(*index, uses));
        entries.map(|(index, _)| &pylock.entries[index].name).collect()
    };
    let goes = |index: usize, uses: &EntryUses| {
        uses.replaced.is_empty() && uses.kept.is_empty() && !uses.gone.is_empty() && !elsewhere.contains(&index)
    };
    let stay = named(&|index, uses| !goes(index, uses));
    let changed = named(&|index, uses| !uses.replaced.is_empty() || goes(index, uses));
    let gone = changed.iter().filter(|name| !stay.contains(*name)).copied().collect();
    let mut writer = PylockRewriter {
        pylock,
        blocks: &blocks,
        plans,
        elsewhere,
        located,
        gone,
        changed,
        renamed: Vec::new(),
        stubs: stubs.strip_prefix("./").unwrap_or(stubs),
        patch: Patch::default(),
    };
    let mut problems = Vec::new();
    for (index, uses) in uses.into_iter().enumerate() {
        noted(writer.entry(index, uses), &mut problems);
    }
    noted(writer.added(), &mut problems);
    Error::unless_empty(problems)?;
    applied(&writer.patch, &pylock.source.text)
}

struct PylockRewriter<'a> {
    pylock: &'a Pylock,
    blocks: &'a [PylockBlock],
    plans: &'a [TargetPlan],
    elsewhere: BTreeSet<usize>,
    located: Located<'a>,
    /// The packages of which no entry stays.
    gone: BTreeSet<&'a PackageName>,
    /// The packages of which an entry is replaced or removed.
    changed: BTreeSet<&'a PackageName>,
    /// The entries that get another name: the index, the new name and the text.
    renamed: Vec<(usize, PackageName, String)>,
    /// The folder of stubs.
    stubs: &'a str,
    patch: Patch,
}

impl PylockRewriter<'_> {
    /// One entry of the lock: what it is where, and the edits that make it so.
    fn entry(&mut self, index: usize, uses: EntryUses) -> Result<()> {
        let EntryUses { replaced, kept, included, gone } = uses;
        let Some(block) = self.blocks.get(index) else { return Ok(()) };
        let source = &self.pylock.source;
        let own = &self.pylock.entries[index].name;
        let elsewhere = self.elsewhere.contains(&index);
        let old = self.pylock.packages.get(index).and_then(|package| package.marker.as_ref());
        let old = old.map(|marker| marker.text.as_str());
        if replaced.is_empty() && gone.is_empty() {
            self.untrue(block).iter().for_each(|span| self.patch.replace(*span, ""));
            if !included.is_empty() {
                let text = self.widened(old, &included).map(|marker| string(&marker));
                mark(source, block, text.as_deref(), &mut self.patch);
            }
            return Ok(());
        }
        let stays = !kept.is_empty() || elsewhere;
        if replaced.is_empty() && !stays {
            self.patch.replace(block.span, "");
            return Ok(());
        }
        let releases = self.releases(replaced)?;
        if let (Some((key, release)), false, 1, true) = (releases.iter().next(), stays, releases.len(), gone.is_empty())
        {
            let mut patch = Patch::default();
            change(source, block, key, key.0 != *own, &release.wheels, &mut patch);
            let text = in_block(source, block, &patch);
            if key.0 != *own {
                self.patch.replace(block.span, "");
                self.renamed.push((index, key.0.clone(), text));
            } else {
                self.patch.replace(block.span, text);
            }
            return Ok(());
        }
        let mut texts = Vec::new();
        if stays {
            let mut taken: TargetPythons = releases.values().flat_map(|release| &release.places).copied().collect();
            taken.extend(gone);
            let also = if included.is_empty() { old.map(str::to_owned) } else { self.widened(old, &included) };
            let rest = rest(self.plans, &taken, &kept);
            let text = both(also, Some(&rest)).map(|marker| string(&marker));
            let mut patch = Patch::default();
            mark(source, block, text.as_deref(), &mut patch);
            self.untrue(block).iter().for_each(|span| patch.replace(*span, ""));
            texts.push(in_block(source, block, &patch));
        }
        for (key, release) in &releases {
            let here = marker(self.plans, &release.places, true);
            let text = both(old.map(str::to_owned), here.as_deref()).map(|marker| string(&marker));
            let mut patch = Patch::default();
            change(source, block, key, key.0 != *own, &release.wheels, &mut patch);
            mark(source, block, text.as_deref(), &mut patch);
            let text = in_block(source, block, &patch);
            if key.0 != *own {
                self.renamed.push((index, key.0.clone(), text));
            } else {
                texts.push(text);
            }
        }
        self.patch.replace(block.span, parted(source, &texts));
        Ok(())
    }

    /// The `dependencies` of an entry that stays, if they name what is not there any more.
    fn untrue<'b>(&self, block: &'b PylockBlock) -> &'b [Span] {
        let Some(Dependencies { part, names, names_alone }) = &block.dependencies else { return &[] };
        let wrong = if *names_alone { &self.gone } else { &self.changed };
        if names.iter().any(|name| wrong.contains(name)) { part.all() } else { &[] }
    }

    /// The pins of an entry by release.
    fn releases(&self, replaced: BTreeMap<Replacement, TargetPythons>) -> Result<WantedReleases> {
        let mut releases = WantedReleases::new();
        let mut problems = Vec::new();
        for (replacement, places) in replaced {
            let Some((folder, wheels)) = noted(self.wheels(&replacement.pin), &mut problems) else { continue };
            let key = (replacement.name, replacement.pin.version().clone(), folder);
            let release = releases.entry(key).or_default();
            release.wheels.extend(wheels);
            release.places.extend(places);
        }
        Error::unless_empty(problems)?;
        Ok(releases)
    }

    fn wheels(&self, pin: &Pin) -> Result<(Option<String>, Vec<Wheel>)> {
        match pin {
            Pin::Url { file, url, sha256, .. } => {
                let folder = address::folder(url).map(str::to_owned);
                let wheel = Wheel { file: file.clone(), url: url.clone(), is_path: false, sha256: *sha256 };
                Ok((folder, vec![wheel]))
            }
            Pin::Stub(stub) => {
                let url = format!("{}/{}", self.stubs, stub.file);
                Ok((None, vec![Wheel { file: stub.file.clone(), url, is_path: true, sha256: stub.sha256 }]))
            }
            Pin::Index { files, .. } => {
                let mut wheels = Vec::new();
                let mut problems = Vec::new();
                for (file, sha256) in files.iter() {
                    match self.located.url(file, sha256) {
                        Ok(url) => wheels.push(Wheel { file: file.to_owned(), url, is_path: false, sha256: *sha256 }),
                        Err(problem) => problems.push(problem),
                    }
                }
                Error::unless_empty(problems)?;
                Ok((self.located.index.map(str::to_owned), wheels))
            }
        }
    }

    /// The marker of an entry that is now wanted in more places: with what brings it along.
    fn widened(&self, old: Option<&str>, places: &TargetPythons) -> Option<String> {
        let more =
            both(bringing::marker(self.pylock, self.plans, places), marker(self.plans, places, false).as_deref());
        Some(format!("{} or {}", in_brackets(old?), in_brackets(&more?)))
    }

    /// New packages, each before the first one of a greater name where the lock is sorted, else behind torch.
    fn added(&mut self) -> Result<()> {
        let mut added: BTreeMap<&PackageName, BTreeMap<Replacement, TargetPythons>> = BTreeMap::new();
        for (target, plan) in self.plans.iter().enumerate() {
            for environment in &plan.environments {
                for line in environment.lines.iter().filter(|line| line.entry.is_none()) {
                    let Some(replacement) = &line.replacement else { continue };
                    let places = added.entry(&line.name).or_default().entry(replacement.clone()).or_default();
                    places.insert((target, environment.environment.python));
                }
            }
        }
        if let Some(problem) = bringing::chosen_apart(self.pylock, self.plans) {
            return Err(problem.into());
        }
        let entries = &self.pylock.entries;
        let source = &self.pylock.source;
        let sorted = entries.is_sorted_by(|one, next| one.name <= next.name);
        let torch = entries.iter().rposition(|entry| is_torch(&entry.name)).unwrap_or(0);
        let Some(like) = self.blocks.get(torch) else { return Ok(()) };
        let mut at_end: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        let mut problems = Vec::new();
        let at = |name: &PackageName, unsorted: usize| {
            let before = entries.iter().position(|entry| sorted && entry.name > *name);
            let behind = match (sorted, before) {
                (true, Some(before)) => before.checked_sub(1),
                (true, None) => entries.len().checked_sub(1),
                (false, _) => Some(unsorted),
            };
            behind.map_or(self.blocks[0].span.start, |index| self.blocks[index].span.end)
        };
        for (index, name, text) in std::mem::take(&mut self.renamed) {
            at_end.entry(at(&name, index)).or_default().push(text);
        }
        for (name, pins) in added {
            for (key, release) in noted(self.releases(pins), &mut problems).into_iter().flatten() {
                let here = marker(self.plans, &release.places, true);
                let marker = both(bringing::marker(self.pylock, self.plans, &release.places), here.as_deref());
                let text = new(source, like, &key, marker.as_deref(), &release.wheels);
                at_end.entry(at(name, torch)).or_default().push(text);
            }
        }
        for (at, texts) in at_end {
            let joined = parted(source, &texts);
            // At the end of the file there may be no blank line yet, or not even the end of a line.
            let gap = gap(&source.text[..at]);
            let last = at == source.text.len();
            let text = format!(
                "{gap}{}{}",
                joined.replace("\r\n", "\n").trim_end_matches('\n'),
                if last { "\n" } else { "\n\n" }
            );
            self.patch.insert(at, in_style(source, &text));
        }
        Error::unless_empty(problems)
    }
}

/// Puts another release into an entry, under another name or its own.
fn change(
    source: &Source,
    block: &PylockBlock,
    (name, version, folder): &ReleaseKey,
    is_renamed: bool,
    wheels: &BTreeSet<Wheel>,
    patch: &mut Patch,
) {
    if is_renamed {
        patch.replace(block.name, string(name.as_ref()));
    }
    if let Some(span) = block.version {
        patch.replace(span, string(&version.to_string()));
    }
    match (block.index, folder) {
        (Some((value, _)), Some(folder)) => patch.replace(value, string(folder)),
        (Some((_, line)), None) if wheels.iter().all(|wheel| wheel.is_path) => patch.replace(line, ""),
        _ => {}
    }
    let shape = WheelStyle::of(source, block);
    match &block.wheels {
        Some(Part::Key { value, .. }) => patch.replace(*value, in_style(source, &shape.array(wheels))),
        Some(Part::Headers(spans)) => {
            for (index, span) in spans.iter().enumerate() {
                let text = if index == 0 { shape.headers(wheels) } else { String::new() };
                patch.replace(*span, in_style(source, &text));
            }
        }
        None => patch.insert(block.behind_version, in_style(source, &format!("wheels = {}\n", shape.array(wheels)))),
    }
    block.others.iter().flat_map(Part::all).for_each(|span| patch.replace(*span, ""));
}

/// A new entry, in the shape of torch's.
fn new(
    source: &Source,
    like: &PylockBlock,
    (name, version, folder): &ReleaseKey,
    marker: Option<&str>,
    wheels: &BTreeSet<Wheel>,
) -> String {
    let shape = WheelStyle::of(source, like);
    let mut text =
        format!("[[packages]]\nname = {}\nversion = {}\n", string(name.as_ref()), string(&version.to_string()));
    if let Some(marker) = marker {
        text.push_str(&format!("marker = {}\n", string(marker)));
    }
    if let Some(folder) = folder.as_deref().filter(|_| like.index.is_some()) {
        text.push_str(&format!("index = {}\n", string(folder)));
    }
    match &like.wheels {
        Some(Part::Headers(_)) => {
            text.push('\n');
            text.push_str(&shape.headers(wheels));
        }
        Some(Part::Key { .. }) | None => text.push_str(&format!("wheels = {}\n\n", shape.array(wheels))),
    }
    in_style(source, &text)
}
