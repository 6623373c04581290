//! The built-in tables: made from the gathered facts, canonical, and in agreement with each other.
//!
//! To refresh them, point `TORCHSWAP_FACTS` at the folder with `wheels.jsonl`, `requires.jsonl` and `corrections.jsonl`
//! (default: `../shared/catalog` beside the checkout), beside which those of other packages lie in `beyond`, and run
//!
//! ```sh
//! TORCHSWAP_UPDATE=1 cargo test --test it tables_equal_the_facts
//! ```
//!
//! What an index has beyond them is asked for by another step: see `fresh`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod beyond;
mod builds;
mod fresh;
mod images;
mod same_bytes;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use pep508_rs::PackageName;
use serde_json::Value;
use torchswap::catalog::{
    Built, Catalogues, Family, Index, Requires, RequiresRow, WheelRow, WheelSource, is_gpu_runtime,
    path_on_default_index, releases,
};
use torchswap::packaging::target::{Backend, Environment, Platform, Python};

use crate::support::root;
use beyond::{Beyond, EQUIVALENTS};
use builds::Builds;
use fresh::{FRESH, Fresh};

const WHEELS: &str = "src/catalog/wheels.tsv";
const REQUIRES: &str = "src/catalog/requires.tsv";
const PATHS: &str = "src/catalog/paths.bin";
/// Lists that were read from the METADATA of the wheels of the default index. They go before what somebody's uv.lock let
/// one infer: that names no versions, and the torch that is locked beside a package is not always one that it asks for.
/// A `twin` is of a release on PyTorch's index all of whose wheels on the default one, for CPUs and for CUDA, say the same.
const READ: &str = include_str!("catalog/read.tsv");

const WHEELS_HEAD: &str = "\
# package\tversion\tbackend\tindex\tfile\tsha256\tsize\tseen\trequires-python\tflags
";
const REQUIRES_HEAD: &str = "\
# package\tversion\tindex\tplatform\tprovenance\treason\trequirement…
";

fn bytes(path: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn table(path: &str) -> String {
    String::from_utf8(bytes(path)).unwrap()
}

fn rows(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with('#'))
}

fn wheels() -> Vec<WheelRow> {
    rows(&table(WHEELS))
        .map(|line| WheelRow::parse(line, "built-in").unwrap_or_else(|e| panic!("{e:?}: {line}")))
        .collect()
}

fn requires() -> Vec<RequiresRow> {
    rows(&table(REQUIRES)).map(|line| RequiresRow::parse(line).unwrap_or_else(|e| panic!("{e:?}: {line}"))).collect()
}

fn name(text: &str) -> PackageName {
    PackageName::new(text.to_owned()).unwrap()
}

// From the facts to the tables.

/// The folder with the facts, if it is here.
fn facts() -> Option<PathBuf> {
    let given = std::env::var_os("TORCHSWAP_FACTS").map(PathBuf::from);
    let folder = given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/catalog"));
    folder.join("wheels.jsonl").exists().then_some(folder)
}

fn json_lines(folder: &Path, file: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder.join(file)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text<'v>(fact: &'v Value, key: &str) -> &'v str {
    fact[key].as_str().unwrap_or_else(|| panic!("no {key}: {fact}"))
}

/// The short word for a kind of file that a digest was found in.
fn evidence(kind: &str) -> &str {
    match kind {
        "index.html" => "html",
        "req--hash" => "requirements",
        "url#sha256" => "url",
        "public table, keyed twice independently and compared by program" => "table",
        _ => kind.strip_suffix(".lock").or_else(|| kind.strip_suffix(".toml")).unwrap_or(kind),
    }
}

/// The sizes that are reported, by digest: the same bytes are as large wherever they lie, and only the default index says it.
fn sizes(facts: &[Value]) -> BTreeMap<&str, u64> {
    facts.iter().filter_map(|fact| Some((text(fact, "sha256"), fact["size"].as_u64()?))).collect()
}

