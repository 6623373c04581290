//! Packages that no index has, as uv locks and exports them: repositories, folders, files and URLs.

use crate::support::Place;

const COMMIT: &str = "82b648c387edd9a562620400b624f953734e3ccb";

fn package(name: &str, version: &str, source: &str, more: &str) -> String {
    format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = {{ {source} }}\n{more}\n")
}

fn file(what: &str, name: &str) -> String {
    let file = format!("{{ {name}hash = \"sha256:{}\" }}", "0".repeat(64));
    if what == "wheels" { format!("wheels = [\n    {file},\n]\n") } else { format!("sdist = {file}\n") }
}

fn release(name: &str, version: &str) -> String {
    let url = format!("url = \"https://files.example/{name}-{version}-py3-none-any.whl\", ");
    package(name, version, "registry = \"https://index.example/simple\"", &file("wheels", &url))
}

/// A project that needs a package of each source; `needs` and `more` beside them.
fn lock(needs: &str, more: &[String]) -> String {
    let names =
        ["archived", "attrs", "bundled", "editable", "folder", "in-repository", "repository", "served", "wheel"];
    let edge = |name: &&str| {
        let extra = if *name == "folder" { ", extra = [\"x\"]" } else { "" };
        format!("    {{ name = \"{name}\"{extra} }},\n")
    };
    let needs = format!("dependencies = [\n{}{needs}]\n", names.iter().map(edge).collect::<String>());
    let git = |query: &str| format!("git = \"https://git.example/some.git{query}#{COMMIT}\"");
    let six = "dependencies = [\n    { name = \"six\" },\n]\n";
    let folder = format!("{six}\n[package.optional-dependencies]\nx = [\n    {{ name = \"idna\" }},\n]\n");
    let head = "version = 1\nrevision = 5\nrequires-python = \">=3.10\"\n\n[manifest]\n\
        constraints = [{ name = \"attrs\", specifier = \"<24\" }]\noverrides = [{ name = \"six\", specifier = \"==1.16.0\" }]\n\n";
    let mut packages = vec![
        package("app", "0.1", "virtual = \".\"", &needs),
        package("archived", "2.0", "path = \"../local/archived-2.0.tar.gz\"", &file("sdist", "")),
        release("attrs", "23.2.0"),
        package(
            "bundled",
            "1.0",
            "url = \"https://files.example/bundled-1.0.tar.gz\", subdirectory = \"inner\"",
            &file("sdist", ""),
        ),
        package("editable", "0.1", "editable = \"../local/editable\"", ""),
        package("folder", "0.1", "directory = \"../local/folder\"", &folder),
        release("idna", "3.20"),
        package("in-repository", "0.1", &git("?subdirectory=sub&rev=v1"), ""),
        package("repository", "0.1", &git(""), ""),
        package(
            "served",
            "1.0+l",
            "url = \"https://files.example/served-1.0%2Bl-py3-none-any.whl\"",
            &file("wheels", "url = \"https://files.example/served-1.0%2Bl-py3-none-any.whl\", "),
        ),
        release("six", "1.16.0"),
        package(
            "wheel",
            "1.0",
            "path = \"../local/wheel-1.0-py3-none-any.whl\"",
            &file("wheels", "filename = \"wheel-1.0-py3-none-any.whl\", "),
        ),
    ];
    packages.extend_from_slice(more);
    packages.sort();
    head.to_owned() + &packages.concat()
}

