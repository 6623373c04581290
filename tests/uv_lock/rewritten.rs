//! `rewrite` of a `uv.lock`: what changes, and what does not.

use super::{blocks, place, text};
use crate::support::{Place, root, snapshot};

#[test]
fn a_build_takes_the_place_of_another_and_the_rest_keeps_its_bytes() {
    for (build, name) in [("--cuda 12.8", "cu128"), ("--cpu", "cpu"), ("--rocm 6.3", "rocm6.3")] {
        let place = place("plain");
        let before = place.read("uv.lock");
        let run = place.run(&format!("rewrite {build}"));
        let after = place.read("uv.lock");
        snapshot(&format!("rewrite/uv-{name}"), &run.shown());
        let (old, new) = (blocks(&before), blocks(&after));
        let torch = new["torch"];
        for python in ["cp311", "cp312"] {
            let wheel = format!(
                "/whl/{name}/torch-2.7.1%2B{name}-{python}-{python}-manylinux_2_28_x86_64.whl\", hash = \"sha256:"
            );
            assert!(torch.contains(&wheel), "{torch}");
        }
        // What the project asks for is from the index that it names.
        assert!(
            torch.contains("\nsource = { registry = \"https://index.example/simple\" }\n")
                && !torch.contains("manylinux_2_28_aarch64")
        );
        let own = |name: &str| name == "torch" || name.starts_with("nvidia-") || name.contains("triton");
        for (name, block) in old.iter().filter(|(name, _)| !own(name)) {
            assert_eq!(Some(block), new.get(name), "{name}");
        }
        assert!(new.keys().all(|name| own(name) || old.contains_key(name)));
        let needs = |name: &str| torch.contains(&format!("{{ name = \"{name}\""));
        assert!(
            new.keys()
                .filter(|name| own(name) && **name != "torch")
                .all(|name| after.matches(&format!("{{ name = \"{name}\"")).count() > 0)
        );
        assert_eq!((needs("triton"), needs("pytorch-triton-rocm")), (name == "cu128", name == "rocm6.3"));
        // Once is enough, and the export of the new lock is that of the old one.
        place.run(&format!("rewrite {build}")).ok();
        assert_eq!(place.read("uv.lock"), after);
        let of = |lock: &str| {
            place.write("uv.lock", lock);
            let export = place.run(&format!("export {build} --python 3.11")).ok();
            export.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect::<String>()
        };
        // What triton alone needed is not reached without it: the lock is a graph.
        let (mut expected, found) = (of(&before), of(&after));
        if let Some(at) = expected.find("setuptools==").filter(|_| name == "cpu") {
            let end = at + expected[at..].find("\nsympy").unwrap() + 1;
            expected.replace_range(at..end, "");
        }
        assert_eq!(found, expected);
        place.write("uv.lock", &after);
        place.write("torchswap.toml", "[targets.ci]\ncpu = true\n");
        let check = place.run("check");
        assert!(
            check.status == 1 && check.stdout.contains("with wheels that their index does not have"),
            "{}",
            check.shown()
        );
        place.run("check --allow-swapped").ok();
    }
}

/// A source that stays could be built in the place of the wheels.
#[test]
fn a_source_goes_with_the_wheels_that_it_was_of() {
    let place = place("plain");
    let lock = place.read("uv.lock");
    let at = lock.find("[[package]]\nname = \"torch\"\n").unwrap();
    let wheels = at + lock[at..].find("wheels = [").unwrap();
    let zeros = "0".repeat(64);
    let sdist =
        format!("sdist = {{ url = \"https://files.example/torch-2.7.1.tar.gz\", hash = \"sha256:{zeros}\" }}\n");
    place.write("uv.lock", format!("{}{sdist}{}", &lock[..wheels], &lock[wheels..]));
    place.run("rewrite --cuda 12.8").ok();
    let after = place.read("uv.lock");
    assert!(!after.contains("torch-2.7.1.tar.gz"), "{}", blocks(&after)["torch"]);
    // That of others stays.
    assert_eq!(after.matches("\nsdist = ").count(), lock.matches("\nsdist = ").count());
}

