//! `export --format pylock`: one file for all targets, in which every file has a URL and a digest.

use std::collections::{BTreeMap, BTreeSet};

use torchswap::lock::pylock::Pylock;
use torchswap::lock::{Choice, Lock, LockedDigest, requirements};
use torchswap::packaging::target::{Environment, Platform, Python};

use super::fixtures;
use crate::support::server::Server;
use crate::support::{Place, snapshot};

const CONFIG: &str = "[targets.docker]\ncuda = \"12.1\"\n[targets.mac]\nplatform = \"macos-arm64\"\n\
    [targets.ci]\ncpu = true\npython = [\"3.11\"]\n[targets.windows]\nplatform = \"windows-x86_64\"\ncpu = true\n";

/// What is installed: version and digests by name.
type Installed = BTreeMap<String, (String, BTreeSet<LockedDigest>)>;

fn installed(lock: &Lock, environment: Environment) -> Installed {
    let packages = lock.select(&Choice::default(), environment).unwrap().packages;
    let each = packages.iter().map(|package| {
        let entry = &lock.entries()[package.entry];
        let version = entry.version.as_ref().map(ToString::to_string).unwrap_or_default();
        (entry.name.to_string(), (version, entry.files.iter().map(|file| file.digest.clone()).collect()))
    });
    each.collect()
}

fn read_pylock(text: &str) -> Lock {
    Lock::Pylock(Box::new(Pylock::parse("pylock.toml", text.to_owned(), None).unwrap()))
}

fn read_requirements(text: &str) -> Lock {
    let file = requirements::parse("requirements.txt", text.to_owned(), &mut |_| Err(String::new())).unwrap();
    Lock::Requirements(Box::new(file))
}

/// The targets of a file, as its comments name them.
fn places(text: &str) -> Vec<Environment> {
    let mut places = Vec::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# Target")) {
        let (_, target) = line.split_once(": ").unwrap();
        let (platform, pythons) = (target.split(',').next().unwrap(), target.split_once("CPython ").unwrap().1);
        let platform: Platform = platform.parse().unwrap();
        places.extend(pythons.split(", ").map(|python| Environment { platform, python: python.parse().unwrap() }));
    }
    places
}

/// Both formats give the same, in every place of every target; elsewhere a pylock says that it is not meant.
#[test]
fn both_formats_give_the_same() {
    let (mut files, mut compared) = (0, 0);
    for path in fixtures() {
        let place = Place::new();
        place.write("pylock.toml", std::fs::read(&path).unwrap());
        place.write("torchswap.toml", CONFIG);
        for targets in ["--target ci", "--target docker --target mac", "--target ci --target mac --target windows"] {
            let run = place.run(&format!("export {targets} --format pylock"));
            let other = place.run(&format!("export {targets}"));
            assert_eq!(run.status, other.status, "{} {targets}: {}{}", path.display(), run.stderr, other.stderr);
            if run.status != 0 {
                continue;
            }
            files += 1;
            let (found, expected) = (read_pylock(&run.stdout), read_requirements(&other.stdout));
            let places = places(&run.stdout);
            assert!(!places.is_empty());
            for platform in Platform::ALL {
                for python in (8..=14).map(Python::three) {
                    let environment = Environment { platform, python };
                    if places.contains(&environment) {
                        let (found, expected) = (installed(&found, environment), installed(&expected, environment));
                        assert_eq!(found, expected, "{} {targets} on {environment}", path.display());
                        compared += 1;
                    } else {
                        let refused = found.select(&Choice::default(), environment);
                        let refused = refused.is_err() || !found.pythons(platform).contains(&python);
                        assert!(refused, "{} {targets} on {environment}", path.display());
                    }
                }
            }
            assert_eq!(place.run(&format!("export {targets} --format pylock")).ok(), run.stdout);
        }
    }
    println!("{files} files, {compared} environments alike in both formats");
    assert!(files >= 20 && compared >= 80, "only {files} files, {compared} environments");
}

fn place() -> Place {
    let place = Place::new();
    place.write("pylock.toml", std::fs::read(crate::support::fixture("pylock/uv/torch-2.1.2/pylock.toml")).unwrap());
    place.write("torchswap.toml", CONFIG);
    place
}

