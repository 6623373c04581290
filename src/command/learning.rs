//! Planning where what is missing may be asked of an index: plan, ask for what the refusal lacks, plan again.

use std::collections::BTreeMap;

use super::catalogues::{Addition, ChosenCatalogues, lessons};
use super::{grouped, network, outputs, read};
use crate::catalog::{Catalogues, Merged};
use crate::cli::config::Config;
use crate::cli::{LearnArgs, NetworkArgs};
use crate::edge::index::Network;
use crate::edge::io::{self, Output};
use crate::edge::learn::{IndexBases, IndexSearch, Learned};
use crate::edge::progress::Display;
use crate::packaging::address;
use crate::packaging::target::Python;
use crate::plan::{self, Knowledge, TargetPlan};
use crate::report::error::{Code, Error, Problem, Result};
use crate::report::{LearnedRelease, Missing};
use crate::text::Source;

/// More rounds than any closure is deep.
const MOST_ROUNDS: usize = 40;

/// The catalogues of all runs of one command: read once for each choice of catalogues, and more with each answer of an
/// index.
pub(super) struct Learning {
    how: Option<IndexAccess>,
    catalogues: Vec<LearnedCatalogue>,
}

/// The settings for asking an index.
struct IndexAccess {
    bases: IndexBases,
    network: Network,
}

/// The knowledge of one choice of catalogues.
struct LearnedCatalogue {
    chosen: ChosenCatalogues,
    known: Catalogues,
    /// The rows that were learned so far, and the file to write them to.
    learned: Learned,
    merged: Merged,
    file: Option<Addition>,
}

impl Learning {
    /// Nobody is asked.
    pub(super) fn none() -> Self {
        Self { how: None, catalogues: Vec::new() }
    }

    /// As the command line and the configuration want it.
    ///
    /// # Errors
    /// If an address is none, or an option says how to learn where nothing is to be learned.
    pub(super) fn of(args: &LearnArgs, network: NetworkArgs, config: &Config, display: &Display) -> Result<Self> {
        if !args.learn && !config.learn {
            let unused = [
                ("--learn-index", args.learn_index.is_some()),
                ("--closure-index", args.closure_index.is_some()),
                ("--hash-missing", args.hash_missing),
            ];
            let unused = unused.into_iter().find(|(_, is_given)| *is_given);
            return match unused {
                None => Ok(Self::none()),
                Some((option, _)) => {
                    let problem = Problem::new(Code::Usage, format!("{option} has no effect without --learn"));
                    Err(problem.help("add --learn, or remove it").into())
                }
            };
        }
        let builds = read::address("--learn-index", args.learn_index.as_deref().unwrap_or(address::PYTORCH))?;
        let closure = read::closure_urls(args.closure_index.as_ref())?;
        // The user named an index only with the option.
        let named = args.learn_index.iter().map(|_| &builds).chain(&closure).cloned();
        let network = network::network(network, named, display)?;
        let bases = IndexBases { builds, closure, hash_missing: args.hash_missing };
        Ok(Self { how: Some(IndexAccess { bases, network }), catalogues: Vec::new() })
    }

