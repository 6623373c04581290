//! Lookups in the catalogues, kept: an export asks for the same rows under every Python.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use pep440_rs::Version;
use pep508_rs::{ExtraName, PackageName};

use crate::catalog::pin::Pin;
use crate::catalog::{BUILT_IN, Family, Index, Requires, WheelRow, WheelSource, releases};
use crate::packaging::constraint::Constraint;
use crate::packaging::digest::Sha256;
use crate::packaging::marker::{self, Marker};
use crate::packaging::requirement::{self, Requirement};
use crate::packaging::target::{Environment, Platform, Python};
use crate::packaging::wheel::WheelName;
use crate::report::DigestSource;
use crate::text::{Lookup, quoted};

/// One requirement of a wheel, understood.
#[derive(Debug, Clone)]
pub struct WheelRequirement {
    /// Of what.
    pub name: PackageName,
    /// With which extras.
    pub extras: Vec<ExtraName>,
    /// In which versions.
    pub versions: Constraint,
    /// When.
    pub marker: Marker,
    /// The marker as the wheel writes it.
    pub written: Option<String>,
}

/// A wheel's requirements, as far as they are known.
#[derive(Debug, Clone)]
pub enum WheelRequirements {
    /// This is required.
    Known(Rc<[WheelRequirement]>),
    /// They are not known, or not to be trusted: this is why.
    Unknown(String),
}

impl WheelRequirements {
    /// The list, if it is known.
    pub fn known(&self) -> Option<&Rc<[WheelRequirement]>> {
        match self {
            Self::Known(list) => Some(list),
            Self::Unknown(_) => None,
        }
    }
}

/// The requirements of wheels on a platform, by digest. One file mostly has one name and lies in one place; both matter,
/// for a table may have no file for an index.
type Lists = Lookup<(Sha256, Platform), Vec<Listed>>;

/// The requirements of the file of a name in a place.
#[derive(Debug)]
struct Listed {
    file: String,
    index: Index,
    known: WheelRequirements,
}

/// The wheels of a release. Who takes one of them does not copy it.
pub type Rows = Rc<[Rc<WheelRow>]>;

/// A source of wheels with a memory.
#[derive(Debug)]
pub struct Knowledge<'s> {
    source: &'s dyn WheelSource,
    /// By package and version, the local label left out.
    rows: RefCell<Lookup<PackageName, BTreeMap<Version, Rows>>>,
    versions: RefCell<Lookup<PackageName, Rc<[Version]>>>,
    required: RefCell<Lists>,
    understood: RefCell<Lookup<Vec<String>, WheelRequirements>>,
    markers: RefCell<Lookup<String, Marker>>,
    pythons: RefCell<Lookup<String, Option<Constraint>>>,
    wheels: RefCell<Lookup<String, Option<Rc<WheelName>>>>,
}

impl<'s> Knowledge<'s> {
    /// Nothing is looked up yet.
    pub fn new(source: &'s dyn WheelSource) -> Self {
        Self {
            source,
            rows: RefCell::default(),
            versions: RefCell::default(),
            required: RefCell::default(),
            understood: RefCell::default(),
            markers: RefCell::default(),
            pythons: RefCell::default(),
            wheels: RefCell::default(),
        }
    }

