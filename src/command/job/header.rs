//! The header of an output: its targets, what it leaves out, and a command that makes it.

use std::collections::BTreeSet;

use pep508_rs::ExtraName;

use super::{Job, build};
use crate::cli::config::Configured;
use crate::cli::{ExportArgs, HeaderKind, OutputFormat};
use crate::command::stubs;
use crate::edge::io;
use crate::packaging::target::{Backend, Target};
use crate::plan::{self, TargetPlan};
use crate::text::file_name;
use crate::write::{FOR_UV, HeaderText, Mirror, PROVIDED};

/// A command that makes the same output: beside the files that it names.
pub(super) fn command(
    args: &ExportArgs,
    format: OutputFormat,
    mirror: Option<&Mirror>,
    lock: &str,
    configured: &[&Configured],
) -> String {
    let (target, choice, output) = (&args.target, &args.choice, &args.output);
    let near =
        |file: &str| beside(file, args.output.output.as_deref().filter(|file| *file != io::STDIN).unwrap_or(lock));
    let mut words = vec!["torchswap export".to_owned()];
    words.extend(configured.iter().filter_map(|one| Some(format!("--target {}", one.target.name.as_ref()?))));
    words.extend(build(target).map(Backend::flag));
    words.extend(target.platform.map(|platform| format!("--platform {platform}")));
    words.extend(args.also.also.iter().map(|name| format!("--also {name}")));
    words.extend(args.also.share_libraries.then(|| "--share-libraries".to_owned()));
    words.extend(args.also.nearest.then(|| "--nearest".to_owned()));
    words.extend(target.pythons.iter().map(|python| format!("--python {python}")));
    let names = |flag: &str, names: &[ExtraName]| -> Vec<String> {
        names.iter().map(|name| format!("--{flag} {name}")).collect()
    };
    words.extend(names("with", &choice.with));
    words.extend(names("without", &choice.without));
    words.extend(names("only", &choice.only));
    words.extend(choice.all_groups.then(|| "--all-groups".to_owned()));
    words.extend(names("extras", &choice.extras));
    words.extend(choice.all_extras.then(|| "--all-extras".to_owned()));
    words.extend(args.emit.no_emit_project.then(|| "--no-emit-project".to_owned()));
    words.extend(args.emit.no_emit_local.then(|| "--no-emit-local".to_owned()));
    words.extend(args.emit.no_emit_packages.iter().map(|name| format!("--no-emit-package {name}")));
    words.extend(args.provided.provided.iter().map(|file| format!("--provided {}", near(file))));
    words.extend(args.provided.provided_names.iter().map(|name| format!("--provided-names {name}")));
    words.extend(args.provided.provided_all.then(|| "--provided-all".to_owned()));
    words.extend(args.allow_none.then(|| "--allow-none".to_owned()));
    words.extend((format == OutputFormat::Pylock).then(|| "--format pylock".to_owned()));
    words.extend(output.stubs.stubs.iter().map(|folder| format!("--stubs {}", portable(folder))));
    words.extend(output.stubs.no_stubs.then(|| "--no-stubs".to_owned()));
    words.extend(output.without_hashes.then(|| "--without-hashes".to_owned()));
    words.extend(output.only_usable_hashes.then(|| "--only-usable-hashes".to_owned()));
    words.extend(output.sizes.then(|| "--sizes".to_owned()));
    words.extend((output.header == Some(HeaderKind::Full)).then(|| "--header full".to_owned()));
    words.extend(args.search.catalogues.catalogs.iter().map(|file| format!("--catalog {}", near(file))));
    words.extend(args.search.catalogues.no_catalog.then(|| "--no-catalog".to_owned()));
    words.extend(mirror.map(|mirror| format!("--mirror {mirror}")));
    if args.lock.is_some() || configured.iter().all(|one| one.target.name.is_none()) {
        words.push(if lock == io::STDIN { lock.to_owned() } else { file_name(lock).to_owned() });
    }
    words.join(" ")
}

impl Job {
    /// The text of the header: the targets, and a command that makes the same file.
    pub(in crate::command) fn header(&self, plans: &[TargetPlan]) -> HeaderText {
        let several = plans.len() > 1;
        let target = |plan: &TargetPlan| {
            let Target { name, platform, backend, pythons } = &plan.target;
            let pythons = pythons.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let build = backend.map_or_else(|| "builds as locked".to_owned(), |backend| backend.to_string());
            let name = name.as_ref().filter(|_| several).map(|name| format!(" {name}")).unwrap_or_default();
            format!("Target{name}: {platform}, {build}, CPython {pythons}")
        };
        let alone = several.then(|| "For these targets alone.".to_owned());
        let provided = plans.iter().flat_map(|plan| {
            let provided = plan::provided(plan);
            let of =
                plan.target.name.as_ref().filter(|_| several).map(|name| format!(" of {name}")).unwrap_or_default();
            let line = (!provided.is_empty()).then(|| format!("{PROVIDED}{of}: {}", provided.join(", ")));
            line.into_iter().flat_map(move |line| [line, FOR_UV.to_owned()])
        });
        let shared: BTreeSet<String> = plans.iter().flat_map(plan::shared).collect();
        let no_deps = stubs::header(plans);
        let lines = plans
            .iter()
            .map(target)
            .chain(provided)
            .chain(shared)
            .chain(no_deps)
            .chain(alone)
            .chain([format!("Command: {}", self.command)])
            .collect();
        HeaderText { names_version: self.header == HeaderKind::Full, lines }
    }
}

/// A path as typed, but for one that only this machine has.
fn portable(path: &str) -> &str {
    if is_absolute(path) { file_name(path) } else { path }
}

fn is_absolute(path: &str) -> bool {
    path.starts_with(['/', '\\']) || path.get(1..2) == Some(":")
}

/// The path of a file from the folder of another one, both as typed: so it means the same wherever a check of the output is
/// run. Where that cannot be derived from the arguments: only the name of a file that only this machine has, else as
/// typed.
fn beside(path: &str, other: &str) -> String {
    let parts = |path: &str| -> Vec<String> {
        path.split(['/', '\\']).filter(|part| !matches!(*part, "" | ".")).map(str::to_owned).collect()
    };
    let (mut file, mut folder) = (parts(path), parts(other));
    folder.pop();
    if is_absolute(path) || is_absolute(other) {
        return portable(path).to_owned();
    }
    let same = file.iter().zip(&folder).take_while(|(one, other)| one == other).count();
    let up = folder.len() - same;
    // The names of folders above are not known here.
    if folder[same..].iter().any(|part| part == "..") {
        return path.to_owned();
    }
    file.drain(..same);
    [vec!["..".to_owned(); up], file].concat().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_from_the_folder_of_the_output() {
        for (path, other, expected) in [
            ("image.txt", "out.txt", "image.txt"),
            ("./image.txt", "out.txt", "image.txt"),
            ("docker/image.txt", "docker/out.txt", "image.txt"),
            ("docker/a/image.txt", "docker/out.txt", "a/image.txt"),
            ("image.txt", "docker/out.txt", "../image.txt"),
            ("a/image.txt", "b/c/out.txt", "../../a/image.txt"),
            ("../image.txt", "../out.txt", "image.txt"),
            ("../image.txt", "out.txt", "../image.txt"),
            ("image.txt", "../out.txt", "image.txt"),
            ("/srv/image.txt", "out.txt", "image.txt"),
            ("image.txt", "/srv/out.txt", "image.txt"),
            ("sub\\image.txt", "sub\\out.txt", "image.txt"),
        ] {
            assert_eq!(beside(path, other), expected, "{path} beside {other}");
        }
    }
}
