//! The conditions under which an entry of a 2.1 lock is installed: its `groups` and `markers`, and edits of these.

use super::coverage::{both, in_brackets};
use super::toml::string;
use crate::lock::poetry::PoetryBlock;
use crate::text::{Patch, Source, Span};

/// The groups of an entry in Poetry's order, each with its marker; none: always. Locks before 2.1 have no groups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Guards(Vec<(String, Option<String>)>);

impl Guards {
    /// Those of an entry.
    pub(super) fn of(block: &PoetryBlock) -> Self {
        Self(block.groups.clone())
    }

    /// One marker for all groups of an entry.
    pub(super) fn all(block: &PoetryBlock, marker: &str) -> Self {
        Self(block.groups.iter().map(|(group, _)| (group.clone(), Some(marker.to_owned()))).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(group, marker)| (group.as_str(), marker.as_deref()))
    }

    /// Also in a group where a marker holds.
    #[must_use]
    pub(super) fn or(mut self, group: &str, marker: Option<String>) -> Self {
        match self.0.iter_mut().find(|(name, _)| name == group) {
            Some((_, own)) => {
                *own = match (own.take(), marker) {
                    (None, _) | (_, None) => None,
                    (Some(own), Some(marker)) => Some(either([own, marker])),
                };
            }
            None => {
                self.0.push((group.to_owned(), marker));
                self.0.sort_by(|(one, _), (other, _)| (one != "main", one).cmp(&(other != "main", other)));
            }
        }
        self
    }

    /// Only where a marker holds.
    #[must_use]
    pub(super) fn and(self, marker: Option<&str>) -> Self {
        Self(self.0.into_iter().map(|(group, own)| (group, both(own, marker))).collect())
    }

    /// Only where one of the others holds in the same group.
    #[must_use]
    pub(super) fn within(self, others: &[Self]) -> Self {
        let narrowed = self.0.into_iter().filter_map(|(group, own)| {
            let there = || others.iter().flat_map(Self::iter).filter(|(name, _)| *name == group);
            there().next()?;
            let mut markers: Vec<String> = Vec::new();
            for (_, marker) in there() {
                let Some(marker) = marker else { return Some((group, own)) };
                if !markers.iter().any(|known| known == marker) {
                    markers.push(marker.to_owned());
                }
            }
            if own.as_ref().is_some_and(|own| markers.contains(own)) {
                return Some((group, own));
            }
            Some((group, both(own, Some(&either(markers)))))
        });
        Self(narrowed.collect())
    }

    /// The value of `groups`.
    pub(super) fn groups(&self) -> String {
        let names: Vec<String> = self.0.iter().map(|(group, _)| string(group)).collect();
        format!("[{}]", names.join(", "))
    }

    /// The value of `markers`; none where every group has none.
    pub(super) fn markers(&self) -> Option<String> {
        let (_, first) = self.0.first()?;
        if self.0.iter().all(|(_, marker)| marker == first) {
            return first.as_deref().map(string);
        }
        let each =
            self.0.iter().filter_map(|(group, marker)| Some(format!("{group} = {}", string(marker.as_deref()?))));
        Some(format!("{{{}}}", each.collect::<Vec<_>>().join(", ")))
    }

    /// Edits an entry so that it has these; `inside` says where a place of the lock is in the text that is edited.
    pub(super) fn put(&self, source: &Source, block: &PoetryBlock, inside: impl Fn(Span) -> Span, patch: &mut Patch) {
        let old = Self::of(block);
        if let Some(span) = block.groups_at.filter(|_| old.groups() != self.groups()) {
            patch.replace(inside(span), self.groups());
        }
        let (before, after) = (old.markers(), self.markers());
        if before == after {
            return;
        }
        match (block.markers_at, after) {
            (Some(span), Some(marker)) => patch.replace(inside(span), marker),
            (Some(span), None) => patch.replace(inside(source.lines(span)), ""),
            (None, Some(marker)) => {
                if let Some(files) = block.files {
                    let start = source.lines(files).start;
                    patch.insert(inside(Span { start, end: start }).start, format!("markers = {marker}\n"));
                }
            }
            (None, None) => {}
        }
    }
}

fn either(markers: impl IntoIterator<Item = String>) -> String {
    let markers: Vec<String> = markers.into_iter().collect();
    match markers.as_slice() {
        [one] => one.clone(),
        several => several.iter().map(|one| in_brackets(one)).collect::<Vec<_>>().join(" or "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::poetry::PoetryLock;

    /// An entry with these markers after it is put under a guard.
    fn put(markers: &str, guards: impl Fn(Guards) -> Guards) -> String {
        let head = "[[package]]\nname = \"a\"\nversion = \"1\"\noptional = false\npython-versions = \"*\"\n";
        let tail = "files = []\n\n[metadata]\nlock-version = \"2.1\"\npython-versions = \"*\"\ncontent-hash = \"00\"\n";
        let text = format!("{head}groups = [\"main\"]\n{markers}{tail}");
        let lock = PoetryLock::parse("poetry.lock", text, None).unwrap();
        let block = &lock.layout().unwrap()[0];
        let mut patch = Patch::default();
        guards(Guards::of(block)).put(&lock.source, block, |span| span, &mut patch);
        let text = patch.apply(&lock.source.text).unwrap();
        text.strip_prefix(head).and_then(|text| text.strip_suffix(tail)).unwrap().to_owned()
    }

    #[test]
    fn markers_that_go_take_their_line_along_and_no_other() {
        let everywhere = |guards: Guards| guards.or("main", None);
        for line in [
            "markers = \"os_name == 'nt'\"\n",
            "markers = \"os_name == 'nt'\" # why\n",
            "markers = \"os_name == 'nt'\"\r\n",
        ] {
            assert_eq!(put(line, everywhere), "groups = [\"main\"]\n", "{line:?}");
        }
        assert_eq!(put("", everywhere), "groups = [\"main\"]\n");
        assert_eq!(put("", |guards| guards.and(Some("a"))), "groups = [\"main\"]\nmarkers = \"a\"\n");
        let dev = put("", |guards| guards.or("dev", Some("a".to_owned())));
        assert_eq!(dev, "groups = [\"main\", \"dev\"]\nmarkers = {dev = \"a\"}\n");
    }
}
