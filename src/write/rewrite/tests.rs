//! What of a plan an entry of the lock comes to.

use std::rc::Rc;

use super::*;
use crate::packaging::digest::Sha256;
use crate::packaging::target::Target;
use crate::plan::{EnvironmentPlan, Kept};
use crate::report::DigestSource;

#[test]
fn a_package_is_gone_where_no_entry_of_it_stays_for_any_reason() {
    let entry = |name: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"1\"\noptional = false\npython-versions = \"*\"\nfiles = []\n\n"
        )
    };
    let names = ["a", "b", "c", "d", "e", "torch"];
    let text = names.map(entry).concat()
        + "[metadata]\nlock-version = \"2.0\"\npython-versions = \"*\"\ncontent-hash = \"00\"\n";
    let lock = PoetryLock::parse("poetry.lock", text, None).unwrap();
    let here = (0, Python::three(10));
    let uses = || EntryUses { gone: Where::from([here]), ..EntryUses::default() };
    let pin = Pin::Url {
        version: "1".parse().unwrap(),
        file: "c-1-py3-none-any.whl".to_owned(),
        url: "https://wheels.example/c-1-py3-none-any.whl".to_owned(),
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
    let replacement = Replacement { name: "c".parse().unwrap(), pin: Rc::new(pin), requires: None };
    let uses = [
        uses(),
        EntryUses { kept: Where::from([here]), ..uses() },
        EntryUses { replaced: BTreeMap::from([(replacement, Where::from([here]))]), ..uses() },
        uses(),
        EntryUses::default(),
        EntryUses { kept: Where::from([here]), ..EntryUses::default() },
    ];
    let torch: PackageName = "torch".parse().unwrap();
    let environment = Environment { platform: Platform::LinuxX86_64, python: here.1 };
    let kept = Decision { name: torch.clone(), from: None, what: What::Kept(Kept::OneBuild) };
    let plan = TargetPlan {
        target: Target { name: None, platform: environment.platform, backend: None, pythons: vec![here.1] },
        environments: vec![EnvironmentPlan {
            environment,
            lines: Vec::new(),
            decisions: vec![kept],
            needed: Default::default(),
        }],
        selections: Vec::new(),
        left_out: Vec::new(),
        downloads: Vec::new(),
    };
    // d is needed elsewhere.
    let found = gone(&lock, &[plan], &uses, &BTreeSet::from([3]));
    assert_eq!(found, BTreeMap::from([(torch, BTreeSet::from(["a".to_owned()]))]));
}
