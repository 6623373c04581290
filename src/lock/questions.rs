//! Questions about a lock of any format: later stages get answers and need not take it apart.

use std::collections::BTreeSet;

use super::poetry::{LockVersion, PoetryLock};
use super::pylock::{self, Digests, Pylock, PylockFile, PylockPackage};
use super::pyproject::{self, Project};
use super::requirements::{self, GlobalOption, Limit, Unnamed};
use super::uv::UvLock;
use super::{Choice, Format, Lock};
use crate::packaging::target::{Environment, Platform};
use crate::report::error::{Code, Problem, Result};
use crate::text::{Source, Span};

impl Lock {
    /// Reads a lock. `project` is the `pyproject.toml` beside it, `read` gives the text of a file that it includes.
    ///
    /// # Errors
    /// As [`PoetryLock::parse`], [`Pylock::parse`], [`UvLock::parse`] and [`requirements::parse`].
    pub fn parse(
        format: Format,
        source: Source,
        project: Option<Source>,
        read: &mut dyn FnMut(&str) -> std::result::Result<String, String>,
    ) -> Result<Self> {
        let text = source.text.into();
        match format {
            Format::Poetry => {
                let project = project.map(|project| Project::parse(&project.name, project.text.into())).transpose()?;
                Ok(Self::Poetry(Box::new(PoetryLock::parse(&source.name, text, project)?)))
            }
            Format::Pylock => Ok(Self::Pylock(Box::new(Pylock::parse(&source.name, text, project)?))),
            Format::Uv => Ok(Self::Uv(Box::new(UvLock::parse(&source.name, text, project)?))),
            Format::Requirements => {
                let mut file = requirements::parse(&source.name, text, read)?;
                file.project_pythons = project.as_ref().and_then(pyproject::pythons);
                file.project = project;
                Ok(Self::Requirements(Box::new(file)))
            }
        }
    }

    /// Another text read in the place of this lock.
    ///
    /// # Errors
    /// As [`Lock::parse`]; and if it includes a file that this one does not.
    pub fn again(&self, text: String) -> Result<Self> {
        let mut read = |path: &str| {
            let known = self.sources().iter().find(|source| source.name == path);
            known.map(|source| source.text.to_string()).ok_or_else(|| format!("{path} was not read before"))
        };
        Self::parse(self.format(), Source::new(self.name(), text), self.project_file().cloned(), &mut read)
    }

    fn format(&self) -> Format {
        match self {
            Self::Poetry(_) => Format::Poetry,
            Self::Pylock(_) => Format::Pylock,
            Self::Uv(_) => Format::Uv,
            Self::Requirements(_) => Format::Requirements,
        }
    }

    /// The name of its file.
    pub fn name(&self) -> &str {
        self.sources().first().map_or("the lock", |source| source.name.as_str())
    }

    /// Checks that a `poetry.lock` was made from the project beside it as it is now.
    ///
    /// # Errors
    /// As [`PoetryLock::is_locked`].
    pub fn is_locked(&self) -> Result<()> {
        self.poetry().map_or(Ok(()), PoetryLock::is_locked)
    }

    /// True if groups or extras can be chosen of it; a requirements file was made for one choice.
    pub fn has_choices(&self) -> bool {
        self.requirements().is_none()
    }

    /// The choice that a rewrite is about: the given one, else all of it.
    ///
    /// # Errors
    /// If something was chosen of a lock that is rewritten whole.
    pub fn rewritten_choice(&self, chosen: Option<&Choice>) -> Result<Choice> {
        match (self, chosen) {
            (Self::Poetry(_), Some(choice)) => Ok(choice.clone()),
            (Self::Uv(lock), None) => lock.has_no_whole().map_or(Ok(Choice::everything()), |why| Err(why.into())),
            (Self::Poetry(_) | Self::Pylock(_), None) => Ok(Choice::everything()),
            (Self::Requirements(_), None) => Ok(Choice::default()),
            (Self::Pylock(_) | Self::Uv(_) | Self::Requirements(_), Some(_)) => {
                let problem = Problem::new(Code::Usage, "groups and extras can be chosen of a poetry.lock alone");
                Err(problem.help("leave the choice out to rewrite the whole lock, or export what is chosen").into())
            }
        }
    }

    /// Each group and each extra of a `poetry.lock` or a `uv.lock` alone, all extras of a group of Poetry, and what to call
    /// that: it is installed so, too.
    pub fn choices(&self) -> Vec<(Choice, String)> {
        match self {
            Self::Poetry(lock) => lock.choices(),
            Self::Uv(lock) => lock.choices(),
            Self::Requirements(_) | Self::Pylock(_) => Vec::new(),
        }
    }

    /// True if groups select by what their packages need in turn: a `uv.lock` has no groups on its packages, nor has a
    /// `poetry.lock` before version 2.1.
    pub fn selects_by_graph(&self) -> bool {
        match self {
            Self::Poetry(lock) => lock.version < LockVersion::V2_1,
            Self::Uv(_) => true,
            Self::Requirements(_) | Self::Pylock(_) => false,
        }
    }

