//! The own requirements of a lock's project.

use std::sync::Arc;

use super::pyproject::{MAIN, Project};
use super::{Choice, Lock};
use crate::packaging::marker::Extras;
use crate::packaging::requirement::Requirement;
use crate::packaging::target::Environment;
use crate::text::{Source, Span};

/// One requirement of a project, and its place.
#[derive(Debug, Clone)]
pub struct ProjectRequirement {
    /// The requirement.
    pub requirement: Arc<Requirement>,
    /// The project's file.
    pub source: Source,
    /// Its place there.
    pub span: Span,
}

impl Lock {
    /// The own requirements, on an environment, of the project beside it with the groups and extras that are chosen, as
    /// far as its file can be read. Beside a requirements file may lie the project of another program, so nothing is
    /// said of that.
    pub fn asked_by_project(&self, choice: &Choice, environment: Environment) -> Vec<ProjectRequirement> {
        let project = match self {
            Self::Poetry(lock) => lock.project.clone(),
            Self::Pylock(_) | Self::Uv(_) => {
                self.project_file().and_then(|source| Project::parse(&source.name, source.text.to_string()).ok())
            }
            Self::Requirements(_) => None,
        };
        let Some(project) = project else { return Vec::new() };
        let extras: Extras =
            project.extras.keys().filter(|extra| choice.all_extras || choice.extras.contains(extra)).cloned().collect();
        let groups = project.groups.iter().filter(|(group, _)| choice.takes(group, group.as_ref() == MAIN));
        let here = groups.flat_map(|(_, all)| all).filter(|one| {
            let by_extra = || extras.iter().any(|extra| project.extras[extra].contains(&one.requirement.name));
            (!one.optional || by_extra()) && !one.condition(environment, &extras).is_never()
        });
        here.map(|one| ProjectRequirement {
            requirement: Arc::clone(&one.requirement),
            source: project.source.clone(),
            span: one.span,
        })
        .collect()
    }
}
