//! `--learn` judged by the tables: a program that lacks torch's companions learns them from an index made of the full
//! tables, which behaves as PyTorch's does: 403 for what it does not have, links to a second host by whole addresses,
//! metadata beside some wheels alone, no digest for some. `.ci/learning` makes the program.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use torchswap::catalog::listing::Filter;
use torchswap::catalog::{Catalogues, Index, Requires, WheelRow, WheelSource, releases};
use torchswap::packaging::target::{Backend, Platform};

use crate::catalog_update::sha256;
use crate::corpus;
use crate::support::server::Server;
use crate::support::wheel::Wheel;
use crate::support::{Place, Run, fixture, poetry_fixtures, requirements_fixtures, root};

const PYTORCH: &str = "https://download.pytorch.org/whl";

/// Named, so that nothing is written beside a lock.
const LEARNED: &str = "learned.tsv";

/// The packages that the program lacks, on an index of two hosts.
struct TheirIndex {
    pages: Server,
    files: Server,
    /// The digest that the tables have for the file of a digest that is served.
    digests: BTreeMap<String, String>,
    /// And the other way round, where there is one file of that digest.
    served: BTreeMap<String, String>,
    /// How many wheels there are.
    wheels: usize,
}

impl TheirIndex {
    fn of(packages: &BTreeSet<&str>) -> Self {
        let (pages, files) = (Server::new(), Server::new());
        let mut site = Self { pages, files, digests: BTreeMap::new(), served: BTreeMap::new(), wheels: 0 };
        let all = Catalogues::NONE;
        let folders: BTreeSet<String> =
            all.builds(&"torch".parse().unwrap()).into_iter().map(|(_, build)| build.to_string()).collect();
        let mut pages: BTreeMap<String, String> = BTreeMap::new();
        for package in packages {
            let rows = all.wheels(&package.parse().unwrap());
            for row in &rows {
                let Some(link) = site.put(row) else { continue };
                let on: Vec<String> = match &row.index {
                    // What is built for one CUDA lies in its folder, too, where the tables know no other file of the release.
                    Index::Pypi => {
                        let folder = format!("{PYTORCH}/{}", row.built);
                        let release = row.wheel.public_version();
                        let is_there = |other: &WheelRow| {
                            other.index.as_str() == folder && other.wheel.public_version() == release
                        };
                        let folder =
                            (row.built.is_bound() && !rows.iter().any(is_there)).then(|| format!("/whl/{}", row.built));
                        folder.into_iter().chain(["/simple".to_owned()]).collect()
                    }
                    // What lies in no folder is linked to from that of each build.
                    Index::Url(url) if **url == *PYTORCH => {
                        folders.iter().map(|build| format!("/whl/{build}")).collect()
                    }
                    Index::Url(url) => vec![url.replace(PYTORCH, "/whl")],
                };
                for page in on {
                    pages.entry(format!("{page}/{package}/")).or_default().push_str(&link);
                }
            }
        }
        for (path, links) in pages {
            site.pages.page(&path, &format!("<!DOCTYPE html><html><body>{links}</body></html>"));
        }
        site
    }

    /// Serves a tiny wheel for a row, and gives the link to it; `None` if nobody knows what the real one requires.
    fn put(&mut self, row: &WheelRow) -> Option<String> {
        let (platforms, _) = Filter::default().places(row);
        let known = platforms.into_iter().rev().find_map(|platform| match Catalogues::NONE.requires(row, platform) {
            Requires::Known { list, .. } => Some(list),
            Requires::Suspect { .. } | Requires::Unknown => None,
        });
        let (file, reported) = (row.wheel.as_str(), row.sha256.to_string());
        let python = row.requires_python.clone().unwrap_or_default();
        // The digest in it keeps the bytes of two files of one name apart.
        let wheel = Wheel { requires: known?, python, note: reported.clone(), ..Wheel::new(file) };
        let (bytes, metadata) = (wheel.bytes(), wheel.metadata());
        let served = sha256(&bytes);
        let folder = match &row.index {
            Index::Pypi => format!("/packages/{}", &reported[..8]),
            Index::Url(url) => url.replace(PYTORCH, "/whl"),
        };
        let path = format!("{folder}/{}", file.replace('+', "%2B"));
        let (has_metadata, has_digest) = match (self.wheels % 4, &row.index) {
            (1, _) => (false, true),
            (2, Index::Url(_)) => (true, false),
            (3, Index::Url(_)) => (false, false),
            _ => (true, true),
        };
        let digest = if has_digest { format!("#sha256={served}") } else { String::new() };
        let mut attributes = String::new();
        if let Some(range) = &row.requires_python {
            attributes
                .push_str(&format!(" data-requires-python=\"{}\"", range.replace('>', "&gt;").replace('<', "&lt;")));
        }
        if has_metadata {
            let beside = sha256(metadata.as_bytes());
            attributes.push_str(&format!(
                " data-dist-info-metadata=\"sha256={beside}\" data-core-metadata=\"sha256={beside}\""
            ));
            self.files.file(&format!("{path}.metadata"), "text/plain", metadata);
        }
        if row.yanked {
            attributes.push_str(" data-yanked=\"\"");
        }
        self.files.file(&path, "application/octet-stream", bytes);
        self.digests.insert(served.clone(), reported.clone());
        self.served.insert(reported, served);
        self.wheels += 1;
        Some(format!("<a href=\"{}{digest}\"{attributes}>{file}</a><br/>\n", self.files.url(&path)))
    }

    /// A text with other digests in it.
    fn translated(text: &str, digests: &BTreeMap<String, String>) -> String {
        let words = text.split_inclusive(|letter: char| !letter.is_ascii_hexdigit());
        let translated = words.map(|word| match word.get(..64).and_then(|digest| digests.get(digest)) {
            Some(digest) => digest.clone() + &word[64..],
            None => word.to_owned(),
        });
        translated.collect()
    }

