//! GPU libraries of two CUDA releases in one output: it works, but nobody wants it unasked, so it is said.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::{Decision, Kept, Line, View, What};
use crate::catalog::cuda_of_library;
use crate::lock::Selection;
use crate::plan::closure::Chosen;

/// The CUDA libraries that stay beside those of another major release that the family needs, each with who needs it.
pub(super) fn beside(view: View<'_>, selection: &Selection, lines: &[Line], chosen: &Chosen) -> Vec<Decision> {
    let version = |line: &Line| match &line.pin {
        Some(pin) => Some(pin.version().clone()),
        None => view.entries.get(line.entry?)?.version.clone(),
    };
    let libraries: Vec<(&Line, u64)> =
        lines.iter().filter_map(|line| Some((line, cuda_of_library(&line.name, &version(line)?)?))).collect();
    let all: BTreeSet<u64> = libraries.iter().map(|(_, cuda)| *cuda).collect();
    if all.len() < 2 {
        return Vec::new();
    }
    let needed = libraries.iter().filter(|(line, _)| chosen.contains_key(&line.name)).map(|(_, cuda)| *cuda);
    let needed: BTreeSet<u64> = needed.collect();
    let others = libraries.iter().filter(|(_, cuda)| needed.len() != 1 || !needed.contains(cuda));
    others
        .map(|(line, cuda)| {
            let from = line.entry.and_then(|index| view.entries.get(index)).and_then(|entry| entry.version.clone());
            let what = What::Kept(Kept::BesideCuda { cuda: *cuda, by: by(view, selection, line, chosen) });
            Decision { name: line.name.clone(), from, what }
        })
        .collect()
}

/// Who needs a line, as far as the closure and the lock tell.
fn by(view: View<'_>, selection: &Selection, line: &Line, chosen: &Chosen) -> Vec<Rc<str>> {
    if let Some(choice) = chosen.get(&line.name) {
        return choice.because.iter().cloned().collect();
    }
    let mut all: BTreeSet<Rc<str>> = BTreeSet::new();
    for pick in &selection.picks {
        let name = &view.entries[pick.entry].name;
        if *name == line.name {
            all.extend(pick.via.iter().flatten().map(|by| Rc::from(by.as_ref())));
            all.extend(pick.root.then(|| Rc::from("the project")));
        } else if pick.needs.iter().flatten().any(|(need, _)| need.name == line.name) {
            all.insert(Rc::from(name.as_ref()));
        }
    }
    all.into_iter().collect()
}
