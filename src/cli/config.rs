//! The configuration: `[tool.torchswap]` in `pyproject.toml`, or `torchswap.toml` with the same keys at the top.
//!
//! ```toml
//! [tool.torchswap]
//! lock = "poetry.lock"              # default: found by name
//! catalog = ["team.tsv"]            # catalogues of the project, beside the torchswap-catalog.tsv that is found by its name
//! learn = true                      # ask the index for what is not known, as --learn does; default: never
//! require-witnesses = 2             # refuse digests that fewer independent projects recorded; default: 0
//!
//! [tool.torchswap.targets.docker]
//! platform = "linux-x86_64"         # default, as on the command line
//! cuda = "11.8"                     # or rocm, xpu = true, cpu = true, backend = "cu118"
//! python = ["3.10"]                 # default: every one the lock allows and the wheels exist for
//! also = ["all"]                    # or names: packages beyond torch's family that are swapped, too, as the flag has them
//! nearest = true                    # as the flag has it; so share-libraries
//! output = "requirements-cu118.txt"
//! with = ["server"]                 # also without, only, all-groups, extras, all-extras, as the flags
//! no-emit-package = ["xformers"]    # also no-emit-project, no-emit-local, no-stubs, provided, as the flags
//! without-hashes = false
//! only-usable-hashes = true         # as the flag
//! sizes = true                      # as the flag
//! header = "full"                   # or short, the default
//! mirror = "https://wheels.example/torch"
//!
//! [tool.torchswap.audit.severity]
//! source-only = "off"               # error, warning, note or off, by the code of a finding
//! ```
//!
//! Unknown keys are refused: a misspelt one would silently make another file.

mod keys;

use std::str::FromStr;

use clap::ValueEnum;
use pep508_rs::{ExtraName, PackageName};

use super::{AlsoArgs, HeaderKind, ProvidedArgs, StubArgs, values};
use crate::lock::Choice;
use crate::lock::emit::NoEmit;
use crate::lock::toml::{Item, Table, Toml, dig};
use crate::packaging::target::{Backend, Target};
use crate::report::audit::Level;
use crate::report::error::{Code, Error, NamedTarget, Problem, Result};
use crate::report::rule::Rule;
use crate::text::{Source, file_name, nearest, quoted};
use crate::write::Mirror;
use keys::{AUDIT_KEYS, TARGET_KEYS, TOP_KEYS};

/// A configuration.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Its folder as the prefix of a name: empty for the current one, `../` above. `None`: there is no
    /// configuration.
    pub folder: Option<String>,
    /// Its file.
    pub file: String,
    /// The command line names that file.
    pub is_named: bool,
    /// The lock, relative to the file's folder.
    pub lock: Option<String>,
    /// The project's catalogues, relative to the file's folder.
    pub catalogs: Vec<String>,
    /// Ask the index for what is not known, as `--learn` does.
    pub learn: bool,
    /// The number of projects that should have recorded a digest that is written, as in `--require-witnesses`.
    pub require_witnesses: Option<u32>,
    /// The targets, in file order.
    pub targets: Vec<Configured>,
    /// The severity of an audit's findings, if the project sets it.
    pub severities: Vec<(Rule, Level)>,
}

/// A target and what its output holds. The default is that of a run without a configured target: it has no name.
#[derive(Debug, Clone, Default)]
pub struct Configured {
    /// Its file and line.
    pub place: String,
    /// The target.
    pub target: Target,
    /// The groups and extras.
    pub choice: Choice,
    /// The packages that are swapped beyond torch's family.
    pub also: AlsoArgs,
    /// Whether there are stubs.
    pub stubs: StubArgs,
    /// The packages that are left out.
    pub no_emit: NoEmit,
    /// The packages of the image.
    pub provided: ProvidedArgs,
    /// The file that export writes and check compares, relative to the file's folder.
    pub output: Option<String>,
    /// Write no digests.
    pub without_hashes: bool,
    /// Write only the digests that are of use on the target.
    pub only_usable_hashes: bool,
    /// Say how large files are.
    pub sizes: bool,
    /// The kind of header.
    pub header: HeaderKind,
    /// The source of PyTorch's wheels.
    pub mirror: Option<Mirror>,
}

impl Configured {
    /// Its name and its place.
    pub fn named(&self) -> Option<NamedTarget> {
        Some(NamedTarget { name: self.target.name.clone()?, place: Some(self.place.clone()) })
    }
}

impl Config {
    /// Reads a `torchswap.toml`.
    ///
    /// # Errors
    /// Everything that is wrong in it, each with its place.
    pub fn parse(source: &Source) -> Result<Self> {
        let toml = Toml::parse(source, "configuration")?;
        ConfigReader { toml: &toml, problems: Vec::new() }.config(toml.root())
    }

    /// Reads `[tool.torchswap]` of a `pyproject.toml`; `None` if it has none.
    ///
    /// # Errors
    /// As [`Config::parse`].
    pub fn parse_pyproject(source: &Source) -> Result<Option<Self>> {
        let toml = Toml::parse(source, "pyproject.toml")?;
        let Some(item) = dig(toml.root(), &["tool", "torchswap"]) else { return Ok(None) };
        let table = toml.table(item, "tool.torchswap")?;
        ConfigReader { toml: &toml, problems: Vec::new() }.config(table).map(Some)
    }

