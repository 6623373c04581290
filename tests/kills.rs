//! Every command that writes is killed at random moments: each output is whole then, old or new, and the next run ends with
//! the new ones and removes what the killed one left.
//!
//! `.ci/kills` runs these with many more kills: `TORCHSWAP_KILLS` says how many for a command.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::server::Server;
use crate::support::wheel::Wheel;
use crate::support::{Dice, Place};

const SIGKILL: i32 = 9;

/// A command, and the outputs of a run that is left alone.
struct Attack {
    place: Place,
    arguments: String,
    /// The names of all files before.
    names: Vec<String>,
    /// Each output: before, where it is there, and after.
    outputs: BTreeMap<&'static str, (Option<String>, String)>,
    whole: Duration,
}

impl Attack {
    fn new(place: Place, arguments: impl Into<String>, outputs: &[&'static str]) -> Self {
        let (arguments, names) = (arguments.into(), place.names());
        let mut attack = Self { place, arguments, names, outputs: BTreeMap::new(), whole: Duration::ZERO };
        let now = |place: &Place, name: &str| place.exists(name).then(|| place.read(name));
        let before: Vec<_> = outputs.iter().map(|name| now(&attack.place, name)).collect();
        let start = Instant::now();
        attack.runs_to_its_end();
        attack.whole = start.elapsed();
        for (&name, before) in outputs.iter().zip(before) {
            let after = attack.place.read(name);
            assert!(before.as_ref() != Some(&after), "{name} does not change: no kill could be seen in it");
            attack.outputs.insert(name, (before, after));
        }
        attack
    }

    fn command(&self) -> Command {
        let mut command = self.place.command(&self.arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn runs_to_its_end(&self) {
        let output = self.command().stderr(Stdio::piped()).output().unwrap();
        assert!(output.status.success(), "{}: {}", self.arguments, String::from_utf8_lossy(&output.stderr));
    }

    fn left_over(&self) -> Vec<OsString> {
        let entries = std::fs::read_dir(self.place.path()).unwrap().flatten().map(|entry| entry.file_name());
        entries.filter(|name| name.to_string_lossy().starts_with(".torchswap-")).collect()
    }

    /// Puts everything back as it was before the first run.
    fn reset(&self) {
        for (name, (before, _)) in &self.outputs {
            match before {
                Some(text) => self.place.write(name, text),
                None if self.place.exists(name) => std::fs::remove_file(self.place.path().join(name)).unwrap(),
                None => {}
            }
        }
    }

    /// How many outputs are new. None is anything but whole.
    fn new_outputs(&self) -> usize {
        let mut new = 0;
        for (name, (before, after)) in &self.outputs {
            let now = self.place.exists(name).then(|| self.place.read(name));
            new += usize::from(now.as_ref() == Some(after));
            let size = now.as_ref().map(String::len);
            assert!(now == *before || now.as_ref() == Some(after), "{name} is neither old nor new: {size:?} bytes");
        }
        new
    }

    /// Kills it at a moment that the dice choose, every other time counted from when a temporary file is there. False if
    /// it had ended by itself.
    fn kill(&self, dice: &mut Dice, while_writing: bool) -> bool {
        let mut within = |time: Duration| {
            let micros = usize::try_from(time.as_micros()).unwrap();
            Duration::from_micros(dice.below(micros) as u64)
        };
        let mut child = self.command().spawn().unwrap();
        if while_writing {
            while self.left_over().is_empty() && child.try_wait().unwrap().is_none() {
                std::thread::yield_now();
            }
            std::thread::sleep(within(self.whole / 20));
        } else {
            std::thread::sleep(within(self.whole * 5 / 4));
        }
        let _ = child.kill();
        child.wait().unwrap().signal() == Some(SIGKILL)
    }

    fn endures(&self, seed: u64) {
        let kills = std::env::var("TORCHSWAP_KILLS").map_or(10, |text| text.parse().unwrap());
        let mut dice = Dice(seed);
        let (mut killed, mut ended, mut before, mut between, mut after) = (0, 0, 0, 0, 0);
        self.reset();
        while killed < kills {
            if self.kill(&mut dice, killed % 2 == 1) {
                killed += 1;
                match (self.new_outputs(), self.left_over().is_empty()) {
                    (0, true) => before += 1,
                    (new, true) if new == self.outputs.len() => after += 1,
                    _ => between += 1,
                }
            } else {
                ended += 1;
                assert!(ended < 20 * kills + 100, "it is never killed in time: {killed} of {ended}");
            }
            let mine = |name: &String| self.names.contains(name) || self.outputs.contains_key(name.as_str());
            let strange: Vec<_> = self.place.names().into_iter().filter(|name| !mine(name)).collect();
            assert!(strange.iter().all(|name| name.starts_with(".torchswap-") || name == "cache"), "{strange:?}");
            self.runs_to_its_end();
            assert_eq!(self.new_outputs(), self.outputs.len(), "the run after a killed one");
            assert!(self.left_over().is_empty(), "{:?} stays", self.left_over());
            self.reset();
        }
        println!(
            "`{}`: {killed} kills: {before} before it wrote, {between} while it wrote, {after} after; {ended} runs had ended",
            self.arguments.split(" http").next().unwrap()
        );
        assert!(before > 0 && between > 0, "only {before} before and {between} while it wrote");
    }
}

const TARGETS: &str = "[targets.cpu]\ncpu = true\npython = [\"3.10\"]\noutput = \"a.txt\"\n\
                       [targets.gpu]\ncuda = \"11.8\"\npython = [\"3.10\"]\noutput = \"b.txt\"\n";

fn project() -> Place {
    let place = Place::of("poetry-2.5/torch-2.1.2");
    place.write("torchswap.toml", TARGETS);
    place
}

#[test]
fn a_killed_export_leaves_each_of_its_files_old_or_new() {
    let place = project();
    place.write("a.txt", "old\n");
    Attack::new(place, "export --all-targets", &["a.txt", "b.txt"]).endures(0x5eed_0011);
}

#[test]
fn a_killed_rewrite_leaves_the_lock_old_or_new() {
    let place = Place::of("poetry-2.5/torch-2.1.2");
    Attack::new(place, "rewrite --cuda 11.8 --python 3.10", &["poetry.lock"]).endures(0x5eed_0012);
}

#[test]
fn a_killed_check_that_mends_leaves_each_of_its_files_old_or_new() {
    let place = project();
    place.run("export --all-targets").ok();
    for name in ["a.txt", "b.txt"] {
        place.write(name, place.read(name).replacen("==", "==0.", 1));
    }
    Attack::new(place, "check --fix", &["a.txt", "b.txt"]).endures(0x5eed_0013);
}

#[test]
fn a_killed_update_of_the_catalogue_leaves_it_old_or_new() {
    let server = Server::new();
    let mut page = String::from("<!DOCTYPE html><html><body>");
    for version in ["2.98.0", "2.99.0"] {
        let file = format!("torch-{version}+cu130-cp312-cp312-manylinux_2_28_x86_64.whl");
        let (wheel, path) = (Wheel::new(&file), format!("/whl/cu130/{}", file.replace('+', "%2B")));
        server.file(&path, "application/octet-stream", wheel.bytes());
        page.push_str(&format!("<a href=\"{path}#sha256={}\">{file}</a><br/>\n", wheel.sha256()));
    }
    server.page("/whl/cu130/torch/", &page);
    let update = |version: &str| {
        let (index, closure) = (server.url("/whl/cu130"), server.url("/simple"));
        format!("catalog update torch=={version} --cuda 13.0 --index {index} --closure-index {closure}")
    };
    let place = Place::new();
    place.online(&update("2.98.0")).ok();
    Attack::new(place, update("2.99.0"), &["torchswap-catalog.tsv"]).endures(0x5eed_0014);
}
