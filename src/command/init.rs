//! `torchswap init`: looks at the project, proposes targets, writes a configuration where there is none.

use super::catalogues::ChosenCatalogues;
use super::{Outcome, Voice, outputs, read};
use crate::catalog::{Built, Catalogues, WheelSource, is_torch};
use crate::cli::config::Config;
use crate::cli::starter::{self, HOOKS, StageImage, StartTorch};
use crate::cli::{CatalogArgs, InitArgs, PreviewArgs};
use crate::edge::io::{self, Output};
use crate::lock::{Choice, Entry, Lock};
use crate::packaging::target::{Backend, Environment, Platform, Python, Target};
use crate::plan::{self, Kept, Knowledge, Wanted, What};
use crate::report::error::{Code, Problem, Result};
use crate::text::Source;

/// The file that is written.
const FILE: &str = "torchswap.toml";

/// Looks at the project and proposes.
///
/// # Errors
/// If there is no lock, or it cannot be read.
pub(super) fn run(args: InitArgs, config: &Config, voice: Voice) -> Result<Outcome> {
    let name = read::lock_name(None, config)?;
    let lock = read::lock(&name)?;
    let catalogs = ChosenCatalogues::of(config, &CatalogArgs::default(), [&*name]);
    let dockerfiles = dockerfiles();
    let catalogues = catalogs.read()?;
    let mut advice = String::new();
    let configuration = if config.targets.is_empty() {
        if io::read_if_there(FILE)?.is_some() {
            let problem = Problem::new(Code::Usage, format!("{FILE} is there, but names no targets"));
            return Err(problem.help("add [targets.NAME] to it, or take it away and run init again").into());
        }
        outputs::below(FILE, "")?;
        let images: Vec<StageImage> = dockerfiles.iter().map(StageImage::of).collect();
        // The first that tells most.
        let image = images.iter().find(|image| image.cuda.is_some());
        let image = image.or_else(|| images.iter().find(|image| image.python.is_some())).cloned().unwrap_or_default();
        let torches = torches(&lock, image.python, &catalogues);
        Some(starter::configuration(&name, &starter::propose(&torches, &image)))
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
    if !dockerfiles.iter().any(|file| file.text.contains("torchswap") || file.text.contains(&output)) {
        advice
            .push_str(&format!("Make the file that the image installs, and commit it:\n\ntorchswap export {make}\n\n"));
        advice.push_str("Lines for the Dockerfile:\n\n");
        advice.push_str(&starter::dockerfile_lines(&output));
        advice.push('\n');
    }
    let by_hand: Vec<String> = dockerfiles.iter().flat_map(starter::by_hand).collect();
    if !by_hand.is_empty() {
        advice.push_str(&format!("They take the place of what is done by hand here:\n\n{}\n\n", by_hand.join("\n")));
    }
    let hooks = io::read_if_there(".pre-commit-config.yaml")?.map(|source| source.text).unwrap_or_default();
    if !hooks.contains("torchswap") {
        advice.push_str("A hook for .pre-commit-config.yaml, which keeps it up to date:\n\n");
        advice.push_str(HOOKS);
    }
    let mut outcome = Outcome::printed(advice);
    if let Some(text) = configuration {
        let word = if args.preview.is_asked() { "would write" } else { "wrote" };
        outcome.report = voice.said(|_| format!("{word} {FILE}\n"));
        if args.preview == (PreviewArgs { dry_run: true, diff: false }) {
            outcome.stdout = format!("{FILE} would be:\n\n{text}\n{}", outcome.stdout);
        }
        outcome.writes.push(Output::new(FILE, text));
    }
    Ok(outcome)
}

/// The Dockerfiles here and in the folders below. One that cannot be read tells nothing.
fn dockerfiles() -> Vec<Source> {
    io::dockerfiles().iter().filter_map(|name| io::read_if_there(name).ok().flatten()).collect()
}

/// The torch that an image installs without groups and extras; where there is none, that of each group and extra.
fn torches(lock: &Lock, python: Option<Python>, catalogues: &Catalogues) -> Vec<StartTorch> {
    let knowledge = Knowledge::new(catalogues);
    let of = |choice: Choice| torch(lock, choice, python, &knowledge);
    if let Some(plain) = of(Choice::default()) {
        return vec![plain];
    }
    let choices = lock.choices().into_iter().map(|(choice, _)| choice).filter(|choice| !choice.all_extras);
    // What is alone in a group stands beside the others in an image.
    choices.filter_map(|choice| of(Choice { with: choice.only.clone(), only: Vec::new(), ..choice })).collect()
}

/// The torch that a choice gives on Linux.
fn torch(
    lock: &Lock,
    choice: Choice,
    python: Option<Python>,
    knowledge: &Knowledge<'_, Catalogues>,
) -> Option<StartTorch> {
    let platform = Platform::LinuxX86_64;
    let pythons = python.map_or_else(|| lock.pythons(platform), |python| vec![python]);
    let selected = pythons.iter().rev().find_map(|python| {
        let selection = lock.select(&choice, Environment { platform, python: *python }).ok()?;
        let entries = selection.packages.iter().filter_map(|package| lock.entries().get(package.entry));
        entries.filter(|entry| is_torch(&entry.name)).find(|entry| entry.version.is_some())
    });
    let (entry, version) = selected.and_then(|entry: &Entry| Some((entry, entry.version.as_ref()?)))?;
    let wanted = Target { name: None, platform, backend: None, pythons: python.into_iter().collect() };
    let planned = plan::target(lock, &Wanted::new(wanted, choice.clone()), knowledge);
    let decisions = planned.iter().flat_map(|plan| &plan.environments).flat_map(|one| &one.decisions);
    let locked = decisions.filter(|one| is_torch(&one.name)).find_map(|one| match one.what {
        What::Kept(Kept::AsLocked(Some(backend @ Backend::Cuda(..)))) => Some(backend),
        _ => None,
    });
    let rows = knowledge.source().wheels_of(&entry.name, version);
    let fits = |python: &Python, row: &crate::catalog::WheelRow| {
        row.wheel.fit(Environment { platform, python: *python }).is_some()
    };
    let mut builds: Vec<Backend> = rows
        .iter()
        .filter_map(|row| match row.built {
            Built::For(backend @ Backend::Cuda(..)) if row.is_for(backend) => {
                pythons.iter().any(|python| fits(python, row)).then_some(backend)
            }
            _ => None,
        })
        .collect();
    builds.sort_unstable();
    builds.dedup();
    let source = lock.sources().get(entry.at.source)?;
    let line = format!("{}:{}", source.name, source.place(entry.at.span).line);
    let version = version.to_string();
    let version = version.split('+').next().unwrap_or_default().to_owned();
    Some(StartTorch { choice, version, line, locked, builds })
}