#[test]
fn the_name_decides_and_must_be_one_that_installers_take() {
    let place = place();
    place.run("export --target ci -q -o pylock.ci.toml").ok();
    let text = place.read("pylock.ci.toml");
    assert!(text.contains("\nlock-version = \"1.0\"\n") && text.contains("\ncreated-by = \"torchswap\"\n"), "{text}");
    assert_eq!(place.run("export --target ci -q --format pylock").ok(), text);
    snapshot("refuse-pylock-name", &place.run("export --target ci --format pylock -o lock.toml").shown());
    let message = place.run("export --target ci --format requirements -o pylock.ci.toml").refused();
    assert!(message.contains("is the name of a pylock"), "{message}");
    assert!(place.run("export --target ci --format pylock --without-hashes").refused().contains("a digest for every"));
    assert!(place.run("export --target ci -o pylock.toml").refused().contains("is the lock itself"));
}

#[test]
fn its_layout_is_plain() {
    let place = place();
    place.write("torchswap.toml", CONFIG.replace("12.1", "11.8"));
    let text = place.run("export --target docker --target mac -q --format pylock").ok();
    let torch: Vec<&str> = text.split("\n\n").filter(|block| block.contains("\nname = \"torch\"\n")).collect();
    let head = text.split("\n\n").next().unwrap();
    snapshot("pylock-layout", &format!("{head}\n\n{}\n", torch.join("\n\n")));
}

/// pip takes the name of a file from its address, and so would take it for another package.
#[test]
fn a_line_is_no_address_that_ends_in_another_name_than_the_file_has() {
    let digest = "a".repeat(64);
    let export = |last: &str| {
        let place = Place::new();
        place.write(
            "pylock.toml",
            format!(
                "lock-version = \"1.0\"\ncreated-by = \"by-hand\"\nrequires-python = \"==3.11.*\"\n\n[[packages]]\nname = \"a\"\n\
                 version = \"1.0\"\nindex = \"https://index.example/simple\"\nwheels = [{{ name = \"a-1.0-py3-none-any.whl\", \
                 url = \"https://files.example/{last}\", hashes = {{ sha256 = \"{digest}\" }} }}]\n"
            ),
        );
        place.run("export --allow-none -q").ok()
    };
    let named = export("a-1.0-py3-none-any.whl");
    assert!(named.contains("\na @ https://files.example/a-1.0-py3-none-any.whl \\\n"), "{named}");
    for last in ["b-1.0-py3-none-any.whl", "download?file=a-1.0-py3-none-any.whl"] {
        let text = export(last);
        let line = format!("\na==1.0 \\\n    --hash=sha256:{digest}\n");
        assert!(text.contains("\n--extra-index-url https://index.example/simple\n") && text.contains(&line), "{text}");
    }
}

#[test]
fn unknown_keys_of_what_stays_are_kept() {
    let place = Place::new();
    let digest = "a".repeat(64);
    let lock = format!(
        "lock-version = \"1.0\"\ncreated-by = \"by-hand\"\nrequires-python = \"==3.11.*\"\n\n[[packages]]\nname = \"a\"\n\
         version = \"1.0\"\nmarker = \"sys_platform == 'linux'\"\ncolour = \"blue\"\nvariants-json = {{url = \"https://files.example/v.json\"}}\n\n\
         [[packages.wheels]]\nname = \"a-1.0-py3-none-any.whl\"\nurl = \"https://files.example/a-1.0-py3-none-any.whl\"\n\
         odd = [1, 2.5, true]\n[packages.wheels.hashes]\nsha256 = \"{digest}\"\nblake = \"00\"\n\n\
         [[packages.attestation-identities]]\nkind = \"GitHub\"\n\n[packages.tool.other]\n\"a key\" = \"a \\\\ \\\"b\\\"\"\n"
    );
    place.write("pylock.toml", lock);
    let text = place.run("export --allow-none -q --format pylock").ok();
    snapshot("pylock-unknown-keys", &text);
    read_pylock(&text);
}

const POETRY: &str = "[[package]]\nname = \"a\"\nversion = \"1.0\"\ndescription = \"\"\noptional = false\npython-versions = \"*\"\n\
    groups = [\"main\"]\nfiles = [\n    {file = \"a-1.0-py3-none-any.whl\", hash = \"sha256:AAA\"},\n    \
    {file = \"a-1.0.tar.gz\", hash = \"sha256:BBB\"},\n    {file = \"a-1.0.zip\", hash = \"sha256:CCC\"},\n    \
    {file = \"a-1.0-py3.9.egg\", hash = \"sha256:DDD\"},\n]\n\n[metadata]\nlock-version = \"2.1\"\npython-versions = \"^3.9\"\ncontent-hash = \"\"\n";

