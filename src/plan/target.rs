//! The plan for a target: one for each of its Pythons.

use std::fmt::Display;

use pep508_rs::PackageName;

use super::family::FamilyPackage;
use super::{
    Also, Beyond, EnvironmentPlan, Knowledge, LockView, Request, emit, equivalents, hand_written, plan, provided,
    shared,
};
use crate::catalog::{Family, WheelSource, is_torch};
use crate::lock::emit::NoEmit;
use crate::lock::{Choice, Lock, SelectedPackage, Selection};
use crate::packaging::target::{Environment, Platform, Python, Target};
use crate::report::Missing;
use crate::report::PythonDownload;
use crate::report::error::{Code, Error, Problem, Result};

/// What a target gets.
#[derive(Debug, Clone)]
pub struct TargetPlan {
    /// The target, its Pythons filled in.
    pub target: Target,
    /// One plan for each Python, ascending.
    pub environments: Vec<EnvironmentPlan>,
    /// What the lock gives under each Python before anything is changed, in the same order.
    pub selections: Vec<Selection>,
    /// Pythons that the lock allows but that are not served.
    pub left_out: Vec<LeftOut>,
    /// What is downloaded under each Python, once that is asked for ([`super::size`]).
    pub downloads: Vec<PythonDownload>,
}

/// A Python that the lock allows, and why it is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Which.
    pub python: Python,
    /// Why: one sentence.
    pub why: String,
    /// What an index may tell, with which it could be served.
    pub missing: Vec<Missing>,
}

