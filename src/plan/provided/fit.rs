//! Whether the packages that stay accept those of the image.

use std::collections::BTreeMap;

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::{is_same_release, spoken, tells_versions};
use crate::catalog::equivalents;
use crate::catalog::{self, Family};
use crate::lock::emit::NotEmitted;
use crate::lock::provided::Provided;
use crate::lock::{ProjectRequirement, SelectedPackage};
use crate::packaging::constraint::Constraint;
use crate::packaging::marker::Condition;
use crate::packaging::stub::is_stub;
use crate::plan::knowledge::WheelRequirement;
use crate::plan::locked::{LockedWheel, locked_wheel};
use crate::plan::{EnvironmentPlan, Line, Planner, Request};
use crate::report::error::{Code, Error, Problem, Result};

/// The packages left out because the image has them, by name, with the locked version.
type InImage<'a> = BTreeMap<&'a PackageName, (&'a NotEmitted, Option<&'a Version>)>;

/// The packages of an image, and the project's own requirements.
pub(crate) struct ImageFacts<'a> {
    pub(crate) provided: &'a Provided,
    pub(crate) asked: Vec<ProjectRequirement>,
}

/// Checks a plan against what the image has, and notes in it what could not be checked.
///
/// # Errors
/// Each requirement of what stays that the image does not meet.
pub(in crate::plan) fn checked(
    planner: &Planner<'_>,
    mut plan: EnvironmentPlan,
    image: &ImageFacts<'_>,
) -> Result<EnvironmentPlan> {
    let (mut problems, warnings) = compared(planner, &plan.lines, image);
    problems.extend(plan.lines.iter().filter_map(|line| overwriting(planner, line, image.provided)));
    Error::unless_empty(problems)?;
    plan.warnings.extend(warnings);
    Ok(plan)
}

/// As [`checked`], of what a lock gives before anything is swapped: what is refused, and what could not be checked.
pub(crate) fn judged(planner: &Planner<'_>, image: &ImageFacts<'_>) -> (Vec<Problem>, Vec<Problem>) {
    let Planner { view, selection, .. } = *planner;
    let line = |package: &SelectedPackage| Line {
        name: view.entries[package.entry].name.clone(),
        extras: package.extras.clone(),
        condition: package.condition.clone(),
        entry: Some(package.entry),
        replacement: None,
    };
    let lines: Vec<Line> = selection.packages.iter().map(line).collect();
    compared(planner, &lines, image)
}

fn compared(planner: &Planner<'_>, lines: &[Line], image: &ImageFacts<'_>) -> (Vec<Problem>, Vec<Problem>) {
    let Planner { view, selection, request, .. } = *planner;
    let provided = image.provided;
    let out = selection.unemitted.iter().filter(|(_, why)| why.is_provided());
    let out: InImage<'_> = out
        .map(|(package, why)| (&view.entries[package.entry].name, (why, view.entries[package.entry].version.as_ref())))
        .collect();
    let selected: BTreeMap<usize, &SelectedPackage> =
        selection.unselected.iter().chain(&selection.packages).map(|package| (package.entry, package)).collect();
    let mut problems = Vec::new();
    let (mut untold, mut others) = (false, Vec::new());
    let (refused, mut warnings) = by_project(image, &out, request);
    problems.extend(refused);
    for line in lines.iter().filter(|line| !line.condition.is_never()) {
        let installed = line.version(view.entries);
        match requirements(planner, line, &selected) {
            None => untold = true,
            Some(required) => {
                for (name, versions) in required {
                    let Some((why, _)) = out.get(&name) else { continue };
                    untold |= !tells_versions(view, &versions) && line.replacement.is_none();
                    let refused = refusal(&spoken(&line.name, installed), &name, &versions, why);
                    let under = |problem: Problem| view.point(problem.under(request.environment.python), line.entry);
                    problems.extend(refused.map(under));
                }
            }
        }
        problems.extend(other_build(planner, line, &out));
        if let Some((version, Some(installed))) =
            provided.has(&line.name, request.environment).flatten().zip(Some(installed))
            && !is_as_in_image(installed, version)
        {
            others.push(format!("{} (image: {version})", spoken(&line.name, Some(installed))));
        }
    }
    let file = view.sources.first().map_or("the lock", |source| source.file_name());
    warnings.extend(unchecked(file, &out, untold));
    if !others.is_empty() {
        let message = format!("the output installs other releases than the image has: {}", others.join(", "));
        let help = "pip refuses them where the image limits it (PIP_CONSTRAINT); lock the image's, or leave out all that it \
                    has: --provided-all";
        warnings.push(Problem::new(Code::ImageConstraint, message).help(help));
    }
    if out.is_empty() {
        let message = format!("{} has no package of {file}, so nothing is left out", of(provided));
        warnings.push(Problem::new(Code::ImageConstraint, message).help("write it in the image: pip freeze > FILE"));
    }
    (problems, warnings)
}

