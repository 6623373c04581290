//! Failures from outside: the disk is full, the folder is read-only, the program is killed, another program writes. The
//! lock stays whole, old or new, and no other file is left behind.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::support::{Place, fixture, program};

const FLAGS: &str = "--cuda 11.8 --python 3.10";

/// A lock that is changed by [`FLAGS`], and how it is afterwards.
fn small() -> (Place, String, String) {
    let place = Place::of("poetry-2.5/torch-2.1.2");
    let before = place.read("poetry.lock");
    let after = place.run_with(&["rewrite", "--cuda", "11.8", "--python", "3.10", "-"], &before).ok();
    assert_ne!(before, after);
    (place, before, after)
}

/// The same with much more text, so that writing it takes a while.
fn large() -> (Place, String, String) {
    static TEXTS: OnceLock<(String, String)> = OnceLock::new();
    let (before, after) = TEXTS.get_or_init(made_large);
    let place = Place::of("poetry-2.5/torch-2.1.2");
    place.write("poetry.lock", before);
    (place, before.clone(), after.clone())
}

fn made_large() -> (String, String) {
    let (place, before, _) = small();
    let end = before.find("\n[extras]").unwrap() + 1;
    // Long descriptions: much to write, and little to read.
    let filler: String = (0..10)
        .map(|number| {
            format!(
                "[[package]]\nname = \"zz-{number}\"\nversion = \"1.0\"\ndescription = \"{}\"\noptional = false\n\
                 python-versions = \"*\"\ngroups = [\"dev\"]\nfiles = [\n    {{file = \"zz_{number}-1.0-py3-none-any.whl\", \
                 hash = \"sha256:{number:064x}\"}},\n]\n\n",
                "long ".repeat(11_000)
            )
        })
        .collect();
    let before = format!("{}{filler}{}", &before[..end], &before[end..]);
    place.write("poetry.lock", &before);
    let after = place.run_with(&["rewrite", "--cuda", "11.8", "--python", "3.10", "-"], &before).ok();
    assert!(before.len() > 500_000 && after != before);
    (before, after)
}

/// The rewrite as a process of its own that says nothing.
fn rewrite(folder: &Path) -> Command {
    let mut command = Command::new(program());
    command.arg("rewrite").args(FLAGS.split(' ')).arg("--quiet").current_dir(folder);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Temporary files that a killed run left.
fn left_over(place: &Place) -> Vec<String> {
    let names = place.names().into_iter();
    names.filter(|name| !["poetry.lock", "pyproject.toml", "torchswap.toml"].contains(&name.as_str())).collect()
}

#[test]
fn killed_at_any_moment_the_lock_is_whole() {
    let (place, before, after) = large();
    let start = Instant::now();
    assert!(rewrite(place.path()).status().unwrap().success());
    let whole = start.elapsed();
    assert!(place.read("poetry.lock") == after);
    place.write("poetry.lock", &before);
    let (mut old, mut new, mut killed, mut in_writing) = (0, 0, 0, 0);
    let mut kill = |delay: Duration| {
        let mut child = rewrite(place.path()).spawn().unwrap();
        std::thread::sleep(delay);
        let _ = child.kill();
        killed += usize::from(child.wait().unwrap().code().is_none());
        let found = place.read("poetry.lock");
        if found == before {
            old += 1;
        } else {
            assert!(found == after, "neither the old nor the new lock: {} bytes", found.len());
            new += 1;
            place.write("poetry.lock", &before);
        }
        for name in left_over(&place) {
            // All that a kill may leave behind.
            assert!(name.starts_with(".torchswap-"), "{name}");
            in_writing += 1;
            std::fs::remove_file(place.path().join(name)).unwrap();
        }
    };
    let points = 30_u32;
    for point in 0..points {
        kill(whole * point / points);
    }
    println!("by the clock: killed {killed} of {points}, {in_writing} while writing; {old} old, {new} new");
    assert!(killed > 5);
}

/// Kills when the temporary file is there, and in each of the states that it goes through.
#[test]
fn killed_while_it_writes_the_lock_is_whole() {
    let (place, before, after) = large();
    let (mut killed, mut partial, mut whole, mut new) = (0, 0, 0, 0);
    for round in 0..25_u32 {
        let mut child = rewrite(place.path()).spawn().unwrap();
        let start = Instant::now();
        while left_over(&place).is_empty() && child.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < Duration::from_secs(60), "it does not come to writing");
            // Writing takes longer, and a core that only asks is one less for the program.
            std::thread::sleep(Duration::from_micros(100));
        }
        std::thread::sleep(Duration::from_micros(u64::from(round) * 60));
        let _ = child.kill();
        killed += usize::from(child.wait().unwrap().code().is_none());
        let found = place.read("poetry.lock");
        assert!(found == before || found == after, "neither the old nor the new lock: {} bytes", found.len());
        new += usize::from(found == after);
        for name in left_over(&place) {
            assert!(name.starts_with(".torchswap-"), "{name}");
            let size = std::fs::metadata(place.path().join(&name)).unwrap().len();
            if size == after.len() as u64 {
                whole += 1;
            } else {
                partial += 1;
            }
            std::fs::remove_file(place.path().join(name)).unwrap();
        }
        place.write("poetry.lock", &before);
    }
    println!("killed {killed} of 25 while writing: {partial} temporary files in part, {whole} whole; {new} new locks");
    assert!(killed > 5 && partial + whole > 3, "it was never killed while writing");
}