/// Plans a target. Without Pythons in the target: every one that the lock allows and that the wheels exist for.
///
/// # Errors
/// All problems of all its Pythons. Where the Pythons are chosen here, one that something is missing for is left out
/// instead, unless none remains: a wheel of the family, or what such a wheel requires. What is wrong with the lock itself
/// is a problem under whichever Python it shows, unless torch has no wheel there.
pub fn target<S: WheelSource>(
    lock: &Lock,
    choice: &Choice,
    no_emit: &NoEmit,
    beyond: &Beyond,
    wanted: &Target,
    allow_none: bool,
    knowledge: &Knowledge<'_, S>,
) -> Result<TargetPlan> {
    let Beyond { also, shares_libraries } = beyond;
    let shares_libraries = *shares_libraries;
    let allowed = lock.pythons(wanted.platform);
    let chosen_here = wanted.pythons.is_empty();
    let pythons = if chosen_here { allowed.clone() } else { sorted(&wanted.pythons) };
    if chosen_here && allowed.is_empty() {
        Error::unless_empty(lock.never_on(wanted.platform).into_iter().collect())?;
    }
    if !chosen_here {
        Error::unless_empty(not_allowed(lock, &pythons, wanted.platform))?;
    }
    let view = LockView::of(lock);
    let mut found: Vec<(Python, Selection)> = Vec::new();
    let mut left_out = Vec::new();
    let mut missing: Vec<(Python, Vec<Problem>)> = Vec::new();
    for python in pythons {
        let environment = Environment { platform: wanted.platform, python };
        let selection = match lock.select(choice, environment) {
            Ok(mut selection) => {
                no_emit.apply(view.entries, &mut selection, is_torch);
                if let Some(provided) = &no_emit.provided {
                    provided::take(view, &mut selection, provided, environment, knowledge);
                }
                selection
            }
            Err(error) if !chosen_here => return Err(error),
            Err(error) => {
                let request = Request::new(wanted.backend, environment, std::slice::from_ref(&python));
                let problems = without_torch(view, &request, knowledge).ok_or(error)?;
                missing.push((python, problems));
                continue;
            }
        };
        if allow_none || has_torch(lock, &selection, knowledge) || also.takes_any(view, &selection, wanted.backend) {
            found.push((python, selection));
        } else if chosen_here {
            left_out.push(LeftOut { python, why: "the lock gives no torch there".to_owned(), missing: Vec::new() });
        } else {
            return Err(no_torch(lock, &environment, knowledge).into());
        }
    }
    if found.is_empty() && missing.is_empty() {
        return Err(no_torch(lock, &wanted.platform, knowledge).into());
    }
    // A release's line admits the files of all Pythons served, so which ones are must be settled first.
    let mut problems = Vec::new();
    let mut served = Vec::new();
    for (python, selection) in found {
        let environment = Environment { platform: wanted.platform, python };
        let request = Request { backend: wanted.backend, environment, pythons: &[python], shares_libraries };
        let (members, found) = members(view, &selection, also, &request, knowledge);
        if found.is_empty() {
            served.push((python, selection, Some(members)));
        } else if chosen_here && found.iter().all(is_missing) {
            missing.push((python, found));
        } else {
            problems.extend(found);
        }
    }
    if served.is_empty() && problems.is_empty() {
        problems.extend(nearest(missing.iter().map(|(_, problems)| problems.clone()).collect()));
    }
    Error::unless_empty(hand_written::summarized(lock, problems))?;
    let environments = loop {
        let pythons: Vec<Python> = served.iter().map(|(python, ..)| *python).collect();
        let mut environments = Vec::new();
        let mut refused: Vec<(Python, Vec<Problem>)> = Vec::new();
        for (python, selection, members) in &mut served {
            let environment = Environment { platform: wanted.platform, python: *python };
            let request = Request { backend: wanted.backend, environment, pythons: &pythons, shares_libraries };
            let members = members.take().unwrap_or_else(|| self::members(view, selection, also, &request, knowledge).0);
            let planned =
                plan(view, selection, members, &request, knowledge).and_then(|plan| match &no_emit.provided {
                    Some(provided) => {
                        let image =
                            provided::ImageFacts { provided, asked: lock.asked_by_project(choice, environment) };
                        provided::checked(view, selection, plan, &image, &request, knowledge)
                    }
                    None => Ok(plan),
                });
            match planned {
                Ok(mut plan) => {
                    emit::without_torch(&mut plan, view.entries, no_emit);
                    plan.notes = equivalents::notes(view, selection, also, &plan.lines, &request, knowledge);
                    plan.notes.extend(shared::notes(&plan));
                    environments.push(plan);
                }
                Err(error) => refused.push((*python, error.into_problems())),
            }
        }
        if refused.is_empty() {
            break environments;
        }
        let only_missing = refused.iter().flat_map(|(_, problems)| problems).all(is_missing);
        if !chosen_here || environments.is_empty() || !only_missing {
            // Of Pythons that are ruled out nothing can be made; another may want no more than a wheel that can be learned.
            let is_out = refused.iter().all(|(_, problems)| !is_possible(problems));
            let learnable = missing.iter().filter(|(_, problems)| chosen_here && is_out && is_possible(problems));
            let mut problems: Vec<Problem> = learnable.flat_map(|(_, problems)| problems.clone()).collect();
            if problems.is_empty() {
                problems = refused.iter().flat_map(|(_, problems)| problems.clone()).collect();
            }
            Error::unless_empty(hand_written::summarized(lock, problems))?;
        }
        // The lines of the others admit the files of fewer Pythons now.
        served.retain(|(python, ..)| refused.iter().all(|(other, _)| other != python));
        missing.append(&mut refused);
    };
    left_out.extend(missing.into_iter().map(|(python, problems)| {
        let why = problems.first().map(|problem| match (problem.code, &problem.remedy) {
            // What nobody knows here may be learned; what cannot be has no remedy but another choice.
            (Code::Unknown, Some(remedy)) => format!("{}; {remedy}", problem.message),
            _ => problem.message.clone(),
        });
        let missing = problems.iter().filter_map(|problem| Some(*problem.missing.clone()?)).collect();
        LeftOut { python, why: why.unwrap_or_default(), missing }
    }));
    left_out.sort_by_key(|one| one.python);
    let (pythons, selections) = served.into_iter().map(|(python, selection, _)| (python, selection)).unzip();
    Ok(TargetPlan {
        target: Target { pythons, ..wanted.clone() },
        environments,
        selections,
        left_out,
        downloads: Vec::new(),
    })
}