/// The CPU wheel of torch 2.9.1 is said to need setuptools under each Python, the locked one from 3.12 on.
#[test]
fn what_the_new_release_needs_under_more_pythons_is_added_for_those() {
    let place = newer();
    place.run("rewrite --cpu").ok();
    let after = place.read("uv.lock");
    assert_eq!(blocks(&after)["torch"].matches("{ name = \"setuptools\"").count(), 2, "{after}");
    for python in ["3.11", "3.12"] {
        let export = place.run(&format!("export --cpu --python {python}")).ok();
        assert!(export.contains("\nsetuptools=="), "{python}: {export}");
    }
    place.run("rewrite --cpu").ok();
    assert_eq!(place.read("uv.lock"), after);
}

/// Of setuptools there is one for macOS, and one for the rest; then one for old Pythons, which jinja2 needs there.
#[test]
fn a_new_dependency_says_which_of_namesakes_it_means() {
    let place = newer();
    let lock = place.read("uv.lock");
    let setuptools = format!("[[package]]\n{}\n\n", blocks(&lock)["setuptools"]);
    let version = setuptools.split('"').nth(3).unwrap();
    let source = "source = { registry = \"https://index.example/simple\" }";
    let edge = |version: &str, marker: &str| {
        format!("{{ name = \"setuptools\", version = \"{version}\", {source}, marker = \"{marker}\" }}")
    };
    let forked = |old: &str, new: &str, more: &str| {
        let two = lock.replace(&setuptools, &format!("{}{setuptools}", setuptools.replace(version, "70.0.0")));
        let two = two.replace("{ name = \"setuptools\" }", &edge(version, new));
        two.replace(
            "{ name = \"setuptools\", marker = \"python_full_version >= '3.12'\" }",
            &edge(version, "python_full_version >= '3.12'"),
        )
        .replacen(
            "    { name = \"markupsafe\" },\n",
            &format!("    {{ name = \"markupsafe\" }},\n    {},\n", edge("70.0.0", old)),
            1,
        ) + more
    };
    let lock = forked("sys_platform == 'darwin'", "sys_platform != 'darwin'", "");
    place.write("uv.lock", &lock);
    place.run("rewrite --cpu").ok();
    let after = place.read("uv.lock");
    let new = edge(version, "platform_machine == 'x86_64' and sys_platform == 'linux'");
    assert!(blocks(&after)["torch"].contains(&new), "{}", blocks(&after)["torch"]);
    let lock = forked("python_full_version < '3.12'", "python_full_version >= '3.12'", "");
    place.write("uv.lock", &lock);
    let message = place.run("rewrite --cpu").refused();
    assert!(message.contains("setuptools is locked 2 times, and which of them is needed cannot be said"), "{message}");
    assert!(message.contains("| name = \"setuptools\"\n"), "{message}");
    assert_eq!(place.read("uv.lock"), lock);
}

/// A project with torch 2.9.1, and its lock.
fn newer() -> Place {
    let place = place("plain");
    let table = std::fs::read_to_string(root().join("src/catalog/wheels.tsv")).unwrap();
    let rows = table.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let wheels: String = rows
        .filter(|row| row.starts_with(&["torch", "2.9.1"]) && row[3] == "pypi")
        .map(|row| format!("    {{ url = \"https://files.example/{}\", hash = \"sha256:{}\" }},\n", row[4], row[5]))
        .collect();
    let lock = place.read("uv.lock");
    let old = blocks(&lock)["torch"];
    let at = old.find("wheels = [").unwrap();
    let new = format!("{}wheels = [\n{wheels}]", &old[..at]).replace("2.7.1", "2.9.1");
    assert!(new.contains("{ name = \"setuptools\", marker = \"python_full_version >= '3.12'\" }"), "{new}");
    place.write("uv.lock", lock.replace(old, &new).replace("\"==2.7.1\"", "\"==2.9.1\""));
    place.write("pyproject.toml", place.read("pyproject.toml").replace("2.7.1", "2.9.1"));
    place
}

#[test]
fn line_ends_are_kept() {
    let place = place("plain");
    let plain = place.read("uv.lock");
    place.run("rewrite --rocm 6.3").ok();
    let expected = place.read("uv.lock");
    place.write("uv.lock", plain.replace('\n', "\r\n"));
    place.run("rewrite --rocm 6.3").ok();
    assert_eq!(place.read("uv.lock"), expected.replace('\n', "\r\n"));
}

