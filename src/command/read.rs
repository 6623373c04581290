//! Reading what a command works on: the lock with what belongs to it, the configuration.

use std::path::Path;
use std::sync::Arc;

use url::Url;

use crate::cli::ProvidedArgs;
use crate::cli::config::Config;
use crate::edge::io;
use crate::lock::provided::{self, Provided};
use crate::lock::{Format, Lock};
use crate::report::error::{Code, Error, Problem, Result};
use crate::text::file_name;
use crate::write::Mirror;

/// The lock that is meant: the one named, else the configuration's, else the one beside the configuration. Only where no
/// configuration was found is it looked for around the current folder: to take another project's would go unnoticed.
pub(super) fn lock_name(named: Option<&String>, config: &Config) -> Result<String> {
    if let Some(named) = named {
        return Ok(named.clone());
    }
    let found = found_lock(config)?;
    // A lock that only its own tool writes is one, whatever an output is called: that it would be overwritten is said later.
    let is_output = |output: &String| !found.ends_with(".lock") && io::is_same_file(output, &found);
    if config.lock.is_none() && config.targets.iter().filter_map(|one| one.output.as_ref()).any(is_output) {
        let file = &config.file;
        let message = format!("there is no lock beside {file}: {found} is an output of it");
        let help = format!("regenerate the lock (poetry lock, uv lock), or name it in {file}: lock = \"…\"");
        return Err(Problem::new(Code::Io, message).help(help).into());
    }
    Ok(found)
}

/// The lock of a configuration, or that around the current folder.
fn found_lock(config: &Config) -> Result<String> {
    let (file, folder) = (&config.file, config.folder());
    if let Some(lock) = &config.lock {
        if lock == io::STDIN || io::is_there(lock) {
            return Ok(lock.clone());
        }
        let message = format!("{file} names the lock {lock}, which does not exist");
        return Err(Problem::new(Code::Io, message).help("create it, or fix the key `lock`").into());
    }
    if config.folder.is_none() || config.is_named {
        return io::find_lock(folder);
    }
    if folder.starts_with("../")
        && let Some(here) = io::lock_in("")?
    {
        if config.targets.is_empty() {
            return Ok(here);
        }
        let message = format!("{here} is in this folder, but the targets are those of {file}, which names no lock");
        let help = format!("name the lock that is meant, or keep its name in {file}: lock = \"…\"");
        return Err(Problem::new(Code::Usage, message).help(help).into());
    }
    io::lock_in(folder)?.ok_or_else(|| {
        let help = format!("make one there (poetry lock, uv lock), or name it in {file}: lock = \"…\"");
        io::no_lock(folder, &format!("beside {file}"), &help).into()
    })
}

/// A note on files found above the current folder, where people may not look for them: the configuration and the lock.
pub(super) fn found_above(config: &Config, wants_lock: bool) -> Option<String> {
    let is_above = |name: &String| name.starts_with("../");
    let lock = wants_lock.then(|| lock_name(None, config).ok()).flatten();
    let found = [("configuration", Some(config.file.clone())), ("lock", lock)];
    let above = found.into_iter().filter_map(|(what, name)| Some(format!("the {what} is {}", name.filter(is_above)?)));
    Some(above.collect::<Vec<_>>().join(", ")).filter(|above| !above.is_empty())
}

/// The mirror of a command line. Its address is not shown: it may hold a login.
pub(super) fn mirror(text: Option<&str>) -> Result<Option<Mirror>> {
    let mirror = text.map(Mirror::parse).transpose();
    mirror.map_err(|why| Problem::new(Code::Usage, format!("--mirror (TORCHSWAP_MIRROR): {why}")).into())
}

/// The indexes that are asked for what no other is named for: the one named, else those of the user's pip and uv, in
/// their order. Their addresses are not shown: they may hold a login.
pub(super) fn index_urls(named: Option<&String>) -> Result<Vec<Url>> {
    let io::InstallerIndexes { first, default, extra } = match named {
        Some(named) => io::InstallerIndexes { default: Some(named.clone()), ..io::InstallerIndexes::default() },
        None => io::indexes()?,
    };
    let read = |text: String, what: &str| {
        http_url(text.trim()).ok_or_else(|| {
            let problem = Problem::new(Code::Usage, format!("the address of {what} is not an http or https URL"));
            problem.help("give one with --index-url, or fix the variables or the configuration of pip or uv")
        })
    };
    let default = default.map(|text| read(text, "the default index"));
    let [first, extra] = [first, extra].map(|all| all.into_iter().map(|text| read(text, "an extra index")));
    Ok(first.chain(default).chain(extra).collect::<Result<_, Problem>>()?)
}

/// The indexes that have what wheels require: the one of the option, else those of the user's pip and uv.
pub(super) fn closure_urls(option: Option<&String>) -> Result<Vec<Url>> {
    match option {
        Some(text) => Ok(vec![address("--closure-index", text)?]),
        None => index_urls(None),
    }
}

/// The address that an option gives. It is not shown: it may hold a login.
pub(super) fn address(option: &str, text: &str) -> Result<Url> {
    http_url(text).ok_or_else(|| Problem::new(Code::Usage, format!("{option} is not an http or https URL")).into())
}

