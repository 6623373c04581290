//! An audit of a target knows what the image provides and what is swapped beyond torch's family.

use crate::support::Place;

const LINES: &str = "accelerate==1.2.1\n    # via app\nctranslate2==4.6.0\nonnxruntime==1.22.0\ntorch==2.7.1\n    # via app\nxgboost==3.0.0\nnvidia-nccl-cu12==2.26.2\n    # via torch\n    # via xgboost\n";

fn place(image: &str) -> Place {
    let place = Place::new();
    place.write("requirements.txt", LINES);
    place.write("image.txt", image);
    place.write(
        "torchswap.toml",
        "[targets.bare]\ncuda = \"12.6\"\npython = \"3.11\"\n\
         [targets.image]\ncuda = \"12.6\"\npython = \"3.11\"\nprovided = \"image.txt\"\n\
         [targets.swapped]\ncuda = \"12.6\"\npython = \"3.11\"\nalso = [\"onnxruntime\"]\n",
    );
    place
}

/// The findings of some codes on a target, each as its code and the package that its message begins with.
fn found(place: &Place, target: &str, codes: &[&str]) -> Vec<String> {
    let run = place.run(&format!("audit --target {target} --report json requirements.txt"));
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr));
    let findings = report["findings"].as_array().unwrap().iter();
    let of = |finding: &serde_json::Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let found = findings.filter(|finding| codes.contains(&of(finding, "code").as_str()));
    found.map(|finding| format!("{}: {}", of(finding, "code"), of(finding, "message"))).collect()
}

#[test]
fn what_the_image_has_is_not_audited_and_counts_as_there() {
    let place = place("torch==2.6.0a0+ecf3bae40a.nv25.1\n");
    let codes = ["no-build", "family-mismatch", "runtime-without-torch", "unloaded", "source-only"];
    assert_eq!(found(&place, "image", &codes), [] as [&str; 0]);
    // An image without torch has no cuDNN for ctranslate2, and nccl is xgboost's.
    place.write("image.txt", "filelock==3.16.1\n");
    let lines =
        place.read("requirements.txt").replace("torch==2.7.1\n    # via app\n", "").replace("    # via torch\n", "");
    place.write("requirements.txt", lines);
    let unloaded = found(&place, "image", &codes);
    assert!(unloaded.len() == 1 && unloaded[0].starts_with("unloaded: ctranslate2 4.6.0"), "{unloaded:?}");
    place.write("image.txt", "nvidia-cublas-cu12==12.6.4.1\nnvidia-cudnn-cu12==9.5.1.17\n");
    assert_eq!(found(&place, "image", &codes), [] as [&str; 0]);
}

#[test]
fn libraries_beside_the_images_torch_are_not_without_one() {
    let place = place("torch==2.7.1\n");
    place.write("requirements.txt", "nvidia-nvtx-cu12==12.6.77\n    # via -r requirements.in\n");
    let codes = ["runtime-without-torch"];
    assert_eq!(found(&place, "bare", &codes).len(), 1);
    assert_eq!(found(&place, "image", &codes), [] as [&str; 0]);
}

#[test]
fn what_is_installed_over_a_package_of_the_image_is_reported() {
    let place = place("torch==2.7.1\nonnxruntime-gpu==1.22.0\n");
    let reported = found(&place, "image", &["same-module"]);
    let said =
        "same-module: onnxruntime-gpu of the image and onnxruntime 1.22.0 both install the module `onnxruntime`: ";
    assert!(reported.len() == 1 && reported[0].starts_with(said), "{reported:?}");
    // The lock's takes the place of the image's.
    place.write("image.txt", "torch==2.7.1\nonnxruntime==1.20.0\n");
    assert_eq!(found(&place, "image", &["same-module"]), [] as [&str; 0]);
}

#[test]
fn what_does_not_take_the_image_is_an_error() {
    let place = Place::of("poetry-2.5/torch-2.7.1");
    place.write("image.txt", "torch==2.6.0a0\ntorchvision==0.22.1\n");
    let audit = "audit --cuda 12.6 --python 3.11 --provided image.txt";
    let run = place.run(audit);
    assert!(
        run.stdout.contains(
            "error[image-constraint]: torchaudio 2.7.1 requires torch==2.7.1, but the image has torch 2.6.0a0"
        ),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout
            .contains("error[image-constraint]: the project requires torch==2.7.1, but the image has torch 2.6.0a0"),
        "{}",
        run.stdout
    );
    assert_eq!(run.status, 1);
    place.write("image.txt", "torch==2.7.0a0\ntorchvision==0.22.1\ntorchaudio==2.7.1\n");
    let run = place.run(audit);
    assert!(
        run.stdout
            .contains("warning[image-constraint]: the project pins torch==2.7.1, but the image has torch 2.7.0a0"),
        "{}",
        run.stdout
    );
    place.write("image.txt", "torch==2.7.1\ntorchvision==0.22.1\ntorchaudio==2.7.1\n");
    let run = place.run(audit);
    assert!(!run.stdout.contains("image-constraint"), "{}", run.stdout);
    let run = place.run("audit --cuda 12.6 --python 3.11 --provided-names torch,torchaudio,torchvision");
    assert!(run.stdout.contains("warning[image-constraint]: not checked: "), "{}", run.stdout);
}

#[test]
fn what_is_swapped_is_no_cpu_build_in_the_end() {
    let place = place("");
    let reported = found(&place, "bare", &["cpu-runtime"]);
    assert!(reported.len() == 1 && reported[0].starts_with("cpu-runtime: onnxruntime 1.22.0"), "{reported:?}");
    assert_eq!(found(&place, "swapped", &["cpu-runtime", "same-module"]), [] as [&str; 0]);
    let run = place.run("audit --cuda 12.6 --python 3.11 --also onnxruntime --report json requirements.txt");
    assert!(!run.stdout.contains("cpu-runtime"), "{}", run.stdout);
    // The GPU build that is swapped in and another relative.
    place.write("requirements.txt", LINES.to_owned() + "onnxruntime-openvino==1.22.0\n");
    let reported = found(&place, "swapped", &["same-module"]);
    assert!(
        reported.len() == 1 && reported[0].contains("onnxruntime-gpu 1.22.0 and onnxruntime-openvino 1.22.0"),
        "{reported:?}"
    );
    // What cannot be swapped is reported in the words of the export.
    place.write("requirements.txt", LINES.replace("onnxruntime==1.22.0", "onnxruntime==1.20.1"));
    let reported = found(&place, "swapped", &["no-build"]);
    assert!(
        reported.len() == 1 && reported[0].contains("there is no release 1.20.1 of onnxruntime-gpu"),
        "{reported:?}"
    );
}
