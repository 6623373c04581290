//! Version constraints: PEP 440 specifiers, and Poetry's own writing of them (`^1.2`, `~1.2`, `1.2.*`, `>=1,<2 || >3`).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pep440_rs::{Operator, Version, VersionSpecifier, VersionSpecifiers};

/// Which versions are admitted: those that meet all specifiers of one of the alternatives. A copy costs next to nothing.
#[derive(Debug, Clone)]
pub struct Constraint(Arc<Alternatives>);

#[derive(Debug)]
struct Alternatives {
    all: Box<[VersionSpecifiers]>,
    /// Which CPython 3.0 to 3.31 were asked about, a bit each, and above these bits which of them are admitted.
    pythons: AtomicU64,
}

impl Constraint {
    /// Admits every version.
    pub fn any() -> Self {
        Self::of([VersionSpecifiers::empty()])
    }

    fn of(all: impl Into<Box<[VersionSpecifiers]>>) -> Self {
        Self(Arc::new(Alternatives { all: all.into(), pythons: AtomicU64::new(0) }))
    }

    /// Reads what Poetry writes into `poetry.lock` and what people write into `[tool.poetry]`.
    ///
    /// # Errors
    /// If a part is no constraint.
    pub fn poetry(text: &str) -> Result<Self, ConstraintError> {
        let mut alternatives = Vec::new();
        for alternative in text.split("||").flat_map(|part| part.split(" | ")) {
            let mut all = Vec::new();
            for part in clauses(alternative) {
                poetry_clause(&part, &mut all).ok_or_else(|| ConstraintError(text.to_owned()))?;
            }
            alternatives.push(all.into_iter().collect());
        }
        Ok(Self::of(alternatives))
    }

    /// True if the version is admitted. A local label counts only against a specifier that has one (PEP 440), for every
    /// operator alike.
    pub fn admits(&self, version: &Version) -> bool {
        // Most requirements of wheels are exact, and the library copies what it compares.
        if let Some(exact) = self.exact().filter(|exact| !exact.is_local() && !version.is_local()) {
            return exact == version;
        }
        // To take off a label that is not there would copy the version all the same.
        let public = if version.is_local() { version.clone().without_local() } else { version.clone() };
        self.0.all.iter().any(|all| {
            all.iter().all(|one| {
                let asked = if one.version().is_local() { version } else { &public };
                one.contains(asked)
            })
        })
    }

    /// True if it admits every version.
    pub fn is_any(&self) -> bool {
        self.0.all.iter().any(VersionSpecifiers::is_empty)
    }

    /// The version that the constraint names with `==`, if it names one alone.
    pub fn exact(&self) -> Option<&Version> {
        match &*self.0.all {
            [all] if all.len() == 1 => {
                all.iter().next().filter(|one| *one.operator() == Operator::Equal).map(VersionSpecifier::version)
            }
            _ => None,
        }
    }

    /// True if a release of CPython `3.minor` may be admitted: tried with the first and a late patch release.
    pub fn admits_python(&self, python: crate::target::Python) -> bool {
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

    fn tries_python(&self, python: crate::target::Python) -> bool {
        let minor = u64::from(python.minor());
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 99].iter().any(|patch| self.admits(&Version::new([3, minor, *patch])))
    }
}

impl From<VersionSpecifiers> for Constraint {
    fn from(all: VersionSpecifiers) -> Self {
        Self::of([all])
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

/// Text that is no version constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConstraintError(String);

impl fmt::Display for ConstraintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a version constraint", self.0)
    }
}

impl std::error::Error for ConstraintError {}

/// Splits at commas, and at blanks that stand between two clauses (not between an operator and its version).
fn clauses(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for part in text.split(',') {
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
    }
    out
}

/// One clause, as PEP 440 specifiers; `None` if it is none.
fn poetry_clause(text: &str, all: &mut Vec<VersionSpecifier>) -> Option<()> {
    if text == "*" {
        return Some(());
    }
    if let Some(base) = text.strip_prefix('^') {
        let version = Version::from_str(base).ok()?;
        let release = version.release();
        // The first part that is not zero may not change; of a version of zeros only, the last.
        let fixed = release.iter().position(|part| *part != 0).unwrap_or(release.len() - 1);
        return bounded(&version, fixed, all);
    }
    if let Some(base) = text.strip_prefix('~').filter(|rest| !rest.starts_with('=')) {
        let version = Version::from_str(base).ok()?;
        let fixed = usize::from(version.release().len() > 1);
        return bounded(&version, fixed, all);
    }
    let bare = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    let text = if bare {
        format!("=={text}")
    } else if text.starts_with('=') && !text.starts_with("==") {
        format!("={text}")
    } else {
        text.to_owned()
    };
    all.push(VersionSpecifier::from_str(&text).ok()?);
    Some(())
}

