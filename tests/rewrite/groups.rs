//! Groups, extras and markers of a 2.1 lock: requirements of the new wheel apply wherever the wheel is installed, and
//! entries that are not chosen stay as locked.

use std::collections::BTreeSet;

use crate::support::Place;

/// An entry of a made-up lock.
fn entry(name: &str, version: &str, keys: &str, dependencies: &str) -> String {
    let digest = "0".repeat(64);
    let file = format!("{}-{version}-py3-none-any.whl", name.replace('-', "_"));
    let dependencies = if dependencies.is_empty() {
        String::new()
    } else {
        let lines = dependencies.split(' ').map(|dependency| match dependency.split_once('=') {
            Some((name, version)) => format!("{name} = \"{version}\"\n"),
            None => format!("{dependency} = \"*\"\n"),
        });
        format!("\n[package.dependencies]\n{}", lines.collect::<String>())
    };
    format!(
        "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\ndescription = \"\"\noptional = false\n\
         python-versions = \">=3.8\"\n{keys}\nfiles = [\n    {{file = \"{file}\", hash = \"sha256:{digest}\"}},\n]\n\
         {dependencies}\n"
    )
}

fn lock(entries: &[String], extras: &str) -> String {
    format!(
        "{}{extras}[metadata]\nlock-version = \"2.1\"\npython-versions = \">=3.10,<3.12\"\ncontent-hash = \"{}\"\n",
        entries.concat(),
        "0".repeat(64)
    )
}

/// What torch needs of the default index whatever its build is.
fn plain(keys: &str) -> Vec<String> {
    let one = |name, version, needs| entry(name, version, keys, needs);
    vec![
        one("filelock", "3.13.1", ""),
        one("fsspec", "2024.2.0", ""),
        one("jinja2", "3.1.3", "markupsafe"),
        one("markupsafe", "2.1.5", ""),
        one("mpmath", "1.3.0", ""),
        one("networkx", "3.2.1", ""),
    ]
}

const NEEDS: &str = "filelock fsspec jinja2 networkx sympy typing-extensions";

/// A lock with torch in `main`. On CUDA 11.7 its GPU libraries need `wheel`, which is nowhere in the lock, and that needs
/// `packaging`, which is in other groups.
fn with_packaging(keys: &str) -> Place {
    let place = Place::of("poetry-2.5/torch-2.0.1");
    let lock = place.read("poetry.lock");
    let at = lock.find("name = \"packaging\"").unwrap();
    let (before, after) = lock.split_at(at);
    place.write("poetry.lock", format!("{before}{}", after.replacen("groups = [\"dev\"]", keys, 1)));
    place
}

/// The names and versions of an export.
fn exported(place: &Place, flags: &str) -> BTreeSet<String> {
    let text = place.run(&format!("export {flags}")).ok();
    let lines = text.lines().filter(|line| !line.starts_with([' ', '#', '-']));
    lines.map(|line| line.split([' ', ';']).next().unwrap().to_owned()).collect()
}

/// The names of packages alone.
fn names(lines: &BTreeSet<String>) -> BTreeSet<&str> {
    lines.iter().map(|line| line.split("==").next().unwrap()).collect()
}

/// One key of an entry.
fn value<'a>(lock: &'a str, name: &str, key: &str) -> &'a str {
    let at = lock.find(&format!("name = \"{name}\"")).unwrap();
    let entry = lock[at..].split("[[package]]").next().unwrap();
    entry.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = ")).unwrap_or_default()
}

#[test]
fn what_a_wheel_needs_comes_into_every_group_of_the_wheel() {
    let flags = "--cuda 11.7 --python 3.10";
    let place = with_packaging("groups = [\"dev\"]");
    let old = exported(&place, flags);
    let packaging = old.iter().find(|line| line.starts_with("packaging==")).unwrap().replace("==", " ");
    let run = place.run(&format!("rewrite -v {flags}"));
    assert!(run.stderr.contains(&format!("included  {packaging}: needed by wheel ")), "{}", run.stderr);
    run.ok();
    let lock = place.read("poetry.lock");
    assert_eq!(value(&lock, "packaging", "groups"), "[\"main\", \"dev\"]");
    assert_eq!(value(&lock, "packaging", "markers"), "");
    assert_eq!(exported(&place, flags), old);
}

