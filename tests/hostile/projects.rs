//! Broken `pyproject.toml` files beside a lock that needs them.

use super::locks::old_lock;
use super::{Case, read, refused, swap};

/// The project of the lock that is broken elsewhere, with more dependencies.
pub fn with_roots(roots: &str) -> String {
    let text = read("poetry-2.5/torch-2.1.2/pyproject.toml");
    swap(&text, "    \"torch==2.1.2\",\n", &format!("    \"torch==2.1.2\",\n    {roots}\n"))
}

/// A project beside the lock that it was locked to, without the groups on the entries.
pub fn project(name: &str, text: &str) -> Case {
    Case::new(name, "pyproject.toml", text).with("poetry.lock", old_lock("")).run(&["poetry.lock"])
}

fn depends(name: &str, requirement: &str, at: &str) -> Case {
    project(name, &with_roots(&format!("{requirement:?},"))).says(at)
}

fn poetry(name: &str, line: &str, at: &str) -> Case {
    project(name, &format!("{}\n[tool.poetry.dependencies]\n{line}\n", with_roots(""))).at(at)
}

fn section(name: &str, text: &str, at: &str) -> Case {
    project(name, &format!("{}\n{text}\n", with_roots("").replace("[dependency-groups]", "[other]"))).at(at)
}

#[test]
fn what_is_no_project() {
    refused(vec![
        project("cut short", "[project\n").at("\n"),
        project("HTML", "<html>\n").at("<html>"),
        project("a merge", &with_roots("").replace("[project]", "<<<<<<< ours\n[project]")).at("<<<<<<< ours"),
        project("a table twice", &(with_roots("") + "[project]\nname = 'a'\n")),
        project("Latin-1", "").with("pyproject.toml", b"[project]\n# caf\xe9\n").says("encoding"),
        project("deep lists", &format!("x = {}", "[".repeat(100_000))),
        project("a lock that needs nobody", "")
            .nowhere()
            .blames("poetry.lock")
            .with("pyproject.toml", "\n")
            .says("torch"),
    ]);
}

#[test]
fn requirements_of_the_standard() {
    let deep = |before: &str, n: usize| format!("{before}; {}os_name == 'nt'{}", "(".repeat(n), ")".repeat(n));
    let url = "a @ https://x.example/a.whl\t";
    refused(vec![
        depends("three words", "a b c", "`a b c` is not a requirement"),
        depends("a name that ends in a hyphen", "a- >1", "`a- >1` is not a requirement"),
        depends("an extra that ends in a hyphen", "a[b-] >1", "is not a requirement"),
        depends("an empty one", "", "is not a requirement"),
        depends("another alphabet", "é", "is not a requirement"),
        depends("another alphabet in a version", "a >é,", "is not a requirement"),
        depends("another alphabet in a marker", "a ; os_name == 'é' é", "has no place in a marker"),
        depends("a quote that is not closed", "a ; os_name == 'nt", "is not a requirement"),
        depends("deep brackets", &deep("a", 100_000), "64 deep"),
        depends("brackets that are deep enough", &deep("a", 1500), "deep"),
        depends("deep brackets behind a URL", &deep(url, 100_000), "64 deep"),
        depends("a megabyte", &"a ".repeat(500_000), "is not a requirement"),
        section("a number for a list", "[dependency-groups]\ndev = 1", "1\n"),
        section("numbers in a group", "[dependency-groups]\ndev = [1]", "[1]"),
        section("a group of itself", "[dependency-groups]\ndev = [{include-group = 'dev'}]", "[{include"),
        project("dependencies as text", "[project]\nname = 'a'\ndependencies = {}\n").at("{}"),
        project("a name that is none", "[project]\nname = '?'\n").at("'?'"),
        project("extras as text", "[project]\nname = 'a'\noptional-dependencies = 'x'\n").at("'x'"),
        project("an extra that is none", "[project]\nname = 'a'\n[project.optional-dependencies]\n'?' = []\n").at("[]"),
    ]);
}

#[test]
fn requirements_of_poetry() {
    let source = |url: &str| format!("[[tool.poetry.source]]\nname = 'x'\nurl = {url}");
    refused(vec![
        poetry("a number", "a = 2", "2\n"),
        poetry("no version", "a = 'latest'", "'latest'"),
        poetry("a marker", "a = {version = '*', markers = 'x'}", "'x'"),
        poetry("a name", "'a b' = '*'", "'*'"),
        poetry("Pythons", "a = {version = '*', python = 'new'}", "'new'"),
        poetry("extras", "a = {version = '*', extras = 1}", "1}"),
        project("a table", "[tool]\npoetry = 1\n").at("1\n"),
        section("an index that is a script", &source("'javascript:x'"), "'javascript:x'"),
        section("an index and a line of its own", &source("\"https://x.example\\nevil==1\""), "\"https"),
        section("a group", "[tool.poetry.group.dev]\ndependencies = 1", "1\n"),
    ]);
}

#[test]
fn groups_that_include_each_other() {
    let standard = |count: usize, value: &dyn Fn(usize) -> String| {
        (0..count).map(|n| format!("g{n} = [{}]\n", value(n + 1))).collect::<String>()
    };
    let one = |n: usize| format!("{{include-group = 'g{n}'}}");
    let long = format!("[dependency-groups]\n{}g3000 = []\n", standard(3000, &one));
    let twice = |n: usize| format!("{0}, {0}", one(n));
    let doubling = format!("[dependency-groups]\n{}g40 = ['torch']\n", standard(40, &twice));
    let poetry: String = (0..40)
        .rev()
        .map(|n| {
            let include = format!("include-groups = ['g{0}', 'g{0}']", n + 1);
            format!("[tool.poetry.group.g{n}]\n{include}\n[tool.poetry.group.g{n}.dependencies]\na{n} = '*'\n")
        })
        .collect();
    let poetry = format!("{poetry}[tool.poetry.group.g40.dependencies]\nx = '*'\n");
    let cases = [("a long chain", long), ("doubling", doubling), ("doubling in Poetry's writing", poetry)];
    let cases = cases.map(|(name, text)| {
        let text = format!("{}\n{text}", with_roots("").replace("[dependency-groups]", "[other]"));
        project(name, &text).says("the groups include each other too often")
    });
    refused(cases.into());
}
