//! `torchswap init`: looks at the project, proposes targets, writes a configuration where there is none.

use super::catalogues::ChosenCatalogues;
use super::{Outcome, Voice, outputs, read};
use crate::audit::container::dockerfile::Dockerfile;
use crate::cli::CatalogArgs;
use crate::cli::starter::{self, HOOKS, StageImage};
use crate::edge::io::{self, Output};
use crate::report::error::{Code, Problem, Result};
use crate::text::Source;

/// The file that is written.
const FILE: &str = "torchswap.toml";

/// Looks at the project and proposes.
///
/// # Errors
/// If there is no lock, or it cannot be read.
pub(super) fn run(voice: Voice) -> Result<Outcome> {
    let config = read::config()?;
    let name = read::lock_name(None, &config)?;
    let lock = read::lock(&name)?;
    let catalogs = ChosenCatalogues::of(&config, &CatalogArgs::default(), [&*name]);
    let dockerfile = io::read_if_there("Dockerfile")?.unwrap_or_else(|| Source::new("Dockerfile", ""));
    let image = StageImage::of(&Dockerfile::parse(&dockerfile));
    let catalogues = catalogs.read()?;
    let mut advice = String::new();
    let configuration = if config.targets.is_empty() {
        if io::read_if_there(FILE)?.is_some() {
            let problem = Problem::new(Code::Usage, format!("{FILE} is there, but names no targets"));
            return Err(problem.help("add [targets.NAME] to it, or take it away and run init again").into());
        }
        outputs::below(FILE)?;
        let proposals = starter::propose(&lock, &image, &catalogues);
        Some(starter::configuration(&name, &proposals))
    } else {
        advice.push_str("The configuration has targets already; it was left alone.\n\n");
        None
    };
    let (target, output) = match config.targets.first() {
        Some(first) => (
            first.target.name.clone().unwrap_or_default(),
            first.output.clone().unwrap_or_else(|| "requirements.txt".to_owned()),
        ),
        None => ("docker".to_owned(), "requirements.txt".to_owned()),
    };
    if !dockerfile.text.contains("torchswap") {
        advice.push_str("Lines for the Dockerfile:\n\n");
        advice.push_str(&starter::dockerfile_lines(&target, &output, &name, &catalogs.names));
        advice.push('\n');
    }
    let hooks = io::read_if_there(".pre-commit-config.yaml")?.map(|source| source.text).unwrap_or_default();
    if !hooks.contains("torchswap") {
        advice.push_str("Hooks for .pre-commit-config.yaml:\n\n");
        advice.push_str(HOOKS);
    }
    let mut outcome = Outcome::printed(advice);
    if let Some(text) = configuration {
        outcome.writes.push(Output::new(FILE, text));
        outcome.report = voice.said(|_| format!("wrote {FILE}\n"));
    }
    Ok(outcome)
}
