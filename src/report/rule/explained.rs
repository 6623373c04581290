//! The explanation of each rule of an audit: why it matters, and what helps.

use super::Rule;

impl Rule {
    /// Why it matters and what to do about it, in whole sentences.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::NoWheel => {
                "The lock lists neither a wheel for the platform nor a source to build one from, so the installer stops. \
                 Lock a release that has a wheel for it, choose another platform, or leave the package out for this target \
                 with a marker or --no-emit-package."
            }
            Self::NeedsCompiler => {
                "The entry has compiled wheels, but none for this platform, so the installer would build it from source. \
                 That needs a compiler, headers and often the libraries behind it, and nobody has tested the result. \
                 Lock a release with a wheel, or install what the build needs in the image."
            }
            Self::SourceOnly => {
                "The publishers offer only a source, so the package is built wherever it is installed. Pure Python builds \
                 in seconds; anything else needs a compiler. A wheel on an index of your own avoids both."
            }
            Self::NewerSystem => {
                "A wheel says in its name how new the system must be: manylinux_2_28 asks for glibc 2.28, \
                 macosx_14_0 for macOS 14. An older system refuses it, and a musl system such as Alpine refuses \
                 every wheel for glibc. Use a newer base image, or lock an older release."
            }
            Self::WrongPython => {
                "Compiled wheels are for one Python each. The entry has wheels for the platform, but none for the Python of \
                 the target. Choose one of the Pythons that have one, or lock another release."
            }
            Self::RequiresPython => {
                "The release declares with Requires-Python, or the lock with its own range, that it is not for this Python, and \
                 an installer obeys. Lock again for the Python of the target, or choose a Python within the range."
            }
            Self::Yanked => {
                "The publishers withdrew the file, usually because it is broken. An exact pin still installs it, with a warning. \
                 Lock another release."
            }
            Self::BuiltHere => {
                "The entry comes from a repository or a folder. It is built where it is installed, and no digest says what is \
                 built. For a reproducible image, build a wheel once and lock that."
            }
            Self::UnknownFiles => {
                "The lock gives digests without file names, as requirements files do, and the catalogue knows none of the \
                 digests. So it is not known whether a wheel installs. Audit the lock that the file was made from, or ask the \
                 index with --index."
            }
            Self::NoBuild => {
                "The build that the target asks for was never made for the locked release, or no catalogue in use knows it. The \
                 message says which; the help names the builds that there are, or how a missing one is learned."
            }
            Self::FamilyMismatch => {
                "torchvision, torchaudio and others are compiled against one release of torch; beside another they fail on \
                 import or in the first call. Lock releases that were made for each other."
            }
            Self::MixedBackends => {
                "Packages of one process must use the same build: a companion for CUDA 11.8 beside a torch for CUDA 12.1 loads \
                 two sets of libraries or none. Use one build for all of them, as torchswap export does."
            }
            Self::RuntimeWithoutTorch => {
                "The lock has NVIDIA's libraries, which are gigabytes, and nothing that needs them. Often they were left behind by a \
                 manual swap. Leave them out, or lock what needs them."
            }
            Self::SameModule => {
                "Both packages install the same module. The one that is installed last overwrites the files of the other, \
                 and removing either breaks both. Keep one of them."
            }
            Self::SameLibrary => {
                "Wheels of NVIDIA's libraries for two releases of CUDA put their files under the same path, so that the one that \
                 is installed last wins. A package that needs the other loads the wrong library. Lock packages that need the same CUDA."
            }
            Self::CpuRuntime => {
                "The target has a GPU, and the package has a build that would use it under another name or label, but the CPU \
                 build is locked. It works, but slowly. Swap it with --also, or lock the other package."
            }
            Self::UselessExtra => {
                "An extra asks for CUDA's libraries, but the package is a CPU build that never loads them. The image grows by \
                 gigabytes for nothing. Require the package without the extra."
            }
            Self::Unloaded => {
                "The package expects CUDA's libraries where the system's loader finds them, or loads those of other wheels only on \
                 request. Without that it falls back to the CPU, or fails on import. The help says what loads them."
            }
            Self::OldDriver => {
                "Each CUDA needs a driver of a certain version on the host; with an older one no kernel starts. Update the driver, or \
                 choose a build for an older CUDA."
            }
            Self::ImageConstraint => {
                "What the image has is left out, so what stays must accept the image's releases, and so must the project's own \
                 range: otherwise pip replaces them, or the program fails. Lock a release that accepts them, or use an \
                 image that fits. Where the lock or the list of the image names no releases, nothing was checked."
            }
            Self::ImageCuda => {
                "PyTorch's wheels bring their CUDA along, so torch itself runs. But what is compiled in the image, such as \
                 extensions, is compiled against the image's CUDA and does not fit torch's. Use an image with the same CUDA, or \
                 one without any."
            }
            Self::ImagePython => {
                "The wheels are chosen for the Python of the target, but the image has another. None of the compiled ones \
                 would install. Make both the same."
            }
            Self::ImagePlatform => {
                "The image is built for another processor than the target, as its FROM line says. Wheels for the target do not \
                 install there. Make both the same."
            }
            Self::UnknownImage => {
                "The name of the image does not say which glibc it has: its tag moves, or is not in the table. So wheels that need a newer \
                 one are not found. Name it with --glibc, or use a tag that names the distribution, such as \
                 python:3.11-slim-bookworm."
            }
            Self::NoDigest => {
                "Other entries have digests, this one has none. pip then refuses the whole file: if one line has a digest, \
                 all must. Lock again with a tool that records digests."
            }
            Self::Unhashed => {
                "Without digests an installer takes whatever the index serves today. Lock again with digests: \
                 pip-compile --generate-hashes, uv pip compile --generate-hashes, or a lock of Poetry or uv."
            }
            Self::WeakDigest => {
                "pip's hash mode accepts sha256, sha384 and sha512. MD5 and SHA-1 can be forged, and an entry that has only such \
                 a digest is refused. Lock again with sha256."
            }
            Self::DigestConflict => {
                "The catalogue has another digest for this very file: the lock is damaged or was made from another source, or the \
                 file was replaced. Install nothing until it is clear; torchswap verify --index --download asks more witnesses."
            }
            Self::FewWitnesses => {
                "The digest was recorded by fewer public projects than --require-witnesses asks for, so one wrong record could go \
                 unnoticed. Ask more witnesses with torchswap verify --index --download, or ask for fewer."
            }
            Self::PlainHttp => {
                "Downloads over plain http can be changed in transit. A digest would reveal that, but logins and requests can be \
                 read by anybody. Use https."
            }
            Self::StaleLock => {
                "The lock records which pyproject.toml it was made from, and that has changed since. Outputs of the lock \
                 lack the change. Lock again."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_rule_is_explained_in_its_own_words() {
        let mut seen = BTreeSet::new();
        for rule in Rule::ALL {
            let text = rule.explanation();
            assert!(text.len() > 100 && text.ends_with('.') && !text.contains("  "), "{}: {text}", rule.as_str());
            assert!(!text.contains(rule.meaning()) && seen.insert(text), "{}: {text}", rule.as_str());
        }
    }
}
