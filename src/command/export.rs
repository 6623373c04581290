//! `torchswap export`: lock → plan → requirements file or pylock.toml.

mod urls;

use std::collections::BTreeSet;

use super::catalogues::ChosenCatalogues;
use super::job::{Job, jobs};
use super::learning::Learning;
use super::{Outcome, Voice, outputs, read};
use crate::cli::config::Config;
use crate::cli::{ExportArgs, OutputFormat};
use crate::edge::io::{self, Output};
use crate::edge::progress::Display;
use crate::lock::pylock::Pylock;
use crate::packaging::target::Environment;
use crate::plan::{self, TargetPlan};
use crate::report::error::{Code, Error, Problem, Result};
use crate::report::{LearnedRelease, OutputReport, Summary};
use crate::write::check;
use crate::write::{self, PylockDraft, Style};

/// Makes all outputs.
///
/// # Errors
/// Everything that keeps an output from being whole, of all outputs.
pub(super) fn run(args: &ExportArgs, config: &Config, voice: Voice, display: &Display) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let mut reports = Vec::new();
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    let jobs = jobs(args, config)?;
    outputs::check(&jobs)?;
    let mut learning = Learning::of(&args.search.learn, args.search.network, config, display)?;
    for job in &jobs {
        match make(job, &mut learning, display, !voice.is_quiet()) {
            Ok((text, summaries, stubs)) => {
                let output = Output::new(job.output.as_deref().unwrap_or(io::STDIN), text);
                let status = outputs::status(&output, args.preview);
                reports.push(OutputReport { lock: job.lock.clone(), status, summaries });
                outcome.writes.push(output);
                outcome.writes.extend(stubs.into_iter().filter(|stub| seen.insert(stub.name.clone())));
            }
            Err(error) => problems.extend(error.into_problems()),
        }
    }
    Error::unless_empty(problems).map_err(|error| config.located(error))?;
    outcome.report = voice.outputs(&reports);
    outcome.writes.splice(0..0, learning.writes());
    Ok(outcome)
}

/// The text of one output, what was done for each of its targets, and the stubs beside it.
fn make(job: &Job, learning: &mut Learning, display: &Display, is_summed_up: bool) -> Result<MadeOutput> {
    let Prepared { file, summaries, stubs, .. } = prepare(job, learning, is_summed_up)?;
    let text = match file {
        PreparedOutput::Requirements(text) => text,
        PreparedOutput::Pylock(mut draft) => {
            if let Some(index) = &job.index {
                urls::find(&mut draft, index, display)?;
            }
            let text = draft.text()?;
            sound(&draft, &text)?;
            text
        }
    };
    Ok((text, summaries, stubs))
}

type MadeOutput = (String, Vec<Summary>, Vec<Output>);

/// Reads a file again: if it did not say what was planned, nothing is written.
fn sound(draft: &PylockDraft, text: &str) -> Result<()> {
    let wrong = |what: String| {
        let problem = Problem::new(Code::Inconsistent, format!("the pylock.toml would be wrong: {what}"));
        Error::from(problem.help("nothing was written; please report this with the lock"))
    };
    let again = Pylock::parse("pylock.toml", text.to_owned(), None).map_err(|error| wrong(error.to_string()))?;
    let differences = check::drift_of_pylock(&again, draft).map_err(|error| wrong(error.to_string()))?;
    let differences: Vec<String> = differences.iter().map(ToString::to_string).collect();
    if differences.is_empty() { Ok(()) } else { Err(wrong(differences.join("; "))) }
}

/// An output as far as it can be made without the network.
pub(super) enum PreparedOutput {
    /// A requirements file, whole.
    Requirements(String),
    /// A pylock.toml that may still lack URLs.
    Pylock(Box<PylockDraft>),
}

/// A prepared output, with its summary, stubs and rows.
pub(super) struct Prepared {
    pub(super) file: PreparedOutput,
    /// The summary of each target, if it is printed.
    pub(super) summaries: Vec<Summary>,
    /// The environments that it is for, in order.
    pub(super) environments: Vec<Environment>,
    /// The releases that an index was asked about.
    pub(super) learned: Vec<LearnedRelease>,
    /// The stubs beside it.
    pub(super) stubs: Vec<Output>,
}

/// The summary of each target; the first has the warnings about the lock, the catalogues and what was learned.
pub(super) fn summaries(
    plans: &[TargetPlan],
    warnings: Vec<Problem>,
    catalogs: &ChosenCatalogues,
    learned: &[LearnedRelease],
) -> Vec<Summary> {
    let mut summaries: Vec<Summary> = plans.iter().map(plan::summary).collect();
    if let Some(first) = summaries.first_mut() {
        first.warnings.splice(0..0, warnings);
        first.found.clone_from(&catalogs.found);
        first.learned = learned.to_vec();
    }
    summaries
}

/// Makes an output as far as it can be made without the network.
pub(super) fn prepare(job: &Job, learning: &mut Learning, is_summed_up: bool) -> Result<Prepared> {
    let lock = read::lock(&job.lock)?;
    let warnings = read::warnings(&lock, job.locked)?;
    let (mut plans, learned) = learning.plans(&job.catalogs, |knowledge| {
        let mut plans = plan::targets(&lock, &job.wanted, knowledge)?;
        plans.iter_mut().filter(|_| is_summed_up).for_each(|plan| plan::size(&lock, plan, knowledge));
        Ok(plans)
    })?;
    learning.check_witnesses(&job.catalogs, &plans, job.witnesses)?;
    let stubs = job.stubs.settle(&mut plans, job.output.as_deref())?;
    let style = Style {
        stubs: job.stubs.written().filter(|_| !stubs.is_empty()),
        header: Some(job.header(&plans)),
        ..job.style.clone()
    };
    let file = match job.format {
        OutputFormat::Requirements => PreparedOutput::Requirements(write::requirements(&lock, &plans, &style)?),
        OutputFormat::Pylock => PreparedOutput::Pylock(Box::new(PylockDraft::new(&lock, &plans, &style)?)),
    };
    let environments = plans.iter().flat_map(|plan| &plan.environments).map(|one| one.environment).collect();
    let mut summaries = if is_summed_up { summaries(&plans, warnings, &job.catalogs, &learned) } else { Vec::new() };
    if let Some(first) = summaries.first_mut() {
        first.changes.extend(plan::without_name(&lock, &job.style.no_emit, &first.pythons));
    }
    // The process ends soon: freeing these piece by piece would be wasted work.
    std::mem::forget((lock, plans));
    Ok(Prepared { file, summaries, environments, learned, stubs })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::cli::{Cli, Command};

    #[test]
    fn a_run_to_which_nobody_listens_sums_up_nothing() {
        let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/poetry-2.5/torch-2.1.2/poetry.lock");
        let sizes = |flags: &[&str]| {
            let words = ["torchswap", "export", "--cpu", "--python", "3.10", lock];
            let words: Vec<OsString> = words.iter().chain(flags).map(OsString::from).collect();
            let cli = Cli::read(&words, &[], None).unwrap();
            let Command::Export(args) = &cli.command else { panic!("{cli:?}") };
            let [job] = &jobs(args, &Config::default()).unwrap()[..] else { panic!("{args:?}") };
            let Prepared { summaries, .. } = prepare(job, &mut Learning::none(), !Voice::of(&cli).is_quiet()).unwrap();
            summaries.iter().map(|summary| summary.downloads.len()).collect::<Vec<_>>()
        };
        assert_eq!((sizes(&[]), sizes(&["--quiet"])), (vec![1], Vec::new()));
    }
}
