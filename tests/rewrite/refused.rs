//! Changes that a lock cannot express are refused: nothing is written, and the message says what to do instead.

use crate::support::Place;

const BOTH: &str = "[targets.mac]\nplatform = \"macos-arm64\"\n\n[targets.docker]\ncuda = \"11.8\"\n\n\
                    [targets.ci]\nbackend = \"cpu\"\n";

/// Runs a rewrite that must be refused, in every way to write.
fn refused(place: &Place, flags: &str) -> String {
    let before = place.read("poetry.lock");
    let names = place.names();
    let said = place.run(&format!("rewrite {flags}")).refused();
    for way in ["--diff", "-o other.lock"] {
        assert_eq!(place.run(&format!("rewrite {flags} {way}")).refused(), said);
    }
    assert!(place.read("poetry.lock") == before && place.names() == names);
    assert!(said.contains("\n  help: "), "{said}");
    said
}

#[test]
fn a_lock_of_version_1_loses_digests() {
    let place = Place::of("poetry-1.8/torch-1.12.1");
    let lock = place.read("poetry.lock");
    assert!(lock.contains("lock-version = \"2.0\""));
    for version in ["1.0", "1.1"] {
        place.write("poetry.lock", lock.replace("lock-version = \"2.0\"", &format!("lock-version = \"{version}\"")));
        let said = refused(&place, "--cuda 11.6 --python 3.9");
        assert!(said.contains("lock-version 1.x") && said.contains("export a requirements file"), "{said}");
    }
}

#[test]
fn a_lock_without_markers_holds_one_target() {
    let place = Place::of("poetry-1.8/torch-2.1.2");
    place.write("torchswap.toml", BOTH);
    let said = refused(&place, "--target mac --target docker --python 3.10");
    assert!(said.contains("can hold one target only") && said.contains("once for each target with -o"), "{said}");
}

#[test]
fn a_lock_without_markers_holds_one_wheel_for_all_pythons() {
    let place = Place::of("poetry-1.8/torch-2.1.2");
    for flags in ["--cuda 11.8", "--cuda 11.8 --python 3.10,3.11"] {
        let said = refused(&place, flags);
        assert!(said.contains("the wheels of torch differ by Python"), "{said}");
        assert!(said.contains("name one Python: --python 3.10"), "{said}");
    }
}

#[test]
fn a_lock_holds_one_build_for_each_platform() {
    let place = Place::of("poetry-2.5/torch-2.1.2");
    place.write("torchswap.toml", BOTH);
    let said = refused(&place, "--target docker --target ci");
    assert!(said.contains("docker and ci are for one platform"), "{said}");
    assert!(said.contains("help: rewrite the lock for one of them, with -o for the other"), "{said}");
    let other = BOTH.replacen("[targets.ci]\n", "[targets.ci]\nwith = [\"dev\"]\n", 1);
    place.write("torchswap.toml", other);
    let said = refused(&place, "--target docker --target ci");
    assert!(said.contains("they choose other groups or extras"), "{said}");
}

#[test]
fn what_an_export_refuses_a_rewrite_refuses() {
    for (folder, flags) in [
        ("poetry-2.5/torch-2.5.1", "--cuda 11.8"),
        ("poetry-2.5/torch-2.9.1", "--cuda 11.8"),
        ("poetry-1.4/small", "--cpu"),
        ("poetry-2.5/torch-2.1.2", "--cuda 12.1 --platform macos-arm64"),
    ] {
        let place = Place::of(folder);
        let said = refused(&place, flags);
        assert_eq!(said, place.run(&format!("export {flags} --all-groups --all-extras")).refused());
    }
}

#[test]
fn a_requirements_file_holds_one_target() {
    let place = Place::new();
    let file = crate::support::fixture("requirements/torch-2.1.2/pip-compile-hashes.txt");
    place.write("requirements.txt", std::fs::read(file).unwrap());
    place.write("torchswap.toml", BOTH);
    let said = place.run("rewrite --target mac --target docker --python 3.10 requirements.txt").refused();
    assert!(said.contains("rewritten for one target") && said.contains("export a file for each"), "{said}");
}

/// The GPU libraries that this lock lost have one set of files for all Pythons.
#[test]
fn a_lock_without_markers_holds_what_is_alike_for_all_pythons() {
    let place = Place::of("poetry-1.8/torch-2.0.1");
    let reported = place.run("rewrite -v --python 3.10 --python 3.11");
    assert!(reported.stderr.contains("added  nvidia-cublas-cu11 "), "{}", reported.shown());
    reported.ok();
    assert!(place.read("poetry.lock").contains("name = \"nvidia-cublas-cu11\""));
}
