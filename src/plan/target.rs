//! The plan for a target: one for each of its Pythons.

use std::collections::BTreeSet;
use std::fmt::Display;

use pep508_rs::PackageName;

use super::family::FamilyPackage;
use super::{
    Also, EnvironmentPlan, Knowledge, LockView, Planner, Request, Wanted, emit, equivalents, files, hand_written, plan,
    provided, shared,
};
use crate::catalog::{Family, is_torch};
use crate::lock::{Choice, Lock, SelectedPackage, Selection};
use crate::packaging::target::{Environment, Platform, Python, Target};
use crate::report::error::{Code, Error, Problem, Result};
use crate::report::{Missing, PythonDownload};

/// The plan for a target.
#[derive(Debug, Clone)]
pub struct TargetPlan {
    /// The target, its Pythons filled in.
    pub target: Target,
    /// One plan for each Python, ascending.
    pub environments: Vec<EnvironmentPlan>,
    /// The selection under each Python before anything is changed, in the same order.
    pub selections: Vec<Selection>,
    /// Pythons that the lock allows but that are not served.
    pub left_out: Vec<LeftOut>,
    /// The download under each Python, once that is asked for ([`super::size`]).
    pub downloads: Vec<PythonDownload>,
}

/// A Python that the lock allows, and why it is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Which.
    pub python: Python,
    /// Why: one sentence.
    pub why: String,
    /// The facts from an index with which it could be served.
    pub missing: Vec<Missing>,
}

/// Plans a target. Without Pythons in the target: every one that the lock allows and that the wheels exist for.
///
/// # Errors
/// All problems of all its Pythons. Where the Pythons are chosen here, one that something is missing for is left out
/// instead, unless none remains: a wheel of the family, or what such a wheel requires. What is wrong with the lock itself
/// is a problem under whichever Python it shows, unless torch has no wheel there.
pub fn target(lock: &Lock, wanted: &Wanted, knowledge: &Knowledge<'_>) -> Result<TargetPlan> {
    let target = &wanted.target;
    let chosen_here = target.pythons.is_empty();
    let named: BTreeSet<Python> = target.pythons.iter().copied().collect();
    let allowed = if chosen_here { lock.pythons(target.platform) } else { named.into_iter().collect() };
    // The packages beside torch were locked for the Pythons of its digests, whatever else there are wheels for.
    let digested = if chosen_here { files::digested_pythons(lock, knowledge) } else { None };
    let digested = digested.filter(|some| allowed.iter().any(|python| some.contains(python)));
    let (pythons, others): (Vec<Python>, Vec<Python>) =
        allowed.into_iter().partition(|python| digested.as_ref().is_none_or(|some| some.contains(python)));
    if !chosen_here {
        Error::unless_empty(not_allowed(lock, &pythons, target.platform))?;
    } else if pythons.is_empty() {
        Error::unless_empty(lock.never_on(target.platform).into_iter().collect())?;
    }
    let why = "the digests of torch in the lock are those of wheels for other Pythons";
    let left_out =
        others.into_iter().map(|python| LeftOut { python, why: why.to_owned(), missing: Vec::new() }).collect();
    let (view, missing) = (LockView::of(lock), Vec::new());
    let mut planner = TargetPlanner { lock, view, wanted, knowledge, chosen_here, left_out, missing };
    let found = planner.selections(pythons)?;
    let mut served = planner.served(found)?;
    let environments = planner.plans(&mut served)?;
    let left_out = planner.left_out();
    let (pythons, selections) = served.into_iter().map(|one| (one.python, one.selection)).unzip();
    let target = Target { pythons, ..target.clone() };
    Ok(TargetPlan { target, environments, selections, left_out, downloads: Vec::new() })
}

/// A target's plan in the making.
struct TargetPlanner<'a> {
    lock: &'a Lock,
    view: LockView<'a>,
    wanted: &'a Wanted,
    knowledge: &'a Knowledge<'a>,
    /// No Pythons are named: one that something is missing for is left out.
    chosen_here: bool,
    left_out: Vec<LeftOut>,
    missing: Vec<(Python, Vec<Problem>)>,
}

/// A Python that has wheels of the family.
struct ServedPython {
    python: Python,
    selection: Selection,
    /// The packages that are swapped there, as long as that holds.
    members: Option<Vec<FamilyPackage>>,
}

