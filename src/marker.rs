//! Environment markers (PEP 508), decided for one environment with three answers: yes, no, cannot tell.
//!
//! An environment here is a platform and a minor release of CPython. That settles most variables, but not
//! `platform_release`, `platform_version`, or a bound on `python_full_version` that lies inside the minor release.

use std::collections::BTreeSet;
use std::ops::Bound;

use pep440_rs::{Version, VersionSpecifier};
use pep508_rs::marker::MarkerValueExtra;
use pep508_rs::{
    ExtraName, MarkerExpression, MarkerOperator, MarkerTree, MarkerTreeKind, MarkerValueString, MarkerValueVersion,
};
use pep508_rs::{MarkerWarningKind, Reporter};
use version_ranges::Ranges;

use crate::target::Environment;
use crate::text::quoted;

/// The extras that are switched on.
pub type Extras = BTreeSet<ExtraName>;

/// Reads a marker.
///
/// # Errors
/// If it is not a marker, or if it holds a comparison that has no meaning and that the parser would leave out: a marker
/// with a part left out selects something else than its author wrote.
pub fn parse(text: &str) -> Result<MarkerTree, String> {
    struct Strict(Option<String>);
    impl Reporter for Strict {
        fn report(&mut self, kind: MarkerWarningKind, warning: String) {
            match kind {
                MarkerWarningKind::DeprecatedMarkerName | MarkerWarningKind::LexicographicComparison => {}
                MarkerWarningKind::ExtraInvalidComparison
                | MarkerWarningKind::MarkerMarkerComparison
                | MarkerWarningKind::Pep440Error
                | MarkerWarningKind::StringStringComparison => self.0 = Some(warning),
            }
        }
    }
    tame(text)?;
    let mut strict = Strict(None);
    let tree = MarkerTree::parse_reporter(text, &mut strict).map_err(|error| first_line(&error.to_string()))?;
    match strict.0 {
        Some(warning) => Err(warning),
        None => Ok(tree),
    }
}

/// How deep brackets may stand in each other: the parser calls itself for each.
const DEEPEST_MARKER: usize = 64;
/// How long a marker may be: each comparison can add a level to the tree, and walks over it call themselves too.
const LONGEST_MARKER: usize = 16 << 10;
/// How many comparisons with `in` or `extra` there may be. Each is a variable of its own, and the alternatives that the
/// tree spells out double with each: six pairs of them take 10 ms, eight 400 ms, sixteen for ever.
const MOST_SUBSTRINGS: usize = 12;

/// Refuses markers that would cost their parser its stack or all of the memory, and those on which it panics: it counts
/// characters where it should count bytes. No variable has a value outside of ASCII (PEP 508).
fn tame(text: &str) -> Result<(), String> {
    if let Some(odd) = text.chars().find(|c| !c.is_ascii()) {
        return Err(format!("U+{:04X} has no place in a marker: `{}`", u32::from(odd), quoted(text)));
    }
    let mut depth = 0_usize;
    let mut quote = None;
    for c in text.chars() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST_MARKER {
            return Err(format!("the marker has brackets more than {DEEPEST_MARKER} deep"));
        }
    }
    if text.len() > LONGEST_MARKER {
        return Err(format!("the marker is longer than {LONGEST_MARKER} bytes"));
    }
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    if words.filter(|word| matches!(*word, "in" | "extra")).count() > MOST_SUBSTRINGS {
        return Err(format!("the marker has more than {MOST_SUBSTRINGS} comparisons with `in` or `extra`"));
    }
    Ok(())
}

/// The parser's own message has a picture of the text below it; places are shown our way.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim_end_matches('.').to_owned()
}

/// Whether something holds on an environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Condition {
    /// On no machine of that environment.
    #[default]
    Never,
    /// On every machine of that environment.
    Always,
    /// On some: this is left of the marker when all that the environment decides is taken out.
    When(MarkerTree),
}

impl Condition {
    /// Decides a marker.
    pub fn of(marker: &MarkerTree, environment: Environment, extras: &Extras) -> Self {
        let mut seen = (false, false);
        walk(marker, environment, extras, &mut seen);
        match seen {
            (true, false) => Self::Always,
            (true, true) => Self::When(restrict(marker, environment, extras)),
            (false, _) => Self::Never,
        }
    }

    /// True if it holds on no machine.
    pub fn is_never(&self) -> bool {
        *self == Self::Never
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Never, _) | (_, Self::Never) => Self::Never,
            (Self::Always, it) | (it, Self::Always) => it,
            (Self::When(mut one), Self::When(other)) => {
                one.and(other);
                if one.is_false() { Self::Never } else { Self::When(one) }
            }
        }
    }

    /// Either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Always, _) | (_, Self::Always) => Self::Always,
            (Self::Never, it) | (it, Self::Never) => it,
            (Self::When(mut one), Self::When(other)) => {
                one.or(other);
                if one.is_true() { Self::Always } else { Self::When(one) }
            }
        }
    }

    /// The marker to write behind a line; `None` where none is needed.
    pub fn marker(&self) -> Option<String> {
        match self {
            Self::Never | Self::Always => None,
            Self::When(tree) => tree.try_to_string().map(|text| text.replace('\'', "\"")),
        }
    }
}

