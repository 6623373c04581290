//! The findings as SARIF 2.1.0, the format that code scanning services read.

use serde_json::{Value, json};

use super::findings::{Finding, of_audit, of_check, of_verification};
use crate::edge::io::Repository;
use crate::packaging::address;
use crate::report::audit::Audit;
use crate::report::error::Code;
use crate::report::rule::{Rule, Severity};
use crate::report::{Checked, Verification};
use crate::text::Place;

/// The address of the format's schema.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// An audit. All rules are listed, so that a service knows those that found nothing.
pub(crate) fn audit(audit: &Audit, files: &Repository) -> String {
    let rules = Rule::ALL.into_iter().map(|rule| {
        let mut value = rule_json(rule.as_str(), rule.meaning(), rule.severity());
        value["help"] = json!({ "text": rule.explanation() });
        value
    });
    log(&rules.collect::<Vec<_>>(), &of_audit(audit), files)
}

/// A check. Of its rules those are listed that found something: others stop the work, and then there is no log.
pub(crate) fn checked(checked: &Checked, files: &Repository) -> String {
    log(&rules(checked.findings.iter().map(|finding| finding.problem.code)), &of_check(checked), files)
}

/// A verification.
pub(crate) fn verification(verification: &Verification, files: &Repository) -> String {
    let problems = verification.wheels.iter().flat_map(|wheel| wheel.wrong.iter().chain(&wheel.unanswered));
    log(&rules(problems.map(|problem| problem.code)), &of_verification(verification), files)
}

fn rules(codes: impl Iterator<Item = Code>) -> Vec<Value> {
    let codes: std::collections::BTreeSet<Code> = codes.collect();
    codes.into_iter().map(|code| rule_json(code.as_str(), code.meaning(), Severity::Error)).collect()
}

/// One log with one run.
fn log(rules: &[Value], found: &[Finding<'_>], files: &Repository) -> String {
    let results: Vec<Value> = found.iter().map(|one| result(one, rules, files)).collect();
    let value = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": env!("CARGO_PKG_NAME"),
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "invocations": [{ "executionSuccessful": true }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{value:#}\n")
}

fn rule_json(id: &str, meaning: &str, severity: Severity) -> Value {
    json!({
        "id": id,
        "shortDescription": { "text": meaning },
        "defaultConfiguration": { "level": severity.as_str() },
    })
}

fn result(found: &Finding<'_>, rules: &[Value], files: &Repository) -> Value {
    let mut physical = json!({ "artifactLocation": { "uri": address::of_path(&files.path(found.file)) } });
    if let Some(place) = found.place {
        (physical["region"], physical["contextRegion"]) = regions(place);
    }
    let help = found.remedy.map(|remedy| format!("\nhelp: {remedy}")).unwrap_or_default();
    let mut location = json!({ "physicalLocation": physical });
    if let Some(package) = &found.package {
        location["logicalLocations"] = json!([{ "name": package, "kind": "module" }]);
    }
    json!({
        "ruleId": found.code,
        "ruleIndex": rules.iter().position(|rule| rule["id"] == found.code),
        "level": found.severity.as_str(),
        "message": { "text": format!("{}{help}", found.text) },
        "locations": [location],
        "properties": found.properties,
    })
}

/// The region of a place, and the line around it. The caret of a text may be behind the line's end, a region may not.
fn regions(place: &Place) -> (Value, Value) {
    let end = (place.column + place.width).min(place.skipped + place.text.chars().count() + 1).max(place.column);
    let meant = place.text.chars().skip(place.column - 1 - place.skipped).take(end - place.column);
    let region = json!({
        "startLine": place.line,
        "startColumn": place.column,
        "endColumn": end,
        "snippet": { "text": meant.collect::<String>() },
    });
    (region, json!({ "startLine": place.line, "snippet": { "text": place.text } }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Source, Span};

    #[test]
    fn a_region_is_within_its_line() {
        let text = "name = \"ü\"\r\nend";
        for (span, columns, meant) in [(7..11, (8, 11), "\"ü\""), (11..13, (11, 11), ""), (16..16, (4, 4), "")] {
            let (region, context) = regions(&Source::new("f", text).place(Span { start: span.start, end: span.end }));
            assert_eq!((&region["startColumn"], &region["endColumn"]), (&json!(columns.0), &json!(columns.1)));
            assert_eq!(region["snippet"]["text"], meant);
            assert_eq!((&context["startLine"], region.get("endLine")), (&region["startLine"], None));
        }
        let long = format!("{} = 1", "a".repeat(2000));
        let (region, context) = regions(&Source::new("f", &long).place(Span { start: 2003, end: 2004 }));
        assert_eq!((&region["startColumn"], &region["snippet"]["text"]), (&json!(2004), &json!("1")));
        assert!(context["snippet"]["text"].as_str().is_some_and(|shown| shown.len() < 101 && shown.ends_with("a = 1")));
    }
}
