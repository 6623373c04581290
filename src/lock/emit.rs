//! The packages that an output leaves out although they are selected, in the words of `uv export`.

use std::sync::Arc;

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::provided::Provided;
use super::{Entry, Lock, Origin, SelectedPackage, Selection};
use crate::report::error::{Code, Error, Problem, Result};
use crate::text::nearest;

/// `--no-emit-project`, `--no-emit-local` and `--no-emit-package`. What the entries need stays in the output.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NoEmit {
    /// Not the project that the lock is of.
    pub project: bool,
    /// No local files and folders.
    pub local: bool,
    /// Not these packages.
    pub packages: Vec<PackageName>,
    /// Not what the image has.
    pub provided: Option<Arc<Provided>>,
    /// The project's name, where it is known: [`NoEmit::of`].
    pub project_name: Option<PackageName>,
}

/// Why something is left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotEmitted {
    /// It is the project itself.
    Project,
    /// It is a local file or folder.
    Local,
    /// It was named.
    Package,
    /// The image has it, in this version as far as that is known.
    Provided(Option<Version>),
    /// Nothing but what the image has needs it.
    OfProvided,
}

impl NotEmitted {
    /// True if the image has it, or all that needs it.
    pub fn is_provided(&self) -> bool {
        self.shared().is_some()
    }

    /// Why in words that are the same for all that the image has; `None`: each is installed in a way of its own.
    pub fn shared(&self) -> Option<&'static str> {
        match self {
            Self::Provided(_) => Some("the image has them"),
            Self::OfProvided => Some("nothing but what the image has needs them"),
            Self::Project | Self::Local | Self::Package => None,
        }
    }

    /// Why, and how it is installed beside the output.
    pub fn spoken(&self, install: &str) -> String {
        let why = match self {
            Self::Project => "the project itself",
            Self::Local => "a local file or folder",
            Self::Package => "as asked",
            Self::Provided(Some(version)) => return format!("the image has {version}"),
            Self::Provided(None) => return "the image has it".to_owned(),
            Self::OfProvided => return "nothing but what the image has needs it".to_owned(),
        };
        format!("{why}; install it with: pip install --no-deps {install}")
    }
}

impl NoEmit {
    /// Why something is left out; `None`: it is not.
    pub fn why(&self, name: Option<&PackageName>, origin: &Origin) -> Option<NotEmitted> {
        if name.is_some_and(|name| self.packages.contains(name)) {
            return Some(NotEmitted::Package);
        }
        let (Origin::Directory(path) | Origin::File(path)) = origin else { return None };
        let is_project = is_here(path) || name.is_some_and(|name| self.project_name.as_ref() == Some(name));
        if self.project && is_project {
            return Some(NotEmitted::Project);
        }
        self.local.then_some(NotEmitted::Local)
    }

    /// Takes what is left out from what is selected, but for what is `kept` there.
    pub(crate) fn apply(&self, entries: &[Entry], selection: &mut Selection, kept: impl Fn(&PackageName) -> bool) {
        let why = |selected: &SelectedPackage| {
            let entry = &entries[selected.entry];
            self.why(Some(&entry.name), &entry.origin).filter(|_| !kept(&entry.name))
        };
        // Mostly nothing is left out.
        if !selection.packages.iter().any(|selected| why(selected).is_some()) {
            return;
        }
        for selected in std::mem::take(&mut selection.packages) {
            match why(&selected) {
                Some(why) => selection.unemitted.push((selected, why)),
                None => selection.packages.push(selected),
            }
        }
    }

    /// The packages that are left out of a lock's output.
    ///
    /// # Errors
    /// Names that the lock does not have, each with the nearest one: a misspelt one would leave nothing out.
    pub fn of(&self, lock: &Lock) -> Result<Self> {
        let names = || lock.entries().iter().map(|entry| entry.name.as_ref());
        let named = self.packages.iter().map(|package| (package, "--no-emit-package"));
        let provided = self.provided.iter().flat_map(|one| &one.names).map(|package| (package, "--provided-names"));
        let unknown = named.chain(provided).filter(|(package, _)| !names().any(|name| name == package.as_ref()));
        let problems = unknown.map(|(package, option)| {
            let message = format!("the lock has no package {package}, which {option} leaves out");
            let help = nearest(package.as_ref(), names());
            let help = help.map_or_else(|| "leave the option out".to_owned(), |near| format!("did you mean `{near}`?"));
            Problem::new(Code::Usage, message).help(help)
        });
        Error::unless_empty(problems.collect())?;
        // Only then the project's file has to be read.
        let is_local = |entry: &Entry| matches!(entry.origin, Origin::Directory(_) | Origin::File(_));
        let is_asked = self.project && lock.entries().iter().any(is_local);
        Ok(Self { project_name: is_asked.then(|| lock.project_name()).flatten(), ..self.clone() })
    }

    /// Both what this and what another one leaves out.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.project |= other.project;
        self.local |= other.local;
        self.packages
            .extend(other.packages.iter().filter(|name| !self.packages.contains(name)).cloned().collect::<Vec<_>>());
        self
    }
}

/// The remedy for an entry that the output cannot hold.
pub(crate) fn help(entry: &Entry) -> String {
    let option = match &entry.origin {
        Origin::File(_) | Origin::Directory(_) => "--no-emit-local".to_owned(),
        Origin::Index(_) | Origin::Url(_) | Origin::Git(_) => format!("--no-emit-package {}", entry.name),
    };
    format!("leave it out ({option}) and install it beside the output")
}

/// True for the folder that the lock lies in, extras behind it or not.
fn is_here(path: &str) -> bool {
    let path = path.split('[').next().unwrap_or_default();
    let path = path.strip_prefix("file:").unwrap_or(path);
    path.starts_with('.') && path.split(['/', '\\']).all(|part| matches!(part, "" | "."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_is_the_folder_of_the_lock() {
        for path in [".", "./", "./.", ".[cuda]", ".\\", "file:."] {
            assert!(is_here(path), "{path}");
        }
        for path in ["", "/", "..", "../", "./libs", "libs", ".hidden", "file:///"] {
            assert!(!is_here(path), "{path}");
        }
    }
}
