use super::super::{Abi, MadeFor, WheelLabel};
use super::*;

/// The meaning of a file's name in a folder: the build, torch, the ABI.
fn label_of(file: &str, folder: &str, asked: Option<Backend>) -> Result<String, String> {
    WheelLabel::of(&file.parse().unwrap(), folder, asked).map(|read_label| {
        let torch = read_label.torch.map(|torch| format!(" torch {torch}")).unwrap_or_default();
        let abi = read_label.abi.map(|abi| format!(" {abi}")).unwrap_or_default();
        format!("{}{torch}{abi}", read_label.built)
    })
}

#[test]
fn names_of_real_files_tell_what_they_were_built_for() {
    for (file, folder, expected) in [
        ("flash_attn-2.8.3+cu12torch2.9cxx11abiTRUE-cp312-cp312-linux_x86_64.whl", "v2.8.3", "cu12 torch 2.9 true"),
        ("flash_attn-2.8.3+cu12torch2.8cxx11abiTRUE-cp310-cp310-linux_x86_64.whl", "v2.8.3", "cu12 torch 2.8 true"),
        ("flash_attn-2.8.3.post1+cu12torch2.7cxx11abiTRUE-cp311-cp311-linux_x86_64.whl", "", "cu12 torch 2.7 true"),
        ("flash_attn-2.8.3.post1+cu12torch2.8cxx11abiTRUE-cp312-cp312-linux_x86_64.whl", "", "cu12 torch 2.8 true"),
        ("flash_attn-2.8.3+cu12torch2.10cxx11abiFALSE-cp312-cp312-linux_x86_64.whl", "v2.8.3", "cu12 torch 2.10 false"),
        ("flash_attn-2.7.4.post1+cu12torch2.6cxx11abiFALSE-cp313-cp313-linux_x86_64.whl", "", "cu12 torch 2.6 false"),
        ("flash_attn-2.7.4.post1+cu12torch2.6cxx11abiTRUE-cp310-cp310-linux_x86_64.whl", "", "cu12 torch 2.6 true"),
        ("flash_attn-2.8.3+cu12torch2.5cxx11abiFALSE-cp311-cp311-linux_x86_64.whl", "v2.8.3", "cu12 torch 2.5 false"),
        ("flash_attn-2.5.8+cu118torch2.1cxx11abiFALSE-cp310-cp310-linux_x86_64.whl", "v2.5.8", "cu118 torch 2.1 false"),
        ("flash_attn-2.3.0+cu117torch2.0cxx11abiFALSE-cp310-cp310-linux_x86_64.whl", "v2.3.0", "cu117 torch 2.0 false"),
        (
            "causal_conv1d-1.7.0+cu12torch2.10cxx11abiTRUE-cp312-cp312-linux_x86_64.whl",
            "v1.7.0",
            "cu12 torch 2.10 true",
        ),
        (
            "causal_conv1d-1.6.1+cu12torch2.8cxx11abiTRUE-cp311-cp311-linux_x86_64.whl",
            "v1.6.1.post4",
            "cu12 torch 2.8 true",
        ),
        (
            "causal_conv1d-1.0.0+cu118torch2.0cxx11abiFALSE-cp39-cp39-linux_x86_64.whl",
            "v1.0.0",
            "cu118 torch 2.0 false",
        ),
        ("mamba_ssm-1.0.1+cu118torch2.0cxx11abiFALSE-cp39-cp39-linux_x86_64.whl", "v1.0.1", "cu118 torch 2.0 false"),
        ("mamba_ssm-2.2.4+cu12torch2.3cxx11abiFALSE-cp311-cp311-linux_x86_64.whl", "v2.2.4", "cu12 torch 2.3 false"),
        ("mamba_ssm-2.2.4+cu12torch2.1cxx11abiFALSE-cp310-cp310-linux_x86_64.whl", "v2.2.4", "cu12 torch 2.1 false"),
        ("flash_attn-2.8.3+cu128torch2.10-cp312-cp312-linux_x86_64.whl", "v0.7.16", "cu128 torch 2.10"),
        ("flash_attn-2.6.3+cu126.torch260-cp310-cp310-linux_x86_64.whl", "v1.1.0", "cu126 torch 2.6"),
        ("flash_attn-2.7.3+cu128.torch27-cp310-cp310-linux_x86_64.whl", "v1.2.0", "cu128 torch 2.7"),
        ("flash_attn-2.7.4.post1+cu128.torch210-cp313-cp313-linux_x86_64.whl", "", "cu128 torch 2.10"),
        ("natten-0.21.0+cu126.torch260-cp310-cp310-linux_x86_64.whl", "v1.1.0", "cu126 torch 2.6"),
        ("natten-0.21.0+cu128.torch27-cp310-cp310-linux_x86_64.whl", "v1.2.0", "cu128 torch 2.7"),
        ("natten-0.21.0+torch270cu128-cp312-cp312-linux_x86_64.whl", "v0.21.0", "cu128 torch 2.7"),
        ("natten-0.17.5+torch260cu126-cp311-cp311-linux_x86_64.whl", "v0.17.5", "cu126 torch 2.6"),
        ("natten-0.21.0+torch210cu128-cp312-cp312-linux_x86_64.whl", "v0.21.0", "cu128 torch 2.10"),
        ("torch_scatter-2.1.2+pt21cu118-cp311-cp311-linux_x86_64.whl", "torch-2.1.0+cu118", "cu118 torch 2.1"),
        ("torch_scatter-2.1.2+pt20cpu-cp311-cp311-linux_x86_64.whl", "torch-2.0.0+cpu", "cpu torch 2.0"),
        ("torch_scatter-2.1.1+pt113cpu-cp310-cp310-linux_x86_64.whl", "torch-1.13.0+cpu", "cpu torch 1.13"),
        ("torch_sparse-0.6.18+pt21cu118-cp38-cp38-linux_x86_64.whl", "torch-2.1.0+cu118", "cu118 torch 2.1"),
        ("torch_cluster-1.6.3+pt21cu118-cp39-cp39-linux_x86_64.whl", "torch-2.1.0+cu118", "cu118 torch 2.1"),
        ("pyg_lib-0.4.0+pt21cu118-cp39-cp39-linux_x86_64.whl", "torch-2.1.0+cu118", "cu118 torch 2.1"),
        ("torch_scatter-2.1.2-cp311-cp311-macosx_10_9_universal2.whl", "torch-2.1.0+cpu", "cpu torch 2.1"),
        ("gsplat-1.4.0+pt21cu118-cp310-cp310-linux_x86_64.whl", "v1.4.0", "cu118 torch 2.1"),
        ("torchsort-0.1.9+pt21cu118-cp310-cp310-linux_x86_64.whl", "v0.1.9", "cu118 torch 2.1"),
        ("pytorch3d-0.7.9+d9839a9pt2.10.0cpu-cp311-cp311-linux_x86_64.whl", "", "cpu torch 2.10"),
        ("pytorch3d-0.7.8+18f6958pt2.6.0cu124-cp312-cp312-linux_x86_64.whl", "", "cu124 torch 2.6"),
        ("llama_cpp_python-0.3.40+cu131-cp310-cp310-win_amd64.whl", "v0.3.40-cu131-win-20260608", "cu131"),
        ("llama_cpp_python-0.3.4-cp311-cp311-linux_x86_64.whl", "v0.3.4-cu124", "cu124"),
        ("llama_cpp_python-0.3.19-cp312-cp312-win_amd64.whl", "cpu", "cpu"),
        ("vllm-0.10.2+cu129-cp38-abi3-manylinux1_x86_64.whl", "v0.10.2", "cu129"),
        ("vllm-0.6.1.post1+cu118-cp310-cp310-manylinux1_x86_64.whl", "v0.6.1.post1", "cu118"),
        ("vllm-0.9.2+cpu-cp312-cp312-linux_x86_64.whl", "", "cpu"),
        ("xformers-0.0.27+cu118-cp311-cp311-manylinux2014_x86_64.whl", "cu118", "cu118"),
        ("torch_spline_conv-1.2.2+pt26cu118-cp312-cp312-linux_x86_64.whl", "torch-2.6.0+cu118", "cu118 torch 2.6"),
        ("torch_spline_conv-1.2.2+pt113cu116-cp38-cp38-linux_x86_64.whl", "", "cu116 torch 1.13"),
        ("auto_gptq-0.4.2+cu118-cp310-cp310-linux_x86_64.whl", "v0.4.2", "cu118"),
        ("auto_gptq-0.6.0+cu121-cp311-cp311-win_amd64.whl", "v0.6.0", "cu121"),
        ("exllamav2-0.1.8+cu121.torch2.3.1-cp311-cp311-linux_x86_64.whl", "v0.1.8", "cu121 torch 2.3"),
        ("exllamav2-0.3.2+cu124.torch2.6.0-cp312-cp312-linux_x86_64.whl", "v0.3.2", "cu124 torch 2.6"),
        ("exllamav2-0.3.1+cu128.torch2.7.0-cp312-cp312-linux_x86_64.whl", "v0.3.1", "cu128 torch 2.7"),
        ("exllamav2-0.0.9+cu121-cp310-cp310-win_amd64.whl", "v0.0.9", "cu121"),
        ("flash_attn_3_nv-1.0.3+cu128.torch210-cp39-abi3-linux_x86_64.whl", "", "cu128 torch 2.10"),
    ] {
        assert_eq!(label_of(file, folder, None).as_deref(), Ok(expected), "{file} in {folder}");
    }
}

