//! The coupling of the layers: torch, its companions, CUDA, the driver, the image.

use torchswap::catalog::{Catalogues, WheelSource};
use torchswap::packaging::target::{Environment, Platform, Python};

use super::lock::{Package, lock};
use super::{found, json};
use crate::support::{Place, snapshot};

/// A package with the catalogue's own wheel for Linux and CPython 3.10.
fn real(name: &str, version: &str) -> Package {
    let here = Environment { platform: Platform::LinuxX86_64, python: Python::three(10) };
    let rows = Catalogues::NONE.wheels(&name.parse().unwrap());
    let row = rows
        .iter()
        .find(|row| row.wheel.version == version.parse().unwrap() && row.wheel.fit(here).is_some())
        .unwrap_or_else(|| panic!("the catalogue has no {name} {version}"));
    let package = Package::new(name, version).file(row.wheel.as_str(), &row.sha256.to_string());
    match row.url() {
        None => package,
        Some(url) => package.source("url", &url),
    }
}

fn place(packages: &[Package], dockerfile: &str) -> Place {
    let place = Place::new();
    place.write("poetry.lock", lock(packages));
    place.write("Dockerfile", dockerfile);
    place
}

fn codes(packages: &[Package], dockerfile: &str, arguments: &str) -> Vec<String> {
    let run = place(packages, dockerfile).run(&format!("audit --report json {arguments}"));
    found(&run).into_iter().map(|(code, _)| code).collect()
}

#[test]
fn an_image_is_known_by_what_its_tag_says() {
    let torch = [real("torch", "2.1.2+cu118")];
    let pytorch = "--python 3.10 --image pytorch/pytorch:2.1.2-cuda12.1-cudnn8-runtime";
    assert_eq!(codes(&torch, "", pytorch), ["unknown-image", "image-cuda"]);
    assert_eq!(codes(&torch, "", &format!("{pytorch} --glibc 2.35")), ["image-cuda"]);
    let report = json(&place(&torch, "").run("audit --image python:3.10 --report json"));
    assert_eq!(
        (&report["targets"][0]["python"], &report["targets"][0]["system"]),
        (&"3.10".into(), &serde_json::Value::Null)
    );
    assert_eq!(codes(&torch, "", "--image python:3.10"), ["unknown-image"]);
    assert_eq!(codes(&torch, "", "--python 3.10 --image python:3.11-bookworm"), ["image-python"]);
    for (flags, why) in [
        ("--image debain:12", "what debain:12 contains is not known"),
        ("--image debian:12 --glibc 2.31", "the name debian:12 says that it has glibc 2.36"),
    ] {
        assert!(place(&torch, "").run(&format!("audit --python 3.10 {flags}")).refused().contains(why), "{flags}");
    }
}

#[test]
fn a_driver_must_be_new_enough() {
    let torch = [real("torch", "2.1.2+cu118")];
    assert_eq!(codes(&torch, "", "--python 3.10 --driver 470.57"), [""; 0]);
    assert_eq!(codes(&torch, "", "--python 3.10 --driver 440.33"), ["old-driver"]);
    let torch = [real("torch", "2.1.2+cu121")];
    assert_eq!(codes(&torch, "", "--python 3.10 --driver 470.57"), ["old-driver"]);
    assert_eq!(codes(&torch, "", "--python 3.10 --driver 525.60.13"), [""; 0]);
    // The build that is asked for counts, not the locked one.
    assert_eq!(codes(&torch, "", "--python 3.10 --driver 470.57 --cuda 11.8"), [""; 0]);
    assert_eq!(codes(&torch, "", "--python 3.10 --driver 470.57 --cpu"), [""; 0]);
}

#[test]
fn an_image_has_layers_of_its_own() {
    let dockerfile = "ARG CUDA=11.8.0\n\nFROM --platform=linux/arm64 nvidia/cuda:${CUDA}-runtime-ubuntu20.04 AS base\n\
        RUN apt-get update \\\n && apt-get install -y python3.9 python3-pip\nFROM node:20 AS web\nFROM base\n";
    let place = place(&[real("torch", "2.1.2+cu121")], dockerfile);
    let run = place.run("audit --python 3.10 --dockerfile Dockerfile --driver 440.33");
    assert_eq!(run.status, 1);
    snapshot("audit-image", &run.shown());
    // Without --python it is the image's.
    let report = json(&place.run("audit --dockerfile Dockerfile --report json"));
    assert_eq!(
        (&report["targets"][0]["python"], &report["targets"][0]["system"]),
        (&"3.9".into(), &"glibc 2.31".into())
    );
}

#[test]
fn an_image_that_fits_says_nothing() {
    let dockerfile = "FROM nvidia/cuda:12.1.1-runtime-ubuntu22.04\nRUN apt-get install -y python3\n";
    assert_eq!(codes(&[real("torch", "2.1.2+cu121")], dockerfile, "--dockerfile Dockerfile"), [""; 0]);
    let moving = "FROM python:3.10-slim\n";
    assert_eq!(codes(&[real("torch", "2.1.2+cu121")], moving, "--dockerfile Dockerfile"), ["unknown-image"]);
    let reported = codes(&[real("torch", "2.1.2+cu121")], moving, "--dockerfile Dockerfile --glibc 2.36");
    assert_eq!(reported, [""; 0]);
    let cpu = codes(&[real("torch", "2.1.2+cpu")], dockerfile, "--dockerfile Dockerfile");
    assert_eq!(cpu, ["image-cuda"]);
}

