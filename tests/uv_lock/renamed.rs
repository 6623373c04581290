//! `rewrite --also` of a `uv.lock`: one package takes another's place, and everything that depended on the old one depends
//! on the new one.

use super::blocks;
use crate::support::Place;

const SOURCE: &str = "source = { registry = \"https://index.example/simple\" }";

/// A package with a wheel. `more`: its dependencies and the like.
fn package(name: &str, version: &str, more: &str) -> String {
    let file = format!("{}-{version}-py3-none-any.whl", name.replace('-', "_"));
    let place = format!("https://files.example/packages/00/00/{}", "0".repeat(60));
    let wheel = format!("{{ url = \"{place}/{file}\", hash = \"sha256:{}\", size = 1 }}", "0".repeat(64));
    format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n{SOURCE}\n{more}wheels = [\n    {wheel},\n]\n\n")
}

fn needs(names: &[&str]) -> String {
    let mut names = names.to_vec();
    names.sort_unstable();
    let edges: String = names.iter().map(|name| format!("    {{ name = \"{name}\" }},\n")).collect();
    format!("dependencies = [\n{edges}]\n")
}

/// A project that needs `name` in every way, and rembg, which does too.
fn lock(name: &str, version: &str) -> String {
    let project = format!(
        "[[package]]\nname = \"app\"\nversion = \"0.1\"\nsource = {{ virtual = \".\" }}\n{}\n\
         [package.optional-dependencies]\nx = [\n    {{ name = \"{name}\", marker = \"sys_platform == 'linux'\" }},\n]\n\n\
         [package.dev-dependencies]\ndev = [\n    {{ name = \"{name}\" }},\n]\n\n\
         [package.metadata]\nrequires-dist = [\n    {{ name = \"{name}\", specifier = \"=={version}\" }},\n    \
         {{ name = \"{name}\", marker = \"sys_platform == 'linux' and extra == 'x'\" }},\n    {{ name = \"rembg\" }},\n]\n\
         provides-extras = [\"x\"]\n\n[package.metadata.requires-dev]\ndev = [{{ name = \"{name}\" }}]\n\n",
        needs(&[name, "rembg"])
    );
    let own = ["coloredlogs", "flatbuffers", "numpy", "packaging", "protobuf", "scipy", "sympy"];
    let old = package(name, version, &needs(&own));
    let packages = [
        ("app", project),
        ("coloredlogs", package("coloredlogs", "15.0.1", "")),
        ("flatbuffers", package("flatbuffers", "25.1", "")),
        ("numpy", package("numpy", "1.26.4", "")),
        (name, old),
        // uv sorts it between the two names.
        ("onnxruntime-extensions", package("onnxruntime-extensions", "0.14.0", "")),
        ("packaging", package("packaging", "24.0", "")),
        ("protobuf", package("protobuf", "5.29.0", "")),
        ("rembg", package("rembg", "2.0.60", &needs(&[name, "onnxruntime-extensions"]))),
        ("scipy", package("scipy", "1.15.0", "")),
        ("sympy", package("sympy", "1.14.0", "")),
    ];
    let mut packages = packages.to_vec();
    packages.sort();
    let texts: String = packages.into_iter().map(|(_, text)| text).collect();
    format!("version = 1\nrevision = 3\nrequires-python = \"==3.11.*\"\n\n{texts}").trim_end().to_owned() + "\n"
}

const REWRITE: &str = "rewrite --cuda 12.6 --also onnxruntime uv.lock";

#[test]
fn the_way_back_gives_the_name_on_cpus() {
    let place = Place::new();
    let before = lock("xgboost", "3.0.0");
    place.write("uv.lock", &before);
    place.run("rewrite --cpu --also xgboost uv.lock").ok();
    let cpu = place.read("uv.lock");
    assert_eq!(cpu.matches("\"xgboost\"").count(), 3, "what the project asks for: {cpu}");
    assert!(blocks(&cpu).contains_key("xgboost-cpu") && !blocks(&cpu).contains_key("xgboost"), "{cpu}");
    place.run("rewrite --cuda 12.6 --also xgboost uv.lock").ok();
    let gpu = place.read("uv.lock");
    assert!(!gpu.contains("xgboost-cpu"), "{gpu}");
    assert!(blocks(&gpu)["xgboost"].contains("{ name = \"nvidia-nccl-cu12\""), "{gpu}");
    let (old, new) = (blocks(&before), blocks(&gpu));
    assert_eq!(new["app"], old["app"]);
    assert_eq!(new["rembg"], old["rembg"]);
}

