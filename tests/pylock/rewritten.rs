//! `rewrite` of a `pylock.toml`: the new file gives what an export of the old one gives, everything else keeps its bytes,
//! and a second run changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{fixtures, named};
use crate::support::{Place, fixture, snapshot};

/// Targets by flags. The last is several, from the configuration.
const TARGETS: [&str; 6] = [
    "--cuda 11.8",
    "--cuda 12.4 --python 3.11",
    "--cuda 12.8",
    "--cpu",
    "--platform windows-x86_64 --cpu",
    "--target docker --target ci --target mac",
];

const CONFIGURATION: &str = "[targets.docker]\ncuda = \"12.8\"\n[targets.ci]\nplatform = \"windows-x86_64\"\ncpu = true\n\
    [targets.mac]\nplatform = \"macos-arm64\"\n";

fn place(lock: &str) -> Place {
    let place = Place::new();
    place.write("pylock.toml", lock);
    place.write("torchswap.toml", CONFIGURATION);
    place
}

/// The packages that a run says it changed.
fn touched(report: &str) -> BTreeSet<String> {
    let report: Value = serde_json::from_str(report).unwrap();
    let mut names = BTreeSet::new();
    for target in report["outputs"][0]["targets"].as_array().unwrap() {
        for change in target["changes"].as_array().unwrap() {
            if !["kept", "unproven"].contains(&change["action"].as_str().unwrap()) {
                names.insert(change["package"].as_str().unwrap().to_owned());
            }
        }
    }
    names
}

/// A lock without some packages: its head, the other packages, its tail.
fn without(lock: &str, names: &BTreeSet<String>) -> String {
    let lock = lock.replace("\r\n", "\n");
    let mut left = Vec::new();
    for part in lock.split("\n[[packages]]\n") {
        let name = part.strip_prefix("name = \"").and_then(|rest| rest.split('"').next());
        let (own, tail) = part.find("\n[tool").map_or((part, ""), |at| part.split_at(at));
        left.extend((!name.is_some_and(|name| names.contains(name))).then_some(own.trim_end()));
        left.extend(Some(tail.trim_end()).filter(|tail| !tail.is_empty()));
    }
    left.join("\n")
}

fn body(export: &str) -> String {
    export.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect()
}

#[test]
fn what_is_not_changed_keeps_its_bytes_and_a_second_run_does_nothing() {
    let (mut changed, mut refused) = (0, 0);
    for path in fixtures().into_iter().filter(|path| path.ends_with("pylock.toml")) {
        let before = std::fs::read_to_string(&path).unwrap();
        for target in TARGETS {
            let what = format!("{} {target}", named(&path));
            let place = place(&before);
            let run = place.run(&format!("rewrite --report json {target}"));
            let after = place.read("pylock.toml");
            if run.status != 0 {
                assert_eq!(after, before, "{what}");
                let why = run.refused();
                assert!(!why.contains("report this") && why.contains("\"help\""), "{what}: {why}");
                refused += 1;
                continue;
            }
            let names = touched(&run.stderr);
            assert_eq!(names.is_empty(), after == before, "{what}: {names:?}");
            assert_eq!(without(&before, &names), without(&after, &names), "{what}");
            if after == before {
                continue;
            }
            changed += 1;
            place.run(&format!("rewrite -q {target}")).ok();
            assert_eq!(place.read("pylock.toml"), after, "{what}");
            if target.contains("--target") {
                continue;
            }
            let export = format!("export -q --all-groups --all-extras {target}");
            let new = place.run(&export).ok();
            place.write("pylock.toml", &before);
            assert_eq!(body(&new), body(&place.run(&export).ok()), "{what}");
        }
    }
    println!("{changed} locks were changed, {refused} refused");
    assert!(changed >= 18, "only {changed} locks were changed");
}