/// The project's own requirements that the image has in another release. Who installs the output is not asked for it, but
/// whoever installs the project is, and would replace the image's. A range says what its code works with. A pin, as a rule,
/// says which release is to be locked, and the image's builds of that minor version are no other release to the code.
fn by_project(image: &ImageFacts<'_>, out: &InImage<'_>, request: &Request<'_>) -> (Vec<Problem>, Vec<Problem>) {
    let (mut refused, mut warnings) = (Vec::new(), Vec::new());
    let minor = |version: &Version| [0, 1].map(|at| version.release().get(at).copied().unwrap_or_default());
    for ProjectRequirement { requirement, source, span } in &image.asked {
        let (name, versions) = (&requirement.name, &requirement.versions);
        let Some((why @ NotEmitted::Provided(Some(version)), _)) = out.get(name) else { continue };
        if versions.exact().is_some_and(|pin| minor(pin) == minor(version)) && !versions.admits(version) {
            let message = format!("the project pins {name}{versions}, but the image has {name} {version}");
            let help = "not checked: whether the project works with that; a range would say so. pip install \
                        --no-deps installs the project without replacing it";
            warnings.push(Problem::new(Code::ImageConstraint, message).at(source, *span).help(help));
        } else if let Some(problem) = refusal("the project", name, versions, why) {
            refused.push(problem.at(source, *span).under(request.environment.python));
        }
    }
    (refused, warnings)
}

fn of(provided: &Provided) -> &str {
    provided.file.as_deref().unwrap_or("the image")
}

/// A pin of the image's release admits builds of it.
fn is_as_in_image(installed: &Version, image: &Version) -> bool {
    if image.is_local() { installed == image } else { is_same_release(installed, image) }
}

/// The requirements of a line, as far as they are known.
fn requirements(
    planner: &Planner<'_>,
    line: &Line,
    selected: &BTreeMap<usize, &SelectedPackage>,
) -> Option<Vec<(PackageName, Constraint)>> {
    let Planner { view, request, knowledge, .. } = *planner;
    let holds = |one: &&WheelRequirement| !Condition::of(&one.marker, request.environment, &line.extras).is_never();
    let of_wheel = |list: &[WheelRequirement]| {
        list.iter().filter(holds).map(|one| (one.name.clone(), one.versions.clone())).collect::<Vec<_>>()
    };
    if let Some(replacement) = &line.replacement {
        return replacement.requires.as_deref().map(of_wheel);
    }
    let entry = line.entry?;
    if let Some(needs) = selected.get(&entry).and_then(|package| package.needs.as_ref()) {
        let here = needs.iter().filter(|(_, when)| !when.is_never());
        return Some(here.map(|(one, _)| (one.name.clone(), one.versions.clone())).collect());
    }
    let (entry, version) = (&view.entries[entry], view.entries[entry].version.as_ref()?);
    if knowledge.family(&line.name) == Family::No {
        return None;
    }
    match locked_wheel(view, entry, request, &knowledge.rows(&entry.name, version), knowledge) {
        LockedWheel::Row(row) => planner.requires(&row).known().map(|list| of_wheel(list)),
        LockedWheel::Named(_) | LockedWheel::Unidentified | LockedWheel::Absent => None,
    }
}

