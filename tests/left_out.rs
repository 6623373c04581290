//! Selected entries that an output leaves out: the project itself, local files and folders, packages excluded by name.

use crate::support::{Place, Run, fixture};

const PATHS: &str = "poetry-2.5/paths";
const TARGET: &str = "--cuda 12.4 --python 3.11";

/// The names on the lines of a requirements file.
fn names(text: &str) -> Vec<&str> {
    let lines = text.lines().filter(|line| !line.starts_with([' ', '#', '-']) && !line.is_empty());
    lines.map(|line| line.split(['=', ' ', ';', '[']).next().unwrap_or_default()).collect()
}

/// A file of uv with digests, and more lines.
fn uv(more: &str) -> Place {
    let place = Place::new();
    let text = std::fs::read_to_string(fixture("requirements/torch-2.1.2/uv-export.txt")).unwrap();
    place.write("requirements.txt", format!("{text}{more}"));
    place
}

/// A pylock of uv with more packages.
fn pylock(more: &str) -> Place {
    let place = Place::new();
    let text = std::fs::read_to_string(fixture("pylock/uv/torch-2.1.2/pylock.toml")).unwrap();
    place.write("pylock.toml", format!("{text}{more}"));
    place
}

#[test]
fn local_entries_of_a_poetry_lock_are_left_out_and_what_they_need_stays() {
    let place = Place::of(PATHS);
    let message = place.run(&format!("export {TARGET}")).refused();
    assert!(message.contains("`editable` comes from a repository or a folder"), "{message}");
    assert!(message.contains("--no-emit-local") && message.contains("--without-hashes"), "{message}");

    let all = place.run(&format!("export {TARGET} --without-hashes")).ok();
    let run = place.run(&format!("export -v {TARGET} --no-emit-local"));
    for (line, install) in [
        ("editable 0.3.0", "./libs/editable"),
        ("helper 0.2.0", "./libs/helper"),
        ("tiny 1.0.0", "./wheels/tiny-1.0.0-py3-none-any.whl"),
    ] {
        let said = format!("{line}: a local file or folder; install it with: pip install --no-deps {install}\n");
        assert!(run.stderr.contains(&format!("left out   {said}")), "{}", run.stderr);
    }
    let text = run.ok();
    let kept: Vec<&str> = names(&all).into_iter().filter(|name| !name.starts_with(['.', '/'])).collect();
    assert_eq!(names(&text), kept);
    assert!(names(&text).contains(&"tqdm") && names(&text).contains(&"packaging"), "{text}");
}

#[test]
fn a_package_is_left_out_by_its_name_and_counts_as_there() {
    let place = Place::of("poetry-2.5/torch-2.1.2");
    let all = place.run("export --cuda 11.8 --python 3.10").ok();
    // torch needs jinja2, so it must be there, and jinja2 needs markupsafe.
    for out in ["jinja2", "torchaudio", "torch"] {
        let run = place.run(&format!("export -v --cuda 11.8 --python 3.10 --no-emit-package {out}"));
        assert!(run.stderr.contains(&format!("left out  {out} ")), "{}", run.stderr);
        // Nothing else, of whatever version it is.
        assert_eq!(run.stderr.matches("left out").count(), 1, "{}", run.stderr);
        let text = run.ok();
        assert_eq!(names(&text), names(&all).into_iter().filter(|name| *name != out).collect::<Vec<_>>());
        assert!(text.contains("\ntorchvision @ https://download.pytorch.org/whl/cu118/"), "{out}");
        assert!(
            text.contains(&format!("export --cuda 11.8 --python 3.10 --no-emit-package {out} poetry.lock\n")),
            "{text}"
        );
    }
}

#[test]
fn a_package_without_such_a_build_can_be_left_out() {
    let place = uv(
        "xformers==0.0.23.post1 \\\n    --hash=sha256:1111111111111111111111111111111111111111111111111111111111111111\n",
    );
    let message = place.run("export --cpu --python 3.10 requirements.txt").refused();
    assert!(message.contains("--no-emit-package xformers"), "{message}");
    let run = place.run("export -v --cpu --python 3.10 --no-emit-package xformers requirements.txt");
    assert!(
        run.stderr.contains(
            "left out  xformers 0.0.23.post1: as asked; install it with: pip install --no-deps xformers==0.0.23.post1\n"
        ),
        "{}",
        run.stderr
    );
    assert!(!run.ok().contains("xformers=="));
}

