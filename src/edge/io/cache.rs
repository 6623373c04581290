//! The memory of finished downloads, in the user's cache folder: which digest the file at a URL had under a tag.
//!
//! A file's name is a digest itself, of the URL, the tag and the length; so nothing that an index says can lead out of
//! the folder, and no URL, which may hold a secret, is kept. Its content is `SHA256 SIZE`. The folder's number grows with
//! what a download must be for its digest to be remembered: what a laxer version remembered is not believed.

use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;

use super::network::set;
use crate::packaging::digest::Sha256;

/// The memory.
#[derive(Debug)]
pub struct Cache(PathBuf);

/// The state of a file.
#[derive(Debug, Clone, Copy)]
pub struct CacheKey<'k> {
    /// Its address without a login.
    pub url: &'k str,
    /// Its tag, a strong one.
    pub tag: &'k str,
    /// Its length in bytes.
    pub length: u64,
}

impl Cache {
    /// The memory in the user's cache folder: `$XDG_CACHE_HOME`, else `~/.cache`; on macOS `~/Library/Caches`; on Windows
    /// `%LOCALAPPDATA%`. `None` if the system says none of these.
    pub fn of_user() -> Option<Self> {
        let set = |name: &str| set(name).map(PathBuf::from);
        let usual = || {
            if cfg!(windows) {
                set("LOCALAPPDATA")
            } else if cfg!(target_os = "macos") {
                Some(set("HOME")?.join("Library/Caches"))
            } else {
                Some(set("HOME")?.join(".cache"))
            }
        };
        // The XDG standard has relative paths ignored.
        let folder = set("XDG_CACHE_HOME").filter(|path| path.is_absolute()).or_else(usual)?;
        Some(Self(folder.join("torchswap").join("digests-2")))
    }

    /// The digest that was remembered.
    pub fn recall(&self, key: CacheKey<'_>) -> Option<Sha256> {
        let mut text = String::new();
        fs::File::open(self.path(key)).ok()?.take(200).read_to_string(&mut text).ok()?;
        let (digest, size) = text.trim_end().split_once(' ')?;
        (size.parse() == Ok(key.length)).then(|| digest.parse().ok())?
    }

    /// Remembers a digest. That it cannot be remembered is no reason to stop.
    pub fn remember(&self, key: CacheKey<'_>, digest: Sha256) {
        let write = || -> std::io::Result<()> {
            let _whole = super::undisturbed();
            fs::create_dir_all(&self.0)?;
            let mut file = tempfile::NamedTempFile::new_in(&self.0)?;
            writeln!(file, "{digest} {}", key.length)?;
            file.persist(self.path(key)).map_err(|error| error.error)?;
            Ok(())
        };
        // The next run hashes again.
        let _ = write();
    }

    fn path(&self, key: CacheKey<'_>) -> PathBuf {
        // No URL, and no tag that came as a header, has a line end.
        let text = format!("{}\n{}\n{}", key.url, key.tag, key.length);
        let name = Sha256::of_bytes(text.as_bytes());
        self.0.join(name.to_string())
    }
}
