//! `--sizes`: the size of each file with a URL, where it is known.

use crate::support::{Place, root};

const EXPORT: &str = "export --cuda 11.8 --python 3.10 -q --catalog team.tsv";

const DIGEST: &str = "f7b1002a954d42f6451c812d1ab69a0f70092e447df49b6dd384b2006f9094ee";

/// The example with flash-attn, of which the catalogue tells the size, and of nothing else that has a URL.
fn place() -> Place {
    let place = Place::new();
    let example = |name: &str| std::fs::read_to_string(root().join("examples/flash-attn").join(name)).unwrap();
    place.write("requirements.txt", example("requirements.txt"));
    let (unknown, known) = (format!("{DIGEST}\t-\t"), format!("{DIGEST}\t120829145\t"));
    let catalogue = example("torchswap-catalog.tsv");
    assert!(catalogue.contains(&unknown));
    place.write("team.tsv", catalogue.replace(&unknown, &known));
    place
}

/// What stands behind the digest of flash-attn.
fn behind(text: &str) -> &str {
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("    --hash=sha256:{DIGEST}")));
    line.unwrap()
}

#[test]
fn a_known_size_follows_the_last_digest_and_nothing_is_said_of_others() {
    let place = place();
    let (with, without) = (place.run(&format!("{EXPORT} --sizes")).ok(), place.run(EXPORT).ok());
    assert_eq!((behind(&with), behind(&without)), (" # 0.1 GB", ""));
    assert!(with.contains(" --sizes --catalog team.tsv requirements.txt\n"));
    assert_eq!(with.replace(" # 0.1 GB", "").replace(" --sizes", ""), without);
    assert!(with.contains("\ntorch @ "), "there is another URL, of unknown size");
    let bare = place.run(&format!("{EXPORT} --sizes --without-hashes")).ok();
    assert!(bare.contains("linux_x86_64.whl # 0.1 GB\n"), "{bare}");
}

#[test]
fn check_and_a_second_run_know_it() {
    let place = place();
    place.run(&format!("{EXPORT} --sizes -o out.txt")).ok();
    let text = place.read("out.txt");
    assert_eq!(place.run("check out.txt --allow-swapped").status, 0);
    place.run(&format!("{EXPORT} --sizes out.txt -o again.txt")).ok();
    assert_eq!(place.read("again.txt"), text);
    place.write(
        "torchswap.toml",
        "catalog = [\"team.tsv\"]\n[targets.a]\ncuda = \"11.8\"\npython = [\"3.10\"]\nsizes = true\n",
    );
    assert_eq!(behind(&place.run("export --target a -q").ok()), " # 0.1 GB");
}

/// Below a line stand the comments of people; the size of a file that was another goes.
#[test]
fn the_size_of_another_file_goes_and_what_people_say_stays() {
    let place = place();
    let locked = place.read("requirements.txt");
    let block = locked.split("\nflash-attn==").nth(1).unwrap().split_inclusive('\n');
    let last = block.clone().find(|line| line.contains("--hash=") && !line.ends_with("\\\n")).unwrap().trim_end();
    let noted = |note: &str| {
        place.write("requirements.txt", locked.replace(last, &format!("{last}{note}")));
        let [without, with] = ["", "--sizes"].map(|flag| place.run(&format!("{EXPORT} {flag}")).ok());
        (behind(&without).to_owned(), behind(&with).to_owned())
    };
    assert_eq!(noted("  # 9.9 GB"), (String::new(), " # 0.1 GB".to_owned()));
    for note in ["  # fast", "  # 9.9 GB, see the wiki", "  # 9 GB"] {
        assert_eq!(noted(note), (note.to_owned(), note.to_owned()), "a line has one comment");
    }
}

#[test]
fn a_pylock_has_sizes_of_its_own() {
    let refused = Place::of("poetry-2.5/torch-2.4.1").run("export --cpu --sizes --format pylock").refused();
    assert!(refused.contains("a pylock.toml has the sizes of its files"), "{refused}");
}
