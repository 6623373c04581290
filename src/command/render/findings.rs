//! The findings of all commands in one form, of which annotations of GitHub Actions and SARIF are made.

use serde_json::{Value, json};

use super::check::not_compared;
use super::pythons_json;
use crate::edge::io::Repository;
use crate::packaging::target::Platform;
use crate::report::audit::Audit;
use crate::report::error::NamedTarget;
use crate::report::rule::Severity;
use crate::report::{Checked, Verification, in_short};
use crate::text::{Place, shown};

/// One thing that was found.
pub(super) struct Finding<'f> {
    pub(super) code: &'static str,
    pub(super) severity: Severity,
    /// The fault; below it the details, a line each.
    pub(super) text: String,
    pub(super) remedy: Option<&'f str>,
    pub(super) file: &'f str,
    pub(super) place: Option<&'f Place>,
    pub(super) package: Option<&'f str>,
    pub(super) properties: Value,
}

pub(super) fn of_audit(audit: &Audit) -> Vec<Finding<'_>> {
    let each = audit.findings.iter().map(|finding| Finding {
        code: finding.rule.as_str(),
        severity: finding.severity,
        text: finding.sentence(),
        remedy: finding.remedy.as_deref(),
        file: finding.place.as_ref().map_or(&audit.lock, |place| &place.file),
        place: finding.place.as_deref(),
        package: finding.package.as_deref(),
        properties: json!({
            "package": finding.package,
            "version": finding.version,
            "platform": finding.platform.map(Platform::as_str),
            "pythons": pythons_json(&finding.pythons),
            "targets": names(&finding.targets),
        }),
    });
    each.collect()
}

pub(super) fn of_check(checked: &Checked) -> Vec<Finding<'_>> {
    let each = checked.findings.iter().map(|finding| {
        let problem = &finding.problem;
        let not_compared = finding.not_compared.iter().map(|file| not_compared(file));
        let details = in_short(&finding.differences).into_iter().chain(not_compared);
        let details = details.chain(problem.remedy.clone()).map(|line| format!("\n{}", shown(&line)));
        Finding {
            code: problem.code.as_str(),
            severity: if finding.fixed { Severity::Note } else { Severity::Error },
            text: problem.sentence() + &details.collect::<String>(),
            remedy: None,
            file: problem.place.as_ref().map_or(&finding.file, |place| &place.file),
            place: problem.place.as_deref(),
            package: None,
            properties: json!({ "targets": names(&problem.targets), "fixed": finding.fixed }),
        }
    });
    each.collect()
}

pub(super) fn of_verification(verification: &Verification) -> Vec<Finding<'_>> {
    let each = verification.wheels.iter().flat_map(|wheel| {
        let wrong = wheel.wrong.iter().map(|problem| (problem, Severity::Error));
        let all = wrong.chain(wheel.unanswered.iter().map(|problem| (problem, Severity::Warning)));
        all.map(|(problem, severity)| Finding {
            code: problem.code.as_str(),
            severity,
            text: problem.sentence(),
            remedy: problem.remedy.as_deref(),
            file: problem.place.as_ref().map_or(&wheel.lock, |place| &place.file),
            place: problem.place.as_deref(),
            package: Some(&wheel.package),
            properties: json!({ "package": wheel.package, "wheel": wheel.wheel }),
        })
    });
    each.collect()
}

fn names(some: &[NamedTarget]) -> Vec<&str> {
    some.iter().map(|target| target.name.as_str()).collect()
}

/// As annotations of GitHub Actions.
pub(super) fn github(found: &[Finding<'_>], files: &Repository) -> String {
    let each = found.iter().map(|one| {
        let level = match one.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let remedy = one.remedy.map(|remedy| format!("\n{remedy}")).unwrap_or_default();
        let message = format!("{}{remedy}", one.text);
        annotation(level, Some(&files.path(one.file)), one.place, one.code, &message)
    });
    each.collect()
}

/// An annotation of GitHub Actions, which is one line.
pub(super) fn annotation(level: &str, file: Option<&str>, place: Option<&Place>, title: &str, message: &str) -> String {
    let value = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| value(&shown(text)).replace(':', "%3A").replace(',', "%2C");
    let (line, column) = place.map_or((1, 1), |place| (place.line, place.column));
    let at = file.map(|file| format!("file={},line={line},col={column},", property(file))).unwrap_or_default();
    format!("::{level} {at}title={title}::{}\n", value(message))
}
