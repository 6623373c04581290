//! The indexes that a lock's entries come from, as options of pip.

use std::collections::BTreeSet;

use super::{LockVersion, PoetryLock};
use crate::lock::index_option;
use crate::lock::pyproject::ProjectIndex;

impl PoetryLock {
    /// The options that make pip look at the indexes used, as `poetry export` writes them: in the project's order, the
    /// first as `--index-url` where it takes the place of the default index. `http` ones are trusted, as Poetry does. A page of links is
    /// none of them: pip finds nothing below it, though `poetry export` calls it an index.
    pub fn index_options(&self, used: &BTreeSet<&str>) -> Vec<String> {
        let project: &[ProjectIndex] = self.project.as_ref().map_or(&[], |project| &project.indexes);
        let replaces = |index: &ProjectIndex| match index.priority.as_deref() {
            Some("default") => true,
            // Since Poetry 2 a primary source is in the place of the default index, unless that is named as well.
            None | Some("primary") => self.version >= LockVersion::V2_1,
            Some(_) => false,
        };
        let default_named = project.iter().any(|index| index.name.eq_ignore_ascii_case("pypi"));
        let first = project.iter().find(|index| replaces(index)).filter(|_| !default_named);
        let first = first.and_then(|index| index.url.as_deref());
        let named = project.iter().filter_map(|index| index.url.as_deref()).filter(|url| used.contains(url));
        let mut order: Vec<&str> = first.into_iter().filter(|url| used.contains(url)).collect();
        for url in named.chain(used.iter().copied()) {
            if !order.contains(&url) {
                order.push(url);
            }
        }
        let option = |url| if Some(url) == first { "--index-url" } else { "--extra-index-url" };
        order.into_iter().flat_map(|url| index_option(option(url), url)).collect()
    }
}
