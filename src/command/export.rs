//! `torchswap export`: lock → plan → requirements file.

use crate::catalog::{Catalogues, ProjectTable};
use crate::cli::{ChoiceArgs, Export, TargetArgs};
use crate::error::{Code, Problem, Result};
use crate::io;
use crate::lock::poetry::PoetryLock;
use crate::lock::pyproject::Project;
use crate::lock::{Choice, Format, Lock, requirements};
use crate::output::{self, Mirror, Style};
use crate::plan::{self, Knowledge, TargetPlan};
use crate::report::Summary;
use crate::target::{Backend, Platform, Target};

/// What an export gives.
#[derive(Debug)]
pub struct Exported {
    /// The requirements file.
    pub text: String,
    /// What was done.
    pub summary: Summary,
}

/// Makes the output without writing it.
///
/// # Errors
/// Everything that keeps the output from being whole.
pub fn run(args: &Export) -> Result<Exported> {
    let mirror = args.output.mirror.as_deref().map(Mirror::parse).transpose();
    let mirror = mirror.map_err(|why| Problem::new(Code::Usage, format!("--mirror: {why}")))?;
    let name = match &args.lock {
        Some(name) => name.clone(),
        None => io::find_lock()?,
    };
    if let Some(output) = args.output.output.as_ref().filter(|output| io::is_same_file(output, &name)) {
        let problem = Problem::new(Code::Usage, format!("{output} is the lock itself"));
        return Err(problem.help("name another file for the output").into());
    }
    let lock = read_lock(&name)?;
    let catalogues = read_catalogues(&args.output.catalogs)?;
    let knowledge = Knowledge::new(&catalogues);
    let wanted = target(&args.target);
    let choice = choice(&args.choice);
    let plan = plan::target(&lock, &choice, &wanted, args.choice.allow_none, &knowledge)?;
    let style = Style {
        without_hashes: args.output.without_hashes,
        header: header(args, mirror.as_ref(), &name, &plan),
        mirror,
    };
    let text = output::requirements(&lock, &plan, &style)?;
    Ok(Exported { text, summary: plan::summary(&plan) })
}

/// Reads a lock and what belongs to it: the project beside a `poetry.lock`, the files that a requirements file includes.
fn read_lock(name: &str) -> Result<Lock> {
    let source = io::read(name)?;
    match Format::sniff(&source.name, &source.text)? {
        Format::Poetry => {
            let project = io::read_if_there(&io::beside(name, "pyproject.toml"))?;
            let project = project.map(|project| Project::parse(&project.name, project.text)).transpose()?;
            Ok(Lock::Poetry(Box::new(PoetryLock::parse(&source.name, source.text, project)?)))
        }
        Format::Requirements => {
            let mut read = |path: &str| match io::read(path) {
                Ok(source) => Ok(source.text),
                Err(error) => {
                    Err(error.problems().iter().map(|one| one.message.clone()).collect::<Vec<_>>().join("; "))
                }
            };
            let file = requirements::parse(&source.name, source.text, &mut read)?;
            Ok(Lock::Requirements(Box::new(file)))
        }
    }
}

fn read_catalogues(names: &[String]) -> Result<Catalogues> {
    let tables = names.iter().map(|name| {
        let source = io::read(name)?;
        ProjectTable::parse(source.name, source.text)
    });
    Catalogues::new(tables.collect::<Result<Vec<ProjectTable>>>()?)
}

/// The target that the flags name.
fn target(args: &TargetArgs) -> Target {
    let platform = args.platform.unwrap_or(Platform::LinuxX86_64);
    let flag = args.xpu.then_some(Backend::Xpu).or(args.cpu.then_some(Backend::Cpu));
    let backend = args.cuda.or(args.rocm).or(args.backend).or(flag);
    // Every build for macOS is the CPU build, so a lock of another platform's builds is swapped without being told.
    let backend = backend.or(platform.is_macos().then_some(Backend::Cpu));
    Target { name: None, platform, backend, pythons: args.pythons.clone() }
}

fn choice(args: &ChoiceArgs) -> Choice {
    Choice {
        with: args.with.clone(),
        without: args.without.clone(),
        only: args.only.clone(),
        all_groups: args.all_groups,
        extras: args.extras.clone(),
        all_extras: args.all_extras,
    }
}

/// What the header says: the target, and a command that makes the same file. No path but those that were typed, and of
/// the lock the name alone.
fn header(args: &Export, mirror: Option<&Mirror>, lock: &str, plan: &TargetPlan) -> Vec<String> {
    let pythons = plan.target.pythons.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let build = plan.target.backend.map_or_else(|| "builds as locked".to_owned(), |backend| backend.to_string());
    let mut words = vec!["torchswap export".to_owned()];
    let (target, choice, output) = (&args.target, &args.choice, &args.output);
    let given = target.cuda.or(target.rocm).or(target.backend);
    let flag = target.xpu.then_some(Backend::Xpu).or(target.cpu.then_some(Backend::Cpu));
    words.extend(given.or(flag).map(Backend::flag));
    words.extend(target.platform.map(|platform| format!("--platform {platform}")));
    words.extend(target.pythons.iter().map(|python| format!("--python {python}")));
    let names = |flag: &str, names: &[pep508_rs::ExtraName]| {
        let list: Vec<String> = names.iter().map(|name| format!("--{flag} {name}")).collect();
        list
    };
    words.extend(names("with", &choice.with));
    words.extend(names("without", &choice.without));
    words.extend(names("only", &choice.only));
    words.extend(choice.all_groups.then(|| "--all-groups".to_owned()));
    words.extend(names("extras", &choice.extras));
    words.extend(choice.all_extras.then(|| "--all-extras".to_owned()));
    words.extend(choice.allow_none.then(|| "--allow-none".to_owned()));
    words.extend(output.without_hashes.then(|| "--without-hashes".to_owned()));
    words.extend(output.catalogs.iter().map(|file| format!("--catalog {}", portable(file))));
    words.extend(mirror.iter().map(|mirror| format!("--mirror {mirror}")));
    words.push(if lock == io::STDIN { lock.to_owned() } else { file_name(lock).to_owned() });
    vec![
        format!("Target: {}, {build}, CPython {pythons}", plan.target.platform),
        format!("Command: {}", words.join(" ")),
    ]
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// A path as typed, but for one that only this machine has.
fn portable(path: &str) -> &str {
    let absolute = path.starts_with(['/', '\\']) || path.get(1..2) == Some(":");
    if absolute { file_name(path) } else { path }
}
