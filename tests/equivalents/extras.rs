//! Packages that need libraries or another package to run on a GPU, which extras of the same release bring.

use super::{TENSORFLOW, ZEROS, digests, entry, export, lock, place, project};

const TORCH: [&str; 5] = ["filelock==3.16.1", "fsspec==2024.9.0", "jinja2==3.1.4", "networkx==3.4", "sympy==1.13.3"];

/// The libraries of an output, without digests.
fn libraries(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| line.starts_with("nvidia-"));
    lines.map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn the_libraries_of_an_extra_are_added_and_the_extra_is_named() {
    let place = place(&(lock(&TENSORFLOW) + &lock(&["tensorflow==2.18.0"])));
    for name in ["tensorflow", "all"] {
        let run = place.run(&format!("export -v --cuda 12.6 --python 3.11 --also {name} -o out.txt requirements.txt"));
        assert!(run.stderr.contains("needed by tensorflow 2.18.0 ("), "{}", run.stderr);
        run.ok();
        let text = place.read("out.txt");
        // The wheel stays the locked one.
        assert!(text.contains(&format!("\ntensorflow[and-cuda]==2.18.0 \\\n    {ZEROS}\n")), "{text}");
        assert_eq!(
            libraries(&text),
            [
                "nvidia-cublas-cu12==12.5.3.2",
                "nvidia-cuda-cupti-cu12==12.5.82",
                "nvidia-cuda-nvcc-cu12==12.5.82",
                "nvidia-cuda-nvrtc-cu12==12.5.82",
                "nvidia-cuda-runtime-cu12==12.5.82",
                "nvidia-cudnn-cu12==9.3.0.75",
                "nvidia-cufft-cu12==11.2.3.61",
                "nvidia-curand-cu12==10.3.6.82",
                "nvidia-cusolver-cu12==11.6.3.83",
                "nvidia-cusparse-cu12==12.5.1.3",
                "nvidia-nccl-cu12==2.21.5",
                "nvidia-nvjitlink-cu12==12.5.82",
            ]
        );
        let nvcc = digests("nvidia-cuda-nvcc-cu12", "12.5.82", "x86_64").concat();
        assert!(nvcc.len() == 64 && text.contains(&nvcc), "{nvcc}: {text}");
        assert!(!text.contains("torchswap-stubs") && !place.exists("torchswap-stubs"));
    }
    // What is made of the output is the output.
    place.run("export --cuda 12.6 --python 3.11 --also tensorflow -o again.txt out.txt").ok();
    let body =
        |file: &str| place.read(file).lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
    assert_eq!(body("again.txt"), body("out.txt"));
}

#[test]
fn the_plugin_has_the_number_of_the_library_that_it_is_for() {
    let locked = |jax: &str, jaxlib: &str| lock(&[&format!("jax=={jax}"), &format!("jaxlib=={jaxlib}")]);
    for (jax, jaxlib, arguments, cuda) in [
        ("0.4.37", "0.4.36", "--cuda 12.6", "cuda12"),
        ("0.4.30", "0.4.30", "--cuda 12.1", "cuda12"),
        ("0.7.2", "0.7.2", "--cuda 12.8 --platform linux-aarch64", "cuda12"),
        ("0.7.2", "0.7.2", "--cuda 13.0", "cuda13"),
    ] {
        for name in ["jax", "jaxlib", "all"] {
            let place = place(&locked(jax, jaxlib));
            place.run(&format!("export {arguments} --python 3.11 --also {name} -o out.txt requirements.txt")).ok();
            let text = place.read("out.txt");
            assert!(text.contains(&format!("\njax-{cuda}-plugin[with-cuda]=={jaxlib} ")), "{text}");
            assert!(text.contains(&format!("\njax-{cuda}-pjrt=={jaxlib} ")), "{text}");
            // What is not changed keeps its bytes.
            let kept = locked(jax, jaxlib);
            assert!(kept.lines().all(|line| text.contains(&format!("\n{line}\n"))), "{text}");
            let libraries = libraries(&text);
            let nvcc = if cuda == "cuda12" { "nvidia-cuda-nvcc-cu12==12." } else { "nvidia-cuda-nvcc==13." };
            assert!(libraries.iter().any(|one| one.starts_with(nvcc)) && libraries.len() > 9, "{libraries:?}");
        }
    }
}

