//! The findings of a check, as text, as JSON and as annotations of GitHub Actions.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Colour, document, findings, found, help, learned, learned_json, problem_json, targets_json};
use crate::command::check::NO_OUTPUTS;
use crate::edge::io::Repository;
use crate::report::{CheckFinding, Checked, in_short};
use crate::text::shown;

/// For people: the findings with what differs, else one line that all is well.
pub(crate) fn checked(checked: &Checked, colour: Colour) -> String {
    let mut text = learned(&checked.learned, colour);
    for finding in &checked.findings {
        finding_of(finding, &mut text, colour);
    }
    let is_found = checked.findings.iter().any(|finding| finding.problem.message == NO_OUTPUTS);
    if checked.has_no_outputs && !is_found {
        let _ = writeln!(text, "{NO_OUTPUTS}");
    }
    if checked.findings.is_empty() {
        match checked.up_to_date.as_slice() {
            [] => {}
            [(file, _)] => text.push_str(&format!("{} is up to date\n", shown(file))),
            several => text.push_str(&format!("{} outputs are up to date\n", several.len())),
        }
    }
    text + &found(&checked.found, colour)
}

fn finding_of(finding: &CheckFinding, text: &mut String, colour: Colour) {
    let (code, word) = if finding.fixed { ("1;32", "fixed") } else { ("1;31", "found") };
    // The changes say what was wrong.
    let what = if finding.fixed { shown(&finding.file).into_owned() } else { finding.problem.sentence() };
    let _ = writeln!(text, "{}: {what}", colour.paint(code, word));
    if let Some(place) = &finding.problem.place {
        let _ = writeln!(text, "{place}");
    }
    for difference in in_short(&finding.differences) {
        let _ = writeln!(text, "  {}", shown(&difference));
    }
    for file in &finding.not_compared {
        let _ = writeln!(text, "  {}", shown(&not_compared(file)));
    }
    text.push_str(&help(finding.problem.remedy.as_ref().filter(|_| !finding.fixed), colour));
}

pub(super) fn not_compared(file: &str) -> String {
    format!("not compared: {file}")
}

/// As a JSON report.
pub(crate) fn checked_json(checked: &Checked) -> String {
    let each = checked.findings.iter().map(|finding| {
        let mut value = problem_json(&finding.problem);
        let differences = finding.differences.iter().map(ToString::to_string);
        let details: Vec<String> =
            differences.chain(finding.not_compared.iter().map(|file| not_compared(file))).collect();
        value["file"] = finding.file.clone().into();
        value["details"] = details.into();
        value["fixed"] = finding.fixed.into();
        value
    });
    let up_to_date = checked.up_to_date.iter();
    let up_to_date = up_to_date.map(|(file, targets)| json!({ "file": file, "targets": targets_json(targets) }));
    document(
        Some("check"),
        json!({
            "findings": each.collect::<Vec<Value>>(),
            "up_to_date": up_to_date.collect::<Vec<Value>>(),
            "learned": learned_json(&checked.learned),
            "found_catalogues": checked.found,
        }),
    )
}

/// As annotations of GitHub Actions.
pub(crate) fn checked_github(checked: &Checked, files: &Repository) -> String {
    let mut text = findings::github(&findings::of_check(checked), files);
    if checked.has_no_outputs && checked.findings.is_empty() {
        let _ = writeln!(text, "::notice title=no-outputs::{NO_OUTPUTS}");
    }
    text
}
