//! A wheel's own metadata: from the metadata that an index serves beside it, else from the wheel.

use crate::catalog::{ReadList, WheelRow};
use crate::edge::index::{Downloaded, Link, Network, Opened};
use crate::packaging::archive::Contents;
use crate::packaging::digest::Sha256;
use crate::packaging::metadata::Metadata;
use crate::packaging::wheel::WheelName;
use crate::report::error::{Code, Problem};

/// A wheel's own metadata.
#[derive(Debug, Clone)]
pub(super) struct WheelFacts {
    /// Its requirements.
    pub(super) list: Vec<String>,
    /// The Pythons it is for.
    pub(super) requires_python: Option<String>,
    /// The provenance, in the catalogue's words: `metadata` or `wheel`.
    pub(super) provenance: &'static str,
    /// The file's length, where it was asked for.
    pub(super) size: Option<u64>,
}

/// Asks the index, and if it has no metadata beside the wheel the wheel itself, of which a few parts are read; all of it
/// where the server does not serve parts and `whole` allows that. Then the bytes must be those that the index names.
pub(super) fn read(link: &Link, wheel: &WheelName, whole: bool, network: &Network) -> Result<WheelFacts, Problem> {
    if let Some(metadata) = beside(link, wheel, network)? {
        return Ok(facts(metadata, "metadata", None));
    }
    let mut reader = match network.open(&link.url) {
        Err(problem) if problem.code == Code::Unsupported && whole => {
            let (contents, done) = download(link, wheel, network)?;
            if let Some(said) = link.sha256.filter(|said| *said != done.sha256) {
                let bytes = format!("its bytes have {}", done.sha256);
                return Err(two_digests(wheel, &format!("the index says {said}"), &bytes));
            }
            return Ok(facts(contents.metadata, "wheel", Some(done.size)));
        }
        Err(problem) if problem.code == Code::Unsupported => {
            return Err(problem.help("its server does not answer range requests; --hash-missing downloads it whole"));
        }
        other => other?,
    };
    let size = reader.length();
    let contents = contents(Opened::in_parts(&mut reader, wheel.as_str())?.0, wheel)?;
    Ok(facts(contents.metadata, "wheel", Some(size)))
}

/// Downloads a wheel for its digest. It must be one that opens, whether or not the index has metadata beside it.
pub(super) fn hash(link: &Link, wheel: &WheelName, network: &Network) -> Result<(WheelFacts, Sha256), Problem> {
    let beside = beside(link, wheel, network)?;
    let (contents, done) = download(link, wheel, network)?;
    let size = Some(done.size);
    let facts = match beside {
        Some(metadata) => facts(metadata, "metadata", size),
        None => facts(contents.metadata, "wheel", size),
    };
    Ok((facts, done.sha256))
}

/// An index contradicts what is known of a wheel's digest, or its own bytes.
pub(super) fn two_digests(wheel: &WheelName, one: &str, other: &str) -> Problem {
    let help = "one of the two is damaged or forged; do not use this index before you know which";
    Problem::new(Code::DigestConflict, format!("two digests for {wheel}: {one}, {other}")).help(help)
}

/// All of a wheel, hashed and opened.
fn download(link: &Link, wheel: &WheelName, network: &Network) -> Result<(Contents, Downloaded), Problem> {
    let glimpse = network.glimpse(&link.url, wheel.as_str())?;
    let task = network.display().start(wheel.as_str());
    match network.whole(&link.url, wheel.as_str(), glimpse, &task) {
        Ok((done, opened)) => {
            task.end("downloaded", Some(done.size));
            Ok((contents(opened, wheel)?, done))
        }
        Err(problem) => {
            task.end("failed", None);
            Err(problem)
        }
    }
}

/// The metadata that the index serves beside a wheel.
fn beside(link: &Link, wheel: &WheelName, network: &Network) -> Result<Option<Metadata>, Problem> {
    let bytes = match network.metadata(link) {
        // Some pages promise what is not there.
        Err(problem) if problem.code == Code::Absent => None,
        other => other?,
    };
    let Some(bytes) = bytes else { return Ok(None) };
    let odd = |why: &str| Problem::new(Code::Network, format!("the metadata beside {wheel} is invalid: {why}"));
    let metadata = Metadata::parse(&bytes).map_err(|why| odd(&why))?;
    if metadata.name != wheel.name || metadata.version != wheel.version {
        return Err(odd(&format!("it is that of {} {}", metadata.name, metadata.version)));
    }
    Ok(Some(metadata))
}

/// The facts in a wheel's metadata.
pub(super) fn facts(metadata: Metadata, provenance: &'static str, size: Option<u64>) -> WheelFacts {
    WheelFacts { list: metadata.requires_dist, requires_python: metadata.requires_python, provenance, size }
}

/// The contents of a wheel that must be one.
pub(super) fn contents(opened: Opened, wheel: &WheelName) -> Result<Contents, Problem> {
    let why = match opened {
        Opened::Yes(contents) => return Ok(*contents),
        Opened::Refused(why) => why,
        Opened::NoWheel => "its name is not that of a wheel".to_owned(),
    };
    let message = format!("{wheel} is not taken: {why}");
    Err(Problem::new(Code::Network, message).help("such a wheel cannot be trusted; report it to its publishers"))
}

impl WheelFacts {
    /// The rows that say so.
    pub(super) fn lists(&self, row: &WheelRow) -> Vec<ReadList> {
        row.lists(&self.list, self.provenance)
    }
}
