//! Broken requirements files, and files that they include.

use super::locks::digest;
use super::{Case, LARGE_MB, Placed, read, refused};

const FILE: &str = "requirements.txt";

/// A file with digests whose line for torch is another one.
pub fn pinned(torch: &str) -> String {
    let text = read("requirements/torch-2.1.2/pip-compile-hashes.txt");
    let start = text.find("\ntorch==").unwrap() + 1;
    let length = text[start..].find("    # via").unwrap();
    let old = &text[start..start + length];
    let line = if torch == "torch==2.1.2" { old.to_owned() } else { format!("{torch}\n") };
    text.replacen(old, &line, 1)
}

fn case(name: &str, text: impl AsRef<[u8]>) -> Case {
    Case::new(name, FILE, text)
}

/// The line of torch is broken.
fn torch(name: &str, line: &str) -> Case {
    let case = case(name, pinned(line));
    let start = line.lines().next().unwrap_or_default().to_owned();
    let text = String::from_utf8_lossy(&case.files[0].1).into_owned();
    let number = text.lines().position(|line| line == start).unwrap() + 1;
    // The whole line or a part of it.
    case.says(&format!("--> {FILE}:{number}:"))
}

/// A line more, which is broken.
fn line(name: &str, line: &str) -> Case {
    let text = pinned("torch==2.1.2");
    let number = text.lines().count() + 1;
    case(name, format!("{text}{line}\n")).says(&format!("--> {FILE}:{number}:"))
}

#[test]
fn what_is_no_requirements_file() {
    let utf16: Vec<u8> = "\u{feff}torch==2.1.2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    refused(vec![
        case("empty", "").nowhere().says("requirements.txt is empty"),
        case("comments alone", "# nothing\n").nowhere(),
        case("HTML", "<!DOCTYPE html>\n<html>").at("<").says("HTML"),
        case("JSON", "\n[1, 2]\n").at("[").says("JSON"),
        case("TOML", "[[package]]\nname = \"torch\"\n").at("[[").says("TOML"),
        case("YAML", "dependencies:\n  - torch\n").at("dep").says("YAML"),
        case("PNG", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").says("encoding"),
        case("zip", b"PK\x03\x04\x14\x00").says("NUL"),
        case("UTF-16", utf16).at("\u{fffd}").says("UTF-16"),
        case("Latin-1", b"torch==2.1.2\n# caf\xe9\n").at("\u{fffd}"),
        case("a NUL byte", "torch==2.1.2\n#\0\n").at("\0").says("NUL"),
        case("a line end that only pip sees", "torch==2.1.2\n# x\u{2028}evil==1\n").at("\u{2028}"),
        case("orders to the terminal", "\u{1b}[31mtorch\u{1b}[0m==2\n"),
        case("writing turned around", "tor\u{202e}ch==2\n"),
        case("a folder", "").with_folder(),
        case("missing", "").run(&["other.txt"]).blames("other.txt").nowhere().says("no such file"),
        case("the input of a lock", "").run(&["x.in"]).with("x.in", "torch\n").blames("x.in").nowhere(),
    ]);
}

#[test]
fn digests() {
    let hash = |name: &str, value: &str| line(name, &format!("a==1 --hash={value}"));
    let hex = |c: &str, n| format!("sha256:{}", c.repeat(n));
    refused(vec![
        hash("too short", &hex("a", 63)).says("this one has 63"),
        hash("too long", &hex("a", 65)).says("this one has 65"),
        hash("half a megabyte", &hex("a", 500_000)).says("this one has 500000"),
        hash("with signs", &hex("+f", 32)).says("`+`"),
        hash("with letters", &hex("g", 64)).says("`g`"),
        hash("with characters of two bytes", &hex("é", 32)),
        hash("bare", &"a".repeat(64)).says("sha256:"),
        hash("an unknown kind", "crc32:00000000").says("`crc32`"),
        hash("sha512 of the wrong length", &format!("sha512:{}", "a".repeat(64))),
        line("empty", "a==1 --hash="),
        line("without a value", "a==1 --hash").says("needs a value"),
        line("md5 alone", &format!("a==1 --hash=md5:{}", "a".repeat(32))),
        line("on a line of its own", &format!("--hash={}", digest())).says("no requirement before"),
        line("behind a broken continuation", &format!("a==1 \\ \n  --hash={}", digest())),
        line("none where all others have one", "a==1").says("pip wants digests for every line or for none"),
        line(
            "not the one of the URL",
            &format!(
                "a @ https://x.example/a-1.0-py3-none-any.whl#{} --hash={}",
                "sha256=".to_owned() + &"b".repeat(64),
                digest()
            ),
        )
        .says("is not the one behind"),
        line("a short one in a URL", "a @ https://x.example/a-1.0-py3-none-any.whl#sha256=b"),
        line("many broken ones", &format!("a==1 --hash={}\n", "a".repeat(50_000)).repeat(20)),
    ]);
}

