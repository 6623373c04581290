//! The build that a package beside torch's family is bound to: one CUDA, AMD's or Intel's GPUs, or none, as its name or
//! its local label says. Nobody swaps such a package with torch, so it is reported where it does not fit torch's build.

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::{equivalents, families, is_gpu_runtime, label};
use crate::packaging::target::Backend;
use crate::text::pieces;

/// The build that a package is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BoundBuild {
    /// No GPU.
    Cpu,
    /// A major version of CUDA: libraries of its minor versions serve each other.
    Cuda(u8),
    /// CUDA, which is not given.
    SomeCuda,
    /// The module `triton`, as CUDA builds of torch have it. Beside a build without a GPU it only lies about; those for
    /// other GPUs bring a triton of their own, which owns the same module.
    Triton,
    /// AMD's GPUs.
    Rocm,
    /// Intel's GPUs.
    Xpu,
}

impl BoundBuild {
    /// The build that a release is bound to; its label says more than its name, and its release where the name gives no
    /// CUDA. Nothing is said of `nvidia-` packages: the libraries have rules of their own, and the others (DALI, the
    /// management library, compilers) run beside any CUDA.
    pub fn of(package: &PackageName, version: Option<&Version>) -> Option<Self> {
        let name = package.as_ref();
        match families::triton(name) {
            Some("rocm") => return Some(Self::Rocm),
            Some("xpu") => return Some(Self::Xpu),
            Some(_) => return Some(Self::Triton),
            None => {}
        }
        if families::of_nvidia(name).is_some() || is_gpu_runtime(package) {
            return None;
        }
        let by_label = version.and_then(label).and_then(|text| text.split(['.', '-', '_']).find_map(in_word));
        let by_release = || {
            let range = equivalents::of_gpu(package).find(|range| version.is_some_and(|version| range.has(version)));
            range.map_or(Self::SomeCuda, |range| Self::Cuda(range.cuda.0))
        };
        by_label
            .or_else(|| pieces(name, b'-').find_map(in_name))
            .or_else(|| families::is_for_cuda(name).then(by_release))
    }

    /// True if it does not fit a torch of this build. What is for some CUDA fits any.
    pub fn contradicts(self, torch: Backend) -> bool {
        match (self, torch) {
            (Self::Cuda(own), Backend::Cuda(major, _)) => own != major,
            (Self::SomeCuda, Backend::Cuda(..))
            | (Self::Triton, Backend::Cuda(..) | Backend::Cpu)
            | (Self::Cpu, Backend::Cpu)
            | (Self::Rocm, Backend::Rocm(..))
            | (Self::Xpu, Backend::Xpu) => false,
            (
                Self::Cpu | Self::Cuda(_) | Self::SomeCuda | Self::Triton | Self::Rocm | Self::Xpu,
                Backend::Cpu | Backend::Cuda(..) | Backend::Rocm(..) | Backend::Xpu,
            ) => true,
        }
    }

    /// As people say it.
    pub fn spoken(self) -> String {
        match self {
            Self::Cpu => "CPU".to_owned(),
            Self::Cuda(major) => format!("CUDA {major}"),
            Self::SomeCuda | Self::Triton => "CUDA".to_owned(),
            Self::Rocm => "ROCm".to_owned(),
            Self::Xpu => "XPU".to_owned(),
        }
    }
}

/// The major version that digits behind `cu` mean: `12`, `118`, `92`.
fn cuda(digits: &str) -> Option<BoundBuild> {
    let major = match digits.len() {
        2 if !digits.starts_with('9') => digits,
        2 | 3 => &digits[..digits.len() - 1],
        _ => return None,
    };
    major.parse().ok().filter(|major| (8..=19).contains(major)).map(BoundBuild::Cuda)
}

/// A part of a name: `cu12`, `cu118`, `cuda12x`, `cuda120`.
fn in_name(part: &str) -> Option<BoundBuild> {
    let digits = part.strip_prefix("cuda").map(|rest| rest.trim_end_matches('x')).or(part.strip_prefix("cu"))?;
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| cuda(digits))?
}

