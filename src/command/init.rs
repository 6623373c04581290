//! `torchswap init`: looks at the project, proposes targets, writes a configuration where there is none.

use std::collections::BTreeSet;

use super::catalogues::ChosenCatalogues;
use super::job::jobs;
use super::learning::Learning;
use super::{Outcome, Voice, export, outputs, read};
use crate::catalog::{Built, Catalogues, WheelRow, is_torch};
use crate::cli::config::Config;
use crate::cli::starter::{self, HOOKS, Proposal, StageImage, StartTorch};
use crate::cli::{CatalogArgs, ExportArgs, InitArgs, PreviewArgs};
use crate::edge::io::{self, Output};
use crate::lock::{Choice, Entry, Lock};
use crate::packaging::target::{Backend, Environment, Platform, Python, Target};
use crate::plan::{self, Kept, Knowledge, Wanted, What};
use crate::report::error::{Code, Problem, Result};
use crate::text::{Source, shown};

/// The file that is written, unless another is named.
pub(super) const FILE: &str = "torchswap.toml";

/// The configuration in a file that is named, which need not be there.
///
/// # Errors
/// If it is none, or lies in another folder.
pub(super) fn named(file: &str) -> Result<Config> {
    if !io::beside(file, "").is_empty() {
        let problem =
            Problem::new(Code::Usage, format!("{file} is in another folder, and its paths would be relative to that"));
        return Err(problem.help("name a file of this folder, or go there: -C DIR").into());
    }
    match io::read_if_there(file)? {
        None => Ok(Config::default()),
        Some(source) if file == read::PROJECT => Ok(Config::parse_pyproject(&source)?.unwrap_or_default()),
        Some(source) => Config::parse(&source),
    }
}