#[test]
fn a_check_finds_what_took_the_place_of_another() {
    let place = Place::new();
    place.write("uv.lock", lock("onnxruntime", "1.22.0"));
    place.write("torchswap.toml", "[targets.gpu]\ncuda = \"12.6\"\nalso = [\"onnxruntime\"]\noutput = \"r.txt\"\n");
    place.run("export --target gpu").ok();
    place.run("check").ok();
    place.run("rewrite --target gpu").ok();
    let check = place.run("check");
    let found = "uv.lock has onnxruntime-gpu 1.22.0 without the sizes of files, which uv writes";
    assert!(check.status == 1 && check.stdout.contains(found), "{}", check.shown());
    let remedy = "regenerate it: uv lock --upgrade-package onnxruntime-gpu;";
    assert!(check.stdout.contains(remedy), "{}", check.shown());
    // An index that tells no sizes gives none of any package, and a lock may well ask for that package by its name.
    let after = place.read("uv.lock");
    for other in [after.replace(", size = 1", ""), lock("onnxruntime-gpu", "1.22.0")] {
        place.write("uv.lock", other);
        let check = place.run("check");
        assert!(!check.stdout.contains("without the sizes"), "{}", check.shown());
    }
}

/// Of onnxruntime there are two, and of numpy, too: one for macOS, one for the rest.
#[test]
fn of_namesakes_the_selected_one_is_renamed_and_its_dependencies_say_which_they_mean() {
    let place = Place::new();
    let mut text = lock("onnxruntime", "1.22.0");
    for (name, old, new) in [("numpy", "1.25.0", "1.26.4"), ("onnxruntime", "1.20.0", "1.22.0")] {
        let edge = |version: &str, sign: &str| {
            let marker = format!("marker = \"sys_platform {sign} 'darwin'\"");
            format!("    {{ name = \"{name}\", version = \"{version}\", {SOURCE}, {marker} }},\n")
        };
        let both = format!("{}{}", edge(old, "=="), edge(new, "!="));
        text = text.replace(&format!("    {{ name = \"{name}\" }},\n"), &both);
        let head = format!("[[package]]\nname = \"{name}\"\nversion = \"{new}\"\n");
        text = text.replace(&head, &format!("{}{head}", package(name, old, "")));
    }
    // A dependency says which of namesakes it means.
    let text = text.replace("    { name = \"onnxruntime\", marker = \"sys_platform == 'linux'\" },\n", "");
    place.write("uv.lock", &text);
    place.run(REWRITE).ok();
    let after = place.read("uv.lock");
    let kept = format!(
        "    {{ name = \"onnxruntime\", version = \"1.20.0\", {SOURCE}, marker = \"sys_platform == 'darwin'\" }},\n"
    );
    let new = format!(
        "    {{ name = \"onnxruntime-gpu\", version = \"1.22.0\", {SOURCE}, marker = \"sys_platform != 'darwin'\" }},\n"
    );
    let rembg = blocks(&after)["rembg"];
    assert!(rembg.contains(&kept) && rembg.contains(&new) && rembg.matches("1.22.0").count() == 1, "{rembg}");
    let app = blocks(&after)["app"].split_once("[package.metadata]").unwrap().0;
    assert!(app.matches(&new).count() == 2 && app.matches(&kept).count() == 2, "{app}");
    assert!(after.contains("name = \"onnxruntime\"\nversion = \"1.20.0\"\n"), "{after}");
    assert!(!after.contains("name = \"onnxruntime\"\nversion = \"1.22.0\"\n"), "{after}");
    let numpy =
        format!("    {{ name = \"numpy\", version = \"1.26.4\", {SOURCE}, marker = \"sys_platform != 'darwin'\" }},\n");
    assert!(blocks(&after)["onnxruntime-gpu"].contains(&numpy), "{after}");
}

#[test]
fn line_ends_and_a_mark_at_the_beginning_stay_as_they_are() {
    let place = Place::new();
    let plain = lock("onnxruntime", "1.22.0");
    place.write("uv.lock", &plain);
    place.run(REWRITE).ok();
    let expected = place.read("uv.lock");
    let bom = |text: &str| format!("\u{feff}{text}");
    let crlf = |text: &str| text.replace('\n', "\r\n");
    for write in [&bom as &dyn Fn(&str) -> String, &crlf, &|text| bom(&crlf(text))] {
        place.write("uv.lock", write(&plain));
        place.run(REWRITE).ok();
        assert_eq!(place.read("uv.lock"), write(&expected));
        place.run(REWRITE).ok();
        assert_eq!(place.read("uv.lock"), write(&expected));
    }
}
