//! The catalogues and an index as one source of wheels: the catalogues come first, and of an index only those
//! packages are seen that were looked for in vain.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use pep440_rs::Version;
use pep508_rs::PackageName;
use url::Url;

use super::INDEX;
use super::page::{self, LinkedWheel};
use super::wheel::{self, WheelFacts};
use crate::catalog::{Catalogues, Family, Index, Requires, WheelRow, WheelSource, is_gpu_runtime, triton};
use crate::edge::index::{Network, shown, simple};
use crate::packaging::digest::Sha256;
use crate::packaging::target::{Backend, Platform};
use crate::report::error::{Code, Problem};

/// An index that is asked for requirements.
#[derive(Debug, Clone)]
pub(super) struct SearchedIndex {
    /// Its base.
    pub(super) base: Url,
    /// The index that its wheels are recorded under: the default index, or (`None`) the folder that each lies in.
    pub(super) index: Option<Index>,
}

/// A wheel of an index, and where it lies.
#[derive(Debug, Clone)]
pub(super) struct Offered {
    /// Its row to choose by. [`Offer::taken`] gives the one to keep.
    pub(super) draft: WheelRow,
    candidate: LinkedWheel,
}

/// The files of a package on an index, by release: without local labels.
type OfferedReleases = BTreeMap<Version, Vec<Offered>>;

/// The files of a package on the indexes, by how far these are from the first.
type OfferedPages = HashMap<(PackageName, usize), Rc<OfferedReleases>>;

/// The wheels that were read, by where each lies and its name; `None`: in vain.
type ReadWheels = HashMap<(Index, String), Option<(WheelRow, WheelFacts)>>;

/// The most problems of a page that are reported. A page can be long.
pub(super) const ENOUGH: usize = 20;

/// See the module.
#[derive(Debug)]
pub(super) struct Offer<'a> {
    known: &'a Catalogues,
    network: &'a Network,
    /// Wheels may be downloaded whole.
    whole: bool,
    /// The indexes that have the wheels that are learned, and what they require.
    own: Option<SearchedIndex>,
    closure: Vec<SearchedIndex>,
    /// The number of indexes that a package is looked for in.
    depth: BTreeMap<PackageName, usize>,
    /// The packages that were asked for.
    asked: RefCell<BTreeSet<PackageName>>,
    pages: RefCell<OfferedPages>,
    read: RefCell<ReadWheels>,
    /// Packages that have wheels whose digest no index has, and that may not be downloaded for it.
    without_digest: RefCell<BTreeSet<PackageName>>,
    problems: RefCell<Vec<Problem>>,
}

/// The indexes that may have a package: that of torch, and those of what wheels require. Triton is made for one torch and
/// lies beside it; a name alike on another index must not take its place. Other GPU libraries may lie there, too; what is
/// not for GPUs is stale there.
pub(super) fn order<T>(package: &PackageName, own: Option<T>, closure: impl IntoIterator<Item = T>) -> Vec<T> {
    let own = own.filter(|_| is_gpu_runtime(package));
    let (first, last) = if triton(package.as_ref()).is_some() { (own, None) } else { (None, own) };
    first.into_iter().chain(closure).chain(last).collect()
}

impl<'a> Offer<'a> {
    pub(super) fn new(
        known: &'a Catalogues,
        network: &'a Network,
        whole: bool,
        own: Option<SearchedIndex>,
        closure: Vec<SearchedIndex>,
    ) -> Self {
        Self {
            known,
            network,
            whole,
            own,
            closure,
            depth: BTreeMap::new(),
            asked: RefCell::default(),
            pages: RefCell::default(),
            read: RefCell::default(),
            without_digest: RefCell::default(),
            problems: RefCell::default(),
        }
    }

    /// The packages that were asked for since the last time.
    pub(super) fn take_asked(&self) -> BTreeSet<PackageName> {
        self.asked.take()
    }

    /// A failure of the network.
    pub(super) fn take_problems(&self) -> Vec<Problem> {
        self.problems.take()
    }

    /// True for a package that has wheels whose digest no index has, which were left out.
    pub(super) fn is_without_digest(&self, package: &PackageName) -> bool {
        self.without_digest.borrow().contains(package)
    }

    /// Looks for a package in one more index; false if there is none.
    pub(super) fn look_further(&mut self, package: &PackageName) -> bool {
        let depth = self.depth.get(package).copied().unwrap_or(0);
        let more = depth < self.indexes(package).len();
        if more {
            self.depth.insert(package.clone(), depth + 1);
        }
        more
    }

    fn indexes(&self, package: &PackageName) -> Vec<&SearchedIndex> {
        order(package, self.own.as_ref(), &self.closure)
    }

    /// The wheels of a release that the indexes looked into offer; of those on several the first index's.
    pub(super) fn offered(&self, package: &PackageName, version: &Version) -> Vec<Offered> {
        let public = version.clone().without_local();
        self.looked_into(package).flat_map(|page| page.get(&public).cloned().unwrap_or_default()).collect()
    }

    /// The files of a package on the indexes that were asked.
    fn looked_into(&self, package: &PackageName) -> impl Iterator<Item = Rc<OfferedReleases>> {
        let depth = self.depth.get(package).copied().unwrap_or(0);
        (0..depth).map(|at| self.page(package, at))
    }

