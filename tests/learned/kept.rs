//! Wheels that stay as locked and whose requirements no catalogue knows: the lock is trusted and the summary says so; with
//! `--learn` the requirements are asked for.

use super::{EXPORT, FILE, torch};
use crate::catalog_update::{Site, Tells, sha256, wheel};
use crate::support::server::{Fault, Server};

const TRITON: &str = "triton-3.99.0-2-cp312-cp312-manylinux_2_28_x86_64.whl";

const VISION: &str = "torchvision-0.99.0+cu130-cp312-cp312-manylinux_2_28_x86_64.whl";

/// A lock of lines, each with the digest of the file that is served.
fn lock(site: &Site, pins: &[(&str, &str)]) {
    let lines = pins.iter().map(|(pin, digest)| format!("{pin} --hash=sha256:{digest}\n"));
    site.place.write("requirements.txt", lines.collect::<String>());
}

/// torch as it is on the index already, and a torchvision that wants what nothing else does.
fn both() -> Site {
    let site = torch();
    let torch = sha256(&site.server.served(super::TORCH));
    let vision = site.put("/whl/cu130", "/whl/cu130", VISION, &["torch==2.99.0", "pillow"], Tells::All);
    site.put("/simple", "/files", "pillow-9.0-py3-none-any.whl", &[], Tells::All);
    lock(&site, &[("torch==2.99.0+cu130", &torch), ("torchvision==0.99.0+cu130", &vision)]);
    site
}

#[test]
fn what_a_kept_wheel_requires_is_asked_in_the_same_run() {
    let site = both();
    let asked = site.server.log().len();
    let run = site.run(&format!("{EXPORT} -v -o before.txt"), &[]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    for package in ["torch 2.99.0+cu130", "torchvision 0.99.0+cu130"] {
        assert!(run.stderr.contains(&format!("unproven  {package}: kept as locked: no catalogue knows this wheel\n")));
    }
    assert_eq!(site.server.log().len(), asked);
    assert!(!site.place.read("before.txt").contains("pillow"));
    let run = site.learn(&format!("{EXPORT} -v -o out.txt"));
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("learned  torchvision 0.99.0+cu130: 1 wheel"), "{}", run.stderr);
    assert!(run.stderr.contains("added  pillow 9.0: needed by torchvision 0.99.0+cu130"), "{}", run.stderr);
    assert!(!run.stderr.contains("unproven"), "{}", run.stderr);
    let text = site.place.read("out.txt");
    for (name, needs) in [("torch", "triton"), ("torchvision", "pillow")] {
        assert!(text.contains(&format!("\n{name}==")) || text.contains(&format!("\n{name} @ ")), "{text}");
        assert!(text.contains(&format!("\n{needs}==")) || text.contains(&format!("\n{needs} @ ")), "{text}");
    }
    // A second run asks nothing, and one that may not ask finds the same.
    let asked = site.server.log().len();
    site.learn(&format!("{EXPORT} -v -o again.txt")).ok();
    assert_eq!(site.place.read("again.txt"), text);
    assert_eq!(site.run(&format!("{EXPORT} -q"), &[]).ok(), text);
    assert_eq!(site.since(asked), Vec::<String>::new());
    // Of a wheel that is known what it requires, and not the wheel again.
    let kept = site.catalogue();
    let kept: Vec<&str> = kept.lines().filter(|line| !line.starts_with("requires\ttorchvision\t")).collect();
    site.place.write(FILE, kept.join("\n") + "\n");
    let asked = site.server.log().len();
    let run = site.learn(&format!("{EXPORT} -v -o again.txt"));
    assert!(run.stderr.starts_with("learned  torchvision 0.99.0+cu130: what it requires (now in"), "{}", run.stderr);
    assert_eq!(site.since(asked).len(), 2, "{:?}", site.since(asked));
    assert_eq!(site.place.read("again.txt"), text);
}

