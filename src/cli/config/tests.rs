//! Configurations, right and wrong.

use super::*;
use crate::packaging::target::Python;

fn read(text: &str) -> Result<Config> {
    Config::parse(&Source::new("torchswap.toml", text))
}

#[test]
fn reads_targets() {
    let text = r#"
lock = "locks/poetry.lock"
catalog = "team.tsv"
[targets.docker]
cuda = "11.8"
python = ["3.10", "3.11"]
output = "requirements-cu118.txt"
with = "server"
[targets.mac]
platform = "macos-arm64"
[targets.ci]
backend = "cpu"
all-extras = true
[audit.severity]
source-only = "off"
"#;
    let config = read(text).unwrap();
    let docker = config.target("docker").unwrap();
    assert_eq!(docker.target.backend, Some(Backend::Cuda(11, 8)));
    assert_eq!(config.severities, [(Rule::SourceOnly, Level::Off)]);
    assert_eq!(docker.target.pythons, [Python::three(10), Python::three(11)]);
    assert_eq!((docker.output.as_deref(), docker.choice.with.len()), (Some("requirements-cu118.txt"), 1));
    assert_eq!(config.target("mac").unwrap().target.backend, Some(Backend::Cpu));
    assert!(config.target("ci").unwrap().choice.all_extras);
    assert_eq!((config.lock.as_deref(), config.catalogs.len()), (Some("locks/poetry.lock"), 1));
    assert!(config.target("dokcer").unwrap_err().to_string().contains("it has: docker, mac, ci"));
}

#[test]
fn names_of_targets_are_plain() {
    assert!(read("[targets.'Docker-1.2_a']\ncpu = true\n").is_ok());
    for name in ["", "a b", "é", "a\\n--extra-index-url b", "d\\u2028e", "a\\u001b", "a:b", "--a=b", "a/b"] {
        let error = read(&format!("[targets.\"{name}\"]\ncpu = true\n")).unwrap_err();
        let problem = &error.problems()[0];
        assert!(problem.message.contains("is not a valid target name"), "{error}");
        assert_eq!(problem.place.as_ref().unwrap().line, 1);
    }
}

#[test]
fn reads_the_table_of_a_project() {
    let project = |text: &str| Config::parse_pyproject(&Source::new("pyproject.toml", text));
    assert!(project("[project]\nname = \"a\"\n").unwrap().is_none());
    let config = project("[tool.torchswap.targets.ci]\ncpu = true\n").unwrap().unwrap();
    assert_eq!(config.targets[0].target.backend, Some(Backend::Cpu));
}

#[test]
fn tells_every_mistake_with_its_place() {
    let text = "lokc = \"a\"\n[targets.docker]\ncuda = \"eleven\"\npyhton = \"3.10\"\nplatform = 3\npython = [\"3\"]\n";
    let error = read(text).unwrap_err();
    let places: Vec<usize> = error.problems().iter().map(|one| one.place.as_ref().unwrap().line).collect();
    assert_eq!(places, [1, 4, 5, 3, 6], "{error}");
    assert!(error.to_string().contains("did you mean `python`?") && error.to_string().contains("did you mean `lock`?"));
    let codes = read("[audit]\nseverty = 3\n[audit.severity]\nno-weel = \"off\"\nyanked = \"bad\"\n").unwrap_err();
    for text in ["did you mean `severity`?", "did you mean `no-wheel`?", "`bad` is not a severity"] {
        assert!(codes.to_string().contains(text), "{codes}");
    }
    let two = read("[targets.a]\ncuda = \"11.8\"\ncpu = true\n").unwrap_err();
    assert!(two.to_string().contains("more than one build"), "{two}");
    assert!(read("targets = 3\n").is_err() && read("[targets]\na = 1\n").is_err());
}