/// Poetry records none for the wheels of some find-links pages.
#[test]
fn a_package_without_digests_can_be_left_out() {
    let place = Place::of("poetry-2.5/torch-2.1.2");
    let text = place.read("poetry.lock");
    let (before, entry) = text.split_once("name = \"markupsafe\"\n").unwrap();
    let (head, files) = entry.split_once("files = [\n").unwrap();
    let (_, after) = files.split_once("\n]\n").unwrap();
    place.write("poetry.lock", format!("{before}name = \"markupsafe\"\n{head}files = []\n{after}"));
    let message = place.run("export --cuda 11.8 --python 3.10").refused();
    assert!(message.contains("the lock has no digest for markupsafe "), "{message}");
    assert!(message.contains("or leave it out (--no-emit-package markupsafe)"), "{message}");
    let text = place.run("export --cuda 11.8 --python 3.10 --no-emit-package markupsafe").ok();
    assert!(!names(&text).contains(&"markupsafe") && names(&text).contains(&"jinja2"), "{text}");
}

#[test]
fn the_project_itself_is_left_out_where_all_is_hashed() {
    for line in ["-e .\n", "-e ./\n", ".\n", "demo @ .\n", "-e file:.\n"] {
        let place = uv(line);
        let run = place.run("export -v --cuda 11.8 --python 3.10 requirements.txt");
        assert!(run.stderr.contains(": the project itself; install it with: pip install --no-deps "), "{}", run.stderr);
        let text = run.ok();
        assert!(!text.contains(&format!("\n{line}")), "{text}");
        // It has no digest, and needs none where none is written.
        let text = place.run("export --cuda 11.8 --python 3.10 --without-hashes requirements.txt").ok();
        assert!(text.ends_with(line), "{text}");
        let arguments = "export --cuda 11.8 --python 3.10 --without-hashes --no-emit-project requirements.txt";
        assert!(!place.run(arguments).ok().ends_with(line));
    }
    let place = pylock("\n[[packages]]\nname = \"demo\"\ndirectory = { path = \".\", editable = true }\n");
    let run = place.run("export -v --cuda 11.8 --python 3.10 pylock.toml");
    assert!(run.stderr.contains("left out  demo: the project itself; install it with: pip install --no-deps .\n"));
    assert!(!run.ok().contains("demo"));
    // Another folder is not the project.
    for (place, lock) in [
        (uv("-e ./libs/a\n"), "requirements.txt"),
        (pylock("\n[[packages]]\nname = \"a\"\ndirectory = { path = \"libs/a\" }\n"), "pylock.toml"),
    ] {
        let message = place.run(&format!("export --cuda 11.8 --python 3.10 {lock}")).refused();
        assert!(message.contains("--no-emit-local"), "{message}");
        place.run(&format!("export --cuda 11.8 --python 3.10 --no-emit-local {lock}")).ok();
    }
}

/// A bare name means a package of the index, whoever put it there.
#[test]
fn a_path_is_quoted_as_a_shell_and_pip_take_it() {
    let arguments = "export --cuda 11.8 --python 3.10 --no-emit-local";
    let folder = |path: &str| format!("\n[[packages]]\nname = \"other\"\ndirectory = {{ path = '{path}' }}\n");
    for (path, install) in [
        ("other", "./other"),
        ("libs/other", "./libs/other"),
        ("../other", "../other"),
        ("my other", "\"./my other\""),
        ("$(other)", "\"./\\$(other)\""),
    ] {
        for format in ["", "--format pylock"] {
            let run = pylock(&folder(path)).run(&format!("{arguments} {format} pylock.toml"));
            assert!(run.stderr.contains(&format!("pip install --no-deps {install}\n")), "{path}: {}", run.stderr);
        }
    }
    let wheel =
        format!("archive = {{ path = 'other-1.0-py3-none-any.whl', hashes = {{ sha256 = '{}' }} }}\n", "a".repeat(64));
    let run = pylock(&format!("\n[[packages]]\nname = \"other\"\n{wheel}")).run(&format!("{arguments} pylock.toml"));
    assert!(run.stderr.contains("pip install --no-deps ./other-1.0-py3-none-any.whl\n"), "{}", run.stderr);
}

