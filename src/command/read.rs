//! Reading what a command works on: the lock with what belongs to it, the configuration.

use url::Url;

use crate::cli::config::Config;
use crate::edge::io;
use crate::lock::{Format, Lock};
use crate::report::error::{Code, Problem, Result};
use crate::write::Mirror;

/// The lock that is meant: the one named, else the configuration's, else the one found here by name.
pub(super) fn lock_name(named: Option<&String>, config: &Config) -> Result<String> {
    named.or(config.lock.as_ref()).cloned().map_or_else(io::find_lock, Ok)
}

/// The mirror of a command line. Its address is not shown: it may hold a login.
pub(super) fn mirror(text: Option<&str>) -> Result<Option<Mirror>> {
    let mirror = text.map(Mirror::parse).transpose();
    mirror.map_err(|why| Problem::new(Code::Usage, format!("--mirror: {why}")).into())
}

/// The default index: the one named, else the one that the environment names. Its address is not shown: it may hold a
/// login.
pub(super) fn index_url(named: Option<&String>) -> Result<Option<Url>> {
    let Some(text) = named.cloned().or_else(io::default_index) else { return Ok(None) };
    let url = Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let odd = || Problem::new(Code::Usage, "the address of the default index is not an http or https URL");
    Ok(Some(url.ok_or_else(|| odd().help("give one with --index-url, or mend PIP_INDEX_URL or UV_DEFAULT_INDEX"))?))
}

/// Reads a lock and what belongs to it: the project beside it, the files that a requirements file includes.
pub(super) fn lock(name: &str) -> Result<Lock> {
    let source = io::read(name)?;
    let format = Format::sniff(&source.name, &source.text)?;
    let project = io::read_if_there(&io::beside(name, "pyproject.toml"));
    let project = match format {
        Format::Poetry | Format::Pylock => project?,
        // It may be of another program.
        Format::Requirements => project.ok().flatten(),
    };
    let mut read = |path: &str| match io::read(path) {
        Ok(source) => Ok(source.text.into()),
        Err(error) => Err(error.problems().iter().map(|one| one.message.clone()).collect::<Vec<_>>().join("; ")),
    };
    Lock::parse(format, source, project, &mut read)
}

/// What is to be said of a lock before anything is made of it. `locked` makes an error of it.
pub(super) fn warnings(lock: &Lock, locked: bool) -> Result<Vec<Problem>> {
    if locked {
        return lock.is_locked().map(|()| Vec::new());
    }
    Ok(lock.stale().into_iter().collect())
}

/// The configuration in the current folder: `torchswap.toml`, else `[tool.torchswap]` of `pyproject.toml`, else none.
pub(super) fn config() -> Result<Config> {
    if let Some(source) = io::read_if_there("torchswap.toml")? {
        return Config::parse(&source);
    }
    match io::read_if_there("pyproject.toml")? {
        Some(source) if source.text.contains("torchswap") => Ok(Config::parse_pyproject(&source)?.unwrap_or_default()),
        Some(_) | None => Ok(Config::default()),
    }
}
