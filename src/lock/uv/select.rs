//! The packages of a `uv.lock` on one environment, as `uv export --frozen` selects them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use pep508_rs::{ExtraName, PackageName};

use super::package::{UvEdge, UvNode};
use super::{ANEW, ConflictItem, ConflictPart, UvLock};
use crate::lock::dependency::condition;
use crate::lock::emit::NotEmitted;
use crate::lock::limits::{Walked, twins};
use crate::lock::{Choice, SelectedPackage, Selection};
use crate::packaging::marker::{Condition, Extras, ExtrasAndGroups};
use crate::packaging::target::{Environment, Platform, Python};
use crate::report::error::{Code, Error, Problem, Result};

/// The wanted parts of an entry.
#[derive(Debug, Clone, Default)]
struct UvDemand {
    condition: Condition,
    /// The condition of each of its extras.
    extras: BTreeMap<ExtraName, Condition>,
    root: bool,
}

/// The request to a lock: the choice in its project, and the starting points in the graph.
struct UvAsked<'a> {
    roots: Vec<(&'a UvEdge, Condition)>,
    /// The extras and groups that conflicts decide by, as markers name them.
    active: Extras,
    /// The project itself: entries, and extras of them.
    projects: Vec<(usize, Vec<ExtraName>)>,
}

impl UvLock {
    /// The packages of the lock on an environment for a choice of groups and extras. The project's default groups are
    /// chosen unless they are left out. The project itself is not emitted.
    ///
    /// # Errors
    /// If a group or an extra is not known, or several that conflict are chosen; if the lock is not for this environment;
    /// if it gives a package twice there.
    pub fn select(&self, choice: &Choice, environment: Environment) -> Result<Selection> {
        let asked = self.asked(choice, environment)?;
        if !self.is_for(environment) {
            let message =
                format!("{} is not for {environment}: its `supported-markers` leave it out", self.source.name);
            let problem = Problem::new(Code::Impossible, message);
            return Err(problem.help("choose another target, or lock for this one too").into());
        }
        let wanted = self.walk(&asked, environment)?;
        let conditions = wanted.iter().map(|demand| &demand.condition).enumerate();
        Error::unless_empty(twins(&self.source, &self.entries, conditions, environment, ANEW))?;
        let mut selection = Selection::default();
        for (index, demand) in wanted.iter().enumerate() {
            let is_root = self.roots.contains(&index);
            if self.graph[index].is_virtual || is_root && demand.condition.is_never() {
                continue;
            }
            let selected = self.selected(index, demand, &asked.active, environment);
            if is_root {
                selection.unemitted.push((selected, NotEmitted::Project));
            } else if demand.condition.is_never() {
                if self.packages[index].installs_on(environment) {
                    selection.unselected.push(SelectedPackage { condition: Condition::Always, ..selected });
                }
            } else {
                selection.packages.push(selected);
            }
        }
        Ok(selection)
    }

    fn selected(&self, index: usize, demand: &UvDemand, active: &Extras, environment: Environment) -> SelectedPackage {
        let extras = demand.extras.keys().map(Some);
        let edges = extras.chain([None]).flat_map(|extra| self.graph[index].edges(extra));
        let needs = edges.map(|edge| (Arc::clone(&edge.requirement), edge.condition(environment, active)));
        SelectedPackage {
            entry: index,
            // The lock lists what extras bring in.
            extras: Extras::new(),
            with_extras: !demand.extras.is_empty(),
            condition: demand.condition.clone(),
            needs: Some(needs.filter(|(_, when)| !when.is_never()).collect()),
            via: None,
            root: demand.root,
        }
    }

    /// Whether an entry depends on a package of that name on an environment.
    pub(crate) fn depends(&self, index: usize, on: &PackageName, environment: Environment) -> bool {
        let edges = self.graph[index].dependencies.iter().filter(|edge| self.entries[edge.to].name == *on);
        edges.map(|edge| edge.condition(environment, &Extras::new())).any(|when| !when.is_never())
    }

    pub(in crate::lock) fn is_for(&self, environment: Environment) -> bool {
        let holds = |marker| !Condition::of(marker, environment, &Extras::new()).is_never();
        self.environments.is_empty() || self.environments.iter().any(holds)
    }

    /// Why the lock cannot be installed on an environment; `None`: nothing prevents it.
    pub(in crate::lock) fn leaves_out(&self, environment: Environment) -> Option<Problem> {
        let (name, python) = (&self.source.name, environment.python);
        let message = match self.excluded_by(environment)? {
            "requires-python" => format!("{name} is locked for Python {}, which excludes {python}", self.pythons),
            key => format!("{name} is not for {environment}: its `{key}` leave it out"),
        };
        Some(Problem::new(Code::Impossible, message))
    }

