//! Tiny wheels.

use torchswap::packaging::digest::Sha256;

/// A wheel that a test makes: its name, and what it says of itself.
#[derive(Debug, Clone)]
pub struct Wheel {
    pub file: String,
    pub requires: Vec<String>,
    pub tag: String,
    pub record: bool,
    /// The name in its METADATA.
    pub name: String,
    /// Bytes of ballast.
    pub ballast: usize,
    /// Its Requires-Python; empty: none.
    pub python: String,
    /// A text in it.
    pub note: String,
}

impl Wheel {
    /// A wheel that is what its name says: `demo-1.0+cu118-py3-none-any.whl`.
    pub fn new(file: &str) -> Self {
        let parts: Vec<&str> = file.trim_end_matches(".whl").split('-').collect();
        Self {
            file: file.to_owned(),
            requires: Vec::new(),
            tag: parts[parts.len() - 3..].join("-"),
            record: true,
            name: parts[0].to_owned(),
            ballast: 1000,
            python: ">=3.8".to_owned(),
            note: String::new(),
        }
    }

    #[must_use]
    pub fn requires(mut self, list: &[&str]) -> Self {
        self.requires = list.iter().map(|&one| one.to_owned()).collect();
        self
    }

    fn version(&self) -> &str {
        self.file.split('-').nth(1).unwrap()
    }

    /// Its METADATA.
    pub fn metadata(&self) -> String {
        let requires = self.requires.iter().map(|one| format!("Requires-Dist: {one}\n"));
        let python = (!self.python.is_empty()).then(|| format!("Requires-Python: {}\n", self.python));
        let fields: String = python.into_iter().chain(requires).collect();
        format!("Metadata-Version: 2.1\nName: {}\nVersion: {}\n{fields}\n", self.name, self.version())
    }

    /// The file.
    pub fn bytes(&self) -> Vec<u8> {
        let folder = format!("{}-{}.dist-info", self.file.split('-').next().unwrap(), self.version());
        let metadata = self.metadata();
        let mut members = vec![
            ("ballast".to_owned(), vec![7; self.ballast]),
            (format!("{folder}/METADATA"), metadata.into_bytes()),
            (format!("{folder}/WHEEL"), format!("Wheel-Version: 1.0\nTag: {}\n", self.tag).into_bytes()),
        ];
        if !self.note.is_empty() {
            members.push(("note".to_owned(), self.note.clone().into_bytes()));
        }
        if self.record {
            members.push((format!("{folder}/RECORD"), Vec::new()));
        }
        zip(&members)
    }

    pub fn sha256(&self) -> Sha256 {
        Sha256::of_bytes(&self.bytes())
    }
}

/// A zip archive whose members are stored (APPNOTE 4.3).
fn zip(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in members {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        let size = (bytes.len() as u32).to_le_bytes();
        let mut common = Vec::new();
        // Version, flags, method, time, date: as old as a zip can be.
        for number in [20u16, 0, 0, 0, 0x21] {
            common.extend(number.to_le_bytes());
        }
        common.extend(crc.sum().to_le_bytes());
        common.extend(size);
        common.extend(size);
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        let at = (out.len() as u32).to_le_bytes();
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(bytes);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(at);
        directory.extend(name.as_bytes());
    }
    let count = (members.len() as u16).to_le_bytes();
    let (start, size) = ((out.len() as u32).to_le_bytes(), (directory.len() as u32).to_le_bytes());
    out.extend(directory);
    out.extend(b"PK\x05\x06\x00\x00\x00\x00");
    out.extend(count);
    out.extend(count);
    out.extend(size);
    out.extend(start);
    out.extend([0, 0]);
    out
}