fn wheel_line(fact: &Value, builds: &Builds, sizes: &BTreeMap<&str, u64>) -> String {
    let (index, file) = (text(fact, "index"), text(fact, "filename"));
    let mut flags: Vec<&str> = Vec::new();
    if fact["yanked"] == true {
        flags.push("yanked");
    }
    // The path on PyPI's file host is in a table of its own: nothing is put together there.
    if fact["url_from"] == "constructed" && index != "pypi" {
        flags.push("constructed");
    }
    match fact["evidence"].as_array() {
        Some(kinds) => flags.extend(kinds.iter().map(|kind| evidence(kind.as_str().unwrap()))),
        None => flags.push("pypi"),
    }
    let line = format!(
        "{}\t{}\t{}\t{index}\t{file}\t{}\t{}\t{}\t{}\t{}",
        text(fact, "package"),
        text(fact, "version"),
        builds.of(fact),
        text(fact, "sha256"),
        sizes.get(text(fact, "sha256")).map_or("-".to_owned(), ToString::to_string),
        fact["seen"].as_u64().unwrap(),
        fact["requires_python"].as_str().filter(|range| !range.is_empty()).unwrap_or("-"),
        flags.join(","),
    );
    let row = WheelRow::parse(&line, "facts").unwrap_or_else(|error| panic!("{error:?}: {line}"));
    assert_eq!(row.url().as_deref(), fact["url"].as_str(), "the URL is the index, a slash and the file name: {file}");
    assert_eq!(row.to_string(), line);
    line
}

/// The bytes of hexadecimal digits.
fn unhex(digits: &str) -> Vec<u8> {
    assert!(digits.len() == 64 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), "{digits}");
    (0..32).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap()).collect()
}

/// Where PyPI keeps the wheels: digest and folder.
fn told_paths(facts: &[Value]) -> impl Iterator<Item = (&str, &str)> {
    facts.iter().filter(|fact| fact["index"] == "pypi").filter_map(|fact| {
        let folder = fact["path"].as_str()?.strip_suffix(text(fact, "filename")).unwrap();
        Some((text(fact, "sha256"), folder.strip_suffix('/').unwrap()))
    })
}

/// 8 bytes of a wheel's digest, and the 32 of its path.
fn path_record((sha256, folder): (&str, &str)) -> Vec<u8> {
    let digits = folder.strip_prefix("packages/").unwrap().replace('/', "");
    [&unhex(sha256)[..8], &unhex(&digits)].concat()
}

/// The requirements of a fact, their blanks made one.
fn list(requirements: &Value) -> String {
    let all = requirements.as_array().unwrap().iter().map(|one| one.as_str().unwrap());
    all.map(|one| format!("\t{}", one.split_whitespace().collect::<Vec<_>>().join(" "))).collect()
}

/// Every Linux GPU build of torch since 2.0 needs a triton. A list without one was read from a wheel for Windows or aarch64.
fn lacks_triton(fact: &Value) -> bool {
    let (version, requirements) = (text(fact, "version"), list(&fact["requires_dist"]));
    let gpu = ["+cu", "+rocm", "+xpu"].iter().any(|label| version.contains(label));
    text(fact, "package") == "torch" && version.starts_with("2.") && gpu && !requirements.contains("triton")
}

/// `corrected`: there is a correction of the list on Linux x86_64.
fn requires_lines(fact: &Value, corrected: bool) -> Vec<String> {
    let key = format!("{}\t{}\t{}", text(fact, "package"), text(fact, "version"), text(fact, "index"));
    let provenance = format!("{}:{}:{}", text(fact, "from"), text(fact, "pins"), fact["seen"].as_u64().unwrap());
    let why = fact["why"].as_str().unwrap_or("-");
    let requirements = list(&fact["requires_dist"]);
    let no_triton = "names no triton, which every Linux GPU build since 2.0 requires";
    let suspect = fact["suspect"].as_str().or(lacks_triton(fact).then_some(no_triton));
    let mut lines = vec![format!("{key}\t*\t{provenance}\t{why}{requirements}")];
    // The wheels for Windows and Linux aarch64 bundle what this one leaves to others.
    lines
        .extend(suspect.filter(|_| !corrected).map(|why| format!("{key}\tlinux-x86_64\tsuspect\t{why}{requirements}")));
    for (platform, requirements) in fact["other_platforms"].as_object().into_iter().flatten() {
        let platform = match platform.as_str() {
            "win_amd64" => Platform::WindowsX86_64,
            "linux_aarch64" => Platform::LinuxAarch64,
            other => panic!("{other}: which platform is this?"),
        };
        lines.push(format!("{key}\t{platform}\t{provenance}\t-{}", list(requirements)));
    }
    lines
}