#[test]
fn what_that_needs_as_it_is_locked_comes_along() {
    let flags = "--cuda 11.7 --python 3.10";
    let place = with_packaging("groups = [\"dev\"]");
    let lock = place.read("poetry.lock");
    let at = lock.find("name = \"packaging\"").unwrap();
    let end = at + lock[at..].find("[[package]]").unwrap();
    let needs = "[package.dependencies]\npluggy = \"*\"\n\n";
    place.write("poetry.lock", format!("{}{needs}{}", &lock[..end], &lock[end..]));
    assert_eq!(value(&lock, "pluggy", "groups"), "[\"dev\"]");
    place.run(&format!("rewrite {flags}")).ok();
    assert_eq!(value(&place.read("poetry.lock"), "pluggy", "groups"), "[\"main\", \"dev\"]");
    assert!(names(&exported(&place, flags)).contains("pluggy"));
}

#[test]
fn what_was_for_an_extra_only_is_so_no_longer_where_torch_needs_it() {
    let place = with_packaging("groups = [\"main\"]\nmarkers = \"extra == \\\"server\\\"\"");
    let lock = place.read("poetry.lock");
    let (before, after) = lock.split_at(lock.find("name = \"packaging\"").unwrap());
    place.write("poetry.lock", format!("{before}{}", after.replacen("optional = false", "optional = true", 1)));
    place.run("rewrite --cuda 11.7 --python 3.10").ok();
    let lock = place.read("poetry.lock");
    assert_eq!(value(&lock, "packaging", "optional"), "false");
    assert_eq!(value(&lock, "packaging", "markers"), "");
}

#[test]
fn a_group_keeps_its_marker_where_another_one_gets_none() {
    let marker = "\"python_version < \\\"3.11\\\"\"";
    let place = with_packaging(&format!("groups = [\"dev\", \"docs\"]\nmarkers = {marker}"));
    place.run("rewrite --cuda 11.7 --python 3.10,3.11").ok();
    let lock = place.read("poetry.lock");
    assert_eq!(value(&lock, "packaging", "groups"), "[\"main\", \"dev\", \"docs\"]");
    assert_eq!(value(&lock, "packaging", "markers"), format!("{{dev = {marker}, docs = {marker}}}"));
    for python in ["3.10", "3.11"] {
        let main = exported(&place, &format!("--cuda 11.7 --python {python}"));
        let dev = exported(&place, &format!("--cuda 11.7 --python {python} --only dev --allow-none"));
        assert!(names(&main).contains("packaging"), "{python}");
        assert_eq!(names(&dev).contains("packaging"), python == "3.10");
    }
}

#[test]
fn what_torch_needs_in_several_groups_has_the_marker_of_torch_in_each() {
    let place = Place::new();
    let keys = "groups = [\"main\", \"dev\"]\nmarkers = {main = \"extra == \\\"gpu\\\"\", dev = \"python_version >= \\\"3.11\\\"\"}";
    let everywhere = "groups = [\"main\", \"dev\"]";
    let mut entries = plain(everywhere);
    entries.extend([
        entry("sympy", "1.13.1", everywhere, "mpmath"),
        entry("torch", "2.5.1+cpu", keys, NEEDS),
        entry("typing-extensions", "4.12.2", everywhere, ""),
    ]);
    place.write("poetry.lock", lock(&entries, "[extras]\ngpu = [\"torch\"]\n\n"));
    let before = ["--extras gpu --python 3.10", "--only dev --python 3.11", "--only dev --python 3.10 --allow-none"];
    let flags = "--cuda 12.4";
    let old: Vec<BTreeSet<String>> =
        before.iter().map(|choice| exported(&place, &format!("{flags} {choice}"))).collect();
    place.run(&format!("rewrite {flags}")).ok();
    let after = place.read("poetry.lock");
    let markers = "{main = \"extra == \\\"gpu\\\"\", dev = \"python_version >= \\\"3.11\\\"\"}";
    for name in ["nvidia-cublas-cu12", "triton"] {
        assert_eq!(value(&after, name, "groups"), "[\"main\", \"dev\"]", "{name}");
        assert_eq!(value(&after, name, "markers"), markers, "{name}");
    }
    for (choice, old) in before.iter().zip(old) {
        assert_eq!(exported(&place, &format!("{flags} {choice}")), old, "{choice}");
    }
}

const MAC: &str = "sys_platform == \\\"darwin\\\"";

