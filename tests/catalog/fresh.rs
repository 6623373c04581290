//! Wheels that an index has and the gathered facts lack: they are asked for, kept in `fresh.tsv`, and put into the tables.
//!
//! `fresh.tsv` is a catalogue as projects have them, and `torchswap catalog update` writes it: each build of every release
//! of torch's family from the newest known one on. Its rows have no witness, and `--require-witnesses` refuses them by that.
//! A row whose file is gathered later goes; it must have had the same digest.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::str::FromStr;

use pep440_rs::Version;
use pep508_rs::PackageName;
use tempfile::TempDir;
use torchswap::catalog::{Built, Index, ProjectTable, RequiresRow, WheelRow};
use torchswap::edge::index::{Network, simple};
use torchswap::edge::io;
use torchswap::packaging::target::{Backend, Environment, Platform, Python};
use torchswap::packaging::wheel::WheelName;
use torchswap::report::error::Code;
use url::Url;

use super::{REQUIRES, REQUIRES_HEAD, WHEELS, WHEELS_HEAD, rows, sorted};
use crate::catalog_update::{Site, Tells};
use crate::support::{program, root};

pub const FRESH: &str = "tests/catalog/fresh.tsv";
const RELEASES: &str = "src/catalog/releases.tsv";

/// The text of a catalogue's rows of a kind, as they stand in a table.
fn lines<'t>(text: &'t str, kind: &'t str) -> impl Iterator<Item = &'t str> {
    rows(text).filter_map(move |line| line.strip_prefix(kind)?.strip_prefix('\t'))
}

/// The rows of `fresh.tsv` of which the facts have no wheel, and no list, of the same place.
pub struct Fresh {
    pub wheels: Vec<WheelRow>,
    pub lists: Vec<RequiresRow>,
}

impl Fresh {
    pub fn read(root: &Path) -> Self {
        let text = fs::read_to_string(root.join(FRESH)).unwrap();
        let wheels = lines(&text, "wheel").map(|line| WheelRow::parse(line, FRESH).unwrap());
        Self {
            wheels: wheels.collect(),
            lists: lines(&text, "requires").map(|line| RequiresRow::parse(line).unwrap()).collect(),
        }
    }

    pub fn has(&self, row: &WheelRow) -> bool {
        self.wheels.iter().any(|fresh| fresh.index == row.index && fresh.wheel.as_str() == row.wheel.as_str())
    }

    pub fn has_list(&self, row: &RequiresRow) -> bool {
        self.lists.contains(row)
    }

    /// Without what was gathered since.
    pub fn beyond(mut self, wheels: &[String], lists: &[String]) -> Self {
        let gathered: BTreeMap<(String, String), WheelRow> = wheels
            .iter()
            .map(|line| WheelRow::parse(line, "facts").unwrap())
            .map(|row| ((row.index.to_string(), row.wheel.as_str().to_owned()), row))
            .collect();
        self.wheels.retain(|row| {
            let known = gathered.get(&(row.index.to_string(), row.wheel.as_str().to_owned()));
            assert!(known.is_none_or(|known| known.sha256 == row.sha256), "the index said another digest: {row}");
            known.is_none()
        });
        let key = |row: &RequiresRow| (row.package.clone(), row.version.to_string(), row.index.clone());
        let listed: BTreeSet<_> = lists.iter().map(|line| key(&RequiresRow::parse(line).unwrap())).collect();
        self.lists.retain(|row| !listed.contains(&key(row)));
        self
    }

    /// The file's text.
    pub fn text(&self, before: &str) -> String {
        let head = before.lines().filter(|line| line.starts_with('#')).map(|line| format!("{line}\n"));
        let lists = self.lists.iter().map(|row| format!("requires\t{row}\n"));
        head.chain(lists).chain(self.wheels.iter().map(|row| format!("wheel\t{row}\n"))).collect()
    }
}

// Asking.

/// A release.
type Release = (PackageName, Version);

