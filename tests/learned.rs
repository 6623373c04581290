//! `--learn`: what the catalogue lacks is asked of an index in the same run, kept in the project's catalogue, and used. The
//! index on the loopback behaves as PyTorch's does: 403 for what it does not have, links to a second host, digests and
//! metadata for some wheels only.

mod addresses;
mod kept;
mod tables;

use std::collections::BTreeSet;

use crate::catalog_update::{Site, Tells, metadata, sha256, wheel};
use crate::reports;
use crate::support::server::{Fault, Server};
use crate::support::{Run, fixture};

const FILE: &str = "torchswap-catalog.tsv";

const TORCH: &str = "/whl/cu130/torch-2.99.0%2Bcu130-cp312-cp312-manylinux_2_28_x86_64.whl";

const EXPORT: &str = "export --cuda 13.0 --python 3.12";

impl Site {
    /// How this index is asked.
    fn asked(&self) -> String {
        format!(
            "--learn --retries 0 --learn-index {} --closure-index {}",
            self.server.url("/whl"),
            self.server.url("/simple")
        )
    }

    fn learn(&self, arguments: &str) -> Run {
        self.run(&format!("{arguments} {}", self.asked()), &[])
    }

    /// The paths that were asked for since a number of requests.
    fn since(&self, before: usize) -> Vec<String> {
        self.server.log()[before..].iter().map(|request| request.path.clone()).collect()
    }
}

/// torch as PyTorch's index has it, and a lock that has torch alone.
fn torch() -> Site {
    let site = Site::torch();
    site.lock();
    site
}

#[test]
fn one_command_learns_the_wheel_and_what_it_needs() {
    let site = torch();
    let run = site.learn(&format!("{EXPORT} -v -o out.txt"));
    assert_eq!(run.status, 0, "{}", run.stderr);
    for line in [
        "learned  torch 2.99.0+cu130: 1 wheel, digest known from the index only (now in torchswap-catalog.tsv)\n",
        "learned  triton 3.99.0: 1 wheel",
        "learned  sympy 1.14.0: 1 wheel",
        "learned  mpmath 1.3.0: 1 wheel",
        "swapped  torch 2.99.0 -> 2.99.0+cu130 (torchswap-catalog.tsv catalogue, ",
        "added    mpmath 1.3.0: needed by sympy 1.14.0 (torchswap-catalog.tsv catalogue, PyPI, digest known from the index only",
    ] {
        assert!(run.stderr.contains(line), "{line}: {}", run.stderr);
    }
    let text = site.place.read("out.txt");
    // Of this Python and platform alone, and with the digest of the bytes that are served.
    assert_eq!(site.rows("wheel", "torch").len(), 1);
    let requires: Vec<String> = site.rows("requires", "torch")[0].split('\t').skip(7).map(str::to_owned).collect();
    let requires: Vec<&str> = requires.iter().map(String::as_str).collect();
    let torch = wheel("torch-2.99.0+cu130-cp312-cp312-manylinux_2_28_x86_64.whl", &requires, 2000);
    assert!(text.contains(&format!("{TORCH} \\\n    --hash=sha256:{}\n", sha256(&torch))), "{text}");
    // The header names a command that makes the same file, from what is known now.
    assert!(text.contains("# Command: torchswap export --cuda 13.0 --python 3.12 requirements.txt\n"), "{text}");
    // A second run asks nothing, nor does one that may not.
    let asked = site.server.log().len();
    site.learn(&format!("{EXPORT} -o again.txt")).ok();
    assert_eq!(site.place.read("again.txt"), text);
    assert_eq!(site.run(&format!("{EXPORT} -q"), &[]).ok(), text);
    site.run("check out.txt --allow-swapped", &[]).ok();
    assert_eq!(site.since(asked), Vec::<String>::new());
}

