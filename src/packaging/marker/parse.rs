//! Reading a marker: `and`, `or` and brackets here, each comparison by the library.

use std::sync::Arc;

use pep508_rs::{ExtraName, MarkerTree, MarkerWarningKind, Reporter};

use super::{Marker, MarkerNode, Set};
use crate::text::quoted;

/// The deepest nesting of brackets: the reader calls itself for each.
const DEEPEST_MARKER: usize = 64;
/// The longest marker, in bytes: far longer than what Poetry writes for a hundred extras.
const LONGEST_MARKER: usize = 1 << 20;
/// The most comparisons that no target decides. Only these are put together, which takes the longer the more
/// there are; one with `in` is a variable of its own, and what is put together can double with each: six pairs of them
/// take 10 ms, eight 400 ms.
const MOST_OPEN: usize = 200;
const MOST_OPEN_IN: usize = 12;

/// Reads a marker of PEP 508.
///
/// # Errors
/// If it is not a marker, if it holds a comparison that has no meaning and that the library would leave out (a marker with
/// a part left out selects something else than its author wrote), or if it is too much to decide.
pub fn parse(text: &str) -> Result<Marker, String> {
    read(text, Grammar::Requirement)
}

/// Reads a marker of a `pylock.toml` (PEP 751): there `"name" in extras` and `"name" in dependency_groups` take the place
/// of `extra`.
///
/// # Errors
/// As [`parse`], and if it asks for `extra`, which has no value where a lock is installed.
pub fn parse_in_pylock(text: &str) -> Result<Marker, String> {
    read(text, Grammar::Pylock)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grammar {
    Requirement,
    Pylock,
}

fn read(text: &str, grammar: Grammar) -> Result<Marker, String> {
    if text.len() > LONGEST_MARKER {
        return Err(format!("the marker is longer than {LONGEST_MARKER} bytes"));
    }
    // No variable has a value outside of ASCII (PEP 508), and the library counts characters where it should count bytes.
    if let Some(odd) = text.chars().find(|c| !c.is_ascii()) {
        return Err(format!("U+{:04X} has no place in a marker: `{}`", u32::from(odd), quoted(text)));
    }
    // So that it can be written on a line again: no value of a variable has a line end or a quote in it.
    let mut quote = None;
    for c in text.chars() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            (Some(_), '"' | '\'') => return Err("a quote inside a quoted text".to_owned()),
            _ if c.is_control() => return Err(format!("U+{:04X} has no place in a marker", u32::from(c))),
            _ => {}
        }
    }
    let mut reader = MarkerReader { text, at: 0, grammar, open: 0, open_in: 0 };
    let node = reader.any(0)?;
    match reader.rest().chars().next() {
        None => Ok(Marker(Arc::new(node))),
        Some(_) => Err("a bracket is closed that was not opened".to_owned()),
    }
}

struct MarkerReader<'t> {
    text: &'t str,
    at: usize,
    grammar: Grammar,
    open: usize,
    open_in: usize,
}