/// A correction names no index: it is for every index that has the version.
fn correction_lines(fact: &Value, wheels: &[Value]) -> Vec<String> {
    let (package, version) = (text(fact, "package"), text(fact, "version"));
    let of_version = wheels.iter().filter(|wheel| wheel["package"] == package && wheel["version"] == version);
    let indexes: BTreeSet<&str> = of_version.map(|wheel| text(wheel, "index")).collect();
    assert!(!indexes.is_empty(), "a correction of a wheel that is not known: {package} {version}");
    let (platform, why) = (text(fact, "platform"), text(fact, "why"));
    let line =
        |index| format!("{package}\t{version}\t{index}\t{platform}\tcorrection\t{why}{}", list(&fact["requires_dist"]));
    indexes.into_iter().map(line).collect()
}

fn sorted(head: &str, mut lines: Vec<String>) -> String {
    lines.sort_unstable();
    head.to_owned() + &lines.iter().map(|line| format!("{line}\n")).collect::<String>()
}

#[test]
fn tables_equal_the_facts() {
    let Some(folder) = facts() else {
        println!("skipped: tables_equal_the_facts: no facts beside the checkout and none named by TORCHSWAP_FACTS");
        return;
    };
    let Some(beyond) = Beyond::read(&folder) else {
        println!("skipped: tables_equal_the_facts: no folder `beyond` beside that of the facts");
        return;
    };
    let mut wheels = json_lines(&folder, "wheels.jsonl");
    let reported: BTreeSet<String> = wheels.iter().map(|fact| text(fact, "sha256").to_owned()).collect();
    wheels.extend(beyond.wheels.into_iter().filter(|fact| !reported.contains(text(fact, "sha256"))));
    let mut requires = json_lines(&folder, "requires.jsonl");
    requires.extend(beyond.requires);
    let builds = Builds::new(&wheels, &requires);
    let corrections = json_lines(&folder, "corrections.jsonl");
    let is_corrected = |fact: &Value| {
        let same = |other: &Value| ["package", "version"].iter().all(|key| other[*key] == fact[*key]);
        corrections.iter().any(|other| same(other) && other["platform"] == "linux-x86_64")
    };
    let is_read = |fact: &Value| {
        let key = format!("{}\t{}\t{}\t", text(fact, "package"), text(fact, "version"), text(fact, "index"));
        rows(READ).any(|row| row.starts_with(&key))
    };
    let reported = requires.iter().filter(|fact| !is_read(fact));
    let mut lists: Vec<String> = reported.flat_map(|fact| requires_lines(fact, is_corrected(fact))).collect();
    lists.extend(rows(READ).map(str::to_owned));
    lists.extend(corrections.iter().flat_map(|fact| correction_lines(fact, &wheels)));
    for line in &lists {
        let row = RequiresRow::parse(line).unwrap_or_else(|error| panic!("{error:?}: {line}"));
        assert_eq!(row.to_string(), *line);
    }
    let mut paths: Vec<Vec<u8>> = told_paths(&wheels).map(path_record).collect();
    paths.sort_unstable();
    let sizes = sizes(&wheels);
    let mut wheels: Vec<String> = wheels.iter().map(|fact| wheel_line(fact, &builds, &sizes)).collect();
    let fresh = Fresh::read(root()).beyond(&wheels, &lists);
    wheels.extend(fresh.wheels.iter().map(ToString::to_string));
    lists.extend(fresh.lists.iter().map(ToString::to_string));
    let made = [
        (WHEELS, sorted(WHEELS_HEAD, wheels).into_bytes()),
        (REQUIRES, sorted(REQUIRES_HEAD, lists).into_bytes()),
        (PATHS, paths.concat()),
        (EQUIVALENTS, beyond.equivalents.into_bytes()),
        (FRESH, fresh.text(&table(FRESH)).into_bytes()),
    ];
    for (path, made) in made {
        if std::env::var_os("TORCHSWAP_UPDATE").is_some_and(|value| value == "1") {
            fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(path), made).unwrap();
        } else {
            assert!(bytes(path) == made, "{path} does not follow from the facts; refresh it with TORCHSWAP_UPDATE=1");
        }
    }
}