/// Which builds the index has of the releases of torch's family, from the newest known one on.
fn on_offer(root: &Path, base: &Url) -> BTreeMap<Backend, BTreeSet<Release>> {
    let network = Network::new(io::network_settings().unwrap().asked(false, 30, 2, [base.clone()]));
    let families = fs::read_to_string(root.join("src/catalog/families.tsv")).unwrap();
    let members: BTreeSet<PackageName> =
        lines(&families, "member").map(|line| line.split('\t').next().unwrap().parse().unwrap()).collect();
    let known = wheels_of(root);
    let mut all: BTreeMap<Backend, BTreeSet<Release>> = BTreeMap::new();
    for name in members {
        let page = match network.page(&simple::page_url(base, &name)) {
            Ok(page) => page,
            Err(problem) if problem.code == Code::Absent => {
                println!("the index has no page of {name}");
                continue;
            }
            Err(problem) => panic!("{}", problem.message),
        };
        let own = known.iter().filter(|row| row.wheel.name == name && row.index != Index::Pypi);
        let newest = own.map(|row| row.wheel.public_version()).filter(Version::is_stable).max();
        for link in &page.links {
            let Ok(wheel) = link.file.parse::<WheelName>() else { continue };
            let version = wheel.public_version();
            if !version.is_stable() || newest.as_ref().is_some_and(|newest| version < *newest) {
                continue;
            }
            let folder = link.url.path_segments().and_then(|parts| parts.rev().nth(1)).unwrap_or_default();
            let built = match Built::of(&wheel, folder, None) {
                Built::For(backend) => Some(backend),
                // What serves every build lies in the folder of one.
                Built::Any => folder.parse().ok(),
                Built::Major(_) | Built::Unknown => None,
            };
            if let Some(backend) = built {
                all.entry(backend).or_default().insert((name.clone(), version));
            }
        }
    }
    all
}

fn wheels_of(root: &Path) -> Vec<WheelRow> {
    let text = fs::read_to_string(root.join(WHEELS)).unwrap();
    rows(&text).map(|line| WheelRow::parse(line, "built-in").unwrap()).collect()
}

/// Asks the index for all that it has beyond the tables below `root`, puts that there, and tells what is new by package.
///
/// What the wheels require is asked of the index of pip or uv, or of the one that is named.
fn refresh(root: &Path, base: &Url, closure: Option<&str>) -> String {
    for (backend, releases) in on_offer(root, base) {
        let mut command = Command::new(program());
        command.args(["catalog", "update", "--catalog", FRESH, "--index"]).arg(format!("{base}/{backend}"));
        command.args(["--backend", &backend.to_string()]).current_dir(root);
        command.args(closure.into_iter().flat_map(|closure| ["--closure-index", closure]));
        command.args(releases.iter().map(|(name, version)| format!("{name}=={version}")));
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{backend}: {said}");
        said.lines().filter(|line| line.starts_with("note: ")).for_each(|line| println!("{backend}: {line}"));
    }
    let fresh = Fresh::read(root);
    let more = |path: &str, head: &str, new: Vec<String>| {
        let before = fs::read_to_string(root.join(path)).unwrap();
        let all: BTreeSet<String> = rows(&before).map(str::to_owned).chain(new).collect();
        let after = sorted(head, all.into_iter().collect());
        fs::write(root.join(path), &after).unwrap();
        reported(path, &before, &after)
    };
    let releases = fs::read_to_string(root.join(RELEASES)).unwrap();
    let mut text = more(WHEELS, WHEELS_HEAD, fresh.wheels.iter().map(ToString::to_string).collect());
    text += &more(REQUIRES, REQUIRES_HEAD, fresh.lists.iter().map(ToString::to_string).collect());
    let made = with_new_releases(&releases, &wheels_of(root), &fresh.wheels);
    fs::write(root.join(RELEASES), &made).unwrap();
    text + &reported(RELEASES, &releases, &made)
}

