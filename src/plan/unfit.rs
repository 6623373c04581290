//! Wheels that the lock names by their URL, and that do not install on the environment: an installer would stop at them.

use super::closure::Chosen;
use super::family::Member;
use super::files::lacks_file;
use super::{Knowledge, View, Wish};
use crate::catalog::WheelSource;
use crate::lock::{Origin, Selection, emit};
use crate::packaging::address;
use crate::packaging::marker::Condition;
use crate::packaging::wheel::WheelName;
use crate::report::error::{Code, Problem};

/// One problem for each of them that would be written as it is.
pub(super) fn unfit<S: WheelSource>(
    view: View<'_>,
    selection: &Selection,
    members: &[Member],
    chosen: &Chosen,
    removed: &[usize],
    wish: &Wish<'_>,
    knowledge: &Knowledge<'_, S>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, pick) in selection.picks.iter().enumerate().filter(|(_, pick)| pick.condition == Condition::Always) {
        let entry = &view.entries[pick.entry];
        let (Origin::Url(place) | Origin::File(place)) = &entry.origin else { continue };
        let replaced = removed.contains(&index)
            || members.iter().any(|member| member.pick == index)
            || chosen.get(&entry.name).is_some_and(|choice| choice.pin.is_some());
        let is_wheel = address::file_name(place).parse::<WheelName>().is_ok();
        if replaced || !is_wheel || !lacks_file(entry, wish.environment, knowledge) {
            continue;
        }
        let message = format!("the wheel of {} does not install on {}", entry.name, wish.environment.platform);
        let help = format!("lock one for it, limit the line to its platform with a marker, or {}", emit::help(entry));
        let problem = Problem::new(Code::CannotBe, message).under(wish.environment.python).help(help);
        problems.push(view.point(problem, pick.entry));
    }
    problems
}