#[test]
fn lines_of_torch() {
    let wheel = "torch-2.1.2-cp310-cp310-linux_x86_64.whl";
    let url = |name: &str, url: &str| torch(name, &format!("torch @ {url} --hash={}", digest()));
    let open = |n: usize| format!("torch==2.1.2 ; platform_release == '{n}' --hash={}\n", digest());
    refused(vec![
        torch("not pinned", "torch").says("torch is not pinned").says("torch==VERSION"),
        torch("a bound", "torch>=2"),
        torch("a range", "torch<3,>2"),
        torch("a star", "torch==2.*"),
        torch("two pins", "torch==2.1.2,==2.1.3"),
        torch("a variable", "torch==${VERSION}"),
        torch("one equals sign", "torch=2.1.2"),
        torch("a version that is none", "torch==two"),
        torch("a version of many digits", &format!("torch=={}", "9".repeat(500_000))),
        torch("many versions", &format!("torch{}", "!=1,".repeat(200_000).trim_end_matches(','))),
        torch("editable", "-e torch==2.1.2"),
        url("a script", "javascript:alert(1)").says("neither a URL nor a path"),
        url("data", "data:text/plain,x"),
        url("FTP", &format!("ftp://x.example/{wheel}")),
        url("gopher", &format!("gopher://x.example/{wheel}")),
        url("two words", "https://x.example/a b.whl"),
        url("the wheel of another package", "https://x.example/numpy-1.0-py3-none-any.whl").says("numpy"),
        url("a folder", "./torch").says("comes from ./torch, which does not give its version"),
        url("a repository", "git+https://x.example/torch.git@main"),
        url("a URL that names no wheel", "https://x.example/torch"),
        case("twice, and not alike", pinned("torch==2.1.2\ntorch==2.0.1")).at("torch==2.0.1").says("do not agree"),
        case(
            "twice, with other digests",
            pinned(&format!("torch==2.1.2 --hash={}\ntorch==2.1.2 --hash=sha256:{}", digest(), "b".repeat(64))),
        )
        .says("do not agree"),
        case(
            "twice on some machines",
            pinned(&format!("torch==2.1.2\ntorch==2.0.1 ; platform_release > '1' --hash={}", digest())),
        )
        .says("twice"),
        case("disjoint, but thousands", pinned(&(0..4000).map(open).collect::<String>())).says("more than 64 times"),
    ]);
}

#[test]
fn lines() {
    let marker = |name: &str, marker: &str| line(name, &format!("a==1 ; {marker} --hash={}", digest()));
    let many = (0..10_000).map(|n| format!("platform_release == '{n}'")).collect::<Vec<_>>().join(" or ");
    refused(vec![
        line("a sentence", "please install torch"),
        line("a name without end", &format!("{}==1", "a".repeat(900_000))),
        line("brackets that do not end", "a[b==1"),
        line("extras that are none", "a[?]==1"),
        line("an unknown option", "--evil"),
        line("an unknown option of half a megabyte", &format!("--{}", "x".repeat(500_000))),
        line("an option out of place", "a==1 --pre"),
        line("a quote that is not closed", "a==1 --hash=\"sha256:00"),
        line("a comment that goes on", "a==1 # x \\\n  --hash=sha256:00"),
        marker("no marker", "when it rains"),
        line("an empty marker", "a==1 ;"),
        marker("a marker's quote that is not closed", "os_name == 'nt"),
        marker("another alphabet", "os_name == 'é' é"),
        marker("a quote in a value", "platform_release == 'a\" or \"b'"),
        marker("ten thousand clauses", &many).says("more comparisons that no target decides"),
        marker("deep brackets", &format!("{}os_name == 'nt'{}", "(".repeat(100_000), ")".repeat(100_000))),
        line("nothing but continuations", &format!("a==1 {}", "\\\n".repeat(200_000))),
    ]);
}

