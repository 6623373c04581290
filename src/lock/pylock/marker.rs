//! Markers of a `pylock.toml`, with the text that they were written as.

use crate::packaging::marker::{self, Condition, ExtrasAndGroups};
use crate::packaging::target::Environment;

/// A marker as written and as understood.
#[derive(Debug, Clone)]
pub struct WrittenMarker {
    /// Its text.
    pub text: String,
    marker: marker::Marker,
}

impl WrittenMarker {
    /// Reads a marker.
    ///
    /// # Errors
    /// As [`marker::parse_in_pylock`].
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        Ok(Self { text: text.to_owned(), marker: marker::parse_in_pylock(text)? })
    }

    /// The condition under which it holds on an environment.
    pub fn condition(&self, environment: Environment, asked: &ExtrasAndGroups) -> Condition {
        self.marker.condition(environment, asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packaging::target::{Platform, Python};
    use pep508_rs::ExtraName;
    use proptest::prelude::*;

    fn on(marker: &str) -> Condition {
        let name = |text: &str| ExtraName::new(text.to_owned()).unwrap();
        let asked = ExtrasAndGroups { extras: [name("yaml")].into(), groups: [name("dev"), name("default")].into() };
        let environment = Environment { platform: Platform::LinuxX86_64, python: Python::three(10) };
        WrittenMarker::parse(marker).unwrap().condition(environment, &asked)
    }

    #[test]
    fn decides_extras_and_groups() {
        for (marker, holds) in [
            ("'yaml' in extras", true),
            ("\"YAML\" in extras", true),
            ("'yaml' not in extras", false),
            ("'other' not  in extras", true),
            ("'dev' in dependency_groups", true),
            ("'yaml' in dependency_groups", false),
            ("sys_platform == 'linux' and 'dev' in dependency_groups", true),
            ("sys_platform == 'darwin' and 'dev' in dependency_groups", false),
            ("sys_platform == 'darwin' and os_name == 'nt' or 'dev' in dependency_groups", true),
            ("sys_platform == 'linux' or 'x' in extras and 'y' in extras", true),
            ("(sys_platform == 'linux' or 'x' in extras) and 'y' in extras", false),
            ("((('yaml' in extras)))and(('x' in extras)or('dev' in dependency_groups))", true),
            ("python_version >= '3.9' and (python_version < '3.12' or 'no' in extras)", true),
            ("'or' in extras or ' and (' in platform_version and 'x' in extras", false),
        ] {
            assert_eq!(on(marker), if holds { Condition::Always } else { Condition::Never }, "{marker}");
        }
    }

    #[test]
    fn keeps_what_the_environment_does_not_settle() {
        let found = on("python_full_version >= '3.10.2' and 'dev' in dependency_groups");
        assert_eq!(found.marker().as_deref(), Some("python_full_version >= \"3.10.2\""));
    }

    #[test]
    fn refuses_what_it_cannot_tell() {
        let deep = format!("{}'x' in extras{}", "(".repeat(99), ")".repeat(99));
        for text in [
            "extra == 'yaml'",
            "'yaml' in extra",
            "extras in 'yaml'",
            "extras == 'yaml'",
            "'yaml' == extras",
            "'' in extras",
            "'é' in extras",
            "'x' in extras and",
            "and 'x' in extras",
            "('x' in extras",
            "'x' in extras)",
            "('x' in extras) ('y' in extras)",
            "'x' in extras 'y'",
            "'x in extras",
            "not 'x' in extras",
            &deep,
            "",
        ] {
            assert!(WrittenMarker::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "(\\PC|'x' in extras| or | and |\\(|\\)|os_name == 'nt'){0,9}") {
            let _ = WrittenMarker::parse(&text);
        }
    }
}
