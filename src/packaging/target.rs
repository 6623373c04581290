//! Targets: what a wheel was built for ([`Backend`]), where it runs ([`Platform`]) and under which Pythons.

use std::fmt;
use std::str::FromStr;

use super::system;
use crate::text::quoted;

/// The build of a wheel of the torch family, in PyTorch's spelling: `cpu`, `cu118`, `rocm6.3`, `xpu`.
///
/// It is data, not a list: a new CUDA release needs no new code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Backend {
    /// No GPU (on macOS: the default build, which also drives Apple's GPU).
    Cpu,
    /// NVIDIA CUDA, by major and minor version.
    Cuda(u8, u8),
    /// AMD ROCm, by major, minor and, for some releases, patch version.
    Rocm(u8, u8, Option<u8>),
    /// Intel GPUs.
    Xpu,
}

impl Backend {
    /// Reads a CUDA version as people write it: `11.8`, `12.1`, `118`, `cu118`.
    ///
    /// # Errors
    /// If it is not a CUDA version.
    pub fn cuda(text: &str) -> Result<Self, String> {
        let bare = text.strip_prefix("cu").unwrap_or(text);
        let (major, minor) = match bare.split_once('.') {
            Some(parts) => parts,
            None if bare.len() >= 2 && bare.is_ascii() => bare.split_at(bare.len() - 1),
            None => return Err(no_backend(text)),
        };
        match (number(major), number(minor)) {
            // The label puts the digits side by side, so a minor above 9 would be ambiguous.
            (Some(major), Some(minor)) if major >= 8 && minor <= 9 => Ok(Self::Cuda(major, minor)),
            _ => Err(no_backend(text)),
        }
    }

    /// Reads a ROCm version: `6.3`, `6.2.4`, `rocm6.3`.
    ///
    /// # Errors
    /// If it is not a ROCm version.
    pub fn rocm(text: &str) -> Result<Self, String> {
        let bare = text.strip_prefix("rocm").unwrap_or(text);
        let parts: Option<Vec<u8>> = bare.split('.').map(number).collect();
        match parts.as_deref() {
            Some([major, minor]) => Ok(Self::Rocm(*major, *minor, None)),
            Some([major, minor, patch]) => Ok(Self::Rocm(*major, *minor, Some(*patch))),
            _ => Err(no_backend(text)),
        }
    }

    /// True for everything but `cpu`.
    pub fn is_gpu(self) -> bool {
        self != Self::Cpu
    }

    /// Its kind, without a version: `CUDA`.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Cpu => "CPU",
            Self::Cuda(..) => "CUDA",
            Self::Rocm(..) => "ROCm",
            Self::Xpu => "XPU",
        }
    }

    /// As people say it: `CUDA 11.8`, `ROCm 6.3`, `CPU`, `XPU`.
    pub fn spoken(self) -> String {
        match self {
            Self::Cpu => "CPU".to_owned(),
            Self::Cuda(major, minor) => format!("CUDA {major}.{minor}"),
            Self::Rocm(major, minor, None) => format!("ROCm {major}.{minor}"),
            Self::Rocm(major, minor, Some(patch)) => format!("ROCm {major}.{minor}.{patch}"),
            Self::Xpu => "XPU".to_owned(),
        }
    }

    /// The flag that asks for it.
    pub fn flag(self) -> String {
        match self {
            Self::Cpu => "--cpu".to_owned(),
            Self::Cuda(major, minor) => format!("--cuda {major}.{minor}"),
            Self::Rocm(major, minor, None) => format!("--rocm {major}.{minor}"),
            Self::Rocm(major, minor, Some(patch)) => format!("--rocm {major}.{minor}.{patch}"),
            Self::Xpu => "--xpu".to_owned(),
        }
    }
}

/// Why a text is no name of a backend.
fn no_backend(text: &str) -> String {
    format!("unknown build `{}`; builds are named `cpu`, `cu118`, `rocm6.3` or `xpu`", quoted(text))
}

fn number(text: &str) -> Option<u8> {
    system::number(text)?.try_into().ok()
}