#[test]
fn includes() {
    let chain: Vec<(String, String)> =
        (0..10_000).map(|n| (format!("d/{n}.txt"), format!("-r {}.txt\n", n + 1))).collect();
    let mut deep = case("ten thousand deep", "-r d/0.txt\n").blames("d/31.txt").at("-r").says("more than 32 deep");
    deep.place = Placed::Somewhere;
    deep.files.extend(chain.into_iter().map(|(name, text)| (name, text.into_bytes())));
    let mut wide = case("two thousand files", (0..2000).map(|n| format!("-r d/{n}.txt\n")).collect::<String>());
    wide.files.extend((0..2000).map(|n| (format!("d/{n}.txt"), Vec::new())));
    let cases = vec![
        case("of itself", "-r requirements.txt\n").at("-r").says("requirements.txt → requirements.txt"),
        case("of itself by another name", "-r ./x/../requirements.txt\n").at("-r"),
        case("in a circle", "-r a.txt\n")
            .with("a.txt", "-r b.txt\n")
            .with("b.txt", "\n-c requirements.txt\n")
            .blames("b.txt")
            .says("b.txt:2:1")
            .says("a.txt → b.txt"),
        case("of nothing", "\n-r gone.txt\n").at("-r").says("`gone.txt`").says("no such file"),
        case("of a folder", "-r d\n").with("d/x", "").at("-r").says("folder"),
        case("without a name", "-r\n").at("-r").says("needs a value"),
        case("of a URL", "-r https://x.example/r.txt\n").at("-r").says("nothing is fetched"),
        case("of a script", "-r javascript:x\n").at("-r"),
        case("of a variable", "-r ${HOME}/x.txt\n").at("-r"),
        case("of a path of half a megabyte", format!("-r {}x\n", "a/".repeat(250_000))).at("-r"),
        case("of a file that is broken", "-r a.txt\n")
            .with("a.txt", "torch==2.1.2\n???\n")
            .blames("a.txt")
            .says("a.txt:2:1"),
        case("of another encoding", "-r a.txt\n").with("a.txt", b"# x\n# caf\xe9\n").at("-r").says("(line 2)"),
        deep,
        wide.says("more than 500 files"),
    ];
    refused(cases);
}

/// What a file names may be endless, and through a link to its own folder it can have any number of names.
#[cfg(unix)]
#[test]
fn devices_and_links() {
    use super::{Duration, Place, run};
    refused(vec![case("of an endless file", "-r /dev/zero\n").at("-r").says("larger than 64 MB")]);
    let place = Place::new();
    place.write("requirements.txt", (0..4).map(|n| format!("-r l{n}/requirements.txt\n")).collect::<String>());
    for n in 0..4 {
        std::os::unix::fs::symlink(".", place.path().join(format!("l{n}"))).unwrap();
    }
    let ran = run(place.path(), &[FILE.to_owned()], Duration::from_secs(10));
    assert_eq!(ran.status, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("--> l0/") && ran.stderr.len() < super::LONGEST_MESSAGE, "{}", ran.stderr);
}

#[test]
fn sizes() {
    let torch = pinned("torch==2.1.2");
    let large = |text: &str| text.repeat((LARGE_MB << 20) / text.len());
    refused(vec![
        case("one line of 100 MB", format!("{torch}{}", "x".repeat(100_000_000))).nowhere().says("larger than 64 MB"),
        case("one large line", large("x")).says("longer than"),
        case("a large line of blanks", format!("{torch}{}", large(" "))).says("longer than"),
        case("a large line of continuations", format!("{torch}a==1 {}", large("x\\\n"))),
        case("a million short lines", format!("{}?\n", "a==1\n".repeat(1_000_000))).says(":1000001:1"),
        case("a million broken lines", "?\n".repeat(1_000_000)).at("?"),
        case(
            "a hundred thousand packages",
            (0..100_000).map(|n| format!("a{n}==1 --hash={}\n", digest())).collect::<String>(),
        )
        .nowhere(),
        case("extras without end", format!("{torch}a[{}b]==1\n", "a,".repeat(200_000))),
    ]);
}
