//! `torchswap rewrite`: lock → plans → the lock's own text, edited.

use std::collections::{BTreeMap, BTreeSet};

use super::{job, read};
use crate::catalog::Catalogues;
use crate::cli::Rewrite;
use crate::error::{Code, Error, Problem, Result};
use crate::lock::poetry::LockVersion;
use crate::lock::{Choice, Lock, LockedDigest};
use crate::output::{self, Style};
use crate::pin::Pin;
use crate::plan::{self, Knowledge, Line, TargetPlan, What};
use crate::report::Summary;
use crate::target::{Environment, Python, Target};
use crate::wheel::WheelName;

/// What a rewrite gives.
#[derive(Debug)]
pub struct Rewritten {
    /// The lock that was read; `-` for standard input.
    pub lock: String,
    /// Its text before.
    pub before: String,
    /// Its text afterwards.
    pub after: String,
    /// What was done, by target.
    pub summaries: Vec<Summary>,
}

/// A lock is rewritten whole: all groups, all extras.
fn everything(lock: &Lock) -> Choice {
    match lock {
        Lock::Poetry(_) | Lock::Pylock(_) => Choice { all_groups: true, all_extras: true, ..Choice::default() },
        Lock::Requirements(_) => Choice::default(),
    }
}

/// Makes the new text without writing it.
///
/// # Errors
/// Everything that keeps the new lock from being whole, and a new text that does not say what was planned.
pub fn run(args: &Rewrite) -> Result<Rewritten> {
    let mirror = read::mirror(args.mirror.as_deref())?;
    let config = read::config()?;
    let name = read::lock_name(args.lock.as_ref(), &config)?;
    let lock = read::lock(&name)?;
    let catalogs: Vec<String> = config.catalogs.iter().chain(&args.catalogs).cloned().collect();
    let catalogues = read::catalogues(&catalogs)?;
    let wanted = job::targets(&args.target, mirror.as_ref(), &config)?;
    let targets: Vec<Target> = wanted.iter().map(|(target, _)| target.clone()).collect();
    let mut plans = plans(&lock, &targets, &catalogues)?;
    for (plan, (_, mirror)) in plans.iter_mut().zip(&wanted) {
        mirror.iter().for_each(|mirror| mirror.serve(plan));
    }
    let style = Style::default();
    let before = lock.sources().first().map(|source| source.text.clone()).unwrap_or_default();
    let changes = plans.iter().flat_map(|plan| &plan.environments).any(|one| one.decisions.iter().any(is_change));
    let after = if changes { output::rewritten(&lock, &plans, &style)? } else { before.to_string() };
    if changes {
        let again = read::reread(&lock, &after)?;
        let pinned: Vec<Target> = plans.iter().map(|plan| plan.target.clone()).collect();
        let second = self::plans(&again, &pinned, &catalogues)?;
        Error::unless_empty(differences(&lock, &plans, &again, &second))?;
    }
    let summaries = plans.iter().map(plan::summary).collect();
    Ok(Rewritten { lock: name, before: before.into(), after, summaries })
}

fn plans(lock: &Lock, targets: &[Target], catalogues: &Catalogues) -> Result<Vec<TargetPlan>> {
    let knowledge = Knowledge::new(catalogues);
    let mut plans = Vec::new();
    let mut problems = Vec::new();
    for target in targets {
        match plan::target(lock, &everything(lock), target, false, &knowledge) {
            Ok(plan) => plans.push(plan),
            Err(error) => problems.extend(error.into_problems()),
        }
    }
    Error::unless_empty(problems)?;
    Ok(plans)
}

fn is_change(decision: &plan::Decision) -> bool {
    match decision.what {
        What::Swapped(_) | What::Added(..) | What::Included(_) | What::Repinned(..) | What::Removed => true,
        What::Kept(_) => false,
    }
}

/// What is installed under each Python: version and digests by name.
type Installed = BTreeMap<(Python, String), (String, BTreeSet<LockedDigest>)>;

