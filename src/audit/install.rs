//! Whether an entry installs on an environment, and the reason if it does not.

use super::findings::Findings;
use super::history::History;
use super::{AuditContext, EntryAudit};
use crate::catalog::pin::Pin;
use crate::lock::{Entry, Lock};
use crate::packaging::system::System;
use crate::packaging::target::{Environment, Python};
use crate::packaging::wheel::{TagMisfit, WheelName};
use crate::plan::family;
use crate::plan::files::EntryFiles;
use crate::report::audit::{AuditFinding, Verdict};
use crate::report::error::spoken_pythons;
use crate::report::rule::Rule;
use crate::text::quoted;

/// The glibc that wheels of PyTorch's index need without saying so.
const GLIBC: TagMisfit = TagMisfit::System(System::Glibc(2, 17));

/// The verdict on every entry of the lock, wanted or not.
pub(super) fn verdicts(files: &[EntryFiles], here: &AuditContext<'_>) -> Vec<EntryAudit> {
    let lock = here.lock;
    let mut all: Vec<EntryAudit> = lock
        .entries()
        .iter()
        .zip(files)
        .map(|(entry, files)| EntryAudit {
            package: entry.name.to_string(),
            version: entry.version.as_ref().map(ToString::to_string),
            selected: false,
            verdict: files.verdict(here.environment, here.asked.system).0,
        })
        .collect();
    for (entry, pin, wheel) in swapped(here) {
        if let Some(entry_audit) = all.get_mut(entry) {
            entry_audit.version = Some(pin.version().to_string());
            entry_audit.verdict = match wheel.fit_on(here.environment, here.asked.system) {
                Ok(_) => Verdict::Wheel(wheel.to_string()),
                Err(_) => Verdict::Nothing,
            };
        }
    }
    all
}

/// The entries whose wheels are swapped, with the wheels that take their place.
fn swapped<'h>(here: &'h AuditContext<'_>) -> impl Iterator<Item = (usize, &'h Pin, WheelName)> {
    here.members.iter().filter_map(|member| {
        let family::FamilyDecision::Swap { pin } = &member.decision else { return None };
        let pin = pin.as_ref();
        let file = match pin {
            Pin::Url { file, .. } => file.as_str(),
            Pin::Index { files, .. } => files.iter().next()?.0,
            Pin::Stub(stub) => stub.file.as_str(),
        };
        Some((here.selection.packages.get(member.package)?.entry, pin, file.parse().ok()?))
    })
}

/// The lock itself may exclude the environment: says so, and gives true.
pub(super) fn excludes(lock: &Lock, environment: Environment, findings: &mut Findings<'_>) -> bool {
    let (Some(key), Some(source)) = (lock.excluded_by(environment), lock.sources().first()) else { return false };
    let message = format!("{} is not for {} with this Python", source.name, environment.platform);
    let finding = AuditFinding::new(Rule::RequiresPython, message).on(environment).at(Some(source.place(key)));
    findings.add(finding.help("choose another target, or widen the project's range and lock again"));
    true
}

/// Says what keeps an entry from being installed.
pub(super) fn find(
    index: usize,
    files: &[EntryFiles],
    verdicts: &[EntryAudit],
    here: &AuditContext<'_>,
    history: &History<'_>,
    findings: &mut Findings<'_>,
) {
    let lock = here.lock;
    let (Some(entry), Some(files), Some(entry_audit)) =
        (lock.entries().get(index), files.get(index), verdicts.get(index))
    else {
        return;
    };
    let environment = here.environment;
    let excluding = lock.requires_python(index).filter(|pythons| !pythons.admits_python(environment.python));
    if let Some(pythons) = excluding {
        let finding = AuditFinding::new(Rule::RequiresPython, format!("{} is for Python {pythons}", spoken(entry)));
        let finding = finding.on(environment);
        findings.about(index, finding.help("choose another Python, or lock a release that allows this one"));
    }
    if let Some((_, pin, wheel)) = swapped(here).find(|(entry, ..)| *entry == index) {
        let misfit = wheel.fit_on(environment, here.asked.system).err();
        if let Some(misfit) = misfit.or(history.is_for_another_libc(&wheel, here).then_some(GLIBC)) {
            let spoken = format!("{} {}", entry.name, pin.version());
            let finding = AuditFinding::new(Rule::NewerSystem, asks(&spoken, misfit, here));
            let help = history.remedy(entry, pin.version(), here);
            findings.about(index, finding.on(environment).help(help.unwrap_or_else(|| newer_image(misfit))));
        }
        return;
    }
    let misfit = files.verdict(environment, here.asked.system).1;
    if excluding.is_some() && misfit == Some(TagMisfit::Python) {
        return;
    }
    let finding = match &entry_audit.verdict {
        Verdict::Unknown => return,
        Verdict::Wheel(file) => {
            if files.is_yanked(file) {
                let message = format!("{file} was withdrawn by its publishers");
                let finding = AuditFinding::new(Rule::Yanked, message).on(environment);
                findings.about(index, finding.help("lock another release"));
            }
            if file.parse().is_ok_and(|wheel| history.is_for_another_libc(&wheel, here)) {
                let finding = AuditFinding::new(Rule::NewerSystem, asks(&spoken(entry), GLIBC, here));
                findings.about(index, finding.on(environment).help(newer_image(GLIBC)));
            }
            return;
        }
        Verdict::Built(None) => {
            let message =
                format!("{} comes from a repository or a folder: it is built where it is installed", entry.name);
            findings.about(index, AuditFinding::new(Rule::BuiltHere, message));
            return;
        }
        Verdict::Built(Some(source)) => not_compiled(entry, files, source, misfit, here),
        Verdict::Nothing => nothing(entry, files, misfit, here),
    };
    let known = entry.version.as_ref().and_then(|version| history.remedy(entry, version, here));
    let finding = match known {
        Some(known) => finding.help(known),
        None => finding,
    };
    findings.about(index, finding.on(environment));
}

