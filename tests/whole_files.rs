//! Servers that give files whole or not at all, as `python -m http.server` does, and what is shown of a wait.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use crate::catalog_update::{Site, Tells, sha256, wheel};
use crate::judges::pythons::{Interpreter, interpreters};
use crate::support::server::Fault;
use crate::support::{Place, Run};

const TORCH: &str = "torch-2.99.0+cu130-cp312-cp312-manylinux_2_28_x86_64.whl";

const TRITON: &str = "triton-3.99.0-cp312-cp312-manylinux_2_28_x86_64.whl";

/// torch and triton, of which the page tells digests alone, on a server that knows no ranges.
fn without_ranges(tells: Tells) -> Site {
    let site = Site::new();
    site.lock();
    site.put("/whl/cu130", "/whl/cu130", TORCH, &["triton==3.99.0"], tells);
    site.put("/whl/cu130", "/whl", TRITON, &[], tells);
    for path in [format!("/whl/cu130/{}", TORCH.replace('+', "%2B")), format!("/whl/{TRITON}")] {
        site.server.faults(&path, vec![Fault::Whole; 20]);
    }
    site
}

fn update(site: &Site, more: &str) -> Run {
    let index = site.server.url("/whl/cu130");
    site.run(&format!("catalog update torch==2.99.0 --cuda 13.0 --index {index} {more}"), &[])
}

fn export(site: &Site, more: &str) -> Run {
    let index = site.server.url("/whl");
    site.run(&format!("export --cuda 13.0 --python 3.12 --learn --learn-index {index} {more}"), &[])
}

#[test]
fn what_a_wheel_requires_is_read_from_all_of_it_if_that_is_wanted() {
    let site = without_ranges(Tells::Digest);
    for message in [update(&site, "").refused(), export(&site, "").refused()] {
        assert!(message.contains("cannot be read in parts"), "{message}");
        assert!(message.contains("help: its server does not answer range requests; --hash-missing downloads it whole"));
    }
    assert!(!site.place.exists("torchswap-catalog.tsv"));
    let digests = [wheel(TORCH, &["triton==3.99.0"], 2000), wheel(TRITON, &[], 2000)].map(|bytes| sha256(&bytes));
    update(&site, "--hash-missing").ok();
    for (package, digest) in ["torch", "triton"].into_iter().zip(&digests) {
        assert!(site.rows("wheel", package)[0].contains(digest), "{package}");
        assert!(site.rows("requires", package)[0].contains("\twheel\t"), "{package}");
    }
    std::fs::remove_file(site.place.path().join("torchswap-catalog.tsv")).unwrap();
    let text = export(&site, "--hash-missing").ok();
    assert!(digests.iter().all(|digest| text.contains(digest)), "{text}");
}

#[test]
fn a_wheel_that_is_read_whole_has_the_digest_of_its_page() {
    let site = without_ranges(Tells::Digest);
    let path = format!("/whl/cu130/{}", TORCH.replace('+', "%2B"));
    let other = wheel(TORCH, &[], 2000);
    site.server.file(&path, "application/octet-stream", other.clone());
    let said = sha256(&wheel(TORCH, &["triton==3.99.0"], 2000));
    for message in [update(&site, "--hash-missing").refused(), export(&site, "--hash-missing").refused()] {
        assert!(message.contains(&said) && message.contains(&sha256(&other)), "{message}");
    }
    assert!(!site.place.exists("torchswap-catalog.tsv"));
}

/// `python -m http.server` over a folder. It ends with the test.
struct Folder(Child, String);

