//! Several targets in one requirements file: each gets what it would get alone, separated by markers; nothing is chosen
//! silently, and no package that all targets need is missing from one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use torchswap::catalog::Catalogues;
use torchswap::lock::requirements::{self, RequirementsFile};
use torchswap::lock::{Choice, Lock, LockedDigest, Origin};
use torchswap::packaging::marker::Extras;
use torchswap::packaging::target::{Environment, Platform, Python, Target};
use torchswap::packaging::wheel::WheelName;
use torchswap::plan::{self, Knowledge, TargetPlan, Wanted};
use torchswap::write::{self, Style};

use crate::support::{Place, chosen_poetry_fixtures, requirements_fixtures, snapshot};
use crate::{corpus, selection};

const CONFIG: &str = "[targets.mac]\nplatform = \"macos-arm64\"\n\
    [targets.docker]\ncuda = \"11.8\"\npython = [\"3.10\"]\n\
    [targets.ci]\ncpu = true\n\
    [targets.arm]\nplatform = \"linux-aarch64\"\ncpu = true\n";

fn place(config: &str) -> Place {
    let place = Place::of("poetry-2.5/torch-2.1.2");
    place.write("torchswap.toml", config);
    place
}

/// A file without the lines of digests, which would hide the rest.
fn heads(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with("    --hash="));
    lines.map(|line| format!("{}\n", line.trim_end_matches(" \\"))).collect()
}

#[test]
fn markers_part_the_targets() {
    let run = place(CONFIG).run("export --target mac --target docker --target arm");
    let telling = run.stderr.lines().filter(|line| line.contains("torch 2.1.2")).count();
    assert_eq!(telling, 3, "each target is summed up: {}", run.stderr);
    snapshot("several-targets", &heads(&run.ok()));
}

#[test]
fn targets_that_no_marker_distinguishes_are_refused() {
    let place = place(CONFIG);
    let run = place.run("export --target docker --target mac --target ci -o all.txt");
    assert!(!place.exists("all.txt"));
    snapshot("refuse-targets-of-one-platform", &run.shown());
    // A flag beside them holds for all.
    assert!(place.run("export --target mac --target arm --platform linux-x86_64").refused().contains("cannot share"));
    // Under other Pythons the same two can.
    let text = place.run("export --target docker --target ci --python 3.10").refused();
    assert!(text.contains("CPython 3.10"), "{text}");
    place.write(
        "torchswap.toml",
        CONFIG.replace("cpu = true\n[targets.arm]", "cpu = true\npython = \"3.11\"\n[targets.arm]"),
    );
    let text = heads(&place.run("export --target docker --target ci").ok());
    assert!(text.contains("cp310-linux_x86_64.whl ; python_version < \"3.11\"\n"), "{text}");
    assert!(text.contains("cpu-cp311-cp311-linux_x86_64.whl ; python_version >= \"3.11\"\n"), "{text}");
    assert!(!text.contains("sys_platform"), "there is one platform:\n{text}");
}

/// Targets with one output in the configuration share that file.
#[test]
fn a_shared_output_is_one_file() {
    let shared =
        CONFIG.replace("[targets.ci]\ncpu = true\n", "").replace("platform =", "output = \"all.txt\"\nplatform =");
    let place = place(&shared.replace("cuda =", "output = \"all.txt\"\ncuda ="));
    assert_eq!(place.run("export --all-targets -q").ok(), "");
    let text = place.read("all.txt");
    assert!(text.contains("\n# Target docker: linux-x86_64, cu118, CPython 3.10\n"), "{text}");
    assert!(text.contains("\n# Command: torchswap export --target mac --target docker --target arm\n"), "{text}");
    let by_name = place.run("export --target mac --target docker --target arm -q");
    assert_eq!((by_name.status, by_name.stdout.as_str()), (0, ""), "it goes where the configuration says");
    assert_eq!((place.run("check").status, place.run("check all.txt").status), (0, 0));
    // One of them alone would take the others' lines away.
    let message = place.run("export --target docker").refused();
    assert!(message.contains("all.txt for the targets mac and docker and arm together"), "{message}");
    assert!(place.run("export --target docker -o docker.txt").ok().is_empty());
    assert_eq!(place.read("all.txt"), text);
    // A line that only one target has is looked at on that target.
    let line = text.lines().find(|line| line.starts_with("triton==")).unwrap();
    place.write("all.txt", text.replace(line, &line.replace("\"x86_64\"", "\"ppc64le\"")));
    let run = place.run("check all.txt");
    assert!(run.status == 1 && run.stdout.contains("+ triton=="), "{}", run.stdout);
    assert_eq!(place.run("check").status, 1);
    assert_eq!(place.run("check --fix -q").status, 0);
    assert_eq!(place.read("all.txt"), text);
}

