//! What is behind standard output and standard error.

use std::io::IsTerminal;

/// True if people see colours there: it is a terminal, and `NO_COLOR` is not set.
pub fn takes_colour(stream: &impl IsTerminal) -> bool {
    std::env::var_os("NO_COLOR").is_none() && stream.is_terminal()
}
