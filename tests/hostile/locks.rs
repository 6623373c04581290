//! Broken `poetry.lock` files.

use torchswap::lock::poetry::PoetryLock;

use crate::support::Place;

use super::controls::diamond;
use super::projects::{project, with_roots};
use super::{Case, LARGE_MB, read, refused, swap};

const FOLDER: &str = "poetry-2.5/torch-2.1.2";
const END: &str = "[metadata]\n";
/// Deep enough for a reader that calls itself to run out of stack.
const DEEP: usize = 100_000;

pub fn lock() -> String {
    read(&format!("{FOLDER}/poetry.lock"))
}

/// The same lock as Poetry 1.8 would have it, with more packages: nothing on an entry says whether it is selected.
pub fn old_lock(packages: &str) -> String {
    swap(&swap(&lock(), "lock-version = \"2.1\"", "lock-version = \"2.0\""), END, &format!("{packages}{END}"))
}

pub fn digest() -> String {
    format!("sha256:{}", "a".repeat(64))
}

/// A package of a lock; a key in `more` stands for the usual one.
pub fn package(name: &str, more: &str, needs: &str) -> String {
    let usual = [
        ("name", format!("'{name}'")),
        ("version", "'1.0'".to_owned()),
        ("groups", "['main']".to_owned()),
        ("files", format!("[{{file = 'a-1.0-py3-none-any.whl', hash = '{}'}}]", digest())),
    ];
    let given = |key: &str| more.lines().any(|line| line.split(['=', ' ']).next() == Some(key));
    let usual = usual.iter().filter(|(key, _)| !given(key)).map(|(key, value)| format!("{key} = {value}\n"));
    let usual: String = usual.collect();
    let needs = if needs.is_empty() { String::new() } else { format!("[package.dependencies]\n{needs}\n") };
    format!("[[package]]\n{usual}{more}\n{needs}\n")
}

pub fn with_package(more: &str, needs: &str) -> String {
    swap(&lock(), END, &(package("broken", more, needs) + END))
}

fn case(name: &str, text: impl AsRef<[u8]>) -> Case {
    Case::new(name, "poetry.lock", text)
}

/// A package in which one value is broken; the message must point at it.
fn value(name: &str, line: &str, at: &str) -> Case {
    case(name, with_package(line, "")).at(at)
}

fn need(name: &str, line: &str, at: &str) -> Case {
    case(name, with_package("", line)).at(at)
}

fn source(name: &str, lines: &str, says: &str) -> Case {
    case(name, with_package(&format!("[package.source]\n{lines}"), "")).says(says)
}

fn hash(name: &str, hash: &str, says: &str) -> Case {
    let line = format!("files = [{{file = 'a-1.0-py3-none-any.whl', hash = {hash}}}]");
    value(name, &line, hash).says(says)
}