#[test]
fn of_two_torches_the_one_that_is_swapped_says_where_its_packages_are() {
    let place = Place::new();
    let main = "groups = [\"main\"]";
    let mut entries = plain(main);
    let only = |marker: &str| format!("{main}\nmarkers = \"{marker}\"");
    let not_mac = only("sys_platform != \\\"darwin\\\"");
    entries.extend([
        entry("setuptools", "69.0.3", main, ""),
        entry("sympy", "1.13.3", main, "mpmath"),
        entry("torch", "2.2.2", &only(MAC), NEEDS),
        entry("torch", "2.7.1+cpu", &not_mac, NEEDS),
        entry("typing-extensions", "4.12.2", main, ""),
    ]);
    place.write("poetry.lock", lock(&entries, ""));
    let old = exported(&place, "--cuda 12.6");
    place.run("rewrite --cuda 12.6").ok();
    let after = place.read("poetry.lock");
    assert_eq!(value(&after, "nvidia-cublas-cu12", "markers"), "\"sys_platform != \\\"darwin\\\"\"");
    assert_eq!(exported(&place, "--cuda 12.6"), old);
    // The Mac's is as it was.
    let mac = after.find("version = \"2.2.2\"").unwrap();
    assert!(after[mac..].lines().any(|line| line == format!("markers = \"{MAC}\"")), "{after}");
}

const NOT_CPU: &str = "extra == \\\"cuda\\\" and extra != \\\"cpu\\\"";
const NOT_CUDA: &str = "extra == \\\"cpu\\\" and extra != \\\"cuda\\\"";

/// Extras that exclude each other, as Poetry's documentation has them: each with a torch of its own, and GPU libraries
/// of CUDA 12.4 that both need.
fn exclusive() -> Place {
    two_torches(NOT_CUDA, NOT_CPU, "[extras]\ncpu = [\"torch\"]\ncuda = [\"torch\"]\n\n")
}

fn two_torches(one: &str, other: &str, extras: &str) -> Place {
    let place = Place::new();
    let only = |marker: &str| format!("groups = [\"main\"]\nmarkers = \"{marker}\"");
    let (cpu, cuda, both) = (only(one), only(other), only(&format!("{one} or {other}")));
    let libraries = [
        ("nvidia-cublas-cu12", "12.4.5.8", ""),
        ("nvidia-cuda-cupti-cu12", "12.4.127", ""),
        ("nvidia-cuda-nvrtc-cu12", "12.4.127", ""),
        ("nvidia-cuda-runtime-cu12", "12.4.127", ""),
        ("nvidia-cudnn-cu12", "9.1.0.70", "nvidia-cublas-cu12"),
        ("nvidia-cufft-cu12", "11.2.1.3", "nvidia-nvjitlink-cu12"),
        ("nvidia-curand-cu12", "10.3.5.147", ""),
        ("nvidia-cusolver-cu12", "11.6.1.9", "nvidia-cublas-cu12 nvidia-cusparse-cu12 nvidia-nvjitlink-cu12"),
        ("nvidia-cusparse-cu12", "12.3.1.170", "nvidia-nvjitlink-cu12"),
    ];
    let needs = |more: &str| {
        let libraries: Vec<String> = libraries.iter().map(|(name, version, _)| format!("{name}={version}")).collect();
        format!(
            "{NEEDS} nvidia-nccl-cu12=2.21.5 nvidia-nvtx-cu12=12.4.127 nvidia-nvjitlink-cu12=12.4.127 {} {more}",
            libraries.join(" ")
        )
    };
    let mut entries = plain(&both);
    entries.extend(libraries.iter().map(|(name, version, needs)| entry(name, version, &both, needs)));
    entries.extend([
        entry("nvidia-cusparselt-cu12", "0.6.2", &cuda, ""),
        entry("nvidia-nccl-cu12", "2.21.5", &both, ""),
        entry("nvidia-nvjitlink-cu12", "12.4.127", &both, ""),
        entry("nvidia-nvtx-cu12", "12.4.127", &both, ""),
        entry("sympy", "1.13.1", &both, "mpmath"),
        entry("torch", "2.5.1+cu124", &cpu, &needs("triton=3.1.0")),
        entry("torch", "2.6.0+cu124", &cuda, &needs("nvidia-cusparselt-cu12=0.6.2 triton=3.2.0")),
        entry("triton", "3.1.0", &cpu, ""),
        entry("triton", "3.2.0", &cuda, ""),
        entry("typing-extensions", "4.12.2", &both, ""),
    ]);
    place.write("poetry.lock", lock(&entries, extras));
    place
}

