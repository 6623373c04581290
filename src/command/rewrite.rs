//! `torchswap rewrite`: lock → plans → the lock's own text, edited.

use super::catalogues::ChosenCatalogues;
use super::export::summaries;
use super::learning::Learning;
use super::stubs::{self, StubFolder};
use super::{Outcome, Voice, job, outputs, read};
use crate::cli::config::Config;
use crate::cli::{RewriteArgs, StubArgs};
use crate::edge::io::{self, Output};
use crate::edge::progress::Display;
use crate::lock::{Choice, Lock};
use crate::plan::{self, Decision, Knowledge, TargetPlan, Wanted};
use crate::report::OutputReport;
use crate::report::error::{Error, Result};
use crate::write::{self, Style, proof};

/// Makes the new text.
///
/// # Errors
/// Everything that keeps the new lock from being whole, and a new text that does not say what was planned.
pub(super) fn run(args: &RewriteArgs, config: &Config, voice: Voice, display: &Display) -> Result<Outcome> {
    let mirror = read::mirror(args.mirror.as_deref())?;
    let name = read::lock_name(args.lock.as_ref(), config)?;
    let catalogs = ChosenCatalogues::of(config, &args.search.catalogues, [&*name]);
    match &args.output {
        Some(file) if file != io::STDIN && !io::is_same_file(file, &name) => {
            outputs::unread(file, &name, &catalogs, config.folder())?;
        }
        None if args.lock.is_none() && !args.preview.is_asked() => {
            outputs::below(&name, config.folder())?;
            outputs::below(&io::beside(&name, stubs::FOLDER), config.folder())?;
        }
        Some(_) | None => {}
    }
    let lock = read::lock(&name)?;
    let warnings = read::warnings(&lock, args.locked.locked)?;
    let mut learning = Learning::of(&args.search.learn, args.search.network, config, display)?;
    let (mut wanted, mirrors): (Vec<Wanted>, Vec<_>) =
        job::rewritings(args, mirror.as_ref(), config)?.into_iter().unzip();
    for one in &mut wanted {
        one.choice = lock.rewritten_choice(Some(&one.choice).filter(|choice| **choice != Choice::default()))?;
    }
    for Wanted { target, beyond, .. } in &wanted {
        beyond.also.check(&lock, target.backend)?;
    }
    let planned = learning.plans(&catalogs, |knowledge| {
        let mut plans = plans(&lock, &wanted, knowledge)?;
        plans.iter_mut().filter(|_| !voice.is_quiet()).for_each(|plan| plan::size(&lock, plan, knowledge));
        Ok(plans)
    });
    let (mut plans, learned) = planned.map_err(|error| config.located(error))?;
    learning.check_witnesses(&catalogs, &plans, args.search.trust.require_witnesses.or(config.require_witnesses))?;
    for (plan, mirror) in plans.iter_mut().zip(&mirrors) {
        mirror.iter().for_each(|mirror| mirror.serve(plan));
    }
    if matches!(lock, Lock::Uv(_)) {
        plans.iter_mut().for_each(plan::renamed);
    }
    // A pipe cannot be rewritten: what comes from it is passed on.
    let passed_on = if io::is_stream(&name) { io::STDIN } else { &name };
    let to = args.output.as_deref().unwrap_or(passed_on);
    let has_stubs = plans.iter().flat_map(plan::stubs).next().is_some();
    let mut stubs = match has_stubs {
        true => StubFolder::of(&StubArgs::default(), Some(to)).settle(&mut plans, Some(to))?,
        false => Vec::new(),
    };
    let style = Style { stubs: StubFolder::beside().written().filter(|_| has_stubs), ..Style::default() };
    let before = lock.sources().first().map(|source| source.text.clone()).unwrap_or_default();
    let mut after = before.to_string();
    if plans.iter().flat_map(|plan| &plan.environments).any(|one| one.decisions.iter().any(Decision::is_change)) {
        let choices: Vec<Choice> = wanted.iter().map(|one| one.choice.clone()).collect();
        after = write::rewritten(&lock, &mut plans, &choices, &style)?;
        let again = lock.again(after.clone())?;
        for (plan, one) in plans.iter().zip(&mut wanted) {
            one.target.clone_from(&plan.target);
        }
        let knowledge = Knowledge::new(learning.catalogues(&catalogs)?);
        let second = self::plans(&again, &wanted, &knowledge)?;
        Error::unless_empty(proof::differences(&lock, &plans, &again, &second))?;
        Error::unless_empty(proof::each_choice(&lock, &plans, &again, &Knowledge::new(knowledge.source())))?;
    }
    let summaries = summaries(&plans, warnings, &catalogs, &learned);
    let mut outcome = Outcome { writes: learning.writes(), ..Outcome::default() };
    outcome.writes.append(&mut stubs);
    // Text from a pipe is no file that could be unchanged, but its difference can be shown.
    let is_known = if to == io::STDIN { args.preview.diff } else { io::is_same_file(to, &name) };
    let output = Output { before: is_known.then(|| before.into()), ..Output::new(to, after) };
    let status = outputs::status(&output, args.preview);
    outcome.writes.push(output);
    outcome.report = voice.outputs(&[OutputReport { lock: name, status, summaries }]);
    Ok(outcome)
}

fn plans(lock: &Lock, wanted: &[Wanted], knowledge: &Knowledge<'_>) -> Result<Vec<TargetPlan>> {
    let mut plans = Vec::new();
    let mut problems = Vec::new();
    for one in wanted {
        match plan::target(lock, one, knowledge) {
            Ok(plan) => plans.push(plan),
            Err(error) => problems.extend(error.of_target(one.target.name.as_deref()).into_problems()),
        }
    }
    Error::unless_empty(problems)?;
    Ok(plans)
}
