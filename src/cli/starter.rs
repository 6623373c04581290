//! What `init` proposes: a starting configuration, made from the lock and from what a Dockerfile tells. Pure.

use crate::audit::container::dockerfile::Dockerfile;
use crate::catalog::{WheelSource, is_torch};
use crate::lock::Lock;
use crate::packaging::target::{Backend, Environment, Platform, Python};
use crate::write::toml::string;

/// What a Dockerfile tells of the image that is built.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageImage {
    /// The CUDA of a base image: `nvidia/cuda:11.8.0-…`, `pytorch/pytorch:2.1.2-cuda11.8-…`.
    pub cuda: Option<Backend>,
    /// Its Python: `FROM python:3.10-slim`, or one that is installed.
    pub python: Option<Python>,
}

impl StageImage {
    /// Looks through the stages. A later stage overrides an earlier one: the last one is what runs.
    pub fn of(dockerfile: &Dockerfile) -> Self {
        let stages = || dockerfile.stages.iter().rev();
        Self { cuda: stages().find_map(|stage| stage.image.cuda), python: stages().find_map(|stage| stage.python) }
    }
}

/// A target that is proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Its name: `docker`, `ci`, `mac`.
    pub name: &'static str,
    /// The lines of its table.
    pub lines: Vec<String>,
}

/// Proposes targets for a lock: the image with CUDA, CI without, and the Mac.
pub fn propose<S: WheelSource>(lock: &Lock, image: &StageImage, source: &S) -> Vec<Proposal> {
    let python = image.python.map(|python| format!("python = [\"{python}\"]"));
    let mut proposals = Vec::new();
    if let Some(Backend::Cuda(major, minor)) = image.cuda.or_else(|| newest_cuda(lock, image.python, source)) {
        let mut lines = vec!["platform = \"linux-x86_64\"".to_owned(), format!("cuda = \"{major}.{minor}\"")];
        lines.extend(python.clone());
        lines.push("output = \"requirements-docker.txt\"".to_owned());
        proposals.push(Proposal { name: "docker", lines });
    }
    let mut lines = vec!["platform = \"linux-x86_64\"".to_owned(), "cpu = true".to_owned()];
    lines.extend(python);
    lines.push("output = \"requirements-ci.txt\"".to_owned());
    proposals.push(Proposal { name: "ci", lines });
    let lines = vec!["platform = \"macos-arm64\"".to_owned(), "output = \"requirements-mac.txt\"".to_owned()];
    proposals.push(Proposal { name: "mac", lines });
    proposals
}

/// The newest CUDA that the catalogue has a wheel of the locked torch for.
fn newest_cuda<S: WheelSource>(lock: &Lock, python: Option<Python>, source: &S) -> Option<Backend> {
    let torch = lock.entries().iter().filter(|entry| is_torch(&entry.name));
    let (torch, version) = torch.filter_map(|entry| Some((&entry.name, entry.version.as_ref()?))).next()?;
    let pythons = python.map_or_else(|| lock.pythons(Platform::LinuxX86_64), |python| vec![python]);
    let rows = source.wheels_of(torch, version);
    let cuda = rows.iter().filter_map(|row| match row.built {
        crate::catalog::Built::For(backend @ Backend::Cuda(..)) if row.is_for(backend) => {
            let there = |python: &Python| Environment { platform: Platform::LinuxX86_64, python: *python };
            pythons.iter().any(|python| row.wheel.fit(there(python)).is_some()).then_some(backend)
        }
        _ => None,
    });
    cuda.max()
}

/// The proposals as a `torchswap.toml`.
pub fn configuration(lock: &str, proposals: &[Proposal]) -> String {
    let lock = string(lock);
    let mut text =
        format!("# Targets of torchswap: `torchswap export --all-targets` writes every output.\nlock = {lock}\n");
    for proposal in proposals {
        text.push_str(&format!("\n[targets.{}]\n{}\n", proposal.name, proposal.lines.join("\n")));
    }
    text
}

/// The lines that a Dockerfile needs for an output that is committed.
pub fn dockerfile_lines(output: &str) -> String {
    format!("COPY {output} ./\nRUN pip install --no-cache-dir --require-hashes -r {output}\n")
}

/// The hook for `.pre-commit-config.yaml`, which runs the program that is installed.
pub const HOOKS: &str = "\
repos:
  - repo: local
    hooks:
      - id: torchswap-check
        name: torchswap check --fix
        entry: torchswap check --fix
        language: system
        pass_filenames: false
        always_run: true
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;

    #[test]
    fn reads_base_images() {
        let image = |text: &str| StageImage::of(&Dockerfile::parse(&Source::new("Dockerfile", text)));
        let python = |minor| Some(Python::three(minor));
        assert_eq!(image("FROM nvidia/cuda:11.8.0-runtime-ubuntu22.04\n").cuda, Some(Backend::Cuda(11, 8)));
        assert_eq!(
            image("from --platform=linux/amd64 pytorch/pytorch:2.1.2-cuda12.1-cudnn8-runtime AS x\n").cuda,
            Some(Backend::Cuda(12, 1))
        );
        assert_eq!(image("FROM python:3.10-slim\nFROM docker.example/python:3.11.4\n").python, python(11));
        assert_eq!(image("FROM python:3-slim\nFROM scratch\nRUN from cuda:1.2\n"), StageImage::default());
        assert_eq!(image("FROM\nFROM é\n"), StageImage::default());
        let two = image("FROM nvidia/cuda:12.1.1-devel-ubuntu22.04 AS build\nFROM python:3.10-slim\n");
        assert_eq!((two.cuda, two.python), (Some(Backend::Cuda(12, 1)), python(10)));
    }
    #[test]
    fn the_name_of_the_lock_is_a_string_whatever_is_in_it() {
        let text = configuration("a\"b\\c.lock", &[]);
        assert!(text.ends_with("lock = \"a\\\"b\\\\c.lock\"\n"), "{text}");
    }
}
