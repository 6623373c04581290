//! Dockerfiles: the stages, what each is built on, and the Python it installs.
//!
//! ```text
//! instruction = KEYWORD words      may go on behind a `\`, comments in between; RUN, COPY and ADD may have heredocs
//! FROM        = "FROM" ("--platform=" value)? image ("AS" name)?
//! value       = text with $NAME, ${NAME}, ${NAME:-default}, ${NAME:+other}
//! ```
//!
//! Values that only a build knows (`--build-arg`, the platform of the builder) are left open. A Dockerfile that Docker would
//! refuse is read as far as it can be.

use std::collections::BTreeMap;

use crate::audit::container::image::Image;
use crate::packaging::target::{Platform, Python};
use crate::text::{Source, Span};

mod lines;
mod pythons;
mod variables;

use variables::Variables;

/// A Dockerfile.
#[derive(Debug, Clone, Default)]
pub struct Dockerfile {
    /// Its stages, in order; the last one is what runs.
    pub stages: Vec<Stage>,
}

/// The stage that a `FROM` begins.
#[derive(Debug, Clone)]
pub struct Stage {
    /// The image it is built on, through the stages it is built from; as written if only a build knows it.
    pub base: String,
    /// The place of the image's name.
    pub span: Span,
    /// The facts in the image's name.
    pub image: Image,
    /// `--platform`, if it is one this tool knows.
    pub platform: Option<Platform>,
    /// The Python that is there in the end.
    pub python: Option<Python>,
}

impl Dockerfile {
    /// Reads a Dockerfile.
    pub fn parse(source: &Source) -> Self {
        let mut file = Self::default();
        let mut global: Variables = BTreeMap::new();
        let mut local: Variables = BTreeMap::new();
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        for instruction in lines::instructions(&source.text) {
            let words = || instruction.rest.split_whitespace();
            match instruction.keyword.as_str() {
                "FROM" => {
                    let span = lines::place(&source.text, &instruction);
                    if let Some((stage, name)) = file.stage(&instruction.rest, span, &global, &names) {
                        names.extend(name.map(|name| (name, file.stages.len())));
                        file.stages.push(stage);
                    }
                    local = BTreeMap::new();
                }
                "ARG" => {
                    let in_stage = !file.stages.is_empty();
                    for word in words() {
                        let scope = if in_stage { &local } else { &global };
                        let (name, value) = variables::argument(word, scope, in_stage.then_some(&global));
                        if in_stage { &mut local } else { &mut global }.insert(name, value);
                    }
                }
                "ENV" => variables::environment(&instruction.rest, &mut local),
                "RUN" => {
                    if let Some(stage) = file.stages.last_mut() {
                        let text = variables::expand(&instruction.rest, &local);
                        stage.python = pythons::installed(text.as_deref().unwrap_or_default(), stage.image.own_python)
                            .or(stage.python);
                    }
                }
                _ => {}
            }
        }
        file
    }

    /// The stage that a `FROM` begins, and the name it gets.
    fn stage(
        &self,
        rest: &str,
        span: Span,
        variables: &Variables,
        names: &BTreeMap<String, usize>,
    ) -> Option<(Stage, Option<String>)> {
        let mut words = rest.split_whitespace();
        let mut platform = None;
        let written = words.find(|word| match word.strip_prefix("--") {
            Some(flag) => {
                let value = flag.strip_prefix("platform=").and_then(|value| variables::expand(value, variables));
                platform = value.and_then(|value| known_platform(&value)).or(platform);
                false
            }
            None => true,
        })?;
        let is_as = words.next().is_some_and(|word| word.eq_ignore_ascii_case("as"));
        let name = if is_as { words.next().map(str::to_ascii_lowercase) } else { None };
        let base = variables::expand(written, variables);
        let parent = base.as_ref().and_then(|base| self.stages.get(*names.get(&base.to_ascii_lowercase())?));
        if let Some(parent) = parent {
            return Some((Stage { platform: platform.or(parent.platform), ..parent.clone() }, name));
        }
        let image = base.as_deref().map(Image::of).unwrap_or_default();
        let base = base.unwrap_or_else(|| written.to_owned());
        Some((Stage { base, span, image, platform, python: image.python }, name))
    }
}

