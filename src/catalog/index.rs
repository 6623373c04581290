//! The indexes and folders that serve wheels.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::text::{quoted, variable};

/// The index or folder that serves a wheel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Index {
    /// The Python Package Index, which needs no URL in a requirements file.
    Pypi,
    /// A folder: the wheel's URL without the last slash and the file name.
    Url(Arc<str>),
}

impl Index {
    /// `pypi`, or the folder's URL.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pypi => "pypi",
            Self::Url(url) => url,
        }
    }
}

impl FromStr for Index {
    type Err = String;

    /// `pypi`, or the `http(s)` URL of a folder, or the `file` URL of one of this machine, with neither a query, a fragment, a login, a variable of pip nor a slash at its end.
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "pypi" {
            return Ok(Self::Pypi);
        }
        let local = text.strip_prefix("file:///").map(|_| "localhost");
        let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).or(local) else {
            return Err(format!("`{}` is neither `pypi` nor the http(s) URL of a folder", quoted(text)));
        };
        let host = rest.split('/').next().unwrap_or_default();
        if host.is_empty() || host.contains('@') {
            return Err(format!("`{}` has no host, or has a login", quoted(text)));
        }
        if text.ends_with('/') || text.contains(|c: char| !c.is_ascii_graphic() || matches!(c, '?' | '#' | '"' | '\\'))
        {
            return Err(format!("`{}` ends in a slash, or has a query, a fragment or an odd character", quoted(text)));
        }
        if let Some(name) = variable(text) {
            return Err(format!("`{}` contains `{name}`, which pip would replace by a variable", quoted(text)));
        }
        Ok(Self::Url(text.into()))
    }
}

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