impl TargetPlanner<'_> {
    fn request<'p>(&self, python: Python, pythons: &'p [Python]) -> Request<'p> {
        let Wanted { target, beyond, .. } = self.wanted;
        let environment = Environment { platform: target.platform, python };
        let shares_libraries = beyond.shares_libraries;
        Request { shares_libraries, ..Request::new(target.backend, environment, pythons) }
    }

    fn planner<'p>(&'p self, selection: &'p Selection, request: &'p Request<'p>) -> Planner<'p> {
        Planner { view: self.view, selection, request, knowledge: self.knowledge }
    }

    /// The selection under each Python where there is something to swap.
    fn selections(&mut self, pythons: Vec<Python>) -> Result<Vec<(Python, Selection)>> {
        let Wanted { target, choice, no_emit, beyond, allow_none } = self.wanted;
        let (lock, view, knowledge) = (self.lock, self.view, self.knowledge);
        let mut found = Vec::new();
        for python in pythons {
            let environment = Environment { platform: target.platform, python };
            let mut selection = match lock.select(choice, environment) {
                Ok(selection) => selection,
                Err(error) if !self.chosen_here => return Err(error),
                Err(error) => {
                    let problems = without_torch(view, &self.request(python, &[python]), knowledge).ok_or(error)?;
                    self.missing.push((python, problems));
                    continue;
                }
            };
            no_emit.apply(view.entries, &mut selection, is_torch);
            if let Some(provided) = &no_emit.provided {
                provided::take(view, &mut selection, provided, environment, knowledge);
            }
            let is_swapped = || beyond.also.takes_any(view, &selection);
            if *allow_none || has_torch(lock, &selection, knowledge) || is_swapped() {
                found.push((python, selection));
            } else if self.chosen_here {
                let why = "the lock gives no torch there".to_owned();
                self.left_out.push(LeftOut { python, why, missing: Vec::new() });
            } else {
                return Err(no_torch(lock, choice, &environment, &[environment], knowledge).into());
            }
        }
        if found.is_empty() && self.missing.is_empty() {
            let platform = target.platform;
            let all = lock.pythons(platform).into_iter().map(|python| Environment { platform, python });
            return Err(no_torch(lock, choice, &platform, &all.collect::<Vec<_>>(), knowledge).into());
        }
        Ok(found)
    }

    /// The Pythons that are served. A release's line admits the files of all of them, so which ones are is settled first.
    fn served(&mut self, found: Vec<(Python, Selection)>) -> Result<Vec<ServedPython>> {
        let mut problems = Vec::new();
        let mut served = Vec::new();
        for (python, selection) in found {
            let pythons = &[python];
            let request = self.request(python, pythons);
            let (members, found) = members(&self.planner(&selection, &request), &self.wanted.beyond.also);
            if found.is_empty() {
                served.push(ServedPython { python, selection, members: Some(members) });
            } else if self.chosen_here && found.iter().all(is_missing) {
                self.missing.push((python, found));
            } else {
                problems.extend(found);
            }
        }
        if served.is_empty() && problems.is_empty() {
            problems.extend(nearest(self.missing.iter().map(|(_, problems)| problems.clone()).collect()));
        }
        Error::unless_empty(hand_written::summarized(self.lock, problems))?;
        Ok(served)
    }

    /// Plans all Pythons that are served; those that turn out to lack something are no more.
    fn plans(&mut self, served: &mut Vec<ServedPython>) -> Result<Vec<EnvironmentPlan>> {
        loop {
            let pythons: Vec<Python> = served.iter().map(|one| one.python).collect();
            let mut environments = Vec::new();
            let mut refused: Vec<(Python, Vec<Problem>)> = Vec::new();
            for one in served.iter_mut() {
                match self.plan(one, &pythons) {
                    Ok(plan) => environments.push(plan),
                    Err(error) => refused.push((one.python, error.into_problems())),
                }
            }
            if refused.is_empty() {
                return Ok(environments);
            }
            let only_missing = refused.iter().flat_map(|(_, problems)| problems).all(is_missing);
            if !self.chosen_here || environments.is_empty() || !only_missing {
                Error::unless_empty(hand_written::summarized(self.lock, self.telling(&refused)))?;
            }
            // The lines of the others admit the files of fewer Pythons now.
            served.retain(|one| refused.iter().all(|(other, _)| *other != one.python));
            self.missing.append(&mut refused);
        }
    }

    fn plan(&self, one: &mut ServedPython, pythons: &[Python]) -> Result<EnvironmentPlan> {
        let Wanted { choice, no_emit, beyond, .. } = self.wanted;
        let request = self.request(one.python, pythons);
        let planner = self.planner(&one.selection, &request);
        let members = one.members.take().unwrap_or_else(|| members(&planner, &beyond.also).0);
        let mut plan = plan(&planner, members)?;
        if let Some(provided) = &no_emit.provided {
            let asked = self.lock.asked_by_project(choice, request.environment);
            plan = provided::checked(&planner, plan, &provided::ImageFacts { provided, asked })?;
        }
        emit::without_torch(&mut plan, self.view.entries, no_emit);
        plan.notes = equivalents::notes(&planner, &beyond.also, &plan.lines);
        plan.notes.extend(shared::notes(&plan));
        Ok(plan)
    }

    /// The problems to report of Pythons that are refused. Nothing can be done for those that are ruled out; another may want
    /// no more than a wheel that can be learned.
    fn telling(&self, refused: &[(Python, Vec<Problem>)]) -> Vec<Problem> {
        let is_out = refused.iter().all(|(_, problems)| !is_possible(problems));
        let learnable = self.missing.iter().filter(|(_, problems)| self.chosen_here && is_out && is_possible(problems));
        let learnable: Vec<Problem> = learnable.flat_map(|(_, problems)| problems.clone()).collect();
        if learnable.is_empty() {
            refused.iter().flat_map(|(_, problems)| problems.clone()).collect()
        } else {
            learnable
        }
    }

    fn left_out(self) -> Vec<LeftOut> {
        let missing = self.missing.into_iter().map(|(python, problems)| {
            let why = problems.first().map(|problem| match (problem.code, &problem.remedy) {
                // A wheel that nobody here knows may be learned; one that cannot exist has no remedy but another choice.
                (Code::Unknown, Some(remedy)) => format!("{}; {remedy}", problem.message),
                _ => problem.message.clone(),
            });
            let missing = problems.iter().filter_map(|problem| Some(*problem.missing.clone()?)).collect();
            LeftOut { python, why: why.unwrap_or_default(), missing }
        });
        let mut left_out: Vec<LeftOut> = self.left_out.into_iter().chain(missing).collect();
        left_out.sort_by_key(|one| one.python);
        left_out
    }
}

