//! Small locks made by hand, one for each feature of `poetry.lock` that no fixture has. Their digests are plainly invented.

use crate::support::Place;

/// `aaaa…`: an invented digest.
fn invented(digit: char) -> String {
    digit.to_string().repeat(64)
}

fn entry(name: &str, version: &str, rest: &str) -> String {
    format!(
        "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\ndescription = \"\"\noptional = false\npython-versions = \"*\"\n{rest}\n"
    )
}

fn files(name: &str, digit: char) -> String {
    format!("files = [\n    {{file = \"{name}\", hash = \"sha256:{}\"}},\n]\n", invented(digit))
}

fn place(lock: &str, dependencies: &str) -> Place {
    let place = Place::new();
    place.write("poetry.lock", lock);
    place.write(
        "pyproject.toml",
        format!("[tool.poetry]\nname = \"app\"\n[tool.poetry.dependencies]\npython = \"^3.9\"\n{dependencies}"),
    );
    place
}

const METADATA_2_0: &str = "[metadata]\nlock-version = \"2.0\"\npython-versions = \"^3.9\"\ncontent-hash = \"\"\n";

fn body(place: &Place, arguments: &str) -> String {
    let text = place.run(&format!("export --allow-none --python 3.10 -q {arguments}")).ok();
    text.lines().filter(|line| !line.starts_with("# ")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn version_1_0_has_digests_without_names() {
    let lock = entry("a", "1.0", "category = \"main\"\n")
        + &format!(
            "[metadata]\npython-versions = \"^3.9\"\n[metadata.hashes]\na = [\"{}\", \"{}\"]\n",
            invented('b'),
            invented('a')
        );
    let found = body(&place(&lock, "a = \"1.0\"\n"), "");
    assert_eq!(
        found,
        format!("a==1.0 \\\n    --hash=sha256:{} \\\n    --hash=sha256:{}\n", invented('a'), invented('b'))
    );
}

#[test]
fn version_1_1_keeps_the_digest_of_a_url() {
    let url = "https://files.example/a-1.0-py3-none-any.whl";
    let lock = entry("a", "1.0", &format!("[package.source]\ntype = \"url\"\nurl = \"{url}\"\n"))
        + "[metadata]\nlock-version = \"1.1\"\npython-versions = \"^3.9\"\n[metadata.files]\n"
        + &format!(
            "a = [\n    {{file = \"a-1.0.tar.gz\", hash = \"sha256:{}\"}},\n    {{file = \"a-1.0-py3-none-any.whl\", hash = \"sha256:{}\"}},\n]\n",
            invented('c'),
            invented('d')
        );
    let found = body(&place(&lock, &format!("a = {{url = \"{url}\"}}\n")), "");
    assert_eq!(found, format!("a @ {url} \\\n    --hash=sha256:{}\n", invented('d')));
}

#[test]
fn a_url_without_digest_is_refused() {
    let lock =
        entry("a", "1.0", "files = []\n[package.source]\ntype = \"url\"\nurl = \"https://files.example/a.whl\"\n")
            + METADATA_2_0;
    let message = place(&lock, "a = \"*\"\n").run("export --allow-none").refused();
    assert!(message.contains("no digest for a 1.0") && message.contains("poetry.lock:2:8"), "{message}");
}

#[test]
fn weak_digests_do_not_count() {
    let lock = entry(
        "a",
        "1.0",
        "files = [\n    {file = \"a-1.0.tar.gz\", hash = \"md5:0123456789abcdef0123456789abcdef\"},\n]\n",
    ) + METADATA_2_0;
    let message = place(&lock, "a = \"*\"\n").run("export --allow-none").refused();
    let why = "the lock's digests of a 1.0 are too weak: pip's hash mode does not accept them";
    assert!(
        message.contains(why) && message.contains("regenerate the lock with a tool that records sha256"),
        "{message}"
    );
}

#[test]
fn indexes_that_are_used_are_named() {
    let source = |url: &str, name: &str| {
        format!("[package.source]\ntype = \"legacy\"\nurl = \"{url}\"\nreference = \"{name}\"\n")
    };
    let lock = entry("a", "1.0", &(files("a-1.0.tar.gz", 'a') + &source("https://one.example/simple", "one")))
        + &entry("b", "1.0", &(files("b-1.0.tar.gz", 'b') + &source("http://two.example/simple", "two")))
        + &entry("c", "1.0", &files("c-1.0.tar.gz", 'c'))
        + METADATA_2_0;
    let sources = "a = {version = \"*\", source = \"one\"}\nb = \"*\"\nc = \"*\"\n\
        [[tool.poetry.source]]\nname = \"two\"\nurl = \"http://two.example/simple/\"\npriority = \"supplemental\"\n\
        [[tool.poetry.source]]\nname = \"one\"\nurl = \"https://one.example/simple/\"\npriority = \"explicit\"\n";
    let found = body(&place(&lock, sources), "--without-hashes");
    assert_eq!(
        found,
        "--trusted-host two.example\n--extra-index-url http://two.example/simple\n\
         --extra-index-url https://one.example/simple\n\na==1.0\nb==1.0\nc==1.0\n"
    );
    let default = sources.replace("\"supplemental\"", "\"default\"");
    assert!(body(&place(&lock, &default), "--without-hashes").contains("\n--index-url http://two.example/simple\n"));
}

#[test]
fn a_repository_needs_no_digests_where_none_are_written() {
    let source = "[package.source]\ntype = \"git\"\nurl = \"https://git.example/a.git\"\nreference = \"main\"\nresolved_reference = \"0123abc\"\nsubdirectory = \"py\"\n";
    let lock = entry("a", "1.0", &format!("files = []\n{source}")) + METADATA_2_0;
    let place = place(&lock, "a = {git = \"https://git.example/a.git\"}\n");
    assert_eq!(body(&place, "--without-hashes"), "a @ git+https://git.example/a.git@0123abc#subdirectory=py\n");
    assert!(place.run("export --allow-none").refused().contains("comes from a repository"));
}

#[test]
fn platforms_and_pythons_of_a_dependency_select() {
    let lock =
        entry("a", "1.0", &files("a-1.0.tar.gz", 'a')) + &entry("b", "1.0", &files("b-1.0.tar.gz", 'b')) + METADATA_2_0;
    let place =
        place(&lock, "a = {version = \"*\", platform = \"darwin\"}\nb = {version = \"*\", python = \"<3.10\"}\n");
    assert_eq!(body(&place, "--without-hashes"), "");
    assert_eq!(body(&place, "--without-hashes --platform macos-arm64"), "a==1.0\n");
    let text = place.run("export --allow-none --without-hashes -q").ok();
    assert!(text.contains("b==1.0 ; python_version == \"3.9\"\n"), "{text}");
}

#[test]
fn what_the_target_cannot_decide_is_kept() {
    let marker = "python_full_version >= \\\"3.10.2\\\" and sys_platform == \\\"linux\\\"";
    let lock =
        entry("a", "1.0", &format!("groups = [\"main\"]\nmarkers = \"{marker}\"\n{}", files("a-1.0.tar.gz", 'a')))
            + &METADATA_2_0.replace("2.0", "2.1");
    let place = place(&lock, "a = \"*\"\n");
    assert_eq!(body(&place, "--without-hashes"), "a==1.0 ; python_full_version >= \"3.10.2\"\n");
}

/// As Poetry's export has it: a constraint that names a URL, a folder or a repository is met by the entry from there.
#[test]
fn a_constraint_with_a_source_is_met_by_the_entry_from_there() {
    let url = |name: &str| format!("https://wheels.example/{name}");
    let wheel = |version: &str| format!("a-{version}-py3-none-any.whl");
    let source =
        |kind: &str, url: &str, rest: &str| format!("\n[package.source]\ntype = \"{kind}\"\nurl = \"{url}\"\n{rest}");
    let lock = entry("a", "1.0", &(files(&wheel("1.0"), 'a') + &source("url", &url(&wheel("1.0")), "")))
        + &entry("a", "2.0", &(files(&wheel("2.0"), 'b') + &source("url", &url(&wheel("2.0")), "")))
        + &entry("a", "3.0", &files(&wheel("3.0"), 'c'))
        + &entry("a", "4.0", &source("git", "https://git.example/a.git", "resolved_reference = \"abc\"\n"))
        + METADATA_2_0;
    let alternatives = format!(
        "a = [\n    {{url = \"{}\", markers = \"sys_platform == 'darwin'\"}},\n    {{url = \"{}\", markers = \"sys_platform == \
         'win32'\"}},\n    {{git = \"https://git.example/a\", markers = \"platform_machine == 'aarch64'\"}},\n    {{version = \
         \">=1\", markers = \"sys_platform == 'linux' and platform_machine != 'aarch64'\"}},\n]\n",
        url(&wheel("1.0")),
        url(&wheel("2.0"))
    );
    let place = place(&lock, &alternatives);
    let on = |platform: &str| body(&place, &format!("--without-hashes --platform {platform}"));
    assert_eq!(on("macos-arm64"), format!("a @ {}\n", url(&wheel("1.0"))));
    assert_eq!(on("windows-x86_64"), format!("a @ {}\n", url(&wheel("2.0"))));
    assert_eq!(on("linux-aarch64"), "a @ git+https://git.example/a.git@abc\n");
    // What names no source takes whatever has the version, as Poetry does.
    assert_eq!(on("linux-x86_64"), "a @ git+https://git.example/a.git@abc\n");
}

#[test]
fn every_constraint_that_holds_is_met() {
    let lock = entry("a", "1.2", &files("a-1.2.tar.gz", 'a'))
        + &entry("a", "1.7", &files("a-1.7.tar.gz", 'b'))
        + &entry(
            "b",
            "1.0",
            "\n[package.dependencies]\na = {version = \"<1.3\", markers = \"sys_platform == \\\"darwin\\\"\"}\n",
        )
        + METADATA_2_0;
    let place = place(
        &lock,
        "a = [{version = \"^1.0\"}, {version = \"<1.3\", markers = \"sys_platform == 'win32'\"}]\nb = \"*\"\n",
    );
    let on = |platform: &str| body(&place, &format!("--without-hashes --platform {platform}"));
    assert_eq!(on("linux-x86_64"), "a==1.7\nb==1.0\n");
    assert_eq!(on("windows-x86_64"), "a==1.2\nb==1.0\n");
    // Whoever asks.
    assert_eq!(on("macos-arm64"), "a==1.2\nb==1.0\n");
    place.write("poetry.lock", lock.replace("a = {version = \"<1.3\"", "a = {version = \"<1.1\""));
    let refusal = place.run("export --allow-none --without-hashes --platform macos-arm64").refused();
    assert!(refusal.contains("b needs a (<1.1)"), "{refusal}");
}

/// Each version is taken first and excluded by the next constraint.
#[test]
fn constraints_that_exclude_version_after_version_come_to_an_end() {
    let with = |versions: usize| {
        let entries = (1..=versions).map(|n| entry("a", &n.to_string(), &files("a.tar.gz", 'a'))).collect::<String>();
        let asked = (2..=versions).rev().map(|n| format!(", {{version = \"<{n}\"}}")).collect::<String>();
        place(&(entries + METADATA_2_0), &format!("a = [{{version = \"*\"}}{asked}]\n"))
    };
    assert_eq!(body(&with(20), "--without-hashes"), "a==1\n");
    let refusal = with(200).run("export --allow-none --without-hashes --python 3.10").refused();
    assert!(refusal.contains("pyproject.toml asks for a (<200)"), "{refusal}");
}

#[test]
fn locks_before_2_1_need_their_project() {
    let place = Place::new();
    place.write("poetry.lock", entry("a", "1.0", &files("a-1.0.tar.gz", 'a')) + METADATA_2_0);
    assert!(place.run("export --allow-none").refused().contains("pyproject.toml"));
}

#[test]
fn a_lock_that_lacks_what_the_project_asks_for_is_refused() {
    let lock =
        entry("a", "1.0", &(files("a-1.0.tar.gz", 'a') + "[package.dependencies]\nmissing = \">=2\"\n")) + METADATA_2_0;
    let message = place(&lock, "a = \"*\"\nother = \"^3\"\n").run("export --allow-none").refused();
    assert!(message.contains("a needs missing (>=2)") && message.contains("asks for other (>=3,<4)"), "{message}");
}

#[test]
fn an_entry_that_is_for_other_pythons_is_named_as_the_reason() {
    let of = |version: &str, pythons: &str| {
        let one = entry("a", version, &files(&format!("a-{version}.tar.gz"), 'a'));
        one.replace("python-versions = \"*\"", &format!("python-versions = \"{pythons}\""))
    };
    let lock = of("1.0", ">=3.7,<3.9") + &of("2.0", "*") + METADATA_2_0;
    let refused = |wanted: &str, python: &str| {
        place(&lock, &format!("a = \"{wanted}\"\n")).run(&format!("export --allow-none --python {python}")).refused()
    };
    let message = refused("<2", "3.10");
    let why = "pyproject.toml asks for a (<2), but poetry.lock has 1.0 for Python >=3.7,<3.9 only (CPython 3.10)";
    assert!(
        message.contains(why) && message.contains("help: choose such a Python, or regenerate the lock"),
        "{message}"
    );
    // What is for this Python and of another version is no matter of Pythons.
    let message = refused(">=3", "3.10");
    assert!(message.contains("but poetry.lock has 1.0, 2.0 for this Python"), "{message}");
}

#[test]
fn unknown_versions_are_refused_by_name() {
    for version in ["0.9", "2.2", "3.0"] {
        let lock = METADATA_2_0.replace("2.0", version);
        let message = place(&lock, "").run("export --allow-none").refused();
        assert!(message.contains(&format!("lock-version {version} is not supported")), "{message}");
    }
}

#[test]
fn locks_of_other_tools_are_refused_by_name() {
    for (name, tool, command) in [
        ("pdm.lock", "PDM", "pdm export --prod -o requirements.txt"),
        ("Pipfile.lock", "Pipenv", "pipenv requirements --hash > requirements.txt"),
        ("pixi.lock", "pixi", "uv pip compile requirements.in --generate-hashes -o requirements.txt"),
        ("conda-lock.yml", "conda-lock", "uv pip compile requirements.in --generate-hashes -o requirements.txt"),
        ("environment.yml", "conda", "uv pip compile requirements.in --generate-hashes -o requirements.txt"),
    ] {
        let place = Place::new();
        place.write(name, "version = 1\n");
        // Named, and found in the folder by every command that looks for a lock.
        let named = format!("export {name}");
        for arguments in [&*named, "export", "rewrite --cpu", "audit", "check", "init"] {
            let message = place.run(arguments).refused();
            let reported = format!("error: {name} is a");
            assert!(message.contains(&reported) && message.contains(tool) && message.contains(command), "{message}");
        }
        let message = place.run(&format!("verify {name}")).refused();
        assert!(message.contains(command), "{message}");
        // A lock that is read goes first.
        place.write("requirements.txt", "");
        place.run("export --allow-none").ok();
    }
    let place = Place::new();
    place.write("requirements.in", "");
    let message = place.run("export requirements.in").refused();
    assert!(message.contains("input") && message.contains("help:"), "{message}");
}

/// A digest that was damaged on its way into the lock: three digits differ from what the index gives.
#[test]
fn a_damaged_digest_is_refused() {
    let place = Place::of("poetry-2.5/torch-2.1.2");
    let lock = place.read("poetry.lock");
    let at = lock.find("{file = \"torch-2.1.2-cp310-cp310-manylinux1_x86_64.whl\", hash = \"sha256:").unwrap();
    let digest = at + lock[at..].find("sha256:").unwrap() + "sha256:".len();
    let damaged: String = lock[digest..digest + 3].chars().map(|c| if c == '0' { '1' } else { '0' }).collect();
    place.write("poetry.lock", format!("{}{damaged}{}", &lock[..digest], &lock[digest + 3..]));
    let message = place.run("export --cuda 11.8 --python 3.10").refused();
    assert!(message.contains("two digests for torch-2.1.2-cp310-cp310-manylinux1_x86_64.whl"), "{message}");
}

/// Two rows of one file with two digests are reported; a row of a wheel that is missing here is taken.
#[test]
fn a_projects_catalogue_adds_but_does_not_contradict() {
    let place = Place::of("poetry-2.5/torch-2.5.1");
    let folder = "https://wheels.example/cu118";
    let wheel = "torchaudio-2.5.1+cu118-cp310-cp310-linux_x86_64.whl";
    let digest = invented('e');
    place.write(
        "team.tsv",
        format!(
            "wheel\ttorchaudio\t2.5.1+cu118\tcu118\t{folder}\t{wheel}\t{digest}\t-\t1\t-\t-\n\
             requires\ttorchaudio\t2.5.1+cu118\t{folder}\t*\tby-hand\t-\ttorch==2.5.1\n"
        ),
    );
    let run = place.run("export -v --cuda 11.8 --python 3.10 --catalog team.tsv");
    assert!(run.stderr.contains("swapped  torchaudio 2.5.1 -> 2.5.1+cu118 (team.tsv catalogue"), "{}", run.stderr);
    let line = format!(
        "torchaudio @ {folder}/torchaudio-2.5.1%2Bcu118-cp310-cp310-linux_x86_64.whl \\\n    --hash=sha256:{digest}\n"
    );
    assert!(run.ok().contains(&line));

    let wheels = std::fs::read_to_string(crate::support::root().join("src/catalog/wheels.tsv")).unwrap();
    let row = wheels.lines().find(|row| row.contains("torch-2.5.1+cu118-cp310-cp310-linux_x86_64.whl")).unwrap();
    let known = row.split('\t').nth(5).unwrap();
    place.write("wrong.tsv", format!("wheel\t{}\n", row.replace(known, &invented('e'))));
    let message = place.run("export --cuda 11.8 --catalog wrong.tsv").refused();
    assert!(message.contains(known) && message.contains(&digest), "{message}");
}
