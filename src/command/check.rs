//! `torchswap check`: is every output what its lock gives now, and has a swapped lock leaked?

use std::collections::BTreeSet;

use pep508_rs::PackageName;

use super::catalogues::ChosenCatalogues;
use super::export::{self, PreparedOutput};
use super::job::{Job, jobs};
use super::learning::Learning;
use super::read::CONFIGURATIONS;
use super::{Exit, Outcome, Voice, outputs, read, render, stubs};
use crate::cli::config::Config;
use crate::cli::{CatalogArgs, CheckArgs, ExportArgs, ReportFormat};
use crate::edge::io::{self, Output};
use crate::edge::progress::Display;
use crate::lock::LockedDigest;
use crate::lock::pylock::Pylock;
use crate::lock::requirements::{self, RequirementsFile};
use crate::plan::Knowledge;
use crate::report::error::{Code, Error, NamedTarget, Problem, Result};
use crate::report::{CheckFinding, Checked, LearnedRelease};
use crate::text::{Source, file_name};
use crate::write::check;
use crate::write::{ContentFile, FileLocation};

/// The message where there is no output to look at.
pub(super) const NO_OUTPUTS: &str = "nothing to check: no outputs are configured";

/// Checks; with `--fix` what puts it right is to be written.
///
/// # Errors
/// If an output cannot be made, or a file does not say how it was made.
pub(super) fn run(args: &CheckArgs, configs: &[Config], voice: Voice, display: &Display) -> Result<Outcome> {
    let concerned: Result<Vec<(Config, WantedOutputs)>> = match configs {
        [config] if !args.workspace && !args.files.is_empty() => {
            let by_config = named(args, config)?.into_iter();
            by_config.map(|(config, files)| made(args, &config, &files).map(|wanted| (config, wanted))).collect()
        }
        configs => {
            let concerned = configs.iter().filter(|config| !args.workspace || concerns(config, &args.files));
            concerned.map(|config| Ok((config.clone(), configured(args, config)?))).collect()
        }
    };
    let concerned = concerned?;
    let all = concerned.iter().flat_map(|(_, wanted)| wanted);
    let jobs: Vec<Job> = all.map(|(_, job)| job.clone()).collect();
    outputs::check(&jobs)?;
    let mut writes = Vec::new();
    let mut checked = Checked { has_no_outputs: jobs.is_empty(), ..Checked::default() };
    let mut problems = Vec::new();
    if concerned.is_empty() && args.require_outputs {
        checked.findings.push(no_outputs(CONFIGURATIONS[0]));
    }
    for (config, wanted) in concerned {
        match one(args, &config, &wanted, display, &mut checked) {
            Ok(more) => writes.extend(more),
            Err(error) => problems.extend(config.located(error).into_problems()),
        }
    }
    Error::unless_empty(problems)?;
    let exit = Exit::of(checked.findings.iter().all(|finding| finding.fixed));
    let outcome = voice.reported(|colour| match args.report.output_format {
        ReportFormat::Text => render::checked(&checked, colour),
        ReportFormat::Json => render::checked_json(&checked),
        ReportFormat::Github => render::checked_github(&checked, &io::Repository::here()),
        ReportFormat::Sarif => render::sarif::checked(&checked, &io::Repository::here()),
    });
    Ok(Outcome { writes, exit, ..outcome })
}

/// Outputs, and how each is made.
type WantedOutputs = Vec<(String, Job)>;

/// True if files belong to a configuration: they lie in its folder or below, or it reads them. Without any, each does.
fn concerns(config: &Config, files: &[String]) -> bool {
    let read = || config.lock.iter().chain(&config.catalogs);
    let belongs = |file: &String| {
        io::is_below(file, &io::beside(&config.file, ".")) || read().any(|known| io::is_same_file(known, file))
    };
    files.is_empty() || files.iter().any(belongs)
}

/// Checks the outputs of one configuration, and gives what is to be written.
fn one(
    args: &CheckArgs,
    config: &Config,
    wanted: &WantedOutputs,
    display: &Display,
    checked: &mut Checked,
) -> Result<Vec<Output>> {
    let mut problems = Vec::new();
    let mut learning = match args.wants_mended() {
        true => Learning::of(&args.learn, args.network, config, display)?,
        false => Learning::none(),
    };
    let swapped = locks(args, config, wanted, &mut learning, checked)?;
    let mut writes = Vec::new();
    let mut expected = Vec::new();
    let is_fixed = args.fix && !args.preview.is_asked();
    for (file, job) in wanted.iter().filter(|(_, job)| !swapped.contains(&job.lock)) {
        let help = remedy(args, config, file, job);
        match output(file, job, &help, &mut learning, &mut checked.learned, &mut expected) {
            Ok(None) => checked.up_to_date.push((file.clone(), targets(job))),
            Ok(Some((finding, text))) => {
                checked.findings.push(CheckFinding { fixed: is_fixed, ..finding });
                if args.wants_mended() {
                    match text {
                        Ok(text) => writes.push(Output::new(file, text)),
                        Err(error) => problems.extend(error.into_problems()),
                    }
                }
            }
            Err(error) => problems.extend(error.into_problems()),
        }
    }
    Error::unless_empty(problems)?;
    expected.sort_by(|one: &Output, other: &Output| one.name.cmp(&other.name));
    expected.dedup_by(|one, other| one.name == other.name);
    for (finding, stub) in stubs::judged(&expected)? {
        let problem = finding.problem.help(fix(args, config, &args.files.join(" ")));
        checked.findings.push(CheckFinding { problem, fixed: is_fixed, ..finding });
        writes.extend(args.wants_mended().then_some(stub));
    }
    // Unused stubs are found where all outputs are known.
    if (args.workspace || args.files.is_empty()) && swapped.is_empty() {
        let folders = wanted.iter().filter_map(|(file, job)| Some(io::beside(file, job.stubs.folder()?)));
        checked.findings.extend(stubs::stray(&folders.collect(), &expected));
    }
    writes.splice(0..0, learning.writes());
    Ok(writes)
}