#[test]
fn a_folder_that_is_installed_in_place_stays_so() {
    for (editable, line) in [(", editable = true", "-e ./other"), (", editable = false", "./other"), ("", "./other")] {
        let place = pylock(&format!("\n[[packages]]\nname = \"x\"\ndirectory = {{ path = \"other\"{editable} }}\n"));
        let text = place.run("export --cuda 11.8 --python 3.10 --without-hashes pylock.toml").ok();
        assert!(text.lines().any(|one| one == line), "{editable}: {text}");
    }
    let text = Place::of(PATHS).run(&format!("export {TARGET} --without-hashes")).ok();
    assert!(text.contains("\n-e ./libs/editable\n") && text.contains("\n./libs/helper\n"), "{text}");
}

#[test]
fn what_is_left_out_goes_from_a_requirements_file_with_its_comments_alone() {
    let before = uv("");
    let more =
        "./libs/a\n    # via demo\nb @ file:///src/b\n    # via demo\nc @ git+https://example.com/c.git@0123456\n";
    let place = uv(more);
    let message = place.run("export --cuda 11.8 --python 3.10 requirements.txt").refused();
    assert!(message.contains("--no-emit-local") && message.contains("--no-emit-package c"), "{message}");
    let arguments = "export --cuda 11.8 --python 3.10 --no-emit-local --no-emit-package c";
    let body = |run: Run| run.ok().lines().filter(|line| !line.starts_with("# ")).collect::<Vec<_>>().join("\n");
    let expected = body(before.run("export --cuda 11.8 --python 3.10 requirements.txt"));
    assert_eq!(body(place.run(&format!("{arguments} requirements.txt"))), expected);
    let report = place.run(&format!("{arguments} --report json requirements.txt")).stderr;
    for install in ["./libs/a", "file:///src/b", "\\\"c @ git+https://example.com/c.git@0123456\\\""] {
        assert!(report.contains(&format!("pip install --no-deps {install}\"")), "{install}: {report}");
    }
}

#[test]
fn a_check_of_the_output_knows_what_was_left_out() {
    let place = Place::of(PATHS);
    place.run(&format!("export {TARGET} --no-emit-local --no-emit-package tqdm -o out.txt")).ok();
    place.run("check out.txt").ok();
    place.write("out.txt", place.read("out.txt").replace(" --no-emit-package tqdm", ""));
    let found = place.run("check out.txt");
    assert_eq!(found.status, 1, "{}", found.stdout);
    assert!(found.stdout.contains("tqdm"), "{}", found.stdout);
}

#[test]
fn a_target_of_the_configuration_says_what_is_left_out() {
    let place = Place::of(PATHS);
    let target = "[targets.docker]\ncuda = \"12.4\"\npython = \"3.11\"\noutput = \"out.txt\"\n";
    place.write("torchswap.toml", format!("{target}no-emit-local = true\nno-emit-package = [\"tqdm\"]\n"));
    place.run("export --all-targets").ok();
    let text = place.read("out.txt");
    assert!(!names(&text).contains(&"tqdm") && !text.contains("libs/") && names(&text).contains(&"torch"), "{text}");
    place.run("check").ok();
    // Flags leave out more, never less.
    let more = place.run("export --target docker --no-emit-package packaging -o -").ok();
    assert_eq!(names(&more), names(&text).into_iter().filter(|name| *name != "packaging").collect::<Vec<_>>());
    // An audit looks at what is exported.
    let all = place.run("audit --all-targets --report json");
    let of = |name: &str| all.stdout.split(&format!("\"package\":\"{name}\"")).nth(1).unwrap()[..60].to_owned();
    assert!(of("tqdm").contains("\"selected\":false") && of("sympy").contains("\"selected\":true"), "{}", all.stdout);
    place.write("torchswap.toml", format!("{target}no-emit-package = \"tqdn\"\n"));
    for command in ["export --all-targets", "audit --all-targets"] {
        let message = place.run(command).refused();
        assert!(message.contains("no package tqdn") && message.contains("did you mean `tqdm`?"), "{message}");
    }
    place.write(
        "torchswap.toml",
        format!("{target}no-emit-local = true\n[targets.mac]\nplatform = \"macos-arm64\"\npython = \"3.11\"\noutput = \"out.txt\"\n"),
    );
    let message = place.run("export --all-targets").refused();
    assert!(message.contains("the targets docker and mac share a file"), "{message}");
}

