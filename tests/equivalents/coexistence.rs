//! What fits beside torch's exact pins of CUDA's libraries, against facts that were gathered from the wheels' own lists.

use std::collections::BTreeMap;

use serde_json::Value;
use torchswap::catalog::{Built, Catalogues, WheelSource, equivalents};
use torchswap::lock::emit::NoEmit;
use torchswap::lock::requirements::parse;
use torchswap::lock::{Choice, Lock};
use torchswap::packaging::target::{Backend, Environment, Platform, Python, Target};
use torchswap::plan::{self, Also, Knowledge};
use torchswap::report::error::{Code, Error};

use crate::support::root;

/// The build that a fact is of: the label's, or that of the default index.
fn build(torch: &str) -> Option<Backend> {
    if let Some((_, label)) = torch.split_once('+') {
        return label.parse().ok();
    }
    let here = |minor| Environment { platform: Platform::LinuxX86_64, python: Python::three(minor) };
    let rows = Catalogues::NONE.wheels_of(&"torch".parse().unwrap(), &torch.parse().unwrap());
    let on_default = rows.iter().filter(|row| row.url().is_none());
    on_default.filter(|row| (8..15).any(|minor| row.wheel.fit(here(minor)).is_some())).find_map(|row| match row.built {
        Built::For(backend) => Some(backend),
        Built::Major(_) | Built::Any | Built::Unknown => None,
    })
}

/// What torch and the others need beside CUDA's libraries; whether these releases will do is no matter here.
const BASE: [&str; 15] = [
    "coloredlogs==15.0.1",
    "filelock==3.16.1",
    "flatbuffers==25.1",
    "fsspec==2024.9.0",
    "jinja2==3.1.4",
    "lit==18.1.8",
    "cmake==3.31.6",
    "networkx==3.4",
    "numpy==1.26.4",
    "packaging==24.0",
    "protobuf==5.29",
    "setuptools==70.2",
    "sympy==1.13.3",
    "typing-extensions==4.12.2",
    "wheel==0.45.1",
];

/// A Python under which there are wheels of both.
fn python(torch: &str, backend: Backend, gpu: &str, version: &str) -> Option<Python> {
    let rows =
        |name: &str, version: &str| Catalogues::NONE.wheels_of(&name.parse().unwrap(), &version.parse().unwrap());
    let (torch, gpu) = (rows("torch", torch), rows(gpu, version));
    [11, 10, 12, 9, 13, 8].into_iter().map(Python::three).find(|python| {
        let here = Environment { platform: Platform::LinuxX86_64, python: *python };
        torch.iter().any(|row| row.is_for(backend) && row.wheel.fit(here).is_some())
            && gpu.iter().any(|row| row.wheel.fit(here).is_some())
    })
}

/// A release with the digest of the default index's wheel, which then stays: another index may have it with its libraries
/// bundled.
fn of_default_index(torch: &str, python: Python) -> String {
    let here = Environment { platform: Platform::LinuxX86_64, python };
    let rows = Catalogues::NONE.wheels_of(&"torch".parse().unwrap(), &torch.parse().unwrap());
    let row = rows.iter().find(|row| row.url().is_none() && row.wheel.fit(here).is_some()).unwrap();
    format!("{torch} --hash=sha256:{}", row.sha256)
}

/// True if the libraries exclude each other.
fn excludes(torch: &str, pin: &str, backend: Backend, python: Python, knowledge: &Knowledge<'_, Catalogues>) -> bool {
    let text = format!("torch=={torch}\n{pin}\n{}\n", BASE.join("\n"));
    let lock = Lock::Requirements(Box::new(parse("requirements.txt", text, &mut |_| Err("none".to_owned())).unwrap()));
    let target = Target { name: None, platform: Platform::LinuxX86_64, backend: Some(backend), pythons: vec![python] };
    let planned = plan::target(&lock, &Choice::default(), &NoEmit::default(), &Also::All, &target, false, knowledge);
    let problems = planned.err().map(Error::into_problems).unwrap_or_default();
    // What else they need may be missing; only what is said of CUDA's libraries counts.
    for problem in &problems {
        assert!(problem.code == Code::Unmet, "torch {torch}, {pin}, {backend}: {problem:?}");
    }
    problems.iter().any(|problem| problem.message.contains("no release meets both"))
}

#[test]
fn what_fits_beside_torch_is_what_the_facts_say() {
    let facts = root().join("../shared/beyond/coexistence.jsonl");
    let Ok(facts) = std::fs::read_to_string(facts) else {
        println!("skipped: what_fits_beside_torch_is_what_the_facts_say: no facts beside the checkout");
        return;
    };
    let catalogues = Catalogues::NONE;
    let knowledge = Knowledge::new(&catalogues);
    let mut counts: BTreeMap<(String, &str), usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for fact in facts.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let text = |key: &str| fact[key].as_str().unwrap();
        let (torch, verdict) = (text("torch"), text("verdict"));
        let gpu = text("with").split('[').next().unwrap();
        let (Some((cpu, _)), Some(backend)) = (equivalents::names().find(|(_, name)| *name == gpu), build(torch))
        else {
            continue;
        };
        // One patch of each minor release: they pin alike, and the test would take three times as long.
        if !torch.split('+').next().unwrap().ends_with(".1") {
            continue;
        }
        // What has the same name for all, its libraries in an extra: that is not taken into the swap.
        if ["tensorflow", "xgboost"].contains(&gpu) {
            continue;
        }
        for version in fact["versions"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()) {
            let parsed = version.parse().unwrap();
            let range =
                equivalents::of_cpu(&cpu.parse().unwrap()).find(|one| one.gpu.as_ref() == gpu && one.has(&parsed));
            let Some(range) = range.filter(|range| range.flaw.is_none()) else { continue };
            let public = torch.split('+').next().unwrap();
            let found = match (range.runs_on(backend), python(public, backend, gpu, version)) {
                (false, _) => "other CUDA",
                (true, None) => continue,
                (true, Some(python)) => {
                    let pin = format!("{cpu}=={version}");
                    let torch = if torch == public { of_default_index(public, python) } else { public.to_owned() };
                    if excludes(&torch, &pin, backend, python, &knowledge) { "conflict" } else { "fits" }
                }
            };
            *counts.entry((gpu.to_owned(), found)).or_default() += 1;
            let is_right = match verdict {
                "fits" | "adds-only" => found == "fits" || verdict == "adds-only" && found == "other CUDA",
                "conflict" => found == "conflict" || found == "other CUDA",
                _ => found == "other CUDA",
            };
            if !is_right {
                wrong.push(format!("torch {torch}, {gpu} {version}: {found}, the facts say {verdict}"));
            }
        }
    }
    println!("{counts:?}");
    assert!(wrong.is_empty(), "{} of {counts:?}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(
        counts.values().sum::<usize>() > 500 && counts.keys().filter(|(_, found)| *found == "conflict").count() >= 1
    );
}
