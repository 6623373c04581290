//! What `init` proposes: a starting configuration, made from the lock and from what a Dockerfile tells. Pure.

use crate::audit::container::dockerfile::Dockerfile;
use crate::catalog::{Family, built_in_family};
use crate::lock::Choice;
use crate::packaging::address;
use crate::packaging::target::{Backend, Python};
use crate::text::{Source, shown};
use crate::write::toml::string;

/// What a Dockerfile tells of the image that is built.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageImage {
    /// The CUDA of the wheels that it installs by hand, or of a base image: `nvidia/cuda:11.8.0-…`,
    /// `pytorch/pytorch:2.1.2-cuda11.8-…`; and the line that says so.
    pub cuda: Option<(Backend, String)>,
    /// Its Python: `FROM python:3.10-slim`, or one that is installed.
    pub python: Option<Python>,
}

impl StageImage {
    /// Looks through the stages. A later stage overrides an earlier one: the last one is what runs.
    pub fn of(source: &Source) -> Self {
        let dockerfile = Dockerfile::parse(source);
        let stages = || dockerfile.stages.iter().rev();
        let line = |span| format!("{}:{}", source.name, source.place(span).line);
        let of_image =
            || stages().find_map(|stage| Some((stage.image.cuda?, format!("{}: {}", line(stage.span), stage.base))));
        // What is installed by hand says more of the wheels than what they run on.
        let cuda = cuda_by_hand(source).or_else(of_image);
        Self { cuda, python: stages().find_map(|stage| stage.python) }
    }
}

/// The CUDA of the wheels that a Dockerfile installs by hand, and the last line that says so: `…/whl/cu118`, `torch==2.1+cu118`.
fn cuda_by_hand(source: &Source) -> Option<(Backend, String)> {
    let label = |line: &str| {
        let mut words = line.split(|c: char| !c.is_ascii_alphanumeric());
        words.find_map(|word| word.parse().ok().filter(|backend| matches!(backend, Backend::Cuda(..))))
    };
    let found = by_hand(source).into_iter().rev();
    found
        .filter_map(|line| {
            let place = line.splitn(3, ':').take(2).collect::<Vec<_>>().join(":");
            Some((label(&line)?, format!("{place}: as it installs by hand")))
        })
        .next()
}

/// A torch of the lock, in the group or the extra that has it.
#[derive(Debug, Clone)]
pub struct StartTorch {
    /// What selects it.
    pub choice: Choice,
    /// Its version.
    pub version: String,
    /// Where it is locked: `poetry.lock:593`.
    pub line: String,
    /// The CUDA that the locked wheel is for.
    pub locked: Option<Backend>,
    /// Every CUDA that there is a wheel of it for, ascending.
    pub builds: Vec<Backend>,
}

