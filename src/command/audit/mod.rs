//! `torchswap audit`: lock and targets → rules → findings. With `--index` twice: what was found says what to ask.

mod ask;

use super::catalogues::ChosenCatalogues;
use super::{Exit, Outcome, Voice, job, read, render};
use crate::audit::container::dockerfile::Dockerfile;
use crate::audit::container::image::Image;
use crate::audit::{self, AuditTarget, BaseImage, Offers};
use crate::cli::config::Config;
use crate::cli::{self, MachineArgs, ReportFormat};
use crate::edge::io;
use crate::edge::progress::Display;
use crate::packaging::target::{Platform, Python};
use crate::plan::{Knowledge, Wanted};
use crate::report::audit::Audit;
use crate::report::error::{Code, Error, Problem, Result};
use crate::report::rule::Severity;
use crate::text::quoted;

/// Audits a lock. The report is the result, so it is printed on standard output.
///
/// # Errors
/// As [`audited`].
pub(super) fn run(args: &cli::AuditArgs, config: &Config, voice: Voice, display: &Display) -> Result<Outcome> {
    if let Some(rule) = args.explain {
        return Ok(Outcome::printed(match args.report.output_format {
            ReportFormat::Json => render::audit::explained_json(rule),
            ReportFormat::Text | ReportFormat::Github | ReportFormat::Sarif => render::audit::explained(rule),
        }));
    }
    let audit = audited(args, config, display)?;
    let stdout = voice.printed(|colour| match args.report.output_format {
        ReportFormat::Text => render::audit::human(&audit, colour),
        ReportFormat::Json => render::audit::json(&audit),
        ReportFormat::Github => render::audit::github(&audit, &io::Repository::here()),
        ReportFormat::Sarif => render::sarif::audit(&audit, &io::Repository::here()),
    });
    Ok(Outcome { stdout, exit: Exit::of(audit.count(Severity::Error) == 0), ..Outcome::default() })
}

/// Looks at a lock.
///
/// # Errors
/// If the lock, the Dockerfile or the configuration cannot be read, what the lock gives cannot be determined, or an index that is
/// to be asked does not answer.
fn audited(args: &cli::AuditArgs, config: &Config, display: &Display) -> Result<Audit> {
    let targets = job::audited(args, config)?;
    let machine = MachineFacts::of(&args.machine)?;
    let platforms: Vec<Platform> = targets.iter().map(|wanted| wanted.target.platform).collect();
    machine.check(&platforms)?;
    let indexes = ask::Indexes::new(args, display)?;
    let name = read::lock_name(args.lock.as_ref(), config)?;
    let lock = read::lock(&name)?;
    if args.locked.locked {
        read::warnings(&lock, true)?;
    }
    let catalogs = ChosenCatalogues::of(config, &args.catalogues, [&*name]);
    let catalogues = catalogs.read()?;
    let knowledge = Knowledge::new(&catalogues);
    let (mut all, mut left_out, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    for Wanted { target, choice, no_emit, beyond, .. } in targets {
        let name = target.name.clone();
        let asked = || -> Result<AuditTarget> {
            beyond.also.check(&lock, target.backend)?;
            let mut asked = machine.asked(AuditTarget {
                target,
                choice,
                no_emit: no_emit.of(&lock)?,
                beyond,
                system: None,
                machine: "the target has".to_owned(),
                driver: args.machine.driver.clone(),
                image: None,
                witnesses: args.trust.require_witnesses.or(config.require_witnesses),
            });
            if asked.target.pythons.is_empty() {
                asked.target.pythons = match machine.python().filter(|_| is_linux(asked.target.platform)) {
                    Some(python) => vec![python],
                    None => {
                        let (pythons, without) = audit::pythons(&lock, &asked, &knowledge)?;
                        left_out.extend(without.into_iter().map(|one| (one.python, one.why)));
                        pythons
                    }
                };
            }
            Ok(asked)
        };
        match asked() {
            Ok(asked) => all.push(asked),
            Err(error) => problems.extend(error.of_target(name.as_deref()).into_problems()),
        }
    }
    let audited = |offers: &Offers| audit::audit(&lock, &all, &knowledge, offers);
    let audit = audited(&Offers::default());
    // The faults of all targets are reported together.
    problems.extend(audit.as_ref().err().into_iter().flat_map(|error| error.problems().to_vec()));
    Error::unless_empty(problems).map_err(|error| config.located(error))?;
    let mut audit = audit?;
    if let Some(indexes) = indexes {
        let offers = indexes.ask(&Offers::wanted(&lock, &audit))?;
        audit = audited(&offers)?;
    }
    for target in audit.findings.iter_mut().flat_map(|finding| &mut finding.targets) {
        target.place = config.target(&target.name).ok().map(|one| one.place.clone());
    }
    audit.left_out = left_out;
    audit.found = catalogs.found;
    let chosen: Vec<_> = config.severities.iter().chain(&args.severities).copied().collect();
    audit.weigh(&chosen);
    // The process ends soon: freeing these piece by piece would be wasted work.
    std::mem::forget((lock, knowledge));
    Ok(audit)
}

/// The machine, as far as it is known.
struct MachineFacts<'a> {
    args: &'a MachineArgs,
    image: Option<BaseImage>,
}

