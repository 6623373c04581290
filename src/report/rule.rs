//! The rules of an audit: a closed list of rules, each with a stable code.

use std::str::FromStr;

mod explained;

use crate::text::quoted;

/// The severity of a finding, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It will not install, or not run.
    Error,
    /// It may.
    Warning,
    /// Good to know.
    Note,
}

impl Severity {
    /// All of them, worst first.
    pub const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Note];

    /// The word, which is also SARIF's.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A rule. The names are stable: they are in reports and configurations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// No file of the entry is for the platform.
    NoWheel,
    /// Other targets have compiled wheels, this one only the source.
    NeedsCompiler,
    /// The entry has no wheel at all, only the source.
    SourceOnly,
    /// The wheels need a newer macOS or glibc, or another C library.
    NewerSystem,
    /// The wheels are for other Pythons.
    WrongPython,
    /// The release, or the lock, excludes the Python.
    RequiresPython,
    /// The wheel was withdrawn by its publishers.
    Yanked,
    /// It comes from a repository or a folder and is built.
    BuiltHere,
    /// The lock gives digests without file names, and the catalogue knows none of them.
    UnknownFiles,
    /// The build that is asked for cannot be had.
    NoBuild,
    /// A companion was made for another torch.
    FamilyMismatch,
    /// One lock has wheels for different GPUs or CUDA versions.
    MixedBackends,
    /// GPU libraries are locked, but no torch.
    RuntimeWithoutTorch,
    /// Two packages install one module.
    SameModule,
    /// Libraries of two releases of CUDA lie under the same paths.
    SameLibrary,
    /// A package that has a GPU build is locked as its CPU build.
    CpuRuntime,
    /// A CPU build asks for CUDA's libraries.
    UselessExtra,
    /// Libraries of CUDA are needed that nothing loads or brings.
    Unloaded,
    /// The driver is older than the CUDA of the wheels needs.
    OldDriver,
    /// A package that stays does not accept one of the image, or that could not be checked.
    ImageConstraint,
    /// The base image has another CUDA than torch.
    ImageCuda,
    /// The image has another Python than the target.
    ImagePython,
    /// The image is for another platform than the target.
    ImagePlatform,
    /// The table of images does not say how old the image's system is.
    UnknownImage,
    /// The entry has no digest, while others have one.
    NoDigest,
    /// No entry has a digest.
    Unhashed,
    /// The only digests are of a kind that pip's hash mode does not accept.
    WeakDigest,
    /// The catalogue knows another digest for the file.
    DigestConflict,
    /// Fewer projects recorded the digest than should have.
    FewWitnesses,
    /// The address has no TLS.
    PlainHttp,
    /// The lock was not made from the project as it is now.
    StaleLock,
}

impl Rule {
    /// All of them, in the order of the table in docs/audit.md.
    pub const ALL: [Self; 31] = [
        Self::NoWheel,
        Self::NeedsCompiler,
        Self::SourceOnly,
        Self::NewerSystem,
        Self::WrongPython,
        Self::RequiresPython,
        Self::Yanked,
        Self::BuiltHere,
        Self::UnknownFiles,
        Self::NoBuild,
        Self::FamilyMismatch,
        Self::MixedBackends,
        Self::RuntimeWithoutTorch,
        Self::SameModule,
        Self::SameLibrary,
        Self::CpuRuntime,
        Self::UselessExtra,
        Self::Unloaded,
        Self::OldDriver,
        Self::ImageConstraint,
        Self::ImageCuda,
        Self::ImagePython,
        Self::ImagePlatform,
        Self::UnknownImage,
        Self::NoDigest,
        Self::Unhashed,
        Self::WeakDigest,
        Self::DigestConflict,
        Self::FewWitnesses,
        Self::PlainHttp,
        Self::StaleLock,
    ];

    /// The stable kebab-case code.
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    /// The default severity.
    pub fn severity(self) -> Severity {
        self.row().1
    }

