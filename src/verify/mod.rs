//! Do the wheels behind the pins have these digests? Pure: the witnesses are gathered elsewhere.
//!
//! ```text
//! Lock ──► Pinned ──► Subject ──────────────────────────────► Verified     (judge)
//!         (pins)         │  the lock's own digest                 ▲
//!                        ├─ the catalogue's          (catalogued) │
//!                        ├─ the index page's         (testimony) ─┤
//!                        └─ the bytes, and what a wheel says of itself (testimony, contents)
//! ```
//!
//! Not here: reading pages and bytes (`edge`, wired by `command::verify`).
//!
//! Imports: `text`, `packaging`, `report`, `catalog`, `lock`, `plan`, `write`.

pub mod catalogued;
pub mod contents;
mod judge;
pub mod learned;
pub mod pins;
pub mod testimony;

pub use judge::judge;

use crate::packaging::archive::Opened;
use crate::packaging::digest::Sha256;
use crate::report::Witness;
use crate::report::error::Problem;

use pins::PinnedEntry;

/// A file that was read to its end, here or earlier.
#[derive(Debug, Clone)]
pub struct Hashed {
    /// The digest of its bytes.
    pub sha256: Sha256,
    /// Their number.
    pub size: u64,
    /// The way they were read, for the report.
    pub how: &'static str,
    /// Its own metadata.
    pub opened: Opened,
}

/// One file, and the witnesses of it.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The entry that pins it.
    pub pinned: PinnedEntry,
    /// The file's name.
    pub name: String,
    /// Its address, if the lock has it.
    pub url: Option<String>,
    /// The digests that the lock gives it; more than one only at a URL.
    pub locked: Vec<Sha256>,
    /// Its bytes, or why they could not be read; `None`: nobody looked.
    pub hashed: Option<Result<Hashed, Problem>>,
    /// The others.
    pub witnesses: Vec<Witness>,
    /// The size of the bytes that were hashed.
    pub size: Option<u64>,
    /// The other witnesses of its size.
    pub sizes: Vec<(String, u64)>,
    /// The faults beside those of digests.
    pub wrong: Vec<Problem>,
    /// Why a question could not be answered.
    pub unanswered: Vec<Problem>,
    /// Further facts worth knowing.
    pub notes: Vec<String>,
}

impl Subject {
    /// A file with no witness but the lock yet.
    pub fn new(pinned: PinnedEntry, name: String, locked: Vec<Sha256>) -> Self {
        Self {
            pinned,
            name,
            url: None,
            locked,
            hashed: None,
            witnesses: Vec::new(),
            size: None,
            sizes: Vec::new(),
            wrong: Vec::new(),
            unanswered: Vec::new(),
            notes: Vec::new(),
        }
    }
}
