//! Output on a real terminal: as wide as the terminal, and in colour unless colour is turned off. A pipe has neither.

#![cfg(unix)]

use std::process::{Command, Stdio};

use crate::support::Place;

/// Runs a program on a terminal of its own with so many columns, and prints what it shows there.
const TERMINAL: &str = "
import fcntl, os, pty, struct, sys, termios
terminal, end = pty.openpty()
fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack('HHHH', 24, int(sys.argv[1]), 0, 0))
child = os.fork()
if child == 0:
    for stream in (0, 1, 2):
        os.dup2(end, stream)
    os.close(end)
    os.close(terminal)
    os.execv(sys.argv[2], sys.argv[2:])
os.close(end)
while True:
    try:
        some = os.read(terminal, 65536)
    except OSError:
        break
    if not some:
        break
    os.write(1, some)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
";

/// Status and text of a command on a terminal; `None`: there is no Python that could make one.
fn on_terminal(place: &Place, arguments: &str, columns: u16, variables: &[(&str, &str)]) -> Option<(i32, String)> {
    let command = place.command(arguments);
    let mut python = Command::new("python3");
    python.args(["-c", TERMINAL, &columns.to_string()]).arg(command.get_program()).args(command.get_args());
    python.current_dir(place.path()).stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => python.env(name, value),
            None => python.env_remove(name),
        };
    }
    python.env_remove("COLUMNS").env("TERM", "xterm-256color").envs(variables.iter().copied());
    match python.output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("skipped: there is no python3 here, so no terminal");
            None
        }
        Err(error) => panic!("{error}"),
        Ok(output) => {
            assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
            let text = String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n");
            Some((output.status.code().unwrap(), text))
        }
    }
}

/// A text without the escapes of colours, which are the only control characters in it.
fn bare(text: &str) -> String {
    let plain: Vec<&str> = text
        .split("\u{1b}[")
        .enumerate()
        .map(|(at, part)| part.split_once('m').filter(|_| at > 0).map_or(part, |(_, rest)| rest))
        .collect();
    let plain = plain.concat();
    assert!(!plain.chars().any(|c| c.is_control() && c != '\n'), "{plain:?}");
    plain
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

#[test]
fn lines_are_as_wide_as_the_terminal_and_whole_in_a_pipe() {
    let place = Place::of("poetry-2.5/torch-2.9.1");
    for (arguments, status) in [
        ("export --cuda 11.8 --python 3.12", 2),
        ("audit --platform macos-x86_64 --python 3.12", 1),
        ("export --cuda eleven", 2),
        ("catalog list torch", 0),
        ("export --help", 0),
    ] {
        let piped = place.command(arguments).env_remove("COLUMNS").output().unwrap();
        let piped = String::from_utf8([piped.stdout, piped.stderr].concat()).unwrap();
        assert_eq!(bare(&piped), piped, "{arguments}");
        for columns in [60, 80] {
            let Some((own, shown)) = on_terminal(&place, arguments, columns, &[]) else { return };
            assert_eq!(own, status, "{arguments}: {shown}");
            let shown = bare(&shown);
            // What is to be copied, and a line of a file, stay whole.
            let is_prose = |line: &&str| !line.contains("torchswap ") && !line.contains(" | ");
            let widest = shown.lines().filter(is_prose).map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= usize::from(columns), "{arguments}: {widest} columns, not {columns}:\n{shown}");
            assert_eq!(words(&shown), words(&piped), "{arguments}: nothing is lost");
        }
        if !arguments.contains("--help") {
            assert!(piped.lines().any(|line| line.chars().count() > 80), "{arguments}: a pipe has no width:\n{piped}");
        }
    }
}

#[test]
fn colours_are_on_a_terminal_alone_unless_they_are_forbidden_there() {
    let place = Place::of("poetry-2.5/torch-2.9.1");
    for arguments in ["export --cuda 11.8", "audit --platform macos-x86_64", "export --cuad 11.8", "check --help"] {
        for (name, value, is_coloured) in [
            ("NO_COLOR", "", true),
            ("NO_COLOR", "1", false),
            ("CLICOLOR", "0", false),
            ("TERM", "dumb", false),
            ("FORCE_COLOR", "1", true),
        ] {
            let Some((_, shown)) = on_terminal(&place, arguments, 80, &[(name, value)]) else { return };
            assert_eq!(shown.contains('\u{1b}'), is_coloured, "{arguments}, {name}={value}: {shown}");
            bare(&shown);
        }
    }
}
