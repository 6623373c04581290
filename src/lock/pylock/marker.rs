//! Markers of a `pylock.toml`: those of PEP 508, and beside them `"name" in extras` and `"name" in dependency_groups`.
//!
//! The library reads PEP 508. So a marker is taken apart at its `or`, `and` and brackets only as far as a part asks for
//! extras or groups; every other part is given to the library whole.

use std::collections::BTreeSet;

use pep508_rs::{ExtraName, MarkerTree};

use crate::lock::dependency::Markers;
use crate::marker::{Condition, Extras};
use crate::requirement;
use crate::target::Environment;
use crate::text::quoted;

/// How deep brackets may stand in each other around what asks for extras or groups.
const DEEPEST: usize = 64;
/// How long a marker may be, in bytes.
const LONGEST: usize = 16 << 10;
/// How many parts that ask for extras or groups there may be, and parts beside them.
const MOST_PARTS: usize = 1000;

/// The extras and the groups that are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Extras.
    pub extras: BTreeSet<ExtraName>,
    /// Dependency groups.
    pub groups: BTreeSet<ExtraName>,
}

/// A marker as written and as understood.
#[derive(Debug, Clone)]
pub struct Marker {
    /// Its text.
    pub text: String,
    node: Node,
}

#[derive(Debug, Clone)]
enum Node {
    Plain(MarkerTree),
    Extra { name: ExtraName, wanted: bool },
    Group { name: ExtraName, wanted: bool },
    All(Vec<Node>),
    Any(Vec<Node>),
}

impl Marker {
    /// Reads a marker.
    ///
    /// # Errors
    /// If it is none, if it asks for `extra`, which has no value where a lock is installed, or if it is too much for its
    /// reader.
    pub(super) fn parse(text: &str, known: &mut Markers) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("the marker is longer than {LONGEST} bytes"));
        }
        let mut parts = 0;
        Ok(Self { text: text.to_owned(), node: node(text, 0, &mut parts, known)? })
    }

    /// When it holds on an environment.
    pub fn condition(&self, environment: Environment, asked: &Asked) -> Condition {
        self.node.condition(environment, asked)
    }
}

impl Node {
    fn condition(&self, environment: Environment, asked: &Asked) -> Condition {
        let decided = |holds: bool| if holds { Condition::Always } else { Condition::Never };
        match self {
            Self::Plain(tree) => Condition::of(tree, environment, &Extras::new()),
            Self::Extra { name, wanted } => decided(asked.extras.contains(name) == *wanted),
            Self::Group { name, wanted } => decided(asked.groups.contains(name) == *wanted),
            Self::All(nodes) => {
                nodes.iter().fold(Condition::Always, |sum, node| sum.and(node.condition(environment, asked)))
            }
            Self::Any(nodes) => {
                nodes.iter().fold(Condition::Never, |sum, node| sum.or(node.condition(environment, asked)))
            }
        }
    }
}

fn node(text: &str, depth: usize, parts: &mut usize, known: &mut Markers) -> Result<Node, String> {
    *parts += 1;
    if depth > DEEPEST || *parts > MOST_PARTS {
        return Err("the marker has too many parts".to_owned());
    }
    let words = words(text)?;
    if words.iter().any(|word| word.text == "extra") {
        return Err("`extra` has no value in a lock; it is written \"name\" in extras".to_owned());
    }
    if !words.iter().any(|word| matches!(word.text, "extras" | "dependency_groups")) {
        return plain(text, known);
    }
    for (operator, join) in [("or", Node::Any as fn(Vec<Node>) -> Node), ("and", Node::All)] {
        let mut pieces = Vec::new();
        let mut start = 0;
        for word in words.iter().filter(|word| word.depth == 0 && word.text == operator) {
            pieces.push(&text[start..word.at]);
            start = word.at + operator.len();
        }
        if start > 0 {
            pieces.push(&text[start..]);
            let nodes: Result<Vec<Node>, String> =
                pieces.into_iter().map(|piece| node(piece, depth, parts, known)).collect();
            return Ok(join(nodes?));
        }
    }
    let text = text.trim();
    match text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        // No operator stands outside of brackets, so the first one is closed by the last.
        Some(inner) => node(inner, depth + 1, parts, known),
        None => member(text),
    }
}

fn plain(text: &str, known: &mut Markers) -> Result<Node, String> {
    if let Some(tree) = known.get(text) {
        return Ok(Node::Plain(tree.clone()));
    }
    let tree = requirement::marker(text)?;
    known.insert(text.to_owned(), tree.clone());
    Ok(Node::Plain(tree))
}

