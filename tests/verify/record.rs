//! `--record`.

use super::{FILE, World, none, wheel};
use crate::support::Place;
use crate::support::server::Fault;
use crate::support::wheel::Wheel;

#[test]
fn what_was_learned_is_written_once() {
    let world = World::new();
    world.place.write("ours.tsv", "# our wheels\n");
    let run = world.run("--download --record ours.tsv");
    assert_eq!(run.status, 0, "{}", run.stdout);
    let text = world.place.read("ours.tsv");
    let (folder, digest, size) = (world.server.url("/whl/cu118"), wheel().sha256(), wheel().bytes().len());
    let expected = format!(
        "# our wheels\n\
         requires\tdemo\t1.0+cu118\t{folder}\tlinux-x86_64\twheel\t-\tfilelock\ttriton==2.0.0; platform_system == \"Linux\"\n\
         wheel\tdemo\t1.0+cu118\tcu118\t{folder}\t{FILE}\t{digest}\t{size}\t0\t>=3.8\tcomputed\n"
    );
    assert_eq!(text, expected);
    let run = world.run("--download --record ours.tsv");
    assert_eq!((run.status, world.place.read("ours.tsv")), (0, text), "{}", run.stdout);
    // What was recorded is a witness from now on, offline.
    let run = world.run("--catalog ours.tsv");
    assert_eq!(run.status, 0, "{}", run.stdout);
}

#[test]
fn what_would_be_recorded_can_be_shown() {
    let world = World::new();
    world.place.write("ours.tsv", "# our wheels\n");
    world.run("--download");
    // From now on it is remembered what was downloaded.
    let plain = world.run("--download");
    let dry = world.run("--download --record ours.tsv --dry-run");
    assert_eq!((dry.status, &dry.stdout), (0, &plain.stdout));
    assert!(dry.stderr.ends_with("would write ours.tsv\n"), "{}", dry.stderr);
    let shown = world.run("--download --record ours.tsv --diff");
    assert_eq!(world.place.read("ours.tsv"), "# our wheels\n");
    // The report makes room for the difference.
    assert!(shown.stdout.starts_with("--- ours.tsv\n+++ ours.tsv\n@@ ") && shown.stderr.contains(&plain.stdout));
    world.run("--download --record ours.tsv");
    let added = world.place.read("ours.tsv").lines().skip(1).map(|line| format!("+{line}\n")).collect::<String>();
    assert!(shown.stdout.ends_with(&added), "{}", shown.stdout);
    let again = world.run("--download --record ours.tsv --dry-run");
    assert!(!again.stderr.contains("would write"), "there is nothing new: {}", again.stderr);
}

#[test]
fn what_is_wrong_is_not_written() {
    let world = World::new();
    world.output(&none());
    let run = world.run("--download --record ours.tsv");
    assert_eq!((run.status, world.place.read("ours.tsv").as_str()), (1, ""), "{}", run.stdout);
    let world = World::new();
    world.place.write("ours.tsv", world.place.read("team.tsv"));
    let before = world.place.read("ours.tsv");
    world.server.faults(&World::path(), [Fault::None, Fault::Flip(40)]);
    let run = world.run("--download --no-cache --record ours.tsv");
    assert_ne!(run.status, 0, "{}", run.stdout);
    assert_eq!(world.place.read("ours.tsv"), before);
}

/// An output that pins a wheel in a folder that is called like a build, and the wheel beside it.
fn in_a_folder_of_cuda(file: &str) -> Place {
    let (place, wheel) = (Place::of("poetry-2.5/torch-2.1.2"), Wheel::new(file));
    let name = file.split('-').next().unwrap();
    let url = format!("https://wheels.example/whl/cu118/{file}");
    place.write("r.txt", format!("{name} @ {url} --hash=sha256:{}\n", wheel.sha256()));
    place.write(&format!("wheels/{file}"), wheel.bytes());
    place
}

#[test]
fn a_folder_that_is_called_like_a_build_makes_no_package_a_companion_of_torch() {
    let place = in_a_folder_of_cuda("filelock-3.16.1-py3-none-any.whl");
    place.run("verify --wheel-dir wheels --record ours.tsv r.txt").ok();
    let row = place.read("ours.tsv");
    assert!(row.contains("wheel\tfilelock\t3.16.1\t-\thttps://wheels.example/whl/cu118\t"), "{row}");
    for build in ["--cpu", "--cuda 11.8"] {
        let plain = place.run(&format!("export {build} --python 3.10")).ok();
        let with = place.run(&format!("export {build} --python 3.10 --catalog ours.tsv")).ok();
        let lines =
            |text: &str| text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(lines(&with), lines(&plain), "{build}");
    }
}

#[test]
fn what_is_in_the_catalogue_keeps_its_bytes_and_comments_stay_above_their_row() {
    let place = in_a_folder_of_cuda("filelock-3.16.1-py3-none-any.whl");
    let ours = format!(
        "\u{feff}# ours\r\n\r\n# about zzz\r\nwheel\tzzz\t1.0\t-\thttps://w.example/x\tzzz-1.0-py3-none-any.whl\t{}\t-\t1\t-\t-\r\n# end\n",
        none()
    );
    place.write("ours.tsv", &ours);
    place.run("verify --wheel-dir wheels --record ours.tsv r.txt").ok();
    let text = place.read("ours.tsv");
    let new: Vec<&str> = text.split_inclusive('\n').filter(|line| line.contains("filelock")).collect();
    assert_eq!(new.len(), 2, "{text}");
    assert_eq!(text, ours.replace("# about zzz", &format!("{}# about zzz", new.concat())));
}

#[test]
fn of_wheels_that_do_not_require_the_same_under_every_python_it_is_recorded_under_which() {
    let place = Place::new();
    let (one, other) =
        (Wheel::new("demo-1.0-cp310-cp310-linux_x86_64.whl"), Wheel::new("demo-1.0-cp311-cp311-linux_x86_64.whl"));
    let mut lines = String::new();
    for (wheel, python) in [(one.requires(&["a"]), "3.10"), (other.requires(&["b"]), "3.11")] {
        let (file, digest) = (&wheel.file, wheel.sha256());
        lines += &format!("demo @ https://w.example/{file} ; python_version == \"{python}\" --hash=sha256:{digest}\n");
        place.write(&format!("wheels/{file}"), wheel.bytes());
    }
    place.write("r.txt", lines);
    place.run("verify --wheel-dir wheels --record ours.tsv r.txt").ok();
    let ours = place.read("ours.tsv");
    assert!(ours.contains("\twheel\t-\ta; python_version == \"3.10\"\tb; python_version == \"3.11\"\n"), "{ours}");
}
