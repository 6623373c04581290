//! Base images of containers: the facts about the machine inside in their names.
//!
//! The table `image/images.tsv` knows the C library of distributions. An image that a table row does not cover, or whose
//! tag moves (`python:3.10-slim` is of another Debian every few years), is answered with nothing.

use crate::packaging::system::System;
use crate::packaging::target::{Backend, Python};

const TEXT: &str = include_str!("image/images.tsv");

/// The facts in an image's name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Image {
    /// Its C library.
    pub system: Option<System>,
    /// Its CUDA: `nvidia/cuda:11.8.0-…`, `pytorch/pytorch:2.1.2-cuda11.8-…`.
    pub cuda: Option<Backend>,
    /// The Python that is its purpose: `python:3.10-slim`.
    pub python: Option<Python>,
    /// The Python that its distribution's package manager installs as `python3`.
    pub own_python: Option<Python>,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
struct Row {
    image: &'static str,
    tag: &'static str,
    system: System,
    python: Option<Python>,
}

fn rows() -> impl Iterator<Item = Row> {
    TEXT.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut columns = line.split('\t');
        let [image, tag, libc, version, python] = [(); 5].map(|()| columns.next().unwrap_or_default());
        let system = if libc == "musl" { System::musl(version) } else { System::glibc(version) };
        Some(Row { image, tag, system: system.ok()?, python: python.parse().ok() })
    })
}

impl Image {
    /// Reads an image's name as `FROM` and `docker pull` take it: `[registry/]path[:tag][@digest]`.
    pub fn of(reference: &str) -> Self {
        let named = named(reference);
        let (path, name, words) = parts(&named);
        let found = rows().filter_map(|row| Some((row.rank(path, name, &words)?, row))).max_by_key(|(rank, _)| *rank);
        let row = found.map(|(_, row)| row);
        let first = |prefix: &str| words.iter().find_map(|word| minor_version(word.strip_prefix(prefix)?));
        let own = |wanted: &str| if name == wanted { words.first().and_then(|word| minor_version(word)) } else { None };
        let label =
            || words.iter().find_map(|word| Backend::cuda(word.strip_prefix("cu").filter(|rest| plain(rest))?).ok());
        Self {
            system: row.map(|row| row.system),
            cuda: own("cuda").or_else(|| first("cuda")).and_then(|text| Backend::cuda(&text).ok()).or_else(label),
            python: own("python")
                .or_else(|| first("python"))
                .or_else(|| first("py"))
                .and_then(|text| text.parse().ok()),
            own_python: row.and_then(|row| row.python),
        }
    }
}

/// An image's reference without a digest.
fn named(reference: &str) -> String {
    reference.split('@').next().unwrap_or_default().to_ascii_lowercase()
}

/// An image's path, its last part, and the words of its tag.
fn parts(named: &str) -> (&str, &str, Vec<&str>) {
    let slash = named.rfind('/').map_or(0, |at| at + 1);
    let (path, tag) = match named[slash..].find(':') {
        Some(at) => (&named[..slash + at], &named[slash + at + 1..]),
        None => (named, ""),
    };
    (path, &path[slash..], tag.split(['-', '_']).filter(|word| !word.is_empty()).collect())
}

/// True if an image has torch itself: `nvcr.io/nvidia/pytorch:24.12-py3`, `pytorch/pytorch:…`.
pub fn has_torch(reference: &str) -> bool {
    let named = named(reference);
    parts(&named).1.contains("pytorch")
}

/// The ROCm that an image is made for: `rocm/pytorch:rocm6.2_ubuntu22.04_…`, `rocm/dev-ubuntu-22.04:6.2`.
pub fn rocm(reference: &str) -> Option<Backend> {
    let named = named(reference);
    let (path, _, words) = parts(&named);
    let is_own = path.split('/').any(|part| part == "rocm");
    let own = || words.first().filter(|_| is_own).and_then(|word| minor_version(word));
    let labelled = words.iter().find_map(|word| minor_version(word.strip_prefix("rocm")?));
    Backend::rocm(&labelled.or_else(own)?).ok()
}

impl Row {
    /// The fit of the row to an image; `None`: none.
    fn rank(self, path: &str, name: &str, words: &[&str]) -> Option<u8> {
        if self.image == "*" {
            return words.contains(&self.tag).then_some(2);
        }
        let own = name == self.image || path == self.image || path.ends_with(&format!("/{}", self.image));
        if self.tag == "*" {
            return (own || words.iter().any(|word| word.starts_with(self.image))).then_some(1);
        }
        let covers =
            |text: &str| text.strip_prefix(self.tag).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        // The number may be in a name: `ubi8`, `ubi9/python-311`.
        let named = path.split('/').any(|part| part.strip_prefix(self.image).is_some_and(covers));
        let worded = words.iter().any(|word| word.strip_prefix(self.image).is_some_and(covers));
        (own && words.first().is_some_and(|word| covers(word)) || named || worded).then_some(3)
    }
}