#[test]
fn what_may_mean_two_things_is_refused_and_never_guessed() {
    let cuda = Some(Backend::Cuda(12, 1));
    for (file, folder, why) in [
        ("mmcv-2.1.0-cp310-cp310-manylinux1_x86_64.whl", "torch2.1.0", "one of several files of this name"),
        ("mmcv_full-1.7.2-cp310-cp310-manylinux1_x86_64.whl", "torch2.0.0", "one of several files of this name"),
        // One lies below torch1.9, another below torch1.10.
        ("detectron2-0.6+cu111-cp36-cp36m-linux_x86_64.whl", "cu111", "one of several files of this name"),
        ("exllamav2-0.2.9+rocm6.3.torch2.7.0-cp312-cp312-linux_x86_64.whl", "v0.2.9", "no known way"),
        ("auto_gptq-0.3.2+rocm5.4.2-cp310-cp310-linux_x86_64.whl", "ROCm-5.4.2", "no known way"),
        // 2.10, or 2.1.0: both were built for the CPU, and both for a CUDA 12.
        ("natten-0.21.0+torch210cpu-cp312-cp312-linux_x86_64.whl", "v0.21.0", "can be read in two ways"),
        ("demo-1.0+cu12torch210-cp312-cp312-linux_x86_64.whl", "", "can be read in two ways"),
        // No release of the matrix is meant for sure.
        ("natten-0.14.4+torch1110cu113-cp38-cp38-linux_x86_64.whl", "torch1.11", "can be read in two ways"),
        ("natten-0.21.0+winsm89-cp312-cp312-win_amd64.whl", "wheels", "no known way"),
        ("demo-1.0+cu12torch2.8cxx11abiMAYBE-cp312-cp312-linux_x86_64.whl", "", "no known way"),
        ("demo-1.0+cu07torch2.8-cp312-cp312-linux_x86_64.whl", "", "no known way"),
        ("demo-1.0+pt21.cu118-cp312-cp312-linux_x86_64.whl", "", "no known way"),
        ("torch_scatter-2.1.2+pt21cu118-cp311-cp311-linux_x86_64.whl", "torch-2.2.0+cu118", "contradicts its folder"),
        ("torch_scatter-2.1.2+pt21cu118-cp311-cp311-linux_x86_64.whl", "torch-2.1.0+cpu", "contradicts its folder"),
        ("llama_cpp_python-0.3.40+cu131-cp310-cp310-win_amd64.whl", "v0.3.40-cu130", "contradicts its folder"),
    ] {
        assert!(label_of(file, folder, cuda).is_err_and(|said| said.contains(why)), "{file} in {folder}");
    }
    let plain = "demo-1.0-cp312-cp312-linux_x86_64.whl";
    assert_eq!(label_of(plain, "v1.0", cuda).as_deref(), Ok("cu121"), "the user's word");
    assert!(
        label_of(plain, "v1.0", None).is_err_and(|why| why.contains("does not say in its name what it is built for"))
    );
}

