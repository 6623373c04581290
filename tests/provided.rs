//! What the image provides: torch is left out, and the packages that stay must accept the image's releases.

use crate::support::{Place, Run, fixture};

mod project;
mod stale;

const FREEZE: &str = "torch==2.7.1+cu126\ntorchvision==0.22.1+cu126\ntorchaudio==2.7.1+cu126\n";
const ARGUMENTS: &str = "export -v --cuda 12.6 --python 3.11 --provided image.txt";

/// The names on the lines of a requirements file.
fn names(text: &str) -> Vec<&str> {
    let lines = text.lines().filter(|line| !line.starts_with([' ', '#', '-']) && !line.is_empty());
    lines.map(|line| line.split(['=', ' ', ';', '[']).next().unwrap_or_default()).collect()
}

fn poetry(image: &str) -> Place {
    let place = Place::of("poetry-2.5/torch-2.7.1");
    place.write("image.txt", image);
    place
}

/// One line of a requirements file, with a digest that is made up.
fn line(pin: &str, via: &str) -> String {
    format!("{pin} \\\n    --hash=sha256:{}\n{via}", "1".repeat(64))
}

/// A poetry.lock with a package that needs a torch.
fn with_dependent(torch: &str) -> Place {
    let place = poetry("");
    let package = format!(
        "[[package]]\nname = \"accelerate\"\nversion = \"1.2.1\"\ndescription = \"\"\noptional = false\npython-versions = \"*\"\n\
         groups = [\"main\"]\nfiles = [\n    {{file = \"accelerate-1.2.1-py3-none-any.whl\", hash = \"sha256:{}\"}},\n]\n\n\
         [package.dependencies]\nnumpy = \">=1.17,<3\"\ntorch = \"{torch}\"\nsympy = \">=1.13\"\n\n",
        "1".repeat(64)
    );
    place.write(
        "poetry.lock",
        place.read("poetry.lock").replacen("[[package]]\n", &format!("{package}[[package]]\n"), 1),
    );
    let project = place
        .read("pyproject.toml")
        .replace("    \"torch==2.7.1\",\n", "    \"torch>=2.0\",\n    \"accelerate==1.2.1\",\n");
    place.write("pyproject.toml", project);
    place
}

fn left_out(run: &Run) -> Vec<String> {
    let names = run.stderr.lines().filter_map(|line| line.strip_prefix("left out")?.split_whitespace().next());
    names.map(str::to_owned).collect()
}

#[test]
fn torch_is_left_out_with_all_that_it_alone_needs_and_nothing_else_is() {
    let place = poetry(FREEZE);
    let all = place.run("export --cuda 12.6 --python 3.11").ok();
    let run = place.run(ARGUMENTS);
    let out = left_out(&run);
    for name in
        ["torch", "torchvision", "torchaudio", "triton", "nvidia-cudnn-cu12", "sympy", "jinja2", "markupsafe", "pillow"]
    {
        assert!(out.iter().any(|one| one == name), "{name}: {}", run.stderr);
    }
    assert!(run.stderr.contains("left out  torch 2.7.1: the image has 2.7.1+cu126\n"), "{}", run.stderr);
    assert!(run.stderr.contains("sympy 1.14.0: nothing but what the image has needs it\n"), "{}", run.stderr);
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
    let text = run.ok();
    let kept: Vec<&str> = names(&all).into_iter().filter(|name| !out.iter().any(|one| one == name)).collect();
    assert_eq!(names(&text), kept);
    // The project asks for it itself.
    assert!(names(&text).contains(&"numpy"), "{text}");
    assert!(
        text.contains(
            "\n# Provided by the image: torch 2.7.1+cu126, torchaudio 2.7.1+cu126, torchvision 0.22.1+cu126\n"
        ),
        "{text}"
    );
    assert!(
        text.contains("\n# Command: torchswap export --cuda 12.6 --python 3.11 --provided image.txt poetry.lock\n"),
        "{text}"
    );
    // All else stays as it was, byte for byte.
    let body = |text: &str| text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>();
    assert!(body(&text).iter().all(|line| body(&all).contains(line)));
}

