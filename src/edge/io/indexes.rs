//! The indexes that the user's pip and uv ask: variables, and pip's configuration files.
//!
//! A default index is `PIP_INDEX_URL`, `UV_DEFAULT_INDEX`, `UV_INDEX_URL`, or pip's `index-url`; the first that is set counts.
//! Further ones are `UV_INDEX` and `UV_EXTRA_INDEX_URL`, which uv asks before the default one, and `PIP_EXTRA_INDEX_URL`, or else
//! pip's `extra-index-url`: addresses parted by white space, before which uv may have a name (`internal=https://…`).
//!
//! Pip's files are read in pip's order, and of two that set the same the later counts: the machine's, the user's (not where
//! `PIP_CONFIG_FILE` names a file), that of the virtual environment, the one that `PIP_CONFIG_FILE` names. The null device
//! there means none at all. With `PIP_NO_INDEX`, or `no-index`, pip asks none, and what is set for pip counts for nothing.
//! In all of them `[install]` counts before `[global]`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::cannot;
use super::network::set;
use crate::report::error::{Code, Problem, Result};

/// The indexes of the user's pip and uv, as written; they may hold logins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InstallerIndexes {
    /// Those that uv asks before it, in order: the first that has a package is the one.
    pub first: Vec<String>,
    /// The default one.
    pub default: Option<String>,
    /// Those of pip's that are asked for what the others lack, in order.
    pub extra: Vec<String>,
}

/// The sections that count for what installs, the last before all others.
const SECTIONS: [&str; 2] = ["global", "install"];

/// The words that pip takes for yes.
const TRUE: [&str; 6] = ["1", "true", "yes", "on", "y", "t"];

/// Reads the environment and pip's files.
///
/// # Errors
/// If a file of pip's cannot be read, or is written as pip would not read it either.
pub fn indexes() -> Result<InstallerIndexes> {
    let mut values = Values::new();
    for path in pip_files() {
        let shown = path.to_string_lossy();
        match fs::read_to_string(&path) {
            Ok(text) => values.extend(parse(&text).map_err(|line| {
                let message = format!("{shown}, line {line}, is neither a section, a setting nor a comment");
                Problem::new(Code::Syntax, message).help("pip reads this file, too; PIP_CONFIG_FILE names another")
            })?),
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory) => {
            }
            Err(error) => return Err(cannot("read", &shown, &error).into()),
        }
    }
    Ok(choose(&|name| set(name).and_then(|value| value.into_string().ok()), &values))
}

type Values = BTreeMap<(String, String), String>;

fn choose(variable: &dyn Fn(&str) -> Option<String>, values: &Values) -> InstallerIndexes {
    let configured = |key: &str| {
        let of =
            |section: &&str| values.get(&((*section).to_owned(), key.to_owned())).filter(|value| !value.is_empty());
        SECTIONS.iter().rev().find_map(of).cloned()
    };
    let no_index = variable("PIP_NO_INDEX").or_else(|| configured("no-index"));
    let asks = !no_index.is_some_and(|text| TRUE.contains(&text.to_ascii_lowercase().as_str()));
    let of_uv = || ["UV_DEFAULT_INDEX", "UV_INDEX_URL"].into_iter().find_map(variable);
    let default = variable("PIP_INDEX_URL").filter(|_| asks).or_else(of_uv);
    let default = default.or_else(|| configured("index-url").filter(|_| asks));
    let pip = variable("PIP_EXTRA_INDEX_URL").or_else(|| configured("extra-index-url")).filter(|_| asks);
    let uv = [variable("UV_INDEX"), variable("UV_EXTRA_INDEX_URL")];
    let default = default.map(|text| without_name(text.trim()).to_owned());
    let mut seen: BTreeSet<String> = default.iter().cloned().collect();
    let mut new = |list: &[Option<String>]| -> Vec<String> {
        let urls = list.iter().flatten().flat_map(|list| list.split_whitespace()).map(without_name);
        urls.filter(|url| seen.insert((*url).to_owned())).map(str::to_owned).collect()
    };
    let first = new(&uv);
    let extra = new(&[pip]);
    InstallerIndexes { first, default, extra }
}

