//! Rows for wheels that were found on an index or read here: what they were built for, and what they require.

use std::collections::{BTreeMap, BTreeSet};

use super::built::Built;
use super::listing::Filter;
use super::requires::{RequiresRow, means_the_same};
use super::row::{WheelRow, build_of_label, label};
use super::{Abi, Family, Index, MadeFor, WheelLabel, built_in_family, is_gpu_runtime, labels};
use crate::packaging::digest::Sha256;
use crate::packaging::requirement;
use crate::packaging::target::{Backend, Platform, Python};
use crate::packaging::wheel::WheelName;
use crate::report::error::{Code, Problem};
use crate::text::quoted;

impl Built {
    /// The build of a wheel in a folder: that of its label. Without one, the folder's name gives it for torch's family, and
    /// `asked` for other packages: what is served beside torch need not be built for a GPU.
    pub fn of(wheel: &WheelName, folder: &str, asked: Option<Backend>) -> Self {
        let kind = built_in_family(&wheel.name);
        match (build_of_label(&wheel.version), kind) {
            _ if is_gpu_runtime(&wheel.name) => Self::Unknown,
            (Some(backend), _) => Self::For(backend),
            (None, Family::OneBuild) => Self::Any,
            (None, Family::No) if wheel.platform_tag() == "any" => Self::Unknown,
            (None, Family::PerBackend | Family::No) => {
                let folder = folder.parse().ok().filter(|_| kind == Family::PerBackend);
                let mac = wheel.platform_tag().contains("macosx").then_some(Backend::Cpu);
                let mac = mac.filter(|_| kind == Family::PerBackend || asked.is_some());
                mac.or(folder).or(asked).map_or(Self::Unknown, Self::For)
            }
        }
    }
}

impl WheelLabel {
    /// The label of a wheel on a page of links or in a folder, by its name and the folder of its address; `asked` counts where
    /// they leave the build open.
    ///
    /// # Errors
    /// Why it is unknown: the end of a sentence that begins with the file's name.
    pub fn of(wheel: &WheelName, folder: &str, asked: Option<Backend>) -> Result<Self, String> {
        let is_pure = wheel.platform_tag() == "any" && !wheel.version.is_local();
        if is_pure || is_gpu_runtime(&wheel.name) || built_in_family(&wheel.name) != Family::No {
            return Ok(Built::of(wheel, folder, asked).into());
        }
        if labels::is_untold(&wheel.name) {
            return Err("is one of several files of this name, each for another CUDA and another torch".to_owned());
        }
        let ambiguous = |what: &str| format!("has a {what} that can be read in two ways");
        let by_label = match label(&wheel.version) {
            None => None,
            Some(text) => {
                let odd = || format!("has a label that is written in no known way: {}", quoted(&text));
                Some(labels::of_label(&text).ok_or_else(odd)?.ok_or_else(|| ambiguous("label"))?)
            }
        };
        let by_folder =
            labels::of_folder(folder).map(|read_label| read_label.ok_or_else(|| ambiguous("folder"))).transpose()?;
        let is_mac = wheel.platform_tag().contains("macosx");
        let mut read_label = match (by_label, by_folder) {
            (Some(own), None) => own,
            (Some(own), Some(there)) => own
                .with(there, is_mac)
                .ok_or_else(|| format!("has a label that contradicts its folder, {}", quoted(folder)))?,
            (None, Some(there)) => there,
            (None, None) if is_mac => Built::For(Backend::Cpu).into(),
            (None, None) => {
                let asked =
                    asked.ok_or("does not say in its name what it is built for; name it: --cuda 12.4, --cpu")?;
                return Ok(Built::For(asked).into());
            }
        };
        // There is no GPU to build for.
        if is_mac {
            read_label.built = Built::For(Backend::Cpu);
        }
        Ok(read_label)
    }

    /// The facts of two names together; `None` if they contradict each other.
    fn with(self, other: Self, is_mac: bool) -> Option<Self> {
        let same = match (self.built, other.built) {
            (built, Built::For(backend)) => built.is_for(backend),
            (one, other) => one == other,
        };
        let agree = self.torch.zip(other.torch).is_none_or(|(one, other)| one == other);
        ((same || is_mac) && agree).then_some(Self { torch: self.torch.or(other.torch), ..self })
    }
}

