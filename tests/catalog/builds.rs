//! Which build each wheel belongs to, and how that follows from the facts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use torchswap::catalog::{Built, Catalogues, Index, WheelRow, WheelSource, releases};
use torchswap::packaging::target::{Backend, Environment, Platform, Python};
use torchswap::packaging::wheel::WheelName;

use super::{rows, text, wheels};

/// What wheels of the default index are built for of which the facts do not tell it, by package, release and platform: read
/// from the bytes of each wheel, whose digest is the fact's. A wheel for CUDA is linked with its runtime; since 0.11.0 the
/// version in `torchcodec/version.py` has the label that the file's name lacks, which says the same.
/// macOS has no GPU that any of them drives.
const BUILT: &str = include_str!("built.tsv");

/// No CPU build of torch is that large, and no CUDA build that small, whether it holds its libraries or requires them.
const SMALLEST_CUDA_TORCH: u64 = 300_000_000;

/// The one platform that a wheel is for; `None` if it is for several.
fn platform(wheel: &WheelName) -> Option<Platform> {
    let fits = |platform: &Platform| {
        (0..=20).any(|minor| wheel.fit(Environment { platform: *platform, python: Python::three(minor) }).is_some())
    };
    let all: Vec<Platform> = Platform::ALL.into_iter().filter(fits).collect();
    match all.as_slice() {
        [only] => Some(*only),
        _ => None,
    }
}

fn is_cuda(backend: Option<&str>) -> bool {
    backend.is_some_and(|name| matches!(name.parse(), Ok(Backend::Cuda(..))))
}

/// The builds of the facts, made right.
///
/// The facts tell a build on the default index from what the release requires there, and that is what its wheel for Linux
/// x86_64 requires: the one for aarch64 may be a CPU build all the same. For torch its size tells, and a companion is
/// built for what the torch that it requires is built for there. The bytes of a file are of one build wherever they lie.
pub struct Builds {
    cpu_torch: BTreeSet<(String, Platform)>,
    /// Which torch a release of a companion on the default index requires.
    torch_of: BTreeMap<(String, String), String>,
    /// The lines of [`BUILT`].
    seen: BTreeMap<(&'static str, &'static str, Platform), &'static str>,
    by_digest: BTreeMap<String, String>,
}

impl Builds {
    pub fn new(wheels: &[Value], requires: &[Value]) -> Self {
        let seen = rows(BUILT).map(|line| match line.split('\t').collect::<Vec<_>>().as_slice() {
            [package, version, platform, built] => ((*package, *version, platform.parse().unwrap()), *built),
            _ => panic!("{line}"),
        });
        let (cpu_torch, torch_of, by_digest) = (BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
        let mut builds = Self { cpu_torch, torch_of, seen: seen.collect(), by_digest };
        for fact in wheels.iter().filter(|fact| text(fact, "package") == "torch" && text(fact, "index") == "pypi") {
            if fact["size"].as_u64().is_some_and(|size| size < SMALLEST_CUDA_TORCH) {
                let platform = platform(&text(fact, "filename").parse().unwrap());
                builds.cpu_torch.extend(platform.map(|platform| (text(fact, "version").to_owned(), platform)));
            }
        }
        for fact in requires.iter().filter(|fact| text(fact, "index") == "pypi") {
            let list = fact["requires_dist"].as_array().unwrap().iter().map(|one| one.as_str().unwrap());
            let torch = list.filter_map(|one| one.strip_prefix("torch==")).next();
            let key = (text(fact, "package").to_owned(), text(fact, "version").to_owned());
            builds.torch_of.extend(torch.map(|torch| (key, torch.trim().to_owned())));
        }
        for fact in wheels {
            if let Some(build) = builds.reported(fact) {
                let known = builds.by_digest.insert(text(fact, "sha256").to_owned(), build.clone());
                assert!(known.is_none_or(|known| known == build), "two builds of one file: {fact}");
            }
        }
        builds
    }

    fn reported(&self, fact: &Value) -> Option<String> {
        let reported = fact["backend"].as_str();
        if is_cuda(reported) && text(fact, "index") == "pypi" {
            let (package, version) = (text(fact, "package"), text(fact, "version"));
            let torch = match package {
                "torch" => Some(version),
                _ => self.torch_of.get(&(package.to_owned(), version.to_owned())).map(String::as_str),
            };
            let platform = platform(&text(fact, "filename").parse().unwrap());
            if torch.zip(platform).is_some_and(|(torch, there)| self.cpu_torch.contains(&(torch.to_owned(), there))) {
                return Some(Backend::Cpu.to_string());
            }
        }
        reported.or_else(|| self.seen(fact)).map(str::to_owned)
    }

    fn seen(&self, fact: &Value) -> Option<&'static str> {
        let platform = platform(&text(fact, "filename").parse().unwrap())?;
        let key = (text(fact, "package"), text(fact, "version"), platform);
        self.seen.get(&key).copied().filter(|_| text(fact, "index") == "pypi")
    }

    /// What a wheel was built for, as the table has it.
    pub fn of(&self, fact: &Value) -> &str {
        self.by_digest.get(text(fact, "sha256")).map_or("-", String::as_str)
    }
}

#[test]
fn one_digest_is_one_build_of_one_size() {
    let mut builds: BTreeMap<_, (Built, Option<u64>)> = BTreeMap::new();
    for row in wheels() {
        let known = *builds.entry(row.sha256).or_insert((row.built, row.size));
        assert_eq!(known, (row.built, row.size), "{row}");
    }
}

