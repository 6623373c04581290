//! Paths of files within their repository: code scanning and annotations name them so.

use std::path::{Component, Path, PathBuf};

/// The current folder, and the root of the repository around it.
#[derive(Debug, Clone, Default)]
pub struct Repository {
    here: PathBuf,
    root: PathBuf,
}

impl Repository {
    /// The one around the current folder; without one that folder itself.
    pub fn here() -> Self {
        let here = std::env::current_dir().unwrap_or_default();
        let root = depth(&here).and_then(|depth| here.ancestors().nth(depth)).unwrap_or(&here).to_owned();
        Self { here, root }
    }

    /// A file's path from the root, with slashes; as it was named if it lies elsewhere.
    pub fn path(&self, file: &str) -> String {
        if file == super::STDIN_SHOWN {
            return file.to_owned();
        }
        let mut whole = PathBuf::new();
        for part in self.here.join(file).components() {
            match part {
                Component::CurDir => {}
                Component::ParentDir => {
                    whole.pop();
                }
                Component::Prefix(_) | Component::RootDir | Component::Normal(_) => whole.push(part),
            }
        }
        let below = whole.strip_prefix(&self.root).ok().and_then(Path::to_str);
        below.filter(|below| !below.is_empty()).unwrap_or(file).replace('\\', "/")
    }
}

/// How far a folder lies below the root of the repository around it; `None`: there is none.
pub(super) fn depth(folder: &Path) -> Option<usize> {
    folder.ancestors().position(|folder| folder.join(".git").exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_from_the_root() {
        let repository = Repository { here: "/a/repo/app".into(), root: "/a/repo".into() };
        for (file, from_the_root) in [
            ("poetry.lock", "app/poetry.lock"),
            ("./x/../poetry.lock", "app/poetry.lock"),
            ("../poetry.lock", "poetry.lock"),
            ("/a/repo/docker/Dockerfile", "docker/Dockerfile"),
            ("/elsewhere/poetry.lock", "/elsewhere/poetry.lock"),
            ("../../other.lock", "../../other.lock"),
            ("<stdin>", "<stdin>"),
        ] {
            assert_eq!(repository.path(file), from_the_root);
        }
    }
}