/// The marker that holds on an environment alone.
pub fn environment(environment: Environment) -> MarkerTree {
    let platform = environment.platform;
    let is = |key, value: &str| {
        let value = value.into();
        MarkerTree::expression(MarkerExpression::String { key, operator: MarkerOperator::Equal, value })
    };
    let mut tree = MarkerTree::expression(MarkerExpression::Version {
        key: MarkerValueVersion::PythonVersion,
        specifier: VersionSpecifier::equals_version(Version::new([3, u64::from(environment.python.minor())])),
    });
    for (key, value) in [
        (MarkerValueString::SysPlatform, platform.sys_platform()),
        (MarkerValueString::PlatformMachine, platform.platform_machine()),
        (MarkerValueString::PlatformSystem, platform.platform_system()),
        (MarkerValueString::OsName, platform.os_name()),
        (MarkerValueString::ImplementationName, "cpython"),
        (MarkerValueString::PlatformPythonImplementation, "CPython"),
    ] {
        tree.and(is(key, value));
    }
    tree
}

/// Collects which of the two ends, (true, false), can be reached on the environment.
fn walk(tree: &MarkerTree, environment: Environment, extras: &Extras, seen: &mut (bool, bool)) {
    if *seen == (true, true) {
        return;
    }
    match tree.kind() {
        MarkerTreeKind::True => seen.0 = true,
        MarkerTreeKind::False => seen.1 = true,
        MarkerTreeKind::Version(node) => {
            let here = version_range(node.key(), environment);
            for (range, next) in node.edges() {
                if !range.is_disjoint(&here) {
                    walk(&next, environment, extras, seen);
                }
            }
        }
        MarkerTreeKind::String(node) => {
            let here = value(node.key(), environment);
            for (range, next) in node.children() {
                if here.is_none_or(|value| holds(range, value)) {
                    walk(&next, environment, extras, seen);
                }
            }
        }
        MarkerTreeKind::In(node) => {
            let here = value(node.key(), environment).map(|value| node.value().contains(value));
            for (edge, next) in node.children() {
                if here.is_none_or(|here| here == edge) {
                    walk(&next, environment, extras, seen);
                }
            }
        }
        MarkerTreeKind::Contains(node) => {
            let here = value(node.key(), environment).map(|value| value.contains(node.value()));
            for (edge, next) in node.children() {
                if here.is_none_or(|here| here == edge) {
                    walk(&next, environment, extras, seen);
                }
            }
        }
        MarkerTreeKind::Extra(node) => {
            let on = match node.name() {
                MarkerValueExtra::Extra(name) => extras.contains(name),
                // A name that is none can never be asked for.
                MarkerValueExtra::Arbitrary(_) => false,
            };
            walk(&node.edge(on), environment, extras, seen);
        }
    }
}

/// [`Ranges::contains`] without a copy of the value.
fn holds(range: &Ranges<String>, value: &str) -> bool {
    range.iter().any(|(low, high)| {
        let above = match low {
            Bound::Included(low) => low.as_str() <= value,
            Bound::Excluded(low) => low.as_str() < value,
            Bound::Unbounded => true,
        };
        above
            && match high {
                Bound::Included(high) => value <= high.as_str(),
                Bound::Excluded(high) => value < high.as_str(),
                Bound::Unbounded => true,
            }
    })
}

/// The marker without what the environment decides.
fn restrict(tree: &MarkerTree, environment: Environment, extras: &Extras) -> MarkerTree {
    let mut left = MarkerTree::FALSE;
    for clause in tree.to_dnf() {
        let mut kept = MarkerTree::TRUE;
        for literal in clause {
            match decide(&literal, environment, extras) {
                Some(true) => {}
                Some(false) => kept = MarkerTree::FALSE,
                None => kept.and(MarkerTree::expression(literal)),
            }
        }
        left.or(kept);
    }
    left
}

fn decide(literal: &MarkerExpression, environment: Environment, extras: &Extras) -> Option<bool> {
    let mut seen = (false, false);
    walk(&MarkerTree::expression(literal.clone()), environment, extras, &mut seen);
    match seen {
        (true, false) => Some(true),
        (false, _) => Some(false),
        (true, true) => None,
    }
}

/// The values a version variable can have: every patch release of the minor.
fn version_range(key: &MarkerValueVersion, environment: Environment) -> Ranges<Version> {
    let minor = u64::from(environment.python.minor());
    match key {
        MarkerValueVersion::PythonVersion => Ranges::singleton(Version::new([3, minor])),
        MarkerValueVersion::PythonFullVersion | MarkerValueVersion::ImplementationVersion => Ranges::from_range_bounds(
            (Bound::Included(Version::new([3, minor])), Bound::Excluded(Version::new([3, minor + 1]))),
        ),
    }
}

