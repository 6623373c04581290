//! `torchswap verify` as a user runs it, against a server on loopback.

use std::collections::BTreeSet;
use std::process::Stdio;

use serde_json::Value;
use torchswap::packaging::digest::Sha256;

use crate::reports;
use crate::support::server::{Fault, Server};
use crate::support::wheel::Wheel;
use crate::support::{Place, Run, at_once, root};

mod folder;
mod offline;
mod record;
mod sizes;

const FOLDER: &str = "/whl/cu118";
const FILE: &str = "demo-1.0+cu118-cp310-cp310-linux_x86_64.whl";
const REQUIRES: [&str; 2] = ["filelock", "triton==2.0.0; platform_system == \"Linux\""];

/// A digest that nothing has.
fn none() -> String {
    "a".repeat(64)
}

fn wheel() -> Wheel {
    Wheel::new(FILE).requires(&REQUIRES)
}

/// A server with one wheel and its page, and a folder with an output and a catalogue that say the same.
struct World {
    server: Server,
    place: Place,
}

impl World {
    fn new() -> Self {
        Self::of(&wheel())
    }

    fn of(wheel: &Wheel) -> Self {
        let world = Self { server: Server::new(), place: Place::new() };
        world.serve(wheel.bytes());
        let digest = wheel.sha256().to_string();
        world.page(&format!("#sha256={digest}"));
        world.output(&digest);
        world.catalogue(&digest);
        world
    }

    fn path() -> String {
        format!("{FOLDER}/{}", FILE.replace('+', "%2B"))
    }

    fn serve(&self, bytes: Vec<u8>) {
        self.server.file(&Self::path(), "application/zip", bytes);
    }

    fn page(&self, fragment: &str) {
        let attributes = format!("data-core-metadata='sha256={}'", "b".repeat(64));
        self.server
            .page(&format!("{FOLDER}/demo/"), &format!("<a href='{}{fragment}' {attributes}>x</a>", Self::path()));
    }

    fn html(&self, html: &str) {
        self.server.page(&format!("{FOLDER}/demo/"), html);
    }

    /// Every answer for the wheel goes wrong like this.
    fn always(&self, fault: &Fault) {
        self.server.faults(&Self::path(), vec![fault.clone(); 9]);
    }

    fn output(&self, digest: &str) {
        let url = self.server.url(&Self::path());
        self.place.write("r.txt", format!("# ours\ndemo @ {url} \\\n    --hash=sha256:{digest}\n"));
    }

    fn catalogue(&self, digest: &str) {
        let folder = self.server.url(FOLDER);
        let list = REQUIRES.join("\t");
        self.place.write(
            "team.tsv",
            format!(
                "wheel\tdemo\t1.0+cu118\tcu118\t{folder}\t{FILE}\t{digest}\t-\t3\t-\t-\n\
                 requires\tdemo\t1.0+cu118\t{folder}\t*\tpypi:exact:1\t-\t{list}\n"
            ),
        );
    }

    fn run(&self, options: &str) -> Run {
        self.place.online(&format!("verify r.txt --timeout 60 --retries 2 {options}"))
    }

    fn json(&self, options: &str) -> (i32, Value) {
        let run = self.run(&format!("--report json {options}"));
        (run.status, reports::valid(&run.stdout, &mut BTreeSet::new()))
    }
}

/// The kinds of the witnesses of the first wheel, with a star behind one that differs from the others.
fn witnesses(value: &Value) -> String {
    let all = value["wheels"][0]["witnesses"].as_array().unwrap().iter();
    let each =
        all.map(|one| format!("{}{}", one["kind"].as_str().unwrap(), if one["alone"] == true { "*" } else { "" }));
    each.collect::<Vec<_>>().join(" ")
}

