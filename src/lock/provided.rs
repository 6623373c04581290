//! The packages of an image, as pip or uv list them there: the output leaves them out.
//!
//! Read are `pip freeze`, `pip list` (columns, `--format=freeze`, `--format=json`), `pip inspect`, and a constraints file
//! such as `/etc/pip/constraint.txt` of NVIDIA's images. Of a constraints file the pins count (`==`): a range limits what
//! may be there, not what is.

use std::str::FromStr;

use pep440_rs::Version;
use pep508_rs::PackageName;
use serde_json::Value;

use super::condition;
use crate::packaging::marker::{self, Extras, Marker};
use crate::packaging::requirement;
use crate::packaging::target::Environment;
use crate::report::error::{Code, Problem, Result};
use crate::text::{Source, cut, quoted};

/// The packages of an image, and how many of them are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provided {
    /// The file that lists them, for messages.
    pub file: Option<String>,
    /// The packages in the file.
    pub installed: Vec<ImagePackage>,
    /// The packages named besides: these are left out in any release.
    pub names: Vec<PackageName>,
    /// All packages of the image are left out, not only torch and what belongs to it.
    pub all: bool,
}

/// One package of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImagePackage {
    /// Which.
    pub name: PackageName,
    /// Its version; `None`: the file does not say (`name @ file:///…`, `-e …`), or it is no version of PEP 440.
    pub version: Option<Version>,
    marker: Option<Marker>,
}

impl Provided {
    /// Whether the image has a package, and in which version as far as that is known.
    pub fn has(&self, name: &PackageName, environment: Environment) -> Option<Option<&Version>> {
        let holds = |one: &&ImagePackage| !condition(one.marker.as_ref(), environment, &Extras::new()).is_never();
        let listed = self.installed.iter().filter(|one| one.name == *name).find(holds);
        listed.map(|one| one.version.as_ref()).or_else(|| self.names.contains(name).then_some(None))
    }
}

/// Reads the list of an image's packages.
///
/// # Errors
/// A line that is none of these formats', a package in two versions, and a file without a package.
pub fn parse(source: &Source) -> Result<Vec<ImagePackage>> {
    let text = source.text.trim_start_matches('\u{feff}').trim_start();
    let all = if text.starts_with(['{', '[']) { json(source, text)? } else { lines(source)? };
    if all.is_empty() {
        let problem = Problem::new(Code::Syntax, format!("{} names no package of an image", source.name));
        return Err(problem.help(HELP).into());
    }
    Ok(all)
}

const HELP: &str = "write it in the image: pip freeze > FILE";

fn lines(source: &Source) -> Result<Vec<ImagePackage>> {
    let mut all: Vec<ImagePackage> = Vec::new();
    let mut columns = false;
    let mut start = 0;
    for whole in source.text.split_inclusive('\n') {
        let span = start..start + whole.trim_end().len();
        start += whole.len();
        let line = whole.trim_start_matches('\u{feff}').trim();
        let words: Vec<&str> = line.split_whitespace().collect();
        let read = match words.as_slice() {
            ["Package", "Version", ..] => {
                columns = true;
                Ok(None)
            }
            [name, version, ..] if columns && !name.starts_with('-') => named(name)
                .map(|name| Some(ImagePackage { name, version: Version::from_str(version).ok(), marker: None })),
            _ if columns => Ok(None),
            _ => freeze(line),
        };
        let wrong = |why: String| Problem::new(Code::Syntax, why).at(source, span.clone()).help(HELP);
        let Some(one) = read.map_err(wrong)? else { continue };
        let other = all.iter().find(|known| known.name == one.name && known.marker == one.marker);
        if let Some(other) = other.filter(|other| other.version != one.version) {
            let spoken = |one: &ImagePackage| one.version.as_ref().map_or("no version".to_owned(), ToString::to_string);
            let message = format!("{} is there twice: {} and {}", one.name, spoken(other), spoken(&one));
            return Err(wrong(message).help("keep the line of what is installed").into());
        }
        all.push(one);
    }
    Ok(all)
}

/// One line of `pip freeze` or of a constraints file; `None`: it names nothing that is there.
fn freeze(line: &str) -> std::result::Result<Option<ImagePackage>, String> {
    let code = line.split(" #").next().unwrap_or_default().trim_end_matches('\\').trim();
    if let Some((_, egg)) = code.split_once("#egg=").filter(|_| code.starts_with('-')) {
        let name = egg.split(['&', '[', ' ']).next().unwrap_or_default();
        return Ok(Some(ImagePackage { name: named(name)?, version: None, marker: None }));
    }
    if code.is_empty() || code.starts_with(['#', '-']) {
        return Ok(None);
    }
    let (before, written) = requirement::split(code);
    let marker = written.map(marker::parse).transpose()?;
    let before = before.split(" --").next().unwrap_or_default().trim();
    let end = before.find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c))).unwrap_or(before.len());
    let (name, rest) = before.split_at(end);
    let rest = rest.strip_prefix('[').and_then(|rest| Some(rest.split_once(']')?.1)).unwrap_or(rest).trim();
    let exact = rest.strip_prefix("===").or_else(|| rest.strip_prefix("=="));
    match exact.map(str::trim) {
        Some(version) if version.contains([',', '*']) => Ok(None),
        Some(version) => {
            Ok(Some(ImagePackage { name: named(name)?, version: Version::from_str(version).ok(), marker }))
        }
        None if rest.starts_with('@') => Ok(Some(ImagePackage { name: named(name)?, version: None, marker })),
        None if rest.starts_with(['<', '>', '!', '~']) => Ok(None),
        None => Err("this is not a line of `pip freeze`".to_owned()),
    }
}

