//! Wheel file names (PEP 427) and where they install (PEP 425, 600, 656).
//!
//! `name-version(-build)?-python-abi-platform.whl`, each of the last three a list joined by dots. The build tag is real:
//! the best torch 2.10.0 wheel for macOS has one.

use std::fmt;
use std::str::FromStr;

use pep440_rs::Version;
use pep508_rs::PackageName;

use crate::packaging::system::System;
use crate::packaging::target::{Environment, Platform, Python};
use crate::text::{pieces, quoted};

mod tags;

pub use tags::TagMisfit;

/// A parsed wheel file name; the text itself is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WheelName {
    text: String,
    /// The package, normalised (PEP 503).
    pub name: PackageName,
    /// The version, local label included.
    pub version: Version,
    /// The build tag's leading number and its rest.
    pub build: Option<(u64, String)>,
    tags: [std::ops::Range<usize>; 3],
}

/// Text that is not a wheel file name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WheelNameError {
    text: String,
    why: &'static str,
}

impl fmt::Display for WheelNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a wheel file name (PEP 427): {}", quoted(&self.text), self.why)
    }
}

impl std::error::Error for WheelNameError {}

const PARTS: &str = "it has not five or six parts between hyphens";

impl FromStr for WheelName {
    type Err = WheelNameError;

    fn from_str(text: &str) -> Result<Self, WheelNameError> {
        Self::read(text, None)
    }
}

impl WheelName {
    /// Reads a file name. Where it begins as another one does that was read before, package and version are taken over.
    pub(crate) fn read(text: &str, before: Option<&Self>) -> Result<Self, WheelNameError> {
        let fail = |why| WheelNameError { text: text.to_owned(), why };
        let stem = text.strip_suffix(".whl").ok_or_else(|| fail("it does not end in .whl"))?;
        let odd = |b: u8| !(b.is_ascii_alphanumeric() | matches!(b, b'.' | b'_' | b'-' | b'+' | b'!'));
        // No early exit, so that the loop is vectorized.
        if stem.bytes().fold(false, |any, b| any | odd(b)) {
            return Err(fail("it has a character that no file name of a wheel has"));
        }
        let mut parts = [""; 6];
        let mut count = 0;
        for part in pieces(stem, b'-') {
            *parts.get_mut(count).ok_or_else(|| fail(PARTS))? = part;
            count += 1;
        }
        let (build, tags) = match parts.split_at(count).0 {
            [_, _, tags @ ..] if tags.len() == 3 => (None, tags),
            [_, _, build, tags @ ..] if tags.len() == 3 => (Some(*build), tags),
            _ => return Err(fail(PARTS)),
        };
        if tags.iter().any(|tag| pieces(tag, b'.').any(str::is_empty)) {
            return Err(fail("a tag is empty"));
        }
        let build = match build {
            None => None,
            Some(tag) => {
                let digits = tag.bytes().take_while(u8::is_ascii_digit).count();
                let number = tag[..digits].parse().map_err(|_| fail("its build tag does not begin with a digit"))?;
                Some((number, tag[digits..].to_owned()))
            }
        };
        let release = parts[0].len() + 1 + parts[1].len() + 1;
        let (name, version) = match before.filter(|before| before.text.get(..release) == text.get(..release)) {
            Some(before) => (before.name.clone(), before.version.clone()),
            None => (
                PackageName::new(parts[0].to_owned()).map_err(|_| fail("the package name is not one"))?,
                Version::from_str(parts[1]).map_err(|_| fail("the version is not one (PEP 440)"))?,
            ),
        };
        let platform_at = stem.len() - tags[2].len();
        let abi_at = platform_at - 1 - tags[1].len();
        let python_at = abi_at - 1 - tags[0].len();
        let tags = [python_at..abi_at - 1, abi_at..platform_at - 1, platform_at..stem.len()];
        Ok(Self { text: text.to_owned(), name, version, build, tags })
    }
}

impl fmt::Display for WheelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl WheelName {
    /// The file name as it was read.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The Python tags, joined by dots: `cp310`, `py2.py3`.
    pub fn python_tag(&self) -> &str {
        &self.text[self.tags[0].clone()]
    }

