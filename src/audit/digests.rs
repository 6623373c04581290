//! Findings about the digests of a lock, and about the places its files are fetched from.

use std::collections::BTreeSet;

use super::findings::{Findings, place};
use super::install::spoken;
use crate::lock::pylock::PylockFile;
use crate::lock::requirements::{GlobalOption, LineKind, RequirementsFile};
use crate::lock::{Entry, Lock, Origin, Position};
use crate::packaging::address;
use crate::plan::{Knowledge, refusal};
use crate::report::audit::AuditFinding;
use crate::report::rule::Rule;
use crate::text::quoted;

/// Looks at the entries that are installed somewhere.
pub(super) fn find(lock: &Lock, selected: &BTreeSet<usize>, knowledge: &Knowledge<'_>, findings: &mut Findings<'_>) {
    let entries = || selected.iter().filter_map(|index| Some((*index, lock.entries().get(*index)?)));
    let fetched = |entry: &Entry| matches!(entry.origin, Origin::Index(_) | Origin::Url(_) | Origin::File(_));
    let some_hashed = entries().any(|(_, entry)| !entry.files.is_empty());
    let mut addresses = BTreeSet::new();
    if let Lock::Requirements(file) = lock {
        requirements(lock, file, &mut addresses, findings);
    }
    for (index, entry) in entries() {
        if entry.files.is_empty() && fetched(entry) && some_hashed {
            let finding = AuditFinding::new(Rule::NoDigest, format!("{} has no digest", spoken(entry)));
            findings.about(
                index,
                finding.help("lock again with a tool that records digests; pip wants them for all entries or for none"),
            );
        } else if !entry.files.is_empty() && !entry.is_hashed() {
            let message =
                format!("the digests of {} are too weak: pip's hash mode does not accept them", spoken(entry));
            findings.about(
                index,
                AuditFinding::new(Rule::WeakDigest, message).help("lock again; sha256 is what tools record"),
            );
        }
        if let Some(version) = &entry.version
            && let Err(problems) =
                refusal::damaged(entry, lock.packages().get(index), &knowledge.rows(&entry.name, version))
        {
            for problem in problems {
                let mut finding = AuditFinding::new(Rule::DigestConflict, problem.message);
                finding.remedy = problem.remedy;
                findings.about(index, finding);
            }
        }
        let listed = lock.files(index).filter_map(PylockFile::url).find(|url| is_plain(url));
        let address = match &entry.origin {
            _ if listed.is_some() => listed.unwrap_or_default(),
            Origin::Index(index) => index.as_deref().unwrap_or_default(),
            Origin::Url(url) => url,
            Origin::Git(place) => place.strip_prefix("git+").unwrap_or(place),
            Origin::File(_) | Origin::Directory(_) => "",
        };
        // An index is reported once, and so is a host that many files lie on.
        let place = if listed.is_some() { address::host(address) } else { address };
        if is_plain(address) && addresses.insert(place) {
            findings.about(index, plain(address));
        }
    }
    if !some_hashed && entries().any(|(_, entry)| fetched(entry)) {
        let name = lock.name();
        let finding =
            AuditFinding::new(Rule::Unhashed, format!("{name} has no digests: whatever an index serves is installed"));
        findings.add(finding.help("lock with digests: poetry export, pip-compile --generate-hashes, uv export"));
    }
}

/// Findings about the lines that are no entries.
fn requirements<'l>(
    lock: &Lock,
    file: &'l RequirementsFile,
    addresses: &mut BTreeSet<&'l str>,
    findings: &mut Findings<'_>,
) {
    for line in &file.lines {
        let at = || place(lock, Position { source: line.source, span: line.span });
        match &line.kind {
            LineKind::Unnamed(_) => {
                let message = "this line is built where it is installed, unless it is a wheel";
                findings.add(AuditFinding::new(Rule::BuiltHere, message).at(at()));
            }
            LineKind::Options(options) => {
                let urls = options.iter().filter_map(GlobalOption::place).map(|(_, place)| place);
                for url in urls.filter(|url| is_plain(url) && addresses.insert(url)) {
                    findings.add(plain(url).at(at()));
                }
            }
            LineKind::Blank | LineKind::Comment | LineKind::Requirement(_) | LineKind::Constraints => {}
        }
    }
}

fn is_plain(address: &str) -> bool {
    address.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"))
}

fn plain(address: &str) -> AuditFinding {
    let host = quoted(address::host(address));
    let message = format!("http://{host} has no TLS: downloads can be changed in transit");
    AuditFinding::new(Rule::PlainHttp, message).help("write https://")
}
