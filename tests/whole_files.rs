//! Servers without range requests, as `python -m http.server` is, and the progress shown during a download.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::catalog_update::{Site, Tells, sha256, wheel};
use crate::judges::pythons::{Interpreter, interpreters};
use crate::support::server::Fault;
use crate::support::{Place, Run, at_once, program};

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
fn of_several_wheels_those_are_counted_whose_digest_was_computed() {
    let site = Site::new();
    site.put("/whl/cu130", "/whl/cu130", TORCH, &[], Tells::All);
    site.put("/whl/cu130", "/whl/cu130", &TORCH.replace("cp312", "cp313"), &[], Tells::Nothing);
    let run = update(&site, "--hash-missing");
    let line =
        "learned  torch 2.99.0+cu130: 2 wheels, 1 digest computed from the file (now in torchswap-catalog.tsv)\n";
    assert!(run.stderr.contains(line), "{}", run.stderr);
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

/// What torch requires may lie on pages without digests, too.
#[test]
fn wheels_of_the_closure_are_hashed_as_those_that_are_asked_for() {
    let site = Site::new();
    site.lock();
    let requires = ["triton==3.99.0", "sympy>=1.13"];
    for python in ["cp312-cp312", "cp313-cp313"] {
        let torch = format!("torch-2.99.0+cu130-{python}-manylinux_2_28_x86_64.whl");
        site.put("/whl/cu130", "/whl/cu130", &torch, &requires, Tells::All);
    }
    let mut digests = Vec::new();
    for python in ["cp312-cp312", "cp313-cp313", "cp39-cp39"] {
        let triton = format!("triton-3.99.0-{python}-manylinux_2_28_x86_64.whl");
        digests.push(site.put("/whl/cu130", "/whl", &triton, &[], Tells::Nothing));
    }
    for (version, tells) in [("1.13", Tells::All), ("1.14", Tells::Metadata), ("1.15rc1", Tells::Nothing)] {
        digests.push(site.put("/simple", "/files", &format!("sympy-{version}-py3-none-any.whl"), &["mpmath"], tells));
    }
    // Linked to twice: the link with the digest counts, and nothing is downloaded.
    site.put("/simple", "/files", "mpmath-1.3-py3-none-any.whl", &[], Tells::Nothing);
    digests.push(site.put("/simple", "/files", "mpmath-1.3-py3-none-any.whl", &[], Tells::All));
    let closure = format!("--closure-index {}", site.server.url("/simple"));
    let without = update(&site, &closure);
    let note = "the index gives no digest for wheels of triton: --hash-missing downloads those that fit";
    assert!(without.status == 0 && without.stderr.contains(note), "{}", without.stderr);
    assert!(!without.stderr.contains("no index has"), "{}", without.stderr);
    std::fs::remove_file(site.place.path().join("torchswap-catalog.tsv")).unwrap();
    let run = update(&site, &format!("{closure} --hash-missing"));
    assert!(
        run.status == 0 && run.stderr.contains("learned  triton 3.99.0: 2 wheels, 2 digests computed"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("downloaded triton-3.99.0-cp312-cp312-manylinux_2_28_x86_64.whl, "), "{}", run.stderr);
    let hashed = |package: &str, digests: &[String]| {
        let rows = site.rows("wheel", package);
        assert_eq!(rows.len(), digests.len(), "{rows:?}");
        for digest in digests {
            let row = rows.iter().find(|row| row.contains(&format!("\t{digest}\t"))).unwrap();
            assert!(row.ends_with("\tcomputed"), "{row}");
        }
    };
    hashed("triton", &digests[..2]);
    hashed("sympy", &digests[4..5]);
    assert!(
        site.rows("wheel", "mpmath")[0].contains(&digests[6])
            && site.server.count("/files/mpmath-1.3-py3-none-any.whl") == 0
    );
    for file in ["/whl/triton-3.99.0-cp39-cp39-manylinux_2_28_x86_64.whl", "/files/sympy-1.13-py3-none-any.whl"] {
        assert_eq!(site.server.count(file), 0, "{file} is not needed");
    }
    for (python, digest) in [("3.12", &digests[0]), ("3.13", &digests[1])] {
        let text = site.run(&format!("export --cuda 13.0 --python {python} -q"), &[]).ok();
        assert!(text.contains(digest) && text.contains(&digests[4]) && text.contains("mpmath==1.3"), "{text}");
    }
    // Bytes that are no wheel have no digest that counts.
    std::fs::remove_file(site.place.path().join("torchswap-catalog.tsv")).unwrap();
    site.server.file("/files/sympy-1.14-py3-none-any.whl", "application/octet-stream", "no wheel");
    let message = update(&site, &format!("{closure} --hash-missing")).refused();
    assert!(
        message.contains("sympy-1.14-py3-none-any.whl") && !site.place.exists("torchswap-catalog.tsv"),
        "{message}"
    );
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

/// A project with torch, and every command that may ask an index, each of which asks for the page of torch.
fn commands() -> (Site, Vec<String>) {
    let site = Site::torch();
    site.lock();
    site.place.write("torchswap.toml", "[targets.a]\ncuda = \"13.0\"\npython = \"3.12\"\noutput = \"out.txt\"\n");
    let (base, simple) = (site.server.url("/whl"), site.server.url("/simple"));
    let commands = vec![
        format!("export --cuda 13.0 --python 3.12 --learn --learn-index {base} --closure-index {simple}"),
        format!("catalog update torch==2.98.0 --cuda 13.0 --index {base}/cu130"),
        format!("rewrite --cuda 13.0 --python 3.12 --learn --diff --learn-index {base} --closure-index {simple}"),
        format!("audit --python 3.12 --index-url {base}/cu130"),
        format!("check --fix --learn --learn-index {base} --closure-index {simple}"),
        format!("verify --index --index-url {base}/cu130 requirements.txt"),
        format!("export --python 3.12 --format pylock --index-url {base}/cu130"),
    ];
    (site, commands)
}

/// What is asked of a slow server is shown on a terminal, by every command that may ask one.
#[test]
fn a_wait_is_shown_on_a_terminal() {
    let Some(interpreter) = interpreters().last() else { return };
    let (site, commands) = commands();
    for command in commands {
        let _ = std::fs::remove_file(site.place.path().join("torchswap-catalog.tsv"));
        for quiet in [false, true] {
            site.server.faults("/whl/cu130/torch/", [Fault::Slow(1000, 100)]);
            let mut terminal = interpreter.command();
            terminal.args(["-c", "import pty, sys; pty.spawn(sys.argv[1:])"]).arg(program());
            terminal.args(command.split(' ')).args(quiet.then_some("-q")).env("TERM", "xterm").env_remove("NO_COLOR");
            let output = terminal.current_dir(site.place.path()).stdin(Stdio::null()).output().unwrap();
            let text = String::from_utf8_lossy(&output.stdout);
            let shown = text.contains(&format!("waiting for {}/torch/", site.server.url("/whl/cu130")));
            assert!(shown != quiet, "{command}: {text}");
        }
    }
}

/// A server that says nothing is waited for as long, and tried as often, as the options have it. All commands wait at once, each
/// for a server of its own.
#[test]
fn every_command_gives_up_when_its_options_say_so() {
    at_once((0..commands().1.len()).collect(), |one| {
        let (site, mut commands) = commands();
        gives_up(&site, &commands.swap_remove(one));
    });
}

fn gives_up(site: &Site, command: &str) {
    let (before, start) = (site.server.count("/whl/cu130/torch/"), Instant::now());
    site.server.faults("/whl/cu130/torch/", vec![Fault::Stall(0); 10]);
    let run = site.run(&format!("{command} --timeout 1 --retries 1"), &[]);
    // What a verification finds is its report; with others it is an error.
    let reported = if command.starts_with("verify") { &run.stdout } else { &run.stderr };
    assert!(run.status == 2 && reported.contains("gave up after 2 tries"), "{command}: {}", run.shown());
    assert_eq!(site.server.count("/whl/cu130/torch/") - before, 2, "{command}");
    assert!(start.elapsed() < Duration::from_secs(20), "{command}: {:?}", start.elapsed());
    assert_eq!(site.place.names(), ["requirements.txt", "torchswap.toml"], "{command} wrote something");
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
