//! Learning wheels from an index: digests from its page, requirements from the metadata beside a wheel or, where there is
//! none, from the wheel itself, and what these require in turn.
//!
//! ```text
//! page ──► candidates (pure) ──► rows and lists ──► closure, by the rule of exports ──► more rows and lists
//! ```

mod closure;
mod kept;
mod links;
mod missing;
mod offer;
mod page;
mod wheel;

use pep440_rs::Version;
use pep508_rs::PackageName;
use url::Url;

use crate::catalog::listing::Filter;
use crate::catalog::{Catalogues, Index, ProjectTable, ReadList, WheelRow, merge};
use crate::edge::index::{Network, shown, simple};
use crate::report::error::{Code, Error, Problem, Result};
use crate::text::Source;

pub use links::Links;
pub use missing::{IndexAnswers, IndexBases, IndexSearch};
use page::LinkedWheel;
use wheel::WheelFacts;

/// The releases to learn, and the places to ask.
#[derive(Debug, Clone)]
pub struct LearnRequest {
    /// The releases.
    pub releases: Vec<(PackageName, Version)>,
    /// The base of the index that has them; where they are looked for in `links`, the folder below which files of a folder
    /// of this machine are served, or the address of a saved page.
    pub index: Option<Url>,
    /// The pages or folders to search instead of an index.
    pub links: Vec<Links>,
    /// The builds, platforms and Pythons.
    pub filter: Filter,
    /// Download and hash the wheels of which the index gives no digest.
    pub hash_missing: bool,
    /// The bases of the indexes that have what they require: the default one, and those that are asked for what it lacks.
    pub closure: Vec<Url>,
}

impl LearnRequest {
    /// The name that a catalogue records for an index of pip or uv: its wheels need no address in a lock.
    fn default(&self, index: &Url) -> Option<Index> {
        self.closure.iter().find(|closure| is_same(closure, index)).map(|_| Index::Pypi)
    }
}

/// The rows and lists that were learned.
#[derive(Debug, Clone, Default)]
pub struct Learned {
    /// The wheels asked for, and those of their closure.
    pub wheels: Vec<WheelRow>,
    /// Their requirements.
    pub lists: Vec<ReadList>,
    /// Sentences that the user should read.
    pub notes: Vec<String>,
}

impl Learned {
    /// True if nothing was learned.
    pub fn is_empty(&self) -> bool {
        self.wheels.is_empty() && self.lists.is_empty()
    }

    /// Takes in a wheel and what it requires.
    fn take(&mut self, row: WheelRow, facts: &WheelFacts) {
        self.lists.extend(facts.lists(&row));
        self.wheels.push(row);
    }

    /// Takes in more.
    pub fn extend(&mut self, other: Self) {
        self.wheels.extend(other.wheels);
        self.lists.extend(other.lists);
        self.notes.extend(other.notes);
    }
}

/// The most wheels without a digest that are named.
const MOST_NAMED: usize = 50;

/// The catalogue's name of what was just learned, in messages.
const INDEX: &str = "index";

/// Learns, and writes nothing.
///
/// # Errors
/// Everything that the network, the index or a wheel does not give as it should.
pub fn learn(wanted: &LearnRequest, known: &Catalogues, network: &Network) -> Result<Learned> {
    let mut learned = Learned::default();
    let mut problems = Vec::new();
    for (name, version) in &wanted.releases {
        let done = match &wanted.index {
            Some(index) if wanted.links.is_empty() => release(wanted, index, name, version, network, &mut learned),
            Some(_) | None => links::release(wanted, name, version, network, &mut learned),
        };
        problems.extend(done.err().into_iter().flat_map(Error::into_problems));
    }
    Error::unless_empty(problems)?;
    // The closure is that of the wheels as the catalogue will have them.
    let merged = merge(&Source::new(INDEX, ""), known, learned.wheels.clone(), learned.lists.clone())?;
    let all = known.clone().with(ProjectTable::parse(INDEX, merged.text)?)?;
    let found = closure::complete(wanted, &learned.wheels, &all, network)?;
    learned.extend(found);
    Ok(learned)
}

/// Learns the wheels of one release.
fn release(
    wanted: &LearnRequest,
    index: &Url,
    name: &PackageName,
    version: &Version,
    network: &Network,
    learned: &mut Learned,
) -> Result<()> {
    let url = simple::page_url(index, name);
    let page = network.page(&url).map_err(|problem| match problem.code {
        Code::Absent => {
            let message = format!("{} has no page of {name}: {}", shown(index), problem.message);
            let help =
                "name the index that has it: --index URL; a login that it asks for belongs in the URL or in ~/.netrc";
            Problem::new(Code::Unknown, message).help(help)
        }
        _ => problem,
    })?;
    learned.notes.extend(page.odd.iter().map(|why| format!("a link was left out: {why}")));
    let default = wanted.default(index);
    let (candidates, notes) =
        page::candidates(&page, name, version, &wanted.filter, wanted.filter.backend, default.as_ref());
    learned.notes.extend(notes);
    if candidates.is_empty() {
        return Err(page::none(&page, index, name, version, &wanted.filter).into());
    }
    take(candidates, wanted.hash_missing, network, learned)
}

/// Takes the wheels with what they say of themselves.
fn take(candidates: Vec<LinkedWheel>, hash_missing: bool, network: &Network, learned: &mut Learned) -> Result<()> {
    let mut problems = Vec::new();
    let mut without = Vec::new();
    for candidate in candidates {
        if problems.len() >= offer::ENOUGH {
            break;
        }
        match one(&candidate, hash_missing, network) {
            Ok(Some((row, facts))) => learned.take(row, &facts),
            Ok(None) => without.push(candidate.wheel.to_string()),
            Err(problem) => problems.push(problem),
        }
    }
    if !without.is_empty() {
        let more = without.len().saturating_sub(MOST_NAMED);
        without.truncate(MOST_NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let message = format!("the index gives no digest for {}{more}", without.join(", "));
        let help = "--hash-missing downloads such wheels and computes it; a digest from elsewhere can be put into the catalogue by hand";
        problems.push(Problem::new(Code::NoDigest, message).help(help));
    }
    Error::unless_empty(problems)
}

fn is_same(one: &Url, other: &Url) -> bool {
    one.as_str().trim_end_matches('/') == other.as_str().trim_end_matches('/')
}

/// A wheel's row and its requirements; `None` if there is no digest.
fn one(
    candidate: &LinkedWheel,
    hash_missing: bool,
    network: &Network,
) -> Result<Option<(WheelRow, WheelFacts)>, Problem> {
    let link = &candidate.link;
    let (facts, sha256, evidence) = match link.sha256 {
        Some(digest) => (wheel::read(link, &candidate.wheel, hash_missing, network)?, digest, "index"),
        None if !hash_missing => return Ok(None),
        None => {
            let (facts, sha256) = wheel::hash(link, &candidate.wheel, network)?;
            (facts, sha256, "computed")
        }
    };
    if let (Some(said), Some(size)) = (link.size, facts.size)
        && said != size
    {
        let message = format!("{} has {size} bytes, but the index page says {said}", candidate.wheel);
        return Err(
            Problem::new(Code::Network, message).help("try again; if it persists, report it to the index's operators")
        );
    }
    let size = link.size.or(facts.size);
    Ok(Some((candidate.row(sha256, size, evidence, facts.requires_python.clone()), facts)))
}