#[test]
fn what_the_torch_of_another_python_needs_stays_as_it_is_locked() {
    for build in ["--cpu", "--cuda 12.1"] {
        let place = two_torches("python_version < \\\"3.11\\\"", "python_version >= \\\"3.11\\\"", "");
        let planned = exported(&place, &format!("{build} --python 3.10"));
        let other = exported(&place, "--python 3.11");
        place.run(&format!("rewrite {build} --python 3.10")).ok();
        assert_eq!(exported(&place, "--python 3.10"), planned, "{build}");
        assert_eq!(exported(&place, "--python 3.11"), other, "{build}");
    }
}

#[test]
fn of_extras_that_exclude_each_other_only_the_chosen_one_is_rewritten() {
    for (chosen, build, other) in [
        ("cpu", "--cpu", "cuda"),
        ("cuda", "--cpu", "cpu"),
        ("cpu", "--cuda 12.1", "cuda"),
        ("cuda", "--cuda 12.6", "cpu"),
        ("cuda", "--cuda 11.8", "cpu"),
    ] {
        let place = exclusive();
        let what = format!("--extras {chosen} {build}");
        let planned = exported(&place, &what);
        let untouched = exported(&place, &format!("--extras {other}"));
        place.run(&format!("rewrite {what}")).ok();
        let after = place.read("poetry.lock");
        assert_eq!(exported(&place, &format!("--extras {chosen}")), planned, "{what}");
        assert_eq!(exported(&place, &format!("--extras {other}")), untouched, "{what}");
        assert!(exported(&place, "--allow-none").is_empty(), "{what}: without extras there is nothing");
        place.run(&format!("rewrite {what}")).ok();
        assert_eq!(place.read("poetry.lock"), after, "{what}: a second run changed it");
    }
}

#[test]
fn both_extras_can_be_rewritten_one_after_the_other() {
    let place = exclusive();
    let planned = ["--extras cpu --cpu", "--extras cuda --cuda 12.6"].map(|what| exported(&place, what));
    place.run("rewrite --extras cpu --cpu").ok();
    place.run("rewrite --extras cuda --cuda 12.6").ok();
    let now = ["--extras cpu", "--extras cuda"].map(|what| exported(&place, what));
    assert_eq!(now, planned);
    let after = place.read("poetry.lock");
    assert!(!names(&now[0]).iter().any(|name| name.starts_with("nvidia-")), "{now:?}");
    assert!(!after.contains("version = \"12.4.127\""), "what nobody needs any more is left: {after}");
}

#[test]
fn targets_of_several_platforms_have_extras_of_their_own() {
    let place = exclusive();
    let targets = "[targets.mac]\nplatform = \"macos-arm64\"\nextras = [\"cpu\"]\n\n\
                   [targets.gpu]\ncuda = \"12.6\"\nextras = [\"cuda\"]\n\n\
                   [targets.ci]\ncpu = true\nextras = [\"cpu\"]\n";
    place.write("torchswap.toml", targets);
    let planned = ["--target mac", "--target gpu"].map(|target| exported(&place, target));
    let elsewhere = ["--extras cpu", "--extras cuda --platform windows-x86_64"].map(|what| exported(&place, what));
    let said = place.run("rewrite --target gpu --target ci").refused();
    assert!(said.contains("rewrite the lock for one of them, and then for the other"), "{said}");
    place.run("rewrite --target mac --target gpu").ok();
    let now = ["--platform macos-arm64 --extras cpu", "--extras cuda"].map(|what| exported(&place, what));
    assert_eq!(now, planned);
    let still = ["--extras cpu", "--extras cuda --platform windows-x86_64"].map(|what| exported(&place, what));
    assert_eq!(still, elsewhere);
    // A platform is said once in what holds together.
    for line in place.read("poetry.lock").lines().filter(|line| line.starts_with("markers = ")) {
        for part in line.split(" or ") {
            assert!(part.matches("platform_machine == ").count() <= 1, "{line}");
        }
    }
}

#[test]
fn a_target_rewrites_the_extras_that_it_has() {
    let place = exclusive();
    place.write("torchswap.toml", "[targets.ci]\ncpu = true\nextras = [\"cpu\"]\n");
    place.run("rewrite --target ci").ok();
    let by_target = place.read("poetry.lock");
    let place = exclusive();
    place.run("rewrite --extras cpu --cpu").ok();
    assert_eq!(place.read("poetry.lock"), by_target);
}

