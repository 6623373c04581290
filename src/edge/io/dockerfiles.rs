//! Finding Dockerfiles.

use std::fs;
use std::path::{Path, PathBuf};

/// How far below the current folder they are looked for, and in how many folders.
const DEEPEST: usize = 3;
const MOST: usize = 1000;

/// Folders that hold what others made.
const FOREIGN: [&str; 5] = ["node_modules", "site-packages", "target", "vendor", "venv"];

/// The Dockerfiles in the current folder and below, the nearest first, then by name. A folder that cannot be read, and what
/// is a link, has none.
pub fn dockerfiles() -> Vec<String> {
    let (mut found, mut folders, mut seen) = (Vec::new(), vec![PathBuf::new()], 0);
    for _ in 0..=DEEPEST {
        let mut below = Vec::new();
        for folder in folders {
            seen += 1;
            if seen > MOST {
                break;
            }
            let Ok(entries) = fs::read_dir(if folder == Path::new("") { Path::new(".") } else { &folder }) else {
                continue;
            };
            let mut here = Vec::new();
            for entry in entries.filter_map(Result::ok) {
                let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else { continue };
                let path = folder.join(&name);
                if kind.is_dir() && !name.starts_with('.') && !FOREIGN.contains(&name.as_str()) {
                    below.push(path);
                } else if kind.is_file() && is_dockerfile(&name) {
                    here.push(path.to_string_lossy().into_owned());
                }
            }
            here.sort();
            found.extend(here);
        }
        below.sort();
        folders = below;
    }
    found
}

fn is_dockerfile(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let is_one = |word: &str| {
        lower == word
            || lower.strip_prefix(word).is_some_and(|rest| rest.starts_with('.') && rest != ".dockerignore")
            || lower.strip_suffix(word).is_some_and(|rest| rest.ends_with('.'))
    };
    is_one("dockerfile") || is_one("containerfile")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dockerfiles_are_told_by_their_names() {
        for name in ["Dockerfile", "Containerfile", "Dockerfile.gpu", "gpu.Dockerfile", "api.dockerfile"] {
            assert!(is_dockerfile(name), "{name}");
        }
        for name in ["Dockerfile.dockerignore", "dockerfiles", "docker-compose.yml", "mydockerfile", "dockerfile_old"] {
            assert!(!is_dockerfile(name), "{name}");
        }
    }
}