/// A lock tool read the list of another wheel: the triton of torch wants demo-tools, of which the lock has nothing.
#[test]
fn a_kept_library_that_torch_needs_is_asked_too() {
    let site = torch();
    let triton = site.put("/whl/cu130", "/whl", TRITON, &["demo-tools>=40"], Tells::All);
    let tools = site.put("/simple", "/files", "demo_tools-80.0-py3-none-any.whl", &[], Tells::All);
    lock(&site, &[("torch==2.99.0", &"f".repeat(64)), ("triton==3.99.0", &triton)]);
    let run = site.learn(&format!("{EXPORT} -v -o out.txt"));
    assert_eq!(run.status, 0, "{}", run.stderr);
    let text = site.place.read("out.txt");
    assert!(text.contains(&format!("demo-tools==80.0 \\\n    --hash=sha256:{tools}\n")), "{text}");
    // Without what was learned of it the lock is taken at its word, and the summary says so.
    let kept = site.catalogue();
    let kept: Vec<&str> = kept.lines().filter(|line| !line.contains("\ttriton\t")).collect();
    site.place.write(FILE, kept.join("\n") + "\n");
    let run = site.run(&format!("{EXPORT} -v -o offline.txt"), &[]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("unproven  triton 3.99.0: kept as locked: no catalogue knows this wheel\n"));
    assert!(!site.place.read("offline.txt").contains("demo-tools"));
    site.learn(&format!("{EXPORT} -v -o again.txt")).ok();
    assert_eq!(site.place.read("again.txt"), text);
}

/// The lock's digest says whether a wheel is the lock's: what another one requires says nothing of it.
#[test]
fn where_nobody_has_it_that_is_said_and_it_stays() {
    let site = both();
    let torch = sha256(&site.server.served(super::TORCH));
    lock(&site, &[("torch==2.99.0+cu130", &torch), ("torchvision==0.99.0+cu130", &"e".repeat(64))]);
    let run = site.learn(&format!("{EXPORT} -v -o out.txt"));
    assert_eq!(run.status, 0, "{}", run.stderr);
    for line in [
        "unproven  torchvision 0.99.0+cu130: kept as locked: no catalogue knows this wheel\n",
        "warning: no index that was asked has a wheel of torchvision 0.99.0+cu130 with a digest of the lock",
    ] {
        assert!(run.stderr.contains(line), "{line}: {}", run.stderr);
    }
    assert!(site.place.read("out.txt").contains(&"e".repeat(64)) && site.rows("wheel", "torchvision").is_empty());
    // Nor is it one whose bytes have another digest, where the page tells none.
    let page = site.server.served("/whl/cu130/torchvision/");
    site.server
        .page("/whl/cu130/torchvision/", &format!("<a href=\"/whl/cu130/{}\">x</a>", VISION.replace('+', "%2B")));
    let run = site.learn(&format!("{EXPORT} --hash-missing -o out.txt"));
    assert!(
        run.status == 0 && run.stderr.contains("warning: no index that was asked has a wheel of"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("downloaded torchvision-0.99.0+cu130") && site.rows("wheel", "torchvision").is_empty());
    site.server.file("/whl/cu130/torchvision/", "text/html", page);
    // An index that does not answer is no index that has nothing.
    std::fs::remove_file(site.place.path().join("out.txt")).unwrap();
    std::fs::remove_file(site.place.path().join(FILE)).unwrap();
    for fault in [Fault::Status(500, ""), Fault::Cut(5)] {
        site.server.faults("/whl/cu130/torchvision/", vec![fault; 9]);
        let message = site.learn(&format!("{EXPORT} -v -o out.txt")).refused();
        assert!(message.contains("/whl/cu130/torchvision/"), "{message}");
        assert!(!site.place.exists("out.txt") && !site.place.exists(FILE));
    }
}

/// A lock that names its files, of which the index has other bytes under the same name.
#[test]
fn other_bytes_under_the_locks_own_name_are_refused_with_both_digests() {
    let site = both();
    let (index, known) = (site.server.url("/whl/cu130"), "e".repeat(64));
    let package = |name: &str, version: &str, file: &str, digest: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\ndescription = \"\"\noptional = false\npython-versions = \"*\"\n\
             groups = [\"main\"]\nfiles = [\n    {{file = \"{file}\", hash = \"sha256:{digest}\"}},\n]\n\n\
             [package.source]\ntype = \"legacy\"\nurl = \"{index}\"\nreference = \"own\"\n\n"
        )
    };
    let torch = sha256(&site.server.served(super::TORCH));
    let file = super::TORCH.rsplit_once('/').unwrap().1.replace("%2B", "+");
    let text =
        package("torch", "2.99.0+cu130", &file, &torch) + &package("torchvision", "0.99.0+cu130", VISION, &known);
    let metadata = "[metadata]\nlock-version = \"2.1\"\npython-versions = \"^3.12\"\ncontent-hash = \"\"\n";
    site.place.write("poetry.lock", text.clone() + metadata);
    std::fs::remove_file(site.place.path().join("requirements.txt")).unwrap();
    site.run(&format!("{EXPORT} -q"), &[]).ok();
    let vision = sha256(&wheel(VISION, &["torch==2.99.0", "pillow"], 2000));
    for tells in [Tells::All, Tells::Nothing] {
        let site_page = |html: &str| site.server.page("/whl/cu130/torchvision/", html);
        let digest = if matches!(tells, Tells::All) { format!("#sha256={vision}") } else { String::new() };
        site_page(&format!("<a href=\"/whl/cu130/{}{digest}\">{VISION}</a>", VISION.replace('+', "%2B")));
        let message = site.learn(&format!("{EXPORT} -v --hash-missing -o out.txt")).refused();
        let says = format!("two digests for {VISION}: the lock has {known}, ");
        assert!(message.contains(&says) && message.contains(&vision), "{message}");
        assert!(!site.place.exists("out.txt") && !site.place.exists(FILE));
    }
    // The lock's own digest is found, whether the page tells it or the bytes do.
    site.place.write("poetry.lock", text.replace(&known, &vision) + metadata);
    let run = site.learn(&format!("{EXPORT} -v -o out.txt"));
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("--hash-missing downloads it and computes it"), "{}", run.stderr);
    site.learn(&format!("{EXPORT} -v --hash-missing -o out.txt")).ok();
    assert!(site.place.read("out.txt").contains("pillow==9.0"));
}

