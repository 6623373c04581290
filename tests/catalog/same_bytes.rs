//! One digest under several names, and one digest for several builds: whoever trusts a digest trusts a name and a build
//! with it, so each such case is listed here with its reason.

use std::collections::{BTreeMap, BTreeSet};

use super::wheels;

/// PyTorch's index and the default one name the very bytes by other platform tags; of torchvision 0.20.0 the default one has a
/// build number, too. All but one are for aarch64, of which the default index asks for a manylinux tag. Ascending.
const TWO_NAMES: [(&str, &str); 30] = [
    (
        "torch-2.1.0-cp311-cp311-manylinux2014_aarch64.whl",
        "torch-2.1.0-cp311-cp311-manylinux_2_17_aarch64.manylinux2014_aarch64.whl",
    ),
    (
        "torch-2.1.1-cp310-cp310-manylinux2014_aarch64.whl",
        "torch-2.1.1-cp310-cp310-manylinux_2_17_aarch64.manylinux2014_aarch64.whl",
    ),
    (
        "torch-2.1.2-cp311-cp311-manylinux2014_aarch64.whl",
        "torch-2.1.2-cp311-cp311-manylinux_2_17_aarch64.manylinux2014_aarch64.whl",
    ),
    ("torchaudio-0.7.2-cp38-cp38-linux_x86_64.whl", "torchaudio-0.7.2-cp38-cp38-manylinux1_x86_64.whl"),
    ("torchaudio-2.2.2-cp311-cp311-linux_aarch64.whl", "torchaudio-2.2.2-cp311-cp311-manylinux2014_aarch64.whl"),
    ("torchaudio-2.3.1-cp310-cp310-linux_aarch64.whl", "torchaudio-2.3.1-cp310-cp310-manylinux2014_aarch64.whl"),
    ("torchaudio-2.3.1-cp311-cp311-linux_aarch64.whl", "torchaudio-2.3.1-cp311-cp311-manylinux2014_aarch64.whl"),
    ("torchaudio-2.5.1-cp310-cp310-linux_aarch64.whl", "torchaudio-2.5.1-cp310-cp310-manylinux2014_aarch64.whl"),
    ("torchaudio-2.5.1-cp311-cp311-linux_aarch64.whl", "torchaudio-2.5.1-cp311-cp311-manylinux2014_aarch64.whl"),
    ("torchaudio-2.5.1-cp312-cp312-linux_aarch64.whl", "torchaudio-2.5.1-cp312-cp312-manylinux2014_aarch64.whl"),
    ("torchaudio-2.5.1-cp39-cp39-linux_aarch64.whl", "torchaudio-2.5.1-cp39-cp39-manylinux2014_aarch64.whl"),
    ("torchaudio-2.6.0-cp311-cp311-linux_aarch64.whl", "torchaudio-2.6.0-cp311-cp311-manylinux_2_28_aarch64.whl"),
    ("torchaudio-2.6.0-cp312-cp312-linux_aarch64.whl", "torchaudio-2.6.0-cp312-cp312-manylinux_2_28_aarch64.whl"),
    ("torchaudio-2.6.0-cp313-cp313-linux_aarch64.whl", "torchaudio-2.6.0-cp313-cp313-manylinux_2_28_aarch64.whl"),
    ("torchvision-0.16.0-cp311-cp311-linux_aarch64.whl", "torchvision-0.16.0-cp311-cp311-manylinux2014_aarch64.whl"),
    ("torchvision-0.16.2-cp311-cp311-linux_aarch64.whl", "torchvision-0.16.2-cp311-cp311-manylinux2014_aarch64.whl"),
    ("torchvision-0.17.1-cp311-cp311-linux_aarch64.whl", "torchvision-0.17.1-cp311-cp311-manylinux2014_aarch64.whl"),
    ("torchvision-0.17.2-cp311-cp311-linux_aarch64.whl", "torchvision-0.17.2-cp311-cp311-manylinux2014_aarch64.whl"),
    ("torchvision-0.17.2-cp312-cp312-linux_aarch64.whl", "torchvision-0.17.2-cp312-cp312-manylinux2014_aarch64.whl"),
    ("torchvision-0.20.0-1-cp311-cp311-manylinux2014_aarch64.whl", "torchvision-0.20.0-cp311-cp311-linux_aarch64.whl"),
    ("torchvision-0.20.0-1-cp312-cp312-manylinux2014_aarch64.whl", "torchvision-0.20.0-cp312-cp312-linux_aarch64.whl"),
    ("torchvision-0.20.1-cp310-cp310-linux_aarch64.whl", "torchvision-0.20.1-cp310-cp310-manylinux2014_aarch64.whl"),
    ("torchvision-0.20.1-cp311-cp311-linux_aarch64.whl", "torchvision-0.20.1-cp311-cp311-manylinux2014_aarch64.whl"),
    ("torchvision-0.20.1-cp312-cp312-linux_aarch64.whl", "torchvision-0.20.1-cp312-cp312-manylinux2014_aarch64.whl"),
    ("torchvision-0.20.1-cp39-cp39-linux_aarch64.whl", "torchvision-0.20.1-cp39-cp39-manylinux2014_aarch64.whl"),
    ("torchvision-0.21.0-cp310-cp310-linux_aarch64.whl", "torchvision-0.21.0-cp310-cp310-manylinux_2_28_aarch64.whl"),
    ("torchvision-0.21.0-cp311-cp311-linux_aarch64.whl", "torchvision-0.21.0-cp311-cp311-manylinux_2_28_aarch64.whl"),
    ("torchvision-0.21.0-cp312-cp312-linux_aarch64.whl", "torchvision-0.21.0-cp312-cp312-manylinux_2_28_aarch64.whl"),
    ("torchvision-0.21.0-cp313-cp313-linux_aarch64.whl", "torchvision-0.21.0-cp313-cp313-manylinux_2_28_aarch64.whl"),
    ("torchvision-0.21.0-cp39-cp39-linux_aarch64.whl", "torchvision-0.21.0-cp39-cp39-manylinux_2_28_aarch64.whl"),
];

