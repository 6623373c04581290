//! Packages beyond torch's family that have one name on CPUs and another on GPUs: their wheels, what these require, and
//! which release takes the place of which. Their facts lie in `beyond`, beside the family's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use pep440_rs::Version;
use serde_json::{Value, json};

use super::{READ, json_lines, list, rows, table, text};
use torchswap::catalog::{Catalogues, WheelSource, equivalents};

pub const EQUIVALENTS: &str = "src/catalog/equivalents.tsv";

/// All that is made of the facts.
pub struct Beyond {
    /// As the family's facts have them.
    pub wheels: Vec<Value>,
    pub requires: Vec<Value>,
    /// The table of equivalents.
    pub equivalents: String,
}

impl Beyond {
    /// Reads the folder beside that of the family's facts; `None`: it does not exist.
    pub fn read(facts: &Path) -> Option<Self> {
        let folder = facts.canonicalize().unwrap().parent()?.join("beyond");
        if !folder.join("equivalents.jsonl").exists() {
            return None;
        }
        let all = json_lines(&folder, "equivalents.jsonl");
        let (pairs, others): (Vec<Value>, Vec<Value>) = all.into_iter().partition(is_pair);
        let extras: Vec<Value> = others.iter().filter(|fact| is_extra(fact)).cloned().collect();
        let beside: BTreeSet<_> = extras.iter().filter(|fact| flaw(fact).is_none()).flat_map(adds).collect();
        let names: BTreeSet<&str> = pairs.iter().flat_map(|pair| [text(pair, "cpu"), text(pair, "gpu")]).collect();
        let is_read = |fact: &Value| {
            let key = format!("{}\t{}\tpypi\t", text(fact, "package"), text(fact, "version"));
            rows(READ).any(|row| row.starts_with(&key))
        };
        let lists = json_lines(&folder, "requires.jsonl");
        let release = |fact: &Value| (text(fact, "package").to_owned(), text(fact, "version").to_owned());
        let listed: BTreeSet<_> = lists.iter().map(release).collect();
        let is_of = |fact: &Value| names.contains(text(fact, "package")) || beside.contains(&release(fact));
        let reported = json_lines(&folder, "wheels.jsonl");
        // A wheel of which nobody knows what it requires could not be taken.
        let wheels: Vec<&Value> =
            reported.iter().filter(|fact| is_of(fact) && listed.contains(&release(fact)) || is_read(fact)).collect();
        let there: BTreeSet<_> = wheels.iter().map(|fact| release(fact)).collect();
        let lists = lists.iter().filter(|fact| is_of(fact) && there.contains(&release(fact)));
        Some(Self {
            requires: lists.map(list_of).collect(),
            wheels: wheels.into_iter().map(wheel).collect(),
            equivalents: lines(&pairs, &extras, &others),
        })
    }
}

/// Two wheels of which one must go where the other is wanted, and of which it is known for which CUDA the one is. Of others
/// (fastembed) the files are the same, or nothing replaces anything.
fn is_pair(fact: &Value) -> bool {
    fact["replaces"] == true && fact["exact"] == true && fact["cuda"].is_string() && fact["cpu"].is_string()
}

/// A wheel that is the GPU build itself, or has it beside it.
fn is_extra(fact: &Value) -> bool {
    fact["replaces"] == false && fact["exact"] == true && fact["cuda"].is_string() && fact["cpu"].is_string()
}

/// The releases that come beside one.
fn adds(fact: &Value) -> Vec<(String, String)> {
    let each = words(&fact["adds"]).into_iter().map(|one| one.split_once("==").unwrap());
    each.map(|(name, version)| (name.to_owned(), version.to_owned())).collect()
}

/// Why it cannot be had.
fn flaw(fact: &Value) -> Option<String> {
    let note = || text(fact, "note").to_owned();
    if fact["extras_usable"] == false {
        return Some(note());
    }
    match (is_extra(fact) && words(&fact["extras"]).is_empty(), fact["cudnn"].as_str()) {
        (false, _) => None,
        (true, None) => Some(note()),
        (true, Some(cudnn)) => {
            let cuda = text(fact, "cuda");
            Some(format!("no extra of it brings CUDA's libraries: take an image with CUDA {cuda} and cuDNN {cudnn}"))
        }
    }
}

fn wheel(fact: &Value) -> Value {
    let file = text(fact, "file");
    json!({
        "package": fact["package"],
        "version": fact["version"],
        "filename": file,
        "path": format!("packages/{}/{file}", text(fact, "path")),
        "index": "pypi",
        "sha256": fact["sha256"],
        "size": fact["size"],
        "seen": 0,
        "requires_python": fact["requires_python"],
        "yanked": fact["yanked"],
        "backend": null,
    })
}

fn list_of(fact: &Value) -> Value {
    json!({
        "package": fact["package"],
        "version": fact["version"],
        "index": "pypi",
        "requires_dist": fact["requires"],
        "from": "pypi",
        "pins": "exact",
        "seen": 0,
    })
}

/// What is the same for a range of releases.
type Kind = (String, String, String, String, String, String);

fn words(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().map(|one| one.as_str().unwrap()).collect()
}

