//! The request for one output: the command line, the configuration, or both. Flags override what the target says.

mod header;
mod rewriting;

use super::catalogues::ChosenCatalogues;
use super::read;
use super::stubs::StubFolder;
use crate::cli::config::{Config, Configured};
use crate::cli::{
    AlsoArgs, AuditArgs, ChoiceArgs, EmitArgs, ExportArgs, HeaderKind, NetworkArgs, OutputFormat, ProvidedArgs,
    StubArgs, TargetArgs,
};
use crate::edge::io;
use crate::lock::Choice;
use crate::lock::emit::NoEmit;
use crate::lock::pylock::Pylock;
use crate::packaging::target::{Backend, Platform, Target};
use crate::plan::{Also, Beyond, Wanted};
use crate::report::error::{Code, NamedTarget, Problem, Result};
use crate::text::file_name;
use crate::write::Mirror;

pub(super) use rewriting::rewritings;

/// One output that is wanted.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) lock: String,
    /// The folder of the configuration, below which it may say where to write.
    pub(super) folder: String,
    /// The targets it is for.
    pub(super) wanted: Vec<Wanted>,
    /// A stale lock is refused.
    pub(super) locked: bool,
    pub(super) without_hashes: bool,
    pub(super) only_usable_hashes: bool,
    pub(super) sizes: bool,
    pub(super) header: HeaderKind,
    /// The folder of the stubs.
    pub(super) stubs: StubFolder,
    /// The packages that are left out of the output.
    pub(super) no_emit: NoEmit,
    pub(super) format: OutputFormat,
    /// The index that is asked for the URLs of files in a pylock.toml. Nothing of it is in the output.
    pub(super) index: Option<IndexSource>,
    pub(super) mirror: Option<Mirror>,
    /// The number of projects that should have recorded each digest.
    pub(super) witnesses: Option<u32>,
    pub(super) catalogs: ChosenCatalogues,
    pub(super) output: Option<String>,
    /// The targets of the configuration, with their places.
    pub(super) targets: Vec<NamedTarget>,
    /// The command line names the output.
    pub(super) is_named: bool,
    /// A command that makes the same output: with no path but those that were typed, and only the name of the lock.
    pub(super) command: String,
}

/// An index that is asked.
#[derive(Debug, Clone)]
pub(super) struct IndexSource {
    /// The base URL of the default index, where the command line has it.
    pub(super) base: Option<String>,
    pub(super) network: NetworkArgs,
}

/// The jobs that a command line asks for: one, or with `--all-targets` one for each output of the configuration. Targets
/// that have one output share it.
pub(super) fn jobs(args: &ExportArgs, config: &Config) -> Result<Vec<Job>> {
    let mirror = read::mirror(args.output.mirror.as_deref())?;
    let lock = || read::lock_name(args.lock.as_ref(), config);
    let new = |lock: &str, configured: &[&Configured]| job(args, config, lock, mirror.as_ref(), configured);
    if args.all_targets {
        let mut outputs: Vec<(&String, Vec<&Configured>)> = Vec::new();
        for target in &config.targets {
            let Some(output) = &target.output else { continue };
            match outputs.iter_mut().find(|(known, _)| *known == output) {
                Some((_, targets)) => targets.push(target),
                None => outputs.push((output, vec![target])),
            }
        }
        if outputs.is_empty() {
            let problem = Problem::new(Code::Usage, "the configuration has no target with an `output`");
            return Err(problem.help(format!("give one under {}", config.table_of_target())).into());
        }
        let lock = lock()?;
        return outputs.iter().map(|(_, targets)| new(&lock, targets)).collect();
    }
    let targets: Vec<&Configured> =
        args.target.targets.iter().map(|name| config.target(name)).collect::<Result<_>>()?;
    Ok(vec![new(&lock()?, &targets)?])
}

