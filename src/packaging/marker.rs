//! Environment markers (PEP 508), decided for one environment with three answers: yes, no, undecided.
//!
//! An environment here is a platform and a minor release of CPython. That settles most variables, but not
//! `platform_release`, `platform_version`, or a bound on `python_full_version` that lies inside the minor release.
//!
//! A marker is kept as it is written: comparisons joined by `and` and `or`. Each comparison is decided by itself, and only
//! those that stay open are put together into a decision diagram of the library, whose size can double with each variable.

mod decide;
mod parse;

use std::collections::BTreeSet;
use std::sync::Arc;

use pep440_rs::{Version, VersionSpecifier};
use pep508_rs::{ExtraName, MarkerExpression, MarkerOperator, MarkerTree, MarkerValueString, MarkerValueVersion};

use crate::packaging::target::Environment;

pub use parse::{parse, parse_in_pylock};

/// The extras that are switched on.
pub type Extras = BTreeSet<ExtraName>;

/// A marker, understood. A copy costs next to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker(Arc<MarkerNode>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum MarkerNode {
    /// One comparison, read by the library.
    Comparison(MarkerTree),
    /// `"name" in extras`, `"name" not in dependency_groups` (PEP 751).
    Member { set: Set, name: ExtraName, wanted: bool },
    /// Joined by `and`.
    All(Vec<MarkerNode>),
    /// Joined by `or`.
    Any(Vec<MarkerNode>),
}

/// The sets that markers of a `pylock.toml` can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    Extras,
    DependencyGroups,
}

/// The extras and the groups that are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExtrasAndGroups {
    /// Extras.
    pub extras: Extras,
    /// Dependency groups.
    pub groups: BTreeSet<ExtraName>,
}

impl Marker {
    /// Holds everywhere.
    pub fn always() -> Self {
        Self(Arc::new(MarkerNode::All(Vec::new())))
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(Arc::new(MarkerNode::All(vec![Arc::unwrap_or_clone(self.0), Arc::unwrap_or_clone(other.0)])))
    }

    /// The condition under which it holds on an environment.
    pub fn condition(&self, environment: Environment, asked: &ExtrasAndGroups) -> Condition {
        self.decided(environment, &asked.extras, &asked.groups)
    }

    fn decided(&self, environment: Environment, extras: &Extras, groups: &BTreeSet<ExtraName>) -> Condition {
        match self.0.condition(environment, extras, groups) {
            // Several comparisons that stay open may together say what the environment decides.
            Condition::When(tree) => {
                decide::condition(&tree, environment, extras, || decide::restrict(&tree, environment, extras))
            }
            decided @ (Condition::Never | Condition::Always) => decided,
        }
    }
}