impl Folder {
    fn serve(interpreter: &Interpreter, place: &Place) -> Self {
        let mut command = interpreter.command();
        command.args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]).current_dir(place.path());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.split("port ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
        Self(child, format!("http://127.0.0.1:{port}"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The real thing: its listing of a folder is a page of links without digests, and it serves no ranges.
#[test]
fn a_folder_that_python_serves_is_an_index() {
    let Some(interpreter) = interpreters().last() else { return };
    let folder = Place::new();
    let torch = wheel(TORCH, &["triton==3.99.0", "filelock"], 300_000);
    folder.write(&format!("whl/cu130/torch/{TORCH}"), &torch);
    folder.write(&format!("whl/cu130/triton/{TRITON}"), wheel(TRITON, &[], 2000));
    let filelock = wheel("filelock-3.0-py3-none-any.whl", &[], 2000);
    folder.write("simple/filelock/filelock-3.0-py3-none-any.whl", &filelock);
    let served = Folder::serve(interpreter, &folder);
    let site = Site::new();
    site.lock();
    let index = format!("--learn-index {0}/whl --closure-index {0}/simple", served.1);
    let learn = format!("export --cuda 13.0 --python 3.12 --learn {index}");
    assert!(site.run(&learn, &[]).refused().contains("--hash-missing downloads such wheels"));
    let run = site.run(&format!("{learn} --hash-missing"), &[]);
    assert!(
        run.stderr.contains("learned  torch 2.99.0+cu130: 1 wheel, digest computed from the file"),
        "{}",
        run.stderr
    );
    let text = run.ok();
    assert!(text.contains(&sha256(&torch)) && text.contains(&sha256(&filelock)), "{text}");
    assert_eq!(site.run("export --cuda 13.0 --python 3.12 -q", &[]).ok(), text);
    std::fs::remove_file(site.place.path().join("torchswap-catalog.tsv")).unwrap();
    let update = format!(
        "catalog update torch==2.99.0 --cuda 13.0 --index {0}/whl/cu130 --closure-index {0}/simple --hash-missing",
        served.1
    );
    site.run(&update, &[]).ok();
    assert!(site.rows("wheel", "torch")[0].contains(&sha256(&torch)));
}

/// What is asked of a slow server is shown on a terminal, by every command that may ask one.
#[test]
fn a_wait_is_shown_on_a_terminal() {
    let Some(interpreter) = interpreters().last() else { return };
    let site = Site::torch();
    site.lock();
    let (base, simple) = (site.server.url("/whl"), site.server.url("/simple"));
    let commands = [
        format!("export --cuda 13.0 --python 3.12 --learn --learn-index {base} --closure-index {simple}"),
        format!("catalog update torch==2.98.0 --cuda 13.0 --index {base}/cu130"),
        format!("rewrite --cuda 13.0 --python 3.12 --learn --diff --learn-index {base} --closure-index {simple}"),
        format!("audit --python 3.12 --index-url {base}/cu130"),
    ];
    for command in commands {
        let _ = std::fs::remove_file(site.place.path().join("torchswap-catalog.tsv"));
        for quiet in [false, true] {
            site.server.faults("/whl/cu130/torch/", [Fault::Slow(1000, 100)]);
            let mut terminal = interpreter.command();
            terminal.args(["-c", "import pty, sys; pty.spawn(sys.argv[1:])", env!("CARGO_BIN_EXE_torchswap")]);
            terminal.args(command.split(' ')).args(quiet.then_some("-q")).env("TERM", "xterm").env_remove("NO_COLOR");
            let output = terminal.current_dir(site.place.path()).stdin(Stdio::null()).output().unwrap();
            let text = String::from_utf8_lossy(&output.stdout);
            let shown = text.contains(&format!("waiting for {base}/cu130/torch/"));
            assert!(shown != quiet, "{command}: {text}");
        }
    }
}

#[test]
fn an_update_can_be_quiet_and_have_colour() {
    let site = Site::torch();
    let update = format!("catalog update torch==2.98.0 --cuda 13.0 --index {}", site.server.url("/whl/cu130"));
    let run = site.run(&format!("{update} -q"), &[]);
    assert_eq!((run.status, &*run.stderr), (0, ""));
    let run = site.run(&format!("{update} --color always"), &[]);
    assert!(run.status == 0 && run.stderr.contains("nothing is new"), "{}", run.stderr);
    let message = site.run("catalog update torch --cpu --color always", &[]).refused();
    assert!(message.contains("\u{1b}[1;31merror"), "{message}");
}
