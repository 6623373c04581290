//! The project's own requirements, and the notes about the files of an output.

use super::{ARGUMENTS, names, poetry};

const IMAGE: &str = "torch==2.6.0a0+ecf3bae40a.nv25.1\ntorchvision==0.22.1\ntorchaudio==2.7.1\n";

#[test]
fn what_the_project_asks_for_must_take_the_release_of_the_image() {
    for (asked, fits) in [
        (">=2.4,<3", true),
        (">=2.6.0a0", true),
        (">=2.7,<3", false),
        (">=2.6", false),
        ("<2.6", false),
        ("!=2.7.0", true),
    ] {
        let place = poetry(IMAGE);
        let project = place.read("pyproject.toml").replace("torch==2.7.1\"", &format!("torch{asked}\""));
        place.write("pyproject.toml", project);
        let run = place.run(ARGUMENTS);
        assert!(!run.stderr.contains("the project pins torch"), "{}", run.stderr);
        if fits {
            assert!(!names(&run.ok()).contains(&"torch"), "{asked}");
            continue;
        }
        let message = run.refused();
        let said = format!(
            "error: the project requires torch{asked}, but the image has torch 2.6.0a0+ecf3bae40a.nv25.1 (CPython 3.11)\n \
             --> pyproject.toml:8:5\n"
        );
        assert!(message.replace("  -->", " -->").contains(&said), "{message}");
    }
}

/// It says which release to lock, and seldom that the code works with no other of its minor version: NVIDIA's images have
/// builds of prereleases, which no pin takes.
#[test]
fn a_pin_of_the_project_takes_the_images_builds_of_that_minor_version() {
    for (pin, image, fits) in [
        ("2.6.0", "2.6.0a0+ecf3bae40a.nv25.1", true),
        ("2.6.1", "2.6.0a0+ecf3bae40a.nv25.1", true),
        ("2.6", "2.6.3", true),
        ("2.7.1", "2.6.0a0+ecf3bae40a.nv25.1", false),
        ("2.6.0", "2.7.0a0+7c8ec84dab.nv25.3", false),
        ("1.6.0", "2.6.0", false),
    ] {
        let place = poetry(&format!("torch=={image}\ntorchvision==0.22.1\ntorchaudio==2.7.1\n"));
        let project = place.read("pyproject.toml").replace("torch==2.7.1\"", &format!("torch=={pin}\""));
        place.write("pyproject.toml", project);
        let run = place.run(ARGUMENTS);
        if fits {
            let said = format!("warning: the project pins torch=={pin}, but the image has torch {image}\n");
            assert!(run.stderr.contains(&said), "{}", run.stderr);
            assert!(!run.stderr.contains("pins torchaudio"), "{}", run.stderr);
            run.ok();
            continue;
        }
        let message = run.refused();
        let said =
            format!("error: the project requires torch=={pin}, but the image has torch {image} (CPython 3.11)\n");
        assert!(message.contains(&said), "{message}");
    }
}

#[test]
fn what_is_not_chosen_or_not_for_the_target_is_not_asked_for() {
    let place = poetry(IMAGE);
    let project = place.read("pyproject.toml");
    let without = project.replace("    \"torch==2.7.1\",\n", "");
    let other = "    \"torch>=2.7; sys_platform == 'darwin'\",\n    \"numpy>=2.0";
    place.write("pyproject.toml", without.replace("    \"numpy>=2.0", other));
    assert!(!place.run(ARGUMENTS).stderr.contains("the project"));
    place.write("pyproject.toml", without.replace("yaml = [", "yaml = [\"torch>=2.7\", "));
    assert!(!place.run(ARGUMENTS).stderr.contains("the project"));
    let message = place.run(&format!("{ARGUMENTS} --extras yaml")).refused();
    assert!(message.contains("the project requires torch>=2.7"), "{message}");
    let dev = without + "torch = \">=2.7\"\n";
    place.write(
        "pyproject.toml",
        dev.replace("torch = \">=2.7\"\n", "").replace("pytest =", "torch = \">=2.7\"\npytest ="),
    );
    assert!(!place.run(ARGUMENTS).stderr.contains("the project"));
    assert!(place.run(&format!("{ARGUMENTS} --with dev")).refused().contains("the project requires torch>=2.7"));
}

/// The header means the same wherever a check is run, and does not tell from where the export was.
#[test]
fn files_are_named_from_where_the_output_lies() {
    let place = poetry("");
    for name in ["poetry.lock", "pyproject.toml"] {
        place.write(&format!("service/{name}"), place.read(name));
    }
    place.write("images/image.txt", super::FREEZE);
    let export = |folder: &str, files: &str| {
        let run = place.run(&format!("{folder}export --cuda 12.6 --python 3.11 {files}"));
        run.ok();
        place.read("service/out.txt")
    };
    let below = export("", "--provided images/image.txt -o service/out.txt service/poetry.lock");
    assert!(below.contains(" --provided ../images/image.txt poetry.lock\n"), "{below}");
    let inside = export("-C service ", "--provided ../images/image.txt -o out.txt poetry.lock");
    assert_eq!(inside, below);
    place.run("check service/out.txt").ok();
    place.run("-C service check out.txt").ok();
    place.write("images/image.txt", super::FREEZE.replace("torchaudio", "other"));
    assert_eq!(place.run("check service/out.txt").status, 1);
}
