//! Problems that stop the work: what is wrong, where, and what to do about it.

use std::fmt;

use pep508_rs::PackageName;

use super::Missing;
use crate::packaging::target::Python;
use crate::text::{Place, Source, Span, shown};

/// Targets in words: `targets: docker (torchswap.toml:3), ci (torchswap.toml:7)`; `None`: there are none.
pub fn spoken_targets(targets: &[NamedTarget]) -> Option<String> {
    let word = if targets.len() == 1 { "target" } else { "targets" };
    let names: Vec<String> = targets.iter().map(ToString::to_string).collect();
    (!names.is_empty()).then(|| format!("{word}: {}", names.join(", ")))
}

/// The kind of problem. The names are stable: the JSON report has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Code {
    /// The command line or an option's value is wrong.
    Usage,
    /// A file cannot be read, written or found.
    Io,
    /// A file is not what its format says.
    Syntax,
    /// A format, or a version of one, that this tool does not read.
    Unsupported,
    /// The lock has no package of the torch family.
    NoTorch,
    /// The build asked for was never made.
    Impossible,
    /// The build may exist, but no catalogue at hand knows it.
    Unknown,
    /// An entry has no digest, or one that is too weak to count.
    NoDigest,
    /// Two sources give different digests for one file.
    DigestConflict,
    /// Fewer projects recorded a digest than should have.
    FewWitnesses,
    /// A project's catalogue says something else of a wheel than another catalogue.
    Contradiction,
    /// A requirement of a wheel that nothing in the lock or the catalogue meets.
    Unmet,
    /// The packages of the family do not fit each other.
    OutOfStep,
    /// The packages of the image and those of the output do not fit each other.
    ImageConstraint,
    /// An entry comes from a repository, a folder or a file, and cannot be pinned by a digest.
    NotPinnable,
    /// An entry is not pinned to one version.
    Unpinned,
    /// An output is not what its lock gives now.
    OutOfDate,
    /// There is no output to check.
    NoOutputs,
    /// A lock has been swapped without its project asking for it.
    SwappedLock,
    /// The lock does not agree with itself or with its pyproject.toml.
    Inconsistent,
    /// An index cannot be reached, or answers with what is no answer.
    Network,
    /// An index does not have what was asked for.
    Absent,
    /// A wheel is not what its name or the catalogue says.
    WrongWheel,
}

impl Code {
    /// The stable kebab-case name.
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    /// Its meaning, in one sentence without a full stop.
    pub fn meaning(self) -> &'static str {
        self.row().1
    }

    fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::Usage => ("usage", "the command line or the value of an option is wrong"),
            Self::Io => ("io", "a file cannot be read, written or found"),
            Self::Syntax => ("syntax", "a file is not what its format says"),
            Self::Unsupported => ("unsupported", "a format, or a version of one, that is not read here"),
            Self::NoTorch => ("no-torch", "the lock has no package of the torch family"),
            Self::Impossible => ("cannot-be", "the build asked for was never made"),
            Self::Unknown => ("not-known", "the build may exist, but no catalogue in use knows it"),
            Self::NoDigest => ("no-digest", "an entry has no digest, or one that is too weak to count"),
            Self::DigestConflict => ("digest-conflict", "two sources give different digests for one file"),
            Self::FewWitnesses => ("few-witnesses", "fewer projects recorded a digest than should have"),
            Self::Contradiction => {
                ("contradiction", "a catalogue of the project contradicts another catalogue about a wheel")
            }
            Self::Unmet => ("unmet-requirement", "nothing in the lock or the catalogue meets what a wheel requires"),
            Self::OutOfStep => ("out-of-step", "the packages of torch's family do not fit each other"),
            Self::ImageConstraint => {
                ("image-constraint", "what the image has and what the output installs do not fit each other")
            }
            Self::NotPinnable => {
                ("not-pinnable", "an entry from a repository, a folder or a file cannot be pinned by a digest")
            }
            Self::Unpinned => ("unpinned", "an entry is not pinned to one version"),
            Self::OutOfDate => ("out-of-date", "an output is not what its lock gives now"),
            Self::NoOutputs => ("no-outputs", "there is no output to check"),
            Self::SwappedLock => ("swapped-lock", "a lock has been swapped without its project asking for it"),
            Self::Inconsistent => ("inconsistent", "the lock does not agree with itself or with its pyproject.toml"),
            Self::Network => ("network", "an index cannot be reached, or what it answers is no answer"),
            Self::Absent => ("absent", "an index does not have what was asked for"),
            Self::WrongWheel => ("wrong-wheel", "a wheel is not what its name or the catalogue says"),
        }
    }
}

/// A message, with the Pythons it holds for; none: whatever the Python.
pub(super) fn under_pythons(message: &str, pythons: &[Python]) -> String {
    if pythons.is_empty() {
        return message.to_owned();
    }
    format!("{message} ({})", spoken_pythons(pythons))
}

/// Pythons as people say them: `CPython 3.9 to 3.12, 3.14`; two in a row are named.
pub(crate) fn spoken_pythons(all: &[Python]) -> String {
    let runs = all.chunk_by(|one, next| next.minor() == one.minor() + 1);
    let spoken = runs.flat_map(|run| match run {
        [first, _, .., last] => vec![format!("{first} to {last}")],
        few => few.iter().map(ToString::to_string).collect(),
    });
    format!("CPython {}", spoken.collect::<Vec<_>>().join(", "))
}

