//! The proposal of `init`: a starting configuration, made from the lock and from a Dockerfile. Pure.

use crate::audit::container::dockerfile::{Dockerfile, Stage};
use crate::audit::container::image;
use crate::catalog::{Family, built_in_family};
use crate::lock::Choice;
use crate::packaging::address;
use crate::packaging::system::System;
use crate::packaging::target::{Backend, Platform, Python};
use crate::text::{Source, shown};
use crate::write::toml::string;

/// The facts about an image in its Dockerfile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageImage {
    /// The build of the wheels that it installs by hand, or that of a base image: `nvidia/cuda:11.8.0-…`,
    /// `pytorch/pytorch:2.1.2-cuda11.8-…`, `rocm/pytorch:rocm6.2_…`; and the line that says so.
    pub build: Option<(Backend, String)>,
    /// Its Python: `FROM python:3.10-slim`, or one that is installed; and the line of the image.
    pub python: Option<(Python, String)>,
    /// Its platform, if the file names one.
    pub platform: Option<Platform>,
    /// The line of a base image that has torch itself.
    pub with_torch: Option<String>,
    /// The line of a base image without glibc.
    pub on_musl: Option<String>,
    /// Its Python is that of a distribution which lets pip install nothing unasked.
    pub is_managed: bool,
}

impl StageImage {
    /// Looks through the stages. A later stage overrides an earlier one: the last one is what runs.
    pub fn of(source: &Source) -> Self {
        let dockerfile = Dockerfile::parse(source);
        let stages = || dockerfile.stages.iter().rev();
        let line = |stage: &Stage| format!("{}:{}: {}", source.name, source.place(stage.span).line, stage.base);
        let of_image =
            || stages().find_map(|stage| Some((stage.image.cuda.or(image::rocm(&stage.base))?, line(stage))));
        // Wheels that are installed by hand say more than the image below them.
        let build = build_by_hand(source).or_else(of_image);
        let python = stages().find_map(|stage| Some((stage.python?, line(stage))));
        let Some(last) = stages().next() else { return Self { build, python, ..Self::default() } };
        let is_musl = matches!(last.image.system, Some(System::Musl(..)));
        let is_own = last.image.python.is_none() && last.python.is_some() && last.python == last.image.own_python;
        // Debian has it from 12 on, Ubuntu from 23.04.
        let is_managed = is_own && last.python.is_some_and(|python| python.minor() >= 11);
        Self {
            build,
            python,
            platform: last.platform,
            with_torch: image::has_torch(&last.base).then(|| line(last)),
            on_musl: is_musl.then(|| line(last)),
            is_managed: is_managed || source.text.contains(MANAGED),
        }
    }
}

/// pip's option where the distribution manages its Python itself.
const MANAGED: &str = "--break-system-packages";

/// The build of the wheels that a Dockerfile installs by hand, and the last line that says so: `…/whl/cu118`, `torch==2.1+cu118`.
fn build_by_hand(source: &Source) -> Option<(Backend, String)> {
    let labels = |text: &str| -> Vec<Backend> {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
        words.filter_map(|word| word.trim_matches('.').parse().ok()).collect()
    };
    // An index's address is followed by its folder; of an edit the last label is the new one.
    let label = |line: &str| {
        let folder = line.split_once(address::PYTORCH_HOST).and_then(|(_, rest)| labels(rest).first().copied());
        folder.or_else(|| labels(line).last().copied())
    };
    by_hand(source).into_iter().rev().find_map(|line| {
        let (place, text) = line.split_once(": ")?;
        Some((label(text)?, format!("{place}: as it installs by hand")))
    })
}

/// A torch of the lock, in the group or the extra that has it.
#[derive(Debug, Clone)]
pub struct StartTorch {
    /// The groups and extras that select it.
    pub choice: Choice,
    /// Its version.
    pub version: String,
    /// Its place in the lock: `poetry.lock:593`.
    pub line: String,
    /// The CUDA that the locked wheel is for.
    pub locked: Option<Backend>,
    /// Every build for GPUs that there is a wheel of it for on the image's platform, ascending.
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

