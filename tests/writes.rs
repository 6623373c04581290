//! What is written, and where: all files of a run or none; nothing outside the configuration's folder that the command line
//! does not name; never a file that the run reads; and file attributes beside the bytes.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{Place, Run, program};

const FLAGS: &str = "export --quiet --cuda 11.8 --python 3.10";

/// A project in a folder of its own, below the place, with a lock that can be exported.
fn project(configuration: &str) -> Place {
    let place = Place::of("poetry-2.5/torch-2.1.2");
    place.write("torchswap.toml", configuration);
    place
}

/// A target for each output.
fn targets(outputs: &[&str]) -> String {
    let builds = ["cpu = true", "cuda = \"11.8\"", "cuda = \"12.1\""];
    let each = outputs.iter().zip(builds).enumerate().map(|(index, (output, build))| {
        format!("[targets.t{index}]\n{build}\npython = [\"3.10\"]\noutput = {output:?}\n")
    });
    each.collect()
}

/// The commands that write what a configuration names.
const ALL: [&str; 2] = ["export --all-targets", "check --fix"];

#[test]
fn of_several_files_all_are_written_or_none() {
    for second in ["no/such/b.txt", "folder", "b.txt/", "b.txt/."] {
        for command in ALL {
            let place = project(&targets(&["a.txt", second, "c.txt"]));
            fs::create_dir(place.path().join("folder")).unwrap();
            let names = place.names();
            let said = place.run(command).refused();
            assert!(said.contains(second), "{said}");
            assert_eq!(place.names(), names, "{command}: {said}");
            place.write("a.txt", "old\n");
            let said = place.run("export --all-targets").refused();
            assert_eq!(place.read("a.txt"), "old\n", "{said}");
        }
    }
}

#[test]
fn what_was_written_before_a_file_could_not_take_its_name_is_said() {
    let place = project(&targets(&["a.txt", "b.txt", "pipe"]));
    let fifo = pipe(&place, "pipe");
    // All is prepared when the text goes into the pipe, and no file has its name yet.
    let run = std::thread::spawn({
        let command = place.command("export --all-targets");
        move || within(command)
    });
    while place.names().iter().filter(|name| name.starts_with(".torchswap-")).count() < 2 {
        assert!(!run.is_finished(), "it does not come to writing");
        std::thread::sleep(Duration::from_millis(1));
    }
    fs::create_dir(place.path().join("b.txt")).unwrap();
    fs::read_to_string(fifo).unwrap();
    let said = run.join().unwrap().refused();
    assert!(said.contains("cannot write b.txt") && said.contains("written before that: a.txt"), "{said}");
    assert_eq!(place.names(), ["a.txt", "b.txt", "pipe", "poetry.lock", "pyproject.toml", "torchswap.toml"]);
}

#[test]
fn a_configuration_writes_below_its_folder_alone() {
    let outside = tempfile::TempDir::new().unwrap();
    let absolute = outside.path().join("out.txt");
    let absolute = absolute.to_str().unwrap();
    // Others write into the folder above, too.
    let above = format!("../{}.txt", outside.path().file_name().unwrap().to_str().unwrap());
    for output in [&*above, &format!("sub/../{above}"), absolute, "link/out.txt", "link.txt", "dangling.txt"] {
        for command in ALL {
            let place = project(&targets(&["a.txt", output]));
            fs::create_dir(place.path().join("sub")).unwrap();
            symlink(outside.path(), place.path().join("link")).unwrap();
            fs::write(outside.path().join("target.txt"), "mine\n").unwrap();
            symlink(outside.path().join("target.txt"), place.path().join("link.txt")).unwrap();
            symlink(absolute, place.path().join("dangling.txt")).unwrap();
            let said = place.run(command).refused();
            assert!(said.contains("outside of the configuration's folder"), "{output}: {said}");
            assert!(!place.exists("a.txt") && !place.exists(&above));
            assert_eq!(fs::read_to_string(outside.path().join("target.txt")).unwrap(), "mine\n");
            assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1, "{output}");
        }
    }
}