#[test]
fn bytes_with_two_names_are_the_known_ones() {
    let mut names: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for row in wheels() {
        names.entry(row.sha256).or_default().insert(row.wheel.as_str().to_owned());
    }
    let several: BTreeSet<Vec<String>> =
        names.into_values().filter(|names| names.len() > 1).map(|names| names.into_iter().collect()).collect();
    let known: BTreeSet<Vec<String>> =
        TWO_NAMES.iter().map(|(one, other)| vec![(*one).to_owned(), (*other).to_owned()]).collect();
    assert_eq!(several, known);
}

/// They are one release for one Python: a name says nothing else than the other.
#[test]
fn such_names_differ_in_the_platform_alone() {
    let mut tried = 0;
    let known: BTreeSet<&str> = TWO_NAMES.iter().flat_map(|(one, other)| [*one, *other]).collect();
    let rows: BTreeMap<String, _> = wheels()
        .into_iter()
        .filter(|row| known.contains(row.wheel.as_str()))
        .map(|row| (row.wheel.to_string(), row))
        .collect();
    for (one, other) in TWO_NAMES {
        let (one, other) = (&rows[one], &rows[other]);
        assert_eq!((&one.wheel.name, &one.wheel.version), (&other.wheel.name, &other.wheel.version));
        let python = |file: &str| file.rsplit('-').nth(2).unwrap().to_owned();
        assert_eq!(python(one.wheel.as_str()), python(other.wheel.as_str()));
        tried += 1;
    }
    assert_eq!(tried, 30);
}

/// Where the gathered facts gave one file two builds, the tables say what the bytes are: a CPU build by its aarch64 tag.
#[test]
fn no_bytes_are_said_to_be_two_builds() {
    let mut builds: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for row in wheels() {
        builds.entry(row.sha256).or_default().insert(row.built.to_string());
    }
    let several: Vec<_> = builds.into_iter().filter(|(_, builds)| builds.len() > 1).collect();
    assert!(several.is_empty(), "{several:?}");
}