#[test]
fn every_path_is_found_as_the_facts_tell_it() {
    let Some(folder) = facts() else {
        println!("skipped: every_path_is_found_as_the_facts_tell_it: no facts here, see tables_equal_the_facts");
        return;
    };
    let mut wheels = json_lines(&folder, "wheels.jsonl");
    wheels.extend(Beyond::read(&folder).into_iter().flat_map(|beyond| beyond.wheels));
    assert!(told_paths(&wheels).count() > 8_000);
    for (sha256, path) in told_paths(&wheels) {
        assert_eq!(path_on_default_index(&sha256.parse().unwrap()).as_deref(), Some(path), "{sha256}");
    }
}

// The tables themselves.

#[test]
fn the_path_of_every_gathered_wheel_of_the_default_index_is_known() {
    let fresh = Fresh::read(root());
    for row in wheels() {
        let path = path_on_default_index(&row.sha256);
        assert!(path.is_some() || row.index != Index::Pypi || fresh.has(&row), "{row}");
        let Some(path) = path else { continue };
        let parts: Vec<&str> = path.split('/').collect();
        let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        assert_eq!((parts[0], lengths.as_slice()), ("packages", &[8, 2, 2, 60][..]), "{path}");
        assert!(parts[1..].iter().flat_map(|part| part.bytes()).all(|byte| byte.is_ascii_hexdigit()), "{path}");
    }
}

#[test]
fn tables_are_sorted_unique_and_plain() {
    for path in [WHEELS, REQUIRES] {
        let text = table(path);
        assert!(text.ends_with('\n') && !text.contains('\r'), "{path}");
        let lines: Vec<&str> = text.lines().collect();
        for pair in lines.windows(2) {
            assert!(pair[0] < pair[1], "{path}: {} and {}", pair[0], pair[1]);
        }
    }
    assert!(table(WHEELS).starts_with(WHEELS_HEAD) && table(REQUIRES).starts_with(REQUIRES_HEAD));
}

#[test]
fn the_program_holds_the_very_rows_of_the_table() {
    let (all, all_of_them) = (wheels(), Catalogues::default());
    let packages = all_of_them.packages();
    let held: Vec<WheelRow> = packages.iter().flat_map(|package| all_of_them.wheels(package)).collect();
    assert_eq!(
        (held.len(), packages.len()),
        (all.len(), all.iter().map(|row| &row.wheel.name).collect::<BTreeSet<_>>().len())
    );
    for ((held, row), line) in held.iter().zip(&all).zip(rows(&table(WHEELS))) {
        assert_eq!(held, row);
        assert_eq!(held.to_string(), line);
    }
}

/// A record keeps a part of a digest: it must tell the files of all indexes apart, and be of a file of the default one.
#[test]
fn paths_are_sorted_and_unambiguous() {
    let paths = bytes(PATHS);
    let (records, rest) = paths.as_chunks::<40>();
    assert!(rest.is_empty() && records.windows(2).all(|pair| pair[0][..8] < pair[1][..8]));
    let wheels = wheels();
    let digests: BTreeSet<_> = wheels.iter().map(|row| row.sha256).collect();
    let keys: BTreeSet<&[u8]> = digests.iter().map(|sha256| &sha256.as_bytes()[..8]).collect();
    assert_eq!(keys.len(), digests.len(), "two digests begin alike");
    let fresh = Fresh::read(root());
    let default = wheels.iter().filter(|row| row.index == Index::Pypi && !fresh.has(row));
    let of_default: BTreeSet<&[u8]> = default.map(|row| &row.sha256.as_bytes()[..8]).collect();
    assert!(records.iter().map(|record| &record[..8]).eq(of_default));
}