#[test]
fn what_the_command_line_names_is_written_wherever_it_lies() {
    let outside = tempfile::TempDir::new().unwrap();
    let file = outside.path().join("out.txt");
    let place = project(&targets(&[file.to_str().unwrap()]));
    place.run("export --quiet --target t0").refused();
    place.run(&format!("export --quiet --target t0 -o {}", file.display())).ok();
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("certifi==", "certify==")).unwrap();
    fs::copy(place.path().join("poetry.lock"), outside.path().join("poetry.lock")).unwrap();
    fs::copy(place.path().join("pyproject.toml"), outside.path().join("pyproject.toml")).unwrap();
    let run = place.run(&format!("check --fix --allow-swapped {}", file.display()));
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn a_lock_outside_that_only_the_configuration_names_is_not_rewritten() {
    let outside = Place::of("poetry-2.5/torch-2.1.2");
    let lock = outside.path().join("poetry.lock");
    let before = outside.read("poetry.lock");
    let place = Place::new();
    place.write("torchswap.toml", format!("lock = {:?}\n", lock.to_str().unwrap()));
    let said = place.run("rewrite --cuda 11.8").refused();
    assert!(said.contains("outside of the configuration's folder"), "{said}");
    assert_eq!(outside.read("poetry.lock"), before);
    place.run(&format!("rewrite --quiet --cuda 11.8 {}", lock.display())).ok();
    assert_ne!(outside.read("poetry.lock"), before);
}

#[test]
fn a_lock_that_is_found_is_not_rewritten_through_a_link_out_of_the_folder() {
    let outside = Place::of("poetry-2.5/torch-2.1.2");
    let before = outside.read("poetry.lock");
    let place = Place::of("poetry-2.5/torch-2.1.2");
    let link = place.path().join("poetry.lock");
    fs::remove_file(&link).unwrap();
    symlink(outside.path().join("poetry.lock"), &link).unwrap();
    let said = place.run("rewrite --cuda 11.8 --python 3.10").refused();
    assert!(said.contains("poetry.lock is outside of") && said.contains("on the command line"), "{said}");
    assert_eq!(outside.read("poetry.lock"), before);
    // To look at it, and to write where the user says, is no harm.
    place.run("rewrite --quiet --cuda 11.8 --python 3.10 --diff").ok();
    place.run("rewrite --quiet --cuda 11.8 --python 3.10 poetry.lock").ok();
    assert_ne!(outside.read("poetry.lock"), before);
}

#[test]
fn what_is_read_is_never_an_output() {
    for (output, what) in [
        ("poetry.lock", "the lock itself"),
        ("./poetry.lock", "the lock itself"),
        ("pyproject.toml", "the project"),
        ("torchswap.toml", "the configuration"),
        ("hard.txt", "the configuration"),
        ("soft.txt", "the project"),
        ("team.tsv", "a catalogue"),
    ] {
        let place = project(&format!("catalog = \"team.tsv\"\n{}", targets(&[output])));
        let catalogue = "# wheels of the team\n";
        place.write("team.tsv", catalogue);
        fs::hard_link(place.path().join("torchswap.toml"), place.path().join("hard.txt")).unwrap();
        symlink("pyproject.toml", place.path().join("soft.txt")).unwrap();
        let texts = ["poetry.lock", "pyproject.toml", "torchswap.toml", "team.tsv"].map(|name| place.read(name));
        for command in [ALL[0], ALL[1], "export --cpu -o OUTPUT", "rewrite --cpu -o OUTPUT"] {
            if command.starts_with("rewrite") && what == "the lock itself" {
                continue;
            }
            let said = place.run(&command.replace("OUTPUT", output)).refused();
            assert!(said.contains(&format!("{output} is {what}")), "{command}: {said}");
        }
        assert_eq!(["poetry.lock", "pyproject.toml", "torchswap.toml", "team.tsv"].map(|name| place.read(name)), texts);
    }
}

#[test]
fn two_targets_do_not_write_one_file_under_two_names() {
    for other in ["./a.txt", "link.txt", "hard.txt"] {
        for command in ALL {
            let place = project(&targets(&["a.txt", other]));
            place.write("a.txt", "old\n");
            symlink("a.txt", place.path().join("link.txt")).unwrap();
            fs::hard_link(place.path().join("a.txt"), place.path().join("hard.txt")).unwrap();
            let said = place.run(command).refused();
            assert!(said.contains("are the same file"), "{said}");
            assert_eq!(place.read("a.txt"), "old\n");
        }
    }
    let place = project(&targets(&["a.txt", "./a.txt"]));
    assert!(
        place.run("export --all-targets").refused().contains("are the same file"),
        "nor where it does not exist yet"
    );
}

#[test]
fn what_a_killed_run_left_goes_and_what_a_living_one_writes_stays() {
    let place = project("");
    let (left, held, other) = (".torchswap-a1B2c3", ".torchswap-x1Y2z3", ".torchswap-notes.txt");
    for name in [left, held, other] {
        place.write(name, "part of a file");
    }
    let living = fs::File::open(place.path().join(held)).unwrap();
    living.lock().unwrap();
    place.run(&format!("{FLAGS} -o a.txt")).ok();
    assert!(!place.exists(left) && place.exists(held) && place.exists(other), "{:?}", place.names());
    drop(living);
    place.run(&format!("{FLAGS} -o a.txt")).ok();
    assert!(!place.exists(held), "where nothing is new to write as well");
}