/// uv does not look at what wheels ask for, so no stub is needed: each dependency says the new name.
#[test]
fn a_package_of_another_name_takes_the_place_wherever_it_is_asked_for() {
    let place = place("equivalents");
    let before = place.read("uv.lock");
    snapshot("rewrite/uv-also", &place.run("rewrite --cuda 12.6 --also onnxruntime").shown());
    let after = place.read("uv.lock");
    let (old, new) = (blocks(&before), blocks(&after));
    assert!(!new.contains_key("onnxruntime") && !place.path().join("torchswap-stubs").exists());
    let gpu = new["onnxruntime-gpu"];
    assert!(
        gpu.contains("/onnxruntime_gpu-1.22.0-cp311-cp311-manylinux") && !gpu.contains("/onnxruntime-1.22.0"),
        "{gpu}"
    );
    assert!(gpu.contains("{ name = \"nvidia-cudnn-cu12\"") && gpu.contains("{ name = \"flatbuffers\" }"), "{gpu}");
    // A package depends on it, an extra of the project and a group; what the project says of itself stays.
    assert_eq!(after.matches("    { name = \"onnxruntime-gpu\" },\n").count(), 3);
    let said = |lock: &str| lock.matches("{ name = \"onnxruntime\", ").map(str::to_owned).collect::<Vec<_>>();
    assert_eq!((said(&before).len(), said(&after)), (3, said(&before)));
    let own = |name: &str| name.starts_with("onnxruntime") || name.starts_with("nvidia-");
    for (name, block) in old.iter().filter(|(name, _)| !own(name)) {
        assert_eq!(block.replace("onnxruntime\" },", "onnxruntime-gpu\" },"), new[name], "{name}");
    }
    place.write("uv.lock", &before);
    let report = place.run("rewrite --cuda 12.6 --also onnxruntime --report json").stderr;
    assert!(report.contains("needed by what asks for onnxruntime\""), "{report}");
    // Once is enough, and the new lock gives what the old one does but for the stub.
    let again = place.run("rewrite --cuda 12.6 --also onnxruntime");
    assert!(again.stderr.contains("unchanged uv.lock") && place.read("uv.lock") == after, "{}", again.shown());
    let of = |lock: &str| {
        place.write("uv.lock", lock);
        let export = place.run("export --cuda 12.6 --also onnxruntime --python 3.11 --stubs stubs").ok();
        let pins = export.lines().filter_map(|line| line.split_once("==")).map(|(name, rest)| {
            let name = name.split('[').next().unwrap_or_default();
            format!("{name} {}", rest.trim_start_matches('=').split(' ').next().unwrap_or_default())
        });
        pins.collect::<std::collections::BTreeSet<String>>()
    };
    let (mut of_old, of_new) = (of(&before), of(&after));
    assert!(of_old.remove("onnxruntime 1.22.0+torchswap") && of_new.contains("onnxruntime-gpu 1.22.0"));
    assert_eq!(of_old, of_new);
}

#[test]
fn a_cpu_build_of_another_name_takes_its_libraries_along() {
    let place = place("equivalents");
    let before = place.read("uv.lock");
    place.run("rewrite --cpu --also xgboost").ok();
    let after = place.read("uv.lock");
    let (old, new) = (blocks(&before), blocks(&after));
    assert!(old.contains_key("nvidia-nccl-cu12") && !new.contains_key("nvidia-nccl-cu12"));
    let cpu = new["xgboost-cpu"];
    assert!(!new.contains_key("xgboost") && !cpu.contains("nvidia-nccl") && !cpu.contains("sdist"), "{cpu}");
    assert!(new["app"].contains("{ name = \"xgboost-cpu\" },\n") && new["app"].contains("{ name = \"xgboost\", "));
    assert!(place.run("rewrite --cpu --also xgboost").stderr.contains("unchanged uv.lock"));

    // uv writes the name first, and the whole version; whoever else does not, says the same.
    let edge = |name: &str, version: &str| {
        format!(
            "    {{ version = \"{version}\", source = {{ registry = \"https://index.example/simple\" }}, name = \"{name}\" }},\n"
        )
    };
    let (nccl, rest) = before.split_once("    { name = \"nvidia-nccl-cu12\"").unwrap();
    place.write("uv.lock", format!("{nccl}{}    {{ name = \"nvidia-nccl-cu12\"{rest}", edge("xgboost", "3.0")));
    place.run("rewrite --cpu --also xgboost").ok();
    assert!(place.read("uv.lock").contains(&edge("xgboost-cpu", "3.0.0")), "{}", place.read("uv.lock"));
}