/// Looks at the project and proposes a configuration; writes it unless there is one with targets.
///
/// # Errors
/// If there is no lock, or it cannot be read.
pub(super) fn run(args: &InitArgs, config: &Config, file: &str, voice: Voice) -> Result<Outcome> {
    let is_above = config.folder().starts_with("../");
    let mut notes = Vec::new();
    let none = Config::default();
    // A project with a lock of its own may have a configuration of its own.
    let config = if is_above && (args.lock.is_some() || io::lock_in("")?.is_some()) {
        notes.push(format!("in this folder {file} takes precedence over {}", config.file));
        &none
    } else if is_above && !config.targets.is_empty() {
        return Ok(Outcome::printed(format!("{} already has targets; left unchanged.\n", config.file)));
    } else {
        config
    };
    let name = read::lock_name(args.lock.as_ref(), config)?;
    let lock = read::lock(&name)?;
    let dockerfiles = dockerfiles();
    let mut advice = String::new();
    // A name that was given has to be given again.
    let is_found = read::CONFIGURATIONS.contains(&file);
    let with = if is_found { String::new() } else { format!(" --config-file {file}") };
    let images: Vec<StageImage> = dockerfiles.iter().map(StageImage::of).collect();
    // The first that has most.
    let image = images.iter().find(|image| image.build.is_some());
    let image = image.or_else(|| images.iter().find(|image| image.python.is_some())).or(images.first());
    let mut image = image.cloned().unwrap_or_default();
    let (configuration, output) = if let Some(first) = config.targets.first() {
        advice.push_str(&format!("{} already has targets; left unchanged.\n\n", config.file));
        let (make, output) = match (&first.output, &first.target.name) {
            (Some(output), _) => ("--all-targets".to_owned(), output.clone()),
            (None, name) => {
                let name = name.as_deref().unwrap_or_default();
                (format!("--target {name} -o requirements.txt"), "requirements.txt".to_owned())
            }
        };
        (None, Some((make, output)))
    } else {
        if config.folder.is_some() {
            let problem = Problem::new(Code::Usage, format!("{} is there, but names no targets", config.file));
            let help = format!("add one under {}, or remove it and run init again", config.table_of_target());
            return Err(problem.help(help).into());
        }
        outputs::below(file, "")?;
        // As an export finds them: beside the configuration, which will lie here, and beside the lock.
        let catalogues = ChosenCatalogues::of(config, &CatalogArgs::default(), [file, &*name]).read()?;
        let torches = fitting(&lock, &mut image, &catalogues, &mut notes);
        let (mut proposals, said) =
            starter::propose(&torches, &image, &|one, other| together(&lock, &image, one, other));
        notes.extend(said);
        notes.extend(others(&images, &image));
        notes.extend(try_out(&name, &mut proposals)?);
        let has_image = proposals.iter().any(|one| one.name == starter::DOCKER && one.left_out.is_none());
        let output = has_image.then(|| ("--all-targets".to_owned(), starter::DOCKER_OUTPUT.to_owned()));
        (Some(starter::configuration(&name, &proposals, file == read::PROJECT)), output)
    };
    let is_used =
        |output: &str| dockerfiles.iter().any(|file| file.text.contains("torchswap") || file.text.contains(output));
    if let Some((make, output)) = output.as_ref().filter(|(_, output)| !is_used(output)) {
        let make = format!("torchswap export{with} {make}");
        advice.push_str(&format!("Make the file that the image installs, and commit it:\n\n{make}\n\n"));
        advice.push_str("Lines for the Dockerfile:\n\n");
        advice.push_str(&starter::dockerfile_lines(output, &image));
        advice.push('\n');
    }
    let by_hand: Vec<String> = dockerfiles.iter().flat_map(starter::by_hand).collect();
    if !by_hand.is_empty() && output.is_some() {
        advice.push_str(&format!("Remove these lines, which the file replaces:\n\n{}\n\n", by_hand.join("\n")));
    }
    let hooks = io::read_if_there(".pre-commit-config.yaml")?.map(|source| source.text).unwrap_or_default();
    if !hooks.contains("torchswap") {
        advice.push_str("A hook for .pre-commit-config.yaml, which keeps it up to date:\n\n");
        advice.push_str(&HOOKS.replace("check --fix", &format!("check{with} --fix")));
    }
    let mut outcome = Outcome::printed(advice);
    outcome.report = notes.iter().filter(|_| !voice.is_quiet()).map(|note| voice.note(&shown(note))).collect();
    if let Some(text) = configuration {
        let word = if args.preview.is_asked() { "would write" } else { "wrote" };
        outcome.report += &voice.said(|_| format!("{word} {file}\n"));
        if args.preview == (PreviewArgs { dry_run: true, diff: false }) {
            outcome.stdout = format!("{file} would be:\n\n{text}\n{}", outcome.stdout);
        }
        let before = if file == read::PROJECT { io::read_if_there(file)? } else { None };
        let before = before.map(|source| source.text.to_string());
        let text = before.as_ref().map_or(text.clone(), |before| format!("{}\n\n{text}", before.trim_end()));
        outcome.writes.push(Output { before, ..Output::new(file, text) });
    }
    Ok(outcome)
}

/// Notes on the other Dockerfiles than the one that the target is made of.
fn others(images: &[StageImage], chosen: &StageImage) -> Vec<String> {
    let own = chosen.build.as_ref().map(|(build, _)| *build);
    let others = images.iter().filter_map(|image| image.build.as_ref()).filter(|(build, _)| Some(*build) != own);
    others.map(|(build, line)| format!("{line}: {}, for which there is no target yet", build.spoken())).collect()
}

/// The torches for an image. A Python of the image that the lock or torch leaves out is taken from it, with a note: a target
/// for it could not be made.
fn fitting(lock: &Lock, image: &mut StageImage, catalogues: &Catalogues, notes: &mut Vec<String>) -> Vec<StartTorch> {
    let platform = image.platform.unwrap_or(Platform::LinuxX86_64);
    let of = |python| torches(lock, platform, python, catalogues);
    let Some((python, place)) = image.python.clone() else { return of(None) };
    let why = match lock.leaves_out(Environment { platform, python }) {
        Some(problem) => problem.message,
        None => {
            let torches = of(Some(python));
            if torches.iter().any(|torch| !torch.builds.is_empty() || torch.locked.is_some()) {
                return torches;
            }
            format!("no GPU build of torch under Python {python} is known")
        }
    };
    notes.push(format!("{place} has Python {python}, but {why}; the targets name no Python"));
    image.python = None;
    of(None)
}