impl<'t> MarkerReader<'t> {
    /// The unread text, from the next character that is no blank.
    fn rest(&mut self) -> &'t str {
        let rest = self.text[self.at..].trim_start();
        self.at = self.text.len() - rest.len();
        rest
    }

    /// Takes a word if it comes next.
    fn takes(&mut self, word: &str) -> bool {
        let found = self.rest().strip_prefix(word).is_some_and(|rest| !rest.starts_with(is_word));
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn any(&mut self, depth: usize) -> Result<MarkerNode, String> {
        let mut nodes = vec![self.all(depth)?];
        while self.takes("or") {
            nodes.push(self.all(depth)?);
        }
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { MarkerNode::Any(nodes) })
    }

    fn all(&mut self, depth: usize) -> Result<MarkerNode, String> {
        let mut nodes = vec![self.one(depth)?];
        while self.takes("and") {
            nodes.push(self.one(depth)?);
        }
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { MarkerNode::All(nodes) })
    }

    fn one(&mut self, depth: usize) -> Result<MarkerNode, String> {
        if !self.rest().starts_with('(') {
            return self.comparison();
        }
        if depth >= DEEPEST_MARKER {
            return Err(format!("the marker has brackets more than {DEEPEST_MARKER} deep"));
        }
        self.at += 1;
        let node = self.any(depth + 1)?;
        if !self.rest().starts_with(')') {
            return Err("a bracket is not closed".to_owned());
        }
        self.at += 1;
        Ok(node)
    }

    /// A comparison: up to the next `and`, `or` or bracket outside of quotes.
    fn comparison(&mut self) -> Result<MarkerNode, String> {
        let rest = self.rest();
        let mut words: Vec<&str> = Vec::new();
        let (mut quote, mut word) = (None, None);
        let mut end = rest.len();
        for (at, c) in rest.char_indices().chain([(rest.len(), ' ')]) {
            match (word, quote.is_none() && is_word(c)) {
                (None, true) => word = Some(at),
                (Some(start), false) => {
                    word = None;
                    if matches!(&rest[start..at], "and" | "or") {
                        end = start;
                        break;
                    }
                    words.push(&rest[start..at]);
                }
                (None, false) | (Some(_), true) => {}
            }
            match (quote, c) {
                (None, '"' | '\'') => quote = Some(c),
                (Some(open), _) if open == c => quote = None,
                (None, '(' | ')') => {
                    end = at;
                    break;
                }
                _ => {}
            }
        }
        let text = rest[..end].trim_end();
        self.at += end;
        match self.grammar {
            Grammar::Requirement => {}
            Grammar::Pylock if words.contains(&"extra") => {
                return Err("`extra` has no value in a lock; it is written \"name\" in extras".to_owned());
            }
            Grammar::Pylock if words.iter().any(|word| matches!(*word, "extras" | "dependency_groups")) => {
                return member(text);
            }
            Grammar::Pylock => {}
        }
        if words.iter().any(|word| matches!(*word, "platform_release" | "platform_version" | "version")) {
            self.open += 1;
            self.open_in += usize::from(words.contains(&"in"));
        } else if words.iter().any(|word| matches!(*word, "python_full_version" | "implementation_version")) {
            self.open += 1;
        }
        if self.open > MOST_OPEN || self.open_in > MOST_OPEN_IN {
            return Err("the marker has more comparisons that no target decides than can be put together".to_owned());
        }
        compared(text).map(MarkerNode::Comparison)
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// One comparison, as the library reads it.
fn compared(text: &str) -> Result<MarkerTree, String> {
    struct Strict(Option<String>);
    impl Reporter for Strict {
        fn report(&mut self, kind: MarkerWarningKind, warning: String) {
            match kind {
                MarkerWarningKind::DeprecatedMarkerName | MarkerWarningKind::LexicographicComparison => {}
                MarkerWarningKind::ExtraInvalidComparison
                | MarkerWarningKind::MarkerMarkerComparison
                | MarkerWarningKind::Pep440Error
                | MarkerWarningKind::StringStringComparison => self.0 = Some(warning),
            }
        }
    }
    let mut strict = Strict(None);
    let tree = MarkerTree::parse_reporter(text, &mut strict).map_err(|error| first_line(&error.to_string()))?;
    match strict.0 {
        Some(warning) => Err(warning),
        None => Ok(tree),
    }
}

/// The library's own message has a picture of the text below it; places are shown our way.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim_end_matches('.').to_owned()
}

/// `"name" in extras`, `"name" not in dependency_groups`.
fn member(text: &str) -> Result<MarkerNode, String> {
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
    let set = match set {
        "extras" => Set::Extras,
        "dependency_groups" => Set::DependencyGroups,
        _ => return Err(wrong()),
    };
    Ok(MarkerNode::Member { set, name, wanted })
}
