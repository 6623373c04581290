//! Compares what fits beside torch's exact pins of CUDA libraries with facts gathered from the wheels' own requirements.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::Version;
use serde_json::Value;
use torchswap::catalog::{Built, Catalogues, WheelSource, equivalents, is_gpu_runtime};
use torchswap::lock::requirements::parse;
use torchswap::lock::{Choice, Lock};
use torchswap::packaging::constraint::Constraint;
use torchswap::packaging::target::{Backend, Environment, Platform, Python, Target};
use torchswap::plan::{self, Also, Beyond, Knowledge, Wanted};
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

/// What torch and a package need beside CUDA's libraries, in releases that need not do: of these nothing is asked here.
fn base(package: &str) -> String {
    let table = std::fs::read_to_string(root().join("src/catalog/requires.tsv")).unwrap();
    let of = |row: &str| ["torch\t", &format!("{package}\t")].iter().any(|name| row.starts_with(name));
    let requirements = table.lines().filter(|row| of(row)).flat_map(|row| row.split('\t').skip(6));
    let name =
        |text: &str| text.split(|c: char| !c.is_alphanumeric() && !"-_.".contains(c)).next().unwrap().to_lowercase();
    let names = requirements.map(name).map(|name| name.replace(['_', '.'], "-"));
    // A plugin brings its other half along.
    let is_other = |name: &String| !is_gpu_runtime(&name.parse().unwrap()) && !name.ends_with("-pjrt");
    let names: BTreeSet<String> = names.filter(is_other).collect();
    names.into_iter().map(|name| format!("{name}==1\n")).collect()
}