#[test]
fn another_name_is_refused_where_the_lock_cannot_say_it() {
    let place = place("equivalents");
    let whole = place.read("uv.lock");
    let refused = |lock: &str| {
        place.write("uv.lock", lock);
        place.run("rewrite --cuda 12.6 --also onnxruntime").refused()
    };
    let edge = "    { name = \"onnxruntime\" },\n";
    let with_extra = whole.replacen(edge, "    { name = \"onnxruntime\", extra = [\"gpu\"] },\n", 1);
    let message = refused(&with_extra);
    assert!(
        message.contains("onnxruntime would become onnxruntime-gpu, and it is asked for with an extra"),
        "{message}"
    );
    let manifest = "[manifest]\n";
    let message = refused(&whole.replacen(manifest, "[manifest]\nrequirements = [{ name = \"onnxruntime\" }]\n", 1));
    assert!(message.contains("onnxruntime would become onnxruntime-gpu, and the manifest asks for it"), "{message}");
    let block = format!("[[package]]\n{}\n\n", blocks(&whole)["onnxruntime"]);
    let gpu = block.replace("\"onnxruntime\"", "\"onnxruntime-gpu\"").replace("/onnxruntime-", "/onnxruntime_gpu-");
    let message = refused(&whole.replacen(&block, &format!("{block}{gpu}"), 1));
    assert!(message.contains("onnxruntime would become onnxruntime-gpu, which is locked already"), "{message}");
    assert!(message.contains("--> uv.lock:"), "{message}");
}

#[test]
fn what_a_lock_cannot_hold_is_refused_by_name() {
    let place = place("torch-2.7.1");
    let before = place.read("uv.lock");
    let message = place.run("rewrite --cuda 12.8").refused();
    assert!(message.contains("app[new] and app[old] conflict, so uv.lock is not rewritten"), "{message}");
    let message = place.run("rewrite --cuda 12.8 --extras new").refused();
    assert!(message.contains("groups and extras can be chosen of a poetry.lock alone"), "{message}");
    assert_eq!(place.read("uv.lock"), before);

    let place = super::place("plain");
    place.write(
        "torchswap.toml",
        "[targets.a]\ncuda = \"12.8\"\n[targets.b]\nplatform = \"linux-aarch64\"\ncpu = true\n",
    );
    let message = place.run("rewrite --target a --target b").refused();
    assert!(message.contains("a uv.lock is rewritten for one target"), "{message}");
    // A second release of what changes, by a fork: it stays, and dependencies tell the two apart.
    let whole = text("plain", "uv.lock");
    let at = whole.find("[[package]]\nname = \"torch\"\n").unwrap();
    let end = at + whole[at..].find("[[package]]\nname = \"triton\"").unwrap();
    let old = whole[at..end].replace("2.7.1", "2.6.0");
    let source = "source = { registry = \"https://index.example/simple\" }";
    let edges = |version: &str| {
        format!(
            "    {{ name = \"torch\", version = \"2.6.0\", {source}, marker = \"sys_platform == 'darwin'\" }},\n    \
             {{ name = \"torch\", version = \"{version}\", {source}, marker = \"sys_platform != 'darwin'\" }},\n"
        )
    };
    let forked =
        format!("{}{old}{}", &whole[..at], &whole[at..]).replacen("    { name = \"torch\" },\n", &edges("2.7.1"), 1);
    place.write("uv.lock", &forked);
    place.run("rewrite --cuda 12.8").ok();
    let after = place.read("uv.lock");
    assert!(after.contains(&edges("2.7.1+cu128")) && after.contains(&old), "{after}");
}
