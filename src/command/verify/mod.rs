//! `torchswap verify`: do the wheels behind the pins have these digests?

use url::Url;

mod bytes;
mod gather;
mod pages;

use super::catalogues::{Addition, ChosenCatalogues};
use super::network::network;
use super::{Exit, Outcome, Voice, outputs, read, render};
use crate::catalog::Catalogues;
use crate::cli::ReportFormat;
use crate::cli::config::Config;
use crate::cli::verify::VerifyArgs;
use crate::edge::index::Network;
use crate::edge::io::{Output, Repository};
use crate::edge::progress::Display;
use crate::packaging::target::{Environment, Platform, Python};
use crate::packaging::wheel::WheelName;
use crate::report::error::{Code, Error, Problem, Result};
use crate::report::{FileStatus, Scope, State, Verification};
use crate::text::shown;
use crate::verify::catalogued::{self, SortedFiles};
use crate::verify::learned::{self, HashedWheel};
use crate::verify::pins::{self, PinnedEntry};
use crate::verify::testimony::{self, Verdicts};
use crate::write::Mirror;

/// Verifies.
///
/// # Errors
/// If a file cannot be read, or there is nothing in it to verify.
pub(super) fn run(args: &VerifyArgs, config: &Config, voice: Voice, display: &Display) -> Result<Outcome> {
    let (verification, write) = verified(args, config, display)?;
    let mut outcome = voice.reported(|colour| match args.report.output_format {
        ReportFormat::Text => render::verify::verification(&verification, colour),
        ReportFormat::Json => render::verify::verification_json(&verification),
        ReportFormat::Github => render::verify::github(&verification, &Repository::here()),
        ReportFormat::Sarif => render::sarif::verification(&verification, &Repository::here()),
    });
    let exit = match verification.state() {
        State::Agrees => Exit::Yes,
        State::Differs => Exit::No,
        State::Unanswered => Exit::Unanswered,
    };
    if let Some(FileStatus::Shown(file)) = write.as_ref().map(|write| outputs::status(write, args.preview)) {
        outcome.report += &voice.said(|_| format!("would write {}\n", shown(&file)));
    }
    Ok(Outcome { writes: write.into_iter().collect(), exit, ..outcome })
}

/// The verification, and with `--record` the file to write.
fn verified(args: &VerifyArgs, config: &Config, display: &Display) -> Result<(Verification, Option<Output>)> {
    let chosen = ChosenCatalogues::of(config, &args.catalogues, args.files.iter().map(String::as_str));
    let record = match &args.witnesses.record {
        Some(file) => Some(Addition::open(file, &chosen)?),
        None => None,
    };
    let read_here;
    let catalogues = match &record {
        // The rows of the file count already, or those that are added could contradict them.
        Some(record) => &record.known,
        None => {
            read_here = chosen.read()?;
            &read_here
        }
    };
    let configured = config.targets.iter().filter_map(|target| target.mirror.clone());
    let mirrors: Vec<Mirror> = read::mirror(args.witnesses.mirror.as_deref())?.into_iter().chain(configured).collect();
    let pins = pins(args)?;
    let named = args.index.index_url.as_ref();
    let is_asked = args.witnesses.index || args.witnesses.download;
    // The settings of pip and uv are read only by a run that asks.
    let default = if is_asked || named.is_some() { read::index_urls(named)? } else { Vec::new() };
    let network = is_asked.then(|| network(args.network, default.clone(), display)).transpose()?;
    let job = VerifyJob { args, catalogues, default: &default, network: network.as_ref(), display };
    let (mut verification, learned) = job.verify(pins, &mirrors)?;
    let write = match record {
        Some(record) => {
            let (wheels, lists) = learned::rows(&learned);
            let (merged, _) = record.merge(wheels, lists)?;
            verification.notes.extend(merged.notes);
            Some(Output::new(record.file.name, merged.text))
        }
        None => None,
    };
    verification.notes.extend(chosen.found.iter().map(|name| render::found_by_name(name)));
    verification.notes.sort();
    verification.notes.dedup();
    Ok((verification, write))
}