#[test]
fn four_witnesses_agree() {
    let world = World::new();
    for (options, expected) in [
        ("--catalog team.tsv", "file catalogue"),
        ("--index", "file index"),
        ("--download", "file bytes"),
        ("--catalog team.tsv --index --download", "file catalogue index bytes"),
    ] {
        let (status, value) = world.json(options);
        assert_eq!((status, value["state"].as_str().unwrap()), (0, "ok"), "{value}");
        assert_eq!(witnesses(&value), expected);
    }
    let run = world.run("--catalog team.tsv --index --download");
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stdout.contains("ok  demo-1.0+cu118-cp310-cp310-linux_x86_64.whl (team.tsv catalogue, recorded by 3"));
    assert!(run.stdout.ends_with("1 file verified\n"), "{}", run.stdout);
    assert_eq!(world.run("--catalog team.tsv --index --download -q").stdout, "");
    assert_eq!(world.place.names(), ["cache", "r.txt", "team.tsv"]);
}

#[test]
fn a_witness_that_is_alone_is_reported() {
    type Break = fn(&World);
    let breaks: [(Break, &str); 7] = [
        (|world| world.output(&none()), "file* catalogue index bytes"),
        (|world| world.catalogue(&none()), "file catalogue* index bytes"),
        (|world| world.page(&format!("#sha256={}", none())), "file catalogue index* bytes"),
        (
            |world| {
                world.server.faults(&World::path(), [Fault::Flip(40), Fault::Flip(40)]);
            },
            "file catalogue index bytes*",
        ),
        (|world| world.serve(Wheel { ballast: 999, ..wheel() }.bytes()), "file catalogue index bytes*"),
        (
            |world| {
                let link = |digest: &str| format!("<a href='{}#sha256={digest}'>x</a>", World::path());
                world.html(&(link(&wheel().sha256().to_string()) + &link(&none())));
            },
            "file catalogue index index* bytes",
        ),
        (
            |world| {
                world.output(&none());
                world.page(&format!("#sha256={}", none()));
            },
            "file catalogue index bytes",
        ),
    ];
    for (spoil, expected) in breaks {
        let world = World::new();
        spoil(&world);
        let (status, value) = world.json("--catalog team.tsv --index --download");
        assert_eq!((status, value["state"].as_str().unwrap()), (1, "differs"), "{value}");
        assert_eq!(witnesses(&value), expected);
        assert_eq!(value["wheels"][0]["wrong"][0]["code"], "digest-conflict");
        let run = world.run("--catalog team.tsv --index --download");
        assert_eq!(run.status, 1);
        assert!(run.stdout.contains("r.txt:2:1"), "{}", run.stdout);
        assert_eq!(run.stdout.contains("<- alone"), expected.contains('*'), "{}", run.stdout);
    }
}

#[test]
fn a_wheel_must_be_what_its_name_and_the_catalogue_say() {
    let cases: [(Wheel, &str); 7] = [
        (Wheel::new(FILE).requires(&["filelock"]), "only the catalogue has it require triton ==2.0.0"),
        (Wheel::new(FILE).requires(&["filelock", "triton==2.0.0", "evil"]), "only the wheel requires evil"),
        (Wheel::new(FILE).requires(&["filelock", "triton==2.0.1"]), "only the wheel requires triton ==2.0.1"),
        (Wheel { name: "other".to_owned(), ..wheel() }, "METADATA"),
        (Wheel { tag: "cp311-cp311-linux_x86_64".to_owned(), ..wheel() }, "another system"),
        (Wheel { tag: "cp310-cp310-win_amd64".to_owned(), ..wheel() }, "another system"),
        (Wheel { record: false, ..wheel() }, "RECORD"),
    ];
    for (wheel, why) in cases {
        let world = World::of(&wheel);
        let run = world.run("--catalog team.tsv --download");
        assert_eq!(run.status, 1, "{}", run.stdout);
        assert!(run.stdout.contains(why), "{why}: {}", run.stdout);
    }
    // Spelt otherwise, or renamed within a system: the same.
    for same in [
        Wheel::new(FILE).requires(&["triton (==2.0.0)", "FileLock", "pytest; extra == 'dev'"]),
        Wheel { tag: "cp310-none-manylinux1_x86_64".to_owned(), ..wheel() },
        Wheel { tag: "cp310-cp310-linux_aarch64".to_owned(), ..wheel() },
    ] {
        let run = World::of(&same).run("--catalog team.tsv --download");
        assert_eq!(run.status, 0, "{}", run.stdout);
    }
}

