//! `torchswap export`: lock → plan → requirements file.

use super::job::{Job, jobs};
use super::read;
use crate::cli::Export;
use crate::error::{Code, Error, Problem, Result};
use crate::io;
use crate::output::{self, Style};
use crate::plan::{self, Knowledge};
use crate::report::Summary;

/// What an export gives.
#[derive(Debug)]
pub struct Exported {
    /// Where it goes; `None`: to standard output.
    pub output: Option<String>,
    /// The requirements file.
    pub text: String,
    /// What was done, by target.
    pub summaries: Vec<Summary>,
}

/// Makes all outputs without writing any.
///
/// # Errors
/// Everything that keeps an output from being whole, of all outputs.
pub fn run(args: &Export) -> Result<Vec<Exported>> {
    let config = read::config()?;
    let mut exported = Vec::new();
    let mut problems = Vec::new();
    for job in jobs(args, &config)? {
        match make(&job) {
            Ok(one) => exported.push(one),
            Err(error) => problems.extend(error.into_problems()),
        }
    }
    Error::unless_empty(problems)?;
    Ok(exported)
}

/// Makes one output.
pub(super) fn make(job: &Job) -> Result<Exported> {
    if let Some(output) = job.output.as_ref().filter(|output| io::is_same_file(output, &job.lock)) {
        let problem = Problem::new(Code::Usage, format!("{output} is the lock itself"));
        return Err(problem.help("name another file for the output").into());
    }
    let lock = read::lock(&job.lock)?;
    let catalogues = read::catalogues(&job.catalogs)?;
    let knowledge = Knowledge::new(&catalogues);
    let plans = plan::targets(&lock, &job.wanted, job.allow_none, &knowledge)?;
    let style =
        Style { without_hashes: job.without_hashes, header: Some(job.header(&plans)), mirror: job.mirror.clone() };
    let text = output::requirements(&lock, &plans, &style)?;
    let summaries = plans.iter().map(plan::summary).collect();
    // The process ends soon: to take these apart piece by piece would be work for nothing.
    std::mem::forget((lock, plans, knowledge));
    Ok(Exported { output: job.output.clone(), text, summaries })
}
