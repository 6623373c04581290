//! Asking indexes which files there are.

use std::collections::BTreeSet;
use std::sync::Mutex;

use pep508_rs::PackageName;
use url::Url;

use crate::audit::{Offer, Offers};
use crate::cli;
use crate::command::read;
use crate::edge::index::{Network, simple};
use crate::edge::io;
use crate::report::error::{Code, Error, Problem, Result};

/// How many pages are fetched at a time.
const WORKERS: usize = 8;

/// The indexes that may be asked.
pub(super) struct Indexes {
    network: Network,
    default: Option<Url>,
}

impl Indexes {
    /// As the options and the environment have them; `None` if no index is to be asked.
    pub(super) fn new(args: &cli::Audit) -> Result<Option<Self>> {
        if !args.index && args.index_url.is_none() {
            return Ok(None);
        }
        let default = read::index_url(args.index_url.as_ref())?;
        let cli::NetworkArgs { allow_http, timeout, retries } = args.network;
        let settings = io::network_settings()?.asked(allow_http, timeout, retries, default.clone());
        Ok(Some(Self { network: Network::new(settings), default }))
    }

    /// Asks for some packages. One that an index does not have is left out.
    ///
    /// # Errors
    /// Everything that keeps an index from answering.
    pub(super) fn ask(&self, wanted: &BTreeSet<(PackageName, Option<String>)>) -> Result<Offers> {
        let mut problems = Vec::new();
        let mut pages = Vec::new();
        for (name, index) in wanted {
            match self.page(name, index.as_deref()) {
                Ok(url) => pages.push((name, url)),
                Err(problem) => problems.push(problem),
            }
        }
        Error::unless_empty(problems)?;
        let left = Mutex::new(pages.into_iter());
        let answers = Mutex::new(Vec::new());
        let next = || left.lock().ok().and_then(|mut left| left.next());
        std::thread::scope(|scope| {
            for _ in 0..WORKERS {
                scope.spawn(|| {
                    while let Some((name, url)) = next() {
                        let answer = self.network.page(&url);
                        if let Ok(mut answers) = answers.lock() {
                            answers.push((name, answer));
                        }
                    }
                });
            }
        });
        let mut answers = answers.into_inner().unwrap_or_default();
        answers.sort_by(|one, other| one.0.cmp(other.0));
        let (mut found, mut problems) = (Vec::new(), Vec::new());
        for (name, answer) in answers {
            match answer {
                Ok(page) => found.push((name.clone(), page.links.into_iter().map(offer).collect())),
                Err(problem) if problem.code == Code::Absent => {}
                Err(problem) => problems.push(problem),
            }
        }
        Error::unless_empty(problems)?;
        Ok(Offers::new(found))
    }

    /// Where the page of a package is.
    fn page(&self, name: &PackageName, index: Option<&str>) -> Result<Url, Problem> {
        let base = match index {
            Some(index) => Url::parse(index).ok().ok_or_else(|| {
                let message = format!("the address of the index that the lock has for {name} is no URL");
                Problem::new(Code::Usage, message)
            })?,
            None => self.default.clone().ok_or_else(|| {
                let message = "the default index is not known: name it with --index-url or PIP_INDEX_URL";
                Problem::new(Code::Usage, message)
            })?,
        };
        Ok(simple::page_url(&base, name))
    }
}

fn offer(link: simple::Link) -> Offer {
    Offer { file: link.file, sha256: link.sha256, requires_python: link.requires_python, yanked: link.yanked.is_some() }
}
