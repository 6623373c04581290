//! Broken `pylock.toml` files.

use super::{Case, read, refused, swap};

const NAME: &str = "pylock.toml";
/// Deep enough for a reader that calls itself to run out of stack.
const DEEP: usize = 100_000;

/// A real lock, with the wheels for CPython 3.10 on Linux alone: small, so that many can be tried.
pub fn lock() -> String {
    let text = read("pylock/uv/torch-2.1.2/pylock.toml");
    let here = |line: &&str| {
        !line.starts_with("    { url") || line.contains("-cp310-cp310-manylinux") && line.contains("x86_64")
    };
    text.lines().filter(here).map(|line| format!("{line}\n")).collect()
}

fn case(name: &str, text: impl AsRef<[u8]>) -> Case {
    Case::new(name, NAME, text)
}

/// The lock with one more package.
pub fn with_package(lines: &str) -> String {
    format!("{}\n[[packages]]\nname = \"broken\"\nversion = \"1.0\"\n{lines}\n", lock())
}

fn wheel(more: &str) -> String {
    let digest = "a".repeat(64);
    format!(
        "wheels = [{{url = \"https://files.example/broken-1.0-py3-none-any.whl\", hashes = {{sha256 = \"{digest}\"}}{more}}}]"
    )
}

fn value(name: &str, lines: &str, at: &str) -> Case {
    case(name, with_package(lines)).at(at)
}

#[test]
fn it_is_the_break_that_is_refused() {
    let place = crate::support::Place::new();
    place.write(NAME, with_package(&wheel("")));
    place.run("export --cuda 11.8 --python 3.10").ok();
}

#[test]
fn files() {
    let cut = |share: usize| {
        let text = lock();
        text[..text.len() * share / 10].to_owned()
    };
    refused(vec![
        case("empty", "").says("has no `lock-version`"),
        case("a folder", "").with_folder(),
        case("cut in the middle of a value", cut(5)),
        case("cut before the packages", "lock-version = \"1.0\"\ncreated-by = \"uv\"\n").says("has no `packages`"),
        case("a merge that was not finished", swap(&lock(), "[[packages]]\n", "<<<<<<< ours\n[[packages]]\n")),
        case("not UTF-8", [b"lock-version = \"1.0\"\n\xff\xfe".as_slice(), lock().as_bytes()].concat()),
        case("another major version", swap(&lock(), "\"1.0\"", "\"10.0\"")).says("lock-version 10.0"),
        case("a version that is none", swap(&lock(), "\"1.0\"", "\"one\"")).says("lock-version one"),
        case("an endless version", swap(&lock(), "\"1.0\"", &format!("\"1.{}\"", "0.".repeat(100_000)))),
        case("deep brackets", format!("{}\nx = {}", lock(), "[".repeat(DEEP))),
        case("deep tables", format!("{}\n[x{}]", lock(), ".x".repeat(DEEP))),
        case("packages of another type", "lock-version = \"1.0\"\ncreated-by = \"x\"\npackages = 1\n").at("1\n"),
        case("a package of another type", "lock-version = \"1.0\"\ncreated-by = \"x\"\npackages = [1]\n"),
        case("a key twice", swap(&lock(), "created-by", "lock-version")),
    ]);
}

#[test]
fn values() {
    let long = "x".repeat(100_000);
    refused(vec![
        value("a number as marker", &format!("marker = 77\n{}", wheel("")), "77\n"),
        value("no marker", &format!("marker = \"\"\n{}", wheel("")), "\"\"\n"),
        value("an endless marker", &format!("marker = \"'{long}' in extras\"\n{}", wheel("")), "\"'xxx"),
        value("orders for a terminal", "marker = \"\\u001b[31m in extras\"\nwheels = []", "\"\\u001b"),
        case("deep brackets in a marker", {
            let marker = format!("{}'x' in extras{}", "(".repeat(DEEP), ")".repeat(DEEP));
            with_package(&format!("marker = \"{marker}\"\n{}", wheel("")))
        }),
        case("alternatives that do not end", {
            let marker = format!("{} or", vec!["'x' in extras"; 10_000].join(" or "));
            with_package(&format!("marker = \"{marker}\"\n{}", wheel("")))
        }),
        case("a wheel that is none", with_package("wheels = [7]")),
        case("no source at all", with_package("wheels = []")).says("nothing to be installed from"),
        case("a script for a URL", with_package(&wheel("").replace("https:", "javascript:"))).says("not a URL"),
        case("a URL with a line end", with_package(&wheel("").replace("broken-", "\\nbroken-"))),
        case("a URL with an option", with_package(&wheel("").replace("broken-", " --index-url=x broken-"))),
        case("a path with an option", with_package("directory = {path = \"x --index-url y\"}")),
        case("a name that leads elsewhere", with_package(&wheel(", name = \"../broken-1.0-py3-none-any.whl\""))),
        case("a wheel of another package", with_package(&wheel(", name = \"torch-1.0-py3-none-any.whl\"")))
            .says("is not a file of broken"),
        case("a digest too short", with_package(&wheel("").replace("aaaa", "aaa"))),
        case("a digest with a sign", with_package(&wheel("").replacen("aa", "+a", 1))),
        case("two sources", with_package(&format!("{}\ndirectory = {{path = \"x\"}}", wheel(""))))
            .says("beside wheels"),
        case("a repository without a commit", with_package("vcs = {type = \"git\", url = \"https://x.example\"}")),
        case("a size that is none", with_package(&wheel(", size = -1"))),
        case("a size too large", with_package(&wheel(", size = 99999999999999999999"))),
        case("an extra that is none", swap(&lock(), "created-by", "extras = [\"-\"]\ncreated-by")),
        case("a name that is none", with_package(&wheel("")).replace("name = \"broken\"", "name = \"bro ken\"")),
        case("an endless name", with_package(&wheel("")).replace("name = \"broken\"", &format!("name = \"{long}\""))),
    ]);
}

#[test]
fn locks_that_contradict_themselves() {
    let torch = lock();
    let at = torch.find("[[packages]]\nname = \"torch\"\n").unwrap();
    let end = at + torch[at + 1..].find("[[packages]]").unwrap() + 1;
    let twice = format!("{}{}", torch, &format!("\n{}", &torch[at..end]));
    let mut damaged = torch.clone();
    let digest = torch[at..].find("sha256 = \"").unwrap() + at + "sha256 = \"".len();
    damaged.replace_range(digest..digest + 4, "0000");
    refused(vec![
        case("torch twice", twice).says("gives torch twice"),
        case("a damaged digest", damaged).says("two digests for torch-2.1.2"),
        case("a package two hundred times", {
            let mut text = lock();
            for _ in 0..200 {
                text.push_str(&format!("\n[[packages]]\nname = \"broken\"\nversion = \"1.0\"\n{}\n", wheel("")));
            }
            text
        })
        .says("gives broken twice"),
        case("a package for no Python", with_package(&format!("requires-python = \"<3\"\n{}", wheel(""))))
            .says("no file of broken 1.0"),
    ]);
}
