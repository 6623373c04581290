//! Families of packages, and the libraries that their builds bring along: `families.tsv`. Its names are those that torch's
//! own wheels have required, and what these require in turn.

use std::sync::LazyLock;

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::Family;

const TEXT: &str = include_str!("families.tsv");

/// The table, split on first use.
static FAMILIES: LazyLock<Families> = LazyLock::new(Families::read);

/// Lists of a few names: most differ in length from the one that is looked for, so that going through them is quicker than to
/// search them in order.
#[derive(Default)]
struct Families {
    anchors: Vec<&'static str>,
    members: Vec<(&'static str, Family)>,
    gpu: Vec<&'static str>,
    /// Libraries whose own version is that of CUDA.
    versioned: Vec<&'static str>,
    nvidia: Vec<&'static str>,
    prefix: &'static str,
    both: Vec<&'static str>,
    cuda: Vec<&'static str>,
    triton: Vec<(&'static str, &'static str)>,
    users: Vec<(&'static str, &'static str)>,
}

impl Families {
    fn read() -> Self {
        let mut all = Self::default();
        for line in TEXT.lines() {
            match line.split('\t').collect::<Vec<_>>().as_slice() {
                ["anchor", name] => all.anchors.push(name),
                ["both", name] => all.both.push(name),
                ["cuda", name] => all.cuda.push(name),
                ["gpu", name, rest @ ..] => {
                    all.gpu.push(name);
                    all.versioned.extend(rest.first().map(|_| *name));
                }
                ["member", cpu, gpu, builds] => {
                    let family = if *builds == "each" { Family::PerBackend } else { Family::OneBuild };
                    all.members.push((cpu, family));
                    all.members.extend((cpu != gpu).then_some((*gpu, family)));
                }
                ["nvidia", name] => all.nvidia.push(name),
                ["prefix", prefix] => all.prefix = prefix,
                ["triton", name, gpus] => all.triton.push((name, gpus)),
                ["user", name, libraries] => all.users.push((name, libraries)),
                // A test holds that there are only comments besides.
                _ => {}
            }
        }
        all
    }
}

/// True for the package that a family is made against.
pub(crate) fn is_anchor(package: &PackageName) -> bool {
    FAMILIES.anchors.contains(&package.as_ref())
}

/// The package that the releases of the release matrix are of.
pub(super) fn anchor() -> Option<PackageName> {
    FAMILIES.anchors.first()?.parse().ok()
}

/// The role of a package in a family, as far as the built-in catalogue knows.
pub(crate) fn built_in_family(package: &PackageName) -> Family {
    let found = FAMILIES.members.iter().find(|(name, _)| *name == package.as_ref());
    found.map_or(Family::No, |(_, family)| *family)
}

/// The part of a name behind the prefix of NVIDIA's packages.
pub(super) fn of_nvidia(name: &str) -> Option<&str> {
    name.strip_prefix(FAMILIES.prefix)
}

/// True for a library of NVIDIA's, without prefix and CUDA version.
pub(super) fn is_nvidia_library(bare: &str) -> bool {
    FAMILIES.nvidia.contains(&bare)
}

/// True for a package outside the family that is for some CUDA.
pub(super) fn is_for_cuda(name: &str) -> bool {
    FAMILIES.cuda.contains(&name)
}

/// The GPUs that a package with the module `triton` is for: `cuda`, `rocm` or `xpu`.
pub(crate) fn triton(name: &str) -> Option<&'static str> {
    FAMILIES.triton.iter().find(|(own, _)| *own == name).map(|(_, gpus)| *gpus)
}

/// True if the package is a library that torch's wheels of some build or some platform bring along.
pub fn is_torch_runtime(package: &PackageName) -> bool {
    FAMILIES.both.contains(&package.as_ref()) || is_gpu_runtime(package)
}

/// True if the package is a library that only GPU builds need.
pub fn is_gpu_runtime(package: &PackageName) -> bool {
    let name = package.as_ref();
    let Some(library) = of_nvidia(name) else { return FAMILIES.gpu.contains(&name) };
    is_nvidia_library(bare_and_cuda(library).0)
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
    of_nvidia(package.as_ref()).map(|library| bare_and_cuda(library).0)
}

/// The libraries of NVIDIA's that come and go together, as one name: `nvidia-*-cu12`. `None` for all other packages.
pub fn library_group(name: &str) -> Option<String> {
    let library = of_nvidia(name).filter(|_| name.parse().is_ok_and(|name| is_gpu_runtime(&name)))?;
    let prefix = name.strip_suffix(library)?;
    let (_, cuda) = bare_and_cuda(library);
    Some(cuda.map_or_else(|| format!("{prefix}*"), |cuda| format!("{prefix}*-cu{cuda}")))
}

/// True if a package outside the family is known to require a library of NVIDIA's.
pub(crate) fn uses_library(package: &PackageName, library: &PackageName) -> bool {
    let Some(bare) = library_of(library).filter(|bare| is_nvidia_library(bare)) else { return false };
    let is_it = |(user, libraries): &(&str, &str)| {
        *user == package.as_ref() && (*libraries == "all" || libraries.split(' ').any(|library| library == bare))
    };
    FAMILIES.users.iter().any(is_it)
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
    match of_nvidia(name) {
        Some(library) => Some(library.rsplit_once("-cu").and_then(|(_, cuda)| cuda.parse().ok()).unwrap_or(UNNUMBERED)),
        None if FAMILIES.versioned.contains(&name) => version.release().first().copied(),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_each_line_is_of_a_known_kind() {
        let lines: Vec<&str> = TEXT.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(lines.is_sorted_by_key(|line| line.split('\t').collect::<Vec<_>>()));
        for line in lines {
            let columns: Vec<&str> = line.split('\t').collect();
            let fine = match columns.as_slice() {
                ["anchor" | "both" | "cuda" | "gpu" | "nvidia" | "prefix", _] | ["gpu", _, "version"] => true,
                ["member", cpu, gpu, "each" | "one"] => {
                    cpu.parse::<PackageName>().is_ok() && gpu.parse::<PackageName>().is_ok()
                }
                ["triton", _, "cuda" | "rocm" | "xpu"] | ["user", _, "all"] => true,
                ["user", _, libraries] => libraries.split(' ').all(is_nvidia_library),
                _ => false,
            };
            assert!(fine, "{line}");
        }
        assert_eq!(TEXT.lines().filter(|line| line.starts_with("prefix\t")).count(), 1);
    }

    #[test]
    fn each_anchor_is_of_the_family_and_has_a_build_of_its_own() {
        for anchor in &FAMILIES.anchors {
            assert_eq!(built_in_family(&anchor.parse().unwrap()), Family::PerBackend, "{anchor}");
        }
    }

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