impl FromStr for Backend {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "cpu" => Ok(Self::Cpu),
            "xpu" => Ok(Self::Xpu),
            _ if text.starts_with("cu") && !text.contains('.') => Self::cuda(text),
            _ if text.starts_with("rocm") => Self::rocm(text),
            _ => Err(no_backend(text)),
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(major, minor) => write!(f, "cu{major}{minor}"),
            Self::Rocm(major, minor, None) => write!(f, "rocm{major}.{minor}"),
            Self::Rocm(major, minor, Some(patch)) => write!(f, "rocm{major}.{minor}.{patch}"),
            Self::Xpu => f.write_str("xpu"),
        }
    }
}

/// An operating system and a processor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Platform {
    /// `linux-x86_64`
    #[default]
    LinuxX86_64,
    /// `linux-aarch64`
    LinuxAarch64,
    /// `windows-x86_64`
    WindowsX86_64,
    /// `macos-arm64`
    MacosArm64,
    /// `macos-x86_64`
    MacosX86_64,
}

impl Platform {
    /// All of them, in the order help lists them.
    pub const ALL: [Self; 5] =
        [Self::LinuxX86_64, Self::LinuxAarch64, Self::WindowsX86_64, Self::MacosArm64, Self::MacosX86_64];

    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LinuxX86_64 => "linux-x86_64",
            Self::LinuxAarch64 => "linux-aarch64",
            Self::WindowsX86_64 => "windows-x86_64",
            Self::MacosArm64 => "macos-arm64",
            Self::MacosX86_64 => "macos-x86_64",
        }
    }

    /// The build that everything for the platform is, where there is no other: on macOS that for the CPU.
    pub fn only_build(self) -> Option<Backend> {
        self.is_macos().then_some(Backend::Cpu)
    }

    /// True on Apple's systems, for which every build is a CPU build.
    pub fn is_macos(self) -> bool {
        matches!(self, Self::MacosArm64 | Self::MacosX86_64)
    }

    /// PEP 508's `sys_platform`.
    pub fn sys_platform(self) -> &'static str {
        match self {
            Self::LinuxX86_64 | Self::LinuxAarch64 => "linux",
            Self::WindowsX86_64 => "win32",
            Self::MacosArm64 | Self::MacosX86_64 => "darwin",
        }
    }

    /// PEP 508's `platform_system`.
    pub fn platform_system(self) -> &'static str {
        match self {
            Self::LinuxX86_64 | Self::LinuxAarch64 => "Linux",
            Self::WindowsX86_64 => "Windows",
            Self::MacosArm64 | Self::MacosX86_64 => "Darwin",
        }
    }

    /// PEP 508's `platform_machine`.
    pub fn platform_machine(self) -> &'static str {
        match self {
            Self::LinuxX86_64 | Self::MacosX86_64 => "x86_64",
            Self::LinuxAarch64 => "aarch64",
            Self::WindowsX86_64 => "AMD64",
            Self::MacosArm64 => "arm64",
        }
    }

    /// PEP 508's `os_name`.
    pub fn os_name(self) -> &'static str {
        match self {
            Self::WindowsX86_64 => "nt",
            Self::LinuxX86_64 | Self::LinuxAarch64 | Self::MacosArm64 | Self::MacosX86_64 => "posix",
        }
    }
}

/// Why a text is no name of a platform.
fn no_platform(text: &str) -> String {
    let name = quoted(text);
    let lower = text.to_ascii_lowercase();
    if ["mac", "darwin", "osx", "apple"].iter().any(|word| lower.starts_with(word)) {
        return format!("`{name}` is ambiguous: macos-arm64 (Apple silicon) or macos-x86_64 (Intel)");
    }
    format!("unknown platform `{name}`; choose from {}", Platform::ALL.map(Platform::as_str).join(", "))
}