    /// The key by which it excludes an environment.
    pub(in crate::lock) fn excluded_by(&self, environment: Environment) -> Option<&'static str> {
        if !self.pythons.admits_python(environment.python) {
            return Some("requires-python");
        }
        (!self.is_for(environment)).then_some("supported-markers")
    }

    /// Why the lock cannot be installed on a platform under any Python.
    pub(in crate::lock) fn never_on(&self, platform: Platform) -> Option<Problem> {
        let python = Python::released().rev().find(|python| self.pythons.admits_python(*python))?;
        let problem = self.leaves_out(Environment { platform, python })?;
        Some(problem.help("choose another target, or lock for this one too"))
    }

    /// Each group and each extra by itself, and what to call that.
    pub(in crate::lock) fn choices(&self) -> Vec<(Choice, String)> {
        let (extras, groups) = self.known();
        let extras = extras.into_iter().map(Choice::only_extra);
        extras.chain(groups.into_iter().map(Choice::only_group)).collect()
    }

    /// Why it is not rewritten as a whole: extras or groups conflict, so there is no choice of all of them.
    pub(in crate::lock) fn has_no_whole(&self) -> Option<Problem> {
        let (first, last) = (self.conflicts.first()?.first()?, self.conflicts.first()?.last()?);
        let (first, last) = (first.spoken(), last.spoken());
        let message = format!("{first} and {last} conflict, so {} is not rewritten as a whole", self.source.name);
        let problem = Problem::new(Code::Unsupported, message).at(&self.source, self.conflicts_at);
        Some(problem.help("export what is chosen: torchswap export --extras NAME, or --with NAME"))
    }

    /// The extras and the groups that can be asked for, sorted.
    fn known(&self) -> (Vec<ExtraName>, Vec<ExtraName>) {
        let roots = || self.roots.iter().map(|root| &self.graph[*root]);
        let extras: BTreeSet<&ExtraName> = roots().flat_map(|node| node.extras.keys()).collect();
        let groups: BTreeSet<&ExtraName> =
            roots().chain([&self.manifest]).flat_map(|node| node.groups.keys()).collect();
        (extras.into_iter().cloned().collect(), groups.into_iter().cloned().collect())
    }

    fn asked(&self, choice: &Choice, environment: Environment) -> Result<UvAsked<'_>> {
        let (extras, groups) = self.known();
        let with_project = choice.only.is_empty() || choice.all_groups;
        if !with_project && !choice.extras.is_empty() {
            let problem = Problem::new(Code::Usage, "a group alone is without the project, and so without its extras");
            return Err(problem.help("choose the group beside the project (--with), or leave the extras out").into());
        }
        let ExtrasAndGroups { extras, groups } =
            choice.resolved(&self.source.name, &extras, &groups, &self.default_groups)?;
        let mut asked = UvAsked { roots: Vec::new(), active: Extras::new(), projects: Vec::new() };
        let mut chosen: Vec<ConflictItem> = Vec::new();
        for root in &self.roots {
            let (node, package) = (&self.graph[*root], &self.entries[*root].name);
            let mut choose = |of| chosen.push(ConflictItem { package: package.clone(), of });
            if with_project {
                choose(ConflictPart::Project);
                let own: Vec<ExtraName> =
                    extras.iter().filter(|extra| node.extras.contains_key(extra)).cloned().collect();
                own.iter().for_each(|extra| choose(ConflictPart::Extra(extra.clone())));
                asked.projects.push((*root, own));
            }
            groups.iter().filter(|group| node.groups.contains_key(group)).for_each(|group| {
                choose(ConflictPart::Group(group.clone()));
            });
        }
        self.check_conflicts(&chosen)?;
        asked.active = chosen.iter().filter_map(ConflictItem::encoded).collect();
        let nodes = self.roots.iter().map(|root| &self.graph[*root]).chain([&self.manifest]);
        let in_groups = nodes.flat_map(|node| groups.iter().filter_map(|group| node.groups.get(group))).flatten();
        let of_script = with_project.then_some(&self.manifest.dependencies).into_iter().flatten();
        let roots = in_groups.chain(of_script);
        asked.roots = roots.map(|edge| (edge, edge.condition(environment, &asked.active))).collect();
        Ok(asked)
    }

    /// At most one of each set.
    fn check_conflicts(&self, chosen: &[ConflictItem]) -> Result<()> {
        let mut problems = Vec::new();
        for set in &self.conflicts {
            let both: Vec<String> = set.iter().filter(|item| chosen.contains(item)).map(ConflictItem::spoken).collect();
            if both.len() > 1 {
                let message = format!("{} conflict: {} has no choice with both", both.join(" and "), self.source.name);
                problems.push(Problem::new(Code::Usage, message).help("choose one of them"));
            }
        }
        Error::unless_empty(problems)
    }

    /// The entries that are reached from those asked for.
    fn walk(&self, asked: &UvAsked<'_>, environment: Environment) -> Result<Vec<UvDemand>> {
        let mut wanted = vec![UvDemand::default(); self.entries.len()];
        let mut open: VecDeque<(usize, Option<ExtraName>)> = VecDeque::new();
        let mut walked = Walked::new(&self.source, ANEW, "swap what uv makes of it: uv export -o requirements.txt");
        for (root, extras) in &asked.projects {
            wanted[*root].condition = Condition::Always;
            open.push_back((*root, None));
            for extra in extras {
                wanted[*root].extras.insert(extra.clone(), Condition::Always);
                open.push_back((*root, Some(extra.clone())));
            }
        }
        for (edge, when) in asked.roots.iter().filter(|(_, when)| !when.is_never()) {
            walked.note(when, edge.span)?;
            wanted[edge.to].root = true;
            self.want(edge, when, asked, &mut wanted, &mut open)?;
        }
        while let Some((index, extra)) = open.pop_front() {
            let held = match &extra {
                None => wanted[index].condition.clone(),
                Some(extra) => wanted[index].extras.get(extra).cloned().unwrap_or_default(),
            };
            let of_project = self.roots.contains(&index);
            for edge in self.graph[index].edges(extra.as_ref()) {
                walked.step(1, edge.span)?;
                let when = edge.condition(environment, &asked.active);
                walked.note(&when, edge.span)?;
                let when = when.and(held.clone());
                if !when.is_never() {
                    wanted[edge.to].root |= of_project;
                    self.want(edge, &when, asked, &mut wanted, &mut open)?;
                }
            }
        }
        Ok(wanted)
    }

    /// Notes that a dependency holds.
    fn want(
        &self,
        edge: &UvEdge,
        when: &Condition,
        asked: &UvAsked<'_>,
        wanted: &mut [UvDemand],
        open: &mut VecDeque<(usize, Option<ExtraName>)>,
    ) -> Result<()> {
        let UvDemand { condition, extras, .. } = &mut wanted[edge.to];
        let mut widen = |own: &mut Condition, extra: Option<&ExtraName>| {
            let both = own.clone().or(when.clone());
            if both != *own {
                *own = both;
                open.push_back((edge.to, extra.cloned()));
            }
        };
        widen(condition, None);
        self.decided(edge, ConflictPart::Project, asked)?;
        for extra in &edge.requirement.extras {
            self.decided(edge, ConflictPart::Extra(extra.clone()), asked)?;
            widen(extras.entry(extra.clone()).or_default(), Some(extra));
        }
        Ok(())
    }

    /// An extra that conflicts with others decides which versions are installed. That it does is known of those that are
    /// chosen; where a dependency asks for one, it would hold on some ways through the graph and not on others.
    fn decided(&self, edge: &UvEdge, of: ConflictPart, asked: &UvAsked<'_>) -> Result<()> {
        if self.conflicts.is_empty() {
            return Ok(());
        }
        let item = ConflictItem { package: edge.requirement.name.clone(), of };
        let known = item.encoded().is_some_and(|name| asked.active.contains(&name));
        if known || !self.conflicts.iter().flatten().any(|one| *one == item) {
            return Ok(());
        }
        let message = format!(
            "{} is asked for by a dependency and conflicts with others: which versions go with it cannot be decided here",
            item.spoken()
        );
        let problem = Problem::new(Code::Unsupported, message).at(&self.source, edge.span);
        Err(problem.help("choose the extra itself (--extras), or export it: uv export --format pylock.toml").into())
    }
}