#[test]
fn only_what_is_missing_is_asked_for() {
    let site = torch();
    site.learn(EXPORT).ok();
    // The lock has a filelock, and the catalogue everything but triton and its requirements.
    let kept: String =
        site.catalogue().lines().filter(|line| !line.contains("\ttriton\t")).map(|line| format!("{line}\n")).collect();
    site.place.write(FILE, &kept);
    let asked = site.server.log().len();
    let run = site.learn(EXPORT);
    assert!(run.stderr.starts_with("learned  triton 3.99.0: 1 wheel") && run.stderr.matches("learned").count() == 1);
    let paths = site.since(asked);
    assert!(paths.iter().all(|path| path.contains("triton")), "{paths:?}");
    assert!(site.catalogue().lines().filter(|line| !line.contains("\ttriton\t")).eq(kept.lines()));
    // Of a wheel that is known what it requires.
    let kept: String = site
        .catalogue()
        .lines()
        .filter(|line| !line.starts_with("requires\ttorch\t"))
        .map(|line| format!("{line}\n"))
        .collect();
    site.place.write(FILE, &kept);
    let asked = site.server.log().len();
    let run = site.learn(EXPORT);
    assert!(run.stderr.starts_with("learned  torch 2.99.0+cu130: what it requires (now in"), "{}", run.stderr);
    assert_eq!(site.since(asked), ["/whl/cu130/torch/".to_owned(), format!("{TORCH}.metadata")]);
}

/// What a wheel of the closure requires is asked of the index that has it, and not the wheel again.
#[test]
fn requirements_alone_can_be_what_is_missing() {
    let site = torch();
    site.learn(EXPORT).ok();
    let without = |package: &str| {
        let is_list = |line: &&str| !line.starts_with(&format!("requires\t{package}\t"));
        let kept: String = site.catalogue().lines().filter(is_list).map(|line| format!("{line}\n")).collect();
        assert_ne!(kept, site.catalogue());
        site.place.write(FILE, kept);
    };
    let before = site.catalogue();
    for (package, learned, page) in [
        // The folder that it lies in has no page of it; the wheel itself tells.
        ("triton", "learned  triton 3.99.0: what it requires (now in", "/whl/triton/"),
        ("sympy", "learned  sympy 1.14.0: what it requires (now in", "/simple/sympy/"),
    ] {
        without(package);
        let (asked, refusal) = (site.server.log().len(), site.run(EXPORT, &[]).refused());
        assert!(
            refusal.contains(&format!("requirements of {package} "))
                && refusal.contains("on linux-x86_64 are not known")
        );
        let run = site.learn(EXPORT);
        assert!(run.stderr.starts_with(learned) && run.stderr.matches("learned").count() == 1, "{}", run.stderr);
        let paths = site.since(asked);
        assert!(paths[0] == page && paths.iter().all(|path| path.contains(package)), "{paths:?}");
        assert_eq!(site.catalogue(), before);
    }
}

/// The index has another file of the name than the one that is known: what that requires says nothing of the known one.
#[test]
fn a_known_wheel_that_the_index_has_with_another_digest_is_refused() {
    let site = torch();
    site.learn(EXPORT).ok();
    let lines = site.catalogue();
    let lines = lines.lines().filter(|line| !line.starts_with("requires\tsympy\t"));
    let forged = lines.map(|line| {
        let mut columns: Vec<&str> = line.split('\t').collect();
        let digest = "d".repeat(64);
        if columns[..2.min(columns.len())] == ["wheel", "sympy"] {
            columns[6] = &digest;
        }
        columns.join("\t") + "\n"
    });
    let forged: String = forged.collect();
    site.place.write(FILE, &forged);
    let message = site.learn(EXPORT).refused();
    assert!(
        message.contains("two digests for sympy-1.14.0-py3-none-any.whl: the torchswap-catalog.tsv catalogue has ddd"),
        "{message}"
    );
    assert_eq!(site.catalogue(), forged);
}

/// Once the index is asked, it is asked for the Pythons, too, that would be left out otherwise.
#[test]
fn pythons_that_would_be_left_out_are_served_where_the_index_can() {
    let site = torch();
    site.learn(EXPORT).ok();
    let kept: String =
        site.catalogue().lines().filter(|line| !line.contains("\ttorch\t")).map(|line| format!("{line}\n")).collect();
    site.place.write(FILE, kept);
    site.learn("export --cuda 13.0 -o out.txt").ok();
    assert!(site.place.read("out.txt").contains("CPython 3.12, 3.13\n"), "{}", site.place.read("out.txt"));
    assert_eq!(site.rows("wheel", "triton").len(), 2);
}

#[test]
fn without_the_option_nobody_is_asked() {
    let site = torch();
    let variables = [("PIP_INDEX_URL", &*site.server.url("/simple"))];
    let message = site.run(EXPORT, &variables).refused();
    assert!(message.contains("the catalogue knows no torch 2.99.0+cu130 for linux-x86_64"), "{message}");
    assert_eq!(site.server.log().len(), 0);
    let message = site.run(&format!("{EXPORT} --hash-missing"), &[]).refused();
    assert!(message.contains("--hash-missing has no effect without --learn"), "{message}");
}