    /// What was learned as the tables have it: their digests, and PyTorch's addresses.
    fn in_the_words_of_the_tables(&self, text: &str) -> String {
        Self::translated(&text.replace(&self.files.url("/whl"), PYTORCH), &self.digests)
    }

    /// A lock as it would be had a tool made it from this index: the digests are those of the bytes that are served. What lies
    /// beside it comes along.
    fn lock(&self, place: &Place, lock: &Path) -> String {
        for beside in std::fs::read_dir(lock.parent().unwrap()).unwrap() {
            let path = beside.unwrap().path();
            let Some(text) = path.is_file().then(|| std::fs::read_to_string(&path).ok()).flatten() else { continue };
            let name = path.file_name().unwrap().to_str().unwrap();
            place.write(&format!("lock/{name}"), Self::translated(&text, &self.served));
        }
        format!("lock/{}", lock.file_name().unwrap().to_str().unwrap())
    }
}

/// What an output for one Python installs: names, each with the digests it may have. Where the very bytes lie on two indexes
/// the tables and an index may name either.
fn installs(text: &str) -> BTreeSet<String> {
    let text = text.replace("\\\n", " ");
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let one = |line: &str| {
        let name = line.split(['=', ' ', '[', ';']).next().unwrap_or_default();
        let mut digests: Vec<&str> = line.split_whitespace().filter(|word| word.starts_with("--hash=")).collect();
        digests.sort_unstable();
        format!("{name} {}", digests.join(" "))
    };
    lines.map(one).collect()
}

/// The Pythons that an output is for, as its header says.
fn pythons(text: &str) -> Vec<&str> {
    let header = text.lines().find_map(|line| line.split_once("CPython ")).unwrap();
    header.1.split(", ").collect()
}

/// Every lock that is at hand.
fn locks() -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = poetry_fixtures().into_iter().map(|folder| folder.join("poetry.lock")).collect();
    all.extend(requirements_fixtures());
    for example in std::fs::read_dir(root().join("examples")).unwrap() {
        let lock = example.unwrap().path().join("poetry.lock");
        all.extend(lock.is_file().then_some(lock));
    }
    all.extend(["pdm", "pip", "uv"].map(|tool| fixture(&format!("pylock/{tool}/torch-2.5.1/pylock.toml"))));
    match corpus::corpus() {
        Some(folder) => all.extend(corpus::locks(&folder)),
        None => println!("skipped: there is no corpus of real lock files here"),
    }
    all
}

fn learn(program: &Path, place: &Place, site: &TheirIndex, export: &str, lock: &str) -> Run {
    let network = format!(
        "--learn --hash-missing --retries 3 --timeout 60 --catalog {LEARNED} --learn-index {} --closure-index {} {}",
        site.pages.url("/whl"),
        site.pages.url("/simple"),
        lock
    );
    let reported = place.command(&format!("{export} {network}"));
    let mut command = Command::new(program);
    command.args(reported.get_args()).current_dir(place.path());
    for (name, value) in reported.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    Run::new(&command.output().unwrap())
}

#[test]
#[ignore = "needs a program without torch's companions: .ci/learning makes it"]
fn what_the_tables_lack_is_learned_as_they_have_it() {
    let program = PathBuf::from(std::env::var_os("TORCHSWAP_EMPTIED").unwrap());
    let lacking = std::env::var("TORCHSWAP_LACKING").unwrap();
    let lacking: BTreeSet<&str> = lacking.split('|').collect();
    let site = TheirIndex::of(&lacking);
    let torch = "torch".parse().unwrap();
    let builds: BTreeSet<Backend> = Catalogues::NONE.builds(&torch).into_iter().map(|(_, build)| build).collect();
    let builds: Vec<Backend> = builds
        .into_iter()
        .filter(|build| {
            matches!(build, Backend::Cpu | Backend::Cuda(..))
                && releases::first_on(Platform::LinuxX86_64, *build).is_none_or(|first| first.is_some())
        })
        .collect();
    let (mut same, mut offline, mut wrong) = (0, 0, Vec::new());
    let locks = locks();
    for lock in &locks {
        let place = Place::new();
        let own = site.lock(&place, lock);
        for build in &builds {
            let export = format!("export -q --backend {build} --platform linux-x86_64");
            let all = place.run(&format!("{export} {}", lock.display()));
            if all.status != 0 {
                continue;
            }
            for python in pythons(&all.stdout) {
                let export = format!("{export} --python {python}");
                let reported = installs(&place.run(&format!("{export} {}", lock.display())).ok());
                let run = learn(&program, &place, &site, &export, &own);
                let learned = std::fs::remove_file(place.path().join(LEARNED)).is_ok();
                let found = installs(&site.in_the_words_of_the_tables(&run.stdout));
                if run.status == 0 && reported == found {
                    same += 1;
                    offline += usize::from(!learned);
                    continue;
                }
                let only = |own: &BTreeSet<String>, other: &BTreeSet<String>| {
                    own.difference(other).map(|line| format!("  {line}\n")).collect::<String>()
                };
                let (lost, new) = (only(&reported, &found), only(&found, &reported));
                let context = format!("{} {build} {python}", lock.display());
                wrong.push(format!("{context}: the tables have\n{lost}and learned was\n{new}{}", run.stderr));
            }
        }
    }
    println!(
        "{} locks, {} builds, {} wheels on the index: {same} files as the tables make them, {offline} of which learned nothing",
        locks.len(),
        builds.len(),
        site.wheels
    );
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), same + wrong.len(), wrong.join("\n"));
    assert!(same - offline > 100, "hardly anything was learned");
}