/// The packages that the target's build decides on: torch's family, and those requested beyond it.
pub(crate) fn members(planner: &Planner<'_>, also: &Also) -> (Vec<FamilyPackage>, Vec<Problem>) {
    let (mut members, mut problems) = super::family::members(planner);
    let (more, found) = equivalents::members(planner, also, &members);
    members.extend(more);
    problems.extend(found);
    (members, problems)
}

/// True if something that is not there is all that is wrong: under another Python it may be.
fn is_missing(problem: &Problem) -> bool {
    matches!(problem.code, Code::Impossible | Code::Unknown | Code::Unmet)
}

/// True if nothing of what is missing under a Python is ruled out.
fn is_possible(problems: &[Problem]) -> bool {
    problems.iter().all(|problem| problem.code != Code::Impossible)
}

/// Why torch cannot be there, whichever of the lock's entries of it were selected; `None` if it could be.
pub(crate) fn without_torch(
    view: LockView<'_>,
    request: &Request<'_>,
    knowledge: &Knowledge<'_>,
) -> Option<Vec<Problem>> {
    let torch = view.entries.iter().enumerate().filter(|(_, entry)| is_torch(&entry.name));
    let why = torch.map(|(entry, _)| {
        let alone = Selection { packages: vec![SelectedPackage::of_project(entry)], ..Selection::default() };
        super::family::members(&Planner { view, selection: &alone, request, knowledge }).1
    });
    let why: Vec<Vec<Problem>> = why.collect();
    let hopeless = |problems: &Vec<Problem>| !problems.is_empty() && problems.iter().all(is_missing);
    if why.is_empty() || !why.iter().all(hopeless) { None } else { Some(why.concat()) }
}

/// The problems where no Python can be served: that a build was never made says all; else what is missing under those
/// Pythons for which nothing is ruled out, if there are any. That torch was never made for some older Python says little
/// then.
fn nearest(missing: Vec<Vec<Problem>>) -> Vec<Problem> {
    let never_made = |problem: &Problem| problem.code == Code::Impossible && problem.pythons.is_empty();
    let some = missing.iter().any(|problems| is_possible(problems));
    let never = missing.iter().flatten().any(never_made);
    let telling = missing.into_iter().filter(|problems| never || !some || is_possible(problems)).flatten();
    telling.filter(|problem| !never || never_made(problem)).collect()
}

