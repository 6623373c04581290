//! `catalog update`.

use url::Url;

use crate::catalog::Merged;
use crate::cli::catalog::UpdateArgs;
use crate::cli::config::Config;
use crate::cli::{CatalogArgs, DataFormat};
use crate::command::catalogues::{Addition, ChosenCatalogues, FILE, lessons};
use crate::command::network::network;
use crate::command::read::{self, address};
use crate::command::render::{self, Colour};
use crate::command::{Outcome, Voice, outputs};
use crate::edge::io::{self, Output};
use crate::edge::learn::{LearnRequest, Links, learn};
use crate::edge::progress::Display;
use crate::packaging::address::PYTORCH;
use crate::report::LearnedRelease;
use crate::report::error::{Code, Error, Problem, Result};
use crate::text::shown;

/// Learns the releases into the project's catalogue.
pub(super) fn update(args: &UpdateArgs, config: &Config, voice: Voice, display: &Display) -> Result<Outcome> {
    let file = args.catalog.as_ref().or(config.catalogs.first()).map_or(FILE, String::as_str).to_owned();
    if args.catalog.is_none() {
        outputs::below(&file, config.folder())?;
    }
    let wanted = wanted(args)?;
    let chosen = ChosenCatalogues::of(config, &CatalogArgs::default(), config.lock.as_deref());
    let catalogue = Addition::open(&file, &chosen)?;
    // The user named an index only with the option.
    let index = wanted.index.iter().filter(|_| args.index.is_some());
    let pages = wanted.links.iter().filter_map(|links| match links {
        Links::Page(url) => Some(url),
        Links::Saved(_) | Links::Folder(_) => None,
    });
    let named: Vec<Url> = index.chain(&wanted.closure).chain(pages).cloned().collect();
    let network = network(args.network, named, display)?;
    let learned = learn(&wanted, &catalogue.known, &network)?;
    let (merged, _) = catalogue.merge(learned.wheels, learned.lists)?;
    let facts: Vec<String> = learned.notes.into_iter().chain(merged.notes.iter().cloned()).collect();
    let mut notes: String = facts.iter().map(|note| format!("note: {}\n", shown(note))).collect();
    if !config.catalogs.contains(&file) && !merged.wheels.is_empty() {
        notes.push_str(&match shown(&file) {
            file if file == FILE => "it is used when the lock or the configuration is in the same folder\n".to_owned(),
            file => format!("use it with --catalog {file}, or write catalog = \"{file}\" into the configuration\n"),
        });
    }
    let is_new = *catalogue.file.text != *merged.text;
    if is_new && args.preview.is_asked() {
        notes.push_str(&format!("would write {}\n", shown(&file)));
    }
    let news = lessons(&merged, &Merged::default(), &file);
    let outcome = match args.data.format() {
        DataFormat::Text => {
            let report = voice.said(|colour| added(&merged, &news, &file, colour) + &notes);
            Outcome { report, ..Outcome::default() }
        }
        DataFormat::Json => voice.reported(|_| render::catalog::updated_json(&file, &news, merged.known, &facts)),
    };
    let writes = is_new.then(|| Output::new(file, merged.text)).into_iter().collect();
    Ok(Outcome { writes, ..outcome })
}

fn wanted(args: &UpdateArgs) -> Result<LearnRequest> {
    let mut problems = Vec::new();
    let mut releases = Vec::new();
    for release in &args.releases {
        match &release.version {
            Some(version) => releases.push((release.name.clone(), version.clone())),
            None => {
                let problem = Problem::new(Code::Usage, format!("no version of {} is named", release.name));
                problems.push(problem.help(format!("write {}==VERSION", release.name)));
            }
        }
    }
    Error::unless_empty(problems)?;
    let backend = args.build.backend();
    let links = args.find_links.iter().map(|text| links(text)).collect::<Result<Vec<Links>>>()?;
    let index = match (&args.index, backend) {
        (Some(text), _) => Some(address("--index", text)?),
        (None, _) if !links.is_empty() => None,
        (None, Some(backend)) => Some(address("--index", &format!("{PYTORCH}/{backend}"))?),
        (None, None) => {
            let problem = Problem::new(Code::Usage, "neither a build nor an index is named");
            return Err(problem
                .help("name one: --cuda 13.0, --cpu, --rocm 6.3, --index URL, or --find-links URL")
                .into());
        }
    };
    let closure = read::closure_urls(args.closure_index.as_ref())?;
    let (filter, hash_missing) = (args.places.filter(backend), args.hash_missing);
    Ok(LearnRequest { releases, index, links, filter, hash_missing, closure })
}

/// A text that is no address names a saved page or a folder.
fn links(text: &str) -> Result<Links> {
    if text.contains("://") {
        address("--find-links", text).map(Links::Page)
    } else if io::is_page(text) {
        Ok(Links::Saved(text.to_owned()))
    } else {
        Ok(Links::Folder(text.to_owned()))
    }
}

/// The rows that were added, and those that were known.
fn added(merged: &Merged, news: &[LearnedRelease], file: &str, colour: Colour) -> String {
    let mut text = render::learned(news, colour);
    if merged.known > 0 {
        let wheels = if merged.known == 1 { "wheel" } else { "wheels" };
        text.push_str(&format!("known    {} {wheels}, with the same digests\n", merged.known));
    }
    if merged.wheels.is_empty() && merged.lists.is_empty() {
        text.push_str(&format!("nothing is new; {} is unchanged\n", shown(file)));
    }
    text
}