#[test]
fn a_gpu_library_stays_for_what_is_left_out() {
    let place = Place::of("poetry-2.5/torch-2.1.2");
    let lock = place.read("poetry.lock");
    let (before, tqdm) = lock.split_once("\nname = \"tqdm\"\n").unwrap();
    let needs = tqdm.replacen("[package.dependencies]\n", "[package.dependencies]\nnvidia-nccl-cu12 = \"*\"\n", 1);
    place.write("poetry.lock", format!("{before}\nname = \"tqdm\"\n{needs}"));
    let text = place.run("export --cpu --python 3.10 --no-emit-package tqdm").ok();
    assert!(names(&text).contains(&"nvidia-nccl-cu12") && !names(&text).contains(&"tqdm"), "{text}");
    let text = place.run("export --cpu --python 3.10 --no-emit-package requests").ok();
    assert!(names(&text).contains(&"nvidia-nccl-cu12"), "{text}");
    place.write("poetry.lock", lock);
    let text = place.run("export --cpu --python 3.10 --no-emit-package tqdm").ok();
    assert!(!names(&text).contains(&"nvidia-nccl-cu12"), "{text}");
}

#[test]
fn torch_itself_can_be_left_out_and_its_libraries_follow_its_build() {
    let place = pylock("");
    let arguments = "export --cuda 11.8 --python 3.10 --no-emit-package torch pylock.toml";
    let run = place.run(arguments);
    let wheel = "https://download.pytorch.org/whl/cu118/torch-2.1.2%2Bcu118-cp310-cp310-linux_x86_64.whl";
    let said = format!("as asked; install it with: pip install --no-deps \"torch @ {wheel}\"\n");
    assert!(run.stderr.contains(&said), "{}", run.stderr);
    let text = run.ok();
    assert!(!names(&text).contains(&"torch") && !text.contains("-cu12") && text.contains("\ntriton=="), "{text}");
    place.run(&format!("{arguments} -o out.txt")).ok();
    place.run("check out.txt").ok();
    let cpu = place.run("export --cpu --python 3.10 --no-emit-package torch pylock.toml").ok();
    assert!(!cpu.contains("nvidia-"), "{cpu}");
    // Nothing else of the family need be there.
    place.write("requirements.txt", "torch==1.13.1\ntyping-extensions==4.12.2\n");
    let arguments = "export --cuda 11.7 --python 3.10 --without-hashes --no-emit-package torch requirements.txt";
    assert_eq!(names(&place.run(arguments).ok()), ["typing-extensions"]);
}

#[test]
fn the_project_is_known_by_its_name_too() {
    let place = uv("my-app @ file:///work/my-app\n");
    place.run("export --cuda 11.8 --python 3.10 requirements.txt").refused();
    place.write("pyproject.toml", "[project]\nname = \"My_App\"\nversion = \"1\"\n");
    let run = place.run("export -v --cuda 11.8 --python 3.10 requirements.txt");
    assert!(run.stderr.contains("left out  my-app: the project itself"), "{}", run.stderr);
    run.ok();
}

#[test]
fn no_line_of_a_torch_that_is_left_out_stays() {
    let place = Place::new();
    let [here, elsewhere] = ["==", "!="].map(|is| format!("torch==2.1.2 ; platform_release {is} 'a'\n"));
    let others = "filelock==3.13.1\nfsspec==2024.2.0\njinja2==3.1.3\nmarkupsafe==2.1.5\nmpmath==1.3.0\nnetworkx==3.1\n\
                  sympy==1.12\ntyping-extensions==4.12.2\n";
    place.write("requirements.txt", format!("{here}{elsewhere}{others}"));
    let arguments = "export --cuda 11.8 --python 3.10 --without-hashes requirements.txt";
    assert_eq!(names(&place.run(arguments).ok()).iter().filter(|name| **name == "torch").count(), 2);
    let text = place.run(&format!("{arguments} --no-emit-package torch")).ok();
    assert!(!names(&text).contains(&"torch") && names(&text).contains(&"triton"), "{text}");
}
