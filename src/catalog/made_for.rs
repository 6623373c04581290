//! The torch that a package beside the family was compiled against, from its local label. Such a wheel loads with that
//! minor release of torch only, because torch's C++ interface differs between them.

use std::fmt;
use std::str::FromStr;

use pep440_rs::Version;

use super::built::Built;
use super::{label, releases};
use crate::packaging::target::{Backend, Platform};

/// The word before the version, and whether its digits may give the patch version, too.
const WORDS: [(&str, bool); 2] = [("pt", false), ("torch", true)];

/// A minor release of torch.
///
/// Grammar: `pt113` or `torch26`, or with dots `pt2.6.0`, `torch2.6`, anywhere in the label. Digits without dots are those
/// of the major and the minor version; behind `torch` some publishers add the patch version, so that `torch210` is read
/// both ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MadeFor {
    major: u64,
    minor: u64,
    /// Another reading of the minor version.
    or: Option<u64>,
}

impl MadeFor {
    /// The torch that a release was made for, if its label says.
    pub fn of(version: &Version) -> Option<Self> {
        let label = label(version)?.to_ascii_lowercase();
        WORDS.iter().find_map(|(word, may_have_patch)| {
            label.match_indices(word).find_map(|(at, _)| {
                let is_whole = !label[..at].ends_with(|c: char| c.is_ascii_alphabetic());
                is_whole.then(|| Self::read(&label[at + word.len()..], *may_have_patch))?
            })
        })
    }

    /// Reads digits that are nothing else: `2.8`, `2.8.0`, `28`; and with a patch version, if they may have one, `280`.
    pub(super) fn whole(text: &str, may_have_patch: bool) -> Option<Self> {
        let parts: Vec<&str> = text.split('.').collect();
        let digits = parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
        (digits && parts.len() <= 3).then(|| Self::read(text, may_have_patch))?
    }

    /// The one release that is meant. Of two readings that is the one which the release matrix has with this build, if it
    /// has not both.
    pub(super) fn settled(self, built: Built) -> Option<Self> {
        let Self { major, minor, or: Some(or) } = self else { return Some(self) };
        let is_there = |minor: &u64| {
            let all = releases::cuda_of(&Version::new([major, *minor]));
            all.is_some_and(|all| match built {
                Built::For(Backend::Cpu) | Built::Any | Built::Unknown => true,
                Built::For(backend) => all.contains(&backend),
                Built::Major(_) => all.iter().any(|backend| built.is_for(*backend)),
            })
        };
        let mut there = [minor, or].into_iter().filter(is_there);
        there.next().filter(|_| there.next().is_none()).map(|minor| Self { major, minor, or: None })
    }

    fn read(text: &str, may_have_patch: bool) -> Option<Self> {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let (first, rest) = text.split_at(digits(text));
        let dotted = rest.strip_prefix('.').map(|rest| &rest[..digits(rest)]).filter(|minor| !minor.is_empty());
        if let (1, Some(minor)) = (first.len(), dotted) {
            return Some(Self { major: first.parse().ok()?, minor: minor.parse().ok()?, or: None });
        }
        let (major, minor) = first.split_at_checked(1).filter(|(_, minor)| !minor.is_empty())?;
        let without_patch = minor.len().checked_sub(1).and_then(|end| minor[..end].parse().ok());
        Some(Self {
            major: major.parse().ok()?,
            minor: minor.parse().ok()?,
            or: without_patch.filter(|_| may_have_patch),
        })
    }

    /// True if a torch is of that minor release.
    pub fn fits(self, torch: &Version) -> bool {
        let release = |at: usize| torch.release().get(at).copied().unwrap_or_default();
        release(0) == self.major && (release(1) == self.minor || Some(release(1)) == self.or)
    }

    /// As people say it: `torch 2.6`.
    pub fn spoken(self) -> String {
        let Self { major, minor, or } = self;
        let or = or.map(|or| format!("{major}.{or} or ")).unwrap_or_default();
        format!("torch {or}{major}.{minor}")
    }
}

