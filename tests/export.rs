//! `torchswap export` as a user sees it: one snapshot per scenario with status, output and messages.

use crate::support::{Place, Run, fixture, snapshot};

/// Long lists of digests say nothing to a reader: they are counted. A single one is shown.
fn brief(text: &str) -> String {
    let mut out = String::new();
    let mut digests: Vec<&str> = Vec::new();
    let flush = |digests: &mut Vec<&str>, out: &mut String| {
        match digests.len() {
            0 => {}
            1 => out.push_str(&format!("{}\n", digests[0])),
            many => out.push_str(&format!("    ({many} digests)\n")),
        }
        digests.clear();
    };
    for line in text.lines() {
        if line.trim_start().starts_with("--hash=") {
            digests.push(line.trim_end_matches(" \\"));
        } else {
            flush(&mut digests, &mut out);
            out.push_str(line);
            out.push('\n');
        }
    }
    flush(&mut digests, &mut out);
    out
}

fn shown(run: &Run) -> String {
    brief(&run.shown())
}

/// What a run changed in a file: removed and added lines with one line around them.
fn diff(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let mut lengths = vec![vec![0usize; new.len() + 1]; old.len() + 1];
    for (i, a) in old.iter().enumerate().rev() {
        for (j, b) in new.iter().enumerate().rev() {
            lengths[i][j] = if a == b { lengths[i + 1][j + 1] + 1 } else { lengths[i + 1][j].max(lengths[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut out) = (0, 0, String::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
        } else if j < new.len() && (i == old.len() || lengths[i][j + 1] >= lengths[i + 1][j]) {
            out.push_str(&format!("+{}\n", new[j]));
            j += 1;
        } else {
            out.push_str(&format!("-{}\n", old[i]));
            i += 1;
        }
    }
    out
}

/// The story of a requirements file: messages, and the diff of the file.
fn requirements_story(name: &str, file: &str, arguments: &str) {
    let place = Place::new();
    let text = std::fs::read_to_string(fixture("requirements").join(file)).unwrap();
    place.write("requirements.txt", &text);
    let run = place.run(&format!("export {arguments} -o out.txt requirements.txt"));
    assert_eq!(run.stdout, "");
    let change = if place.exists("out.txt") { diff(&text, &place.read("out.txt")) } else { String::new() };
    snapshot(name, &format!("{}--- diff\n{}", run.shown(), brief(&change)));
}

#[test]
fn the_talks_own_case() {
    let place = Place::of("poetry-1.8/torch-1.12.1");
    snapshot("export-torch-1.12.1-cu116-py39", &shown(&place.run("export --cuda 11.6 --python 3.9")));
}

#[test]
fn bundled_cuda_takes_its_libraries_away() {
    let place = Place::of("poetry-2.5/torch-2.1.2");
    snapshot("export-torch-2.1.2-cu118-py310", &shown(&place.run("export --cuda 11.8 --python 3.10")));
}

#[test]
fn separate_cuda_brings_its_libraries_along() {
    let place = Place::of("poetry-2.5/torch-2.7.1");
    snapshot("export-torch-2.7.1-cu118-py311", &shown(&place.run("export --cuda 11.8 --python 3.11")));
}

#[test]
fn several_pythons_get_lines_with_markers() {
    let place = Place::of("poetry-1.8/torch-2.0.1");
    snapshot("export-torch-2.0.1-cu118-all-pythons", &shown(&place.run("export --cuda 11.8")));
}

#[test]
fn a_cpu_image_loses_the_gpu_libraries() {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    snapshot("export-torch-2.4.1-cpu-py312", &shown(&place.run("export --cpu --python 3.12")));
}

#[test]
fn a_mac_gets_what_it_had() {
    let place = Place::of("poetry-2.5/torch-2.5.1");
    snapshot("export-torch-2.5.1-macos-arm64", &shown(&place.run("export --platform macos-arm64 --python 3.11")));
}

#[test]
fn a_build_that_is_right_already_stays() {
    let place = Place::of("poetry-2.5/torch-2.7.1");
    snapshot("export-torch-2.7.1-cu126-py310", &shown(&place.run("export --cuda 12.6 --python 3.10")));
}

#[test]
fn a_lock_that_lost_the_gpu_libraries_gets_them_back() {
    let place = Place::of("poetry-1.8/torch-2.0.1");
    snapshot("export-torch-2.0.1-as-locked-py310", &shown(&place.run("export --python 3.10")));
}

#[test]
fn a_build_that_never_was_is_refused() {
    let place = Place::of("poetry-2.5/torch-2.9.1");
    snapshot("refuse-torch-2.9.1-cu118", &shown(&place.run("export --cuda 11.8")));
    snapshot("refuse-torch-2.9.1-cu118-json", &shown(&place.run("export --cuda 11.8 --report json")));
}

/// Nobody could learn such a wheel: there is no torch that it would go with.
#[test]
fn a_companions_build_that_its_torch_never_had_is_no_hole_in_the_catalogue() {
    for (torch, companion, why) in [
        (
            "2.4.1",
            "torchaudio==2.11.0",
            "torchaudio 2.11.0 goes with torch 2.11.0, and torch 2.11.0 has no cu118 build",
        ),
        (
            "2.7.1",
            "torchvision==0.24.1",
            "torchvision 0.24.1 goes with torch 2.9.1, and torch 2.9.1 has no cu118 build",
        ),
    ] {
        let place = Place::new();
        place.write("requirements.txt", format!("torch=={torch}\n    # via -r requirements.in\n{companion}\n"));
        let reported = place.run("export --cuda 11.8 --python 3.11 --without-hashes").refused();
        assert!(reported.contains(why) && !reported.contains("catalog update"), "{reported}");
        assert!(
            reported.contains("CUDA 11.8 ends at torch 2.7.1; ") && reported.contains(" has cu126, cu128, "),
            "{reported}"
        );
    }
    // The torch of this one has the build.
    let place = Place::new();
    place.write("requirements.txt", "torch==2.4.1\n    # via -r requirements.in\ntorchaudio==2.5.1\n");
    let reported = place.run("export --cuda 12.1 --python 3.9 --without-hashes").refused();
    assert!(reported.contains("learn it with: torchswap catalog update torchaudio==2.5.1 --cuda 12.1"), "{reported}");
}

#[test]
fn a_build_that_is_not_known_is_refused() {
    let place = Place::of("poetry-2.5/torch-2.5.1");
    snapshot("refuse-torch-2.5.1-cu118", &shown(&place.run("export --cuda 11.8 --python 3.10")));
}

#[test]
fn no_gpu_on_macos() {
    let place = Place::of("poetry-2.5/torch-2.5.1");
    snapshot("refuse-cuda-on-macos", &shown(&place.run("export --cuda 12.1 --platform macos-arm64")));
}

#[test]
fn folders_and_files_of_the_project_are_distinguished() {
    let place = Place::of("poetry-2.5/paths");
    snapshot("refuse-paths", &shown(&place.run("export --cuda 12.4 --python 3.11")));
    snapshot("export-paths-without-hashes", &shown(&place.run("export --cuda 12.4 --python 3.11 --without-hashes")));
}

/// Poetry 1.8 cannot export this lock: for CPython 3.9 it has no setuptools, which triton needs.
#[test]
fn a_gap_in_the_lock_is_filled_where_the_catalogue_can() {
    let place = Place::of("poetry-1.8/walk-fails");
    snapshot("export-walk-fails-cu126", &shown(&place.run("export --cuda 12.6")));
}

#[test]
fn files_of_other_tools_keep_their_lines() {
    requirements_story("requirements-pip-compile-cu118", "torch-2.1.2/pip-compile-hashes.txt", "--cuda 11.8");
    requirements_story("requirements-uv-universal-cpu", "torch-2.5.1/uv-compile-universal.txt", "--cpu --python 3.11");
    requirements_story("requirements-uv-export-cu118", "torch-2.1.2/uv-export.txt", "--cuda 11.8 --python 3.10");
    requirements_story("requirements-freeze-refused", "torch-2.1.2/pip-freeze.txt", "--cuda 11.8 --python 3.10");
    let freeze = "torch-2.1.2/pip-freeze.txt";
    requirements_story("requirements-freeze-bare", freeze, "--cuda 11.8 --python 3.10 --without-hashes");
}

#[test]
fn a_mirror_serves_the_same_bytes() {
    let place = Place::of("poetry-2.5/torch-2.1.2");
    let plain = place.run("export --cuda 11.8 --python 3.10 -q").ok();
    let mirrored = place.run("export --cuda 11.8 --python 3.10 -q --mirror https://wheels.example/torch").ok();
    let expected = plain
        .replace("@ https://download.pytorch.org/whl/", "@ https://wheels.example/torch/")
        .replace(" poetry.lock\n", " --mirror https://wheels.example/torch poetry.lock\n")
        .replace("from --mirror https://wheels.example/torch poetry.lock", "from poetry.lock");
    assert_eq!(mirrored, expected);
}

#[test]
fn without_torch_it_says_so() {
    let place = Place::of("poetry-1.4/small");
    snapshot("refuse-no-torch", &shown(&place.run("export --cuda 11.8 --python 3.10")));
    snapshot("export-allow-none", &shown(&place.run("export --cuda 11.8 --python 3.10 --allow-none")));
}

#[test]
fn the_output_is_written_whole_or_not_at_all() {
    let place = Place::of("poetry-2.5/torch-2.1.2");
    place.write("out.txt", "precious\n");
    place.run("export --cuda 13.9 -o out.txt").refused();
    assert_eq!(place.read("out.txt"), "precious\n");
    place.run("export --cuda 11.8 -o out.txt -q").ok();
    assert!(place.read("out.txt").contains("torch @ "));
    let message = place.run("export --cuda 11.8 -o poetry.lock").refused();
    assert!(message.contains("is the lock itself"), "{message}");
    place.run("export --cuda 11.8 -o .").refused();
    assert_eq!(place.names(), ["out.txt", "poetry.lock", "pyproject.toml"]);
}

#[test]
fn groups_and_extras_are_checked() {
    let place = Place::of("poetry-2.5/torch-2.1.2");
    snapshot("refuse-unknown-group", &shown(&place.run("export --cuda 11.8 --with dve")));
    snapshot("refuse-unknown-extra", &shown(&place.run("export --cuda 11.8 --extras sevrer")));
    let text = place.run("export --cuda 11.8 --python 3.10 --with dev --extras server -q").ok();
    assert!(text.contains("\npytest==") && text.contains("\nuvicorn=="), "{text}");
    assert!(text.contains("--with dev --extras server poetry.lock\n"), "{text}");
}

#[test]
fn standard_input_is_read() {
    let place = Place::new();
    let text = std::fs::read_to_string(fixture("requirements/torch-2.1.2/pip-compile-hashes.txt")).unwrap();
    let run = place.run_with(&["export", "--cuda", "11.8", "-"], &text);
    assert!(run.ok().contains("torch @ https://download.pytorch.org/whl/cu118/"));
}

#[test]
fn the_summary_is_silenced_and_given_as_data() {
    let place = Place::of("poetry-2.5/torch-2.1.2");
    let quiet = place.run("export --cuda 11.8 --python 3.10 --quiet");
    assert_eq!(quiet.stderr, "");
    let json = place.run("export --cuda 11.8 --python 3.10 --report json");
    let data: serde_json::Value = serde_json::from_str(&json.stderr).unwrap();
    let data = &data["outputs"][0]["targets"][0];
    assert_eq!(data["backend"], "cu118");
    let torch = data["changes"].as_array().unwrap().iter().find(|change| change["package"] == "torch").unwrap();
    assert_eq!((&torch["action"], &torch["to"]), (&"swapped".into(), &"2.1.2+cu118".into()));
    assert!(torch["source"]["seen"].as_u64().unwrap() > 0);
}
