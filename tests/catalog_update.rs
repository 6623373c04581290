//! `catalog update` against an index on the loopback that behaves as PyTorch's does, and misbehaves on demand.

use std::collections::BTreeSet;
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::judges::pythons::interpreters;
use crate::reports;
use crate::support::server::{Fault, Server};
use crate::support::wheel::Wheel;
use crate::support::{Place, Run, at_once, program, root};

/// The `METADATA` of a wheel of this file name.
pub fn metadata(file: &str, requires: &[&str]) -> String {
    let mut parts = file.split('-');
    let (name, version) = (parts.next().unwrap(), parts.next().unwrap());
    let requires: String = requires.iter().map(|one| format!("Requires-Dist: {one}\n")).collect();
    format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Python: >=3.8\n{requires}")
}

pub fn wheel(file: &str, requires: &[&str], ballast: usize) -> Vec<u8> {
    Wheel { ballast, ..Wheel::new(file).requires(requires) }.bytes()
}

/// The sha256 of bytes, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Wheels on a server, and the pages that link to them.
pub struct Site {
    pub server: Server,
    pages: std::cell::RefCell<std::collections::BTreeMap<String, String>>,
    pub place: Place,
}

/// What a page tells of a wheel.
#[derive(Clone, Copy)]
pub enum Tells {
    /// Digest and metadata, as PyTorch's index does for new wheels.
    All,
    /// The digest alone.
    Digest,
    /// The metadata alone: the digest on the page is not that of the wheel.
    Metadata,
    /// Nothing.
    Nothing,
}

impl Site {
    pub fn new() -> Self {
        Self { server: Server::new(), pages: Default::default(), place: Place::new() }
    }

    /// Puts a wheel into a folder and a link to it onto the page of its package below another.
    pub fn put(&self, page: &str, folder: &str, file: &str, requires: &[&str], tells: Tells) -> String {
        let bytes = wheel(file, requires, 2000);
        self.put_bytes(page, folder, file, requires, tells, bytes)
    }

    pub fn put_bytes(
        &self,
        page: &str,
        folder: &str,
        file: &str,
        requires: &[&str],
        tells: Tells,
        bytes: Vec<u8>,
    ) -> String {
        let path = format!("{folder}/{}", file.replace('+', "%2B"));
        let digest = sha256(&bytes);
        let text = metadata(file, requires);
        let beside = sha256(text.as_bytes());
        self.server.file(&path, "application/octet-stream", bytes);
        let fragment =
            if matches!(tells, Tells::All | Tells::Digest) { format!("#sha256={digest}") } else { String::new() };
        let mut attributes = String::from(" data-requires-python=\"&gt;=3.8\"");
        if matches!(tells, Tells::All | Tells::Metadata) {
            self.server.file(&format!("{path}.metadata"), "text/plain", text);
            attributes.push_str(&format!(
                " data-dist-info-metadata=\"sha256={beside}\" data-core-metadata=\"sha256={beside}\""
            ));
        }
        self.link(page, file, &format!("<a href=\"{path}{fragment}\"{attributes}>{file}</a><br/>\n"));
        digest
    }

    pub fn link(&self, page: &str, file: &str, html: &str) {
        let package = file.split('-').next().unwrap().to_ascii_lowercase().replace(['_', '.'], "-");
        let path = format!("{page}/{package}/");
        let mut pages = self.pages.borrow_mut();
        let text = pages.entry(path.clone()).or_default();
        text.push_str(html);
        self.server.page(&path, &format!("<!DOCTYPE html><html><body>{text}</body></html>"));
    }

    /// torch as PyTorch's index has it, and what it needs.
    pub fn torch() -> Self {
        let site = Self::new();
        let requires = [
            "filelock",
            "sympy>=1.13",
            "nvidia-nccl-cu13==2.99.1; platform_system == 'Linux'",
            "triton==3.99.0; platform_system == 'Linux'",
            "opt-einsum>=3.3; extra == 'opt-einsum'",
        ];
        for python in ["cp312-cp312", "cp313-cp313"] {
            for platform in ["manylinux_2_28_x86_64", "win_amd64"] {
                let file = format!("torch-2.99.0+cu130-{python}-{platform}.whl");
                site.put("/whl/cu130", "/whl/cu130", &file, &requires, Tells::All);
            }
        }
        site.put(
            "/whl/cu130",
            "/whl/cu130",
            "torch-2.98.0+cu130-cp312-cp312-manylinux_2_28_x86_64.whl",
            &[],
            Tells::All,
        );
        site.put("/whl/cu130", "/whl", "triton-3.99.0-2-cp312-cp312-manylinux_2_28_x86_64.whl", &[], Tells::Digest);
        site.put("/whl/cu130", "/whl", "triton-3.99.0-cp313-cp313-manylinux_2_28_x86_64.whl", &[], Tells::Digest);
        for (file, requires) in [
            ("filelock-3.0.0-py3-none-any.whl", &[][..]),
            ("filelock-4.0.0-py3-none-any.whl", &[]),
            ("filelock-5.0.0rc1-py3-none-any.whl", &[]),
            ("sympy-1.12-py3-none-any.whl", &["mpmath"]),
            ("sympy-1.14.0-py3-none-any.whl", &["mpmath<1.4"]),
            ("mpmath-1.3.0-py3-none-any.whl", &[]),
            ("mpmath-1.4.0-py3-none-any.whl", &[]),
            ("nvidia_nccl_cu13-2.99.1-py3-none-manylinux_2_18_x86_64.whl", &[]),
            // A stranger's package of the same name: triton lies beside torch.
            ("triton-3.99.0-cp312-cp312-manylinux_2_28_x86_64.whl", &["something-else"]),
        ] {
            site.put("/simple", "/files", file, requires, Tells::All);
        }
        site
    }