/// `"name" in extras`, `"name" not in dependency_groups`.
fn member(text: &str) -> Result<Node, String> {
    let wrong = || format!("`{}` is not written `\"name\" in extras` or `\"name\" in dependency_groups`", quoted(text));
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or_else(wrong)?;
    let (name, rest) = text[1..].split_once(quote).ok_or_else(wrong)?;
    let name = Some(name).filter(|name| (1..=255).contains(&name.len()));
    let name = name.and_then(|name| ExtraName::new(name.to_owned()).ok()).ok_or_else(wrong)?;
    let rest: Vec<&str> = rest.split_whitespace().collect();
    let (wanted, set) = match rest.as_slice() {
        ["in", set] => (true, *set),
        ["not", "in", set] => (false, *set),
        _ => return Err(wrong()),
    };
    match set {
        "extras" => Ok(Node::Extra { name, wanted }),
        "dependency_groups" => Ok(Node::Group { name, wanted }),
        _ => Err(wrong()),
    }
}

/// A word outside of quotes.
struct Word<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

fn words(text: &str) -> Result<Vec<Word<'_>>, String> {
    let mut words = Vec::new();
    let (mut depth, mut quote, mut start) = (0_usize, None, None);
    for (at, c) in text.char_indices() {
        let in_word = quote.is_none() && (c.is_ascii_alphanumeric() || c == '_');
        match (start, in_word) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                words.push(Word { text: &text[from..at], at: from, depth });
                start = None;
            }
            (None, false) | (Some(_), true) => {}
        }
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.checked_sub(1).ok_or("a bracket is closed that was not opened")?,
            _ => {}
        }
    }
    if let Some(from) = start {
        words.push(Word { text: &text[from..], at: from, depth });
    }
    if depth > 0 || quote.is_some() {
        return Err("a bracket or a quote is not closed".to_owned());
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::{Platform, Python};
    use proptest::prelude::*;

    fn on(marker: &str) -> Condition {
        let name = |text: &str| ExtraName::new(text.to_owned()).unwrap();
        let asked = Asked { extras: [name("yaml")].into(), groups: [name("dev"), name("default")].into() };
        let environment = Environment { platform: Platform::LinuxX86_64, python: Python::three(10) };
        Marker::parse(marker, &mut Markers::new()).unwrap().condition(environment, &asked)
    }

    #[test]
    fn decides_extras_and_groups() {
        for (marker, holds) in [
            ("'yaml' in extras", true),
            ("\"YAML\" in extras", true),
            ("'yaml' not in extras", false),
            ("'other' not  in extras", true),
            ("'dev' in dependency_groups", true),
            ("'yaml' in dependency_groups", false),
            ("sys_platform == 'linux' and 'dev' in dependency_groups", true),
            ("sys_platform == 'darwin' and 'dev' in dependency_groups", false),
            ("sys_platform == 'darwin' and os_name == 'nt' or 'dev' in dependency_groups", true),
            ("sys_platform == 'linux' or 'x' in extras and 'y' in extras", true),
            ("(sys_platform == 'linux' or 'x' in extras) and 'y' in extras", false),
            ("((('yaml' in extras)))and(('x' in extras)or('dev' in dependency_groups))", true),
            ("python_version >= '3.9' and (python_version < '3.12' or 'no' in extras)", true),
            ("'or' in extras or ' and (' in platform_version and 'x' in extras", false),
        ] {
            assert_eq!(on(marker), if holds { Condition::Always } else { Condition::Never }, "{marker}");
        }
    }

    #[test]
    fn keeps_what_the_environment_does_not_settle() {
        let found = on("python_full_version >= '3.10.2' and 'dev' in dependency_groups");
        assert_eq!(found.marker().as_deref(), Some("python_full_version >= \"3.10.2\""));
    }

    #[test]
    fn refuses_what_it_cannot_tell() {
        let deep = format!("{}'x' in extras{}", "(".repeat(99), ")".repeat(99));
        for text in [
            "extra == 'yaml'",
            "'yaml' in extra",
            "extras in 'yaml'",
            "extras == 'yaml'",
            "'yaml' == extras",
            "'' in extras",
            "'é' in extras",
            "'x' in extras and",
            "and 'x' in extras",
            "('x' in extras",
            "'x' in extras)",
            "('x' in extras) ('y' in extras)",
            "'x' in extras 'y'",
            "'x in extras",
            "not 'x' in extras",
            &deep,
            "",
        ] {
            assert!(Marker::parse(text, &mut Markers::new()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "(\\PC|'x' in extras| or | and |\\(|\\)|os_name == 'nt'){0,9}") {
            let _ = Marker::parse(&text, &mut Markers::new());
        }
    }
}
