//! Decides a marker that pep508_rs has read for an environment, as far as that can.

use std::ops::Bound;

use pep440_rs::Version;
use pep508_rs::marker::MarkerValueExtra;
use pep508_rs::{MarkerTree, MarkerTreeKind, MarkerValueString, MarkerValueVersion};
use version_ranges::Ranges;

use super::{Condition, Extras};
use crate::packaging::target::Environment;

/// The condition of a marker on an environment: `left` of it, where that does not decide it.
pub(super) fn condition(
    tree: &MarkerTree,
    environment: Environment,
    extras: &Extras,
    left: impl FnOnce() -> MarkerTree,
) -> Condition {
    match answer(tree, environment, extras) {
        Some(true) => Condition::Always,
        Some(false) => Condition::Never,
        None => Condition::When(left()),
    }
}

/// The answer of the environment; `None`: it depends on the machine.
fn answer(tree: &MarkerTree, environment: Environment, extras: &Extras) -> Option<bool> {
    let mut seen = (false, false);
    walk(tree, environment, extras, &mut seen);
    if seen == (true, true) { None } else { Some(seen.0) }
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
pub(super) fn restrict(tree: &MarkerTree, environment: Environment, extras: &Extras) -> MarkerTree {
    let mut left = MarkerTree::FALSE;
    for clause in tree.to_dnf() {
        let mut kept = MarkerTree::TRUE;
        for expression in clause {
            let expression = MarkerTree::expression(expression);
            match answer(&expression, environment, extras) {
                Some(true) => {}
                Some(false) => kept = MarkerTree::FALSE,
                None => kept.and(expression),
            }
        }
        left.or(kept);
    }
    left
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
