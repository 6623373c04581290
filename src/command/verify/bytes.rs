//! Getting at the bytes: wheels that are downloaded, and wheels in a folder. Each is hashed, and opened.

use url::Url;

use crate::edge::index::{Glimpse, Network, Opened};
use crate::edge::io::{Cache, CacheKey, Local};
use crate::edge::progress::Display;
use crate::report::error::Problem;
use crate::verify::Hashed;

/// Downloads a file, unless it is remembered, and opens it. Only the digest of one that opens is remembered.
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
    let glimpse = network.glimpse(url, name)?;
    let seen = glimpse.as_ref().and_then(|glimpse| Some((glimpse.tag.clone()?, glimpse.length)));
    let mut plain = url.clone();
    // An http(s) address can always be without.
    let _ = plain.set_username("");
    let _ = plain.set_password(None);
    let key = |(tag, length): &'_ (String, u64)| (plain.to_string(), tag.clone(), *length);
    let keys = seen.as_ref().map(key);
    let keyed = keys.as_ref().map(|(url, tag, length)| CacheKey { url, tag, length: *length });
    let known = keyed.and_then(|key| Some((key, cache?.recall(key)?)));
    if let (Some((key, sha256)), Some(Glimpse { opened, .. })) = (known, &glimpse) {
        return Ok(Hashed { sha256, size: key.length, how: "remembered", opened: opened.clone() });
    }
    let (done, opened) = network.whole(url, name, glimpse, task)?;
    if let (Some(key), Some(cache)) = (keyed, cache)
        && key.length == done.size
        && Some(key.tag) == done.etag.as_deref()
        && !matches!(opened, Opened::Refused(_))
    {
        cache.remember(key, done.sha256);
    }
    Ok(Hashed { sha256: done.sha256, size: done.size, how: "downloaded", opened })
}

/// Hashes and opens a wheel in a folder.
pub(super) fn local(local: &Local, display: &Display) -> Result<Hashed, Problem> {
    let name = local.wheel.as_str();
    let task = display.start(name);
    let read = || {
        crate::edge::progress::Progress::length(&task, local.size());
        let (sha256, size) = local.hash(|size| crate::edge::progress::Progress::position(&task, size))?;
        let opened = Opened::of(local.open()?, name)?;
        Ok(Hashed { sha256, size, how: "read", opened })
    };
    let done = read();
    match &done {
        Ok(hashed) => task.end("read", Some(hashed.size)),
        Err(_) => task.end("failed", None),
    }
    done
}