/// What is new in a table: how many lines of which release; of the table of releases each line that is new or gone.
fn reported(path: &str, before: &str, after: &str) -> String {
    let (old, new): (BTreeSet<&str>, BTreeSet<&str>) = (rows(before).collect(), rows(after).collect());
    let mut counts: BTreeMap<(char, String), usize> = BTreeMap::new();
    for (sign, line) in new.difference(&old).map(|line| ('+', line)).chain(old.difference(&new).map(|line| ('-', line)))
    {
        let key = if path == RELEASES {
            line.replace('\t', " ")
        } else {
            line.split('\t').take(2).collect::<Vec<_>>().join(" ")
        };
        *counts.entry((sign, key)).or_default() += 1;
    }
    let lines = counts.into_iter().map(|((sign, key), count)| match path {
        RELEASES => format!("{sign} {key}\n"),
        _ => format!("{sign} {key}: {count}\n"),
    });
    let lines: String = lines.collect();
    if lines.is_empty() { lines } else { format!("{path}\n{lines}") }
}

// The table of releases.

/// The table of releases with the builds of those releases of torch of which some are `fresh`, and with the ranges of
/// Pythons that the wheels have. Of a release that the index was not asked for the facts may have some builds alone.
fn with_new_releases(text: &str, wheels: &[WheelRow], fresh: &[WheelRow]) -> String {
    let is_torch = |row: &&WheelRow| row.wheel.name.as_ref() == "torch";
    let torch: Vec<&WheelRow> = wheels.iter().filter(is_torch).collect();
    let minor = |row: &WheelRow| {
        let release = row.wheel.version.release().iter().take(2).map(u64::to_string);
        release.collect::<Vec<_>>().join(".")
    };
    let head: String = text.lines().filter(|line| line.starts_with('#')).map(|line| format!("{line}\n")).collect();
    let mut all: Vec<String> = rows(text).filter(|line| !line.starts_with("python\t")).map(str::to_owned).collect();
    for release in fresh.iter().filter(is_torch).map(minor).collect::<BTreeSet<_>>() {
        let here = torch.iter().filter(|row| row.index != Index::Pypi && minor(row) == release);
        let built: BTreeSet<Backend> = here.filter_map(|row| Backend::from_str(&row.built.to_string()).ok()).collect();
        for kind in ["cuda", "rocm"] {
            let key = format!("{kind}\t{release}\t");
            let reported = all.iter().find_map(|line| line.strip_prefix(&key)).unwrap_or_default();
            let reported = reported.split_whitespace().map(|one| one.parse::<Backend>().unwrap());
            let own = built.iter().copied().filter(|one| one.kind().eq_ignore_ascii_case(kind));
            let mut builds: Vec<Backend> = reported.chain(own).collect::<BTreeSet<_>>().into_iter().collect();
            // Of ROCm the matrix lists the newest alone.
            let beside = if kind == "rocm" { builds.len().saturating_sub(1) } else { 0 };
            let builds: Vec<String> = builds.drain(beside..).map(|one| one.to_string()).collect();
            all.retain(|line| !line.starts_with(&key));
            all.extend((!builds.is_empty()).then(|| format!("{key}{}", builds.join(" "))));
        }
    }
    for platform in Platform::ALL {
        for python in (5..=20).map(Python::three) {
            let range = python_range(&torch, Environment { platform, python });
            all.extend(range.map(|(first, last)| {
                let last = last.map_or("-".to_owned(), |last| last.to_string());
                format!("python\t{platform}\t{python}\t{first}\t{last}")
            }));
        }
    }
    sorted(&head, all)
}

/// The first release of torch that has a wheel there, and the last one unless that is the newest of all.
pub fn python_range(torch: &[&WheelRow], here: Environment) -> Option<(Version, Option<Version>)> {
    let newest = torch.iter().map(|row| row.wheel.public_version()).max()?;
    let fitting = torch.iter().filter(|row| row.wheel.fit(here).is_some());
    let versions: BTreeSet<Version> = fitting.map(|row| row.wheel.public_version()).collect();
    let last = versions.last().filter(|last| **last != newest).cloned();
    Some((versions.first()?.clone(), last))
}

