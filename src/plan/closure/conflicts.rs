//! Re-pins that something else in the lock does not admit.

use std::rc::Rc;

use super::{Chosen, From};
use crate::lock::Selection;
use crate::plan::View;
use crate::plan::family::Member;
use crate::report::error::{Code, Problem};

/// Re-pins that something else in the lock does not admit.
pub(crate) fn conflicts(
    view: View<'_>,
    selection: &Selection,
    members: &[Member],
    chosen: &Chosen,
    removed: &[usize],
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, choice) in chosen {
        let (From::Pick(_), Some(pin)) = (choice.from, &choice.pin) else { continue };
        for (index, pick) in selection.picks.iter().enumerate() {
            let mut broken = pick
                .needs
                .iter()
                .flatten()
                .map(|(need, _)| need)
                .filter(|need| need.name == *name && !need.versions.admits(pin.version()))
                .peekable();
            if broken.peek().is_none() {
                continue;
            }
            let entry = &view.entries[pick.entry];
            let replaced = removed.contains(&index)
                || members.iter().any(|member| member.pick == index && member.is_swapped())
                || chosen.get(&entry.name).is_some_and(|other| other.pin.is_some());
            if replaced {
                continue;
            }
            for need in broken {
                let message = format!(
                    "{} needs {name}{}, but {} must be {} for {}",
                    entry.name,
                    need.versions,
                    name,
                    pin.version(),
                    choice.because.iter().map(Rc::as_ref).collect::<Vec<_>>().join(", ")
                );
                let problem = view.point(Problem::new(Code::Unmet, message), pick.entry);
                problems.push(problem.help(format!(
                    "lock a {} that works with this build of torch, or choose another build",
                    entry.name
                )));
            }
        }
    }
    problems
}
