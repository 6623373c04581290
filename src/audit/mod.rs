//! The rules of an audit: entries that cannot be installed on a target, layers that do not fit each other, digests that
//! prove nothing. Pure: a lock, targets and a source of wheels in, findings out.
//!
//! ```text
//! entry ──► files (of the plan): which there are, as far as the lock, the catalogue or an index names them
//!             └─► install: which one fits the machine, else what the nearest one lacks ──► history: which release could
//! selection ──► layers: torch and its family, CUDA, driver, base image
//!           └─► collisions: who overwrites whose files, and what beside torch does not use the GPU
//! entry ──► digests
//! ```
//!
//! Not here: how findings are printed (`command::render`), and asking an index (`edge`).
//!
//! Imports: `text`, `packaging`, `report`, `catalog`, `lock`, `plan`.

mod collisions;
pub mod container;
mod digests;
mod drivers;
mod findings;
mod history;
mod image;
mod install;
mod layers;
mod offers;
mod witnesses;

use std::cell::OnceCell;
use std::collections::BTreeSet;

use crate::audit::container::image::Image;
use crate::catalog::{Family, is_torch};
use crate::lock::emit::NoEmit;
use crate::lock::provided::Provided;
use crate::lock::{Choice, Entry, Lock, SelectedPackage, Selection};
use crate::packaging::system::System;
use crate::packaging::target::{Backend, Environment, Platform, Python, Target};
use crate::plan::companions::{self, Settled};
use crate::plan::family::FamilyPackage;
use crate::plan::files::EntryFiles;
use crate::plan::provided::{self, ImageFacts};
use crate::plan::{Beyond, Knowledge, LeftOut, LockView, Planner, Request, members, without_torch};
use crate::report::audit::{Audit, AuditFinding, EntryAudit, Machine, Verdict};
use crate::report::error::{Error, Result};
use crate::report::rule::Rule;
use crate::text::Place;

use findings::Findings;
use history::History;

pub use drivers::Driver;
pub use offers::{OfferedFile, Offers};

/// One target to look at.
#[derive(Debug, Clone)]
pub struct AuditTarget {
    /// Platform, build and Pythons; without Pythons: [`pythons`].
    pub target: Target,
    /// The groups and extras.
    pub choice: Choice,
    /// The packages that are left out, and those of the image.
    pub no_emit: NoEmit,
    /// The packages that are swapped beyond torch's family.
    pub beyond: Beyond,
    /// The system; `None`: new enough for everything.
    pub system: Option<System>,
    /// The machine's name in messages: `amazonlinux:2 has`.
    pub machine: String,
    /// The driver of its GPU.
    pub driver: Option<Driver>,
    /// The image it runs in.
    pub image: Option<BaseImage>,
    /// The number of projects that should have recorded the digest of each wheel of torch's family.
    pub witnesses: Option<u32>,
}

/// The image that runs: the one that a Dockerfile builds, or that is named.
#[derive(Debug, Clone)]
pub struct BaseImage {
    /// Its name, as it is written.
    pub name: String,
    /// The facts in its name.
    pub facts: Image,
    /// The platform that its Dockerfile names.
    pub platform: Option<Platform>,
    /// The Python that is there in the end.
    pub python: Option<Python>,
    /// The place that names it, if that is in a file.
    pub place: Option<Place>,
}

/// The facts about one environment.
struct AuditContext<'a> {
    lock: &'a Lock,
    asked: &'a AuditTarget,
    environment: Environment,
    selection: &'a Selection,
    members: &'a [FamilyPackage],
    request: &'a Request<'a>,
    knowledge: &'a Knowledge<'a>,
    settled: OnceCell<Settled>,
}

impl<'a> AuditContext<'a> {
    /// The selected packages, each with its index into these, and its entry.
    fn selected(&self) -> impl Iterator<Item = (usize, &'a SelectedPackage, &'a Entry)> {
        let lock = self.lock;
        let packages = self.selection.packages.iter().enumerate();
        packages.filter_map(|(index, package)| Some((index, package, lock.entries().get(package.entry)?)))
    }

    /// Torch, and what the final one is built for, as far as that is known.
    fn torch(&self) -> (Option<&'a FamilyPackage>, Option<Backend>) {
        let torch = self.members.iter().find(|member| is_torch(&member.name));
        (torch, torch.and_then(|torch| companions::built(torch, self.asked.target.backend)))
    }

