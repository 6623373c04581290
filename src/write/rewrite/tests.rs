//! The entries of a lock for plans.

use std::rc::Rc;

use super::*;
use crate::packaging::digest::Sha256;
use crate::packaging::marker::Condition;
use crate::packaging::target::Target;
use crate::plan::{EnvironmentPlan, Kept, Line};
use crate::report::DigestSource;

/// A lock of entries that need nothing.
pub(super) fn lock(names: &[&str], version: &str) -> PoetryLock {
    let entry = |name: &&str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"1\"\noptional = false\npython-versions = \"*\"\n\
             groups = [\"main\"]\nfiles = []\n\n"
        )
    };
    let metadata =
        format!("[metadata]\nlock-version = \"{version}\"\npython-versions = \"*\"\ncontent-hash = \"00\"\n");
    PoetryLock::parse("poetry.lock", names.iter().map(entry).collect::<String>() + &metadata, None).unwrap()
}

/// A wheel in place of an entry, or added.
pub(super) fn wheel(name: &str, tags: &str) -> Replacement {
    let file = format!("{name}-1-{tags}.whl");
    let pin = Pin::Url {
        version: "1".parse().unwrap(),
        url: format!("https://wheels.example/{file}"),
        file,
        sha256: "0".repeat(64).parse::<Sha256>().unwrap(),
        size: None,
        witness: DigestSource {
            catalogue: String::new(),
            index: String::new(),
            seen: 1,
            computed: false,
            overrides: None,
        },
    };
    Replacement { name: name.parse().unwrap(), pin: Rc::new(pin), requires: None }
}

/// A plan for Linux: the lines of each Python, and what was decided under the first.
fn plan<const N: usize>(each: [(Python, Vec<Line>); N], mut decisions: Vec<Decision>) -> TargetPlan {
    let platform = Platform::LinuxX86_64;
    let pythons = each.iter().map(|(python, _)| *python).collect();
    let environments = each.map(|(python, lines)| EnvironmentPlan {
        environment: Environment { platform, python },
        lines,
        decisions: std::mem::take(&mut decisions),
        notes: Vec::new(),
        warnings: Vec::new(),
        needed: Default::default(),
        unproven: Vec::new(),
    });
    TargetPlan {
        target: Target { name: None, platform, backend: None, pythons },
        environments: environments.into(),
        selections: Vec::new(),
        left_out: Vec::new(),
        downloads: Vec::new(),
    }
}

#[test]
fn a_package_is_gone_where_no_entry_of_it_stays_for_any_reason() {
    let lock = lock(&["a", "b", "c", "d", "e", "torch"], "2.0");
    let here = (0, Python::three(10));
    let uses = || EntryUses { gone: TargetPythons::from([here]), ..EntryUses::default() };
    let replacement = wheel("c", "py3-none-any");
    let uses = [
        uses(),
        EntryUses { kept: TargetPythons::from([here]), ..uses() },
        EntryUses { replaced: BTreeMap::from([(replacement, TargetPythons::from([here]))]), ..uses() },
        uses(),
        EntryUses::default(),
        EntryUses { kept: TargetPythons::from([here]), ..EntryUses::default() },
    ];
    let torch: PackageName = "torch".parse().unwrap();
    let kept = Decision { name: torch.clone(), from: None, what: What::Kept(Kept::OneBuild) };
    let plan = plan([(here.1, Vec::new())], vec![kept]);
    // d is needed elsewhere.
    let found = gone(&lock, &[plan], &uses, &BTreeSet::from([3]));
    assert_eq!(found, BTreeMap::from([(torch, BTreeSet::from(["a".to_owned()]))]));
}

/// Of a new package as of one that is replaced.
#[test]
fn a_lock_without_markers_takes_no_new_wheels_that_differ_by_python() {
    let added = |tags| Line {
        name: "b".parse().unwrap(),
        extras: Default::default(),
        condition: Condition::Always,
        entry: None,
        replacement: Some(wheel("b", tags)),
    };
    let problems = |version, tags: [&'static str; 2]| {
        let pythons = [10, 11].map(Python::three);
        let plan = plan([(pythons[0], vec![added(tags[0])]), (pythons[1], vec![added(tags[1])])], Vec::new());
        impossible(&lock(&["a"], version), &[plan], &[Choice::default()])
    };
    let differ = ["cp310-cp310-linux_x86_64", "cp311-cp311-linux_x86_64"];
    let [problem] = &problems("2.0", differ)[..] else { panic!() };
    assert_eq!(problem.message, "the wheels of b differ by Python, and this lock can hold one for all");
    assert!(problems("2.0", ["py3-none-any"; 2]).is_empty() && problems("2.1", differ).is_empty());
}
