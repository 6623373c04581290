//! Any text, well-formed or not: no panic, no byte lost, and little time.

use proptest::prelude::*;

use super::*;

#[test]
fn hostile_text_costs_no_stack_and_little_time() {
    assert!(refused(&"a".repeat(8 << 20)).message.contains("longer than"));
    let deep = |n: usize| format!("a==1 ; {}os_name == 'nt'{}", "(".repeat(n), ")".repeat(n));
    assert!(refused(&deep(1000)).message.contains("64 deep"));
    assert!(refused(&deep(10_000)).message.contains("64 deep"));
    for one in ["[", "((", "\"", "'", ";", "@", "-e", "--hash ", "# via", "${", "a @ ", "\\", " -", "https://", "%"] {
        let _ = read(&one.repeat(200_000 / one.len()));
        let _ = read(&format!("a=={}", one.repeat(200_000 / one.len())));
        let _ = without_hashes(&one.repeat(200_000 / one.len()));
    }
    assert!(file(&"a==1\n# via b\n".repeat(20_000)).entries.len() == 20_000);
}

fn piece() -> impl Strategy<Value = String> {
    let fixed = [
        "torch==2.0.1",
        "torch @ https://x.example/torch-2.0.1-py3-none-any.whl",
        "a[b]",
        "\n",
        "\r\n",
        " \\\n",
        "\\\r\n",
        " ",
        "    # via torch",
        "    #   b",
        "# c",
        "#",
        " ; os_name == 'nt'",
        ";",
        "-e .",
        "--pre",
        "--hash=",
        HASH,
        "\u{feff}",
        "\t",
        "é",
        "git+https://x.example/a#egg=a",
        "-i https://x.example",
        "==",
        "\"",
        "'",
        "-",
        "# Made by torchswap 1\n",
        "\r",
        "\\",
    ];
    prop_oneof![
        4 => prop::sample::select(fixed.to_vec()).prop_map(str::to_owned),
        1 => "[ -~]{0,6}",
    ]
}

proptest! {
    #[test]
    fn never_panics_and_never_loses_a_byte(pieces in prop::collection::vec(piece(), 0..24)) {
        let text = pieces.concat();
        if let Ok(file) = read(&text) {
            prop_assert_eq!(unchanged(&file), text.clone());
            let mut at = text.len() - text.trim_start_matches('\u{feff}').len();
            for line in &file.lines {
                prop_assert_eq!(line.span.start, at);
                at = line.span.end;
            }
            let mut edits = LineEdits::default();
            edits.header("# Made by torchswap 2");
            edits.insert("zz".parse().unwrap(), "zz==1", None);
            for line in 0..file.lines.len() {
                edits.remove(line);
            }
            let edited = read(&file.render(&edits));
            prop_assert!(edited.is_ok_and(|file| file.entries.len() == 1));
        }
    }

    #[test]
    fn text_without_hashes_reads_alike(pieces in prop::collection::vec(piece(), 0..24)) {
        let text = pieces.concat();
        if let Ok(before) = read(&text) {
            let lines: String = before.lines.iter().map(|line| without_hashes(before.text(line))).collect();
            let after = read(&lines);
            prop_assert!(after.is_ok(), "{:?} {:?}", lines, after);
            let after = after.unwrap();
            let same = |file: &RequirementsFile| {
                let one = |(entry, r): (&Entry, &RequirementLine)| {
                    let marker = r.marker.clone();
                    (entry.name.clone(), entry.version.clone(), marker, r.via.clone())
                };
                file.entries.iter().zip(&file.requirements).map(one).collect::<Vec<_>>()
            };
            prop_assert_eq!(same(&before), same(&after));
            prop_assert!(after.requirements.iter().all(|requirement| requirement.hashes.is_empty()));
        }
    }

    #[test]
    fn never_panics_on_any_text(text in "\\PC{0,80}", more in prop::collection::vec(any::<char>(), 0..80)) {
        let _ = read(&text);
        let _ = read(&more.into_iter().collect::<String>());
        let _ = without_hashes(&text);
    }
}