#[test]
fn the_family_is_made_for_one_torch_and_one_build() {
    let torch = || real("torch", "2.1.2+cu118");
    assert_eq!(codes(&[torch(), real("torchvision", "0.16.2+cu118")], "", "--python 3.10"), [""; 0]);
    let place = place(&[torch(), real("torchvision", "0.15.2+cu118")], "");
    let run = place.run("audit --python 3.10");
    assert!(run.stdout.contains("error[family-mismatch]: torchvision 0.15.2+cu118 is for torch"), "{}", run.stdout);
    assert!(run.stdout.contains("help: torchvision 0.16.2"), "{}", run.stdout);
    let mixed = codes(&[torch(), real("torchvision", "0.16.2+cu121")], "", "--python 3.10");
    assert_eq!(mixed, ["mixed-backends"]);
}

#[test]
fn gpu_libraries_need_a_torch() {
    let library = || real("nvidia-cublas-cu12", "12.1.3.1");
    let other = |name: &str| Package::new(name, "1.0").files(&[&format!("{name}-1.0-py3-none-any.whl")]);
    assert_eq!(codes(&[other("a"), library()], "", "--python 3.10"), ["runtime-without-torch"]);
    // Another package may well need them.
    assert_eq!(codes(&[other("a").needs("nvidia-cublas-cu12"), library()], "", "--python 3.10"), [""; 0]);
    let cpu = real("torch", "2.1.2+cpu");
    assert_eq!(codes(&[library(), cpu], "", "--python 3.10"), ["runtime-without-torch"]);
    let old = real("torch", "2.1.2+cu118");
    assert_eq!(codes(&[library(), old], "", "--python 3.10"), ["mixed-backends"]);
    assert_eq!(codes(&[library(), real("torch", "2.1.2+cu121")], "", "--python 3.10"), [""; 0]);
}

/// pip takes a wheel named `linux_x86_64` on Alpine, too, where it does not run.
/// Alpine 3.12 has musl 1.1: a newer one of the same library is nearer than another library.
#[test]
fn the_nearest_wheel_is_one_for_the_same_library() {
    let files = ["aa-1.0-cp38-cp38-manylinux_2_17_x86_64.whl", "aa-1.0-cp38-cp38-musllinux_1_2_x86_64.whl"];
    for (files, reported) in [
        (&files[..], "aa 1.0 needs musl 1.2 or newer, alpine:3.12 has musl 1.1"),
        (&files[..1], "aa 1.0 has wheels for glibc only, alpine:3.12 has musl 1.1"),
    ] {
        let place = place(&[Package::new("aa", "1.0").files(files)], "FROM alpine:3.12\nRUN apk add python3\n");
        let run = place.run("audit --python 3.8 --dockerfile Dockerfile");
        assert!(run.stdout.contains(reported), "{}", run.stdout);
    }
}

#[test]
fn torch_is_made_for_glibc() {
    let torch = [real("torch", "2.1.2+cu118")];
    let run = place(&torch, "").run("audit --python 3.10 --image python:3.10-alpine");
    assert_eq!(run.status, 1);
    let why = "torch 2.1.2+cu118 has wheels for glibc only, python:3.10-alpine has musl 1.2";
    assert!(run.stdout.contains(why) && !run.stdout.contains("torchswap export"), "{}", run.stdout);
    assert_eq!(codes(&torch, "", "--python 3.10 --image alpine --cuda 12.1"), ["newer-system"]);
    // No release is advised: none has another wheel.
    let run = place(&torch, "").run("audit --python 3.10 --image alpine --cuda 12.1");
    assert!(
        run.stdout.contains("help: use glibc 2.17 or newer") && !run.stdout.contains("catalogue"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_build_that_cannot_be_had_is_reported() {
    let torch = [real("torch", "2.1.2+cu121")];
    let run = place(&torch, "").run("audit --python 3.10 --cuda 12.4");
    assert_eq!(run.status, 1);
    assert!(run.stdout.contains("error[no-build]: torch 2.1.2"), "{}", run.stdout);
    assert_eq!(codes(&torch, "", "--platform macos-arm64 --python 3.10 --cuda 11.8"), ["no-wheel", "no-build"]);
    // What is swapped in may need a newer system, too.
    let newer = codes(&[real("torch", "2.7.1+cu126")], "", "--python 3.10 --cuda 11.8 --glibc 2.17");
    assert_eq!(newer, ["newer-system"]);
}

/// `torchvision 0.1.6` is a withdrawn wheel for every machine, and of before torchvision was compiled.
#[test]
fn advice_names_the_next_release_and_no_withdrawn_one() {
    let run = place(&[real("torchvision", "0.13.1")], "").run("audit --platform macos-arm64 --macos 12 --python 3.12");
    let help = "help: lock torchvision 0.17.0, the next release with a wheel for it (0.";
    assert!(run.stdout.contains(help) && !run.stdout.contains("0.1.6"), "{}", run.stdout);
    let last = place(&[real("torch", "2.7.1")], "").run("audit --platform macos-x86_64 --python 3.11");
    let help = "help: torch 2.2.2 is the last release with a wheel for it that the catalogue knows";
    assert!(last.stdout.contains(help), "{}", last.stdout);
}
