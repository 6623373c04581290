//! The variables of a Dockerfile: `ARG`, `ENV`, and their use.

use std::collections::BTreeMap;

/// Each variable with its value; `None`: only a build knows it.
pub(super) type Variables = BTreeMap<String, Option<String>>;

/// How long a value may become, in bytes. Variables that hold variables double.
const LONGEST: usize = 16 << 10;

/// What Docker itself sets.
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

/// A text with its variables written out; `None` if a build alone knows one of them. One that is not set is empty, as
/// Docker has it.
pub(super) fn expand(text: &str, variables: &Variables) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if out.ends_with('\\') {
            out.pop();
            out.push('$');
            continue;
        }
        if let Some(inner) = rest.strip_prefix('{') {
            let (inner, behind) = inner.split_once('}')?;
            rest = behind;
            let end = inner.find([':', '-', '+']).unwrap_or(inner.len());
            let (name, how) = inner.split_at(end);
            let value = value(name, variables);
            let set = value.as_ref().is_some_and(|value| value.as_ref().is_none_or(|value| !value.is_empty()));
            match how.trim_start_matches(':').split_at_checked(1) {
                Some(("-", default)) if !set => out.push_str(default),
                Some(("+", other)) => out.push_str(if set { other } else { "" }),
                _ => out.push_str(&value.unwrap_or(Some(String::new()))?),
            }
        } else {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
            let name = &rest[..end];
            rest = &rest[end..];
            out.push_str(&value(name, variables).unwrap_or(Some(String::new()))?);
        }
        if out.len() > LONGEST {
            return None;
        }
    }
    out.push_str(rest);
    (out.len() <= LONGEST.max(text.len())).then_some(out)
}

/// `None`: not set. `Some(None)`: set by the build.
fn value(name: &str, variables: &Variables) -> Option<Option<String>> {
    variables.get(name).cloned().or(BY_DOCKER.contains(&name).then_some(None))
}