/// What is swapped or stays by the target's build: torch's family, and what is asked for beyond it.
fn members<S: WheelSource>(
    view: LockView<'_>,
    selection: &Selection,
    also: &Also,
    request: &Request<'_>,
    knowledge: &Knowledge<'_, S>,
) -> (Vec<FamilyPackage>, Vec<Problem>) {
    let (mut members, mut problems) = super::family::members(view, selection, request, knowledge);
    let (more, found) = equivalents::members(view, selection, also, &members, request, knowledge);
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
pub(crate) fn without_torch<S: WheelSource>(
    view: LockView<'_>,
    request: &Request<'_>,
    knowledge: &Knowledge<'_, S>,
) -> Option<Vec<Problem>> {
    let torch = view.entries.iter().enumerate().filter(|(_, entry)| is_torch(&entry.name));
    let why = torch.map(|(entry, _)| {
        let alone = Selection { packages: vec![SelectedPackage::of_project(entry)], ..Selection::default() };
        super::family::members(view, &alone, request, knowledge).1
    });
    let why: Vec<Vec<Problem>> = why.collect();
    let hopeless = |problems: &Vec<Problem>| !problems.is_empty() && problems.iter().all(is_missing);
    if why.is_empty() || !why.iter().all(hopeless) { None } else { Some(why.concat()) }
}

fn sorted(pythons: &[Python]) -> Vec<Python> {
    let mut pythons = pythons.to_vec();
    pythons.sort_unstable();
    pythons.dedup();
    pythons
}

/// Where no Python can be served: that a build was never made says all; else what is missing under those Pythons for
/// which nothing is ruled out, if there are any. That torch was never made for some older Python says little then.
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

fn is_builds<S: WheelSource>(name: &PackageName, knowledge: &Knowledge<'_, S>) -> bool {
    knowledge.family(name) == Family::PerBackend
}

fn has_torch<S: WheelSource>(lock: &Lock, selection: &Selection, knowledge: &Knowledge<'_, S>) -> bool {
    let unemitted = selection.unemitted.iter().map(|(package, _)| package);
    selection.packages.iter().chain(unemitted).any(|package| is_builds(&lock.entries()[package.entry].name, knowledge))
}

/// A constraints file names torch, and the file does not: constraints install nothing, something that is listed needs it.
fn only_limited<S: WheelSource>(lock: &Lock, knowledge: &Knowledge<'_, S>) -> Option<Problem> {
    let limit = lock.limits().iter().find(|limit| is_builds(&limit.name, knowledge))?;
    let source = lock.sources().get(limit.at.source)?;
    let message = format!(
        "{}; {} stands in {} alone, which limits its version and installs nothing",
        hand_written::description(lock),
        limit.name,
        source.name
    );
    Some(Problem::new(Code::NoTorch, message).at(source, limit.at.span).help(hand_written::help(lock)))
}

/// `there` is the environment, or the platform where no Python gets torch.
fn no_torch<S: WheelSource>(lock: &Lock, there: &impl Display, knowledge: &Knowledge<'_, S>) -> Problem {
    let name = lock.name();
    let elsewhere = lock.entries().iter().find(|entry| is_builds(&entry.name, knowledge));
    match elsewhere {
        None => only_limited(lock, knowledge).unwrap_or_else(|| {
            let problem = Problem::new(Code::NoTorch, format!("{name} has no package of the torch family"));
            problem.help("there is nothing to swap; pass it through with --allow-none")
        }),
        Some(entry) => {
            let (which, help) = if lock.has_choices() {
                (
                    " with these groups and extras",
                    "choose the groups or extras that bring it in (--with, --extras), or pass on without it: --allow-none",
                )
            } else {
                ("", "its marker excludes that; export the lock for it too, or pass on without it: --allow-none")
            };
            let message = format!("{name} has {}, but does not give it for {there}{which}", entry.name);
            let problem = Problem::new(Code::NoTorch, message).help(help);
            match lock.sources().get(entry.at.source) {
                Some(source) => problem.at(source, entry.at.span),
                None => problem,
            }
        }
    }
}