impl FromStr for Platform {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // The other spellings are those of pip, uv and Docker.
        match text {
            "linux-x86_64" | "linux-amd64" => Ok(Self::LinuxX86_64),
            "linux-aarch64" | "linux-arm64" => Ok(Self::LinuxAarch64),
            "windows-x86_64" | "windows-amd64" | "win-amd64" => Ok(Self::WindowsX86_64),
            "macos-arm64" | "macos-aarch64" | "mac-arm64" => Ok(Self::MacosArm64),
            "macos-x86_64" | "mac-x86_64" => Ok(Self::MacosX86_64),
            _ => Err(no_platform(text)),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A minor release of CPython 3: `3.10`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Python(u8);

impl Python {
    /// The newest release.
    pub const NEWEST: Self = Self(15);

    /// One that represents all to come.
    pub const EVER: Self = Self(99);

    /// CPython `3.minor`.
    pub fn three(minor: u8) -> Self {
        Self(minor)
    }

    /// Every one that a wheel may be for, those to come included.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=Self::EVER.0).map(Self)
    }

    /// Those that torch has wheels for, and the one in development.
    pub fn known() -> impl DoubleEndedIterator<Item = Self> + Clone {
        (6..=Self::NEWEST.0 + 1).map(Self)
    }

    /// The known ones that are released.
    pub fn released() -> impl DoubleEndedIterator<Item = Self> + Clone {
        Self::known().filter(|python| *python <= Self::NEWEST)
    }

    /// The minor version: 10 for `3.10`.
    pub fn minor(self) -> u8 {
        self.0
    }
}

impl FromStr for Python {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let python = text.strip_prefix("3.").and_then(number).map(Self);
        python.ok_or_else(|| format!("`{}` is not a Python version such as 3.10", quoted(text)))
    }
}

impl fmt::Display for Python {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "3.{}", self.0)
    }
}

/// One environment: one platform, one CPython. A target is one or more of these that differ in the Python only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Environment {
    /// The platform it runs on.
    pub platform: Platform,
    /// The Python.
    pub python: Python,
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, CPython {}", self.platform, self.python)
    }
}

/// The platform, build and Pythons that an output is made for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// Its name in the configuration, if it has one.
    pub name: Option<String>,
    /// The platform it runs on.
    pub platform: Platform,
    /// The wanted build; `None` keeps the builds that the lock has.
    pub backend: Option<Backend>,
    /// The Pythons; empty: every one the lock allows and the wheels exist for.
    pub pythons: Vec<Python>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backends_read_what_they_print() {
        for text in ["cpu", "cu92", "cu118", "cu130", "rocm6.3", "rocm6.2.4", "rocm7.14", "xpu"] {
            assert_eq!(text.parse::<Backend>().unwrap().to_string(), text);
        }
        assert_eq!(Backend::cuda("11.8"), Ok(Backend::Cuda(11, 8)));
        assert_eq!(Backend::cuda("cu102"), Ok(Backend::Cuda(10, 2)));
    }

    #[test]
    fn backends_refuse_what_is_none() {
        for text in ["", "cu", "cu1", "cu11.8", "cuda118", "rocm", "rocm6", "rocm6.", "CPU", "cu+18", "cu0118"] {
            assert!(text.parse::<Backend>().is_err(), "{text}");
        }
        for text in ["11", "11.8.0", "1.1", "11.10", "é"] {
            assert!(Backend::cuda(text).is_err(), "{text}");
        }
    }

    #[test]
    fn platforms_read_what_they_print() {
        for platform in Platform::ALL {
            assert_eq!(platform.to_string().parse(), Ok(platform));
        }
        for text in ["", "unix", "linux", "linux-riscv64", "x86_64-unknown-linux-musl", "x86_64-manylinux_2_28"] {
            assert!(text.parse::<Platform>().unwrap_err().to_string().contains("choose from linux-x86_64"), "{text}");
        }
        for text in ["mac", "Darwin", "osx"] {
            assert!(
                text.parse::<Platform>().unwrap_err().to_string().contains("macos-arm64 (Apple silicon)"),
                "{text}"
            );
        }
    }

    #[test]
    fn pythons_are_minor_releases_of_three() {
        assert_eq!("3.10".parse(), Ok(Python::three(10)));
        for text in ["3", "2.7", "3.10.1", "3.", "3.x", "3.010", "python3.10"] {
            assert!(text.parse::<Python>().is_err(), "{text}");
        }
    }
}