    /// The build that is proposed, and why; and what is to be said of one that is not.
    fn build(&self, image: &StageImage) -> (Option<(Backend, String)>, Option<String>) {
        let locked = || self.locked.map(|cuda| (cuda, format!("{}: as torch {} is locked", self.line, self.version)));
        let newest = || {
            let cuda = self.builds.iter().rev().find(|build| matches!(build, Backend::Cuda(..)))?;
            Some((*cuda, format!("the newest that torch {} has a wheel for", self.version)))
        };
        let Some((build, line)) = &image.build else { return (locked().or_else(newest), None) };
        if *build == Backend::Cpu || self.builds.contains(build) {
            return (Some((*build, line.clone())), None);
        }
        // A wheel for CUDA brings the CUDA that it runs with; one for another GPU would not run.
        let instead = if matches!(build, Backend::Cuda(..)) { locked().or_else(newest) } else { None };
        let outcome = match &instead {
            Some((instead, _)) => format!("the target is for {}", instead.spoken()),
            None => "there is no target for the image".to_owned(),
        };
        let note = format!("{line}: no wheel of torch {} for {} is known; {outcome}", self.version, build.spoken());
        (instead, Some(note))
    }
}

/// Words in the names of groups and extras that are for a GPU.
const GPU: [&str; 4] = ["cu1", "cuda", "gpu", "nvidia"];

/// Groups and extras of the lock that a target takes.
struct StartChoice<'t> {
    torch: &'t StartTorch,
    choice: Choice,
    /// Groups and extras with torch that are not taken, and why.
    others: Vec<String>,
}

impl<'t> StartChoice<'t> {
    /// All that have torch and go together. Where some exclude each other their names say which is for what, else it is the
    /// release that another target has: `like`. `together` gives two choices as one, if nothing of either is missing then.
    fn of(
        torches: &'t [StartTorch],
        for_gpu: bool,
        like: Option<&StartTorch>,
        together: &dyn Fn(&Choice, &Choice) -> Option<Choice>,
    ) -> Option<Self> {
        let (meant, other): (&[&str], &[&str]) = if for_gpu { (&GPU, &["cpu"]) } else { (&["cpu"], &GPU) };
        let is_like = |torch: &&StartTorch| like.is_some_and(|like| torch.version == like.version);
        let is_free = |torch: &&StartTorch| !torch.is_named_for(other);
        let all = || torches.iter();
        let torch = all().find(|torch| torch.is_named_for(meant));
        let torch = torch.or_else(|| all().filter(is_like).find(is_free)).or_else(|| all().find(is_like));
        let torch = torch.or_else(|| all().find(is_free)).or_else(|| torches.first())?;
        let mut chosen = Self { torch, choice: torch.choice.clone(), others: Vec::new() };
        for one in all().filter(|one| one.choice != torch.choice) {
            let name = one.names().map(string).collect::<String>();
            match together(&chosen.choice, &one.choice) {
                Some(both) if is_free(&one) => chosen.choice = both,
                Some(_) => chosen.others.push(format!("not {name}, by its name")),
                None => chosen.others.push(format!("or {name}, which excludes it")),
            }
        }
        Some(chosen)
    }

    /// The lines that select it.
    fn lines(&self) -> Vec<String> {
        let list = |key: &str, names: &[pep508_rs::ExtraName]| {
            let names: Vec<String> = names.iter().map(|name| string(name.as_ref())).collect();
            (!names.is_empty()).then(|| format!("{key} = [{}]", names.join(", ")))
        };
        let lists = [list("with", &self.choice.with), list("extras", &self.choice.extras)];
        let mut lines: Vec<String> = lists.into_iter().flatten().collect();
        if let Some(last) = lines.last_mut().filter(|_| !self.others.is_empty()) {
            last.push_str(&format!("  # {}", self.others.join("; ")));
        }
        lines
    }
}

/// A target that is proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Its name: `docker`, `ci`, `mac`.
    pub name: &'static str,
    /// The lines of its table.
    pub lines: Vec<String>,
    /// Why it cannot be made, and on a line of its own what to do about it; `None`: it can.
    pub left_out: Option<String>,
}