/// The lines of an export, without its header.
fn exported(place: &Place, words: &str) -> Vec<String> {
    let text = place.run(&format!("export -q --allow-none {words} uv.lock")).ok();
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

const LINUX: &str = "--platform linux-x86_64 --python 3.11 --without-hashes";

#[test]
fn a_package_is_written_by_its_source() {
    let place = Place::new();
    place.write("uv.lock", lock("", &[]));
    let expected = [
        "-e ../local/editable",
        "../local/archived-2.0.tar.gz",
        "../local/folder",
        "../local/wheel-1.0-py3-none-any.whl",
        "attrs @ https://files.example/attrs-23.2.0-py3-none-any.whl",
        "bundled @ https://files.example/bundled-1.0.tar.gz#subdirectory=inner",
        "idna @ https://files.example/idna-3.20-py3-none-any.whl",
        &format!("in-repository @ git+https://git.example/some.git@{COMMIT}#subdirectory=sub"),
        &format!("repository @ git+https://git.example/some.git@{COMMIT}"),
        "served @ https://files.example/served-1.0%2Bl-py3-none-any.whl",
        "six @ https://files.example/six-1.16.0-py3-none-any.whl",
    ];
    let mut lines = exported(&place, LINUX);
    lines.sort();
    let mut sorted = expected.map(str::to_owned);
    sorted.sort();
    assert_eq!(lines, sorted);
    // What has no digest is named; what has one keeps it.
    let message = place.run("export --allow-none --python 3.11 uv.lock").refused();
    for name in ["editable", "folder", "in-repository", "repository"] {
        assert!(
            message.contains(&format!("`{name}` comes from a repository or a folder, which has no digest")),
            "{message}"
        );
    }
    assert_eq!(message.matches("error: ").count(), 4, "{message}");
    let left = "--python 3.11 --no-emit-local --no-emit-package repository --no-emit-package in-repository";
    let lines = exported(&place, left).join("\n");
    let digest = format!(" \\\n    --hash=sha256:{}", "0".repeat(64));
    for line in [expected[4], expected[5], expected[6], expected[9], expected[10]] {
        assert!(lines.contains(&format!("{line}{digest}")), "{line}: {lines}");
    }
    assert_eq!(lines.matches("--hash=").count(), 5, "{lines}");
}

/// The index has the same version, too.
#[test]
fn of_one_version_from_two_sources_each_platform_gets_its_own() {
    let place = Place::new();
    let edge = |source: &str, sign: &str| {
        let marker = format!("marker = \"sys_platform {sign} 'linux'\"");
        format!("    {{ name = \"twin\", version = \"1.0\", source = {{ {source} }}, {marker} }},\n")
    };
    let (path, index) = ("path = \"../local/twin-1.0.tar.gz\"", "registry = \"https://index.example/simple\"");
    let own = package("twin", "1.0", path, &file("sdist", ""));
    let needs = format!("{}{}", edge(path, "=="), edge(index, "!="));
    place.write("uv.lock", lock(&needs, &[own, release("twin", "1.0")]));
    let has = |platform: &str, line: &str| {
        let lines = exported(&place, &format!("--platform {platform} --python 3.11 --without-hashes"));
        lines.iter().any(|one| one == line)
    };
    for (platform, is_local) in [("linux-x86_64", true), ("windows-x86_64", false), ("macos-arm64", false)] {
        assert_eq!(has(platform, "../local/twin-1.0.tar.gz"), is_local, "{platform}");
        assert_eq!(has(platform, "twin @ https://files.example/twin-1.0-py3-none-any.whl"), !is_local, "{platform}");
    }
}

/// uv exports `name==version` of it, which an installer would look for in an index.
#[test]
fn a_package_from_a_folder_of_wheels_is_refused_by_name() {
    let place = Place::new();
    for folder in ["../wheels", "C:/wheels"] {
        let wheels = "wheels = [\n    { path = \"flat-1.0-py3-none-any.whl\" },\n]\n";
        let flat = package("flat", "1.0", &format!("registry = \"{folder}\""), wheels);
        place.write("uv.lock", lock("    { name = \"flat\" },\n", &[flat]));
        let message = place.run("export --allow-none --python 3.11 uv.lock").refused();
        assert!(message.contains("`flat` is from a folder of wheels, which is not read"), "{message}");
        assert!(message.contains(&format!("| source = {{ registry = \"{folder}\" }}")), "{message}");
        assert!(message.contains("flat = { path = \"…\" }"), "{message}");
    }
}

/// uv takes each under the markers of its own fork.
#[test]
fn a_group_of_no_project_that_does_not_say_which_of_two_it_means_is_refused_by_name() {
    let place = Place::new();
    let both = [release("twin", "1.0"), release("twin", "2.0")];
    let text =
        lock("", &both).replace("[manifest]\n", "[manifest]\ndependency-groups = { dev = [{ name = \"twin\" }] }\n");
    place.write("uv.lock", text);
    let message = place.run("export --allow-none --python 3.11 --only dev uv.lock").refused();
    assert!(message.contains("uv.lock has twin more than once, and this does not say which"), "{message}");
    assert!(message.contains("help: export it, which other tools read: uv export --format pylock.toml"), "{message}");
}

#[test]
fn markers_that_cannot_be_put_together_are_refused_with_what_uv_makes_of_them() {
    let place = Place::new();
    let open = |n| format!("    {{ name = \"six\", marker = \"'r{n}' in platform_release\" }},\n");
    place.write("uv.lock", lock(&(0..9).map(open).collect::<String>(), &[]));
    let refused = place.run("export --allow-none --cpu uv.lock").refused();
    assert!(
        refused.contains("that no target decides") && refused.contains("uv export -o requirements.txt"),
        "{refused}"
    );
}
