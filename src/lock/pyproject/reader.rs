//! Reads both layouts of a `pyproject.toml` into one [`Project`].

use std::collections::{BTreeMap, BTreeSet, HashSet};

use pep508_rs::{ExtraName, PackageName};

use super::{Project, ProjectIndex, main_group};
use crate::lock::dependency::{self, Dependency, DirectReference, ParseCache, read_extra, read_extras, read_name};
use crate::lock::origin;
use crate::lock::toml::{Item, Table, Toml, dig};
use crate::packaging::{marker, requirement};
use crate::report::error::Result;
use crate::text::{Source, Span, quoted};

/// The most includes of groups, and the most requirements of all: a few groups that each include the next one
/// twice make any number of requirements.
const MOST_INCLUDES: usize = 500;
const MOST_REQUIREMENTS: usize = 10_000;

impl Project {
    /// Reads a `pyproject.toml`.
    ///
    /// # Errors
    /// If it is not TOML, or if a dependency in it cannot be understood.
    pub fn parse(name: &str, text: String) -> Result<Self> {
        let source = Source::new(name, text);
        let toml = Toml::parse(&source, "pyproject.toml")?;
        let groups = BTreeMap::from([(main_group()?, Vec::new())]);
        let (source, extras) = (source.clone(), BTreeMap::new());
        let project = Self { source, name: None, groups, extras, indexes: Vec::new() };
        let mut reader = ProjectReader { toml: &toml, includes: 0, known: ParseCache::default(), project };
        reader.pep621()?;
        reader.poetry()?;
        reader.dependency_groups()?;
        Ok(reader.project)
    }
}

struct ProjectReader<'t, 's> {
    toml: &'t Toml<'s>,
    includes: usize,
    known: ParseCache,
    project: Project,
}

impl ProjectReader<'_, '_> {
    fn pep621(&mut self) -> Result<()> {
        let root = self.toml.root();
        self.name(dig(root, &["project", "name"]))?;
        if let Some(item) = dig(root, &["project", "dependencies"]) {
            for (text, span) in self.placed(item, "dependencies")? {
                let found = self.requirement(text, span)?;
                self.project.groups.entry(main_group()?).or_default().push(found);
            }
        }
        if let Some(item) = dig(root, &["project", "optional-dependencies"]) {
            for (extra, list) in self.toml.table(item, "optional-dependencies")?.iter() {
                let span = list.span();
                let extra = read_extra(self.toml, span, extra)?;
                let mut names = BTreeSet::new();
                for (text, span) in self.placed(list, extra.as_ref())? {
                    let found = Dependency { optional: true, ..self.requirement(text, span)? };
                    names.insert(found.requirement.name.clone());
                    self.project.groups.entry(main_group()?).or_default().push(found);
                }
                self.project.extras.entry(extra).or_default().extend(names);
            }
        }
        Ok(())
    }

    fn name(&mut self, item: Option<&Item<'_>>) -> Result<()> {
        if let Some(item) = item {
            self.project.name = Some(read_name(self.toml, item.span(), self.toml.string(item, "name")?)?);
        }
        Ok(())
    }

