//! Getting at the bytes: wheels that are downloaded, and wheels in a folder. Each is hashed, and opened.

use std::io::{Read, Seek};

use url::Url;

use crate::edge::index::{Network, RangeReader};
use crate::edge::io::{Cache, Key, Local};
use crate::edge::progress::Display;
use crate::packaging::archive::{self, ArchiveError, Contents};
use crate::packaging::digest::Sha256;
use crate::packaging::wheel::WheelName;
use crate::report::error::{Code, Problem};

/// A file that was read to its end, here or earlier.
#[derive(Debug, Clone)]
pub(super) struct Hashed {
    pub(super) sha256: Sha256,
    pub(super) size: u64,
    /// How the bytes came here, for the report.
    pub(super) how: &'static str,
    pub(super) contents: Opened,
}

/// What became of opening it.
#[derive(Debug, Clone)]
pub(super) enum Opened {
    /// It was opened.
    Yes(Box<Contents>),
    /// It is not a wheel to be trusted: why.
    Refused(String),
    /// It could not be read in parts: why.
    Not(String),
}

/// Downloads a file, unless it is remembered. What it says of itself is read in parts, and these parts are held against
/// the bytes that are hashed.
pub(super) fn download(
    network: &Network,
    url: &Url,
    name: &str,
    cache: Option<&Cache>,
    display: &Display,
) -> Result<Hashed, Problem> {
    let task = display.start(name);
    let done = fetch(network, url, name, cache, &task);
    match &done {
        Ok(hashed) => task.end(hashed.how, Some(hashed.size)),
        Err(_) => task.end("failed", None),
    }
    done
}

fn fetch(
    network: &Network,
    url: &Url,
    name: &str,
    cache: Option<&Cache>,
    task: &crate::edge::progress::Task<'_>,
) -> Result<Hashed, Problem> {
    let (contents, seen, parts) = match network.open(url) {
        Ok(mut reader) => {
            let contents = open(&mut reader, name)?;
            let seen = reader.tag().map(|tag| (tag.to_owned(), reader.length()));
            (contents, seen, reader.into_parts())
        }
        Err(problem) if problem.code == Code::Unsupported => (Opened::Not(problem.message), None, Vec::new()),
        Err(problem) => return Err(problem),
    };
    let mut plain = url.clone();
    // An http(s) address can always be without.
    let _ = plain.set_username("");
    let _ = plain.set_password(None);
    let key = |(tag, length): &'_ (String, u64)| (plain.to_string(), tag.clone(), *length);
    let keys = seen.as_ref().map(key);
    let keyed = keys.as_ref().map(|(url, tag, length)| Key { url, tag, length: *length });
    if let Some((key, sha256)) = keyed.and_then(|key| Some((key, cache?.recall(key)?))) {
        return Ok(Hashed { sha256, size: key.length, how: "remembered", contents });
    }
    let done = network.download(url, &parts, task)?;
    if !done.parts_agree {
        let message = format!("{name} was another file when it was opened than when it was read whole");
        return Err(Problem::new(Code::Network, message).help("try again"));
    }
    if let (Some(key), Some(cache)) = (keyed, cache)
        && key.length == done.size
        && Some(key.tag) == done.etag.as_deref()
    {
        cache.remember(key, done.sha256);
    }
    Ok(Hashed { sha256: done.sha256, size: done.size, how: "downloaded", contents })
}

/// Hashes and opens a wheel in a folder.
pub(super) fn local(local: &Local, display: &Display) -> Result<Hashed, Problem> {
    let name = local.wheel.as_str();
    let task = display.start(name);
    let read = || {
        crate::edge::index::Progress::length(&task, local.size());
        let (sha256, size) = local.hash(|size| crate::edge::index::Progress::position(&task, size))?;
        let contents = open(local.open()?, name)?;
        Ok(Hashed { sha256, size, how: "read", contents })
    };
    let done = read();
    match &done {
        Ok(hashed) => task.end("read", Some(hashed.size)),
        Err(_) => task.end("failed", None),
    }
    done
}

fn open(reader: impl Read + Seek, name: &str) -> Result<Opened, Problem> {
    let Ok(wheel) = name.parse::<WheelName>() else { return Ok(Opened::Not("it is not a wheel".to_owned())) };
    match archive::open(reader, &wheel) {
        Ok(contents) => Ok(Opened::Yes(Box::new(contents))),
        Err(ArchiveError::Refused(why)) => Ok(Opened::Refused(why)),
        Err(ArchiveError::Io(error)) => Err(match RangeReader::problem(&error) {
            Some(problem) => problem.clone(),
            None => Problem::new(Code::Io, format!("cannot read {name}: {error}")),
        }),
    }
}