fn value(key: &MarkerValueString, environment: Environment) -> Option<&'static str> {
    match key {
        MarkerValueString::ImplementationName => Some("cpython"),
        MarkerValueString::OsName | MarkerValueString::OsNameDeprecated => Some(environment.platform.os_name()),
        MarkerValueString::PlatformMachine | MarkerValueString::PlatformMachineDeprecated => {
            Some(environment.platform.platform_machine())
        }
        MarkerValueString::PlatformPythonImplementation
        | MarkerValueString::PlatformPythonImplementationDeprecated
        | MarkerValueString::PythonImplementationDeprecated => Some("CPython"),
        MarkerValueString::PlatformSystem => Some(environment.platform.platform_system()),
        MarkerValueString::SysPlatform | MarkerValueString::SysPlatformDeprecated => {
            Some(environment.platform.sys_platform())
        }
        MarkerValueString::PlatformRelease
        | MarkerValueString::PlatformVersion
        | MarkerValueString::PlatformVersionDeprecated => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::{Platform, Python};

    fn on(platform: Platform, minor: u8, marker: &str) -> Condition {
        let environment = Environment { platform, python: Python::three(minor) };
        let extras = Extras::from([ExtraName::new("socks".to_owned()).unwrap()]);
        Condition::of(&parse(marker).unwrap(), environment, &extras)
    }

    #[test]
    fn decides_what_the_environment_settles() {
        use Platform::*;
        let linux = "platform_system == \"Linux\" and platform_machine == \"x86_64\"";
        assert_eq!(on(LinuxX86_64, 10, linux), Condition::Always);
        assert_eq!(on(LinuxAarch64, 10, linux), Condition::Never);
        assert_eq!(on(MacosX86_64, 10, linux), Condition::Never);
        assert_eq!(on(WindowsX86_64, 10, "platform_machine == \"AMD64\" and os_name == \"nt\""), Condition::Always);
        assert_eq!(on(MacosArm64, 10, "sys_platform in \"darwin linux\""), Condition::Always);
        assert_eq!(on(MacosArm64, 10, "\"arm\" in platform_machine"), Condition::Always);
        assert_eq!(on(LinuxX86_64, 10, "platform_python_implementation == \"PyPy\""), Condition::Never);
        assert_eq!(on(LinuxX86_64, 10, "python_version < \"3.9\""), Condition::Never);
        assert_eq!(on(LinuxX86_64, 9, "python_version >= \"3.9\" and python_version < \"3.10\""), Condition::Always);
        assert_eq!(on(LinuxX86_64, 10, "python_version in \"3.9 3.10\""), Condition::Always);
        assert_eq!(on(LinuxX86_64, 10, "extra == \"socks\""), Condition::Always);
        assert_eq!(on(LinuxX86_64, 10, "extra == \"other\""), Condition::Never);
        assert_eq!(on(LinuxX86_64, 10, "extra != \"socks\""), Condition::Never);
    }

    #[test]
    fn keeps_what_the_environment_does_not_settle() {
        let inside = on(Platform::LinuxX86_64, 10, "python_full_version >= \"3.10.2\" and sys_platform == \"linux\"");
        assert_eq!(inside.marker().as_deref(), Some("python_full_version >= \"3.10.2\""));
        let release = on(Platform::MacosArm64, 10, "platform_release >= \"20\" or sys_platform == \"win32\"");
        assert_eq!(release.marker().as_deref(), Some("platform_release >= \"20\""));
        assert_eq!(on(Platform::LinuxX86_64, 9, "python_full_version >= \"3.10.2\""), Condition::Never);
        assert_eq!(on(Platform::LinuxX86_64, 11, "python_full_version >= \"3.10.2\""), Condition::Always);
    }

    #[test]
    fn refuses_comparisons_without_meaning() {
        for text in [
            "\"3.9\" > \"3.10\"",
            "os_name == sys_platform",
            "python_version >= \"x\"",
            "os_name ==",
            "python_version in \"3.9, 3.10\"",
            "",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn combines() {
        let some = || on(Platform::LinuxX86_64, 10, "python_full_version >= \"3.10.2\"");
        let rest = || on(Platform::LinuxX86_64, 10, "python_full_version < \"3.10.2\"");
        assert_eq!(some().or(rest()), Condition::Always);
        assert_eq!(some().and(rest()), Condition::Never);
        assert_eq!(some().and(Condition::Always), some());
        assert_eq!(some().or(Condition::Never), some());
    }

    #[test]
    fn untamed_markers_are_refused() {
        let deep = |n: usize| format!("{}os_name == 'nt'{}", "(".repeat(n), ")".repeat(n));
        assert!(tame(&deep(DEEPEST_MARKER)).is_ok() && tame(&deep(10_000)).is_err());
        assert!(tame(&format!("os_name == '{}'", "(".repeat(1000))).is_ok());
        let many = |n: usize| vec!["'a' in os_name"; n].join(" or ");
        assert!(tame(&many(MOST_SUBSTRINGS)).is_ok() && tame(&many(MOST_SUBSTRINGS + 1)).is_err());
        assert!(tame(&"x".repeat(LONGEST_MARKER + 1)).is_err());
        assert!(tame("os_name == 'nt'é").is_err() && tame("os_name == 'é'").is_err());
    }
}
