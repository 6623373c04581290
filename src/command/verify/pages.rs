//! Asking the index pages.

use std::collections::BTreeMap;

use url::Url;

use super::parallel;
use crate::edge::index::{Link, Network, Page, simple};
use crate::report::error::{Code, Problem};
use crate::verify::pins::{From, Pinned};
use crate::write::Mirror;

/// The pages that were asked for, by the first address at which they may lie.
#[derive(Debug, Default)]
pub(super) struct Pages(BTreeMap<Url, Result<(Url, Page), Problem>>);

impl Pages {
    /// Asks for the pages of all these pins.
    pub(super) fn ask<'p>(
        network: &Network,
        pins: impl Iterator<Item = &'p Pinned>,
        default: Option<&Url>,
        at_once: usize,
    ) -> Self {
        let mut wanted: BTreeMap<Url, Vec<Url>> = BTreeMap::new();
        for pinned in pins {
            let places = places(pinned, default);
            if let Some(first) = places.first() {
                wanted.insert(first.clone(), places);
            }
        }
        let answers = parallel::each(wanted.into_iter().collect(), at_once, |(key, places)| {
            let mut answer = Err(Problem::new(Code::Absent, "there is no index to ask"));
            for place in places {
                answer = network.page(&place).map(|page| (place, page));
                if !matches!(&answer, Err(problem) if problem.code == Code::Absent) {
                    break;
                }
            }
            (key, answer)
        });
        Self(answers.into_iter().collect())
    }

    /// The page of a pin; `None` if nobody knows where it is.
    pub(super) fn of(&self, pinned: &Pinned, default: Option<&Url>) -> Option<&Result<(Url, Page), Problem>> {
        self.0.get(places(pinned, default).first()?)
    }
}

/// Where the page of a pinned package may lie, the likeliest place first.
fn places(pinned: &Pinned, default: Option<&Url>) -> Vec<Url> {
    let package = &pinned.package;
    match &pinned.from {
        From::Index(None) => default.map(|base| simple::page_url(base, package)).into_iter().collect(),
        From::Index(Some(base)) => Url::parse(base).map(|base| simple::page_url(&base, package)).into_iter().collect(),
        From::Url(url) => {
            let Ok(url) = Url::parse(url) else { return Vec::new() };
            let Ok(folder) = url.join(".") else { return Vec::new() };
            // PyTorch's index has the page below the folder of the wheels; others have the wheels beside the page.
            let mut all = vec![simple::page_url(&folder, package), folder.clone()];
            // And its second host has no pages.
            let path = Url::parse(Mirror::OF).ok().map(|base| base.path().to_owned()).unwrap_or_default();
            let second =
                folder.host_str().is_some_and(|host| host.starts_with("download-") && host.ends_with(".pytorch.org"));
            if let Some(rest) = folder.path().strip_prefix(&path).filter(|_| second)
                && let Ok(base) = Url::parse(&format!("{}{rest}", Mirror::OF))
            {
                all.insert(0, simple::page_url(&base, package));
            }
            all
        }
    }
}

/// The links to a file of a name.
pub(super) fn links<'p>(page: &'p Page, name: &str) -> impl Iterator<Item = &'p Link> {
    page.links.iter().filter(move |link| link.file == name)
}
