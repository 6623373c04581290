//! The groups in which a package is needed after the swap, and the places.
//!
//! Poetry installs an entry of a 2.1 lock by its own `groups` and `markers` and asks nobody who needs it. So what a new or
//! another wheel needs must be in every group in which that wheel is, there under the same markers, and what that needs
//! in turn as well. Each such guard comes from an entry of the lock that is in the group by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use pep508_rs::MarkerTree;

use super::super::guards::Guards;
use super::TargetPythons;
use crate::lock::poetry::{PoetryBlock, PoetryLock};
use crate::packaging::marker;
use crate::packaging::target::Python;
use crate::plan::{EnvironmentPlan, Line, Replacement, TargetPlan};

/// An installed package: an entry of the lock, whatever its wheel is, or a new one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Node {
    Entry(usize),
    New(Replacement),
}

/// Why a package is needed where the lock does not have it.
#[derive(Debug, Default)]
pub(super) struct Needed {
    /// By group and by the marker that the first requirer has in it: where.
    pub(super) guards: BTreeMap<String, BTreeMap<Option<String>, TargetPythons>>,
    /// The locked entries for which it comes along.
    pub(super) by: BTreeSet<usize>,
    /// Somebody needs it who is not optional.
    pub(super) is_plain: bool,
    /// The packages that need it there, by name and version.
    pub(super) because: BTreeMap<(usize, Python), BTreeSet<Rc<str>>>,
}

/// The facts about an entry in the lock.
struct LockedEntry {
    guards: Vec<(String, Option<String>, MarkerTree)>,
    is_plain: bool,
}

/// One place, and who needs whom there.
struct Graph {
    at: (usize, Python),
    marker: MarkerTree,
    /// Names and versions, for messages.
    spoken: BTreeMap<Node, Rc<str>>,
    /// Through a wheel that is not as locked.
    new: Vec<(Node, Node)>,
    /// The family, from which all of that comes.
    roots: BTreeSet<Node>,
    /// As locked.
    old: Vec<(Node, Node)>,
}

/// A group, a marker and a place.
type Reached = (String, Option<String>, (usize, Python));

struct Reach {
    locked: Vec<LockedEntry>,
    markers: BTreeMap<Option<String>, MarkerTree>,
    /// By group and marker: where the family needs a package, whether the lock has it there or not.
    reached: BTreeMap<Node, BTreeSet<Reached>>,
    needed: BTreeMap<Node, Needed>,
}

/// All that is needed beyond what the lock has. `apart`: a new entry beside the locked one.
pub(super) fn reach(
    lock: &PoetryLock,
    blocks: &[PoetryBlock],
    plans: &[TargetPlan],
    apart: &BTreeSet<usize>,
) -> BTreeMap<Node, Needed> {
    let locked = blocks.iter().enumerate().map(|(index, block)| LockedEntry {
        guards: if apart.contains(&index) { Vec::new() } else { guards(block) },
        is_plain: !lock.is_optional(index),
    });
    let mut reach =
        Reach { locked: locked.collect(), markers: BTreeMap::new(), reached: BTreeMap::new(), needed: BTreeMap::new() };
    reach.markers.extend(blocks.iter().flat_map(guards).map(|(_, marker, tree)| (marker, tree)));
    let places = places(lock, plans);
    while places.iter().map(|place| reach.step(place)).fold(false, |any, more| any | more) {}
    places.iter().for_each(|place| reach.round_off(place));
    reach.needed
}

/// The guards of an entry with their trees. A lock without groups has one, which nobody names.
pub(super) fn guards(block: &PoetryBlock) -> Vec<(String, Option<String>, MarkerTree)> {
    let guards = Guards::of(block);
    if guards.is_empty() {
        return vec![(String::new(), None, MarkerTree::TRUE)];
    }
    // All markers of the lock were read before, so pep508_rs can take them.
    let tree = |text: Option<&str>| text.map_or(MarkerTree::TRUE, |text| text.parse().unwrap_or_default());
    guards.iter().map(|(group, text)| (group.to_owned(), text.map(str::to_owned), tree(text))).collect()
}