/// Proposes targets for a lock: the image, with the build that it has or a CUDA, CI without a GPU, and the Mac. Beside them
/// what was not taken from the image, and why. `together` gives two choices as one, if nothing of either is missing then.
pub fn propose(
    torches: &[StartTorch],
    image: &StageImage,
    together: &dyn Fn(&Choice, &Choice) -> Option<Choice>,
) -> (Vec<Proposal>, Vec<String>) {
    let python = image.python.as_ref().map(|(python, _)| format!("python = [\"{python}\"]"));
    let platform = image.platform.unwrap_or(Platform::LinuxX86_64);
    let (mut proposals, mut notes) = (Vec::new(), Vec::new());
    let is_gpu = !matches!(image.build, Some((Backend::Cpu, _)));
    let chosen = StartChoice::of(torches, is_gpu, None, together);
    let like = chosen.as_ref().map(|chosen| chosen.torch);
    let without_gpu = StartChoice::of(torches, false, like, together).map(|chosen| chosen.lines()).unwrap_or_default();
    if let Some(chosen) = &chosen {
        let torch = chosen.torch;
        let (build, note) = torch.build(image);
        let has_note = note.is_some();
        notes.extend(note);
        if let Some((build, why)) = build {
            let flag = build.flag();
            let key = match flag.trim_start_matches('-').split_once(' ') {
                Some((key, version)) => format!("{key} = {}", string(version)),
                None => format!("{} = true", flag.trim_start_matches('-')),
            };
            let mut lines = vec![format!("platform = \"{platform}\""), format!("{key}  # {}", shown(&why))];
            lines.extend(python.clone());
            lines.extend(chosen.lines());
            lines.push(format!("output = {}", string(DOCKER_OUTPUT)));
            proposals.push(Proposal { name: DOCKER, lines, left_out: None });
        } else if !has_note {
            let what = format!("no wheel of torch {} for CUDA is known on {platform}", torch.version);
            notes.push(format!("{what}; there is no target for the image"));
        }
    }
    if let Some(line) = image.with_torch.as_ref().filter(|_| !proposals.is_empty()) {
        let how = "write what it has into a file (pip freeze > image-freeze.txt) and give the target";
        notes.push(format!(
            "{line} has torch, which the file replaces; to keep it, {how} provided = \"image-freeze.txt\""
        ));
    }
    if let Some(line) = &image.on_musl {
        notes.push(format!(
            "{line} has musl, for which torch has no wheel; use an image with glibc, such as a Debian one"
        ));
    }
    let mut lines = vec!["platform = \"linux-x86_64\"".to_owned(), "cpu = true".to_owned()];
    lines.extend(python);
    lines.extend(without_gpu.clone());
    lines.push("output = \"requirements-ci.txt\"".to_owned());
    proposals.push(Proposal { name: "ci", lines, left_out: None });
    let mut lines = vec!["platform = \"macos-arm64\"".to_owned()];
    lines.extend(without_gpu);
    lines.push("output = \"requirements-mac.txt\"".to_owned());
    proposals.push(Proposal { name: "mac", lines, left_out: None });
    (proposals, notes)
}

/// The target of the image.
pub const DOCKER: &str = "docker";

/// The file that the image installs.
pub const DOCKER_OUTPUT: &str = "requirements-docker.txt";

/// The lines of a Dockerfile that swap torch by hand: an edit of a file, or another index. Each with its place.
pub fn by_hand(source: &Source) -> Vec<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let of_family = |word: &str| word.parse().is_ok_and(|name| built_in_family(&name) != Family::No);
    let names = |line: &str| line.split(|c| !is_name(c)).any(of_family);
    let edits = |line: &str| line.split_whitespace().any(|word| word == "sed") && names(line);
    // The index is an option's, a variable's (`PIP_EXTRA_INDEX_URL`), or the wheel itself is named.
    let asks = |line: &str| {
        line.contains(address::PYTORCH_HOST)
            && ["index", "--find-links", "-f ", ".whl"].iter().any(|word| line.to_ascii_lowercase().contains(word))
    };
    let is_comment = |line: &str| line.trim_start().starts_with('#');
    let lines = source.text.lines().zip(1..).filter(|(line, _)| !is_comment(line) && (edits(line) || asks(line)));
    lines.map(|(line, number)| shown(&format!("{}:{number}: {}", source.name, line.trim())).into_owned()).collect()
}

/// The proposals as a `torchswap.toml`, or as the tables of a `pyproject.toml`; those that cannot be made as comments.
pub fn configuration(lock: &str, proposals: &[Proposal], is_project: bool) -> String {
    let lock = string(lock);
    let (head, prefix) = if is_project { ("[tool.torchswap]\n", "tool.torchswap.") } else { ("", "") };
    let mut text =
        format!("{head}# Targets of torchswap: `torchswap export --all-targets` writes every output.\nlock = {lock}\n");
    for proposal in proposals {
        let table = format!("[{prefix}targets.{}]\n{}\n", proposal.name, proposal.lines.join("\n"));
        text.push('\n');
        match &proposal.left_out {
            None => text.push_str(&table),
            Some(why) => {
                why.lines().chain(table.lines()).for_each(|line| text.push_str(&format!("# {line}\n")));
            }
        }
    }
    text
}