/// What is missing, and what the network says to that: nothing is written, and nothing is lost.
#[test]
fn a_refusal_has_the_reasons_of_both() {
    let missing = "error: the catalogue knows no torch 2.99.0+cu130 for linux-x86_64 (CPython 3.12)\n";
    let site = torch();
    let cut = wheel("torch-2.99.0+cu130-cp312-cp312-manylinux_2_28_x86_64.whl", &[], 2000).len();
    let beside = format!("{TORCH}.metadata");
    let triton = "/whl/triton-3.99.0-2-cp312-cp312-manylinux_2_28_x86_64.whl";
    let nccl =
        "torch 2.99.0+cu130 needs nvidia-nccl-cu13==2.99.1, and the catalogue lacks a wheel of it for linux-x86_64";
    let cases = [
        ("/whl/cu130/torch/", Fault::Status(500, ""), missing, "/whl/cu130/torch/"),
        ("/whl/cu130/torch/", Fault::Status(403, ""), missing, "/whl/cu130 has no page of torch"),
        ("/whl/cu130/torch/", Fault::Cut(100), missing, "/whl/cu130/torch/"),
        (&*beside, Fault::Cut(20), missing, ".metadata"),
        (&*beside, Fault::Flip(3), missing, "but the index page says"),
        // Later, when torch was learned already.
        ("/simple/nvidia-nccl-cu13/", Fault::Status(403, ""), nccl, "has no wheel of nvidia-nccl-cu13 that is allowed"),
        ("/simple/nvidia-nccl-cu13/", Fault::Status(500, ""), nccl, "/simple/nvidia-nccl-cu13/"),
        ("/simple/sympy/", Fault::Reset(10), nccl, "/simple/sympy/"),
        (triton, Fault::Reset(cut / 2), nccl, triton),
        ("/simple/mpmath/", Fault::Status(403, ""), "sympy 1.14.0 needs mpmath<1.4", "has no wheel of mpmath"),
    ];
    for (path, fault, first, second) in cases {
        for before in [None, Some("# ours\n")] {
            let _ = std::fs::remove_file(site.place.path().join(FILE));
            before.iter().for_each(|text| site.place.write(FILE, text));
            site.server.faults(path, vec![fault.clone(); 4]);
            let run = site.learn(&format!("{EXPORT} -o out.txt"));
            let shown = format!("{path} {fault:?}: {}", run.stderr);
            assert!(run.stderr.contains(first) && run.stderr.contains(second), "{shown}");
            run.refused();
            assert!(!site.place.exists("out.txt"), "{shown}");
            assert_eq!(site.place.exists(FILE).then(|| site.catalogue()).as_deref(), before, "{shown}");
            site.server.faults(path, []);
        }
    }
    // The index is gone.
    let nobody = "export --cuda 13.0 --python 3.12 --learn --retries 0 --learn-index http://127.0.0.1:1/whl";
    let message = site.run(nobody, &[]).refused();
    assert!(message.contains(missing) && message.contains("http://127.0.0.1:1/whl/cu130/torch/"), "{message}");
    // Nobody says where the rest is.
    let message = site.run(&format!("{EXPORT} --learn --learn-index {}", site.server.url("/whl")), &[]).refused();
    assert!(message.contains("no index is named that has sympy\n  help: name one: --closure-index"), "{message}");
    assert_eq!(site.place.names().iter().filter(|name| *name != "cache").collect::<Vec<_>>().len(), 2, "{message}");
    // After all of this it works.
    site.learn(&format!("{EXPORT} -o out.txt")).ok();
}