/// The pins of the locks for the wanted packages.
fn pins(args: &VerifyArgs) -> Result<Vec<PinnedEntry>> {
    let mut all = Vec::new();
    for file in &args.files {
        all.extend(pins::of(&read::lock(file)?));
    }
    let wanted = |pinned: &PinnedEntry| args.packages.is_empty() || args.packages.contains(&pinned.package);
    if let Some(odd) = args.packages.iter().find(|name| all.iter().all(|pinned| pinned.package != **name)) {
        let message = format!("{} does not pin {odd}", args.files.join(" and "));
        return Err(Problem::new(Code::Usage, message).into());
    }
    all.retain(wanted);
    Ok(all)
}

struct VerifyJob<'j> {
    args: &'j VerifyArgs,
    catalogues: &'j Catalogues,
    /// The indexes that are asked for what is pinned by version.
    default: &'j [Url],
    network: Option<&'j Network>,
    display: &'j Display,
}

impl VerifyJob<'_> {
    fn verify(&self, pins: Vec<PinnedEntry>, mirrors: &[Mirror]) -> Result<(Verification, Vec<HashedWheel>)> {
        let witnesses = &self.args.witnesses;
        let mut verification = Verification {
            scope: match (&witnesses.wheel_dir, witnesses.index || witnesses.download) {
                (Some(_), false) => Scope::Folder,
                (Some(_) | None, true) => Scope::Others,
                (None, false) => Scope::Catalogue,
            },
            ..Verification::default()
        };
        let mut sorted: Vec<(PinnedEntry, SortedFiles)> = Vec::new();
        for pinned in pins {
            let mut files = catalogued::sort(&pinned, self.catalogues, mirrors);
            files.subjects.retain(|subject| self.is_wanted(&subject.name));
            sorted.push((pinned, files));
        }
        let pages = self.ask_pages(&mut sorted, &mut verification.notes);
        let mut unlisted = match &self.args.witnesses.wheel_dir {
            Some(folder) => self.read_folder(folder, &mut sorted)?,
            None => Vec::new(),
        };
        self.download(&mut sorted, &pages);
        let Verdicts { wheels, unknown, learned } = testimony::verdicts(sorted, self.catalogues);
        (verification.wheels, verification.unknown) = (wheels, unknown);
        verification.wheels.append(&mut unlisted);
        if verification.wheels.is_empty() {
            return Err(self.nothing(&verification));
        }
        Ok((verification, learned))
    }

    fn nothing(&self, verification: &Verification) -> Error {
        let files = self.args.files.join(" and ");
        let message = match verification.unknown {
            0 => format!("there is nothing to verify in {files}: it pins no file by a digest"),
            1 => format!("there is nothing to verify in {files}: the catalogue does not know its one file"),
            many => format!("there is nothing to verify in {files}: the catalogue knows none of its {many} files"),
        };
        let problem = Problem::new(Code::Unknown, message);
        let mut problems =
            vec![problem.help("ask the index with --index, or name what to hash with --download --package")];
        problems.extend(verification.notes.iter().map(|note| Problem::new(Code::Network, note.as_str())));
        match Error::unless_empty(problems) {
            Err(error) => error,
            Ok(()) => Problem::new(Code::Unknown, "there is nothing to verify").into(),
        }
    }

    /// True for a file that installs where the command line says.
    fn is_wanted(&self, name: &str) -> bool {
        let (platforms, pythons) = (&self.args.places.platforms, &self.args.places.pythons);
        if platforms.is_empty() && pythons.is_empty() {
            return true;
        }
        let Ok(wheel) = name.parse::<WheelName>() else { return false };
        let platforms: Vec<Platform> = if platforms.is_empty() { Platform::ALL.to_vec() } else { platforms.clone() };
        let pythons: Vec<Python> = if pythons.is_empty() { Python::known().collect() } else { pythons.clone() };
        platforms.iter().any(|platform| {
            let fits = |python: &Python| wheel.fit(Environment { platform: *platform, python: *python }).is_some();
            pythons.iter().any(fits)
        })
    }
}
