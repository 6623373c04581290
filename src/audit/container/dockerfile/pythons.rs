//! The Python that a `RUN` installs.

use std::sync::LazyLock;

use regex::Regex;

use crate::audit::container::image::minor_version;
use crate::packaging::target::Python;

/// `python3.11`, `python3.11-venv`, `python=3.11`, `python==3.11.*`.
static PYTHON: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^python=*([0-9]+\.[0-9]+)").ok());

/// The last Python that a command installs: `apt-get install python3.11`, `conda install python=3.11`, `uv python install
/// 3.11`, `pyenv install 3.11.4`; where only `python3` is asked for, the distribution's own.
pub(super) fn installed(command: &str, own: Option<Python>) -> Option<Python> {
    let (mut named, mut system) = (None, None);
    let mut installing = false;
    let (mut before, mut last) = ("", "");
    for word in command.split_whitespace() {
        let bare = word.trim_matches(['"', '\'', ';', ',', '[', ']', '(', ')']);
        let by_version = (before, last) == ("python", "install") || (before, last) == ("pyenv", "install");
        if matches!(bare, "install" | "add" | "create") {
            installing = true;
        } else if matches!(bare, "&&" | "||" | "|" | "") {
            installing = false;
        } else if installing {
            let named_in = |word| Some(PYTHON.as_ref()?.captures(word)?.extract::<1>().1[0].to_owned());
            let version = if by_version { minor_version(bare) } else { named_in(bare) };
            match version.and_then(|version| version.parse().ok()) {
                Some(python) => named = Some(python),
                None if matches!(bare, "python3" | "python-is-python3") || is_part(bare) => system = own,
                None => {}
            }
        }
        installing &= !word.ends_with(';');
        (before, last) = (last, bare);
    }
    named.or(system)
}

/// `python3-pip` and what else comes with the Python of the distribution, but not its libraries.
fn is_part(word: &str) -> bool {
    matches!(word, "python3-pip" | "python3-venv" | "python3-dev" | "python3-full" | "python3-minimal")
}
