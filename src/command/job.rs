//! What is asked of one output: the command line, the configuration, or both. Flags override what the target says.

use pep508_rs::ExtraName;

use super::read;
use crate::cli::{ChoiceArgs, Export, TargetArgs};
use crate::config::{Config, Configured};
use crate::error::{Code, Problem, Result};
use crate::io;
use crate::lock::Choice;
use crate::output::Mirror;
use crate::plan::TargetPlan;
use crate::target::{Backend, Platform, Target};

/// One output that is wanted.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) lock: String,
    pub(super) target: Target,
    pub(super) choice: Choice,
    pub(super) allow_none: bool,
    pub(super) without_hashes: bool,
    pub(super) mirror: Option<Mirror>,
    pub(super) catalogs: Vec<String>,
    pub(super) output: Option<String>,
    /// A command that makes the same output: in it no path but those that were typed, and of the lock the name alone.
    pub(super) command: String,
}

/// The jobs that a command line asks for: one, or with `--all-targets` one for each target that has an output.
pub(super) fn jobs(args: &Export, config: &Config) -> Result<Vec<Job>> {
    let mirror = read::mirror(args.output.mirror.as_deref())?;
    let lock = read::lock_name(args.lock.as_ref(), config)?;
    if args.all_targets {
        let with_output = config.targets.iter().filter(|target| target.output.is_some());
        let jobs: Vec<Job> =
            with_output.map(|target| job(args, config, &lock, mirror.as_ref(), Some(target))).collect();
        if jobs.is_empty() {
            let problem = Problem::new(Code::Usage, "the configuration has no target with an `output`");
            return Err(problem.help("give the targets outputs under [tool.torchswap.targets.NAME]").into());
        }
        for (index, one) in jobs.iter().enumerate() {
            if let Some(file) =
                one.output.as_ref().filter(|_| jobs[..index].iter().any(|other| other.output == one.output))
            {
                let problem = Problem::new(Code::Usage, format!("two targets have the output {file}"));
                return Err(problem.help("give each target a file of its own").into());
            }
        }
        return Ok(jobs);
    }
    let target = match args.target.targets.as_slice() {
        [] => None,
        [name] => Some(config.target(name)?),
        _ => {
            let problem = Problem::new(Code::Usage, "an export is for one target");
            return Err(problem.help("run it once for each, or write every output with --all-targets").into());
        }
    };
    Ok(vec![job(args, config, &lock, mirror.as_ref(), target)])
}

fn job(args: &Export, config: &Config, lock: &str, mirror: Option<&Mirror>, configured: Option<&Configured>) -> Job {
    let flags = flags(&args.target);
    let target = match configured {
        None => flags,
        Some(configured) => over(&configured.target, &args.target, flags),
    };
    let choice = match configured {
        Some(configured) if !is_chosen(&args.choice) => configured.choice.clone(),
        Some(_) | None => choice(&args.choice),
    };
    let catalogs = config.catalogs.iter().chain(&args.output.catalogs).cloned().collect();
    Job {
        lock: lock.to_owned(),
        target,
        choice,
        allow_none: args.choice.allow_none,
        without_hashes: args.output.without_hashes || configured.is_some_and(|configured| configured.without_hashes),
        mirror: mirror.or(configured.and_then(|configured| configured.mirror.as_ref())).cloned(),
        catalogs,
        output: args.output.output.clone().or_else(|| configured.and_then(|configured| configured.output.clone())),
        command: command(args, mirror, lock, configured),
    }
}

/// The targets that a rewrite is for: those named, with what the flags say instead, or the one of the flags.
pub(super) fn targets(args: &TargetArgs, config: &Config) -> Result<Vec<Target>> {
    if args.targets.is_empty() {
        return Ok(vec![flags(args)]);
    }
    args.targets.iter().map(|name| Ok(over(&config.target(name)?.target, args, flags(args)))).collect()
}

/// The build that the flags name.
fn build(args: &TargetArgs) -> Option<Backend> {
    let flag = args.xpu.then_some(Backend::Xpu).or(args.cpu.then_some(Backend::Cpu));
    args.cuda.or(args.rocm).or(args.backend).or(flag)
}

/// The target that the flags name.
fn flags(args: &TargetArgs) -> Target {
    let platform = args.platform.unwrap_or(Platform::LinuxX86_64);
    // Every build for macOS is the CPU build, so a lock of another platform's builds is swapped without being told.
    let backend = build(args).or(platform.is_macos().then_some(Backend::Cpu));
    Target { name: None, platform, backend, pythons: args.pythons.clone() }
}

/// A configured target with what the flags say instead.
fn over(configured: &Target, args: &TargetArgs, flags: Target) -> Target {
    let mut target = configured.clone();
    if args.platform.is_some() {
        target.platform = flags.platform;
        target.backend = flags.backend.or(target.backend);
    }
    target.backend = build(args).or(target.backend);
    if !flags.pythons.is_empty() {
        target.pythons = flags.pythons;
    }
    target
}

fn is_chosen(args: &ChoiceArgs) -> bool {
    choice(args) != Choice::default()
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

fn command(args: &Export, mirror: Option<&Mirror>, lock: &str, configured: Option<&Configured>) -> String {
    let (target, choice, output) = (&args.target, &args.choice, &args.output);
    let mut words = vec!["torchswap export".to_owned()];
    words.extend(configured.and_then(|one| one.target.name.as_ref()).map(|name| format!("--target {name}")));
    words.extend(build(target).map(Backend::flag));
    words.extend(target.platform.map(|platform| format!("--platform {platform}")));
    words.extend(target.pythons.iter().map(|python| format!("--python {python}")));
    let names = |flag: &str, names: &[ExtraName]| -> Vec<String> {
        names.iter().map(|name| format!("--{flag} {name}")).collect()
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
    words.extend(mirror.map(|mirror| format!("--mirror {mirror}")));
    if configured.is_none() || args.lock.is_some() {
        words.push(if lock == io::STDIN { lock.to_owned() } else { file_name(lock).to_owned() });
    }
    words.join(" ")
}

impl Job {
    /// What the header says: the target, and a command that makes the same file.
    pub(super) fn header(&self, plan: &TargetPlan) -> Vec<String> {
        let pythons = plan.target.pythons.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let build = plan.target.backend.map_or_else(|| "builds as locked".to_owned(), |backend| backend.to_string());
        vec![
            format!("Target: {}, {build}, CPython {pythons}", plan.target.platform),
            format!("Command: {}", self.command),
        ]
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// A path as typed, but for one that only this machine has.
fn portable(path: &str) -> &str {
    let absolute = path.starts_with(['/', '\\']) || path.get(1..2) == Some(":");
    if absolute { file_name(path) } else { path }
}
