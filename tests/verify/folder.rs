//! `--wheel-dir`.

use super::{FILE, World, none, wheel};
use crate::support::wheel::Wheel;

#[test]
fn wheels_in_a_folder_are_hashed_and_opened() {
    let world = World::new();
    world.place.write(&format!("wheels/{FILE}"), wheel().bytes());
    world.place.write("wheels/other-1-py3-none-any.whl", "no matter");
    let run = world.run("--wheel-dir wheels --catalog team.tsv");
    assert_eq!(run.status, 0, "{}", run.stdout);
    assert!(run.stdout.contains("the bytes, read"), "{}", run.stdout);
    assert!(world.server.log().is_empty());
    let altered = Wheel { ballast: 999, ..wheel() };
    world.place.write(&format!("wheels/{FILE}"), altered.bytes());
    let run = world.run("--wheel-dir wheels --catalog team.tsv");
    assert_eq!(run.status, 1, "{}", run.stdout);
    assert!(run.stdout.contains("do not install them"), "{}", run.stdout);
}

#[test]
fn a_folder_without_the_wheel_is_no_answer() {
    let world = World::new();
    world.place.write("wheels/nothing.txt", "");
    let run = world.run("--wheel-dir wheels --catalog team.tsv");
    assert_eq!(run.status, 2, "{}", run.stdout);
    assert!(run.stdout.contains("is not in wheels"), "{}", run.stdout);
    assert_eq!(world.run("--wheel-dir nowhere").status, 2);
}

#[test]
fn a_release_admits_the_wheels_of_its_digests_and_no_others() {
    let world = World::new();
    let other = Wheel::new("demo-1.0-cp311-cp311-linux_x86_64.whl");
    let line = format!("demo==1.0 --hash=sha256:{} --hash=sha256:{}\n", other.sha256(), none());
    world.place.write("r.txt", line);
    world.place.write(&format!("wheels/{}", other.file), other.bytes());
    let run = world.run("--wheel-dir wheels");
    assert_eq!(run.status, 0, "{}", run.stdout);
    world.place.write("wheels/demo-1.0-cp312-cp312-linux_x86_64.whl", wheel().bytes());
    let run = world.run("--wheel-dir wheels");
    assert_eq!(run.status, 1, "{}", run.stdout);
    assert!(run.stdout.contains("a digest that the lock does not allow"), "{}", run.stdout);
}
