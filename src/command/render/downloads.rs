//! The download of a target, beside that of the lock, as text and as data.

use serde_json::{Value, json};

use crate::catalog::is_torch;
use crate::report::{DownloadSize, PythonDownload};

/// The download, under the Python that needs most.
pub(super) fn download(all: &[PythonDownload]) -> String {
    let Some(most) = all.iter().rev().max_by_key(|one| one.output.bytes) else { return String::new() };
    let DownloadSize { bytes, unknown } = &most.output;
    let alike = all.iter().all(|one| PythonDownload { python: most.python, ..one.clone() } == *most);
    let python = if alike { String::new() } else { format!(" under CPython {}", most.python) };
    let locked = match &most.locked {
        DownloadSize { bytes: 0, .. } => String::new(),
        DownloadSize { bytes, unknown } => {
            format!("; the lock: {}{}{}", at_least(unknown), size(*bytes), unknown_sizes(unknown))
        }
    };
    let difference = match &most.difference {
        // It would be said to be smaller where it is larger.
        DownloadSize { unknown, .. } if has_torch(unknown) => "; difference: unknown, as torch's size is".to_owned(),
        DownloadSize { bytes: 0, .. } => String::new(),
        DownloadSize { bytes, unknown } => {
            let sign = if *bytes < 0 { '-' } else { '+' };
            format!("; difference: {sign}{}{}", size(*bytes), unknown_sizes(unknown))
        }
    };
    match (*bytes, unknown.len()) {
        (0, 0) => String::new(),
        (0, count) => format!("{count} files to download{python}, of unknown sizes{locked}{difference}\n"),
        (bytes, _) => {
            let (least, unknown) = (at_least(unknown), unknown_sizes(unknown));
            format!("{least}{} to download{python}{unknown}{locked}{difference}\n", size(bytes))
        }
    }
}

/// The download in a few words.
pub(super) struct Download {
    /// `4.1 GB`, `at least 2.5 GB (3 files of unknown size)`.
    pub(super) text: String,
    /// True if no file is of unknown size.
    pub(super) is_known: bool,
}

/// The same in a few words; torch's file is named, for it is larger than most others together. Where Pythons differ it is what
/// none goes beyond.
pub(super) fn in_short(all: &[PythonDownload]) -> Option<Download> {
    let outputs = || all.iter().map(|one| &one.output);
    let bytes = outputs().map(|output| output.bytes).max()?;
    let torch = outputs().flat_map(|output| &output.unknown).find(|name| is_named_torch(name));
    let count = outputs().map(|output| output.unknown.len()).max()?;
    let is_known = count == 0;
    // With files of unknown size a sum is no bound from above.
    let bound = match outputs().all(|output| Some(output) == outputs().next()) {
        _ if !is_known => "at least ",
        true => "",
        false => "up to ",
    };
    let unknown = match (count - usize::from(torch.is_some()), torch) {
        (0, None) => None,
        (0, Some(torch)) => Some(format!("{torch}, of unknown size")),
        (1, None) => Some("1 file of unknown size".to_owned()),
        (1, Some(torch)) => Some(format!("{torch} and 1 more file of unknown size")),
        (others, None) => Some(format!("{others} files of unknown size")),
        (others, Some(torch)) => Some(format!("{torch} and {others} more files of unknown size")),
    };
    let text = match (bytes, unknown) {
        (0, None) => return None,
        (0, Some(unknown)) => unknown,
        (_, None) => format!("{bound}{}", size(bytes)),
        (_, Some(unknown)) => format!("{bound}{} ({unknown})", size(bytes)),
    };
    Some(Download { text, is_known })
}

fn has_torch(names: &[String]) -> bool {
    names.iter().any(|name| is_named_torch(name))
}

fn is_named_torch(name: &str) -> bool {
    name.parse().is_ok_and(|name| is_torch(&name))
}

/// The words before a sum of which a part is not known. Of a difference that would be wrong: what goes may be unknown.
fn at_least(unknown: &[String]) -> &'static str {
    if unknown.is_empty() { "" } else { "at least " }
}

/// The number of unknown sizes. Torch's is more than that of most others together.
fn unknown_sizes(of: &[String]) -> String {
    match (of.len(), has_torch(of)) {
        (0, _) => String::new(),
        (1, true) => " (torch's size unknown)".to_owned(),
        (1, false) => " (1 size unknown)".to_owned(),
        (count, true) => format!(" ({count} sizes unknown, torch's among them)"),
        (count, false) => format!(" ({count} sizes unknown)"),
    }
}

