//! What is too much for the parser of markers.

/// How deep brackets in a marker may stand in each other, and how long a marker may be, before its parser (which calls
/// itself) and what is made of it (which doubles with each substring comparison, at worst) ask too much.
const DEEPEST_MARKER: usize = 64;
const LONGEST_MARKER: usize = 16 << 10;
const MOST_SUBSTRINGS: usize = 32;

/// Refuses markers that would cost their parser its stack or all of the memory, and those on which it panics: it counts
/// characters where it should count bytes. No variable has a value outside of ASCII (PEP 508).
pub(super) fn tame(text: &str) -> Result<(), String> {
    if let Some(odd) = text.chars().find(|c| !c.is_ascii()) {
        return Err(format!("`{}` has no place in a marker", odd.escape_debug()));
    }
    let mut depth = 0_usize;
    let mut quote = None;
    for c in text.chars() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST_MARKER {
            return Err(format!("the marker has brackets more than {DEEPEST_MARKER} deep"));
        }
    }
    if text.len() > LONGEST_MARKER {
        return Err(format!("the marker is longer than {LONGEST_MARKER} bytes"));
    }
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    if words.filter(|word| matches!(*word, "in" | "extra")).count() > MOST_SUBSTRINGS {
        return Err(format!("the marker has more than {MOST_SUBSTRINGS} comparisons with `in` or `extra`"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn untamed_markers_are_refused() {
        let deep = |n: usize| format!("{}os_name == 'nt'{}", "(".repeat(n), ")".repeat(n));
        assert!(tame(&deep(DEEPEST_MARKER)).is_ok() && tame(&deep(10_000)).is_err());
        assert!(tame(&format!("os_name == '{}'", "(".repeat(1000))).is_ok());
        let many = |n: usize| vec!["'a' in os_name"; n].join(" or ");
        assert!(tame(&many(MOST_SUBSTRINGS)).is_ok() && tame(&many(MOST_SUBSTRINGS + 1)).is_err());
        assert!(tame(&"x".repeat(LONGEST_MARKER + 1)).is_err());
        assert!(tame("os_name == 'nt'é").is_err() && tame("os_name == 'é'").is_err());
    }
}