    /// The folder that it lies in; the current one where there is none.
    pub fn folder(&self) -> &str {
        self.folder.as_deref().unwrap_or_default()
    }

    /// The place of a target, in words: `[targets.NAME] in torchswap.toml`.
    pub fn table_of_target(&self) -> String {
        match (file_name(&self.file), self.file.as_str()) {
            ("pyproject.toml", file) => format!("[tool.torchswap.targets.NAME] in {file}"),
            (_, "") => "[targets.NAME] in torchswap.toml".to_owned(),
            (_, file) => format!("[targets.NAME] in {file}"),
        }
    }

    /// Adds the places of an error's targets.
    #[must_use]
    pub fn located(&self, error: Error) -> Error {
        error.with_places(|name| self.target(name).ok().map(|one| one.place.clone()))
    }

    /// The target of a name.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn target(&self, name: &str) -> Result<&Configured> {
        let named = |one: &&Configured| one.target.name.as_deref() == Some(name);
        self.targets.iter().find(named).ok_or_else(|| {
            let names: Vec<&str> = self.targets.iter().filter_map(|one| one.target.name.as_deref()).collect();
            let problem = Problem::new(Code::Usage, format!("the configuration has no target `{name}`"));
            let help = match names.as_slice() {
                [] => format!("it has no targets: add one under {}", self.table_of_target()),
                some => format!("it has: {}", some.join(", ")),
            };
            problem.help(help).into()
        })
    }
}

/// A target's name is used in headers, on command lines and in Dockerfiles: letters, digits, `-`, `_` and `.`.
fn target_name(name: &str) -> Result<(), String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if !name.is_empty() && name.bytes().all(fits) {
        return Ok(());
    }
    Err(format!("`{}` is not a valid target name; use letters, digits, `-`, `_` and `.`", quoted(name)))
}

struct ConfigReader<'t, 's> {
    toml: &'t Toml<'s>,
    problems: Vec<Problem>,
}