#[test]
fn another_group_keeps_what_it_needs_of_the_old_wheel() {
    let place = Place::new();
    let main = "groups = [\"main\"]";
    let mut entries = plain(main);
    entries.extend([
        entry("nvidia-nccl-cu12", "2.21.5", "groups = [\"main\", \"dev\"]", ""),
        entry("solver", "1.0", "groups = [\"dev\"]", "nvidia-nccl-cu12"),
        entry("sympy", "1.13.1", main, "mpmath"),
        entry("torch", "2.5.1+cu124", main, &format!("{NEEDS} nvidia-nccl-cu12=2.21.5")),
        entry("typing-extensions", "4.12.2", main, ""),
    ]);
    place.write("poetry.lock", lock(&entries, ""));
    let dev = exported(&place, "--only dev --allow-none");
    assert!(names(&dev).contains("nvidia-nccl-cu12"));
    place.run("rewrite --only main --cpu").ok();
    assert_eq!(value(&place.read("poetry.lock"), "nvidia-nccl-cu12", "groups"), "[\"dev\"]");
    // One target alone is meant for every platform.
    assert_eq!(value(&place.read("poetry.lock"), "nvidia-nccl-cu12", "markers"), "");
    assert_eq!(exported(&place, "--only dev --allow-none"), dev);
}

/// However long the way is, and whichever way the names are sorted.
#[test]
fn another_group_keeps_what_that_needs_in_turn() {
    let place = Place::new();
    let (main, both) = ("groups = [\"main\"]", "groups = [\"main\", \"dev\"]");
    let mut entries = plain(main);
    let libraries = [
        ("nvidia-cublas-cu12", "12.4.5.8", ""),
        ("nvidia-cusparse-cu12", "12.3.1.170", "nvidia-cublas-cu12"),
        ("nvidia-nvjitlink-cu12", "12.4.127", "nvidia-cusparse-cu12"),
    ];
    entries.extend(libraries.map(|(name, version, needs)| entry(name, version, both, needs)));
    entries.extend([
        entry("solver", "1.0", "groups = [\"dev\"]", "nvidia-nvjitlink-cu12"),
        entry("sympy", "1.13.1", main, "mpmath"),
        entry("torch", "2.5.1+cu124", main, &format!("{NEEDS} nvidia-nvjitlink-cu12=12.4.127")),
        entry("typing-extensions", "4.12.2", main, ""),
    ]);
    place.write("poetry.lock", lock(&entries, ""));
    let dev = exported(&place, "--only dev --allow-none");
    place.run("rewrite --only main --cpu").ok();
    for (name, ..) in libraries {
        assert_eq!(value(&place.read("poetry.lock"), name, "groups"), "[\"dev\"]", "{name}");
    }
    assert_eq!(exported(&place, "--only dev --allow-none"), dev);
}

#[test]
fn groups_and_extras_are_chosen_of_a_poetry_lock_alone() {
    let place = Place::new();
    place.write("requirements.txt", format!("torch==2.1.2 --hash=sha256:{}\n", "0".repeat(64)));
    let said = place.run("rewrite --cpu --extras gpu requirements.txt").refused();
    assert!(said.contains("can be chosen of a poetry.lock alone"), "{said}");
}

/// Both groups can be installed together, so there is one release for them, if that does for the other one, too.
#[test]
fn a_group_that_is_not_chosen_takes_the_release_that_the_family_needs() {
    let main = "groups = [\"main\"]";
    let needs = format!("{NEEDS} nvidia-nccl-cu12=2.21.5");
    for (torch, locked, build, wanted) in [
        ("2.5.1+cu124", "2.21.5", "--cuda 11.8", "nvidia-nccl-cu11"),
        ("2.4.1+cu124", "2.19.3", "--cuda 12.1", "nvidia-nccl-cu12"),
    ] {
        let place = Place::new();
        let mut entries = plain(main);
        entries.extend([
            entry("nvidia-nccl-cu12", locked, "groups = [\"main\", \"dev\"]", ""),
            entry("solver", "1.0", "groups = [\"dev\"]", "nvidia-nccl-cu12"),
            entry("sympy", "1.13.1", main, "mpmath"),
            entry("torch", torch, main, &needs),
            entry("typing-extensions", "4.12.2", main, ""),
        ]);
        place.write("poetry.lock", lock(&entries, ""));
        place.run(&format!("rewrite --only main {build} --python 3.10")).ok();
        let after = place.read("poetry.lock");
        let entries = |name: &str| after.matches(&format!("name = \"{name}\"\n")).count();
        assert_eq!((entries(wanted), entries("solver")), (1, 1), "{torch} {build}: {after}");
        let dev = exported(&place, "--only dev --allow-none --python 3.10");
        let nccl = dev.iter().find(|line| line.starts_with("nvidia-nccl-cu12==")).unwrap();
        assert_eq!(nccl.ends_with(&format!("=={locked}")), wanted != "nvidia-nccl-cu12", "{torch} {build}: {nccl}");
    }
}