impl<'a> MachineFacts<'a> {
    fn of(args: &'a MachineArgs) -> Result<Self> {
        let image = match (&args.image, &args.dockerfile) {
            (Some(name), _) => Some(named_image(name, args)?),
            (None, Some(file)) => Some(built_image(file)?),
            (None, None) => None,
        };
        Ok(Self { args, image })
    }

    /// The Python that the image has.
    fn python(&self) -> Option<Python> {
        self.image.as_ref().and_then(|image| image.python)
    }

    /// Refuses what says nothing about any of the targets.
    fn check(&self, platforms: &[Platform]) -> Result<()> {
        let args = self.args;
        let mac = platforms.iter().any(|platform| platform.is_macos());
        let linux = platforms.iter().any(|platform| is_linux(*platform));
        let mut problems = Vec::new();
        let mut no = |flag: &str, of: &str, platform: &str| {
            let message = format!("{flag} is about {of}, but no target is one");
            problems.push(Problem::new(Code::Usage, message).help(format!("name one: --platform {platform}")));
        };
        if args.macos.is_some() && !mac {
            no("--macos", "a Mac", "macos-arm64");
        }
        for (flag, given) in [
            ("--glibc", args.glibc.is_some()),
            ("--image", args.image.is_some()),
            ("--dockerfile", args.dockerfile.is_some()),
        ] {
            if given && !linux {
                no(flag, "a Linux", "linux-x86_64");
            }
        }
        Error::unless_empty(problems)
    }

    /// Adds these facts to one target.
    fn asked(&self, mut asked: AuditTarget) -> AuditTarget {
        if asked.target.platform.is_macos() {
            asked.system = self.args.macos;
        } else if is_linux(asked.target.platform) {
            asked.system = self.args.glibc.or(self.image.as_ref().and_then(|image| image.facts.system));
            if let Some(image) = self.image.as_ref().filter(|_| self.args.glibc.is_none()) {
                asked.machine = format!("{} has", quoted(&image.name));
            }
            asked.image.clone_from(&self.image);
        }
        asked
    }
}

/// An image by its name, which must say something.
fn named_image(name: &str, args: &MachineArgs) -> Result<BaseImage> {
    let facts = Image::of(name);
    let problem = |message: String| Problem::new(Code::Usage, message);
    if facts == Image::default() {
        let problem = problem(format!("what {} contains is not known", quoted(name)));
        return Err(problem
            .help("name its glibc: --glibc 2.31, or an image whose tag names its system: debian:12")
            .into());
    }
    if let (Some(system), Some(_)) = (facts.system, args.glibc) {
        let problem = problem(format!("the name {} says that it has {system}", quoted(name)));
        return Err(problem.help("remove --glibc").into());
    }
    Ok(BaseImage { name: name.to_owned(), facts, platform: None, python: facts.python, place: None })
}

/// The image that a Dockerfile builds.
fn built_image(file: &str) -> Result<BaseImage> {
    let source = io::read(file)?;
    let Some(stage) = Dockerfile::parse(&source).stages.pop() else {
        let problem = Problem::new(Code::Syntax, format!("{file} has no FROM, so it is not a Dockerfile"));
        let problem = problem.at(&source, 0..source.text.len().min(1));
        return Err(problem.help("name the Dockerfile that builds the image").into());
    };
    let place = Some(source.place(stage.span));
    Ok(BaseImage { name: stage.base, facts: stage.image, platform: stage.platform, python: stage.python, place })
}

fn is_linux(platform: Platform) -> bool {
    matches!(platform, Platform::LinuxX86_64 | Platform::LinuxAarch64)
}
