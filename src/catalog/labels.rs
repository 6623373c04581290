//! The build that a wheel was made for, as its publishers' names say: one table of grammars, `labels.tsv`, for labels and
//! folders.
//!
//! Nothing is guessed. Digits that may be read in two ways (`torch210`: 2.10, or 2.1.0) count only where the release matrix
//! has one of the two with that CUDA, and not the other.

use std::sync::{LazyLock, OnceLock};

use pep440_rs::Version;
use pep508_rs::PackageName;
use regex::{Captures, Regex, RegexBuilder};

use super::built::Built;
use super::made_for::{Abi, MadeFor};
use crate::packaging::target::{Backend, Python};
use crate::packaging::wheel::WheelName;

const TEXT: &str = include_str!("labels.tsv");

/// The facts in a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WheelLabel {
    /// The build.
    pub built: Built,
    /// The release of torch.
    pub torch: Option<MadeFor>,
    /// The C++ ABI.
    pub abi: Option<Abi>,
}

impl From<Built> for WheelLabel {
    /// Nothing is said of torch.
    fn from(built: Built) -> Self {
        Self { built, torch: None, abi: None }
    }
}

/// The lines of a kind, without it.
fn lines(kind: &str) -> impl Iterator<Item = &'static str> {
    TEXT.lines().filter_map(move |line| line.strip_prefix(kind)?.strip_prefix('\t'))
}

/// The meaning of a local label. `None`: it is of no known form. `Some(None)`: it can be read in two ways.
pub(super) fn of_label(label: &str) -> Option<Option<WheelLabel>> {
    of("label", label)
}

/// The same of a folder of an address.
pub(super) fn of_folder(folder: &str) -> Option<Option<WheelLabel>> {
    of("folder", folder)
}

fn of(kind: &str, text: &str) -> Option<Option<WheelLabel>> {
    let text = text.to_ascii_lowercase();
    grammars(kind).find_map(|grammar| meaning(&grammar.captures(&text)?))
}

/// True for a package whose wheels have no torch in them.
pub fn is_untied(package: &PackageName) -> bool {
    lines("untied").any(|name| name == package.as_ref())
}

/// True for a package whose wheels do not name the build they were made for.
pub(super) fn is_untold(package: &PackageName) -> bool {
    lines("untold").any(|name| name == package.as_ref())
}

/// A way in which publishers write what a wheel was built for.
struct LabelGrammar {
    kind: &'static str,
    written: &'static str,
    packages: &'static str,
    /// Compiled where it is first asked: most locks have no such names.
    pattern: OnceLock<Option<Regex>>,
}

static GRAMMARS: LazyLock<Vec<LabelGrammar>> = LazyLock::new(|| {
    let read = |line: &'static str| {
        let mut columns = line.split('\t');
        let (kind, written) = (columns.next()?, columns.next()?);
        Some(LabelGrammar { kind, written, packages: columns.next().unwrap_or_default(), pattern: OnceLock::new() })
    };
    TEXT.lines().filter_map(read).collect()
});

fn grammars(kind: &str) -> impl Iterator<Item = &'static LabelGrammar> {
    GRAMMARS.iter().filter(move |grammar| grammar.kind == kind)
}

/// The open parts of grammars. What says nothing is as short as can be.
const PARTS: [(&str, &str); 5] = [
    ("cuda", "[0-9]+"),
    ("torch", "[0-9.]+"),
    ("torch_patch", "[0-9.]+"),
    ("abi", "[a-z]+"),
    ("commit", "[a-z0-9.]+?"),
];

impl LabelGrammar {
    /// The open parts of a text that is written so, by their names.
    fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        let pattern = || {
            let literal = format!("^{}$", regex::escape(self.written));
            let open = |pattern: String, (name, part): &(&str, &str)| {
                pattern.replace(&regex::escape(&format!("{{{name}}}")), &format!("(?<{name}>{part})"))
            };
            RegexBuilder::new(&PARTS.iter().fold(literal, open)).unicode(false).build().ok()
        };
        self.pattern.get_or_init(pattern).as_ref()?.captures(text)
    }
}

