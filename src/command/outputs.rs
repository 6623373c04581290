//! The places a run may write to: below the folder of its configuration, or where the command line says; never over what
//! it reads.

use std::path::{Component, Path};

use super::catalogues::ChosenCatalogues;
use super::job::Job;
use super::read::CONFIGURATIONS;
use crate::cli::PreviewArgs;
use crate::edge::io::{self, Output};
use crate::report::FileStatus;
use crate::report::error::{Code, Error, Problem, Result};

/// Checks a file that a configuration names, or that is found by its name, but that the command line does not name: a
/// checkout of somebody else must not write elsewhere.
///
/// # Errors
/// If it lies outside of the configuration's folder, by its name or through a link.
pub(super) fn below(file: &str, folder: &str) -> Result<()> {
    let is_inside = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    let inside = Path::new(file.strip_prefix(folder).unwrap_or(file));
    let here = if folder.is_empty() { "." } else { folder };
    if file != io::STDIN && inside.components().all(is_inside) && io::is_below(file, here) {
        return Ok(());
    }
    let problem = Problem::new(Code::Usage, format!("{file} is outside of the configuration's folder"));
    Err(problem.help("name a file below that folder, or name this one on the command line, too").into())
}

/// Checks a catalogue that is written, but that the command line does not name: it lies beside what was named, and nowhere
/// else through a link.
///
/// # Errors
/// If it does not.
pub(super) fn beside(catalogue: &str) -> Result<()> {
    if io::is_below(catalogue, &io::beside(catalogue, ".")) {
        return Ok(());
    }
    let problem = Problem::new(Code::Usage, format!("{catalogue} is a link that leads elsewhere"));
    Err(problem.help("name the catalogue on the command line: --catalog FILE").into())
}

/// The status of an output.
pub(super) fn status(output: &Output, preview: PreviewArgs) -> FileStatus {
    let name = output.name.clone();
    match &output.before {
        _ if io::is_stream(&name) => FileStatus::Printed,
        Some(before) if before.as_bytes() == output.bytes => FileStatus::Unchanged(name),
        None if io::holds(&name, &output.bytes) => FileStatus::Unchanged(name),
        Some(_) | None if preview.is_asked() => FileStatus::Shown(name),
        Some(_) | None => FileStatus::Written(name),
    }
}

/// Checks where a run writes.
///
/// # Errors
/// If a file is one that the run reads, or one for several outputs, or if it lies where a configuration may not write.
pub(super) fn check(jobs: &[Job]) -> Result<()> {
    let mut problems = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for job in jobs {
        let Some(file) = job.output.as_deref().filter(|file| !io::is_stream(file)) else { continue };
        let checked = || -> Result<()> {
            if !job.is_named {
                below(file, &job.folder)?;
                let stubs = job.stubs.folder().map(|stubs| io::beside(file, stubs));
                stubs.map_or(Ok(()), |stubs| below(&stubs, &job.folder))?;
            }
            unread(file, &job.lock, &job.catalogs, &job.folder)?;
            let mut provided = job.wanted.iter().filter_map(|one| one.no_emit.provided.as_ref()?.file.as_ref());
            provided.try_for_each(|one| other(file, one, "what the image has"))
        };
        let found = problems.len();
        problems.extend(checked().err().into_iter().flat_map(Error::into_problems));
        if let Some(other) = seen.iter().find(|other| io::is_same_file(other, file)) {
            let message = if *other == file {
                format!("{file} is named as an output twice")
            } else {
                format!("{other} and {file} are the same file")
            };
            problems.push(Problem::new(Code::Usage, message).help("give each output a file of its own"));
        }
        problems[found..].iter_mut().for_each(|problem| problem.targets.clone_from(&job.targets));
        seen.push(file);
    }
    Error::unless_empty(problems)
}

/// Checks that an output is none of the files that are read.
///
/// # Errors
/// If it is the lock, the project, the configuration or a catalogue.
pub(super) fn unread(file: &str, lock: &str, catalogs: &ChosenCatalogues, folder: &str) -> Result<()> {
    other(file, lock, "the lock itself")?;
    other(file, &io::beside(lock, "pyproject.toml"), "the project")?;
    for name in CONFIGURATIONS {
        other(file, &format!("{folder}{name}"), "the configuration")?;
    }
    let mut catalogs = catalogs.names.iter().chain(&catalogs.into);
    catalogs.try_for_each(|name| other(file, name, "a catalogue"))
}

/// Checks that an output is not one file that is read.
fn other(file: &str, read: &str, what: &str) -> Result<()> {
    if !io::is_same_file(file, read) {
        return Ok(());
    }
    let problem = Problem::new(Code::Usage, format!("{file} is {what}"));
    Err(problem.help("name another file for the output").into())
}
