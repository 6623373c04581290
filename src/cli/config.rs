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
    /// The options for stubs.
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
        TableReader::of(&toml, toml.root()).config()
    }

    /// Reads `[tool.torchswap]` of a `pyproject.toml`; `None` if it has none.
    ///
    /// # Errors
    /// As [`Config::parse`].
    pub fn parse_pyproject(source: &Source) -> Result<Option<Self>> {
        let toml = Toml::parse(source, "pyproject.toml")?;
        let Some(item) = dig(toml.root(), &["tool", "torchswap"]) else { return Ok(None) };
        TableReader::of(&toml, toml.table(item, "tool.torchswap")?).config().map(Some)
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

/// Reads a table, and collects what is wrong in it.
struct TableReader<'t, 's> {
    toml: &'t Toml<'s>,
    table: &'t Table<'s>,
    /// The keys that were looked for: those that there are.
    keys: Vec<&'static str>,
    problems: Vec<Problem>,
}

impl<'t, 's> TableReader<'t, 's> {
    fn of(toml: &'t Toml<'s>, table: &'t Table<'s>) -> Self {
        Self { toml, table, keys: Vec::new(), problems: Vec::new() }
    }

    fn config(mut self) -> Result<Config> {
        let mut config = Config {
            folder: Some(String::new()),
            file: self.toml.source.name.clone(),
            lock: self.text("lock"),
            catalogs: self.texts("catalog"),
            learn: self.flag("learn"),
            require_witnesses: self.count("require-witnesses"),
            ..Config::default()
        };
        for (name, item) in self.entries("targets") {
            if let Err(why) = target_name(name) {
                self.problems.push(self.toml.wrong(item, why));
            }
            config.targets.extend(self.inner(name, item, |target| target.target(name, item)));
        }
        if let Some(item) = self.get("audit") {
            config.severities = self.inner("audit", item, Self::severities).unwrap_or_default();
        }
        Error::unless_empty(self.all_problems())?;
        Ok(config)
    }

    fn severities(&mut self) -> Vec<(Rule, Level)> {
        let mut all = Vec::new();
        for (code, item) in self.entries("severity") {
            let rule = self.value(item, code, Rule::from_str);
            let level = self.string(code, item).and_then(|level| self.value(item, &level, Level::from_str));
            all.extend(rule.zip(level));
        }
        all
    }

    fn target(&mut self, name: &str, item: &Item<'_>) -> Configured {
        let platform = self.read("platform", values::platform).unwrap_or_default();
        let builds = [
            self.read("cuda", values::cuda),
            self.read("rocm", values::rocm),
            self.flag("xpu").then_some(Backend::Xpu),
            self.flag("cpu").then_some(Backend::Cpu),
            self.read("backend", values::backend),
        ];
        let named: Vec<Backend> = builds.into_iter().flatten().collect();
        if named.len() > 1 {
            let message = format!("the target `{name}` names more than one build");
            let near = ["backend", "cpu", "xpu", "rocm", "cuda"].iter().find_map(|key| self.table.get(key));
            self.problems.extend(near.map(|item| self.toml.wrong(item, message).help("keep one of them")));
        }
        let backend = named.first().copied().or(platform.only_build());
        Configured {
            place: self.toml.place(item),
            target: Target {
                name: Some(name.to_owned()),
                platform,
                backend,
                pythons: self.each("python", values::python),
            },
            also: AlsoArgs {
                also: self.each("also", PackageName::from_str),
                share_libraries: self.flag("share-libraries"),
                nearest: self.flag("nearest"),
            },
            output: self.text("output"),
            stubs: StubArgs { stubs: None, no_stubs: self.flag("no-stubs") },
            choice: Choice {
                with: self.names("with"),
                without: self.names("without"),
                only: self.names("only"),
                all_groups: self.flag("all-groups"),
                extras: self.names("extras"),
                all_extras: self.flag("all-extras"),
            },
            no_emit: NoEmit {
                project: self.flag("no-emit-project"),
                local: self.flag("no-emit-local"),
                packages: self.each("no-emit-package", PackageName::from_str),
                ..NoEmit::default()
            },
            provided: ProvidedArgs {
                provided: self.text("provided"),
                provided_names: self.each("provided-names", PackageName::from_str),
                provided_all: self.flag("provided-all"),
            },
            without_hashes: self.flag("without-hashes"),
            only_usable_hashes: self.flag("only-usable-hashes"),
            sizes: self.flag("sizes"),
            header: self.read("header", |text| HeaderKind::from_str(text, false)).unwrap_or_default(),
            mirror: self.read("mirror", Mirror::parse),
        }
    }

    /// All that is wrong: first the keys that mean nothing, each with the one that was meant.
    fn all_problems(self) -> Vec<Problem> {
        let Self { toml, table, keys, problems } = self;
        let unknown = table.iter().filter(|(key, _)| !keys.contains(key)).map(|(key, item)| {
            let help = match nearest(key, keys.iter().copied()) {
                _ if key == "tool" => {
                    "the keys of [tool.torchswap] are at the top level here: [targets.NAME]".to_owned()
                }
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => format!("the keys are: {}", keys.join(", ")),
            };
            toml.wrong(item, format!("`{key}` is not a key of the configuration")).help(help)
        });
        unknown.chain(problems).collect()
    }

    fn take<T>(&mut self, read: Result<T>) -> Option<T> {
        read.map_err(|error| self.problems.extend(error.into_problems())).ok()
    }

    fn get(&mut self, key: &'static str) -> Option<&'t Item<'s>> {
        self.keys.push(key);
        self.table.get(key)
    }

    /// Reads a table in this one.
    fn inner<T>(&mut self, key: &str, item: &'t Item<'s>, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let table = self.take(self.toml.table(item, key))?;
        let mut inner = Self::of(self.toml, table);
        let value = read(&mut inner);
        self.problems.extend(inner.all_problems());
        Some(value)
    }

    /// The entries of a table whose keys are names.
    fn entries(&mut self, key: &'static str) -> Vec<(&'t str, &'t Item<'s>)> {
        let table = self.get(key).and_then(|item| self.take(self.toml.table(item, key)));
        table.into_iter().flat_map(Table::iter).collect()
    }

    fn text(&mut self, key: &'static str) -> Option<String> {
        let item = self.get(key)?;
        self.string(key, item)
    }

    fn string(&mut self, key: &str, item: &Item<'_>) -> Option<String> {
        self.toml.string(item, key).map(str::to_owned).map_err(|error| self.unquoted(item, error)).ok()
    }

    fn texts(&mut self, key: &'static str) -> Vec<String> {
        self.each(key, |text| Ok::<_, String>(text.to_owned()))
    }

    fn names(&mut self, key: &'static str) -> Vec<ExtraName> {
        self.each(key, |text| ExtraName::new(text.to_owned()).map_err(|_| format!("`{text}` is not a name")))
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

    fn count(&mut self, key: &'static str) -> Option<u32> {
        let item = self.get(key)?;
        let count = item.as_integer().and_then(|count| count.try_into().ok());
        if count.is_none() {
            self.problems.push(self.toml.wrong(item, format!("`{key}` should be a whole number, 0 or more")));
        }
        count
    }

    fn flag(&mut self, key: &'static str) -> bool {
        let item = self.get(key);
        let read = self.toml.flag(item, key);
        self.take(read).unwrap_or_default()
    }

    fn read<T, E: ToString>(&mut self, key: &'static str, read: impl Fn(&str) -> Result<T, E>) -> Option<T> {
        let item = self.get(key)?;
        let text = self.string(key, item)?;
        self.value(item, &text, read)
    }

    fn each<T, E: ToString>(&mut self, key: &'static str, read: impl Fn(&str) -> Result<T, E>) -> Vec<T> {
        let Some(item) = self.get(key) else { return Vec::new() };
        match self.toml.strings(item, key) {
            Ok(texts) => texts.into_iter().filter_map(|text| self.value(item, text, &read)).collect(),
            Err(error) => {
                self.unquoted(item, error);
                Vec::new()
            }
        }
    }

    fn value<T, E: ToString>(&mut self, item: &Item<'_>, text: &str, read: impl Fn(&str) -> Result<T, E>) -> Option<T> {
        read(text).map_err(|error| self.problems.push(self.toml.wrong(item, error.to_string()))).ok()
    }
}

#[cfg(test)]
mod tests;
