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
    let (make, output) = match config.targets.first() {
        None => ("--all-targets".to_owned(), "requirements-docker.txt".to_owned()),
        Some(first) => match (&first.output, &first.target.name) {
            (Some(output), _) => ("--all-targets".to_owned(), output.clone()),
            (None, name) => {
                let name = name.as_deref().unwrap_or_default();
                (format!("--target {name} -o requirements.txt"), "requirements.txt".to_owned())
            }
        },
    };
    if !dockerfile.text.contains("torchswap") && !dockerfile.text.contains(&output) {
        advice
            .push_str(&format!("Make the file that the image installs, and commit it:\n\ntorchswap export {make}\n\n"));
        advice.push_str("Lines for the Dockerfile:\n\n");
        advice.push_str(&starter::dockerfile_lines(&output));
        advice.push('\n');
    }
    let hooks = io::read_if_there(".pre-commit-config.yaml")?.map(|source| source.text).unwrap_or_default();
    if !hooks.contains("torchswap") {
        advice.push_str("A hook for .pre-commit-config.yaml, which keeps it up to date:\n\n");
        advice.push_str(HOOKS);
    }
    let mut outcome = Outcome::printed(advice);
    if let Some(text) = configuration {
        outcome.writes.push(Output::new(FILE, text));
        outcome.report = voice.said(|_| format!("wrote {FILE}\n"));
    }
    Ok(outcome)
}
