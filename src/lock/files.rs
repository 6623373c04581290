//! The files that a lock admits for an entry.
//!
//! A lock has thousands of them, and the name of most is never asked for. So a name is no text of its own, but a place in
//! a text that many share: the lock's own, where it is there letter for letter.

use std::fmt;
use std::sync::Arc;

use crate::packaging::digest::Sha256;
use crate::text::{Span, Text};

/// A digest as a lock has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockedDigest {
    /// The kind this tool writes.
    Sha256(Sha256),
    /// Another kind that pip's hash mode takes, `sha384:…` or `sha512:…`: kept where it is.
    Strong(String),
    /// A kind that pip's hash mode does not take, `md5:…`: counts as no digest.
    Weak(String),
}

impl LockedDigest {
    /// The SHA-256, if that is what the lock has.
    pub fn sha256(&self) -> Option<Sha256> {
        match self {
            Self::Sha256(digest) => Some(*digest),
            Self::Strong(_) | Self::Weak(_) => None,
        }
    }

    /// True if pip's hash mode takes it.
    pub fn counts(&self) -> bool {
        !matches!(self, Self::Weak(_))
    }
}

/// One file that a lock admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockedFile<'f> {
    /// Its name. A requirements file does not say.
    pub name: Option<&'f str>,
    /// Its digest.
    pub digest: &'f LockedDigest,
}

/// All files of an entry, in the lock's order. A copy costs next to nothing.
#[derive(Clone, Default)]
pub struct LockedFiles(Option<Shared>);

#[derive(Clone)]
struct Shared {
    text: Text,
    files: Arc<[Placed]>,
}

/// A file whose name is in a text.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    name: Option<Name>,
    digest: LockedDigest,
}

/// The place of a name: half as wide as a [`Span`].
#[derive(Debug, Clone, Copy)]
struct Name {
    start: u32,
    end: u32,
}

impl Placed {
    /// A file whose name is in a text; `None` if that is so far behind that the place cannot be kept.
    pub(super) fn new(name: Span, digest: Sha256) -> Option<Self> {
        let name = Name { start: u32::try_from(name.start).ok()?, end: u32::try_from(name.end).ok()? };
        Some(Self { name: Some(name), digest: LockedDigest::Sha256(digest) })
    }
}

impl LockedFiles {
    /// Files whose names are in a text.
    pub(super) fn within(text: &Text, files: impl IntoIterator<Item = Placed>) -> Self {
        Self(Some(Shared { text: text.clone(), files: files.into_iter().collect() }))
    }

    /// One after the other.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = LockedFile<'_>> {
        self.0.iter().flat_map(|Shared { text, files }| {
            let name = |name: Name| text.get(name.start as usize..name.end as usize);
            files.iter().map(move |file| LockedFile { name: file.name.and_then(name), digest: &file.digest })
        })
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|shared| shared.files.is_empty())
    }

    /// Those for which something holds.
    #[must_use]
    pub fn filtered(&self, holds: impl Fn(LockedFile<'_>) -> bool) -> Self {
        let kept = self.iter().filter(|file| holds(*file));
        kept.map(|file| (file.name.map(str::to_owned), file.digest.clone())).collect()
    }
}

impl FromIterator<(Option<String>, LockedDigest)> for LockedFiles {
    fn from_iter<I: IntoIterator<Item = (Option<String>, LockedDigest)>>(files: I) -> Self {
        let mut names = String::new();
        let place = |(name, digest): (Option<String>, LockedDigest)| {
            let place = name.and_then(|name| {
                let start = u32::try_from(names.len()).ok()?;
                let end = u32::try_from(names.len() + name.len()).ok()?;
                names.push_str(&name);
                Some(Name { start, end })
            });
            Placed { name: place, digest }
        };
        let files: Arc<[Placed]> = files.into_iter().map(place).collect();
        if files.is_empty() { Self(None) } else { Self(Some(Shared { text: names.into(), files })) }
    }
}

impl PartialEq for LockedFiles {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for LockedFiles {}

impl fmt::Debug for LockedFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_their_own_and_names_in_a_text_are_the_same() {
        let text = "x a.whl, b.whl".to_owned().into();
        let (one, other) = (Sha256::of_bytes(b"one"), Sha256::of_bytes(b"other"));
        let placed = [Placed::new((2..7).into(), one).unwrap(), Placed::new((9..14).into(), other).unwrap()];
        let within = LockedFiles::within(&text, placed);
        let owned: LockedFiles = [("a.whl", one), ("b.whl", other)]
            .into_iter()
            .map(|(name, digest)| (Some(name.to_owned()), LockedDigest::Sha256(digest)))
            .collect();
        assert_eq!(within, owned);
        assert_eq!(owned.iter().map(|file| file.name).collect::<Vec<_>>(), [Some("a.whl"), Some("b.whl")]);
        let last = within.filtered(|file| file.name == Some("b.whl"));
        assert_eq!(last.iter().map(|file| file.digest.clone()).collect::<Vec<_>>(), [LockedDigest::Sha256(other)]);
        assert_ne!(last, within);
        assert!(within.filtered(|_| false).is_empty() && LockedFiles::default().is_empty());
    }

    #[test]
    fn a_file_may_have_no_name() {
        let digest = LockedDigest::Weak("md5:0".to_owned());
        let files: LockedFiles = [(None, digest.clone()), (Some(String::new()), digest)].into_iter().collect();
        assert_eq!(files.iter().map(|file| file.name).collect::<Vec<_>>(), [None, Some("")]);
    }
}