#[test]
fn what_brings_no_libraries_is_refused_by_name() {
    let tensorflow = |version: &str| lock(&TENSORFLOW) + &lock(&[&format!("tensorflow=={version}")]);
    let jaxlib = |version: &str| lock(&[&format!("jaxlib=={version}")]);
    let image = "no extra of it brings CUDA's libraries: take an image with CUDA 11.8 and cuDNN 8.6";
    for (text, arguments, why) in [
        (tensorflow("2.12.0"), "--cuda 11.8", &*format!("tensorflow 2.12.0 cannot be had: {image}")),
        (tensorflow("2.13.1"), "--cuda 11.8", &format!("tensorflow 2.13.1 cannot be had: {image}")),
        (tensorflow("2.14.0"), "--cuda 11.8", "tensorflow 2.14.0 needs tensorrt==8.5.3.1, and neither the lock nor"),
        (tensorflow("2.15.0"), "--cuda 12.6", "tensorflow 2.15.0 needs tensorrt"),
        (
            tensorflow("2.18.0"),
            "--cuda 12.1",
            "tensorflow 2.18.0 is built for CUDA 12.5 or a newer 12, the target is CUDA 12.1\n",
        ),
        (
            tensorflow("2.18.0"),
            "--cuda 12.2",
            "tensorflow 2.18.0 is built for CUDA 12.5 or a newer 12, the target is CUDA 12.2: 2.15.1 is the last release",
        ),
        (
            tensorflow("2.18.0"),
            "--cuda 12.6 --platform linux-aarch64",
            "tensorflow 2.18.0 is no GPU build on linux-aarch64",
        ),
        (jaxlib("0.4.29"), "--cuda 12.6", "cannot be had: the nvidia-* list stands in the extra cuda12 of jax"),
        (jaxlib("0.4.20+cuda12.cudnn89"), "--cuda 12.6", "jaxlib 0.4.20+cuda12.cudnn89 is not a release of an index"),
        (jaxlib("0.6.2"), "--cuda 13.0", "jax-cuda12-plugin 0.6.2 is built for CUDA 12, the target is CUDA 13.0"),
        (jaxlib("0.6.2"), "--cuda 11.8", "jax-cuda12-plugin 0.6.2 is built for CUDA 12, the target is CUDA 11.8"),
    ] {
        for more in ["", " --nearest"] {
            let message = export(&text, &format!("{arguments} --python 3.11 --also all{more}")).refused();
            assert!(message.contains(why), "{why}: {message}");
        }
    }
}

/// Beside torch its pins count, and nothing is in the output twice.
#[test]
fn beside_torch_there_is_one_set_of_libraries() {
    let torch = |version: &str| format!("torch=={version} {ZEROS}\n") + &lock(&TORCH);
    let text = torch("2.8.0") + &lock(&["jaxlib==0.6.2", "typing-extensions==4.12.2", "setuptools==75.6.0"]);
    let made = |arguments: &str| {
        let place = place(&text);
        place.run(&format!("export --cuda 12.8 --python 3.11 {arguments} -o out.txt requirements.txt")).ok();
        libraries(&place.read("out.txt"))
    };
    let (without, with) = (made(""), made("--also jax"));
    let added: Vec<&String> = with.iter().filter(|one| !without.contains(one)).collect();
    assert!(without.len() > 10 && without.iter().all(|one| with.contains(one)), "{with:?}");
    // What torch 2.8.0 does not bring along.
    let names: Vec<&str> = added.iter().filter_map(|one| one.split("==").next()).collect();
    assert_eq!(names, ["nvidia-cuda-nvcc-cu12", "nvidia-nvshmem-cu12"]);

    let text = torch("2.7.1") + &lock(&TENSORFLOW) + &lock(&["tensorflow==2.18.0"]);
    let place = place(&text);
    let export = "export --cuda 12.6 --python 3.11 --also tensorflow -o out.txt requirements.txt";
    let message = place.run(export).refused();
    assert!(message.contains("tensorflow 2.18.0 needs nvidia-cudnn-cu12==9.3.0.75"), "{message}");
    place.run(&format!("{export} --share-libraries")).ok();
    let out = place.read("out.txt");
    // Named, the extra would ask an installer for the releases that are not there.
    assert!(out.contains("\ntensorflow==2.18.0 ") && !out.contains("and-cuda"), "{out}");
    let all = libraries(&out);
    assert!(all.contains(&"nvidia-cuda-nvcc-cu12==12.5.82".to_owned()), "{all:?}");
    assert!(all.iter().any(|one| one.starts_with("nvidia-cudnn-cu12==9.5.")), "{all:?}");
}

/// What was locked with its extra no longer names it where torch's libraries take the place of those that it pins.
#[test]
fn a_locked_extra_is_not_named_where_its_pins_are_overruled() {
    let pins = ["nvidia-cudnn-cu12==9.3.0.75", "nvidia-cublas-cu12==12.5.3.2", "nvidia-cuda-nvcc-cu12==12.5.82"];
    let named = lock(&["tensorflow==2.18.0"]).replace("tensorflow==", "tensorflow[and-cuda]==");
    let text = format!("torch==2.7.1 {ZEROS}\n") + &lock(&TORCH) + &lock(&TENSORFLOW) + &lock(&pins) + &named;
    let place = place(&text);
    let export = "export --cuda 12.6 --python 3.11 --also tensorflow -o out.txt requirements.txt";
    place.run(export).refused();
    place.run(&format!("{export} --share-libraries")).ok();
    let out = place.read("out.txt");
    assert!(out.contains("\ntensorflow==2.18.0 ") && !out.contains("[and-cuda]"), "{out}");
    let all = libraries(&out);
    assert!(all.iter().any(|one| one.starts_with("nvidia-cudnn-cu12==9.5.")), "{all:?}");
    assert_eq!(all.iter().filter(|one| one.starts_with("nvidia-cudnn-")).count(), 1, "{all:?}");
}

