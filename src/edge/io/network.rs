//! The network settings of the user's environment: the variables that pip, uv and curl read, too.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::cannot;
use crate::edge::index::{Netrc, Proxies, Settings};
use crate::report::error::{Problem, Result};

/// Variables that name a file (or a folder) of certificate authorities. All that are set count.
const AUTHORITIES: [&str; 4] = ["SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];

/// The network as the environment has it.
///
/// - Logins: the file that `NETRC` names, else `~/.netrc`, else `~/_netrc`, which Windows has.
/// - Proxies: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`; the lower-case names count first.
/// - Certificate authorities: `SSL_CERT_FILE`, `PIP_CERT`, `REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE`; if none is set those of
///   the system.
///
/// # Errors
/// If a file that is named cannot be read.
pub fn settings() -> Result<Settings> {
    let mut settings = Settings { netrc: netrc()?, proxies: proxies(), ..Settings::default() };
    for name in AUTHORITIES {
        if let Some(path) = set(name) {
            let path = PathBuf::from(path);
            let shown = format!("{} ({name})", path.display());
            let pem = authorities(&path).map_err(|error| cannot("read", &shown, &error))?;
            if settings.authorities.iter().all(|(_, known)| *known != pem) {
                settings.authorities.push((shown, pem));
            }
        }
    }
    Ok(settings)
}

/// A variable that is set to something.
pub(super) fn set(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

fn authorities(path: &Path) -> std::io::Result<Vec<u8>> {
    if !path.is_dir() {
        return fs::read(path);
    }
    let mut all = Vec::new();
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        if path.is_file() {
            all.extend(fs::read(path)?);
            all.push(b'\n');
        }
    }
    Ok(all)
}

fn netrc() -> Result<Netrc, Problem> {
    let home = set("HOME").or_else(|| set("USERPROFILE")).map(PathBuf::from);
    let usual = || home.into_iter().flat_map(|home| [".netrc", "_netrc"].map(|name| home.join(name))).collect();
    let paths: Vec<PathBuf> = set("NETRC").map_or_else(usual, |named| vec![PathBuf::from(named)]);
    for path in paths {
        match fs::read(&path) {
            Ok(bytes) => return Ok(Netrc::parse(&String::from_utf8_lossy(&bytes))),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(error) => return Err(cannot("read", &path.to_string_lossy(), &error)),
        }
    }
    Ok(Netrc::default())
}

fn proxies() -> Proxies {
    let proxy = |name: &str| {
        let value = set(&name.to_ascii_lowercase()).or_else(|| set(name))?;
        value.into_string().ok()
    };
    Proxies { http: proxy("HTTP_PROXY"), https: proxy("HTTPS_PROXY"), all: proxy("ALL_PROXY"), none: proxy("NO_PROXY") }
}