#[test]
fn every_spelling_is_kept() {
    for lock in ["pdm/torch-2.5.1", "pip/torch-2.5.1", "poetry/torch-2.7.1", "uv/torch-2.7.1"] {
        let plain = std::fs::read_to_string(fixture("pylock").join(lock).join("pylock.toml")).unwrap();
        for target in ["--cpu", "--target ci --target mac"] {
            let rewritten = |text: &str| {
                let place = place(text);
                place.run(&format!("rewrite -q {target}")).ok();
                place.read("pylock.toml")
            };
            if target.contains("--target") && lock.starts_with("pip") {
                continue;
            }
            let expected = rewritten(&plain);
            assert_eq!(rewritten(&plain.replace('\n', "\r\n")), expected.replace('\n', "\r\n"), "{lock} {target}");
            assert_eq!(rewritten(&format!("\u{feff}{plain}")), format!("\u{feff}{expected}"), "{lock} {target}");
            assert_eq!(rewritten(plain.trim_end()).trim_end(), expected.trim_end(), "{lock} {target}");
        }
    }
}

/// By name: version, and the wheels with URL and digest.
type Packages = BTreeMap<String, (String, BTreeSet<(String, String)>)>;

fn packages(lock: &str) -> Packages {
    let document = toml_edit::Document::parse(lock).unwrap();
    let text = |table: &dyn toml_edit::TableLike, key: &str| table.get(key).unwrap().as_str().unwrap().to_owned();
    let tables = document.get("packages").unwrap().as_array_of_tables().unwrap();
    let each = tables.iter().map(|package| {
        let wheels = package.get("wheels").unwrap();
        let tables: Vec<&dyn toml_edit::TableLike> = match wheels.as_array_of_tables() {
            Some(tables) => tables.iter().map(|table| table as &dyn toml_edit::TableLike).collect(),
            None => wheels.as_array().unwrap().iter().map(|one| one.as_inline_table().unwrap() as _).collect(),
        };
        let wheel = |table: &dyn toml_edit::TableLike| {
            (text(table, "url"), text(table.get("hashes").unwrap().as_table_like().unwrap(), "sha256"))
        };
        (text(package, "name"), (text(package, "version"), tables.into_iter().map(wheel).collect()))
    });
    each.collect()
}

/// The address of a file that the lock does not have is put together from what the lock and the catalogue know. It is the
/// one that the lock's own tool recorded.
#[test]
fn added_packages_lie_where_the_tool_found_them() {
    let mut compared = 0;
    for lock in ["pdm/torch-2.5.1", "pip/torch-2.5.1", "poetry/torch-2.5.1", "uv/torch-2.5.1"] {
        let before = std::fs::read_to_string(fixture("pylock").join(lock).join("pylock.toml")).unwrap();
        let place = place(&before);
        place.run("rewrite -q --cpu").ok();
        let without = packages(&place.read("pylock.toml"));
        place.run("rewrite -q --cuda 12.4").ok();
        let (before, after) = (packages(&before), packages(&place.read("pylock.toml")));
        for (name, (version, wheels)) in after.iter().filter(|(name, _)| !without.contains_key(*name)) {
            let (old, tool) = &before[name];
            assert_eq!(old, version, "{lock}: {name}");
            assert!(!wheels.is_empty() && wheels.is_subset(tool), "{lock}: {name}: {wheels:?}");
            compared += wheels.len();
        }
        assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>(), "{lock}");
    }
    println!("{compared} addresses compared");
    assert!(compared >= 52, "only {compared}");
}

#[test]
fn an_address_that_nobody_knows_is_refused() {
    let text = std::fs::read_to_string(fixture("pylock/uv/torch-2.5.1/pylock.toml")).unwrap();
    let place = place(&text);
    place.run("rewrite -q --cpu").ok();
    let moved =
        place.read("pylock.toml").replace("https://files.example/packages/", "https://files.example/elsewhere/");
    place.write("pylock.toml", &moved);
    let why = place.run("rewrite --cuda 12.4").refused();
    assert!(
        why.contains("must say where nvidia_cublas_cu12-12.4.5.8-") && why.contains("export a requirements"),
        "{why}"
    );
    assert_eq!(place.read("pylock.toml"), moved);
    place.run("export --cuda 12.4").ok();
}

