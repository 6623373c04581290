//! The links of an index page that are wanted wheels, and the builds these were made for. Pure.

use std::collections::BTreeSet;

use pep440_rs::Version;
use pep508_rs::PackageName;
use url::Url;

use crate::catalog::listing::Filter;
use crate::catalog::{Built, Family, Index, WheelLabel, WheelRow, built_in_family};
use crate::edge::index::{Link, Page, shown, without_login};
use crate::packaging::address;
use crate::packaging::digest::Sha256;
use crate::packaging::target::Backend;
use crate::packaging::wheel::WheelName;
use crate::report::error::{Code, Problem};

/// The most links that are reported as left out.
const MOST_NOTES: usize = 20;

/// A wheel that a page links to.
#[derive(Debug, Clone)]
pub(super) struct LinkedWheel {
    pub(super) link: Link,
    pub(super) wheel: WheelName,
    label: WheelLabel,
    index: Index,
}

impl LinkedWheel {
    /// The wheel's row, once its digest is known.
    pub(super) fn row(
        &self,
        sha256: Sha256,
        size: Option<u64>,
        evidence: &str,
        requires_python: Option<String>,
    ) -> WheelRow {
        let row = WheelRow {
            size,
            yanked: self.link.yanked.is_some(),
            evidence: evidence.into(),
            ..found(&self.wheel, self.label, &self.index, sha256)
        };
        row.for_pythons(requires_python.or_else(|| self.link.requires_python.clone()))
    }

    /// The row as far as the page has it. Where that has no digest there is none in it that counts: such a row serves to
    /// choose by, and is never kept.
    pub(super) fn draft(&self) -> WheelRow {
        self.row(self.link.sha256.unwrap_or(Sha256::from_bytes([0; 32])), self.link.size, "index", None)
    }
}

/// The wheels of a release that are asked for, each once, and what should be known of the others. Of what neither label nor
/// folder tells the build the page has that which was `asked` for.
pub(super) fn candidates(
    page: &Page,
    name: &PackageName,
    version: &Version,
    filter: &Filter,
    asked: Option<Backend>,
    index: Option<&Index>,
) -> (Vec<LinkedWheel>, Vec<String>) {
    admitted(page, name, version, filter, |link, wheel| {
        let built = Built::of(wheel, folder(&link.url), asked);
        let index = place(link, index).map_err(|why| format!("was left out: {why}"))?;
        Ok((built.into(), index))
    })
}

/// The wheels of a release that a page of links has and that are asked for, each once; and why others are not taken.
pub(super) fn linked(
    page: &Page,
    name: &PackageName,
    version: &Version,
    filter: &Filter,
) -> (Vec<LinkedWheel>, Vec<String>) {
    admitted(page, name, version, filter, |link, wheel| {
        let in_folder = address::decoded(folder(&link.url)).unwrap_or_default();
        let label = WheelLabel::of(wheel, &in_folder, filter.backend)?;
        Ok((label, place(link, None).map_err(|why| format!("is left out: {why}"))?))
    })
}

/// The wheels of a release that a filter admits, each once, with their label and their place; and why others have none.
fn admitted(
    page: &Page,
    name: &PackageName,
    version: &Version,
    filter: &Filter,
    tell: impl Fn(&Link, &WheelName) -> Result<(WheelLabel, Index), String>,
) -> (Vec<LinkedWheel>, Vec<String>) {
    let (mut found, mut notes) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for link in of_release(page, name, version) {
        let Ok(wheel) = link.file.parse::<WheelName>() else { continue };
        let (label, index) = match tell(link, &wheel) {
            Ok(label) => label,
            Err(_) if notes.len() >= MOST_NOTES => continue,
            Err(why) => {
                notes.push(format!("{wheel} {why}"));
                continue;
            }
        };
        let candidate = LinkedWheel { link: link.clone(), wheel, label, index };
        if filter.admits(&candidate.draft()) && seen.insert((candidate.index.clone(), link.file.clone(), link.sha256)) {
            found.push(candidate);
        }
    }
    (found, notes)
}

/// A row for a wheel whose name says everything.
pub(super) fn found(wheel: &WheelName, label: WheelLabel, index: &Index, sha256: Sha256) -> WheelRow {
    WheelRow {
        torch: label.torch,
        abi: label.abi,
        catalogue: super::INDEX.into(),
        ..WheelRow::found(wheel.clone(), label.built, index.clone(), sha256)
    }
}

