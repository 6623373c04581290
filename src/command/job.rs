//! The request for one output: the command line, the configuration, or both. Flags override what the target says.

mod header;
mod rewriting;

use std::sync::{Arc, LazyLock};

use super::catalogues::ChosenCatalogues;
use super::stubs::StubFolder;
use super::{grouped, read};
use crate::cli::config::{Config, Configured};
use crate::cli::{
    AlsoArgs, AuditArgs, ChoiceArgs, EmitArgs, ExportArgs, HeaderKind, NetworkArgs, OutputFormat, ProvidedArgs,
    TargetArgs,
};
use crate::edge::io;
use crate::lock::Choice;
use crate::lock::emit::NoEmit;
use crate::lock::provided::Provided;
use crate::lock::pylock::Pylock;
use crate::packaging::target::{Backend, Target};
use crate::plan::{Also, Beyond, Wanted};
use crate::report::error::{Code, NamedTarget, Problem, Result};
use crate::text::file_name;
use crate::write::{Mirror, Style};

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
    pub(super) style: Style,
    pub(super) header: HeaderKind,
    /// The folder of the stubs.
    pub(super) stubs: StubFolder,
    pub(super) format: OutputFormat,
    /// The index that is asked for the URLs of files in a pylock.toml. Nothing of it is in the output.
    pub(super) index: Option<IndexSource>,
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
        let targets = config.targets.iter();
        let outputs = grouped(targets.filter_map(|target| Some((target.output.as_ref()?, target))));
        if outputs.is_empty() {
            let problem = Problem::new(Code::Usage, "the configuration has no target with an `output`");
            return Err(problem.help(format!("give one under {}", config.table_of_target())).into());
        }
        let lock = lock()?;
        return outputs.iter().map(|(_, targets)| new(&lock, targets)).collect();
    }
    // A target that is not there is said before a lock that is not.
    let targets = chosen(&args.target, config)?;
    Ok(vec![new(&lock()?, &targets)?])
}

/// The target of a command line that names none.
static UNNAMED: LazyLock<Configured> = LazyLock::new(Configured::default);

/// The targets of the configuration that a command line names; the one without a name if it names none.
fn chosen<'c>(args: &TargetArgs, config: &'c Config) -> Result<Vec<&'c Configured>> {
    match args.targets.as_slice() {
        [] => Ok(vec![&UNNAMED]),
        names => names.iter().map(|name| config.target(name)).collect(),
    }
}

fn job(
    args: &ExportArgs,
    config: &Config,
    lock: &str,
    mirror: Option<&Mirror>,
    configured: &[&Configured],
) -> Result<Job> {
    let (flags, emit) = (&args.output, no_emit(&args.emit));
    let without_hashes = alike(configured, "without-hashes", |one| flags.without_hashes || one.without_hashes)?;
    let only_usable_hashes =
        alike(configured, "only-usable-hashes", |one| flags.only_usable_hashes || one.only_usable_hashes)?;
    let sizes = alike(configured, "sizes", |one| flags.sizes || one.sizes)?;
    let header = alike(configured, "header", |one| flags.header.unwrap_or(one.header))?;
    let own_mirror = alike(configured, "mirror", |one| mirror.or(one.mirror.as_ref()).cloned())?;
    let named = flags.output.clone();
    let is_named = named.is_some();
    let output = named.map_or_else(|| output(config, configured), |file| Ok(Some(file)))?;
    let output = output.filter(|file| !(is_named && file == io::STDIN));
    let format = format(flags.format, output.as_deref())?;
    if sizes && format == OutputFormat::Pylock {
        let problem = Problem::new(Code::Usage, "a pylock.toml has the sizes of its files, and no comments for them");
        return Err(problem.help("leave out --sizes (the key `sizes`), or write a requirements file").into());
    }
    let no_emit = alike(configured, "no-emit-…", |one| one.no_emit.clone().and(&emit))?;
    let stubs = alike(configured, "no-stubs", |one| said(&flags.stubs, &one.stubs))?;
    // The folder of a project has no digest, so where all is hashed it can only be left out.
    let hashed = !without_hashes || format == OutputFormat::Pylock;
    let no_emit = NoEmit { project: no_emit.project || hashed, ..no_emit };
    let asked = flags.index || flags.index_url.is_some();
    let index = asked.then(|| IndexSource { base: flags.index_url.clone(), network: args.search.network });
    let wanted = configured.iter().map(|one| {
        let wanted = wanted(one, &args.target, &args.choice, &args.also);
        let no_emit = NoEmit { provided: provided(one, &args.provided)?, ..no_emit.clone() };
        Ok(Wanted { allow_none: args.allow_none, no_emit, ..wanted })
    });
    Ok(Job {
        lock: lock.to_owned(),
        folder: config.folder().to_owned(),
        wanted: wanted.collect::<Result<_>>()?,
        stubs: StubFolder::of(stubs, output.as_deref()),
        style: Style {
            without_hashes,
            only_usable_hashes: only_usable_hashes && !without_hashes,
            sizes,
            no_emit,
            mirror: own_mirror,
            ..Style::default()
        },
        header,
        witnesses: args.search.trust.require_witnesses.or(config.require_witnesses),
        catalogs: ChosenCatalogues::of(config, &args.search.catalogues, [lock]),
        locked: args.locked.locked,
        format,
        index,
        output,
        targets: configured.iter().filter_map(|one| one.named()).collect(),
        is_named,
        command: header::command(args, format, mirror, lock, configured),
    })
}