#[test]
fn what_other_tools_keep_in_the_lock_stays() {
    let text = std::fs::read_to_string(fixture("pylock/uv/torch-2.5.1/pylock.toml")).unwrap();
    let text = text
        .replace("lock-version = \"1.0\"\n", "lock-version = \"1.0\" # theirs\nnew-key = [1, 2]\n")
        .replace("[[packages]]\nname = \"torch\"\n", "# of torch\n[[packages]]\nname = \"torch\"\nodd = {a = 1} # odd\n")
        .replace(
            "[[packages]]\nname = \"torchaudio\"\n",
            "[packages.tool.someone]\nx = 1\n\n# of torchaudio\n[[packages]]\nname = \"torchaudio\"\nattestation-identities = [{kind = \"x\"}]\n",
        );
    let place = place(&format!("{text}\n[tool.someone]\nx = 1 # last\n"));
    place.run("rewrite -q --cpu").ok();
    let after = place.read("pylock.toml");
    for kept in [
        "lock-version = \"1.0\" # theirs\nnew-key = [1, 2]\n",
        "# of torch\n[[packages]]\nname = \"torch\"\nodd = {a = 1} # odd\nversion = \"2.5.1+cpu\"\n",
        "[packages.tool.someone]\nx = 1\n\n# of torchaudio\n[[packages]]\nname = \"torchaudio\"\nversion = \"2.5.1+cpu\"\n",
        "\n[tool.someone]\nx = 1 # last\n",
    ] {
        assert!(after.contains(kept), "{kept}\n{after}");
    }
}

/// A lock of uv with lists of `dependencies`, which PEP 751 has and no tool writes so far.
fn with_dependencies(lock: &str, lists: &[(&str, &str)]) -> String {
    let mut lock = lock.to_owned();
    for (name, list) in lists {
        let at = lock.find(&format!("name = \"{name}\"\n")).unwrap();
        let behind = at + lock[at..].find("\nversion").unwrap() + 1;
        let behind = behind + lock[behind..].find('\n').unwrap() + 1;
        lock.insert_str(behind, &format!("dependencies = {list} # {name}\n"));
    }
    lock
}

#[test]
fn no_list_of_dependencies_names_what_is_not_there_any_more() {
    let lists = [
        ("sympy", "[{ name = \"mpmath\" }]"),
        ("networkx", "[{ name = \"torch\" }]"),
        ("fsspec", "[{ name = \"torch\", version = \"2.5.1\" }]"),
        ("torch", "[\n    { name = \"sympy\" },\n    { name = \"triton\", version = \"3.1.0\" },\n]"),
    ];
    let lock = std::fs::read_to_string(fixture("pylock/uv/torch-2.5.1/pylock.toml")).unwrap();
    let one = place(&with_dependencies(&lock, &lists));
    // Nor in an output, which has the list of what stays with all that it needs.
    let output = one.run("export -q --cpu --python 3.11 --format pylock").ok();
    let listed: Vec<&str> = output.lines().filter(|line| line.starts_with("dependencies")).collect();
    assert_eq!(listed, ["dependencies = [{ name = \"mpmath\" }]"], "{output}");
    one.run("rewrite -q --cpu").ok();
    let after = one.read("pylock.toml");
    // Torch's own list was that of the other wheel.
    for (name, stays) in [("sympy", true), ("networkx", true), ("fsspec", false), ("torch", false)] {
        assert_eq!(after.contains(&format!(" # {name}\n")), stays, "{name}\n{after}");
    }
    assert!(!after.contains("name = \"triton\"") && !after.contains("\n]\n # torch"), "{after}");
    // Where torch stays, what only the lock's other wheels need goes all the same, if the lock says that it is torch's.
    let without = place(&lock);
    without.run("rewrite -q --cpu").ok();
    let triton = lock.split("[[packages]]\n").find(|part| part.starts_with("name = \"triton\"")).unwrap();
    let cpu = without.read("pylock.toml");
    let (head, tail) = cpu.split_at(cpu.find("[[packages]]\nname = \"typing-extensions\"").unwrap());
    let universal = format!("{head}[[packages]]\n{triton}{tail}");
    for (list, stays) in [("[{ name = \"triton\" }, { name = \"sympy\" }]", false), ("[{ name = \"sympy\" }]", true)] {
        let other = place(&with_dependencies(&universal, &[("torch", list)]));
        other.run("rewrite -q --cpu").ok();
        let after = other.read("pylock.toml");
        assert!(after.contains(" # torch\n") == stays && after.contains("name = \"triton\"") == stays, "{after}");
    }
}