    /// The source itself.
    pub fn source(&self) -> &'s dyn WheelSource {
        self.source
    }

    /// The kind of package.
    pub fn family(&self, package: &PackageName) -> Family {
        self.source.family(package)
    }

    /// The role of a release of a package in it: of some that are built per backend one wheel serves all from some
    /// release on, unless a catalogue of the project has a build of it.
    pub(super) fn family_of(&self, package: &PackageName, version: &Version) -> Family {
        let is_built = || self.rows(package, version).iter().any(|row| row.built.is_bound());
        match self.family(package) {
            Family::PerBackend if releases::has_one_build(package, version) && !is_built() => Family::OneBuild,
            family => family,
        }
    }

    /// All wheels of a release, every build of it.
    pub fn rows(&self, package: &PackageName, version: &Version) -> Rows {
        let public = if version.is_local() { version.clone().without_local() } else { version.clone() };
        if let Some(rows) = self.rows.borrow().get(package).and_then(|releases| releases.get(&public)) {
            return Rc::clone(rows);
        }
        let rows: Rows = self.source.wheels_of(package, &public).into_iter().map(Rc::new).collect();
        self.rows.borrow_mut().entry(package.clone()).or_default().insert(public, Rc::clone(&rows));
        rows
    }

    /// Pins a wheel. Where a project has found the very file on an index of its own, it is taken from there.
    pub(crate) fn pin(&self, row: &WheelRow, platform: Platform) -> Pin {
        let is_built_in = |row: &WheelRow| *row.catalogue == *BUILT_IN;
        let rows = self.rows(&row.wheel.name, &row.wheel.version);
        let is_twin = |other: &&Rc<WheelRow>| {
            !is_built_in(other) && other.sha256 == row.sha256 && other.wheel == row.wheel && other.index != Index::Pypi
        };
        let elsewhere = rows.iter().find(is_twin).filter(|_| is_built_in(row) && row.index != Index::Pypi);
        let row = elsewhere.map_or(row, |twin| twin);
        Pin::of(row, self.witness(row, platform))
    }

    /// The releases known of a package, newest first.
    pub fn versions(&self, package: &PackageName) -> Rc<[Version]> {
        let found = self.versions.borrow().get(package).map(Rc::clone);
        found.unwrap_or_else(|| {
            let mut versions = self.source.versions(package);
            versions.sort();
            versions.reverse();
            let versions: Rc<[Version]> = versions.into();
            self.versions.borrow_mut().insert(package.clone(), Rc::clone(&versions));
            versions
        })
    }

    /// The source of a row's digest, as it is used on a platform.
    pub(crate) fn witness(&self, row: &WheelRow, platform: Platform) -> DigestSource {
        let index = match &row.index {
            Index::Pypi => "PyPI".to_owned(),
            Index::Url(url) => url.to_string(),
        };
        DigestSource {
            catalogue: row.catalogue.to_string(),
            index,
            seen: row.seen,
            computed: row.is_computed(),
            overrides: self.source.override_of(row, platform),
        }
    }

    /// The requirements of a wheel on a platform.
    pub fn requires(&self, row: &WheelRow, platform: Platform) -> WheelRequirements {
        let key = (row.sha256, platform);
        let same = |listed: &&Listed| listed.file == row.wheel.as_str() && listed.index == row.index;
        if let Some(listed) = self.required.borrow().get(&key).and_then(|all| all.iter().find(same)) {
            return listed.known.clone();
        }
        let known = match self.source.requires(row, platform) {
            Requires::Known { list, .. } => self.understood(list),
            Requires::Suspect { reason } => WheelRequirements::Unknown(reason),
            Requires::Unknown => WheelRequirements::Unknown("no catalogue knows what it requires".to_owned()),
        };
        let (file, index) = (row.wheel.as_str().to_owned(), row.index.clone());
        self.required.borrow_mut().entry(key).or_default().push(Listed { file, index, known: known.clone() });
        known
    }

    /// The same of a wheel that no catalogue may know.
    pub(super) fn requires_of(&self, row: Option<&WheelRow>, platform: Platform) -> WheelRequirements {
        let unknown = || WheelRequirements::Unknown("no catalogue knows this wheel".to_owned());
        row.map_or_else(unknown, |row| self.requires(row, platform))
    }

    /// A release's wheel for an environment whose requirements are known, if there is one; rather that of the default index.
    pub(super) fn wheel_for(
        &self,
        name: &PackageName,
        version: &Version,
        environment: Environment,
    ) -> Option<Rc<WheelRow>> {
        let rows = self.rows(name, version);
        let fits = |row: &&Rc<WheelRow>| row.wheel.fit(environment).is_some();
        let known = |row: &&Rc<WheelRow>| self.requires(row, environment.platform).known().is_some();
        let (own, others): (Vec<&Rc<WheelRow>>, Vec<&Rc<WheelRow>>) =
            rows.iter().rev().filter(fits).partition(|row| row.index == Index::Pypi);
        let first = own.first().or(others.first()).copied();
        own.into_iter().chain(others).find(known).or(first).cloned()
    }

    /// The wheels of a release for several Pythons mostly require the same.
    fn understood(&self, list: Vec<String>) -> WheelRequirements {
        if let Some(known) = self.understood.borrow().get(&list) {
            return known.clone();
        }
        let markers = &mut self.markers.borrow_mut();
        let read: Result<Rc<[WheelRequirement]>, String> = list.iter().map(|text| understand(text, markers)).collect();
        let known = read.map_or_else(WheelRequirements::Unknown, WheelRequirements::Known);
        self.understood.borrow_mut().insert(list, known.clone());
        known
    }

    /// A file's name as that of a wheel, if it is one.
    pub(crate) fn wheel(&self, file: &str) -> Option<Rc<WheelName>> {
        if let Some(wheel) = self.wheels.borrow().get(file) {
            return wheel.clone();
        }
        let wheel = file.parse().ok().map(Rc::new);
        self.wheels.borrow_mut().insert(file.to_owned(), wheel.clone());
        wheel
    }

    /// True if the release itself takes a Python (PEP 345's Requires-Python). What cannot be read forbids nothing.
    pub(crate) fn admits_python(&self, row: &WheelRow, python: Python) -> bool {
        let Some(text) = &row.requires_python else { return true };
        let admits = |versions: &Option<Constraint>| versions.as_ref().is_none_or(|all| all.admits_python(python));
        if let Some(versions) = self.pythons.borrow().get(text) {
            return admits(versions);
        }
        let versions = Constraint::poetry(text).ok();
        let answer = admits(&versions);
        self.pythons.borrow_mut().insert(text.clone(), versions);
        answer
    }
}

impl WheelRequirement {
    /// Reads a requirement.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        understand(text, &mut Lookup::default())
    }
}

/// Reads a requirement; its marker from memory if it was read before: the lists of a closure repeat a few of them many times.
fn understand(text: &str, known: &mut Lookup<String, Marker>) -> Result<WheelRequirement, String> {
    let wrong = |_| format!("the catalogue gives it a requirement that cannot be read: {}", quoted(text));
    let (before, written) = requirement::split(text);
    let marker = match written {
        None => Marker::always(),
        Some(written) => match known.get(written) {
            Some(marker) => marker.clone(),
            None => {
                let marker = marker::parse(written).map_err(wrong)?;
                known.insert(written.to_owned(), marker.clone());
                marker
            }
        },
    };
    let (Requirement { name, extras, versions }, _) = requirement::plain(before).map_err(wrong)?;
    Ok(WheelRequirement { name, extras, versions, marker, written: written.map(str::to_owned) })
}
