//! Version constraints: PEP 440 specifiers, and Poetry's own writing of them (`^1.2`, `~1.2`, `1.2.*`, `>=1,<2 || >3`).
//!
//! Poetry takes more than PEP 440 does: `>=3.5.*` (the wildcard says nothing), `<>`, `v1.2`, `x`, `~=1`, and bounds with a
//! local label. `.ci/poetry-judge` compares thousands of constraints with Poetry's own reader.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pep440_rs::{Operator, Version, VersionSpecifier, VersionSpecifiers};

use super::target::Python;

/// The versions that are admitted: those that meet all specifiers of one of the alternatives. A copy costs next to
/// nothing.
#[derive(Debug, Clone)]
pub struct Constraint(Arc<Alternatives>);

#[derive(Debug)]
struct Alternatives {
    all: Box<[Box<[Clause]>]>,
    /// The CPythons 3.0 to 3.31 that were asked about, a bit each, and above these bits those that are admitted.
    pythons: AtomicU64,
}

/// One comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Clause {
    /// `==`, `!=`, `===` or `~=`, as PEP 440 has them.
    Specifier(VersionSpecifier),
    /// `==V.*` and `!=V.*`. The library takes `1` for a `1.2.*`.
    Release { version: Version, negated: bool },
    /// An ordered comparison. One with a local label, which PEP 440 does not know, compares the label, too, as Poetry does.
    Bound(Bound, Version),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Above,
    AtLeast,
    AtMost,
    Below,
}

impl From<&VersionSpecifier> for Clause {
    fn from(one: &VersionSpecifier) -> Self {
        let version = || one.version().clone();
        match one.operator() {
            Operator::EqualStar => Self::Release { version: version(), negated: false },
            Operator::NotEqualStar => Self::Release { version: version(), negated: true },
            Operator::GreaterThan => Self::Bound(Bound::Above, version()),
            Operator::GreaterThanEqual => Self::Bound(Bound::AtLeast, version()),
            Operator::LessThanEqual => Self::Bound(Bound::AtMost, version()),
            Operator::LessThan => Self::Bound(Bound::Below, version()),
            Operator::Equal | Operator::NotEqual | Operator::ExactEqual | Operator::TildeEqual => {
                Self::Specifier(one.clone())
            }
        }
    }
}

impl Clause {
    /// A local label counts only against a clause that has one (PEP 440), for every operator alike. `public` is the version
    /// without its label.
    fn admits(&self, version: &Version, public: &Version) -> bool {
        let asked = |bound: &Version| if bound.is_local() { version } else { public };
        match self {
            Self::Specifier(one) => one.contains(asked(one.version())),
            Self::Release { version: prefix, negated } => is_of(public, prefix) != *negated,
            Self::Bound(Bound::Above, bound) => is_above(asked(bound), bound),
            Self::Bound(Bound::AtLeast, bound) => asked(bound) >= bound,
            Self::Bound(Bound::AtMost, bound) => asked(bound) <= bound,
            // No pre-release of a release is below it.
            Self::Bound(Bound::Below, bound) if bound.any_prerelease() => asked(bound) < bound,
            Self::Bound(Bound::Below, bound) => *public < bound.clone().without_local().with_dev(Some(0)),
        }
    }
}

/// True if a version begins with these parts of a release, missing ones being zero.
fn is_of(version: &Version, prefix: &Version) -> bool {
    let parts = version.release().iter().copied().chain(std::iter::repeat(0));
    version.epoch() == prefix.epoch() && parts.zip(prefix.release()).all(|(part, wanted)| part == *wanted)
}

/// No post-release of a version is above it, unless it is one itself.
fn is_above(version: &Version, bound: &Version) -> bool {
    if version.is_post() && !bound.is_post() { version.clone().with_post(None) > *bound } else { version > bound }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Specifier(one) => one.fmt(f),
            Self::Release { version, negated: false } => write!(f, "=={version}.*"),
            Self::Release { version, negated: true } => write!(f, "!={version}.*"),
            Self::Bound(Bound::Above, version) => write!(f, ">{version}"),
            Self::Bound(Bound::AtLeast, version) => write!(f, ">={version}"),
            Self::Bound(Bound::AtMost, version) => write!(f, "<={version}"),
            Self::Bound(Bound::Below, version) => write!(f, "<{version}"),
        }
    }
}

impl Constraint {
    /// Admits every version.
    pub fn any() -> Self {
        Self::of([[].into()])
    }

