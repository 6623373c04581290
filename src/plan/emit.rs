//! The packages that a plan leaves out of the output.

use pep508_rs::PackageName;

use super::{Decision, EnvironmentPlan, What};
use crate::catalog::is_torch;
use crate::catalog::pin::Pin;
use crate::lock::emit::{NoEmit, NotEmitted};
use crate::lock::{Entry, Origin};
use crate::packaging::address;
use crate::packaging::stub::Stub;

/// Takes torch's lines away where it is left out. Unlike others it is planned: its libraries follow its build.
pub(super) fn without_torch(plan: &mut EnvironmentPlan, entries: &[Entry], no_emit: &NoEmit) {
    let out = |name: &PackageName| is_torch(name) && no_emit.packages.contains(name);
    while let Some(at) = plan.lines.iter().position(|line| out(&line.name)) {
        let line = plan.lines.remove(at);
        let install = match line.pin() {
            Some(Pin::Url { url, .. }) => word(&format!("{} @ {url}", line.name)),
            Some(Pin::Index { version, .. } | Pin::Stub(Stub { version, .. })) => format!("{}=={version}", line.name),
            None => line.entry.and_then(|index| entries.get(index)).map_or_else(|| line.name.to_string(), install),
        };
        let from = line.entry.and_then(|index| entries.get(index)).and_then(|entry| entry.version.clone());
        let of_line = |decision: &&mut Decision| decision.name == line.name && decision.from == from;
        for decision in plan.decisions.iter_mut().filter(of_line) {
            decision.what = What::NotEmitted(NotEmitted::Package, install.clone());
        }
    }
}

/// The argument with which pip installs an entry.
pub(super) fn install(entry: &Entry) -> String {
    match (&entry.origin, &entry.version) {
        (Origin::File(path) | Origin::Directory(path), _) => local(path),
        (Origin::Url(url) | Origin::Git(url), _) => word(&format!("{} @ {url}", entry.name)),
        (Origin::Index(_), Some(version)) => format!("{}=={version}", entry.name),
        (Origin::Index(_), None) => entry.name.to_string(),
    }
}

/// The argument with which pip installs a local file or folder: a bare name would mean a package of the index.
pub(super) fn local(path: &str) -> String {
    word(&address::path(path))
}

/// One word of a command that may be copied into a shell.
fn word(text: &str) -> String {
    if text.chars().all(|c| c.is_alphanumeric() || "./\\_-:+~=,@%".contains(c)) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        if ['"', '$', '`'].contains(&c) {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}