/// The lines that a Dockerfile needs for an output that is committed.
pub fn dockerfile_lines(output: &str, image: &StageImage) -> String {
    let managed = if image.is_managed { format!(" {MANAGED}") } else { String::new() };
    format!("COPY {output} ./\nRUN pip install{managed} --no-cache-dir --require-hashes -r {output}\n")
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
        let cuda = |text: &str| image(text).build.map(|(cuda, _)| cuda);
        let python = |text: &str| image(text).python.map(|(python, _)| python.minor());
        assert_eq!(
            image("FROM nvidia/cuda:11.8.0-runtime-ubuntu22.04\n").build,
            Some((Backend::Cuda(11, 8), "Dockerfile:1: nvidia/cuda:11.8.0-runtime-ubuntu22.04".to_owned()))
        );
        assert_eq!(
            cuda("from --platform=linux/amd64 pytorch/pytorch:2.1.2-cuda12.1-cudnn8-runtime AS x\n"),
            Some(Backend::Cuda(12, 1))
        );
        assert_eq!(python("FROM python:3.10-slim\nFROM docker.example/python:3.11.4\n"), Some(11));
        assert_eq!(image("FROM python:3-slim\nFROM scratch\nRUN from cuda:1.2\n"), StageImage::default());
        assert_eq!(image("FROM\nFROM é\n"), StageImage::default());
        let two = "FROM nvidia/cuda:12.1.1-devel-ubuntu22.04 AS build\nFROM python:3.10-slim\n";
        assert_eq!((cuda(two), python(two)), (Some(Backend::Cuda(12, 1)), Some(10)));
        let managed = |text: &str| image(text).is_managed;
        assert!(managed("FROM ubuntu:24.04\nRUN apt-get install -y python3-pip\n"));
        assert!(managed("FROM debian:12\nRUN apt-get install -y python3\n"));
        for text in
            ["FROM ubuntu:22.04\nRUN apt-get install -y python3\n", "FROM python:3.11-bookworm\n", "FROM debian:12\n"]
        {
            assert!(!managed(text), "{text}");
        }
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
            StageImage::of(&source).build
        };
        let by_hand = |version, line| Some((version, format!("Dockerfile:{line}: as it installs by hand")));
        let index = "RUN pip install torch --index-url https://download.pytorch.org/whl/cu118\n";
        assert_eq!(cuda(index), by_hand(Backend::Cuda(11, 8), 2));
        let edit = "RUN sed -i 's/torch==2.1.2/torch==2.1.2+cu121/' requirements.txt\n";
        assert_eq!(cuda(&format!("{index}{edit}")), by_hand(Backend::Cuda(12, 1), 3));
        let wheel =
            "RUN pip install https://download.pytorch.org/whl/cu118/torch-2.6.0%2Bcu118-cp311-cp311-linux_x86_64.whl\n";
        assert_eq!(cuda(wheel), by_hand(Backend::Cuda(11, 8), 2));
        let variable = "ENV PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cu126\nRUN pip install torch\n";
        assert_eq!(cuda(variable), by_hand(Backend::Cuda(12, 6), 2));
        let cpu = "RUN pip install torch --index-url https://download.pytorch.org/whl/cpu -r cu118/r.txt\n";
        assert_eq!(cuda(cpu), by_hand(Backend::Cpu, 2));
        let edit = "RUN sed -i 's/torch==2.1.2+cpu/torch==2.1.2+cu121/' requirements.txt\n";
        assert_eq!(cuda(edit), by_hand(Backend::Cuda(12, 1), 2));
        for other in ["# --index-url https://download.pytorch.org/whl/cpu\n", "RUN echo cu118\n"] {
            assert_eq!(cuda(other).map(|(cuda, _)| cuda), Some(Backend::Cuda(12, 4)), "{other}");
        }
    }

    #[test]
    fn the_name_of_the_lock_is_a_string_whatever_is_in_it() {
        let text = configuration("a\"b\\c.lock", &[], false);
        assert!(text.ends_with("lock = \"a\\\"b\\\\c.lock\"\n"), "{text}");
    }
}