// The step, and what holds it.

/// A copy of what the step reads and writes.
fn copy(from: &Path) -> TempDir {
    let to = TempDir::new().unwrap();
    for path in [WHEELS, REQUIRES, RELEASES, "src/catalog/families.tsv", FRESH] {
        fs::create_dir_all(to.path().join(path).parent().unwrap()).unwrap();
        fs::copy(from.join(path), to.path().join(path)).unwrap();
    }
    to
}

/// The step of CONTRIBUTING.md, "Refresh the tables".
#[test]
fn the_index_has_nothing_that_the_tables_lack() {
    let Ok(base) = std::env::var("TORCHSWAP_INDEX") else {
        println!("skipped: the_index_has_nothing_that_the_tables_lack: no index is named by TORCHSWAP_INDEX");
        return;
    };
    let base: Url = base.trim_end_matches('/').parse().unwrap();
    let place = copy(root());
    let new = refresh(place.path(), &base, None);
    // The runner has begun a line.
    print!("\n{new}");
    if std::env::var_os("TORCHSWAP_UPDATE").is_some_and(|value| value == "1") {
        for path in [WHEELS, REQUIRES, RELEASES, FRESH] {
            fs::copy(place.path().join(path), root().join(path)).unwrap();
        }
    } else {
        assert!(new.is_empty(), "take this into the tables with TORCHSWAP_UPDATE=1");
    }
}

#[test]
fn fresh_rows_stand_in_the_tables_and_have_no_witness() {
    let fresh = Fresh::read(root());
    let (wheels, lists) = (super::wheels(), super::requires());
    for row in &fresh.wheels {
        assert!(row.seen == 0 && ["index", "computed"].contains(&&*row.evidence), "{row}");
        assert!(wheels.iter().any(|known| known.to_string() == row.to_string()), "{row}");
    }
    for row in &fresh.lists {
        assert!(["metadata", "wheel"].contains(&&*row.provenance) && lists.contains(row), "{row}");
    }
    ProjectTable::parse(FRESH, fs::read_to_string(root().join(FRESH)).unwrap()).unwrap();
}

/// A release that was made with its CUDA libraries missing from its metadata came before: nobody would see it in the diff.
#[test]
fn no_fresh_list_of_a_gpu_build_lacks_its_triton() {
    for row in Fresh::read(root()).lists.iter().filter(|row| row.package.as_ref() == "torch") {
        let label = row.version.to_string();
        let gpu = ["+cu", "+rocm", "+xpu"].iter().any(|kind| label.contains(kind));
        let there = gpu && row.platform == Some(Platform::LinuxX86_64);
        assert!(!there || row.list.iter().any(|one| one.contains("triton")), "{row}");
    }
}

/// A site as PyTorch's: a page for all builds beside one for each, and files in the folder of their build.
fn site() -> Site {
    let site = Site::torch();
    for (build, python, platform) in [
        ("cu140", "cp314-cp314", "manylinux_2_28_x86_64"),
        ("cu140", "cp316-cp316", "manylinux_2_28_x86_64"),
        ("cu130", "cp314-cp314", "manylinux_2_28_x86_64"),
        ("rocm8.0", "cp314-cp314", "manylinux_2_28_x86_64"),
        ("cpu", "cp314-cp314", "manylinux_2_28_x86_64"),
    ] {
        for (package, requires) in
            [("torch-2.99.1", &["filelock", "triton==3.99.0"][..]), ("torchvision-0.99.1", &["torch==2.99.1"])]
        {
            let file = format!("{package}+{build}-{python}-{platform}.whl");
            let folder = format!("/whl/{build}");
            site.put(&folder, &folder, &file, requires, Tells::All);
            site.put("/whl", &folder, &file, requires, Tells::All);
        }
        for file in [
            "triton-3.99.0-cp314-cp314-manylinux_2_28_x86_64.whl",
            "triton-3.99.0-cp316-cp316-manylinux_2_28_x86_64.whl",
        ] {
            site.put(&format!("/whl/{build}"), "/whl", file, &[], Tells::Digest);
        }
    }
    // Neither old releases nor those before a release are asked for.
    for file in
        ["torch-2.0.0+cu140-cp310-cp310-linux_x86_64.whl", "torch-2.100.0rc1+cu140-cp314-cp314-linux_x86_64.whl"]
    {
        site.link("/whl", file, &format!("<a href='/whl/cu140/{}'>x</a>", file.replace('+', "%2B")));
    }
    site
}