    /// Runs `catalog update`, with the closure index unless the arguments name one.
    fn update(&self, arguments: &str) -> Run {
        let closure = if arguments.contains("--closure-index") {
            String::new()
        } else {
            format!(" --closure-index {}", self.server.url("/simple"))
        };
        let index = self.server.url("/whl/cu130");
        self.run(&format!("catalog update --index {index}{closure} {arguments}"), &[])
    }

    pub fn run(&self, arguments: &str, variables: &[(&str, &str)]) -> Run {
        let mut command = Command::new(program());
        command.args(arguments.split_whitespace()).current_dir(self.place.path());
        for name in
            ["PIP_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
        {
            command.env_remove(name);
        }
        for name in ["PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX", "UV_INDEX", "UV_EXTRA_INDEX_URL", "VIRTUAL_ENV"] {
            command.env_remove(name);
        }
        command.env("PIP_CONFIG_FILE", if cfg!(windows) { "nul" } else { "/dev/null" });
        let output = command.envs(variables.iter().copied()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Run { status: output.status.code().unwrap_or(-1), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    pub fn catalogue(&self) -> String {
        self.place.read("torchswap-catalog.tsv")
    }

    /// The rows of a kind and a package, each without its index's address.
    pub fn rows(&self, kind: &str, package: &str) -> Vec<String> {
        let text = self.catalogue().replace(&self.server.base, "");
        text.lines().filter(|line| line.starts_with(&format!("{kind}\t{package}\t"))).map(str::to_owned).collect()
    }

    /// A lock that has torch and what a CPU build of it needs.
    pub fn lock(&self) {
        let pin = |name: &str| format!("{name} --hash=sha256:{}\n", "f".repeat(64));
        self.place.write("requirements.txt", pin("torch==2.99.0"));
    }
}

const TORCH: &str = "torch==2.99.0 --cuda 13.0";

#[test]
fn what_is_learned_is_reported_as_data() {
    let site = Site::torch();
    let run = site.update(&format!("{TORCH} --output-format json"));
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let report = reports::valid(&run.stdout, &mut BTreeSet::new());
    assert_eq!((&report["command"], &report["file"]), (&"catalog update".into(), &"torchswap-catalog.tsv".into()));
    let torch = report["learned"].as_array().unwrap().iter().find(|one| one["package"] == "torch").unwrap();
    assert_eq!((&torch["version"], &torch["wheels"]), (&"2.99.0+cu130".into(), &4.into()));
    assert_eq!(site.rows("wheel", "torch").len(), 4);
}

#[test]
fn learns_wheels_and_what_they_need() {
    let site = Site::torch();
    let run = site.update(TORCH);
    assert!(
        run.stderr.contains("learned  torch 2.99.0+cu130: 4 wheels, digests known from the index only (now in "),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("it is used when the lock or the configuration is in the same folder"),
        "{}",
        run.stderr
    );
    assert_eq!(run.ok(), "");
    let torch = site.rows("wheel", "torch");
    assert_eq!(torch.len(), 4);
    let digest = sha256(&wheel("torch-2.99.0+cu130-cp312-cp312-win_amd64.whl", &[], 0));
    assert!(
        !torch[1].contains(&digest)
            && torch[0].contains("\tcu130\t/whl/cu130\ttorch-2.99.0+cu130-cp312-cp312-manylinux_2_28_x86_64.whl\t")
    );
    assert!(torch.iter().all(|row| row.ends_with("\t0\t>=3.8\tindex")), "{torch:?}");
    let lists = site.rows("requires", "torch");
    assert_eq!(lists.len(), 2, "one for each platform");
    assert!(
        lists[0].contains("\t/whl/cu130\tlinux-x86_64\tmetadata\t-\tfilelock\tsympy>=1.13\tnvidia-nccl-cu13==2.99.1;"),
        "{}",
        lists[0]
    );
    // The newest release that fits, no pre-release, and of each what it needs in turn.
    let versions = |package: &str| -> Vec<String> {
        site.rows("wheel", package).iter().map(|row| row.split('\t').nth(2).unwrap().to_owned()).collect()
    };
    assert_eq!(
        (versions("filelock"), versions("sympy"), versions("mpmath")),
        (vec!["4.0.0".to_owned()], vec!["1.14.0".to_owned()], vec!["1.3.0".to_owned()])
    );
    assert_eq!(versions("nvidia-nccl-cu13"), ["2.99.1"]);
    assert!(site.rows("wheel", "sympy")[0].contains("\t-\tpypi\t"));
    // Triton lies beside torch; no metadata does, so it was read from the wheel.
    let triton = site.rows("wheel", "triton");
    assert!(triton.len() == 2 && triton.iter().all(|row| row.contains("\t/whl\ttriton-3.99.0-")), "{triton:?}");
    assert!(site.rows("requires", "triton")[0].contains("\twheel\t-"));
    assert_eq!(site.server.count("/simple/triton/"), 0);
    // Sorted, and read again by everything.
    let rows: Vec<String> = site.catalogue().lines().skip(1).map(str::to_owned).collect();
    assert!(rows.is_sorted());
    assert!(site.place.run("catalog list torch==2.99.0 --catalog torchswap-catalog.tsv").ok().contains("3.12-3.13"));
}

#[test]
fn afterwards_an_export_asks_nobody() {
    let site = Site::torch();
    site.update(TORCH).ok();
    site.lock();
    let asked = site.server.log().len();
    for python in ["3.12", "3.13"] {
        let text = site.run(&format!("export --cuda 13.0 --python {python} --catalog torchswap-catalog.tsv"), &[]).ok();
        let short = format!("cp3{}", python.split('.').nth(1).unwrap());
        assert!(
            text.contains(&format!("/whl/cu130/torch-2.99.0%2Bcu130-{short}-{short}-manylinux_2_28_x86_64.whl")),
            "{text}"
        );
        for pin in
            ["filelock==4.0.0 ", "sympy==1.14.0 ", "mpmath==1.3.0 ", "nvidia-nccl-cu13==2.99.1 ", "triton @ http"]
        {
            assert!(text.contains(&format!("\n{pin}")), "{pin}: {text}");
        }
    }
    assert_eq!(site.server.log().len(), asked);
}

/// pip in hash mode, with the same index, finds nothing missing and every digest right.
#[test]
fn pip_agrees() {
    let Some(interpreter) = interpreters().iter().next_back() else { return };
    let site = Site::torch();
    let requires = ["filelock", "sympy>=1.13", "nvidia-nccl-cu13==2.99.1; platform_system == 'Linux'"];
    site.put(
        "/whl/cu130",
        "/whl/cu130",
        "torch-2.97.0+cu130-py3-none-manylinux_2_28_x86_64.whl",
        &requires,
        Tells::Digest,
    );
    site.update(&format!("torch==2.97.0 --cuda 13.0 --python {}", interpreter.version)).ok();
    site.place.write("requirements.txt", format!("torch==2.97.0 --hash=sha256:{}\n", "f".repeat(64)));
    let export =
        format!("export --cuda 13.0 --python {} --catalog torchswap-catalog.tsv -o out.txt", interpreter.version);
    site.run(&export, &[]).ok();
    let verdict = interpreter.judge(&site.place.path().join("out.txt"), &site.server.url("/simple"));
    assert!(verdict.ok, "{}\n{}", verdict.said, site.place.read("out.txt"));
}

#[test]
fn a_second_time_nothing_is_new_and_nothing_is_written() {
    let site = Site::torch();
    site.update(&format!("{TORCH} --platform linux-x86_64")).ok();
    let text = site.catalogue().replacen("wheel\ttorch", "# ours\nwheel\ttorch", 1);
    site.place.write("torchswap-catalog.tsv", &text);
    let again = site.update(&format!("{TORCH} --platform linux-x86_64"));
    assert!(again.stderr.contains("nothing is new"), "{}", again.stderr);
    assert_eq!(site.catalogue(), text);
    // More is added around what is there.
    site.update(TORCH).ok();
    let lines: Vec<String> = site.catalogue().lines().map(str::to_owned).collect();
    assert!(text.lines().all(|line| lines.iter().any(|other| other == line)));
    assert_eq!(lines.len(), text.lines().count() + 3, "two wheels and a list for Windows");
}

/// A page can list more releases than anybody waits for.
#[test]
fn of_releases_that_cannot_be_read_no_more_than_one_is_asked_for() {
    let site = Site::new();
    let file = "torch-2.99.0+cu130-cp312-cp312-manylinux_2_28_x86_64.whl";
    site.put("/whl/cu130", "/whl/cu130", file, &["filelock"], Tells::All);
    for release in 0..100 {
        let file = format!("filelock-1.{release}-py3-none-any.whl");
        site.link("/simple", &file, &format!("<a href='/files/{file}#sha256={}'>x</a>", "d".repeat(64)));
    }
    let message = site.update(TORCH).refused();
    assert!(message.contains("/files/filelock-1.99-py3-none-any.whl") && message.lines().count() < 4, "{message}");
    assert_eq!(site.server.log().iter().filter(|request| request.path.starts_with("/files/")).count(), 1);
    // A page that contradicts itself throughout gets no more lines than are of use.
    for release in 0..100 {
        let file = format!("filelock-1.{release}-py3-none-any.whl");
        site.link("/simple", &file, &format!("<a href='/files/{file}#sha256={}'>x</a>", "e".repeat(64)));
    }
    assert_eq!(site.update(TORCH).refused().matches("two digests for filelock").count(), 20);
}

#[test]
fn a_long_page_is_not_answered_by_a_long_message() {
    let site = Site::new();
    for build in 0..200 {
        let file = format!("torch-2.99.0+cu130-{build}-cp312-cp312-win_amd64.whl");
        let address = format!("/whl/cu130/{}", file.replace('+', "%2B"));
        site.link("/whl/cu130", &file, &format!("<a href='{address}'>x</a><a href='{address}?x'>x</a>"));
    }
    let message = site.update(TORCH).refused();
    assert!(message.contains(" and 150 more") && message.len() < 10_000, "{message}");
    let message = site.update(&format!("{TORCH} --hash-missing")).refused();
    assert_eq!(message.matches("error: ").count(), 20, "{message}");
    let good = "torch-2.99.0+cu130-cp312-cp312-manylinux_2_28_x86_64.whl";
    site.pages.borrow_mut().clear();
    site.put("/whl/cu130", "/whl/cu130", good, &[], Tells::All);
    let odd = format!("<a href='/whl/cu130/{}?x'>x</a>", good.replace('+', "%2B"));
    site.link("/whl/cu130", good, &odd.repeat(200));
    let run = site.update(TORCH);
    assert!(run.status == 0 && run.stderr.len() < 10_000, "{}", run.stderr);
}

#[test]
fn filters_by_platform_and_python() {
    let site = Site::torch();
    site.update(&format!("{TORCH} --platform windows-x86_64 --python 3.13")).ok();
    assert_eq!(site.rows("wheel", "torch").len(), 1);
    assert!(site.rows("wheel", "nvidia-nccl-cu13").is_empty() && site.rows("wheel", "triton").is_empty());
    assert_eq!(site.rows("wheel", "sympy").len(), 1);
}

/// To learn 1 kB of a wheel of 3 MB, a few parts of it are asked for.
#[test]
fn without_metadata_beside_it_a_wheel_is_read_in_parts() {
    let site = Site::new();
    let file = "torch-2.99.0+cu130-cp312-cp312-manylinux_2_28_x86_64.whl";
    let bytes = wheel(file, &["filelock"], 3_000_000);
    site.put_bytes("/whl/cu130", "/whl/cu130", file, &[], Tells::Digest, bytes);
    site.update(TORCH).ok();
    assert!(site.rows("requires", "torch")[0].ends_with("\tlinux-x86_64\twheel\t-\tfilelock"));
    let path = format!("/whl/cu130/{}", file.replace('+', "%2B"));
    let requests: Vec<String> = site
        .server
        .log()
        .into_iter()
        .filter(|one| one.path == path)
        .map(|one| one.header("range").to_owned())
        .collect();
    assert!(requests.len() <= 3 && requests.iter().all(|range| range.starts_with("bytes=")), "{requests:?}");
    assert!(
        site.rows("wheel", "torch")[0].contains(&format!("\t{}\t", 3_000_000 + 1_000))
            || site.rows("wheel", "torch")[0].split('\t').nth(7).unwrap().parse::<u64>().unwrap() > 3_000_000
    );
}

#[test]
fn without_a_digest_a_wheel_is_hashed_or_refused() {
    let site = Site::new();
    let file = "torch-2.99.0+cu130-cp312-cp312-manylinux_2_28_x86_64.whl";
    for tells in [Tells::Nothing, Tells::Metadata] {
        site.pages.borrow_mut().clear();
        let digest = site.put("/whl/cu130", "/whl/cu130", file, &["filelock"], tells);
        let message = site.update(TORCH).refused();
        assert!(
            message.contains(&format!("the index gives no digest for {file}")) && message.contains("--hash-missing"),
            "{message}"
        );
        assert!(!site.place.exists("torchswap-catalog.tsv"));
        site.update(&format!("{TORCH} --hash-missing")).ok();
        let row = site.rows("wheel", "torch").remove(0);
        assert!(row.contains(&digest) && row.ends_with("\tcomputed"), "{row}");
        site.lock();
        let run = site.run("export --cuda 13.0 --python 3.12 --catalog torchswap-catalog.tsv", &[]);
        assert!(run.stderr.contains("and neither the lock nor the catalogue has a wheel"), "{}", run.stderr);
        std::fs::remove_file(site.place.path().join("torchswap-catalog.tsv")).unwrap();
    }
}

#[test]
fn a_file_that_changed_is_an_error_that_names_both() {
    let site = Site::torch();
    site.update(&format!("{TORCH} --platform linux-x86_64")).ok();
    let before = site.catalogue();
    let known = before.lines().find(|line| line.starts_with("wheel\ttorch")).unwrap().split('\t').nth(6).unwrap();
    let forged = "c".repeat(64);
    let file = "torch-2.99.0+cu130-cp312-cp312-manylinux_2_28_x86_64.whl";
    site.pages.borrow_mut().remove("/whl/cu130/torch/");
    let html = format!("<a href=\"/whl/cu130/{}#sha256={forged}\">x</a>", file.replace('+', "%2B"));
    site.link("/whl/cu130", file, &html);
    let message = site.update(TORCH).refused();
    assert!(
        message.contains(known) && message.contains(&forged) && message.contains("torchswap-catalog.tsv"),
        "{message}"
    );
    assert_eq!(site.catalogue(), before);
}

#[test]
fn an_index_that_contradicts_the_built_in_catalogue_is_refused() {
    let site = Site::new();
    let requires = ["nvidia-cublas-cu12==12.1.3.1", "nvidia-nothing-cu12"];
    site.put(
        "/whl/cu130",
        "/whl/cu130",
        "torch-2.99.0+cu130-cp312-cp312-manylinux_2_28_x86_64.whl",
        &["nvidia-nvtx-cu12==99.0", "nvidia-cublas-cu12==12.1.3.1"],
        Tells::All,
    );
    site.put("/simple", "/files", "nvidia_nvtx_cu12-99.0-py3-none-manylinux1_x86_64.whl", &requires[..1], Tells::All);
    site.put("/simple", "/files", "nvidia_nvtx_cu12-12.1.105-py3-none-manylinux1_x86_64.whl", &[], Tells::All);
    let message = site.update(TORCH).refused();
    assert!(message.contains("two digests for nvidia_nvtx_cu12-12.1.105") && message.contains("built-in"), "{message}");
}

#[test]
fn what_is_not_there_is_said_with_what_is() {
    let site = Site::torch();
    let message = site.update("torch==9.9.9 --cuda 13.0").refused();
    assert!(
        message.contains("has no wheel of torch 9.9.9 for CUDA 13.0")
            && message.contains("its newest releases are 2.99.0, 2.98.0"),
        "{message}"
    );
    let message = site.update(&format!("{TORCH} --platform macos-arm64 --python 3.10")).refused();
    assert!(
        message.contains("(macos-arm64, CPython 3.10)")
            && message.contains("of this release it has 4 wheels: torch-2.99.0+cu130-cp312"),
        "{message}"
    );
    let message = site.update("torchvision==0.99.0 --cuda 13.0").refused();
    assert!(message.contains("/whl/cu130 has no page of torchvision"), "{message}");
    assert!(site.run("catalog update torch==2.99.0", &[]).refused().contains("neither a build nor an index"));
    assert!(site.run("catalog update torch --cpu", &[]).refused().contains("write torch==VERSION"));
    assert!(
        site.run("catalog update torch==1 --index ftp://me:secret@x.example", &[])
            .refused()
            .contains("--index is not an http")
    );
    assert!(!site.place.exists("torchswap-catalog.tsv"));
}

#[test]
fn what_would_be_learned_can_be_shown() {
    let site = Site::torch();
    for preview in ["--dry-run", "--diff"] {
        let run = site.update(&format!("{TORCH} {preview}"));
        assert!(run.stderr.contains("learned  torch 2.99.0+cu130"), "{}", run.stderr);
        assert!(run.stderr.ends_with("would write torchswap-catalog.tsv\n"), "{}", run.stderr);
        let shows = run.stdout.starts_with("--- /dev/null\n+++ torchswap-catalog.tsv\n");
        assert_eq!((shows, run.ok().is_empty()), (preview == "--diff", preview == "--dry-run"));
        assert!(!site.place.exists("torchswap-catalog.tsv"));
    }
    site.update(TORCH).ok();
    assert_eq!(site.update(&format!("{TORCH} --diff")).ok(), "", "nothing is new");
}

#[test]
fn without_a_closure_index_the_rest_is_named() {
    let site = Site::torch();
    let index = site.server.url("/whl/cu130");
    let run = site.run(&format!("catalog update {TORCH} --index {index}"), &[]);
    assert!(
        run.stderr.contains("not looked up, as no index was named: filelock, nvidia-nccl-cu13, sympy;"),
        "{}",
        run.stderr
    );
    run.ok();
    assert_eq!(site.rows("wheel", "triton").len(), 2);
    // The index of pip or uv is as good.
    for (name, value) in [("PIP_INDEX_URL", "{}"), ("UV_INDEX_URL", "{}"), ("UV_DEFAULT_INDEX", "mine={}")] {
        let other = Site::torch();
        let index = other.server.url("/whl/cu130");
        let value = value.replace("{}", &other.server.url("/simple"));
        other.run(&format!("catalog update {TORCH} --index {index}"), &[(name, &value)]).ok();
        assert_eq!(other.rows("wheel", "sympy").len(), 1, "{name}");
    }
}

/// Artifactory, Nexus and devpi: the page lies elsewhere than PyTorch's, and the files elsewhere than the page.
#[test]
fn an_index_with_another_layout_is_asked_where_the_files_are() {
    let site = Site::new();
    let file = "torch-2.1.2+cu118-cp310-cp310-linux_x86_64.whl";
    let real = "60396358193f238888540f4a38d78485f161e28ec17fa445f0373b5350ef21f0";
    let path = "/artifactory/api/pypi/pytorch/whl/cu118";
    let bytes = wheel(file, &["filelock", "jinja2"], 2000);
    site.server.file(&format!("{path}/{}", file.replace('+', "%2B")), "application/octet-stream", bytes.clone());
    let page = "/artifactory/api/pypi/pytorch/simple/torch/";
    let link = |digest: &str| {
        let html = format!("<a href=\"../../whl/cu118/{}#sha256={digest}\">x</a>", file.replace('+', "%2B"));
        site.server.page(page, &html);
    };
    let learn = format!(
        "catalog update torch==2.1.2 --cuda 11.8 --python 3.10 --index {}",
        site.server.url("/artifactory/api/pypi/pytorch/simple")
    );
    // A mirror serves the very bytes.
    link(&sha256(&bytes));
    let message = site.run(&learn, &[]).refused();
    assert!(message.contains(real) && message.contains(&sha256(&bytes)) && message.contains(path), "{message}");
    assert!(!site.place.exists("torchswap-catalog.tsv"));
    link(real);
    let row = "wheel\ttorch\t2.1.2+cu118\tcu118\t";
    let run = site.run(&learn, &[]);
    assert!(site.catalogue().contains(&format!("{row}{}{path}\t{file}\t{real}\t", site.server.base)), "{}", run.stderr);
    // And from there an export takes it: torch, and what is found there of the rest.
    let lock = std::fs::read(root().join("examples/torch-2.1-cuda-11.8/poetry.lock")).unwrap();
    site.place.write("poetry.lock", lock);
    let text = site.run("export --cuda 11.8 --python 3.10 poetry.lock", &[]).ok();
    let line = text.lines().find(|line| line.starts_with("torch @")).unwrap();
    assert!(line.contains(&format!("{}{path}/torch-2.1.2%2Bcu118-cp310", site.server.base)), "{line}");
    assert!(text.contains("https://download.pytorch.org/whl/cu118/torchvision-0.16.2%2Bcu118"), "{text}");
    site.place.write("out.txt", &text);
    let again = site.run("export -v --cuda 11.8 --python 3.10 out.txt", &[]);
    assert!(again.stderr.contains(" torch 2.1.2+cu118: already a cu118 build"), "{}", again.stderr);
}

/// As pip and uv are set up, in a file or by variables; what the default index lacks the others are asked for.
#[test]
fn the_indexes_of_pip_and_uv_have_what_the_wheels_require() {
    let extra = |site: &Site| {
        let file = "mpmath-1.3.0-py3-none-any.whl";
        site.pages.borrow_mut().remove("/simple/mpmath/");
        site.server.page("/simple/mpmath/", "");
        site.put("/company", "/files", file, &[], Tells::All);
        (site.server.url("/simple"), site.server.url("/company"), site.server.url("/whl/cu130"))
    };
    for kind in ["file", "pip", "uv"] {
        let site = Site::torch();
        let (default, more, index) = extra(&site);
        let file = format!("[global]\nindex-url = {default}\n[install]\nextra-index-url =\n  {index}\n  {more}\n");
        site.place.write("pip.conf", file);
        let conf = site.place.path().join("pip.conf");
        let named = format!("company={more}");
        let variables: Vec<(&str, &str)> = match kind {
            "file" => vec![("PIP_CONFIG_FILE", conf.to_str().unwrap())],
            "pip" => vec![("PIP_INDEX_URL", &default), ("PIP_EXTRA_INDEX_URL", &more)],
            _ => vec![("UV_DEFAULT_INDEX", &default), ("UV_INDEX", &named)],
        };
        let run = site.run(&format!("catalog update {TORCH} --index {index}"), &variables);
        assert_eq!(site.rows("wheel", "mpmath").len(), 1, "{kind}: {}", run.stderr);
        assert!(!run.stderr.contains("no index has a wheel"), "{kind}: {}", run.stderr);
        site.place.write("pip.conf", "index-url = x");
        let odd = site.run(&format!("catalog update {TORCH} --index {index}"), &variables);
        assert_eq!(odd.stderr.contains("pip.conf, line 1, is neither a section"), kind == "file", "{}", odd.stderr);
    }
}

/// The command that a refusal names is typed as it stands; the index is that of the test.
#[test]
fn the_remedy_of_a_refusal_works() {
    let site = Site::torch();
    site.lock();
    let refusal = site.run("export --cuda 13.0 --python 3.12", &[]).refused();
    let command = refusal.split("learn it with: torchswap ").nth(1).unwrap().lines().next().unwrap();
    assert_eq!(command, "catalog update torch==2.99.0 --cuda 13.0");
    let (index, closure) = (site.server.url("/whl/cu130"), site.server.url("/simple"));
    site.run(&format!("{command} --index {index} --closure-index {closure}"), &[]).ok();
    site.run("export --cuda 13.0 --python 3.12 --catalog torchswap-catalog.tsv", &[]).ok();
}

#[test]
fn odd_links_and_odd_wheels_of_real_indexes() {
    let site = Site::new();
    // A wheel for every Python, one with a build number, a withdrawn one, a source, and a link elsewhere.
    site.put(
        "/whl/cu130",
        "/whl/cu130",
        "torchvision-0.99.2+cu130-py3-none-manylinux_2_28_x86_64.whl",
        &["torch>=2.14"],
        Tells::All,
    );
    site.put(
        "/whl/cu130",
        "/whl/cu130",
        "torchvision-0.99.2+cu130-3-cp312-cp312-win_amd64.whl",
        &["torch>=2.14"],
        Tells::All,
    );
    site.link(
        "/whl/cu130",
        "torchvision-x",
        "<a href=\"../torchvision-0.99.2.tar.gz#sha256=00\">sdist</a><a href=\"mailto:me\">me</a>",
    );
    let bytes = wheel("torchvision-0.99.2+cu130-cp313-cp313-win_amd64.whl", &["torch>=2.14"], 10);
    site.server.file("/elsewhere/torchvision-0.99.2%2Bcu130-cp313-cp313-win_amd64.whl", "x", bytes.clone());
    let url = site.server.url("/elsewhere/torchvision-0.99.2%2Bcu130-cp313-cp313-win_amd64.whl");
    let link = format!("<a href=\"{url}#sha256={}\" data-yanked=\"bad\">x</a>", sha256(&bytes));
    site.link("/whl/cu130", "torchvision-0", &link);
    let run = site.update("torchvision==0.99.2 --cuda 13.0");
    assert_eq!(run.status, 0, "{}", run.stderr);
    let rows = site.rows("wheel", "torchvision");
    assert_eq!(rows.len(), 3, "{rows:?}");
    let yanked = rows.iter().find(|row| row.contains("\t/elsewhere\t")).unwrap();
    assert!(yanked.ends_with("\tyanked,index"), "{yanked}");
    // Torch is chosen by the user: a requirement does not bring it in.
    assert!(site.rows("wheel", "torch").is_empty());
}

#[test]
fn an_index_in_json_gives_sizes() {
    let site = Site::new();
    let file = "torch-2.99.0+cpu-cp312-cp312-win_amd64.whl";
    let bytes = wheel(file, &[], 10);
    site.server.file(&format!("/f/{}", file.replace('+', "%2B")), "x", bytes.clone());
    let json = format!(
        "{{\"meta\": {{\"api-version\": \"1.1\"}}, \"name\": \"torch\", \"files\": [{{\"filename\": \"{file}\", \"url\": \"/f/{}\", \
         \"hashes\": {{\"sha256\": \"{}\"}}, \"size\": {}, \"requires-python\": \">=3.10\", \"yanked\": false}}]}}",
        file.replace('+', "%2B"),
        sha256(&bytes),
        bytes.len()
    );
    site.server.file("/json/torch/", "application/vnd.pypi.simple.v1+json", json);
    site.run(&format!("catalog update torch==2.99.0 --cpu --index {}", site.server.url("/json")), &[]).ok();
    let row = site.rows("wheel", "torch").remove(0);
    assert!(row.contains(&format!("\tcpu\t/f\t{file}\t{}\t{}\t0\t>=3.8\tindex", sha256(&bytes), bytes.len())), "{row}");
}

/// A page of one wheel in JSON that tells a size and no digest, and the wheel.
fn without_digest(site: &Site, bytes: &[u8], size: usize) -> String {
    let file = "torch-2.99.0+cpu-cp312-cp312-win_amd64.whl";
    let path = format!("/f/{}", file.replace('+', "%2B"));
    site.server.file(&path, "x", bytes);
    let json = format!(
        "{{\"meta\": {{\"api-version\": \"1.1\"}}, \"name\": \"torch\", \"files\": [{{\"filename\": \"{file}\", \"url\": \"{path}\", \
         \"hashes\": {{}}, \"size\": {size}, \"requires-python\": \">=3.10\", \"core-metadata\": true, \"yanked\": false}}]}}"
    );
    site.server.file("/json/torch/", "application/vnd.pypi.simple.v1+json", json);
    site.server.file(&format!("{path}.metadata"), "text/plain", metadata(file, &[]));
    path
}

fn hash_missing(site: &Site) -> Run {
    site.run(&format!("catalog update torch==2.99.0 --cpu --hash-missing --index {}", site.server.url("/json")), &[])
}

#[test]
fn a_digest_is_computed_of_a_whole_wheel_alone() {
    let good = wheel("torch-2.99.0+cpu-cp312-cp312-win_amd64.whl", &[], 300_000);
    let short = &good[..good.len() - 10];
    let length = good.len();
    for (bytes, size, faults, refusal) in [
        (&good[..], length, vec![], None),
        (&good, length, vec![Fault::Whole; 3], None),
        (&good, length + 10, vec![], Some("but the index page says")),
        (&good, length + 10, vec![Fault::Whole; 3], Some("but the index page says")),
        // The parts tell a length, and what comes whole is shorter, with the same tag.
        (&good, length, vec![Fault::None, Fault::Short(10)], Some("was another file")),
        (&good, length, vec![Fault::WrongTotal(10)], Some("has no such part")),
        (short, short.len(), vec![], Some("is not taken")),
        (short, short.len(), vec![Fault::Whole; 3], Some("is not taken")),
        (b"", 0, vec![Fault::Whole; 3], Some("is not taken")),
    ] {
        let site = Site::new();
        let path = without_digest(&site, bytes, size);
        let shown = format!("{} bytes, {size} said, {faults:?}", bytes.len());
        site.server.faults(&path, faults);
        let run = hash_missing(&site);
        match refusal {
            None => {
                assert_eq!(run.status, 0, "{shown}: {}", run.stderr);
                let row = site.rows("wheel", "torch").remove(0);
                assert!(row.contains(&sha256(bytes)) && row.ends_with("\tcomputed"), "{shown}: {row}");
            }
            Some(why) => {
                assert!(run.status == 2 && run.stderr.contains(why), "{shown}: {} {}", run.status, run.stderr);
                assert!(!site.place.exists("torchswap-catalog.tsv"), "{shown}");
            }
        }
    }
}

#[test]
fn a_size_that_the_catalogue_contradicts_is_an_error_that_names_both() {
    let site = Site::new();
    let bytes = wheel("torch-2.99.0+cpu-cp312-cp312-win_amd64.whl", &[], 300);
    without_digest(&site, &bytes, bytes.len());
    hash_missing(&site).ok();
    let size = format!("\t{}\t", bytes.len());
    let other = site.catalogue().replace(&size, "\t7\t");
    assert_ne!(other, site.catalogue());
    site.place.write("torchswap-catalog.tsv", &other);
    let message = hash_missing(&site).refused();
    let both = format!("7 bytes in the torchswap-catalog.tsv catalogue, {} as learned", bytes.len());
    assert!(message.contains(&both), "{message}");
    assert_eq!(site.catalogue(), other);
    // A row that counts whatever the index says is believed.
    let reason = other.replace("\tcomputed\n", "\tcomputed\toverride=we know\n");
    site.place.write("torchswap-catalog.tsv", &reason);
    hash_missing(&site).ok();
    assert_eq!(site.catalogue(), reason);
}

/// What goes wrong on the way: nothing wrong gets into the catalogue, and what can recover does.
#[test]
fn faults() {
    let file = "torch-2.99.0+cu130-cp312-cp312-manylinux_2_28_x86_64.whl";
    let path = format!("/whl/cu130/{}", file.replace('+', "%2B"));
    let beside = format!("{path}.metadata");
    let bytes = wheel(file, &[], 2000);
    let name_at = bytes.windows(5).position(|window| window == b"Name:").unwrap();
    let page = "/whl/cu130/torch/".to_owned();
    let cases: Vec<(Tells, &str, Vec<Fault>, Option<&str>)> = vec![
        (Tells::All, &page, vec![Fault::Status(500, "")], None),
        (Tells::All, &page, vec![Fault::Status(429, "0"), Fault::Cut(10)], None),
        (Tells::All, &page, vec![Fault::Short(420)], Some("has no wheel of torch")),
        (Tells::All, &beside, vec![Fault::Status(503, "0"), Fault::Reset(3)], None),
        (Tells::All, &beside, vec![Fault::Flip(3)], Some("but the index page says")),
        (Tells::All, &beside, vec![Fault::Short(3)], Some("but the index page says")),
        // The page promised what does not exist: the wheel itself tells it.
        (Tells::All, &beside, vec![Fault::Status(404, "")], None),
        (Tells::Digest, &path, vec![Fault::Status(500, ""), Fault::Reset(100)], None),
        (Tells::Digest, &path, vec![Fault::NoSuffix], None),
        (Tells::Digest, &path, vec![Fault::Whole, Fault::Whole], Some("cannot be read in parts")),
        (Tells::Digest, &path, vec![Fault::WrongRange(5)], Some("was changed while it was read")),
        (Tells::Digest, &path, vec![Fault::Flip(name_at)], Some("is not taken")),
    ];
    at_once(cases, |(tells, at, faults, refusal)| {
        let site = Site::new();
        site.put("/whl/cu130", "/whl/cu130", file, &[], tells);
        let shown = format!("{at} {faults:?}");
        site.server.faults(at, faults);
        let run = site.update(TORCH);
        match refusal {
            None => {
                assert_eq!(run.status, 0, "{shown}: {}", run.stderr);
                assert_eq!(site.rows("wheel", "torch").len(), 1);
            }
            Some(why) => {
                assert!(run.status == 2 && run.stderr.contains(why), "{shown}: {} {}", run.status, run.stderr);
                assert!(!site.place.exists("torchswap-catalog.tsv"), "{shown}");
            }
        }
    });
}

#[test]
fn a_wheel_that_is_another_is_refused() {
    let file = "torch-2.99.0+cu130-cp312-cp312-manylinux_2_28_x86_64.whl";
    let site = Site::new();
    let other = wheel("torch-2.98.0+cu130-cp312-cp312-manylinux_2_28_x86_64.whl", &[], 10);
    site.put_bytes("/whl/cu130", "/whl/cu130", file, &[], Tells::Digest, other);
    let message = site.update(TORCH).refused();
    assert!(message.contains("is not that of torch-2.99.0+cu130"), "{message}");
    let text = metadata("torchaudio-2.99.0+cu130-x", &[]);
    site.pages.borrow_mut().clear();
    site.put("/whl/cu130", "/whl/cu130", file, &[], Tells::All);
    site.pages.borrow_mut().clear();
    site.server.file(&format!("/whl/cu130/{}.metadata", file.replace('+', "%2B")), "text/plain", text.clone());
    let link = format!(
        "<a href=\"/whl/cu130/{}#sha256={}\" data-core-metadata=\"sha256={}\">x</a>",
        file.replace('+', "%2B"),
        "a".repeat(64),
        sha256(text.as_bytes())
    );
    site.link("/whl/cu130", file, &link);
    assert!(site.update(TORCH).refused().contains("it is that of torchaudio 2.99.0+cu130"));
}