/// A wheel that a lock names by its address lies on no index: its bytes tell. A lock may be somebody else's, so a host is asked
/// that the user names, and no other.
#[test]
fn a_wheel_at_an_address_of_its_own_is_asked_there_if_the_user_names_the_host() {
    let (site, other) = (both(), Server::new());
    let bytes = site.server.served(&format!("/whl/cu130/{}", VISION.replace('+', "%2B")));
    let path = format!("/releases/{}", VISION.replace('+', "%2B"));
    let torch = sha256(&site.server.served(super::TORCH));
    let hash = format!("{EXPORT} -v --hash-missing -o out.txt");
    let lock_at = |server: &Server| {
        server.file(&path, "application/octet-stream", bytes.clone());
        lock(
            &site,
            &[("torch==2.99.0+cu130", &torch), (&format!("torchvision @ {}", server.url(&path)), &sha256(&bytes))],
        );
    };
    lock_at(&other);
    let run = site.learn(&hash);
    assert!(run.status == 0 && run.stderr.contains(&format!("{} was not asked", other.url(&path))), "{}", run.stderr);
    assert!(other.log().is_empty() && !site.place.read("out.txt").contains("pillow"));
    let vision = format!("torchvision==0.99.0+cu130 --hash=sha256:{}", "e".repeat(64));
    let index = format!("--extra-index-url {}", other.url("/simple"));
    site.place.write("requirements.txt", format!("{index}\ntorch==2.99.0+cu130 --hash=sha256:{torch}\n{vision}\n"));
    let run = site.learn(&hash);
    assert!(run.stderr.contains(&format!("{} was not asked", other.url("/simple"))), "{}", run.stderr);
    assert!(other.log().is_empty());
    let pages = site.server.count("/whl/cu130/torchvision/");
    lock_at(&site.server);
    let run = site.learn(&format!("{EXPORT} -v -o out.txt"));
    assert!(run.status == 0 && run.stderr.contains("--hash-missing downloads it"), "{}", run.stderr);
    assert!(!site.place.read("out.txt").contains("pillow"));
    site.learn(&hash).ok();
    assert!(site.place.read("out.txt").contains("pillow==9.0"));
    assert_eq!(site.server.count("/whl/cu130/torchvision/"), pages);
}