    /// The files of each entry, with address and size; empty if it names no more of them than
    /// their digests.
    pub(crate) fn packages(&self) -> &[PylockPackage] {
        match self {
            Self::Pylock(lock) => &lock.packages,
            Self::Uv(lock) => &lock.packages,
            Self::Poetry(_) | Self::Requirements(_) => &[],
        }
    }

    /// The project's requirements, where the lock has the versions in which packages need each other.
    pub(crate) fn project(&self) -> Option<&Project> {
        self.poetry()?.project.as_ref()
    }

    /// Its text, if it is a `pylock.toml`: another one carries over from it what stays as it is.
    pub(crate) fn carried(&self) -> Option<&Source> {
        match self {
            Self::Pylock(lock) => Some(&lock.source),
            Self::Poetry(_) | Self::Uv(_) | Self::Requirements(_) => None,
        }
    }

    /// The lines by which a requirements file made of it has pip look at some indexes.
    pub(crate) fn index_options(&self, used: &BTreeSet<&str>) -> Vec<String> {
        match self {
            Self::Poetry(lock) => lock.index_options(used),
            Self::Pylock(_) | Self::Uv(_) | Self::Requirements(_) => pylock::index_options(used),
        }
    }

    /// True if an entry names the very files that are installed, each with its address.
    pub fn names_files(&self) -> bool {
        match self {
            Self::Pylock(_) | Self::Uv(_) => true,
            Self::Poetry(_) | Self::Requirements(_) => false,
        }
    }

    /// True if all that is said of an entry's files is their digests.
    pub(crate) fn has_digests_alone(&self) -> bool {
        self.requirements().is_some()
    }

    /// The files of an entry with all that the lock says of them, where that is more than name and digest.
    pub(crate) fn files(&self, entry: usize) -> impl Iterator<Item = &PylockFile> {
        self.packages().get(entry).into_iter().flat_map(|package| package.kind.files())
    }

    /// Why an entry cannot be installed on an environment, as far as the lock says.
    pub(crate) fn without_file(&self, entry: usize, environment: Environment, wanted: Digests) -> Option<Problem> {
        let (package, source) = (self.packages().get(entry)?, self.sources().first()?);
        pylock::without_file(source, self.entries().get(entry)?, package, environment, wanted)
    }

    /// Why the lock as a whole cannot be installed on an environment. A requirements file says at most under which Python
    /// it was made.
    pub(crate) fn leaves_out(&self, environment: Environment) -> Option<Problem> {
        match self {
            Self::Poetry(lock) => lock.leaves_out(environment),
            Self::Pylock(lock) => lock.leaves_out(environment),
            Self::Uv(lock) => lock.leaves_out(environment),
            Self::Requirements(_) => None,
        }
    }

    /// Why the lock cannot be installed on a platform under any Python, where the lock says that of a platform.
    pub(crate) fn never_on(&self, platform: Platform) -> Option<Problem> {
        match self {
            Self::Pylock(lock) => lock.never_on(platform),
            Self::Uv(lock) => lock.never_on(platform),
            Self::Poetry(_) | Self::Requirements(_) => None,
        }
    }

    /// The key by which the lock itself excludes an environment.
    pub(crate) fn excluded_by(&self, environment: Environment) -> Option<Span> {
        let key = match self {
            Self::Requirements(_) => None,
            Self::Poetry(lock) => lock.leaves_out(environment).map(|_| "python-versions"),
            Self::Pylock(lock) => lock.excluded_by(environment),
            Self::Uv(lock) => lock.excluded_by(environment),
        }?;
        let text = &self.sources().first()?.text;
        let line = format!("\n{key} = ");
        // Poetry writes it at the end, behind those of the packages; the others have it before them.
        let at = if self.poetry().is_some() { text.rfind(&line) } else { text.find(&line) };
        let start = at.map_or(0, |at| at + 1);
        Some((start..(start + key.len()).min(text.len())).into())
    }

    /// The options that a requirements file has for all its lines.
    pub(crate) fn options(&self) -> Option<&[GlobalOption]> {
        self.requirements().map(|file| file.options.as_slice())
    }

    /// The lines of a requirements file that name no package.
    pub(crate) fn unnamed(&self) -> impl Iterator<Item = &Unnamed> {
        self.requirements().into_iter().flat_map(|file| file.unnamed().map(|(_, unnamed)| unnamed))
    }

    /// The constraints that limit a requirements file.
    pub(crate) fn limits(&self) -> &[Limit] {
        self.requirements().map_or(&[], |file| &file.constraints)
    }

    /// True for a requirements file that people wrote.
    pub(crate) fn is_hand_written(&self) -> bool {
        self.requirements().is_some_and(|file| !file.is_compiled())
    }
}