/// The wheel on the index is another than the one whose digest its page gives: a download says so.
#[test]
fn wheels_without_a_digest_are_hashed_if_that_is_wanted() {
    for tells in [Tells::Metadata, Tells::Nothing] {
        let site = Site::new();
        site.lock();
        let file = "torch-2.99.0+cu130-cp312-cp312-manylinux_2_28_x86_64.whl";
        let digest = site.put("/whl/cu130", "/whl/cu130", file, &["triton==3.99.0"], tells);
        let triton = "triton-3.99.0-cp312-cp312-manylinux_2_28_x86_64.whl";
        let other = site.put("/whl/cu130", "/whl", triton, &[], tells);
        let message = site.learn(EXPORT).refused();
        let both = message.contains("the catalogue knows no torch 2.99.0+cu130 for")
            && message.contains(&format!("the index gives no digest for {file}\n  help: --hash-missing"));
        assert!(both && !site.place.exists(FILE), "{message}");
        let run = site.learn(&format!("{EXPORT} --hash-missing"));
        assert!(
            run.stderr.contains("learned  torch 2.99.0+cu130: 1 wheel, digest computed from the file"),
            "{}",
            run.stderr
        );
        let text = run.ok();
        assert!(text.contains(&digest) && text.contains(&other), "{text}");
        // A wheel that is cut off on the way, or changes, is not recorded.
        for fault in [Fault::Short(10), Fault::SaysMore(10), Fault::ChangeSilently] {
            std::fs::remove_file(site.place.path().join(FILE)).unwrap_or_default();
            site.server.faults(TORCH, [Fault::None, fault.clone()]);
            let run = site.learn(&format!("{EXPORT} --hash-missing --timeout 1"));
            assert!(run.status == 2 && !site.place.exists(FILE), "{fault:?}: {}", run.stderr);
            let bytes = wheel(file, &["triton==3.99.0"], 2000);
            site.server.file(TORCH, "application/octet-stream", bytes);
        }
    }
}

/// PyTorch's index links to files on another host by whole addresses.
#[test]
fn links_may_lead_to_a_second_host() {
    let (site, second) = (Site::new(), Server::new());
    site.lock();
    let file = "torch-2.99.0+cu130-cp312-cp312-manylinux_2_28_x86_64.whl";
    let (bytes, text) = (wheel(file, &[], 2000), metadata(file, &[]));
    second.file(TORCH, "application/octet-stream", bytes.clone()).file(&format!("{TORCH}.metadata"), "x", text.clone());
    let (digest, beside) = (sha256(&bytes), sha256(text.as_bytes()));
    let url = second.url(TORCH);
    site.link(
        "/whl/cu130",
        file,
        &format!("<a href=\"{url}#sha256={digest}\" data-core-metadata=\"sha256={beside}\">{file}</a>"),
    );
    let text = site.learn(EXPORT).ok();
    assert!(text.contains(&format!("torch @ {url} \\\n    --hash=sha256:{digest}\n")), "{text}");
    assert_eq!(second.log().len(), 1, "the metadata");
}

/// A real lock of Poetry, of which the tables have all but one companion's wheel.
#[test]
fn a_companion_that_the_tables_lack_is_all_that_is_asked_for() {
    let site = Site::new();
    for name in ["poetry.lock", "pyproject.toml"] {
        site.place.write(name, std::fs::read(fixture("poetry-2.5/torch-2.4.1").join(name)).unwrap());
    }
    let export = "export --cuda 11.8 --python 3.10";
    let refusal = site.run(export, &[]).refused();
    assert!(
        refusal.contains("error: the catalogue knows no torchvision 0.19.1+cu118")
            && refusal.matches("error:").count() == 1
    );
    let file = "torchvision-0.19.1+cu118-cp310-cp310-linux_x86_64.whl";
    for other in ["cp311-cp311-linux_x86_64", "cp310-cp310-win_amd64"] {
        let other = format!("torchvision-0.19.1+cu118-{other}.whl");
        site.put("/whl/cu118", "/whl/cu118", &other, &[], Tells::All);
    }
    let digest = site.put("/whl/cu118", "/whl/cu118", file, &["numpy", "torch==2.4.1", "pillow>=5.3.0"], Tells::All);
    let text = site.learn(export).ok();
    let url = site.server.url("/whl/cu118/torchvision-0.19.1%2Bcu118-cp310-cp310-linux_x86_64.whl");
    assert!(text.contains(&format!("torchvision @ {url} \\\n    --hash=sha256:{digest}\n")), "{text}");
    let beside = "/whl/cu118/torchvision-0.19.1%2Bcu118-cp310-cp310-linux_x86_64.whl.metadata";
    assert_eq!(site.since(0), ["/whl/cu118/torchvision/", beside]);
    assert_eq!(site.catalogue().lines().count(), 3, "a comment, a wheel and what it requires");
    // The lock itself takes it, too, and from the same index at first.
    std::fs::remove_file(site.place.path().join(FILE)).unwrap();
    site.learn("rewrite --cuda 11.8 --python 3.10").ok();
    let lock = site.place.read("poetry.lock");
    assert!(lock.contains(&url) && lock.contains(&format!("sha256:{digest}")) && site.place.exists(FILE), "{lock}");
}

