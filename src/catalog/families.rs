//! Families of packages, and the libraries that their builds bring along: `families.tsv`.

use std::sync::LazyLock;

use pep508_rs::PackageName;

use super::Family;

const TEXT: &str = include_str!("families.tsv");

/// The table, split on first use.
static FAMILIES: LazyLock<Families> = LazyLock::new(Families::read);

/// Lists of a few names: most differ in length from the one that is looked for, so that going through them is quicker than to
/// search them in order.
#[derive(Default)]
struct Families {
    anchors: Vec<&'static str>,
    members: Vec<(&'static str, Family)>,
    gpu: Vec<&'static str>,
    /// Libraries whose own version is that of CUDA.
    versioned: Vec<&'static str>,
    nvidia: Vec<&'static str>,
    prefix: &'static str,
    both: Vec<&'static str>,
    cuda: Vec<&'static str>,
    triton: Vec<(&'static str, &'static str)>,
    users: Vec<(&'static str, &'static str)>,
}

impl Families {
    fn read() -> Self {
        let mut all = Self::default();
        for line in TEXT.lines() {
            match line.split('\t').collect::<Vec<_>>().as_slice() {
                ["anchor", name] => all.anchors.push(name),
                ["both", name] => all.both.push(name),
                ["cuda", name] => all.cuda.push(name),
                ["gpu", name, rest @ ..] => {
                    all.gpu.push(name);
                    all.versioned.extend(rest.first().map(|_| *name));
                }
                ["member", cpu, gpu, builds] => {
                    let family = if *builds == "each" { Family::PerBackend } else { Family::OneBuild };
                    all.members.push((cpu, family));
                    all.members.extend((cpu != gpu).then_some((*gpu, family)));
                }
                ["nvidia", name] => all.nvidia.push(name),
                ["prefix", prefix] => all.prefix = prefix,
                ["triton", name, gpus] => all.triton.push((name, gpus)),
                ["user", name, libraries] => all.users.push((name, libraries)),
                // A test holds that there are only comments besides.
                _ => {}
            }
        }
        all
    }
}

/// True for the package that a family is made against.
pub(crate) fn is_anchor(package: &PackageName) -> bool {
    FAMILIES.anchors.contains(&package.as_ref())
}

/// The package that the releases of the release matrix are of.
pub(super) fn anchor() -> Option<PackageName> {
    FAMILIES.anchors.first()?.parse().ok()
}

/// The role of a package in a family, as far as the built-in catalogue knows.
pub(crate) fn built_in_family(package: &PackageName) -> Family {
    let found = FAMILIES.members.iter().find(|(name, _)| *name == package.as_ref());
    found.map_or(Family::No, |(_, family)| *family)
}

/// True for a library that only GPU builds need, by its whole name.
pub(super) fn is_gpu_library(name: &str) -> bool {
    FAMILIES.gpu.contains(&name)
}

/// True for a library whose own version is that of CUDA.
pub(super) fn has_cuda_version(name: &str) -> bool {
    FAMILIES.versioned.contains(&name)
}

/// The part of a name behind the prefix of NVIDIA's packages.
pub(super) fn of_nvidia(name: &str) -> Option<&str> {
    name.strip_prefix(FAMILIES.prefix)
}

/// True for a library of NVIDIA's, without prefix and CUDA version.
pub(super) fn is_nvidia_library(bare: &str) -> bool {
    FAMILIES.nvidia.contains(&bare)
}

/// True for a library that builds for CPUs bring along, too.
pub(super) fn is_cpu_library(name: &str) -> bool {
    FAMILIES.both.contains(&name)
}

/// True for a package outside the family that is for some CUDA.
pub(super) fn is_for_cuda(name: &str) -> bool {
    FAMILIES.cuda.contains(&name)
}

/// The GPUs that a package with the module `triton` is for: `cuda`, `rocm` or `xpu`.
pub(crate) fn triton(name: &str) -> Option<&'static str> {
    FAMILIES.triton.iter().find(|(own, _)| *own == name).map(|(_, gpus)| *gpus)
}

/// True for a package outside the family that requires a library of NVIDIA's, without prefix and CUDA version.
pub(super) fn uses(package: &str, bare: &str) -> bool {
    let is_it = |(user, libraries): &(&str, &str)| {
        *user == package && (*libraries == "all" || libraries.split(' ').any(|library| library == bare))
    };
    FAMILIES.users.iter().any(is_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_each_line_is_of_a_known_kind() {
        let lines: Vec<&str> = TEXT.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(lines.is_sorted_by_key(|line| line.split('\t').collect::<Vec<_>>()));
        for line in lines {
            let columns: Vec<&str> = line.split('\t').collect();
            let fine = match columns.as_slice() {
                ["anchor" | "both" | "cuda" | "gpu" | "nvidia" | "prefix", _] | ["gpu", _, "version"] => true,
                ["member", cpu, gpu, "each" | "one"] => {
                    cpu.parse::<PackageName>().is_ok() && gpu.parse::<PackageName>().is_ok()
                }
                ["triton", _, "cuda" | "rocm" | "xpu"] | ["user", _, "all"] => true,
                ["user", _, libraries] => libraries.split(' ').all(is_nvidia_library),
                _ => false,
            };
            assert!(fine, "{line}");
        }
        assert_eq!(TEXT.lines().filter(|line| line.starts_with("prefix\t")).count(), 1);
    }

    #[test]
    fn each_anchor_is_of_the_family_and_has_a_build_of_its_own() {
        for anchor in &FAMILIES.anchors {
            assert_eq!(built_in_family(&anchor.parse().unwrap()), Family::PerBackend, "{anchor}");
        }
    }
}