    /// True if the image is known to have a package.
    fn image_has(&self, name: &str) -> bool {
        let provided = self.asked.no_emit.provided.as_ref();
        provided.is_some_and(|all| name.parse().is_ok_and(|name| all.has(&name, self.environment).is_some()))
    }

    /// True if the image has a torch.
    fn image_has_torch(&self) -> bool {
        let names = |all: &Provided| all.installed.iter().map(|one| &one.name).chain(&all.names).any(is_torch);
        self.asked.no_emit.provided.as_deref().is_some_and(names)
    }

    /// True if a stub takes the place of a selected package, because one of another name is installed instead.
    fn has_stub_for(&self, package: usize) -> bool {
        self.members.iter().any(|member| member.package == package && member.is_stub())
    }

    /// The final requirements of the wheels, and the packages that a swap removes; computed on first use.
    fn settled(&self) -> &Settled {
        self.settled.get_or_init(|| companions::settled(&self.planner(), self.members))
    }

    fn planner(&self) -> Planner<'_> {
        let Self { lock, selection, request, knowledge, .. } = *self;
        Planner { view: LockView::of(lock), selection, request, knowledge }
    }
}

/// Looks at a lock; `offers` is what an index said, if one was asked.
///
/// # Errors
/// If what the lock gives on an environment cannot be determined.
pub fn audit(lock: &Lock, all: &[AuditTarget], knowledge: &Knowledge<'_>, offers: &Offers) -> Result<Audit> {
    let offered = |entry: &Entry, digest| offers.file(&entry.name, digest).map(|offer| offer.file.clone());
    let files = lock.entries().iter().map(|entry| EntryFiles::of(entry, knowledge, |digest| offered(entry, digest)));
    let mut auditor = Auditor {
        lock,
        knowledge,
        files: files.collect(),
        history: History::new(knowledge, offers),
        findings: Findings::new(lock),
        machines: Vec::new(),
        selected: BTreeSet::new(),
        unknown: BTreeSet::new(),
    };
    let mut problems = Vec::new();
    for asked in all {
        auditor.findings.target.clone_from(&asked.target.name);
        if let Err(error) = asked.target.pythons.iter().try_for_each(|python| auditor.look(asked, *python)) {
            problems.extend(error.of_target(asked.target.name.as_deref()).into_problems());
        }
    }
    Error::unless_empty(problems)?;
    let Auditor { mut findings, machines, selected, unknown, .. } = auditor;
    findings.target = None;
    if let Some(stale) = lock.stale() {
        let finding = AuditFinding::new(Rule::StaleLock, stale.message).at(stale.place.map(|place| *place));
        findings.add(finding.help(stale.remedy.unwrap_or_default()));
    }
    digests::find(lock, &selected, knowledge, &mut findings);
    report_unknown(lock, &unknown, selected.len(), &mut findings);
    let name = lock.sources().first().map(|source| source.name.clone()).unwrap_or_default();
    Ok(Audit { lock: name, machines, findings: findings.into_all(), left_out: Vec::new(), found: Vec::new() })
}

/// An audit in the making.
struct Auditor<'a> {
    lock: &'a Lock,
    knowledge: &'a Knowledge<'a>,
    /// The files of each entry.
    files: Vec<EntryFiles>,
    history: History<'a>,
    findings: Findings<'a>,
    machines: Vec<Machine>,
    /// The entries that are installed somewhere, and those of which nothing can be said there.
    selected: BTreeSet<usize>,
    unknown: BTreeSet<usize>,
}