/// The wheels of all releases, on an index that is the default one for installers.
pub(super) fn all(page: &Page, name: &PackageName, index: Option<&Index>) -> Vec<LinkedWheel> {
    let wheels = page.links.iter().filter_map(|link| Some((link, link.file.parse::<WheelName>().ok()?)));
    let own = wheels.filter(|(_, wheel)| wheel.name == *name);
    let candidates = own.filter_map(|(link, wheel)| {
        let index = place(link, index).ok()?;
        Some(LinkedWheel { link: link.clone(), wheel, label: Built::Unknown.into(), index })
    });
    candidates.collect()
}

/// The wheels of a release, every build of it, unless a build is named.
fn of_release<'p>(page: &'p Page, name: &'p PackageName, version: &'p Version) -> impl Iterator<Item = &'p Link> {
    page.links.iter().filter(move |link| link.file.parse().is_ok_and(|wheel| is_of(&wheel, name, version)))
}

/// True for a wheel of a release: of every build of it, unless one is named.
pub(super) fn is_of(wheel: &WheelName, name: &PackageName, version: &Version) -> bool {
    let same = if version.is_local() { wheel.version == *version } else { wheel.public_version() == *version };
    wheel.name == *name && same
}

/// The name of a URL's folder.
fn folder(url: &Url) -> &str {
    url.path_segments().and_then(|segments| segments.rev().nth(1)).unwrap_or_default()
}

/// The index of a wheel: the folder it lies in, or the one that was asked. Its URL must be the folder and the name.
fn place(link: &Link, index: Option<&Index>) -> Result<Index, String> {
    if let Some(index) = index {
        return Ok(index.clone());
    }
    let url = without_login(&link.url);
    // PyTorch's index links to a second host with the same files. One of the two names is enough.
    let text = address::canonical(url.as_str());
    let folder = address::folder(&text).ok_or("its address has no folder")?;
    if !address::is_same(&text, &format!("{folder}/{}", link.file)) {
        return Err("its address does not end in its name".to_owned());
    }
    folder.parse()
}

/// The error where nothing of what is asked for is there; it names what is.
pub(super) fn none(page: &Page, place: &Url, name: &PackageName, version: &Version, filter: &Filter) -> Problem {
    let build = filter.backend.map(|backend| format!(" for {}", backend.spoken())).unwrap_or_default();
    let pythons = filter.pythons.iter().map(|python| format!("CPython {python}"));
    let limits: Vec<String> = filter.platforms.iter().map(ToString::to_string).chain(pythons).collect();
    let limits = if limits.is_empty() { String::new() } else { format!(" ({})", limits.join(", ")) };
    let message = format!("{} has no wheel of {name} {version}{build}{limits}", shown(place));
    let problem = Problem::new(Code::Unknown, message);
    let there: BTreeSet<&str> = of_release(page, name, version).map(|link| link.file.as_str()).collect();
    if !there.is_empty() {
        let first: Vec<&str> = there.iter().take(5).copied().collect();
        return problem.help(format!("of this release it has {} wheels: {} …", there.len(), first.join(", ")));
    }
    let releases: BTreeSet<Version> =
        page.links.iter().filter_map(|link| Some(link.file.parse::<WheelName>().ok()?.public_version())).collect();
    let newest: Vec<String> = releases.iter().rev().take(5).map(ToString::to_string).collect();
    if newest.is_empty() { problem } else { problem.help(format!("its newest releases are {}", newest.join(", "))) }
}

