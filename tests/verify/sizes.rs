//! A file with one digest has one size, whichever source states it.

use super::{FILE, World, wheel};

/// A world in which the page and the catalogue tell sizes, where they are given one.
fn world(page: Option<usize>, catalogue: Option<usize>) -> World {
    let world = World::new();
    let digest = wheel().sha256();
    if let Some(size) = page {
        let json = format!(
            "{{\"meta\": {{\"api-version\": \"1.1\"}}, \"name\": \"demo\", \"files\": [{{\"filename\": \"{FILE}\", \
             \"url\": \"{}\", \"hashes\": {{\"sha256\": \"{digest}\"}}, \"size\": {size}}}]}}",
            World::path()
        );
        world.server.file("/whl/cu118/demo/", "application/vnd.pypi.simple.v1+json", json);
    }
    if let Some(size) = catalogue {
        let text = world.place.read("team.tsv");
        world.place.write("team.tsv", text.replace(&format!("{digest}\t-\t"), &format!("{digest}\t{size}\t")));
    }
    world
}

#[test]
fn a_size_that_another_contradicts_is_wrong() {
    let size = wheel().bytes().len();
    for (page, catalogue, options, wrong) in [
        (Some(size), Some(size), "--index --download", None),
        (Some(size + 1), None, "--index", None),
        (Some(size + 1), None, "--index --download", Some("by the index page")),
        (Some(size + 1), Some(size), "--index", Some("by the team.tsv catalogue, and")),
        (None, Some(size - 1), "--download", Some("by the team.tsv catalogue, and")),
        (None, Some(size - 1), "--index", None),
    ] {
        let world = world(page, catalogue);
        let run = world.run(&format!("--catalog team.tsv {options}"));
        let shown = format!("{page:?} {catalogue:?} {options}: {}", run.stdout);
        assert_eq!(run.status, i32::from(wrong.is_some()), "{shown}");
        assert!(wrong.map_or(!run.stdout.contains(" bytes by "), |why| run.stdout.contains(why)), "{shown}");
    }
}

#[test]
fn a_size_in_a_pylock_is_held_against_the_bytes() {
    let world = World::new();
    let (url, digest) = (world.server.url(&World::path()), wheel().sha256());
    let size = wheel().bytes().len();
    for (said, status) in [(size, 0), (size + 1, 1)] {
        let file = format!("url = \"{url}\", size = {said}, hashes = {{ sha256 = \"{digest}\" }}");
        for package in [
            format!("version = \"1.0+cu118\"\nwheels = [{{ name = \"{FILE}\", {file} }}]"),
            format!("archive = {{ {file} }}"),
        ] {
            let head = "lock-version = \"1.0\"\ncreated-by = \"a test\"\n[[packages]]\nname = \"demo\"\n";
            world.place.write("pylock.toml", format!("{head}{package}\n"));
            let run = world.place.online("verify pylock.toml --download --package demo");
            assert_eq!(run.status, status, "{package}: {}", run.stdout);
            assert!(status == 0 || run.stdout.contains("by pylock.toml:4, and"), "{}", run.stdout);
        }
    }
}

#[test]
fn a_wheel_of_another_size_than_the_catalogue_says_is_not_recorded() {
    let world = World::new();
    let row = |size: usize| world.place.read("team.tsv").replace("\t-\t3\t", &format!("\t{size}\t3\t"));
    world.place.write("ours.tsv", row(7));
    let run = world.run("--download --record ours.tsv");
    assert_eq!(run.status, 1, "{}", run.stdout);
    assert_eq!(world.place.read("ours.tsv"), row(7));
}
