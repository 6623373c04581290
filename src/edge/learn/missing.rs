//! Asking an index for what a refusal says is missing, and for nothing else.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use pep440_rs::Version;
use pep508_rs::PackageName;
use url::Url;

use super::page::{self, LinkedWheel};
use super::{Learned, offer, take, wheel};
use crate::catalog::listing::Filter;
use crate::catalog::{Catalogues, Index, WheelRow, WheelSource, is_gpu_runtime};
use crate::edge::index::{Link, Network, Page, shown, simple};
use crate::packaging::address;
use crate::packaging::constraint::Constraint;
use crate::packaging::target::{Backend, Environment, Platform, Python};
use crate::report::Missing;
use crate::report::error::{Code, Error, Problem, Result};

/// The indexes that are asked.
#[derive(Debug, Clone)]
pub struct IndexBases {
    /// The base of PyTorch's index, or of one like it: each build has a folder there. Or the base of one that has all builds
    /// together; or, where each build has an index of its own, the address of these with `{build}` in its path.
    pub builds: Url,
    /// The bases of the indexes that have what wheels require: the default one, and those for what it lacks.
    pub closure: Vec<Url>,
    /// Download and hash the wheels of which the index gives no digest.
    pub hash_missing: bool,
}

/// The placeholder of the build in an address, percent-encoded.
const BUILD: &str = "%7Bbuild%7D";

impl IndexBases {
    /// The index of one build.
    fn of(&self, build: &impl ToString) -> Url {
        let (mut url, build) = (self.builds.clone(), build.to_string());
        if !self.has_one_each() {
            return below(&url, &build);
        }
        url.set_path(&self.builds.path().replace(BUILD, &build));
        url
    }

    fn has_one_each(&self) -> bool {
        self.builds.path().contains(BUILD)
    }

    /// The index that may have all builds together.
    fn of_all(&self) -> Option<&Url> {
        Some(&self.builds).filter(|_| !self.has_one_each())
    }
}

/// Asks, and remembers the pages.
#[derive(Debug)]
pub struct IndexSearch<'n> {
    pub(super) bases: IndexBases,
    pub(super) network: &'n Network,
    pages: RefCell<HashMap<Url, Option<Rc<Page>>>>,
}

/// The answers to missing facts, and the problems of those without one.
#[derive(Debug, Default)]
pub struct IndexAnswers {
    /// The findings.
    pub learned: Learned,
    /// The facts that the index does not have: one problem for each.
    pub absent: Vec<Problem>,
}

impl<'n> IndexSearch<'n> {
    /// Nothing is asked yet.
    pub fn new(bases: IndexBases, network: &'n Network) -> Self {
        Self { bases, network, pages: RefCell::default() }
    }

    /// Looks for each of these, under those Pythons for which it is missing.
    ///
    /// # Errors
    /// Everything that the network, the index or a wheel does not give as it should.
    pub fn seek(&self, missing: &[(Missing, Vec<Python>)], known: &Catalogues) -> Result<IndexAnswers> {
        let (mut found, mut problems) = (IndexAnswers::default(), Vec::new());
        for (what, pythons) in missing {
            let failed = self.one(what, pythons, known, &mut found.learned).err();
            for problem in failed.into_iter().flat_map(Error::into_problems) {
                let kind = if problem.code == Code::Unknown { &mut found.absent } else { &mut problems };
                kind.push(problem);
            }
            // A server that does not answer is not asked for the rest.
            if problems.iter().any(|problem| problem.code == Code::Network) {
                break;
            }
        }
        Error::unless_empty(problems)?;
        Ok(found)
    }