/// True if a package belongs to torch's family: its builds are chosen by the user, never by a requirement.
pub(super) fn is_family(name: &PackageName) -> bool {
    built_in_family(name) != Family::No
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::index::MetadataFile;

    fn page(urls: &[&str]) -> Page {
        let link = |text: &&str| {
            let url = Url::parse(text).unwrap();
            let file = url.path_segments().unwrap().next_back().unwrap().replace("%2B", "+");
            Link {
                file,
                url,
                sha256: Some(Sha256::from_bytes([7; 32])),
                size: None,
                requires_python: None,
                yanked: None,
                metadata: MetadataFile::Absent,
            }
        };
        Page { links: urls.iter().map(link).collect(), odd: Vec::new() }
    }

    const BASE: &str = "https://download-r2.pytorch.org/whl/cu130";

    fn found(files: &[&str], version: &str, backend: Option<Backend>) -> Vec<String> {
        let name = files[0].split('-').next().unwrap();
        let urls: Vec<String> = files.iter().map(|file| format!("{BASE}/{file}")).collect();
        let page = page(&urls.iter().map(String::as_str).collect::<Vec<_>>());
        let filter = Filter { backend, ..Filter::default() };
        let (found, _) = candidates(&page, &name.parse().unwrap(), &version.parse().unwrap(), &filter, backend, None);
        found
            .iter()
            .map(|one| one.draft().to_string().split('\t').skip(1).take(4).collect::<Vec<_>>().join(" "))
            .collect()
    }

    #[test]
    fn takes_the_wheels_of_the_release_and_the_build() {
        let files = [
            "torch-2.9.1%2Bcu130-cp310-cp310-manylinux_2_28_x86_64.whl",
            "torch-2.9.1%2Bcu128-cp310-cp310-manylinux_2_28_x86_64.whl",
            "torch-2.9.1-cp310-none-macosx_11_0_arm64.whl",
            "torch-2.9.1-cp310-cp310-manylinux_2_28_aarch64.whl",
            "torch-2.9.0%2Bcu130-cp310-cp310-manylinux_2_28_x86_64.whl",
            "torch-2.9.1.tar.gz",
            "torch-2.9.1%2Bcu130-3-cp310-cp310-win_amd64.whl",
        ];
        let index = "https://download.pytorch.org/whl/cu130";
        let cuda = found(&files, "2.9.1", Some(Backend::Cuda(13, 0)));
        assert_eq!(
            cuda,
            [
                format!("2.9.1+cu130 cu130 {index} torch-2.9.1+cu130-cp310-cp310-manylinux_2_28_x86_64.whl"),
                format!("2.9.1 cu130 {index} torch-2.9.1-cp310-cp310-manylinux_2_28_aarch64.whl"),
                format!("2.9.1+cu130 cu130 {index} torch-2.9.1+cu130-3-cp310-cp310-win_amd64.whl"),
            ]
        );
        assert_eq!(found(&files, "2.9.1+cu128", None).len(), 1);
        assert_eq!(found(&files, "2.9.1", None).len(), 5);
        assert_eq!(found(&files, "2.9.1", Some(Backend::Cpu)).len(), 1, "the Mac's");
    }

    #[test]
    fn only_what_is_built_by_backend_gets_one() {
        let built = |file: &str, version: &str, backend| {
            let rows = found(&[file], version, backend);
            rows.first().map(|row| row.split(' ').nth(1).unwrap().to_owned())
        };
        let cuda = Some(Backend::Cuda(13, 0));
        assert_eq!(built("numpy-2.0-cp312-cp312-macosx_11_0_arm64.whl", "2.0", None).as_deref(), Some("-"));
        assert_eq!(built("filelock-4.0-py3-none-any.whl", "4.0", cuda), None);
        assert_eq!(built("vllm-1.0-cp312-cp312-linux_x86_64.whl", "1.0", cuda).as_deref(), Some("cu130"));
        assert_eq!(built("vllm-1.0%2Bcu118-cp312-cp312-linux_x86_64.whl", "1.0", None).as_deref(), Some("cu118"));
        assert_eq!(built("torchtext-1.0-py3-none-any.whl", "1.0", cuda).as_deref(), Some("any"));
        assert_eq!(built("triton-1.0-cp312-cp312-linux_x86_64.whl", "1.0", None).as_deref(), Some("-"));
    }

    #[test]
    fn an_address_is_a_folder_and_a_name() {
        let place_of = |url: &str, file: &str| {
            let mut link = page(&[url]).links.remove(0);
            file.clone_into(&mut link.file);
            place(&link, None).map(|index| index.to_string())
        };
        let file = "a-1+cpu-py3-none-any.whl";
        assert_eq!(
            place_of("https://me:secret@x.example/a/b/a-1%2Bcpu-py3-none-any.whl", file).unwrap(),
            "https://x.example/a/b"
        );
        for url in [
            "https://x.example/a/other-1-py3-none-any.whl",
            "https://x.example/a/a-1%2Bcpu-py3-none-any.whl?token=secret",
        ] {
            let error = place_of(url, file).unwrap_err();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
