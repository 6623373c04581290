//! The build that a wheel was made for, as a catalogue writes it.

use std::fmt;
use std::str::FromStr;

use crate::packaging::target::Backend;

/// The build that a wheel was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Built {
    /// For one backend.
    For(Backend),
    /// For every minor version of one CUDA, whose libraries serve each other: `cu12`.
    Major(u8),
    /// One wheel for all backends.
    Any,
    /// Not known, or the package is not one that is built by backend.
    Unknown,
}

impl FromStr for Built {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "any" => Ok(Self::Any),
            "-" => Ok(Self::Unknown),
            _ => match text.parse::<Backend>() {
                Ok(backend) => Ok(Self::For(backend)),
                Err(error) => major(text).map(Self::Major).ok_or(error),
            },
        }
    }
}

/// The major version that `cu12` names: two digits, of which the CUDA that has a minor version has three.
fn major(text: &str) -> Option<u8> {
    let digits = text.strip_prefix("cu").filter(|digits| digits.len() == 2)?;
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())?
        .filter(|major| (10..=19).contains(major))
}

impl Built {
    /// True if it serves a backend.
    pub fn is_for(self, backend: Backend) -> bool {
        match self {
            Self::For(built) => built == backend,
            Self::Major(major) => matches!(backend, Backend::Cuda(own, _) if own == major),
            Self::Any => true,
            Self::Unknown => false,
        }
    }

    /// True if it serves some backends and not others.
    pub fn is_bound(self) -> bool {
        matches!(self, Self::For(_) | Self::Major(_))
    }
}

impl fmt::Display for Built {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::For(backend) => backend.fmt(f),
            Self::Major(major) => write!(f, "cu{major}"),
            Self::Any => f.write_str("any"),
            Self::Unknown => f.write_str("-"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_major_version_of_cuda_serves_its_minor_ones() {
        let built = |text: &str| text.parse::<Built>();
        assert_eq!((built("cu12").unwrap(), built("cu12").unwrap().to_string()), (Built::Major(12), "cu12".to_owned()));
        assert_eq!(built("cu92").unwrap(), Built::For(Backend::Cuda(9, 2)));
        assert_eq!(built("cu118").unwrap(), Built::For(Backend::Cuda(11, 8)));
        for odd in ["cu1", "cu07", "cu+2", "cu20", "cu1x", "12"] {
            assert!(built(odd).is_err(), "{odd}");
        }
        let serves = |built: Built| {
            let all = ["cpu", "cu118", "cu121", "cu128", "cu130", "rocm6.3", "xpu"];
            all.into_iter().filter(|one| built.is_for(one.parse().unwrap())).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(serves(Built::Major(12)), "cu121 cu128");
        assert_eq!(serves(Built::For(Backend::Cuda(11, 8))), "cu118");
        assert_eq!(serves(Built::Any), "cpu cu118 cu121 cu128 cu130 rocm6.3 xpu");
        assert_eq!(serves(Built::Unknown), "");
    }
}
