use super::*;
use proptest::prelude::*;

#[test]
fn place_counts_lines_and_characters() {
    let source = Source::new("a.txt", "one\r\nzwölf drei\n");
    let at = source.text.find("drei").unwrap();
    let place = source.place(Span { start: at, end: at + 4 });
    assert_eq!((place.line, place.column, place.width), (2, 7, 4));
    assert_eq!(place.to_string(), " --> a.txt:2:7\n2 | zwölf drei\n  |       ^^^^");
}

#[test]
fn a_long_line_is_cut_around_the_place() {
    for (before, after) in [(3_000_000, 9), (9, 3_000_000), (500, 400)] {
        let text = format!("{}torch{}", "x".repeat(before), "y".repeat(after));
        let place = Source::new("a", text).place(Span { start: before, end: before + 5 });
        assert!(place.text.len() <= LONG && place.text.contains("torch"));
        let shown = place.to_string();
        let lines: Vec<&str> = shown.lines().collect();
        let column =
            |line: &str, what| line.chars().collect::<String>().find(what).map(|at| line[..at].chars().count());
        assert_eq!(column(lines[1], "torch"), column(lines[2], "^^^^^"), "{shown}");
    }
}

#[test]
fn a_terminal_is_not_given_orders() {
    let place = Source::new("a", "a\u{1b}[31mb\u{202e}c").place(Span { start: 0, end: 1 }).to_string();
    assert!(!place.contains(['\u{1b}', '\u{202e}']) && place.contains("a\u{fffd}[31mb"));
    assert_eq!(quoted("it's\u{1b}[0m\n\u{202e}"), "it's\\u{1b}[0m\\n\\u{202e}");
    assert_eq!(quoted(&"é".repeat(99)).chars().count(), QUOTED + 1);
}

#[test]
fn a_message_is_one_line() {
    assert_eq!(shown("a \"b\" c:\\é"), "a \"b\" c:\\é");
    assert_eq!(shown("a\n::error::\u{1b}]0;\u{7}\u{85}\u{2028}\t"), "a\\n::error::\\u{1b}]0;\\u{7}\\u{85}\\u{2028}\\t");
    let place = Source::new("a\n::error::b", "c").place(Span { start: 0, end: 1 }).to_string();
    assert!(place.starts_with(" --> a\\n::error::b:1:1\n"), "{place}");
}

#[test]
fn what_ends_a_line_is_named_by_its_code_point() {
    for (c, name) in
        [('\n', "U+000A"), ('\u{b}', "U+000B"), ('\u{c}', "U+000C"), ('\r', "U+000D"), ('\u{1c}', "U+001C")]
    {
        assert_eq!(off_line(&format!("é{c}")).unwrap(), format!("{name}, at which pip ends the line"));
    }
    for (c, name) in [('\u{1d}', "U+001D"), ('\u{1e}', "U+001E"), ('\u{85}', "U+0085"), ('\u{2028}', "U+2028")] {
        assert_eq!(off_line(&format!("a{c}")).unwrap(), format!("{name}, at which pip ends the line"));
    }
    assert_eq!(off_line("\u{2029}").unwrap(), "U+2029, at which pip ends the line");
    assert_eq!(off_line("a\u{1b}").unwrap(), "U+001B, a control character");
    assert_eq!((off_line("a b~"), off_line("é…\u{2027}")), (None, None));
}

#[test]
fn variables_are_those_that_pip_replaces() {
    assert_eq!(variable("https://a.example/${x}$A${}${TOKEN_2}/${B}"), Some("${TOKEN_2}"));
    for text in ["", "${", "${A", "$A", "${a}", "${A-B}", "%7BA%7D"] {
        assert_eq!(variable(text), None);
    }
}

#[test]
fn logins_are_not_shown() {
    let text = "a @ https://me:se/cret@i.example/a@b -i http://x@y@z.example http://plain.example/@ ://";
    let shown = "a @ https://me:se/cret@i.example/a@b -i http://…@z.example http://plain.example/@ ://";
    assert_eq!(without_logins(text), shown);
    assert_eq!(without_logins("https://me:secret@i.example/a"), "https://…@i.example/a");
}

#[test]
fn overlapping_edits_are_refused() {
    let mut patch = Patch::default();
    patch.replace(Span { start: 0, end: 3 }, "x");
    patch.replace(Span { start: 2, end: 4 }, "y");
    assert!(patch.apply("abcdef").is_err());
}

proptest! {
    #[test]
    fn bytes_outside_an_edit_stay(text in "\\PC{0,40}", cut in 0usize..40, len in 0usize..10, new in "\\PC{0,9}") {
        let mut patch = Patch::default();
        patch.replace(Span { start: cut, end: cut + len }, new.clone());
        if let Ok(out) = patch.apply(&text) {
            prop_assert!(out.starts_with(&text[..cut]));
            prop_assert!(out.ends_with(&text[cut + len..]));
            prop_assert_eq!(out.len(), text.len() - len + new.len());
        }
    }

    #[test]
    fn a_place_never_panics(text in "\\PC{0,60}", start in 0usize..80, len in 0usize..80) {
        let _ = Source::new("f", text).place(Span { start, end: start + len }).to_string();
    }
}
