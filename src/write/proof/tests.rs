//! The proof against rewritten locks that were spoilt, and against plans that were not followed.

use super::*;
use crate::catalog::Catalogues;
use crate::lock::poetry::PoetryLock;
use crate::lock::pyproject::Project;
use crate::packaging::target::{Backend, Platform};
use crate::write::{self, Style};

const FIXTURE: &str = include_str!("../../../tests/fixtures/poetry-2.5/torch-2.0.1/poetry.lock");

/// A lock before 2.1, in which only the graph says what belongs to which group, and its project.
const GRAPH: [&str; 2] = [
    include_str!("../../../tests/fixtures/poetry-1.8/torch-2.0.1/poetry.lock"),
    include_str!("../../../tests/fixtures/poetry-1.8/torch-2.0.1/pyproject.toml"),
];

fn parse(text: &str) -> Lock {
    Lock::Poetry(Box::new(PoetryLock::parse("poetry.lock", text.to_owned(), None).unwrap()))
}

fn parse_graph(text: &str) -> Lock {
    let project = Project::parse("pyproject.toml", GRAPH[1].to_owned()).unwrap();
    Lock::Poetry(Box::new(PoetryLock::parse("poetry.lock", text.to_owned(), Some(project)).unwrap()))
}

fn planned_for(lock: &Lock, cuda: &str, pythons: &[u8], knowledge: &Knowledge<'_>) -> TargetPlan {
    let target = Target {
        name: None,
        platform: Platform::LinuxX86_64,
        backend: Some(Backend::cuda(cuda).unwrap()),
        pythons: pythons.iter().map(|minor| Python::three(*minor)).collect(),
    };
    plan::target(lock, &Wanted { allow_none: true, ..Wanted::new(target, Choice::everything()) }, knowledge).unwrap()
}

fn rewritten(lock: &Lock, plans: &mut [TargetPlan]) -> String {
    write::rewritten(lock, plans, &[Choice::everything()], &Style::default()).unwrap()
}

/// The findings where a rewritten lock is spoilt.
fn found(spoil: impl Fn(&str) -> String) -> Vec<String> {
    let catalogues = Catalogues::new(Vec::new()).unwrap();
    let knowledge = Knowledge::new(&catalogues);
    let lock = parse(FIXTURE);
    let mut plans = [planned_for(&lock, "11.7", &[10], &knowledge)];
    let text = rewritten(&lock, &mut plans);
    let problems = each_choice(&lock, &plans, &parse(&spoil(&text)), &knowledge);
    problems.into_iter().map(|problem| problem.message).collect()
}

/// The differences where a rewritten lock is spoilt.
fn different(parse: impl Fn(&str) -> Lock, text: &str, spoil: impl Fn(&str) -> String) -> Vec<String> {
    let catalogues = Catalogues::new(Vec::new()).unwrap();
    let knowledge = Knowledge::new(&catalogues);
    let lock = parse(text);
    let mut plans = [planned_for(&lock, "11.8", &[10], &knowledge)];
    let again = parse(&spoil(&rewritten(&lock, &mut plans)));
    let second = [planned_for(&again, "11.8", &[10], &knowledge)];
    differences(&lock, &plans, &again, &second).into_iter().map(|problem| problem.message).collect()
}

/// A lock without one of its entries.
fn lacking(text: &str, name: &str) -> String {
    let start = text.find(&format!("[[package]]\nname = \"{name}\"\n")).unwrap();
    let end = start + 1 + text[start + 1..].find("[[package]]").unwrap();
    format!("{}{}", &text[..start], &text[end..])
}

/// Another release of a package.
fn at(text: &str, name: &str, from: &str, to: &str) -> String {
    moved(text, name, &format!("version = \"{from}\""), &format!("version = \"{to}\""))
}

/// Other groups for a package.
fn moved(text: &str, name: &str, from: &str, to: &str) -> String {
    let (before, entry) = text.split_at(text.find(&format!("name = \"{name}\"")).unwrap());
    assert!(entry.split("[[package]]").next().unwrap().contains(from), "{entry}");
    format!("{before}{}", entry.replacen(from, to, 1))
}

#[test]
fn a_package_that_one_group_lacks_is_found() {
    assert_eq!(found(str::to_owned), Vec::<String>::new());
    let main = "groups = [\"main\"]";
    for (name, groups) in [("packaging", "groups = [\"main\", \"dev\"]"), ("wheel", main), ("lit", main)] {
        let found = found(|text| moved(text, name, groups, "groups = [\"dev\"]"));
        let expected = format!("with only the group main: {name} is missing, which something needs");
        assert!(found.iter().any(|one| one.ends_with(&expected)), "{name}: {found:?}");
    }
}

#[test]
fn another_release_in_one_group_is_found() {
    let found = found(|text| moved(text, "markdown", "version = \"3.7\"", "version = \"3.6\""));
    assert!(found.iter().any(|one| one.ends_with("with only the group docs: markdown 3.6 is not what was planned")));
}