/// The finding where outputs are required and there are none.
fn no_outputs(file: &str) -> CheckFinding {
    let help = "give a target of the configuration an `output`; torchswap init writes a configuration";
    CheckFinding::new(file, Problem::new(Code::NoOutputs, NO_OUTPUTS).help(help))
}

/// Adds what is found in the locks themselves, and gives those of them that were swapped. An output of a swapped lock is
/// not compared: the difference would have that one cause, and to write what such a lock gives would spread the accident.
fn locks(
    args: &CheckArgs,
    config: &Config,
    wanted: &WantedOutputs,
    learning: &mut Learning,
    checked: &mut Checked,
) -> Result<BTreeSet<String>> {
    let mut names: BTreeSet<String> = wanted.iter().map(|(_, job)| job.lock.clone()).collect();
    if names.is_empty() {
        let name = read::lock_name(None, config)?;
        if args.require_outputs {
            checked.findings.push(no_outputs(&name));
        }
        names.insert(name);
    }
    let chosen = CatalogArgs { no_catalog: args.no_catalog, ..CatalogArgs::default() };
    let mut swapped = BTreeSet::new();
    for name in names {
        let lock = read::lock(&name)?;
        let chosen = ChosenCatalogues::of(config, &chosen, [&*name]);
        let knowledge = Knowledge::new(learning.catalogues(&chosen)?);
        let new = chosen.found.into_iter().filter(|one| !checked.found.contains(one));
        checked.found.extend(new.collect::<Vec<String>>());
        let warnings = read::warnings(&lock, args.locked)?.into_iter();
        checked.findings.extend(warnings.map(|problem| CheckFinding::new(&*name, problem)));
        if args.allow_swapped {
            continue;
        }
        if let Some(problem) = check::swapped(&lock, &knowledge) {
            let outputs = wanted.iter().filter(|(_, job)| job.lock == name);
            let not_compared = outputs.map(|(file, _)| file.clone()).collect();
            checked.findings.push(CheckFinding { not_compared, ..CheckFinding::new(&*name, problem) });
            swapped.insert(name);
        }
    }
    Ok(swapped)
}

/// The files that are named, by the configuration of each: the one around it, else that of the run.
fn named(args: &CheckArgs, config: &Config) -> Result<Vec<(Config, Vec<String>)>> {
    let mut by_config: Vec<(Config, Vec<String>)> = Vec::new();
    for file in &args.files {
        let own = if config.is_named { None } else { read::config_around(file)? };
        let config = own.unwrap_or_else(|| config.clone());
        match by_config.iter_mut().find(|(known, _)| known.file == config.file) {
            Some((_, files)) => files.push(file.clone()),
            None => by_config.push((config, vec![file.clone()])),
        }
    }
    Ok(by_config)
}

/// The remedy for an output that is out of date: commands that work as printed, from the current folder.
fn remedy(args: &CheckArgs, config: &Config, file: &str, job: &Job) -> String {
    let mut command = fix(args, config, if args.files.is_empty() { "" } else { file });
    // The other command has but the lock's name, and the configuration's targets.
    if !args.workspace && !config.is_named && config.folder().is_empty() && job.lock == file_name(&job.lock) {
        command.push_str(&format!(", or: {} -o {file}", job.command));
    }
    command
}

/// The command that writes what is out of date, of all or of some files.
fn fix(args: &CheckArgs, config: &Config, files: &str) -> String {
    let mut command = "run: torchswap check".to_owned();
    if args.workspace {
        command.push_str(" --workspace");
    } else if config.is_named {
        command.push_str(&format!(" --config-file {}", config.file));
    }
    command.push_str(" --fix");
    if !args.workspace && !files.is_empty() {
        command.push_str(&format!(" {files}"));
    }
    command
}