/// uv takes a name before an address.
fn without_name(text: &str) -> &str {
    match text.split_once('=') {
        Some((name, url)) if !name.contains([':', '/']) => url,
        Some(_) | None => text,
    }
}

/// The files of pip's configuration, in the order in which it reads them.
fn pip_files() -> Vec<PathBuf> {
    let (file, null) = if cfg!(windows) { ("pip.ini", "nul") } else { ("pip.conf", "/dev/null") };
    let named = set("PIP_CONFIG_FILE").map(PathBuf::from);
    if named.as_deref() == Some(Path::new(null)) {
        return Vec::new();
    }
    let folder = |name: &str| set(name).map(PathBuf::from);
    let below = |folder: PathBuf| folder.join("pip").join(file);
    let home = folder("HOME").or_else(|| folder("USERPROFILE"));
    let mut files: Vec<PathBuf> = Vec::new();
    if cfg!(windows) {
        files.extend(folder("ProgramData").map(below));
    } else if cfg!(target_os = "macos") {
        files.push(Path::new("/Library/Application Support/pip").join(file));
    } else {
        let all = set("XDG_CONFIG_DIRS").unwrap_or_else(|| "/etc/xdg".into());
        files.extend(std::env::split_paths(&all).map(below));
        files.push(Path::new("/etc").join(file));
    }
    if named.as_ref().is_none_or(|named| !named.exists()) {
        files.extend(home.as_ref().map(|home| home.join(if cfg!(windows) { "pip" } else { ".pip" }).join(file)));
        let support = home.as_ref().map(|home| home.join("Library/Application Support/pip"));
        let own = match support.filter(|folder| cfg!(target_os = "macos") && folder.is_dir()) {
            Some(support) => Some(support.join(file)),
            None if cfg!(windows) => folder("APPDATA").map(below),
            None => folder("XDG_CONFIG_HOME").or_else(|| Some(home?.join(".config"))).map(below),
        };
        files.extend(own);
    }
    files.extend(folder("VIRTUAL_ENV").map(|folder| folder.join(file)));
    files.extend(named);
    files
}

