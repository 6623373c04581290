//! Groups and extras that contain torch: which of them a target takes, and what is reported about the others.

use crate::support::Place;

/// A Poetry project of entries (name, version, and where it belongs), with its lists of extras and groups.
fn poetry(project: &str, entries: &[(&str, &str, &str)], extras: &str) -> Place {
    let place = Place::new();
    let head = "[project]\nname = \"app\"\nversion = \"1\"\nrequires-python = \">=3.11,<3.12\"\n";
    place.write("pyproject.toml", format!("{head}{project}\n[tool.poetry]\npackage-mode = false\n"));
    let zeros = "0".repeat(64);
    let entry = |(name, version, rest): &(&str, &str, &str)| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\ndescription = \"\"\noptional = true\npython-versions = \">=3.8\"\n\
             {rest}\nfiles = [{{file = \"{name}-{version}-py3-none-any.whl\", hash = \"sha256:{zeros}\"}}]\n\n"
        )
    };
    let entries: String = entries.iter().map(entry).collect();
    let end = "[metadata]\nlock-version = \"2.1\"\npython-versions = \">=3.11,<3.12\"\ncontent-hash";
    place.write("poetry.lock", format!("{entries}{extras}\n{end} = \"{zeros}\"\n"));
    place
}

/// Two extras that exclude each other, each with a torch.
fn two_extras(first: &str, second: &str) -> Place {
    let of = |one: &str, other: &str| {
        format!("groups = [\"main\"]\nmarkers = \"extra == \\\"{one}\\\" and extra != \\\"{other}\\\"\"")
    };
    poetry(
        &format!("[project.optional-dependencies]\n{first} = [\"torch (==2.5.1)\"]\n{second} = [\"torch (==2.6.0)\"]"),
        &[("torch", "2.5.1", &of(first, second)), ("torch", "2.6.0", &of(second, first))],
        &format!("[extras]\n{first} = [\"torch\"]\n{second} = [\"torch\"]\n"),
    )
}

fn table(text: &str, name: &str) -> String {
    let rest = text.split_once(&format!("[targets.{name}]\n")).unwrap().1;
    rest.split_once("\n\n").map_or(rest, |(table, _)| table).to_owned()
}

#[test]
fn it_names_the_extra_or_the_group_that_has_torch() {
    let place = two_extras("cpu", "cuda");
    let shown = place.run("init --dry-run").ok();
    assert!(!place.exists("torchswap.toml"), "a dry run writes nothing");
    place.run("init").ok();
    let text = place.read("torchswap.toml");
    assert!(shown.starts_with(&format!("torchswap.toml would be:\n\n{text}\n")), "{shown}");
    let docker = table(&text, "docker");
    assert!(docker.contains("extras = [\"cuda\"]  # or \"cpu\", which excludes it\n"), "{text}");
    assert!(docker.contains("torch 2.6.0"), "{text}");
    for name in ["ci", "mac"] {
        let line = "extras = [\"cpu\"]  # or \"cuda\", which excludes it\n";
        assert!(table(&text, name).contains(line), "{text}");
    }
    let place = poetry(
        "[tool.poetry.group.train.dependencies]\ntorch = \"2.6.0\"",
        &[("torch", "2.6.0", "groups = [\"train\"]")],
        "",
    );
    place.run("init").ok();
    let text = place.read("torchswap.toml");
    assert!(table(&text, "docker").contains("with = [\"train\"]\n") && !text.contains("extras"), "{text}");
}

/// What has torch and goes together is taken together, so that nothing is missing.
#[test]
fn groups_and_extras_with_torch_are_taken_together() {
    let groups = "[tool.poetry.group.gpu.dependencies]\ntorch = \"2.6.0\"\n\
                  [tool.poetry.group.train.dependencies]\ntorch = \"2.6.0\"\ntqdm = \"4.67.1\"\n\
                  [tool.poetry.group.score.dependencies]\ntorch = \"2.6.0\"";
    let of_all = "groups = [\"gpu\", \"score\", \"train\"]";
    let place = poetry(groups, &[("torch", "2.6.0", of_all), ("tqdm", "4.67.1", "groups = [\"train\"]")], "");
    place.run("init").ok();
    let text = place.read("torchswap.toml");
    // The names say which is for the GPU.
    assert!(table(&text, "docker").contains("with = [\"gpu\", \"score\", \"train\"]\n"), "{text}");
    for name in ["ci", "mac"] {
        assert!(table(&text, name).contains("with = [\"score\", \"train\"]  # not \"gpu\", by its name\n"), "{text}");
    }
    place.run("export --all-targets -q").ok();
    for name in ["docker", "ci", "mac"] {
        assert!(place.read(&format!("requirements-{name}.txt")).contains("\ntqdm=="), "{name}");
    }
}

/// Where a choice is made, all targets get one release if they can, and the other choice is reported.
#[test]
fn targets_get_one_release_where_extras_exclude_each_other() {
    let place = two_extras("apast", "gpu");
    place.run("init").ok();
    let text = place.read("torchswap.toml");
    for name in ["docker", "ci", "mac"] {
        let line = "extras = [\"gpu\"]  # or \"apast\", which excludes it\n";
        assert!(table(&text, name).contains(line), "{text}");
    }
}

/// A package that one extra brings in only without the other would be missing in both together.
#[test]
fn extras_that_take_something_from_each_other_are_not_taken_together() {
    let of_both = "groups = [\"main\"]\nmarkers = \"extra == \\\"a\\\" or extra == \\\"b\\\"\"";
    for (owner, other) in [("a", "b"), ("b", "a")] {
        let extras = format!("{owner} = [\"torch\", \"tqdm\"]\n{other} = [\"torch\"]\n");
        let project = format!("[project.optional-dependencies]\n{extras}");
        let of_one =
            format!("groups = [\"main\"]\nmarkers = \"extra == \\\"{owner}\\\" and extra != \\\"{other}\\\"\"");
        let of_docker = |of_tqdm| {
            let entries = [("torch", "2.6.0", of_both), ("tqdm", "4.67.1", of_tqdm)];
            let place = poetry(&project, &entries, &format!("[extras]\n{extras}"));
            place.run("init").ok();
            table(&place.read("torchswap.toml"), "docker")
        };
        let apart = of_docker(&of_one);
        assert!(apart.contains("extras = [\"a\"]  # or \"b\", which excludes it\n"), "{apart}");
        let together = of_docker(of_both);
        assert!(together.contains("extras = [\"a\", \"b\"]\n"), "{together}");
    }
}

#[test]
fn a_refusal_names_what_brings_torch_in() {
    let place = two_extras("cpu", "cuda");
    let all = place.run("export --cuda 12.6 --all-extras").refused();
    assert!(
        all.contains("help: take one of what excludes each other: --extras cpu or --extras cuda, or pass on"),
        "{all}"
    );
    let none = place.run("export --cuda 12.6").refused();
    assert!(none.contains("help: choose what brings it in: --extras cpu or --extras cuda, or pass on"), "{none}");
    let group = "[tool.poetry.group.train.dependencies]\ntorch = \"2.6.0\"";
    let place = poetry(group, &[("torch", "2.6.0", "groups = [\"train\"]")], "");
    let none = place.run("export --cuda 12.6").refused();
    assert!(
        none.contains("help: choose what brings it in: --with train, or pass on without it: --allow-none"),
        "{none}"
    );
}
