//! An audit as SARIF 2.1.0, the format that code scanning services read.

use serde_json::{Value, json};

use crate::packaging::target::Platform;
use crate::report::audit::{Audit, AuditFinding};
use crate::report::rule::{Rule, Severity};
use crate::text::Place;

/// Where the format's schema is published.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// One SARIF log with one run. All rules are listed, so that a service knows those that found nothing.
pub(crate) fn sarif(audit: &Audit) -> String {
    let rules: Vec<Value> = Rule::ALL.iter().map(|rule| rule_json(*rule)).collect();
    let results: Vec<Value> = audit.findings.iter().map(|finding| result(finding, audit)).collect();
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
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{value:#}\n")
}

fn rule_json(rule: Rule) -> Value {
    json!({
        "id": rule.as_str(),
        "shortDescription": { "text": rule.meaning() },
        "defaultConfiguration": { "level": level(rule.severity()) },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn result(finding: &AuditFinding, audit: &Audit) -> Value {
    let mut text = finding.sentence();
    if let Some(remedy) = &finding.remedy {
        text.push_str("\nhelp: ");
        text.push_str(remedy);
    }
    let physical = match &finding.place {
        Some(place) => json!({ "artifactLocation": { "uri": uri(&place.file) }, "region": region(place) }),
        None => json!({ "artifactLocation": { "uri": uri(&audit.lock) } }),
    };
    let mut location = json!({ "physicalLocation": physical });
    if let Some(package) = &finding.package {
        location["logicalLocations"] = json!([{ "name": package, "kind": "module" }]);
    }
    json!({
        "ruleId": finding.rule.as_str(),
        "ruleIndex": Rule::ALL.iter().position(|rule| *rule == finding.rule),
        "level": level(finding.severity),
        "message": { "text": text },
        "locations": [location],
        "properties": {
            "package": finding.package,
            "version": finding.version,
            "platform": finding.platform.map(Platform::as_str),
            "pythons": finding.pythons.iter().map(ToString::to_string).collect::<Vec<_>>(),
        },
    })
}

fn region(place: &Place) -> Value {
    json!({
        "startLine": place.line,
        "startColumn": place.column,
        "endColumn": place.column + place.width,
        "snippet": { "text": place.text },
    })
}

/// A path as a URI reference (RFC 3986): with slashes, and everything odd in percent.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.replace('\\', "/").bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'+' | b'@' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("a/poetry.lock"), "a/poetry.lock");
        assert_eq!(uri("a\\b c.txt"), "a/b%20c.txt");
        assert_eq!(uri("<stdin>"), "%3Cstdin%3E");
        assert_eq!(uri("C:/é"), "C%3A/%C3%A9");
    }
}