impl<'s> ConfigReader<'_, 's> {
    fn config(mut self, table: &Table<'s>) -> Result<Config> {
        self.known(table, &TOP_KEYS);
        let mut config = Config {
            folder: Some(String::new()),
            file: self.toml.source.name.clone(),
            lock: self.text(table, "lock"),
            catalogs: self.texts(table, "catalog"),
            learn: self.flag(table, "learn"),
            require_witnesses: self.count(table, "require-witnesses"),
            ..Config::default()
        };
        if let Some(targets) = self.table(table, "targets") {
            for (name, item) in targets.iter() {
                if let Err(why) = target_name(name) {
                    self.problems.push(self.toml.wrong(item, why));
                }
                match self.toml.table(item, name) {
                    Ok(target) => {
                        let place = self.toml.place(item);
                        config.targets.push(Configured { place, ..self.target(name, target) });
                    }
                    Err(error) => self.problems.extend(error.into_problems()),
                }
            }
        }
        if let Some(audit) = self.table(table, "audit") {
            self.known(audit, &AUDIT_KEYS);
            config.severities = self.severities(audit);
        }
        Error::unless_empty(self.problems)?;
        Ok(config)
    }

    fn severities(&mut self, audit: &Table<'s>) -> Vec<(Rule, Level)> {
        let Some(table) = self.table(audit, "severity") else { return Vec::new() };
        let mut all = Vec::new();
        for (code, item) in table.iter() {
            let rule = self.value(item, code, Rule::from_str);
            let level = self.read(table, code, Level::from_str);
            all.extend(rule.zip(level));
        }
        all
    }

    fn target(&mut self, name: &str, table: &Table<'_>) -> Configured {
        self.known(table, &TARGET_KEYS);
        let platform = self.read(table, "platform", values::platform).unwrap_or_default();
        let builds = [
            self.read(table, "cuda", values::cuda),
            self.read(table, "rocm", values::rocm),
            self.read(table, "backend", values::backend),
            self.flag(table, "xpu").then_some(Backend::Xpu),
            self.flag(table, "cpu").then_some(Backend::Cpu),
        ];
        let named: Vec<Backend> = builds.into_iter().flatten().collect();
        if named.len() > 1 {
            let message = format!("the target `{name}` names more than one build");
            let near = ["backend", "cpu", "xpu", "rocm", "cuda"].iter().find_map(|key| table.get(key));
            self.problems.extend(near.map(|item| self.toml.wrong(item, message).help("keep one of them")));
        }
        let backend = named.first().copied().or(platform.only_build());
        let pythons = self.each(table, "python", values::python);
        let mut names = |key: &str| {
            let read = |text: &str| ExtraName::new(text.to_owned()).map_err(|_| format!("`{text}` is not a name"));
            self.each(table, key, read)
        };
        let (with, without, only, extras) = (names("with"), names("without"), names("only"), names("extras"));
        let choice = Choice {
            with,
            without,
            only,
            extras,
            all_groups: self.flag(table, "all-groups"),
            all_extras: self.flag(table, "all-extras"),
        };
        let no_emit = NoEmit {
            project: self.flag(table, "no-emit-project"),
            local: self.flag(table, "no-emit-local"),
            packages: self.each(table, "no-emit-package", PackageName::from_str),
            ..NoEmit::default()
        };
        let provided = ProvidedArgs {
            provided: self.text(table, "provided"),
            provided_names: self.each(table, "provided-names", PackageName::from_str),
            provided_all: self.flag(table, "provided-all"),
        };
        let also = AlsoArgs {
            also: self.each(table, "also", PackageName::from_str),
            nearest: self.flag(table, "nearest"),
            share_libraries: self.flag(table, "share-libraries"),
        };
        let stubs = StubArgs { stubs: None, no_stubs: self.flag(table, "no-stubs") };
        Configured {
            place: String::new(),
            also,
            stubs,
            target: Target { name: Some(name.to_owned()), platform, backend, pythons },
            choice,
            no_emit,
            provided,
            output: self.text(table, "output"),
            without_hashes: self.flag(table, "without-hashes"),
            only_usable_hashes: self.flag(table, "only-usable-hashes"),
            sizes: self.flag(table, "sizes"),
            header: self.read(table, "header", |text| HeaderKind::from_str(text, false)).unwrap_or_default(),
            mirror: self.read(table, "mirror", Mirror::parse),
        }
    }

    /// Refuses keys that mean nothing, and suggests the one that was meant.
    fn known(&mut self, table: &Table<'_>, keys: &[&str]) {
        for (key, item) in table.iter().filter(|(key, _)| !keys.contains(key)) {
            let help = match nearest(key, keys.iter().copied()) {
                _ if key == "tool" => {
                    "the keys of [tool.torchswap] are at the top level here: [targets.NAME]".to_owned()
                }
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => format!("the keys are: {}", keys.join(", ")),
            };
            self.problems.push(self.toml.wrong(item, format!("`{key}` is not a key of the configuration")).help(help));
        }
    }

    fn take<T>(&mut self, read: Result<T>) -> Option<T> {
        read.map_err(|error| self.problems.extend(error.into_problems())).ok()
    }

    fn table<'i>(&mut self, table: &'i Table<'s>, key: &str) -> Option<&'i Table<'s>> {
        let item = table.get(key)?;
        let read = self.toml.table(item, key);
        self.take(read)
    }

    fn text(&mut self, table: &Table<'_>, key: &str) -> Option<String> {
        let item = table.get(key)?;
        self.toml.string(item, key).map(str::to_owned).map_err(|error| self.unquoted(item, error)).ok()
    }

    fn texts(&mut self, table: &Table<'_>, key: &str) -> Vec<String> {
        let Some(item) = table.get(key) else { return Vec::new() };
        let read = self.toml.strings(item, key).map(|all| all.into_iter().map(str::to_owned).collect());
        read.map_err(|error| self.unquoted(item, error)).unwrap_or_default()
    }

    /// Adds a problem with what should be a string. A version that was written as a number is shown with its quotes.
    fn unquoted(&mut self, item: &Item<'_>, error: Error) {
        let first = item.as_array().and_then(|all| all.iter().next()).unwrap_or(item);
        let span = first.span();
        let written = self.toml.source.text.get(span.start..span.end).unwrap_or_default();
        let is_number = written.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let help = |one: Problem| one.help(format!("write it with quotes: \"{written}\""));
        self.problems.extend(error.into_problems().into_iter().map(|one| if is_number { help(one) } else { one }));
    }

    fn count(&mut self, table: &Table<'_>, key: &str) -> Option<u32> {
        let item = table.get(key)?;
        let count = item.as_integer().and_then(|count| count.try_into().ok());
        if count.is_none() {
            self.problems.push(self.toml.wrong(item, format!("`{key}` should be a whole number, 0 or more")));
        }
        count
    }

    fn flag(&mut self, table: &Table<'_>, key: &str) -> bool {
        let Some(item) = table.get(key) else { return false };
        let read = self.toml.boolean(item, key);
        self.take(read).unwrap_or_default()
    }

    fn read<T, E: ToString>(&mut self, table: &Table<'_>, key: &str, read: impl Fn(&str) -> Result<T, E>) -> Option<T> {
        let item = table.get(key)?;
        let text = self.text(table, key)?;
        self.value(item, &text, read)
    }

    fn each<T, E: ToString>(&mut self, table: &Table<'_>, key: &str, read: impl Fn(&str) -> Result<T, E>) -> Vec<T> {
        let Some(item) = table.get(key) else { return Vec::new() };
        self.texts(table, key).iter().filter_map(|text| self.value(item, text, &read)).collect()
    }

    fn value<T, E: ToString>(&mut self, item: &Item<'_>, text: &str, read: impl Fn(&str) -> Result<T, E>) -> Option<T> {
        read(text).map_err(|error| self.problems.push(self.toml.wrong(item, error.to_string()))).ok()
    }
}

#[cfg(test)]
mod tests;