impl StartTorch {
    /// The names of its groups and extras.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.choice.with.iter().chain(&self.choice.extras).map(AsRef::as_ref)
    }

    fn is_named_for(&self, words: &[&str]) -> bool {
        self.names().any(|name| words.iter().any(|word| name.contains(word)))
    }

    /// The build that is proposed, and why.
    fn cuda(&self, image: &StageImage) -> Option<(Backend, String)> {
        if let Some((cuda, line)) = image.cuda.as_ref().filter(|(cuda, _)| self.builds.contains(cuda)) {
            return Some((*cuda, line.clone()));
        }
        if let Some(locked) = self.locked {
            return Some((locked, format!("{}: as torch {} is locked", self.line, self.version)));
        }
        self.builds.last().map(|cuda| (*cuda, format!("the newest that torch {} has a wheel for", self.version)))
    }

    /// The lines that select it.
    fn lines(&self) -> Vec<String> {
        let list =
            |key: &str, names: Vec<String>| (!names.is_empty()).then(|| format!("{key} = [{}]", names.join(", ")));
        let each = |names: &[pep508_rs::ExtraName]| names.iter().map(|name| string(name.as_ref())).collect();
        [list("with", each(&self.choice.with)), list("extras", each(&self.choice.extras))]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// Words in the names of groups and extras that are for a GPU.
const GPU: [&str; 4] = ["cu1", "cuda", "gpu", "nvidia"];

/// The torch that a target gets: where groups or extras exclude each other their names tell which is for what.
fn torch_of(torches: &[StartTorch], for_gpu: bool) -> Option<&StartTorch> {
    let (meant, other): (&[&str], &[&str]) = if for_gpu { (&GPU, &["cpu"]) } else { (&["cpu"], &GPU) };
    let named = torches.iter().find(|torch| torch.is_named_for(meant));
    named.or_else(|| torches.iter().find(|torch| !torch.is_named_for(other))).or_else(|| torches.first())
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
pub fn propose(torches: &[StartTorch], image: &StageImage) -> Vec<Proposal> {
    let python = image.python.map(|python| format!("python = [\"{python}\"]"));
    let mut proposals = Vec::new();
    let gpu = torch_of(torches, true);
    let selecting = |for_gpu| torch_of(torches, for_gpu).map(StartTorch::lines).unwrap_or_default();
    if let Some((Backend::Cuda(major, minor), why)) = gpu.and_then(|torch| torch.cuda(image)) {
        let mut lines = vec!["platform = \"linux-x86_64\"".to_owned()];
        lines.push(format!("cuda = \"{major}.{minor}\"  # {}", shown(&why)));
        lines.extend(python.clone());
        lines.extend(selecting(true));
        lines.push("output = \"requirements-docker.txt\"".to_owned());
        proposals.push(Proposal { name: "docker", lines });
    }
    let mut lines = vec!["platform = \"linux-x86_64\"".to_owned(), "cpu = true".to_owned()];
    lines.extend(python);
    lines.extend(selecting(false));
    lines.push("output = \"requirements-ci.txt\"".to_owned());
    proposals.push(Proposal { name: "ci", lines });
    let mut lines = vec!["platform = \"macos-arm64\"".to_owned()];
    lines.extend(selecting(false));
    lines.push("output = \"requirements-mac.txt\"".to_owned());
    proposals.push(Proposal { name: "mac", lines });
    proposals
}

/// The lines of a Dockerfile that swap torch by hand: an edit of a file, or another index. Each with its place.
pub fn by_hand(source: &Source) -> Vec<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let of_family = |word: &str| word.parse().is_ok_and(|name| built_in_family(&name) != Family::No);
    let names = |line: &str| line.split(|c| !is_name(c)).any(of_family);
    let edits = |line: &str| line.split_whitespace().any(|word| word == "sed") && names(line);
    let asks = |line: &str| {
        line.contains(address::PYTORCH_HOST)
            && ["index-url", "--find-links", "-f "].iter().any(|word| line.contains(word))
    };
    let lines = source.text.lines().zip(1..).filter(|(line, _)| edits(line) || asks(line));
    lines.map(|(line, number)| shown(&format!("{}:{number}: {}", source.name, line.trim())).into_owned()).collect()
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
        let image = |text: &str| StageImage::of(&Source::new("Dockerfile", text));
        let cuda = |text: &str| image(text).cuda.map(|(cuda, _)| cuda);
        let python = |minor| Some(Python::three(minor));
        assert_eq!(
            image("FROM nvidia/cuda:11.8.0-runtime-ubuntu22.04\n").cuda,
            Some((Backend::Cuda(11, 8), "Dockerfile:1: nvidia/cuda:11.8.0-runtime-ubuntu22.04".to_owned()))
        );
        assert_eq!(
            cuda("from --platform=linux/amd64 pytorch/pytorch:2.1.2-cuda12.1-cudnn8-runtime AS x\n"),
            Some(Backend::Cuda(12, 1))
        );
        assert_eq!(image("FROM python:3.10-slim\nFROM docker.example/python:3.11.4\n").python, python(11));
        assert_eq!(image("FROM python:3-slim\nFROM scratch\nRUN from cuda:1.2\n"), StageImage::default());
        assert_eq!(image("FROM\nFROM é\n"), StageImage::default());
        let two = image("FROM nvidia/cuda:12.1.1-devel-ubuntu22.04 AS build\nFROM python:3.10-slim\n");
        assert_eq!((two.cuda.map(|(cuda, _)| cuda), two.python), (Some(Backend::Cuda(12, 1)), python(10)));
    }

    #[test]
    fn lines_that_swap_by_hand_are_found() {
        let text = "FROM a\nRUN sed -i 's/a/b/' x\nRUN poetry export && \\\n  sed -i 's/torch==2.1/torch==2.1+cu118/' r.txt\n\
                    RUN pip install --extra-index-url https://download.pytorch.org/whl/cu118 -r r.txt\n\
                    # see https://download.pytorch.org\nRUN pip install --extra-index-url https://wheels.example/a\n";
        let lines = by_hand(&Source::new("docker/Dockerfile", text));
        let places: Vec<&str> = lines.iter().filter_map(|line| line.split(": ").next()).collect();
        assert_eq!(places, ["docker/Dockerfile:4", "docker/Dockerfile:5"], "{lines:?}");
    }

    #[test]
    fn what_is_installed_by_hand_says_more_than_the_base_image() {
        let cuda = |lines: &str| {
            let source = Source::new("Dockerfile", format!("FROM nvidia/cuda:12.4.1-base-ubuntu22.04\n{lines}"));
            StageImage::of(&source).cuda
        };
        let by_hand = |version, line| Some((version, format!("Dockerfile:{line}: as it installs by hand")));
        let index = "RUN pip install torch --index-url https://download.pytorch.org/whl/cu118\n";
        assert_eq!(cuda(index), by_hand(Backend::Cuda(11, 8), 2));
        let edit = "RUN sed -i 's/torch==2.1.2/torch==2.1.2+cu121/' requirements.txt\n";
        assert_eq!(cuda(&format!("{index}{edit}")), by_hand(Backend::Cuda(12, 1), 3));
        for other in ["RUN pip install torch --index-url https://download.pytorch.org/whl/cpu\n", "RUN echo cu118\n"] {
            assert_eq!(cuda(other).map(|(cuda, _)| cuda), Some(Backend::Cuda(12, 4)), "{other}");
        }
    }

    #[test]
    fn the_name_of_the_lock_is_a_string_whatever_is_in_it() {
        let text = configuration("a\"b\\c.lock", &[]);
        assert!(text.ends_with("lock = \"a\\\"b\\\\c.lock\"\n"), "{text}");
    }
}
