//! The project beside a lock: what it asks for itself, in which groups and extras.
//!
//! Locks before 2.1 do not say which package belongs to which group; the roots in `pyproject.toml` do. Both layouts are
//! read: `[tool.poetry]` with its groups, and `[project]` (PEP 621) with `[dependency-groups]` (PEP 735), which Poetry 2
//! merges: where both name a package, the table under `[tool.poetry]` adds its source to the one of `[project]`.

mod reader;

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::{ExtraName, PackageName};

use super::dependency::Dependency;
use super::toml::{Toml, dig};
use crate::packaging::constraint::Constraint;
use crate::report::error::{Code, Problem, Result};
use crate::text::Source;

/// The group that is installed without being named.
pub const MAIN: &str = "main";

/// The requirements of a project.
#[derive(Debug, Clone)]
pub struct Project {
    /// The file, for messages.
    pub source: Source,
    /// The project's own name, which a package of it may require back.
    pub name: Option<PackageName>,
    /// Dependencies by group; `main` is always there.
    pub groups: BTreeMap<ExtraName, Vec<Dependency>>,
    /// The extras it offers, and which packages each switches on.
    pub extras: BTreeMap<ExtraName, BTreeSet<PackageName>>,
    /// The indexes it names (`[[tool.poetry.source]]`), in file order.
    pub indexes: Vec<ProjectIndex>,
}

/// One `[[tool.poetry.source]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectIndex {
    /// Its name.
    pub name: String,
    /// Its URL, without a slash at the end; the default index may go without.
    pub url: Option<String>,
    /// `default`, `primary`, `secondary`, `supplemental` or `explicit`; `None`: not said.
    pub priority: Option<String>,
}

/// The name of a group or of an extra that is known to be one.
pub(crate) fn main_group() -> Result<ExtraName> {
    ExtraName::new(MAIN.to_owned()).map_err(|error| Problem::new(Code::Inconsistent, error.to_string()).into())
}

/// The Pythons that a project is for: `requires-python` of `[project]`, else `python` of `[tool.poetry.dependencies]`.
/// `None` where it says neither, or nothing that can be read: all that is lost is a hint.
pub fn pythons(source: &Source) -> Option<Constraint> {
    let paths = [&["project", "requires-python"][..], &["tool", "poetry", "dependencies", "python"]];
    text(source, paths, |text| Constraint::poetry(text).ok())
}

/// The name of a project; `None` where it has none that can be read.
pub fn name(source: &Source) -> Option<PackageName> {
    text(source, [&["project", "name"], &["tool", "poetry", "name"]], |text| text.parse().ok())
}

/// The text at the first of the paths that is there, as what it is read as.
fn text<T>(source: &Source, paths: [&[&str]; 2], read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
    let toml = Toml::parse(source, "pyproject.toml").ok()?;
    let item = paths.into_iter().find_map(|path| dig(toml.root(), path))?;
    read(item.as_str()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(project: &Project, group: &str) -> Vec<String> {
        let group = ExtraName::new(group.to_owned()).unwrap();
        project.groups[&group]
            .iter()
            .map(|one| format!("{} {}", one.requirement.name, one.requirement.versions))
            .collect()
    }

    #[test]
    fn reads_the_poetry_layout() {
        let text = r#"
[tool.poetry]
name = "App"
[tool.poetry.dependencies]
python = "^3.9"
torch = [{version = "2.0.1", platform = "darwin"}, {version = "2.0.1", markers = "sys_platform != 'darwin'", source = "torch"}]
uvicorn = {version = "*", extras = ["standard"], optional = true}
[tool.poetry.dev-dependencies]
pytest = "^7"
[tool.poetry.group.docs]
optional = true
[tool.poetry.group.docs.dependencies]
markdown = ">=3"
[tool.poetry.extras]
server = ["uvicorn"]
"#;
        let project = Project::parse("pyproject.toml", text.to_owned()).unwrap();
        assert_eq!(project.name.as_ref().unwrap().as_ref(), "app");
        assert_eq!(names(&project, "main"), ["torch ==2.0.1", "torch ==2.0.1", "uvicorn *"]);
        assert_eq!(names(&project, "dev"), ["pytest >=7,<8"]);
        assert_eq!(names(&project, "docs"), ["markdown >=3"]);
        assert_eq!(project.extras.len(), 1);
    }

    #[test]
    fn reads_the_standard_layout() {
        let text = r#"
[project]
name = "app"
dependencies = ["torch==2.5.1", "requests[socks]>=2 ; python_version < '3.12'"]
[project.optional-dependencies]
server = ["uvicorn"]
[dependency-groups]
dev = ["pytest", {include-group = "typing"}]
typing = ["mypy"]
[tool.poetry.dependencies]
torch = {source = "pytorch-cpu"}
"#;
        let project = Project::parse("pyproject.toml", text.to_owned()).unwrap();
        assert_eq!(names(&project, "main"), ["torch ==2.5.1", "requests >=2", "uvicorn *"]);
        assert_eq!(names(&project, "dev"), ["pytest *", "mypy *"]);
        let main = &project.groups[&main_group().unwrap()];
        assert_eq!(main[0].source.as_deref(), Some("pytorch-cpu"));
        assert!(main[1].marker.is_some() && main[2].optional);
    }

    #[test]
    fn points_at_what_it_does_not_understand() {
        for (text, place) in [
            ("[tool.poetry.dependencies]\ntorch = 2\n", (2, 9)),
            ("[tool.poetry.dependencies]\ntorch = \"latest\"\n", (2, 9)),
            ("[dependency-groups]\na = [{include-group = \"a\"}]\n", (2, 5)),
            ("[project]\ndependencies = [\n \"a b c\"]\n", (3, 2)),
            ("[project\n", (1, 9)),
        ] {
            let error = Project::parse("pyproject.toml", text.to_owned()).unwrap_err();
            let found = error.problems()[0].place.clone().unwrap();
            assert_eq!((found.line, found.column), place, "{error}");
        }
    }
}
