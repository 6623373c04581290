//! NVIDIA's drivers: which CUDA one runs.

use std::fmt;
use std::str::FromStr;

use crate::packaging::target::{Backend, Platform};
use crate::text::quoted;

const TEXT: &str = include_str!("drivers.tsv");

/// A driver's version: `470.57`, `525.60.13`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Driver {
    parts: Vec<u32>,
    text: String,
}

impl FromStr for Driver {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |part: &str| {
            let plain = (1..=5).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
            if plain { part.parse::<u32>().ok() } else { None }
        };
        let parts: Option<Vec<u32>> = text.split('.').map(number).collect();
        match parts {
            // The first drivers that run any CUDA wheel of torch have three digits in front.
            Some(parts) if parts.len() <= 4 && parts.first().is_some_and(|first| (100..10_000).contains(first)) => {
                Ok(Self { parts, text: text.to_owned() })
            }
            Some(_) | None => {
                Err(format!("`{}` is not the version of an NVIDIA driver, such as 470.57 or 525.60.13", quoted(text)))
            }
        }
    }
}

impl fmt::Display for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Driver {
    /// The oldest driver that runs a build on a platform; `None` if the build needs none, or the table does not say.
    pub fn oldest_for(backend: Backend, platform: Platform) -> Option<Self> {
        let Backend::Cuda(major, minor) = backend else { return None };
        let column = match platform {
            Platform::LinuxX86_64 | Platform::LinuxAarch64 => 1,
            Platform::WindowsX86_64 => 2,
            Platform::MacosArm64 | Platform::MacosX86_64 => return None,
        };
        let covers = |columns: &Vec<&str>| {
            let first = columns.first().and_then(|text| Backend::cuda(text).ok());
            matches!(first, Some(Backend::Cuda(from, since)) if from == major && since <= minor)
        };
        let mut rows = TEXT.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect());
        rows.find(covers)?.get(column)?.parse().ok()
    }

    /// True if it is older than another.
    pub fn is_older_than(&self, other: &Self) -> bool {
        self.parts < other.parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads() {
        for line in TEXT.lines().filter(|line| !line.starts_with('#')) {
            let columns: Vec<&str> = line.split('\t').collect();
            let [cuda, linux, windows] = columns.as_slice() else { panic!("{line}") };
            assert!(
                Backend::cuda(cuda).is_ok() && linux.parse::<Driver>().is_ok() && windows.parse::<Driver>().is_ok()
            );
        }
    }

    #[test]
    fn knows_the_oldest_driver() {
        let oldest = |major, minor, platform| {
            Driver::oldest_for(Backend::Cuda(major, minor), platform).map(|driver| driver.to_string())
        };
        let linux = Platform::LinuxX86_64;
        assert_eq!(oldest(13, 2, linux).as_deref(), Some("580"));
        assert_eq!(oldest(12, 8, linux).as_deref(), Some("525.60.13"));
        assert_eq!(oldest(11, 8, linux).as_deref(), Some("450.80.02"));
        assert_eq!(oldest(11, 8, Platform::WindowsX86_64).as_deref(), Some("452.39"));
        assert_eq!(oldest(11, 0, linux).as_deref(), Some("450.36.06"));
        assert_eq!((oldest(9, 0, linux), oldest(14, 0, linux)), (None, None));
        assert_eq!(Driver::oldest_for(Backend::Cpu, linux), None);
    }

    #[test]
    fn compares_numbers() {
        let driver = |text: &str| text.parse::<Driver>().unwrap();
        assert!(driver("470.57").is_older_than(&driver("525.60.13")));
        assert!(driver("525.60").is_older_than(&driver("525.60.13")));
        assert!(!driver("525.125.06").is_older_than(&driver("525.60.13")));
        assert!(!driver("580").is_older_than(&driver("580")));
        for text in ["", "47", "470.", "470.x", "v470", "999999.1", "470.1.2.3.4", "+470"] {
            assert!(text.parse::<Driver>().is_err(), "{text}");
        }
    }
}