/// A Python under which there are wheels of both.
fn python(torch: &str, backend: Backend, gpu: &str, version: &str) -> Option<Python> {
    let rows =
        |name: &str, version: &str| Catalogues::NONE.wheels_of(&name.parse().unwrap(), &version.parse().unwrap());
    let (torch, gpu) = (rows("torch", torch), rows(gpu, version));
    let takes = |range: Option<&str>, python| {
        range.is_none_or(|range| Constraint::poetry(range).unwrap().admits_python(python))
    };
    [11, 10, 12, 9, 13, 8].into_iter().map(Python::three).find(|python| {
        let here = Environment { platform: Platform::LinuxX86_64, python: *python };
        torch.iter().any(|row| row.is_for(backend) && row.wheel.fit(here).is_some())
            && gpu.iter().any(|row| row.wheel.fit(here).is_some() && takes(row.requires_python.as_deref(), *python))
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

/// Whether the libraries exclude each other.
fn verdict(torch: &str, others: &str, backend: Backend, python: Python, knowledge: &Knowledge<'_>) -> &'static str {
    let text = format!("torch=={torch}\n{others}");
    let lock = Lock::Requirements(Box::new(parse("requirements.txt", text, &mut |_| Err("none".to_owned())).unwrap()));
    let target = Target { name: None, platform: Platform::LinuxX86_64, backend: Some(backend), pythons: vec![python] };
    let excludes = |shares_libraries| {
        let beyond = Beyond { also: Also::of(&["all".parse().unwrap()], false), shares_libraries };
        let planned =
            plan::target(&lock, &Wanted { beyond, ..Wanted::new(target.clone(), Choice::default()) }, knowledge);
        let problems = planned.err().map(Error::into_problems).unwrap_or_default();
        // What else they need may be missing, or unknown; only that libraries exclude each other counts.
        for problem in &problems {
            assert!(
                matches!(problem.code, Code::Unmet | Code::Unknown),
                "torch {torch}, {others}, {backend}: {problem:?}"
            );
        }
        problems.iter().any(|problem| problem.message.matches(" needs nvidia-").count() > 1)
    };
    match excludes(false) {
        false => "fits",
        true if excludes(true) => "conflict",
        true => "shareable",
    }
}

/// The newest patch of each minor release, for each build: they pin alike, and all would take several times as long.
fn newest_patches(facts: &[Value]) -> BTreeSet<String> {
    let mut newest: BTreeMap<(String, Option<String>), (Version, String)> = BTreeMap::new();
    for torch in facts.iter().map(|fact| fact["torch"].as_str().unwrap()) {
        let version: Version = torch.parse().unwrap();
        let minor = torch.split('.').take(2).collect::<Vec<_>>().join(".");
        let label = torch.split_once('+').map(|(_, label)| label.to_owned());
        let known = newest.entry((minor, label)).or_insert_with(|| (version.clone(), torch.to_owned()));
        *known = known.clone().max((version, torch.to_owned()));
    }
    newest.into_values().map(|(_, torch)| torch).collect()
}

#[test]
fn what_fits_beside_torch_is_what_the_facts_say() {
    let facts = root().join("../shared/beyond/coexistence.jsonl");
    let Ok(facts) = std::fs::read_to_string(facts) else {
        println!("skipped: what_fits_beside_torch_is_what_the_facts_say: no facts beside the checkout");
        return;
    };
    let facts: Vec<Value> = facts.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let newest = newest_patches(&facts);
    let catalogues = Catalogues::NONE;
    let knowledge = Knowledge::new(&catalogues);
    let mut counts: BTreeMap<(String, &str), usize> = BTreeMap::new();
    let (mut wrong, mut bases) = (Vec::new(), BTreeMap::new());
    for fact in &facts {
        let text = |key: &str| fact[key].as_str().unwrap();
        let (torch, reported) = (text("torch"), text("verdict"));
        let (name, extra) = text("with").split_once('[').unwrap_or((text("with"), ""));
        // What is known as jax is a plugin for each CUDA.
        let is_it = |pair: &equivalents::NamePair| match pair.known == pair.cpu {
            false => pair.known == name && pair.gpu.contains(&format!("-{}-", extra.trim_end_matches(']'))),
            true => pair.gpu == name && pair.cpu != pair.gpu,
        };
        let (Some(equivalents::NamePair { cpu, gpu, .. }), Some(backend)) =
            (equivalents::names().find(is_it), build(torch))
        else {
            continue;
        };
        if !newest.contains(torch) {
            continue;
        }
        let base = bases.entry(gpu).or_insert_with(|| base(gpu));
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
                    let others = format!("{cpu}=={version}\n{base}");
                    let torch = if torch == public { of_default_index(public, python) } else { public.to_owned() };
                    verdict(&torch, &others, backend, python, &knowledge)
                }
            };
            *counts.entry((gpu.to_owned(), found)).or_default() += 1;
            let is_right = match reported {
                "fits" | "shareable" => found == reported,
                // The facts have this wheel's own list, which is wrong; the tables correct it.
                "adds-only" if torch == "2.6.0+cu126" => true,
                "adds-only" => ["fits", "other CUDA"].contains(&found),
                "conflict" => ["conflict", "other CUDA"].contains(&found),
                _ => found == "other CUDA",
            };
            if !is_right {
                wrong.push(format!("torch {torch}, {gpu} {version}: {found}, the facts say {reported}"));
            }
        }
    }
    println!("{counts:?}");
    assert!(wrong.is_empty(), "{} of {counts:?}:\n{}", wrong.len(), wrong.join("\n"));
    for (name, least) in
        [("onnxruntime-gpu", 500), ("tensorflow", 500), ("jax-cuda12-plugin", 500), ("jax-cuda13-plugin", 300)]
    {
        let cells = counts.iter().filter(|((gpu, _), _)| gpu == name).map(|(_, count)| count);
        assert!(cells.sum::<usize>() > least, "{name}: {counts:?}");
    }
    for found in ["fits", "shareable", "conflict", "other CUDA"] {
        assert!(counts.keys().any(|(_, other)| *other == found), "{found}: {counts:?}");
    }
}
