//! The index of a package of a `pylock.toml`, as a requirements file would have to name it.

use std::collections::BTreeSet;

use url::Url;

use super::files::{PylockFile, Stored, base};
use crate::lock::{Origin, index_option};
use crate::packaging::address;

/// The origin of a package that has an sdist or wheels.
///
/// pip and PDM write no `index`; uv and Poetry write one for the default index, too. In an output the default index has no
/// line. It is recognized by how it keeps its files: by their digest, `/packages/ab/cd/…/NAME`, on a host that is not the
/// index's own. Whoever serves a copy of it serves the same files.
pub(in crate::lock) fn origin(index: Option<&str>, files: &[PylockFile]) -> Origin {
    let urls = || files.iter().filter_map(|file| file.url());
    if let [PylockFile { stored: Stored::Path(path), .. }] = files {
        return Origin::File(path.clone());
    }
    let host = |text: &str| Url::parse(text).ok().and_then(|url| url.host_str().map(str::to_owned));
    let own_host = index.and_then(host);
    let is_default = |url: &str| base(url).is_some() && (index.is_none() || host(url) != own_host);
    match index {
        _ if urls().next().is_some() && urls().all(is_default) => Origin::Index(None),
        Some(index) => Origin::Index(Some(index.trim_end_matches('/').to_owned())),
        None => Origin::Index(folder(urls())),
    }
}

/// The options that make pip look at the indexes used beside the default one.
pub fn index_options(used: &BTreeSet<&str>) -> Vec<String> {
    used.iter().flat_map(|url| index_option("--extra-index-url", url)).collect()
}

/// The folder of PyTorch's index that all files lie in.
fn folder<'u>(mut urls: impl Iterator<Item = &'u str>) -> Option<String> {
    let of = |url: &str| {
        let folder = address::folder(url)?;
        let build = folder.strip_prefix(address::PYTORCH)?.strip_prefix('/')?;
        if build.is_empty() || build.contains('/') {
            return None;
        }
        Some(folder.to_owned())
    };
    let first = of(urls.next()?)?;
    urls.all(|url| of(url).as_ref() == Some(&first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(url: &str) -> PylockFile {
        PylockFile {
            name: "a-1-py3-none-any.whl".to_owned(),
            stored: Stored::Url(url.to_owned()),
            ..PylockFile::default()
        }
    }

    #[test]
    fn tells_the_default_index_by_its_layout() {
        let by_digest = format!("https://files.example/packages/ab/cd/{}/a-1-py3-none-any.whl", "e".repeat(60));
        let plain = "https://files.example/a/a-1-py3-none-any.whl";
        let pytorch = "https://download.pytorch.org/whl/cpu/a-1-py3-none-any.whl";
        let named = |index: &str| Origin::Index(Some(index.to_owned()));
        for (index, url, expected) in [
            (None, by_digest.as_str(), Origin::Index(None)),
            (Some("https://index.example/simple/"), &by_digest, Origin::Index(None)),
            (Some("https://files.example/simple/"), &by_digest, named("https://files.example/simple")),
            (Some("https://index.example/simple"), plain, named("https://index.example/simple")),
            (None, plain, Origin::Index(None)),
            (None, pytorch, named("https://download.pytorch.org/whl/cpu")),
            (Some("https://download.pytorch.org/whl/cpu"), pytorch, named("https://download.pytorch.org/whl/cpu")),
        ] {
            assert_eq!(origin(index, &[file(url)]), expected, "{index:?} {url}");
        }
        assert_eq!(origin(None, &[file(pytorch), file(plain)]), Origin::Index(None));
    }
}