impl UvNode {
    /// Its own dependencies, or those of an extra of it.
    fn edges(&self, extra: Option<&ExtraName>) -> &[UvEdge] {
        match extra {
            None => &self.dependencies,
            Some(extra) => self.extras.get(extra).map(Vec::as_slice).unwrap_or_default(),
        }
    }
}

impl UvEdge {
    fn condition(&self, environment: Environment, active: &Extras) -> Condition {
        condition(self.marker.as_ref(), environment, active)
    }
}

impl ConflictItem {
    /// The extra that represents it in markers: `extra-7-project-cpu`, with the length of the package's name.
    fn encoded(&self) -> Option<ExtraName> {
        let (package, length) = (&self.package, self.package.as_ref().len());
        ExtraName::new(match &self.of {
            ConflictPart::Project => format!("project-{length}-{package}"),
            ConflictPart::Extra(extra) => format!("extra-{length}-{package}-{extra}"),
            ConflictPart::Group(group) => format!("group-{length}-{package}-{group}"),
        })
        .ok()
    }

    fn spoken(&self) -> String {
        match &self.of {
            ConflictPart::Project => self.package.to_string(),
            ConflictPart::Extra(extra) => format!("{}[{extra}]", self.package),
            ConflictPart::Group(group) => format!("the group {group} of {}", self.package),
        }
    }
}
