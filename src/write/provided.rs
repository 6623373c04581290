//! The lines of a header that list what the image has.

use std::collections::BTreeSet;

use crate::plan::TargetPlan;

/// The start of such a line; of several targets each names its own next.
pub const PROVIDED: &str = "Provided by the image";

/// The line below it.
pub const FOR_UV: &str =
    "For uv, which wants a line for each package: name these in a file of their own, --excludes FILE";

/// Takes what plans add to a file out of what the header of the file says the image has.
pub(super) fn without_added(text: &str, plans: &[TargetPlan]) -> String {
    let lines = plans.iter().flat_map(|plan| &plan.environments).flat_map(|one| &one.lines);
    let added: BTreeSet<&str> = lines.filter(|line| line.entry.is_none()).map(|line| line.name.as_ref()).collect();
    let stays = |one: &&str| one.split(' ').next().is_some_and(|name| !added.contains(name));
    let end = text.split_inclusive('\n').take_while(|line| line.starts_with(['#', '\u{feff}'])).map(str::len).sum();
    let (header, rest) = text.split_at(end);
    let (mut out, mut is_gone) = (String::with_capacity(text.len()), false);
    for line in header.split_inclusive('\n') {
        let Some(list) = provided(line) else {
            if !(std::mem::take(&mut is_gone) && line.contains(FOR_UV)) {
                out.push_str(line);
            }
            continue;
        };
        let left: Vec<&str> = list.split(", ").filter(stays).collect();
        is_gone = left.is_empty();
        if !is_gone {
            out.push_str(&line.replace(list, &left.join(", ")));
        }
    }
    out + rest
}

/// The list, if a line has one.
fn provided(line: &str) -> Option<&str> {
    let (_, list) = line.strip_prefix("# ")?.strip_prefix(PROVIDED)?.split_once(": ")?;
    Some(list.trim_end())
}
