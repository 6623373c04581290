//! The table `modules.tsv`: which packages own the same module or library, which GPU build a CPU build has, and what needs
//! CUDA's libraries of something else.

use pep440_rs::Version;

use crate::packaging::constraint::Constraint;
use crate::packaging::target::Platform;

const TEXT: &str = include_str!("modules.tsv");

/// What several packages install under the same paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OwnedKind {
    /// An import package.
    Module,
    /// A folder of shared libraries.
    Library,
    /// A folder of headers alone.
    Headers,
}

/// One package that owns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) kind: OwnedKind,
    /// The import package or the folder: `onnxruntime`, `nvidia/nccl/lib`.
    pub(crate) owned: &'static str,
    pub(crate) package: &'static str,
}

/// All rows that name an owner, in the order of the table.
pub(crate) fn owners() -> impl Iterator<Item = Owner> {
    rows().filter_map(|columns| {
        let [kind, owned, package] = *columns.as_slice() else { return None };
        let kind = match kind {
            "module" => OwnedKind::Module,
            "library" => OwnedKind::Library,
            "headers" => OwnedKind::Headers,
            _ => return None,
        };
        Some(Owner { kind, owned, package })
    })
}

/// A GPU build of a package, for whichever release, if the package is a CPU build.
pub(crate) fn any_gpu_twin(package: &str) -> Option<&'static str> {
    twins(package).last().map(|twin| twin.gpu)
}

/// The GPU build of a CPU build; `cuda` is the major release that is there, if one is known.
pub(crate) fn gpu_twin(package: &str, version: &Version, cuda: Option<u8>, platform: Platform) -> Option<&'static str> {
    let serves = |twin: &Twin| {
        twin.cuda.is_none_or(|own| cuda.is_none_or(|cuda| cuda == own))
            && twin.platforms.split(' ').any(|one| one == platform.as_str())
            && twin.versions.admits(version)
    };
    // Where any CUDA will do, the newest is meant: it is last.
    twins(package).filter(serves).last().map(|twin| twin.gpu)
}

struct Twin {
    gpu: &'static str,
    versions: Constraint,
    cuda: Option<u8>,
    platforms: &'static str,
}

/// The GPU builds of one package: most have none, and then nothing is read.
fn twins(package: &str) -> impl Iterator<Item = Twin> {
    let rows =
        TEXT.lines().filter_map(move |line| line.strip_prefix("twin\t")?.strip_prefix(package)?.strip_prefix('\t'));
    rows.filter_map(|row| {
        let [gpu, versions, cuda, platforms] = *row.split('\t').collect::<Vec<_>>().as_slice() else { return None };
        let cuda = if cuda == "-" { None } else { Some(cuda.parse().ok()?) };
        Some(Twin { gpu, versions: Constraint::poetry(versions).ok()?, cuda, platforms })
    })
}

/// Who loads the libraries of CUDA that a package needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoadedBy {
    /// A torch for CUDA.
    Torch,
    /// The package itself, from NVIDIA's packages for CUDA 12.
    Cuda12,
}

/// A package that finds CUDA's libraries only where something else brings them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Needy {
    pub(crate) needs: LoadedBy,
    /// What is wrong without it, behind the package's name.
    pub(crate) message: &'static str,
    pub(crate) help: &'static str,
}

/// What a release of a package needs, if it is one of those.
pub(crate) fn needy(package: &str, version: &Version) -> Option<Needy> {
    let meant = |(own, versions, _): &(&str, Constraint, Needy)| *own == package && versions.admits(version);
    all_needy().find(meant).map(|(.., needy)| needy)
}

fn all_needy() -> impl Iterator<Item = (&'static str, Constraint, Needy)> {
    rows().filter_map(|columns| {
        let ["needs", package, versions, needs, message, help] = *columns.as_slice() else { return None };
        let needs = match needs {
            "another" => LoadedBy::Torch,
            "cuda12" => LoadedBy::Cuda12,
            _ => return None,
        };
        Some((package, Constraint::poetry(versions).ok()?, Needy { needs, message, help }))
    })
}

fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    TEXT.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_reads_and_the_table_is_sorted() {
        let lines: Vec<&str> = TEXT.lines().filter(|line| !line.starts_with('#')).collect();
        let cpu = |line: &&'static str| line.strip_prefix("twin\t")?.split('\t').next();
        let builds: std::collections::BTreeSet<&str> = lines.iter().filter_map(cpu).collect();
        let twin_count = builds.iter().flat_map(|cpu| twins(cpu)).count();
        assert_eq!(owners().count() + twin_count + all_needy().count(), lines.len());
        assert!(lines.is_sorted_by(|one, other| one < other));
        for (cpu, twin) in builds.iter().flat_map(|cpu| twins(cpu).map(move |twin| (cpu, twin))) {
            assert!(twin.platforms.split(' ').all(|one| one.parse::<Platform>().is_ok()), "{}", twin.platforms);
            assert!(owners().any(|owner| owner.package == *cpu), "{cpu}");
            assert!(owners().any(|owner| owner.package == twin.gpu), "{}", twin.gpu);
        }
    }

    /// As the lists of files of their wheels have it.
    #[test]
    fn what_is_owned_by_two_is_what_their_wheels_overwrite() {
        let shared = |one: &str, other: &str| {
            let owned = |package: &str| owners().filter(|owner| owner.package == package).collect::<Vec<_>>();
            owned(one).iter().any(|one| owned(other).iter().any(|other| one.owned == other.owned))
        };
        for (one, other) in [
            ("onnxruntime", "onnxruntime-gpu"),
            ("faiss-cpu", "faiss-gpu-cu12"),
            ("faiss-cpu", "faiss-gpu"),
            ("tensorflow-cpu", "tensorflow"),
            ("xgboost-cpu", "xgboost"),
            ("nvidia-cudnn-cu12", "nvidia-cudnn-cu13"),
            ("nvidia-cudnn-cu11", "nvidia-cudnn-cu12"),
            ("nvidia-nccl-cu12", "nvidia-nccl-cu13"),
            ("nvidia-nccl-cu11", "nvidia-nccl-cu12"),
            ("nvidia-cublas-cu11", "nvidia-cublas-cu12"),
            ("nvidia-nvshmem-cu12", "nvidia-nvshmem-cu13"),
        ] {
            assert!(shared(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("fastembed", "fastembed-gpu"),
            ("nvidia-cublas-cu12", "nvidia-cublas"),
            ("nvidia-cusparselt-cu12", "nvidia-cusparselt-cu13"),
            ("nvidia-cuda-nvcc-cu12", "triton"),
            ("nvidia-cuda-runtime-cu12", "nvidia-cuda-runtime"),
        ] {
            assert!(!shared(one, other), "{one} {other}");
        }
    }

    #[test]
    fn the_gpu_build_depends_on_release_cuda_and_platform() {
        let twin =
            |package, version: &str, cuda, platform| gpu_twin(package, &version.parse().unwrap(), cuda, platform);
        let linux = Platform::LinuxX86_64;
        assert_eq!(twin("faiss-cpu", "1.11.0", Some(11), linux), Some("faiss-gpu-cu11"));
        assert_eq!(twin("faiss-cpu", "1.11.0", Some(12), linux), Some("faiss-gpu-cu12"));
        assert_eq!(twin("faiss-cpu", "1.11.0", None, linux), Some("faiss-gpu-cu12"));
        assert_eq!(twin("faiss-cpu", "1.11.0", Some(13), linux), None);
        assert_eq!(twin("faiss-cpu", "1.15.1", Some(12), linux), Some("faiss-gpu"));
        assert_eq!(twin("onnxruntime", "1.22.0", Some(12), linux), Some("onnxruntime-gpu"));
        assert_eq!(twin("onnxruntime", "1.28.0", Some(13), Platform::LinuxAarch64), None);
        assert_eq!(twin("onnxruntime", "1.29.0", Some(13), Platform::LinuxAarch64), Some("onnxruntime-gpu"));
        assert_eq!(twin("onnxruntime", "1.31.1", Some(13), Platform::MacosArm64), None);
    }
}