/// The request for a target: what the flags say, else what the configuration says.
fn wanted(configured: &Configured, args: &TargetArgs, chosen: &ChoiceArgs, also: &AlsoArgs) -> Wanted {
    let choice = said(&choice(chosen), &configured.choice).clone();
    let names = said(&also.also, &configured.also.also);
    let beyond = Beyond {
        also: Also::of(names, also.nearest || configured.also.nearest),
        shares_libraries: also.share_libraries || configured.also.share_libraries,
    };
    Wanted { beyond, ..Wanted::new(target(&configured.target, args), choice) }
}

/// The packages of a target's image.
fn provided(configured: &Configured, flags: &ProvidedArgs) -> Result<Option<Arc<Provided>>> {
    read::provided(said(flags, &configured.provided))
}

/// The value of flags, else that of the configuration.
fn said<'v, T: Default + PartialEq>(flags: &'v T, configured: &'v T) -> &'v T {
    if *flags == T::default() { configured } else { flags }
}

/// The value that the targets of one file have in common.
fn alike<'c, T: PartialEq>(configured: &[&'c Configured], key: &str, of: impl Fn(&'c Configured) -> T) -> Result<T> {
    let first = configured.first().copied().unwrap_or(&UNNAMED);
    let value = of(first);
    let Some(other) = configured.iter().copied().find(|other| of(other) != value) else { return Ok(value) };
    let targets: Vec<NamedTarget> = [first, other].into_iter().filter_map(Configured::named).collect();
    let names: Vec<&str> = targets.iter().map(|one| one.name.as_str()).collect();
    let message = format!("the targets {} share a file, but differ in `{key}`", names.join(" and "));
    let problem = Problem::new(Code::Usage, message).help("give both the same, or each a file of its own");
    Err(Problem { targets, ..problem }.into())
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
        chosen(&args.target, config)?
    };
    let flags = no_emit(&args.emit);
    let all = configured.into_iter().map(|one| {
        let no_emit = NoEmit { provided: provided(one, &args.provided)?, ..one.no_emit.clone().and(&flags) };
        let mut wanted = Wanted { no_emit, ..wanted(one, &args.target, &args.choice, &args.also) };
        let target = &mut wanted.target;
        target.backend = target.backend.filter(|backend| backend.is_gpu() || !target.platform.is_macos());
        target.pythons.sort_unstable();
        target.pythons.dedup();
        Ok(wanted)
    });
    all.collect()
}

/// The build that the flags name.
fn build(args: &TargetArgs) -> Option<Backend> {
    let flag = args.xpu.then_some(Backend::Xpu).or(args.cpu.then_some(Backend::Cpu));
    args.cuda.or(args.rocm).or(args.backend).or(flag)
}

/// A target with what the flags say instead.
fn target(configured: &Target, args: &TargetArgs) -> Target {
    let mut target = configured.clone();
    if let Some(platform) = args.platform {
        target.platform = platform;
        // Every build for macOS is the CPU build, so a lock of another platform's builds is swapped without a flag.
        target.backend = platform.only_build().or(target.backend);
    }
    target.backend = build(args).or(target.backend);
    if !args.pythons.is_empty() {
        target.pythons.clone_from(&args.pythons);
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