#[test]
fn every_wheel_is_canonical() {
    let (all, fresh) = (wheels(), Fresh::read(root()));
    assert!(all.len() > 11_000);
    let mut places = BTreeSet::new();
    let mut names: BTreeMap<_, BTreeSet<(String, String, String)>> = BTreeMap::new();
    for (row, line) in all.iter().zip(rows(&table(WHEELS))) {
        let file = row.wheel.as_str();
        assert_eq!(row.to_string(), line);
        assert!(places.insert((row.index.clone(), file.to_owned())), "listed twice: {line}");
        // The version column is the file name's own text, so that lookups by text find it.
        assert_eq!(file.split('-').nth(1), line.split('\t').nth(1), "{line}");
        assert!(row.sha256.to_string().bytes().collect::<BTreeSet<_>>().len() > 4, "{line}");
        if let Index::Url(folder) = &row.index {
            assert!(folder.starts_with("https://download.pytorch.org/whl"), "{line}");
            // What the index alone says has no witness, and no other row may be without.
            assert_eq!(row.seen == 0, fresh.has(row), "{line}");
        }
        let what = (row.wheel.version.to_string(), row.wheel.python_tag().to_owned(), row.wheel.abi_tag().to_owned());
        names.entry(row.sha256).or_default().insert((row.index.to_string(), file.to_owned(), format!("{what:?}")));
    }
    // One file may lie on several indexes, and PyPI may name another platform tag; it is never two files of one index.
    for (digest, names) in names {
        let indexes: BTreeSet<_> = names.iter().map(|(index, ..)| index).collect();
        let wheels: BTreeSet<_> = names.iter().map(|(.., what)| what).collect();
        assert!(indexes.len() == names.len() && wheels.len() == 1, "{digest}: {names:?}");
    }
}

#[test]
fn every_list_is_canonical() {
    let (mut keys, fresh) = (BTreeSet::new(), Fresh::read(root()));
    for (row, line) in requires().iter().zip(rows(&table(REQUIRES))) {
        assert_eq!(row.to_string(), line);
        let key = (row.package.clone(), row.version.clone(), row.index.clone(), row.platform);
        assert!(keys.insert(key), "listed twice: {line}");
        let words: Vec<&str> = row.provenance.split(':').collect();
        match words.as_slice() {
            ["correction" | "suspect"] => assert!(row.reason.is_some(), "{line}"),
            ["metadata" | "wheel"] => assert!(fresh.has_list(row), "{line}"),
            [from, _, seen] => {
                assert!(["pypi", "twin"].contains(from) || from.ends_with(".lock"), "{line}");
                seen.parse::<u32>().unwrap();
            }
            _ => panic!("{line}"),
        }
    }
}

/// uv.lock does not tell what a package asks for, only what was locked: such a pin would refuse every other torch.
#[test]
fn no_pin_of_torch_on_the_default_index_is_a_guess() {
    // No file of it is there any more that could be read.
    let gone = "xformers\t0.0.33.dev1081\t";
    let table = table(REQUIRES);
    let guessed = rows(&table).filter(|row| row.contains("\tpypi\t") && row.contains("\tuv.lock:inferred"));
    let pins: Vec<&str> = guessed.filter(|row| row.contains("\ttorch==") && !row.starts_with(gone)).collect();
    assert!(pins.is_empty(), "{}", pins.join("\n"));
}