fn job(
    args: &ExportArgs,
    config: &Config,
    lock: &str,
    mirror: Option<&Mirror>,
    configured: &[&Configured],
) -> Result<Job> {
    let without_hashes = alike(configured, "without-hashes", |one| args.output.without_hashes || one.without_hashes)?;
    let only_usable_hashes =
        alike(configured, "only-usable-hashes", |one| args.output.only_usable_hashes || one.only_usable_hashes)?;
    let sizes = alike(configured, "sizes", |one| args.output.sizes || one.sizes)?.unwrap_or(args.output.sizes);
    let header = alike(configured, "header", |one| args.output.header.unwrap_or(one.header))?;
    let own_mirror = alike(configured, "mirror", |one| mirror.or(one.mirror.as_ref()).cloned())?;
    let named = args.output.output.clone();
    let is_named = named.is_some();
    let output = named.map_or_else(|| output(config, configured), |file| Ok(Some(file)))?;
    let output = output.filter(|file| !(is_named && file == io::STDIN));
    let format = format(args.output.format, output.as_deref())?;
    if sizes && format == OutputFormat::Pylock {
        let problem = Problem::new(Code::Usage, "a pylock.toml has the sizes of its files, and no comments for them");
        return Err(problem.help("leave out --sizes (the key `sizes`), or write a requirements file").into());
    }
    let flags = no_emit(&args.emit);
    let no_emit = alike(configured, "no-emit-…", |one| one.no_emit.clone().and(&flags))?.unwrap_or(flags);
    let flags = Some(&args.output.stubs).filter(|flags| **flags != StubArgs::default());
    let stubs = alike(configured, "no-stubs", |one| flags.unwrap_or(&one.stubs).clone())?;
    let stubs = stubs.as_ref().unwrap_or(&args.output.stubs);
    let without_hashes = without_hashes.unwrap_or(args.output.without_hashes);
    // The folder of a project has no digest, so where all is hashed it can only be left out.
    let hashed = !without_hashes || format == OutputFormat::Pylock;
    let no_emit = NoEmit { project: no_emit.project || hashed, ..no_emit };
    let asked = args.output.index || args.output.index_url.is_some();
    let index = asked.then(|| IndexSource { base: args.output.index_url.clone(), network: args.search.network });
    let wanted = whole(configured, (&args.target, &args.choice), &args.provided, &args.also)?.into_iter();
    let wanted = wanted.map(|one| Wanted { allow_none: args.allow_none, ..one.leaving_out(no_emit.clone()) });
    Ok(Job {
        lock: lock.to_owned(),
        folder: config.folder().to_owned(),
        wanted: wanted.collect(),
        without_hashes,
        only_usable_hashes: only_usable_hashes.unwrap_or(args.output.only_usable_hashes) && !without_hashes,
        sizes,
        header: header.or(args.output.header).unwrap_or_default(),
        stubs: StubFolder::of(stubs, output.as_deref()),
        no_emit,
        mirror: own_mirror.unwrap_or_else(|| mirror.cloned()),
        witnesses: args.search.trust.require_witnesses.or(config.require_witnesses),
        catalogs: ChosenCatalogues::of(config, &args.search.catalogues, [lock]),
        locked: args.locked.locked,
        format,
        index,
        output,
        targets: configured.iter().map(|one| one.named()).collect(),
        is_named,
        command: header::command(args, format, mirror, lock, configured),
    })
}

/// Targets with what is chosen of the lock for each: those of the configuration with what the flags say instead, or the
/// one of the flags.
fn wanted(configured: &[&Configured], target: &TargetArgs, chosen: &ChoiceArgs) -> Vec<(Target, Choice)> {
    let flags = flags(target);
    let of = |configured: &&Configured| {
        let choice = Some(choice(chosen)).filter(|choice| *choice != Choice::default());
        (over(&configured.target, target, flags.clone()), choice.unwrap_or_else(|| configured.choice.clone()))
    };
    match configured {
        [] => vec![(flags.clone(), choice(chosen))],
        some => some.iter().map(of).collect(),
    }
}

/// Targets, each with what its image has and what else is swapped: what the flags say, or the configuration.
fn whole(
    configured: &[&Configured],
    (target, choice): (&TargetArgs, &ChoiceArgs),
    provided: &ProvidedArgs,
    also: &AlsoArgs,
) -> Result<Vec<Wanted>> {
    let flags = Some(provided).filter(|flags| **flags != ProvidedArgs::default());
    let each = wanted(configured, target, choice).into_iter().enumerate();
    let each = each.map(|(at, (target, choice))| {
        let beyond = beyond(also, configured.get(at));
        let said = flags.or(configured.get(at).map(|one| &one.provided));
        let provided = said.map(read::provided).transpose()?.flatten();
        let no_emit = NoEmit { provided, ..NoEmit::default() };
        Ok(Wanted { no_emit, beyond, ..Wanted::new(target, choice) })
    });
    each.collect()
}

/// The request beyond the swap of torch's family: what the flags say, or the target of the configuration.
fn beyond(flags: &AlsoArgs, configured: Option<&&Configured>) -> Beyond {
    let named = configured.map(|one| &one.also).filter(|_| flags.also.is_empty()).unwrap_or(flags);
    let shares_libraries = flags.share_libraries || configured.is_some_and(|one| one.also.share_libraries);
    let nearest = flags.nearest || configured.is_some_and(|one| one.also.nearest);
    Beyond { also: Also::of(&named.also, nearest), shares_libraries }
}