fn places(lock: &PoetryLock, plans: &[TargetPlan]) -> Vec<Graph> {
    let mut places = Vec::new();
    for (target, plan) in plans.iter().enumerate() {
        for (environment, selection) in plan.environments.iter().zip(&plan.selections) {
            let nodes = nodes(environment);
            let of = |name: &str| nodes.get(name).into_iter().flatten();
            let mut place = Graph {
                at: (target, environment.environment.python),
                marker: marker::environment(environment.environment),
                spoken: spoken(lock, environment),
                new: Vec::new(),
                roots: BTreeSet::new(),
                old: Vec::new(),
            };
            for (name, choice) in &environment.needed {
                for by in choice.requirers() {
                    let edges = of(by).flat_map(|by| of(name.as_ref()).map(move |needed| (by.clone(), needed.clone())));
                    place.new.extend(edges);
                }
            }
            let needed: BTreeSet<&Node> = environment.needed.keys().flat_map(|name| of(name.as_ref())).collect();
            place.roots = place.new.iter().map(|(by, _)| by).filter(|by| !needed.contains(by)).cloned().collect();
            let as_locked: BTreeSet<usize> =
                environment.lines.iter().filter(|line| line.pin().is_none()).filter_map(|line| line.entry).collect();
            for package in selection
                .packages
                .iter()
                .chain(&selection.unselected)
                .filter(|package| as_locked.contains(&package.entry))
            {
                for needed in package.needs.iter().flatten().flat_map(|(requirement, _)| of(requirement.name.as_ref()))
                {
                    place.old.push((Node::Entry(package.entry), needed.clone()));
                }
            }
            places.push(place);
        }
    }
    places
}

/// The packages installed on an environment, by name.
fn nodes(plan: &EnvironmentPlan) -> BTreeMap<&str, Vec<Node>> {
    let mut nodes: BTreeMap<&str, Vec<Node>> = BTreeMap::new();
    for line in &plan.lines {
        nodes.entry(line.name.as_ref()).or_default().extend(node(line));
    }
    nodes
}

fn node(line: &Line) -> Option<Node> {
    match (line.entry, &line.replacement) {
        (Some(index), _) => Some(Node::Entry(index)),
        (None, Some(replacement)) => Some(Node::New(replacement.clone())),
        (None, None) => None,
    }
}

fn spoken(lock: &PoetryLock, plan: &EnvironmentPlan) -> BTreeMap<Node, Rc<str>> {
    let each = plan.lines.iter().filter_map(|line| {
        let version = line.version(&lock.entries)?;
        Some((node(line)?, format!("{} {version}", line.name).into()))
    });
    each.collect()
}

impl Reach {
    /// Follows each need of a place once. True if something came to light.
    fn step(&mut self, place: &Graph) -> bool {
        let mut more = false;
        let with_kind = |edges: &[(Node, Node)], is_new: bool| {
            edges.iter().cloned().map(move |edge| (edge, is_new)).collect::<Vec<_>>()
        };
        for ((by, needed), is_new) in [with_kind(&place.new, true), with_kind(&place.old, false)].concat() {
            if by == needed {
                continue;
            }
            for (group, marker) in self.guards_at(&by, place, is_new) {
                if is_new {
                    let reached = self.reached.entry(needed.clone()).or_default();
                    more |= reached.insert((group.clone(), marker.clone(), place.at));
                }
                if !self.holds(&needed, &group, &marker, place) {
                    let one = self.needed.entry(needed.clone()).or_default();
                    more |= one.guards.entry(group).or_default().entry(marker).or_default().insert(place.at);
                    one.because.entry(place.at).or_default().extend(place.spoken.get(&by).cloned());
                }
            }
            more |= self.comes_along(&by, needed, is_new);
        }
        more
    }