#[test]
fn targets_that_write_differently_share_no_file() {
    let place = place(&CONFIG.replace("cuda =", "without-hashes = true\ncuda ="));
    let message = place.run("export --target mac --target docker").refused();
    assert!(message.contains("the targets mac and docker share a file, but differ in `without-hashes`"), "{message}");
    assert!(!place.run("export --target mac --target docker --without-hashes -q").ok().contains("--hash"));
}

/// An output of several targets that is read as a lock gives each its own part again.
#[test]
fn an_export_of_the_export_is_that_export() {
    let place = place(CONFIG);
    let first = place.run("export --target mac --target docker --target arm -q").ok();
    place.write("poetry.lock.txt", &first);
    let second = place.run("export --target mac --target docker --target arm -q poetry.lock.txt").ok();
    let body = |text: &str| {
        text.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect::<String>()
    };
    assert_eq!(body(&second), body(&first));
}

/// One target of a trial: platform and builds to try, the first that the lock can be swapped to is taken.
const WISHES: [(Platform, &[&str]); 4] = [
    (Platform::LinuxX86_64, &["cu118", "cu121", "cu124", "cu126", "cu128", "cu117", "cu116", "cpu"]),
    (Platform::LinuxAarch64, &["cpu"]),
    (Platform::WindowsX86_64, &["cu124", "cpu", "cu118"]),
    (Platform::MacosArm64, &["cpu"]),
];

/// A line on an environment: what is installed, then with which digests.
type Installed = BTreeMap<String, (String, BTreeSet<LockedDigest>)>;

fn parse(text: &str) -> RequirementsFile {
    requirements::parse("output", text.to_owned(), &mut |_| Err("no includes".to_owned())).unwrap()
}

fn version_or_url(file: &RequirementsFile, entry: usize) -> String {
    let entry = &file.entries[entry];
    match &entry.origin {
        Origin::Index(_) => entry.version.as_ref().map(ToString::to_string).unwrap_or_default(),
        Origin::Url(place) | Origin::Git(place) | Origin::File(place) | Origin::Directory(place) => place.clone(),
    }
}

fn installed(file: &RequirementsFile, environment: Environment, what: &str) -> Installed {
    let mut found = Installed::new();
    for package in file.select(environment, &Extras::new()).packages {
        let entry = &file.entries[package.entry];
        let said = format!("{}{:?} {:?}", version_or_url(file, package.entry), package.extras, package.condition);
        let digests = entry.files.iter().map(|file| file.digest.clone()).collect();
        // Lines that the target cannot decide between may stand side by side.
        let key = format!("{} {}", entry.name, package.condition.marker().unwrap_or_default());
        assert_eq!(found.insert(key, (said, digests)), None, "{what}: {} twice on {environment}", entry.name);
    }
    found
}

fn without_digests(installed: &Installed) -> BTreeMap<&String, &String> {
    installed.iter().map(|(name, (said, _))| (name, said)).collect()
}

struct Trial<'a> {
    lock: &'a Lock,
    what: &'a str,
    knowledge: &'a Knowledge<'a>,
    style: Style,
}