#[test]
fn a_note_says_what_could_be_had() {
    let tensorflow = lock(&TENSORFLOW) + &lock(&["tensorflow==2.18.0"]);
    let note = |text: &str, arguments: &str| {
        let run = export(text, &format!("{arguments} --python 3.11 --allow-none"));
        let note = run.stderr.lines().find(|line| line.starts_with("note: ")).unwrap_or_default().to_owned();
        run.ok();
        note
    };
    let adds = "note: tensorflow 2.18.0 finds no CUDA libraries; --also tensorflow adds those of tensorflow[and-cuda]";
    assert_eq!(note(&tensorflow, "--cuda 12.6"), adds);
    let jax = lock(&["jaxlib==0.6.2"]);
    let adds = "note: jaxlib 0.6.2 runs only on the CPU; --also jax adds jax-cuda12-plugin 0.6.2";
    assert_eq!(note(&jax, "--cuda 12.6"), adds);
    for (text, arguments) in [
        (&tensorflow.replace("tensorflow==", "tensorflow[and-cuda]=="), "--cuda 12.6"),
        (&(tensorflow.clone() + &lock(&["nvidia-cudnn-cu12==9.3.0.75"])), "--cuda 12.6"),
        (&(jax.clone() + &lock(&["jax-cuda12-plugin==0.6.2"])), "--cuda 12.6"),
        (&tensorflow, "--cpu"),
        (&jax, "--cpu"),
        (&jax, "--cuda 12.6 --also jax"),
    ] {
        assert_eq!(note(text, arguments), "", "{arguments}: {text}");
    }
}

/// Poetry 1.8 follows dependencies, and one that only an extra asks for is none.
#[test]
fn a_poetry_lock_gets_the_libraries_where_its_entry_is() {
    for (version, groups) in [("2.0", ""), ("2.1", "groups = [\"main\"]\n")] {
        let needs = TENSORFLOW.map(|pin| format!("{} = \"*\"\n", pin.split_once("==").unwrap().0)).concat();
        let extra =
            "nvidia-cublas-cu12 = {version = \"12.5.3.2\", optional = true, markers = \"extra == \\\"and-cuda\\\"\"}\n";
        let needs = format!(
            "[package.dependencies]\n{extra}{needs}\n[package.extras]\nand-cuda = [\"nvidia-cublas-cu12 (==12.5.3.2)\"]\n\n"
        );
        let mut entries: Vec<String> = TENSORFLOW.iter().map(|pin| entry(pin, "", groups)).collect();
        entries.push(entry("tensorflow==2.18.0", &needs, groups));
        entries.sort();
        let place = project(&entries, version, "tensorflow = \"2.18.0\"");
        place.run("rewrite --cuda 12.6 --also tensorflow").ok();
        let after = place.read("poetry.lock");
        for name in ["nvidia-cublas-cu12", "nvidia-cuda-nvcc-cu12", "nvidia-cudnn-cu12"] {
            assert!(after.contains(&format!("[[package]]\nname = \"{name}\"\n")), "{version}: {after}");
        }
        // What its entry says of the extra stays as it is where that is no dependency.
        assert!(after.contains("\n[package.extras]\nand-cuda = [\"nvidia-cublas-cu12 (==12.5.3.2)\"]\n"), "{after}");
        assert!(!after.contains("optional = true") && after.matches("\nnvidia-cublas-cu12 = ").count() >= 1, "{after}");
        place.run("rewrite --cuda 12.6 --also tensorflow").ok();
        assert_eq!(place.read("poetry.lock"), after);
        let text = place.run("export --without-hashes -q --allow-none --python 3.11 poetry.lock").ok();
        assert_eq!(libraries(&text).len(), 12, "{text}");
    }
}

/// The library asks for the plugin with the extra that brings CUDA's libraries: without it Poetry would not find them.
#[test]
fn a_poetry_lock_gets_the_plugin_with_its_extra() {
    for (version, groups) in [("2.0", ""), ("2.1", "groups = [\"main\"]\n")] {
        let entries = [
            entry("jax==0.6.2", "[package.dependencies]\njaxlib = \"0.6.2\"\n\n", groups),
            entry("jaxlib==0.6.2", "", groups),
        ];
        let place = project(&entries, version, "jax = \"0.6.2\"");
        place.run("rewrite --cuda 12.6 --also jax").ok();
        let after = place.read("poetry.lock");
        let need = "jax-cuda12-plugin = {version = \"*\", extras = [\"with-cuda\"]}\n";
        assert!(after.contains(&format!("\n[package.dependencies]\n{need}\n")), "{after}");
        assert!(after.contains("\n[package.extras]\nwith-cuda = ["), "{after}");
        place.run("rewrite --cuda 12.6 --also jax").ok();
        assert_eq!(place.read("poetry.lock"), after);
        let text = place.run("export --without-hashes -q --allow-none --python 3.11 poetry.lock").ok();
        assert_eq!(libraries(&text).len(), 12, "{text}");
    }
}