#[test]
fn a_new_release_comes_into_the_tables_in_one_step() {
    let site = site();
    let place = copy(root());
    let base: Url = site.server.url("/whl").parse().unwrap();
    let closure = site.server.url("/simple");
    let new = refresh(place.path(), &base, Some(&closure));
    for line in [
        "+ torch 2.99.1+cu140: 2\n",
        "+ torch 2.99.1+cpu: 1\n",
        "+ torchvision 0.99.1+rocm8.0: 1\n",
        "+ triton 3.99.0: 2\n",
        "+ filelock 4.0.0: 1\n",
        "+ cuda 2.99 cu130 cu140\n",
        "+ rocm 2.99 rocm8.0\n",
        "+ python linux-x86_64 3.16 2.99.1 -\n",
        "- python linux-x86_64 3.11 1.13.0 -\n",
        "+ python linux-x86_64 3.11 1.13.0 2.",
    ] {
        assert!(new.contains(line), "{line}: {new}");
    }
    assert!(!new.contains("2.0.0+cu140") && !new.contains("2.100.0"), "{new}");
    let read = |path: &str| fs::read_to_string(place.path().join(path)).unwrap();
    // What was there stays, and what is new is what the index said, of its bytes.
    for path in [WHEELS, REQUIRES] {
        let (before, after) = (fs::read_to_string(root().join(path)).unwrap(), read(path));
        let after: BTreeSet<&str> = after.lines().collect();
        assert!(before.lines().all(|line| after.contains(line)), "{path}");
    }
    let file = "torch-2.99.1+cu140-cp316-cp316-manylinux_2_28_x86_64.whl";
    let digest =
        crate::catalog_update::sha256(&crate::catalog_update::wheel(file, &["filelock", "triton==3.99.0"], 2000));
    let row = wheels_of(place.path()).into_iter().find(|row| row.wheel.as_str() == file).unwrap();
    assert_eq!((row.sha256.to_string(), row.seen, &*row.evidence), (digest, 0, "index"));
    // A second time nothing is new, and nothing is written.
    let before: Vec<String> = [WHEELS, REQUIRES, RELEASES, FRESH].map(read).to_vec();
    assert_eq!(refresh(place.path(), &base, Some(&closure)), "");
    assert_eq!([WHEELS, REQUIRES, RELEASES, FRESH].map(read).to_vec(), before);
    // Once the wheels are gathered they go from the file, digest compared.
    let fresh = Fresh::read(place.path());
    let count = fresh.wheels.len();
    let gathered = row.to_string().replace("\t0\t>=3.8\tindex", "\t2\t>=3.8\tuv");
    let left = fresh.beyond(&[gathered], &[]);
    assert_eq!(left.wheels.len(), count - 1);
    assert!(left.text(&before[3]).lines().count() == before[3].lines().count() - 1);
}

#[test]
#[should_panic(expected = "the index said another digest")]
fn a_gathered_digest_that_is_another_is_reported() {
    let line = |digit: &str, seen: u8| {
        let file = "torch-2.99.1+cu140-cp316-cp316-manylinux_2_28_x86_64.whl";
        let digest = digit.repeat(64);
        format!("torch\t2.99.1+cu140\tcu140\thttps://w.example/cu140\t{file}\t{digest}\t-\t{seen}\t-\tindex")
    };
    let fresh = Fresh { wheels: vec![WheelRow::parse(&line("a", 0), FRESH).unwrap()], lists: Vec::new() };
    fresh.beyond(&[line("b", 2)], &[]);
}
