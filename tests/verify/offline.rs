//! Without an option that asks for it, no command reaches the network.

use std::net::TcpListener;

use torchswap::catalog::{Catalogues, Index, WheelRow, WheelSource, path_on_default_index};

use super::{Place, none, root};
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
        ("verify r.txt poetry.lock --package torch", 0),
        ("rewrite --cuda 11.8 --python 3.10 --diff", 0),
        ("catalog list torch", 0),
        ("audit --all-targets", 0),
    ] {
        let mut command = place.command(arguments);
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "PIP_INDEX_URL", "UV_DEFAULT_INDEX"] {
            command.env(name, &address).env(name.to_lowercase(), &address);
        }
        let run = Run::new(&command.output().unwrap());
        assert_eq!(run.status, status, "{arguments}: {}", run.stdout);
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
    let run = place.online("verify r.txt --package torch --package torchvision --package torchaudio --package triton");
    assert_eq!(run.status, 0, "{}", run.stdout);
    assert!(run.stdout.contains("ok  torch-2.1.2+cu118-cp310-cp310-linux_x86_64.whl (built-in catalogue, recorded by"));
}

#[test]
fn what_the_catalogue_does_not_know_is_not_checked_and_so_not_confirmed() {
    let place = Place::new();
    let row = twins().0;
    let torch = format!("torch=={} --hash=sha256:{}\n", row.wheel.version, row.sha256);
    place.write("r.txt", format!("{torch}attrs==23.1.0 --hash=sha256:{}\n", none()));
    let run = place.online("verify r.txt");
    assert_eq!(run.status, 2, "{}", run.stdout);
    let counted = "1 file verified, could not answer for 1 file (the catalogue has torch and what it needs)\n";
    assert!(run.stdout.contains(counted), "{}", run.stdout);
    let json = place.online("verify r.txt --report json").stdout;
    assert!(json.contains(r#""state":"unanswered""#) && json.contains(r#""unknown":1"#), "{json}");
    let run = place.online("verify r.txt --package torch");
    assert!(run.status == 0 && run.stdout.ends_with("1 file verified\n"), "{}", run.stdout);
    // A digest of another kind is nobody's here to confirm.
    place.write("r.txt", format!("{torch}attrs==23.1.0 --hash=sha512:{}\n", none().repeat(2)));
    assert_eq!(place.online("verify r.txt").status, 2);
}

/// A wheel that PyTorch's index and the default one serve as two files under one name.
fn twins() -> (WheelRow, WheelRow) {
    let rows = Catalogues::default().wheels_of(&"torch".parse().unwrap(), &"2.10.0".parse().unwrap());
    let pypi = rows.iter().filter(|row| row.index == Index::Pypi);
    let twin = |row: &&WheelRow| {
        let other = rows.iter().find(|other| other.wheel == row.wheel && other.sha256 != row.sha256);
        other.map(|other| (other.clone(), (*row).clone()))
    };
    pypi.filter(|row| row.wheel.platform_tag().contains("macosx")).find_map(|row| twin(&row)).unwrap()
}

#[test]
fn a_digest_that_any_index_has_under_the_name_is_known_and_said_from_where() {
    let (cpu, pypi) = twins();
    let place = Place::new();
    let lock = |digest: &str| {
        format!(
            "[[package]]\nname = \"torch\"\nversion = \"2.10.0\"\ndescription = \"\"\noptional = false\n\
             python-versions = \"*\"\ngroups = [\"main\"]\nfiles = [{{file = \"{}\", hash = \"sha256:{digest}\"}}]\n\n\
             [metadata]\nlock-version = \"2.1\"\npython-versions = \"*\"\ncontent-hash = \"{}\"\n",
            pypi.wheel,
            none()
        )
    };
    for (row, from) in [(&pypi, "(catalogue)"), (&cpu, "(catalogue, on https://download.pytorch.org/whl/cpu)")] {
        place.write("r.txt", format!("torch==2.10.0 --hash=sha256:{}\n", row.sha256));
        place.write("poetry.lock", lock(&row.sha256.to_string()));
        for file in ["r.txt", "poetry.lock"] {
            let run = place.online(&format!("verify {file}"));
            assert_eq!(run.status, 0, "{}", run.stdout);
            assert!(run.stdout.contains(&format!("ok  torch: 1 file in {file} {from}")), "{}", run.stdout);
        }
    }
    // With none of the digests that are known of the name, it is wrong.
    place.write("poetry.lock", lock(&none()));
    let run = place.online("verify poetry.lock");
    assert_eq!(run.status, 1, "{}", run.stdout);
}

#[test]
fn at_a_url_only_the_digest_of_that_very_file_is_right() {
    let (cpu, pypi) = twins();
    let place = Place::new();
    let path = path_on_default_index(&pypi.sha256).unwrap();
    let (cpu_url, pypi_url) = (cpu.url().unwrap(), format!("https://files.example/{path}/{}", pypi.wheel));
    for (url, right, wrong) in [(cpu_url, &cpu, &pypi), (pypi_url, &pypi, &cpu)] {
        for (row, status) in [(right, 0), (wrong, 1)] {
            place.write("r.txt", format!("torch @ {url} --hash=sha256:{}\n", row.sha256));
            let run = place.online("verify r.txt");
            assert_eq!(run.status, status, "{url}: {}", run.stdout);
            let note = format!("its digest is that of the file of this name on {}", wrong.index);
            assert_eq!(run.stdout.contains(&note), status == 1, "{}", run.stdout);
        }
    }
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
    assert_eq!(run.status, 1, "{}", run.stdout);
    assert!(run.stdout.contains("differs  torch-2.1.2-cp310-cp310-manylinux1_x86_64.whl"), "{}", run.stdout);
    // Of an output only the digests are there: which one was meant is seen by how near it is.
    let place = Place::of("poetry-2.5/torch-2.1.2");
    let text = place.online("export --platform macos-arm64 --python 3.10").ok();
    let at = text.find("\ntorch==").unwrap();
    let digest = at + text[at..].find("sha256:").unwrap() + "sha256:".len();
    place.write("r.txt", format!("{}000{}", &text[..digest], &text[digest + 3..]));
    let run = place.online("verify r.txt");
    assert_eq!(run.status, 1, "{}", run.stdout);
}

#[test]
fn nothing_to_verify_is_reported() {
    let place = Place::new();
    for text in ["", "attrs==1\n", "./local\n", &format!("attrs==23.1.0 --hash=sha256:{}\n", "a".repeat(64))] {
        place.write("r.txt", text);
        let reported = place.online("verify r.txt").refused();
        assert!(reported.contains("nothing to verify in r.txt"), "{reported}");
    }
}

/// What pip is set up to ask is no matter of a run that asks nobody, however it is written.
#[test]
fn the_configuration_of_pip_is_read_only_where_an_index_is_asked() {
    let place = Place::new();
    // An invented digest, plainly so.
    place.write("r.txt", format!("filelock==3.16.1 --hash=sha256:{}\n", none()));
    place.write("pip.conf", "neither a section nor a setting\n");
    let broken = place.path().join("pip.conf");
    let says = |arguments: &str| {
        let output = place.command(arguments).env("PIP_CONFIG_FILE", &broken).output().unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    assert!(says("verify r.txt --index").contains("is neither a section"));
    let offline = says("verify r.txt");
    assert!(!offline.contains("is neither a section") && !offline.is_empty(), "{offline}");
}