/// The outputs of a configuration, and how each is made.
fn configured(args: &CheckArgs, config: &Config) -> Result<WantedOutputs> {
    if config.targets.iter().all(|target| target.output.is_none()) {
        return Ok(Vec::new());
    }
    let mut export = export_of(&["--all-targets".to_owned()])?;
    export.search.catalogues.no_catalog = args.no_catalog;
    export.search.trust = args.trust;
    let jobs = jobs(&export, config)?;
    Ok(jobs.into_iter().filter_map(|job| Some((job.output.clone()?, job))).collect())
}

/// The way files were made, by their headers.
fn made(args: &CheckArgs, config: &Config, files: &[String]) -> Result<WantedOutputs> {
    let mut wanted = Vec::new();
    for file in files {
        let source = io::read(file)?;
        let command = source.text.lines().find_map(|line| line.strip_prefix("# Command: torchswap export"));
        let Some(words) = command else {
            let problem = Problem::new(Code::Unsupported, format!("{file} does not say how it was made"));
            return Err(problem
                .help("name a file that torchswap export wrote, or check the configured outputs")
                .into());
        };
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        let mut export = export_of(&words)?;
        if export.lock.as_deref() == Some(io::STDIN) {
            let message = format!("{file} was made from standard input, so there is no lock to compare it with");
            let problem = Problem::new(Code::Unsupported, message);
            return Err(problem
                .help("make it from a file, which its header then names, or make it again and compare")
                .into());
        }
        // The header names files from where the output lies.
        export.search.catalogues.no_catalog |= args.no_catalog;
        export.search.trust = args.trust;
        export.lock = export.lock.map(|lock| io::beside(file, &lock));
        let named = export.search.catalogues.catalogs.iter_mut().chain(&mut export.provided.provided);
        named.for_each(|path| *path = io::beside(file, path));
        for mut job in jobs(&export, config)? {
            (job.output, job.is_named) = (Some(file.clone()), true);
            job.stubs = job.stubs.or_beside();
            wanted.push((file.clone(), job));
        }
    }
    Ok(wanted)
}

/// The options of an export, as if typed.
fn export_of(words: &[String]) -> Result<ExportArgs> {
    ExportArgs::of(words).ok_or_else(|| {
        let message = format!("the header's command is not understood: torchswap export {}", words.join(" "));
        let problem = Problem::new(Code::Unsupported, message);
        problem.help("regenerate the file with this version of torchswap").into()
    })
}

/// Compares one output with what its lock gives; also gives the text it should have, if it is known here.
fn output(
    file: &str,
    job: &Job,
    help: &str,
    learning: &mut Learning,
    lessons: &mut Vec<LearnedRelease>,
    expected_stubs: &mut Vec<Output>,
) -> Result<Option<(CheckFinding, Result<String>)>> {
    let export::Prepared { file: expected, environments, learned, stubs, .. } = export::prepare(job, learning, false)?;
    expected_stubs.extend(stubs);
    lessons.extend(learned);
    let found = io::read_if_there(file)?;
    let (text, differences) = match (expected, &found) {
        (PreparedOutput::Requirements(text), Some(found)) if found.text == text => return Ok(None),
        (PreparedOutput::Requirements(text), Some(found)) => {
            let differences = check::drift(&parsed(found)?, &parsed(&Source::new(file, &*text))?, &environments);
            (Ok(text), differences)
        }
        (PreparedOutput::Pylock(mut draft), Some(found)) => {
            let old = Pylock::parse(&found.name, found.text.to_string(), None)?;
            draft.fill(|name, _, file| place(&old, name, file));
            (draft.text(), check::drift_of_pylock(&old, &draft)?)
        }
        (PreparedOutput::Requirements(text), None) => (Ok(text), Vec::new()),
        (PreparedOutput::Pylock(draft), None) => (draft.text(), Vec::new()),
    };
    let message = match found {
        None => format!("{file} does not exist"),
        Some(_) if differences.is_empty() => return Ok(None),
        Some(_) => format!("{file} is out of date with {}", job.lock),
    };
    let problem = Problem { targets: targets(job), ..Problem::new(Code::OutOfDate, message).help(help) };
    Ok(Some((CheckFinding { differences, ..CheckFinding::new(file, problem) }, text)))
}

/// The targets of an output that have a name.
fn targets(job: &Job) -> Vec<NamedTarget> {
    job.wanted.iter().filter_map(|one| one.target.name.as_deref()).map(NamedTarget::new).collect()
}

/// The place of a file according to an earlier output: its digest is the same, so it is the same file.
fn place(old: &Pylock, name: &PackageName, file: &ContentFile) -> Option<(String, FileLocation)> {
    let packages = old.entries.iter().zip(&old.packages).filter(|(entry, _)| entry.name == *name);
    let mut files = packages.flat_map(|(_, package)| package.kind.files());
    let known = files.find(|known| known.digests.contains(&LockedDigest::Sha256(file.sha256)))?;
    Some((known.name.clone(), FileLocation { url: known.url()?.to_owned(), is_path: false, size: known.size }))
}

fn parsed(source: &Source) -> Result<RequirementsFile> {
    requirements::parse(&source.name, source.text.to_string(), &mut |path| {
        io::read(path).map(|source| source.text.into()).map_err(|error| error.to_string())
    })
}
