//! The URLs of a lock's files, from the pages of an index: a file is taken for the lock's if its digest is the lock's.

use pep508_rs::PackageName;
use url::Url;

use crate::command::job::IndexSource;
use crate::command::network::network;
use crate::command::read;
use crate::edge::index::{Network, Page, shown, simple};
use crate::edge::progress::Display;
use crate::report::error::{Code, Error, Problem, Result};
use crate::write::{ContentFile, FileLocation, PylockDraft};

/// Finds the URLs that a draft lacks.
///
/// # Errors
/// If the index cannot be asked, or has a file of that name with another digest. What it does not have stays without.
pub(super) fn find(draft: &mut PylockDraft, source: &IndexSource, display: &Display) -> Result<()> {
    let unnamed = read::index_urls(source.base.as_ref())?;
    let mut homeless = false;
    let network = network(source.network, unnamed.clone(), display)?;
    let mut problems = Vec::new();
    // A draft has the files of a package in a row, and the pages of one are as much as there is to be in memory.
    let mut pages = PackagePages { network: &network, package: None, pages: Vec::new(), failed: None };
    draft.fill(|name, index, file| {
        let named = index.and_then(|index| Url::parse(index).ok());
        let bases = if index.is_some() { named.as_slice() } else { unnamed.as_slice() };
        homeless |= index.is_none() && bases.is_empty();
        let mut others = Vec::new();
        for base in bases {
            let Some(page) = pages.of(name, base) else { continue };
            match on(page, file) {
                // Pip takes what has the digest, whatever else there is of that name.
                Some(found) => return Some(found),
                None => others.extend(other(page, base, file)),
            }
        }
        problems.extend(others);
        None
    });
    problems.extend(pages.failed);
    if homeless {
        let problem = Problem::new(Code::Usage, "no default index is named, on which most files would be looked up");
        problems.push(problem.help("name it: --index-url URL, or PIP_INDEX_URL or UV_DEFAULT_INDEX"));
    }
    Error::unless_empty(problems)
}

/// The pages of one package, each asked for once.
struct PackagePages<'n> {
    network: &'n Network,
    package: Option<PackageName>,
    pages: Vec<(Url, Option<Page>)>,
    /// The first failure: after it no index is asked again.
    failed: Option<Problem>,
}

impl PackagePages<'_> {
    /// The page of a package below a base; `None`: there is none.
    fn of(&mut self, package: &PackageName, base: &Url) -> Option<&Page> {
        if self.package.as_ref() != Some(package) {
            (self.package, self.pages) = (Some(package.clone()), Vec::new());
        }
        let at = match self.pages.iter().position(|(known, _)| known == base) {
            Some(at) => at,
            None => {
                let page = self.ask(package, base);
                self.pages.push((base.clone(), page));
                self.pages.len() - 1
            }
        };
        self.pages.get(at)?.1.as_ref()
    }

    fn ask(&mut self, package: &PackageName, base: &Url) -> Option<Page> {
        if self.failed.is_some() {
            return None;
        }
        match self.network.page(&simple::page_url(base, package)) {
            Ok(page) => Some(page),
            Err(problem) if problem.code == Code::Absent => None,
            Err(problem) => {
                self.failed = Some(problem);
                None
            }
        }
    }
}

/// The file on a page that is the lock's.
fn on(page: &Page, file: &ContentFile) -> Option<(String, FileLocation)> {
    let is_it = |link: &&simple::Link| link.sha256 == Some(file.sha256) && link.url.username().is_empty();
    let named = |link: &&simple::Link| file.name.as_ref().is_none_or(|name| *name == link.file);
    let link = page.links.iter().filter(named).find(is_it)?;
    Some((link.file.clone(), FileLocation { url: link.url.to_string(), is_path: false, size: link.size }))
}

/// Says if a page has another file of a file's name.
fn other(page: &Page, base: &Url, file: &ContentFile) -> Option<Problem> {
    let other = page.links.iter().find(|link| Some(&link.file) == file.name.as_ref())?;
    let digest = other.sha256.filter(|digest| *digest != file.sha256)?;
    let place = shown(base);
    let message = format!("two digests for {}: {} in the lock, {digest} on {place}", other.file, file.sha256);
    Some(Problem::new(Code::DigestConflict, message).help("find out which is right before anything is installed"))
}
