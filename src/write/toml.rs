//! Strings and keys as TOML has them.

use toml_writer::{ToTomlKey, ToTomlValue, TomlKeyBuilder, TomlStringBuilder};

use crate::text::off_line;

/// A string in double quotes and on one line, for every reader of lines. (The library's default would be other quotes
/// where there are some in the text; markers read best in one kind.)
pub(crate) fn string(text: &str) -> String {
    let basic = TomlStringBuilder::new(text).as_basic().to_toml_value();
    if off_line(&basic).is_none() {
        return basic;
    }
    // TOML lets these be, in ASCII it has escaped them all.
    let is_odd = |c: char| off_line(c.encode_utf8(&mut [0; 4])).is_some();
    let one = |c: char| if is_odd(c) { format!("\\u{:04X}", u32::from(c)) } else { c.to_string() };
    basic.chars().map(one).collect()
}

/// A key, in quotes if it needs them.
pub(super) fn key(name: &str) -> String {
    TomlKeyBuilder::new(name).as_unquoted().map_or_else(|| string(name), |key| key.to_toml_key())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn strings_are_in_double_quotes_and_controls_escaped() {
        for (text, toml) in [
            ("", r#""""#),
            (r#"python_version < "3.11""#, r#""python_version < \"3.11\"""#),
            (r"a\b", r#""a\\b""#),
            ("a\nb\r\tc", r#""a\nb\r\tc""#),
            ("\u{0}\u{1b}\u{7f}", r#""\u0000\u001B\u007F""#),
            ("\u{85}\u{2028}", r#""\u0085\u2028""#),
            ("é", "\"é\""),
        ] {
            assert_eq!(string(text), toml);
        }
    }

    #[test]
    fn keys_are_in_quotes_only_where_they_must_be() {
        for (name, toml) in [("a-b_1", "a-b_1"), ("a.b", "\"a.b\""), ("", "\"\""), ("é", "\"é\""), ("\"", "\"\\\"\"")]
        {
            assert_eq!(key(name), toml);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(text in any::<String>()) {
            let line = format!("{} = {}", key(&text), string(&text));
            let document = toml_edit::Document::parse(line.as_str()).unwrap();
            let (name, value) = document.iter().next().unwrap();
            prop_assert_eq!((name, value.as_str()), (text.as_str(), Some(text.as_str())));
            prop_assert!(off_line(&line).is_none());
        }
    }
}
