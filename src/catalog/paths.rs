//! Where the default index keeps a file: a path that follows from another digest of it, so it has to be known.
//!
//! `paths.tsv`: sha256, and the path without the file's name. Formats that name no address do without.

use super::table::Table;
use crate::packaging::digest::Sha256;

const PATHS: Table<'static> = Table::new(include_str!("paths.tsv"));

/// The path of a file on the default index, from `packages/` up to the file's name, without a slash at either end.
pub fn path_on_default_index(sha256: &Sha256) -> Option<String> {
    let key = format!("{sha256}\t");
    let path = PATHS.from(&key).first()?.strip_prefix(&key)?;
    Some(format!("packages/{path}"))
}