#[test]
fn a_torch_is_as_large_as_its_build() {
    let mut judged = 0;
    for row in wheels().iter().filter(|row| row.wheel.name.as_ref() == "torch") {
        let (Built::For(backend), Some(size)) = (row.built, row.size) else { continue };
        assert_eq!(backend == Backend::Cpu, size < SMALLEST_CUDA_TORCH, "{size} bytes: {row}");
        judged += 1;
    }
    assert!(judged > 800, "{judged}");
}

/// A companion for a build that no torch has on a platform is for another build, or of no use.
#[test]
fn a_companion_is_built_for_what_torch_is_built_for_there() {
    let gpu = |row: &WheelRow| match row.built {
        Built::For(backend) if backend.is_gpu() => platform(&row.wheel).map(|platform| (platform, backend)),
        Built::For(_) | Built::Major(_) | Built::Any | Built::Unknown => None,
    };
    let (torch, companions): (Vec<WheelRow>, Vec<WheelRow>) =
        wheels().into_iter().partition(|row| row.wheel.name.as_ref() == "torch");
    let there: BTreeSet<(Platform, Backend)> = torch.iter().filter_map(gpu).collect();
    let mut judged = 0;
    for row in companions {
        let Some(built) = gpu(&row) else { continue };
        assert!(there.contains(&built), "{row}");
        judged += 1;
    }
    assert!(judged > 1500, "{judged}");
}

#[test]
fn the_default_index_has_cpu_builds_for_aarch64_until_cuda_13() {
    let here = Environment { platform: Platform::LinuxAarch64, python: Python::three(10) };
    let built = |package: &str, version: &str| {
        let rows = Catalogues::NONE.wheels_of(&package.parse().unwrap(), &version.parse().unwrap());
        let own = rows.iter().filter(|row| row.index == Index::Pypi && row.wheel.fit(here).is_some());
        own.map(|row| row.built.to_string()).collect::<Vec<_>>().join(" ")
    };
    for (package, version, build) in [
        ("torch", "1.13.0", "cpu"),
        ("torch", "1.13.1", "cpu"),
        ("torchvision", "0.14.0", "cpu"),
        ("torchvision", "0.14.1", "cpu"),
        ("torchaudio", "0.13.0", "cpu"),
        ("torchaudio", "0.13.1", "cpu"),
        ("torch", "2.9.1", "cpu"),
        ("torch", "2.11.0", "cu130"),
        ("torchvision", "0.26.0", "cu130"),
    ] {
        assert_eq!(built(package, version), build, "{package} {version}");
    }
}

#[test]
fn a_wheel_of_the_default_index_is_known_for_what_its_bytes_are_built_for() {
    for (platform, version, built) in [
        (Platform::LinuxX86_64, "0.10.0", "cpu"),
        (Platform::LinuxX86_64, "0.11.0", "cu130"),
        (Platform::LinuxX86_64, "0.13.0", "cpu"),
        (Platform::LinuxX86_64, "0.14.0", "cu130"),
        (Platform::LinuxAarch64, "0.13.0", "cu130"),
        (Platform::WindowsX86_64, "0.14.0", "cpu"),
        (Platform::MacosArm64, "0.14.0", "cpu"),
    ] {
        let rows = Catalogues::NONE.wheels_of(&"torchcodec".parse().unwrap(), &version.parse().unwrap());
        let here = Environment { platform, python: Python::three(12) };
        let own: Vec<String> = rows
            .iter()
            .filter(|row| row.index == Index::Pypi && row.wheel.fit(here).is_some())
            .map(|row| row.built.to_string())
            .collect();
        assert_eq!(own, [built], "{platform} {version}");
    }
}

/// What the table of releases says of kinds of builds is what the wheels say.
#[test]
fn the_kinds_of_builds_are_those_of_the_wheels() {
    let built = |row: &WheelRow| match row.built {
        Built::For(backend) => Some(backend.kind()),
        Built::Major(_) | Built::Any | Built::Unknown => None,
    };
    let all = wheels();
    let mut firsts: BTreeMap<(Platform, &str), _> = BTreeMap::new();
    let mut kinds: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for row in &all {
        let Some(kind) = built(row) else { continue };
        kinds.entry(row.wheel.name.to_string()).or_default().insert(kind);
        if let Some(platform) = platform(&row.wheel).filter(|_| row.wheel.name.as_ref() == "torch") {
            let first = firsts.entry((platform, kind)).or_insert_with(|| row.wheel.public_version());
            *first = row.wheel.public_version().min(first.clone());
        }
    }
    for (package, found) in kinds {
        let Some(reported) = releases::kinds_of(&package.parse().unwrap()) else { continue };
        assert!(found.iter().all(|kind| reported.contains(kind)), "{package}: {found:?}");
    }
    let mut reported = 0;
    for platform in Platform::ALL {
        for backend in ["cpu", "cu118", "rocm6.3", "xpu"].map(|text| text.parse::<Backend>().unwrap()) {
            if let Some(first) = releases::first_on(platform, backend) {
                assert_eq!(first.as_ref(), firsts.get(&(platform, backend.kind())), "{platform} {backend}");
                reported += 1;
            }
        }
    }
    assert_eq!(reported, 4);
}

#[test]
fn the_builds_of_a_package_are_those_of_its_wheels() {
    for name in ["torch", "torchvision", "xformers"] {
        let name = name.parse().unwrap();
        let reported: BTreeSet<(String, Backend)> =
            Catalogues::NONE.builds(&name).into_iter().map(|(version, built)| (version.to_string(), built)).collect();
        let rows = Catalogues::NONE.wheels(&name);
        let of_rows = rows.iter().filter_map(|row| match row.built {
            Built::For(built) if row.is_for(built) => Some((row.wheel.public_version().to_string(), built)),
            Built::For(_) | Built::Major(_) | Built::Any | Built::Unknown => None,
        });
        assert_eq!(reported, of_rows.collect(), "{name}");
    }
}
