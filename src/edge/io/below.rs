//! Finding files in the folders below.

use std::fs;
use std::path::{Path, PathBuf};

/// How far below the current folder Dockerfiles are looked for, and in how many folders.
const DOCKERFILES: Limits = Limits { deepest: 3, most: 1000 };

/// A configuration that was not found would not be checked, and nobody would know.
const CONFIGURATIONS: Limits = Limits { deepest: usize::MAX, most: usize::MAX };

/// Folders that hold what others made.
const FOREIGN: [&str; 5] = ["node_modules", "site-packages", "target", "vendor", "venv"];

/// Every virtual environment of Python has it, whatever its folder is called.
const ENVIRONMENT: &str = "pyvenv.cfg";

struct Limits {
    deepest: usize,
    most: usize,
}

/// The Dockerfiles in the current folder and below, the nearest first, then by name. A folder that cannot be read, and what
/// is a link, has none.
pub fn dockerfiles() -> Vec<String> {
    below(&DOCKERFILES, is_dockerfile)
}

/// The files of some names in the current folder and below, however deep; the order is that of [`dockerfiles`]. Folders that hold
/// what others made are left out.
pub fn all_below(names: &[&str]) -> Vec<String> {
    below(&CONFIGURATIONS, |name| names.contains(&name))
}

fn below(limits: &Limits, is_wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let (mut found, mut folders, mut seen) = (Vec::new(), vec![PathBuf::new()], 0);
    for _ in 0..=limits.deepest {
        let mut below = Vec::new();
        for folder in folders {
            seen += 1;
            if seen > limits.most {
                break;
            }
            let Ok(entries) = fs::read_dir(if folder == Path::new("") { Path::new(".") } else { &folder }) else {
                continue;
            };
            let (mut files, mut inside) = (Vec::new(), Vec::new());
            for entry in entries.filter_map(Result::ok) {
                let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else { continue };
                if kind.is_dir() && !name.starts_with('.') && !FOREIGN.contains(&name.as_str()) {
                    inside.push(folder.join(&name));
                } else if kind.is_file() {
                    files.push(name);
                }
            }
            if files.iter().any(|name| name == ENVIRONMENT) && folder != Path::new("") {
                continue;
            }
            files.sort();
            let wanted = files.iter().filter(|name| is_wanted(name));
            found.extend(wanted.map(|name| folder.join(name).to_string_lossy().into_owned()));
            below.append(&mut inside);
        }
        if below.is_empty() {
            break;
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