    fn of(all: impl Into<Box<[Box<[Clause]>]>>) -> Self {
        Self(Arc::new(Alternatives { all: all.into(), pythons: AtomicU64::new(0) }))
    }

    /// Reads what Poetry writes into `poetry.lock` and what people write into `[tool.poetry]`.
    ///
    /// # Errors
    /// If a part is no constraint.
    pub fn poetry(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a version constraint");
        let mut alternatives: Vec<Box<[Clause]>> = Vec::new();
        for alternative in text.replace("||", "|").split('|') {
            let parts =
                clauses(alternative).filter(|parts| !parts.is_empty() || text.trim().is_empty()).ok_or_else(wrong)?;
            let mut all = Vec::new();
            for part in parts {
                poetry_clause(&part, &mut all).ok_or_else(wrong)?;
            }
            alternatives.push(all.into());
        }
        Ok(Self::of(alternatives))
    }

    /// True if the version is admitted.
    pub fn admits(&self, version: &Version) -> bool {
        // Most requirements of wheels are exact, and the library copies what it compares.
        if let Some(exact) = self.exact().filter(|exact| !exact.is_local() && !version.is_local()) {
            return exact == version;
        }
        // To take off a label that is not there would copy the version all the same.
        let public = if version.is_local() { version.clone().without_local() } else { version.clone() };
        self.0.all.iter().any(|all| all.iter().all(|one| one.admits(version, &public)))
    }

    /// True if it admits every version.
    pub fn is_any(&self) -> bool {
        self.0.all.iter().any(|all| all.is_empty())
    }

    /// The version that the constraint names with `==`, if it names only one.
    pub fn exact(&self) -> Option<&Version> {
        let [all] = &*self.0.all else { return None };
        match &**all {
            [Clause::Specifier(one)] if *one.operator() == Operator::Equal => Some(one.version()),
            _ => None,
        }
    }

    /// The one release that the constraint means, with `==` or as `==1.2.3.*`, which admits what is built anew of it, too.
    pub fn release(&self) -> Option<&Version> {
        let [all] = &*self.0.all else { return None };
        match &**all {
            [Clause::Release { version, negated: false }] if version.release().len() > 2 => Some(version),
            _ => self.exact(),
        }
    }

    /// True if a version is newer than what is asked for and of the same major version, whatever limit above the latter there
    /// is: for a library, as a rule, it will do.
    pub fn is_outgrown_by(&self, version: &Version) -> bool {
        let public = version.clone().without_local();
        let is_older = |asked: &Version| asked.release().first() == public.release().first() && *asked <= public;
        self.0.all.iter().any(|all| {
            let mut is_named = false;
            let allowed = all.iter().all(|clause| match clause {
                Clause::Specifier(one) if matches!(one.operator(), Operator::Equal | Operator::TildeEqual) => {
                    is_named = true;
                    is_older(one.version())
                }
                Clause::Release { version: asked, negated: false }
                | Clause::Bound(Bound::Above | Bound::AtLeast, asked) => {
                    is_named = true;
                    is_older(asked)
                }
                Clause::Bound(Bound::AtMost | Bound::Below, _) => true,
                Clause::Specifier(_) | Clause::Release { negated: true, .. } => clause.admits(version, &public),
            });
            allowed && is_named && !self.admits(version)
        })
    }

    /// True if a release of CPython `3.minor` may be admitted: tried with the first and a late patch release.
    pub fn admits_python(&self, python: Python) -> bool {
        let Some(asked) = 1u32.checked_shl(python.minor().into()) else { return self.tries_python(python) };
        let (asked, admitted) = (u64::from(asked), u64::from(asked) << u32::BITS);
        let known = self.0.pythons.load(Ordering::Relaxed);
        if known & asked != 0 {
            return known & admitted != 0;
        }
        let answer = self.tries_python(python);
        self.0.pythons.fetch_or(asked | if answer { admitted } else { 0 }, Ordering::Relaxed);
        answer
    }

    fn tries_python(&self, python: Python) -> bool {
        let minor = u64::from(python.minor());
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 99].iter().any(|patch| self.admits(&Version::new([3, minor, *patch])))
    }
}

impl From<&Version> for Constraint {
    /// Admits only this version.
    fn from(version: &Version) -> Self {
        Self::of([[Clause::Specifier(VersionSpecifier::equals_version(version.clone()))].into()])
    }
}