impl WheelRow {
    /// A row for a wheel that no lock recorded, of which no more is known.
    pub fn found(wheel: WheelName, built: Built, index: Index, sha256: Sha256) -> Self {
        Self {
            wheel,
            built,
            index,
            sha256,
            size: None,
            seen: 0,
            requires_python: None,
            yanked: false,
            constructed: false,
            torch: None,
            abi: None,
            evidence: "".into(),
            overrides: None,
            catalogue: "".into(),
        }
    }

    /// The torch that it was made for and the C++ interface that it was compiled with, as its row says, else its label.
    pub fn made_for(&self) -> (Option<MadeFor>, Option<Abi>) {
        if self.torch.is_some() || self.abi.is_some() {
            return (self.torch, self.abi);
        }
        let read_label = label(&self.wheel.version).and_then(|text| labels::of_label(&text)).flatten();
        read_label
            .map_or_else(|| (MadeFor::of(&self.wheel.version), None), |read_label| (read_label.torch, read_label.abi))
    }

    /// The same with its Requires-Python, if that is a text that fits into a column.
    #[must_use]
    pub fn for_pythons(mut self, range: Option<String>) -> Self {
        let fits = |text: &String| !text.is_empty() && text != "-" && !text.contains(char::is_control);
        self.requires_python = range.filter(fits);
        self
    }

    /// Its requirements as rows: one for each platform that it installs on, or one for all.
    pub fn lists(&self, list: &[String], provenance: &str) -> Vec<ReadList> {
        let (platforms, pythons) = Filter::default().places(self);
        let everywhere = platforms.len() == Platform::ALL.len();
        let platforms = if everywhere { vec![None] } else { platforms.into_iter().map(Some).collect() };
        let row = |platform| RequiresRow {
            package: self.wheel.name.clone(),
            version: self.wheel.version.clone(),
            index: self.index.clone(),
            platform,
            provenance: provenance.to_owned(),
            reason: None,
            list: list.to_vec(),
        };
        platforms.into_iter().map(|platform| ReadList { row: row(platform), pythons: pythons.clone() }).collect()
    }
}

/// The requirements that a wheel was seen to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadList {
    /// The row that says so.
    pub row: RequiresRow,
    /// The Pythons that the wheel is for: of others it says nothing.
    pub pythons: BTreeSet<Python>,
}

/// For how many Pythons a wheel may be whose list holds under these only: a marker names each.
const MOST_PYTHONS: usize = 8;

/// One list for each release and platform. Where the wheels of one do not require the same, what some of them alone require
/// gets a marker that names their Pythons; and the problems where that is not possible.
pub(super) fn agreeing(lists: Vec<ReadList>) -> (Vec<ReadList>, Vec<Problem>) {
    let mut all: BTreeMap<_, Vec<ReadList>> = BTreeMap::new();
    for list in lists {
        let row = &list.row;
        let key = (row.package.clone(), row.version.to_string(), row.index.clone(), row.platform);
        let alike = all.entry(key).or_default();
        match alike.iter_mut().find(|one| means_the_same(&one.row, &list.row)) {
            Some(one) => one.pythons.extend(list.pythons),
            None => alike.push(list),
        }
    }
    let (mut agreed, mut problems) = (Vec::new(), Vec::new());
    for different in all.into_values() {
        match together(&different) {
            Some(one) => agreed.push(one),
            None => problems.extend(different.first().map(|list| differing(&list.row))),
        }
    }
    (agreed, problems)
}

/// Lists of which each holds under its own Pythons, as one; `None` if two of them hold under one Python, or one under too
/// many to be named.
fn together(lists: &[ReadList]) -> Option<ReadList> {
    let (first, others) = lists.split_first()?;
    if others.is_empty() {
        return Some(first.clone());
    }
    let pythons: BTreeSet<Python> = lists.iter().flat_map(|list| list.pythons.iter().copied()).collect();
    let count: usize = lists.iter().map(|list| list.pythons.len()).sum();
    if count != pythons.len() || lists.iter().any(|list| list.pythons.len() > MOST_PYTHONS) {
        return None;
    }
    let mut texts: Vec<&String> = Vec::new();
    for text in lists.iter().flat_map(|list| &list.row.list) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    let of = |text: &String| {
        let own = lists.iter().filter(|list| list.row.list.contains(text));
        let own: BTreeSet<Python> = own.flat_map(|list| list.pythons.iter().copied()).collect();
        if own == pythons {
            return text.clone();
        }
        let under: Vec<String> = own.iter().map(|python| format!("python_version == \"{python}\"")).collect();
        let under = under.join(" or ");
        match requirement::split(text) {
            (what, None) => format!("{}; {under}", what.trim_end()),
            (what, Some(marker)) => format!("{}; ({}) and ({under})", what.trim_end(), marker.trim()),
        }
    };
    let list = texts.into_iter().map(of).collect();
    Some(ReadList { row: RequiresRow { list, ..first.row.clone() }, pythons })
}