/// The meaning of the open parts; `Some(None)` if they can be read in two ways, `None` if they mean nothing.
fn meaning(parts: &Captures<'_>) -> Option<Option<WheelLabel>> {
    let mut read_label = WheelLabel::from(Built::For(Backend::Cpu));
    for (name, _) in PARTS {
        let Some(part) = parts.name(name).map(|part| part.as_str()) else { continue };
        match name {
            "cuda" => read_label.built = format!("cu{part}").parse().ok()?,
            "torch" => read_label.torch = Some(MadeFor::whole(part, false)?),
            "torch_patch" => read_label.torch = Some(MadeFor::whole(part, true)?),
            "abi" => read_label.abi = Some(part.parse().ok()?),
            _ => {}
        }
    }
    Some(match read_label.torch {
        None => Some(read_label),
        Some(made) => made.settled(read_label.built).map(|torch| WheelLabel { torch: Some(torch), ..read_label }),
    })
}

/// The grammar in which a package labels a build of the other kind: for the CPU instead of CUDA, or the other way round.
/// `None` if it is not said to do so.
fn sibling(grammar: &str, package: &PackageName) -> Option<&'static str> {
    let (cuda, cpu) = ("cu{cuda}", "cpu");
    let other = if grammar.contains(cuda) { grammar.replace(cuda, cpu) } else { grammar.replace(cpu, cuda) };
    let writes =
        |one: &&LabelGrammar| one.written == other && one.packages.split(' ').any(|name| name == package.as_ref());
    grammars("label").find(writes).map(|one| one.written)
}

/// The name of the file that would fit: a wheel's, with another torch, build and CPython in it. `None` if its label is
/// written in no known way, or says nothing of such a build.
pub(crate) fn fitting(
    wheel: &WheelName,
    torch: &Version,
    abi: Option<Abi>,
    backend: Backend,
    python: Python,
) -> Option<String> {
    let (before, rest) = wheel.as_str().split_once('+')?;
    let (own, _) = rest.split_once('-')?;
    let lower = own.to_ascii_lowercase();
    let (own_grammar, parts) = grammars("label").find_map(|one| Some((one.written, one.captures(&lower)?)))?;
    let grammar = match backend.is_gpu() == own_grammar.contains("{cuda}") {
        true => own_grammar,
        false => sibling(own_grammar, &wheel.name)?,
    };
    let as_before = |name: &str| parts.name(name).map(|part| &own[part.range()]);
    let mut label = String::new();
    let mut rest = grammar;
    while let Some((literal, (name, after))) =
        rest.split_once('{').and_then(|(one, two)| Some((one, two.split_once('}')?)))
    {
        label.push_str(literal);
        let before = as_before(name);
        match (name, backend) {
            // One that has had only the major version still has.
            ("cuda", Backend::Cuda(major, _)) if before.is_some_and(|part| Backend::cuda(part).is_err()) => {
                label.push_str(&major.to_string());
            }
            ("cuda", Backend::Cuda(major, minor)) => label.push_str(&format!("{major}{minor}")),
            ("cuda", Backend::Cpu | Backend::Rocm(..) | Backend::Xpu) => return None,
            ("torch" | "torch_patch", _) => label.push_str(&as_written(before?, torch)),
            ("abi", _) => label.push_str(if abi? == Abi::New { "TRUE" } else { "FALSE" }),
            _ => label.push_str(before?),
        }
        rest = after;
    }
    label.push_str(rest);
    let (tag, own_abi) = (wheel.python_tag(), wheel.abi_tag());
    let python = format!("cp3{}", python.minor());
    let build = wheel.build.as_ref().map(|(number, rest)| format!("{number}{rest}-")).unwrap_or_default();
    let tags = if tag == own_abi { format!("{python}-{python}") } else { format!("{tag}-{own_abi}") };
    Some(format!("{before}+{label}-{build}{tags}-{}.whl", wheel.platform_tag()))
}

/// A release of torch in the way in which another is written: `2.8`, `2.8.0`, `28` or `280`.
fn as_written(part: &str, torch: &Version) -> String {
    let release = |at: usize| torch.release().get(at).copied().unwrap_or_default();
    let (major, minor, patch) = (release(0), release(1), release(2));
    let parts = part.split('.').count();
    let is_short =
        MadeFor::whole(part, true).is_some_and(|made| made.settled(Built::Unknown).is_none() || !part.ends_with('0'));
    match parts {
        3 => format!("{major}.{minor}.{patch}"),
        2 => format!("{major}.{minor}"),
        _ if is_short || part.len() < 3 => format!("{major}{minor}"),
        _ => format!("{major}{minor}0"),
    }
}

#[cfg(test)]
mod tests;