    /// A marker that never holds at a place needs no condition that excludes that place.
    fn round_off(&mut self, place: &Graph) {
        let never: Vec<_> = self.markers.iter().filter(|(_, tree)| tree.is_disjoint(&place.marker)).collect();
        for (node, needed) in &mut self.needed {
            for (group, guards) in &mut needed.guards {
                let reached = |marker: &Option<String>| {
                    let key = (group.clone(), marker.clone(), place.at);
                    self.reached.get(node).is_some_and(|reached| reached.contains(&key))
                };
                let never = |marker: &Option<String>| never.iter().any(|(one, _)| *one == marker);
                for (_, at) in guards.iter_mut().filter(|(marker, _)| never(marker) && reached(marker)) {
                    at.insert(place.at);
                }
            }
        }
    }

    /// The guards of `by`'s requirement at a place, by group. What it needs as locked is where the lock has it already.
    fn guards_at(&self, by: &Node, place: &Graph, is_new: bool) -> Vec<(String, Option<String>)> {
        match by {
            Node::Entry(index) if is_new && place.roots.contains(by) => {
                let locked = self.locked.get(*index).into_iter().flat_map(|locked| &locked.guards);
                locked.map(|(group, marker, _)| (group.clone(), marker.clone())).collect()
            }
            Node::Entry(_) | Node::New(..) if is_new => {
                let reached = self.reached.get(by).into_iter().flatten().filter(|(.., at)| *at == place.at);
                reached.map(|(group, marker, _)| (group.clone(), marker.clone())).collect()
            }
            Node::Entry(_) | Node::New(..) => {
                let needed = self.needed.get(by).into_iter().flat_map(|needed| &needed.guards);
                let each =
                    needed.flat_map(|(group, guards)| guards.iter().map(move |(marker, at)| (group, marker, at)));
                let here = each.filter(|(.., at)| at.contains(&place.at));
                here.map(|(group, marker, _)| (group.clone(), marker.clone())).collect()
            }
        }
    }

    /// True if a package is in a group at a place whenever a marker holds there.
    fn holds(&self, node: &Node, group: &str, marker: &Option<String>, place: &Graph) -> bool {
        let mut covered = MarkerTree::FALSE;
        if let Node::Entry(index) = node {
            let own = self.locked.get(*index).into_iter().flat_map(|locked| &locked.guards);
            own.filter(|(name, ..)| name == group).for_each(|(.., tree)| covered.or(tree.clone()));
        }
        let more = self.needed.get(node).and_then(|needed| needed.guards.get(group));
        for (marker, _) in more.into_iter().flatten().filter(|(_, at)| at.contains(&place.at)) {
            covered.or(self.tree(marker));
        }
        let mut wanted = self.tree(marker);
        wanted.and(place.marker.clone());
        wanted.is_disjoint(&covered.negate())
    }

    fn tree(&self, marker: &Option<String>) -> MarkerTree {
        self.markers.get(marker).cloned().unwrap_or_default()
    }