/// As a catalogue has it: `2.6`.
impl fmt::Display for MadeFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Reads `2.6`.
impl FromStr for MadeFor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::whole(text, false).filter(|made| made.to_string() == text).ok_or(())
    }
}

/// The C++ interface of GCC's library, of the two, that a wheel was compiled with. On Linux a wheel loads with a torch of
/// the same one only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Abi {
    /// That of C++11: `cxx11abiTRUE`.
    New,
    /// The one before: `cxx11abiFALSE`.
    Old,
}

impl Abi {
    /// That of PyTorch's wheel; `None` where it is not known, or where there is but one: outside Linux.
    pub fn of_torch(torch: &Version, backend: Option<Backend>, platform: Platform) -> Option<Self> {
        if label(torch).is_some_and(|label| label.contains("cxx11")) {
            return Some(Self::New);
        }
        releases::has_new_abi(torch, backend, platform).map(|new| if new { Self::New } else { Self::Old })
    }

    /// As flash-attn's file names have it.
    pub fn spoken(self) -> &'static str {
        match self {
            Self::New => "cxx11abiTRUE",
            Self::Old => "cxx11abiFALSE",
        }
    }
}

/// As a catalogue has it: `true` for that of C++11.
impl fmt::Display for Abi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::New => "true",
            Self::Old => "false",
        })
    }
}

/// Reads `true` or `false`.
impl FromStr for Abi {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "true" => Ok(Self::New),
            "false" => Ok(Self::Old),
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(version: &str) -> Option<String> {
        MadeFor::of(&version.parse().unwrap()).map(MadeFor::spoken)
    }

    #[test]
    fn a_label_says_which_torch_a_wheel_was_made_for() {
        for (version, torch) in [
            ("2.1.1+pt113cu117", "torch 1.13"),
            ("2.1.1+pt113cpu", "torch 1.13"),
            ("2.1.2+pt20cu118", "torch 2.0"),
            ("2.1.2+pt26cu124", "torch 2.6"),
            ("2.1.2+pt210cu128", "torch 2.10"),
            ("2.7.4.post1+cu12torch2.6cxx11abiTRUE", "torch 2.6"),
            ("2.8.3+cu128torch2.10cxx11abiFALSE", "torch 2.10"),
            ("0.2.4+cu121.torch2.3.1", "torch 2.3"),
            ("2.1.1+cu126torch2.6.0", "torch 2.6"),
            ("0.6+18f6958pt2.6.0cu124", "torch 2.6"),
            ("1.0+torch26cu124", "torch 2.6"),
            ("0.21.0+torch280cu128", "torch 2.8 or 2.80"),
            ("0.21.0+torch210cu128", "torch 2.1 or 2.10"),
        ] {
            assert_eq!(of(version).as_deref(), Some(torch), "{version}");
        }
    }

    #[test]
    fn other_labels_say_nothing_of_a_torch() {
        for version in [
            "2.1.2",
            "2.6.0+cu124",
            "1.0+pt",
            "1.0+torch",
            "1.0+pt2",
            "1.0+torch2cu12",
            "1.0+opt26",
            "1.0+cpu.cxx11.abi",
        ] {
            assert_eq!(of(version), None, "{version}");
        }
    }

    #[test]
    fn a_wheel_fits_the_minor_release_that_it_was_made_for() {
        let fits = |version: &str| {
            let made = MadeFor::of(&version.parse().unwrap()).unwrap();
            let all = ["1.13.1", "2.1.0", "2.6.0", "2.6.1+cu124", "2.7.0", "2.10.0", "3.6.0"];
            all.into_iter().filter(|one| made.fits(&one.parse().unwrap())).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(fits("1.0+pt113cu117"), "1.13.1");
        assert_eq!(fits("1.0+pt26cu124"), "2.6.0 2.6.1+cu124");
        assert_eq!(fits("1.0+pt210cu128"), "2.10.0");
        assert_eq!(fits("1.0+torch210cu128"), "2.1.0 2.10.0");
        assert_eq!(fits("1.0+torch2.10cu128"), "2.10.0");
    }
}