#[test]
fn the_file_that_would_fit_is_named_in_its_publishers_way() {
    for (file, torch, abi, backend, expected) in [
        (
            "flash_attn-2.8.3+cu12torch2.8cxx11abiFALSE-cp312-cp312-linux_x86_64.whl",
            "2.7.1+cu126",
            Some(Abi::New),
            "cu126",
            Some("flash_attn-2.8.3+cu12torch2.7cxx11abiTRUE-cp311-cp311-linux_x86_64.whl"),
        ),
        (
            "torch_scatter-2.1.2+pt21cu118-cp310-cp310-linux_x86_64.whl",
            "2.4.1",
            None,
            "cu124",
            Some("torch_scatter-2.1.2+pt24cu124-cp311-cp311-linux_x86_64.whl"),
        ),
        (
            "natten-0.21.0+torch270cu128-cp312-cp312-linux_x86_64.whl",
            "2.8.0",
            None,
            "cu129",
            Some("natten-0.21.0+torch280cu129-cp311-cp311-linux_x86_64.whl"),
        ),
        (
            "natten-0.21.0+cu128.torch27-1-cp39-abi3-linux_x86_64.whl",
            "2.10.0",
            None,
            "cu130",
            Some("natten-0.21.0+cu130.torch210-1-cp39-abi3-linux_x86_64.whl"),
        ),
        (
            "pytorch3d-0.7.8+18f6958pt2.6.0cu124-cp312-cp312-linux_x86_64.whl",
            "2.7.1",
            None,
            "cu126",
            Some("pytorch3d-0.7.8+18f6958pt2.7.1cu126-cp311-cp311-linux_x86_64.whl"),
        ),
        // Whose builds for the CPU are named alike; in the other direction, too.
        (
            "torch_scatter-2.1.2+pt21cu118-cp310-cp310-linux_x86_64.whl",
            "2.4.1",
            None,
            "cpu",
            Some("torch_scatter-2.1.2+pt24cpu-cp311-cp311-linux_x86_64.whl"),
        ),
        (
            "torch_sparse-0.6.18+pt21cpu-cp310-cp310-linux_x86_64.whl",
            "2.4.1",
            None,
            "cu124",
            Some("torch_sparse-0.6.18+pt24cu124-cp311-cp311-linux_x86_64.whl"),
        ),
        (
            "pytorch3d-0.7.9+d9839a9pt2.10.0cu128-cp311-cp311-linux_x86_64.whl",
            "2.9.1",
            None,
            "cpu",
            Some("pytorch3d-0.7.9+d9839a9pt2.9.1cpu-cp311-cp311-linux_x86_64.whl"),
        ),
        // Who is not said to build for the CPU may not; nor has ROCm a name.
        ("gsplat-1.4.0+pt21cu118-cp310-cp310-linux_x86_64.whl", "2.4.1", None, "cpu", None),
        (
            "flash_attn-2.8.3+cu12torch2.8cxx11abiTRUE-cp312-cp312-linux_x86_64.whl",
            "2.7.1",
            Some(Abi::New),
            "cpu",
            None,
        ),
        ("torch_scatter-2.1.2+pt21cu118-cp310-cp310-linux_x86_64.whl", "2.4.1", None, "rocm6.1", None),
        // Which ABI torch has is not known; no label, no name.
        ("flash_attn-2.8.3+cu12torch2.8cxx11abiTRUE-cp312-cp312-linux_x86_64.whl", "2.7.1", None, "cu126", None),
        ("llama_cpp_python-0.3.4-cp311-cp311-linux_x86_64.whl", "2.4.1", None, "cu124", None),
    ] {
        let wheel = file.parse().unwrap();
        let name = fitting(&wheel, &torch.parse().unwrap(), abi, backend.parse().unwrap(), Python::three(11));
        assert_eq!(name.as_deref(), expected, "{file}");
    }
}

#[test]
fn every_grammar_is_one_that_reads_what_it_is_written_for() {
    for kind in ["label", "folder"] {
        for grammar in lines(kind).map(|line| line.split('\t').next().unwrap()) {
            let text = grammar.replace("{cuda}", "118").replace("{torch}", "2.1").replace("{torch_patch}", "2.1");
            let text = text.replace("{abi}", "true").replace("{commit}", "ab12");
            assert!(!text.contains('{') && of(kind, &text).is_some_and(|read_label| read_label.is_some()), "{grammar}");
        }
    }
    for name in lines("untied").chain(lines("untold")) {
        assert_eq!(name.parse::<PackageName>().unwrap().as_ref(), name);
    }
    assert_eq!(MadeFor::whole("2..1", true), None);
}