#[test]
fn what_stays_must_take_the_release_of_the_image_whose_prereleases_and_labels_count_as_for_pip() {
    for (wanted, image, fits) in [
        (">=2.0", "2.8.0a0+5228986c39.nv25.5", true),
        (">=2.7,<3", "2.8.0a0+5228986c39.nv25.5", true),
        ("<2.9", "2.8.0a0+5228986c39.nv25.5", true),
        (">=2.8", "2.8.0a0+5228986c39.nv25.5", false),
        ("<2.8", "2.8.0a0+5228986c39.nv25.5", false),
        ("==2.7.1", "2.7.1+cu126", true),
        ("==2.7.1", "2.7.0", false),
        ("!=2.7.1", "2.7.1+cu126", false),
    ] {
        let place = with_dependent(wanted);
        place.write("image.txt", format!("torch=={image}\ntorchvision==0.22.1\ntorchaudio==2.7.1\n"));
        let run = place.run(ARGUMENTS);
        if fits {
            let text = run.ok();
            assert!(names(&text).contains(&"accelerate") && !names(&text).contains(&"torch"), "{text}");
            // It is needed by more than torch.
            assert!(names(&text).contains(&"sympy") && !names(&text).contains(&"jinja2"), "{text}");
        } else {
            let message = run.refused();
            let said =
                format!("accelerate 1.2.1 requires torch{wanted}, but the image has torch {image} (CPython 3.11)");
            assert!(message.contains(&said) && message.contains("--> poetry.lock:"), "{message}");
        }
    }
}

#[test]
fn the_wheel_that_takes_the_place_of_a_companion_is_asked_too() {
    let arguments = "export --cuda 12.8 --python 3.11 --provided image.txt";
    let place = poetry("torch==2.8.0a0+5228986c39.nv25.5\ntorchvision==0.22.0a0\n");
    let message = place.run(arguments).refused();
    let said = "torchaudio 2.7.1+cu128 requires torch==2.7.1, but the image has torch 2.8.0a0+5228986c39.nv25.5";
    assert!(message.contains(said), "{message}");
    // And so it is where the lock tells nothing, for the catalogue does.
    let text = ["torch==2.7.1", "torchaudio==2.7.1", "idna==3.10"].map(|pin| line(pin, "")).concat();
    place.write("requirements.txt", text);
    let message = place.run(&format!("{arguments} requirements.txt")).refused();
    assert!(message.contains(said), "{message}");
    // One of another build would not load beside the image's torch.
    place.write("image.txt", "torch==2.7.1+cu126\ntorchvision==0.22.1\n");
    let message = place.run(arguments).refused();
    assert!(message.contains("the image has torch 2.7.1+cu126, and torchaudio would be a cu128 build"), "{message}");
    assert!(message.contains("--cuda 12.6"), "{message}");
    place.write("image.txt", "torch==2.7.1+cu128\ntorchvision==0.22.1\n");
    let text = place.run(arguments).ok();
    assert!(text.contains("\ntorchaudio @ https://download.pytorch.org/whl/cu128/torchaudio-2.7.1%2Bcu128-"), "{text}");
    assert!(!names(&text).contains(&"torch"), "{text}");
}