    /// The ABI tags: `cp310`, `none`, `abi3`.
    pub fn abi_tag(&self) -> &str {
        &self.text[self.tags[1].clone()]
    }

    /// The platform tags: `manylinux_2_28_x86_64`.
    pub fn platform_tag(&self) -> &str {
        &self.text[self.tags[2].clone()]
    }

    /// The version without its local label: `2.0.1` for `2.0.1+cu118`.
    pub fn public_version(&self) -> Version {
        self.version.clone().without_local()
    }

    /// True if it installs on a platform under some Python.
    pub fn is_for(&self, platform: Platform) -> bool {
        Python::all().any(|python| self.fit(Environment { platform, python }).is_some())
    }

    /// The fit of the wheel on an environment; `None` if it cannot be installed there. Greater is preferred.
    ///
    /// The order among wheels that install is pip's, on a machine that is new enough for all of them: the best tag
    /// decides, as `packaging.tags` has them, then the build tag.
    pub fn fit(&self, environment: Environment) -> Option<Fit> {
        if tags::is_of_another_python(self, environment) {
            return None;
        }
        tags::fit(self, environment, None).ok()
    }

    /// As [`fit`](Self::fit), but on a machine whose system is known; without one, any that is new enough.
    ///
    /// # Errors
    /// Why it cannot be installed there.
    pub fn fit_on(&self, environment: Environment, system: Option<System>) -> Result<Fit, TagMisfit> {
        tags::fit(self, environment, system)
    }
}

