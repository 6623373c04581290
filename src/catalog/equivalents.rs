//! Packages that have one name on CPUs and another on GPUs, or that run on GPUs with something beside them:
//! `equivalents.tsv`.

use std::sync::LazyLock;

use pep440_rs::Version;
use pep508_rs::{ExtraName, PackageName};

use crate::packaging::target::{Backend, Platform};

const TEXT: &str = include_str!("equivalents.tsv");

/// A range of releases of a package whose GPU builds have another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Equivalent {
    /// Its name on CPUs.
    pub cpu: PackageName,
    /// Its name on GPUs.
    pub gpu: PackageName,
    /// The first release of the range.
    pub from: Version,
    /// The last one.
    pub to: Version,
    /// The least CUDA that the GPU build runs on. Every newer one of its major version will do.
    pub cuda: (u8, u8),
    /// The extras of the GPU build that bring CUDA's libraries along.
    pub extras: Vec<ExtraName>,
    /// A library that it needs of this major version, though its metadata does not say so: without prefix and CUDA.
    pub needs: Option<(&'static str, u64)>,
    /// Why it cannot be had, though its wheels are there.
    pub flaw: Option<&'static str>,
    /// The platform on which its GPU build is one; `None`: wherever it has a wheel.
    on: Option<&'static str>,
    /// The relation of the GPU build to the locked one.
    pub how: How,
}

/// The relation of a GPU build to the locked package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Another wheel, of another name, which takes its place.
    Instead,
    /// The same wheel: extras bring the libraries.
    Extra,
    /// The GPU build comes beside it; with the name under which people know both.
    Beside(&'static str),
}

impl Equivalent {
    fn parse(line: &'static str) -> Option<Self> {
        let [cpu, gpu, from, to, cuda, extras, needs, flaw, on, how] = *line.split('\t').collect::<Vec<_>>().as_slice()
        else {
            return None;
        };
        let (major, minor) = cuda.split_once('.')?;
        let extras = extras.split(' ').filter(|extra| *extra != "-").map(|extra| extra.parse().ok());
        Some(Self {
            cpu: cpu.parse().ok()?,
            gpu: gpu.parse().ok()?,
            from: from.parse().ok()?,
            to: to.parse().ok()?,
            cuda: (major.parse().ok()?, minor.parse().ok()?),
            extras: extras.collect::<Option<_>>()?,
            needs: match needs.split_once(' ') {
                Some((library, major)) => Some((library, major.parse().ok()?)),
                None => None,
            },
            flaw: Some(flaw).filter(|flaw| *flaw != "-"),
            on: Some(on).filter(|on| *on != "-"),
            how: How::parse(how)?,
        })
    }

    /// True if a release is in the range.
    pub fn has(&self, version: &Version) -> bool {
        (&self.from..=&self.to).contains(&version)
    }

    /// True if a wheel for a platform is a GPU build.
    pub fn is_on(&self, platform: Platform) -> bool {
        self.on.is_none_or(|on| on.split(' ').any(|one| one == platform.as_str()))
    }

    /// True if the GPU build runs on a backend.
    pub fn runs_on(&self, backend: Backend) -> bool {
        matches!(backend, Backend::Cuda(major, minor) if major == self.cuda.0 && minor >= self.cuda.1)
    }
}

impl How {
    fn parse(text: &'static str) -> Option<Self> {
        Some(match text {
            "instead" => Self::Instead,
            "extra" => Self::Extra,
            _ => Self::Beside(text.strip_prefix("beside ")?),
        })
    }
}

/// The lines of the table behind the two names of each: every package of a lock is looked for in them.
static LINES: LazyLock<Vec<[&'static str; 3]>> = LazyLock::new(|| {
    let named = |line: &'static str| {
        let mut columns = line.split('\t');
        Some([columns.next()?, columns.next()?, line])
    };
    TEXT.lines().filter(|line| !line.starts_with('#')).filter_map(named).collect()
});

/// The ranges of a package by its name on GPUs, or by that on CPUs.
fn ranges(name: &PackageName, gpu: bool) -> impl Iterator<Item = Equivalent> {
    LINES
        .iter()
        .filter(move |line| line[usize::from(gpu)] == name.as_ref())
        .filter_map(|line| Equivalent::parse(line[2]))
}

/// The ranges of a package by its name on CPUs.
pub fn of_cpu(name: &PackageName) -> impl Iterator<Item = Equivalent> {
    ranges(name, false)
}

/// The ranges of a package by its name on GPUs.
pub fn of_gpu(name: &PackageName) -> impl Iterator<Item = Equivalent> {
    ranges(name, true)
}

/// The ranges in which another package takes the place of this one on GPUs.
pub fn instead_of(name: &PackageName) -> impl Iterator<Item = Equivalent> {
    of_cpu(name).filter(|range| range.how == How::Instead)
}

/// The ranges in which another package takes the place of this one, or this one of another.
pub(crate) fn exchanged(name: &PackageName) -> impl Iterator<Item = Equivalent> {
    of_cpu(name).chain(of_gpu(name)).filter(|range| range.how == How::Instead)
}

/// The names of a package.
#[derive(Debug, Clone, Copy)]
pub struct NamePair {
    /// On CPUs.
    pub cpu: &'static str,
    /// On GPUs.
    pub gpu: &'static str,
    /// The one under which people know it.
    pub known: &'static str,
}

impl NamePair {
    /// True if a lock can have it under a name.
    pub fn has(&self, name: &PackageName) -> bool {
        [self.cpu, self.gpu].contains(&name.as_ref())
    }

    /// True if people may call it so.
    pub fn says(&self, name: &PackageName) -> bool {
        self.has(name) || self.known == name.as_ref()
    }
}

/// The names of every package, once for each of its ranges.
pub fn names() -> impl Iterator<Item = NamePair> {
    let known = |cpu, line: &'static str| match line.rsplit('\t').next().and_then(How::parse) {
        Some(How::Beside(name)) => name,
        Some(How::Instead | How::Extra) | None => cpu,
    };
    LINES.iter().map(move |[cpu, gpu, line]| NamePair { cpu, gpu, known: known(*cpu, line) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::families;

    #[test]
    fn every_line_reads_and_no_two_ranges_of_two_names_overlap() {
        let all: Vec<&str> = TEXT.lines().filter(|line| !line.starts_with('#')).collect();
        let read: Vec<Equivalent> =
            all.iter().map(|line| Equivalent::parse(line).unwrap_or_else(|| panic!("{line}"))).collect();
        for (one, line) in read.iter().zip(&all) {
            assert!(one.from <= one.to, "{line}");
            assert!(one.needs.is_none_or(|(library, _)| families::is_nvidia_library(library)), "{line}");
            let again = |other: &&Equivalent| one.cpu == other.cpu && one.gpu == other.gpu && other.has(&one.from);
            assert_eq!(read.iter().filter(again).count(), 1, "{line}");
        }
        let keys = read.iter().map(|one| (&one.cpu, &one.gpu, &one.from));
        assert!(keys.is_sorted());
    }

    #[test]
    fn a_build_runs_on_its_cuda_and_newer_ones_of_the_major_version() {
        let onnx: Vec<Equivalent> =
            names().take(1).flat_map(|names| of_cpu(&names.cpu.parse().unwrap()).collect::<Vec<_>>()).collect();
        let one = Equivalent { cuda: (12, 1), ..onnx[0].clone() };
        let runs = |text: &str| one.runs_on(text.parse().unwrap());
        assert_eq!(
            ["cu118", "cu121", "cu129", "cu130", "cpu", "rocm6.3"].map(runs),
            [false, true, true, false, false, false]
        );
    }
}
