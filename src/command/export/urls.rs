//! The URLs of a lock's files, from the pages of an index: a file is taken for the lock's if its digest is the lock's.

use pep508_rs::PackageName;
use url::Url;

use crate::command::job::IndexSource;
use crate::command::network::network;
use crate::command::read;
use crate::edge::index::{Page, simple};
use crate::edge::progress::Display;
use crate::report::error::{Code, Error, Problem, Result};
use crate::write::{ContentFile, FileLocation, PylockDraft};

/// Finds the URLs that a draft lacks.
///
/// # Errors
/// If the index cannot be asked, or has a file of that name with another digest. What it does not have stays without.
pub(super) fn find(draft: &mut PylockDraft, source: &IndexSource, display: &Display) -> Result<()> {
    let default = read::index_url(source.base.as_ref())?;
    let mut unnamed = false;
    let network = network(source.network, default.clone(), display)?;
    let mut problems = Vec::new();
    // A draft has the files of a package in a row, and one page is as much as there is to be in memory.
    let mut last: Option<(PackageName, Url, Option<Page>)> = None;
    draft.fill(|name, index, file| {
        let index = match index {
            None => {
                unnamed |= default.is_none();
                default.clone()?
            }
            Some(index) => Url::parse(index).ok()?,
        };
        if last.as_ref().is_none_or(|(package, base, _)| (package, base) != (name, &index)) {
            // Who does not answer once is not asked for everything else.
            let is_over = problems.iter().any(|problem: &Problem| problem.code == Code::Network);
            last = None;
            let page = if is_over { Ok(None) } else { network.page(&simple::page_url(&index, name)).map(Some) };
            let page = page.unwrap_or_else(|problem| {
                problems.extend(Some(problem).filter(|problem| problem.code != Code::Absent));
                None
            });
            last = Some((name.clone(), index, page));
        }
        let (_, _, page) = last.as_ref()?;
        let page = page.as_ref()?;
        let found = on(page, file);
        if found.is_none() {
            problems.extend(other(page, file));
        }
        found
    });
    if unnamed {
        let problem = Problem::new(Code::Usage, "no default index is named, on which most files would be looked up");
        problems.push(problem.help("name it: --index-url URL, or PIP_INDEX_URL or UV_DEFAULT_INDEX"));
    }
    Error::unless_empty(problems)
}

/// The file on a page that is the lock's.
fn on(page: &Page, file: &ContentFile) -> Option<(String, FileLocation)> {
    let is_it = |link: &&simple::Link| link.sha256 == Some(file.sha256) && link.url.username().is_empty();
    let named = |link: &&simple::Link| file.name.as_ref().is_none_or(|name| *name == link.file);
    let link = page.links.iter().filter(named).find(is_it)?;
    Some((link.file.clone(), FileLocation { url: link.url.to_string(), size: link.size }))
}

/// Says if a page has another file of a file's name.
fn other(page: &Page, file: &ContentFile) -> Option<Problem> {
    let other = page.links.iter().find(|link| Some(&link.file) == file.name.as_ref())?;
    let digest = other.sha256.filter(|digest| *digest != file.sha256)?;
    let message = format!("two digests for {}: {} in the lock, {digest} on the index page", other.file, file.sha256);
    Some(Problem::new(Code::DigestConflict, message).help("find out which is right before anything is installed"))
}