fn installed(lock: &Lock, plan: &TargetPlan) -> Installed {
    let of = |line: &Line, environment: Environment| -> (String, BTreeSet<LockedDigest>) {
        match (line.pin.as_deref(), line.entry.and_then(|index| lock.entries().get(index))) {
            (Some(Pin::Url { version, sha256, .. }), _) => {
                (version.to_string(), [LockedDigest::Sha256(*sha256)].into())
            }
            (Some(Pin::Index { version, files, .. }), _) => {
                let files = files.iter().map(|(name, digest)| (Some(name), LockedDigest::Sha256(*digest)));
                (version.to_string(), digests(lock, files, environment))
            }
            (None, Some(entry)) => {
                let version = entry.version.as_ref().map(ToString::to_string).unwrap_or_default();
                let files = entry.files.iter().map(|file| (file.name, file.digest.clone()));
                (version, digests(lock, files, environment))
            }
            (None, None) => (String::new(), BTreeSet::new()),
        }
    };
    let each = plan.environments.iter().flat_map(|environment| {
        let here = environment.environment;
        environment.lines.iter().map(move |line| ((here.python, line.name.to_string()), of(line, here)))
    });
    each.collect()
}

/// The digests that an entry admits on an environment. One entry of a pylock.toml has the wheels of all Pythons; there it
/// is the wheel that an installer takes.
fn digests<'f>(
    lock: &Lock,
    files: impl Iterator<Item = (Option<&'f str>, LockedDigest)>,
    environment: Environment,
) -> BTreeSet<LockedDigest> {
    let files: Vec<(Option<&str>, LockedDigest)> = files.collect();
    let fits = |name: Option<&str>| name?.parse::<WheelName>().ok()?.fit(environment);
    let taken = match lock {
        Lock::Pylock(_) => files.iter().filter_map(|(name, digest)| Some((fits(*name)?, digest))).max(),
        Lock::Poetry(_) | Lock::Requirements(_) => None,
    };
    match taken {
        Some((_, digest)) => [digest.clone()].into(),
        None => files.into_iter().map(|(_, digest)| digest).collect(),
    }
}

fn is_by_graph(lock: &Lock) -> bool {
    match lock {
        Lock::Poetry(lock) => lock.version < LockVersion::V2_1,
        Lock::Requirements(_) | Lock::Pylock(_) => false,
    }
}

fn is_as_locked(plan: &TargetPlan, python: Python, name: &str) -> bool {
    let there = plan.environments.iter().filter(|one| one.environment.python == python);
    there.flat_map(|one| &one.lines).any(|line| line.pin.is_none() && line.name.as_ref() == name)
}

/// Where the new lock does not give what was planned, or would be changed again: a mistake of this program, told before
/// anything is written.
fn differences(lock: &Lock, plans: &[TargetPlan], again: &Lock, second: &[TargetPlan]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut wrong = |what: String| {
        let help = "nothing was written; please report this with the lock";
        problems.push(Problem::new(Code::Inconsistent, format!("the rewritten lock would not do: {what}")).help(help));
    };
    for (plan, second) in plans.iter().zip(second) {
        let (planned, found) = (installed(lock, plan), installed(again, second));
        for ((python, name), what) in &planned {
            let now = found.get(&(*python, name.clone()));
            // A lock without groups selects by its graph: what only the old wheel needed is no longer reached.
            let unneeded = now.is_none() && is_by_graph(again) && is_as_locked(plan, *python, name);
            if now != Some(what) && !unneeded {
                wrong(format!("{name} {} is not what CPython {python} gets", what.0));
            }
        }
        for (python, name) in found.keys().filter(|key| !planned.contains_key(*key)) {
            wrong(format!("{name} comes along for CPython {python}"));
        }
        let changes = second.environments.iter().flat_map(|one| &one.decisions).filter(|one| is_change(one));
        for decision in changes {
            wrong(format!("{} would be changed again", decision.name));
        }
    }
    problems
}