/// A file may not grow beyond this many blocks of 512 bytes: what a full disk does to a write.
fn limited(folder: &Path, blocks: u32) -> std::process::Output {
    // The signal is ignored, so that the write fails as it does on a full disk; it is inherited by the program.
    let script = format!("trap '' XFSZ; ulimit -f {blocks} || exit 99; exec \"$0\" rewrite {FLAGS}");
    Command::new("sh").args(["-c", &script]).arg(program()).current_dir(folder).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn a_write_that_fails_leaves_the_old_lock() {
    let (place, before, after) = small();
    for blocks in [0, 1, 2, 20, 100] {
        let output = limited(place.path(), blocks);
        if output.status.code() == Some(99) {
            println!("skipped: sh cannot limit the size of files here");
            return;
        }
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{blocks}: {said}");
        assert!(said.contains("cannot write poetry.lock: "), "{said}");
        assert!(place.read("poetry.lock") == before && left_over(&place).is_empty(), "{:?}", place.names());
    }
    let output = limited(place.path(), 100_000);
    assert!(output.status.success() && place.read("poetry.lock") == after);
}

/// A small file system that goes away with the test; none where it cannot be made.
struct Disk<'a>(&'a Path);

impl<'a> Disk<'a> {
    fn new(at: &'a Path, options: &str) -> Option<Self> {
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at).output();
        mount.is_ok_and(|mount| mount.status.success()).then_some(Self(at))
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

#[test]
fn a_full_disk_leaves_the_old_lock() {
    let (place, before, after) = small();
    let at = place.path().join("disk");
    std::fs::create_dir(&at).unwrap();
    let size = (before.len() * 3 / 2 / 4096 + 4) * 4096;
    let Some(_disk) = Disk::new(&at, &format!("size={size}")) else {
        println!("skipped: no file system can be mounted here; a limit on the size of files is tested instead");
        return;
    };
    for name in ["poetry.lock", "pyproject.toml"] {
        place.write(&format!("disk/{name}"), place.read(name));
    }
    let run = place.run(&format!("rewrite {FLAGS} disk/poetry.lock"));
    let said = run.refused();
    assert!(said.contains("cannot write disk/poetry.lock: the disk is full"), "{said}");
    assert!(place.read("disk/poetry.lock") == before);
    assert_eq!(std::fs::read_dir(&at).unwrap().count(), 2);
    // Elsewhere there is room.
    place.run(&format!("rewrite {FLAGS} disk/poetry.lock -o other.lock")).ok();
    assert!(place.read("other.lock") == after);
}

#[test]
fn a_read_only_disk_leaves_the_old_lock() {
    let (place, before, _) = small();
    let at = place.path().join("disk");
    std::fs::create_dir(&at).unwrap();
    let Some(_disk) = Disk::new(&at, "size=8m") else {
        println!("skipped: no file system can be mounted here");
        return;
    };
    for name in ["poetry.lock", "pyproject.toml"] {
        place.write(&format!("disk/{name}"), place.read(name));
    }
    let remounted = Command::new("mount").args(["-o", "remount,ro"]).arg(&at).status().unwrap();
    assert!(remounted.success());
    let said = place.run(&format!("rewrite {FLAGS} disk/poetry.lock")).refused();
    assert!(said.contains("the file system is read-only"), "{said}");
    assert!(place.read("disk/poetry.lock") == before);
}

#[test]
fn a_read_only_folder_leaves_the_old_lock() {
    let (place, before, _) = small();
    let folder = place.path().to_owned();
    let set = |mode| std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode)).unwrap();
    set(0o555);
    if std::fs::write(folder.join("probe"), "").is_ok() {
        set(0o755);
        println!("skipped: to this user no folder is read-only");
        return;
    }
    let run = place.run(&format!("rewrite {FLAGS}"));
    set(0o755);
    assert!(run.refused().contains("cannot write poetry.lock: permission denied"));
    assert!(place.read("poetry.lock") == before);
}