/// The value that the targets of one file have in common; `None` where there are no targets.
fn alike<T: PartialEq>(configured: &[&Configured], key: &str, of: impl Fn(&Configured) -> T) -> Result<Option<T>> {
    let Some((first, rest)) = configured.split_first() else { return Ok(None) };
    let value = of(first);
    match rest.iter().find(|other| of(other) != value) {
        None => Ok(Some(value)),
        Some(other) => {
            let names = [first, other].map(|one| one.target.name.as_deref().unwrap_or_default());
            let message = format!("the targets {} share a file, but differ in `{key}`", names.join(" and "));
            let problem = Problem::new(Code::Usage, message).help("give both the same, or each a file of its own");
            Err(Problem { targets: vec![first.named(), other.named()], ..problem }.into())
        }
    }
}

/// The file that the configuration names for some targets. Without one for all of them: standard output.
fn output(config: &Config, configured: &[&Configured]) -> Result<Option<String>> {
    let Some(file) = configured.first().and_then(|first| first.output.as_ref()) else { return Ok(None) };
    if configured.iter().any(|one| one.output.as_ref() != Some(file)) {
        return Ok(None);
    }
    let sharing = config.targets.iter().filter(|one| one.output.as_ref() == Some(file));
    let all: Vec<&str> = sharing.filter_map(|one| one.target.name.as_deref()).collect();
    let is_named = |name: &&str| configured.iter().any(|one| one.target.name.as_deref() == Some(*name));
    if all.iter().all(is_named) {
        return Ok(Some(file.clone()));
    }
    let message = format!("the configuration has {file} for the targets {} together", all.join(" and "));
    let help = format!("name them all (--target {}), or another file with -o", all.join(" --target "));
    Err(Problem::new(Code::Usage, message).help(help).into())
}

/// The targets that an audit is for, each with its groups and extras: those named, all of the configuration, or the one of
/// the flags. On macOS the CPU build is every build, so it asks for nothing.
pub(super) fn audited(args: &AuditArgs, config: &Config) -> Result<Vec<Wanted>> {
    let configured: Vec<&Configured> = if args.all_targets {
        if config.targets.is_empty() {
            let problem = Problem::new(Code::Usage, "the configuration has no targets");
            return Err(problem.help(format!("add one under {}", config.table_of_target())).into());
        }
        config.targets.iter().collect()
    } else {
        args.target.targets.iter().map(|name| config.target(name)).collect::<Result<_>>()?
    };
    let flags = no_emit(&args.emit);
    let no_emits = configured.iter().map(|one| one.no_emit.clone().and(&flags));
    let no_emits = no_emits.chain(configured.is_empty().then(|| flags.clone()));
    let all = whole(&configured, (&args.target, &args.choice), &args.provided, &args.also)?.into_iter().zip(no_emits);
    let mut all: Vec<Wanted> = all.map(|(one, no_emit)| one.leaving_out(no_emit)).collect();
    for Wanted { target, .. } in &mut all {
        target.backend = target.backend.filter(|backend| backend.is_gpu() || !target.platform.is_macos());
        target.pythons.sort_unstable();
        target.pythons.dedup();
    }
    Ok(all)
}

/// The build that the flags name.
fn build(args: &TargetArgs) -> Option<Backend> {
    let flag = args.xpu.then_some(Backend::Xpu).or(args.cpu.then_some(Backend::Cpu));
    args.cuda.or(args.rocm).or(args.backend).or(flag)
}

/// The target that the flags name.
fn flags(args: &TargetArgs) -> Target {
    let platform = args.platform.unwrap_or(Platform::LinuxX86_64);
    // Every build for macOS is the CPU build, so a lock of another platform's builds is swapped without a flag.
    let backend = build(args).or(platform.only_build());
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

/// The packages that the flags leave out.
pub(super) fn no_emit(args: &EmitArgs) -> NoEmit {
    let (project, local) = (args.no_emit_project, args.no_emit_local);
    NoEmit { project, local, packages: args.no_emit_packages.clone(), ..NoEmit::default() }
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

/// The format of an output: what is asked for, else what the file's name says. PEP 751 names its files, and installers
/// go by the name.
fn format(asked: Option<OutputFormat>, output: Option<&str>) -> Result<OutputFormat> {
    let is_named = output.map(|file| Pylock::is_name(file_name(file)));
    let file = output.unwrap_or_default();
    let wrong = |message: String, help: &str| Err(Problem::new(Code::Usage, message).help(help).into());
    match (asked, is_named) {
        (Some(OutputFormat::Pylock), Some(false)) => wrong(
            format!(
                "`{file}` is not a valid name for a pylock: installers accept only pylock.toml and pylock.NAME.toml"
            ),
            "use such a name, without a dot in NAME",
        ),
        (Some(OutputFormat::Requirements), Some(true)) => {
            wrong(format!("{file} is the name of a pylock, not of a requirements file"), "give the file another name")
        }
        (Some(format), _) => Ok(format),
        (None, Some(true)) => Ok(OutputFormat::Pylock),
        (None, Some(false) | None) => Ok(OutputFormat::Requirements),
    }
}
