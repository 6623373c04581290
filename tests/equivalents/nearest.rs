//! `--nearest`: another release, where the locked one has no GPU build.

use super::{ONNX, entry, export, lock, onnx, place, project};
use crate::support::Place;

#[test]
fn the_nearest_release_for_the_target_is_taken_and_reported() {
    for (version, arguments, near) in [
        // Of the same minor version.
        ("1.20.1", "--cuda 12.6", "1.20.2"),
        // The last one for that CUDA, and the first one.
        ("1.28.0", "--cuda 12.6", "1.26.0"),
        ("1.22.0", "--cuda 13.0", "1.28.0"),
        // The first one for that platform; what cannot be had is passed over.
        ("1.28.0", "--cuda 13.0 --platform linux-aarch64", "1.29.0"),
        ("1.27.0", "--cuda 13.0", "1.28.0"),
    ] {
        let place = place(&onnx(version));
        let export = format!("export -v {arguments} --python 3.11 --also onnxruntime -o out.txt requirements.txt");
        place.run(&export).refused();
        let run = place.run(&format!("{export} --nearest"));
        let note = format!(
            "note: onnxruntime-gpu {near} is the nearest release for the target, and takes the place of onnxruntime \
             {version}; this lock does not say whether all that need onnxruntime accept that release; an installer checks it\n"
        );
        assert_eq!(run.stderr.matches(&note).count(), 1, "{note}: {}", run.stderr);
        run.ok();
        let text = place.read("out.txt");
        assert!(text.contains(&format!("\nonnxruntime=={near}+torchswap \\\n")), "{text}");
        assert!(text.contains(&format!("]=={near} \\\n")) || text.contains(&format!("\nonnxruntime-gpu=={near} \\\n")));
        assert!(text.contains(" --nearest") && !text.contains(&format!("onnxruntime=={version}")), "{text}");
    }
}

/// Asked for, it changes nothing where it is not needed.
#[test]
fn the_release_of_the_same_number_goes_before() {
    let run = export(&onnx("1.22.0"), "--cuda 12.6 --python 3.11 --also onnxruntime --nearest");
    assert!(run.stderr.contains("onnxruntime 1.22.0 -> 1.22.0+torchswap"), "{}", run.stderr);
    assert!(!run.stderr.contains("nearest"), "{}", run.stderr);
    run.ok();
    // A Python without a wheel is no reason for another release under all of them.
    let message = export(&onnx("1.26.0"), "--cuda 12.6 --python 3.10 --also onnxruntime --nearest").refused();
    assert!(message.contains("onnxruntime-gpu 1.26.0 has wheels for CPython 3.11, "), "{message}");
    // What needs another library of torch's is no release to take.
    let torch = ["torch==2.4.1", "filelock==3.16.1", "fsspec==2024.9.0", "jinja2==3.1.4", "networkx==3.4"];
    let text = onnx("1.18.1") + &lock(&torch) + &lock(&["typing-extensions==4.12.2"]);
    let message = export(&text, "--cuda 11.8 --python 3.11 --also onnxruntime --nearest").refused();
    assert!(message.contains("onnxruntime-gpu 1.18.1 needs cudnn 8, but torch 2.4.1+cu118 brings"), "{message}");
    assert!(
        message.contains("no other release for the target is allowed by all that require onnxruntime"),
        "{message}"
    );
}

#[test]
fn nothing_asked_for_has_no_nearest_release() {
    let message = export(&onnx("1.22.0"), "--cuda 12.6 --python 3.11 --nearest").refused();
    assert!(message.contains("--nearest chooses the release that --also takes, and --also names nothing"), "{message}");
}

#[test]
fn a_target_of_the_configuration_takes_the_nearest_too() {
    let place = place(&onnx("1.20.1"));
    let target =
        "[targets.docker]\ncuda = \"12.6\"\npython = [\"3.11\"]\nalso = \"onnxruntime\"\noutput = \"out.txt\"\n";
    place.write("torchswap.toml", target);
    place.run("export --all-targets requirements.txt").refused();
    place.write("torchswap.toml", format!("{target}nearest = true\n"));
    place.run("export --all-targets requirements.txt").ok();
    assert!(place.read("out.txt").contains("onnxruntime==1.20.2+torchswap"));
    place.run("check out.txt").ok();
}

