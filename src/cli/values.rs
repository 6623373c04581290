//! Values as people type them: taken where only one thing can be meant, else refused with the right spelling and with what
//! there is.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, TypedValueParser};

use crate::catalog::releases::{all_cuda, all_rocm};
use crate::packaging::target::{Backend, Platform, Python};
use crate::text::quoted;

/// Reads a CUDA version: as [`Backend::cuda`], also with a patch release, which has no builds of its own (`12.4.1`), and
/// with the word before it (`cuda12.4`).
///
/// # Errors
/// If it is none, or a major release alone.
pub fn cuda(text: &str) -> Result<Backend, String> {
    let bare = text.trim().to_ascii_lowercase();
    let bare = bare.strip_prefix("cuda").unwrap_or(&bare);
    let minor = match bare.split('.').collect::<Vec<_>>().as_slice() {
        [major, minor, patch] if patch.parse::<u8>().is_ok() => format!("{major}.{minor}"),
        _ => bare.to_owned(),
    };
    Backend::cuda(&minor).map_err(|_| choice("CUDA", text, bare, &all_cuda()))
}

/// Reads a ROCm version, as [`Backend::rocm`].
///
/// # Errors
/// If it is none, or a major release alone.
pub fn rocm(text: &str) -> Result<Backend, String> {
    Backend::rocm(text.trim()).map_err(|_| choice("ROCm", text, text.trim(), &all_rocm()))
}

/// The message for a text that names no version: the versions of the major release that it names, else all.
fn choice(kind: &str, text: &str, bare: &str, all: &[Backend]) -> String {
    let version = |backend: &Backend| backend.spoken().split_once(' ').map(|(_, version)| version.to_owned());
    let all: Vec<String> = all.iter().filter_map(version).collect();
    let of_major: Vec<&str> =
        all.iter().filter(|one| one.split('.').next() == Some(bare)).map(String::as_str).collect();
    let text = quoted(text);
    if of_major.is_empty() {
        return format!("`{text}` is not a {kind} version; PyTorch has builds for {}", all.join(", "));
    }
    format!("`{text}` is ambiguous; PyTorch has builds for {kind} {}", of_major.join(", "))
}

/// Reads a build by its label, as [`Backend`] does.
///
/// # Errors
/// If it is none; a label that is meant is named.
pub fn backend(text: &str) -> Result<Backend, String> {
    text.parse().map_err(|error| {
        let lower = text.trim().to_ascii_lowercase();
        let meant = lower.parse().ok().or_else(|| cuda(&lower).ok()).or_else(|| rocm(&lower).ok());
        meant.map_or(error, |meant: Backend| format!("unknown build `{}`; did you mean `{meant}`?", quoted(text)))
    })
}

/// Reads a CPython: `3.10`; a patch release has no wheels of its own (`3.10.4`). Also as tags and uv have it: `cp310`,
/// `310`, `python3.10`, `cpython@3.10`.
///
/// # Errors
/// If it is none, or no minor release is named.
pub fn python(text: &str) -> Result<Python, String> {
    let bare = text.trim();
    let bare = ["cpython@", "cpython", "python", "cp", "py"].iter().find_map(|word| bare.strip_prefix(word));
    let bare = bare.unwrap_or(text.trim());
    if let Some(version) = bare.strip_suffix('t').filter(|version| version.parse::<Python>().is_ok()) {
        return Err(format!("`{}` is a free-threaded Python, which is not supported; use {version}", quoted(text)));
    }
    let minor = match bare.split('.').collect::<Vec<_>>().as_slice() {
        [major, minor, patch] if patch.parse::<u8>().is_ok() => format!("{major}.{minor}"),
        [digits] if digits.len() > 1 && digits.starts_with('3') => format!("3.{}", &digits[1..]),
        _ => bare.to_owned(),
    };
    minor.parse().map_err(|_| match bare {
        "3" => format!("`{}` is ambiguous; name the minor release, such as 3.11", quoted(text)),
        _ => format!("`{}` is not a Python version such as 3.10", quoted(text)),
    })
}

