//! Faults of a line of a requirements file.

use std::ops::Range;

/// The remedy for a backslash with a blank behind it.
pub(super) const AFTER_BACKSLASH: &str =
    "a line goes on below only if the backslash is its last character, without a blank behind it";

/// A fault of a line, and its place in it.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) range: Range<usize>,
    pub(super) help: Option<&'static str>,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>, range: Range<usize>) -> Self {
        Self { message: message.into(), range, help: None }
    }

    pub(super) fn help(mut self, help: &'static str) -> Self {
        self.help = Some(help);
        self
    }
}