/// A lock of Poetry's in which rembg, and the project where it does, ask for some onnxruntime.
fn poetry(by_rembg: &str, by_project: Option<&str>) -> Place {
    let entry = |pin: &str, dependencies: &str| entry(pin, dependencies, "groups = [\"main\"]\n");
    let needs = ONNX.map(|pin| format!("{} = \"*\"\n", pin.split_once("==").unwrap().0)).concat();
    let mut entries: Vec<String> = ONNX.iter().map(|pin| entry(pin, "")).collect();
    entries.push(entry("onnxruntime==1.20.1", &format!("[package.dependencies]\n{needs}\n")));
    entries.push(entry("rembg==2.0.60", &format!("[package.dependencies]\nonnxruntime = \"{by_rembg}\"\n\n")));
    entries.sort();
    let asked = by_project.map(|versions| format!("onnxruntime = \"{versions}\"\n")).unwrap_or_default();
    project(&entries, "2.1", &format!("rembg = \"2.0.60\"\n{asked}"))
}

#[test]
fn a_release_that_a_dependent_or_the_project_does_not_admit_is_not_taken() {
    let rewrite = "rewrite --cuda 12.6 --also onnxruntime --nearest";
    for (by_rembg, by_project, near) in [
        ("*", None, Some("1.20.2")),
        (">=1.20,<2", Some("^1.20"), Some("1.20.2")),
        ("<1.20.2", None, Some("1.20.0")),
        ("<1.20.2", Some(">=1.20"), Some("1.20.0")),
        ("*", Some("<1.20.2"), Some("1.20.0")),
        ("1.20.1", None, None),
        ("*", Some("1.20.1"), None),
    ] {
        let place = poetry(by_rembg, by_project);
        let run = place.run(rewrite);
        match near {
            Some(near) => {
                let note = format!(
                    "note: onnxruntime-gpu {near} is the nearest release for the target, and takes the place of onnxruntime 1.20.1\n"
                );
                assert!(run.stderr.contains(&note), "{by_rembg} {by_project:?}: {}", run.stderr);
                run.ok();
                let text = place.read("poetry.lock");
                assert!(text.contains(&format!("name = \"onnxruntime\"\nversion = \"{near}+torchswap\"\n")), "{text}");
                assert!(text.contains(&format!("name = \"onnxruntime-gpu\"\nversion = \"{near}\"\n")), "{text}");
            }
            None => {
                let message = run.refused();
                let why = "no other release for the target is allowed by all that require onnxruntime";
                assert!(message.contains("there is no release 1.20.1 of onnxruntime-gpu"), "{message}");
                assert!(message.contains(why), "{message}");
            }
        }
    }
}

#[test]
fn a_release_that_a_constraints_file_or_what_is_left_out_does_not_admit_is_not_taken() {
    let place = place(&("-c constraints.txt\n".to_owned() + &onnx("1.20.1")));
    let export = "export --cuda 12.6 --python 3.11 --also onnxruntime --nearest -o out.txt";
    for (limit, near) in [("<1.21", "1.20.2"), ("<1.20.2", "1.20.0")] {
        place.write("constraints.txt", format!("onnxruntime{limit}\n"));
        place.run(&format!("{export} requirements.txt")).ok();
        assert!(place.read("out.txt").contains(&format!("\nonnxruntime=={near}+torchswap ")), "{limit}");
    }
    for (by_rembg, near) in [("*", "1.20.2"), ("<1.20.2", "1.20.0")] {
        let place = poetry(by_rembg, None);
        place.run(&format!("{export} --no-emit-package rembg")).ok();
        let text = place.read("out.txt");
        assert!(text.contains(&format!("\nonnxruntime=={near}+torchswap ")) && !text.contains("\nrembg=="), "{text}");
    }
}

#[test]
fn a_prerelease_is_not_the_nearest() {
    let place = place(&onnx("1.20.1"));
    let file = "onnxruntime_gpu-1.20.1rc1-cp311-cp311-manylinux_2_28_x86_64.whl";
    let digest = "0".repeat(64);
    place.write(
        "torchswap-catalog.tsv",
        format!("wheel\tonnxruntime-gpu\t1.20.1rc1\tany\tpypi\t{file}\t{digest}\t1\t0\t-\tpypi\n"),
    );
    place.run("export --cuda 12.6 --python 3.11 --also onnxruntime --nearest -o out.txt requirements.txt").ok();
    assert!(place.read("out.txt").contains("\nonnxruntime==1.20.2+torchswap "), "{}", place.read("out.txt"));
}
