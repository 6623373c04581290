//! An audit for people and for programs: text, JSON, annotations of GitHub Actions. SARIF is in `sarif.rs`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::fitted::wrapped;
use super::{Colour, WIDTH, findings};
use crate::edge::io::Repository;
use crate::packaging::target::{Platform, Python};
use crate::report::audit::{Audit, AuditFinding, Machine};
use crate::report::error::{spoken_pythons, spoken_targets};
use crate::report::rule::{Rule, Severity};
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
    let targets: BTreeSet<&str> = audit.machines.iter().filter_map(|machine| machine.target.as_deref()).collect();
    for severity in Severity::ALL {
        // The same advice for many in a row is given to the first.
        let mut given = None;
        for finding in audit.findings.iter().filter(|finding| finding.severity == severity) {
            let head = format!("{}[{}]", severity.as_str(), finding.rule.as_str());
            let _ = writeln!(text, "{}: {}", colour.paint(colour_of(severity), &head), finding.sentence());
            if let Some(place) = &finding.place {
                let _ = writeln!(text, "{place}");
            }
            if finding.targets.len() < targets.len() {
                text.extend(spoken_targets(&finding.targets).map(|targets| format!("  {}\n", shown(&targets))));
            }
            let advice = finding.remedy.as_ref().map(|remedy| (finding.rule, remedy));
            text.push_str(&super::help(advice.filter(|_| advice != given).map(|(_, remedy)| remedy), colour));
            given = advice;
        }
    }
    if !audit.findings.is_empty() {
        text.push('\n');
    }
    text.push_str(&table(&audit.machines));
    text.push_str(&super::left_out(&audit.left_out, true, colour));
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

/// The columns of numbers: all entries, and those of each verdict.
const HEADS: [&str; 5] = ["entries", "wheel", "build", "none", "unknown"];

/// A row for each target: how many entries install from what. Pythons alike in that share one.
fn table(machines: &[Machine]) -> String {
    let mut rows: Vec<(&Machine, Vec<Python>, [usize; 5])> = Vec::new();
    for machine in machines {
        let (python, counts) = (machine.environment.python, counts_of(machine));
        match rows.last_mut().filter(|(last, _, known)| *known == counts && is_one_target(last, machine)) {
            Some((_, pythons, _)) => pythons.push(python),
            None => rows.push((machine, vec![python], counts)),
        }
    }
    let room = WIDTH - HEADS.iter().map(|head| head.len() + 2).sum::<usize>();
    let labels: Vec<Vec<String>> = rows.iter().map(|(machine, pythons, _)| label(machine, pythons, room)).collect();
    let width = labels.iter().flatten().map(|line| line.chars().count()).max().unwrap_or(0).max("target".len());
    let mut text = format!("{:width$}  {}\n", "target", HEADS.join("  "));
    for (lines, (.., counts)) in labels.iter().zip(&rows) {
        for (at, line) in lines.iter().enumerate() {
            text.push_str(line);
            if at == 0 {
                text.push_str(&" ".repeat(width.saturating_sub(line.chars().count())));
                for (count, head) in counts.iter().zip(HEADS) {
                    let _ = write!(text, "  {count:>0$}", head.len());
                }
            }
            text.push('\n');
        }
    }
    text
}

/// Entries, and how many of them are installed from a wheel, are built, have nothing, cannot be judged.
fn counts_of(machine: &Machine) -> [usize; 5] {
    let selected = || machine.entries.iter().filter(|entry_audit| entry_audit.selected);
    let count = |word: &str| selected().filter(|entry_audit| entry_audit.verdict.as_str() == word).count();
    HEADS.map(|word| if word == HEADS[0] { selected().count() } else { count(word) })
}

/// True if nothing but the Python is another.
fn is_one_target(one: &Machine, other: &Machine) -> bool {
    let key =
        |machine: &Machine| (machine.target.clone(), machine.environment.platform, machine.backend, machine.system);
    key(one) == key(other)
}

/// `docker: linux-x86_64, cu118, CPython 3.10, glibc 2.31`, in lines that fit.
fn label(machine: &Machine, pythons: &[Python], room: usize) -> Vec<String> {
    let name = machine.target.as_ref().map(|name| format!("{}: ", shown(name))).unwrap_or_default();
    let mut parts = vec![format!("{name}{}", machine.environment.platform)];
    parts.extend(machine.backend.map(|backend| backend.to_string()));
    parts.push(spoken_pythons(pythons));
    parts.extend(machine.system.map(|system| system.to_string()));
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if line.chars().count() + part.chars().count() + ", ".len() < room => {
                line.push_str(", ");
                line.push_str(&part);
            }
            Some(line) => {
                line.push(',');
                lines.push(format!("  {part}"));
            }
            None => lines.push(part),
        }
    }
    lines
}

/// The explanation of a rule, for people.
pub(crate) fn explained(rule: Rule) -> String {
    let head = format!("{} ({})", rule.as_str(), rule.severity().as_str());
    let wrapped = |text: &str| wrapped(text, WIDTH, 0);
    format!("{head}\n\n{}\n\n{}\n", wrapped(&sentence(rule)), wrapped(rule.explanation()))
}

/// The meaning as a sentence.
fn sentence(rule: Rule) -> String {
    let mut chars = rule.meaning().chars();
    chars.next().map(|first| format!("{}{}.", first.to_uppercase(), chars.as_str())).unwrap_or_default()
}

/// The same as a JSON report.
pub(crate) fn explained_json(rule: Rule) -> String {
    let (code, severity) = (rule.as_str(), rule.severity().as_str());
    let (meaning, explanation) = (rule.meaning(), rule.explanation());
    let rule = json!({ "code": code, "severity": severity, "meaning": meaning, "explanation": explanation });
    super::document(Some("audit"), json!({ "rule": rule }))
}

/// As a JSON report: what happens to every entry on every target and Python, and the findings.
pub(crate) fn json(audit: &Audit) -> String {
    let machines: Vec<Value> = audit.machines.iter().map(machine_json).collect();
    let findings: Vec<Value> = audit.findings.iter().map(|finding| finding_json(finding, &audit.lock)).collect();
    let value = json!({ "lock": audit.lock, "targets": machines, "findings": findings, "left_out": super::left_out_json(&audit.left_out), "found_catalogues": audit.found });
    super::document(Some("audit"), value)
}

fn machine_json(machine: &Machine) -> Value {
    let each = machine.entries.iter().map(|entry_audit| {
        json!({
            "package": entry_audit.package,
            "version": entry_audit.version,
            "selected": entry_audit.selected,
            "verdict": entry_audit.verdict.as_str(),
            "file": entry_audit.verdict.file(),
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

fn finding_json(finding: &AuditFinding, lock: &str) -> Value {
    let file = finding.place.as_deref().map_or(lock, |place| &place.file);
    json!({
        "code": finding.rule.as_str(),
        "severity": finding.severity.as_str(),
        "package": finding.package,
        "version": finding.version,
        "message": finding.message,
        "place": finding.place.as_deref().map(super::place_json),
        "help": finding.remedy,
        "platform": finding.platform.map(Platform::as_str),
        "pythons": super::pythons_json(&finding.pythons),
        "targets": super::targets_json(&finding.targets),
        "file": file,
    })
}

/// Annotations of GitHub Actions.
pub(crate) fn github(audit: &Audit, files: &Repository) -> String {
    findings::github(&findings::of_audit(audit), files)
}