/// A platform in Docker's writing.
fn known_platform(text: &str) -> Option<Platform> {
    match text.to_ascii_lowercase().as_str() {
        "linux/amd64" | "linux/x86_64" | "amd64" => Some(Platform::LinuxX86_64),
        "linux/arm64" | "linux/arm64/v8" | "linux/aarch64" | "arm64" => Some(Platform::LinuxAarch64),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packaging::system::System;
    use crate::packaging::target::Backend;
    use proptest::prelude::*;

    fn last(text: &str) -> Stage {
        Dockerfile::parse(&Source::new("Dockerfile", text)).stages.pop().unwrap()
    }

    #[test]
    fn arguments_have_defaults() {
        let stage = last("ARG CUDA=11.8.0\nARG BASE=nvidia/cuda:${CUDA}-runtime-ubuntu22.04\nFROM $BASE\n");
        assert_eq!(stage.base, "nvidia/cuda:11.8.0-runtime-ubuntu22.04");
        assert_eq!((stage.image.cuda, stage.image.system), (Some(Backend::Cuda(11, 8)), Some(System::Glibc(2, 35))));
        assert_eq!(last("FROM python:${VERSION:-3.11}-slim\n").python, Some(Python::three(11)));
        assert_eq!(last("ARG V\nFROM python:$V\n").base, "python:$V");
        assert_eq!(last("ARG V=\"3.9\"\nFROM python:${V}").python, Some(Python::three(9)));
    }

    #[test]
    fn stages_build_on_stages() {
        let text =
            "FROM --platform=linux/arm64 python:3.10-slim-bookworm AS Base\nRUN x\nFROM node:20\nFROM base as app\n";
        let stage = last(text);
        assert_eq!((stage.base.as_str(), stage.platform), ("python:3.10-slim-bookworm", Some(Platform::LinuxAarch64)));
        assert_eq!(&text[stage.span.start..stage.span.end], "python:3.10-slim-bookworm");
        assert_eq!(stage.python, Some(Python::three(10)));
        assert_eq!(last("FROM --platform=$BUILDPLATFORM ubuntu:22.04").platform, None);
    }

    #[test]
    fn finds_the_python_that_is_installed() {
        let python = |text: &str| last(text).python.map(Python::minor);
        let on = |run: &str| python(&format!("FROM ubuntu:22.04\nRUN {run}\n"));
        assert_eq!(
            on("apt-get update && apt-get install -y \\\n  # why\n\n  git \\\n  python3-pip && rm -rf x"),
            Some(10)
        );
        assert_eq!(on("apt-get install -y python3.11 python3.11-venv"), Some(11));
        assert_eq!(on("apt-get install -y python3 && uv python install 3.12.1"), Some(12));
        assert_eq!(on("conda create -n x python=3.9"), Some(9));
        assert_eq!(on("pyenv install 3.8.10"), Some(8));
        assert_eq!(on("echo python3.9"), None);
        assert_eq!(on("<<EOF\napt-get install -y python3.9\nFROM x\nEOF"), Some(9));
        assert_eq!(python("ARG P=3.7\nFROM debian:12\nARG P\nRUN apt-get install python$P\n"), Some(7));
        assert_eq!(python("FROM debian:12\nENV P 3.10\nRUN apt-get install python${P}\n"), Some(10));
        assert_eq!(python("FROM python:3.9\nRUN pip install python-dateutil\n"), Some(9));
    }

    #[test]
    fn odd_files_give_what_they_can() {
        let stages = |text: &str| Dockerfile::parse(&Source::new("Dockerfile", text)).stages.len();
        for text in
            ["", "FROM", "FROM --platform=x", "RUN FROM debian:12", "# FROM a", "ENV\nARG\nRUN", "FROM\\", "RUN <<E"]
        {
            assert_eq!(stages(text), 0, "{text}");
        }
        assert_eq!(stages("from a\nFROM ${B\nFROM $\nFROM ${}"), 4);
        assert_eq!(last("# escape=`\nFROM `\n debian:12").image.system, Some(System::Glibc(2, 36)));
        // Each doubles the one before: none is written out.
        let bomb: String = (1..99).map(|n| format!("ARG A{n}=$A{}$A{}\n", n - 1, n - 1)).collect();
        assert_eq!(last(&format!("ARG A0=aaaaaaaa\n{bomb}FROM $A98\n")).base, "$A98");
        assert_eq!(last("FROM a AS a\nFROM a AS a\nFROM a").base, "a");
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "((FROM|ARG|ENV|RUN|#)? ?(\\$\\{?|<<-?|\\\\\n|:-|=|install|python3\\.?)?\\PC{0,6}\n?){0,20}") {
            let source = Source::new("Dockerfile", text);
            for stage in Dockerfile::parse(&source).stages {
                let _ = source.place(stage.span).to_string();
            }
        }
    }
}