/// Invented digests, plainly so.
fn filled(text: &str) -> String {
    ["AAA", "BBB", "CCC", "DDD"]
        .iter()
        .fold(text.to_owned(), |text, mark| text.replace(mark, &mark[..1].to_ascii_lowercase().repeat(64)))
}

fn poetry() -> Place {
    let place = Place::new();
    place.write("poetry.lock", filled(POETRY));
    place
}

const PAGE: &str = "<a href=\"../../files/a-1.0-py3-none-any.whl#sha256=AAA\">w</a>\n<a href=\"/files/a-1.0.tar.gz#sha256=BBB\">s</a>\n";

#[test]
fn urls_are_taken_from_an_index_or_not_at_all() {
    let (place, server) = (poetry(), Server::new());
    snapshot("refuse-pylock-without-urls", &place.run("export --allow-none -o pylock.toml").shown());
    let export = format!("export --allow-none -q -o pylock.toml --index-url {}", server.url("/simple"));
    // A server that has no page, one that lacks a file, and one that has another file of that name.
    assert!(place.run(&export).refused().contains("the lock has none of 2 files (a)"));
    server.page("/simple/a/", &filled(PAGE.split_once("<a href=\"/files").unwrap().0));
    assert!(place.run(&export).refused().contains("the lock has none of 1 files (a)"));
    server.page("/simple/a/", &filled(&PAGE.replace("BBB", "CCC")));
    let message = place.run(&export).refused();
    assert!(message.contains("two digests for a-1.0.tar.gz") && !place.exists("pylock.toml"), "{message}");
    server.page("/simple/a/", &filled(PAGE));
    place.run(&export).ok();
    snapshot("pylock-urls", &place.read("pylock.toml").replace(&server.base, "<server>"));
    // The file itself tells the URLs then, so a check needs no network.
    let asked = server.log().len();
    assert_eq!((place.run("check").status, place.run("check pylock.toml").status), (0, 0));
    let text = place.read("pylock.toml");
    place.write("pylock.toml", text.replace("environments = [", "environments = [ # edited"));
    assert_eq!(place.run("check pylock.toml").status, 0, "it means the same");
    place.write("pylock.toml", text.replace(&"b".repeat(64), &"e".repeat(64)));
    let run = place.run("check pylock.toml");
    assert!(run.status == 1 && run.stdout.contains("  other digests: a\n"), "{}", run.stdout);
    assert!(place.run("check --fix pylock.toml").refused().contains("--index-url URL"));
    place.write("pylock.toml", text.replace("[[packages]]", "[[packages]]\nmarker = \"python_version >= '3.12'\""));
    assert_eq!(place.run("check --fix -q pylock.toml").status, 0);
    assert_eq!(place.read("pylock.toml"), text);
    assert_eq!(server.log().len(), asked, "only an export asks an index");
}

/// `index` is the base of an index (PEP 751). What a page of links has is looked for on the default index.
#[test]
fn a_page_of_links_is_no_index_of_a_pylock() {
    let source = |url: &str| {
        let source =
            format!("\n\n[package.source]\ntype = \"legacy\"\nurl = \"{url}\"\nreference = \"wheels\"\n\n[metadata]");
        let (place, server) = (Place::new(), Server::new());
        place.write("poetry.lock", filled(&POETRY.replace("\n\n[metadata]", &source.replace("SERVER", &server.base))));
        server.page("/simple/a/", &filled(PAGE));
        let index = server.url("/simple");
        let text = place.run(&format!("export --allow-none -q --format pylock --index-url {index}")).ok();
        text.replace(&server.base, "SERVER")
    };
    assert!(source("SERVER/simple").contains("\nindex = \"SERVER/simple\"\n"));
    let text = source("https://wheels.example/stable.html");
    assert!(!text.contains("stable.html") && text.contains("url = \"SERVER/files/a-1.0-py3-none-any.whl\""), "{text}");
}