/// A companion that was made for another torch is not what the lock wants, whatever the index says.
#[test]
fn a_wheel_that_does_not_fit_is_refused_and_not_kept() {
    let site = Site::new();
    for name in ["poetry.lock", "pyproject.toml"] {
        site.place.write(name, std::fs::read(fixture("poetry-2.5/torch-2.4.1").join(name)).unwrap());
    }
    let file = "torchvision-0.19.1+cu118-cp310-cp310-linux_x86_64.whl";
    site.put("/whl/cu118", "/whl/cu118", file, &["torch==2.3.0"], Tells::All);
    let message = site.learn("export --cuda 11.8 --python 3.10").refused();
    assert!(message.contains("torchvision 0.19.1+cu118 needs torch==2.3.0, but the lock has torch 2.4.1"), "{message}");
    assert!(!site.place.exists(FILE));
}

#[test]
fn a_rewrite_learns_too() {
    let site = torch();
    let run = site.learn("rewrite --cuda 13.0 --python 3.12");
    assert!(run.stderr.contains("learned  torch 2.99.0+cu130: 1 wheel"), "{}", run.stderr);
    run.ok();
    assert!(site.place.read("requirements.txt").contains(TORCH) && site.catalogue().contains("wheel\ttorch\t"));
    site.lock();
    let (asked, before) = (site.server.log().len(), site.catalogue());
    site.learn("rewrite --cuda 13.0 --python 3.12").ok();
    assert_eq!((site.server.log().len(), site.catalogue()), (asked, before));
}

#[test]
fn a_check_that_puts_right_learns_too() {
    let site = torch();
    site.place.write(
        "torchswap.toml",
        "[targets.a]\ncuda = \"13.0\"\npython = \"3.12\"\noutput = \"a.txt\"\n[targets.b]\ncuda = \"13.0\"\npython = \"3.13\"\noutput = \"b.txt\"\n",
    );
    assert!(site.learn("check").status == 2, "only with --fix");
    site.server.faults("/simple/sympy/", vec![Fault::Status(500, ""); 4]);
    assert_eq!(site.learn("check --fix").status, 2);
    site.server.faults("/simple/sympy/", []);
    assert!(!site.place.exists("a.txt") && !site.place.exists(FILE), "nothing of all is written");
    let run = site.learn("check --fix");
    assert!(run.stdout.starts_with("learned  ") && run.stdout.contains("fixed: a.txt\n"), "{}", run.stdout);
    run.ok();
    assert_eq!(site.rows("wheel", "torch").len(), 2);
    let pages = site.server.log().iter().filter(|request| request.path == "/whl/cu130/torch/").count();
    assert!(pages <= 4, "{pages}");
    let asked = site.server.log().len();
    site.learn("check --fix").ok();
    site.run("check", &[]).ok();
    assert_eq!(site.server.log().len(), asked);
}

#[test]
fn the_configuration_can_say_it() {
    let site = torch();
    let network = format!("--learn-index {} --closure-index {}", site.server.url("/whl"), site.server.url("/simple"));
    site.place.write("torchswap.toml", "[targets.a]\ncuda = \"13.0\"\npython = \"3.12\"\noutput = \"a.txt\"\n");
    site.run(&format!("export --all-targets {network}"), &[]).refused();
    site.place.write("torchswap.toml", format!("learn = true\n{}", site.place.read("torchswap.toml")));
    site.run(&format!("export --all-targets {network}"), &[]).ok();
    assert!(site.place.read("a.txt").contains(TORCH));
    // A check alone asks nobody.
    std::fs::remove_file(site.place.path().join(FILE)).unwrap();
    let asked = site.server.log().len();
    assert_eq!(site.run("check", &[]).status, 2);
    assert_eq!(site.server.log().len(), asked);
    site.place.write("torchswap.toml", "learn = \"yes\"\n");
    assert!(site.run("export --cpu", &[]).refused().contains("learn"));
}