#[test]
fn what_passes_is_borne_with() {
    use Fault::{Cut, None, Reset, Stall, Status};
    let patient = "--timeout 60 --retries 2";
    let cases = vec![
        (vec![Status(429, "0"), None, Cut(500)], patient),
        (vec![None, Reset(500), Status(503, "")], patient),
        (vec![Status(500, ""), Status(502, ""), None, Cut(500), Cut(300)], patient),
        (vec![Stall(100), None, Stall(500)], "--timeout 2 --retries 2"),
    ];
    at_once(cases, |(faults, options)| {
        let world = World::of(&Wheel { ballast: 200_000, ..wheel() });
        world.server.faults(&World::path(), faults.clone());
        let run = world.place.online(&format!("verify r.txt --download {options}"));
        assert_eq!(run.status, 0, "{faults:?}: {}", run.stdout);
    });
}

/// PyTorch's index did so with `linux_aarch64`. Other bytes under the name count all the same.
#[test]
fn a_page_that_lists_the_bytes_under_another_name_lists_the_file() {
    let world = World::new();
    let digest = wheel().sha256().to_string();
    let renamed = |digest: &str| {
        let file = World::path().replace("linux_x86_64", "manylinux_2_28_x86_64");
        assert_ne!(file, World::path());
        format!("<a href='{file}#sha256={digest}'>x</a>")
    };
    world.html(&renamed(&digest));
    let run = world.run("--index");
    assert_eq!(run.status, 0, "{}", run.stdout);
    world.html(&renamed(&"0".repeat(64)));
    assert!(world.run("--index").stdout.contains("does not list"));
    world.html(&format!("{}<a href='{}#sha256={}'>x</a>", renamed(&digest), World::path(), "0".repeat(64)));
    assert_eq!(world.run("--index").status, 1);
}

#[test]
fn what_cannot_be_answered_is_no_answer() {
    type Break = fn(&World);
    let breaks: [(Break, &str, &str); 7] = [
        (|_| {}, "", "no other source has the digest"),
        (|world| world.always(&Fault::Status(403, "")), "--download", "status 403"),
        (|world| world.always(&Fault::Status(500, "")), "--download", "gave up after"),
        (|world| world.always(&Fault::Cut(9)), "--download", "gave up after"),
        (|world| world.html("<html>"), "--index", "does not list"),
        (|world| world.page(""), "--index", "no other source has the digest"),
        (|world| world.html("<a href='%"), "--index", "does not list"),
    ];
    for (spoil, options, why) in breaks {
        let world = World::new();
        spoil(&world);
        let run = world.run(options);
        assert_eq!(run.status, 2, "{}", run.stdout);
        assert!(run.stdout.contains(why), "{why}: {}", run.stdout);
        assert!(run.stdout.contains("unanswered  demo-1.0"), "{}", run.stdout);
    }
}