/// `index` is where the files of a package were found (PEP 751). pip and uv ask nobody there, but uv wants a URL, and takes
/// the folder of the file where there is none. So the lock's own goes with the lock's own files, and with no others.
#[test]
fn the_index_of_a_package_is_that_of_its_files() {
    let (mut kept, mut other) = (0, 0);
    for path in fixtures() {
        let lock = std::fs::read_to_string(&path).unwrap();
        let place = Place::new();
        place.write("pylock.toml", &lock);
        for target in ["--cuda 11.8 --python 3.11", "--cuda 12.4 --python 3.11", "--cpu", "--platform macos-arm64"] {
            let run = place.run(&format!("export -q --format pylock {target}"));
            if run.status != 0 {
                continue;
            }
            for package in run.stdout.split("\n[[packages]]\n").skip(1) {
                let index = package.lines().find_map(|line| line.strip_prefix("index = "));
                let mut digests = package.split("sha256 = \"").skip(1).map(|rest| &rest[..64]);
                let is_locks = digests.all(|digest| lock.contains(digest));
                match index {
                    Some(index) => {
                        assert!(is_locks && lock.contains(&format!("\nindex = {index}\n")), "{target}: {package}");
                        kept += 1;
                    }
                    None if is_locks => {}
                    None => other += 1,
                }
            }
        }
    }
    assert!(kept > 100 && other > 20, "{kept} {other}");
}

/// A requirements file has no names: the digest tells the file.
#[test]
fn a_requirements_file_is_found_by_its_digests() {
    let (place, server) = (Place::new(), Server::new());
    place.write("requirements.txt", filled("a==1.0 --hash=sha256:AAA --hash=sha256:BBB\n"));
    server.page("/simple/a/", &filled(PAGE));
    let index = server.url("/simple/");
    let text = place.run(&format!("export --allow-none -q --python 3.11 --format pylock --index-url {index}")).ok();
    assert!(text.contains("\nsdist = { name = \"a-1.0.tar.gz\", url = "), "{text}");
    assert!(text.contains("\n    { name = \"a-1.0-py3-none-any.whl\", url = "), "{text}");
    let odd = place.run("export --allow-none --python 3.11 --format pylock --index-url user:secret@nowhere").refused();
    assert!(odd.contains("is not an http or https URL") && !odd.contains("secret"), "{odd}");
}

#[test]
fn a_file_at_a_url_is_an_archive() {
    let place = Place::new();
    let (url, digest) = ("https://files.example/a%2Bb/a-1.0.zip", "a".repeat(64));
    place.write("requirements.txt", format!("a @ {url} --hash=sha256:{digest}\n"));
    let text = place.run("export -q --allow-none --python 3.11 --format pylock").ok();
    let archive = format!("\narchive = {{ url = \"{url}\", hashes = {{ sha256 = \"{digest}\" }} }}\n");
    assert!(text.contains(&archive) && !text.contains("index = "), "{text}");
    read_pylock(&text);
    place.write("requirements.txt", format!("a @ {url}\n"));
    let message = place.run("export --allow-none --python 3.11 --format pylock").refused();
    assert!(message.contains("the lock has no sha256 for a"), "{message}");
}

#[test]
fn what_has_no_url_and_no_digest_is_refused() {
    let place = Place::new();
    place.write("requirements.txt", "a @ git+https://git.example/a@0123abc\nb==1.0\n");
    let message = place.run("export --allow-none --python 3.11 --format pylock").refused();
    assert!(message.contains("a comes from a repository") && message.contains("no sha256 for b 1.0"), "{message}");
}

#[test]
fn of_many_files_without_an_address_the_first_packages_are_named() {
    let pin = |name: &str| format!("{name}==1.0 --hash=sha256:{}\n", "f".repeat(64));
    let reported = |names: &[&str]| {
        let place = Place::new();
        place.write("requirements.txt", names.iter().map(|name| pin(name)).collect::<String>());
        place.run("export --allow-none --python 3.11 --format pylock requirements.txt").refused()
    };
    let five = ["aa", "bb", "cc", "dd", "ee"];
    let message = reported(&five);
    assert!(message.contains("none of 5 files (aa, bb, cc, dd, ee)"), "{message}");
    let message = reported(&[&five[..], &["ff", "gg"]].concat());
    assert!(message.contains("none of 7 files (aa, bb, cc, dd, ee and 2 more)"), "{message}");
}