#[test]
fn the_family_is_what_the_table_says() {
    let mut by_backend = BTreeSet::new();
    for row in wheels().iter().filter(|row| matches!(row.built, Built::For(_))) {
        by_backend.insert(row.wheel.name.to_string());
    }
    let expected =
        ["torch", "torchao", "torchaudio", "torchcodec", "torchdata", "torchtext", "torchvision", "xformers"];
    assert_eq!(by_backend.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    for package in by_backend {
        let one_build = ["torchdata", "torchtext"].contains(&package.as_str());
        let family = if one_build { Family::OneBuild } else { Family::PerBackend };
        assert_eq!(Catalogues::NONE.family(&name(&package)), family);
    }
    assert_eq!(Catalogues::NONE.family(&name("triton")), Family::No);
}

/// Whatever the platform, a GPU library is only required where it exists.
#[test]
fn no_mac_wheel_requires_a_gpu_library() {
    let mut known = 0;
    let mut lists: BTreeMap<_, Requires> = BTreeMap::new();
    for row in wheels().iter().filter(|row| row.wheel.platform_tag().contains("macosx")) {
        for platform in [Platform::MacosArm64, Platform::MacosX86_64] {
            let key = (row.wheel.name.clone(), row.wheel.version.clone(), row.index.clone(), row.sha256, platform);
            let found = lists.entry(key).or_insert_with(|| Catalogues::NONE.requires(row, platform));
            let Requires::Known { list, .. } = found else { continue };
            known += 1;
            for requirement in list {
                let (what, marker) = requirement.split_once(';').unwrap_or((requirement, ""));
                let end = what.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(what.len());
                let package = name(&what[..end]);
                assert!(!is_gpu_runtime(&package) || marker.contains("inux"), "{}: {requirement}", row.wheel);
            }
        }
    }
    assert!(known > 1000);
}

#[test]
fn the_ranges_of_pythons_are_those_of_the_wheels() {
    let all = wheels();
    let torch: Vec<&WheelRow> = all.iter().filter(|row| row.wheel.name.as_ref() == "torch").collect();
    for platform in Platform::ALL {
        for minor in 5..=16 {
            let here = Environment { platform, python: Python::three(minor) };
            let fitting = torch.iter().filter(|row| row.wheel.fit(here).is_some());
            let versions: BTreeSet<_> = fitting.map(|row| row.wheel.public_version()).collect();
            let expected = fresh::python_range(&torch, here);
            assert_eq!(releases::python_range(platform, Python::three(minor)), expected, "{here}");
            assert!(!versions.iter().any(|version| releases::is_skipped(platform, version)), "{here}");
        }
    }
}

// What the tables tell, by content.

#[test]
fn finds_the_wheel_that_people_put_into_dockerfiles() {
    let rows = Catalogues::NONE.wheels_of(&name("torch"), &"2.0.1".parse().unwrap());
    let here = Environment { platform: Platform::LinuxX86_64, python: Python::three(10) };
    let built = |row: &&WheelRow| row.is_for(Backend::Cuda(11, 8)) && row.wheel.fit(here).is_some();
    let mut fitting = rows.iter().filter(built);
    let row = fitting.next().unwrap();
    assert_eq!(fitting.next(), None);
    let url = "https://download.pytorch.org/whl/cu118/torch-2.0.1%2Bcu118-cp310-cp310-linux_x86_64.whl";
    assert_eq!(row.url().as_deref(), Some(url));
    assert_eq!(&*row.catalogue, "built-in");
    let Requires::Known { list, .. } = Catalogues::NONE.requires(row, Platform::LinuxX86_64) else { panic!("{row}") };
    assert!(list.iter().any(|one| one.starts_with("triton==2.0.0")), "{list:?}");
}

#[test]
fn a_release_is_found_by_any_of_its_spellings() {
    let toolkit = name("cuda-toolkit");
    let found = Catalogues::NONE.wheels_of(&toolkit, &"13.0.3".parse().unwrap());
    assert!(found.iter().any(|row| row.wheel.version.to_string() == "13.0.3.0"));
    let torch = name("torch");
    assert_eq!(
        Catalogues::NONE.wheels_of(&torch, &"2.7.0".parse().unwrap()),
        Catalogues::NONE.wheels_of(&torch, &"2.7".parse().unwrap())
    );
    assert_eq!(
        Catalogues::NONE.wheels_of(&torch, &"2.7.1+cu118".parse().unwrap()),
        Catalogues::NONE.wheels_of(&torch, &"2.7.1".parse().unwrap())
    );
    assert!(Catalogues::NONE.wheels_of(&torch, &"99".parse().unwrap()).is_empty());
    assert!(Catalogues::NONE.wheels_of(&name("torc"), &"2.7.1".parse().unwrap()).is_empty());
}

#[test]
fn lookups_equal_a_scan() {
    let all = wheels();
    let packages: BTreeSet<PackageName> = all.iter().map(|row| row.wheel.name.clone()).collect();
    for package in packages {
        let rows: Vec<&WheelRow> = all.iter().filter(|row| row.wheel.name == package).collect();
        assert_eq!(Catalogues::NONE.wheels(&package).iter().collect::<Vec<_>>(), rows);
        let versions: BTreeSet<_> = rows.iter().map(|row| row.wheel.public_version()).collect();
        assert_eq!(Catalogues::NONE.versions(&package), versions.iter().cloned().collect::<Vec<_>>());
        for version in versions {
            let expected: BTreeSet<String> =
                rows.iter().filter(|row| row.wheel.public_version() == version).map(ToString::to_string).collect();
            let found = Catalogues::NONE.wheels_of(&package, &version);
            assert_eq!(found.iter().map(ToString::to_string).collect::<BTreeSet<_>>(), expected);
        }
    }
}

/// The list that a wheel of this file name has on a platform.
fn requires_of(package: &str, index: &str, file: &str, platform: Platform) -> Requires {
    let rows = Catalogues::NONE.wheels(&name(package));
    let row = rows.iter().find(|row| row.index.as_str().ends_with(index) && row.wheel.as_str().starts_with(file));
    Catalogues::NONE.requires(row.unwrap_or_else(|| panic!("{file}")), platform)
}

fn has_gpu(found: &Requires) -> bool {
    matches!(found, Requires::Known { list, .. } if list.iter().any(|one| one.starts_with("nvidia-") || one.starts_with("triton")))
}

#[test]
fn lists_are_those_of_the_wheel_that_is_written() {
    use Platform::*;
    // Four unmarked nvidia packages on Linux x86_64, none on any sibling.
    assert!(has_gpu(&requires_of("torch", "pypi", "torch-1.13.0-cp310-cp310-manylinux1", LinuxX86_64)));
    for (file, platform) in [
        ("torch-1.13.0-cp310-none-macosx_11_0_arm64", MacosArm64),
        ("torch-1.13.0-cp310-none-macosx_10_9_x86_64", MacosX86_64),
        ("torch-1.13.0-cp310-cp310-manylinux2014_aarch64", LinuxAarch64),
        ("torch-1.13.0-cp310-cp310-win_amd64", WindowsX86_64),
    ] {
        let found = requires_of("torch", "pypi", file, platform);
        assert!(matches!(found, Requires::Known { .. }) && !has_gpu(&found), "{file}: {found:?}");
    }
    // Published without its CUDA libraries; corrected for Linux x86_64. The wheels for others bundle them.
    let file = "torch-2.6.0+cu126-cp310-cp310-manylinux_2_28_x86_64";
    assert!(has_gpu(&requires_of("torch", "cu126", file, LinuxX86_64)));
    let file = "torch-2.6.0+cu126-cp310-cp310-win_amd64";
    let found = requires_of("torch", "cu126", file, WindowsX86_64);
    assert!(matches!(found, Requires::Known { .. }) && !has_gpu(&found), "{found:?}");
    // No triton was recorded for a build that needs one.
    let file = "torch-2.5.1+rocm6.1-cp310-cp310-linux_x86_64";
    assert!(matches!(requires_of("torch", "rocm6.1", file, LinuxX86_64), Requires::Suspect { .. }));
    // The bytes are the same on both indexes, so PyPI's list is this file's list.
    let file = "triton-2.0.0-1-cp310-cp310-manylinux2014_x86_64";
    assert!(matches!(requires_of("triton", "/whl", file, LinuxX86_64), Requires::Known { .. }));
    // Recorded under whl/rocm7.2, whose page links to this file.
    let file = "triton_rocm-3.7.1-cp310";
    assert!(matches!(requires_of("triton-rocm", "/whl", file, LinuxX86_64), Requires::Known { .. }));
}

#[test]
fn what_a_torch_wheel_requires_is_known_for_most() {
    let mut unknown: BTreeMap<String, usize> = BTreeMap::new();
    let mut count = 0;
    for row in
        wheels().iter().filter(|row| row.wheel.name.as_ref() == "torch" && row.wheel.version.release() >= &[1, 12][..])
    {
        for platform in Platform::ALL {
            let on = |minor| row.wheel.fit(Environment { platform, python: Python::three(minor) }).is_some();
            if (6..=15).any(on) {
                count += 1;
                if !matches!(Catalogues::NONE.requires(row, platform), Requires::Known { .. }) {
                    *unknown.entry(format!("{} {} {platform}", row.wheel.version, row.index)).or_default() += 1;
                }
            }
        }
    }
    println!("{count} wheels; without a list: {unknown:#?}");
    assert!(unknown.values().sum::<usize>() * 10 < count);
}
