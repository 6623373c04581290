//! Findings about the image of a target: a Dockerfile's, or a list of the packages in one.

use super::findings::Findings;
use super::{AuditContext, drivers::Driver};
use crate::plan::Request;
use crate::report::audit::AuditFinding;
use crate::report::error::Problem;
use crate::report::rule::{Rule, Severity};
use crate::text::quoted;

/// Compares the image with the target and the driver.
pub(super) fn find(here: &AuditContext<'_>, findings: &mut Findings<'_>) {
    let Some(image) = &here.asked.image else { return };
    let environment = here.environment;
    let at = |finding: AuditFinding| finding.at(image.place.clone());
    if let Some(platform) = image.platform.filter(|platform| *platform != environment.platform) {
        let message = format!("the image is built for {platform}, the target is {}", environment.platform);
        let help = format!("use --platform {platform}, or remove --platform from the FROM line");
        findings.add(at(AuditFinding::new(Rule::ImagePlatform, message).help(help)));
    }
    if let Some(python) = image.python.filter(|python| *python != environment.python) {
        let message = format!("the image has CPython {python}, the target does not");
        let help = format!("use --python {python}, or an image with the target's Python");
        findings.add(at(AuditFinding::new(Rule::ImagePython, message).on(environment).help(help)));
    }
    if here.asked.system.is_none() {
        let message = format!("the name {} does not say which glibc the image has", quoted(&image.name));
        let help = "name it, such as --glibc 2.31; without it, wheels for any glibc count as installable";
        findings.add(at(AuditFinding::new(Rule::UnknownImage, message).help(help)));
    }
    if let (Some(cuda), Some(driver)) = (image.facts.cuda, &here.asked.driver)
        && let Some(oldest) =
            Driver::oldest_for(cuda, environment.platform).filter(|oldest| driver.is_older_than(oldest))
    {
        let message =
            format!("{} with {} needs driver {oldest} or newer, not {driver}", quoted(&image.name), cuda.spoken());
        findings
            .add(at(AuditFinding::new(Rule::OldDriver, message)
                .help("use an image with an older CUDA, or update the driver")));
    }
}

/// Reports packages that stay though they do not accept what the image has (the first), and those that could not be checked
/// (the second).
pub(super) fn fit(judged: &(Vec<Problem>, Vec<Problem>), request: &Request<'_>, findings: &mut Findings<'_>) {
    let (refused, unchecked) = judged;
    let refused = refused.iter().map(|problem| (problem, Severity::Error));
    for (problem, severity) in refused.chain(unchecked.iter().map(|problem| (problem, Severity::Warning))) {
        let finding = AuditFinding::new(Rule::ImageConstraint, problem.message.clone()).on(request.environment);
        let finding = finding.at(problem.place.as_deref().cloned()).help(problem.remedy.clone().unwrap_or_default());
        findings.add(AuditFinding { severity, ..finding });
    }
}