/// There is the source, but no wheel.
fn not_compiled(
    entry: &Entry,
    files: &EntryFiles,
    source: &str,
    misfit: Option<TagMisfit>,
    here: &AuditContext<'_>,
) -> AuditFinding {
    let (name, platform) = (spoken(entry), here.environment.platform);
    let source = quoted(source);
    let compile = format!("it would be compiled from {source}");
    let help = "lock a release that has one, or install a compiler and the build dependencies there";
    if !files.is_compiled() {
        let message = match files.wheels.is_empty() {
            true => format!("{name} has no wheel: it is built from {source}"),
            false => format!("{name} has no wheel for this Python: it is built from {source}"),
        };
        let help = "the build may need a compiler; a wheel on an index of your own avoids it";
        return AuditFinding::new(Rule::SourceOnly, message).help(help);
    }
    match misfit {
        Some(misfit @ TagMisfit::System(_)) => {
            let message = format!("{}; {compile}", asks(&name, misfit, here));
            AuditFinding::new(Rule::NewerSystem, message).help(newer_image(misfit))
        }
        Some(TagMisfit::Python) => {
            let has = files.pythons(here.environment);
            let message = format!("{name} has wheels for {platform} {}; {compile}", pythons(&has));
            let choose = if has.is_empty() { "" } else { "choose one of these Pythons, " };
            AuditFinding::new(Rule::WrongPython, message).help(format!("{choose}{help}"))
        }
        Some(TagMisfit::Platform) | None => {
            AuditFinding::new(Rule::NeedsCompiler, format!("{name} has no wheel for {platform}: {compile}")).help(help)
        }
    }
}

/// There is no file at all.
fn nothing(entry: &Entry, files: &EntryFiles, misfit: Option<TagMisfit>, here: &AuditContext<'_>) -> AuditFinding {
    let (name, platform) = (spoken(entry), here.environment.platform);
    match misfit {
        Some(misfit @ TagMisfit::System(_)) => {
            AuditFinding::new(Rule::NewerSystem, asks(&name, misfit, here)).help(newer_image(misfit))
        }
        Some(TagMisfit::Python) => {
            let has = pythons(&files.pythons(here.environment));
            let message = format!("{name} has wheels for {platform} {has}, and no source");
            AuditFinding::new(Rule::WrongPython, message).help("choose one of these Pythons, or lock another release")
        }
        Some(TagMisfit::Platform) | None => {
            let message = format!("{name} has no wheel for {platform}, and no source");
            AuditFinding::new(Rule::NoWheel, message).help("lock a release that has one")
        }
    }
}

/// `needs glibc 2.28 or newer, amazonlinux:2 has glibc 2.26`
fn asks(name: &str, misfit: TagMisfit, here: &AuditContext<'_>) -> String {
    let TagMisfit::System(asked) = misfit else {
        return format!("{name} has no wheel for {}", here.environment.platform);
    };
    match here.asked.system {
        Some(system) if system.is_like(asked) => {
            format!("{name} needs {asked} or newer, {} {system}", here.asked.machine)
        }
        Some(system) => format!("{name} has wheels for {} only, {} {system}", library(asked), here.asked.machine),
        None => format!("{name} has wheels for {} only", library(asked)),
    }
}

fn library(system: System) -> &'static str {
    match system {
        System::Macos(..) => "macOS",
        System::Glibc(..) => "glibc",
        System::Musl(..) => "musl",
    }
}

fn newer_image(misfit: TagMisfit) -> String {
    match misfit {
        TagMisfit::System(asked) => format!("use {asked} or newer, or lock an older release"),
        TagMisfit::Python | TagMisfit::Platform => "lock another release".to_owned(),
    }
}

fn pythons(some: &[Python]) -> String {
    match some {
        [] => "under other Pythons".to_owned(),
        some => format!("under {}", spoken_pythons(some)),
    }
}

/// `scipy 1.7.0`
pub(super) fn spoken(entry: &Entry) -> String {
    match &entry.version {
        Some(version) => format!("{} {version}", entry.name),
        None => entry.name.to_string(),
    }
}
