//! The packages that need another: the `# via` comments that pip-compile and uv write behind a requirement.
//!
//! ```text
//! name==1          # via a, b                       name==1
//!                                                       # via
//! name==1                                               #   a
//!     # via a                                           #   -r requirements.in
//! ```
//!
//! A block begins with a `via` comment (or uv's `from INDEX`) and continues with indented ones.

use pep508_rs::PackageName;

/// The packages that need one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// Another package of the file.
    Package(PackageName),
    /// The project: its input file, its pyproject.toml, or its name, in the comment's words.
    Root(String),
    /// A constraints file, `-c constraints.txt`. It does not need the package; it only limits its version.
    Constraint(String),
}

/// Reads the comments of one requirement in order.
#[derive(Debug, Default)]
pub(super) struct ViaReader {
    found: Option<Vec<Via>>,
    open: bool,
}

impl ViaReader {
    /// Takes a comment without its `#`. False if it says nothing about who needs the package.
    pub(super) fn take(&mut self, comment: &str) -> bool {
        let text = comment.trim();
        let word = text.split_whitespace().next().unwrap_or_default();
        if word == "via" {
            self.open = true;
            let rest = text["via".len()..].trim();
            let found = self.found.get_or_insert_default();
            found.extend(rest.split(", ").map(str::trim).filter(|item| !item.is_empty()).map(read));
            return true;
        }
        if word == "from" && text.contains("://") {
            self.open = false;
            return true;
        }
        let item = self.open && !text.is_empty() && (comment.starts_with("  ") || comment.starts_with('\t'));
        if item {
            self.found.get_or_insert_default().push(read(text));
        }
        item
    }

    /// The packages that the comments named; `None` if none did.
    pub(super) fn finish(self) -> Option<Vec<Via>> {
        self.found
    }
}

fn read(item: &str) -> Via {
    if item.starts_with("-c ") || item.starts_with("--constraint") {
        return Via::Constraint(item.to_owned());
    }
    // A file name can look like a package's.
    let file = [".in", ".txt", ".toml", ".cfg", ".py"].iter().any(|end| item.ends_with(end));
    match item.parse::<PackageName>() {
        Ok(name) if !file => Via::Package(name),
        Ok(_) | Err(_) => Via::Root(item.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(comments: &[&str]) -> (Vec<bool>, Option<Vec<Via>>) {
        let mut reader = ViaReader::default();
        let taken = comments.iter().map(|comment| reader.take(comment)).collect();
        (taken, reader.finish())
    }

    fn package(name: &str) -> Via {
        Via::Package(name.parse().unwrap())
    }

    #[test]
    fn reads_all_three_writings() {
        let (_, via) = read_all(&[" via torch, Torch_Vision"]);
        assert_eq!(via, Some(vec![package("torch"), package("torch-vision")]));
        let (taken, via) =
            read_all(&[" via", "   torch", "   -r requirements.in", "   -c limits.txt", " note", "   x"]);
        assert_eq!(taken, [true, true, true, true, false, true]);
        let root = Via::Root("-r requirements.in".to_owned());
        let limit = Via::Constraint("-c limits.txt".to_owned());
        assert_eq!(via, Some(vec![package("torch"), root, limit, package("x")]));
        let (taken, via) = read_all(&[" via torch", " from https://index.example/simple", " via x"]);
        assert_eq!(taken, [true, true, true]);
        assert_eq!(via, Some(vec![package("torch"), package("x")]));
    }

    #[test]
    fn tells_projects_and_files_from_packages() {
        for root in ["-r requirements.in", "project (pyproject.toml)", "requirements.in", "setup.py", "a/b"] {
            assert_eq!(read(root), Via::Root(root.to_owned()));
        }
    }

    #[test]
    fn other_comments_say_nothing() {
        let (taken, via) = read_all(&[" viaduct", "   indented", " from here", ""]);
        assert_eq!(taken, [false; 4]);
        assert_eq!(via, None);
    }
}
