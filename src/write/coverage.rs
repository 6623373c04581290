//! The places where a line holds, and the marker for them: the Pythons of the platforms that an output is for.
//!
//! A marker knows the platform and the Python, so these are all that the lines of an output can differ by. With one
//! platform it is never named. With several, a line that is the same on all of them carries none either.

use std::collections::{BTreeMap, BTreeSet};

use crate::packaging::target::{Environment, Platform, Python};
use crate::plan::TargetPlan;

/// All places that an output is for: the platforms, and the Pythons of each, ascending.
pub(super) struct Coverage(BTreeMap<Platform, Vec<Python>>);

impl Coverage {
    pub(super) fn of(plans: &[TargetPlan]) -> Self {
        let platforms = plans.iter().map(|plan| (plan.target.platform, &plan.target.pythons));
        let each = platforms.flat_map(|(platform, pythons)| pythons.iter().map(move |python| (platform, *python)));
        Self::over(each.map(|(platform, python)| Environment { platform, python }))
    }

    pub(super) fn over(environments: impl Iterator<Item = Environment>) -> Self {
        let mut places: BTreeMap<Platform, Vec<Python>> = BTreeMap::new();
        for one in environments {
            places.entry(one.platform).or_default().push(one.python);
        }
        for pythons in places.values_mut() {
            pythons.sort_unstable();
            pythons.dedup();
        }
        Self(places)
    }

    pub(super) fn platforms(&self) -> impl Iterator<Item = Platform> {
        self.0.keys().copied()
    }

    /// All Pythons, of whatever platform.
    pub(super) fn pythons(&self) -> BTreeSet<Python> {
        self.0.values().flatten().copied().collect()
    }

    /// A marker for each platform, which holds only in its places.
    pub(super) fn environments(&self) -> Vec<String> {
        let each = self.0.iter().filter_map(|(platform, pythons)| {
            // A Python that nobody has: so it is never all of them, which would need no marker.
            let all: Vec<Python> = [Python::three(0)].iter().chain(pythons).copied().collect();
            let python = python_marker(&pythons.iter().copied().collect(), &all, false);
            both(Some(is(*platform)), python.as_deref())
        });
        each.collect()
    }

    /// True if these are all places.
    pub(super) fn are_all(&self, some: &BTreeSet<Environment>) -> bool {
        self.0.values().map(Vec::len).sum::<usize>() == some.len()
    }

    /// The marker for some of the places; `None` if it is all of them.
    ///
    /// `covered`: where the package is at all. On a platform where that is under every Python, its lines cover every
    /// Python there is (see [`python_marker`]). Where it is everywhere, they cover every platform there is, too: those
    /// without a target fall to the lines of the platform `outside`. If that line is a wheel of another platform, pip
    /// refuses it there instead of leaving the package out without a word.
    pub(super) fn marker(
        &self,
        some: &BTreeSet<Environment>,
        covered: &BTreeSet<Environment>,
        outside: Option<Platform>,
    ) -> Option<String> {
        if self.are_all(some) {
            return None;
        }
        let outside = outside.filter(|_| self.are_all(covered));
        let mut alike: BTreeMap<Option<String>, BTreeSet<Platform>> = BTreeMap::new();
        for (platform, all) in &self.0 {
            let on = |set: &BTreeSet<Environment>| -> BTreeSet<Python> {
                set.iter().filter(|one| one.platform == *platform).map(|one| one.python).collect()
            };
            let here = on(some);
            if !here.is_empty() {
                let python = python_marker(&here, all, on(covered).len() == all.len());
                alike.entry(python).or_default().insert(*platform);
            }
        }
        let part = |(python, platforms): (Option<String>, BTreeSet<Platform>)| {
            both(self.platform_marker(&platforms, outside), python.as_deref()).unwrap_or_default()
        };
        let parts: Vec<String> = alike.into_iter().map(part).collect();
        Some(any_of(&parts)).filter(|_| parts != [""])
    }

    fn platform_marker(&self, some: &BTreeSet<Platform>, outside: Option<Platform>) -> Option<String> {
        if some.len() == self.0.len() {
            return None;
        }
        let markers: Vec<String> = if outside.is_some_and(|outside| some.contains(&outside)) {
            self.platforms().filter(|one| !some.contains(one)).map(is_not).collect()
        } else {
            some.iter().map(|one| is(*one)).collect()
        };
        match markers.as_slice() {
            [one] => Some(one.clone()),
            several => {
                let by = if several[0].contains(" or ") { " and " } else { " or " };
                Some(several.iter().map(|one| format!("({one})")).collect::<Vec<_>>().join(by))
            }
        }
    }
}

/// A marker as a part of a conjunction.
pub(super) fn in_brackets(marker: &str) -> String {
    if marker.contains(" or ") { format!("({marker})") } else { marker.to_owned() }
}

/// Both markers, where there are any.
pub(super) fn both(one: Option<String>, other: Option<&str>) -> Option<String> {
    match (one, other) {
        (one, None) => one,
        (None, Some(other)) => Some(other.to_owned()),
        (Some(one), Some(other)) => Some(format!("{} and {}", in_brackets(&one), in_brackets(other))),
    }
}