/// What the tools' own styles become.
#[test]
fn rewrites_look_like_their_tools() {
    for (name, lock, target) in [
        ("pylock-pip-cpu-cu124", "pip/torch-2.5.1", "--cuda 12.4"),
        ("pylock-uv-two-targets", "uv/torch-2.7.1", "--target docker --target mac"),
        ("pylock-pdm-cpu-cu124", "pdm/torch-2.5.1", "--cuda 12.4 --python 3.11"),
    ] {
        let place = place(&std::fs::read_to_string(fixture("pylock").join(lock).join("pylock.toml")).unwrap());
        if name.contains("cpu") {
            place.run("rewrite -q --cpu").ok();
        }
        snapshot(name, &place.run(&format!("rewrite --diff {target}")).shown());
    }
}

/// A package of a lock made here.
fn made(name: &str, version: &str, marker: &str, file: &str) -> String {
    let marker = if marker.is_empty() { String::new() } else { format!("marker = \"{marker}\"\n") };
    let digest = known_digest(name, file).unwrap_or_else(|| "ab".repeat(32));
    format!(
        "[[packages]]\nname = \"{name}\"\nversion = \"{version}\"\n{marker}wheels = [{{ name = \"{file}\", url = \
         \"https://wheels.example/{file}\", hashes = {{ sha256 = \"{digest}\" }} }}]\n\n"
    )
}

/// What torch 2.1.2 needs, and then these.
fn with_base(packages: &[String]) -> String {
    let base =
        [("filelock", "3.16.1"), ("fsspec", "2024.9.0"), ("jinja2", "3.1.4"), ("networkx", "3.4"), ("sympy", "1.13.1")];
    let base = base.map(|(name, version)| made(name, version, "", &format!("{name}-{version}-py3-none-any.whl")));
    let last = made("typing-extensions", "4.12.2", "", "typing_extensions-4.12.2-py3-none-any.whl");
    let head = "lock-version = \"1.0\"\ncreated-by = \"test\"\nextras = [\"gpu\", \"all\"]\n\n";
    format!("{head}{}{}{last}", base.concat(), packages.concat())
}

/// The marker of a package that is there.
fn marker_of<'l>(lock: &'l str, name: &str) -> Option<&'l str> {
    let package = lock.split("[[packages]]").find(|part| part.contains(&format!("name = \"{name}\"\n"))).unwrap();
    package.lines().find_map(|line| line.strip_prefix("marker = ")).map(|marker| marker.trim_matches(['"', '\'']))
}

const TRITON: &str = "triton-2.1.0-0-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.whl";

/// triton is locked for another platform alone; the new wheel of torch needs it wherever torch is.
#[test]
fn a_package_that_torch_needs_now_is_where_torch_is_and_where_it_was() {
    let there = "sys_platform == 'win32'";
    for (torch, wanted) in [
        ("", None),
        ("'gpu' in extras", Some(format!("{there} or 'gpu' in extras"))),
        ("'gpu' in extras or 'all' in extras", Some(format!("{there} or ('gpu' in extras or 'all' in extras)"))),
    ] {
        let torch = made("torch", "2.1.2+cpu", torch, "torch-2.1.2+cpu-cp311-cp311-linux_x86_64.whl");
        let place = Place::new();
        place.write("pylock.toml", with_base(&[torch, made("triton", "2.1.0", there, TRITON)]));
        place.run("rewrite --cuda 11.8 --python 3.11").ok();
        let after = place.read("pylock.toml");
        assert_eq!(marker_of(&after, "triton"), wanted.as_deref(), "{after}");
    }
}