#[test]
fn many_runs_at_once_end_with_the_new_lock() {
    let (place, before, after) = large();
    for _ in 0..3 {
        place.write("poetry.lock", &before);
        let mut children: Vec<_> = (0..4).map(|_| rewrite(place.path()).spawn().unwrap()).collect();
        let states: Vec<Option<i32>> = children.iter_mut().map(|child| child.wait().unwrap().code()).collect();
        // One that finds the file changed says so; none spoils it.
        assert!(states.contains(&Some(0)) && states.iter().all(|state| matches!(state, Some(0 | 2))), "{states:?}");
        assert!(place.read("poetry.lock") == after && left_over(&place).is_empty());
    }
}

/// The catalogue is a pipe, and is read after the lock: so the test can change the lock in between.
#[test]
fn a_lock_that_somebody_else_changed_is_not_overwritten() {
    let (place, before, after) = small();
    let made = Command::new("mkfifo").arg(place.path().join("catalog.tsv")).status();
    if !made.is_ok_and(|made| made.success()) {
        println!("skipped: there is no mkfifo here");
        return;
    }
    let theirs = format!("{before}# theirs\n");
    for (now, expected) in [(Some(theirs.as_str()), 2), (None, 2), (Some(before.as_str()), 0)] {
        place.write("poetry.lock", &before);
        let mut command = rewrite(place.path());
        let child = command.args(["--catalog", "catalog.tsv"]).stderr(Stdio::piped()).spawn().unwrap();
        // Opening it waits until the program reads; by then it has read the lock.
        let pipe = std::fs::OpenOptions::new().write(true).open(place.path().join("catalog.tsv")).unwrap();
        match now {
            Some(text) => place.write("poetry.lock", text),
            None => std::fs::remove_file(place.path().join("poetry.lock")).unwrap(),
        }
        drop(pipe);
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(expected), "{said}");
        match now {
            None => assert!(!place.exists("poetry.lock"), "{said}"),
            Some(_) if expected == 0 => assert!(place.read("poetry.lock") == after),
            Some(text) => {
                assert!(place.read("poetry.lock") == text);
                assert!(said.contains("was changed by another program") && said.contains("run the command again"));
            }
        }
        let names = place.names();
        assert!(!names.iter().any(|name| name.starts_with(".torchswap-")), "{names:?}");
    }
}

#[test]
fn permissions_and_links_stay() {
    let (place, before, after) = small();
    let lock = place.path().join("poetry.lock");
    for mode in [0o600, 0o640, 0o444, 0o755] {
        place.write("real.lock", &before);
        let real = place.path().join("real.lock");
        let _ = std::fs::remove_file(&lock);
        std::os::unix::fs::symlink("real.lock", &lock).unwrap();
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(mode)).unwrap();
        place.run(&format!("rewrite {FLAGS}")).ok();
        assert!(std::fs::symlink_metadata(&lock).unwrap().is_symlink());
        assert_eq!(std::fs::read_link(&lock).unwrap(), Path::new("real.lock"));
        assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, mode);
        assert!(place.read("real.lock") == after);
        std::fs::remove_file(&real).unwrap();
    }
    assert_eq!(place.names(), ["poetry.lock", "pyproject.toml"]);
}

#[test]
fn a_link_into_another_folder_keeps_that_folders_file() {
    let (place, before, after) = small();
    place.write("deep/down/real.lock", &before);
    std::fs::remove_file(place.path().join("poetry.lock")).unwrap();
    std::os::unix::fs::symlink("deep/link.lock", place.path().join("poetry.lock")).unwrap();
    std::os::unix::fs::symlink("down/real.lock", place.path().join("deep/link.lock")).unwrap();
    place.run(&format!("rewrite {FLAGS}")).ok();
    assert!(place.read("deep/down/real.lock") == after);
    for link in ["poetry.lock", "deep/link.lock"] {
        assert!(std::fs::symlink_metadata(place.path().join(link)).unwrap().is_symlink());
    }
    let files = std::fs::read_dir(place.path().join("deep/down")).unwrap().count();
    assert_eq!(files, 1);
}

