//! An audit for people and for programs: text, JSON, annotations of GitHub Actions. SARIF is in `sarif.rs`.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Colour;
use crate::edge::io::Repository;
use crate::packaging::target::Platform;
use crate::report::audit::{Audit, AuditFinding, Machine, Verdict};
use crate::report::rule::Severity;
use crate::text::shown;

fn colour_of(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "1;31",
        Severity::Warning => "1;33",
        Severity::Note => "1;34",
    }
}

/// Every finding with its place and its remedy, and a table of what was looked at.
pub(crate) fn human(audit: &Audit, colour: Colour) -> String {
    let mut text = String::new();
    for severity in Severity::ALL {
        for finding in audit.findings.iter().filter(|finding| finding.severity == severity) {
            let head = format!("{}[{}]", severity.as_str(), finding.rule.as_str());
            let _ = writeln!(text, "{}: {}", colour.paint(colour_of(severity), &head), finding.sentence());
            if let Some(place) = &finding.place {
                let _ = writeln!(text, "{place}");
            }
            if let Some(remedy) = &finding.remedy {
                let _ = writeln!(text, "  {}: {remedy}", colour.paint("1;36", "help"));
            }
        }
    }
    if !audit.findings.is_empty() {
        text.push('\n');
    }
    text.push_str(&table(&audit.machines));
    text.push_str(&super::left_out(&audit.left_out, colour));
    text.push_str(&super::found(&audit.found, colour));
    let _ = writeln!(text, "{}: {}", shown(&audit.lock), counts(audit));
    text
}

/// `2 errors, 1 warning`
fn counts(audit: &Audit) -> String {
    let count = |severity: Severity| match audit.count(severity) {
        0 => None,
        1 => Some(format!("1 {}", severity.as_str())),
        some => Some(format!("{some} {}s", severity.as_str())),
    };
    let some: Vec<String> = Severity::ALL.into_iter().filter_map(count).collect();
    if some.is_empty() { "nothing found".to_owned() } else { some.join(", ") }
}

/// One row a target and Python: how many entries install from what.
fn table(machines: &[Machine]) -> String {
    let mut rows = vec![["target", "entries", "wheel", "build", "none", "unknown"].map(str::to_owned)];
    for machine in machines {
        let selected = || machine.entries.iter().filter(|fate| fate.selected);
        let count = |word: &str| selected().filter(|fate| fate.verdict.as_str() == word).count().to_string();
        rows.push([
            spoken(machine),
            selected().count().to_string(),
            count(Verdict::Wheel(String::new()).as_str()),
            count(Verdict::Built(None).as_str()),
            count(Verdict::Nothing.as_str()),
            count(Verdict::Unknown.as_str()),
        ]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..6).map(width).collect();
    let mut text = String::new();
    for [target, numbers @ ..] in &rows {
        let _ = write!(text, "{target:first$}", first = widths[0]);
        for (number, width) in numbers.iter().zip(&widths[1..]) {
            let _ = write!(text, "  {number:>width$}");
        }
        text.push('\n');
    }
    text
}

/// `docker: linux-x86_64, cu118, CPython 3.10, glibc 2.31`
fn spoken(machine: &Machine) -> String {
    let mut text = machine.target.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
    text.push_str(machine.environment.platform.as_str());
    if let Some(backend) = machine.backend {
        let _ = write!(text, ", {backend}");
    }
    let _ = write!(text, ", CPython {}", machine.environment.python);
    if let Some(system) = machine.system {
        let _ = write!(text, ", {system}");
    }
    text
}

/// As a JSON report: what happens to every entry on every target and Python, and the findings.
pub(crate) fn json(audit: &Audit) -> String {
    let machines: Vec<Value> = audit.machines.iter().map(machine_json).collect();
    let findings: Vec<Value> = audit.findings.iter().map(finding_json).collect();
    let value = json!({ "lock": audit.lock, "targets": machines, "findings": findings, "left_out": super::left_out_json(&audit.left_out), "found_catalogues": audit.found });
    super::document(Some("audit"), value)
}

fn machine_json(machine: &Machine) -> Value {
    let each = machine.entries.iter().map(|fate| {
        json!({
            "package": fate.package,
            "version": fate.version,
            "selected": fate.selected,
            "verdict": fate.verdict.as_str(),
            "file": fate.verdict.file(),
        })
    });
    json!({
        "target": machine.target,
        "platform": machine.environment.platform.as_str(),
        "python": machine.environment.python.to_string(),
        "system": machine.system.map(|system| system.to_string()),
        "backend": machine.backend.map(|backend| backend.to_string()),
        "entries": each.collect::<Vec<_>>(),
    })
}

fn finding_json(finding: &AuditFinding) -> Value {
    json!({
        "code": finding.rule.as_str(),
        "severity": finding.severity.as_str(),
        "package": finding.package,
        "version": finding.version,
        "message": finding.message,
        "place": finding.place.as_deref().map(super::place_json),
        "help": finding.remedy,
        "platform": finding.platform.map(Platform::as_str),
        "pythons": finding.pythons.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

/// Annotations of GitHub Actions.
pub(crate) fn github(audit: &Audit, files: &Repository) -> String {
    let mut text = String::new();
    for finding in &audit.findings {
        let level = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let message: Vec<String> = std::iter::once(finding.sentence()).chain(finding.remedy.clone()).collect();
        let place = finding.place.as_deref();
        let file = place.map_or(audit.lock.as_str(), |place| &place.file);
        text.push_str(&super::annotation(
            level,
            Some(&files.path(file)),
            place,
            finding.rule.as_str(),
            &message.join("\n"),
        ));
    }
    text
}