/// No target says anything of Linux on aarch64, for which the lock has it, too.
#[test]
fn what_goes_for_the_targets_stays_for_the_platforms_that_have_none() {
    let torch = made("torch", "2.1.2", "", "torch-2.1.2-cp311-cp311-manylinux1_x86_64.whl");
    let place = Place::new();
    place.write("pylock.toml", with_base(&[torch, made("triton", "2.1.0", "sys_platform == 'linux'", TRITON)]));
    place.write(
        "torchswap.toml",
        "[targets.a]\nplatform = \"linux-x86_64\"\ncpu = true\npython = \"3.11\"\n\
         [targets.b]\nplatform = \"windows-x86_64\"\ncpu = true\npython = \"3.11\"\n",
    );
    place.run("rewrite --target a --target b").ok();
    let after = place.read("pylock.toml");
    let marker = marker_of(&after, "triton").unwrap();
    assert_eq!(
        marker.replace('\\', ""),
        "sys_platform == 'linux' and (sys_platform != \"linux\" or platform_machine != \"x86_64\")"
    );
}

/// triton goes for Linux on aarch64 alone, so torch's list is as true as it was.
#[test]
fn a_list_of_dependencies_stays_where_what_it_names_stays_for_some_target() {
    let on = |machine: &str| format!("sys_platform == 'linux' and platform_machine == '{machine}'");
    let arm = made("torch", "2.1.2", &on("aarch64"), "torch-2.1.2-cp311-cp311-manylinux2014_aarch64.whl");
    let intel = made("torch", "2.1.2+cu118", &on("x86_64"), "torch-2.1.2+cu118-cp311-cp311-linux_x86_64.whl");
    let list = "dependencies = [{ name = \"triton\" }]\n";
    let intel = intel.replace("marker = ", &format!("{list}marker = "));
    let place = Place::new();
    let triton = made("triton", "2.1.0", "sys_platform == 'linux'", TRITON);
    place.write("pylock.toml", with_base(&[arm, intel, triton]));
    place.write(
        "torchswap.toml",
        "[targets.a]\ncuda = \"11.8\"\npython = \"3.11\"\n\
         [targets.b]\nplatform = \"linux-aarch64\"\ncpu = true\npython = \"3.11\"\n",
    );
    place.run("rewrite --target a --target b").ok();
    let after = place.read("pylock.toml");
    assert!(after.contains(list) && marker_of(&after, "triton").unwrap().contains("aarch64"), "{after}");
}

/// uv writes files of PyTorch's index without a digest. What is not changed keeps its bytes all the same; an export, which
/// is a file of its own, takes the digest that the catalogue has.
#[test]
fn a_file_without_a_digest_stays_so_where_its_package_stays() {
    let wheel = "torch-2.1.2-cp311-none-macosx_11_0_arm64.whl";
    let digest = known_digest("torch", wheel).unwrap();
    let torch =
        made("torch", "2.1.2", "", wheel).replace("https://wheels.example/", "https://download.pytorch.org/whl/cpu/");
    let torch = torch.replace(&format!("{{ sha256 = \"{digest}\" }}"), "{}");
    let lock = with_base(&[torch]);
    assert!(lock.contains("hashes = {}"));
    let place = Place::new();
    place.write("pylock.toml", &lock);
    place.run("rewrite --cpu --platform macos-arm64 --python 3.11").ok();
    assert_eq!(place.read("pylock.toml"), lock);
    let export = place.run("export --cpu --platform macos-arm64 --python 3.11 pylock.toml").ok();
    assert!(export.contains(&format!("{wheel} \\\n    --hash=sha256:")), "{export}");
}

/// The digest that the catalogue has for a wheel.
fn known_digest(name: &str, file: &str) -> Option<String> {
    let wheels = std::fs::read_to_string(crate::support::root().join("src/catalog/wheels.tsv")).unwrap();
    let mut rows = wheels.lines().map(|row| row.split('\t').collect::<Vec<_>>());
    rows.find(|row| row[0] == name && row.get(4) == Some(&file)).map(|row| row[5].to_owned())
}
