//! The request for a rewrite of a lock.

use super::{beyond, wanted};
use crate::cli::config::{Config, Configured};
use crate::cli::{ProvidedArgs, RewriteArgs};
use crate::lock::Choice;
use crate::packaging::target::Target;
use crate::plan::Beyond;
use crate::report::error::{Code, Problem, Result};
use crate::write::Mirror;

/// A target that a lock is rewritten for.
#[derive(Debug, Clone)]
pub(in crate::command) struct Rewriting {
    pub(in crate::command) target: Target,
    /// The groups and extras that are chosen; `None`: all of it.
    pub(in crate::command) choice: Option<Choice>,
    pub(in crate::command) mirror: Option<Mirror>,
    pub(in crate::command) beyond: Beyond,
}

/// The targets that a rewrite is for: those named, with what the flags say instead, or the one of the flags.
pub(in crate::command) fn rewritings(
    args: &RewriteArgs,
    mirror: Option<&Mirror>,
    config: &Config,
) -> Result<Vec<Rewriting>> {
    let configured: Vec<&Configured> =
        args.target.targets.iter().map(|name| config.target(name)).collect::<Result<_>>()?;
    if let Some(one) = configured.iter().find(|one| one.provided != ProvidedArgs::default()) {
        let name = one.target.name.as_deref().unwrap_or_default();
        let message = format!("the target {name} leaves out what its image has, which a lock cannot");
        return Err(Problem::new(Code::Usage, message).help(format!("torchswap export --target {name}")).into());
    }
    let mirrors = configured.iter().map(|one| mirror.or(one.mirror.as_ref()).cloned());
    let mirrors = mirrors.chain(configured.is_empty().then(|| mirror.cloned()));
    let each = wanted(&configured, &args.target, &args.choice).into_iter().zip(mirrors);
    let each = each.enumerate().map(|(at, ((target, choice), mirror))| {
        let choice = Some(choice).filter(|choice| *choice != Choice::default());
        Rewriting { target, choice, mirror, beyond: beyond(&args.also, configured.get(at)) }
    });
    Ok(each.collect())
}
