//! Asking the index pages.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use url::Url;

use crate::command::parallel;
use crate::edge::index::{Link, Network, Page, simple};
use crate::packaging::address;
use crate::packaging::digest::Sha256;
use crate::report::error::{Code, Problem};
use crate::verify::catalogued::SortedFiles;
use crate::verify::pins::{FileSource, PinnedEntry};

/// The pages that were asked for, by the first address at which they may lie.
#[derive(Debug, Default)]
pub(super) struct Pages(BTreeMap<Url, Result<(Url, Page), Problem>>);

impl Pages {
    /// Asks for the pages of all these pins, about their files.
    pub(super) fn ask<'p>(
        network: &Network,
        pins: impl Iterator<Item = &'p (PinnedEntry, SortedFiles)>,
        default: &[Url],
        at_once: usize,
    ) -> Self {
        let mut wanted: BTreeMap<Url, (Vec<Url>, WantedFiles)> = BTreeMap::new();
        for (pinned, files) in pins {
            let places = places(pinned, default);
            if let Some(first) = places.first() {
                let (_, wanted) = wanted.entry(first.clone()).or_insert_with(|| (places, WantedFiles::default()));
                wanted.names.extend(files.subjects.iter().map(|subject| subject.name.clone()));
                // A page may list the bytes under another name.
                wanted.digests.extend(files.subjects.iter().flat_map(|subject| &subject.locked).chain(&files.nameless));
            }
        }
        let answers = parallel::each(wanted.into_iter().collect(), at_once, |(key, (places, wanted))| {
            let mut answer = Err(Problem::new(Code::Absent, "there is no index to ask"));
            for place in places {
                let of_use = |page: Page| Page { links: wanted.of(page.links), ..page };
                answer = network.page_as(&place, of_use).map(|page| (place, page));
                if !matches!(&answer, Err(problem) if problem.code == Code::Absent) {
                    break;
                }
            }
            (key, answer)
        });
        Self(answers.into_iter().collect())
    }

    /// The page of a pin; `None` if nobody knows where it is.
    pub(super) fn of(&self, pinned: &PinnedEntry, default: &[Url]) -> Option<&Result<(Url, Page), Problem>> {
        self.0.get(places(pinned, default).first()?)
    }
}

/// The files that are asked about, by name or only by digest.
#[derive(Default)]
struct WantedFiles {
    names: BTreeSet<String>,
    digests: BTreeSet<Sha256>,
}

impl WantedFiles {
    /// Of a page's links those that are of use: all pages are in memory at once, and one may have more than there is room
    /// for. Of a name these are the first link, the first with another digest, and those with a digest asked for.
    fn of(&self, links: Vec<Link>) -> Vec<Link> {
        let asked = |link: &Link| link.sha256.filter(|sha256| self.digests.contains(sha256));
        let named: Vec<String> =
            links.iter().filter(|link| asked(link).is_some()).map(|link| link.file.clone()).collect();
        let mut names: HashMap<&str, Option<Seen>> =
            self.names.iter().chain(&named).map(|name| (name.as_str(), None)).collect();
        let mut found = BTreeSet::new();
        let mut of_use = Vec::new();
        for link in links {
            let Some(seen) = names.get_mut(link.file.as_str()) else { continue };
            let is_asked = asked(&link).is_some_and(|sha256| found.insert(sha256));
            let is_new = match seen {
                None => {
                    *seen = Some(Seen { first: link.sha256, is_contradicted: false });
                    true
                }
                Some(seen) => {
                    let is_other = link.sha256.is_some() && link.sha256 != seen.first;
                    is_other && !std::mem::replace(&mut seen.is_contradicted, true)
                }
            };
            if is_new || is_asked {
                of_use.push(link);
            }
        }
        of_use
    }
}

/// The facts about a file in a page's links so far.
struct Seen {
    first: Option<Sha256>,
    is_contradicted: bool,
}

/// The places of a pinned package's page, the likeliest first.
fn places(pinned: &PinnedEntry, default: &[Url]) -> Vec<Url> {
    let package = &pinned.package;
    match &pinned.from {
        FileSource::Index(None) => default.iter().map(|base| simple::page_url(base, package)).collect(),
        FileSource::Index(Some(base)) => {
            Url::parse(base).map(|base| simple::page_url(&base, package)).into_iter().collect()
        }
        FileSource::Url(url) => {
            let Ok(url) = Url::parse(url) else { return Vec::new() };
            let Ok(folder) = url.join(".") else { return Vec::new() };
            // PyTorch's index has the page below the folder of the wheels; others have the wheels beside the page.
            let mut all = vec![simple::page_url(&folder, package), folder.clone()];
            // And its second host has no pages.
            let first = Url::parse(&address::canonical(folder.as_str())).ok().filter(|first| *first != folder);
            all.splice(..0, first.map(|base| simple::page_url(&base, package)));
            all
        }
    }
}

/// The links to a file of a name. Where a page has none, those to the same bytes: PyTorch's index has renamed wheels, from
/// `linux_aarch64` to `manylinux_2_28_aarch64`.
pub(super) fn links<'p>(page: &'p Page, name: &str, locked: &[Sha256]) -> impl Iterator<Item = &'p Link> {
    let is_renamed = page.links.iter().all(|link| link.file != name);
    page.links.iter().filter(move |link| match is_renamed {
        false => link.file == name,
        true => link.sha256.is_some_and(|digest| locked.contains(&digest)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::index::MetadataFile;

    fn link(file: &str, digit: &str) -> Link {
        Link {
            file: file.to_owned(),
            url: Url::parse("https://i.example/").unwrap(),
            sha256: digit.repeat(64).parse().ok(),
            size: None,
            requires_python: None,
            yanked: None,
            metadata: MetadataFile::Absent,
        }
    }

    #[test]
    fn of_a_page_only_what_is_asked_about_is_kept() {
        let names = BTreeSet::from(["a".to_owned()]);
        let wanted = WantedFiles { names, digests: BTreeSet::from(["d".repeat(64).parse().unwrap()]) };
        let all = [
            ("x", "1"),
            ("a", ""),
            ("a", "1"),
            ("a", "2"),
            ("b", "3"),
            ("b", "4"),
            ("b", "5"),
            ("b", "d"),
            ("b", "d"),
            ("c", "6"),
        ];
        let kept = wanted.of(all.iter().map(|(file, digit)| link(file, digit)).collect());
        // Of `a` the first and the one that says otherwise; `b` is the name of a digest that is asked about.
        let expected = [("a", ""), ("a", "1"), ("b", "3"), ("b", "4"), ("b", "d")];
        assert_eq!(kept, expected.map(|(file, digit)| link(file, digit)));
    }
}