/// `platforms`: it has wheels for platforms on which they are no GPU builds.
fn kind(fact: &Value, platforms: bool) -> Kind {
    let cuda = text(fact, "cuda").trim_end_matches('+');
    let cuda = if cuda.contains('.') { cuda.to_owned() } else { format!("{cuda}.0") };
    let extras = words(&fact["extras"]);
    // Where the wheel requires libraries, what they must be stands in its metadata.
    let is_told = !extras.is_empty() || words(&fact["requires"]).iter().any(|one| one.starts_with("nvidia-"));
    let cudnn = fact["cudnn"].as_str().filter(|_| !is_told).and_then(|cudnn| cudnn.split('.').next());
    let needs = cudnn.filter(|_| !is_extra(fact)).map_or("-".to_owned(), |major| format!("cudnn {major}"));
    // Spelled in two ways, which are one name.
    let extras = if extras.is_empty() { "-".to_owned() } else { extras.join(" ").replace('_', "-") };
    let how = match adds(fact).first() {
        Some((name, _)) => format!("beside {}", name.split_once("-cuda").unwrap().0),
        None if is_extra(fact) => "extra".to_owned(),
        None => "instead".to_owned(),
    };
    let on = if platforms { words(&fact["platforms"]).join(" ") } else { "-".to_owned() };
    (cuda, extras, needs, flaw(fact).unwrap_or("-".to_owned()), on, how)
}

const HEAD: &str = "\
# Packages that have one name on CPUs and another on GPUs, under which both install one module. Releases of one number
# belong together; columns parted by tabs; sorted by the names, then by the releases.
# cpu, gpu: the names. from, to: the releases, both among them; which of them have a wheel tells wheels.tsv. cuda: the
# least CUDA that it runs on; every newer one of the same major version will do. extras: which of the GPU build's bring
# CUDA's libraries along. needs: a library of which its metadata says nothing, and the major version. flaw: why it cannot
# be had all the same. on: the platforms on which its wheels are GPU builds, where others have wheels, too. how: what the
# GPU build is to what is locked: another wheel `instead`, the same wheel with an `extra`, or what comes `beside` it, and by
# which name people know the two.
# cpu\tgpu\tfrom\tto\tcuda\textras\tneeds\tflaw\ton\thow
";

/// Neighbours that are alike make one range. `others`: those of which the CPU build has no release are named as the nearest
/// of some, and are of the kind of their minor version.
fn lines(pairs: &[Value], extras: &[Value], others: &[Value]) -> String {
    let in_places: BTreeSet<&str> =
        extras.iter().filter(|fact| adds(fact).is_empty()).map(|fact| text(fact, "gpu")).collect();
    let mut by_names: BTreeMap<(String, String), BTreeMap<Version, Kind>> = BTreeMap::new();
    for pair in pairs.iter().chain(extras) {
        assert_eq!(pair["cpu_version"], pair["gpu_version"], "releases of one number belong together: {pair}");
        let version = text(pair, "cpu_version").parse().unwrap();
        let kind = kind(pair, in_places.contains(text(pair, "gpu")));
        let gpu = adds(pair).first().map_or(text(pair, "gpu").to_owned(), |(name, _)| name.clone());
        by_names.entry((text(pair, "cpu").to_owned(), gpu)).or_default().insert(version, kind);
    }
    for other in others.iter().filter(|other| other["nearest_same_minor"].is_string() && other["cpu"].is_string()) {
        let near: Version = text(other, "nearest_same_minor").parse().unwrap();
        let Some(releases) = by_names.get_mut(&(text(other, "cpu").to_owned(), text(other, "gpu").to_owned())) else {
            continue;
        };
        let same = |release: &(&Version, &Kind)| release.0.release()[..2] == near.release()[..2];
        let kinds: BTreeSet<Kind> = releases.iter().filter(same).map(|(_, kind)| kind.clone()).collect();
        if let [kind] = kinds.into_iter().collect::<Vec<_>>().as_slice() {
            releases.entry(near).or_insert_with(|| kind.clone());
        }
    }
    let mut made = HEAD.to_owned();
    for ((cpu, gpu), releases) in by_names {
        let releases: Vec<(&Version, &Kind)> = releases.iter().collect();
        for alike in releases.chunk_by(|one, other| one.1 == other.1) {
            let ((from, (cuda, extras, needs, flaw, on, how)), (to, _)) = (alike[0], alike[alike.len() - 1]);
            let names = format!("{cpu}\t{gpu}\t{from}\t{to}");
            made.push_str(&format!("{names}\t{cuda}\t{extras}\t{needs}\t{flaw}\t{on}\t{how}\n"));
        }
    }
    made
}

#[test]
fn the_releases_of_each_range_have_wheels_and_lists() {
    let mut tried = 0;
    for line in rows(&table(EQUIVALENTS)) {
        let columns: Vec<&str> = line.split('\t').collect();
        // What cannot be had need not be there.
        for release in columns[2..4].iter().filter(|_| columns[7] == "-") {
            let rows = Catalogues::NONE.wheels_of(&columns[1].parse().unwrap(), &release.parse().unwrap());
            assert!(!rows.is_empty(), "{line}");
            tried += 1;
        }
        let cpu = columns[0].parse().unwrap();
        assert!(
            equivalents::of_cpu(&cpu).any(|one| one.gpu.as_ref() == columns[1] && one.from.to_string() == columns[2]),
            "{line}"
        );
    }
    assert!(tried > 20);
}

/// What the table leaves out of a list would be missing from an output.
#[test]
fn every_list_beyond_the_family_is_read_whole() {
    let Some(folder) = super::facts() else {
        println!("skipped: every_list_beyond_the_family_is_read_whole: no facts here, see tables_equal_the_facts");
        return;
    };
    let Some(beyond) = Beyond::read(&folder) else {
        println!("skipped: every_list_beyond_the_family_is_read_whole: no folder `beyond` beside the facts");
        return;
    };
    let made = table(super::REQUIRES);
    for fact in &beyond.requires {
        let line = format!(
            "{}\t{}\tpypi\t*\tpypi:exact:0\t-{}",
            text(fact, "package"),
            text(fact, "version"),
            list(&fact["requires_dist"])
        );
        assert!(made.lines().any(|row| row == line), "{line}");
    }
    assert!(beyond.requires.len() > 100 && beyond.wheels.len() > 700);
}