    /// Makes plans, and where they fail for want of something, asks for that and tries again. Also gives what was learned
    /// for them.
    ///
    /// # Errors
    /// The remaining problems of the plan, with the answers of the index.
    pub(super) fn plans(
        &mut self,
        chosen: &ChosenCatalogues,
        plan: impl Fn(&Knowledge<'_>) -> Result<Vec<TargetPlan>>,
    ) -> Result<(Vec<TargetPlan>, Vec<LearnedRelease>)> {
        let at = self.open(chosen)?;
        let catalogue = &mut self.catalogues[at];
        let planned = once(&catalogue.known, &plan);
        let is_open = planned.as_ref().map_or(true, |plans| !unproven(plans).is_empty());
        let Some(how) = self.how.as_ref().filter(|_| is_open) else { return Ok((planned?, Vec::new())) };
        let before = catalogue.merged.clone();
        let plans = how.learn(catalogue, planned, plan)?;
        let lessons = lessons(&catalogue.merged, &before, catalogue.file_name().unwrap_or_default());
        Ok((plans, lessons))
    }

    /// Checks that enough projects recorded the digests of plans; `None`: that does not matter.
    ///
    /// # Errors
    /// If too few did.
    pub(super) fn check_witnesses(
        &mut self,
        chosen: &ChosenCatalogues,
        plans: &[TargetPlan],
        least: Option<u32>,
    ) -> Result<()> {
        let Some(least) = least else { return Ok(()) };
        let knowledge = Knowledge::new(self.catalogues(chosen)?);
        Error::unless_empty(plan::too_few_witnesses(plans, least, &knowledge))
    }

    /// The rows of a choice of catalogues.
    pub(super) fn catalogues(&mut self, chosen: &ChosenCatalogues) -> Result<&Catalogues> {
        let at = self.open(chosen)?;
        Ok(&self.catalogues[at].known)
    }

    /// The catalogues with what was learned.
    pub(super) fn writes(self) -> Vec<Output> {
        let learned = self.catalogues.into_iter().filter(|catalogue| !catalogue.learned.is_empty());
        // Of the choices that have one file the last has all of it.
        let mut all: BTreeMap<String, Output> = BTreeMap::new();
        for LearnedCatalogue { merged, file, .. } in learned {
            let Some(Source { name, text }) = file.map(|file| file.file) else { continue };
            let before = io::is_there(&name).then(|| text.to_string());
            all.insert(name.clone(), Output { before, ..Output::new(name, merged.text) });
        }
        all.into_values().collect()
    }

    fn open(&mut self, chosen: &ChosenCatalogues) -> Result<usize> {
        if let Some(at) = self.catalogues.iter().position(|catalogue| catalogue.chosen == *chosen) {
            return Ok(at);
        }
        let (known, file) = match self.how {
            None => (chosen.read()?, None),
            Some(_) => {
                let file = Addition::open(into(chosen)?, chosen)?;
                (file.known.clone(), Some(file))
            }
        };
        let (learned, merged) = (Learned::default(), Merged::default());
        let mut catalogue = LearnedCatalogue { chosen: chosen.clone(), known, learned, merged, file };
        // One file may be that of several choices; each begins with what the one before learned.
        let before = self.catalogues.iter().rev().find(|other| other.file_name() == catalogue.file_name());
        if let Some(learned) = before.map(|other| other.learned.clone()).filter(|learned| !learned.is_empty()) {
            catalogue.add(learned)?;
        }
        self.catalogues.push(catalogue);
        Ok(self.catalogues.len() - 1)
    }
}

/// The file for the learned rows.
fn into(chosen: &ChosenCatalogues) -> Result<&str> {
    let Some(file) = &chosen.into else {
        let problem =
            Problem::new(Code::Usage, "there is no catalogue to keep what is learned: --no-catalog excludes it");
        return Err(problem.help("name one with --catalog, or remove --learn or --no-catalog").into());
    };
    if !chosen.is_named {
        outputs::beside(file)?;
    }
    Ok(file)
}

fn once(known: &Catalogues, plan: &impl Fn(&Knowledge<'_>) -> Result<Vec<TargetPlan>>) -> Result<Vec<TargetPlan>> {
    let knowledge = Knowledge::new(known);
    let plans = plan(&knowledge);
    // The process ends soon: freeing it piece by piece would be wasted work.
    std::mem::forget(knowledge);
    plans
}

impl IndexAccess {
    /// Asks until nothing is missing that was not asked for.
    fn learn(
        &self,
        catalogue: &mut LearnedCatalogue,
        mut planned: Result<Vec<TargetPlan>>,
        plan: impl Fn(&Knowledge<'_>) -> Result<Vec<TargetPlan>>,
    ) -> Result<Vec<TargetPlan>> {
        let seeker = IndexSearch::new(self.bases.clone(), &self.network);
        let mut asked: Vec<(Missing, Python)> = Vec::new();
        let (mut absent, mut in_vain): (Vec<Problem>, Vec<Problem>) = (Vec::new(), Vec::new());
        for _ in 0..MOST_ROUNDS {
            let new = |all: Vec<(Missing, Python)>| -> Vec<(Missing, Python)> {
                all.into_iter().filter(|one| !asked.contains(one)).collect()
            };
            let (needed, kept) = (new(missing(&planned)), new(planned.as_deref().map(unproven).unwrap_or_default()));
            if needed.is_empty() && kept.is_empty() {
                let notes = catalogue.learned.notes.iter().chain(&catalogue.merged.notes);
                absent.extend(notes.map(|note| Problem::new(Code::Unknown, note.as_str())));
                let planned = planned.map(|plans| warned(plans, &in_vain));
                return planned.map_err(|refusal| unlearnable(refusal.into_problems().into_iter().chain(absent)));
            }
            let found = seeker.seek(&grouped(needed.iter().cloned()), &catalogue.known).and_then(|found| {
                absent.extend(found.absent);
                catalogue.add(found.learned)?;
                // What stays may stay as the lock has it; what cannot be asked is no answer.
                let found = seeker.seek(&grouped(kept.iter().cloned()), &catalogue.known)?;
                in_vain.extend(found.absent);
                catalogue.add(found.learned)
            });
            if let Err(error) = found {
                let refusal = planned.err().map(Error::into_problems).unwrap_or_default();
                return Err(unlearnable(refusal.into_iter().chain(absent).chain(error.into_problems())));
            }
            asked.extend(needed.into_iter().chain(kept));
            planned = once(&catalogue.known, &plan);
        }
        Err(endless().into())
    }
}

fn endless() -> Problem {
    let message = "what the wheels require leads to ever more packages";
    Problem::new(Code::Unmet, message).help("lock what they require in the project")
}

/// The error: first the missing rows, then the answers of the index.
fn unlearnable(problems: impl Iterator<Item = Problem>) -> Error {
    Error::unless_empty(problems.collect()).err().unwrap_or_else(|| endless().into())
}

/// The facts that a plan lacks: all that it was refused for, or that Pythons were left out for.
fn missing(planned: &Result<Vec<TargetPlan>>) -> Vec<(Missing, Python)> {
    match planned {
        Ok(plans) => {
            let left_out = plans.iter().flat_map(|plan| &plan.left_out);
            left_out.flat_map(|one| one.missing.iter().map(|missing| (missing.clone(), one.python))).collect()
        }
        Err(refusal) => {
            let missing = refusal.problems().iter().filter_map(|one| Some((one.missing.as_ref()?, &one.pythons)));
            missing.flat_map(|(one, pythons)| pythons.iter().map(|python| ((**one).clone(), *python))).collect()
        }
    }
}

/// The questions to an index about the wheels that stay.
fn unproven(plans: &[TargetPlan]) -> Vec<(Missing, Python)> {
    let environments = plans.iter().flat_map(|plan| &plan.environments);
    let all = environments.flat_map(|one| one.unproven.iter().map(|missing| (missing.clone(), one.environment.python)));
    all.collect()
}

/// The plans that keep a wheel for which an index was asked in vain say that, too.
fn warned(mut plans: Vec<TargetPlan>, in_vain: &[Problem]) -> Vec<TargetPlan> {
    let keeps = plans.iter_mut().flat_map(|plan| &mut plan.environments).filter(|one| !one.unproven.is_empty());
    keeps.for_each(|one| in_vain.iter().for_each(|problem| one.warnings.push(problem.clone())));
    plans
}

impl LearnedCatalogue {
    fn file_name(&self) -> Option<&str> {
        self.file.as_ref().map(|file| file.file.name.as_str())
    }

    fn add(&mut self, learned: Learned) -> Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        self.learned.extend(learned);
        let (wheels, lists) = (self.learned.wheels.clone(), self.learned.lists.clone());
        (self.merged, self.known) = file.merge(wheels, lists)?;
        Ok(())
    }
}