/// Makes each target that is proposed, but writes nothing: what cannot be made is no way to begin. Gives what is said of those
/// that are left out.
///
/// # Errors
/// If none can be made: why the first cannot.
fn try_out(lock: &str, proposals: &mut [Proposal]) -> Result<Vec<String>> {
    let config = Config::parse(&Source::new(FILE, starter::configuration(lock, proposals, false)))?;
    let (mut notes, mut refused) = (Vec::new(), Vec::new());
    for proposal in &mut *proposals {
        let Some(args) = ExportArgs::of(&["--target", proposal.name].map(str::to_owned)) else { continue };
        let mut jobs = jobs(&args, &config)?.into_iter();
        let tried = jobs.try_for_each(|job| export::prepare(&job, &mut Learning::none(), false).map(drop));
        let Err(error) = tried else { continue };
        let first = error.problems().iter().take(1).flat_map(|one| [Some(&one.message), one.remedy.as_ref()]);
        let lines: Vec<&str> = first.flatten().map(String::as_str).collect();
        notes.push(format!("the target {} is left out: {}", proposal.name, lines.join("; ")));
        proposal.left_out = Some(lines.join("\n"));
        refused.push(error);
    }
    match refused.into_iter().next() {
        Some(first) if proposals.iter().all(|one| one.left_out.is_some()) => Err(first),
        _ => Ok(notes),
    }
}

/// The Dockerfiles here and in the folders below. One that cannot be read counts for nothing.
fn dockerfiles() -> Vec<Source> {
    io::dockerfiles().iter().filter_map(|name| io::read_if_there(name).ok().flatten()).collect()
}

/// The torch that an image installs without groups and extras; where there is none, that of each group and extra.
fn torches(lock: &Lock, platform: Platform, python: Option<Python>, catalogues: &Catalogues) -> Vec<StartTorch> {
    let knowledge = Knowledge::new(catalogues);
    let of = |choice: Choice| torch(lock, choice, platform, python, &knowledge);
    if let Some(plain) = of(Choice::default()) {
        return vec![plain];
    }
    let choices = lock.choices().into_iter().map(|(choice, _)| choice).filter(|choice| !choice.all_extras);
    // A group of its own is installed beside the others in an image.
    choices.filter_map(|choice| of(Choice { with: choice.only.clone(), only: Vec::new(), ..choice })).collect()
}

/// Two choices as one, if what either installs on an image is installed then.
fn together(lock: &Lock, image: &StageImage, one: &Choice, other: &Choice) -> Option<Choice> {
    let platform = image.platform.unwrap_or(Platform::LinuxX86_64);
    let mut both = one.clone();
    both.with.extend(other.with.iter().cloned());
    both.extras.extend(other.extras.iter().cloned());
    let installs = |choice: &Choice, python| -> Option<BTreeSet<usize>> {
        let selection = lock.select(choice, Environment { platform, python }).ok()?;
        Some(selection.packages.iter().map(|package| package.entry).collect())
    };
    let go = |python| {
        let all = installs(&both, python)?;
        let is_in_all = |part| installs(part, python).is_none_or(|part| part.is_subset(&all));
        Some(is_in_all(one) && is_in_all(other))
    };
    let pythons = pythons(lock, platform, image.python.as_ref().map(|(python, _)| *python));
    pythons.into_iter().all(|python| go(python) == Some(true)).then_some(both)
}

/// The Python of an image, else those of the lock.
fn pythons(lock: &Lock, platform: Platform, python: Option<Python>) -> Vec<Python> {
    python.map_or_else(|| lock.pythons(platform), |python| vec![python])
}

/// The torch that a choice gives on a platform.
fn torch(
    lock: &Lock,
    choice: Choice,
    platform: Platform,
    python: Option<Python>,
    knowledge: &Knowledge<'_>,
) -> Option<StartTorch> {
    let pythons = pythons(lock, platform, python);
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
    let fits = |row: &&WheelRow| {
        pythons.iter().any(|python| row.wheel.fit(Environment { platform, python: *python }).is_some())
    };
    let builds = rows.iter().filter(fits).filter_map(|row| match row.built {
        Built::For(backend) if backend.is_gpu() && row.is_for(backend) => Some(backend),
        _ => None,
    });
    let builds = builds.collect::<BTreeSet<Backend>>().into_iter().collect();
    let source = lock.sources().get(entry.at.source)?;
    let line = format!("{}:{}", source.name, source.place(entry.at.span).line);
    let version = version.clone().without_local().to_string();
    Some(StartTorch { choice, version, line, locked, builds })
}
