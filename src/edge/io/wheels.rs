//! A folder of wheels.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use url::Url;

use super::cannot;
use crate::packaging::digest::Sha256;
use crate::packaging::wheel::WheelName;
use crate::report::error::{Problem, Result};

/// A wheel in a folder.
#[derive(Debug, Clone)]
pub struct Local {
    /// Its name.
    pub wheel: WheelName,
    path: PathBuf,
}

/// True for a file, which may hold a page of links; a folder holds the wheels themselves.
pub fn is_page(name: &str) -> bool {
    Path::new(name).is_file()
}

/// The address of a folder of this machine.
///
/// # Errors
/// If it is not there, or its path is no text.
pub fn folder_url(folder: &str) -> Result<String> {
    let path = fs::canonicalize(folder).map_err(|error| cannot("read", folder, &error))?;
    let url = Url::from_directory_path(&path).map(|url| url.as_str().trim_end_matches('/').to_owned());
    Ok(url.map_err(|()| cannot("read", folder, &std::io::Error::from(std::io::ErrorKind::InvalidInput)))?)
}

/// The wheels of a folder, by name. Other files are passed over.
///
/// # Errors
/// If the folder cannot be read.
pub fn wheels(folder: &str) -> Result<Vec<Local>> {
    let fail = |error: &std::io::Error| cannot("read", folder, error);
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| fail(&error))? {
        let path = entry.map_err(|error| fail(&error))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
        if let Some(wheel) = name.filter(|_| path.is_file()) {
            all.push(Local { wheel, path });
        }
    }
    all.sort_by(|one, other| one.wheel.as_str().cmp(other.wheel.as_str()));
    Ok(all)
}

impl Local {
    /// Its size in bytes, where the system says it.
    pub fn size(&self) -> u64 {
        fs::metadata(&self.path).map_or(0, |data| data.len())
    }

    /// Opens it for reading.
    ///
    /// # Errors
    /// If that cannot be.
    pub fn open(&self) -> Result<File, Problem> {
        File::open(&self.path).map_err(|error| cannot("read", &self.path.to_string_lossy(), &error))
    }

    /// Its digest and the number of its bytes.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn hash(&self, seen: impl FnMut(u64)) -> Result<(Sha256, u64), Problem> {
        Sha256::of(self.open()?, seen).map_err(|error| cannot("read", &self.path.to_string_lossy(), &error))
    }
}