fn not_allowed(lock: &Lock, pythons: &[Python], platform: Platform) -> Vec<Problem> {
    let help = "choose another --python, or widen the project's range and lock again";
    let outside = pythons.iter().filter_map(|python| lock.leaves_out(Environment { platform, python: *python }));
    outside.map(|problem| problem.help(help)).collect()
}

fn is_builds(name: &PackageName, knowledge: &Knowledge<'_>) -> bool {
    knowledge.family(name) == Family::PerBackend
}

fn has_torch(lock: &Lock, selection: &Selection, knowledge: &Knowledge<'_>) -> bool {
    let unemitted = selection.unemitted.iter().map(|(package, _)| package);
    selection.packages.iter().chain(unemitted).any(|package| is_builds(&lock.entries()[package.entry].name, knowledge))
}

/// A constraints file names torch, and the file does not: constraints install nothing, something that is listed needs it.
fn only_limited(lock: &Lock, knowledge: &Knowledge<'_>) -> Option<Problem> {
    let limit = lock.limits().iter().find(|limit| is_builds(&limit.name, knowledge))?;
    let source = lock.sources().get(limit.at.source)?;
    let message = format!(
        "{}; {} is only in {}, which limits its version and installs nothing",
        hand_written::description(lock),
        limit.name,
        source.name
    );
    Some(Problem::new(Code::NoTorch, message).at(source, limit.at.span).help(hand_written::help(lock)))
}

/// The remedy where a choice has no torch: the groups and extras that bring it in, if there are any.
fn bringing(lock: &Lock, choice: &Choice, environments: &[Environment], knowledge: &Knowledge<'_>) -> Option<String> {
    let brings = |alone: &Choice| {
        let mut selections = environments.iter().filter_map(|environment| lock.select(alone, *environment).ok());
        selections.any(|selection| has_torch(lock, &selection, knowledge))
    };
    let choices: Vec<Choice> = lock.choices().into_iter().map(|(choice, _)| choice).collect();
    let alone = choices.iter().filter(|alone| !alone.all_extras && brings(alone));
    let (mut names, mut chosen) = (Vec::new(), 0);
    for Choice { only, extras, .. } in alone {
        let all = only.iter().map(|group| ("--with", group, choice.takes(group, false)));
        let extras = extras.iter().map(|extra| ("--extras", extra, choice.all_extras || choice.extras.contains(extra)));
        for (flag, name, is_chosen) in all.chain(extras) {
            chosen += usize::from(is_chosen);
            names.push(format!("{flag} {name}"));
        }
    }
    match names.as_slice() {
        [] => None,
        some if chosen > 1 => Some(format!("take one of what excludes each other: {}", some.join(" or "))),
        some => Some(format!("choose what brings it in: {}", some.join(" or "))),
    }
}

/// `there` is the environment, or the platform where no Python gets torch.
fn no_torch(
    lock: &Lock,
    choice: &Choice,
    there: &impl Display,
    environments: &[Environment],
    knowledge: &Knowledge<'_>,
) -> Problem {
    let name = lock.name();
    let elsewhere = lock.entries().iter().position(|entry| is_builds(&entry.name, knowledge));
    match elsewhere {
        None if lock.sources().iter().all(|source| source.text.trim().is_empty()) => {
            let problem = Problem::new(Code::NoTorch, format!("{name} is empty"));
            problem.help("look at what should have written it; pass it through with --allow-none")
        }
        None => only_limited(lock, knowledge).unwrap_or_else(|| {
            let problem = Problem::new(Code::NoTorch, format!("{name} has no package of the torch family"));
            problem.help("there is nothing to swap; pass it through with --allow-none")
        }),
        Some(index) => {
            // A pylock.toml does not list what can be chosen of it.
            let any = matches!(lock, Lock::Pylock(_));
            let any = any.then(|| "choose the groups or extras that bring it in (--with, --extras)".to_owned());
            let bringing = bringing(lock, choice, environments, knowledge).or(any);
            let which = if bringing.is_some() { " with these groups and extras" } else { "" };
            let help = bringing.unwrap_or_else(|| "its marker excludes that; lock it for that, too".to_owned());
            let help = format!("{help}, or pass on without it: --allow-none");
            let package = &lock.entries()[index].name;
            let message = format!("{name} has {package}, but does not give it for {there}{which}");
            LockView::of(lock).point(Problem::new(Code::NoTorch, message).help(help), index)
        }
    }
}
