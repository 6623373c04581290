//! The stubs of an output: where they go, and what is said where there are none.

use std::collections::BTreeSet;

use crate::cli::StubArgs;
use crate::edge::io::{self, Output};
use crate::packaging::stub::ENDING;
use crate::plan::{self, TargetPlan};
use crate::report::CheckFinding;
use crate::report::error::{Code, Problem, Result};

/// The folder where nothing else is said.
pub(super) const FOLDER: &str = "torchswap-stubs";

/// The folder of the stubs of an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StubFolder {
    /// Into this folder, relative to the output's.
    In(String),
    /// Nobody says so, and there is no file that they could be beside.
    Untold,
    /// None are wanted.
    Unwanted,
}

impl StubFolder {
    /// The folder where nothing is said.
    pub(super) fn beside() -> Self {
        Self::In(FOLDER.to_owned())
    }

    /// As the options have it, for an output; `None`: standard output.
    pub(super) fn of(args: &StubArgs, output: Option<&str>) -> Self {
        match (&args.stubs, output.filter(|file| !io::is_stream(file))) {
            _ if args.no_stubs => Self::Unwanted,
            (Some(folder), _) => Self::In(folder.clone()),
            (None, Some(_)) => Self::beside(),
            (None, None) => Self::Untold,
        }
    }

    /// This, but where nothing was said the folder for an output that is a file.
    pub(super) fn or_beside(self) -> Self {
        if self == Self::Untold { Self::beside() } else { self }
    }

    /// The folder, if there is one.
    pub(super) fn folder(&self) -> Option<&str> {
        match self {
            Self::In(folder) => Some(folder),
            Self::Untold | Self::Unwanted => None,
        }
    }

    /// The folder as an output names it: a path that begins with a dot is no package and no address.
    pub(super) fn written(&self) -> Option<String> {
        let folder = self.folder()?;
        let is_plain = !folder.starts_with(['.', '/', '\\']) && !folder.contains(':');
        Some(if is_plain { format!("./{folder}") } else { folder.to_owned() })
    }

    /// Writes the stubs of plans or takes them out; gives the files to write beside the output.
    ///
    /// # Errors
    /// If there are stubs, and it is not said where they go.
    pub(super) fn settle(&self, plans: &mut [TargetPlan], output: Option<&str>) -> Result<Vec<Output>> {
        let folder = match self {
            Self::In(folder) => folder,
            Self::Unwanted => {
                plans.iter_mut().for_each(plan::without_stubs);
                return Ok(Vec::new());
            }
            Self::Untold => {
                let Some(stub) = plans.iter().flat_map(plan::stubs).next() else { return Ok(Vec::new()) };
                let message = format!("the output needs {}, which cannot be written beside standard output", stub.file);
                let help = "name the output (-o FILE), a folder for the stubs (--stubs DIR), or do without: --no-stubs";
                return Err(Problem::new(Code::Usage, message).help(help).into());
            }
        };
        let mut seen = BTreeSet::new();
        let stubs = plans.iter().flat_map(plan::stubs).filter(|stub| seen.insert(&stub.file));
        let files = stubs.map(|stub| {
            let name = format!("{}/{}", folder.trim_end_matches('/'), stub.file);
            let name = output.map_or_else(|| name.clone(), |output| io::beside(output, &name));
            Output { makes_folder: true, ..Output::new(name, stub.bytes.to_vec()) }
        });
        Ok(files.collect())
    }
}

/// The faults of the stubs of outputs, each with the file that mends it.
///
/// # Errors
/// If one is there and cannot be read.
pub(super) fn judged(stubs: &[Output]) -> Result<Vec<(CheckFinding, Output)>> {
    let mut found = Vec::new();
    for stub in stubs {
        let message = match io::bytes_if_there(&stub.name)? {
            Some(bytes) if bytes == stub.bytes => continue,
            Some(_) => format!("{} differs from the stub that an output names", stub.name),
            None => format!("{} does not exist, but an output names it", stub.name),
        };
        let problem = Problem::new(Code::OutOfDate, message);
        found.push((CheckFinding::new(&*stub.name, problem), stub.clone()));
    }
    Ok(found)
}

/// The stubs in some folders that no output names.
pub(super) fn stray(folders: &BTreeSet<String>, stubs: &[Output]) -> Vec<CheckFinding> {
    let names = folders.iter().flat_map(|folder| {
        io::names_in(folder)
            .into_iter()
            .filter(|name| name.ends_with(ENDING))
            .map(move |name| format!("{folder}/{name}"))
    });
    let strays = names.filter(|name| !stubs.iter().any(|stub| stub.name == *name));
    let found = strays.map(|name| {
        let problem = Problem::new(Code::OutOfDate, format!("{name} is a stub that no output names"));
        CheckFinding::new(name, problem.help("remove it: an installer could choose it"))
    });
    found.collect()
}

/// The comment in the header where packages are left out for others that replace them.
pub(super) fn header(plans: &[TargetPlan]) -> Option<String> {
    let names: BTreeSet<String> = plans.iter().flat_map(plan::stood_for).collect();
    let list = names.into_iter().collect::<Vec<_>>().join(", ");
    (!list.is_empty()).then(|| format!("Without {list}: install with --no-deps, for other packages ask for it"))
}
