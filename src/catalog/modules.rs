//! The table `modules.tsv`: which packages own the same module or library, and what needs CUDA's libraries of
//! something else.

use pep440_rs::Version;

use crate::packaging::constraint::Constraint;

const TEXT: &str = include_str!("modules.tsv");

/// The files that several packages install under the same paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OwnedKind {
    /// An import package.
    Module,
    /// A folder of shared libraries.
    Library,
    /// A folder of headers only.
    Headers,
}

/// One package that owns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) kind: OwnedKind,
    /// The import package or the folder: `onnxruntime`, `nvidia/nccl/lib`.
    pub(crate) owned: &'static str,
    pub(crate) package: &'static str,
}

/// All rows that name an owner, in the order of the table.
pub(crate) fn owners() -> impl Iterator<Item = Owner> {
    rows().filter_map(|columns| {
        let [kind, owned, package] = *columns.as_slice() else { return None };
        let kind = match kind {
            "module" => OwnedKind::Module,
            "library" => OwnedKind::Library,
            "headers" => OwnedKind::Headers,
            _ => return None,
        };
        Some(Owner { kind, owned, package })
    })
}

/// The loader of the CUDA libraries that a package needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoadedBy {
    /// A torch for CUDA.
    Torch,
    /// The package itself, from NVIDIA's packages for CUDA 12.
    Cuda12,
}

/// A package that finds CUDA's libraries only where something else brings them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Needy {
    pub(crate) needs: LoadedBy,
    /// The fault without it, to follow the package's name.
    pub(crate) message: &'static str,
    pub(crate) help: &'static str,
}

/// The needs of a release of a package, if it is one of those.
pub(crate) fn needy(package: &str, version: &Version) -> Option<Needy> {
    let meant = |(own, versions, _): &(&str, Constraint, Needy)| *own == package && versions.admits(version);
    all_needy().find(meant).map(|(.., needy)| needy)
}

fn all_needy() -> impl Iterator<Item = (&'static str, Constraint, Needy)> {
    rows().filter_map(|columns| {
        let ["needs", package, versions, needs, message, help] = *columns.as_slice() else { return None };
        let needs = match needs {
            "another" => LoadedBy::Torch,
            "cuda12" => LoadedBy::Cuda12,
            _ => return None,
        };
        Some((package, Constraint::poetry(versions).ok()?, Needy { needs, message, help }))
    })
}

fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    TEXT.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_reads_and_the_table_is_sorted() {
        let lines: Vec<&str> = TEXT.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(owners().count() + all_needy().count(), lines.len());
        assert!(lines.is_sorted_by(|one, other| one < other));
    }
}
