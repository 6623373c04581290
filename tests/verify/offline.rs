//! Without being told to, nothing reaches the network.

use std::net::TcpListener;

use super::{Place, root};
use crate::support::Run;

#[test]
fn commands_that_need_no_network_open_no_connection() {
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let address = format!("http://{}", trap.local_addr().unwrap());
    let place = Place::of("poetry-2.5/torch-2.1.2");
    place.write(
        "torchswap.toml",
        format!("[targets.docker]\ncuda = \"11.8\"\npython = [\"3.10\"]\noutput = \"r.txt\"\nmirror = \"{address}\"\n"),
    );
    for (arguments, status) in [
        ("export --cuda 11.8 --python 3.10", 0),
        ("export --all-targets", 0),
        ("check", 0),
        ("verify r.txt poetry.lock", 0),
        ("rewrite --cuda 11.8 --python 3.10 --diff", 0),
        ("catalog list torch", 0),
        ("audit --all-targets", 0),
    ] {
        let mut command = place.command(arguments);
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "PIP_INDEX_URL", "UV_DEFAULT_INDEX"] {
            command.env(name, &address).env(name.to_lowercase(), &address);
        }
        let run = Run::new(&command.output().unwrap());
        assert_eq!(run.status, status, "{arguments}: {}", run.stderr);
    }
    // A connection that was made stands in the queue, whether or not it was closed since.
    assert_eq!(trap.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn the_catalogue_knows_what_the_examples_pin() {
    let place = Place::new();
    let lock = root().join("examples/torch-2.1-cuda-11.8/poetry.lock");
    let lock = lock.to_str().unwrap();
    place.online(&format!("export --cuda 11.8 --python 3.10 -o r.txt {lock}")).ok();
    let run = place.online("verify r.txt");
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("ok  torch-2.1.2+cu118-cp310-cp310-linux_x86_64.whl (built-in catalogue, recorded by"));
}

#[test]
fn a_damaged_digest_is_found_offline() {
    let place = Place::of("poetry-2.5/torch-2.1.2");
    let lock = place.read("poetry.lock");
    let at = lock.find("torch-2.1.2-cp310-cp310-manylinux1_x86_64.whl").unwrap();
    let digest = at + lock[at..].find("sha256:").unwrap() + "sha256:".len();
    let damaged = format!("{}000{}", &lock[..digest], &lock[digest + 3..]);
    assert_ne!(damaged, lock);
    place.write("poetry.lock", damaged);
    let run = place.online("verify poetry.lock");
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(run.stderr.contains("differs  torch-2.1.2-cp310-cp310-manylinux1_x86_64.whl"), "{}", run.stderr);
    // Of an output only the digests are there: which one was meant is seen by how near it is.
    let place = Place::of("poetry-2.5/torch-2.1.2");
    let text = place.online("export --platform macos-arm64 --python 3.10").ok();
    let at = text.find("\ntorch==").unwrap();
    let digest = at + text[at..].find("sha256:").unwrap() + "sha256:".len();
    place.write("r.txt", format!("{}000{}", &text[..digest], &text[digest + 3..]));
    let run = place.online("verify r.txt");
    assert_eq!(run.status, 1, "{}", run.stderr);
}

#[test]
fn nothing_to_verify_is_told() {
    let place = Place::new();
    for text in ["", "attrs==1\n", "./local\n", &format!("attrs==23.1.0 --hash=sha256:{}\n", "a".repeat(64))] {
        place.write("r.txt", text);
        let told = place.online("verify r.txt").refused();
        assert!(told.contains("nothing to verify in r.txt"), "{told}");
    }
}