    fn page(&self, package: &PackageName, at: usize) -> Rc<OfferedReleases> {
        let key = (package.clone(), at);
        if let Some(page) = self.pages.borrow().get(&key) {
            return Rc::clone(page);
        }
        let indexes = self.indexes(package);
        let page = Rc::new(indexes.get(at).map(|index| self.read(package, index)).unwrap_or_default());
        self.pages.borrow_mut().insert(key, Rc::clone(&page));
        page
    }

    fn read(&self, package: &PackageName, index: &SearchedIndex) -> OfferedReleases {
        let page = match self.network.page(&simple::page_url(&index.base, package)) {
            Ok(page) => page,
            Err(problem) => {
                if problem.code != Code::Absent {
                    self.problems.borrow_mut().push(problem);
                }
                return OfferedReleases::new();
            }
        };
        let mut offered = OfferedReleases::new();
        let mut seen: HashMap<(Index, String), Option<Sha256>> = HashMap::new();
        let mut candidates = page::all(&page, package, index.index.as_ref());
        // Of a file that is linked to twice the link with the digest counts.
        candidates.sort_by_key(|candidate| candidate.link.sha256.is_none());
        for candidate in candidates {
            if candidate.link.sha256.is_none() && !self.whole {
                self.without_digest.borrow_mut().insert(package.clone());
                continue;
            }
            let row = candidate.draft();
            let rows = self.known.wheels_of(package, &row.wheel.version);
            let same = |other: &&WheelRow| other.index == row.index && other.wheel.as_str() == row.wheel.as_str();
            let twins =
                rows.iter().filter(same).map(|twin| (&*twin.catalogue, Some(twin.sha256), twin.overrides.is_some()));
            let before = seen.insert((row.index.clone(), row.wheel.as_str().to_owned()), candidate.link.sha256);
            let mut is_new = true;
            let before = before.map(|sha256| (INDEX, sha256, false));
            for (catalogue, sha256, overrides) in twins.chain(before) {
                is_new = false;
                let (Some(sha256), Some(said)) = (sha256, candidate.link.sha256) else { continue };
                if sha256 != said && !overrides {
                    let known = format!("the {catalogue} catalogue has {sha256}");
                    let said = format!("{} says {said}", shown(&index.base));
                    self.problems.borrow_mut().push(wheel::two_digests(&row.wheel, &known, &said));
                }
            }
            if self.problems.borrow().len() >= ENOUGH {
                break;
            }
            if is_new {
                offered.entry(row.wheel.public_version()).or_default().push(Offered { draft: row, candidate });
            }
        }
        offered
    }

    /// The row of an offered wheel as it is to be kept: where its page has no digest its bytes are hashed.
    pub(super) fn taken(&self, offered: &Offered) -> Option<WheelRow> {
        match offered.candidate.link.sha256 {
            Some(_) => Some(offered.draft.clone()),
            None => self.read_wheel(offered).map(|(row, _)| row),
        }
    }

    /// The own metadata of an offered wheel.
    pub(super) fn facts(&self, offered: &Offered) -> Option<WheelFacts> {
        self.read_wheel(offered).map(|(_, facts)| facts)
    }

    fn read_wheel(&self, offered: &Offered) -> Option<(WheelRow, WheelFacts)> {
        let key = (offered.draft.index.clone(), offered.draft.wheel.as_str().to_owned());
        if let Some(read) = self.read.borrow().get(&key) {
            return read.clone();
        }
        // A run that fails anyway asks nothing more.
        if !self.problems.borrow().is_empty() {
            return None;
        }
        let read = super::one(&offered.candidate, self.whole, self.network).unwrap_or_else(|problem| {
            self.problems.borrow_mut().push(problem);
            None
        });
        self.read.borrow_mut().insert(key, read.clone());
        read
    }
}

impl WheelSource for Offer<'_> {
    fn wheels(&self, package: &PackageName) -> Vec<WheelRow> {
        let mut all = self.known.wheels(package);
        for page in self.looked_into(package) {
            all.extend(page.values().flatten().map(|one| one.draft.clone()));
        }
        all
    }

    fn wheels_of(&self, package: &PackageName, version: &Version) -> Vec<WheelRow> {
        if page::is_family(package) {
            return Vec::new();
        }
        self.asked.borrow_mut().insert(package.clone());
        let mut all = self.known.wheels_of(package, version);
        all.extend(self.offered(package, version).into_iter().map(|one| one.draft));
        all
    }

    fn versions(&self, package: &PackageName) -> Vec<Version> {
        if page::is_family(package) {
            return Vec::new();
        }
        self.asked.borrow_mut().insert(package.clone());
        let mut all = self.known.versions(package);
        for page in self.looked_into(package) {
            all.extend(page.keys().cloned());
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    fn requires(&self, row: &WheelRow, platform: Platform) -> Requires {
        let known = self.known.requires(row, platform);
        if !matches!(known, Requires::Unknown) {
            return known;
        }
        let offered = self.offered(&row.wheel.name, &row.wheel.version);
        let same =
            offered.iter().find(|one| one.draft.index == row.index && one.draft.wheel.as_str() == row.wheel.as_str());
        match same.and_then(|one| self.facts(one)) {
            Some(facts) => Requires::Known { list: facts.list, provenance: facts.provenance.to_owned() },
            None => Requires::Unknown,
        }
    }

    fn family(&self, package: &PackageName) -> Family {
        self.known.family(package)
    }

    fn builds(&self, package: &PackageName) -> Vec<(Version, Backend)> {
        self.known.builds(package)
    }
}