#[test]
fn the_catalogue_that_is_named_is_added_to() {
    let site = torch();
    site.place.write("team.tsv", "# ours\n");
    site.learn(&format!("{EXPORT} --catalog team.tsv -q -o out.txt")).ok();
    assert!(
        site.place.read("team.tsv").starts_with("# ours\n") && site.place.read("team.tsv").contains("wheel\ttorch")
    );
    assert!(!site.place.exists(FILE));
    site.place.write("team.tsv", "# ours\n");
    let message = site.learn(&format!("{EXPORT} --no-catalog")).refused();
    assert!(message.contains("there is no catalogue to keep what is learned"), "{message}");
    site.place.write("torchswap.toml", "catalog = \"team.tsv\"\n");
    site.learn(&format!("{EXPORT} -q")).ok();
    assert!(site.place.read("team.tsv").contains("wheel\ttorch") && !site.place.exists(FILE));
}

/// A checkout of somebody else must not have a file written elsewhere.
#[cfg(unix)]
#[test]
fn a_link_that_leads_elsewhere_is_not_written_through() {
    let site = torch();
    let other = crate::support::Place::new();
    other.write("other.tsv", "# other\n");
    std::os::unix::fs::symlink(other.path().join("other.tsv"), site.place.path().join(FILE)).unwrap();
    assert!(site.learn(EXPORT).refused().contains("is a link that leads elsewhere"));
    assert_eq!(other.read("other.tsv"), "# other\n");
}

#[test]
fn an_output_is_never_the_catalogue_that_is_learned_into() {
    let site = torch();
    assert!(site.learn(&format!("{EXPORT} -o {FILE}")).refused().contains("is a catalogue"));
}

/// What the index has for one Python alone is served for that one, and later runs find the same.
#[test]
fn pythons_for_which_the_index_has_nothing_are_left_out() {
    let site = torch();
    let run = site.learn("export --cuda 13.0 -o out.txt");
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("left out CPython ") && site.place.read("out.txt").contains("CPython 3.12, 3.13\n"));
    let (asked, text) = (site.server.log().len(), site.place.read("out.txt"));
    site.learn("export --cuda 13.0 -o out.txt").ok();
    assert_eq!((site.server.log().len(), site.place.read("out.txt")), (asked, text));
}

#[test]
fn the_report_lists_what_was_learned() {
    let site = torch();
    let run = site.learn(&format!("{EXPORT} --report json -o out.txt"));
    let lesson = "{\"package\":\"torch\",\"version\":\"2.99.0+cu130\",\"wheels\":1,\"computed\":0,\"catalogue\":\"torchswap-catalog.tsv\"}";
    assert!(run.stderr.contains(lesson), "{}", run.stderr);
    let seen = &mut BTreeSet::new();
    reports::valid(&run.stderr, seen);
    assert!(seen.contains("learned.computed"), "{seen:?}");
}

/// torch of which each wheel requires what its Python lacks.
fn torch_by_python() -> Site {
    let site = Site::new();
    site.lock();
    for (python, requires) in [
        ("cp312", &["filelock", "sympy; platform_system == 'Linux'"][..]),
        ("cp313", &["filelock", "mpmath"]),
        ("cp314", &["filelock", "mpmath"]),
    ] {
        let file = format!("torch-2.99.0+cu130-{python}-{python}-manylinux_2_28_x86_64.whl");
        site.put("/whl/cu130", "/whl/cu130", &file, requires, Tells::All);
    }
    for (file, requires) in [
        ("filelock-4.0.0-py3-none-any.whl", &[][..]),
        ("sympy-1.14.0-py3-none-any.whl", &[]),
        ("mpmath-1.3.0-py3-none-any.whl", &[]),
    ] {
        site.put("/simple", "/files", file, requires, Tells::All);
    }
    site
}

/// A catalogue has one list for a release and a platform; what some of its wheels alone require gets a marker.
#[test]
fn what_wheels_require_may_differ_by_python() {
    let site = torch_by_python();
    site.learn("export --cuda 13.0 -o out.txt").ok();
    let list = &site.rows("requires", "torch")[0];
    assert!(
        list.ends_with(
            "\tfilelock\tsympy; (platform_system == 'Linux') and (python_version == \"3.12\")\
             \tmpmath; python_version == \"3.13\" or python_version == \"3.14\""
        ),
        "{list}"
    );
    let has = |python: &str, name: &str| {
        let text = site.learn(&format!("export --cuda 13.0 --python {python} -q")).ok();
        text.lines().any(|line| line.starts_with(&format!("{name}==")))
    };
    assert!(has("3.12", "sympy") && !has("3.12", "mpmath"));
    assert!(has("3.14", "mpmath") && !has("3.14", "sympy") && has("3.13", "filelock"));
    // Nothing of this is asked again.
    let asked = site.server.log().len();
    assert!(has("3.13", "mpmath"));
    assert_eq!(site.server.log().len(), asked);
}