    fn one(&self, what: &Missing, pythons: &[Python], known: &Catalogues, learned: &mut Learned) -> Result<()> {
        match what {
            Missing::Build { package, version, backend, platform } => {
                let filter = Filter { backend: Some(*backend), platforms: vec![*platform], pythons: pythons.to_vec() };
                let own = self.bases.of(backend);
                let (index, page, asked) = match (self.page(&own, package)?, self.bases.of_all()) {
                    (Some(page), _) => (&own, page, Some(*backend)),
                    // In a folder for all builds only the labels say which a wheel is for.
                    (None, Some(all)) => {
                        let page = self.page(all, package)?;
                        (all, page.ok_or_else(|| no_page(&own, Some(all), package))?, None)
                    }
                    (None, None) => return Err(no_page(&own, None, package).into()),
                };
                let (candidates, notes) = page::candidates(&page, package, version, &filter, asked, None);
                learned.notes.extend(notes);
                if candidates.is_empty() {
                    return Err(page::none(&page, index, package, version, &filter).into());
                }
                take(candidates, self.bases.hash_missing, self.network, learned)
            }
            Missing::Requirements { package, version, sha256 } => {
                let rows = known.wheels_of(package, version);
                let row = rows.iter().find(|row| row.sha256 == *sha256);
                row.map_or(Ok(()), |row| self.requirements(row, learned))
            }
            Missing::Release { package, .. } if page::is_family(package) => Err(Problem::new(
                Code::Unknown,
                format!("{package} belongs to torch's family: the lock has to say which build is wanted"),
            )
            .into()),
            Missing::Release { package, versions, backend, platform, is_locked: _ } => {
                let own = backend.map(|backend| self.own(&backend, package)).transpose()?;
                let shelves = offer::order(package, own.map(|base| (base, None)), self.closure());
                if shelves.is_empty() {
                    return Err(not_named(package.as_ref()).into());
                }
                self.release(package, versions, (*platform, pythons), &shelves, learned)
            }
            Missing::Kept { package, version, platform, files, places } => {
                let filter = Filter { backend: None, platforms: vec![*platform], pythons: pythons.to_vec() };
                self.kept((package, version), &filter, files, places, learned)
            }
        }
    }

    /// The index that has a package beside a build of torch: that of the build, else the one of all builds.
    fn own(&self, build: &Backend, package: &PackageName) -> Result<Url, Problem> {
        let index = self.bases.of(build);
        let all = self.bases.of_all().filter(|_| is_gpu_runtime(package));
        Ok(match all {
            Some(all) if self.page(&index, package)?.is_none() && self.page(all, package)?.is_some() => all.clone(),
            Some(_) | None => index,
        })
    }

    /// The index at an address that a lock or a catalogue has: a folder of PyTorch's index is one of the index that stands
    /// for it.
    pub(super) fn base_of(&self, url: &str) -> Option<Url> {
        match address::canonical(url).strip_prefix(address::PYTORCH) {
            Some(folder) => Some(self.bases.of(&folder.trim_start_matches('/'))),
            None => Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https")),
        }
    }

    pub(super) fn closure(&self) -> impl Iterator<Item = (Url, Option<Index>)> {
        self.bases.closure.iter().map(|base| (base.clone(), Some(Index::Pypi)))
    }

    /// The page of a package; `None`: there is none.
    pub(super) fn page(&self, index: &Url, package: &PackageName) -> Result<Option<Rc<Page>>, Problem> {
        let url = simple::page_url(index, package);
        if let Some(page) = self.pages.borrow().get(&url) {
            return Ok(page.clone());
        }
        let page = match self.network.page(&url) {
            Ok(page) => Some(Rc::new(page)),
            Err(problem) if problem.code == Code::Absent => None,
            Err(problem) => return Err(problem),
        };
        self.pages.borrow_mut().insert(url, page.clone());
        Ok(page)
    }

    /// Learns the requirements of a known wheel: from its own place, or from the index for that.
    fn requirements(&self, row: &WheelRow, learned: &mut Learned) -> Result<()> {
        let (package, file) = (&row.wheel.name, row.wheel.as_str());
        let indexes = match &row.index {
            Index::Pypi => self.bases.closure.clone(),
            Index::Url(url) => self.base_of(url).into_iter().collect(),
        };
        // The first that has the package is the one.
        let mut index = None;
        for one in indexes {
            let has_it = self.page(&one, package)?.is_some();
            if has_it || index.is_none() {
                index = Some(one);
            }
            if has_it {
                break;
            }
        }
        let index = index.ok_or_else(|| not_named(file))?;
        let page = self.page(&index, package)?;
        let listed = page.as_ref().and_then(|page| page.links.iter().find(|link| link.file == file).cloned());
        let link = match (listed, &row.index) {
            (Some(link), _) => link,
            // An index links out of its own folders, so a folder with wheels may have no page.
            (None, Index::Url(_)) => unlisted(&index, row),
            (None, Index::Pypi) => {
                let message = format!("{} has no {file}", shown(&index));
                return Err(Problem::new(Code::Unknown, message).into());
            }
        };
        if let Some(digest) = link.sha256.filter(|digest| *digest != row.sha256) {
            let known = format!("the {} catalogue has {}", row.catalogue, row.sha256);
            return Err(wheel::two_digests(&row.wheel, &known, &format!("{} says {digest}", shown(&index))).into());
        }
        learned.lists.extend(wheel::read(&link, &row.wheel, self.bases.hash_missing, self.network)?.lists(row));
        Ok(())
    }

