//! The request for a rewrite of a lock.

use super::{chosen, wanted};
use crate::cli::config::Config;
use crate::cli::{ProvidedArgs, RewriteArgs};
use crate::plan::Wanted;
use crate::report::error::{Code, Problem, Result};
use crate::write::Mirror;

/// The targets that a rewrite is for, each with its mirror: those named, with what the flags say instead, or the one of the
/// flags.
pub(in crate::command) fn rewritings(
    args: &RewriteArgs,
    mirror: Option<&Mirror>,
    config: &Config,
) -> Result<Vec<(Wanted, Option<Mirror>)>> {
    let each = chosen(&args.target, config)?.into_iter().map(|one| {
        if one.provided != ProvidedArgs::default() {
            let name = one.target.name.as_deref().unwrap_or_default();
            let message = format!("the target {name} leaves out what its image has, which a lock cannot");
            return Err(Problem::new(Code::Usage, message).help(format!("torchswap export --target {name}")).into());
        }
        let wanted = wanted(one, &args.target, &args.choice, &args.also);
        Ok((wanted, mirror.or(one.mirror.as_ref()).cloned()))
    });
    each.collect()
}
