//! GPU runtime libraries: packages that GPU builds of torch need, and nothing else on a CPU target.
//!
//! The names are those that torch's own wheels have required, and what these require in turn: `families.tsv`.

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::families;

/// True if the package is a library that torch's wheels of some build or some platform bring along.
pub fn is_torch_runtime(package: &PackageName) -> bool {
    families::is_cpu_library(package.as_ref()) || is_gpu_runtime(package)
}

/// True if the package is a library that only GPU builds need.
pub fn is_gpu_runtime(package: &PackageName) -> bool {
    let name = package.as_ref();
    let Some(library) = families::of_nvidia(name) else { return families::is_gpu_library(name) };
    families::is_nvidia_library(bare_and_cuda(library).0)
}

/// A library's name without the CUDA behind it, and that.
fn bare_and_cuda(library: &str) -> (&str, Option<&str>) {
    match library.rsplit_once("-cu") {
        Some((bare, cuda)) if !cuda.is_empty() && cuda.bytes().all(|b| b.is_ascii_digit()) => (bare, Some(cuda)),
        _ => (library, None),
    }
}

/// A library of NVIDIA's without prefix and CUDA: `cudnn`.
pub(crate) fn library_of(package: &PackageName) -> Option<&str> {
    families::of_nvidia(package.as_ref()).map(|library| bare_and_cuda(library).0)
}

/// The libraries of NVIDIA's that come and go together, as one name: `nvidia-*-cu12`. `None` for all other packages.
pub fn library_group(name: &str) -> Option<String> {
    let library = families::of_nvidia(name).filter(|_| name.parse().is_ok_and(|name| is_gpu_runtime(&name)))?;
    let prefix = name.strip_suffix(library)?;
    let (_, cuda) = bare_and_cuda(library);
    Some(cuda.map_or_else(|| format!("{prefix}*"), |cuda| format!("{prefix}*-cu{cuda}")))
}

/// True if a package outside the family is known to require a library of NVIDIA's.
pub(crate) fn uses_library(package: &PackageName, library: &PackageName) -> bool {
    let own = families::of_nvidia(library.as_ref()).map(|library| bare_and_cuda(library).0);
    own.is_some_and(|own| families::is_nvidia_library(own) && families::uses(package.as_ref(), own))
}

/// The CUDA without a number behind a library's name: NVIDIA leaves it out from this one on.
const UNNUMBERED: u64 = 13;

/// The major release of CUDA that a GPU runtime package is for; `None` if it is for no CUDA, or for any. The toolkit and
/// its bindings have it in their own version.
pub fn cuda_of_library(package: &PackageName, version: &Version) -> Option<u64> {
    let name = package.as_ref();
    if !is_gpu_runtime(package) {
        return None;
    }
    match families::of_nvidia(name) {
        Some(library) => library.rsplit_once("-cu").map_or(Some(UNNUMBERED), |(_, cuda)| match cuda.parse() {
            Ok(major) => Some(major),
            Err(_) => Some(UNNUMBERED),
        }),
        None if families::has_cuda_version(name) => version.release().first().copied(),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_tells_its_cuda() {
        let cuda = |name: &str, version: &str| cuda_of_library(&name.parse().unwrap(), &version.parse().unwrap());
        for (name, version, expected) in [
            ("nvidia-cublas-cu11", "11.10.3.66", Some(11)),
            ("nvidia-cudnn-cu12", "9.1.0.70", Some(12)),
            ("nvidia-cudnn-cu13", "9.20.0.48", Some(13)),
            ("nvidia-cublas", "13.1.0.3", Some(13)),
            ("nvidia-cuda-runtime", "13.0.96", Some(13)),
            ("nvidia-cuda-cupti", "13.0.85", Some(13)),
            ("cuda-toolkit", "12.6.3", Some(12)),
            ("cuda-bindings", "13.3.1", Some(13)),
            ("cuda-pathfinder", "1.9.0", None),
            ("triton", "3.2.0", None),
            ("nvidia-ml-py", "12.560.30", None),
        ] {
            assert_eq!(cuda(name, version), expected, "{name}");
        }
    }

    #[test]
    fn libraries_of_one_cuda_are_a_group() {
        for (name, group) in [
            ("nvidia-cublas-cu11", Some("nvidia-*-cu11")),
            ("nvidia-cuda-cupti-cu12", Some("nvidia-*-cu12")),
            ("nvidia-cuda-cupti", Some("nvidia-*")),
            ("nvidia-ml-py", None),
            ("nvidia-cuda-nvcc-cu12", None),
            ("triton", None),
            ("torch", None),
        ] {
            assert_eq!(library_group(name).as_deref(), group, "{name}");
        }
    }

    #[test]
    fn tells_libraries_from_tools() {
        let is = |name: &str| is_gpu_runtime(&PackageName::new(name.to_owned()).unwrap());
        for name in [
            "nvidia-cublas-cu11",
            "nvidia-cublas",
            "nvidia_cuda_runtime_cu12",
            "nvidia-cudnn-cu13",
            "nvidia-nvshmem-cu12",
            "nvidia-cusparselt-cu12",
            "triton",
            "pytorch-triton-rocm",
            "cuda-toolkit",
            "intel-sycl-rt",
            "nvidia-cuda-cccl",
        ] {
            assert!(is(name), "{name}");
        }
        for name in [
            "nvidia-ml-py",
            "nvidia-dali-cuda120",
            "nvidia-pytriton",
            "nvidia-modelopt",
            "nvidia-cuda-nvcc-cu12",
            "nvidia-cublas-cu",
            "nvidia",
            "mkl",
            "tbb",
            "intel-openmp",
            "tritonclient",
            "umf",
            "torch",
            "cmake",
        ] {
            assert!(!is(name), "{name}");
        }
    }
}