/// A list that is known from a wheel for another Python must not count silently for the one that was learned now.
#[test]
fn a_wheel_that_requires_something_else_than_the_one_known_is_refused_unless_both_are_learned_at_once() {
    let site = torch_by_python();
    site.learn("export --cuda 13.0 --python 3.13 -q").ok();
    let before = site.catalogue();
    // Under 3.14 the same is required, under 3.12 something else.
    site.learn("export --cuda 13.0 --python 3.14 -q").ok();
    let message = site.learn("export --cuda 13.0 --python 3.12 -o out.txt").refused();
    let says = "the wheels of torch 2.99.0+cu130 for linux-x86_64 do not require the same under every Python\n  help: what one of \
                them requires is known: remove the row that begins with `requires` of torch 2.99.0+cu130 from the catalogue";
    assert!(message.contains(says), "{message}");
    assert!(!site.place.exists("out.txt") && site.catalogue().lines().count() == before.lines().count() + 1);
    let kept = site.catalogue();
    let kept = kept.lines().filter(|line| !line.contains("\ttorch\t")).map(|line| format!("{line}\n"));
    site.place.write(FILE, kept.collect::<String>());
    site.learn("export --cuda 13.0 -o out.txt").ok();
    assert!(site.place.read("out.txt").contains("CPython 3.12, 3.13, 3.14\n"), "{}", site.place.read("out.txt"));
}

/// The second host is down, stalls midway, or gives another file: nothing is kept, and the next run has all of it.
#[test]
fn a_second_host_that_fails_midway_loses_nothing() {
    let (site, second) = (Site::new(), Server::new());
    site.lock();
    let file = "torch-2.99.0+cu130-cp312-cp312-manylinux_2_28_x86_64.whl";
    let (bytes, text) = (wheel(file, &[], 2000), metadata(file, &[]));
    let beside = format!("{TORCH}.metadata");
    let serve = || {
        second.file(TORCH, "application/octet-stream", bytes.clone()).file(&beside, "text/plain", text.clone());
    };
    serve();
    let said = sha256(text.as_bytes());
    let link =
        |url: &str, digest: &str| format!("<a href=\"{url}{digest}\" data-core-metadata=\"sha256={said}\">{file}</a>");
    let page = |html: String| site.server.page("/whl/cu130/torch/", &html);
    // There is no digest, so the wheel is downloaded whole.
    page(link(&second.url(TORCH), ""));
    let hash = format!("{EXPORT} --hash-missing --timeout 1 -o out.txt");
    let nowhere = "http://127.0.0.1:1/torch.whl".to_owned();
    let cases = [
        (TORCH, Fault::Stall(700)),
        (TORCH, Fault::Cut(700)),
        (TORCH, Fault::Redirect(nowhere.clone())),
        (TORCH, Fault::Status(403, "")),
        (&*beside, Fault::Stall(10)),
        (&*beside, Fault::Redirect(nowhere)),
        (&*beside, Fault::Short(3)),
    ];
    for before in [None, Some("# ours\n")] {
        let _ = std::fs::remove_file(site.place.path().join(FILE));
        before.iter().for_each(|text| site.place.write(FILE, text));
        for (path, fault) in &cases {
            second.faults(path, vec![fault.clone(); 6]);
            let run = site.learn(&hash);
            let shown = format!("{path} {fault:?}: {}", run.stderr);
            assert!(run.stderr.contains("the catalogue knows no torch 2.99.0+cu130"), "{shown}");
            assert_eq!((run.status, &*run.stdout), (2, ""), "{shown}");
            assert!(!site.place.exists("out.txt"), "{shown}");
            assert_eq!(site.place.exists(FILE).then(|| site.catalogue()).as_deref(), before, "{shown}");
            second.faults(path, []);
        }
        // A run after the fault has all, with the digest of the bytes.
        site.learn(&hash).ok();
        assert!(site.place.read("out.txt").contains(&sha256(&bytes)) && site.catalogue().contains(&sha256(&bytes)));
        std::fs::remove_file(site.place.path().join("out.txt")).unwrap();
    }
}