fn size(bytes: i64) -> String {
    crate::text::size(bytes.unsigned_abs())
}

/// The same as data, for each Python.
pub(super) fn json(all: &[PythonDownload]) -> Vec<Value> {
    let sum = |sum: &DownloadSize| json!({ "bytes": sum.bytes, "unknown": sum.unknown.len(), "unknown_packages": sum.unknown });
    let one = |one: &PythonDownload| json!({ "python": one.python.to_string(), "output": sum(&one.output), "lock": sum(&one.locked), "difference": sum(&one.difference) });
    all.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packaging::target::Python;

    #[test]
    fn a_download_is_that_of_the_python_that_needs_most() {
        let one = |minor, output: (i64, usize), locked: (i64, usize)| PythonDownload {
            python: Python::three(minor),
            output: DownloadSize { bytes: output.0, unknown: vec!["a".to_owned(); output.1] },
            locked: DownloadSize { bytes: locked.0, unknown: vec!["a".to_owned(); locked.1] },
            difference: DownloadSize {
                bytes: if locked.0 == 0 { 0 } else { output.0 - locked.0 },
                unknown: Vec::new(),
            },
        };
        for (all, line) in [
            (vec![], ""),
            (vec![one(10, (0, 0), (0, 3))], ""),
            (
                vec![one(10, (4_130_000_000, 3), (300_000_000, 0))],
                "at least 4.1 GB to download (3 sizes unknown); the lock: 0.3 GB; difference: +3.8 GB\n",
            ),
            (vec![one(10, (7, 0), (0, 9))], "0.0 kB to download\n"),
            (
                vec![one(10, (0, 4), (1_000_000, 1))],
                "4 files to download, of unknown sizes; the lock: at least 1.0 MB (1 size unknown); difference: -1.0 MB\n",
            ),
            (
                vec![one(10, (5_000, 0), (0, 0)), one(11, (6_000, 1), (0, 0))],
                "at least 6.0 kB to download under CPython 3.11 (1 size unknown)\n",
            ),
            (vec![one(10, (99_999, 0), (0, 0)), one(11, (99_999, 0), (0, 0))], "100.0 kB to download\n"),
        ] {
            assert_eq!(download(&all), line);
        }
        for (all, expected) in [
            (vec![], None),
            (vec![one(10, (0, 0), (0, 3))], None),
            (vec![one(10, (4_130_000_000, 0), (0, 0)); 2], Some("4.1 GB")),
            (vec![one(10, (5_000, 0), (0, 0)), one(11, (6_000, 0), (0, 0))], Some("up to 6.0 kB")),
            (
                vec![one(10, (5_000, 1), (0, 0)), one(11, (6_000, 2), (0, 0))],
                Some("at least 6.0 kB (2 files of unknown size)"),
            ),
            (
                vec![one(10, (7_000, 1), (0, 0)), one(11, (6_000, 2), (0, 0))],
                Some("at least 7.0 kB (2 files of unknown size)"),
            ),
            (vec![one(10, (5_000, 1), (0, 0))], Some("at least 5.0 kB (1 file of unknown size)")),
            (vec![one(10, (0, 2), (0, 0)), one(11, (0, 1), (0, 0))], Some("2 files of unknown size")),
        ] {
            let short = in_short(&all);
            assert_eq!(short.as_ref().map(|short| &*short.text), expected);
            assert!(short.is_none_or(|short| short.is_known != short.text.contains("unknown")));
        }
        for (bytes, others, expected) in [
            (0, &[][..], "torch, of unknown size"),
            (5_000, &[], "at least 5.0 kB (torch, of unknown size)"),
            (5_000, &["a"], "at least 5.0 kB (torch and 1 more file of unknown size)"),
            (0, &["a", "b"], "torch and 2 more files of unknown size"),
        ] {
            let mut torch = one(10, (bytes, 0), (9_000, 0));
            torch.output.unknown = others.iter().chain(&["torch"]).map(|name| (*name).to_owned()).collect();
            assert_eq!(in_short(&[torch]).unwrap().text, expected);
        }
        let mut torch = one(10, (5_000, 1), (9_000, 0));
        torch.difference.unknown = vec!["torch".to_owned()];
        assert_eq!(
            download(&[torch]),
            "at least 5.0 kB to download (1 size unknown); the lock: 9.0 kB; difference: unknown, as torch's size is\n"
        );
        assert_eq!(
            (size(100_000), size(99_960_000), size(100_000_000)),
            ("0.1 MB".into(), "100.0 MB".into(), "0.1 GB".to_owned())
        );
    }
}
