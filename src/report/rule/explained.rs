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
                 That needs a compiler, headers and often the libraries behind it, and what comes out is nothing that \
                 anybody tested. Lock a release with a wheel, or have what the build needs in the image."
            }
            Self::SourceOnly => {
                "The publishers offer a source alone, so the package is built wherever it is installed. Pure Python builds \
                 in seconds; what has to be compiled needs a compiler. A wheel in an index of your own spares both."
            }
            Self::NewerSystem => {
                "A wheel says in its name how new the system must be: manylinux_2_28 asks for glibc 2.28, \
                 macosx_14_0 for macOS 14. An older system refuses it, and a musl system such as Alpine refuses \
                 every wheel for glibc. Take a newer base image, or lock an older release."
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
                "The publishers withdrew the file, mostly because it is broken. An exact pin still installs it, with a warning. \
                 Lock another release."
            }
            Self::BuiltHere => {
                "The entry comes from a repository or a folder. It is built where it is installed, and no digest says what is \
                 built. For an image that can be made again, build a wheel once and lock that."
            }
            Self::UnknownFiles => {
                "The lock gives digests without file names, as requirements files do, and the catalogue knows none of the \
                 digests. Whether a wheel installs cannot be told then. Audit the lock that the file was made from, or ask the \
                 index with --index."
            }
            Self::NoBuild => {
                "The build that the target asks for was never made for the locked release, or no catalogue at hand knows it. The \
                 message says which; the help names the builds that there are, or how a missing one is learned."
            }
            Self::FamilyMismatch => {
                "torchvision, torchaudio and others are compiled against one release of torch, and fail on import or in \
                 the first call beside another. Lock the releases together that were made for each other."
            }
            Self::MixedBackends => {
                "Packages of one process must use one build: a companion for CUDA 11.8 beside a torch for CUDA 12.1 loads \
                 two sets of libraries or none. Give all of them one build, as torchswap export does."
            }
            Self::RuntimeWithoutTorch => {
                "The lock has NVIDIA's libraries, which are gigabytes, and nothing that needs them. Often they were left behind by a \
                 swap by hand. Leave them out, or lock what needs them."
            }
            Self::SameModule => {
                "Both packages install the same module. The one that is installed last overwrites the files of the other, \
                 and removing either breaks both. Keep one of them."
            }
            Self::SameLibrary => {
                "Wheels of NVIDIA's libraries for two releases of CUDA put their files under the same path, so that the one that \
                 is installed last wins. What needs the other loads the wrong library. Lock packages that ask for one CUDA."
            }
            Self::CpuRuntime => {
                "The target has a GPU, and the package has a build that would use it under another name or label, but the CPU \
                 build is locked. It works, slowly. Take it into the swap with --also, or lock the other package."
            }
            Self::UselessExtra => {
                "An extra asks for CUDA's libraries, and the package is a CPU build that never loads them. The image grows by \
                 gigabytes for nothing. Ask for the package without the extra."
            }
            Self::Unloaded => {
                "The package expects CUDA's libraries where the system's loader finds them, or loads those of other wheels only if it \
                 is told to. Without that it falls back to the CPU, or fails on import. The help says what loads them."
            }
            Self::OldDriver => {
                "Each CUDA needs a driver of some age on the host; what is older cannot start a kernel. Update the driver, or \
                 choose a build for an older CUDA."
            }
            Self::ImageConstraint => {
                "What the image has is left out, so what stays must take the releases that are there, and the project's own \
                 range must, too: pip would put another release in their place, or what runs fails. Lock a release that takes \
                 them, or take an image that fits. Where the lock or the list of the image does not tell releases, nobody checked."
            }
            Self::ImageCuda => {
                "PyTorch's wheels bring their CUDA along, so torch itself runs. But what is compiled in the image, such as \
                 extensions, is compiled against the image's CUDA and does not fit torch's. Take an image with the same CUDA, or \
                 an image without any."
            }
            Self::ImagePython => {
                "The wheels are chosen for the Python of the target, and the image has another. None of the compiled ones \
                 would install. Make the target's Python that of the image, or the other way round."
            }
            Self::ImagePlatform => {
                "The image is built for another processor than the target, as its FROM line says. Wheels for the target do not \
                 install there. Make both the same."
            }
            Self::UnknownImage => {
                "The name of the image does not say which glibc it has: its tag moves, or is not in the table. Wheels that need a newer \
                 one cannot be found then. Name it with --glibc, or take a tag that names the distribution, such as \
                 python:3.11-slim-bookworm."
            }
            Self::NoDigest => {
                "Other entries have digests, this one has none. pip refuses the whole file then: with one digest it \
                 wants one for each. Lock again with a tool that records digests."
            }
            Self::Unhashed => {
                "Without digests an installer takes whatever the index serves today. Lock again with digests: \
                 pip-compile --generate-hashes, uv pip compile --generate-hashes, or a lock of Poetry or uv."
            }
            Self::WeakDigest => {
                "pip's hash mode takes sha256, sha384 and sha512. MD5 and SHA-1 can be forged, and an entry that has only such \
                 a digest is refused. Lock again with sha256."
            }
            Self::DigestConflict => {
                "The catalogue knows another digest for the very file: the lock is damaged or was made from another source, or the \
                 file was replaced. Install nothing until it is clear; torchswap verify --index --download asks more witnesses."
            }
            Self::FewWitnesses => {
                "The digest was recorded by fewer public projects than --require-witnesses asks for, so one wrong record could go \
                 unnoticed. Ask more witnesses with torchswap verify --index --download, or ask for fewer."
            }
            Self::PlainHttp => {
                "What comes over plain http can be changed on its way. A digest would notice, but logins and what is asked for can \
                 be read by anybody. Use https."
            }
            Self::StaleLock => {
                "The lock says from which pyproject.toml it was made, and that has changed since. What is made of the lock \
                 lacks the change. Lock again."
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