impl Trial<'_> {
    fn plans(&self, targets: &[Target]) -> Option<Vec<TargetPlan>> {
        let wanted = targets.iter().map(|target| Wanted::new(target.clone(), Choice::default()));
        let wanted: Vec<Wanted> = wanted.collect();
        plan::targets(self.lock, &wanted, self.knowledge).ok()
    }

    fn file(&self, plans: &[TargetPlan]) -> Option<RequirementsFile> {
        write::requirements(self.lock, plans, &self.style).ok().map(|text| parse(&text))
    }

    /// How many environments were compared.
    fn run(&self) -> usize {
        let target = |platform, build: &&str, pythons: Vec<Python>| {
            let name = Some(platform_name(platform));
            Target { name, platform, backend: build.parse().ok(), pythons }
        };
        let mut alone: Vec<(TargetPlan, RequirementsFile)> = Vec::new();
        for (platform, builds) in WISHES {
            let made = builds.iter().find_map(|build| {
                let plans = self.plans(&[target(platform, build, Vec::new())])?;
                let file = self.file(&plans)?;
                Some((plans.into_iter().next()?, file))
            });
            alone.extend(made);
        }
        if alone.len() < 2 {
            return 0;
        }
        let all: Vec<TargetPlan> = alone.iter().map(|(plan, _)| plan.clone()).collect();
        let together = self.file(&all).unwrap();
        let mut compared = 0;
        for (plan, own) in &alone {
            for python in &plan.target.pythons {
                let environment = Environment { platform: plan.target.platform, python: *python };
                let found = installed(&together, environment, self.what);
                assert_eq!(found, installed(own, environment, self.what), "{} on {environment}", self.what);
                // The flat list has the files of one Python alone where the catalogue says which these are.
                let flat = self.plans(&[Target { pythons: vec![*python], ..plan.target.clone() }]).unwrap();
                let flat = installed(&self.file(&flat).unwrap(), environment, self.what);
                assert_eq!(without_digests(&found), without_digests(&flat), "{} on {environment}", self.what);
                compared += 1;
            }
        }
        self.outside(&all, &together);
        compared
    }

    /// What is in all places is nowhere missing; and where there is no target, torch is a wheel that does not install.
    fn outside(&self, plans: &[TargetPlan], file: &RequirementsFile) {
        let names_in = |environment: &plan::EnvironmentPlan| -> BTreeSet<String> {
            environment.lines.iter().map(|line| line.name.to_string()).collect()
        };
        let places = plans.iter().flat_map(|plan| &plan.environments);
        let everywhere = places.map(names_in).reduce(|all, here| &all & &here).unwrap();
        let swapped =
            file.entries.iter().any(|entry| entry.name.as_ref() == "torch" && matches!(entry.origin, Origin::Url(_)));
        for platform in Platform::ALL {
            let served = plans.iter().find(|plan| plan.target.platform == platform);
            for python in (6..=15).map(Python::three) {
                let environment = Environment { platform, python };
                if served.is_some_and(|plan| plan.target.pythons.contains(&python)) {
                    continue;
                }
                let packages = file.select(environment, &Extras::new()).packages;
                let found: BTreeSet<String> =
                    packages.iter().map(|package| file.entries[package.entry].name.to_string()).collect();
                // A requirements file's own markers may leave a package out there, and stay.
                if matches!(self.lock, Lock::Poetry(_)) {
                    let missing: Vec<&String> = everywhere.difference(&found).collect();
                    assert!(missing.is_empty(), "{}: {missing:?} are missing on {environment}", self.what);
                }
                if swapped && served.is_none() && everywhere.contains("torch") {
                    let refused = packages.iter().any(|package| match &file.entries[package.entry].origin {
                        Origin::Url(url) => {
                            let name = url.rsplit('/').next().unwrap().replace("%2B", "+");
                            name.parse::<WheelName>().is_ok_and(|wheel| wheel.fit(environment).is_none())
                        }
                        Origin::Index(_) | Origin::Git(_) | Origin::File(_) | Origin::Directory(_) => false,
                    });
                    assert!(refused, "{}: nothing refuses {environment}", self.what);
                }
            }
        }
    }
}

fn platform_name(platform: Platform) -> String {
    platform.to_string()
}

fn try_all<'a>(locks: impl Iterator<Item = (String, &'a Lock)>) -> (usize, usize) {
    let catalogues = Catalogues::new(Vec::new()).unwrap();
    let knowledge = Knowledge::new(&catalogues);
    let (mut files, mut compared) = (0, 0);
    for (what, lock) in locks {
        let without_hashes = lock.entries().iter().all(|entry| !entry.is_hashed());
        let style = Style {
            without_hashes,
            header: Some(write::HeaderText { lines: vec!["Target: none".to_owned()], ..write::HeaderText::default() }),
            ..Style::default()
        };
        let environments = Trial { lock, what: &what, knowledge: &knowledge, style }.run();
        files += usize::from(environments > 0);
        compared += environments;
    }
    (files, compared)
}

fn read_requirements(path: &Path) -> Option<Lock> {
    let folder = path.parent().unwrap().to_owned();
    let text = std::fs::read_to_string(path).ok()?;
    let mut include = |name: &str| std::fs::read_to_string(folder.join(name)).map_err(|error| error.to_string());
    let file = requirements::parse(&path.file_name().unwrap().to_string_lossy(), text, &mut include).ok()?;
    Some(Lock::Requirements(Box::new(file)))
}

#[test]
fn every_target_gets_what_it_would_alone() {
    let mut locks: Vec<(String, Lock)> = chosen_poetry_fixtures()
        .iter()
        .map(|path| (path.display().to_string(), selection::read_poetry(path)))
        .collect();
    let files = requirements_fixtures();
    locks.extend(files.iter().filter_map(|path| Some((path.display().to_string(), read_requirements(path)?))));
    let (files, compared) = try_all(locks.iter().map(|(what, lock)| (what.clone(), lock)));
    println!("{files} files for several targets, {compared} environments as if alone");
    assert!(files > 20 && compared > 300, "only {files} files and {compared} environments");
}

#[test]
fn every_target_of_real_locks_gets_what_it_would_alone() {
    let Some(folder) = corpus::corpus() else {
        println!("skipped: there is no corpus of real lock files here");
        return;
    };
    let read = |path: &std::path::PathBuf| {
        if path.extension().is_some_and(|ending| ending == "txt") {
            return read_requirements(path);
        }
        selection::try_read_poetry(path.parent()?)
    };
    let locks = corpus::locks(&folder);
    let locks: Vec<(String, Lock)> =
        locks.iter().filter_map(|path| Some((path.display().to_string(), read(path)?))).collect();
    let (files, compared) = try_all(locks.iter().map(|(what, lock)| (what.clone(), lock)));
    println!("{files} of {} real locks for several targets, {compared} environments as if alone", locks.len());
    assert!(files > 0);
}