#[test]
fn a_companion_that_stays_as_locked_is_asked_too_though_the_lock_says_nothing() {
    let place = Place::new();
    let text = std::fs::read_to_string(fixture("requirements/torch-2.5.1/pip-compile-hashes.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    place.write("requirements.txt", lines.map(|line| format!("{line}\n")).collect::<String>());
    place.write("image.txt", "torch==2.6.0a0+ecf3bae40a.nv25.01\n");
    let arguments = "export --cuda 12.4 --python 3.10 --provided image.txt requirements.txt";
    let message = place.run(arguments).refused();
    let said = "torchvision 0.20.1 requires torch==2.5.1, but the image has torch 2.6.0a0+ecf3bae40a.nv25.1";
    assert!(message.contains(said), "{message}");
    place.write("image.txt", "torch==2.5.1+cu124\n");
    assert!(place.run(arguments).ok().contains("\ntorchvision==0.20.1 "));
}

#[test]
fn what_torch_and_others_need_goes_only_where_the_others_take_the_images() {
    for (sympy, goes) in [("1.13.3", true), ("1.12", false), ("1.14.0", true)] {
        let place = with_dependent(">=2.0");
        place.write("image.txt", format!("{FREEZE}sympy=={sympy}\nmpmath==1.3.0\n"));
        let run = place.run(ARGUMENTS);
        let warning = "the output installs other releases than the image has: sympy 1.14.0 (image: 1.12)";
        assert_eq!(run.stderr.contains(warning), !goes, "{}", run.stderr);
        let text = run.ok();
        assert_eq!(names(&text).contains(&"sympy"), !goes, "{sympy}: {text}");
    }
}

#[test]
fn a_release_that_is_not_the_images_is_reported() {
    let place = poetry(&format!("{FREEZE}numpy==1.26.4\ntqdm @ file:///opt/tqdm.whl\n"));
    let run = place.run(&format!("{ARGUMENTS} --report json"));
    assert!(
        run.stderr.contains("\"code\":\"image-constraint\"") && run.stderr.contains("(image: 1.26.4)"),
        "{}",
        run.stderr
    );
    assert!(names(&run.ok()).contains(&"numpy"));
    // The project's own range leaves that out.
    let message = place.run(&format!("{ARGUMENTS} --provided-all")).refused();
    assert!(message.contains("the project requires numpy>=2.0,<3.0, but the image has numpy 1.26.4"), "{message}");
    place.write("image.txt", place.read("image.txt").replace("1.26.4", "2.0.1"));
    let run = place.run(&format!("{ARGUMENTS} --provided-all"));
    let said = "not checked: whether what stays accepts the image's tqdm, of unknown version";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    let text = run.ok();
    assert!(!names(&text).contains(&"numpy") && !names(&text).contains(&"tqdm"), "{text}");
}

#[test]
fn names_alone_are_left_out_unchecked_and_that_is_said() {
    let place = with_dependent(">=2.9");
    let arguments =
        "export --cuda 12.6 --python 3.11 --provided-names torch,torchvision --provided-names torchaudio,tqdm";
    let run = place.run(arguments);
    let said =
        "not checked: whether what stays accepts the image's torch, torchaudio, torchvision, tqdm, of unknown version";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    let text = run.ok();
    assert!(!names(&text).iter().any(|name| ["torch", "tqdm", "triton"].contains(name)), "{text}");
    assert!(text.contains("\n# Provided by the image: torch, torchaudio, torchvision, tqdm\n"), "{text}");
    let message = place.run("export --cuda 12.6 --provided-names tourch").refused();
    assert!(message.contains("--provided-names") && message.contains("did you mean `torch`?"), "{message}");
}

#[test]
fn comments_tell_who_needs_what_but_not_in_which_releases() {
    let via = |by: &str| format!("    # via {by}\n");
    let lines = [
        line("accelerate==1.2.1", &via("service")),
        line("filelock==3.18.0", &via("huggingface-hub, torch")),
        line("huggingface-hub==0.30.0", &via("accelerate")),
        line("jinja2==3.1.6", &via("torch")),
        line("markupsafe==3.0.2", &via("jinja2")),
        line("nvidia-nccl-cu12==2.26.2", &via("torch, xgboost")),
        line("nvidia-cudnn-cu12==9.5.1.17", &via("torch")),
        line("torch==2.7.1", &via("accelerate, service")),
        line("xgboost==3.0.0", &via("service")),
    ];
    let place = Place::new();
    place.write("requirements.txt", lines.concat());
    place.write("image.txt", "torch==2.8.0a0+5228986c39.nv25.5\nfilelock==3.0\n");
    let run = place.run(&format!("{ARGUMENTS} requirements.txt"));
    let said = "not checked: whether what stays accepts the image's torch 2.8.0a0+5228986c39.nv25.5; requirements.txt does not say";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    assert!(run.stderr.contains("filelock 3.18.0 (image: 3.0)"), "{}", run.stderr);
    let text = run.ok();
    assert_eq!(names(&text), ["accelerate", "filelock", "huggingface-hub", "nvidia-nccl-cu12", "xgboost"]);
}

#[test]
fn without_comments_what_the_catalogue_knows_of_torch_goes_and_no_more() {
    let pins = [
        "filelock==3.18.0",
        "jinja2==3.1.6",
        "markupsafe==3.0.2",
        "nvidia-cudnn-cu12==9.5.1.17",
        "nvidia-nccl-cu12==2.26.2",
        "sympy==1.14.0",
        "torch==2.7.1",
        "triton==3.3.1",
        "xgboost==3.0.0",
    ];
    let place = Place::new();
    let text: String = pins.iter().map(|pin| line(pin, "")).collect();
    for end in ["\n", "\r\n"] {
        place.write("requirements.txt", text.replace('\n', end));
        place.write("image.txt", "torch==2.8.0a0+5228986c39.nv25.5\nfilelock==3.0\nsympy==1.14.0\n");
        let kept = place.run(&format!("{ARGUMENTS} requirements.txt")).ok();
        // xgboost needs nccl; that nothing else needs jinja2 is not reported; the image has another filelock.
        assert_eq!(names(&kept), ["filelock", "jinja2", "markupsafe", "nvidia-nccl-cu12", "xgboost"], "{kept}");
        assert_eq!(kept.matches(end).count(), kept.matches('\n').count());
        place.write("image.txt", "torch==2.8.0a0+5228986c39.nv25.5\nnvidia-nccl-cu12==2.27.3\n");
        assert!(!place.run(&format!("{ARGUMENTS} requirements.txt")).ok().contains("nccl-cu12=="));
    }
}

#[test]
fn an_extra_of_torch_need_not_be_in_the_image() {
    let place = poetry(FREEZE);
    let text = place.read("poetry.lock");
    let (before, torch) = text.split_once("name = \"torch\"\n").unwrap();
    let torch = torch.replacen(
        "[package.dependencies]\n",
        "[package.dependencies]\nmarkdown = {version = \"*\", optional = true, markers = \"extra == \\\"docs\\\"\"}\n",
        1,
    );
    let torch = torch.replacen("[package.extras]\n", "[package.extras]\ndocs = [\"markdown\"]\n", 1);
    let text = format!("{before}name = \"torch\"\n{torch}");
    let (before, markdown) = text.split_once("name = \"markdown\"\n").unwrap();
    place.write(
        "poetry.lock",
        format!(
            "{before}name = \"markdown\"\n{}",
            markdown.replacen("groups = [\"docs\"]", "groups = [\"main\", \"docs\"]", 1)
        ),
    );
    place.write("pyproject.toml", place.read("pyproject.toml").replace("\"torch==2.7.1\"", "\"torch[docs]==2.7.1\""));
    let all = place.run("export --cuda 12.6 --python 3.11").ok();
    assert!(names(&all).contains(&"markdown"), "{all}");
    let text = place.run(ARGUMENTS).ok();
    assert!(names(&text).contains(&"markdown") && !names(&text).contains(&"torch"), "{text}");
}

#[test]
fn a_pylock_is_made_and_read_too() {
    let place = Place::new();
    place.write("pylock.toml", std::fs::read(fixture("pylock/uv/torch-2.7.1/pylock.toml")).unwrap());
    place.write("image.txt", FREEZE);
    let text = place.run(&format!("{ARGUMENTS} --format pylock pylock.toml")).ok();
    assert!(
        text.contains("\n# Provided by the image: torch 2.7.1+cu126") && text.contains("name = \"numpy\""),
        "{text}"
    );
    for name in ["torch", "torchvision", "nvidia-cudnn-cu12", "triton"] {
        assert!(!text.contains(&format!("name = \"{name}\"\n")), "{name}: {text}");
    }
}

#[test]
fn the_configuration_names_what_each_image_has_and_check_reads_it_again() {
    let place = poetry(FREEZE);
    place.write(
        "torchswap.toml",
        "[targets.docker]\ncuda = \"12.6\"\npython = \"3.11\"\noutput = \"out.txt\"\nprovided = \"image.txt\"\n\
         [targets.mac]\nplatform = \"macos-arm64\"\npython = \"3.11\"\noutput = \"out.txt\"\n",
    );
    place.run("export --all-targets").ok();
    let text = place.read("out.txt");
    assert!(text.contains("\n# Provided by the image of docker: torch 2.7.1+cu126, "), "{text}");
    assert!(
        text.contains("\ntorch==2.7.1 ; sys_platform == \"darwin\" and platform_machine == \"arm64\" \\\n"),
        "{text}"
    );
    assert!(!text.contains("nvidia-cudnn-cu12"), "{text}");
    place.run("check").ok();
    place.run("check out.txt").ok();
    // Another image is another output.
    place.write("image.txt", format!("{FREEZE}mpmath==1.3.0\ntyping-extensions==4.0\n"));
    place.run("check").ok();
    place.write("image.txt", "torchaudio==2.7.1\n");
    let run = place.run("check");
    assert!(run.status == 1 && run.stdout.contains("+ torch==2.7.1\n"), "{}", run.stdout);
    place.run("check --fix").ok();
    assert!(place.read("out.txt").contains("\nnvidia-cudnn-cu12==9.5.1.17 ; "));

    let message = place.run("rewrite --target docker").refused();
    assert!(message.contains("docker leaves out what its image has, which a lock cannot"), "{message}");
    assert!(message.contains("torchswap export --target docker"), "{message}");
    // The command line says something else of the image.
    let text = place.run("export --target docker --provided-names tqdm -o -").ok();
    assert!(text.contains("Provided by the image: tqdm\n") && names(&text).contains(&"torch"), "{text}");
}

#[test]
fn what_the_image_has_is_read_whole_or_refused() {
    let place = poetry("torch==2.7.1+cu126\nsome words\n");
    for (arguments, why) in [
        (ARGUMENTS, "image.txt:2"),
        ("export --cuda 12.6 --provided gone.txt", "cannot read gone.txt"),
        ("export --cuda 12.6 --provided -", "check reads it again"),
    ] {
        assert!(place.run(arguments).refused().contains(why), "{arguments}");
    }
    place.write("torchswap.toml", "[targets.a]\ncuda = \"12.6\"\nprovided-all = true\n");
    assert!(place.run("export --target a").refused().contains("`provided-all` needs `provided`"));
    // A list that has nothing of the lock gets a warning: it may be of another image.
    place.write("image.txt", "setuptools-scm==8.0\n");
    assert!(place.run(&format!("{ARGUMENTS} -o image.txt")).refused().contains("image.txt is what the image has"));
    let run = place.run(ARGUMENTS);
    assert!(run.stderr.contains("image.txt has no package of poetry.lock, so nothing is left out"), "{}", run.stderr);
    assert!(names(&run.ok()).contains(&"torch"));
}

/// What is installed last wins, and uninstalling the CPU build removes files of the other.
#[test]
fn a_build_that_the_image_has_under_its_other_name_is_not_overwritten() {
    let zeros = "0".repeat(64);
    let pins = ["coloredlogs==15.0.1", "flatbuffers==25.1", "numpy==1.26.4", "packaging==24.0", "protobuf==5.29"];
    let pins = pins.iter().chain(&["sympy==1.13.3", "onnxruntime==1.22.0", "tqdm==4.67.1"]);
    let pins: Vec<String> = pins.map(|pin| format!("{pin} --hash=sha256:{zeros}\n")).collect();
    for (image, also, said) in [
        (
            "onnxruntime-gpu==1.22.0",
            "",
            "error: onnxruntime 1.22.0 would overwrite onnxruntime-gpu, which the image has (CPython 3.11)\n",
        ),
        (
            "onnxruntime==1.22.0",
            "--also onnxruntime",
            "error: onnxruntime-gpu 1.22.0 would overwrite onnxruntime, which the image has (CPython 3.11)\n",
        ),
        ("onnxruntime-gpu==1.22.0", "--also onnxruntime", ""),
        ("onnxruntime==1.22.0", "", ""),
    ] {
        let place = Place::new();
        place.write("requirements.txt", pins.concat());
        place.write("image.txt", format!("tqdm==4.67.1\n{image}\n"));
        let run = place.run(&format!(
            "export --cuda 12.6 --python 3.11 {also} --provided image.txt --provided-names tqdm --no-stubs --allow-none requirements.txt"
        ));
        match said {
            "" => drop(run.ok()),
            _ => {
                let message = run.refused();
                assert!(message.contains(said), "{image} {also}: {message}");
            }
        }
    }
}
