//! Libraries that CPU builds of torch need on some platforms only (mkl, tbb and intel-openmp on Windows) and that have no
//! file elsewhere.

use super::{BASE, digest, export, lock};
use crate::support::Run;

const ABSENT: [&str; 2] = ["--platform macos-arm64", "--platform linux-aarch64 --cpu"];

/// A lock for all platforms that has the OpenMP library for x86 alone, as there is no other.
fn openmp(via: &str) -> String {
    let wheel = |platform: &str| digest(&format!("torch-2.3.0-cp310-{platform}.whl"));
    let torch = ["cp310-manylinux1_x86_64", "cp310-manylinux2014_aarch64", "cp310-win_amd64", "none-macosx_11_0_arm64"];
    let torch: String = torch.map(|platform| format!(" --hash=sha256:{}", wheel(platform))).concat();
    let library = |tag: &str| digest(&format!("intel_openmp-2021.4.0-py2.py3-none-{tag}.whl"));
    let (linux, windows) = (library("manylinux1_x86_64"), library("win_amd64"));
    lock(&[], &BASE)
        + &format!("torch==2.3.0{torch}\nintel-openmp==2021.4.0 --hash=sha256:{linux} --hash=sha256:{windows}\n{via}")
}

fn on(text: &str, target: &str) -> Run {
    export(text, &format!("{target} --python 3.10"))
}

#[test]
fn a_cpu_library_goes_where_it_has_no_file_and_stays_where_it_has_one() {
    let file = |platform: &str| digest(&format!("mkl-2021.4.0-py2.py3-none-{platform}.whl"));
    let (linux, windows) = (file("manylinux1_x86_64"), file("win_amd64"));
    let mkl = format!("mkl==2021.4.0 --hash=sha256:{linux} --hash=sha256:{windows}\n    # via torch\n");
    for via in ["".to_owned(), "    # via torch\n".to_owned(), format!("    # via mkl\n{mkl}")] {
        for target in ABSENT {
            let run = on(&openmp(&via), target);
            assert!(run.stderr.contains("removed  intel-openmp 2021.4.0: nothing needs it"), "{}", run.stderr);
            let output = run.ok();
            assert!(!output.contains("2021.4.0") && output.contains("\ntorch==2.3.0 "), "{target}: {output}");
        }
        let output = on(&openmp(&via), "--cpu").ok();
        assert!(output.contains("\nintel-openmp==2021.4.0 "), "{output}");
    }
}

#[test]
fn a_cpu_library_without_a_file_that_something_asks_for_is_refused() {
    for (via, by) in [("-r requirements.in", "the project asks for it"), ("filelock", "filelock needs it")] {
        for target in ABSENT {
            let message = on(&openmp(&format!("    # via {via}, torch\n")), target).refused();
            let platform = target.split_whitespace().nth(1).unwrap();
            let expected = format!("the lock has no file of intel-openmp 2021.4.0 for {platform}, and {by}");
            assert!(message.contains(&expected), "{message}");
        }
    }
}

/// Torch for Windows needs mkl, and the lock has the file of another machine.
#[test]
fn a_cpu_library_that_is_locked_for_another_machine_gets_its_digest_from_the_catalogue() {
    let torch = [("torch==2.3.0", "torch-2.3.0-cp310-cp310-win_amd64.whl")];
    let file = |platform: &str| digest(&format!("mkl-2021.4.0-py2.py3-none-{platform}.whl"));
    let (linux, windows) = (file("manylinux1_x86_64"), file("win_amd64"));
    let text = lock(&torch, &BASE) + &format!("mkl==2021.4.0 --hash=sha256:{linux}\n");
    let output = on(&text, "--platform windows-x86_64 --cpu").ok();
    assert!(output.contains(&windows) && !output.contains(&linux), "{output}");
}