impl MarkerNode {
    fn condition(&self, environment: Environment, extras: &Extras, groups: &BTreeSet<ExtraName>) -> Condition {
        match self {
            Self::Comparison(tree) => decide::condition(tree, environment, extras, || tree.clone()),
            Self::Member { set, name, wanted } => {
                let asked = match set {
                    Set::Extras => extras,
                    Set::DependencyGroups => groups,
                };
                if asked.contains(name) == *wanted { Condition::Always } else { Condition::Never }
            }
            Self::All(nodes) => {
                let mut all = Condition::Always;
                for node in nodes {
                    all = all.and(node.condition(environment, extras, groups));
                    if all == Condition::Never {
                        break;
                    }
                }
                all
            }
            Self::Any(nodes) => {
                let mut any = Condition::Never;
                for node in nodes {
                    any = any.or(node.condition(environment, extras, groups));
                    if any == Condition::Always {
                        break;
                    }
                }
                any
            }
        }
    }
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
    /// Decides a marker of PEP 508.
    pub fn of(marker: &Marker, environment: Environment, extras: &Extras) -> Self {
        marker.decided(environment, extras, &BTreeSet::new())
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

/// The marker that holds on only one environment.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packaging::target::{Platform, Python};

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
    fn extras_are_constants_however_many_a_marker_asks_for() {
        let any = (0..500).map(|n| format!("extra == \"e{n}\"")).collect::<Vec<_>>().join(" or ");
        let pairs = (0..500).map(|n| format!("(sys_platform == \"linux\" and extra == \"e{n}\")"));
        let pairs = pairs.collect::<Vec<_>>().join(" or ");
        for (marker, holds) in [
            (any.clone(), false),
            (format!("{any} or extra == \"socks\""), true),
            (pairs.clone(), false),
            (format!("{pairs} or sys_platform == \"linux\" and extra == \"socks\""), true),
            (format!("extra != \"socks\" and ({any})"), false),
            (vec!["extra == \"other\""; 10_000].join(" or "), false),
        ] {
            let expected = if holds { Condition::Always } else { Condition::Never };
            assert_eq!(on(Platform::LinuxX86_64, 10, &marker), expected, "{}", &marker[marker.len() - 60..]);
        }
    }

    /// Each clause has variables of its own, so that a diagram of all of them would double with each.
    #[test]
    fn what_the_environment_decides_is_never_put_together() {
        let variables = ["os_name", "sys_platform", "platform_machine", "platform_system", "implementation_name"];
        let clause = |n: usize| {
            let compared = |at: usize| {
                let sign = if (n >> at) & 1 == 0 { '<' } else { '>' };
                format!("{} {sign} \"{}{n}\"", variables[(n + at) % 5], char::from(b'a' + (n % 26) as u8))
            };
            format!("({})", (0..4).map(compared).collect::<Vec<_>>().join(" and "))
        };
        let marker = (0..300).map(clause).collect::<Vec<_>>().join(" or ");
        assert!(!matches!(on(Platform::LinuxX86_64, 10, &marker), Condition::When(_)));
    }

    /// Parts that stay open each say together what the environment decides.
    #[test]
    fn parts_that_exclude_each_other_are_put_together() {
        let inside =
            "(python_full_version >= \"3.10.2\" or platform_release == \"a\") and python_full_version < \"3.10.2\"";
        let left = "python_full_version < \"3.10.2\" and platform_release == \"a\"";
        assert_eq!(on(Platform::LinuxX86_64, 10, inside), on(Platform::LinuxX86_64, 10, left));
        let ends = "python_full_version < \"3.10.2\" or python_full_version ~= \"3.10.2\"";
        assert_eq!(on(Platform::LinuxX86_64, 10, ends), Condition::Always);
    }

    proptest::proptest! {
        /// Against the library's own diagram of the whole marker.
        #[test]
        fn a_marker_means_what_the_library_says(
            packages in proptest::collection::vec((0usize..9, 0usize..3), 1..9), minor in 8u8..13, platform in 0usize..5,
        ) {
            let atoms = [
                "sys_platform == 'linux'", "platform_machine != 'arm64'", "python_version >= '3.10'",
                "python_full_version < '3.10.4'", "python_full_version >= '3.11.2'", "platform_release >= '20'",
                "extra == 'socks'", "extra == 'other'", "os_name in 'nt posix'",
            ];
            let mut text = atoms[packages[0].0].to_owned();
            for (atom, join) in &packages[1..] {
                text = match join {
                    0 => format!("{text} and {}", atoms[*atom]),
                    1 => format!("{text} or {}", atoms[*atom]),
                    _ => format!("({text}) and {}", atoms[*atom]),
                };
            }
            let environment = Environment { platform: Platform::ALL[platform], python: Python::three(minor) };
            let extras = Extras::from([ExtraName::new("socks".to_owned()).unwrap()]);
            let whole: MarkerTree = text.parse().unwrap();
            proptest::prop_assert_eq!(
                Condition::of(&parse(&text).unwrap(), environment, &extras),
                decide::condition(&whole, environment, &extras, || decide::restrict(&whole, environment, &extras))
            );
        }
    }

    #[test]
    fn what_cannot_be_a_marker_is_refused() {
        let deep = |n: usize| format!("{}os_name == 'nt'{}", "(".repeat(n), ")".repeat(n));
        assert!(parse(&deep(64)).is_ok() && parse(&deep(65)).is_err() && parse(&deep(100_000)).is_err());
        assert!(parse(&format!("os_name == '{}'", "(".repeat(1000))).is_ok());
        let many = |n: usize, atom: &str| vec![atom; n].join(" or ");
        assert!(parse(&many(12, "'a' in platform_release")).is_ok());
        assert!(parse(&many(13, "'a' in platform_release")).is_err());
        assert!(parse(&many(200, "platform_version > 'a'")).is_ok());
        assert!(parse(&many(201, "platform_version > 'a'")).is_err());
        assert!(parse(&many(2000, "'a' in os_name")).is_ok());
        for text in [
            "os_name == 'nt'é",
            "os_name == 'é'",
            "os_name == 'nt' and",
            "or os_name == 'nt'",
            "(os_name == 'nt'",
            "os_name == 'nt')",
            "os_name == 'nt' (os_name == 'nt')",
            "os_name == 'a\"b'",
            "os_name == 'a\n'",
            "()",
            "os_name == 'nt' android == 'x'",
            "not os_name == 'nt'",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