fn named(name: &str) -> std::result::Result<PackageName, String> {
    let wrong = || format!("`{}` is not a package name", quoted(name));
    if name.ends_with(['-', '_', '.']) { Err(wrong()) } else { PackageName::from_str(name).map_err(|_| wrong()) }
}

/// `pip inspect`, or `pip list --format=json`. Of a package in several folders the first counts, as for Python.
fn json(source: &Source, text: &str) -> Result<Vec<ImagePackage>> {
    let wrong = |why: &str| Problem::new(Code::Syntax, format!("{}: {why}", source.name)).help(HELP);
    let read: Value = serde_json::from_str(text).map_err(|error| wrong(&cut(&error.to_string(), 200)))?;
    let (list, of): (_, fn(&Value) -> &Value) = match &read {
        Value::Array(list) => (Some(list), |one| one),
        other => (other.get("installed").and_then(Value::as_array), |one| &one["metadata"]),
    };
    let list = list.ok_or_else(|| wrong("neither `pip inspect` nor `pip list --format=json` wrote this"))?;
    let mut all: Vec<ImagePackage> = Vec::new();
    for one in list.iter().map(of) {
        let name = one["name"].as_str().ok_or_else(|| wrong("a package has no name"))?;
        let name = named(name).map_err(|why| wrong(&why))?;
        let version = one["version"].as_str().and_then(|version| Version::from_str(version).ok());
        if all.iter().all(|known| known.name != name) {
            all.push(ImagePackage { name, version, marker: None });
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let all = parse(&Source::new("image.txt", text)).unwrap();
        let spoken =
            |one: ImagePackage| format!("{} {}", one.name, one.version.map_or("?".to_owned(), |v| v.to_string()));
        all.into_iter().map(spoken).collect()
    }

    #[test]
    fn every_way_to_list_an_image_is_read() {
        let freeze = "\u{feff}# a comment\r\nJinja2==3.1.6\r\ntorch==2.6.0a0+ecf3bae40a.nv25.01\r\n\
                      apex @ file:///opt/apex/dist/apex.whl\r\n-e git+https://git.example/a@0123#egg=my_tool\r\n\
                      -e /opt/other\r\ndistro-info===1.1build1\r\nnumpy>=1.20 # via torch\r\nfsspec==2025.*\r\n\
                      mkl==1 ; sys_platform == \"linux\"\r\nrich[jupyter]==13.0 \\\r\n    --hash=sha256:00\r\n";
        let expected = [
            "jinja2 3.1.6",
            "torch 2.6.0a0+ecf3bae40a.nv25.1",
            "apex ?",
            "my-tool ?",
            "distro-info ?",
            "mkl 1",
            "rich 13.0",
        ];
        assert_eq!(read(freeze), expected);
        let columns = "Package Version Editable project location\n------- ------- ---\nJinja2  3.1.6\nmine    0.1.0   /opt/mine\n";
        assert_eq!(read(columns), ["jinja2 3.1.6", "mine 0.1.0"]);
        assert_eq!(read(r#"[{"name": "Jinja2", "version": "3.1.6"}]"#), ["jinja2 3.1.6"]);
        let inspect = r#"{"version": "1", "installed": [
            {"metadata": {"name": "torch", "version": "2.7.1+cu126"}}, {"metadata": {"name": "torch", "version": "2.0"}}]}"#;
        assert_eq!(read(inspect), ["torch 2.7.1+cu126"]);
    }

    #[test]
    fn what_is_no_list_of_an_image_is_refused_with_its_place() {
        let refused = |text: &str| parse(&Source::new("image.txt", text)).unwrap_err().to_string();
        for (text, why) in [
            ("torch==1\nsome words\n", "this is not a line of `pip freeze`"),
            ("torch\n", "this is not a line of `pip freeze`"),
            ("torch==1\ntorch==2\n", "torch is there twice: 1 and 2"),
            ("-==1\n", "names no package"),
            ("a-==1\n", "`a-` is not a package name"),
            ("numpy<2\n", "names no package of an image"),
            ("", "names no package of an image"),
            ("{\"a\": 1}", "neither `pip inspect` nor"),
            ("[{}]", "a package has no name"),
            ("[", "EOF"),
        ] {
            let message = refused(text);
            assert!(
                message.contains(why) && message.contains("pip freeze > FILE") | message.contains("keep the line"),
                "{message}"
            );
        }
        assert!(refused("torch==1\nsome words\n").contains("image.txt:2"));
    }
}
