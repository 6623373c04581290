//! A lock planned and written as a command does it, and what must hold of what is written.

use std::collections::{BTreeMap, BTreeSet};

use torchswap::catalog::Catalogues;
use torchswap::catalog::pin::Pin;
use torchswap::lock::emit::NoEmit;
use torchswap::lock::pylock::Pylock;
use torchswap::lock::requirements::{LineKind, RequirementsFile};
use torchswap::lock::{Choice, Lock, LockedDigest, LockedFiles, requirements};
use torchswap::packaging::marker::Extras;
use torchswap::packaging::target::{Backend, Environment, Platform, Python, Target};
use torchswap::plan::{self, Knowledge, Line, TargetPlan, Wanted, What};
use torchswap::report::error::Result;
use torchswap::text::off_line;
use torchswap::write::{self, HeaderText, Mirror, PylockDraft, Style, check};

use crate::read;

/// What a requirements file includes, whatever the name.
pub const INCLUDED: &str = "numpy<3\n";

/// What is wanted of a lock.
pub struct Request {
    targets: Vec<Target>,
    style: Style,
    /// A `pylock.toml` rather than a requirements file.
    pylock: bool,
}

impl Request {
    /// The one of a number. Each takes another way through the plan and the output.
    pub fn of(number: u8) -> Self {
        let on = |platform: Platform, backend, pythons: &[u8]| Target {
            name: Some(platform.as_str().to_owned()),
            platform,
            backend,
            pythons: pythons.iter().map(|minor| Python::three(*minor)).collect(),
        };
        let linux = |backend, pythons: &[u8]| on(Platform::LinuxX86_64, Some(backend), pythons);
        let mac = || on(Platform::MacosArm64, Some(Backend::Cpu), &[10, 11]);
        let targets = match number % 8 {
            0 => vec![linux(Backend::Cuda(11, 8), &[10])],
            1 => vec![linux(Backend::Cpu, &[])],
            2 => vec![mac()],
            3 => vec![linux(Backend::Cuda(11, 8), &[10]), mac()],
            4 => vec![on(Platform::LinuxX86_64, None, &[10])],
            5 => vec![on(Platform::WindowsX86_64, Some(Backend::Cuda(12, 1)), &[11])],
            6 => vec![linux(Backend::Cuda(12, 4), &[10, 11]), on(Platform::LinuxAarch64, Some(Backend::Cpu), &[10])],
            _ => vec![linux(Backend::Rocm(5, 6, None), &[10])],
        };
        let no_emit = NoEmit { project: true, local: number & 8 != 0, ..NoEmit::default() };
        let mirror = (number & 16 != 0).then(|| Mirror::parse("https://mirror.example/whl").unwrap());
        let header = Some(HeaderText { names_version: false, lines: vec!["Target: linux-x86_64".to_owned()] });
        let (without_hashes, pylock) = (number & 32 != 0, number & 64 != 0);
        let only_usable_hashes = number & 128 != 0;
        let style = Style { without_hashes, only_usable_hashes, no_emit, mirror, header, ..Style::default() };
        Self { targets, style, pylock }
    }

    fn plans(&self, lock: &Lock, choice: &Choice, known: &Knowledge<'_>) -> Result<Vec<TargetPlan>> {
        let wanted =
            |target: &Target| Wanted::new(target.clone(), choice.clone()).leaving_out(self.style.no_emit.clone());
        let wanted: Vec<Wanted> = self.targets.iter().map(wanted).collect();
        plan::targets(lock, &wanted, known)
    }
}

/// Exports a lock. What comes of it is what was planned, and the same each time.
pub fn export(parse: impl Fn() -> Result<Lock>, choice: &Choice, request: &Request) {
    let Some(text) = make(&parse, choice, request) else { return };
    assert_eq!(Some(text), make(&parse, choice, request), "the same lock and options, but other bytes");
}