/// The fit of a wheel on an environment; greater is preferred.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fit {
    interpreter: (u8, u16),
    platform: (u16, u16, u8),
    build: Option<(u64, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packaging::target::{Platform, Python};

    fn fits(name: &str, platform: Platform, minor: u8) -> bool {
        let wheel: WheelName = name.parse().unwrap();
        wheel.fit(Environment { platform, python: Python::three(minor) }).is_some()
    }

    #[test]
    fn takes_a_name_apart() {
        let wheel: WheelName = "torch-2.10.0+cu128-3-cp310-cp310-manylinux_2_28_x86_64.whl".parse().unwrap();
        assert_eq!(wheel.name.as_ref(), "torch");
        assert_eq!(wheel.version.to_string(), "2.10.0+cu128");
        assert_eq!(wheel.public_version().to_string(), "2.10.0");
        assert_eq!(wheel.build, Some((3, String::new())));
        assert_eq!(
            (wheel.python_tag(), wheel.abi_tag(), wheel.platform_tag()),
            ("cp310", "cp310", "manylinux_2_28_x86_64")
        );
    }

    #[test]
    fn what_was_read_before_changes_nothing() {
        let read = |text: &str, before: &WheelName| (WheelName::read(text, Some(before)).ok(), text.parse().ok());
        let before: WheelName = "torch-2.0.1+cu118-cp310-cp310-linux_x86_64.whl".parse().unwrap();
        for text in [
            "torch-2.0.1+cu118-cp39-cp39-linux_x86_64.whl",
            "torch-2.0.1+cu118-1-cp39-cp39-linux_x86_64.whl",
            "torch-2.0.1+cu11-cp310-cp310-linux_x86_64.whl",
            "torch-2.0.1+cu1189-cp310-cp310-linux_x86_64.whl",
            "torch-2.0.1-cp310-cp310-linux_x86_64.whl",
            "torchaudio-2.0.1+cu118-cp310-cp310-linux_x86_64.whl",
            "torch-2.0.1+cu118-linux_x86_64.whl",
        ] {
            let (with, without) = read(text, &before);
            assert_eq!(with, without, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_wheel() {
        for text in [
            "torch-2.0.1.tar.gz",
            "torch.whl",
            "torch-2.0.1-cp310-cp310.whl",
            "torch-2.0.1-x-cp310-cp310-any.whl",
            "torch-zwei-cp310-cp310-any.whl",
            "torch-2.0.1-cp310-cp310-.whl",
            "../torch-2.0.1-cp310-cp310-any.whl",
            "torch-2.0.1-cp310-cp310-any-1-2.whl",
            "törch-2.0.1-cp310-cp310-any.whl",
        ] {
            assert!(text.parse::<WheelName>().is_err(), "{text}");
        }
    }

    #[test]
    fn knows_where_a_wheel_installs() {
        use Platform::*;
        assert!(fits("torch-2.0.1-cp310-cp310-manylinux1_x86_64.whl", LinuxX86_64, 10));
        assert!(!fits("torch-2.0.1-cp310-cp310-manylinux1_x86_64.whl", LinuxX86_64, 11));
        assert!(!fits("torch-2.0.1-cp310-cp310-manylinux1_x86_64.whl", LinuxAarch64, 10));
        assert!(!fits("torch-2.0.1-cp310-cp310-manylinux1_x86_64.whl", MacosX86_64, 10));
        assert!(fits("torch-2.0.1+cu118-cp310-cp310-linux_x86_64.whl", LinuxX86_64, 10));
        assert!(fits("torch-2.0.1-cp310-none-macosx_11_0_arm64.whl", MacosArm64, 10));
        assert!(!fits("torch-2.0.1-cp310-none-macosx_11_0_arm64.whl", MacosArm64, 11));
        assert!(fits("torch-1.13.1-cp37-cp37m-win_amd64.whl", WindowsX86_64, 7));
        assert!(!fits("torch-1.13.1-cp37-cp37-win_amd64.whl", WindowsX86_64, 7));
        assert!(!fits("torch-2.7.1-cp313-cp313t-manylinux_2_28_x86_64.whl", LinuxX86_64, 13));
        assert!(fits("torchvision-0.29.2-py3-none-manylinux_2_28_x86_64.whl", LinuxX86_64, 13));
        assert!(fits("a-1-cp39-abi3-manylinux2014_aarch64.manylinux_2_17_aarch64.whl", LinuxAarch64, 13));
        assert!(!fits("a-1-cp39-abi3-manylinux2014_aarch64.whl", LinuxAarch64, 8));
        assert!(fits("a-1-py2.py3-none-any.whl", MacosArm64, 9));
        assert!(!fits("a-1-py2-none-any.whl", MacosArm64, 9));
        assert!(!fits("a-1-cp310-cp310-musllinux_1_1_x86_64.whl", LinuxX86_64, 10));
        assert!(fits("a-1-cp310-cp310-macosx_10_10_universal2.whl", MacosArm64, 10));
        assert!(!fits("a-1-cp31-cp310-any.whl", LinuxX86_64, 10));
    }

    #[test]
    fn the_tags_decide_before_the_build_and_newer_systems_before_older_ones() {
        let here = Environment { platform: Platform::LinuxAarch64, python: Python::three(10) };
        let fit = |text: &str| text.parse::<WheelName>().unwrap().fit(here).unwrap();
        let descending = [
            "a-1-1-cp310-cp310-manylinux_2_28_aarch64.whl",
            "a-1-cp310-cp310-manylinux_2_28_aarch64.whl",
            "a-1-2-cp310-cp310-manylinux_2_17_aarch64.whl",
            "a-1-cp310-cp310-manylinux2014_aarch64.whl",
            "a-1-3-cp310-cp310-linux_aarch64.whl",
            "a-1-cp310-abi3-linux_aarch64.whl",
            "a-1-cp310-none-linux_aarch64.whl",
            "a-1-cp39-abi3-linux_aarch64.whl",
            "a-1-cp38-abi3-manylinux_2_28_aarch64.whl",
            "a-1-py310-none-linux_aarch64.whl",
            "a-1-py3-none-linux_aarch64.whl",
            "a-1-py39-none-manylinux_2_28_aarch64.whl",
            "a-1-cp310-none-any.whl",
            "a-1-py3-none-any.whl",
            "a-1-py39-none-any.whl",
        ];
        for pair in descending.windows(2) {
            assert!(fit(pair[0]) > fit(pair[1]), "{pair:?}");
        }
    }
}
