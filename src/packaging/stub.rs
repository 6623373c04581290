//! A stub: a wheel without a file of its own, which only requires another package in its place.
//!
//! A requirement for a package by its name on CPUs is met with the stub, and gets the GPU build that the stub requires.
//! Its bytes depend only on the two names and the version, so that its digest can be checked in.

use std::rc::Rc;

use flate2::Crc;
use pep440_rs::Version;
use pep508_rs::PackageName;

use super::digest::Sha256;

/// The label of a stub's version: no index has it.
const LABEL: &str = "torchswap";

/// The end of each stub's file name.
pub const ENDING: &str = "+torchswap-py3-none-any.whl";

/// A stub, whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stub {
    /// Its version: that of the release, with a label.
    pub version: Version,
    /// The package that takes its place.
    pub stands_for: PackageName,
    /// The name of its file.
    pub file: String,
    /// The digest of its bytes.
    pub sha256: Sha256,
    /// The file itself.
    pub bytes: Rc<[u8]>,
}

/// True if a version is a stub's.
pub fn is_stub(version: &Version) -> bool {
    matches!(version.local(), [pep440_rs::LocalSegment::String(only)] if only == LABEL)
}

impl Stub {
    /// Makes the stub of a release that another package's release of the same number replaces.
    pub fn new(name: &PackageName, release: &Version, stands_for: &PackageName) -> Self {
        let version = format!("{release}+{LABEL}");
        let folder = format!("{}-{version}.dist-info", name.as_dist_info_name());
        let metadata = format!(
            "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Dist: {stands_for}=={release}\n"
        );
        let wheel = "Wheel-Version: 1.0\nGenerator: torchswap\nRoot-Is-Purelib: true\nTag: py3-none-any\n".to_owned();
        let files = [(format!("{folder}/METADATA"), metadata), (format!("{folder}/WHEEL"), wheel)];
        let record = format!("{folder}/RECORD");
        let recorded = files.iter().map(|(path, text)| {
            format!("{path},sha256={},{}\n", base64(Sha256::of_bytes(text.as_bytes()).as_bytes()), text.len())
        });
        let text = recorded.collect::<String>() + &format!("{record},,\n");
        let bytes = zip(files.iter().chain([&(record, text)]));
        Self {
            file: format!("{}-{release}{ENDING}", name.as_dist_info_name()),
            version: Version::clone(release).with_local(vec![pep440_rs::LocalSegment::String(LABEL.to_owned())]),
            stands_for: stands_for.clone(),
            sha256: Sha256::of_bytes(&bytes),
            bytes: bytes.into(),
        }
    }
}

/// The base64 of URLs, without padding, as RECORD has it (PEP 376).
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for six in 0..=three.len() {
            text.push(char::from(LETTERS[(bits >> (18 - 6 * six) & 63) as usize]));
        }
    }
    text
}

/// An archive of stored files, of the first day that one can have.
fn zip<'f>(files: impl Iterator<Item = &'f (String, String)>) -> Vec<u8> {
    const DAY: u16 = 1 << 5 | 1;
    const MODE: u32 = 0o100_644 << 16;
    let (mut all, mut directory, mut count) = (Vec::new(), Vec::new(), 0u16);
    for (path, text) in files {
        let mut crc = Crc::new();
        crc.update(text.as_bytes());
        let [length, at] = [text.len(), all.len()].map(|number| u32::try_from(number).unwrap_or(u32::MAX));
        let name = u16::try_from(path.len()).unwrap_or(u16::MAX);
        // Version needed, flags, method, time, day, CRC, sizes, lengths of the name and of what there is beside it.
        let mut common = Vec::new();
        for short in [20u16, 0, 0, 0, DAY] {
            common.extend(short.to_le_bytes());
        }
        for long in [crc.sum(), length, length] {
            common.extend(long.to_le_bytes());
        }
        common.extend(name.to_le_bytes());
        common.extend([0; 2]);
        all.extend(b"PK\x03\x04");
        all.extend(&common);
        all.extend(path.as_bytes());
        all.extend(text.as_bytes());
        // Made on Unix; no comment, first disk, no attributes but the mode.
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(&common);
        directory.extend([0; 6]);
        directory.extend(MODE.to_le_bytes());
        directory.extend(at.to_le_bytes());
        directory.extend(path.as_bytes());
        count += 1;
    }
    let [size, at] = [directory.len(), all.len()].map(|number| u32::try_from(number).unwrap_or(u32::MAX));
    all.append(&mut directory);
    all.extend(b"PK\x05\x06\0\0\0\0");
    for number in [count, count] {
        all.extend(number.to_le_bytes());
    }
    for number in [size, at] {
        all.extend(number.to_le_bytes());
    }
    all.extend([0; 2]);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stub(name: &str, release: &str, stands_for: &str) -> Stub {
        Stub::new(&name.parse().unwrap(), &release.parse().unwrap(), &stands_for.parse().unwrap())
    }

    /// A digest that changed would make every file that has it wrong.
    #[test]
    fn the_bytes_are_the_same_for_ever() {
        for (name, release, stands_for, file, digest) in [
            (
                "onnxruntime",
                "1.22.0",
                "onnxruntime-gpu",
                "onnxruntime-1.22.0+torchswap-py3-none-any.whl",
                "5c92c7e4074391ba7c11ed8b8e3e22468151949061897931876a11c953b1e76c",
            ),
            (
                "faiss-cpu",
                "1.9.0.post1",
                "faiss-gpu-cu12",
                "faiss_cpu-1.9.0.post1+torchswap-py3-none-any.whl",
                "45fc6e5d559caaa8a1928b5fa83d00dbca5599107ba1449dc2666b2388baa7a5",
            ),
            (
                "xgboost",
                "3.0.0",
                "xgboost-cpu",
                "xgboost-3.0.0+torchswap-py3-none-any.whl",
                "cbce11cc1d0d2c712360e89b9ed718521d00f55806c4f2ff55cd02f94c5f9245",
            ),
        ] {
            let made = stub(name, release, stands_for);
            assert_eq!((made.file.as_str(), made.sha256.to_string().as_str()), (file, digest), "{name}");
            assert!(made.bytes.len() < 1024, "{}", made.bytes.len());
        }
    }

    #[test]
    fn the_version_is_that_of_the_release_with_a_label() {
        let made = stub("a-b", "1.9.0.post1", "a-b-gpu");
        assert_eq!(
            (made.version.to_string().as_str(), made.file.as_str()),
            ("1.9.0.post1+torchswap", "a_b-1.9.0.post1+torchswap-py3-none-any.whl")
        );
        assert!(is_stub(&made.version) && !is_stub(&"1.0+cpu".parse().unwrap()) && !is_stub(&"1.0".parse().unwrap()));
        assert!(
            made.file.parse::<crate::packaging::wheel::WheelName>().is_ok_and(|wheel| wheel.version == made.version)
        );
    }

    #[test]
    fn base64_is_as_the_standard_has_it() {
        let coded =
            ["", "f", "fo", "foo", "foob", "fooba", "foobar", "\u{3ff}\u{3fe}"].map(|text| base64(text.as_bytes()));
        assert_eq!(coded, ["", "Zg", "Zm8", "Zm9v", "Zm9vYg", "Zm9vYmE", "Zm9vYmFy", "z7_Pvg"]);
    }
}