    /// The strings of a list, each with its place.
    fn placed<'i>(&self, item: &'i Item<'_>, key: &str) -> Result<Vec<(&'i str, Span)>> {
        let texts = self.toml.strings(item, key)?;
        let spans: Vec<Span> = match item.as_array() {
            Some(array) => array.iter().map(Item::span).collect(),
            None => vec![item.span()],
        };
        Ok(texts.into_iter().zip(spans).collect())
    }

    fn poetry(&mut self) -> Result<()> {
        let root = self.toml.root();
        let Some(poetry) = dig(root, &["tool", "poetry"]) else { return Ok(()) };
        let poetry = self.toml.table(poetry, "tool.poetry")?;
        self.name(poetry.get("name"))?;
        if let Some(item) = poetry.get("dependencies") {
            self.table(&main_group()?, self.toml.table(item, "dependencies")?)?;
        }
        if let Some(item) = poetry.get("dev-dependencies") {
            let dev = read_extra(self.toml, item.span(), "dev")?;
            self.table(&dev, self.toml.table(item, "dev-dependencies")?)?;
        }
        if let Some(item) = poetry.get("extras") {
            for (extra, list) in self.toml.table(item, "extras")?.iter() {
                let span = list.span();
                let names = self.toml.strings(list, extra)?.into_iter().map(|name| read_name(self.toml, span, name));
                let names = names.collect::<Result<Vec<_>>>()?;
                self.project.extras.entry(read_extra(self.toml, span, extra)?).or_default().extend(names);
            }
        }
        for source in poetry.get("source").and_then(Item::as_array_of_tables).into_iter().flatten() {
            let text = |key: &str| -> Result<Option<&str>> { Ok(self.toml.text(source, key)?.map(|(text, _)| text)) };
            let url = source.get("url").map(|item| origin::url(self.toml, item, "url")).transpose()?;
            let marked = |key: &str| source.get(key).and_then(Item::as_bool).unwrap_or(false);
            let old = marked("default").then_some("default").or(marked("secondary").then_some("secondary"));
            self.project.indexes.push(ProjectIndex {
                name: text("name")?.unwrap_or_default().to_owned(),
                url: url.map(|url| url.trim_end_matches('/').to_owned()),
                priority: text("priority")?.or(old).map(str::to_ascii_lowercase),
            });
        }
        if let Some(item) = poetry.get("group") {
            for (group, item) in self.toml.table(item, "group")?.iter() {
                let name = read_extra(self.toml, item.span(), group)?;
                self.project.groups.entry(name.clone()).or_default();
                if let Some(list) = self.toml.table(item, group)?.get("dependencies") {
                    self.table(&name, self.toml.table(list, "dependencies")?)?;
                }
            }
            self.poetry_includes(self.toml.table(item, "group")?)?;
        }
        Ok(())
    }

    /// `include-groups` of Poetry 2.2 and later.
    fn poetry_includes(&mut self, groups: &Table<'_>) -> Result<()> {
        for (group, item) in groups.iter() {
            let Some(list) = item.as_table_like().and_then(|table| table.get("include-groups")) else { continue };
            let name = read_extra(self.toml, item.span(), group)?;
            for other in read_extras(self.toml, Some(list), "include-groups")? {
                let found = self.project.groups.get(&other).cloned().unwrap_or_default();
                self.count_include(list, found.len())?;
                self.project.groups.entry(name.clone()).or_default().extend(found);
            }
        }
        Ok(())
    }

    fn dependency_groups(&mut self) -> Result<()> {
        let Some(item) = self.toml.root().get("dependency-groups") else { return Ok(()) };
        let table = self.toml.table(item, "dependency-groups")?;
        for (group, _) in table.iter() {
            let mut found = Vec::new();
            self.dependency_group(table, group, &mut Vec::new(), &mut found)?;
            let name = read_extra(self.toml, item.span(), group)?;
            self.project.groups.entry(name).or_default().extend(found);
        }
        Ok(())
    }

    /// One group of PEP 735: requirements, and `{include-group = "…"}`.
    fn dependency_group(
        &mut self,
        table: &Table<'_>,
        group: &str,
        open: &mut Vec<String>,
        out: &mut Vec<Dependency>,
    ) -> Result<()> {
        let normal = |name: &str| name.to_lowercase().replace(['_', '.'], "-");
        let wanted = normal(group);
        let Some((_, item)) = table.iter().find(|(name, _)| normal(name) == wanted) else { return Ok(()) };
        if open.contains(&wanted) {
            let problem = self.toml.wrong(item, format!("the dependency group `{}` includes itself", quoted(group)));
            return Err(problem.into());
        }
        open.push(wanted);
        let array = item.as_array().ok_or_else(|| self.toml.wrong(item, "a dependency group should be a list"))?;
        for value in array {
            let span = value.span();
            if let Some(text) = value.as_str() {
                out.push(self.requirement(text, span)?);
            } else if let Some(other) = value.as_inline_table().and_then(|t| t.get("include-group")?.as_str()) {
                self.count_include(item, out.len())?;
                self.dependency_group(table, other, open, out)?;
            } else {
                let message = "a dependency group holds requirements and `{include-group = …}`";
                return Err(self.toml.wrong(item, message).into());
            }
        }
        open.pop();
        Ok(())
    }

    fn count_include(&mut self, item: &Item<'_>, size: usize) -> Result<()> {
        self.includes += 1;
        if self.includes > MOST_INCLUDES || size > MOST_REQUIREMENTS {
            return Err(self.toml.wrong(item, "the groups include each other too often").into());
        }
        Ok(())
    }

    fn table(&mut self, group: &ExtraName, table: &Table<'_>) -> Result<()> {
        let listed = self.project.groups.get(group).into_iter().flatten();
        let mut listed: HashSet<PackageName> = listed.map(|known| known.requirement.name.clone()).collect();
        for (key, item) in table.iter() {
            if key == "python" {
                continue;
            }
            let mut found = Vec::new();
            dependency::read(self.toml, key, item, &mut self.known, &mut found)?;
            let list = self.project.groups.entry(group.clone()).or_default();
            if found.first().is_none_or(|one| listed.insert(one.requirement.name.clone())) {
                list.extend(found);
                continue;
            }
            let named: Vec<&mut Dependency> = list
                .iter_mut()
                .filter(|known| found.iter().any(|one| one.requirement.name == known.requirement.name))
                .collect();
            // A package of [project] keeps what it says there; this table only enriches it.
            if let [one] = found.as_slice() {
                for known in named {
                    known.source.clone_from(&one.source);
                }
            } else {
                let optional = named.iter().any(|known| known.optional);
                list.retain(|known| found.iter().all(|one| one.requirement.name != known.requirement.name));
                list.extend(found.into_iter().map(|one| Dependency { optional: optional || one.optional, ..one }));
            }
        }
        Ok(())
    }

    fn requirement(&self, text: &str, span: Span) -> Result<Dependency> {
        let wrong = |why: &str| {
            let why = quoted(why.lines().next().unwrap_or_default());
            self.toml.wrong_at(span, format!("`{}` is not a requirement (PEP 508): {why}", quoted(text)))
        };
        let (before, written) = requirement::split(text);
        let marker = written.map(marker::parse).transpose().map_err(|why| wrong(&why))?;
        let (requirement, is_direct) = requirement::plain(before).map_err(|why| wrong(&why))?;
        let url = before.split_once('@').filter(|_| is_direct).map(|(_, url)| url.trim());
        Ok(Dependency { marker, direct: url.map(DirectReference::of_url), ..Dependency::new(requirement, span) })
    }
}