/// The wheels of a release do not require the same, and a catalogue cannot say so.
pub(super) fn differing(row: &RequiresRow) -> Problem {
    let RequiresRow { package, version, .. } = row;
    let platform = row.platform.map_or_else(|| "any platform".to_owned(), |platform| platform.to_string());
    let message =
        format!("the wheels of {package} {version} for {platform} do not require the same under every Python");
    Problem::new(Code::Unsupported, message).help("learn them for one Python: --python 3.10")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_names_the_build_of_torch_and_its_family_alone() {
        let built = |file: &str, folder: &str| Built::of(&file.parse().unwrap(), folder, None).to_string();
        for (file, folder, expected) in [
            ("torch-2.1.0-cp310-cp310-linux_x86_64.whl", "cu118", "cu118"),
            ("torch-2.1.0+cu121-cp310-cp310-linux_x86_64.whl", "cu118", "cu121"),
            ("torch-2.1.0-cp310-cp310-linux_x86_64.whl", "pypi", "-"),
            ("torch-2.1.0-cp310-none-macosx_11_0_arm64.whl", "pypi", "cpu"),
            ("filelock-3.16.1-py3-none-any.whl", "cu118", "-"),
            ("numpy-2.0.0-cp310-cp310-linux_x86_64.whl", "cu118", "-"),
            ("nvidia_cublas_cu12-12.1.3.1-py3-none-manylinux1_x86_64.whl", "cu118", "-"),
            ("demo-1.0+cu118-cp310-cp310-linux_x86_64.whl", "whl", "cu118"),
            ("demo-1.0+gabc-cp310-cp310-linux_x86_64.whl", "cpu", "-"),
            ("torchdata-0.7.0-py3-none-any.whl", "cpu", "any"),
        ] {
            assert_eq!(built(file, folder), expected, "{file} in {folder}");
        }
    }

    #[test]
    fn lists_that_differ_under_one_python_or_under_countless_are_not_put_together() {
        let list = |file: &str, requires: &[&str]| {
            let index = "https://w.example/x".parse().unwrap();
            let row = WheelRow::found(file.parse().unwrap(), Built::Unknown, index, Sha256::from_bytes([7; 32]));
            let requires: Vec<String> = requires.iter().map(|&one| one.to_owned()).collect();
            row.lists(&requires, "wheel")
        };
        let agreed = |lists: [Vec<ReadList>; 2]| {
            let (agreed, problems) = agreeing(lists.concat());
            (agreed.iter().map(|one| one.row.list.join(" & ")).collect::<Vec<_>>().join("; "), problems.len())
        };
        let of_310 = || list("demo-1-cp310-cp310-linux_x86_64.whl", &["a", "b"]);
        let both = "a & b; python_version == \"3.10\" & b>2; (os_name == 'x') and (python_version == \"3.11\")";
        let of_311 = list("demo-1-cp311-cp311-linux_x86_64.whl", &["a", "b>2; os_name == 'x'"]);
        assert_eq!(agreed([of_310(), of_311]), (both.to_owned(), 0));
        let same = list("demo-1-cp311-cp311-linux_x86_64.whl", &["b", "a"]);
        assert_eq!(agreed([of_310(), same]), ("a & b".to_owned(), 0));
        for file in [
            "demo-1-cp310-cp310-manylinux_2_28_x86_64.whl",
            "demo-1-cp39-abi3-linux_x86_64.whl",
            "demo-1-cp311-abi3-linux_x86_64.whl",
        ] {
            assert_eq!(agreed([of_310(), list(file, &["c"])]), (String::new(), 1), "{file}");
        }
    }
}