/// Adds the Pythons and targets of what is reported as one, each once.
pub(super) fn unite(
    (pythons, targets): (&mut Vec<Python>, &mut Vec<NamedTarget>),
    (more_pythons, more_targets): (Vec<Python>, Vec<NamedTarget>),
) {
    pythons.extend(more_pythons);
    pythons.sort_unstable();
    pythons.dedup();
    for target in more_targets {
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
}

/// A target of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedTarget {
    /// Its name.
    pub name: String,
    /// Its place: `torchswap.toml:3`.
    pub place: Option<String>,
}

impl NamedTarget {
    /// One without a place.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), place: None }
    }
}

impl fmt::Display for NamedTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.place.iter().try_for_each(|place| write!(f, " ({place})"))
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Its kind.
    pub code: Code,
    /// The fault, in one sentence without a full stop.
    pub message: String,
    /// Its place, if it is in a file. Boxed: problems travel in results, and results should be small.
    pub place: Option<Box<Place>>,
    /// The remedy.
    pub remedy: Option<String>,
    /// The Pythons, if it depends on them; ascending.
    pub pythons: Vec<Python>,
    /// The targets of the configuration, if it is about a target.
    pub targets: Vec<NamedTarget>,
    /// The unknown fact, if that is the fault and an index may have it.
    pub missing: Option<Box<Missing>>,
}

impl Problem {
    /// A problem with no place and no remedy yet. The message may quote anything: it becomes one line, in which what a
    /// terminal would obey is escaped.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let message = shown(&message.into()).into_owned();
        Self { code, message, place: None, remedy: None, pythons: Vec::new(), targets: Vec::new(), missing: None }
    }

    /// Says where it is.
    #[must_use]
    pub fn at(mut self, source: &Source, span: impl Into<Span>) -> Self {
        self.place = Some(Box::new(source.place(span.into())));
        self
    }

    /// Says under which Python it was found.
    #[must_use]
    pub fn under(mut self, python: Python) -> Self {
        self.pythons.push(python);
        self
    }

    /// Adds the fact that an index may have.
    #[must_use]
    pub fn for_want_of(mut self, missing: Missing) -> Self {
        self.missing = Some(Box::new(missing));
        self
    }

    /// The package that is needed and not locked, if that is what is wrong.
    pub(crate) fn unlocked(&self) -> Option<&PackageName> {
        self.missing.as_ref().and_then(|missing| missing.unlocked())
    }

    /// The message, with the Pythons it holds for.
    pub fn sentence(&self) -> String {
        under_pythons(&self.message, &self.pythons)
    }

    /// True if both are reported as one: of two targets only if they hold for the same Pythons.
    fn is_alike(&self, other: &Self) -> bool {
        (self.targets == other.targets || self.pythons == other.pythons)
            && (self.code, &self.message, &self.place, &self.remedy)
                == (other.code, &other.message, &other.place, &other.remedy)
    }

    /// Says what to do about it.
    #[must_use]
    pub fn help(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(shown(&remedy.into()).into_owned());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence())?;
        if let Some(place) = &self.place {
            write!(f, "\n{place}")?;
        }
        if let Some(targets) = spoken_targets(&self.targets) {
            write!(f, "\n  {targets}")?;
        }
        if let Some(remedy) = &self.remedy {
            write!(f, "\n  help: {remedy}")?;
        }
        Ok(())
    }
}

/// Why an answer could not be given: one problem or more, all that were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Vec<Problem>);

impl Error {
    /// Nothing if there is no problem, else an error that holds them all, in order; one found under several Pythons is
    /// reported once.
    ///
    /// # Errors
    /// The problems, if there are any.
    pub fn unless_empty(problems: Vec<Problem>) -> Result<(), Self> {
        let mut seen: Vec<Problem> = Vec::with_capacity(problems.len());
        for problem in problems {
            match seen.iter_mut().find(|known| known.is_alike(&problem)) {
                Some(known) => {
                    unite((&mut known.pythons, &mut known.targets), (problem.pythons, problem.targets));
                }
                None => seen.push(problem),
            }
        }
        if seen.is_empty() { Ok(()) } else { Err(Self(seen)) }
    }

    /// Says which target it is about, if the target has a name.
    #[must_use]
    pub fn of_target(mut self, target: Option<&str>) -> Self {
        self.0.iter_mut().for_each(|problem| problem.targets.extend(target.map(NamedTarget::new)));
        self
    }

    /// Adds the place of each target.
    #[must_use]
    pub fn with_places(mut self, place: impl Fn(&str) -> Option<String>) -> Self {
        for target in self.0.iter_mut().flat_map(|problem| &mut problem.targets) {
            target.place = place(&target.name);
        }
        self
    }

    /// All that is wrong, in order; never empty.
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }

    /// All that is wrong, by value.
    pub fn into_problems(self) -> Vec<Problem> {
        self.0
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// A result whose error holds problems.
pub type Result<T, E = Error> = std::result::Result<T, E>;