/// Torch itself stays, and has no line of its own in the output: it counts for what needs another release of its library.
#[test]
fn a_group_that_is_not_chosen_takes_the_release_that_a_torch_that_stays_needs() {
    let (place, main) = (Place::new(), "groups = [\"main\"]");
    let mut entries = plain(main);
    entries.extend([
        entry("nvidia-nccl-cu12", "2.19.3", "groups = [\"main\", \"dev\"]", ""),
        entry("solver", "1.0", "groups = [\"dev\"]", "nvidia-nccl-cu12"),
        entry("sympy", "1.13.1", main, "mpmath"),
        entry("torch", "2.4.1+cu121", main, &format!("{NEEDS} nvidia-nccl-cu12")),
        entry("typing-extensions", "4.12.2", main, ""),
    ]);
    place.write("poetry.lock", lock(&entries, ""));
    let (file, index) = ("torch-2.4.1+cu121-py3-none-any.whl", "https://wheels.example/cu121");
    let list = NEEDS.replace(' ', "\t");
    place.write(
        "own.tsv",
        format!(
            "wheel\ttorch\t2.4.1+cu121\tcu121\t{index}\t{file}\t{}\t-\t1\t-\t-\n\
             requires\ttorch\t2.4.1+cu121\t{index}\t*\tby-hand\t-\t{list}\tnvidia-nccl-cu12==2.20.5\n",
            "0".repeat(64)
        ),
    );
    place.run("rewrite --only main --cuda 12.1 --python 3.10 --catalog own.tsv").ok();
    let after = place.read("poetry.lock");
    assert_eq!(after.matches("name = \"nvidia-nccl-cu12\"\n").count(), 1, "{after}");
    assert_eq!(value(&after, "nvidia-nccl-cu12", "version"), "\"2.20.5\"", "{after}");
}

/// No platform is left for the locked release: each has a target, or the lock has nothing for it.
#[test]
fn what_one_target_needs_anew_and_the_others_lose_is_for_the_platform_of_the_one() {
    let place = Place::new();
    let there =
        "groups = [\"main\"]\nmarkers = \"sys_platform != \\\"darwin\\\" or platform_machine != \\\"x86_64\\\"\"";
    let mut entries = plain(there);
    entries.extend([
        entry("nvidia-nccl-cu12", "2.19.3", there, ""),
        entry("sympy", "1.13.1", there, "mpmath"),
        entry("torch", "2.5.1+cu124", there, &format!("{NEEDS} nvidia-nccl-cu12=2.19.3")),
        entry("typing-extensions", "4.12.2", there, ""),
    ]);
    place.write("poetry.lock", lock(&entries, ""));
    place.write(
        "torchswap.toml",
        "[targets.gpu]\ncuda = \"12.1\"\n[targets.win]\nplatform = \"windows-x86_64\"\ncpu = true\n\
         [targets.arm]\nplatform = \"linux-aarch64\"\ncpu = true\n[targets.mac]\nplatform = \"macos-arm64\"\n",
    );
    let export = || ["gpu", "win", "arm", "mac"].map(|target| exported(&place, &format!("--target {target}")));
    let planned = export();
    place.run("rewrite --target gpu --target win --target arm --target mac").ok();
    let after = place.read("poetry.lock");
    assert!(value(&after, "nvidia-nccl-cu12", "markers").contains(" and sys_platform == \\\"linux\\\""), "{after}");
    let plain: Vec<BTreeSet<String>> =
        ["--cuda 12.1", "--platform windows-x86_64 --cpu"].iter().map(|target| exported(&place, target)).collect();
    assert_eq!(plain, planned[..2]);
    assert_eq!(export(), planned);
}