/// A marker that holds where one of these does.
pub(super) fn any_of(markers: &[String]) -> String {
    match markers {
        [one] => one.clone(),
        several => several.iter().map(|one| format!("({one})")).collect::<Vec<_>>().join(" or "),
    }
}

/// A marker for places, and what these places cannot decide.
pub(super) fn with_undecided(places: Option<&str>, undecided: Option<&str>) -> Option<String> {
    match (places, undecided) {
        (Some(places), Some(undecided)) => Some(format!("({places}) and ({undecided})")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}

/// The marker that holds on one platform only.
pub(super) fn is(platform: Platform) -> String {
    let (system, machine) = (platform.sys_platform(), platform.platform_machine());
    format!("sys_platform == \"{system}\" and platform_machine == \"{machine}\"")
}

/// The marker that holds everywhere but on a platform.
pub(super) fn is_not(platform: Platform) -> String {
    let (system, machine) = (platform.sys_platform(), platform.platform_machine());
    format!("sys_platform != \"{system}\" or platform_machine != \"{machine}\"")
}

/// The marker for some of a platform's Pythons; `None` if it is all of them.
///
/// `whole`: the lines of a package cover all Pythons of the platform together. Then they cover every Python there is: the
/// first and the last one reach outwards, and a gap belongs to the line before it. Under a Python that is
/// not served, pip then refuses a wheel of another Python instead of leaving the package out without a word.
pub(super) fn python_marker(some: &BTreeSet<Python>, all: &[Python], whole: bool) -> Option<String> {
    if all.iter().all(|python| some.contains(python)) {
        return None;
    }
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for at in (0..all.len()).filter(|at| some.contains(&all[*at])) {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == at && (whole || follows(all[*last], all[at])) => *last = at,
            _ => runs.push((at, at)),
        }
    }
    let several = runs.len() > 1;
    let each = runs.iter().map(|(first, last)| {
        let lower = (!whole || *first > 0).then_some(all[*first]);
        let upper = match all.get(last + 1) {
            Some(next) if whole => Some(*next),
            None if whole => None,
            Some(_) | None => Some(Python::three(all[*last].minor() + 1)),
        };
        match (lower, upper) {
            (Some(lower), Some(upper)) if follows(lower, upper) => format!("python_version == \"{lower}\""),
            (Some(lower), Some(upper)) => {
                let range = format!("python_version >= \"{lower}\" and python_version < \"{upper}\"");
                if several { format!("({range})") } else { range }
            }
            (Some(lower), None) => format!("python_version >= \"{lower}\""),
            (None, Some(upper)) => format!("python_version < \"{upper}\""),
            // All Pythons of the platform in one run need no marker, see above.
            (None, None) => String::new(),
        }
    });
    Some(each.collect::<Vec<_>>().join(" or "))
}

fn follows(one: Python, next: Python) -> bool {
    one.minor() + 1 == next.minor()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker(some: &[u8], all: &[u8], whole: bool) -> Option<String> {
        let all: Vec<Python> = all.iter().map(|minor| Python::three(*minor)).collect();
        python_marker(&some.iter().map(|minor| Python::three(*minor)).collect(), &all, whole)
    }

    #[test]
    fn markers_of_a_package_that_is_always_there_reach_outwards() {
        let whole = |some: &[u8], all: &[u8]| marker(some, all, true).unwrap_or_default();
        assert_eq!(marker(&[9, 10], &[9, 10], true), None);
        assert_eq!(whole(&[9], &[9, 10, 11]), "python_version < \"3.10\"");
        assert_eq!(whole(&[10], &[9, 10, 11]), "python_version == \"3.10\"");
        assert_eq!(whole(&[11], &[9, 10, 11]), "python_version >= \"3.11\"");
        assert_eq!(whole(&[10, 11], &[9, 10, 11, 12]), "python_version >= \"3.10\" and python_version < \"3.12\"");
        assert_eq!(whole(&[9], &[9, 12]), "python_version < \"3.12\"");
        assert_eq!(whole(&[9, 11], &[9, 10, 11]), "python_version < \"3.10\" or python_version >= \"3.11\"");
        let several = "(python_version >= \"3.9\" and python_version < \"3.11\") or python_version >= \"3.12\"";
        assert_eq!(whole(&[9, 10, 12], &[8, 9, 10, 11, 12]), several);
    }

    #[test]
    fn markers_of_a_package_that_is_not_always_there_stay_inside() {
        let inside = |some: &[u8], all: &[u8]| marker(some, all, false).unwrap_or_default();
        assert_eq!(inside(&[9], &[9, 10, 11]), "python_version == \"3.9\"");
        assert_eq!(inside(&[8, 9], &[8, 9, 10]), "python_version >= \"3.8\" and python_version < \"3.10\"");
        assert_eq!(inside(&[8, 12], &[8, 12, 13]), "python_version == \"3.8\" or python_version == \"3.12\"");
    }
}