#[test]
fn what_is_no_lock() {
    let utf16: Vec<u8> = "\u{feff}[metadata]\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf16_big: Vec<u8> = "\u{feff}[metadata]\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
    refused(vec![
        case("empty", "").says("[metadata]"),
        case("blank", "\n\n  \n").says("[metadata]"),
        case("HTML", "<!DOCTYPE html>\n<html><body>404</body></html>\n").at("<!DOCTYPE"),
        case("JSON", "{\"_meta\": {\"hash\": {}}}\n").at("{"),
        case("requirements", "torch==2.1.2 --hash=sha256:00\n")
            .nowhere()
            .says("a requirements file under another name"),
        case("PNG", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").says("encoding"),
        case("gzip", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03").says("encoding"),
        case("UTF-16", utf16).says("UTF-16").says("save it as UTF-8"),
        case("UTF-16, big end first", utf16_big).says("UTF-16"),
        case("Latin-1", [lock().as_bytes(), b"# caf\xe9\n"].concat()).at("\u{fffd}").says("encoding"),
        case("a NUL byte", swap(&lock(), "anyio", "an\0yio")),
        case(
            "merge marks",
            swap(&lock(), "[[package]]\nname = \"certifi\"", "<<<<<<< ours\n[[package]]\nname = \"certifi\""),
        )
        .at("<<<<<<< ours"),
        case("a folder", "").with_folder(),
        Case::new("missing", "other.txt", "")
            .run(&["poetry.lock"])
            .blames("poetry.lock")
            .nowhere()
            .says("no such file"),
        case("a lock of PDM", "version = 1\n")
            .run(&["pdm.lock"])
            .with("pdm.lock", "version = 1\n")
            .blames("pdm.lock")
            .nowhere()
            .says("pdm export"),
    ]);
}

#[test]
fn metadata() {
    let version = |to: &str| swap(&lock(), "lock-version = \"2.1\"", &format!("lock-version = {to}"));
    refused(vec![
        case("version 3.0", version("\"3.0\"")).at("\"3.0\"").says("lock-version 3.0 is not supported").says("update"),
        case("version 9.9", version("\"9.9\"")).at("\"9.9\""),
        case("version as a number", version("2.1")).says("`lock-version` should be a string"),
        case("version as a whole number", version("3")).at("3\npython-versions = \">=3.8,<3.12\""),
        case("version with orders to the terminal", version("\"\\u001b[31m\\u202e\"")).says("\\u{1b}[31m"),
        case("metadata as text", "metadata = 'x'\n").at("'x'").says("`metadata` should be a table"),
        case("metadata twice", lock() + "[metadata]\n"),
        case("no metadata", lock().split(END).next().unwrap()).says("no [metadata]"),
        case("Pythons as a list", swap(&lock(), "python-versions = \">=3.8,<3.12\"", "python-versions = ['3']")),
        case("Pythons that are none", swap(&lock(), "python-versions = \">=3.8,<3.12\"", "python-versions = 'new'"))
            .at("'new'")
            .says("`new` is not a version constraint"),
    ]);
}

#[test]
fn names_and_versions() {
    let long = "9".repeat(1_000_000);
    refused(vec![
        case("no name", swap(&lock(), "name = \"certifi\"\n", "")).says("no `name`"),
        case("no version", swap(&lock(), "version = \"4.5.2\"\n", "")).says("no `version`"),
        case("no groups", swap(&lock(), "groups = [\"main\"]\n", "")).says("no `groups`"),
        case("a key twice", swap(&lock(), "optional = true\n", "optional = true\noptional = true\n"))
            .says("duplicate key"),
        value("an empty name", "name = ''", "''").says("not a package name"),
        value("a name with a slash", "name = '../../etc'", "'../../etc'"),
        value("a name with a line end", "name = \"a\\nb==1\"", "\"a\\nb"),
        value("a name of another alphabet", "name = 'tоrch'", "'tоrch'"),
        value("a name without end", &format!("name = '{}'", "a".repeat(1_000_000)), "'aaaa"),
        value("a version that is none", "version = 'latest'", "'latest'").says("`latest` is not a version"),
        value("a version of a million digits", &format!("version = '{long}'"), "'9999"),
        value("a version of a million parts", &format!("version = '{}1'", "1.".repeat(500_000)), "'1.1.1"),
        value("Pythons that are none", "python-versions = '>=3.x'", "'>=3.x'"),
        value("Pythons of a megabyte", &format!("python-versions = '{}>=3'", ">=3,".repeat(250_000)), "'>=3,>=3"),
        value("a group that is no name", "groups = ['ma in']", "['ma in']"),
    ]);
}

/// Every key of a package that is read, with values of wrong types.
#[test]
fn wrong_types() {
    let table: [(&str, &[&str]); 10] = [
        ("name", &["1", "true", "['a']", "{}", "1979-05-27"]),
        ("version", &["1", "1.0", "['1']", "{}"]),
        ("python-versions", &["3", "3.10", "['3']", "{}"]),
        ("optional", &["1", "'true'", "[]", "{}"]),
        ("groups", &["1", "[1]", "[['main']]", "{}"]),
        ("markers", &["1", "true", "['a']", "{main = 1}"]),
        ("files", &["1", "'a'", "['a']", "{}", "[{}]", "[{file = 'a'}]", "[{hash = 'a'}]", "[{file = 1, hash = 'a'}]"]),
        ("dependencies", &["1", "'a'", "['a']", "{a = 1}", "{a = [1]}", "{a = true}"]),
        ("extras", &["1", "'a'", "{a = 1}", "{a = [1]}", "{a = ['?']}"]),
        ("source", &["1", "'a'", "[]", "{url = 1}", "{type = 'url'}"]),
    ];
    let cases = table.iter().flat_map(|(key, values)| {
        values.iter().map(move |value| {
            let line = format!("{key} = {value}");
            case(&line, with_package(&line, ""))
        })
    });
    let mut cases: Vec<Case> = cases.collect();
    let keys = ["version", "python", "markers", "platform", "extras", "optional", "source"];
    cases.extend(keys.map(|key| need(&format!("a dependency's {key}"), &format!("a = {{{key} = 1}}"), "1}\n")));
    cases.push(
        case("packages as a table", "package = {}\n[metadata]\nlock-version = '2.1'\ncontent-hash = ''\n")
            .says("`package`"),
    );
    cases.push(
        case("packages as numbers", "package = [1]\n[metadata]\nlock-version = '2.1'\ncontent-hash = ''\n")
            .says("`package`"),
    );
    refused(cases);
}

#[test]
fn digests() {
    let quoted = |text: &str| format!("'{text}'");
    let of = |kind: &str, hex: &str, times: usize| quoted(&format!("{kind}:{}", hex.repeat(times)));
    refused(vec![
        hash("too short", &of("sha256", "a", 63), "this one has 63"),
        hash("too long", &of("sha256", "a", 65), "this one has 65"),
        hash("a megabyte", &of("sha256", "a", 1_000_000), "this one has 1000000"),
        hash("with signs", &of("sha256", "+f", 32), "`+` is not a hexadecimal digit"),
        hash("with characters of two bytes", &of("sha256", "é", 32), "is not a hexadecimal digit"),
        hash("with a line end", "\"sha256:aa\\naa\"", "is not a hexadecimal digit"),
        hash("empty", "''", "this one has 0"),
        hash("bare and short", &quoted("abc"), "this one has 3"),
        hash("sha512 of the wrong length", &of("sha512", "a", 64), "sha512"),
        hash("sha384 with a line of its own", "\"sha384:a\\nevil==1\"", "is not a hexadecimal digit"),
        case("a number", with_package("files = [{file = 'a.whl', hash = 1}]", ""))
            .at("[{file = 'a.whl', hash = 1")
            .says("`files`"),
        case("md5 alone", with_package(&format!("files = [{{file = 'a.whl', hash = 'md5:{}'}}]", "a".repeat(32)), ""))
            .at("'broken'")
            .says("too weak"),
        case("no file", with_package("files = []", "")).at("'broken'").says("no digest for broken"),
    ]);
}

#[test]
fn sources() {
    let url = |url: &str| format!("type = 'url'\nurl = {url}");
    let git = |more: &str| format!("type = 'git'\nurl = 'https://x.example/a.git'\n{more}");
    refused(vec![
        source("an unknown kind", "type = 'torrent'\nurl = 'x'", "`torrent` is not a supported kind of source"),
        source("no URL", "type = 'url'", "no `url`"),
        source("a script", &url("'javascript:alert(1)'"), "not a URL that is downloaded from"),
        source("data", &url("'data:text/plain,x'"), "not a URL that is downloaded from"),
        source("FTP", &url("'ftp://x.example/a-1.0-py3-none-any.whl'"), "http, https and file are"),
        source("an index that is a script", "type = 'legacy'\nurl = 'javascript:x'\nreference = 'x'", "not a URL"),
        source("an empty URL", &url("''"), "not a URL"),
        source("a scheme alone", &url("'https://'"), "not a URL"),
        source("a URL and a line of its own", &url("\"https://x.example/a.whl\\nevil==1\""), "does not fit on a line"),
        source(
            "an index and an option",
            "type = 'legacy'\nurl = \"https://x.example\\n--pre\"",
            "does not fit on a line",
        ),
        source("a URL and a digest", &url("'https://x.example/a.whl --hash=sha256:00'"), "does not fit on a line"),
        source("a file and an option", "type = 'file'\nurl = 'a.whl --pre'", "does not fit on a line"),
        source("a folder and a comment", "type = 'directory'\nurl = 'a # b'", "does not fit on a line"),
        source("a revision and a line", &git("resolved_reference = \"a\\nevil==1\""), "does not fit on a line"),
        source("a folder inside and a line", &git("subdirectory = \"a\\nevil==1\""), "does not fit on a line"),
        source("a repository, which has no digest", &git("resolved_reference = 'a'"), "has no digest"),
        source("a folder, which has no digest", "type = 'directory'\nurl = 'a'", "has no digest"),
    ]);
}

#[test]
fn markers_and_constraints() {
    let marker = |name: &str, text: &str| value(name, &format!("markers = {text:?}"), &format!("{text:?}"));
    let pairs = |n: usize| {
        let each = (0..n).map(|n| format!("('a{n}' in platform_release and 'b{n}' in platform_release)"));
        each.collect::<Vec<_>>().join(" or ")
    };
    let many = (0..10_000).map(|n| format!("platform_release == '{n}'")).collect::<Vec<_>>().join(" or ");
    let deep = |n: usize| format!("{}os_name == 'nt'{}", "(".repeat(n), ")".repeat(n));
    refused(vec![
        marker("no marker", "when it rains"),
        case("an empty one", with_package("markers = ''", "")).at("''\n"),
        marker("a quote that is not closed", "os_name == 'nt"),
        marker("a bracket that is not closed", "(os_name == 'nt'"),
        marker("a comparison without meaning", "os_name == sys_platform"),
        marker("another alphabet", "os_name == 'nt'é"),
        marker("a value of another alphabet", "os_name == 'é' é"),
        marker("a line end in a value", "platform_release == 'a\nevil==1'"),
        marker("a quote in a value", "platform_release == 'a\" or \"b'"),
        marker("ten thousand clauses", &many).says("more comparisons that no target decides"),
        marker("deep brackets", &deep(DEEP)).says("64 deep"),
        marker("brackets that are deep enough", &deep(1500)).says("deep"),
        marker("comparisons that double", &pairs(16)).says("more comparisons that no target decides"),
        need("a dependency's marker", "a = {version = '*', markers = 'os_name =='}", "'os_name =='"),
        need("a dependency's platform", "a = {version = '*', platform = 'é'}", "'é'"),
        need("a dependency's version", "a = 'latest'", "'latest'"),
        need("a version that overflows", "a = '^18446744073709551615'", "'^1844"),
        need("a version of a megabyte", &format!("a = '{}>=1'", ">=1 || ".repeat(150_000)), "'>=1 ||"),
        need("a name that is none", "'a b' = '*'", "'*'"),
        need("an extra that is none", "a = {version = '*', extras = ['?']}", "['?']"),
    ]);
}

#[test]
fn nesting_and_size() {
    let n = DEEP;
    let more = |text: String| swap(&lock(), END, &format!("{text}\n{END}"));
    let twins = |marker: &dyn Fn(usize) -> String| {
        more((0..4000).map(|n| package("twin", &format!("version = '{n}'\n{}", marker(n)), "")).collect())
    };
    refused(vec![
        case("lists in lists", more(format!("x = {}{}", "[".repeat(n), "]".repeat(n)))),
        case("lists that do not end", more(format!("x = {}", "[".repeat(n)))),
        case("tables in tables", more(format!("x = {}1{}", "{a = ".repeat(n), "}".repeat(n)))),
        case("tables that do not end", more(format!("x = {}", "{a = ".repeat(n)))),
        case("a key of many parts", more(format!("{}a = 1", "a.".repeat(n)))),
        case("a header of many parts", more(format!("[{}a]", "a.".repeat(n)))),
        case("a list header of many parts", more(format!("[[{}a]]", "a.".repeat(n)))),
        case("one line of 100 MB", "x".repeat(100_000_000)).nowhere().says("larger than 64 MB"),
        case("one large line", "x".repeat(LARGE_MB << 20)),
        case("a large text that does not end", format!("{}x = '{}", lock(), "x".repeat(LARGE_MB << 20))),
        case("a million short lines", "x=1\n".repeat(1_000_000)).says("duplicate key"),
        case("many entries of one package", twins(&|_| String::new())).says("twin"),
        case("many disjoint entries of one package", twins(&|n| format!("markers = \"platform_release == '{n}'\"")))
            .says("too often"),
    ]);
}

#[test]
fn graphs() {
    let old = |name: &str, packages: &str, roots: &str| {
        let case = project(name, &with_roots(roots)).with("poetry.lock", old_lock(packages));
        Case { guilty: "poetry.lock".to_owned(), ..case }
    };
    let within = |left: &str| format!("{{version = '*', markers = \"'{left}' in platform_release\"}}");
    let top = |n: usize, value: &dyn Fn(usize) -> String| {
        package("top", "", &(0..n).map(|n| format!("a{n} = {}\n", value(n))).collect::<String>())
    };
    let middle = |n: usize, value: &dyn Fn(usize) -> String| {
        (0..n).map(|n| package(&format!("a{n}"), "", &format!("z = {}", value(n)))).collect::<String>()
    };
    let end = package("z", "", "");
    let any = |_| "'*'".to_owned();
    let doubling = top(24, &|n| within(&format!("a{n}"))) + &middle(24, &|n| within(&format!("b{n}"))) + &end;
    let open = |n| format!("{{version = '*', markers = \"platform_release == 'r{n}'\"}}");
    let twins: String = (0..3000).map(|n| package("z", &format!("version = '{n}'"), "")).collect();
    refused(vec![
        old("a missing package", &package("x", "", "nope = '*'"), "'x',").says("x needs nope"),
        old("a version that does not exist", &(package("x", "", "z = '>=2'") + &end), "'x',").says("has 1.0"),
        old(
            "many missing packages",
            &package("x", "", &(0..9000).map(|n| format!("n{n} = '*'\n")).collect::<String>()),
            "'x',",
        ),
        old(
            "a cycle that misses one",
            &(package("x", "", "y = '*'") + &package("y", "", "x = '*'\nnope = '*'")),
            "'x',",
        ),
        old("conditions that double", &doubling, "'top',").says("no target decides"),
        old(
            "a diamond whose conditions double",
            &diamond(|layer, one| within(&format!("r{layer}-{one}"))),
            "'d0-0', 'd0-1',",
        ),
        old("more conditions than can be put together", &(top(2000, &any) + &middle(2000, &open) + &end), "'top',"),
        old("every edge to every entry", &(top(3000, &any) + &middle(3000, &any) + &twins), "'top',")
            .says("does not come to an end"),
        case("no project beside an old lock", old_lock("")).nowhere().says("pyproject.toml").says("put the"),
    ]);
}

/// `[metadata]` is the last table and `content-hash` its last key, so no shorter file may pass for a lock.
#[test]
fn a_lock_cut_short_is_refused_wherever_it_is_cut() {
    let text = lock();
    let whole = text.trim_end().len();
    let even = (0..200).map(|n| n * whole / 200);
    let near = whole - 200..whole;
    for at in even.chain(near) {
        let read = PoetryLock::parse("poetry.lock", text[..at].to_owned(), None).map(|_| ());
        let error = read.expect_err(&format!("cut at byte {at} of {whole}"));
        let place = error.problems()[0].place.as_ref().unwrap();
        assert_eq!(place.file, "poetry.lock");
        assert!(place.line <= text[..at].matches('\n').count() + 1);
    }
    PoetryLock::parse("poetry.lock", text[..whole].to_owned(), None).unwrap();
}

/// pip tells the package of a wheel by its URL: it would refuse the output.
#[test]
fn a_wheel_of_another_package_is_not_written() {
    let sha256 = "a".repeat(64);
    let url = "https://files.example/b-1.0-py3-none-any.whl";
    let poetry = format!(
        "[[package]]\nname = \"a\"\nversion = \"1.0\"\ndescription = \"\"\noptional = false\npython-versions = \"*\"\ngroups = [\"main\"]\n\
         files = [{{file = \"b-1.0-py3-none-any.whl\", hash = \"sha256:{sha256}\"}}]\n\n[package.source]\ntype = \"url\"\nurl = \"{url}\"\n\n\
         [metadata]\nlock-version = \"2.1\"\npython-versions = \"==3.11.*\"\ncontent-hash = \"00\"\n"
    );
    let pylock = format!(
        "lock-version = \"1.0\"\ncreated-by = \"by-hand\"\nrequires-python = \"==3.11.*\"\n\n[[packages]]\nname = \"a\"\nversion = \"1.0\"\n\
         archive = {{ url = \"{url}\", hashes = {{ sha256 = \"{sha256}\" }} }}\n"
    );
    for (name, lock) in [("poetry.lock", poetry), ("pylock.toml", pylock)] {
        let place = Place::new();
        place.write(name, lock.replace("/b-1.0", "/a-1.0"));
        assert!(
            place.run("export --allow-none -q").ok().contains("\na @ https://files.example/a-1.0-py3-none-any.whl")
        );
        place.write(name, lock);
        let message = place.run("export --allow-none -q").refused();
        assert!(message.contains("the lock has a from the URL of a wheel of b\n --> "), "{message}");
        assert!(place.run("export --allow-none -q --without-hashes").refused().contains("a wheel of b"));
    }
}