    /// Under each Python the newest release that is admitted and has a wheel, of the first index that has one.
    fn release(
        &self,
        package: &PackageName,
        versions: &[Constraint],
        (platform, pythons): (Platform, &[Python]),
        shelves: &[(Url, Option<Index>)],
        learned: &mut Learned,
    ) -> Result<()> {
        let is_exact = versions.iter().any(|versions| versions.exact().is_some());
        let mut unmet: Vec<Python> = pythons.to_vec();
        for (base, index) in shelves {
            let Some(page) = self.page(base, package)? else { continue };
            let mut candidates = page::all(&page, package, index.as_ref());
            candidates.retain(|one| {
                let version = one.wheel.public_version();
                let plain = !version.any_prerelease() && one.link.yanked.is_none();
                (is_exact || plain) && versions.iter().all(|versions| versions.admits(&version))
            });
            let fits = |one: &LinkedWheel, python: &Python| {
                let range = one.link.requires_python.as_ref().and_then(|text| Constraint::poetry(text).ok());
                one.wheel.fit(Environment { platform, python: *python }).is_some()
                    && range.is_none_or(|range| range.admits_python(*python))
            };
            let newest = |python: &Python| {
                candidates.iter().filter(|one| fits(one, python)).map(|one| one.wheel.public_version()).max()
            };
            let (met, rest): (Vec<Python>, Vec<Python>) = unmet.iter().partition(|python| newest(python).is_some());
            let releases: BTreeSet<Version> = met.iter().filter_map(newest).collect();
            candidates.retain(|one| {
                releases.contains(&one.wheel.public_version()) && met.iter().any(|python| fits(one, python))
            });
            take(candidates, self.bases.hash_missing, self.network, learned)?;
            unmet = rest;
            if unmet.is_empty() {
                return Ok(());
            }
        }
        let pythons = unmet;
        let bases: Vec<String> = shelves.iter().map(|(base, _)| shown(base)).collect();
        let message = format!("{} has no wheel of {package} that is allowed for {platform}", bases.join(" and "));
        Err(Problem { pythons, ..Problem::new(Code::Unknown, message) }.into())
    }
}

/// A folder below the base of an index.
fn below(base: &Url, folder: &impl ToString) -> Url {
    let mut url = base.clone();
    let path = format!("{}/{}", base.path().trim_end_matches('/'), folder.to_string());
    url.set_path(path.trim_end_matches('/'));
    url
}

/// No index is named that could have a package or a file.
fn not_named(what: &str) -> Problem {
    let problem = Problem::new(Code::Unknown, format!("no index is named that has {what}"));
    problem.help("name one: --closure-index URL, or UV_DEFAULT_INDEX or PIP_INDEX_URL")
}

fn no_page(index: &Url, other: Option<&Url>, package: &PackageName) -> Problem {
    let nor = other.map(|other| format!(", nor has {}", shown(other))).unwrap_or_default();
    Problem::new(Code::Unknown, format!("{} has no page of {package}{nor}", shown(index)))
}

/// A wheel that lies where a catalogue says.
fn unlisted(index: &Url, row: &WheelRow) -> Link {
    let url = below(index, &address::encoded(row.wheel.as_str()));
    Link { sha256: Some(row.sha256), size: row.size, ..Link::new(row.wheel.as_str().to_owned(), url) }
}