    /// Its meaning, in one sentence without a full stop.
    pub fn meaning(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> (&'static str, Severity, &'static str) {
        use Severity::{Error, Note, Warning};
        match self {
            Self::NoWheel => ("no-wheel", Error, "no file of the entry is for the platform"),
            Self::NeedsCompiler => {
                ("needs-compiler", Error, "other targets have compiled wheels, this one only the source")
            }
            Self::SourceOnly => ("source-only", Warning, "the entry has no wheel at all, only the source"),
            Self::NewerSystem => {
                ("newer-system", Error, "the wheels need a newer macOS or glibc than there is, or another C library")
            }
            Self::WrongPython => ("wrong-python", Error, "the wheels are for other Pythons"),
            Self::RequiresPython => ("requires-python", Error, "the release, or the lock itself, excludes the Python"),
            Self::Yanked => ("yanked", Warning, "the file was withdrawn by its publishers, as the catalogue knows"),
            Self::BuiltHere => {
                ("built-here", Note, "the entry comes from a repository or a folder and is built where it is installed")
            }
            Self::UnknownFiles => {
                ("unknown-files", Note, "the lock has digests without file names, and the catalogue knows none of them")
            }
            Self::NoBuild => ("no-build", Error, "the build that is asked for cannot be had"),
            Self::FamilyMismatch => ("family-mismatch", Error, "a companion of torch was made for another torch"),
            Self::MixedBackends => (
                "mixed-backends",
                Error,
                "one lock has wheels for different builds, or libraries of another CUDA than torch's",
            ),
            Self::RuntimeWithoutTorch => {
                ("runtime-without-torch", Warning, "GPU libraries are locked, but no torch that needs them")
            }
            Self::SameModule => {
                ("same-module", Error, "two packages install the same module and overwrite each other's files")
            }
            Self::SameLibrary => ("same-library", Error, "libraries for two releases of CUDA lie under the same paths"),
            Self::CpuRuntime => (
                "cpu-runtime",
                Warning,
                "the target is for CUDA, and a package that has a GPU build is locked as its CPU build",
            ),
            Self::UselessExtra => {
                ("useless-extra", Warning, "a CPU build asks for CUDA's libraries, which it cannot use")
            }
            Self::Unloaded => (
                "unloaded",
                Note,
                "a package needs libraries of CUDA that nothing loads for it, or nothing brings along",
            ),
            Self::OldDriver => {
                ("old-driver", Error, "the driver is older than the CUDA of the wheels or of the image needs")
            }
            Self::ImageConstraint => (
                "image-constraint",
                Error,
                "what stays does not accept what the image has, or that could not be checked",
            ),
            Self::ImageCuda => ("image-cuda", Warning, "the base image has another CUDA than torch"),
            Self::ImagePython => ("image-python", Error, "the image has another Python than the target"),
            Self::ImagePlatform => ("image-platform", Error, "the image is for another platform than the target"),
            Self::UnknownImage => ("unknown-image", Note, "the image's name does not say how old its system is"),
            Self::NoDigest => ("no-digest", Error, "the entry has no digest, while others have one"),
            Self::Unhashed => ("unhashed", Warning, "no entry of the lock has a digest"),
            Self::WeakDigest => {
                ("weak-digest", Error, "the entry's only digests are of a kind that pip's hash mode does not accept")
            }
            Self::DigestConflict => ("digest-conflict", Error, "the catalogue knows another digest for the very file"),
            Self::FewWitnesses => {
                ("few-witnesses", Error, "fewer projects recorded the digest than `--require-witnesses` asks for")
            }
            Self::PlainHttp => ("plain-http", Warning, "an address has no TLS"),
            Self::StaleLock => ("stale-lock", Warning, "the lock is out of date with the project"),
        }
    }
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == text).ok_or_else(|| {
            let near = |rule: &Rule| strsim::jaro_winkler(text, rule.as_str());
            let nearest = Self::ALL.into_iter().max_by(|one, other| near(one).total_cmp(&near(other)));
            let meant = nearest.filter(|rule| near(rule) > 0.7);
            let meant = meant.map(|rule| format!("; did you mean `{}`?", rule.as_str())).unwrap_or_default();
            format!("`{}` is not a code of the audit{meant}", quoted(text))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole() {
        for (index, rule) in Rule::ALL.into_iter().enumerate() {
            assert_eq!(rule as usize, index);
            assert_eq!(rule.as_str().parse(), Ok(rule));
        }
        assert_eq!(Rule::StaleLock as usize + 1, Rule::ALL.len());
    }

    #[test]
    fn a_misspelt_code_is_named() {
        let why = |text: &str| text.parse::<Rule>().unwrap_err().to_string();
        assert!(why("no-weel").contains("did you mean `no-wheel`?"));
        assert!(!why("\u{1b}[31m").contains('\u{1b}'));
    }
}
