//! The findings as SARIF 2.1.0, the format that code scanning services read.

use serde_json::{Value, json};

use super::{check, pythons_json};
use crate::edge::io::Repository;
use crate::packaging::address;
use crate::packaging::target::Platform;
use crate::report::audit::{Audit, AuditFinding};
use crate::report::error::{Code, NamedTarget, Problem};
use crate::report::rule::{Rule, Severity};
use crate::report::{CheckFinding, Checked, Verification, Verified};
use crate::text::Place;

/// The address of the format's schema.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// One thing that was found.
struct SarifFinding<'f> {
    code: &'static str,
    severity: Severity,
    text: String,
    file: &'f str,
    place: Option<&'f Place>,
    package: Option<&'f str>,
    properties: Value,
}

/// An audit. All rules are listed, so that a service knows those that found nothing.
pub(crate) fn audit(audit: &Audit, files: &Repository) -> String {
    let rules = Rule::ALL.into_iter().map(|rule| {
        let mut value = rule_json(rule.as_str(), rule.meaning(), rule.severity());
        value["help"] = json!({ "text": rule.explanation() });
        value
    });
    let results = audit.findings.iter().map(|finding| of_audit(finding, audit));
    log(&rules.collect::<Vec<_>>(), &results.collect::<Vec<_>>(), files)
}

fn of_audit<'f>(finding: &'f AuditFinding, audit: &'f Audit) -> SarifFinding<'f> {
    let place = finding.place.as_deref();
    SarifFinding {
        code: finding.rule.as_str(),
        severity: finding.severity,
        text: with_help(finding.sentence(), finding.remedy.as_deref()),
        file: place.map_or(&audit.lock, |place| &place.file),
        place,
        package: finding.package.as_deref(),
        properties: json!({
            "package": finding.package,
            "version": finding.version,
            "platform": finding.platform.map(Platform::as_str),
            "pythons": pythons_json(&finding.pythons),
            "targets": names(&finding.targets),
        }),
    }
}

/// A check. Of its rules those are listed that found something: others stop the work, and then there is no log.
pub(crate) fn checked(checked: &Checked, files: &Repository) -> String {
    let codes = checked.findings.iter().map(|finding| finding.problem.code);
    let results = checked.findings.iter().map(of_check);
    log(&rules(codes), &results.collect::<Vec<_>>(), files)
}

fn of_check(finding: &CheckFinding) -> SarifFinding<'_> {
    let problem = &finding.problem;
    let place = problem.place.as_deref();
    SarifFinding {
        code: problem.code.as_str(),
        severity: if finding.fixed { Severity::Note } else { Severity::Error },
        text: check::message(finding),
        file: place.map_or(&finding.file, |place| &place.file),
        place,
        package: None,
        properties: json!({
            "targets": names(&problem.targets),
            "fixed": finding.fixed,
        }),
    }
}

/// A verification.
pub(crate) fn verification(verification: &Verification, files: &Repository) -> String {
    let all = || {
        verification.wheels.iter().flat_map(|wheel| {
            let wrong = wheel.wrong.iter().map(move |problem| (wheel, problem, Severity::Error));
            wrong.chain(wheel.unanswered.iter().map(move |problem| (wheel, problem, Severity::Warning)))
        })
    };
    let results = all().map(|(wheel, problem, severity)| of_wheel(wheel, problem, severity));
    log(&rules(all().map(|(_, problem, _)| problem.code)), &results.collect::<Vec<_>>(), files)
}

fn of_wheel<'f>(wheel: &'f Verified, problem: &'f Problem, severity: Severity) -> SarifFinding<'f> {
    let place = problem.place.as_deref();
    SarifFinding {
        code: problem.code.as_str(),
        severity,
        text: with_help(problem.sentence(), problem.remedy.as_deref()),
        file: place.map_or(&wheel.lock, |place| &place.file),
        place,
        package: Some(&wheel.package),
        properties: json!({ "package": wheel.package, "wheel": wheel.wheel }),
    }
}

fn rules(codes: impl Iterator<Item = Code>) -> Vec<Value> {
    let codes: std::collections::BTreeSet<Code> = codes.collect();
    codes.into_iter().map(|code| rule_json(code.as_str(), code.meaning(), Severity::Error)).collect()
}

/// One log with one run.
fn log(rules: &[Value], found: &[SarifFinding<'_>], files: &Repository) -> String {
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

fn with_help(mut text: String, remedy: Option<&str>) -> String {
    if let Some(remedy) = remedy {
        text.push_str("\nhelp: ");
        text.push_str(remedy);
    }
    text
}

fn names(some: &[NamedTarget]) -> Vec<&str> {
    some.iter().map(|target| target.name.as_str()).collect()
}

fn result(found: &SarifFinding<'_>, rules: &[Value], files: &Repository) -> Value {
    let mut physical = json!({ "artifactLocation": { "uri": address::of_path(&files.path(found.file)) } });
    if let Some(place) = found.place {
        (physical["region"], physical["contextRegion"]) = regions(place);
    }
    let mut location = json!({ "physicalLocation": physical });
    if let Some(package) = &found.package {
        location["logicalLocations"] = json!([{ "name": package, "kind": "module" }]);
    }
    json!({
        "ruleId": found.code,
        "ruleIndex": rules.iter().position(|rule| rule["id"] == found.code),
        "level": found.severity.as_str(),
        "message": { "text": found.text },
        "locations": [location],
        "properties": found.properties,
    })
}

/// What is meant, and the line around it. The caret of a text may stand behind the line's end, a region may not.
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
