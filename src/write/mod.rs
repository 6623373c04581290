//! A plan as the text of a requirements file.
//!
//! From a `poetry.lock`, a `pylock.toml` or a `uv.lock` the file is made anew, in the order and the style of `poetry export`. From a
//! requirements file it is that file with the lines of the plan put into it: every other line keeps its bytes.
//!
//! With one Python no line needs a marker but those that the target cannot decide. With several, or with several
//! targets, a line that is not the same everywhere carries the marker that selects it.
//!
//! Not here: deciding what is written (`plan`), and the disk (`edge::io`).
//!
//! Imports: `text`, `packaging`, `report`, `catalog`, `lock`, `plan`.

pub mod check;
mod coverage;
mod entry;
mod fresh;
mod guards;
mod lines;
mod located;
mod mirror;
mod patched;
pub mod proof;
mod provided;
mod pylock;
mod rewrite;
pub(crate) mod toml;
mod urls;
mod usable;

use pep508_rs::PackageName;

use crate::catalog::equivalents;
use crate::lock::emit::NoEmit;
use crate::lock::pylock::Digests;
use crate::lock::{Choice, Lock};
use crate::plan::TargetPlan;
use crate::report::error::{Code, Error, Problem, Result};
use crate::text::{off_line, quoted};

pub use mirror::Mirror;
pub use provided::{FOR_UV, PROVIDED};
pub use pylock::{Content, ContentFile, DraftPackage, FileLocation, PylockDraft};

/// The style of an output.
#[derive(Debug, Clone, Default)]
pub struct Style {
    /// Write no digests.
    pub without_hashes: bool,
    /// Write only the digests of files that can be installed where the output is for, as far as the files are known.
    pub only_usable_hashes: bool,
    /// Say behind each URL how large its file is, where that is known.
    pub sizes: bool,
    /// The packages that are left out.
    pub no_emit: NoEmit,
    /// Serve the wheels of PyTorch's index from here instead.
    pub mirror: Option<Mirror>,
    /// The folder that the stubs are in, where there are some.
    pub stubs: Option<String>,
    /// The comments at the top. `None`: there are none.
    pub header: Option<HeaderText>,
}

impl Style {
    /// The operator of a pin. The folder of stubs may have one of the package, for another target or output; uv takes that
    /// for any `==` of its release, and so does pip where there are no digests.
    fn equals(&self, name: &PackageName) -> &'static str {
        if self.stubs.is_some() && equivalents::exchanged(name).next().is_some() { "===" } else { "==" }
    }
}

/// The comments at the top of an output.
#[derive(Debug, Clone, Default)]
pub struct HeaderText {
    /// Name the version of the tool, so that each new one makes another file.
    pub names_version: bool,
    /// The text beside the tool and the lock: one comment line each, without the `#`.
    pub lines: Vec<String>,
}

/// Writes the plans of one target or several as one requirements file. No two of them are for one platform and Python.
///
/// # Errors
/// Every line that could not be pinned or would have no digest.
pub fn requirements(lock: &Lock, plans: &[TargetPlan], style: &Style) -> Result<String> {
    if let Lock::Requirements(file) = lock {
        return patched::write(file, lock, plans, style);
    }
    if !lock.names_files() {
        return fresh::write(lock, plans, style);
    }
    let wanted = if style.without_hashes { Digests::Unwanted } else { Digests::Counted };
    Error::unless_empty(without_file(lock, plans, wanted))?;
    let plans: Vec<TargetPlan> = plans.iter().map(|plan| urls::pinned(lock, plan)).collect();
    fresh::write(lock, &plans, style)
}

/// Writes a plan into the lock itself: the lock's text afterwards. Entries that thereby come into more groups are added to
/// the decisions.
///
/// # Errors
/// As [`requirements`]; for several targets, if the lock's format cannot hold them.
pub fn rewritten(lock: &Lock, plans: &mut [TargetPlan], choices: &[Choice], style: &Style) -> Result<String> {
    match lock {
        Lock::Poetry(poetry) => {
            let (text, included) = rewrite::poetry(lock, poetry, plans, choices, style)?;
            for (target, python, decision) in included {
                let there = plans[target].environments.iter_mut().find(|one| one.environment.python == python);
                there.into_iter().for_each(|one| one.also(decision.clone()));
            }
            Ok(text)
        }
        Lock::Pylock(pylock) => {
            Error::unless_empty(without_file(lock, plans, Digests::Carried))?;
            let text = rewrite::pylock(lock, pylock, plans, choices, style.stubs.as_deref().unwrap_or_default())?;
            Ok(provided::without_added(&text, plans))
        }
        Lock::Uv(uv) => rewrite::uv(lock, uv, plans),
        Lock::Requirements(file) => {
            if plans.len() != 1 {
                let problem = Problem::new(Code::Unsupported, "a requirements file is rewritten for one target");
                return Err(problem.help("name one target, or export a file for each").into());
            }
            Ok(provided::without_added(&patched::write(file, lock, plans, style)?, plans))
        }
    }
}

/// Entries that stay as locked, but of which the lock has no file for the target, or no digest of it that will do.
fn without_file(lock: &Lock, plans: &[TargetPlan], wanted: Digests) -> Vec<Problem> {
    let environments = plans.iter().flat_map(|plan| &plan.environments);
    let lines = environments.flat_map(|one| one.lines.iter().map(move |line| (one.environment, line)));
    let kept = lines.filter(|(_, line)| line.pin().is_none());
    kept.filter_map(|(environment, line)| lock.without_file(line.entry?, environment, wanted)).collect()
}

/// The comments at the top of an output; empty where none are wanted.
///
/// # Errors
/// If a name would not stay on its line.
fn header(style: &Style, lock: &Lock) -> Result<String> {
    let Some(HeaderText { names_version, lines }) = &style.header else { return Ok(String::new()) };
    let name = lock.sources().first().map_or("the lock", |source| source.file_name());
    let version = if *names_version { concat!(" ", env!("CARGO_PKG_VERSION")) } else { "" };
    let mut text = format!("# Made by torchswap{version} from {name}\n");
    for line in lines {
        text.push_str(format!("# {line}").trim_end());
        text.push('\n');
    }
    for line in std::iter::once(name).chain(lines.iter().map(String::as_str)) {
        if let Some(odd) = off_line(line) {
            let message = format!("a name in the header of the output holds {odd}: `{}`", quoted(line));
            return Err(Problem::new(Code::Usage, message).help("give the file another name").into());
        }
    }
    Ok(text)
}