#[test]
fn outputs_that_are_no_files_of_their_own() {
    let (place, before, after) = small();
    // A folder.
    std::fs::create_dir(place.path().join("folder")).unwrap();
    let said = place.run(&format!("rewrite {FLAGS} -o folder")).refused();
    assert!(said.contains("folder is a folder, not a file"), "{said}");
    // A folder that does not exist.
    let said = place.run(&format!("rewrite {FLAGS} -o nowhere/other.lock")).refused();
    assert!(said.contains("cannot write nowhere/other.lock: there is no folder nowhere"), "{said}");
    // A link that leads to itself.
    std::os::unix::fs::symlink("loop.lock", place.path().join("loop.lock")).unwrap();
    let said = place.run(&format!("rewrite {FLAGS} -o loop.lock")).refused();
    assert!(said.contains("too many symbolic links"), "{said}");
    // A link to nothing yet.
    std::os::unix::fs::symlink("later.lock", place.path().join("link.lock")).unwrap();
    place.run(&format!("rewrite {FLAGS} -o link.lock")).ok();
    assert!(place.read("later.lock") == after);
    assert!(std::fs::symlink_metadata(place.path().join("link.lock")).unwrap().is_symlink());
    // A device takes the text.
    place.run(&format!("rewrite {FLAGS} -o /dev/null")).ok();
    if Path::new("/dev/full").exists() {
        let said = place.run(&format!("rewrite {FLAGS} -o /dev/full")).refused();
        assert!(said.contains("the disk is full"), "{said}");
    }
    assert!(place.read("poetry.lock") == before);
    // The lock itself, by its name, by another name, by a link.
    std::os::unix::fs::symlink("poetry.lock", place.path().join("same.lock")).unwrap();
    for name in ["poetry.lock", "./poetry.lock", "folder/../poetry.lock", "same.lock"] {
        place.write("poetry.lock", &before);
        place.run(&format!("rewrite {FLAGS} -o {name}")).ok();
        assert!(place.read("poetry.lock") == after, "{name}");
    }
    assert!(std::fs::symlink_metadata(place.path().join("same.lock")).unwrap().is_symlink());
}

#[test]
fn standard_output_that_fails_is_reported() {
    let (place, before, _) = small();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let Ok(full) = full else {
        println!("skipped: there is no /dev/full here");
        return;
    };
    for way in [&["--diff"][..], &["poetry.lock", "-o", "/dev/stdout"]] {
        let output = Command::new(program())
            .arg("rewrite")
            .args(FLAGS.split(' '))
            .args(way)
            .current_dir(place.path())
            .stdin(Stdio::null())
            .stdout(full.try_clone().unwrap())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{way:?}: {said}");
        assert!(said.contains("cannot write"), "{said}");
    }
    assert!(place.read("poetry.lock") == before);
}

#[test]
fn an_unreadable_lock_is_reported() {
    let place = Place::new();
    place.write("pyproject.toml", std::fs::read(fixture("poetry-2.5/torch-2.1.2/pyproject.toml")).unwrap());
    std::fs::create_dir(place.path().join("poetry.lock")).unwrap();
    let said = place.run(&format!("rewrite {FLAGS} poetry.lock")).refused();
    assert!(said.contains("cannot read poetry.lock: it is a folder"), "{said}");
    let said = place.run(&format!("rewrite {FLAGS} other.lock")).refused();
    assert!(said.contains("cannot read other.lock: there is no such file or folder"), "{said}");
    place.write("binary.lock", b"\xff\xfe\0\x01");
    let said = place.run(&format!("rewrite {FLAGS} binary.lock")).refused();
    assert!(said.contains("not UTF-8"), "{said}");
}

#[test]
fn a_name_or_a_file_that_is_empty_is_said_to_be() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    let refused = |arguments: &[&str], stdin: &str| place.run_with(arguments, stdin).refused();
    let said = refused(&["export", "", "--cpu"], "");
    assert!(said.contains("the name of a file is empty"), "{said}");
    let said = refused(&["export", "--cpu", "--python", "3.11", "-o", ""], "");
    assert!(said.contains("an empty name is a folder, not a file") && said.contains("help: name a file"), "{said}");
    let said = refused(&["export", "--cpu", "-"], " \n");
    assert!(said.contains("<stdin> is empty") && said.contains("help: look at what should have written it"), "{said}");
}