/// The problem of a package that stays and requires one that is left out.
fn refusal(who: &str, name: &PackageName, versions: &Constraint, why: &NotEmitted) -> Option<Problem> {
    let wanted = if versions.is_any() { name.to_string() } else { format!("{name}{versions}") };
    let (message, help) = match why {
        NotEmitted::Provided(Some(version)) if !versions.admits(version) => (
            format!("{who} requires {wanted}, but the image has {name} {version}"),
            format!(
                "lock a release that accepts it, use an image that fits, or let pip replace it: remove {name} from what \
                     the image has"
            ),
        ),
        NotEmitted::OfProvided => (
            format!("{who} requires {wanted}, which is left out with torch, but may not be in the image"),
            format!("if the image has it, say so: --provided-names {name}"),
        ),
        NotEmitted::Provided(_) | NotEmitted::Project | NotEmitted::Local | NotEmitted::Package => return None,
    };
    Some(Problem::new(Code::ImageConstraint, message).help(help))
}

/// A package of the family that stays for another build than the image's torch has.
fn other_build(planner: &Planner<'_>, line: &Line, out: &InImage<'_>) -> Option<Problem> {
    let Planner { view, request, knowledge, .. } = *planner;
    if knowledge.family(&line.name) != Family::PerBackend {
        return None;
    }
    let (torch, (why, _)) = out.iter().find(|(name, _)| catalog::is_torch(name))?;
    let NotEmitted::Provided(Some(version)) = why else { return None };
    let built = catalog::build_of_label(version)?;
    let wanted = request.backend.filter(|wanted| *wanted != built)?;
    let message = format!("the image has {torch} {version}, and {} would be a {wanted} build", line.name);
    let help = format!("name the image's build: {}", built.flag());
    Some(view.point(Problem::new(Code::ImageConstraint, message).help(help), line.entry))
}

/// A package that the image has under its other name. Of the two the one installed last wins, and to uninstall the CPU build,
/// as a stub of its name does, removes files of the GPU build.
fn overwriting(planner: &Planner<'_>, line: &Line, provided: &Provided) -> Option<Problem> {
    let Planner { view, request, .. } = *planner;
    let version = line.version(view.entries);
    if line.condition.is_never() || version.is_some_and(is_stub) {
        return None;
    }
    let mut others = equivalents::exchanged(&line.name).map(|range| match range.cpu == line.name {
        true => (range.gpu, format!("--also {} installs its build for GPUs, and a stub of the name", line.name)),
        false => {
            let help = format!("pip uninstall {} in the image, and list its packages anew", range.cpu);
            (range.cpu, help)
        }
    });
    let (other, help) = others.find(|(other, _)| provided.has(other, request.environment).is_some())?;
    let message = format!("{} would overwrite {other}, which the image has", spoken(&line.name, version));
    let problem = Problem::new(Code::ImageConstraint, message).help(help);
    Some(view.point(problem.under(request.environment.python), line.entry))
}

/// The packages of the image that could not be compared with those that stay.
fn unchecked(file: &str, out: &InImage<'_>, untold: bool) -> Vec<Problem> {
    let (mut unknown, mut other) = (Vec::new(), Vec::new());
    for (name, (why, locked)) in out {
        match why {
            NotEmitted::Provided(None) => unknown.push(name.to_string()),
            NotEmitted::Provided(Some(version)) => {
                let same = locked.is_some_and(|locked| is_same_release(locked, version));
                other.extend((untold && !same).then(|| spoken(name, Some(version))));
            }
            NotEmitted::OfProvided | NotEmitted::Project | NotEmitted::Local | NotEmitted::Package => {}
        }
    }
    let mut all = Vec::new();
    if !other.is_empty() {
        let message = format!(
            "not checked: whether what stays accepts the image's {}; {file} does not say which releases its packages need",
            other.join(", ")
        );
        let help = "export from a poetry.lock to have it checked; pip checks it where it installs";
        all.push(Problem::new(Code::ImageConstraint, message).help(help));
    }
    if !unknown.is_empty() {
        let message =
            format!("not checked: whether what stays accepts the image's {}, of unknown version", unknown.join(", "));
        let help = "name a file with the versions: --provided FILE, from pip freeze in the image";
        all.push(Problem::new(Code::ImageConstraint, message).help(help));
    }
    all
}
