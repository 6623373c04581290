//! Which packages are GPU runtime libraries: what GPU builds of torch need and nothing else on a CPU target does.
//!
//! The lists are of names that torch's own wheels have required, and of what those require in turn. A name that only
//! looks alike is not one of them: nvidia-ml-py is a monitoring library that people install themselves, nvidia-dali,
//! nvidia-modelopt or nvidia-pytriton are tools in their own right, and nvidia-cuda-nvcc is a compiler.

use pep508_rs::PackageName;

/// NVIDIA's libraries; each also exists with the major version of CUDA behind it: `-cu11`, `-cu12`, `-cu13`.
const NVIDIA: [&str; 16] = [
    "cublas",
    "cuda-cccl",
    "cuda-cupti",
    "cuda-nvrtc",
    "cuda-runtime",
    "cudnn",
    "cufft",
    "cufile",
    "curand",
    "cusolver",
    "cusparse",
    "cusparselt",
    "nccl",
    "nvjitlink",
    "nvshmem",
    "nvtx",
];

/// What goes by its whole name. Of Intel's packages, what mkl, tbb and intel-openmp need in turn (intel-cmplr-lib-ur, umf,
/// tcmlib, onemkl-license) is left out with them, and so is impi-rt: code without a GPU uses them too.
const OTHERS: [&str; 22] = [
    "cuda-bindings",
    "cuda-pathfinder",
    "cuda-toolkit",
    "dpcpp-cpp-rt",
    "intel-cmplr-lib-rt",
    "intel-cmplr-lic-rt",
    "intel-opencl-rt",
    "intel-pti",
    "intel-sycl-rt",
    "oneccl",
    "oneccl-devel",
    "onemkl-sycl-blas",
    "onemkl-sycl-dft",
    "onemkl-sycl-lapack",
    "onemkl-sycl-rng",
    "onemkl-sycl-sparse",
    "pytorch-triton",
    "pytorch-triton-rocm",
    "pytorch-triton-xpu",
    "triton",
    "triton-rocm",
    "triton-xpu",
];

/// True if the package is a library that only GPU builds need.
pub fn is_gpu_runtime(package: &PackageName) -> bool {
    let name = package.as_ref();
    let Some(library) = name.strip_prefix("nvidia-") else {
        return OTHERS.binary_search(&name).is_ok();
    };
    let bare = match library.rsplit_once("-cu") {
        Some((bare, cuda)) if !cuda.is_empty() && cuda.bytes().all(|b| b.is_ascii_digit()) => bare,
        _ => library,
    };
    NVIDIA.binary_search(&bare).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted() {
        assert!(NVIDIA.is_sorted() && OTHERS.is_sorted());
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
