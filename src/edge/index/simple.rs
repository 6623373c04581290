//! A page of the simple repository API: the files of one package.
//!
//! HTML as PEP 503 has it, JSON as PEP 691 and 700 have it, chosen by the content type. Of a link's digests only the
//! file's own counts: the `#sha256=` fragment, or `hashes`. The digest in `core-metadata` (PEP 714, and its older name
//! `dist-info-metadata`) is that of another file, the wheel's METADATA; PyTorch's index has shown a link with only that.

use pep508_rs::PackageName;
use url::Url;

use super::{html, json};
use crate::lock::is_links_page;
use crate::packaging::address;
use crate::packaging::digest::Sha256;
use crate::text::quoted;

/// The media types that the client accepts, best first.
pub const ACCEPT: &str =
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";

/// The same of a page of links that is no index's: GitHub's API speaks JSON and knows no other name for it.
pub const ACCEPT_LINKS: &str = "application/json, text/html;q=0.9";

/// The files of one package on one index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// In the order of the page.
    pub links: Vec<Link>,
    /// Links to files that cannot be used, and why; the first few.
    pub odd: Vec<String>,
}

/// One file that a page links to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The file's name: one path segment, `+` as `+`.
    pub file: String,
    /// Its address: absolute, without a fragment.
    pub url: Url,
    /// The file's digest, if the page gives it.
    pub sha256: Option<Sha256>,
    /// The size in bytes, if the page gives it (PEP 700).
    pub size: Option<u64>,
    /// The Pythons it installs under, as written.
    pub requires_python: Option<String>,
    /// The reason if it was withdrawn (PEP 592); empty if none is given.
    pub yanked: Option<String>,
    /// True if its METADATA can be had by itself.
    pub metadata: MetadataFile,
}

/// If a file's METADATA lies beside it (PEP 658).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetadataFile {
    /// It does not, or the page does not say so.
    Absent,
    /// It does.
    Present,
    /// It does, with this digest: the METADATA's, never the file's.
    Digest(Sha256),
}

impl Link {
    /// A link of which no more is known.
    pub(crate) fn new(file: String, url: Url) -> Self {
        let (sha256, size, requires_python, yanked) = (None, None, None, None);
        Self { file, url, sha256, size, requires_python, yanked, metadata: MetadataFile::Absent }
    }

    /// The place of its METADATA, if the page says that it does.
    pub fn metadata_url(&self) -> Option<Url> {
        match self.metadata {
            MetadataFile::Absent => None,
            MetadataFile::Present | MetadataFile::Digest(_) => {
                let mut url = self.url.clone();
                url.set_path(&format!("{}.metadata", self.url.path()));
                Some(url)
            }
        }
    }
}

/// The page of a package below the base of an index; a page of links is the page of all its packages.
pub fn page_url(base: &Url, package: &PackageName) -> Url {
    if is_links_page(base.path()) {
        return base.clone();
    }
    let mut url = base.clone();
    url.set_path(&format!("{}/{package}/", base.path().trim_end_matches('/')));
    url
}

/// The address that lists the files of a page of links. The page of a release on GitHub loads them later, so its API is
/// asked instead.
pub fn links_url(url: &Url) -> Url {
    let parts: Vec<&str> = url.path_segments().into_iter().flatten().filter(|part| !part.is_empty()).collect();
    match (url.host_str(), parts.as_slice()) {
        (Some("github.com"), [owner, repository, "releases", "tag", tag]) => {
            let api = format!("https://api.github.com/repos/{owner}/{repository}/releases/tags/{tag}");
            Url::parse(&api).unwrap_or_else(|_| url.clone())
        }
        _ => url.clone(),
    }
}

/// Reads a page by its content type. `base` is the address it came from, after redirects.
///
/// # Errors
/// If the content type or the version of the API is none that is read, or the JSON is not what PEP 691 says.
pub fn parse(content_type: &str, base: &Url, body: &[u8]) -> Result<Page, String> {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        "text/html" | "application/xhtml+xml" | "application/vnd.pypi.simple.v1+html" => html::parse(base, body),
        "application/vnd.pypi.simple.v1+json" => json::parse(base, body),
        "application/json" => json::release(base, body),
        "" => Err("it does not say its content type".to_owned()),
        other => Err(format!("its content type `{}` is not that of an index page", quoted(other))),
    }
}

/// The most odd links that are reported.
const MOST_ODD: usize = 20;
/// The longest text of a page that is kept: an address, a name, a reason.
pub(super) const LONGEST_TEXT: usize = 16 << 10;
/// The memory that the links of a page may take up. A short page can have long links: all begin with its `<base href>`.
const MOST_KEPT: usize = 96 << 20;

/// A page while it is read: what is kept of it is counted.
#[derive(Debug, Default)]
pub(super) struct PageDraft {
    page: Page,
    kept: usize,
}

impl PageDraft {
    /// # Errors
    /// If its links took up more than is kept.
    pub(super) fn finish(self) -> Result<Page, String> {
        if self.is_full() {
            let most = MOST_KEPT >> 20;
            return Err(format!(
                "its links take up more than {most} MB, the most that is kept of a page; name an index with a page for \
                 each package, or one with fewer files"
            ));
        }
        Ok(self.page)
    }