/// At least `version`, below the next one at the release part `fixed`.
fn bounded(version: &Version, fixed: usize, all: &mut Vec<VersionSpecifier>) -> Option<()> {
    let mut next: Vec<u64> = version.release().iter().copied().take(fixed + 1).collect();
    let last = next.last_mut()?;
    *last = last.checked_add(1)?;
    all.push(VersionSpecifier::from_version(Operator::GreaterThanEqual, version.clone()).ok()?);
    all.push(VersionSpecifier::from_version(Operator::LessThan, Version::new(next)).ok()?);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(constraint: &str, version: &str) -> bool {
        Constraint::poetry(constraint).unwrap().admits(&version.parse().unwrap())
    }

    #[test]
    fn reads_poetrys_writing() {
        for (constraint, inside, outside) in [
            ("^1.2.3", "1.9", "2.0"),
            ("^0.2.3", "0.2.9", "0.3.0"),
            ("^0.0.3", "0.0.3", "0.0.4"),
            ("^0", "0.9", "1.0"),
            ("^1.26,<1.27", "1.26.4", "1.27"),
            ("~1.2", "1.2.9", "1.3"),
            ("~1", "1.9", "2"),
            ("~1.2.3", "1.2.9", "1.3"),
            ("1.2.*", "1.2.7", "1.3"),
            ("==1.2.*", "1.2.7", "1.3"),
            ("1.2.3", "1.2.3", "1.2.4"),
            ("=1.2.3", "1.2.3", "1.2.4"),
            ("!=1.2.*", "1.3", "1.2.1"),
            ("~=1.4.2", "1.4.9", "1.5"),
            (">= 1.0 , < 2.0", "1.5", "2.0"),
            (">=1.0 <2.0", "1.5", "2.0"),
            (">=2.7,<3.0.dev0 || >=3.5", "3.6", "3.2"),
            (">=1,<2 | >3", "4", "2.5"),
            ("*", "0.1", "!"),
        ] {
            assert!(admits(constraint, inside), "{constraint} {inside}");
            assert!(outside == "!" || !admits(constraint, outside), "{constraint} {outside}");
        }
        for text in ["", ">", "latest", "^x", "1..2", ">=1;", "^18446744073709551615"] {
            let read = Constraint::poetry(text);
            assert!(read.is_err() || text.is_empty(), "{text}");
        }
    }

    #[test]
    fn a_local_label_counts_only_where_one_is_asked_for() {
        assert!(admits("2.0.1", "2.0.1+cu118"));
        assert!(admits("<=2.0.1", "2.0.1+cu118"));
        assert!(!admits(">2.0.1", "2.0.1+cu118"));
        assert!(admits("2.0.1+cu118", "2.0.1+cu118"));
        assert!(!admits("2.0.1+cu118", "2.0.1"));
        assert!(!admits("2.0.1+cu118", "2.0.1+cpu"));
    }

    #[test]
    fn a_python_is_admitted_however_often_it_is_asked_for() {
        let constraint = Constraint::poetry(">=3.9,<3.11").unwrap();
        for _ in 0..2 {
            let admitted = (0..=40).filter(|minor| constraint.admits_python(crate::target::Python::three(*minor)));
            assert_eq!(admitted.collect::<Vec<_>>(), [9, 10]);
        }
        assert_eq!(constraint, Constraint::poetry(">=3.9,<3.11").unwrap());
    }

    #[test]
    fn pythons() {
        let python = |constraint: &str, minor| {
            Constraint::poetry(constraint).unwrap().admits_python(crate::target::Python::three(minor))
        };
        assert!(python(">=3.9.1,<3.12", 9) && python(">=3.9,<3.12", 11) && !python(">=3.9,<3.12", 12));
        assert!(python("^3.8", 13) && !python("^3.8", 7));
        assert!(python(">=3.31", 31) && python(">=3.31", 32) && !python("<3.32", 32) && !python("<3.32", 255));
        assert!(python(">=2.7, !=3.0.*, !=3.1.*", 8));
    }
}