#[test]
fn what_the_whole_lock_does_not_give_as_planned_is_found() {
    let is_told = |found: &[String], what: &str| found.iter().any(|one| one.ends_with(what));
    assert_eq!(different(parse, FIXTURE, str::to_owned), Vec::<String>::new());
    for (found, what) in [
        (different(parse, FIXTURE, |text| lacking(text, "tqdm")), "tqdm 4.70.1 is not what CPython 3.10 gets"),
        (
            different(parse, FIXTURE, |text| at(text, "tqdm", "4.70.1", "4.70.0")),
            "tqdm 4.70.1 is not what CPython 3.10 gets",
        ),
        (
            different(parse, FIXTURE, |text| text.replacen("name = \"tqdm\"", "name = \"tqdn\"", 1)),
            "tqdn comes along for CPython 3.10",
        ),
    ] {
        assert!(is_told(&found, what), "{what}: {found:?}");
    }
}

/// Planned packages must not be as locked; all other packages must be there.
#[test]
fn a_group_has_what_was_planned_for_it_and_loses_nothing_else() {
    let unchanged = found(|_| FIXTURE.to_owned());
    assert!(unchanged.iter().any(|one| one.contains("with only the group main: ")), "{unchanged:?}");
    let without = found(|text| lacking(text, "markdown"));
    assert!(without.iter().any(|one| one.ends_with("with only the group docs: markdown is missing")), "{without:?}");
}

/// The findings where the second plan does not reach a package.
fn unreached(parse: impl Fn(&str) -> Lock, text: &str, name: &str) -> Vec<String> {
    let catalogues = Catalogues::new(Vec::new()).unwrap();
    let knowledge = Knowledge::new(&catalogues);
    let lock = parse(text);
    let mut plans = [planned_for(&lock, "11.8", &[10], &knowledge)];
    let again = parse(&rewritten(&lock, &mut plans));
    let mut second = [planned_for(&again, "11.8", &[10], &knowledge)];
    assert!(differences(&lock, &plans, &again, &second).is_empty());
    second[0].environments[0].lines.retain(|line| line.name.as_ref() != name);
    differences(&lock, &plans, &again, &second).into_iter().map(|problem| problem.message).collect()
}

#[test]
fn a_lock_that_selects_by_its_graph_may_lose_what_was_as_locked_and_nothing_else() {
    assert_eq!(unreached(parse_graph, GRAPH[0], "charset-normalizer"), Vec::<String>::new());
    let expected = |name: &str| vec![format!("the rewritten lock would not do: {name} is not what CPython 3.10 gets")];
    assert_eq!(unreached(parse_graph, GRAPH[0], "torchaudio"), expected("torchaudio 2.0.2+cu118"));
    assert_eq!(unreached(parse, FIXTURE, "charset-normalizer"), expected("charset-normalizer 3.5.2"));
}

#[test]
fn a_python_that_the_plan_does_not_serve_loses_nothing_that_it_needs() {
    let markers = |to: &str| format!("markers = \"python_version < \\\"{to}\\\"\"");
    let found = found(|text| moved(text, "importlib-metadata", &markers("3.10"), &markers("3.9")));
    let expected = "CPython 3.9 lacks importlib-metadata, which something needs";
    assert!(found.iter().any(|one| one.ends_with(expected)), "{found:?}");
}

/// Markdown asks for importlib-metadata 4.4 or newer under Python 3.9.
#[test]
fn a_release_of_the_plan_may_stand_beside_packages_that_it_is_not_about_if_it_does_for_them() {
    let catalogues = Catalogues::new(Vec::new()).unwrap();
    let knowledge = Knowledge::new(&catalogues);
    let lock = parse(FIXTURE);
    let plan = planned_for(&lock, "11.8", &[9], &knowledge);
    let one = &plan.environments[0];
    let (docs, _) = lock.choices().into_iter().find(|(_, what)| what.contains("only the group docs")).unwrap();
    let old = lock.select(&docs, one.environment).unwrap();
    assert!(does("importlib-metadata", &lock, &old) && does("markdown", &lock, &old));
    for (version, is_fine) in [("8.4.0", true), ("4.0", false)] {
        let again = parse(&at(FIXTURE, "importlib-metadata", "8.5.0", version));
        let new = again.select(&docs, one.environment).unwrap();
        assert_eq!(does("importlib-metadata", &again, &new), is_fine);
        // It is what the plan has, with the same files.
        let mut planned = installed(&lock, &plan);
        planned.get_mut(&(one.environment.python, "importlib-metadata".to_owned())).unwrap().0 = version.to_owned();
        assert_eq!(same(&lock, one, &planned, &old, &again, &new).is_ok(), is_fine, "{version}");
    }
}

#[test]
fn a_choice_is_whole_where_its_plan_finds_nothing_to_do_under_that_python() {
    let catalogues = Catalogues::new(Vec::new()).unwrap();
    let knowledge = Knowledge::new(&catalogues);
    let lock = parse(FIXTURE);
    let everything = Choice::everything();
    let both = planned_for(&lock, "11.8", &[10, 11], &knowledge);
    let before = whole(&lock, &everything, &both, &both.environments[0], &knowledge);
    assert_eq!(before, Err("cmake would be changed again".to_owned()));
    // The lock is rewritten for only one of the two.
    let mut plans = [planned_for(&lock, "11.8", &[10], &knowledge)];
    let again = parse(&rewritten(&lock, &mut plans));
    assert_eq!(whole(&again, &everything, &both, &both.environments[0], &knowledge), Ok(()));
    assert!(whole(&again, &everything, &both, &both.environments[1], &knowledge).is_err());
}
