//! Previews show what would be written and write nothing, in the same way for all commands.

use std::process::Command;

use crate::support::Place;

const CONFIG: &str = "[targets.docker]\ncuda = \"12.4\"\npython = [\"3.11\"]\noutput = \"docker.txt\"\n";

/// Each command that writes, with the file that it writes.
const COMMANDS: [(&str, &str); 5] = [
    ("export --all-targets", "docker.txt"),
    ("export --cpu --python 3.11 -o cpu.txt", "cpu.txt"),
    ("rewrite --cpu --python 3.11", "poetry.lock"),
    ("check --fix", "docker.txt"),
    ("init", "torchswap.toml"),
];

fn place() -> Place {
    Place::of("poetry-2.5/torch-2.4.1")
}

#[test]
fn a_preview_writes_nothing_and_its_difference_is_what_would_be_written() {
    for (command, file) in COMMANDS {
        for old in [None, Some("idna==3.4\n")] {
            let place = place();
            if !command.starts_with("init") {
                place.write("torchswap.toml", CONFIG);
            }
            if let Some(old) = old.filter(|_| file.ends_with(".txt")) {
                place.write(file, old);
            }
            let (before, names) = (place.exists(file).then(|| place.read(file)), place.names());
            let dry = place.run(&format!("{command} --dry-run"));
            let shown = place.run(&format!("{command} --diff"));
            // A check answers with its status whether all is well; the others did what they were asked.
            let status = i32::from(command.starts_with("check"));
            assert_eq!((dry.status, shown.status), (status, status), "{command}: {}{}", dry.stderr, shown.stderr);
            assert_eq!(place.exists(file).then(|| place.read(file)), before, "{command}");
            assert_eq!(place.names(), names, "{command}");
            if status == 0 {
                assert!(dry.stderr.contains(&format!("would write {file}")), "{command}: {}", dry.stderr);
                assert!(!dry.stderr.contains("wrote"), "{}", dry.stderr);
            }
            let old_name = if before.is_some() { file } else { "/dev/null" };
            assert!(
                shown.stdout.starts_with(&format!("--- {old_name}\n+++ {file}\n@@ ")),
                "{command}: {}",
                shown.stdout
            );
            // What `patch` makes of it is what the command writes.
            place.write("change.patch", &shown.stdout);
            let patch =
                Command::new("patch").args(["-s", "-p0", "-i", "change.patch"]).current_dir(place.path()).output();
            let Ok(patch) = patch else {
                println!("skipped: there is no patch here");
                continue;
            };
            assert!(patch.status.success(), "{command}: {}", String::from_utf8_lossy(&patch.stdout));
            let patched = place.read(file);
            match before {
                Some(before) => place.write(file, before),
                None => std::fs::remove_file(place.path().join(file)).unwrap(),
            }
            place.run(command).ok();
            assert_eq!(place.read(file), patched, "{command}");
        }
    }
}

#[test]
fn what_would_not_change_is_no_difference() {
    let place = place();
    place.write("torchswap.toml", CONFIG);
    place.run("export --all-targets -q").ok();
    for command in ["export --all-targets", "check", "check --fix", "init"] {
        let shown = place.run(&format!("{command} --diff -q"));
        let stdout = if command == "init" { "" } else { shown.stdout.as_str() };
        assert_eq!((shown.status, stdout), (0, ""), "{command}");
    }
    assert!(place.run("export --all-targets --dry-run").stderr.contains("unchanged docker.txt"));
    // A check shows the difference without being asked to mend it.
    place.write("docker.txt", place.read("docker.txt").replace("torch @", "torch  @"));
    assert_eq!(place.run("check --diff").stdout, "", "another spelling is no drift");
    place.write("docker.txt", "");
    let shown = place.run("check --diff");
    assert!(shown.status == 1 && shown.stdout.contains("\n+torch @ ") && place.read("docker.txt").is_empty());
    assert!(shown.stderr.starts_with("found: docker.txt is out of date"), "{}", shown.stderr);
}

#[test]
fn standard_output_is_no_file_to_compare_with() {
    let place = place();
    let refused = place.run("export --cpu --python 3.11 --diff").refused();
    assert!(refused.contains("there is nothing to compare") && refused.contains("-o FILE"), "{refused}");
    let dry = place.run("export --cpu --python 3.11 --dry-run");
    assert_eq!((dry.status, dry.stdout.as_str()), (0, ""));
    assert!(dry.stderr.contains("torch 2.4.1 -> 2.4.1+cpu"), "{}", dry.stderr);
    // What a filter would make of its input can be shown.
    let lock = place.read("poetry.lock");
    let shown = place.run_with(&["rewrite", "--cpu", "--python", "3.11", "--diff", "-"], &lock);
    assert_eq!(shown.stdout, place.run("rewrite --cpu --python 3.11 --diff").ok().replace("poetry.lock", "-"));
}