    /// Notes for whom a package comes along.
    fn comes_along(&mut self, by: &Node, needed: Node, is_new: bool) -> bool {
        let through = self.needed.get(by);
        let locked = |node: &Node| match node {
            Node::Entry(index) => self.locked.get(*index).is_some_and(|locked| locked.is_plain),
            Node::New(..) => false,
        };
        let is_plain = through.is_some_and(|by| by.is_plain) || (is_new && locked(by));
        let is_plain = is_plain && !locked(&needed);
        let by: BTreeSet<usize> = match by {
            Node::Entry(index) => BTreeSet::from([*index]),
            Node::New(..) => through.map(|by| by.by.clone()).unwrap_or_default(),
        };
        let is_entry = matches!(needed, Node::Entry(_));
        if is_entry && !is_plain {
            return false;
        }
        let one = self.needed.entry(needed).or_default();
        let before = (one.by.len(), one.is_plain);
        one.by.extend(by);
        one.is_plain |= is_plain;
        before != (one.by.len(), one.is_plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packaging::target::{Environment, Platform};

    /// The packages needed beyond the lock: `locked` are entries by group and marker, optional or not; the first is the
    /// root.
    fn needed(
        locked: &[(&str, Option<&str>, bool)],
        new: &[(usize, usize)],
        old: &[(usize, usize)],
    ) -> Vec<(usize, Vec<String>, bool)> {
        let tree = |marker: &Option<&str>| marker.map_or(MarkerTree::TRUE, |text| text.parse().unwrap());
        let markers = locked.iter().map(|(_, marker, _)| (marker.map(str::to_owned), tree(marker)));
        let entry = |(group, marker, is_plain): &(&str, Option<&str>, bool)| LockedEntry {
            guards: vec![((*group).to_owned(), marker.map(str::to_owned), tree(marker))],
            is_plain: *is_plain,
        };
        let edges =
            |edges: &[(usize, usize)]| edges.iter().map(|(by, one)| (Node::Entry(*by), Node::Entry(*one))).collect();
        let python = Python::three(10);
        let place = Graph {
            at: (0, python),
            marker: marker::environment(Environment { platform: Platform::LinuxX86_64, python }),
            spoken: BTreeMap::new(),
            new: edges(new),
            roots: BTreeSet::from([Node::Entry(0)]),
            old: edges(old),
        };
        let mut reach = Reach {
            locked: locked.iter().map(entry).collect(),
            markers: markers.collect(),
            reached: BTreeMap::new(),
            needed: BTreeMap::new(),
        };
        while reach.step(&place) {}
        let found = reach.needed.into_iter().map(|(node, needed)| {
            let Node::Entry(index) = node else { panic!("{node:?}") };
            (index, needed.guards.into_keys().collect(), needed.is_plain)
        });
        found.collect()
    }

    #[test]
    fn a_need_is_followed_through_what_the_lock_has_already() {
        let locked = [("main", None, true), ("main", None, true), ("dev", None, true)];
        for edges in [[(0, 1), (1, 2)], [(1, 2), (0, 1)]] {
            assert_eq!(needed(&locked, &edges, &[]), [(2, vec!["main".to_owned()], false)], "{edges:?}");
        }
        // Where a package comes to light says as much as that it is plain.
        let optional = [("main", None, false), ("main", None, false), ("dev", None, false)];
        assert_eq!(needed(&optional, &[(1, 2), (0, 1)], &[]), [(2, vec!["main".to_owned()], false)]);
        // What an entry needs as it is locked, the lock has where it has the entry.
        assert_eq!(needed(&locked, &[(0, 1)], &[(1, 2)]), []);
        // What comes to light is followed however long the way is, in whichever order the lock has it.
        let dev = ("dev", None, false);
        let way = needed(&[("main", None, false), dev, dev, dev, dev], &[(0, 1)], &[(3, 4), (2, 3), (1, 2)]);
        assert_eq!(way.iter().map(|(index, ..)| *index).collect::<Vec<_>>(), [1, 2, 3, 4]);
    }

    #[test]
    fn what_is_needed_under_a_marker_is_there_where_the_lock_has_it_under_the_same() {
        let gpu = Some("extra == 'gpu'");
        assert_eq!(needed(&[("main", gpu, true), ("main", gpu, true)], &[(0, 1)], &[]), []);
        let found = needed(&[("main", gpu, true), ("main", Some("extra == 'cpu'"), true)], &[(0, 1)], &[]);
        assert_eq!(found, [(1, vec!["main".to_owned()], false)]);
    }

    #[test]
    fn what_comes_along_with_an_optional_package_is_optional() {
        let plain = |root: bool| needed(&[("main", None, root), ("main", None, false)], &[(0, 1)], &[]);
        assert_eq!(plain(false), []);
        assert_eq!(plain(true), [(1, Vec::new(), true)]);
        // As it was locked says nothing new.
        assert_eq!(needed(&[("main", None, true), ("main", None, false)], &[], &[(0, 1)]), []);
    }
}
