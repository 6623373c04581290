//! Digests of torch's family that fewer projects recorded than should have.

use super::AuditContext;
use super::findings::Findings;
use crate::catalog::pin::Pin;
use crate::plan::family::FamilyDecision;
use crate::plan::witnesses::sentence;
use crate::report::audit::AuditFinding;
use crate::report::rule::Rule;

/// One finding for each wheel that takes the place of a locked one, or that is locked and known.
pub(super) fn find(here: &AuditContext<'_>, least: u32, findings: &mut Findings<'_>) {
    for member in here.members {
        let known = match &member.decision {
            FamilyDecision::Swap { pin } => match &**pin {
                Pin::Url { file, witness, .. } => Some((file.as_str(), witness.seen, witness.computed)),
                Pin::Index { files, witness, .. } => {
                    files.iter().next().map(|(file, _)| (file, witness.seen, witness.computed))
                }
                Pin::Stub(_) => None,
            },
            FamilyDecision::Keep { .. } => {
                member.locked.as_ref().map(|row| (row.wheel.as_str(), row.seen, row.is_computed()))
            }
        };
        let Some((file, seen, computed)) = known.filter(|(_, seen, _)| *seen < least) else { continue };
        let finding = AuditFinding::new(Rule::FewWitnesses, sentence(file, seen, computed, least));
        let finding = finding.on(here.environment).help("ask who else knows it: torchswap verify --index --download");
        match here.selection.packages.get(member.package) {
            Some(package) => findings.about(package.entry, finding),
            None => findings.add(finding),
        }
    }
}
