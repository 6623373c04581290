//! The files of a package that can be installed in the places that a line is for.

use std::collections::BTreeSet;

use pep440_rs::Version;

use crate::packaging::target::Environment;
use crate::packaging::wheel::WheelName;

/// The use of a file in these places.
enum Use {
    /// A wheel of the release that installs in some of them, and in which.
    Wheel(BTreeSet<Environment>),
    /// A file that pip builds or does not take at all: a source distribution, an egg.
    Source,
    /// Nobody says which file it is, or it is one of another release: it may be needed.
    Unknown,
}

/// Tells for each file of a release whether it is of use in some places. `None`: nobody says which file it is.
///
/// Wheels count by their tags, on a system that is new enough for all. What is no wheel is of use where a place has no wheel. If
/// that leaves a place without any file all are kept: then it is not for this tool to say what is missing.
pub(super) fn usable<'n>(
    files: impl IntoIterator<Item = Option<&'n str>>,
    version: Option<&Version>,
    places: &BTreeSet<Environment>,
) -> Vec<bool> {
    let of = |name: Option<&str>| {
        let Some(name) = name else { return Use::Unknown };
        let Ok(wheel) = name.parse::<WheelName>() else { return Use::Source };
        if version.is_none_or(|version| wheel.version != *version && wheel.public_version() != *version) {
            return Use::Unknown;
        }
        Use::Wheel(places.iter().copied().filter(|place| wheel.fit_on(*place, None).is_ok()).collect())
    };
    let uses: Vec<Use> = files.into_iter().map(of).collect();
    let wheels = uses.iter().filter_map(|one| if let Use::Wheel(there) = one { Some(there) } else { None });
    let served: BTreeSet<Environment> = wheels.flatten().copied().collect();
    let needs_source = served != *places;
    let has_other = uses.iter().any(|one| !matches!(one, Use::Wheel(_)));
    uses.iter()
        .map(|one| match one {
            Use::Unknown => true,
            Use::Source => needs_source,
            Use::Wheel(there) => !there.is_empty() || (needs_source && !has_other),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packaging::target::{Platform, Python};

    const LINUX: &str = "a-1-cp310-cp310-manylinux_2_17_x86_64.whl";
    const NEWER: &str = "a-1-cp310-cp310-manylinux_2_28_x86_64.whl";
    const MAC: &str = "a-1-cp310-cp310-macosx_11_0_arm64.whl";
    const OTHER_PYTHON: &str = "a-1-cp311-cp311-manylinux_2_17_x86_64.whl";
    const SOURCE: &str = "a-1.tar.gz";

    /// Those of some files that are of use on Linux under some Pythons; `?` is a file of which nobody knows the name.
    fn kept<'f>(files: &[&'f str], pythons: &[u8]) -> Vec<&'f str> {
        let place = |minor: &u8| Environment { platform: Platform::LinuxX86_64, python: Python::three(*minor) };
        let names = files.iter().map(|file| Some(*file).filter(|file| *file != "?"));
        let version: Version = "1".parse().unwrap();
        let usable = usable(names, Some(&version), &pythons.iter().map(place).collect());
        files.iter().zip(usable).filter(|(_, kept)| *kept).map(|(file, _)| *file).collect()
    }

    #[test]
    fn wheels_for_the_places_are_of_use_whatever_the_age_of_the_system() {
        let all = [LINUX, NEWER, MAC, OTHER_PYTHON, SOURCE];
        assert_eq!(kept(&all, &[10]), [LINUX, NEWER]);
        assert_eq!(kept(&all, &[10, 11]), [LINUX, NEWER, OTHER_PYTHON]);
    }

    #[test]
    fn a_source_is_of_use_where_a_place_has_no_wheel() {
        assert_eq!(kept(&[LINUX, MAC, SOURCE], &[10, 11]), [LINUX, SOURCE]);
        assert_eq!(kept(&[MAC, SOURCE], &[10]), [SOURCE]);
    }

    #[test]
    fn what_nobody_knows_stays_and_serves_no_place() {
        assert_eq!(kept(&["?", LINUX, SOURCE], &[10]), ["?", LINUX]);
        assert_eq!(kept(&["?", MAC, SOURCE], &[10]), ["?", SOURCE]);
        // A wheel of another release may be there for one that the lock has, too.
        let newer = "a-2-cp310-cp310-manylinux_2_17_x86_64.whl";
        assert_eq!(kept(&[newer, SOURCE], &[10]), [newer, SOURCE]);
    }

    #[test]
    fn where_nothing_installs_all_stay() {
        assert_eq!(kept(&[MAC, OTHER_PYTHON], &[10]), [MAC, OTHER_PYTHON]);
        assert_eq!(kept(&[LINUX, MAC], &[10, 11]), [LINUX, MAC], "one place has nothing");
        assert_eq!(kept(&["?", MAC], &[10]), ["?"]);
        assert!(kept(&[], &[10]).is_empty());
    }

    #[test]
    fn a_build_of_the_release_is_of_the_release() {
        let cpu = "a-1+cpu-cp310-cp310-linux_x86_64.whl";
        assert_eq!(kept(&[cpu, MAC, SOURCE], &[10]), [cpu]);
    }
}