/// True if all are digits.
fn plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// The `major.minor` that a text begins with.
pub(crate) fn minor_version(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let mut parts = text[..end].split('.');
    let (major, minor) = (parts.next()?, parts.next()?);
    (plain(major) && plain(minor)).then(|| format!("{major}.{minor}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_reads() {
        let lines: Vec<&str> = TEXT.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(lines.is_sorted() && lines.len() == rows().count());
        for line in &lines {
            let columns: Vec<&str> = line.split('\t').collect();
            assert!(columns.len() == 5 && matches!(columns[2], "glibc" | "musl"), "{line}");
            assert!(columns[4] == "-" || columns[4].parse::<Python>().is_ok(), "{line}");
        }
    }

    #[test]
    fn knows_the_c_library() {
        let glibc = |minor| Some(System::Glibc(2, minor));
        for (name, system) in [
            ("debian:12", glibc(36)),
            ("debian:12.5-slim", glibc(36)),
            ("debian:bookworm-slim", glibc(36)),
            ("docker.example:5000/library/debian:11@sha256:aa", glibc(31)),
            ("ubuntu:22.04", glibc(35)),
            ("ubuntu:jammy-20240111", glibc(35)),
            ("nvidia/cuda:11.8.0-cudnn8-runtime-ubuntu20.04", glibc(31)),
            ("nvidia/cuda:12.1.1-base-ubi8", glibc(28)),
            ("nvidia/cuda:12.1.1-base-rockylinux9", glibc(34)),
            ("python:3.10-slim-bookworm", glibc(36)),
            ("python:3.10-slim", None),
            ("python:3.10-alpine", Some(System::Musl(1, 2))),
            ("python:3.10-alpine3.12", Some(System::Musl(1, 1))),
            ("alpine", Some(System::Musl(1, 2))),
            ("alpine:3.18.4", Some(System::Musl(1, 2))),
            ("amazonlinux:2", glibc(26)),
            ("amazonlinux:2023.3", glibc(34)),
            ("amazonlinux:2.0.2024", glibc(26)),
            ("public.ecr.aws/lambda/python:3.11", glibc(26)),
            ("registry.example/ubi9/python-311:1", glibc(34)),
            ("registry.example/ubi8", glibc(28)),
            ("ghcr.io/astral-sh/uv:python3.12-bookworm-slim", glibc(36)),
            ("scratch", None),
            ("", None),
            (":", None),
            ("é:ü-@", None),
            ("debian", None),
            ("debian:1", None),
        ] {
            assert_eq!(Image::of(name).system, system, "{name}");
        }
    }

    #[test]
    fn knows_cuda_and_python() {
        let python = |name: &str| Image::of(name).python.map(Python::minor);
        assert_eq!(python("python:3.10-slim"), Some(10));
        assert_eq!(python("docker.example/python:3.11.4"), Some(11));
        assert_eq!(python("ghcr.io/astral-sh/uv:python3.12-bookworm-slim"), Some(12));
        assert_eq!((python("python:3-slim"), python("python"), python("ubuntu:22.04")), (None, None, None));
        assert_eq!(Image::of("ubuntu:22.04").own_python, Some(Python::three(10)));
        let cuda = |name: &str| Image::of(name).cuda;
        assert_eq!(cuda("nvidia/cuda:11.8.0-runtime-ubuntu22.04"), Some(Backend::Cuda(11, 8)));
        assert_eq!(cuda("pytorch/pytorch:2.1.2-cuda12.1-cudnn8-runtime"), Some(Backend::Cuda(12, 1)));
        assert_eq!(cuda("team/torch:2.1-cu118"), Some(Backend::Cuda(11, 8)));
        let rocm_of = |major, minor| Some(Backend::Rocm(major, minor, None));
        assert_eq!(rocm("rocm/pytorch:rocm6.2_ubuntu22.04_py3.10_pytorch_release_2.3.0"), rocm_of(6, 2));
        assert_eq!(rocm("docker.example/rocm/dev-ubuntu-22.04:6.1-complete"), rocm_of(6, 1));
        assert_eq!((rocm("rocm/pytorch:latest"), rocm("ubuntu:22.04"), rocm("")), (None, None, None));
        assert!(has_torch("nvcr.example/nvidia/pytorch:24.12-py3") && has_torch("pytorch/pytorch@sha256:aa"));
        assert!(!has_torch("pytorch/manylinux-builder:cuda12.1") && !has_torch("python:3.11"));
        assert_eq!((cuda("nvidia/cuda"), cuda("nvidia/cuda:99999.8"), cuda("python:3.10")), (None, None, None));
    }
}
