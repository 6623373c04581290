//! Wheels that stay as they are locked: asked where the lock has them from, and known by the lock's digests.
//!
//! A lock may be somebody else's: of the hosts that it names only those are asked that the user names, too.

use std::rc::Rc;

use pep440_rs::Version;
use pep508_rs::PackageName;
use url::Url;

use super::missing::IndexSearch;
use super::{Learned, page, take, wheel};
use crate::catalog::Index;
use crate::catalog::listing::Filter;
use crate::edge::index::{Link, Page, shown};
use crate::packaging::address;
use crate::packaging::digest::Sha256;
use crate::report::LockedPlace;
use crate::report::error::{Code, Problem, Result};

/// The files that a lock admits of a release; not every lock names them.
type AdmittedFiles<'a> = &'a [(Option<String>, Sha256)];

/// The pages that have a package, and what their wheels are recorded under.
type FoundPages = Vec<(Rc<Page>, Option<Index>)>;

impl IndexSearch<'_> {
    /// Learns the wheel of the lock's own that a filter admits: one whose digest the lock has.
    ///
    /// # Errors
    /// If no place has it, or one has other bytes under its name.
    pub(super) fn kept(
        &self,
        (package, version): (&PackageName, &Version),
        filter: &Filter,
        files: AdmittedFiles<'_>,
        places: &[LockedPlace],
        learned: &mut Learned,
    ) -> Result<()> {
        let names_them = files.iter().any(|(name, _)| name.is_some());
        let is_own = |digest: &Sha256| files.iter().any(|(_, known)| known == digest);
        let mut is_undigested = false;
        let (asked, others): (Vec<&LockedPlace>, Vec<&LockedPlace>) =
            places.iter().partition(|place| self.is_named(place));
        for place in asked {
            for (page, index) in self.pages_of(place, package)? {
                let on_page =
                    |filter: &Filter| page::candidates(&page, package, version, filter, None, index.as_ref()).0;
                let mut candidates = on_page(filter);
                candidates.retain(|one| match one.link.sha256 {
                    Some(said) => is_own(&said) || named(files, &one.link.file).is_some(),
                    None => {
                        let may_be = !names_them || named(files, &one.link.file).is_some();
                        is_undigested |= may_be;
                        may_be && self.bases.hash_missing
                    }
                });
                // Of files without names there may be none for this Python: then it must be known whose they are.
                if candidates.is_empty() && !names_them {
                    candidates = on_page(&Filter::default());
                    candidates.retain(|one| one.link.sha256.as_ref().is_some_and(is_own));
                }
                let mut found = Learned::default();
                take(candidates, self.bases.hash_missing, self.network, &mut found)?;
                for row in found.wheels.iter().filter(|row| !is_own(&row.sha256)) {
                    if let Some(known) = named(files, row.wheel.as_str()) {
                        let other = format!("{} has {}", row.index, row.sha256);
                        return Err(wheel::two_digests(&row.wheel, &format!("the lock has {known}"), &other).into());
                    }
                }
                if found.wheels.iter().any(|row| is_own(&row.sha256)) {
                    learned.extend(found);
                    return Ok(());
                }
            }
        }
        let message = format!("no index that was asked has a wheel of {package} {version} with a digest of the lock");
        let problem = Problem::new(Code::Unknown, message);
        let others: Vec<String> =
            others.iter().filter_map(|place| Some(shown(&Url::parse(address_of(place)?).ok()?))).collect();
        Err(if is_undigested && !self.bases.hash_missing {
            problem.help("one has such a wheel without a digest: --hash-missing downloads it and computes it")
        } else if others.is_empty() {
            problem
        } else {
            let others = others.join(" and ");
            problem
                .help(format!("{others} was not asked: name an index of that host for pip or uv (PIP_EXTRA_INDEX_URL)"))
        }
        .into())
    }

    /// True for PyTorch's index, which another may replace, and for the hosts of the indexes that are named.
    fn is_named(&self, place: &LockedPlace) -> bool {
        let Some(address) = address_of(place) else { return true };
        let origin = Url::parse(address).map(|url| url.origin());
        let mut named = self.bases.closure.iter().chain([&self.bases.builds]);
        address::canonical(address).starts_with(address::PYTORCH) || named.any(|base| Ok(base.origin()) == origin)
    }

    /// The pages of a package at a place. PyTorch's index has digests, so it is asked about its own files, too.
    fn pages_of(&self, place: &LockedPlace, package: &PackageName) -> Result<FoundPages, Problem> {
        let own = |base: Url| Ok(self.page(&base, package)?.map(|page| (page, None)).into_iter().collect());
        match place {
            LockedPlace::Default => {
                let mut all = Vec::new();
                for (base, index) in self.closure() {
                    all.extend(self.page(&base, package)?.map(|page| (page, index)));
                }
                Ok(all)
            }
            LockedPlace::Index(url) => self.base_of(url).map_or_else(|| Ok(Vec::new()), own),
            LockedPlace::File(url) => {
                let url = address::canonical(url);
                match address::folder(&url).filter(|_| url.starts_with(address::PYTORCH)) {
                    Some(folder) => self.base_of(folder).map_or_else(|| Ok(Vec::new()), own),
                    None => Ok(alone(&url).map(|page| (Rc::new(page), None)).into_iter().collect()),
                }
            }
        }
    }
}

/// The address of a place, but for the default index.
fn address_of(place: &LockedPlace) -> Option<&str> {
    match place {
        LockedPlace::Default => None,
        LockedPlace::Index(url) | LockedPlace::File(url) => Some(url),
    }
}

/// The digest that the lock has for a file of a name.
fn named<'a>(files: AdmittedFiles<'a>, file: &str) -> Option<&'a Sha256> {
    files.iter().find(|(name, _)| name.as_deref() == Some(file)).map(|(_, known)| known)
}

/// A file that lies on no index, as if a page linked to it.
fn alone(url: &str) -> Option<Page> {
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let file = address::file_name(url.as_str());
    Some(Page { links: vec![Link::new(file, url)], odd: Vec::new() })
}
