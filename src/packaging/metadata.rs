//! Core metadata: the `METADATA` file of a wheel, as an index may also serve it beside the wheel (PEP 658, 714).
//!
//! It is written like the head of a mail: `Name: value` lines, a line that begins with a blank goes on with the one
//! before, and the first empty line ends the head. What comes behind is the description, which is not read.

use std::str::FromStr;

use pep440_rs::Version;
use pep508_rs::PackageName;

use crate::packaging::constraint::Constraint;
use crate::packaging::requirement;
use crate::text::quoted;

/// The fields of a release's metadata that matter here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// The package.
    pub name: PackageName,
    /// The version, local label included.
    pub version: Version,
    /// PEP 508 requirements in their order, each on one line; all of them can be read.
    pub requires_dist: Vec<String>,
    /// The Pythons it is for, if it says so.
    pub requires_python: Option<String>,
}

/// The most requirements of a list: the longest known has 70.
const MOST_REQUIREMENTS: usize = 2000;

impl Metadata {
    /// Reads a `METADATA` file.
    ///
    /// # Errors
    /// If it is not UTF-8, has not exactly one name and one version, or holds a requirement that cannot be read: a list
    /// with one left out would be a wrong list.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())?;
        let (mut name, mut version, mut requires_python, mut requires_dist) = (None, None, None, Vec::new());
        for (key, value) in fields(text)? {
            match key.to_ascii_lowercase().as_str() {
                "name" => once(&mut name, "Name", value)?,
                "version" => once(&mut version, "Version", value)?,
                "requires-python" => once(&mut requires_python, "Requires-Python", value)?,
                "requires-dist" if requires_dist.len() == MOST_REQUIREMENTS => {
                    return Err(format!("it has more than {MOST_REQUIREMENTS} requirements"));
                }
                "requires-dist" => {
                    requirement::check(&value)
                        .map_err(|why| format!("the requirement `{}` cannot be read: {why}", quoted(&value)))?;
                    requires_dist.push(value);
                }
                _ => {}
            }
        }
        let name = name.ok_or("it has no Name")?;
        let version = version.ok_or("it has no Version")?;
        if let Some(text) = &requires_python {
            Constraint::poetry(text).map_err(|_| format!("its Requires-Python `{}` cannot be read", quoted(text)))?;
        }
        Ok(Self {
            name: PackageName::from_str(&name).map_err(|_| format!("its Name `{}` is none", quoted(&name)))?,
            version: Version::from_str(&version)
                .map_err(|_| format!("its Version `{}` is none (PEP 440)", quoted(&version)))?,
            requires_dist,
            requires_python: requires_python.filter(|text| !text.is_empty()),
        })
    }
}

/// The fields of a head, each with its value on one line. `WHEEL` files are written alike.
///
/// # Errors
/// If a line is no field.
pub(crate) fn fields(text: &str) -> Result<Vec<(&str, String)>, String> {
    let mut all: Vec<(&str, String)> = Vec::new();
    let lines = text.strip_prefix('\u{feff}').unwrap_or(text).split('\n').map(|line| line.trim_end_matches('\r'));
    for line in lines.take_while(|line| !line.is_empty()) {
        if line.starts_with([' ', '\t']) {
            let (_, value) = all.last_mut().ok_or("it begins with a line that goes on with nothing")?;
            for word in line.split_whitespace() {
                value.push(' ');
                value.push_str(word);
            }
            continue;
        }
        let (key, value) = line.split_once(':').ok_or_else(|| format!("the line `{}` is no field", quoted(line)))?;
        all.push((key.trim_end(), value.split_whitespace().collect::<Vec<_>>().join(" ")));
    }
    Ok(all)
}

fn once(place: &mut Option<String>, key: &str, value: String) -> Result<(), String> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("it has two fields {key}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TORCH: &str = "Metadata-Version: 2.1\nName: torch\nVersion: 2.0.1+cu118\nSummary: Tensors\n and more\n\
                         Requires-Python: >=3.8.0\nRequires-Dist: filelock\nrequires-dist: triton (==2.0.0) ;\n \
                         platform_system == \"Linux\"\nProvides-Extra: opt\n\nName: not me\nRequires-Dist: nor me\n";

    #[test]
    fn reads_the_head_alone() {
        let read = Metadata::parse(TORCH.as_bytes()).unwrap();
        assert_eq!((read.name.as_ref(), read.version.to_string().as_str()), ("torch", "2.0.1+cu118"));
        assert_eq!(read.requires_python.as_deref(), Some(">=3.8.0"));
        assert_eq!(read.requires_dist, ["filelock", "triton (==2.0.0) ; platform_system == \"Linux\""]);
        assert_eq!(Metadata::parse(TORCH.replace('\n', "\r\n").as_bytes()), Ok(read));
    }

    #[test]
    fn no_tab_and_no_line_end_gets_into_a_value() {
        let text = "Name: a\nVersion: 1\nRequires-Dist: b\t>=1\n\t, <2\x0b;python_version\t< '4'\n";
        assert_eq!(Metadata::parse(text.as_bytes()).unwrap().requires_dist, ["b >=1 , <2 ;python_version < '4'"]);
    }

    #[test]
    fn refuses_what_it_cannot_vouch_for() {
        for (text, why) in [
            ("", "no Name"),
            ("Name: a\n", "no Version"),
            ("Name: a\nVersion: one\n", "Version"),
            ("Name: a b\nVersion: 1\n", "Name"),
            ("Name: a\nName: b\nVersion: 1\n", "two fields"),
            ("Name: a\nVersion: 1\nVersion: 2\n", "two fields"),
            ("Name: a\nVersion: 1\nRequires-Dist: b ==\n", "cannot be read"),
            ("Name: a\nVersion: 1\nRequires-Dist: b ; os_name\n", "cannot be read"),
            ("Name: a\nVersion: 1\nRequires-Python: new\n", "Requires-Python"),
            (" a\nName: a\n", "goes on"),
            ("Name: a\nnonsense\nVersion: 1\n", "no field"),
        ] {
            let error = Metadata::parse(text.as_bytes()).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
        assert!(Metadata::parse(b"Name: \xff\n").is_err());
        let many = format!("Name: a\nVersion: 1\n{}", "Requires-Dist: b\n".repeat(MOST_REQUIREMENTS + 1));
        assert!(Metadata::parse(many.as_bytes()).unwrap_err().contains("more than"));
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "((Name|Version|Requires-Dist|Requires-Python)?[: \t\r\n]{0,2}\\PC{0,9}\n?){0,9}") {
            let _ = Metadata::parse(text.as_bytes());
        }
    }
}