/// Reads a platform: as [`Platform`], and as uv and Docker have it. A system alone is what uv means by it; tables are stricter.
///
/// # Errors
/// If it is none, or may be several.
pub fn platform(text: &str) -> Result<Platform, String> {
    match text {
        "linux" | "linux/amd64" | "x86_64-unknown-linux-gnu" => Ok(Platform::LinuxX86_64),
        "linux/arm64" | "aarch64-unknown-linux-gnu" => Ok(Platform::LinuxAarch64),
        "windows" | "x86_64-pc-windows-msvc" => Ok(Platform::WindowsX86_64),
        "macos" | "aarch64-apple-darwin" => Ok(Platform::MacosArm64),
        "x86_64-apple-darwin" => Ok(Platform::MacosX86_64),
        _ => text.parse(),
    }
}

/// Reads a platform, and lists them all for shells.
#[derive(Debug, Clone, Copy)]
pub struct PlatformParser;

impl TypedValueParser for PlatformParser {
    type Value = Platform;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Platform, clap::Error> {
        TypedValueParser::parse_ref(&platform, command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Platform::ALL.into_iter().map(|platform| PossibleValue::new(platform.as_str()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_mean_one_thing_is_taken() {
        for text in ["12.4", "12.4.1", "124", "cu124", "cuda12.4", "CUDA12.4.0", " 12.4 "] {
            assert_eq!(cuda(text), Ok(Backend::Cuda(12, 4)), "{text}");
        }
        for text in ["3.11", "3.11.7", "311", "cp311", "py311", "python3.11", "cpython@3.11.7"] {
            assert_eq!(python(text), Ok(Python::three(11)), "{text}");
        }
        assert_eq!(backend("cu124"), Ok(Backend::Cuda(12, 4)));
        for (text, meant) in [
            ("linux", Platform::LinuxX86_64),
            ("macos", Platform::MacosArm64),
            ("windows", Platform::WindowsX86_64),
            ("aarch64-apple-darwin", Platform::MacosArm64),
            ("linux/arm64", Platform::LinuxAarch64),
            ("macos-x86_64", Platform::MacosX86_64),
        ] {
            assert_eq!(platform(text), Ok(meant), "{text}");
        }
    }

    #[test]
    fn what_can_mean_several_things_is_refused_with_what_there_is() {
        let refusal = cuda("12").unwrap_err();
        assert!(refusal.contains("ambiguous; PyTorch has builds for CUDA 12.1, 12.4, 12.6"), "{refusal}");
        assert!(!refusal.contains("11.8"), "{refusal}");
        for text in ["", "eleven", "7", "12.4.x", "12.4.1.2", "12.", "11.10", "é"] {
            let refusal = cuda(text).unwrap_err();
            assert!(refusal.contains("not a CUDA version; PyTorch has builds for 1"), "{text}: {refusal}");
        }
        assert!(rocm("6").unwrap_err().contains("ambiguous; PyTorch has builds for ROCm 6."));
        for (text, meant) in [("cuda118", "`cu118`"), ("12.4", "`cu124`"), ("CPU", "`cpu`"), ("6.2.4", "`rocm6.2.4`")] {
            assert!(backend(text).unwrap_err().ends_with(&format!("{meant}?")), "{text}");
        }
        assert!(backend("gpu").unwrap_err().contains("builds are named"));
        for (text, expected) in [
            ("3", "name the minor release"),
            ("3.13t", "free-threaded"),
            ("2.7", "such as 3.10"),
            ("27", "such as 3.10"),
            ("3.x", "such as 3.10"),
            ("3.11.x", "such as 3.10"),
            ("pypy3.10", "such as 3.10"),
            ("é", "such as 3.10"),
        ] {
            assert!(python(text).unwrap_err().contains(expected), "{text}: {:?}", python(text));
        }
    }
}