/// Reads a file as Python's `configparser` does that pip has: sections, `key = value` or `key: value`, and lines that go
/// on, which are indented further. Names are compared as pip compares them.
///
/// # Errors
/// The number of the line that is none of these.
fn parse(text: &str) -> std::result::Result<Values, usize> {
    let mut values = Values::new();
    let mut section: Option<String> = None;
    let mut last: Option<(String, String)> = None;
    let mut indent = 0;
    for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let plain = line.trim();
        if plain.is_empty() || plain.starts_with(['#', ';']) {
            continue;
        }
        // A continuation is indented further than its setting, which may be indented itself.
        let own_indent = line.chars().take_while(|c| c.is_whitespace()).count();
        if own_indent > indent
            && let Some(value) = last.as_ref().and_then(|key| values.get_mut(key))
        {
            value.push('\n');
            value.push_str(plain);
            continue;
        }
        indent = own_indent;
        // pip ignores what follows a section's name.
        let name = plain.strip_prefix('[').and_then(|rest| rest.rsplit_once(']'));
        if let Some((name, _)) = name.filter(|(name, _)| !name.is_empty()) {
            (section, last) = (Some(name.to_owned()), None);
            continue;
        }
        let Some((section, (key, value))) = section.as_ref().zip(plain.split_once(['=', ':'])) else {
            return Err(at + 1);
        };
        let key = key.trim().to_lowercase().replace('_', "-");
        let key = (section.clone(), key.strip_prefix("--").unwrap_or(&key).to_owned());
        values.insert(key.clone(), value.trim().to_owned());
        last = Some(key);
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indexes(variables: &[(&str, &str)], file: &str) -> (Option<String>, String) {
        let variable =
            |name: &str| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned());
        let all = choose(&variable, &parse(file).unwrap());
        (all.default, [all.first, all.extra].concat().join(" "))
    }

    const FILE: &str = "# pip's\n[global]\nindex_url = https://a.example/simple\nextra-index-url =\n    https://b.example/simple\n    # one more\n    \
                        https://c.example/simple https://b.example/simple\n\n[install]\n; nothing\ntrusted-host: a.example\n";

    #[test]
    fn a_configuration_is_read_as_pip_reads_it() {
        let bc = "https://b.example/simple https://c.example/simple".to_owned();
        assert_eq!(indexes(&[], FILE), (Some("https://a.example/simple".to_owned()), bc.clone()));
        let install = format!("{FILE}index-url: https://d.example/simple\n");
        assert_eq!(indexes(&[], &install).0.as_deref(), Some("https://d.example/simple"));
        // A variable takes the place of what the files say.
        let variables = [("PIP_INDEX_URL", "https://v.example/simple"), ("PIP_EXTRA_INDEX_URL", "https://w.example")];
        assert_eq!(indexes(&variables, &install), (Some(variables[0].1.to_owned()), variables[1].1.to_owned()));
        // Other commands' sections, and what is empty, count for nothing.
        let file = "[download]\nindex-url = https://x.example\n[install]\nindex-url =\n[global]\n--index-url=https://y.example";
        assert_eq!(indexes(&[], file).0.as_deref(), Some("https://y.example"));
        for odd in ["index-url = https://a.example", "[global]\nindex-url", "  [global\n", "[]\na = b"] {
            assert!(parse(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn settings_may_be_indented_as_a_whole() {
        let file = "[global] # the company's\n  index-url = https://a.example/simple\n  extra-index-url =\n    https://b.example\n\n    \
                    https://c.example\n  timeout = 60\n";
        let bc = "https://b.example https://c.example".to_owned();
        assert_eq!(indexes(&[], file), (Some("https://a.example/simple".to_owned()), bc));
    }

    #[test]
    fn pip_may_ask_no_index() {
        let file = format!("{FILE}no-index = yes\n");
        assert_eq!(indexes(&[], &file), (None, String::new()));
        assert_eq!(indexes(&[("PIP_NO_INDEX", "True")], FILE), (None, String::new()));
        // A variable counts before the file, and uv does not read pip's settings.
        assert!(indexes(&[("PIP_NO_INDEX", "0")], &file).0.is_some());
        let uv = [("UV_DEFAULT_INDEX", "https://u.example"), ("UV_INDEX", "x=https://x.example")];
        let all = [&uv[..], &[("PIP_INDEX_URL", "https://p.example")]].concat();
        assert_eq!(indexes(&all, &file), (Some("https://u.example".to_owned()), "https://x.example".to_owned()));
    }

    #[test]
    fn uv_takes_names_before_addresses() {
        let variables = [
            ("UV_DEFAULT_INDEX", "mine=https://a.example/simple?x=1"),
            (
                "UV_INDEX",
                "one=https://b.example/simple\n https://c.example/simple?y=2 two=https://a.example/simple?x=1",
            ),
            ("UV_EXTRA_INDEX_URL", "https://b.example/simple https://d.example"),
        ];
        let extra = "https://b.example/simple https://c.example/simple?y=2 https://d.example";
        assert_eq!(indexes(&variables, ""), (Some("https://a.example/simple?x=1".to_owned()), extra.to_owned()));
        let all = choose(
            &|name| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned()),
            &Values::new(),
        );
        assert_eq!((all.first.len(), all.extra.len()), (3, 0), "uv asks them before the default one");
        // pip's comes first.
        let both = [("UV_INDEX_URL", "https://u.example"), ("PIP_INDEX_URL", "https://p.example")];
        assert_eq!(indexes(&both, "").0.as_deref(), Some("https://p.example"));
        assert_eq!(indexes(&both[..1], FILE).0.as_deref(), Some("https://u.example"));
    }
}