    fn is_full(&self) -> bool {
        self.kept > MOST_KEPT
    }

    /// Reads a link to `href`, if it leads to a file. `name` is the file's name where the page has it beside the address.
    pub(super) fn link(&mut self, base: &Url, href: &str, name: Option<&str>) -> Option<Link> {
        if self.is_full() {
            return None;
        }
        // Anything that is not the address of a file (`mailto:`, `../`) is skipped.
        let mut url = base.join(href.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        let fragment = url.fragment().map(str::to_owned);
        url.set_fragment(None);
        let last = url.path_segments()?.next_back().unwrap_or_default();
        let file = match name {
            Some(name) => name.to_owned(),
            None => address::decoded(last)?,
        };
        if file.is_empty() {
            return None;
        }
        if !is_plain(&file) {
            self.note(&file, "it is not a file name");
            return None;
        }
        match fragment.as_deref().and_then(digest).transpose() {
            Ok(sha256) => Some(Link { sha256, ..Link::new(file, url) }),
            Err(why) => {
                self.note(&file, &why);
                None
            }
        }
    }

    /// Keeps a link, if there is room.
    pub(super) fn keep(&mut self, link: Link) {
        let texts = [Some(&link.file), link.requires_python.as_ref(), link.yanked.as_ref()];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        // Allocations are rounded up, and have some overhead.
        self.kept += size_of::<Link>() + 64 + link.url.as_str().len() + texts;
        if self.is_full() {
            // The page is refused: what is kept of it is not needed any more.
            self.page.links = Vec::new();
        } else {
            self.page.links.push(link);
        }
    }

    pub(super) fn note_too_long(&mut self) {
        self.note("", &format!("a link says more than {} kB in one place", LONGEST_TEXT >> 10));
    }

    pub(super) fn note(&mut self, file: &str, why: &str) {
        if self.page.odd.len() < MOST_ODD {
            self.page.odd.push(format!("{}: {why}", quoted(file)));
        }
    }
}

/// The `sha256` of a fragment. Other keys may be beside it (`egg`, `subdirectory`).
fn digest(fragment: &str) -> Option<Result<Sha256, String>> {
    let hex = fragment.split('&').find_map(|part| part.strip_prefix("sha256="))?;
    Some(hex.parse().map_err(|error| format!("its digest cannot be read: {error}")))
}

/// True for one path segment of plain characters: a name that can lead nowhere else.
fn is_plain(file: &str) -> bool {
    file.len() <= 255
        && !file.starts_with('.')
        && !file.contains(|c: char| c.is_control() || matches!(c, '/' | '\\' | ':' | '"' | '<' | '>' | '|' | '?' | '*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_lies_below_its_base() {
        let name = PackageName::new("Torch_Vision".to_owned()).unwrap();
        for base in ["https://i.example/whl/cu118", "https://i.example/whl/cu118/"] {
            let url = page_url(&Url::parse(base).unwrap(), &name);
            assert_eq!(url.as_str(), "https://i.example/whl/cu118/torch-vision/");
        }
        let page = Url::parse("https://i.example/whl/torch-2.1.0+cu118.html").unwrap();
        assert_eq!(page_url(&page, &name), page);
    }

    #[test]
    fn the_files_of_a_release_are_asked_of_githubs_api() {
        for (page, asked) in [
            (
                "https://github.com/Dao-AILab/flash-attention/releases/tag/v2.8.3",
                "https://api.github.com/repos/Dao-AILab/flash-attention/releases/tags/v2.8.3",
            ),
            ("https://github.com/o/r/releases/tag/v1/", "https://api.github.com/repos/o/r/releases/tags/v1"),
            ("https://github.com/o/r/releases", "https://github.com/o/r/releases"),
            ("https://x.example/o/r/releases/tag/v1", "https://x.example/o/r/releases/tag/v1"),
        ] {
            assert_eq!(links_url(&Url::parse(page).unwrap()).as_str(), asked);
        }
    }

    #[test]
    fn names_are_decoded_and_kept_plain() {
        assert_eq!(address::decoded("torch-2%2Bcu118.whl").unwrap(), "torch-2+cu118.whl");
        assert_eq!(address::decoded("a%zzb%2").unwrap(), "a%zzb%2");
        assert_eq!(address::decoded("%ff"), None);
        assert!(is_plain("torch-2+cu118-cp310-cp310-linux_x86_64.whl"));
        for odd in ["../a.whl", "a/b", "a\\b", "C:a", ".hidden", "a\nb", &"a".repeat(256)] {
            assert!(!is_plain(odd), "{odd}");
        }
    }

    #[test]
    fn the_content_type_chooses() {
        let base = Url::parse("https://i.example/simple/torch/").unwrap();
        assert!(parse("Text/HTML; charset=utf-8", &base, b"").is_ok());
        for kind in ["", "application/json", "application/octet-stream", "application/vnd.pypi.simple.v2+json"] {
            assert!(parse(kind, &base, b"{}").is_err(), "{kind}");
        }
    }
}
