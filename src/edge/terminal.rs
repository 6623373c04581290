//! The terminal behind standard output and standard error.

use std::env;
use std::ffi::OsString;
use std::io::IsTerminal;

/// True if people see colours there. As clap and uv have it: `NO_COLOR` forbids them, else `FORCE_COLOR` and
/// `CLICOLOR_FORCE` demand them; else a terminal has them, unless `CLICOLOR` is 0 or `TERM` is `dumb`.
pub fn takes_colour(stream: &impl IsTerminal) -> bool {
    is_coloured(|name| env::var_os(name), stream.is_terminal())
}

/// How many columns a text may have there where nobody says so: there is no terminal, and no `COLUMNS`.
pub fn columns(stream: &impl IsTerminal) -> Option<usize> {
    (!stream.is_terminal() && env::var_os("COLUMNS").is_none()).then_some(80)
}

/// How many columns the terminal there has; `None`: there is none.
pub fn width(stream: &impl IsTerminal) -> Option<usize> {
    let size = stream.is_terminal().then(terminal_size::terminal_size).flatten();
    size.map(|(columns, _)| usize::from(columns.0)).filter(|columns| *columns > 0)
}

/// True if lines there can be drawn anew.
pub fn takes_bars(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && !is_dumb(|name| env::var_os(name))
}

fn is_dumb(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    variable("TERM").is_some_and(|term| term == "dumb")
}

/// An empty variable is as one that is not set.
fn is_coloured(variable: impl Fn(&str) -> Option<OsString>, is_terminal: bool) -> bool {
    let set = |name| variable(name).filter(|value| !value.is_empty());
    if set("NO_COLOR").is_some() {
        return false;
    }
    if set("FORCE_COLOR").is_some() || set("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
        return true;
    }
    is_terminal && set("CLICOLOR").is_none_or(|value| value != "0") && !is_dumb(variable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_decide_before_the_terminal_does() {
        for (variables, elsewhere, on_terminal) in [
            ("", false, true),
            ("NO_COLOR=", false, true),
            ("NO_COLOR=1", false, false),
            ("NO_COLOR=0", false, false),
            ("FORCE_COLOR=1", true, true),
            ("FORCE_COLOR=", false, true),
            ("FORCE_COLOR=1 NO_COLOR=1", false, false),
            ("FORCE_COLOR=1 NO_COLOR=", true, true),
            ("CLICOLOR=0", false, false),
            ("CLICOLOR=1", false, true),
            ("CLICOLOR_FORCE=1", true, true),
            ("CLICOLOR_FORCE=0", false, true),
            ("CLICOLOR_FORCE=1 CLICOLOR=0", true, true),
            ("TERM=dumb", false, false),
            ("TERM=dumb FORCE_COLOR=1", true, true),
            ("TERM=xterm", false, true),
        ] {
            let set = |name: &str| {
                let all = variables.split_whitespace().filter_map(|one| one.split_once('='));
                all.clone().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
            };
            assert_eq!((is_coloured(set, false), is_coloured(set, true)), (elsewhere, on_terminal), "{variables}");
        }
    }
}
