//! Digests that too few independent projects recorded, for users who want more than one to say the same.

use std::collections::BTreeSet;

use super::{Knowledge, TargetPlan};
use crate::catalog::Index;
use crate::catalog::pin::Pin;
use crate::report::error::{Code, Problem};

const HELP: &str =
    "ask who else knows it (torchswap verify --index --download), and lower --require-witnesses if that is enough";

/// Every wheel that the plans write and of which fewer projects recorded the digest. What only an index says, or this
/// tool computed, nobody recorded.
pub fn too_few_witnesses(plans: &[TargetPlan], least: u32, knowledge: &Knowledge<'_>) -> Vec<Problem> {
    let mut seen = BTreeSet::new();
    let mut problems = Vec::new();
    for environment in plans.iter().flat_map(|plan| &plan.environments) {
        let pinned = environment.lines.iter().filter_map(|line| Some((&line.name, line.pin()?)));
        for (name, pin) in pinned {
            for (file, recorded) in recorded(pin, || knowledge.rows(name, pin.version())) {
                if recorded < least && seen.insert(file.to_owned()) {
                    let computed = pin.witness().is_some_and(|witness| witness.computed);
                    let message = sentence(file, recorded, computed, least);
                    problems.push(Problem::new(Code::FewWitnesses, message).help(HELP));
                }
            }
        }
    }
    problems
}

/// The files of a pin, each with how many projects recorded its digest.
fn recorded(pin: &Pin, rows: impl Fn() -> super::Rows) -> Vec<(&str, u32)> {
    match pin {
        Pin::Url { file, witness, .. } => vec![(file, witness.seen)],
        Pin::Stub(_) => Vec::new(),
        Pin::Index { files, witness, .. } => {
            let rows = rows();
            let of = |(name, sha256): (_, &_)| {
                let row = rows.iter().find(|row| row.index == Index::Pypi && row.sha256 == *sha256);
                (name, row.map_or(witness.seen, |row| row.seen))
            };
            files.iter().map(of).collect()
        }
    }
}

/// The sentence that says so, for an audit, too.
pub(crate) fn sentence(file: &str, recorded: u32, computed: bool, least: u32) -> String {
    let who = match recorded {
        0 if computed => "no project recorded the digest".to_owned(),
        0 => "only the index has the digest".to_owned(),
        1 => "only 1 project recorded the digest".to_owned(),
        some => format!("{some} projects recorded the digest"),
    };
    format!("{who} of {file}, and --require-witnesses asks for {least}")
}