#[test]
fn a_replaced_file_keeps_owner_group_and_attributes() {
    let place = project("");
    place.write("a.txt", "old\n");
    let file = place.path().join("a.txt");
    let owned = chown(&file, Some(4321), Some(1234)).is_ok();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let attribute = b"made by hand";
    let attributed = rustix::fs::setxattr(&file, "user.origin", attribute, rustix::fs::XattrFlags::empty()).is_ok();
    let run = place.run("export --cuda 11.8 --python 3.10 -o a.txt");
    assert!(!run.stderr.contains("does not keep"), "{}", run.stderr);
    run.ok();
    let data = fs::metadata(&file).unwrap();
    assert_eq!(data.mode() & 0o777, 0o640);
    if owned {
        assert_eq!((data.uid(), data.gid()), (4321, 1234));
    } else {
        println!("skipped: only root gives files away");
    }
    if attributed {
        let mut value = [0; 64];
        let length = rustix::fs::getxattr(&file, "user.origin", &mut value).unwrap();
        assert_eq!(&value[..length], attribute);
    } else {
        println!("skipped: this file system has no extended attributes");
    }
}

/// A run that must come to an end by itself.
fn within(mut command: Command) -> Run {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (done, ends) = std::sync::mpsc::channel();
    std::thread::spawn(move || done.send(Run::new(&child.wait_with_output().unwrap())));
    ends.recv_timeout(Duration::from_secs(60)).expect("it hangs")
}

fn pipe(place: &Place, name: &str) -> std::path::PathBuf {
    let path = place.path().join(name);
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

#[test]
fn devices_and_pipes_take_the_text_as_a_stream() {
    let place = project("");
    let expected = place.run(FLAGS).ok();
    for name in ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
        assert_eq!(place.run(&format!("{FLAGS} -o {name}")).ok(), expected, "{name}");
    }
    assert_eq!(place.run(&format!("{FLAGS} -o /dev/null")).ok(), "");
    let fifo = pipe(&place, "pipe");
    let reader = std::thread::spawn({
        let fifo = fifo.clone();
        move || fs::read_to_string(fifo).unwrap()
    });
    assert_eq!(within(place.command(&format!("{FLAGS} -o pipe"))).ok(), "");
    assert_eq!(reader.join().unwrap(), expected);
    assert!(!fs::metadata(&fifo).unwrap().is_file(), "the pipe was replaced");
    // What another process has begun is not replaced under its hands.
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{{ echo first; \"$0\" {FLAGS} -o /dev/fd/3 3>&1; echo last; }} >> all.txt")]);
    shell.arg(program()).current_dir(place.path());
    within(shell).ok();
    assert_eq!(place.read("all.txt"), format!("first\n{expected}last\n"));
}

#[test]
fn a_dash_is_standard_output_for_a_rewrite_too() {
    let place = project("");
    let lock = place.read("poetry.lock");
    let expected = place.run_with(&["rewrite", "--quiet", "--cuda", "11.8", "-"], &lock).ok();
    assert_eq!(place.run("rewrite --quiet --cuda 11.8 -o -").ok(), expected);
    assert!(place.read("poetry.lock") == lock && !place.exists("-"));
}

#[test]
fn a_lock_that_is_a_pipe_is_read_to_its_end() {
    let place = project("");
    let lock = place.read("poetry.lock");
    let expected = place.run_with(&["rewrite", "--quiet", "--cuda", "11.8", "-"], &lock).ok();
    let fifo = pipe(&place, "piped.lock");
    for (command, wanted) in [(FLAGS, None), ("rewrite --quiet --cuda 11.8", Some(&expected))] {
        let writer = std::thread::spawn({
            let (fifo, lock) = (fifo.clone(), lock.clone());
            move || fs::write(fifo, lock).unwrap()
        });
        let text = within(place.command(&format!("{command} piped.lock"))).ok();
        writer.join().unwrap();
        assert!(text.contains("torch"), "{text}");
        assert!(wanted.is_none_or(|wanted| text == *wanted), "a pipe cannot be rewritten, so the text is shown");
    }
}

#[test]
fn a_file_made_from_standard_input_is_not_waited_for() {
    let place = project("");
    let lock = place.read("poetry.lock");
    place.run_with(&["export", "--cpu", "--python", "3.10", "-o", "a.txt", "-"], &lock).ok();
    let mut command = place.command("check a.txt");
    command.stdin(Stdio::piped());
    let said = within(command).refused();
    assert!(said.contains("a.txt was made from standard input"), "{said}");
}
