//! Locks of other tools: known by name, not read, and how to get one that is.

use std::path::Path;

use crate::report::error::{Code, Problem};

/// A file that other tools install from.
#[derive(Debug, Clone, Copy)]
pub struct Foreign {
    /// Its name.
    pub file: &'static str,
    what: &'static str,
    help: &'static str,
}

/// Conda's packages are no wheels, so nothing could be swapped in them; what comes from Python's index can be locked
/// separately.
const CONDA: &str = "conda packages are not wheels: list what comes from Python's package index in a requirements.in and \
                     lock that: uv pip compile requirements.in --generate-hashes -o requirements.txt";

/// All that are known, those that hold digests first.
pub const FOREIGN: [Foreign; 7] = [
    Foreign { file: "pdm.lock", what: "a lock of PDM", help: "export it first: pdm export --prod -o requirements.txt" },
    Foreign {
        file: "Pipfile.lock",
        what: "a lock of Pipenv",
        help: "export it first: pipenv requirements --hash > requirements.txt",
    },
    Foreign { file: "pixi.lock", what: "a lock of pixi", help: CONDA },
    Foreign { file: "conda-lock.yml", what: "a lock of conda-lock", help: CONDA },
    Foreign { file: "conda-lock.yaml", what: "a lock of conda-lock", help: CONDA },
    Foreign { file: "environment.yml", what: "an environment of conda", help: CONDA },
    Foreign { file: "environment.yaml", what: "an environment of conda", help: CONDA },
];

impl Foreign {
    /// The one that a path names, if it does.
    pub fn named(path: &str) -> Option<Self> {
        let file = Path::new(path).file_name()?;
        FOREIGN.into_iter().find(|foreign| file == foreign.file)
    }

    /// Refuses it under the name that it was given.
    pub fn refusal(self, name: &str) -> Problem {
        Problem::new(Code::Unsupported, format!("{name} is {}, which is not read", self.what)).help(self.help)
    }
}