fn make(parse: &impl Fn() -> Result<Lock>, choice: &Choice, request: &Request) -> Option<String> {
    let lock = read(parse())?;
    let catalogues = read(Catalogues::new(Vec::new()))?;
    let plans = read(request.plans(&lock, choice, &Knowledge::new(&catalogues)))?;
    if request.pylock {
        let draft = read(PylockDraft::new(&lock, &plans, &request.style))?;
        let text = read(draft.text())?;
        let again = Pylock::parse("pylock.toml", text.clone(), None).expect("a pylock.toml that is not read again");
        let differences = check::drift_of_pylock(&again, &draft).expect("a pylock.toml that gives nothing");
        assert!(differences.is_empty(), "{differences:?}");
        return Some(text);
    }
    let text = read(write::requirements(&lock, &plans, &request.style))?;
    let again = requirements::parse("requirements.txt", text.clone(), &mut |_| Ok(INCLUDED.to_owned()));
    let again = again.unwrap_or_else(|error| panic!("an output that is not read again: {error}\n{text}"));
    match &lock {
        Lock::Requirements(file) => is_kept(file, &plans, request, &text),
        Lock::Poetry(_) | Lock::Pylock(_) | Lock::Uv(_) => {
            let odd = text.lines().find_map(off_line);
            assert_eq!(odd, None, "a value that does not stay on its line");
        }
    }
    let ends = |c: char| matches!(c, '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    assert!(!text.replace("\r\n", "\n").contains(|c| c == '\r' || ends(c)), "pip would end a line here: {text:?}");
    let environments = plans.iter().flat_map(|plan| &plan.environments);
    environments.for_each(|one| is_meant(&lock, one.environment, &one.lines, request, &again));
    Some(text)
}

/// An output gives on an environment what was planned: these packages, these releases, these digests.
fn is_meant(lock: &Lock, here: Environment, lines: &[Line], request: &Request, again: &RequirementsFile) {
    let mut planned: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
    lines.iter().for_each(|line| planned.entry(line.name.as_ref()).or_default().push(line));
    let selection = again.select(here, &Extras::new());
    let picked: Vec<_> = selection.packages.iter().map(|package| &again.entries[package.entry]).collect();
    let found: BTreeSet<&str> = picked.iter().map(|entry| entry.name.as_ref()).collect();
    assert_eq!(planned.keys().copied().collect::<BTreeSet<_>>(), found, "other packages than planned on {here}");
    for entry in picked {
        let digests = digests(&entry.files);
        let is_it = |line: &&Line| {
            let own = line.entry.map(|index| &lock.entries()[index]);
            let (version, admitted) = match (line.pin(), own) {
                (Some(Pin::Url { version, sha256, .. }), _) => (Some(version), [LockedDigest::Sha256(*sha256)].into()),
                (Some(Pin::Index { version, files, .. }), _) => {
                    (Some(version), files.digests().map(|one| LockedDigest::Sha256(*one)).collect())
                }
                (Some(Pin::Stub(stub)), _) => (Some(&stub.version), [LockedDigest::Sha256(stub.sha256)].into()),
                (None, Some(own)) => (own.version.as_ref(), self::digests(&own.files)),
                (None, None) => (None, BTreeSet::new()),
            };
            let same = version.zip(entry.version.as_ref()).is_none_or(|(one, other)| one == other);
            same && (request.style.without_hashes || !digests.is_empty() && digests.is_subset(&admitted))
        };
        let name = entry.name.as_ref();
        assert!(planned[name].iter().any(is_it), "{name} is not what was planned on {here}: {entry:?}");
    }
}

fn digests(files: &LockedFiles) -> BTreeSet<LockedDigest> {
    files.iter().map(|file| file.digest.clone()).collect()
}

/// The lines of a requirements file that no decision is about stand in the output, in their order, with every byte.
fn is_kept(file: &RequirementsFile, plans: &[TargetPlan], request: &Request, text: &str) {
    let mut touched: BTreeSet<&str> = BTreeSet::new();
    for one in plans.iter().flat_map(|plan| &plan.environments) {
        touched.extend(one.lines.iter().filter(|line| line.pin().is_some()).map(|line| line.name.as_ref()));
        let about = one.decisions.iter().filter(|one| one.is_change() || matches!(one.what, What::NotEmitted(..)));
        touched.extend(about.map(|decision| decision.name.as_ref()));
    }
    let header = file.header();
    let stays = |line: &&requirements::FileLine| {
        let in_header = header.is_some_and(|at| at.source == line.source && line.span.end <= at.span.end);
        !in_header
            && match &line.kind {
                LineKind::Blank | LineKind::Comment | LineKind::Options(_) | LineKind::Constraints => true,
                LineKind::Requirement(index) => {
                    let style = &request.style;
                    !style.without_hashes
                        && !style.only_usable_hashes
                        && !touched.contains(file.entries[*index].name.as_ref())
                }
                LineKind::Unnamed(_) => false,
            }
    };
    // A line that goes may have parted what is now read as one.
    let mut written = text.trim_start_matches('\u{feff}').lines();
    for line in file.lines.iter().filter(stays).flat_map(|line| file.text(line).trim_start_matches('\u{feff}').lines())
    {
        assert!(written.any(|one| one == line), "the line {line:?} is not where it was");
    }
}