#[test]
fn finished_downloads_are_remembered_by_their_tag() {
    let world = World::of(&Wheel { ballast: 300_000, ..wheel() });
    let whole = || world.server.log().iter().filter(|request| request.header("range").is_empty()).count();
    for (options, expected) in [("--no-cache", 1), ("", 2), ("", 2), ("--no-cache", 3)] {
        let run = world.run(&format!("--download {options}"));
        assert_eq!((run.status, whole()), (0, expected), "{}", run.stdout);
    }
    let kept: Vec<String> = std::fs::read_dir(world.place.path().join("cache/torchswap/digests-2"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(kept.len() == 1 && kept[0].len() == 64, "{kept:?}");
    // What is damaged or of another file is not believed.
    let name = format!("cache/torchswap/digests-2/{}", kept[0]);
    for text in ["", "x 1", &format!("{} 1\n", none())] {
        world.place.write(&name, text);
        let run = world.run("--download");
        assert_eq!(run.status, 0, "{}", run.stdout);
    }
    world.server.faults(&World::path(), [Fault::Change]);
    let run = world.run("--download");
    assert_eq!(run.status, 1, "{}", run.stdout);
}

#[test]
fn a_file_that_two_entries_pin_is_downloaded_once_and_both_are_judged() {
    let world = World::new();
    let (url, digest) = (world.server.url(&World::path()), wheel().sha256().to_string());
    world.run("--download --no-cache").ok();
    let requests = world.server.count(&World::path());
    let pinned = |condition: &str, digest: &str| {
        format!("demo @ {url} ; python_version {condition} '3.11' \\\n    --hash=sha256:{digest}\n")
    };
    for digests in [[&*digest, &none()], [&none(), &*digest]] {
        world.place.write("r.txt", pinned("<", digests[0]) + &pinned(">=", digests[1]));
        let run = world.run("--download --no-cache");
        let wrong = run.stdout.lines().filter(|line| line.contains(&none())).count();
        assert!(run.status == 1 && wrong > 0, "{digests:?}: {}", run.stdout);
    }
    assert_eq!(world.server.count(&World::path()), 3 * requests);
}

#[test]
fn a_digest_is_not_remembered_by_a_tag_that_the_file_did_not_come_with() {
    let world = World::new();
    world.server.faults(&World::path(), [Fault::None, Fault::Untagged]);
    let run = world.run("--download");
    assert_eq!(run.status, 0, "{}", run.stdout);
    assert!(!world.place.exists("cache/torchswap"));
}

#[test]
fn a_server_without_parts_is_read_whole() {
    let world = World::new();
    world.always(&Fault::Whole);
    let run = world.run("--download --catalog team.tsv");
    assert_eq!(run.status, 0, "{}", run.stdout);
    assert!(!run.stdout.contains("it was not opened"), "{}", run.stdout);
    // It says of itself what the catalogue does not.
    let other = World::of(&wheel().requires(&["filelock"]));
    other.always(&Fault::Whole);
    let run = other.run("--download --catalog team.tsv");
    assert!(run.status == 1 && run.stdout.contains("require triton ==2.0.0"), "{}", run.stdout);
}

/// A run over an output whose wheel is these bytes, and a server that always has a fault.
fn downloaded(bytes: &[u8], fault: &Fault) -> (World, Run) {
    let world = World::new();
    world.serve(bytes.to_vec());
    world.output(&Sha256::of_bytes(bytes).to_string());
    world.always(fault);
    let run = world.run("--download");
    (world, run)
}

#[test]
fn a_header_that_is_not_what_the_directory_says_is_wrong_however_the_bytes_come() {
    let mut bytes = wheel().bytes();
    let at = bytes.windows(7).position(|window| window == b"ballast").unwrap();
    bytes[at] = b'B';
    for fault in [Fault::None, Fault::Whole] {
        let (world, run) = downloaded(&bytes, &fault);
        let why = "the directory and the header of ballast do not agree";
        assert!(run.status == 1 && run.stdout.contains(why), "{fault:?}: {}", run.stdout);
        assert!(!world.place.exists("cache/torchswap"), "{fault:?}");
    }
}

#[test]
fn what_does_not_open_is_wrong_whether_or_not_the_server_has_parts() {
    let bytes = b"no wheel at all".to_vec();
    for fault in [Fault::None, Fault::Whole] {
        let (world, run) = downloaded(&bytes, &fault);
        assert!(run.status == 1 && run.stdout.contains("is not a wheel to be trusted"), "{fault:?}: {}", run.stdout);
        // Nor is its digest remembered.
        assert!(!world.place.exists("cache/torchswap"), "{fault:?}");
    }
}

#[test]
fn a_file_that_changes_between_opening_and_reading_is_reported() {
    let world = World::new();
    world.server.faults(&World::path(), [Fault::None, Fault::ChangeSilently]);
    let run = world.run("--download");
    assert_eq!(run.status, 2, "{}", run.stdout);
    assert!(run.stdout.contains("another file when it was opened"), "{}", run.stdout);
}

#[test]
fn releases_are_asked_for_on_the_default_index() {
    let world = World::new();
    let digest = wheel().sha256();
    world.place.write("r.txt", format!("demo==1.0+cu118 --hash=sha256:{digest} --hash=sha256:{}\n", none()));
    world.server.page("/simple/demo/", &format!("<a href='{}#sha256={digest}'>x</a>", World::path()));
    let index = world.server.url("/simple");
    let run = world.place.command("verify r.txt --index").env("PIP_INDEX_URL", &index).output().unwrap();
    let run = Run::new(&run);
    // One digest is on no page: it is not confirmed.
    assert_eq!(run.status, 2, "{}", run.stdout);
    assert!(run.stdout.contains("ok  demo: 1 file in r.txt (index page)"), "{}", run.stdout);
    assert!(run.stdout.contains("1 file of releases that only the lock knows"), "{}", run.stdout);
    world.place.write("r.txt", format!("demo==1.0+cu118 --hash=sha256:{digest}\n"));
    assert_eq!(world.run(&format!("--index --index-url {index}")).status, 0);
    let download = |more: &str| world.run(&format!("--download --index-url {index} {more}"));
    let (run, other) = (download("--package demo --platform linux-x86_64 --python 3.10"), download("--package other"));
    assert_eq!(run.status, 0, "{}", run.stdout);
    assert!(run.stdout.contains("the bytes, downloaded"), "{}", run.stdout);
    assert_eq!(other.status, 2, "{}", other.stdout);
    assert_eq!(download("--package demo --platform macos-arm64").status, 2);
    let homeless = world.run("--download --package demo --catalog team.tsv");
    assert_eq!(homeless.status, 2, "{}", homeless.stdout);
    assert!(homeless.stdout.contains("name it with --index-url"), "{}", homeless.stdout);
    let secret = world.place.online("verify r.txt --index --index-url ftp://me:secret@i.example");
    assert!(secret.status == 2 && !secret.stderr.contains("secret"), "{}", secret.stderr);
}

#[test]
fn a_pylock_says_where_its_wheels_lie() {
    let world = World::new();
    let (url, digest) = (world.server.url(&World::path()), wheel().sha256());
    let head = "lock-version = \"1.0\"\ncreated-by = \"a test\"\n";
    let package = |digest: &str| {
        format!(
            "{head}[[packages]]\nname = \"demo\"\nversion = \"1.0+cu118\"\n\
             wheels = [{{ name = \"{FILE}\", url = \"{url}\", hashes = {{ sha256 = \"{digest}\" }} }}]\n"
        )
    };
    for (digest, status) in [(digest.to_string(), 0), (none(), 1)] {
        world.place.write("pylock.toml", package(&digest));
        for options in ["--catalog team.tsv", "--download --package demo"] {
            let run = world.place.online(&format!("verify pylock.toml {options}"));
            assert_eq!(run.status, status, "{options}: {}", run.stdout);
        }
    }
}

#[test]
fn no_login_is_shown() {
    let world = World::new();
    let with_login = |url: String| url.replace("http://", "http://me:secret@");
    let text = with_login(world.place.read("r.txt"));
    let release = format!("demo==1.0+cu118 --hash=sha256:{}\n", wheel().sha256());
    world.place.write("lock.txt", release);
    for digest in [wheel().sha256().to_string(), none()] {
        let text = text.replace(&wheel().sha256().to_string(), &digest);
        assert!(text.contains("secret"));
        world.place.write("r.txt", text);
        for options in ["", "--index --download", "--index --download --report json"] {
            let arguments = format!("verify r.txt lock.txt --timeout 60 --retries 0 --record ours.tsv {options}");
            let mut command = world.place.command(&arguments);
            let run =
                Run::new(&command.env("PIP_INDEX_URL", with_login(world.server.url("/simple"))).output().unwrap());
            assert!(!run.stdout.contains("secret"), "{}", run.stdout);
            assert!(run.status != 0 && !run.stdout.is_empty());
        }
    }
    assert!(world.server.log().iter().all(|request| request.header("authorization") == "Basic bWU6c2VjcmV0"));
    assert!(!world.place.read("ours.tsv").contains("secret"));
}

#[test]
fn ctrl_c_ends_at_once_and_leaves_nothing() {
    let world = World::new();
    world.server.faults(&World::path(), vec![Fault::Stall(100); 9]);
    let mut command = world.place.command("verify r.txt --download --timeout 100");
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    while world.server.count(&World::path()) == 0 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(world.place.names(), ["r.txt", "team.tsv"]);
}