/// A part of a label, in which builds are side by side: `pt113cpu`, `cu12torch2` (of `cu12torch2.6cxx11abiFALSE`),
/// `pt21cu118`, `torch210cu128`, `rocm6`.
fn in_word(word: &str) -> Option<BoundBuild> {
    let word = word.to_ascii_lowercase();
    let mut rest = word.as_str();
    while !rest.is_empty() {
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (text, after) = rest.split_at(letters);
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let (number, next) = after.split_at(digits);
        let bound = match text {
            "cu" | "cuda" => cuda(number),
            "cpu" => Some(BoundBuild::Cpu),
            "xpu" => Some(BoundBuild::Xpu),
            "rocm" => Some(BoundBuild::Rocm),
            _ => None,
        };
        if bound.is_some() {
            return bound;
        }
        // Other characters separate nothing here.
        rest = if letters + digits > 0 { next } else { rest.get(1..).unwrap_or_default() };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, version: &str) -> Option<BoundBuild> {
        BoundBuild::of(&name.parse().unwrap(), Some(&version.parse().unwrap()))
    }

    #[test]
    fn names_and_labels_say_what_a_package_is_bound_to() {
        for (name, version, bound) in [
            ("torch-scatter", "2.1.1+pt113cpu", BoundBuild::Cpu),
            ("torch-scatter", "2.1.2+pt21cu118", BoundBuild::Cuda(11)),
            ("torch-sparse", "0.6.18+pt25cu124", BoundBuild::Cuda(12)),
            ("flash-attn", "2.7.4.post1+cu12torch2.6cxx11abiFALSE", BoundBuild::Cuda(12)),
            ("flash-attn", "2.5.8+cu118torch2.1cxx11abiFALSE", BoundBuild::Cuda(11)),
            ("natten", "0.21.0+torch210cu128", BoundBuild::Cuda(12)),
            ("vllm", "0.9.2+cpu", BoundBuild::Cpu),
            ("auto-gptq", "0.7.1+rocm5.7", BoundBuild::Rocm),
            ("cupy-cuda12x", "13.3.0", BoundBuild::Cuda(12)),
            ("cupy-cuda117", "10.6.0", BoundBuild::Cuda(11)),
            ("cupy-cuda92", "8.0", BoundBuild::Cuda(9)),
            ("faiss-gpu-cu12", "1.9.0", BoundBuild::Cuda(12)),
            ("faiss-gpu", "1.7.2", BoundBuild::SomeCuda),
            ("jax-cuda12-plugin", "0.6.2", BoundBuild::Cuda(12)),
            ("cudf-cu13", "25.10", BoundBuild::Cuda(13)),
            ("faiss-gpu", "1.15.1", BoundBuild::Cuda(12)),
            ("onnxruntime-gpu", "1.18.1", BoundBuild::Cuda(11)),
            ("onnxruntime-gpu", "1.20.1", BoundBuild::Cuda(12)),
            ("onnxruntime-gpu", "1.28.0", BoundBuild::Cuda(13)),
            ("onnxruntime-gpu", "1.0.0", BoundBuild::SomeCuda),
            ("pytorch-triton-rocm", "3.1.0", BoundBuild::Rocm),
            ("triton-xpu", "3.4.0", BoundBuild::Xpu),
            ("triton", "3.1.0", BoundBuild::Triton),
            ("pytorch-triton", "3.1.0", BoundBuild::Triton),
        ] {
            assert_eq!(of(name, version), Some(bound), "{name} {version}");
        }
    }

    #[test]
    fn tools_and_chance_are_not_bound() {
        for (name, version) in [
            ("nvidia-ml-py", "12.560.30"),
            ("nvidia-dali-cuda120", "1.44.0"),
            ("nvidia-cublas-cu12", "12.4.5.8"),
            ("nvidia-cuda-nvcc-cu12", "12.4.131"),
            ("cuda-python", "12.6.0"),
            ("numba-cuda", "0.20.0"),
            ("gpustat", "1.1.1"),
            ("pycuda", "2024.1"),
            ("torch-scatter", "2.1.2"),
            ("acme", "1.0+local.7"),
            ("acme", "1.0+cu"),
            ("acme", "1.0+focus12"),
            ("acme-cu1", "1.0"),
            ("icu12", "1.0"),
        ] {
            assert_eq!(of(name, version), None, "{name} {version}");
        }
    }

    #[test]
    fn a_cuda_serves_all_of_its_minor_versions_and_no_other_major() {
        let fits = |bound: BoundBuild| {
            let all = ["cpu", "cu118", "cu121", "cu130", "rocm6.3", "xpu"];
            all.into_iter().filter(|one| !bound.contradicts(one.parse().unwrap())).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(fits(BoundBuild::Cpu), "cpu");
        assert_eq!(fits(BoundBuild::Cuda(12)), "cu121");
        assert_eq!(fits(BoundBuild::SomeCuda), "cu118 cu121 cu130");
        assert_eq!(fits(BoundBuild::Triton), "cpu cu118 cu121 cu130");
        assert_eq!(fits(BoundBuild::Rocm), "rocm6.3");
        assert_eq!(fits(BoundBuild::Xpu), "xpu");
    }
}
