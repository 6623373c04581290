//! Exports of a `uv.lock`.

use super::place;
use crate::support::snapshot;

const CONFIG: &str = "[targets.docker]\ncuda = \"12.8\"\npython = [\"3.11\"]\nwithout = [\"dev\"]\noutput = \"requirements-docker.txt\"\n\
    [targets.mac]\nplatform = \"macos-arm64\"\nextras = [\"vision\"]\noutput = \"pylock.mac.toml\"\n";

#[test]
fn all_targets_are_made_and_checked() {
    let place = place("torch-2.7.1");
    place.write("torchswap.toml", CONFIG);
    let run = place.run("export --all-targets");
    let outputs = ["requirements-docker.txt", "pylock.mac.toml"];
    let files: String = outputs.iter().map(|name| format!("=== {name}\n{}", place.read(name))).collect();
    snapshot("export/uv-lock", &format!("{}\n{files}", run.shown()));
    place.run("check").ok();
    // The lock moves on.
    let lock = place.read("uv.lock");
    let at = lock.find("/idna-").unwrap();
    let digest = at + lock[at..].find("sha256:").unwrap() + "sha256:".len();
    place.write("uv.lock", format!("{}{}{}", &lock[..digest], "0".repeat(64), &lock[digest + 64..]));
    let run = place.run("check");
    assert!(run.status == 1 && run.stdout.contains("idna"), "{}", run.shown());
}

#[test]
fn the_project_itself_is_left_out_and_its_members_are_local() {
    let place = place("workspace");
    let run = place.run("export --allow-none --python 3.11 --without-hashes");
    assert!(run.stderr.contains("left out app 0.1.0: the project itself"), "{}", run.stderr);
    let text = run.ok();
    assert!(text.contains("\n-e ./packages/lib\n") && !text.contains("-e .\n"), "{text}");
    let message = place.run("export --allow-none --python 3.11").refused();
    assert!(message.contains("--no-emit-local") && message.contains("--> uv.lock:"), "{message}");
    let text = place.run("export --allow-none --python 3.11 --no-emit-local").ok();
    assert!(text.contains("\nsix @ https://files.example/packages/") && text.contains("\nidna=="), "{text}");
}

#[test]
fn audit_looks_at_what_is_installed_and_verify_at_every_file() {
    let place = place("torch-2.7.1");
    let rows =
        |run: crate::support::Run| run.stdout.lines().nth(1).unwrap().split_whitespace().nth(5).map(str::to_owned);
    let all = rows(place.run("audit --cuda 12.6 --python 3.11"));
    assert_eq!(all.as_deref(), Some("34"));
    // One digest of torch is another one than the catalogue's.
    let whole = place.read("uv.lock");
    let at = whole.find("torch-2.7.1-cp311-cp311-manylinux_2_28_x86_64.whl\", hash = \"sha256:").unwrap();
    let digest = at + whole[at..].find("sha256:").unwrap() + "sha256:".len();
    let damaged = format!("{}{}{}", &whole[..digest], "0".repeat(64), &whole[digest + 64..]);
    place.write("uv.lock", damaged);
    let audit = place.run("audit --cuda 12.6 --python 3.11");
    assert!(audit.stdout.contains("digest-conflict") && audit.stdout.contains("uv.lock:"), "{}", audit.stdout);
    let verify = place.run("verify uv.lock");
    let said = format!("{}{}", verify.stdout, verify.stderr);
    assert!(said.contains("torch-2.7.1-cp311-cp311-manylinux_2_28_x86_64.whl"), "{said}");
    let refused = place.run("export --cuda 12.6 --python 3.11").refused();
    assert!(refused.contains("two digests for torch-2.7.1-cp311-cp311-manylinux_2_28_x86_64.whl"), "{refused}");
}
