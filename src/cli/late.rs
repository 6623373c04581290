//! Options that are made only for the command that is meant: to make those of all commands is a tenth of an export.

use std::ops::Deref;

use clap::builder::{Resettable, StyledStr};
use clap::{ArgMatches, Args, FromArgMatches, Id};

use super::catalog::UpdateArgs;
use super::verify::VerifyArgs;
use super::{AuditArgs, CheckArgs, ExportArgs, RewriteArgs};

/// The options of a command, which its definition has only where the command is meant.
#[derive(Debug)]
pub struct Late<T>(pub Box<T>);

impl<T> Deref for Late<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: FromArgMatches> FromArgMatches for Late<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        T::from_arg_matches(matches).map(|options| Self(Box::new(options)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl<T: Args> Args for Late<T> {
    fn group_id() -> Option<Id> {
        T::group_id()
    }

    fn augment_args(command: clap::Command) -> clap::Command {
        command
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        command
    }
}

/// A definition in which the commands that are meant have their options, at every depth.
pub(super) fn with_options(command: clap::Command, is_meant: &dyn Fn(&str) -> bool) -> clap::Command {
    command.mut_subcommands(|below| {
        if !is_meant(below.get_name()) {
            return below;
        }
        let add = match below.get_name() {
            "export" => ExportArgs::augment_args,
            "check" => CheckArgs::augment_args,
            "audit" => AuditArgs::augment_args,
            "rewrite" => RewriteArgs::augment_args,
            "verify" => VerifyArgs::augment_args,
            "update" => UpdateArgs::augment_args,
            _ => |command| command,
        };
        // Options bring a line of their own on what they are.
        let text = |text: Option<&StyledStr>| text.cloned().map_or(Resettable::Reset, Resettable::Value);
        let (about, long_about) = (text(below.get_about()), text(below.get_long_about()));
        with_options(add(below).about(about).long_about(long_about), is_meant)
    })
}
