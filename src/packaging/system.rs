//! The oldest systems that wheels accept: the release of macOS, or the C library of a Linux.

use std::fmt;

use crate::text::quoted;

/// The least system that a platform tag asks for, or the system of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum System {
    /// A release of macOS: 10.15, 12.0.
    Macos(u16, u16),
    /// A version of glibc: 2.31.
    Glibc(u16, u16),
    /// A version of musl: 1.2.
    Musl(u16, u16),
}

impl System {
    /// Reads a release of macOS, 10.4 or newer: `12`, `10.15`, `14.6.1`.
    ///
    /// # Errors
    /// If it is none.
    pub fn macos(text: &str) -> Result<Self, String> {
        let read = version(text).filter(|version| *version >= (10, 4));
        read.map(|(major, minor)| Self::Macos(major, minor)).ok_or_else(|| odd(text, "macOS, such as 12 or 10.15"))
    }

    /// Reads a version of glibc, 2.5 or newer: `2.31`.
    ///
    /// # Errors
    /// If it is none.
    pub fn glibc(text: &str) -> Result<Self, String> {
        let read = version(text).filter(|(major, minor)| *major == 2 && *minor >= 5);
        read.map(|(major, minor)| Self::Glibc(major, minor)).ok_or_else(|| odd(text, "glibc, such as 2.31"))
    }

    /// Reads a version of musl: `1.2`.
    ///
    /// # Errors
    /// If it is none.
    pub fn musl(text: &str) -> Result<Self, String> {
        let read = version(text).filter(|(major, _)| *major == 1);
        read.map(|(major, minor)| Self::Musl(major, minor)).ok_or_else(|| odd(text, "musl, such as 1.2"))
    }

    /// True if another is of this kind: macOS, or a Linux with the same C library.
    pub fn is_like(self, other: Self) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }

    /// True if a machine with this system installs what asks for the other at least.
    pub fn serves(self, asked: Self) -> bool {
        match (self, asked) {
            (Self::Macos(a, b), Self::Macos(c, d)) | (Self::Glibc(a, b), Self::Glibc(c, d)) => (a, b) >= (c, d),
            // A new major version of musl would be another system.
            (Self::Musl(a, b), Self::Musl(c, d)) => a == c && b >= d,
            (Self::Macos(..) | Self::Glibc(..) | Self::Musl(..), _) => false,
        }
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Macos(major, 0) if *major > 10 => write!(f, "macOS {major}"),
            Self::Macos(major, minor) => write!(f, "macOS {major}.{minor}"),
            Self::Glibc(major, minor) => write!(f, "glibc {major}.{minor}"),
            Self::Musl(major, minor) => write!(f, "musl {major}.{minor}"),
        }
    }
}

fn odd(text: &str, form: &str) -> String {
    format!("`{}` is not a version of {form}", quoted(text))
}

/// The first two numbers of one to three.
fn version(text: &str) -> Option<(u16, u16)> {
    let mut parts = text.split('.').map(number);
    let (major, minor, patch) = (parts.next()?, parts.next(), parts.next());
    let whole = patch.is_none_or(|patch| patch.is_some()) && parts.next().is_none();
    whole.then_some((major?, minor.unwrap_or(Some(0))?))
}

/// A number of at most four digits, without a sign and without zeros in front.
pub(crate) fn number(text: &str) -> Option<u16> {
    let plain = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let plain = plain && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        assert_eq!(System::macos("12"), Ok(System::Macos(12, 0)));
        assert_eq!(System::macos("14.6.1"), Ok(System::Macos(14, 6)));
        assert_eq!(System::macos("10.15"), Ok(System::Macos(10, 15)));
        assert_eq!(System::glibc("2.31"), Ok(System::Glibc(2, 31)));
        assert_eq!(System::musl("1.2.5"), Ok(System::Musl(1, 2)));
    }

    #[test]
    fn refuses_absurd_versions() {
        for text in ["", "x", "9", "10", "10.3", "12.", "12.x", "12.1.x", "1.2.3.4", "-12", "+12", "012", "99999", "²"]
        {
            assert!(System::macos(text).is_err(), "{text}");
        }
        for text in ["2", "2.4", "3.1", "2.05", "2.99999", "glibc2.31"] {
            assert!(System::glibc(text).is_err(), "{text}");
        }
        assert!(System::musl("2.0").is_err());
    }

    #[test]
    fn older_systems_do_not_serve_newer_wheels() {
        let serves = |one: System, other| one.serves(other);
        assert!(
            serves(System::Macos(12, 0), System::Macos(11, 0)) && !serves(System::Macos(12, 0), System::Macos(13, 0))
        );
        assert!(
            serves(System::Glibc(2, 28), System::Glibc(2, 28)) && !serves(System::Glibc(2, 26), System::Glibc(2, 28))
        );
        assert!(!serves(System::Musl(1, 2), System::Glibc(2, 17)) && !serves(System::Glibc(2, 40), System::Musl(1, 1)));
    }
}
