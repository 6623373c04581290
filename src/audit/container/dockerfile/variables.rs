//! The variables of a Dockerfile: `ARG`, `ENV`, and their use.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

/// Each variable with its value; `None`: only a build knows it.
pub(super) type Variables = BTreeMap<String, Option<String>>;

/// The longest value, in bytes. Variables that hold variables double.
const LONGEST: usize = 16 << 10;

/// The variables that Docker itself sets.
const BY_DOCKER: [&str; 8] = [
    "BUILDARCH",
    "BUILDOS",
    "BUILDPLATFORM",
    "BUILDVARIANT",
    "TARGETARCH",
    "TARGETOS",
    "TARGETPLATFORM",
    "TARGETVARIANT",
];

/// One word of an `ARG`: its name and its default. In a stage, one without a default has that of the top of the file.
pub(super) fn argument(word: &str, scope: &Variables, top: Option<&Variables>) -> (String, Option<String>) {
    match word.split_once('=') {
        Some((name, value)) => (name.to_owned(), expand(unquoted(value), scope)),
        None => (word.to_owned(), top.and_then(|top| top.get(word)).cloned().flatten()),
    }
}

/// `ENV name=value …`, or the old `ENV name value`.
pub(super) fn environment(rest: &str, variables: &mut Variables) {
    let first = rest.split_whitespace().next().unwrap_or_default();
    if first.contains('=') {
        for (name, value) in rest.split_whitespace().filter_map(|word| word.split_once('=')) {
            let value = expand(unquoted(value), variables);
            variables.insert(name.to_owned(), value);
        }
    } else if let Some((name, value)) = rest.split_once(char::is_whitespace) {
        let value = expand(unquoted(value.trim()), variables);
        variables.insert(name.to_owned(), value);
    }
}

fn unquoted(text: &str) -> &str {
    text.trim_matches(['"', '\''])
}

/// `\$`, `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:+other}`, and a brace that nothing closes.
static USE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\\\$|\$\{(?<braced>[^:+}-]*):*(?<how>[-+]?)(?<word>[^}]*)\}|\$(?<open>\{)|\$(?<plain>[A-Za-z0-9_]*)")
        .ok()
});

/// A text with its variables written out; `None` if only a build knows one of them. One that is not set is empty, as
/// Docker has it.
pub(super) fn expand(text: &str, variables: &Variables) -> Option<String> {
    let (mut out, mut behind) = (String::new(), 0);
    for one in USE.as_ref()?.captures_iter(text) {
        let all = one.get(0)?;
        out.push_str(&text[behind..all.start()]);
        behind = all.end();
        let part = |name| one.name(name).map(|part| part.as_str());
        match part("braced").or(part("plain")) {
            None if part("open").is_some() => return None,
            None => out.push('$'),
            Some(name) => {
                let value = value(name, variables);
                let set = value.as_ref().is_some_and(|value| value.as_ref().is_none_or(|value| !value.is_empty()));
                match (part("how"), part("word")) {
                    (Some("-"), Some(default)) if !set => out.push_str(default),
                    (Some("+"), Some(other)) => out.push_str(if set { other } else { "" }),
                    _ => out.push_str(&value.unwrap_or(Some(String::new()))?),
                }
            }
        }
        if out.len() > LONGEST {
            return None;
        }
    }
    out.push_str(&text[behind..]);
    (out.len() <= LONGEST.max(text.len())).then_some(out)
}

/// `None`: not set. `Some(None)`: set by the build.
fn value(name: &str, variables: &Variables) -> Option<Option<String>> {
    variables.get(name).cloned().or(BY_DOCKER.contains(&name).then_some(None))
}
