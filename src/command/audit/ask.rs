//! Asking indexes which files there are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use pep508_rs::PackageName;
use url::Url;

use crate::audit::{OfferedFile, Offers};
use crate::cli;
use crate::command::network::network;
use crate::command::{parallel, read};
use crate::edge::index::{Network, Page, simple};
use crate::edge::progress::Display;
use crate::report::error::{Code, Error, Problem, Result};

/// The number of pages that are fetched at a time.
const WORKERS: usize = 8;

/// The memory that the files of all pages may take up: some 600,000 of them.
const MOST_KEPT: usize = 96 << 20;

/// The indexes that may be asked.
pub(super) struct Indexes {
    network: Network,
    /// Those that may have a package of which the lock names no index.
    unnamed: Vec<Url>,
}

impl Indexes {
    /// As the options and the environment have them; `None` if no index is to be asked.
    pub(super) fn new(args: &cli::AuditArgs, display: &Display) -> Result<Option<Self>> {
        if !args.index && args.index_url.is_none() {
            return Ok(None);
        }
        let unnamed = read::index_urls(args.index_url.as_ref())?;
        Ok(Some(Self { network: network(args.network, unnamed.clone(), display)?, unnamed }))
    }

    /// Asks for some packages. Of those that several indexes may have all offer theirs, as pip sees it. One that no index
    /// has is left out.
    ///
    /// # Errors
    /// Everything that keeps an index from answering.
    pub(super) fn ask(&self, wanted: &BTreeSet<(PackageName, Option<String>)>) -> Result<Offers> {
        let mut problems = Vec::new();
        let mut pages = Vec::new();
        for (name, index) in wanted {
            match self.pages(name, index.as_deref()) {
                Ok(urls) => pages.extend(urls.into_iter().map(|url| (name, url))),
                Err(problem) => problems.push(problem),
            }
        }
        Error::unless_empty(problems)?;
        let kept = AtomicUsize::new(0);
        let answers = parallel::each(pages, WORKERS, |(name, url)| {
            (name, self.network.page_as(&url, |page| offers(page, &kept)).and_then(|offers| offers))
        });
        let (mut found, mut problems) = (BTreeMap::<PackageName, Vec<OfferedFile>>::new(), Vec::new());
        for (name, answer) in answers {
            match answer {
                Ok(offers) => found.entry(name.clone()).or_default().extend(offers),
                Err(problem) if problem.code == Code::Absent => {}
                Err(problem) => problems.push(problem),
            }
        }
        Error::unless_empty(problems)?;
        Ok(Offers::new(found))
    }

    /// The place of the pages of a package.
    fn pages(&self, name: &PackageName, index: Option<&str>) -> Result<Vec<Url>, Problem> {
        let bases = match index {
            Some(index) => vec![Url::parse(index).ok().ok_or_else(|| {
                let message = format!("the address of the index that the lock has for {name} is no URL");
                Problem::new(Code::Usage, message)
            })?],
            None if self.unnamed.is_empty() => {
                let message = "the default index is not known: name it with --index-url or PIP_INDEX_URL";
                return Err(Problem::new(Code::Usage, message));
            }
            None => self.unnamed.clone(),
        };
        Ok(bases.iter().map(|base| simple::page_url(base, name)).collect())
    }
}

/// The files that a page offers, if there is room for them beside those of the others.
fn offers(page: Page, kept: &AtomicUsize) -> Result<Vec<OfferedFile>, Problem> {
    let offers: Vec<OfferedFile> = page.links.into_iter().map(offer).collect();
    let texts = |offer: &OfferedFile| offer.file.len() + offer.requires_python.as_ref().map_or(0, String::len);
    let size = offers.iter().map(|offer| size_of::<OfferedFile>() + texts(offer)).sum();
    if kept.fetch_add(size, Ordering::Relaxed) + size > MOST_KEPT {
        let message = format!("the files of all index pages take up more than {} MB", MOST_KEPT >> 20);
        return Err(Problem::new(Code::Network, message).help("audit fewer packages at once, or do not ask the index"));
    }
    Ok(offers)
}

fn offer(link: simple::Link) -> OfferedFile {
    OfferedFile {
        file: link.file,
        sha256: link.sha256,
        requires_python: link.requires_python,
        yanked: link.yanked.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::index::{Link, MetadataFile};

    #[test]
    fn what_all_pages_offer_is_bounded() {
        let link = Link {
            file: "demo-1-py3-none-any.whl".to_owned(),
            url: Url::parse("https://i.example/demo-1-py3-none-any.whl").unwrap(),
            sha256: None,
            size: None,
            requires_python: Some(">=3.8".to_owned()),
            yanked: None,
            metadata: MetadataFile::Absent,
        };
        let page = || Page { links: vec![link.clone(); 10], odd: Vec::new() };
        let kept = AtomicUsize::new(0);
        assert_eq!(offers(page(), &kept).unwrap().len(), 10);
        let size = kept.load(Ordering::Relaxed);
        assert!(size > 10 * ("demo-1-py3-none-any.whl".len() + ">=3.8".len()), "{size}");
        kept.store(MOST_KEPT - size, Ordering::Relaxed);
        assert!(offers(page(), &kept).is_ok());
        assert!(offers(page(), &kept).unwrap_err().message.contains("more than 96 MB"));
    }
}
