//! `--record`.

use super::{FILE, World, none, wheel};
use crate::support::server::Fault;

#[test]
fn what_was_learned_is_written_once() {
    let world = World::new();
    world.place.write("ours.tsv", "# our wheels\n");
    let run = world.run("--download --record ours.tsv");
    assert_eq!(run.status, 0, "{}", run.stderr);
    let text = world.place.read("ours.tsv");
    let (folder, digest, size) = (world.server.url("/whl/cu118"), wheel().sha256(), wheel().bytes().len());
    let expected = format!(
        "# our wheels\n\
         requires\tdemo\t1.0+cu118\t{folder}\tlinux-x86_64\twheel\t-\tfilelock\ttriton==2.0.0; platform_system == \"Linux\"\n\
         wheel\tdemo\t1.0+cu118\tcu118\t{folder}\t{FILE}\t{digest}\t{size}\t0\t>=3.8\tcomputed\n"
    );
    assert_eq!(text, expected);
    let run = world.run("--download --record ours.tsv");
    assert_eq!((run.status, world.place.read("ours.tsv")), (0, text), "{}", run.stderr);
    // What was recorded is a witness from now on, offline.
    let run = world.run("--catalog ours.tsv");
    assert_eq!(run.status, 0, "{}", run.stderr);
}

#[test]
fn what_is_wrong_is_not_written() {
    let world = World::new();
    world.output(&none());
    let run = world.run("--download --record ours.tsv");
    assert_eq!((run.status, world.place.read("ours.tsv").as_str()), (1, ""), "{}", run.stderr);
    let world = World::new();
    world.place.write("ours.tsv", world.place.read("team.tsv"));
    let before = world.place.read("ours.tsv");
    world.server.faults(&World::path(), [Fault::None, Fault::Flip(40)]);
    let run = world.run("--download --no-cache --record ours.tsv");
    assert_ne!(run.status, 0, "{}", run.stderr);
    assert_eq!(world.place.read("ours.tsv"), before);
}