impl Auditor<'_> {
    /// Looks at what the lock gives under one Python of a target.
    fn look(&mut self, asked: &AuditTarget, python: Python) -> Result<()> {
        let (lock, knowledge, findings) = (self.lock, self.knowledge, &mut self.findings);
        let view = LockView::of(lock);
        let environment = Environment { platform: asked.target.platform, python };
        let excluded = install::excludes(lock, environment, findings);
        let mut selection = match lock.select(&asked.choice, environment) {
            // A lock that is not for this environment lacks what others need there: the one says the other.
            Err(_) if excluded => Selection::default(),
            selected => selected?,
        };
        asked.no_emit.apply(view.entries, &mut selection, |_| false);
        let (backend, pythons) = (asked.target.backend, &[python]);
        let shares_libraries = asked.beyond.shares_libraries;
        let request = Request { shares_libraries, ..Request::new(backend, environment, pythons) };
        if let Some(provided) = &asked.no_emit.provided {
            provided::take(view, &mut selection, provided, environment, knowledge);
        }
        let planner = Planner { view, selection: &selection, request: &request, knowledge };
        if let Some(provided) = &asked.no_emit.provided {
            let image = ImageFacts { provided, asked: lock.asked_by_project(&asked.choice, environment) };
            image::fit(&provided::judged(&planner, &image), &request, findings);
        }
        let (mut members, problems) = members(&planner, &asked.beyond.also);
        // Without a build that is wanted the lock is looked at as it is.
        members.retain(|member| backend.is_some() || !member.is_swapped());
        let (selection, members) = (&selection, &*members);
        let here = AuditContext {
            lock,
            asked,
            environment,
            selection,
            members,
            request: &request,
            knowledge,
            settled: OnceCell::new(),
        };
        image::find(&here, findings);
        if backend.is_some() {
            layers::not_to_be_had(&here, problems, findings);
        }
        layers::find(&here, findings);
        collisions::find(&here, findings);
        if let Some(least) = asked.witnesses {
            witnesses::find(&here, least, findings);
        }
        let mut verdicts = install::verdicts(&self.files, &here);
        for package in &selection.packages {
            self.selected.insert(package.entry);
            if let Some(entry_audit) = verdicts.get_mut(package.entry) {
                entry_audit.selected = true;
                if entry_audit.verdict == Verdict::Unknown {
                    self.unknown.insert(package.entry);
                }
            }
            install::find(package.entry, &self.files, &verdicts, &here, &self.history, findings);
        }
        let (target, system) = (asked.target.name.clone(), asked.system);
        self.machines.push(Machine { target, environment, system, backend, entries: verdicts });
        Ok(())
    }
}

/// One finding for all entries that nothing can be said of.
fn report_unknown(lock: &Lock, unknown: &BTreeSet<usize>, selected: usize, findings: &mut Findings<'_>) {
    let Some(first) = unknown.first().and_then(|first| lock.entries().get(*first)) else { return };
    let message = format!(
        "cannot tell whether {} of {selected} entries install: the lock does not name their files (first: {})",
        unknown.len(),
        first.name
    );
    let finding = AuditFinding::new(Rule::UnknownFiles, message).at(findings::place(lock, first.at));
    findings.add(finding.help(if lock.has_choices() {
        "lock again with a tool that records the files"
    } else {
        "audit the poetry.lock or the pylock.toml that it was made from, or ask the index: --index"
    }));
}

/// The Pythons of a target that names none: every one that the lock allows, and where it has torch, of these the ones that
/// the locked torch has a wheel for, if there are any. Where the lock does not resolve and torch cannot be either, a
/// Python is left out, as an export leaves it out; the second list says why.
///
/// # Errors
/// As [`audit`].
pub fn pythons(lock: &Lock, asked: &AuditTarget, knowledge: &Knowledge<'_>) -> Result<(Vec<Python>, Vec<LeftOut>)> {
    let mut allowed = lock.pythons(asked.target.platform);
    let (mut served, mut left_out) = (Vec::new(), Vec::new());
    let mut first = None;
    for python in &allowed {
        let environment = Environment { platform: asked.target.platform, python: *python };
        let selection = match lock.select(&asked.choice, environment) {
            Ok(selection) => selection,
            Err(error) => {
                let pythons = &[*python];
                let request = Request::new(asked.target.backend, environment, pythons);
                let Some(problems) = without_torch(LockView::of(lock), &request, knowledge) else { return Err(error) };
                let why = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
                left_out.push(LeftOut { python: *python, why, missing: Vec::new() });
                first.get_or_insert(error);
                continue;
            }
        };
        let entries = selection.packages.iter().filter_map(|package| lock.entries().get(package.entry));
        let mut builds = entries.filter(|entry| knowledge.family(&entry.name) == Family::PerBackend);
        let installs = |verdict| matches!(verdict, Verdict::Wheel(_));
        if builds.any(|entry| installs(EntryFiles::of(entry, knowledge, |_| None).verdict(environment, None).0)) {
            served.push(*python);
        }
    }
    allowed.retain(|python| left_out.iter().all(|one| one.python != *python));
    match first {
        Some(error) if allowed.is_empty() => Err(error),
        _ => Ok((if served.is_empty() { allowed } else { served }, left_out)),
    }
}