fn http_url(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// Reads a lock and what belongs to it: the project beside it, the files that a requirements file includes.
pub(super) fn lock(name: &str) -> Result<Lock> {
    let source = io::read(name)?;
    let format = Format::sniff(&source.name, &source.text)?;
    let project = io::read_if_there(&io::beside(name, "pyproject.toml"));
    let project = match format {
        Format::Poetry | Format::Pylock | Format::Uv => project?,
        // It may be of another program.
        Format::Requirements => project.ok().flatten(),
    };
    let mut read = |path: &str| match io::read(path) {
        Ok(source) => Ok(source.text.into()),
        Err(error) => Err(error.problems().iter().map(|one| one.message.clone()).collect::<Vec<_>>().join("; ")),
    };
    Lock::parse(format, source, project, &mut read)
}

/// The packages of the image, if they are given.
pub(super) fn provided(args: &ProvidedArgs) -> Result<Option<Arc<Provided>>> {
    let ProvidedArgs { provided: file, provided_names: names, provided_all: all } = args.clone();
    if *args == ProvidedArgs::default() {
        return Ok(None);
    }
    let usage = |message: &str, help: &str| Problem::new(Code::Usage, message).help(help);
    let installed = match &file {
        Some(file) if io::is_stream(file) => {
            return Err(usage(
                "what the image has is read from a file",
                "keep it beside the lock: check reads it again",
            )
            .into());
        }
        Some(file) => provided::parse(&io::read(file)?)?,
        None if all => return Err(usage("`provided-all` needs `provided`", "name the file, too").into()),
        None => Vec::new(),
    };
    Ok(Some(Arc::new(Provided { file, installed, names, all })))
}

/// The warnings about a lock before anything is made of it. `locked` makes an error of it.
pub(super) fn warnings(lock: &Lock, locked: bool) -> Result<Vec<Problem>> {
    if locked {
        return lock.is_locked().map(|()| Vec::new());
    }
    Ok(lock.stale().into_iter().collect())
}

/// The files that may hold a configuration, the first that does in a folder counts.
pub(super) const CONFIGURATIONS: [&str; 2] = ["torchswap.toml", PROJECT];

/// The file that has a configuration in a table of its own.
pub(super) const PROJECT: &str = "pyproject.toml";

/// The configuration: the one that is named, else that of the current folder or of the nearest one above that has one; its
/// paths as seen from here. None: the default.
pub(super) fn config(named: Option<&str>) -> Result<Config> {
    if let Some(file) = named {
        let source = io::read(file)?;
        let config = match file_name(file) {
            PROJECT => Config::parse_pyproject(&source)?.ok_or_else(|| {
                let problem = Problem::new(Code::Usage, format!("{file} has no [tool.torchswap]"));
                problem.help("name the file that has it, or leave --config-file out")
            })?,
            _ => Config::parse(&source)?,
        };
        return Ok(Config { is_named: true, ..within(config, &io::beside(file, "")) });
    }
    for folder in io::upward() {
        match config_in(&folder) {
            Ok(None) => {}
            Ok(Some(config)) => return Ok(within(config, &folder)),
            // A file above may belong to somebody else.
            Err(error) if !folder.is_empty() && error.problems().iter().all(|one| one.code == Code::Io) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Config::default())
}

/// Every configuration in the current folder and below, each with its lock as it would be found from its folder.
pub(super) fn workspace() -> Result<Vec<Config>> {
    let mut folders: Vec<String> = io::all_below(&CONFIGURATIONS).iter().map(|file| io::beside(file, "")).collect();
    folders.dedup();
    let mut configs = Vec::new();
    let mut problems = Vec::new();
    for folder in folders {
        match config_in(&folder) {
            Ok(config) => configs.extend(config.map(|config| within(config, &folder))),
            Err(error) => problems.extend(error.into_problems()),
        }
    }
    for config in &mut configs {
        match lock_name(None, config) {
            Ok(lock) => config.lock = Some(lock),
            Err(error) => problems.extend(error.into_problems()),
        }
    }
    Error::unless_empty(problems)?;
    Ok(configs)
}

/// The configuration of the nearest folder above a file, as far as those are below the current one.
pub(super) fn config_around(file: &str) -> Result<Option<Config>> {
    let folder = io::beside(file, "");
    for folder in Path::new(&folder).ancestors().filter(|folder| *folder != Path::new("")) {
        let folder = format!("{}/", folder.display());
        if let Some(config) = config_in(&folder)? {
            return Ok(Some(within(config, &folder)));
        }
    }
    Ok(None)
}

/// A configuration of another folder, to which its paths are relative.
fn within(mut config: Config, folder: &str) -> Config {
    let own =
        config.targets.iter_mut().flat_map(|target| target.output.iter_mut().chain(&mut target.provided.provided));
    for path in config.lock.iter_mut().chain(&mut config.catalogs).chain(own) {
        if Path::new(path).is_relative() {
            path.insert_str(0, folder);
        }
    }
    config.folder = Some(folder.to_owned());
    config
}

/// The configuration that lies in a folder.
pub(super) fn config_in(folder: &str) -> Result<Option<Config>> {
    let [own, project] = CONFIGURATIONS.map(|name| format!("{folder}{name}"));
    if let Some(source) = io::read_if_there(&own)? {
        return Config::parse(&source).map(Some);
    }
    match io::read_if_there(&project)? {
        Some(source) if source.text.contains("torchswap") => Config::parse_pyproject(&source),
        Some(_) | None => Ok(None),
    }
}
