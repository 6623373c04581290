//! Is a wheel what its name and the catalogue say? By what its own `WHEEL` and `METADATA` say.

use pep508_rs::{ExtraName, PackageName};

use crate::catalog::{Requires, WheelRow, WheelSource};
use crate::packaging::archive::Contents;
use crate::packaging::constraint::Constraint;
use crate::packaging::marker::{Condition, Extras};
use crate::packaging::target::{Environment, Platform, Python};
use crate::packaging::wheel::WheelName;
use crate::plan::WheelRequirement;
use crate::report::error::{Code, Problem};
use crate::text::quoted;

/// Every environment that is known, on which a wheel installs.
fn environments(wheel: &WheelName) -> impl Iterator<Item = Environment> {
    let all = Platform::ALL
        .iter()
        .flat_map(|platform| Python::known().map(|python| Environment { platform: *platform, python }));
    all.filter(|environment| wheel.fit(*environment).is_some())
}

/// The tags inside a wheel, compared with its name.
#[derive(Debug)]
pub enum Tags {
    /// They are for what the name is for, too.
    Fit,
    /// They are for another machine. Publishers have made such wheels: those of torch 2.1.2 for arm64 Macs say x86_64.
    OtherMachine(String),
    /// They are for another Python or another system.
    Wrong(Problem),
}

/// Compares the tags inside a wheel with its name. Publishers rename wheels within a system (`linux_x86_64` to
/// `manylinux1_x86_64`, `cp310-cp310` to `cp310-none`), so they need only install somewhere where the name does.
pub fn tags(wheel: &WheelName, contents: &Contents) -> Tags {
    let inside: Vec<WheelName> = contents
        .tags
        .iter()
        .filter_map(|tag| format!("{}-{}-{tag}.whl", wheel.name.as_dist_info_name(), wheel.version).parse().ok())
        .collect();
    let here: Vec<Environment> = environments(wheel).collect();
    let fits = |environment: Environment| inside.iter().any(|tags| tags.fit(environment).is_some());
    // For a wheel that installs on none of the platforms that are known there is nothing to compare.
    if here.is_empty() || here.iter().any(|environment| fits(*environment)) {
        return Tags::Fit;
    }
    let tags = contents.tags.iter().map(|tag| quoted(tag)).collect::<Vec<_>>().join(", ");
    let system = |platform: Platform| platform.as_str().split('-').next().unwrap_or_default().to_owned();
    let siblings = here.iter().flat_map(|environment| {
        let same = |platform: &&Platform| system(**platform) == system(environment.platform);
        Platform::ALL.iter().filter(same).map(|platform| Environment { platform: *platform, ..*environment })
    });
    if siblings.into_iter().any(fits) {
        return Tags::OtherMachine(format!("its own tags are for another machine: {tags}"));
    }
    let message = format!("{wheel} is for another system than its name says: its tags are {tags}");
    Tags::Wrong(Problem::new(Code::WrongWheel, message))
}

/// A requirement as it holds on one environment: whether a marker is spelt so or otherwise does not matter there.
#[derive(PartialEq)]
struct Held {
    name: PackageName,
    extras: Vec<ExtraName>,
    versions: Constraint,
}

/// The faults of the requirements of a wheel, compared by meaning, on the environments where it installs.
///
/// A list that the catalogue corrects is meant to differ. One that was put together from a lock has only the names.
///
/// # Errors
/// If there is no list to compare with, or one that cannot be read.
pub fn requirements(
    wheel: &WheelName,
    contents: &Contents,
    row: &WheelRow,
    source: &impl WheelSource,
) -> Result<Vec<Problem>, String> {
    let own = parsed(&contents.metadata.requires_dist)?;
    let mut differences: Vec<String> = Vec::new();
    let mut compared = false;
    for platform in Platform::ALL {
        let mut here = environments(wheel).filter(|environment| environment.platform == platform).peekable();
        if here.peek().is_none() {
            continue;
        }
        let Some((list, names_only)) = listed(row, platform, source)? else { continue };
        compared = true;
        let alike = |one: &Held, other: &Held| if names_only { one.name == other.name } else { one == other };
        for environment in here {
            let (own, known) = (holding(&own, environment), holding(&list, environment));
            let only = |some: &[Held], others: &[Held], whose: &str| -> Vec<String> {
                let missing = some.iter().filter(|held| !others.iter().any(|other| alike(held, other)));
                missing.map(|held| format!("{whose} {}", shown(held))).collect()
            };
            differences.extend(only(&own, &known, "only the wheel requires"));
            differences.extend(only(&known, &own, "only the catalogue has it require"));
        }
    }
    differences.sort();
    differences.dedup();
    if !compared {
        return Err("the catalogue has no list of its requirements to compare with".to_owned());
    }
    Ok(differences
        .into_iter()
        .map(|why| Problem::new(Code::WrongWheel, format!("{wheel} does not require what the catalogue says: {why}")))
        .collect())
}

/// The list of the catalogue for a platform, if there is one to compare with, and whether it has only the names.
fn listed(
    row: &WheelRow,
    platform: Platform,
    source: &impl WheelSource,
) -> Result<Option<(Vec<WheelRequirement>, bool)>, String> {
    match source.requires(row, platform) {
        Requires::Known { list, provenance } if provenance != "correction" => {
            Ok(Some((parsed(&list)?, provenance.contains(":inferred"))))
        }
        Requires::Known { .. } | Requires::Suspect { .. } | Requires::Unknown => Ok(None),
    }
}

fn parsed(list: &[String]) -> Result<Vec<WheelRequirement>, String> {
    list.iter().map(|text| WheelRequirement::parse(text)).collect()
}

fn holding(list: &[WheelRequirement], environment: Environment) -> Vec<Held> {
    let holds = |required: &&WheelRequirement| !Condition::of(&required.marker, environment, &Extras::new()).is_never();
    let held = |required: &WheelRequirement| {
        let mut extras = required.extras.clone();
        extras.sort();
        Held { name: required.name.clone(), extras, versions: required.versions.clone() }
    };
    list.iter().filter(holds).map(held).collect()
}

fn shown(held: &Held) -> String {
    let extras = held.extras.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let extras = if extras.is_empty() { extras } else { format!("[{extras}]") };
    let versions = if held.versions.is_any() { String::new() } else { format!(" {}", held.versions) };
    format!("{}{extras}{versions}", held.name)
}