impl From<VersionSpecifiers> for Constraint {
    fn from(all: VersionSpecifiers) -> Self {
        Self::of([all.iter().map(Clause::from).collect()])
    }
}

impl PartialEq for Constraint {
    fn eq(&self, other: &Self) -> bool {
        self.0.all == other.0.all
    }
}

impl Eq for Constraint {}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, all) in self.0.all.iter().enumerate() {
            if index > 0 {
                f.write_str(" || ")?;
            }
            let text: Vec<String> = all.iter().map(ToString::to_string).collect();
            f.write_str(if text.is_empty() { "*" } else { "" })?;
            f.write_str(&text.join(","))?;
        }
        Ok(())
    }
}

/// Splits at commas, and at blanks that are between two clauses (not between an operator and its version). `None` if
/// nothing is before a comma: the one at the end says nothing.
fn clauses(text: &str) -> Option<Vec<String>> {
    let mut out: Vec<String> = Vec::new();
    let parts: Vec<&str> = text.trim_end().trim_end_matches(',').split(',').collect();
    for part in &parts {
        let mut open = String::new();
        for word in part.split_whitespace() {
            open.push_str(word);
            if word.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '*') {
                out.push(std::mem::take(&mut open));
            }
        }
        if !open.is_empty() {
            out.push(open);
        }
        if part.trim().is_empty() && parts.len() > 1 {
            return None;
        }
    }
    Some(out)
}

/// One clause as Poetry reads it; `None` if it is none.
fn poetry_clause(text: &str, all: &mut Vec<Clause>) -> Option<()> {
    let is_wild = |part: &str| matches!(part, "*" | "x" | "X");
    if text.strip_prefix(['v', 'V']).unwrap_or(text).split('.').all(is_wild) {
        return Some(());
    }
    if let Some(base) = text.strip_prefix('^') {
        let version = Version::from_str(base).ok()?;
        let release = version.release();
        // The first of the three parts that is not zero may not change; of zeros only, the last.
        let fixed = release.iter().take(3).position(|part| *part != 0).unwrap_or(release.len().min(3) - 1);
        return bounded(version, fixed, all);
    }
    if let Some(base) = text.strip_prefix("~=") {
        let version = Version::from_str(base).ok()?;
        let fixed = version.release().len().saturating_sub(2);
        return bounded(version, fixed, all);
    }
    if let Some(base) = text.strip_prefix('~') {
        let version = Version::from_str(base).ok()?;
        let fixed = usize::from(version.release().len() > 1);
        return bounded(version, fixed, all);
    }
    let split = text.find(|c: char| !matches!(c, '<' | '>' | '=' | '!')).unwrap_or(text.len());
    let (operator, written) = text.split_at(split);
    let base = written.trim_end_matches(".*");
    let wildcards = (written.len() - base.len()) / 2;
    // Poetry takes this word for the oldest version there is.
    let is_dev = base.eq_ignore_ascii_case("dev");
    let version = if is_dev { Version::new([0, 0]).with_dev(Some(0)) } else { base.parse().ok()? };
    if wildcards > 1 && (!matches!(operator, "" | "==" | "!=") || version.release().len() > 3) {
        return None;
    }
    all.push(match (operator, wildcards) {
        ("" | "=" | "==" | "<>", 0) => Clause::Specifier(VersionSpecifier::equals_version(version)),
        ("" | "=" | "==" | "<>", _) => Clause::Release { version, negated: false },
        ("!=", 0) => Clause::Specifier(VersionSpecifier::not_equals_version(version)),
        ("!=", _) => Clause::Release { version, negated: true },
        // The wildcard says nothing behind an ordered comparison.
        (">=", _) => Clause::Bound(Bound::AtLeast, version),
        (">", _) => Clause::Bound(Bound::Above, version),
        ("<=", _) => Clause::Bound(Bound::AtMost, version),
        ("<", _) => Clause::Bound(Bound::Below, version),
        _ => return None,
    });
    Some(())
}

/// At least `version`, below the next one at the release part `fixed`.
fn bounded(version: Version, fixed: usize, all: &mut Vec<Clause>) -> Option<()> {
    let mut next: Vec<u64> = version.release().iter().copied().take(fixed + 1).collect();
    let last = next.last_mut()?;
    *last = last.checked_add(1)?;
    let next = Version::new(next).with_epoch(version.epoch());
    all.extend([Clause::Bound(Bound::AtLeast, version), Clause::Bound(Bound::Below, next)]);
    Some(())
}

#[cfg(test)]
mod tests;
